/*
 * ladder.c - which lines a ladder has, and which states stand beside them.
 *
 * Lines are held back while their segments are under way: a state that a segment
 * brings about is written at the end of its arrow, as RFC 9293's figures 6 to 13
 * do, unless a later line already tells of that side.  In a brief ladder runs of
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
		l->wait[l->n_wait++] = (struct line){.kind = LINE_STATE,
						     .at = cfg->start,
						     .arrives = SW_NEVER,
						     .side = -1, /* nobody's news */
						     .state = {cfg->states[0], cfg->states[1]}};
	return l;
}

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
	       (l->wait[n].kind != LINE_SEGMENT || l->wait[n].arrives < at ||
		l->wait[n].arrives == SW_NEVER) &&
	       l->wait[n].at < at)
		n++;
	if (n == 0 && l->n_wait == LADDER_WAIT)
		n = 1;
	wait_draw(l, n);
}

static struct line *
wait_push(struct sw_ladder *l, const struct line *line)
{
	wait_settle(l, line->at);
	l->wait[l->n_wait] = *line;
	return &l->wait[l->n_wait++];
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
			wait_push(l, &r->line[i]);
	} else if (words_run(r, &line)) {
		wait_push(l, &line);
	}
	memset(r, 0, sizeof(*r));
}

static struct line *
line_new(struct sw_ladder *l, enum line_kind kind, sw_ns at, int side)
{
	struct line line = {.kind = kind,
			    .at = at,
			    .arrives = SW_NEVER,
			    .side = side,
			    .state = {NO_STATE, NO_STATE}};

	run_put(l);
	return wait_push(l, &line);
}

/* Does what happens to `side` at `at` belong to this line? */
static bool
line_meets(const struct line *line, int side, sw_ns at)
{
	if (line->kind != LINE_SEGMENT || line->state[side] != NO_STATE)
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

static void
ladder_state(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	struct line *line;

	if (t->from == t->to)
		return;
	line = wait_find(l, side, t->at);
	if (!line)
		line = line_new(l, LINE_STATE, t->at, side);
	line->state[side] = t->to;
}

static void
ladder_timer(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	bool brief = l->cfg.depth == SW_LADDER_BRIEF;
	bool running = l->run.segments[0] || l->run.segments[1];
	struct line *line;

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
	line = line_new(l, LINE_TIMER, t->at, side);
	snprintf(line->text, LADDER_TEXT, "* %s timer", sw_timer_name(t->timer));
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
	const struct line *p;

	line.kind = LINE_SEGMENT;
	line.state[0] = line.state[1] = NO_STATE;
	line.again = !copy && (again || t->retransmission);
	line.rst = t->ctl & SW_RST;
	words_segment(l, &line, t);
	if (t->ctl & SW_FIN)
		l->side[!side].acked_fin = false;
	if (is_run(l, side, t)) {
		run_add(l, side, t, &line);
		return;
	}
	p = l->n_wait ? &l->wait[l->n_wait - 1] : NULL;
	run_put(l);
	if (p && p == &l->wait[l->n_wait - 1] && p->kind == LINE_STATE && p->side >= 0 &&
	    line_meets(&line, p->side, p->at)) { /* a state that this segment explains */
		line.state[p->side] = p->state[p->side];
		l->n_wait--;
	}
	wait_push(l, &line);
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
	run_put(l);
	wait_draw(l, l->n_wait);
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
