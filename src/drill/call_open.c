/*
 * call_open.c - socket, bind, listen, accept, connect, close, shutdown.
 */
#include <errno.h>
#include <string.h>

#include "call.h"

/* The script's number for the descriptor that the call gave. */
static struct drill_sock *
open_name(struct calling *c)
{
	struct drill_run *r = c->run;
	struct drill_sock *s;
	const struct drill_value *want = c->event->result;
	int live = (int)c->result;

	if (live < 0)
		return NULL;
	c->result = want->kind == DRILL_INT ? (long)want->number : live;
	if (r->socks == DRILL_SOCKS || c->result < 0) {
		c->result = live;
		return NULL;
	}
	s = &r->sock[r->socks++];
	s->script = (int)c->result;
	s->live = live;
	return s;
}

static void
open_socket(struct calling *c)
{
	const struct drill_value *v = call_arg(c, 0);
	bool v6 = c->run->v6 || c->run->mapped;
	int domain = v->kind == DRILL_ANY ? (v6 ? AF_INET6 : AF_INET) : (int)call_number(c, v);
	int type = (int)call_number_at(c, 1), protocol = (int)call_number_at(c, 2);

	call_ask(c, &(struct drill_ask){.what = ASK_SOCKET, .a = domain, .b = type, .c = protocol});
	open_name(c);
}

static void
open_bind(struct calling *c)
{
	struct sockaddr_storage a;
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s);
	socklen_t n = call_address(c, call_arg(c, 1), false, &a);

	call_ask(c, &(struct drill_ask){.what = ASK_BIND, .fd = fd, .to = &a, .to_len = n});
	if (c->result == 0) /* lines without ports speak of this one */
		c->run->bind_port = (uint16_t)drill_get_16((uint8_t *)&a + 2);
}

static void
open_listen(struct calling *c)
{
	struct sockaddr_storage a;
	int fd = call_fd_at(c, 0, NULL), backlog = (int)call_number_at(c, 1);
	struct drill_ask ask = {
	    .what = ASK_GETSOCKNAME, .fd = fd, .from = &a, .from_len = sizeof(a)};

	call_ask(c, &(struct drill_ask){.what = ASK_LISTEN, .fd = fd, .a = backlog});
	if (c->result)
		return;
	c->run->current = -1;
	if (c->run->end->call(c->run, &ask) == 0) /* without bind() it took any */
		c->run->bind_port = (uint16_t)drill_get_16((uint8_t *)&a + 2);
}

/* An end that is seen from outside shows its connections by their addresses. */
static void
open_remote(struct drill_sock *s, const struct sockaddr_storage *a)
{
	const uint8_t *bytes = (const uint8_t *)a;

	s->has_remote = true;
	s->remote.port = (uint16_t)drill_get_16(bytes + 2);
	if (a->ss_family == AF_INET)
		s->remote.addr = sw_addr4(bytes[4], bytes[5], bytes[6], bytes[7]);
	else
		memcpy(s->remote.addr.b, bytes + 8, 16);
}

static void
open_accept(struct calling *c, bool flags)
{
	struct sockaddr_storage a;
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, NULL), bits = flags ? (int)call_number_at(c, 3) : 0;
	struct drill_ask ask = {.what = flags ? ASK_ACCEPT4 : ASK_ACCEPT,
				.fd = fd,
				.a = bits,
				.from = &a,
				.from_len = sizeof(a)};

	call_ask(c, &ask);
	s = open_name(c);
	if (!s)
		return;
	open_remote(s, &a);
	call_address_expect(c, call_arg(c, 1), &a);
	drill_sock_look(c->run, s);
	drill_narrow(c->run, s->conn); /* accept() set what the listener has */
}

/* A call that opens a connection to this address is about to be made. */
void
call_connects(struct calling *c, struct drill_sock *s, const struct sockaddr_storage *to)
{
	if (!s)
		return;
	drill_sock_look(c->run, s);
	if (s->has_ends)
		return;
	c->run->current = -1;
	open_remote(s, to);
}

static void
open_connect(struct calling *c)
{
	struct sockaddr_storage a;
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s);
	socklen_t n = call_address(c, call_arg(c, 1), true, &a);

	call_connects(c, s, &a);
	call_ask(c, &(struct drill_ask){.what = ASK_CONNECT, .fd = fd, .to = &a, .to_len = n});
	if (s)
		drill_sock_look(c->run, s);
}

static void
open_names(struct calling *c, enum drill_asked what)
{
	struct sockaddr_storage a = {0};

	call_ask(
	    c, &(struct drill_ask){
		   .what = what, .fd = call_fd_at(c, 0, NULL), .from = &a, .from_len = sizeof(a)});
	if (c->result == 0)
		call_address_expect(c, call_arg(c, 1), &a);
}

static void
open_close(struct calling *c)
{
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s);

	if (s)
		drill_sock_look(c->run, s);
	call_ask(c, &(struct drill_ask){.what = ASK_CLOSE, .fd = fd});
	if (s) {
		s->live = -1;
		s->conn = 0;
	}
}

bool
call_open(struct calling *c, const char *name)
{
	if (!strcmp(name, "socket"))
		open_socket(c);
	else if (!strcmp(name, "bind"))
		open_bind(c);
	else if (!strcmp(name, "listen"))
		open_listen(c);
	else if (!strcmp(name, "accept"))
		open_accept(c, false);
	else if (!strcmp(name, "accept4"))
		open_accept(c, true);
	else if (!strcmp(name, "connect"))
		open_connect(c);
	else if (!strcmp(name, "getsockname"))
		open_names(c, ASK_GETSOCKNAME);
	else if (!strcmp(name, "getpeername"))
		open_names(c, ASK_GETPEERNAME);
	else if (!strcmp(name, "close"))
		open_close(c);
	else if (!strcmp(name, "shutdown")) {
		int fd = call_fd_at(c, 0, NULL), how = (int)call_number_at(c, 1);

		call_ask(c, &(struct drill_ask){.what = ASK_SHUTDOWN, .fd = fd, .a = how});
	} else
		return false;
	return true;
}
