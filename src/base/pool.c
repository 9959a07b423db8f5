/*
 * pool.c - elements of one size, by index.  Knows nothing of what they hold.
 */
#include "base/pool.h"

static uint32_t *
pool_free_link(const struct pool *p, uint32_t i)
{
	return pool_at(p, i);
}

/* An empty pool of `cap` elements at `elements`, which is not touched. */
void
pool_init(struct pool *p, void *elements, uint32_t size, uint32_t cap)
{
	memset(p, 0, sizeof(*p));
	p->distance = (uint64_t)((uintptr_t)elements - (uintptr_t)p);
	p->size = size;
	p->cap = cap;
	p->free = NONE;
}

/* Takes an element, not cleared; NONE when the pool is full. */
uint32_t
pool_take(struct pool *p)
{
	uint32_t i = p->free;

	if (i != NONE) {
		memcpy(&p->free, pool_free_link(p, i), sizeof(p->free));
	} else if (p->high < p->cap) {
		i = p->high++;
	} else {
		p->refused++;
		return NONE;
	}
	p->used++;
	p->most = max_u32(p->most, p->used);
	return i;
}

/* The element that is taken behind i, of those that are free; i NONE: the first. */
uint32_t
pool_next(const struct pool *p, uint32_t i)
{
	uint32_t next = p->free;

	if (i != NONE && i >= p->high)
		return i + 1 < p->cap ? i + 1 : NONE;
	if (i != NONE)
		memcpy(&next, pool_free_link(p, i), sizeof(next));
	return next != NONE ? next : p->high < p->cap ? p->high : NONE;
}

/* Gives back an element that was taken. */
void
pool_give(struct pool *p, uint32_t i)
{
	memcpy(pool_free_link(p, i), &p->free, sizeof(p->free));
	p->free = i;
	p->used--;
}
