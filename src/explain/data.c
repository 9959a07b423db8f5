/*
 * data.c - what an end sends: new, with a gap before it, late, or again.
 */
#include "explain/work.h"

enum { MSS_UNKNOWN = 536, LONGEST = 8960, GAP_ANYWAY = 1 << 20 };

/* A round trip is measured from here, one at a time. */
static void
time_it(struct look *l, uint32_t end)
{
	struct side *x = l->x;

	x->timed_end = end;
	x->timed_at = ex_ticks(l->now);
	x->timed_len = (uint16_t)(l->w->len < UINT16_MAX ? l->w->len : UINT16_MAX);
	x->flags |= S_TIMED;
}

/* Longer than anything that fits on a wire: the network card cuts it up later. */
static void
super_packet(struct look *l)
{
	struct fault *f = &l->e->fault[FAULT_SUPER];
	uint32_t most = l->y->flags & S_SYN && l->y->mss ? l->y->mss : LONGEST;

	if (l->w->len <= most)
		return;
	l->flags |= EX_SUPER;
	if (f->n++ == 0)
		f->proof[0] = l->e->packet->frame;
	if (l->w->len > f->most)
		f->most = l->w->len;
}

/* Bytes that were not there before, up to `end'. */
static void
data_new(struct look *l, uint32_t end)
{
	struct side *x = l->x;

	if (l->w->len > 0) {
		l->e->sum.segments++;
		x->segments++;
		if (!(x->flags & S_TIMED))
			time_it(l, end);
	}
	x->data_at = l->now;
	x->data_frame = l->frame;
	x->nxt = end;
	x->flags &= (uint16_t)~S_UNSEEN;
	ex_window_fill(l);
}

/*
 * Is a jump of this size believable?  A receiver would take no byte outside its window,
 * but a capture may have lost many.  Twice in a row is believed.
 */
static bool
far_off(struct look *l, uint32_t distance)
{
	uint32_t room = (l->y->flags & S_WND ? l->y->wnd_max : 0) + GAP_ANYWAY;

	if (distance / 4 < room) {
		l->x->flags &= (uint16_t)~S_ODD;
		return false;
	}
	l->x->flags ^= S_ODD;
	return l->x->flags & S_ODD;
}

/* Some of it, or all, was sent before: [seq, end), and new bytes up to `nxt' or none. */
static void
data_old(struct look *l, uint32_t seq, uint32_t end)
{
	uint32_t over = ex_after(end, l->x->nxt) > 0 ? end - l->x->nxt : 0;
	uint32_t len = l->w->len;

	if (ex_trouble_of(l->e, l->c) && ex_trouble_x(l)->holes > 0 &&
	    ex_hole_fill(l, seq, end - over)) {
		l->x->bytes += len;
	} else {
		ex_again(l, end - over);
		l->x->bytes += over < len ? over : len;
	}
	if (over > 0)
		data_new(l, end);
}

/* The payload and FIN of a segment; both may be missing. */
void
ex_data_from(struct look *l)
{
	const struct sw_wire *w = l->w;
	struct side *x = l->x;
	uint32_t end = w->seq + w->len + !!(w->ctl & SW_FIN);
	int32_t off;

	if (end == w->seq)
		return;
	off = ex_after(w->seq, x->nxt);
	if (off > 0 && far_off(l, (uint32_t)off))
		return;
	super_packet(l);
	if (off < 0) {
		data_old(l, w->seq, end);
		return;
	}
	x->bytes += w->len;
	if (off > 0) {
		ex_hole_add(l, x->nxt, w->seq);
		l->flags |= EX_GAP;
	}
	data_new(l, end);
}
