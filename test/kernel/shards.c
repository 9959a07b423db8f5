/*
 * shards.c - an echo server of N shards on the N queues of one TUN or TAP device,
 * which may also open connections to an echo server of the kernel's.
 *
 *	shards DEVICE[/tap] OUR-ADDRESS KERNEL-ADDRESS PORT SHARDS OPEN
 *
 * It listens on PORT; each shard opens OPEN connections to PORT + 1 of the kernel.
 * At SIGINT it stops, and says how many each shard had, and what came to a wrong one.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <synwave/sw_shard.h>

enum { MOST = 64, OPEN_AT_ONCE = 50 };

struct work {
	struct sw_shards *set;
	struct sw_endpoint local, remote;
	uint32_t opens;
	atomic_uint accepted[MOST], opened[MOST], failed;
};

static struct work all;

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "shards: %s: %s\n", what, why);
	exit(1);
}

static void
interrupted(int number)
{
	(void)number;
	sw_shards_stop(all.set);
}

/* Accepted: what comes goes back. */
static void
serve(struct sw_stack *s, sw_conn c)
{
	char piece[4096];
	ptrdiff_t n;

	while ((n = sw_receive(s, sw_drv_now(), c, piece, sizeof piece)) > 0)
		sw_send(s, sw_drv_now(), c, piece, (size_t)n, 0); /* pieces are small here */
	if (n != SW_E_AGAIN)
		sw_release(s, sw_drv_now(), c);
}

/* Opened: a byte there and back, then close. */
static void
ask(struct sw_shard *me, const struct sw_event *e)
{
	struct sw_stack *s = sw_shard_stack(me);
	char byte = 'x';

	if (e->ready & SW_FAILED) {
		atomic_fetch_add(&all.failed, 1);
		sw_release(s, sw_drv_now(), e->conn);
	} else if (e->ready & SW_READABLE) {
		if (sw_receive(s, sw_drv_now(), e->conn, &byte, 1) == 1)
			atomic_fetch_add(&all.opened[sw_shard_number(me)], 1);
		sw_release(s, sw_drv_now(), e->conn);
	} else if (e->ready & SW_OPENED && e->user == 1) {
		sw_send(s, sw_drv_now(), e->conn, &byte, 1, 0);
		sw_set(s, sw_drv_now(), e->conn, SW_OPT_USER, 2);
	}
}

/* Keep some on their way until all were opened. */
static void
open_more(struct sw_shard *me, uint32_t *begun)
{
	struct sw_counters n = {.bytes = sizeof n};
	struct sw_stack *s = sw_shard_stack(me);
	sw_conn c;

	sw_counters(s, &n);
	while (*begun < all.opens && n.pool_used[SW_POOL_CONNS]++ < OPEN_AT_ONCE) {
		if (sw_open_active(s, sw_drv_now(), NULL, &all.remote, &c) != 0)
			die("open", "refused");
		sw_set(s, sw_drv_now(), c, SW_OPT_USER, 1);
		++*begun;
	}
}

static void
work(struct sw_shard *me, void *ctx)
{
	struct sw_stack *s = sw_shard_stack(me);
	uint32_t begun = 0;
	struct sw_event e;
	sw_conn c;

	(void)ctx;
	do {
		while (sw_event(s, &e)) {
			if (e.ready & SW_ACCEPTABLE)
				while (sw_accept(s, sw_drv_now(), e.conn, &c) == 0)
					atomic_fetch_add(&all.accepted[sw_shard_number(me)], 1);
			else if (e.user != 0)
				ask(me, &e);
			else
				serve(s, e.conn);
		}
		open_more(me, &begun);
	} while (sw_shard_turn(me, SW_NEVER, NULL, 0) == 0);
}

static void
prepare(char **argv, unsigned n)
{
	struct sw_drv *queue[MOST];
	struct sw_drv_error error = {0};
	struct sw_config config;
	char *tap = strstr(argv[1], "/tap");
	struct sw_addr kernel;
	unsigned prefix;
	sw_conn listener;

	if (tap != NULL)
		*tap = 0;
	if (sw_addr_parse(&all.local.addr, argv[2]) != 0 || sw_addr_parse(&kernel, argv[3]) != 0)
		die("address", "not one");
	prefix = sw_addr_is4(&kernel) ? 24 : 64;
	all.local.port = (uint16_t)atoi(argv[4]);
	all.remote = (struct sw_endpoint){kernel, (uint16_t)(all.local.port + 1)};
	if (sw_drv_open(queue, n, argv[1], tap != NULL ? SW_DRV_TAP : 0, &error) != 0 ||
	    sw_drv_up(queue[0], &kernel, prefix, 0, &error) != 0)
		die("device", error.text);
	sw_config_init(&config);
	config.msl = 10 * SW_MS;
	config.conns = config.half_opens = config.time_waits = config.actives = 4000;
	all.set = sw_shards_new(queue, n, &config, &error);
	if (all.set == NULL)
		die("shards", error.text);
	for (unsigned i = 0; i < n; i++) {
		struct sw_stack *s = sw_shard_stack(sw_shards_at(all.set, i));

		if (sw_address_add(s, 0, &all.local.addr, prefix) != 0 ||
		    sw_open_passive(s, 0, &all.local, 4000, &listener) != 0)
			die("stack", "refused");
	}
}

int
main(int argc, char **argv)
{
	struct sw_counters n = {.bytes = sizeof n};
	unsigned shards = argc == 7 ? (unsigned)atoi(argv[5]) : 0;

	if (shards == 0 || shards > MOST)
		die("usage", "DEVICE[/tap] OUR-ADDRESS KERNEL-ADDRESS PORT SHARDS OPEN");
	prepare(argv, shards);
	all.opens = (uint32_t)atoi(argv[6]);
	signal(SIGINT, interrupted);
	if (sw_shards_start(all.set, work, NULL, SW_SHARDS_PIN) != 0)
		die("threads", "none");
	printf("ready, %s\n", sw_shards_steered(all.set) ? "steered" : "not steered");
	fflush(stdout);
	sw_shards_join(all.set);
	sw_shards_counters(all.set, &n);
	for (unsigned i = 0; i < shards; i++)
		printf("shard %u: accepted %u opened %u\n", i, all.accepted[i], all.opened[i]);
	printf("crossed %" PRIu64 " other-shard %" PRIu64 " failed %u resets %" PRIu64 "\n",
	       sw_shards_crossed(all.set), n.verdict[SW_V_OTHER_SHARD], all.failed, n.resets_out);
	sw_shards_free(all.set);
	return 0;
}
