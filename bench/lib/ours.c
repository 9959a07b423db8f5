/*
 * ours.c - transfers between two of our stacks, in virtual time.
 */
#include <stdlib.h>
#include <string.h>

#include "flow.h"

enum { A, B, CHUNK = 16384, PIECE = 262144 };

struct side {
	void *arena;
	struct sw_stack *stack;
	sw_conn listener, conn[FLOWS_MAX];
	uint64_t moved[FLOWS_MAX]; /* bytes given or taken */
	int conns;
};

struct ours {
	const struct flow_job *job;
	struct flow_result *result;
	struct sw_sim *sim;
	struct side side[2];
	uint8_t *piece;
};

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Buffers that never are what holds a transfer back. */
static void
ours_config(const struct flow_job *j, struct sw_config *c)
{
	uint64_t bdp = j->data.rate_bps / 8 * ((j->data.delay + j->ack.delay) / SW_US) / 1000000;
	uint64_t buf = larger(4 * (bdp + j->data.queue_bytes), 1 << 20);

	sw_config_init(c);
	c->conns = 2 * FLOWS_MAX;
	c->actives = c->half_opens = c->time_waits = 2 * FLOWS_MAX;
	c->snd_buf = c->rcv_buf = (uint32_t)buf;
	c->chunk_bytes = CHUNK;
	c->chunks = (uint32_t)((uint64_t)j->flows * (2 * buf / CHUNK + 64));
	c->records = c->runs = c->runs_per_conn = (uint32_t)larger(4 * buf / FLOW_MTU, 4096);
	memset(c->secret, (int)j->seed, sizeof(c->secret));
}

static bool
side_make(struct ours *o, int which)
{
	struct side *s = &o->side[which];
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = FLOW_MTU};
	struct sw_addr addr = sw_addr4(10, 77, 0, (uint8_t)(which + 1));
	struct sw_config c;
	size_t bytes;

	ours_config(o->job, &c);
	c.secret[0] = (uint8_t)which;
	bytes = sw_stack_bytes(&c);
	s->arena = aligned_alloc(64, (bytes + 63) / 64 * 64);
	return s->arena && sw_stack_init(&s->stack, &c, s->arena, bytes) == SW_OK &&
	       sw_iface_add(s->stack, &iface) == 0 &&
	       sw_address_add(s->stack, 0, &addr, 24) == SW_OK &&
	       sw_sim_host(o->sim, s->stack, 0) == which;
}

static bool
ours_begin(struct ours *o, const struct flow_job *j)
{
	struct sw_endpoint at = {.port = FLOW_PORT};

	o->sim = sw_sim_new(j->seed);
	o->piece = calloc(1, PIECE);
	return o->sim && o->piece && side_make(o, A) && side_make(o, B) &&
	       sw_sim_link(o->sim, A, B, &j->data, &j->ack) == 0 &&
	       sw_open_passive(o->side[B].stack, 0, &at, FLOWS_MAX, &o->side[B].listener) == SW_OK;
}

static void
ours_end(struct ours *o)
{
	sw_sim_free(o->sim);
	free(o->side[A].arena);
	free(o->side[B].arena);
	free(o->piece);
}

static void
ours_open(struct ours *o)
{
	struct side *s = &o->side[A];
	struct sw_endpoint from = {.port = 0}, to = {.port = FLOW_PORT};
	sw_conn conn;

	to.addr = sw_addr4(10, 77, 0, 2);
	if (sw_open_active(s->stack, sw_sim_now(o->sim), &from, &to, &conn) == SW_OK)
		s->conn[s->conns++] = conn;
}

static int
flow_of(const struct side *s, sw_conn conn)
{
	for (int i = 0; i < s->conns; i++)
		if (s->conn[i] == conn)
			return i;
	return -1;
}

/* As much as the connection takes. */
static void
ours_send(struct ours *o, int i)
{
	struct side *s = &o->side[A];
	uint64_t left = o->job->bytes ? o->job->bytes - s->moved[i] : UINT64_MAX;
	ptrdiff_t n = 1;

	while (n > 0 && left > 0) {
		n = sw_send(s->stack, sw_sim_now(o->sim), s->conn[i], o->piece,
			    left < PIECE ? left : PIECE, 0);
		left -= n > 0 ? (uint64_t)n : 0;
		s->moved[i] += n > 0 ? (uint64_t)n : 0;
	}
	if (left == 0)
		sw_close(s->stack, sw_sim_now(o->sim), s->conn[i]);
}

static void
ours_receive(struct ours *o, int i)
{
	struct side *s = &o->side[B];
	sw_ns now = sw_sim_now(o->sim);
	ptrdiff_t n;

	while ((n = sw_receive(s->stack, now, s->conn[i], o->piece, PIECE)) > 0) {
		s->moved[i] += (uint64_t)n;
		if (now >= o->job->from && now < o->job->until)
			o->result->bytes[i] += (uint64_t)n;
	}
	if (i == 0 && o->job->bytes && s->moved[0] == o->job->bytes && !o->result->done)
		o->result->done = now;
}

/* The two programs. */
static void
ours_programs(struct ours *o)
{
	struct sw_event e;
	struct side *b = &o->side[B];
	sw_conn conn;
	int i;

	while (sw_event(o->side[A].stack, &e)) {
		i = flow_of(&o->side[A], e.conn);
		if (i >= 0 && (e.ready & SW_WRITABLE))
			ours_send(o, i);
	}
	while (sw_event(b->stack, &e)) {
		if (e.conn == b->listener && b->conns < FLOWS_MAX &&
		    sw_accept(b->stack, sw_sim_now(o->sim), b->listener, &conn) == SW_OK)
			b->conn[b->conns++] = conn;
		i = flow_of(b, e.conn);
		if (i >= 0)
			ours_receive(o, i);
	}
}

static void
ours_count(struct ours *o)
{
	struct sw_counters c = {.bytes = sizeof(c)};
	struct sw_sim_counters w = {.bytes = sizeof(w)};

	sw_counters(o->side[A].stack, &c);
	sw_sim_counters(o->sim, A, &w);
	o->result->sent = c.segments_out;
	o->result->retransmits = c.retransmits;
	o->result->timeouts = c.rtos;
	o->result->queue_dropped = w.queue_dropped;
	o->result->lost = w.lost;
}

bool
flow_ours(const struct flow_job *j, struct flow_result *r, const char **why)
{
	struct ours o = {.job = j, .result = r};
	struct flow_tail tail = {.bytes = j->bytes};

	memset(r, 0, sizeof(*r));
	*why = "no memory for two stacks";
	if (ours_begin(&o, j)) {
		*why = NULL;
		if (j->lose_last)
			sw_sim_filter(o.sim, flow_tail_passes, &tail);
		while (sw_sim_now(o.sim) < j->until && !r->done) {
			sw_ns next = j->until;

			while (o.side[A].conns < j->flows &&
			       sw_sim_now(o.sim) >= (sw_ns)o.side[A].conns * j->apart)
				ours_open(&o);
			if (o.side[A].conns < j->flows)
				next = (sw_ns)o.side[A].conns * j->apart;
			sw_sim_step(o.sim, next);
			ours_programs(&o);
		}
		ours_count(&o);
	}
	ours_end(&o);
	return *why == NULL;
}
