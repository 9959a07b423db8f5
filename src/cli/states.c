/*
 * states.c - the verb `states`: the tables of the state machine, as the source
 * has them.  Columns are the states before, rows the events, cells the states
 * after, in two letters.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "states.h"

enum form { FORM_TEXT, FORM_MERMAID, FORM_SVG };

static const struct argp_option options[] = {
    {"output", 'o', "text|mermaid|svg", 0,
     "the matrices; a Mermaid stateDiagram of Figure 5; a drawing of it", 0},
    {0}};

static const char doc[] =
    "Prints the transition tables that the library runs on: first RFC 9293's Figure 5, then what "
    "the figure leaves out (its note 3: resets, ABORT, timeouts).  Columns are the states before, "
    "rows what happens, cells the states after."
    "\v"
    "Example:\n  synwave states -o svg > states.svg";

static const char *
two_letters(unsigned state)
{
#define WORD(name, text, two) two,
	static const char letters[][3] = {SW_STATES(WORD)};
#undef WORD
	return letters[state];
}

/* The row for (from, on) in one of the two tables, or NULL. */
static const struct sw_edge *
find(const struct sw_edge *e, size_t n, const struct sw_edge *like)
{
	for (size_t i = 0; i < n; i++)
		if (e[i].figure_5 == like->figure_5 && e[i].from == like->from &&
		    e[i].on == like->on)
			return &e[i];
	return NULL;
}

static void
print_row(const struct sw_edge *e, size_t n, unsigned on, bool figure_5)
{
	struct sw_edge like = {.on = (uint8_t)on, .figure_5 = figure_5};

	printf("%-20s", sw_cause_name((enum sw_cause)on));
	for (unsigned s = 0; s < SW_N_STATES; s++) {
		const struct sw_edge *found;

		like.from = (uint8_t)s;
		found = find(e, n, &like);
		printf("  %2s", found ? two_letters(found->to) : ".");
	}
	printf("\n");
}

static void
print_matrix(const struct sw_edge *e, size_t n, bool figure_5)
{
	printf("%-20s", "");
	for (unsigned s = 0; s < SW_N_STATES; s++)
		printf("  %2s", two_letters(s));
	printf("\n");
	for (unsigned on = 0; on < SW_N_CAUSES; on++) {
		bool used = false;

		for (size_t i = 0; i < n && !used; i++)
			used = e[i].on == on && e[i].figure_5 == figure_5;
		if (used)
			print_row(e, n, on, figure_5);
	}
}

static void
print_text(const struct sw_edge *e, size_t n)
{
	print_matrix(e, n, true);
	printf("\n");
	print_matrix(e, n, false);
	printf("\n");
	for (unsigned s = 0; s < SW_N_STATES; s++)
		printf("%s  %-12s%s", two_letters(s), sw_state_name((enum sw_state)s),
		       s % 4 == 3 || s + 1 == SW_N_STATES ? "\n" : "  ");
}

/* A name that Mermaid takes: without hyphens. */
static const char *
plain(unsigned state)
{
#define WORD(name, ...) #name,
	static const char names[][16] = {SW_STATES(WORD)};
#undef WORD
	return names[state];
}

static void
print_mermaid(const struct sw_edge *e, size_t n)
{
	printf("stateDiagram-v2\n");
	for (unsigned s = 0; s < SW_N_STATES; s++)
		printf("    state \"%s\" as %s\n", sw_state_name((enum sw_state)s), plain(s));
	printf("    [*] --> CLOSED\n");
	for (size_t i = 0; i < n; i++)
		if (e[i].figure_5)
			printf("    %s --> %s: %s%s%s\n", plain(e[i].from), plain(e[i].to),
			       sw_cause_name(e[i].on), *e[i].action ? " / " : "", e[i].action);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	static const char words[][8] = {"text", "mermaid", "svg"};
	enum form *form = state->input;

	if (key != 'o' && key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	for (unsigned i = 0; key == 'o' && i < 3; i++) {
		if (strcmp(arg, words[i]))
			continue;
		*form = (enum form)i;
		return 0;
	}
	fprintf(stderr, "synwave states: %s '%s'; try `synwave states --help'\n",
		key == 'o' ? "--output cannot be" : "there is no argument", arg);
	exit(EXIT_USAGE);
}

int
verb_states(int argc, char **argv)
{
	const struct argp argp = {options, parse, NULL, doc, NULL, NULL, NULL};
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);
	enum form form = FORM_TEXT;

	argp_parse(&argp, argc, argv, 0, NULL, &form);
	if (form == FORM_SVG)
		states_svg(e, n);
	else if (form == FORM_MERMAID)
		print_mermaid(e, n);
	else
		print_text(e, n);
	return EXIT_DONE;
}
