/*
 * pipe.c - pipes, which are the kernel's own, and splice() between one and a
 * socket of the stack.
 */
#include "plugin/plugin.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SPLICE_PIECE = 16384 };

bool
plugin_is_pipe(const struct plugin *p, int fd)
{
	return fd >= 0 && fd < PLUGIN_FIRST_FD && p->pipe_end[fd];
}

int
plug_pipe(void *userdata, int ends[2])
{
	struct plugin *p = plugin_enter(userdata);
	int result = pipe(ends);

	if (result == 0 && (ends[0] >= PLUGIN_FIRST_FD || ends[1] >= PLUGIN_FIRST_FD)) {
		close(ends[0]);
		close(ends[1]);
		errno = EMFILE;
		result = -1;
	}
	if (result == 0)
		p->pipe_end[ends[0]] = p->pipe_end[ends[1]] = true;
	return (int)plugin_leave(p, result);
}

static int
splice_flags(unsigned flags)
{
	return flags & SPLICE_F_NONBLOCK ? MSG_DONTWAIT : 0;
}

static size_t
splice_least(size_t a, size_t b)
{
	size_t least = a < b ? a : b;

	return least < SPLICE_PIECE ? least : SPLICE_PIECE;
}

/* No more than the pipe takes at once: it must not block. */
static ssize_t
splice_to_pipe(struct plugin *p, int in, int out, size_t n, unsigned flags)
{
	char piece[SPLICE_PIECE];
	int room = fcntl(out, F_GETPIPE_SZ), there = 0;
	ssize_t got;

	if (room < 0 || ioctl(out, FIONREAD, &there) < 0)
		return -1;
	if (there >= room) {
		errno = EAGAIN;
		return -1;
	}
	got = sw_sock_recv(p->host, in, piece, splice_least(n, (size_t)(room - there)),
			   splice_flags(flags));
	return got > 0 ? write(out, piece, (size_t)got) : got;
}

/* The pipe keeps what the socket does not take: so it is looked at through a second pipe. */
static ssize_t
splice_from_pipe(struct plugin *p, int in, int out, size_t n, unsigned flags)
{
	char piece[SPLICE_PIECE];
	int look[2];
	ssize_t got, sent = -1;

	if (pipe(look) < 0)
		return -1;
	got = tee(in, look[1], splice_least(n, SPLICE_PIECE), SPLICE_F_NONBLOCK);
	if (got > 0)
		got = read(look[0], piece, (size_t)got);
	if (got > 0)
		sent = sw_sock_send(p->host, out, piece, (size_t)got, splice_flags(flags));
	if (sent > 0)
		sent = read(in, piece, (size_t)sent);
	close(look[0]);
	close(look[1]);
	return got > 0 ? sent : got;
}

int
plug_splice(void *userdata, int in, loff_t *in_at, int out, loff_t *out_at, size_t n,
	    unsigned flags)
{
	struct plugin *p = plugin_enter(userdata);

	if (in_at || out_at) {
		errno = ESPIPE;
		return (int)plugin_leave(p, -1);
	}
	if (plugin_is_pipe(p, out) && in >= PLUGIN_FIRST_FD)
		return (int)plugin_leave(p, splice_to_pipe(p, in, out, n, flags));
	if (plugin_is_pipe(p, in) && out >= PLUGIN_FIRST_FD)
		return (int)plugin_leave(p, splice_from_pipe(p, in, out, n, flags));
	errno = EINVAL;
	return (int)plugin_leave(p, -1);
}
