/*
 * overlap_test.c - five segments in every order and every overlap: each of the
 * intervals within five cells, five times.  After every one: the ACK, the SACK
 * blocks, what can be read.  Bytes that differ where they overlap, too.
 * RFC 9293 3.10.7.4 first and seventh, RFC 2018 3 and 4, RFC 2883 4, RFC 5681 4.2.
 *
 * Cells stand in a mask, the first in bit 0.  A FIN is one cell more.
 */
#include "bench.h"

enum { CELLS = 5, SEGMENTS = 5, INTERVALS = CELLS * (CELLS + 1) / 2, WIDEST = 150 };

/* How it is played. */
struct how {
	struct place at;
	uint32_t width;	   /* bytes of a cell */
	bool fin;	   /* what reaches the end has a FIN */
	unsigned segments; /* how many */
	bool rest;	   /* all of it comes once more, and all must be there */
};

struct cut { /* cells from a to b */
	unsigned a, b;
};

static struct cut cuts[INTERVALS];
static unsigned long overlap_steps;

static void
cuts_make(void)
{
	unsigned n = 0;

	for (unsigned a = 0; a < CELLS; a++)
		for (unsigned b = a + 1; b <= CELLS; b++)
			cuts[n++] = (struct cut){a, b};
}

/* What stands at this byte of the stream; another byte for each `liar`. */
static uint8_t
overlap_byte(uint32_t i, unsigned liar)
{
	return (uint8_t)(i * 37 + i / 251 + liar * 101 + 1);
}

/* The first cell that is not there. */
static unsigned
mask_prefix(unsigned have)
{
	unsigned n = 0;

	while (have >> n & 1)
		n++;
	return n;
}

static unsigned
mask_of(const struct how *h, const struct cut *c)
{
	unsigned m = (1u << c->b) - (1u << c->a);

	return h->fin && c->b == CELLS ? m | 1u << CELLS : m;
}

/* The number of a cell's first byte; of the FIN, and after it. */
static uint32_t
cell_number(const struct how *h, uint32_t start, unsigned cell)
{
	return start + (cell > CELLS ? CELLS * h->width + 1 : cell * h->width);
}

/* Segment c of the peer comes. */
static void
overlap_tell(struct bench *b, const struct how *h, uint32_t start, const struct cut *c,
	     unsigned liar)
{
	static uint8_t text[CELLS * WIDEST];
	struct sw_trace t = {.ctl = SW_ACK, .ack = b->nxt};

	t.seq = cell_number(h, start, c->a);
	t.len = (c->b - c->a) * h->width;
	t.ctl |= h->fin && c->b == CELLS ? SW_FIN : 0;
	for (uint32_t i = 0; i < t.len; i++)
		text[i] = overlap_byte(c->a * h->width + i, liar);
	bench_quiet(b);
	bench_tell(b, &t, text);
	bench_hear(b, 0);
}

/* ---- what must be said --------------------------------------------------- */

/* The cells of a SACK block; 0: its edges are no edges of cells. */
static unsigned
block_mask(const struct how *h, uint32_t start, const uint32_t edge[2])
{
	unsigned a = CELLS + 2, b = CELLS + 2;

	for (unsigned c = 0; c <= CELLS + (unsigned)h->fin; c++) {
		a = cell_number(h, start, c) == edge[0] ? c : a;
		b = cell_number(h, start, c) == edge[1] ? c : b;
	}
	return a < b && b < CELLS + 2 ? (1u << b) - (1u << a) : 0;
}

/* Is it one of the runs beyond the gap, whole? */
static bool
mask_is_run(unsigned have, unsigned m)
{
	unsigned low = m & -m;

	return m && (have & m) == m && !(have & (low >> 1)) && !(have & (m + low)) &&
	       low > 1u << mask_prefix(have);
}

static unsigned
mask_runs(unsigned have)
{
	unsigned n = 0;

	for (unsigned i = mask_prefix(have) + 1; i <= CELLS; i++)
		n += (have >> i & 1) && !(have >> (i - 1) & 1);
	return n;
}

/* The blocks of an ACK: a D-SACK if the segment brought something twice, then every
 * run; the one that the segment changed first. */
static bool
sacks_right(const struct how *h, uint32_t start, const struct sw_trace *t, const unsigned mask[3])
{
	unsigned before = mask[0], had = mask[1], have = mask[2], seen = 0, n = 0, twice = 0;

	for (unsigned i = 0; i < t->sacks; i++) {
		unsigned m = block_mask(h, start, t->sack[i]);

		if (i == 0 && m && (m & before & had) == m && (!mask_is_run(have, m) || m == had)) {
			twice = m;
			continue;
		}
		if (!mask_is_run(have, m) || (m & seen))
			return false;
		/*= RFC 2018 4: the first block holds the segment that is answered */
		if (n == 0 && (had & ~((1u << mask_prefix(have)) - 1)) && !(m & had))
			return false;
		seen |= m;
		n++;
	}
	/*= RFC 2883 4: all of it twice: that is said */
	if ((before & had) == had && !(had >> CELLS & 1) && twice != had)
		return false;
	return n == mask_runs(have);
}

/* Is the answer right, or rightly put off? */
static bool
overlap_answer(const struct bench *b, const struct how *h, uint32_t start, const unsigned mask[3])
{
	unsigned before = mask[0], had = mask[1], have = mask[2];
	const struct sw_trace *t = &b->said[0];
	bool ahead = (had & ~(have & ((1u << mask_prefix(have)) - 1))) != 0;
	bool quick = (before & had) || ahead || mask_runs(before) || have >> CELLS & 1;

	if (b->n_said == 0)
		return !quick; /*= RFC 5681 4.2: what is ahead, fills or is double: at once */
	if (b->n_said != 1 || t->ctl != SW_ACK || t->len || t->seq != b->nxt)
		return false;
	if (t->ack != cell_number(h, start, mask_prefix(have)))
		return false;
	return h->at.sack ? sacks_right(h, start, t, mask) : t->sacks == 0;
}

/* All that can be read is right, and is `bytes` long. */
static bool
overlap_read(struct bench *b, const uint8_t *wanted, uint32_t bytes)
{
	uint8_t got[CELLS * WIDEST + 1];
	ptrdiff_t n = sw_receive(b->s, b->now, b->conn, got, sizeof(got));

	if (bytes == 0)
		return n == SW_E_AGAIN || (n == 0 && b->state == SW_CLOSE_WAIT);
	return n == (ptrdiff_t)bytes && !memcmp(got, wanted, bytes);
}

/* ---- bytes that agree ---------------------------------------------------- */

struct depth { /* after so many segments */
	struct bench *b;
	unsigned have, cut;
};

static void
overlap_say(const struct depth *d, unsigned n, const struct bench *b)
{
	printf("#  ");
	for (unsigned i = 0; i <= n; i++)
		printf(" [%u,%u)", cuts[d[i].cut].a, cuts[d[i].cut].b);
	printf(": said %u\n", b->n_said);
	for (unsigned i = 0; i < b->n_said; i++) {
		const struct sw_trace *t = &b->said[i];

		printf("#   ctl %02x ack +%d", t->ctl, (int)(t->ack - b->rcv_nxt));
		for (unsigned k = 0; k < t->sacks; k++)
			printf(" sack +%d:+%d", (int)(t->sack[k][0] - b->rcv_nxt),
			       (int)(t->sack[k][1] - b->rcv_nxt));
		printf("\n");
	}
}

/* From d[n] on with segment d[n].cut: into d[n + 1]. */
static void
overlap_step(struct depth *d, unsigned n, const struct how *h, const uint8_t *stream)
{
	struct bench *b = d[n + 1].b;
	const struct cut *c = &cuts[d[n].cut];
	uint32_t start = d[0].b->rcv_nxt;
	const unsigned mask[3] = {d[n].have, mask_of(h, c), d[n].have | mask_of(h, c)};
	unsigned prefix = mask_prefix(mask[2]);
	bool good;

	overlap_steps++;
	bench_copy(b, d[n].b);
	overlap_tell(b, h, start, c, 0);
	good = ok(overlap_answer(b, h, start, mask));
	good &= ok(b->state == (prefix > CELLS ? SW_CLOSE_WAIT : SW_ESTABLISHED));
	d[n + 1].have = mask[2];
	if (n + 1 < h->segments) {
		if (!good)
			overlap_say(d, n, b);
		return;
	}
	prefix = prefix > CELLS ? CELLS : prefix;
	good &= ok(overlap_read(b, stream, prefix * h->width));
	if (h->rest) {
		overlap_tell(b, h, start, &(struct cut){0, CELLS}, 0);
		good &=
		    ok(overlap_read(b, stream + prefix * h->width, (CELLS - prefix) * h->width));
	}
	good &= ok(sw_probe_check(b->s) == 0 && sw_probe_broken(b->s) == 0);
	if (!good)
		overlap_say(d, n, b);
}

/* All tuples of intervals: deeper while there is another, else the next one. */
static void
overlap_all(const struct how *h)
{
	struct depth d[SEGMENTS + 1] = {{.b = bench_new(ROW_ESTABLISHED, &h->at)}};
	uint8_t stream[CELLS * WIDEST];
	unsigned n = 0;

	for (uint32_t i = 0; i < sizeof(stream); i++)
		stream[i] = overlap_byte(i, 0);
	for (unsigned i = 1; i <= h->segments; i++)
		d[i].b = bench_like(d[0].b);
	while (d[0].cut < INTERVALS) {
		overlap_step(d, n, h, stream);
		if (n + 1 < h->segments) {
			d[++n].cut = 0;
			continue;
		}
		while (++d[n].cut == INTERVALS && n > 0)
			n--;
	}
	for (unsigned i = 0; i <= h->segments; i++)
		bench_end(d[i].b);
}

/* The cell in which the numbers go round (or past the sign) is the third. */
static void
overlap_place(struct how *h, uint32_t place)
{
	h->at.iss = place - BENCH_SENT;
	h->at.irs = place - 1 - BENCH_READ - 2 * h->width - h->width / 2;
}

static void
tuples_of_five(void)
{
	struct how h = {.width = 1, .segments = SEGMENTS, .at.sack = true};

	overlap_place(&h, 0);
	overlap_all(&h);
}

static void
tuples_of_four(void)
{
	struct how h = {.segments = 4, .rest = true};

	for (unsigned i = 0; i < 4; i++) {
		h.width = i == 1 || i == 2 ? 1 : 50; /* across the pieces of the buffers, too */
		h.fin = i & 1;
		h.at.sack = i & 2;
		h.at.v6 = i & 1;
		overlap_place(&h, i < 2 ? 0x80000000 : 0);
		overlap_all(&h);
	}
}

static void
tuples_of_three(void)
{
	static const uint32_t places[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
	struct how h = {.segments = 3, .rest = true};

	for (unsigned i = 0; i < 5 * 8; i++) {
		h.width = i & 1 ? WIDEST : 3;
		h.fin = i & 2;
		h.at.sack = i & 4;
		h.at.v6 = i / 8 & 1;
		overlap_place(&h, places[i / 8]);
		overlap_all(&h);
	}
}

/* ---- five segments that do not overlap, in every order -------------------- */

/* The k-th of the 120 orders. */
static void
order_make(unsigned k, unsigned order[SEGMENTS])
{
	unsigned left[SEGMENTS] = {0, 1, 2, 3, 4};

	for (unsigned n = SEGMENTS, i = 0; n > 0; n--, i++) {
		unsigned at = k % n;

		k /= n;
		order[i] = left[at];
		memmove(left + at, left + at + 1, (n - at - 1) * sizeof(left[0]));
	}
}

static void
orders_play(const struct how *h)
{
	struct depth d[SEGMENTS + 1] = {{.b = bench_new(ROW_ESTABLISHED, &h->at)}};
	uint8_t stream[CELLS * WIDEST];

	for (uint32_t i = 0; i < sizeof(stream); i++)
		stream[i] = overlap_byte(i, 0);
	for (unsigned i = 1; i <= SEGMENTS; i++)
		d[i].b = bench_like(d[0].b);
	for (unsigned k = 0; k < 120; k++) {
		unsigned order[SEGMENTS];

		order_make(k, order);
		for (unsigned i = 0; i < SEGMENTS; i++)
			for (unsigned c = 0; c < INTERVALS; c++)
				if (cuts[c].a == order[i] && cuts[c].b == order[i] + 1)
					d[i].cut = c;
		for (unsigned i = 0; i < SEGMENTS; i++)
			overlap_step(d, i, h, stream);
		ok(mask_prefix(d[SEGMENTS].have) == CELLS + (unsigned)h->fin);
	}
	for (unsigned i = 0; i <= SEGMENTS; i++)
		bench_end(d[i].b);
}

static void
orders(void)
{
	static const uint32_t places[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
	struct how h = {.segments = SEGMENTS, .rest = true};

	for (unsigned i = 0; i < 5 * 16; i++) {
		h.width = i & 1 ? WIDEST : 1;
		h.fin = i & 2;
		h.at.sack = i & 4;
		h.at.v6 = i & 8;
		overlap_place(&h, places[i / 16]);
		orders_play(&h);
	}
}

/* ---- bytes that do not agree --------------------------------------------- */

/*
 * Whose byte stands in each cell (0: nobody's).  What can be read never changes.  Of
 * what waits behind a gap, a run that begins at or before the segment keeps its bytes;
 * from one that begins later the segment takes what it covers: as in BSD.
 */
static void
liars_take(uint8_t owner[CELLS + 1], const struct cut *c, uint8_t liar)
{
	unsigned a = c->a, prefix = 0;

	while (owner[prefix])
		prefix++;
	if (a <= prefix)
		a = prefix;
	else
		while (a < c->b && owner[a])
			a++;
	for (; a < c->b; a++)
		owner[a] = liar;
}

/* The first so many tuples of four, each segment with bytes of its own. */
static void
liars_play(const struct how *h, unsigned tuples)
{
	struct bench *from = bench_new(ROW_ESTABLISHED, &h->at), *b = bench_like(from);
	uint8_t wanted[CELLS * WIDEST];

	for (unsigned k = 0; k < tuples; k++) {
		uint8_t owner[CELLS + 1] = {0};
		unsigned rest = k;

		bench_copy(b, from);
		for (unsigned i = 1; i <= SEGMENTS; i++, rest /= INTERVALS) {
			struct cut all = {0, CELLS};
			const struct cut *c = i < SEGMENTS ? &cuts[rest % INTERVALS] : &all;

			overlap_tell(b, h, from->rcv_nxt, c, i);
			liars_take(owner, c, (uint8_t)i);
		}
		for (uint32_t i = 0; i < CELLS * h->width; i++)
			wanted[i] = overlap_byte(i, owner[i / h->width]);
		if (!ok(overlap_read(b, wanted, CELLS * h->width)))
			printf("# liars %u\n", k);
	}
	bench_end(b);
	bench_end(from);
}

static void
liars(void)
{
	enum { THREE = INTERVALS * INTERVALS * INTERVALS };
	struct how h = {.width = 1, .at.sack = true};

	overlap_place(&h, 0);
	liars_play(&h, THREE * INTERVALS);
	h.width = 40;
	h.at.v6 = true;
	overlap_place(&h, 0x80000000);
	liars_play(&h, THREE);
}

/* Text to the last number of the window and a FIN beyond it: RFC 9293 3.10.7.4 first
 * trims the FIN off, as it would text.  It comes again when there is room. */
static void
fin_beyond(void)
{
	static const uint8_t text[BENCH_BUF];

	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct bench *b = bench_new(ROW_FRESH, &(struct place){.v6 = v6, .irs = -500u});
		struct sw_trace t = {.ctl = SW_ACK | SW_FIN, .ack = b->nxt};

		t.seq = b->rcv_nxt + 1;
		t.len = b->rcv_wnd - 1;
		bench_tell(b, &t, text);
		bench_tell(
		    b, &(struct sw_trace){.ctl = SW_ACK, .ack = b->nxt, .seq = t.seq - 1, .len = 1},
		    text);
		bench_quiet(b);
		bench_hear(b, 499 * SW_MS);
		ok(b->state == SW_ESTABLISHED);
		ok(b->n_said == 1 && b->said[0].ack == t.seq + t.len && b->said[0].wnd == 0);
		bench_end(b);
	}
}

int
main(void)
{
	cuts_make();
	TEST("five segments in every order", orders);
	TEST("every five of the fifteen intervals", tuples_of_five);
	TEST("every four, with a FIN, without SACK, IPv6", tuples_of_four);
	TEST("every three, at all places where numbers wrap", tuples_of_three);
	TEST("every four whose bytes differ", liars);
	TEST("a FIN beyond the window", fin_beyond);
	printf("# %lu steps\n", overlap_steps);
	return plan_done();
}
