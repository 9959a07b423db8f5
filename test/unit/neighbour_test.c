/*
 * neighbour_test.c - ARP and neighbour discovery: who asks, who is believed.
 */
#include "../lower.h"

static bool
arp_out(struct lower *w, struct arp *a)
{
	return output(w) && w->ether.type == ETHER_ARP && arp_read(w->ether.body, a) == SW_V_TAKEN;
}

static void
arp_in(struct lower *w, bool request, const uint8_t mac[6], const char *sender, const char *target)
{
	struct arp a = {.request = request, .sender = addr(sender), .target = addr(target)};
	uint8_t f[60] = {0};

	memcpy(a.sender_mac, mac, 6);
	memcpy(a.target_mac, our_mac, 6);
	ether_write(f, 60, our_mac, mac, ETHER_ARP);
	arp_write(f + 14, 46, &a);
	input(w, f, 60);
}

static int
mac_of(struct lower *w, const char *text, uint8_t mac[6])
{
	struct sw_addr a = addr(text);

	return neighbour_mac(w->s, w->now, 0, &a, mac);
}

static bool
mac_is(struct lower *w, const char *text, const uint8_t want[6])
{
	uint8_t mac[6];

	return mac_of(w, text, mac) == HOP_KNOWN && memcmp(mac, want, 6) == 0;
}

static void
test_arp(void)
{
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	struct sw_addr peer = addr("10.0.0.2"), us = addr("10.0.0.1");
	struct arp a;

	ok(reply_put(w, "10.0.0.2", 1, 20) && reply_waiting(w->s, 0));
	ok(arp_out(w, &a)); /* the question comes before the reply that waits */
	ok(a.request && sw_addr_same(&a.target, &peer) && sw_addr_same(&a.sender, &us));
	ok(w->ether.dst[0] == 0xff && memcmp(a.sender_mac, our_mac, 6) == 0);
	ok(!output(w) && !reply_waiting(w->s, 0));
	ok(neighbour_deadline(w->s) == w->now + SW_S);
	arp_in(w, false, peer_mac, "10.0.0.3", "10.0.0.1"); /* nobody asked for that one */
	ok(!reply_waiting(w->s, 0) && w->s->neighbours.used == 1);
	arp_in(w, false, peer_mac, "10.0.0.2", "10.0.0.1");
	ok(reply_waiting(w->s, 0) && neighbour_deadline(w->s) == SW_NEVER);
	ok(output(w) && w->ip.tos == 1 && memcmp(w->ether.dst, peer_mac, 6) == 0);
	ok(!output(w));

	/* not believed: another MAC that nobody asked for; an announcement; our own address */
	arp_in(w, false, evil_mac, "10.0.0.2", "10.0.0.2");
	ok(mac_is(w, "10.0.0.2", peer_mac) && !output(w));
	arp_in(w, true, evil_mac, "10.0.0.2", "10.0.0.2");
	ok(mac_is(w, "10.0.0.2", peer_mac) && !output(w));
	arp_in(w, true, evil_mac, "10.0.0.1", "10.0.0.1");
	ok(!output(w) && w->s->neighbours.used == 1);
	arp_in(w, false, evil_mac, "10.0.0.2", "10.0.0.1");
	ok(mac_is(w, "10.0.0.2", peer_mac)); /* but it is asked, alone, if that is so */
	ok(arp_out(w, &a) && memcmp(w->ether.dst, peer_mac, 6) == 0);
	arp_in(w, false, peer_mac, "10.0.0.2", "10.0.0.1");
	ok(mac_is(w, "10.0.0.2", peer_mac) && !output(w));
	lower_end(w);
}

static void
test_arp_answers(void)
{
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	struct sw_addr us = addr("10.0.0.1"), peer = addr("10.0.0.2");
	struct arp a;

	arp_in(w, true, peer_mac, "10.0.0.2", "10.0.0.1");
	ok(arp_out(w, &a) && !a.request && sw_addr_same(&a.sender, &us));
	ok(sw_addr_same(&a.target, &peer) && memcmp(w->ether.dst, peer_mac, 6) == 0);
	ok(memcmp(a.sender_mac, our_mac, 6) == 0 && memcmp(a.target_mac, peer_mac, 6) == 0);
	ok(mac_is(w, "10.0.0.2", peer_mac)); /* he will want to hear from us */
	ok(arp_out(w, &a) && memcmp(w->ether.dst, peer_mac, 6) == 0);
	arp_in(w, true, peer_mac, "10.0.0.2", "10.0.0.9");
	ok(!output(w));
	/* a probe (RFC 5227) is answered and makes no entry; so with strangers */
	arp_in(w, true, evil_mac, "0.0.0.0", "10.0.0.1");
	ok(arp_out(w, &a) && memcmp(w->ether.dst, evil_mac, 6) == 0);
	arp_in(w, true, evil_mac, "8.8.8.8", "10.0.0.1");
	ok(arp_out(w, &a) && w->s->neighbours.used == 1);
	ok(verdicts(w, SW_V_LINK) == 4 && verdicts(w, SW_V_LINK_BAD) == 0);
	arp_in(w, true, our_mac, "10.0.0.5", "10.0.0.1");
	ok(!output(w) && verdicts(w, SW_V_LINK_BAD) == 1);
	lower_end(w);
}

static void
test_arp_silence(void)
{
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	struct arp a;
	int asked = 0;

	ok(reply_put(w, "10.0.0.2", 1, 20));
	for (int i = 0; i < 3; i++) {
		while (output(w))
			asked += w->ether.type == ETHER_ARP;
		ok(asked == i + 1 && neighbour_deadline(w->s) == w->now + SW_S);
		w->now += SW_S - 1;
		neighbour_expire(w->s, w->now);
		ok(!output(w)); /* RFC 1122 2.3.2.1: not twice in a second */
		w->now++;
		neighbour_expire(w->s, w->now);
	}
	ok(!output(w) && w->s->replies.used == 0 && w->s->replies_dropped == 1);
	ok(neighbour_deadline(w->s) == SW_NEVER);
	ok(reply_put(w, "10.0.0.2", 1, 20) && arp_out(w, &a)); /* another try later */
	arp_in(w, false, peer_mac, "10.0.0.2", "10.0.0.1");
	ok(output(w) && w->ether.type == ETHER_IP4);
	lower_end(w);
}

static void
test_stale(void)
{
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	struct arp a;
	uint8_t mac[6];

	ok(mac_of(w, "10.0.0.2", mac) == HOP_WAIT && arp_out(w, &a));
	arp_in(w, false, peer_mac, "10.0.0.2", "10.0.0.1");
	w->now += 30 * SW_S - 1;
	ok(mac_is(w, "10.0.0.2", peer_mac) && !output(w));
	w->now++;
	for (int i = 0; i < 3; i++) {
		ok(mac_is(w, "10.0.0.2", peer_mac) && mac_is(w, "10.0.0.2", peer_mac));
		ok(arp_out(w, &a) && memcmp(w->ether.dst, peer_mac, 6) == 0 && !output(w));
		w->now += SW_S;
	}
	ok(mac_of(w, "10.0.0.2", mac) == HOP_WAIT); /* he has gone: everybody is asked */
	ok(arp_out(w, &a) && w->ether.dst[0] == 0xff);
	arp_in(w, false, evil_mac, "10.0.0.2", "10.0.0.1"); /* that is his new one */
	ok(mac_is(w, "10.0.0.2", evil_mac));
	lower_end(w);
}

static void
test_hop_waits_alone(void)
{
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	struct arp a;
	uint8_t mac[6];

	ok(mac_of(w, "10.0.0.3", mac) == HOP_WAIT && arp_out(w, &a));
	arp_in(w, false, peer_mac, "10.0.0.3", "10.0.0.1");
	ok(reply_put(w, "10.0.0.2", 1, 20) && reply_put(w, "10.0.0.3", 2, 20));
	ok(reply_put(w, "10.0.0.2", 3, 20));
	ok(output(w) && w->ether.type == ETHER_IP4 && w->ip.tos == 2);
	ok(arp_out(w, &a) && !output(w));
	arp_in(w, false, peer_mac, "10.0.0.2", "10.0.0.1");
	ok(output(w) && w->ip.tos == 1 && output(w) && w->ip.tos == 3 && !output(w));
	lower_end(w);
}

static void
test_neighbours_full(void)
{
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	char text[20];
	uint8_t mac[6];
	struct arp a;
	int n = 0, failed = 0;

	/* the gateway is known and in use; strangers are asked for, who do not exist */
	ok(mac_of(w, "10.0.0.2", mac) == HOP_WAIT && arp_out(w, &a));
	arp_in(w, false, peer_mac, "10.0.0.2", "10.0.0.1");
	for (int i = 3; i < 203; i++) {
		w->now += SW_MS;
		snprintf(text, sizeof(text), "10.0.0.%d", i);
		failed += mac_of(w, text, mac) == HOP_FAILED;
		ok(mac_is(w, "10.0.0.2", peer_mac));
		while (output(w))
			n++;
	}
	ok(n == 63 && failed == 200 - 63);
	for (int i = 0; i < 3; i++) {
		w->now += SW_S;
		neighbour_expire(w->s, w->now);
		while (output(w))
			n++;
	}
	ok(n == 3 * 63 && neighbour_deadline(w->s) == SW_NEVER);
	/* the least recently used of those who answered goes */
	for (int i = 3; i < 203; i++) {
		w->now += SW_MS;
		snprintf(text, sizeof(text), "10.0.0.%d", i);
		arp_in(w, true, evil_mac, text, "10.0.0.1");
		ok(mac_is(w, "10.0.0.2", peer_mac) && mac_is(w, text, evil_mac));
		while (output(w))
			n++;
	}
	ok(w->s->neighbours.used == 64 && mac_of(w, "10.0.0.3", mac) == HOP_WAIT);
	ok(arp_out(w, &a));
	lower_end(w);
}

/* A neighbour discovery message in a frame. */
static void
nd_in(struct lower *w, const char *src, const char *dst, const struct neighbour *n, uint8_t ttl)
{
	struct icmp m = {.v6 = true, .type = n->solicit ? ICMP6_SOLICIT : ICMP6_ADVERT};
	struct ip_head h = {.src = addr(src), .dst = addr(dst), .proto = IP_ICMP6, .ttl = ttl};
	uint8_t f[200], rest[32];
	uint32_t len;

	m.rest.p = rest;
	m.rest.len = neighbour_write(rest, 32, n, &m.word);
	ether_write(f, 14, our_mac, peer_mac, ETHER_IP6);
	len = icmp_packet(f + 14, 186, &h, &m);
	input(w, f, len + 14);
}

static bool
nd_out(struct lower *w, struct neighbour *n)
{
	return output(w) && w->ether.type == ETHER_IP6 &&
	       neighbour_read(&w->ip, &w->icmp, n) == SW_V_TAKEN;
}

static void
test_nd(void)
{
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	struct sw_addr peer = addr("2001:db8::2:3:4"), group = addr("ff02::1:ff03:4");
	static const uint8_t group_mac[6] = {0x33, 0x33, 0xff, 3, 0, 4};
	struct neighbour n, m = {.target = peer, .has_mac = true, .solicited = true};

	memcpy(m.mac, peer_mac, 6);
	ok(reply_put(w, "2001:db8::2:3:4", 0, 40));
	ok(nd_out(w, &n) && n.solicit && sw_addr_same(&n.target, &peer) && w->ip.ttl == 255);
	ok(sw_addr_same(&w->ip.dst, &group) && memcmp(w->ether.dst, group_mac, 6) == 0);
	ok(n.has_mac && memcmp(n.mac, our_mac, 6) == 0 && !output(w));
	nd_in(w, "2001:db8::2:3:4", "2001:db8::1", &m, 254); /* not from this link */
	ok(!output(w) && verdicts(w, SW_V_LINK_BAD) == 1);
	nd_in(w, "2001:db8::2:3:4", "2001:db8::1", &m, 255);
	ok(output(w) && w->ip.proto == 200 && memcmp(w->ether.dst, peer_mac, 6) == 0);

	/* RFC 4861 7.2.5: another MAC without Override is a doubt, with it is news */
	memcpy(m.mac, evil_mac, 6);
	nd_in(w, "2001:db8::2:3:4", "2001:db8::1", &m, 255);
	ok(mac_is(w, "2001:db8::2:3:4", peer_mac));
	ok(nd_out(w, &n) && n.solicit && memcmp(w->ether.dst, peer_mac, 6) == 0);
	m.override = true;
	nd_in(w, "2001:db8::2:3:4", "2001:db8::1", &m, 255);
	ok(mac_is(w, "2001:db8::2:3:4", evil_mac) && !output(w));
	m.target = addr("2001:db8::77"); /* nobody asked */
	nd_in(w, "2001:db8::77", "2001:db8::1", &m, 255);
	ok(w->s->neighbours.used == 1);
	lower_end(w);
}

static void
test_nd_answers(void)
{
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	struct sw_addr us = addr("2001:db8::1"), all = addr("ff02::1"), peer = addr("fe80::2");
	struct neighbour n, m = {.solicit = true, .target = us, .has_mac = true};

	memcpy(m.mac, peer_mac, 6);
	nd_in(w, "fe80::2", "ff02::1:ff00:1", &m, 255);
	ok(nd_out(w, &n) && !n.solicit && n.solicited && n.override && !n.router);
	ok(sw_addr_same(&n.target, &us) && memcmp(n.mac, our_mac, 6) == 0);
	ok(sw_addr_same(&w->ip.dst, &peer) && memcmp(w->ether.dst, peer_mac, 6) == 0);
	ok(sw_addr_same(&w->ip.src, &us));
	while (output(w)) /* he is stale: and asked in turn */
		ok(w->icmp.type == ICMP6_SOLICIT);
	m.has_mac = false; /* duplicate address detection */
	nd_in(w, "::", "ff02::1:ff00:1", &m, 255);
	ok(nd_out(w, &n) && !n.solicited && n.override && sw_addr_same(&w->ip.dst, &all));
	ok(w->ether.dst[0] == 0x33 && w->ether.dst[5] == 1);
	m.target = addr("2001:db8::9");
	nd_in(w, "2001:db8::2", "ff02::1:ff00:9", &m, 255);
	ok(!output(w));
	lower_end(w);
}

int
main(void)
{
	TEST("ARP asks and believes what was asked", test_arp);
	TEST("ARP answers for us", test_arp_answers);
	TEST("ARP without an answer gives up", test_arp_silence);
	TEST("a stale neighbour is used while it is asked", test_stale);
	TEST("a reply whose hop is unknown lets others pass", test_hop_waits_alone);
	TEST("strangers do not drive the gateway out", test_neighbours_full);
	TEST("neighbour discovery asks", test_nd);
	TEST("neighbour discovery answers", test_nd_answers);
	return plan_done();
}
