/*
 * table.c - records by a hash of what names them: open addressing, linear probing,
 * no tombstones.  A slot is 8 bytes: 32 of the hash, and the record's kind and index;
 * so a table grows without a look at a record.  Keys are the caller's to compare.
 */
#include "explain/work.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1 << 10, KIND_SHIFT = 30 };

struct slot {
	uint32_t hash;
	uint32_t ref; /* 0: empty */
};

struct table {
	struct slot *slot;
	uint32_t mask, used;
};

struct table *
ex_table_new(void)
{
	struct table *t = ex_zeroed(sizeof(*t));

	t->slot = ex_zeroed(FIRST_SLOTS * sizeof(t->slot[0]));
	t->mask = FIRST_SLOTS - 1;
	return t;
}

void
ex_table_free(struct table *t)
{
	if (t)
		free(t->slot);
	free(t);
}

size_t
ex_table_bytes(const struct table *t)
{
	return sizeof(*t) + ((size_t)t->mask + 1) * sizeof(t->slot[0]);
}

bool
ex_table_next(const struct table *t, uint64_t hash, uint32_t *at, struct ref *ref)
{
	uint32_t i = *at == NONE ? (uint32_t)hash & t->mask : (*at + 1) & t->mask;

	for (; t->slot[i].ref; i = (i + 1) & t->mask) {
		if (t->slot[i].hash != (uint32_t)hash)
			continue;
		*at = i;
		ref->kind = (enum kind)(t->slot[i].ref >> KIND_SHIFT);
		ref->index = (t->slot[i].ref & ((1u << KIND_SHIFT) - 1)) - 1;
		return true;
	}
	return false;
}

static uint32_t
packed(struct ref ref)
{
	return (uint32_t)ref.kind << KIND_SHIFT | (ref.index + 1);
}

static void
put(struct table *t, uint32_t hash, uint32_t ref)
{
	uint32_t i = hash & t->mask;

	while (t->slot[i].ref)
		i = (i + 1) & t->mask;
	t->slot[i] = (struct slot){hash, ref};
}

/* Twice the slots. */
static void
grow(struct table *t)
{
	struct slot *old = t->slot;
	uint32_t slots = t->mask + 1;

	t->slot = ex_zeroed((size_t)slots * 2 * sizeof(t->slot[0]));
	t->mask = slots * 2 - 1;
	for (uint32_t i = 0; i < slots; i++)
		if (old[i].ref)
			put(t, old[i].hash, old[i].ref);
	free(old);
}

void
ex_table_add(struct table *t, uint64_t hash, struct ref ref)
{
	if (++t->used > (t->mask + 1) / 4 * 3)
		grow(t);
	put(t, (uint32_t)hash, packed(ref));
}

void
ex_table_set(struct table *t, uint32_t at, struct ref ref)
{
	t->slot[at].ref = packed(ref);
}

/* What stands behind and could stand here moves up, so that no search ends too early. */
void
ex_table_del(struct table *t, uint32_t at)
{
	uint32_t hole = at, i = at;

	t->used--;
	for (;;) {
		uint32_t home;

		i = (i + 1) & t->mask;
		if (!t->slot[i].ref)
			break;
		home = t->slot[i].hash & t->mask;
		if (((i - home) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole].ref = 0;
}

void
ex_table_prefetch(const struct table *t, uint64_t hash)
{
	__builtin_prefetch(&t->slot[(uint32_t)hash & t->mask]);
}

/* All records, in no order: begin with 0. */
bool
ex_table_walk(const struct table *t, uint32_t *at, struct ref *ref)
{
	for (; *at <= t->mask; ++*at) {
		uint32_t packed_ref = t->slot[*at].ref;

		if (!packed_ref)
			continue;
		ref->kind = (enum kind)(packed_ref >> KIND_SHIFT);
		ref->index = (packed_ref & ((1u << KIND_SHIFT) - 1)) - 1;
		++*at;
		return true;
	}
	return false;
}
