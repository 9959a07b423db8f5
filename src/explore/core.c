/*
 * core.c - the tables of both cores, and the switch of the broken one.
 */
#include "explore/core.h"

#include <string.h>

/* what the copy of src/tcp/parts.h reads */
extern unsigned sw_breaks;
unsigned sw_breaks;

/* clang-format off */
#define EXPLORE_DECLARE(name) extern __typeof__(sw_##name) broken_sw_##name;
EXPLORE_CALLS(EXPLORE_DECLARE)
#undef EXPLORE_DECLARE

static const struct explore_core shipped = {
#define EXPLORE_ENTRY(name) sw_##name,
	EXPLORE_CALLS(EXPLORE_ENTRY)
#undef EXPLORE_ENTRY
};

static const struct explore_core broken = {
#define EXPLORE_ENTRY(name) broken_sw_##name,
	EXPLORE_CALLS(EXPLORE_ENTRY)
#undef EXPLORE_ENTRY
};
/* clang-format on */

/* The bits are those of src/tcp/parts.h; a fixed ISS is the explorer's own doing. */
static const struct {
	char name[16];
	unsigned bit;
} breaks[EXPLORE_N_BREAKS] = {
    [EXPLORE_WHOLE] = {"", 0},
    [EXPLORE_TWO_WAY] = {"two-way", 1},
    [EXPLORE_NO_TIME_WAIT] = {"no-time-wait", 2},
    [EXPLORE_SHORT_TIME_WAIT] = {"short-time-wait", 4},
    [EXPLORE_FIXED_ISS] = {"fixed-iss", 0},
    [EXPLORE_ACK_LESS_FIN] = {"ack-less-fin", 8},
    [EXPLORE_NO_PAWS] = {"no-paws", 16},
};

/* The core to drive from now on. */
const struct explore_core *
explore_core(enum explore_break which)
{
	sw_breaks = breaks[which].bit;
	return which == EXPLORE_WHOLE ? &shipped : &broken;
}

const char *
explore_break_name(enum explore_break which)
{
	return breaks[which].name;
}

enum explore_break
explore_break_named(const char *name)
{
	int i = EXPLORE_TWO_WAY;

	while (i < EXPLORE_N_BREAKS && strcmp(name, breaks[i].name) != 0)
		i++;
	return (enum explore_break)i;
}
