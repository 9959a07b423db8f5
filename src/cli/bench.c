/*
 * bench.c - the verb `bench`: which measurements, with what, and what is said of them.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "sim.h"

enum {
	KEY_RUNS = 0x100,
	KEY_TIME,
	KEY_CPU,
	KEY_CONNS,
	KEY_IDLE,
	KEY_WINDOW,
	KEY_SUPER,
	KEY_LENT,
	KEY_NO_SUMS,
	KEY_HUGE,
	KEY_PLAIN
};
enum { BULK, LIFE, IDLE, TIME_WAIT, FLOOD, SCALE, TUN, XDP, N_KINDS };

enum {
	CONNS_MAX = 20000000,
	WINDOW_MIN = 4096,
	WINDOW_MAX = 64 << 20,
	CPU_MAX = 4095,
	MS_MAX = 60000
};

/* clang-format off */
static const struct kind {
	const char *name;
	bool (*run)(const struct bench *, struct bench_figure *);
	bool alone;	 /* only when it is asked for: it needs rights */
} kinds[N_KINDS] = {
	[BULK]	    = {"bulk", bench_bulk, false},
	[LIFE]	    = {"life", bench_life, false},
	[IDLE]	    = {"idle", bench_idle, false},
	[TIME_WAIT] = {"timewait", bench_time_wait, false},
	[FLOOD]	    = {"flood", bench_flood, false},
	[SCALE]	    = {"scale", bench_scale, false},
	[TUN]	    = {"tun", bench_tun, true},
	[XDP]	    = {"xdp", bench_xdp, true},
};

/* Which options go with which measurement. */
static const struct fits {
	int key;
	const char *name;
	unsigned kinds;
} fits[] = {
	{KEY_CONNS, "conns", 1 << IDLE | 1 << TIME_WAIT | 1 << SCALE},
	{KEY_IDLE, "idle", 1 << LIFE},
	{KEY_WINDOW, "window", 1 << BULK},
	{KEY_SUPER, "super", 1 << BULK},
	{KEY_LENT, "lent", 1 << BULK},
	{KEY_NO_SUMS, "no-checksums", 1 << BULK},
	{KEY_PLAIN, "plain", 1 << TUN},
	{KEY_HUGE, "huge", (1 << TUN) - 1},
};

static const struct argp_option options[] = {
	{0, 0, 0, 0, "All of them:", 1},
	{"runs", KEY_RUNS, "N", 0, "the median of N runs counts, 1 to 99 (5)", 1},
	{"time", KEY_TIME, "MS", 0, "CPU time of a run (300)", 1},
	{"cpu", KEY_CPU, "N", 0, "stay on this processor (where it begins)", 1},
	{"huge", KEY_HUGE, 0, 0, "huge pages for the memory of the stacks", 1},
	{"output", 'o', "text|json", 0, "a line for people, or an object on a line", 1},
	{0, 0, 0, 0, "Some of them:", 2},
	{"conns", KEY_CONNS, "N", 0, "idle: connections (100000); timewait, scale: (1000000)", 2},
	{"idle", KEY_IDLE, "N", 0, "life: beside N idle connections (0)", 2},
	{"window", KEY_WINDOW, "BYTES", 0, "bulk: of both ends (64k)", 2},
	{"super", KEY_SUPER, 0, 0, "bulk: super-segments of up to 64 KiB", 2},
	{"lent", KEY_LENT, 0, 0, "bulk: the programs copy nothing, by lent memory", 2},
	{"no-checksums", KEY_NO_SUMS, 0, 0, "bulk: neither made nor verified", 2},
	{"plain", KEY_PLAIN, 0, 0, "tun: without offloads", 2},
	{0}
};

static const char doc[] =
	"What the stack costs on this machine: two stacks in one thread, on one processor, "
	"in CPU time."
	"\v"
	"  bulk      nanoseconds a segment of 1460 bytes, both ends, copies and checksums\n"
	"  life      lifecycles a second: SYN, a byte each way, FINs, 2 MSL\n"
	"  idle      bytes an open connection takes at one end, by the growth of the process;\n"
	"            and the CPU time of two hours of keep-alives\n"
	"  timewait  the rate of life while many are in TIME-WAIT, as a share of it without\n"
	"  flood     SYNs a second that are answered, and what honest opens get meanwhile\n"
	"  scale     nanoseconds that a segment costs more among many connections than among 32\n"
	"  tun       Gbit/s to and from the kernel's TCP over a TUN device, all on one core;\n"
	"            in a network namespace of its own: root, or user namespaces\n"
	"  xdp       packets a second by AF_XDP over a veth pair, as a share of what the rings\n"
	"            alone move; in a network namespace of its own: root\n"
	"\n"
	"Without a name all are run but tun and xdp.  On a machine that does other things, the same "
	"program gives figures that differ by half: compare within one run, and ratios.\n"
	"\n"
	"Exit status: 0 done; 1 one could not be measured, or was not clean; 2 usage.";
/* clang-format on */

struct input {
	struct bench job;
	unsigned asked, all; /* a bit a kind; all: when none was named */
	unsigned given;	     /* a bit an option of fits[] */
	struct control control;
	int cpu;
	bool json;
};

static uint64_t
number(const char *arg, uint64_t low, uint64_t high, struct argp_state *state)
{
	uint64_t n;

	if (!unit_number(arg, high, &n) || n < low)
		argp_error(state, "'%s' is not a number from %llu to %llu", arg,
			   (unsigned long long)low, (unsigned long long)high);
	return n;
}

static void
kind_named(struct input *in, const char *name, struct argp_state *state)
{
	int i;

	for (i = 0; i < N_KINDS && strcmp(kinds[i].name, name) != 0; i++)
		;
	if (i == N_KINDS)
		argp_error(state, "there is no measurement '%s'", name);
	in->asked |= 1u << i;
}

/* All arguments are there. */
static void
check(struct input *in, struct argp_state *state)
{
	for (int i = 0; in->asked == 0 && i < N_KINDS; i++)
		in->all |= kinds[i].alone ? 0 : 1u << i;
	in->asked |= in->all;
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++)
		if ((in->given >> i & 1) && !(fits[i].kinds & in->asked))
			argp_error(state, "--%s does not go with that measurement", fits[i].name);
}

static void
option_given(struct input *in, int key)
{
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++)
		if (fits[i].key == key)
			in->given |= 1u << i;
}

static void
size_given(struct input *in, char *arg, struct argp_state *state)
{
	uint64_t n;

	if (!unit_bytes(arg, &n) || n < WINDOW_MIN || n > WINDOW_MAX)
		argp_error(state, "--window: '%s' is not a size from 4k to 64m", arg);
	in->job.window = (uint32_t)n;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct input *in = state->input;

	option_given(in, key);
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &in->control;
		return 0;
	case KEY_RUNS:
		in->job.runs = (uint32_t)number(arg, 1, BENCH_RUNS_MAX, state);
		return 0;
	case KEY_TIME:
		in->job.time = number(arg, 1, MS_MAX, state) * SW_MS;
		return 0;
	case KEY_CPU:
		in->cpu = (int)number(arg, 0, CPU_MAX, state);
		return 0;
	case KEY_CONNS:
		in->job.conns = number(arg, 1, CONNS_MAX, state);
		return 0;
	case KEY_IDLE:
		in->job.idle = number(arg, 0, CONNS_MAX, state);
		return 0;
	case KEY_WINDOW:
		size_given(in, arg, state);
		return 0;
	case KEY_SUPER:
		in->job.super = true;
		return 0;
	case KEY_LENT:
		in->job.lent = true;
		return 0;
	case KEY_NO_SUMS:
		in->job.no_sums = true;
		return 0;
	case KEY_HUGE:
		in->job.huge = true;
		return 0;
	case KEY_PLAIN:
		in->job.plain = true;
		return 0;
	case 'o':
		if (strcmp(arg, "json") != 0 && strcmp(arg, "text") != 0)
			argp_error(state, "-o is text or json, not '%s'", arg);
		in->json = strcmp(arg, "json") == 0;
		return 0;
	case ARGP_KEY_ARG:
		kind_named(in, arg, state);
		return 0;
	case ARGP_KEY_END:
		check(in, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* One measurement, and what is said of it. */
static bool
measure(const struct input *in, const struct kind *k)
{
	struct bench_figure f = {.unit = ""};

	if (!k->run(&in->job, &f)) {
		fprintf(stderr, "synwave bench: %s: %s\n", k->name, f.wrong);
		return false;
	}
	if (in->json)
		return figure_json(&f, k->name);
	figure_say(&f, k->name);
	return true;
}

int
verb_bench(int argc, char **argv)
{
	static const struct argp_child children[] = {{&control_argp, 0, NULL, 0}, {0}};
	const struct argp argp = {
	    options, parse, "[bulk|life|idle|timewait|flood|scale|tun|xdp]...", doc, children,
	    NULL,    NULL};
	struct input in = {.job = {.runs = 5, .time = 300 * SW_MS, .window = 65536}, .cpu = -1};
	bool good = true;

	argp_parse(&argp, argc, argv, 0, NULL, &in);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!bench_pin(in.cpu)) {
		fprintf(stderr, "synwave bench: cannot stay on processor %d: %s\n", in.cpu,
			strerror(errno));
		return EXIT_FAILED;
	}
	if (control_begin(&in.control, "bench") != EXIT_DONE)
		return EXIT_FAILED;
	if ((in.asked & (1u << TUN | 1u << XDP)) && in.control.verb && !in.control.live)
		control_open(&in.control); /* their children go on with it */
	bench_shown_by(&in.control);
	for (int i = 0; i < N_KINDS; i++)
		if (in.asked >> i & 1)
			good &= measure(&in, &kinds[i]);
	control_end(&in.control);
	return good ? EXIT_DONE : EXIT_FAILED;
}
