/*
 * defer.c - deferred accept: a SYN is a question to the application, and nothing is
 * said to the peer before it has an answer.
 *
 * A SYN for a deferred listener waits in a half-open record, in LISTEN, with all that it
 * said but its text.  sw_asked() names the next; sw_answer() makes a block of it, whose
 * name the application has at once, or says no.  How many may wait is the listener's
 * bound, how long a setting; beyond either the SYN is as if it had been lost.  There
 * are no cookies here: a SYN-ACK would be an answer.
 *
 * RFC 9293 3.10.7.2, which leaves the time of the SYN-ACK open; 3.10.7.1; RFC 1122 3.2.2.1.
 */
#include "net/net.h"

enum { AT_READY = offsetof(struct half, ready), AT_NEWS = offsetof(struct listener, event) };

/* Names of questions have this bit beside the index. */
#define ASKED_BIT 0x40000000u

static sw_conn
asked_name(const struct sw_stack *s, uint32_t i)
{
	return (sw_conn)half_at(s, i)->generation << 32 | ASKED_BIT | (i + 1);
}

/* The record of a question; NONE: it is answered, too old, or no such name. */
uint32_t
asked_of(const struct sw_stack *s, sw_conn c)
{
	uint32_t i = ((uint32_t)c & ~ASKED_BIT) - 1;
	const struct half *h;

	if (!((uint32_t)c & ASKED_BIT) || i >= s->halves.high)
		return NONE;
	h = half_at(s, i);
	if (h->generation != c >> 32 || !(h->k.mark & SMALL_USED) || h->k.state != SW_LISTEN)
		return NONE;
	return i;
}

/* What the SYN says, as far as it is needed later. */
static void
asked_keep(struct half *h, const struct seg *seg)
{
	bool ecn = (seg->ctl & (SW_ECE | SW_CWR)) == (SW_ECE | SW_CWR);

	h->irs = seg->seq;
	h->ts_recent = seg->tsval;
	h->snd_wnd = (uint16_t)seg->wnd;
	h->peer_mss = seg->mss;
	h->snd_wscale = seg->wscale & 15u;
	h->ace = (seg->ae ? HALF_ACE | seg->ecn : 0u) & 15u;
	h->options = (uint8_t)((seg->has & ~HALF_ECN) | (ecn ? HALF_ECN : 0));
}

/* The SYN as it came, but for its text. */
static void
asked_syn(const struct half *h, struct seg *seg)
{
	memset(seg, 0, sizeof(*seg));
	seg->ctl = SW_SYN | (h->options & HALF_ECN ? SW_ECE | SW_CWR : 0);
	seg->ae = h->ace != 0;
	seg->ecn = h->ace & 3;
	seg->seq = h->irs;
	seg->wnd = h->snd_wnd;
	seg->has = h->options & (SW_HAS_MSS | SW_HAS_WSCALE | SW_HAS_SACK_OK | SW_HAS_TS);
	seg->mss = h->peer_mss;
	seg->wscale = h->snd_wscale;
	seg->tsval = h->ts_recent;
}

/* A SYN for a listener that wants to be asked. */
void
asked_new(struct sw_stack *s, uint32_t listener, const struct asked *a)
{
	struct listener *l = listener_at(s, listener);
	uint32_t i = l->asked < l->asked_most ? half_take(s, a, l, listener) : NONE;
	struct half *h;

	if (i == NONE) {
		input_drop(s, &a->tuple, a->seg, SW_V_NO_HALF);
		return;
	}
	h = half_at(s, i);
	h->k.state = l->h.state & 15u;
	asked_keep(h, a->seg);
	if (a->after != NULL) {
		h->iss = *a->after;
		h->flags = HALF_SENT; /* by the connection before this one */
	}
	l->asked++;
	list_push(&l->questions, &s->halves, AT_READY, i);
	wheel_set(&s->half_wheel, i, after_ns(s->now, s->conf.defer_time));
	list_push(&s->listener_events, &s->listeners, AT_NEWS, listener);
	input_drop(s, &a->tuple, a->seg, SW_V_ASKED);
}

/* The record goes back. */
void
asked_free(struct sw_stack *s, uint32_t i)
{
	struct listener *l = listener_behind(s, half_at(s, i)->listener);

	if (l != NULL) {
		list_remove(&l->questions, &s->halves, AT_READY, i);
		l->asked--;
	}
	half_free(s, i);
}

/* A segment for a SYN that waits: as in LISTEN; the SYN again is no news, a newer one from
 * the same end takes its place. */
void
asked_arrives(struct sw_stack *s, uint32_t i, const struct seg *seg)
{
	struct half *h = half_at(s, i);
	struct reply reply = {0};
	enum sw_verdict v = tcp_arrives_listen(seg, &reply);
	struct tuple tuple;

	small_tuple(s, &h->k, &tuple);
	if (v == SW_V_SYN_TAKEN) {
		v = seq_eq(seg->seq, h->irs) ? SW_V_DUPLICATE : SW_V_ASKED;
		asked_keep(h, seg);
	}
	input_drop(s, &tuple, seg, v);
	if (reply.rst)
		reply_segment(s, &tuple, small_iface(s, &h->k), &reply.seg);
}

/* The listener is closed: what waits for its word is refused with it. */
void
asked_close(struct sw_stack *s, struct listener *l)
{
	uint32_t i;

	/* those that the application was told of end when it asks, or with their time */
	while ((i = l->questions.head) != NONE) {
		asked_refuse(s, i);
		asked_free(s, i);
	}
}

/* The next SYN that waits. */
int
sw_asked(struct sw_stack *s, sw_ns now, sw_conn listener, sw_conn *asked)
{
	uint32_t l = listener_of(s, listener), i;

	stack_now(s, now);
	if (l == NONE)
		return SW_E_NO_CONN;
	i = list_pop(&listener_at(s, l)->questions, &s->halves, AT_READY);
	if (i == NONE)
		return SW_E_AGAIN;
	if (listener_at(s, l)->questions.head != NONE)
		list_push(&s->listener_events, &s->listeners, AT_NEWS, l);
	*asked = asked_name(s, i);
	return SW_OK;
}

/* A block that has taken the SYN: its SYN-ACK will go.  NONE: there is no room for one. */
static uint32_t
asked_accept(struct sw_stack *s, uint32_t i)
{
	struct half *h = half_at(s, i);
	uint32_t listener = LISTENER_INDEX(h->listener), b;
	struct asked a = {.iface = small_iface(s, &h->k)};
	struct reply reply = {0};
	struct seg syn;
	struct tcb t;

	small_tuple(s, &h->k, &a.tuple);
	if (h->flags & HALF_SENT)
		a.after = &h->iss;
	half_listen(s, listener, &a, &t);
	t.ts_offset = ident_ts_offset(s, &a.tuple);
	share_begin(s, &t);
	t.listener = NONE;
	tcp_owned_passive(&t);
	b = conn_from(s, &t, REF(KIND_HALF, i));
	if (b == NONE)
		return NONE;
	h->k.mark &= SMALL_MARK & ~SMALL_IN_TABLE;
	asked_syn(h, &syn);
	asked_free(s, i);
	tcp_arrives(&s->tcp, block_at(s, b), &syn, s->now, &reply);
	conn_settle(s, b, s->now, &reply);
	return b;
}

/* As if nobody listened: a RST (3.10.7.1). */
void
asked_refuse(struct sw_stack *s, uint32_t i)
{
	struct reply reply = {0};
	struct tuple tuple;
	struct seg syn;

	small_tuple(s, &half_at(s, i)->k, &tuple);
	asked_syn(half_at(s, i), &syn);
	tcp_arrives_closed(&syn, &reply);
	reply_segment(s, &tuple, small_iface(s, &half_at(s, i)->k), &reply.seg);
}

/* As if a router said so. */
static void
asked_unreachable(struct sw_stack *s, uint32_t i)
{
	struct tuple tuple;
	struct seg syn;

	small_tuple(s, &half_at(s, i)->k, &tuple);
	asked_syn(half_at(s, i), &syn);
	icmp_unreachable(s, small_iface(s, &half_at(s, i)->k), &tuple, &syn);
}

/* The word of the application. */
int
sw_answer(struct sw_stack *s, sw_ns now, sw_conn asked, enum sw_answer how, sw_conn *conn)
{
	uint32_t i = asked_of(s, asked), b;

	stack_now(s, now);
	if (i == NONE || listener_behind(s, half_at(s, i)->listener) == NULL)
		return SW_E_NO_CONN;
	switch (how) {
	case SW_ANSWER_ACCEPT:
		if (conn == NULL)
			return SW_E_INVALID;
		b = asked_accept(s, i);
		if (b == NONE)
			return SW_E_NO_MEMORY;
		*conn = conn_name(s, b);
		return SW_OK;
	case SW_ANSWER_REFUSE:
		asked_refuse(s, i);
		break;
	case SW_ANSWER_UNREACHABLE:
		asked_unreachable(s, i);
		break;
	case SW_ANSWER_IGNORE:
		break;
	default:
		return SW_E_INVALID;
	}
	asked_free(s, i);
	return SW_OK;
}
