/*
 * ladder.h - what the files of the ladder share.
 *
 * row.c takes rows and events and makes lines of them, ladder.c decides which lines
 * there are and what stands at their sides, words.c and why.c make the words, gap.c
 * the pauses; text.c, mermaid.c and svg.c put lines on paper.  None of them knows a
 * simulator or a stack.
 */
#ifndef SW_TRACE_LADDER_H
#define SW_TRACE_LADDER_H

#include <synwave/sw_trace.h>

enum {
	LADDER_TEXT = 224, /* bytes of a segment in words */
	LADDER_WHY = 320,  /* bytes of a reason */
	LADDER_NAME = 72,  /* bytes of a host's name */
	LADDER_HELD = 6,   /* segments of a run that is too short to be folded */
	LADDER_WAIT = 64,  /* lines whose segments may still be under way */
	COLUMNS_LEAST = 72,
	COLUMNS_MOST = 400,
	COLUMNS = 100
};

#define NO_STATE SW_N_STATES
#define N_(english) english /* the caller's say() translates it */
#define JOIN "\1"	    /* a space that holds together what it stands between */

struct line {
	enum sw_row_kind kind;
	sw_ns at, arrives;
	int side;		/* sender, or whose timer; -1: nobody's news */
	enum sw_state state[2]; /* what to write at the sides; NO_STATE: nothing */
	bool guess[2];
	unsigned fate;
	uint8_t ctl;
	uint32_t seq, len;
	uint64_t packet, last;
	bool again;		/* a retransmission */
	char text[LADDER_TEXT]; /* flags, numbers; JOIN where a line may not end */
	char options[LADDER_TEXT];
	char why[2][LADDER_WHY];
};

struct run { /* data segments that become one line */
	sw_ns at, end;
	uint32_t segments[2], acks[2], again[2], lost[2];
	uint64_t payload[2];
	uint32_t timeouts, probes;
	uint64_t packet, last;
	uint32_t held;
	struct line line[LADDER_HELD];
};

struct ladder_side {
	bool known;	/* a segment was seen: `iss` counts */
	bool stamped;	/* its first timestamp was `ts` */
	bool first;	/* its first segment after the SYN is still to come */
	bool scaled;	/* sent a window scale with its SYN */
	bool fin;	/* a FIN was sent, `fin_end` follows it */
	bool acked_fin; /* and the other's FIN was acknowledged */
	bool heard;	/* `acked` counts */
	uint8_t wscale;
	uint32_t iss, high, fin_end, ts;
	uint32_t acked; /* the highest acknowledgement that it sent */
	uint32_t wnd;	/* the last window that it offered, scaled */
};

struct sw_ladder {
	struct sw_ladder_config cfg;
	char name[2][LADDER_NAME], title[LADDER_NAME];
	struct ladder_side side[2];
	struct line wait[LADDER_WAIT]; /* not yet drawn, oldest first */
	uint32_t n_wait;
	struct run run;
	enum sw_state state[2]; /* so far, of what came in; NO_STATE: not known */
	sw_ns last;		/* the last moment at which something happened */
	bool begun;		/* there was one */
	uint64_t drawn;		/* lines so far */
	sw_ns drawn_at;		/* time of the last of them */
	struct line *kept;	/* SVG: all lines, until the end */
	size_t n_kept, cap_kept;
	bool failed;
};

/* Does the wire keep this segment from its goal? */
static inline bool
line_gone(const struct line *line)
{
	return line->fate & SW_SIM_GONE;
}

/* ---- ladder.c ---- */
/* A line that waits now, the last one; where it is. */
struct line *ladder_push(struct sw_ladder *, const struct line *);
/* The run of data so far becomes a line, or its few segments do. */
void ladder_run_put(struct sw_ladder *);
/* A new state of a side: at the line that brings it about, or in one of its own. */
struct line *ladder_state(struct sw_ladder *, int side, sw_ns at, enum sw_state);
/* The line with the segment that reaches (or leaves) `side` at `at`; NULL. */
struct line *ladder_find(struct sw_ladder *, int side, const struct sw_trace *);
/* A segment whose words are made: into a run, or a line of its own. */
void ladder_segment(struct sw_ladder *, struct line *, const struct sw_trace *);

/* ---- paper: text.c, mermaid.c, svg.c, and draw.c, which chooses ---- */
void draw_head(struct sw_ladder *);
void draw_line(struct sw_ladder *, const struct line *);
void draw_end(struct sw_ladder *);
void text_head(struct sw_ladder *);
void text_line(struct sw_ladder *, const struct line *);
void mermaid_head(struct sw_ladder *);
void mermaid_line(struct sw_ladder *, const struct line *);
void svg_draw(struct sw_ladder *);

/* What happened to a packet, behind its arrow's head or in its words. */
const char *draw_fate(const struct sw_ladder *, unsigned fate);
/* " [again]" and the like: what is to be said of a segment beside its words. */
void draw_marks(const struct sw_ladder *, const struct line *, char *text, size_t size);
/* JOINs become spaces: after the places where a line may end were looked for. */
char *draw_loosen(char *text);
/* "FIN-WAIT-1", "LISTEN?" in a room of 24; nothing for NO_STATE. */
enum { STATE_TEXT = 24 };
char *draw_state(const struct line *, int side, char text[STATE_TEXT]);
/* A sentence of ours in the reader's language. */
const char *ladder_say(const struct sw_ladder *, const char *english);

/* ---- words.c ---- */
/* The words of a segment: line->text and line->options. */
void words_segment(const struct sw_ladder *, struct line *, const struct sw_trace *);
/* The words of a folded run; false: it is empty. */
bool words_run(const struct sw_ladder *, const struct run *, struct line *);
/* Adds to a text of `size` bytes; what does not fit is left out. */
void words_add(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- why.c ---- */
/* The reason that an event of a stack gives, added to `why`. */
void why_event(const struct sw_ladder *, char why[LADDER_WHY], const struct sw_trace *);

/* "6298": the RFC and section of a timer. */
const char *why_timer(enum sw_timer);

/* ---- gap.c ---- */
/* Something comes at `at`: a line for the pause before it, if there was one. */
void gap_before(struct sw_ladder *, sw_ns at);
/* Something happened at `at`, or will: up to there it is no pause. */
void gap_seen(struct sw_ladder *, sw_ns at);

#endif
