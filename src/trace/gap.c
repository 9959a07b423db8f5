/*
 * gap.c - pauses: how long nothing happened, and who was to act.
 *
 * What is known is what stood on the wire: who had sent what is not acknowledged, whose
 * window is closed, and in which state each end is.
 */
#include "trace/ladder.h"

#include <string.h>

/* Sequence numbers that this side has sent and nobody has acknowledged. */
static bool
waits_for_ack(const struct sw_ladder *l, int side)
{
	const struct ladder_side *me = &l->side[side], *peer = &l->side[!side];

	if (!me->known || me->high == me->iss)
		return false;
	return !peer->heard || (int32_t)(me->high - peer->acked) > 0;
}

static bool
is_shut(const struct sw_ladder *l, int side)
{
	return l->side[side].known && l->side[side].heard && l->side[side].wnd == 0;
}

/* Who was to act; NULL: nobody in particular. */
static const char *
who(const struct sw_ladder *l, int *side)
{
	for (*side = 0; *side < 2; ++*side)
		if (is_shut(l, *side) && l->state[*side] != SW_CLOSED)
			return N_("the program at %s does not read: its window is closed");
	for (*side = 0; *side < 2; ++*side)
		if (waits_for_ack(l, *side) && l->state[*side] != SW_CLOSED &&
		    l->state[*side] != SW_TIME_WAIT)
			return N_("%s waits for an acknowledgement");
	for (*side = 0; *side < 2; ++*side)
		if (l->state[*side] == SW_CLOSE_WAIT)
			return N_("the program at %s has not called CLOSE");
	for (*side = 0; *side < 2; ++*side)
		if (l->state[*side] == SW_TIME_WAIT)
			return N_("%s waits out 2 MSL");
	return NULL;
}

/* "240.002 s", "200 ms" */
static void
duration(sw_ns d, char text[32])
{
	if (d < SW_S)
		snprintf(text, 32, "%llu ms", (unsigned long long)(d / SW_MS));
	else
		snprintf(text, 32, "%llu.%03llu s", (unsigned long long)(d / SW_S),
			 (unsigned long long)(d % SW_S / SW_MS));
}

/* "%s" in a sentence becomes the name of a side. */
static void
add_named(const struct sw_ladder *l, char *text, const char *words, int side)
{
	int n = (int)strcspn(l->name[side], " ");

	for (const char *at = words; *at; at++) {
		if (at[0] == '%' && at[1] == 's') {
			words_add(text, LADDER_TEXT, "%.*s", n, l->name[side]);
			at++;
		} else {
			words_add(text, LADDER_TEXT, "%c", *at);
		}
	}
}

void
gap_before(struct sw_ladder *l, sw_ns at)
{
	struct line gap = {.kind = SW_ROW_GAP,
			   .at = l->last,
			   .arrives = SW_NEVER,
			   .side = -1,
			   .state = {NO_STATE, NO_STATE}};
	char how_long[32];
	const char *words;
	int side = 0;

	if (!l->cfg.gap || !l->begun || at <= l->last || at - l->last < l->cfg.gap)
		return;
	duration(at - l->last, how_long);
	words = who(l, &side);
	words_add(gap.text, LADDER_TEXT, "%s%s", how_long, words ? ": " : "");
	if (words)
		add_named(l, gap.text, ladder_say(l, words), side);
	ladder_run_put(l);
	ladder_push(l, &gap);
}

void
gap_seen(struct sw_ladder *l, sw_ns at)
{
	if (!l->begun || at > l->last)
		l->last = at;
	l->begun = true;
}
