/*
 * ladder.c - which lines a ladder has, and which states stand beside them.
 *
 * One line is held back: a state that a segment brings about is written at the
 * end of that segment's arrow if nothing happened in between, as RFC 9293's
 * figures 6 to 13 do; else it gets a line of its own.  In a brief ladder runs of
 * data are counted and become one line when something else happens.
 */
#include "trace/ladder.h"

#include <stdlib.h>
#include <string.h>

struct sw_ladder *
sw_ladder_new(const struct sw_ladder_config *cfg)
{
	struct sw_ladder *l;

	if (!cfg || cfg->bytes != sizeof(*cfg) || !cfg->out)
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->cfg = *cfg;
	snprintf(l->name[0], LADDER_NAME, "%s", cfg->left ? cfg->left : "A");
	snprintf(l->name[1], LADDER_NAME, "%s", cfg->right ? cfg->right : "B");
	draw_head(l);
	if (cfg->states)
		l->pending = (struct line){.kind = LINE_STATE,
					   .at = cfg->start,
					   .arrives = SW_NEVER,
					   .side = -1, /* nobody's news */
					   .state = {cfg->states[0], cfg->states[1]}};
	return l;
}

/* ---- the line that is held back ----------------------------------------- */

static void
pending_put(struct sw_ladder *l)
{
	if (l->pending.kind != LINE_NONE)
		draw_line(l, &l->pending);
	l->pending.kind = LINE_NONE;
}

/* The run of data so far becomes a line, or its few segments do. */
static void
run_put(struct sw_ladder *l)
{
	struct run *r = &l->run;
	uint64_t n = (uint64_t)r->segments[0] + r->segments[1] + r->acks[0] + r->acks[1];
	struct line line;

	if (n > 0 && n <= LADDER_HELD && n == r->held && !r->timeouts && !r->probes) {
		for (uint32_t i = 0; i < r->held; i++)
			draw_line(l, &r->line[i]);
	} else if (words_run(r, &line)) {
		draw_line(l, &line);
	}
	memset(r, 0, sizeof(*r));
}

static void
line_new(struct sw_ladder *l, enum line_kind kind, sw_ns at, int side)
{
	pending_put(l);
	run_put(l);
	memset(&l->pending, 0, sizeof(l->pending));
	l->pending.kind = kind;
	l->pending.at = at;
	l->pending.arrives = SW_NEVER;
	l->pending.side = side;
	l->pending.state[0] = l->pending.state[1] = NO_STATE;
}

/* Does what happens to `side` at `at` belong to this line? */
static bool
line_meets(const struct line *line, int side, sw_ns at)
{
	if (line->kind != LINE_SEGMENT || line->state[side] != NO_STATE)
		return false;
	return line->side == side ? line->at == at : line->arrives == at;
}

static void
ladder_state(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	if (t->from == t->to)
		return;
	if (!line_meets(&l->pending, side, t->at))
		line_new(l, LINE_STATE, t->at, side);
	l->pending.state[side] = t->to;
}

static void
ladder_timer(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	bool brief = l->cfg.depth == SW_LADDER_BRIEF, running = l->run.segments[0] || l->run.segments[1];

	if (brief && t->timer == SW_TIMER_DELACK)
		return;
	if (brief && running && t->timer == SW_TIMER_REXMIT) {
		l->run.timeouts++;
		return;
	}
	if (brief && running && t->timer == SW_TIMER_PERSIST) {
		l->run.probes++;
		return;
	}
	line_new(l, LINE_TIMER, t->at, side);
	snprintf(l->pending.text, LADDER_TEXT, "* %s timer", sw_timer_name(t->timer));
}

/* ---- segments ----------------------------------------------------------- */

/* Sequence numbers that the segment takes. */
static uint32_t
space(const struct sw_trace *t)
{
	return t->len + !!(t->ctl & SW_SYN) + !!(t->ctl & SW_FIN);
}

/* Learns from a segment; true: it was sent before. */
static bool
side_learn(struct ladder_side *s, const struct sw_trace *t)
{
	uint32_t end = t->seq + space(t);
	bool again = s->known && space(t) > 0 && (int32_t)(end - s->high) <= 0;

	if ((t->ctl & SW_SYN) && (!s->known || s->iss != t->seq)) {
		memset(s, 0, sizeof(*s));
		s->known = s->first = true;
		s->iss = s->high = t->seq;
		again = false;
	}
	if (t->ctl & SW_SYN) {
		s->scaled = t->has & SW_HAS_WSCALE;
		s->wscale = t->wscale < 14 ? t->wscale : 14;
	}
	if (!s->stamped && (t->has & SW_HAS_TS)) {
		s->stamped = true;
		s->ts = t->tsval;
	}
	if (!s->known && !(t->ctl & SW_RST)) {
		s->known = true;
		s->iss = t->seq - 1;
		s->high = t->seq;
	}
	if ((int32_t)(end - s->high) > 0)
		s->high = end;
	if (t->ctl & SW_FIN) {
		s->fin = true;
		s->fin_end = end;
	}
	return again;
}

/* Does a brief ladder count this segment instead of showing it? */
static bool
is_run(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	struct ladder_side *me = &l->side[side], *peer = &l->side[!side];
	bool first = me->first && !(t->ctl & SW_SYN);

	if (l->cfg.depth == SW_LADDER_FULL || (t->ctl & (SW_SYN | SW_FIN | SW_RST)))
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

	if (!r->segments[0] && !r->segments[1] && !r->acks[0] && !r->acks[1])
		r->at = line->at;
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
	r->lost[side] += (line->fate & SW_SIM_GONE) != 0;
}

static void
ladder_segment(struct sw_ladder *l, const struct line *from, const struct sw_trace *t)
{
	int side = from->side;
	struct line line = *from;
	bool copy = line.fate & SW_SIM_DUPLICATE, again = side_learn(&l->side[side], t);
	const struct line *p = &l->pending;
	int own;

	line.kind = LINE_SEGMENT;
	line.state[0] = line.state[1] = NO_STATE;
	line.again = !copy && (again || t->retransmission);
	line.rst = t->ctl & SW_RST;
	words_segment(l, &line, t);
	if (t->ctl & SW_FIN)
		l->side[!side].acked_fin = false;
	if (is_run(l, side, t)) { /* the pending line is older, and still printed before */
		run_add(l, side, t, &line);
		return;
	}
	for (own = 0; own < 2; own++) /* a state that this segment explains */
		if (p->kind == LINE_STATE && p->state[own] != NO_STATE && p->side == own &&
		    line_meets(&line, own, p->at))
			break;
	if (own < 2) {
		line.state[own] = p->state[own];
		l->pending.kind = LINE_NONE;
	}
	line_new(l, LINE_SEGMENT, line.at, side);
	l->pending = line;
}

void
sw_ladder_packet(struct sw_ladder *l, int side, const struct sw_trace *t, unsigned fate,
		 sw_ns arrives)
{
	struct line line = {.at = t->at, .arrives = arrives, .side = side, .fate = fate};

	if (side == 0 || side == 1)
		ladder_segment(l, &line, t);
}

void
sw_ladder_event(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	struct line line = {.at = t->at, .arrives = t->at, .side = side};

	if (side != 0 && side != 1)
		return;
	if (t->kind == SW_T_STATE)
		ladder_state(l, side, t);
	else if (t->kind == SW_T_TIMER)
		ladder_timer(l, side, t);
	if (l->cfg.wire || side != 0 || (t->kind != SW_T_IN && t->kind != SW_T_OUT))
		return;
	line.side = t->kind == SW_T_IN;
	if (t->kind == SW_T_OUT)
		line.arrives = SW_NEVER;
	ladder_segment(l, &line, t);
}

void
sw_ladder_flush(struct sw_ladder *l)
{
	pending_put(l);
	run_put(l);
	if (fflush(l->cfg.out) != 0)
		l->failed = true;
}

bool
sw_ladder_end(struct sw_ladder *l)
{
	bool good;

	sw_ladder_flush(l);
	good = !l->failed && !ferror(l->cfg.out);
	free(l);
	return good;
}
