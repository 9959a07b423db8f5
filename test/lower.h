/*
 * lower.h - one host for tests of what lies below TCP: routes, replies,
 * neighbours, reassembly, ICMP.  Packets go in through sw_input(); what comes
 * out is read with wire, in virtual time.
 */
#ifndef SW_TEST_LOWER_H
#define SW_TEST_LOWER_H

#include "net/net.h"

#include "tap.h"

#define VIEW(p, len) ((struct view){p, len})

enum { BUF = 70000 };

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t evil_mac[6] = {2, 0, 0, 0, 0, 0x66};

struct lower {
	struct sw_config conf;
	void *arena;
	struct sw_stack *s;
	sw_ns now;
	uint8_t bytes[BUF]; /* the packet that came out last */
	struct sw_packet p;
	struct ether ether;
	struct ip ip;
	struct icmp icmp;
};

static inline struct sw_addr
addr(const char *text)
{
	struct sw_addr a;

	ok(sw_addr_parse(&a, text) == 0);
	return a;
}

static inline void
lower_make(struct lower *w)
{
	size_t n = sw_stack_bytes(&w->conf);

	ok(n > 0);
	w->arena = aligned_alloc(64, (n + 63) / 64 * 64);
	ok(sw_stack_init(&w->s, &w->conf, w->arena, n) == 0);
	w->now = 5 * SW_S;
}

static inline int
iface_make(struct lower *w, enum sw_link link, uint32_t mtu)
{
	struct sw_iface conf = {.link = link, .mtu = mtu};

	memcpy(conf.mac, our_mac, 6);
	return sw_iface_add(w->s, &conf);
}

static inline void
give(struct lower *w, int iface, const char *text, unsigned prefix)
{
	struct sw_addr a = addr(text);

	ok(sw_address_add(w->s, iface, &a, prefix) == 0);
}

/* A host on one link, 10.0.0.1/24 and 2001:db8::1/64. */
static inline struct lower *
lower_new(enum sw_link link, uint32_t mtu)
{
	struct lower *w = calloc(1, sizeof(*w));

	sw_config_init(&w->conf);
	lower_make(w);
	ok(iface_make(w, link, mtu) == 0);
	give(w, 0, "10.0.0.1", 24);
	give(w, 0, "2001:db8::1", 64);
	return w;
}

static inline void
lower_end(struct lower *w)
{
	ok(w->s->replies.used == 0);
	free(w->arena);
	free(w);
}

static inline void
input(struct lower *w, const uint8_t *bytes, uint32_t len)
{
	struct sw_packet p = {.len = len};
	uint8_t *exact = malloc(len);

	memcpy(exact, bytes, len);
	p.data = exact;
	sw_input(w->s, w->now, &p, 1);
	free(exact);
}

/* The next reply, read into w; false: none. */
static inline bool
output(struct lower *w)
{
	bool link = iface_at(w->s, 0)->conf.link == SW_LINK_ETHERNET;
	struct view v;

	w->p = (struct sw_packet){.data = w->bytes, .cap = BUF};
	if (!reply_emit(w->s, w->now, 0, &w->p))
		return false;
	v = (struct view){w->p.data, w->p.len};
	if (link) {
		ok(ether_read(v, &w->ether) == SW_V_TAKEN);
		ok(memcmp(w->ether.src, our_mac, 6) == 0);
		v = w->ether.body;
	}
	if (link && w->ether.type == ETHER_ARP)
		return true;
	ok(ip_read(v, true, &w->ip) == SW_V_TAKEN);
	if (w->ip.proto == IP_ICMP || w->ip.proto == IP_ICMP6)
		ok(icmp_read(&w->ip, SW_CSUM_NONE, &w->icmp) == SW_V_TAKEN);
	return true;
}

/* An IP packet with this body. */
static inline uint32_t
packet(uint8_t *to, const char *src, const char *dst, uint8_t proto, struct view body)
{
	struct ip_head h = {.src = addr(src),
			    .dst = addr(dst),
			    .proto = proto,
			    .ttl = 64,
			    .id = 7,
			    .len = body.len};
	uint32_t n = ip_write(to, BUF, &h);

	memcpy(to + n, body.p, body.len);
	return n + body.len;
}

/* An ICMP message, whole, into `to`. */
static inline uint32_t
message(uint8_t *to, const char *src, const char *dst, const struct icmp *m)
{
	struct ip_head h = {.src = addr(src), .dst = addr(dst), .ttl = 255};

	h.proto = m->v6 ? IP_ICMP6 : IP_ICMP;
	return icmp_packet(to, BUF, &h, m);
}

static inline uint64_t
verdicts(const struct lower *w, enum sw_verdict v)
{
	return w->s->verdicts[v];
}

/* Queues n bytes of `mark` towards dst. */
static inline bool
reply_put(struct lower *w, const char *dst, uint8_t mark, uint32_t n)
{
	struct sw_addr a = addr(dst);
	uint32_t slot;
	uint8_t *p = reply_take(w->s, &slot);

	if (p == NULL)
		return false;
	packet(p, sw_addr_is4(&a) ? "10.0.0.1" : "2001:db8::1", dst, 200, VIEW(p, 0));
	p[1] = mark;
	if (sw_addr_is4(&a)) { /* the checksum again */
		p[10] = p[11] = 0;
		sum_store(p + 10, sum_bytes(p, 20));
	}
	return reply_send(w->s, slot, n, &a);
}

#endif
