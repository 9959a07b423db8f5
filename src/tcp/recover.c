/*
 * recover.c - a recovery, from the loss that begins it to the ACK that ends it.
 *
 * It knows which records are lost and what the controller made of that; not how
 * a loss is found (rack.c, board.c, ack.c), nor what is sent (send.c).
 * RFC 5681 3.2, 6582, 6675, 6937, 9937.
 */
#include "tcp/parts.h"

/* Is it PRR that sets cwnd now? */
static bool
prr_on(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	return c->phase == CC_RECOVERY && (t->flags & T_SACK) && !(tcp->without & SW_NO_PRR) &&
	       !cc_sets_cwnd(c);
}

/* bytes: what the ACK that begins the recovery told to have arrived. */
static void
prr_begin(struct tcb *t, struct active *c, uint32_t bytes)
{
	c->prr_delivered = c->prr_out = 0;
	/*= RFC 9937: what had been SACKed before will not be delivered once more */
	c->prr_flight = max_u32(flight(t) - c->sacked + bytes, t->mss);
	t->cwnd = c->pipe;
}

/*
 * An ACK of a recovery tells that `bytes` have arrived: how many may be sent for
 * them, so that cwnd comes down to ssthresh in one round trip, without silence and
 * without bursts.  safe: SND.UNA moved and no further loss was found.
 */
void
prr_acked(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t bytes, bool safe)
{
	uint64_t may;
	uint32_t count, owed;

	if (!prr_on(tcp, t, c))
		return;
	c->prr_delivered += bytes;
	owed = c->prr_delivered - min_u32(c->prr_out, c->prr_delivered);
	if (c->pipe > t->ssthresh) {
		/*= RFC 6937 3: in proportion, as ssthresh is to what was in flight */
		may = (uint64_t)c->prr_delivered * t->ssthresh + c->prr_flight - 1;
		may = may / c->prr_flight;
		count = (uint32_t)(may > c->prr_out ? may - c->prr_out : 0);
	} else {
		/*= RFC 9937: packet conservation; slow start only while nothing is amiss */
		count = max_u32(owed, bytes) + (safe ? t->mss : 0);
		count = min_u32(count, t->ssthresh - c->pipe);
	}
	/*= RFC 9937: the recovery begins with a retransmission; and something must be out */
	if (c->prr_out == 0 || c->pipe == 0)
		count = max_u32(count, t->mss);
	t->cwnd = c->pipe + count;
}

/* A loss without timeout begins a recovery. */
void
recovery_enter(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t news)
{
	undo_begin(t, c);
	c->phase = CC_RECOVERY;
	c->tlp.out = TLP_NONE; /*= RFC 8985 7.1 */
	c->recover = t->snd.nxt; /*= RFC 6675 5 (4.1), 6582 3.2 step 2: HighData */
	c->force = 1; /*= RFC 6675 5 (4.3): the first retransmission goes whatever cwnd */
	cc_loss(tcp, t, c);
	if (prr_on(tcp, t, c))
		prr_begin(t, c, news);
	tcp->recoveries++;
}

/* A loss that nobody saw was repaired by a probe: cwnd comes down as by a recovery. */
void
loss_repaired(struct tcp *tcp, struct tcb *t, struct active *c)
{
	uint32_t half = t->cwnd / 2;

	if (c->phase != CC_OPEN)
		return;
	c->phase = CC_RECOVERY;
	cc_loss(tcp, t, c);
	cc_recovered(tcp, t, c);
	c->phase = CC_OPEN;
	if (!cc_sets_cwnd(c)) /* what is in flight by now was not when it happened */
		t->cwnd = t->ssthresh = max_u32(t->ssthresh, half);
	tcp->recoveries++;
}

/* Losses are marked on the scoreboard. */
void
losses_found(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t news, bool again)
{
	t->news |= NEWS_OUTPUT;
	if (mtu_explains(tcp, t, c))
		return;
	if (c->phase == CC_OPEN) {
		recovery_enter(tcp, t, c, news);
	} else if (c->phase == CC_RECOVERY && again && !prr_on(tcp, t, c)) {
		/*= RFC 8985 9.3 MUST: without PRR a lost retransmission is a second loss */
		c->recover = t->snd.nxt;
		cc_loss(tcp, t, c);
	}
}

/* An ACK moved UNA during a recovery. */
void
recovery_step(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t bytes)
{
	uint32_t segs = bytes / t->mss;

	if (seq_leq(c->recover, t->snd.una)) {
		bool prr = prr_on(tcp, t, c);

		c->dup_acks = 0;
		if (c->phase == CC_RECOVERY)
			cc_recovered(tcp, t, c);
		if (prr)
			t->cwnd = t->ssthresh; /*= RFC 9937: that is where it leads */
		rack_recovered(c);
		c->phase = CC_OPEN;
		return;
	}
	if (c->phase == CC_LOSS || (t->flags & T_SACK) || c->recs.head == NONE)
		return;
	/*= RFC 6582 3.2 step 3: a partial ACK; the next hole is lost too */
	c->dup_acks = (uint16_t)(segs > c->dup_acks ? 0 : c->dup_acks - segs + (segs > 0));
	if (!(rec_at(tcp, c->recs.head)->flags & R_AGAIN)) {
		board_lose_first(tcp, c, c->recs.head);
		c->force = 1;
	}
}
