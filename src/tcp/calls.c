/*
 * calls.c - SEND, RECEIVE, STATUS and the settings; what ICMP tells.
 * RFC 9293 3.9.1, 3.10.2, 3.10.3, 3.10.6, 3.9.2.2.  CLOSE and ABORT: teardown.c.
 */
#include "tcp/parts.h"

/* Chunks that no SEND takes: they are for what comes. */
#define SEND_RESERVE(tcp) ((tcp)->chunks.cap / 4)

/* Why no byte can be sent; SW_OK: it can. */
static int
send_refused(const struct tcb *t)
{
	if (t->h.state == SW_CLOSED)
		return t->error ? -t->error : SW_E_STATE;
	if (t->flags & T_CLOSE)
		return SW_E_CLOSING;
	switch (t->h.state) {
	case SW_LISTEN:
	case SW_SYN_SENT:
	case SW_SYN_RECEIVED:
	case SW_ESTABLISHED:
	case SW_CLOSE_WAIT:
		return SW_OK;
	default:
		return SW_E_CLOSING;
	}
}

/* How much more the queue takes. */
static uint32_t
send_space(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	uint32_t space = snd_space(tcp, t), had = c != NULL ? c->snd.len : 0;

	return space > had ? space - had : 0;
}

/* Where SEND finds the next bytes if they shall not be copied. */
ptrdiff_t
tcp_room(const struct tcp *tcp, const struct tcb *t, struct sw_room *room, size_t n)
{
	static const struct chain none = {NONE, NONE, 0};
	const struct active *c = active_of(tcp, t);
	const struct chain *queue = c != NULL ? &c->snd : &none;
	int refused = send_refused(t);
	uint32_t most = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX, pieces = 0;
	uint32_t free = chain_free(queue, &tcp->chunks, SEND_RESERVE(tcp));

	if (refused != SW_OK)
		return refused;
	if (c != NULL || pool_room(&tcp->actives) > 0)
		pieces = chain_room(queue, &tcp->chunks, min_u32(send_space(tcp, t), free), room,
				    most);
	return pieces > 0 || n == 0 ? (ptrdiff_t)pieces : SW_E_AGAIN;
}

/* SEND (3.10.2). */
ptrdiff_t
tcp_send(struct tcp *tcp, struct tcb *t, sw_ns now, const void *bytes, size_t n, unsigned flags)
{
	int refused = send_refused(t);
	struct active *c;
	uint32_t room, took;

	tcp->now = now;
	if (refused != SW_OK)
		return refused;
	if (n == 0)
		return 0;
	if (t->h.state == SW_LISTEN) {
		/*= RFC 9293 3.10.2: SEND on a LISTEN whose remote is known makes it active */
		t->flags = (t->flags & ~(uint32_t)T_PASSIVE) | T_SEND_SYN;
		t->heard = now;
		fsm_go(tcp, t, SW_ON_SEND);
	}
	c = active_take(tcp, t);
	if (c == NULL)
		return SW_E_AGAIN;
	/* draft-ietf-ccwg-bbr 4.1.2.4: upon each write: had the path nothing to do? */
	rate_limited(tcp, t, c);
	if (flight(t) == 0 && c->snd.len == 0 && (t->flags & T_OPENED))
		cc_idle(tcp, t, c,
			now - min_ns(now, max_ns(t->heard, c->last_sent)) >
			    (sw_ns)t->rto_us * SW_US);
	room = send_space(tcp, t);
	room = n < room ? (uint32_t)n : room;
	took = chain_append(&c->snd, &tcp->chunks, bytes, room, SEND_RESERVE(tcp));
	t->flags = flags & SW_MORE ? t->flags | T_MORE : t->flags & ~(uint32_t)T_MORE;
	if ((flags & SW_SEND_URGENT) && took == n) {
		/*= RFC 9293 3.8.5 MUST-30, MUST-31: of any length; the pointer after it */
		t->flags |= T_URG_SENT;
		c->up = seq_add(seq_add(t->snd.una, syn_unacked(t)), c->snd.len);
	}
	t->news |= NEWS_OUTPUT;
	settle(tcp, t);
	return took > 0 ? (ptrdiff_t)took : SW_E_AGAIN;
}

/*= RFC 9293 3.8.5 MUST-33: the urgent mark is behind what was given: the mode ends */
static void
urgent_passed(const struct tcp *tcp, struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	seq next = seq_sub(t->rcv.nxt, !!(t->flags & T_FIN_RCVD));

	if (c != NULL)
		next = seq_sub(next, c->rcv.len);
	if ((t->flags & T_URG_RCVD) && seq_leq(t->rcv.up, next))
		t->flags &= ~(uint32_t)T_URG_RCVD;
}

/* May bytes be shown? Those of a SYN not before the handshake is done, unless it came
 * with a cookie. */
static bool
readable_state(const struct tcb *t)
{
	return t->h.state >= SW_ESTABLISHED || t->h.state == SW_CLOSED || fast_open(t);
}

uint32_t
tcp_unread(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);

	return c != NULL && readable_state(t) ? c->rcv.len : 0;
}

/* What RECEIVE says when there is nothing to give. */
static ptrdiff_t
receive_refused(const struct tcb *t, const struct active *c)
{
	/*= RFC 9293 3.6 MUST-12: an error when it was aborted, 0 when it was closed */
	if (t->error)
		return -t->error;
	if ((t->flags & T_FIN_RCVD) && (c == NULL || c->rcv.len == 0))
		return 0;
	return t->h.state == SW_CLOSED ? SW_E_STATE : SW_E_AGAIN;
}

/* RECEIVE that takes nothing away. */
ptrdiff_t
tcp_peek(const struct tcp *tcp, const struct tcb *t, void *to, size_t n)
{
	const struct active *c = active_of(tcp, t);
	struct place at;
	uint32_t got = 0;

	if (c != NULL && readable_state(t))
		got = n < c->rcv.len ? (uint32_t)n : c->rcv.len;
	if (got > 0) {
		at = chain_place(&c->rcv, &tcp->chunks, 0);
		place_copy(&tcp->chunks, &at, to, got);
	}
	return got > 0 || n == 0 ? (ptrdiff_t)got : receive_refused(t, c);
}

/* Where the bytes stand that RECEIVE would give. */
ptrdiff_t
tcp_look(const struct tcp *tcp, const struct tcb *t, struct sw_text *text, size_t n)
{
	const struct active *c = active_of(tcp, t);
	uint32_t most = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX, pieces = 0;

	if (c != NULL && readable_state(t))
		pieces = chain_look(&c->rcv, &tcp->chunks, text, most);
	return pieces > 0 || n == 0 ? (ptrdiff_t)pieces : receive_refused(t, c);
}

/* The first bytes that are unread, at most `most`, go to `to`; NULL: they were looked at. */
static uint32_t
receive_take(struct tcp *tcp, struct active *c, void *to, uint32_t most)
{
	uint32_t n = min_u32(most, c->rcv.len);

	if (to != NULL)
		return chain_read(&c->rcv, &tcp->chunks, to, n);
	chain_drop(&c->rcv, &tcp->chunks, n);
	return n;
}

/* RECEIVE (3.10.3). */
ptrdiff_t
tcp_receive(struct tcp *tcp, struct tcb *t, sw_ns now, void *to, size_t n)
{
	struct active *c = active_of(tcp, t);
	uint32_t most = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX, got = 0;

	tcp->now = now;
	if (c != NULL && readable_state(t))
		got = receive_take(tcp, c, to, most);
	if (got > 0) {
		urgent_passed(tcp, t);
		tune_took(tcp, t, c, got);
		rcv_window_after_read(tcp, t);
		if (t->h.state == SW_CLOSED)
			active_rest(tcp, t);
		settle(tcp, t);
		return (ptrdiff_t)got;
	}
	if (n == 0)
		return 0;
	return receive_refused(t, c);
}

/* The levels of sw_ready(). */
unsigned
tcp_ready(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	uint32_t unread = tcp_unread(tcp, t);
	uint32_t queued = c != NULL ? c->snd.len : 0, space = snd_space(tcp, t);
	unsigned r = 0;

	if (t->flags & T_OPENED && t->h.state >= SW_ESTABLISHED)
		r |= SW_OPENED;
	if (unread > 0 || (t->flags & T_FIN_RCVD) || (t->h.state == SW_CLOSED && t->error))
		r |= SW_READABLE;
	if (send_refused(t) == SW_OK && (t->h.state >= SW_ESTABLISHED || fast_open(t)) &&
	    queued < space - space / 4 && (c != NULL || pool_room(&tcp->actives) > 0))
		r |= SW_WRITABLE;
	if (t->flags & T_FIN_RCVD)
		r |= SW_PEER_CLOSED;
	/* in TIME-WAIT everything is said: only the wait is left */
	if (t->h.state == SW_CLOSED || t->h.state == SW_TIME_WAIT)
		r |= SW_ENDED;
	if (t->h.state == SW_CLOSED && t->error)
		r |= SW_FAILED;
	if (t->flags & T_TROUBLE)
		r |= SW_TROUBLE;
	if (t->flags & T_URG_RCVD)
		r |= SW_URGENT;
	return r;
}

static void
status_more(const struct tcb *t, const struct active *c, struct sw_status *st)
{
	st->sacked = c != NULL ? c->sacked : 0;
	st->lost = c != NULL ? c->lost : 0;
	st->recovery = c != NULL ? c->phase : 0;
	st->peer_mss = t->peer_mss;
	st->path_mss = t->path_mss;
	st->link_mss = t->link_mss;
	st->retries = t->retries;
	st->icmp_type = t->icmp_type;
	st->icmp_code = t->icmp_code;
	st->ttl = t->ttl;
	st->tos = t->tos;
	st->cc = t->controller;
	st->ecn = (t->flags & T_ECN) != 0;
	st->accurate_ecn = t->accurate;
	if (t->opening != OPEN_OWNED)
		st->fastopen = (uint8_t)min_u32(t->opening, OPEN_FAST);
}

/* STATUS (3.10.6): what tcp knows of it. */
void
tcp_status(const struct tcp *tcp, const struct tcb *t, struct sw_status *st)
{
	const struct active *c = active_of(tcp, t);

	st->state = t->h.state;
	st->error = -t->error;
	st->iss = t->snd.iss.n;
	st->irs = t->rcv.irs.n;
	st->snd_una = t->snd.una.n;
	st->snd_nxt = t->snd.nxt.n;
	st->snd_wnd = t->snd.wnd;
	st->rcv_nxt = t->rcv.nxt.n;
	st->rcv_wnd = t->rcv.wnd;
	st->snd_queued = c != NULL ? c->snd.len : 0;
	st->snd_buf = snd_space(tcp, t);
	st->rcv_buf = rcv_space(tcp, t);
	st->rcv_queued = tcp_unread(tcp, t);
	st->mss = t->mss;
	st->cwnd = t->cwnd;
	st->ssthresh = t->ssthresh;
	st->pipe = c != NULL ? c->pipe : 0;
	st->retransmits = c != NULL ? c->retransmits : 0;
	st->srtt = (sw_ns)t->srtt_us * SW_US / 8;
	st->rttvar = (sw_ns)t->rttvar_us * SW_US / 4;
	st->rto = (sw_ns)t->rto_us * SW_US;
	st->snd_wscale = t->snd_wscale;
	st->rcv_wscale = t->rcv_wscale;
	st->timestamps = t->flags & T_TS;
	st->sack = t->flags & T_SACK;
	status_more(t, c, st);
}

/*= RFC 5927 4.1: an ICMP error must quote a number that is in flight */
bool
tcp_in_flight(const struct tcb *t, seq quoted)
{
	if (t->h.state == SW_CLOSED || t->h.state == SW_LISTEN || t->h.state == SW_TIME_WAIT)
		return false;
	return seq_from(quoted, t->snd.una) < max_u32(flight(t), syn_unacked(t));
}

/* An ICMP error that quotes what is in flight. */
void
tcp_icmp_error(struct tcp *tcp, struct tcb *t, sw_ns now, bool hard, uint16_t why)
{
	tcp->now = now;
	t->icmp_type = (uint8_t)(why >> 8);
	t->icmp_code = (uint8_t)why;
	/*= RFC 9293 3.9.2.2 SHLD-26, RFC 5927 5.2: hard errors end what is not open yet; of
	 * an open connection they are soft: a forger could send them */
	if (hard && fsm_can(t, SW_ON_RCV_ICMP_HARD) && !fast_open(t)) {
		end(tcp, t, SW_ON_RCV_ICMP_HARD, SW_E_UNREACHABLE);
		return;
	}
	/*= RFC 9293 3.9.2.2 MUST-56, SHLD-25, 3.9.1.8 MUST-47: soft ones are only told */
	t->flags |= T_TROUBLE;
	t->news |= NEWS_READY;
}
