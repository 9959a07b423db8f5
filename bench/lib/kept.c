/*
 * kept.c - the file of runs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kept.h"

static json_t *runs; /* NULL: nothing is kept */
static int out = -1;

static bool
is_run(const json_t *o)
{
	return json_is_string(json_object_get(o, "row")) &&
	       json_is_string(json_object_get(o, "what")) &&
	       json_is_integer(json_object_get(o, "seed")) &&
	       json_is_integer(json_object_get(o, "seconds")) &&
	       json_is_number(json_object_get(o, "worth")) &&
	       json_is_number(json_object_get(o, "late"));
}

bool
kept_open(const char *file, int *line)
{
	char *text = NULL;
	size_t room = 0;
	FILE *in;

	*line = 0;
	runs = json_array();
	out = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	in = out < 0 ? NULL : fopen(file, "re");
	if (!runs || !in)
		return false;
	for (int n = 1; getline(&text, &room, in) >= 0; n++) {
		json_t *o = json_loads(text, 0, NULL);

		if (!is_run(o)) {
			*line = n;
			break;
		}
		json_array_append_new(runs, o);
	}
	free(text);
	fclose(in);
	return *line == 0;
}

static bool
is_that(const json_t *o, const struct kept_run *k)
{
	return strcmp(json_string_value(json_object_get(o, "row")), k->row) == 0 &&
	       strcmp(json_string_value(json_object_get(o, "what")), k->what) == 0 &&
	       (uint64_t)json_integer_value(json_object_get(o, "seed")) == k->seed &&
	       json_integer_value(json_object_get(o, "seconds")) == k->seconds;
}

bool
kept_find(struct kept_run *k)
{
	json_t *o;
	size_t i;

	json_array_foreach(runs, i, o)
	{
		if (!is_that(o, k))
			continue;
		k->worth = json_number_value(json_object_get(o, "worth"));
		k->late = json_number_value(json_object_get(o, "late"));
		return true;
	}
	return false;
}

bool
kept_add(const struct kept_run *k)
{
	time_t now = time(NULL);
	char at[32], *text;
	json_t *o;
	int n;

	if (out < 0)
		return true;
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	o = json_pack("{ss ss sI si sf sf ss}", "row", k->row, "what", k->what, "seed",
		      (json_int_t)k->seed, "seconds", k->seconds, "worth", k->worth, "late",
		      k->late, "at", at);
	text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;
	n = text ? dprintf(out, "%s\n", text) : -1;
	free(text);
	json_decref(o);
	return n > 0;
}
