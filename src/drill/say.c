/*
 * say.c - what a person reads when a script fails: the line, the difference, the
 * packet as a script would write it, the ladder so far.
 */
#include <stdarg.h>
#include <string.h>

#include "run.h"

char *
drill_say_time(const struct drill_run *r, sw_ns at, char text[DRILL_SAY_TIME])
{
	sw_ns t = at > r->start ? at - r->start : 0;

	snprintf(text, DRILL_SAY_TIME, "%llu.%06llu", (unsigned long long)(t / SW_S),
		 (unsigned long long)(t % SW_S / SW_US));
	return text;
}

struct line {
	char *text;
	size_t n;
};

static void add(struct line *, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
add(struct line *l, const char *format, ...)
{
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(l->text + l->n, DRILL_SAY - l->n, format, list);
	va_end(list);
	if (n > 0)
		l->n = l->n + (size_t)n < DRILL_SAY ? l->n + (size_t)n : DRILL_SAY - 1;
}

static void
say_option(struct line *l, const struct drill_flow *f, const uint8_t *q, uint32_t size)
{
	if (q[0] == DRILL_OPT_MSS && size == 4)
		add(l, "mss %u", drill_get_16(q + 2));
	else if (q[0] == DRILL_OPT_WSCALE && size == 3)
		add(l, "wscale %u", q[2]);
	else if (q[0] == DRILL_OPT_SACK_OK)
		add(l, "sackOK");
	else if (q[0] == DRILL_OPT_TS && size == 10)
		add(l, "TS val %u ecr %u",
		    f && f->stamps
			? drill_get_32(q + 2) - f->first_stamp.live + f->first_stamp.script
			: drill_get_32(q + 2),
		    drill_get_32(q + 6));
	else if (q[0] == DRILL_OPT_SACK)
		for (uint32_t i = 2; i + 8 <= size; i += 8)
			add(l, "%s%u:%u", i == 2 ? "sack " : " ", drill_get_32(q + i),
			    drill_get_32(q + i + 4));
	else if (q[0] == DRILL_OPT_FAST_OPEN) {
		add(l, "FO%s", size > 2 ? " " : "");
		for (uint32_t i = 2; i < size && size <= 2 + DRILL_COOKIE; i++)
			add(l, "%02x", q[i]);
	} else
		add(l, "kind %u", q[0]);
}

static void
say_options(struct line *l, const struct drill_flow *f, const struct drill_seen *s)
{
	const uint8_t *q = s->options, *end = q + s->option_bytes;

	if (q == end)
		return;
	add(l, " <");
	for (bool first = true; q < end; first = false) {
		uint32_t size = q[0] <= DRILL_OPT_NOP || end - q < 2 ? 1 : q[1];

		add(l, first ? "" : ",");
		if (q[0] == DRILL_OPT_EOL)
			add(l, "eol");
		else if (q[0] == DRILL_OPT_NOP)
			add(l, "nop");
		else
			say_option(l, f, q, size);
		q += size ? size : 1;
	}
	add(l, ">");
}

static void
say_tcp(struct drill_run *r, struct line *l, const struct drill_seen *s)
{
	static const char letter[] = "FSRP.UEW";
	const struct drill_flow *f = drill_flow_find(r, &s->from, &s->to);
	uint32_t seq = s->seq - (f ? f->offset : 0);

	if (!f || (r->current >= 0 && f != r->flow[r->current]))
		add(l, "%u > %u ", s->from.port, s->to.port);
	for (int i = 1; i < 9; i++) /* F stands last but for the dot: S. FP. R. */
		if (s->ctl & 1u << (i & 7))
			add(l, "%c", letter[i & 7]);
	add(l, "%s %u:%u(%u)", s->ctl ? "" : "-", seq, seq + s->payload, s->payload);
	if (s->ctl & SW_ACK)
		add(l, " ack %u", s->ack);
	add(l, " win %u", s->wnd);
	if (s->urg)
		add(l, " urg %u", s->urg);
	say_options(l, f, s);
}

char *
drill_say(struct drill_run *r, const struct drill_frame *frame, char text[DRILL_SAY])
{
	struct line l = {text, 0};
	struct drill_seen s;
	char at[DRILL_SAY_TIME];

	add(&l, "%s > ", drill_say_time(r, frame->at, at));
	if (!drill_read(&s, frame->data, frame->len))
		add(&l, "%u bytes", frame->len);
	else if (s.protocol == 6)
		say_tcp(r, &l, &s);
	else
		add(&l, "protocol %u: %u %u ...", s.protocol, s.body[0], s.body[1]);
	return text;
}

/* The connection that the ladder is about. */
static const struct drill_flow *
say_subject(struct drill_run *r)
{
	return r->current >= 0 ? r->flow[r->current] : r->flows ? r->flow[0] : NULL;
}

void
drill_ladder(struct drill_run *r)
{
	const struct drill_flow *f = say_subject(r);
	struct sw_ladder_config c = {.bytes = sizeof(c),
				     .out = r->settings->out,
				     .depth = SW_LADDER_FULL,
				     .start = r->start,
				     .left = "stack",
				     .right = "script"};
	struct sw_ladder *ladder;

	if (r->log) {
		fflush(r->log);
		fputs(r->log_text, r->settings->out);
	}
	if (r->log || !f || !(ladder = sw_ladder_new(&c)))
		return;
	for (size_t i = 0; i < r->trace_count; i++) {
		const struct sw_trace *t = &r->traces[i];

		if (t->local.port == f->local.port && t->remote.port == f->remote.port)
			sw_ladder_event(ladder, 0, t);
	}
	sw_ladder_end(ladder);
}

void
drill_fail(struct drill_run *r, const char *format, ...)
{
	FILE *out = r->settings->out;
	va_list list;
	char at[DRILL_SAY_TIME];

	if (r->failed)
		return;
	r->failed = true;
	fprintf(out, "%s:%d: %s: ", r->script->path, r->at ? r->at->line : 0,
		drill_say_time(r, r->now, at));
	va_start(list, format);
	vfprintf(out, format, list);
	va_end(list);
	fputc('\n', out);
	if (r->at && r->at->text)
		fprintf(out, "    in: %s\n", r->at->text);
	drill_ladder(r);
}
