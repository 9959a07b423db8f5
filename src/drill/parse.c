/*
 * parse.c - a script as a whole: options, times, events; and what is ours, the
 * lines after //: .
 *
 * Knows the order of things in a script.  Packets and values have their files.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"

struct drill_tail {
	struct drill_event **event, *latest;
	struct drill_setting **option;
	struct drill_path **path;
	int batch; /* //: batch N, for the next event */
};

/* + in front, then seconds. */
static int64_t
drill_moment(struct drill_lex *x, bool *relative)
{
	*relative = drill_takes(x, "+");
	return drill_seconds(x);
}

static void
drill_time(struct drill_lex *x, struct drill_event *e)
{
	bool relative;

	if (drill_takes(x, "*")) {
		e->when = DRILL_WHENEVER;
		e->relative = true;
		return;
	}
	e->from = e->to = drill_moment(x, &e->relative);
	if (drill_takes(x, "..."))
		e->when = DRILL_BLOCK;
	else if (drill_takes(x, "~"))
		e->when = DRILL_RANGE;
	else
		return;
	e->to = drill_moment(x, &relative);
	if (!x->bad && relative && !e->relative)
		drill_bad(x, "a range is absolute at both ends or at none");
	if (!x->bad && e->to < e->from)
		drill_bad(x, "the range ends before it begins");
}

static struct drill_event *
drill_event_new(struct drill_lex *x, struct drill_tail *tail)
{
	struct drill_event *e = drill_alloc(x->script, sizeof(*e));
	const char *eol;

	drill_skip(x);
	eol = memchr(x->p, '\n', (size_t)(x->end - x->p));
	eol = eol ? eol : x->end;
	while (eol > x->p && isspace((unsigned char)eol[-1]))
		eol--;
	e->line = x->line;
	e->text = drill_copy(x->script, x->p, (size_t)(eol - x->p));
	e->fd = -1;
	*tail->event = tail->latest = e;
	tail->event = &e->next;
	x->script->event_count++;
	return e;
}

/* name(arguments) = result ERROR (words) */
static void
drill_system_call(struct drill_lex *x, struct drill_event *e)
{
	char word[DRILL_WORD];

	e->what = DRILL_CALLS;
	if (!drill_word(x, word)) {
		drill_bad(x, "expected a packet (< or >), a system call, %%{ or `");
		return;
	}
	e->name = drill_copy(x->script, word, strlen(word));
	drill_wants(x, "(");
	e->args = drill_value_list(x, ')');
	drill_wants(x, "=");
	e->result = drill_value(x);
	if (drill_word(x, word))
		e->error = drill_copy(x->script, word, strlen(word));
	if (drill_takes(x, "(")) /* words, for people only */
		drill_until(x, ")");
}

static void
drill_action(struct drill_lex *x, struct drill_event *e)
{
	if (drill_sees(x, "<") || drill_sees(x, ">")) {
		e->what = DRILL_PACKET;
		e->packet = drill_packet(x);
	} else if (drill_takes(x, "%{")) {
		e->what = DRILL_CODE;
		e->text = drill_until(x, "}%");
	} else if (drill_takes(x, "`")) {
		e->what = DRILL_SHELL;
		e->text = drill_until(x, "`");
	} else {
		drill_system_call(x, e);
	}
	if (!x->bad && e->when == DRILL_BLOCK && e->what != DRILL_CALLS)
		drill_bad(x, "only a system call can last from one time to another");
	if (!x->bad && e->what == DRILL_PACKET && e->packet->inbound &&
	    (e->when == DRILL_RANGE || e->when == DRILL_WHENEVER))
		drill_bad(x, "an inbound packet needs one time");
}

/* --name=value */
static void
drill_option_line(struct drill_lex *x, struct drill_tail *tail)
{
	struct drill_setting *o = drill_alloc(x->script, sizeof(*o));
	const char *from, *equals;

	o->line = x->line;
	drill_wants(x, "--");
	for (from = x->p; x->p < x->end && !isspace((unsigned char)*x->p); x->p++)
		continue;
	equals = memchr(from, '=', (size_t)(x->p - from));
	if (!equals) {
		drill_bad(x, "expected --name=value");
		return;
	}
	o->name = drill_copy(x->script, from, (size_t)(equals - from));
	equals++;
	if (x->p - equals >= 2 && (*equals == '"' || *equals == '\'') && x->p[-1] == *equals)
		o->value = drill_copy(x->script, equals + 1, (size_t)(x->p - equals) - 2);
	else
		o->value = drill_copy(x->script, equals, (size_t)(x->p - equals));
	*tail->option = o;
	tail->option = &o->next;
}

/* The rest of the line after //: */
static const char *
drill_rest(struct drill_lex *x)
{
	const char *from, *to;

	drill_skip(x);
	for (from = x->p; x->p < x->end && *x->p != '\n'; x->p++)
		continue;
	for (to = x->p; to > from && isspace((unsigned char)to[-1]); to--)
		continue;
	return drill_copy(x->script, from, (size_t)(to - from));
}

static void
drill_path_line(struct drill_lex *x, struct drill_tail *tail)
{
	struct drill_path *path = drill_alloc(x->script, sizeof(*path));

	path->line = x->line;
	path->fd = drill_sees_number(x) ? (int)drill_number_in(x, 0, INT32_MAX) : -1;
	path->text = drill_rest(x);
	*tail->path = path;
	tail->path = &path->next;
}

/* //: or > ... : the packet before may also be this one. */
static void
drill_or_line(struct drill_lex *x, struct drill_tail *tail)
{
	struct drill_packet *p;

	if (!tail->latest || !tail->latest->packet || tail->latest->packet->inbound) {
		drill_bad(x, "no outbound packet is before this");
		return;
	}
	for (p = tail->latest->packet; p->other; p = p->other)
		continue;
	p->other = drill_packet(x);
	if (!x->bad && p->other->inbound)
		drill_bad(x, "expected an outbound packet");
}

/* //: TIME ... */
static void
drill_own_event(struct drill_lex *x, struct drill_tail *tail)
{
	struct drill_event *e = drill_event_new(x, tail);

	e->batch = tail->batch;
	tail->batch = 0;
	drill_time(x, e);
	if (drill_takes(x, "state")) {
		e->what = DRILL_STATE;
		e->fd = (int)drill_number_in(x, 0, INT32_MAX);
		e->name = drill_rest(x);
	} else if (drill_takes(x, "silent")) {
		e->what = DRILL_SILENT;
		drill_rest(x);
	} else if (drill_takes(x, "iss")) {
		e->what = DRILL_ISS;
		e->fd = (int)drill_number_in(x, 0, INT32_MAX);
		e->low = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
		drill_wants(x, "~");
		e->high = (uint32_t)drill_number_in(x, e->low, UINT32_MAX);
	} else if (drill_sees(x, "trouble") || drill_sees(x, "no-trouble")) {
		e->what = DRILL_TOLD;
		e->low = drill_takes(x, "trouble");
		if (!e->low)
			drill_wants(x, "no-trouble");
		e->fd = (int)drill_number_in(x, 0, INT32_MAX);
	} else if (drill_takes(x, "reboot")) {
		e->what = DRILL_REBOOT;
	} else if (drill_takes(x, "maybe")) {
		e->what = DRILL_MAYBE;
		e->packet = drill_packet(x);
		if (!x->bad && e->packet->inbound)
			drill_bad(x, "expected an outbound packet");
	} else {
		drill_action(x, e);
	}
}

static void
drill_own_line(struct drill_lex *x, struct drill_tail *tail)
{
	drill_wants(x, "//:");
	x->directive = true;
	if (drill_takes(x, "path")) {
		drill_path_line(x, tail);
	} else if (drill_takes(x, "req")) {
		x->script->req = drill_rest(x);
	} else if (drill_takes(x, "profile")) {
		x->script->profile = drill_rest(x);
	} else if (drill_takes(x, "iss")) {
		x->script->has_iss = true;
		x->script->iss = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
	} else if (drill_takes(x, "batch")) {
		tail->batch = (int)drill_number_in(x, 2, 64);
	} else if (drill_takes(x, "kernel")) {
		x->script->kernel = drill_rest(x);
	} else if (drill_takes(x, "or")) {
		drill_or_line(x, tail);
	} else {
		drill_own_event(x, tail);
	}
	if (drill_next(x))
		drill_bad(x, "this is too much: '%.20s'", drill_rest(x));
	x->directive = false;
}

bool
drill_parse(struct drill_script *s, const char *path, const char *text, size_t n)
{
	struct drill_lex x = {.script = s, .begin = text, .p = text, .end = text + n, .line = 1};
	struct drill_tail tail = {&s->events, NULL, &s->options, &s->paths, 0};

	s->path = path;
	while (!x.bad) {
		drill_skip(&x);
		if (x.p == x.end)
			break;
		if (drill_sees(&x, "//:")) {
			drill_own_line(&x, &tail);
		} else if (drill_sees(&x, "--")) {
			drill_option_line(&x, &tail);
		} else {
			struct drill_event *e = drill_event_new(&x, &tail);

			e->batch = tail.batch;
			tail.batch = 0;
			e->relative = true;
			if (!drill_sees(&x, "`") && !drill_sees(&x, "%{"))
				drill_time(&x, e);
			drill_action(&x, e);
		}
	}
	if (!x.bad && tail.batch)
		drill_bad(&x, "no packet follows //: batch");
	return !x.bad;
}
