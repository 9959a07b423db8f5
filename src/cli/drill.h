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
	unsigned long longest; /* seconds of real time that one script may take; 0: any */
	bool tap, verbose;
	size_t count[DRILL_VERDICTS];
};

struct drill_said { /* of one script */
	uint32_t number, verdict;
	size_t n;
	char *text; /* to be freed */
};

/*
 * Runs one script in a process of its own, which may die of it or be stopped; for
 * ends that need a process: a namespace, a foreign library, threads.
 */
void drill_apart(const struct drill_job *, const struct drill_item *, struct drill_said *);
/* NULL, or why no namespace can be made here. */
const char *drill_apart_cannot(void);

/* Runs all; what they say comes in their order.  The exit code. */
int drill_jobs(struct drill_job *);

#endif
