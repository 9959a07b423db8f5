/*
 * shards.c - what a second core brings: lifecycles a second (open, a byte each way, FIN
 * both ways) of one shard and of two, each with its clients on its own core.
 *
 *	build/bench/shards [--runs N] [--time MS] [--shards N]
 *
 * Lifecycles are counted by the CPU seconds of each thread, and summed over the threads: so
 * that the figure survives others on the machine, but not what the threads cost each other.
 *
 * Each thread has a stack that is a shard of the set, and a stack of clients at the
 * other end of a link in memory; packets are built, summed, parsed and their flow looked
 * at.  TIME-WAIT lasts 2 x 1 ms.  Rounds of one and of all shards alternate, so that
 * both see the same machine.  Says one JSON object on a line, as `synwave bench -o json` does.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <synwave/sw_shard.h>

#include "lib/median.h"

enum { MOST = 16, RUNS_MOST = 99, IN_FLIGHT = 64, PORT = 80 };

static sw_ns round_ns = SW_S / 2;

struct side {
	struct sw_drv *drv; /* the clients' end of the link */
	struct sw_stack *stack;
	void *arena;
	uint32_t open;
	bool counts;
	_Alignas(64) uint64_t done;
	sw_ns begin, used; /* of the thread's processor, while what is done counts */
};

struct bench {
	struct sw_shards *set;
	struct side side[MOST];
	atomic_bool count; /* warm: what is done counts */
};

static _Noreturn void
die(const char *why)
{
	fprintf(stderr, "shards: %s\n", why);
	exit(1);
}

static void
serve(struct sw_stack *s, sw_ns now)
{
	struct sw_event e;
	sw_conn c;
	char byte;

	while (sw_event(s, &e)) {
		if (e.ready & SW_ACCEPTABLE) {
			while (sw_accept(s, now, e.conn, &c) == 0)
				continue;
			continue;
		}
		if (sw_receive(s, now, e.conn, &byte, 1) == 1)
			sw_send(s, now, e.conn, &byte, 1, 0);
		if (e.ready & (SW_PEER_CLOSED | SW_FAILED))
			sw_release(s, now, e.conn);
	}
}

static void
ask(struct side *c, sw_ns now, bool count)
{
	const struct sw_endpoint server = {sw_addr4(10, 0, 0, 2), PORT};
	struct sw_event e;
	sw_conn one;
	char byte = 'x';

	while (sw_event(c->stack, &e)) {
		if (e.ready & SW_FAILED)
			die("a connection failed");
		if (e.user == 0 && (e.ready & SW_OPENED)) {
			sw_send(c->stack, now, e.conn, &byte, 1, 0);
			sw_set(c->stack, now, e.conn, SW_OPT_USER, 1);
		}
		if (e.user == 1 && sw_receive(c->stack, now, e.conn, &byte, 1) == 1) {
			sw_close(c->stack, now, e.conn);
			sw_set(c->stack, now, e.conn, SW_OPT_USER, 2);
		}
		if (e.ready & (SW_PEER_CLOSED | SW_ENDED)) {
			sw_release(c->stack, now, e.conn);
			c->open--;
			c->done += count;
		}
	}
	for (; c->open < IN_FLIGHT; c->open++)
		if (sw_open_active(c->stack, now, NULL, &server, &one) != 0)
			die("cannot open a connection");
}

/* What this thread has had of its processor: others may be on it, too. */
static sw_ns
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (sw_ns)t.tv_sec * SW_S + (sw_ns)t.tv_nsec;
}

/* Counting begins and ends. */
static void
side_count(struct side *c, bool count)
{
	if (count == c->counts)
		return;
	if (count)
		c->begin = cpu_now();
	else
		c->used = cpu_now() - c->begin;
	c->counts = count;
}

static void
work(struct sw_shard *me, void *ctx)
{
	struct bench *b = ctx;
	struct side *c = &b->side[sw_shard_number(me)];

	while (sw_shard_turn(me, 0, NULL, 0) == 0) {
		sw_ns now = sw_drv_now();

		side_count(c, atomic_load_explicit(&b->count, memory_order_relaxed));
		serve(sw_shard_stack(me), now);
		ask(c, now, c->counts);
		sw_drv_turn(c->drv, 0, NULL, 0);
	}
}

/* The clients of one shard: their ports are such that their flows are its own. */
static void
side_init(struct side *c, struct sw_shard *shard)
{
	struct sw_addr addr = sw_addr4(10, 0, 0, 1);
	struct sw_config config;
	size_t bytes;

	sw_stack_config(sw_shard_stack(shard), &config);
	bytes = (sw_stack_bytes(&config) + 63) & ~(size_t)63;
	c->arena = aligned_alloc(64, bytes);
	if (c->arena == NULL || sw_stack_init(&c->stack, &config, c->arena, bytes) != 0 ||
	    sw_drv_attach(c->drv, c->stack) != 0 || sw_address_add(c->stack, 0, &addr, 24) != 0)
		die("cannot make a stack");
}

static void
bench_init(struct bench *b, unsigned n)
{
	const struct sw_iface kind = {.link = SW_LINK_IP, .mtu = 1500};
	const struct sw_endpoint server = {sw_addr4(10, 0, 0, 2), PORT};
	struct sw_drv *ends[2], *queue[MOST];
	struct sw_drv_error e;
	struct sw_config config;
	sw_conn listener;

	memset(b, 0, sizeof *b);
	sw_config_init(&config);
	config.msl = SW_MS;
	config.conns = config.half_opens = config.actives = 1024;
	config.time_waits = 65536;
	for (unsigned i = 0; i < n; i++) {
		if (sw_drv_memory(ends, &kind, 256) != 0)
			die("no memory");
		queue[i] = ends[0];
		b->side[i].drv = ends[1];
	}
	b->set = sw_shards_new(queue, n, &config, &e);
	if (b->set == NULL)
		die(e.text);
	for (unsigned i = 0; i < n; i++) {
		struct sw_shard *shard = sw_shards_at(b->set, i);

		side_init(&b->side[i], shard);
		if (sw_address_add(sw_shard_stack(shard), 0, &server.addr, 24) != 0 ||
		    sw_open_passive(sw_shard_stack(shard), 0, &server, 1024, &listener) != 0)
			die("cannot listen");
	}
}

static void
nap(sw_ns t)
{
	nanosleep(&(struct timespec){(time_t)(t / SW_S), (long)(t % SW_S)}, NULL);
}

/* Lifecycles a second of n shards, if each had a processor for itself all the time. */
static double
measure(unsigned n)
{
	struct bench b;
	double sum = 0;

	bench_init(&b, n);
	if (sw_shards_start(b.set, work, &b, SW_SHARDS_PIN) != 0)
		die("no threads");
	nap(round_ns / 5);
	atomic_store(&b.count, true);
	nap(round_ns);
	atomic_store(&b.count, false);
	nap(round_ns / 5);
	sw_shards_stop(b.set);
	sw_shards_join(b.set);
	if (sw_shards_crossed(b.set) > 0)
		die("packets crossed");
	for (unsigned i = 0; i < n; i++) {
		struct side *c = &b.side[i];

		if (c->used == 0)
			die("a thread got no processor");
		sum += (double)c->done / ((double)c->used / (double)SW_S);
		sw_drv_close(c->drv);
		free(c->arena);
	}
	sw_shards_free(b.set);
	return sum;
}

static struct {
	int runs, shards;
} args = {5, 2};

static int
number(const char *arg, int most, struct argp_state *state)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (end == arg || *end != '\0' || n < 1 || n > most)
		argp_error(state, "'%s' is not a number from 1 to %d", arg, most);
	return (int)n;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'r':
		args.runs = number(arg, RUNS_MOST, state);
		return 0;
	case 't':
		round_ns = (sw_ns)number(arg, 60000, state) * SW_MS;
		return 0;
	case 's':
		args.shards = number(arg, MOST, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int
main(int argc, char **argv)
{
	static const struct argp_option options[] = {{"runs", 'r', "N", 0, "median of N (5)", 0},
						     {"time", 't', "MS", 0, "of one (500)", 0},
						     {"shards", 's', "N", 0, "beside one (2)", 0},
						     {0}};
	static const struct argp argp = {options, parse, NULL, NULL, NULL, NULL, NULL};
	double one[RUNS_MOST], all[RUNS_MOST], share[RUNS_MOST], sorted[RUNS_MOST];

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	for (int i = 0; i < args.runs; i++) {
		one[i] = measure(1);
		all[i] = measure((unsigned)args.shards);
		sorted[i] = share[i] = all[i] / one[i];
	}
	printf("{\"bench\":\"shards\",\"value\":%.6g,\"one\":%.6g,\"all\":%.6g,\"runs\":[",
	       median_sort(sorted, args.runs), median_sort(one, args.runs),
	       median_sort(all, args.runs));
	for (int i = 0; i < args.runs; i++)
		printf("%s%.6g", i ? "," : "", share[i]);
	printf("]}\n");
	return 0;
}
