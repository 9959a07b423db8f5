/*
 * forge.c - a SYN that no stack sent, for floods.
 */
#include "show/stage.h"

#include <string.h>

enum { IP = 20, TCP = 24, TTL = 64 };

static void
put_16(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static void
put_32(uint8_t *p, uint32_t n)
{
	put_16(p, n >> 16);
	put_16(p + 2, n);
}

/* RFC 1071, of an even number of bytes. */
static uint32_t
add_up(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint32_t
fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16)) & 0xffff;
}

void
play_forge_syn(struct stage *s, const struct sw_endpoint *from, uint32_t seq)
{
	uint8_t p[IP + TCP] = {0x45}, *t = p + IP;

	put_16(p + 2, sizeof(p));
	p[8] = TTL;
	p[9] = 6;
	memcpy(p + 12, from->addr.b + 12, 4);
	memcpy(p + 16, s->end[B].addr.b + 12, 4);
	put_16(p + 10, fold(add_up(0, p, IP)));
	put_16(t, from->port);
	put_16(t + 2, s->end[B].port);
	put_32(t + 4, seq);
	t[12] = TCP / 4 << 4;
	t[13] = SW_SYN;
	put_16(t + 14, 1024);
	put_32(t + 20, 0x020405b4); /* MSS 1460 */
	put_16(t + 16, fold(add_up(6 + TCP, p + 12, 8) + add_up(0, t, TCP)));
	if (sw_sim_offer(s->sim, A, p, sizeof(p)) != SW_OK)
		s->failed = true;
}
