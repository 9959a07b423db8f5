/*
 * window.c - what an end offers: closed windows and what tries them, full ones, and
 * keep-alives (RFC 9293 3.8.4, 3.8.6.1), which look alike.
 */
#include "explain/work.h"

enum { MSS_LEAST = 536 };

/* The window of the segment at work. */
uint32_t
ex_window_of(const struct look *l)
{
	/*= RFC 7323 2.2: scaled only if both ends have said so */
	if (l->x->scale == NO_SCALE || l->y->scale == NO_SCALE)
		return l->w->wnd;
	return l->w->wnd << (l->x->scale & 15);
}

/* Is it known what the window field means? */
static bool
meaningful(const struct look *l)
{
	return l->w->wnd == 0 || (l->x->flags & S_SYN && l->y->flags & S_SYN);
}

static void
zero_begins(struct look *l)
{
	struct trouble_side *t = ex_trouble_x(l);

	l->flags |= EX_ZERO_WINDOW;
	if (t->zero)
		return;
	t->zero = true;
	t->zero_n++;
	t->zero_since = l->now;
	t->zero_begin = l->frame;
}

static void
zero_ends(struct trouble_side *t, sw_ns now, uint32_t frame)
{
	sw_ns took = now - t->zero_since;

	t->zero = false;
	if (took < t->zero_most)
		return;
	t->zero_most = took;
	t->zero_frame[0] = t->zero_begin;
	t->zero_frame[1] = frame;
}

static void
full_ends(struct trouble_side *t, sw_ns now)
{
	t->full_now = false;
	t->full += now - t->full_since;
}

/* The window field of a segment without SYN or RST. */
void
ex_window_from(struct look *l)
{
	struct side *x = l->x;
	uint32_t wnd = ex_window_of(l);
	struct trouble *t = ex_trouble_of(l->e, l->c);

	if (wnd == 0)
		zero_begins(l);
	else if (t && t->side[l->side].zero)
		zero_ends(&t->side[l->side], l->now, l->frame);
	if (!meaningful(l)) {
		x->flags &= (uint16_t)~S_WND;
		return;
	}
	x->wnd = wnd;
	if (wnd > x->wnd_max || !(x->flags & S_WND))
		x->wnd_max = wnd;
	x->flags |= S_WND;
	if (t && t->side[!l->side].full_now &&
	    l->w->ack + wnd - l->y->nxt >= (x->mss ? x->mss : MSS_LEAST) &&
	    ex_after(l->w->ack + wnd, l->y->nxt) > 0)
		full_ends(&t->side[!l->side], l->now);
}

/* New data of x: do they fill what the other end offers? */
void
ex_window_fill(struct look *l)
{
	const struct side *x = l->x, *y = l->y;
	uint32_t flight = x->nxt - x->una, mss = y->mss ? y->mss : MSS_LEAST;
	struct trouble_side *t;

	if (!(y->flags & S_WND) || !(y->flags & S_SYN) || flight + mss <= y->wnd ||
	    !(x->flags & S_UNA) || l->w->len == 0)
		return;
	l->flags |= EX_WINDOW_FULL;
	t = ex_trouble_x(l);
	if (t->full_now)
		return;
	t->full_now = true;
	t->full_since = l->now;
}

/* ---- probes and keep-alives ----------------------------------------------- */

static void
keep_alive(struct look *l)
{
	struct trouble_side *t = ex_trouble_x(l);

	l->flags |= EX_KEEP_ALIVE;
	l->x->flags |= S_KEEP;
	t->keeps++;
	t->keep_missed++;
	if (t->keep_run++ == 0) {
		t->keep_frame[0] = l->frame;
		t->keep_since = l->now;
	}
	t->keep_frame[1] = l->frame;
	t->keep_at = l->now;
}

static void
probe(struct look *l)
{
	struct trouble_side *t = ex_trouble_x(l);

	l->flags |= EX_PROBE;
	t->probes++;
	if (l->w->len > 0) {
		t->probed = true;
		t->probe_end = l->w->seq + l->w->len;
	}
}

/*
 * Does the segment only ask for an answer?  Then it is neither new nor sent again.
 * true: that was all of it.
 */
bool
ex_probe_from(struct look *l)
{
	struct side *x = l->x, *y = l->y;
	uint32_t seq = l->w->seq;
	bool idle = !(x->flags & S_UNA) || x->una == x->nxt;

	if (l->w->len > 1 || l->w->ctl & (SW_SYN | SW_FIN | SW_RST) || !(x->flags & S_KNOWN))
		return false;
	if (y->flags & S_WND && y->wnd == 0 &&
	    (seq == x->una - 1 || (l->w->len == 1 && seq == x->una))) {
		probe(l);
		return true;
	}
	/* an ACK from before its own FIN, overtaken by it, looks the same */
	if (x->flags & S_FIN && l->now - x->last_at < SW_S)
		return false;
	if (idle && seq == x->nxt - 1 && x->state != SW_SYN_SENT &&
	    l->c->flags & (C_OPENED | C_MID)) {
		keep_alive(l);
		return true;
	}
	return false;
}

/* The capture ends, or the connection: what is still going on ends too. */
void
ex_windows_end(struct ex_engine *e, struct conn *c)
{
	struct trouble *t = ex_trouble_of(e, c);

	for (int side = 0; t && side < 2; side++) {
		sw_ns until = c->flags & C_RESET ? c->side[side].last_at : e->now;

		if (t->side[side].zero)
			zero_ends(&t->side[side], until, NO_FRAME);
		if (t->side[side].full_now)
			full_ends(&t->side[side], until > t->side[side].full_since
						      ? until
						      : t->side[side].full_since);
	}
}
