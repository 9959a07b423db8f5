/*
 * show_say.h - what the files of `synwave show` share.
 */
#ifndef SW_CLI_SHOW_SAY_H
#define SW_CLI_SHOW_SAY_H

#include "look.h"
#include "show/show.h"

enum show_form {
	SHOW_TEXT,
	SHOW_JSON,
	SHOW_NDJSON,
	SHOW_MERMAID,
	SHOW_SVG,
	SHOW_HTML,
	N_SHOW_FORMS
};

struct show_args {
	enum show_form form;
	const char *file; /* of the capture; NULL */
	bool by_time, all;
	struct look look;
	const struct scene *scene[64];
	size_t scenes;
};

/* A play with this ladder; false: it did not go as the scene says.  `s`: how it ended. */
bool show_draw(const struct scene *, const struct sw_ladder_config *, struct stage *s);

/* Each prints all scenes of args on standard output; false: one did not go as it says. */
bool show_text(const struct show_args *);
bool show_json(const struct show_args *);
bool show_page(const struct show_args *);
/* The list, a line each. */
void show_list(const struct look *);
/* A name or title, bold on a terminal with colours. */
void show_bold(const struct look *, const char *text);

#endif
