/*
 * show.h - the gallery: what there is to see, and how a scene is played.
 */
#ifndef SW_SHOW_SHOW_H
#define SW_SHOW_SHOW_H

#include "show/stage.h"

#define N_(english) english /* translated where it is printed */

struct scene {
	const char *name;  /* "half-close" */
	const char *title; /* these are English, and translated where they are printed */
	const char *tell;  /* what happens, and why */
	const char *notice; /* what to look at, a line each */
	const char *claims; /* of doc/handshake-and-teardown.md: "H4 T6" */
	const char *path[2]; /* the states of both ends, which a test asks for */
	enum explore_break broken;
	bool absolute; /* sequence numbers as on the wire */
	bool open;   /* the ladder begins when the connection is open, at 1 s */
	bool closed; /* B does not listen at the beginning */
	void (*play)(struct stage *);
};

/* From 0 on; NULL: there is no more. */
const struct scene *show_scene(size_t);
const struct scene *show_named(const char *name);

/* If the scene is the first of its room: what all of them are about; else NULL. */
const char *show_room(const struct scene *);

/* Plays it on an empty stage; false: no memory, or something was not as the scene says. */
bool show_play(const struct scene *, const struct stage_watch *, struct stage *);
/* What of a ladder's configuration is the scene's. */
void show_ladder(const struct scene *, struct sw_ladder_config *);

/* The scenes, in the files that their names say; each ends with an empty one. */
extern const struct scene scenes_open[], scenes_syn[], scenes_close[], scenes_wait[], scenes_data[];

#endif
