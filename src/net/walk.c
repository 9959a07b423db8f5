/*
 * walk.c - every record of a stack, one after the other, for who wants to list them.
 *
 * Knows the four kinds of records and what STATUS (RFC 9293 3.10.6) can say of each.
 * Changes nothing.
 */
#include "net/net.h"

/* Pools in the order of the walk. */
enum { WALK_LISTENERS, WALK_BLOCKS, WALK_HALVES, WALK_TIME_WAITS, WALK_POOLS };

static const struct pool *
walk_pool(const struct sw_stack *s, uint32_t which)
{
	switch (which) {
	case WALK_LISTENERS:
		return &s->listeners;
	case WALK_BLOCKS:
		return &s->blocks;
	case WALK_HALVES:
		return &s->halves;
	default:
		return &s->time_waits;
	}
}

static void
walk_ends(const struct sw_stack *s, const struct small *k, struct sw_status *st)
{
	struct tuple t;

	small_tuple(s, k, &t);
	st->state = (enum sw_state)k->state;
	st->iface = small_iface(s, k);
	st->local = (struct sw_endpoint){t.local, t.local_port};
	st->remote = (struct sw_endpoint){t.remote, t.remote_port};
}

/* A record that waits for the last segment of its handshake. */
static void
walk_half(const struct sw_stack *s, const struct half *h, struct sw_status *st)
{
	walk_ends(s, &h->k, st);
	st->iss = st->snd_una = h->iss.n;
	st->snd_nxt = h->iss.n + ((h->flags & HALF_SENT) ? 1u : 0u);
	st->snd_wnd = h->snd_wnd;
	st->irs = h->irs.n;
	st->rcv_nxt = h->irs.n + 1;
	st->peer_mss = h->peer_mss;
	st->snd_wscale = h->snd_wscale;
	st->rcv_wscale = h->flags >> HALF_WSCALE;
	st->timestamps = h->options & SW_HAS_TS;
	st->sack = h->options & SW_HAS_SACK_OK;
	st->ecn = h->options & HALF_ECN;
	st->retries = h->retries;
	st->due = h->timer.deadline;
}

/* A record that waits for 2 MSL to pass. */
static void
walk_time_wait(const struct sw_stack *s, const struct time_wait *w, struct sw_status *st)
{
	int32_t left = (int32_t)(w->until_ms - (uint32_t)(s->now / SW_MS));

	walk_ends(s, &w->k, st);
	st->snd_una = st->snd_nxt = w->snd_nxt.n;
	st->rcv_nxt = w->rcv_nxt.n;
	st->timestamps = w->k.mark & SMALL_TS;
	st->due = s->now + (sw_ns)(left > 0 ? left : 0) * SW_MS;
}

static bool
walk_is_used(const struct sw_stack *s, uint32_t which, uint32_t i)
{
	switch (which) {
	case WALK_LISTENERS:
		return listener_at(s, i)->h.mark & MARK_USED;
	case WALK_BLOCKS:
		return block_at(s, i)->h.mark & MARK_USED;
	case WALK_HALVES:
		return half_at(s, i)->k.mark & SMALL_USED;
	default:
		return time_wait_at(s, i)->k.mark & SMALL_USED;
	}
}

static void
walk_fill(const struct sw_stack *s, uint32_t which, uint32_t i, struct sw_status *st)
{
	memset(st, 0, sizeof(*st));
	st->due = SW_NEVER;
	if (which == WALK_HALVES)
		walk_half(s, half_at(s, i), st);
	else if (which == WALK_TIME_WAITS)
		walk_time_wait(s, time_wait_at(s, i), st);
	else if (which == WALK_LISTENERS)
		status_listener(s, i, st);
	else
		status_block(s, i, st);
	st->bytes = sizeof(*st);
}

/* The next record; false: that was the last. */
bool
sw_walk(const struct sw_stack *s, uint64_t *at, struct sw_status *st)
{
	uint32_t which = (uint32_t)(*at >> 32), i = (uint32_t)*at;

	if (st->bytes != sizeof(*st))
		return false;
	for (; which < WALK_POOLS; which++, i = 0) {
		for (; i < walk_pool(s, which)->high; i++) {
			if (!walk_is_used(s, which, i))
				continue;
			walk_fill(s, which, i, st);
			*at = (uint64_t)which << 32 | (i + 1);
			return true;
		}
	}
	*at = (uint64_t)WALK_POOLS << 32;
	return false;
}
