/*
 * blind_test.c - strangers who see nothing of the connection and guess: blind-rst,
 * blind-syn, blind-data by the hundred thousand in each state that can be guessed at,
 * and iss: what the ISS of one connection tells about another's.
 * RFC 5961 3, 4, 5; RFC 6528 3; RFC 9293 3.4.1.  The exact edges: grid_test.c.
 */
#include "bench.h"

enum { GUESSES = 4000 };

static const enum row blind_rows[] = {
    ROW_SR_HALF,    ROW_SR_ACTIVE, ROW_ESTABLISHED, ROW_FIN_WAIT_1, ROW_FIN_WAIT_2,
    ROW_CLOSE_WAIT, ROW_CLOSING,   ROW_LAST_ACK,    ROW_TIME_WAIT,  ROW_TW_ALONE};

/* What the guesser may not hit by chance. */
typedef bool (*blind_hit)(const struct bench *, const struct sw_trace *);

static bool
hits_nxt(const struct bench *b, const struct sw_trace *t)
{
	return t->seq == b->rcv_nxt;
}

/* In SYN-RECEIVED of a listener a SYN in the window gives way to a newer one, and in
 * TIME-WAIT one beyond it opens a new connection: RFC 9293 3.10.7.4 fourth, MAY-2. */
static bool
hits_window(const struct bench *b, const struct sw_trace *t)
{
	if (b->state == SW_TIME_WAIT && b->listener)
		return t->seq - b->rcv_nxt - 1 < 0x80000000;
	return t->seq - b->rcv_nxt < b->rcv_wnd || t->seq == b->at.irs;
}

static bool
hits_both(const struct bench *b, const struct sw_trace *t)
{
	return t->seq - b->rcv_nxt + t->len <= b->rcv_wnd + t->len &&
	       t->ack - (b->una - BENCH_WND) <= b->nxt - b->una + BENCH_WND;
}

/* Half of the guesses are near, so that the edges are tried as well. */
static uint32_t
blind_guess(uint32_t truth)
{
	uint32_t r = (uint32_t)tap_random();

	return r & 1 ? r : truth + (r >> 20) - 2048;
}

/* Guesses with these control bits: the state stays, nothing is taken. */
static void
blind_play(enum row row, const struct place *at, const uint8_t ctl[2], blind_hit hit)
{
	struct bench *b = bench_new(row, at);
	struct sw_status st = {.bytes = sizeof(st)};
	unsigned acks = 0, others = 0;
	sw_ns begin = b->now;

	for (int i = 0; i < GUESSES; i++) {
		struct sw_trace t = {.ctl = ctl[i & 1], .len = ctl[0] == SW_ACK ? i % 100 : 0};

		t.seq = blind_guess(b->rcv_nxt);
		t.ack = blind_guess(b->nxt);
		if (hit(b, &t))
			continue;
		bench_quiet(b);
		bench_tell(b, &t, NULL);
		b->now += SW_US;
		bench_hear(b, 0);
		for (unsigned k = 0; k < b->n_said; k++) {
			acks += b->said[k].ctl == SW_ACK && b->said[k].ack == b->rcv_nxt;
			others += b->said[k].ctl != SW_ACK && b->said[k].ctl != SW_RST;
		}
	}
	ok(b->state == row_state(row));
	ok(others == 0);
	if (ctl[0] != SW_ACK) /*= RFC 5961 7: once in a while */
		ok(acks <= 2 && b->now - begin < SW_S);
	if (b->conn && ok(sw_status(b->s, b->conn, &st) == SW_OK))
		ok(st.rcv_nxt == b->rcv_nxt && st.snd_una == b->una && st.rcv_queued == 0);
	bench_end(b);
}

static void
blind_all(const uint8_t ctl[2], blind_hit hit)
{
	static const uint32_t places[] = {0, 0x7fffffff, 0x80000000, 0xffffffff};
	struct place at = {0};

	for (unsigned i = 0; i < 8; i++) {
		at.v6 = i & 1;
		at.iss = places[i / 2] - BENCH_SENT;
		at.irs = places[(i / 2 + i) % 4] - BENCH_READ;
		for (unsigned r = 0; r < sizeof(blind_rows) / sizeof(blind_rows[0]); r++)
			blind_play(blind_rows[r], &at, ctl, hit);
	}
}

static void
blind_rst(void)
{
	blind_all((const uint8_t[]){SW_RST, SW_RST | SW_ACK}, hits_nxt);
}

static void
blind_syn(void)
{
	blind_all((const uint8_t[]){SW_SYN, SW_SYN | SW_ACK}, hits_window);
}

static void
blind_data(void)
{
	blind_all((const uint8_t[]){SW_ACK, SW_FIN | SW_ACK}, hits_both);
}

/* ---- iss ----------------------------------------------------------------- */

/* A host as it is delivered, its secret made from `seed`. */
static struct bench *
iss_boot(uint8_t seed)
{
	struct bench *b = bench_boot(&(struct place){0});
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = 1500};
	struct sw_config c;

	sw_stack_config(b->s, &c);
	memset(c.secret, seed, sizeof(c.secret));
	ok(sw_stack_init(&b->s, &c, b->arena, b->bytes) == SW_OK);
	ok(sw_iface_add(b->s, &iface) == 0);
	ok(sw_address_add(b->s, 0, &b->me.addr, 24) >= 0);
	return b;
}

/* The ISS with which it opens now, to the peer's port; it forgets at once. */
static uint32_t
iss_of(struct bench *b, uint16_t port)
{
	uint32_t iss = 0;

	b->peer.port = port;
	ok(sw_open_active(b->s, b->now, &b->me, &b->peer, &b->conn) == SW_OK);
	bench_quiet(b);
	bench_hear(b, 0);
	if (ok(b->n_said == 1 && b->said[0].ctl == SW_SYN))
		iss = b->said[0].seq;
	ok(sw_abort(b->s, b->now, b->conn) == SW_OK);
	bench_hear(b, 0);
	return iss;
}

/* Are n values of 8 bits evenly spread?  Chi-square with 255 degrees of freedom: more
 * than 400 once in 10^8, less than 150 as rarely. */
static bool
iss_even(const unsigned count[256], unsigned n)
{
	uint64_t sum = 0; /* n times chi-square: sum of 256 c^2 - n^2 */

	for (int i = 0; i < 256; i++)
		sum += 256ull * count[i] * count[i];
	sum -= (uint64_t)n * n;
	return sum < 400ull * n && sum > 150ull * n;
}

/*= RFC 6528 3: neighbours' ISS have nothing in common: each byte of the differences */
static void
iss_spread(void)
{
	enum { TUPLES = 40000 };
	struct bench *b = iss_boot(7);
	unsigned count[4][256] = {{0}}, apart[4][256] = {{0}};
	uint32_t before = iss_of(b, 1), iss;

	for (unsigned i = 2; i < TUPLES + 2; i++, before = iss) {
		iss = iss_of(b, (uint16_t)i);
		for (int k = 0; k < 4; k++) {
			count[k][iss >> 8 * k & 255]++;
			apart[k][(iss - before) >> 8 * k & 255]++;
		}
	}
	for (int k = 0; k < 4; k++)
		ok(iss_even(count[k], TUPLES) && iss_even(apart[k], TUPLES));
	bench_end(b);
}

/*= RFC 9293 3.4.1 MUST-8: one tuple's ISS goes on by one in 4 us, for ever */
static void
iss_clock(void)
{
	struct bench *b = iss_boot(7);
	uint32_t first = iss_of(b, 5000), other = iss_of(b, 5001);

	for (unsigned i = 1; i < 2000; i++) {
		b->now += 4 * SW_US * i * 1000;
		first += i * 1000;
		other += i * 1000;
		ok(iss_of(b, 5000) == first);
		ok(iss_of(b, 5001) == other);
	}
	bench_end(b);
}

/*= RFC 9293 3.4.1 MUST-9: it hangs on the secret, and on nothing else that is drawn */
static void
iss_secret(void)
{
	struct bench *a = iss_boot(7), *same = iss_boot(7), *other = iss_boot(8);
	unsigned equal = 0;

	for (unsigned i = 1; i < 2000; i++) {
		uint32_t iss = iss_of(a, (uint16_t)i);

		ok(iss_of(same, (uint16_t)i) == iss);
		equal += iss_of(other, (uint16_t)i) == iss;
	}
	ok(equal == 0);
	bench_end(a);
	bench_end(same);
	bench_end(other);
}

/* A stranger who may connect himself opens a connection in another's name: he knows the
 * ISS that he was given a moment ago, and guesses from there. */
static void
iss_spoofed(void)
{
	struct bench *b = iss_boot(7);
	uint32_t known;

	bench_listens(b);
	b->peer.port = 4000;
	bench_tell(b, &(struct sw_trace){.ctl = SW_SYN, .seq = 1}, NULL);
	bench_quiet(b);
	bench_hear(b, 0);
	if (!ok(b->n_said == 1 && b->said[0].ctl == (SW_SYN | SW_ACK)))
		return;
	known = b->said[0].seq;
	b->peer.port = 4001; /* the other's: the answers go there */
	bench_tell(b, &(struct sw_trace){.ctl = SW_SYN, .seq = 1}, NULL);
	for (int i = 0; i < 50000; i++) {
		bench_quiet(b);
		bench_tell(
		    b,
		    &(struct sw_trace){.ctl = SW_ACK, .seq = 2, .ack = known + (uint32_t)i - 25000},
		    NULL);
		bench_hear(b, 0);
		if (!ok(b->state == SW_SYN_RECEIVED))
			break;
	}
	ok(sw_accept(b->s, b->now, b->listener, &b->conn) == SW_E_AGAIN);
	bench_end(b);
}

/* The right number, but before the answer that tells it has left: a guess, refused. */
static void
iss_too_early(void)
{
	for (int named = 0; named < 2; named++) {
		struct bench *b = bench_new(named ? ROW_LISTEN_PEER : ROW_LISTEN,
					    &(struct place){.iss = 0xffffffff});

		bench_tell(b, &(struct sw_trace){.ctl = SW_SYN, .seq = 5}, NULL);
		bench_quiet(b);
		bench_tell(b, &(struct sw_trace){.ctl = SW_ACK, .seq = 6, .ack = b->nxt + 1}, NULL);
		ok(b->state == SW_SYN_RECEIVED && b->verdict == SW_V_ACK_UNSENT);
		bench_hear(b, 0);
		ok(b->n_said == 2); /* a RST for the guess, and the SYN-ACK after all */
		ok((b->said[0].ctl | b->said[1].ctl) == (SW_RST | SW_SYN | SW_ACK));
		bench_end(b);
	}
}

int
main(void)
{
	TEST("blind-rst: guesses in every state", blind_rst);
	TEST("blind-syn: guesses in every state", blind_syn);
	TEST("blind-data: guesses in every state", blind_data);
	TEST("iss: neighbours have nothing in common", iss_spread);
	TEST("iss: the clock of one tuple", iss_clock);
	TEST("iss: only the secret", iss_secret);
	TEST("iss: a connection in another's name", iss_spoofed);
	TEST("iss: the ACK of an answer that has not left", iss_too_early);
	return plan_done();
}
