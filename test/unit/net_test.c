/*
 * net_test.c - lives of connections between two stacks, inside and out:
 * handshakes, bytes both ways, closes, TIME-WAIT, listeners.
 */
#include "pair.h"

static void
life(unsigned how, uint64_t bytes, uint32_t loss, sw_ns limit)
{
	struct sw_config conf = small_config();
	sw_conn l, a, c[2];

	world_begin(&conf, how);
	open_pair(&l, &a, &c[1]);
	c[0] = a;
	world.loss = loss;
	exchange(c, bytes, limit);
	world.loss = 0;
	for (int i = 0; i < 2; i++)
		ok(sw_release(world.s[i], world.now, c[i]) == 0);
	run(400 * SW_S);
	ok(sw_close(world.s[1], world.now, l) == 0);
	all_empty(0, true);
	all_empty(1, true);
	ok(sw_deadline(world.s[0]) == SW_NEVER || (how & W_ETHERNET));
	world_end();
}

static void
test_life_4(void)
{
	life(0, 300000, 0, 60 * SW_S);
}

static void
test_life_6(void)
{
	life(W_IPV6, 300000, 0, 60 * SW_S);
}

static void
test_life_empty(void)
{
	life(0, 0, 0, 10 * SW_S);
}

static void
test_life_ethernet(void)
{
	life(W_ETHERNET, 100000, 0, 60 * SW_S);
	life(W_ETHERNET | W_IPV6, 100000, 0, 60 * SW_S);
}

static void
test_life_gso(void)
{
	life(W_GSO, 1000000, 0, 60 * SW_S);
	life(W_GSO | W_IPV6 | W_ETHERNET, 1000000, 0, 60 * SW_S);
}

static void
test_life_lossy(void)
{
	life(0, 200000, 50, 600 * SW_S);
	life(W_IPV6, 200000, 50, 600 * SW_S);
	life(W_GSO, 200000, 50, 600 * SW_S);
}

/* The active closer waits twice the MSL, the other not at all. */
static void
test_time_wait(void)
{
	struct sw_config conf = small_config();
	sw_conn l, a, b;

	world_begin(&conf, 0);
	open_pair(&l, &a, &b);
	ok(sw_release(world.s[0], world.now, a) == 0);
	ok(state(0, a) == SW_N_STATES);
	run(SW_S);
	ok(state(1, b) == SW_CLOSE_WAIT);
	ok(sw_release(world.s[1], world.now, b) == 0);
	run(SW_S);
	ok(world.s[0]->time_waits.used == 1);
	ok(world.s[0]->blocks.used == 0);
	ok(world.s[1]->blocks.used == 0);
	run(2 * conf.msl - 2 * SW_S);
	ok(world.s[0]->time_waits.used == 1);
	run(3 * SW_S);
	all_empty(0, true);
	ok(edge(0, SW_TIME_WAIT, SW_ON_MSL2_TIMEOUT) == 1);
	world_end();
}

static int drops;

static bool
drop_some(struct world *w, int to, const struct sw_packet *p)
{
	(void)w;
	(void)p;
	return to == 1 && drops > 0 && drops-- > 0;
}

/* The last ACK is lost: the FIN comes again, TIME-WAIT answers and begins anew. */
static void
test_time_wait_fin_again(void)
{
	struct sw_config conf = small_config();
	sw_conn l, a, b;

	world_begin(&conf, 0);
	open_pair(&l, &a, &b);
	sw_release(world.s[0], world.now, a);
	run(SW_S);
	sw_release(world.s[1], world.now, b);
	world.drop = drop_some;
	drops = 1;
	run(30 * SW_MS);
	ok(world.s[1]->blocks.used == 1);
	ok(world.s[0]->time_waits.used == 1);
	run(10 * SW_S);
	ok(world.s[1]->blocks.used == 0);
	run(2 * conf.msl + SW_S);
	all_empty(0, true);
	world_end();
}

/* A connection from the same port takes over the other side's TIME-WAIT. */
static void
test_time_wait_reused(bool timestamps)
{
	struct sw_config conf = small_config();
	struct sw_endpoint from = {.port = 40000}, to;
	sw_conn l, a, b, c;

	conf.timestamps = timestamps;
	world_begin(&conf, 0);
	l = listen_on(1, 80, 8);
	to = (struct sw_endpoint){world.addr[1], 80};
	ok(sw_open_active(world.s[0], world.now, &from, &to, &a) == 0);
	run(SW_S);
	ok(sw_accept(world.s[1], world.now, l, &b) == 0);
	ok(sw_open_active(world.s[0], world.now, &from, &to, &c) == SW_E_IN_USE);
	/* the server closes first */
	ok(sw_release(world.s[1], world.now, b) == 0);
	run(SW_S);
	ok(sw_release(world.s[0], world.now, a) == 0);
	run(SW_S);
	ok(world.s[1]->time_waits.used == 1);
	ok(world.s[0]->blocks.used == 0);
	ok(sw_open_active(world.s[0], world.now, &from, &to, &a) == 0);
	run(SW_S);
	ok(verdict(1, SW_V_REUSED) == 1);
	ok(edge(1, SW_TIME_WAIT, SW_ON_RCV_NEW_SYN) == 1);
	ok(state(0, a) == SW_ESTABLISHED);
	ok(sw_accept(world.s[1], world.now, l, &b) == 0);
	ok(state(1, b) == SW_ESTABLISHED);
	ok(world.s[1]->time_waits.used == 0);
	world_end();
}

static void
test_time_wait_reuse(void)
{
	test_time_wait_reused(true);
	test_time_wait_reused(false);
}

/* Nobody listens any more: the SYN does not end TIME-WAIT. */
static void
test_time_wait_not_reused(void)
{
	struct sw_config conf = small_config();
	struct sw_endpoint from = {.port = 40000}, to;
	sw_conn l, a, b;

	world_begin(&conf, 0);
	l = listen_on(1, 80, 8);
	to = (struct sw_endpoint){world.addr[1], 80};
	ok(sw_open_active(world.s[0], world.now, &from, &to, &a) == 0);
	run(SW_S);
	ok(sw_accept(world.s[1], world.now, l, &b) == 0);
	sw_close(world.s[1], world.now, l);
	sw_release(world.s[1], world.now, b);
	run(SW_S);
	sw_release(world.s[0], world.now, a);
	run(SW_S);
	ok(world.s[1]->time_waits.used == 1);
	ok(sw_open_active(world.s[0], world.now, &from, &to, &a) == 0);
	run(SW_S);
	ok(verdict(1, SW_V_SYN_CHALLENGED) >= 1);
	world_end();
}

/* TIME-WAIT records are few: the oldest goes, counted, and nothing breaks. */
static void
test_time_wait_full(void)
{
	struct sw_config conf = small_config();
	sw_conn l, a, b;

	world_begin(&conf, 0);
	l = listen_on(1, 80, 8);
	for (int i = 0; i < 10; i++) {
		a = connect_to(0, 80);
		run(100 * SW_MS);
		ok(sw_accept(world.s[1], world.now, l, &b) == 0);
		sw_release(world.s[0], world.now, a);
		run(100 * SW_MS);
		sw_release(world.s[1], world.now, b);
		run(100 * SW_MS);
	}
	ok(world.s[0]->time_waits.used == 4);
	ok(world.s[0]->time_waits.refused == 6);
	run(2 * conf.msl + SW_S);
	all_empty(0, true);
	all_empty(1, false);
	world_end();
}

static void
test_refused(void)
{
	struct sw_config conf = small_config();
	struct sw_event ev;
	sw_conn a;
	char byte;

	world_begin(&conf, 0);
	a = connect_to(0, 81);
	run(SW_S);
	ok(sw_event(world.s[0], &ev) && ev.conn == a && (ev.ready & SW_FAILED));
	ok(sw_receive(world.s[0], world.now, a, &byte, 1) == SW_E_REFUSED);
	ok(verdict(1, SW_V_NOBODY) == 1);
	ok(verdict(0, SW_V_REFUSED) == 1);
	ok(sw_release(world.s[0], world.now, a) == 0);
	ok(sw_release(world.s[0], world.now, a) == SW_E_NO_CONN);
	all_empty(0, true);
	all_empty(1, true);
	world_end();
}

static bool
drop_to_client(struct world *w, int to, const struct sw_packet *p)
{
	(void)w;
	(void)p;
	return to == 0;
}

/* SYN-ACKs get lost: repeated so often, and then the half-open is gone. */
static void
test_half_expires(void)
{
	struct sw_config conf = small_config();
	sw_conn a;

	world_begin(&conf, 0);
	listen_on(1, 80, 8);
	world.drop = drop_to_client;
	a = connect_to(0, 80);
	run(500 * SW_MS);
	ok(world.s[1]->halves.used == 1);
	sw_abort(world.s[0], world.now, a);
	run(200 * SW_S);
	ok(world.dropped == 1 + conf.syn_ack_tries);
	ok(world.s[1]->halves.used == 0);
	ok(edge(1, SW_SYN_RECEIVED, SW_ON_USER_TIMEOUT) == 1);
	all_empty(1, false);
	ok(sw_deadline(world.s[1]) == SW_NEVER);
	world_end();
}

static int drop_nth;

static bool
drop_one_to_server(struct world *w, int to, const struct sw_packet *p)
{
	(void)w;
	(void)p;
	return to == 1 && drop_nth-- == 0;
}

/* The handshake's last ACK is lost: the SYN-ACK comes again, or text brings it. */
static void
test_half_lost_ack(void)
{
	struct sw_config conf = small_config();
	sw_conn l, a, b;

	for (int text = 0; text < 2; text++) {
		char byte = 0;

		world_begin(&conf, text ? W_IPV6 : 0);
		l = listen_on(1, 80, 8);
		world.drop = drop_one_to_server;
		drop_nth = 1;
		a = connect_to(0, 80);
		run(300 * SW_MS);
		ok(state(0, a) == SW_ESTABLISHED);
		ok(sw_accept(world.s[1], world.now, l, &b) == SW_E_AGAIN);
		if (text)
			ok(sw_send(world.s[0], world.now, a, "x", 1, 0) == 1);
		run(text ? 100 * SW_MS : 5 * SW_S);
		ok(sw_accept(world.s[1], world.now, l, &b) == 0);
		if (text)
			ok(sw_receive(world.s[1], world.now, b, &byte, 1) == 1 && byte == 'x');
		world_end();
	}
}

/* The client goes away in the middle of the handshake: a RST frees the half. */
static void
test_half_reset(void)
{
	struct sw_config conf = small_config();
	sw_conn a;

	world_begin(&conf, 0);
	listen_on(1, 80, 8);
	a = connect_to(0, 80);
	run(12 * SW_MS);
	ok(world.s[1]->halves.used == 1);
	sw_abort(world.s[0], world.now, a);
	run(100 * SW_MS);
	ok(world.s[1]->halves.used == 0);
	ok(edge(1, SW_SYN_RECEIVED, SW_ON_RCV_RST_PASSIVE) == 1);
	all_empty(1, false);
	world_end();
}

static void
test_listener_closes(void)
{
	struct sw_config conf = small_config();
	sw_conn l, a, b, c;

	world_begin(&conf, 0);
	l = listen_on(1, 80, 8);
	a = connect_to(0, 80);
	b = connect_to(0, 80);
	run(SW_S);
	c = connect_to(0, 80);
	run(12 * SW_MS);
	ok(world.s[1]->halves.used == 1);
	ok(sw_close(world.s[1], world.now, l) == 0);
	ok(sw_close(world.s[1], world.now, l) == SW_E_NO_CONN);
	run(SW_S);
	ok(state(0, a) == SW_CLOSED);
	ok(state(0, b) == SW_CLOSED);
	ok(state(0, c) == SW_CLOSED);
	run(10 * SW_S);
	all_empty(1, true);
	ok(edge(1, SW_LISTEN, SW_ON_CLOSE) == 1);
	world_end();
}

/* The most particular listener is asked first. */
static void
test_listener_order(void)
{
	struct sw_config conf = small_config();
	struct sw_endpoint e[5];
	sw_conn l[5], c;

	world_begin(&conf, 0);
	memset(e, 0, sizeof(e));
	e[0] = (struct sw_endpoint){world.addr[1], 80};
	e[1] = (struct sw_endpoint){sw_addr4(0, 0, 0, 0), 80};
	e[2].port = 80;
	e[3] = (struct sw_endpoint){world.addr[1], 0};
	e[4].port = 0;
	for (int i = 4; i >= 0; i--)
		ok(sw_open_passive(world.s[1], world.now, &e[i], 8, &l[i]) == 0);
	ok(sw_open_passive(world.s[1], world.now, &e[1], 8, &c) == SW_E_IN_USE);
	for (int i = 0; i < 3; i++) {
		connect_to(0, 80);
		run(SW_S);
		ok(sw_accept(world.s[1], world.now, l[i], &c) == 0);
		ok(sw_close(world.s[1], world.now, l[i]) == 0);
	}
	for (int i = 3; i < 5; i++) {
		connect_to(0, 80);
		run(SW_S);
		ok(sw_accept(world.s[1], world.now, l[i], &c) == 0);
		ok(sw_close(world.s[1], world.now, l[i]) == 0);
	}
	world_end();
}

/* A gateway takes connections for addresses that are not its own; others do not. */
static void
test_gateway(void)
{
	struct sw_config conf = small_config();
	struct sw_endpoint to = {sw_addr4(192, 0, 2, 7), 443};
	struct sw_status st = {.bytes = sizeof(st)};
	sw_conn l, a, b, c[2];

	world_begin(&conf, W_GATEWAY);
	l = listen_on(1, 0, 8);
	ok(sw_open_active(world.s[0], world.now, NULL, &to, &a) == 0);
	run(SW_S);
	ok(sw_accept(world.s[1], world.now, l, &b) == 0);
	ok(sw_status(world.s[1], b, &st) == 0);
	ok(sw_addr_same(&st.local.addr, &to.addr) && st.local.port == 443);
	c[0] = a;
	c[1] = b;
	exchange(c, 5000, 10 * SW_S);
	sw_close(world.s[1], world.now, l);
	sw_abort(world.s[0], world.now, a);
	sw_abort(world.s[1], world.now, b);
	ok(sw_open_active(world.s[0], world.now, NULL, &to, &a) == 0);
	run(SW_S);
	ok(verdict(1, SW_V_NOT_OURS) >= 1);
	ok(state(0, a) == SW_SYN_SENT);
	world_end();
}

/* Both ends open at once. */
static void
test_simultaneous(void)
{
	struct sw_config conf = small_config();
	struct sw_endpoint e[2];
	sw_conn c[2];

	world_begin(&conf, 0);
	for (int i = 0; i < 2; i++)
		e[i] = (struct sw_endpoint){world.addr[i], 5000};
	for (int i = 0; i < 2; i++)
		ok(sw_open_active(world.s[i], world.now, &e[i], &e[!i], &c[i]) == 0);
	run(SW_S);
	for (int i = 0; i < 2; i++)
		ok(edge(i, SW_SYN_SENT, SW_ON_RCV_SYN) == 1);
	exchange(c, 20000, 20 * SW_S);
	for (int i = 0; i < 2; i++)
		sw_release(world.s[i], world.now, c[i]);
	run(300 * SW_S);
	all_empty(0, true);
	all_empty(1, true);
	world_end();
}

/* The active closer opens again from the same port: with timestamps after a second. */
static void
test_time_wait_yields(void)
{
	struct sw_config conf = small_config();
	struct sw_endpoint from = {.port = 40000}, to;
	sw_conn l, a, b, c;

	world_begin(&conf, 0);
	l = listen_on(1, 80, 8);
	to = (struct sw_endpoint){world.addr[1], 80};
	ok(sw_open_active(world.s[0], world.now, &from, &to, &a) == 0);
	run(100 * SW_MS);
	ok(sw_accept(world.s[1], world.now, l, &b) == 0);
	sw_release(world.s[0], world.now, a);
	run(100 * SW_MS);
	sw_release(world.s[1], world.now, b);
	run(100 * SW_MS);
	ok(world.s[0]->time_waits.used == 1);
	ok(sw_open_active(world.s[0], world.now, &from, &to, &c) == SW_E_IN_USE);
	run(SW_S);
	ok(sw_open_active(world.s[0], world.now, &from, &to, &c) == 0);
	ok(world.s[0]->time_waits.used == 0);
	run(100 * SW_MS);
	ok(state(0, c) == SW_ESTABLISHED);
	world_end();
}

static uint32_t longest;

static bool
measure_longest(struct world *w, int to, const struct sw_packet *p)
{
	(void)w;
	if (to == 1)
		longest = max_u32(longest, p->len);
	return false;
}

/* The device's MTU falls under an open connection. */
static void
test_mtu_falls(void)
{
	struct sw_config conf = small_config();
	sw_conn l, a, c[2];

	world_begin(&conf, 0);
	open_pair(&l, &a, &c[1]);
	c[0] = a;
	ok(sw_iface_mtu(world.s[0], 0, 600) == 0);
	world.drop = measure_longest;
	longest = 0;
	exchange(c, 20000, 20 * SW_S);
	ok(longest == 600);
	world_end();
}

int
main(void)
{
	TEST("a life, nothing said", test_life_empty);
	TEST("a life, IPv4", test_life_4);
	TEST("a life, IPv6", test_life_6);
	TEST("a life, Ethernet", test_life_ethernet);
	TEST("a life, super-segments", test_life_gso);
	TEST("a life, lossy", test_life_lossy);
	TEST("TIME-WAIT", test_time_wait);
	TEST("TIME-WAIT: FIN again", test_time_wait_fin_again);
	TEST("TIME-WAIT: reused", test_time_wait_reuse);
	TEST("TIME-WAIT: not reused", test_time_wait_not_reused);
	TEST("TIME-WAIT: active OPEN", test_time_wait_yields);
	TEST("TIME-WAIT: full", test_time_wait_full);
	TEST("refused", test_refused);
	TEST("half-open expires", test_half_expires);
	TEST("half-open, lost ACK", test_half_lost_ack);
	TEST("half-open, reset", test_half_reset);
	TEST("listener closes", test_listener_closes);
	TEST("listener order", test_listener_order);
	TEST("gateway", test_gateway);
	TEST("simultaneous open", test_simultaneous);
	TEST("SHLD-6 MTU falls", test_mtu_falls);
	return plan_done();
}
