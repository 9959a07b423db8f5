/*
 * call_open.c - socket, bind, listen, accept, connect, close, shutdown.
 */
#include <errno.h>
#include <string.h>

#include "call.h"

/* The script's number for a descriptor that the stack gave. */
static struct drill_sock *
open_name(struct calling *c, int live)
{
	struct drill_run *r = c->run;
	struct drill_sock *s;
	const struct drill_value *want = c->event->result;

	c->result = live;
	c->error = errno;
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

	if (!c->run->failed)
		open_name(c, sw_sock_socket(c->run->host, domain, type, protocol));
}

static void
open_bind(struct calling *c)
{
	struct sockaddr_storage a;
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s);
	socklen_t n = call_address(c, call_arg(c, 1), false, &a);

	c->result = sw_sock_bind(c->run->host, fd, (struct sockaddr *)&a, n);
	c->error = errno;
	if (c->result == 0) /* lines without ports speak of this one */
		c->run->bind_port = (uint16_t)drill_get_16((uint8_t *)&a + 2);
}

static void
open_listen(struct calling *c)
{
	struct sw_status st = {.bytes = sizeof(st)};
	int fd = call_fd_at(c, 0, NULL);

	c->result = sw_sock_listen(c->run->host, fd, (int)call_number_at(c, 1));
	c->error = errno;
	if (c->result)
		return;
	c->run->current = -1;
	if (sw_status(c->run->stack, sw_sock_conn(c->run->host, fd), &st) == SW_OK)
		c->run->bind_port = st.local.port;
}

static void
open_accept(struct calling *c, bool flags)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, NULL), bits = flags ? (int)call_number_at(c, 3) : 0;

	s = open_name(c, sw_sock_accept4(c->run->host, fd, (struct sockaddr *)&a, &n, bits));
	if (!s)
		return;
	drill_sock_look(c->run, s);
	drill_narrow(c->run, s->conn); /* accept() set what the listener has */
}

static void
open_connect(struct calling *c)
{
	struct sockaddr_storage a;
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s);
	socklen_t n = call_address(c, call_arg(c, 1), true, &a);

	if (s)
		drill_sock_look(c->run, s);
	if (s && !s->has_ends)
		c->run->current = -1;
	c->result = sw_sock_connect(c->run->host, fd, (struct sockaddr *)&a, n);
	c->error = errno;
	if (s)
		drill_sock_look(c->run, s);
}

static void
open_close(struct calling *c)
{
	struct drill_sock *s;
	int fd = call_fd_at(c, 0, &s);

	if (s)
		drill_sock_look(c->run, s);
	c->result = sw_sock_close(c->run->host, fd);
	c->error = errno;
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
	else if (!strcmp(name, "close"))
		open_close(c);
	else if (!strcmp(name, "shutdown")) {
		int fd = call_fd_at(c, 0, NULL);

		c->result = sw_sock_shutdown(c->run->host, fd, (int)call_number_at(c, 1));
		c->error = errno;
	} else
		return false;
	return true;
}
