/*
 * main.c - finds the verb.  Knows nothing of TCP.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <synwave/sw.h>

#include "cli.h"
#include "lang.h"

const char *argp_program_version = "synwave " SW_VERSION;

struct verb {
	char name[8];
	int (*run)(int, char **);
	char full[16];
};

static const struct verb verbs[] = {
    {"sim", verb_sim, "synwave sim"},	       {"cat", verb_cat, "synwave cat"},
    {"states", verb_states, "synwave states"}, {"drill", verb_drill, "synwave drill"},
    {"req", verb_req, "synwave req"},	       {"check", verb_check, "synwave check"},
    {"show", verb_show, "synwave show"},       {"ss", verb_ss, "synwave ss"},
    {"top", verb_top, "synwave top"},	       {"explain", verb_explain, "synwave explain"},
    {"bench", verb_bench, "synwave bench"},
};

static const char doc[] =
    "TCP as a program that shows itself.\n"
    "\n"
    "  synwave sim [FILE]      two hosts in one process move FILE over a path\n"
    "  synwave cat HOST PORT   netcat over a TCP of our own, on TUN or TAP\n"
    "  synwave states          the state machine (RFC 9293 Figure 5) as a matrix\n"
    "  synwave drill SCRIPT... scripts in packetdrill's language, in virtual time\n"
    "  synwave check [SCOPE]   every behaviour of two hosts: model-checked\n"
    "  synwave show [NAME]     scenes of TCP, run and explained\n"
    "  synwave ss [FILTER]     connections of running programs, as ss(8) shows them\n"
    "  synwave top             the same, again and again\n"
    "  synwave req [ID]        the rules of the RFCs, and the tests that show them\n"
    "  synwave explain FILE... what went wrong in a capture, and on whose side\n"
    "  synwave bench [WHAT]    what the stack costs on this machine\n"
    "\v"
    "`synwave VERB --help' says more of each.  Exit status: 0 done, 1 failed, 2 usage.";

/* What was printed must have got where it goes: else 1, and one line. */
static void
close_stdout(void)
{
	if (!ferror(stdout) && fflush(stdout) == 0)
		return;
	if (errno != EPIPE) /* whoever has read enough knows that */
		fprintf(stderr, "synwave: cannot write standard output: %s\n", strerror(errno));
	_exit(EXIT_FAILED);
}

struct line {
	int at; /* where the verb stands in argv; 0: there is none */
};

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct line *line = state->input;

	(void)arg;
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	line->at = state->next - 1;
	state->next = state->argc; /* the rest is the verb's */
	return 0;
}

int
main(int argc, char **argv)
{
	const struct argp argp = {NULL, parse, "VERB [OPTION...] [ARG...]", doc, NULL, NULL, NULL};
	struct line line = {0};

	lang_begin(argc, argv);
	argp_err_exit_status = EXIT_USAGE;
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(), and said */
	atexit(close_stdout);
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &line);
	if (line.at == 0) {
		fprintf(stderr, "synwave: no verb; try `synwave --help'\n");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		char name[16];

		if (strcmp(argv[line.at], verbs[i].name))
			continue;
		memcpy(name, verbs[i].full, sizeof(name));
		argv[line.at] = name;
		return verbs[i].run(argc - line.at, argv + line.at);
	}
	fprintf(stderr, "synwave: '%s' is no verb; try `synwave --help'\n", argv[line.at]);
	return EXIT_USAGE;
}
