/*
 * close.c - close, shutdown, fcntl and ioctl.
 */
#include "sock/sock.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <sys/ioctl.h>

/* Is our FIN on its way, with nothing but its ACK to wait for? */
static bool
fin_unacked(enum sw_state state)
{
	return state == SW_FIN_WAIT_1 || state == SW_CLOSING || state == SW_LAST_ACK;
}

/* SO_LINGER with a time: closes, and waits until everything is acknowledged. */
static void
linger(struct sw_sock_host *h, sw_conn conn, int seconds)
{
	struct sw_status st = {.bytes = sizeof(st)};
	sw_ns until = sw_sock_now(h) + (sw_ns)seconds * SW_S;

	/* bytes that nobody reads: a RST, and nothing to wait for */
	if (sw_status(h->stack, conn, &st) != SW_OK || st.rcv_queued > 0)
		return;
	(void)sw_close(h->stack, sw_sock_now(h), conn);
	while (sw_status(h->stack, conn, &st) == SW_OK && fin_unacked(st.state)) {
		if (sock_wait_any(h, until) < 0)
			return;
	}
}

/* The descriptor is free; the connection ends as SO_LINGER says. */
int
sw_sock_close(struct sw_sock_host *h, int fd)
{
	struct sock *s = sock_find(h, fd), old;

	if (s == NULL)
		return -1;
	old = *s;
	sock_free(h, s);
	if (old.conn == 0)
		return 0;
	if (old.listening || !old.set.linger) {
		(void)sw_release(h->stack, sw_sock_now(h), old.conn);
	} else if (old.set.linger_s == 0) {
		(void)sw_abort(h->stack, sw_sock_now(h), old.conn);
	} else {
		linger(h, old.conn, old.set.linger_s);
		(void)sw_release(h->stack, sw_sock_now(h), old.conn);
	}
	sock_nudge(h);
	return 0;
}

/* What is given up before there is a connection. */
static int
shutdown_early(struct sw_sock_host *h, struct sock *s, unsigned how)
{
	bool opening = !s->listening;

	if (!opening && !(how & SHUT_RECV))
		return 0;
	sock_forget(h, s);
	s->error = opening ? ECONNRESET : 0;
	sock_wake(s, ~0u);
	return 0;
}

/* Half a close, or both halves. */
int
sw_sock_shutdown(struct sw_sock_host *h, int fd, int how)
{
	struct sock *s = sock_tcp(h, fd);
	unsigned which = (unsigned)how + 1; /* SHUT_RD, SHUT_WR, SHUT_RDWR are 0, 1, 2 */
	enum sw_state state;

	if (s == NULL)
		return -1;
	if (how < SHUT_RD || how > SHUT_RDWR)
		return sock_fail(EINVAL);
	state = sock_look(h, s);
	if (s->listening || state == SW_SYN_SENT)
		return shutdown_early(h, s, which);
	s->shut |= which;
	if (state == SW_CLOSED)
		return sock_fail(ENOTCONN);
	if (which & SHUT_SEND)
		(void)sw_close(h->stack, sw_sock_now(h), s->conn);
	s->phase = PHASE_CONNECTED;
	sock_wake(s, ~0u);
	sock_nudge(h);
	return 0;
}

/* F_GETFL and F_SETFL for O_NONBLOCK; F_GETFD and F_SETFD do nothing. */
int
sw_sock_fcntl(struct sw_sock_host *h, int fd, int cmd, ...)
{
	struct sock *s = sock_find(h, fd);
	va_list more;
	int value;

	if (s == NULL)
		return -1;
	switch (cmd) {
	case F_GETFL:
		return O_RDWR | (s->nonblock ? O_NONBLOCK : 0);
	case F_SETFL:
		va_start(more, cmd);
		value = va_arg(more, int);
		va_end(more);
		s->nonblock = (value & O_NONBLOCK) != 0;
		return 0;
	case F_GETFD:
	case F_SETFD:
		return 0;
	default:
		return sock_fail(EINVAL);
	}
}

/* Bytes that SEND took and the peer has not acknowledged; the FIN counts as one. */
static int
out_queue(const struct sw_status *st)
{
	if (st->state < SW_ESTABLISHED)
		return 0;
	return (int)st->snd_queued + fin_unacked(st->state);
}

/* Those of them that were never sent. */
static int
out_unsent(const struct sw_status *st)
{
	uint32_t flying = st->snd_nxt - st->snd_una;

	return out_queue(st) - (int)(st->state < SW_ESTABLISHED ? 0 : flying);
}

static int
ioctl_get(const struct sw_sock_host *h, const struct sock *s, unsigned long request, int *value)
{
	struct sw_status st;

	if (s->listening)
		return sock_fail(EINVAL);
	(void)sock_state(h, s, &st);
	if (request == SIOCINQ)
		*value = (int)st.rcv_queued;
	else
		*value = request == SIOCOUTQ ? out_queue(&st) : out_unsent(&st);
	return 0;
}

/* What is queued, and FIONBIO. */
int
sw_sock_ioctl(struct sw_sock_host *h, int fd, unsigned long request, ...)
{
	struct sock *s = sock_tcp(h, fd);
	va_list more;
	int *value;

	if (s == NULL)
		return -1;
	va_start(more, request);
	value = va_arg(more, int *);
	va_end(more);
	switch (request) {
	case FIONBIO:
	case SIOCINQ: /* FIONREAD */
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		break;
	default:
		return sock_fail(ENOTTY);
	}
	if (value == NULL)
		return sock_fail(EFAULT);
	if (request != FIONBIO)
		return ioctl_get(h, s, request, value);
	s->nonblock = *value != 0;
	return 0;
}
