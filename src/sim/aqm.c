/*
 * aqm.c - what a queue does before it is full: CoDel (RFC 8289), by loss or by
 * marks (RFC 3168).
 *
 * The queue is first in, first out, so that it is known when a packet comes how
 * long it will wait: CoDel, which decides when a packet leaves, is asked at once.
 */
#include "sim/sim.h"

enum { TARGET_MS = 5, INTERVAL_MS = 100, ECN_MASK = 3, CE = 3 };

/* Has the wait been above the target for a whole interval? */
static bool
codel_above(struct sim_codel *c, sw_ns now, sw_ns sojourn)
{
	if (sojourn < TARGET_MS * SW_MS) {
		c->above_until = 0;
		return false;
	}
	if (c->above_until == 0)
		c->above_until = now + INTERVAL_MS * SW_MS;
	return now >= c->above_until;
}

/* interval / sqrt(count), by whole numbers. */
static sw_ns
codel_gap(uint32_t count)
{
	uint64_t square = (uint64_t)count << 32, root = square;

	/* Newton's way down to the root, 16 bits behind the point */
	for (uint64_t next = (root + 1) / 2; next < root; next = (root + square / root) / 2)
		root = next;
	return (INTERVAL_MS * SW_MS << 16) / root;
}

bool
sim_codel_acts(struct sim_codel *c, sw_ns now, sw_ns sojourn)
{
	bool above = codel_above(c, now, sojourn);
	uint32_t since;

	if (c->dropping) {
		c->dropping = above;
		if (!above || now < c->next)
			return false;
		c->count++;
		c->next += codel_gap(c->count);
		return true;
	}
	if (!above)
		return false;
	/* soon after the last time: go on at the rate that it had come to */
	since = c->count - c->count_before;
	c->count = since > 1 && now < c->next + 16 * INTERVAL_MS * SW_MS ? since : 1;
	c->count_before = c->count;
	c->dropping = true;
	c->next = now + codel_gap(c->count);
	return true;
}

bool
sim_mark(uint8_t *p, uint32_t len)
{
	uint32_t sum;

	if (len >= 40 && p[0] >> 4 == 6) {
		if (!(p[1] >> 4 & ECN_MASK))
			return false;
		p[1] |= CE << 4;
		return true;
	}
	if (len < 20 || p[0] >> 4 != 4 || !(p[1] & ECN_MASK))
		return false;
	/* RFC 1624: the checksum after one word has changed */
	sum = (uint32_t)(uint16_t) ~(p[10] << 8 | p[11]) + (uint16_t) ~(p[0] << 8 | p[1]);
	p[1] |= CE;
	sum += (uint32_t)(p[0] << 8 | p[1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
	return true;
}
