/*
 * window_test.c - buffers that follow the need, as the wire shows it: what is
 * offered, how it grows, and that it never goes back.  Many connections of two
 * hosts; each mechanism also with its switch off, where the test must see that.
 */
#include "tap.h"

#include <synwave/sw_probe.h>
#include <synwave/sw_sim.h>
#include <synwave/sw_trace.h>

enum { MANY = 64, FIRST = 128 * 1024, PORT = 4000 };

struct flow { /* from A to B */
	sw_conn conn[2];
	uint64_t sent, got;
	uint32_t slow;	  /* bytes that B reads in 10 ms at most; 0: all that is there */
	sw_ns from;	  /* A sends nothing before */
	bool deaf, quiet; /* B reads nothing; A sends nothing */
	/* what the wire shows of B's offers */
	bool seen;
	uint32_t edge, irs;   /* the rightmost */
	uint32_t offer, most; /* last, and largest window */
	uint32_t back;	      /* by how much an edge ever went left, at most */
	uint32_t least;	      /* the least step of an edge to the right */
};

struct pair {
	struct sw_config config[2];
	struct sw_sim_path path[2];
	struct sw_iface iface[2];
	struct sw_sim *sim;
	struct sw_stack *stack[2];
	void *arena[2];
	sw_conn listener;
	struct flow flow[MANY];
	int n;
	uint8_t scale[MANY]; /* of B */
};

/* ---- the wire ----------------------------------------------------------- */

static void
flow_sees(struct pair *p, struct flow *f, const struct sw_trace *t)
{
	uint8_t *scale = &p->scale[f - p->flow];
	uint32_t wnd = t->wnd, right;

	if (t->ctl & SW_SYN)
		*scale = t->has & SW_HAS_WSCALE ? t->wscale : 0;
	else
		wnd <<= *scale;
	right = t->ack + wnd;
	if (f->seen && (int32_t)(right - f->edge) < 0) {
		if (f->edge - right > f->back)
			f->back = f->edge - right;
	} else {
		/* less than its grain a window moves by rounding */
		if (f->seen && right - f->edge >= 1u << *scale && right - f->edge < f->least)
			f->least = right - f->edge;
		f->edge = right;
	}
	f->seen = true;
	f->offer = wnd;
	f->most = wnd > f->most ? wnd : f->most;
}

static void
on_packet(void *ctx, const struct sw_sim_seen *s)
{
	struct pair *p = ctx;
	struct sw_trace t = {0};

	if (s->from != 1 || s->moment != SW_SIM_SENT || !sw_trace_packet(&t, s->data, s->len) ||
	    !(t.ctl & SW_ACK) || (t.ctl & SW_RST))
		return;
	if (t.remote.port >= PORT && t.remote.port < PORT + p->n)
		flow_sees(p, &p->flow[t.remote.port - PORT], &t);
}

/* ---- two hosts ---------------------------------------------------------- */

static struct pair *
pair_new(uint64_t mbit, sw_ns rtt)
{
	struct pair *p = calloc(1, sizeof(*p));

	for (int i = 0; i < 2; i++) {
		sw_config_init(&p->config[i]);
		p->path[i] = (struct sw_sim_path){.bytes = sizeof(p->path[i]),
						  .rate_bps = mbit * 1000000,
						  .delay = rtt / 2,
						  .queue_bytes = mbit * (rtt / SW_US) / 8};
		if (p->path[i].queue_bytes < 100000)
			p->path[i].queue_bytes = 100000;
		p->iface[i] = (struct sw_iface){.link = SW_LINK_IP, .mtu = 1500};
	}
	return p;
}

static void
pair_go(struct pair *p, int n)
{
	struct sw_endpoint at[2] = {{.port = PORT}, {.port = 80}};

	p->n = n;
	p->sim = sw_sim_new(1);
	for (int i = 0; i < 2; i++) {
		size_t bytes = sw_stack_bytes(&p->config[i]);

		p->arena[i] = aligned_alloc(64, (bytes + 63) / 64 * 64);
		memset(p->config[i].secret, i + 1, 32);
		ok(p->arena[i] &&
		   sw_stack_init(&p->stack[i], &p->config[i], p->arena[i], bytes) == 0);
		ok(sw_iface_add(p->stack[i], &p->iface[i]) == 0);
		at[i].addr = sw_addr4(10, 0, 0, (uint8_t)(i + 1));
		ok(sw_address_add(p->stack[i], 0, &at[i].addr, 24) == 0);
		ok(sw_sim_host(p->sim, p->stack[i], 0) == i);
	}
	ok(sw_sim_link(p->sim, 0, 1, &p->path[0], &p->path[1]) == 0);
	sw_sim_tap(p->sim, on_packet, p);
	ok(sw_open_passive(p->stack[1], 0, &at[1], MANY, &p->listener) == 0);
	for (int i = 0; i < n; i++) {
		p->flow[i].least = UINT32_MAX;
		at[0].port = (uint16_t)(PORT + i);
		ok(sw_open_active(p->stack[0], 0, &at[0], &at[1], &p->flow[i].conn[0]) == 0);
	}
}

static void
pair_end(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		ok(sw_probe_check(p->stack[i]) == 0 && sw_probe_broken(p->stack[i]) == 0);
		free(p->arena[i]);
	}
	sw_sim_free(p->sim);
	free(p);
}

static struct sw_status
status_of(const struct pair *p, int host, int i)
{
	struct sw_status st = {.bytes = sizeof(st)};

	ok(sw_status(p->stack[host], p->flow[i].conn[host], &st) == SW_OK);
	return st;
}

static uint64_t
pool_of(const struct pair *p, int host, enum sw_pool pool)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(p->stack[host], &c) == SW_OK);
	return c.pool_used[pool];
}

static void
accepts(struct pair *p)
{
	struct sw_status st = {.bytes = sizeof(st)};
	sw_conn c;

	while (sw_accept(p->stack[1], sw_sim_now(p->sim), p->listener, &c) == SW_OK)
		if (ok(sw_status(p->stack[1], c, &st) == SW_OK))
			p->flow[st.remote.port - PORT].conn[1] = c;
}

static void
flow_sends(struct pair *p, struct flow *f)
{
	static uint8_t bytes[65536];
	ptrdiff_t n;

	while (!f->quiet && sw_sim_now(p->sim) >= f->from &&
	       (n = sw_send(p->stack[0], sw_sim_now(p->sim), f->conn[0], bytes, sizeof(bytes), 0)) >
		   0)
		f->sent += (uint64_t)n;
}

static void
flow_reads(struct pair *p, struct flow *f, bool tick)
{
	static uint8_t bytes[65536];
	uint32_t may = f->slow && tick ? f->slow : f->slow ? 0 : UINT32_MAX, want;
	ptrdiff_t n;

	for (; f->conn[1] && !f->deaf && may > 0; may -= (uint32_t)n, f->got += (uint64_t)n) {
		want = may < sizeof(bytes) ? may : (uint32_t)sizeof(bytes);
		n = sw_receive(p->stack[1], sw_sim_now(p->sim), f->conn[1], bytes, want);
		if (n <= 0)
			break;
	}
}

/* Both programs do what they do, for so long. */
static void
pair_runs(struct pair *p, sw_ns span)
{
	sw_ns end = sw_sim_now(p->sim) + span, next = sw_sim_now(p->sim), stop;

	while (sw_sim_now(p->sim) < end) {
		bool tick = sw_sim_now(p->sim) >= next;

		next += tick ? 10 * SW_MS : 0;
		accepts(p);
		for (int i = 0; i < p->n; i++) {
			flow_sends(p, &p->flow[i]);
			flow_reads(p, &p->flow[i], tick);
		}
		stop = next < end ? next : end;
		sw_sim_step(p->sim, stop);
	}
}

/* Bytes that came to B in the next `span`, of all flows. */
static uint64_t
pair_rate(struct pair *p, sw_ns span)
{
	uint64_t before = 0, after = 0;

	for (int i = 0; i < p->n; i++)
		before += p->flow[i].got;
	pair_runs(p, span);
	for (int i = 0; i < p->n; i++)
		after += p->flow[i].got;
	return after - before;
}

/* No edge went left but by what a scaled window loses by rounding; none moved by less
 * than a segment. */
static void
edges_hold(const struct pair *p)
{
	for (int i = 0; i < p->n; i++) {
		if (!ok(p->flow[i].back < 1u << p->scale[i]))
			printf("# flow %d: %u\n", i, p->flow[i].back);
		/*= RFC 9293 3.8.6.2.2 MUST-39 */
		ok(p->flow[i].least >= 1000);
	}
}

/* ---- tests -------------------------------------------------------------- */

/* What comes through a path whose round trip is long, with the defaults; percent. */
static unsigned
fills(uint64_t mbit, sw_ns rtt, bool timestamps)
{
	struct pair *p = pair_new(mbit, rtt);
	uint64_t got, all = mbit * 125000;

	p->config[0].timestamps = timestamps;
	pair_go(p, 1);
	pair_runs(p, SW_S / 5 + 28 * rtt);
	got = pair_rate(p, SW_S);
	printf("# %llu Mbit/s, %llu ms, timestamps %d: %llu %%, window %u, queue %u\n",
	       (unsigned long long)mbit, (unsigned long long)(rtt / SW_MS), timestamps,
	       (unsigned long long)(got * 100 / all), p->flow[0].most, status_of(p, 0, 0).snd_buf);
	edges_hold(p);
	pair_end(p);
	return (unsigned)(got * 100 / all);
}

/* Nothing was set, and the path is full: headers take 3.5 %. */
static void
long_paths(void)
{
	ok(fills(1000, 100 * SW_MS, true) >= 90);
	ok(fills(300, 100 * SW_MS, false) >= 90);
	ok(fills(100, 10 * SW_MS, true) >= 93);
	ok(fills(10, 400 * SW_MS, true) >= 90);
	ok(fills(1000, 200 * SW_US, true) >= 93);
}

/* One in twenty is lost, so that there is a gap in every round; the sender does not slow
 * down for it, and the window must not make it. */
static void
fills_with_gaps(void)
{
	struct pair *p = pair_new(20, 100 * SW_MS);
	uint64_t got;

	p->path[0].loss = 50000;
	p->config[0].cc = SW_CC_BBR1;
	pair_go(p, 1);
	pair_runs(p, 5 * SW_S);
	got = pair_rate(p, 5 * SW_S);
	printf("# 5 %% lost: %llu %%, window %u\n", (unsigned long long)(got / 125000),
	       p->flow[0].most);
	ok(got / 125000 >= 80);
	edges_hold(p);
	pair_end(p);
}

/* The offer follows what is read: little at first, what the path needs soon, and for
 * who reads slowly little for ever. */
static void
follows_reader(void)
{
	for (int off = 0; off < 2; off++) {
		struct pair *p = pair_new(100, 40 * SW_MS);

		p->config[1].without = off ? SW_NO_TUNING : 0;
		pair_go(p, 2);
		p->flow[1].slow = 1000; /* 100 kB/s */
		pair_runs(p, 5 * SW_S);
		/* the path holds 500000 bytes, and its queue as many */
		ok(p->flow[0].most >= 1000000);
		ok((p->flow[0].most <= 8000000) == !off);
		ok((p->flow[1].most <= FIRST) == !off);
		ok((status_of(p, 1, 1).rcv_buf <= FIRST) == !off);
		printf("# offered at most: %u, to who sends to the slow one %u\n", p->flow[0].most,
		       p->flow[1].most);
		ok(status_of(p, 1, 1).rcv_queued >= FIRST / 10 * 9);
		edges_hold(p);
		pair_end(p);
	}
}

/* A program that has said how much it wants gets that. */
static void
fixed_by_hand(void)
{
	struct pair *p = pair_new(1000, 100 * SW_MS);

	pair_go(p, 2);
	ok(sw_set(p->stack[1], 0, p->listener, SW_OPT_RCV_BUF, 300000) == SW_OK);
	ok(sw_set(p->stack[0], 0, p->flow[1].conn[0], SW_OPT_SND_BUF, 50000) == SW_OK);
	pair_runs(p, 3 * SW_S);
	ok(status_of(p, 1, 0).rcv_buf == 300000 && status_of(p, 1, 1).rcv_buf == 300000);
	ok(p->flow[0].most <= 300000 && p->flow[0].most > 290000);
	ok(status_of(p, 0, 1).snd_buf == 50000);
	/* three windows in a second and not more */
	ok(p->flow[0].got <= 30 * 300000 && p->flow[0].got >= 20 * 300000);
	ok(p->flow[1].got <= 30 * 50000 && p->flow[1].got >= 20 * 50000);
	edges_hold(p);
	pair_end(p);
}

/* After a round trip of silence nothing is held; what was offered stays offered, and the
 * next burst finds it. */
static void
idle_gives_back(void)
{
	struct pair *p = pair_new(100, 100 * SW_MS);
	uint32_t edge;

	pair_go(p, 1);
	pair_runs(p, 3 * SW_S);
	ok(status_of(p, 1, 0).rcv_buf > 2000000);
	p->flow[0].quiet = true;
	pair_runs(p, 2 * SW_S);
	ok(pool_of(p, 1, SW_POOL_ACTIVES) == 0);
	ok(status_of(p, 1, 0).rcv_buf == FIRST && status_of(p, 1, 0).rcv_wnd > 2000000);
	edge = p->flow[0].edge;
	p->flow[0].quiet = false;
	pair_runs(p, 3 * SW_S);
	ok((int32_t)(p->flow[0].edge - edge) > 0);
	ok(status_of(p, 1, 0).rcv_buf > 2000000);
	edges_hold(p);
	pair_end(p);
}

/* Many connections want more than there is: each has its part, one that comes later
 * too, and together they are offered no more than the budget. */
static void
shared_fairly(void)
{
	enum { BUDGET = 4 << 20 };
	struct pair *p = pair_new(200, 400 * SW_MS);
	uint64_t all = 0;
	uint32_t least = UINT32_MAX, most = 0;

	p->config[1].rcv_budget = BUDGET;
	p->config[0].cc = SW_CC_BBR1; /* it takes what the window lets it */
	pair_go(p, 9);
	p->flow[8].from = 8 * SW_S;
	pair_runs(p, 8 * SW_S);
	for (int i = 0; i < 8; i++) {
		uint32_t buf = status_of(p, 1, i).rcv_buf;

		all += buf;
		least = buf < least ? buf : least;
		most = buf > most ? buf : most;
	}
	printf("# eight: %u to %u, together %llu of %u\n", least, most, (unsigned long long)all,
	       BUDGET);
	ok(all <= BUDGET && all > BUDGET / 4 * 3);
	ok(most <= 2 * least);
	pair_runs(p, 6 * SW_S);
	printf("# the ninth: %u\n", status_of(p, 1, 8).rcv_buf);
	ok(status_of(p, 1, 8).rcv_buf >= BUDGET / 9 / 2);
	edges_hold(p);
	pair_end(p);
}

/* Programs that do not read fill the chunks: what is offered to others is little then,
 * but they go on; nothing is taken back, and all arrives when there is room again. */
static void
pressed(void)
{
	for (int off = 0; off < 2; off++) {
		struct pair *p = pair_new(100, 20 * SW_MS);
		uint64_t got;

		p->config[1].chunks = 1024; /* two MiB: sixteen first buffers */
		p->config[1].without = off ? SW_NO_TUNING : 0;
		pair_go(p, 17);
		for (int i = 0; i < 16; i++)
			p->flow[i].deaf = true;
		p->flow[16].from = 3 * SW_S;
		pair_runs(p, 3 * SW_S);
		ok(pool_of(p, 1, SW_POOL_CHUNKS) > 700);
		pair_runs(p, 2 * SW_S);
		got = p->flow[16].got;
		pair_runs(p, 3 * SW_S);
		got = p->flow[16].got - got;
		printf("# off %d: chunks used %llu, %llu kbit/s, window %u\n", off,
		       (unsigned long long)pool_of(p, 1, SW_POOL_CHUNKS),
		       (unsigned long long)(got / 3 * 8 / 1000), p->flow[16].offer);
		/* a few segments a round trip, or a timeout after the other */
		ok((got >= 3 * 200000) == !off);
		ok((p->flow[16].offer <= 65536) == !off);
		for (int i = 0; i < 16; i++)
			p->flow[i].deaf = false;
		pair_runs(p, 4 * SW_S);
		ok(off || p->flow[16].offer >= 65536);
		ok(pool_of(p, 1, SW_POOL_CHUNKS) < 512);
		edges_hold(p);
		pair_end(p);
	}
}

/* What is queued to be sent follows the window of congestion. */
static void
queue_follows(void)
{
	for (int off = 0; off < 2; off++) {
		struct pair *p = pair_new(10, 20 * SW_MS);

		p->config[0].without = off ? SW_NO_TUNING : 0;
		pair_go(p, 1);
		pair_runs(p, 2 * SW_S);
		/* the path and its queue hold 125000 bytes */
		ok((status_of(p, 0, 0).snd_queued <= 400000) == !off);
		pair_end(p);
	}
}

int
main(void)
{
	TEST("tuning: long paths are filled with the defaults", long_paths);
	TEST("tuning: a gap in every round", fills_with_gaps);
	TEST("tuning: the offer follows the reader", follows_reader);
	TEST("tuning: what was set stays", fixed_by_hand);
	TEST("tuning: idle connections give back", idle_gives_back);
	TEST("tuning: a short budget is shared", shared_fairly);
	TEST("SHLD-14 tuning: memory is short", pressed);
	TEST("tuning: the send queue follows", queue_follows);
	return plan_done();
}
