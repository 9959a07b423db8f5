/*
 * rows.h - what the tables of bench/paths have in common: what is asked for, the path
 * of a row, a row as JSON.
 */
#ifndef SW_BENCH_ROWS_H
#define SW_BENCH_ROWS_H

#include "sample.h"

enum { SKIP_S = 2 };

struct ask {
	const char *only; /* rows whose name holds it; NULL: all */
	int runs, seconds;
	bool json;
};

struct fault { /* what a path does to packets, besides being narrow */
	const char *name;
	uint32_t loss, enter, leave, reorder, ack_loss; /* ppm */
};

/* Is a row of this name asked for? */
bool wanted(const struct ask *, const char *name);
/* A flow over a path whose queue is one bandwidth-delay product; counted are so many
 * seconds after the first two. */
void job_make(struct flow_job *, const struct ask *, uint64_t bps, sw_ns rtt, const struct fault *);
/* Per cent of the rate that came in the time that counts. */
double goodput(const struct flow_job *, const struct flow_result *);
/* One object a line: which row, and what each run was worth. */
void say_json(const char *name, const char *cc, const struct sample *ours,
	      const struct sample *kernel);

#endif
