/*
 * route.c - which interface, next hop and source address lead to an address.
 *
 * Knows prefixes and what kinds of addresses there are.  Does not know packets
 * or connections.  A host with a handful of interfaces: the searches are linear.
 *
 * RFC 1122 3.2.1.3 and 3.3.1, RFC 4291, RFC 6724 in small.
 */
#include "net/net.h"

static const struct address *
address_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->addresses, i);
}

/* An address as two numbers. */
struct halves {
	uint64_t high, low;
};

static inline struct halves
halves_of(const struct sw_addr *a)
{
	return (struct halves){(uint64_t)get_32(a->b) << 32 | get_32(a->b + 4),
			       (uint64_t)get_32(a->b + 8) << 32 | get_32(a->b + 12)};
}

static inline bool
halves_are4(struct halves a)
{
	return a.high == 0 && a.low >> 32 == 0xffff;
}

/* Are both of one family, and do their first `bits` bits agree? */
static inline bool
prefix_same(struct halves a, struct halves b, unsigned bits)
{
	if (bits > 64)
		return a.high == b.high && (a.low ^ b.low) >> (128 - bits) == 0 &&
		       halves_are4(a) == halves_are4(b);
	return (bits == 0 || (a.high ^ b.high) >> (64 - bits) == 0) &&
	       halves_are4(a) == halves_are4(b);
}

/* How many leading bits agree. */
static unsigned
prefix_shared(const struct sw_addr *a, const struct sw_addr *b)
{
	unsigned n = 0;
	uint32_t differs;

	while (n < 128 && get_32(a->b + n / 8) == get_32(b->b + n / 8))
		n += 32;
	if (n == 128)
		return n;
	for (differs = get_32(a->b + n / 8) ^ get_32(b->b + n / 8); !(differs >> 31); differs <<= 1)
		n++;
	return n;
}

static bool
family_same(const struct sw_addr *a, const struct sw_addr *b)
{
	return sw_addr_is4(a) == sw_addr_is4(b);
}

/* Does the route lead to dst?  ::/0 without a gateway leads to both families. */
static bool
route_covers(const struct route *r, struct halves dst)
{
	return (r->prefix == 0 && r->direct) || prefix_same(halves_of(&r->net), dst, r->prefix);
}

/* iface and next hop towards dst; -1: no route, or dst is this host. */
int
route_find(const struct sw_stack *s, const struct sw_addr *dst, struct sw_addr *next_hop)
{
	int iface = -1, best = -1;
	struct halves to = halves_of(dst);
	const struct sw_addr *hop = dst;

	if (address_is_ours(s, dst))
		return -1;
	for (uint32_t i = 0; i < s->addresses.high; i++) {
		const struct address *a = address_at(s, i);

		if (a->prefix > best && prefix_same(halves_of(&a->addr), to, a->prefix)) {
			best = a->prefix;
			iface = a->iface;
		}
	}
	for (uint32_t i = 0; i < s->routes.high; i++) {
		const struct route *r = pool_at(&s->routes, i);

		if (r->prefix > best && route_covers(r, to)) {
			best = r->prefix;
			iface = r->iface;
			hop = r->direct ? dst : &r->gateway;
		}
	}
	if (next_hop != NULL)
		*next_hop = *hop;
	return iface;
}

/* fe80::/10 */
bool
address_is_link_local(const struct sw_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* The address to use from iface towards dst; false: none of that family. */
bool
route_source(const struct sw_stack *s, int iface, const struct sw_addr *dst, struct sw_addr *src)
{
	unsigned best = 0;

	for (uint32_t i = 0; i < s->addresses.high; i++) {
		const struct address *a = address_at(s, i);
		unsigned score;

		if (a->iface != iface || !family_same(&a->addr, dst))
			continue;
		/* RFC 6724 5: rule 2, the scope, weighs more than rule 8, the prefix */
		score = 1 + prefix_shared(&a->addr, dst);
		if (address_is_link_local(&a->addr) == address_is_link_local(dst))
			score += 256;
		if (score > best) {
			best = score;
			*src = a->addr;
		}
	}
	return best > 0;
}

/* Is it one that this host was given? */
bool
address_is_ours(const struct sw_stack *s, const struct sw_addr *addr)
{
	for (uint32_t i = 0; i < s->addresses.high; i++) {
		if (sw_addr_same(&address_at(s, i)->addr, addr))
			return true;
	}
	return false;
}

/* Is it one that this host was given on this interface? */
bool
address_is_on(const struct sw_stack *s, int iface, const struct sw_addr *addr)
{
	for (uint32_t i = 0; i < s->addresses.high; i++) {
		const struct address *a = address_at(s, i);

		if (a->iface == iface && sw_addr_same(&a->addr, addr))
			return true;
	}
	return false;
}

/* A multicast destination that neighbour discovery must hear: ff02::1, and the
 * solicited-node addresses of ours (RFC 4291 2.8). */
bool
address_is_ours_multicast(const struct sw_stack *s, const struct sw_addr *addr)
{
	struct sw_addr group;

	if (addr->b[0] != 0xff)
		return false;
	memset(&group, 0, sizeof(group));
	group.b[0] = 0xff;
	group.b[1] = 0x02;
	group.b[15] = 1;
	if (sw_addr_same(addr, &group))
		return true;
	for (uint32_t i = 0; i < s->addresses.high; i++) {
		const struct sw_addr *ours = &address_at(s, i)->addr;

		if (sw_addr_is4(ours))
			continue;
		address_solicited(ours, &group);
		if (sw_addr_same(addr, &group))
			return true;
	}
	return false;
}

/* The solicited-node multicast address of an IPv6 address (RFC 4291 2.7.1). */
void
address_solicited(const struct sw_addr *addr, struct sw_addr *group)
{
	static const uint8_t head[13] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};

	memcpy(group->b, head, 13);
	memcpy(group->b + 13, addr->b + 13, 3);
}

/* Is it the broadcast address, in either form, of this IPv4 subnet? */
static bool
address_is_broadcast(const struct sw_addr *addr, const struct sw_addr *net, unsigned prefix)
{
	uint32_t host = UINT32_MAX, last = get_32(addr->b + 12);

	/*= RFC 1122 3.3.6: the form with zeros is recognized too.  RFC 3021: /31 has none. */
	if (prefix > 96 + 30)
		return false;
	if (prefix > 96)
		host >>= prefix - 96;
	return ((last & host) == host || (last & host) == 0) && sw_addr_is4(net) &&
	       sw_addr_is4(addr) && prefix_same(halves_of(addr), halves_of(net), prefix);
}

/* Could it name one host, apart from what our subnets say? */
static bool
address_is_host(const struct sw_addr *addr)
{
	static const struct sw_addr loopback = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

	/*= RFC 1122 3.2.1.3: net 0, loopback and classes D and E name no peer on a wire */
	if (sw_addr_is4(addr))
		return addr->b[12] != 0 && addr->b[12] != 127 && addr->b[12] < 224;
	return addr->b[0] != 0xff && !sw_addr_is_any(addr) && !sw_addr_same(addr, &loopback);
}

/* Could a connection have it as its peer? */
bool
address_is_unicast(const struct sw_stack *s, const struct sw_addr *addr)
{
	if (!address_is_host(addr))
		return false;
	for (uint32_t i = 0; i < s->addresses.high; i++) {
		const struct address *a = address_at(s, i);

		if (address_is_broadcast(addr, &a->addr, a->prefix))
			return false;
	}
	return true;
}

/* Could it be given to an interface with this prefix? */
bool
address_is_assignable(const struct sw_addr *addr, unsigned prefix)
{
	return address_is_host(addr) && !address_is_broadcast(addr, addr, prefix);
}

/* The MTU towards remote: the interface's. */
uint32_t
route_mtu(const struct sw_stack *s, int iface, const struct sw_addr *remote)
{
	(void)remote;
	return iface_at(s, (uint32_t)iface)->conf.mtu;
}
