/*
 * control_test.c - the controllers' arithmetic, against the numbers of their RFCs.
 */
#include "tap.h"
#include "tcp/parts.h"

enum { MSS = 1460 };

/* A controller alone: no segments, no timers. */
struct bench {
	struct tcp tcp;
	struct tcb t;
	struct active c;
};

static void
bench_new(struct bench *b, enum sw_cc cc, uint32_t mss, sw_ns rtt)
{
	memset(b, 0, sizeof(*b));
	b->tcp.now = SW_S;
	b->tcp.iw_segments = 10;
	b->tcp.tick = SW_MS;
	b->t.mss = (uint16_t)mss;
	b->t.srtt_us = (uint32_t)(rtt / SW_US * 8);
	b->t.flags = T_SACK | T_OPENED;
	b->t.h.state = SW_ESTABLISHED;
	b->t.controller = cc & 3u;
	b->c.controller = cc & 3u;
	cc_init(&b->tcp, &b->t);
}

static void
bench_ack(struct bench *b, uint32_t bytes, sw_ns rtt, bool round)
{
	struct cc_ack a = {.bytes = bytes, .acked = bytes, .rtt = rtt, .limited = true};

	a.round = round;
	b->c.delivered += bytes;
	b->t.snd.nxt = seq_add(b->t.snd.una, b->t.cwnd);
	cc_acked(&b->tcp, &b->t, &b->c, &a);
}

static void
bench_loss(struct bench *b)
{
	b->t.ssthresh = min_u32(b->t.ssthresh, b->t.cwnd); /* not the end of slow start */
	b->t.snd.nxt = seq_add(b->t.snd.una, b->t.cwnd);
	b->c.phase = CC_RECOVERY;
	cc_loss(&b->tcp, &b->t, &b->c);
	b->t.cwnd = b->t.ssthresh;
	b->c.phase = CC_OPEN;
}

static bool
about(uint64_t is, uint64_t want, uint64_t percent)
{
	bool good = is * 100 >= want * (100 - percent) && is * 100 <= want * (100 + percent);

	if (!good)
		printf("# %llu, not about %llu\n", (unsigned long long)is,
		       (unsigned long long)want);
	return good;
}

static void
test_root(void)
{
	for (uint64_t n = 0; n < 3000; n++) {
		ok(cubic_root(n * n * n) == n);
		ok(n == 0 || cubic_root(n * n * n - 1) == n - 1);
	}
	ok(cubic_root(UINT64_MAX) == 2642245);
	ok(cubic_root(2642245ull * 2642245 * 2642245) == 2642245);
	ok(cubic_root(2642245ull * 2642245 * 2642245 - 1) == 2642244);
}

/* RFC 9438 4.2: W(0) is where the stage begins, W(K) = W_max, W(2K) as far above. */
static void
test_curve(void)
{
	static const struct {
		uint32_t segments, k; /* K in ms: cubic root of (0.3 W_max / 0.4) */
	} want[] = {{10, 1957}, {100, 4217}, {1000, 9086}, {10000, 19574}, {100000, 42172}};

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct cubic_curve q = {.w_max = want[i].segments * MSS};
		uint32_t cwnd = q.w_max / 10 * 7;

		cubic_begin(&q, MSS, cwnd, 5 * SW_S);
		ok(q.epoch == 5 * SW_S && q.w_est == cwnd);
		ok(about((uint64_t)q.k * 1000 / 1024, want[i].k, 1));
		ok(about(cubic_window(&q, MSS, 0), cwnd, 1));
		ok(cubic_window(&q, MSS, q.k) == q.w_max);
		ok(about(cubic_window(&q, MSS, 2 * q.k), q.w_max + (q.w_max - cwnd), 1));
		/* C is 0.4: ten seconds beyond K, 400 segments more */
		ok(about(cubic_window(&q, MSS, q.k + 10 * 1024), q.w_max + 400 * MSS, 1));
	}
}

/* The corners: nothing overflows, no window falls below where it was. */
static void
test_extremes(void)
{
	static const uint32_t windows[] = {64, 1460, 65535, 1 << 24, 1 << 30};
	static const uint16_t segments[] = {64, 536, 1460, 8960, 65535};

	for (unsigned i = 0; i < 25; i++) {
		uint32_t cwnd = windows[i / 5], mss = segments[i % 5], before = 0;
		struct cubic_curve q = {.w_max = 1 << 30};

		cubic_begin(&q, mss, cwnd, 0);
		ok(q.epoch > 0);
		for (uint32_t t = 0; t <= 1 << 20; t += 1 << 10) {
			uint32_t w = cubic_window(&q, mss, t);

			ok(w >= before && w <= 1 << 30);
			before = w;
		}
		ok(before == 1 << 30);
	}
}

/* From 1 byte/s to 100 Gbit/s, from 10 us to 2 s. */
static void
test_ranges(void)
{
	static const sw_ns rtts[] = {10 * SW_US, SW_MS, 100 * SW_MS, 2 * SW_S};

	for (unsigned i = 0; i < 4; i++) {
		for (uint32_t cwnd = MSS; cwnd < 1 << 30; cwnd *= 8) {
			struct bench b;
			uint32_t before;

			bench_new(&b, SW_CC_CUBIC, MSS, rtts[i]);
			b.t.cwnd = before = cwnd;
			bench_loss(&b);
			ok(b.t.cwnd == max_u32((uint32_t)(before * 7ull / 10), 2 * MSS));
			for (int k = 0; k < 100; k++) {
				before = b.t.cwnd;
				b.tcp.now += rtts[i];
				bench_ack(&b, b.t.cwnd, rtts[i], true);
				ok(b.t.cwnd >= before);
				ok(b.t.cwnd <= 1 << 30);
				ok(b.t.cwnd - before <= before / 2 + MSS);
			}
		}
	}
}

/* The average window with a loss every 1/p segments. */
static uint64_t
average(sw_ns rtt, uint64_t every)
{
	uint64_t sum = 0, rounds = 0, left = every;
	struct bench b;

	bench_new(&b, SW_CC_CUBIC, MSS, rtt);
	b.t.ssthresh = b.t.cwnd = 10 * MSS;
	for (uint64_t losses = 0; losses < 60;) {
		uint64_t n = b.t.cwnd / MSS, step = n / 32 + 1;

		for (uint64_t done = 0; done < n; done += step) {
			b.tcp.now += rtt * step / n;
			bench_ack(&b, (uint32_t)(step * MSS), rtt, false);
		}
		if (losses >= 20) {
			sum += n;
			rounds++;
		}
		if (left > n) {
			left -= n;
			continue;
		}
		left = every;
		losses++;
		bench_loss(&b);
	}
	return sum / rounds;
}

/* RFC 9438 5.1, the tables: the average windows for C = 0.4. */
static void
test_tables(void)
{
	static const struct {
		sw_ns rtt;
		uint64_t every, window;
	} want[] = {
	    {100 * SW_MS, 100, 12},	 {100 * SW_MS, 1000, 38},
	    {100 * SW_MS, 10000, 187},	 {100 * SW_MS, 100000, 1054},
	    {100 * SW_MS, 1000000, 5926}, {10 * SW_MS, 1000, 38},
	    {10 * SW_MS, 10000, 120},	 {10 * SW_MS, 100000, 379},
	    {10 * SW_MS, 1000000, 1200},
	};

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ok(about(average(want[i].rtt, want[i].every), want[i].window, 12));
}

/* RFC 9438 4.7: who lost before it was back gives room; 4.9: what was none is undone. */
static void
test_convergence(void)
{
	struct bench b;
	struct cubic_curve was;

	bench_new(&b, SW_CC_CUBIC, MSS, 50 * SW_MS);
	b.t.cwnd = 100 * MSS;
	bench_loss(&b);
	ok(b.c.cc.cubic.now.w_max == 100 * MSS);
	bench_ack(&b, MSS, 50 * SW_MS, false);
	ok(b.t.cwnd < 100 * MSS);
	was = b.c.cc.cubic.now;
	b.t.cwnd = 80 * MSS;
	bench_loss(&b);
	ok(b.c.cc.cubic.now.w_max == 68 * MSS); /* 80 x (1 + 0.7) / 2 */
	ok(b.t.ssthresh == 56 * MSS);
	cc_undo(&b.tcp, &b.t, &b.c);
	ok(memcmp(&b.c.cc.cubic.now, &was, sizeof(was)) == 0);
}

/* RFC 9438 4.2: the time in which the application had nothing to send does not count. */
static void
test_pause(void)
{
	struct bench still, paused;

	for (int i = 0; i < 2; i++) {
		struct bench *b = i ? &paused : &still;

		bench_new(b, SW_CC_CUBIC, MSS, 50 * SW_MS);
		b->t.cwnd = 1000 * MSS;
		bench_loss(b);
		for (int k = 0; k < 60; k++) {
			struct cc_ack quiet = {.bytes = MSS, .acked = MSS};

			if (i && k == 20) {
				cc_acked(&b->tcp, &b->t, &b->c, &quiet);
				b->tcp.now += 5 * SW_S;
			}
			bench_ack(b, b->t.cwnd, 50 * SW_MS, true);
			b->tcp.now += 50 * SW_MS;
		}
	}
	ok(about(paused.t.cwnd, still.t.cwnd, 1));
	ok(about(still.t.cwnd, 1000 * MSS - 88 * MSS, 2)); /* 0.4 x 6.04^3 is 88 */
}

/* Slow start with round trips that get longer by `step` a round from the fifth on:
 * the round in which it ends, 30: never. */
static int
slow_start_rounds(struct bench *b, sw_ns rtt, sw_ns step)
{
	sw_ns longer = 0;

	for (int round = 0; round < 30; round++) {
		uint32_t n = b->t.cwnd / MSS;

		longer += round >= 5 ? step : 0;
		for (uint32_t i = 0; i < n; i++) {
			bench_ack(b, MSS, rtt + longer, i == 0);
			if (b->t.ssthresh != UINT32_MAX)
				return round;
		}
		if (b->t.cwnd >= 1 << 28)
			return 30;
	}
	return 30;
}

/* RFC 9406 4.2 */
static void
test_hystart(void)
{
	struct bench b;
	uint32_t before;

	/* 1/8 of 100 ms: five rounds of conservative slow start, then the end */
	bench_new(&b, SW_CC_CUBIC, MSS, 100 * SW_MS);
	ok(slow_start_rounds(&b, 100 * SW_MS, 13 * SW_MS) == 10);
	ok(b.t.ssthresh == b.t.cwnd);
	/* 5 rounds double, 5 grow by a quarter: 320 x 1.25^5, roughly */
	ok(b.t.cwnd > 600 * MSS && b.t.cwnd < 1300 * MSS);
	/* less than the threshold is no sign */
	bench_new(&b, SW_CC_CUBIC, MSS, 100 * SW_MS);
	ok(slow_start_rounds(&b, 100 * SW_MS, 12 * SW_MS) == 30);
	/* the threshold is between 4 and 16 ms */
	bench_new(&b, SW_CC_CUBIC, MSS, 10 * SW_MS);
	ok(slow_start_rounds(&b, 10 * SW_MS, 3999 * SW_US) == 30);
	bench_new(&b, SW_CC_CUBIC, MSS, 10 * SW_MS);
	ok(slow_start_rounds(&b, 10 * SW_MS, 4 * SW_MS) == 10);
	bench_new(&b, SW_CC_CUBIC, MSS, 800 * SW_MS);
	ok(slow_start_rounds(&b, 800 * SW_MS, 16 * SW_MS) == 10);
	/* switched off */
	bench_new(&b, SW_CC_CUBIC, MSS, 100 * SW_MS);
	b.tcp.without = SW_NO_HYSTART;
	ok(slow_start_rounds(&b, 100 * SW_MS, 50 * SW_MS) == 30);
	/* a delay that goes away again: slow start goes on */
	bench_new(&b, SW_CC_CUBIC, MSS, 100 * SW_MS);
	for (int i = 0; i < 40; i++)
		bench_ack(&b, MSS, (i < 20 ? 100 : 120) * SW_MS, i % 20 == 0);
	ok(b.c.cc.cubic.start.css_rounds == 1);
	for (int i = 0; i < 8; i++)
		bench_ack(&b, MSS, 100 * SW_MS, i == 0);
	ok(b.c.cc.cubic.start.css_rounds == 0);
	before = b.t.cwnd;
	bench_ack(&b, MSS, 100 * SW_MS, false);
	ok(b.t.cwnd == before + MSS);
	ok(b.t.ssthresh == UINT32_MAX);
	/* a loss in slow start comes when cwnd is more than what the path took: 0.7 of that,
	 * as far as it is known */
	b.tcp.without = SW_NO_PACING;
	b.t.cwnd = 100 * MSS;
	b.t.snd.nxt = seq_add(b.t.snd.una, b.t.cwnd);
	b.c.lost = b.c.lost_ever = 10 * MSS;
	cc_loss(&b.tcp, &b.t, &b.c);
	ok(b.t.ssthresh == 63 * MSS);
	b.c.phase = CC_RECOVERY;
	b.c.lost_ever = 50 * MSS;
	bench_ack(&b, MSS, 100 * SW_MS, false);
	ok(b.t.ssthresh == 35 * MSS);
}

/* The windowed maximum is never above the true one of the window, nor below the
 * newest quarter's. */
static void
test_best(void)
{
	enum { N = 20000, WINDOW = 10 };
	static uint64_t v[N];
	struct best b;

	memset(&b, 0, sizeof(b));
	for (uint32_t i = 0; i < N; i++) {
		uint64_t all = 0, newest = 0;

		/* falling, rising and level stretches */
		v[i] = 1000 + tap_below(100) + (i / 100 % 3 == 0 ? 5000 - i % 100 * 40 : 0);
		best_update(&b, i, WINDOW, v[i]);
		for (uint32_t k = 0; k <= WINDOW && k <= i; k++) {
			all = v[i - k] > all ? v[i - k] : all;
			if (k <= WINDOW / 4)
				newest = v[i - k] > newest ? v[i - k] : newest;
		}
		if (!ok(b.value[0] <= all && b.value[0] >= newest))
			return;
		ok(b.value[0] >= b.value[1] && b.value[1] >= b.value[2]);
	}
}

int
main(void)
{
	TEST("cube root", test_root);
	TEST("RFC9438 W_cubic and K", test_curve);
	TEST("RFC9438 extremes", test_extremes);
	TEST("RFC9438 ranges", test_ranges);
	TEST("RFC9438 average windows", test_tables);
	TEST("RFC9438 fast convergence, undo", test_convergence);
	TEST("RFC9438 application limited", test_pause);
	TEST("RFC9406 HyStart++", test_hystart);
	TEST("windowed maximum", test_best);
	return plan_done();
}
