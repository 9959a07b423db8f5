/*
 * show.c - the verb `show`: scenes of TCP, run and explained.  What they are stands in
 * src/show/.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "lang.h"
#include "show_say.h"

enum { KEY_BY_TIME = 0x100 };

/* clang-format off */
static const struct argp_option options[] = {
	{"output", 'o', "FORM", 0, N_("text, json, ndjson, mermaid, svg or html (text)"), 1},
	{"write", 'w', "FILE", 0, N_("write the packets at A, with reasons as comments, as pcapng"), 1},
	{"by-time", KEY_BY_TIME, 0, 0, N_("SVG: heights are times; else each moment has the same room"), 1},
	{0}
};

static const char doc[] = N_(
	"Runs scenes of TCP on the real stack, in virtual time, and explains what happens: the ladder with "
	"the states of both ends, and below each step the rule that decided.  Without NAME all scenes are "
	"listed; `all' is all of them.  Some run a copy of the core in which a rule is broken, to show what "
	"it is for."
	"\v"
	"Examples:\n"
	"  synwave show handshake\n"
	"  synwave show lost-last-ack no-time-wait\n"
	"  synwave show all -o html > tcp.html\n"
	"\n"
	"Exit status: 0 all went as the scenes say; 1 not so, or it could not be written; 2 usage.");
/* clang-format on */

static const char forms[N_SHOW_FORMS][8] = {"text", "json", "ndjson", "mermaid", "svg", "html"};

static void
form_named(struct show_args *a, const char *arg, struct argp_state *state)
{
	for (int i = 0; i < N_SHOW_FORMS; i++) {
		if (strcmp(arg, forms[i]) != 0)
			continue;
		a->form = (enum show_form)i;
		return;
	}
	argp_error(state, _("--output cannot be '%s'"), arg);
}

static void
scene_add(struct show_args *a, const char *name, struct argp_state *state)
{
	const struct scene *s = show_named(name);

	if (!strcmp(name, "all")) {
		for (size_t i = 0; (s = show_scene(i)) != NULL; i++)
			scene_add(a, s->name, state);
		return;
	}
	if (!s)
		argp_error(state, _("there is no scene '%s'; `synwave show' lists them"), name);
	if (a->scenes == sizeof(a->scene) / sizeof(a->scene[0]))
		argp_error(state, _("too many scenes"));
	a->scene[a->scenes++] = s;
}

/* All arguments are there: what they mean together. */
static void
check(struct show_args *a, struct argp_state *state)
{
	bool one = a->form == SHOW_SVG || a->form == SHOW_MERMAID || a->file;

	a->all = a->scenes == 0;
	if (one && a->scenes != 1)
		argp_error(state, _("%s is of one scene: say which"),
			   a->file ? "--write" : forms[a->form]);
	if (a->all && a->form != SHOW_TEXT)
		scene_add(a, "all", state);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct show_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->look;
		return 0;
	case 'o':
		form_named(a, arg, state);
		return 0;
	case 'w':
		a->file = arg;
		return 0;
	case KEY_BY_TIME:
		a->by_time = true;
		return 0;
	case ARGP_KEY_ARG:
		scene_add(a, arg, state);
		return 0;
	case ARGP_KEY_END:
		check(a, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

bool
show_draw(const struct scene *scene, const struct sw_ladder_config *cfg, struct stage *s)
{
	struct sw_ladder_config c = *cfg;
	struct stage_watch watch = {.say = lang_say};
	bool good;

	show_ladder(scene, &c);
	c.bytes = sizeof(c);
	c.say = lang_say;
	c.title = lang_say(scene->title);
	watch.ladder = sw_ladder_new(&c);
	good = watch.ladder && show_play(scene, &watch, s);
	return (!watch.ladder || sw_ladder_end(watch.ladder)) && good;
}

/* One scene as a drawing, or as Mermaid. */
static bool
draw_alone(const struct show_args *a)
{
	struct sw_ladder_config c = {
	    .out = stdout,
	    .form = a->form == SHOW_SVG ? SW_LADDER_SVG : SW_LADDER_MERMAID,
	    .by_time = a->by_time,
	    .unicode = true,
	};
	struct stage s;
	bool good = show_draw(a->scene[0], &c, &s);

	stage_end(&s);
	return good;
}

/* The packets of a scene into a file; false: that was said. */
static bool
capture(const struct scene *scene, const char *name)
{
	struct stage_watch watch = {.say = lang_say};
	FILE *out = fopen(name, "wb");
	struct stage s;
	bool good = out != NULL;

	watch.capture = out ? sw_capture_new(out, SW_LINK_IP, 0) : NULL;
	if (watch.capture) {
		good = show_play(scene, &watch, &s);
		stage_end(&s);
		good = sw_capture_end(watch.capture) && good;
	}
	good = out && fclose(out) == 0 && good;
	if (!good)
		fprintf(stderr, _("synwave show: cannot write %s: %s\n"), name, strerror(errno));
	return good;
}

int
verb_show(int argc, char **argv)
{
	static const struct argp_child children[] = {{&look_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {options,  parse, N_("[NAME...]"), doc,
					 children, NULL,  LANG_DOMAIN};
	struct show_args a = {.form = SHOW_TEXT};
	bool good = true;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.scenes == 0)
		show_list(&a.look);
	else if (a.form == SHOW_TEXT)
		good = show_text(&a);
	else if (a.form == SHOW_HTML)
		good = show_page(&a);
	else if (a.form == SHOW_JSON || a.form == SHOW_NDJSON)
		good = show_json(&a);
	else
		good = draw_alone(&a);
	if (a.file)
		good = capture(a.scene[0], a.file) && good;
	return good ? EXIT_DONE : EXIT_FAILED;
}
