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

/* Was it sent by a probe, or by Startup, that is over? */
static bool
bbr_answered(const struct bbr *b, const struct rec *r)
{
	return (b->mode == DRAIN || b->mode == DOWN || b->mode == CRUISE) && !b->probe_sample &&
	       (int32_t)(r->delivered - (uint32_t)b->probed) < 0;
}

/* A transmission is taken for lost.  HandleLostPacket(), as far as it can be told
 * before the ACK is through: at which flight did losses pass two per cent? */
void
bbr_lost(struct active *c, const struct rec *r)
{
	struct bbr *b = &c->cc.bbr;
	uint32_t lost = c->lost_ever - r->lost, prev = r->in_flight - min_u32(r->len, r->in_flight);
	uint64_t allowed = prev * 2ull, before = (lost - min_u32(r->len, lost)) * 100ull;

	/* what a probe has sent too much is the probe's, and was answered by its end
	 * (inflight_long): lost behind that, it says nothing of the path that we send less
	 * to since (the draft would take three tenths a round for it) */
	if (bbr_answered(b, r))
		return;
	b->pending_bytes += r->len;
	if (b->loss_ranges < 255 && !seq_eq(b->lost_end, r->seq))
		b->loss_ranges++;
	b->lost_end = seq_add(r->seq, r->len);
	if (b->high_pending || (b->loss_pending && lost * 50ull <= r->in_flight))
		return;
	b->loss_pending = true;
	b->high_pending = lost * 50ull > r->in_flight;
	b->high_limited = (r->flags & R_LIMITED) != 0;
	/* InflightAtLoss() */
	b->high_at = prev + (allowed > before ? (uint32_t)((allowed - before) / 98) : 0);
}

/* HandleInflightTooHigh() */
static void
bbr_too_high(const struct tcp *tcp, const struct tcb *t, struct active *c, uint32_t at)
{
	struct bbr *b = &c->cc.bbr;

	b->too_high = true;
	b->probe_sample = false; /* one reaction a probe */
	if (!b->high_limited)
		b->inflight_long = at;
	if (b->mode != UP)
		return;
	b->undo_mode = UP;
	bbr_start_down(tcp, t, c);
}

/* NoteLoss(), HandleLostPacket(): what bbr_lost() has told. */
void
bbr_take_losses(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;
	uint32_t target = min_u32(bbr_bdp(tcp, t, bbr_bw_now(b), 1000), t->cwnd);

	if (!b->loss_pending)
		return;
	if (!b->loss_in_round) {
		b->round_from = b->loss_round_delivered = c->delivered;
		b->round_lost = c->lost_ever - b->pending_bytes;
		bbr_save_state(t, b);
	}
	b->loss_in_round = true;
	/* IsInflightTooHigh(): without SACK any loss is too much */
	if (b->probe_sample && (b->high_pending || !(t->flags & T_SACK)))
		bbr_too_high(tcp, t, c, max_u32(b->high_at, (uint32_t)bbr_beta(target)));
	b->loss_pending = b->high_pending = false;
	b->pending_bytes = 0;
}

/*
 * A mark was echoed, the first in its window.  The draft (3.5) leaves the answer open, but
 * it must be one: a probe ends as by too many losses; else there shall be less in
 * flight, by what CUBIC would yield (RFC 8511), until the next probe.
 */
void
bbr_marked(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;
	uint32_t less = c->pipe / 100 * 85;

	if (!b->begun)
		return;
	if (b->mode == STARTUP) {
		b->full_reached = b->full_now = true;
		b->inflight_long = max_u32(bbr_bdp(tcp, t, bbr_max_bw(b), 1000), less);
	} else if (b->probe_sample) {
		b->high_limited = c->limited_until != 0;
		bbr_too_high(tcp, t, c, c->pipe);
	} else {
		b->inflight_short = min_u32(b->inflight_short, less);
	}
}

/* What is left of n after a round with losses. */
static uint64_t
bbr_less(const struct tcb *t, const struct active *c, uint64_t n)
{
	const struct bbr *b = &c->cc.bbr;
	uint64_t lost = c->lost_ever - b->round_lost, all = c->delivered - b->round_from + lost;

	/* a round that loses X, no more than is borne with or one segment, takes X (5.3.3.6),
	 * not Beta: with that, one loss while we send slower ourselves, in DOWN or about
	 * ProbeRTT, would hold us there until the next probe */
	if (lost > max_ns(all / 50, t->mss))
		return bbr_beta(n);
	return max_ns(n - (n * (lost * 65536 / max_ns(all, 1)) >> 16), bbr_beta(n));
}

/* AdaptLowerBoundsFromCongestion(), once a round. */
static void
bbr_adapt_short_term(const struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;
	bool probing = b->mode == STARTUP || b->mode == REFILL || b->mode == UP;

	if (probing || !b->loss_in_round)
		return;
	if (b->bw_short == UINT64_MAX)
		b->bw_short = bbr_max_bw(b);
	if (b->inflight_short == BOUNDLESS)
		b->inflight_short = t->cwnd;
	/* we pace one per cent below bw: when that is what came, the path has not less */
	b->bw_short =
	    max_ns(min_ns(b->bw_latest / 99 * 100, b->bw_short), bbr_less(t, c, b->bw_short));
	b->inflight_short =
	    max_u32(b->inflight_latest, (uint32_t)bbr_less(t, c, b->inflight_short));
}

/* UpdateLatestDeliverySignals(), UpdateCongestionSignals(); true: a loss round ends. */
bool
bbr_update_signals(const struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;
	bool round = a->bytes > 0 && a->prior_delivered >= b->loss_round_delivered;

	b->rate = a->interval > 0 ? bbr_rate(a) : 0;
	b->bw_latest = max_ns(b->bw_latest, b->rate);
	b->inflight_latest = max_u32(b->inflight_latest, a->delivered);
	b->rounds += a->round;
	b->rounds_since_up += a->round;
	if (b->rate > 0 && (b->rate >= bbr_max_bw(b) || !a->app_limited))
		b->bw[0] = max_ns(b->bw[0], b->rate);
	if (!round)
		return false;
	b->loss_round_delivered = c->delivered;
	bbr_adapt_short_term(t, c);
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
	b->full_reached = b->full_now = true;
	b->inflight_long = max_u32(bbr_bdp(tcp, t, bbr_max_bw(b), 1000), b->inflight_latest);
}
