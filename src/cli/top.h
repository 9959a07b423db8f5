/*
 * top.h - what the files of `synwave top` share: top.c reads options and keys and keeps
 * the screen, top_rows.c compares two looks and prints.
 */
#ifndef SW_CLI_TOP_H
#define SW_CLI_TOP_H

#include "ss.h"

enum top_key {
	TOP_IN,
	TOP_OUT,
	TOP_RTT,
	TOP_CWND,
	TOP_QUEUE,
	TOP_RETRANS,
	TOP_STATE,
	TOP_PORT,
	N_TOP_KEYS
};

struct top_row {
	const struct ss_record *record;
	uint64_t in, out; /* bytes a second since the last look */
};

struct top_look { /* at all programs at once */
	struct ss_list list;
	double at; /* seconds */
	int programs;
};

struct top {
	struct ss_args args; /* --control, the filter, the look */
	double every;
	uint32_t times; /* 0: until q */
	bool batch;
	enum top_key key;
	struct top_look now, before;
};

/* "in", "rtt" ...; -1: there is none of that name. */
int top_key_named(const char *);
const char *top_key_name(enum top_key);
/* Prints at most `rows` lines of `columns`, each ended by `end`. */
void top_print(const struct top *, int rows, int columns, const char *end);

#endif
