/*
 * sock_test.c - sockets in virtual time: the program of sock_body.h, whose twin
 * runs on the kernel, and what loopback cannot show: time, loss, silence.
 */
#include <netinet/in.h>

#include <synwave/sw_sock.h>

enum { SIDE_B = 1000 }; /* B's descriptors begin here */

static struct sw_sock_host *host[2];
static struct sw_stack *stack[2];
static void *arena[2];
static struct sw_sim *sim;

static struct sw_sock_host *
of(int fd)
{
	return host[fd >= SIDE_B];
}

#define x_bind(fd, ...) sw_sock_bind(of(fd), fd, __VA_ARGS__)
#define x_listen(fd, n) sw_sock_listen(of(fd), fd, n)
#define x_accept(fd, ...) sw_sock_accept(of(fd), fd, __VA_ARGS__)
#define x_connect(fd, ...) sw_sock_connect(of(fd), fd, __VA_ARGS__)
#define x_getsockname(fd, ...) sw_sock_getsockname(of(fd), fd, __VA_ARGS__)
#define x_getpeername(fd, ...) sw_sock_getpeername(of(fd), fd, __VA_ARGS__)
#define x_read(fd, ...) sw_sock_read(of(fd), fd, __VA_ARGS__)
#define x_recv(fd, ...) sw_sock_recv(of(fd), fd, __VA_ARGS__)
#define x_recvmsg(fd, ...) sw_sock_recvmsg(of(fd), fd, __VA_ARGS__)
#define x_write(fd, ...) sw_sock_write(of(fd), fd, __VA_ARGS__)
#define x_writev(fd, ...) sw_sock_writev(of(fd), fd, __VA_ARGS__)
#define x_send(fd, ...) sw_sock_send(of(fd), fd, __VA_ARGS__)
#define x_sendto(fd, ...) sw_sock_sendto(of(fd), fd, __VA_ARGS__)
#define x_close(fd) sw_sock_close(of(fd), fd)
#define x_shutdown(fd, how) sw_sock_shutdown(of(fd), fd, how)
#define x_fcntl(fd, ...) sw_sock_fcntl(of(fd), fd, __VA_ARGS__)
#define x_ioctl(fd, ...) sw_sock_ioctl(of(fd), fd, __VA_ARGS__)
#define x_getsockopt(fd, ...) sw_sock_getsockopt(of(fd), fd, __VA_ARGS__)
#define x_setsockopt(fd, ...) sw_sock_setsockopt(of(fd), fd, __VA_ARGS__)
#define x_poll(p, n, t) sw_sock_poll(of((p)->fd), p, n, t)
#define x_socket(side, ...) sw_sock_socket(host[side], __VA_ARGS__)
#define x_epoll_create(side) sw_sock_epoll_create(host[side], 1)
#define x_epoll_ctl(ep, ...) sw_sock_epoll_ctl(of(ep), ep, __VA_ARGS__)
#define x_epoll_wait(ep, ...) sw_sock_epoll_wait(of(ep), ep, __VA_ARGS__)

static uint32_t
x_addr4(int side)
{
	return htonl(0x0a000001 + (uint32_t)side);
}

static struct in6_addr
x_addr6(int side)
{
	struct in6_addr a = {{{0xfd}}};

	a.s6_addr[15] = (uint8_t)(side + 1);
	return a;
}

static void
sleep_for(sw_ns span)
{
	sw_sim_run(sim, sw_sim_now(sim) + span);
}

static void
x_settle(void)
{
	sleep_for(100 * SW_MS);
}

#include "sock_body.h"
#include "fast_body.h"

/* ---- the world ---------------------------------------------------------- */

static void
host_begin(int i, const struct sw_config *conf)
{
	struct sw_iface f = {.link = SW_LINK_IP, .mtu = 1500};
	struct sw_addr v4 = sw_addr4(10, 0, 0, (uint8_t)(i + 1)), v6 = {{0xfd}};
	struct sw_config c = *conf;
	struct sw_sock_world w;
	size_t n;

	memset(c.secret, i + 1, sizeof(c.secret));
	n = sw_stack_bytes(&c);
	arena[i] = aligned_alloc(64, (n + 63) / 64 * 64);
	ok(arena[i] != NULL && sw_stack_init(&stack[i], &c, arena[i], n) == SW_OK);
	ok(sw_iface_add(stack[i], &f) == 0);
	v6.b[15] = (uint8_t)(i + 1);
	ok(sw_address_add(stack[i], 0, &v4, 24) == SW_OK);
	ok(sw_address_add(stack[i], 0, &v6, 64) == SW_OK);
	ok(sw_sim_host(sim, stack[i], 0) == i);
	sw_sock_world_sim(&w, sim);
	w.first_fd = i ? SIDE_B : 3;
	host[i] = sw_sock_host(stack[i], &w);
	ok(host[i] != NULL);
}

static void
begin(const struct sw_config *conf)
{
	struct sw_sim_path path = {.bytes = sizeof(path), .delay = 10 * SW_MS};
	struct sw_config c;

	sw_config_init(&c);
	if (conf != NULL)
		c = *conf;
	sim = sw_sim_new(tap_seed());
	ok(sim != NULL);
	host_begin(A, &c);
	host_begin(B, &c);
	ok(sw_sim_link(sim, A, B, &path, &path) == 0);
}

static void
finish(void)
{
	for (int i = 0; i < 2; i++) {
		sw_sock_host_free(host[i]);
		free(arena[i]);
	}
	sw_sim_free(sim);
}

/* What `side` sends is lost from now on, or not. */
static void
cut(int side, bool off)
{
	struct sw_sim_path path = {.bytes = sizeof(path), .delay = 10 * SW_MS};

	path.loss = off ? 1000000 : 0;
	ok(sw_sim_path(sim, side, &path) == SW_OK);
}

/* ---- time --------------------------------------------------------------- */

static void
test_silence(void)
{
	struct timeval t = {.tv_sec = 3};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
	int fd, a, b;
	sw_ns from;
	char c;

	begin(NULL);
	fd = x_socket(A, AF_INET, SOCK_STREAM, 0);
	in.sin_addr.s_addr = htonl(0xc0000201);
	FAILS(x_connect(fd, (struct sockaddr *)&in, sizeof(in)), ENETUNREACH);
	in.sin_addr.s_addr = htonl(0xe0000001);
	FAILS(x_connect(fd, (struct sockaddr *)&in, sizeof(in)), ENETUNREACH);
	cut(B, true);
	from = sw_sim_now(sim);
	FAILS(x_connect(fd, address(B, false, 80), address_len(false)), ETIMEDOUT);
	ok(sw_sim_now(sim) - from >= 180 * SW_S && sw_sim_now(sim) - from <= 200 * SW_S);
	/* a bound on it: it goes on meanwhile */
	ok(x_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) == 0);
	from = sw_sim_now(sim);
	FAILS(x_connect(fd, address(B, false, 80), address_len(false)), EINPROGRESS);
	ok(sw_sim_now(sim) - from == 3 * SW_S);
	FAILS(x_connect(fd, address(B, false, 80), address_len(false)), EALREADY);
	IS(fd, 0);
	FAILS(x_send(fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	FAILS(x_recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	ok(x_shutdown(fd, SHUT_RDWR) == 0);
	IS(fd, POLLOUT | POLLHUP | POLLERR);
	ok(get_int(fd, SOL_SOCKET, SO_ERROR) == ECONNRESET);
	ok(x_close(fd) == 0);
	/* data that nobody acknowledges; TCP_USER_TIMEOUT */
	cut(B, false);
	both_ends(false, &a, &b);
	ok(set_int(a, IPPROTO_TCP, TCP_USER_TIMEOUT, 9500) == 0);
	cut(B, true);
	from = sw_sim_now(sim);
	ok(x_write(a, "x", 1) == 1);
	FAILS(x_read(a, &c, 1), ETIMEDOUT);
	ok(sw_sim_now(sim) - from >= 9 * SW_S && sw_sim_now(sim) - from <= 12 * SW_S);
	ok(x_close(a) == 0 && x_close(b) == 0);
	finish();
}

static void
test_keep_alive(void)
{
	sw_ns from;
	int a, b;
	char c;

	begin(NULL);
	both_ends(false, &a, &b);
	ok(set_int(a, IPPROTO_TCP, TCP_KEEPIDLE, 10) == 0);
	ok(set_int(a, IPPROTO_TCP, TCP_KEEPINTVL, 2) == 0);
	ok(set_int(a, IPPROTO_TCP, TCP_KEEPCNT, 3) == 0);
	ok(set_int(a, SOL_SOCKET, SO_KEEPALIVE, 1) == 0);
	from = sw_sim_now(sim);
	sleep_for(100 * SW_S);
	IS(a, POLLOUT);
	cut(B, true);
	from = sw_sim_now(sim);
	FAILS(x_read(a, &c, 1), ETIMEDOUT);
	ok(sw_sim_now(sim) - from > 6 * SW_S && sw_sim_now(sim) - from <= 17 * SW_S);
	ok(x_close(a) == 0 && x_close(b) == 0);
	finish();
}

/* A blocking write of more than all buffers, read by another who is slow. */
static int
slow_reader(void *ctx, sw_ns until)
{
	static char big[65536];
	int *fd = ctx;
	bool moved = sw_sim_step(sim, until);
	ssize_t n = x_recv(*fd, big, sizeof(big), MSG_DONTWAIT);

	if (n > 0)
		fd[1] += (int)n;
	return moved || n > 0 ? 0 : (errno = EDEADLK, -1);
}

static sw_ns
sim_now(void *ctx)
{
	(void)ctx;
	return sw_sim_now(sim);
}

static void
test_blocking(void)
{
	static char big[8 << 20];
	struct sw_sock_world w;
	int a, b, port, l, state[2];
	char c;

	begin(NULL);
	l = listener(false, &port);
	FAILS(x_accept(l, NULL, NULL), EDEADLK); /* nothing will ever happen */
	sw_sock_host_free(host[A]);
	sw_sock_world_init(&w);
	w.clock = sim_now;
	w.wait = slow_reader;
	w.ctx = state;
	state[0] = SIDE_B + 1;
	state[1] = 0;
	host[A] = sw_sock_host(stack[A], &w);
	a = x_socket(A, AF_INET, SOCK_STREAM, 0);
	ok(x_connect(a, address(B, false, port), address_len(false)) == 0);
	b = x_accept(l, NULL, NULL);
	ok(b == state[0]);
	ok(x_write(a, big, sizeof(big)) == (ssize_t)sizeof(big));
	ok(x_close(a) == 0);
	while (x_read(b, &c, 1) == 1)
		state[1]++;
	ok(state[1] == (int)sizeof(big));
	ok(x_close(b) == 0 && x_close(l) == 0);
	finish();
}

/* The wait closes what is waited for. */
static int
closer(void *ctx, sw_ns until)
{
	(void)until;
	return x_close(*(int *)ctx);
}

static void
test_closed_meanwhile(void)
{
	struct sw_sock_world w;
	int fd;

	begin(NULL);
	sw_sock_host_free(host[A]);
	sw_sock_world_init(&w);
	w.clock = sim_now;
	w.wait = closer;
	w.ctx = &fd;
	host[A] = sw_sock_host(stack[A], &w);
	fd = x_socket(A, AF_INET, SOCK_STREAM, 0);
	FAILS(x_connect(fd, address(B, false, 80), address_len(false)), EBADF);
	fd = x_socket(A, AF_INET, SOCK_STREAM, 0);
	ok(x_listen(fd, 1) == 0);
	FAILS(x_accept(fd, NULL, NULL), EBADF);
	fd = x_epoll_create(A);
	FAILS(x_epoll_wait(fd, (struct epoll_event[1]){{0}}, 1, -1), EBADF);
	finish();
}

static void
test_linger(void)
{
	struct linger l = {.l_onoff = 1, .l_linger = 5};
	sw_ns from;
	int a, b;

	begin(NULL);
	both_ends(false, &a, &b);
	ok(x_setsockopt(a, SOL_SOCKET, SO_LINGER, &l, sizeof(l)) == 0);
	ok(x_write(a, "last", 4) == 4);
	from = sw_sim_now(sim);
	ok(x_close(a) == 0);
	ok(sw_sim_now(sim) - from >= 20 * SW_MS && sw_sim_now(sim) - from < SW_S);
	ok(x_close(b) == 0);
	both_ends(false, &a, &b);
	ok(x_setsockopt(a, SOL_SOCKET, SO_LINGER, &l, sizeof(l)) == 0);
	cut(B, true);
	from = sw_sim_now(sim);
	ok(x_close(a) == 0);
	ok(sw_sim_now(sim) - from == 5 * SW_S);
	ok(x_close(b) == 0);
	finish();
}

static void
test_backlog(void)
{
	int port, l, fd[4], b;

	begin(NULL);
	l = listener(false, &port);
	ok(x_listen(l, 1) == 0); /* two, as Linux counts */
	for (int i = 0; i < 4; i++) {
		fd[i] = x_socket(A, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		FAILS(x_connect(fd[i], address(B, false, port), address_len(false)), EINPROGRESS);
		x_settle();
	}
	IS(fd[0], POLLOUT);
	IS(fd[1], POLLOUT);
	IS(fd[2], 0);
	IS(fd[3], 0);
	for (int i = 0; i < 4; i++) { /* those that found no room try again */
		b = x_accept(l, NULL, NULL);
		ok(b >= 0 && x_close(b) == 0);
		sleep_for(10 * SW_S);
	}
	for (int i = 0; i < 4; i++)
		ok(x_close(fd[i]) == 0);
	ok(x_close(l) == 0);
	finish();
}

/* ---- what goes on the wire ---------------------------------------------- */

struct wire {
	uint16_t mss, window;
	uint8_t ttl, tos, flags;
	unsigned segments; /* of B, with text */
	unsigned resets;
};

static void
on_packet(void *ctx, const struct sw_sim_seen *p)
{
	struct wire *w = ctx;
	const uint8_t *tcp = p->data + 20;

	if (p->moment != SW_SIM_SENT || p->data[0] >> 4 != 4)
		return;
	w->resets += (tcp[13] & SW_RST) != 0;
	if (p->from != B)
		return;
	w->tos = p->data[1];
	w->ttl = p->data[8];
	if (tcp[13] & SW_SYN) {
		w->mss = (uint16_t)(tcp[22] << 8 | tcp[23]);
		w->window = (uint16_t)(tcp[14] << 8 | tcp[15]);
	}
	w->segments += p->len > 20u + (tcp[12] >> 4) * 4u;
	w->flags = tcp[13];
}

static void
test_wire(void)
{
	struct wire w = {0};
	int port, l, a, b, n;
	char text[64];

	begin(NULL);
	sw_sim_tap(sim, on_packet, &w);
	l = listener(false, &port);
	ok(set_int(l, IPPROTO_IP, IP_TTL, 9) == 0 && set_int(l, IPPROTO_IP, IP_TOS, 0x48) == 0);
	ok(set_int(l, IPPROTO_TCP, TCP_MAXSEG, 700) == 0);
	ok(set_int(l, SOL_SOCKET, SO_RCVBUF, 5000) == 0);
	a = x_socket(A, AF_INET, SOCK_STREAM, 0);
	ok(x_connect(a, address(B, false, port), address_len(false)) == 0);
	ok(w.mss == 700 && w.window == 5000 && w.ttl == 9 && w.tos == 0x48);
	b = x_accept(l, NULL, NULL);
	x_settle();
	ok(get_int(a, IPPROTO_TCP, TCP_MAXSEG) == 688 &&
	   get_int(b, IPPROTO_TCP, TCP_MAXSEG) == 688);
	/* a cork holds back, its end lets go */
	ok(set_int(b, IPPROTO_TCP, TCP_CORK, 1) == 0);
	w.segments = 0;
	ok(x_write(b, "a", 1) == 1 && x_write(b, "b", 1) == 1);
	sleep_for(50 * SW_MS);
	ok(w.segments == 0);
	ok(x_ioctl(b, SIOCOUTQ, &n) == 0 && n == 2);
	ok(x_ioctl(b, SIOCOUTQNSD, &n) == 0 && n == 2);
	ok(set_int(b, IPPROTO_TCP, TCP_CORK, 0) == 0);
	x_settle();
	ok(w.segments == 1 && x_recv(a, text, 64, 0) == 2);
	ok(x_send(b, "c", 1, MSG_MORE) == 1 && x_send(b, "d", 1, 0) == 1);
	x_settle();
	ok(w.segments == 2 && x_recv(a, text, 64, 0) == 2);
	/* urgent */
	ok(x_send(b, "u", 1, MSG_OOB) == 1);
	x_settle();
	ok(w.flags & SW_URG);
	IS(a, POLLIN | POLLOUT | POLLPRI);
	ok(x_recv(a, text, 64, 0) == 1);
	IS(a, POLLOUT);
	ok(w.resets == 0);
	reset_by(a);
	ok(w.resets == 1);
	ok(x_close(b) == 0 && x_close(l) == 0);
	finish();
}

/* An ICMP error says why; of a connection that is open it is told, and no more. */
static void
icmp_about(const uint8_t *packet, uint8_t type, uint8_t code)
{
	uint8_t p[56] = {0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1};
	uint32_t sum = 0;

	p[20] = type;
	p[21] = code;
	memcpy(p + 28, packet, 28);
	for (int from = 0; from <= 20; from += 20) {
		sum = 0;
		for (int i = from; i < (from ? 56 : 20); i += 2)
			sum += (uint32_t)(p[i] << 8 | p[i + 1]);
		sum = (sum & 0xffff) + (sum >> 16);
		sum = ~((sum & 0xffff) + (sum >> 16));
		p[from ? 22 : 10] = (uint8_t)(sum >> 8);
		p[from ? 23 : 11] = (uint8_t)sum;
	}
	ok(sw_sim_inject(sim, A, 0, p, sizeof(p)) == SW_OK);
}

static void
on_sent(void *ctx, const struct sw_sim_seen *p)
{
	if (p->moment == SW_SIM_SENT && p->from == A)
		memcpy(ctx, p->data, 28);
}

static void
test_icmp(void)
{
	static const struct {
		uint8_t type, code;
		int error;
	} said[] = {{3, 3, ECONNREFUSED}, {3, 2, ENOPROTOOPT}, {3, 1, 0}, {3, 0, 0}, {11, 0, 0}};
	uint8_t last[28];

	begin(NULL);
	sw_sim_tap(sim, on_sent, last);
	cut(B, true);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		int fd = x_socket(A, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		FAILS(x_connect(fd, address(B, false, 80), address_len(false)), EINPROGRESS);
		sleep_for(SW_MS);
		icmp_about(last, said[i].type, said[i].code);
		sleep_for(SW_MS);
		if (said[i].error) {
			ok(get_int(fd, SOL_SOCKET, SO_ERROR) == said[i].error);
		} else { /* goes on trying, and knows why in the end */
			IS(fd, 0);
			sleep_for(200 * SW_S);
			ok(get_int(fd, SOL_SOCKET, SO_ERROR) ==
			   (said[i].type == 3 && said[i].code == 0 ? ENETUNREACH : EHOSTUNREACH));
		}
		ok(x_close(fd) == 0);
	}
	finish();
}

/* Over drivers: two hosts that only poll, and move packets by that. */
static void
test_eager(void)
{
	const struct sw_iface kind = {.link = SW_LINK_ETHERNET, .mtu = 1500};
	struct sw_drv *ends[2];
	struct sw_sock_world w;
	struct sw_config c;
	int l, a, b = -1, port;
	char text[8];

	ok(sw_drv_memory(ends, &kind, 64) == 0);
	for (int i = 0; i < 2; i++) {
		struct sw_addr addr = sw_addr4(10, 0, 0, (uint8_t)(i + 1));

		sw_config_init(&c);
		stack[i] = sw_drv_stack(&c, &arena[i]);
		ok(stack[i] != NULL && sw_drv_attach(ends[i], stack[i]) == 0);
		ok(sw_address_add(stack[i], 0, &addr, 24) == SW_OK);
		sw_sock_world_drv(&w, ends[i]);
		w.first_fd = i ? SIDE_B : 3;
		host[i] = sw_sock_host(stack[i], &w);
		ok(host[i] != NULL);
	}
	l = listener(false, &port);
	nonblocking(l);
	a = x_socket(A, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	FAILS(x_connect(a, address(B, false, port), address_len(false)), EINPROGRESS);
	for (int i = 0; i < 100 && b < 0; i++) {
		(void)poll_bits(a);
		b = x_accept(l, NULL, NULL);
	}
	ok(b >= 0);
	IS(a, POLLOUT);
	ok(x_write(a, "over", 4) == 4);
	ok(x_recv(b, text, 8, MSG_DONTWAIT) == 4);
	ok(x_close(b) == 0);
	IS(a, POLLIN | POLLOUT | POLLRDHUP);
	ok(x_close(a) == 0 && x_close(l) == 0);
	for (int i = 0; i < 2; i++) {
		sw_sock_host_free(host[i]);
		sw_drv_close(ends[i]);
		free(arena[i]);
	}
}

static void
test_many(void)
{
	struct sw_config c;
	int port, l, fd[50], b;

	sw_config_init(&c);
	c.conns = 40;
	begin(&c);
	l = listener(false, &port);
	ok(x_listen(l, 100) == 0);
	for (int i = 0; i < 50; i++) {
		fd[i] = x_socket(A, AF_INET, SOCK_STREAM, 0);
		ok(fd[i] == 3 + i);
		if (i < 40)
			ok(x_connect(fd[i], address(B, false, port), address_len(false)) == 0);
		else
			FAILS(x_connect(fd[i], address(B, false, port), address_len(false)),
			      ENOBUFS);
	}
	for (int i = 0; i < 40; i++) {
		b = x_accept(l, NULL, NULL);
		ok(b == SIDE_B + 1 + i);
	}
	ok(x_close(fd[7]) == 0 && x_close(fd[5]) == 0);
	ok(x_socket(A, AF_INET6, SOCK_STREAM, 0) == fd[5]); /* the lowest that is free */
	ok(x_socket(A, AF_INET6, SOCK_STREAM, 0) == fd[7]);
	ok(sw_sock_conn(host[A], fd[0]) != 0 && sw_sock_conn(host[A], fd[45]) == 0);
	finish();
}

int
main(void)
{
	begin(NULL);
	body_run(true);
	fast_run();
	finish();
	TEST("nobody answers", test_silence);
	TEST("keep-alive", test_keep_alive);
	TEST("blocking", test_blocking);
	TEST("closed while it waits", test_closed_meanwhile);
	TEST("lingering", test_linger);
	TEST("backlog", test_backlog);
	TEST("options on the wire", test_wire);
	TEST("ICMP errors", test_icmp);
	TEST("over a driver", test_eager);
	TEST("many, and the lowest descriptor", test_many);
	return plan_done();
}
