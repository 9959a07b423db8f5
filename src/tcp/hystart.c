/*
 * hystart.c - HyStart++: slow start that ends when round trips get longer, before
 * the queue is full and packets are lost.
 *
 * It knows slow start and what ACKs told of round trips; not what comes after.
 * RFC 9406; RFC 5681 3.1, 3465.
 */
#include "tcp/parts.h"

enum { /* RFC 9406 4.3 */
	MIN_RTT_THRESH = 4000, /* microseconds */
	MAX_RTT_THRESH = 16000,
	MIN_RTT_DIVISOR = 8,
	N_RTT_SAMPLE = 8,
	CSS_GROWTH_DIVISOR = 4,
	CSS_ROUNDS = 5,
	LIMIT = 8 /* L, when nothing is paced */
};

#define FOREVER UINT32_MAX

/* A round begins. */
static void
hystart_round(struct hystart *h)
{
	/*= RFC 9406 4.2: the minimum of the round that ended is what the next is held against */
	h->last_min_rtt = h->min_rtt;
	h->min_rtt = FOREVER;
	h->samples = 0;
	h->css_rounds = (uint8_t)(h->css_rounds + (h->css_rounds > 0));
}

/* Has the round trip grown by so much that a queue stands? */
static bool
hystart_slower(const struct hystart *h)
{
	uint32_t thresh = h->last_min_rtt / MIN_RTT_DIVISOR;

	/*= RFC 9406 4.2: RttThresh is lastRoundMinRTT / 8, between 4 and 16 ms */
	thresh = max_u32(MIN_RTT_THRESH, min_u32(thresh, MAX_RTT_THRESH));
	return h->last_min_rtt != FOREVER && h->min_rtt >= h->last_min_rtt + thresh;
}

/* Into conservative slow start, back out of it, or to its end (true). */
static bool
hystart_judge(struct hystart *h)
{
	if (h->css_rounds > CSS_ROUNDS)
		return true; /*= RFC 9406 4.2: after five rounds: congestion avoidance */
	if (h->samples < N_RTT_SAMPLE || h->min_rtt == FOREVER)
		return false;
	if (h->css_rounds == 0 && hystart_slower(h)) {
		h->baseline = h->min_rtt;
		h->css_rounds = 1;
	} else if (h->css_rounds > 0 && h->min_rtt < h->baseline) {
		/*= RFC 9406 4.2: it was no queue: slow start goes on */
		h->baseline = FOREVER;
		h->css_rounds = 0;
	}
	return false;
}

/* How many of the bytes an ACK may count for. */
static uint32_t
slow_start_bytes(const struct tcp *tcp, const struct tcb *t, const struct active *c, uint32_t bytes)
{
	/*= RFC 3465 2.3: after a timeout one ACK says too much of what came before */
	if (c->phase == CC_LOSS && !(t->flags & T_SACK))
		return min_u32(bytes, t->mss);
	/*= RFC 9406 4.3: L is infinite when we pace, else 8 */
	if (cc_pacing(tcp, t, c) > 0)
		return bytes;
	return min_u32(bytes, (uint32_t)LIMIT * t->mss);
}

/* An ACK in slow start; may end it, by ssthresh. */
void
hystart_acked(const struct tcp *tcp, struct tcb *t, struct active *c, const struct cc_ack *a)
{
	struct hystart *h = &c->cc.cubic.start;
	uint32_t bytes = slow_start_bytes(tcp, t, c, cc_bytes(c, a));

	/*= RFC 9406 4.3: only in the first slow start, while ssthresh is as high as can be */
	if ((tcp->without & SW_NO_HYSTART) || t->ssthresh != UINT32_MAX) {
		t->cwnd = min_u32(t->cwnd + bytes, max_u32(t->ssthresh, t->cwnd));
		return;
	}
	if (!h->begun) {
		*h = (struct hystart){.min_rtt = FOREVER, .last_min_rtt = FOREVER, .begun = true};
	} else if (a->round) {
		hystart_round(h);
	}
	if (a->rtt > 0) {
		h->min_rtt = min_u32(h->min_rtt, (uint32_t)min_ns(a->rtt / SW_US, FOREVER - 1));
		h->samples = (uint8_t)min_u32(h->samples + 1u, N_RTT_SAMPLE);
	}
	if (hystart_judge(h)) {
		t->ssthresh = t->cwnd;
		return;
	}
	if (h->css_rounds == 0) {
		t->cwnd += bytes;
		return;
	}
	/*= RFC 9406 4.2: in conservative slow start a quarter of that */
	h->rest += bytes;
	t->cwnd += h->rest / CSS_GROWTH_DIVISOR;
	h->rest %= CSS_GROWTH_DIVISOR;
}
