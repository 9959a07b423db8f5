/*
 * train_test.c - header prediction and what is sent by one plan do what the eight steps
 * and a plan a segment do: one stack gets and makes packets together, its copy one by
 * one.  The same of packets that are lost, twice, late, cut or changed somewhere.
 * And SYNs in a row get the answers that each would get alone.
 */
#include "pair.h"

enum { MOST = 80, ROOM = 1600, LEAST = 24, KINDS = 8 };

static uint8_t room[3][MOST][ROOM], text[200000], bin[65536];
static struct sw_packet packet[MOST], other[MOST];

static void
packets_new(struct sw_packet *p, uint8_t (*to)[ROOM])
{
	for (int i = 0; i < MOST; i++)
		p[i] = (struct sw_packet){.data = to[i], .cap = ROOM};
}

/* Is all that either has the same, and in order? */
static void
same_state(const struct sw_stack *a, const struct sw_stack *b)
{
	ok(sw_probe_digest(a) == sw_probe_digest(b));
	ok(sw_probe_digest_still(a) == sw_probe_digest_still(b));
	ok(sw_probe_check(a) == 0);
}

/* What two stacks say to the same question is the same; how many packets. */
static size_t
say_both(struct sw_stack *together, struct sw_stack *alone)
{
	size_t n, m = 0;

	packets_new(packet, room[0]);
	packets_new(other, room[1]);
	n = sw_output(together, world.now, 0, packet, MOST);
	while (m < MOST && sw_output(alone, world.now, 0, &other[m], 1) == 1)
		m++;
	ok(n == m);
	for (size_t i = 0; i < n && i < m; i++)
		ok(packet[i].len == other[i].len &&
		   memcmp(packet[i].data, other[i].data, packet[i].len) == 0);
	same_state(together, alone);
	return n;
}

/* Something happens to packet i of n on its way; how many there are then. */
static size_t
spoil(size_t i, size_t n)
{
	struct sw_packet *p = &packet[i], keep = *p;

	switch (tap_below(KINDS)) {
	case 0: /* lost */
		memmove(p, p + 1, (n - i - 1) * sizeof(*p));
		return n - 1;
	case 1: /* it comes twice */
		packet[i + 1 < n ? i + 1 : i] = keep;
		return n;
	case 2: /* late */
		packet[i] = packet[n - 1];
		packet[n - 1] = keep;
		return n;
	case 3:
		p->len = tap_below(p->len + 1);
		return n;
	case 4: /* trailing bytes, as Ethernet pads */
		p->len = min_u32(p->len + 7, p->cap);
		return n;
	case 5: /* congestion, or not: of no checksum but IPv4's */
		p->data[1] ^= 3;
		return n;
	default:
		p->data[tap_below(tap_below(2) ? 80 : p->len)] ^= (uint8_t)(1 + tap_below(255));
		return n;
	}
}

static struct sw_stack *
fork_of(const struct sw_stack *s, void *m, size_t bytes)
{
	struct sw_stack *fork;

	ok(sw_copy(&fork, m, bytes, s) == SW_OK);
	return fork;
}

/* B takes n packets together, its copy one by one; what it says then. */
static void
take_both(size_t n, size_t bytes)
{
	void *m = aligned_arena(bytes);
	struct sw_stack *fork = fork_of(world.s[1], m, bytes);
	uint64_t followed = fork->followed;

	sw_input(world.s[1], world.now, packet, n);
	for (size_t i = 0; i < n; i++)
		sw_input(fork, world.now, &packet[i], 1);
	same_state(world.s[1], fork);
	ok(fork->followed == followed);
	say_both(world.s[1], fork);
	free(m);
}

/* Rounds of text, the FIN behind the last; the spoilt ones of them. */
static uint64_t
journey(unsigned how, uint32_t without, unsigned spoilt)
{
	struct sw_config conf = small_config();
	size_t n, bytes = sw_stack_bytes(&conf), sent = 0, most = 0;
	uint64_t followed;
	sw_conn c, listener, d;
	void *m;

	conf.iw_segments = 100;
	conf.ecn = SW_ECN_ASK;
	conf.without = without;
	world_begin(&conf, how);
	listener = listen_on(1, 80, 4);
	c = connect_to(0, 80);
	run(200 * SW_MS);
	ok(sw_accept(world.s[1], world.now, listener, &d) == SW_OK);
	m = aligned_arena(bytes);
	for (int round = 0; round < 4; round++) {
		uint32_t much = 20000 + tap_below(40000);
		ptrdiff_t took = sw_send(world.s[0], world.now, c, text, much, 0);

		sent += took > 0 ? (size_t)took : 0;
		if (round == 3)
			sw_close(world.s[0], world.now, c);
		n = say_both(world.s[0], fork_of(world.s[0], m, bytes));
		most = n > most ? n : most;
		for (size_t i = 0; i < spoilt && n > 2; i++)
			n = spoil(tap_below((uint32_t)n - 1), n);
		take_both(n, bytes);
		run(300 * SW_MS);
		while (sw_receive(world.s[1], world.now, d, bin, sizeof(bin)) > 0)
			;
		run(300 * SW_MS);
	}
	ok(spoilt > 0 || (sent > 40000 && most >= LEAST));
	followed = world.s[1]->followed;
	free(m);
	world_end();
	return followed;
}

/* IPv4 and IPv6, with and without a link's header. */
static void
test_the_same(void)
{
	for (unsigned how = 0; how < 4; how++)
		ok(journey(how, 0, 0) > 2 * LEAST);
}

static void
test_spoilt(void)
{
	uint64_t followed = 0;

	for (unsigned i = 0; i < 120; i++)
		followed += journey(i % 4, 0, 1 + i % 5);
	ok(followed > 120 * 4);
}

/* The switch, which leaves only plans and the eight steps. */
static void
test_off(void)
{
	ok(journey(0, SW_NO_TRAINS, 0) == 0);
}

/* A SYN with the options that nearly all have, from anywhere, to a port that is asked. */
static void
syn_new(struct sw_packet *p, bool ethernet, const struct sw_endpoint *known)
{
	struct seg s = {.ctl = tap_below(16) ? SW_SYN : SW_SYN | SW_ECE | SW_CWR,
			.wnd = tap_below(65536),
			.has = SW_HAS_MSS | SW_HAS_SACK_OK | SW_HAS_TS | SW_HAS_WSCALE,
			.mss = (uint16_t)tap_below(tap_below(2) ? 9000 : 1500),
			.wscale = (uint8_t)tap_below(20)};
	struct ip_head ip = {.dst = world.addr[1], .proto = IP_TCP, .ttl = 64};
	uint16_t port = (uint16_t)(1024 + tap_below(60000));
	uint8_t *to = p->data, *tcp;
	uint32_t size;

	if (ethernet)
		to += ether_write(to, p->cap, iface_at(world.s[1], 0)->conf.mac,
				  iface_at(world.s[0], 0)->conf.mac, ETHER_IP4);
	ip.src = sw_addr4((uint8_t)(tap_below(8) ? 11 : 10), 0, (uint8_t)(tap_below(2) * 7),
			  (uint8_t)tap_below(256));
	if (known != NULL) {
		ip.src = known->addr;
		port = known->port;
	}
	s.seq = seq_at((uint32_t)tap_random());
	s.tsval = (uint32_t)tap_random();
	s.tsecr = tap_below(2) ? 0 : (uint32_t)tap_random();
	ip.len = size = tcp_header_size(&s);
	tcp = to + ip_write(to, 60, &ip);
	tcp_write(tcp, size, &s, port, (uint16_t)(tap_below(8) ? 80 + tap_below(2) : 7));
	sum_store(tcp + 16,
		  sum_add(ip_pseudo_sum(&ip.src, &ip.dst, IP_TCP, size), sum_bytes(tcp, size)));
	p->len = (uint32_t)(tcp - p->data) + size;
	p->csum = tap_below(4) ? SW_CSUM_NONE : SW_CSUM_VERIFIED;
}

/* n of them, some spoilt, for B and for its copy that answers each alone. */
static void
syns(size_t n, bool ethernet, const struct sw_endpoint *known, size_t bytes)
{
	struct sw_counters c[2] = {{.bytes = sizeof(c[0])}, {.bytes = sizeof(c[1])}};
	void *m = aligned_arena(bytes);
	struct sw_stack *fork = fork_of(world.s[1], m, bytes);
	uint64_t flooded = fork->flooded;

	fork->conf.without |= SW_NO_TRAINS;
	packets_new(packet, room[0]);
	for (size_t i = 0; i < n; i++)
		syn_new(&packet[i], ethernet, tap_below(16) ? NULL : known);
	for (int i = 0; i < 6; i++)
		n = spoil(tap_below((uint32_t)n - 1), n);
	sw_input(world.s[1], world.now, packet, n);
	sw_input(fork, world.now, packet, n);
	sw_counters(world.s[1], &c[0]);
	sw_counters(fork, &c[1]);
	ok(memcmp(&c[0], &c[1], sizeof(c[0])) == 0);
	ok(fork->flooded == flooded && fork->cookies_until == world.s[1]->cookies_until);
	say_both(world.s[1], fork);
	free(m);
}

/* Cookies at once, or when there is no room; two listeners, one with settings of its own. */
static void
test_syns(void)
{
	struct sw_addr any = sw_addr4(0, 0, 0, 0);
	struct sw_config conf = small_config();
	struct sw_status st = {.bytes = sizeof(st)};
	uint64_t flooded = 0;
	sw_conn other_one;

	conf.half_opens = 4;
	conf.replies = 40; /* not enough at times */
	for (unsigned how = 0; how < 4; how++) {
		conf.cookies = how & 2 ? SW_COOKIES_ALWAYS : SW_COOKIES_FULL;
		world_begin(&conf, how & W_ETHERNET);
		ok(sw_route_add(world.s[1], &any, 0, 0, &world.addr[0]) == SW_OK);
		listen_on(1, 80, 4);
		other_one = listen_on(1, 81, 4);
		sw_set(world.s[1], world.now, other_one, SW_OPT_TTL, 3);
		sw_set(world.s[1], world.now, other_one, SW_OPT_RCV_BUF, 3000);
		ok(sw_status(world.s[0], connect_to(0, 80), &st) == SW_OK);
		run(200 * SW_MS);
		for (int i = 0; i < 12; i++) {
			syns(40, how & W_ETHERNET, &st.local, sw_stack_bytes(&conf));
			world.now += i == 6 ? 120 * SW_S : 7 * SW_MS;
		}
		flooded += world.s[1]->flooded;
		world_end();
	}
	ok(flooded > 4 * 12 * 10);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)tap_below(256);
	TEST("together, one by one", test_the_same);
	TEST("the same, spoilt", test_spoilt);
	TEST("switched off", test_off);
	TEST("SYNs in a row", test_syns);
	return plan_done();
}
