/*
 * lower_test.c - routes, replies, ICMP.
 */
#include "../lower.h"

/* ---- routes ---------------------------------------------------------------- */

static int
route_to(struct lower *w, const char *text, const char *hop)
{
	struct sw_addr a = addr(text), next, want;
	int iface = route_find(w->s, &a, &next);

	if (iface >= 0) {
		want = addr(hop);
		ok(sw_addr_same(&next, &want));
	}
	return iface;
}

static int
route_make(struct lower *w, const char *net, unsigned prefix, int iface, const char *gateway)
{
	struct sw_addr n = addr(net), g;

	if (gateway == NULL)
		return sw_route_add(w->s, &n, prefix, iface, NULL);
	g = addr(gateway);
	return sw_route_add(w->s, &n, prefix, iface, &g);
}

static void
test_routes(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);

	ok(iface_make(w, SW_LINK_IP, 1400) == 1);
	ok(route_to(w, "8.8.8.8", "") == -1);
	ok(route_make(w, "0.0.0.0", 0, 0, "10.0.0.254") == 0);
	ok(route_make(w, "192.168.0.0", 16, 1, NULL) == 0);
	ok(route_make(w, "192.168.7.0", 24, 0, "10.0.0.7") == 0);
	ok(route_make(w, "10.0.0.128", 25, 1, NULL) == 0);
	ok(route_make(w, "10.0.0.0", 24, 1, NULL) == 0); /* our own prefix comes first */
	ok(route_to(w, "8.8.8.8", "10.0.0.254") == 0);
	ok(route_to(w, "10.0.0.5", "10.0.0.5") == 0);
	ok(route_to(w, "10.0.0.200", "10.0.0.200") == 1);
	ok(route_to(w, "192.168.6.1", "192.168.6.1") == 1);
	ok(route_to(w, "192.168.7.1", "10.0.0.7") == 0);
	ok(route_to(w, "10.0.0.1", "") == -1); /* nobody but us */
	ok(route_to(w, "2001:db8::9", "2001:db8::9") == 0);
	ok(route_to(w, "2001:db9::9", "") == -1); /* no IPv4 default serves IPv6 */
	ok(route_make(w, "::", 0, 1, "2001:db8::ff") == 0);
	ok(route_to(w, "2001:db9::9", "2001:db8::ff") == 1);
	ok(route_to(w, "8.8.8.8", "10.0.0.254") == 0);
	ok(route_mtu(w->s, 1, &(struct sw_addr){{0}}) == 1400);
	lower_end(w);

	w = lower_new(SW_LINK_IP, 1500);
	ok(route_make(w, "::", 0, 0, NULL) == 0); /* any of either family */
	ok(route_to(w, "8.8.8.8", "8.8.8.8") == 0);
	ok(route_to(w, "2001:db9::9", "2001:db9::9") == 0);
	lower_end(w);

	w = lower_new(SW_LINK_IP, 1500);
	ok(route_make(w, "::", 0, 0, "10.0.0.254") == 0); /* the gateway's family */
	ok(route_to(w, "8.8.8.8", "10.0.0.254") == 0);
	ok(route_to(w, "2001:db9::9", "") == -1);
	lower_end(w);
}

static bool
source_is(struct lower *w, const char *dst, const char *src)
{
	struct sw_addr d = addr(dst), got, want;

	if (!route_source(w->s, 0, &d, &got))
		return src == NULL;
	if (src == NULL)
		return false;
	want = addr(src);
	return sw_addr_same(&got, &want);
}

static void
test_sources(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);

	give(w, 0, "fe80::1", 64);
	give(w, 0, "10.9.0.1", 16);
	ok(source_is(w, "10.9.3.3", "10.9.0.1"));
	ok(source_is(w, "10.0.0.3", "10.0.0.1"));
	ok(source_is(w, "2001:db8::5", "2001:db8::1"));
	ok(source_is(w, "fe80::5", "fe80::1"));
	ok(source_is(w, "fd00::5", "2001:db8::1"));
	ok(iface_make(w, SW_LINK_IP, 1500) == 1);
	ok(!route_source(w->s, 1, &(struct sw_addr){{0}}, &(struct sw_addr){{0}}));
	lower_end(w);
}

static bool
unicast(struct lower *w, const char *text)
{
	struct sw_addr a = addr(text);

	return address_is_unicast(w->s, &a);
}

static bool
heard(struct lower *w, const char *text)
{
	struct sw_addr a = addr(text);

	return address_is_ours_multicast(w->s, &a);
}

static void
test_kinds(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);

	ok(unicast(w, "10.0.0.2") && unicast(w, "8.8.8.8") && unicast(w, "2001:db8::2"));
	ok(unicast(w, "fe80::2") && unicast(w, "10.0.1.255"));
	ok(!unicast(w, "0.0.0.0") && !unicast(w, "::") && !unicast(w, "0.1.2.3"));
	ok(!unicast(w, "127.0.0.1") && !unicast(w, "::1"));
	ok(!unicast(w, "224.0.0.1") && !unicast(w, "239.255.255.255") && !unicast(w, "ff02::1"));
	ok(!unicast(w, "255.255.255.255") && !unicast(w, "240.0.0.1"));
	ok(!unicast(w, "10.0.0.255") && !unicast(w, "10.0.0.0"));
	give(w, 0, "10.1.0.0", 31); /* RFC 3021 */
	ok(unicast(w, "10.1.0.1"));
	ok(heard(w, "ff02::1") && heard(w, "ff02::1:ff00:1"));
	ok(!heard(w, "ff02::2") && !heard(w, "ff02::1:ff00:2") && !heard(w, "2001:db8::1"));
	lower_end(w);
}

static int
give_status(struct lower *w, int iface, const char *text, unsigned prefix)
{
	struct sw_addr a = addr(text);

	return sw_address_add(w->s, iface, &a, prefix);
}

static void
test_refusals(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);
	struct sw_iface e = {.link = SW_LINK_ETHERNET, .mtu = 1500};

	ok(sw_iface_add(NULL, &e) == SW_E_INVALID && sw_iface_add(w->s, NULL) == SW_E_INVALID);
	ok(sw_iface_add(w->s, &e) == SW_E_INVALID); /* no MAC */
	e.mac[0] = 1;
	ok(sw_iface_add(w->s, &e) == SW_E_INVALID); /* a group's */
	ok(iface_make(w, SW_LINK_IP, 100) == SW_E_INVALID);
	ok(iface_make(w, SW_LINK_IP, 65536) == SW_E_INVALID);
	ok(iface_make(w, SW_LINK_IP, 576) == 1 && iface_make(w, SW_LINK_IP, 576) == 2);
	ok(iface_make(w, SW_LINK_IP, 576) == 3 && iface_make(w, SW_LINK_IP, 576) == SW_E_NO_MEMORY);

	ok(give_status(w, 4, "10.3.0.1", 24) == SW_E_INVALID);
	ok(give_status(w, -1, "10.3.0.1", 24) == SW_E_INVALID);
	ok(give_status(w, 0, "10.3.0.1", 33) == SW_E_INVALID);
	ok(give_status(w, 0, "2001:db8:1::1", 129) == SW_E_INVALID);
	ok(give_status(w, 0, "224.0.0.1", 24) == SW_E_INVALID);
	ok(give_status(w, 0, "0.0.0.0", 0) == SW_E_INVALID);
	ok(give_status(w, 0, "10.3.0.255", 24) == SW_E_INVALID);
	ok(give_status(w, 0, "10.0.0.1", 24) == SW_E_IN_USE);
	ok(give_status(w, 1, "2001:db8:1::1", 64) == SW_E_INVALID); /* RFC 8200 5 */

	ok(route_make(w, "1.0.0.0", 33, 0, NULL) == SW_E_INVALID);
	ok(route_make(w, "1.0.0.0", 8, 9, NULL) == SW_E_INVALID);
	ok(route_make(w, "1.0.0.0", 8, 0, "2001:db8::2") == SW_E_INVALID);
	ok(route_make(w, "1.0.0.0", 8, 0, "10.0.0.1") == SW_E_INVALID); /* ourselves */
	ok(route_make(w, "1.0.0.0", 8, 0, "10.0.0.255") == SW_E_INVALID);

	ok(sw_iface_mtu(w->s, 0, 1279) == SW_E_INVALID && sw_iface_mtu(w->s, 0, 1280) == 0);
	ok(sw_iface_mtu(w->s, 1, 127) == SW_E_INVALID && sw_iface_mtu(w->s, 1, 128) == 0);
	ok(sw_iface_mtu(w->s, 9, 1500) == SW_E_INVALID);
	lower_end(w);
}

/* ---- replies --------------------------------------------------------------- */

static void
test_replies(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);
	uint32_t n = 0;

	ok(!reply_waiting(w->s, 0) && !output(w));
	while (reply_put(w, "10.0.0.2", (uint8_t)n, 20))
		n++;
	ok(n == 48 && w->s->replies_dropped == 1); /* the rest is the link's */
	ok(reply_waiting(w->s, 0));
	for (uint32_t i = 0; i < n; i++)
		ok(output(w) && w->ip.tos == i);
	ok(!output(w) && !reply_waiting(w->s, 0));
	ok(!reply_put(w, "8.8.8.8", 0, 20)); /* no route */
	ok(!reply_put(w, "10.0.0.2", 0, 1501));
	ok(w->s->replies.used == 0 && w->s->replies_dropped == 3);
	lower_end(w);
}

/* ---- ICMP ------------------------------------------------------------------ */

static void
test_echo(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);
	uint8_t p[4000], data[2000];
	struct icmp m = {.type = ICMP_ECHO, .word = 99, .rest = {data, 100}};
	struct sw_addr us = addr("10.0.0.1"), us6 = addr("2001:db8::1");

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)tap_random();
	input(w, p, message(p, "10.0.0.2", "10.0.0.1", &m));
	ok(output(w) && w->icmp.type == ICMP_ECHO_REPLY && w->icmp.word == 99);
	ok(w->icmp.rest.len == 100 && memcmp(w->icmp.rest.p, data, 100) == 0);
	ok(sw_addr_same(&w->ip.src, &us));
	ok(verdicts(w, SW_V_ECHO) == 1);
	m.v6 = true;
	m.type = ICMP6_ECHO;
	input(w, p, message(p, "2001:db8::2", "2001:db8::1", &m));
	ok(output(w) && w->icmp.type == ICMP6_ECHO_REPLY && sw_addr_same(&w->ip.src, &us6));
	input(w, p, message(p, "2001:db8::2", "ff02::1", &m));
	ok(!output(w));
	m.v6 = false;
	m.type = ICMP_ECHO;
	input(w, p, message(p, "10.0.0.2", "10.0.0.255", &m));
	input(w, p, message(p, "10.0.0.255", "10.0.0.1", &m));
	input(w, p, message(p, "10.0.0.2", "224.0.0.1", &m));
	m.rest.len = 1600; /* longer than our MTU */
	input(w, p, message(p, "10.0.0.2", "10.0.0.1", &m));
	m.rest.len = 0;
	m.type = 13; /* timestamp, redirect, quench, a reply: nothing to do */
	input(w, p, message(p, "10.0.0.2", "10.0.0.1", &m));
	m.type = 5;
	input(w, p, message(p, "10.0.0.2", "10.0.0.1", &m));
	m.type = 15; /* information, address mask */
	input(w, p, message(p, "10.0.0.2", "10.0.0.1", &m));
	m.type = 17;
	input(w, p, message(p, "10.0.0.2", "10.0.0.1", &m));
	m.type = ICMP_ECHO_REPLY;
	input(w, p, message(p, "10.0.0.2", "10.0.0.1", &m));
	ok(!output(w) && verdicts(w, SW_V_ECHO) == 2);
	message(p, "10.0.0.2", "10.0.0.1", &m);
	p[25]++; /* the checksum is wrong now */
	input(w, p, 28);
	ok(verdicts(w, SW_V_BAD_SUM) == 1);
	lower_end(w);
}

/* Offers icmp_error() a packet; was one sent? */
static bool
error_sent(struct lower *w, const uint8_t *p, uint32_t len)
{
	struct icmp m = {.type = ICMP_UNREACHABLE, .code = 2};
	struct ip ip;

	ok(ip_read((struct view){p, len}, true, &ip) == SW_V_TAKEN);
	stack_now(w->s, w->now);
	if (ip.v6)
		m = (struct icmp){.type = ICMP6_PARAMETER, .code = 1, .word = 6};
	icmp_error(w->s, 0, (struct view){p, len}, &ip, &m);
	w->now += SW_S; /* out of the rate limit's sight */
	return output(w);
}

static void
test_errors_out(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);
	struct icmp m = {.type = ICMP_ECHO};
	uint8_t p[2000], data[1400] = {0};
	uint32_t n;

	n = packet(p, "10.0.0.2", "10.0.0.1", 99, VIEW(data, 30));
	ok(error_sent(w, p, n) && w->icmp.type == ICMP_UNREACHABLE && w->icmp.code == 2);
	ok(w->icmp.rest.len == 50 && memcmp(w->icmp.rest.p, p, 50) == 0);
	ok(error_sent(w, p, n + 10) && w->icmp.rest.len == 50); /* not the link's padding */
	n = packet(p, "10.0.0.2", "10.0.0.1", 99, VIEW(data, 1400));
	ok(error_sent(w, p, n) && w->p.len == 576);
	n = packet(p, "2001:db8::2", "2001:db8::1", 99, VIEW(data, 1400));
	ok(error_sent(w, p, n) && w->p.len == 1280 && w->icmp.type == ICMP6_PARAMETER);
	ok(w->icmp.word == 6 && memcmp(w->icmp.rest.p, p, 1232) == 0);

	/* RFC 1122 3.2.2, RFC 4443 2.4 e */
	ok(!error_sent(w, p, packet(p, "10.0.0.2", "10.0.0.255", 99, VIEW(data, 30))));
	ok(!error_sent(w, p, packet(p, "10.0.0.2", "224.0.0.1", 99, VIEW(data, 30))));
	ok(!error_sent(w, p, packet(p, "10.0.0.255", "10.0.0.1", 99, VIEW(data, 30))));
	ok(!error_sent(w, p, packet(p, "0.0.0.0", "10.0.0.1", 99, VIEW(data, 30))));
	ok(!error_sent(w, p, packet(p, "127.0.0.1", "10.0.0.1", 99, VIEW(data, 30))));
	ok(!error_sent(w, p, packet(p, "2001:db8::2", "ff02::1", 99, VIEW(data, 30))));
	ok(!error_sent(w, p, packet(p, "::", "2001:db8::1", 99, VIEW(data, 30))));
	ok(error_sent(w, p, message(p, "10.0.0.2", "10.0.0.1", &m)));
	m.type = ICMP_TIME_EXCEEDED;
	ok(!error_sent(w, p, message(p, "10.0.0.2", "10.0.0.1", &m)));
	m.v6 = true;
	m.type = 100;
	ok(!error_sent(w, p, message(p, "2001:db8::2", "2001:db8::1", &m)));
	n = packet(p, "10.0.0.2", "10.0.0.1", 99, VIEW(data, 32));
	p[7] = 4; /* a later piece */
	p[10] = p[11] = 0;
	sum_store(p + 10, sum_bytes(p, 20));
	ok(!error_sent(w, p, n));
	/* RFC 8200 4.7: nothing is behind it */
	input(w, p, packet(p, "2001:db8::2", "2001:db8::1", IP_NO_NEXT, VIEW(data, 30)));
	ok(!output(w) && verdicts(w, SW_V_NO_PROTO) == 1);
	lower_end(w);
}

static void
test_rate(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);
	uint8_t p[100];
	uint32_t len = packet(p, "10.0.0.2", "10.0.0.1", 99, VIEW(p, 8));
	struct icmp m = {.type = ICMP_UNREACHABLE, .code = 2};
	struct ip ip;
	int sent = 0;

	ok(ip_read((struct view){p, len}, true, &ip) == SW_V_TAKEN);
	for (int i = 0; i < 3000; i++) {
		stack_now(w->s, w->now);
		icmp_error(w->s, 0, (struct view){p, len}, &ip, &m);
		sent += output(w);
		if (i == 999)
			ok(sent == 20); /* at one instant */
		if (i >= 999)
			w->now += SW_MS;
	}
	ok(sent == 20 + 20);
	lower_end(w);
}

/* ---- errors about connections ---------------------------------------------- */

/* A SYN on its way; the packet stands in w->bytes. */
static sw_conn
open_to(struct lower *w, const char *text)
{
	struct sw_endpoint remote = {addr(text), 80};
	sw_conn c = 0;

	ok(sw_open_active(w->s, w->now, NULL, &remote, &c) == 0);
	w->p = (struct sw_packet){.data = w->bytes, .cap = BUF};
	ok(sw_output(w->s, w->now, 0, &w->p, 1) == 1);
	ok(ip_read((struct view){w->bytes, w->p.len}, true, &w->ip) == SW_V_TAKEN);
	return c;
}

static enum sw_state
state_of(struct lower *w, sw_conn c)
{
	struct sw_status st = {.bytes = sizeof(st)};

	return sw_status(w->s, c, &st) == 0 ? st.state : SW_N_STATES;
}

static int
error_of(struct lower *w, sw_conn c)
{
	struct sw_status st = {.bytes = sizeof(st)};

	return sw_status(w->s, c, &st) == 0 ? st.error : 0;
}

/* An error about the packet in w->bytes comes from a router. */
static void
error_in(struct lower *w, uint8_t type, uint8_t code, uint32_t word, uint32_t quote)
{
	struct icmp m = {.v6 = w->ip.v6, .type = type, .code = code, .word = word};
	uint8_t p[2000];

	m.rest = (struct view){w->bytes, quote};
	if (m.v6)
		input(w, p, message(p, "2001:db8::99", "2001:db8::1", &m));
	else
		input(w, p, message(p, "10.0.0.99", "10.0.0.1", &m));
}

static void
test_errors_in(void)
{
	static const uint8_t soft4[][2] = {{3, 0},  {3, 1},  {3, 5}, {3, 13},
					   {11, 0}, {11, 1}, {12, 0}};
	static const uint8_t soft6[][2] = {{1, 0}, {1, 3}, {3, 0}, {3, 1},
					   {4, 0}, {4, 1}, {4, 2}, {100, 4}};
	struct lower *w = lower_new(SW_LINK_IP, 1500);
	sw_conn c = open_to(w, "10.0.0.2"), c6;

	for (size_t i = 0; i < N_OF(soft4); i++)
		error_in(w, soft4[i][0], soft4[i][1], 0, 28);
	ok(state_of(w, c) == SW_SYN_SENT && verdicts(w, SW_V_ICMP_TAKEN) == N_OF(soft4));
	error_in(w, ICMP_QUENCH, 0, 0, 28); /* MUST-55 */
	error_in(w, 5, 0, 0, 28);
	ok(verdicts(w, SW_V_ICMP_IGNORED) == 2);
	error_in(w, 3, 3, 0, 27);
	ok(verdicts(w, SW_V_SHORT) == 1);
	w->bytes[24 + 3]++; /* a number that is not in flight */
	error_in(w, 3, 3, 0, 28);
	w->bytes[24 + 3]--;
	w->bytes[23]++; /* another port */
	error_in(w, 3, 3, 0, 28);
	w->bytes[23]--;
	ok(verdicts(w, SW_V_ICMP_UNPROVEN) == 2 && state_of(w, c) == SW_SYN_SENT);
	error_in(w, 3, 3, 0, 28);
	ok(state_of(w, c) == SW_CLOSED && error_of(w, c) == SW_E_UNREACHABLE);

	c6 = open_to(w, "2001:db8::2");
	for (size_t i = 0; i < N_OF(soft6); i++)
		error_in(w, soft6[i][0], soft6[i][1], 0, 48);
	error_in(w, 200, 4, 0, 48); /* no error */
	ok(state_of(w, c6) == SW_SYN_SENT);
	ok(verdicts(w, SW_V_ICMP_TAKEN) == N_OF(soft4) + 1 + N_OF(soft6));
	error_in(w, 1, 4, 0, 48);
	ok(state_of(w, c6) == SW_CLOSED);
	c6 = open_to(w, "2001:db8::2");
	error_in(w, 1, 1, 0, 48);
	ok(state_of(w, c6) == SW_CLOSED);
	lower_end(w);
}

static uint32_t
path_mss_of(struct lower *w, sw_conn c)
{
	return block_at(w->s, conn_of(w->s, c))->path_mss;
}

static void
test_path_mtu(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 1500);
	sw_conn c = open_to(w, "10.0.0.2");

	ok(path_mss_of(w, c) == 1460);
	/* the quoted packet, made as long as a full one */
	put_16(w->bytes + 2, 1500);
	error_in(w, 3, 4, 1600, 28);
	error_in(w, 3, 4, 1500, 28); /* it would have fitted */
	ok(path_mss_of(w, c) == 1460 && verdicts(w, SW_V_ICMP_IGNORED) == 2);
	error_in(w, 3, 4, 0xabcd0000 | 1400, 28); /* the upper half is unused */
	ok(path_mss_of(w, c) == 1360);
	error_in(w, 3, 4, 1450, 28); /* never up */
	ok(path_mss_of(w, c) == 1360);
	error_in(w, 3, 4, 0, 28);      /* an old router: RFC 1191 7 */
	ok(path_mss_of(w, c) == 1360); /* 1492 is no lower */
	put_16(w->bytes + 2, 1400);
	error_in(w, 3, 4, 0, 28);
	ok(path_mss_of(w, c) == 1006 - 40);
	error_in(w, 3, 4, 100, 28);
	ok(path_mss_of(w, c) == 576 - 40);
	ok(state_of(w, c) == SW_SYN_SENT);

	c = open_to(w, "2001:db8::2");
	put_16(w->bytes + 4, 1460);
	ok(path_mss_of(w, c) == 1440);
	error_in(w, ICMP6_TOO_BIG, 0, 1279, 48); /* RFC 8201 4 */
	ok(path_mss_of(w, c) == 1440);
	error_in(w, ICMP6_TOO_BIG, 0, 1280, 48);
	ok(path_mss_of(w, c) == 1220);
	lower_end(w);
}

/* RFC 1122 3.3.6: a SYN in a frame to all, or to a group, but addressed to us */
static void
test_group_frames(void)
{
	static const uint8_t to[][6] = {{255, 255, 255, 255, 255, 255}, {1, 0, 0x5e, 0, 0, 1}};
	struct lower *w = lower_new(SW_LINK_ETHERNET, 1500);
	struct seg syn = {.ctl = SW_SYN, .wnd = 1000};
	uint8_t p[200], tcp[TCP_HEADER];
	struct sw_addr us = addr("10.0.0.1"), peer = addr("10.0.0.2");
	uint32_t n;

	ok(tcp_write(tcp, sizeof(tcp), &syn, 1000, 80) == TCP_HEADER);
	sum_store(tcp + 16, sum_add(ip_pseudo_sum(&peer, &us, IP_TCP, TCP_HEADER),
				    sum_bytes(tcp, TCP_HEADER)));
	n = packet(p + 14, "10.0.0.2", "10.0.0.1", IP_TCP, VIEW(tcp, TCP_HEADER));
	for (size_t i = 0; i < N_OF(to); i++) {
		ether_write(p, sizeof(p), to[i], peer_mac, ETHER_IP4);
		input(w, p, n + 14);
		ok(verdicts(w, SW_V_ADDR_INVALID) == i + 1);
	}
	ok(!reply_waiting(w->s, 0));
	ether_write(p, sizeof(p), our_mac, peer_mac, ETHER_IP4);
	input(w, p, n + 14); /* but so it is one: nobody listens */
	ok(verdicts(w, SW_V_NOBODY) == 1);
	for (int i = 0; i < 20; i++, w->now += SW_S) { /* its RST waits for ARP, in vain */
		w->p = (struct sw_packet){.data = w->bytes, .cap = BUF};
		sw_output(w->s, w->now, 0, &w->p, 1);
	}
	lower_end(w);
}

int
main(void)
{
	TEST("the longest prefix wins", test_routes);
	TEST("source addresses", test_sources);
	TEST("kinds of addresses", test_kinds);
	TEST("interfaces, addresses, routes that are refused", test_refusals);
	TEST("replies wait in order, bounded", test_replies);
	TEST("echo", test_echo);
	TEST("errors about packets, and about which never", test_errors_out);
	TEST("errors are limited in rate", test_rate);
	TEST("errors about connections: soft, hard, forged", test_errors_in);
	TEST("path MTU from ICMP", test_path_mtu);
	TEST("RFC1122-25 segments by the link's broadcast", test_group_frames);
	return plan_done();
}
