/*
 * sock_body.h - what a program sees of sockets: errno, poll bits, numbers.
 *
 * The same program runs over our sockets in virtual time (sock_test.c) and over
 * the kernel's on loopback (sock_twin_test.c): where both pass, they agree.
 * Clients live at side A, servers at side B; the including file has the calls.
 */
#ifndef SW_TEST_SOCK_BODY_H
#define SW_TEST_SOCK_BODY_H

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "tap.h"

#ifndef POLLRDHUP
#define POLLRDHUP 0x2000 /* as Linux has it; libc only shows it to GNU sources */
#endif

enum { A, B };
#define FAILS(call, code) (errno = 0, ok((call) == -1), ok_errno(code, __FILE__, __LINE__))

static inline void
ok_errno(int code, const char *file, int line)
{
	if (!tap_ok(errno == code, file, line, "errno"))
		printf("# errno is %d (%s), not %d\n", errno, strerror(errno), code);
}

#define ALL (POLLIN | POLLOUT | POLLRDHUP | POLLPRI)
#define IS(fd, bits) ok_bits(fd, bits, __FILE__, __LINE__)

static inline int
poll_bits(int fd)
{
	struct pollfd p = {.fd = fd, .events = ALL};

	return x_poll(&p, 1, 0) < 0 ? -1 : (unsigned short)p.revents;
}

static inline void
ok_bits(int fd, int bits, const char *file, int line)
{
	int now = poll_bits(fd);

	if (!tap_ok(now == bits, file, line, "poll bits"))
		printf("# poll gives 0x%x, not 0x%x\n", (unsigned)now, (unsigned)bits);
}

static inline int
get_int(int fd, int level, int name)
{
	int v = -1;
	socklen_t n = sizeof(v);

	ok(x_getsockopt(fd, level, name, &v, &n) == 0 && n == sizeof(v));
	return v;
}

static inline int
set_int(int fd, int level, int name, int v)
{
	return x_setsockopt(fd, level, name, &v, sizeof(v));
}

static inline struct sockaddr *
address(int side, bool v6, int port)
{
	static struct sockaddr_in6 in6;
	static struct sockaddr_in in;

	if (v6) {
		in6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
					    .sin6_port = htons((uint16_t)port)};
		in6.sin6_addr = x_addr6(side);
		return (struct sockaddr *)&in6;
	}
	in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	in.sin_addr.s_addr = x_addr4(side);
	return (struct sockaddr *)&in;
}

static inline socklen_t
address_len(bool v6)
{
	return v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static inline int
port_of(int fd)
{
	struct sockaddr_in6 in6; /* the port stands at the same place in both */
	socklen_t n = sizeof(in6);

	ok(x_getsockname(fd, (struct sockaddr *)&in6, &n) == 0);
	return ntohs(in6.sin6_port);
}

static inline int
listener(bool v6, int *port)
{
	int fd = x_socket(B, v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	ok(fd >= 0);
	ok(x_bind(fd, address(B, v6, 0), address_len(v6)) == 0);
	ok(x_listen(fd, 5) == 0);
	*port = port_of(fd);
	ok(*port > 0);
	return fd;
}

/* Both ends of a connection, and its listener closed. */
static inline void
both_ends(bool v6, int *a, int *b)
{
	int port, l = listener(v6, &port);

	*a = x_socket(A, v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	ok(x_connect(*a, address(B, v6, port), address_len(v6)) == 0);
	*b = x_accept(l, NULL, NULL);
	ok(*a >= 0 && *b >= 0);
	ok(x_close(l) == 0);
}

static inline void
nonblocking(int fd)
{
	int flags = x_fcntl(fd, F_GETFL, 0);

	ok((flags & O_ACCMODE) == O_RDWR && !(flags & O_NONBLOCK));
	ok(x_fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0);
	ok(x_fcntl(fd, F_GETFL, 0) & O_NONBLOCK);
}

/* A port of B where nobody listens. */
static inline int
dead_port(void)
{
	int port, l = listener(false, &port);

	ok(x_close(l) == 0);
	x_settle();
	return port;
}

/* Everything that it sent is acknowledged, or will be within a delayed ACK's time. */
static inline bool
drained(int fd)
{
	int n = 1;

	for (int i = 0; i < 200; i++) {
		if (x_ioctl(fd, SIOCOUTQ, &n) == 0 && n == 0)
			return true;
		x_settle();
	}
	return false;
}

/* ---- the tests ---------------------------------------------------------- */

static inline void
test_fresh(void)
{
	int fd = x_socket(A, AF_INET, SOCK_STREAM, 0), zero = 0;
	struct sockaddr_in in;
	socklen_t n = sizeof(in);
	char c;

	IS(fd, POLLOUT | POLLHUP);
	FAILS(x_read(fd, &c, 1), ENOTCONN);
	FAILS(x_send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(x_shutdown(fd, SHUT_WR), ENOTCONN);
	FAILS(x_shutdown(fd, 3), EINVAL);
	FAILS(x_getpeername(fd, (struct sockaddr *)&in, &n), ENOTCONN);
	FAILS(x_accept(fd, NULL, NULL), EINVAL);
	ok(x_read(fd, &c, 0) == 0);
	ok(x_ioctl(fd, SIOCINQ, &zero) == 0 && zero == 0);
	ok(get_int(fd, SOL_SOCKET, SO_ERROR) == 0);
	ok(get_int(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
	ok(get_int(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET);
	ok(get_int(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP);
	ok(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN) == 0);
	FAILS(x_connect(fd, address(B, false, 1), 1), EINVAL);
	FAILS(x_connect(fd, address(B, false, 1), 8), EINVAL);
	FAILS(x_connect(fd, address(B, true, 1), sizeof(struct sockaddr_in6)), EAFNOSUPPORT);
	ok(x_close(fd) == 0);
	FAILS(x_close(fd), EBADF);
	FAILS(x_read(fd, &c, 1), EBADF);
	FAILS(x_socket(A, AF_INET, 77, 0), EINVAL);
	FAILS(x_socket(A, 99, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(x_socket(A, AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
}

static inline void
test_refused(void)
{
	int port = dead_port(), fd = x_socket(A, AF_INET, SOCK_STREAM, 0), live, l;
	char c;

	FAILS(x_connect(fd, address(B, false, port), address_len(false)), ECONNREFUSED);
	ok(get_int(fd, SOL_SOCKET, SO_ERROR) == 0);
	IS(fd, POLLOUT | POLLHUP);
	/* the socket is as new */
	l = listener(false, &live);
	ok(x_connect(fd, address(B, false, live), address_len(false)) == 0);
	FAILS(x_connect(fd, address(B, false, live), address_len(false)), EISCONN);
	FAILS(x_listen(fd, 1), EINVAL);
	ok(x_close(fd) == 0);

	/* and without blocking */
	fd = x_socket(A, AF_INET, SOCK_STREAM, 0);
	nonblocking(fd);
	FAILS(x_connect(fd, address(B, false, port), address_len(false)), EINPROGRESS);
	x_settle();
	IS(fd, POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP);
	ok(get_int(fd, SOL_SOCKET, SO_ERROR) == ECONNREFUSED);
	ok(get_int(fd, SOL_SOCKET, SO_ERROR) == 0);
	IS(fd, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	ok(x_read(fd, &c, 1) == 0);
	FAILS(x_send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(x_connect(fd, address(B, false, live), address_len(false)), ECONNABORTED);
	FAILS(x_connect(fd, address(B, false, live), address_len(false)), EINPROGRESS);
	x_settle();
	IS(fd, POLLOUT);
	ok(get_int(fd, SOL_SOCKET, SO_ERROR) == 0);
	ok(x_connect(fd, address(B, false, live), address_len(false)) == 0);
	FAILS(x_connect(fd, address(B, false, live), address_len(false)), EISCONN);
	/* a pending error is the first that a read tells */
	ok(x_close(fd) == 0);
	fd = x_socket(A, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	FAILS(x_connect(fd, address(B, false, port), address_len(false)), EINPROGRESS);
	x_settle();
	FAILS(x_read(fd, &c, 1), ECONNREFUSED);
	ok(x_read(fd, &c, 1) == 0);
	ok(x_close(fd) == 0);
	ok(x_close(l) == 0);
}

static inline void
test_stream(void)
{
	struct iovec v[2];
	char text[32] = "", more[8] = "";
	struct sockaddr_in in;
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 2, .msg_name = &in};
	int a, b, n;

	both_ends(false, &a, &b);
	IS(a, POLLOUT);
	IS(b, POLLOUT);
	FAILS(x_recv(b, text, 1, MSG_DONTWAIT), EAGAIN);
	ok(x_write(a, "hello, ", 7) == 7);
	v[0] = (struct iovec){(void *)(uintptr_t) "wor", 3};
	v[1] = (struct iovec){(void *)(uintptr_t) "ld", 2};
	ok(x_writev(a, v, 2) == 5);
	x_settle();
	IS(b, POLLIN | POLLOUT);
	ok(x_ioctl(b, SIOCINQ, &n) == 0 && n == 12);
	ok(drained(a));
	ok(x_recv(b, text, 5, MSG_PEEK) == 5 && !memcmp(text, "hello", 5));
	ok(x_recv(b, text, 32, MSG_PEEK) == 12 && !memcmp(text, "hello, world", 12));
	ok(x_recv(b, NULL, 2, MSG_TRUNC) == 2);
	v[0] = (struct iovec){text, 3};
	v[1] = (struct iovec){more, 4};
	m.msg_namelen = sizeof(in);
	ok(x_recvmsg(b, &m, 0) == 7 && m.msg_namelen == 0 && m.msg_flags == 0);
	ok(!memcmp(text, "llo", 3) && !memcmp(more, ", wo", 4));
	ok(x_recv(b, text, 0, 0) == 0);
	ok(x_write(a, "!", 1) == 1);
	ok(x_recv(b, text, 4, MSG_WAITALL) == 4 && !memcmp(text, "rld!", 4));
	IS(b, POLLOUT);
	FAILS(x_recv(b, text, 1, MSG_OOB), EINVAL);
	FAILS(x_recv(b, text, 0, MSG_DONTWAIT), EAGAIN);
	ok(x_send(a, "", 0, 0) == 0);
	FAILS(x_ioctl(b, 0x1234, &n), ENOTTY);
	ok(x_close(a) == 0 && x_close(b) == 0);
}

static inline void
test_half_close(void)
{
	int a, b;
	char text[8];

	both_ends(false, &a, &b);
	ok(x_shutdown(a, SHUT_WR) == 0);
	x_settle();
	IS(a, POLLOUT);
	IS(b, POLLIN | POLLOUT | POLLRDHUP);
	ok(x_read(b, text, 8) == 0);
	ok(x_read(b, text, 8) == 0);
	FAILS(x_send(a, "x", 1, MSG_NOSIGNAL), EPIPE);
	ok(x_write(b, "still", 5) == 5);
	ok(x_recv(a, text, 8, 0) == 5);
	ok(x_shutdown(b, SHUT_WR) == 0);
	x_settle();
	IS(a, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	IS(b, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	ok(x_read(a, text, 8) == 0);
	ok(drained(a));
	FAILS(x_shutdown(b, SHUT_WR), ENOTCONN);
	ok(x_close(a) == 0 && x_close(b) == 0);

	/* not to read any more is nobody else's business */
	both_ends(false, &a, &b);
	ok(x_shutdown(b, SHUT_RD) == 0);
	IS(b, POLLIN | POLLOUT | POLLRDHUP);
	ok(x_read(b, text, 8) == 0);
	ok(x_write(a, "heard", 5) == 5);
	x_settle();
	ok(x_read(b, text, 8) == 5);
	ok(x_shutdown(b, SHUT_RDWR) == 0);
	IS(b, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	ok(x_close(a) == 0 && x_close(b) == 0);
}

static inline void
reset_by(int fd)
{
	struct linger l = {.l_onoff = 1, .l_linger = 0};

	ok(x_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)) == 0);
	ok(x_close(fd) == 0);
	x_settle();
}

static inline void
test_reset(void)
{
	int a, b;
	char c;

	both_ends(false, &a, &b);
	reset_by(a);
	IS(b, POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP);
	FAILS(x_read(b, &c, 1), ECONNRESET);
	IS(b, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	ok(x_read(b, &c, 1) == 0);
	FAILS(x_send(b, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(x_shutdown(b, SHUT_WR), ENOTCONN);
	ok(x_close(b) == 0);

	/* the pending error goes before EPIPE */
	both_ends(false, &a, &b);
	reset_by(a);
	FAILS(x_send(b, "x", 1, MSG_NOSIGNAL), ECONNRESET);
	FAILS(x_send(b, "x", 1, MSG_NOSIGNAL), EPIPE);
	ok(x_close(b) == 0);

	/* closed with bytes unread */
	both_ends(false, &a, &b);
	ok(x_write(a, "unread", 6) == 6);
	x_settle();
	ok(x_close(b) == 0);
	x_settle();
	IS(a, POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP);
	ok(get_int(a, SOL_SOCKET, SO_ERROR) == ECONNRESET);
	ok(x_close(a) == 0);

	/* closed well, and then written to */
	both_ends(false, &a, &b);
	ok(x_close(b) == 0);
	x_settle();
	ok(x_send(a, "x", 1, MSG_NOSIGNAL) == 1);
	x_settle();
	IS(a, POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP);
	ok(x_read(a, &c, 1) == 0);
	FAILS(x_send(a, "x", 1, MSG_NOSIGNAL), EPIPE);
	ok(x_close(a) == 0);
}

static inline void
test_bind(void)
{
	int port, l = listener(false, &port), fd = x_socket(B, AF_INET, SOCK_STREAM, 0), n = 0;
	int a, b;
	struct sockaddr_in other = {.sin_family = AF_INET};
	char c;

	IS(l, 0);
	ok(get_int(l, SOL_SOCKET, SO_ACCEPTCONN) == 1);
	FAILS(x_read(l, &c, 1), ENOTCONN);
	FAILS(x_send(l, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(x_ioctl(l, SIOCINQ, &n), EINVAL);
	FAILS(x_connect(l, address(B, false, port), address_len(false)), EISCONN);
	ok(x_listen(l, 3) == 0);
	FAILS(x_bind(fd, address(B, false, port), address_len(false)), EADDRINUSE);
	FAILS(x_bind(fd, address(B, false, port), 5), EINVAL);
	other.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	FAILS(x_bind(fd, (struct sockaddr *)&other, sizeof(other)), EADDRNOTAVAIL);
	FAILS(x_bind(fd, address(B, true, port), address_len(true)), EAFNOSUPPORT);
	other.sin_addr.s_addr = 0;
	other.sin_port = htons((uint16_t)port);
	FAILS(x_bind(fd, (struct sockaddr *)&other, sizeof(other)), EADDRINUSE);
	ok(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0);
	FAILS(x_bind(fd, (struct sockaddr *)&other, sizeof(other)), EADDRINUSE);
	other.sin_port = 0;
	ok(x_bind(fd, (struct sockaddr *)&other, sizeof(other)) == 0);
	FAILS(x_bind(fd, (struct sockaddr *)&other, sizeof(other)), EINVAL);
	ok(x_close(fd) == 0);
	fd = x_socket(B, AF_INET, SOCK_STREAM, 0);
	ok(x_listen(fd, 1) == 0 && port_of(fd) > 0); /* without bind: any port */
	ok(x_shutdown(fd, SHUT_RD) == 0);
	FAILS(x_accept(fd, NULL, NULL), EINVAL);
	ok(x_close(fd) == 0);

	/* a port with an old connection on it: only with SO_REUSEADDR */
	a = x_socket(A, AF_INET, SOCK_STREAM, 0);
	ok(set_int(l, SOL_SOCKET, SO_REUSEADDR, 1) == 0);
	ok(x_connect(a, address(B, false, port), address_len(false)) == 0);
	b = x_accept(l, NULL, NULL);
	ok(x_close(l) == 0);
	ok(x_close(b) == 0);
	x_settle();
	ok(x_close(a) == 0);
	x_settle(); /* TIME-WAIT at B */
	fd = x_socket(B, AF_INET, SOCK_STREAM, 0);
	FAILS(x_bind(fd, address(B, false, port), address_len(false)), EADDRINUSE);
	ok(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) == 0);
	ok(x_bind(fd, address(B, false, port), address_len(false)) == 0);
	ok(x_listen(fd, 1) == 0);
	ok(x_close(fd) == 0);
}

static inline void
test_accept(void)
{
	int port, l = listener(false, &port), a, b;
	struct sockaddr_in in = {.sin_family = 0};
	socklen_t n = sizeof(in);

	nonblocking(l);
	FAILS(x_accept(l, NULL, NULL), EAGAIN);
	ok(set_int(l, IPPROTO_TCP, TCP_NODELAY, 1) == 0);
	ok(set_int(l, SOL_SOCKET, SO_KEEPALIVE, 1) == 0);
	ok(set_int(l, IPPROTO_TCP, TCP_KEEPIDLE, 77) == 0);
	ok(set_int(l, IPPROTO_IP, IP_TTL, 33) == 0);
	a = x_socket(A, AF_INET, SOCK_STREAM, 0);
	ok(x_connect(a, address(B, false, port), address_len(false)) == 0);
	x_settle();
	IS(l, POLLIN);
	b = x_accept(l, (struct sockaddr *)&in, &n);
	ok(b >= 0 && n == sizeof(in) && in.sin_family == AF_INET);
	ok(in.sin_addr.s_addr == x_addr4(A) && ntohs(in.sin_port) == port_of(a));
	ok(port_of(b) == port);
	ok(!(x_fcntl(b, F_GETFL, 0) & O_NONBLOCK));
	ok(get_int(b, IPPROTO_TCP, TCP_NODELAY) == 1);
	ok(get_int(b, SOL_SOCKET, SO_KEEPALIVE) == 1);
	ok(get_int(b, IPPROTO_TCP, TCP_KEEPIDLE) == 77);
	ok(get_int(b, IPPROTO_IP, IP_TTL) == 33);
	IS(l, 0);
	n = 2;
	ok(x_getpeername(b, (struct sockaddr *)&in, &n) == 0 && n == sizeof(in));
	ok(x_close(a) == 0 && x_close(b) == 0);
	/* reset before it was accepted: it is there, and says so */
	a = x_socket(A, AF_INET, SOCK_STREAM, 0);
	ok(x_connect(a, address(B, false, port), address_len(false)) == 0);
	x_settle();
	reset_by(a);
	b = x_accept(l, NULL, NULL);
	ok(b >= 0);
	FAILS(x_read(b, &n, 1), ECONNRESET);
	ok(x_close(b) == 0 && x_close(l) == 0);
}

static inline void
test_options(void)
{
	int fd = x_socket(A, AF_INET, SOCK_STREAM, 0);
	struct timeval t = {.tv_sec = 0, .tv_usec = 30000};
	struct linger l = {0, 0};
	socklen_t n = sizeof(l);
	char name[16] = "";
	int v = 0;

	ok(get_int(fd, IPPROTO_TCP, TCP_NODELAY) == 0);
	ok(set_int(fd, IPPROTO_TCP, TCP_NODELAY, 5) == 0);
	ok(get_int(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
	ok(set_int(fd, IPPROTO_TCP, TCP_CORK, 1) == 0 && get_int(fd, IPPROTO_TCP, TCP_CORK) == 1);
	ok(get_int(fd, IPPROTO_TCP, TCP_MAXSEG) == 536);
	ok(set_int(fd, IPPROTO_TCP, TCP_MAXSEG, 1000) == 0);
	ok(get_int(fd, IPPROTO_TCP, TCP_MAXSEG) == 1000);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_MAXSEG, 10), EINVAL);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 0), EINVAL);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 128), EINVAL);
	ok(get_int(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 7200);
	ok(get_int(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 75);
	ok(get_int(fd, IPPROTO_TCP, TCP_KEEPCNT) == 9);
	ok(set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 2500) == 0);
	ok(get_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 2500);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, -1), EINVAL);
	FAILS(set_int(fd, IPPROTO_TCP, 9999, 1), ENOPROTOOPT);
	FAILS(set_int(fd, SOL_SOCKET, 9999, 1), ENOPROTOOPT);
	FAILS(set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1), ENOPROTOOPT);
	FAILS(set_int(fd, 77, 1, 1), ENOPROTOOPT);
	FAILS(x_getsockopt(fd, IPPROTO_TCP, 9999, &v, &n), ENOPROTOOPT);
	FAILS(x_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &v, 2), EINVAL);
	FAILS(x_setsockopt(fd, SOL_SOCKET, SO_LINGER, &v, sizeof(v)), EINVAL);
	ok(set_int(fd, SOL_SOCKET, SO_RCVBUF, 10000) == 0);
	ok(get_int(fd, SOL_SOCKET, SO_RCVBUF) == 20000);
	ok(set_int(fd, SOL_SOCKET, SO_SNDBUF, 10000) == 0);
	ok(get_int(fd, SOL_SOCKET, SO_SNDBUF) == 20000);
	ok(set_int(fd, SOL_SOCKET, SO_RCVBUF, 1) == 0 &&
	   get_int(fd, SOL_SOCKET, SO_RCVBUF) == 2304);
	ok(set_int(fd, SOL_SOCKET, SO_SNDBUF, 1) == 0 &&
	   get_int(fd, SOL_SOCKET, SO_SNDBUF) == 4608);
	ok(set_int(fd, IPPROTO_IP, IP_TOS, 0x2f) == 0 && get_int(fd, IPPROTO_IP, IP_TOS) == 0x2c);
	ok(get_int(fd, IPPROTO_IP, IP_TTL) == 64);
	FAILS(set_int(fd, IPPROTO_IP, IP_TTL, 0), EINVAL);
	FAILS(set_int(fd, IPPROTO_IP, IP_TTL, 256), EINVAL);
	FAILS(x_getsockopt(fd, IPPROTO_IP, IP_MTU, &v, &n), ENOTCONN);
	ok(x_getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &n) == 0 && l.l_onoff == 0);
	n = sizeof(name);
	ok(x_setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4) == 0);
	ok(x_getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &n) == 0 && !strcmp(name, "reno"));
	ok(x_setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) == 0);
	n = sizeof(name);
	ok(x_getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &n) == 0 && !strcmp(name, "cubic"));
	FAILS(x_setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nonesuch", 8), ENOENT);
	ok(x_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0);
	t.tv_usec = 1000000;
	FAILS(x_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), EDOM);
	ok(x_close(fd) == 0);
}

static inline void
test_info(void)
{
	struct timeval t = {.tv_sec = 0, .tv_usec = 30000};
	struct tcp_info info;
	socklen_t n = sizeof(info);
	int a, b;
	char c;

	both_ends(false, &a, &b);
	ok(x_getsockopt(a, IPPROTO_TCP, TCP_INFO, &info, &n) == 0);
	ok(info.tcpi_state == 1 && info.tcpi_unacked == 0 && info.tcpi_snd_cwnd == 10);
	ok(info.tcpi_options == (TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE));
	ok(info.tcpi_snd_ssthresh == 0x7fffffff && info.tcpi_ca_state == 0);
	ok((int)info.tcpi_snd_mss == get_int(a, IPPROTO_TCP, TCP_MAXSEG));
	ok(get_int(a, IPPROTO_IP, IP_MTU) == (int)info.tcpi_pmtu);
	ok(x_write(b, "12345", 5) == 5);
	x_settle();
	ok(x_getsockopt(a, IPPROTO_TCP, TCP_INFO, &info, &n) == 0);
	ok(info.tcpi_bytes_received == 5);
	ok(x_read(a, &info, 5) == 5);
	ok(x_setsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0);
	FAILS(x_read(a, &c, 1), EAGAIN);
	ok(x_shutdown(b, SHUT_WR) == 0);
	x_settle();
	ok(x_getsockopt(a, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 && info.tcpi_state == 8);
	ok(drained(b)); /* the FIN's ACK may be delayed */
	ok(x_getsockopt(b, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 && info.tcpi_state == 5);
	ok(x_close(a) == 0);
	x_settle();
	ok(x_close(b) == 0);
}

#define WAITS(ep, ...) ok_events(ep, (const uint32_t[]){__VA_ARGS__, 0}, __FILE__, __LINE__)

/* What epoll_wait() gives now: one set of bits for each event, 0 ends. */
static inline void
ok_events(int ep, const uint32_t *bits, const char *file, int line)
{
	struct epoll_event got[4];
	int n = x_epoll_wait(ep, got, 4, 0), i = 0;

	for (; i < n && bits[i] != 0; i++) {
		if (!tap_ok(got[i].events == bits[i], file, line, "epoll bits"))
			printf("# epoll gives 0x%x, not 0x%x\n", got[i].events, bits[i]);
	}
	if (!tap_ok(i == n && bits[i] == 0, file, line, "epoll events"))
		printf("# epoll gives %d events\n", n);
}

static inline void
test_epoll_level(void)
{
	struct epoll_event want = {.events = EPOLLIN | EPOLLRDHUP, .data.u32 = 7}, got;
	int a, b, ep;
	char text[8];

	both_ends(false, &a, &b);
	ep = x_epoll_create(B);
	ok(ep >= 0);
	FAILS(x_epoll_wait(ep, &got, 0, 0), EINVAL);
	FAILS(x_epoll_wait(b, &got, 1, 0), EINVAL);
	FAILS(x_epoll_ctl(ep, EPOLL_CTL_ADD, ep, &want), EINVAL);
	FAILS(x_epoll_ctl(ep, EPOLL_CTL_MOD, b, &want), ENOENT);
	FAILS(x_epoll_ctl(ep, EPOLL_CTL_DEL, b, NULL), ENOENT);
	ok(x_epoll_ctl(ep, EPOLL_CTL_ADD, b, &want) == 0);
	FAILS(x_epoll_ctl(ep, EPOLL_CTL_ADD, b, &want), EEXIST);
	WAITS(ep, 0);
	ok(x_write(a, "12", 2) == 2);
	x_settle();
	ok(x_epoll_wait(ep, &got, 1, 0) == 1 && got.events == EPOLLIN && got.data.u32 == 7);
	WAITS(ep, EPOLLIN);
	ok(x_read(b, text, 8) == 2);
	WAITS(ep, 0);
	want.events = EPOLLIN | EPOLLOUT;
	ok(x_epoll_ctl(ep, EPOLL_CTL_MOD, b, &want) == 0);
	WAITS(ep, EPOLLOUT);
	ok(x_shutdown(a, SHUT_WR) == 0);
	x_settle();
	WAITS(ep, EPOLLIN | EPOLLOUT);
	want.events = EPOLLRDHUP | EPOLLONESHOT;
	ok(x_epoll_ctl(ep, EPOLL_CTL_MOD, b, &want) == 0);
	WAITS(ep, EPOLLRDHUP);
	WAITS(ep, 0);
	ok(x_close(a) == 0 && x_close(b) == 0);
	WAITS(ep, 0);
	ok(x_close(ep) == 0);
}

static inline void
test_epoll_edge(void)
{
	struct epoll_event want = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	int a, b, ep;
	char text[8];

	both_ends(false, &a, &b);
	x_settle();
	ep = x_epoll_create(B);
	ok(x_epoll_ctl(ep, EPOLL_CTL_ADD, b, &want) == 0);
	WAITS(ep, EPOLLOUT);
	WAITS(ep, 0);
	ok(x_write(a, "1", 1) == 1);
	x_settle();
	WAITS(ep, EPOLLIN | EPOLLOUT);
	WAITS(ep, 0); /* unread, but no news */
	ok(x_write(a, "2", 1) == 1);
	x_settle();
	WAITS(ep, EPOLLIN | EPOLLOUT); /* more is news */
	ok(x_read(b, text, 1) == 1);
	WAITS(ep, 0);
	ok(x_write(a, "3", 1) == 1);
	x_settle();
	ok(x_read(b, text, 8) == 2);
	WAITS(ep, EPOLLOUT); /* news, but read already */
	ok(x_write(b, "4", 1) == 1);
	x_settle();
	WAITS(ep, 0); /* there was room all the time */
	ok(x_shutdown(a, SHUT_WR) == 0);
	x_settle();
	WAITS(ep, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	WAITS(ep, 0);
	ok(x_shutdown(b, SHUT_WR) == 0);
	x_settle();
	WAITS(ep, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
	WAITS(ep, 0);
	ok(x_close(a) == 0 && x_close(b) == 0 && x_close(ep) == 0);
}

static inline void
test_epoll_listener(void)
{
	struct epoll_event want = {.events = EPOLLIN | EPOLLET};
	int port, l = listener(false, &port), a[2], b[2], ep = x_epoll_create(B);

	ok(x_epoll_ctl(ep, EPOLL_CTL_ADD, l, &want) == 0);
	WAITS(ep, 0);
	for (int i = 0; i < 2; i++) {
		a[i] = x_socket(A, AF_INET, SOCK_STREAM, 0);
		ok(x_connect(a[i], address(B, false, port), address_len(false)) == 0);
	}
	x_settle();
	WAITS(ep, EPOLLIN);
	b[0] = x_accept(l, NULL, NULL);
	WAITS(ep, 0);
	b[1] = x_accept(l, NULL, NULL);
	nonblocking(l);
	FAILS(x_accept(l, NULL, NULL), EAGAIN);
	for (int i = 0; i < 2; i++)
		ok(x_close(a[i]) == 0 && x_close(b[i]) == 0);
	ok(x_close(l) == 0 && x_close(ep) == 0);
}

static inline void
test_full(void)
{
	static char big[4 << 20];
	struct epoll_event want = {.events = EPOLLOUT | EPOLLET};
	int a, b, ep = x_epoll_create(A);
	ssize_t sent = 0, n, got = 0;

	both_ends(false, &a, &b);
	nonblocking(a);
	ok(x_epoll_ctl(ep, EPOLL_CTL_ADD, a, &want) == 0);
	WAITS(ep, EPOLLOUT);
	for (int i = 0; i < 100; i++) {
		x_settle();
		while ((n = x_write(a, big, sizeof(big))) > 0)
			sent += n;
	}
	FAILS(x_write(a, big, 1), EAGAIN); /* at once: a probe may find room for a byte */
	IS(a, 0);
	WAITS(ep, 0);
	nonblocking(b);
	for (int i = 0; i < 1000 && got < sent; i++) {
		while ((n = x_read(b, big, sizeof(big))) > 0)
			got += n;
		x_settle();
	}
	ok(got == sent);
	WAITS(ep, EPOLLOUT);
	IS(a, POLLOUT);
	ok(x_close(a) == 0 && x_close(b) == 0 && x_close(ep) == 0);
}

static inline void
test_v6(void)
{
	int a, b, port, l;
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct in6_addr peer = x_addr6(B);
	socklen_t n = sizeof(in6);
	char c;

	both_ends(true, &a, &b);
	ok(x_write(a, "6", 1) == 1);
	ok(x_read(b, &c, 1) == 1 && c == '6');
	ok(x_getpeername(a, (struct sockaddr *)&in6, &n) == 0 && n == sizeof(in6));
	ok(in6.sin6_family == AF_INET6 && !memcmp(&in6.sin6_addr, &peer, sizeof(peer)));
	ok(set_int(a, IPPROTO_IPV6, IPV6_TCLASS, 0x20) == 0);
	ok(get_int(a, IPPROTO_IPV6, IPV6_TCLASS) == 0x20);
	ok(get_int(a, IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 64);
	ok(get_int(a, SOL_SOCKET, SO_DOMAIN) == AF_INET6);
	FAILS(set_int(a, IPPROTO_IPV6, IPV6_V6ONLY, 1), EINVAL);
	ok(x_close(a) == 0 && x_close(b) == 0);

	/* a socket of IPv6 takes IPv4 too */
	l = x_socket(B, AF_INET6, SOCK_STREAM, 0);
	ok(set_int(l, IPPROTO_IPV6, IPV6_V6ONLY, 0) == 0);
	memset(&in6, 0, sizeof(in6));
	in6.sin6_family = AF_INET6;
	FAILS(x_bind(l, (struct sockaddr *)&in6, 20), EINVAL);
	ok(x_bind(l, (struct sockaddr *)&in6, sizeof(in6)) == 0);
	ok(x_listen(l, 5) == 0);
	port = port_of(l);
	a = x_socket(A, AF_INET, SOCK_STREAM, 0);
	ok(x_connect(a, address(B, false, port), address_len(false)) == 0);
	n = sizeof(in6);
	b = x_accept(l, (struct sockaddr *)&in6, &n);
	ok(b >= 0 && n == sizeof(in6) && IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr));
	ok(x_close(a) == 0 && x_close(b) == 0);
	a = x_socket(B, AF_INET, SOCK_STREAM, 0);
	FAILS(x_bind(a, address(B, false, port), address_len(false)), EADDRINUSE);
	ok(x_close(a) == 0 && x_close(l) == 0);

	/* unless it is told not to */
	l = x_socket(B, AF_INET6, SOCK_STREAM, 0);
	ok(set_int(l, IPPROTO_IPV6, IPV6_V6ONLY, 1) == 0);
	memset(&in6.sin6_addr, 0, 16);
	in6.sin6_port = 0;
	ok(x_bind(l, (struct sockaddr *)&in6, sizeof(in6)) == 0 && x_listen(l, 5) == 0);
	port = port_of(l);
	a = x_socket(A, AF_INET, SOCK_STREAM, 0);
	FAILS(x_connect(a, address(B, false, port), address_len(false)), ECONNREFUSED);
	ok(x_close(a) == 0 && x_close(l) == 0);
}

static inline void
test_dissolve(void)
{
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	int a, b;
	char c;

	both_ends(false, &a, &b);
	ok(x_connect(a, &none, sizeof(none)) == 0);
	x_settle();
	FAILS(x_read(b, &c, 1), ECONNRESET);
	FAILS(x_read(a, &c, 1), ECONNRESET);
	FAILS(x_read(a, &c, 1), ENOTCONN);
	ok(x_close(a) == 0 && x_close(b) == 0);
}

static inline void
body_run(bool v6)
{
	TEST("a fresh socket", test_fresh);
	TEST("refused, blocking and not", test_refused);
	TEST("bytes, all ways to read and write", test_stream);
	TEST("half closes", test_half_close);
	TEST("resets and broken pipes", test_reset);
	TEST("bind and what is taken", test_bind);
	TEST("accept, and what is inherited", test_accept);
	TEST("options", test_options);
	TEST("TCP_INFO and timeouts", test_info);
	TEST("epoll, level", test_epoll_level);
	TEST("epoll, edge", test_epoll_edge);
	TEST("epoll, a listener", test_epoll_listener);
	TEST("a full buffer", test_full);
	TEST("connect to nothing", test_dissolve);
	if (v6)
		TEST("IPv6 and mapped", test_v6);
}

#endif
