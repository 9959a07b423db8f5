/*
 * kept.h - runs that cost real time, in a file: a line of JSON each, added as soon as
 * it is made.  A table can be taken up again where it was broken off.
 */
#ifndef SW_BENCH_KEPT_H
#define SW_BENCH_KEPT_H

#include <stdbool.h>
#include <stdint.h>

struct kept_run {
	const char *row, *what; /* of the table; "kernel cubic" */
	uint64_t seed;
	int seconds;
	double worth, late;
};

/* The file's runs, and where new ones go.  false: it cannot be read or written, or a
 * line of it is none (its number, else 0). */
bool kept_open(const char *file, int *line);
/* Is there a run of this row, what, seed and seconds?  Then its worth and late. */
bool kept_find(struct kept_run *);
/* false: it could not be written. */
bool kept_add(const struct kept_run *);

#endif
