/*
 * call_file.c - open, pipe, sendfile, splice: files and pipes are the kernel's,
 * whatever the script is run against, but for what a shared object says of pipes.
 *
 * Where the sockets are not the kernel's, bytes go between the two by hand.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "call.h"

enum { FILE_PIECE = 65536, FILE_MODE = 0600 };

static struct drill_sock *
file_new(struct calling *c, int script, int live)
{
	struct drill_run *r = c->run;
	struct drill_sock *s;

	if (live < 0 || r->socks == DRILL_SOCKS)
		return NULL;
	s = &r->sock[r->socks++];
	*s = (struct drill_sock){.script = script, .live = live, .poll = true, .file = true};
	return s;
}

static void
file_open(struct calling *c)
{
	const struct drill_value *path = call_arg(c, 0);
	int flags = (int)call_number_at(c, 1), mode = FILE_MODE;
	struct drill_sock *s;

	if (call_args(c) > 2)
		mode = (int)call_number_at(c, 2);
	if (path->kind != DRILL_STRING)
		drill_fail(c->run, "the name of a file is \"...\"");
	if (c->run->failed)
		return;
	c->result = open(path->text, flags | O_CLOEXEC, mode);
	c->error = errno;
	s = file_new(c, (int)c->result, (int)c->result);
	if (s && c->event->result->kind == DRILL_INT)
		c->result = s->script = (int)c->event->result->number;
}

/* pipe([5, 6]) */
static void
file_pipe(struct calling *c)
{
	const struct drill_value *list = call_arg(c, 0), *v = list->first;
	int ends[2] = {-1, -1};

	if (list->kind != DRILL_LIST || !v || !v->next) {
		drill_fail(c->run, "a pipe is written [5, 6]");
		return;
	}
	call_ask(c, &(struct drill_ask){.what = ASK_PIPE, .memory = ends});
	for (int i = 0; i < 2 && c->result == 0; i++, v = v->next) {
		struct drill_sock *s = file_new(c, (int)call_number(c, v), ends[i]);

		if (s)
			s->file = !c->run->end->pipes; /* else it knows them itself */
	}
}

/* NULL, or [0]: where to begin, and what it has become is not looked at. */
static off_t
file_offset(struct calling *c, const struct drill_value *v)
{
	if (v->kind == DRILL_ANY || (v->kind == DRILL_NAME && !strcmp(v->text, "NULL")))
		return -1;
	return (off_t)call_number(c, v);
}

/* From a file into a socket that is not the kernel's. */
static void
file_send(struct calling *c, int out, int in, off_t at, size_t n)
{
	char piece[FILE_PIECE];
	size_t sent = 0;

	while (sent < n && !c->run->failed) {
		size_t most = n - sent < sizeof(piece) ? n - sent : sizeof(piece);
		ssize_t got = at < 0 ? read(in, piece, most) : pread(in, piece, most, at);

		c->error = errno;
		if (got <= 0) {
			c->result = sent ? (long)sent : got;
			return;
		}
		call_ask(c, &(struct drill_ask){
				.what = ASK_SEND, .fd = out, .memory = piece, .n = (size_t)got});
		if (c->result < 0) {
			c->result = sent ? (long)sent : -1;
			return;
		}
		sent += (size_t)c->result;
		at = at < 0 ? at : at + (off_t)c->result;
		if (c->result < got)
			break;
	}
	c->result = (long)sent;
}

static void
file_sendfile(struct calling *c)
{
	int out = call_fd_at(c, 0, NULL), in = call_fd_at(c, 1, NULL);
	off_t at = file_offset(c, call_arg(c, 2));
	int64_t n = call_number_at(c, 3);

	if (c->run->failed || n < 0)
		return;
	if (!c->run->end->ticks) {
		file_send(c, out, in, at, (size_t)n);
		return;
	}
	call_ask(c, &(struct drill_ask){.what = ASK_SENDFILE,
					.fd = out,
					.b = in,
					.memory = at < 0 ? NULL : &at,
					.n = (size_t)n});
}

/* A socket's bytes into a pipe: no more than it takes. */
static void
file_to_pipe(struct calling *c, int in, int out, size_t n, int flags)
{
	char piece[FILE_PIECE];
	int room = fcntl(out, F_GETPIPE_SZ), there = 0;

	c->error = errno;
	if (room < 0 || ioctl(out, FIONREAD, &there) < 0)
		return;
	n = n < (size_t)(room - there) ? n : (size_t)(room - there);
	n = n < sizeof(piece) ? n : sizeof(piece);
	call_ask(c, &(struct drill_ask){
			.what = ASK_RECV, .fd = in, .memory = piece, .n = n, .a = flags});
	if (c->result > 0)
		c->result = write(out, piece, (size_t)c->result);
}

/* A pipe's bytes into a socket; the pipe keeps those that it does not take. */
static void
file_from_pipe(struct calling *c, int in, int out, size_t n, int flags)
{
	char piece[FILE_PIECE];
	int look[2];
	ssize_t got;

	if (pipe(look) < 0)
		return;
	got = tee(in, look[1], n < sizeof(piece) ? n : sizeof(piece), SPLICE_F_NONBLOCK);
	c->error = errno;
	c->result = got;
	if (got > 0)
		got = read(look[0], piece, (size_t)got);
	if (got > 0)
		call_ask(c, &(struct drill_ask){.what = ASK_SEND,
						.fd = out,
						.memory = piece,
						.n = (size_t)got,
						.a = flags});
	if (got > 0 && c->result > 0)
		c->result = read(in, piece, (size_t)c->result);
	close(look[0]);
	close(look[1]);
}

static void
file_splice(struct calling *c)
{
	struct drill_sock *s;
	int in = call_fd_at(c, 0, &s), out = call_fd_at(c, 2, NULL);
	int64_t n = call_number_at(c, 4);
	int flags = (int)call_number_at(c, 5), wait;

	wait = flags & SPLICE_F_NONBLOCK ? MSG_DONTWAIT : 0;
	c->result = -1;
	c->error = EINVAL;
	if (c->run->failed || n < 0)
		return;
	if (c->run->end->outside)
		call_ask(c,
			 &(struct drill_ask){
			     .what = ASK_SPLICE, .fd = in, .b = out, .n = (size_t)n, .a = flags});
	else if (in >= DRILL_FIRST_FD && out < DRILL_FIRST_FD)
		file_to_pipe(c, in, out, (size_t)n, wait);
	else if (in < DRILL_FIRST_FD && out >= DRILL_FIRST_FD)
		file_from_pipe(c, in, out, (size_t)n, wait);
	call_skip(c, s);
}

bool
call_file(struct calling *c, const char *name)
{
	if (!strcmp(name, "open"))
		file_open(c);
	else if (!strcmp(name, "pipe"))
		file_pipe(c);
	else if (!strcmp(name, "sendfile"))
		file_sendfile(c);
	else if (!strcmp(name, "splice"))
		file_splice(c);
	else
		return false;
	return true;
}
