/*
 * arrives.c - SEGMENT ARRIVES, RFC 9293 3.10.7.  For a synchronized connection
 * eight steps in the RFC's order; each says NEXT or the verdict that ends it.
 * RFC 5961 and 7323 stand where 9293 puts them.
 */
#include "tcp/parts.h"

enum { PAWS_LATE_MS = 100 }; /* what is late is so much late, or twice that */

/* Sequence numbers become distances, once, here at the door. */
void
measure(const struct tcb *t, struct seg *s)
{
	s->off = seq_off(s->seq, t->rcv.nxt);
	s->acked = seq_off(s->ack, t->snd.una);
}

/*= RFC 9293 3.5.2: a RST takes its number from the ACK it answers, or acknowledges */
void
reply_rst(const struct seg *to, struct reply *reply)
{
	reply->rst = true;
	memset(&reply->seg, 0, sizeof(reply->seg));
	if (to->ctl & SW_ACK) {
		reply->seg.seq = to->ack;
		reply->seg.ctl = SW_RST;
	} else {
		reply->seg.ack = seq_add(to->seq, seg_space(to));
		reply->seg.ctl = SW_RST | SW_ACK;
	}
}

/* CLOSED (3.10.7.1): everything but a RST is answered by one. */
enum sw_verdict
tcp_arrives_closed(const struct seg *s, struct reply *reply)
{
	if (s->ctl & SW_RST)
		return SW_V_NOBODY_RST;
	reply_rst(s, reply);
	return SW_V_NOBODY;
}

/*
 * An ACK for something refused.  RFC 5961 7 wants them bounded: the bound is this
 * connection's own, as a shared one tells strangers what others do.
 */
enum sw_verdict
challenge(struct tcp *tcp, struct tcb *t, enum sw_verdict why)
{
	uint32_t ms = now_ms(tcp), every = (uint32_t)(tcp->challenge_every / SW_MS);

	/* not just "before": after 24 idle days the milliseconds have gone round */
	if ((t->flags & T_CHALLENGED) && t->challenge_ms - ms - 1 < every)
		return why;
	t->flags |= T_ACK_NOW | T_CHALLENGE | T_CHALLENGED;
	t->challenge_ms = ms + every;
	t->news |= NEWS_OUTPUT;
	tcp->challenges++;
	return why;
}

/*= RFC 9293 3.10.7.4 first: the four cases of acceptability */
static bool
seq_acceptable(const struct tcb *t, const struct seg *s)
{
	uint32_t space = seg_space(s), wnd = t->rcv.wnd;
	int64_t last = (int64_t)s->off + (int64_t)space - 1;

	if (space == 0)
		return s->off == 0 || (s->off > 0 && (uint32_t)s->off < wnd);
	if (wnd == 0)
		return false;
	return (s->off >= 0 && (uint32_t)s->off < wnd) || (last >= 0 && last < (int64_t)wnd);
}

/*
 * Was it overtaken by a younger one, and not more?  What a retransmission overtakes on
 * its way has the older timestamp, and would be lost by that: so many that a recovery
 * would never end where packets are reordered.  TS.Recent of a moment ago is a bound for
 * them: in so short a time no number comes again.
 */
static bool
paws_late(const struct tcp *tcp, const struct tcb *t, const struct seg *s)
{
	const struct active *c = active_of(tcp, t);

	return c != NULL && s->len > 0 && seq_off(seq_at(s->tsval), seq_at(c->ts_before[0])) >= 0;
}

/*= RFC 7323 5.3: is the timestamp older than one that was taken?  NEXT: no. */
static enum sw_verdict
check_paws(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	uint32_t idle = (uint32_t)(tcp->now / SW_S) - t->ts_recent_s;

	/* a SYN is a peer that has forgotten us: it gets its challenge (RFC 5961 4.2) */
	if (!(t->flags & T_TS) || (s->ctl & (SW_RST | SW_SYN)) || BROKEN(BREAK_NO_PAWS))
		return NEXT;
	if (!(s->has & SW_HAS_TS))
		return SW_V_TS_MISSING; /*= RFC 7323 3.2: dropped silently */
	if (seq_off(seq_at(s->tsval), seq_at(t->ts_recent)) >= 0 || idle >= PAWS_IDLE_S)
		return NEXT;
	if (paws_late(tcp, t, s))
		return NEXT;
	if (seg_space(s) > 0)
		t->flags |= T_ACK_NOW;
	else
		challenge(tcp, t, SW_V_PAWS_OLD);
	return SW_V_PAWS_OLD;
}

/* What is outside the window: an ACK says where it is. */
static enum sw_verdict
seq_refused(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	bool old = s->off < 0 && (int64_t)s->off + seg_space(s) <= 0;

	if (s->ctl & SW_RST)
		return SW_V_RST_OUTSIDE;
	if (s->ctl & SW_SYN)
		return challenge(tcp, t, SW_V_SYN_CHALLENGED);
	/* nothing in it to acknowledge: bounded, or two ends could do this for ever */
	if (seg_space(s) == 0)
		return challenge(tcp, t, SW_V_SEQ_OUTSIDE);
	if (s->off < 0 && s->len > 0)
		dsack_note(tcp, t, s->seq, min_u32(s->len, 0u - (uint32_t)s->off));
	/*= RFC 9293 3.10.7.4 eighth: a FIN again in TIME-WAIT: its ACK was lost */
	if (t->h.state == SW_TIME_WAIT && (s->ctl & SW_FIN) &&
	    seq_eq(seq_add(s->seq, seg_space(s)), t->rcv.nxt))
		time_wait_restart(tcp, t);
	t->flags |= T_ACK_NOW;
	t->news |= NEWS_OUTPUT;
	return old ? SW_V_DUPLICATE : SW_V_SEQ_OUTSIDE;
}

/* A repeated SYN, or the SYN-ACK that meets our own SYN-RECEIVED: the number of
 * its SYN is the one we have, and what else it says counts. */
static enum sw_verdict
syn_again(struct tcb *t, struct seg *s)
{
	if (!(s->ctl & SW_SYN) || !syn_unacked(t) || !seq_eq(s->seq, t->rcv.irs) ||
	    (s->ctl & SW_RST))
		return NEXT;
	if (!(s->ctl & SW_ACK)) {
		t->flags |= T_SEND_SYN; /* our SYN-ACK was lost */
		t->news |= NEWS_OUTPUT;
		return SW_V_DUPLICATE;
	}
	s->ctl &= (uint8_t)~SW_SYN;
	s->seq = seq_add(s->seq, 1);
	s->off = seq_off(s->seq, t->rcv.nxt);
	return NEXT;
}

/* First: is it in the window at all? */
static enum sw_verdict
check_seq(struct tcp *tcp, struct tcb *t, struct seg *s)
{
	enum sw_verdict v = syn_again(t, s);

	if (v == NEXT)
		v = check_paws(tcp, t, s);
	if (v != NEXT)
		return v;
	/*= RFC 5961 3.2: a RST at exactly the next number resets, whatever else it has */
	if ((s->ctl & SW_RST) && s->off == 0)
		return NEXT;
	/*= RFC 9293 3.4 MUST-66: a closed window keeps out text, not ACK, RST and URG */
	if (t->rcv.wnd == 0 && s->off == 0 && seg_space(s) > 0 && !(s->ctl & SW_SYN)) {
		s->len = 0;
		s->ctl &= (uint8_t)~SW_FIN;
		t->flags |= T_ACK_NOW; /*= RFC 9293 3.8.6.1: a probe is answered */
		t->news |= NEWS_OUTPUT;
		return NEXT;
	}
	return seq_acceptable(t, s) ? NEXT : seq_refused(tcp, t, s);
}

/* Second: a RST must be at exactly RCV.NXT (RFC 5961 3.2). */
static enum sw_verdict
check_rst(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	if (!(s->ctl & SW_RST))
		return NEXT;
	if (t->h.state == SW_TIME_WAIT)
		return SW_V_RST_TIME_WAIT; /*= RFC 1337 3: TIME-WAIT is not for strangers to end */
	if (s->off != 0)
		return challenge(tcp, t, SW_V_RST_CHALLENGED);
	if (returns_to_listen(t)) {
		/*= RFC 9293 3.10.7.4 MUST-11: back to LISTEN, the user is not told */
		fsm_go(tcp, t, SW_ON_RCV_RST_PASSIVE);
		handshake_reopen(tcp, t);
		return SW_V_RESET_BY_PEER;
	}
	end(tcp, t, SW_ON_RCV_RST,
	    t->h.state == SW_SYN_RECEIVED && t->opening < OPEN_FAST ? SW_E_REFUSED
	    : t->h.state == SW_CLOSING || t->h.state == SW_LAST_ACK ? SW_OK
								    : SW_E_RESET);
	return SW_V_RESET_BY_PEER;
}

/* Fourth: a SYN on a connection that has its own (RFC 5961 4.2). */
static enum sw_verdict
check_syn(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	if (!(s->ctl & SW_SYN))
		return NEXT;
	if (returns_to_listen(t)) {
		fsm_go(tcp, t, SW_ON_RCV_NEW_SYN);
		handshake_reopen(tcp, t);
		return SW_V_SYN_CHALLENGED;
	}
	return challenge(tcp, t, SW_V_SYN_CHALLENGED);
}

/* SYN-RECEIVED and the ACK that ends the handshake. */
static enum sw_verdict
check_ack_of_syn(struct tcp *tcp, struct tcb *t, const struct seg *s, struct reply *reply)
{
	if (s->acked <= 0 || (uint32_t)s->acked > flight(t)) {
		reply_rst(s, reply); /* and the state stays */
		return SW_V_ACK_UNSENT;
	}
	fsm_go(tcp, t, SW_ON_RCV_ACK_OF_SYN);
	t->late = SW_NEVER;
	return NEXT;
}

/*= RFC 5961 5.2, RFC 9293 MAY-12: (SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT, and never
 * below what was ever sent: before the window has moved only the true ones pass */
static enum sw_verdict
check_ack_range(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	uint32_t back = (uint32_t) - (int64_t)s->acked, sent = seq_from(t->snd.una, t->snd.iss);

	if (s->acked >= 0)
		return (uint32_t)s->acked <= flight(t) ? NEXT : challenge(tcp, t, SW_V_ACK_UNSENT);
	/* a number from before ISS was never ours to acknowledge (ghost ACKs) */
	if (back > t->snd.wnd_max || (!(t->flags & T_FAR) && back >= sent))
		return challenge(tcp, t, SW_V_ACK_ANCIENT);
	return NEXT;
}

/*= RFC 7323 4.3: TS.Recent follows what is at or left of Last.ACK.sent */
static void
take_timestamp(const struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	struct active *c = active_of(tcp, t);

	if (!(t->flags & T_TS) || !(s->has & SW_HAS_TS) || seq_lt(t->rcv.acked, s->seq))
		return;
	if (seq_off(seq_at(s->tsval), seq_at(t->ts_recent)) < 0)
		return;
	if (c != NULL && tcp->now - c->ts_since > PAWS_LATE_MS * SW_MS) {
		c->ts_before[0] = c->ts_before[1];
		c->ts_before[1] = t->ts_recent;
		c->ts_since = tcp->now;
	}
	t->ts_recent = s->tsval;
	t->ts_recent_s = (uint32_t)(tcp->now / SW_S);
}

/* Fifth: the ACK field; moves SND.UNA and SND.WND. */
static enum sw_verdict
check_ack(struct tcp *tcp, struct tcb *t, struct seg *s, struct reply *reply)
{
	bool was_open = t->h.state != SW_SYN_RECEIVED;
	enum sw_verdict v;

	if (!(s->ctl & SW_ACK))
		return SW_V_NO_ACK;
	v = was_open ? check_ack_range(tcp, t, s) : check_ack_of_syn(tcp, t, s, reply);
	if (v != NEXT)
		return v;
	take_timestamp(tcp, t, s);
	if (s->acked >= 0)
		snd_acked(tcp, t, s);
	if (!was_open) {
		t->snd.wl1 = s->seq;
		t->snd.wl2 = s->ack;
		if (t->flags & T_CLOSE) /* called before: RFC 9293 3.10.4 */
			fsm_go(tcp, t, SW_ON_CLOSE);
	}
	if (s->acked >= 0)
		snd_window(tcp, t, s);
	return NEXT;
}

/* Sixth: urgent data is ahead; it stays in the stream (RFC 6093). */
static void
check_urg(struct tcb *t, const struct seg *s)
{
	seq up = seq_add(s->seq, s->up);

	if (!(s->ctl & SW_URG) || t->h.state > SW_FIN_WAIT_2 || s->up == 0)
		return;
	/*= RFC 9293 3.10.7.4: RCV.UP <- max (RCV.UP, SEG.UP); MUST-32: the user is told */
	if ((t->flags & T_URG_RCVD) && seq_leq(up, t->rcv.up))
		return;
	if (seq_leq(up, t->rcv.nxt))
		return;
	t->rcv.up = up;
	t->flags |= T_URG_RCVD;
	t->news |= NEWS_READY;
}

/* The peer is alive. */
static void
heard(const struct tcp *tcp, struct tcb *t)
{
	t->heard = tcp->now;
	t->probes = 0;
}

/* The eight steps of 3.10.7.4; the third, security, is not there: see the exceptions. */
static enum sw_verdict
arrives_synchronized(struct tcp *tcp, struct tcb *t, struct seg *s, struct reply *reply)
{
	enum sw_verdict v = check_seq(tcp, t, s);
	bool opening = t->h.state == SW_SYN_RECEIVED, cookie = opening && t->heard == SW_NEVER;
	bool fin = s->ctl & SW_FIN;

	if (v == NEXT)
		v = check_rst(tcp, t, s);
	if (v == NEXT)
		v = check_syn(tcp, t, s);
	if (v == NEXT)
		v = check_ack(tcp, t, s, reply);
	if (v != NEXT)
		return v;
	heard(tcp, t);
	check_urg(t, s);
	ecn_arrived(t, s);
	if (!fin) /* with a FIN, both are one edge: Figure 5 note 2 */
		take_fin(tcp, t, false);
	if (t->h.state != SW_CLOSED)
		v = take_text(tcp, t, s, reply);
	if (t->h.state != SW_CLOSED && (fin || (s->ctl & SW_FIN)))
		take_fin(tcp, t, s->ctl & SW_FIN);
	if (v != NEXT)
		return v;
	return cookie ? SW_V_COOKIE : opening ? SW_V_OPENED : SW_V_TAKEN;
}

/* By state. */
static enum sw_verdict
arrives_by_state(struct tcp *tcp, struct tcb *t, struct seg *s, struct reply *reply)
{
	switch (t->h.state) {
	case SW_CLOSED:
		return tcp_arrives_closed(s, reply);
	case SW_LISTEN:
		return arrives_listen(tcp, t, s, reply);
	case SW_SYN_SENT:
		return arrives_syn_sent(tcp, t, s, reply);
	case SW_TIME_WAIT:
		if (tcp_time_wait_reusable(tcp, t, s)) {
			end(tcp, t, SW_ON_RCV_NEW_SYN, SW_OK);
			return SW_V_REUSED;
		}
		return arrives_synchronized(tcp, t, s, reply);
	default:
		return arrives_synchronized(tcp, t, s, reply);
	}
}

/* Any segment, any state. */
enum sw_verdict
tcp_arrives(struct tcp *tcp, struct tcb *t, struct seg *s, sw_ns now, struct reply *reply)
{
	struct sw_trace *ev = NULL;
	uint8_t before = t->h.state;
	enum sw_verdict v;

	tcp->now = now;
	reply->rst = false;
	if (tcp->trace.cap > 0) /* the arrival, as it came, stands before what it causes */
		ev = trace_new(tcp, &t->h, now, SW_T_IN);
	if (ev != NULL)
		trace_seg(ev, s, seg_window(t, s));
	measure(t, s);
	v = arrives_by_state(tcp, t, s, reply);
	tcp->verdicts[v]++;
	if (ev != NULL) {
		ev->from = before;
		ev->to = t->h.state;
		ev->verdict = v;
	}
	settle(tcp, t);
	return v;
}

/*
 * What is left of the eight steps for segments in order that say nothing but their text,
 * behind one that acknowledged as much, offered as much and came at this instant: that
 * one's first to sixth steps hold for them, and what they did would change nothing again.
 * So much text at most.
 */
uint32_t
tcp_row(const struct tcp *tcp, const struct tcb *t, const struct seg *s)
{
	const struct active *c = active_of(tcp, t);

	if (c == NULL || c->runs.head != NONE || c->phase != CC_OPEN || t->accurate ||
	    t->h.state != SW_ESTABLISHED || !seq_eq(seq_add(s->seq, s->len), t->rcv.nxt) ||
	    !seq_eq(s->ack, t->snd.una) || seg_window(t, s) != t->snd.wnd ||
	    (t->flags & (T_FIN_KNOWN | T_FIN_RCVD | T_RELEASED | T_BROKEN | T_ECE)))
		return 0;
	return t->rcv.wnd;
}

/* One of them.  Its numbers count when all are there. */
bool
tcp_row_takes(struct tcp *tcp, const struct tcb *t, const struct seg *s, const struct proof *proof)
{
	struct sw_trace *ev;

	if (!text_row(tcp, active_of(tcp, t), s, proof))
		return false;
	tcp->verdicts[SW_V_TAKEN]++;
	ev = trace_new(tcp, &t->h, tcp->now, SW_T_IN);
	if (ev != NULL) {
		trace_seg(ev, s, seg_window(t, s));
		ev->verdict = SW_V_TAKEN;
	}
	return true;
}

/* So much came; the last one was s. */
void
tcp_row_ends(struct tcp *tcp, struct tcb *t, const struct seg *s, uint32_t took)
{
	t->snd.wl1 = s->seq;
	t->snd.wl2 = s->ack;
	heard(tcp, t);
	text_took(tcp, t, active_of(tcp, t), s, took);
	settle(tcp, t);
}
