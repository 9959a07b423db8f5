/*
 * sw_sock.h - sockets over a stack, as POSIX and Linux have them.
 *
 * The calls have the names, arguments, results and errno of the C library's,
 * with sw_sock_ before the name and a host before the arguments:
 *
 *	fd = sw_sock_socket(host, AF_INET, SOCK_STREAM, 0);
 *	if (sw_sock_connect(host, fd, (struct sockaddr *)&to, sizeof(to)) < 0)
 *		perror("connect");
 *
 * A host is one stack and two functions of yours: a clock, and the one place
 * that blocks.  With a driver behind them the sockets are real; with a simulator
 * they live in virtual time, and a call that blocks for two minutes takes no
 * time at all.  Every call tries, and while it may block and has nothing to
 * give, waits once and tries again.
 *
 * TCP only.  Not thread-safe: one host, one thread; two hosts share nothing.
 * Descriptors are the host's own: they mean nothing to the kernel, nor the
 * kernel's to a host.  The host takes the events of its stack: don't call
 * sw_event() on it, all else is allowed.
 *
 * Where it differs from Linux: no SIGPIPE, ever; SO_OOBINLINE is always on;
 * bytes that were not read when a RST came are gone (RFC 9293 3.10.7.4);
 * TCP_USER_TIMEOUT counts in whole seconds, rounded up; TCP_QUICKACK stays as it
 * was set; TCP_DEFER_ACCEPT is kept and does nothing.
 */
#ifndef SYNWAVE_SW_SOCK_H
#define SYNWAVE_SW_SOCK_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "sw.h"
#include "sw_drv.h"
#include "sw_sim.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sw_sock_host;

/*
 * What a host stands on.  sw_sock_world_init() first; clock and wait must be set.
 *
 * wait() must move the world: give the stack what came, take what it has to
 * send, or let time pass; and return as soon as something has happened, at the
 * latest when clock() is `until` (SW_NEVER: whenever).  It may move less than
 * asked, not further than `until`, and it may make calls on the same host: the
 * waiting call finds out.
 *	0	something may have changed: the call tries again
 *	-1	nothing will ever happen, or you want the call back: it returns -1 with
 *		the errno that wait() left (EINTR: as after a signal; the call may be
 *		made again, connect() too).  A write that took some bytes, or a read
 *		that got some, returns their number instead.
 */
struct sw_sock_world {
	size_t bytes; /* sizeof(struct sw_sock_world) of your compiler */
	void *ctx;    /* for both functions */
	sw_ns (*clock)(void *ctx);
	int (*wait)(void *ctx, sw_ns until);
	/*
	 * Calls that don't block also wait(ctx, now) once: for programs over a
	 * driver that nobody else turns.
	 */
	bool eager;
	int first_fd;	  /* the lowest descriptor; 3 */
	uint32_t max_fds; /* EMFILE beyond; 65536 */
};

void sw_sock_world_init(struct sw_sock_world *);
/* The world is one simulator.  With nothing left to happen wait() says EDEADLK. */
void sw_sock_world_sim(struct sw_sock_world *, struct sw_sim *);
/* The world is one driver, attached to the stack, and CLOCK_MONOTONIC.  Eager. */
void sw_sock_world_drv(struct sw_sock_world *, struct sw_drv *);

/* The stack stays yours and must outlive the host.  NULL: errno. */
struct sw_sock_host *sw_sock_host(struct sw_stack *, const struct sw_sock_world *);
/* Aborts what is open.  NULL is allowed. */
void sw_sock_host_free(struct sw_sock_host *);

struct sw_stack *sw_sock_stack(const struct sw_sock_host *);
sw_ns sw_sock_now(const struct sw_sock_host *);
/* The connection or listener behind a descriptor, for sw_status(); 0: none (yet). */
sw_conn sw_sock_conn(const struct sw_sock_host *, int fd);
/* Waits once, at most `timeout` nanoseconds.  0, or -1 and errno of wait(). */
int sw_sock_turn(struct sw_sock_host *, sw_ns timeout);

/* ---- opening ------------------------------------------------------------ */

/* SOCK_STREAM, with SOCK_NONBLOCK and SOCK_CLOEXEC (ignored); AF_INET, AF_INET6. */
int sw_sock_socket(struct sw_sock_host *, int domain, int type, int protocol);
int sw_sock_bind(struct sw_sock_host *, int fd, const struct sockaddr *, socklen_t);
int sw_sock_listen(struct sw_sock_host *, int fd, int backlog);
int sw_sock_accept(struct sw_sock_host *, int fd, struct sockaddr *, socklen_t *);
int sw_sock_accept4(struct sw_sock_host *, int fd, struct sockaddr *, socklen_t *, int flags);
int sw_sock_connect(struct sw_sock_host *, int fd, const struct sockaddr *, socklen_t);
int sw_sock_getsockname(struct sw_sock_host *, int fd, struct sockaddr *, socklen_t *);
int sw_sock_getpeername(struct sw_sock_host *, int fd, struct sockaddr *, socklen_t *);

/* ---- receiving: MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC ----------- */

ssize_t sw_sock_read(struct sw_sock_host *, int fd, void *, size_t);
ssize_t sw_sock_readv(struct sw_sock_host *, int fd, const struct iovec *, int);
ssize_t sw_sock_recv(struct sw_sock_host *, int fd, void *, size_t, int flags);
ssize_t sw_sock_recvfrom(struct sw_sock_host *, int fd, void *, size_t, int flags,
			 struct sockaddr *, socklen_t *);
ssize_t sw_sock_recvmsg(struct sw_sock_host *, int fd, struct msghdr *, int flags);

/*
 * ---- sending: MSG_OOB, MSG_DONTWAIT, MSG_MORE, MSG_NOSIGNAL (always), MSG_FASTOPEN
 *
 * MSG_FASTOPEN (sendto, sendmsg) is connect() and the first send() in one: with a cookie
 * of the peer the first bytes ride on the SYN (RFC 7413).  Of a socket that may not wait
 * it returns how many; or EINPROGRESS: no cookie, the SYN asks for one, all is to be sent
 * again once it is connected.
 */

ssize_t sw_sock_write(struct sw_sock_host *, int fd, const void *, size_t);
ssize_t sw_sock_writev(struct sw_sock_host *, int fd, const struct iovec *, int);
ssize_t sw_sock_send(struct sw_sock_host *, int fd, const void *, size_t, int flags);
ssize_t sw_sock_sendto(struct sw_sock_host *, int fd, const void *, size_t, int flags,
		       const struct sockaddr *, socklen_t);
ssize_t sw_sock_sendmsg(struct sw_sock_host *, int fd, const struct msghdr *, int flags);

/* ---- closing ------------------------------------------------------------ */

/* SO_LINGER on with 0 s, or bytes unread: RST.  On with more: waits for it. */
int sw_sock_close(struct sw_sock_host *, int fd);
int sw_sock_shutdown(struct sw_sock_host *, int fd, int how);

/* ---- settings ----------------------------------------------------------- */

/* F_GETFL, F_SETFL (O_NONBLOCK), F_GETFD, F_SETFD */
int sw_sock_fcntl(struct sw_sock_host *, int fd, int cmd, ...);
/* SIOCINQ (FIONREAD), SIOCOUTQ, SIOCOUTQNSD, FIONBIO */
int sw_sock_ioctl(struct sw_sock_host *, int fd, unsigned long request, ...);
/*
 * SOL_SOCKET	SO_REUSEADDR, LINGER, KEEPALIVE, ERROR, TYPE, DOMAIN, PROTOCOL,
 *		ACCEPTCONN, SNDBUF, RCVBUF (twice what was set, as Linux says it),
 *		RCVLOWAT, RCVTIMEO, SNDTIMEO, OOBINLINE, MEMINFO
 * IPPROTO_TCP	TCP_NODELAY, CORK, MAXSEG, USER_TIMEOUT, KEEPIDLE, KEEPINTVL, KEEPCNT,
 *		INFO (Linux's struct tcp_info; unknown: 0), CC_INFO, QUICKACK,
 *		DEFER_ACCEPT, CONGESTION ("cubic", "reno", "bbr", "bbr1"),
 *		FASTOPEN (a listener's: how many may be pending), FASTOPEN_CONNECT
 * IPPROTO_IP	IP_TOS, IP_TTL, IP_MTU
 * IPPROTO_IPV6	IPV6_TCLASS, IPV6_UNICAST_HOPS, IPV6_V6ONLY
 * All else: ENOPROTOOPT.  Accepted connections inherit from their listener.
 */
int sw_sock_getsockopt(struct sw_sock_host *, int fd, int level, int name, void *, socklen_t *);
int sw_sock_setsockopt(struct sw_sock_host *, int fd, int level, int name, const void *,
		       socklen_t);

/* ---- waiting for several ------------------------------------------------ */

int sw_sock_poll(struct sw_sock_host *, struct pollfd *, nfds_t, int timeout_ms);
int sw_sock_epoll_create(struct sw_sock_host *, int size);
int sw_sock_epoll_create1(struct sw_sock_host *, int flags);
/* EPOLLET, EPOLLONESHOT; no epoll inside an epoll (ELOOP). */
int sw_sock_epoll_ctl(struct sw_sock_host *, int epfd, int op, int fd, struct epoll_event *);
int sw_sock_epoll_wait(struct sw_sock_host *, int epfd, struct epoll_event *, int max,
		       int timeout_ms);

#ifdef __cplusplus
}
#endif
#endif
