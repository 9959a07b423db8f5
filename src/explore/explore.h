/*
 * explore.h - all behaviours of two hosts within a scope, breadth first.
 */
#ifndef SW_EXPLORE_EXPLORE_H
#define SW_EXPLORE_EXPLORE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "explore/core.h"

enum explore_scope { EXPLORE_OPEN, EXPLORE_CLOSE, EXPLORE_REUSE, EXPLORE_N_SCOPES };

enum { EXPLORE_BUDGET_MAX = 8 }; /* of `loss' and of `dup' */

struct explore_job {
	enum explore_scope scope;
	enum explore_break broken;
	unsigned loss, dup;
	bool reorder, stats;
	bool wrapped;	/* numbers begin anew for each connection, and there are timestamps */
	bool plain;	/* merge nothing that differs in a byte, and leave out no move */
	unsigned ways;	/* bits: which of a scope's; 0: all */
	size_t memory;	/* bytes that may be used */
	FILE *out;	/* the scope, its states; a counterexample */
	FILE *progress; /* now and then a line; NULL */
	const volatile sig_atomic_t *stop; /* set: end soon; NULL */
};

enum explore_end { EXPLORE_HELD, EXPLORE_FAILED, EXPLORE_TOO_LARGE, EXPLORE_STOPPED };

struct explore_count {
	uint64_t states, moves;
	uint64_t scenes; /* states, whatever the network may still do */
	uint64_t hosts;	 /* states of one host */
	uint64_t facts;	 /* what the two applications could see: how many, and a sum over them */
	uint64_t facts_sum;
	uint32_t depth;
};

/* Searches one scope, in all its ways; adds up what was seen. */
enum explore_end explore_run(const struct explore_job *, struct explore_count *);
const char *explore_scope_name(enum explore_scope);

#endif
