/*
 * explain.h - what the files of `synwave explain' share: explain.c reads the options,
 * explain_run.c goes through captures.
 */
#ifndef SW_CLI_EXPLAIN_H
#define SW_CLI_EXPLAIN_H

#include "explain/file.h"
#include "explain/report.h"

enum explain_out { AS_TEXT, AS_JSON, AS_NDJSON, AS_CSV, AS_TSV, AS_MERMAID };
enum { FILES_MOST = 256, FILTER_MOST = 4096 };

struct explain_args {
	const char *file[FILES_MOST];
	int files;
	const char *device;
	const char *write; /* -w */
	const char *where;
	char filter[FILTER_MOST]; /* of libpcap; empty: none */
	enum explain_out out;
	enum ex_time_form times;
	struct ex_limits limits;
	uint64_t packets; /* stop after so many; 0: never */
	uint64_t conn;	  /* -C; 0: all */
	uint64_t steps;	  /* at most so many lines of a ladder */
	bool ladder, all, quiet, verbose, ascii, resolve, diff;
	int colour; /* -1: if it is a terminal */
	unsigned width, top;
	enum ex_severity fail_on;
};

/* One capture; the exit code. */
int explain_run(const struct explain_args *, const char *file);

#endif
