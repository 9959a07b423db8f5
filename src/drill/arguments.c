/*
 * arguments.c - values of a script as arguments of calls.
 */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "call.h"

const struct drill_value *
call_arg(struct calling *c, int n)
{
	static const struct drill_value none = {.kind = DRILL_ANY};
	const struct drill_value *v = c->event->args;

	for (int i = 0; v && i < n; i++)
		v = v->next;
	if (!v)
		drill_fail(c->run, "argument %d is missing", n + 1);
	return v ? v : &none;
}

int
call_args(const struct calling *c)
{
	int n = 0;

	for (const struct drill_value *v = c->event->args; v; v = v->next)
		n++;
	return n;
}

/* htons(80) and such: the number as it is, bytes are swapped where it is used. */
static int64_t
call_function(struct calling *c, const struct drill_value *v)
{
	static const char *const plain[] = {"htons", "htonl", "ntohs", "ntohl"};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (!strcmp(v->text, plain[i]) && v->first)
			return v->first->kind == DRILL_INT ? v->first->number
							   : call_number(c, v->first);
	drill_fail(c->run, "%s() is not known here", v->text);
	return 0;
}

static int64_t
call_simple(struct calling *c, const struct drill_value *v)
{
	int64_t n = 0;

	if (v->kind == DRILL_INT)
		return v->number;
	if (v->kind == DRILL_NAME) {
		if (!drill_symbol(v->text, &n))
			drill_fail(c->run, "the name %s is not known", v->text);
		return n;
	}
	drill_fail(c->run, "a number is expected here");
	return 0;
}

int64_t
call_number(struct calling *c, const struct drill_value *v)
{
	int64_t n = 0;

	switch (v->kind) {
	case DRILL_CALL:
		return call_function(c, v);
	case DRILL_OR:
		for (const struct drill_value *part = v->first; part; part = part->next)
			n |= call_simple(c, part);
		return n;
	case DRILL_LIST:
		if (v->first && !v->first->next && v->first->kind != DRILL_LIST)
			return v->first->kind == DRILL_OR ? call_number(c, v->first)
							  : call_simple(c, v->first);
		drill_fail(c->run, "a list of one number is expected here");
		return 0;
	default:
		return call_simple(c, v);
	}
}

int64_t
call_number_at(struct calling *c, int n)
{
	return call_number(c, call_arg(c, n));
}

int
call_fd_at(struct calling *c, int n, struct drill_sock **out)
{
	int fd = (int)call_number_at(c, n);
	struct drill_sock *s = drill_sock_find(c->run, fd);

	if (out)
		*out = s;
	/* one that was never opened, or is closed: the stack says EBADF itself */
	if (s && s->live >= 0)
		return s->live;
	return c->run->end->outside || (fd < DRILL_FIRST_FD && fd >= 0) ? -1 : fd;
}

const struct drill_value *
call_member(const struct drill_value *v, const char *name, int place)
{
	int i = 0;

	if (v->kind != DRILL_STRUCT)
		return NULL;
	for (const struct drill_value *m = v->first; m; m = m->next, i++)
		if (m->member ? !strcmp(m->member, name) : i == place)
			return m;
	return NULL;
}

static socklen_t
address_of(const struct sw_addr *a, uint16_t port, bool v6, struct sockaddr_storage *to)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (v6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, a->b, 16);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	memcpy(&in->sin_addr, a->b + 12, 4);
	return sizeof(*in);
}

/* inet_addr("1.2.3.4"), inet_pton(AF_INET6, "::1"), INADDR_ANY */
static bool
address_text(struct calling *c, const struct drill_value *v, struct sw_addr *to)
{
	const struct drill_value *text = v;

	if (v->kind == DRILL_CALL)
		for (text = v->first; text && text->kind != DRILL_STRING;)
			text = text->next;
	if (text && text->kind == DRILL_STRING)
		return sw_addr_parse(to, text->text) == SW_OK;
	if (v->kind == DRILL_CALL && strncmp(v->text, "hto", 3))
		return false;
	uint32_t n = (uint32_t)call_number(c, v);

	*to = sw_addr4((uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n);
	return true;
}

socklen_t
call_address(struct calling *c, const struct drill_value *v, bool remote,
	     struct sockaddr_storage *to)
{
	struct drill_run *r = c->run;
	struct sw_addr a = remote ? r->remote : r->local;
	const struct drill_value *family, *port, *addr;
	bool v6 = r->v6 || r->mapped;

	if (v->kind == DRILL_ANY)
		return address_of(&a, remote ? r->connect_port : r->bind_port, v6, to);
	family = call_member(v, "sa_family", 0);
	port = call_member(v, "sin_port", 1);
	addr = call_member(v, "sin_addr", 2);
	family = family ? family : call_member(v, "sin6_family", 0);
	port = port ? port : call_member(v, "sin6_port", 1);
	addr = addr ? addr : call_member(v, "sin6_addr", 2);
	if (!family || !port || !addr) {
		drill_fail(r, "an address is {sa_family = ..., sin_port = ..., sin_addr = ...}");
		return 0;
	}
	if (family->kind != DRILL_ANY)
		v6 = call_number(c, family) == AF_INET6;
	if (addr->kind != DRILL_ANY && !address_text(c, addr, &a))
		drill_fail(r, "this address cannot be read");
	return address_of(&a,
			  port->kind == DRILL_ANY ? (remote ? r->connect_port : r->bind_port)
						  : (uint16_t)call_number(c, port),
			  v6, to);
}

void
call_address_expect(struct calling *c, const struct drill_value *v,
		    const struct sockaddr_storage *came)
{
	const uint8_t *bytes = (const uint8_t *)came, *expected;
	struct sockaddr_storage want;
	const struct drill_value *port, *addr;
	size_t at = came->ss_family == AF_INET6 ? 8 : 4, n = came->ss_family == AF_INET6 ? 16 : 4;

	if (v->kind == DRILL_ANY || call_address(c, v, true, &want) == 0)
		return;
	expected = (const uint8_t *)&want;
	port = call_member(v, "sin_port", 1);
	port = port ? port : call_member(v, "sin6_port", 1);
	addr = call_member(v, "sin_addr", 2);
	addr = addr ? addr : call_member(v, "sin6_addr", 2);
	if (want.ss_family != came->ss_family)
		drill_fail(c->run, "family: expected %d, came %d", want.ss_family, came->ss_family);
	else if (port->kind != DRILL_ANY && memcmp(expected + 2, bytes + 2, 2))
		drill_fail(c->run, "port: expected %u, came %u", drill_get_16(expected + 2),
			   drill_get_16(bytes + 2));
	else if (addr->kind != DRILL_ANY && memcmp(expected + at, bytes + at, n))
		drill_fail(c->run, "the address is another one");
}

void
call_expect(struct calling *c, const struct drill_value *v, const char *what, int64_t came)
{
	int64_t expected;

	if (!v || v->kind == DRILL_ANY ||
	    (v->kind == DRILL_LIST && v->first && v->first->kind == DRILL_ANY))
		return;
	expected = call_number(c, v);
	if (!c->run->failed && expected != came)
		drill_fail(c->run, "%s: expected %lld, came %lld", what, (long long)expected,
			   (long long)came);
}
