/*
 * control.c - the control socket of a verb: when it is opened, and how often it is
 * looked at.
 */
#include "control.h"

#include <stdio.h>
#include <string.h>

#include <synwave/sw_drv.h>

#include "cli.h"
#include "lang.h"

enum { KEY_CONTROL = 0x380 };
#define OPENS_AFTER SW_S
#define LOOKS_EVERY (10 * SW_MS)

static const struct argp_option options[] = {
    {"control", KEY_CONTROL, "SOCKET", 0,
     N_("where `synwave ss' and `top' can ask (a socket below XDG_RUNTIME_DIR; none: nowhere)"),
     7},
    {0}};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct control *c = state->input;

	if (key != KEY_CONTROL)
		return ARGP_ERR_UNKNOWN;
	c->path = arg;
	return 0;
}

const struct argp control_argp = {options, parse, NULL, NULL, NULL, NULL, LANG_DOMAIN};

/* A socket that was asked for must be there; the one by default may be missing. */
bool
control_open(struct control *c)
{
	char error[LIVE_ERROR];

	c->tried = true;
	c->live = live_open(c->path, c->verb, error);
	if (c->live == NULL && (c->path != NULL || c->say))
		fprintf(stderr, "synwave %s: %s\n", c->verb, error);
	if (c->live != NULL && c->say)
		fprintf(stderr, _("synwave: control socket %s\n"), live_path(c->live));
	return c->live != NULL || c->path == NULL;
}

int
control_begin(struct control *c, const char *verb)
{
	if (c->path != NULL && strcmp(c->path, "none") == 0)
		return 0;
	c->verb = verb;
	c->from = sw_drv_now();
	return c->path == NULL || control_open(c) ? 0 : EXIT_FAILED;
}

void
control_turn(struct control *c, const struct live_view *view)
{
	sw_ns now = sw_drv_now();

	if (now < c->next)
		return;
	c->next = now + LOOKS_EVERY;
	if (c->live == NULL && !c->tried && now - c->from >= OPENS_AFTER)
		control_open(c);
	if (c->live != NULL)
		live_serve(c->live, view);
}

void
control_end(struct control *c)
{
	live_close(c->live);
	c->live = NULL;
	c->verb = NULL;
}
