/*
 * teardown.c - the four-way close, from top to bottom: CLOSE, the FINs and their
 * ACKs, TIME-WAIT and its end; and the ways that are not graceful.
 * RFC 9293 3.6, 3.10.4, 3.10.5, 3.10.7.4 eighth; RFC 1337, 6191.
 */
#include "tcp/parts.h"

/*
 * 1.  CLOSE (3.10.4): "I have no more to send."  The state moves at the call;
 * the FIN follows what is queued, whenever the window lets it.
 */
int
tcp_close(struct tcp *tcp, struct tcb *t, sw_ns now)
{
	tcp->now = now;
	if (t->flags & T_CLOSE)
		return SW_E_CLOSING;
	switch (t->h.state) {
	case SW_LISTEN:
	case SW_SYN_SENT:
		end(tcp, t, SW_ON_CLOSE, SW_OK);
		break;
	case SW_SYN_RECEIVED:
		t->flags |= T_CLOSE;
		/*= RFC 9293 3.10.4: with SENDs queued, wait for ESTABLISHED */
		if (snd_unsent(tcp, t) == 0)
			fsm_go(tcp, t, SW_ON_CLOSE);
		break;
	case SW_ESTABLISHED:
	case SW_CLOSE_WAIT:
		t->flags |= T_CLOSE;
		t->flags &= ~(uint32_t)T_MORE;
		fsm_go(tcp, t, SW_ON_CLOSE);
		break;
	default:
		return SW_E_STATE;
	}
	settle(tcp, t);
	return SW_OK;
}

/* Has the peer acknowledged our FIN? */
bool
fin_acked(const struct tcb *t)
{
	if (BROKEN(BREAK_ACK_LESS_FIN))
		return t->flags & T_FIN_SENT;
	return (t->flags & T_FIN_SENT) && seq_eq(t->snd.una, t->snd.nxt);
}

/*= RFC 9293 3.6.1 MUST-13: twice the maximum segment lifetime, anew for each FIN */
void
time_wait_restart(struct tcp *tcp, struct tcb *t)
{
	t->late = after_ns(tcp->now, tcp->msl > SW_NEVER / 2 ? SW_NEVER : 2 * tcp->msl);
	t->retransmit = SW_NEVER;
	if (BROKEN(BREAK_NO_TIME_WAIT))
		t->late = tcp->now;
	if (BROKEN(BREAK_SHORT_TIME_WAIT))
		t->late = after_ns(tcp->now, 100 * SW_MS);
}

/* FIN-WAIT-2 with no application: a peer that never closes must not hold it. */
static void
fin_wait_2_limit(struct tcp *tcp, struct tcb *t)
{
	if (t->h.state == SW_FIN_WAIT_2 && (t->flags & T_RELEASED) && tcp->fin_wait_2 > 0)
		t->late = after_ns(tcp->now, tcp->fin_wait_2);
}

/*
 * 2., 3., 4.  Eighth step: the peer's FIN, if it is the next number, and the ACK
 * of ours, if it has come (RFC 9293 3.10.7.4 fifth and eighth: seen together, so
 * that Figure 5's note 2 is one edge).
 */
void
take_fin(struct tcp *tcp, struct tcb *t, bool fin)
{
	bool ours = fin_acked(t);
	uint8_t before = t->h.state;

	if (fin) {
		t->rcv.nxt = seq_add(t->rcv.nxt, 1);
		t->rcv.wnd -= t->rcv.wnd > 0;
		t->flags = (t->flags | T_FIN_RCVD | T_ACK_NOW) & ~(uint32_t)T_FIN_KNOWN;
		t->news |= NEWS_READY | NEWS_OUTPUT;
	}
	switch (t->h.state) {
	case SW_ESTABLISHED:
		if (fin)
			fsm_go(tcp, t, SW_ON_RCV_FIN);
		break;
	case SW_FIN_WAIT_1:
		if (fin && ours)
			fsm_go(tcp, t, SW_ON_RCV_FIN_ACK_OF_FIN);
		else if (fin)
			fsm_go(tcp, t, SW_ON_RCV_FIN);
		else if (ours)
			fsm_go(tcp, t, SW_ON_RCV_ACK_OF_FIN);
		break;
	case SW_FIN_WAIT_2:
		if (fin)
			fsm_go(tcp, t, SW_ON_RCV_FIN);
		break;
	case SW_CLOSING:
		if (ours)
			fsm_go(tcp, t, SW_ON_RCV_ACK_OF_FIN);
		break;
	case SW_LAST_ACK:
		if (ours)
			end(tcp, t, SW_ON_RCV_ACK_OF_FIN, SW_OK);
		break;
	default:
		break;
	}
	if (t->h.state == SW_TIME_WAIT && before != SW_TIME_WAIT)
		time_wait_restart(tcp, t);
	if (t->h.state == SW_FIN_WAIT_2 && before != SW_FIN_WAIT_2)
		fin_wait_2_limit(tcp, t);
}

/*
 * May this SYN take a TIME-WAIT over?  RFC 9293 MAY-2 asks for a number beyond
 * the last of the old connection, RFC 6191 for a newer timestamp where both
 * connections have them.
 */
bool
tcp_time_wait_reusable(const struct tcp *tcp, const struct tcb *t, const struct seg *s)
{
	(void)tcp;
	if ((s->ctl & (SW_SYN | SW_ACK | SW_RST | SW_FIN)) != SW_SYN)
		return false;
	if ((t->flags & T_TS) && (s->has & SW_HAS_TS) && s->tsval != t->ts_recent)
		return seq_lt(seq_at(t->ts_recent), seq_at(s->tsval));
	return seq_lt(t->rcv.nxt, s->seq);
}

/* The record of a TIME-WAIT is needed for a younger one. */
void
tcp_evict(struct tcp *tcp, struct tcb *t, sw_ns now)
{
	tcp->now = now;
	end(tcp, t, SW_ON_EVICTED, SW_OK);
}

/* The connection is over: CLOSED, nothing queued, nothing armed.  Bytes that the
 * peer sent before a graceful end can still be read. */
void
end(struct tcp *tcp, struct tcb *t, enum sw_cause on, int error)
{
	struct active *c = active_of(tcp, t);
	struct chain keep;

	fsm_go(tcp, t, on);
	t->error = (uint8_t)-error & 15u;
	t->retransmit = t->late = SW_NEVER;
	t->flags &= ~(uint32_t)(T_ACK_NOW | T_ACK_LATER | T_SEND_SYN | T_PROBE | T_KEEP_PROBE);
	if (c != NULL && c->rcv.len > 0 && error == SW_OK) {
		keep = c->rcv;
		chain_init(&c->rcv);
		tcp_drop(tcp, t);
		c = active_take(tcp, t);
		if (c != NULL)
			c->rcv = keep;
		else
			chain_clear(&keep, &tcp->chunks);
	} else {
		tcp_drop(tcp, t);
	}
	t->news |= NEWS_READY;
}

/* Gives back everything that the pools lent. */
void
tcp_drop(struct tcp *tcp, struct tcb *t)
{
	struct active *c = active_of(tcp, t);
	uint32_t i;

	if (c == NULL)
		return;
	chain_clear(&c->snd, &tcp->chunks);
	chain_clear(&c->rcv, &tcp->chunks);
	while ((i = list_pop(&c->recs, &tcp->recs, offsetof(struct rec, in_seq))) != NONE)
		pool_give(&tcp->recs, i);
	while ((i = list_pop(&c->runs, &tcp->runs, offsetof(struct run, in_seq))) != NONE) {
		chain_clear(&((struct run *)pool_at(&tcp->runs, i))->text, &tcp->chunks);
		pool_give(&tcp->runs, i);
	}
	t->flags &= ~(uint32_t)T_ACK_LATER;
	tune_drop(tcp, c);
	pool_give(&tcp->actives, t->active);
	t->active = NONE;
}

/* A RST where the peer takes one. */
void
reset_fill(const struct tcb *t, struct reply *reply)
{
	reply->rst = true;
	reply->seg = (struct seg){.ctl = SW_RST | SW_ACK};
	reply->seg.seq = ack_number(t);
	reply->seg.ack = t->rcv.nxt;
}

/* ABORT: a RST in the states that owe the peer one (3.10.5). */
static void
reset_peer(const struct tcb *t, struct reply *reply)
{
	switch (t->h.state) {
	case SW_SYN_RECEIVED:
	case SW_ESTABLISHED:
	case SW_FIN_WAIT_1:
	case SW_FIN_WAIT_2:
	case SW_CLOSE_WAIT:
		reset_fill(t, reply);
		break;
	default:
		break;
	}
}

/* ABORT (3.10.5). */
void
tcp_abort(struct tcp *tcp, struct tcb *t, sw_ns now, struct reply *reply)
{
	tcp->now = now;
	if (t->h.state == SW_CLOSED)
		return;
	reset_peer(t, reply);
	end(tcp, t, SW_ON_ABORT, SW_E_ABORTED);
}

/*
 * The application has gone.  MAY-1: from here on nothing can be read, so bytes
 * that wait unread are lost, and the peer must know: SHLD-3.
 */
void
tcp_release(struct tcp *tcp, struct tcb *t, sw_ns now, struct reply *reply)
{
	const struct active *c = active_of(tcp, t);

	tcp->now = now;
	t->flags |= T_RELEASED;
	if (t->h.state == SW_CLOSED)
		return;
	if (c != NULL && c->rcv.len > 0 && fsm_can(t, SW_ON_LOST_DATA)) {
		/*= RFC 9293 3.6.1 SHLD-3: unread bytes: RST instead of FIN; after a FIN too,
		 * as what is queued goes with them */
		reset_fill(t, reply);
		end(tcp, t, SW_ON_LOST_DATA, SW_E_ABORTED);
		return;
	}
	if (c != NULL && t->h.state == SW_TIME_WAIT)
		tcp_drop(tcp, t);
	if (!(t->flags & T_CLOSE))
		(void)tcp_close(tcp, t, now);
	fin_wait_2_limit(tcp, t);
	settle(tcp, t);
}
