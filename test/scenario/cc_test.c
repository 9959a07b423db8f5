/*
 * cc_test.c - congestion control as it is seen on the wire; each mechanism also
 * with its switch off, where the test must see that it is missing.
 */
#include "bulk.h"

/* ---- pacing ------------------------------------------------------------- */

/* The most bytes in a millisecond while slow start doubles on a fast path. */
static uint32_t
burst_of(uint32_t without, sw_ns tick, uint32_t gso)
{
	struct world *w = world_new();
	struct eye e;
	uint32_t most;

	w->path[A].delay = w->path[B].delay = 50 * SW_MS;
	w->path[A].rate_bps = w->path[B].rate_bps = 10000000000; /* one at a time */
	w->config[A].without = without;
	w->config[A].tick = tick;
	w->iface[A].gso_max = gso;
	w->iface[A].tx_csum = gso > 0;
	open_world(w, &e);
	bulk(w, 750 * SW_MS);
	ok(status_of(w, A).cwnd > 300 * MSS);
	most = e.most;
	world_end(w);
	return most;
}

static void
pacing(void)
{
	/* 1000 segments at twice cwnd a round trip: 20 a millisecond; a quantum ahead of
	 * time, one made up */
	ok(burst_of(0, SW_MS, 0) < 60 * MSS);
	ok(burst_of(0, SW_US, 0) < 60 * MSS);
	ok(burst_of(0, SW_MS, 65535) < 80 * MSS); /* and a super-segment more */
	/* the quantum of a coarse clock is a tick */
	ok(burst_of(0, 10 * SW_MS, 0) < 500 * MSS);
	ok(burst_of(SW_NO_PACING, SW_MS, 0) > 800 * MSS);
	ok(burst_of(SW_NO_PACING, SW_MS, 65535) > 800 * MSS);
}

/* A coarse clock, a round trip below its tick: the pace is no brake. */
static void
pacing_coarse(void)
{
	static const sw_ns ticks[] = {SW_US, SW_MS, 10 * SW_MS};
	static const sw_ns rtts[] = {20 * SW_US, 2 * SW_MS, 40 * SW_MS};

	for (unsigned i = 0; i < 9; i++) {
		struct world *w = path_world(100, rtts[i % 3], 400);
		struct eye e;
		uint64_t heard;

		w->path[A].queue_bytes += 20 * 1500;
		w->config[A].tick = w->config[B].tick = ticks[i / 3];
		open_world(w, &e);
		bulk(w, SW_S);
		heard = bulk(w, SW_S);
		ok(heard * 8 >= 94000000);
		if (heard * 8 < 94000000)
			printf("# tick %llu us, rtt %llu us: %llu\n",
			       (unsigned long long)(ticks[i / 3] / SW_US),
			       (unsigned long long)(rtts[i % 3] / SW_US),
			       (unsigned long long)heard * 8);
		world_end(w);
	}
}

/* ---- slow start --------------------------------------------------------- */

/* In a queue that never drops: does delay end slow start? */
static void
hystart(void)
{
	for (int off = 0; off < 2; off++) {
		struct world *w = path_world(100, 40 * SW_MS, 0);
		struct eye e;

		w->config[A].without = off ? SW_NO_HYSTART : 0;
		open_world(w, &e);
		bulk(w, 2 * SW_S);
		ok((status_of(w, A).ssthresh == UINT32_MAX) == off);
		/* the path holds 500000; five rounds grow by a quarter each */
		ok(off ? e.window > 10000000 : e.window < 5000000);
		world_end(w);
	}
}

/* One bandwidth-delay product of queue: what slow start sends too much does not cost
 * much: headers take 3.5 %, the ramp ten round trips.  A minute of it is bench/paths'. */
static void
overshoot(void)
{
	static const struct {
		uint64_t mbit;
		sw_ns rtt, span;
		uint32_t percent;
	} paths[] = {
	    {100, 10 * SW_MS, 3 * SW_S, 93},
	    {100, 100 * SW_MS, 6 * SW_S, 80},
	    {1000, 10 * SW_MS, SW_S / 2, 80},
	};

	for (unsigned i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct world *w = path_world(paths[i].mbit, paths[i].rtt, 100);
		uint64_t all = paths[i].mbit * 125000 * (paths[i].span / SW_MS) / 1000, heard;
		struct eye e;

		open_world(w, &e);
		heard = bulk(w, paths[i].span);
		printf("# %llu Mbit/s, %llu ms: %.1f %%\n", (unsigned long long)paths[i].mbit,
		       (unsigned long long)(paths[i].rtt / SW_MS),
		       100.0 * (double)heard / (double)all);
		ok(heard * 100 >= all * paths[i].percent);
		world_end(w);
	}
}

/* ---- CUBIC -------------------------------------------------------------- */

/* After a loss at 200 segments: the flight a quarter, a half of K later and at K. */
static void
regrowth(enum sw_cc cc, uint32_t flight[3], uint32_t *at_loss)
{
	struct world *w = world_new();
	struct eye e;

	w->path[A].delay = w->path[B].delay = 50 * SW_MS;
	w->config[A].cc = (uint8_t)cc;
	open_world(w, &e);
	while (status_of(w, A).cwnd < 160 * MSS)
		bulk(w, 100 * SW_MS);
	loses(w, A, 0);
	while (status_of(w, A).ssthresh == UINT32_MAX)
		bulk(w, 10 * SW_MS);
	*at_loss = e.window;
	/* K: cubic root of (W_max / 2) / 0.4 segments; 100 ms were the recovery */
	bulk(w, 100 * SW_MS);
	for (int i = 0; i < 3; i++) {
		bulk(w, i == 2 ? 3500 * SW_MS : 1700 * SW_MS);
		e.window = 0;
		bulk(w, 100 * SW_MS);
		flight[i] = e.window;
	}
	world_end(w);
}

static void
cubic_concave(void)
{
	uint32_t cubic[3], reno[3], was;

	regrowth(SW_CC_CUBIC, cubic, &was);
	printf("# %u: %u %u %u\n", was / MSS, cubic[0] / MSS, cubic[1] / MSS, cubic[2] / MSS);
	/* fast at first, then slower and slower up to where it was */
	ok(cubic[0] - was / 2 > cubic[1] - cubic[0]);
	ok(cubic[1] - cubic[0] > cubic[2] - cubic[1]);
	/* `was` counts limited transmit, too */
	ok(cubic[1] > was / 100 * 84 && cubic[2] > was / 100 * 92 && cubic[2] < was / 100 * 105);
	/* Reno has come back half of the way, and evenly */
	regrowth(SW_CC_RENO, reno, &was);
	printf("# %u: %u %u %u\n", was / MSS, reno[0] / MSS, reno[1] / MSS, reno[2] / MSS);
	ok(reno[1] < was / 100 * 80 && reno[2] < was / 100 * 90);
}

/* ---- ECN ---------------------------------------------------------------- */

struct marks {
	uint64_t data, again, ect, ect_ack, ect_again, ce, ece, cwr; /* packets */
	uint64_t told, slower; /* marks that ACE fields add up to; reductions of ssthresh */
	uint8_t ace;
	uint32_t top;
	bool syn_asks, syn_ack_agrees;
	uint64_t dropped, percent, ratio; /* ratio: ssthresh of cwnd, the most */
	bool agreed, accurate;
};

/* The three bits of AccECN. */
static uint8_t
ace_of(const struct sw_sim_seen *p, uint8_t ctl)
{
	return (uint8_t)((p->data[(p->data[0] & 15) * 4 + 12] & 1) << 2 | ctl >> 6);
}

static void
marks_tap(void *ctx, const struct sw_sim_seen *p)
{
	struct marks *m = ctx;
	struct sw_trace t = {0};
	bool ect = (p->data[1] & 3) != 0, again;

	if (p->moment != SW_SIM_SENT || !sw_trace_packet(&t, p->data, p->len))
		return;
	if (t.ctl & SW_SYN) {
		m->syn_asks |= p->from == A && (t.ctl & SW_ECE) && (t.ctl & SW_CWR);
		m->syn_ack_agrees |= p->from == B && (t.ctl & SW_ECE) && !(t.ctl & SW_CWR);
		m->ect_ack += ect;
		m->top = p->from == A ? t.seq : m->top;
		return;
	}
	if (p->from == B) {
		uint8_t ace = ace_of(p, t.ctl);

		m->told += (ace - m->ace) & 7;
		m->ace = ace;
		m->ect_ack += ect;
		m->ece += (t.ctl & SW_ECE) != 0;
		return;
	}
	if (t.len == 0)
		return;
	again = (int32_t)(t.seq + t.len - m->top) <= 0;
	m->top = again ? m->top : t.seq + t.len;
	m->data++;
	m->again += again;
	m->ect_again += again && ect;
	m->ect += ect;
	m->ce += (p->fate & SW_SIM_MARKED) != 0;
	m->cwr += (t.ctl & SW_CWR) != 0;
}

/* 100 Mbit/s, 20 ms, CoDel that marks: what ECN makes of it. */
static struct marks
marked(enum sw_ecn ask, enum sw_ecn answer, uint32_t without, enum sw_cc cc)
{
	struct world *w = path_world(100, 20 * SW_MS, 400);
	struct marks m;
	struct sw_sim_counters n = {.bytes = sizeof(n)};
	uint64_t heard = 0;

	memset(&m, 0, sizeof(m));
	m.ace = 5; /* RFC 9768 3.2.1 */
	w->path[A].aqm = SW_SIM_CODEL_ECN;
	w->config[A].ecn = (uint8_t)ask;
	w->config[B].ecn = (uint8_t)answer;
	w->config[A].without = without;
	w->config[A].cc = (uint8_t)cc;
	open_world_seen(w, marks_tap, &m);
	m.agreed = status_of(w, A).ecn && status_of(w, B).ecn;
	m.accurate = status_of(w, A).accurate_ecn && status_of(w, B).accurate_ecn;
	for (int k = 0; k < 5000; k++) {
		uint64_t cwnd = status_of(w, A).cwnd, s = status_of(w, A).ssthresh, r;

		heard += bulk(w, SW_MS);
		r = status_of(w, A).ssthresh * 100ull / cwnd;
		m.slower += status_of(w, A).ssthresh < s;
		if (status_of(w, A).ssthresh != s && status_of(w, A).cwnd < cwnd && r > m.ratio)
			m.ratio = r;
	}
	ok(sw_sim_counters(w->sim, A, &n) == SW_OK);
	m.dropped = n.queue_dropped;
	m.percent = heard * 8 / 5000000;
	world_end(w);
	return m;
}

static void
ecn(void)
{
	struct marks m = marked(SW_ECN_ASK, SW_ECN_ANSWER, 0, SW_CC_CUBIC);

	/* asked, agreed; text is ECT, nothing else is; marks come, are echoed, answered */
	ok(m.syn_asks && m.syn_ack_agrees && m.agreed);
	ok(m.ect + m.again == m.data && m.ect_ack == 0 && m.ect_again == 0);
	ok(m.ce > 3 && m.ece >= m.ce && m.cwr > 3 && m.cwr <= m.ce);
	ok(m.dropped == 0 && m.again == 0);
	ok(m.percent >= 90);
	/* one side does not want it, or it is switched off */
	m = marked(SW_ECN_ASK, SW_ECN_OFF, 0, SW_CC_CUBIC);
	ok(m.syn_asks && !m.syn_ack_agrees && !m.agreed && m.ect == 0 && m.ece == 0);
	ok(m.dropped > 0 && m.again > 0);
	m = marked(SW_ECN_ANSWER, SW_ECN_ASK, 0, SW_CC_CUBIC);
	ok(!m.syn_asks && !m.syn_ack_agrees && !m.agreed && m.ect == 0);
	m = marked(SW_ECN_ASK, SW_ECN_ANSWER, SW_NO_ECN, SW_CC_CUBIC);
	ok(!m.syn_asks && !m.agreed && m.ect == 0 && m.dropped > 0);
}

/* AccECN: every mark is told of, none by CWR; one reaction a round trip; or as before. */
static void
accurate(void)
{
	struct marks m = marked(SW_ECN_ACCURATE, SW_ECN_ACCURATE, 0, SW_CC_CUBIC);

	printf("# %d marks, %d told, %d times slower, %d %%\n", (int)m.ce, (int)m.told,
	       (int)m.slower, (int)m.percent);
	ok(m.syn_asks && m.agreed && m.accurate);
	ok(m.ect + m.again == m.data && m.ect_ack == 0 && m.ect_again == 0);
	ok(m.ce > 3 && m.told >= m.ce - 1 && m.told <= m.ce);
	ok(m.slower > 1 && m.slower <= m.ce);
	ok(m.dropped == 0 && m.again == 0 && m.percent >= 90);
	/* the other is not so far: RFC 3168's, or none */
	m = marked(SW_ECN_ACCURATE, SW_ECN_ANSWER, 0, SW_CC_CUBIC);
	ok(m.agreed && !m.accurate && m.syn_ack_agrees && m.cwr > 3 && m.dropped == 0);
	m = marked(SW_ECN_ASK, SW_ECN_ACCURATE, 0, SW_CC_CUBIC);
	ok(m.agreed && !m.accurate && m.syn_ack_agrees && m.cwr > 3 && m.dropped == 0);
	m = marked(SW_ECN_ACCURATE, SW_ECN_OFF, 0, SW_CC_CUBIC);
	ok(!m.agreed && !m.accurate && m.ect == 0 && m.dropped > 0);
	m = marked(SW_ECN_ACCURATE, SW_ECN_ACCURATE, SW_NO_ECN, SW_CC_CUBIC);
	ok(!m.syn_asks && !m.agreed && !m.accurate && m.ect == 0 && m.dropped > 0);
}

static void
abe(void)
{
	uint64_t cubic = marked(SW_ECN_ASK, SW_ECN_ASK, 0, SW_CC_CUBIC).ratio;
	uint64_t plain = marked(SW_ECN_ASK, SW_ECN_ASK, SW_NO_ABE, SW_CC_CUBIC).ratio;
	uint64_t reno = marked(SW_ECN_ASK, SW_ECN_ASK, 0, SW_CC_RENO).ratio;
	uint64_t half = marked(SW_ECN_ASK, SW_ECN_ASK, SW_NO_ABE, SW_CC_RENO).ratio;

	printf("# %d %d %d %d %%\n", (int)cubic, (int)plain, (int)reno, (int)half);
	/* 0.85 and 0.8 of the flight, which is cwnd at most; without ABE 0.7, 0.5 */
	ok(cubic >= 80 && cubic <= 86);
	ok(plain >= 64 && plain <= 71);
	ok(reno >= 75 && reno <= 81);
	ok(half >= 44 && half <= 51);
}

/* A mark in slow start takes as much as a loss: ABE is for congestion avoidance. */
static void
abe_slow_start(void)
{
	for (int cc = SW_CC_CUBIC; cc <= SW_CC_RENO; cc++) {
		struct world *w = path_world(100, 20 * SW_MS, 400);
		uint32_t was, is, percent;
		struct eye e;

		w->path[A].aqm = SW_SIM_CODEL_ECN;
		w->config[A].ecn = w->config[B].ecn = SW_ECN_ASK;
		w->config[A].cc = (uint8_t)cc;
		w->config[A].without = SW_NO_HYSTART;
		open_world(w, &e);
		do {
			was = status_of(w, A).cwnd;
			bulk(w, SW_MS);
		} while (status_of(w, A).ssthresh == UINT32_MAX);
		is = status_of(w, A).ssthresh;
		percent = is / (was / 100);
		ok(cc == SW_CC_CUBIC ? percent >= 64 && percent <= 72
				     : percent >= 44 && percent <= 52);
		world_end(w);
	}
}

/* ECN is agreed on, and cwnd comes down for a loss: the next new segment says CWR. */
static void
ecn_loss(void)
{
	struct world *w = path_world(100, 20 * SW_MS, 0);
	struct marks m;

	memset(&m, 0, sizeof(m));
	w->config[A].ecn = w->config[B].ecn = SW_ECN_ASK;
	open_world_seen(w, marks_tap, &m);
	bulk(w, 100 * SW_MS);
	ok(m.cwr == 0 && m.again == 0);
	loses(w, A, 3);
	bulk(w, 100 * SW_MS);
	ok(m.again == 1 && m.cwr == 1);
	world_end(w);
}

/* The peer acknowledges all that was sent, and echoes a mark. */
static void
echo_all(struct world *w, const struct eye *e)
{
	char text[64];

	snprintf(text, sizeof(text), "E. 1:1(0) ack %u win 65000", e->top);
	forge(w, A, text);
	run_for(w, SW_MS);
}

/*
 * A peer that echoes marks for ever: no ACK with ECE makes cwnd grow, it comes down to
 * one segment, and then one goes in a whole RTO.
 */
static void
ecn_small(void)
{
	struct world *w = world_new();
	struct eye e;
	uint32_t before;
	sw_ns began;

	w->config[A].ecn = w->config[B].ecn = SW_ECN_ASK;
	w->config[B].timestamps = false;
	open_world(w, &e);
	w->path[B].loss = 1000000; /* the peer is ours */
	path_changes(w, B);
	says(w, A, 200000);
	run_for(w, SW_MS);
	for (int i = 0; i < 30 && status_of(w, A).cwnd > 1460; i++) {
		before = status_of(w, A).cwnd;
		run_for(w, 10 * SW_MS);
		echo_all(w, &e);
		ok(status_of(w, A).cwnd <= before);
	}
	ok(status_of(w, A).cwnd == 1460);
	for (int i = 0; i < 3; i++) {
		run_for(w, 10 * SW_MS);
		echo_all(w, &e);
		began = now(w);
		for (before = e.top; e.top == before && now(w) < began + 10 * SW_S;)
			run_for(w, SW_MS);
		/* 200 ms; a round trip would be 20 */
		ok(now(w) >= began + 190 * SW_MS && now(w) <= began + 250 * SW_MS);
	}
	world_end(w);
}

/* The SYN that asked was not answered: the next does not ask (RFC 3168 6.1.1.1). */
static void
ecn_refused(void)
{
	struct world *w = world_new();

	w->config[A].ecn = w->config[B].ecn = SW_ECN_ASK;
	world_go(w);
	listens(w, B);
	loses(w, A, 0);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	expect_wire(w, "A>B SEW 0:0(0) lost\n"
		       "A>B S 0:0(0)\n"
		       "B>A S. 0:0(0) ack 1\n"
		       "A>B . 1:1(0) ack 1");
	ok(!status_of(w, A).ecn);
	world_end(w);
}

int
main(void)
{
	TEST("pacing spreads a window", pacing);
	TEST("pacing with a coarse clock", pacing_coarse);
	TEST("HyStart++ ends slow start", hystart);
	TEST("slow start overshoot of one BDP", overshoot);
	TEST("CUBIC concave region", cubic_concave);
	TEST("ECN marks in place of losses", ecn);
	TEST("AccECN counts the marks", accurate);
	TEST("ABE: less for a mark than for a loss", abe);
	TEST("RFC8511-2 ABE is not for slow start", abe_slow_start);
	TEST("RFC3168-6 ECN: CWR for a loss, too", ecn_loss);
	TEST("RFC9438-7 RFC3168-7 ECN: down to one segment, and slower", ecn_small);
	TEST("ECN is not asked for twice", ecn_refused);
	return plan_done();
}
