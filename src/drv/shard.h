/*
 * shard.h - a shard and its set, for the files that make them.
 */
#ifndef SW_DRV_SHARD_H
#define SW_DRV_SHARD_H

#include <pthread.h>
#include <stdatomic.h>

#include <synwave/sw_shard.h>

#include "drv.h"

enum { MAIL_MAX = 1024 }; /* packets in one shard's mail */

enum mail_kind { MAIL_PACKET, MAIL_CONN, MAIL_REFUSED }; /* refused: a connection comes back */

struct letter {
	struct sw_packet p; /* data from malloc() */
	enum mail_kind kind;
	unsigned from;
	struct sw_endpoint ends[2]; /* of a connection */
};

struct mail {
	pthread_mutex_t lock;
	struct letter at[MAIL_MAX];
	uint32_t first, n;
};

/* On its way nobody has it: what comes for it is lost.  While it is in the mail what
 * comes follows it there. */
enum moved_state { MOVED_ON_ITS_WAY, MOVED_IN_MAIL, MOVED_THERE };

/* A flow that is not where sw_steer() says, or not yet there again. */
struct moved {
	struct sw_endpoint ends[2];
	unsigned shard;
	enum moved_state state;
	struct moved *next; /* of one hash */
};

enum { MOVED_HEADS = 1024 };

struct sw_shard {
	struct sw_shards *set;
	unsigned number;
	struct sw_drv *drv;
	struct sw_stack *stack;
	void *arena;
	pthread_t thread;
	int wake; /* an eventfd */
	struct mail mail;
	atomic_ulong crossed; /* that came here and are another's */
	sw_ns swept;	       /* when flows that moved here were last looked through */
	/* sw_shards_counters(): under the set's lock */
	unsigned said; /* the last question answered */
	struct sw_counters counters;
};

struct sw_shards {
	unsigned n, running;
	bool steered;
	struct sw_steer steer;
	enum sw_link link;
	struct sw_shard *shard;
	void (*work)(struct sw_shard *, void *);
	void *ctx;
	atomic_bool stop;
	pthread_mutex_t lock;
	pthread_cond_t answer;
	atomic_uint asked; /* questions for counters so far */
	/* shard_move.c */
	atomic_uint n_moved;
	pthread_rwlock_t moved_lock;
	struct moved *moved[MOVED_HEADS];
};

/* A copy of the packet, or the bytes of a connection, into the mail of another; false:
 * no room, or no memory. */
bool mail_put(struct sw_shard *to, const struct letter *);

/* shard_move.c */
/* Which shard has the flow, and how it is to be reached. */
unsigned shard_owner(struct sw_shards *, const struct sw_endpoint ends[2], enum moved_state *);
/* A connection came by mail. */
void shard_import(struct sw_shard *, const struct letter *);
/* Flows that moved here and are over go back to where they belong. */
void shard_sweep(struct sw_shard *);
void moved_free(struct sw_shards *);

#endif
