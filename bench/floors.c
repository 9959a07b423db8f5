/*
 * floors.c - what this machine takes for the parts of a TCP's work.
 *
 *	build/bench/floors [--runs N] [--cpu N] [-o text|json] [NAME]...
 *
 * Medians, in nanoseconds of CPU time.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/floor.h"
#include "lib/median.h"

enum { RUNS_MAX = 31, NAMES_MAX = 64 };

/* clang-format off */
static const struct floor {
	const char *name;
	double (*run)(long);
	long arg;
	const char *what;
} floors[] = {
	{"copy", floor_copy, FLOOR_APART, "memcpy of 1460 bytes in L1, offsets in the page 2 KiB apart"},
	{"copy-same-offset", floor_copy, FLOOR_SAME_OFFSET, "the same, at one offset in the page"},
	{"copy-l2", floor_copy, FLOOR_L2, "memcpy of 1460 bytes, among 256 buffers of 2 KiB"},
	{"copy-l3", floor_copy, FLOOR_L3, "memcpy of 1460 bytes, among 8 MiB"},
	{"copy-dram", floor_copy, FLOOR_DRAM, "memcpy of 1460 bytes, among 256 MiB"},
	{"sum-16", floor_sum, -1, "checksum of 1460 bytes, 16 bits at a time"},
	{"sum-64", floor_sum, SW_SIMD_WORDS, "checksum of 1460 bytes, 64 bits with carry"},
	{"sum-sse2", floor_sum, SW_SIMD_SSE2, "checksum of 1460 bytes, SSE2"},
	{"sum-avx2", floor_sum, SW_SIMD_AVX2, "checksum of 1460 bytes, AVX2"},
	{"apart", floor_apart, SW_SIMD_AVX2, "memcpy of 1460 bytes, then the AVX2 checksum"},
	{"fused", floor_copy_sum, SW_SIMD_AVX2, "both in one pass, AVX2"},
	{"fused-sse2", floor_copy_sum, SW_SIMD_SSE2, "both in one pass, SSE2"},
	{"fused-64", floor_copy_sum, SW_SIMD_WORDS, "both in one pass, 64 bits in C"},
	{"load-256k", floor_load, 256 << 10, "a load that waits for the one before, in 256 KiB"},
	{"load-8m", floor_load, 8 << 20, "the same in 8 MiB"},
	{"load-64m", floor_load, 64 << 20, "the same in 64 MiB"},
	{"load-512m", floor_load, 512 << 20, "the same in 512 MiB"},
	{"syscall", floor_clock, FLOOR_SYSCALL, "an empty system call"},
	{"rdtsc", floor_clock, FLOOR_TSC, "the processor's clock"},
	{"clock", floor_clock, FLOOR_MONOTONIC, "CLOCK_MONOTONIC"},
	{"clock-coarse", floor_clock, FLOOR_COARSE, "CLOCK_MONOTONIC_COARSE"},
	{"demux-1", floor_demux, 1, "a lookup among 1 connection, one at a time"},
	{"demux-batch-1", floor_demux, -1, "in batches of 32 with prefetch"},
	{"demux-1000", floor_demux, 1000, "a lookup among 1,000"},
	{"demux-batch-1000", floor_demux, -1000, "in batches"},
	{"demux-100000", floor_demux, 100000, "a lookup among 100,000"},
	{"demux-batch-100000", floor_demux, -100000, "in batches"},
	{"demux-1000000", floor_demux, 1000000, "a lookup among 1,000,000"},
	{"demux-batch-1000000", floor_demux, -1000000, "in batches"},
	{"demux-10000000", floor_demux, 10000000, "a lookup among 10,000,000"},
	{"demux-batch-10000000", floor_demux, -10000000, "in batches"},
	{"cookie", floor_cookie, 0, "a SYN verified, hashed, its SYN-ACK written"},
	{"payload-a", floor_payload, 'A', "1460 bytes: copied in, over, out; summed twice, apart"},
	{"payload-b", floor_payload, 'B', "the same, sums made while copying"},
	{"payload-c", floor_payload, 'C', "copied over the link only"},
	{"payload-d", floor_payload, 'D', "handed over, summed twice"},
	{"payload-e", floor_payload, 'E', "copied in and out with sums, handed over"},
	{"payload-f", floor_payload, 'F', "handed over: a header is written and read"},
	{"life", floor_life, 0, "7 packets built, summed, copied, verified, found; 2 blocks"},
};
/* clang-format on */
#define N_FLOORS (sizeof(floors) / sizeof(floors[0]))

struct args {
	int runs, cpu;
	bool json;
	const char *name[NAMES_MAX];
	int names;
};

static bool
floor_named(const char *name)
{
	for (size_t i = 0; i < N_FLOORS; i++)
		if (strcmp(floors[i].name, name) == 0)
			return true;
	return false;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'r':
		a->runs = atoi(arg);
		if (a->runs < 1 || a->runs > RUNS_MAX)
			argp_error(state, "--runs is 1 to %d", RUNS_MAX);
		return 0;
	case 'c':
		a->cpu = atoi(arg);
		return 0;
	case 'o':
		if (strcmp(arg, "json") != 0 && strcmp(arg, "text") != 0)
			argp_error(state, "-o is text or json");
		a->json = strcmp(arg, "json") == 0;
		return 0;
	case ARGP_KEY_ARG:
		if (!floor_named(arg) || a->names == NAMES_MAX)
			argp_error(state, "there is no floor '%s'", arg);
		a->name[a->names++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool
asked(const struct args *a, const char *name)
{
	for (int i = 0; i < a->names; i++)
		if (strcmp(a->name[i], name) == 0)
			return true;
	return a->names == 0;
}

static void
measure(const struct args *a, const struct floor *f)
{
	double v[RUNS_MAX], sorted[RUNS_MAX], median;

	for (int i = 0; i < a->runs; i++)
		v[i] = f->run(f->arg);
	memcpy(sorted, v, sizeof(sorted));
	median = median_sort(sorted, a->runs);
	if (!a->json) {
		printf("%-22s %9.2f ns  (%.2f to %.2f)  %s\n", f->name, median, sorted[0],
		       sorted[a->runs - 1], f->what);
	} else {
		printf("{\"bench\":\"%s\",\"value\":%.3f,\"unit\":\"ns\",\"runs\":[", f->name,
		       median);
		for (int i = 0; i < a->runs; i++)
			printf("%s%.3f", i ? "," : "", v[i]);
		printf("]}\n");
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const struct argp_option options[] = {
	    {"runs", 'r', "N", 0, "median of N (5)", 0},
	    {"cpu", 'c', "N", 0, "on this processor", 0},
	    {"output", 'o', "text|json", 0, "for people, or an object a line", 0},
	    {0}};
	static const struct argp argp = {
	    options, parse, "[NAME]...", "What the machine takes for the parts of a TCP's work.",
	    NULL,    NULL,  NULL};
	struct args a = {.runs = 5, .cpu = -1};
	cpu_set_t set;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	CPU_ZERO(&set);
	CPU_SET(a.cpu >= 0 ? a.cpu : sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		fprintf(stderr, "floors: there is no processor %d\n", a.cpu);
		return 1;
	}
	for (size_t i = 0; i < N_FLOORS; i++)
		if (asked(&a, floors[i].name))
			measure(&a, &floors[i]);
	return 0;
}
