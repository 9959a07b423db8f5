/*
 * ladder.h - what the files of the ladder share.
 *
 * ladder.c decides which lines there are and what stands at their sides; draw.c
 * puts them on paper.  Neither knows a simulator or a stack.
 */
#ifndef SW_TRACE_LADDER_H
#define SW_TRACE_LADDER_H

#include <synwave/sw_trace.h>

enum {
	LADDER_TEXT = 200, /* bytes of a segment in words */
	LADDER_NAME = 72,  /* bytes of a host's name */
	LADDER_HELD = 6,   /* segments of a run that is too short to be folded */
	LADDER_WAIT = 32   /* lines whose segments may still be under way */
};

enum line_kind { LINE_NONE, LINE_STATE, LINE_SEGMENT, LINE_TIMER, LINE_RUN };

#define NO_STATE SW_N_STATES
#define JOIN "\1" /* a space that holds together what it stands between */

struct line {
	enum line_kind kind;
	sw_ns at, arrives;
	int side;		/* sender, or whose timer */
	enum sw_state state[2]; /* what to write at the sides; NO_STATE: nothing */
	unsigned fate;
	bool again; /* a retransmission */
	bool rst;
	char text[LADDER_TEXT]; /* flags, numbers; JOIN where a line may not end */
	char options[LADDER_TEXT];
};

struct run { /* data segments that become one line */
	sw_ns at;
	uint32_t segments[2], acks[2], again[2], lost[2];
	uint64_t payload[2];
	uint32_t timeouts, probes;
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
	uint8_t wscale;
	uint32_t iss, high, fin_end, ts;
};

struct sw_ladder {
	struct sw_ladder_config cfg;
	char name[2][LADDER_NAME];
	struct ladder_side side[2];
	struct line wait[LADDER_WAIT]; /* not yet drawn, oldest first */
	uint32_t n_wait;
	struct run run;
	bool failed;
};

/* ---- draw.c ---- */
void draw_head(struct sw_ladder *);
void draw_line(struct sw_ladder *, const struct line *);
/* A number with commas, in `text` (27 bytes at least). */
char *draw_count(uint64_t n, char *text);

/* ---- words.c ---- */
/* The words of a segment: line->text and line->options. */
void words_segment(const struct sw_ladder *, struct line *, const struct sw_trace *);
/* The words of a folded run; false: it is empty. */
bool words_run(const struct run *, struct line *);

#endif
