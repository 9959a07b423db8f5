/*
 * paths.c - goodput over bad paths, ours against the kernel's, in one run.
 *
 *	build/bench/paths [--cc NAME,...] [--only SUBSTRING] [--runs N] [--seconds N] [--ours]
 *
 * Ours runs in virtual time, the kernel's in real time; the path between the two
 * ends is the same code.  One row a path: medians, in per cent of the rate, and
 * ours over the kernel's.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/flow.h"

enum { RUNS_MAX = 15, NAMES = 4, SKIP_S = 2 };

struct fault { /* what a path does to packets, besides being narrow */
	const char *name;
	uint32_t loss, enter, leave, reorder, ack_loss; /* ppm */
};

/* clang-format off */
static const struct fault faults[] = {
	/* name		loss	enter	leave	reorder	ack_loss */
	{"clean",	0,	0,	0,	0,	0},
	{"loss 0.01%",	100,	0,	0,	0,	0},
	{"loss 0.1%",	1000,	0,	0,	0,	0},
	{"loss 1%",	10000,	0,	0,	0,	0},
	{"loss 5%",	50000,	0,	0,	0,	0},
	{"bursts 1%",	0,	2020,	200000,	0,	0},
	{"reorder 1%",	0,	0,	0,	10000,	0},
	{"reorder 10%",	0,	0,	0,	100000,	0},
	{"ack loss 20%",0,	0,	0,	0,	200000},
};
static const struct { const char *name; uint64_t bps; } rates[] = {
	{"100 Mbit/s", 100000000}, {"1 Gbit/s", 1000000000},
};
static const struct { const char *name; sw_ns ns; } rtts[] = {
	{"10 ms", 10 * SW_MS}, {"100 ms", 100 * SW_MS},
};
/* clang-format on */
#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))
#define N_RATES (sizeof(rates) / sizeof(rates[0]))
#define N_RTTS (sizeof(rtts) / sizeof(rtts[0]))

struct args {
	char names[64];
	const char *cc[NAMES];
	const char *only;
	int ccs, runs, seconds;
	bool ours;
};

struct sums { /* over all cells of one controller */
	double ours, kernel, worst;
	int cells;
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'c':
		snprintf(a->names, sizeof(a->names), "%s", arg);
		a->ccs = 0;
		for (char *p = strtok(a->names, ","); p && a->ccs < NAMES; p = strtok(NULL, ","))
			a->cc[a->ccs++] = p;
		return 0;
	case 'o':
		a->only = arg;
		return 0;
	case 'r':
		a->runs = atoi(arg);
		if (a->runs < 1 || a->runs > RUNS_MAX)
			argp_error(state, "--runs is 1 to %d", RUNS_MAX);
		return 0;
	case 's':
		a->seconds = atoi(arg);
		if (a->seconds < 1 || a->seconds > 600)
			argp_error(state, "--seconds is 1 to 600");
		return 0;
	case 'u':
		a->ours = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return n == 0 ? 0 : n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The path of one cell: a queue of one bandwidth-delay product. */
static void
job_make(struct flow_job *j, const struct args *a, uint64_t bps, sw_ns rtt, const struct fault *f)
{
	struct sw_sim_path path = {.bytes = sizeof(path), .rate_bps = bps, .delay = rtt / 2};

	memset(j, 0, sizeof(*j));
	path.queue_bytes = bps / 8 * (rtt / SW_US) / 1000000;
	j->data = j->ack = path;
	j->data.loss = f->loss;
	j->data.burst_enter = f->enter;
	j->data.burst_leave = f->leave;
	j->data.burst_loss = f->enter ? 1000000 : 0;
	j->data.reorder = f->reorder;
	j->ack.loss = f->ack_loss;
	j->flows = 1;
	j->from = SKIP_S * SW_S;
	j->until = j->from + (sw_ns)a->seconds * SW_S;
}

typedef bool flow_run(const struct flow_job *, struct flow_result *, const char **why);

/* The median of some runs in per cent of the rate; below 0: it could not be run. */
static double
measure(struct flow_job *j, const struct args *a, flow_run *run)
{
	double v[RUNS_MAX];
	struct flow_result r;
	const char *why;

	for (int i = 0; i < a->runs; i++) {
		j->seed = (uint64_t)i + 1;
		if (!run(j, &r, &why)) {
			fprintf(stderr, "paths: %s: %s\n", j->cc, why);
			return -1;
		}
		v[i] = (double)r.bytes[0] * 8 * 100 / (double)a->seconds / (double)j->data.rate_bps;
	}
	return median(v, a->runs);
}

static void
cell(struct flow_job *j, const struct args *a, const char *name, struct sums *s)
{
	double ours, kernel = -1;

	ours = measure(j, a, flow_ours);
	if (!a->ours)
		kernel = measure(j, a, flow_kernel);
	printf("%-36s %-6s %6.1f", name, j->cc, ours);
	if (kernel > 0 && ours >= 0) {
		printf(" %6.1f %6.2f", kernel, ours / kernel);
		s->ours += ours;
		s->kernel += kernel;
		s->worst = s->cells++ == 0 || ours / kernel < s->worst ? ours / kernel : s->worst;
	}
	printf("\n");
	fflush(stdout);
}

/* One controller over all paths. */
static void
table(const struct args *a, const char *cc)
{
	struct sums s = {0};
	struct flow_job j;
	char name[80];

	for (size_t i = 0; i < N_RATES * N_RTTS * N_FAULTS; i++) {
		size_t r = i / (N_RTTS * N_FAULTS), d = i / N_FAULTS % N_RTTS, f = i % N_FAULTS;

		snprintf(name, sizeof(name), "%s, %s, %s", rates[r].name, rtts[d].name,
			 faults[f].name);
		if (a->only && !strstr(name, a->only))
			continue;
		job_make(&j, a, rates[r].bps, rtts[d].ns, &faults[f]);
		j.cc = cc;
		cell(&j, a, name, &s);
	}
	if (s.cells > 0)
		printf("%-36s %-6s %6.1f %6.1f %6.2f   (worst cell %.2f)\n", "all cells", cc,
		       s.ours / s.cells, s.kernel / s.cells, s.ours / s.kernel, s.worst);
}

int
main(int argc, char **argv)
{
	static const struct argp_option options[] = {
	    {"cc", 'c', "NAME,...", 0, "congestion controls (cubic)", 0},
	    {"only", 'o', "TEXT", 0, "only paths whose name holds it", 0},
	    {"runs", 'r', "N", 0, "median of N (5)", 0},
	    {"seconds", 's', "N", 0, "that are counted, after the first two (8)", 0},
	    {"ours", 'u', NULL, 0, "leave the kernel out", 0},
	    {0}};
	static const struct argp argp = {
	    options, parse, NULL, "Goodput over bad paths, ours against the kernel's.",
	    NULL,    NULL,  NULL};
	struct args a = {.cc = {"cubic"}, .ccs = 1, .runs = 5, .seconds = 8};

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	printf("%-36s %-6s %6s %6s %6s\n", "path (queue of 1 BDP)", "cc", "ours", "kernel",
	       "ratio");
	for (int i = 0; i < a.ccs; i++)
		table(&a, a.cc[i]);
	return 0;
}
