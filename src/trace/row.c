/*
 * row.c - the ladder's calls: what comes in, rows or events, made into lines.
 */
#include "trace/ladder.h"

#include <stdlib.h>
#include <string.h>

/* Is all of the configuration in range? */
static bool
valid(const struct sw_ladder_config *cfg)
{
	if (!cfg || cfg->bytes != sizeof(*cfg))
		return false;
	if (cfg->columns && (cfg->columns < COLUMNS_LEAST || cfg->columns > COLUMNS_MOST))
		return false;
	return cfg->form == SW_LADDER_ROWS ? cfg->row != NULL : cfg->out != NULL;
}

struct sw_ladder *
sw_ladder_new(const struct sw_ladder_config *cfg)
{
	struct sw_ladder *l = valid(cfg) ? calloc(1, sizeof(*l)) : NULL;

	if (!l)
		return NULL;
	l->cfg = *cfg;
	if (!l->cfg.columns)
		l->cfg.columns = COLUMNS;
	for (int side = 0; side < 2; side++)
		l->state[side] = cfg->states ? cfg->states[side] : NO_STATE;
	snprintf(l->name[0], LADDER_NAME, "%s", cfg->left ? cfg->left : "A");
	snprintf(l->name[1], LADDER_NAME, "%s", cfg->right ? cfg->right : "B");
	snprintf(l->title, LADDER_NAME, "%s", cfg->title ? cfg->title : "");
	draw_head(l);
	if (cfg->states)
		l->wait[l->n_wait++] = (struct line){.kind = SW_ROW_STATE,
						     .at = cfg->start,
						     .arrives = SW_NEVER,
						     .side = -1,
						     .state = {cfg->states[0], cfg->states[1]}};
	return l;
}

bool
sw_ladder_end(struct sw_ladder *l)
{
	bool good;

	sw_ladder_flush(l);
	draw_end(l);
	good = !l->failed && (!l->cfg.out || (fflush(l->cfg.out) == 0 && !ferror(l->cfg.out)));
	free(l->kept);
	free(l);
	return good;
}

/* ---- what a segment tells of its sender ---------------------------------- */

/* Sequence numbers that the segment takes. */
static uint32_t
space(const struct sw_trace *t)
{
	return t->len + !!(t->ctl & SW_SYN) + !!(t->ctl & SW_FIN);
}

/* The SYN, and what stands in it. */
static void
learn_syn(struct ladder_side *s, const struct sw_trace *t)
{
	if (!s->known || s->iss != t->seq) {
		memset(s, 0, sizeof(*s));
		s->known = s->first = true;
		s->iss = s->high = t->seq;
	}
	s->scaled = t->has & SW_HAS_WSCALE;
	s->wscale = t->wscale < 14 ? t->wscale : 14;
}

/* What an end acknowledges was sent, whether or not it was seen. */
static void
learn_peer(struct ladder_side *peer, const struct sw_trace *t)
{
	if (peer->known || !(t->ctl & SW_ACK) || t->ctl & SW_RST)
		return;
	peer->known = true;
	peer->iss = t->ack - 1;
	peer->high = t->ack;
}

/* Learns from a segment; true: it was sent before. */
static bool
learn(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	struct ladder_side *s = &l->side[side];
	uint32_t end = t->seq + space(t);
	bool fresh = (t->ctl & SW_SYN) && (!s->known || s->iss != t->seq);
	bool again = !fresh && s->known && space(t) > 0 && (int32_t)(end - s->high) <= 0;
	bool scaled = l->cfg.wire && s->scaled && l->side[!side].scaled && !(t->ctl & SW_SYN);

	if (t->ctl & SW_SYN)
		learn_syn(s, t);
	if (!s->stamped && (t->has & SW_HAS_TS)) {
		s->stamped = true;
		s->ts = t->tsval;
	}
	if (!s->known && !(t->ctl & SW_RST)) {
		s->known = true;
		s->iss = t->seq - 1;
		s->high = t->seq;
	}
	learn_peer(&l->side[!side], t);
	if ((int32_t)(end - s->high) > 0)
		s->high = end;
	if (t->ctl & SW_FIN) {
		s->fin = true;
		s->fin_end = end;
		l->side[!side].acked_fin = false;
	}
	if (t->ctl & SW_RST)
		return again;
	s->wnd = t->wnd << (scaled ? s->wscale : 0);
	if ((t->ctl & SW_ACK) && (!s->heard || (int32_t)(t->ack - s->acked) > 0)) {
		s->heard = true;
		s->acked = t->ack;
	}
	return again;
}

/* ---- rows ---------------------------------------------------------------- */

void
sw_row_init(struct sw_row *row, enum sw_row_kind kind, int side, sw_ns at)
{
	*row = (struct sw_row){.bytes = sizeof(*row),
			       .kind = kind,
			       .side = side,
			       .at = at,
			       .arrives = SW_NEVER,
			       .state = {NO_STATE, NO_STATE}};
}

/* What of a row goes into its line as it is. */
static void
line_from(struct line *line, const struct sw_row *row)
{
	*line = (struct line){.kind = row->kind,
			      .at = row->at,
			      .arrives = row->arrives,
			      .side = row->side,
			      .fate = row->fate,
			      .packet = row->packet,
			      .last = row->last,
			      .again = row->again};
	for (int side = 0; side < 2; side++) {
		line->state[side] = row->state[side];
		line->guess[side] = row->guess[side];
		if (row->why[side])
			snprintf(line->why[side], LADDER_WHY, "%s", row->why[side]);
	}
}

/* Copies and late ones: they tell nothing of what their sender does now. */
enum { OLD = SW_SIM_DUPLICATE | SW_SIM_INJECTED };

/* A state of one side that a waiting line brings about. */
static bool
state_joins(struct sw_ladder *l, const struct sw_row *row)
{
	int side = row->state[0] == NO_STATE;
	struct line *line;

	if (row->kind != SW_ROW_STATE || row->text || row->state[!side] != NO_STATE ||
	    row->state[side] == NO_STATE)
		return false;
	line = ladder_state(l, side, row->at, row->state[side]);
	line->guess[side] = row->guess[side];
	if (row->why[side])
		snprintf(line->why[side], LADDER_WHY, "%s", row->why[side]);
	return true;
}

void
sw_ladder_row(struct sw_ladder *l, const struct sw_row *row)
{
	const struct sw_trace *t = row->segment;
	bool arrow = row->kind == SW_ROW_SEGMENT;
	struct line line;
	bool again;

	if (row->bytes != sizeof(*row) || row->side > 1 || row->side < (arrow ? 0 : -1) ||
	    state_joins(l, row))
		return;
	line_from(&line, row);
	if (row->kind != SW_ROW_GAP)
		gap_before(l, row->at);
	gap_seen(l, row->arrives != SW_NEVER ? row->arrives : row->at);
	for (int side = 0; side < 2; side++)
		if (row->state[side] != NO_STATE)
			l->state[side] = row->state[side];
	if (t) {
		again = !(row->fate & OLD) && learn(l, row->side, t);
		line.again = !(row->fate & OLD) && (row->again || again || t->retransmission);
		line.ctl = t->ctl;
		line.seq = t->seq;
		line.len = t->len;
		words_segment(l, &line, t);
	}
	if (row->text)
		snprintf(line.text, LADDER_TEXT, "%s", row->text);
	if (row->text || row->more)
		snprintf(line.options, LADDER_TEXT, "%s%s", row->more && arrow ? " " : "",
			 row->more ? row->more : "");
	if (arrow && t) {
		ladder_segment(l, &line, t);
		return;
	}
	ladder_run_put(l);
	ladder_push(l, &line);
}

void
sw_ladder_packet(struct sw_ladder *l, int side, const struct sw_trace *t, unsigned fate,
		 sw_ns arrives)
{
	struct sw_row row;

	sw_row_init(&row, SW_ROW_SEGMENT, side, t->at);
	row.arrives = fate & SW_SIM_GONE ? SW_NEVER : arrives;
	row.segment = t;
	row.fate = fate;
	sw_ladder_row(l, &row);
}

/* ---- events -------------------------------------------------------------- */

static void
event_timer(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	bool brief = l->cfg.depth == SW_LADDER_BRIEF;
	bool running = brief && (l->run.segments[0] || l->run.segments[1]);
	char text[128];
	struct sw_row row;

	if (l->cfg.depth != SW_LADDER_FULL && t->timer == SW_TIMER_DELACK)
		return;
	if (running && t->timer == SW_TIMER_REXMIT) {
		l->run.timeouts++;
		return;
	}
	if (running && t->timer == SW_TIMER_PERSIST) {
		l->run.probes++;
		return;
	}
	snprintf(text, sizeof(text), ladder_say(l, N_("* %s timer")),
		 ladder_say(l, sw_timer_name(t->timer)));
	if (l->cfg.why)
		words_add(text, sizeof(text), " (RFC %s)", why_timer(t->timer));
	sw_row_init(&row, SW_ROW_TIMER, side, t->at);
	row.text = text;
	sw_ladder_row(l, &row);
}

/* The reason of an event, at the line that it belongs to. */
static void
event_why(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	struct line *line = NULL;

	if (t->kind == SW_T_IN || t->kind == SW_T_DROP)
		line = ladder_find(l, side, t);
	for (uint32_t i = l->n_wait; t->kind == SW_T_STATE && !line && i-- > 0;)
		if (l->wait[i].state[side] == t->to)
			line = &l->wait[i];
	if (line)
		why_event(l, line->why[side], t);
}

void
sw_ladder_event(struct sw_ladder *l, int side, const struct sw_trace *t)
{
	struct sw_row row;

	if (side != 0 && side != 1)
		return;
	if (t->kind == SW_T_STATE && t->from != t->to)
		ladder_state(l, side, t->at, t->to);
	else if (t->kind == SW_T_TIMER)
		event_timer(l, side, t);
	if (!l->cfg.wire && side == 0 && (t->kind == SW_T_IN || t->kind == SW_T_OUT)) {
		sw_row_init(&row, SW_ROW_SEGMENT, t->kind == SW_T_IN, t->at);
		row.arrives = t->kind == SW_T_IN ? t->at : SW_NEVER;
		row.segment = t;
		sw_ladder_row(l, &row);
	}
	if (l->cfg.why)
		event_why(l, side, t);
}
