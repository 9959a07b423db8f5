/*
 * explore.h - all behaviours of two hosts within a scope, breadth first.
 */
#ifndef SW_EXPLORE_EXPLORE_H
#define SW_EXPLORE_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "explore/core.h"

enum explore_scope { EXPLORE_OPEN, EXPLORE_CLOSE, EXPLORE_REUSE, EXPLORE_N_SCOPES };

struct explore_job {
	enum explore_scope scope;
	enum explore_break broken;
	unsigned loss, dup;
	bool reorder, stats;
	bool wrapped;  /* numbers begin anew for each connection, and there are timestamps */
	unsigned ways; /* bits: which of a scope's; 0: all */
	size_t memory; /* bytes that may be used */
	FILE *out;     /* the scope, its states; a counterexample */
};

enum explore_end { EXPLORE_HELD, EXPLORE_FAILED, EXPLORE_TOO_LARGE };

struct explore_count {
	uint64_t states, moves;
	uint32_t depth;
};

/* Searches one scope, in all its ways; adds up what was seen. */
enum explore_end explore_run(const struct explore_job *, struct explore_count *);
const char *explore_scope_name(enum explore_scope);

#endif
