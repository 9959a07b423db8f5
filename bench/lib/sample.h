/*
 * sample.h - the same job several times: by ours, by the kernel's, and what it was
 * worth each time.
 */
#ifndef SW_BENCH_SAMPLE_H
#define SW_BENCH_SAMPLE_H

#include "flow.h"

enum { RUNS_MAX = 15 };

struct sample {
	double v[RUNS_MAX];
	int n;	     /* 0: it was not run */
	double late; /* the kernel's: see struct flow_result, of the worst run */
};

typedef bool flow_run(const struct flow_job *, struct flow_result *, const char **why);
typedef double flow_worth(const struct flow_job *, const struct flow_result *);

/* `runs` runs with the seeds from 1 on; ends the program where one cannot be.  Those in
 * which the kernel plays are taken from what is kept (kept.h), by the row and j->what. */
void sample_take(struct sample *, struct flow_job *, int runs, flow_run *, flow_worth *);
double sample_median(const struct sample *);

/* On a terminal, one line that is written over: what is being run.  NULL: it goes. */
void progress(const char *what, int run, int runs);

#endif
