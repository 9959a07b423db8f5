/*
 * sw_trace.h - from events to something that people read: the ladder, and captures
 * that say why.
 *
 * A ladder shows one connection: time downwards, a host at each side with its
 * states, arrows for segments, timers, calls, gaps, notes.  Feed it in order of time,
 * in one of two ways, and it prints as it goes:
 *
 *	what sw_trace() gives, of one stack or of both, and packets of the wire
 *		sw_ladder_event(), sw_ladder_packet()
 *	rows of any origin, such as a capture of other people's hosts
 *		sw_ladder_row()
 *
 * Times are nanoseconds; texts are UTF-8; errors are negative (enum sw_error).
 */
#ifndef SYNWAVE_SW_TRACE_H
#define SYNWAVE_SW_TRACE_H

#include <stdio.h>

#include "sw.h"
#include "sw_sim.h"

#ifdef __cplusplus
extern "C" {
#endif

enum sw_ladder_form {
	SW_LADDER_TEXT,
	SW_LADDER_MERMAID, /* a sequenceDiagram */
	SW_LADDER_SVG,	   /* printed at the end; two bars show the time in each state */
	SW_LADDER_ROWS	   /* nothing is printed: finished rows go to config.row */
};
enum sw_ladder_depth {
	SW_LADDER_BRIEF, /* runs of data become one line; opening and closing in full */
	SW_LADDER_FULL,	 /* every segment, every timer, timestamps and SACK blocks */
	SW_LADDER_EACH	 /* every segment; no timestamps, no timers of delayed ACKs */
};

enum sw_row_kind {
	SW_ROW_STATE,	/* states, and nothing else */
	SW_ROW_SEGMENT, /* an arrow */
	SW_ROW_TIMER,	/* a timer of `side` fired */
	SW_ROW_CALL,	/* the program at `side` made a call: "CLOSE" */
	SW_ROW_RUN,	/* many segments in one line */
	SW_ROW_GAP,	/* time in which nothing happened: who was to act */
	SW_ROW_NOTE	/* words between the two, or about one side */
};

/*
 * A row: what happened at one moment, wherever it was seen.  The texts are lent for
 * the call.  A state that a segment brings about may stand in its row, or come later
 * in a row of its own with the time of the segment's arrival.
 */
struct sw_row {
	size_t bytes; /* sizeof(struct sw_row) of your compiler */
	enum sw_row_kind kind;
	int side;		/* 0 left, 1 right: who sends, calls, whose timer; -1: nobody's */
	sw_ns at;		/* when it happens, or is sent */
	sw_ns arrives;		/* at the other side; SW_NEVER: it does not, or that is not known */
	enum sw_state state[2]; /* what a side comes to by it; SW_N_STATES: nothing new */
	bool guess[2];		/* that state is inferred: a `?` stands behind it */
	const struct sw_trace *segment; /* SW_ROW_SEGMENT: the words are made from it */
	unsigned fate;			/* what the wire did to it: SW_SIM_... bits */
	bool again;			/* sent before; repeated numbers are noticed without it */
	uint64_t packet, last;		/* numbers in a capture, from 1: "#4", "#4-17"; 0: none */
	const char *text;		/* the words, if none are to be made; NULL */
	const char *more;   /* what goes into the next line where there is no room; NULL */
	const char *why[2]; /* a sentence about what each side did, and its rule; NULL */
};
/* All that is not given is "nothing": {.bytes, .kind, .side, .at}, and then change. */
void sw_row_init(struct sw_row *, enum sw_row_kind, int side, sw_ns at);

struct sw_ladder_config {
	size_t bytes; /* sizeof(struct sw_ladder_config) of your compiler */
	FILE *out;    /* stays yours */
	enum sw_ladder_form form;
	enum sw_ladder_depth depth;
	bool absolute; /* sequence numbers as on the wire, not from the ISS */
	bool colour;   /* ANSI colours in text */
	bool unicode;  /* arrows and lines of UTF-8 in text; else ASCII */
	bool why;      /* the rule that decided, below each arrow; of traces: made from them */
	bool numbers;  /* a column for row.packet */
	bool delta;    /* a column for the time since the row before */
	bool by_time;  /* SVG: lengths are times; else each moment has the same room */
	bool part;     /* SVG: an element for a page that has sw_ladder_style() already */
	int columns;   /* of text, 72 to 400; 0: 100 */
	uint32_t most; /* rows that are drawn, then "..." stands there; 0: no limit */
	sw_ns gap;     /* a pause of so long gets a row of its own; 0: none does */
	/*
	 * true: segments come by sw_ladder_packet(), as seen on the wire;
	 * false: they are taken from the left host's own trace events, and
	 * nothing is known of the right host's states.
	 */
	bool wire;
	sw_ns start; /* is printed as 0; what was before is learned from and not drawn */
	/* Two states, left and right, for the first line; NULL: none. */
	const enum sw_state *states;
	const char *left, *right; /* what stands above the columns; copied */
	const char *title;	  /* of an SVG; copied; NULL */
	/* The reader's language for a sentence of ours; NULL: English. */
	const char *(*say)(const char *english);
	/* SW_LADDER_ROWS: a finished row, words made, states in their places. */
	void (*row)(void *ctx, const struct sw_row *);
	void *ctx;
};

struct sw_ladder;

/* NULL: no memory, or a wrong configuration.  Prints the head at once. */
struct sw_ladder *sw_ladder_new(const struct sw_ladder_config *);
/* A row; those of an earlier time than one before it are drawn where they come. */
void sw_ladder_row(struct sw_ladder *, const struct sw_row *);
/* An event of the host at `side` (0 left, 1 right), of the connection shown. */
void sw_ladder_event(struct sw_ladder *, int side, const struct sw_trace *);
/*
 * A segment that the host at `side` put on the wire at segment->at; `fate`:
 * SW_SIM_... bits; `arrives`: when, or SW_NEVER.  sw_trace_packet() makes one.
 */
void sw_ladder_packet(struct sw_ladder *, int side, const struct sw_trace *segment, unsigned fate,
		      sw_ns arrives);
/* Prints what is held back (flushes the run of data); go on if you like. */
void sw_ladder_flush(struct sw_ladder *);
/* Flushes and frees.  false: something could not be written. */
bool sw_ladder_end(struct sw_ladder *);
/* What an SVG of the ladder needs of CSS, light and dark: for pages with parts. */
void sw_ladder_style(FILE *);

/* ---- captures that say why ------------------------------------------------ */

/*
 * A capture in pcapng, taken at one interface of one stack: each packet has a comment
 * that says what the stack made of it, or why it was sent, by which rule.  Wireshark
 * shows it (frame.comment).  Give it the stack's trace events, and each packet before
 * the stack gets it, or after the stack gave it.
 */
struct sw_capture;

/* `base` is added to all times: nanoseconds of 1970.  NULL: no memory, or a wrong link. */
struct sw_capture *sw_capture_new(FILE *out, enum sw_link, sw_ns base);
/* What sw_trace() of this stack gave. */
void sw_capture_event(struct sw_capture *, const struct sw_trace *);
/* A packet that comes in: written when it is known what became of it. */
void sw_capture_in(struct sw_capture *, sw_ns at, const void *, uint32_t len);
void sw_capture_out(struct sw_capture *, sw_ns at, const void *, uint32_t len);
/* Writes all and frees; the file stays open.  false: something could not be written. */
bool sw_capture_end(struct sw_capture *);

/* ---- texts on a terminal ------------------------------------------------- */

/* Columns that a UTF-8 text takes: two for each wide (East Asian) character. */
int sw_text_columns(const char *);
/* Bytes of the longest beginning that fits into `columns` and ends where a line may. */
size_t sw_text_cut(const char *, int columns);
/* Prints a text in lines of at most `columns`, each behind `indent` spaces. */
void sw_text_wrap(FILE *, const char *, int indent, int columns);
/* A number with commas, in `text`. */
enum { SW_TEXT_COUNT = 32 };
char *sw_text_count(uint64_t, char text[SW_TEXT_COUNT]);

/* ---- segments ------------------------------------------------------------ */

/*
 * Reads an IP packet that holds a TCP segment: fills local (its source), remote
 * (its destination) and the segment's fields; `wnd` is not scaled.  Checksums
 * are not looked at.  false: not TCP, a fragment, or not well formed.
 */
bool sw_trace_packet(struct sw_trace *, const uint8_t *packet, uint32_t len);

/* "SYN,ACK"; at most SW_CTL_TEXT bytes with its 0. */
#define SW_CTL_TEXT 40
char *sw_trace_ctl(uint8_t ctl, char text[SW_CTL_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
