/*
 * ip.c - IPv4 (RFC 791, 1122 3.2.1), what it shares with IPv6, and both
 * headers for writing.  Knows neither routes nor reassembly.
 */
#include "wire/ip6.h"

enum { IP4_STEPS = 40, IP4_DF = 0x4000, IP4_MF = 0x2000, IP4_OFFSET = 0x1fff };
enum { IP4_END = 0, IP4_NOP = 1, IP4_LSRR = 131, IP4_SSRR = 137 };

/* The IPv4 address at p. */
static struct sw_addr
ip4_addr(const uint8_t *p)
{
	return sw_addr4(p[0], p[1], p[2], p[3]);
}

/* Steps over the options: false for malformed ones and source routes. */
static bool
ip4_options(struct view v)
{
	const uint8_t *p;
	uint32_t at = 0, step;

	/*= RFC 9293 3.9.2.1 MUST-50: IP options that are not understood are ignored */
	for (step = 0; step < IP4_STEPS && (p = view_at(v, at, 1)); step++) {
		if (*p == IP4_END)
			break;
		if (*p == IP4_NOP) {
			at++;
			continue;
		}
		/*= RFC 7126 4.3, 4.4: packets with a source route are dropped */
		if (*p == IP4_LSRR || *p == IP4_SSRR)
			return false;
		p = view_at(v, at, 2);
		if (!p || p[1] < 2 || !view_at(v, at, p[1]))
			return false;
		at += p[1];
	}
	return true;
}

/* The fixed fields, from a header that is there. */
static void
ip4_fields(const uint8_t *p, struct ip *ip)
{
	uint32_t frag = get_16(p + 6);

	ip->src = ip4_addr(p + 12);
	ip->dst = ip4_addr(p + 16);
	ip->tos = p[1];
	ip->id = get_16(p + 4);
	ip->dont_fragment = frag & IP4_DF;
	ip->more = frag & IP4_MF;
	ip->frag_at = (frag & IP4_OFFSET) * 8;
	ip->fragment = ip->more || ip->frag_at;
	ip->ttl = p[8];
	ip->proto = ip->frag_proto = p[9];
	ip->proto_at = 9;
	ip->header = (p[0] & 15u) * 4;
}

static enum sw_verdict
ip4_read(struct view v, bool check, struct ip *ip)
{
	const uint8_t *p = view_at(v, 0, IP4_HEADER);
	uint32_t total;

	if (!p)
		return SW_V_SHORT;
	ip4_fields(p, ip);
	total = get_16(p + 2);
	/*= RFC 1122 3.2.1.1: a version that is not 4 is silently discarded (ip_read) */
	if (ip->header < IP4_HEADER || total < ip->header)
		return SW_V_BAD_IP;
	if (!view_at(v, 0, total))
		return SW_V_SHORT;
	/*= RFC 1122 3.2.1.2: a wrong header checksum is silently discarded */
	if (check && sum_header(p, ip->header) != 0xffff)
		return SW_V_BAD_IP_SUM;
	ip->body = view_part(v, ip->header, total - ip->header);
	if (ip->header > IP4_HEADER &&
	    !ip4_options(view_part(v, IP4_HEADER, ip->header - IP4_HEADER)))
		return SW_V_BAD_IP;
	return SW_V_TAKEN;
}

/* Parses a packet of either family: see wire.h. */
enum sw_verdict
ip_read(struct view v, bool check, struct ip *ip)
{
	const uint8_t *p = view_at(v, 0, 1);

	memset(ip, 0, sizeof(*ip));
	if (!p)
		return SW_V_SHORT;
	if (*p >> 4 == 4)
		return ip4_read(v, check, ip);
	return *p >> 4 == 6 ? ip6_read(v, ip) : SW_V_BAD_IP;
}

/* Parses a packet that an ICMP error quotes, which may be cut off and altered. */
enum sw_verdict
ip_read_quoted(struct view v, struct ip *ip)
{
	const uint8_t *p = view_at(v, 0, IP4_HEADER);
	uint32_t total;

	memset(ip, 0, sizeof(*ip));
	if (!p)
		return SW_V_SHORT;
	if (*p >> 4 == 6)
		return ip6_read_quoted(v, ip);
	if (*p >> 4 != 4)
		return SW_V_BAD_IP;
	ip4_fields(p, ip);
	total = get_16(p + 2);
	if (ip->header < IP4_HEADER)
		return SW_V_BAD_IP;
	if (!view_at(v, 0, ip->header))
		return SW_V_SHORT;
	if (total < ip->header)
		total = v.len; /* some systems quote the length in their own byte order */
	ip->body = view_part(v, ip->header, total - ip->header);
	return SW_V_TAKEN;
}

/* Bytes that ip_write() takes for this destination. */
uint32_t
ip_header_size(const struct sw_addr *dst)
{
	return sw_addr_is4(dst) ? IP4_HEADER : IP6_HEADER;
}

static uint32_t
ip4_write(uint8_t *to, const struct ip_head *h)
{
	memset(to, 0, IP4_HEADER);
	to[0] = 0x45;
	to[1] = h->tos;
	put_16(to + 2, IP4_HEADER + h->len);
	put_16(to + 4, h->id);
	put_16(to + 6, h->may_fragment ? 0 : IP4_DF);
	to[8] = h->ttl;
	to[9] = h->proto;
	memcpy(to + 12, h->src.b + 12, 4);
	memcpy(to + 16, h->dst.b + 12, 4);
	sum_store(to + 10, sum_header(to, IP4_HEADER));
	return IP4_HEADER;
}

static uint32_t
ip6_write(uint8_t *to, const struct ip_head *h)
{
	put_32(to, 6u << 28 | (uint32_t)h->tos << 20);
	put_16(to + 4, h->len);
	to[6] = h->proto;
	to[7] = h->ttl;
	memcpy(to + 8, h->src.b, 16);
	memcpy(to + 24, h->dst.b, 16);
	return IP6_HEADER;
}

/* Writes the header without options, complete; 0: no room, or len is too much. */
uint32_t
ip_write(uint8_t *to, uint32_t room, const struct ip_head *h)
{
	bool v4 = sw_addr_is4(&h->dst);

	if (room < ip_header_size(&h->dst) || h->len > UINT16_MAX - (v4 ? IP4_HEADER : 0u))
		return 0;
	return v4 ? ip4_write(to, h) : ip6_write(to, h);
}

/* The pseudo-header's sum, folded. */
uint32_t
ip_pseudo_sum(const struct sw_addr *src, const struct sw_addr *dst, uint8_t proto, uint32_t len)
{
	uint64_t sum;
	uint32_t w[2];

	/* of an IPv4 address the last 4 bytes */
	memcpy(w, src->b + 12, 4);
	memcpy(w + 1, dst->b + 12, 4);
	sum = (uint64_t)w[0] + w[1];
	if (!sw_addr_is4(dst))
		sum += sum_header(src->b, 12) + sum_header(dst->b, 12);
	/* RFC 8200 8.1 has 32 bits of length, whose upper half is 0 in RFC 9293 3.1 */
	sum += sum_of_16(proto) + sum_of_16(len & 0xffff) + sum_of_16(len >> 16);
	return sum_fold(sum);
}
