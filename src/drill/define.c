/*
 * define.c - --define=NAME=VALUE: whole words of a script replaced by others,
 * before anything is read.  Lines stay where they are.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "define.h"

enum { DEFINES = 64 };

struct define {
	const char *name, *value;
	size_t name_len, value_len;
};

/* "NAME=VALUE" up to a blank. */
static bool
define_read(struct define *d, const char *text, const char *end)
{
	const char *equals;

	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	equals = memchr(text, '=', (size_t)(end - text));
	if (!equals || equals == text)
		return false;
	*d = (struct define){text, equals + 1, (size_t)(equals - text), (size_t)(end - equals - 1)};
	return true;
}

/* Those of the script itself: lines that begin with --define= */
static int
define_lines(struct define *d, int n, const char *text, size_t len)
{
	static const char head[] = "--define=";
	const size_t head_len = sizeof(head) - 1;

	for (const char *p = text, *end = text + len, *eol; p < end && n < DEFINES; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		eol = eol ? eol : end;
		if ((size_t)(eol - p) > head_len && !memcmp(p, head, head_len) &&
		    define_read(&d[n], p + head_len, eol))
			n++;
	}
	return n;
}

static bool
define_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const struct define *
define_find(const struct define *d, int n, const char *word, size_t len)
{
	for (int i = 0; i < n; i++)
		if (d[i].name_len == len && !memcmp(d[i].name, word, len))
			return &d[i];
	return NULL;
}

/* A buffer that grows. */
struct define_text {
	char *text;
	size_t n, cap;
};

static bool
define_add(struct define_text *t, const char *from, size_t n)
{
	if (t->n + n >= t->cap) {
		size_t cap = 2 * (t->cap + n) + 64;
		char *more = realloc(t->text, cap);

		if (!more)
			return false;
		t->text = more;
		t->cap = cap;
	}
	memcpy(t->text + t->n, from, n);
	t->n += n;
	return true;
}

/* One word, number or other character of the text, replaced or not; its length. */
static size_t
define_piece(struct define_text *to, const struct define *d, int n, const char *p, size_t room)
{
	const struct define *with;
	size_t len = 0;

	while (len < room && define_is_word(p[len]))
		len++;
	with = len ? define_find(d, n, p, len) : NULL;
	len = len ? len : 1;
	if (!(with ? define_add(to, with->value, with->value_len) : define_add(to, p, len)))
		return room;
	return len;
}

char *
drill_defined(const char *text, size_t *len, const struct drill_settings *settings)
{
	struct define d[DEFINES];
	struct define_text to = {NULL, 0, 0};
	int n = 0;

	for (int i = 0; i < settings->options && n < DEFINES; i++) {
		const char *o = settings->option[i];

		if (!strncmp(o, "define=", 7) && define_read(&d[n], o + 7, o + strlen(o)))
			n++;
	}
	n = define_lines(d, n, text, *len);
	if (n == 0)
		return NULL;
	for (size_t at = 0; at < *len;) {
		bool option = (at == 0 || text[at - 1] == '\n') && !strncmp(text + at, "--", 2);
		const char *eol = memchr(text + at, '\n', *len - at);

		if (!option) {
			at += define_piece(&to, d, n, text + at, *len - at);
			continue;
		}
		if (!define_add(&to, text + at, (eol ? (size_t)(eol - text) : *len) - at))
			break;
		at = eol ? (size_t)(eol - text) : *len;
	}
	*len = to.n;
	return to.text;
}
