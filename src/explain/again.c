/*
 * again.c - segments that come a second time: why, and where the first copy got lost.
 *
 * A hole is a range that was stepped over.  What fills it soon was only overtaken; what
 * fills it later was sent again, and its first copy never came to the capture point.
 * What was seen before and comes again got lost behind the capture point, or was not
 * acted on by the receiver; or nothing was lost and the sender thought so.
 */
#include "explain/work.h"

enum { DUPS_FAST = 3, ID_NEAR = 1000 };
#define RTO_LEAST (190 * SW_MS) /* Linux waits 200 ms, others longer */
#define REORDER_MOST (3 * SW_MS)

/* ---- why it was sent again ------------------------------------------------ */

/* Has the other end said that later bytes came? */
static bool
gap_reported(const struct look *l, const struct trouble_side *t, uint32_t seq)
{
	if (l->x->dups >= DUPS_FAST)
		return true;
	return t->sacked && ex_after(t->sack_high, seq) > 0 &&
	       ex_after(t->sack_high, l->x->una) > 0;
}

/* A recovery goes on until what was in flight at its beginning is acknowledged. */
static uint32_t
kind_of(const struct look *l, const struct trouble_side *t, uint32_t end)
{
	uint32_t seq = l->w->seq;
	bool going = t->kind && ex_after(t->recover, seq) > 0;
	bool head = ex_after(seq, l->x->una) <= 0, tail = end == l->x->nxt;

	if (going && t->kind == EX_RTO / 2)
		return EX_RTO;
	if (gap_reported(l, t, seq))
		return EX_FAST;
	if (l->flags & EX_SPURIOUS && t->sacked && ex_after(t->sack_high, seq) > 0)
		return EX_FAST; /* the gap was closed meanwhile */
	if (head && (l->waited >= RTO_LEAST || (t->stuck_n > 0 && t->stuck == seq)))
		return EX_RTO;
	if (tail)
		return EX_TLP;
	if (going)
		return (uint32_t)t->kind * 2;
	return 0;
}

static void
kind_count(struct look *l, struct trouble_side *t, uint32_t kind)
{
	if (!(t->kind && ex_after(t->recover, l->w->seq) > 0) || kind == EX_RTO) {
		t->recover = l->x->nxt;
		t->kind = (uint8_t)(kind / 2);
	}
	t->rto += kind == EX_RTO;
	t->fast += kind == EX_FAST;
	t->tlp += kind == EX_TLP;
	l->flags |= kind;
}

/* The same byte again and again: a wall, which may be lower than these segments. */
static void
stuck_count(struct look *l, struct trouble_side *t)
{
	uint16_t len = (uint16_t)(l->w->len < UINT16_MAX ? l->w->len : UINT16_MAX);

	if (t->stuck_n == 0 || t->stuck != l->w->seq) {
		t->stuck = l->w->seq;
		t->stuck_n = 1;
		t->stuck_len = len;
		t->stuck_frame[0] = t->stuck_frame[1] = l->frame;
		return;
	}
	if (len < t->stuck_len && t->stuck_n >= 2 && t->lost_n == 0) {
		t->lost_len = t->stuck_len;
		t->lost_n = t->stuck_n;
		memcpy(t->lost_frame, t->stuck_frame, sizeof(t->lost_frame));
	}
	if (t->stuck_n < UINT16_MAX)
		t->stuck_n++;
	t->stuck_len = len;
	t->stuck_frame[1] = l->frame;
}

/* [seq, end) of the segment was sent before. */
static void
again_count(struct look *l, uint32_t end, uint32_t more)
{
	struct trouble_side *t = ex_trouble_x(l);
	sw_ns before = t->again_at > l->x->data_at ? t->again_at : l->x->data_at;

	l->waited = l->now > before ? l->now - before : 0;
	l->flags |= EX_AGAIN | more;
	if (l->w->len == 0) /* a FIN alone: close.c counts it */
		return;
	kind_count(l, t, kind_of(l, t, end));
	stuck_count(l, t);
	if (t->again.n++ == 0) {
		t->again.frame = l->frame;
		t->again.wait = l->waited;
		/* the last segment is the only one whose frame is kept */
		t->again.from =
		    end == l->x->nxt && !(more & EX_UNSEEN) ? l->x->data_frame : NO_FRAME;
	}
	t->again.last = l->frame;
	t->again_bytes += l->w->len;
	t->again_at = l->now;
	l->e->sum.again++;
	l->e->sum.segments++;
	l->x->segments++;
	if (ex_after(l->x->timed_end, l->w->seq) > 0) /* RFC 6298 3: Karn's algorithm */
		l->x->flags &= (uint16_t)~S_TIMED;
}

void
ex_again(struct look *l, uint32_t end)
{
	bool needless = l->x->flags & S_UNA && ex_after(end, l->x->una) <= 0;

	if (needless && l->w->len > 0)
		ex_trouble_x(l)->needless++;
	again_count(l, end, needless ? EX_SPURIOUS : 0);
}

/* ---- holes ----------------------------------------------------------------- */

/* [left, right) was stepped over. */
void
ex_hole_add(struct look *l, uint32_t left, uint32_t right)
{
	struct trouble_side *t = ex_trouble_x(l);

	if (t->holes == HOLES) /* the oldest is forgotten */
		memmove(&t->hole[0], &t->hole[1], (size_t)--t->holes * sizeof(t->hole[0]));
	t->hole[t->holes++] = (struct hole){left, right, ex_ticks(l->now)};
}

/* Takes [seq, end) out of hole i; a piece on either side may stay. */
static void
hole_cut(struct trouble_side *t, int i, uint32_t seq, uint32_t end)
{
	struct hole *h = &t->hole[i], rest = *h;

	if (ex_after(seq, h->left) > 0 && ex_after(end, h->right) < 0 && t->holes < HOLES) {
		rest.left = end;
		h->right = seq;
		t->hole[t->holes++] = rest;
		return;
	}
	if (ex_after(seq, h->left) > 0)
		h->right = seq;
	else
		h->left = end;
	if (ex_after(h->right, h->left) <= 0)
		memmove(h, h + 1, (size_t)(--t->holes - i) * sizeof(*h));
}

/*
 * Was it only overtaken?  A copy cannot come before the news of the gap has gone to the
 * sender and it has answered; and it carries a newer identification (RFC 6864).
 */
static bool
overtaken(const struct look *l, const struct hole *h)
{
	sw_ns age = EX_TICKS_NS(ex_ticks(l->now) - h->at);
	sw_ns least = l->y->rtt_min ? l->y->rtt_min / 2 : REORDER_MOST;
	int16_t ids = (int16_t)((uint16_t)l->w->id - l->x->ip_id);

	if (!l->w->v6 && l->w->id != 0 && l->x->ip_id != 0 && ids != 0 && ids < ID_NEAR &&
	    ids > -ID_NEAR) /* farther apart they are random numbers */
		return ids < 0;
	return age < least && l->x->dups < DUPS_FAST;
}

/* Fills a hole, if there is one of [seq, end); false: there is none. */
bool
ex_hole_fill(struct look *l, uint32_t seq, uint32_t end)
{
	struct trouble_side *t = ex_trouble_x(l);

	for (int i = 0; i < t->holes; i++) {
		bool late;

		if (ex_after(end, t->hole[i].left) <= 0 || ex_after(seq, t->hole[i].right) >= 0)
			continue;
		late = overtaken(l, &t->hole[i]);
		hole_cut(t, i, seq, end);
		if (late) {
			t->ooo++;
			l->flags |= EX_FILLS;
			l->e->sum.segments += l->w->len > 0;
			l->x->segments += l->w->len > 0;
		} else {
			t->unseen += l->w->len > 0;
			again_count(l, end, EX_UNSEEN);
		}
		return true;
	}
	return false;
}

/* The other end's holes that are acknowledged now: it came there, but nobody captured it. */
void
ex_holes_acked(struct look *l)
{
	struct trouble_side *t = ex_trouble_y(l);
	struct fault *f = &l->e->fault[FAULT_DROPPED];

	for (int i = t->holes - 1; i >= 0; i--) {
		if (ex_after(t->hole[i].right, l->y->una) > 0)
			continue;
		if (f->n++ == 0)
			f->proof[0] = l->e->packet->frame;
		f->most += t->hole[i].right - t->hole[i].left;
		memmove(&t->hole[i], &t->hole[i + 1],
			(size_t)(--t->holes - i) * sizeof(t->hole[0]));
	}
}
