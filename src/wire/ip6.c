/*
 * ip6.c - IPv6 and its extension headers (RFC 8200 3, 4; RFC 5095).
 * Does not know which upper-layer protocols are spoken here.
 */
#include "wire/ip6.h"

enum { IP6_HOP_BY_HOP = 0, IP6_ROUTING = 43, IP6_DESTINATION = 60 };
enum { IP6_HEADERS_MAX = 8, IP6_FRAGMENT_HEADER = 8, IP6_PAD1 = 0, IP6_PADN = 1 };
/* codes of an ICMPv6 parameter problem (RFC 4443 3.4) */
enum { IP6_FIELD = 0, IP6_NEXT_HEADER = 1, IP6_OPTION = 2 };

/* The walk over extension headers. */
struct ip6_walk {
	struct view v;	  /* the packet, without link padding */
	uint32_t at;	  /* the header that stands next */
	uint8_t next;	  /* what it is */
	uint32_t next_at; /* the field that says so */
	bool quoted;	  /* nothing is judged */
};

/* Says what an ICMP error would have to say. */
static enum sw_verdict
ip6_problem(struct ip *ip, uint32_t at, uint8_t code, bool report)
{
	ip->problem_at = at;
	ip->problem_code = code;
	ip->problem_report = report;
	return code == IP6_NEXT_HEADER ? SW_V_NO_PROTO : SW_V_BAD_IP;
}

/*= RFC 8200 4.2: the two highest bits of an unknown option say what becomes of the packet */
static enum sw_verdict
ip6_unknown_option(struct ip *ip, uint32_t at, uint8_t type)
{
	bool multicast = ip->dst.b[0] == 0xff;

	switch (type >> 6) {
	case 0:
		return SW_V_TAKEN;
	case 1:
		return ip6_problem(ip, at, IP6_OPTION, false);
	case 2:
		return ip6_problem(ip, at, IP6_OPTION, true);
	default:
		return ip6_problem(ip, at, IP6_OPTION, !multicast);
	}
}

/* Walks the options from `at` to `end`, which are in the view; all are unknown. */
static enum sw_verdict
ip6_options(struct view v, uint32_t at, uint32_t end, struct ip *ip)
{
	enum sw_verdict verdict;
	const uint8_t *p;

	while (at < end) {
		p = view_at(v, at, 1);
		if (p && *p == IP6_PAD1) {
			at++;
			continue;
		}
		p = view_at(v, at, 2);
		if (!p || at + 2 > end || p[1] > end - at - 2)
			return SW_V_BAD_IP;
		verdict = p[0] == IP6_PADN ? SW_V_TAKEN : ip6_unknown_option(ip, at, p[0]);
		if (verdict != SW_V_TAKEN)
			return verdict;
		at += 2 + p[1];
	}
	return SW_V_TAKEN;
}

/* A hop-by-hop, destination or routing header: length in units of 8 bytes. */
static enum sw_verdict
ip6_step(struct ip6_walk *w, struct ip *ip)
{
	enum sw_verdict verdict = SW_V_TAKEN;
	const uint8_t *p = view_at(w->v, w->at, 8);
	uint32_t size = p ? (p[1] + 1u) * 8 : 0;

	if (!p || !view_at(w->v, w->at, size))
		return SW_V_SHORT;
	if (w->quoted)
		verdict = SW_V_TAKEN;
	/*= RFC 8200 4.4, RFC 5095 3: a routing header of a type that is not known (type 0
	 *  is none that is) is skipped when no segment is left, and refused otherwise */
	else if (w->next == IP6_ROUTING)
		verdict = p[3] == 0 ? SW_V_TAKEN : ip6_problem(ip, w->at + 2, IP6_FIELD, true);
	else
		verdict = ip6_options(w->v, w->at + 2, w->at + size, ip);
	w->next = p[0];
	w->next_at = w->at;
	w->at += size;
	return verdict;
}

/* A fragment header; after it the body is a piece, unless the piece is the whole. */
static enum sw_verdict
ip6_fragment(struct ip6_walk *w, struct ip *ip)
{
	const uint8_t *p = view_at(w->v, w->at, IP6_FRAGMENT_HEADER);
	uint32_t piece;

	if (!p)
		return SW_V_SHORT;
	ip->id = get_32(p + 4);
	ip->more = p[3] & 1;
	ip->frag_at = get_16(p + 2) & 0xfff8u;
	ip->frag_proto = p[0];
	/*= RFC 8200 4.5, RFC 6946: a piece that is the whole packet is treated as one */
	ip->fragment = ip->more || ip->frag_at;
	piece = w->v.len - w->at - IP6_FRAGMENT_HEADER;
	/*= RFC 8200 4.5: a piece before the last has a multiple of 8 bytes, and none ends
	 *  behind what a payload length can say */
	if (!w->quoted && ip->more && piece % 8 != 0)
		return ip6_problem(ip, 4, IP6_FIELD, true);
	if (!w->quoted && ip->frag_at + piece > UINT16_MAX)
		return ip6_problem(ip, w->at + 2, IP6_FIELD, true);
	w->next = p[0];
	w->next_at = w->at;
	w->at += IP6_FRAGMENT_HEADER;
	return SW_V_TAKEN;
}

/* Walks all extension headers up to the body. */
static enum sw_verdict
ip6_walk(struct ip6_walk *w, struct ip *ip)
{
	enum sw_verdict verdict = SW_V_TAKEN;
	uint32_t n;

	for (n = 0; n <= IP6_HEADERS_MAX; n++) {
		switch (w->next) {
		case IP6_HOP_BY_HOP:
			/*= RFC 8200 4, 4.1: only directly behind the IPv6 header */
			if (w->at != IP6_HEADER)
				return ip6_problem(ip, w->next_at, IP6_NEXT_HEADER, true);
			verdict = ip6_step(w, ip);
			break;
		case IP6_ROUTING:
		case IP6_DESTINATION:
			verdict = ip6_step(w, ip);
			break;
		case IP_FRAGMENT:
			verdict = ip6_fragment(w, ip);
			break;
		default:
			return SW_V_TAKEN;
		}
		if (verdict != SW_V_TAKEN || ip->fragment)
			return verdict;
	}
	return SW_V_BAD_IP; /* too many */
}

static enum sw_verdict
ip6_parse(struct ip6_walk *w, struct ip *ip)
{
	const uint8_t *p = view_at(w->v, 0, IP6_HEADER);
	enum sw_verdict verdict;
	uint32_t payload;

	if (!p)
		return SW_V_SHORT;
	ip->v6 = true;
	memcpy(ip->src.b, p + 8, 16);
	memcpy(ip->dst.b, p + 24, 16);
	/*= RFC 4291 2.5.5.2: mapped addresses stand for IPv4 nodes; on the wire they would
	 *  let an IPv6 packet pass for an IPv4 one */
	if (sw_addr_is4(&ip->src) || sw_addr_is4(&ip->dst))
		return SW_V_BAD_IP;
	ip->tos = (uint8_t)(p[0] << 4 | p[1] >> 4);
	ip->ttl = p[7];
	payload = get_16(p + 4);
	if (!w->quoted && !view_at(w->v, IP6_HEADER, payload))
		return SW_V_SHORT;
	w->v = view_part(w->v, 0, IP6_HEADER + payload);
	w->at = IP6_HEADER;
	w->next = p[6];
	w->next_at = 6;
	verdict = ip6_walk(w, ip);
	ip->header = w->at;
	ip->body = view_part(w->v, w->at, w->v.len);
	ip->proto = ip->fragment ? IP_FRAGMENT : w->next;
	ip->proto_at = w->next_at;
	if (!ip->fragment)
		ip->frag_proto = ip->proto;
	return verdict;
}

/* Parses a packet that came. */
enum sw_verdict
ip6_read(struct view v, struct ip *ip)
{
	struct ip6_walk w = {.v = v};

	return ip6_parse(&w, ip);
}

/* Parses a packet that is quoted and may be cut off. */
enum sw_verdict
ip6_read_quoted(struct view v, struct ip *ip)
{
	struct ip6_walk w = {.v = v, .quoted = true};

	return ip6_parse(&w, ip);
}
