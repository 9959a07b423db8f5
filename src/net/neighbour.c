/*
 * neighbour.c - link-layer addresses: ARP and neighbour discovery.
 *
 * Knows the cache, its questions and answers.  Does not know who waits: it says
 * conn_unblock() when an entry is decided.  Nothing unasked makes an entry but a
 * question to us (its sender will want the answer), and nothing unasked changes
 * one that is known to be good.
 *
 * RFC 826, RFC 5227, RFC 1122 2.3.2, RFC 4861 7.2 and 7.3 in a simple form: an
 * entry that is stale is used on while its owner is asked, three times at most.
 */
#include "net/net.h"

static const sw_ns neighbour_retry = SW_S;	    /* RFC 4861 10: RETRANS_TIMER */
static const sw_ns neighbour_reachable = 30 * SW_S; /* REACHABLE_TIME */

enum { NEIGHBOUR_TRIES = 3, ND_REST_MAX = 32 };

static struct neighbour_entry *
neighbour_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->neighbours, i);
}

/* The entry of addr on iface; NONE. */
static uint32_t
neighbour_find(const struct sw_stack *s, int iface, const struct sw_addr *addr)
{
	for (uint32_t i = 0; i < s->neighbours.high; i++) {
		const struct neighbour_entry *e = neighbour_at(s, i);

		if (e->state != NEIGHBOUR_FREE && e->iface == iface && sw_addr_same(&e->addr, addr))
			return i;
	}
	return NONE;
}

/* A place for a new entry: a free one, or the one that was not used for longest. */
static struct neighbour_entry *
neighbour_place(struct sw_stack *s, bool asking)
{
	struct neighbour_entry *oldest = NULL;
	uint32_t asked = 0, i;

	for (i = 0; i < s->neighbours.high; i++) {
		struct neighbour_entry *e = neighbour_at(s, i);

		if (e->state == NEIGHBOUR_FREE)
			return e;
		if (e->state == NEIGHBOUR_INCOMPLETE)
			asked++;
		else if (oldest == NULL || e->used < oldest->used)
			oldest = e;
	}
	if (s->neighbours.high < s->neighbours.cap) {
		i = pool_take(&s->neighbours);
		return neighbour_at(s, i);
	}
	/* questions that nobody answers must not drive out who is really there */
	if (asking && asked * 2 >= s->neighbours.cap)
		return NULL;
	return oldest;
}

static void
neighbour_set(struct neighbour_entry *e, int state, const uint8_t *mac, sw_ns when)
{
	e->state = (uint8_t)state;
	e->tries = 0;
	e->when = when;
	if (mac != NULL)
		memcpy(e->mac, mac, 6);
}

/* Queues an ARP packet in a frame to mac. */
static void
arp_send(struct sw_stack *s, int iface, const uint8_t mac[6], const struct arp *a)
{
	uint32_t slot, head, n, room = s->conf.reply_bytes;
	uint8_t *p = reply_take_link(s, &slot);

	if (p == NULL)
		return;
	head = ether_write(p, room, mac, iface_at(s, (uint32_t)iface)->conf.mac, ETHER_ARP);
	n = arp_write(p + head, room - head, a);
	if (head == 0 || n == 0)
		reply_drop(s, slot);
	else
		reply_send_frame(s, slot, head + n, iface);
}

/* Queues a solicitation or advertisement from src for `dst`. */
static void
nd_send(struct sw_stack *s, int iface, const struct sw_addr *src, const struct sw_addr *dst,
	const struct neighbour *n)
{
	struct icmp m = {.v6 = true, .type = n->solicit ? ICMP6_SOLICIT : ICMP6_ADVERT};
	/*= RFC 4861 7.1.1: neighbour discovery is sent with hop limit 255 */
	struct ip_head h = {.src = *src, .dst = *dst, .proto = IP_ICMP6, .ttl = 255};
	uint8_t rest[ND_REST_MAX], *p;
	uint32_t slot, len;

	p = reply_take_link(s, &slot);
	if (p == NULL)
		return;
	m.rest.p = rest;
	m.rest.len = neighbour_write(rest, sizeof(rest), n, &m.word);
	len = icmp_packet(p, s->conf.reply_bytes, &h, &m);
	reply_send_on(s, slot, len, iface, dst);
}

/* Asks for e's address: its owner alone when a MAC is known, else everybody. */
static bool
neighbour_ask(struct sw_stack *s, sw_ns now, struct neighbour_entry *e)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct sw_iface *conf = &iface_at(s, e->iface)->conf;
	bool known = e->state != NEIGHBOUR_INCOMPLETE;
	struct neighbour n = {.solicit = true, .target = e->addr, .has_mac = true};
	struct arp a = {.request = true, .target = e->addr};
	struct sw_addr src, group;

	if (!route_source(s, e->iface, &e->addr, &src))
		return false;
	e->tries++;
	/*= RFC 1122 2.3.2.1: one address is asked for once a second at most */
	e->when = after_ns(now, neighbour_retry);
	if (sw_addr_is4(&e->addr)) {
		a.sender = src;
		memcpy(a.sender_mac, conf->mac, 6);
		if (known)
			memcpy(a.target_mac, e->mac, 6);
		arp_send(s, e->iface, known ? e->mac : everybody, &a);
		return true;
	}
	memcpy(n.mac, conf->mac, 6);
	address_solicited(&e->addr, &group);
	nd_send(s, e->iface, &src, known ? &e->addr : &group, &n);
	return true;
}

/* A new question. */
static int
neighbour_begin(struct sw_stack *s, sw_ns now, int iface, const struct sw_addr *hop)
{
	struct neighbour_entry *e = neighbour_place(s, true);

	if (e == NULL)
		return HOP_FAILED;
	memset(e, 0, sizeof(*e));
	e->addr = *hop;
	e->iface = (uint8_t)iface;
	e->used = now;
	neighbour_set(e, NEIGHBOUR_INCOMPLETE, NULL, now);
	if (neighbour_ask(s, now, e))
		return HOP_WAIT;
	e->state = NEIGHBOUR_FREE;
	return HOP_FAILED;
}

/* An entry that is used: stale ones are asked on the way. */
static int
neighbour_use(struct sw_stack *s, sw_ns now, struct neighbour_entry *e, uint8_t mac[6])
{
	e->used = now;
	if (e->state == NEIGHBOUR_INCOMPLETE)
		return HOP_WAIT;
	if (e->state == NEIGHBOUR_REACHABLE && now >= e->when)
		neighbour_set(e, NEIGHBOUR_STALE, NULL, now);
	if (e->state == NEIGHBOUR_STALE && now >= e->when) {
		/*= RFC 4861 7.3.3: an owner that does not answer is looked for anew */
		if (e->tries >= NEIGHBOUR_TRIES) {
			neighbour_set(e, NEIGHBOUR_INCOMPLETE, NULL, now);
			return neighbour_ask(s, now, e) ? HOP_WAIT : HOP_FAILED;
		}
		neighbour_ask(s, now, e);
	}
	memcpy(mac, e->mac, 6);
	return HOP_KNOWN;
}

/* The link-layer address of a next hop: known, asked for, or not to be had. */
int
neighbour_mac(struct sw_stack *s, sw_ns now, int iface, const struct sw_addr *hop, uint8_t mac[6])
{
	struct neighbour_entry swap, *first;
	uint32_t i;

	if (iface_at(s, (uint32_t)iface)->conf.link != SW_LINK_ETHERNET)
		return HOP_KNOWN;
	if (hop->b[0] == 0xff) {
		/* RFC 2464 7: an IPv6 group is 33:33 and its last four bytes */
		mac[0] = mac[1] = 0x33;
		memcpy(mac + 2, hop->b + 12, 4);
		return HOP_KNOWN;
	}
	i = neighbour_find(s, iface, hop);
	if (i == NONE)
		return neighbour_begin(s, now, iface, hop);
	first = neighbour_at(s, 0);
	if (i != 0) { /* the one in use stands first: the search is short */
		swap = *first;
		*first = *neighbour_at(s, i);
		*neighbour_at(s, i) = swap;
	}
	return neighbour_use(s, now, first, mac);
}

/* Has it been asked for, without an answer yet? */
bool
neighbour_is_asked(const struct sw_stack *s, int iface, const struct sw_addr *hop)
{
	uint32_t i;

	if (iface_at(s, (uint32_t)iface)->conf.link != SW_LINK_ETHERNET || hop->b[0] == 0xff)
		return false;
	i = neighbour_find(s, iface, hop);
	return i != NONE && neighbour_at(s, i)->state == NEIGHBOUR_INCOMPLETE;
}

static bool
neighbour_mac_ok(const struct sw_stack *s, int iface, const uint8_t mac[6])
{
	static const uint8_t none[6];

	return (mac[0] & 1) == 0 && memcmp(mac, none, 6) != 0 &&
	       memcmp(mac, iface_at(s, (uint32_t)iface)->conf.mac, 6) != 0;
}

/* Is addr a host that stands on iface's link itself? */
static bool
neighbour_on_link(const struct sw_stack *s, int iface, const struct sw_addr *addr)
{
	struct sw_addr hop;

	if (!address_is_unicast(s, addr) || address_is_ours(s, addr))
		return false;
	if (address_is_link_local(addr))
		return true;
	return route_find(s, addr, &hop) == iface && sw_addr_same(&hop, addr);
}

/* Somebody who asks us says where he is: he will want to hear from us (RFC 826;
 * RFC 4861 7.2.3). */
static void
neighbour_learn(struct sw_stack *s, sw_ns now, int iface, const struct sw_addr *addr,
		const uint8_t mac[6])
{
	uint32_t i = neighbour_find(s, iface, addr);
	struct neighbour_entry *e;
	bool waited;

	if (!neighbour_on_link(s, iface, addr))
		return;
	e = i != NONE ? neighbour_at(s, i) : neighbour_place(s, false);
	if (e == NULL)
		return;
	if (i == NONE) {
		memset(e, 0, sizeof(*e));
		e->addr = *addr;
		e->iface = (uint8_t)iface;
		e->used = now;
	} else if (e->state != NEIGHBOUR_INCOMPLETE && memcmp(e->mac, mac, 6) == 0) {
		return;
	}
	waited = e->state == NEIGHBOUR_INCOMPLETE;
	neighbour_set(e, NEIGHBOUR_STALE, mac, now);
	if (waited)
		conn_unblock(s, now, iface, NULL);
}

/* Our question was answered. */
static void
neighbour_resolve(struct sw_stack *s, sw_ns now, struct neighbour_entry *e, const uint8_t mac[6])
{
	bool waited = e->state == NEIGHBOUR_INCOMPLETE;

	neighbour_set(e, NEIGHBOUR_REACHABLE, mac, after_ns(now, neighbour_reachable));
	if (waited)
		conn_unblock(s, now, e->iface, NULL);
}

/* An ARP reply: accepted only if we asked, or if it says what we know. */
static void
arp_reply(struct sw_stack *s, sw_ns now, int iface, const struct arp *a)
{
	uint32_t i = neighbour_find(s, iface, &a->sender);
	struct neighbour_entry *e;

	if (i == NONE)
		return;
	e = neighbour_at(s, i);
	if (e->state == NEIGHBOUR_INCOMPLETE || e->tries > 0 ||
	    memcmp(e->mac, a->sender_mac, 6) == 0)
		neighbour_resolve(s, now, e, a->sender_mac);
	else if (e->state == NEIGHBOUR_REACHABLE) /* a doubt: whom we know is asked */
		neighbour_set(e, NEIGHBOUR_STALE, NULL, now);
}

/* An ARP packet, without its Ethernet header. */
void
neighbour_arp(struct sw_stack *s, sw_ns now, int iface, struct view v)
{
	struct arp a, answer;
	enum sw_verdict verdict = arp_read(v, &a);

	if (verdict == SW_V_TAKEN && !neighbour_mac_ok(s, iface, a.sender_mac))
		verdict = SW_V_LINK_BAD;
	count_verdict(s, verdict == SW_V_TAKEN ? SW_V_LINK : verdict);
	/*= RFC 5227 2.1.1, 2.4: who claims our own address is not believed */
	if (verdict != SW_V_TAKEN || address_is_ours(s, &a.sender))
		return;
	/*= RFC 826: only what is meant for us counts; so announcements change nothing */
	if (!address_is_on(s, iface, &a.target))
		return;
	if (!a.request) {
		arp_reply(s, now, iface, &a);
		return;
	}
	neighbour_learn(s, now, iface, &a.sender, a.sender_mac); /* not a probe: from 0.0.0.0 */
	answer.request = false;
	answer.sender = a.target;
	answer.target = a.sender;
	memcpy(answer.sender_mac, iface_at(s, (uint32_t)iface)->conf.mac, 6);
	memcpy(answer.target_mac, a.sender_mac, 6);
	arp_send(s, iface, a.sender_mac, &answer);
}

/* A solicitation for one of our addresses is answered. */
static void
nd_solicit(struct sw_stack *s, sw_ns now, int iface, const struct ip *ip, const struct neighbour *n)
{
	static const struct sw_addr all_nodes = {
	    {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
	bool detect = sw_addr_is_any(&ip->src);
	struct neighbour answer = {.target = n->target, .has_mac = true, .override = true};

	if (!address_is_on(s, iface, &n->target))
		return;
	if (!detect && (!address_is_unicast(s, &ip->src) || address_is_ours(s, &ip->src)))
		return;
	if (!detect && n->has_mac && neighbour_mac_ok(s, iface, n->mac))
		neighbour_learn(s, now, iface, &ip->src, n->mac);
	memcpy(answer.mac, iface_at(s, (uint32_t)iface)->conf.mac, 6);
	/*= RFC 4861 7.2.4: one that has no address yet is told through all nodes */
	answer.solicited = !detect;
	nd_send(s, iface, &n->target, detect ? &all_nodes : &ip->src, &answer);
}

/* RFC 4861 7.2.5 */
static void
nd_advert(struct sw_stack *s, sw_ns now, int iface, const struct neighbour *n)
{
	uint32_t i = neighbour_find(s, iface, &n->target);
	struct neighbour_entry *e;
	bool same;

	if (i == NONE || (n->has_mac && !neighbour_mac_ok(s, iface, n->mac)))
		return;
	e = neighbour_at(s, i);
	if (e->state == NEIGHBOUR_INCOMPLETE) {
		if (!n->has_mac)
			return;
		neighbour_resolve(s, now, e, n->mac);
		if (!n->solicited)
			neighbour_set(e, NEIGHBOUR_STALE, NULL, now);
		return;
	}
	same = !n->has_mac || memcmp(e->mac, n->mac, 6) == 0;
	if (!same && !n->override) {
		if (e->state == NEIGHBOUR_REACHABLE)
			neighbour_set(e, NEIGHBOUR_STALE, NULL, now);
	} else if (n->solicited) {
		neighbour_resolve(s, now, e, n->has_mac ? n->mac : NULL);
	} else if (!same) {
		neighbour_set(e, NEIGHBOUR_STALE, n->mac, now);
	}
}

/* A neighbour solicitation or advertisement. */
void
neighbour_icmp(struct sw_stack *s, sw_ns now, int iface, const struct ip *ip, const struct icmp *m)
{
	struct neighbour n;
	enum sw_verdict verdict = neighbour_read(ip, m, &n);

	/*= RFC 6980 5: not behind a fragment header; nobody puts another one there */
	if (ip->header != IP6_HEADER)
		verdict = SW_V_LINK_BAD;
	if (iface_at(s, (uint32_t)iface)->conf.link != SW_LINK_ETHERNET) {
		count_verdict(s, SW_V_ICMP_IGNORED);
		return;
	}
	count_verdict(s, verdict == SW_V_TAKEN ? SW_V_LINK : verdict);
	if (verdict != SW_V_TAKEN)
		return;
	if (n.solicit)
		nd_solicit(s, now, iface, ip, &n);
	else
		nd_advert(s, now, iface, &n);
}

/* When a question must be asked again; SW_NEVER. */
sw_ns
neighbour_deadline(const struct sw_stack *s)
{
	sw_ns first = SW_NEVER;

	for (uint32_t i = 0; i < s->neighbours.high; i++) {
		const struct neighbour_entry *e = neighbour_at(s, i);

		if (e->state == NEIGHBOUR_INCOMPLETE)
			first = min_ns(first, e->when);
	}
	return first;
}

/* Asks again; after three seconds without an answer the hop is dead. */
void
neighbour_expire(struct sw_stack *s, sw_ns now)
{
	for (uint32_t i = 0; i < s->neighbours.high; i++) {
		struct neighbour_entry *e = neighbour_at(s, i);
		struct sw_addr dead = e->addr;

		if (e->state != NEIGHBOUR_INCOMPLETE || now < e->when)
			continue;
		if (e->tries < NEIGHBOUR_TRIES && neighbour_ask(s, now, e))
			continue;
		e->state = NEIGHBOUR_FREE;
		reply_drop_hop(s, e->iface, &dead);
		conn_unblock(s, now, e->iface, &dead);
	}
}
