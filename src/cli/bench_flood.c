/*
 * bench_flood.c - SYNs from everywhere that nobody will complete: how many a second
 * are answered, and what becomes of those who mean it.
 *
 * The flood goes straight into the stack, and its SYN-ACKs are thrown away.  Each SYN
 * has the options that Linux sends, a tuple of its own and a good checksum.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { SYN = 60, ROOM = 64, BATCHES = 64, GROUP = BATCHES * WORLD_BATCH, MTU = 1500 };
enum {
	NS_A_SYN = 200,
	HALVES = 1024,
	MANY = 100000,
	HONEST = 32,
	SYNS_EACH = 10,
	TURNS = 8,
	PORTS = 256
};

struct flood {
	struct bench_world w;
	uint8_t (*syn)[ROOM];
	uint64_t next; /* SYN */
	uint64_t sent, answered;
	double cpu; /* spent on them */
	uint64_t tried, opened, ended;
	bool wrong;
};

/* ---- the SYNs --------------------------------------------------------------- */

static void
put_16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
words(const uint8_t *p, int n)
{
	uint32_t sum = 0;

	for (int i = 0; i < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t
checksum(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* SYN number i: from 11.0.0.0/8 or so, to port 1000 of B. */
static void
syn_make(uint8_t *p, uint64_t i)
{
	/* clang-format off */
	static const uint8_t like[SYN] = {
		0x45, 0, 0, SYN, 0, 0, 0x40, 0, 64, 6, 0, 0, 11, 0, 0, 0, 10, 0, 0, 2,
		0, 0, WORLD_PORT >> 8, WORLD_PORT & 255, 0, 0, 0, 0, 0, 0, 0, 0, 0xa0, 2, 0xfa, 0xf0,
		0, 0, 0, 0,
		2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7,
	};
	/* clang-format on */
	uint32_t even = (uint32_t)((i * 0x9e3779b97f4a7c15) >> 40);

	memcpy(p, like, SYN);
	p[13] = (uint8_t)(even >> 16);
	put_16(p + 14, (even & 0xffff) | 1);
	put_16(p + 20, 1024 + (uint32_t)(i % 60000));
	put_16(p + 24, (uint32_t)(i * 40503 >> 3) & 0xffff);
	put_16(p + 10, checksum(words(p, 20)));
	put_16(p + 36, checksum(words(p + 12, 8) + words(p + 20, SYN - 20) + 6 + SYN - 20));
}

static void
flood_prepare(struct flood *f)
{
	for (int i = 0; i < GROUP; i++)
		syn_make(f->syn[i], f->next++);
}

/* ---- the stack under them ----------------------------------------------------- */

/* What B says goes nowhere, but what is for A. */
static void
flood_output(struct flood *f)
{
	struct sw_packet *p = f->w.packet;
	size_t n;

	do {
		n = sw_output(f->w.end[END_B].stack, f->w.now, 0, p, f->w.batch);
		for (size_t i = 0; i < n; i++) {
			if (p[i].data[16] == 10)
				sw_input(f->w.end[END_A].stack, f->w.now, &p[i], 1);
			else
				f->answered++;
		}
	} while (n == f->w.batch);
}

static void
flood_batch(struct flood *f, int at)
{
	struct sw_packet in[WORLD_BATCH];

	memset(in, 0, sizeof(in));
	for (int i = 0; i < WORLD_BATCH; i++) {
		in[i].data = f->syn[at * WORLD_BATCH + i];
		in[i].len = SYN;
	}
	sw_input(f->w.end[END_B].stack, f->w.now, in, WORLD_BATCH);
	flood_output(f);
	f->sent += WORLD_BATCH;
	f->w.now += WORLD_BATCH * NS_A_SYN;
}

static void
flood_for(struct flood *f, double seconds)
{
	double start, until = f->cpu + seconds;

	while (f->cpu < until) {
		flood_prepare(f);
		start = bench_cpu();
		for (int i = 0; i < BATCHES; i++)
			flood_batch(f, i);
		f->cpu += bench_cpu() - start;
	}
}

/* ---- those who mean it ---------------------------------------------------------- */

static void
honest_server(struct flood *f)
{
	struct sw_stack *b = f->w.end[END_B].stack;
	struct sw_event e;
	sw_conn conn;
	uint8_t byte;
	ptrdiff_t n;

	while (sw_event(b, &e)) {
		while ((e.ready & SW_ACCEPTABLE) && sw_accept(b, f->w.now, e.conn, &conn) == SW_OK)
			;
		n = e.ready & SW_READABLE ? sw_receive(b, f->w.now, e.conn, &byte, 1) : -1;
		if (n == 1)
			sw_send(b, f->w.now, e.conn, &byte, 1, 0);
		if (n == 0) {
			sw_release(b, f->w.now, e.conn);
			f->ended++;
		}
	}
}

static void
honest_client(struct flood *f, sw_conn conn[HONEST])
{
	struct sw_stack *a = f->w.end[END_A].stack;
	struct sw_event e;
	uint8_t byte = 1;

	while (sw_event(a, &e)) {
		if (e.ready & SW_READABLE) {
			sw_receive(a, f->w.now, e.conn, &byte, 1);
			sw_release(a, f->w.now, e.conn);
			for (int i = 0; i < HONEST; i++)
				conn[i] = conn[i] == e.conn ? 0 : conn[i];
		} else if (e.ready & SW_OPENED) {
			sw_send(a, f->w.now, e.conn, &byte, 1, 0);
			f->opened++;
		}
	}
}

/* Whole connections while `batches` of the flood come in between; what is not done
 * by then without a second SYN has failed. */
static void
honest_batch(struct flood *f, int batches)
{
	struct sw_endpoint to = {.addr = f->w.end[END_B].addr4, .port = WORLD_PORT};
	struct sw_stack *a = f->w.end[END_A].stack;
	sw_conn conn[HONEST] = {0};

	for (int i = 0; i < HONEST; i++) {
		to.port = (uint16_t)(WORLD_PORT + f->tried++ % PORTS);
		f->wrong |= sw_open_active(a, f->w.now, NULL, &to, &conn[i]) != SW_OK;
	}
	for (int turn = 0, at = 0; turn < TURNS; turn++) {
		for (; at < batches * (turn + 1) / TURNS; at++)
			flood_batch(f, at);
		world_carry(&f->w, END_A);
		honest_server(f);
		flood_output(f);
		honest_client(f, conn);
		f->w.now += 10 * SW_US;
	}
	for (int i = 0; i < HONEST; i++)
		if (conn[i] != 0)
			sw_abort(a, f->w.now, conn[i]);
	world_carry(&f->w, END_A);
}

/* CPU time a lifecycle without a flood, or a batch of them in it. */
static double
honest_for(struct flood *f, double seconds, int batches)
{
	double start, spent = 0;
	uint64_t n = 0;

	while (spent < seconds && !f->wrong) {
		if (batches > 0)
			flood_prepare(f);
		start = bench_cpu();
		for (int i = 0; i < (batches > 0 ? 1 : TURNS); i++) {
			honest_batch(f, batches);
			n++;
		}
		spent += bench_cpu() - start;
	}
	return spent / (double)n;
}

/* ---- the measurement -------------------------------------------------------------- */

static bool
flood_make(struct flood *f, uint32_t halves, bool huge)
{
	struct sw_iface kind = {.link = SW_LINK_IP, .mtu = MTU};
	struct sw_addr all = sw_addr4(0, 0, 0, 0);
	struct sw_config c;

	memset(f, 0, sizeof(*f));
	world_config(&c);
	c.half_opens = halves;
	c.conns = c.actives = 4096;
	c.time_waits = 1 << 20; /* no time goes by that would end them */
	f->syn = calloc(GROUP, sizeof(*f->syn));
	return f->syn != NULL && world_make(&f->w, &c, &kind, huge) &&
	       sw_route_add(f->w.end[END_B].stack, &all, 0, 0, NULL) == SW_OK;
}

static void
flood_free(struct flood *f)
{
	world_free(&f->w);
	free(f->syn);
}

/* Bytes that a half-open connection takes. */
static double
flood_bytes(bool huge)
{
	struct flood f;
	uint64_t before;
	double bytes = 0;

	if (flood_make(&f, MANY, huge)) {
		flood_prepare(&f);
		flood_batch(&f, 0);
		before = world_resident();
		while (f.sent < MANY) {
			flood_prepare(&f);
			for (int i = 0; i < BATCHES; i++)
				flood_batch(&f, i);
		}
		bytes = (double)(world_resident() - before) / MANY;
	}
	flood_free(&f);
	return bytes;
}

struct flood_sums {
	double share[BENCH_RUNS_MAX], rate[BENCH_RUNS_MAX], handled[BENCH_RUNS_MAX];
};

/* The flood alone, then with those who mean it; they should get what is left. */
static bool
flood_run(const struct bench *job, struct flood_sums *s, struct bench_figure *fig)
{
	double seconds = (double)job->time / 1e9, life, syn, mixed;
	int batches = HONEST * SYNS_EACH / WORLD_BATCH;
	uint64_t tried, ended;
	struct flood f;
	bool good = flood_make(&f, HALVES, job->huge);
	uint32_t i = fig->runs;

	if (!good) {
		flood_free(&f);
		return figure_wrong(fig, "no memory for two stacks");
	}
	life = honest_for(&f, seconds / 2, 0);
	good = !f.wrong && f.ended == f.tried;
	flood_for(&f, seconds / 8);
	f.sent = f.answered = 0;
	f.cpu = 0;
	flood_for(&f, seconds);
	syn = f.cpu / (double)f.sent;
	s->handled[i] = 1 / syn;
	figure_run(fig, (double)f.answered / f.cpu);
	tried = f.tried;
	ended = f.ended;
	mixed = honest_for(&f, seconds, batches);
	s->share[i] = (double)(f.ended - ended) / (double)(f.tried - tried);
	s->rate[i] = s->share[i] * life / (mixed - syn * batches * WORLD_BATCH);
	flood_free(&f);
	return good || figure_wrong(fig, "connections failed before the flood began");
}

bool
bench_flood(const struct bench *job, struct bench_figure *f)
{
	struct flood_sums s;
	char count[32];

	f->unit = "SYN/s answered";
	while (f->runs < job->runs)
		if (!flood_run(job, &s, f))
			return false;
	figure_note(f, "handled", median_of(s.handled, f->runs));
	figure_note(f, "opens", median_of(s.share, f->runs));
	figure_note(f, "rate", median_of(s.rate, f->runs));
	figure_note(f, "bytes", flood_bytes(job->huge));
	snprintf(f->text, sizeof(f->text),
		 "%s SYN a second of CPU answered (%.0f thousand came); of honest opens %.1f %% "
		 "succeed, at %.2f of the rate that is left for them",
		 sw_text_count((uint64_t)figure_median(f), count),
		 median_of(s.handled, f->runs) / 1000, 100 * median_of(s.share, f->runs),
		 median_of(s.rate, f->runs));
	return true;
}
