/*
 * lang.c - the reader's language.
 *
 * The catalogues lie beside the program: in ../share/locale where it is installed, in
 * locale/ where it was built.  libc's gettext() asks for a locale that the machine has;
 * small machines have none but C.UTF-8, which serves any language of ours.
 */
#define _GNU_SOURCE
#include "lang.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char directory[4096];

/* What libc's argp says in the domain of a verb: for the catalogue. */
static const char *const argp_says[] __attribute__((unused)) = {
    N_("Usage:"), N_("  or: "), N_(" [OPTION...]"),
    N_("Mandatory or optional arguments to long options are also mandatory or "
       "optional for any corresponding short options.")};

/* Where the catalogues lie; false: that cannot be told. */
static bool
find_directory(void)
{
	static const char *const beside[] = {"locale", "../share/locale"};
	char program[2048], path[4096];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	if (n <= 0)
		return false;
	program[n] = '\0';
	slash = strrchr(program, '/');
	if (!slash)
		return false;
	slash[1] = '\0';
	for (int i = 0; i < 2; i++) {
		snprintf(directory, sizeof(directory), "%s%s", program, beside[i]);
		snprintf(path, sizeof(path), "%s%s/zh_CN/LC_MESSAGES/" LANG_DOMAIN ".mo", program,
			 beside[i]);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

/* The environment's locale for a category, as POSIX has it. */
static const char *
asked(const char *category)
{
	const char *names[] = {"LC_ALL", category, "LANG"};

	for (int i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return "C";
}

/* The language that the environment asks for. */
static const char *
asked_language(void)
{
	const char *list = getenv("LANGUAGE"), *value = asked("LC_MESSAGES");

	if (!strcmp(value, "C") || !strcmp(value, "POSIX"))
		return "en";
	return list && *list ? list : value;
}

/* Characters as the environment says, also where its locale was not generated. */
static bool
set_characters(void)
{
	const char *dot = strrchr(asked("LC_CTYPE"), '.');

	if (!setlocale(LC_CTYPE, "") && dot &&
	    (!strcasecmp(dot, ".UTF-8") || !strcasecmp(dot, ".utf8")))
		setlocale(LC_CTYPE, "C.UTF-8");
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

/* The catalogue of a language: all of China's are one. */
static const char *
catalogue(const char *language)
{
	return !strncmp(language, "zh", 2) ? "zh_CN" : NULL;
}

bool
lang_known(const char *language)
{
	return catalogue(language) != NULL || !strncmp(language, "en", 2);
}

/* The value behind --lang; NULL: it is not there. */
static const char *
option(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!strncmp(argv[i], "--lang=", 7))
			return argv[i] + 7;
		if (!strcmp(argv[i], "--lang"))
			return i + 1 < argc ? argv[i + 1] : NULL;
	}
	return NULL;
}

/* A locale with which gettext() does its work. */
static bool
set_locale(void)
{
	static const char *const names[] = {"zh_CN.UTF-8", "C.UTF-8", "en_US.UTF-8"};

	for (int i = 0; i < 3; i++)
		if (setlocale(LC_MESSAGES, names[i]) && *gettext("") != '\0')
			return true;
	return false;
}

void
lang_begin(int argc, char **argv)
{
	const char *wanted = option(argc, argv), *name;
	bool utf8 = set_characters();

	name = catalogue(wanted ? wanted : asked_language());
	if (!name || (!utf8 && !wanted) || !find_directory())
		return;
	setenv("LANGUAGE", name, 1);
	bindtextdomain(LANG_DOMAIN, directory);
	bind_textdomain_codeset(LANG_DOMAIN, "UTF-8");
	textdomain(LANG_DOMAIN);
	if (!set_locale() && wanted)
		fprintf(stderr, "synwave: no UTF-8 locale on this machine serves --lang %s\n",
			wanted);
}

const char *
lang_tag(void)
{
	return *gettext("") != '\0' ? "zh" : "en";
}

const char *
lang_say(const char *english)
{
	return *english ? gettext(english) : english;
}
