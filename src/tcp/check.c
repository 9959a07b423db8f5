/*
 * check.c - what must be true of a connection between any two calls.
 */
#include "tcp/parts.h"

#define MUST(expr)               \
	do {                     \
		if (!(expr))     \
			return __LINE__; \
	} while (0)

/* The scoreboard: in order, without gaps, its sums right. */
static int
check_board(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	uint32_t pipe = 0, sacked = 0, lost = 0;
	seq at = seq_add(t->snd.una, syn_unacked(t));

	for (uint32_t i = c->recs.head; i != NONE;
	     i = list_next(&tcp->recs, offsetof(struct rec, in_seq), i)) {
		const struct rec *r = rec_at(tcp, i);

		MUST(seq_eq(r->seq, at));
		MUST(r->len > 0);
		MUST(!((r->flags & R_SACKED) && (r->flags & (R_LOST | R_FLIGHT))));
		MUST(!((r->flags & R_LOST) && (r->flags & R_FLIGHT)));
		at = seq_add(at, r->len);
		pipe += r->flags & R_FLIGHT ? r->len : 0;
		sacked += r->flags & R_SACKED ? r->len : 0;
		lost += r->flags & R_LOST ? r->len : 0;
	}
	MUST((syn_unacked(t) && c->recs.head == NONE) || seq_eq(at, t->snd.nxt));
	MUST(pipe == c->pipe);
	MUST(sacked == c->sacked);
	MUST(lost == c->lost);
	return 0;
}

/* In order of sending stands what is in the network, all of it, and nothing twice at
 * one time but the parts of one transmission; the RTO's timer is not put off. */
static int
check_sending(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	uint32_t pipe = 0;
	sw_ns before = 0;

	for (uint32_t i = c->recs_in_time.head; i != NONE;
	     i = list_next(&tcp->recs, offsetof(struct rec, in_time), i)) {
		const struct rec *r = rec_at(tcp, i);

		MUST(r->flags & R_FLIGHT);
		MUST(r->sent >= before);
		before = r->sent;
		pipe += r->len;
	}
	MUST(pipe == c->pipe);
	MUST(before <= c->sent_at);
	MUST(c->waits == WAIT_RTO || t->retransmit == SW_NEVER ||
	     t->retransmit <= c->rto_at);
	return 0;
}

/* What waits for its gap: beyond RCV.NXT, in order, apart. */
static int
check_runs(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	seq at = t->rcv.nxt;
	uint32_t n = 0;

	for (uint32_t i = c->runs.head; i != NONE;
	     i = list_next(&tcp->runs, offsetof(struct run, in_seq), i)) {
		const struct run *r = pool_at(&tcp->runs, i);

		MUST(seq_lt(at, r->seq));
		MUST(r->text.len > 0);
		at = seq_add(r->seq, r->text.len);
		n++;
	}
	MUST(n == c->n_runs);
	MUST(n == 0 || seq_from(at, t->rcv.nxt) <= t->rcv.wnd);
	return 0;
}

int
tcp_check(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	int line;

	if (t->h.state == SW_CLOSED || t->h.state == SW_LISTEN) {
		MUST(tcp_deadline(tcp, t) == SW_NEVER);
		return 0;
	}
	MUST(flight(t) <= 1u << 30);
	MUST(t->rcv.wnd <= 1u << 30);
	MUST(t->h.state != SW_TIME_WAIT || t->late != SW_NEVER);
	/* the anti-stall invariant: who waits has a timer, or something to send */
	if (t->h.state != SW_TIME_WAIT &&
	    (syn_unacked(t) || flight(t) > 0 || snd_unsent(tcp, t) > 0 || fin_unsent(t)))
		MUST(t->retransmit != SW_NEVER || tcp_has_output(tcp, t) ||
		     pace_deadline(active_of(tcp, t)) != SW_NEVER);
	if (c == NULL)
		return 0;
	line = check_board(tcp, t, c);
	if (line == 0)
		line = check_sending(tcp, t, c);
	return line ? line : check_runs(tcp, t, c);
}
