/*
 * bench_scale.c - one segment for a connection among many: what it costs more than
 * one for a connection among few.
 *
 * Few are 32, one segment for each in a batch, so that the work is the same and only
 * the memory is another.  32 segments of an only connection are less work: one event
 * and one ACK for all; what they cost is told beside.
 *
 * A's stack makes the segments; they wait, and B's stack is timed while it takes them
 * in batches of 32, gives their text to the program and answers each with an ACK.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { BATCHES = 8, GROUP = BATCHES * WORLD_BATCH, TEXT = 32, MTU = 1500 };
enum { CONNS = 1000000, FEW = WORLD_BATCH, FRAME = 2048 };

struct scale {
	struct bench_world w;
	struct bench_conns c;
	struct sw_packet in[GROUP], out[GROUP];
	uint8_t *frames, *answers;
	size_t answered;
	uint64_t even, taken, sent;
	bool wrong;
};

static uint64_t
scale_random(struct scale *s)
{
	uint64_t z = s->even += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* GROUP segments of `among` connections, chosen at random or in turn. */
static void
scale_prepare(struct scale *s, uint64_t among)
{
	struct sw_stack *a = s->w.end[END_A].stack;
	static const uint8_t text[TEXT];
	sw_conn conn;

	for (int i = 0; i < GROUP; i++) {
		conn =
		    s->c.name[END_A][among <= FEW ? (uint64_t)i % among : scale_random(s) % among];
		s->in[i].data = s->frames + (size_t)i * FRAME;
		s->in[i].cap = FRAME;
		s->wrong |= sw_send(a, s->w.now, conn, text, TEXT, 0) != TEXT;
		s->wrong |= sw_output(a, s->w.now, 0, &s->in[i], 1) != 1;
		s->w.now += SW_US;
	}
	s->sent += GROUP;
}

/* The program at B reads what has come. */
static void
scale_read(struct scale *s)
{
	struct sw_stack *b = s->w.end[END_B].stack;
	uint8_t text[WORLD_BATCH * TEXT];
	struct sw_event e;
	ptrdiff_t n;

	while (sw_event(b, &e)) {
		n = e.ready & SW_READABLE ? sw_receive(b, s->w.now, e.conn, text, sizeof(text)) : 0;
		s->taken += n > 0 ? (uint64_t)n : 0;
	}
}

/* The part that is timed. */
static void
scale_take(struct scale *s)
{
	struct sw_stack *b = s->w.end[END_B].stack;

	s->answered = 0;
	for (int i = 0; i < BATCHES; i++) {
		sw_input(b, s->w.now, s->in + i * WORLD_BATCH, WORLD_BATCH);
		scale_read(s);
		s->answered += sw_output(b, s->w.now, 0, s->out + s->answered, WORLD_BATCH);
		s->w.now += SW_US;
	}
}

/* Nanoseconds a segment. */
static double
scale_run(struct scale *s, uint64_t among, double seconds)
{
	double spent = 0, start;
	uint64_t n = 0;

	while (spent < seconds && !s->wrong) {
		scale_prepare(s, among);
		start = bench_cpu();
		scale_take(s);
		spent += bench_cpu() - start;
		n += GROUP;
		s->wrong |= s->taken != s->sent * TEXT;
		sw_input(s->w.end[END_A].stack, s->w.now, s->out, s->answered);
		s->w.now += SW_MS;
	}
	return spent * 1e9 / (double)n;
}

/* All answer at once, and none waits to send. */
static bool
scale_habits(struct scale *s, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (sw_set(s->w.end[END_A].stack, s->w.now, s->c.name[END_A][i], SW_OPT_NAGLE, 0) ||
		    sw_set(s->w.end[END_B].stack, s->w.now, s->c.name[END_B][i], SW_OPT_QUICK_ACK,
			   1))
			return false;
	return true;
}

static bool
scale_make(struct scale *s, uint64_t n, bool huge)
{
	struct sw_iface kind = {.link = SW_LINK_IP, .mtu = MTU};
	struct sw_config c;

	world_config(&c);
	c.conns = (uint32_t)n;
	c.half_opens = c.actives = 4096;
	c.without = SW_NO_PACING; /* the program is never to wait for A */
	s->frames = malloc((size_t)GROUP * FRAME);
	s->answers = malloc((size_t)GROUP * FRAME);
	if (s->frames == NULL || s->answers == NULL || !world_make(&s->w, &c, &kind, huge) ||
	    !conns_open(&s->w, &s->c, n, false) || !scale_habits(s, n))
		return false;
	for (size_t i = 0; i < GROUP; i++) {
		s->out[i].data = s->answers + i * FRAME;
		s->out[i].cap = FRAME;
	}
	return true;
}

bool
bench_scale(const struct bench *job, struct bench_figure *f)
{
	uint64_t n = job->conns > 0 ? job->conns : CONNS;
	double seconds = (double)job->time / 1e9, one[BENCH_RUNS_MAX], few[BENCH_RUNS_MAX];
	struct scale *s = calloc(1, sizeof(*s));
	char count[32];
	bool good = bench_room(f, (double)n * BYTES_A_PAIR) && s != NULL &&
		    scale_make(s, n < FEW ? FEW : n, job->huge);

	f->unit = "ns more a segment";
	if (!good && f->wrong[0] == '\0')
		figure_wrong(f, "no memory for %s connections", sw_text_count(n, count));
	for (uint32_t i = 0; good && i < job->runs; i++) {
		one[i] = scale_run(s, 1, seconds);
		few[i] = scale_run(s, FEW, seconds);
		figure_run(f, scale_run(s, s->c.n, seconds) - few[i]);
		good = !s->wrong || figure_wrong(f, "segments were lost");
	}
	if (good) {
		figure_note(f, "few", median_of(few, f->runs));
		figure_note(f, "one", median_of(one, f->runs));
		snprintf(f->text, sizeof(f->text),
			 "%.0f ns more for a segment of one of %s connections than the %.0f ns "
			 "among 32 (%.0f of an only one)",
			 figure_median(f), sw_text_count(n, count), median_of(few, f->runs),
			 median_of(one, f->runs));
	}
	if (s != NULL) {
		world_free(&s->w);
		conns_free(&s->c);
		free(s->frames);
		free(s->answers);
	}
	free(s);
	return good;
}
