/*
 * ack.c - what an ACK tells of the other end: what arrived there, how long the way is,
 * what came twice; and which steps of the one who sends it are proven by it.
 */
#include "explain/work.h"

enum { DUPS_MOST = 255, GAP_ANYWAY = 1 << 20 };
#define RTT_MOST ((sw_ns)UINT32_MAX)

/* ---- round trips ---------------------------------------------------------- */

static void
rtt_sample(struct side *y, sw_ns now)
{
	sw_ns ns = EX_TICKS_NS(ex_ticks(now) - y->timed_at);
	uint32_t rtt = (uint32_t)(ns < RTT_MOST ? ns : RTT_MOST);

	if (rtt == 0)
		rtt = 1;
	if (y->rtt_min == 0 || rtt < y->rtt_min)
		y->rtt_min = rtt;
	ex_median_add(&y->rtt, rtt);
	if (y->timed_len > y->len_acked)
		y->len_acked = y->timed_len;
	y->flags &= (uint16_t)~S_TIMED;
}

/* ---- what nobody captured ------------------------------------------------- */

/* The one number that is left to an end in CLOSE-WAIT: its FIN, which came all the same. */
static void
fin_unseen(struct look *l)
{
	l->y->flags |= S_FIN;
	l->y->data_at = l->now;
	l->y->data_frame = l->frame;
	ex_go(l, !l->side, SW_ON_CLOSE, LINE_GUESS);
	ex_go(l, l->side, SW_ON_RCV_FIN, 0);
}

/* Acknowledged, and not in the capture.  false: not believable. */
static bool
unseen(struct look *l, uint32_t over)
{
	struct fault *f = &l->e->fault[FAULT_DROPPED];
	uint32_t room = (l->x->flags & S_WND ? l->x->wnd_max : 0) + GAP_ANYWAY;
	struct trouble_side *t;

	if (over / 4 > room) {
		l->x->flags ^= S_ODD;
		if (l->x->flags & S_ODD)
			return false;
	}
	l->y->nxt = l->w->ack;
	if (l->y->packets == 0)
		return true; /* that direction is not captured at all */
	if (over == 1 && l->c->flags & C_MID && l->y->segments == 0 && !(l->y->flags & S_SYN))
		return true; /* the first that was captured of it was a keep-alive */
	if (over == 1 && l->y->state == SW_CLOSE_WAIT)
		fin_unseen(l);
	t = l->c->trouble == NONE ? NULL : ex_trouble_y(l);
	if (over == 1 && t && t->probed && t->probe_end == l->w->ack)
		return true; /* the byte that tried a closed window was taken */
	l->flags |= EX_ACKS_UNSEEN;
	l->y->flags |= S_UNSEEN;
	if (f->n++ == 0)
		f->proof[0] = l->e->packet->frame;
	f->most += over;
	return true;
}

/* ---- duplicates ----------------------------------------------------------- */

/*= RFC 2883 4: the first block tells of a duplicate: below the ACK, or inside the second block */
static bool
is_dsack(const struct sw_wire *w)
{
	const uint32_t(*s)[2] = w->sack;

	if (ex_after(s[0][1], w->ack) <= 0)
		return true;
	return w->sacks > 1 && ex_after(s[0][0], s[1][0]) >= 0 && ex_after(s[0][1], s[1][1]) <= 0;
}

static void
sacks(struct look *l)
{
	struct trouble_side *t = ex_trouble_y(l);
	int i = is_dsack(l->w);

	if (i > 0) {
		l->flags |= EX_DSACK;
		if (t->dsacks < t->again.n)
			t->dsacks++;
		if (l->y->flags & S_FIN && l->w->sack[0][1] == l->y->nxt)
			t->fin_needless++;
	}
	for (; i < l->w->sacks; i++) {
		if (!t->sacked || ex_after(l->w->sack[i][1], t->sack_high) > 0)
			t->sack_high = l->w->sack[i][1];
		t->sacked = true;
	}
}

/*= RFC 5681 2: acknowledges nothing new, has no data, the same window, and something is in flight
 */
static void
maybe_duplicate(struct look *l)
{
	const struct sw_wire *w = l->w;
	bool news = w->has & SW_HAS_SACK && !(l->flags & EX_DSACK);

	if (w->len > 0 || w->ctl & (SW_SYN | SW_FIN | SW_RST) || l->y->nxt == l->y->una)
		return;
	if (!news && (l->y->flags & S_KEEP || l->flags & (EX_KEEP_ALIVE | EX_PROBE)))
		return;
	if (!news && ex_window_of(l) != l->x->wnd)
		return;
	l->flags |= EX_DUP_ACK;
	ex_trouble_x(l)->dup_acks++;
	if (l->y->dups < DUPS_MOST)
		l->y->dups++;
}

/* ---- the steps that it proves --------------------------------------------- */

static void
proofs(struct look *l)
{
	struct conn *c = l->c;

	if (c->flags & (C_OPEN_0 | C_OPEN_1) && c->flags & C_OPEN_0 << l->side) {
		uint32_t states = 1u << SW_ESTABLISHED | 1u << SW_SYN_RECEIVED;

		if (l->y->flags & S_FIN && ex_after(l->w->ack, l->y->nxt) >= 0)
			states |= 1u << SW_CLOSE_WAIT | 1u << SW_CLOSING | 1u << SW_TIME_WAIT |
				  1u << SW_FIN_WAIT_2;
		ex_prove(c, l->side, states);
	}
	if (l->y->state == SW_SYN_RECEIVED && l->y->flags & S_KNOWN &&
	    ex_after(l->w->ack, l->y->iss) > 0)
		ex_go(l, !l->side, SW_ON_RCV_ACK_OF_SYN, LINE_OPEN);
	if (!(c->flags & C_OPENED) && c->flags & C_SYN_ACK)
		ex_opened(l);
}

/* The ACK field of a segment without SYN. */
void
ex_ack_from(struct look *l)
{
	struct side *y = l->y;
	uint32_t ack = l->w->ack;
	int32_t step;

	if (!(y->flags & S_KNOWN)) { /* nothing of it was captured yet */
		y->iss = ack - 1;
		y->nxt = y->una = ack;
		y->flags |= S_KNOWN | S_UNA;
		y->scale = NO_SCALE;
		if (l->x->state == SW_SYN_SENT)
			ex_answer_unseen(l);
	}
	proofs(l);
	if (ex_after(ack, y->nxt) > 0 && !unseen(l, (uint32_t)ex_after(ack, y->nxt)))
		return;
	step = y->flags & S_UNA ? ex_after(ack, y->una) : 1;
	if (l->w->has & SW_HAS_SACK)
		sacks(l);
	if (step > 0) {
		y->una = ack;
		y->flags |= S_UNA;
		y->dups = 0;
		if (y->flags & S_TIMED && ex_after(ack, y->timed_end) >= 0)
			rtt_sample(y, l->now);
		if (l->c->trouble != NONE && ex_trouble_y(l)->holes > 0)
			ex_holes_acked(l);
	} else if (step == 0) {
		maybe_duplicate(l);
	}
	if (y->flags & S_FIN && !(y->flags & S_FIN_ACKED) && ex_after(ack, y->nxt) >= 0)
		ex_fin_acked(l);
}
