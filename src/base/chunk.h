/*
 * chunk.h - byte queues made of pool elements.
 *
 * A chunk is a pool element: this header, then bytes.  A chain is a queue of
 * them; it takes copies at the tail and gives bytes or room back at the head.
 * An empty chain holds no chunk.
 */
#ifndef SW_BASE_CHUNK_H
#define SW_BASE_CHUNK_H

#include "base/bytes.h"
#include "base/pool.h"
#include <synwave/sw_lent.h>

struct chunk {
	uint32_t next; /* NONE: last */
	uint32_t from; /* first byte that counts */
	uint32_t to;   /* one past the last */
	uint32_t lent; /* 1: in no chain, a packet is to come into it */
	/* bytes follow, up to pool.size */
};

struct chain {
	uint32_t head, tail; /* chunks; NONE: empty */
	uint32_t len;	     /* bytes */
};

/* A place in a chain: a chunk and a byte in it (an offset into its bytes). */
struct place {
	uint32_t chunk, at;
};

void chain_init(struct chain *);
/* Copies up to n bytes to the tail; how many it took (less: the pool is full,
 * or would have fewer than `reserve` elements left).  NULL: they stand there, where
 * chain_room() said. */
uint32_t chain_append(struct chain *, struct pool *, const void *, uint32_t n, uint32_t reserve);
/* The same, and adds to by->sum their folded sum, which begins at an even byte. */
struct copy_sum {
	uint32_t (*go)(void *, const void *, size_t); /* NULL: C's */
	uint32_t sum;
};
uint32_t chain_append_sum(struct chain *, struct pool *, const void *, uint32_t n,
			  struct copy_sum *by);
/* So many bytes the next chain_append() takes at most. */
uint32_t chain_free(const struct chain *, const struct pool *, uint32_t reserve);
/* Where it puts the first of them: up to n pieces of `want` bytes, no more than are free;
 * how many.  Nothing is taken for them. */
uint32_t chain_room(const struct chain *, const struct pool *, uint32_t want, struct sw_room *,
		    uint32_t n);
/* And where its bytes are: up to n pieces; how many. */
uint32_t chain_look(const struct chain *, const struct pool *, struct sw_text *, uint32_t n);
/* n bytes in chunk i, which was lent, as they stand there: false, and nothing has happened:
 * it was not lent, or they are so few that a copy is less than a chunk. */
bool chain_adopt(struct chain *, struct pool *, uint32_t i, const uint8_t *at, uint32_t n);
/* Drops all but the first n bytes. */
void chain_cut(struct chain *, struct pool *, uint32_t n);
/* Copies up to n bytes out from the head and drops them. */
uint32_t chain_read(struct chain *, struct pool *, void *, uint32_t n);
/* Drops n bytes (at most all) from the head. */
void chain_drop(struct chain *, struct pool *, uint32_t n);
void chain_clear(struct chain *, struct pool *);
/* Moves all of `from` behind `to`: no byte is copied. */
void chain_join(struct chain *to, struct chain *from, struct pool *);
/* Where byte `offset` (<= len) stands: walks. At the end: chunk NONE. */
struct place chain_place(const struct chain *, const struct pool *, uint32_t offset);
/* The place n bytes on.  The bytes must be there; one past the last is allowed
 * and stays in the last chunk (a later append may make it valid). */
struct place place_after(const struct pool *, struct place, uint32_t n);
/* Copies n bytes from a place on, which moves behind them; they must be there. */
void place_copy(const struct pool *, struct place *, void *dst, uint32_t n);
/* The same; returns the folded 16-bit ones-complement sum of the bytes in memory order.  copy_sum
 * NULL: C. */
uint32_t place_copy_sum(const struct pool *, struct place *, void *dst, uint32_t n,
			uint32_t (*copy_sum)(void *, const void *, size_t));

static inline uint8_t *
chunk_bytes(const struct pool *p, uint32_t i)
{
	return (uint8_t *)pool_at(p, i) + sizeof(struct chunk);
}

#endif
