/*
 * show.c - finding scenes, and playing one.
 */
#include "show/show.h"

#include <string.h>

static const struct scene *const rooms[] = {scenes_open, scenes_syn, scenes_close, scenes_wait,
					    scenes_data};
static const char *const about[] = {N_("Opening"), N_("SYNs that nobody wants"), N_("Closing"),
				    N_("TIME-WAIT"), N_("Data")};

const struct scene *
show_scene(size_t i)
{
	for (size_t room = 0; room < sizeof(rooms) / sizeof(rooms[0]); room++)
		for (const struct scene *s = rooms[room]; s->name; s++)
			if (i-- == 0)
				return s;
	return NULL;
}

const struct scene *
show_named(const char *name)
{
	const struct scene *s;

	for (size_t i = 0; (s = show_scene(i)) != NULL; i++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

const char *
show_room(const struct scene *scene)
{
	for (size_t room = 0; room < sizeof(rooms) / sizeof(rooms[0]); room++)
		if (scene == rooms[room])
			return about[room];
	return NULL;
}

/* Are these the states that the scene promises? */
static bool
path_is(const struct stage *s, int host, const char *path)
{
	char text[1024];

	return !strcmp(stage_path(s, host, text, sizeof(text)), path);
}

bool
show_play(const struct scene *scene, const struct stage_watch *watch, struct stage *s)
{
	if (!stage_begin(s, watch))
		return false;
	s->broken = scene->broken;
	scene->play(s);
	return !s->failed && path_is(s, A, scene->path[A]) && path_is(s, B, scene->path[B]);
}

void
show_ladder(const struct scene *scene, struct sw_ladder_config *c)
{
	static const enum sw_state states[3][2] = {
	    {SW_CLOSED, SW_LISTEN}, {SW_CLOSED, SW_CLOSED}, {SW_ESTABLISHED, SW_ESTABLISHED}};

	c->depth = SW_LADDER_EACH;
	c->wire = true;
	c->why = true;
	c->absolute = scene->absolute;
	c->gap = 100 * SW_MS;
	c->left = "A 10.0.0.1:40000";
	c->right = "B 10.0.0.2:80";
	c->start = scene->open ? SW_S : 0;
	c->states = states[scene->open ? 2 : scene->closed ? 1 : 0];
}
