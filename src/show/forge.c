/*
 * forge.c - a SYN that no stack sent, for floods.
 */
#include "show/stage.h"

#include <synwave/sw_wire.h>

void
play_forge_syn(struct stage *s, const struct sw_endpoint *from, uint32_t seq)
{
	struct sw_wire w = {.kind = SW_WIRE_TCP,
			    .src = *from,
			    .dst = s->end[B],
			    .ttl = 64,
			    .ctl = SW_SYN,
			    .has = SW_HAS_MSS,
			    .mss = 1460,
			    .wnd = 1024,
			    .seq = seq};
	uint8_t packet[64];
	uint32_t n = sw_wire_write(packet, sizeof(packet), &w);

	if (sw_sim_offer(s->sim, A, packet, n) != SW_OK)
		s->failed = true;
}
