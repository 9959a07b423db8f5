/*
 * pair.h - two of our stacks and their programs: one sends, the other takes.
 * Whose clock it is, and how packets get from one to the other, is the caller's; so is
 * whether each side has a thread of its own.
 */
#ifndef SW_BENCH_PAIR_H
#define SW_BENCH_PAIR_H

#include <synwave/sw_drv.h>

#include "flow.h"

enum { PAIR_A, PAIR_B };

struct pair_side {
	void *arena;
	struct sw_stack *stack;
	struct sw_addr addr;
	sw_conn listener, conn[FLOWS_MAX];
	uint64_t moved[FLOWS_MAX]; /* bytes given or taken */
	int conns;
	uint8_t *piece;
};

struct pair {
	const struct flow_job *job;
	int flows;
	sw_ns start; /* by the stacks' clock: job->from and job->until count from there */
	struct pair_side side[2];
	uint64_t bytes[FLOWS_MAX]; /* that came in the time that counts */
	sw_ns done;		   /* when the last byte of the first flow came; 0: it did not */
	bool given;		   /* a flow's last byte was given: pair_close() it */
};

/* Addresses are 10.77.1.1 and 10.77.2.1, each on an interface of its own: the device's
 * (sw_drv_attach()), or, where there is none (NULL), one without offloads, whose packets
 * are the caller's.  false: no memory. */
bool pair_begin(struct pair *, const struct flow_job *, int flows, struct sw_drv *const device[2]);
void pair_end(struct pair *);
/* A side's program: opens what is to be opened and sends, or accepts and takes. */
void pair_program(struct pair *, int which, sw_ns now);
/* Closes what was given to its end; after that has left, as a kernel's write() does at once. */
void pair_close(struct pair *, sw_ns now);
/* When the first side's program wants to be called though no packet comes; SW_NEVER. */
sw_ns pair_next(const struct pair *);

#endif
