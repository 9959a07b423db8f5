/*
 * draw.c - which paper a ladder is drawn on, and the words that all of them share.
 */
#include "trace/ladder.h"

#include <stdlib.h>
#include <string.h>

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

const char *
draw_fate(unsigned fate)
{
	if (fate & SW_SIM_QUEUE_DROPPED)
		return "queue full";
	if (fate & SW_SIM_TOO_BIG)
		return "too big";
	return fate & SW_SIM_FILTERED ? "dropped" : "lost";
}

void
draw_marks(const struct line *line, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s", line->again ? " [again]" : "",
		 line->fate & SW_SIM_DUPLICATE ? " [copy]" : "",
		 line->fate & SW_SIM_CORRUPTED ? " [bit" JOIN "flipped]" : "",
		 line->fate & SW_SIM_REORDERED ? " [held" JOIN "back]" : "");
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
	char text[2 * LADDER_TEXT], more[LADDER_TEXT], mark[64];
	struct sw_row row;

	sw_row_init(&row, line->kind, line->side, line->at);
	draw_marks(line, mark, sizeof(mark));
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
		row.why[side] = *line->why[side] ? line->why[side] : NULL;
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
	struct line gap;

	if (l->cfg.most && l->drawn >= l->cfg.most) {
		l->drawn++;
		return;
	}
	if (l->cfg.gap && gap_before(l, line, &gap))
		draw_one(l, &gap);
	draw_one(l, line);
	l->drawn++;
	for (int side = 0; side < 2; side++)
		if (line->state[side] != NO_STATE)
			l->state[side] = line->state[side];
	if (line->at > l->last || l->drawn == 1)
		l->last = line->at;
	if (line->arrives != SW_NEVER && line->arrives > l->last && !line_gone(line))
		l->last = line->arrives;
}

void
draw_end(struct sw_ladder *l)
{
	struct line more = {.kind = SW_ROW_NOTE,
			    .at = l->last,
			    .arrives = SW_NEVER,
			    .side = -1,
			    .state = {NO_STATE, NO_STATE}};
	char n[32];

	if (l->cfg.most && l->drawn > l->cfg.most) {
		snprintf(more.text, sizeof(more.text), ladder_say(l, "%s rows more"),
			 draw_count(l->drawn - l->cfg.most, n));
		draw_one(l, &more);
	}
	if (l->cfg.form == SW_LADDER_SVG)
		svg_draw(l);
}
