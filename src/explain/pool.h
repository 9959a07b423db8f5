/*
 * pool.h - memory of the explainer: elements of one size by index, in slabs that
 * never move; and what happens when there is none left: the program ends.
 */
#ifndef SW_EXPLAIN_POOL_H
#define SW_EXPLAIN_POOL_H

#include <stddef.h>
#include <stdint.h>

#define NONE UINT32_MAX

enum { POOL_SLAB = 256 }; /* elements */

struct pool {
	uint8_t **slab;
	uint32_t slabs, made, free; /* free: the first of a list of indices */
	uint32_t live, peak, size;  /* size: bytes of an element */
};

/* Like malloc, calloc and realloc, but they never fail: a line and exit code 2. */
void *ex_alloc(size_t bytes);
void *ex_zeroed(size_t bytes);
void *ex_resized(void *, size_t bytes);

void ex_pool_init(struct pool *, size_t element);
void ex_pool_free(struct pool *);
uint32_t ex_pool_take(struct pool *); /* its index; zeroed */
void ex_pool_give(struct pool *, uint32_t index);
size_t ex_pool_bytes(const struct pool *);

static inline void *
ex_pool_at(const struct pool *p, uint32_t index)
{
	return p->slab[index / POOL_SLAB] + (size_t)(index % POOL_SLAB) * p->size;
}

#endif
