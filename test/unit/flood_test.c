/*
 * flood_test.c - a listener in a flood of SYNs from everywhere: memory stays as it is,
 * connections that are open go on as if nothing were, and whoever means it gets in.
 * FLOOD=N: so many SYNs (200000).
 */
#include "pair.h"

enum {
	PORT = 80,
	BULK_PORT = 90,
	BATCH = 32,
	A_MS = 8, /* batches in a millisecond */
	CALLERS = 8,
	BULK = 2 << 20
};

struct flood {
	uint64_t syns, answered; /* sent to B; SYN-ACKs that went to strangers */
	uint64_t opens, opened;	 /* of A, while it lasts */
	uint64_t slow;		 /* that took more than a round trip */
	sw_ns bulk_took;
};

static struct flood flood;

static uint64_t
flood_size(void)
{
	const char *text = getenv("FLOOD");

	return text ? strtoull(text, NULL, 0) : 200000;
}

/* What B says to strangers is lost: they never asked. */
static bool
strangers(struct world *w, int to, const struct sw_packet *p)
{
	if (to != 0 || memcmp(p->data + 16, w->addr[0].b + 12, 4) == 0)
		return false;
	flood.answered++;
	return true;
}

/* A SYN from anywhere, of any kind that there is. */
static uint32_t
flood_syn(uint8_t *to, uint32_t room)
{
	struct seg s = {.ctl = SW_SYN, .wnd = 1000 + tap_below(60000)};
	struct ip_head ip = {.dst = world.addr[1], .proto = IP_TCP, .ttl = 64};
	uint32_t size, text = tap_below(8) ? 0 : tap_below(100);

	ip.src = sw_addr4((uint8_t)(11 + tap_below(100)), (uint8_t)tap_below(256),
			  (uint8_t)tap_below(256), (uint8_t)(1 + tap_below(254)));
	s.seq = seq_at((uint32_t)tap_random());
	s.has = (uint8_t)tap_below(16);
	s.mss = (uint16_t)(500 + tap_below(1000));
	s.wscale = (uint8_t)tap_below(15);
	s.tsval = (uint32_t)tap_random();
	if (tap_below(16) == 0) {
		s.has |= SW_HAS_FASTOPEN;
		s.cookie_len = (uint8_t)(tap_below(2) * 8);
	}
	size = tcp_header_size(&s);
	ip.len = size + text;
	if (ip_write(to, room, &ip) != IP4_HEADER)
		abort();
	tcp_write(to + IP4_HEADER, room - IP4_HEADER, &s, (uint16_t)(1024 + tap_below(60000)),
		  PORT);
	memset(to + IP4_HEADER + size, 'x', text);
	return IP4_HEADER + size + text;
}

/* Some more of them, and what B says to that. */
static void
flood_batch(void)
{
	static uint8_t bytes[BATCH][200];
	struct sw_packet p[BATCH];

	for (int i = 0; i < BATCH; i++) {
		p[i] = (struct sw_packet){.data = bytes[i], .csum = SW_CSUM_VERIFIED};
		p[i].len = flood_syn(bytes[i], sizeof(bytes[i]));
	}
	sw_input(world.s[1], world.now, p, BATCH);
	flood.syns += BATCH;
	pump_out(1);
}

static struct sw_config
flood_config(void)
{
	struct sw_config c = small_config();

	c.conns = c.actives = 64;
	c.half_opens = 64;
	c.time_waits = 4096;
	c.chunks = 1024;
	c.records = 1024;
	c.msl = SW_S;
	return c;
}

static void
flood_begin(const struct sw_config *c)
{
	struct sw_addr any = sw_addr4(0, 0, 0, 0);

	memset(&flood, 0, sizeof(flood));
	world_begin(c, 0);
	ok(sw_route_add(world.s[1], &any, 0, 0, NULL) == 0);
	world.drop = strangers;
}

/* One who means it: opens, gets a byte, and goes. */
struct caller {
	sw_conn a, b;
	sw_ns since;
};

static void
caller_goes_on(struct caller *c, sw_conn listener)
{
	struct sw_stack *a = world.s[0], *b = world.s[1];
	char byte;

	if (c->a == 0) {
		flood.opens++;
		c->since = world.now;
		c->a = connect_to(0, PORT);
		return;
	}
	if (c->b == 0) {
		if (sw_accept(b, world.now, listener, &c->b) != 0)
			return;
		ok(sw_send(b, world.now, c->b, "!", 1, 0) == 1);
		ok(sw_release(b, world.now, c->b) == 0);
	}
	if (sw_receive(a, world.now, c->a, &byte, 1) != 1)
		return;
	ok(byte == '!');
	flood.opened++;
	flood.slow += world.now - c->since > 3 * world.delay + 10 * SW_MS;
	ok(sw_release(a, world.now, c->a) == 0);
	*c = (struct caller){0};
}

/* So many milliseconds, with or without the flood; a bulk transfer goes on meanwhile. */
static void
flood_runs(uint64_t ms, bool on)
{
	sw_conn l = listen_on(1, PORT, 16), l_bulk = listen_on(1, BULK_PORT, 1), b = 0;
	struct app from = {.side = 1}, to = {.side = 0};
	struct caller caller[CALLERS] = {{0}};

	to.conn = connect_to(0, BULK_PORT);
	run(100 * SW_MS);
	ok(sw_accept(world.s[1], world.now, l_bulk, &b) == 0);
	from.conn = b;
	to.closed = true;
	flood.bulk_took = world.now;
	for (uint64_t t = 0; t < ms || !to.eof; t++) {
		for (int i = 0; i < A_MS && on && t < ms; i++)
			flood_batch();
		for (int i = 0; i < CALLERS && t < ms; i++)
			caller_goes_on(&caller[i], l);
		if (!from.closed || !to.eof) {
			app_send(&from, BULK);
			app_receive(&to);
			if (to.eof)
				flood.bulk_took = world.now - flood.bulk_took;
		}
		run(SW_MS);
		if (!ok(t < ms + 100000))
			break;
	}
	for (int t = 0; t < 1000; t++) {
		for (int i = 0; i < CALLERS; i++)
			if (caller[i].a)
				caller_goes_on(&caller[i], l);
		run(SW_MS);
	}
	ok(to.in == BULK && !to.wrong);
	ok(sw_release(world.s[0], world.now, to.conn) == 0);
	ok(sw_release(world.s[1], world.now, from.conn) == 0);
}

static struct sw_counters
counters_of(int i)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(world.s[i], &c) == 0);
	return c;
}

static void
test_flood(void)
{
	uint64_t ms = flood_size() / ((uint64_t)A_MS * BATCH);
	struct sw_config c = flood_config();
	struct sw_counters n;
	struct flood quiet;

	flood_begin(&c);
	flood_runs(ms, false);
	quiet = flood;
	ok(quiet.opened == quiet.opens && quiet.slow == 0);
	world_end();

	flood_begin(&c);
	flood_runs(ms, true);
	n = counters_of(1);
	/* half of the blocks at most are lent to SYNs with text */
	ok(n.pool_high[SW_POOL_HALF_OPENS] == c.half_opens);
	ok(n.pool_high[SW_POOL_CONNS] <= c.conns / 2 + 8);
	ok(n.replies_dropped == 0);
	ok(n.verdict[SW_V_COOKIE_SENT] > flood.syns * 9 / 10);
	ok(n.verdict[SW_V_NO_HALF] == 0 && n.verdict[SW_V_NO_BLOCK] == 0 &&
	   n.verdict[SW_V_NO_BACKLOG] == 0);
	ok(flood.answered >= flood.syns);
	/* all get in, at once */
	ok(flood.opened == flood.opens && flood.slow == 0);
	ok(n.verdict[SW_V_COOKIE] + 10 >= flood.opens); /* the first found a record */
	/* and the others go on as before */
	ok(flood.bulk_took <= quiet.bulk_took + quiet.bulk_took / 20);
	printf("# %llu SYNs, %llu answered, %llu opens in it, bulk in %llu ms, quiet in %llu ms\n",
	       (unsigned long long)flood.syns, (unsigned long long)flood.answered,
	       (unsigned long long)flood.opened, (unsigned long long)(flood.bulk_took / SW_MS),
	       (unsigned long long)(quiet.bulk_took / SW_MS));
	/* when it is over, nothing of it stays */
	run(200 * SW_S);
	n = counters_of(1);
	ok(n.pool_used[SW_POOL_HALF_OPENS] == 0 && n.pool_used[SW_POOL_CONNS] == 0);
	world_end();
}

/* Without cookies nobody gets in: what they are for. */
static void
test_flood_never(void)
{
	struct sw_config c = flood_config();
	sw_conn a;

	c.cookies = SW_COOKIES_NEVER;
	flood_begin(&c);
	listen_on(1, PORT, 16);
	for (int i = 0; i < 100; i++) {
		flood_batch();
		run(SW_MS);
	}
	a = connect_to(0, PORT);
	for (int i = 0; i < 20000; i++) {
		flood_batch();
		run(SW_MS);
	}
	ok(state(0, a) == SW_SYN_SENT);
	ok(counters_of(1).verdict[SW_V_NO_HALF] > 100000);
	world_end();
}

/* One listener's bound leaves the records to the others. */
static void
test_flood_listener(void)
{
	struct sw_config c = flood_config();
	sw_conn l, a;

	flood_begin(&c);
	l = listen_on(1, PORT, 16);
	ok(sw_set(world.s[1], world.now, l, SW_OPT_HALF_OPENS, 20) == 0);
	listen_on(1, BULK_PORT, 16);
	for (int i = 0; i < 200; i++) {
		flood_batch();
		run(SW_MS);
	}
	ok(counters_of(1).pool_used[SW_POOL_HALF_OPENS] == 20);
	a = connect_to(0, BULK_PORT);
	run(15 * SW_MS);
	ok(counters_of(1).pool_used[SW_POOL_HALF_OPENS] == 21);
	run(20 * SW_MS);
	ok(state(0, a) == SW_ESTABLISHED);
	world_end();
}

int
main(void)
{
	TEST("syn-flood: all get in", test_flood);
	TEST("syn-flood: without cookies nobody does", test_flood_never);
	TEST("syn-flood: the bound of one listener", test_flood_listener);
	return plan_done();
}
