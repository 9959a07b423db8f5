/*
 * ladder.c - which lines a ladder has, and which states stand beside them.
 *
 * Lines are held back while their segments are under way: a state that a segment
 * brings about is written at the end of its arrow, as RFC 9293's figures 6 to 13
 * do, unless a later line already tells of that side.  In a brief ladder runs of
 * data are counted and become one line when something else happens.
 */
#include "trace/ladder.h"

#include <string.h>

/* ---- the lines that are held back --------------------------------------- */

static void
wait_draw(struct sw_ladder *l, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		draw_line(l, &l->wait[i]);
	memmove(l->wait, l->wait + n, (l->n_wait - n) * sizeof(l->wait[0]));
	l->n_wait -= n;
}

/* Draws what nothing can be added to any more, now that it is `at`. */
static void
wait_settle(struct sw_ladder *l, sw_ns at)
{
	uint32_t n = 0;

	while (n < l->n_wait &&
	       (l->wait[n].kind != SW_ROW_SEGMENT || l->wait[n].arrives < at ||
		l->wait[n].arrives == SW_NEVER) &&
	       l->wait[n].at < at)
		n++;
	if (n == 0 && l->n_wait == LADDER_WAIT)
		n = 1;
	wait_draw(l, n);
}

struct line *
ladder_push(struct sw_ladder *l, const struct line *line)
{
	wait_settle(l, line->at);
	l->wait[l->n_wait] = *line;
	return &l->wait[l->n_wait++];
}

void
ladder_run_put(struct sw_ladder *l)
{
	struct run *r = &l->run;
	uint64_t n = (uint64_t)r->segments[0] + r->segments[1] + r->acks[0] + r->acks[1];
	struct line line;

	if (n > 0 && n <= LADDER_HELD && n == r->held && !r->timeouts && !r->probes) {
		for (uint32_t i = 0; i < r->held; i++)
			ladder_push(l, &r->line[i]);
	} else if (words_run(l, r, &line)) {
		ladder_push(l, &line);
	}
	memset(r, 0, sizeof(*r));
}

/* Does what happens to `side` at `at` belong to this line? */
static bool
line_meets(const struct line *line, int side, sw_ns at)
{
	if (line->kind != SW_ROW_SEGMENT || line->state[side] != NO_STATE)
		return false;
	return line->side == side ? line->at == at : line->arrives == at;
}

/* The line that brings a new state of `side` about; NULL: none of those that wait. */
static struct line *
wait_find(struct sw_ladder *l, int side, sw_ns at)
{
	for (uint32_t i = l->n_wait; i-- > 0;) {
		if (line_meets(&l->wait[i], side, at))
			return &l->wait[i];
		if (l->wait[i].state[side] != NO_STATE)
			return NULL; /* columns are read downwards */
	}
	return NULL;
}

struct line *
ladder_state(struct sw_ladder *l, int side, sw_ns at, enum sw_state to)
{
	struct line *line = wait_find(l, side, at);
	struct line alone = {.kind = SW_ROW_STATE,
			     .at = at,
			     .arrives = SW_NEVER,
			     .side = side,
			     .state = {NO_STATE, NO_STATE}};

	l->state[side] = to;
	if (line) {
		line->state[side] = to;
		return line;
	}
	alone.state[side] = to;
	gap_before(l, at);
	gap_seen(l, at);
	ladder_run_put(l);
	return ladder_push(l, &alone);
}

/* Is this the segment, at the moment in which `side` sends or gets it? */
static bool
line_is(const struct line *line, int side, const struct sw_trace *t)
{
	return line->kind == SW_ROW_SEGMENT && line->seq == t->seq && line->ctl == t->ctl &&
	       line->len == t->len && (line->side == side ? line->at : line->arrives) == t->at;
}

struct line *
ladder_find(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	struct run *r = &l->run;

	for (uint32_t i = r->held; i-- > 0;)
		if (line_is(&r->line[i], side, t))
			return &r->line[i];
	for (uint32_t i = l->n_wait; i-- > 0;)
		if (line_is(&l->wait[i], side, t))
			return &l->wait[i];
	return NULL;
}

/* ---- segments ----------------------------------------------------------- */

/* Does a brief ladder count this segment instead of showing it? */
static bool
is_run(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	struct ladder_side *me = &l->side[side], *peer = &l->side[!side];
	bool first = me->first && !(t->ctl & SW_SYN);

	if (l->cfg.depth != SW_LADDER_BRIEF || (t->ctl & (SW_SYN | SW_FIN | SW_RST)))
		return false;
	if (first)
		me->first = false;
	if (t->len > 0)
		return true;
	if (first && t->ack == peer->iss + 1)
		return false; /* the handshake's last */
	if (!peer->fin || t->ack != peer->fin_end || me->acked_fin)
		return true;
	me->acked_fin = true; /* once, until that FIN comes again */
	return false;
}

static void
run_add(struct sw_ladder *l, int side, const struct sw_trace *t, const struct line *line)
{
	struct run *r = &l->run;

	if (!r->segments[0] && !r->segments[1] && !r->acks[0] && !r->acks[1]) {
		r->at = line->at;
		r->packet = line->packet;
	}
	if (r->held < LADDER_HELD)
		r->line[r->held++] = *line;
	else
		r->held = LADDER_HELD;
	if (t->len > 0)
		r->segments[side]++;
	else
		r->acks[side]++;
	r->payload[side] += t->len;
	r->again[side] += line->again;
	r->lost[side] += line_gone(line);
	r->last = line->packet;
}

/* The last line that tells of a state of `side` and nothing else, at this moment; NULL. */
static struct line *
state_alone(struct sw_ladder *l, int side, sw_ns at)
{
	for (uint32_t i = l->n_wait; i-- > 0 && l->wait[i].at == at;) {
		if (l->wait[i].kind != SW_ROW_STATE || l->wait[i].side < 0)
			return NULL;
		if (l->wait[i].side == side)
			return &l->wait[i];
	}
	return NULL;
}

/* A state that this segment explains goes to its side. */
static void
join_state(struct sw_ladder *l, struct line *line)
{
	int side = line->side;
	struct line *p = state_alone(l, side, line->at);

	if (!p || line->state[side] != NO_STATE)
		return;
	line->state[side] = p->state[side];
	line->guess[side] = p->guess[side];
	if (!*line->why[side])
		snprintf(line->why[side], LADDER_WHY, "%s", p->why[side]);
	memmove(p, p + 1, (size_t)(&l->wait[l->n_wait] - (p + 1)) * sizeof(*p));
	l->n_wait--;
}

void
ladder_segment(struct sw_ladder *l, struct line *line, const struct sw_trace *t)
{
	if (line->state[0] == NO_STATE && line->state[1] == NO_STATE && is_run(l, line->side, t)) {
		run_add(l, line->side, t, line);
		return;
	}
	if (l->run.segments[0] + l->run.segments[1] + l->run.acks[0] + l->run.acks[1] == 0)
		join_state(l, line);
	ladder_run_put(l);
	ladder_push(l, line);
}

void
sw_ladder_flush(struct sw_ladder *l)
{
	ladder_run_put(l);
	wait_draw(l, l->n_wait);
	if (fflush(l->cfg.out) != 0)
		l->failed = true;
}
