/*
 * link.c - from a captured frame to an IP packet, and from its pieces to a segment.
 *
 * Link layers: Ethernet (VLAN, QinQ, PPPoE), Linux cooked v1 and v2, raw IP, null and
 * loop.  Datagrams in pieces (RFC 791, RFC 8200 4.5): what counts of a segment is its
 * header, in the first piece, and how long it is, in the last; so of each datagram
 * under way the first piece's head is kept, and which units of 8 bytes have come.
 */
#include "explain/file.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "explain/pool.h"

enum {
	ETHER_IP4 = 0x0800,
	ETHER_IP6 = 0x86dd,
	ETHER_VLAN = 0x8100,
	ETHER_QINQ = 0x88a8,
	ETHER_QINQ_OLD = 0x9100,
	ETHER_PPPOE = 0x8864,
	TAGS_MOST = 8
};

static uint32_t
net_16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

bool
ex_link_known(int link)
{
	switch (link) {
	case DLT_EN10MB:
	case DLT_NULL:
	case DLT_LOOP:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
		return true;
	default:
		return false;
	}
}

/* Where IP begins behind an Ethernet type at `at`; 0: nowhere. */
static uint32_t
behind_type(const uint8_t *p, uint32_t n, uint32_t at)
{
	for (int tags = 0; tags < TAGS_MOST && at + 2 <= n; tags++) {
		switch (net_16(p + at)) {
		case ETHER_IP4:
		case ETHER_IP6:
			return at + 2;
		case ETHER_VLAN:
		case ETHER_QINQ:
		case ETHER_QINQ_OLD:
			at += 4;
			break;
		case ETHER_PPPOE: /* 6 bytes, then PPP's protocol: 0x21 or 0x57 */
			return at + 10 <= n && (p[at + 9] == 0x21 || p[at + 9] == 0x57) ? at + 10
											: 0;
		default:
			return 0;
		}
	}
	return 0;
}

/* Where IP begins in a frame of this link type; UINT32_MAX: nowhere. */
static uint32_t
ip_at(int link, const uint8_t *p, uint32_t n)
{
	uint32_t at = 0;

	switch (link) {
	case DLT_EN10MB:
		at = behind_type(p, n, 12);
		break;
	case DLT_LINUX_SLL:
		at = behind_type(p, n, 14);
		break;
	case DLT_LINUX_SLL2: /* the type stands first, 20 bytes in all */
		if (n > 20 && (net_16(p) == ETHER_IP4 || net_16(p) == ETHER_IP6))
			at = 20;
		break;
	case DLT_NULL:
	case DLT_LOOP: /* 4 bytes of address family, which differs between systems */
		at = n > 4 ? 4 : 0;
		break;
	default:
		return 0;
	}
	return at ? at : UINT32_MAX;
}

/* ---- pieces --------------------------------------------------------------- */

enum { DATAGRAMS = 64, HEAD_KEPT = 128, UNITS = 8192 };

struct datagram {
	struct sw_wire first; /* the piece that begins at 0, if it has come */
	uint8_t head[HEAD_KEPT];
	uint32_t head_len;
	struct sw_addr src, dst;
	uint32_t id, end; /* end: bytes in all, 0: not known */
	uint32_t have;	  /* units */
	uint8_t proto;
	bool used, begun;
	uint64_t turn;
	uint8_t unit[UNITS / 8];
};

struct ex_joiner {
	struct datagram datagram[DATAGRAMS];
	uint64_t turn, packets, wrong; /* wrong: checksums */
};

struct ex_joiner *
ex_joiner_new(void)
{
	return ex_zeroed(sizeof(struct ex_joiner));
}

void
ex_joiner_free(struct ex_joiner *j)
{
	free(j);
}

/* The datagram of this piece; a new one takes the place of the oldest. */
static struct datagram *
datagram_of(struct ex_joiner *j, const struct sw_wire *w)
{
	struct datagram *oldest = &j->datagram[0];

	for (int i = 0; i < DATAGRAMS; i++) {
		struct datagram *d = &j->datagram[i];

		if (d->used && d->id == w->id && d->proto == w->proto &&
		    sw_addr_same(&d->src, &w->src.addr) && sw_addr_same(&d->dst, &w->dst.addr))
			return d;
		if (d->turn < oldest->turn)
			oldest = d;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->used = true;
	oldest->id = w->id;
	oldest->proto = w->proto;
	oldest->src = w->src.addr;
	oldest->dst = w->dst.addr;
	oldest->turn = ++j->turn;
	return oldest;
}

/* Adds a piece; true: all of it is there. */
static bool
piece_add(struct datagram *d, const struct sw_wire *w)
{
	uint32_t len = w->size - w->header, from = w->frag_at / 8, to = (w->frag_at + len + 7) / 8;

	if (to > UNITS)
		return false;
	for (uint32_t i = from; i < to; i++) {
		d->have += !(d->unit[i / 8] >> (i % 8) & 1);
		d->unit[i / 8] |= (uint8_t)(1 << (i % 8));
	}
	if (!w->more)
		d->end = w->frag_at + len;
	if (w->frag_at == 0) {
		d->first = *w;
		d->begun = true;
		d->head_len = w->body_len < HEAD_KEPT ? w->body_len : HEAD_KEPT;
		memcpy(d->head, w->body, d->head_len);
	}
	return d->begun && d->end > 0 && d->have == (d->end + 7) / 8;
}

/* Makes one packet of the pieces: the first one's headers, the length of all. */
static void
piece_take(struct ex_joiner *j, struct ex_packet *p)
{
	struct datagram *d = datagram_of(j, &p->wire);
	uint8_t head[20 + HEAD_KEPT] = {0x45};
	struct sw_wire *w = &p->wire, first;
	uint32_t size;

	if (!piece_add(d, w))
		return;
	/* as if it had come in one: an IPv4 header in front, whatever it was */
	first = d->first;
	size = 20 + d->end;
	head[2] = (uint8_t)(size >> 8);
	head[3] = (uint8_t)size;
	head[8] = first.ttl;
	head[9] = 6;
	memcpy(head + 20, d->head, d->head_len);
	d->used = false;
	d->turn = 0;
	if (first.proto != 6 || size > 0xffff ||
	    sw_wire_read(w, head, 20 + d->head_len, size) != SW_WIRE_TCP)
		return;
	w->src.addr = first.src.addr;
	w->dst.addr = first.dst.addr;
	w->v6 = first.v6;
	w->id = first.id;
	w->tos = first.tos;
	w->body = NULL;
	w->body_len = 0;
	p->joined = true;
}

/*
 * To sum up packets takes half as long as all the rest.  Where a hundred thousand were
 * right, one in sixteen is a sample, until one is wrong.
 */
static bool
worth_summing(struct ex_joiner *j)
{
	enum { FIRST = 100000, SAMPLE = 16 };

	j->packets++;
	return j->packets <= FIRST || j->wrong > 0 || j->packets % SAMPLE == 0;
}

/* ---- a frame -------------------------------------------------------------- */

/* Ethernet, and IPv4 at once. */
static bool
usual(int link, const uint8_t *p, uint32_t n)
{
	return link == DLT_EN10MB && n > 14 && p[12] == ETHER_IP4 >> 8 && p[13] == 0;
}

void
ex_link_read(int link, struct ex_joiner *joiner, struct ex_packet *p)
{
	uint32_t at = usual(link, p->data, p->captured) ? 14 : ip_at(link, p->data, p->captured);

	p->joined = false;
	p->sum = SW_WIRE_SUM_CUT;
	if (at > p->captured) {
		p->wire.kind = SW_WIRE_OTHER;
		return;
	}
	sw_wire_read(&p->wire, p->data + at, p->captured - at,
		     p->on_wire > at ? p->on_wire - at : 0);
	if (p->wire.kind == SW_WIRE_TCP && worth_summing(joiner)) {
		p->sum = sw_wire_sum(&p->wire, p->data + at, p->captured - at);
		joiner->wrong += p->sum == SW_WIRE_SUM_BAD;
	} else if (p->wire.kind == SW_WIRE_FRAGMENT) {
		piece_take(joiner, p);
	}
}
