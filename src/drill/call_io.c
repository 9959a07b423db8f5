/*
 * call_io.c - all the ways to read and to write.
 *
 * What is read is looked at: the script's segments carry bytes that tell their
 * own sequence number (build.c), so that a wrong byte is seen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

enum { IO_MOST = 1 << 26 };

struct io {
	struct iovec vec[CALL_IOVECS];
	int vecs;
	size_t bytes;
	uint8_t *room;
};

/* Room of `n` bytes, the text of a string in front. */
static void
io_room(struct calling *c, struct io *io, size_t n)
{
	io->room = n <= IO_MOST ? calloc(1, n + 1) : NULL;
	io->bytes = io->room ? n : 0;
	if (!io->room)
		drill_fail(c->run, "no room for %zu bytes", n);
	io->vec[0] = (struct iovec){io->room, io->bytes};
	io->vecs = 1;
}

/* (buffer, count) at arguments 1 and 2 */
static void
io_flat(struct calling *c, struct io *io)
{
	const struct drill_value *v = call_arg(c, 1);
	int64_t n = call_number_at(c, 2);

	io_room(c, io, n < 0 ? 0 : (size_t)n);
	if (io->room && v->kind == DRILL_STRING)
		memcpy(io->room, v->text, v->len < io->bytes ? v->len : io->bytes);
}

/* [{..., 10}, {..., 20}] */
static void
io_vector(struct calling *c, const struct drill_value *list, struct io *io)
{
	int64_t size[CALL_IOVECS];
	size_t at = 0;
	int n = 0;

	if (!list || list->kind != DRILL_LIST) {
		drill_fail(c->run, "an iovec is written [{..., 10}]");
		return;
	}
	for (const struct drill_value *v = list->first; v && n < CALL_IOVECS; v = v->next) {
		const struct drill_value *len = call_member(v, "iov_len", 1);

		size[n] = len ? call_number(c, len) : -1;
		if (size[n] < 0 || size[n] > IO_MOST) {
			drill_fail(c->run, "a part of an iovec is {..., 10}");
			return;
		}
		at += (size_t)size[n++];
	}
	io_room(c, io, at);
	if (!io->room)
		return;
	for (io->vecs = n, at = 0, n = 0; n < io->vecs; at += (size_t)size[n++])
		io->vec[n] = (struct iovec){io->room + at, (size_t)size[n]};
}

/* Knows which number the next byte has that is read; false: nobody can. */
static bool
io_position(struct calling *c, struct drill_sock *s)
{
	struct drill_flow *f;

	if (s->reading)
		return true;
	drill_sock_look(c->run, s);
	f = s->has_ends ? drill_flow_find(c->run, &s->local, &s->remote) : NULL;
	if (!f || !f->syn_came)
		return false;
	s->position = f->first;
	s->reading = true;
	return true;
}

void
call_skip(struct calling *c, struct drill_sock *s)
{
	if (s && c->result > 0 && io_position(c, s))
		s->position += (uint32_t)c->result;
}

/* The bytes that came are those that the script sent, in order. */
static void
io_check(struct calling *c, struct drill_sock *s, const struct io *io, bool peek)
{
	if (!s || c->result <= 0 || (size_t)c->result > io->bytes || !io_position(c, s))
		return;
	for (long i = 0; i < c->result; i++) {
		if (io->room[i] == (uint8_t)(s->position + (uint32_t)i))
			continue;
		drill_fail(c->run, "byte %ld that was read is not the one with number %u", i,
			   s->position + (uint32_t)i);
		return;
	}
	if (!peek)
		s->position += (uint32_t)c->result;
}

/* One of the plain ones, with the memory in `io`. */
static void
io_ask(struct calling *c, int fd, struct io *io, enum drill_asked what, int flags)
{
	bool vector = what == ASK_READV || what == ASK_WRITEV;

	call_ask(c, &(struct drill_ask){.what = what,
					.fd = fd,
					.a = flags,
					.memory = vector ? (void *)io->vec : io->room,
					.n = vector ? (size_t)io->vecs : io->bytes});
}

/* read, readv, recv, recvfrom */
static void
io_receive(struct calling *c, bool vector, int flag_arg)
{
	struct io io = {.vecs = 0};
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s), flags = flag_arg ? (int)call_number_at(c, flag_arg) : 0;

	if (vector)
		io_vector(c, call_arg(c, 1), &io);
	else
		io_flat(c, &io);
	io_ask(c, fd, &io, vector ? ASK_READV : flag_arg ? ASK_RECV : ASK_READ, flags);
	if (!(flags & MSG_TRUNC))
		io_check(c, s, &io, flags & MSG_PEEK);
	free(io.room);
}

/* On a connection nothing is said of whom it came from. */
static void
io_recvfrom(struct calling *c)
{
	const struct drill_value *from = call_arg(c, 4);
	struct sockaddr_storage a = {0};
	struct io io = {.vecs = 0};
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s), flags = (int)call_number_at(c, 3);
	struct drill_ask ask = {.what = ASK_RECVFROM, .fd = fd, .a = flags, .from_len = sizeof(a)};

	io_flat(c, &io);
	ask.memory = io.room;
	ask.n = io.bytes;
	ask.from = from->kind == DRILL_STRUCT ? &a : NULL;
	call_ask(c, &ask);
	if (ask.from && c->result >= 0 && ask.from_len == 0)
		drill_fail(c->run, "no address came");
	else if (ask.from && c->result >= 0)
		call_address_expect(c, from, &a);
	if (!(flags & MSG_TRUNC))
		io_check(c, s, &io, flags & MSG_PEEK);
	free(io.room);
}

/* write, writev, send, sendto without an address */
static void
io_send(struct calling *c, bool vector, int flag_arg)
{
	struct io io = {.vecs = 0};
	int fd = call_fd_at(c, 0, NULL), flags = flag_arg ? (int)call_number_at(c, flag_arg) : 0;

	if (vector)
		io_vector(c, call_arg(c, 1), &io);
	else
		io_flat(c, &io);
	io_ask(c, fd, &io, vector ? ASK_WRITEV : flag_arg ? ASK_SEND : ASK_WRITE, flags);
	free(io.room);
}

static void
io_sendto(struct calling *c)
{
	const struct drill_value *to = call_arg(c, 4);
	struct sockaddr_storage a;
	struct io io = {.vecs = 0};
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s), flags = (int)call_number_at(c, 3);
	bool opens = (flags & MSG_FASTOPEN) && to->kind != DRILL_INT;
	socklen_t n = opens || to->kind == DRILL_STRUCT ? call_address(c, to, true, &a) : 0;

	if (opens)
		call_connects(c, s, &a);
	io_flat(c, &io);
	call_ask(c, &(struct drill_ask){.what = ASK_SENDTO,
					.fd = fd,
					.a = flags,
					.memory = io.room,
					.n = io.bytes,
					.to = n ? &a : NULL,
					.to_len = n});
	if (opens && s)
		drill_sock_look(c->run, s);
	free(io.room);
}

/* sendmsg, recvmsg: {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0} */
static void
io_message(struct calling *c, bool receive)
{
	const struct drill_value *v = call_arg(c, 1), *flags;
	const struct drill_value *list = call_member(v, "msg_iov", 1);
	struct drill_sock *s;
	struct io io = {.vecs = 0};
	struct msghdr m = {0};
	int fd = call_fd_at(c, 0, &s), bits = (int)call_number_at(c, 2);

	io_vector(c, list, &io);
	m.msg_iov = io.vec;
	m.msg_iovlen = (size_t)io.vecs;
	call_ask(
	    c, &(struct drill_ask){
		   .what = receive ? ASK_RECVMSG : ASK_SENDMSG, .fd = fd, .a = bits, .memory = &m});
	flags = call_member(v, "msg_flags", 2);
	if (receive && c->result >= 0) {
		call_expect(c, flags, "msg_flags", m.msg_flags);
		io_check(c, s, &io, bits & MSG_PEEK);
	}
	free(io.room);
}

bool
call_io(struct calling *c, const char *name)
{
	if (!strcmp(name, "recvfrom"))
		io_recvfrom(c);
	else if (!strcmp(name, "read"))
		io_receive(c, false, 0);
	else if (!strcmp(name, "readv"))
		io_receive(c, true, 0);
	else if (!strcmp(name, "recv"))
		io_receive(c, false, 3);
	else if (!strcmp(name, "recvmsg"))
		io_message(c, true);
	else if (!strcmp(name, "write"))
		io_send(c, false, 0);
	else if (!strcmp(name, "writev"))
		io_send(c, true, 0);
	else if (!strcmp(name, "send"))
		io_send(c, false, 3);
	else if (!strcmp(name, "sendto"))
		io_sendto(c);
	else if (!strcmp(name, "sendmsg"))
		io_message(c, false);
	else
		return false;
	return true;
}
