/*
 * bag.h - records of one size, each kept once and named by its number: what the
 * search remembers stands in bags.  Bounded: one that needs more says so.
 */
#ifndef SW_EXPLORE_BAG_H
#define SW_EXPLORE_BAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory { /* what all bags together may use */
	size_t most, used;
	bool full; /* more was needed */
};

struct bag {
	char *at;
	uint32_t n, cap;
	uint32_t size;	/* of a record */
	uint32_t key;	/* how many of its bytes tell it apart: the first; a multiple of 4 */
	uint64_t *slot; /* open addressing: hash << 32 | number + 1; 0: free */
	uint32_t slots; /* a power of two; 0: none yet */
	struct memory *memory;
};
#define BAG_NONE UINT32_MAX

void bag_begin(struct bag *, struct memory *, uint32_t size, uint32_t key);
void bag_end(struct bag *);
/* The number of the record with this key; `fresh`: it was not there and is now a copy
 * of this one.  BAG_NONE: full. */
uint32_t bag_put(struct bag *, const void *record, bool *fresh);
/* The number of the record with this key; BAG_NONE: there is none. */
uint32_t bag_find(const struct bag *, const void *key);

/* Soon one with this key will be asked for. */
void bag_soon(const struct bag *, const void *key);

static inline void *
bag_at(const struct bag *b, uint32_t i)
{
	return b->at + (size_t)i * b->size;
}

struct heap { /* words that are kept as they came */
	uint64_t *words;
	size_t n, cap;
	struct memory *memory;
};

/* Room for n more words behind the last; NULL: full. */
uint64_t *heap_room(struct heap *, size_t n);
void heap_end(struct heap *);

/* Two words into one that depends on every bit of both. */
static inline uint64_t
stir(uint64_t d, uint64_t v)
{
	d ^= v + 0x9e3779b97f4a7c15 + (d << 6) + (d >> 2);
	d = (d ^ d >> 30) * 0xbf58476d1ce4e5b9;
	d = (d ^ d >> 27) * 0x94d049bb133111eb;
	return d ^ d >> 31;
}

#endif
