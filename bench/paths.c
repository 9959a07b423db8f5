/*
 * paths.c - goodput over bad paths, short transfers and fairness: ours against the
 * kernel's, in one run.
 *
 *	build/bench/paths [--cc NAME,...] [--only TEXT] [--runs N] [--seconds N] [--ours]
 *	build/bench/paths --short | --fair
 *	build/bench/paths --kernel --kept FILE, and later build/bench/paths --kept FILE
 *
 * Ours runs in virtual time, the kernel's in real time; the path between the two
 * ends is the same code.  Beside each other both run in real time.  Medians; the
 * n-th run of both has the n-th seed.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kept.h"
#include "lib/recovery.h"

enum { NAMES = 4, WORST_LATE = 5 };

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
	struct ask ask;
	char names[64];
	const char *cc[NAMES];
	int ccs;
	bool ours, kernel;
	int what; /* enum what */
};

enum what { GOODPUT, RECOVERY, SHORT, FAIR, SPURIOUS };

struct sums { /* over all cells of one controller */
	double ours, kernel, worst;
	int cells, late;
};

/* The names of congestion controls, with commas between. */
static void
parse_names(struct args *a, const char *arg, struct argp_state *state)
{
	snprintf(a->names, sizeof(a->names), "%s", arg);
	a->ccs = 0;
	for (char *p = strtok(a->names, ","); p; p = strtok(NULL, ",")) {
		if (sw_cc_named(p) < 0)
			argp_error(state, "no such congestion control: %s", p);
		if (a->ccs == NAMES)
			argp_error(state, "--cc takes %d names at most", NAMES);
		a->cc[a->ccs++] = p;
	}
	if (a->ccs == 0)
		argp_error(state, "--cc needs a name");
}

static int
parse_number(const char *option, const char *arg, int most, struct argp_state *state)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (end == arg || *end || n < 1 || n > most)
		argp_error(state, "%s is 1 to %d", option, most);
	return (int)n;
}

static void
kept_from(const char *file, struct argp_state *state)
{
	int line;

	if (kept_open(file, &line))
		return;
	if (line > 0)
		argp_error(state, "%s: line %d is not a run", file, line);
	argp_error(state, "%s: %m", file);
}

enum {
	KEY_ONLY = 256,
	KEY_OURS,
	KEY_KERNEL,
	KEY_KEPT,
	KEY_RECOVERY,
	KEY_SHORT,
	KEY_FAIR,
	KEY_SPURIOUS
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'c':
		parse_names(a, arg, state);
		return 0;
	case 'o':
		if (strcmp(arg, "text") && strcmp(arg, "json"))
			argp_error(state, "--output is text or json");
		a->ask.json = strcmp(arg, "json") == 0;
		return 0;
	case 'r':
		a->ask.runs = parse_number("--runs", arg, RUNS_MAX, state);
		return 0;
	case 's':
		a->ask.seconds = parse_number("--seconds", arg, 600, state);
		return 0;
	case KEY_ONLY:
		a->ask.only = arg;
		return 0;
	case KEY_OURS:
		a->ours = true;
		return 0;
	case KEY_KERNEL:
		a->kernel = true;
		return 0;
	case KEY_KEPT:
		kept_from(arg, state);
		return 0;
	case KEY_SHORT:
	case KEY_FAIR:
	case KEY_RECOVERY:
	case KEY_SPURIOUS:
		if (a->what != GOODPUT)
			argp_error(state, "one table at a time");
		a->what = key == KEY_SHORT	? SHORT
			  : key == KEY_FAIR	? FAIR
			  : key == KEY_RECOVERY ? RECOVERY
						: SPURIOUS;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- goodput ------------------------------------------------------------ */

/* A row for people: what was not run is a dash. */
static void
say_cell(const char *name, const char *cc, const struct sample *ours, const struct sample *kernel)
{
	double x = sample_median(ours), y = sample_median(kernel);

	printf("%-36s %-6s", name, cc);
	if (ours->n > 0)
		printf(" %7.2f", x);
	else
		printf(" %7s", "-");
	if (kernel->n > 0)
		printf(" %7.2f", y);
	if (x > 0 && y > 0)
		printf(" %6.2f", x / y);
	printf("%s\n", kernel->late * 100 > WORST_LATE ? " late" : "");
}

static void
cell(struct flow_job *j, const struct args *a, const char *name, struct sums *s)
{
	struct sample ours = {.n = 0}, kernel = {.n = 0};
	double x, y;

	j->row = name;
	j->what = strcmp(j->cc, "bbr1") ? j->cc : "bbr"; /* the kernel's name for it */
	if (!a->kernel)
		sample_take(&ours, j, a->ask.runs, flow_ours, goodput);
	if (!a->ours)
		sample_take(&kernel, j, a->ask.runs, flow_kernel, goodput);
	x = sample_median(&ours);
	y = sample_median(&kernel);
	if (a->ask.json)
		say_json(name, j->cc, &ours, &kernel);
	else
		say_cell(name, j->cc, &ours, &kernel);
	if (x > 0 && y > 0) {
		bool late = kernel.late * 100 > WORST_LATE;

		s->ours += x;
		s->kernel += y;
		s->late += late;
		s->worst = s->cells++ == 0 || x / y < s->worst ? x / y : s->worst;
	}
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
		if (!wanted(&a->ask, name))
			continue;
		job_make(&j, &a->ask, rates[r].bps, rtts[d].ns, &faults[f]);
		j.cc = cc;
		cell(&j, a, name, &s);
	}
	if (s.cells > 0 && !a->ask.json)
		printf("%-36s %-6s %7.2f %7.2f %6.2f   (worst cell %.2f)\n", "all cells", cc,
		       s.ours / s.cells, s.kernel / s.cells, s.ours / s.kernel, s.worst);
	if (s.late > 0 && !a->ask.json)
		printf("late: more than %d %% of the kernel's packets came more than a millisecond "
		       "after their time\n",
		       WORST_LATE);
}

static void
table_goodput(const struct args *a)
{
	if (!a->ask.json)
		printf("%-36s %-6s %7s %7s %6s\n", "% of the rate, queue of 1 BDP", "cc", "ours",
		       "kernel", "ratio");
	for (int i = 0; i < a->ccs; i++)
		table(a, a->cc[i]);
}

/* ---- short transfers ---------------------------------------------------- */

/* Milliseconds until the last byte is there. */
static double
time_of(const struct flow_job *j, const struct flow_result *r)
{
	return (double)(r->done ? r->done : j->until) / 1e6;
}

/*
 * n segments whose last one is lost; the kernel also without its probe.  "At once": the
 * program closes before the last segment has left, so that the FIN rides on it and is
 * lost with it; no program of a kernel's can.
 */
static void
short_row(const struct args *a, const char *name, int n, sw_ns rtt)
{
	static const struct fault none = {.name = ""};
	struct sample ours = {.n = 0}, rides = {.n = 0}, kernel = {.n = 0}, plain = {.n = 0};
	struct flow_job j;

	job_make(&j, &a->ask, rates[0].bps, rtt, &none);
	j.cc = "cubic";
	j.from = 0;
	j.until = 20 * SW_S;
	j.bytes = (uint64_t)n * 1448;
	j.lose_last = true;
	j.row = name;
	j.what = "with probe";
	if (!a->kernel)
		sample_take(&ours, &j, a->ask.runs, flow_ours, time_of);
	j.fin_rides = true;
	if (!a->kernel)
		sample_take(&rides, &j, a->ask.runs, flow_ours, time_of);
	if (!a->ours)
		sample_take(&kernel, &j, a->ask.runs, flow_kernel, time_of);
	j.no_tlp = true;
	j.what = "without";
	if (!a->ours)
		sample_take(&plain, &j, a->ask.runs, flow_kernel, time_of);
	if (a->ask.json) {
		say_json(name, "with probe", &ours, &kernel);
		say_json(name, "without", &ours, &plain);
		say_json(name, "at once", &rides, &kernel);
	} else {
		printf("%-36s %8.1f %8.1f", name, sample_median(&ours), sample_median(&rides));
		if (!a->ours)
			printf(" %8.1f %8.1f", sample_median(&kernel), sample_median(&plain));
		printf("\n");
	}
	fflush(stdout);
}

static void
table_short(const struct args *a)
{
	static const int segments[] = {1, 10, 100};
	char name[80];

	if (!a->ask.json)
		printf("%-36s %8s %8s %8s %8s\n", "the last segment lost: ms", "ours", "at once",
		       "kernel", "no TLP");
	for (size_t i = 0; i < N_RTTS * 3; i++) {
		snprintf(name, sizeof(name), "%d segments, %s", segments[i % 3], rtts[i / 3].name);
		if (wanted(&a->ask, name))
			short_row(a, name, segments[i % 3], rtts[i / 3].ns);
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

/* Jain's index, the median of the runs'. */
static double
jain_median(const struct sample *shares)
{
	struct sample s = *shares;

	for (int i = 0; i < s.n; i++)
		s.v[i] = jain(s.v[i]);
	return sample_median(&s);
}

/* One of `second` beside one of the kernel's CUBIC: ours, or the kernel's. */
static void
fair_row(const struct args *a, sw_ns rtt, const char *second, bool ours)
{
	static const struct fault none = {.name = ""};
	struct sample s, nothing = {.n = 0};
	struct flow_job j;
	char name[80];

	snprintf(name, sizeof(name), "%s %s beside the kernel's cubic, %d ms",
		 ours ? "our" : "the kernel's", second, (int)(rtt / SW_MS));
	if (!wanted(&a->ask, name))
		return;
	job_make(&j, &a->ask, rates[0].bps, rtt, &none);
	j.cc = "cubic";
	j.flows = ours ? 1 : 2;
	j.beside = ours;
	j.beside_cc = j.second_cc = second;
	j.row = name;
	j.what = ours ? "beside" : "kernel";
	sample_take(&s, &j, a->ask.runs, flow_kernel, share);
	if (a->ask.json)
		say_json(name, second, ours ? &s : &nothing, ours ? &nothing : &s);
	else
		printf("%-49s %5.2f  %5.3f%s\n", name, sample_median(&s), jain_median(&s),
		       s.late * 100 > WORST_LATE ? " late" : "");
	fflush(stdout);
}

/* Jain's index of four. */
static double
alike(const struct flow_job *j, const struct flow_result *r)
{
	double sum = 0, squares = 0;

	for (int i = 0; i < j->flows; i++) {
		sum += (double)r->bytes[i];
		squares += (double)r->bytes[i] * (double)r->bytes[i];
	}
	return squares > 0 ? sum * sum / squares / j->flows : 0;
}

/* Four of ours, one every five seconds: how alike they are in the last third. */
static void
fair_four(const struct args *a, const char *cc)
{
	static const struct fault none = {.name = ""};
	struct sample s, nothing = {.n = 0};
	struct flow_job j;
	char name[80];

	snprintf(name, sizeof(name), "four of our %s, 5 s apart, 40 to 60 s", cc);
	if (!wanted(&a->ask, name))
		return;
	job_make(&j, &a->ask, rates[0].bps, 20 * SW_MS, &none);
	j.cc = cc;
	j.flows = 4;
	j.apart = 5 * SW_S;
	j.until = 60 * SW_S;
	j.from = 40 * SW_S;
	sample_take(&s, &j, a->ask.runs, flow_ours, alike);
	if (a->ask.json)
		say_json(name, cc, &s, &nothing);
	else
		printf("%-49s %5s  %5.3f\n", name, "", sample_median(&s));
	fflush(stdout);
}

/* Is this one of those that are asked for? */
static bool
named(const struct args *a, const char *cc)
{
	for (int i = 0; i < a->ccs; i++)
		if (strcmp(a->cc[i], cc) == 0)
			return true;
	return false;
}

/* All that stands beside the kernel's CUBIC: each of ours, and what the kernel has itself. */
static void
fair_beside(const struct args *a, sw_ns rtt)
{
	for (int i = 0; i < a->ccs; i++)
		fair_row(a, rtt, a->cc[i], true);
	if (named(a, "cubic"))
		fair_row(a, rtt, "cubic", false);
	if (named(a, "bbr") || named(a, "bbr1"))
		fair_row(a, rtt, "bbr", false);
}

static void
table_fair(const struct args *a)
{
	if (!a->ask.json)
		printf("%-49s %5s  %5s\n", "100 Mbit/s, 1 BDP, no faults", "share", "Jain");
	if (!a->ours) {
		fair_beside(a, 20 * SW_MS);
		fair_beside(a, 80 * SW_MS);
	}
	for (int i = 0; !a->kernel && i < a->ccs; i++)
		fair_four(a, a->cc[i]);
}

/* Without --cc. */
static void
defaults_cc(struct args *a)
{
	static const char *const fair[] = {"cubic", "bbr", "bbr1"};

	a->ccs = a->what == FAIR ? 3 : 1;
	memcpy(a->cc, fair, sizeof(fair));
}

static const struct argp_option options[] = {
    {"cc", 'c', "NAME,...", 0,
     "congestion controls: cubic, reno, bbr, bbr1 (cubic; --fair: cubic,bbr,bbr1)", 0},
    {"only", KEY_ONLY, "TEXT", 0, "only rows whose name holds it", 0},
    {"runs", 'r', "N", 0, "median of N (5)", 0},
    {"seconds", 's', "N", 0,
     "that are counted, after the first two (8; --fair: 60; --recovery: 125; --spurious: "
     "30)",
     0},
    {"ours", KEY_OURS, NULL, 0, "leave the kernel out", 0},
    {"kernel", KEY_KERNEL, NULL, 0, "leave ours out", 0},
    {"kept", KEY_KEPT, "FILE", 0,
     "add the runs with the kernel to FILE, and take those that it has from there", 0},
    {"short", KEY_SHORT, NULL, 0, "instead: short transfers whose last segment is lost", 0},
    {"fair", KEY_FAIR, NULL, 0, "instead: beside the kernel's CUBIC; four of ours", 0},
    {"recovery", KEY_RECOVERY, NULL, 0,
     "instead: ours with its window held; a minute of slow start and what follows", 0},
    {"spurious", KEY_SPURIOUS, NULL, 0, "instead: ours where packets are late and none is lost", 0},
    {"output", 'o', "text|json", 0, "a table, or one object a line with every run", 0},
    {0}};
static const struct argp argp = {
    options,
    parse,
    NULL,
    "Goodput over bad paths, ours against the kernel's.\v"
    "The kernel's run in network namespaces of their own, in real time: ten seconds "
    "each, half an hour for one congestion control over all paths, an hour for --fair. "
    "--recovery and --spurious are ours alone, in virtual time: a few minutes.",
    NULL,
    NULL,
    NULL};

int
main(int argc, char **argv)
{
	/* of 125 s at 100 Mbit/s are a million segments */
	static const int seconds[] = {
	    [GOODPUT] = 8, [RECOVERY] = 125, [SHORT] = 8, [FAIR] = 60, [SPURIOUS] = 30};
	struct args a = {.ask = {.runs = 5}};
	const char *why;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.ccs == 0)
		defaults_cc(&a);
	if (a.ask.seconds == 0)
		a.ask.seconds = seconds[a.what];
	if (a.kernel && (a.ours || a.what == RECOVERY || a.what == SPURIOUS)) {
		fprintf(stderr, "paths: %s and --kernel leave nothing\n",
			a.ours		     ? "--ours"
			: a.what == RECOVERY ? "--recovery"
					     : "--spurious");
		return 1;
	}
	if (a.what == RECOVERY || a.what == SPURIOUS)
		a.ours = true;
	if (!a.ours && !flow_kernel_ready(&why)) {
		fprintf(stderr, "paths: %s; --ours leaves the kernel out\n", why);
		return 1;
	}
	switch (a.what) {
	case SHORT:
		table_short(&a);
		break;
	case FAIR:
		table_fair(&a);
		break;
	case RECOVERY:
		table_recovery(&a.ask);
		break;
	case SPURIOUS:
		table_spurious(&a.ask);
		break;
	default:
		table_goodput(&a);
		break;
	}
	return 0;
}
