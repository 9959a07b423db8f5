/*
 * why.c - the reason of what a stack did, with the place of its rule: of a verdict, of
 * an edge of the state machine, of a timer.  The words are those of sw_words.h.
 */
#include "trace/ladder.h"

#include <synwave/sw_probe.h>

#include <string.h>

const char *
why_timer(enum sw_timer timer)
{
#define RULE(name, text, rule) rule,
	static const char *const rules[] = {SW_TIMERS(RULE)};
#undef RULE
	return timer < SW_N_TIMERS ? rules[timer] : "-";
}

/* Adds one reason: "what (RFC rule)". */
static void
add_reason(char why[LADDER_WHY], const char *what, const char *rfc, const char *rule)
{
	bool known = *rule != '\0' && *rule != '-';
	size_t begun;

	words_add(why, LADDER_WHY, "%s%s", *why ? "; " : "", what);
	begun = strlen(why) + 1;
	if (known)
		words_add(why, LADDER_WHY, " (RFC %s%s)", rfc, rule);
	for (size_t i = begun; known && why[i]; i++) /* it is one word */
		if (why[i] == ' ')
			why[i] = JOIN[0];
}

/* What a segment was found to be, unless the state it led to says that. */
static void
why_verdict(const struct sw_ladder *l, char why[LADDER_WHY], const struct sw_trace *t)
{
	bool plain =
	    t->verdict == SW_V_TAKEN || t->verdict == SW_V_OPENED || t->verdict == SW_V_SYN_TAKEN;

	if (plain && (t->from != t->to || t->verdict == SW_V_TAKEN))
		return;
	add_reason(why, ladder_say(l, sw_verdict_text(t->verdict)), "",
		   sw_verdict_rule(t->verdict));
}

static void
why_state(char why[LADDER_WHY], const struct sw_trace *t)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);
	char what[64];

	if ((t->cause == SW_ON_RCV_RST || t->cause == SW_ON_RCV_NEW_SYN) && *why)
		return; /* the verdict has said it */
	for (size_t i = 0; i < n; i++) {
		if (e[i].from != t->from || e[i].on != t->cause)
			continue;
		snprintf(what, sizeof(what), "%s%s%s", sw_cause_name(t->cause),
			 *e[i].action ? ", " : "", e[i].action);
		add_reason(why, what, "9293 ", e[i].rule);
		return;
	}
}

void
why_event(const struct sw_ladder *l, char why[LADDER_WHY], const struct sw_trace *t)
{
	switch (t->kind) {
	case SW_T_IN:
	case SW_T_DROP:
		why_verdict(l, why, t);
		return;
	case SW_T_STATE:
		why_state(why, t);
		return;
	default:
		return;
	}
}
