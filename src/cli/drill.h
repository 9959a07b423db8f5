/*
 * drill.h - what the files of the verb `drill` share.
 */
#ifndef SW_CLI_DRILL_H
#define SW_CLI_DRILL_H

#include "drill/drill.h"

struct drill_item {
	char *path;
	bool twin; /* over IPv6 */
};

struct drill_list { /* the scripts, in order */
	struct drill_item *item;
	size_t n, cap;
};

struct drill_job {
	const struct drill_list *list;
	struct drill_settings settings;
	int jobs;
	bool tap, verbose;
	size_t count[3]; /* by enum drill_verdict */
};

/* Runs all; what they say comes in their order.  The exit code. */
int drill_jobs(struct drill_job *);

#endif
