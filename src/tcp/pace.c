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

/* Is all that has left the first window, RFC 6928's, which may be a burst? */
static bool
pace_first(const struct tcp *tcp, const struct tcb *t, const struct active *c, uint32_t n)
{
	return c->delivered == 0 && n <= tcp->iw_segments * t->mss;
}

/* How far what leaves may be ahead of its time. */
static sw_ns
pace_quantum(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	return max_ns(pace_grain(tcp), pace_time(c, 2u * t->mss));
}

/* When the next would leave; what a late call missed is made up, up to a quantum. */
static sw_ns
pace_from(const struct tcp *tcp, const struct active *c, sw_ns quantum)
{
	return max_ns(c->pace_next, tcp->now - min_ns(tcp->now, quantum));
}

/* So many full segments may leave at this instant, if the first may; perhaps others when
 * these are sent. */
uint32_t
pace_room(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	sw_ns quantum, from, one;
	uint32_t out = flight(t);

	if (c->pace == 0)
		return NONE;
	if (pace_first(tcp, t, c, out + t->mss))
		return (tcp->iw_segments * t->mss - out) / t->mss;
	quantum = pace_quantum(tcp, t, c);
	from = pace_from(tcp, c, quantum);
	one = pace_time(c, t->mss);
	if (one == 0)
		return NONE;
	return (uint32_t)min_ns((tcp->now + quantum - min_ns(from, tcp->now + quantum)) / one + 1,
				NONE);
}

/* n bytes of text have left, in segments: after a quantum nothing more does for its time. */
void
pace_sent(const struct tcp *tcp, const struct tcb *t, struct active *c, uint32_t n)
{
	sw_ns quantum;

	if (c->pace == 0 || pace_first(tcp, t, c, flight(t)))
		return;
	quantum = pace_quantum(tcp, t, c);
	/* as if each segment were told of by itself */
	c->pace_next = pace_from(tcp, c, quantum) + n / t->mss * pace_time(c, t->mss) +
		       pace_time(c, n % t->mss);
	if (c->pace_next > tcp->now + quantum)
		c->pace_gate = c->pace_next;
}

/* When what only the pace holds back may leave. */
sw_ns
pace_deadline(const struct active *c)
{
	return c != NULL && c->paced ? c->pace_gate : SW_NEVER;
}
