/*
 * handshake.c - the three-way handshake, from top to bottom: the first SYN, its
 * answer, the answer's ACK; and a SYN that meets a SYN (simultaneous open).
 * A stale SYN costs a listener nothing: its SYN-ACK draws the peer's RST.
 * RFC 9293 3.5, 3.10.1, 3.10.7.2, 3.10.7.3; RFC 7323 2, 3; RFC 2018 2.
 */
#include "tcp/parts.h"

/* The window and its scale as the SYN will tell them; RFC 7323 2.3. */
static uint8_t
wscale_of(uint32_t rcv_buf)
{
	uint8_t scale = 0;

	while (scale < WSCALE_MAX && rcv_buf >> scale > 65535)
		scale++;
	return scale;
}

void
rcv_begin(struct tcb *t)
{
	t->rcv_wscale = wscale_of(t->rcv_buf) & 15u;
	t->rcv.wnd = min_u32(t->rcv_buf, 65535);
}

/*= RFC 9293 3.7.1 MUST-15: 536 (IPv4) or 1220 (IPv6) without the option */
uint16_t
tcp_default_mss(const struct sw_addr *peer)
{
	return sw_addr_is4(peer) ? 536 : 1220;
}

/* A fresh TCB in CLOSED. */
void
tcp_fresh(const struct tcp *tcp, struct tcb *t, uint16_t path_mss, seq iss, uint32_t ts_offset)
{
	struct head h = t->h;
	struct wheel_node timer = t->timer;
	struct link ready = t->ready, event = t->event;
	uint64_t user = t->user;
	uint32_t generation = t->generation, listener = t->listener;

	memset(t, 0, sizeof(*t));
	t->h = h;
	t->timer = timer;
	t->ready = ready;
	t->event = event;
	t->user = user;
	t->generation = generation;
	t->listener = listener;
	t->active = NONE;
	t->path_mss = t->link_mss = path_mss;
	t->snd.iss = t->snd.una = t->snd.nxt = iss;
	t->ts_offset = ts_offset;
	t->snd_buf = tcp->snd_buf;
	t->rcv_buf = tcp->rcv_buf;
	t->rto_us = (uint32_t)(tcp->rto_init / SW_US); /*= RFC 6298 2.1 */
	t->ttl = tcp->ttl;
	t->tos = tcp->tos;
	t->controller = tcp->controller & 3u;
	t->ecn = tcp->ecn & 3u;
	t->flags = tcp->nagle ? T_NAGLE : 0;
	t->retransmit = t->late = SW_NEVER;
	rcv_begin(t);
	mss_settle((struct tcp *)(uintptr_t)tcp, t);
}

/* CLOSED -> LISTEN. */
void
tcp_listen(struct tcp *tcp, struct tcb *t, sw_ns now)
{
	tcp->now = now;
	t->flags |= T_PASSIVE;
	fsm_go(tcp, t, SW_ON_OPEN_PASSIVE);
}

/* SYN-RECEIVED -> LISTEN: forget the peer, be ready for another try. */
void
handshake_reopen(struct tcp *tcp, struct tcb *t)
{
	seq iss = seq_add(t->snd.nxt, 1u << 16); /* beyond all that was used */
	uint32_t kept = t->flags & T_RELEASED;
	struct habits habits;

	tcp_habits(t, &habits);
	tcp_drop(tcp, t);
	tcp_fresh(tcp, t, t->link_mss, iss, t->ts_offset);
	tcp_adopt(tcp, t, &habits);
	t->flags |= kept | T_PASSIVE;
	t->news |= NEWS_READY;
}

/* The first SYN (3.10.1): CLOSED or LISTEN -> SYN-SENT. */
void
tcp_open(struct tcp *tcp, struct tcb *t, sw_ns now)
{
	tcp->now = now;
	t->flags = (t->flags & ~(uint32_t)T_PASSIVE) | T_SEND_SYN;
	t->heard = now;
	fsm_go(tcp, t, SW_ON_OPEN_ACTIVE);
	settle(tcp, t);
}

/* Options of our SYN or SYN-ACK; the window in it is not scaled. */
static void
syn_fill(const struct tcp *tcp, const struct tcb *t, struct seg *s)
{
	bool answer = t->h.state != SW_SYN_SENT;

	s->ctl = (uint8_t)(SW_SYN | (answer ? SW_ACK : 0));
	s->tos = t->tos & (t->ecn ? 0xfc : 0xff);
	ecn_syn_fill(tcp, t, s);
	s->ack = answer ? t->rcv.nxt : seq_at(0);
	s->wnd = min_u32(t->rcv.wnd, 65535);
	s->sacks = 0;
	/*= RFC 9293 3.7.1 MUST-14, MUST-65, MUST-67, SHLD-5, MAY-3: MTU less headers */
	s->has = SW_HAS_MSS;
	s->mss = t->link_mss;
	/*= RFC 7323 2.2, 3.2, RFC 2018 2: a SYN offers; a SYN-ACK has only what was offered */
	if (answer ? t->flags & T_SACK : tcp->sack)
		s->has |= SW_HAS_SACK_OK;
	if (answer ? t->flags & T_WSCALE : tcp->window_scale)
		s->has |= SW_HAS_WSCALE;
	if (answer ? t->flags & T_TS : tcp->timestamps)
		s->has |= SW_HAS_TS;
	s->wscale = t->rcv_wscale;
	s->tsval = ts_now(tcp, t);
	s->tsecr = answer ? t->ts_recent : 0; /*= RFC 7323 3.2: 0 without an ACK */
}

/* Does the SYN wait for something to say? */
bool
syn_held(const struct tcp *tcp, const struct tcb *t)
{
	return t->opening == OPEN_HELD && snd_unsent(tcp, t) == 0;
}

/* May data go, and be shown, before the handshake is complete? */
bool
fast_open(const struct tcb *t)
{
	bool cookie = t->opening == OPEN_FAST || t->opening == OPEN_FAST_GIVES;

	return t->h.state == SW_SYN_RECEIVED && cookie;
}

/* Does a RST return it to LISTEN, for another try?  Not what an application has. */
bool
returns_to_listen(const struct tcb *t)
{
	return t->h.state == SW_SYN_RECEIVED && (t->flags & T_PASSIVE) && t->opening < OPEN_FAST;
}

/*= RFC 7413 4.2.2: the text of a SYN with a cookie, no more than the peer's MSS as it was, or
 * the default for none, less what options may take */
uint16_t
tcp_fast_room(const struct tcb *t, uint16_t mss)
{
	uint32_t most = mss > 0 ? mss : tcp_default_mss(&t->h.remote);

	most = min_u32(most, t->path_mss);
	return (uint16_t)(most > SYN_OPTIONS_MOST ? most - SYN_OPTIONS_MOST : 0);
}

/* The Fast Open option, and with a cookie the text that can ride on the SYN. */
static void
syn_fast(struct tcp *tcp, struct tcb *t, struct seg *s)
{
	struct active *c = active_of(tcp, t);
	struct place from;

	s->has |= SW_HAS_FASTOPEN;
	s->cookie_len = tcp->fast.len;
	memcpy(s->cookie, tcp->fast.cookie, COOKIE_MAX);
	if (s->ctl & SW_ACK)
		return;
	t->opening = tcp->fast.len > 0 ? OPEN_SENT : OPEN_ASKED;
	if (tcp->fast.len == 0 || c == NULL)
		return;
	s->len = min_u32(c->snd.len, tcp_fast_room(t, tcp->fast.mss));
	if (s->len == 0)
		return;
	from = chain_place(&c->snd, &tcp->chunks, 0);
	s->chunk = from.chunk;
	s->chunk_at = from.at;
	s->ctl |= s->len == c->snd.len ? SW_PSH : 0;
	t->snd.nxt = seq_add(t->snd.nxt, s->len);
	tcp->bytes_out += s->len;
}

/* Our SYN or SYN-ACK. */
void
syn_emit(struct tcp *tcp, struct tcb *t, struct seg *s)
{
	bool first = seq_eq(t->snd.nxt, t->snd.iss);

	s->seq = t->snd.iss;
	s->again = t->retries > 0;
	tcp->retransmits += s->again;
	if (t->opening == OPEN_HELD) { /* from now on its time counts */
		t->heard = tcp->now;
		t->retransmit = SW_NEVER;
	}
	if (first)
		t->snd.nxt = seq_add(t->snd.iss, 1);
	t->flags &= ~(uint32_t)T_SEND_SYN;
	syn_fill(tcp, t, s);
	/*= RFC 7413 4.2.1, 4.2.2: what is sent again has neither data nor the option */
	if (tcp->fast.on && first && t->retries == 0)
		syn_fast(tcp, t, s);
	if (t->opening == OPEN_WANTED || t->opening == OPEN_HELD)
		t->opening = OPEN_PLAIN;
	if (t->opening == OPEN_FAST_GIVES)
		t->opening = OPEN_FAST;
}

/*= RFC 9293 3.7.1 MUST-16: the peer's MSS and the path's, less what options take */
void
mss_settle(struct tcp *tcp, struct tcb *t)
{
	uint32_t mss = t->path_mss, was = t->mss;

	(void)tcp;
	if (t->peer_mss > 0)
		mss = min_u32(mss, max_u32(t->peer_mss, MSS_FLOOR));
	mss = max_u32(mss, MSS_FLOOR);
	if (t->flags & T_TS)
		mss -= 12;
	t->mss = (uint16_t)mss;
	/*= RFC 5681 3.1: smaller segments, and not more of them */
	if (was > mss && t->cwnd > 0)
		t->cwnd = max_u32(t->cwnd / was, 1) * mss;
}

/* What the peer's SYN says: IRS, options, window. */
static void
syn_take(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	t->rcv.irs = s->seq;
	t->rcv.nxt = seq_add(s->seq, 1);
	t->rcv.acked = t->rcv.nxt;
	t->rcv.up = t->rcv.nxt;
	t->peer_mss = s->has & SW_HAS_MSS ? s->mss : tcp_default_mss(&t->h.remote);
	t->flags &= ~(uint32_t)(T_SACK | T_TS | T_WSCALE);
	if (tcp->sack && (s->has & SW_HAS_SACK_OK))
		t->flags |= T_SACK;
	if (tcp->timestamps && (s->has & SW_HAS_TS)) {
		t->flags |= T_TS;
		t->ts_recent = s->tsval;
		t->ts_recent_s = (uint32_t)(tcp->now / SW_S);
	}
	ecn_syn_take(tcp, t, s);
	/*= RFC 7323 2.2: only when both SYNs have it */
	t->snd_wscale = 0;
	if (tcp->window_scale && (s->has & SW_HAS_WSCALE)) {
		t->flags |= T_WSCALE;
		t->snd_wscale = min_u32(s->wscale, WSCALE_MAX) & 15u;
	}
	t->snd.wnd = t->snd.wnd_max = s->wnd;
	t->snd.wl1 = s->seq;
	t->snd.wl2 = s->ack;
	mss_settle(tcp, t);
}

/* Our window scale counts only if the peer has the option too; told when known. */
static void
wscale_settle(struct tcb *t)
{
	if (!(t->flags & T_WSCALE))
		t->rcv_wscale = 0;
}

/* Our SYN was acknowledged: congestion control begins. */
void
handshake_done(struct tcp *tcp, struct tcb *t)
{
	uint32_t known = t->ssthresh; /* of connections before; 0: nothing */

	cc_init(tcp, t);
	if (known > 0)
		t->ssthresh = max_u32(known, t->cwnd);
	t->flags |= T_OPENED;
	t->news |= NEWS_READY | NEWS_OUTPUT;
}

/* Our SYN was acknowledged, and n bytes of the text that rode on it: what was not is
 * new again, and goes with the next segment (RFC 7413 4.2.2). */
void
syn_text_acked(struct tcp *tcp, struct tcb *t, uint32_t n)
{
	const struct active *c = active_of(tcp, t);
	uint32_t left = flight(t);

	if (t->opening == OPEN_SENT && n + left > 0)
		t->opening = n > 0 ? OPEN_TAKEN : OPEN_REFUSED;
	if (left == 0 || c == NULL || c->recs.head != NONE)
		return;
	t->snd.nxt = t->snd.una;
	tcp->bytes_out -= left;
}

/* sw_set() of Fast Open: while the SYN has not gone. */
int
fast_set(struct tcb *t, uint64_t value)
{
	bool mine = t->h.state == SW_CLOSED || t->h.state == SW_SYN_SENT;

	if (value > 2)
		return SW_E_INVALID;
	if (!mine || !seq_eq(t->snd.nxt, t->snd.iss))
		return SW_E_STATE;
	t->opening = value == 0 ? OPEN_PLAIN : value == 1 ? OPEN_WANTED : OPEN_HELD;
	return SW_OK;
}

/* Has its SYN still to go, and may it have the Fast Open option? */
bool
tcp_fast_wants(const struct tcb *t)
{
	return t->h.state == SW_SYN_SENT && (t->opening == OPEN_WANTED || t->opening == OPEN_HELD);
}

/*= RFC 7413 4.1.3.1 MUST: no SYN-ACK, an ICMP error: such answers are remembered.  So is that
 * nothing came behind a SYN-ACK which took our data: two timeouts in a row. */
bool
tcp_fast_failed(const struct tcb *t)
{
	bool silent = seq_eq(t->rcv.nxt, seq_add(t->rcv.irs, 1)) &&
		      seq_from(t->snd.una, t->snd.iss) <= 1u + t->path_mss;

	if (t->opening == OPEN_ASKED || t->opening == OPEN_SENT)
		return t->h.state == SW_CLOSED && !(t->flags & T_OPENED) && t->error != 0 &&
		       t->error != -SW_E_ABORTED;
	return t->opening == OPEN_TAKEN && silent && t->retries >= 2;
}

/* It is over with Fast Open on this connection. */
void
tcp_fast_over(struct tcb *t)
{
	t->opening = OPEN_REFUSED;
}

/* The SYN that comes to this LISTEN has a valid cookie. */
void
tcp_fast_passive(struct tcb *t, bool gives)
{
	t->opening = gives ? OPEN_FAST_GIVES : OPEN_FAST;
}

/* The block that a SYN of this LISTEN makes is an application's. */
void
tcp_owned_passive(struct tcb *t)
{
	t->opening = OPEN_OWNED;
}

/* Text that rode on a SYN is kept, and shown when ESTABLISHED, or at once if it came with
 * a cookie; a FIN on one will be sent again. */
static void
syn_text(struct tcp *tcp, struct tcb *t, struct seg *s, struct reply *reply)
{
	/*= RFC 9293 3.10.7.2, 3.10.7.3: queued for processing later */
	s->seq = seq_add(s->seq, 1);
	s->off = 0;
	s->ctl &= (uint8_t) ~(SW_SYN | SW_FIN);
	s->len = min_u32(s->len, t->rcv.wnd);
	if (s->len > 0)
		(void)take_text(tcp, t, s, reply);
	t->flags &= ~(uint32_t)T_ACK_LATER;
}

/* LISTEN and a SYN (3.10.7.2): the second segment of the handshake is owed. */
enum sw_verdict
arrives_listen(struct tcp *tcp, struct tcb *t, struct seg *s, struct reply *reply)
{
	enum sw_verdict v = tcp_arrives_listen(s, reply);

	if (v != SW_V_SYN_TAKEN)
		return v;
	syn_take(tcp, t, s);
	wscale_settle(t);
	t->heard = tcp->now;
	t->flags |= T_PASSIVE | T_SEND_SYN;
	fsm_go(tcp, t, SW_ON_RCV_SYN);
	if (fast_open(
		t)) /*= RFC 7413 4.2.2: the answer may begin at once, with the initial window */
		cc_init(tcp, t);
	syn_text(tcp, t, s, reply);
	return fast_open(t) ? SW_V_FAST_OPEN : v;
}

/* LISTEN (3.10.7.2), the part that needs no TCB. */
enum sw_verdict
tcp_arrives_listen(const struct seg *s, struct reply *reply)
{
	if (s->ctl & SW_RST)
		return SW_V_LISTEN_RST;
	if (s->ctl & SW_ACK) {
		reply_rst(s, reply);
		return SW_V_LISTEN_ACK;
	}
	return s->ctl & SW_SYN ? SW_V_SYN_TAKEN : SW_V_LISTEN_OTHER;
}

/* A SYN-ACK of which nothing is kept: what syn_fill() says for a block in SYN-RECEIVED. */
void
tcp_cookie_answer(const struct tcp *tcp, const struct habits *h, uint16_t path_mss,
		  const struct seg *syn, struct seg *s)
{
	uint8_t has = SW_HAS_MSS;

	memset(s, 0, sizeof(*s));
	s->ack = seq_add(syn->seq, 1);
	s->wnd = min_u32(h->rcv_buf, 65535);
	s->mss = (uint16_t)min_u32(path_mss, h->mss);
	s->ttl = h->ttl;
	s->tos = h->tos & (h->ecn ? 0xfc : 0xff);
	s->ctl = SW_SYN | SW_ACK;
	if (tcp->timestamps && (syn->has & SW_HAS_TS)) {
		/* what it has agreed to comes back in the echo, or is not agreed on */
		has |= SW_HAS_TS | (tcp->sack ? SW_HAS_SACK_OK : 0) |
		       (tcp->window_scale ? SW_HAS_WSCALE : 0);
		s->ctl |= ecn_cookie(tcp, h->ecn, syn) ? SW_ECE : 0;
		s->tsecr = syn->tsval;
		s->wscale = wscale_of(h->rcv_buf);
	}
	s->has = has & (SW_HAS_MSS | syn->has);
}

/* The cookie is our ISS. */
void
tcp_cookie_iss(struct tcb *t, seq iss)
{
	t->snd.iss = t->snd.una = t->snd.nxt = iss;
}

/* LISTEN -> SYN-RECEIVED by the SYN that the cookie stands for, whose answer has gone.  How
 * long ago is not known: no round trip is measured. */
void
tcp_cookie_opens(struct tcp *tcp, struct tcb *t, const struct seg *syn, sw_ns now)
{
	tcp->now = now;
	syn_take(tcp, t, syn);
	wscale_settle(t);
	t->heard = SW_NEVER;
	t->flags |= T_PASSIVE;
	fsm_go(tcp, t, SW_ON_RCV_SYN);
	t->snd.nxt = seq_add(t->snd.iss, 1);
}

/* 3.10.7.3 first and second: the ACK and the RST.  NEXT: go on. */
static enum sw_verdict
syn_sent_checks(struct tcp *tcp, struct tcb *t, const struct seg *s, struct reply *reply)
{
	bool sent = !seq_eq(t->snd.nxt, t->snd.iss);
	/*= RFC 7413 4.2.2: the SYN alone, or all or some of what rode on it */
	bool good = (s->ctl & SW_ACK) && sent && s->acked >= 1 && (uint32_t)s->acked <= flight(t);

	if ((s->ctl & SW_ACK) && !good) {
		/*= RFC 9293 3.10.7.3: this is how a stale SYN-ACK, hence a stale SYN, dies */
		if (!(s->ctl & SW_RST))
			reply_rst(s, reply);
		return s->ctl & SW_RST ? SW_V_RST_UNPROVEN : SW_V_ACK_BAD_SYN;
	}
	if (s->ctl & SW_RST) {
		if (!good)
			return SW_V_RST_UNPROVEN;
		end(tcp, t, SW_ON_RCV_RST, SW_E_REFUSED);
		return SW_V_REFUSED;
	}
	return s->ctl & SW_SYN ? NEXT : SW_V_NO_CONTROL;
}

/* SYN-SENT (3.10.7.3): the answer to our SYN, or a SYN that crossed it. */
enum sw_verdict
arrives_syn_sent(struct tcp *tcp, struct tcb *t, struct seg *s, struct reply *reply)
{
	enum sw_verdict v = syn_sent_checks(tcp, t, s, reply);
	bool fin = (s->ctl & SW_FIN) && (s->ctl & SW_ACK);

	if (v != NEXT)
		return v;
	syn_take(tcp, t, s);
	wscale_settle(t);
	if (!(s->ctl & SW_ACK)) {
		/*= RFC 9293 3.5 MUST-10: simultaneous open */
		t->flags |= T_SEND_SYN;
		fsm_go(tcp, t, SW_ON_RCV_SYN);
		syn_text(tcp, t, s, reply);
		return SW_V_TAKEN;
	}
	snd_acked(tcp, t, s);
	t->heard = tcp->now;
	t->late = SW_NEVER;
	fsm_go(tcp, t, SW_ON_RCV_SYN_ACK);
	t->flags |= T_ACK_NOW;
	syn_text(tcp, t, s, reply);
	if (fin && s->len == 0)
		take_fin(tcp, t, true);
	return SW_V_OPENED;
}
