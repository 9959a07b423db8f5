/*
 * poll.c - what is true of a socket now, in the bits that Linux gives, and poll().
 */
#include "sock/sock.h"

#define READ_BITS ((unsigned)(POLLIN | EPOLLRDNORM))
#define WRITE_BITS ((unsigned)(POLLOUT | EPOLLWRNORM))

/* A connection whose handshake is behind it, or that never was. */
static unsigned
poll_open(const struct sw_sock_host *h, struct sock *s, enum sw_state state)
{
	unsigned ready = s->conn != 0 ? sw_ready(h->stack, s->conn) : 0, r = 0;
	struct sw_status st;

	if (s->conn != 0) {
		(void)sock_state(h, s, &st);
		if (st.rcv_queued >= (uint32_t)s->set.low_water)
			r |= READ_BITS;
	}
	if ((ready & SW_WRITABLE) || (s->shut & SHUT_SEND) || state == SW_CLOSED)
		r |= WRITE_BITS;
	else
		s->no_space = true;
	if (ready & SW_URGENT)
		r |= POLLPRI;
	return r;
}

/* Everything that is true of it. */
unsigned
sock_poll(const struct sw_sock_host *h, struct sock *s)
{
	enum sw_state state;
	unsigned r = 0;

	if (s->kind == SOCK_KIND_EPOLL)
		return sock_epoll_any(h, s) ? READ_BITS : 0;
	if (s->listening)
		return sw_ready(h->stack, s->conn) & SW_ACCEPTABLE ? READ_BITS : 0;
	state = sock_look(h, s);
	if (s->shut == SHUT_BOTH || state == SW_CLOSED)
		r |= POLLHUP;
	if (s->shut & SHUT_RECV)
		r |= READ_BITS | (unsigned)EPOLLRDHUP;
	if (sock_is_open(h, s, state))
		r |= poll_open(h, s, state);
	else if (s->deferred)
		r |= WRITE_BITS;
	if (s->error != 0)
		r |= POLLERR;
	return r;
}

/* Fills the answers; how many are not empty. */
static int
poll_once(struct sw_sock_host *h, struct pollfd *fds, nfds_t n)
{
	int found = 0;

	for (nfds_t i = 0; i < n; i++) {
		struct sock *s = sock_at(h, fds[i].fd);
		unsigned want = (unsigned short)fds[i].events | POLLERR | POLLHUP;

		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		fds[i].revents = (short)(s == NULL ? (unsigned)POLLNVAL : sock_poll(h, s) & want);
		found += fds[i].revents != 0;
	}
	return found;
}

/* Waits for one of several. */
int
sw_sock_poll(struct sw_sock_host *h, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	sw_ns until = sock_until_ms(h, timeout_ms);
	int found;

	if (fds == NULL && n > 0)
		return sock_fail(EFAULT);
	if (n > h->world.max_fds)
		return sock_fail(EINVAL);
	sock_nudge(h);
	for (;;) { /* ends with an answer, an error or the time */
		found = poll_once(h, fds, n);
		if (found > 0)
			return found;
		if (sock_wait_any(h, until) < 0)
			return errno == EAGAIN ? 0 : -1;
	}
}
