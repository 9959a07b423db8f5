/*
 * tail.c - takes away the packet that carries the last byte of a transfer, once.
 */
#include <string.h>

#include "flow.h"

/* Bytes of text in a TCP packet. */
static uint32_t
text_of(const uint8_t *p, uint32_t len)
{
	uint32_t head = (uint32_t)(p[0] & 15) * 4;

	return len < 40 || p[0] >> 4 != 4 ? 0 : len - head - (uint32_t)(p[head + 12] >> 4) * 4;
}

bool
flow_tail_passes(void *ctx, const struct sw_sim_seen *seen)
{
	struct flow_tail *t = ctx;

	if (seen->from != 0 || t->lost)
		return true;
	t->seen += text_of(seen->data, seen->len);
	t->lost = t->seen >= t->bytes;
	return !t->lost;
}
