/*
 * list.c - doubly linked lists by index.  Knows the links, not the elements.
 */
#include "base/list.h"

/* Makes the list empty. */
void
list_init(struct list *l)
{
	l->head = l->tail = NONE;
}

/* Marks an element as being in no list. */
void
link_init(struct link *k)
{
	k->next = k->prev = SELF;
}

/* Whether the element is in a list. */
bool
link_in(const struct link *k)
{
	return k->next != SELF;
}

/* Puts i between two neighbours, either of which may be NONE. */
static void
list_put(struct list *l, const struct pool *p, size_t at, uint32_t i, const struct link where)
{
	struct link *k = link_of(p, at, i);

	if (link_in(k))
		return;
	*k = where;
	if (where.prev == NONE)
		l->head = i;
	else
		link_of(p, at, where.prev)->next = i;
	if (where.next == NONE)
		l->tail = i;
	else
		link_of(p, at, where.next)->prev = i;
}

/* Adds i at the tail; nothing happens if it is in a list already. */
void
list_push(struct list *l, const struct pool *p, size_t at, uint32_t i)
{
	list_put(l, p, at, i, (struct link){.next = NONE, .prev = l->tail});
}

/* Adds i at the head; nothing happens if it is in a list already. */
void
list_push_front(struct list *l, const struct pool *p, size_t at, uint32_t i)
{
	list_put(l, p, at, i, (struct link){.next = l->head, .prev = NONE});
}

/* Adds i behind `after`, or at the head if that is NONE. */
void
list_insert_after(struct list *l, const struct pool *p, size_t at, uint32_t i, uint32_t after)
{
	uint32_t next = after == NONE ? l->head : list_next(p, at, after);

	list_put(l, p, at, i, (struct link){.next = next, .prev = after});
}

/* Takes i out of this list; nothing happens if it is in none. */
void
list_remove(struct list *l, const struct pool *p, size_t at, uint32_t i)
{
	struct link *k = link_of(p, at, i);

	if (!link_in(k))
		return;
	if (k->prev == NONE)
		l->head = k->next;
	else
		link_of(p, at, k->prev)->next = k->next;
	if (k->next == NONE)
		l->tail = k->prev;
	else
		link_of(p, at, k->next)->prev = k->prev;
	link_init(k);
}

/* Takes the first element out; NONE: the list is empty. */
uint32_t
list_pop(struct list *l, const struct pool *p, size_t at)
{
	uint32_t i = l->head;

	if (i != NONE)
		list_remove(l, p, at, i);
	return i;
}
