/*
 * cut.c - what a network card and a router do to the bytes of a packet.
 *
 * Cards cut super-packets into segments and complete checksums; routers cut
 * datagrams into fragments (RFC 791) and answer what may not be cut with ICMP
 * (RFC 1191, RFC 4443).  Knows headers, no connection.
 */
#include "sim/sim.h"

#include <string.h>

enum {
	IP4_HEAD = 20,
	IP6_HEAD = 40,
	TCP_HEAD = 20,
	PROTO_TCP = 6,
	PROTO_ICMP = 1,
	PROTO_ICMP6 = 58
};

static uint32_t
load_16(const uint8_t *p)
{
	return (uint32_t)(p[0] << 8 | p[1]);
}

static void
store_16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
store_32(uint8_t *p, uint32_t v)
{
	store_16(p, v >> 16);
	store_16(p + 2, v);
}

static uint32_t
load_32(const uint8_t *p)
{
	return load_16(p) << 16 | load_16(p + 2);
}

/* RFC 1071, not complemented. */
static uint32_t
sum_16(uint32_t sum, const uint8_t *p, uint32_t n)
{
	uint64_t s = sum;

	for (; n > 1; n -= 2, p += 2)
		s += load_16(p);
	if (n)
		s += (uint32_t)p[0] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint32_t)s;
}

/* Writes the checksum over n bytes at p, with a pseudo-header's sum, at `at`. */
static void
put_sum(uint8_t *p, uint32_t n, uint32_t at, uint32_t pseudo)
{
	uint32_t sum;

	store_16(p + at, 0);
	sum = ~sum_16(pseudo, p, n) & 0xffff;
	store_16(p + at, sum);
}

/* The pseudo-header's sum of an IP packet whose upper part is n bytes long. */
static uint32_t
pseudo_sum(const uint8_t *ip, bool v6, uint32_t n, uint32_t proto)
{
	uint32_t sum = v6 ? sum_16(0, ip + 8, 32) : sum_16(0, ip + 12, 8);

	return sum + proto + n;
}

void
sim_complete(struct sw_packet *p)
{
	uint32_t start = p->csum_start, at = p->csum_offset;

	if (p->csum != SW_CSUM_PARTIAL || start >= p->len || at + 2 > p->len - start)
		return;
	/* the field holds the pseudo-header's sum, and is part of what is summed */
	store_16(p->data + start + at, ~sum_16(0, p->data + start, p->len - start) & 0xffff);
	p->csum = SW_CSUM_NONE;
}

/* ---- super-packets ------------------------------------------------------ */

bool
sim_cut_begin(struct sim_cut *c, const uint8_t *data, uint32_t len, uint32_t seg_size)
{
	uint32_t proto;

	memset(c, 0, sizeof(*c));
	if (len < IP6_HEAD || seg_size == 0)
		return false;
	c->v6 = data[0] >> 4 == 6;
	c->ip_len = c->v6 ? IP6_HEAD : (data[0] & 15u) * 4;
	proto = c->v6 ? data[6] : data[9];
	if (proto != PROTO_TCP || len < c->ip_len + TCP_HEAD)
		return false;
	c->head_len = c->ip_len + (uint32_t)(data[c->ip_len + 12] >> 4) * 4;
	if (c->head_len < c->ip_len + TCP_HEAD || len < c->head_len)
		return false;
	c->data = data;
	c->len = len;
	c->seg_size = seg_size;
	return true;
}

/* The IP header of the n-th segment. */
static void
cut_ip(const struct sim_cut *c, uint8_t *out, uint32_t len, uint32_t n)
{
	if (c->v6) {
		store_16(out + 4, len - IP6_HEAD);
		return;
	}
	store_16(out + 2, len);
	store_16(out + 4, load_16(out + 4) + n);
	put_sum(out, c->ip_len, 10, 0);
}

uint32_t
sim_cut_next(struct sim_cut *c, uint8_t *out)
{
	uint32_t left = c->len - c->head_len - c->at;
	uint32_t n = left < c->seg_size ? left : c->seg_size;
	uint32_t len = c->head_len + n;
	uint8_t *tcp = out + c->ip_len;

	if (c->done)
		return 0;
	memcpy(out, c->data, c->head_len);
	memcpy(out + c->head_len, c->data + c->head_len + c->at, n);
	cut_ip(c, out, len, c->at / c->seg_size);
	store_32(tcp + 4, load_32(tcp + 4) + c->at);
	if (n < left)
		tcp[13] &= (uint8_t) ~(SW_FIN | SW_PSH); /* the last one has them */
	if (c->at > 0)
		tcp[13] &= (uint8_t)~SW_CWR; /* RFC 3168: once */
	put_sum(tcp, len - c->ip_len, 16, pseudo_sum(out, c->v6, len - c->ip_len, PROTO_TCP));
	c->at += n;
	c->done = n == left;
	return len;
}

/* ---- routers ------------------------------------------------------------ */

bool
sim_may_fragment(const uint8_t *p, uint32_t len)
{
	return len >= IP4_HEAD && p[0] >> 4 == 4 && !(p[6] & 0x40);
}

uint32_t
sim_fragment(const uint8_t *p, uint32_t len, uint32_t mtu, uint32_t *at, uint8_t *out)
{
	uint32_t head = (p[0] & 15u) * 4, flags, n;

	if (head < IP4_HEAD || len < head || mtu < head + 8 || *at >= len - head)
		return 0;
	n = (mtu - head) & ~7u;
	if (n > len - head - *at)
		n = len - head - *at;
	memcpy(out, p, head);
	memcpy(out + head, p + head + *at, n);
	flags = load_16(p + 6) + *at / 8;
	*at += n;
	if (*at < len - head)
		flags |= 0x2000;
	store_16(out + 2, head + n);
	store_16(out + 6, flags);
	put_sum(out, head, 10, 0);
	return head + n;
}

/* No error about an error (RFC 1122 3.2.2, RFC 4443 2.4 e). */
static bool
is_icmp_error(const uint8_t *p, uint32_t len, bool v6)
{
	uint32_t head = v6 ? IP6_HEAD : (p[0] & 15u) * 4;

	if (len <= head || (v6 ? p[6] != PROTO_ICMP6 : p[9] != PROTO_ICMP))
		return false;
	return v6 ? p[head] < 128 : p[head] != 8 && p[head] != 0;
}

/* RFC 4443 3.2, from 2001:db8::ffff. */
static uint32_t
too_big_6(const uint8_t *p, uint32_t len, uint32_t mtu, uint8_t *out)
{
	static const uint8_t router[16] = {0x20, 0x01, 0x0d, 0xb8, [14] = 0xff, [15] = 0xff};
	uint32_t quoted = len < SIM_TOO_BIG_CAP - 48 ? len : SIM_TOO_BIG_CAP - 48;

	memset(out, 0, 48);
	out[0] = 0x60;
	store_16(out + 4, 8 + quoted);
	out[6] = PROTO_ICMP6;
	out[7] = 64;
	memcpy(out + 8, router, 16);
	memcpy(out + 24, p + 8, 16);
	out[40] = 2;
	store_32(out + 44, mtu);
	memcpy(out + 48, p, quoted);
	put_sum(out + 40, 8 + quoted, 2, pseudo_sum(out, true, 8 + quoted, PROTO_ICMP6));
	return 48 + quoted;
}

/* RFC 1191 4, from 192.0.2.1; quotes as RFC 1812 4.3.2.3 asks. */
static uint32_t
too_big_4(const uint8_t *p, uint32_t len, uint32_t mtu, uint8_t *out)
{
	static const uint8_t router[4] = {192, 0, 2, 1};
	uint32_t quoted = len < 548 ? len : 548;

	memset(out, 0, 28);
	out[0] = 0x45;
	store_16(out + 2, 28 + quoted);
	out[8] = 64;
	out[9] = PROTO_ICMP;
	memcpy(out + 12, router, 4);
	memcpy(out + 16, p + 12, 4);
	put_sum(out, IP4_HEAD, 10, 0);
	out[20] = 3;
	out[21] = 4;
	store_16(out + 26, mtu);
	memcpy(out + 28, p, quoted);
	put_sum(out + 20, 8 + quoted, 2, 0);
	return 28 + quoted;
}

uint32_t
sim_too_big(const uint8_t *p, uint32_t len, uint32_t mtu, uint8_t *out)
{
	bool v6 = len > 0 && p[0] >> 4 == 6;

	if (len < (v6 ? IP6_HEAD : IP4_HEAD) || is_icmp_error(p, len, v6))
		return 0;
	return v6 ? too_big_6(p, len, mtu, out) : too_big_4(p, len, mtu, out);
}
