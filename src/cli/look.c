/*
 * look.c - how what is printed looks: --color, --ascii, --columns, --lang.
 */
#define _GNU_SOURCE
#include "look.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "lang.h"

enum { KEY_COLOUR = 0x300, KEY_ASCII, KEY_COLUMNS, KEY_LANG };
enum { COLUMNS_MIN = 72, COLUMNS_MAX = 400, COLUMNS_PLAIN = 100 };

/* clang-format off */
static const struct argp_option options[] = {
	{0, 0, 0, 0, N_("How it looks:"), 8},
	{"color", KEY_COLOUR, "auto|always|never", 0, N_("colours; auto: on a terminal, unless NO_COLOR is set"), 8},
	{"ascii", KEY_ASCII, 0, 0, N_("no characters beyond ASCII (else where the locale has UTF-8)"), 8},
	{"columns", KEY_COLUMNS, "N", 0, N_("so wide, 72 to 400 (the terminal's width, or 100)"), 8},
	{"width", 0, 0, OPTION_ALIAS, 0, 8},
	{"lang", KEY_LANG, "en|zh", 0, N_("the language (LANG's)"), 8},
	{0}
};
/* clang-format on */

/* One line, and out. */
static void __attribute__((noreturn, format(printf, 2, 3)))
wrong(const struct argp_state *state, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", state->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, _("; try `%s --help'\n"), state->name);
	exit(EXIT_USAGE);
}

static enum look_colour
colour_named(const char *arg, struct argp_state *state)
{
	static const char words[][8] = {"auto", "always", "never"};

	for (int i = 0; i < 3; i++)
		if (!strcmp(arg, words[i]))
			return (enum look_colour)i;
	wrong(state, _("--color cannot be '%s'"), arg);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct look *look = state->input;
	char *end;
	long n;

	switch (key) {
	case KEY_COLOUR:
		look->colour = colour_named(arg, state);
		return 0;
	case KEY_ASCII:
		look->ascii = true;
		return 0;
	case KEY_COLUMNS:
		n = strtol(arg, &end, 10);
		if (*end || end == arg || n < COLUMNS_MIN || n > COLUMNS_MAX)
			wrong(state, _("--columns: '%s' is not a number from %d to %d"), arg,
			      COLUMNS_MIN, COLUMNS_MAX);
		look->columns = (int)n;
		return 0;
	case KEY_LANG: /* lang_begin() has seen it */
		if (!lang_known(arg))
			wrong(state, _("--lang: there is no language '%s' here"), arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp look_argp = {options, parse, NULL, NULL, NULL, NULL, LANG_DOMAIN};

bool
look_colour(const struct look *look)
{
	const char *no = getenv("NO_COLOR");

	if (look->colour != COLOUR_AUTO)
		return look->colour == COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no && *no);
}

bool
look_unicode(const struct look *look)
{
	return !look->ascii && !strcmp(nl_langinfo(CODESET), "UTF-8");
}

int
look_columns(const struct look *look)
{
	const char *text = getenv("COLUMNS");
	struct winsize size;
	long n = COLUMNS_PLAIN;

	if (look->columns)
		return look->columns;
	if (text && *text)
		n = strtol(text, NULL, 10);
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		n = size.ws_col;
	return n < COLUMNS_MIN ? COLUMNS_MIN : n > COLUMNS_MAX ? COLUMNS_MAX : (int)n;
}

void
look_ladder(const struct look *look, struct sw_ladder_config *c)
{
	c->colour = look_colour(look);
	c->unicode = look_unicode(look) || c->form != SW_LADDER_TEXT;
	c->columns = look_columns(look);
	c->say = lang_say;
}
