/*
 * text.c - the report as people read it: the verdicts, worst first; for each what, on
 * whose side, the proof, what to do next.
 */
#include "explain/report.h"

#include <synwave/sw_trace.h>

#include <string.h>

enum { INDENT = 3, TEXT_MOST = 2048 };

/* ---- colours and marks ------------------------------------------------------- */

static const char *
colour_on(const struct ex_report *r, enum ex_severity s)
{
	static const char code[3][8] = {"\033[36m", "\033[33m", "\033[31m"};

	return r->colour ? code[s] : "";
}

static const char *
colour_off(const struct ex_report *r)
{
	return r->colour ? "\033[0m" : "";
}

static const char *
mark_of(const struct ex_report *r, enum ex_severity s)
{
	static const char fine[3][4] = {"\u00b7", "!", "\u2717"}, plain[3][4] = {"-", "!", "x"};

	return r->style.ascii ? plain[s] : fine[s];
}

/* ---- lines --------------------------------------------------------------------- */

void
ex_text_wrap(FILE *out, const char *text, unsigned indent, unsigned width)
{
	sw_text_wrap(out, text, (int)indent, (int)(width > indent + 20 ? width : indent + 20));
}

/* Two texts, the second at the right edge; below the first one if there is no room. */
static void
two_ends(FILE *out, const struct ex_report *r, const char *left, const char *right)
{
	size_t a = ex_columns(left), b = ex_columns(right);
	size_t gap = r->width > b ? r->width - b : 0;

	if (a + b + 2 > r->width) {
		ex_text_wrap(out, left, 0, r->width);
		a = 0;
	}
	if (a == 0 && b > 0)
		fprintf(out, "%*s%s\n", (int)gap, "", right);
	else if (a > 0)
		fprintf(out, "%s%*s%s\n", left, b > 0 ? (int)(gap - a) : 0, "", right);
}

/* ---- one finding ------------------------------------------------------------------ */

static void
part(FILE *out, const struct ex_report *r, const struct ex_finding *f, enum ex_part which)
{
	char text[EX_SENTENCE], line[TEXT_MOST];
	const char *head = which == EX_PROOF  ? ex_word(EX_W_PROOF)
			   : which == EX_NEXT ? ex_word(EX_W_NEXT)
					      : NULL;

	ex_say(f, which, &r->style, text);
	if (!*text)
		return;
	snprintf(line, sizeof(line), "%s%s%s", head ? head : "", head ? ": " : "", text);
	ex_text_wrap(out, line, INDENT, r->width);
}

static void
connections(const struct ex_report *r, const struct ex_finding *f, char *text, size_t room)
{
	char number[EX_NUMBER];
	const char *sure = f->certainty == EX_CERTAIN  ? ""
			   : f->certainty == EX_LIKELY ? ex_word(EX_W_LIKELY)
						       : ex_word(EX_W_POSSIBLE);

	(void)r;
	if (f->count == 0)
		snprintf(text, room, "%s", sure);
	else
		snprintf(text, room, "%s%s%s %s", sure, *sure ? ", " : "",
			 sw_text_count(f->count, number),
			 ex_word(f->count == 1 ? EX_W_CONN : EX_W_CONNS));
}

static void
show_line(FILE *out, const struct ex_report *r, const struct ex_finding *f)
{
	char line[TEXT_MOST];

	if (f->conns == 0 || !r->file)
		return;
	snprintf(line, sizeof(line), "%s: synwave explain %s -C %llu", ex_word(EX_W_SHOW),
		 strcmp(r->file, "-") ? r->file : "FILE", (unsigned long long)f->conn[0]);
	fprintf(out, "%*s%s\n", INDENT, "", line);
}

static void
finding(FILE *out, const struct ex_report *r, const struct ex_finding *f)
{
	char title[EX_SENTENCE], left[TEXT_MOST], right[128];
	bool brief = r->quiet || (f->severity == EX_REMARK && !r->verbose);

	ex_say(f, EX_TITLE, &r->style, title);
	snprintf(left, sizeof(left), " %s %s", mark_of(r, f->severity), title);
	connections(r, f, right, sizeof(right));
	fputs(colour_on(r, f->severity), out);
	two_ends(out, r, left, right);
	fputs(colour_off(r), out);
	if (brief)
		return;
	for (int i = EX_WHAT; i < EX_N_PARTS; i++)
		part(out, r, f, (enum ex_part)i);
	show_line(out, r, f);
	fputc('\n', out);
}

/* ---- the first and the last line ----------------------------------------------------- */

static void
head(FILE *out, const struct ex_report *r)
{
	const struct ex_summary *s = r->sum;
	char left[TEXT_MOST], packets[EX_NUMBER], conns[EX_NUMBER], took[EX_NUMBER],
	    span[EX_NUMBER];
	char ends[2 * EX_ENDPOINT] = "", server[EX_ENDPOINT], client[EX_ENDPOINT];
	struct sw_endpoint c = {.addr = s->client};

	if (s->server.port)
		snprintf(ends, sizeof(ends), ", %s %s %s", ex_end_text(&c, &r->style, client),
			 r->style.ascii ? "<->" : "\u21c4",
			 ex_end_text(&s->server, &r->style, server));
	snprintf(left, sizeof(left), "%s  %s %s, %s TCP %s, %s%s", r->file ? r->file : "",
		 sw_text_count(s->packets, packets), ex_word(EX_W_PACKETS),
		 sw_text_count(s->conns, conns), ex_word(s->conns == 1 ? EX_W_CONN : EX_W_CONNS),
		 ex_time_text((double)(s->last - s->first) / 1e9, &r->style, span), ends);
	snprintf(took, sizeof(took), "%.2f s", r->seconds);
	two_ends(out, r, left, r->seconds > 0 ? took : "");
}

static void
note(FILE *out, const struct ex_report *r, uint64_t n, enum ex_word words)
{
	char line[TEXT_MOST], number[EX_NUMBER], end[EX_ENDPOINT] = "";

	if (n == 0)
		return;
	if (words == EX_W_ANSWERED_ONLY)
		ex_end_text(&r->sum->answered_by, &r->style, end);
	snprintf(line, sizeof(line), "%s %s %s%s%s", sw_text_count(n, number),
		 words == EX_W_ANSWERED_ONLY ? "" : ex_word(n == 1 ? EX_W_CONN : EX_W_CONNS),
		 ex_word(words), *end ? " " : "", end);
	ex_text_wrap(out, line, INDENT, r->width);
}

static void
notes(FILE *out, const struct ex_report *r)
{
	const struct ex_summary *s = r->sum;

	note(out, r, s->answered_only, EX_W_ANSWERED_ONLY);
	note(out, r, s->began_before, EX_W_BEFORE);
	note(out, r, s->aborted, EX_W_ABORTED);
	note(out, r, s->after_close, EX_W_AFTER_CLOSE);
	if (r->verbose)
		note(out, r, s->conns - s->ended, EX_W_STILL_OPEN);
	if (s->vantage != EX_AT_UNKNOWN && r->verbose)
		ex_text_wrap(out,
			     ex_word((enum ex_word)(EX_W_AT_CLIENT + s->vantage - EX_AT_CLIENT)),
			     INDENT, r->width);
}

static void
tail(FILE *out, const struct ex_report *r)
{
	const struct ex_summary *s = r->sum;
	char line[TEXT_MOST], again[EX_NUMBER], resets[EX_NUMBER], low[EX_NUMBER], high[EX_NUMBER];
	char shakes[3 * EX_NUMBER] = "";
	bool good = s->again == 0 && s->resets == 0;

	if (s->conns == 0) {
		fprintf(out, "%*s%s\n", INDENT, "", ex_word(EX_W_NO_TCP));
		return;
	}
	if (s->handshake_max > 0) {
		ex_time_text((double)s->handshake_min / 1e9, &r->style, low);
		ex_time_text((double)s->handshake_max / 1e9, &r->style, high);
		snprintf(shakes, sizeof(shakes), strcmp(low, high) ? ", %s %s%s%s" : ", %s %s",
			 ex_word(EX_W_HANDSHAKES), low, r->style.ascii ? "-" : "\u2013", high);
	}
	snprintf(line, sizeof(line), " %s %s %s, %s %s%s",
		 good ? r->style.ascii ? "ok" : "\u2713" : mark_of(r, EX_REMARK),
		 sw_text_count(s->again, again),
		 ex_word(s->again == 1 ? EX_W_AGAIN_ONE : EX_W_AGAIN),
		 sw_text_count(s->resets, resets),
		 ex_word(s->resets == 1 ? EX_W_RESET_ONE : EX_W_RESETS), shakes);
	fprintf(out, "%s%s%s\n", r->colour && good ? "\033[32m" : "", line,
		r->colour && good ? colour_off(r) : "");
}

void
ex_text_report(FILE *out, const struct ex_report *r)
{
	size_t shown = r->top && r->top < r->findings ? r->top : r->findings;
	char number[EX_NUMBER];
	bool remarks = false;

	head(out, r);
	fputc('\n', out);
	for (size_t i = 0; i < shown; i++) {
		remarks = remarks || r->finding[i].severity == EX_REMARK;
		finding(out, r, &r->finding[i]);
	}
	if (shown < r->findings)
		fprintf(out, " %s %s\n", sw_text_count(r->findings - shown, number),
			ex_word(EX_W_MORE));
	if (remarks && !r->verbose && !r->quiet)
		fputc('\n', out);
	if (r->quiet)
		return;
	tail(out, r);
	notes(out, r);
}

/* ---- one connection: the states of both ends -------------------------------------------- */

/* What an end comes to by this packet, or by no packet at this time. */
static const struct ex_step *
step_at(const struct ex_end *end, unsigned *next, const struct ex_step *when)
{
	const struct ex_step *s = &end->step[*next];

	if (*next == end->steps || s->at != when->at || s->frame != when->frame)
		return NULL;
	++*next;
	return s;
}

static void
step_text(const struct ex_step *s, char text[EX_NUMBER])
{
	*text = '\0';
	if (s)
		snprintf(text, EX_NUMBER, "%s%s", sw_state_name(s->state), s->inferred ? "?" : "");
}

void
ex_text_conn(FILE *out, const struct ex_report *r, const struct ex_conn *c)
{
	char name[2][EX_ENDPOINT], state[2][EX_NUMBER], frame[EX_NUMBER];
	unsigned next[2] = {0, 0};

	for (int i = 0; i < 2; i++)
		ex_end_text(&c->end[i].at, &r->style, name[i]);
	fprintf(out, "\n%*s%s %llu: %s\n", INDENT, "", ex_word(EX_W_CONN),
		(unsigned long long)c->id, ex_outcome_word(c->outcome));
	fprintf(out, "%*s%16s %10s  %-28s %s\n", INDENT, "", "", "", name[0], name[1]);
	for (unsigned rows = 0; rows < 2 * EX_STEPS; rows++) {
		const struct ex_end *a = &c->end[0], *b = &c->end[1];
		bool one = next[0] < a->steps, other = next[1] < b->steps;
		const struct ex_step *first;

		if (!one && !other)
			break;
		first = one && (!other || a->step[next[0]].at <= b->step[next[1]].at)
			    ? &a->step[next[0]]
			    : &b->step[next[1]];
		*frame = '\0';
		if (first->frame)
			snprintf(frame, sizeof(frame), "#%llu", (unsigned long long)first->frame);
		for (int i = 0; i < 2; i++)
			step_text(step_at(&c->end[i], &next[i], first), state[i]);
		fprintf(out, "%*s%16.6f %10s  %-*s%s%s\n", INDENT, "",
			(double)(first->at > c->start ? first->at - c->start : 0) / 1e9, frame,
			*state[1] ? 28 : 0, state[0], *state[1] ? " " : "", state[1]);
	}
}
