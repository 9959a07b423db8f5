/*
 * retransmit.c - the retransmission timer (RFC 6298) and what begins and ends a
 * recovery (RFC 5681, 6582, 6675).  What is sent then is send.c's.
 */
#include "tcp/parts.h"

/* FlightSize: sent and not acknowledged, the SYN and FIN not counted as bytes. */
uint32_t
flight(const struct tcb *t)
{
	return seq_from(t->snd.nxt, t->snd.una);
}

/*
 * What is in the network.  With SACK the scoreboard knows.  Without, each
 * duplicate ACK tells of one segment that has left it (RFC 5681 3.2, 3042).
 */
uint32_t
pipe_of(const struct tcb *t, const struct active *c)
{
	/*= RFC 3042 2: before the third duplicate, two segments more */
	uint32_t dups = c->phase == CC_OPEN ? min_u32(c->dup_acks, 2) : c->dup_acks;
	uint64_t left = (uint64_t)t->mss * dups;

	if ((t->flags & T_SACK) || c->phase == CC_LOSS)
		return c->pipe;
	return left < c->pipe ? c->pipe - (uint32_t)left : 0;
}

/*= RFC 6298 2.3: RTO <- SRTT + max (G, 4 x RTTVAR); 2.4, 2.5: bounded */
void
rto_settle(const struct tcp *tcp, struct tcb *t)
{
	uint32_t var = max_u32((uint32_t)(tcp->tick / SW_US), t->rttvar_us);

	if (t->srtt_us == 0)
		return;
	t->rto_us = t->srtt_us / 8 + var;
	t->rto_us = max_u32(t->rto_us, (uint32_t)(tcp->rto_min / SW_US));
	t->rto_us = min_u32(t->rto_us, (uint32_t)(tcp->rto_max / SW_US));
}

/* RFC 6298 2.3: srtt is held times 8, rttvar times 4. */
void
rtt_sample(struct tcp *tcp, struct tcb *t, sw_ns rtt)
{
	uint32_t us = (uint32_t)min_ns(rtt / SW_US, 1u << 27), var;

	t->flags &= ~(uint32_t)T_PROBED;
	us = max_u32(us, 1); /* a round trip below the clock's grain is not none */
	if (t->srtt_us == 0) {
		/*= RFC 6298 2.2: the first sample */
		t->srtt_us = us * 8;
		t->rttvar_us = us * 2;
	} else {
		/*= RFC 6298 2.3: beta 1/4, alpha 1/8, RTTVAR first */
		var = us * 8 > t->srtt_us ? us - t->srtt_us / 8 : t->srtt_us / 8 - us;
		t->rttvar_us = t->rttvar_us - t->rttvar_us / 4 + var;
		t->srtt_us = t->srtt_us - t->srtt_us / 8 + us;
	}
	rto_settle(tcp, t);
}

/*= RFC 6298 5.5, RFC 9293 3.8.2 MUST-19: the RTO doubles each time, up to a bound (2.5) */
void
rto_backoff(const struct tcp *tcp, struct tcb *t)
{
	uint32_t most = (uint32_t)(tcp->rto_max / SW_US);

	t->rto_us = t->rto_us > most / 2 ? most : t->rto_us * 2;
	if (t->retries < UINT8_MAX)
		t->retries++;
}

/* Starts the timer anew: one RTO from now. */
void
retransmit_arm(struct tcp *tcp, struct tcb *t)
{
	struct active *c = active_of(tcp, t);

	t->retransmit = after_ns(tcp->now, (sw_ns)t->rto_us * SW_US);
	if (c == NULL)
		return;
	c->rto_at = t->retransmit;
	c->waits = WAIT_RTO;
}

/*= RFC 8985 8 SHOULD: one timer, and what it is for; the running RTO is kept, so that
 * nothing can put it off.  at SW_NEVER: no more of that kind. */
void
retransmit_earlier(struct tcb *t, struct active *c, enum wait why, sw_ns at)
{
	if (at <= c->rto_at && at != SW_NEVER) {
		c->waits = (uint8_t)why;
		t->retransmit = at;
	} else if (c->waits == why) {
		c->waits = WAIT_RTO;
		t->retransmit = c->rto_at;
	}
}

/* R2, or the handshake's: how long may it go unanswered? */
static sw_ns
patience(const struct tcp *tcp, const struct tcb *t)
{
	/*= RFC 9293 3.8.3 MUST-22, MUST-23: at least 3 minutes for a SYN, unless the
	 * application of an active OPEN said how long */
	if (syn_unacked(t) && (t->user_timeout_s == 0 || (t->flags & T_PASSIVE)))
		return tcp->syn_timeout;
	return t->user_timeout_s ? t->user_timeout_s * SW_S : tcp->user_timeout;
}

/* When the present silence began. */
static sw_ns
silent_since(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);

	if (syn_unacked(t) || c == NULL)
		return t->heard;
	/*= RFC 9293 3.8.6.1 MUST-37: a peer that acknowledges probes is there */
	if (persisting(tcp, t))
		return max_ns(t->heard, c->stalled_since);
	return c->stalled_since;
}

/* Nothing came back: resend the SYN, probe, or take all for lost. */
static void
retransmit_again(struct tcp *tcp, struct tcb *t)
{
	struct active *c = active_of(tcp, t);

	if (syn_unacked(t)) {
		t->flags |= T_SEND_SYN;
		return;
	}
	if (c == NULL)
		return;
	if (persisting(tcp, t)) {
		t->flags |= T_PROBE;
		return;
	}
	if (c->recs.head == NONE)
		return; /* it waited for a record or a buffer: settle() looks again */
	mtu_timeout(tcp, t, c);
	undo_begin(t, c);
	frto_begin(tcp, c, c->phase == CC_OPEN, t->snd.una);
	cc_timeout(tcp, t, c);
	c->phase = CC_LOSS;
	c->recover = t->snd.nxt;
	c->dup_acks = 0;
	c->force = 1;
	c->tlp.out = TLP_NONE; /*= RFC 8985 7.1 */
	c->tlp.due = false;
	/*= RFC 2018 8: of a peer that reneged, what it had SACKed is sent again too */
	if (rack_on(tcp, t) && !board_reneged(tcp, c))
		rack_timeout(tcp, t, c);
	else
		board_lose_all(tcp, c);
	tcp->rtos++;
}

static void
retransmit_trace(struct tcp *tcp, struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	struct sw_trace *ev = trace_new(tcp, &t->h, tcp->now, SW_T_TIMER);

	if (ev == NULL)
		return;
	ev->timer = persisting(tcp, t) ? SW_TIMER_PERSIST : SW_TIMER_REXMIT;
	if (c != NULL && c->waits != WAIT_RTO)
		ev->timer = c->waits == WAIT_PROBE ? SW_TIMER_TAIL : SW_TIMER_REORDER;
}

/* What is earlier than the RTO has fired: no backing off. */
static bool
expire_earlier(struct tcp *tcp, struct tcb *t)
{
	struct active *c = active_of(tcp, t);

	if (c == NULL || c->waits == WAIT_RTO)
		return false;
	if (c->waits == WAIT_PROBE) {
		if (!mtu_claimed(tcp, t, c))
			tlp_expire(tcp, t, c);
		else
			retransmit_arm(tcp, t);
		return true;
	}
	c->waits = WAIT_RTO;
	t->retransmit = c->rto_at;
	rack_expire(tcp, t, c);
	retransmit_earlier(t, c, WAIT_REORDER, c->rack.due);
	return true;
}

/* R1, unless the peer has answered the last probe of its closed window. */
static void
trouble_tell(const struct tcp *tcp, struct tcb *t)
{
	const struct active *c = active_of(tcp, t);

	if (t->retries < tcp->r1 || (t->flags & T_TROUBLE))
		return;
	if (c != NULL && persisting(tcp, t) && t->heard >= c->last_sent)
		return;
	/*= RFC 9293 3.8.3 SHLD-9: tell the application at R1 */
	t->flags |= T_TROUBLE;
	t->news |= NEWS_READY;
}

/* The timer has fired (RFC 6298 5.4 to 5.7, RFC 9293 3.8.3, 3.8.6.1). */
void
retransmit_expire(struct tcp *tcp, struct tcb *t, struct reply *reply)
{
	sw_ns give_up = after_ns(silent_since(tcp, t), patience(tcp, t));
	bool half = syn_unacked(t) && (t->flags & T_PASSIVE);

	retransmit_trace(tcp, t);
	if (expire_earlier(tcp, t))
		return;
	/*= RFC 9293 3.8.3 MUST-20, MUST-21, MUST-22: R2 closes the connection */
	if (tcp->now >= give_up || (half && t->retries >= tcp->syn_ack_tries)) {
		if (!syn_unacked(t))
			reset_fill(t, reply);
		end(tcp, t, SW_ON_USER_TIMEOUT, SW_E_TIMED_OUT);
		return;
	}
	retransmit_again(tcp, t);
	rto_backoff(tcp, t);
	trouble_tell(tcp, t);
	retransmit_arm(tcp, t);
	t->retransmit = min_ns(t->retransmit, max_ns(give_up, tcp->now + 1));
}
