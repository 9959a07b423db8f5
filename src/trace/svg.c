/*
 * svg.c - the ladder as a drawing: where everything stands.
 *
 * Each moment at which something happens has its height.  Moments have the same room,
 * as much as their words need; or, with by_time, the room that their time takes.
 */
#include "trace/svg.h"

#include <stdlib.h>
#include <string.h>

enum { STEP = 12, DROP = 36, TOP = 24, MORE = 22 /* for what is crowded */ };
enum { NEAR = 16 /* lines that may cross */ };

/* ---- moments in order ---------------------------------------------------- */

/* An arrival comes before what is sent at that instant, if it is not of that instant itself. */
static int
phase(const struct svg_mark *m, const struct line *lines)
{
	return !m->arrival || lines[m->line].arrives == lines[m->line].at;
}

/* Is a to stand behind b? */
static bool
later(const struct svg_mark *a, const struct svg_mark *b, const struct line *lines)
{
	if (a->at != b->at)
		return a->at > b->at;
	if (phase(a, lines) != phase(b, lines))
		return phase(a, lines) > phase(b, lines);
	if (a->line != b->line)
		return a->line > b->line;
	return a->arrival && !b->arrival;
}

/* Puts a mark into its place: most come in order. */
static void
mark_add(struct svg *s, sw_ns at, uint32_t line, bool arrival)
{
	struct svg_mark m = {.at = at, .line = line, .arrival = arrival};
	size_t i = s->marks++;

	for (; i > 0 && later(&s->mark[i - 1], &m, s->l->kept); i--)
		s->mark[i] = s->mark[i - 1];
	s->mark[i] = m;
}

static void
mark_all(struct svg *s)
{
	const struct sw_ladder *l = s->l;

	s->first = l->n_kept ? l->kept[0].at : 0;
	for (uint32_t i = 0; i < l->n_kept; i++) {
		const struct line *line = &l->kept[i];

		mark_add(s, line->at, i, false);
		if (svg_arrives(line))
			mark_add(s, line->arrives, i, true);
		s->first = line->at < s->first ? line->at : s->first;
	}
	s->last = s->marks ? s->mark[s->marks - 1].at : 0;
}

/* ---- heights ------------------------------------------------------------- */

/* Rows that a text takes in so many columns. */
static int
rows_of(const char *text, int columns)
{
	int rows = 0;

	while (*text) {
		size_t n = sw_text_cut(text, columns);

		text += n + strspn(text + n, " ");
		rows++;
	}
	return rows;
}

/* Rows of words beside the bar of `side` at this mark. */
static int
side_rows(const struct svg *s, const struct svg_mark *m, int side)
{
	const struct line *line = &s->l->kept[m->line];
	bool mine = line->kind != SW_ROW_SEGMENT || svg_side(line, m->arrival) == side;

	if (!mine)
		return 0;
	return (line->state[side] != NO_STATE) +
	       (s->l->cfg.why ? rows_of(line->why[side], SVG_COLUMNS) : 0);
}

/* Rows between the two: of a note; or above an arrow. */
static int
middle_rows(const struct line *line)
{
	if (line->kind == SW_ROW_SEGMENT)
		return *line->options ? 2 : 1;
	return rows_of(line->text, SVG_MIDDLE) + (*line->options != 0);
}

bool
svg_crossed(const struct svg *s, uint32_t i)
{
	const struct line *line = s->l->kept;

	if (!svg_arrives(&line[i]))
		return false;
	for (uint32_t j = i > NEAR ? i - NEAR : 0; j < s->l->n_kept && j < i + NEAR; j++)
		if (svg_arrives(&line[j]) && line[j].side != line[i].side &&
		    line[j].at < line[i].arrives && line[i].at < line[j].arrives)
			return true;
	return false;
}

struct room { /* what is free from which height on */
	int side[2], middle, sent[2];
	int y;
};

/* Does this go out at the very moment and place at which the one before came in? */
static bool
is_answer(const struct svg *s, size_t i)
{
	const struct svg_mark *m = &s->mark[i], *before = i ? m - 1 : NULL;
	const struct line *line = &s->l->kept[m->line];

	return before && before->arrival && !m->arrival && before->at == m->at &&
	       line->kind == SW_ROW_SEGMENT &&
	       svg_side(&s->l->kept[before->line], true) == line->side;
}

static int
at_least(int y, int least)
{
	return y < least ? least : y;
}

/* The height of one mark, below all that is in its way. */
static void
place(struct svg *s, size_t i, struct room *room)
{
	struct svg_mark *m = &s->mark[i];
	const struct line *line = &s->l->kept[m->line];
	int rows[2] = {side_rows(s, m, 0), side_rows(s, m, 1)}, middle = middle_rows(line);
	bool segment = line->kind == SW_ROW_SEGMENT, answer = is_answer(s, i);
	int more = svg_crossed(s, m->line) ? MORE : 0;
	int y = room->y + (i == 0 ? 0 : answer ? more : STEP);

	for (int side = 0; side < 2; side++)
		if (rows[side] > 0 && !answer)
			y = at_least(y, room->side[side]);
	if (m->arrival)
		y = at_least(y, s->y0[m->line] + DROP + more + (middle > 1 ? 12 : 0));
	else if (segment)
		y = at_least(y, room->sent[line->side] + middle * SVG_ROW + 6);
	else if (middle > 0)
		y = at_least(y, room->middle + SVG_ROW);
	for (int side = 0; side < 2; side++)
		if (rows[side] > 0)
			room->side[side] = at_least(room->side[side], y) + rows[side] * SVG_ROW + 4;
	if (segment && !m->arrival)
		room->sent[line->side] = y;
	if (segment)
		room->middle = at_least(room->middle, y + (svg_arrives(line) ? 0 : SVG_ROW + 8));
	else if (middle > 0)
		room->middle = room->sent[0] = room->sent[1] = y + middle * SVG_ROW;
	room->y = m->y = y;
}

static void
place_all(struct svg *s)
{
	struct room room = {.y = s->top,
			    .side = {s->top, s->top},
			    .sent = {s->top - 40, s->top - 40},
			    .middle = s->top - 40};
	sw_ns span = s->last > s->first ? s->last - s->first : 1;

	for (size_t i = 0; i < s->marks; i++) {
		struct svg_mark *m = &s->mark[i];

		if (s->l->cfg.by_time)
			m->y = s->top + (int)((double)(m->at - s->first) / (double)span * SVG_LONG);
		else
			place(s, i, &room);
		if (m->arrival)
			s->y1[m->line] = m->y;
		else
			s->y0[m->line] = m->y;
		s->bottom = at_least(s->bottom, m->y);
	}
	s->bottom = at_least(at_least(s->bottom + 24, room.side[0] + 8), room.side[1] + 8);
}

/* ---- states over time ---------------------------------------------------- */

static void
span_all(struct svg *s)
{
	for (size_t i = 0; i < s->marks; i++) {
		const struct svg_mark *m = &s->mark[i];
		const struct line *line = &s->l->kept[m->line];

		for (int side = 0; side < 2; side++) {
			bool mine =
			    line->kind != SW_ROW_SEGMENT ||
			    (svg_arrives(line) ? svg_side(line, m->arrival) == side : !m->arrival);

			if (mine && line->state[side] != NO_STATE)
				s->span[side][s->spans[side]++] = (struct svg_span){
				    m->at, m->y, line->state[side], line->guess[side]};
		}
	}
}

/* ---- the whole ----------------------------------------------------------- */

static bool
svg_begin(struct svg *s)
{
	size_t n = s->l->n_kept + 1;

	s->mark = calloc(2 * n, sizeof(*s->mark));
	s->y0 = calloc(n, sizeof(*s->y0));
	s->y1 = calloc(n, sizeof(*s->y1));
	s->span[0] = calloc(2 * n, sizeof(*s->span[0]));
	s->span[1] = calloc(2 * n, sizeof(*s->span[1]));
	return s->mark && s->y0 && s->y1 && s->span[0] && s->span[1];
}

static void
svg_free(struct svg *s)
{
	free(s->mark);
	free(s->y0);
	free(s->y1);
	free(s->span[0]);
	free(s->span[1]);
}

static void
svg_head(const struct svg *s)
{
	const struct sw_ladder *l = s->l;

	if (!l->cfg.part)
		fprintf(s->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	fprintf(s->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"sw\" viewBox=\"0 0 %d %d\" "
		"width=\"%d\" height=\"%d\" role=\"img\">\n<title>",
		SVG_WIDTH, s->bottom + 16, SVG_WIDTH, s->bottom + 16);
	svg_text(s->out, *l->title ? l->title : "TCP");
	fprintf(s->out, "</title>\n");
	if (!l->cfg.part) {
		fprintf(s->out, "<style>\n");
		sw_ladder_style(s->out);
		fprintf(s->out, "</style>\n");
	}
	fprintf(s->out, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", SVG_WIDTH,
		s->bottom + 16);
}

void
svg_draw(struct sw_ladder *l)
{
	struct svg s = {.l = l}; /* no paper yet: only measured */

	if (!svg_begin(&s)) {
		l->failed = true;
		svg_free(&s);
		return;
	}
	mark_all(&s);
	span_all(&s);
	s.top = s.bottom = svg_bars(&s, TOP) + 40;
	place_all(&s);
	s.spans[0] = s.spans[1] = 0; /* once more, now that they have heights */
	span_all(&s);
	s.out = l->cfg.out;
	svg_head(&s);
	svg_bars(&s, TOP);
	svg_ladder(&s);
	if (fprintf(s.out, "</svg>\n") < 0)
		l->failed = true;
	svg_free(&s);
}
