/*
 * receive.c - read, recv and their forms.
 */
#include "sock/sock.h"

enum { SCRATCH = 4096 };

/* Where we are in the buffers of a call. */
struct sink {
	const struct iovec *v;
	size_t n, at; /* buffers, bytes of the first that are filled */
	size_t want, got;
};

/* Fills the buffers from bytes that lie at hand. */
static void
scatter(struct sink *to, const char *from, size_t n)
{
	for (size_t i = 0; i < to->n && n > 0; i++) {
		size_t part = to->v[i].iov_len < n ? to->v[i].iov_len : n;

		if (part > 0)
			memcpy(to->v[i].iov_base, from, part);
		from += part;
		n -= part;
	}
}

/* MSG_PEEK: always from the start. */
static int
peek_some(const struct sw_sock_host *h, const struct sock *s, struct sink *to, int flags)
{
	struct sw_status st;
	ptrdiff_t n;
	char *copy;

	(void)sock_state(h, s, &st);
	to->got = to->want < st.rcv_queued ? to->want : st.rcv_queued;
	if (to->got == 0 || (flags & MSG_TRUNC))
		return 0;
	copy = malloc(to->got);
	if (copy == NULL)
		return sock_fail(ENOMEM);
	n = sw_peek(h->stack, s->conn, copy, to->got);
	to->got = n > 0 ? (size_t)n : 0;
	scatter(to, copy, to->got);
	free(copy);
	return 0;
}

/* Takes what is there now. */
static void
take_some(const struct sw_sock_host *h, const struct sock *s, struct sink *to, int flags)
{
	char scratch[SCRATCH];

	while (to->n > 0) { /* one buffer, or the last bytes */
		size_t room = to->v->iov_len - to->at;
		void *at = (char *)to->v->iov_base + to->at;
		ptrdiff_t n;

		if (room == 0) {
			to->v++;
			to->n--;
			to->at = 0;
			continue;
		}
		if (flags & MSG_TRUNC) { /* counted and thrown away */
			at = scratch;
			room = room < SCRATCH ? room : SCRATCH;
		}
		n = sw_receive(h->stack, sw_sock_now(h), s->conn, at, room);
		if (n <= 0)
			return;
		to->at += (size_t)n;
		to->got += (size_t)n;
	}
}

/* Is there a reason not to wait for more?  Fills *error for when nothing came: 0 is EOF. */
static bool
no_more(struct sock *s, enum sw_state state, const struct sink *to, int *error)
{
	*error = 0;
	if (s->done)
		return true;
	if (s->error != 0) {
		*error = to->got > 0 ? s->error : sock_error_take(s);
		return true;
	}
	if (s->shut & SHUT_RECV)
		return true;
	*error = ENOTCONN;
	return s->conn == 0 || state == SW_CLOSED;
}

static bool
readable(const struct sw_sock_host *h, const struct sock *s)
{
	struct sw_status st;

	(void)sock_state(h, s, &st);
	return st.rcv_queued > 0;
}

static ssize_t
receive_all(struct sw_sock_host *h, struct sock *s, struct sink *to, int flags)
{
	sw_ns until = sock_until(h, s, flags, s->set.rcv_timeout);
	size_t target = (size_t)s->set.low_water;
	enum sw_state state;
	int error;

	if (flags & MSG_WAITALL || target > to->want)
		target = to->want;
	for (;;) { /* ends with bytes, EOF, an error or the time */
		state = sock_look(h, s);
		if (flags & MSG_PEEK)
			error = peek_some(h, s, to, flags);
		else
			take_some(h, s, to, flags);
		if ((flags & MSG_PEEK) && error < 0)
			return -1;
		if (to->got > 0 && to->got >= target)
			return (ssize_t)to->got;
		if (to->want == 0 && readable(h, s))
			return 0; /* recv() of nothing waits for something, as in Linux */
		if (no_more(s, state, to, &error))
			break;
		if (sock_wait(h, s, until) < 0)
			return to->got > 0 ? (ssize_t)to->got : -1;
	}
	if (to->got > 0 || error == 0)
		return (ssize_t)to->got;
	return sock_fail(error);
}

/* All forms come together here. */
static ssize_t
receive_to(struct sw_sock_host *h, int fd, const struct iovec *v, size_t n, int flags)
{
	struct sink to = {.v = v, .n = n};
	struct sock *s;
	ssize_t got;

	sock_nudge(h);
	s = sock_tcp(h, fd);
	if (s == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		to.want += v[i].iov_len;
	if (flags & MSG_ERRQUEUE)
		return sock_fail(EAGAIN);
	if (s->listening)
		return sock_fail(ENOTCONN);
	if (flags & MSG_OOB)
		return sock_fail(EINVAL); /* as with SO_OOBINLINE */
	got = receive_all(h, s, &to, flags);
	if (got > 0)
		sock_nudge(h); /* the window may be open again */
	return got;
}

ssize_t
sw_sock_recv(struct sw_sock_host *h, int fd, void *to, size_t n, int flags)
{
	return sw_sock_recvfrom(h, fd, to, n, flags, NULL, NULL);
}

/* A stream names no sender: the address comes back empty. */
ssize_t
sw_sock_recvfrom(struct sw_sock_host *h, int fd, void *to, size_t n, int flags,
		 struct sockaddr *addr, socklen_t *len)
{
	struct iovec v = {.iov_base = to, .iov_len = n < SSIZE_MAX ? n : SSIZE_MAX};
	ssize_t got;

	if (to == NULL && n > 0 && !(flags & MSG_TRUNC))
		return sock_find(h, fd) == NULL ? -1 : sock_fail(EFAULT);
	got = receive_to(h, fd, &v, 1, flags);
	if (got >= 0 && addr != NULL && len != NULL)
		*len = 0;
	return got;
}

ssize_t
sw_sock_recvmsg(struct sw_sock_host *h, int fd, struct msghdr *m, int flags)
{
	ssize_t got;
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
	got = receive_to(h, fd, m->msg_iov, m->msg_iovlen, flags);
	if (got >= 0) {
		m->msg_namelen = 0;
		m->msg_controllen = 0;
		m->msg_flags = 0;
	}
	return got;
}

/* Zero bytes are always there for read(), unlike recv(). */
ssize_t
sw_sock_read(struct sw_sock_host *h, int fd, void *to, size_t n)
{
	if (n == 0)
		return sock_tcp(h, fd) == NULL ? -1 : 0;
	return sw_sock_recv(h, fd, to, n, 0);
}

ssize_t
sw_sock_readv(struct sw_sock_host *h, int fd, const struct iovec *v, int n)
{
	int error;

	if (sock_tcp(h, fd) == NULL)
		return -1;
	error = n < 0 ? EINVAL : sock_buffers_wrong(v, (size_t)n);
	if (error != 0)
		return sock_fail(error);
	return n == 0 ? 0 : receive_to(h, fd, v, (size_t)n, 0);
}
