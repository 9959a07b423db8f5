/*
 * bbr1.c - BBR, version 1: sends at the rate that the path was seen to deliver, with
 * two round trips' worth in flight at most, and does not take loss for congestion.
 *
 * What Linux ships under the name bbr, but for its sampling of policers.  Blind to
 * loss it can take more than its share from others: version 3 is bbr.c.  It knows
 * rate samples and round trips; not segments, nor what recovery does with losses.
 * Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM Queue 14 (2016).
 */
#include "tcp/parts.h"

enum bbr1_mode { V1_STARTUP, V1_DRAIN, V1_PROBE_BW, V1_PROBE_RTT };

enum {			    /* gains in thousandths */
       V1_HIGH_GAIN = 2885, /* 2 / ln 2: doubles the rate each round */
       V1_DRAIN_GAIN = 347, /* its inverse */
       V1_CWND_GAIN = 2000,
       V1_CYCLE = 8,
       V1_MIN_CWND = 4, /* segments */
       V1_FULL_ROUNDS = 3,
       V1_BW_ROUNDS = 10, /* a bandwidth is believed for so long */
       V1_EXTRA_ROUNDS = 5
};

#define V1_MIN_RTT_FOR (10 * SW_S)
#define V1_PROBE_RTT_FOR (200 * SW_MS)

/* Of the phase of PROBE_BW: faster, then slower, then as fast as was seen. */
static uint32_t
cycle_gain(uint8_t phase)
{
	return phase == 0 ? 1250 : phase == 1 ? 750 : 1000;
}

static uint64_t
bbr1_bw(const struct bbr1 *b)
{
	return b->bw.value[0];
}

/* gain thousandths of what is under way when the path is just full. */
static uint32_t
bbr1_bdp(const struct tcp *tcp, const struct tcb *t, const struct bbr1 *b, uint32_t gain)
{
	/* no round trip was measured yet */
	if (b->min_rtt == 0)
		return cc_initial_window(tcp, t);
	return bbr_volume(bbr1_bw(b), b->min_rtt, gain);
}

/* The same with what keeps hosts busy that send and receive in bunches. */
static uint32_t
bbr1_inflight(const struct tcp *tcp, const struct tcb *t, const struct bbr1 *b, uint32_t gain)
{
	uint32_t n = bbr1_bdp(tcp, t, b, gain) + 3 * bbr_quantum(t, b->pace);

	return n + (b->mode == V1_PROBE_BW && b->phase == 0 ? 2u * t->mss : 0);
}

/* How much more than the rate allows was acknowledged of late, in bunches. */
static uint32_t
bbr1_extra(const struct bbr1 *b)
{
	uint64_t most = bbr1_bw(b) / 10; /* 100 ms */
	uint32_t extra = max_u32(b->extra[0], b->extra[1]);

	return b->full ? (uint32_t)min_ns(extra, most) : 0;
}

static uint32_t
bbr1_gain(const struct bbr1 *b)
{
	switch (b->mode) {
	case V1_STARTUP:
		return V1_HIGH_GAIN;
	case V1_DRAIN:
		return V1_DRAIN_GAIN;
	case V1_PROBE_BW:
		return cycle_gain(b->phase);
	default:
		return 1000;
	}
}

static void
bbr1_pace(struct bbr1 *b, uint32_t gain)
{
	/* one per cent less, so that a queue goes away by itself */
	uint64_t pace = bbr1_bw(b) * gain / 1000 * 99 / 100;

	if (pace > 0 && (b->full || pace > b->pace))
		b->pace = pace;
}

/* V1_PROBE_BW begins in a random phase, but not the slow one. */
static void
bbr1_probe_bw(const struct tcp *tcp, const struct tcb *t, struct bbr1 *b)
{
	b->mode = V1_PROBE_BW;
	b->phase = (uint8_t)((2 + (tcp->now / SW_US + t->snd.iss.n) % (V1_CYCLE - 1)) % V1_CYCLE);
	b->phase_at = tcp->now;
}

static void
bbr1_begin(const struct tcp *tcp, const struct tcb *t, struct bbr1 *b)
{
	memset(b, 0, sizeof(*b));
	b->begun = true;
	b->mode = V1_STARTUP;
	b->min_rtt = t->srtt_us / 8;
	b->min_rtt_at = b->phase_at = b->ack_at = tcp->now;
	b->pace = bbr_first_pace(t, V1_HIGH_GAIN);
}

/* A new maximum of the delivery rate? */
static void
bbr1_update_bw(struct bbr1 *b, const struct cc_ack *a)
{
	uint64_t bw;

	b->rounds += a->round;
	if (a->interval == 0)
		return;
	bw = bbr_rate(a);
	/* one that the application limited says only that there is at least so much */
	if (!a->app_limited || bw >= bbr1_bw(b))
		best_update(&b->bw, b->rounds, V1_BW_ROUNDS, bw);
}

/* ACKs that come in bunches: how much beyond the rate? */
static void
bbr1_aggregation(const struct tcp *tcp, const struct tcb *t, struct bbr1 *b, const struct cc_ack *a)
{
	uint64_t expected =
	    bbr_volume(bbr1_bw(b), (uint32_t)min_ns((tcp->now - b->ack_at) / SW_US, NONE), 1000);
	uint32_t extra;

	if (a->round && ++b->extra_rounds >= V1_EXTRA_ROUNDS) {
		b->extra_rounds = 0;
		b->extra_now = !b->extra_now;
		b->extra[b->extra_now] = 0;
	}
	if (b->acked <= expected || b->acked > 1u << 29) {
		b->acked = 0;
		b->ack_at = tcp->now;
		expected = 0;
	}
	b->acked += a->bytes;
	extra = (uint32_t)min_ns(b->acked - min_ns(expected, b->acked), t->cwnd);
	b->extra[b->extra_now] = max_u32(b->extra[b->extra_now], extra);
}

/* Is the present phase of PROBE_BW over? */
static bool
bbr1_phase_over(const struct tcp *tcp, const struct tcb *t, const struct bbr1 *b,
		const struct cc_ack *a)
{
	bool full = tcp->now - b->phase_at > (sw_ns)b->min_rtt * SW_US;

	if (b->phase == 0) /* until it has had its effect: that much is in flight, or lost */
		return full && (a->lost > 0 || a->flight_before >= bbr1_inflight(tcp, t, b, 1250));
	if (b->phase == 1)
		return full || a->flight_before <= bbr1_inflight(tcp, t, b, 1000);
	return full;
}

/* Three rounds in which the rate grew by less than a quarter: the pipe is full. */
static void
bbr1_check_full(struct bbr1 *b, const struct cc_ack *a)
{
	if (b->full || !a->round || a->app_limited)
		return;
	if (bbr1_bw(b) >= b->full_bw / 4 * 5) {
		b->full_bw = bbr1_bw(b);
		b->full_count = 0;
		return;
	}
	b->full = ++b->full_count >= V1_FULL_ROUNDS;
}

static void
bbr1_check_state(const struct tcp *tcp, const struct tcb *t, struct active *c,
		 const struct cc_ack *a)
{
	struct bbr1 *b = &c->cc.bbr1;

	if (b->mode == V1_PROBE_BW && bbr1_phase_over(tcp, t, b, a)) {
		b->phase = (uint8_t)((b->phase + 1) % V1_CYCLE);
		b->phase_at = tcp->now;
	}
	bbr1_check_full(b, a);
	if (b->mode == V1_STARTUP && b->full)
		b->mode = V1_DRAIN;
	if (b->mode == V1_DRAIN && c->pipe <= bbr1_inflight(tcp, t, b, 1000))
		bbr1_probe_bw(tcp, t, b);
}

/* V1_PROBE_RTT has lasted long enough: back to what was. */
static void
bbr1_probe_rtt_done(const struct tcp *tcp, struct tcb *t, struct bbr1 *b)
{
	if (b->done_at == 0 || tcp->now <= b->done_at)
		return;
	b->min_rtt_at = tcp->now;
	t->cwnd = max_u32(t->cwnd, b->prior_cwnd);
	if (b->full)
		bbr1_probe_bw(tcp, t, b);
	else
		b->mode = V1_STARTUP;
}

/* Four segments in flight for 200 ms and a round trip: no queue of ours stands. */
static void
bbr1_probe_rtt(const struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr1 *b = &c->cc.bbr1;

	c->limited_until = max_ns(c->delivered + c->pipe, 1);
	if (b->done_at == 0 && c->pipe <= (uint32_t)V1_MIN_CWND * t->mss) {
		b->done_at = tcp->now + V1_PROBE_RTT_FOR;
		b->round_done = false;
		c->round_end = c->delivered;
	} else if (b->done_at != 0) {
		b->round_done |= a->round;
		if (b->round_done)
			bbr1_probe_rtt_done(tcp, t, b);
	}
}

static void
bbr1_save_cwnd(const struct tcb *t, struct bbr1 *b)
{
	if (b->phase_was == CC_OPEN && b->mode != V1_PROBE_RTT)
		b->prior_cwnd = t->cwnd;
	else
		b->prior_cwnd = max_u32(b->prior_cwnd, t->cwnd);
}

/* The shortest round trip of ten seconds; when that is old, look for it. */
static void
bbr1_update_min_rtt(const struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr1 *b = &c->cc.bbr1;
	bool expired = tcp->now > b->min_rtt_at + V1_MIN_RTT_FOR;
	uint32_t rtt = (uint32_t)min_ns(a->rtt / SW_US + (a->rtt > 0 && a->rtt < SW_US), NONE);

	if (rtt > 0 && (b->min_rtt == 0 || rtt <= b->min_rtt || expired)) {
		b->min_rtt = rtt;
		b->min_rtt_at = tcp->now;
	}
	if (expired && !b->idle && b->mode != V1_PROBE_RTT) {
		bbr1_save_cwnd(t, b);
		b->mode = V1_PROBE_RTT;
		b->done_at = 0;
	}
	if (b->mode == V1_PROBE_RTT)
		bbr1_probe_rtt(tcp, t, c, a);
	b->idle = false;
}

/* In a recovery's first round as much leaves as arrives; true: cwnd is set. */
static bool
bbr1_recovers(struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr1 *b = &c->cc.bbr1;
	uint32_t cwnd = t->cwnd;

	if (a->lost > 0)
		cwnd = max_u32(cwnd - min_u32(cwnd, a->lost), t->mss);
	if (c->phase == CC_RECOVERY && b->phase_was != CC_RECOVERY) {
		b->conserves = true;
		c->round_end = c->delivered;
		cwnd = c->pipe + a->bytes;
	} else if (c->phase == CC_OPEN && b->phase_was != CC_OPEN) {
		cwnd = max_u32(cwnd, b->prior_cwnd);
		b->conserves = false;
	} else if (a->round) {
		b->conserves = false;
	}
	b->phase_was = c->phase;
	t->cwnd = b->conserves ? max_u32(cwnd, c->pipe + a->bytes) : cwnd;
	return b->conserves;
}

static void
bbr1_set_cwnd(const struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr1 *b = &c->cc.bbr1;
	uint32_t target, least = (uint32_t)V1_MIN_CWND * t->mss;

	if (a->bytes > 0 && !bbr1_recovers(t, c, a)) {
		target = bbr1_inflight(
		    tcp, t, b,
		    b->mode == V1_STARTUP || b->mode == V1_DRAIN ? V1_HIGH_GAIN : V1_CWND_GAIN);
		target += bbr1_extra(b);
		if (b->full)
			t->cwnd = min_u32(t->cwnd + a->bytes, target);
		else if (t->cwnd < target || c->delivered < cc_initial_window(tcp, t))
			t->cwnd += a->bytes;
		t->cwnd = max_u32(t->cwnd, least);
	}
	if (b->mode == V1_PROBE_RTT)
		t->cwnd = min_u32(t->cwnd, least);
}

/* What an ACK told. */
void
bbr1_acked(struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct bbr1 *b = &c->cc.bbr1;

	if (!b->begun)
		bbr1_begin(tcp, t, b);
	bbr1_update_bw(b, a);
	bbr1_aggregation(tcp, t, b, a);
	bbr1_check_state(tcp, t, c, a);
	bbr1_update_min_rtt(tcp, t, c, a);
	bbr1_pace(b, bbr1_gain(b));
	bbr1_set_cwnd(tcp, t, c, a);
}

/* A loss: what cwnd was is remembered, ssthresh means nothing here. */
void
bbr1_loss(struct tcp *tcp, struct tcb *t, struct active *c)
{
	if (!c->cc.bbr1.begun)
		bbr1_begin(tcp, t, &c->cc.bbr1);
	bbr1_save_cwnd(t, &c->cc.bbr1);
}

/* cwnd comes back with the next ACK that finds no recovery. */
void
bbr1_recovered(struct tcp *tcp, struct tcb *t, struct active *c)
{
	(void)tcp;
	(void)t;
	(void)c;
}

/* Bytes a second. */
uint64_t
bbr1_pacing(const struct tcb *t, const struct active *c)
{
	const struct bbr1 *b = &c->cc.bbr1;

	return b->begun ? b->pace : bbr_first_pace(t, V1_HIGH_GAIN);
}

/* The retransmission timer fired. */
void
bbr1_timeout(struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct bbr1 *b = &c->cc.bbr1;

	bbr1_loss(tcp, t, c);
	b->phase_was = CC_LOSS;
	b->full_bw = 0;
	b->conserves = false;
	t->cwnd = t->mss;
}

/* There was no loss. */
void
bbr1_undo(struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct bbr1 *b = &c->cc.bbr1;

	(void)tcp;
	b->full_bw = 0; /* a plateau that was a gap */
	b->full_count = 0;
	b->conserves = false;
	t->cwnd = max_u32(t->cwnd, b->prior_cwnd);
}

/* Data after the application had none: at the rate that the path has. */
void
bbr1_restart(struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct bbr1 *b = &c->cc.bbr1;

	if (!b->begun)
		return;
	b->idle = true;
	b->ack_at = tcp->now;
	b->acked = 0;
	if (b->mode == V1_PROBE_BW)
		bbr1_pace(b, 1000);
	else if (b->mode == V1_PROBE_RTT)
		bbr1_probe_rtt_done(tcp, t, b);
}
