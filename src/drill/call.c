/*
 * call.c - system calls: finds the call, times it, compares what it gave.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call.h"

static void
call_result_said(struct calling *c, char *text, size_t n)
{
	if (c->result == -1)
		snprintf(text, n, "-1 %s (%s)", drill_error_name(c->error), strerror(c->error));
	else
		snprintf(text, n, "%ld", c->result);
}

static void
call_compare(struct calling *c)
{
	const struct drill_event *e = c->event;
	char came[120];
	int64_t expected;
	int error = 0;

	if (e->result->kind == DRILL_ANY)
		return;
	expected = call_number(c, e->result);
	if (e->error && !drill_error_named(e->error, &error)) {
		drill_fail(c->run, "the error %s is not known", e->error);
		return;
	}
	call_result_said(c, came, sizeof(came));
	if (expected < 0 ? c->result != -1 : c->result != expected)
		drill_fail(c->run, "%s: expected %lld%s%s, came %s", e->name, (long long)expected,
			   e->error ? " " : "", e->error ? e->error : "", came);
	else if (c->result == -1 && e->error && c->error != error)
		drill_fail(c->run, "%s: expected %s, came %s", e->name, e->error,
			   drill_error_name(c->error));
}

/* A call that lasts: did it end when the script says? */
static void
call_timed(struct calling *c, sw_ns begun)
{
	struct drill_run *r = c->run;
	const struct drill_event *e = c->event;
	sw_ns due = begun + (sw_ns)(e->to - e->from), slack = r->tolerance;
	char now[DRILL_SAY_TIME], at[DRILL_SAY_TIME];

	if (e->when == DRILL_BLOCK && (c->ended + slack < due || c->ended > due + slack)) {
		r->late = r->end->ticks;
		drill_fail(r, "%s ended at %s, expected at %s", e->name,
			   drill_say_time(r, c->ended, now), drill_say_time(r, due, at));
	} else if (e->when != DRILL_BLOCK && c->ended > begun + slack)
		drill_fail(r, "%s did not come back at once", e->name);
}

/* Is it a file's or a pipe's descriptor? */
static bool
call_of_kernel(const struct drill_run *r, int fd)
{
	for (int i = 0; i < r->socks; i++)
		if (r->sock[i].live == fd && fd >= 0 && r->sock[i].file)
			return true;
	return false;
}

long
call_ask(struct calling *c, struct drill_ask *a)
{
	struct drill_run *r = c->run;
	bool apart = r->end->outside && c->event->when == DRILL_BLOCK;

	c->result = -1;
	c->error = EINVAL;
	if (r->failed)
		return -1;
	if (apart)
		drill_thread_leave(r);
	errno = 0;
	c->result = call_of_kernel(r, a->fd) ? drill_kernel_call(r, a) : r->end->call(r, a);
	c->error = errno;
	if (!apart) {
		c->ended = r->now;
		return c->result;
	}
	c->ended = r->end->clock(r); /* before the lock: that may take its time */
	drill_thread_back(r);
	return c->result;
}

void
drill_call(struct drill_run *r, struct drill_event *e)
{
	if (r->end->outside && e->when == DRILL_BLOCK)
		drill_thread_call(r, e);
	else
		drill_call_now(r, e);
}

void
drill_call_now(struct drill_run *r, struct drill_event *e)
{
	struct calling c = {.run = r, .event = e, .ended = r->now};
	struct drill_event *at = r->at;
	sw_ns begun = r->base; /* when it was due: now, to the tolerance */

	r->blocked = e->when == DRILL_BLOCK && !r->end->outside;
	if (!call_open(&c, e->name) && !call_io(&c, e->name) && !call_option(&c, e->name) &&
	    !call_poll(&c, e->name) && !call_file(&c, e->name) && strcmp(e->name, "cap_set"))
		drill_fail(r, "%s() is not spoken here", e->name);
	r->blocked = false;
	r->at = e;
	if (e->when == DRILL_WHENEVER || e->when == DRILL_RANGE)
		begun = c.ended;
	if (r->failed)
		return;
	if (c.result == -1 && c.error == EDEADLK)
		drill_fail(r, "%s never comes back", e->name);
	if (e->when != DRILL_BLOCK || !r->end->outside)
		r->end->pump(r);
	call_compare(&c);
	if (!r->failed)
		call_timed(&c, begun);
	if (!r->failed)
		r->at = at;
}
