/*
 * open.c - socket, bind, listen, accept, connect, and the names of both ends.
 *
 * Knows the order in which Linux checks things, as the errno that a program
 * sees depends on it.
 */
#include "sock/sock.h"

enum { BACKLOG_MOST = 4096 };

static void
settings_init(struct sock_settings *set)
{
	set->low_water = 1;
	set->rcv_timeout = set->snd_timeout = SW_NEVER;
}

/* A fresh descriptor. */
int
sw_sock_socket(struct sw_sock_host *h, int domain, int type, int protocol)
{
	int flags = type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct sock *s;

	if (type < 0 || (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) > 10)
		return sock_fail(EINVAL);
	if (domain != AF_INET && domain != AF_INET6)
		return sock_fail(EAFNOSUPPORT);
	if ((type & ~flags) != SOCK_STREAM)
		return sock_fail(protocol == IPPROTO_TCP ? EPROTONOSUPPORT : ESOCKTNOSUPPORT);
	if (protocol != 0 && protocol != IPPROTO_TCP)
		return sock_fail(EPROTONOSUPPORT);
	s = sock_new(h, SOCK_KIND_TCP);
	if (s == NULL)
		return -1;
	s->domain = domain;
	s->nonblock = (flags & SOCK_NONBLOCK) != 0;
	settings_init(&s->set);
	if (domain == AF_INET)
		s->local.addr = sw_addr4(0, 0, 0, 0);
	return s->fd;
}

/* ---- bind, listen ------------------------------------------------------- */

/* The address is ours and the port free, or one is picked; 0, or an errno. */
static int
bind_at(struct sw_sock_host *h, struct sock *s, struct sw_endpoint *at)
{
	if (sw_local_free(h->stack, at) == SW_E_INVALID)
		return EADDRNOTAVAIL;
	if (at->port == 0)
		return sock_port_pick(h, s, at);
	return sock_local_taken(h, s, at) ? EADDRINUSE : 0;
}

/* Gives it a local address and port. */
int
sw_sock_bind(struct sw_sock_host *h, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s = sock_tcp(h, fd);
	struct sw_endpoint at;
	int error;

	if (s == NULL)
		return -1;
	error = sock_addr_in(s, USE_BIND, addr, len, &at);
	if (error != 0)
		return sock_fail(error);
	if (sw_local_free(h->stack, &at) == SW_E_INVALID)
		return sock_fail(EADDRNOTAVAIL);
	if (s->conn != 0 || s->bound || s->local.port != 0)
		return sock_fail(EINVAL);
	error = bind_at(h, s, &at);
	if (error != 0)
		return sock_fail(error);
	s->local = at;
	s->bound = true;
	return 0;
}

/* Passive OPEN with everything that was set before; 0, or an errno. */
static int
listen_open(struct sw_sock_host *h, struct sock *s, uint32_t backlog)
{
	int error;

	if (s->local.port == 0)
		error = sock_port_pick(h, s, &s->local);
	else
		error = sock_local_taken(h, s, &s->local) ? EADDRINUSE : 0;
	if (error != 0)
		return error;
	error = sw_open_passive(h->stack, sw_sock_now(h), &s->local, backlog, &s->conn);
	if (error != SW_OK)
		return error == SW_E_INVALID ? EADDRNOTAVAIL : sock_errno(error);
	s->listening = true;
	s->seen_waiting = 0;
	(void)sock_apply(h, s);
	return 0;
}

/* Makes it a listener, or changes the backlog of one. */
int
sw_sock_listen(struct sw_sock_host *h, int fd, int backlog)
{
	struct sock *s = sock_tcp(h, fd);
	uint32_t most;
	int error;

	if (s == NULL)
		return -1;
	if (s->phase != PHASE_UNCONNECTED || (s->conn != 0 && !s->listening))
		return sock_fail(EINVAL);
	/* Linux takes one more than was asked for, and a negative number for many */
	most = backlog < 0 || backlog > BACKLOG_MOST ? BACKLOG_MOST : (uint32_t)backlog;
	if (s->listening) {
		error = sw_set(h->stack, sw_sock_now(h), s->conn, SW_OPT_BACKLOG, most + 1);
		return error == SW_OK ? 0 : sock_fail(sock_errno(error));
	}
	error = listen_open(h, s, most + 1);
	return error != 0 ? sock_fail(error) : 0;
}

/* ---- accept ------------------------------------------------------------- */

/* A descriptor for a connection that a listener gave. */
static struct sock *
accept_as(struct sw_sock_host *h, struct sock *listener, sw_conn conn)
{
	struct sock *s = sock_new(h, SOCK_KIND_TCP);
	struct sw_status st;

	if (s == NULL)
		return NULL;
	s->domain = listener->domain;
	s->set = listener->set;
	s->phase = PHASE_CONNECTED;
	s->conn = conn;
	s->seen_state = sock_state(h, s, &st);
	s->seen_nxt = st.rcv_nxt;
	s->local = st.local;
	s->remote = st.remote;
	(void)sw_set(h->stack, sw_sock_now(h), conn, SW_OPT_USER, (uint64_t)s->fd + 1);
	if (s->set.cork)
		(void)sw_set(h->stack, sw_sock_now(h), conn, SW_OPT_CORK, 1);
	return s;
}

/* The next connection of a listener that waits till `until`; 0, or -1. */
static int
accept_next(struct sw_sock_host *h, struct sock *s, sw_conn *conn)
{
	sw_ns until = sock_until(h, s, 0, s->set.rcv_timeout);
	struct sw_status st;
	int error;

	for (;;) { /* ends with a connection, an error or the time */
		if (!s->listening)
			return sock_fail(EINVAL);
		error = sw_accept(h->stack, sw_sock_now(h), s->conn, conn);
		if (error == SW_OK)
			break;
		if (error != SW_E_AGAIN)
			return sock_fail(EINVAL);
		if (sock_wait(h, s, until) < 0)
			return -1;
	}
	(void)sock_state(h, s, &st);
	s->seen_waiting = st.backlog;
	return 0;
}

/* accept() with SOCK_NONBLOCK. */
int
sw_sock_accept4(struct sw_sock_host *h, int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct sock *s, *made;
	sw_conn conn;

	sock_nudge(h);
	s = sock_tcp(h, fd);
	if (s == NULL)
		return -1;
	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return sock_fail(EINVAL);
	if (addr != NULL && (len == NULL || *len > INT32_MAX))
		return sock_fail(len == NULL ? EFAULT : EINVAL);
	if (accept_next(h, s, &conn) < 0)
		return -1;
	made = accept_as(h, s, conn);
	if (made == NULL) {
		sw_abort(h->stack, sw_sock_now(h), conn);
		return -1;
	}
	made->nonblock = (flags & SOCK_NONBLOCK) != 0;
	(void)sock_addr_out(made, &made->remote, addr, len);
	return made->fd;
}

/* The next connection that a listener has. */
int
sw_sock_accept(struct sw_sock_host *h, int fd, struct sockaddr *addr, socklen_t *len)
{
	return sw_sock_accept4(h, fd, addr, len, 0);
}

/* ---- connect ------------------------------------------------------------ */

/* connect() to AF_UNSPEC: the connection is dissolved, the socket is as new. */
static int
dissolve(struct sw_sock_host *h, struct sock *s)
{
	enum sw_state state = sock_look(h, s);
	bool told = !s->listening && state != SW_CLOSED;

	sock_forget(h, s);
	s->error = told ? ECONNRESET : 0;
	sock_wake(s, ~0u);
	return 0;
}

static int
open_errno(int error)
{
	switch (error) {
	case SW_E_NO_ROUTE:
	case SW_E_INVALID:
		return ENETUNREACH;
	case SW_E_IN_USE:
		return EADDRNOTAVAIL;
	default:
		return sock_errno(error);
	}
}

/* Active OPEN: the SYN will go with the settings made so far; 0, or an errno. */
int
sock_connect_begin(struct sw_sock_host *h, struct sock *s, const struct sockaddr *addr,
		   socklen_t len)
{
	struct sw_endpoint to;
	struct sw_status st;
	int error = sock_addr_in(s, USE_CONNECT, addr, len, &to);

	if (error != 0)
		return error;
	if (to.port == 0)
		return ECONNREFUSED; /* nobody can listen there */
	error = sw_open_active(h->stack, sw_sock_now(h), &s->local, &to, &s->conn);
	if (error != SW_OK) {
		s->conn = 0;
		return open_errno(error);
	}
	s->phase = PHASE_CONNECTING;
	(void)sock_apply(h, s);
	s->seen_state = sock_state(h, s, &st);
	s->seen_nxt = st.rcv_nxt;
	s->local = st.local;
	s->remote = st.remote;
	return 0;
}

static bool
connect_pending(enum sw_state state)
{
	return state == SW_SYN_SENT || state == SW_SYN_RECEIVED;
}

/* Waits for the handshake; `meanwhile`: the errno if it may not wait (longer). */
int
sock_connect_finish(struct sw_sock_host *h, struct sock *s, sw_ns until, int meanwhile)
{
	enum sw_state state;
	int error;

	for (;;) { /* ends with the handshake, an error or the time */
		state = sock_look(h, s);
		if (!connect_pending(state))
			break;
		if (sock_wait(h, s, until) < 0)
			return errno == EAGAIN ? sock_fail(meanwhile) : -1;
	}
	if (s->phase == PHASE_CONNECTED)
		return 0;
	if (state == SW_CLOSED) {
		error = sock_error_take(s);
		sock_forget(h, s);
		return sock_fail(error ? error : ECONNABORTED);
	}
	s->phase = PHASE_CONNECTED;
	return 0;
}

/*= RFC 7413 A.1: TCP_FASTOPEN_CONNECT: with a cookie of the peer connect() is done at once,
 * and the SYN waits for the first bytes; without, the SYN goes and asks for one */
static void
connect_defer(struct sw_sock_host *h, struct sock *s)
{
	struct sw_status st;

	(void)sw_set(h->stack, sw_sock_now(h), s->conn, SW_OPT_FASTOPEN, 2);
	(void)sock_state(h, s, &st);
	s->deferred = st.fastopen_room > 0;
	if (!s->deferred)
		(void)sw_set(h->stack, sw_sock_now(h), s->conn, SW_OPT_FASTOPEN, 1);
}

/* Opens a connection, or asks after one that is opening. */
int
sw_sock_connect(struct sw_sock_host *h, int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sock *s;
	int error, result;
	sw_ns until;

	sock_nudge(h);
	s = sock_tcp(h, fd);
	if (s == NULL)
		return -1;
	if (addr == NULL)
		return sock_fail(EFAULT);
	if (len < sizeof(addr->sa_family))
		return sock_fail(EINVAL);
	if (addr->sa_family == AF_UNSPEC)
		return dissolve(h, s);
	if (s->phase == PHASE_CONNECTED || s->listening || s->deferred)
		return sock_fail(EISCONN);
	until = sock_until(h, s, 0, s->set.snd_timeout);
	if (s->phase == PHASE_CONNECTING)
		return sock_connect_finish(h, s, until, EALREADY);
	error = sock_connect_begin(h, s, addr, len);
	if (error != 0)
		return sock_fail(error);
	if (s->set.fast_connect)
		connect_defer(h, s);
	if (s->deferred)
		return 0;
	sock_nudge(h);
	result = sock_connect_finish(h, s, until, EINPROGRESS);
	if (result == 0)
		sock_nudge(h);
	return result;
}

/* ---- names -------------------------------------------------------------- */

/* Our end. */
int
sw_sock_getsockname(struct sw_sock_host *h, int fd, struct sockaddr *addr, socklen_t *len)
{
	struct sock *s = sock_tcp(h, fd);

	if (s == NULL)
		return -1;
	if (addr == NULL || len == NULL)
		return sock_fail(EFAULT);
	return sock_addr_out(s, &s->local, addr, len);
}

/* The peer's end. */
int
sw_sock_getpeername(struct sw_sock_host *h, int fd, struct sockaddr *addr, socklen_t *len)
{
	struct sock *s = sock_tcp(h, fd);
	enum sw_state state;

	if (s == NULL)
		return -1;
	state = sock_look(h, s);
	if (s->listening || state == SW_CLOSED || state == SW_SYN_SENT)
		return sock_fail(ENOTCONN);
	if (addr == NULL || len == NULL)
		return sock_fail(EFAULT);
	return sock_addr_out(s, &s->remote, addr, len);
}
