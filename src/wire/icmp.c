/*
 * icmp.c - ICMP (RFC 792) and ICMPv6 (RFC 4443): header and checksum.  What a
 * message asks for is not known here.
 */
#include "wire/wire.h"

enum { ICMP_HEADER = 8 };

/* Parses a message and verifies its checksum, unless the device did. */
enum sw_verdict
icmp_read(const struct ip *ip, enum sw_csum csum, struct icmp *m)
{
	const uint8_t *p = view_at(ip->body, 0, ICMP_HEADER);
	uint32_t sum;

	memset(m, 0, sizeof(*m));
	if (!p)
		return SW_V_SHORT;
	if (csum == SW_CSUM_NONE) {
		/*= RFC 4443 2.3: ICMPv6 sums a pseudo-header too */
		sum = ip->v6 ? ip_pseudo_sum(&ip->src, &ip->dst, IP_ICMP6, ip->body.len) : 0;
		if (sum_add(sum, sum_bytes(p, ip->body.len)) != 0xffff)
			return SW_V_BAD_SUM;
	}
	m->v6 = ip->v6;
	m->type = p[0];
	m->code = p[1];
	m->word = get_32(p + 4);
	m->rest = view_part(ip->body, ICMP_HEADER, ip->body.len);
	return SW_V_TAKEN;
}

/* Writes a message, complete; rest may stand in place already.  0: no room. */
uint32_t
icmp_write(uint8_t *to, uint32_t room, const struct icmp *m, const struct sw_addr *src,
	   const struct sw_addr *dst)
{
	uint32_t sum, size;

	if (room < ICMP_HEADER || m->rest.len > room - ICMP_HEADER)
		return 0;
	size = ICMP_HEADER + m->rest.len;
	if (m->rest.len > 0)
		memmove(to + ICMP_HEADER, m->rest.p, m->rest.len);
	to[0] = m->type;
	to[1] = m->code;
	put_16(to + 2, 0);
	put_32(to + 4, m->word);
	sum = m->v6 ? ip_pseudo_sum(src, dst, IP_ICMP6, size) : 0;
	sum_store(to + 2, sum_add(sum, sum_bytes(to, size)));
	return size;
}
