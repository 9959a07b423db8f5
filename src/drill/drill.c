/*
 * drill.c - a script from its file to its verdict: whether it is run at all, how
 * often, and what a failure means.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "define.h"
#include "end.h"

enum { TRIES = 3, SCRIPT_MAX = 64 << 20 }; /* /dev/zero has no end */

/* Seconds that pass in a script, not counting those of `*`. */
static sw_ns
run_duration(const struct drill_script *script)
{
	int64_t base = 0, last = 0;

	for (const struct drill_event *e = script->events; e; e = e->next) {
		int64_t zero = e->relative ? base : 0;

		if (e->when != DRILL_WHENEVER)
			base = zero + e->from;
		if (e->when != DRILL_WHENEVER && zero + e->to > last)
			last = zero + e->to;
	}
	return (sw_ns)last;
}

/*
 * A script in real time that failed for a time may have shown only how busy this
 * machine is: it begins anew, a few times.  One that may fail fails once.
 */
static enum drill_verdict
run_again(struct drill_script *script, const struct drill_settings *settings)
{
	enum drill_verdict verdict = DRILL_FAILED;
	bool late = true;

	int tries = script->kernel ? 1 : TRIES;

	for (int i = 1; late && i <= tries; i++) {
		struct drill_settings quiet = *settings;
		char *text = NULL;
		size_t n = 0;

		late = false;
		quiet.out = open_memstream(&text, &n);
		if (!quiet.out)
			break;
		verdict = drill_script_run(script, &quiet, &late);
		fclose(quiet.out);
		if (!late || i == tries)
			fputs(text, settings->out);
		free(text);
	}
	return verdict;
}

/* With a kernel, and a script that says in writing why that differs. */
static enum drill_verdict
run_differing(struct drill_script *script, const struct drill_settings *settings)
{
	struct drill_settings quiet = *settings;
	enum drill_verdict verdict;
	char *text = NULL;
	size_t n = 0;

	quiet.out = open_memstream(&text, &n);
	if (!quiet.out)
		return DRILL_FAILED;
	verdict = run_again(script, &quiet);
	fclose(quiet.out);
	if (verdict == DRILL_PASSED)
		fprintf(settings->out,
			"%s: note: this kernel does not differ, but the script "
			"says: %s\n",
			script->path, script->kernel);
	else if (verdict == DRILL_FAILED && settings->verbose)
		fprintf(settings->out, "%s: differs as written: %s\n%s", script->path,
			script->kernel, text);
	else if (verdict != DRILL_FAILED)
		fputs(text, settings->out);
	free(text);
	return verdict == DRILL_FAILED ? DRILL_DIFFERS : verdict;
}

/* Something that only our own stack does; NULL: there is nothing like that. */
static const char *
run_needs(const struct drill_script *script, const struct drill_settings *settings)
{
	for (const struct drill_event *e = script->events; e && settings->end; e = e->next) {
		if (e->what == DRILL_REBOOT && !settings->end->reboot)
			return "it cannot be started anew";
		if (e->batch && settings->so_filename)
			return "the table takes packets one by one";
	}
	return NULL;
}

static enum drill_verdict
run_parsed(struct drill_script *script, const struct drill_settings *settings)
{
	sw_ns lasts = run_duration(script);
	const char *needs = run_needs(script, settings);

	if (settings->longest && lasts > settings->longest) {
		fprintf(settings->out, "%s: skipped: %llu s of real time\n", script->path,
			(unsigned long long)(lasts / SW_S));
		return DRILL_SKIPPED;
	}
	if (needs) {
		fprintf(settings->out, "%s: skipped: %s\n", script->path, needs);
		return DRILL_SKIPPED;
	}
	if (settings->end == &drill_end_kernel && script->kernel)
		return run_differing(script, settings);
	return run_again(script, settings);
}

enum drill_verdict
drill_text(const char *path, const char *text, size_t n, const struct drill_settings *settings)
{
	struct drill_script script = {0};
	enum drill_verdict verdict = DRILL_SYNTAX;
	char *defined = drill_defined(text, &n, settings);

	if (drill_parse(&script, path, defined ? defined : text, n))
		verdict = run_parsed(&script, settings);
	else
		fprintf(settings->out, "%s\n", script.message);
	drill_script_free(&script);
	free(defined);
	return verdict;
}

enum drill_verdict
drill_file(const char *path, const struct drill_settings *settings)
{
	FILE *file = fopen(path, "rb");
	enum drill_verdict verdict = DRILL_SYNTAX;
	char *text = NULL;
	size_t n = 0, cap = 0;

	if (!file) {
		fprintf(settings->out, "%s: %s\n", path, strerror(errno));
		return DRILL_SYNTAX;
	}
	do {
		char *more = n == cap ? realloc(text, cap = 2 * cap + 16384) : text;

		if (!more)
			break;
		text = more;
		n += fread(text + n, 1, cap - n, file);
	} while (n == cap && n < SCRIPT_MAX);
	if (ferror(file) || !text || n >= SCRIPT_MAX)
		fprintf(settings->out, "%s: cannot be read\n", path);
	else
		verdict = drill_text(path, text, n, settings);
	fclose(file);
	free(text);
	return verdict;
}
