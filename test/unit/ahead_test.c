/*
 * ahead_test.c - packets that come together do what they do one by one: whole, cut
 * short, with a byte changed; and of whole ones it is known ahead whose they are.
 */
#include "pair.h"

enum { CONNS = 40, NEW = 8, MOST = 96, ROOM = 2048, HEADERS = 80, PART = 8 };

static uint8_t room[MOST][ROOM], text[3000];
static struct sw_packet packet[MOST];

/* What A says: text on open connections, SYNs, FINs. */
static size_t
say_much(const sw_conn conn[CONNS])
{
	for (int i = 0; i < CONNS; i++) {
		ok(sw_send(world.s[0], world.now, conn[i], text, 1 + tap_below(sizeof(text)), 0) >
		   0);
		if (tap_below(8) == 0)
			sw_close(world.s[0], world.now, conn[i]);
	}
	for (int i = 0; i < NEW; i++)
		connect_to(0, 80);
	for (int i = 0; i < MOST; i++)
		packet[i] = (struct sw_packet){.data = room[i], .cap = ROOM};
	return sw_output(world.s[0], world.now, 0, packet, MOST);
}

static void
spoil(struct sw_packet *p)
{
	if (tap_below(2) == 0)
		p->len = tap_below(p->len + 1);
	else
		p->data[tap_below(min_u32(p->len, HEADERS))] ^= (uint8_t)(1 + tap_below(255));
}

/* All at once here, one by one in a copy. */
static void
take_both(size_t n, size_t bytes)
{
	static uint8_t out[2][ROOM];
	struct sw_packet p = {.data = out[0], .cap = ROOM}, q = {.data = out[1], .cap = ROOM};
	struct sw_stack *fork;
	void *m = aligned_arena(bytes);

	ok(sw_copy(&fork, m, bytes, world.s[1]) == SW_OK);
	sw_input(world.s[1], world.now, packet, n);
	for (size_t i = 0; i < n; i++)
		sw_input(fork, world.now, &packet[i], 1);
	ok(sw_probe_digest(fork) == sw_probe_digest(world.s[1]));
	ok(sw_probe_check(world.s[1]) == 0);
	while (sw_output(world.s[1], world.now, 0, &p, 1) == 1) {
		ok(sw_output(fork, world.now, 0, &q, 1) == 1);
		ok(p.len == q.len && memcmp(p.data, q.data, p.len) == 0);
	}
	free(m);
}

/* The hash is known ahead, and a record is found by it. */
static void
look_ahead(size_t n)
{
	struct ahead a;
	uint32_t it, found = 0;

	for (size_t at = 0; at + PART <= n; at += PART) {
		ahead_look(world.s[1], packet + at, PART, &a);
		ok(a.known == (1u << PART) - 1);
		for (int i = 0; i < PART; i++)
			found += table_first(&world.s[1]->table, a.hash[i], &it) != NONE;
	}
	ok(found >= CONNS);
}

static void
together(unsigned how, bool spoiled)
{
	struct sw_config conf = small_config();
	sw_conn conn[CONNS];
	size_t n;

	conf.conns = conf.actives = conf.half_opens = 2 * CONNS;
	conf.records = conf.chunks = 4096;
	conf.without = SW_NO_PACING;
	world_begin(&conf, how);
	listen_on(1, 80, CONNS);
	for (int i = 0; i < CONNS; i++)
		conn[i] = connect_to(0, 80);
	run(200 * SW_MS);
	n = say_much(conn);
	ok(n > AHEAD_MAX + PART && n < MOST);
	if (!spoiled)
		look_ahead(n);
	for (size_t i = 0; spoiled && i < n; i++)
		if (tap_below(3) == 0)
			spoil(&packet[i]);
	take_both(n, sw_stack_bytes(&conf));
	world_end();
}

static void
test_whole(void)
{
	for (unsigned how = 0; how < 4; how++)
		together(how, false);
}

static void
test_spoiled(void)
{
	for (unsigned how = 0; how < 40; how++)
		together(how % 4, true);
}

int
main(void)
{
	TEST("packets together, one by one", test_whole);
	TEST("the same, spoiled", test_spoiled);
	return plan_done();
}
