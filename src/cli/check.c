/*
 * check.c - the verb `check`: every behaviour of two hosts within a scope.  What a
 * state is and what must be true of it stands in src/explore/.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "explore/explore.h"

enum {
	KEY_LOSS = 0x100,
	KEY_DUP,
	KEY_REORDER,
	KEY_STATS,
	KEY_BREAK,
	KEY_MEMORY,
	KEY_WRAPPED,
	KEY_PLAIN
};
enum { MEMORY_MAX = 1 << 20, MEMORY_MB = 6000 };

/* clang-format off */
static const struct argp_option options[] = {
	{"loss", KEY_LOSS, "N", 0, "the network may lose N segments (0)", 0},
	{"dup", KEY_DUP, "N", 0, "it may bring N segments twice; in `reuse', any one that was ever "
	 "sent (0, in `reuse' 1)", 0},
	{"reorder", KEY_REORDER, 0, 0, "it may bring what is in flight in any order", 0},
	{"stats", KEY_STATS, 0, 0, "print the number of states at each depth", 0},
	{"break", KEY_BREAK, "NAME", 0, "explore a copy of the core in which a rule is broken: "
	 "two-way, no-time-wait, short-time-wait, fixed-iss, ack-less-fin, no-paws", 0},
	{"wrapped", KEY_WRAPPED, 0, 0, "each connection begins just below the last one's numbers, as if "
	 "they had gone round, and has timestamps (`no-paws' has this on)", 0},
	{"plain", KEY_PLAIN, 0, 0, "leave nothing out and take no two states for the same that differ "
	 "in a byte: for small scopes, to compare", 0},
	{"memory", KEY_MEMORY, "MB", 0, "use no more than that (6000)", 0},
	{0}
};
/* clang-format on */

#include "check_doc.h"

struct check {
	struct explore_job job;
	int first, last; /* scopes */
	bool dup_given, loss_given, scope_given;
};

static unsigned
number(const char *text, unsigned most, struct argp_state *state)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || end == text || n > most)
		argp_error(state, "'%s' is no number from 0 to %u", text, most);
	return (unsigned)n;
}

static void
scope_named(struct check *c, const char *name, struct argp_state *state)
{
	int i = 0;

	c->scope_given = true;
	if (strcmp(name, "all") == 0)
		return;
	while (i < EXPLORE_N_SCOPES && strcmp(name, explore_scope_name((enum explore_scope)i)) != 0)
		i++;
	if (i == EXPLORE_N_SCOPES)
		argp_error(state, "there is no scope '%s'", name);
	c->first = c->last = i;
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct check *c = state->input;

	switch (key) {
	case KEY_LOSS:
		c->job.loss = number(arg, EXPLORE_BUDGET_MAX, state);
		c->loss_given = true;
		return 0;
	case KEY_DUP:
		c->job.dup = number(arg, EXPLORE_BUDGET_MAX, state);
		c->dup_given = true;
		return 0;
	case KEY_REORDER:
		c->job.reorder = true;
		return 0;
	case KEY_STATS:
		c->job.stats = true;
		return 0;
	case KEY_BREAK:
		c->job.broken = explore_break_named(arg);
		if (c->job.broken == EXPLORE_N_BREAKS)
			argp_error(state, "no rule is called '%s'", arg);
		return 0;
	case KEY_WRAPPED:
		c->job.wrapped = true;
		return 0;
	case KEY_PLAIN:
		c->job.plain = true;
		return 0;
	case KEY_MEMORY:
		c->job.memory = (size_t)number(arg, MEMORY_MAX, state) << 20;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one scope");
		scope_named(c, arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Each broken rule shows where it is needed: a scope and the faults that suffice. */
static void
break_defaults(struct check *c)
{
	enum explore_break b = c->job.broken;
	bool close =
	    b == EXPLORE_NO_TIME_WAIT || b == EXPLORE_SHORT_TIME_WAIT || b == EXPLORE_ACK_LESS_FIN;

	if (b == EXPLORE_WHOLE)
		return;
	c->job.wrapped |= b == EXPLORE_NO_PAWS;
	if (!c->scope_given)
		c->first = c->last = close ? EXPLORE_CLOSE : EXPLORE_REUSE;
	if (!c->loss_given)
		c->job.loss = close;
	if (!c->dup_given)
		c->job.dup = !close;
}

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
verb_check(int argc, char **argv)
{
	const struct argp argp = {options, parse, "[open|close|reuse|all]", doc, NULL, NULL, NULL};
	struct check c = {.last = EXPLORE_N_SCOPES - 1};
	struct explore_count count = {0};
	enum explore_end end = EXPLORE_HELD;
	double start = seconds();

	c.job.memory = (size_t)MEMORY_MB << 20;
	c.job.out = stdout;
	c.job.progress = isatty(STDERR_FILENO) ? stderr : NULL;
	c.job.stop = &stopped;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGINT, stop);
	signal(SIGTERM, stop);
	argp_parse(&argp, argc, argv, 0, NULL, &c);
	break_defaults(&c);
	for (int scope = c.first; scope <= c.last && end == EXPLORE_HELD; scope++) {
		struct explore_job job = c.job;

		job.scope = (enum explore_scope)scope;
		if (scope == EXPLORE_REUSE && !c.dup_given)
			job.dup = 1;
		end = explore_run(&job, &count);
	}
	printf("%llu states, %llu moves, depth %u, %.1f s: %s\n", (unsigned long long)count.states,
	       (unsigned long long)count.moves, count.depth, seconds() - start,
	       end == EXPLORE_HELD	? "all properties hold"
	       : end == EXPLORE_FAILED	? "a property failed"
	       : end == EXPLORE_STOPPED ? "not finished, as it was stopped"
					: "not finished, as the memory allowed is used up");
	return end == EXPLORE_HELD ? EXIT_DONE : EXIT_FAILED;
}
