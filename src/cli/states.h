/*
 * states.h - what the files of `synwave states` share.
 */
#ifndef SW_CLI_STATES_H
#define SW_CLI_STATES_H

#include <synwave/sw_probe.h>
#include <synwave/sw_trace.h>

/* How often each row was taken, and where. */
struct states_count {
	uint64_t *n;	 /* of each row; NULL: nothing was counted */
	char where[160]; /* "seed 1: 400 connections ..." */
};

/* Figure 5 as a drawing, on standard output. */
void states_svg(const struct sw_edge *, size_t n, const struct states_count *);

/* ---- states_file.c ---- */
/* Adds up the rows that both ends of all connections in a capture took: an exit code. */
int states_file(const char *file, struct states_count *);

#endif
