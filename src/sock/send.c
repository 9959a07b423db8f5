/*
 * send.c - write, send and their forms; with MSG_FASTOPEN, or behind a connect() that
 * waits for them, the first bytes on the SYN (RFC 7413 A.1).
 */
#include "sock/sock.h"

/* Where we are in the buffers of a call. */
struct source {
	const struct iovec *v;
	size_t n, at;		   /* buffers, bytes of the first that are gone */
	size_t sent, most;	   /* not more than so many now */
	const struct sockaddr *to; /* for MSG_FASTOPEN */
	socklen_t to_len;
};

/* EPIPE, or the error that is pending instead. */
static int
pipe_error(struct sock *s)
{
	int error = sock_error_take(s);

	return error ? error : EPIPE;
}

/* Until bytes may be sent at all; 0, or -1. */
static int
wait_connected(struct sw_sock_host *h, struct sock *s, sw_ns until)
{
	enum sw_state state;
	int error;

	for (;;) { /* ends with the handshake, an error or the time */
		state = sock_look(h, s);
		if (!s->listening && (state == SW_ESTABLISHED || state == SW_CLOSE_WAIT ||
				      (state == SW_SYN_RECEIVED && sock_is_open(h, s, state))))
			return 0;
		error = sock_error_take(s);
		if (error != 0)
			return sock_fail(error);
		if (s->listening || (state != SW_SYN_SENT && state != SW_SYN_RECEIVED))
			return sock_fail(EPIPE);
		if (sock_wait(h, s, until) < 0)
			return -1;
	}
}

/* Gives the stack what it takes; 0: all is gone, SW_E_AGAIN, or another error. */
static int
send_some(struct sw_sock_host *h, struct sock *s, struct source *from, int flags)
{
	while (from->n > 0 && from->sent < from->most) { /* one buffer, or the last */
		size_t left = from->v->iov_len - from->at;
		unsigned how = 0;
		ptrdiff_t n;

		if (left == 0) {
			from->v++;
			from->n--;
			from->at = 0;
			continue;
		}
		left = left < from->most - from->sent ? left : from->most - from->sent;
		if ((flags & MSG_MORE) || s->set.cork || from->n > 1)
			how |= SW_MORE;
		if ((flags & MSG_OOB) && from->n == 1)
			how |= SW_SEND_URGENT;
		n = sw_send(h->stack, sw_sock_now(h), s->conn,
			    (const char *)from->v->iov_base + from->at, left, how);
		if (n < 0)
			return (int)n;
		from->at += (size_t)n;
		from->sent += (size_t)n;
	}
	return 0;
}

/* MSG_FASTOPEN: connect() in the same call, or its end if it did not wait; 0, or an errno. */
static int
fast_begin(struct sw_sock_host *h, struct sock *s, const struct source *from)
{
	int error;

	if (from->to_len < sizeof(from->to->sa_family) || from->to == NULL)
		return EINVAL;
	if (from->to->sa_family == AF_UNSPEC)
		return EOPNOTSUPP;
	if (s->phase == PHASE_CONNECTED || s->listening)
		return EISCONN;
	if (s->phase == PHASE_CONNECTING)
		return 0;
	error = sock_connect_begin(h, s, from->to, from->to_len);
	if (error == 0)
		(void)sw_set(h->stack, sw_sock_now(h), s->conn, SW_OPT_FASTOPEN, 1);
	return error;
}

/* As much as rides on the SYN; then the handshake.  0: the rest can follow; -1. */
static int
fast_first(struct sw_sock_host *h, struct sock *s, struct source *from, sw_ns until)
{
	struct sw_status st;
	bool gone;

	(void)sock_state(h, s, &st);
	gone = st.fastopen != SW_FASTOPEN_WANTED && st.fastopen != SW_FASTOPEN_HELD;
	from->most = st.fastopen_room; /* 0 when the SYN has gone */
	(void)send_some(h, s, from, 0);
	from->most = SIZE_MAX;
	s->deferred = false;
	sock_nudge(h);
	return sock_connect_finish(h, s, until, gone ? EALREADY : EINPROGRESS);
}

static ssize_t
send_all(struct sw_sock_host *h, struct sock *s, struct source *from, int flags)
{
	sw_ns until = sock_until(h, s, flags, s->set.snd_timeout);
	int error = (flags & MSG_FASTOPEN) && !s->deferred ? fast_begin(h, s, from) : 0;

	if (error != 0)
		return sock_fail(error);
	if (((flags & MSG_FASTOPEN) || s->deferred) && fast_first(h, s, from, until) < 0)
		return errno == EINPROGRESS && from->sent > 0 ? (ssize_t)from->sent : -1;
	if (wait_connected(h, s, until) < 0)
		return -1;
	for (;;) { /* ends when all is taken, with an error or the time */
		(void)sock_look(h, s);
		if (s->error != 0 || (s->shut & SHUT_SEND))
			break;
		if (send_some(h, s, from, flags) == 0)
			return (ssize_t)from->sent;
		s->no_space = true;
		if (sock_wait(h, s, until) < 0)
			return from->sent > 0 ? (ssize_t)from->sent : -1;
	}
	return from->sent > 0 ? (ssize_t)from->sent : sock_fail(pipe_error(s));
}

/* All forms come together here. */
static ssize_t
send_from(struct sw_sock_host *h, int fd, struct source from, int flags)
{
	struct sock *s = sock_tcp(h, fd);
	ssize_t sent;

	if (s == NULL)
		return -1;
	from.most = SIZE_MAX;
	sent = send_all(h, s, &from, flags);
	if (sent > 0)
		sock_nudge(h);
	return sent;
}

/* Buffers, as Linux bounds them; 0, or an errno. */
int
sock_buffers_wrong(const struct iovec *v, size_t n)
{
	size_t sum = 0;

	if (n > BUFFERS_MOST)
		return EINVAL;
	if (n > 0 && v == NULL)
		return EFAULT;
	for (size_t i = 0; i < n; i++) {
		if (v[i].iov_len > SSIZE_MAX - sum)
			return EINVAL;
		sum += v[i].iov_len;
	}
	return 0;
}

ssize_t
sw_sock_send(struct sw_sock_host *h, int fd, const void *from, size_t n, int flags)
{
	return sw_sock_sendto(h, fd, from, n, flags, NULL, 0);
}

/* A connected socket needs no address: it is not looked at, as in Linux; MSG_FASTOPEN does. */
ssize_t
sw_sock_sendto(struct sw_sock_host *h, int fd, const void *from, size_t n, int flags,
	       const struct sockaddr *addr, socklen_t len)
{
	struct iovec v = {.iov_base = (void *)(uintptr_t)from,
			  .iov_len = n < SSIZE_MAX ? n : SSIZE_MAX};

	if (from == NULL && n > 0)
		return sock_find(h, fd) == NULL ? -1 : sock_fail(EFAULT);
	return send_from(h, fd, (struct source){.v = &v, .n = 1, .to = addr, .to_len = len}, flags);
}

ssize_t
sw_sock_sendmsg(struct sw_sock_host *h, int fd, const struct msghdr *m, int flags)
{
	struct source from;
	int error;

	if (sock_tcp(h, fd) == NULL)
		return -1;
	if (m == NULL)
		return sock_fail(EFAULT);
	if (m->msg_iovlen > BUFFERS_MOST)
		return sock_fail(EMSGSIZE);
	error = sock_buffers_wrong(m->msg_iov, m->msg_iovlen);
	if (error != 0)
		return sock_fail(error);
	from = (struct source){
	    .v = m->msg_iov, .n = m->msg_iovlen, .to = m->msg_name, .to_len = m->msg_namelen};
	return send_from(h, fd, from, flags);
}

ssize_t
sw_sock_write(struct sw_sock_host *h, int fd, const void *from, size_t n)
{
	return sw_sock_send(h, fd, from, n, 0);
}

ssize_t
sw_sock_writev(struct sw_sock_host *h, int fd, const struct iovec *v, int n)
{
	int error;

	if (sock_tcp(h, fd) == NULL)
		return -1;
	error = n < 0 ? EINVAL : sock_buffers_wrong(v, (size_t)n);
	return error ? sock_fail(error)
		     : send_from(h, fd, (struct source){.v = v, .n = (size_t)n}, 0);
}
