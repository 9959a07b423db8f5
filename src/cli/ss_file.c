/*
 * ss_file.c - `synwave ss FILE --at T`: what ss would have shown at both ends of a
 * capture.  The engine that reads captures is asked here.
 */
#include "ss.h"

#include "cli.h"
#include "lang.h"

int
ss_file(const struct ss_args *a)
{
	fprintf(stderr, _("synwave ss: %s: captures are not read by this build\n"), a->file);
	return EXIT_USAGE;
}
