/*
 * rate.c - how fast the path delivers: a sample from each ACK that has news.
 *
 * A record keeps what had been delivered when it was sent; its ACK says what was
 * delivered since, over the longer of the times that sending and acknowledging
 * took, so that neither bunched ACKs nor bunched sending seem fast.  It knows the
 * scoreboard's sums; not what a controller makes of a sample.
 * draft-ietf-ccwg-bbr 4.1, draft-cheng-iccrg-delivery-rate-estimation.
 */
#include "tcp/parts.h"

/* Nanoseconds from `then` to now in 32 bits; NONE: too long for them. */
static uint32_t
ago(const struct tcp *tcp, sw_ns then)
{
	return (uint32_t)min_ns(since(tcp, then), NONE);
}

/* r goes out now; it is not yet in c->pipe. */
void
rate_sent(const struct tcp *tcp, struct active *c, struct rec *r)
{
	if (c->pipe == 0)
		c->first_sent = c->delivered_at = tcp->now; /* a new flight */
	r->delivered = (uint32_t)c->delivered;
	r->delivered_ago = ago(tcp, c->delivered_at);
	r->first_ago = ago(tcp, c->first_sent);
	r->in_flight = c->pipe + r->len;
	r->lost = c->lost_ever;
	r->flags = (uint8_t)((r->flags & ~R_LIMITED) | (c->limited_until ? R_LIMITED : 0));
}

/* Is the application what holds us back?  Then samples of what is in flight say
 * less than the path can. */
void
rate_limited(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	if (snd_unsent(tcp, t) < t->mss && c->lost == 0 && c->pipe < t->cwnd)
		c->limited_until = c->delivered + c->pipe + (c->delivered + c->pipe == 0);
}

/* The sample of an ACK: of the newest transmission that it covers. */
void
rate_sample(const struct tcp *tcp, struct active *c, const struct told *told, struct cc_ack *a)
{
	const struct rec *r = &told->newest;
	sw_ns acking;

	a->bytes = told->bytes;
	a->rtt = told->once > 0 ? max_ns(since(tcp, told->once), 1) : 0;
	if (told->bytes == 0)
		return;
	if (c->delivered > c->limited_until)
		c->limited_until = 0;
	a->app_limited = (r->flags & (R_LIMITED | R_PROBE)) != 0; /* a probe is a byte a timeout */
	a->delivered = (uint32_t)c->delivered - r->delivered;
	a->prior_delivered = c->delivered - a->delivered;
	a->tx_in_flight = r->in_flight;
	a->tx_lost = c->lost_ever - r->lost;
	a->round = a->prior_delivered >= c->round_end;
	if (a->round)
		c->round_end = c->delivered;
	c->first_sent = r->sent;
	if (r->delivered_ago == NONE || r->first_ago == NONE)
		return; /* seconds of silence: no rate */
	acking = since(tcp, r->sent) + r->delivered_ago;
	/* faster than the path can be: the ACK was of the first transmission */
	if ((r->flags & R_AGAIN) && acking < told->min_rtt)
		return;
	a->interval = max_ns(acking, r->first_ago);
}
