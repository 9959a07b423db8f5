/*
 * show_text.c - scenes for a terminal: what happens, the ladder, what to notice.
 */
#include <stdio.h>
#include <string.h>

#include "lang.h"
#include "show_say.h"

enum { NAME = 20, PATH = 1024 };

void
show_bold(const struct look *look, const char *text)
{
	bool on = look_colour(look);

	printf("%s%s%s", on ? "\033[1m" : "", text, on ? "\033[0m" : "");
}

void
show_list(const struct look *look)
{
	const struct scene *s;

	for (size_t i = 0; (s = show_scene(i)) != NULL; i++) {
		const char *room = show_room(s);

		if (room) {
			printf("%s", i ? "\n" : "");
			show_bold(look, _(room));
			printf("\n");
		}
		printf("  %-*s %s\n", NAME, s->name, _(s->title));
	}
	printf("\n%s\n", _("synwave show NAME shows one of them."));
}

/* A line of what to notice, behind a mark. */
static void
point(const char *text, size_t n, int columns)
{
	char line[1024], *at = line;
	bool first = true;

	snprintf(line, sizeof(line), "%.*s", (int)n, text);
	while (*at) {
		size_t cut = sw_text_cut(at, columns - 4), len = cut;

		while (len > 0 && at[len - 1] == ' ')
			len--;
		printf("%s%.*s\n", first ? "  - " : "    ", (int)len, at);
		at += cut;
		at += strspn(at, " ");
		first = false;
	}
}

static void
points(const char *text, int columns)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		point(text, n, columns);
		text += n + (text[n] == '\n');
	}
}

/* "what: words" in as many lines as it needs. */
static void
print_named(const char *english, const char *words, int columns)
{
	char line[PATH + 128];

	snprintf(line, sizeof(line), "%s  %s", _(english), *words ? words : "-");
	sw_text_wrap(stdout, line, 0, columns);
}

static bool
print_scene(const struct show_args *a, const struct scene *scene)
{
	int columns = look_columns(&a->look);
	struct sw_ladder_config c = {.out = stdout, .form = SW_LADDER_TEXT};
	char path[PATH];
	struct stage s;
	bool good;

	printf("%s  ", scene->name);
	show_bold(&a->look, _(scene->title));
	printf("\n\n");
	sw_text_wrap(stdout, _(scene->tell), 0, columns);
	printf("\n");
	look_ladder(&a->look, &c);
	good = show_draw(scene, &c, &s);
	printf("\n%s\n", _("What to notice:"));
	points(_(scene->notice), columns);
	printf("\n");
	print_named(N_("States of A:"), stage_path(&s, A, path, sizeof(path)), columns);
	print_named(N_("States of B:"), stage_path(&s, B, path, sizeof(path)), columns);
	print_named(N_("Claims of doc/handshake-and-teardown.md:"), scene->claims, columns);
	if (!good)
		printf("%s\n", _("This did not go as the scene says."));
	stage_end(&s);
	return good;
}

bool
show_text(const struct show_args *a)
{
	bool good = true;

	for (size_t i = 0; i < a->scenes; i++) {
		if (i > 0)
			printf("\n\n");
		good = print_scene(a, a->scene[i]) && good;
	}
	return good;
}
