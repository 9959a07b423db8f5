/*
 * link.c - Ethernet frames, ARP (RFC 826), neighbour discovery (RFC 4861 4.3,
 * 4.4, 7.1) as bytes.  Knows no cache and believes nobody.
 */
#include "wire/wire.h"

enum { ARP_SIZE = 28, ARP_REQUEST = 1, ARP_REPLY = 2, ARP_ETHER = 1 };
enum { ND_TARGET = 16, ND_OPTION = 8, ND_SOURCE_MAC = 1, ND_TARGET_MAC = 2, ND_HOP_LIMIT = 255 };
enum { MAC_SIZE = 6 };

#define ND_ROUTER ((uint32_t)1 << 31)
#define ND_SOLICITED ((uint32_t)1 << 30)
#define ND_OVERRIDE ((uint32_t)1 << 29)

/* Whether it is no station's own address. */
static bool
mac_is_group(const uint8_t *mac)
{
	return mac[0] & 1;
}

/* Parses the header of a frame. */
enum sw_verdict
ether_read(struct view v, struct ether *e)
{
	const uint8_t *p = view_at(v, 0, ETHER_HEADER);

	memset(e, 0, sizeof(*e));
	if (!p)
		return SW_V_SHORT;
	memcpy(e->dst, p, MAC_SIZE);
	memcpy(e->src, p + 6, MAC_SIZE);
	e->type = get_16(p + 12);
	e->body = view_part(v, ETHER_HEADER, v.len);
	return SW_V_TAKEN;
}

/* Writes the header of a frame; 0: no room. */
uint32_t
ether_write(uint8_t *to, uint32_t room, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	if (room < ETHER_HEADER)
		return 0;
	memcpy(to, dst, MAC_SIZE);
	memcpy(to + 6, src, MAC_SIZE);
	put_16(to + 12, type);
	return ETHER_HEADER;
}

/* Parses an ARP packet for IPv4 over Ethernet. */
enum sw_verdict
arp_read(struct view v, struct arp *a)
{
	const uint8_t *p = view_at(v, 0, ARP_SIZE);
	uint32_t op = p ? get_16(p + 6) : 0;

	memset(a, 0, sizeof(*a));
	if (!p || get_16(p) != ARP_ETHER || get_16(p + 2) != ETHER_IP4 || p[4] != MAC_SIZE ||
	    p[5] != 4 || (op != ARP_REQUEST && op != ARP_REPLY))
		return SW_V_LINK_BAD;
	/*= RFC 1812 3.3.2: no sender has a broadcast or multicast link-layer address */
	if (mac_is_group(p + 8))
		return SW_V_LINK_BAD;
	a->request = op == ARP_REQUEST;
	memcpy(a->sender_mac, p + 8, MAC_SIZE);
	a->sender = sw_addr4(p[14], p[15], p[16], p[17]);
	memcpy(a->target_mac, p + 18, MAC_SIZE);
	a->target = sw_addr4(p[24], p[25], p[26], p[27]);
	return SW_V_TAKEN;
}

/* Writes an ARP packet; 0: no room. */
uint32_t
arp_write(uint8_t *to, uint32_t room, const struct arp *a)
{
	if (room < ARP_SIZE)
		return 0;
	put_16(to, ARP_ETHER);
	put_16(to + 2, ETHER_IP4);
	to[4] = MAC_SIZE;
	to[5] = 4;
	put_16(to + 6, a->request ? ARP_REQUEST : ARP_REPLY);
	memcpy(to + 8, a->sender_mac, MAC_SIZE);
	memcpy(to + 14, a->sender.b + 12, 4);
	memcpy(to + 18, a->target_mac, MAC_SIZE);
	memcpy(to + 24, a->target.b + 12, 4);
	return ARP_SIZE;
}

/* Walks the options; the link-layer address among them is kept. */
static bool
neighbour_options(struct view v, struct neighbour *n)
{
	uint8_t wanted = n->solicit ? ND_SOURCE_MAC : ND_TARGET_MAC;
	const uint8_t *p;
	uint32_t at = 0;

	while (at < v.len) {
		p = view_at(v, at, ND_OPTION);
		/*= RFC 4861 7.1.1, 7.1.2: every option's length is greater than 0 */
		if (!p || p[1] == 0 || !view_at(v, at, p[1] * 8u))
			return false;
		if (p[0] == wanted && p[1] == 1) {
			if (mac_is_group(p + 2))
				return false;
			n->has_mac = true;
			memcpy(n->mac, p + 2, MAC_SIZE);
		}
		at += p[1] * 8u;
	}
	return true;
}

/*= RFC 4861 7.1.1: a solicitation from nobody goes to a solicited-node address, without mac */
static bool
neighbour_source_ok(const struct ip *ip, const struct neighbour *n)
{
	static const uint8_t solicited_node[13] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};

	if (!n->solicit || !sw_addr_is_any(&ip->src))
		return true;
	return !n->has_mac && memcmp(ip->dst.b, solicited_node, sizeof(solicited_node)) == 0;
}

/* Parses a solicitation or advertisement and judges what RFC 4861 7.1 asks. */
enum sw_verdict
neighbour_read(const struct ip *ip, const struct icmp *m, struct neighbour *n)
{
	const uint8_t *p = view_at(m->rest, 0, ND_TARGET);

	memset(n, 0, sizeof(*n));
	n->solicit = m->type == ICMP6_SOLICIT;
	/*= RFC 4861 7.1.1, 7.1.2: hop limit 255, code 0, a target that is not multicast */
	if (!p || !m->v6 || ip->ttl != ND_HOP_LIMIT || m->code != 0 || p[0] == 0xff ||
	    (!n->solicit && m->type != ICMP6_ADVERT))
		return SW_V_LINK_BAD;
	memcpy(n->target.b, p, ND_TARGET);
	if (!neighbour_options(view_part(m->rest, ND_TARGET, m->rest.len), n) ||
	    !neighbour_source_ok(ip, n))
		return SW_V_LINK_BAD;
	if (n->solicit)
		return SW_V_TAKEN;
	n->router = m->word & ND_ROUTER;
	n->solicited = m->word & ND_SOLICITED;
	n->override = m->word & ND_OVERRIDE;
	/*= RFC 4861 7.1.2: an advertisement to a multicast address answers no solicitation */
	return n->solicited && ip->dst.b[0] == 0xff ? SW_V_LINK_BAD : SW_V_TAKEN;
}

/* Writes what stands behind the ICMPv6 header, and its word; 0: no room. */
uint32_t
neighbour_write(uint8_t *rest, uint32_t room, const struct neighbour *n, uint32_t *word)
{
	uint32_t size = ND_TARGET + (n->has_mac ? ND_OPTION : 0);

	if (room < size)
		return 0;
	*word = 0;
	if (!n->solicit)
		*word = (n->router ? ND_ROUTER : 0) | (n->solicited ? ND_SOLICITED : 0) |
			(n->override ? ND_OVERRIDE : 0);
	memcpy(rest, n->target.b, ND_TARGET);
	if (n->has_mac) {
		rest[16] = n->solicit ? ND_SOURCE_MAC : ND_TARGET_MAC;
		rest[17] = 1;
		memcpy(rest + 18, n->mac, MAC_SIZE);
	}
	return size;
}
