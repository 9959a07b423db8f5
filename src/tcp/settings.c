/*
 * settings.c - what an application may set of a connection, and what the
 * connections of a listener take over from it.
 * RFC 9293 3.7.1, 3.7.4, 3.8.3, 3.8.4, 3.9.1.
 */
#include "tcp/parts.h"

/* Has our SYN gone, so that MSS and window scale are told? */
static bool
syn_told(const struct tcb *t)
{
	return (t->flags & T_OPENED) || !seq_eq(t->snd.nxt, t->snd.iss) ||
	       t->h.state >= SW_SYN_RECEIVED;
}

static int
set_flag(struct tcb *t, uint32_t bit, bool on)
{
	t->flags = on ? t->flags | bit : t->flags & ~bit;
	return SW_OK;
}

/* The keep-alive timer is to be armed anew. */
static void
keep_again(struct tcb *t)
{
	if (t->h.state != SW_TIME_WAIT && !(t->h.state == SW_FIN_WAIT_2 && (t->flags & T_RELEASED)))
		t->late = SW_NEVER;
}

static int
set_seconds(uint16_t *to, uint64_t value)
{
	if (value > UINT16_MAX)
		return SW_E_INVALID;
	*to = (uint16_t)value;
	return SW_OK;
}

static int
set_byte(uint8_t *to, uint64_t value, uint8_t least)
{
	if (value > UINT8_MAX || value < least)
		return SW_E_INVALID;
	*to = (uint8_t)value;
	return SW_OK;
}

static int
set_buffer(struct tcp *tcp, struct tcb *t, enum sw_option which, uint64_t value)
{
	struct active *c = active_of(tcp, t);

	if (value < MSS_FLOOR || value > 1u << 30)
		return SW_E_INVALID;
	if (which == SW_OPT_SND_BUF) {
		t->snd_buf = (uint32_t)value;
		t->snd_fixed = 1;
		return SW_OK;
	}
	t->rcv_buf = (uint32_t)value;
	t->rcv_fixed = 1;
	if (c != NULL)
		tune_drop(tcp, c);
	if (!syn_told(t))
		rcv_begin(t);
	else
		rcv_window_after_read(tcp, t); /* a peer that waits is told */
	return SW_OK;
}

/*= RFC 9293 3.7.1 SHLD-5: a smaller segment than the path takes may be asked for */
static int
set_mss(struct tcp *tcp, struct tcb *t, uint64_t value)
{
	if (value < MSS_FLOOR || value > UINT16_MAX)
		return SW_E_INVALID;
	if (syn_told(t))
		return SW_E_STATE;
	t->link_mss = (uint16_t)min_u32(t->link_mss, (uint32_t)value);
	t->path_mss = (uint16_t)min_u32(t->path_mss, t->link_mss);
	mss_settle(tcp, t);
	return SW_OK;
}

/* Another controller goes on from cwnd and ssthresh as they are. */
static int
set_controller(struct tcp *tcp, struct tcb *t, uint64_t value)
{
	struct active *c = active_of(tcp, t);

	if (value >= SW_N_CCS)
		return SW_E_INVALID;
	if (t->controller == value)
		return SW_OK;
	t->controller = value & 3u;
	if (c != NULL) {
		c->controller = t->controller;
		memset(&c->cc, 0, sizeof(c->cc));
	}
	return SW_OK;
}

/* The keep-alive's own settings, the user timeout's, the IP header's. */
static int
set_number(struct tcb *t, enum sw_option which, uint64_t value)
{
	switch (which) {
	case SW_OPT_USER_TIMEOUT:
		return set_seconds(&t->user_timeout_s, value);
	case SW_OPT_KEEP_IDLE:
		keep_again(t);
		return set_seconds(&t->keep_idle_s, value);
	case SW_OPT_KEEP_INTERVAL:
		return set_seconds(&t->keep_interval_s, value);
	case SW_OPT_KEEP_PROBES:
		return set_byte(&t->keep_probes, value, 0);
	case SW_OPT_TOS:
		return set_byte(&t->tos, value, 0); /*= RFC 9293 3.9.1.9 MUST-48, SHLD-21 */
	case SW_OPT_TTL:
		return set_byte(&t->ttl, value, 1); /*= RFC 9293 3.9.2 MUST-49 */
	default:
		return SW_E_INVALID;
	}
}

static int
set_one(struct tcp *tcp, struct tcb *t, enum sw_option which, uint64_t value)
{
	switch (which) {
	case SW_OPT_NAGLE:
		return set_flag(t, T_NAGLE, value != 0);
	case SW_OPT_CORK:
		return set_flag(t, T_MORE, value != 0);
	case SW_OPT_KEEPALIVE:
		keep_again(t);
		return set_flag(t, T_KEEPALIVE, value != 0);
	case SW_OPT_QUICK_ACK:
		if (value != 0 && (t->flags & T_ACK_LATER))
			t->flags |= T_ACK_NOW;
		return set_flag(t, T_QUICK, value != 0);
	case SW_OPT_SND_BUF:
	case SW_OPT_RCV_BUF:
		return set_buffer(tcp, t, which, value);
	case SW_OPT_MSS:
		return set_mss(tcp, t, value);
	case SW_OPT_ECN:
		if (value > SW_ECN_ACCURATE)
			return SW_E_INVALID;
		t->ecn = value & 3u;
		return SW_OK;
	case SW_OPT_CC:
		return set_controller(tcp, t, value);
	case SW_OPT_FASTOPEN:
		return fast_set(t, value);
	default:
		return set_number(t, which, value);
	}
}

/* sw_set() for a connection. */
int
tcp_set(struct tcp *tcp, struct tcb *t, sw_ns now, enum sw_option which, uint64_t value)
{
	int error;

	tcp->now = now;
	if (which == SW_OPT_USER) {
		t->user = value;
		return SW_OK;
	}
	error = set_one(tcp, t, which, value);
	if (error != SW_OK)
		return error;
	t->news |= NEWS_READY | NEWS_OUTPUT;
	settle(tcp, t);
	return SW_OK;
}

/* What was set of a block. */
void
tcp_habits(const struct tcb *t, struct habits *h)
{
	h->flags = t->flags & T_HABITS;
	h->snd_buf = t->snd_buf;
	h->rcv_buf = t->rcv_buf;
	h->snd_fixed = t->snd_fixed;
	h->rcv_fixed = t->rcv_fixed;
	h->mss = t->link_mss;
	h->user_timeout_s = t->user_timeout_s;
	h->keep_idle_s = t->keep_idle_s;
	h->keep_interval_s = t->keep_interval_s;
	h->keep_probes = t->keep_probes;
	h->ttl = t->ttl;
	h->tos = t->tos;
	h->controller = t->controller;
	h->ecn = t->ecn;
}

/* A fresh block that has sent nothing begins with what was set. */
void
tcp_adopt(struct tcp *tcp, struct tcb *t, const struct habits *h)
{
	t->flags = (t->flags & ~(uint32_t)T_HABITS) | h->flags;
	t->snd_buf = h->snd_buf;
	t->rcv_buf = h->rcv_buf;
	t->snd_fixed = h->snd_fixed;
	t->rcv_fixed = h->rcv_fixed;
	rcv_begin(t);
	t->link_mss = (uint16_t)min_u32(t->link_mss, h->mss);
	t->path_mss = (uint16_t)min_u32(t->path_mss, t->link_mss);
	mss_settle(tcp, t);
	t->user_timeout_s = h->user_timeout_s;
	t->keep_idle_s = h->keep_idle_s;
	t->keep_interval_s = h->keep_interval_s;
	t->keep_probes = h->keep_probes;
	t->ttl = h->ttl;
	t->tos = h->tos;
	t->controller = h->controller & 3u;
	t->ecn = h->ecn & 3u;
}
