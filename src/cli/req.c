/*
 * req.c - the verb `req`: the ledger of what the RFCs ask, where the source obeys it
 * and which tests show it.  The table is made from spec/ when the program is built.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

struct rule {
	int rfc;
	bool named; /* a test has the identifier in its name */
	const char *id, *section, *level;
	const char *rule, *at, *test; /* one a line */
	const char *but, *exception, *decided, *missing;
};

static const struct rule rules[] = {
#include "req_table.h"
};

enum { N_RULES = sizeof(rules) / sizeof(rules[0]) };

static const char doc[] =
    "Prints the ledger of requirements: the whole of it, one line a rule, or of one rule what it "
    "asks, where the source obeys it, and which tests show that."
    "\v"
    "In the lines `tested' means: by a test that has the identifier in its name; `covered': by "
    "others; `decided': neither done nor tested, on purpose.\n\nExample:\n  synwave req MUST-13";

/* What there is to say of it in one word or two. */
static const char *
verdict(const struct rule *r)
{
	if (*r->exception)
		return "exception";
	if (*r->missing)
		return "missing";
	if (*r->test)
		return r->named ? "tested" : "covered";
	return *r->decided ? "decided" : "open";
}

static void
print_line(const struct rule *r)
{
	const char *why = *r->exception ? r->exception : *r->missing ? r->missing : "";

	if (*why)
		printf("%-12s %-11s %s: %s\n", r->id, r->section, verdict(r), why);
	else
		printf("%-12s %-11s %-11s  %s\n", r->id, r->section, verdict(r), r->rule);
}

/* Each line of `text` behind its key. */
static void
print_lines(const char *key, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("  %-10s %.*s\n", key, (int)n, text);
		text += n + (text[n] == '\n');
		key = "";
	}
}

static void
print_whole(const struct rule *r)
{
	if (*r->exception)
		printf("%s  RFC %d %s  %s  exception: %s\n", r->id, r->rfc, r->section, r->level,
		       r->exception);
	else
		printf("%s  RFC %d %s  %s  %s\n", r->id, r->rfc, r->section, r->level, verdict(r));
	print_lines("rule", r->rule);
	print_lines("obeyed in", r->at);
	print_lines("tests", r->test);
	print_lines("but", r->but);
	print_lines("decided", r->decided);
	print_lines("missing", r->missing);
}

/* How many of a kind are done, of how many. */
static void
print_sum(int rfc, const char *level)
{
	unsigned all = 0, tested = 0, named = 0, excepted = 0, decided = 0;

	for (size_t i = 0; i < N_RULES; i++) {
		const struct rule *r = &rules[i];

		if (r->rfc != rfc || strcmp(r->level, level))
			continue;
		all++;
		excepted += *r->exception != 0;
		named += !*r->exception && *r->test && r->named;
		tested += !*r->exception && *r->test && !r->named;
		decided += !*r->exception && !*r->test && *r->decided;
	}
	if (all > 0)
		printf("RFC %d: %u/%u %s: %u tested by name, %u by others, %u decided, "
		       "%u excepted\n",
		       rfc, named + tested + decided + excepted, all, level, named, tested, decided,
		       excepted);
}

/* The whole ledger, and of each RFC how much of it is done. */
static void
print_all(void)
{
	static const char levels[][8] = {"MUST", "SHOULD", "MAY", "REC"};
	int rfc = 0;

	for (size_t i = 0; i < N_RULES; i++) {
		if (rules[i].rfc != rfc)
			printf("%sRFC %d\n", i ? "\n" : "", rules[i].rfc);
		rfc = rules[i].rfc;
		print_line(&rules[i]);
	}
	printf("\n");
	rfc = 0;
	for (size_t i = 0; i < N_RULES; i++) {
		if (rules[i].rfc == rfc)
			continue;
		rfc = rules[i].rfc;
		for (int k = 0; k < 4; k++)
			print_sum(rfc, levels[k]);
	}
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	const char **id = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*id != NULL) {
		fprintf(stderr, "synwave req: one identifier, not two: '%s'\n", arg);
		exit(EXIT_USAGE);
	}
	*id = arg;
	return 0;
}

int
verb_req(int argc, char **argv)
{
	const struct argp argp = {NULL, parse, "[ID]", doc, NULL, NULL, NULL};
	const char *id = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &id);
	if (id == NULL) {
		print_all();
		return EXIT_DONE;
	}
	for (size_t i = 0; i < N_RULES; i++) {
		if (strcasecmp(id, rules[i].id))
			continue;
		print_whole(&rules[i]);
		return EXIT_DONE;
	}
	fprintf(stderr, "synwave req: there is no '%s'; `synwave req' lists them\n", id);
	return EXIT_USAGE;
}
