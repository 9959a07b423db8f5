/*
 * wire_test.c - packets as bytes: every field written and read back, every
 * length cut at every byte.  What is read stands in heap memory of exactly its
 * size, so that a sanitizer sees a read past the end.
 */
#include "wire/wire.h"

#include "../tap.h"

static const struct sw_addr test_a6 = {{0x20, 1, 0xd, 0xb8, [15] = 1}};
static const struct sw_addr test_b6 = {{0x20, 1, 0xd, 0xb8, [15] = 2}};

/* A copy in memory of exactly n bytes. */
static uint8_t *
exact(const uint8_t *bytes, uint32_t n)
{
	uint8_t *p = malloc(n ? n : 1);

	if (n == 0) { /* nothing may be read: a pointer to the end */
		free(p);
		p = malloc(1);
	}
	memcpy(p, bytes, n);
	return p;
}

static void
fill(uint8_t *p, uint32_t n)
{
	while (n-- > 0)
		*p++ = (uint8_t)tap_random();
}

/* ip_read() of exactly n bytes; the body must lie inside. */
static enum sw_verdict
read_exact(const uint8_t *bytes, uint32_t n, bool check, struct ip *ip)
{
	uint8_t *p = exact(bytes, n);
	enum sw_verdict v = ip_read((struct view){p, n}, check, ip);
	enum sw_verdict plain = v;
	struct ip quoted;

	if (v == SW_V_TAKEN) {
		ok(ip->body.p >= p && ip->body.p + ip->body.len <= p + n);
		ok(ip->body.len == 0 || ip->body.p == p + ip->header);
		/* what reads whole reads the same when it is quoted */
		ok(ip_read_quoted((struct view){p, n}, &quoted) == SW_V_TAKEN);
		ok(quoted.proto == ip->proto && quoted.header == ip->header &&
		   quoted.body.len == ip->body.len && sw_addr_same(&quoted.src, &ip->src));
		ip->body.p = bytes + ip->header;
	} else {
		ip_read_quoted((struct view){p, n}, &quoted);
	}
	free(p);
	return plain;
}

/* ---- IPv4 and IPv6 ------------------------------------------------------ */

static struct ip_head
some_head(bool v6, uint32_t len)
{
	struct ip_head h = {.proto = IP_TCP, .len = len};

	h.src = v6 ? test_a6 : sw_addr4(10, 0, 0, 1);
	h.dst = v6 ? test_b6 : sw_addr4(10, 0, 0, 2);
	h.ttl = (uint8_t)tap_random();
	h.tos = (uint8_t)tap_random();
	h.id = (uint16_t)tap_random();
	h.may_fragment = tap_below(2);
	return h;
}

static void
test_ip_round_trip(void)
{
	static uint8_t packet[70000];
	uint32_t turn, n, size, pad;
	struct ip_head h;
	struct ip ip;

	for (turn = 0; turn < 4000; turn++) {
		h = some_head(turn & 1, tap_below(turn % 20 ? 100 : 65516));
		size = ip_header_size(&h.dst);
		ok(ip_write(packet, size - 1, &h) == 0);
		n = ip_write(packet, sizeof(packet), &h);
		ok(n == size && n == (turn & 1 ? 40u : 20u));
		pad = tap_below(10);
		ok(read_exact(packet, n + h.len + pad, true, &ip) == SW_V_TAKEN);
		ok(sw_addr_same(&ip.src, &h.src) && sw_addr_same(&ip.dst, &h.dst));
		ok(ip.v6 == (turn & 1) && ip.proto == h.proto && ip.frag_proto == h.proto);
		ok(ip.ttl == h.ttl && ip.tos == h.tos && ip.header == n && ip.body.len == h.len);
		ok(!ip.fragment && !ip.more && ip.frag_at == 0 && ip.problem_at == 0);
		ok(ip.proto_at == (turn & 1 ? 6u : 9u) && packet[ip.proto_at] == IP_TCP);
		if (!ip.v6)
			ok(ip.id == h.id && ip.dont_fragment == !h.may_fragment);
	}
	h = some_head(false, 65535 - 20);
	ok(ip_write(packet, sizeof(packet), &h) == 20);
	h.len++;
	ok(ip_write(packet, sizeof(packet), &h) == 0);
	h = some_head(true, 65535);
	ok(ip_write(packet, sizeof(packet), &h) == 40);
	h.len++;
	ok(ip_write(packet, sizeof(packet), &h) == 0);
}

static void
sum_again(uint8_t *packet)
{
	uint32_t size = (packet[0] & 15u) * 4;

	put_16(packet + 10, 0);
	sum_store(packet + 10, sum_bytes(packet, size));
}

/* The header says every length, of every packet length. */
static void
test_ip4_lies(void)
{
	uint8_t packet[80];
	struct ip_head h = some_head(false, 0);
	uint32_t ihl, total, n;
	struct ip ip;

	for (ihl = 0; ihl < 16; ihl++) {
		for (total = 0; total < 80; total++) {
			memset(packet, 1, sizeof(packet)); /* options are NOP */
			ip_write(packet, sizeof(packet), &h);
			packet[0] = (uint8_t)(0x40 | ihl);
			put_16(packet + 2, total);
			sum_again(packet);
			for (n = 0; n < sizeof(packet); n++) {
				enum sw_verdict v = read_exact(packet, n, true, &ip);

				if (n < 20)
					ok(v == SW_V_SHORT);
				else if (ihl < 5 || total < ihl * 4)
					ok(v == SW_V_BAD_IP);
				else if (total > n)
					ok(v == SW_V_SHORT);
				else
					ok(v == SW_V_TAKEN && ip.body.len == total - ihl * 4);
			}
		}
	}
}

static void
test_ip4_bits(void)
{
	uint8_t packet[40];
	struct ip_head h = some_head(false, 20);
	uint32_t bit;
	struct ip ip;

	memset(packet, 0, sizeof(packet));
	ip_write(packet, sizeof(packet), &h);
	for (bit = 0; bit < 160; bit++) { /* any one bit wrong is found out */
		packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ok(read_exact(packet, 40, true, &ip) != SW_V_TAKEN);
		packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	packet[8] ^= 1;
	ok(read_exact(packet, 40, true, &ip) == SW_V_BAD_IP_SUM);
	ok(read_exact(packet, 40, false, &ip) == SW_V_TAKEN);
	put_16(packet + 6, 0x2000);
	ok(read_exact(packet, 40, false, &ip) == SW_V_TAKEN && ip.fragment && ip.more);
	put_16(packet + 6, 0x1fff);
	ok(read_exact(packet, 40, false, &ip) == SW_V_TAKEN && ip.fragment && !ip.more &&
	   ip.frag_at == 0x1fff * 8);
	packet[0] = 0x55;
	ok(read_exact(packet, 40, false, &ip) == SW_V_BAD_IP);
}

/* All kinds and lengths of one IPv4 option, behind 0 to 3 NOPs. */
static void
test_ip4_options(void)
{
	uint8_t packet[60];
	struct ip_head h = some_head(false, 0);
	uint32_t kind, size, nops;
	struct ip ip;
	bool bad;

	for (kind = 0; kind < 256; kind++) {
		for (size = 0; size < 256; size++) {
			for (nops = 0; nops < 4; nops++) {
				memset(packet, 1, sizeof(packet));
				ip_write(packet, sizeof(packet), &h);
				packet[0] = 0x4f;
				put_16(packet + 2, 60);
				packet[20 + nops] = (uint8_t)kind;
				packet[21 + nops] = (uint8_t)size;
				bad = kind > 1 &&
				      (size < 2 || nops + size > 40 || kind == 131 || kind == 137);
				/* behind a NOP stands another option: its kind is `size` */
				if (kind == 1)
					continue;
				ok(read_exact(packet, 60, false, &ip) ==
				   (bad ? SW_V_BAD_IP : SW_V_TAKEN));
			}
		}
	}
	memset(packet, 1, sizeof(packet));
	ip_write(packet, sizeof(packet), &h);
	packet[0] = 0x4f;
	put_16(packet + 2, 60);
	packet[59] = 7; /* a kind at the very end, its length not there */
	ok(read_exact(packet, 60, false, &ip) == SW_V_BAD_IP);
}

/* Builds an IPv6 packet: extension headers as given, then `body` bytes. */
static uint32_t
build6(uint8_t *packet, uint8_t first, const uint8_t *ext, uint32_t ext_len, uint32_t body)
{
	struct ip_head h = some_head(true, ext_len + body);

	h.proto = first;
	ip_write(packet, 40, &h);
	memcpy(packet + 40, ext, ext_len);
	fill(packet + 40 + ext_len, body);
	return 40 + ext_len + body;
}

static void
test_ip6_extensions(void)
{
	static const uint8_t all[] = {
	    60, 0, 1, 4, 0,    0, 0, 0,				/* hop-by-hop: PadN */
	    43, 1, 0, 0, 0x1e, 5, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, /* destination: skipped */
	    44, 0, 0, 0, 0,    0, 0, 0,				/* RH0, none left */
	    60, 0, 0, 0, 1,    2, 3, 4,				/* an atomic fragment */
	    6,	0, 0, 0, 0,    0, 0, 0				/* Pad1 */
	};
	uint8_t packet[300], ext[200];
	uint32_t n = build6(packet, 0, all, sizeof(all), 20), cut, i;
	struct ip ip;

	ok(read_exact(packet, n, true, &ip) == SW_V_TAKEN);
	ok(ip.proto == IP_TCP && ip.frag_proto == IP_TCP && !ip.fragment && ip.body.len == 20);
	ok(ip.id == 0x01020304 && ip.header == 40 + sizeof(all) && ip.proto_at == 40 + 40);
	for (cut = 0; cut < n; cut++) {
		ok(read_exact(packet, cut, true, &ip) == SW_V_SHORT);
		if (cut < 40)
			continue;
		put_16(packet + 4, cut - 40); /* the length says what was cut */
		ok(read_exact(packet, cut, true, &ip) ==
		   (cut < 40 + sizeof(all) ? SW_V_SHORT : SW_V_TAKEN));
		put_16(packet + 4, n - 40);
	}
	/* hop-by-hop not first */
	n = build6(packet, 60, (const uint8_t[]){0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0},
		   16, 20);
	ok(read_exact(packet, n, true, &ip) == SW_V_NO_PROTO && ip.problem_at == 40 &&
	   ip.problem_code == 1 && ip.problem_report);
	/* a routing header that wants to go on */
	n = build6(packet, 43, (const uint8_t[]){6, 0, 0, 1, 0, 0, 0, 0}, 8, 20);
	ok(read_exact(packet, n, true, &ip) == SW_V_BAD_IP && ip.problem_at == 42 &&
	   ip.problem_code == 0 && ip.problem_report);
	/* 8 headers are taken, 9 are not */
	for (i = 0; i < 9; i++)
		memcpy(ext + 8 * i, (const uint8_t[]){60, 0, 1, 4, 0, 0, 0, 0}, 8);
	ext[8 * 7] = 6;
	n = build6(packet, 60, ext, 64, 20);
	ok(read_exact(packet, n, true, &ip) == SW_V_TAKEN && ip.proto == 6);
	ext[8 * 7] = 60;
	ext[8 * 8] = 6;
	n = build6(packet, 60, ext, 72, 20);
	ok(read_exact(packet, n, true, &ip) == SW_V_BAD_IP);
	/* what is not an extension header is somebody else's matter */
	n = build6(packet, 60, (const uint8_t[]){99, 0, 1, 4, 0, 0, 0, 0}, 8, 20);
	ok(read_exact(packet, n, true, &ip) == SW_V_TAKEN && ip.proto == 99 && ip.proto_at == 40);
	n = build6(packet, 59, ext, 0, 20);
	ok(read_exact(packet, n, true, &ip) == SW_V_TAKEN && ip.proto == IP_NO_NEXT);
	/* mapped addresses have no place on the wire */
	memset(packet + 8, 0, 16);
	packet[18] = packet[19] = 0xff;
	ok(read_exact(packet, n, true, &ip) == SW_V_BAD_IP);
}

static void
test_ip6_fragments(void)
{
	uint8_t packet[200], ext[8] = {6, 0, 0, 1, 9, 8, 7, 6};
	uint32_t n;
	struct ip ip;

	n = build6(packet, 44, ext, 8, 24);
	ok(read_exact(packet, n, true, &ip) == SW_V_TAKEN);
	ok(ip.fragment && ip.more && ip.frag_at == 0 && ip.id == 0x09080706);
	ok(ip.proto == IP_FRAGMENT && ip.frag_proto == 6 && ip.body.len == 24);
	n = build6(packet, 44, ext, 8, 23); /* not a multiple of 8, and more to come */
	ok(read_exact(packet, n, true, &ip) == SW_V_BAD_IP && ip.problem_at == 4 &&
	   ip.problem_code == 0 && ip.problem_report);
	put_16(ext + 2, 0xfff8);
	n = build6(packet, 44, ext, 8, 7);
	ok(read_exact(packet, n, true, &ip) == SW_V_TAKEN && !ip.more && ip.frag_at == 0xfff8);
	n = build6(packet, 44, ext, 8, 8); /* would end at 65536 */
	ok(read_exact(packet, n, true, &ip) == SW_V_BAD_IP && ip.problem_at == 42);
}

/* One option of every kind and length, in both headers that carry options. */
static void
test_ip6_options(void)
{
	uint8_t packet[200], ext[40];
	uint32_t kind, size, at, n, header;
	enum sw_verdict v;
	struct ip ip;

	for (kind = 0; kind < 256; kind++) {
		for (size = 0; size < 50; size++) {
			at = 2 + tap_below(8);
			header = tap_below(2) ? 0 : 60;
			memset(ext, 0, sizeof(ext));
			ext[0] = 6;
			ext[1] = 4;
			ext[at] = (uint8_t)kind;
			ext[at + 1] = (uint8_t)size;
			n = build6(packet, (uint8_t)header, ext, 40, 4);
			if (tap_below(2))
				packet[24] = 0xff;
			v = read_exact(packet, n, true, &ip);
			if (kind == 0) /* Pad1: `size` is the next option's kind */
				continue;
			if (at + 2 + size > 40) {
				ok(v == SW_V_BAD_IP && ip.problem_at == 0);
			} else if (kind < 64) {
				ok(v == SW_V_TAKEN);
			} else {
				ok(v == SW_V_BAD_IP && ip.problem_at == 40 + at &&
				   ip.problem_code == 2);
				ok(ip.problem_report ==
				   (kind >= 128 && (kind < 192 || packet[24] != 0xff)));
			}
		}
	}
}

static void
test_ip_any_bytes(void)
{
	uint8_t packet[160];
	uint32_t turn, n;
	struct seg s;
	uint16_t a, b;
	struct icmp m;
	struct neighbour nb;
	struct ip ip;

	for (turn = 0; turn < 300000; turn++) {
		static const uint8_t next[] = {0, 43, 44, 60, 6, 58};

		n = tap_below(sizeof(packet));
		fill(packet, sizeof(packet));
		if (turn & 1) {
			packet[0] = (uint8_t)(0x45 + tap_below(11));
			put_16(packet + 2, tap_below(n + 2));
		} else {
			packet[0] = 0x60;
			put_16(packet + 4, tap_below(n < 40 ? 1 : n - 38));
			packet[6] = next[tap_below(6)];
			packet[40] = next[tap_below(6)];
			packet[41] = (uint8_t)tap_below(3);
			packet[48] = next[tap_below(6)];
			packet[49] = (uint8_t)tap_below(3);
		}
		if (read_exact(packet, n, tap_below(2), &ip) != SW_V_TAKEN)
			continue;
		tcp_read(&ip, SW_CSUM_VERIFIED, &s, &a, &b);
		if (icmp_read(&ip, SW_CSUM_VERIFIED, &m) == SW_V_TAKEN)
			neighbour_read(&ip, &m, &nb);
	}
}

static void
test_ip_quoted(void)
{
	uint8_t packet[100];
	struct ip_head h;
	uint32_t cut, turn, size;
	uint16_t a, b;
	struct ip ip;
	uint8_t *p;
	seq n;

	for (turn = 0; turn < 2; turn++) {
		h = some_head(turn, 1400); /* says more than is there */
		fill(packet, sizeof(packet));
		size = ip_write(packet, sizeof(packet), &h);
		put_16(packet + size, 1234);
		put_16(packet + size + 2, 80);
		put_32(packet + size + 4, 0xdeadbeef);
		for (cut = 0; cut < sizeof(packet); cut++) {
			p = exact(packet, cut);
			if (cut < size) {
				ok(ip_read_quoted((struct view){p, cut}, &ip) == SW_V_SHORT);
			} else {
				ok(ip_read_quoted((struct view){p, cut}, &ip) == SW_V_TAKEN);
				ok(ip.body.len == cut - size && ip.proto == IP_TCP);
				ok(tcp_read_quoted(ip.body, &a, &b, &n) == (cut >= size + 8));
				if (cut >= size + 8)
					ok(a == 1234 && b == 80 && n.n == 0xdeadbeef);
			}
			free(p);
		}
	}
	h = some_head(false, 40);
	ip_write(packet, sizeof(packet), &h);
	put_16(packet + 2, 0x0100); /* nonsense that some systems quote */
	packet[10] ^= 1;
	ok(ip_read_quoted((struct view){packet, 60}, &ip) == SW_V_TAKEN && ip.body.len == 40);
	put_16(packet + 2, 3);
	ok(ip_read_quoted((struct view){packet, 60}, &ip) == SW_V_TAKEN && ip.body.len == 40);
}

/* ---- TCP ---------------------------------------------------------------- */

/* tcp_read() of exactly n bytes that nobody has summed. */
static enum sw_verdict
read_segment(const uint8_t *bytes, uint32_t n, struct seg *s)
{
	uint8_t *p = exact(bytes, n);
	struct ip ip = {.src = test_a6, .dst = test_b6, .v6 = true, .tos = 0xb9, .ttl = 64};
	enum sw_verdict v;
	uint16_t a, b;

	ip.body = (struct view){p, n};
	v = tcp_read(&ip, SW_CSUM_VERIFIED, s, &a, &b);
	if (v == SW_V_TAKEN)
		ok(s->text >= p && s->text + s->len == p + n && s->ecn == 1);
	free(p);
	return v;
}

static struct seg
some_seg(void)
{
	struct seg s;
	uint32_t i;

	memset(&s, 0, sizeof(s));
	s.seq = seq_at((uint32_t)tap_random());
	s.ack = seq_at((uint32_t)tap_random());
	s.wnd = tap_below(65536);
	s.up = (uint16_t)tap_random();
	s.ctl = (uint8_t)tap_random();
	s.has = (uint8_t)tap_below(64);
	if (!(s.ctl & SW_SYN))
		s.has &= SW_HAS_TS | SW_HAS_SACK;
	s.mss = (uint16_t)(s.has & SW_HAS_MSS ? 1 + tap_below(65535) : 0);
	s.wscale = (uint8_t)(s.has & SW_HAS_WSCALE ? tap_below(15) : 0);
	if (s.has & SW_HAS_TS) {
		s.tsval = (uint32_t)tap_random();
		s.tsecr = (uint32_t)tap_random();
	}
	if (s.has & SW_HAS_FASTOPEN) {
		s.cookie_len = (uint8_t)(tap_below(4) ? 4 + 2 * tap_below(7) : 0);
		fill(s.cookie, s.cookie_len);
	}
	if (s.has & SW_HAS_SACK) {
		s.sacks = (uint8_t)(1 + tap_below(4));
		for (i = 0; i < s.sacks; i++) {
			s.sack[i].left = seq_at((uint32_t)tap_random());
			s.sack[i].right = seq_at((uint32_t)tap_random());
		}
	}
	return s;
}

static bool
same_seg(const struct seg *a, const struct seg *b)
{
	uint32_t i;

	for (i = 0; i < a->sacks && i < SEG_SACKS; i++) {
		if (!seq_eq(a->sack[i].left, b->sack[i].left) ||
		    !seq_eq(a->sack[i].right, b->sack[i].right))
			return false;
	}
	return seq_eq(a->seq, b->seq) && seq_eq(a->ack, b->ack) && a->wnd == b->wnd &&
	       a->up == b->up && a->ctl == b->ctl && a->has == b->has && a->mss == b->mss &&
	       a->wscale == b->wscale && a->sacks == b->sacks && a->tsval == b->tsval &&
	       a->tsecr == b->tsecr && a->cookie_len == b->cookie_len &&
	       memcmp(a->cookie, b->cookie, COOKIE_MAX) == 0;
}

/* What tcp_write() leaves out: blocks that do not fit in 40 bytes. */
static void
drop_what_does_not_fit(struct seg *s)
{
	uint32_t used = (s->has & SW_HAS_MSS ? 4u : 0) + (s->has & SW_HAS_WSCALE ? 4u : 0), fit;

	used += s->has & SW_HAS_TS ? 12u : s->has & SW_HAS_SACK_OK ? 4u : 0;
	used += s->has & SW_HAS_FASTOPEN ? (s->cookie_len + 5u) / 4 * 4 : 0;
	fit = used > 36 ? 0 : (40 - used - 4) / 8;
	s->sacks = (uint8_t)min_u32(s->sacks, fit);
	if (s->sacks == 0)
		s->has &= (uint8_t)~SW_HAS_SACK;
}

static void
test_tcp_round_trip(void)
{
	uint8_t bytes[2000], *exactly;
	uint32_t turn, size, len, bit, sum;
	struct ip_head h;
	struct ip ip;
	struct seg s, got;
	uint16_t a, b;

	for (turn = 0; turn < 60000; turn++) {
		s = some_seg();
		len = tap_below(turn % 10 ? 40 : 1400);
		h = some_head(turn & 1, 0);
		size = tcp_header_size(&s);
		exactly = malloc(size);
		ok(size % 4 == 0 && size <= 60 && size >= 20);
		ok(tcp_write(exactly, size - 1, &s, 1, 2) == 0);
		ok(tcp_write(exactly, size, &s, 4321, 80) == size);
		ok(exactly[16] == 0 && exactly[17] == 0);
		memcpy(bytes, exactly, size);
		free(exactly);
		fill(bytes + size, len);
		sum = ip_pseudo_sum(&h.src, &h.dst, IP_TCP, size + len);
		sum_store(bytes + 16, sum_add(sum, sum_bytes(bytes, size + len)));
		memset(&ip, 0, sizeof(ip));
		ip.src = h.src;
		ip.dst = h.dst;
		ip.tos = h.tos;
		ip.body = (struct view){bytes, size + len};
		ok(tcp_read(&ip, SW_CSUM_NONE, &got, &a, &b) == SW_V_TAKEN);
		drop_what_does_not_fit(&s);
		ok(same_seg(&s, &got) && a == 4321 && b == 80 && got.len == len);
		ok(got.text == bytes + size && got.ecn == (h.tos & 3) && got.tos == h.tos);
		bit = tap_below((size + len) * 8);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		a = bytes[12] >> 4; /* a longer header may be the first thing that is wrong */
		ok(tcp_read(&ip, SW_CSUM_NONE, &got, &b, &b) ==
		   (a < 5 || a * 4u > size + len ? SW_V_SHORT : SW_V_BAD_SUM));
		ok(tcp_read(&ip, SW_CSUM_PARTIAL, &got, &a, &b) != SW_V_BAD_SUM);
		ok(tcp_read(&ip, SW_CSUM_VERIFIED, &got, &a, &b) != SW_V_BAD_SUM);
	}
}

/* The order that wire.h promises. */
static void
test_tcp_layout(void)
{
	static const uint8_t syn[] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
				      0, 1, 0, 0,    0, 2, 1, 3,  3, 7};
	static const uint8_t data[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
	struct seg s = {.ctl = SW_SYN, .has = 15, .mss = 1460, .wscale = 7, .tsval = 1, .tsecr = 2};
	uint8_t bytes[60];

	ok(tcp_write(bytes, sizeof(bytes), &s, 1, 2) == 40);
	ok(memcmp(bytes + 20, syn, sizeof(syn)) == 0 && bytes[12] == 0xa0);
	s.has = SW_HAS_TS;
	ok(tcp_write(bytes, sizeof(bytes), &s, 1, 2) == 20 + TCP_TS_SPACE);
	ok(memcmp(bytes + 20, data, sizeof(data)) == 0);
	s.has = SW_HAS_SACK;
	ok(tcp_write(bytes, sizeof(bytes), &s, 1, 2) == 20);
	s.sacks = 4;
	ok(tcp_write(bytes, sizeof(bytes), &s, 1, 2) == 56 && bytes[22] == 5 && bytes[23] == 34);
	s.has |= SW_HAS_TS;
	ok(tcp_write(bytes, sizeof(bytes), &s, 1, 2) == 60 && bytes[34] == 5 && bytes[35] == 26);
	s.wnd = 1 << 20;
	tcp_write(bytes, sizeof(bytes), &s, 1, 2);
	ok(get_16(bytes + 14) == 0xffff);
}

/* Every data offset in segments of every length. */
static void
test_tcp_offsets(void)
{
	uint8_t bytes[80] = {0};
	uint32_t words, n;
	struct seg s;

	memset(bytes + 20, 1, sizeof(bytes) - 20);
	for (words = 0; words < 16; words++) {
		bytes[12] = (uint8_t)(words << 4);
		for (n = 0; n <= sizeof(bytes); n++) {
			enum sw_verdict v = read_segment(bytes, n, &s);

			if (n < 20 || words < 5 || words * 4 > n)
				ok(v == SW_V_SHORT);
			else
				ok(v == SW_V_TAKEN && s.len == n - words * 4);
		}
	}
}

static bool
option_allowed(uint32_t kind, uint32_t size)
{
	switch (kind) {
	case 2:
		return size == 4;
	case 3:
		return size == 3;
	case 4:
		return size == 2;
	case 5:
		return size == 10 || size == 18 || size == 26 || size == 34;
	case 8:
		return size == 10;
	default:
		return size >= 2;
	}
}

/* All kinds and lengths at every offset, with and without SYN. */
static void
test_tcp_option_sizes(void)
{
	uint8_t bytes[60] = {0};
	uint32_t kind, size, nops;
	struct seg s;
	bool good;

	bytes[12] = 0xf0;
	for (kind = 2; kind < 256; kind++) {
		for (size = 0; size < 256; size++) {
			for (nops = 0; nops < 39; nops += 1 + (kind > 8) * 6) {
				memset(bytes + 20, 1, 40);
				bytes[13] = nops & 1 ? SW_SYN : SW_ACK;
				bytes[20 + nops] = (uint8_t)kind;
				bytes[21 + nops] = (uint8_t)size;
				good = option_allowed(kind, size) && nops + size <= 40;
				ok(read_segment(bytes, 60, &s) ==
				   (good ? SW_V_TAKEN : SW_V_BAD_OPTION));
			}
		}
	}
	memset(bytes + 20, 1, 40);
	for (kind = 2; kind < 256; kind++) { /* the last byte is a kind */
		bytes[59] = (uint8_t)kind;
		ok(read_segment(bytes, 60, &s) == SW_V_BAD_OPTION);
	}
	bytes[59] = 0;
	ok(read_segment(bytes, 60, &s) == SW_V_TAKEN);
}

/* Each option cut off at each byte, where the header ends and where the segment does. */
static void
test_tcp_option_cuts(void)
{
	static const uint8_t option[][36] = {
	    {2, 4, 5, 0xb4}, {3, 3, 7}, {4, 2},	  {5, 10},
	    {5, 18},	     {5, 26},	{5, 34},  {8, 10, 1, 2, 3, 4, 5, 6, 7, 8},
	    {34, 18},	     {34, 2},	{253, 20}};
	uint32_t i, cut, room, size;
	uint8_t bytes[60];
	struct seg s;

	for (i = 0; i < N_OF(option); i++) {
		size = option[i][1];
		for (cut = 1; cut <= size; cut++) {
			room = (cut + 3) / 4 * 4; /* header room: the option ends with it */
			memset(bytes, 0, sizeof(bytes));
			memset(bytes + 20, 1, 40);
			bytes[12] = (uint8_t)((20 + room) / 4 << 4);
			bytes[13] = SW_SYN;
			memcpy(bytes + 20 + room - cut, option[i], cut);
			ok(read_segment(bytes, 20 + room, &s) ==
			   (cut < size ? SW_V_BAD_OPTION : SW_V_TAKEN));
			ok(read_segment(bytes, 20 + room - 1, &s) == SW_V_SHORT);
		}
	}
}

static void
test_tcp_option_meaning(void)
{
	uint8_t bytes[60] = {0};
	struct seg s;

	bytes[12] = 0xa0; /* 20 bytes of options */
	bytes[13] = SW_SYN;
	memcpy(bytes + 20, (const uint8_t[]){2, 4, 0, 0, 3, 3, 200, 4, 2, 0, 2, 0}, 12);
	ok(read_segment(bytes, 40, &s) == SW_V_TAKEN);
	ok(s.has == (SW_HAS_WSCALE | SW_HAS_SACK_OK) && s.wscale == 14 && s.mss == 0);
	memcpy(bytes + 20, (const uint8_t[]){2, 4, 1, 1, 2, 4, 2, 2, 3, 3, 1, 3, 3, 2, 0}, 15);
	ok(read_segment(bytes, 40, &s) == SW_V_TAKEN && s.mss == 0x202 && s.wscale == 2);
	bytes[13] = SW_ACK; /* not on a SYN: as if they were not there */
	ok(read_segment(bytes, 40, &s) == SW_V_TAKEN && s.has == 0 && s.mss == 0 && s.wscale == 0);
	memcpy(bytes + 20,
	       (const uint8_t[]){1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4}, 19);
	ok(read_segment(bytes, 40, &s) == SW_V_TAKEN && s.has == SW_HAS_SACK && s.sacks == 2);
	ok(s.sack[0].left.n == 1 && s.sack[0].right.n == 2 && s.sack[1].left.n == 3 &&
	   s.sack[1].right.n == 4);
}

/*= RFC 7413 4.1.1: which lengths a cookie may have, and that it counts on a SYN alone */
static void
test_tcp_cookie_lengths(void)
{
	uint8_t bytes[60] = {0};
	struct seg s;

	bytes[12] = 0xf0;
	for (uint32_t n = 0; n <= 38; n++) {
		bool good = n == 0 || (n >= 4 && n <= 16 && n % 2 == 0);

		memset(bytes + 20, 1, 40);
		bytes[13] = SW_SYN;
		bytes[20] = 34;
		bytes[21] = (uint8_t)(2 + n);
		fill(bytes + 22, n);
		ok(read_segment(bytes, 60, &s) == SW_V_TAKEN);
		ok(s.has == (good ? SW_HAS_FASTOPEN : 0) && s.cookie_len == (good ? n : 0));
		ok(!good || memcmp(s.cookie, bytes + 22, n) == 0);
		bytes[13] = SW_ACK;
		ok(read_segment(bytes, 60, &s) == SW_V_TAKEN && s.has == 0);
	}
}

/* Random bytes as options: it ends, and stays inside. */
static void
test_tcp_any_options(void)
{
	uint8_t bytes[80];
	uint32_t turn, n;
	struct seg s;

	for (turn = 0; turn < 200000; turn++) {
		fill(bytes, sizeof(bytes));
		for (n = 20; n < 60; n++)
			bytes[n] = (uint8_t)(tap_below(2) ? tap_below(12) : bytes[n]);
		n = 20 + tap_below(60);
		bytes[12] = (uint8_t)((5 + tap_below(11)) << 4);
		read_segment(bytes, n, &s);
		ok(s.sacks <= SEG_SACKS && s.wscale <= 14);
	}
}

/* ---- ICMP, ARP, neighbours ---------------------------------------------- */

static void
test_icmp(void)
{
	uint8_t bytes[200], data[100], *p;
	struct icmp m, got;
	struct ip ip;
	uint32_t turn, n, cut;

	for (turn = 0; turn < 4000; turn++) {
		memset(&ip, 0, sizeof(ip));
		memset(&m, 0, sizeof(m));
		ip.v6 = m.v6 = turn & 1;
		ip.src = m.v6 ? test_a6 : sw_addr4(1, 2, 3, 4);
		ip.dst = m.v6 ? test_b6 : sw_addr4(1, 2, 3, 5);
		m.type = (uint8_t)tap_random();
		m.code = (uint8_t)tap_random();
		m.word = (uint32_t)tap_random();
		fill(data, sizeof(data));
		m.rest = (struct view){data, tap_below(sizeof(data))};
		ok(icmp_write(bytes, 8 + m.rest.len - 1, &m, &ip.src, &ip.dst) == 0);
		n = icmp_write(bytes, 8 + m.rest.len, &m, &ip.src, &ip.dst);
		ok(n == 8 + m.rest.len);
		p = exact(bytes, n);
		ip.body = (struct view){p, n};
		ok(icmp_read(&ip, SW_CSUM_NONE, &got) == SW_V_TAKEN);
		ok(got.v6 == m.v6 && got.type == m.type && got.code == m.code &&
		   got.word == m.word);
		ok(got.rest.len == m.rest.len && memcmp(got.rest.p, data, m.rest.len) == 0);
		p[tap_below(n)] ^= (uint8_t)(1 << tap_below(8));
		ok(icmp_read(&ip, SW_CSUM_NONE, &got) == SW_V_BAD_SUM);
		ok(icmp_read(&ip, SW_CSUM_VERIFIED, &got) == SW_V_TAKEN);
		free(p);
	}
	for (cut = 0; cut < 8; cut++) {
		p = exact(bytes, cut);
		ip.body = (struct view){p, cut};
		ok(icmp_read(&ip, SW_CSUM_VERIFIED, &got) == SW_V_SHORT);
		free(p);
	}
	memset(bytes, 0, 8); /* zeros have no right checksum */
	ip = (struct ip){.body = {bytes, 8}};
	ok(icmp_read(&ip, SW_CSUM_NONE, &got) == SW_V_BAD_SUM);
}

static void
test_ether_arp(void)
{
	static const uint8_t mac[2][6] = {{2, 3, 4, 5, 6, 7}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct arp a = {.request = true}, got;
	uint8_t bytes[64], *p;
	struct ether e;
	uint32_t cut, at;

	ok(ether_write(bytes, 13, mac[1], mac[0], ETHER_ARP) == 0);
	ok(ether_write(bytes, 14, mac[1], mac[0], ETHER_ARP) == 14);
	for (cut = 0; cut < 40; cut++) {
		p = exact(bytes, cut);
		ok(ether_read((struct view){p, cut}, &e) == (cut < 14 ? SW_V_SHORT : SW_V_TAKEN));
		if (cut >= 14)
			ok(e.type == ETHER_ARP && e.body.len == cut - 14 &&
			   memcmp(e.dst, mac[1], 6) == 0 && memcmp(e.src, mac[0], 6) == 0);
		free(p);
	}
	memcpy(a.sender_mac, mac[0], 6);
	a.sender = sw_addr4(10, 0, 0, 1);
	a.target = sw_addr4(10, 0, 0, 2);
	ok(arp_write(bytes, 27, &a) == 0 && arp_write(bytes, 28, &a) == 28);
	for (cut = 0; cut < 40; cut++) { /* frames are padded: more is no fault */
		p = exact(bytes, cut);
		ok(arp_read((struct view){p, cut}, &got) ==
		   (cut < 28 ? SW_V_LINK_BAD : SW_V_TAKEN));
		free(p);
	}
	ok(got.request && memcmp(got.sender_mac, mac[0], 6) == 0 &&
	   sw_addr_same(&got.sender, &a.sender) && sw_addr_same(&got.target, &a.target));
	for (at = 0; at < 8; at++) {
		bytes[at] ^= 0x40;
		ok(arp_read((struct view){bytes, 28}, &got) == SW_V_LINK_BAD);
		bytes[at] ^= 0x40;
	}
	bytes[7] = 2;
	ok(arp_read((struct view){bytes, 28}, &got) == SW_V_TAKEN && !got.request);
	bytes[7] = 3;
	ok(arp_read((struct view){bytes, 28}, &got) == SW_V_LINK_BAD);
	bytes[7] = 2;
	bytes[8] |= 1; /* a group as the sender */
	ok(arp_read((struct view){bytes, 28}, &got) == SW_V_LINK_BAD);
}

/* One neighbour message through bytes. */
static enum sw_verdict
pass_neighbour(const struct neighbour *n, const struct sw_addr *dst, struct neighbour *got)
{
	uint8_t rest[24];
	struct icmp m = {.v6 = true};
	struct ip ip = {.src = test_a6, .dst = *dst, .v6 = true, .ttl = 255};
	enum sw_verdict v;

	m.type = n->solicit ? ICMP6_SOLICIT : ICMP6_ADVERT;
	m.rest.len = neighbour_write(rest, sizeof(rest), n, &m.word);
	m.rest.p = rest;
	ok(m.rest.len == (n->has_mac ? 24u : 16u));
	v = neighbour_read(&ip, &m, got);
	ip.ttl = 254;
	ok(neighbour_read(&ip, &m, got) == SW_V_LINK_BAD);
	ip.ttl = 255;
	m.code = 1;
	ok(neighbour_read(&ip, &m, got) == SW_V_LINK_BAD);
	m.code = 0;
	neighbour_read(&ip, &m, got);
	return v;
}

static void
test_neighbour(void)
{
	struct sw_addr group = {{0xff, 2, [11] = 1, 0xff, 0, 0, 2}};
	struct neighbour n = {.target = test_b6}, got;
	uint32_t flags;
	uint8_t rest[64];

	for (flags = 0; flags < 64; flags++) {
		n.solicit = flags & 1;
		n.has_mac = flags & 2;
		n.router = flags & 4;
		n.solicited = flags & 8;
		n.override = flags & 16;
		memset(n.mac, n.has_mac ? 2 : 0, 6);
		if (!n.solicit && n.solicited && flags & 32) {
			ok(pass_neighbour(&n, &group, &got) == SW_V_LINK_BAD);
			continue;
		}
		ok(pass_neighbour(&n, flags & 32 ? &group : &test_b6, &got) == SW_V_TAKEN);
		ok(got.solicit == n.solicit && sw_addr_same(&got.target, &n.target));
		ok(got.has_mac == n.has_mac && memcmp(got.mac, n.mac, 6) == 0);
		if (!n.solicit)
			ok(got.router == n.router && got.solicited == n.solicited &&
			   got.override == n.override);
		ok(neighbour_write(rest, n.has_mac ? 23 : 15, &n, &flags) == 0);
	}
	n.target = group;
	ok(pass_neighbour(&n, &test_b6, &got) == SW_V_LINK_BAD);
}

/* Cut-offs, option lengths and the unspecified source (RFC 4861 7.1.1). */
static void
test_neighbour_bad(void)
{
	struct sw_addr group = {{0xff, 2, [11] = 1, 0xff, 0, 0, 2}};
	struct neighbour got;
	struct icmp m = {.v6 = true, .type = ICMP6_SOLICIT};
	struct ip ip = {.src = test_a6, .dst = group, .v6 = true, .ttl = 255};
	uint8_t rest[48] = {0}, *p;
	uint32_t n, size;

	memcpy(rest, test_b6.b, 16);
	for (size = 0; size < 256; size++) {
		rest[16] = 14; /* a nonce: not ours */
		rest[17] = (uint8_t)size;
		rest[17 + 8 * (size > 0 && size < 4 ? size : 1)] = 1;
		for (n = 0; n <= 40; n++) {
			bool whole = n == 16 || (size > 0 && n == 16 + size * 8) ||
				     (size == 1 && (n == 32 || n == 40)) || (size == 2 && n == 40);

			memset(rest + 24, 0, 24);
			rest[25] = rest[33] = 1;
			p = exact(rest, n);
			m.rest = (struct view){p, n};
			ok(neighbour_read(&ip, &m, &got) == (whole ? SW_V_TAKEN : SW_V_LINK_BAD));
			free(p);
		}
	}
	memset(&ip.src, 0, sizeof(ip.src));
	rest[16] = 1; /* source link-layer address from nobody */
	rest[17] = 1;
	m.rest = (struct view){rest, 16};
	ok(neighbour_read(&ip, &m, &got) == SW_V_TAKEN && !got.has_mac);
	m.rest.len = 24;
	ok(neighbour_read(&ip, &m, &got) == SW_V_LINK_BAD);
	m.rest.len = 16;
	ip.dst = test_b6;
	ok(neighbour_read(&ip, &m, &got) == SW_V_LINK_BAD);
	m.type = ICMP6_ECHO;
	ok(neighbour_read(&ip, &m, &got) == SW_V_LINK_BAD);
}

static void
test_pseudo_sum(void)
{
	struct sw_addr a = sw_addr4(192, 0, 2, 1), b = sw_addr4(198, 51, 100, 7);
	uint8_t pseudo[40] = {192, 0, 2, 1, 198, 51, 100, 7, 0, 6, 0x12, 0x34};

	ok(ip_pseudo_sum(&a, &b, 6, 0x1234) == sum_bytes(pseudo, 12));
	memcpy(pseudo, test_a6.b, 16);
	memcpy(pseudo + 16, test_b6.b, 16);
	put_32(pseudo + 32, 0x12345);
	put_32(pseudo + 36, 58);
	ok(ip_pseudo_sum(&test_a6, &test_b6, 58, 0x12345) == sum_bytes(pseudo, 40));
}

int
main(void)
{
	TEST("ip: round trip", test_ip_round_trip);
	TEST("ip4: lengths that lie", test_ip4_lies);
	TEST("ip4: bits", test_ip4_bits);
	TEST("ip4: options", test_ip4_options);
	TEST("ip6: extension headers", test_ip6_extensions);
	TEST("ip6: fragments", test_ip6_fragments);
	TEST("ip6: options", test_ip6_options);
	TEST("ip: any bytes", test_ip_any_bytes);
	TEST("ip: quoted", test_ip_quoted);
	TEST("ip: pseudo-header", test_pseudo_sum);
	TEST("tcp: round trip", test_tcp_round_trip);
	TEST("tcp: layout", test_tcp_layout);
	TEST("tcp: data offsets", test_tcp_offsets);
	TEST("tcp: option sizes", test_tcp_option_sizes);
	TEST("tcp: options cut off", test_tcp_option_cuts);
	TEST("tcp: what options mean", test_tcp_option_meaning);
	TEST("RFC7413-1 tcp: lengths of a cookie", test_tcp_cookie_lengths);
	TEST("tcp: any options", test_tcp_any_options);
	TEST("icmp", test_icmp);
	TEST("ethernet and arp", test_ether_arp);
	TEST("neighbour", test_neighbour);
	TEST("neighbour: bad", test_neighbour_bad);
	return plan_done();
}
