/*
 * reassembly.c - IP datagrams that came in pieces.
 *
 * Knows pieces, their order and their time.  Does not know what a datagram
 * carries, but for the few bytes that a first piece must have.  Everything is
 * bounded: datagrams, their length, and 48 pieces of each.
 *
 * RFC 791, RFC 815 (not its hole list), RFC 1122 3.3.2, RFC 1858, RFC 3128,
 * RFC 5722 (for IPv4 alike), RFC 6946, RFC 6980, RFC 8200 4.5.
 */
#include "net/net.h"

enum { IP4_TEXT_MAX = 65535 - IP4_HEADER, IP_LEN_MAX = 65535 };

_Static_assert(sizeof(struct datagram) == offsetof(struct datagram, head) + 48,
	       "the header that is put into head must touch the bytes");

static struct datagram *
datagram_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->datagrams, i);
}

static uint8_t *
datagram_bytes(struct datagram *d)
{
	return (uint8_t *)(d + 1);
}

static void
datagram_free(struct sw_stack *s, struct datagram *d)
{
	d->used = false;
	pool_give(&s->datagrams, pool_index(&s->datagrams, d));
}

/* The datagram of this piece; NULL: it is the first. */
static struct datagram *
datagram_find(const struct sw_stack *s, const struct ip *ip)
{
	for (uint32_t i = 0; i < s->datagrams.high; i++) {
		struct datagram *d = datagram_at(s, i);

		/*= RFC 8200 4.5: an IPv6 datagram is known by source, destination and id alone */
		if (d->used && d->id == ip->id && d->v6 == ip->v6 &&
		    (ip->v6 || d->proto == ip->frag_proto) && sw_addr_same(&d->src, &ip->src) &&
		    sw_addr_same(&d->dst, &ip->dst))
			return d;
	}
	return NULL;
}

/* The oldest gives way when the pool is full. */
static void
datagram_make_room(struct sw_stack *s)
{
	struct datagram *oldest = NULL;

	if (pool_room(&s->datagrams) > 0)
		return;
	for (uint32_t i = 0; i < s->datagrams.high; i++) {
		struct datagram *d = datagram_at(s, i);

		if (d->used && (oldest == NULL || d->until < oldest->until))
			oldest = d;
	}
	if (oldest != NULL)
		datagram_free(s, oldest);
}

static struct datagram *
datagram_new(struct sw_stack *s, sw_ns now, int iface, const struct ip *ip)
{
	struct datagram *d;
	uint32_t i;

	datagram_make_room(s);
	i = pool_take(&s->datagrams);
	if (i == NONE)
		return NULL;
	d = datagram_at(s, i);
	memset(d, 0, sizeof(*d));
	d->src = ip->src;
	d->dst = ip->dst;
	d->id = ip->id;
	d->proto = ip->frag_proto;
	d->v6 = ip->v6;
	d->iface = (uint8_t)iface;
	d->ttl = ip->ttl;
	d->tos = ip->tos;
	d->until = after_ns(now, s->conf.reassembly);
	d->used = true;
	return d;
}

/* May this piece be part of anything? */
static bool
piece_ok(const struct sw_stack *s, const struct ip *ip)
{
	uint32_t len = ip->body.len, most = ip->v6 ? IP_LEN_MAX : IP4_TEXT_MAX;

	if (len == 0 || ip->frag_at > most || len > most - ip->frag_at)
		return false;
	/*= RFC 8200 4.5: every piece but the last is a multiple of 8 bytes long */
	if (ip->more && len % 8 != 0)
		return false;
	if (ip->frag_at + len > s->conf.datagram_bytes)
		return false;
	/*= RFC 1858 3, RFC 3128: the first piece holds the whole fixed TCP header, so
	 * that no filter is shown one and the host another */
	return ip->frag_proto != IP_TCP ||
	       (ip->frag_at == 0 ? len >= TCP_HEADER : ip->frag_at >= TCP_HEADER);
}

/* Does the piece say of the datagram's length what the others say? */
static bool
piece_fits(const struct datagram *d, const struct ip *ip)
{
	uint32_t end = ip->frag_at + ip->body.len;

	if (!ip->more)
		return (d->total == 0 || d->total == end) &&
		       (d->pieces == 0 || d->piece[d->pieces - 1].to <= end);
	return d->total == 0 || end < d->total;
}

enum piece_place { PIECE_NEW, PIECE_AGAIN, PIECE_BAD };

/* Finds where the piece belongs in the order, into *at. */
static enum piece_place
piece_find(struct datagram *d, const struct ip *ip, uint32_t *at)
{
	uint32_t from = ip->frag_at, to = from + ip->body.len, i = 0;

	while (i < d->pieces && d->piece[i].to <= from)
		i++;
	*at = i;
	if (i < d->pieces && d->piece[i].from < to) {
		/*= RFC 8200 4.5: an exact duplicate of a piece may be ignored */
		if (d->piece[i].from == from && d->piece[i].to == to &&
		    memcmp(datagram_bytes(d) + from, ip->body.p, ip->body.len) == 0)
			return PIECE_AGAIN;
		/*= RFC 5722 4: pieces that overlap condemn the whole datagram */
		return PIECE_BAD;
	}
	return d->pieces < N_OF(d->piece) ? PIECE_NEW : PIECE_BAD;
}

static void
piece_add(struct datagram *d, const struct ip *ip, uint32_t at)
{
	uint32_t end = ip->frag_at + ip->body.len;

	memmove(&d->piece[at + 1], &d->piece[at], (d->pieces - at) * sizeof(d->piece[0]));
	d->piece[at].from = (uint16_t)ip->frag_at;
	d->piece[at].to = (uint16_t)end;
	d->pieces++;
	d->have += ip->body.len;
	if (!ip->more)
		d->total = end;
	/*= RFC 3168 5.3: one piece that met congestion marks the whole */
	if ((ip->tos & 3) == 3)
		d->tos |= 3;
	if (ip->frag_at == 0) {
		d->ttl = ip->ttl;
		d->tos = (uint8_t)((ip->tos & ~3) | ((d->tos & 3) == 3 ? 3 : ip->tos & 3));
	}
	memcpy(datagram_bytes(d) + ip->frag_at, ip->body.p, ip->body.len);
}

/* An IP header like the first piece's, for len bytes. */
static struct ip_head
datagram_head(const struct datagram *d, uint32_t len)
{
	struct ip_head h;

	memset(&h, 0, sizeof(h));
	h.src = d->src;
	h.dst = d->dst;
	h.proto = d->proto;
	h.ttl = d->ttl;
	h.tos = d->tos;
	h.id = (uint16_t)d->id;
	h.may_fragment = true;
	h.len = len;
	return h;
}

/* Neighbour discovery in pieces (RFC 6980 5). */
static bool
is_fragmented_nd(const struct ip *ip)
{
	return ip->proto == IP_ICMP6 && ip->body.len > 0 && ip->body.p[0] >= ICMP6_ROUTER_SOLICIT &&
	       ip->body.p[0] <= 137;
}

/* A whole datagram gets a header again and goes the way of all packets. */
static void
datagram_deliver(struct sw_stack *s, int iface, struct datagram *d)
{
	struct ip_head h = datagram_head(d, d->total);
	uint32_t size = ip_header_size(&d->dst);
	uint8_t *p = datagram_bytes(d) - size;
	enum sw_verdict verdict = SW_V_FRAG_DROPPED;
	struct ip ip;

	if (ip_write(p, size, &h) == size)
		verdict = ip_read((struct view){p, size + d->total}, false, &ip);
	/*= RFC 6980 5: neighbour discovery that came in pieces is ignored */
	if (verdict == SW_V_TAKEN && (ip.fragment || is_fragmented_nd(&ip)))
		verdict = SW_V_FRAG_DROPPED;
	if (verdict == SW_V_TAKEN || verdict == SW_V_NO_PROTO)
		input_transport(s, &(struct arrival){.iface = iface}, &ip);
	else
		count_verdict(s, verdict);
	datagram_free(s, d);
}

/* All its bytes go; later pieces of it are swallowed until its time is over. */
static void
datagram_condemn(struct datagram *d)
{
	d->dead = true;
	d->pieces = 0;
}

/* Takes a piece; when the datagram is whole, it goes on to input_transport(). */
void
reassembly_take(struct sw_stack *s, sw_ns now, int iface, const struct ip *ip)
{
	bool atomic = ip->frag_at == 0 && !ip->more;
	struct datagram *d = NULL;
	enum piece_place place;
	uint32_t at;

	/* pieces for a group, or from one, would only take up room */
	if (!address_is_unicast(s, &ip->src) || !address_is_unicast(s, &ip->dst)) {
		count_verdict(s, SW_V_ADDR_INVALID);
		return;
	}
	if (piece_ok(s, ip)) {
		/*= RFC 6946 4: a datagram in one piece has nothing to do with others */
		d = atomic ? NULL : datagram_find(s, ip);
		if (d == NULL)
			d = datagram_new(s, now, iface, ip);
	}
	if (d == NULL || d->dead) {
		count_verdict(s, SW_V_FRAG_DROPPED);
		return;
	}
	place = piece_find(d, ip, &at);
	if (place != PIECE_AGAIN && (place == PIECE_BAD || !piece_fits(d, ip))) {
		datagram_condemn(d);
		count_verdict(s, SW_V_FRAG_DROPPED);
		return;
	}
	if (place == PIECE_NEW)
		piece_add(d, ip, at);
	if (d->total != 0 && d->have == d->total)
		datagram_deliver(s, iface, d);
	else
		count_verdict(s, SW_V_FRAGMENT);
}

/* When the oldest datagram's time is over; SW_NEVER. */
sw_ns
reassembly_deadline(const struct sw_stack *s)
{
	sw_ns first = SW_NEVER;

	for (uint32_t i = 0; i < s->datagrams.high; i++) {
		const struct datagram *d = datagram_at(s, i);

		if (d->used)
			first = min_ns(first, d->until);
	}
	return first;
}

/* The header of the first piece, as its sender wrote it; its size. */
static uint32_t
datagram_quote_head(struct datagram *d, uint32_t len)
{
	struct ip_head h = datagram_head(d, len);
	uint32_t size = ip_header_size(&d->dst) + (d->v6 ? 8 : 0);
	uint8_t *p = datagram_bytes(d) - size;

	if (d->v6) {
		h.proto = IP_FRAGMENT;
		h.len += 8;
		ip_write(p, size, &h);
		memset(p + IP6_HEADER, 0, 8);
		p[IP6_HEADER] = d->proto;
		p[IP6_HEADER + 3] = 1; /* more follow */
		put_32(p + IP6_HEADER + 4, d->id);
		return size;
	}
	ip_write(p, size, &h);
	p[6] |= 0x20; /* more follow */
	p[10] = p[11] = 0;
	sum_store(p + 10, sum_bytes(p, IP4_HEADER));
	return size;
}

/* Tells the sender that the rest never came. */
static void
datagram_time_exceeded(struct sw_stack *s, struct datagram *d)
{
	uint32_t len = d->piece[0].to, size = datagram_quote_head(d, len);
	struct icmp m = {.v6 = d->v6, .code = 1};
	struct view packet = {datagram_bytes(d) - size, size + len};
	struct ip ip;

	memset(&ip, 0, sizeof(ip));
	ip.src = d->src;
	ip.dst = d->dst;
	ip.v6 = d->v6;
	ip.proto = ip.frag_proto = d->proto;
	ip.fragment = ip.more = true;
	ip.header = size;
	ip.body = (struct view){datagram_bytes(d), len};
	m.type = d->v6 ? ICMP6_TIME_EXCEEDED : ICMP_TIME_EXCEEDED;
	icmp_error(s, d->iface, packet, &ip, &m);
}

/* Drops the datagrams whose time is over. */
void
reassembly_expire(struct sw_stack *s, sw_ns now)
{
	for (uint32_t i = 0; i < s->datagrams.high; i++) {
		struct datagram *d = datagram_at(s, i);

		if (!d->used || now < d->until)
			continue;
		/*= RFC 1122 3.3.2: the sender is told if the first piece is here */
		/*= RFC 8200 4.5: for IPv6 alike */
		if (!d->dead && d->pieces > 0 && d->piece[0].from == 0)
			datagram_time_exceeded(s, d);
		datagram_free(s, d);
	}
}
