/*
 * cc.c - congestion control: how much may be in the network.
 *
 * A controller is one row of functions; send, ack and retransmit know only the
 * cc_ calls.  It knows bytes and windows; not segments, timers or losses.
 * RFC 5681, 6928, 6582.
 */
#include "tcp/parts.h"

/* Are the texts the same?  b is short and ends. */
static bool
same_text(const char *a, const char *b)
{
	while (*a != 0 && *a == *b) { /* bounded by b */
		a++;
		b++;
	}
	return *a == *b;
}

static const char cc_names[SW_N_CCS][8] = {"cubic", "reno", "bbr", "bbr1"};
_Static_assert(SW_N_CCS <= 4, "tcb.controller has two bits");

/* The name of a controller; NULL: there is none. */
const char *
sw_cc_name(enum sw_cc cc)
{
	return (uint32_t)cc < SW_N_CCS ? cc_names[cc] : NULL;
}

/* The controller of that name; SW_E_INVALID. */
int
sw_cc_named(const char *name)
{
	for (int i = 0; i < SW_N_CCS; i++)
		if (same_text(name, cc_names[i]))
			return i;
	return SW_E_INVALID;
}

/*= RFC 5681 3.1, RFC 3042 2: a window grows by what is cumulatively acknowledged, not by
 * duplicate ACKs; after a timeout not by what the peer had long before */
uint32_t
cc_bytes(const struct active *c, const struct cc_ack *a)
{
	return c->phase == CC_OPEN ? a->acked : min_u32(a->acked, a->bytes);
}

/* RFC 5681 3.1, counting bytes in congestion avoidance. */
static void
newreno_acked(struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	uint32_t bytes = a->acked, more = min_u32(bytes, t->mss);

	(void)tcp;
	/*= RFC 5681 3.1: cwnd grows only while it is what limits us (RFC 7661 says more) */
	/*= RFC 5681 4.3: what ends a recovery leaves cwnd at ssthresh */
	if (a->phase == CC_RECOVERY || c->phase == CC_RECOVERY || bytes == 0 || !a->limited)
		return;
	if (t->cwnd < t->ssthresh) {
		/*= RFC 5681 3.1, RFC 9293 3.8.2 MUST-19: slow start; an ACK of a super-segment
		 * counts as the ACKs of every second segment that it stands for, but not
		 * behind a timeout, when most of it had arrived before (RFC 3465 2.3) */
		if (bytes > 2u * t->mss && a->phase == CC_OPEN)
			more = max_u32(more, min_u32(bytes / 2, t->ssthresh - t->cwnd));
		t->cwnd += more;
		return;
	}
	/*= RFC 5681 3.1: congestion avoidance, one SMSS a window acknowledged */
	c->cc.newreno.bytes += bytes;
	if (c->cc.newreno.bytes >= t->cwnd) {
		c->cc.newreno.bytes -= t->cwnd;
		t->cwnd += t->mss;
	}
}

/* Half of what was in flight, and of what was allowed: behind a hole SND.UNA
 * stands still, and what the peer has SACKed is not in the network. */
static uint32_t
half_of(const struct tcb *t, uint32_t used)
{
	/*= RFC 5681 3.1: ssthresh is at most half of FlightSize, at least two segments */
	return max_u32(used / 2, 2u * t->mss);
}

static void
newreno_loss(struct tcp *tcp, struct tcb *t, struct active *c)
{
	t->ssthresh = half_of(t, cwv_used(tcp, t, c, flight(t)));
	t->cwnd = t->ssthresh;
	c->cc.newreno.bytes = 0;
}

static void
newreno_timeout(struct tcp *tcp, struct tcb *t, struct active *c)
{
	(void)tcp;
	/*= RFC 5681 3.1: ssthresh is constant while the same segment times out again */
	if (t->retries == 0)
		t->ssthresh = half_of(t, min_u32(flight(t), t->cwnd));
	t->cwnd = t->mss;
	c->cc.newreno.bytes = 0;
}

static void
newreno_undo(struct tcp *tcp, struct tcb *t, struct active *c)
{
	(void)tcp;
	(void)t;
	c->cc.newreno.bytes = 0;
}

static void
newreno_recovered(struct tcp *tcp, struct tcb *t, struct active *c)
{
	/*= RFC 6582 3.2: after the full acknowledgment no burst, option 1 */
	uint32_t room = max_u32(pipe_of(t, c), t->mss) + t->mss;

	(void)tcp;
	t->cwnd = min_u32(t->ssthresh, max_u32(room, 2u * t->mss));
}

/* The same for CUBIC: RFC 9438 4.2 changes nothing of fast recovery. */
static void
cubic_recovered(struct tcp *tcp, struct tcb *t, struct active *c)
{
	newreno_recovered(tcp, t, c);
}

/*
 * The table: what a controller must have, and who has it.  It is a switch, as a
 * table of pointers would have to be relocated and the core has no data.
 */
#define CC_TABLE(call)           \
	switch (c->controller) { \
	default:                 \
	case SW_CC_CUBIC:        \
		cubic_##call;    \
		break;           \
	case SW_CC_RENO:         \
		newreno_##call;  \
		break;           \
	case SW_CC_BBR:          \
		bbr_##call;      \
		break;           \
	case SW_CC_BBR1:         \
		bbr1_##call;     \
		break;           \
	}

/* What an ACK told. */
void
cc_acked(struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	cwv_acked(tcp, t, c, a);
	CC_TABLE(acked(tcp, t, c, a))
	if (c->phase == CC_RECOVERY)
		cwv_lost(t, c);
	t->cwnd = min_u32(t->cwnd, 1u << 30);
	if (a->round) {
		c->full_before = c->full_now;
		c->full_now = false;
	}
	pace_settle(tcp, t, c);
}

/* A loss was found without a timeout. */
void
cc_loss(struct tcp *tcp, struct tcb *t, struct active *c)
{
	uint32_t used = cwv_used(tcp, t, c, flight(t));

	/*= RFC 3168 6.1.2: marks and losses of one window of data are one congestion */
	if (ecn_reacted(t, c) && !cc_sets_cwnd(c))
		return;
	CC_TABLE(loss(tcp, t, c))
	if (cwv_on(tcp, t))
		cwv_congested(t, c, used);
	ecn_reduced(t);
}

/* Per cent of what was in use that are left after a mark. */
static uint32_t
mark_share(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	/*= RFC 8511 3: a mark comes from a queue that is kept short: less is enough; */
	/*= RFC 8511 4: not in slow start */
	bool abe = !(tcp->without & SW_NO_ABE) && t->cwnd >= t->ssthresh;

	if (c->controller == SW_CC_CUBIC)
		return abe ? 85 : 70;
	return abe ? 80 : 50;
}

/* A mark in place of a loss. */
void
cc_marked(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t acked)
{
	uint32_t used = cwv_used(tcp, t, c, flight(t) + acked);
	uint32_t left = used / 100 * mark_share(tcp, t, c);

	if (c->controller == SW_CC_BBR)
		bbr_marked(tcp, t, c);
	if (cc_sets_cwnd(c))
		return;
	/*= RFC 3168 6.1.2 MUST, RFC 9438 4.6 MUST: when cwnd is one segment already, the
	 * next goes after a whole RTO */
	if (t->cwnd <= t->mss)
		c->pace_gate = after_ns(tcp->now, (sw_ns)t->rto_us * SW_US);
	if (c->controller == SW_CC_CUBIC)
		cubic_marked(t, c, used);
	t->ssthresh = max_u32(left, 2u * t->mss);
	/*= RFC 9438 4.6 MUST: marks bring cwnd down to one segment */
	t->cwnd = max_u32(min_u32(left, t->ssthresh), t->mss);
	if (cwv_on(tcp, t))
		cwv_congested(t, c, used);
	pace_settle(tcp, t, c);
}

/* The retransmission timer fired. */
void
cc_timeout(struct tcp *tcp, struct tcb *t, struct active *c)
{
	CC_TABLE(timeout(tcp, t, c))
	/*= RFC 7661 4.4 MUST: it ends the non-validated phase, and is answered as ever */
	c->cwv.since = 0;
	c->cwv.spent = 0;
	ecn_reduced(t);
}

/* All that was in flight at the loss has arrived. */
void
cc_recovered(struct tcp *tcp, struct tcb *t, struct active *c)
{
	CC_TABLE(recovered(tcp, t, c))
}

/* A transmission is taken for lost. */
void
cc_lost(struct active *c, const struct rec *r)
{
	if (c->controller == SW_CC_BBR)
		bbr_lost(c, r);
}

/* There was no loss. */
void
cc_undo(struct tcp *tcp, struct tcb *t, struct active *c)
{
	CC_TABLE(undo(tcp, t, c))
}

/* CUBIC and NewReno leave it to PRR. */
bool
cc_sets_cwnd(const struct active *c)
{
	return c->controller == SW_CC_BBR || c->controller == SW_CC_BBR1;
}

/* Must what the controller knows outlive a pause?  The models of a path are dear. */
bool
cc_remembers(const struct active *c)
{
	return cc_sets_cwnd(c);
}

/* The first bytes after nothing was in flight. */
void
cc_restart(struct tcp *tcp, struct tcb *t, struct active *c)
{
	if (c->limited_until == 0)
		return;
	if (c->controller == SW_CC_BBR)
		bbr_restart(tcp, t, c);
	else if (c->controller == SW_CC_BBR1)
		bbr1_restart(tcp, t, c);
	pace_settle(tcp, t, c);
}

/* CUBIC's and NewReno's pace: cwnd in a round trip, and some more, so that it is cwnd
 * that limits: twice that while it may double, a fifth later. */
static uint64_t
window_pacing(const struct tcb *t, const struct active *c)
{
	uint64_t percent = t->cwnd < t->ssthresh / 2 ? 200 : 120;

	if (t->srtt_us == 0)
		return 0;
	return (uint64_t)max_u32(t->cwnd, c->pipe) * percent * 80000 / t->srtt_us + 1;
}

/* Bytes a second; 0: as fast as cwnd allows. */
uint64_t
cc_pacing(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	if (tcp->without & SW_NO_PACING)
		return 0;
	if (c->controller == SW_CC_BBR)
		return bbr_pacing(t, c);
	return c->controller == SW_CC_BBR1 ? bbr1_pacing(t, c) : window_pacing(t, c);
}

/*= RFC 6928 2: min (10*MSS, max (2*MSS, 14600)), in the configured segments */
uint32_t
cc_initial_window(const struct tcp *tcp, const struct tcb *t)
{
	uint32_t mss = t->mss;

	return min_u32(tcp->iw_segments * mss, max_u32(2 * mss, tcp->iw_segments * 1460));
}

/* The connection is open. */
void
cc_init(const struct tcp *tcp, struct tcb *t)
{
	/*= RFC 6928 2: one segment when the SYN was lost more than once */
	t->cwnd = t->retries > 1 ? t->mss : cc_initial_window(tcp, t);
	/*= RFC 5681 3.1: the first ssthresh is as high as can be */
	t->ssthresh = UINT32_MAX;
}

/* Data after a silence. */
void
cc_idle(const struct tcp *tcp, struct tcb *t, struct active *c, bool late)
{
	if (cc_sets_cwnd(c))
		return; /* paced at the rate of the path, it makes no burst */
	if (cwv_on(tcp, t))
		cwv_restart(tcp, t, c);
	/*= RFC 5681 4.1: after an idle time of more than one RTO, begin with at most IW */
	else if (late)
		t->cwnd = min_u32(t->cwnd, cc_initial_window(tcp, t));
}
