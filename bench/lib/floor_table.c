/*
 * floor_table.c - finding connections: a table of 8-byte slots, half full, that leads
 * to blocks of two cache lines; what a lifecycle costs on it, and a cookie without it.
 */
#include <string.h>

#include "floor.h"

enum { BATCH = 32, EMPTY = 0, PACKET = 64, SYN_BYTES = 60 };

struct slot {
	uint32_t hash, ref; /* 0: empty */
};

struct block { /* two cache lines; the first is looked at to compare */
	uint64_t key[2];
	uint64_t state[6];
	uint64_t more[8];
};

struct demux {
	struct slot *slot;
	struct block *block;
	uint64_t n, mask, seed, found;
	uint64_t *key; /* of all, to choose from */
};

static inline uint32_t
key_hash(uint64_t key)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15) >> 32);
}

static void
demux_add(struct demux *d, uint64_t key, uint32_t ref)
{
	uint64_t at = key_hash(key) & d->mask;

	while (d->slot[at].ref != EMPTY)
		at = (at + 1) & d->mask;
	d->slot[at] = (struct slot){key_hash(key), ref};
}

static void
demux_make(struct demux *d, uint64_t n)
{
	uint64_t slots = 16;

	while (slots < 2 * n)
		slots *= 2;
	memset(d, 0, sizeof(*d));
	d->n = n;
	d->mask = slots - 1;
	d->slot = floor_memory(slots * sizeof(*d->slot));
	d->block = floor_memory((n + 1) * sizeof(*d->block));
	d->seed = 7;
	for (uint64_t i = 1; i <= n; i++) {
		d->block[i].key[0] = i * 0xd1342543de82ef95;
		demux_add(d, d->block[i].key[0], (uint32_t)i);
	}
}

/* The key of a random connection, without looking at its block. */
static inline uint64_t
demux_some(struct demux *d)
{
	return (1 + (uint64_t)(((floor_random(&d->seed) >> 32) * d->n) >> 32)) * 0xd1342543de82ef95;
}

static inline struct block *
demux_find(const struct demux *d, uint64_t key)
{
	uint32_t hash = key_hash(key);

	for (uint64_t at = hash & d->mask; d->slot[at].ref != EMPTY; at = (at + 1) & d->mask)
		if (d->slot[at].hash == hash && d->block[d->slot[at].ref].key[0] == key)
			return &d->block[d->slot[at].ref];
	return NULL;
}

/* A lookup, and both lines are written to. */
static void
demux_one(void *ctx, uint64_t rounds)
{
	struct demux *d = ctx;

	for (; rounds > 0; rounds--) {
		struct block *b = demux_find(d, demux_some(d));

		b->state[0]++;
		d->seed ^= b->more[0] & 0; /* the next waits for this one */
		d->found += ++b->more[0] != 0;
		floor_wait();
	}
}

static void
demux_batch(void *ctx, uint64_t rounds)
{
	struct demux *d = ctx;
	uint64_t key[BATCH];

	for (; rounds > 0; rounds -= rounds < BATCH ? rounds : BATCH) {
		for (int i = 0; i < BATCH; i++) {
			key[i] = demux_some(d);
			__builtin_prefetch(&d->slot[key_hash(key[i]) & d->mask]);
		}
		for (int i = 0; i < BATCH; i++) {
			const struct block *b = &d->block[d->slot[key_hash(key[i]) & d->mask].ref];

			__builtin_prefetch(b);
			__builtin_prefetch(&b->more);
		}
		for (int i = 0; i < BATCH; i++) {
			struct block *b = demux_find(d, key[i]);

			b->state[0]++;
			d->found += ++b->more[0] != 0;
		}
	}
}

double
floor_demux(long arg)
{
	static struct demux d;
	uint64_t n = (uint64_t)(arg < 0 ? -arg : arg);

	if (d.n != n)
		demux_make(&d, n);
	return floor_time(arg < 0 ? demux_batch : demux_one, &d);
}

/* ---- a cookie --------------------------------------------------------------- */

struct cookie {
	uint8_t (*syn)[PACKET];
	uint8_t answer[PACKET];
	uint64_t key[2], bad;
	sw_simd_summer *sum;
};

enum { SYNS = 4096 };

/* A SYN from anywhere: verified, and its SYN-ACK with a keyed number written. */
static void
cookie_work(void *ctx, uint64_t rounds)
{
	struct cookie *c = ctx;
	uint64_t a, b, f;
	uint16_t w;

	for (; rounds > 0; rounds--) {
		const uint8_t *p = c->syn[rounds % SYNS];

		c->bad += c->sum(p, 20) == 1;
		c->bad += c->sum(p + 20, SYN_BYTES - 20) == 1;
		memcpy(&a, p + 12, 8);
		memcpy(&b, p + 20, 8);
		f = floor_siphash(c->key, a, b);
		memcpy(c->answer, p, 12);
		memcpy(c->answer + 12, p + 16, 4);
		memcpy(c->answer + 16, p + 12, 4);
		memcpy(c->answer + 20, p + 20, SYN_BYTES - 20);
		memcpy(c->answer + 24, &f, 4);
		memcpy(c->answer + 28, p + 24, 4);
		w = (uint16_t)~c->sum(c->answer, 20);
		memcpy(c->answer + 10, &w, 2);
		w = (uint16_t)~c->sum(c->answer + 20, SYN_BYTES - 20);
		memcpy(c->answer + 36, &w, 2);
		floor_keep(c->answer);
	}
}

double
floor_cookie(long arg)
{
	struct cookie c = {.key = {1, 2}, .sum = sw_simd_sum(sw_simd_best())};
	uint64_t seed = 3;

	(void)arg;
	c.syn = floor_memory(sizeof(*c.syn) * SYNS);
	for (int i = 0; i < SYNS; i++)
		for (int k = 0; k < PACKET; k++)
			c.syn[i][k] = (uint8_t)floor_random(&seed);
	return floor_time(cookie_work, &c);
}

/* ---- a lifecycle -------------------------------------------------------------- */

enum { LIFE_PACKETS = 7, LIFE_BYTES = 53, WHEEL = 64, LIFE_BLOCKS = 64 };

struct life {
	struct demux d;
	uint64_t key[2];
	uint32_t free[LIFE_BLOCKS], frees, wheel[WHEEL];
	uint8_t snd[PACKET], frame[PACKET];
	sw_simd_copier *copy_sum;
	sw_simd_summer *sum;
	uint64_t bad;
};

/* Takes an entry out; what stands behind it because of it moves up. */
static void
demux_remove(struct demux *d, uint64_t key)
{
	uint64_t hole = key_hash(key) & d->mask, at;

	while (d->block[d->slot[hole].ref].key[0] != key)
		hole = (hole + 1) & d->mask;
	for (at = (hole + 1) & d->mask; d->slot[at].ref != EMPTY; at = (at + 1) & d->mask) {
		if (((at - d->slot[at].hash) & d->mask) < ((at - hole) & d->mask))
			continue;
		d->slot[hole] = d->slot[at];
		hole = at;
	}
	d->slot[hole].ref = EMPTY;
}

/* A block taken, cleared, on the wheel and in the table. */
static void
life_open(struct life *l, uint64_t key)
{
	uint32_t i = l->free[--l->frees];
	struct block *b = &l->d.block[i];

	memset(b, 0, 2 * sizeof(*b));
	b->key[0] = key;
	b->state[1] = l->wheel[key % WHEEL];
	l->wheel[key % WHEEL] = i;
	demux_add(&l->d, key, i);
}

static void
life_close(struct life *l, uint64_t key)
{
	struct block *b = demux_find(&l->d, key);

	l->wheel[key % WHEEL] = (uint32_t)b->state[1];
	demux_remove(&l->d, key);
	l->free[l->frees++] = (uint32_t)(b - l->d.block);
}

/* Seven packets: built, summed, copied, verified, found. */
static void
life_packets(struct life *l, const uint64_t key[2])
{
	for (uint32_t i = 0; i < LIFE_PACKETS; i++) {
		struct block *b;
		uint32_t made;

		memcpy(l->snd + 12, &key[i % 2], 8);
		memcpy(l->snd + 24, &i, 4);
		made = l->copy_sum(l->frame, l->snd, LIFE_BYTES);
		floor_keep(l->frame);
		l->bad += l->sum(l->frame, LIFE_BYTES) != made;
		l->bad += floor_siphash(l->key, key[i % 2], i) == 1;
		b = demux_find(&l->d, key[i % 2]);
		b->state[2] += i;
		b->more[1] += made;
	}
}

static void
life_work(void *ctx, uint64_t rounds)
{
	struct life *l = ctx;

	for (; rounds > 0; rounds--) {
		uint64_t key[2] = {floor_random(&l->d.seed) | 1, floor_random(&l->d.seed) | 1};

		life_open(l, key[0]);
		life_open(l, key[1]);
		life_packets(l, key);
		life_close(l, key[0]);
		life_close(l, key[1]);
	}
}

double
floor_life(long arg)
{
	struct life l = {.key = {1, 2},
			 .copy_sum = sw_simd_copy_sum(sw_simd_best()),
			 .sum = sw_simd_sum(sw_simd_best())};

	(void)arg;
	demux_make(&l.d, 2 * LIFE_BLOCKS);
	memset(l.d.slot, 0, (l.d.mask + 1) * sizeof(*l.d.slot));
	for (uint32_t i = 0; i < LIFE_BLOCKS; i++)
		l.free[l.frees++] = 2 * i + 1;
	return floor_time(life_work, &l);
}
