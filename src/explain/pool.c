/*
 * pool.c - see pool.h.
 */
#include "explain/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void __attribute__((noreturn)) no_memory(void)
{
	fprintf(stderr, "synwave: out of memory\n");
	exit(2);
}

void *
ex_alloc(size_t bytes)
{
	void *p = malloc(bytes ? bytes : 1);

	if (!p)
		no_memory();
	return p;
}

void *
ex_zeroed(size_t bytes)
{
	void *p = calloc(1, bytes ? bytes : 1);

	if (!p)
		no_memory();
	return p;
}

void *
ex_resized(void *old, size_t bytes)
{
	void *p = realloc(old, bytes ? bytes : 1);

	if (!p)
		no_memory();
	return p;
}

void
ex_pool_init(struct pool *p, size_t element)
{
	*p = (struct pool){.size = (uint32_t)(element + 7) / 8 * 8, .free = NONE};
}

void
ex_pool_free(struct pool *p)
{
	for (uint32_t i = 0; i < p->slabs; i++)
		free(p->slab[i]);
	free(p->slab);
	ex_pool_init(p, p->size);
}

uint32_t
ex_pool_take(struct pool *p)
{
	uint32_t index = p->free;

	if (index != NONE) {
		memcpy(&p->free, ex_pool_at(p, index), sizeof(p->free));
	} else {
		index = p->made++;
		if (index / POOL_SLAB == p->slabs) {
			p->slab = ex_resized(p->slab, (p->slabs + 1) * sizeof(p->slab[0]));
			p->slab[p->slabs++] = ex_alloc((size_t)POOL_SLAB * p->size);
		}
	}
	memset(ex_pool_at(p, index), 0, p->size);
	if (++p->live > p->peak)
		p->peak = p->live;
	return index;
}

void
ex_pool_give(struct pool *p, uint32_t index)
{
	memcpy(ex_pool_at(p, index), &p->free, sizeof(p->free));
	p->free = index;
	p->live--;
}

size_t
ex_pool_bytes(const struct pool *p)
{
	return (size_t)p->slabs * (POOL_SLAB * (size_t)p->size + sizeof(p->slab[0]));
}
