/*
 * sim_test.c - the simulated wire: faults, queue, rate, sizes, determinism.
 */
#include "tap.h"
#include "world.h"

enum { MANY = 200000 };

struct watch {		   /* what a tap has seen of A's packets */
	uint64_t lost;	   /* bit n: the n-th was lost */
	uint32_t longest;  /* bytes */
	sw_ns last, least; /* shortest time between full-sized arrivals */
	unsigned late;	   /* arrivals that were overtaken */
	uint64_t newest;
};

static void
on_seen(void *ctx, const struct sw_sim_seen *p)
{
	struct watch *s = ctx;

	if (p->from != A)
		return;
	if (p->moment == SW_SIM_SENT && (p->fate & SW_SIM_LOST) && p->number < 64)
		s->lost |= (uint64_t)1 << p->number;
	if (p->moment == SW_SIM_SENT && p->len > s->longest && !(p->fate & SW_SIM_TOO_BIG))
		s->longest = p->len;
	if (p->moment != SW_SIM_ARRIVED)
		return;
	s->late += p->number < s->newest;
	s->newest = p->number > s->newest ? p->number : s->newest;
	if (p->len == 1500 && s->last && p->at - s->last < s->least)
		s->least = p->at - s->last;
	s->last = p->len == 1500 ? p->at : 0;
}

static struct sw_sim_counters
counters_of(const struct world *w, int host)
{
	struct sw_sim_counters c = {.bytes = sizeof(c)};

	ok(sw_sim_counters(w->sim, host, &c) == SW_OK);
	return c;
}

/* MANY bytes from A to B over the world's path; the hash, and what was seen. */
static uint64_t
carry(struct world *w, struct watch *s)
{
	uint64_t hash;

	memset(s, 0, sizeof(*s));
	s->least = SW_NEVER;
	w->config[A].snd_buf = MANY;
	world_go(w);
	sw_sim_tap(w->sim, on_seen, s);
	listens(w, B);
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	says(w, A, MANY);
	hears_all(w, B, MANY);
	hash = sw_sim_hash(w->sim);
	return hash;
}

static void
test_random(void)
{
	ok(sw_sim_random(0, 0) == 0xe220a8397b1dcdaf); /* splitmix64's first from 0 */
	ok(sw_sim_random(0, 1) == 0x6e789e6aa1b965f4);
}

static void
test_same_seed(void)
{
	uint64_t hash[3];
	struct watch s;

	for (unsigned i = 0; i < 3; i++) {
		struct world *w = world_new();

		w->seed = i == 2 ? 78 : 77;
		w->path[A].loss = w->path[A].reorder = w->path[B].corrupt = 20000;
		hash[i] = carry(w, &s);
		world_end(w);
	}
	ok(hash[0] == hash[1]);
	ok(hash[0] != hash[2]);
}

static void
test_streams_are_apart(void)
{
	uint64_t lost[2];
	struct watch s;

	for (unsigned i = 0; i < 2; i++) {
		struct world *w = world_new();

		w->path[A].loss = 100000;
		w->path[A].duplicate = w->path[A].reorder = i * 100000;
		carry(w, &s);
		lost[i] = s.lost;
		ok(counters_of(w, A).lost > 0);
		ok(!counters_of(w, A).duplicated == !i);
		world_end(w);
	}
	ok(lost[0] == lost[1]);
}

static void
test_loss_mask(void)
{
	struct world *w = world_new();
	struct watch s;

	w->path[A].loss_mask = 0x80000010a1;
	carry(w, &s);
	ok(s.lost == 0x80000010a1);
	ok(counters_of(w, A).lost == 5);
	world_end(w);
}

static void
test_burst(void)
{
	struct world *w = world_new();
	struct watch s;

	w->path[A].burst_enter = 20000;
	w->path[A].burst_leave = 300000;
	w->path[A].burst_loss = 1000000;
	carry(w, &s);
	ok(counters_of(w, A).lost > 0);
	ok(s.lost & s.lost >> 1); /* two in a row */
	world_end(w);
}

static void
test_rate(void)
{
	struct world *w = world_new();
	struct watch s;

	w->path[A].rate_bps = 10000000;
	carry(w, &s);
	ok(s.least == 1500 * 8 * 100); /* 100 ns a bit */
	world_end(w);
}

static void
test_queue(void)
{
	struct world *w = world_new();
	struct sw_sim_counters c;
	struct watch s;

	w->path[A].rate_bps = 10000000;
	w->path[A].queue_bytes = 15000;
	carry(w, &s);
	c = counters_of(w, A);
	ok(c.queue_dropped > 0);
	ok(c.lost == 0);
	ok(c.delivered + c.queue_dropped <= c.sent);
	world_end(w);
}

static void
test_reorder_and_jitter(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct world *w = world_new();
		struct watch s;

		w->path[A].rate_bps = 100000000;
		w->path[A].reorder = i ? 0 : 100000;
		w->path[A].jitter = i ? 5 * SW_MS : 0;
		carry(w, &s);
		ok(i ? s.late == 0 : s.late > 0); /* jitter keeps the order */
		world_end(w);
	}
}

static void
test_corrupt(void)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct world *w = world_new();
		struct watch s;

		w->v6 = v6;
		w->path[A].corrupt = 100000;
		carry(w, &s); /* which compares every byte */
		ok(counters_of(w, A).corrupted > 0);
		ok(verdicts_of(w, B, SW_V_BAD_SUM) > 0);
		world_end(w);
	}
}

static void
test_super_packets(void)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct world *w = world_new();
		struct watch s;

		w->v6 = v6;
		w->iface[A].gso_max = 65535;
		w->iface[A].tx_csum = true;
		carry(w, &s);
		ok(s.longest == 1500);
		ok(counters_of(w, A).sent > MANY / 1460);
		ok(verdicts_of(w, B, SW_V_BAD_SUM) == 0);
		ok(verdicts_of(w, B, SW_V_BAD_IP_SUM) == 0);
		world_end(w);
	}
}

static void
test_path_mtu(void)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct world *w = world_new();
		struct watch s;

		w->v6 = v6;
		w->path[A].mtu = 1280;
		carry(w, &s);
		ok(s.longest <= 1280);
		ok(counters_of(w, A).too_big > 0);
		ok(verdicts_of(w, A, SW_V_ICMP_TAKEN) > 0);
		world_end(w);
	}
}

/* An ICMP echo request of 1,400 bytes without DF, to B: 10.0.0.2, from A. */
static void
make_ping(uint8_t p[1400])
{
	static const uint8_t head[] = {0x45, 0, 5,  0x78, 0, 7, 0,  0, 64, 1,
				       0,    0, 10, 0,	  0, 1, 10, 0, 0,  2};
	uint32_t s = 0;

	memset(p, 0, 1400);
	memcpy(p, head, sizeof(head));
	for (unsigned i = 0; i < 20; i += 2)
		s += (uint32_t)(p[i] << 8 | p[i + 1]);
	s = ~((s & 0xffff) + (s >> 16)) & 0xffff;
	p[10] = (uint8_t)(s >> 8);
	p[11] = (uint8_t)s;
	p[20] = 8;
	p[22] = 0xf7; /* the only words that are not 0: 0x0800 */
	p[23] = 0xff;
}

static void
test_fragments(void)
{
	struct world *w = world_new();
	struct sw_sim_counters c;
	uint8_t ping[1400];

	w->path[B].mtu = 600;
	w->config[B].reply_bytes = 1500;
	world_go(w);
	make_ping(ping);
	ok(sw_sim_inject(w->sim, B, 0, ping, sizeof(ping)) == SW_OK);
	run_for(w, SW_S);
	ok(verdicts_of(w, B, SW_V_ECHO) == 1);
	c = counters_of(w, B);
	if (c.too_big == 0) { /* an answer without DF */
		ok(c.fragmented == 1);
		ok(c.sent == 3);
		ok(verdicts_of(w, A, SW_V_FRAGMENT) >= 2);
	}
	world_end(w);
}

/* What a host without a stack gets. */
struct got {
	int n, marked;
	uint8_t last[1400];
	bool whole;
};

static void
got_tap(void *ctx, const struct sw_sim_seen *seen)
{
	struct got *g = ctx;
	uint32_t sum = 0;

	if (seen->moment != SW_SIM_ARRIVED)
		return;
	g->n++;
	g->marked += (seen->data[1] & 3) == 3;
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(seen->data[i] << 8 | seen->data[i + 1]);
	g->whole = (sum & 0xffff) + (sum >> 16) == 0xffff;
	memcpy(g->last, seen->data, seen->len < sizeof(g->last) ? seen->len : sizeof(g->last));
}

/* `n` packets of 1,400 bytes, one every `gap`, over 10 Mbit/s: 1.12 ms each. */
static struct got
offer(enum sw_sim_aqm aqm, uint8_t ecn, int n, sw_ns gap, struct sw_sim_counters *c)
{
	struct sw_sim_path path = {.bytes = sizeof(path), .rate_bps = 10000000, .aqm = aqm};
	struct sw_sim *sim = sw_sim_new(1);
	struct got g = {0};
	uint8_t ping[1400];
	int a = sw_sim_host(sim, NULL, 0), b = sw_sim_host(sim, NULL, 0);

	make_ping(ping);
	ping[1] = ecn;
	ping[11] = (uint8_t)(ping[11] - ecn);
	ok(sw_sim_link(sim, a, b, &path, &path) == 0);
	sw_sim_tap(sim, got_tap, &g);
	for (int i = 0; i < n; i++) {
		sw_sim_run(sim, (sw_ns)i * gap);
		ok(sw_sim_offer(sim, a, ping, sizeof(ping)) == SW_OK);
	}
	sw_sim_run(sim, SW_NEVER);
	*c = (struct sw_sim_counters){.bytes = sizeof(*c)};
	ok(sw_sim_counters(sim, a, c) == SW_OK);
	ok(g.whole);
	sw_sim_free(sim);
	return g;
}

/* Packets of somebody else's meet the same faults and queue. */
static void
test_offered(void)
{
	struct sw_sim_counters c;
	struct got g = offer(SW_SIM_DROP_TAIL, 0, 100, SW_MS, &c);

	ok(g.n == 100 && c.sent == 100 && c.delivered == 100 && c.queue_dropped == 0);
}

/* RFC 8289: nothing for bursts and empty queues; a standing queue is cut, ever faster. */
static void
test_codel(void)
{
	struct sw_sim_counters c;
	struct got g = offer(SW_SIM_CODEL, 2, 80, 0, &c);
	uint64_t dropped;

	ok(g.n == 80 && c.queue_dropped == 0); /* 90 ms: less than an interval */
	g = offer(SW_SIM_CODEL, 2, 2000, 1200 * SW_US, &c);
	ok(g.n == 2000 && c.queue_dropped == 0); /* less than the rate */
	g = offer(SW_SIM_CODEL, 2, 2000, SW_MS, &c);
	dropped = c.queue_dropped;
	ok(dropped > 20 && g.marked == 0);
	ok(g.n + (int)dropped == 2000);
	g = offer(SW_SIM_CODEL_ECN, 0, 2000, SW_MS, &c);
	ok(c.queue_dropped == dropped); /* not ECN-capable: the same */
	g = offer(SW_SIM_CODEL_ECN, 2, 2000, SW_MS, &c);
	ok(g.n == 2000 && g.marked > 20 && c.marked == (uint64_t)g.marked);
}

/* A clock that is ahead and steps: what a stack does falls on its steps. */
static void
test_clock(void)
{
	struct world *w = world_new();
	sw_ns ahead = 7 * SW_S + 3 * SW_MS, again;

	world_go(w);
	ok(sw_sim_clock(w->sim, A, 10 * SW_MS, ahead) == SW_OK);
	ok(sw_sim_clock_now(w->sim, A) == 7 * SW_S && sw_sim_clock_now(w->sim, B) == 0);
	loses(w, A, 0);
	ok(sw_open_active(w->stack[A], sw_sim_clock_now(w->sim, A), &w->end[A], &w->end[B],
			  &w->conn[A]) == SW_OK);
	run_for(w, 2 * SW_S);
	ok(w->n_wire >= 2);
	again = w->wire[1].seg.at;
	ok((again + ahead) % (10 * SW_MS) == 0 && again >= SW_S - 10 * SW_MS &&
	   again <= SW_S + 10 * SW_MS);
	ok(sw_sim_clock_now(w->sim, A) == 9 * SW_S && now(w) == 2 * SW_S);
	ok(sw_sim_clock(w->sim, 2, 0, 0) == SW_E_INVALID);
	ok(sw_sim_clock(w->sim, A, 2 * SW_S, 0) == SW_E_INVALID);
	world_end(w);
}

static void
test_refuses_nonsense(void)
{
	struct world *w = world_new();
	struct sw_sim_path path = {.bytes = 3};
	struct sw_sim_counters c = {.bytes = sizeof(c)};

	world_go(w);
	ok(sw_sim_host(w->sim, NULL, -1) == SW_E_INVALID);
	ok(sw_sim_offer(w->sim, A, "x", 1) == SW_E_INVALID); /* A has a stack */
	ok(sw_sim_link(w->sim, A, B, &w->path[A], &w->path[B]) == SW_E_IN_USE);
	ok(sw_sim_link(w->sim, A, A, &w->path[A], &w->path[B]) == SW_E_INVALID);
	ok(sw_sim_path(w->sim, A, &path) == SW_E_INVALID);
	ok(sw_sim_inject(w->sim, 9, 0, "x", 1) == SW_E_INVALID);
	ok(sw_sim_inject(w->sim, A, 0, "x", 0) == SW_E_INVALID);
	ok(sw_sim_counters(w->sim, 2, &c) == SW_E_INVALID);
	ok(!sw_sim_step(w->sim, 5 * SW_S)); /* nothing to do: time goes to the end */
	ok(now(w) == 5 * SW_S);
	world_end(w);
}

int
main(void)
{
	TEST("the numbers are splitmix64's", test_random);
	TEST("the same seed gives the same run", test_same_seed);
	TEST("a fault that is switched on does not move the others", test_streams_are_apart);
	TEST("a loss mask loses what it says", test_loss_mask);
	TEST("losses come in bursts", test_burst);
	TEST("the rate counts IP bytes", test_rate);
	TEST("a full queue drops", test_queue);
	TEST("reordering reorders, jitter does not", test_reorder_and_jitter);
	TEST("a flipped bit is found", test_corrupt);
	TEST("super-packets are cut", test_super_packets);
	TEST("a packet above the path's MTU is answered by ICMP", test_path_mtu);
	TEST("without DF it is cut into fragments", test_fragments);
	TEST("a host without a stack", test_offered);
	TEST("CoDel cuts a standing queue, and marks what can be marked", test_codel);
	TEST("a host's clock is ahead, and steps", test_clock);
	TEST("nonsense is refused", test_refuses_nonsense);
	return plan_done();
}
