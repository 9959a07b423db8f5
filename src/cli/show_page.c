/*
 * show_page.c - scenes as one page of HTML: what there is, and each with its drawing.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang.h"
#include "page.h"
#include "show_say.h"

enum { PATH = 1024 };

static const struct show_args *shown; /* what the page holds, for its links */

static int
on_page(const char *name)
{
	for (size_t i = 0; i < shown->scenes; i++)
		if (!strcmp(shown->scene[i]->name, name))
			return 1;
	return 0;
}

static void
contents(const struct show_args *a)
{
	bool open = false;

	printf("<nav aria-label=\"%s\">\n", _("Scenes"));
	for (size_t i = 0; i < a->scenes; i++) {
		const char *room = show_room(a->scene[i]);

		if (room) {
			printf("%s<h2>", open ? "</ul>\n" : "");
			page_text(stdout, _(room));
			printf("</h2>\n");
		}
		if (room || !open)
			printf("<ul>\n");
		open = true;
		printf("<li><a href=\"#%s\">%s</a> <span class=\"dim\">", a->scene[i]->name,
		       a->scene[i]->name);
		page_text(stdout, _(a->scene[i]->title));
		printf("</span></li>\n");
	}
	printf("</ul>\n</nav>\n");
}

/* One of the two drawings; false: it did not go as the scene says. */
static bool
drawing(const struct scene *scene, bool by_time)
{
	struct sw_ladder_config c = {.out = stdout,
				     .form = SW_LADDER_SVG,
				     .part = true,
				     .by_time = by_time,
				     .unicode = true};
	struct stage s;
	bool good;

	printf("<div class=\"ladder %s\">\n", by_time ? "time" : "step");
	good = show_draw(scene, &c, &s);
	printf("</div>\n");
	stage_end(&s);
	return good;
}

/* Two buttons, and what they choose from: no script is needed. */
static bool
drawings(const struct scene *scene)
{
	const char *name = scene->name;
	bool good;

	printf("<div class=\"choice\" role=\"group\" aria-label=\"%s\">\n", _("Heights"));
	printf("<input type=\"radio\" name=\"h-%s\" id=\"step-%s\" checked><label for=\"step-%s\"> "
	       "%s</label>\n",
	       name, name, name, _("each moment alike"));
	printf("<input class=\"by-time\" type=\"radio\" name=\"h-%s\" id=\"time-%s\"><label "
	       "for=\"time-%s\"> %s</label>\n",
	       name, name, name, _("as long as it lasted"));
	good = drawing(scene, false);
	good = drawing(scene, true) && good;
	printf("</div>\n");
	return good;
}

static void
notice(const char *text)
{
	printf("<h3>%s</h3>\n<ul>\n", _("What to notice:"));
	while (*text) {
		size_t n = strcspn(text, "\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		printf("<li>");
		page_prose(stdout, line, on_page);
		printf("</li>\n");
		text += n + (text[n] == '\n');
	}
	printf("</ul>\n");
}

/* The ladder as text, for who copies it; and the states. */
static bool
as_text(const struct scene *scene)
{
	struct sw_ladder_config c = {.form = SW_LADDER_TEXT, .unicode = true};
	char path[PATH], *text = NULL;
	size_t size = 0;
	struct stage s;
	bool good;

	c.out = open_memstream(&text, &size);
	if (!c.out)
		return false;
	good = show_draw(scene, &c, &s);
	good = fclose(c.out) == 0 && good;
	printf("<details><summary>%s</summary><pre>", _("As text"));
	page_text(stdout, text);
	printf("</pre></details>\n");
	free(text);
	for (int host = A; host <= B; host++)
		printf("<p class=\"dim\">%s %s</p>\n", host ? _("States of B:") : _("States of A:"),
		       stage_path(&s, host, path, sizeof(path)));
	stage_end(&s);
	return good;
}

static bool
section(const struct scene *scene)
{
	bool good;

	printf("<section id=\"%s\">\n<h2>", scene->name);
	page_text(stdout, _(scene->title));
	printf(" <code class=\"dim\">%s</code></h2>\n<p>", scene->name);
	page_prose(stdout, _(scene->tell), on_page);
	printf("</p>\n");
	good = drawings(scene);
	notice(_(scene->notice));
	good = as_text(scene) && good;
	printf("<p class=\"dim\">%s %s</p>\n</section>\n",
	       _("Claims of doc/handshake-and-teardown.md:"), scene->claims);
	return good;
}

bool
show_page(const struct show_args *a)
{
	bool good = true;

	shown = a;
	page_begin(stdout, _("TCP, watched"));
	printf("<header><h1>%s</h1>\n<p>", _("TCP, watched"));
	page_text(stdout,
		  _("Each scene is a run of Synwave's own TCP, both ends, in virtual time; the "
		    "rules stand where the source has them."));
	printf("</p></header>\n<main>\n");
	contents(a);
	for (size_t i = 0; i < a->scenes; i++)
		good = section(a->scene[i]) && good;
	printf("</main>\n");
	page_end(stdout);
	return good;
}
