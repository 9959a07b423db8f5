/*
 * tell.h - a way through the states, move by move, as a ladder.
 */
#ifndef SW_EXPLORE_TELL_H
#define SW_EXPLORE_TELL_H

#include <stdio.h>

#include "explore/world.h"

void tell_head(FILE *);
/* Makes the move and prints a line for it; false: a property failed there. */
bool tell_move(FILE *, struct here *, struct world *, move, int number);

#endif
