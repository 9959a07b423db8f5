/*
 * svg.h - what the files of the drawing share: svg.c decides where things stand,
 * svg_bar.c draws the time in each state, svg_draw.c the ladder itself.
 */
#ifndef SW_TRACE_SVG_H
#define SW_TRACE_SVG_H

#include "trace/ladder.h"

enum {			 /* pixels, from left to right */
       SVG_TIME = 86,	 /* where times end */
       SVG_LEFT = 300,	 /* where the left host's words end */
       SVG_BAR_A = 306,	 /* its bar */
       SVG_LINE_A = 322, /* arrows from here */
       SVG_LINE_B = 722, /* to here */
       SVG_BAR_B = 726,
       SVG_RIGHT = 744, /* where the right host's words begin */
       SVG_WIDTH = 1030,
       SVG_BAR_WIDTH = 12,
       SVG_ROW = 14,	 /* of words */
       SVG_COLUMNS = 36, /* of a host's words */
       SVG_MIDDLE = 54,	 /* columns of words on an arrow, or between the hosts */
       SVG_LONG = 640	 /* the whole ladder, where lengths are times */
};

/* What happens at one place of the paper: a line begins, or its segment arrives. */
struct svg_mark {
	sw_ns at;
	uint32_t line;
	bool arrival;
	int y;
};

/* A state of one side, from y on. */
struct svg_span {
	sw_ns at;
	int y;
	enum sw_state state;
	bool guess;
};

struct svg {
	struct sw_ladder *l;
	FILE *out;
	struct svg_mark *mark; /* in order of time */
	size_t marks;
	int *y0, *y1; /* of each line: where it begins and where its segment arrives */
	struct svg_span *span[2];
	size_t spans[2];
	sw_ns first, last; /* of all that is shown */
	int top, bottom;
	int seen[2]; /* the lowest words so far at each side, where lengths are times */
	int seen_middle;
};

/* The side to which a mark of a line belongs. */
static inline int
svg_side(const struct line *line, bool arrival)
{
	return arrival ? !line->side : line->side;
}

/* Has the line an arrow that reaches the other side? */
static inline bool
svg_arrives(const struct line *line)
{
	return line->kind == SW_ROW_SEGMENT && line->arrives != SW_NEVER && !line_gone(line);
}

/* Does an arrow of the other side cross this one? */
bool svg_crossed(const struct svg *, uint32_t line);
/* Prints a text as XML. */
void svg_text(FILE *, const char *);
/* "10 ms", "66.9 s" */
char *svg_duration(sw_ns, char text[32]);
/* The bars; the y below them. */
int svg_bars(const struct svg *, int y);
void svg_ladder(struct svg *);

#endif
