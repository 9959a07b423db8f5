/*
 * run.c - the events of a script in their order, and time between them.
 *
 * One step is an event, or time going on to the stack's next deadline.  A system
 * call that the script lets last (0...0.2) is made like any other; when it has to
 * wait, drill_wait() goes on with the events behind it, packets in and out, and
 * the call tries again after each step: so it ends at the instant when it can.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "define.h"
#include "run.h"

enum { BATCH = 64, PATIENCE_S = 1000000 };

/* The earliest and latest instants of an event. */
static void
run_times(const struct drill_run *r, const struct drill_event *e, sw_ns *from, sw_ns *to)
{
	sw_ns zero = e->relative ? r->base : r->start;

	*from = zero + (sw_ns)e->from;
	*to = zero + (sw_ns)e->to;
	if (e->when == DRILL_WHENEVER) {
		*from = r->now;
		*to = r->now + PATIENCE_S * SW_S;
	}
}

/* An event is done that was due at `from`: what + counts from now. */
static void
run_done(struct drill_run *r, const struct drill_event *e, sw_ns from, sw_ns at)
{
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
		if (packets[n].len == 0)
			drill_fail(r, "this packet cannot be made");
	}
	if (n < want)
		drill_fail(r, "the batch is larger than the inbound packets that follow");
	if (!r->failed)
		drill_input(r, packets, (size_t)n);
	while (n > 0)
		free(bytes[--n]);
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

/* A frame is there: is it the one? */
static void
run_compare(struct drill_run *r, struct drill_event *e, sw_ns from, sw_ns to)
{
	sw_ns at = r->frames->at, slack = r->tolerance;
	char why[DRILL_MESSAGE], came[DRILL_SAY], first[DRILL_SAY_TIME], last[DRILL_SAY_TIME];

	if (!run_fits(r, e->packet, why)) {
		drill_fail(r, "%s\n    came: %s", why, drill_say(r, r->frames, came));
		return;
	}
	if (at + slack < from || at > to + slack) {
		drill_fail(r, "expected at %s%s%s\n    came: %s", drill_say_time(r, from, first),
			   to > from ? " to " : "", to > from ? drill_say_time(r, to, last) : "",
			   drill_say(r, r->frames, came));
		return;
	}
	free(run_frame_drop(r));
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
	until = to + r->tolerance;
	if (r->now < until) {
		until = until < limit ? until : limit;
		if (e->when == DRILL_WHENEVER && sw_deadline(r->stack) == SW_NEVER)
			drill_fail(r, "no packet came, and none ever will");
		return drill_advance(r, until);
	}
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
}

static void
run_state(struct drill_run *r, struct drill_event *e)
{
	struct drill_sock *s = drill_sock_find(r, e->fd);
	enum sw_state state;
	const char *name;
	size_t n;

	if (!s) {
		drill_fail(r, "%d was never a socket", e->fd);
		return;
	}
	state = drill_sock_state(r, s);
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

/* The time of an event that the script does has come: do it. */
static void
run_event(struct drill_run *r, struct drill_event *e, sw_ns from, sw_ns to)
{
	char due[DRILL_SAY_TIME];

	r->at = e;
	r->event = e->next;
	run_done(r, e, from, r->now);
	if (r->now > (e->when == DRILL_BLOCK ? from : to) + r->tolerance) {
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
		drill_host_reboot(r);
		break;
	case DRILL_SILENT:
		run_silent(r);
		break;
	case DRILL_MAYBE:
		run_maybe(r, e, from, to);
		break;
	}
}

/* May it run while a call waits? */
static bool
run_beside(const struct drill_event *e)
{
	return e->what != DRILL_CALLS && e->what != DRILL_CODE;
}

bool
drill_step(struct drill_run *r, sw_ns limit)
{
	struct drill_event *e = r->event;
	sw_ns from, to, until;

	if (!e || r->failed || (r->blocked && !run_beside(e)))
		return drill_advance(r, limit);
	if (e->what == DRILL_PACKET && !e->packet->inbound)
		return run_outbound(r, e, limit);
	run_times(r, e, &from, &to);
	until = e->what == DRILL_MAYBE && !r->frames && e->when == DRILL_RANGE ? to : from;
	if (r->now < until)
		return drill_advance(r, until < limit ? until : limit);
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
	drill_pump(r);
	moved = r->blocked ? drill_step(r, until) : drill_advance(r, until);
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

static enum drill_verdict
run_script(struct drill_script *script, const struct drill_settings *settings)
{
	struct drill_run *r = calloc(1, sizeof(*r));
	bool good = false, failed;

	if (!r)
		return DRILL_FAILED;
	r->settings = settings;
	r->script = script;
	r->event = script->events;
	if (drill_configure(r)) {
		run_shells(r);
		good = drill_host_make(r);
	}
	while (good && r->event && !r->failed)
		drill_step(r, SW_NEVER);
	if (good && !r->failed)
		drill_paths_check(r);
	if (good && !r->failed && settings->ladder)
		drill_ladder(r);
	failed = r->failed;
	r->failed = true; /* a close that lingers shall not wait */
	drill_host_free(r);
	free(r);
	return !good ? DRILL_SYNTAX : failed ? DRILL_FAILED : DRILL_PASSED;
}

enum drill_verdict
drill_text(const char *path, const char *text, size_t n, const struct drill_settings *settings)
{
	struct drill_script script = {0};
	enum drill_verdict verdict = DRILL_SYNTAX;
	char *defined = drill_defined(text, &n, settings);

	if (drill_parse(&script, path, defined ? defined : text, n))
		verdict = run_script(&script, settings);
	else
		fprintf(settings->out, "%s\n", script.message);
	drill_script_free(&script);
	free(defined);
	return verdict;
}

enum { SCRIPT_MAX = 64 << 20 }; /* /dev/zero has no end */

enum drill_verdict
drill_file(const char *path, const struct drill_settings *settings)
{
	FILE *file = fopen(path, "rb");
	enum drill_verdict verdict = DRILL_SYNTAX;
	char *text = NULL;
	size_t n = 0, cap = 0;

	if (!file) {
		fprintf(settings->out, "%s: %s\n", path, strerror(errno));
		return DRILL_SYNTAX;
	}
	do {
		char *more = n == cap ? realloc(text, cap = 2 * cap + 16384) : text;

		if (!more)
			break;
		text = more;
		n += fread(text + n, 1, cap - n, file);
	} while (n == cap && n < SCRIPT_MAX);
	if (ferror(file) || !text || n >= SCRIPT_MAX)
		fprintf(settings->out, "%s: cannot be read\n", path);
	else
		verdict = drill_text(path, text, n, settings);
	fclose(file);
	free(text);
	return verdict;
}
