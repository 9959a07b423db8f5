/*
 * bench_life.c - whole connections: opened, a byte each way, a FIN each way, and the
 * 2 MSL of TIME-WAIT, which go by on this measurement's own clock.
 *
 * BATCH of them go side by side, so that the stacks get their packets as a device
 * would give them.  Beside others that are idle, or with many in TIME-WAIT, the
 * figure is a share of that without: two pairs of stacks take turns.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum { BATCH = 32, PORTS = 256, TURNS = 64, WAITS = 1000, MTU = 1500 };
enum { BYTES_A_WAIT = 100 };

struct life {
	struct bench_world w;
	uint64_t opened, served, answered; /* connections; bytes at B and at A */
	uint64_t closed;
	uint64_t waits; /* so many stand in TIME-WAIT at a time */
	bool wrong;
};

static void
life_open(struct life *l)
{
	struct sw_endpoint to = {.addr = l->w.end[END_B].addr4};
	sw_conn conn;

	to.port = (uint16_t)(WORLD_PORT + l->opened++ % PORTS);
	l->wrong |= sw_open_active(l->w.end[END_A].stack, l->w.now, NULL, &to, &conn) != SW_OK;
}

/* The server: a byte for a byte, a close for a close. */
static void
life_serve(struct life *l)
{
	struct sw_stack *b = l->w.end[END_B].stack;
	struct sw_event e;
	sw_conn conn;
	uint8_t byte;
	ptrdiff_t n;

	while (sw_event(b, &e)) {
		if (e.ready & SW_ACCEPTABLE) {
			while (sw_accept(b, l->w.now, e.conn, &conn) == SW_OK)
				;
			continue;
		}
		if (!(e.ready & SW_READABLE))
			continue;
		n = sw_receive(b, l->w.now, e.conn, &byte, 1);
		if (n == 1) {
			l->served++;
			l->wrong |= sw_send(b, l->w.now, e.conn, &byte, 1, 0) != 1;
		} else if (n == 0) {
			l->closed++;
			l->wrong |= sw_release(b, l->w.now, e.conn) != SW_OK;
		}
	}
}

/* The client: a byte, and when one has come, that was it. */
static void
life_ask(struct life *l)
{
	struct sw_stack *a = l->w.end[END_A].stack;
	struct sw_event e;
	uint8_t byte = 1;

	while (sw_event(a, &e)) {
		if (e.ready & SW_READABLE) {
			l->answered += sw_receive(a, l->w.now, e.conn, &byte, 1) == 1;
			l->wrong |= sw_release(a, l->w.now, e.conn) != SW_OK;
		} else if (e.ready & SW_OPENED) {
			l->wrong |= sw_send(a, l->w.now, e.conn, &byte, 1, 0) != 1;
		}
	}
}

/* BATCH lives from SYN to the last ACK; then their share of 2 MSL goes by. */
static void
life_batch(struct life *l)
{
	size_t n = 1;

	for (int i = 0; i < BATCH; i++)
		life_open(l);
	for (int i = 0; n > 0 && i < TURNS; i++) {
		n = world_carry(&l->w, END_A);
		life_serve(l);
		n += world_carry(&l->w, END_B);
		life_ask(l);
		l->w.now += 10 * SW_US;
	}
	l->wrong |= n > 0 || l->closed != l->opened;
	l->w.now += 240 * SW_S / l->waits * BATCH;
}

/* `closed` counts those that ended; a figure is worth something if all did, well. */
static bool
life_clean(const struct life *l)
{
	struct sw_counters n = {.bytes = sizeof(n)};
	bool wrong = l->wrong || l->served != l->opened || l->answered != l->opened;

	for (int end = END_A; end <= END_B; end++) {
		sw_counters(l->w.end[end].stack, &n);
		wrong |= n.retransmits > 0 || n.resets_out > 0 || n.segments_in == 0 ||
			 n.pool_refused[SW_POOL_TIME_WAITS] > 0;
	}
	return !wrong;
}

/* Lifecycles in a second of CPU time. */
static double
life_rate(struct life *l, double seconds)
{
	double start = bench_cpu(), now;
	uint64_t before = l->closed;

	do {
		for (int i = 0; i < TURNS && !l->wrong; i++)
			life_batch(l);
		now = bench_cpu();
	} while (now < start + seconds && !l->wrong);
	return (double)(l->closed - before) / (now - start);
}

static bool
life_make(struct life *l, uint64_t idle, uint64_t waits, bool huge)
{
	struct sw_iface kind = {.link = SW_LINK_IP, .mtu = MTU};
	struct sw_config c;

	memset(l, 0, sizeof(*l));
	l->waits = waits;
	world_config(&c);
	c.conns = (uint32_t)idle + 4096;
	c.half_opens = c.actives = 4096;
	c.time_waits = (uint32_t)waits + 4096;
	return world_make(&l->w, &c, &kind, huge);
}

/* Until as many as there shall be stand in TIME-WAIT. */
static void
life_fill(struct life *l)
{
	while (l->opened < l->waits + BATCH && !l->wrong)
		life_batch(l);
}

struct pair { /* with nothing beside, and with much */
	struct life bare, full;
	struct bench_conns idle;
	double bytes; /* that a record in TIME-WAIT takes */
};

static bool
pair_make(struct pair *p, const struct bench *job, uint64_t idle, uint64_t waits)
{
	uint64_t before;

	memset(p, 0, sizeof(*p));
	if (!life_make(&p->bare, 0, WAITS, job->huge) ||
	    !life_make(&p->full, idle, waits, job->huge))
		return false;
	life_rate(&p->bare, 0.05);
	life_fill(&p->bare);
	if (idle > 0 && !conns_open(&p->full.w, &p->idle, idle, false))
		return false;
	before = world_resident();
	life_fill(&p->full);
	p->bytes = (double)(world_resident() - before) / (double)waits;
	return true;
}

static void
pair_free(struct pair *p)
{
	world_free(&p->bare.w);
	world_free(&p->full.w);
	conns_free(&p->idle);
}

/* Each run of the one is followed by one of the other. */
static bool
pair_run(struct pair *p, const struct bench *job, double *bare, struct bench_figure *f)
{
	double seconds = (double)job->time / 1e9;

	for (uint32_t i = 0; i < job->runs; i++) {
		bare[i] = life_rate(&p->bare, seconds);
		figure_run(f, life_rate(&p->full, seconds));
	}
	if (life_clean(&p->bare) && life_clean(&p->full))
		return true;
	return figure_wrong(f, "not every connection went through its life as it should");
}

static bool
life_alone(const struct bench *job, struct bench_figure *f)
{
	char count[32];
	struct life l;
	bool good = life_make(&l, 0, WAITS, job->huge);

	if (good) {
		life_rate(&l, 0.05);
		life_fill(&l);
	}
	for (uint32_t i = 0; good && i < job->runs; i++)
		figure_run(f, life_rate(&l, (double)job->time / 1e9));
	good = good && life_clean(&l);
	if (good)
		snprintf(f->text, sizeof(f->text),
			 "%s lifecycles a second of CPU, both ends: %.0f ns each",
			 sw_text_count((uint64_t)figure_median(f), count), 1e9 / figure_median(f));
	else
		figure_wrong(f, "not every connection went through its life as it should");
	figure_note(f, "ns", 1e9 / figure_median(f));
	world_free(&l.w);
	return good;
}

bool
bench_life(const struct bench *job, struct bench_figure *f)
{
	char rate[32], count[32];
	double bare[BENCH_RUNS_MAX], share;
	struct pair p;
	bool good;

	f->unit = "lifecycles/s";
	if (job->idle == 0)
		return life_alone(job, f);
	if (!bench_room(f, (double)job->idle * BYTES_A_PAIR))
		return false;
	good = pair_make(&p, job, job->idle, WAITS) ||
	       figure_wrong(f, "%s idle connections did not open", sw_text_count(job->idle, count));
	if (good && pair_run(&p, job, bare, f)) {
		share = figure_median(f) / median_of(bare, job->runs);
		snprintf(f->text, sizeof(f->text),
			 "%s lifecycles a second of CPU beside %s idle ones: %.2f of that without",
			 sw_text_count((uint64_t)figure_median(f), rate),
			 sw_text_count(job->idle, count), share);
		figure_note(f, "share", share);
		figure_note(f, "bare", median_of(bare, job->runs));
	} else {
		good = false;
	}
	pair_free(&p);
	return good;
}

bool
bench_time_wait(const struct bench *job, struct bench_figure *f)
{
	uint64_t waits = job->conns > 0 ? job->conns : 1000000;
	double bare[BENCH_RUNS_MAX];
	struct bench_figure full = {.unit = ""};
	char count[32];
	struct pair p;
	bool good;

	f->unit = "share of life";
	if (!bench_room(f, (double)waits * BYTES_A_WAIT))
		return false;
	good = pair_make(&p, job, 0, waits) ||
	       figure_wrong(f, "no memory for %s in TIME-WAIT", sw_text_count(waits, count));
	if (good && !pair_run(&p, job, bare, &full)) {
		good = figure_wrong(f, "%s", full.wrong);
	} else if (good) {
		for (uint32_t i = 0; i < job->runs; i++)
			figure_run(f, full.run[i] / bare[i]);
		figure_note(f, "rate", figure_median(&full));
		figure_note(f, "bytes", p.bytes);
		snprintf(f->text, sizeof(f->text),
			 "lifecycles with %s in TIME-WAIT run at %.2f of their rate without; "
			 "%.0f bytes each",
			 sw_text_count(waits, count), figure_median(f), p.bytes);
	}
	pair_free(&p);
	return good;
}
