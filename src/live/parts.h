/*
 * parts.h - what the files of live/ share: live.c moves bytes, answer.c makes them.
 */
#ifndef SW_LIVE_PARTS_H
#define SW_LIVE_PARTS_H

#include "live/live.h"

enum {
	OUT_ROOM = 32768,
	LINE_ROOM = 4096 /* the longest line */,
	RECORDS = 4096 /* in one turn */
};

enum page { PAGE_NONE, PAGE_CONNECTIONS, PAGE_COUNTERS, PAGE_METRICS };

struct answer { /* one that is being made */
	enum page page;
	const char *verb;
	uint64_t at; /* of walk() */
	uint32_t step;
	uint64_t states[SW_N_STATES]; /* counted so far */
	bool done;
	char out[OUT_ROOM];
	size_t len; /* bytes in `out` */
};

/* Which page a request asks for, and the head of the answer to it. */
void answer_begin(struct answer *, const char *request);
/* The answer is an error: its status line's words, and one line. */
void answer_refuse(struct answer *, const char *status, const char *why);
/* Makes more of it, while there is room. */
void answer_more(struct answer *, const struct live_view *);

#endif
