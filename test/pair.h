/*
 * pair.h - two stacks, a wire of a fixed delay, virtual time, for tests that
 * look inside: every invariant of both stacks is checked as time goes on.
 */
#ifndef SW_TEST_PAIR_H
#define SW_TEST_PAIR_H

#include "net/net.h"

#include "tap.h"

enum { WIRE_MAX = 8192, FRAME = 65536 + 64 };

struct frame {
	struct sw_packet p;
	uint64_t order;
	sw_ns due;
	int to;
};

struct world {
	struct sw_stack *s[2];
	void *arena[2];
	struct sw_addr addr[2];
	sw_ns now, delay;
	sw_ns grain; /* the clock that the stacks see steps by so much; 0: it is exact */
	struct frame wire[WIRE_MAX];
	uint32_t flying;
	uint64_t sent, order;
	uint32_t loss; /* of 1000 */
	bool (*drop)(struct world *, int to, const struct sw_packet *);
	uint64_t dropped;
	/* how a packet comes in; NULL: sw_input() */
	void (*input)(struct sw_stack *, sw_ns, const struct sw_packet *, size_t);
};

static struct world world; /* one at a time */

static inline void *
aligned_arena(size_t n)
{
	void *p = aligned_alloc(64, (n + 63) / 64 * 64);

	if (p == NULL)
		abort();
	memset(p, 0xa5, n); /* a stack must not believe that memory is zero */
	return p;
}

enum { W_ETHERNET = 1, W_IPV6 = 2, W_GSO = 4, W_GATEWAY = 8 };

static inline void
world_begin(const struct sw_config *conf, unsigned how)
{
	struct world *w = &world;

	memset(w, 0, sizeof(*w));
	w->now = 1000 * SW_S;
	w->delay = 10 * SW_MS;
	for (int i = 0; i < 2; i++) {
		struct sw_config c = *conf;
		struct sw_iface f = {.link = how & W_ETHERNET ? SW_LINK_ETHERNET : SW_LINK_IP,
				     .mtu = 1500};
		size_t n;

		f.mac[0] = 2;
		f.mac[5] = (uint8_t)(i + 1);
		f.gso_max = how & W_GSO ? 65535 : 0;
		f.tx_csum = how & W_GSO;
		f.any_destination = how & W_GATEWAY;
		memset(c.secret, i + 1, sizeof(c.secret));
		n = sw_stack_bytes(&c);
		ok(n > 0);
		w->arena[i] = aligned_arena(n);
		ok(sw_stack_init(&w->s[i], &c, w->arena[i], n) == 0);
		ok(sw_iface_add(w->s[i], &f) == 0);
		if (how & W_IPV6)
			sw_addr_parse(&w->addr[i], i ? "fd00::2" : "fd00::1");
		else
			w->addr[i] = sw_addr4(10, 0, 0, (uint8_t)(i + 1));
		ok(sw_address_add(w->s[i], 0, &w->addr[i], how & W_IPV6 ? 64 : 24) == 0);
	}
	if (how & W_GATEWAY) {
		struct sw_addr any = sw_addr4(0, 0, 0, 0);

		ok(sw_route_add(w->s[0], &any, 0, 0, NULL) == 0);
	}
}

static inline void
world_end(void)
{
	for (int i = 0; i < 2; i++)
		free(world.arena[i]);
	for (uint32_t i = 0; i < world.flying; i++)
		free(world.wire[i].p.data);
}

static inline void
wire_put(int to, const struct sw_packet *p)
{
	struct world *w = &world;
	struct frame *f = &w->wire[w->flying];

	w->sent++;
	if ((w->loss && tap_below(1000) < w->loss) || (w->drop && w->drop(w, to, p)) ||
	    w->flying == WIRE_MAX) {
		w->dropped++;
		return;
	}
	f->p = *p;
	f->p.data = malloc(p->len);
	memcpy(f->p.data, p->data, p->len);
	f->p.iface = 0;
	f->due = w->now + w->delay;
	f->order = w->order++;
	f->to = to;
	w->flying++;
}

/* What the stacks' clock shows. */
static inline sw_ns
clock_shows(void)
{
	return world.grain ? world.now - world.now % world.grain : world.now;
}

/* When their clock will show `t`. */
static inline sw_ns
clock_when(sw_ns t)
{
	sw_ns over = world.grain ? t % world.grain : 0;

	return over && t != SW_NEVER ? t - over + world.grain : t;
}

static inline void
pump_out(int from)
{
	static uint8_t room[4][FRAME];
	struct sw_packet p[4];
	size_t n;

	for (int guard = 0; guard < 100000; guard++) {
		for (int i = 0; i < 4; i++)
			p[i] = (struct sw_packet){.data = room[i], .cap = FRAME};
		n = sw_output(world.s[from], clock_shows(), 0, p, 4);
		for (size_t i = 0; i < n; i++)
			wire_put(!from, &p[i]);
		if (n < 4)
			return;
	}
	tap_ok(false, __FILE__, __LINE__, "output ends");
}

static inline void
check_both(void)
{
	for (int i = 0; i < 2; i++) {
		int line = sw_probe_check(world.s[i]);

		if (!ok(line == 0))
			printf("# stack %d: invariant at line %d\n", i, line);
	}
}

/* The frame that comes next; -1. */
static inline int
wire_next(void)
{
	int best = -1;

	for (uint32_t i = 0; i < world.flying; i++)
		if (best < 0 || world.wire[i].due < world.wire[best].due ||
		    (world.wire[i].due == world.wire[best].due &&
		     world.wire[i].order < world.wire[best].order))
			best = (int)i;
	return best;
}

/* Lets the world go on for so long. */
static inline void
run(sw_ns span)
{
	struct world *w = &world;
	sw_ns end = w->now + span;

	for (int guard = 0; guard < 2000000; guard++) {
		sw_ns next = end;
		int f;

		pump_out(0);
		pump_out(1);
		if (guard % 16 == 0)
			check_both();
		f = wire_next();
		if (f >= 0)
			next = min_ns(next, w->wire[f].due);
		for (int i = 0; i < 2; i++)
			next = min_ns(next, clock_when(sw_deadline(w->s[i])));
		w->now = max_ns(w->now, next);
		if (f >= 0 && w->wire[f].due <= w->now) {
			struct frame got = w->wire[f];

			w->wire[f] = w->wire[--w->flying];
			(w->input ? w->input : sw_input)(w->s[got.to], clock_shows(), &got.p, 1);
			free(got.p.data);
		} else if (w->now >= end) {
			check_both();
			return;
		}
	}
	tap_ok(false, __FILE__, __LINE__, "the world stands still");
}

static inline enum sw_state
state(int i, sw_conn c)
{
	struct sw_status st = {.bytes = sizeof(st)};

	return sw_status(world.s[i], c, &st) == 0 ? st.state : SW_N_STATES;
}

static inline uint64_t
verdict(int i, enum sw_verdict v)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(world.s[i], &c) == 0);
	return c.verdict[v];
}

static inline uint64_t
edge(int i, enum sw_state from, enum sw_cause on)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);

	for (size_t k = 0; k < n; k++)
		if (e[k].from == from && e[k].on == on)
			return sw_probe_edge_count(world.s[i], k);
	tap_ok(false, __FILE__, __LINE__, "an edge");
	return 0;
}

/* All that a stack lent came back. */
static inline void
all_empty(int i, bool listeners)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(world.s[i], &c) == 0);
	for (int p = 0; p < SW_N_POOLS; p++)
		if (p != SW_POOL_LISTENERS || listeners)
			ok(c.pool_used[p] == 0);
	ok(world.s[i]->table.used == 0);
	ok(sw_probe_broken(world.s[i]) == 0);
}

static inline sw_conn
listen_on(int i, uint16_t port, uint32_t backlog)
{
	struct sw_endpoint e = {.port = port};
	sw_conn c = 0;

	ok(sw_open_passive(world.s[i], world.now, &e, backlog, &c) == 0);
	return c;
}

static inline sw_conn
connect_to(int i, uint16_t port)
{
	struct sw_endpoint e = {world.addr[!i], port};
	sw_conn c = 0;

	ok(sw_open_active(world.s[i], world.now, NULL, &e, &c) == 0);
	return c;
}

/* A listener, a connection, both ends of it. */
static inline void
open_pair(sw_conn *l, sw_conn *a, sw_conn *b)
{
	*l = listen_on(1, 80, 8);
	*a = connect_to(0, 80);
	run(100 * SW_MS);
	*b = 0;
	ok(sw_accept(world.s[1], world.now, *l, b) == 0);
	ok(state(0, *a) == SW_ESTABLISHED);
	ok(state(1, *b) == SW_ESTABLISHED);
}

static inline uint8_t
pattern(int from, uint64_t at)
{
	return (uint8_t)((at * 2654435761u >> 13) + (uint64_t)from * 77 + at);
}

/* The application of most tests: sends n bytes, reads what comes, closes. */
struct app {
	int side;
	sw_conn conn;
	uint64_t out, in;
	bool closed, eof, wrong;
};

static inline void
app_send(struct app *a, uint64_t n)
{
	struct sw_stack *s = world.s[a->side];
	static uint8_t buf[30000];
	ptrdiff_t k = 1;

	while (a->out < n && k > 0) {
		size_t want = n - a->out < sizeof(buf) ? (size_t)(n - a->out) : sizeof(buf);

		for (size_t j = 0; j < want; j++)
			buf[j] = pattern(a->side, a->out + j);
		k = sw_send(s, clock_shows(), a->conn, buf, want, 0);
		a->out += k > 0 ? (uint64_t)k : 0;
		ok(k > 0 || k == SW_E_AGAIN);
	}
	if (a->out == n && !a->closed) {
		ok(sw_close(s, clock_shows(), a->conn) == 0);
		a->closed = true;
	}
}

static inline void
app_receive(struct app *a)
{
	static uint8_t buf[30000];
	ptrdiff_t k = 0;

	while (!a->eof && (k = sw_receive(world.s[a->side], clock_shows(), a->conn, buf,
					  sizeof(buf))) >= 0) {
		for (ptrdiff_t j = 0; j < k; j++)
			a->wrong |= buf[j] != pattern(!a->side, a->in + (uint64_t)j);
		a->in += (uint64_t)k;
		a->eof = k == 0;
	}
	ok(k >= 0 || k == SW_E_AGAIN);
}

/* Both ends send n bytes at once and read what comes, then close. */
static inline void
exchange(const sw_conn c[2], uint64_t n, sw_ns limit)
{
	struct app a[2] = {{.side = 0, .conn = c[0]}, {.side = 1, .conn = c[1]}};
	sw_ns end = world.now + limit;

	while (world.now < end && !(a[0].eof && a[1].eof)) {
		for (int i = 0; i < 2; i++) {
			app_send(&a[i], n);
			app_receive(&a[i]);
		}
		run(5 * SW_MS);
	}
	for (int i = 0; i < 2; i++)
		ok(!a[i].wrong && a[i].in == n && a[i].eof);
}

static inline struct sw_config
small_config(void)
{
	struct sw_config c;

	sw_config_init(&c);
	c.conns = 8;
	c.actives = 8;
	c.half_opens = 4;
	c.time_waits = 4;
	c.chunks = 512;
	c.records = 512;
	c.runs = 64;
	c.snd_buf = c.rcv_buf = 128 * 1024;
	return c;
}

#endif
