/*
 * tune.c - how much a connection may buffer: as much as its path needs, out of
 * what all of them share.
 *
 * Receiving, a round is a round trip of the peer's data.  What the application took
 * in one is what the path and the application are good for; the buffer must hold
 * twice that, or the window would limit them, and more while it still grows.  So who
 * reads slowly keeps a small buffer, however fast the peer is.  Buffers are granted
 * out of a budget: a connection may have two thirds of what the others leave, so that
 * a new one finds something, and many have alike.  One in which nothing comes for a
 * round gives its grant back.  Sending, two windows are queued at most: one in flight,
 * one to come.
 *
 * It knows buffers, rounds and the pool; not segments, nor what is sent.  A buffer
 * that an application has set is left alone.  Nothing that was offered is taken
 * back: that is window.c's.
 * RFC 9293 3.8.6 SHLD-14, RFC 7323 2, 4.
 */
#include "tcp/parts.h"

enum {
	TUNE_FIRST = 128 * 1024,  /* a buffer before anything is known */
	TUNE_LEAST = 16 * 1024,	  /* and when hardly anything is left */
	TUNE_RTT_US = 100 * 1000, /* a round trip of which nothing is known */
	TUNE_RTT_MOST_MS = 1 << 17
};
static const sw_ns tune_round_min = 10 * SW_MS; /* an active part is kept so long at least */

/* Is the receive buffer of t ours to size? */
static bool
tuned(const struct tcp *tcp, const struct tcb *t)
{
	return !(tcp->without & SW_NO_TUNING) && !t->rcv_fixed && t->rcv_buf > TUNE_FIRST;
}

/* Bytes of n free chunks. */
static uint64_t
chunks_hold(const struct tcp *tcp, uint32_t n)
{
	return (uint64_t)n * (tcp->chunks.size - (uint32_t)sizeof(struct chunk));
}

/* Two thirds of what others have left of a budget. */
static uint64_t
tune_share(uint64_t budget, uint64_t others)
{
	return budget > others ? (budget - others) / 3 * 2 : 0;
}

/* What a connection begins with. */
static uint32_t
tune_first(const struct tcp *tcp)
{
	uint64_t share = tune_share(tcp->budget, tcp->granted);

	return (uint32_t)max_ns(min_ns(share, TUNE_FIRST), TUNE_LEAST);
}

/* Bytes that may be unread or offered. */
uint32_t
rcv_space(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);

	if (!tuned(tcp, t))
		return t->rcv_buf;
	return c != NULL && c->tune.space > 0 ? c->tune.space : tune_first(tcp);
}

/* Bytes that SEND may queue. */
uint32_t
snd_space(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	uint32_t kept = tcp->chunks.cap / 4, room = pool_room(&tcp->chunks);
	uint64_t queued = c != NULL ? c->snd.len : 0, need, share;

	if ((tcp->without & SW_NO_TUNING) || t->snd_fixed || t->snd_buf <= TUNE_FIRST)
		return t->snd_buf;
	/* behind a hole SND.UNA stands still, and what is sent stays in the queue */
	need = 2 * (uint64_t)max_u32(t->cwnd, flight(t));
	share = tune_share(chunks_hold(tcp, room > kept ? room - kept : 0) + queued, 0);
	need = min_ns(need, share);
	return (uint32_t)min_ns(max_ns(need, TUNE_FIRST), t->snd_buf);
}

/* While the chunks are nearly used up, the most that is offered from now on. */
uint32_t
rcv_pressed(const struct tcp *tcp, const struct tcb *t)
{
	uint32_t room = pool_room(&tcp->chunks);
	uint64_t hold = chunks_hold(tcp, room) / 4;

	if (room >= tcp->chunks.cap / 4 || (tcp->without & SW_NO_TUNING))
		return UINT32_MAX;
	/* never so little that a peer would have to wait for what nobody tells it */
	return (uint32_t)min_ns(max_ns(hold, 4 * (uint64_t)rcv_segment(t)), UINT32_MAX);
}

/* How long a round is. */
static sw_ns
tune_round(const struct tcb *t, const struct active *c)
{
	uint32_t us = c->tune.rtt_us;

	/* without timestamps the peer's data tell less than our own */
	if (!(t->flags & T_TS) && t->srtt_us > 0)
		us = t->srtt_us / 8;
	return (sw_ns)(us > 0 ? us : TUNE_RTT_US) * SW_US;
}

static void
tune_sample(struct active *c, uint32_t us)
{
	if (c->tune.low_us == 0 || us < c->tune.low_us)
		c->tune.low_us = us;
	/* one that is longer may have waited for the peer's application */
	if (c->tune.rtt_us == 0 || us < c->tune.rtt_us)
		c->tune.rtt_us = us;
}

/*= RFC 7323 4: what a segment echoes is when we sent what it answers */
static void
tune_by_echo(const struct tcp *tcp, const struct tcb *t, struct active *c, const struct seg *s)
{
	uint32_t ms = ts_now(tcp, t) - s->tsecr;

	if (!(s->has & SW_HAS_TS) || s->tsecr == 0 || s->tsecr == c->tune.echo ||
	    ms > TUNE_RTT_MOST_MS)
		return;
	c->tune.echo = s->tsecr;
	if (ms == 0) /* our clock is too coarse for it */
		tune_sample(c, c->tune.rtt_us > 0 ? min_u32(c->tune.rtt_us, 1000) : 1000);
	else
		tune_sample(c, ms * 1000);
}

/* Beyond the right edge only what answers our ACK can lie. */
static void
tune_by_window(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	if (seq_leq(t->rcv.nxt, c->tune.edge))
		return;
	tune_sample(c, max_u32((uint32_t)min_ns(since(tcp, c->tune.edge_at) / SW_US, NONE), 1));
	c->tune.edge = seq_add(t->rcv.nxt, t->rcv.wnd);
	c->tune.edge_at = tcp->now;
}

/* The next round begins. */
static void
tune_begin(const struct tcp *tcp, const struct tcb *t, struct active *c)
{
	if (c->tune.low_us > 0 && (t->flags & T_TS))
		c->tune.rtt_us = c->tune.low_us;
	c->tune.low_us = 0;
	c->tune.since = tcp->now;
	c->tune.before = c->tune.took;
	c->tune.took = 0;
	c->tune.gap = c->runs.head != NONE;
}

/* Text came in order. */
void
tune_arrived(struct tcp *tcp, const struct tcb *t, struct active *c, const struct seg *s)
{
	if (!tuned(tcp, t))
		return;
	if (c->tune.space == 0) {
		c->tune.space = tune_first(tcp);
		tcp->granted += c->tune.space;
		tune_begin(tcp, t, c);
		c->tune.rtt_us = t->srtt_us / 8;
		c->tune.edge = seq_add(t->rcv.nxt, t->rcv.wnd);
		c->tune.edge_at = tcp->now;
	}
	if (t->flags & T_TS)
		tune_by_echo(tcp, t, c, s);
	else
		tune_by_window(tcp, t, c);
}

/* What the buffer should hold, by the round that ends. */
static uint64_t
tune_want(const struct active *c)
{
	uint64_t took = c->tune.took, before = c->tune.before, more = 4 * took;

	/* behind a gap what came in the round before is taken in this one; and while one is
	 * filled, twice as much must find room, and more when it is lost once more, or the
	 * rate grows: a window that were full by then would hold back a sender that does not
	 * slow down for losses */
	if (c->tune.gap && before > 0)
		return (took > before ? 4 : 2) * (took + before);
	/* An ACK now is answered in the round after the next: by four times this, when
	 * the peer doubles. */
	if (before > 0)
		more = took > before ? min_ns(3 * took, more * (took - before) / before) : 0;
	return 2 * took + more;
}

/* A round has ended: a larger buffer if the application takes so much; a smaller one,
 * slowly, if it does not any more, or if others need it. */
static void
tune_settle(struct tcp *tcp, const struct tcb *t, struct active *c)
{
	uint32_t most = min_u32(t->rcv_buf, 65535u << t->rcv_wscale), space = c->tune.space;
	uint64_t want = max_ns(min_ns(max_ns(tune_want(c), TUNE_FIRST), most), space - space / 16);

	want = max_ns(min_ns(want, tune_share(tcp->budget, tcp->granted - space)), TUNE_LEAST);
	c->tune.space = (uint32_t)want;
	tcp->granted += want - space;
}

/* The application took n bytes. */
void
tune_took(struct tcp *tcp, const struct tcb *t, struct active *c, uint32_t n)
{
	if (!tuned(tcp, t) || c->tune.space == 0)
		return;
	c->tune.took += min_u32(n, UINT32_MAX - c->tune.took);
	if (since(tcp, c->tune.since) < tune_round(t, c))
		return;
	tune_settle(tcp, t, c);
	tune_begin(tcp, t, c);
}

/* Nothing is unread or owed: until when is it worth to remember the round?  SW_NEVER:
 * no more, nor at all where the last quarter of the parts that it would be remembered in
 * is needed by others: a segment without one is dropped. */
sw_ns
tune_rests(struct tcp *tcp, const struct tcb *t, struct active *c)
{
	sw_ns span = max_ns(tune_round(t, c), tune_round_min);

	if (c->tune.space == 0 || !tuned(tcp, t) || (t->flags & T_FIN_RCVD) ||
	    pool_room(&tcp->actives) < tcp->actives.cap / 4)
		return SW_NEVER;
	if (after_ns(c->tune.since, span) > tcp->now)
		return after_ns(c->tune.since, span);
	if (c->tune.took == 0)
		return SW_NEVER; /* a round without anything */
	tune_settle(tcp, t, c);
	tune_begin(tcp, t, c);
	return after_ns(c->tune.since, span);
}

/* What was granted goes back. */
void
tune_drop(struct tcp *tcp, struct active *c)
{
	tcp->granted -= c->tune.space;
	c->tune.space = 0;
}

/* A connection comes from another stack, where so much was granted. */
void
tune_regain(struct tcp *tcp, const struct tcb *t, struct active *c, uint64_t space)
{
	if (space == 0 || !tuned(tcp, t))
		return;
	space = min_ns(space, min_ns(t->rcv_buf, tune_share(tcp->budget, tcp->granted)));
	c->tune.space = (uint32_t)max_ns(space, TUNE_LEAST);
	tcp->granted += c->tune.space;
}
