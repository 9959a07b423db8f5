/*
 * flow.c - whose flow a packet belongs to, as far as steering needs it.  Knows where
 * addresses and ports stand (RFC 791, 8200, 9293), in an ICMP error too (RFC 792, 4443);
 * checks nothing but that they are there.
 */
#include <string.h>

#include "drv.h"

enum { ETHER = 14, IP6 = 40, TCP = 6, ICMP = 1, ICMP6 = 58, NEIGHBOUR_ADVERT = 136 };

struct bytes {
	const uint8_t *p;
	size_t n;
};

static struct bytes
skip(struct bytes b, size_t n)
{
	if (n > b.n)
		n = b.n;
	return (struct bytes){b.p + n, b.n - n};
}

static unsigned
word(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The two ends of the TCP segment that begins with its ports. */
static bool
ends_of(struct bytes ip, struct bytes tcp, struct sw_endpoint ends[2])
{
	bool v6 = ip.p[0] >> 4 == 6;

	if (tcp.n < 4)
		return false;
	for (int i = 0; i < 2; i++) {
		const uint8_t *a = ip.p + (v6 ? 8 + 16 * i : 12 + 4 * i);

		if (v6)
			memcpy(ends[i].addr.b, a, 16);
		else
			ends[i].addr = sw_addr4(a[0], a[1], a[2], a[3]);
		ends[i].port = (uint16_t)word(tcp.p + 2 * i);
	}
	return true;
}

/* What is behind an IP header: its protocol, or -1: none that can be seen. */
static int
ip_behind(struct bytes ip, struct bytes *body)
{
	size_t header;

	if (ip.n >= IP6 && ip.p[0] >> 4 == 6) {
		*body = skip(ip, IP6);
		return ip.p[6];
	}
	if (ip.n < 20 || ip.p[0] >> 4 != 4)
		return -1;
	header = (size_t)(ip.p[0] & 15) * 4;
	*body = skip(ip, header);
	return (word(ip.p + 6) & 0x3fff) == 0 && header >= 20 ? ip.p[9] : -1;
}

/* An error quotes a packet that its receiver has sent. */
static enum drv_flow
icmp_flow(bool v6, struct bytes icmp, struct sw_endpoint ends[2])
{
	struct bytes quoted, tcp;
	int type = icmp.n >= 8 ? icmp.p[0] : -1;

	if (v6 && type == NEIGHBOUR_ADVERT)
		return FLOW_ALL;
	if (v6 ? type < 1 || type > 4 : type != 3 && type != 11 && type != 12)
		return FLOW_NONE;
	quoted = skip(icmp, 8);
	if (ip_behind(quoted, &tcp) != TCP || !ends_of(quoted, tcp, ends))
		return FLOW_NONE;
	return FLOW_ODD;
}

/*
 * FLOW_PLAIN, FLOW_ODD: a flow's, with its ends (the first only when any device
 * that steers sees it, too); FLOW_ALL: for all stacks of a device; FLOW_NONE: for
 * whoever got it.
 */
enum drv_flow
drv_flow(enum sw_link link, const struct sw_packet *p, struct sw_endpoint ends[2])
{
	struct bytes ip = {p->data, p->len}, body;
	int proto;

	if (link == SW_LINK_ETHERNET) {
		if (ip.n < ETHER)
			return FLOW_NONE;
		if (word(ip.p + 12) == 0x0806) /* RFC 826: an answer is for all that asked */
			return ip.n >= ETHER + 8 && ip.p[ETHER + 7] == 2 ? FLOW_ALL : FLOW_NONE;
		ip = skip(ip, ETHER);
	}
	if (ip.n == 0)
		return FLOW_NONE;
	proto = ip_behind(ip, &body);
	if (proto == TCP && ends_of(ip, body, ends))
		return ip.p[0] == 0x45 || ip.p[0] >> 4 == 6 ? FLOW_PLAIN : FLOW_ODD;
	if (proto == ICMP || proto == ICMP6)
		return icmp_flow(proto == ICMP6, body, ends);
	return FLOW_NONE;
}

/* The queue that a steering device gives a packet. */
unsigned
drv_shard(const struct sw_steer *s, enum sw_link link, const struct sw_packet *p)
{
	struct sw_endpoint ends[2];

	if (s->shards < 2 || drv_flow(link, p, ends) != FLOW_PLAIN)
		return 0;
	return sw_steer(s, &ends[0], &ends[1]);
}
