/*
 * fast_body.h - what a program sees of TCP Fast Open; read behind sock_body.h, and run
 * like it over our sockets and over the kernel's.
 */
#ifndef SW_TEST_FAST_BODY_H
#define SW_TEST_FAST_BODY_H

static inline int
fast_listener(int *port, int most)
{
	int fd = listener(false, port);

	ok(get_int(fd, IPPROTO_TCP, TCP_FASTOPEN) == 0);
	ok(set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, most) == 0);
	ok(get_int(fd, IPPROTO_TCP, TCP_FASTOPEN) == most);
	return fd;
}

static inline ssize_t
fast_send(int fd, const void *bytes, size_t n, int port)
{
	return x_sendto(fd, bytes, n, MSG_FASTOPEN, address(B, false, port), address_len(false));
}

/* Did data ride on the SYN, as TCP_INFO tells it? */
static inline bool
fast_rode(int fd)
{
	struct tcp_info t;
	socklen_t n = sizeof(t);

	ok(x_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &t, &n) == 0);
	return t.tcpi_options & TCPI_OPT_SYN_DATA;
}

/* n bytes, or what is there by now. */
static inline size_t
fast_read(int fd, char *to, size_t n)
{
	size_t got = 0;
	ssize_t one = 1;

	for (; got < n && one > 0; got += one > 0 ? (size_t)one : 0)
		one = x_recv(fd, to + got, n - got, 0);
	return got;
}

static inline void
test_fast_settings(void)
{
	int fd = x_socket(A, AF_INET, SOCK_STREAM, 0), port, l, a;

	ok(get_int(fd, IPPROTO_TCP, TCP_FASTOPEN) == 0);
	ok(get_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT) == 0);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, -1), EINVAL);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 2), EINVAL);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, -1), EINVAL);
	ok(set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1) == 0);
	ok(get_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT) == 1);
	ok(set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0) == 0);
	l = fast_listener(&port, 7);
	ok(x_connect(fd, address(B, false, port), address_len(false)) == 0);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 1), EINVAL);
	FAILS(set_int(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1), EINVAL);
	FAILS(fast_send(fd, "x", 1, port), EISCONN);
	FAILS(fast_send(l, "x", 1, port), EISCONN);
	a = x_accept(l, NULL, NULL);
	ok(a >= 0 && x_close(a) == 0 && x_close(fd) == 0 && x_close(l) == 0);
}

/* One connection with and without a cookie at hand, by a socket that may not wait. */
static inline void
test_fast_nonblock(void)
{
	char bytes[3000] = "what rides on it", got[3000];
	int port, l = fast_listener(&port, 7), a, b;

	a = x_socket(A, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	FAILS(x_sendto(a, "x", 1, MSG_FASTOPEN, NULL, 0), EINVAL);
	FAILS(fast_send(a, bytes, 100, port), EINPROGRESS);
	x_settle();
	ok(poll_bits(a) == POLLOUT && !fast_rode(a));
	ok(x_connect(a, address(B, false, port), address_len(false)) == 0);
	b = x_accept(l, NULL, NULL);
	IS(b, POLLOUT);
	ok(x_send(a, bytes, 100, 0) == 100 && fast_read(b, got, 100) == 100);
	ok(x_close(a) == 0 && x_close(b) == 0);

	a = x_socket(A, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ok(fast_send(a, bytes, 100, port) == 100);
	x_settle();
	b = x_accept(l, NULL, NULL);
	ok(fast_read(b, got, 100) == 100 && memcmp(bytes, got, 100) == 0);
	ok(x_send(b, "answer", 6, 0) == 6);
	x_settle();
	ok(fast_rode(a) && fast_rode(b));
	ok(x_recv(a, got, sizeof(got), 0) == 6);
	ok(fast_send(a, bytes, 1, port) == 1); /* as if it had been told by connect() */
	FAILS(fast_send(a, bytes, 1, port), EISCONN);
	ok(x_close(a) == 0 && x_close(b) == 0 && x_close(l) == 0);
}

/* By one that may. */
static inline void
test_fast_block(void)
{
	static char bytes[100000], got[100000];
	int port, l = fast_listener(&port, 7), a, b;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * i >> 3);
	for (int turn = 0; turn < 2; turn++) {
		a = x_socket(A, AF_INET, SOCK_STREAM, 0);
		ok(fast_send(a, bytes, sizeof(bytes), port) == sizeof(bytes));
		b = x_accept(l, NULL, NULL);
		memset(got, 0, sizeof(got));
		ok(fast_read(b, got, sizeof(got)) == sizeof(got));
		ok(memcmp(bytes, got, sizeof(got)) == 0);
		ok(x_close(a) == 0 && x_recv(b, got, 1, 0) == 0 && x_close(b) == 0);
	}
	ok(x_close(l) == 0);
	a = x_socket(A, AF_INET, SOCK_STREAM, 0);
	FAILS(fast_send(a, bytes, 10, port), ECONNREFUSED);
	ok(x_close(a) == 0);
}

/* connect() that waits for the first bytes. */
static inline void
test_fast_connect(void)
{
	int port, l = fast_listener(&port, 7), a, b;
	char got[100];

	for (int turn = 0; turn < 2; turn++) {
		a = x_socket(A, AF_INET, SOCK_STREAM, 0);
		ok(set_int(a, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1) == 0);
		ok(x_connect(a, address(B, false, port), address_len(false)) == 0);
		IS(a, POLLOUT);
		ok(x_write(a, "request", 7) == 7);
		b = x_accept(l, NULL, NULL);
		ok(fast_read(b, got, 7) == 7 && memcmp(got, "request", 7) == 0);
		ok(x_write(a, "more", 4) == 4 && fast_read(b, got, 4) == 4);
		if (turn > 0)
			ok(fast_rode(a) && fast_rode(b));
		ok(x_close(a) == 0 && x_close(b) == 0);
	}
	ok(x_close(l) == 0);
}

static inline void
fast_run(void)
{
	TEST("Fast Open: settings", test_fast_settings);
	TEST("Fast Open: a socket that may not wait", test_fast_nonblock);
	TEST("Fast Open: a socket that waits", test_fast_block);
	TEST("Fast Open: a connect() that waits for bytes", test_fast_connect);
}

#endif
