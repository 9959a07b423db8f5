/*
 * states_file.c - `synwave states --count CAPTURE`: rows of the state machine that the
 * ends of a capture took.  The engine that reads captures is asked here.
 */
#include <stdio.h>

#include "cli.h"
#include "lang.h"
#include "states.h"

int
states_file(const char *file, struct states_count *count)
{
	(void)count;
	fprintf(stderr, _("synwave states: %s: captures are not read by this build\n"), file);
	return EXIT_USAGE;
}
