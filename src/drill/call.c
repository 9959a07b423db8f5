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
call_timed(struct drill_run *r, const struct drill_event *e, sw_ns begun)
{
	sw_ns due = begun + (sw_ns)(e->to - e->from), slack = r->tolerance;
	char at[DRILL_SAY_TIME];

	if (e->when == DRILL_BLOCK && (r->now + slack < due || r->now > due + slack))
		drill_fail(r, "%s ended now, expected at %s", e->name, drill_say_time(r, due, at));
	else if (e->when != DRILL_BLOCK && r->now > begun + slack)
		drill_fail(r, "%s did not come back at once", e->name);
}

void
drill_call(struct drill_run *r, struct drill_event *e)
{
	struct calling c = {.run = r, .event = e};
	sw_ns begun = r->base; /* when it was due: now, to the tolerance */

	r->blocked = e->when == DRILL_BLOCK;
	errno = 0;
	if (!call_open(&c, e->name) && !call_io(&c, e->name) && !call_option(&c, e->name) &&
	    !call_poll(&c, e->name) && strcmp(e->name, "cap_set"))
		drill_fail(r, "%s() is not spoken here", e->name);
	r->blocked = false;
	r->at = e;
	if (e->when == DRILL_WHENEVER || e->when == DRILL_RANGE)
		begun = r->now;
	if (r->failed)
		return;
	if (c.result == -1 && c.error == EDEADLK)
		drill_fail(r, "%s never comes back", e->name);
	drill_pump(r);
	call_compare(&c);
	if (!r->failed)
		call_timed(r, e, begun);
}
