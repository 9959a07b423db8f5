/*
 * read.c - a packet of the stack, taken apart: IP of both versions, TCP; and
 * sums over bytes (RFC 1071).
 *
 * Written apart from the library, so that it cannot be wrong together with it.
 */
#include <string.h>

#include "run.h"

enum { NEXT_FRAGMENT = 44, TCP = 6, UDP = 17, ICMP4 = 1, ICMP6 = 58 };

void
drill_put_16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
drill_put_32(uint8_t *p, uint32_t v)
{
	drill_put_16(p, v >> 16);
	drill_put_16(p + 2, v);
}

uint32_t
drill_get_16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

uint32_t
drill_get_32(const uint8_t *p)
{
	return drill_get_16(p) << 16 | drill_get_16(p + 2);
}

uint32_t
drill_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n > 1; n -= 2, p += 2)
		sum += drill_get_16(p);
	if (n)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

uint16_t
drill_sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint32_t
drill_sum_pseudo(const struct sw_addr *from, const struct sw_addr *to, uint8_t protocol,
		 uint32_t len)
{
	size_t skip = sw_addr_is4(from) ? 12 : 0;

	return drill_sum(drill_sum(0, from->b + skip, 16 - skip), to->b + skip, 16 - skip) +
	       protocol + (len >> 16) + (len & 0xffff);
}

static bool
read_ip4(struct drill_seen *s, const uint8_t *p, uint32_t len)
{
	uint32_t header = (p[0] & 15u) * 4, total;

	if (len < DRILL_IP4_HEADER || header < DRILL_IP4_HEADER)
		return false;
	total = drill_get_16(p + 2);
	if (total < header || total > len || (drill_get_16(p + 6) & 0x3fff))
		return false; /* a fragment is not read */
	s->sums_ok = drill_sum_fold(drill_sum(0, p, header)) == 0;
	s->tos = p[1];
	s->ip_id = (uint16_t)drill_get_16(p + 4);
	s->ttl = p[8];
	s->protocol = p[9];
	s->from.addr = sw_addr4(p[12], p[13], p[14], p[15]);
	s->to.addr = sw_addr4(p[16], p[17], p[18], p[19]);
	s->body = p + header;
	s->len = total - header;
	return true;
}

static bool
read_ip6(struct drill_seen *s, const uint8_t *p, uint32_t len)
{
	uint32_t body;

	if (len < DRILL_IP6_HEADER)
		return false;
	body = drill_get_16(p + 4);
	if (body > len - DRILL_IP6_HEADER || p[6] == NEXT_FRAGMENT)
		return false;
	s->v6 = s->sums_ok = true;
	s->tos = (uint8_t)(drill_get_16(p) >> 4);
	s->flow_label = drill_get_32(p) & 0xfffff;
	s->protocol = p[6];
	s->ttl = p[7];
	memcpy(s->from.addr.b, p + 8, 16);
	memcpy(s->to.addr.b, p + 24, 16);
	s->body = p + DRILL_IP6_HEADER;
	s->len = body;
	return true;
}

static bool
read_tcp(struct drill_seen *s)
{
	const uint8_t *p = s->body;
	uint32_t header;

	if (s->len < DRILL_TCP_HEADER)
		return false;
	header = (uint32_t)(p[12] >> 4) * 4;
	if (header < DRILL_TCP_HEADER || header > s->len)
		return false;
	s->from.port = (uint16_t)drill_get_16(p);
	s->to.port = (uint16_t)drill_get_16(p + 2);
	s->seq = drill_get_32(p + 4);
	s->ack = drill_get_32(p + 8);
	s->reserved = p[12] & 15;
	s->ctl = p[13];
	s->wnd = (uint16_t)drill_get_16(p + 14);
	s->urg = (uint16_t)drill_get_16(p + 18);
	s->options = p + DRILL_TCP_HEADER;
	s->option_bytes = header - DRILL_TCP_HEADER;
	s->payload = s->len - header;
	s->sums_ok =
	    s->sums_ok &&
	    drill_sum_fold(drill_sum(drill_sum_pseudo(&s->from.addr, &s->to.addr, TCP, s->len), p,
				     s->len)) == 0;
	return true;
}

bool
drill_read(struct drill_seen *s, const uint8_t *p, uint32_t len)
{
	memset(s, 0, sizeof(*s));
	if (len < 1 || !(p[0] >> 4 == 6 ? read_ip6(s, p, len) : read_ip4(s, p, len)))
		return false;
	if (s->protocol == TCP)
		return read_tcp(s);
	if (s->protocol == ICMP4)
		s->sums_ok = s->sums_ok && drill_sum_fold(drill_sum(0, s->body, s->len)) == 0;
	else if (s->protocol == ICMP6)
		s->sums_ok = drill_sum_fold(drill_sum(
				 drill_sum_pseudo(&s->from.addr, &s->to.addr, ICMP6, s->len),
				 s->body, s->len)) == 0;
	return s->protocol != UDP || s->len >= 8;
}
