/*
 * ss.c - the verb `ss`: connections of running programs of ours, as ss(8) shows the
 * kernel's.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "lang.h"
#include "ss.h"

enum { KEY_CONTROL = 0x100, KEY_AT, KEY_COUNTERS, KEY_METRICS };
enum { WORDS = 128 };

/* clang-format off */
static const struct argp_option options[] = {
	{"all", 'a', 0, 0, N_("listeners, half-open ones and TIME-WAIT too"), 1},
	{"listening", 'l', 0, 0, N_("listeners only"), 1},
	{"info", 'i', 0, 0, N_("a line more each: congestion control, round trip, windows"), 1},
	{"options", 'o', "FORM", OPTION_ARG_OPTIONAL, N_("`-o json' or `-o ndjson': in that form; alone: timers"), 1},
	{"processes", 'p', 0, 0, N_("whose it is"), 1},
	{"no-header", 'H', 0, 0, N_("no line of headings"), 1},
	{"summary", 's', 0, 0, N_("how many in each state"), 1},
	{"ipv4", '4', 0, 0, N_("IPv4 only"), 1},
	{"ipv6", '6', 0, 0, N_("IPv6 only"), 1},
	{"tcp", 't', 0, 0, N_("nothing: there is only TCP"), 1},
	{"numeric", 'n', 0, 0, N_("nothing: names are never looked up"), 1},
	{"counters", KEY_COUNTERS, 0, 0, N_("what was decided about packets, with the rule of each verdict"), 2},
	{"metrics", KEY_METRICS, 0, 0, N_("all counters in Prometheus' text form"), 2},
	{"control", KEY_CONTROL, "SOCKET", 0, N_("of this program alone (all of this user's)"), 2},
	{"at", KEY_AT, "TIME", 0, N_("with FILE: at this moment of the capture"), 2},
	{0}
};

static const char doc[] = N_(
	"Shows the connections of running `synwave' programs in the columns of ss(8), which they answer for "
	"over their control sockets; or those of both ends of the capture FILE at a moment."
	"\v"
	"FILTER is ss's: `state close-wait', `exclude time-wait', `sport = :80', `dst 10.0.0.0/8', `dport >= "
	":1024', joined by and, or, not and brackets.\n"
	"\n"
	"Examples:\n"
	"  synwave ss -tin\n"
	"  synwave ss -a state time-wait\n"
	"  synwave ss -o json '( sport = :80 or sport = :443 )'\n"
	"\n"
	"Exit status: 0 done; 1 nobody to ask, or no answer; 2 usage.");
/* clang-format on */

struct input {
	struct ss_args args;
	char *word[WORDS];
	int words;
};

/* -o, whose value may stand in the next word. */
static void
form_or_timers(struct ss_args *a, const char *arg, struct argp_state *state)
{
	const char *next = state->next < state->argc ? state->argv[state->next] : "";
	bool given = arg != NULL;
	const char *word = given ? arg : next;

	if (!strcmp(word, "json"))
		a->form = SS_JSON;
	else if (!strcmp(word, "ndjson"))
		a->form = SS_NDJSON;
	else if (given && strcmp(word, "text"))
		argp_error(state, _("-o cannot be '%s'"), word);
	else if (!given && strcmp(word, "text")) {
		a->timers = true;
		return;
	}
	if (!given)
		state->next++;
}

static bool
flag(struct ss_args *a, int key)
{
	switch (key) {
	case 'a':
		return a->all = true;
	case 'l':
		return a->listening = true;
	case 'i':
		return a->info = true;
	case 'p':
		return a->processes = true;
	case 'H':
		return a->no_header = true;
	case 's':
		return a->summary = true;
	case '4':
		return a->only4 = true;
	case '6':
		return a->only6 = true;
	case KEY_COUNTERS:
		return a->counters = true;
	case KEY_METRICS:
		return a->metrics = true;
	default:
		return key == 't' || key == 'n';
	}
}

/* All words are there: perhaps a file, and the filter. */
static void
check(struct input *in, struct argp_state *state)
{
	int first = in->words > 0 && !ss_filter_begins(in->word[0]);
	char error[200];

	if (first)
		in->args.file = in->word[0];
	if (in->args.at && !in->args.file)
		argp_error(state, _("--at is a moment of a capture: which FILE?"));
	if (!ss_filter_read(&in->args.filter, in->word + first, in->words - first, error))
		argp_error(state, "%s", error);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct input *in = state->input;

	if (flag(&in->args, key))
		return 0;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &in->args.look;
		return 0;
	case 'o':
		form_or_timers(&in->args, arg, state);
		return 0;
	case KEY_CONTROL:
		in->args.control = arg;
		return 0;
	case KEY_AT:
		in->args.at = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (in->words == WORDS)
			argp_error(state, _("the filter is too long%s"), "");
		in->word[in->words++] = arg;
		return 0;
	case ARGP_KEY_END:
		check(in, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A page as it is; false: one line was said. */
static bool
print_page(const char *path, const char *page)
{
	char error[200], *text = live_ask(path, page, error);

	if (text)
		fputs(text, stdout);
	else
		fprintf(stderr, "synwave ss: %s\n", error);
	free(text);
	return text != NULL;
}

/* Verdicts that were given at all, with their rules. */
static bool
print_counters(const char *path)
{
	char error[200], *text = live_ask(path, "/counters", error);
	const char *at = text ? strstr(text, "\"verdicts\":{") : NULL;

	if (!at) {
		fprintf(stderr, "synwave ss: %s\n", error);
		free(text);
		return false;
	}
	for (int v = 0; v < SW_N_VERDICTS; v++) {
		char key[40];
		const char *found;
		unsigned long long n;

		snprintf(key, sizeof(key), "\"%s\":", sw_verdict_name((enum sw_verdict)v));
		found = strstr(at, key);
		n = found ? strtoull(found + strlen(key), NULL, 10) : 0;
		if (n > 0)
			printf("%12llu  %-15s %-16s %s\n", n, sw_verdict_name((enum sw_verdict)v),
			       sw_verdict_rule((enum sw_verdict)v),
			       _(sw_verdict_text((enum sw_verdict)v)));
	}
	free(text);
	return true;
}

/* One answer after the other; an exit code. */
static int
print_pages(const struct ss_args *a, char path[LIVE_PROGRAMS][LIVE_NAME], int n)
{
	bool good = true;

	for (int i = 0; i < n; i++) {
		if (n > 1)
			printf("# %s\n", path[i]);
		good = (a->metrics ? print_page(path[i], "/metrics") : print_counters(path[i])) &&
		       good;
	}
	return good ? EXIT_DONE : EXIT_FAILED;
}

int
verb_ss(int argc, char **argv)
{
	static const struct argp_child children[] = {{&look_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
	    options, parse,	 N_("[FILTER]\nFILE --at TIME [FILTER]"), doc, children,
	    NULL,    LANG_DOMAIN};
	static char path[LIVE_PROGRAMS][LIVE_NAME];
	static struct input in;
	struct ss_list list = {0};
	int n, answers = 0;
	char error[200];

	argp_parse(&argp, argc, argv, 0, NULL, &in);
	if (in.args.file)
		return ss_file(&in.args);
	n = live_find(&in.args, path);
	if (n < 0)
		return EXIT_FAILED;
	if (in.args.metrics || in.args.counters)
		return print_pages(&in.args, path, n);
	for (int i = 0; i < n; i++) {
		if (live_records(path[i], &list, error))
			answers++;
		else if (in.args.control) /* others may just have ended */
			fprintf(stderr, "synwave ss: %s\n", error);
	}
	if (answers > 0)
		ss_print(&in.args, &list);
	else if (!in.args.control)
		fprintf(stderr, "synwave ss: %s\n", error);
	ss_free(&list);
	return answers > 0 ? EXIT_DONE : EXIT_FAILED;
}
