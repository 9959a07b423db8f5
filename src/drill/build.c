/*
 * build.c - inbound packets of a script as bytes: IP, TCP with its options, UDP,
 * ICMP with what it quotes.
 *
 * Makes wrong packets too, where the script wants them.
 */
#include <string.h>

#include "run.h"

enum {
	TCP = 6,
	UDP = 17,
	ICMP4 = 1,
	ICMP6 = 58,
	NEXT_OPTIONS = 60, /* RFC 8200 4.6: a header of options for the destination */
	UDP_HEADER = 8,
	ICMP_HEADER = 8,
	HEADERS = 60 + 60, /* of IP and TCP at their longest */
	HOPS = 255,
	ECN_BITS = 3,
	WINDOW = 65535,
	ICMP6_TOO_BIG = 2,
	ICMP4_UNREACHABLE = 3
};

static uint32_t
build_cookie(struct drill_run *r, const struct drill_opt *o, uint8_t *to)
{
	const uint8_t *live = drill_cookie_live(r, o);

	memcpy(to + 2, live ? live : o->bytes, o->n);
	if (!live && o->n > 0) /* one of the script's own */
		drill_cookie_note(r, o, o->bytes);
	return to[1] = (uint8_t)(2 + o->n);
}

/* Bytes of one option at `to`. */
static uint32_t
build_option(struct drill_run *r, const struct drill_opt *o, const struct drill_flow *f,
	     uint8_t *to)
{
	to[0] = (uint8_t)o->kind;
	switch (o->kind) {
	case DRILL_OPT_EOL:
	case DRILL_OPT_NOP:
		return 1;
	case DRILL_OPT_MSS:
		drill_put_16(to + 2, o->val[0]);
		return to[1] = 4;
	case DRILL_OPT_WSCALE:
		to[2] = (uint8_t)o->val[0];
		return to[1] = 3;
	case DRILL_OPT_SACK_OK:
		return to[1] = 2;
	case DRILL_OPT_SACK:
		for (int i = 0; i < o->n; i++)
			drill_put_32(to + 2 + 4 * i, o->val[i] + f->offset);
		return to[1] = (uint8_t)(2 + 4 * o->n);
	case DRILL_OPT_TS:
		drill_put_32(to + 2, o->val[0]);
		drill_put_32(to + 6, o->val[1] ? drill_stamp_live(f, o->val[1]) : 0);
		return to[1] = 10;
	case DRILL_OPT_FAST_OPEN:
		return build_cookie(r, o, to);
	case DRILL_OPT_RAW:
		memcpy(to, o->bytes, o->n);
		return o->n;
	}
	return 0;
}

/* All options, filled up to whole words; bytes, or more than fit. */
static uint32_t
build_options(struct drill_run *r, const struct drill_packet *p, const struct drill_flow *f,
	      uint8_t *to)
{
	uint8_t one[64];
	uint32_t n = 0;

	for (int i = 0; i < p->options; i++) {
		uint32_t size = build_option(r, &p->option[i], f, one);

		if (n + size > DRILL_DATA_MAX)
			return DRILL_DATA_MAX + 1;
		memcpy(to + n, one, size);
		n += size;
	}
	while (n % 4)
		to[n++] = 0;
	return n;
}

static uint32_t
build_tcp(struct drill_run *r, const struct drill_packet *p, const struct drill_flow *f,
	  uint8_t *to)
{
	uint32_t header = DRILL_TCP_HEADER, options = build_options(r, p, f, to + header);

	if (options > DRILL_DATA_MAX)
		return 0;
	header += options;
	drill_put_16(to, f->remote.port);
	drill_put_16(to + 2, f->local.port);
	drill_put_32(to + 4, p->seq);
	drill_put_32(to + 8, p->has_ack ? p->ack + f->offset : 0);
	to[12] = (uint8_t)(header / 4 << 4);
	to[13] = p->ctl;
	if (p->ace >= 0) {
		to[12] |= (uint8_t)(p->ace >> 2 & 1);
		to[13] |= (uint8_t)((p->ace & 3) << 6);
	}
	drill_put_16(to + 14, p->has_wnd ? p->wnd : WINDOW);
	drill_put_16(to + 16, 0);
	drill_put_16(to + 18, p->urg);
	for (uint32_t i = 0; i < p->len; i++) /* bytes that tell where they belong */
		to[header + i] = (uint8_t)(p->seq + (p->ctl & SW_SYN ? 1 : 0) + i);
	return header + p->len;
}

static uint32_t
build_udp(const struct drill_packet *p, const struct drill_flow *f, uint8_t *to)
{
	drill_put_16(to, f->remote.port);
	drill_put_16(to + 2, f->local.port);
	drill_put_16(to + 4, UDP_HEADER + p->len);
	drill_put_16(to + 6, 0);
	memset(to + UDP_HEADER, 0, p->len);
	return UDP_HEADER + p->len;
}

/* Options behind an IPv6 header: a header of their own; bytes. */
static uint32_t
build_ip6_options(const struct drill_packet *p, uint8_t *to)
{
	uint32_t n = 2u + p->ip_option_bytes;

	if (p->ip_option_bytes == 0)
		return 0;
	to[1] = (uint8_t)(n / 8 - 1);
	memcpy(to + 2, p->ip_options, p->ip_option_bytes);
	return n;
}

/* Do the options of IP fill whole units? */
static bool
build_ip_options_fit(const struct drill_packet *p, const struct drill_flow *f)
{
	if (sw_addr_is4(&f->remote.addr) || p->ip_option_bytes == 0)
		return p->ip_option_bytes % 4 == 0;
	return (2u + p->ip_option_bytes) % 8 == 0;
}

/* The IP header; bytes. */
static uint32_t
build_ip(struct drill_run *r, const struct drill_packet *p, const struct drill_flow *f, uint8_t *to)
{
	bool out = p->proto == DRILL_QUOTED;
	const struct sw_addr *src = out ? &f->local.addr : &f->remote.addr;
	const struct sw_addr *dst = out ? &f->remote.addr : &f->local.addr;
	uint8_t tos = (uint8_t)(p->tos > 0 ? p->tos : 0);

	if (p->ecn >= 0)
		tos = (uint8_t)((tos & ~ECN_BITS) | (p->ecn & ECN_BITS));
	if (!sw_addr_is4(src)) {
		drill_put_32(to, 6u << 28 | (uint32_t)tos << 20 |
				     (uint32_t)(p->flow_label > 0 ? p->flow_label : 0));
		to[7] = (uint8_t)(p->ttl >= 0 ? p->ttl : HOPS);
		memcpy(to + 8, src->b, 16);
		memcpy(to + 24, dst->b, 16);
		return DRILL_IP6_HEADER + build_ip6_options(p, to + DRILL_IP6_HEADER);
	}
	memset(to, 0, DRILL_IP4_HEADER);
	to[0] = (uint8_t)(0x45 + p->ip_option_bytes / 4);
	to[1] = tos;
	drill_put_16(to + 4, p->ip_id >= 0 ? (uint32_t)p->ip_id : r->ip_id++);
	drill_put_16(to + 6, 0x4000);
	to[8] = (uint8_t)(p->ttl >= 0 ? p->ttl : HOPS);
	memcpy(to + 12, src->b + 12, 4);
	memcpy(to + 16, dst->b + 12, 4);
	if (p->ip_option_bytes)
		memcpy(to + DRILL_IP4_HEADER, p->ip_options, p->ip_option_bytes);
	return DRILL_IP4_HEADER + p->ip_option_bytes;
}

/* Lengths and checksum of the IP header. */
static void
build_ip_end(uint8_t *ip, uint32_t header, uint32_t body, uint8_t protocol)
{
	if (ip[0] >> 4 == 6) {
		drill_put_16(ip + 4, header - DRILL_IP6_HEADER + body);
		ip[6] = header > DRILL_IP6_HEADER ? NEXT_OPTIONS : protocol;
		ip[header > DRILL_IP6_HEADER ? DRILL_IP6_HEADER : 6] = protocol;
		return;
	}
	drill_put_16(ip + 2, header + body);
	ip[9] = protocol;
	drill_put_16(ip + 10, 0);
	drill_put_16(ip + 10, drill_sum_fold(drill_sum(0, ip, header)));
}

/* What an ICMP error quotes: a packet of ours as it was on the wire. */
static uint32_t
build_quote(struct drill_run *r, const struct drill_packet *p, const struct drill_flow *f,
	    uint8_t *to)
{
	struct drill_packet quoted = {
	    .proto = DRILL_QUOTED, .tos = -1, .ecn = -1, .ttl = 60, .ip_id = -1, .flow_label = -1};
	uint32_t header = build_ip(r, &quoted, f, to);
	uint8_t *body = to + header;

	if (p->quote == DRILL_UDP) {
		memset(body, 0, UDP_HEADER);
		drill_put_16(body, f->local.port);
		drill_put_16(body + 2, f->remote.port);
		drill_put_16(body + 4, UDP_HEADER + p->len);
		build_ip_end(to, header, UDP_HEADER + p->len, UDP);
		return header + UDP_HEADER;
	}
	memset(body, 0, DRILL_TCP_HEADER);
	drill_put_16(body, f->local.port);
	drill_put_16(body + 2, f->remote.port);
	drill_put_32(body + 4, p->seq + f->offset);
	body[12] = DRILL_TCP_HEADER / 4 << 4;
	body[13] = SW_ACK;
	build_ip_end(to, header, DRILL_TCP_HEADER + p->len, TCP);
	return header + DRILL_TCP_HEADER;
}

static uint32_t
build_icmp(struct drill_run *r, const struct drill_packet *p, const struct drill_flow *f,
	   uint8_t *to)
{
	bool v6 = !sw_addr_is4(&f->local.addr);
	int type = drill_icmp_type(p->icmp_type, v6);
	int code = p->icmp_code ? drill_icmp_code(p->icmp_code, type, v6) : 0;

	if (v6 && p->icmp_code && !strcmp(p->icmp_code, "frag_needed")) {
		type = ICMP6_TOO_BIG; /* what IPv6 has in its place */
		code = 0;
	}
	if (type < 0 || code < 0)
		return 0;
	memset(to, 0, ICMP_HEADER);
	to[0] = (uint8_t)type;
	to[1] = (uint8_t)code;
	if (p->icmp_mtu >= 0 && v6)
		drill_put_32(to + 4, (uint32_t)p->icmp_mtu);
	else if (p->icmp_mtu >= 0)
		drill_put_16(to + 6, (uint32_t)p->icmp_mtu);
	return ICMP_HEADER + build_quote(r, p, f, to + ICMP_HEADER);
}

/* Where the checksum of a protocol stands. */
static uint32_t
build_sum_at(uint8_t protocol)
{
	return protocol == TCP ? 16 : protocol == UDP ? 6 : 2;
}

uint32_t
drill_build(struct drill_run *r, const struct drill_packet *p, uint8_t *to)
{
	struct drill_flow *f = drill_flow_of(r, p);
	uint32_t header, body, sum;
	uint8_t protocol;

	if (!f || !build_ip_options_fit(p, f))
		return 0;
	if (p->proto != DRILL_ICMP && p->len > DRILL_FRAME - HEADERS)
		return 0;
	header = build_ip(r, p, f, to);
	if (p->proto == DRILL_TCP) {
		protocol = TCP;
		body = build_tcp(r, p, f, to + header);
	} else if (p->proto == DRILL_UDP) {
		protocol = UDP;
		body = build_udp(p, f, to + header);
	} else {
		protocol = to[0] >> 4 == 6 ? ICMP6 : ICMP4;
		body = build_icmp(r, p, f, to + header);
	}
	if (body == 0 || header + body > DRILL_FRAME)
		return 0;
	build_ip_end(to, header, body, protocol);
	sum = protocol == ICMP4 ? 0
				: drill_sum_pseudo(&f->remote.addr, &f->local.addr, protocol, body);
	drill_put_16(to + header + build_sum_at(protocol),
		     drill_sum_fold(drill_sum(sum, to + header, body)) ^
			 (p->bad_sum ? 0x1111u : 0));
	if (p->proto == DRILL_TCP && (p->ctl & SW_SYN) && !f->agreed)
		f->first = p->seq + 1;
	if (p->proto == DRILL_TCP && (p->ctl & SW_SYN) && (!f->syn_came || f->syn != p->seq)) {
		f->fresh = !(p->ctl & SW_ACK); /* a new connection: our next SYN is named anew */
		f->syn = p->seq;
		f->syn_came = true;
	}
	return header + body;
}
