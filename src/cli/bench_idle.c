/*
 * bench_idle.c - what a connection costs that is open and does nothing: bytes, by the
 * growth of this process, and CPU time, for the keep-alives of two hours.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum { MTU = 1500, CONNS = 100000, HOURS = 2 };

struct idle {
	struct bench_world w;
	struct bench_conns c;
	double bytes, share; /* an end; of one core */
	uint64_t keep_alives;
};

static bool
idle_make(struct idle *k, uint64_t n, bool huge)
{
	struct sw_iface kind = {.link = SW_LINK_IP, .mtu = MTU};
	struct sw_config c;

	memset(k, 0, sizeof(*k));
	world_config(&c);
	c.conns = (uint32_t)n;
	c.time_waits = (uint32_t)n;
	c.half_opens = c.actives = 4096;
	return world_make(&k->w, &c, &kind, huge);
}

static uint64_t
probes(const struct idle *k)
{
	struct sw_counters n[2] = {{.bytes = sizeof(n[0])}, {.bytes = sizeof(n[0])}};

	for (int end = END_A; end <= END_B; end++)
		sw_counters(k->w.end[end].stack, &n[end]);
	return n[END_A].keep_alives + n[END_B].keep_alives;
}

/* Two hours go by, in steps of what the stacks wait for. */
static void
idle_hold(struct idle *k)
{
	sw_ns from = k->w.now, until = from + HOURS * 3600 * SW_S, a, b;
	uint64_t before = probes(k);
	double start = bench_cpu();

	while (k->w.now < until) {
		while (world_carry(&k->w, END_A) + world_carry(&k->w, END_B) > 0)
			;
		a = sw_deadline(k->w.end[END_A].stack);
		b = sw_deadline(k->w.end[END_B].stack);
		a = a < b ? a : b;
		k->w.now = a > k->w.now ? a : k->w.now + SW_MS;
	}
	k->share = (bench_cpu() - start) / ((double)(k->w.now - from) / 1e9);
	k->keep_alives = probes(k) - before;
}

/* Opens, holds and closes n; false: something went wrong, which f says. */
static bool
idle_run(struct idle *k, const struct bench *job, uint64_t n, struct bench_figure *f)
{
	uint64_t before;

	if (!idle_make(k, n, job->huge))
		return figure_wrong(f, "no memory");
	/* the pages of what every stack has are there before it counts */
	if (!conns_open(&k->w, &k->c, 0, true))
		return figure_wrong(f, "no memory");
	conns_free(&k->c);
	before = world_resident();
	if (!conns_open(&k->w, &k->c, n, true))
		return figure_wrong(f, "the connections did not all open");
	k->bytes = (double)(world_resident() - before - 2 * n * sizeof(sw_conn)) / (double)(2 * n);
	idle_hold(k);
	if (k->keep_alives < n)
		return figure_wrong(f, "keep-alives are missing");
	return conns_close(&k->w, &k->c) ||
	       figure_wrong(f, "the connections did not all close as they should");
}

bool
bench_idle(const struct bench *job, struct bench_figure *f)
{
	uint64_t n = job->conns > 0 ? job->conns : CONNS;
	double share[BENCH_RUNS_MAX];
	char count[32];
	bool good = true;

	f->unit = "bytes";
	if (!bench_room(f, (double)n * BYTES_A_PAIR))
		return false;
	for (uint32_t i = 0; good && i < job->runs; i++) {
		struct idle k;

		good = idle_run(&k, job, n, f);
		figure_run(f, k.bytes);
		share[i] = k.share;
		world_free(&k.w);
		conns_free(&k.c);
	}
	if (!good)
		return false;
	figure_note(f, "cpu", median_of(share, f->runs));
	snprintf(f->text, sizeof(f->text),
		 "%.0f bytes an idle end, of %s connections; %.4f %% of a core while they are idle",
		 figure_median(f), sw_text_count(n, count), 100 * median_of(share, f->runs));
	return true;
}
