/*
 * draw.c - which paper a ladder is drawn on, and the words that all of them share.
 */
#include "trace/ladder.h"

#include <stdlib.h>
#include <string.h>

const char *
draw_fate(const struct sw_ladder *l, unsigned fate)
{
	if (fate & SW_SIM_QUEUE_DROPPED)
		return ladder_say(l, N_("queue full"));
	if (fate & SW_SIM_TOO_BIG)
		return ladder_say(l, N_("too big"));
	return ladder_say(l, fate & SW_SIM_FILTERED ? N_("dropped") : N_("lost"));
}

void
draw_marks(const struct sw_ladder *l, const struct line *line, char *text, size_t size)
{
	static const struct {
		unsigned fate;
		char word[12];
	} marks[] = {{SW_SIM_DUPLICATE, N_("copy")},
		     {SW_SIM_INJECTED, N_("late")},
		     {SW_SIM_CORRUPTED, N_("bit flipped")},
		     {SW_SIM_REORDERED, N_("held back")}};
	size_t used;

	text[0] = '\0';
	if (line->again)
		words_add(text, size, " [%s]", ladder_say(l, N_("again")));
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (!(line->fate & marks[i].fate))
			continue;
		used = strlen(text);
		words_add(text, size, " [%s]", ladder_say(l, marks[i].word));
		for (char *at = text + used + 1; used < strlen(text) && *at; at++)
			if (*at == ' ')
				*at = JOIN[0];
	}
}

char *
draw_loosen(char *text)
{
	for (char *at = text; *at; at++)
		if (*at == JOIN[0])
			*at = ' ';
	return text;
}

char *
draw_state(const struct line *line, int side, char text[STATE_TEXT])
{
	text[0] = '\0';
	if (line->state[side] != NO_STATE)
		snprintf(text, STATE_TEXT, "%s%s", sw_state_name(line->state[side]),
			 line->guess[side] ? "?" : "");
	return text;
}

const char *
ladder_say(const struct sw_ladder *l, const char *english)
{
	return l->cfg.say ? l->cfg.say(english) : english;
}

/* ---- the three papers, and the caller's own ------------------------------ */

void
draw_head(struct sw_ladder *l)
{
	if (l->cfg.form == SW_LADDER_TEXT)
		text_head(l);
	else if (l->cfg.form == SW_LADDER_MERMAID)
		mermaid_head(l);
}

/* An SVG is as high as its lines need: they are kept. */
static void
keep(struct sw_ladder *l, const struct line *line)
{
	size_t cap = l->cap_kept ? 2 * l->cap_kept : 64;
	struct line *more = l->kept;

	if (l->n_kept == l->cap_kept) {
		more = realloc(l->kept, cap * sizeof(*more));
		if (!more) {
			l->failed = true;
			return;
		}
		l->kept = more;
		l->cap_kept = cap;
	}
	l->kept[l->n_kept++] = *line;
}

/* A finished line as a row. */
static void
hand_over(struct sw_ladder *l, const struct line *line)
{
	char text[2 * LADDER_TEXT], more[LADDER_TEXT], why[2][LADDER_WHY], mark[64];
	struct sw_row row;

	sw_row_init(&row, line->kind, line->side, line->at);
	draw_marks(l, line, mark, sizeof(mark));
	snprintf(text, sizeof(text), "%s%s", line->text, mark);
	snprintf(more, sizeof(more), "%s",
		 *line->options == ' ' ? line->options + 1 : line->options);
	row.arrives = line->arrives;
	row.fate = line->fate;
	row.again = line->again;
	row.packet = line->packet;
	row.last = line->last;
	row.text = draw_loosen(text);
	row.more = *more ? draw_loosen(more) : NULL;
	for (int side = 0; side < 2; side++) {
		row.state[side] = line->state[side];
		row.guess[side] = line->guess[side];
		memcpy(why[side], line->why[side], LADDER_WHY);
		row.why[side] = *line->why[side] ? draw_loosen(why[side]) : NULL;
	}
	if (l->cfg.row)
		l->cfg.row(l->cfg.ctx, &row);
}

static void
draw_one(struct sw_ladder *l, const struct line *line)
{
	switch (l->cfg.form) {
	case SW_LADDER_MERMAID:
		mermaid_line(l, line);
		return;
	case SW_LADDER_SVG:
		keep(l, line);
		return;
	case SW_LADDER_ROWS:
		hand_over(l, line);
		return;
	default:
		text_line(l, line);
	}
}

void
draw_line(struct sw_ladder *l, const struct line *line)
{
	if (line->at < l->cfg.start)
		return; /* it was only to be learned from */
	if (!l->cfg.most || l->drawn < l->cfg.most)
		draw_one(l, line);
	l->drawn++;
	l->drawn_at = line->at;
}

void
draw_end(struct sw_ladder *l)
{
	struct line more = {.kind = SW_ROW_NOTE,
			    .at = l->drawn_at,
			    .arrives = SW_NEVER,
			    .side = -1,
			    .state = {NO_STATE, NO_STATE}};
	char n[32];

	if (l->cfg.most && l->drawn > l->cfg.most) {
		snprintf(more.text, sizeof(more.text), ladder_say(l, N_("%s rows more")),
			 sw_text_count(l->drawn - l->cfg.most, n));
		draw_one(l, &more);
	}
	if (l->cfg.form == SW_LADDER_SVG)
		svg_draw(l);
}
