/*
 * svg_draw.c - the ladder of a drawing: the two bars, arrows, words.
 */
#include "trace/svg.h"

#include <stdlib.h>
#include <string.h>

/* ---- the two hosts ------------------------------------------------------- */

static void
host(const struct svg *s, int side)
{
	const struct svg_span *p = s->span[side];
	int x = side ? SVG_BAR_B : SVG_BAR_A;
	char how_long[32];

	fprintf(s->out, "<text class=\"head\" x=\"%d\" y=\"%d\" text-anchor=\"%s\">",
		side ? SVG_BAR_B : SVG_BAR_A + SVG_BAR_WIDTH, s->top - 20, side ? "start" : "end");
	svg_text(s->out, s->l->name[side]);
	fprintf(s->out, "</text>\n");
	for (size_t i = 0; i < s->spans[side]; i++) {
		bool last = i + 1 == s->spans[side];
		int end = last ? s->bottom : p[i + 1].y;

		fprintf(s->out,
			"<g><title>%s%s, %s</title><rect class=\"s%u\" x=\"%d\" y=\"%d\" "
			"width=\"%d\" height=\"%d\"/></g>\n",
			sw_state_name(p[i].state), p[i].guess ? "?" : "",
			last ? "" : svg_duration(p[i + 1].at - p[i].at, how_long), p[i].state, x,
			p[i].y, SVG_BAR_WIDTH, end > p[i].y ? end - p[i].y : 1);
	}
}

/* ---- words --------------------------------------------------------------- */

/* Words of one side, row by row; the y below them. */
static int
side_words(const struct svg *s, int side, const char *class, const char *text, int y)
{
	while (*text) {
		size_t n = sw_text_cut(text, SVG_COLUMNS);
		char row[4 * SVG_COLUMNS + 1];

		snprintf(row, sizeof(row), "%.*s", (int)n, text);
		fprintf(s->out, "<text class=\"%s\" x=\"%d\" y=\"%d\"%s>", class,
			side ? SVG_RIGHT : SVG_LEFT, y, side ? "" : " text-anchor=\"end\"");
		svg_text(s->out, row);
		fprintf(s->out, "</text>\n");
		text += n + strspn(text + n, " ");
		y += SVG_ROW;
	}
	return y;
}

/* How long the state that begins at this mark lasts; 0: to the end. */
static sw_ns
lasts(const struct svg *s, int side, const struct svg_mark *m)
{
	for (size_t i = 0; i + 1 < s->spans[side]; i++)
		if (s->span[side][i].y == m->y && s->span[side][i].at == m->at)
			return s->span[side][i + 1].at - m->at;
	return 0;
}

/* State and reason beside a bar. */
static void
side_say(struct svg *s, const struct svg_mark *m, int side)
{
	const struct line *line = &s->l->kept[m->line];
	char state[STATE_TEXT], how_long[32];
	int y = m->y + 4;
	sw_ns d;

	if (y < s->seen[side] && s->l->cfg.by_time)
		return; /* no room: the words of the one before stand here */
	y = y < s->seen[side] ? s->seen[side] : y;
	if (line->state[side] != NO_STATE) {
		d = lasts(s, side, m);
		fprintf(s->out, "<text class=\"state\" x=\"%d\" y=\"%d\"%s>%s",
			side ? SVG_RIGHT : SVG_LEFT, y, side ? "" : " text-anchor=\"end\"",
			draw_state(line, side, state));
		if (d > 0)
			fprintf(s->out, "<tspan class=\"t\"> %s</tspan>",
				svg_duration(d, how_long));
		fprintf(s->out, "</text>\n");
		y += SVG_ROW;
	}
	if (s->l->cfg.why && !s->l->cfg.by_time)
		y = side_words(s, side, "why", line->why[side], y);
	if (y > m->y + 4)
		s->seen[side] = y;
}

static void
time_say(const struct svg *s, const struct svg_mark *m)
{
	sw_ns at = m->at > s->l->cfg.start ? m->at - s->l->cfg.start : 0;

	fprintf(s->out,
		"<text class=\"t\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%llu.%06llu</text>\n",
		SVG_TIME, m->y + 4, (unsigned long long)(at / SW_S),
		(unsigned long long)(at % SW_S / 1000));
}

/* ---- arrows -------------------------------------------------------------- */

/* The head of an arrow at (x, y), going right (1) or left (-1); or the cross of a lost one. */
static void
tip(const struct svg *s, int x, int y, int way, bool gone)
{
	if (gone)
		fprintf(s->out, "<path class=\"arrow\" d=\"M%d %dl10 10m0 -10l-10 10\"/>\n", x - 5,
			y - 5);
	else
		fprintf(s->out, "<path class=\"tip\" d=\"M%d %dl%d -4v8z\"/>\n", x, y, -9 * way);
}

/* Words along an arrow from y0 to y1, a little nearer to its head than to its tail. */
static void
arrow_words(const struct svg *s, uint32_t i, int y0, int y1)
{
	const struct line *line = &s->l->kept[i];
	char mark[64], text[2 * LADDER_TEXT], number[48] = "";
	int width = SVG_LINE_B - SVG_LINE_A, way = line->side ? -1 : 1;
	int along = svg_crossed(s, i) ? 26 : line_gone(line) ? 42 : 54; /* per cent of the arrow */
	int x = (line->side ? SVG_LINE_B : SVG_LINE_A) + way * width * along / 100;
	int y = y0 + (y1 - y0) * along / 100;
	double slope = (double)(y1 - y0) / width * way * 57.2958;

	draw_marks(s->l, line, mark, sizeof(mark));
	if (line->packet)
		snprintf(number, sizeof(number), "#%llu ", (unsigned long long)line->packet);
	snprintf(text, sizeof(text), "%s%s%s%s%s", number, line->text, mark,
		 line_gone(line) ? ", " : "", line_gone(line) ? draw_fate(s->l, line->fate) : "");
	fprintf(s->out, "<g transform=\"rotate(%.2f %d %d)\">", slope, x, y);
	fprintf(s->out, "<text class=\"word\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">", x,
		y - 5 - (*line->options ? 12 : 0));
	svg_text(s->out, text);
	if (*line->options) {
		fprintf(
		    s->out,
		    "</text><text class=\"word more\" text-anchor=\"middle\" x=\"%d\" y=\"%d\">", x,
		    y - 5);
		svg_text(s->out, line->options + (*line->options == ' '));
	}
	fprintf(s->out, "</text></g>\n");
}

static void
segment(struct svg *s, uint32_t i)
{
	const struct line *line = &s->l->kept[i];
	int from = line->side ? SVG_LINE_B : SVG_LINE_A, to = line->side ? SVG_LINE_A : SVG_LINE_B;
	bool arrives = svg_arrives(line), room;
	int y0 = s->y0[i], y1 = arrives ? s->y1[i] : y0 + (s->l->cfg.by_time ? 0 : 18);
	int end = arrives ? to : from + (to - from) * 86 / 100;
	bool bad = line_gone(line) || line->again || (line->ctl & SW_RST);

	fprintf(s->out, "<g%s><title>", bad ? " class=\"bad\"" : "");
	svg_text(s->out, line->text);
	svg_text(s->out, line->options);
	fprintf(s->out, "</title><path class=\"arrow\" d=\"M%d %dL%d %d\"/>\n", from, y0, end, y1);
	tip(s, end, y1, line->side ? -1 : 1, line_gone(line));
	room = !s->l->cfg.by_time || y0 >= s->seen_middle + 2 * SVG_ROW;
	if (room) {
		arrow_words(s, i, y0, arrives ? y1 : y1 + 3);
		s->seen_middle = y1;
	}
	fprintf(s->out, "</g>\n");
}

/* ---- all that is no arrow ------------------------------------------------ */

/* Words at one side of the middle, or in it. */
static void
aside(struct svg *s, const struct line *line, int y)
{
	bool middle = line->side < 0;
	int x = middle	     ? (SVG_LINE_A + SVG_LINE_B) / 2
		: line->side ? SVG_LINE_B - 6
			     : SVG_LINE_A + 6;
	const char *anchor = middle ? "middle" : line->side ? "end" : "start";
	const char *class = line->kind == SW_ROW_TIMER ? "word timer" : "word";
	const char *text = line->text;

	if (s->l->cfg.by_time && y < s->seen_middle + SVG_ROW)
		return;
	y += 4;
	for (int pass = 0; pass < 2; pass++, text = line->options) {
		while (*text) {
			size_t n = sw_text_cut(text, SVG_MIDDLE);
			char row[4 * SVG_MIDDLE + 1];

			snprintf(row, sizeof(row), "%.*s", (int)n, text);
			fprintf(s->out, "<text class=\"%s\" x=\"%d\" y=\"%d\" text-anchor=\"%s\">",
				class, x, y, anchor);
			svg_text(s->out, row);
			fprintf(s->out, "</text>\n");
			text += n + strspn(text + n, " ");
			y += SVG_ROW;
		}
	}
	s->seen_middle = y - SVG_ROW;
}

static void
pause_line(const struct svg *s, int y)
{
	fprintf(s->out, "<path class=\"pause\" d=\"M%d %dH%d\"/>\n", SVG_LINE_A, y + 8, SVG_LINE_B);
}

void
svg_ladder(struct svg *s)
{
	sw_ns told = SW_NEVER;
	int told_y = -SVG_ROW;

	s->seen[0] = s->seen[1] = s->seen_middle = 0;
	host(s, 0);
	host(s, 1);
	for (size_t i = 0; i < s->marks; i++) {
		const struct svg_mark *m = &s->mark[i];
		const struct line *line = &s->l->kept[m->line];
		bool arrow = line->kind == SW_ROW_SEGMENT;

		if (m->at != told && m->y >= told_y + SVG_ROW - 2) {
			time_say(s, m);
			told = m->at;
			told_y = m->y;
		}
		if (arrow && !m->arrival)
			segment(s, m->line);
		else if (!arrow)
			aside(s, line, m->y);
		if (line->kind == SW_ROW_GAP)
			pause_line(s, m->y);
		for (int side = 0; side < 2; side++)
			if (!arrow || svg_side(line, m->arrival) == side)
				side_say(s, m, side);
	}
}
