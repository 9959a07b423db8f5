/*
 * pair.h - two of our stacks and their programs: one sends, the other takes.
 * Whose clock it is, and how packets get from one to the other, is the caller's.
 */
#ifndef SW_BENCH_PAIR_H
#define SW_BENCH_PAIR_H

#include "flow.h"

enum { PAIR_A, PAIR_B };

struct pair_side {
	void *arena;
	struct sw_stack *stack;
	struct sw_addr addr;
	sw_conn listener, conn[FLOWS_MAX];
	uint64_t moved[FLOWS_MAX]; /* bytes given or taken */
	int conns;
};

struct pair {
	const struct flow_job *job;
	int flows;
	struct pair_side side[2];
	uint8_t *piece;
	uint64_t bytes[FLOWS_MAX]; /* that came in the time that counts */
	sw_ns done;		   /* when the last byte of the first flow came; 0: it did not */
	bool given;		   /* a flow's last byte was given: pair_close() it */
};

/* Addresses are 10.77.0.(first) and the next; false: no memory. */
bool pair_begin(struct pair *, const struct flow_job *, int flows, uint8_t first);
void pair_end(struct pair *);
/* Opens what is to be opened, sends and receives. */
void pair_programs(struct pair *, sw_ns now);
/* Closes what was given to its end; after that has left, as a kernel's write() does at once. */
void pair_close(struct pair *, sw_ns now);
/* When it wants to be called though no packet comes; SW_NEVER. */
sw_ns pair_next(const struct pair *);

#endif
