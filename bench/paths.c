/*
 * paths.c - goodput over bad paths, short transfers and fairness: ours against the
 * kernel's, in one run.
 *
 *	build/bench/paths [--cc NAME,...] [--only SUBSTRING] [--runs N] [--seconds N] [--ours]
 *	build/bench/paths --short | --fair
 *
 * Ours runs in virtual time, the kernel's in real time; the path between the two
 * ends is the same code.  Beside each other both run in real time.  Medians.
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
	int what; /* enum what */
};

enum what { GOODPUT, SHORT, FAIR };

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
		for (char *p = strtok(a->names, ","); p && a->ccs < NAMES; p = strtok(NULL, ",")) {
			if (sw_cc_named(p) < 0)
				argp_error(state, "no such congestion control: %s", p);
			a->cc[a->ccs++] = p;
		}
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
	case 't':
		a->what = SHORT;
		return 0;
	case 'f':
		a->what = FAIR;
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
typedef double flow_worth(const struct flow_job *, const struct flow_result *);

/* The median over some runs of what each was worth; below 0: it could not be run. */
static double
measure(struct flow_job *j, const struct args *a, flow_run *run, flow_worth *worth)
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
		v[i] = worth(j, &r);
	}
	return median(v, a->runs);
}

/* Per cent of the rate. */
static double
goodput(const struct flow_job *j, const struct flow_result *r)
{
	double seconds = (double)(j->until - j->from) / 1e9;

	return (double)r->bytes[0] * 8 * 100 / seconds / (double)j->data.rate_bps;
}

static void
cell(struct flow_job *j, const struct args *a, const char *name, struct sums *s)
{
	double ours, kernel = -1;

	ours = measure(j, a, flow_ours, goodput);
	if (!a->ours)
		kernel = measure(j, a, flow_kernel, goodput);
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

/* ---- short transfers ---------------------------------------------------- */

/* Milliseconds until the last byte is there. */
static double
time_of(const struct flow_job *j, const struct flow_result *r)
{
	(void)j;
	return r->done ? (double)r->done / 1e6 : 1e9;
}

/* 1, 10 and 100 segments whose last one is lost. */
static void
table_short(const struct args *a)
{
	static const int segments[] = {1, 10, 100};
	static const struct fault none = {.name = ""};
	struct flow_job j;
	double v[4] = {0, 0, 0, 0};

	/* "at once": its program closes before the last segment has left, so that the FIN
	 * rides on it and is lost with it; no program of a kernel's can */
	printf("%-36s %8s %8s %8s %8s\n", "the last segment lost: ms", "ours", "at once", "kernel",
	       "no TLP");
	for (size_t i = 0; i < N_RTTS * 3; i++) {
		job_make(&j, a, rates[0].bps, rtts[i / 3].ns, &none);
		j.cc = "cubic";
		j.from = 0;
		j.until = 20 * SW_S;
		j.bytes = (uint64_t)segments[i % 3] * 1448;
		j.lose_last = true;
		v[0] = measure(&j, a, flow_ours, time_of);
		j.fin_rides = true;
		v[1] = measure(&j, a, flow_ours, time_of);
		v[2] = a->ours ? -1 : measure(&j, a, flow_kernel, time_of);
		j.no_tlp = true;
		v[3] = a->ours ? -1 : measure(&j, a, flow_kernel, time_of);
		printf("%-3d segments, %-22s %8.1f %8.1f %8.1f %8.1f\n", segments[i % 3],
		       rtts[i / 3].name, v[0], v[1], v[2], v[3]);
		fflush(stdout);
	}
}

/* ---- fairness ----------------------------------------------------------- */

/* The second's share of what two get. */
static double
share(const struct flow_job *j, const struct flow_result *r)
{
	double second = (double)(j->beside ? r->beside[0] : r->bytes[1]);
	double all = second + (double)r->bytes[0];

	return all > 0 ? second / all : 0;
}

/* Jain's index of two shares. */
static double
jain(double share)
{
	return 1 / (2 * (share * share + (1 - share) * (1 - share)));
}

/* One of `second` beside one of the kernel's CUBIC: ours, or the kernel's. */
static void
fair_row(const struct args *a, sw_ns rtt, const char *second, bool ours)
{
	static const struct fault none = {.name = ""};
	struct flow_job j;
	double s;

	job_make(&j, a, rates[0].bps, rtt, &none);
	j.cc = "cubic";
	j.flows = ours ? 1 : 2;
	j.beside = ours;
	j.beside_cc = j.second_cc = second;
	s = measure(&j, a, flow_kernel, share);
	printf("%s %-6s beside the kernel's cubic, %2llu ms   %5.2f  %5.3f\n",
	       ours ? "our     " : "kernel's", second, rtt / SW_MS, s, jain(s));
	fflush(stdout);
}

/* Four of ours, one every five seconds: how alike they are in the last third. */
static void
fair_four(const struct args *a, const char *cc)
{
	static const struct fault none = {.name = ""};
	struct flow_job j;
	struct flow_result r;
	const char *why;
	double sum = 0, squares = 0;

	job_make(&j, a, rates[0].bps, 20 * SW_MS, &none);
	j.cc = cc;
	j.flows = 4;
	j.apart = 5 * SW_S;
	j.until = 60 * SW_S;
	j.from = 40 * SW_S;
	j.seed = 1;
	if (!flow_ours(&j, &r, &why)) {
		fprintf(stderr, "paths: %s\n", why);
		return;
	}
	for (int i = 0; i < 4; i++) {
		sum += (double)r.bytes[i];
		squares += (double)r.bytes[i] * (double)r.bytes[i];
	}
	printf("four of our %-6s 5 s apart, 40 to 60 s               %5.3f\n", cc,
	       squares > 0 ? sum * sum / squares / 4 : 0);
}

static void
table_fair(const struct args *a)
{
	printf("%-49s %5s  %5s\n", "100 Mbit/s, 1 BDP, no faults", "share", "Jain");
	for (int i = 0; i < a->ccs; i++) {
		if (!a->ours) {
			fair_row(a, 20 * SW_MS, a->cc[i], true);
			fair_row(a, 20 * SW_MS, a->cc[i], false);
			fair_row(a, 80 * SW_MS, a->cc[i], true);
			fair_row(a, 80 * SW_MS, a->cc[i], false);
		}
		fair_four(a, a->cc[i]);
	}
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
	    {"short", 't', NULL, 0, "instead: short transfers whose last segment is lost", 0},
	    {"fair", 'f', NULL, 0, "instead: beside the kernel's CUBIC (take --seconds 60)", 0},
	    {0}};
	static const struct argp argp = {
	    options, parse, NULL, "Goodput over bad paths, ours against the kernel's.",
	    NULL,    NULL,  NULL};
	struct args a = {.cc = {"cubic"}, .ccs = 1, .runs = 5, .seconds = 8};

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.what == SHORT)
		table_short(&a);
	if (a.what == FAIR)
		table_fair(&a);
	if (a.what != GOODPUT)
		return 0;
	printf("%-36s %-6s %6s %6s %6s\n", "path (queue of 1 BDP)", "cc", "ours", "kernel",
	       "ratio");
	for (int i = 0; i < a.ccs; i++)
		table(&a, a.cc[i]);
	return 0;
}
