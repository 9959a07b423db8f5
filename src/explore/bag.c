/*
 * bag.c - records kept once, by open addressing over an array that grows.
 */
#include "explore/bag.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_RECORDS = 1 << 8, FIRST_SLOTS = 1 << 9 };

/* Grown within the bound; NULL: it would be too much. */
static void *
grow(struct memory *m, void *old, size_t was, size_t wanted)
{
	void *grown = NULL;

	if (m->used - was + wanted <= m->most)
		grown = realloc(old, wanted);
	if (grown == NULL)
		m->full = true;
	else
		m->used += wanted - was;
	return grown;
}

void
bag_begin(struct bag *b, struct memory *m, uint32_t size, uint32_t key)
{
	*b = (struct bag){.size = size, .key = key, .memory = m};
}

void
bag_end(struct bag *b)
{
	if (b->memory != NULL)
		b->memory->used -= (size_t)b->cap * b->size + b->slots * sizeof(*b->slot);
	free(b->at);
	free(b->slot);
	*b = (struct bag){0};
}

static uint32_t
hash(const void *key, uint32_t bytes)
{
	const char *at = key;
	uint64_t d = bytes, v;
	uint32_t half;

	for (; bytes >= sizeof(v); bytes -= (uint32_t)sizeof(v), at += sizeof(v)) {
		memcpy(&v, at, sizeof(v));
		d = (d ^ v) * 0x9fb21c651e98df25;
		d ^= d >> 32;
	}
	if (bytes > 0) {
		memcpy(&half, at, sizeof(half));
		d = (d ^ half) * 0x9fb21c651e98df25;
	}
	d = (d ^ d >> 29) * 0xbf58476d1ce4e5b9;
	return (uint32_t)(d >> 32);
}

/* Where the record with this key stands, or would; most others are told by their hash. */
static uint64_t *
bag_slot(const struct bag *b, const void *key, uint32_t hashed)
{
	uint32_t i = hashed & (b->slots - 1);

	while (b->slot[i] != 0 && (b->slot[i] >> 32 != hashed ||
				   memcmp(bag_at(b, (uint32_t)b->slot[i] - 1), key, b->key) != 0))
		i = (i + 1) & (b->slots - 1);
	return &b->slot[i];
}

static bool
bag_more_slots(struct bag *b)
{
	uint32_t slots = b->slots ? 2 * b->slots : FIRST_SLOTS, at;
	size_t bytes = slots * sizeof(*b->slot);
	uint64_t *more = NULL;

	if (b->memory->used + bytes <= b->memory->most)
		more = calloc(slots, sizeof(*b->slot));
	if (more == NULL) {
		b->memory->full = true;
		return false;
	}
	for (uint32_t i = 0; i < b->slots; i++) {
		if (b->slot[i] == 0)
			continue;
		at = (uint32_t)(b->slot[i] >> 32) & (slots - 1);
		while (more[at] != 0)
			at = (at + 1) & (slots - 1);
		more[at] = b->slot[i];
	}
	free(b->slot);
	b->slot = more;
	b->memory->used += bytes - b->slots * sizeof(*b->slot);
	b->slots = slots;
	return true;
}

/* Room for one record more. */
static bool
bag_room(struct bag *b)
{
	uint32_t cap = b->cap ? b->cap + b->cap / 2 : FIRST_RECORDS;
	void *more;

	if (b->n == b->cap) {
		more = grow(b->memory, b->at, (size_t)b->cap * b->size, (size_t)cap * b->size);
		if (more == NULL || cap > UINT32_MAX / 2)
			return false;
		b->at = more;
		b->cap = cap;
	}
	return b->n < b->slots / 3 * 2 || bag_more_slots(b);
}

/* The number of the record with this key, put there if it was not; BAG_NONE: full. */
uint32_t
bag_put(struct bag *b, const void *record, bool *fresh)
{
	uint32_t hashed = hash(record, b->key);
	uint64_t *slot;

	*fresh = false;
	if ((b->n == b->cap || b->n >= b->slots / 3 * 2) && !bag_room(b))
		return BAG_NONE;
	slot = bag_slot(b, record, hashed);
	if (*slot != 0)
		return (uint32_t)*slot - 1;
	*fresh = true;
	memcpy(bag_at(b, b->n), record, b->size);
	*slot = (uint64_t)hashed << 32 | ++b->n;
	return b->n - 1;
}

/* Soon one with this key will be asked for: its slot may come from memory meanwhile. */
void
bag_soon(const struct bag *b, const void *key)
{
	if (b->slots > 0)
		__builtin_prefetch(&b->slot[hash(key, b->key) & (b->slots - 1)]);
}

/* The number of the record with this key; BAG_NONE: there is none. */
uint32_t
bag_find(const struct bag *b, const void *key)
{
	uint64_t *slot = b->n > 0 ? bag_slot(b, key, hash(key, b->key)) : NULL;

	return slot != NULL && *slot != 0 ? (uint32_t)*slot - 1 : BAG_NONE;
}

/* Room for n more words behind the last; NULL: full. */
uint64_t *
heap_room(struct heap *h, size_t n)
{
	size_t cap = h->cap + h->cap / 2 + n;
	void *more;

	if (h->cap - h->n < n) {
		more =
		    grow(h->memory, h->words, h->cap * sizeof(*h->words), cap * sizeof(*h->words));
		if (more == NULL)
			return NULL;
		h->words = more;
		h->cap = cap;
	}
	return h->words + h->n;
}

void
heap_end(struct heap *h)
{
	if (h->memory != NULL)
		h->memory->used -= h->cap * sizeof(*h->words);
	free(h->words);
	*h = (struct heap){0};
}
