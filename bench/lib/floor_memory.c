/*
 * floor_memory.c - copies, sums, loads; and what the text of one segment costs from
 * program to program without any protocol.
 */
#include <string.h>

#include "floor.h"

enum { BUFFERS = 256, BUFFER = 2048, PAGE = 4096, BLOCK = 64 };
enum { LOADS = 64 };

/* ---- copies and sums of 1460 bytes ---------------------------------------- */

struct memory {
	uint8_t *from, *to;
	size_t step, size; /* the next segment lies `step` on, around `size` */
	sw_simd_copier *copy_sum;
	sw_simd_summer *sum;
};

static void
copy_work(void *ctx, uint64_t rounds)
{
	struct memory *m = ctx;

	for (size_t at = 0; rounds > 0; rounds--) {
		memcpy(m->to + at, m->from + at, FLOOR_SEGMENT);
		floor_keep(m->to);
		at = at + m->step >= m->size ? 0 : at + m->step;
	}
}

double
floor_copy(long arg)
{
	static const size_t sizes[] = {1, 1, BUFFERS * BUFFER, 8 << 20, 256 << 20};
	size_t size = sizes[arg], off = arg == FLOOR_SAME_OFFSET ? PAGE : PAGE + PAGE / 2;
	struct memory m = {.step = BUFFER, .size = size};

	m.from = floor_memory(size + BUFFER);
	m.to = (uint8_t *)floor_memory(size + BUFFER + 2 * PAGE) + off;
	return floor_time(copy_work, &m);
}

static void
sum_work(void *ctx, uint64_t rounds)
{
	struct memory *m = ctx;
	uint32_t sum = 0;

	for (; rounds > 0; rounds--) {
		sum += m->sum(m->from, FLOOR_SEGMENT);
		floor_keep(&sum);
	}
}

/* As a first version would be written. */
static uint32_t
sum_16(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t sum = 0;
	uint16_t w;

	for (; n >= 2; p += 2, n -= 2) {
		memcpy(&w, p, 2);
		sum += w;
		__asm__("" : "+r"(sum)); /* no vectors: that is another floor */
	}
	return (sum & 0xffff) + (sum >> 16);
}

double
floor_sum(long arg)
{
	struct memory m = {.sum = arg < 0 ? sum_16 : sw_simd_sum((enum sw_simd)arg)};

	m.from = floor_memory(BUFFER);
	return m.sum == NULL ? 0 : floor_time(sum_work, &m);
}

static void
copy_sum_work(void *ctx, uint64_t rounds)
{
	struct memory *m = ctx;
	uint32_t sum = 0;

	for (size_t at = 0; rounds > 0; rounds--) {
		sum += m->copy_sum(m->to + at, m->from + at, FLOOR_SEGMENT);
		floor_keep(&sum);
		at = at + m->step >= m->size ? 0 : at + m->step;
	}
}

double
floor_copy_sum(long arg)
{
	struct memory m = {.step = BUFFER, .size = FLOOR_RING};

	m.copy_sum = sw_simd_copy_sum((enum sw_simd)arg);
	m.from = floor_memory(FLOOR_RING + BUFFER);
	m.to = (uint8_t *)floor_memory(FLOOR_RING + BUFFER + PAGE) + 566;
	return m.copy_sum == NULL ? 0 : floor_time(copy_sum_work, &m);
}

static void
apart_work(void *ctx, uint64_t rounds)
{
	struct memory *m = ctx;
	uint32_t sum = 0;

	for (size_t at = 0; rounds > 0; rounds--) {
		memcpy(m->to + at, m->from + at, FLOOR_SEGMENT);
		sum += m->sum(m->to + at, FLOOR_SEGMENT);
		floor_keep(&sum);
		at = at + m->step >= m->size ? 0 : at + m->step;
	}
}

double
floor_apart(long arg)
{
	struct memory m = {.step = BUFFER, .size = FLOOR_RING};

	m.sum = sw_simd_sum((enum sw_simd)arg);
	m.from = floor_memory(FLOOR_RING + BUFFER);
	m.to = (uint8_t *)floor_memory(FLOOR_RING + BUFFER + PAGE) + 566;
	return m.sum == NULL ? 0 : floor_time(apart_work, &m);
}

/* ---- loads ---------------------------------------------------------------- */

static void
load_work(void *ctx, uint64_t rounds)
{
	const uint64_t *line = *(uint64_t *const *)ctx, at = 0, *p = line;
	uint64_t next = at;

	for (; rounds > 0; rounds--)
		next = p[next];
	floor_keep(&next);
}

/* Lines that point at each other in a random order, all in one circle. */
double
floor_load(long arg)
{
	size_t n = (size_t)arg / BLOCK, words = BLOCK / 8;
	uint64_t *line = floor_memory((size_t)arg), seed = 1, swap;

	for (size_t i = 0; i < n; i++)
		line[i * words] = i * words;
	for (size_t i = n - 1; i > 0; i--) { /* Sattolo: one circle */
		size_t j = floor_random(&seed) % i;

		swap = line[i * words];
		line[i * words] = line[j * words];
		line[j * words] = swap;
	}
	return floor_time(load_work, &line);
}

/* ---- from program to program ------------------------------------------------ */

/*
 * A segment's text: from the program's ring (in) into the sender's (snd), into a frame
 * of the link, and out of it into the other program's ring (out).
 */
struct payload {
	uint8_t *in, *snd, *frame, *out;
	sw_simd_copier *copy_sum;
	sw_simd_summer *sum;
	uint32_t bad;
};

static void
payload_apart(void *ctx, uint64_t rounds)
{
	struct payload *p = ctx;

	for (size_t at = 0; rounds > 0; rounds--) {
		uint32_t made;

		memcpy(p->snd + at, p->in + at, FLOOR_SEGMENT);
		made = p->sum(p->snd + at, FLOOR_SEGMENT);
		memcpy(p->frame + at, p->snd + at, FLOOR_SEGMENT);
		p->bad += p->sum(p->frame + at, FLOOR_SEGMENT) != made;
		memcpy(p->out + at, p->frame + at, FLOOR_SEGMENT);
		at = at >= FLOOR_RING - 2 * BUFFER ? 0 : at + FLOOR_SEGMENT;
		floor_keep(p->out);
	}
}

static void
payload_fused(void *ctx, uint64_t rounds)
{
	struct payload *p = ctx;

	for (size_t at = 0; rounds > 0; rounds--) {
		uint32_t made;

		memcpy(p->snd + at, p->in + at, FLOOR_SEGMENT);
		made = p->copy_sum(p->frame + at, p->snd + at, FLOOR_SEGMENT);
		p->bad += p->copy_sum(p->out + at, p->frame + at, FLOOR_SEGMENT) != made;
		at = at >= FLOOR_RING - 2 * BUFFER ? 0 : at + FLOOR_SEGMENT;
		floor_keep(p->out);
	}
}

static void
payload_link(void *ctx, uint64_t rounds)
{
	struct payload *p = ctx;

	for (size_t at = 0; rounds > 0; rounds--) {
		memcpy(p->frame + at, p->snd + at, FLOOR_SEGMENT);
		at = at >= FLOOR_RING - 2 * BUFFER ? 0 : at + FLOOR_SEGMENT;
		floor_keep(p->frame);
	}
}

static void
payload_sums(void *ctx, uint64_t rounds)
{
	struct payload *p = ctx;

	for (size_t at = 0; rounds > 0; rounds--) {
		uint32_t made = p->sum(p->snd + at, FLOOR_SEGMENT);

		floor_keep(&made);
		p->bad += p->sum(p->snd + at, FLOOR_SEGMENT) != made;
		at = at >= FLOOR_RING - 2 * BUFFER ? 0 : at + FLOOR_SEGMENT;
	}
}

static void
payload_two(void *ctx, uint64_t rounds)
{
	struct payload *p = ctx;

	for (size_t at = 0; rounds > 0; rounds--) {
		uint32_t made = p->copy_sum(p->snd + at, p->in + at, FLOOR_SEGMENT);

		p->bad += p->copy_sum(p->out + at, p->snd + at, FLOOR_SEGMENT) != made;
		at = at >= FLOOR_RING - 2 * BUFFER ? 0 : at + FLOOR_SEGMENT;
		floor_keep(p->out);
	}
}

/* Only a header is written, and read. */
static void
payload_header(void *ctx, uint64_t rounds)
{
	struct payload *p = ctx;
	uint32_t made;
	static const uint8_t header[52];

	for (size_t at = 0; rounds > 0; rounds--) {
		memcpy(p->frame + at, header, sizeof(header));
		floor_keep(p->frame);
		memcpy(&made, p->frame + at + 4, sizeof(made));
		p->bad += made;
		at = at >= FLOOR_RING - 2 * BUFFER ? 0 : at + FLOOR_SEGMENT;
	}
}

double
floor_payload(long arg)
{
	static floor_work *const works[] = {payload_apart, payload_fused, payload_link,
					    payload_sums,  payload_two,	  payload_header};
	struct payload p = {.sum = sw_simd_sum(sw_simd_best()),
			    .copy_sum = sw_simd_copy_sum(sw_simd_best())};

	p.in = floor_memory(FLOOR_RING);
	p.snd = (uint8_t *)floor_memory(FLOOR_RING + PAGE) + 1024;
	p.frame = (uint8_t *)floor_memory(FLOOR_RING + PAGE) + 2048;
	p.out = (uint8_t *)floor_memory(FLOOR_RING + PAGE) + 566;
	return floor_time(works[arg - 'A'], &p);
}
