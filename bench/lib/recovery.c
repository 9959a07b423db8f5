/*
 * recovery.c - recovery alone, overshoot, and what only looks like loss.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "median.h"
#include "recovery.h"

#define MBIT 1000000ull

struct several { /* runs of one job */
	struct sample worth;
	uint64_t sent, retransmits, timeouts; /* of all of them */
	struct flow_spike spike;	      /* of the last */
};

static void
several_take(struct several *s, struct flow_job *j, int runs, flow_worth *worth)
{
	struct flow_result r;
	const char *why;

	memset(s, 0, sizeof(*s));
	for (; s->worth.n < runs; s->worth.n++) {
		progress(j->row, s->worth.n + 1, runs);
		j->seed = (uint64_t)s->worth.n + 1;
		if (!flow_ours(j, &r, &why)) {
			progress(NULL, 0, 0);
			fprintf(stderr, "paths: %s\n", why);
			exit(1);
		}
		s->worth.v[s->worth.n] = worth(j, &r);
		s->sent += r.sent;
		s->retransmits += r.retransmits;
		s->timeouts += r.timeouts;
		s->spike = r.spike;
	}
	progress(NULL, 0, 0);
}

/* A flow of CUBIC over a path without a fault. */
static void
job_named(struct flow_job *j, const struct ask *a, const char *name, uint64_t mbit, int rtt_ms)
{
	static const struct fault none = {.name = ""};

	job_make(j, a, mbit * MBIT, (sw_ns)rtt_ms * SW_MS, &none);
	j->cc = "cubic";
	j->row = name;
}

/* ---- the window is held ------------------------------------------------- */

/* Goodput of a window of two bandwidth-delay products. */
static void
alone(struct several *s, const struct ask *a, const char *name, uint32_t ppm)
{
	struct flow_job j;

	job_named(&j, a, name, 100, 10);
	j.data.loss = ppm;
	j.window = 2 * (uint32_t)j.data.queue_bytes;
	j.data.queue_bytes = 0;
	several_take(s, &j, a->runs, goodput);
}

static void
say_alone(const struct ask *a, const char *name, const struct several *s)
{
	if (a->json)
		printf("{\"path\":\"%s\",\"part\":%.4f,\"segments\":%llu,\"timeouts\":%llu}\n",
		       name, sample_median(&s->worth), (unsigned long long)s->sent,
		       (unsigned long long)s->timeouts);
	else
		printf("%-36s %8.4f %10llu %8llu\n", name, sample_median(&s->worth),
		       (unsigned long long)s->sent, (unsigned long long)s->timeouts);
	fflush(stdout);
}

static void
table_alone(const struct ask *a)
{
	static const struct {
		const char *name;
		uint32_t ppm;
	} rows[] = {{"window of 2 BDP, loss 0.1%", 1000},
		    {"window of 2 BDP, loss 1%", 10000},
		    {"window of 2 BDP, loss 5%", 50000}};
	struct several ceiling = {.sent = 0}, s;
	double most;

	if (!a->json)
		printf("%-36s %8s %10s %8s\n", "100 Mbit/s, 10 ms, deep queue", "of (1-p)",
		       "segments", "timeouts");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!wanted(a, rows[i].name))
			continue;
		if (ceiling.worth.n == 0)
			alone(&ceiling, a, "window of 2 BDP, no loss", 0);
		alone(&s, a, rows[i].name, rows[i].ppm);
		most = sample_median(&ceiling.worth) * (1 - rows[i].ppm / 1e6);
		for (int k = 0; k < s.worth.n; k++)
			s.worth.v[k] /= most;
		say_alone(a, rows[i].name, &s);
	}
}

/* ---- a minute of slow start and what follows ---------------------------- */

/* Goodput if slow start, ten segments doubled each round trip, ended by itself at the rate:
 * what there is to have. */
static double
ramp(const struct flow_job *j)
{
	sw_ns rtt = j->data.delay + j->ack.delay, at = rtt / 2, span = j->until - j->from;
	double full = (double)j->data.rate_bps / 8 / FLOW_MTU; /* segments a second */
	double segs = 0, most = full * (double)span / 1e9, window;

	for (window = 10; window < full * (double)rtt / 1e9; window *= 2) {
		segs += window;
		at += rtt;
	}
	segs += full * (double)(span - at) / 1e9;
	return 100 * segs / most * (FLOW_MTU - 52) / FLOW_MTU;
}

/* A minute from when the first data leaves. */
static void
row_overshoot(const struct ask *a, uint64_t mbit, int rtt)
{
	struct several s;
	struct flow_job j;
	char name[80];

	snprintf(name, sizeof(name), "slow start, %s, %d ms",
		 mbit == 1000 ? "1 Gbit/s" : "100 Mbit/s", rtt);
	if (!wanted(a, name))
		return;
	job_named(&j, a, name, mbit, rtt);
	j.from = (sw_ns)rtt * SW_MS; /* the handshake has taken that */
	j.until = j.from + 60 * SW_S;
	several_take(&s, &j, 1, goodput); /* nothing in it is random */
	if (a->json)
		say_json(name, j.cc, &s.worth, &(struct sample){.n = 0});
	else
		printf("%-36s %8.2f %10.2f\n", name, sample_median(&s.worth), ramp(&j));
	fflush(stdout);
}

void
table_recovery(const struct ask *a)
{
	table_alone(a);
	if (!a->json)
		printf("%-36s %8s %10s\n", "60 s, queue of 1 BDP, no other loss", "% of rate",
		       "no loss");
	row_overshoot(a, 100, 10);
	row_overshoot(a, 100, 100);
	row_overshoot(a, 1000, 10);
	row_overshoot(a, 1000, 100);
}

/* ---- no loss ------------------------------------------------------------ */

/* Nothing is lost: per cent of the segments that were sent again. */
static double
again(const struct flow_job *j, const struct flow_result *r)
{
	(void)j;
	return r->sent > 0 ? 100 * (double)r->retransmits / (double)r->sent : 0;
}

static void
row_reorder(const struct ask *a, int rtt)
{
	struct several s;
	struct flow_job j;
	char name[80];

	snprintf(name, sizeof(name), "reorder 10%%, %d ms", rtt);
	if (!wanted(a, name))
		return;
	job_named(&j, a, name, 100, rtt);
	j.data.reorder = 100000;
	j.window = (uint32_t)j.data.queue_bytes; /* the queue loses nothing */
	j.data.queue_bytes = 0;
	several_take(&s, &j, a->runs, again);
	if (a->json)
		say_json(name, j.cc, &s.worth, &(struct sample){.n = 0});
	else
		printf("%-36s %8.4f\n", name, sample_median(&s.worth));
	fflush(stdout);
}

/* How much of cwnd is there again, a round trip after the first late ACK: per cent. */
static double
back(const struct flow_job *j, const struct flow_result *r)
{
	(void)j;
	return 100.0 * r->spike.after / (r->spike.before ? r->spike.before : 1);
}

static void
row_spike(const struct ask *a, int rtt, const char *how, sw_ns spike)
{
	struct several s;
	struct flow_job j;
	char name[80];

	snprintf(name, sizeof(name), "late by %s, %d ms", how, rtt);
	if (!wanted(a, name))
		return;
	job_named(&j, a, name, 100, rtt);
	j.snd_buf = (uint32_t)j.data.queue_bytes; /* the queue loses nothing */
	j.spike_at = j.from;
	j.spike = spike;
	several_take(&s, &j, 1, back); /* nothing in it is random */
	if (a->json)
		say_json(name, j.cc, &s.worth, &(struct sample){.n = 0});
	else
		printf("%-36s %8llu %8.1f %8.1f\n", name, (unsigned long long)s.timeouts,
		       100.0 * s.spike.least / (s.spike.before ? s.spike.before : 1),
		       sample_median(&s.worth));
	fflush(stdout);
}

void
table_spurious(const struct ask *a)
{
	if (!a->json)
		printf("%-36s %8s\n", "100 Mbit/s, nothing is lost", "% again");
	row_reorder(a, 10);
	row_reorder(a, 100);
	if (!a->json)
		printf("%-36s %8s %8s %8s\n", "cwnd, % of what it was before", "timeouts", "least",
		       "1 RTT on");
	row_spike(a, 10, "3 RTT", 30 * SW_MS);
	row_spike(a, 100, "3 RTT", 300 * SW_MS);
	row_spike(a, 10, "1 s", SW_S);
	row_spike(a, 100, "1 s", SW_S);
}
