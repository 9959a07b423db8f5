/*
 * undo.c - a loss that was none: found out, and cwnd put back.
 *
 * Three witnesses: the echoed timestamp says that the ACK is of the first
 * transmission (Eifel); D-SACKs say that all that was sent again came twice; after
 * a timeout, ACKs come for what was not sent again (F-RTO).  It knows what was
 * before the loss; not how losses are found.
 * RFC 3522, 4015, 3708, 5682.
 */
#include "tcp/parts.h"

enum { FRTO_SEGMENTS = 2 }; /* RFC 5682 2.1 step 2b */

/* A recovery begins: what there will be to go back to.  Before cwnd changes. */
void
undo_begin(struct tcb *t, struct active *c)
{
	/*= RFC 4015 3.1 MUST NOT, RFC 3522 3.2 MUST NOT: not anew within a recovery */
	if (c->phase != CC_OPEN)
		return;
	memset(&c->undo, 0, sizeof(c->undo));
	c->undo.on = c->undo.single = true;
	c->undo.cwnd = t->cwnd;
	c->undo.ssthresh = t->ssthresh;
	c->undo.srtt_us = t->srtt_us;
	c->undo.rttvar_us = t->rttvar_us;
	c->undo.low = c->undo.high = t->snd.una;
}

/* The first n numbers of r go out again. */
void
undo_resent(const struct tcp *tcp, const struct tcb *t, struct active *c, const struct rec *r,
	    uint32_t n)
{
	seq at = r->seq;

	if (c->frto == FRTO_WAIT && seq_eq(at, t->snd.una))
		c->frto_end = seq_add(at, n);
	if (!c->undo.on || c->phase == CC_OPEN)
		return;
	if (!c->undo.sent) {
		c->undo.stamp = ts_now(tcp, t);
		c->undo.low = c->undo.high = at;
	}
	/*= RFC 3708 2 (A.3) MUST: of what was sent thrice a D-SACK says too little */
	if (r->flags & R_AGAIN)
		c->undo.single = false;
	c->undo.stamped |= !c->undo.sent;
	c->undo.sent = true;
	c->undo.bytes += n;
	if (seq_lt(at, c->undo.low))
		c->undo.low = at;
	if (seq_lt(c->undo.high, seq_add(at, n)))
		c->undo.high = seq_add(at, n);
}

/* It was no loss: go on as before.  ece: the ACK that says so echoes congestion. */
static void
loss_undo(struct tcp *tcp, struct tcb *t, struct active *c, bool ece)
{
	board_found(tcp, c); /*= RFC 4015 3.1 (8): go on with new data */
	if (!ece) { /*= RFC 4015 3.4 MUST: else cwnd stays down */
		t->cwnd = max_u32(t->cwnd, c->undo.cwnd);
		t->ssthresh = max_u32(t->ssthresh, c->undo.ssthresh);
		cc_undo(tcp, t, c);
	}
	if (c->phase == CC_LOSS) {
		c->undo.adapt = true;
		c->undo.until = t->snd.nxt;
		rto_settle(tcp, t);
	}
	c->phase = CC_OPEN;
	c->recover = seq_sub(t->snd.una, 1);
	c->dup_acks = 0;
	c->force = 0;
	c->frto = FRTO_NONE;
	c->undo.on = false;
	t->news |= NEWS_OUTPUT;
	tcp->undone++;
}

/*= RFC 3522 3.2: is the first ACK since of a segment that was sent before? */
static bool
undo_by_stamp(const struct tcb *t, struct active *c, const struct seg *s,
	      const struct told *told)
{
	if (!c->undo.on || !c->undo.stamped || s->acked == 0 || !told->echoes)
		return false;
	/* what a recovery before this one sent again may still be on its way, below */
	if (seq_leq(t->snd.una, c->undo.low))
		return false;
	c->undo.stamped = false;
	if ((int32_t)(s->tsecr - c->undo.stamp) >= 0 || told->dup)
		return false;
	/*= RFC 3522 3.2 (5): when all ACKs were lost, the timeout was not for nothing */
	return c->dsack_seen || !seq_eq(t->snd.una, t->snd.nxt);
}

/*= RFC 3708 2: has all that was sent again come twice? */
static bool
undo_by_dsack(struct active *c, const struct seg *s, const struct told *told)
{
	uint32_t len = seq_from(told->dsack.right, told->dsack.left);

	if (!told->dup)
		return false;
	c->dsack_seen = true;
	/*= RFC 3708 2 (A.4) MUST: the network doubles: its D-SACKs tell nothing any more */
	if (c->retransmits == 0)
		c->dsack_vain = true;
	/*= RFC 3708 2 (A.1) MUST: a whole window of ACKs was lost */
	if (c->sacked == 0 && seq_eq(told->dsack.left, seq_sub(s->ack, (uint32_t)s->acked)))
		c->undo.single = false;
	if (!c->undo.on || !c->undo.sent || !c->undo.single || c->dsack_vain)
		return false;
	if (seq_lt(told->dsack.left, c->undo.low) || seq_lt(c->undo.high, told->dsack.right))
		return false;
	c->undo.bytes -= min_u32(c->undo.bytes, len);
	return c->undo.bytes == 0;
}

/* What an ACK says of a loss; after the scoreboard has learnt from it, before the
 * recovery goes on. */
void
undo_acked(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s,
	   const struct told *told)
{
	bool stamp = undo_by_stamp(t, c, s, told), dsack = undo_by_dsack(c, s, told);
	bool spurious = (stamp || dsack) && !(tcp->without & SW_NO_UNDO);

	if (frto_acked(tcp, t, c, s, told))
		spurious = true;
	if (spurious && c->undo.on)
		loss_undo(tcp, t, c, (s->ctl & SW_ECE) != 0);
}

/*= RFC 4015 3.1 (11): the first sample of what was sent since makes the RTO cautious */
void
undo_rtt(const struct tcp *tcp, struct tcb *t, struct active *c, sw_ns rtt)
{
	uint32_t us = (uint32_t)min_ns(rtt / SW_US, 1u << 27);
	uint32_t early = 2 * (uint32_t)(tcp->tick / SW_US);

	if (!c->undo.adapt || seq_leq(t->snd.una, c->undo.until))
		return;
	c->undo.adapt = false;
	t->srtt_us = max_u32(c->undo.srtt_us + early * 8, us * 8);
	t->rttvar_us = max_u32(c->undo.rttvar_us, us * 2);
	rto_settle(tcp, t);
}

/* The RTO fired: only the first segment is sent again until ACKs have told.  first:
 * there was no recovery yet. */
void
frto_begin(const struct tcp *tcp, struct active *c, bool first, seq una)
{
	/*= RFC 5682 2.1 (1), 3.1 (1): not within a recovery, unless it is the same segment */
	bool yes = first || c->frto == FRTO_WAIT;

	c->frto = yes && !(tcp->without & SW_NO_FRTO) ? FRTO_WAIT : FRTO_NONE;
	c->frto_end = una;
	c->frto_new = 0;
}

/* Step 3: an ACK for what was sent before the timeout, and only once? */
static bool
frto_decides(struct tcb *t, struct active *c, const struct told *told, bool dup)
{
	if (told->bytes == 0 && !dup)
		return false;
	c->frto = FRTO_NONE;
	if (told->bytes > 0 && told->once > 0 && seq_leq(told->top, c->recover))
		return true; /*= RFC 5682 2.1 (3b), 3.1 (3b): spurious */
	/*= RFC 5682 2.1 (3a), 3.1 (3a): it was a loss; two round trips have passed */
	t->cwnd = min_u32(t->cwnd, 3u * t->mss);
	return false;
}

/* An ACK after a timeout: was it spurious? */
bool
frto_acked(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s,
	   const struct told *told)
{
	bool dup = is_dup(t, s);

	if (c->frto == FRTO_NONE || c->phase != CC_LOSS)
		return false;
	if (c->frto == FRTO_NEW)
		return frto_decides(t, c, told, dup);
	if (s->acked == 0) {
		/*= RFC 5682 2.1 (2a): without SACK a duplicate says that something is missing */
		if (dup && !(t->flags & T_SACK))
			c->frto = FRTO_NONE;
		return false;
	}
	c->frto = FRTO_NONE;
	if (seq_lt(t->snd.una, c->frto_end) || seq_leq(c->recover, t->snd.una))
		return false;
	/*= RFC 5682 2.1 (2b), 3.1 (2b): two new segments, and wait; without any, no F-RTO */
	if (snd_unsent(tcp, t) == 0 || t->snd.wnd <= flight(t))
		return false;
	c->frto = FRTO_NEW;
	c->frto_new = FRTO_SEGMENTS;
	c->recover = t->snd.nxt;
	return false;
}
