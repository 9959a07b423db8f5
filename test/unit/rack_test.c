/*
 * rack_test.c - what RACK remembers, by itself: how the reordering window grows and
 * shrinks, and how old a least round trip may become.  RFC 8985 6.2 steps 1 and 4.
 */
#include "tcp/parts.h"

#include "tap.h"

static struct tcp tcp;
static struct tcb tcb;
static struct active act;

static void
rack_fresh(void)
{
	memset(&tcp, 0, sizeof(tcp));
	memset(&tcb, 0, sizeof(tcb));
	memset(&act, 0, sizeof(act));
	tcp.now = 1000 * SW_S;
	act.recs.head = act.recs.tail = act.recs_in_time.head = act.recs_in_time.tail = NONE;
	rack_begin(&act, seq_at(0xfffffff0)); /* the numbers go round meanwhile */
	tcb.snd.una = seq_at(0xfffffff0);
	tcb.snd.nxt = seq_at(100);
}

/* A round trip of so long is measured, after a while. */
static void
measured(sw_ns later, sw_ns rtt)
{
	struct told told = {.bytes = 1};

	tcp.now += later;
	told.once = tcp.now - rtt;
	told.sent = told.once;
	told.valid = true;
	rack_update(&tcp, &tcb, &act, &told);
}

/* One step for each round that has a D-SACK; 16 recoveries without one undo it. */
static void
window_adapts(void)
{
	rack_fresh();
	ok(act.rack.mult == 1);
	for (int i = 0; i < 3; i++)
		rack_dsack(&tcb, &act); /* of one round: one step */
	ok(act.rack.mult == 2 && act.rack.persist == 16);
	tcb.snd.una = seq_at(99);
	rack_dsack(&tcb, &act);
	ok(act.rack.mult == 2);
	tcb.snd.una = seq_at(100);
	tcb.snd.nxt = seq_at(200);
	rack_dsack(&tcb, &act);
	ok(act.rack.mult == 3);
	for (int i = 0; i < 15; i++)
		rack_recovered(&act);
	ok(act.rack.mult == 3);
	tcb.snd.una = seq_at(200);
	rack_dsack(&tcb, &act); /* once more: the count begins anew */
	ok(act.rack.mult == 4);
	for (int i = 0; i < 15; i++)
		rack_recovered(&act);
	ok(act.rack.mult == 4);
	rack_recovered(&act);
	ok(act.rack.mult == 1);
	rack_recovered(&act);
	ok(act.rack.mult == 1 && act.rack.persist == 0);
	for (uint32_t i = 0; i < 1000; i++) {
		tcb.snd.una = tcb.snd.nxt;
		tcb.snd.nxt = seq_add(tcb.snd.nxt, 10);
		rack_dsack(&tcb, &act);
	}
	ok(act.rack.mult == 255); /* and not round again */
}

/* A path that became longer is known as such after a minute. */
static void
minimum_ages(void)
{
	rack_fresh();
	tcb.srtt_us = 8 * 70;
	ok(rack_min_rtt(&tcb, &act) == 70 * SW_US); /* nothing better is known */
	measured(0, 50 * SW_MS);
	measured(SW_S, 20 * SW_MS);
	measured(SW_S, 90 * SW_MS);
	ok(rack_min_rtt(&tcb, &act) == 20 * SW_MS);
	for (int i = 0; i < 25; i++)
		measured(SW_S, 90 * SW_MS);
	ok(rack_min_rtt(&tcb, &act) == 20 * SW_MS);
	for (int i = 0; i < 65; i++)
		measured(SW_S, 90 * SW_MS);
	ok(rack_min_rtt(&tcb, &act) == 90 * SW_MS);
	measured(0, 10 * SW_MS);
	ok(rack_min_rtt(&tcb, &act) == 10 * SW_MS);
}

/* What was sent later counts; at one time, what has the higher number. */
static void
order_of_sending(void)
{
	const seq low = seq_at(UINT32_MAX), high = seq_at(5);

	ok(sent_later(2, low, 1, high) && !sent_later(1, high, 2, low));
	ok(sent_later(1, high, 1, low) && !sent_later(1, low, 1, high));
	ok(!sent_later(1, low, 1, low));
	rack_fresh();
	measured(0, 20 * SW_MS);
	ok(act.rack.known && act.rack.rtt == 20 * SW_MS);
	ok(act.rack.sent == tcp.now - 20 * SW_MS);
	measured(0, 30 * SW_MS); /* sent before: a longer round trip, but no later segment */
	ok(act.rack.rtt == 30 * SW_MS && act.rack.sent == tcp.now - 20 * SW_MS);
}

int
main(void)
{
	TEST("RFC8985 the window adapts", window_adapts);
	TEST("RFC8985 the least round trip", minimum_ages);
	TEST("RFC8985 the order of sending", order_of_sending);
	return plan_done();
}
