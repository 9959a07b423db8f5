/*
 * recover.c - a recovery, from the loss that begins it to the ACK that ends it.
 *
 * It knows which records are lost and what the controller made of that; not how
 * a loss is found (rack.c, board.c, ack.c), nor what is sent (send.c).
 * RFC 5681 3.2, 6582, 6675.
 */
#include "tcp/parts.h"

/* A loss without timeout begins a recovery. */
void
recovery_enter(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t news)
{
	(void)news;
	c->phase = CC_RECOVERY;
	c->tlp.out = TLP_NONE; /*= RFC 8985 7.1 */
	c->recover = t->snd.nxt; /*= RFC 6675 5 (4.1), 6582 3.2 step 2: HighData */
	c->force = 1; /*= RFC 6675 5 (4.3): the first retransmission goes whatever cwnd */
	cc_loss(tcp, t, c);
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
	if (c->phase == CC_OPEN) {
		recovery_enter(tcp, t, c, news);
	} else if (c->phase == CC_RECOVERY && again) {
		/*= RFC 8985 9.3 MUST: a lost retransmission is a second loss */
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
		c->dup_acks = 0;
		if (c->phase == CC_RECOVERY)
			cc_recovered(tcp, t, c);
		rack_recovered(c);
		c->phase = CC_OPEN;
		return;
	}
	if (c->phase == CC_LOSS || (t->flags & T_SACK) || c->recs.head == NONE)
		return;
	/*= RFC 6582 3.2 step 3: a partial ACK; the next hole is lost too */
	c->dup_acks = (uint16_t)(segs > c->dup_acks ? 0 : c->dup_acks - segs + (segs > 0));
	if (!(rec_at(tcp, c->recs.head)->flags & R_AGAIN)) {
		board_lose(tcp, c, c->recs.head);
		c->force = 1;
	}
}
