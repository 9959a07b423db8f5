/*
 * shell.c - lines of shell in a script: `sysctl ...` as settings of the end, and
 * `ip addr add ADDR/LEN` as one more address of it.  Nothing is run.
 */
#include <stdlib.h>
#include <string.h>

#include "end.h"

/* name=value, name="several words" or, with quote set, the rest up to it: where it ends. */
static const char *
sysctl_word(const char *p, char quote, char name[DRILL_WORD], char value[DRILL_WORD])
{
	size_t n = strcspn(p, "= \t\n;&|");
	char stop[] = " \t\n;&|";

	name[0] = value[0] = 0;
	if (p[n] != '=' || n >= DRILL_WORD)
		return p + (n ? n : 1);
	memcpy(name, p, n);
	name[n] = 0;
	p += n + 1;
	if (*p == '"' || *p == '\'') {
		quote = *p++;
	}
	if (quote) {
		stop[0] = quote;
		stop[1] = 0;
	}
	n = strcspn(p, stop);
	snprintf(value, DRILL_WORD, "%.*s", (int)n, p);
	p += n;
	return *p && stop[1] == 0 ? p + 1 : p;
}

static void
shell_address(struct drill_run *r, const char *text)
{
	char word[DRILL_WORD], *slash;
	struct sw_addr a;

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, " \t\n;&|"), text);
	slash = strchr(word, '/');
	if (slash)
		*slash++ = 0;
	if (!slash || sw_addr_parse(&a, word) != SW_OK ||
	    !r->end->address(r, &a, (unsigned)strtoul(slash, NULL, 10)))
		drill_fail(r, "ip addr add: %s is no address for us", word);
}

void
drill_shell(struct drill_run *r, const char *line)
{
	static const char ip[] = "ip addr add ";
	char name[DRILL_WORD], value[DRILL_WORD];
	const char *more = strstr(line, ip);

	if (more)
		shell_address(r, more + sizeof(ip) - 1);
	if (!strstr(line, "sysctl"))
		return;
	/* names on both sides: a=b pairs are taken wherever they stand */
	while (*line) {
		char quote = 0;

		for (; *line && strchr(" \t\n;&|'\"", *line); line++)
			quote = *line == '"' || *line == '\'' ? *line : 0;
		line = sysctl_word(line, quote, name, value);
		if (value[0])
			r->end->sysctl(r, name, value);
	}
}
