/*
 * send.c - what is most worth sending now.
 *
 * A plan is made from the connection's state, in order of worth: the handshake,
 * what was lost, a probe, new text and the FIN, a keep-alive, an ACK.  Asking
 * whether there is output and making it (emit.c) use the same plan, so they agree.
 * RFC 9293 3.7.4, 3.8.6, 3.10; RFC 5681; RFC 6675 NextSeg.
 */
#include "tcp/plan.h"

/* The place of SND.NXT stands in front of bytes, not behind a chunk's last:
 * before that chunk may go. */
void
nxt_settle(const struct tcp *tcp, struct active *c)
{
	const struct chunk *k;

	if (c->nxt.chunk == NONE)
		return;
	k = pool_at(&tcp->chunks, c->nxt.chunk);
	if (c->nxt.at < k->to || k->next == NONE)
		return;
	c->nxt.chunk = k->next;
	c->nxt.at = ((const struct chunk *)pool_at(&tcp->chunks, k->next))->from;
}

/* Is our SYN on its way, or not yet sent? */
bool
syn_unacked(const struct tcb *t)
{
	return !(t->flags & T_OPENED) && t->h.state != SW_TIME_WAIT;
}

/* Bytes of the queue that never went out. */
uint32_t
snd_unsent(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	uint32_t sent = flight(t);

	if (c == NULL)
		return 0;
	if (syn_unacked(t))
		sent -= sent > 0;
	return c->snd.len - (sent - !!(t->flags & T_FIN_SENT && sent > 0));
}

/* Is a FIN still to be sent? */
bool
fin_unsent(const struct tcb *t)
{
	return (t->flags & T_CLOSE) && !(t->flags & T_FIN_SENT) &&
	       (t->h.state == SW_FIN_WAIT_1 || t->h.state == SW_CLOSING ||
		t->h.state == SW_LAST_ACK);
}

/* May text leave in this state? */
static bool
text_allowed(const struct tcb *t)
{
	switch (t->h.state) {
	case SW_ESTABLISHED:
	case SW_CLOSE_WAIT:
	case SW_FIN_WAIT_1:
	case SW_CLOSING:
	case SW_LAST_ACK:
		return !syn_unacked(t);
	case SW_SYN_RECEIVED: /*= RFC 7413 4.2.2: opened by a cookie, and the SYN-ACK has gone */
		return fast_open(t) && !seq_eq(t->snd.nxt, t->snd.iss);
	default:
		return false;
	}
}

/*= RFC 9293 3.8.6 SHLD-15: from SND.NXT on; 0 when the peer took back what it offered */
static uint32_t
snd_room(const struct tcb *t)
{
	return t->snd.wnd > flight(t) ? t->snd.wnd - flight(t) : 0;
}

/*= RFC 9293 3.8.6 MUST-35: is a closed window all that holds us back?  Then we probe */
bool
persisting(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);

	if (c == NULL || !text_allowed(t))
		return fin_unsent(t) && !syn_unacked(t) && t->snd.wnd == 0;
	if (c->recs.head != NONE)
		return t->snd.wnd == 0;
	return snd_unsent(tcp, t) > 0 || fin_unsent(t);
}

/* The number of a segment without text.  A peer whose window closed has dropped
 * what lies beyond: from there on it would drop our ACKs, and its news with them. */
seq
ack_number(const struct tcb *t)
{
	/* what a scaled window lost by rounding, the peer does take */
	uint32_t edge = t->snd.wnd + (t->snd.wnd ? (1u << t->snd_wscale) - 1 : 0);

	if (syn_unacked(t) || flight(t) <= edge)
		return t->snd.nxt;
	return seq_add(t->snd.una, t->snd.wnd);
}

/* Text bytes that fit in one segment now (SACK blocks take their part). */
uint32_t
seg_text(const struct tcp *tcp, const struct tcb *t)
{
	/*= RFC 9293 3.7.1 MUST-16: options are counted in the size of what is sent */
	return t->mss - sack_space(tcp, t);
}

/* n whole segments at most, of a super-segment when the device takes them. */
static uint32_t
super_text(const struct tcp *tcp, const struct tcb *t, uint32_t one, uint32_t gso)
{
	uint32_t most = min_u32(gso, t->cwnd / 2);

	most = min_u32(most, pace_super(active_of(tcp, t)));
	return most < 2 * one ? one : most - most % one;
}

/* The same of a segment that net makes packets of: exactly as many as would go one by one
 * at this instant. */
static uint32_t
row_text(const struct tcp *tcp, const struct tcb *t, const struct active *c, uint32_t one)
{
	uint32_t n = min_u32(tcp->row, REC_MOST / one);

	/* the room for text changes with what the first one reports, cwnd with the first of a
	 * flight */
	if (n < 2 || one != t->mss || c->pipe == 0 || c->frto == FRTO_NEW ||
	    (t->flags & T_URG_SENT))
		return one;
	return max_u32(min_u32(n, pace_room(tcp, t, c)), 1) * one;
}

/* The byte of a window probe that the peer did not take: now that there is room it
 * does not go alone, the text behind it goes with it (RFC 9293 3.8.6.1, 3.8.6.2). */
static void
plan_more(const struct tcp *tcp, const struct tcb *t, const struct rec *r, struct plan *p)
{
	uint32_t unsent = snd_unsent(tcp, t), one = seg_text(tcp, t), end;

	if (!(r->flags & R_PROBE) || p->fin || p->len != r->len ||
	    !seq_eq(seq_add(r->seq, r->len), t->snd.nxt) || pool_room(&tcp->recs) == 0)
		return;
	end = seq_from(t->snd.nxt, t->snd.una);
	p->more = min_u32(unsent, min_u32(one - min_u32(one, p->len), t->snd.wnd - end));
	p->more_fin = p->more == unsent && fin_unsent(t) && t->snd.wnd - end > p->more;
}

/* What was lost goes first (RFC 6675 NextSeg rule 1; RFC 5681 fast retransmit). */
static bool
plan_again(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t gso, struct plan *p)
{
	uint32_t i = board_next_lost(tcp, c), one, pipe, room, text, below;
	const struct rec *r;

	if (i == NONE)
		return false;
	one = seg_text(tcp, t);
	pipe = pipe_of(t, c);
	r = rec_at(tcp, i);
	below = seq_from(r->seq, t->snd.una);
	/*= RFC 9293 3.8.6 SHLD-16, SHLD-17: what lies beyond a window that shrank waits */
	if (t->snd.wnd <= below)
		return false;
	room = t->cwnd > pipe ? t->cwnd - pipe : 0;
	if (c->force)
		room = max_u32(room, one);
	text = r->len - !!(r->flags & R_FIN);
	p->len = min_u32(min_u32(text, super_text(tcp, t, one, gso)), t->snd.wnd - below);
	if (p->len > room)
		p->len = room - room % one;
	if (p->len == 0 && (text > 0 || room == 0))
		return false;
	p->fin = (r->flags & R_FIN) && p->len == text && t->snd.wnd - below > text;
	if (p->len + p->fin == 0)
		return false;
	p->kind = PLAN_AGAIN;
	p->rec = i;
	plan_more(tcp, t, r, p);
	return true;
}

/* May a last, small piece of n bytes go now? */
static bool
small_allowed(const struct tcp *tcp, const struct tcb *t, uint32_t n, uint32_t unsent)
{
	const struct active *c = active_of(tcp, t);
	bool in_flight = flight(t) > syn_unacked(t);

	/*= RFC 9293 3.8.6.2.1 MUST-38: not smaller than the queue unless half the window */
	if (n < unsent)
		return !in_flight && n >= t->snd.wnd_max / 2 && n > 0;
	if (t->flags & T_CLOSE)
		return true; /* the FIN goes with it: nothing will ever join it */
	if (t->flags & T_MORE)
		return false; /* until the persist timer overrides: MUST-60 */
	/*= RFC 9293 3.7.4 SHLD-7: Nagle: small ones wait until all is acknowledged;
	 * MUST-17: it can be switched off */
	if (!(t->flags & T_NAGLE) || !in_flight || (t->flags & T_URG_SENT))
		return true;
	/*= RFC 9293 A.3: Minshall: the tail behind full segments waits for no ACK */
	return tcp->minshall && !seq_lt(t->snd.una, c->small);
}

/* New text, and the FIN behind the last of it. */
static bool
plan_new(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t gso, struct plan *p)
{
	uint32_t unsent = snd_unsent(tcp, t), wnd = snd_room(t), one, pipe, cwnd, n;
	/*= RFC 3042 2 SHOULD: what left the network makes room before a loss is known, too */
	bool strict = c->phase == CC_OPEN && (tcp->without & SW_NO_LIMITED);

	if (wnd == 0 || (unsent == 0 && !fin_unsent(t)))
		return false;
	one = seg_text(tcp, t);
	pipe = strict ? flight(t) : pipe_of(t, c);
	cwnd = t->cwnd > pipe ? t->cwnd - pipe : 0;
	n = max_u32(super_text(tcp, t, one, gso), row_text(tcp, t, c, one));
	n = min_u32(min_u32(unsent, wnd), n);
	if (ecn_alone(t))
		n = min_u32(n, one); /* said by one segment, not by all of a super-segment */
	if (c->frto == FRTO_NEW) {   /*= RFC 5682 2.1 (2b): two segments, whatever cwnd */
		n = min_u32(n, c->frto_new * one);
		cwnd = max_u32(cwnd, n);
		if (n == 0)
			return false;
	}
	/* the last records are kept for cutting */
	if (pool_room(&tcp->recs) <= tcp->recs.cap / 16)
		return false;
	p->len = mtu_probe(tcp, t, c, cwnd);
	if (p->len > 0) {
		p->kind = PLAN_NEW;
		p->probe = true;
		return true;
	}
	/*= RFC 5681 3.1: never more in the network than cwnd; whole segments */
	if (n > cwnd)
		n = cwnd - cwnd % one;
	if (n >= one)
		n -= n % one; /*= RFC 9293 3.9.1.2 SHLD-28: full segments */
	else if (unsent > 0 && (n == 0 || !small_allowed(tcp, t, n, unsent)))
		return false;
	p->fin = n == unsent && fin_unsent(t) && wnd > n;
	if (n == 0 && !p->fin)
		return false;
	p->kind = PLAN_NEW;
	p->len = n;
	return true;
}

/* A probe of a closed window, or the override of silly-window avoidance. */
static bool
plan_probe(struct tcp *tcp, struct tcb *t, struct active *c, struct plan *p)
{
	uint32_t unsent = snd_unsent(tcp, t);
	const struct rec *r;

	if (c->recs.head != NONE) {
		r = rec_at(tcp, c->recs.head);
		p->kind = PLAN_AGAIN;
		p->rec = c->recs.head;
		p->len = r->len > !!(r->flags & R_FIN);
		p->fin = (r->flags & R_FIN) && r->len == 1;
		return true;
	}
	if (pool_room(&tcp->recs) == 0)
		return false;
	p->kind = PLAN_NEW;
	/*= RFC 9293 3.8.6.1 MUST-36: one byte at least into a window of zero */
	p->len = min_u32(unsent, min_u32(seg_text(tcp, t), max_u32(snd_room(t), 1)));
	p->fin = p->len == unsent && fin_unsent(t) && (p->len == 0 || snd_room(t) > p->len);
	return p->len + p->fin > 0;
}

/* A tail loss probe: whatever cwnd and Nagle say. */
static bool
plan_tail(struct tcp *tcp, struct tcb *t, struct active *c, struct plan *p)
{
	uint32_t unsent = snd_unsent(tcp, t), room = snd_room(t), one = seg_text(tcp, t);
	const struct rec *r = rec_at(tcp, c->recs.tail);

	if (tlp_new(tcp, t) && pool_room(&tcp->recs) > 0) {
		p->kind = PLAN_NEW;
		p->len = min_u32(min_u32(unsent, one), room);
		p->fin = p->len == unsent && fin_unsent(t) && room > p->len;
		return true;
	}
	p->kind = PLAN_AGAIN;
	p->rec = c->recs.tail;
	p->len = min_u32(r->len - !!(r->flags & R_FIN), one);
	p->fin = (r->flags & R_FIN) && p->len + 1 == r->len;
	return p->len + p->fin == r->len &&
	       seq_from(seq_add(r->seq, r->len), t->snd.una) <= t->snd.wnd;
}

/* What is most worth sending; PLAN_NOTHING. */
struct plan
plan_make(struct tcp *tcp, struct tcb *t, uint32_t gso)
{
	struct plan p = {.kind = PLAN_NOTHING, .rec = NONE};
	struct active *c = active_of(tcp, t);

	if (t->h.state == SW_CLOSED || t->h.state == SW_LISTEN)
		return p;
	if (t->flags & T_SEND_SYN) {
		p.kind = syn_held(tcp, t) ? PLAN_NOTHING : PLAN_SYN;
		return p;
	}
	if (t->h.state == SW_SYN_SENT)
		return p;
	if (c == NULL && fin_unsent(t))
		c = active_take(tcp, t);
	if (c != NULL && text_allowed(t)) {
		if ((t->flags & T_PROBE) && plan_probe(tcp, t, c, &p))
			return p;
		c->paced = false;
		if (c->tlp.due && plan_tail(tcp, t, c, &p))
			return p;
		if ((c->frto != FRTO_NEW && plan_again(tcp, t, c, gso, &p)) ||
		    plan_new(tcp, t, c, gso, &p)) {
			/* the first retransmission goes at once, and what F-RTO asks */
			if (pace_open(tcp, c) || (p.kind == PLAN_AGAIN && c->force) ||
			    c->frto == FRTO_NEW)
				return p;
			c->paced = true;
		}
	}
	p = (struct plan){.kind = PLAN_NOTHING, .rec = NONE};
	if (t->flags & T_KEEP_PROBE)
		p.kind = PLAN_KEEP;
	else if (t->flags & T_ACK_NOW)
		p.kind = PLAN_ACK;
	return p;
}

/* Is nothing there to plan with?  What most segments leave behind. */
static bool
plan_is_nothing(const struct tcp *tcp, const struct tcb *t)
{
	struct active *c = active_of(tcp, t);

	if ((t->flags & (T_SEND_SYN | T_PROBE | T_KEEP_PROBE | T_ACK_NOW)) || fin_unsent(t))
		return false;
	if (c == NULL)
		return true;
	if (c->lost > 0 || c->tlp.due || snd_unsent(tcp, t) > 0)
		return false;
	c->paced = false; /* as a plan would find */
	return true;
}

/* Would a plan find something for sure?  An ACK goes whatever else does not; and what is
 * left of the queue, or the FIN, if it fits in one segment and nothing is on its way. */
static bool
plan_is_something(const struct tcp *tcp, const struct tcb *t)
{
	struct active *c = active_of(tcp, t);
	uint32_t unsent;

	if (t->h.state <= SW_SYN_SENT || (t->flags & (T_SEND_SYN | T_PROBE)))
		return false;
	if (!(t->flags & (T_ACK_NOW | T_KEEP_PROBE))) {
		if (c == NULL || !text_allowed(t) || flight(t) > 0 || c->phase != CC_OPEN ||
		    c->lost > 0 || c->tlp.due || c->frto == FRTO_NEW)
			return false;
		unsent = snd_unsent(tcp, t);
		if (max_u32(unsent, 1) > min_u32(t->snd.wnd, min_u32(t->cwnd, seg_text(tcp, t))) ||
		    pool_room(&tcp->recs) <= tcp->recs.cap / 16 || !pace_open(tcp, c) ||
		    (unsent > 0 ? !small_allowed(tcp, t, unsent, unsent) : !fin_unsent(t)))
			return false;
	}
	if (c != NULL)
		c->paced = false; /* as such a plan would find */
	return true;
}

/* Is there anything to send now? */
bool
tcp_has_output(const struct tcp *tcp, const struct tcb *t)
{
	if (plan_is_nothing(tcp, t))
		return false;
	if (plan_is_something(tcp, t))
		return true;
	/* the plan writes only what is a cache: an empty active part, the place of
	 * the next lost record */
	return plan_make((struct tcp *)(uintptr_t)tcp, (struct tcb *)(uintptr_t)t, 0).kind !=
	       PLAN_NOTHING;
}
