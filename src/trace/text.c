/*
 * text.c - the ladder's lines as text, as wide as was asked for.
 *
 *	 time  state of A  --- arrow ------------------------------>  state of B
 *	   12          12                              what is left          12
 *
 * In ASCII, or with the lines and arrows of UTF-8.
 */
#include "trace/ladder.h"

#include <string.h>

enum {
	COL_TIME = 12,
	COL_DELTA = 9,
	COL_STATE = 12,
	COL_NUMBER = 9,
	INDENT = 4,
	ROOM = 4 * COLUMNS_MOST /* bytes of a row */
};

/* ---- widths -------------------------------------------------------------- */

static int
col_delta(const struct sw_ladder *l)
{
	return l->cfg.delta ? COL_DELTA : 0;
}

static int
col_number(const struct sw_ladder *l)
{
	return l->cfg.numbers ? COL_NUMBER : 0;
}

/* What stands left of the arrows. */
static int
col_left(const struct sw_ladder *l)
{
	return COL_TIME + col_delta(l) + 2 + COL_STATE + 1;
}

static int
col_arrow(const struct sw_ladder *l)
{
	return l->cfg.columns - col_left(l) - 1 - COL_STATE - col_number(l);
}

/* What is as wide as arrow and right state: for texts that are long. */
static int
col_middle(const struct sw_ladder *l)
{
	return l->cfg.columns - col_left(l) - col_number(l);
}

/* ---- pieces -------------------------------------------------------------- */

static void
add(char *row, const char *text)
{
	size_t used = strlen(row);

	snprintf(row + used, ROOM - used, "%s", text);
}

/* The same thing n times. */
static void
add_times(char *row, const char *text, int n)
{
	for (int i = 0; i < n; i++)
		add(row, text);
}

static void
trim(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && text[n - 1] == ' ')
		text[--n] = '\0';
}

struct signs {
	char dash[4], right[4], left[4], cross[4], pause[4], run[8];
};

static const struct signs ascii = {"-", ">", "<", "X", ":", "..."};
static const struct signs utf8 = {"─", "▶", "◀", "✗", "┊", "┄┄"};

static const struct signs *
signs(const struct sw_ladder *l)
{
	return l->cfg.unicode ? &utf8 : &ascii;
}

/* An arrow of `room` columns with words on it. */
static void
arrow(const struct sw_ladder *l, const struct line *line, const char *words, char row[ROOM])
{
	const struct signs *s = signs(l);
	bool gone = line_gone(line);
	const char *why = gone ? draw_fate(l, line->fate) : "";
	int tail = gone ? sw_text_columns(why) + 1 : 0;
	int rest = col_arrow(l) - tail - 6 - sw_text_columns(words);

	row[0] = '\0';
	if (line->side == 0) {
		add_times(row, s->dash, 3);
	} else {
		add(row, why);
		add(row, gone ? " " : "");
		add(row, gone ? s->cross : s->left);
		add_times(row, s->dash, 2);
	}
	add(row, " ");
	add(row, words);
	add(row, " ");
	add_times(row, s->dash, line->side == 0 ? rest : rest + 1);
	if (line->side == 0) {
		add(row, gone ? s->cross : s->right);
		add(row, gone ? " " : "");
		add(row, why);
	}
}

/* ---- rows ---------------------------------------------------------------- */

static const char *
colour(const struct sw_ladder *l, const struct line *line)
{
	if (!l->cfg.colour)
		return "";
	if (line->kind == SW_ROW_SEGMENT &&
	    (line_gone(line) || line->again || (line->ctl & SW_RST)))
		return "\033[31m";
	if (line->kind == SW_ROW_TIMER)
		return "\033[33m";
	if (line->kind == SW_ROW_GAP || line->kind == SW_ROW_NOTE ||
	    (line->kind == SW_ROW_SEGMENT && line->ctl == SW_ACK && line->len == 0))
		return "\033[2m";
	return "";
}

/* "+27us": the time since the row before. */
static void
delta_text(const struct sw_ladder *l, sw_ns at, char text[24])
{
	sw_ns d = at - l->drawn_at;

	text[0] = '\0';
	if (l->drawn == 0 || at <= l->drawn_at)
		return;
	if (d < 10 * SW_MS)
		snprintf(text, 24, "+%llu%ss", (unsigned long long)(d / SW_US),
			 l->cfg.unicode ? "µ" : "u");
	else if (d < 10 * SW_S)
		snprintf(text, 24, "+%llums", (unsigned long long)(d / SW_MS));
	else
		snprintf(text, 24, "+%llus", (unsigned long long)(d / SW_S));
}

static void
put(struct sw_ladder *l, const char *text)
{
	if (fputs(text, l->cfg.out) == EOF)
		l->failed = true;
}

/* Text, and spaces up to n columns. */
static void
put_padded(struct sw_ladder *l, const char *text, int n)
{
	int pad = n - sw_text_columns(text);

	put(l, text);
	if (fprintf(l->cfg.out, "%*s", pad > 0 ? pad : 0, "") < 0)
		l->failed = true;
}

/* What stands at the very left: the time, if it is the first row of a line. */
static void
put_time(struct sw_ladder *l, const struct line *line, bool first)
{
	char when[32] = "", delta[24] = "";
	sw_ns at = line->at > l->cfg.start ? line->at - l->cfg.start : 0;

	if (first) {
		snprintf(when, sizeof(when), "%llu.%06llu", (unsigned long long)(at / SW_S),
			 (unsigned long long)(at % SW_S / 1000));
		delta_text(l, line->at, delta);
	}
	if (fprintf(l->cfg.out, "%*s", COL_TIME, when) < 0)
		l->failed = true;
	if (l->cfg.delta)
		fprintf(l->cfg.out, "%*s%s", COL_DELTA - sw_text_columns(delta), "", delta);
	put(l, "  ");
}

static void
number_text(const struct line *line, char text[48])
{
	text[0] = '\0';
	if (line->packet && line->last > line->packet)
		snprintf(text, 48, " #%llu-%llu", (unsigned long long)line->packet,
			 (unsigned long long)line->last);
	else if (line->packet)
		snprintf(text, 48, " #%llu", (unsigned long long)line->packet);
}

static void
put_row(struct sw_ladder *l, const struct line *line, const char *middle, bool first)
{
	const char *on = *middle ? colour(l, line) : "", *off = *on ? "\033[0m" : "";
	char left[STATE_TEXT] = "", right[STATE_TEXT] = "", number[48] = "";
	bool wide;

	if (first) {
		draw_state(line, 0, left);
		draw_state(line, 1, right);
		number_text(line, number);
	}
	wide = *right || (*number && l->cfg.numbers);
	put_time(l, line, first);
	if (!*middle && !wide) {
		put(l, left);
		put(l, "\n");
		return;
	}
	put_padded(l, left, COL_STATE + 1);
	put(l, on);
	if (*right)
		put_padded(l, middle, col_arrow(l) + 1);
	else if (wide)
		put_padded(l, middle, col_middle(l));
	else
		put(l, middle);
	put(l, off);
	if (*right && *number && l->cfg.numbers)
		put_padded(l, right, COL_STATE);
	else
		put(l, right);
	put(l, l->cfg.numbers ? number : "");
	put(l, "\n");
}

/* A text of any length, in rows that end where a line may. */
static void
put_wrapped(struct sw_ladder *l, const struct line *line, const char *text, bool first)
{
	bool narrow = first && line->state[1] != NO_STATE;
	char row[ROOM], *at;
	size_t n;

	while (*text) {
		int indent = first ? 0 : INDENT;

		n = sw_text_cut(text, (narrow ? col_arrow(l) : col_middle(l)) - indent);
		snprintf(row, sizeof(row), "%*s%.*s", indent, "", (int)n, text);
		at = draw_loosen(row);
		trim(at);
		put_row(l, line, at, first);
		text += n + strspn(text + n, " ");
		first = narrow = false;
	}
}

/* The reasons: the left host's begin at the left, the right host's end at the right. */
static void
put_why(struct sw_ladder *l, const char *text, int side)
{
	int left = COL_TIME + col_delta(l) + 4, all = l->cfg.columns - left;
	int room = all * 3 / 4, most = 0;
	const char *on = l->cfg.colour ? "\033[2m" : "", *off = *on ? "\033[0m" : "";

	for (const char *at = text; *at;) { /* the longest of its rows */
		char row[ROOM];
		size_t n = sw_text_cut(at, room);

		snprintf(row, sizeof(row), "%.*s", (int)n, at);
		trim(row);
		most = sw_text_columns(row) > most ? sw_text_columns(row) : most;
		at += n + strspn(at + n, " ");
	}
	while (*text) {
		char row[ROOM];
		size_t n = sw_text_cut(text, room);

		snprintf(row, sizeof(row), "%.*s", (int)n, text);
		trim(draw_loosen(row));
		if (fprintf(l->cfg.out, "%*s%s%s%s\n", side ? left + all - most : left, "", on, row,
			    off) < 0)
			l->failed = true;
		text += n + strspn(text + n, " ");
	}
}

static void
text_segment(struct sw_ladder *l, const struct line *line)
{
	int tail = line_gone(line) ? sw_text_columns(draw_fate(l, line->fate)) + 1 : 0;
	char mark[64], words[3 * LADDER_TEXT], head[ROOM], row[ROOM];
	size_t n;

	draw_marks(l, line, mark, sizeof(mark));
	snprintf(words, sizeof(words), "%s%s%s", line->text, mark, line->options);
	n = sw_text_cut(words, col_arrow(l) - tail - 7);
	snprintf(head, sizeof(head), "%.*s", (int)n, words);
	trim(head);
	arrow(l, line, draw_loosen(head), row);
	if (line->state[1] == NO_STATE && !(l->cfg.numbers && line->packet))
		trim(row);
	put_row(l, line, row, true);
	if (words[n])
		put_wrapped(l, line, words + n + strspn(words + n, " "), false);
}

/* What is short and belongs to one side. */
static void
text_aside(struct sw_ladder *l, const struct line *line)
{
	char row[ROOM] = "";
	int pad = col_arrow(l) - sw_text_columns(line->text);

	if (line->side == 1 && pad > 0)
		add_times(row, " ", pad);
	add(row, line->text);
	if (pad < 0)
		put_wrapped(l, line, line->text, true);
	else
		put_row(l, line, draw_loosen(row), true);
}

static void
text_long(struct sw_ladder *l, const struct line *line)
{
	const struct signs *s = signs(l);
	const char *end = line->kind == SW_ROW_RUN ? s->run : "";
	char words[2 * LADDER_TEXT + 32];

	snprintf(words, sizeof(words), "%s%s%s%s%s%s%s", line->kind == SW_ROW_GAP ? s->pause : end,
		 line->kind == SW_ROW_NOTE ? "" : " ", line->text,
		 *line->text && *line->options ? ", " : "", line->options, *end ? " " : "", end);
	put_wrapped(l, line, words, true);
}

void
text_line(struct sw_ladder *l, const struct line *line)
{
	switch (line->kind) {
	case SW_ROW_SEGMENT:
		text_segment(l, line);
		break;
	case SW_ROW_TIMER:
	case SW_ROW_CALL:
		text_aside(l, line);
		break;
	case SW_ROW_NOTE:
		if (line->side >= 0)
			text_aside(l, line);
		else
			text_long(l, line);
		break;
	case SW_ROW_RUN:
	case SW_ROW_GAP:
		text_long(l, line);
		break;
	default:
		put_row(l, line, "", true);
	}
	for (int i = 0; i < 2 && l->cfg.why; i++) {
		int side = line->side == 1 ? !i : i; /* who sends comes first */

		if (*line->why[side])
			put_why(l, line->why[side], side);
	}
}

void
text_head(struct sw_ladder *l)
{
	int n, gap = COL_STATE + 1 + col_arrow(l) + 1 + COL_STATE - sw_text_columns(l->name[0]) -
		     sw_text_columns(l->name[1]);

	n = fprintf(l->cfg.out, "%*s%*s  %s%*s%s\n", COL_TIME, "time", col_delta(l), "", l->name[0],
		    gap > 1 ? gap : 1, "", l->name[1]);
	l->failed = l->failed || n < 0;
}
