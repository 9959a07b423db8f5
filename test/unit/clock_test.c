/*
 * clock_test.c - loss recovery by a clock that steps: by a microsecond, by 1 ms, by
 * 10 ms, where the round trip takes 10 us to 2 s.  RFC 8985 6, 7; RFC 6298 4.
 */
#include "pair.h"

static const sw_ns grains[] = {SW_US, SW_MS, 10 * SW_MS};
static const sw_ns delays[] = {5 * SW_US, 50 * SW_US, 500 * SW_US, 5 * SW_MS,
			       50 * SW_MS, 500 * SW_MS, SW_S};

static unsigned data_seen;

/* Every fortieth data packet to host 1 is lost. */
static bool
drop_some(struct world *w, int to, const struct sw_packet *p)
{
	(void)w;
	return to == 1 && p->len > 1000 && ++data_seen % 40 == 20;
}

static struct sw_counters
counters_of(int host)
{
	struct sw_counters n = {.bytes = sizeof(n)};

	ok(sw_counters(world.s[host], &n) == SW_OK);
	return n;
}

/* 2 MB one way, 2.5 % of them lost, through this clock: all controllers, paced and not. */
static void
clock_steps(sw_ns grain, sw_ns delay, unsigned how)
{
	struct sw_config c = small_config();
	struct app a = {.side = 0}, b = {.side = 1};
	struct sw_counters n;
	sw_ns began, limit;
	sw_conn l;

	c.tick = grain;
	c.without = how & 1 ? SW_NO_PACING : 0;
	c.cc = (uint8_t)(how >> 1);
	c.chunks = c.records = 2048;
	c.snd_buf = c.rcv_buf = 256 * 1024;
	world_begin(&c, 0);
	world.delay = delay;
	world.grain = grain;
	world.drop = drop_some;
	data_seen = 0;
	l = listen_on(1, 80, 8);
	a.conn = connect_to(0, 80);
	run(3 * delay + 100 * SW_MS);
	ok(sw_accept(world.s[1], clock_shows(), l, &b.conn) == 0);
	began = world.now;
	limit = began + 200 * SW_S + 400 * delay;
	while (world.now < limit && !b.eof) {
		app_send(&a, 2000000);
		app_receive(&b);
		run(max_ns(delay / 4, SW_MS));
	}
	ok(b.eof && !b.wrong && b.in == 2000000);
	n = counters_of(0);
	/* each loss is repaired once, and in time; a SYN of more than a second goes twice, and
	 * a probe may have been needless */
	ok(n.rtos == 0);
	ok(n.retransmits <= world.dropped + n.loss_probes + (delay >= 500 * SW_MS));
	ok(n.loss_probes <= 5);
	world_end();
}

static void
clocks(void)
{
	for (unsigned i = 0; i < N_OF(grains); i++)
		for (unsigned j = 0; j < N_OF(delays); j++)
			for (unsigned how = 0; how < 2 * SW_N_CCS; how++)
				clock_steps(grains[i], delays[j], how);
}

int
main(void)
{
	TEST("clocks that step, round trips of 10 us to 2 s", clocks);
	return plan_done();
}
