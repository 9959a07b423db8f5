/*
 * calls.c - packetdrill's table: each call is the socket layer's, between lock and
 * unlock.
 */
#include "plugin/plugin.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- opening ------------------------------------------------------------- */

static int
plug_socket(void *userdata, int domain, int type, int protocol)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_socket(p->host, domain, type, protocol));
}

/*
 * packetdrill takes a local address by chance unless it is told one: the one that
 * is bound is ours from then on.
 */
static void
plugin_address_learn(struct plugin *p, const struct sockaddr *a, socklen_t n)
{
	const struct sockaddr_in *in = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;
	struct sw_addr addr = sw_addr4(0, 0, 0, 0);

	if (n >= sizeof(*in) && a->sa_family == AF_INET)
		memcpy(addr.b + 12, &in->sin_addr, 4);
	else if (n >= sizeof(*in6) && a->sa_family == AF_INET6)
		memcpy(addr.b, &in6->sin6_addr, 16);
	if (!sw_addr_is_any(&addr)) /* refused: it is ours already, or nobody's */
		(void)sw_address_add(p->stack, p->iface, &addr, sw_addr_is4(&addr) ? 16 : 64);
}

static int
plug_bind(void *userdata, int fd, const struct sockaddr *a, socklen_t n)
{
	struct plugin *p = plugin_enter(userdata);
	int result = sw_sock_bind(p->host, fd, a, n);

	if (result == 0)
		plugin_address_learn(p, a, n);
	return (int)plugin_leave(p, result);
}

static int
plug_listen(void *userdata, int fd, int backlog)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_listen(p->host, fd, backlog));
}

static int
plug_accept(void *userdata, int fd, struct sockaddr *a, socklen_t *n)
{
	struct plugin *p = plugin_enter(userdata);
	int got = sw_sock_accept(p->host, fd, a, n);

	if (got >= 0 &&
	    drill_profile_narrows(p->profile, &p->config)) /* accept() set what the listener has */
		sw_set(p->stack, p->now, sw_sock_conn(p->host, got), SW_OPT_RCV_BUF, DRILL_NARROW);
	return (int)plugin_leave(p, got);
}

static int
plug_connect(void *userdata, int fd, const struct sockaddr *a, socklen_t n)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_connect(p->host, fd, a, n));
}

/* ---- receiving ----------------------------------------------------------- */

static ssize_t
plug_read(void *userdata, int fd, void *to, size_t n)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, plugin_is_pipe(p, fd) ? read(fd, to, n)
						     : sw_sock_read(p->host, fd, to, n));
}

static ssize_t
plug_readv(void *userdata, int fd, const struct iovec *to, int n)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, sw_sock_readv(p->host, fd, to, n));
}

static ssize_t
plug_recv(void *userdata, int fd, void *to, size_t n, int flags)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, sw_sock_recv(p->host, fd, to, n, flags));
}

static ssize_t
plug_recvfrom(void *userdata, int fd, void *to, size_t n, int flags, struct sockaddr *a,
	      socklen_t *len)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, sw_sock_recvfrom(p->host, fd, to, n, flags, a, len));
}

static ssize_t
plug_recvmsg(void *userdata, int fd, struct msghdr *m, int flags)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, sw_sock_recvmsg(p->host, fd, m, flags));
}

/* ---- sending ------------------------------------------------------------- */

static ssize_t
plug_write(void *userdata, int fd, const void *from, size_t n)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, plugin_is_pipe(p, fd) ? write(fd, from, n)
						     : sw_sock_write(p->host, fd, from, n));
}

static ssize_t
plug_writev(void *userdata, int fd, const struct iovec *from, int n)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, sw_sock_writev(p->host, fd, from, n));
}

static ssize_t
plug_send(void *userdata, int fd, const void *from, size_t n, int flags)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, sw_sock_send(p->host, fd, from, n, flags));
}

static ssize_t
plug_sendto(void *userdata, int fd, const void *from, size_t n, int flags, const struct sockaddr *a,
	    socklen_t len)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, sw_sock_sendto(p->host, fd, from, n, flags, a, len));
}

static ssize_t
plug_sendmsg(void *userdata, int fd, const struct msghdr *m, int flags)
{
	struct plugin *p = plugin_enter(userdata);

	return plugin_leave(p, sw_sock_sendmsg(p->host, fd, m, flags));
}

/* ---- settings, closing --------------------------------------------------- */

/* A number, or nothing, follows. */
static int
plug_fcntl(void *userdata, int fd, int cmd, ...)
{
	struct plugin *p = plugin_enter(userdata);
	va_list more;
	int value, result;

	va_start(more, cmd);
	value = cmd == F_SETFL || cmd == F_SETFD ? va_arg(more, int) : 0;
	va_end(more);
	result =
	    plugin_is_pipe(p, fd) ? fcntl(fd, cmd, value) : sw_sock_fcntl(p->host, fd, cmd, value);
	return (int)plugin_leave(p, result);
}

/* All that the sockets know take a pointer to a number. */
static int
plug_ioctl(void *userdata, int fd, unsigned long request, ...)
{
	struct plugin *p = plugin_enter(userdata);
	va_list more;
	void *value;

	va_start(more, request);
	value = va_arg(more, void *);
	va_end(more);
	return (int)plugin_leave(p, sw_sock_ioctl(p->host, fd, request, value));
}

static int
plug_close(void *userdata, int fd)
{
	struct plugin *p = plugin_enter(userdata);

	if (plugin_is_pipe(p, fd)) {
		p->pipe_end[fd] = false;
		return (int)plugin_leave(p, close(fd));
	}
	return (int)plugin_leave(p, sw_sock_close(p->host, fd));
}

static int
plug_shutdown(void *userdata, int fd, int how)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_shutdown(p->host, fd, how));
}

static int
plug_getsockopt(void *userdata, int fd, int level, int name, void *to, socklen_t *n)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_getsockopt(p->host, fd, level, name, to, n));
}

static int
plug_setsockopt(void *userdata, int fd, int level, int name, const void *from, socklen_t n)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_setsockopt(p->host, fd, level, name, from, n));
}

/* ---- waiting for several ------------------------------------------------- */

static int
plug_poll(void *userdata, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_poll(p->host, fds, n, timeout_ms));
}

static int
plug_epoll_create(void *userdata, int size)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_epoll_create(p->host, size));
}

static int
plug_epoll_ctl(void *userdata, int epfd, int op, int fd, struct epoll_event *event)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_epoll_ctl(p->host, epfd, op, fd, event));
}

static int
plug_epoll_wait(void *userdata, int epfd, struct epoll_event *to, int max, int timeout_ms)
{
	struct plugin *p = plugin_enter(userdata);

	return (int)plugin_leave(p, sw_sock_epoll_wait(p->host, epfd, to, max, timeout_ms));
}

/* ---- the table ----------------------------------------------------------- */

static void
plug_free(void *userdata)
{
	plugin_free(userdata);
}

static const struct packetdrill_table plugin_table = {.free = plug_free,
						      .socket = plug_socket,
						      .bind = plug_bind,
						      .listen = plug_listen,
						      .accept = plug_accept,
						      .connect = plug_connect,
						      .read = plug_read,
						      .readv = plug_readv,
						      .recv = plug_recv,
						      .recvfrom = plug_recvfrom,
						      .recvmsg = plug_recvmsg,
						      .write = plug_write,
						      .writev = plug_writev,
						      .send = plug_send,
						      .sendto = plug_sendto,
						      .sendmsg = plug_sendmsg,
						      .fcntl = plug_fcntl,
						      .ioctl = plug_ioctl,
						      .close = plug_close,
						      .shutdown = plug_shutdown,
						      .getsockopt = plug_getsockopt,
						      .setsockopt = plug_setsockopt,
						      .poll = plug_poll,
						      .netdev_send = plug_netdev_send,
						      .netdev_receive = plug_netdev_receive,
						      .usleep = plug_usleep,
						      .gettimeofday = plug_gettimeofday,
						      .epoll_create = plug_epoll_create,
						      .epoll_ctl = plug_epoll_ctl,
						      .epoll_wait = plug_epoll_wait,
						      .pipe = plug_pipe,
						      .splice = plug_splice};

__attribute__((visibility("default"))) void
packetdrill_interface_init(const char *flags, struct packetdrill_table *table)
{
	*table = plugin_table;
	table->userdata = plugin_new(flags);
	if (!table->userdata) {
		fputs("synwave: no memory\n", stderr);
		exit(EXIT_FAILURE);
	}
}
