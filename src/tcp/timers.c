/*
 * timers.c - every timer of a connection, and what each call leaves armed.
 *
 *	timer		armed when			on expiry
 *	retransmission	something must be acknowledged	send again, back off (6298)
 *	  probe		the window is closed		one byte into it (9293 3.8.6.1)
 *	  reordering	something may yet be late	it is lost (8985 6.2)
 *	  tail probe	nothing came back of late	one segment more (8985 7.2)
 *	pacing		text may not leave yet		look again
 *	rest		nothing came for a round trip	the active part goes back (tune.c)
 *	delayed ACK	text came, nothing went back	ACK (9293 3.8.6.3)
 *	keep-alive	switched on, idle		probe, then give up (9293 3.8.4)
 *	user timeout	FIN-WAIT-2 without application	CLOSED
 *	2MSL		TIME-WAIT			CLOSED (9293 3.6.1)
 *
 * The first four share a field, as do the last three: no state needs two of
 * them.  An RTO that runs is kept beside what is earlier (active.rto_at).
 * The rule behind settle(): if a connection waits for something, a timer runs.
 */
#include "tcp/parts.h"

/* When the ACK that was put off must go. */
static sw_ns
delack_of(const struct tcp *tcp, const struct tcb *t)
{
	return t->flags & T_ACK_LATER ? active_of(tcp, t)->delack : SW_NEVER;
}

/* The earliest of what is armed. */
sw_ns
tcp_deadline(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	sw_ns kept = c != NULL && t->h.state != SW_CLOSED ? c->kept : SW_NEVER;

	kept = min_ns(kept, pace_deadline(c));
	return min_ns(min_ns(t->retransmit, kept), min_ns(delack_of(tcp, t), t->late));
}

static void
timer_trace(struct tcp *tcp, const struct tcb *t, enum sw_timer which)
{
	struct sw_trace *ev = trace_new(tcp, &t->h, tcp->now, SW_T_TIMER);

	if (ev != NULL)
		ev->timer = which;
}

static sw_ns
keep_idle(const struct tcp *tcp, const struct tcb *t)
{
	return t->keep_idle_s ? t->keep_idle_s * SW_S : tcp->keep_idle;
}

/*= RFC 9293 3.8.4 MUST-24 to MUST-29, RFC 1122 4.2.3.6: off unless asked for; several
 * probes, not one, must stay unanswered */
static void
keep_alive_expire(struct tcp *tcp, struct tcb *t, struct reply *reply)
{
	sw_ns idle_until = after_ns(t->heard, keep_idle(tcp, t));
	sw_ns interval = t->keep_interval_s ? t->keep_interval_s * SW_S : tcp->keep_interval;
	uint32_t most = t->keep_probes ? t->keep_probes : tcp->keep_probes;

	if (tcp->now < idle_until || flight(t) > 0) {
		t->probes = 0;
		t->late = max_ns(idle_until, after_ns(tcp->now, tcp->tick));
		return;
	}
	timer_trace(tcp, t, SW_TIMER_KEEP);
	if (t->probes >= most) {
		reset_fill(t, reply);
		end(tcp, t, SW_ON_USER_TIMEOUT, SW_E_TIMED_OUT);
		return;
	}
	t->probes++;
	t->flags |= T_KEEP_PROBE;
	t->late = after_ns(tcp->now, interval);
}

/* The timer whose meaning is the state's. */
static void
late_expire(struct tcp *tcp, struct tcb *t, struct reply *reply)
{
	t->late = SW_NEVER;
	switch (t->h.state) {
	case SW_TIME_WAIT:
		timer_trace(tcp, t, SW_TIMER_MSL2);
		end(tcp, t, SW_ON_MSL2_TIMEOUT, SW_OK);
		break;
	case SW_FIN_WAIT_2:
		if (t->flags & T_RELEASED) {
			timer_trace(tcp, t, SW_TIMER_USER);
			end(tcp, t, SW_ON_USER_TIMEOUT, SW_E_TIMED_OUT);
			break;
		}
		/* fall through */
	default:
		if (t->flags & T_KEEPALIVE)
			keep_alive_expire(tcp, t, reply);
		break;
	}
}

/* Runs what is due. */
void
tcp_expire(struct tcp *tcp, struct tcb *t, sw_ns now, struct reply *reply)
{
	tcp->now = now;
	reply->rst = false;
	if (delack_of(tcp, t) <= now) {
		timer_trace(tcp, t, SW_TIMER_DELACK);
		t->flags = (t->flags | T_ACK_NOW) & ~(uint32_t)T_ACK_LATER;
	}
	if (t->retransmit <= now && t->h.state != SW_CLOSED) {
		/* draft-ietf-ccwg-bbr 4.1.2.4: before a timer sends something */
		if (active_of(tcp, t) != NULL)
			rate_limited(tcp, t, active_of(tcp, t));
		t->retransmit = SW_NEVER;
		if (t->opening == OPEN_HELD)
			t->opening = OPEN_WANTED; /* nobody has anything to say yet: it goes */
		else
			retransmit_expire(tcp, t, reply);
	}
	if (t->late <= now && t->h.state != SW_CLOSED)
		late_expire(tcp, t, reply);
	t->news |= NEWS_OUTPUT;
	settle(tcp, t);
}

/* Does this connection wait for an answer, or for leave to send? */
static bool
waits(const struct tcp *tcp, const struct tcb *t)
{
	if (syn_unacked(t) && t->h.state != SW_LISTEN)
		return true;
	return flight(t) > 0 || snd_unsent(tcp, t) > 0 || fin_unsent(t);
}

/* At the end of every call: what must be armed is armed. */
void
settle(struct tcp *tcp, struct tcb *t)
{
	struct active *c;

	if (t->h.state == SW_CLOSED)
		return;
	if (t->flags & T_BROKEN) {
		t->flags &= ~(uint32_t)T_BROKEN;
		end(tcp, t, SW_ON_ABORT, SW_E_ABORTED);
		return;
	}
	if (!waits(tcp, t)) {
		t->retransmit = SW_NEVER;
	} else if (t->retransmit == SW_NEVER && !tcp_has_output(tcp, t) &&
		   pace_deadline(active_of(tcp, t)) == SW_NEVER) {
		/*= RFC 9293 3.9.1.2 MUST-60: a closed window, a silly one, a full pool */
		c = active_of(tcp, t);
		if (c != NULL && c->recs.head == NONE)
			c->stalled_since = tcp->now;
		retransmit_arm(tcp, t);
	}
	if ((t->flags & T_KEEPALIVE) && t->late == SW_NEVER && t->h.state >= SW_ESTABLISHED &&
	    t->h.state != SW_TIME_WAIT)
		t->late = after_ns(max_ns(t->heard, tcp->now), keep_idle(tcp, t));
	active_rest(tcp, t);
}
