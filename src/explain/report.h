/*
 * report.h - the forms of a report: text, JSON, lines of JSON, tables.
 *
 * Who drives the engine fills struct ex_report when the capture has ended, and gives
 * connections one by one as they are over.
 */
#ifndef SW_EXPLAIN_REPORT_H
#define SW_EXPLAIN_REPORT_H

#include "explain/words.h"

struct ex_report {
	const char *file;
	const struct ex_summary *sum;
	const struct ex_finding *finding;
	size_t findings;
	struct ex_style style;
	unsigned width; /* columns */
	bool colour, quiet, verbose;
	unsigned top;	     /* findings that are shown; 0: all */
	double seconds;	     /* that it took */
	const char *trouble; /* why the capture could not be read further; NULL */
};

/* ---- text.c ---- */
void ex_text_report(FILE *, const struct ex_report *);
/* How it ended, and the states of both ends by time and packet. */
void ex_text_conn(FILE *, const struct ex_report *, const struct ex_conn *);
/* A text in lines of at most `width' columns, each after `indent' blanks. */
void ex_text_wrap(FILE *, const char *text, unsigned indent, unsigned width);

/* ---- json.c: version 1 of doc/explain.schema.json ---- */
enum { EX_JSON_VERSION = 1 };
void ex_json_conn(FILE *, const struct ex_conn *);
void ex_json_finding(FILE *, const struct ex_report *, const struct ex_finding *);
/* The object's members that tell of the capture, without braces. */
void ex_json_summary(FILE *, const struct ex_report *);
void ex_json_text(FILE *, const char *); /* a string, quoted */

/* ---- table.c of connections: values apart by commas or tabs ---- */
void ex_csv_head(FILE *, char apart);
void ex_csv_conn(FILE *, const struct ex_conn *, char apart);

#endif
