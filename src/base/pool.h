/*
 * pool.h - elements of one size, named by 32-bit indices.
 *
 * A pool and its elements lie in the same arena; the pool knows its elements
 * by their distance from itself, so that no pointer is stored and the arena can
 * be copied.  Elements are handed out by high-water mark, so a new pool touches
 * no page; a freed element's first 4 bytes hold the free list (last in, first
 * out).  Full is an ordinary condition: NONE, counted.
 */
#ifndef SW_BASE_POOL_H
#define SW_BASE_POOL_H

#include "base/base.h"

struct pool {
	uint64_t distance; /* from this struct to element 0 */
	uint32_t size;	   /* bytes an element, a multiple of 8 */
	uint32_t cap;	   /* elements */
	uint32_t high;	   /* elements ever handed out: high-water mark */
	uint32_t used;
	uint32_t free;	   /* first free below high; NONE */
	uint32_t most;	   /* most used at once */
	uint64_t refused;
};

void pool_init(struct pool *, void *elements, uint32_t size, uint32_t cap);
uint32_t pool_take(struct pool *);	   /* not cleared; NONE: full */
void pool_give(struct pool *, uint32_t i);
/* What pool_take() gives behind i; i NONE: next.  NONE: no more. */
uint32_t pool_next(const struct pool *, uint32_t i);

static inline void *
pool_at(const struct pool *p, uint32_t i)
{
	return (void *)((uintptr_t)p + (uintptr_t)p->distance + (uintptr_t)i * p->size);
}

static inline uint32_t
pool_index(const struct pool *p, const void *element)
{
	return (uint32_t)((size_t)((const char *)element - (const char *)p -
				   (ptrdiff_t)p->distance) /
			  p->size);
}

static inline uint32_t
pool_room(const struct pool *p)
{
	return p->cap - p->used;
}

#endif
