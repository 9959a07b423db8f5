/*
 * sample.c - several runs, their median, and what a person sees meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kept.h"
#include "median.h"
#include "sample.h"

double
sample_median(const struct sample *s)
{
	double v[RUNS_MAX];

	memcpy(v, s->v, sizeof(v));
	return median_sort(v, s->n);
}

void
progress(const char *what, int run, int runs)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (what)
		fprintf(stderr, "\r%s, run %d of %d\033[K", what, run, runs);
	else
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}

/* One run, or what is kept of it. */
static void
sample_run(struct sample *s, struct flow_job *j, flow_run *run, flow_worth *worth)
{
	const char *who = run == flow_ours ? "ours" : "the kernel's", *why;
	struct kept_run k = {.row = j->row,
			     .what = j->what,
			     .seed = j->seed,
			     .seconds = (int)((j->until - j->from) / SW_S)};
	struct flow_result r;

	if (run == flow_ours || !kept_find(&k)) {
		if (!run(j, &r, &why)) {
			progress(NULL, 0, 0);
			fprintf(stderr, "paths: %s %s: %s\n", who, j->cc, why);
			exit(1);
		}
		k.worth = worth(j, &r);
		k.late = r.late;
		if (run != flow_ours && !kept_add(&k)) {
			fprintf(stderr, "paths: the run cannot be kept\n");
			exit(1);
		}
	}
	s->v[s->n] = k.worth;
	s->late = k.late > s->late ? k.late : s->late;
}

void
sample_take(struct sample *s, struct flow_job *j, int runs, flow_run *run, flow_worth *worth)
{
	char what[64];

	memset(s, 0, sizeof(*s));
	snprintf(what, sizeof(what), "%s %s", run == flow_ours ? "ours" : "the kernel's", j->cc);
	for (; s->n < runs; s->n++) {
		progress(what, s->n + 1, runs);
		j->seed = (uint64_t)s->n + 1;
		sample_run(s, j, run, worth);
	}
	progress(NULL, 0, 0);
}
