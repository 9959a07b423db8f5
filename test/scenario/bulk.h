/*
 * bulk.h - one host that sends all it can to another over a path, and what the wire
 * shows of it: for tests of congestion control.
 */
#ifndef SW_TEST_BULK_H
#define SW_TEST_BULK_H

#include "tap.h"
#include "world.h"

enum { MSS = 1448 }; /* of 1500, with timestamps */

/* What the wire shows of A's bytes and of B's ACKs. */
struct eye {
	struct world *w;
	uint32_t top, acked, flight; /* numbers from the ISS; top - acked */
	sw_ns since;		     /* of the present millisecond */
	uint32_t burst, most;	     /* bytes sent in it; in any so far */
	uint32_t window;	     /* the largest flight since it was last set to 0 */
};

static inline void
eye_tap(void *ctx, const struct sw_sim_seen *p)
{
	struct eye *e = ctx;
	struct sw_trace t = {0};

	if (!sw_trace_packet(&t, p->data, p->len))
		return;
	if (p->from == A && p->moment == SW_SIM_SENT && t.len > 0) {
		if (t.seq + t.len - e->w->iss[A] > e->top)
			e->top = t.seq + t.len - e->w->iss[A];
		if (p->at >= e->since + SW_MS) {
			e->since = p->at;
			e->burst = 0;
		}
		e->burst += t.len;
		e->most = e->burst > e->most ? e->burst : e->most;
	} else if (p->from == B && p->moment == SW_SIM_ARRIVED && (t.ctl & SW_ACK)) {
		if (t.ack - e->w->iss[A] > e->acked)
			e->acked = t.ack - e->w->iss[A];
	}
	e->flight = e->top - e->acked;
	e->window = e->flight > e->window ? e->flight : e->window;
}

/* Two hosts with an open connection and buffers that are never what limits; all of
 * its packets are shown to `tap`. */
static inline void
open_world_seen(struct world *w, void (*tap)(void *, const struct sw_sim_seen *), void *ctx)
{
	for (int i = 0; i < 2; i++) {
		w->config[i].snd_buf = w->config[i].rcv_buf = 64 << 20;
		w->config[i].chunks = 65536;
		w->config[i].records = 65536;
		w->config[i].runs = w->config[i].runs_per_conn = 16384;
	}
	world_go(w);
	if (tap)
		sw_sim_tap(w->sim, tap, ctx);
	established(w);
}

static inline void
open_world(struct world *w, struct eye *e)
{
	open_world_seen(w, NULL, NULL);
	memset(e, 0, sizeof(*e));
	e->w = w;
	sw_sim_tap(w->sim, eye_tap, e);
}

/* B takes what has come; how many bytes. */
static inline uint64_t
hear(struct world *w)
{
	static uint8_t bytes[65536];
	uint64_t heard = 0;
	ptrdiff_t n;

	while ((n = sw_receive(w->stack[B], now(w), w->conn[B], bytes, sizeof(bytes))) > 0)
		heard += (uint64_t)n;
	return heard;
}

/* A sends all it can for so long; how many bytes came to B. */
static inline uint64_t
bulk(struct world *w, sw_ns span)
{
	static uint8_t bytes[65536];
	sw_ns end = now(w) + span;
	uint64_t heard = 0;

	do {
		while (sw_send(w->stack[A], now(w), w->conn[A], bytes, sizeof(bytes), 0) > 0)
			;
		heard += hear(w);
	} while (sw_sim_step(w->sim, end) || now(w) < end);
	return heard;
}

static inline struct world *
path_world(uint64_t mbit, sw_ns rtt, uint64_t queue_bdp_percent)
{
	struct world *w = world_new();

	for (int i = 0; i < 2; i++) {
		w->path[i].delay = rtt / 2;
		w->path[i].rate_bps = mbit * 1000000;
	}
	w->path[A].queue_bytes = mbit * (rtt / SW_US) / 8 * queue_bdp_percent / 100;
	return w;
}

#endif
