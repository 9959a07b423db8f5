/*
 * bbr.c - BBR, version 3: a model of the path from delivery rates and round trips,
 * probed now and then by sending faster, bounded by what losses have shown.
 *
 * The long-term model (max_bw, inflight_long) comes from probing, the short-term one
 * (bw_short, inflight_short) from losses in between.  It knows rate samples, round
 * trips and which transmissions were lost; not how recovery repairs them.
 * draft-ietf-ccwg-bbr; its names, without the prefix.
 */
#include "tcp/bbr.h"

/* Seven tenths. */
uint64_t
bbr_beta(uint64_t n)
{
	return n / 10 * 7 + n % 10 * 7 / 10;
}

static uint32_t
bbr_pacing_gain(const struct bbr *b)
{
	switch (b->mode) {
	case STARTUP:
		return STARTUP_GAIN;
	case DRAIN:
		return 500;
	case DOWN:
		return 900;
	case UP:
		return 1250;
	default:
		return 1000;
	}
}

static uint32_t
bbr_cwnd_gain(const struct bbr *b)
{
	return b->mode == UP ? 2250 : b->mode == PROBE_RTT ? PROBE_RTT_GAIN : 2000;
}

uint64_t
bbr_max_bw(const struct bbr *b)
{
	return max_ns(b->bw[0], b->bw[1]);
}

/* The rate that is thought to be right now. */
uint64_t
bbr_bw_now(const struct bbr *b)
{
	return min_ns(bbr_max_bw(b), b->bw_short);
}

static bool
bbr_in_probe_bw(const struct bbr *b)
{
	return b->mode >= DOWN && b->mode <= UP;
}

/* BDPMultiple() */
uint32_t
bbr_bdp(const struct tcp *tcp, const struct tcb *t, uint64_t bw, uint32_t gain)
{
	const struct bbr *b = &active_of(tcp, t)->cc.bbr;

	return b->min_rtt ? bbr_volume(bw, b->min_rtt, gain) : cc_initial_window(tcp, t);
}

/* QuantizationBudget() */
static uint32_t
bbr_budget(const struct tcb *t, const struct bbr *b, uint32_t inflight)
{
	inflight = max_u32(inflight, 3 * bbr_quantum(t, b->pace));
	inflight = max_u32(inflight, (uint32_t)MIN_PIPE * t->mss);
	return inflight + (b->mode == UP ? 2u * t->mss : 0);
}

/* InflightWithHeadroom(): some of the limit is left to others. */
static uint32_t
bbr_with_headroom(const struct tcb *t, const struct bbr *b)
{
	uint32_t room = max_u32(t->mss, (uint32_t)(b->inflight_long * 15ull / 100));

	if (b->inflight_long == BOUNDLESS)
		return BOUNDLESS;
	return max_u32(b->inflight_long - min_u32(room, b->inflight_long),
		       (uint32_t)MIN_PIPE * t->mss);
}

static void
bbr_set_pace(struct bbr *b, uint32_t gain)
{
	uint64_t pace = bbr_bw_now(b) * gain / 1000 * 99 / 100;

	if (pace > 0 && (b->full_reached || pace > b->pace))
		b->pace = pace;
}

static void
bbr_reset_short_term(struct bbr *b)
{
	b->bw_short = UINT64_MAX;
	b->inflight_short = BOUNDLESS;
}

static void
bbr_reset_full_bw(struct bbr *b, uint64_t bw)
{
	b->full_bw = bw;
	b->full_count = 0;
	b->full_now = false;
}

void
bbr_save_cwnd(const struct tcb *t, struct bbr *b)
{
	if (b->phase_was == CC_OPEN && b->mode != PROBE_RTT)
		b->prior_cwnd = t->cwnd;
	else
		b->prior_cwnd = max_u32(b->prior_cwnd, t->cwnd);
}

/* OnInit() */
static void
bbr_begin(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;

	memset(b, 0, sizeof(*b));
	b->begun = true;
	b->mode = STARTUP;
	b->undo_mode = NO_MODE;
	b->min_rtt = b->probe_rtt_min = b->least_rtt = t->srtt_us / 8;
	b->min_rtt_at = b->probe_rtt_at = b->extra_at = b->cycle_at = tcp->now;
	b->inflight_long = BOUNDLESS;
	b->up_acked_per_inc = BOUNDLESS;
	b->pace = bbr_first_pace(t, STARTUP_GAIN);
	bbr_reset_short_term(b);
}

/* ---- the states of ProbeBW ---------------------------------------------- */

void
bbr_start_down(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;
	uint32_t dice = (uint32_t)(tcp->now / SW_US * 2654435761u) ^ t->snd.iss.n;

	b->loss_in_round = false; /* ResetCongestionSignals() */
	b->bw_latest = 0;
	b->inflight_latest = 0;
	b->up_acked_per_inc = BOUNDLESS;
	/* PickProbeWait(): 2 to 3 s, and a round more or not */
	b->rounds_since_up = dice & 1;
	b->wait = 2 * SW_S + (dice >> 1) % 1000 * SW_MS;
	b->cycle_at = tcp->now;
	b->ack_phase = ACKS_STOPPING;
	c->round_end = c->delivered;
	b->probed = c->delivered;
	b->mode = DOWN;
}

static void
bbr_start_refill(struct active *c)
{
	struct bbr *b = &c->cc.bbr;

	bbr_reset_short_term(b);
	b->up_rounds = 0;
	b->up_acked = 0;
	b->precautionary = false;
	b->ack_phase = ACKS_REFILLING;
	c->round_end = c->delivered;
	b->mode = REFILL;
}

/* RaiseInflightLongtermSlope() */
static void
bbr_raise_slope(const struct tcb *t, struct bbr *b)
{
	b->up_acked_per_inc = max_u32(t->cwnd >> b->up_rounds, t->mss);
	b->up_rounds = (uint8_t)min_u32(b->up_rounds + 1u, 30);
}

static void
bbr_start_up(const struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;

	b->ack_phase = ACKS_STARTING;
	c->round_end = c->delivered;
	bbr_reset_full_bw(b, b->rate);
	b->mode = UP;
	bbr_raise_slope(t, b);
}

/* IsTimeToProbeBW() */
static bool
bbr_time_to_probe(const struct tcp *tcp, const struct tcb *t, const struct bbr *b)
{
	uint32_t target = min_u32(bbr_bdp(tcp, t, bbr_bw_now(b), 1000), t->cwnd) / t->mss;

	return tcp->now > b->cycle_at + b->wait ||
	       b->rounds_since_up >= min_u32(target, RENO_ROUNDS);
}

static bool
bbr_time_to_cruise(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	const struct bbr *b = &c->cc.bbr;

	return c->pipe <= bbr_with_headroom(t, b) &&
	       c->pipe <= bbr_budget(t, b, bbr_bdp(tcp, t, bbr_max_bw(b), 1000));
}

/* C.is_cwnd_limited: did cwnd hold us back in the last round trip? */
static bool
bbr_cwnd_limits(const struct active *c)
{
	return c->full_now || c->full_before;
}

static bool
bbr_time_to_go_down(const struct tcb *t, const struct active *c, struct bbr *b)
{
	if (b->too_high && c->pipe >= b->inflight_long) {
		b->precautionary = true;
		return true;
	}
	if (bbr_cwnd_limits(c) && t->cwnd >= b->inflight_long)
		bbr_reset_full_bw(b, b->rate);
	else if (b->full_now)
		return true;
	return false;
}

/* Is more lost than two per cent of what was in flight? */
bool
bbr_loss_too_high(const struct tcb *t, uint32_t lost, uint32_t inflight)
{
	if (!(t->flags & T_SACK))
		return lost > 0;
	return lost * 50ull > inflight;
}

/* ProbeInflightLongtermUpward() */
static void
bbr_probe_upward(const struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;
	uint32_t n;

	if (!bbr_cwnd_limits(c) || t->cwnd < b->inflight_long)
		return;
	b->up_acked += a->bytes;
	n = b->up_acked / b->up_acked_per_inc;
	b->up_acked -= n * b->up_acked_per_inc;
	b->inflight_long = (uint32_t)min_ns(b->inflight_long + (uint64_t)n * t->mss, BOUNDLESS - 1);
	if (a->round)
		bbr_raise_slope(t, b);
}

/* AdaptLongTermModel(): true: it has decided on a state. */
static bool
bbr_adapt_long_term(const struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;

	if (b->ack_phase == ACKS_STARTING && a->round)
		b->ack_phase = ACKS_FEEDBACK;
	if (b->ack_phase == ACKS_STOPPING && a->round) {
		b->probe_sample = false;
		b->ack_phase = ACKS_INIT;
		if (bbr_in_probe_bw(b) && !a->app_limited && b->bw[0] > 0) {
			b->bw[1] = b->bw[0]; /* AdvanceMaxBwFilter() */
			b->bw[0] = 0;
		}
		if (bbr_in_probe_bw(b) && b->precautionary && !b->too_high) {
			bbr_start_refill(c);
			return true;
		}
	}
	if (bbr_loss_too_high(t, a->tx_lost, a->tx_in_flight) || b->inflight_long == BOUNDLESS)
		return false;
	b->inflight_long = max_u32(b->inflight_long, a->tx_in_flight);
	if (b->mode == UP)
		bbr_probe_upward(t, c, a);
	return false;
}

/* UpdateProbeBWCyclePhase() */
static void
bbr_update_cycle(const struct tcp *tcp, const struct tcb *t, struct active *c,
		 const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;

	if (!b->full_reached || bbr_adapt_long_term(t, c, a))
		return;
	switch (b->mode) {
	case DOWN:
	case CRUISE:
		if (bbr_time_to_probe(tcp, t, b))
			bbr_start_refill(c);
		else if (b->mode == DOWN && bbr_time_to_cruise(tcp, t, c))
			b->mode = CRUISE;
		break;
	case REFILL:
		if (a->round) {
			b->probe_sample = true;
			bbr_start_up(t, c);
		}
		break;
	case UP:
		if (bbr_time_to_go_down(t, c, b)) {
			b->too_high = false;
			bbr_start_down(tcp, t, c);
		}
		break;
	default:
		break;
	}
}

/* ---- the path's model --------------------------------------------------- */

/* UpdateACKAggregation() */
static void
bbr_update_aggregation(const struct tcp *tcp, const struct tcb *t, struct bbr *b,
		       const struct cc_ack *a)
{
	uint32_t us = (uint32_t)min_ns((tcp->now - b->extra_at) / SW_US, NONE);
	uint32_t expected = bbr_volume(bbr_bw_now(b), us, 1000);

	if (b->extra_delivered <= expected || b->extra_delivered > 1u << 29) {
		b->extra_delivered = 0;
		b->extra_at = tcp->now;
		expected = 0;
	}
	b->extra_delivered += a->bytes;
	best_update(&b->extra, b->rounds, b->full_reached ? EXTRA_WINDOW : 1,
		    min_u32(b->extra_delivered - min_u32(expected, b->extra_delivered), t->cwnd));
}

/* CheckFullBWReached() */
static void
bbr_check_full_bw(struct bbr *b, const struct cc_ack *a)
{
	if (b->full_now || !a->round || a->app_limited)
		return;
	if (b->rate >= b->full_bw / 4 * 5) {
		bbr_reset_full_bw(b, b->rate);
		return;
	}
	b->full_now = ++b->full_count >= FULL_ROUNDS;
	b->full_reached |= b->full_now;
}

/* CheckStartupDone(), CheckDrainDone() */
static void
bbr_check_drain(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;

	if (b->mode == STARTUP && b->full_reached) {
		b->mode = DRAIN;
		b->probed = c->delivered;
		b->drain_round = b->rounds;
	}
	if (b->mode == DRAIN &&
	    (c->pipe <= bbr_budget(t, b, bbr_bdp(tcp, t, bbr_bw_now(b), 1000)) ||
	     b->rounds > b->drain_round + 3))
		bbr_start_down(tcp, t, c);
}

/* ---- ProbeRTT ----------------------------------------------------------- */

static uint32_t
bbr_probe_rtt_cwnd(const struct tcp *tcp, const struct tcb *t, const struct bbr *b)
{
	return max_u32(bbr_bdp(tcp, t, bbr_bw_now(b), PROBE_RTT_GAIN), (uint32_t)MIN_PIPE * t->mss);
}

/* CheckProbeRTTDone(), ExitProbeRTT() */
static void
bbr_check_probe_rtt_done(const struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;

	if (b->done_at == 0 || tcp->now <= b->done_at)
		return;
	b->probe_rtt_at = tcp->now;
	t->cwnd = max_u32(t->cwnd, b->prior_cwnd);
	bbr_reset_short_term(b);
	b->mode = STARTUP;
	if (b->full_reached) {
		bbr_start_down(tcp, t, c);
		b->mode = CRUISE;
	}
}

/* HandleProbeRTT() */
static void
bbr_handle_probe_rtt(const struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;

	c->limited_until = max_ns(c->delivered + c->pipe, 1);
	if (b->done_at == 0 && c->pipe <= bbr_probe_rtt_cwnd(tcp, t, b)) {
		b->done_at = tcp->now + PROBE_RTT_FOR;
		b->round_done = false;
		c->round_end = c->delivered;
	} else if (b->done_at != 0) {
		b->round_done |= a->round;
		if (b->round_done)
			bbr_check_probe_rtt_done(tcp, t, c);
	}
}

/* UpdateMinRTT(), CheckProbeRTT() */
static void
bbr_update_min_rtt(const struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;
	bool expired = tcp->now > b->probe_rtt_at + PROBE_RTT_EVERY;
	uint32_t rtt = (uint32_t)min_ns(a->rtt / SW_US + (a->rtt > 0 && a->rtt < SW_US), NONE);

	/* ProbeRTT is there to see the least.  Who sees what is as good as the least ever, with
	 * no queue of anybody's in it, need not stop for that.  (Not in the draft.) */
	if (rtt > 0 && (b->least_rtt == 0 || rtt < b->least_rtt))
		b->least_rtt = rtt;
	if (rtt > 0 && rtt <= b->least_rtt + b->least_rtt / LIKE_LEAST && rtt >= b->probe_rtt_min)
		b->probe_rtt_at = tcp->now;
	if (rtt > 0 && (b->probe_rtt_min == 0 || rtt < b->probe_rtt_min || expired)) {
		b->probe_rtt_min = rtt;
		b->probe_rtt_at = tcp->now;
	}
	if (b->probe_rtt_min > 0 && (b->min_rtt == 0 || b->probe_rtt_min < b->min_rtt ||
				     tcp->now > b->min_rtt_at + MIN_RTT_FOR)) {
		b->min_rtt = b->probe_rtt_min;
		b->min_rtt_at = b->probe_rtt_at;
	}
	if (b->mode != PROBE_RTT && expired && !b->idle) {
		bbr_save_cwnd(t, b);
		b->mode = PROBE_RTT;
		b->done_at = 0;
		b->ack_phase = ACKS_STOPPING;
		c->round_end = c->delivered;
	}
	if (b->mode == PROBE_RTT)
		bbr_handle_probe_rtt(tcp, t, c, a);
	if (a->bytes > 0)
		b->idle = false;
}

/* ---- what comes out ----------------------------------------------------- */

/* SetCwnd(), BoundCwndForProbeRTT(), BoundCwndForModel() */
static void
bbr_set_cwnd(const struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;
	uint32_t least = (uint32_t)MIN_PIPE * t->mss, cap = BOUNDLESS, most;

	most = bbr_budget(
	    t, b, bbr_bdp(tcp, t, bbr_bw_now(b), bbr_cwnd_gain(b)) + (uint32_t)b->extra.value[0]);
	if (b->full_reached)
		t->cwnd = min_u32(t->cwnd + a->bytes, most);
	else if (t->cwnd < most || c->delivered < cc_initial_window(tcp, t))
		t->cwnd += a->bytes;
	t->cwnd = max_u32(t->cwnd, least);
	if (b->mode == PROBE_RTT)
		t->cwnd = min_u32(t->cwnd, bbr_probe_rtt_cwnd(tcp, t, b));
	if (bbr_in_probe_bw(b) && b->mode != CRUISE)
		cap = b->inflight_long;
	else if (b->mode == PROBE_RTT || b->mode == CRUISE)
		cap = bbr_with_headroom(t, b);
	cap = max_u32(min_u32(cap, b->inflight_short), least);
	t->cwnd = min_u32(t->cwnd, cap);
}

/* UpdateOnACK() */
void
bbr_acked(struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr *b = &c->cc.bbr;
	bool loss_round;

	if (!b->begun)
		bbr_begin(tcp, t, c);
	bbr_take_losses(tcp, t, c);
	/* OnEnterRTO(): only now it is known what was left in the network then */
	if (b->phase_was == CC_LOSS && b->timed_out)
		t->cwnd = max_u32(t->cwnd, a->flight_before + t->mss);
	b->timed_out = false;
	if (c->phase == CC_OPEN && b->phase_was != CC_OPEN)
		t->cwnd = max_u32(t->cwnd, b->prior_cwnd);
	loss_round = bbr_update_signals(t, c, a);
	bbr_update_aggregation(tcp, t, b, a);
	bbr_check_full_bw(b, a);
	if (loss_round) {
		bbr_check_startup_loss(tcp, t, c, a);
		b->loss_in_round = false;
		b->loss_ranges = 0;
	}
	bbr_check_drain(tcp, t, c);
	bbr_update_cycle(tcp, t, c, a);
	bbr_update_min_rtt(tcp, t, c, a);
	if (loss_round) {
		b->bw_latest = b->rate;
		b->inflight_latest = a->delivered;
	}
	bbr_set_pace(b, bbr_pacing_gain(b));
	if (a->bytes > 0)
		bbr_set_cwnd(tcp, t, c, a);
	b->phase_was = c->phase;
}

/* OnEnterFastRecovery() */
void
bbr_loss(struct tcp *tcp, struct tcb *t, struct active *c)
{
	if (!c->cc.bbr.begun)
		bbr_begin(tcp, t, c);
	bbr_save_state(t, &c->cc.bbr);
}

/* OnEnterRTO() */
void
bbr_timeout(struct tcp *tcp, struct tcb *t, struct active *c)
{
	bbr_loss(tcp, t, c);
	c->cc.bbr.phase_was = CC_LOSS;
	c->cc.bbr.timed_out = true;
	t->cwnd = t->mss;
}

/* cwnd comes back with the next ACK that finds no recovery. */
void
bbr_recovered(struct tcp *tcp, struct tcb *t, struct active *c)
{
	(void)tcp;
	(void)t;
	(void)c;
}

/* HandleSpuriousLossDetection() */
void
bbr_undo(struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;

	(void)tcp;
	if (!b->begun)
		return;
	t->cwnd = max_u32(t->cwnd, b->prior_cwnd);
	b->loss_in_round = b->loss_pending = b->high_pending = false;
	bbr_reset_full_bw(b, 0);
	b->bw_short = max_ns(b->bw_short, b->undo_bw_short);
	b->inflight_short = max_u32(b->inflight_short, b->undo_short);
	b->inflight_long = max_u32(b->inflight_long, b->undo_long);
	if (b->undo_mode == STARTUP && b->mode != STARTUP) {
		b->full_reached = false;
		b->mode = b->mode == PROBE_RTT ? PROBE_RTT : STARTUP;
	} else if (b->undo_mode == UP && b->mode != UP && b->mode != PROBE_RTT) {
		bbr_start_refill(c);
	}
	b->undo_mode = NO_MODE;
}

/* HandleRestartFromIdle() */
void
bbr_restart(struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct bbr *b = &c->cc.bbr;

	if (!b->begun)
		return;
	b->idle = true;
	b->extra_at = tcp->now;
	b->extra_delivered = 0;
	if (bbr_in_probe_bw(b))
		bbr_set_pace(b, 1000);
	else if (b->mode == PROBE_RTT)
		bbr_check_probe_rtt_done(tcp, t, c);
}

/* Bytes a second. */
uint64_t
bbr_pacing(const struct tcb *t, const struct active *c)
{
	return c->cc.bbr.begun ? c->cc.bbr.pace : bbr_first_pace(t, STARTUP_GAIN);
}
