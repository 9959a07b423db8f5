/*
 * rack.c - what is lost, by time: RACK.
 *
 * A segment is lost when one that was sent later has arrived and the reordering
 * window has passed since.  The records in flight stand in the order of their
 * sending, so the search stops at the first that is too young: each ACK costs what
 * it finds.  It needs SACK; it does not know what a loss means for cwnd.
 * RFC 8985 6.
 *
 * A time here may be wrong by a tick, as clocks may be as coarse: a window that
 * is not zero has one added.  The order of sending is exact whatever the clock
 * (active.sent_at); by sequence it is only within one super-segment.
 */
#include "tcp/parts.h"

#define IN_TIME offsetof(struct rec, in_time)

enum { RACK_PERSIST = 16, RACK_MULT_MAX = 255 };
static const sw_ns rack_min_for = 30 * SW_S; /* a minimum is forgotten after once or twice that */

/* Are losses of t found by time? */
bool
rack_on(const struct tcp *tcp, const struct tcb *t)
{
	/*= RFC 8985 4 MUST: it needs SACK */
	return (t->flags & T_SACK) && !(tcp->without & SW_NO_RACK);
}

/* The start, for data from `una` on. */
void
rack_begin(struct active *c, seq una)
{
	c->rack.end = c->rack.fack = una;
	c->rack.mult = 1;
	c->rack.due = SW_NEVER;
}

/* The least round trip of late; 0: none is known. */
sw_ns
rack_min_rtt(const struct tcb *t, const struct active *c)
{
	if (c->rack.min[0] == 0)
		return (sw_ns)t->srtt_us / 8 * SW_US;
	return c->rack.min[1] > 0 ? min_ns(c->rack.min[0], c->rack.min[1]) : c->rack.min[0];
}

/*= RFC 8985 6.2 step 1: a windowed minimum, so that a longer path becomes known */
static void
rack_min_take(const struct tcp *tcp, struct active *c, sw_ns rtt)
{
	if (c->rack.min[0] == 0 || tcp->now - c->rack.min_since > rack_min_for) {
		c->rack.min[1] = c->rack.min[0];
		c->rack.min[0] = rtt;
		c->rack.min_since = tcp->now;
	}
	c->rack.min[0] = min_ns(c->rack.min[0], rtt);
}

/* Transmission r has arrived: steps 2 and 3 for one record, before it is changed. */
void
rack_delivered(const struct tcp *tcp, struct active *c, const struct rec *r, seq end,
	       struct told *told)
{
	/*= RFC 8985 6.2 step 3: sent once, and yet behind what came before */
	if (seq_lt(c->rack.fack, end))
		c->rack.fack = end;
	else if (seq_lt(end, c->rack.fack) && !(r->flags & R_AGAIN))
		told->reordered = true;
	if (r->flags & R_AGAIN) {
		/*= RFC 8985 6.2 step 2: of which transmission is this the ACK?  The echo
		 * beside a SACK is of what came before the gap, and says nothing. */
		if (told->echoes && !told->selective &&
		    (int32_t)(told->echo_ms - (uint32_t)(r->sent / SW_MS)) < 0)
			return;
		if (since(tcp, r->sent) < told->min_rtt)
			return;
	}
	if (told->valid && !sent_later(r->sent, end, told->sent, told->end))
		return;
	told->valid = true;
	told->sent = r->sent;
	told->end = end;
}

/* An ACK has been looked through: steps 1 to 3. */
void
rack_update(const struct tcp *tcp, struct tcb *t, struct active *c, const struct told *told)
{
	if (told->once > 0)
		rack_min_take(tcp, c, max_ns(since(tcp, told->once), 1));
	if (told->reordered)
		t->flags |= T_REORDERS;
	if (!told->valid)
		return;
	c->rack.rtt = since(tcp, told->sent);
	if (c->rack.known && !sent_later(told->sent, told->end, c->rack.sent, c->rack.end))
		return;
	c->rack.known = true;
	c->rack.sent = told->sent;
	c->rack.end = told->end;
}

/*= RFC 8985 6.2 step 4: the window grows with each round that sees a D-SACK */
void
rack_dsack(const struct tcb *t, struct active *c)
{
	if (c->rack.in_round && seq_leq(c->rack.dsack_round, t->snd.una))
		c->rack.in_round = false;
	if (c->rack.in_round)
		return;
	c->rack.in_round = true;
	c->rack.dsack_round = t->snd.nxt;
	c->rack.mult = (uint8_t)min_u32(c->rack.mult + 1u, RACK_MULT_MAX);
	c->rack.persist = RACK_PERSIST;
}

/* A recovery has ended: after 16 of them without D-SACK the window is small again. */
void
rack_recovered(struct active *c)
{
	if (c->rack.persist > 0 && --c->rack.persist == 0)
		c->rack.mult = 1;
}

/* How long a segment may be late. */
static sw_ns
rack_window(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	bool enough = c->sacked_parts >= DUP_THRESH || c->sacked > (DUP_THRESH - 1u) * t->mss;
	sw_ns most = (sw_ns)t->srtt_us * SW_US / 8;

	/*= RFC 8985 3.3.2 SHOULD, 6.2 step 4: none as long as nothing was ever reordered */
	if (!(t->flags & T_REORDERS) && (c->phase != CC_OPEN || enough))
		return 0;
	/*= RFC 8985 3.3.2 MUST: bounded, by SRTT */
	return min_ns(c->rack.mult * rack_min_rtt(t, c) / 4, most) + tcp->tick;
}

/*
 * Step 5: takes for lost what is; c->rack.due: when the next will be.  Whether there
 * was any; *again: one of them had been sent again already.
 */
bool
rack_losses(struct tcp *tcp, struct tcb *t, struct active *c, bool *again)
{
	sw_ns wait = rack_window(tcp, t, c), due;
	uint32_t i = c->recs_in_time.head, next;
	bool found = false;

	c->rack.due = SW_NEVER;
	for (; c->rack.known && i != NONE; i = next) { /* bounded: takes one out a turn */
		const struct rec *r = rec_at(tcp, i);

		next = list_next(&tcp->recs, IN_TIME, i);
		if (!sent_later(c->rack.sent, c->rack.end, r->sent, seq_add(r->seq, r->len)))
			break;
		due = wait > 0 ? after_ns(r->sent, c->rack.rtt + wait) : 0;
		if (due > tcp->now) {
			/*= RFC 8985 6.2 step 5: else a timer finds it, or the RTO would */
			c->rack.due = due;
			break;
		}
		*again |= (r->flags & R_AGAIN) != 0;
		board_lose(tcp, c, i);
		found = true;
	}
	return found;
}

/*= RFC 8985 6.3: at a timeout the first is lost, and what is older than a round trip
 * and the window; what was just sent is not */
void
rack_timeout(struct tcp *tcp, struct tcb *t, struct active *c)
{
	sw_ns rtt = c->rack.known ? c->rack.rtt : (sw_ns)t->srtt_us * SW_US / 8;
	sw_ns late = rtt + rack_window(tcp, t, c);
	uint32_t i = c->recs_in_time.head, next;

	for (; i != NONE && after_ns(rec_at(tcp, i)->sent, late) <= tcp->now; i = next) {
		next = list_next(&tcp->recs, IN_TIME, i);
		board_lose(tcp, c, i);
	}
	board_lose_first(tcp, c, c->recs.head);
	c->rack.due = SW_NEVER;
}

/* The reordering timer fired. */
void
rack_expire(struct tcp *tcp, struct tcb *t, struct active *c)
{
	bool again = false;

	if (!rack_losses(tcp, t, c, &again))
		return;
	losses_found(tcp, t, c, 0, again);
	prr_acked(tcp, t, c, 0, false);
	c->force = 1; /* no ACK is there to send for, but this must not wait for one */
}
