/*
 * list.h - doubly linked lists of pool elements, by index, with the links
 * inside the elements.  `at` is the offset of the struct link in the element.
 * An element that is in no list has both links SELF (link_init), so membership
 * is known and adding or removing twice is harmless.
 */
#ifndef SW_BASE_LIST_H
#define SW_BASE_LIST_H

#include "base/pool.h"

#define SELF (UINT32_MAX - 1) /* no pool is as large */

struct link {
	uint32_t next, prev;
};

struct list {
	uint32_t head, tail; /* NONE: empty */
};

void list_init(struct list *);
void link_init(struct link *); /* in no list */
bool link_in(const struct link *);
void list_push(struct list *, const struct pool *, size_t at, uint32_t i); /* at the tail */
void list_push_front(struct list *, const struct pool *, size_t at, uint32_t i);
void list_insert_after(struct list *, const struct pool *, size_t at, uint32_t i, uint32_t after);
void list_remove(struct list *, const struct pool *, size_t at, uint32_t i);
uint32_t list_pop(struct list *, const struct pool *, size_t at); /* head; NONE */

static inline struct link *
link_of(const struct pool *p, size_t at, uint32_t i)
{
	return (struct link *)((char *)pool_at(p, i) + at);
}

static inline uint32_t
list_next(const struct pool *p, size_t at, uint32_t i)
{
	return link_of(p, at, i)->next;
}

static inline uint32_t
list_prev(const struct pool *p, size_t at, uint32_t i)
{
	return link_of(p, at, i)->prev;
}

#endif
