/*
 * cwv.c - congestion window validation: a window that was not used for a while says
 * little of the path; it is kept, paced, but neither grows nor is trusted for ever.
 *
 * pipeACK is what was acknowledged in a round trip, the most of the last second (or
 * three round trips).  Below half of cwnd, cwnd is not validated: then it grows only
 * where it is what limits, a loss is reckoned from what was used, and after each five
 * minutes it is halved.  It knows what was acknowledged and when; not why the
 * application was silent.  For the controllers that are windows: BBR has a model.
 * RFC 7661, in place of RFC 5681 4.1.
 */
#include "tcp/parts.h"

#define SAMPLING SW_S	       /* RFC 7661 4.2: the pipeACK sampling period, at least */
#define NVP_LIMIT (300 * SW_S) /* RFC 7661 4.4: the non-validated period, at most */

enum {
	PARTS = 7,     /* of a sampling period, that what was acknowledged still counts */
	NVP_UNKNOWN = NVP_MOST,
	HALVINGS = 32
};

/* Is it in use?  Without a pace the burst of a whole window would be no good. */
bool
cwv_on(const struct tcp *tcp, const struct tcb *t)
{
	return !(tcp->without & (SW_NO_CWV | SW_NO_PACING)) && t->controller <= SW_CC_RENO;
}

/* The sampling period, in milliseconds. */
static uint32_t
sampling(const struct tcb *t)
{
	return max_u32((uint32_t)(SAMPLING / SW_MS), t->srtt_us / 8 / 1000 * 3);
}

/* pipeACK; false: undefined. */
static bool
pipe_ack(const struct tcp *tcp, const struct tcb *t, const struct active *c, uint32_t *bytes)
{
	struct best b = c->cwv.most;

	/*= RFC 7661 4.2 MUST: the largest of the last max (3 RTT, 1 s), at most */
	best_update(&b, now_ms(tcp), sampling(t), 0);
	*bytes = (uint32_t)b.value[0];
	return c->cwv.known;
}

/* Is cwnd more than what was used of late? */
static bool
cwv_unused(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	/* by the window that sent what is acknowledged now, in the round trip before: in
	 * slow start it has doubled since */
	uint32_t bytes, cwnd = min_u32(t->cwnd, c->cwv.cwnd[1]);

	/*= RFC 7661 4.3: validated while pipeACK is at least half of cwnd, or undefined */
	return cwnd > cc_initial_window(tcp, t) && pipe_ack(tcp, t, c, &bytes) && bytes < cwnd / 2;
}

/* Into the phase, or out of it. */
static void
cwv_phase(const struct tcp *tcp, const struct tcb *t, struct active *c, sw_ns at)
{
	/*= RFC 7661 4.4 MUST: the phase begins when pipeACK is below half of cwnd */
	if (!cwv_unused(tcp, t, c))
		c->cwv.since = 0;
	else if (c->cwv.since == 0)
		c->cwv.since = max_ns(at, 1);
}

/* The non-validated period is over, perhaps several times. */
static void
cwv_expire(const struct tcp *tcp, struct tcb *t, struct active *c)
{
	uint32_t least = cc_initial_window(tcp, t);

	for (int i = 0; i < HALVINGS && c->cwv.since && since(tcp, c->cwv.since) > NVP_LIMIT; i++) {
		c->cwv.since += NVP_LIMIT;
		/*= RFC 7661 4.4.3 MUST: ssthresh keeps three quarters of it, cwnd half */
		t->ssthresh = max_u32(t->ssthresh, t->cwnd - t->cwnd / 4);
		t->cwnd = min_u32(t->cwnd, max_u32(t->cwnd / 2, least));
	}
}

/* What came back in the round trip of what an ACK covers.  The sample of the rate may
 * span more than that, if nothing had come back for a while when it was sent. */
static uint32_t
cwv_volume(const struct cc_ack *a)
{
	if (a->rtt == 0 || a->interval <= a->rtt)
		return a->delivered;
	/* both in units in which they are below 2^32 */
	return (uint32_t)((uint64_t)a->delivered * (a->rtt >> 10) / (a->interval >> 10));
}

/* An ACK has been looked at. */
static void
cwv_sample(const struct tcp *tcp, const struct tcb *t, struct active *c, const struct cc_ack *a)
{
	/*= RFC 7661 4.2 MUST: not in a recovery; behind it pipeACK is undefined */
	if (c->phase != CC_OPEN || a->phase != CC_OPEN) {
		c->cwv.known = c->cwv.round = false;
		c->cwv.since = 0;
		memset(&c->cwv.most, 0, sizeof(c->cwv.most));
		return;
	}
	if (a->round) {
		c->cwv.known |= c->cwv.round;
		c->cwv.round = true;
		c->cwv.cwnd[1] = c->cwv.cwnd[0];
		c->cwv.cwnd[0] = t->cwnd;
	}
	if (c->cwv.round && a->bytes > 0)
		best_update(&c->cwv.most, now_ms(tcp), sampling(t), cwv_volume(a));
}

/* An ACK told something; before the controller hears of it. */
void
cwv_acked(const struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	if (!cwv_on(tcp, t))
		return;
	cwv_sample(tcp, t, c, a);
	cwv_phase(tcp, t, c, tcp->now);
	cwv_expire(tcp, t, c);
}

/* Data comes from the application, and nothing is in flight. */
void
cwv_restart(const struct tcp *tcp, struct tcb *t, struct active *c)
{
	cwv_phase(tcp, t, c, min_ns(tcp->now, t->heard));
	cwv_expire(tcp, t, c);
}

/* May cwnd grow by an ACK that came when `flight` was under way? */
bool
cwv_grows(const struct tcp *tcp, const struct tcb *t, const struct active *c, uint32_t flight)
{
	/*= RFC 5681 3.1: cwnd grows only while it is what limits us */
	if (!cwv_on(tcp, t) || !c->cwv.known)
		return flight >= t->cwnd / 2;
	/*= RFC 7661 4.4 MUST: not validated, it grows only where it holds back data */
	return c->cwv.since == 0 || c->full_now || c->full_before;
}

/* What congestion is reckoned from: what was in use, when `flight` was under way. */
uint32_t
cwv_used(const struct tcp *tcp, const struct tcb *t, const struct active *c, uint32_t flight)
{
	uint32_t bytes, used = min_u32(flight, t->cwnd);

	/*= RFC 7661 4.4.1 MUST: of a window that is not validated, max (pipeACK, FlightSize) */
	if (c->cwv.since && pipe_ack(tcp, t, c, &bytes))
		used = max_u32(used, min_u32(bytes, t->cwnd));
	return used;
}

/* A congestion was found; the controller has had its say.  used: cwv_used() before. */
void
cwv_congested(struct tcb *t, struct active *c, uint32_t used)
{
	c->cwv.spent = c->cwv.since ? used : 0;
	c->cwv.lost_before = c->lost_ever - min_u32(c->lost, c->lost_ever);
	/*= RFC 7661 4.4 MUST: congestion ends the phase */
	c->cwv.since = 0;
	c->cwv.known = c->cwv.round = false;
	cwv_lost(t, c);
	t->cwnd = min_u32(t->cwnd, t->ssthresh);
}

/* A recovery that began in the phase has found what it found. */
void
cwv_lost(struct tcb *t, struct active *c)
{
	uint32_t gone = min_u32(c->lost_ever - c->cwv.lost_before, c->cwv.spent);

	if (c->cwv.spent == 0)
		return;
	/*= RFC 7661 4.4.1 MUST: cwnd = (max (pipeACK, LossFlightSize) - R) / 2 behind it */
	t->ssthresh = min_u32(t->ssthresh, max_u32((c->cwv.spent - gone) / 2, 2u * t->mss));
}

/* When at least half of cwnd was acknowledged last; 0: too long ago. */
static uint32_t
half_acked(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	struct best b = c->cwv.most;
	uint32_t at = 0;

	best_update(&b, now_ms(tcp), sampling(t), 0);
	for (int i = 0; i < 3; i++)
		if (b.value[i] >= min_u32(t->cwnd, c->cwv.cwnd[1]) / 2)
			at = max_u32(at, b.at[i]);
	return at;
}

/*
 * The active part goes.  An idle connection keeps in four bits: 0, cwnd was validated by
 * what was acknowledged last; 1 to 8, in which minute the phase began; 9 to 14, for how
 * many parts of the sampling period what validates it still counts; 15: pipeACK is undefined.
 */
void
cwv_rest(const struct tcp *tcp, struct tcb *t, const struct active *c)
{
	sw_ns since = c->cwv.since;
	uint32_t at, left;

	t->nvp = 0;
	if (!cwv_on(tcp, t) || t->cwnd <= cc_initial_window(tcp, t))
		return;
	at = half_acked(tcp, t, c);
	left = at ? (at + sampling(t) - now_ms(tcp)) * PARTS / sampling(t) : 0;
	if (since == 0 && left == 0)
		since = tcp->now;
	/* all has been acknowledged: what was measured is a whole sample */
	if (!c->cwv.known && !c->cwv.round)
		t->nvp = NVP_UNKNOWN;
	else if (since)
		t->nvp = (since / NVP_GRAIN % NVP_WRAPS + 1) & 15u;
	else if (left < PARTS)
		t->nvp = (NVP_WRAPS + left) & 15u;
}

/* The last such minute before the connection fell silent. */
static sw_ns
nvp_began(uint8_t nvp, sw_ns heard)
{
	const sw_ns turn = NVP_WRAPS * NVP_GRAIN;
	sw_ns at = (sw_ns)(nvp - 1u) * NVP_GRAIN + heard / turn * turn;

	/* of a connection that has moved, what is left of a minute is not known */
	if (at >= heard + NVP_GRAIN)
		at -= min_ns(at, turn);
	return max_ns(min_ns(at, heard), 1);
}

/* It is there again, perhaps the first time. */
void
cwv_wake(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	sw_ns heard = min_ns(t->heard, tcp->now);
	uint32_t left = t->nvp > NVP_WRAPS ? t->nvp - NVP_WRAPS : PARTS;
	uint32_t ago = (uint32_t)min_ns((tcp->now - heard) / SW_MS, NONE / 2);

	c->cwv.cwnd[0] = c->cwv.cwnd[1] = t->cwnd;
	if (!cwv_on(tcp, t) || t->cwnd <= cc_initial_window(tcp, t))
		return;
	ago += (PARTS - left) * sampling(t) / PARTS;
	c->cwv.known = t->nvp != NVP_UNKNOWN || ago > sampling(t);
	if (t->nvp > 0 && t->nvp <= NVP_WRAPS)
		c->cwv.since = nvp_began(t->nvp, heard);
	else if (ago > sampling(t))
		c->cwv.since = max_ns(heard, 1);
	else if (c->cwv.known) /* half of cwnd at least was acknowledged */
		best_update(&c->cwv.most, now_ms(tcp) - ago, 0, t->cwnd / 2);
}
