/*
 * words.h - what people read: the sentences of each finding, and numbers.
 *
 * All sentences stand in words.c, as templates, in tables whose rows have stable
 * names; N_() marks them, and they are given in the language that the program has chosen
 * for gettext().
 */
#ifndef SW_EXPLAIN_WORDS_H
#define SW_EXPLAIN_WORDS_H

#include <libintl.h>

#include "explain/explain.h"

#define _(english) gettext(english)
#define N_(english) english /* translated where it is said */

enum ex_part { EX_TITLE, EX_WHAT, EX_WHOSE, EX_PROOF, EX_NEXT, EX_N_PARTS };

/* How things are written. */
struct ex_style {
	bool ascii;   /* no character beyond ASCII */
	bool resolve; /* names for addresses */
};

enum { EX_SENTENCE = 600, EX_NUMBER = 40, EX_ENDPOINT = 300 };

/* A sentence about a finding; empty if there is nothing to say. */
char *ex_say(const struct ex_finding *, enum ex_part, const struct ex_style *,
	     char text[EX_SENTENCE]);
/* The name of the row, "close-wait-leak", or with its variant "retransmission.syn". */
const char *ex_say_name(const struct ex_finding *);

/* The words of the first line and the last line: words.c has them by number. */
enum ex_word {
	EX_W_CONN,
	EX_W_CONNS,
	EX_W_PACKETS,
	EX_W_PROOF,
	EX_W_NEXT,
	EX_W_SHOW,
	EX_W_CLIENT,
	EX_W_SERVER,
	EX_W_LIKELY,
	EX_W_POSSIBLE,
	EX_W_AGAIN_ONE,
	EX_W_AGAIN,
	EX_W_RESET_ONE,
	EX_W_RESETS,
	EX_W_HANDSHAKES,
	EX_W_AT_CLIENT,
	EX_W_AT_SERVER,
	EX_W_AT_MIDDLE,
	EX_W_BEFORE,
	EX_W_ANSWERED_ONLY,
	EX_W_ABORTED,
	EX_W_AFTER_CLOSE,
	EX_W_STILL_OPEN,
	EX_W_NO_TCP,
	EX_W_MORE,
	EX_N_WORDS
};
const char *ex_word(enum ex_word);

/* ---- numbers; plain ones: sw_text_count() ---- */
char *ex_time_text(double seconds, const struct ex_style *, char text[EX_NUMBER]); /* 41.6 ms */
char *ex_bytes_text(double bytes, char text[EX_NUMBER]);			   /* 1.99 MB */
char *ex_end_text(const struct sw_endpoint *, const struct ex_style *, char text[EX_ENDPOINT]);
char *ex_value_text(const struct ex_value *, const struct ex_style *, char text[EX_NUMBER]);
/* Columns that a text takes on a terminal. */
size_t ex_columns(const char *text);

#endif
