/*
 * half.c - half-open connections, 80 bytes each.
 *
 * A SYN for a listener costs a record, not a block.  Each segment for it makes
 * the record large, lets tcp decide, and makes it small again or, when the
 * handshake is complete, a block that waits in sw_accept().
 *
 * RFC 9293 3.10.7.2, 3.10.7.4; MUST-11.
 */
#include "net/net.h"

enum { AT_READY = offsetof(struct half, ready) };

/* The record goes back, its tuple is free. */
void
half_free(struct sw_stack *s, uint32_t i)
{
	struct half *h = half_at(s, i);
	struct listener *l = listener_behind(s, h->listener);

	if (h->k.mark & SMALL_IN_TABLE)
		table_remove(&s->table, small_hash(s, &h->k), REF(KIND_HALF, i));
	list_remove(&iface_at(s, (uint32_t)small_iface(s, &h->k))->ready_halves, &s->halves,
		    AT_READY, i);
	wheel_set(&s->half_wheel, i, SW_NEVER);
	if (l != NULL && h->k.state != SW_LISTEN)
		l->halves--;
	small_unset(s, &h->k);
	h->generation++;
	pool_give(&s->halves, i);
}

/* What the segments of the handshake have agreed on. */
static uint8_t
half_options(const struct tcb *t)
{
	return (uint8_t)(((t->flags & T_TS) ? SW_HAS_TS : 0) |
			 ((t->flags & T_SACK) ? SW_HAS_SACK_OK : 0) |
			 ((t->flags & T_WSCALE) ? SW_HAS_WSCALE : 0) |
			 ((t->flags & T_ECN) ? HALF_ECN : 0));
}

static uint32_t
half_flags(const struct tcb *t)
{
	return ((t->flags & T_SEND_SYN) ? HALF_SEND : 0u) |
	       ((t->flags & T_ACK_NOW) ? HALF_ACK : 0u) |
	       (seq_eq(t->snd.nxt, t->snd.iss) ? 0u : HALF_SENT);
}

/* The block, which is in SYN-RECEIVED, made small; on the lists where it belongs. */
static void
half_keep(struct sw_stack *s, uint32_t i, struct tcb *t, sw_ns now)
{
	struct half *h = half_at(s, i);
	struct list *ready = &iface_at(s, (uint32_t)small_iface(s, &h->k))->ready_halves;
	sw_ns due = tcp_deadline(&s->tcp, t);

	tcp_drop(&s->tcp, t); /* a record holds no text */
	h->k.state = t->h.state & 15u;
	h->iss = t->snd.iss;
	h->irs = t->rcv.irs;
	h->ts_recent = t->ts_recent;
	h->snd_wnd = (uint16_t)min_u32(t->snd.wnd, UINT16_MAX);
	h->peer_mss = t->peer_mss;
	h->options = half_options(t);
	h->snd_wscale = t->snd_wscale;
	h->ace = (t->accurate ? HALF_ACE | accecn_syn(t) : 0u) & 15u;
	h->retries = t->retries;
	h->flags = (uint8_t)(half_flags(t) | (h->flags & HALF_GIVES) |
			     (uint32_t)t->rcv_wscale << HALF_WSCALE);
	h->first_us = (uint32_t)(t->heard / SW_US);
	if (h->flags & (HALF_SEND | HALF_ACK))
		list_push(ready, &s->halves, AT_READY, i);
	else
		list_remove(ready, &s->halves, AT_READY, i);
	/* one that could not be sent yet is not kept for ever either */
	if (due == SW_NEVER)
		due = after_ns(now, s->conf.rto_init);
	/* what is due stays due, however many segments come before sw_output() */
	if (due > now || h->timer.deadline > now)
		wheel_set(&s->half_wheel, i, max_ns(due, now + 1));
}

/* The block that the record stands for. */
static void
half_inflate(const struct sw_stack *s, uint32_t i, sw_ns now, struct tcb *t)
{
	const struct half *h = half_at(s, i);
	uint64_t rto = s->conf.rto_init / SW_US << min_u32(h->retries, 12);
	struct tuple tuple;

	small_tuple(s, &h->k, &tuple);
	conn_fresh(s, t, &tuple, small_iface(s, &h->k), h->iss);
	if (listener_behind(s, h->listener) != NULL)
		tcp_adopt((struct tcp *)(uintptr_t)&s->tcp, t,
			  &listener_behind(s, h->listener)->habits);
	t->h.state = h->k.state;
	t->rcv_wscale = h->flags >> HALF_WSCALE & 15u;
	t->flags |= T_PASSIVE;
	t->flags |= (h->options & SW_HAS_TS) ? T_TS : 0u;
	t->flags |= (h->options & SW_HAS_SACK_OK) ? T_SACK : 0u;
	t->flags |= (h->options & SW_HAS_WSCALE) ? T_WSCALE : 0u;
	t->flags |= (h->options & HALF_ECN) ? T_ECN : 0u;
	t->flags |= (h->flags & HALF_SEND) ? T_SEND_SYN : 0u;
	t->flags |= (h->flags & HALF_ACK) ? T_ACK_NOW : 0u;
	t->snd.una = t->snd.wl2 = h->iss;
	t->snd.nxt = seq_add(h->iss, (h->flags & HALF_SENT) ? 1 : 0);
	t->snd.wl1 = t->rcv.irs = h->irs;
	t->rcv.nxt = t->rcv.acked = t->rcv.up = seq_add(h->irs, 1);
	t->snd.wnd = t->snd.wnd_max = h->snd_wnd;
	t->snd_wscale = h->snd_wscale;
	if (h->ace)
		accecn_begin(t, h->ace & 3);
	t->peer_mss = h->peer_mss;
	t->ts_recent = h->ts_recent;
	t->ts_recent_s = (uint32_t)(now / SW_S);
	t->retries = h->retries;
	t->rto_us = (uint32_t)min_ns(rto, s->conf.rto_max / SW_US);
	t->heard = now - (uint32_t)((uint32_t)(now / SW_US) - h->first_us) * SW_US;
	t->retransmit = (h->flags & HALF_SENT) ? h->timer.deadline : SW_NEVER;
	t->listener = h->listener;
	if (!(t->flags & T_WSCALE))
		t->rcv_wscale = 0;
	mss_settle((struct tcp *)(uintptr_t)&s->tcp, t);
}

/* After tcp had its say: small again, gone, or a connection. */
static void
half_settle(struct sw_stack *s, uint32_t i, struct tcb *t, sw_ns now, const struct reply *reply)
{
	uint32_t ref = REF(KIND_HALF, i), b;
	struct tuple tuple;

	if (reply->rst) {
		head_tuple(&t->h, &tuple);
		reply_segment(s, &tuple, t->h.iface, &reply->seg);
	}
	switch (t->h.state) {
	case SW_SYN_RECEIVED:
		half_keep(s, i, t, now);
		return;
	case SW_CLOSED:
	case SW_LISTEN: /*= RFC 9293 3.10.7.4 MUST-11: back to LISTEN: the listener never left */
		tcp_drop(&s->tcp, t);
		half_free(s, i);
		return;
	default:
		break;
	}
	b = conn_from(s, t, ref);
	if (b == NONE) { /* not reached: there was room before */
		tcp_drop(&s->tcp, t);
		half_free(s, i);
		return;
	}
	half_at(s, i)->k.mark &= SMALL_MARK & ~SMALL_IN_TABLE;
	half_free(s, i);
	conn_settle(s, b, now, NULL);
}

/* A record for the tuple of a SYN, in the table. */
uint32_t
half_take(struct sw_stack *s, const struct asked *a, const struct listener *l, uint32_t listener)
{
	uint32_t high = s->halves.high, i = pool_take(&s->halves), generation;
	struct half *h;

	if (i == NONE)
		return NONE;
	h = half_at(s, i);
	generation = i < high ? h->generation : s->generation;
	memset(h, 0, sizeof(*h));
	h->generation = generation;
	if (!small_set(s, &h->k, &a->tuple, a->iface)) {
		pool_give(&s->halves, i);
		return NONE;
	}
	wheel_node_init(&h->timer);
	link_init(&h->ready);
	h->listener = LISTENER_REF(l, listener);
	if (table_add(&s->table, small_hash(s, &h->k), REF(KIND_HALF, i)))
		h->k.mark |= SMALL_IN_TABLE;
	return i;
}

/* The block in LISTEN that a segment of this tuple meets; who keeps it sets its offset of
 * the timestamps. */
void
half_listen(const struct sw_stack *s, uint32_t listener, const struct asked *a, struct tcb *t)
{
	const struct listener *l = listener_at(s, listener);
	seq iss = ident_iss(s, &a->tuple, s->now);
	int way = route_find(s, &a->tuple.remote, NULL);

	/*= RFC 9293 3.6.1 MAY-2: the new ISS lies beyond what the old connection used */
	if (a->after != NULL && !s->iss_forced && seq_off(iss, *a->after) <= (int32_t)UINT16_MAX)
		iss = seq_add(*a->after, UINT16_MAX + 2u);
	conn_blank(s, t, &a->tuple, way >= 0 ? way : a->iface, iss);
	tcp_adopt((struct tcp *)(uintptr_t)&s->tcp, t, &l->habits);
	t->h.state = l->h.state;
	t->flags |= T_PASSIVE;
	t->listener = LISTENER_REF(l, listener);
}

/* A SYN with text: a block keeps it until the handshake is complete (RFC 9293
 * 3.10.7.2 third), while blocks are plenty.  false: it must do without. */
static bool
half_new_block(struct sw_stack *s, struct tcb *t, struct seg *seg)
{
	struct reply reply = {0};
	uint32_t b;

	if (pool_room(&s->blocks) <= s->blocks.cap / 2)
		return false;
	b = conn_from(s, t, NONE);
	if (b == NONE)
		return false;
	tcp_arrives(&s->tcp, block_at(s, b), seg, s->now, &reply);
	conn_settle(s, b, s->now, &reply);
	return true;
}

/* A SYN with a good cookie: a block, which an application has at once. */
static bool
half_new_fast(struct sw_stack *s, struct tcb *t, struct seg *seg, bool gives)
{
	struct reply reply = {0};
	uint32_t b;

	tcp_fast_passive(t, gives);
	share_begin(s, t);
	b = conn_from(s, t, NONE);
	if (b == NONE)
		return false;
	tcp_arrives(&s->tcp, block_at(s, b), seg, s->now, &reply);
	fastopen_opened(s, b);
	conn_settle(s, b, s->now, &reply);
	return true;
}

/* A SYN with text, and the application may have it before the handshake's end, or
 * behind it.  false: it must do without. */
static bool
half_new_large(struct sw_stack *s, struct tcb *t, struct seg *seg, enum fast_answer fast)
{
	bool open = fast == FAST_OPEN || fast == FAST_OPEN_GIVE;
	struct tuple tuple;

	if (!open && (fast != FAST_NOTHING || (seg->len == 0 && !(seg->ctl & SW_FIN))))
		return false;
	head_tuple(&t->h, &tuple);
	t->ts_offset = ident_ts_offset(s, &tuple);
	return open ? half_new_fast(s, t, seg, fast == FAST_OPEN_GIVE) : half_new_block(s, t, seg);
}

/* A SYN that a listener takes. */
void
half_new(struct sw_stack *s, uint32_t listener, const struct asked *a)
{
	struct listener *l = listener_at(s, listener);
	struct seg *seg = a->seg;
	struct reply reply = {0};
	enum fast_answer fast;
	struct tcb t;
	uint32_t i;

	if (l->waiting >= l->backlog) {
		input_drop(s, &a->tuple, seg, SW_V_NO_BACKLOG);
		return;
	}
	if (l->asked_most > 0) {
		asked_new(s, listener, a);
		return;
	}
	if (cookie_needed(s, l, a)) {
		cookie_answer(s, listener, a);
		return;
	}
	fast = fastopen_ask(s, l, a);
	half_listen(s, listener, a, &t);
	if (half_new_large(s, &t, seg, fast))
		return;
	i = half_take(s, &(struct asked){.tuple = a->tuple, .iface = t.h.iface}, l, listener);
	if (i == NONE) {
		input_drop(s, &a->tuple, seg, SW_V_NO_HALF);
		return;
	}
	half_at(s, i)->flags = fast == FAST_GIVE ? HALF_GIVES : 0;
	l->halves++;
	/* text that is not acknowledged comes again */
	seg->len = 0;
	seg->ctl &= (uint8_t)~SW_FIN;
	tcp_arrives(&s->tcp, &t, seg, s->now, &reply);
	half_settle(s, i, &t, s->now, &reply);
}

/* May this segment complete the handshake, and is there no room for what follows? */
static enum sw_verdict
half_no_room(const struct sw_stack *s, const struct half *h, const struct seg *seg)
{
	const struct listener *l = listener_behind(s, h->listener);

	if ((seg->ctl & (SW_ACK | SW_SYN | SW_RST)) != SW_ACK)
		return SW_V_TAKEN;
	if (l != NULL && l->waiting >= l->backlog)
		return SW_V_NO_BACKLOG;
	return pool_room(&s->blocks) == 0 ? SW_V_NO_BLOCK : SW_V_TAKEN;
}

/* A segment for a half-open connection. */
void
half_arrives(struct sw_stack *s, uint32_t i, struct seg *seg, sw_ns now)
{
	struct half *h = half_at(s, i);
	enum sw_verdict v = half_no_room(s, h, seg);
	struct reply reply = {0};
	struct tuple tuple;
	struct tcb t;
	bool owed;

	small_tuple(s, &h->k, &tuple);
	if (listener_behind(s, h->listener) == NULL) {
		half_free(s, i);
		v = tcp_arrives_closed(seg, &reply);
		input_drop(s, &tuple, seg, v);
		if (reply.rst)
			reply_segment(s, &tuple, -1, &reply.seg);
		return;
	}
	if (h->k.state == SW_LISTEN) {
		asked_arrives(s, i, seg);
		return;
	}
	if (v != SW_V_TAKEN) {
		/* dropped without a word: the peer repeats what it wants, the half stays */
		s->blocks.refused += v == SW_V_NO_BLOCK;
		input_drop(s, &tuple, seg, v);
		return;
	}
	half_inflate(s, i, now, &t);
	share_begin(s, &t);
	owed = t.flags & T_ACK_NOW;
	tcp_arrives(&s->tcp, &t, seg, now, &reply);
	if ((t.flags & T_CHALLENGE) && !owed && !small_may_challenge(s, &h->k, now))
		t.flags &= ~(uint32_t)(T_ACK_NOW | T_CHALLENGE);
	half_settle(s, i, &t, now, &reply);
}

/* The SYN-ACK, or an ACK that is owed; false: nothing after all. */
bool
half_emit(struct sw_stack *s, uint32_t i, sw_ns now, struct seg *seg)
{
	struct reply none = {0};
	struct tcb t;
	bool any;

	if (listener_behind(s, half_at(s, i)->listener) == NULL) {
		half_free(s, i);
		return false;
	}
	half_inflate(s, i, now, &t);
	if (half_at(s, i)->flags & HALF_GIVES)
		fastopen_offer(s, &t.h);
	any = tcp_emit(&s->tcp, &t, now, 0, seg);
	s->tcp.fast.on = false;
	half_at(s, i)->flags &= (uint8_t)~HALF_GIVES;
	if (!any)
		t.flags &= ~(uint32_t)(T_SEND_SYN | T_ACK_NOW);
	half_settle(s, i, &t, now, &none);
	return any;
}

/* Sends again what is due, or gives up. */
void
half_expire(struct sw_stack *s, sw_ns now)
{
	struct reply reply;
	struct tcb t;
	uint32_t i;

	/* each turn disarms one or arms it later than now */
	while ((i = wheel_due(&s->half_wheel, now)) != NONE) {
		if (listener_behind(s, half_at(s, i)->listener) == NULL) {
			half_free(s, i);
			continue;
		}
		if (half_at(s, i)->k.state == SW_LISTEN) {
			s->asked_expired++;
			asked_free(s, i);
			continue;
		}
		memset(&reply, 0, sizeof(reply));
		half_inflate(s, i, now, &t);
		t.retransmit = now;
		tcp_expire(&s->tcp, &t, now, &reply);
		half_settle(s, i, &t, now, &reply);
	}
}
