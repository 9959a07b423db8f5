/*
 * cat_io.c - standard input and output.  O_NONBLOCK belongs to the open file,
 * which other programs may share: it is never set on theirs, only on our own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cat_io.h"

void
io_guard(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return;
}

/* How to use a descriptor without waiting. */
static void
io_open(struct io *io, int fd, const char *again, int flags)
{
	struct stat st;
	int own;

	io->fd = fd;
	io->kind = IO_PLAIN;
	if (fstat(fd, &st) != 0)
		return;
	if (S_ISSOCK(st.st_mode)) {
		io->kind = IO_SOCKET;
	} else if (S_ISFIFO(st.st_mode) || isatty(fd)) {
		io->kind = IO_SMALL;
		own = open(again, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (own < 0)
			return;
		/* ours takes the place of the inherited one, so that closing it is the end */
		if (dup3(own, fd, 0) == fd)
			io->kind = IO_NOWAIT;
		close(own);
	}
}

void
io_input(struct io *io)
{
	io_open(io, STDIN_FILENO, "/proc/self/fd/0", O_RDONLY);
}

void
io_output(struct io *io)
{
	io_open(io, STDOUT_FILENO, "/proc/self/fd/1", O_WRONLY);
}

/* Would the descriptor answer now? */
static bool
io_ready(const struct io *io, short what)
{
	struct pollfd p = {.fd = io->fd, .events = what};

	return poll(&p, 1, 0) != 0;
}

ssize_t
io_read(struct io *io, void *buf, size_t n)
{
	if (io->kind == IO_SMALL && !io_ready(io, POLLIN)) {
		errno = EAGAIN;
		return -1;
	}
	if (io->kind == IO_SOCKET)
		return recv(io->fd, buf, n, MSG_DONTWAIT);
	return read(io->fd, buf, n);
}

ssize_t
io_write(struct io *io, const void *buf, size_t n)
{
	if (io->kind == IO_SOCKET)
		return send(io->fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (io->kind == IO_SMALL) {
		if (!io_ready(io, POLLOUT)) {
			errno = EAGAIN;
			return -1;
		}
		n = n < PIPE_BUF ? n : PIPE_BUF;
	}
	return write(io->fd, buf, n);
}

int
io_close(struct io *io)
{
	int r = io->fd >= 0 ? close(io->fd) : 0;

	io->fd = -1;
	return r;
}
