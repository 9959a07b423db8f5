/*
 * mermaid.c - the ladder as a Mermaid sequenceDiagram, to be pasted where Markdown is
 * shown.
 */
#include "trace/ladder.h"

#include <string.h>

static const char *
letter(int side)
{
	return side == 0 ? "A" : side == 1 ? "B" : "A,B";
}

/* Prints what somebody wrote: characters with a meaning of their own are left out. */
static void
put_plain(struct sw_ladder *l, const char *text)
{
	for (; *text; text++) {
		char c = *text == JOIN[0] ? ' ' : *text == ';' ? ',' : *text;

		if (c != '#' && c != '\n' && fputc(c, l->cfg.out) == EOF)
			l->failed = true;
	}
}

static void
put_note(struct sw_ladder *l, int side, const char *text)
{
	if (!*text)
		return;
	fprintf(l->cfg.out, "    Note over %s: ", letter(side));
	put_plain(l, text);
	if (fputc('\n', l->cfg.out) == EOF)
		l->failed = true;
}

static void
put_state(struct sw_ladder *l, const struct line *line, int side)
{
	char text[STATE_TEXT];

	put_note(l, side, draw_state(line, side, text));
}

static void
put_segment(struct sw_ladder *l, const struct line *line)
{
	bool gone = line_gone(line);
	char mark[64], words[3 * LADDER_TEXT];

	draw_marks(l, line, mark, sizeof(mark));
	snprintf(words, sizeof(words), "%s%s%s", line->text, mark, line->options);
	put_state(l, line, line->side);
	if (l->cfg.why)
		put_note(l, line->side, line->why[line->side]);
	fprintf(l->cfg.out, "    %s%s%s: ", letter(line->side), gone ? "-x" : "->>",
		letter(!line->side));
	put_plain(l, words);
	if (fprintf(l->cfg.out, "%s%s%s\n", gone ? " (" : "", gone ? draw_fate(l, line->fate) : "",
		    gone ? ")" : "") < 0)
		l->failed = true;
	put_state(l, line, !line->side);
	if (l->cfg.why)
		put_note(l, !line->side, line->why[!line->side]);
}

void
mermaid_line(struct sw_ladder *l, const struct line *line)
{
	char words[2 * LADDER_TEXT + 4];

	if (line->kind == SW_ROW_SEGMENT) {
		put_segment(l, line);
		return;
	}
	snprintf(words, sizeof(words), "%s%s%s", line->text,
		 *line->text && *line->options && *line->options != ' ' ? ", " : "", line->options);
	put_note(l, line->kind == SW_ROW_RUN ? -1 : line->side, words);
	for (int side = 0; side < 2; side++) {
		put_state(l, line, side);
		if (l->cfg.why)
			put_note(l, side, line->why[side]);
	}
}

void
mermaid_head(struct sw_ladder *l)
{
	fprintf(l->cfg.out, "sequenceDiagram\n    participant A as ");
	put_plain(l, l->name[0]);
	fprintf(l->cfg.out, "\n    participant B as ");
	put_plain(l, l->name[1]);
	if (fputc('\n', l->cfg.out) == EOF)
		l->failed = true;
}
