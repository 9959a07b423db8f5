/*
 * output.c - what is most worth sending now on an interface: replies, then the
 * connections that have something to say, each in its turn.
 *
 * Knows the way of a segment out: next hop, headers, checksum.  What a segment
 * holds is tcp's.
 *
 * RFC 9293 3.1, 3.7.1; RFC 1122 3.3.1; RFC 6864.
 */
#include "net/net.h"

enum { AT_READY = offsetof(struct tcb, ready), AT_HALF = offsetof(struct half, ready) };

/* The way out of one segment. */
struct way {
	const struct head *h;
	struct sw_packet *p;
	struct place text; /* what is written next */
	uint32_t tcp;	   /* where the last packet's TCP header stands */
	uint8_t mac[6];
	bool ethernet;
	bool tx_csum;
};

/* Headers that were written. */
struct headers {
	uint32_t at;   /* of TCP's: IP's bytes */
	uint32_t size; /* of TCP's */
	uint32_t sum;  /* of the pseudo-header */
};

/* The IP header and the TCP header; false: no room. */
static bool
write_headers(struct sw_stack *s, const struct head *h, const struct seg *seg, struct view room,
	      struct headers *w)
{
	uint8_t *to = (uint8_t *)(uintptr_t)room.p;
	struct ip_head ip;

	w->at = ip_header_size(&h->remote);
	if (w->at > room.len)
		return false;
	w->size = tcp_write(to + w->at, room.len - w->at, seg, h->local_port, h->remote_port);
	if (w->size == 0 || seg->len > room.len - w->at - w->size)
		return false;

	memset(&ip, 0, sizeof(ip));
	ip.src = h->local; /*= RFC 9293 3.9.1.1 MUST-45 */
	ip.dst = h->remote;
	ip.proto = IP_TCP;
	ip.ttl = seg->ttl ? seg->ttl : s->conf.ttl;
	ip.tos = seg->tos; /*= RFC 9293 3.9.1.9 SHLD-22 */
	/*= RFC 6864 4.1: where DF is set the identification says nothing: 0 */
	ip.may_fragment = seg->may_fragment;
	if (ip.may_fragment)
		ip.id = ident_ip_id(s, &ip.src, &ip.dst);
	ip.len = w->size + seg->len;
	w->sum = ip_pseudo_sum(&h->local, &h->remote, IP_TCP, ip.len);
	return ip_write(to, room.len, &ip) == w->at;
}

/* A whole packet of a segment without text; its length, 0: no room. */
static uint32_t
write_alone(struct sw_stack *s, const struct head *h, const struct seg *seg, struct view room)
{
	struct headers w;
	uint8_t *tcp;

	if (!write_headers(s, h, seg, room, &w))
		return 0;
	tcp = (uint8_t *)(uintptr_t)room.p + w.at;
	sum_store(tcp + 16, sum_add(w.sum, sum_header(tcp, w.size)));
	return w.at + w.size;
}

/* Of a tuple that has no connection. */
static struct head
head_alone(const struct tuple *tuple)
{
	struct head h;

	memset(&h, 0, sizeof(h));
	head_set(&h, tuple, 0, KIND_BLOCK);
	return h;
}

/* The same of one that no connection sends. */
uint32_t
packet_of(struct sw_stack *s, const struct tuple *tuple, const struct seg *seg, struct view room)
{
	struct head h = head_alone(tuple);

	return write_alone(s, &h, seg, room);
}

/* Queues a segment without text on iface for this next hop, or (-1) on the route to its
 * peer; false: none, or no room. */
static bool
reply_queue(struct sw_stack *s, const struct head *h, const struct seg *seg, int iface,
	    const struct sw_addr *hop)
{
	uint32_t slot, n;
	uint8_t *to = reply_take(s, &slot);

	if (to == NULL)
		return false;
	n = write_alone(s, h, seg, (struct view){to, s->conf.reply_bytes});
	if (iface < 0)
		return reply_send(s, slot, n, &h->remote);
	return reply_send_on(s, slot, n, iface, hop);
}

/* A segment of no connection: a RST, a SYN-ACK with a cookie. */
void
reply_new(struct sw_stack *s, const struct tuple *tuple, const struct seg *seg, int iface,
	  const struct sw_addr *hop)
{
	struct head h = head_alone(tuple);
	struct sw_trace *ev;

	if (!reply_queue(s, &h, seg, iface, hop))
		return;
	s->resets_out += (seg->ctl & SW_RST) != 0;
	s->replies_out++;
	ev = trace_new(&s->tcp, &h, s->now, SW_T_OUT);
	if (ev != NULL)
		trace_seg(ev, seg, seg->wnd);
}

/* Queues a RST, or any segment without text that was counted, as a reply. */
void
reply_segment(struct sw_stack *s, const struct tuple *tuple, int iface, const struct seg *seg)
{
	struct head h = head_alone(tuple);

	(void)iface; /* the route decides */
	if (seg->ctl & SW_RST) {
		reply_new(s, tuple, seg, -1, NULL);
		return;
	}
	(void)reply_queue(s, &h, seg, -1, NULL);
}

/* The next text behind the headers, added to the sum unless the device does that. */
static void
write_text(const struct sw_stack *s, struct way *w, uint32_t n, uint8_t *to, uint32_t *sum)
{
	if (n == 0)
		return;
	if (w->tx_csum)
		place_copy(&s->tcp.chunks, &w->text, to, n);
	else
		*sum = sum_add(*sum,
			       place_copy_sum(&s->tcp.chunks, &w->text, to, n, s->conf.copy_sum));
}

/* Writes a whole packet. */
static bool
write_packet(struct sw_stack *s, struct way *w, const struct seg *seg)
{
	struct sw_packet *p = w->p;
	uint32_t link = w->ethernet ? ETHER_HEADER : 0u, sum;
	const struct iface *f = iface_at(s, w->h->iface);
	struct headers head;
	uint8_t *tcp;

	if (w->ethernet)
		ether_write(p->data, p->cap, w->mac, f->conf.mac,
			    sw_addr_is4(&w->h->remote) ? ETHER_IP4 : ETHER_IP6);
	if (!write_headers(s, w->h, seg, (struct view){p->data + link, p->cap - link}, &head))
		return false;
	tcp = p->data + link + head.at;
	sum = w->tx_csum ? head.sum : sum_add(head.sum, sum_header(tcp, head.size));
	w->text = (struct place){seg->chunk, seg->chunk_at};
	write_text(s, w, seg->len, tcp + head.size, &sum);
	p->len = link + head.at + head.size + seg->len;
	p->iface = w->h->iface;
	p->seg_size = seg->len > seg->seg_size ? seg->seg_size : 0;
	p->csum = w->tx_csum ? SW_CSUM_PARTIAL : SW_CSUM_NONE;
	p->csum_start = w->tx_csum ? (uint16_t)(link + head.at) : 0;
	p->csum_offset = w->tx_csum ? 16 : 0;
	/*= RFC 9293 3.1 MUST-2: the sender must generate the checksum */
	if (w->tx_csum)
		sum_store_partial(tcp + 16, sum);
	else
		sum_store(tcp + 16, sum);
	w->tcp = link + head.at;
	s->packets_out++;
	return true;
}

/* Where to, and how: HOP_KNOWN, or what is in the way. */
static int
way_find(struct sw_stack *s, sw_ns now, const struct head *h, struct way *w)
{
	const struct iface *f = iface_at(s, h->iface);
	struct sw_addr hop;

	w->h = h;
	w->ethernet = f->conf.link == SW_LINK_ETHERNET;
	w->tx_csum = f->conf.tx_csum;
	if (!w->ethernet)
		return HOP_KNOWN;
	if (route_find(s, &h->remote, &hop) != h->iface)
		hop = h->remote; /* it came in here: the peer must be on the link */
	return neighbour_mac(s, now, h->iface, &hop, w->mac);
}

/* Longest text of a super-segment that the device and the packet take. */
static uint32_t
way_gso(const struct sw_stack *s, const struct way *w)
{
	const struct sw_iface *f = &iface_at(s, w->h->iface)->conf;
	uint32_t link = w->ethernet ? ETHER_HEADER : 0u;
	uint32_t headers = ip_header_size(&w->h->remote) + TCP_HEADER + TCP_OPTIONS_MAX;
	uint32_t most = min_u32(min_u32(f->gso_max, w->p->cap - link), UINT16_MAX);

	return f->tx_csum && most > headers ? most - headers : 0;
}

/* Is the path so narrow that routers must cut what we send? */
static bool
way_is_narrow(const struct sw_stack *s, const struct tcb *t)
{
	return sw_addr_is4(&t->h.remote) &&
	       t->path_mss < conn_path_mss(s, t->h.iface, &t->h.remote) &&
	       t->path_mss <= PATH4_MTU_MIN - IP4_HEADER - TCP_HEADER;
}

/* The packet behind w->p, as that but for its number, control bits and text: of *seg, whose
 * header is as long.  `base` is the sum of the header without these, and of the
 * pseudo-header. */
static void
write_next(struct sw_stack *s, struct way *w, const struct seg *seg, uint32_t base)
{
	const struct sw_packet *before = w->p++;
	uint32_t size = before->len - seg->len;
	struct sw_packet *p = w->p;
	uint8_t *tcp = p->data + w->tcp;
	uint32_t sum;

	memcpy(p->data, before->data, size);
	put_32(tcp + 4, seg->seq.n);
	tcp[13] = seg->ctl;
	sum = sum_add(base, row_differs(tcp));
	write_text(s, w, seg->len, p->data + size, &sum);
	if (!w->tx_csum) /* what a device completes depends on the length alone */
		sum_store(tcp + 16, sum);
	p->len = before->len;
	p->iface = before->iface;
	p->seg_size = before->seg_size;
	p->csum = before->csum;
	p->csum_start = before->csum_start;
	p->csum_offset = before->csum_offset;
	s->packets_out++;
}

/* That sum, of the packet at w->p. */
static uint32_t
write_base(const struct way *w, const struct seg *seg)
{
	uint32_t n = w->p->len - w->tcp;

	return sum_add(ip_pseudo_sum(&w->h->local, &w->h->remote, IP_TCP, n),
		       row_alike(w->p->data + w->tcp, n - seg->len));
}

/* Writes a segment of several as packets of its size, from w->p on: how many. */
static size_t
write_row(struct sw_stack *s, struct way *w, const struct seg *seg)
{
	struct seg piece = *seg;
	uint32_t at = seg->seg_size, base;
	size_t done = 1;

	seg_cut(&piece, 0);
	if (!write_packet(s, w, &piece))
		return 0;
	base = write_base(w, &piece);
	for (; at < seg->len; at += seg->seg_size, done++) {
		piece.seq = seq_add(seg->seq, at);
		if (at + seg->seg_size == seg->len)
			piece.ctl = seg->ctl;
		write_next(s, w, &piece, base);
	}
	return done;
}

/* The block's next packets, at most n; 0: none now, and it is off the list. */
static size_t
emit_block(struct sw_stack *s, uint32_t i, sw_ns now, struct sw_packet *p, size_t n)
{
	struct tcb *t = block_at(s, i);
	struct iface *f = iface_at(s, t->h.iface);
	struct way w = {.p = p};
	struct seg seg;
	uint32_t gso;
	size_t sent = 0;
	bool narrow = way_is_narrow(s, t);
	int hop = way_find(s, now, &t->h, &w);

	if (hop == HOP_WAIT) {
		list_push(&f->waiting, &s->blocks, AT_READY, i);
		t->h.mark |= MARK_WAITS_NEIGHBOUR;
		return 0;
	}
	if (hop == HOP_FAILED)
		tcp_icmp_error(&s->tcp, t, now, t->h.state == SW_SYN_SENT, 0);
	/* the device's MTU may have fallen since */
	if (t->link_mss > conn_path_mss(s, t->h.iface, &t->h.remote))
		tcp_link_told(&s->tcp, t, now, conn_path_mss(s, t->h.iface, &t->h.remote));
	if (t->opening == OPEN_FAST_GIVES)
		fastopen_offer(s, &t->h);
	else if (tcp_fast_wants(t))
		fastopen_try(s, &t->h);
	gso = narrow ? 0 : way_gso(s, &w);
	s->tcp.row = narrow || gso > 0 || (s->conf.without & SW_NO_TRAINS) ? 0 : (uint32_t)n;
	/* a dead hop swallows what is sent: then the timers decide, as for any loss */
	if (tcp_emit(&s->tcp, t, now, gso, &seg) && hop == HOP_KNOWN) {
		seg.may_fragment = narrow && !seg.probe;
		sent = s->tcp.row > 0 && seg.seg_size > 0 ? write_row(s, &w, &seg)
							  : write_packet(s, &w, &seg);
	}
	s->tcp.row = 0;
	s->tcp.fast.on = false;
	conn_settle(s, i, now, NULL);
	return sent;
}

static bool
emit_half(struct sw_stack *s, uint32_t i, sw_ns now, struct sw_packet *p)
{
	struct way w = {.p = p};
	struct head h;
	struct seg seg;
	int hop;

	small_head(s, &half_at(s, i)->k, &h);
	hop = way_find(s, now, &h, &w);

	/* while the hop is asked for, the SYN-ACK counts as lost: it comes again */
	w.h = &h;
	return half_emit(s, i, now, &seg) && hop == HOP_KNOWN && write_packet(s, &w, &seg);
}

/* Packets of the connection whose turn it is on iface, at most n; 0: none has something to
 * say. */
static size_t
emit_next(struct sw_stack *s, int iface, sw_ns now, struct sw_packet *p, size_t n)
{
	struct iface *f = iface_at(s, (uint32_t)iface);
	/* each turn sends or takes one off the lists */
	uint32_t turns = s->blocks.used + s->halves.used, i;
	size_t sent;

	for (; turns > 0; turns--) {
		f->turn = !f->turn;
		if (f->ready_halves.head == NONE && f->ready_blocks.head == NONE)
			return 0;
		if (f->ready_blocks.head == NONE || (f->turn && f->ready_halves.head != NONE)) {
			i = list_pop(&f->ready_halves, &s->halves, AT_HALF);
			if (emit_half(s, i, now, p))
				return 1;
			continue;
		}
		i = list_pop(&f->ready_blocks, &s->blocks, AT_READY);
		sent = emit_block(s, i, now, p, n);
		if (sent > 0)
			return sent;
	}
	return 0;
}

/* Runs what is due, everywhere. */
static void
run_timers(struct sw_stack *s, sw_ns now)
{
	struct reply reply;
	uint32_t i;

	/* each turn disarms one; conn_settle() arms later than now only */
	while ((i = wheel_due(&s->block_wheel, now)) != NONE) {
		memset(&reply, 0, sizeof(reply));
		tcp_expire(&s->tcp, block_at(s, i), now, &reply);
		fastopen_judge(s, block_at(s, i));
		conn_settle(s, i, now, &reply);
	}
	half_expire(s, now);
	time_wait_expire(s, now);
	neighbour_expire(s, now);
	reassembly_expire(s, now);
}

/* What is most worth sending, at most n packets; 0: nothing is. */
static size_t
output_next(struct sw_stack *s, sw_ns now, int iface, struct sw_packet *p, size_t n)
{
	size_t sent;

	if (!reply_emit(s, now, iface, p)) {
		sent = emit_next(s, iface, now, p, n);
		/* asking for a hop may have left a question among the replies */
		if (sent > 0 || !reply_emit(s, now, iface, p))
			return sent;
	}
	s->packets_out++;
	return 1;
}

/* Fills up to n packets with what is most worth sending now on iface. */
size_t
sw_output(struct sw_stack *s, sw_ns now, int iface, struct sw_packet *p, size_t n)
{
	const struct sw_iface *conf;
	uint32_t need;
	size_t room = 0, done = 0, sent = 1;

	now = stack_now(s, now);
	run_timers(s, now);
	if (iface < 0 || (uint32_t)iface >= s->ifaces.high)
		return 0;
	conf = &iface_at(s, (uint32_t)iface)->conf;
	need = conf->mtu + (conf->link == SW_LINK_ETHERNET ? ETHER_HEADER : 0u);
	while (room < n && p[room].cap >= need)
		room++;
	while (sent > 0 && done < room) {
		sent = output_next(s, now, iface, &p[done], room - done);
		done += sent;
	}
	return done;
}

/* Does any interface have something to send at once? */
static bool
output_waits(const struct sw_stack *s)
{
	for (uint32_t i = 0; i < s->ifaces.high; i++) {
		const struct iface *f = iface_at(s, i);

		if (f->ready_blocks.head != NONE || f->ready_halves.head != NONE ||
		    reply_waiting(s, (int)i))
			return true;
	}
	return false;
}

/* When sw_output() must be called next. */
sw_ns
sw_deadline(const struct sw_stack *s)
{
	sw_ns t;

	if (output_waits(s))
		return s->now;
	t = min_ns(wheel_next(&s->block_wheel), wheel_next(&s->half_wheel));
	t = min_ns(t, time_wait_deadline(s));
	t = min_ns(t, neighbour_deadline(s));
	return min_ns(t, reassembly_deadline(s));
}
