/*
 * input.c - the way of a packet in: link, IP, the record, tcp.
 *
 * Knows what is addressed to us and whom a segment belongs to.  Never sends:
 * answers are marked on the connection or queued as replies.
 *
 * RFC 1122 3.2, 3.3.6; RFC 8200; RFC 9293 3.10.7, MUST-57, MUST-63.
 */
#include "net/net.h"

/* Counts a verdict that no tcb saw. */
void
count_verdict(struct sw_stack *s, enum sw_verdict v)
{
	s->verdicts[v]++;
}

/* Counts, and tells who watches, that a packet reached no connection. */
void
input_drop(struct sw_stack *s, const struct tuple *tuple, const struct seg *seg, enum sw_verdict v)
{
	struct sw_trace *ev;
	struct head h;

	count_verdict(s, v);
	memset(&h, 0, sizeof(h));
	if (tuple != NULL)
		head_set(&h, tuple, 0, KIND_BLOCK);
	ev = trace_new(&s->tcp, &h, s->now, SW_T_DROP);
	if (ev == NULL)
		return;
	ev->verdict = v;
	if (seg != NULL)
		trace_seg(ev, seg, seg->wnd);
}

/* A segment for a listener (3.10.7.2). */
void
input_listener(struct sw_stack *s, uint32_t listener, const struct asked *a)
{
	struct reply reply = {0};
	enum sw_verdict v;

	if (cookie_arrives(s, listener, a))
		return;
	v = tcp_arrives_listen(a->seg, &reply);
	if (v == SW_V_SYN_TAKEN) {
		half_new(s, listener, a);
		return;
	}
	input_drop(s, &a->tuple, a->seg, v);
	if (reply.rst)
		reply_segment(s, &a->tuple, a->iface, &reply.seg);
}

/* A segment for nobody (3.10.7.1). */
static void
input_nobody(struct sw_stack *s, const struct tuple *tuple, int iface, const struct seg *seg)
{
	struct reply reply = {0};

	input_drop(s, tuple, seg, tcp_arrives_closed(seg, &reply));
	if (reply.rst)
		reply_segment(s, tuple, iface, &reply.seg);
}

/* A handshake with text, whose listener has no room for one more. */
static bool
input_crowded(const struct sw_stack *s, const struct tcb *t, const struct seg *seg)
{
	const struct listener *l = listener_behind(s, t->listener);

	return t->h.state == SW_SYN_RECEIVED && !(t->h.mark & MARK_FAST) && l != NULL &&
	       l->waiting >= l->backlog && (seg->ctl & (SW_ACK | SW_SYN | SW_RST)) == SW_ACK;
}

/* A segment for a full connection. */
static void
input_block(struct sw_stack *s, uint32_t i, const struct tuple *tuple, const struct arrival *how,
	    struct seg *seg)
{
	sw_ns now = s->now;
	struct tcb *t = block_at(s, i);
	struct reply reply = {0};
	uint32_t listener = NONE;
	seq after = t->snd.nxt;
	int iface = t->h.iface;
	bool asked, again = t->retries > 0;
	enum sw_verdict v;

	if (input_crowded(s, t, seg)) {
		input_drop(s, tuple, seg, SW_V_NO_BACKLOG);
		return;
	}
	if (t->h.state == SW_TIME_WAIT && (seg->ctl & SW_SYN)) {
		listener = listener_find(s, tuple);
		if (listener == NONE && tcp_time_wait_reusable(&s->tcp, t, seg)) {
			input_drop(s, tuple, seg, SW_V_SYN_CHALLENGED);
			t->flags |= T_ACK_NOW | T_CHALLENGE;
			conn_settle(s, i, now, NULL);
			return;
		}
	}
	asked = t->h.state == SW_SYN_SENT && t->opening != OPEN_PLAIN;
	v = tcp_arrives(&s->tcp, t, seg, now, &reply);
	if (asked && v == SW_V_OPENED)
		fastopen_heard(s, i, seg, again);
	else if (asked && t->h.state == SW_CLOSED)
		fastopen_judge(s, t);
	conn_settle(s, i, now, &reply);
	if (v == SW_V_TAKEN && seg->len > 0 && how->train != NULL)
		train_begin(s, how->train, how, i, seg);
	if (v == SW_V_REUSED && listener != NONE)
		input_listener(s, listener, &(struct asked){*tuple, iface, seg, &after});
}

/* To whom it goes. */
static void
input_segment(struct sw_stack *s, const struct tuple *tuple, const struct arrival *how,
	      struct seg *seg, bool ours)
{
	uint32_t hash = how->hash ? *how->hash : conn_hash(s, tuple);
	uint32_t ref = conn_find_at(s, tuple, hash), listener;
	int iface = how->iface;

	conn_know(s, tuple, hash);
	if (ref != NONE) {
		switch (REF_KIND(ref)) {
		case KIND_BLOCK:
			input_block(s, REF_INDEX(ref), tuple, how, seg);
			return;
		case KIND_HALF:
			half_arrives(s, REF_INDEX(ref), seg, s->now);
			return;
		default:
			time_wait_arrives(s, REF_INDEX(ref), seg, s->now);
			return;
		}
	}
	/* no connection: one that was moved here may be of another shard's flows */
	if (!steer_is_ours(s, tuple)) {
		input_drop(s, tuple, seg, SW_V_OTHER_SHARD);
		return;
	}
	listener = listener_find(s, tuple);
	/* a gateway answers for others only where somebody listens for all */
	if (!ours && (listener == NONE || !iface_at(s, (uint32_t)iface)->conf.any_destination ||
		      !sw_addr_is_any(&listener_at(s, listener)->h.local)))
		input_drop(s, tuple, seg, SW_V_NOT_OURS);
	else if (listener != NONE)
		input_listener(s, listener, &(struct asked){*tuple, iface, seg, NULL});
	else
		input_nobody(s, tuple, iface, seg);
}

static void
input_tcp(struct sw_stack *s, const struct arrival *how, const struct ip *ip)
{
	enum sw_csum csum = how->csum;
	struct tuple tuple;
	struct seg seg;
	enum sw_verdict v;
	bool ours;

	memset(&tuple, 0, sizeof(tuple));
	tuple.local = ip->dst;
	tuple.remote = ip->src;
	/* what the machine's sum finds wrong, C's looks at again */
	if (csum == SW_CSUM_NONE && s->conf.sum != NULL && tcp_sum_right(ip, s->conf.sum))
		csum = SW_CSUM_VERIFIED;
	v = tcp_read(ip, csum, &seg, &tuple.remote_port, &tuple.local_port);
	if (v != SW_V_TAKEN) {
		input_drop(s, &tuple, NULL, v);
		return;
	}
	s->segments_in++;
	seg.seg_size = (uint16_t)min_u32(how->seg_size, UINT16_MAX);
	seg.lent = how->packet != NULL ? how->lent : 0;
	ours = address_is_ours(s, &ip->dst);
	/*= RFC 9293 3.9.2.3 MUST-63, MUST-57: what no connection can have as an end is dropped */
	/*= RFC 1122 3.3.6: nor comes a segment by the link's broadcast */
	if (!address_is_unicast(s, &ip->src) || (!ours && !address_is_unicast(s, &ip->dst)) ||
	    how->group) {
		input_drop(s, &tuple, &seg, SW_V_ADDR_INVALID);
		return;
	}
	input_segment(s, &tuple, how, &seg, ours);
}

/* A whole datagram, reassembled or not. */
void
input_transport(struct sw_stack *s, const struct arrival *how, const struct ip *ip)
{
	switch (ip->proto) {
	case IP_TCP:
		input_tcp(s, how, ip);
		break;
	case IP_ICMP:
	case IP_ICMP6:
		if ((ip->proto == IP_ICMP6) == ip->v6) {
			icmp_arrives(s, s->now, how->iface, ip, how->csum);
			break;
		}
		/* fall through */
	default:
		input_drop(s, NULL, NULL, SW_V_NO_PROTO);
		break;
	}
}

/* Is there anybody here who could want it?  Group addresses are for ICMP only. */
static bool
input_is_for_us(const struct sw_stack *s, int iface, const struct ip *ip)
{
	if (address_is_ours(s, &ip->dst) || !address_is_unicast(s, &ip->dst))
		return true;
	return iface_at(s, (uint32_t)iface)->conf.any_destination;
}

/* A protocol that is not spoken here: said to the sender. */
static void
input_unknown(struct sw_stack *s, const struct arrival *how, struct view packet,
	      const struct ip *ip)
{
	struct icmp error;

	/*= RFC 1122 3.2.2.1: protocol unreachable; RFC 8200 4: unrecognized next header */
	memset(&error, 0, sizeof(error));
	error.v6 = ip->v6;
	error.type = ip->v6 ? ICMP6_PARAMETER : ICMP_UNREACHABLE;
	error.code = ip->v6 ? 1 : 2;
	error.word = ip->v6 ? ip->proto_at : 0;
	if (ip->problem_report) {
		error.code = ip->problem_code;
		error.word = ip->problem_at;
	}
	input_drop(s, NULL, NULL, SW_V_NO_PROTO);
	if (ip->proto != IP_NO_NEXT && !how->group && address_is_ours(s, &ip->dst))
		icmp_error(s, how->iface, packet, ip, &error);
}

static bool
proto_is_spoken(const struct ip *ip)
{
	return ip->proto == IP_TCP || ip->proto == (ip->v6 ? IP_ICMP6 : IP_ICMP);
}

/* An IP packet of either family. */
static void
input_ip(struct sw_stack *s, struct arrival *how, struct view packet)
{
	struct ip ip;
	enum sw_verdict v = ip_read(packet, true, &ip);
	bool problem = v == SW_V_BAD_IP && ip.problem_report;

	if (v != SW_V_TAKEN && v != SW_V_NO_PROTO && !problem) {
		input_drop(s, NULL, NULL, v);
		return;
	}
	if (!input_is_for_us(s, how->iface, &ip)) {
		input_drop(s, NULL, NULL, SW_V_NOT_OURS);
		return;
	}
	if (v != SW_V_TAKEN || (!ip.fragment && !proto_is_spoken(&ip)))
		input_unknown(s, how, packet, &ip);
	else if (ip.fragment)
		reassembly_take(s, s->now, how->iface, &ip);
	else {
		how->packet = packet.p;
		input_transport(s, how, &ip);
	}
}

/* An Ethernet frame. */
static void
input_frame(struct sw_stack *s, struct arrival *how, struct view frame)
{
	const uint8_t *mac = iface_at(s, (uint32_t)how->iface)->conf.mac;
	struct ether e;
	enum sw_verdict v = ether_read(frame, &e);

	if (v != SW_V_TAKEN) {
		input_drop(s, NULL, NULL, v);
		return;
	}
	if (!(e.dst[0] & 1) && memcmp(e.dst, mac, 6) != 0) {
		input_drop(s, NULL, NULL, SW_V_NOT_OURS);
		return;
	}
	how->group = e.dst[0] & 1;
	switch (e.type) {
	case ETHER_ARP:
		neighbour_arp(s, s->now, how->iface, e.body);
		break;
	case ETHER_IP4:
	case ETHER_IP6:
		input_ip(s, how, e.body);
		break;
	default:
		input_drop(s, NULL, NULL, SW_V_NO_PROTO);
		break;
	}
}

/* One packet from the wire. */
static void
input_packet(struct sw_stack *s, const struct sw_packet *p, const uint32_t *hash,
	     struct train *train, uint32_t lent)
{
	struct view bytes = {p->data, p->len};
	struct arrival how = {.iface = p->iface,
			      .csum = p->csum,
			      .seg_size = p->seg_size,
			      .hash = hash,
			      .train = train,
			      .lent = lent};

	s->packets_in++;
	if (p->iface >= s->ifaces.used || p->data == NULL)
		input_drop(s, NULL, NULL, SW_V_NOT_OURS);
	else if (iface_at(s, p->iface)->conf.link == SW_LINK_ETHERNET)
		input_frame(s, &how, bytes);
	else
		input_ip(s, &how, bytes);
}

/* Packets from the wire, some at a time, whose records are asked for all at once:
 * they lie anywhere in memory, and the wait is for one of them instead of for each. */
void
input_packets(struct sw_stack *s, const struct sw_packet *p, size_t n, bool lent)
{
	struct train train = {.block = NONE};
	struct syn_row row = {.listener = NONE};
	const uint32_t *hash;
	struct ahead a;
	uint32_t part, in;

	for (; n > 0; p += part, n -= part) {
		part = n < AHEAD_MAX ? (uint32_t)n : AHEAD_MAX;
		ahead_look(s, p, part, &a);
		for (uint32_t i = 0; i < part; i++) {
			in = lent ? lent_chunk(s, p[i].data) : 0;
			if (train_follows(s, &train, &p[i], in))
				continue;
			train_end(s, &train);
			hash = a.known >> i & 1 ? &a.hash[i] : NULL;
			if (!flood_answers(s, &row, &p[i], hash))
				input_packet(s, &p[i], hash, &train, in);
		}
	}
	train_end(s, &train);
}

/* Packets from the wire. */
void
sw_input(struct sw_stack *s, sw_ns now, const struct sw_packet *p, size_t n)
{
	stack_now(s, now);
	input_packets(s, p, n, false);
}
