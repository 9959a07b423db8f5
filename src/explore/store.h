/*
 * store.h - which states were seen, how each was reached, and the states whose moves
 * are still to be made, as differences from the first one.
 */
#ifndef SW_EXPLORE_STORE_H
#define SW_EXPLORE_STORE_H

#include "explore/world.h"

enum { PARTS = 3 }; /* both arenas, and the rest */

struct node {
	uint64_t digest;
	uint32_t parent; /* NODE_NONE: the first */
	move by;
	uint32_t next; /* where a network without faults leads; NODE_NONE: the end */
};
#define NODE_NONE UINT32_MAX

struct heap { /* states, one behind the other */
	uint64_t *words;
	size_t n, cap;
};

struct store {
	struct node *nodes;
	uint32_t n, cap;
	uint32_t *table; /* open addressing over nodes: index + 1; 0: free */
	uint32_t table_cap;
	struct heap now, later;
	uint64_t *first[PARTS];
	uint32_t words[PARTS];
	size_t memory, used;
	bool full; /* more was needed than `memory` */
};

bool store_begin(struct store *, const uint64_t *const part[PARTS], const uint32_t words[PARTS]);
void store_end(struct store *);
/* The node of a digest; `fresh`: it was not there.  NODE_NONE: full. */
uint32_t store_node(struct store *, uint64_t digest, bool *fresh);
/* Keeps a state for the next depth; gives one back, from where it stands. */
void store_put(struct store *, uint32_t node, const uint64_t *const part[PARTS]);
size_t store_get(const struct store *, size_t at, uint32_t *node, uint64_t *const part[PARTS]);
/* One deeper: what was put is now to be taken. */
void store_turn(struct store *);

#endif
