/*
 * cubic.c - CUBIC: after a loss the window returns to where it was along the
 * concave half of a cubic curve in time, and beyond along the convex half.
 *
 * Windows are bytes.  Time on the curve is in 1/1024 s, so that its cube needs no
 * division; below that the curve is flat and Reno's estimate leads.  It knows
 * windows and what ACKs told; not segments, timers, nor how cwnd comes down.
 * RFC 9438.
 */
#include "tcp/parts.h"

enum {
	CUBIC_T = 10,	     /* log2 of the units of time in a second */
	CUBIC_FAR = 1 << 20, /* 1024 s: no curve is looked at farther from its K */
	CUBIC_MOST = 1 << 30, /* bytes: no window is larger */
	BETA = 7,	     /*= RFC 9438 4.6: beta is 0.7 */
	ALPHA_N = 9,	     /*= RFC 9438 4.3: alpha is 3 (1 - beta) / (1 + beta) = 9/17 */
	ALPHA_D = 17
};

/* The largest number whose cube is at most v. */
uint32_t
cubic_root(uint64_t v)
{
	uint64_t root = 0, next;

	for (int shift = 63; shift >= 0; shift -= 3) { /* a digit of the root a turn */
		root *= 2;
		next = 3 * root * (root + 1) + 1;
		if (v >> shift >= next) {
			v -= next << shift;
			root++;
		}
	}
	return (uint32_t)root;
}

/* A span of time in the curve's units. */
static uint32_t
cubic_time(sw_ns span)
{
	/* 10^9 / 1024 = 1953125 / 2 */
	return (uint32_t)min_ns(min_ns(span, SW_NEVER / 2) * 2 / 1953125, CUBIC_FAR);
}

/* C (t - K)^3 in bytes, for a distance d of t from K. */
static uint32_t
cubic_rise(uint32_t mss, uint32_t d)
{
	uint64_t cube = (uint64_t)d * d * d, rise; /* at most 2^60 */

	/*= RFC 9438 5.1: C is 0.4 */
	rise = (cube >> 2 * CUBIC_T) * (2u * mss) / 5 >> CUBIC_T;
	return rise < CUBIC_MOST ? (uint32_t)rise : CUBIC_MOST;
}

/* W_cubic(t) */
uint32_t
cubic_window(const struct cubic_curve *q, uint32_t mss, uint32_t t)
{
	/*= RFC 9438 4.2: W_cubic(t) = C (t - K)^3 + W_max */
	if (t >= q->k)
		return min_u32(q->w_max + cubic_rise(mss, t - q->k), CUBIC_MOST);
	return q->w_max - min_u32(q->w_max, cubic_rise(mss, q->k - t));
}

/* A congestion avoidance stage begins with this window. */
void
cubic_begin(struct cubic_curve *q, uint32_t mss, uint32_t cwnd, sw_ns now)
{
	q->epoch = max_ns(now, 1);
	q->w_est = cwnd;
	q->k = 0;
	if (q->prior < cwnd)
		q->prior = cwnd;
	/*= RFC 9438 4.2: K = cubic root of (W_max - cwnd_epoch) / C */
	if (q->w_max > cwnd)
		q->k = cubic_root(((uint64_t)(q->w_max - cwnd) << 3 * CUBIC_T) / mss * 5 / 2);
	/*= RFC 9438 4.8, 4.10: after a timeout, or when slow start ended without a loss,
	 * K is 0 and W_max is where the stage begins */
	else
		q->w_max = cwnd;
}

/* W_est grows as Reno's window would. */
static void
cubic_reno(struct cubic *q, const struct tcb *t, uint32_t bytes)
{
	/*= RFC 9438 4.3: with alpha, until W_est is where cwnd was; then as Reno, with 1 */
	uint32_t alpha = q->now.w_est < q->now.prior ? ALPHA_N : ALPHA_D;
	uint64_t unit = (uint64_t)ALPHA_D * t->cwnd;

	q->est_rest += (uint64_t)bytes * t->mss * alpha;
	q->now.w_est = (uint32_t)min_ns(q->now.w_est + q->est_rest / unit, CUBIC_MOST);
	q->est_rest %= unit;
}

/* cwnd was not used: the curve stands still until it is. */
static bool
cubic_unused(struct cubic *q, sw_ns now, bool limited)
{
	/*= RFC 9438 4.2: t has no part in which the application limited us */
	if (!limited) {
		q->unused_since = q->unused_since ? q->unused_since : max_ns(now, 1);
		return true;
	}
	if (q->unused_since && q->now.epoch)
		q->now.epoch += now - max_ns(q->unused_since, q->now.epoch);
	q->unused_since = 0;
	return false;
}

/* An ACK in congestion avoidance. */
static void
cubic_avoid(const struct tcp *tcp, struct tcb *t, struct cubic *q, uint32_t bytes)
{
	uint32_t at, target, w;

	if (q->now.epoch == 0) {
		cubic_begin(&q->now, t->mss, t->cwnd, tcp->now);
		q->rest = q->est_rest = 0;
	}
	at = cubic_time(tcp->now - q->now.epoch);
	w = cubic_window(&q->now, t->mss, at + cubic_time((sw_ns)t->srtt_us / 8 * SW_US));
	/*= RFC 9438 4.2: target is W_cubic(t + RTT), between cwnd and 1.5 cwnd */
	target = min_u32(max_u32(w, t->cwnd), t->cwnd + t->cwnd / 2);
	cubic_reno(q, t, bytes);
	/*= RFC 9438 4.4, 4.5: (target - cwnd) / cwnd for each segment acknowledged */
	q->rest += (uint64_t)(target - t->cwnd) * bytes;
	w = (uint32_t)(q->rest / t->cwnd);
	q->rest %= t->cwnd;
	t->cwnd = min_u32(t->cwnd + w, CUBIC_MOST);
	/*= RFC 9438 4.3: never less than Reno would have */
	if (cubic_window(&q->now, t->mss, at) < q->now.w_est)
		t->cwnd = max_u32(t->cwnd, q->now.w_est);
}

/* The recovery that slow start ended in has found more losses. */
static void
cubic_overshot(struct tcb *t, struct active *c)
{
	struct cubic *q = &c->cc.cubic;
	uint32_t lost = c->lost_ever - q->lost_before,
		 took = q->too_much - min_u32(lost, q->too_much);

	/* a loss is seen a round trip late, when slow start has sent twice what the path
	 * holds: the decrease is of what it took, else it would lose again (RFC 9438 4.10
	 * leaves the join of the two to us) */
	if (q->too_much == 0)
		return;
	q->now.w_max = took;
	t->ssthresh = min_u32(t->ssthresh, max_u32(took / 10 * BETA, 2u * t->mss));
}

/* What an ACK told. */
void
cubic_acked(struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct cubic *q = &c->cc.cubic;
	uint32_t bytes = cc_bytes(c, a);

	if (c->phase == CC_RECOVERY)
		cubic_overshot(t, c);
	if (c->phase == CC_RECOVERY || bytes == 0)
		return;
	if (cubic_unused(q, tcp->now, a->limited))
		return;
	/*= RFC 9438 4.10: slow start while cwnd is below ssthresh, by HyStart++ */
	if (t->cwnd < t->ssthresh)
		hystart_acked(tcp, t, c, a);
	else
		cubic_avoid(tcp, t, q, bytes);
	/* what is idle from now on until data comes is no part of the stage either */
	if (flight(t) == 0)
		q->unused_since = max_ns(tcp->now, 1);
}

/* Congestion: where the window was, and where the curve shall end.  What it had not
 * been used for lately is no part of it. */
static void
cubic_reduce(const struct tcb *t, const struct active *c, struct cubic *q, uint32_t used)
{
	uint32_t cwnd = c->cwv.since ? used : t->cwnd;

	q->undo = q->now;
	/*= RFC 9438 4.7: fast convergence: a flow that did not get back to where it was
	 * gives some room to those that came since */
	if (cwnd < q->now.w_max)
		q->now.w_max = (uint32_t)((uint64_t)cwnd * (10 + BETA) / 20);
	else
		q->now.w_max = cwnd;
	q->now.prior = cwnd;
	q->now.epoch = 0;
	q->unused_since = 0;
}

/* An ECN mark: where it was, as for a loss. */
void
cubic_marked(const struct tcb *t, struct active *c, uint32_t used)
{
	cubic_reduce(t, c, &c->cc.cubic, used);
}

/* ssthresh after a loss: of what was in use. */
static uint32_t
cubic_share(const struct tcb *t, uint32_t used)
{
	return max_u32((uint32_t)((uint64_t)used * BETA / 10), 2u * t->mss);
}

/* A loss. */
void
cubic_loss(struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct cubic *q = &c->cc.cubic;
	uint32_t used = cwv_used(tcp, t, c, flight(t));

	q->too_much = t->cwnd < t->ssthresh ? used : 0;
	q->lost_before = c->lost_ever - min_u32(c->lost, c->lost_ever);
	cubic_reduce(t, c, q, used);
	/*= RFC 9438 4.6: multiplicative decrease, to 0.7 of what was in flight */
	t->ssthresh = cubic_share(t, used);
	cubic_overshot(t, c);
	t->cwnd = t->ssthresh;
}

/* The retransmission timer fired. */
void
cubic_timeout(struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct cubic *q = &c->cc.cubic;
	uint32_t used = min_u32(flight(t), t->cwnd);

	(void)tcp;
	q->too_much = 0;
	/*= RFC 9438 4.8: as Reno, with beta; RFC 5681 3.1: once for the same segment */
	if (t->retries == 0) {
		cubic_reduce(t, c, q, used);
		t->ssthresh = cubic_share(t, used);
		q->now.w_max = 0;
	}
	q->now.epoch = 0;
	t->cwnd = t->mss;
}

/* There was no loss. */
void
cubic_undo(struct tcp *tcp, struct tcb *t, struct active *c)
{
	struct cubic *q = &c->cc.cubic;

	(void)tcp;
	(void)t;
	/*= RFC 9438 4.9: W_max, K, the epoch and W_est are what they were */
	if (q->undo.w_max > 0 || q->undo.epoch > 0)
		q->now = q->undo;
}
