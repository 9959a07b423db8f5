/*
 * codec_test - sw_wire.h: headers of packets as structs, and back.
 */
#include <synwave/sw_wire.h>

#include "tap.h"

enum { ROOM = 2048 };

static struct sw_endpoint
end_of(bool v6, uint8_t host, uint16_t port)
{
	struct sw_endpoint e = {sw_addr4(10, 1, 2, host), port};

	if (v6)
		e.addr = (struct sw_addr){{0xfd, [14] = 2, [15] = host}};
	return e;
}

static struct sw_wire
segment(bool v6, uint8_t has)
{
	static const uint8_t text[100] = "some text that is summed";

	return (struct sw_wire){.kind = SW_WIRE_TCP,
				.src = end_of(v6, 1, 40000),
				.dst = end_of(v6, 2, 80),
				.ttl = 61,
				.tos = 2,
				.id = 0x1234,
				.seq = 0xfffffff0,
				.ack = 77,
				.ctl = SW_ACK | SW_PSH | (has & SW_HAS_MSS ? SW_SYN : 0),
				.has = has,
				.mss = 1460,
				.wscale = 7,
				.wnd = 4096,
				.up = 3,
				.tsval = 0x01020304,
				.tsecr = 5,
				.sacks = 2,
				.sack = {{10, 20}, {30, 40}},
				.len = 57,
				.body = text};
}

static bool
same(const struct sw_wire *a, const struct sw_wire *b)
{
	bool ends = a->src.port == b->src.port && a->dst.port == b->dst.port &&
		    sw_addr_same(&a->src.addr, &b->src.addr) &&
		    sw_addr_same(&a->dst.addr, &b->dst.addr);
	bool numbers = a->seq == b->seq && a->ack == b->ack && a->ctl == b->ctl &&
		       a->wnd == b->wnd && a->up == b->up && a->len == b->len && a->has == b->has;

	if (a->has & SW_HAS_TS)
		numbers = numbers && a->tsval == b->tsval && a->tsecr == b->tsecr;
	if (a->has & SW_HAS_MSS)
		numbers = numbers && a->mss == b->mss;
	if (a->has & SW_HAS_SACK)
		numbers = numbers && a->sacks == b->sacks && a->sack[1][1] == b->sack[1][1];
	return ends && numbers && a->ttl == b->ttl && a->tos == b->tos && a->kind == b->kind;
}

static void
test_there_and_back(void)
{
	static const uint8_t has[] = {0, SW_HAS_TS, SW_HAS_TS | SW_HAS_SACK,
				      SW_HAS_MSS | SW_HAS_WSCALE | SW_HAS_SACK_OK | SW_HAS_TS};
	uint8_t room[ROOM];

	for (int v6 = 0; v6 < 2; v6++) {
		for (size_t i = 0; i < sizeof(has); i++) {
			struct sw_wire w = segment(v6, has[i]), got;
			uint32_t n = sw_wire_write(room, sizeof(room), &w);

			ok(n > 0);
			ok(sw_wire_read(&got, room, n, n) == SW_WIRE_TCP);
			ok(same(&w, &got) && got.whole && !got.bad && got.v6 == !!v6);
			ok(got.size == n && got.body_len == 57 && !memcmp(got.body, w.body, 57));
			ok(sw_wire_sum(&got, room, n) == SW_WIRE_SUM_GOOD);
			ok(sw_wire_write(room, n - 1, &w) == 0);
		}
	}
}

/* The short way and the long way say the same. */
static void
test_usual_form(void)
{
	uint8_t room[ROOM], wide[ROOM];

	for (int i = 0; i < 2000; i++) {
		struct sw_wire w = segment(false, i % 2 ? SW_HAS_TS : 0), a, b;
		uint32_t n = sw_wire_write(room, sizeof(room), &w), cut;

		/* any bytes but version, length, protocol; now and then those, too */
		for (int k = 0; k < 4; k++)
			room[tap_below(i % 8 ? n : 60)] = (uint8_t)tap_random();
		if (i % 8) {
			room[0] = 0x45;
			room[2] = 0;
			room[3] = (uint8_t)n;
			room[6] = room[7] = 0;
			room[9] = 6;
		}
		memcpy(wide, room, 20);
		wide[0] = (uint8_t)(room[0] + 1); /* an option word: the long way */
		wide[2] = (uint8_t)((n + 4) >> 8);
		wide[3] = (uint8_t)(room[3] + 4);
		memset(wide + 20, 1, 4);
		memcpy(wide + 24, room + 20, n - 20);
		cut = i % 3 ? n : tap_below(n + 1);
		sw_wire_read(&a, room, cut, n);
		sw_wire_read(&b, wide, cut + 4, n + 4);
		if (a.kind == SW_WIRE_TCP && a.whole && i % 8)
			ok(same(&a, &b) && a.bad == b.bad && a.body_len == b.body_len);
		else if (i % 8 && cut > 40)
			ok(a.kind == b.kind);
	}
}

static void
test_cut(void)
{
	struct sw_wire w = segment(false, SW_HAS_TS | SW_HAS_SACK), got;
	uint8_t room[ROOM];
	uint32_t n = sw_wire_write(room, sizeof(room), &w);

	for (uint32_t cut = 0; cut <= n; cut++) {
		uint8_t *exact = malloc(cut + 1); /* so that a sanitizer sees what is read */
		enum sw_wire_kind kind;

		memcpy(exact, room, cut);
		kind = sw_wire_read(&got, exact, cut, n);
		if (cut < 28)
			ok(kind == SW_WIRE_BAD);
		else
			ok(kind == SW_WIRE_TCP && got.src.port == 40000 && got.seq == w.seq);
		ok(got.whole == (cut >= 40));
		if (cut >= 40)
			ok(got.len == 57 && got.ack == 77);
		ok(cut < 40 || (sw_wire_sum(&got, exact, cut) == SW_WIRE_SUM_CUT) == (cut < n));
		free(exact);
	}
}

static void
test_sums(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct sw_wire w = segment(v6, 0), got;
		uint8_t room[ROOM];
		uint32_t n = sw_wire_write(room, sizeof(room), &w), sum = 0, len;
		uint8_t *tcp = room + (v6 ? 40 : 20);

		sw_wire_read(&got, room, n, n);
		room[n - 1] ^= 1;
		ok(sw_wire_sum(&got, room, n) == SW_WIRE_SUM_BAD);
		len = n - got.header;
		for (int i = v6 ? 8 : 12; i < (v6 ? 40 : 20); i += 2)
			sum += (uint32_t)(room[i] << 8 | room[i + 1]);
		sum += 6 + len;
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		tcp[16] = (uint8_t)(sum >> 8);
		tcp[17] = (uint8_t)sum;
		ok(sw_wire_sum(&got, room, n) == SW_WIRE_SUM_PARTIAL);
	}
}

static void
test_icmp(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct sw_wire lost = segment(v6, 0), w = {0}, got, quoted;
		uint8_t inside[ROOM], room[ROOM];
		uint32_t n = sw_wire_write(inside, sizeof(inside), &lost);

		w.kind = SW_WIRE_ICMP;
		w.src = end_of(v6, 9, 0);
		w.dst = end_of(v6, 1, 0);
		w.ttl = 255;
		w.type = v6 ? 1 : 3;
		w.code = v6 ? 1 : 13;
		w.word = 1400;
		w.body = inside;
		w.body_len = (v6 ? 40u : 20u) + 8;
		n = sw_wire_write(room, sizeof(room), &w);
		ok(n > 0 && sw_wire_read(&got, room, n, n) == SW_WIRE_ICMP);
		ok(got.type == w.type && got.code == w.code && got.word == 1400);
		ok(sw_wire_read(&quoted, got.body, got.body_len, got.body_len) == SW_WIRE_TCP);
		ok(quoted.src.port == 40000 && quoted.dst.port == 80 && quoted.seq == lost.seq);
		ok(!quoted.whole && sw_addr_same(&quoted.dst.addr, &lost.dst.addr));
	}
}

static void
test_pieces(void)
{
	struct sw_wire w = segment(false, 0), got;
	uint8_t room[ROOM];
	uint32_t n = sw_wire_write(room, sizeof(room), &w);

	room[6] = 0x20; /* more fragments */
	ok(sw_wire_read(&got, room, n, n) == SW_WIRE_FRAGMENT && got.more && got.proto == 6);
	room[6] = 0;
	room[7] = 3;
	ok(sw_wire_read(&got, room, n, n) == SW_WIRE_FRAGMENT && got.frag_at == 24);
	room[7] = 0;
	room[9] = 17;
	ok(sw_wire_read(&got, room, n, n) == SW_WIRE_OTHER && got.proto == 17);
	/* a super-packet whose header says no length */
	room[9] = 6;
	room[2] = room[3] = 0;
	ok(sw_wire_read(&got, room, n, 70000) == SW_WIRE_TCP && got.size == 70000);
	ok(got.len == 70000 - 40);
}

static void
test_anything(void)
{
	for (int i = 0; i < 20000; i++) {
		uint32_t n = tap_below(120);
		uint8_t *exact = malloc(n + 1);
		struct sw_wire got;

		for (uint32_t k = 0; k < n; k++)
			exact[k] = (uint8_t)tap_random();
		if (n > 9 && i % 2) {
			exact[0] = (uint8_t)(i % 4 < 2 ? 0x45 : 0x60);
			exact[i % 4 < 2 ? 9 : 6] = (uint8_t)(i % 8 < 4 ? 6 : 44);
		}
		if (sw_wire_read(&got, exact, n, n) == SW_WIRE_TCP && got.whole) {
			ok(got.body >= exact && got.body + got.body_len <= exact + n);
			sw_wire_sum(&got, exact, n);
		}
		free(exact);
	}
}

int
main(void)
{
	TEST("written and read again, it is the same", test_there_and_back);
	TEST("the usual form is read as any other", test_usual_form);
	TEST("a packet may be cut off anywhere", test_cut);
	TEST("checksums: good, wrong, a device's", test_sums);
	TEST("an ICMP error and what it quotes", test_icmp);
	TEST("pieces, other protocols, super-packets", test_pieces);
	TEST("any bytes", test_anything);
	return plan_done();
}
