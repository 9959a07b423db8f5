/*
 * stacks.c - the stacks of a program as one: their records one after the other, their
 * counters added up.
 */
#include "live/live.h"

#include <stddef.h>

enum { WHICH = 48 }; /* sw_walk()'s place is below, the number of the stack above */

static bool
walk(const void *ctx, uint64_t *at, struct sw_status *status)
{
	const struct live_stacks *s = ctx;
	uint64_t which = *at >> WHICH, place = *at & ((UINT64_C(1) << WHICH) - 1);

	for (; which < LIVE_STACKS; which++, place = 0) {
		if (s->stack[which] == NULL || !sw_walk(s->stack[which], &place, status))
			continue;
		*at = which << WHICH | place;
		return true;
	}
	*at = which << WHICH;
	return false;
}

static void
add(struct sw_counters *sum, const struct sw_counters *c)
{
	enum { FROM = offsetof(struct sw_counters, packets_in) };
	uint64_t *to = &sum->packets_in;
	const uint64_t *from = &c->packets_in;

	/* all that follows the size are numbers of 64 bits */
	for (size_t i = 0; i < (sizeof(*sum) - FROM) / sizeof(*to); i++)
		to[i] += from[i];
}

static void
count(const void *ctx, struct sw_counters *sum)
{
	const struct live_stacks *s = ctx;

	*sum = (struct sw_counters){.bytes = sizeof(*sum)};
	for (int i = 0; i < LIVE_STACKS; i++) {
		struct sw_counters c = {.bytes = sizeof(c)};

		if (s->stack[i] == NULL)
			continue;
		sw_counters(s->stack[i], &c);
		add(sum, &c);
	}
}

struct live_view
live_view_of(const struct live_stacks *s, sw_ns now)
{
	return (struct live_view){.ctx = s, .walk = walk, .count = count, .now = now};
}
