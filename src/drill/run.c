/*
 * run.c - the events of a script in their order, and time between them.
 *
 * One step is an event, or time going on to the stack's next deadline.  A system
 * call that the script lets last (0...0.2) is made like any other; when it has to
 * wait, drill_wait() goes on with the events behind it, packets in and out, and
 * the call tries again after each step: so it ends at the instant when it can.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "end.h"

enum { BATCH = 64, PATIENCE_S = 1000000, LATER_MS = 10 };

/* The earliest and latest instants of an event. */
static void
run_times(const struct drill_run *r, const struct drill_event *e, sw_ns *from, sw_ns *to)
{
	sw_ns zero = e->relative ? r->base : r->start;

	*from = zero + (sw_ns)e->from;
	*to = zero + (sw_ns)e->to;
	if (e->when == DRILL_WHENEVER) {
		*from = r->start;
		*to = r->now + PATIENCE_S * SW_S;
	}
}

/* An event is done that was due at `from`: what + counts from now. */
static void
run_done(struct drill_run *r, const struct drill_event *e, sw_ns from, sw_ns at)
{
	if (e->what == DRILL_PACKET || e->what == DRILL_CALLS)
		r->stirred = at;
	r->base = e->when == DRILL_RANGE || e->when == DRILL_WHENEVER ? at : from;
}

/* ---- packets ------------------------------------------------------------- */

/* The packet of `e`, and as many of those behind it as belong to its batch, at once. */
static void
run_inbound(struct drill_run *r, struct drill_event *e)
{
	struct sw_packet packets[BATCH] = {{0}};
	uint8_t *bytes[BATCH];
	int n = 0, want = e->batch ? e->batch : 1;

	for (; n < want && e && e->what == DRILL_PACKET && e->packet->inbound; n++, e = e->next) {
		uint8_t *to = malloc(DRILL_FRAME);

		if (!to)
			break;
		r->at = e;
		r->event = e->next;
		packets[n] = (struct sw_packet){
		    .data = to, .iface = (uint16_t)r->iface, .len = drill_build(r, e->packet, to)};
		bytes[n] = to;
		if (r->log)
			fprintf(r->log, "    %s  [in]\n", e->text);
		if (packets[n].len == 0)
			drill_fail(r, "this packet cannot be made");
	}
	if (n < want)
		drill_fail(r, "the batch is larger than the inbound packets that follow");
	if (!r->failed)
		r->end->input(r, packets, (size_t)n);
	while (n > 0)
		free(bytes[--n]);
}

void
drill_frame_take(struct drill_run *r, const uint8_t *data, uint32_t len, sw_ns at)
{
	struct drill_frame *f = malloc(sizeof(*f) + len);
	struct drill_seen seen;
	char said[DRILL_SAY];

	if (!f)
		return;
	f->next = NULL;
	f->at = at;
	f->len = len;
	memcpy(f->data, data, len);
	*r->last_frame = f;
	r->last_frame = &f->next;
	if (drill_read(&seen, f->data, f->len))
		drill_flow_sent(r, &seen);
	if (r->log)
		fprintf(r->log, "    %s\n", drill_say(r, f, said));
}

static struct drill_frame *
run_frame_drop(struct drill_run *r)
{
	struct drill_frame *f = r->frames;

	r->frames = f->next;
	if (!r->frames)
		r->last_frame = &r->frames;
	return f;
}

/* Does one of the alternatives fit?  `why` is of the first. */
static bool
run_fits(struct drill_run *r, const struct drill_packet *p, char why[DRILL_MESSAGE])
{
	char other[DRILL_MESSAGE];

	if (drill_match(r, p, r->frames, why))
		return true;
	for (p = p->other; p; p = p->other)
		if (drill_match(r, p, r->frames, other))
			return true;
	return false;
}

/* Is it the one that might have come before?  Then it is gone. */
static bool
run_was_maybe(struct drill_run *r)
{
	char why[DRILL_MESSAGE];

	if (!r->maybe || !drill_match(r, r->maybe, r->frames, why))
		return false;
	free(run_frame_drop(r));
	r->maybe = NULL;
	return true;
}

/*
 * How late a packet may be.  Timers of a kernel lie in a wheel, those that are far off
 * in coarse places: they fire up to an eighth of their time late.
 */
static sw_ns
run_slack(const struct drill_run *r, sw_ns due)
{
	return r->tolerance + (r->end->ticks && due > r->stirred ? (due - r->stirred) / 8 : 0);
}

/* A frame is there: is it the one? */
static void
run_compare(struct drill_run *r, struct drill_event *e, sw_ns from, sw_ns to)
{
	sw_ns at = r->frames->at;
	char why[DRILL_MESSAGE], came[DRILL_SAY], first[DRILL_SAY_TIME], last[DRILL_SAY_TIME];

	if (!run_fits(r, e->packet, why)) {
		if (run_was_maybe(r))
			return;
		drill_fail(r, "%s\n    came: %s", why, drill_say(r, r->frames, came));
		return;
	}
	if (at + r->tolerance < from || at > to + run_slack(r, to)) {
		r->late = r->end->ticks;
		drill_fail(r, "expected at %s%s%s\n    came: %s", drill_say_time(r, from, first),
			   to > from ? " to " : "", to > from ? drill_say_time(r, to, last) : "",
			   drill_say(r, r->frames, came));
		return;
	}
	free(run_frame_drop(r));
	r->maybe = NULL;
	run_done(r, e, from, at);
	r->event = e->next;
}

static bool
run_outbound(struct drill_run *r, struct drill_event *e, sw_ns limit)
{
	sw_ns from, to, until;
	char last[DRILL_SAY_TIME];

	run_times(r, e, &from, &to);
	r->at = e;
	if (r->frames) {
		run_compare(r, e, from, to);
		return true;
	}
	until = to + run_slack(r, to);
	if (r->now < until) {
		until = until < limit ? until : limit;
		if (e->when == DRILL_WHENEVER && r->end->idle(r))
			drill_fail(r, "no packet came, and none ever will");
		return r->failed || r->end->receive(r, until);
	}
	r->late = r->end->ticks;
	drill_fail(r, "no packet came until %s", drill_say_time(r, to, last));
	return true;
}

/* ---- ours ---------------------------------------------------------------- */

static void
run_maybe(struct drill_run *r, struct drill_event *e, sw_ns from, sw_ns to)
{
	char why[DRILL_MESSAGE];

	if (r->frames && r->frames->at + r->tolerance >= from &&
	    r->frames->at <= to + r->tolerance && drill_match(r, e->packet, r->frames, why))
		free(run_frame_drop(r));
	else
		r->maybe = e->packet; /* an end may not show it before it is asked */
}

static void
run_state(struct drill_run *r, struct drill_event *e)
{
	struct drill_sock *s = drill_sock_find(r, e->fd);
	enum sw_state state = SW_CLOSED;
	const char *name;
	size_t n;

	if (!s) {
		drill_fail(r, "%d was never a socket", e->fd);
		return;
	}
	if (!drill_sock_state(r, s, &state))
		return;
	name = sw_state_name(state);
	n = strlen(name);
	if (strncmp(e->name, name, n) || (e->name[n] && e->name[n] != ' ' && e->name[n] != '\t'))
		drill_fail(r, "the state is %s", name);
}

static void
run_iss(struct drill_run *r, const struct drill_event *e)
{
	struct drill_sock *s = drill_sock_find(r, e->fd);
	const struct drill_flow *f;

	if (s)
		drill_sock_look(r, s);
	f = s && s->has_ends ? drill_flow_find(r, &s->local, &s->remote) : NULL;
	if (!f || !f->known)
		drill_fail(r, "%d has sent no SYN", e->fd);
	else if (f->apart < e->low || f->apart > e->high)
		drill_fail(r, "the number is %u more than that of the SYN before", f->apart);
}

/* Is the program told of trouble?  By sw_ready(): sockets have no word for it. */
static void
run_told(struct drill_run *r, const struct drill_event *e)
{
	struct drill_sock *s = drill_sock_find(r, e->fd);
	bool trouble;

	if (r->end->outside)
		return;
	if (s)
		drill_sock_look(r, s);
	if (!s || s->conn == 0) {
		drill_fail(r, "%d is no connection", e->fd);
		return;
	}
	trouble = sw_ready(r->stack, s->conn) & SW_TROUBLE;
	if (trouble != (e->low != 0))
		drill_fail(r, "%s is told", trouble ? "trouble" : "no trouble");
}

static void
run_silent(struct drill_run *r)
{
	char came[DRILL_SAY];

	if (r->frames)
		drill_fail(r, "nothing should have been sent\n    came: %s",
			   drill_say(r, r->frames, came));
}

/* ---- all events ---------------------------------------------------------- */

/* May it run while a call waits? */
static bool
run_beside(const struct drill_event *e)
{
	return e->what != DRILL_CALLS && e->what != DRILL_CODE;
}

/* The time of an event that the script does has come: do it. */
static void
run_event(struct drill_run *r, struct drill_event *e, sw_ns from, sw_ns to)
{
	char due[DRILL_SAY_TIME];

	r->at = e;
	r->event = e->next;
	if (!run_beside(e) && !drill_thread_idle(r)) {
		drill_fail(r, "the call before this one never came back");
		return;
	}
	run_done(r, e, from, r->now);
	if (r->now > (e->when == DRILL_BLOCK ? from : to) + r->tolerance) {
		r->late = r->end->ticks;
		drill_fail(r, "this was due at %s", drill_say_time(r, to, due));
		return;
	}
	switch (e->what) {
	case DRILL_PACKET:
		run_inbound(r, e);
		break;
	case DRILL_CALLS:
		drill_call(r, e);
		break;
	case DRILL_CODE:
		drill_code(r, e);
		break;
	case DRILL_SHELL:
		drill_shell(r, e->text);
		break;
	case DRILL_STATE:
		run_state(r, e);
		break;
	case DRILL_ISS:
		run_iss(r, e);
		break;
	case DRILL_TOLD:
		run_told(r, e);
		break;
	case DRILL_REBOOT:
		r->end->reboot(r);
		break;
	case DRILL_SILENT:
		run_silent(r);
		break;
	case DRILL_MAYBE:
		run_maybe(r, e, from, to);
		break;
	}
}

bool
drill_step(struct drill_run *r, sw_ns limit)
{
	struct drill_event *e = r->event;
	sw_ns from, to, until;

	if (!e || r->failed || (r->blocked && !run_beside(e)))
		return r->end->wait(r, limit);
	if (e->what == DRILL_PACKET && !e->packet->inbound)
		return run_outbound(r, e, limit);
	if (r->end->outside)
		r->now = r->end->clock(r);
	run_times(r, e, &from, &to);
	until = e->what == DRILL_MAYBE && !r->frames && e->when == DRILL_RANGE ? to : from;
	if (r->now < until)
		return r->end->wait(r, until < limit ? until : limit);
	run_event(r, e, from, to);
	return true;
}

int
drill_wait(void *ctx, sw_ns until)
{
	struct drill_run *r = ctx;
	sw_ns giving_up = r->start + PATIENCE_S * SW_S;
	bool moved;

	if (r->failed || r->now > giving_up) {
		errno = EDEADLK;
		return -1;
	}
	r->end->pump(r);
	moved = r->blocked ? drill_step(r, until) : r->end->wait(r, until);
	if (moved && !r->failed)
		return 0;
	errno = EDEADLK;
	return -1;
}

/* Shell lines that come before everything else are settings of the stack. */
static void
run_shells(struct drill_run *r)
{
	for (struct drill_event *e = r->script->events; e && e->what == DRILL_SHELL; e = e->next)
		drill_shell(r, e->text);
}

/* The end, and everything at its beginning; false: that was said. */
static bool
run_begin(struct drill_run *r)
{
	const char *why;

	r->end = r->settings->end ? r->settings->end : &drill_end_own;
	r->event = r->script->events;
	r->last_frame = &r->frames;
	r->current = -1;
	if (!drill_configure(r))
		return false;
	if (!r->end->outside)
		run_shells(r);
	r->frame = malloc(DRILL_FRAME);
	why = r->frame ? r->end->make(r) : "no memory";
	if (r->end->ticks && !why) { /* it may take its time, and is not heard of again */
		run_shells(r);
		r->now = r->end->clock(r) + LATER_MS * SW_MS;
	}
	if (why) {
		fprintf(r->settings->out, "%s: %s\n", r->script->path, why);
		return false;
	}
	r->start = r->base = r->stirred = r->now;
	if (r->end->outside) {
		r->log = open_memstream(&r->log_text, &r->log_bytes);
		drill_thread_start(r);
	}
	return true;
}

/* false: a call that still waits uses it all. */
static bool
run_end(struct drill_run *r)
{
	r->failed = true; /* a close that lingers shall not wait */
	if (!drill_thread_stop(r))
		return false;
	r->end->free(r);
	for (int i = 0; i < r->socks; i++)
		if (r->sock[i].live >= 0 && (r->sock[i].file || r->end->ticks))
			close(r->sock[i].live);
	if (r->log)
		fclose(r->log);
	free(r->log_text);
	free(r->frame);
	while (r->frames)
		free(run_frame_drop(r));
	for (int i = 0; i < r->flows; i++)
		free(r->flow[i]);
	free(r);
	return true;
}

static void
run_all(struct drill_run *r)
{
	while (r->event && !r->failed) {
		struct drill_where *where = r->settings->where;

		if (where) {
			where->line = r->event->line;
			snprintf(where->text, sizeof(where->text), "%s", r->event->text);
		}
		drill_step(r, SW_NEVER);
	}
	if (!r->failed && !drill_thread_idle(r))
		drill_fail(r, "the last call never came back");
	if (!r->failed)
		drill_paths_check(r);
	if (!r->failed && r->settings->ladder)
		drill_ladder(r);
}

enum drill_verdict
drill_script_run(struct drill_script *script, const struct drill_settings *settings, bool *late)
{
	struct drill_run *r = calloc(1, sizeof(*r));
	enum drill_verdict verdict = DRILL_SYNTAX;

	if (!r)
		return DRILL_FAILED;
	r->settings = settings;
	r->script = script;
	if (run_begin(r)) {
		run_all(r);
		verdict = r->failed ? DRILL_FAILED : DRILL_PASSED;
		*late = r->late;
	}
	run_end(r);
	return verdict;
}
