/*
 * pieces_test.c - reassembly: a datagram is seen whole when its echo comes back.
 */
#include "../lower.h"

struct echo { /* an echo request, cut into pieces */
	bool v6;
	uint32_t len; /* of the ICMP message */
	uint8_t bytes[8192];
};

static void
echo_make(struct echo *e, bool v6, uint32_t data)
{
	struct icmp m = {.v6 = v6, .word = 0x12345678};
	struct sw_addr src = addr(v6 ? "2001:db8::2" : "10.0.0.2");
	struct sw_addr dst = addr(v6 ? "2001:db8::1" : "10.0.0.1");
	uint8_t rest[8192];

	for (uint32_t i = 0; i < data; i++)
		rest[i] = (uint8_t)tap_random();
	m.type = v6 ? ICMP6_ECHO : ICMP_ECHO;
	m.rest = (struct view){rest, data};
	e->v6 = v6;
	e->len = icmp_write(e->bytes, sizeof(e->bytes), &m, &src, &dst);
}

struct span {
	uint32_t from, to;
};
#define SPAN(from, to) ((struct span){from, to})

/* Sends a span of it as a piece. */
static void
piece(struct lower *w, const struct echo *e, uint32_t id, struct span span, bool more)
{
	uint32_t from = span.from, to = span.to;
	uint8_t p[9000], body[9000];
	uint32_t len = to - from, n;

	if (e->v6) {
		memset(body, 0, 8);
		body[0] = IP_ICMP6;
		put_16(body + 2, from | more);
		put_32(body + 4, id);
		memcpy(body + 8, e->bytes + from, len);
		n = packet(p, "2001:db8::2", "2001:db8::1", IP_FRAGMENT, VIEW(body, len + 8));
	} else {
		n = packet(p, "10.0.0.2", "10.0.0.1", IP_ICMP, VIEW(e->bytes + from, len));
		put_16(p + 4, id);
		put_16(p + 6, from / 8 | (more ? 0x2000u : 0));
		p[10] = p[11] = 0;
		sum_store(p + 10, sum_bytes(p, 20));
	}
	input(w, p, n);
}

/* The whole came out as an echo reply with the same data. */
static bool
echoed(struct lower *w, const struct echo *e)
{
	return output(w) && w->icmp.type == (e->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHO_REPLY) &&
	       w->icmp.word == 0x12345678 && w->icmp.rest.len == e->len - 8 &&
	       memcmp(w->icmp.rest.p, e->bytes + 8, e->len - 8) == 0 && w->s->datagrams.used == 0;
}

static void
test_pieces(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 9000);
	struct echo e;

	for (uint32_t turn = 0; turn < 400; turn++) {
		uint32_t cut[17] = {0}, n = 2 + tap_below(15), order[16];

		echo_make(&e, turn & 1, 300 + tap_below(1600));
		for (uint32_t i = 1; i < n; i++)
			cut[i] = e.len * i / n / 8 * 8;
		cut[n] = e.len;
		for (uint32_t i = 0; i < n; i++)
			order[i] = i;
		for (uint32_t i = n - 1; i > 0; i--) {
			uint32_t j = tap_below(i + 1), t = order[i];

			order[i] = order[j];
			order[j] = t;
		}
		for (uint32_t i = 0; i < n; i++) {
			uint32_t k = order[i];

			ok(!output(w));
			piece(w, &e, turn, SPAN(cut[k], cut[k + 1]), k + 1 < n);
			if (i + 1 < n && tap_below(2)) /* twice: harmless */
				piece(w, &e, turn, SPAN(cut[k], cut[k + 1]), k + 1 < n);
		}
		ok(echoed(w, &e));
	}
	ok(verdicts(w, SW_V_ECHO) == 400 && verdicts(w, SW_V_FRAG_DROPPED) == 0);
	lower_end(w);
}

static void
test_overlap(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct lower *w = lower_new(SW_LINK_IP, 9000);
		struct echo e;

		echo_make(&e, v6, 792); /* 800 bytes */
		/* RFC 5722: an overlap condemns it, what came before and what comes after */
		piece(w, &e, 1, SPAN(0, 400), true);
		piece(w, &e, 1, SPAN(392, 800), false);
		ok(verdicts(w, SW_V_FRAG_DROPPED) == 1 && w->s->datagrams.used == 1);
		piece(w, &e, 1, SPAN(0, 400), true);
		piece(w, &e, 1, SPAN(400, 800), false);
		ok(!output(w) && verdicts(w, SW_V_FRAG_DROPPED) == 3);
		/* the same place with other bytes */
		piece(w, &e, 2, SPAN(0, 400), true);
		e.bytes[100] ^= 1;
		piece(w, &e, 2, SPAN(0, 400), true);
		e.bytes[100] ^= 1;
		piece(w, &e, 2, SPAN(400, 800), false);
		ok(!output(w) && verdicts(w, SW_V_FRAG_DROPPED) == 5);
		/* two ends; a piece beyond the end */
		piece(w, &e, 3, SPAN(400, 800), false);
		piece(w, &e, 3, SPAN(8, 392), false);
		ok(verdicts(w, SW_V_FRAG_DROPPED) == 6);
		piece(w, &e, 4, SPAN(200, 400), false);
		piece(w, &e, 4, SPAN(400, 800), true);
		ok(verdicts(w, SW_V_FRAG_DROPPED) == 7);
		piece(w, &e, 5, SPAN(400, 800), true);
		piece(w, &e, 5, SPAN(200, 400), false);
		ok(verdicts(w, SW_V_FRAG_DROPPED) == 8);
		/* another id is another datagram; and time forgives, without a word */
		piece(w, &e, 6, SPAN(0, 400), true);
		piece(w, &e, 6, SPAN(400, 800), false);
		ok(output(w) && w->s->datagrams.used == 5);
		w->now += 60 * SW_S;
		ok(reassembly_deadline(w->s) == w->now);
		reassembly_expire(w->s, w->now);
		ok(!output(w) && w->s->datagrams.used == 0 &&
		   reassembly_deadline(w->s) == SW_NEVER);
		piece(w, &e, 1, SPAN(0, 400), true);
		piece(w, &e, 1, SPAN(400, 800), false);
		ok(echoed(w, &e));
		lower_end(w);
	}
}

static void
test_bounds(void)
{
	struct lower *w = lower_new(SW_LINK_IP, 9000);
	struct echo e;
	uint8_t p[100], body[80] = {0};
	uint32_t n;

	echo_make(&e, false, 792);
	for (uint32_t i = 0; i < 49; i++) /* more than 48 pieces */
		piece(w, &e, 1, SPAN(i * 16, i * 16 + 8), true);
	ok(verdicts(w, SW_V_FRAGMENT) == 48 && verdicts(w, SW_V_FRAG_DROPPED) == 1);
	/* a length that is no multiple of 8, an end behind 65535 */
	piece(w, &e, 2, SPAN(0, 399), true);
	ok(verdicts(w, SW_V_FRAG_DROPPED) == 2);
	n = packet(p, "10.0.0.2", "10.0.0.1", IP_ICMP, VIEW(body, 80));
	put_16(p + 6, 0x1fff);
	p[10] = p[11] = 0;
	sum_store(p + 10, sum_bytes(p, 20));
	input(w, p, n);
	ok(verdicts(w, SW_V_FRAG_DROPPED) == 3);
	/* RFC 1858, 3128: a TCP header in two pieces */
	for (uint32_t at = 0; at < 24; at += 8) {
		n = packet(p, "10.0.0.2", "10.0.0.1", IP_TCP, VIEW(body, 16));
		put_16(p + 6, 0x2000 | at / 8);
		p[10] = p[11] = 0;
		sum_store(p + 10, sum_bytes(p, 20));
		input(w, p, n);
	}
	ok(verdicts(w, SW_V_FRAG_DROPPED) == 6);
	ok(w->s->datagrams.used == 1);
	/* the pool is full: the oldest goes */
	for (uint32_t id = 100; id < 117; id++) {
		w->now += SW_MS;
		piece(w, &e, id, SPAN(0, 400), true);
	}
	ok(w->s->datagrams.used == 16);
	piece(w, &e, 100, SPAN(400, 800), false);
	ok(!output(w)); /* 100 had gone; that drove out 101 */
	piece(w, &e, 102, SPAN(400, 800), false);
	ok(output(w) && w->icmp.type == ICMP_ECHO_REPLY);
	lower_end(w);
}

static void
test_time_exceeded(void)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct lower *w = lower_new(SW_LINK_IP, 9000);
		struct ip quoted;
		struct echo e;

		echo_make(&e, v6, 792);
		put_16(e.bytes, v6 ? 0x8100 : 0); /* a reply: not an error message at least */
		piece(w, &e, 77, SPAN(0, 400), true);
		piece(w, &e, 78, SPAN(400, 800), false);
		w->now += 60 * SW_S;
		reassembly_expire(w->s, w->now);
		ok(output(w) && w->icmp.type == (v6 ? ICMP6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED));
		ok(w->icmp.code == 1 && w->icmp.word == 0);
		ok(ip_read_quoted(w->icmp.rest, &quoted) == SW_V_TAKEN);
		ok(quoted.fragment && quoted.more && quoted.frag_at == 0 && quoted.id == 77);
		ok(sw_addr_same(&quoted.dst, &w->ip.src) && sw_addr_same(&quoted.src, &w->ip.dst));
		ok(quoted.body.len == 400 && memcmp(quoted.body.p, e.bytes, 400) == 0);
		ok(v6 || sum_bytes(w->icmp.rest.p, 20) == 0xffff);
		ok(!output(w) && w->s->datagrams.used == 0);
		lower_end(w);
	}
}

int
main(void)
{
	TEST("pieces in any order make the whole", test_pieces);
	TEST("overlapping pieces condemn the datagram", test_overlap);
	TEST("reassembly is bounded", test_bounds);
	TEST("reassembly time exceeded", test_time_exceeded);
	return plan_done();
}
