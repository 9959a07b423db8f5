/*
 * wheel.c - a hierarchical timing wheel (Varghese and Lauck 1987, scheme 7).
 *
 * A tick's place is where it first differs from `now`, in digits of 6 bits:
 * the digit's position is the level, the digit the slot.  So everything on a
 * level comes before everything on the level above, no level wraps around, and
 * the first slot of the lowest level that is not empty holds the minimum.
 * What differs above all levels stands in one list, beyond.
 *
 * Does not know what the nodes stand for.
 */
#include "base/wheel.h"

enum {
	WHEEL_DIGIT = 6, /* log2(WHEEL_SLOTS) */
	WHEEL_BITS = WHEEL_LEVELS * WHEEL_DIGIT,
	WHEEL_BEYOND = WHEEL_LEVELS * WHEEL_SLOTS,
	WHEEL_WALK = 16 /* nodes looked at for an exact minimum, at most */
};

/* The first node of a slot has WHEEL_HEAD - slot as its prev. */
#define WHEEL_HEAD (UINT32_MAX - 2)
#define WHEEL_EMPTY UINT64_MAX

static const struct pool *
wheel_pool(const struct wheel *w)
{
	return (const struct pool *)((uintptr_t)w + (uintptr_t)w->distance);
}

static struct wheel_node *
wheel_node_at(const struct wheel *w, uint32_t i)
{
	return (struct wheel_node *)((char *)pool_at(wheel_pool(w), i) + w->at);
}

/* The first tick that is not before the deadline. */
static uint64_t
wheel_tick(const struct wheel *w, sw_ns deadline)
{
	return deadline / w->tick + (deadline % w->tick != 0);
}

/* The number of the lowest bit that is set; v is not 0. */
static uint32_t
wheel_low_bit(uint64_t v)
{
	uint32_t n = 0, step;

	for (step = 32; step > 0; step >>= 1) {
		if (v & (((uint64_t)1 << step) - 1))
			continue;
		v >>= step;
		n += step;
	}
	return n;
}

/* The slot where a tick, not before now, belongs. */
static uint32_t
wheel_place(const struct wheel *w, uint64_t tick)
{
	uint64_t differs = tick ^ w->now;
	uint32_t level = 0;

	if (differs >> WHEEL_BITS)
		return WHEEL_BEYOND;
	while (differs >> ((level + 1) * WHEEL_DIGIT))
		level++;
	return level * WHEEL_SLOTS + (uint32_t)(tick >> (level * WHEEL_DIGIT)) % WHEEL_SLOTS;
}

/* Puts node i, which is in no slot, where its deadline belongs. */
static void
wheel_link(struct wheel *w, uint32_t i)
{
	struct wheel_node *n = wheel_node_at(w, i);
	uint64_t tick = wheel_tick(w, n->deadline);
	uint32_t s;

	tick = tick > w->now ? tick : w->now;
	s = wheel_place(w, tick);
	n->link = (struct link){.next = w->slot[s], .prev = WHEEL_HEAD - s};
	if (n->link.next != NONE)
		wheel_node_at(w, n->link.next)->link.prev = i;
	w->slot[s] = i;
	if (s != WHEEL_BEYOND)
		w->full[s / WHEEL_SLOTS] |= (uint64_t)1 << s % WHEEL_SLOTS;
	w->first = tick < w->first ? tick : w->first;
}

/* Takes node i out of its slot; true: the slot is empty now. */
static bool
wheel_unlink(struct wheel *w, uint32_t i)
{
	struct wheel_node *n = wheel_node_at(w, i);
	struct link k = n->link;
	uint32_t s = WHEEL_HEAD - k.prev;

	link_init(&n->link);
	if (k.next != NONE)
		wheel_node_at(w, k.next)->link.prev = k.prev;
	if (s > WHEEL_BEYOND) {
		wheel_node_at(w, k.prev)->link.next = k.next;
		return false;
	}
	w->slot[s] = k.next;
	if (k.next != NONE)
		return false;
	if (s != WHEEL_BEYOND)
		w->full[s / WHEEL_SLOTS] &= ~((uint64_t)1 << s % WHEEL_SLOTS);
	return true;
}

/* The slot that comes up first and its first tick; NONE: the wheel is empty. */
static uint32_t
wheel_first_slot(const struct wheel *w, uint64_t *start)
{
	uint32_t level, s, shift;

	for (level = 0; level < WHEEL_LEVELS && !w->full[level]; level++)
		;
	shift = level * WHEEL_DIGIT;
	if (level < WHEEL_LEVELS) {
		s = wheel_low_bit(w->full[level]);
		*start = ((w->now >> shift >> WHEEL_DIGIT << WHEEL_DIGIT) | s) << shift;
		return level * WHEEL_SLOTS + s;
	}
	*start = ((w->now >> WHEEL_BITS) + 1) << WHEEL_BITS;
	return w->slot[WHEEL_BEYOND] == NONE ? NONE : WHEEL_BEYOND;
}

/* The earliest true tick among the nodes of a slot, looking at `most` of them;
 * `start`, which bounds them all, if there are more. */
static uint64_t
wheel_earliest(const struct wheel *w, uint32_t s, uint64_t start, uint32_t most)
{
	uint64_t tick, min = WHEEL_EMPTY;
	uint32_t i;

	for (i = w->slot[s]; i != NONE; i = wheel_node_at(w, i)->link.next) {
		if (most-- == 0)
			return start;
		tick = wheel_tick(w, wheel_node_at(w, i)->deadline);
		min = tick < min ? tick : min;
	}
	return min > start ? min : start;
}

/* Finds `first` anew.  A slot whose nodes were all moved later bounds it by the
 * slot's end, since the next slot may come before them. */
static void
wheel_refresh(struct wheel *w)
{
	uint64_t start, end;
	uint32_t s = wheel_first_slot(w, &start);

	w->first = WHEEL_EMPTY;
	if (s == NONE)
		return;
	w->first = wheel_earliest(w, s, start, WHEEL_WALK);
	if (s == WHEEL_BEYOND)
		return;
	end = start + (((uint64_t)1 << s / WHEEL_SLOTS * WHEEL_DIGIT) - 1);
	if (w->first > end)
		w->first = end + 1;
}

/* A wheel without nodes over the pool's elements; tick is not 0. */
void
wheel_init(struct wheel *w, const struct pool *p, size_t at, sw_ns tick, sw_ns now)
{
	memset(w, 0, sizeof(*w));
	memset(w->slot, 0xff, sizeof(w->slot));
	w->distance = (uint64_t)((uintptr_t)p - (uintptr_t)w);
	w->at = (uint32_t)at;
	w->tick = tick;
	w->now = now / tick;
	w->first = WHEEL_EMPTY;
}

/* A node that is not armed. */
void
wheel_node_init(struct wheel_node *n)
{
	link_init(&n->link);
	n->deadline = SW_NEVER;
}

/* Arms element i for the deadline, moves it, or (SW_NEVER) disarms it. */
void
wheel_set(struct wheel *w, uint32_t i, sw_ns deadline)
{
	struct wheel_node *n = wheel_node_at(w, i);
	sw_ns old = n->deadline;
	bool was_in = link_in(&n->link), emptied;

	n->deadline = deadline;
	if (was_in && deadline >= old && deadline != SW_NEVER)
		return;
	if (was_in) {
		emptied = wheel_unlink(w, i);
		if (emptied || wheel_tick(w, old) <= w->first)
			wheel_refresh(w);
	}
	if (deadline != SW_NEVER)
		wheel_link(w, i);
}

/* When wheel_due() may have something to give; SW_NEVER: nothing is armed. */
sw_ns
wheel_next(const struct wheel *w)
{
	return w->first > SW_NEVER / w->tick ? SW_NEVER : w->first * w->tick;
}

/* Spreads a slot whose time has come over the slots below it. */
static void
wheel_cascade(struct wheel *w, uint32_t s)
{
	uint32_t i = w->slot[s], next;

	w->slot[s] = NONE;
	if (s != WHEEL_BEYOND)
		w->full[s / WHEEL_SLOTS] &= ~((uint64_t)1 << s % WHEEL_SLOTS);
	for (; i != NONE; i = next) {
		next = wheel_node_at(w, i)->link.next;
		wheel_link(w, i);
	}
}

/* Disarms and gives the next element whose deadline is not after `now`; NONE. */
uint32_t
wheel_due(struct wheel *w, sw_ns now)
{
	uint64_t end = now / w->tick, start;
	uint32_t s, i;

	if (end < w->first)
		return NONE;
	/* each turn gives a node out or moves a slot's nodes down: it ends */
	while ((s = wheel_first_slot(w, &start)) != NONE && start <= end) {
		if (s == WHEEL_BEYOND)
			start = wheel_earliest(w, s, start, UINT32_MAX);
		start = start < end ? start : end;
		w->now = start > w->now ? start : w->now;
		if (s >= WHEEL_SLOTS) {
			wheel_cascade(w, s);
			continue;
		}
		i = w->slot[s];
		wheel_unlink(w, i);
		if (wheel_tick(w, wheel_node_at(w, i)->deadline) <= end) {
			wheel_node_at(w, i)->deadline = SW_NEVER;
			return i;
		}
		wheel_link(w, i);
	}
	w->now = end > w->now ? end : w->now;
	wheel_refresh(w);
	return NONE;
}
