/*
 * table.h - the keyed hash table of everything that has a four-tuple.
 *
 * Open addressing with 8-byte slots (32 bits of hash, 32 bits of reference),
 * kept ordered by hash (linear probing in hash order), so that it grows in
 * place: an eighth more spreads the same order out, from the top down, some slots an
 * add.  Its space is reserved in the arena and touched only as it grows.
 * The table does not know the keys: a lookup gives the references whose hash
 * agrees, one after the other, and the caller compares.
 */
#ifndef SW_BASE_TABLE_H
#define SW_BASE_TABLE_H

#include "base/base.h"

struct table_slot {
	uint32_t hash, ref; /* ref NONE: empty */
};

struct table {
	uint64_t distance; /* from this struct to slot 0 */
	uint32_t used, cap; /* entries now, entries at most */
	uint32_t homes;	   /* now; growing: before */
	uint32_t next;	   /* growing: then; else the same */
	uint64_t split;	   /* growing: hashes at and above it have moved; else 2^32 */
};

size_t table_bytes(uint32_t cap); /* of the slots to reserve; cap at most 2^26 */
size_t table_extent(const struct table *); /* bytes from slot 0 on that were ever touched */
void table_init(struct table *, void *slots, uint32_t cap);
bool table_add(struct table *, uint32_t hash, uint32_t ref); /* false: full */
bool table_remove(struct table *, uint32_t hash, uint32_t ref); /* false: not there */
bool table_change(struct table *, uint32_t hash, uint32_t old_ref, uint32_t new_ref);

/* for (ref = table_first(t, hash, &it); ref != NONE; ref = table_next(t, hash, &it)) */
uint32_t table_first(const struct table *, uint32_t hash, uint32_t *it);
uint32_t table_next(const struct table *, uint32_t hash, uint32_t *it);
void table_prefetch(const struct table *, uint32_t hash);

#endif
