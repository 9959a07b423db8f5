/*
 * bench.h - one host on the bench: no wire, no other host, only segments that are
 * told to it, calls, and what it says.  A host in a state is made once and copied
 * with sw_copy() for each try, which costs a microsecond: so tables of a hundred
 * thousand cells are played in a second.
 *
 *	struct bench *es = bench_new(ROW_ESTABLISHED, &(struct place){...}), *b = bench_try(es);
 *	bench_tell(b, &(struct sw_trace){.ctl = SW_RST, .seq = es->rcv_nxt}, NULL);
 *	bench_hear(b, 0);
 *	ok(b->state == SW_CLOSED && b->n_said == 0);
 */
#ifndef SW_TEST_BENCH_H
#define SW_TEST_BENCH_H

#include "tap.h"
#include "world.h"

/* The eleven states; those with more than one kind of record stand here with each. */
/* clang-format off */
#define ROWS(X)                                                             \
	X(CLOSED, CLOSED, "CLOSED")                                         \
	X(ENDED, CLOSED, "CLOSED, the program not yet told")                \
	X(LISTEN, LISTEN, "LISTEN, any peer")                               \
	X(LISTEN_PEER, LISTEN, "LISTEN, one peer")                          \
	X(SYN_SENT, SYN_SENT, "SYN-SENT")                                   \
	X(SR_HALF, SYN_RECEIVED, "SYN-RECEIVED of a listener")              \
	X(SR_PASSIVE, SYN_RECEIVED, "SYN-RECEIVED, passive, one peer")      \
	X(SR_ACTIVE, SYN_RECEIVED, "SYN-RECEIVED, active")                  \
	X(ESTABLISHED, ESTABLISHED, "ESTABLISHED")                          \
	X(FRESH, ESTABLISHED, "ESTABLISHED, nothing was sent")              \
	X(ACCEPTED, ESTABLISHED, "ESTABLISHED, accepted, nothing was sent") \
	X(SHUT, ESTABLISHED, "ESTABLISHED, RCV.WND is 0")                   \
	X(FIN_WAIT_1, FIN_WAIT_1, "FIN-WAIT-1")                             \
	X(FIN_WAIT_2, FIN_WAIT_2, "FIN-WAIT-2")                             \
	X(F1_GONE, FIN_WAIT_1, "FIN-WAIT-1, the program has gone")          \
	X(F2_GONE, FIN_WAIT_2, "FIN-WAIT-2, the program has gone")          \
	X(CLOSE_WAIT, CLOSE_WAIT, "CLOSE-WAIT")                             \
	X(CLOSING, CLOSING, "CLOSING")                                      \
	X(LAST_ACK, LAST_ACK, "LAST-ACK")                                   \
	X(TIME_WAIT, TIME_WAIT, "TIME-WAIT, and a listener")                \
	X(TW_RECORD, TIME_WAIT, "TIME-WAIT released, and a listener")       \
	X(TW_ALONE, TIME_WAIT, "TIME-WAIT released, nobody listens")
/* clang-format on */

#define ROW_1(name, ...) ROW_##name,
enum row { ROWS(ROW_1) N_ROWS };
#undef ROW_1

static inline enum sw_state
row_state(enum row r)
{
#define ROW_1(name, state, text) SW_##state,
	static const enum sw_state of[] = {ROWS(ROW_1)};
#undef ROW_1
	return of[r];
}

static inline const char *
row_name(enum row r)
{
#define ROW_1(name, state, text) text,
	static const char *const of[] = {ROWS(ROW_1)};
#undef ROW_1
	return of[r];
}

enum {
	BENCH_SAID = 4,
	BENCH_SENT = 300, /* bytes that the peer has acknowledged, from ESTABLISHED on */
	BENCH_READ = 10,  /* bytes that the program has read */
	BENCH_WND = 100,  /* the peer's window, all the time */
	BENCH_BUF = 1000
};

struct place { /* where on the circle of numbers, and in which family */
	bool v6;
	uint32_t iss, irs;
	bool sack, ts; /* SACK, timestamps: agreed on */
};

struct bench {
	struct sw_stack *s;
	void *arena;
	size_t bytes;
	sw_ns now;
	struct place at;
	struct sw_endpoint me, peer;
	sw_conn conn, listener;
	/* RFC 9293 3.3.1, as the peer knows them */
	uint32_t una, nxt, rcv_nxt, rcv_wnd;
	uint32_t ts, ts_heard; /* what the peer's timestamps say */
	bool ts_none;	       /* they are missing */
	/* since the last bench_quiet() */
	enum sw_state state;
	sw_ns since;		 /* it is in this state */
	enum sw_verdict verdict; /* the first */
	unsigned verdicts, n_said;
	struct sw_trace said[BENCH_SAID];
};

static inline void
bench_config(struct sw_config *c, const struct place *at)
{
	sw_config_init(c);
	c->conns = c->actives = c->half_opens = c->time_waits = c->listeners = 2;
	c->ifaces = 1;
	c->routes = 2;
	c->neighbours = 1;
	c->datagrams = 1;
	c->datagram_bytes = 2048;
	c->chunks = 16;
	c->chunk_bytes = 128;
	c->records = c->runs = 16;
	c->replies = 4;
	c->reply_bytes = 128;
	c->traces = 16;
	c->snd_buf = c->rcv_buf = BENCH_BUF;
	c->window_scale = c->nagle = false;
	c->timestamps = at->ts;
	c->sack = at->sack;
	c->rto_init = c->rto_min = c->rto_max = 60 * SW_S; /* nothing is sent again meanwhile */
	memset(c->secret, 1, sizeof(c->secret));
}

/* What the trace tells: states, edges, verdicts. */
static inline void
bench_watch(struct bench *b)
{
	struct sw_trace t;

	while (sw_trace(b->s, &t)) {
		if (t.kind == SW_T_STATE) {
			if (t.remote.port == b->peer.port) { /* not the listener beside it */
				b->state = t.to;
				b->since = t.at;
			}
			world_edge(t.from, t.cause);
		}
		if (t.kind == SW_T_IN || t.kind == SW_T_DROP) {
			b->verdict = b->verdicts++ ? b->verdict : t.verdict;
		}
	}
}

static inline void
bench_drain(struct bench *b)
{
	static uint8_t room[2048];
	struct sw_packet p = {.data = room, .cap = sizeof(room)};

	while (sw_output(b->s, b->now, 0, &p, 1) > 0) {
		if (b->n_said == BENCH_SAID)
			b->n_said--; /* the last one counts */
		ok(sw_trace_packet(&b->said[b->n_said], room, p.len));
		if (b->said[b->n_said].has & SW_HAS_TS)
			b->ts_heard = b->said[b->n_said].tsval;
		b->n_said++;
		p = (struct sw_packet){.data = room, .cap = sizeof(room)};
	}
	bench_watch(b);
}

/* What it says now, and until so long after. */
static inline void
bench_hear(struct bench *b, sw_ns span)
{
	bench_drain(b);
	if (span == 0)
		return;
	b->now += span;
	bench_drain(b);
}

/* What was said is forgotten. */
static inline void
bench_quiet(struct bench *b)
{
	b->n_said = b->verdicts = 0;
}

/* A segment of the peer comes; its text (NULL: zeros) is t->len bytes. */
static inline void
bench_tell(struct bench *b, const struct sw_trace *t, const uint8_t *text)
{
	static uint8_t packet[2048];
	struct sw_trace seg = *t;
	struct sw_packet p = {.data = packet};

	seg.local = b->peer;
	seg.remote = b->me;
	if (seg.wnd == 0)
		seg.wnd = BENCH_WND;
	if (b->at.ts && !b->ts_none) {
		seg.has |= SW_HAS_TS;
		seg.tsval = b->ts;
		seg.tsecr = seg.ctl & SW_ACK ? b->ts_heard : 0;
	}
	p.len = world_build(&seg, text, packet);
	sw_input(b->s, b->now, &p, 1);
	bench_watch(b);
}

/* The peer says this with all numbers in order; what is said to it goes unnoticed. */
static inline void
bench_goes(struct bench *b, uint8_t ctl, uint32_t ack, uint32_t len)
{
	struct sw_trace t = {.ctl = ctl, .seq = b->rcv_nxt, .ack = ack, .len = len};

	t.has = ctl & SW_SYN && b->at.sack ? SW_HAS_SACK_OK : 0;
	bench_tell(b, &t, NULL);
	b->rcv_nxt += len + !!(ctl & SW_SYN) + !!(ctl & SW_FIN);
	if (ctl & SW_ACK)
		b->una = ack;
	bench_hear(b, SW_S);
}

/* The program SENDs; it leaves at once. */
static inline void
bench_says(struct bench *b, uint32_t n)
{
	static const uint8_t bytes[BENCH_BUF];

	ok(sw_send(b->s, b->now, b->conn, bytes, n, 0) == (ptrdiff_t)n);
	bench_hear(b, 0);
	b->nxt += n;
}

static inline void
bench_closes(struct bench *b)
{
	ok(sw_close(b->s, b->now, b->conn) == SW_OK);
	bench_hear(b, 0);
	b->nxt++;
}

/* An empty host; give it back with bench_end(). */
static inline struct bench *
bench_boot(const struct place *at)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = 1500};
	struct sw_config c;

	if (!b)
		abort();
	bench_config(&c, at);
	b->at = *at;
	b->now = 1000 * SW_S;
	b->me.port = 80;
	b->peer.port = 40000;
	b->me.addr = sw_addr4(10, 0, 0, 1);
	b->peer.addr = sw_addr4(10, 0, 0, 2);
	if (at->v6) {
		ok(sw_addr_parse(&b->me.addr, "2001:db8::1") == SW_OK);
		ok(sw_addr_parse(&b->peer.addr, "2001:db8::2") == SW_OK);
	}
	b->bytes = (sw_stack_bytes(&c) + 63) / 64 * 64;
	b->arena = aligned_alloc(64, b->bytes);
	if (!b->arena || !ok(b->bytes > 0))
		abort();
	ok(sw_stack_init(&b->s, &c, b->arena, b->bytes) == SW_OK);
	ok(sw_iface_add(b->s, &iface) == 0);
	ok(sw_address_add(b->s, 0, &b->me.addr, at->v6 ? 64 : 24) >= 0);
	sw_probe_force_iss(b->s, true, at->iss);
	b->una = b->nxt = at->iss;
	b->rcv_nxt = at->irs;
	b->ts = at->iss; /* a clock may stand at the same places */
	b->rcv_wnd = BENCH_BUF;
	return b;
}

static inline void
bench_listens(struct bench *b)
{
	ok(sw_open_passive(b->s, b->now, &b->me, 1, &b->listener) == SW_OK);
	if (b->state == SW_CLOSED)
		b->state = SW_LISTEN;
}

/* LISTEN, SYN-SENT and the three kinds of SYN-RECEIVED. */
static inline void
bench_open(struct bench *b, enum row r)
{
	if (r == ROW_LISTEN || r == ROW_SR_HALF)
		bench_listens(b);
	else if (r == ROW_LISTEN_PEER || r == ROW_SR_PASSIVE)
		ok(sw_open_passive_from(b->s, b->now, &b->me, &b->peer, &b->conn) == SW_OK);
	else
		ok(sw_open_active(b->s, b->now, &b->me, &b->peer, &b->conn) == SW_OK);
	bench_hear(b, 0);
	if (row_state(r) == SW_LISTEN)
		return;
	b->nxt++;
	if (row_state(r) == SW_SYN_RECEIVED)
		bench_goes(b, SW_SYN, 0, 0);
}

/* ESTABLISHED, with bytes gone both ways and nothing in flight. */
static inline void
bench_established(struct bench *b)
{
	uint8_t bytes[BENCH_READ];

	bench_open(b, ROW_SYN_SENT);
	bench_goes(b, SW_SYN | SW_ACK, b->nxt, 0);
	while (b->nxt - b->at.iss < 1 + BENCH_SENT) {
		bench_says(b, BENCH_WND);
		bench_goes(b, SW_ACK, b->nxt, 0);
	}
	bench_goes(b, SW_ACK, b->nxt, BENCH_READ);
	ok(sw_receive(b->s, b->now, b->conn, bytes, sizeof(bytes)) == BENCH_READ);
	bench_hear(b, SW_S);
}

/* The handshake is done, from this side or from that, and nothing else. */
static inline void
bench_fresh(struct bench *b, enum row r)
{
	bench_open(b, r == ROW_FRESH ? ROW_SYN_SENT : ROW_SR_HALF);
	bench_goes(b, r == ROW_FRESH ? SW_SYN | SW_ACK : SW_ACK, b->nxt, 0);
	if (r == ROW_FRESH)
		return;
	ok(sw_accept(b->s, b->now, b->listener, &b->conn) == SW_OK);
	ok(sw_close(b->s, b->now, b->listener) == SW_OK);
	b->listener = 0;
}

/* From there on: the close. */
static inline void
bench_finish(struct bench *b, enum row r)
{
	enum sw_state state = row_state(r);

	if (r == ROW_SHUT) /* nobody reads */
		bench_goes(b, SW_ACK, b->nxt, b->said[b->n_said - 1].wnd);
	if (state == SW_CLOSE_WAIT || state == SW_LAST_ACK)
		bench_goes(b, SW_FIN | SW_ACK, b->nxt, 0);
	if (state == SW_ESTABLISHED || state == SW_CLOSE_WAIT)
		bench_says(b, 2);
	else if (state == SW_FIN_WAIT_2 || state == SW_TIME_WAIT)
		bench_closes(b);
	else {
		ok(sw_send(b->s, b->now, b->conn, "", 1, 0) == 1);
		b->nxt++;
		bench_closes(b);
	}
	if (state == SW_CLOSING)
		bench_goes(b, SW_FIN | SW_ACK, b->una, 0);
	if (state == SW_FIN_WAIT_2 || state == SW_TIME_WAIT)
		bench_goes(b, SW_ACK, b->nxt, 0);
	if (state == SW_TIME_WAIT)
		bench_goes(b, SW_FIN | SW_ACK, b->nxt, 0);
}

/* A host in this row at this place.  From ESTABLISHED on two numbers are in flight
 * where that can be: two bytes, or one and the FIN. */
static inline struct bench *
bench_new(enum row r, const struct place *at)
{
	struct bench *b = bench_boot(at);

	if (r == ROW_FRESH || r == ROW_ACCEPTED) {
		bench_fresh(b, r);
	} else if (row_state(r) >= SW_ESTABLISHED) {
		bench_established(b);
		bench_finish(b, r);
	} else if (r == ROW_ENDED) {
		bench_established(b);
		bench_goes(b, SW_RST, 0, 0);
		b->una = b->nxt = at->iss;
	} else if (r != ROW_CLOSED) {
		bench_open(b, r);
	}
	if (b->n_said > 0)
		b->rcv_wnd = b->said[b->n_said - 1].wnd;
	if (r == ROW_TIME_WAIT || r == ROW_TW_RECORD)
		bench_listens(b);
	if (r == ROW_TW_RECORD || r == ROW_TW_ALONE || r == ROW_F1_GONE || r == ROW_F2_GONE) {
		ok(sw_release(b->s, b->now, b->conn) == SW_OK);
		b->conn = 0;
	}
	if (r == ROW_TW_RECORD || r == ROW_TW_ALONE)
		b->rcv_wnd = BENCH_BUF; /* the record does not remember it */
	bench_hear(b, SW_S);
	if (!ok(b->state == row_state(r)))
		printf("# not in %s but in %s\n", row_name(r), sw_state_name(b->state));
	bench_quiet(b);
	return b;
}

/* A copy to play with: *to, made with bench_like(), becomes as *from is. */
static inline void
bench_copy(struct bench *to, const struct bench *from)
{
	void *arena = to->arena;

	*to = *from;
	to->arena = arena;
	if (sw_copy(&to->s, arena, from->bytes, from->s) != SW_OK)
		abort();
}

static inline struct bench *
bench_like(const struct bench *from)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->arena = aligned_alloc(64, from->bytes);
	if (!b->arena)
		abort();
	bench_copy(b, from);
	return b;
}

static inline void
bench_end(struct bench *b)
{
	ok(sw_probe_check(b->s) == 0 && sw_probe_broken(b->s) == 0);
	free(b->arena);
	free(b);
}

#endif
