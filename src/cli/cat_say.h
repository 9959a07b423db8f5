/*
 * cat_say.h - `synwave cat --verbose`: what happens, line by line on stderr.
 */
#ifndef SW_CLI_CAT_SAY_H
#define SW_CLI_CAT_SAY_H

#include <synwave/sw.h>

struct say {
	bool on;
	sw_ns start;
	bool has_iss, has_irs;
	uint32_t iss, irs;
	struct sw_endpoint local, remote; /* whose these are; port 0: not known yet */
	bool shown; /* one plain segment was printed since the last event of note */
	uint64_t folded[2], bytes[2]; /* in, out: plain segments not printed */
};

/* Prints an event; data in the middle is folded into one line. */
void say_event(struct say *, const struct sw_trace *);
/* The last line, if something is still folded. */
void say_end(struct say *);

#endif
