/*
 * lex.c - steps through the text of a script: blanks, comments, words, numbers.
 *
 * Knows which characters belong together.  Does not know what they mean.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"

struct drill_block {
	struct drill_block *next;
	max_align_t data[];
};

void *
drill_alloc(struct drill_script *s, size_t n)
{
	struct drill_block *b = calloc(1, sizeof(*b) + n);

	if (!b) {
		fputs("synwave drill: no memory\n", stderr);
		exit(1);
	}
	b->next = s->blocks;
	s->blocks = b;
	return b->data;
}

char *
drill_copy(struct drill_script *s, const char *text, size_t n)
{
	char *copy = drill_alloc(s, n + 1);

	memcpy(copy, text, n);
	return copy;
}

void
drill_script_free(struct drill_script *s)
{
	while (s->blocks) {
		struct drill_block *b = s->blocks;

		s->blocks = b->next;
		free(b);
	}
}

void
drill_bad(struct drill_lex *x, const char *format, ...)
{
	struct drill_script *s = x->script;
	va_list list;
	int n;

	if (!x->bad) {
		n = snprintf(s->message, sizeof(s->message), "%s:%d: ", s->path, x->line);
		va_start(list, format);
		if (n > 0 && (size_t)n < sizeof(s->message))
			vsnprintf(s->message + n, sizeof(s->message) - (size_t)n, format, list);
		va_end(list);
	}
	x->bad = true;
	x->p = x->end;
}

static void
drill_step(struct drill_lex *x, size_t n)
{
	for (; n > 0 && x->p < x->end; n--)
		x->line += *x->p++ == '\n';
}

static bool
drill_at(const struct drill_lex *x, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(x->end - x->p) >= n && memcmp(x->p, text, n) == 0;
}

static void
drill_skip_line(struct drill_lex *x)
{
	while (x->p < x->end && *x->p != '\n')
		x->p++;
}

static void
drill_skip_comment(struct drill_lex *x)
{
	while (x->p < x->end && !drill_at(x, "*/"))
		drill_step(x, 1);
	if (x->p == x->end)
		drill_bad(x, "a comment without its end");
	drill_step(x, 2);
}

void
drill_skip(struct drill_lex *x)
{
	while (x->p < x->end) {
		if (*x->p == '\n' && x->directive)
			return;
		if (isspace((unsigned char)*x->p))
			drill_step(x, 1);
		else if (drill_at(x, "/*"))
			drill_skip_comment(x);
		else if (drill_at(x, "//:"))
			return;
		else if (drill_at(x, "//") || *x->p == '#')
			drill_skip_line(x);
		else
			return;
	}
}

static bool
drill_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool
drill_sees(struct drill_lex *x, const char *text)
{
	size_t n = strlen(text);

	drill_skip(x);
	if (!drill_at(x, text))
		return false;
	return !drill_is_word(text[n - 1]) || x->p + n == x->end || !drill_is_word(x->p[n]);
}

bool
drill_takes(struct drill_lex *x, const char *text)
{
	if (!drill_sees(x, text))
		return false;
	drill_step(x, strlen(text));
	return true;
}

/* What stands here, for messages: a few characters of it. */
static void
drill_here(struct drill_lex *x, char text[24])
{
	size_t n = 0;

	drill_skip(x);
	while (n < 20 && x->p + n < x->end && x->p[n] != '\n')
		n++;
	snprintf(text, 24, "'%.*s'", (int)n, x->p);
	if (n == 0)
		snprintf(text, 24, "the end of the line");
}

void
drill_wants(struct drill_lex *x, const char *text)
{
	char here[24];

	if (drill_takes(x, text))
		return;
	drill_here(x, here);
	drill_bad(x, "expected '%s', not %s", text, here);
}

char
drill_next(struct drill_lex *x)
{
	drill_skip(x);
	if (x->p == x->end || (x->directive && *x->p == '\n') || drill_at(x, "//:"))
		return 0;
	return *x->p;
}

bool
drill_word(struct drill_lex *x, char word[DRILL_WORD])
{
	size_t n = 0;

	word[0] = 0;
	if (!drill_next(x) || !drill_is_word(*x->p) || isdigit((unsigned char)*x->p))
		return false;
	while (x->p + n < x->end && drill_is_word(x->p[n]) && n < DRILL_WORD - 1) {
		word[n] = x->p[n];
		n++;
	}
	word[n] = 0;
	drill_step(x, n);
	return true;
}

bool
drill_sees_number(struct drill_lex *x)
{
	char c = drill_next(x);

	return isdigit((unsigned char)c) ||
	       (c == '-' && x->p + 1 < x->end && isdigit((unsigned char)x->p[1]));
}

static int
drill_hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int64_t
drill_number(struct drill_lex *x)
{
	bool minus = drill_takes(x, "-");
	uint64_t v = 0;
	int base = 10, digits = 0;
	char here[24];

	drill_skip(x);
	drill_here(x, here);
	if (drill_at(x, "0x") || drill_at(x, "0X")) {
		base = 16;
		drill_step(x, 2);
	}
	for (; x->p < x->end; digits++, x->p++) {
		int d = drill_hex_digit(*x->p);

		if (d < 0 || d >= base)
			break;
		if (v > ((uint64_t)INT64_MAX - (uint64_t)d) / (uint64_t)base) {
			drill_bad(x, "%s is too large a number", here);
			return 0;
		}
		v = v * (uint64_t)base + (uint64_t)d;
	}
	if (digits == 0)
		drill_bad(x, "expected a number, not %s", here);
	return minus ? -(int64_t)v : (int64_t)v;
}

int64_t
drill_number_in(struct drill_lex *x, int64_t low, int64_t high)
{
	int64_t v = drill_number(x);

	if (!x->bad && (v < low || v > high)) {
		drill_bad(x, "%lld is not from %lld to %lld", (long long)v, (long long)low,
			  (long long)high);
		return low;
	}
	return v;
}

int64_t
drill_seconds(struct drill_lex *x)
{
	int64_t whole = 0, part = 0, unit = 1000000000;
	bool any = false;
	char here[24];

	drill_skip(x);
	drill_here(x, here);
	for (; x->p < x->end && isdigit((unsigned char)*x->p) && whole < 100000000; x->p++) {
		whole = whole * 10 + (*x->p - '0');
		any = true;
	}
	/* "0...1": the dots are not a fraction's */
	if (x->p + 1 < x->end && *x->p == '.' && isdigit((unsigned char)x->p[1])) {
		for (x->p++; x->p < x->end && isdigit((unsigned char)*x->p); x->p++) {
			unit /= 10;
			part += (*x->p - '0') * unit;
		}
		any = true;
	} else if (any && x->p < x->end && *x->p == '.' && !drill_at(x, "...")) {
		x->p++;
	}
	if (!any)
		drill_bad(x, "expected a time, not %s", here);
	return whole * 1000000000 + part;
}

size_t
drill_hex(struct drill_lex *x, uint8_t *bytes, size_t cap)
{
	size_t n = 0;

	drill_skip(x);
	if (drill_at(x, "0x"))
		drill_step(x, 2);
	while (x->end - x->p >= 2 && drill_hex_digit(x->p[0]) >= 0 &&
	       drill_hex_digit(x->p[1]) >= 0 && n < cap) {
		bytes[n++] = (uint8_t)(drill_hex_digit(x->p[0]) << 4 | drill_hex_digit(x->p[1]));
		x->p += 2;
	}
	if (x->p < x->end && drill_is_word(*x->p))
		drill_bad(x, "bytes are pairs of hexadecimal digits, at most %zu here", cap);
	return n;
}

const char *
drill_until(struct drill_lex *x, const char *close)
{
	const char *from = x->p;
	const char *text;

	while (x->p < x->end && !drill_at(x, close))
		drill_step(x, 1);
	if (x->p == x->end) {
		drill_bad(x, "'%s' is missing", close);
		return "";
	}
	text = drill_copy(x->script, from, (size_t)(x->p - from));
	drill_step(x, strlen(close));
	return text;
}
