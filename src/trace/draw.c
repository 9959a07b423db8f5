/*
 * draw.c - the ladder's lines as text of at most 100 columns, or as Mermaid.
 *
 *	 time  state of A  --- arrow ------------------------------>  state of B
 *	   12          12                                        60          12
 */
#include "trace/ladder.h"

#include <string.h>

enum { COL_TIME = 12, COL_STATE = 12, COL_ARROW = 60 };

char *
draw_count(uint64_t n, char *text)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

/* ---- text --------------------------------------------------------------- */

static const char *
state_text(enum sw_state s)
{
	return s == NO_STATE ? "" : sw_state_name(s);
}

/* What happened to a packet, behind its arrow's head or in its words. */
static const char *
fate_word(unsigned fate)
{
	if (fate & SW_SIM_QUEUE_DROPPED)
		return "queue full";
	if (fate & SW_SIM_TOO_BIG)
		return "too big";
	return fate & SW_SIM_FILTERED ? "dropped" : "lost";
}

static void
marks(const struct line *line, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s", line->again ? " [again]" : "",
		 line->fate & SW_SIM_DUPLICATE ? " [copy]" : "",
		 line->fate & SW_SIM_CORRUPTED ? " [bit" JOIN "flipped]" : "",
		 line->fate & SW_SIM_REORDERED ? " [held" JOIN "back]" : "");
}

/* Fills n columns with dashes. */
static void
dashes(char *at, int n)
{
	for (int i = 0; i < n; i++)
		at[i] = '-';
}

/* An arrow of COL_ARROW columns with words on it, into `out`. */
static void
arrow(const struct line *line, const char *words, char out[COL_ARROW + 1])
{
	bool gone = line->fate & SW_SIM_GONE;
	const char *why = gone ? fate_word(line->fate) : "";
	int tail = gone ? (int)strlen(why) + 1 : 0;
	int room = COL_ARROW - tail - 7, len = (int)strlen(words);

	if (len > room)
		len = room;
	memset(out, ' ', COL_ARROW);
	out[COL_ARROW] = '\0';
	if (line->side == 0) {
		dashes(out, 3);
		memcpy(out + 4, words, (size_t)len);
		dashes(out + 5 + len, COL_ARROW - tail - 6 - len);
		out[COL_ARROW - tail - 1] = gone ? 'X' : '>';
		memcpy(out + COL_ARROW - tail + (gone ? 1 : 0), why, strlen(why));
	} else {
		memcpy(out, why, strlen(why));
		out[tail] = gone ? 'X' : '<';
		dashes(out + tail + 1, 2);
		memcpy(out + tail + 4, words, (size_t)len);
		dashes(out + tail + 5 + len, COL_ARROW - tail - 5 - len);
	}
}

/* JOINs become spaces: after the places where a line may end were looked for. */
static char *
loosen(char *text)
{
	for (char *at = text; *at; at++)
		if (*at == JOIN[0])
			*at = ' ';
	return text;
}

static void
put_row(struct sw_ladder *l, const struct line *line, const char *middle, bool first)
{
	const char *on = "", *off = "";
	char when[32] = "";
	sw_ns at = line->at - l->cfg.start;
	int n;

	if (l->cfg.colour && (line->rst || (line->fate & SW_SIM_GONE)))
		on = "\033[31m";
	else if (l->cfg.colour && (line->again || line->kind == LINE_TIMER))
		on = "\033[33m";
	if (*on)
		off = "\033[0m";
	if (first)
		snprintf(when, sizeof(when), "%llu.%06llu", (unsigned long long)(at / SW_S),
			 (unsigned long long)(at % SW_S / 1000));
	if (first && line->state[1] != NO_STATE)
		n = fprintf(l->cfg.out, "%*s  %-*s %s%-*s%s %s\n", COL_TIME, when, COL_STATE,
			    state_text(line->state[0]), on, COL_ARROW, middle, off,
			    state_text(line->state[1]));
	else if (*middle)
		n = fprintf(l->cfg.out, "%*s  %-*s %s%s%s\n", COL_TIME, when, COL_STATE,
			    first ? state_text(line->state[0]) : "", on, middle, off);
	else
		n = fprintf(l->cfg.out, "%*s  %s\n", COL_TIME, when,
			    first ? state_text(line->state[0]) : "");
	if (n < 0)
		l->failed = true;
}

/* Spaces at the end of a text are not printed. */
static void
trim(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == ' ')
		text[--n] = '\0';
}

/* A text of any length in rows of at most `width` columns, cut at spaces. */
static void
put_wrapped(struct sw_ladder *l, const struct line *line, const char *text, bool first)
{
	enum { INDENT = 4, WIDTH = 72 };
	char row[WIDTH + 1];

	for (const char *at = text; *at; first = false) {
		size_t indent = first ? 0 : INDENT, room = WIDTH - indent, n = strlen(at);

		if (n > room)
			for (n = room; n > 1 && at[n] != ' '; n--)
				;
		snprintf(row, sizeof(row), "%*s%.*s", (int)indent, "", (int)n, at);
		put_row(l, line, loosen(row), first);
		at += n;
		at += *at == ' ';
	}
}

static void
text_segment(struct sw_ladder *l, const struct line *line)
{
	char mark[64], words[3 * LADDER_TEXT], head[COL_ARROW], out[COL_ARROW + 1];
	int tail = line->fate & SW_SIM_GONE ? (int)strlen(fate_word(line->fate)) + 1 : 0;
	size_t room = (size_t)(COL_ARROW - tail - 7), n;

	marks(line, mark, sizeof(mark));
	snprintf(words, sizeof(words), "%s%s%s", line->text, mark, line->options);
	n = strlen(words);
	if (n > room) /* at a space */
		for (n = room; n > 1 && words[n] != ' '; n--)
			;
	snprintf(head, sizeof(head), "%.*s", (int)n, words);
	arrow(line, loosen(head), out);
	if (line->state[1] == NO_STATE)
		trim(out);
	put_row(l, line, out, true);
	if (words[n])
		put_wrapped(l, line, words + n + 1, false);
}

static void
text_line(struct sw_ladder *l, const struct line *line)
{
	char room[2 * LADDER_TEXT + 16], out[COL_ARROW + 1];

	switch (line->kind) {
	case LINE_SEGMENT:
		text_segment(l, line);
		return;
	case LINE_TIMER:
		snprintf(out, sizeof(out), "%*.*s", line->side ? COL_ARROW : 0, COL_ARROW,
			 line->text);
		put_row(l, line, out, true);
		return;
	case LINE_RUN:
		snprintf(room, sizeof(room), "... %s%s%s ...", line->text,
			 *line->text && *line->options ? ", " : "", line->options);
		put_wrapped(l, line, room, true);
		return;
	default:
		put_row(l, line, "", true);
	}
}

/* ---- Mermaid ------------------------------------------------------------ */

static const char *
letter(int side)
{
	return side ? "B" : "A";
}

static void
put_note(struct sw_ladder *l, int side, const char *text)
{
	if (*text && fprintf(l->cfg.out, "    Note over %s: %s\n", letter(side), text) < 0)
		l->failed = true;
}

static void
mermaid_segment(struct sw_ladder *l, const struct line *line)
{
	bool gone = line->fate & SW_SIM_GONE;
	char mark[64], words[3 * LADDER_TEXT];
	int n;

	marks(line, mark, sizeof(mark));
	snprintf(words, sizeof(words), "%s%s%s", line->text, mark, line->options);
	put_note(l, line->side, state_text(line->state[line->side]));
	n = fprintf(l->cfg.out, "    %s%s%s: %s%s%s%s\n", letter(line->side), gone ? "-x" : "->>",
		    letter(!line->side), loosen(words), gone ? " (" : "",
		    gone ? fate_word(line->fate) : "", gone ? ")" : "");
	if (n < 0)
		l->failed = true;
	put_note(l, !line->side, state_text(line->state[!line->side]));
}

static void
mermaid_line(struct sw_ladder *l, const struct line *line)
{
	switch (line->kind) {
	case LINE_SEGMENT:
		mermaid_segment(l, line);
		return;
	case LINE_TIMER:
		put_note(l, line->side, line->text);
		return;
	case LINE_RUN:
		if (fprintf(l->cfg.out, "    Note over A,B: %s%s%s\n", line->text,
			    *line->text && *line->options ? ", " : "", line->options) < 0)
			l->failed = true;
		return;
	default:
		put_note(l, 0, state_text(line->state[0]));
		put_note(l, 1, state_text(line->state[1]));
	}
}

/* ---- either ------------------------------------------------------------- */

void
draw_head(struct sw_ladder *l)
{
	int n, gap;

	if (l->cfg.form == SW_LADDER_MERMAID) {
		n = fprintf(l->cfg.out,
			    "sequenceDiagram\n    participant A as %s\n"
			    "    participant B as %s\n",
			    l->name[0], l->name[1]);
		l->failed = l->failed || n < 0;
		return;
	}
	gap = COL_STATE + 1 + COL_ARROW + 1 + COL_STATE - (int)strlen(l->name[0]) -
	      (int)strlen(l->name[1]);
	n = fprintf(l->cfg.out, "%*s  %s%*s%s\n", COL_TIME, "time", l->name[0], gap > 1 ? gap : 1,
		    "", l->name[1]);
	l->failed = l->failed || n < 0;
}

void
draw_line(struct sw_ladder *l, const struct line *line)
{
	if (l->cfg.form == SW_LADDER_MERMAID)
		mermaid_line(l, line);
	else
		text_line(l, line);
}
