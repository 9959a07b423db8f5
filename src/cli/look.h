/*
 * look.h - options of every verb that prints for people: colours, characters, width,
 * language.
 */
#ifndef SW_CLI_LOOK_H
#define SW_CLI_LOOK_H

#include <argp.h>
#include <stdbool.h>

#include <synwave/sw_trace.h>

enum look_colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct look {
	bool ascii;
	enum look_colour colour;
	int columns; /* 0: the terminal's, or 100 */
};

/* A child for a verb's argp; its input is a struct look, all zeros. */
extern const struct argp look_argp;

/* On a terminal and not against NO_COLOR; or as it was asked for. */
bool look_colour(const struct look *);
/* May characters be beyond ASCII? */
bool look_unicode(const struct look *);
/* From 72 on. */
int look_columns(const struct look *);
/* All of that, and the language, for a ladder. */
void look_ladder(const struct look *, struct sw_ladder_config *);

#endif
