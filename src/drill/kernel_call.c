/*
 * kernel_call.c - system calls of a script, made for real.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "end.h"

static long
kernel_call_open(struct drill_ask *a)
{
	struct sockaddr *to = (struct sockaddr *)a->to, *from = (struct sockaddr *)a->from;
	socklen_t *from_len = a->from ? &a->from_len : NULL;

	switch (a->what) {
	case ASK_SOCKET:
		return socket((int)a->a, (int)a->b, (int)a->c);
	case ASK_BIND:
		return bind(a->fd, to, a->to_len);
	case ASK_LISTEN:
		return listen(a->fd, (int)a->a);
	case ASK_ACCEPT:
		return accept(a->fd, from, from_len);
	case ASK_ACCEPT4:
		return accept4(a->fd, from, from_len, (int)a->a);
	case ASK_CONNECT:
		return connect(a->fd, to, a->to_len);
	case ASK_GETSOCKNAME:
		return getsockname(a->fd, from, from_len);
	case ASK_GETPEERNAME:
		return getpeername(a->fd, from, from_len);
	case ASK_CLOSE:
		return close(a->fd);
	default:
		return shutdown(a->fd, (int)a->a);
	}
}

static long
kernel_call_io(struct drill_ask *a)
{
	struct sockaddr *to = (struct sockaddr *)a->to, *from = (struct sockaddr *)a->from;
	socklen_t *from_len = a->from ? &a->from_len : NULL;
	int flags = (int)a->a;

	switch (a->what) {
	case ASK_READ:
		return read(a->fd, a->memory, a->n);
	case ASK_READV:
		return readv(a->fd, a->memory, (int)a->n);
	case ASK_RECV:
		return recv(a->fd, a->memory, a->n, flags);
	case ASK_RECVFROM:
		return recvfrom(a->fd, a->memory, a->n, flags, from, from_len);
	case ASK_RECVMSG:
		return recvmsg(a->fd, a->memory, flags);
	case ASK_WRITE:
		return write(a->fd, a->memory, a->n);
	case ASK_WRITEV:
		return writev(a->fd, a->memory, (int)a->n);
	case ASK_SEND:
		return send(a->fd, a->memory, a->n, flags);
	case ASK_SENDTO:
		return sendto(a->fd, a->memory, a->n, flags, to, a->to_len);
	default:
		return sendmsg(a->fd, a->memory, flags);
	}
}

static long
kernel_call_option(struct drill_ask *a)
{
	socklen_t n = (socklen_t)a->n;
	long result;

	switch (a->what) {
	case ASK_FCNTL:
		return fcntl(a->fd, (int)a->a, (int)a->b);
	case ASK_IOCTL:
		return ioctl(a->fd, a->request, a->memory);
	case ASK_GETSOCKOPT:
		result = getsockopt(a->fd, (int)a->a, (int)a->b, a->memory, &n);
		a->n = n;
		return result;
	case ASK_SETSOCKOPT:
		return setsockopt(a->fd, (int)a->a, (int)a->b, a->memory, n);
	case ASK_POLL:
		return poll(a->memory, a->n, (int)a->a);
	case ASK_EPOLL_CREATE:
		return epoll_create((int)a->a);
	case ASK_EPOLL_CREATE1:
		return epoll_create1((int)a->a);
	case ASK_EPOLL_CTL:
		return epoll_ctl(a->fd, (int)a->a, (int)a->b, a->memory);
	default:
		return epoll_wait(a->fd, a->memory, (int)a->n, (int)a->a);
	}
}

static long
kernel_call_file(struct drill_ask *a)
{
	if (a->what == ASK_PIPE)
		return pipe2(a->memory, O_CLOEXEC);
	if (a->what == ASK_SPLICE)
		return splice(a->fd, NULL, (int)a->b, NULL, a->n, (unsigned)a->a);
	return sendfile(a->fd, (int)a->b, a->memory, a->n);
}

long
drill_kernel_call(struct drill_run *r, struct drill_ask *a)
{
	(void)r;
	if (a->what >= ASK_PIPE)
		return kernel_call_file(a);
	if (a->what >= ASK_FCNTL)
		return kernel_call_option(a);
	if (a->what >= ASK_READ && a->what <= ASK_SENDMSG)
		return kernel_call_io(a);
	return kernel_call_open(a);
}
