/*
 * state.c - what has become of the connection behind a socket: its state as
 * Linux counts, the pending error, the settings that it shall have.
 *
 * RFC 9293 3.9.2.2; the errno that Linux gives to each ICMP error.
 */
#include "sock/sock.h"

/* The words of the stack in those of POSIX. */
int
sock_errno(int sw_error)
{
	switch (sw_error) {
	case SW_OK:
		return 0;
	case SW_E_INVALID:
		return EINVAL;
	case SW_E_NO_CONN:
	case SW_E_STATE:
		return ENOTCONN;
	case SW_E_AGAIN:
		return EAGAIN;
	case SW_E_NO_MEMORY:
		return ENOBUFS;
	case SW_E_IN_USE:
		return EADDRINUSE;
	case SW_E_NO_ROUTE:
		return ENETUNREACH;
	case SW_E_REFUSED:
		return ECONNREFUSED;
	case SW_E_RESET:
		return ECONNRESET;
	case SW_E_TIMED_OUT:
		return ETIMEDOUT;
	case SW_E_UNREACHABLE:
		return EHOSTUNREACH;
	case SW_E_CLOSING:
		return EPIPE;
	default:
		return ECONNABORTED;
	}
}

static int
icmp4_errno(unsigned type, unsigned code)
{
	if (type == 11)
		return EHOSTUNREACH;
	if (type == 12)
		return EPROTO;
	switch (code) {
	case 0:
	case 6:
	case 9:
	case 11:
		return ENETUNREACH;
	case 2:
		return ENOPROTOOPT;
	case 3:
		return ECONNREFUSED;
	case 5:
		return EOPNOTSUPP;
	case 7:
		return EHOSTDOWN;
	case 8:
		return ENONET;
	default:
		return EHOSTUNREACH;
	}
}

static int
icmp6_errno(unsigned type, unsigned code)
{
	if (type == 3)
		return EHOSTUNREACH;
	if (type != 1)
		return EPROTO;
	switch (code) {
	case 0:
		return ENETUNREACH;
	case 1:
	case 5:
	case 6:
		return EACCES;
	case 4:
		return ECONNREFUSED;
	default:
		return EHOSTUNREACH;
	}
}

/* What the last ICMP error means; 0: there was none. */
static int
icmp_errno(const struct sw_status *st)
{
	if (st->icmp_type == 0)
		return 0;
	return sw_addr_is4(&st->remote.addr) ? icmp4_errno(st->icmp_type, st->icmp_code)
					     : icmp6_errno(st->icmp_type, st->icmp_code);
}

/* Why it ended, as Linux would say. */
static int
end_errno(const struct sock *s, const struct sw_status *st)
{
	int icmp = icmp_errno(st);

	switch (st->error) {
	case SW_E_UNREACHABLE:
	case SW_E_TIMED_OUT:
		return icmp ? icmp : sock_errno(st->error);
	case SW_E_RESET:
		/* in CLOSE-WAIT: the peer had said that no more comes */
		return s->done && !(s->shut & SHUT_SEND) ? EPIPE : ECONNRESET;
	default:
		return sock_errno(st->error);
	}
}

/* The state now, and all of the status if st is not NULL. */
enum sw_state
sock_state(const struct sw_sock_host *h, const struct sock *s, struct sw_status *st)
{
	struct sw_status mine;

	if (st == NULL)
		st = &mine;
	memset(st, 0, sizeof(*st));
	st->bytes = sizeof(*st);
	if (s->conn == 0 || sw_status(h->stack, s->conn, st) != SW_OK)
		st->state = SW_CLOSED;
	return st->state;
}

/* Takes notice; TIME-WAIT is CLOSED to a program, as everything is said. */
enum sw_state
sock_look(const struct sw_sock_host *h, struct sock *s)
{
	struct sw_status st;
	enum sw_state state = sock_state(h, s, &st);

	if (s->conn == 0 || s->listening)
		return state;
	if ((sw_ready(h->stack, s->conn) & SW_PEER_CLOSED) && !s->done) {
		s->done = true;
		s->shut |= SHUT_RECV;
	}
	if (state == SW_TIME_WAIT)
		state = SW_CLOSED;
	if (state == SW_CLOSED) {
		if (!s->ended && st.error != 0)
			s->error = end_errno(s, &st);
		s->ended = true;
		s->shut = SHUT_BOTH;
	} else {
		s->soft_error = icmp_errno(&st);
	}
	return state;
}

/*= RFC 7413 4.2.2: what a cookie opened is open before the handshake is complete */
bool
sock_is_open(const struct sw_sock_host *h, const struct sock *s, enum sw_state state)
{
	struct sw_status st;

	if (s->listening || state == SW_SYN_SENT)
		return false;
	if (state != SW_SYN_RECEIVED)
		return true;
	(void)sock_state(h, s, &st);
	return st.fastopen == SW_FASTOPEN_PASSIVE;
}

/* The pending error, which is pending no more; 0: none. */
int
sock_error_take(struct sock *s)
{
	int error = s->error;

	s->error = 0;
	return error;
}

/* The connection is left alone; the socket is as new, but for its settings. */
void
sock_forget(struct sw_sock_host *h, struct sock *s)
{
	if (s->conn != 0)
		sw_abort(h->stack, sw_sock_now(h), s->conn);
	s->conn = 0;
	s->listening = s->ended = s->done = s->no_space = s->deferred = false;
	s->shut = 0;
	s->phase = PHASE_UNCONNECTED;
	memset(&s->remote, 0, sizeof(s->remote));
	if (!s->bound)
		memset(&s->local, 0, sizeof(s->local));
}

/* ---- settings ----------------------------------------------------------- */

static uint64_t
seconds_of_ms(int ms)
{
	uint64_t s = ((uint64_t)ms + 999) / 1000;

	return s < UINT16_MAX ? s : UINT16_MAX;
}

/* Everything that was set, to the connection or listener; 0, or the first enum sw_error. */
int
sock_apply(const struct sw_sock_host *h, const struct sock *s)
{
	const struct sock_settings *set = &s->set;
	const struct {
		enum sw_option option;
		bool given;
		uint64_t value;
	} all[] = {
	    {SW_OPT_USER, true, (uint64_t)s->fd + 1},
	    {SW_OPT_NAGLE, true, set->nodelay ? 0 : h->conf.nagle},
	    {SW_OPT_KEEPALIVE, true, set->keepalive},
	    {SW_OPT_USER_TIMEOUT, true, seconds_of_ms(set->user_timeout_ms)},
	    {SW_OPT_KEEP_IDLE, true, (uint64_t)set->keep_idle},
	    {SW_OPT_KEEP_INTERVAL, true, (uint64_t)set->keep_interval},
	    {SW_OPT_KEEP_PROBES, true, (uint64_t)set->keep_count},
	    {SW_OPT_QUICK_ACK, true, set->quick_ack},
	    {SW_OPT_TOS, true, (uint64_t)set->tos},
	    {SW_OPT_TTL, set->ttl > 0, (uint64_t)set->ttl},
	    {SW_OPT_SND_BUF, set->snd_buf > 0, (uint64_t)set->snd_buf},
	    {SW_OPT_RCV_BUF, set->rcv_buf > 0, (uint64_t)set->rcv_buf},
	    {SW_OPT_MSS, set->max_seg > 0 && (s->listening || s->phase != PHASE_CONNECTED),
	     (uint64_t)set->max_seg},
	    {SW_OPT_V6_ONLY, s->listening, set->v6_only},
	    {SW_OPT_FASTOPEN, s->listening, (uint64_t)set->fast_open},
	    {SW_OPT_CC, set->cc > 0, (uint64_t)set->cc - 1},
	};
	int error = SW_OK, one;

	for (size_t i = 0; s->conn != 0 && i < N_OF(all); i++) {
		if (!all[i].given)
			continue;
		one = sw_set(h->stack, sw_sock_now(h), s->conn, all[i].option, all[i].value);
		if (error == SW_OK)
			error = one;
	}
	return error;
}
