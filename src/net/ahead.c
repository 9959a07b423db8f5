/*
 * ahead.c - a glance at some packets before they are read one by one: whose they
 * are, so that the machine fetches the table's slots and then the records of all.
 *
 * Decides nothing.  A plain TCP segment has its tuple at the same place here and for
 * those who check it later; of anything else the hash is left unknown.
 */
#include "net/net.h"

enum { LINE = 64 };

/* The tuple of an IPv4 packet that holds the beginning of a segment. */
static bool
ahead_tuple4(struct view v, struct tuple *t)
{
	const uint8_t *p = view_at(v, 0, IP4_HEADER + TCP_HEADER);

	/* no options, and not a fragment */
	if (p == NULL || p[0] != 0x45 || p[9] != IP_TCP || (get_16(p + 6) & 0x3fff) != 0)
		return false;
	t->remote = sw_addr4(p[12], p[13], p[14], p[15]);
	t->local = sw_addr4(p[16], p[17], p[18], p[19]);
	t->remote_port = get_16(p + IP4_HEADER);
	t->local_port = get_16(p + IP4_HEADER + 2);
	return true;
}

/* The same of IPv6, without extension headers. */
static bool
ahead_tuple6(struct view v, struct tuple *t)
{
	const uint8_t *p = view_at(v, 0, IP6_HEADER + TCP_HEADER);

	if (p == NULL || p[0] >> 4 != 6 || p[6] != IP_TCP)
		return false;
	memcpy(t->remote.b, p + 8, 16);
	memcpy(t->local.b, p + 24, 16);
	t->remote_port = get_16(p + IP6_HEADER);
	t->local_port = get_16(p + IP6_HEADER + 2);
	return true;
}

/* The tuple of a packet as its device gave it; false: it is something else. */
static bool
ahead_tuple(const struct sw_stack *s, const struct sw_packet *p, struct tuple *t)
{
	struct view v = {p->data, p->len};

	if (p->data == NULL || p->iface >= s->ifaces.used)
		return false;
	if (iface_at(s, p->iface)->conf.link == SW_LINK_ETHERNET)
		v = view_part(v, ETHER_HEADER, p->len);
	return ahead_tuple4(v, t) || ahead_tuple6(v, t);
}

/* Has packet b the tuple of packet a, which has one? */
static bool
ahead_same(const struct sw_stack *s, const struct sw_packet *a, const struct sw_packet *b)
{
	bool link = iface_at(s, a->iface)->conf.link == SW_LINK_ETHERNET;
	const uint8_t *p = a->data + (link ? ETHER_HEADER : 0), *q;

	if (b->iface != a->iface || b->data == NULL ||
	    b->len < (uint32_t)(p - a->data) + IP6_HEADER + TCP_HEADER)
		return false;
	q = b->data + (p - a->data);
	if (q[0] == 0x45 && p[0] == 0x45)
		return q[9] == IP_TCP && (get_16(q + 6) & 0x3fff) == 0 &&
		       memcmp(p + 12, q + 12, 12) == 0;
	return p[0] >> 4 == 6 && q[0] >> 4 == 6 && q[6] == IP_TCP && memcmp(p + 8, q + 8, 36) == 0;
}

/* Asks for all lines of a record. */
static void
ahead_record(const struct sw_stack *s, uint32_t ref)
{
	const struct pool *pool = REF_KIND(ref) == KIND_BLOCK  ? &s->blocks
				  : REF_KIND(ref) == KIND_HALF ? &s->halves
							       : &s->time_waits;
	const char *p = pool_at(pool, REF_INDEX(ref));
	uint32_t size = pool->size;

	for (uint32_t at = 0; at < size; at += LINE)
		__builtin_prefetch(p + at, 1);
	__builtin_prefetch(p + size - 1, 1);
}

/* Looks at n packets, at most AHEAD_MAX. */
void
ahead_look(const struct sw_stack *s, const struct sw_packet *p, uint32_t n, struct ahead *a)
{
	struct tuple t;
	uint32_t it, ref, again = 0;

	a->known = 0;
	for (uint32_t i = 0; n > 1 && i < n; i++) {
		if (i > 0 && (a->known >> (i - 1) & 1) && ahead_same(s, &p[i - 1], &p[i])) {
			again |= 1u << i;
			a->hash[i] = a->hash[i - 1];
		} else if (ahead_tuple(s, &p[i], &t)) {
			a->hash[i] = conn_hash(s, &t);
			table_prefetch(&s->table, a->hash[i]);
		} else {
			continue;
		}
		a->known |= 1u << i;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (!((a->known & ~again) >> i & 1))
			continue;
		ref = table_first(&s->table, a->hash[i], &it);
		if (ref != NONE)
			ahead_record(s, ref);
	}
}
