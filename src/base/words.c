/*
 * words.c - what people read: names of states, causes, timers, verdicts, errors.
 *
 * The words are fixed arrays, not pointers, so that they need no relocation.
 */
#include "base/base.h"

#define WORDS_SECOND(name, text, ...) text,
#define WORDS_PAIR(name, text) text,
#define WORDS_RULE(name, word, rule, text) rule,
#define WORDS_TEXT(name, word, rule, text) text,

static const char words_state[][16] = {SW_STATES(WORDS_SECOND)};
static const char words_cause[][24] = {SW_CAUSES(WORDS_PAIR)};
static const char words_timer[][24] = {SW_TIMERS(WORDS_SECOND)};
static const char words_verdict[][16] = {SW_VERDICTS(WORDS_SECOND)};
static const char words_rule[][24] = {SW_VERDICTS(WORDS_RULE)};
static const char words_text[][80] = {SW_VERDICTS(WORDS_TEXT)};

/* by the error, negated */
static const char words_error[][40] = {"no error",
				       "an argument is out of range",
				       "no such connection",
				       "not in this state",
				       "nothing now: wait for an event",
				       "no memory left",
				       "the pair of endpoints is in use",
				       "no route to there",
				       "connection refused",
				       "connection reset by the peer",
				       "timed out",
				       "unreachable",
				       "the connection is closing",
				       "aborted by our side"};

static const char words_none[] = "?";

/* What an error of a call means. */
const char *
sw_error_text(int error)
{
	if (error > 0 || error <= -(int)N_OF(words_error))
		return "unknown error";
	return words_error[-error];
}

/* The state as the RFC writes it. */
const char *
sw_state_name(enum sw_state s)
{
	return (uint32_t)s < N_OF(words_state) ? words_state[s] : words_none;
}

/* What moved the connection. */
const char *
sw_cause_name(enum sw_cause c)
{
	return (uint32_t)c < N_OF(words_cause) ? words_cause[c] : words_none;
}

/* The timer's name. */
const char *
sw_timer_name(enum sw_timer t)
{
	return (uint32_t)t < N_OF(words_timer) ? words_timer[t] : words_none;
}

/* The verdict in one word. */
const char *
sw_verdict_name(enum sw_verdict v)
{
	return (uint32_t)v < N_OF(words_verdict) ? words_verdict[v] : words_none;
}

/* Where the rule stands: RFC and section. */
const char *
sw_verdict_rule(enum sw_verdict v)
{
	return (uint32_t)v < N_OF(words_rule) ? words_rule[v] : words_none;
}

/* What the verdict says, as a sentence. */
const char *
sw_verdict_text(enum sw_verdict v)
{
	return (uint32_t)v < N_OF(words_text) ? words_text[v] : words_none;
}
