/*
 * control.h - --control of every verb that runs long: where `synwave ss' and `top' can
 * ask it.
 *
 * What runs for a second has a socket, unless it was asked for none; one that was asked
 * for is there from the beginning.
 */
#ifndef SW_CLI_CONTROL_H
#define SW_CLI_CONTROL_H

#include <argp.h>
#include <stdbool.h>

#include "live/live.h"

struct control {
	const char *path; /* NULL: where they are by default; "none" */
	bool say;	  /* where it is, on stderr */
	const char *verb;
	struct live *live; /* NULL: nobody can ask */
	bool tried;
	unsigned turns;
	sw_ns next, from; /* real time */
};

/* A child for a verb's argp; its input is a struct control, all zeros. */
extern const struct argp control_argp;

/* When the verb begins; 0, or an exit code after a line on stderr. */
int control_begin(struct control *, const char *verb);
/* Now, not when it has run for a second: false: it was asked for, and cannot be. */
bool control_open(struct control *);
/* Some of its work is done: is it to look who asks?  Mostly not, and that costs nothing. */
static inline bool
control_due(struct control *c)
{
	enum { EVERY = 64 };

	return c->verb != NULL && ++c->turns % EVERY == 0;
}
/* Who asks gets some of the answer. */
void control_turn(struct control *, const struct live_view *);
void control_end(struct control *);

#endif
