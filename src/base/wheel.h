/*
 * wheel.h - a hierarchical timing wheel over the elements of one pool.
 *
 * Time is in ticks of `tick` ns.  Adding, moving and removing are O(1); the
 * next deadline is never late, and at most one tick early for what is armed.
 * A node that is moved later stays where it is and is put right when it comes
 * up (lazily); one that is moved earlier moves at once.  So wheel_next() may be
 * early for a node that was moved later: waking then costs time, nothing else.
 */
#ifndef SW_BASE_WHEEL_H
#define SW_BASE_WHEEL_H

#include "base/list.h"

enum { WHEEL_LEVELS = 6, WHEEL_SLOTS = 64 };

struct wheel_node {
	struct link link;
	sw_ns deadline; /* the true one; SW_NEVER: not armed */
};

struct wheel {
	uint64_t distance; /* from this struct to the pool's struct */
	sw_ns tick;
	uint64_t now;	/* in ticks: everything before has been given out */
	uint64_t first; /* no node stands before this tick; UINT64_MAX: no node */
	uint64_t full[WHEEL_LEVELS]; /* a bit a slot that is not empty */
	uint32_t slot[WHEEL_LEVELS * WHEEL_SLOTS + 1]; /* first node; the last: beyond all levels */
	uint32_t at;	/* offset of the struct wheel_node in the elements */
};

/* The pool must lie in the same arena and never move relative to the wheel. */
void wheel_init(struct wheel *, const struct pool *, size_t at, sw_ns tick, sw_ns now);
void wheel_node_init(struct wheel_node *);
/* Arms, re-arms, or (SW_NEVER) disarms element i. */
void wheel_set(struct wheel *, uint32_t i, sw_ns deadline);
/* When wheel_due() must be asked next; SW_NEVER. */
sw_ns wheel_next(const struct wheel *);
/* An element whose deadline is at or before `now`, disarmed; NONE: no more. */
uint32_t wheel_due(struct wheel *, sw_ns now);

#endif
