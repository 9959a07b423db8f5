/*
 * call_poll.c - poll and epoll.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "call.h"

enum { POLL_MOST = 32 };

static void
poll_poll(struct calling *c)
{
	const struct drill_value *list = call_arg(c, 0), *v;
	struct pollfd p[POLL_MOST];
	nfds_t n = (nfds_t)call_number_at(c, 1), i = 0;
	int timeout = (int)call_number_at(c, 2);
	char what[40];

	for (v = list->first; v && i < POLL_MOST; v = v->next, i++) {
		const struct drill_value *fd = call_member(v, "fd", 0);
		const struct drill_value *events = call_member(v, "events", 1);
		struct drill_sock *s;

		if (!fd || !events) {
			drill_fail(c->run, "a pollfd is {fd=3, events=POLLIN, revents=POLLIN}");
			return;
		}
		s = drill_sock_find(c->run, (int)call_number(c, fd));
		p[i] = (struct pollfd){.fd = s ? s->live : (int)call_number(c, fd),
				       .events = (short)call_number(c, events)};
	}
	if (c->run->failed || n > i) {
		drill_fail(c->run, "poll: %zu descriptors are not given", (size_t)n);
		return;
	}
	call_ask(c, &(struct drill_ask){.what = ASK_POLL, .memory = p, .n = n, .a = timeout});
	for (v = list->first, i = 0; v && i < n; v = v->next, i++) {
		snprintf(what, sizeof(what), "revents of number %zu", (size_t)i + 1);
		call_expect(c, call_member(v, "revents", 2), what, (unsigned short)p[i].revents);
	}
}

static void
poll_create(struct calling *c, bool one)
{
	int live, number = (int)call_number_at(c, 0);
	struct drill_sock *s;

	live =
	    (int)call_ask(c, &(struct drill_ask){.what = one ? ASK_EPOLL_CREATE1 : ASK_EPOLL_CREATE,
						 .a = number});
	if (live < 0 || c->run->socks == DRILL_SOCKS)
		return;
	s = &c->run->sock[c->run->socks++];
	if (c->event->result->kind == DRILL_INT)
		c->result = (long)c->event->result->number;
	*s = (struct drill_sock){.script = (int)c->result, .live = live, .poll = true};
}

/* What a script calls the data of an event: {events=EPOLLIN, fd=4}, ptr=4, u32=4, u64=4 */
static const struct drill_value *
poll_data(const struct drill_value *v)
{
	static const char *const names[] = {"fd", "ptr", "u32", "u64"};
	const struct drill_value *data = NULL;

	for (size_t i = 0; !data && i < sizeof(names) / sizeof(names[0]); i++)
		data = call_member(v, names[i], 1);
	return data;
}

static void
poll_control(struct calling *c)
{
	int epfd = call_fd_at(c, 0, NULL), op = (int)call_number_at(c, 1);
	int fd = call_fd_at(c, 2, NULL);
	const struct drill_value *v = call_arg(c, 3);
	const struct drill_value *events = call_member(v, "events", 0), *data = poll_data(v);
	struct epoll_event e = {0};

	if (events)
		e.events = (uint32_t)call_number(c, events);
	if (data)
		e.data.u64 = (uint64_t)call_number(c, data);
	call_ask(c, &(struct drill_ask){
			.what = ASK_EPOLL_CTL, .fd = epfd, .a = op, .b = fd, .memory = &e});
}

static void
poll_wait(struct calling *c)
{
	const struct drill_value *v = call_arg(c, 1);
	struct epoll_event e[POLL_MOST];
	int epfd = call_fd_at(c, 0, NULL), most = (int)call_number_at(c, 2);
	int timeout = (int)call_number_at(c, 3);

	call_ask(c, &(struct drill_ask){.what = ASK_EPOLL_WAIT,
					.fd = epfd,
					.memory = e,
					.n = (size_t)(most < POLL_MOST ? most : POLL_MOST),
					.a = timeout});
	v = v->kind == DRILL_LIST ? v->first : v;
	for (long i = 0; v && i < c->result; v = v->next, i++) {
		if (v->kind != DRILL_STRUCT)
			break;
		call_expect(c, call_member(v, "events", 0), "events", e[i].events);
		call_expect(c, poll_data(v), "data", (int64_t)e[i].data.u64);
	}
}

bool
call_poll(struct calling *c, const char *name)
{
	if (!strcmp(name, "poll"))
		poll_poll(c);
	else if (!strcmp(name, "epoll_create"))
		poll_create(c, false);
	else if (!strcmp(name, "epoll_create1"))
		poll_create(c, true);
	else if (!strcmp(name, "epoll_ctl"))
		poll_control(c);
	else if (!strcmp(name, "epoll_wait"))
		poll_wait(c);
	else
		return false;
	return true;
}
