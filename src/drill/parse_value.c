/*
 * parse_value.c - the values of system calls: numbers, names, strings, lists,
 * structs, calls such as htons(80).
 *
 * Knows the grammar of values.  Does not know what a name stands for.
 */
#include <ctype.h>
#include <string.h>

#include "lex.h"

static struct drill_value *drill_value_at(struct drill_lex *, int depth);

static struct drill_value *
drill_value_new(struct drill_lex *x, enum drill_kind kind)
{
	struct drill_value *v = drill_alloc(x->script, sizeof(*v));

	v->kind = kind;
	return v;
}

/* The character behind a backslash. */
static char
drill_escape(struct drill_lex *x)
{
	static const char from[] = "ntr0\\\"'", to[] = "\n\t\r\0\\\"'";
	const char *at;
	uint8_t byte = 0;

	if (*x->p == 'x') {
		int digits = 0;

		for (x->p++; digits < 2 && x->p < x->end && isxdigit((unsigned char)*x->p);
		     digits++, x->p++) {
			int c = tolower((unsigned char)*x->p);

			byte = (uint8_t)(byte * 16 + (isdigit(c) ? c - '0' : c - 'a' + 10));
		}
		return (char)byte;
	}
	at = strchr(from, *x->p++);
	return at ? to[at - from] : x->p[-1];
}

static struct drill_value *
drill_string(struct drill_lex *x)
{
	struct drill_value *v = drill_value_new(x, DRILL_STRING);
	char *out = drill_alloc(x->script, (size_t)(x->end - x->p) + 1);

	drill_wants(x, "\"");
	while (x->p < x->end && *x->p != '"' && *x->p != '\n') {
		char c = *x->p++;

		out[v->len++] = c == '\\' && x->p < x->end ? drill_escape(x) : c;
	}
	if (x->p == x->end || *x->p != '"')
		drill_bad(x, "a string without its end");
	else
		x->p++;
	v->text = out;
	return v;
}

/* Values with commas between them, up to `close`. */
static struct drill_value *
drill_values(struct drill_lex *x, char close, int depth)
{
	struct drill_value *first = NULL, **last = &first;
	const char end[2] = {close, 0};

	if (drill_takes(x, end))
		return NULL;
	while (!x->bad) {
		*last = drill_value_at(x, depth + 1);
		last = &(*last)->next;
		if (drill_takes(x, end))
			break;
		drill_wants(x, ",");
		if (drill_takes(x, end)) /* a comma before the end is nothing */
			break;
	}
	return first;
}

struct drill_value *
drill_value_list(struct drill_lex *x, char close)
{
	return drill_values(x, close, 0);
}

/* `name =` or `name(...) =` in front of a member of a struct; NULL: neither. */
static const char *
drill_member(struct drill_lex *x)
{
	struct drill_lex before = *x;
	char word[DRILL_WORD];

	if (!drill_word(x, word)) {
		*x = before;
		return NULL;
	}
	if (drill_takes(x, "("))
		while (x->p < x->end && *x->p != '\n' && *x->p++ != ')')
			continue;
	if (!drill_sees(x, "==") && drill_takes(x, "="))
		return drill_copy(x->script, word, strlen(word));
	*x = before;
	return NULL;
}

static struct drill_value *
drill_struct(struct drill_lex *x, int depth)
{
	struct drill_value *v = drill_value_new(x, DRILL_STRUCT), **last = &v->first;

	drill_wants(x, "{");
	if (drill_takes(x, "}"))
		return v;
	while (!x->bad) {
		const char *member = drill_member(x);

		*last = drill_value_at(x, depth + 1);
		(*last)->member = member;
		last = &(*last)->next;
		if (drill_takes(x, "}"))
			break;
		drill_wants(x, ",");
		if (drill_takes(x, "}"))
			break;
	}
	return v;
}

static struct drill_value *
drill_name(struct drill_lex *x, int depth)
{
	struct drill_value *v;
	char word[DRILL_WORD];

	drill_takes(x, "&"); /* of inet_pton(AF_INET6, "::", &sin6_addr) */
	if (!drill_word(x, word)) {
		drill_bad(x, "expected a value");
		return drill_value_new(x, DRILL_ANY);
	}
	v = drill_value_new(x, DRILL_NAME);
	v->len = strlen(word);
	v->text = drill_copy(x->script, word, v->len);
	if (drill_takes(x, "(")) {
		v->kind = DRILL_CALL;
		v->first = drill_values(x, ')', depth);
	}
	return v;
}

static struct drill_value *
drill_simple(struct drill_lex *x, int depth)
{
	struct drill_value *v;

	if (depth > DRILL_DEPTH) {
		drill_bad(x, "values nest too deep");
		return drill_value_new(x, DRILL_ANY);
	}
	if (drill_takes(x, "..."))
		return drill_value_new(x, DRILL_ANY);
	if (drill_sees_number(x)) {
		v = drill_value_new(x, DRILL_INT);
		v->number = drill_number(x);
		if (drill_takes(x, "<<"))
			v->number = (int64_t)((uint64_t)v->number << drill_number_in(x, 0, 63));
		return v;
	}
	switch (drill_next(x)) {
	case '"':
		return drill_string(x);
	case '{':
		return drill_struct(x, depth);
	case '[':
		drill_wants(x, "[");
		v = drill_value_new(x, DRILL_LIST);
		v->first = drill_values(x, ']', depth);
		return v;
	default:
		return drill_name(x, depth);
	}
}

static struct drill_value *
drill_value_at(struct drill_lex *x, int depth)
{
	struct drill_value *v = drill_simple(x, depth), * or, **last;

	if (!drill_sees(x, "|"))
		return v;
	or = drill_value_new(x, DRILL_OR);
	or->first = v;
	last = &v->next;
	while (drill_takes(x, "|")) {
		*last = drill_simple(x, depth);
		last = &(*last)->next;
	}
	return or ;
}

struct drill_value *
drill_value(struct drill_lex *x)
{
	return drill_value_at(x, 0);
}
