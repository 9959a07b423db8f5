/*
 * codec.c - the public face of this room: sw_wire.h.
 *
 * Reads like the stack does, but judges nothing: what the stack refuses may be
 * just what somebody looks for in a capture.
 */
#include <synwave/sw_wire.h>

#include "wire/wire.h"

/* What the IP header says of the packet's size; on_wire: if it says nothing (a super-packet). */
static uint32_t
codec_size(const struct ip *ip, const uint8_t *p, uint32_t on_wire)
{
	uint32_t said = ip->v6 ? get_16(p + 4) : get_16(p + 2);

	if (said == 0)
		return on_wire;
	/*= RFC 8200 3: the payload length does not count the IPv6 header */
	return ip->v6 ? said + IP6_HEADER : said;
}

static void
codec_segment(struct sw_wire *w, const struct seg *s)
{
	w->seq = s->seq.n;
	w->ack = s->ack.n;
	w->len = s->len;
	w->wnd = s->wnd;
	w->up = s->up;
	w->ctl = s->ctl;
	w->has = s->has;
	w->mss = s->mss;
	w->wscale = s->wscale;
	w->tsval = s->tsval;
	w->tsecr = s->tsecr;
	w->sacks = s->sacks;
	for (uint32_t i = 0; i < s->sacks; i++) {
		w->sack[i][0] = s->sack[i].left.n;
		w->sack[i][1] = s->sack[i].right.n;
	}
}

static enum sw_wire_kind
codec_tcp(struct sw_wire *w, struct view body, uint32_t size)
{
	struct seg s;
	seq first;

	if (!tcp_read_quoted(body, &w->src.port, &w->dst.port, &first))
		return SW_WIRE_BAD;
	w->seq = first.n;
	w->whole = tcp_read_cut(body, size, &s, &w->bad);
	if (!w->whole)
		return SW_WIRE_TCP;
	codec_segment(w, &s);
	w->sum = get_16(body.p + 16);
	w->body = s.text;
	w->body_len = (uint32_t)(body.p + body.len - s.text);
	return SW_WIRE_TCP;
}

static enum sw_wire_kind
codec_icmp(struct sw_wire *w, struct view body)
{
	const uint8_t *p = view_at(body, 0, 8);

	if (!p)
		return SW_WIRE_BAD;
	w->type = p[0];
	w->code = p[1];
	w->word = get_32(p + 4);
	body = view_part(body, 8, body.len);
	w->body = body.p;
	w->body_len = body.len;
	return SW_WIRE_ICMP;
}

static void
codec_ip(struct sw_wire *w, const struct ip *ip)
{
	w->src.addr = ip->src;
	w->dst.addr = ip->dst;
	w->header = ip->header;
	w->id = ip->id;
	w->frag_at = ip->frag_at;
	w->proto = ip->fragment ? ip->frag_proto : ip->proto;
	w->ttl = ip->ttl;
	w->tos = ip->tos;
	w->v6 = ip->v6;
	w->more = ip->more;
	w->dont_fragment = ip->dont_fragment;
	w->body = ip->body.p;
	w->body_len = ip->body.len;
}

/*
 * IPv4 without options, whole, and TCP with timestamps or no option: nearly every packet
 * of a capture.  The same as the long way, in a third of its time; false: another form.
 */
static bool
codec_usual(struct sw_wire *w, const uint8_t *p, uint32_t captured)
{
	static const uint8_t stamp[] = {1, 1, 8, 10};
	const uint8_t *t = p + IP4_HEADER;
	uint32_t total, head;

	if (captured < IP4_HEADER + TCP_HEADER || p[0] != 0x45 || p[9] != IP_TCP ||
	    (get_16(p + 6) & 0x3fff) || get_16(p + 2) < IP4_HEADER + TCP_HEADER)
		return false;
	total = get_16(p + 2);
	head = (t[12] >> 4) * 4u;
	if (head == 32) {
		if (captured < IP4_HEADER + 32 || total < IP4_HEADER + 32 ||
		    memcmp(t + 20, stamp, 4))
			return false;
		w->has = SW_HAS_TS;
		w->tsval = get_32(t + 24);
		w->tsecr = get_32(t + 28);
	} else if (head != TCP_HEADER) {
		return false;
	}
	w->kind = SW_WIRE_TCP;
	w->src.addr = w->dst.addr = (struct sw_addr){{[10] = 0xff, [11] = 0xff}};
	memcpy(w->src.addr.b + 12, p + 12, 4);
	memcpy(w->dst.addr.b + 12, p + 16, 4);
	w->src.port = get_16(t);
	w->dst.port = get_16(t + 2);
	w->size = total;
	w->header = IP4_HEADER;
	w->id = get_16(p + 4);
	w->proto = IP_TCP;
	w->ttl = p[8];
	w->tos = p[1];
	w->dont_fragment = p[6] & 0x40;
	w->whole = true;
	w->ctl = t[13];
	w->up = get_16(t + 18);
	w->sum = get_16(t + 16);
	w->seq = get_32(t + 4);
	w->ack = get_32(t + 8);
	w->len = total - IP4_HEADER - head;
	w->wnd = get_16(t + 14);
	w->body = t + head;
	w->body_len = min_u32(captured, total) - IP4_HEADER - head;
	return true;
}

enum sw_wire_kind
sw_wire_read(struct sw_wire *w, const uint8_t *p, uint32_t captured, uint32_t on_wire)
{
	struct ip ip;

	memset(w, 0, offsetof(struct sw_wire, sack));
	if (codec_usual(w, p, captured))
		return SW_WIRE_TCP;
	if (ip_read_quoted((struct view){p, captured}, &ip) != SW_V_TAKEN)
		return SW_WIRE_BAD;
	codec_ip(w, &ip);
	w->size = codec_size(&ip, p, on_wire);
	if (w->size < ip.header)
		return SW_WIRE_BAD;
	if (ip.fragment)
		w->kind = SW_WIRE_FRAGMENT;
	else if (w->proto == IP_TCP)
		w->kind = codec_tcp(w, ip.body, w->size - ip.header);
	else if (w->proto == (ip.v6 ? IP_ICMP6 : IP_ICMP))
		w->kind = codec_icmp(w, ip.body);
	else
		w->kind = SW_WIRE_OTHER;
	return w->kind;
}

enum sw_wire_sum
sw_wire_sum(const struct sw_wire *w, const uint8_t *p, uint32_t captured)
{
	uint32_t len = w->size - w->header, pseudo;
	uint16_t field;

	if (w->size > captured || len < TCP_HEADER)
		return SW_WIRE_SUM_CUT;
	/*= RFC 9293 3.1, RFC 8200 8.1: both addresses, which lie side by side, protocol, length */
	pseudo = w->v6 ? sum_bytes(p + 8, 32) : sum_bytes(p + 12, 8);
	pseudo = sum_fold((uint64_t)pseudo + sum_of_16(IP_TCP) + sum_of_16(len & 0xffff) +
			  sum_of_16(len >> 16));
	if (sum_add(pseudo, sum_bytes(p + w->header, len)) == 0xffff)
		return SW_WIRE_SUM_GOOD;
	memcpy(&field, p + w->header + 16, sizeof(field));
	return field == pseudo ? SW_WIRE_SUM_PARTIAL : SW_WIRE_SUM_BAD;
}

static void
codec_seg(const struct sw_wire *w, struct seg *s)
{
	*s = (struct seg){.seq = seq_at(w->seq),
			  .ack = seq_at(w->ack),
			  .wnd = w->wnd,
			  .up = w->up,
			  .ctl = w->ctl,
			  .has = w->has,
			  .mss = w->mss,
			  .wscale = w->wscale,
			  .sacks = w->sacks <= SEG_SACKS ? w->sacks : SEG_SACKS,
			  .tsval = w->tsval,
			  .tsecr = w->tsecr,
			  .len = w->len};
	for (uint32_t i = 0; i < s->sacks; i++)
		s->sack[i] = (struct sack){seq_at(w->sack[i][0]), seq_at(w->sack[i][1])};
}

/* Header, options and text of a segment with its checksum. */
static uint32_t
codec_put_tcp(uint8_t *to, uint32_t room, const struct sw_wire *w)
{
	uint32_t n, sum;
	struct seg s;

	codec_seg(w, &s);
	n = tcp_write(to, room, &s, w->src.port, w->dst.port);
	if (n == 0 || w->len > room - n)
		return 0;
	if (w->len > 0)
		memmove(to + n, w->body, w->len);
	n += w->len;
	sum = ip_pseudo_sum(&w->src.addr, &w->dst.addr, IP_TCP, n);
	sum_store(to + 16, sum_add(sum, sum_bytes(to, n)));
	return n;
}

static uint32_t
codec_put_icmp(uint8_t *to, uint32_t room, const struct sw_wire *w)
{
	struct icmp m = {.v6 = !sw_addr_is4(&w->dst.addr),
			 .type = w->type,
			 .code = w->code,
			 .word = w->word,
			 .rest = {w->body, w->body_len}};

	return icmp_write(to, room, &m, &w->src.addr, &w->dst.addr);
}

uint32_t
sw_wire_write(uint8_t *to, uint32_t room, const struct sw_wire *w)
{
	bool v4 = sw_addr_is4(&w->dst.addr), tcp = w->kind == SW_WIRE_TCP;
	uint32_t head = ip_header_size(&w->dst.addr);
	struct ip_head h = {.src = w->src.addr,
			    .dst = w->dst.addr,
			    .proto = tcp  ? IP_TCP
				     : v4 ? IP_ICMP
					  : IP_ICMP6,
			    .ttl = w->ttl,
			    .tos = w->tos,
			    .id = (uint16_t)w->id,
			    .may_fragment = !w->dont_fragment};

	if (room < head || (!tcp && w->kind != SW_WIRE_ICMP))
		return 0;
	h.len = tcp ? codec_put_tcp(to + head, room - head, w)
		    : codec_put_icmp(to + head, room - head, w);
	return h.len > 0 && ip_write(to, room, &h) > 0 ? head + h.len : 0;
}
