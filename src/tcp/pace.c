/*
 * pace.c - when the next bytes may leave: spread over the round trip, in quanta.
 *
 * A quantum is what the pace allows in a millisecond or in a tick of the clock,
 * and two segments at least, so that pacing costs a wake-up a quantum and not a
 * packet, and a coarse clock costs bursts and not speed.  It knows a rate and
 * when; not what is sent, nor why the rate is what it is.
 * RFC 9438 5.8 leaves it to us; draft-ietf-ccwg-bbr 5.6.2, 5.6.3.
 */
#include "tcp/parts.h"

/* How long n bytes take at the pace. */
static sw_ns
pace_time(const struct active *c, uint32_t n)
{
	return (uint64_t)n * SW_S / c->pace;
}

/* The grain of pacing. */
static sw_ns
pace_grain(const struct tcp *tcp)
{
	return max_ns(tcp->tick, SW_MS);
}

/* The pace is what the controller says now.  No model is so sure of itself that less
 * than two segments a round trip should go: what a window can be at least. */
void
pace_settle(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	uint64_t least = t->srtt_us > 0 ? t->mss * 16000000ull / t->srtt_us : 0;

	c->pace = tcp->without & SW_NO_PACING ? 0 : cc_pacing(tcp, t, c);
	if (c->pace > 0)
		c->pace = max_ns(c->pace, least);
}

/* The longest super-segment: what the pace allows in a millisecond. */
uint32_t
pace_super(const struct active *c)
{
	return c->pace ? (uint32_t)min_ns(c->pace / 1000, NONE) : NONE;
}

/* May text leave now? */
bool
pace_open(const struct tcp *tcp, const struct active *c)
{
	return tcp->now >= c->pace_gate;
}

/* n bytes of text have left: after a quantum nothing more does for its time. */
void
pace_sent(const struct tcp *tcp, const struct tcb *t, struct active *c, uint32_t n)
{
	sw_ns grain, now = tcp->now;

	/* the first window of a flight is RFC 6928's, which may be a burst */
	if (c->pace == 0 || (c->delivered == 0 && flight(t) <= tcp->iw_segments * t->mss))
		return;
	grain = max_ns(pace_grain(tcp), pace_time(c, 2u * t->mss));
	/* what a late call missed is made up, up to a quantum */
	c->pace_next = max_ns(c->pace_next, now - min_ns(now, grain)) + pace_time(c, n);
	if (c->pace_next > now + grain)
		c->pace_gate = c->pace_next;
}

/* When what only the pace holds back may leave. */
sw_ns
pace_deadline(const struct active *c)
{
	return c != NULL && c->paced ? c->pace_gate : SW_NEVER;
}
