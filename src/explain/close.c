/*
 * close.c - FINs: sent, acknowledged, crossed, sent again, and what is still said
 * between one FIN and the other.
 */
#include "explain/work.h"

static void
first_to_close(struct conn *c, int side)
{
	if (c->first == EX_NOBODY)
		c->first = (uint8_t)side;
}

/* The FIN is at its end of the way too, as far as can be seen. */
static void
fin_arrives(struct look *l)
{
	ex_go(l, !l->side, SW_ON_RCV_FIN, LINE_OPEN);
}

static void
fin_again(struct look *l)
{
	struct again *a = &ex_trouble_x(l)->fin;
	uint8_t s = l->x->state;

	if (a->n++ == 0) {
		a->from = l->x->data_frame;
		a->frame = l->frame;
		a->wait = l->now - l->x->data_at;
	}
	a->last = l->frame;
	a->span = l->now - l->x->data_at;
	l->waited = l->now - l->x->last_at;
	l->flags |= EX_AGAIN | EX_FIN_AGAIN;
	/* so the ACK of it did not come */
	if ((s == SW_FIN_WAIT_2 || s == SW_CLOSED || s == SW_TIME_WAIT) && ex_back(l->c, l->side)) {
		l->x->flags &= (uint16_t)~S_FIN_ACKED;
		l->changed |= (uint8_t)(1 << l->side);
	}
}

/* A FIN, when its place in the sequence is known to be the next one. */
void
ex_fin_from(struct look *l)
{
	struct conn *c = l->c;
	bool heard = ex_after(l->w->ack, l->y->nxt) >= 0;

	if (l->x->flags & S_FIN) {
		fin_again(l);
		return;
	}
	if (ex_after(l->w->seq + l->w->len + 1, l->x->nxt) != 0)
		return; /* a jump that was not believed */
	l->x->flags |= S_FIN;
	l->x->data_at = l->now;
	l->x->data_frame = l->frame;
	first_to_close(c, l->side);
	if (l->y->flags & S_FIN && !heard) {
		/* it did not know of the other one's FIN: they cross */
		c->flags |= C_BOTH_CLOSE;
		ex_back(c, l->side);
		ex_go(l, l->side, SW_ON_CLOSE, 0);
		ex_go(l, l->side, SW_ON_RCV_FIN, LINE_OPEN);
		fin_arrives(l);
		return;
	}
	ex_go(l, l->side, SW_ON_CLOSE, 0);
	fin_arrives(l);
}

/* The segment at work acknowledges the other end's FIN. */
void
ex_fin_acked(struct look *l)
{
	l->y->flags |= S_FIN_ACKED;
	if (l->x->state == SW_ESTABLISHED || l->x->state == SW_FIN_WAIT_1 ||
	    l->x->state == SW_FIN_WAIT_2)
		ex_go(l, l->side, SW_ON_RCV_FIN, 0); /* its step had been taken back */
	ex_go(l, !l->side, SW_ON_RCV_ACK_OF_FIN, LINE_OPEN);
}

/* New data to an end that has sent its FIN and had it acknowledged: a half-close in use. */
void
ex_after_fin(struct look *l)
{
	struct trouble_side *t;

	if (!(l->y->flags & S_FIN) || l->w->len == 0 || l->flags & (EX_AGAIN | EX_FILLS) ||
	    ex_after(l->w->ack, l->y->nxt) < 0)
		return;
	t = ex_trouble_x(l);
	if (t->half_frame == 0)
		t->half_frame = l->frame;
	l->c->flags |= (uint16_t)(C_HALF_0 << !l->side);
}

/* Both ends are where nothing more has to be said. */
void
ex_done(struct look *l)
{
	struct conn *c = l->c;
	uint8_t a = c->side[0].state, b = c->side[1].state;
	bool over = (a == SW_CLOSED || a == SW_TIME_WAIT) && (b == SW_CLOSED || b == SW_TIME_WAIT);

	if (c->flags & C_RESET)
		over = true;
	if (over && !(c->flags & C_DONE)) {
		c->flags |= C_DONE;
		ex_queue_put(&l->e->lingering, &l->e->conn, l->index);
	} else if (!over && c->flags & C_DONE) {
		c->flags &= (uint16_t)~C_DONE;
		ex_queue_take(&l->e->lingering, &l->e->conn, l->index);
	}
}
