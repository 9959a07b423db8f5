/*
 * train.c - packets of one connection in a row, each as the one before it but for its
 * text: header prediction.
 *
 * The first goes the whole way (input.c), and so does the second if that one
 * acknowledged something new; whatever follows with the same header, the next number and
 * the same acknowledgment is known to be ours, and tcp has decided all of it but the text
 * (tcp_follows()).  Nothing is trusted that was not compared or summed; what differs goes
 * the whole way.
 *
 * RFC 9293 3.10.7.4; Clark, Jacobson, Romkey and Salwen 1989 for the idea.
 */
#include "base/sum.h"
#include "net/net.h"

/* A segment was taken: may others follow it so? */
void
train_begin(struct sw_stack *s, struct train *tr, const struct arrival *how, uint32_t i,
	    const struct seg *seg)
{
	const struct sw_iface *conf = &iface_at(s, (uint32_t)how->iface)->conf;
	const uint8_t *p = how->packet;
	const struct tcb *t = block_at(s, i);
	uint32_t ip = p != NULL && p[0] == 0x45 ? IP4_HEADER : IP6_HEADER;

	/* what acknowledges something new may be different from what follows it */
	if (p == NULL || (p[0] != 0x45 && (p[0] >> 4 != 6 || p[6] != IP_TCP)) || seg->acked != 0 ||
	    seg->off != 0 || (seg->ctl & ~SW_PSH) != SW_ACK || how->seg_size != 0 ||
	    t->h.state != SW_ESTABLISHED || !seq_eq(seq_add(seg->seq, seg->len), t->rcv.nxt) ||
	    (s->conf.without & SW_NO_TRAINS))
		return;
	tr->block = i;
	tr->packet = p;
	tr->ip = ip;
	tr->head = ip + (p[ip + 12] >> 4) * 4u;
	tr->link = conf->link == SW_LINK_ETHERNET ? ETHER_HEADER : 0u;
	tr->iface = (uint8_t)how->iface;
	tr->csum = (uint8_t)how->csum;
	tr->pseudo = ip_pseudo_sum(&t->h.remote, &t->h.local, IP_TCP, 0);
	tr->seg = *seg;
}

/* Are n bytes at `at` the same in both? */
static bool
train_same(const uint8_t *a, const uint8_t *b, uint32_t at, uint32_t n)
{
	return memcmp(a + at, b + at, n) == 0;
}

/* Is the IP header at p that of the one before, but for lengths?  Its packet's length; 0: no. */
static uint32_t
train_ip(const struct train *tr, const uint8_t *p)
{
	const uint8_t *a = tr->packet;

	if (tr->ip == IP6_HEADER)
		return train_same(a, p, 0, 4) && train_same(a, p, 6, 34)
			   ? IP6_HEADER + get_16(p + 4)
			   : 0;
	return train_same(a, p, 0, 2) && train_same(a, p, 6, 4) && train_same(a, p, 12, 8) &&
		       sum_bytes(p, IP4_HEADER) == 0xffff
		   ? get_16(p + 2)
		   : 0;
}

/* Is the TCP header at p that of the one before, but for number, PSH and checksum? */
static bool
train_tcp(const struct train *tr, const uint8_t *p)
{
	const uint8_t *a = tr->packet + tr->ip;

	return train_same(a, p, 0, 4) && train_same(a, p, 8, 5) &&
	       ((a[13] ^ p[13]) & ~SW_PSH) == 0 && train_same(a, p, 14, 2) &&
	       train_same(a, p, 18, 2 + tr->head - tr->ip - TCP_HEADER) &&
	       get_32(p + 4) == seq_add(tr->seg.seq, tr->seg.len).n;
}

/* What its text must sum to: by the pseudo-header of n bytes and the header at p. */
static struct proof
train_proof(const struct sw_stack *s, const struct train *tr, const uint8_t *p, uint32_t n)
{
	uint32_t rest = sum_add(tr->pseudo, sum_of_16(n));

	return (struct proof){.needed = tr->csum == SW_CSUM_NONE,
			      .rest = sum_add(rest, sum_bytes(p, tr->head - tr->ip)),
			      .copy_sum = s->conf.copy_sum};
}

/* Takes a packet that follows; false: nothing was done, it goes the whole way. */
bool
train_follows(struct sw_stack *s, struct train *tr, const struct sw_packet *p)
{
	struct proof proof;
	const uint8_t *ip;
	uint32_t size;

	if (tr->block == NONE || p->iface != tr->iface || p->csum != tr->csum || p->seg_size != 0 ||
	    p->data == NULL || p->len < tr->link + tr->head ||
	    !train_same(tr->packet - tr->link, p->data, 0, tr->link))
		return false;
	ip = p->data + tr->link;
	size = train_ip(tr, ip);
	if (size <= tr->head || size > p->len - tr->link || !train_tcp(tr, ip + tr->ip))
		return false;
	proof = train_proof(s, tr, ip + tr->ip, size - tr->ip);
	tr->seg.seq = seq_add(tr->seg.seq, tr->seg.len);
	tr->seg.len = size - tr->head;
	tr->seg.text = ip + tr->head;
	tr->seg.ctl = ip[tr->ip + 13];
	if (!tcp_follows(&s->tcp, block_at(s, tr->block), &tr->seg, &proof))
		return false;
	s->packets_in++;
	s->segments_in++;
	s->followed++;
	tr->packet = ip;
	tr->more = true;
	return true;
}

/* The next packet goes the whole way, or there is none. */
void
train_end(struct sw_stack *s, struct train *tr)
{
	if (tr->more) {
		tcp_followed(&s->tcp, block_at(s, tr->block));
		conn_settle(s, tr->block, s->now, NULL);
	}
	tr->block = NONE;
	tr->more = false;
}
