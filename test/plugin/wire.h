/*
 * wire.h - raw TCP segments for a test that is the network: built and read by
 * hand, so that nothing of the stack's own code judges itself.
 */
#ifndef SW_TEST_PLUGIN_WIRE_H
#define SW_TEST_PLUGIN_WIRE_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { WIRE_FIN = 1, WIRE_SYN = 2, WIRE_RST = 4, WIRE_PSH = 8, WIRE_ACK = 16 };
enum { WIRE_ROOM = 2048, WIRE_TCP = 20, WIRE_MSS = 2, WIRE_WSCALE = 3, WIRE_STAMPS = 8 };

struct wire { /* one segment, either way */
	const char *from, *to;
	uint16_t src, dst;
	uint32_t seq, ack;
	uint8_t ctl;
	uint16_t wnd;
	const void *data;
	size_t len;
};

struct wire_seen {
	bool good; /* sums are right */
	bool v6;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	uint16_t src, dst, wnd, mss;
	uint32_t seq, ack;
	uint8_t ctl;
	int wscale; /* -1: not there */
	bool stamps;
	size_t len;
	uint8_t data[WIRE_ROOM];
	long long at; /* microseconds */
};

static inline uint32_t
wire_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void
wire_put(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static inline uint32_t
wire_get(const uint8_t *p, int bytes)
{
	uint32_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

/* Sum of pseudo-header and segment; 0xffff: right. */
static inline uint32_t
wire_sum_all(const uint8_t *packet, bool v6, size_t n)
{
	size_t head = v6 ? 40 : 20;
	uint32_t sum = (uint32_t)(n - head) + 6;

	sum = wire_sum(sum, packet + (v6 ? 8 : 12), v6 ? 32 : 8);
	return wire_sum(sum, packet + head, n - head);
}

/* The packet's bytes, at `to` of WIRE_ROOM. */
static inline size_t
wire_build(const struct wire *w, uint8_t *to)
{
	bool v6 = strchr(w->to, ':') != NULL;
	size_t head = v6 ? 40 : 20, n = head + WIRE_TCP + w->len;
	uint8_t *tcp = to + head;

	memset(to, 0, head + WIRE_TCP);
	if (v6) {
		to[0] = 0x60;
		wire_put(to + 4, (uint32_t)(n - head), 2);
		to[6] = 6;
		to[7] = 64;
		inet_pton(AF_INET6, w->from, to + 8);
		inet_pton(AF_INET6, w->to, to + 24);
	} else {
		to[0] = 0x45;
		wire_put(to + 2, (uint32_t)n, 2);
		to[8] = 64;
		to[9] = 6;
		inet_pton(AF_INET, w->from, to + 12);
		inet_pton(AF_INET, w->to, to + 16);
		wire_put(to + 10, ~wire_sum(0, to, 20), 2);
	}
	wire_put(tcp, w->src, 2);
	wire_put(tcp + 2, w->dst, 2);
	wire_put(tcp + 4, w->seq, 4);
	wire_put(tcp + 8, w->ack, 4);
	tcp[12] = WIRE_TCP / 4 << 4;
	tcp[13] = w->ctl;
	wire_put(tcp + 14, w->wnd, 2);
	if (w->len)
		memcpy(tcp + WIRE_TCP, w->data, w->len);
	wire_put(tcp + 16, ~wire_sum_all(to, v6, n), 2);
	return n;
}

static inline void
wire_read_options(struct wire_seen *s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n && p[i] != 0; i += p[i] == 1 ? 1 : p[i + 1]) {
		if (p[i] == 1)
			continue;
		if (i + 1 >= n || p[i + 1] < 2)
			break;
		if (p[i] == WIRE_MSS)
			s->mss = (uint16_t)wire_get(p + i + 2, 2);
		if (p[i] == WIRE_WSCALE)
			s->wscale = p[i + 2];
		if (p[i] == WIRE_STAMPS)
			s->stamps = true;
	}
}

static inline void
wire_read(struct wire_seen *s, const uint8_t *p, size_t n)
{
	size_t head, offset;
	const uint8_t *tcp;

	memset(s, 0, sizeof(*s));
	s->wscale = -1;
	s->v6 = p[0] >> 4 == 6;
	head = s->v6 ? 40 : 20;
	if (n < head + WIRE_TCP || p[s->v6 ? 6 : 9] != 6)
		return;
	tcp = p + head;
	offset = (size_t)(tcp[12] >> 4) * 4;
	if (n < head + offset)
		return;
	inet_ntop(s->v6 ? AF_INET6 : AF_INET, p + (s->v6 ? 8 : 12), s->from, sizeof(s->from));
	inet_ntop(s->v6 ? AF_INET6 : AF_INET, p + (s->v6 ? 24 : 16), s->to, sizeof(s->to));
	s->src = (uint16_t)wire_get(tcp, 2);
	s->dst = (uint16_t)wire_get(tcp + 2, 2);
	s->seq = wire_get(tcp + 4, 4);
	s->ack = wire_get(tcp + 8, 4);
	s->ctl = tcp[13];
	s->wnd = (uint16_t)wire_get(tcp + 14, 2);
	wire_read_options(s, tcp + WIRE_TCP, offset - WIRE_TCP);
	s->len = n - head - offset;
	memcpy(s->data, tcp + offset, s->len);
	s->good = wire_sum_all(p, s->v6, n) == 0xffff && (s->v6 || wire_sum(0, p, 20) == 0xffff);
}

#endif
