/*
 * bench_bulk.c - one connection moves bytes: CPU time of both ends, ACKs and all.
 *
 * The programs at the ends write and read pieces of 10 segments from and to rings
 * of 64 KiB; or they take room and look at text where it stands, and copy nothing.  Then,
 * and with super-segments, the link writes into memory that the receiver lends.
 * The clock goes on by the time that the packets would take on a wire of 100 Gbit/s, so
 * that round trips are as long as a window is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { RING = 65536, PIECE = 14600, SEGMENT = 1460, TURNS = 64, MTU = 1500 };
enum { NS_A_PACKET = 120, GSO = 65535, CHUNK_SUPER = 65536, PIECES = 64 };

struct bulk {
	struct bench_world w;
	sw_conn a, b; /* b 0: not accepted yet */
	uint8_t *ring[2];
	uint64_t sent, taken;
	bool lent;
	bool wrong;
};

/* By memory that is lent: all the room, and all the text, that there is. */
static void
lent_send(struct bulk *k)
{
	struct sw_stack *a = k->w.end[END_A].stack;
	struct sw_room room[PIECES];
	ptrdiff_t n;
	size_t sum;

	do {
		n = sw_send_room(a, k->w.now, k->a, room, PIECES);
		sum = 0;
		for (ptrdiff_t i = 0; i < n; i++)
			sum += room[i].len;
		k->wrong |= n < 0 && n != SW_E_AGAIN;
		if (n > 0)
			k->wrong |= sw_send_done(a, k->w.now, k->a, sum, 0) != (ptrdiff_t)sum;
		k->sent += sum;
	} while (n == PIECES);
}

static void
lent_receive(struct bulk *k)
{
	struct sw_stack *b = k->w.end[END_B].stack;
	struct sw_text text[PIECES];
	ptrdiff_t n;
	size_t sum;

	do {
		n = sw_receive_peek(b, k->b, text, PIECES);
		sum = 0;
		for (ptrdiff_t i = 0; i < n; i++)
			sum += text[i].len;
		k->wrong |= n <= 0 && n != SW_E_AGAIN;
		if (n > 0)
			k->wrong |= sw_receive_done(b, k->w.now, k->b, sum) != (ptrdiff_t)sum;
		k->taken += sum;
	} while (n == PIECES);
}

static void
bulk_send(struct bulk *k)
{
	ptrdiff_t n;

	do {
		n = sw_send(k->w.end[END_A].stack, k->w.now, k->a,
			    k->ring[END_A] + k->sent % (RING - PIECE), PIECE, 0);
		k->sent += n > 0 ? (uint64_t)n : 0;
		k->wrong |= n < 0 && n != SW_E_AGAIN;
	} while (n == PIECE);
}

static void
bulk_receive(struct bulk *k)
{
	ptrdiff_t n;

	do {
		n = sw_receive(k->w.end[END_B].stack, k->w.now, k->b,
			       k->ring[END_B] + k->taken % (RING - PIECE), PIECE);
		k->taken += n > 0 ? (uint64_t)n : 0;
		k->wrong |= n <= 0 && n != SW_E_AGAIN;
	} while (n == PIECE);
}

/* What the programs at both ends do when there is news. */
static void
bulk_programs(struct bulk *k)
{
	struct sw_event e;

	while (sw_event(k->w.end[END_B].stack, &e)) {
		if (e.ready & SW_ACCEPTABLE)
			sw_accept(k->w.end[END_B].stack, k->w.now, e.conn, &k->b);
		else if (e.ready & SW_READABLE)
			(k->lent ? lent_receive : bulk_receive)(k);
	}
	while (sw_event(k->w.end[END_A].stack, &e))
		if (e.ready & SW_WRITABLE)
			(k->lent ? lent_send : bulk_send)(k);
}

/* One way and back. */
static void
bulk_turn(struct bulk *k)
{
	size_t n = world_carry(&k->w, END_A);
	struct sw_stack *a = k->w.end[END_A].stack, *b = k->w.end[END_B].stack;
	sw_ns next;

	bulk_programs(k);
	n += world_carry(&k->w, END_B);
	bulk_programs(k);
	if (n > 0) {
		k->w.now += n * NS_A_PACKET;
		return;
	}
	next = sw_deadline(a) < sw_deadline(b) ? sw_deadline(a) : sw_deadline(b);
	k->wrong |= next == SW_NEVER;
	k->w.now = next > k->w.now ? next : k->w.now + NS_A_PACKET;
}

static void
bulk_for(struct bulk *k, double seconds)
{
	double end = bench_cpu() + seconds;

	do {
		for (int i = 0; i < TURNS && !k->wrong; i++)
			bulk_turn(k);
	} while (bench_cpu() < end && !k->wrong);
}

static bool
bulk_make(struct bulk *k, const struct bench *job)
{
	struct sw_iface kind = {.link = SW_LINK_IP, .mtu = MTU, .gso_max = job->super ? GSO : 0};
	struct sw_endpoint to = {.port = WORLD_PORT};
	struct sw_config c;

	kind.tx_csum = job->super || job->no_sums;
	world_config(&c);
	c.snd_buf = c.rcv_buf = job->window;
	if (job->super) /* so that one goes into a buffer */
		c.chunk_bytes = CHUNK_SUPER;
	c.chunks = 8 * (job->window / c.chunk_bytes) + (job->super ? 256 : 4096);
	memset(k, 0, sizeof(*k));
	k->lent = job->lent;
	for (int i = END_A; i <= END_B; i++)
		if ((k->ring[i] = calloc(1, RING)) == NULL)
			return false;
	if (!world_make(&k->w, &c, &kind, job->huge))
		return false;
	k->w.lends = job->super || job->lent;
	if (job->super && !job->no_sums)
		k->w.sum = sw_simd_sum(sw_simd_best());
	to.addr = k->w.end[END_B].addr4;
	return sw_open_active(k->w.end[END_A].stack, k->w.now, NULL, &to, &k->a) == SW_OK;
}

/* What was sent again was lost, and nothing here loses. */
static bool
bulk_clean(const struct bulk *k)
{
	struct sw_counters c[2] = {{.bytes = sizeof(c[0])}, {.bytes = sizeof(c[0])}};

	for (int i = END_A; i <= END_B; i++)
		sw_counters(k->w.end[i].stack, &c[i]);
	return !k->wrong && k->taken > 0 && c[END_A].retransmits == 0 && c[END_A].rtos == 0 &&
	       c[END_B].verdict[SW_V_BAD_SUM] == 0;
}

static void
bulk_run(struct bulk *k, const struct bench *job, struct bench_figure *f)
{
	struct sw_counters before = {.bytes = sizeof(before)}, after = before;
	uint64_t from = k->taken;
	double start = bench_cpu(), spent, segments;

	sw_counters(k->w.end[END_B].stack, &before);
	bulk_for(k, (double)job->time / 1e9);
	spent = bench_cpu() - start;
	sw_counters(k->w.end[END_B].stack, &after);
	segments = (double)(k->taken - from) / SEGMENT;
	figure_run(f, spent * 1e9 / segments);
	if (f->runs < job->runs)
		return;
	figure_note(f, "segments", segments);
	figure_note(f, "packets_there", (double)(after.packets_in - before.packets_in) / segments);
	figure_note(f, "packets_back", (double)(after.packets_out - before.packets_out) / segments);
}

bool
bench_bulk(const struct bench *job, struct bench_figure *f)
{
	struct bulk k;
	bool good = bulk_make(&k, job);

	f->unit = "ns a 1460-byte segment";
	if (!good)
		figure_wrong(f, "no memory for two stacks");
	if (good)
		bulk_for(&k, 0.05); /* caches warm, window open */
	for (uint32_t i = 0; good && i < job->runs; i++) {
		bulk_run(&k, job, f);
		good = bulk_clean(&k) || figure_wrong(f, "the transfer was not clean");
	}
	if (good) {
		figure_note(f, "gbit_s", SEGMENT * 8 / figure_median(f));
		snprintf(f->text, sizeof(f->text),
			 "%.1f ns a 1460-byte segment, both ends; %.1f Gbit/s a core",
			 figure_median(f), SEGMENT * 8 / figure_median(f));
	}
	world_free(&k.w);
	free(k.ring[END_A]);
	free(k.ring[END_B]);
	return good;
}
