/*
 * sw_shard.h - one stack a core.
 *
 * A set of shards is n threads over the n queues of one device (sw_drv_open(),
 * sw_drv_hub(), or queues of AF_XDP).  Each shard has a stack and a queue of its own and
 * shares nothing with the others: a connection lives and dies on the shard that
 * sw_steer() gives its flow to.  A device that can steer (sw_drv_steer()) brings every
 * packet to its shard; what comes to another all the same is handed on, and counted.
 *
 *	set = sw_shards_new(queues, n, &config, &error);
 *	for each stack: addresses, routes, listeners (the same port on all)
 *	sw_shards_start(set, work, ctx, 0);
 *	...		work() loops: sw_shard_turn(), sw_event(), calls on connections
 *	sw_shards_stop(set);
 *	sw_shards_join(set);
 *	sw_shards_free(set);
 */
#ifndef SYNWAVE_SW_SHARD_H
#define SYNWAVE_SW_SHARD_H

#include "sw_drv.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sw_shards; /* the set */
struct sw_shard;  /* one of it: its thread's, from sw_shards_start() to sw_shards_join() */

/*
 * n stacks with `config` (whose counts are for each, whose secret is drawn, and is the
 * same for all), each with its queue as interface 0.  The queues are the set's from
 * now on.  NULL: error, and they are closed.
 */
struct sw_shards *sw_shards_new(struct sw_drv *const queues[], unsigned n,
				const struct sw_config *config, struct sw_drv_error *);
struct sw_shard *sw_shards_at(struct sw_shards *, unsigned i);
unsigned sw_shards_count(const struct sw_shards *);
bool sw_shards_steered(const struct sw_shards *); /* does the device steer? */

enum { SW_SHARDS_PIN = 1 }; /* how: each thread stays on a processor of its own */

/* A thread for each shard, which runs work() and ends with it.  0 or -1. */
int sw_shards_start(struct sw_shards *, void (*work)(struct sw_shard *, void *ctx), void *ctx,
		    unsigned how);
/* Every sw_shard_turn() returns 1 from now on.  From any thread or signal handler. */
void sw_shards_stop(struct sw_shards *);
/* Waits for all threads. */
void sw_shards_join(struct sw_shards *);
/* Stacks and queues go, too; joined or never started. */
void sw_shards_free(struct sw_shards *);

/*
 * The counters of all stacks, summed, while they run: each shard says its own at its
 * next turn.  A shard whose thread does not turn is waited for.  SW_OK or SW_E_INVALID.
 */
int sw_shards_counters(struct sw_shards *, struct sw_counters *);
/* Packets that came to another shard than their own and were handed on, or lost there. */
uint64_t sw_shards_crossed(const struct sw_shards *);

/* ---- in the shard's thread ------------------------------------------------ */

struct sw_stack *sw_shard_stack(struct sw_shard *);
unsigned sw_shard_number(const struct sw_shard *);
struct sw_drv *sw_shard_drv(struct sw_shard *);
/* As sw_drv_turn(), for this shard's queue; 1: sw_shards_stop() was called.  At most
 * 15 of `more`. */
int sw_shard_turn(struct sw_shard *, sw_ns timeout, struct pollfd *more, size_t n);

/*
 * Move a connection to another shard of the set: it is gone from here, and has news
 * there, with the SW_OPT_USER that it had.  What the device still brings here for it
 * is handed on.  If there is no room for it there, it comes back and has news here.
 * SW_OK or an enum sw_error: then it is still here, maybe under another name, as news.
 */
int sw_shard_move(struct sw_shard *, sw_conn, unsigned to);

#ifdef __cplusplus
}
#endif
#endif
