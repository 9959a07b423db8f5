/*
 * sw_trace.h - from trace events to something that people read: the ladder.
 *
 * A ladder shows one connection: time downwards, a host at each side with its
 * states, arrows for segments, the timers that fired.  Feed it in order of time
 * with what sw_trace() gives, of one stack or of both, and it prints as it goes.
 *
 * Times are nanoseconds; errors are negative (enum sw_error).
 */
#ifndef SYNWAVE_SW_TRACE_H
#define SYNWAVE_SW_TRACE_H

#include <stdio.h>

#include "sw.h"
#include "sw_sim.h"

#ifdef __cplusplus
extern "C" {
#endif

enum sw_ladder_form { SW_LADDER_TEXT, SW_LADDER_MERMAID };
enum sw_ladder_depth {
	SW_LADDER_BRIEF, /* runs of data become one line; opening and closing in full */
	SW_LADDER_FULL	 /* every segment, every timer, timestamps and SACK blocks */
};

struct sw_ladder_config {
	size_t bytes; /* sizeof(struct sw_ladder_config) of your compiler */
	FILE *out;    /* stays yours */
	enum sw_ladder_form form;
	enum sw_ladder_depth depth;
	bool absolute; /* sequence numbers as on the wire, not from the ISS */
	bool colour;   /* ANSI colours in text */
	/*
	 * true: segments come by sw_ladder_packet(), as seen on the wire;
	 * false: they are taken from the left host's own trace events, and
	 * nothing is known of the right host's states.
	 */
	bool wire;
	sw_ns start; /* this instant is printed as 0 */
	/* Two states, left and right, for the first line; NULL: none. */
	const enum sw_state *states;
	const char *left, *right; /* what stands above the columns; copied */
};

struct sw_ladder;

/* NULL: no memory, or a wrong configuration.  Prints the head at once. */
struct sw_ladder *sw_ladder_new(const struct sw_ladder_config *);
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
