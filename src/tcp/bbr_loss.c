/*
 * bbr_loss.c - what losses say to BBR: a probe went too high, or the path has less
 * than it had.
 *
 * It knows what was in flight when a lost transmission was sent; not how it is
 * repaired, nor what the states do next.  draft-ietf-ccwg-bbr 5.5.10.
 */
#include "tcp/bbr.h"

/* SaveStateUponLoss() */
void
bbr_save_state(const struct tcb *t, struct bbr *b)
{
	bbr_save_cwnd(t, b);
	b->undo_mode = NO_MODE;
	b->undo_bw_short = b->bw_short;
	b->undo_short = b->inflight_short;
	b->undo_long = b->inflight_long;
}

/* A transmission is taken for lost.  HandleLostPacket(), as far as it can be told
 * before the ACK is through: at which flight did losses pass two per cent? */
void
bbr_lost(struct active *c, const struct rec *r)
{
	struct bbr *b = &c->cc.bbr;
	uint32_t lost = c->lost_ever - r->lost, prev = r->in_flight - min_u32(r->len, r->in_flight);
	uint64_t allowed = prev * 2ull, before = (lost - min_u32(r->len, lost)) * 100ull;

	b->loss_pending = true;
	if (b->loss_ranges < 255 && !seq_eq(b->lost_end, r->seq))
		b->loss_ranges++;
	b->lost_end = seq_add(r->seq, r->len);
	if (b->high_pending || lost * 50ull <= r->in_flight)
		return;
	b->high_pending = true;
	b->high_limited = (r->flags & R_LIMITED) != 0;
	/* InflightAtLoss() */
	b->high_at = prev + (allowed > before ? (uint32_t)((allowed - before) / 98) : 0);
}

/* NoteLoss(), HandleInflightTooHigh(): what bbr_lost() has told. */
void
bbr_take_losses(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;
	uint32_t target = min_u32(bbr_bdp(tcp, t, bbr_bw_now(b), 1000), t->cwnd);

	if (!b->loss_pending)
		return;
	if (!b->loss_in_round) {
		b->loss_round_delivered = c->delivered;
		bbr_save_state(t, b);
	}
	b->loss_in_round = true;
	if (b->high_pending && b->probe_sample) {
		b->too_high = true;
		b->probe_sample = false; /* one reaction a probe */
		if (!b->high_limited)
			b->inflight_long = max_u32(b->high_at, (uint32_t)bbr_beta(target));
		if (b->mode == UP) {
			b->undo_mode = UP;
			bbr_start_down(tcp, t, c);
		}
	}
	b->loss_pending = b->high_pending = false;
}

/* AdaptLowerBoundsFromCongestion(), once a round. */
static void
bbr_adapt_short_term(const struct tcb *t, struct bbr *b)
{
	bool probing = b->mode == STARTUP || b->mode == REFILL || b->mode == UP;

	if (probing || !b->loss_in_round)
		return;
	if (b->bw_short == UINT64_MAX)
		b->bw_short = bbr_max_bw(b);
	if (b->inflight_short == BOUNDLESS)
		b->inflight_short = t->cwnd;
	b->bw_short = max_ns(b->bw_latest, bbr_beta(b->bw_short));
	b->inflight_short = max_u32(b->inflight_latest, (uint32_t)bbr_beta(b->inflight_short));
}

/* UpdateLatestDeliverySignals(), UpdateCongestionSignals(); true: a loss round ends. */
bool
bbr_update_signals(const struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;
	bool round = a->bytes > 0 && a->prior_delivered >= b->loss_round_delivered;

	b->rate = 0;
	if (a->interval >= (sw_ns)b->min_rtt * SW_US / 2 && a->interval > 0)
		b->rate = bbr_rate(a);
	b->bw_latest = max_ns(b->bw_latest, b->rate);
	b->inflight_latest = max_u32(b->inflight_latest, a->delivered);
	b->rounds += a->round;
	b->rounds_since_up += a->round;
	if (b->rate > 0 && (b->rate >= bbr_max_bw(b) || !a->app_limited))
		b->bw[0] = max_ns(b->bw[0], b->rate);
	if (!round)
		return false;
	b->loss_round_delivered = c->delivered;
	bbr_adapt_short_term(t, b);
	return true;
}

/* CheckStartupHighLoss(): the pipe is full when a whole round was too lossy. */
void
bbr_check_startup_loss(const struct tcp *tcp, const struct tcb *t, struct active *c,
		       const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;

	if (b->mode != STARTUP || b->full_reached || c->phase != CC_RECOVERY || !b->loss_in_round ||
	    !bbr_loss_too_high(t, a->tx_lost, a->tx_in_flight))
		return;
	if (b->loss_ranges < LOSS_RANGES && (t->flags & T_SACK))
		return;
	b->undo_mode = STARTUP;
	b->full_reached = true;
	b->inflight_long = max_u32(bbr_bdp(tcp, t, bbr_max_bw(b), 1000), b->inflight_latest);
}
