/*
 * call_option.c - getsockopt, setsockopt, fcntl, ioctl.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "call.h"

enum { OPTION_ROOM = 512 };

union option_value {
	int number;
	struct linger linger;
	struct timeval time;
	char bytes[OPTION_ROOM];
};

/* [{onoff=1, linger=0}] and {onoff=1, linger=0} are the same. */
static const struct drill_value *
option_inner(const struct drill_value *v)
{
	return v->kind == DRILL_LIST && v->first && !v->first->next ? v->first : v;
}

static int
option_part(struct calling *c, const struct drill_value *v, const char *name, int place)
{
	const struct drill_value *m = call_member(v, name, place);

	if (!m)
		m = call_member(v, place ? "l_linger" : "l_onoff", place);
	return m && m->kind != DRILL_ANY ? (int)call_number(c, m) : 0;
}

/* What is set: a number, a text, linger, a time.  Bytes. */
static socklen_t
option_read(struct calling *c, const struct drill_value *v, int name, union option_value *to)
{
	v = option_inner(v);
	if (v->kind == DRILL_STRING) {
		memcpy(to->bytes, v->text, v->len < OPTION_ROOM ? v->len : OPTION_ROOM);
		return (socklen_t)v->len;
	}
	if (v->kind == DRILL_STRUCT && (name == SO_RCVTIMEO || name == SO_SNDTIMEO)) {
		to->time.tv_sec = option_part(c, v, "tv_sec", 0);
		to->time.tv_usec = option_part(c, v, "tv_usec", 1);
		return sizeof(to->time);
	}
	if (v->kind == DRILL_STRUCT) {
		to->linger.l_onoff = option_part(c, v, "onoff", 0);
		to->linger.l_linger = option_part(c, v, "linger", 1);
		return sizeof(to->linger);
	}
	if (v->kind != DRILL_ANY)
		to->number = (int)call_number(c, v);
	return sizeof(to->number);
}

static void
option_set(struct calling *c)
{
	union option_value value = {.bytes = {0}};
	int fd = call_fd_at(c, 0, NULL), level = (int)call_number_at(c, 1);
	int name = (int)call_number_at(c, 2);
	socklen_t n = option_read(c, call_arg(c, 3), name, &value);

	if (call_arg(c, 4)->kind == DRILL_INT && (socklen_t)call_number_at(c, 4) < n)
		n = (socklen_t)call_number_at(c, 4);
	call_ask(
	    c,
	    &(struct drill_ask){
		.what = ASK_SETSOCKOPT, .fd = fd, .a = level, .b = name, .memory = &value, .n = n});
}

static void
option_compare(struct calling *c, const struct drill_value *v, const union option_value *value,
	       socklen_t n)
{
	v = option_inner(v);
	if (v->kind == DRILL_STRING) {
		size_t len = strnlen(value->bytes, n);

		if (len != v->len || memcmp(value->bytes, v->text, len))
			drill_fail(c->run, "expected \"%s\", came \"%.*s\"", v->text, (int)len,
				   value->bytes);
		return;
	}
	if (v->kind != DRILL_STRUCT) {
		call_expect(c, v, "value", value->number);
		return;
	}
	if (option_part(c, v, "onoff", 0) != value->linger.l_onoff ||
	    option_part(c, v, "linger", 1) != value->linger.l_linger)
		drill_fail(c->run, "linger: came {onoff=%d, linger=%d}", value->linger.l_onoff,
			   value->linger.l_linger);
}

static void
option_get(struct calling *c)
{
	const struct drill_value *v = call_arg(c, 3);
	union option_value value = {.bytes = {0}};
	int fd = call_fd_at(c, 0, NULL), level = (int)call_number_at(c, 1);
	int name = (int)call_number_at(c, 2);
	struct drill_ask ask = {.what = ASK_GETSOCKOPT,
				.fd = fd,
				.a = level,
				.b = name,
				.memory = &value,
				.n = sizeof(value)};
	const struct drill_value *size = call_arg(c, 4);

	if (option_inner(v)->kind != DRILL_STRING && option_inner(v)->kind != DRILL_STRUCT &&
	    option_inner(v)->kind != DRILL_ANY)
		ask.n = sizeof(value.number);
	if (call_ask(c, &ask))
		return;
	option_compare(c, v, &value, (socklen_t)ask.n);
	if (option_inner(size)->kind == DRILL_INT && option_inner(v)->kind == DRILL_INT)
		call_expect(c, size, "length", (int64_t)ask.n);
}

static void
option_fcntl(struct calling *c)
{
	int fd = call_fd_at(c, 0, NULL), cmd = (int)call_number_at(c, 1);
	int value = call_args(c) > 2 ? (int)call_number_at(c, 2) : 0;

	call_ask(c, &(struct drill_ask){.what = ASK_FCNTL, .fd = fd, .a = cmd, .b = value});
}

static void
option_ioctl(struct calling *c)
{
	int fd = call_fd_at(c, 0, NULL), value = 0;
	unsigned long request = (unsigned long)call_number_at(c, 1);

	if (request == FIONBIO)
		value = (int)call_number_at(c, 2);
	call_ask(c, &(struct drill_ask){
			.what = ASK_IOCTL, .fd = fd, .request = request, .memory = &value});
	if (c->result >= 0 && call_args(c) > 2)
		call_expect(c, call_arg(c, 2), "value", value);
}

bool
call_option(struct calling *c, const char *name)
{
	if (!strcmp(name, "setsockopt"))
		option_set(c);
	else if (!strcmp(name, "getsockopt"))
		option_get(c);
	else if (!strcmp(name, "fcntl"))
		option_fcntl(c);
	else if (!strcmp(name, "ioctl"))
		option_ioctl(c);
	else
		return false;
	return true;
}
