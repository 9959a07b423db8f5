/*
 * tlp.c - tail loss probes: when the end of a flight may be lost, nothing comes
 * back that could tell; so one segment more is sent, long before the RTO, and its
 * ACK tells.  A probe that repaired the loss by itself is found out too: the
 * congestion was there.  In a recovery the end is a retransmission, behind which
 * nothing may be sent.
 *
 * It knows the timer and the scoreboard; what the ACK means is RACK's.
 * RFC 8985 7.
 */
#include "tcp/parts.h"

enum { MAX_ACK_DELAY_MS = 60 }; /* TLP.max_ack_delay: most receivers wait 40 or 50 */

/* May a probe be sent now? */
static bool
tlp_allowed(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	if (!rack_on(tcp, t) || (tcp->without & SW_NO_TLP) || c->recs.head == NONE)
		return false;
	if (c->lost > 0 || c->pipe == 0 || t->snd.wnd == 0 || c->phase == CC_LOSS)
		return false;
	/*= RFC 8985 7.2 SHOULD: not when something was SACKed: RACK finds it; but of a
	 * retransmission behind which nothing was sent RACK does not hear */
	if (c->phase == CC_RECOVERY ? c->rack.due != SW_NEVER : c->sacked > 0)
		return false;
	/*= RFC 8985 7.3 MUST: one at a time, and not without a round trip measured since */
	return c->tlp.out == TLP_NONE && !(t->flags & T_PROBED) && t->srtt_us > 0;
}

/*
 * New data went out, or was acknowledged: when the probe's time will come.  It is
 * counted from the last transmission, not from the last ACK, as that is whose ACK is
 * missing; and in round trips of late, so that where a queue grows nothing is probed
 * that only stands in it.
 */
void
tlp_arm(const struct tcp *tcp, struct tcb *t, struct active *c)
{
	sw_ns rtt = (sw_ns)t->srtt_us * SW_US / 8, at;

	if (!tlp_allowed(tcp, t, c)) {
		tlp_disarm(tcp, t, c);
		return;
	}
	if (c->rack.known)
		rtt = max_ns(rtt, c->rack.rtt);
	/*= RFC 8985 7.2 SHOULD: twice SRTT; a lone segment's ACK may be delayed, but not a
	 * FIN's (RFC 9293 3.10.7.4 eighth) */
	at = after_ns(c->last_sent, 2 * rtt + tcp->tick);
	if (flight(t) <= t->mss && !(t->flags & T_FIN_SENT) && c->phase == CC_OPEN)
		at = after_ns(at, MAX_ACK_DELAY_MS * SW_MS);
	at = max_ns(at, after_ns(tcp->now, tcp->tick));
	/*= RFC 8985 7.2: in place of the RTO, if that were earlier */
	retransmit_earlier(t, c, WAIT_PROBE, min_ns(at, c->rto_at));
}

/* What makes a probe needless may have happened. */
void
tlp_disarm(const struct tcp *tcp, struct tcb *t, struct active *c)
{
	if (tlp_allowed(tcp, t, c))
		return;
	c->tlp.due = false;
	if (c->waits == WAIT_PROBE)
		retransmit_earlier(t, c, WAIT_PROBE, SW_NEVER);
}

/* Is there something new that may go? */
bool
tlp_new(const struct tcp *tcp, const struct tcb *t)
{
	uint32_t unsent = snd_unsent(tcp, t);

	if (t->snd.wnd <= flight(t))
		return false;
	/* what the application holds back (SW_MORE) stays back */
	return fin_unsent(t) || (t->flags & T_MORE ? unsent >= t->mss : unsent > 0);
}

/* In a recovery: of what is out, nothing was heard for so long that it goes again, the
 * first of it, as if RACK had found it; it is behind all else then, and its ACK tells. */
static void
tlp_again(struct tcp *tcp, struct tcb *t, struct active *c)
{
	uint32_t i = c->recs.head;

	while (i != NONE && !(rec_at(tcp, i)->flags & R_FLIGHT)) /* bounded: one list */
		i = list_next(&tcp->recs, offsetof(struct rec, in_seq), i);
	if (i == NONE)
		return;
	t->flags |= T_PROBED;
	tcp->loss_probes++;
	board_lose_first(tcp, c, i);
	losses_found(tcp, t, c, 0, true);
	c->force = 1;
}

/* The probe's time has come. */
void
tlp_expire(struct tcp *tcp, struct tcb *t, struct active *c)
{
	uint32_t i = c->recs.tail, text, last;
	const struct rec *r;

	retransmit_arm(tcp, t); /*= RFC 8985 7.3 MUST: then the RTO, sent or not */
	if (!tlp_allowed(tcp, t, c))
		return;
	t->news |= NEWS_OUTPUT;
	if (c->phase == CC_RECOVERY) {
		tlp_again(tcp, t, c);
		return;
	}
	c->tlp.due = true;
	/*= RFC 8985 7.3 SHOULD: something new, else the last segment */
	if (tlp_new(tcp, t))
		return;
	r = rec_at(tcp, i);
	text = r->len - !!(r->flags & R_FIN);
	last = text % r->size ? text % r->size : r->size;
	if (text > last && board_split(tcp, c, i, text - last) == NONE)
		c->tlp.due = false;
}

/* The probe went out. */
void
tlp_sent(struct tcp *tcp, struct tcb *t, struct active *c, bool again)
{
	c->tlp.due = false;
	c->tlp.out = again ? TLP_AGAIN : TLP_NEW;
	c->tlp.end = t->snd.nxt;
	t->flags |= T_PROBED;
	tcp->loss_probes++;
}

/* Is this D-SACK the answer to a probe that was not needed? */
bool
tlp_dsack(const struct active *c, const struct sack *d)
{
	return c->tlp.out == TLP_AGAIN && seq_eq(d->right, c->tlp.end);
}

/* An ACK for what the probe was sent for (RFC 8985 7.4.2).  dup: a duplicate one
 * without SACK; d: its D-SACK, or NULL. */
void
tlp_acked(struct tcp *tcp, struct tcb *t, struct active *c, bool dup, const struct sack *d)
{
	uint8_t out = c->tlp.out;

	if (out == TLP_NONE || seq_lt(t->snd.una, c->tlp.end))
		return;
	if (out == TLP_NEW || dup || (d != NULL && tlp_dsack(c, d))) {
		c->tlp.out = TLP_NONE;
	} else if (seq_lt(c->tlp.end, t->snd.una)) {
		/*= RFC 8985 7.4.2 MUST: no sign that both came: one was lost, and cwnd pays */
		c->tlp.out = TLP_NONE;
		loss_repaired(tcp, t, c);
	}
}

/* The active part goes or comes: what is asked of the next ACKs is one bit then. */
void
tlp_rest(struct tcb *t, const struct active *c)
{
	if (c->tlp.out == TLP_AGAIN)
		t->flags |= T_TAIL;
}

void
tlp_wake(struct tcb *t, struct active *c)
{
	if (!(t->flags & T_TAIL))
		return;
	t->flags &= ~(uint32_t)T_TAIL;
	c->tlp.out = TLP_AGAIN;
	c->tlp.end = t->snd.una;
}
