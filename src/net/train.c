/*
 * train.c - packets of one connection in a row, each as the one before it but for its
 * text: header prediction.
 *
 * The first goes the whole way (input.c), and so does the second if that one
 * acknowledged something new; whatever follows with the same header, the next number and
 * the same acknowledgment is known to be ours, and tcp has decided all of it but the text
 * (tcp_row()), whose numbers count once for all of them.  Nothing is trusted that was not
 * compared or summed; what differs goes the whole way.
 *
 * RFC 9293 3.10.7.4; Clark, Jacobson, Romkey and Salwen 1989 for the idea.
 */
#include "base/sum.h"
#include "net/net.h"

enum { WORD = 8 };

/* What differs in eight bytes of two headers, but for those that a mask leaves out. */
static inline uint64_t
differ(const uint8_t *a, const uint8_t *b, uint32_t at, const uint8_t *mask)
{
	uint64_t x, y, m;

	memcpy(&x, a + at, WORD);
	memcpy(&y, b + at, WORD);
	memcpy(&m, mask, WORD);
	return (x ^ y) & m;
}

/* IPv4's: all but total length, identification and checksum; their sum must be right. */
static uint32_t
train_ip4(const struct train *tr, const uint8_t *p)
{
	static const uint8_t first[WORD] = {255, 255, 0, 0, 0, 0, 255, 255};
	static const uint8_t second[WORD] = {255, 255, 0, 0, 255, 255, 255, 255};
	static const uint8_t all[WORD] = {255, 255, 255, 255, 255, 255, 255, 255};
	const uint8_t *a = tr->packet;

	if ((differ(a, p, 0, first) | differ(a, p, WORD, second) |
	     differ(a, p, IP4_HEADER - WORD, all)) != 0)
		return 0;
	return sum_fold((uint64_t)tr->ip_sum + sum_word(p + 2) + sum_word(p + 4) +
			sum_word(p + 10)) == 0xffff
		   ? get_16(p + 2)
		   : 0;
}

/* IPv6's: all but the payload's length. */
static uint32_t
train_ip6(const struct train *tr, const uint8_t *p)
{
	const uint8_t *a = tr->packet;

	return memcmp(a, p, 4) == 0 && memcmp(a + 6, p + 6, IP6_HEADER - 6) == 0
		   ? IP6_HEADER + get_16(p + 4)
		   : 0;
}

/* Is the TCP header at p that of the one before, but for number, PSH and checksum?  And the
 * number the next? */
static bool
train_tcp(const struct train *tr, const uint8_t *p)
{
	static const uint8_t ports[WORD] = {255, 255, 255, 255, 0, 0, 0, 0};
	static const uint8_t rest[WORD] = {255, 255, 255, 255, 255, 255 & ~SW_PSH, 255, 255};
	const uint8_t *a = tr->packet + tr->ip;

	if ((differ(a, p, 0, ports) | differ(a, p, WORD, rest)) != 0 ||
	    get_32(p + 4) != seq_add(tr->seg.seq, tr->seg.len).n)
		return false;
	return memcmp(a + 18, p + 18, 2 + tr->head - tr->ip - TCP_HEADER) == 0;
}

/* The sum of a TCP header but for number, control bits and checksum. */
uint32_t
row_alike(const uint8_t *tcp, uint32_t size)
{
	uint8_t h[TCP_HEADER + TCP_OPTIONS_MAX];

	memcpy(h, tcp, size);
	memset(h + 4, 0, 4);
	h[13] = 0;
	memset(h + 16, 0, 2);
	return sum_header(h, size);
}

/* The sums of what all of them have alike in their headers. */
static void
train_sums(struct train *tr, uint32_t pseudo)
{
	uint8_t h[IP4_HEADER];

	memcpy(h, tr->packet, IP4_HEADER);
	memset(h + 2, 0, 4);
	memset(h + 10, 0, 2);
	tr->ip_sum = sum_header(h, IP4_HEADER);
	tr->tcp_sum = sum_add(pseudo, row_alike(tr->packet + tr->ip, tr->head - tr->ip));
}

/* What stands beside the text in its sum: of n bytes with the TCP header at p. */
static uint32_t
train_rest(const struct train *tr, const uint8_t *p, uint32_t n)
{
	return sum_fold((uint64_t)tr->tcp_sum + sum_of_16(n) + row_differs(p) + sum_word(p + 16));
}

/* A segment was taken: may others follow it so? */
void
train_begin(struct sw_stack *s, struct train *tr, const struct arrival *how, uint32_t i,
	    const struct seg *seg)
{
	const struct sw_iface *conf = &iface_at(s, (uint32_t)how->iface)->conf;
	const uint8_t *p = how->packet;
	const struct tcb *t = block_at(s, i);

	/* what acknowledges something new may be different from what follows it */
	if (p == NULL || (p[0] != 0x45 && (p[0] >> 4 != 6 || p[6] != IP_TCP)) || seg->acked != 0 ||
	    seg->off != 0 || (seg->ctl & ~SW_PSH) != SW_ACK || how->seg_size != 0 ||
	    (s->conf.without & SW_NO_TRAINS))
		return;
	tr->room = tcp_row(&s->tcp, t, seg);
	if (tr->room == 0)
		return;
	tr->block = i;
	tr->packet = p;
	tr->ip = p[0] == 0x45 ? IP4_HEADER : IP6_HEADER;
	tr->head = tr->ip + (p[tr->ip + 12] >> 4) * 4u;
	tr->link = conf->link == SW_LINK_ETHERNET ? ETHER_HEADER : 0u;
	tr->iface = (uint8_t)how->iface;
	tr->csum = (uint8_t)how->csum;
	tr->took = 0;
	tr->seg = *seg;
	train_sums(tr, ip_pseudo_sum(&t->h.remote, &t->h.local, IP_TCP, 0));
}

/* Is the packet one that follows?  Its IP packet's length; 0: no. */
static uint32_t
train_size(const struct train *tr, const struct sw_packet *p)
{
	const uint8_t *ip;
	uint32_t size;

	if (tr->block == NONE || p->iface != tr->iface || p->csum != tr->csum || p->seg_size != 0 ||
	    p->data == NULL || p->len < tr->link + tr->head ||
	    (tr->link > 0 && memcmp(tr->packet - tr->link, p->data, tr->link) != 0))
		return 0;
	ip = p->data + tr->link;
	size = tr->ip == IP4_HEADER ? train_ip4(tr, ip) : train_ip6(tr, ip);
	return size > tr->head && size <= p->len - tr->link &&
		       size - tr->head <= tr->room - tr->took && train_tcp(tr, ip + tr->ip)
		   ? size
		   : 0;
}

/* Takes a packet that follows; false: nothing was done, it goes the whole way. */
bool
train_follows(struct sw_stack *s, struct train *tr, const struct sw_packet *p, uint32_t lent)
{
	struct proof proof = {
	    .needed = tr->csum == SW_CSUM_NONE, .copy_sum = s->conf.copy_sum, .sum = s->conf.sum};
	uint32_t size = train_size(tr, p);
	struct seg *seg = &tr->seg;
	seq before = seg->seq;
	const uint8_t *ip;

	if (size == 0)
		return false;
	ip = p->data + tr->link;
	if (proof.needed)
		proof.rest = train_rest(tr, ip + tr->ip, size - tr->ip);
	seg->seq = seq_add(seg->seq, seg->len);
	seg->len = size - tr->head;
	seg->text = ip + tr->head;
	seg->lent = lent;
	seg->ctl = ip[tr->ip + 13];
	if (!tcp_row_takes(&s->tcp, block_at(s, tr->block), seg, &proof)) {
		seg->seq = before; /* the last that came */
		return false;
	}
	tr->took += seg->len;
	tr->packet = ip;
	s->packets_in++;
	s->segments_in++;
	s->followed++;
	return true;
}

/* The next packet goes the whole way, or there is none. */
void
train_end(struct sw_stack *s, struct train *tr)
{
	if (tr->block != NONE && tr->took > 0) {
		tcp_row_ends(&s->tcp, block_at(s, tr->block), &tr->seg, tr->took);
		conn_settle(s, tr->block, s->now, NULL);
	}
	tr->block = NONE;
}
