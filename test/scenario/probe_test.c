/*
 * probe_test.c - a tail loss probe is due, the device takes nothing, and the ACK of
 * all comes first: then there is nothing to probe.  RFC 8985 7.3.
 */
#include "move.h"
#include "tap.h"

/* All that `from` has to say arrives. */
static unsigned
carry(struct move_run *r, int from)
{
	uint8_t bytes[MOVE_MTU];
	struct sw_packet p = {.data = bytes, .cap = sizeof bytes};
	unsigned n = 0;

	while (sw_output(r->host[from].s, r->t, 0, &p, 1) == 1) {
		sw_input(r->host[!from].s, r->t, &p, 1);
		p = (struct sw_packet){.data = bytes, .cap = sizeof bytes};
		n++;
	}
	return n;
}

static void
test_due(void)
{
	struct move_plan plan = {.seed = 1};
	struct sw_counters k = {.bytes = sizeof k};
	struct move_host *a, *b;
	struct move_run *r;
	struct sw_packet p;
	uint8_t bytes[MOVE_MTU];
	sw_conn listener;

	sw_config_init(&plan.config);
	r = move_begin(&plan);
	a = &r->host[0];
	b = &r->host[1];
	ok(sw_open_passive(b->s, r->t, &b->at, 5, &listener) == 0);
	ok(sw_open_active(a->s, r->t, &a->at, &b->at, &a->conn) == 0);
	for (int i = 0; i < 3; i++, r->t += 20 * SW_MS)
		ok(carry(r, i % 2) == 1);
	ok(sw_accept(b->s, r->t, listener, &b->conn) == 0);
	ok(sw_set(b->s, r->t, b->conn, SW_OPT_QUICK_ACK, 1) == 0);
	/* what A has not read keeps its active part */
	ok(sw_send(b->s, r->t, b->conn, "unread", 6, 0) == 6 && carry(r, 1) == 1);
	ok(sw_send(a->s, r->t, a->conn, "a tail", 6, 0) == 6);
	p = (struct sw_packet){.data = bytes, .cap = sizeof bytes};
	ok(sw_output(a->s, r->t, 0, &p, 1) == 1);
	/* the probe is due, and nobody asks for packets */
	for (int i = 0; i < 5 && sw_deadline(a->s) > r->t; i++) {
		r->t = sw_deadline(a->s);
		sw_output(a->s, r->t, 0, NULL, 0);
	}
	ok(sw_deadline(a->s) <= r->t); /* not a timer any more: it has something to say */
	sw_input(b->s, r->t, &p, 1);
	ok(carry(r, 1) == 1);
	ok(carry(r, 0) == 0);
	sw_counters(a->s, &k);
	ok(k.loss_probes == 0 && k.retransmits == 0);
	ok(sw_probe_check(a->s) == 0);
	move_end(r);
}

int
main(void)
{
	TEST("a tail loss probe that is due when the last ACK comes", test_due);
	return plan_done();
}
