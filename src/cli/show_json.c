/*
 * show_json.c - scenes for programs: one document, or a line a scene.
 */
#include <jansson.h>
#include <string.h>

#include "lang.h"
#include "show_say.h"

enum { PATH = 1024, VERSION = 1 };

static void
put_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string(text));
}

static void
put_time(json_t *o, const char *key, sw_ns at)
{
	json_object_set_new(o, key, json_real((double)at / 1e9));
}

/* "one two three" as an array. */
static json_t *
words(const char *text, const char *between)
{
	json_t *list = json_array();

	while (*text) {
		size_t n = strcspn(text, between);

		json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] != '\0');
	}
	return list;
}

struct rows { /* what the ladder hands over */
	json_t *list;
	sw_ns start;
};

static const char *
kind_name(enum sw_row_kind kind)
{
	static const char *const names[] = {"state", "segment", "timer", "call",
					    "run",   "gap",	"note"};

	return names[kind];
}

static void
on_row(void *ctx, const struct sw_row *row)
{
	static const char *const hosts[] = {"a", "b"};
	struct rows *rows = ctx;
	json_t *o = json_object(), *states = json_object(), *why = json_object();

	put_text(o, "kind", kind_name(row->kind));
	put_time(o, "at", row->at - rows->start);
	if (row->arrives != SW_NEVER)
		put_time(o, "arrives", row->arrives - rows->start);
	if (row->side >= 0)
		put_text(o, "side", hosts[row->side]);
	if (row->text && *row->text)
		put_text(o, "text", row->text);
	put_text(o, "options", row->more);
	if (row->fate & SW_SIM_GONE)
		json_object_set_new(o, "lost", json_true());
	if (row->again)
		json_object_set_new(o, "again", json_true());
	for (int side = 0; side < 2; side++) {
		if (row->state[side] != SW_N_STATES)
			put_text(states, hosts[side], sw_state_name(row->state[side]));
		put_text(why, hosts[side], row->why[side]);
	}
	if (json_object_size(states) > 0)
		json_object_set(o, "states", states);
	if (json_object_size(why) > 0)
		json_object_set(o, "why", why);
	json_decref(states);
	json_decref(why);
	json_array_append_new(rows->list, o);
}

static json_t *
scene_object(const struct scene *scene, bool *good)
{
	struct rows rows = {.list = json_array(), .start = scene->open ? SW_S : 0};
	struct sw_ladder_config c = {
	    .form = SW_LADDER_ROWS, .unicode = true, .row = on_row, .ctx = &rows};
	json_t *o = json_object(), *states = json_object();
	char path[PATH];
	struct stage s;
	bool went = show_draw(scene, &c, &s);

	put_text(o, "name", scene->name);
	put_text(o, "title", _(scene->title));
	put_text(o, "tell", _(scene->tell));
	json_object_set_new(o, "notice", words(_(scene->notice), "\n"));
	json_object_set_new(o, "claims", words(scene->claims, " "));
	if (scene->broken != EXPLORE_WHOLE)
		put_text(o, "broken", explore_break_name(scene->broken));
	json_object_set_new(o, "as_expected", json_boolean(went));
	json_object_set_new(states, "a", words(stage_path(&s, A, path, sizeof(path)), " "));
	json_object_set_new(states, "b", words(stage_path(&s, B, path, sizeof(path)), " "));
	json_object_set_new(o, "states", states);
	json_object_set_new(o, "rows", rows.list);
	stage_end(&s);
	*good = *good && went;
	return o;
}

/* What a list of names needs. */
static json_t *
brief_object(const struct scene *scene)
{
	json_t *o = json_object();

	put_text(o, "name", scene->name);
	put_text(o, "title", _(scene->title));
	return o;
}

bool
show_json(const struct show_args *a)
{
	size_t flags = JSON_REAL_PRECISION(12) | JSON_COMPACT;
	json_t *all = json_array(), *top, *one;
	bool good = true;

	for (size_t i = 0; i < a->scenes; i++) {
		one = a->all ? brief_object(a->scene[i]) : scene_object(a->scene[i], &good);
		if (a->form == SHOW_NDJSON) {
			json_dumpf(one, stdout, flags);
			printf("\n");
		}
		json_array_append_new(all, one);
	}
	top = json_object();
	json_object_set_new(top, "synwave", json_integer(VERSION));
	json_object_set_new(top, "scenes", all);
	if (a->form == SHOW_JSON) {
		json_dumpf(top, stdout, JSON_REAL_PRECISION(12) | JSON_INDENT(1));
		printf("\n");
	}
	json_decref(top);
	return good;
}
