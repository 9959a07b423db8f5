/*
 * ss.h - what the files of `synwave ss` and `synwave top` share.
 *
 * ss.c reads the options, ss_live.c asks running programs, ss_file.c is for captures,
 * ss_filter.c chooses, ss_print.c prints in the columns of ss(8).
 */
#ifndef SW_CLI_SS_H
#define SW_CLI_SS_H

#include <stdbool.h>
#include <stdio.h>

#include <synwave/sw.h>

#include "look.h"

/* One record of a stack, from wherever it is known. */
struct ss_record {
	enum sw_state state;
	bool guess; /* the state is inferred: a `?` stands behind it */
	struct sw_endpoint local, remote;
	uint32_t recv_q, send_q;
	bool has_due;
	uint64_t due_us; /* until its next timer */
	char program[24];
	long pid; /* 0: none */
	/* what -i shows */
	bool has_info; /* of what follows; has_cc: of cwnd to retransmits */
	bool timestamps, sack, ecn, has_cc, has_ssthresh;
	unsigned retries, peer_mss, snd_wscale, rcv_wscale;
	uint32_t snd_wnd, rcv_wnd, unacked, sent, received;
	char cc[12];
	uint32_t cwnd, ssthresh, pipe, sacked, lost, mss, path_mss, retransmits;
	uint64_t rtt_us, rttvar_us, rto_us;
};

struct ss_list {
	struct ss_record *record;
	size_t n, cap;
};
bool ss_add(struct ss_list *, const struct ss_record *); /* false: no memory */
void ss_free(struct ss_list *);

/* ---- ss_filter.c: "state close-wait ( sport = :80 or dport = :443 )" ---- */
enum { FILTER_STEPS = 64 };

struct ss_step { /* of an expression, operators after what they combine */
	enum ss_op { SS_TEST, SS_NOT, SS_AND, SS_OR } op;
	bool remote;
	enum ss_compare { SS_EQ, SS_NE, SS_LT, SS_LE, SS_GT, SS_GE } compare;
	bool has_addr, has_port;
	struct sw_addr addr;
	unsigned prefix;
	uint16_t port;
};

struct ss_filter {
	uint32_t states; /* bits */
	bool has_states;
	struct ss_step step[FILTER_STEPS];
	int steps;
};
/* Reads the words of the command line; false: `error` says what is wrong. */
bool ss_filter_read(struct ss_filter *, char *const *words, int n, char error[200]);
bool ss_filter_takes(const struct ss_filter *, const struct ss_record *);
/* Is this how a filter begins? */
bool ss_filter_begins(const char *word);

/* ---- ss_print.c ---- */
enum ss_form { SS_TABLE, SS_JSON, SS_NDJSON };

struct ss_args {
	struct look look;
	const char *control; /* a socket; NULL: all that are found */
	const char *file;    /* a capture; NULL: running programs */
	const char *at;	     /* and the moment in it */
	enum ss_form form;
	bool all, listening, info, timers, no_header, processes, summary, counters, metrics;
	bool only4, only6;
	struct ss_filter filter;
};
/* Those of the list that args ask for. */
bool ss_wanted(const struct ss_args *, const struct ss_record *);
void ss_print(const struct ss_args *, const struct ss_list *);
/* As ss(8) has it: "ESTAB". */
const char *ss_state(enum sw_state);
/* "10.0.0.1" "80", "[fd00::1]" "80"; of a listener's peer "0.0.0.0" "*". */
enum { SS_HOST = SW_ADDR_TEXT + 2, SS_PORT = 8 };
void ss_ends(const struct sw_endpoint *, const struct sw_endpoint *other, char host[SS_HOST],
	     char port[SS_PORT]);

/* ---- ss_live.c ---- */
enum { LIVE_PROGRAMS = 64, LIVE_NAME = 108 };
/* Sockets of this user's programs: how many; -1: one line was said. */
int live_find(const struct ss_args *, char path[LIVE_PROGRAMS][LIVE_NAME]);
/* The answer's body to "GET `page`", for free(); NULL: `error` says why. */
char *live_ask(const char *path, const char *page, char error[200]);
/* All records of the program at `path`; false: `error` says why. */
bool live_records(const char *path, struct ss_list *, char error[200]);

/* ---- ss_file.c ---- */
/* The same table of both ends of a capture, at a moment: an exit code. */
int ss_file(const struct ss_args *);

#endif
