/*
 * bbr_model.c - what both versions of BBR reckon with: a maximum over the last
 * while, rates, and the volume that a rate fills a round trip with.
 */
#include "tcp/parts.h"

#define RATE_MOST (1ull << 37) /* bytes a second: a terabit */

/* The value in place of all entries from `from` on. */
static void
best_put(struct best *b, int from, uint32_t now, uint64_t value)
{
	for (int k = from; k < 3; k++) {
		b->value[k] = value;
		b->at[k] = now;
	}
}

/* A value at a time (rounds, cycles): the largest of the last `window` is value[0],
 * with two younger ones to fall back to. */
void
best_update(struct best *b, uint32_t now, uint32_t window, uint64_t value)
{
	uint32_t old;

	if (value >= b->value[0] || now - b->at[2] > window) {
		best_put(b, 0, now, value);
		return;
	}
	if (value >= b->value[2])
		best_put(b, value >= b->value[1] ? 1 : 2, now, value);
	old = now - b->at[0];
	/* the best is too old: the next ones move up, twice if need be */
	for (int k = 0; k < 2 && now - b->at[0] > window; k++) {
		b->value[0] = b->value[1];
		b->at[0] = b->at[1];
		b->value[1] = b->value[2];
		b->at[1] = b->at[2];
		best_put(b, 2, now, value);
	}
	if (old > window)
		return;
	/* a quarter of the window without a second, half of it without a third: this one */
	if (b->at[1] == b->at[0] && old > window / 4)
		best_put(b, 1, now, value);
	else if (b->at[2] == b->at[1] && old > window / 2)
		best_put(b, 2, now, value);
}

/* The rate of a sample, which has an interval. */
uint64_t
bbr_rate(const struct cc_ack *a)
{
	return min_ns((uint64_t)a->delivered * SW_S / a->interval, RATE_MOST);
}

/* Bytes in so many microseconds at a rate, times gain thousandths. */
uint32_t
bbr_volume(uint64_t rate, uint32_t us, uint32_t gain)
{
	/* 2^37 x 2^26 at most: 67 s */
	uint64_t n = rate * min_u32(us, 1u << 26) / 1000000;

	return (uint32_t)min_ns(min_ns(n, 1ull << 40) * gain / 1000, 1u << 30);
}

/* What is sent together: a millisecond's worth, 64 KiB at most, two segments at least. */
uint32_t
bbr_quantum(const struct tcb *t, uint64_t pace)
{
	return max_u32((uint32_t)min_ns(pace / 1000, 65536), 2u * t->mss);
}

/* The pace before any rate is known: the initial window in a round trip, times gain. */
uint64_t
bbr_first_pace(const struct tcb *t, uint32_t gain)
{
	uint32_t us = t->srtt_us > 0 ? max_u32(t->srtt_us / 8, 1) : 1000;

	return min_ns((uint64_t)t->cwnd * 1000000 / us, RATE_MOST) * gain / 1000;
}
