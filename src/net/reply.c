/*
 * reply.c - packets that no connection sends: one bounded queue for all.
 *
 * Knows slots, their order and the Ethernet header before them.  Does not know
 * what is in them.  A reply whose next hop is still being asked for lets the
 * others pass.  A quarter of the slots is kept for questions and answers of the
 * link itself: else replies that wait for an address could starve its question.
 */
#include "net/net.h"

static const size_t reply_link = offsetof(struct reply_slot, link);

static struct reply_slot *
reply_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->replies, i);
}

static uint8_t *
reply_bytes(const struct sw_stack *s, uint32_t i)
{
	return (uint8_t *)(reply_at(s, i) + 1);
}

static uint8_t *
reply_take_above(struct sw_stack *s, uint32_t *slot, uint32_t reserve)
{
	uint32_t i = pool_room(&s->replies) > reserve ? pool_take(&s->replies) : NONE;

	if (i == NONE) {
		s->replies_dropped++;
		return NULL;
	}
	memset(reply_at(s, i), 0, sizeof(struct reply_slot));
	link_init(&reply_at(s, i)->link);
	*slot = i;
	return reply_bytes(s, i);
}

/* The bytes of a free slot, conf.reply_bytes long; NULL: full, counted. */
uint8_t *
reply_take(struct sw_stack *s, uint32_t *slot)
{
	uint32_t cap = s->replies.cap;

	return reply_take_above(s, slot, cap > 1 ? max_u32(cap / 4, 1) : 0);
}

/* The same for ARP and neighbour discovery, which may take the last ones too. */
uint8_t *
reply_take_link(struct sw_stack *s, uint32_t *slot)
{
	return reply_take_above(s, slot, 0);
}

/* Gives a slot back unsent: counted. */
void
reply_drop(struct sw_stack *s, uint32_t slot)
{
	list_remove(&iface_at(s, reply_at(s, slot)->iface)->replies, &s->replies, reply_link, slot);
	pool_give(&s->replies, slot);
	s->replies_dropped++;
}

/* Queues an IP packet on iface for next hop `hop`; false: longer than the MTU. */
bool
reply_send_on(struct sw_stack *s, uint32_t slot, uint32_t len, int iface, const struct sw_addr *hop)
{
	struct reply_slot *r = reply_at(s, slot);
	struct iface *f = iface_at(s, (uint32_t)iface);

	r->iface = (uint8_t)iface;
	if (len == 0 || len > f->conf.mtu) {
		reply_drop(s, slot);
		return false;
	}
	r->next_hop = *hop;
	r->len = len;
	r->framed = false;
	list_push(&f->replies, &s->replies, reply_link, slot);
	return true;
}

/* Queues an IP packet on the route to dst; false: none, given back. */
bool
reply_send(struct sw_stack *s, uint32_t slot, uint32_t len, const struct sw_addr *dst)
{
	struct sw_addr hop;
	int iface = route_find(s, dst, &hop);

	if (iface < 0) {
		reply_drop(s, slot);
		return false;
	}
	return reply_send_on(s, slot, len, iface, &hop);
}

/* Queues a whole frame, Ethernet header and all. */
void
reply_send_frame(struct sw_stack *s, uint32_t slot, uint32_t len, int iface)
{
	struct reply_slot *r = reply_at(s, slot);

	r->iface = (uint8_t)iface;
	r->len = len;
	r->framed = true;
	list_push(&iface_at(s, (uint32_t)iface)->replies, &s->replies, reply_link, slot);
}

/* Drops what waits on iface for a hop that does not answer. */
void
reply_drop_hop(struct sw_stack *s, int iface, const struct sw_addr *hop)
{
	uint32_t i = iface_at(s, (uint32_t)iface)->replies.head, next;

	for (uint32_t n = s->replies.used; n > 0 && i != NONE; n--, i = next) {
		const struct reply_slot *r = reply_at(s, i);

		next = list_next(&s->replies, reply_link, i);
		if (!r->framed && sw_addr_same(&r->next_hop, hop))
			reply_drop(s, i);
	}
}

/* Copies slot i into the packet behind an Ethernet header to mac (NULL: none). */
static void
reply_fill(struct sw_stack *s, uint32_t i, const uint8_t *mac, struct sw_packet *p)
{
	const struct reply_slot *r = reply_at(s, i);
	const struct iface *f = iface_at(s, r->iface);
	uint32_t head = 0;

	if (mac != NULL)
		head = ether_write(p->data, p->cap, mac, f->conf.mac,
				   sw_addr_is4(&r->next_hop) ? ETHER_IP4 : ETHER_IP6);
	memcpy(p->data + head, reply_bytes(s, i), r->len);
	p->len = head + r->len;
	p->iface = r->iface;
	p->seg_size = 0;
	p->csum_start = p->csum_offset = 0;
	p->csum = SW_CSUM_NONE;
}

/* Moves the oldest reply of iface that can go now into the packet; false: none. */
bool
reply_emit(struct sw_stack *s, sw_ns now, int iface, struct sw_packet *p)
{
	struct iface *f = iface_at(s, (uint32_t)iface);
	bool link = f->conf.link == SW_LINK_ETHERNET;
	uint32_t turned = NONE, i; /* turned: the first that was moved to the tail */
	uint8_t mac[6];

	/* at most once around, with the questions that are queued on the way */
	for (uint32_t n = s->replies.cap * 2; n > 0; n--) {
		i = f->replies.head;
		if (i == NONE || i == turned)
			return false;
		const struct reply_slot *r = reply_at(s, i);
		bool header = link && !r->framed;
		int hop = HOP_KNOWN;

		if (p->cap < r->len + (header ? ETHER_HEADER : 0u)) {
			reply_drop(s, i);
			continue;
		}
		if (header)
			hop = neighbour_mac(s, now, iface, &r->next_hop, mac);
		if (hop == HOP_FAILED) {
			reply_drop(s, i);
			continue;
		}
		list_remove(&f->replies, &s->replies, reply_link, i);
		if (hop == HOP_WAIT) {
			list_push(&f->replies, &s->replies, reply_link, i);
			turned = turned == NONE ? i : turned;
			continue;
		}
		reply_fill(s, i, header ? mac : NULL, p);
		pool_give(&s->replies, i);
		return true;
	}
	return false;
}

/* Has iface a reply that reply_emit() would send, or would ask the hop of? */
bool
reply_waiting(const struct sw_stack *s, int iface)
{
	const struct iface *f = iface_at(s, (uint32_t)iface);
	uint32_t i = f->replies.head;

	for (uint32_t n = s->replies.used; n > 0 && i != NONE; n--) {
		const struct reply_slot *r = reply_at(s, i);

		if (r->framed || !neighbour_is_asked(s, iface, &r->next_hop))
			return true;
		i = list_next(&s->replies, reply_link, i);
	}
	return false;
}
