/*
 * paper.c - texts on a terminal: how wide they are, where a line may end.
 *
 * UTF-8 and two widths of characters (UAX 11); lines end at spaces and between wide
 * characters, but not before what closes a bracket or a sentence nor behind what opens
 * one (the short form of UAX 14).
 */
#include <synwave/sw_trace.h>

#include <string.h>

/* The character at `at` and how many bytes it has; a wrong byte is one of its own. */
static uint32_t
character(const char *at, size_t *n)
{
	static const uint8_t least[] = {0, 0x80, 0xc0, 0xe0, 0xf0};
	const uint8_t *p = (const uint8_t *)at;
	size_t len = p[0] < 0xc2 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 1;
	uint32_t c = len == 1 ? p[0] : (uint32_t)(p[0] - least[len]);

	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			*n = 1;
			return p[0];
		}
		c = c << 6 | (p[i] & 0x3fu);
	}
	*n = len;
	return c;
}

static bool
wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf && c != 0x303f) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x20000 && c <= 0x3fffd);
}

/* Closing brackets, full stops: no line begins with them. */
static bool
closes(uint32_t c)
{
	static const uint32_t list[] = {0x3001, 0x3002, 0xff0c, 0xff0e, 0xff1a, 0xff1b,
					0xff01, 0xff1f, 0xff09, 0x300b, 0x300d, 0x300f,
					0x3011, 0x201d, 0x2019, ',',	'.',	';',
					':',	'!',	')',	'?',	']'};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i] == c)
			return true;
	return false;
}

/* Opening brackets: no line ends with them. */
static bool
opens(uint32_t c)
{
	return c == 0xff08 || c == 0x300a || c == 0x300c || c == 0x300e || c == 0x3010 ||
	       c == 0x201c || c == 0x2018 || c == '(' || c == '[';
}

int
sw_text_columns(const char *text)
{
	int columns = 0;

	for (size_t n; *text; text += n)
		columns += wide(character(text, &n)) ? 2 : 1;
	return columns;
}

/* May a line end between these two? */
static bool
may_end(uint32_t before, uint32_t after)
{
	if (after == ' ' || after == '\n')
		return true;
	if (before == ' ')
		return true;
	return (wide(before) || wide(after)) && !closes(after) && !opens(before);
}

size_t
sw_text_cut(const char *text, int columns)
{
	size_t n, end = 0, at = 0, fits = 0;
	uint32_t before = 0, c;
	int used = 0;

	for (; text[at]; at += n) {
		c = character(text + at, &n);
		if (at > 0 && may_end(before, c))
			end = at;
		if (c == '\n')
			return at;
		used += wide(c) ? 2 : 1;
		if (used > columns)
			return end > 0 ? end : fits > 0 ? fits : n; /* a word that is too long */
		fits = at + n;
		before = c;
	}
	return at;
}

void
sw_text_wrap(FILE *out, const char *text, int indent, int columns)
{
	while (*text) {
		size_t n = sw_text_cut(text, columns - indent), len = n;

		while (len > 0 && text[len - 1] == ' ')
			len--;
		fprintf(out, "%*s%.*s\n", len ? indent : 0, "", (int)len, text);
		text += n;
		if (*text == '\n')
			text++;
		else
			text += strspn(text, " ");
	}
}

char *
sw_text_count(uint64_t n, char text[SW_TEXT_COUNT])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}
