/*
 * ack.c - what an acceptable ACK does: SND.UNA and SND.WND move, the scoreboard
 * learns, round-trip time is measured, recovery goes on or ends.
 * RFC 9293 3.10.7.4 fifth, 5681, 6582, 6675, 6298, 7323 4.
 */
#include "tcp/parts.h"

/* SEG.WND in bytes: the window of a SYN is never scaled (RFC 7323 2.2). */
uint32_t
seg_window(const struct tcb *t, const struct seg *s)
{
	return s->ctl & SW_SYN ? s->wnd : s->wnd << t->snd_wscale;
}

/* The peer's window was closed and is open: what was sent into it is a probe
 * that was dropped, and the silence before is not the peer's. */
static void
window_opened(struct tcp *tcp, struct tcb *t)
{
	struct active *c = active_of(tcp, t);

	t->retries = 0;
	rto_settle(tcp, t); /* the backing off was the probes' */
	if (c == NULL || c->recs.head == NONE)
		return;
	c->stalled_since = tcp->now;
	retransmit_arm(tcp, t); /* what ran was the next probe's, minutes away perhaps */
	c->force = 1;
	board_lose_first(tcp, c, c->recs.head);
}

/*= RFC 9293 3.10.7.4: SND.WL1 and SND.WL2 keep an old segment from moving the window */
void
snd_window(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	uint32_t wnd = seg_window(t, s);

	if (seq_lt(s->seq, t->snd.wl1) ||
	    (seq_eq(s->seq, t->snd.wl1) && seq_lt(s->ack, t->snd.wl2)))
		return;
	if (wnd != t->snd.wnd)
		t->news |= NEWS_OUTPUT;
	if (t->snd.wnd == 0 && wnd > 0)
		window_opened(tcp, t);
	t->snd.wnd = wnd; /*= RFC 9293 3.8.6 MUST-34: it may shrink, and that is survived */
	t->snd.wnd_max = max_u32(t->snd.wnd_max, wnd);
	t->snd.wl1 = s->seq;
	t->snd.wl2 = s->ack;
}

/* The block that says what came twice (RFC 2883 4), if the first one does. */
static bool
dsack_of(const struct tcb *t, const struct seg *s, struct sack *d)
{
	uint32_t len;

	if (s->sacks == 0)
		return false;
	*d = s->sack[0];
	len = seq_from(d->right, d->left);
	if (len == 0 || len > 1u << 30 || seq_lt(t->snd.nxt, d->right))
		return false;
	if (seq_leq(d->right, s->ack))
		return true;
	return s->sacks > 1 && seq_leq(s->sack[1].left, d->left) &&
	       seq_leq(d->right, s->sack[1].right);
}

/* Blocks that can be true, lowest first: so a hole in one ACK is no reordering. */
static void
sacks_taken(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s,
	    struct told *told)
{
	struct sack b[SEG_SACKS];
	uint32_t n = 0, k;

	told->selective = true;
	for (uint32_t i = 0; i < s->sacks && i < SEG_SACKS; i++) {
		uint32_t left = seq_from(s->sack[i].left, t->snd.una);
		uint32_t right = seq_from(s->sack[i].right, t->snd.una);

		/* both edges inside (UNA, NXT], in order: anything else is a D-SACK,
		 * old, or a lie, and says nothing */
		if (left == 0 || left >= right || right > flight(t))
			continue;
		for (k = n++; k > 0 && left < seq_from(b[k - 1].left, t->snd.una); k--)
			b[k] = b[k - 1];
		b[k] = s->sack[i];
	}
	for (k = 0; k < n; k++)
		board_sacked(tcp, c, b[k], told);
}

/*= RFC 5681 2: a duplicate ACK covers nothing new, holds no data, SYN or FIN, and
 * moves no window */
bool
is_dup(const struct tcb *t, const struct seg *s)
{
	return s->acked == 0 && s->len == 0 && !(s->ctl & (SW_SYN | SW_FIN)) &&
	       seg_window(t, s) == t->snd.wnd;
}

/* Without SACK: count duplicates, the third begins fast retransmit. */
static void
dup_acks_count(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s)
{
	if (c->recs.head == NONE || !is_dup(t, s)) /* while something is in flight */
		return;
	if (c->dup_acks < UINT16_MAX)
		c->dup_acks++;
	t->news |= NEWS_OUTPUT;
	/*= RFC 6582 3.2 step 2: only when the ACK covers more than recover */
	if (c->phase == CC_OPEN && c->dup_acks == DUP_THRESH && seq_lt(c->recover, t->snd.una)) {
		board_lose_first(tcp, c, c->recs.head);
		losses_found(tcp, t, c, 0, false);
	}
}

/*
 * Round-trip time from an ACK or a SACK of new data: of what was sent last, if that
 * was sent once.  One that covers something sent again later may have waited for just
 * that: then only an echo of the last transmission's timestamp tells, and an older one
 * is a duplicate's, whose ACK was lost before.
 */
static void
ack_rtt(struct tcp *tcp, struct tcb *t, const struct seg *s, const struct told *told)
{
	uint32_t ms;

	/*= RFC 6298 3, RFC 9293 3.8.1 MUST-18: Karn: not from what was sent twice, but for */
	if (told->once > told->again) {
		rtt_sample(tcp, t, since(tcp, told->once));
		if (active_of(tcp, t) != NULL)
			undo_rtt(tcp, t, active_of(tcp, t), since(tcp, told->once));
		return;
	}
	/*= RFC 7323 4.1: the echoed timestamp is of the segment that was acknowledged */
	if (s->acked == 0 || !(t->flags & T_TS) || !(s->has & SW_HAS_TS) || s->tsecr == 0)
		return;
	ms = ts_now(tcp, t) - s->tsecr;
	if (ms <= since(tcp, told->again) / SW_MS + 1) /* one from the future is a lie */
		rtt_sample(tcp, t, ms * SW_MS);
}

/* The SYN's acknowledgment: n numbers are left for text and FIN. */
static uint32_t
syn_acked(struct tcp *tcp, struct tcb *t, const struct seg *s, uint32_t n)
{
	bool again = t->retries > 0;

	t->flags &= ~(uint32_t)T_SEND_SYN;
	handshake_done(tcp, t);
	if (t->heard == SW_NEVER)
		return n - 1; /* opened by a cookie: nobody knows the round trip */
	if (again) {
		/* its last one went when the timer that runs was armed */
		sw_ns last = t->retransmit - min_ns(t->retransmit, (sw_ns)t->rto_us * SW_US);

		/*= RFC 6298 5.7: after a lost SYN, 3 seconds for the data, unless an echo of the
		 * last one tells; what waited longer, waited for the peer's timer */
		t->rto_us = 3000000;
		t->srtt_us = t->rttvar_us = 0; /* of connections before */
		if (since(tcp, last) < 3 * SW_S)
			ack_rtt(tcp, t, s, &(struct told){.again = last});
		return n - 1;
	}
	if (t->srtt_us > 0)
		share_judge(t, tcp->now - t->heard);
	rtt_sample(tcp, t, tcp->now - t->heard);
	return n - 1;
}

/* UNA moves by s->acked > 0: drop from the queue what has arrived.  Bytes of text. */
static uint32_t
una_moves(struct tcp *tcp, struct tcb *t, const struct seg *s, struct told *told)
{
	struct active *c = active_of(tcp, t);
	uint32_t n = (uint32_t)s->acked, bytes;
	bool syn = syn_unacked(t);

	if (syn)
		n = syn_acked(tcp, t, s, n);
	t->snd.una = s->ack;
	if (syn)
		syn_text_acked(tcp, t, n);
	if (seq_from(t->snd.una, t->snd.iss) >= 1u << 30)
		t->flags |= T_FAR;
	t->retries = 0;
	t->flags &= ~(uint32_t)T_TROUBLE;
	t->icmp_type = t->icmp_code = 0;
	if (c == NULL)
		return 0;
	if ((t->flags & T_URG_SENT) && seq_leq(c->up, t->snd.una))
		t->flags &= ~(uint32_t)T_URG_SENT;
	bytes = min_u32(n, c->snd.len); /* one more than these is the FIN's */
	nxt_settle(tcp, c);
	board_acked(tcp, c, t->snd.una, told);
	chain_drop(&c->snd, &tcp->chunks, bytes);
	if (bytes > 0)
		t->news |= NEWS_READY;
	if (c->snd.len == 0)
		c->nxt.chunk = NONE;
	return bytes;
}

/* Then the recovery goes on, or ends. */
static void
una_moved(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t bytes)
{
	if (c->phase != CC_OPEN)
		recovery_step(tcp, t, c, bytes);
	else
		c->dup_acks = 0;
	/* what ended long ago must not seem to lie ahead after 2 GiB */
	if (c->phase == CC_OPEN && seq_lt(c->recover, t->snd.una))
		c->recover = seq_sub(t->snd.una, 1);
}

/* What the blocks tell, and whether what was taken for lost was lost. */
static void
board_learns(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s,
	     struct told *told)
{
	if (t->flags & T_SACK) {
		if (s->sacks > 0)
			sacks_taken(tcp, t, c, s, told);
		if (told->dup && !tlp_dsack(c, &told->dsack))
			rack_dsack(t, c);
		rack_update(tcp, t, c, told);
	}
	undo_acked(tcp, t, c, s, told);
}

/* Does a recovery begin? */
static void
losses_find(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s,
	    const struct told *told)
{
	bool found, again = false;

	if (!(t->flags & T_SACK)) {
		dup_acks_count(tcp, t, c, s);
		return;
	}
	if (rack_on(tcp, t))
		found = rack_losses(tcp, t, c, &again);
	else
		found = c->highest != NONE && board_find_lost(tcp, c, t->mss);
	if (found)
		losses_found(tcp, t, c, told->bytes, again);
	tlp_acked(tcp, t, c, s->sacks == 0 && is_dup(t, s), told->dup ? &told->dsack : NULL);
}

/* What the ACK's measures are taken by. */
static void
told_begin(const struct tcp *tcp, const struct tcb *t, const struct seg *s, struct told *told)
{
	const struct active *c = active_of(tcp, t);

	*told = (struct told){.bytes = 0};
	if ((t->flags & T_TS) && (s->has & SW_HAS_TS) && s->tsecr != 0) {
		told->echoes = true;
		told->echo_ms = s->tsecr - t->ts_offset;
	}
	if (c != NULL)
		told->min_rtt = rack_min_rtt(t, c);
	told->dup = (t->flags & T_SACK) && dsack_of(t, s, &told->dsack);
}

/* What waits for an answer has its timer; the earlier of two. */
static void
ack_timers(struct tcp *tcp, struct tcb *t, struct active *c, bool moved)
{
	/*= RFC 6298 5.2, 5.3: restart for what is left, stop when nothing is */
	if (t->snd.una.n == t->snd.nxt.n) {
		t->retransmit = moved ? SW_NEVER : t->retransmit;
		if (c != NULL)
			c->tlp.due = false; /* it was to be sent, and there is nothing to probe */
		return;
	}
	if (moved)
		retransmit_arm(tcp, t);
	if (c == NULL || t->retransmit == SW_NEVER || !rack_on(tcp, t))
		return;
	retransmit_earlier(t, c, WAIT_REORDER, c->rack.due);
	if ((moved || c->phase == CC_RECOVERY) && c->waits == WAIT_RTO)
		tlp_arm(tcp, t, c);
	else
		tlp_disarm(tcp, t, c);
}

/* SND.UNA =< SEG.ACK =< SND.NXT holds. */
void
snd_acked(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	struct active *c = active_of(tcp, t);
	struct told told;
	struct cc_ack a = {.bytes = 0};
	bool moved = s->acked > 0, syn = syn_unacked(t);
	uint32_t before = syn ? 0 : seq_from(t->snd.una, t->snd.iss);
	uint32_t lost = c != NULL ? c->lost_ever : 0;

	t->news |= NEWS_OUTPUT;
	a.ece = (t->flags & T_ECN) && !t->accurate && (s->ctl & SW_ECE);
	told_begin(tcp, t, s, &told);
	if (c == NULL && is_dup(t, s))
		t->flags &= ~(uint32_t)T_TAIL; /* both came: the probe repaired nothing */
	if (c != NULL) {
		a.phase = c->phase;
		a.flight_before = c->pipe;
		c->full_now |= c->pipe + t->mss > t->cwnd; /* no whole segment more */
		a.limited = cwv_grows(tcp, t, c, flight(t));
		rate_limited(tcp, t, c);
	}
	if (moved)
		a.acked = una_moves(tcp, t, s, &told);
	if (c != NULL) {
		board_learns(tcp, t, c, s, &told);
		if (moved)
			una_moved(tcp, t, c, a.acked);
		losses_find(tcp, t, c, s, &told);
		mtu_acked(tcp, t, c, &told);
	}
	if (t->accurate && (moved || told.bytes > 0)) /* else it may be an old one */
		a.ece = accecn_told(t, s, before);
	if ((moved || told.bytes > 0) && !syn) /* the SYN's sample is syn_acked()'s */
		ack_rtt(tcp, t, s, &told);
	if (c != NULL && told.bytes > 0)
		prr_acked(tcp, t, c, told.bytes, moved && c->lost_ever == lost);
	if (c != NULL && (told.bytes > 0 || c->lost_ever != lost || a.ece)) {
		a.lost = c->lost_ever - lost;
		/*= RFC 3168 6.1.2 SHOULD NOT: cwnd does not grow by an ACK that echoes a mark */
		a.limited &= !a.ece;
		rate_sample(tcp, c, &told, &a);
		cc_acked(tcp, t, c, &a);
		if (a.ece)
			ecn_echoed(tcp, t, c, a.acked);
	}
	ack_timers(tcp, t, c, moved);
}
