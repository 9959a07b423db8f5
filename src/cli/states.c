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
#include "lang.h"
#include "look.h"
#include "show/crowd.h"
#include "states.h"

enum form { FORM_TEXT, FORM_MERMAID, FORM_SVG };
enum { KEY_COUNT = 0x100, KEY_SEED };

struct states_args {
	enum form form;
	struct look look;
	bool count, seeded;
	uint64_t seed;
	const char *file;
};

/* clang-format off */
static const struct argp_option options[] = {
	{"output", 'o', "text|mermaid|svg", 0, "the matrices; a Mermaid stateDiagram of Figure 5; a drawing of it", 0},
	{"count", KEY_COUNT, 0, 0, "count how often each row is taken: by the ends of CAPTURE, or in a run of many "
	 "connections between two hosts", 0},
	{"seed", KEY_SEED, "N", 0, "of that run (1)", 0},
	{0}
};
/* clang-format on */

static const char doc[] =
    "Prints the transition tables that the library runs on: first RFC 9293's Figure 5, then what "
    "the figure leaves out (its note 3: resets, ABORT, timeouts).  Columns are the states before, "
    "rows what happens, cells the states after."
    "\v"
    "Examples:\n  synwave states -o svg > states.svg\n"
    "  synwave states --count --seed 7 -o svg > counted.svg\n"
    "  synwave states --count capture.pcap";

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
print_mermaid(const struct sw_edge *e, size_t n, const struct states_count *count)
{
	char number[SW_TEXT_COUNT];

	printf("stateDiagram-v2\n");
	if (count->n)
		printf("    %%%% %s\n", count->where);
	for (unsigned s = 0; s < SW_N_STATES; s++)
		printf("    state \"%s\" as %s\n", sw_state_name((enum sw_state)s), plain(s));
	printf("    [*] --> CLOSED\n");
	for (size_t i = 0; i < n; i++)
		if (e[i].figure_5)
			printf("    %s --> %s: %s%s%s%s%s\n", plain(e[i].from), plain(e[i].to),
			       sw_cause_name(e[i].on), *e[i].action ? " / " : "", e[i].action,
			       count->n ? " x " : "",
			       count->n ? sw_text_count(count->n[i], number) : "");
}

/* ---- counting ------------------------------------------------------------ */

/* Each row with its number, both tables. */
static void
print_counts(const struct sw_edge *e, size_t n, const struct states_count *count)
{
	char number[SW_TEXT_COUNT];

	printf("%s\n\n", count->where);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && e[i].figure_5 != e[i - 1].figure_5)
			printf("\n");
		printf("%12s  %-12s  %-20s  %s\n", sw_text_count(count->n[i], number),
		       sw_state_name(e[i].from), sw_cause_name(e[i].on), sw_state_name(e[i].to));
	}
}

/* Of the run, or of the capture: an exit code. */
static int
count_rows(const struct states_args *a, struct states_count *count)
{
	static uint64_t rows[CROWD_EDGES];

	if (!a->count)
		return EXIT_DONE;
	count->n = rows;
	if (a->file)
		return states_file(a->file, count);
	snprintf(count->where, sizeof(count->where),
		 "%d connections between two hosts, 3%% of packets lost, seed %llu", CROWD,
		 (unsigned long long)a->seed);
	if (crowd_run(a->seed, rows))
		return EXIT_DONE;
	fprintf(stderr, "synwave states: no memory for two hosts\n");
	return EXIT_FAILED;
}

/* ---- options --------------------------------------------------------------- */

static void __attribute__((noreturn)) usage(const char *what, const char *arg)
{
	fprintf(stderr, "synwave states: %s '%s'; try `synwave states --help'\n", what, arg);
	exit(EXIT_USAGE);
}

static void
set_form(struct states_args *a, const char *arg)
{
	static const char words[][8] = {"text", "mermaid", "svg"};

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(arg, words[i]))
			continue;
		a->form = (enum form)i;
		return;
	}
	usage("--output cannot be", arg);
}

static void
set_seed(struct states_args *a, const char *arg)
{
	char *end;

	a->seed = strtoull(arg, &end, 0);
	if (*end || end == arg || *arg == '-')
		usage("--seed cannot be", arg);
	a->count = a->seeded = true;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct states_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->look;
		return 0;
	case 'o':
		set_form(a, arg);
		return 0;
	case KEY_SEED:
		set_seed(a, arg);
		return 0;
	case KEY_COUNT:
		a->count = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file)
			usage("more than one CAPTURE:", arg);
		a->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->file && !a->count)
			usage("without --count there is nothing to do with", a->file);
		if (a->file && a->seeded)
			usage("--seed is of a run, not of", a->file);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int
verb_states(int argc, char **argv)
{
	static const struct argp_child children[] = {{&look_argp, 0, NULL, 0}, {0}};
	const struct argp argp = {options,  parse, "--count [CAPTURE]", doc,
				  children, NULL,  LANG_DOMAIN};
	struct states_args a = {.seed = 1};
	struct states_count count = {0};
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	code = count_rows(&a, &count);
	if (code != EXIT_DONE)
		return code;
	if (a.form == FORM_SVG)
		states_svg(e, n, &count);
	else if (a.form == FORM_MERMAID)
		print_mermaid(e, n, &count);
	else if (count.n)
		print_counts(e, n, &count);
	else
		print_text(e, n);
	return EXIT_DONE;
}
