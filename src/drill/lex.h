/*
 * lex.h - a place in the text of a script, and small steps forward.
 *
 * After the first mistake the place is the end, so that every loop ends.
 */
#ifndef SW_DRILL_LEX_H
#define SW_DRILL_LEX_H

#include "script.h"

struct drill_lex {
	struct drill_script *script;
	const char *begin, *p, *end;
	int line;	/* where p stands */
	bool directive; /* inside of a line after //: */
	bool bad;
};

/* Notes the first mistake, at the line of p. */
void drill_bad(struct drill_lex *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Past blanks and comments, but not past a line that begins with //: */
void drill_skip(struct drill_lex *);
/* Does `text` stand here (after blanks)?  A word must not go on behind it. */
bool drill_sees(struct drill_lex *, const char *text);
/* The same, and goes behind it. */
bool drill_takes(struct drill_lex *, const char *text);
/* The same, or it is a mistake. */
void drill_wants(struct drill_lex *, const char *text);
/* The next character after blanks; 0: the end. */
char drill_next(struct drill_lex *);
/* A name of letters, digits, _ into `word`; false: none stands here. */
bool drill_word(struct drill_lex *, char word[DRILL_WORD]);
bool drill_sees_number(struct drill_lex *);
/* A whole number, decimal or 0x, with a sign or without. */
int64_t drill_number(struct drill_lex *);
/* The same, and it is a mistake if it is not from `low` to `high`. */
int64_t drill_number_in(struct drill_lex *, int64_t low, int64_t high);
/* Seconds with a fraction, as nanoseconds. */
int64_t drill_seconds(struct drill_lex *);
/* Hexadecimal digits into at most `cap` bytes; how many. */
size_t drill_hex(struct drill_lex *, uint8_t *bytes, size_t cap);
/* Everything up to `close`, which must come; p stands behind it. */
const char *drill_until(struct drill_lex *, const char *close);

/* parse_value.c */
struct drill_value *drill_value(struct drill_lex *);
struct drill_value *drill_value_list(struct drill_lex *, char close);
/* parse_packet.c: p stands at < or >. */
struct drill_packet *drill_packet(struct drill_lex *);
/* parse_icmp.c: behind the word icmp. */
void drill_icmp(struct drill_lex *, struct drill_packet *);
bool drill_icmp_quoted(struct drill_lex *, struct drill_packet *);

#endif
