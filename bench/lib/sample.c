/*
 * sample.c - several runs, their median, and what a person sees meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void
sample_take(struct sample *s, struct flow_job *j, int runs, flow_run *run, flow_worth *worth)
{
	const char *who = run == flow_ours ? "ours" : "the kernel's", *why;
	struct flow_result r;
	char what[64];

	memset(s, 0, sizeof(*s));
	snprintf(what, sizeof(what), "%s %s", who, j->cc);
	for (; s->n < runs; s->n++) {
		progress(what, s->n + 1, runs);
		j->seed = (uint64_t)s->n + 1;
		if (!run(j, &r, &why)) {
			progress(NULL, 0, 0);
			fprintf(stderr, "paths: %s: %s\n", what, why);
			exit(1);
		}
		s->v[s->n] = worth(j, &r);
		s->late = r.late > s->late ? r.late : s->late;
	}
	progress(NULL, 0, 0);
}
