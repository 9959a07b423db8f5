/*
 * explain.h - what the files of `synwave explain' share: explain.c reads the options,
 * explain_run.c goes through captures.
 */
#ifndef SW_CLI_EXPLAIN_H
#define SW_CLI_EXPLAIN_H

#include <synwave/sw_trace.h>

#include "control.h"
#include "explain/file.h"
#include "explain/report.h"
#include "explain/where.h"
#include "look.h"

enum explain_out { AS_TEXT, AS_JSON, AS_NDJSON, AS_CSV, AS_TSV, AS_MERMAID, AS_SVG, AS_HTML };
enum { FILES_MOST = 256, FILTER_MOST = 4096 };

struct explain_args {
	const char *file[FILES_MOST];
	int files;
	const char *device;
	const char *write; /* -w */
	struct ex_where *where;
	char filter[FILTER_MOST]; /* of libpcap; empty: none */
	enum explain_out out;
	struct ex_limits limits;
	uint64_t packets; /* stop after so many; 0: never */
	uint64_t conn;	  /* -C; 0: all */
	bool quiet, verbose, resolve, diff;
	struct look look;
	struct control control;
	bool ascii, colour; /* as it comes of `look' */
	unsigned width, top;
	enum ex_severity fail_on;
};

/* One capture; the exit code. */
int explain_run(const struct explain_args *, const char *file);
/* Two of them beside each other. */
int explain_diff(const struct explain_args *);

/* ---- explain_live.c: what `synwave ss' is answered while captures are read ---- */
struct explain_live {
	struct control control;
	struct ex_engine *engine;
	uint64_t packets;
	struct sw_status *list;
	size_t n, room;
};
int explain_live_begin(struct explain_live *, const struct control *asked); /* 0; exit code */
void explain_live_turn(struct explain_live *, struct ex_engine *, uint64_t packets);
void explain_live_end(struct explain_live *);

/* ---- explain_pick.c: the connections that were asked for ---- */
struct pick {
	const struct explain_args *args;
	uint64_t *bits; /* by number */
	size_t words;
	uint64_t picked;
};
bool pick_all(const struct explain_args *); /* nothing was asked for */
/* Does this one fit?  Then it is remembered. */
bool pick_conn(struct pick *, const struct ex_conn *);
bool pick_has(const struct pick *, uint64_t conn);
/* A finding about one of them, or about no connection alone. */
bool pick_finding(const struct pick *, const struct ex_finding *);
/* Goes through the file once more and writes their packets; false: why. */
bool pick_write(const struct pick *, struct ex_file *, char why[EX_WHY]);
/* The packets of a file that is at its beginning again, to a new engine. */
void pick_again(const struct explain_args *, struct ex_file *, const struct ex_watch *);

/* ---- explain_ladder.c: a connection, packet by packet ---- */
enum { DRAWING_SENT = 256 };
struct drawing {
	struct sw_ladder *ladder;
	const struct ex_conn *conn;
	struct { /* by sequence number: when this segment was sent last */
		sw_ns at;
		uint32_t seq;
	} sent[2][DRAWING_SENT];
	unsigned next[2]; /* step of each end that comes next */
	bool arrives;	  /* an arrow of an SVG has two ends: the capture has one moment */
};
/* `form` says where to and as what; false: no memory. */
bool ladder_begin(struct drawing *, const struct explain_args *, const struct ex_conn *,
		  const struct sw_ladder_config *form);
void ladder_seen(struct drawing *, const struct ex_seen *); /* of this connection */
bool ladder_end(struct drawing *);			    /* false: it could not be written */
/* One in the form that was asked for, on standard output; false: why. */
bool ladder_draw(const struct explain_args *, const struct ex_conn *, struct ex_file *,
		 char why[EX_WHY]);

/* ---- explain_walk.c ---- */
/*
 * A whole capture for another verb: an exit code, and one line if it cannot be read.
 * `first` is set before anything is told: when the capture begins.
 */
int explain_walk(const char *verb, const char *path, const struct ex_watch *, sw_ns *first);

/* ---- explain_plot.c: a connection over time ---- */
struct plot_point {
	sw_ns at;
	uint64_t from, to;
};
struct plot_series {
	struct plot_point *point;
	size_t n;
	uint64_t seen, every; /* of so many one is kept */
};
struct plot_side {
	struct plot_series data, again, acks; /* sequence numbers from the first */
	struct plot_series trips;	      /* nanoseconds */
	bool known;
	uint32_t last;	/* the highest sequence number, */
	uint64_t high;	/* which is so far from the first */
	uint64_t timed; /* its acknowledgement is waited for; 0: none is */
	sw_ns since;
};
struct plot {
	struct plot_side side[2];
};
void plot_seen(struct plot *, const struct ex_seen *);
/* As elements of a page, on standard output. */
void plot_draw(const struct plot *, const struct ex_conn *, const struct ex_style *);
void plot_free(struct plot *);

/* ---- explain_page.c: the report as a page ---- */
struct sheet;
struct sheet *sheet_new(void);
void sheet_conn(struct sheet *, const struct ex_conn *);
/* At the end of the capture, which is gone through once more; false: why. */
bool sheet_print(struct sheet *, const struct explain_args *, const struct ex_report *,
		 struct ex_file *, char why[EX_WHY]);
void sheet_free(struct sheet *);

#endif
