/*
 * reset.c - RSTs: of whom they are, what they answer, and whether they were believed.
 *
 * RFC 5961 3.2: a RST ends a connection only if it stands exactly at RCV.NXT.  What the
 * other end has acknowledged, and what is in flight behind it, are the places where
 * that may be.
 */
#include "explain/work.h"

#define REPLY_MOST (2 * SW_S) /* an answer comes within a round trip */

enum place { EXACT, IN_WINDOW, OUTSIDE };

static enum place
place_of(const struct look *l)
{
	const struct side *x = l->x, *y = l->y;
	uint32_t seq = l->w->seq;
	uint32_t wnd = y->flags & S_WND && y->wnd > 0 ? y->wnd : 65535;

	if (y->state == SW_SYN_SENT && !(x->flags & S_SYN)) {
		bool acks = l->w->ctl & SW_ACK && l->w->ack - (y->iss + 1) <= y->nxt - (y->iss + 1);

		return acks ? EXACT : OUTSIDE; /*= RFC 9293 3.10.7.3: it must acknowledge the SYN */
	}
	if (!(x->flags & S_KNOWN) || x->packets == 0)
		return EXACT;
	if (ex_after(seq, x->una) >= 0 && ex_after(seq, x->nxt) <= 0)
		return EXACT;
	if (l->c->flags & C_MID && x->segments == 0 && seq == x->nxt + 1)
		return EXACT; /* what was captured of it are keep-alives */
	return seq - x->una < wnd ? IN_WINDOW : OUTSIDE;
}

/* Does it answer a segment, as whoever knows of no connection does? */
static enum rst_kind
kind_of(const struct look *l)
{
	const struct side *x = l->x, *y = l->y;

	if (y->state == SW_SYN_SENT && !(x->flags & S_SYN))
		return RST_REFUSES;
	/*= RFC 9293 3.10.7.1: to a segment with ACK: <SEQ=SEG.ACK><CTL=RST> */
	if (!(l->w->ctl & SW_ACK) && y->packets > 0 && l->now - y->last_at < REPLY_MOST &&
	    (x->packets == 0 || y->last_frame > x->last_frame))
		return RST_NOBODY;
	return RST_ABORTS;
}

static void
remember(struct look *l, enum rst_kind kind)
{
	struct trouble *t = ex_trouble(l);

	t->rst_at = l->now;
	t->rst_frame = l->frame;
	t->rst_by = (uint8_t)l->side;
	t->rst_kind = (uint8_t)kind;
	t->rst_ttl = l->w->ttl;
	t->rst_usual = l->x->ttl;
	t->rst_ask = l->y->last_frame;
	t->rst_quiet = l->x->packets > 0 ? l->now - l->x->last_at : SW_NEVER;
	if (l->x->flags & S_WND && l->x->wnd < l->x->wnd_max)
		t->rst_unread = l->x->wnd_max - l->x->wnd;
}

/* A RST that may be believed: both ends are CLOSED. */
static void
rst_counts(struct look *l)
{
	struct conn *c = l->c;
	enum rst_kind kind = kind_of(l);

	remember(l, kind);
	if (c->first == EX_NOBODY)
		c->first = (uint8_t)l->side;
	c->flags |= C_RESET;
	l->x->flags |= S_RST;
	if (kind == RST_REFUSES)
		ex_go(l, l->side, SW_ON_CLOSE, LINE_GUESS); /* LISTEN was a supposition */
	if (!ex_go(l, l->side, SW_ON_ABORT, 0) && l->x->state != SW_CLOSED)
		ex_steps_set(c, l->side, SW_CLOSED, 0, ex_mark(c, l->frame, l->now));
	if (l->y->state == SW_SYN_RECEIVED && l->side == EX_CLIENT)
		ex_go(l, !l->side, SW_ON_RCV_RST_PASSIVE, LINE_OPEN);
	else
		ex_go(l, !l->side, SW_ON_RCV_RST, LINE_OPEN);
}

/* A segment with RST. */
void
ex_rst_from(struct look *l)
{
	enum place place = place_of(l);
	struct trouble_side *t;

	if (l->c->flags & C_RESET || place == EXACT) {
		if (!(l->c->flags & C_RESET))
			rst_counts(l);
		return;
	}
	if (ex_trouble(l)->late_synack > 0 && l->w->seq == ex_trouble(l)->late_ack) {
		l->flags |= EX_STALE; /* that is what it is for */
		return;
	}
	t = ex_trouble_x(l);
	if (t->odd_n++ == 0) {
		t->odd_frame = l->frame;
		t->odd_ttl = l->w->ttl;
	}
	l->flags |= EX_ODD_RST;
}

/*
 * A connection was reset, and the end in whose name that was done goes on: then it was
 * not its RST.  What it had sent before may come late, so there must be something new.
 */
void
ex_after_rst(struct look *l)
{
	struct trouble *t = ex_trouble_of(l->e, l->c);
	struct trouble_side *x;

	if (!t || t->rst_by != l->side || l->w->ctl & (SW_RST | SW_SYN))
		return;
	x = &t->side[l->side];
	if (l->w->len == 0 && ex_after(l->w->ack, l->y->una) <= 0 && l->now - t->rst_at < SW_MS)
		return;
	if (x->after_n++ == 0) {
		x->after_frame = l->frame;
		x->after_ttl = l->w->ttl;
	}
	if (x->after_n < 2 && l->w->ttl == t->rst_ttl && l->now - t->rst_at < SW_MS)
		return;
	if (t->rst_kind == RST_REFUSES)
		return;
	l->c->flags &= (uint16_t)~C_RESET;
	l->x->flags &= (uint16_t)~S_RST;
	if (l->c->first == l->side && !(l->x->flags & S_FIN))
		l->c->first = EX_NOBODY;
	/* what was decided at the RST is undone: the line was that of both */
	for (int side = 0; side < 2; side++) {
		ex_reopen(l->c, side);
		l->changed |= (uint8_t)(1 << side);
	}
	if (x->odd_n++ == 0) {
		x->odd_frame = t->rst_frame;
		x->odd_ttl = t->rst_ttl;
		x->odd_fits = true;
	}
}
