/*
 * cwv_test.c - windows that are not used, or not wholly (RFC 7661), windows that grow by
 * bytes and not by ACKs (RFC 3465), and those that marks make small (RFC 3168, 9438).
 */
#include "bulk.h"

/* ---- RFC 7661 ----------------------------------------------------------- */

enum { RTT_MS = 50 };

/* n bytes from A, and all of them acknowledged. */
static void
transfer(struct world *w, uint32_t n)
{
	static uint8_t bytes[65536];
	sw_ns end = now(w) + 100 * SW_S;

	while ((n > 0 || status_of(w, A).snd_queued > 0) && now(w) < end) {
		ptrdiff_t took = n > 0 ? sw_send(w->stack[A], now(w), w->conn[A], bytes,
						 n < sizeof(bytes) ? n : sizeof(bytes), 0)
				       : 0;

		n -= took > 0 ? (uint32_t)took : 0;
		hear(w);
		if (took <= 0)
			sw_sim_step(w->sim, end);
	}
	hear(w);
	ok(n == 0 && status_of(w, A).snd_queued == 0);
}

static void
open_fast(struct world *w, struct eye *e, uint32_t without, enum sw_cc cc)
{
	w->path[A].delay = w->path[B].delay = RTT_MS / 2 * SW_MS;
	w->path[A].rate_bps = w->path[B].rate_bps = 10000000000; /* one at a time */
	w->config[A].without = without;
	w->config[A].cc = (uint8_t)cc;
	open_world(w, e);
}

/* Its window becomes some 200 segments: what it is. */
static uint32_t
widen(struct world *w)
{
	while (status_of(w, A).cwnd < 200 * MSS)
		transfer(w, status_of(w, A).cwnd);
	return status_of(w, A).cwnd;
}

/* A connection that is idle, and whose window is that large. */
static uint32_t
used_before(struct world *w, struct eye *e, uint32_t without, enum sw_cc cc)
{
	open_fast(w, e, without, cc);
	return widen(w);
}

/* What goes out in the first round trip after a pause, and the most in a millisecond. */
static void
after_pause(uint32_t without, sw_ns pause, uint32_t *was, uint32_t *flight, uint32_t *burst)
{
	struct world *w = world_new();
	struct eye e;

	*was = used_before(w, &e, without, SW_CC_CUBIC);
	run_for(w, pause);
	e.window = e.most = 0;
	bulk(w, (RTT_MS - 1) * SW_MS);
	*flight = e.window;
	*burst = e.most;
	printf("# %u: %u, %u at once\n", *was, *flight, *burst);
	world_end(w);
}

static void
pause_kept(void)
{
	uint32_t was, flight, burst;

	/* a minute is nothing: the whole window goes, but paced */
	after_pause(0, 60 * SW_S, &was, &flight, &burst);
	ok(flight > was / 10 * 9 && flight <= was + 2 * MSS);
	ok(burst < was / 5);
	/* as without it, or without a pace: RFC 5681 4.1 */
	after_pause(SW_NO_CWV, 60 * SW_S, &was, &flight, &burst);
	ok(flight <= 11 * MSS);
	after_pause(SW_NO_PACING, 60 * SW_S, &was, &flight, &burst);
	ok(flight <= 11 * MSS);
}

static void
pause_long(void)
{
	static const struct {
		unsigned s, halvings;
	} want[] = {{230, 0}, {310, 1}, {610, 2}, {910, 3}, {3600, 12}, {36000, 32}};

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct world *w = world_new();
		struct sw_status st;
		struct eye e;
		uint32_t was, left;

		open_fast(w, &e, 0, SW_CC_CUBIC);
		loses(w, A, 10); /* so that ssthresh is small */
		left = was = widen(w);
		ok(status_of(w, A).ssthresh < was / 4);
		run_for(w, want[i].s * SW_S);
		for (unsigned k = 0; k < want[i].halvings; k++)
			left = left / 2 > 10 * MSS ? left / 2 : 10 * MSS;
		says(w, A, 1);
		st = status_of(w, A);
		ok(st.cwnd == left);
		/* slow start leads back to three quarters of it */
		ok(want[i].halvings == 0 || st.ssthresh >= was / 4 * 3);
		world_end(w);
	}
}

/* A little now and then is no use of the window: five minutes, and it is halved. */
static void
little(sw_ns pause)
{
	struct world *w = world_new();
	struct eye e;
	uint32_t was = used_before(w, &e, 0, SW_CC_CUBIC);
	sw_ns began = now(w);

	while (now(w) < began + 230 * SW_S) {
		if (now(w) < began + 2 * SW_S)
			was = status_of(w, A).cwnd; /* it is validated for a second */
		run_for(w, pause);
		transfer(w, 1000);
	}
	ok(status_of(w, A).cwnd == was);
	while (now(w) < began + 320 * SW_S) {
		run_for(w, pause);
		transfer(w, 1000);
	}
	ok(status_of(w, A).cwnd == was / 2);
	/* used again, it is validated, and time does not matter */
	transfer(w, 10 * was);
	was = status_of(w, A).cwnd;
	run_for(w, 230 * SW_S);
	says(w, A, 1);
	ok(status_of(w, A).cwnd == was);
	world_end(w);
}

static void
pause_broken(void)
{
	little(10 * SW_S);
	little(300 * SW_MS); /* always within the sampling period of the last */
}

/* So many hundredths of cwnd each round trip, for some rounds: how it has grown, too. */
static int32_t
growth(uint32_t without, uint32_t percent, int rounds)
{
	int32_t grown;
	struct world *w = world_new();
	struct eye e;
	uint32_t was = used_before(w, &e, without, SW_CC_CUBIC);

	run_for(w, 2 * SW_S); /* what was acknowledged before does not count any more */
	for (int i = 0; i < rounds; i++) {
		says(w, A, was / 100 * percent);
		run_for(w, RTT_MS * SW_MS);
		hear(w);
	}
	grown = (int32_t)(status_of(w, A).cwnd - was) / (int32_t)(was / 100);
	printf("# growth %u: %d\n", percent, grown);
	world_end(w);
	return grown;
}

/* What was acknowledged before counts for a second and no more. */
static void
growth_forgotten(void)
{
	struct world *w = world_new();
	struct eye e;
	uint32_t was = used_before(w, &e, 0, SW_CC_CUBIC);

	for (int i = 0; i < 80; i++) {
		if (i == 1100 / RTT_MS)
			was = status_of(w, A).cwnd;
		says(w, A, was / 10 * 4);
		run_for(w, RTT_MS * SW_MS);
		hear(w);
	}
	ok(status_of(w, A).cwnd == was);
	world_end(w);
}

static void
growth_validated(void)
{
	/* below half of cwnd: not at all */
	ok(growth(0, 40, 40) == 0);
	/* above half: by all that is acknowledged, not only while much is in flight */
	ok(growth(0, 60, 4) >= growth(SW_NO_CWV, 60, 4) + 25);
	growth_forgotten();
	/* and who uses it all may grow at once, validated or not */
	ok(growth(0, 200, 2) >= 100);
}

/*
 * Forty segments each round trip of a window of hundreds, then losses and no more data:
 * ssthresh and cwnd behind the recovery, in hundredths of a segment.
 */
static void
loss_unused(uint32_t without, enum sw_cc cc, unsigned lost, uint32_t *ssthresh, uint32_t *cwnd)
{
	struct world *w = world_new();
	struct eye e;

	used_before(w, &e, without, cc);
	run_for(w, 2 * SW_S);
	for (int i = 0; i < 10; i++) {
		if (i == 9)
			for (unsigned k = 0; k < lost; k++)
				loses(w, A, 2 + 2 * k);
		says(w, A, 20 * MSS);
		run_for(w, RTT_MS / 2 * SW_MS);
		hear(w);
	}
	run_for(w, SW_S);
	hear(w);
	ok(status_of(w, A).snd_queued == 0);
	*ssthresh = (uint32_t)(status_of(w, A).ssthresh * 100ull / MSS);
	*cwnd = (uint32_t)(status_of(w, A).cwnd * 100ull / MSS);
	printf("# lost %u: ssthresh %u cwnd %u\n", lost, *ssthresh, *cwnd);
	world_end(w);
}

static void
loss_not_validated(void)
{
	uint32_t ssthresh, cwnd;

	for (int cc = SW_CC_CUBIC; cc <= SW_CC_RENO; cc++) {
		/* (max (pipeACK, FlightSize) - R) / 2, pipeACK being 40 */
		loss_unused(0, (enum sw_cc)cc, 1, &ssthresh, &cwnd);
		ok(ssthresh >= 1900 && ssthresh <= 2100);
		ok(cwnd <= 2100);
		loss_unused(0, (enum sw_cc)cc, 8, &ssthresh, &cwnd);
		ok(ssthresh >= 1500 && ssthresh <= 1750);
		ok(cwnd <= 1750);
	}
	/* what is in flight, when it is found, is what counts else: a part of the forty */
	loss_unused(SW_NO_CWV, SW_CC_CUBIC, 1, &ssthresh, &cwnd);
	ok(ssthresh < 1300);
	loss_unused(SW_NO_CWV, SW_CC_CUBIC, 8, &ssthresh, &cwnd);
	ok(ssthresh < 800);
}

/* What was acknowledged before a recovery says nothing of the window behind it. */
static void
loss_forgets(void)
{
	struct world *w = world_new();
	struct eye e;
	uint32_t was;

	used_before(w, &e, 0, SW_CC_RENO);
	run_for(w, 2 * SW_S);
	says(w, A, 40 * MSS);
	run_for(w, RTT_MS / 2 * SW_MS);
	loses(w, A, 2);
	transfer(w, 40 * MSS);
	was = status_of(w, A).cwnd;
	ok(was > 12 * MSS && was < 25 * MSS);
	for (int i = 0; i < 10; i++) {
		says(w, A, 4 * MSS);
		run_for(w, RTT_MS * SW_MS);
		hear(w);
	}
	ok(status_of(w, A).cwnd == was);
	world_end(w);
}

/* Nothing comes back: a timeout, answered by what is in flight as ever, not by what was
 * used before; and the window is as one that was used. */
static void
timeout_not_validated(void)
{
	struct world *w = world_new();
	struct eye e;

	used_before(w, &e, 0, SW_CC_RENO);
	run_for(w, 2 * SW_S);
	says(w, A, 60 * MSS);
	run_for(w, RTT_MS / 2 * SW_MS);
	for (unsigned i = 0; i < 22; i++)
		loses(w, A, i); /* and the probe, and what the timeout sends */
	says(w, A, 20 * MSS);
	run_for(w, 150 * SW_MS);
	while (status_of(w, A).cwnd > 2 * MSS && now(w) < 20000 * SW_S)
		run_for(w, 10 * SW_MS);
	ok(status_of(w, A).ssthresh == 10 * MSS);
	run_for(w, 10 * SW_S);
	hear(w);
	ok(status_of(w, A).snd_queued == 0);
	transfer(w, 100 * MSS);
	ok(status_of(w, A).cwnd > 10 * MSS);
	world_end(w);
}

/* ---- bytes, not ACKs (RFC 3465, 5681, 9438) ----------------------------- */

/* A sends ten segments and B acknowledges them by ACKs of `step` bytes each: how cwnd grows. */
static uint32_t
divided(enum sw_cc cc, uint32_t step)
{
	enum { ALL = 10 * 1460 };
	struct world *w = world_new();
	uint32_t grown;
	char text[64];

	w->config[A].cc = (uint8_t)cc;
	w->config[B].timestamps = false;
	world_go(w);
	established(w);
	w->path[B].loss = 1000000; /* B's own ACKs do not come */
	path_changes(w, B);
	says(w, A, ALL);
	run_for(w, 15 * SW_MS);
	grown = status_of(w, A).cwnd;
	for (uint32_t n = step; n <= ALL; n += step) {
		snprintf(text, sizeof(text), ". 1:1(0) ack %u win 65000", n + 1);
		forge(w, A, text);
		run_for(w, SW_US);
	}
	grown = status_of(w, A).cwnd - grown;
	world_end(w);
	return grown;
}

static void
by_bytes(void)
{
	for (int cc = SW_CC_CUBIC; cc <= SW_CC_RENO; cc++) {
		/* fifteen ACKs a segment or one: cwnd grows by what they acknowledge, as long
		 * as half of it is in flight */
		ok(divided((enum sw_cc)cc, 1460) >= 4 * 1460);
		ok(divided((enum sw_cc)cc, 1460) <= 10 * 1460);
		ok(divided((enum sw_cc)cc, 100) <= divided((enum sw_cc)cc, 1460) + 1460);
	}
	/* one ACK of ten segments: all of them, as we pace (RFC 9406); Reno half (exceptions.md) */
	ok(divided(SW_CC_CUBIC, 14600) == 10 * 1460);
	ok(divided(SW_CC_RENO, 14600) == 5 * 1460);
}

int
main(void)
{
	TEST("RFC7661-1 RFC7661-8 a pause keeps the window, paced", pause_kept);
	TEST("RFC7661-7 each five minutes halve it", pause_long);
	TEST("RFC7661-6 a little now and then does not validate it", pause_broken);
	TEST("RFC7661-2 RFC7661-3 RFC7661-10 growth of a window that is used in part",
	     growth_validated);
	TEST("RFC7661-4 RFC7661-5 a loss in a window that is not validated", loss_not_validated);
	TEST("RFC7661-11 a recovery forgets what was used", loss_forgets);
	TEST("RFC7661-9 a timeout in it", timeout_not_validated);
	TEST("RFC3465-1 bytes, not ACKs", by_bytes);
	return plan_done();
}
