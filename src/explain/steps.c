/*
 * steps.c - the two machines of a connection, and their log.
 *
 * The rows are the stack's own (sw_probe_edges(): RFC 9293 Figure 5, and what it leaves
 * out).  An end that sends has made its step when the segment is seen.  An end that
 * receives makes its step at the same moment, but the line of the log stays open until
 * something that it sends proves it; what it sends may also say that it did not, and
 * then the step is taken back.
 */

#include <synwave/sw_probe.h>

#include "explain/work.h"

void
ex_steps_learn(struct ex_engine *e)
{
	const struct sw_edge *row;
	size_t n = sw_probe_edges(&row);

	memset(e->edge, SW_N_STATES, sizeof(e->edge));
	for (size_t i = 0; i < n; i++)
		e->edge[row[i].from][row[i].on] = row[i].to;
}

static enum sw_state
state_in(const struct line *line, int side)
{
	return (enum sw_state)(side ? line->state >> 4 : line->state & 15);
}

static void
state_put(struct line *line, int side, uint8_t state)
{
	line->state =
	    (uint8_t)(side ? (line->state & 15) | state << 4 : (line->state & 0xf0) | state);
}

struct mark
ex_mark(const struct conn *c, uint32_t frame, sw_ns at)
{
	uint64_t ticks = at > c->start ? (at - c->start) / TICK : 0;

	return (struct mark){frame, (uint32_t)ticks, (uint16_t)(ticks >> 32)};
}

sw_ns
ex_mark_at(const struct conn *c, struct mark m)
{
	return c->start + ((uint64_t)m.high << 32 | m.low) * TICK;
}

uint64_t
ex_mark_frame(const struct conn *c, uint32_t frame)
{
	return frame == NO_FRAME ? 0 : c->frame + frame;
}

/* The line of this mark: the last one, or a new one. */
static struct line *
line_at(struct conn *c, struct mark mark)
{
	struct line *last = c->lines > 0 ? &c->log[c->lines - 1] : NULL;

	if (last && last->mark.frame == mark.frame && mark.frame != NO_FRAME)
		return last;
	if (c->lines == LOG) { /* the latest is worth most */
		c->flags |= C_FULL_LOG;
		memmove(&c->log[1], &c->log[2], (LOG - 2) * sizeof(c->log[0]));
		last = &c->log[--c->lines - 1];
	}
	c->log[c->lines] = (struct line){.mark = mark, .state = last ? last->state : 0};
	return &c->log[c->lines++];
}

/* Puts an end into a state, without asking whether there is a way. */
void
ex_steps_set(struct conn *c, int side, enum sw_state to, uint8_t how, struct mark mark)
{
	struct line *line = line_at(c, mark);

	state_put(line, side, (uint8_t)to);
	line->flags = (uint8_t)((line->flags & ~((LINE_OPEN | LINE_GUESS) << side)) |
				(LINE_NEW | how) << side);
	c->side[side].state = (uint8_t)to;
	if (how & LINE_OPEN)
		c->flags |= (uint16_t)(C_OPEN_0 << side);
}

/* Takes the edge at this packet; false: there is none from here. */
bool
ex_go(struct look *l, int side, enum sw_cause on, uint8_t how)
{
	struct conn *c = l->c;
	uint8_t to = l->e->edge[c->side[side].state][on];

	if (to == SW_N_STATES)
		return false;
	ex_steps_set(c, side, (enum sw_state)to, how, ex_mark(c, l->frame, l->now));
	l->changed |= (uint8_t)(1 << side);
	return true;
}

static void
open_again(struct conn *c)
{
	c->flags &= (uint16_t) ~(C_OPEN_0 | C_OPEN_1);
	for (int i = 0; i < c->lines; i++)
		for (int side = 0; side < 2; side++)
			if (c->log[i].flags & LINE_OPEN << side)
				c->flags |= (uint16_t)(C_OPEN_0 << side);
}

/* Line i was no step of this end. */
static void
take_back(struct conn *c, int side, int i)
{
	enum sw_state before = state_in(&c->log[i - 1], side);

	for (int k = i; k < c->lines; k++)
		state_put(&c->log[k], side, (uint8_t)before);
	c->log[i].flags &= (uint8_t) ~((LINE_NEW | LINE_OPEN | LINE_GUESS) << side);
	if (!(c->log[i].flags & (LINE_NEW | LINE_NEW << 1))) {
		memmove(&c->log[i], &c->log[i + 1], (size_t)(c->lines - i - 1) * sizeof(c->log[0]));
		c->lines--;
	}
	c->side[side].state = (uint8_t)before;
	open_again(c);
}

/* The last line with a step of this end; 0: there is none that could be taken back. */
static int
last_step(const struct conn *c, int side)
{
	int i = c->lines - 1;

	while (i > 0 && !(c->log[i].flags & LINE_NEW << side))
		i--;
	return i;
}

/* The last step of this end was not made after all; false: it is proven. */
bool
ex_back(struct conn *c, int side)
{
	int i = last_step(c, side);

	if (i <= 0 || !(c->log[i].flags & LINE_OPEN << side))
		return false;
	take_back(c, side, i);
	return true;
}

/* It is not CLOSED after all. */
void
ex_reopen(struct conn *c, int side)
{
	int i = last_step(c, side);

	if (i > 0 &&
	    (state_in(&c->log[i], side) == SW_CLOSED || state_in(&c->log[i], side) == SW_LISTEN))
		take_back(c, side, i);
}

/* What is known now of this end: its open steps into one of these states are proven. */
void
ex_prove(struct conn *c, int side, uint32_t states)
{
	for (int i = 0; i < c->lines; i++)
		if (states >> state_in(&c->log[i], side) & 1)
			c->log[i].flags &= (uint8_t) ~(LINE_OPEN << side);
	open_again(c);
}

/* Which states nothing but silence can prove: an ACK, or a RST, that came. */
static bool
silence_proves(int side, enum sw_state s)
{
	return s == SW_FIN_WAIT_2 || s == SW_CLOSED || s == SW_LISTEN || s == SW_TIME_WAIT ||
	       (s == SW_ESTABLISHED && side == EX_SERVER);
}

/* The log of one end, in full. */
unsigned
ex_steps_of(const struct ex_engine *e, const struct conn *c, int side, struct ex_step *to)
{
	unsigned n = 0;

	for (int i = 0; i < c->lines && n < EX_STEPS; i++) {
		const struct line *line = &c->log[i];
		bool open = line->flags & LINE_OPEN << side;
		sw_ns at = ex_mark_at(c, line->mark);

		if (!(line->flags & LINE_NEW << side))
			continue;
		if (open && silence_proves(side, state_in(line, side)) && e->now > at + SW_S)
			open = false;
		to[n++] = (struct ex_step){.state = state_in(line, side),
					   .at = at,
					   .frame = ex_mark_frame(c, line->mark.frame),
					   .inferred = open || line->flags & LINE_GUESS << side};
	}
	return n;
}

/* When this end came into the state it is in; 0: never. */
sw_ns
ex_steps_since(const struct conn *c, int side, enum sw_state state, uint64_t *frame)
{
	for (int i = c->lines - 1; i >= 0; i--) {
		const struct line *line = &c->log[i];

		if (!(line->flags & LINE_NEW << side) || state_in(line, side) != state)
			continue;
		*frame = ex_mark_frame(c, line->mark.frame);
		return ex_mark_at(c, line->mark);
	}
	*frame = 0;
	return 0;
}
