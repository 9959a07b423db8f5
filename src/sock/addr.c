/*
 * addr.c - socket addresses: struct sockaddr to and from endpoints, which of
 * them may be bound together, and ports that nobody asked for.
 *
 * RFC 3493 (mapped addresses, IPV6_V6ONLY), RFC 6056.
 */
#include "sock/sock.h"

enum { SIN6_LEAST = 24 }; /* RFC 2133's, which had no scope */

static int
addr4_in(enum sock_use use, const struct sockaddr *from, socklen_t len, struct sw_endpoint *to)
{
	struct sockaddr_in in;
	uint8_t b[4];

	if (len < sizeof(in))
		return EINVAL;
	memcpy(&in, from, sizeof(in));
	if (in.sin_family != AF_INET &&
	    !(use == USE_BIND && in.sin_family == AF_UNSPEC && in.sin_addr.s_addr == INADDR_ANY))
		return EAFNOSUPPORT;
	memcpy(b, &in.sin_addr, sizeof(b));
	to->addr = sw_addr4(b[0], b[1], b[2], b[3]);
	to->port = ntohs(in.sin_port);
	return 0;
}

static int
addr6_in(const struct sock *s, enum sock_use use, const struct sockaddr *from, socklen_t len,
	 struct sw_endpoint *to)
{
	struct sockaddr_in6 in6;

	if (len < SIN6_LEAST)
		return EINVAL;
	memset(&in6, 0, sizeof(in6));
	memcpy(&in6, from, len < sizeof(in6) ? len : sizeof(in6));
	if (in6.sin6_family != AF_INET6)
		return EAFNOSUPPORT;
	memcpy(to->addr.b, &in6.sin6_addr, sizeof(to->addr.b));
	to->port = ntohs(in6.sin6_port);
	if (s->set.v6_only && sw_addr_is4(&to->addr))
		return use == USE_BIND ? EINVAL : ENETUNREACH;
	return 0;
}

/* An address that a program gave; 0, or an errno. */
int
sock_addr_in(const struct sock *s, enum sock_use use, const struct sockaddr *from, socklen_t len,
	     struct sw_endpoint *to)
{
	if (from == NULL)
		return EFAULT;
	return s->domain == AF_INET ? addr4_in(use, from, len, to)
				    : addr6_in(s, use, from, len, to);
}

/* An address for a program, cut off where its room ends. */
int
sock_addr_out(const struct sock *s, const struct sw_endpoint *from, struct sockaddr *to,
	      socklen_t *len)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(from->port)};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(from->port)};
	socklen_t full = s->domain == AF_INET ? sizeof(in) : sizeof(in6);
	const void *bytes = s->domain == AF_INET ? (const void *)&in : (const void *)&in6;

	if (to == NULL)
		return 0;
	if (len == NULL)
		return sock_fail(EFAULT);
	if (*len > INT32_MAX)
		return sock_fail(EINVAL);
	if (s->domain != AF_INET)
		memcpy(&in6.sin6_addr, from->addr.b, sizeof(from->addr.b));
	else if (!sw_addr_is_any(&from->addr))
		memcpy(&in.sin_addr, from->addr.b + 12, 4);
	memcpy(to, bytes, *len < full ? *len : full);
	*len = full;
	return 0;
}

/* ---- what may be bound together ----------------------------------------- */

struct place {
	const struct sw_addr *addr;
	bool any, takes4, takes6;
};

static struct place
place_of(const struct sock *s, const struct sw_addr *a)
{
	struct place p = {.addr = a, .any = sw_addr_is_any(a)};

	p.takes4 = sw_addr_is4(a) || (p.any && s->domain == AF_INET6 && !s->set.v6_only);
	p.takes6 = !sw_addr_is4(a);
	return p;
}

static bool
places_meet(struct place a, struct place b)
{
	if (!(a.takes4 && b.takes4) && !(a.takes6 && b.takes6))
		return false;
	return a.any || b.any || sw_addr_same(a.addr, b.addr);
}

/* As Linux: two meet in peace if both have SO_REUSEADDR and the other does not listen. */
static bool
neighbours_refuse(const struct sw_sock_host *h, const struct sock *s, const struct sw_endpoint *at)
{
	for (uint32_t i = 0; i < h->n_table; i++) {
		const struct sock *o = h->table[i];

		if (o == NULL || o == s || o->local.port != at->port)
			continue;
		if (s->set.reuse && o->set.reuse && !o->listening)
			continue;
		if (places_meet(place_of(s, &at->addr), place_of(o, &o->local.addr)))
			return true;
	}
	return false;
}

/* Is it taken? */
bool
sock_local_taken(const struct sw_sock_host *h, const struct sock *s, const struct sw_endpoint *at)
{
	if (neighbours_refuse(h, s, at))
		return true;
	return !s->set.reuse && sw_local_free(h->stack, at) == SW_E_IN_USE;
}

/* A port for an address, where the stack takes its own from; 0, or an errno. */
int
sock_port_pick(struct sw_sock_host *h, const struct sock *s, struct sw_endpoint *at)
{
	uint32_t n = (uint32_t)h->conf.port_high - h->conf.port_low + 1, start;

	start = (uint32_t)(sw_sim_random(h->random, ++h->serial) % n);
	for (uint32_t i = 0; i < n; i++) {
		at->port = (uint16_t)(h->conf.port_low + (start + i) % n);
		if (!neighbours_refuse(h, s, at) && sw_local_free(h->stack, at) == SW_OK)
			return 0;
	}
	at->port = 0;
	return EADDRINUSE;
}
