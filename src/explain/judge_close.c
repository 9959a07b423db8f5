/*
 * judge_close.c - findings of how a connection closes, or does not.
 */
#include "explain/work.h"

enum { HALF_USED_FACTOR = 4 };

/* When this end came into that state; 0: never.  *frame: by which packet. */
static sw_ns
since(const struct case_ *at, int side, enum sw_state state, uint64_t *frame)
{
	const struct ex_end *end = &at->said->end[side];

	for (unsigned i = 0; i < end->steps; i++) {
		if (end->step[i].state != state)
			continue;
		*frame = end->step[i].frame;
		return end->step[i].at;
	}
	*frame = 0;
	return 0;
}

/* ---- CLOSE-WAIT ------------------------------------------------------------- */

static void
stay_add(struct ex_engine *e, const struct ex_finding *f, sw_ns from, sw_ns to)
{
	uint16_t port = f->role == EX_CLIENT ? 0 : f->side.port;

	if (e->stays == e->stay_room) {
		e->stay_room = e->stay_room ? 2 * e->stay_room : 64;
		e->stay = ex_resized(e->stay, e->stay_room * sizeof(e->stay[0]));
	}
	e->stay[e->stays++] =
	    (struct stay){ex_hash_end(e, &f->side.addr, port) + f->role, from, to};
}

/*
 * `side' got a FIN, acknowledged it, and neither closed nor said anything.
 */
static void
close_wait(struct case_ *at, int side)
{
	const struct side *x = &at->c->side[side], *p = &at->c->side[!side];
	bool used = at->c->flags & (side == EX_SERVER ? C_HALF_0 : C_HALF_1);
	sw_ns limit = at->e->limits.close_wait, from, until;
	uint64_t fin, ack, late = 0;
	struct ex_finding f;

	if (!(p->flags & S_FIN_ACKED) || x->packets == 0)
		return;
	if (x->flags & S_UNSEEN && !(x->flags & S_FIN))
		return; /* that may have been its FIN */
	from = since(at, !side, SW_FIN_WAIT_1, &fin);
	if (from == 0 || since(at, side, SW_CLOSE_WAIT, &ack) == 0)
		return;
	since(at, !side, SW_FIN_WAIT_2, &ack);
	if (x->flags & S_FIN) {
		if (used)
			return;
		until = since(at, side, SW_LAST_ACK, &late);
	} else if (at->c->flags & C_RESET) {
		until = at->t->rst_at;
		late = ex_frame(at, at->t->rst_frame);
	} else {
		until = at->e->now;
	}
	if (used) {
		from = x->data_at;
		limit *= HALF_USED_FACTOR;
	}
	if (until < from || until - from < limit)
		return;
	f = ex_find(at, EX_F_CLOSE_WAIT, side);
	if (used && f.certainty > EX_POSSIBLE)
		f.certainty = EX_POSSIBLE;
	ex_find_seconds(&f, EX_M_MAX, until - from);
	ex_find_seconds(&f, EX_M_LIMIT, at->e->limits.close_wait);
	ex_find_value(&f, EX_M_PEAK, 1);
	ex_find_proof(&f, fin);
	ex_find_proof(&f, ack);
	ex_find_proof(&f, late);
	if (at->c->flags & C_RESET && at->t && ex_frame(at, at->t->rst_frame) != late)
		ex_find_proof(&f, ex_frame(at, at->t->rst_frame));
	stay_add(at->e, &f, from, until);
	ex_found_put(at->e, at->said, &f);
}

/* ---- FIN-WAIT-2 --------------------------------------------------------------- */

static void
fin_wait(struct case_ *at, int side)
{
	const struct side *x = &at->c->side[side], *p = &at->c->side[!side];
	bool reset = at->c->flags & C_RESET && at->t->rst_by == side;
	uint64_t ack, fin;
	sw_ns from, until;
	struct ex_finding f;

	if (!(x->flags & S_FIN_ACKED) || (p->flags & S_UNSEEN && !(p->flags & S_FIN)))
		return;
	from = since(at, side, SW_FIN_WAIT_2, &ack);
	if (from == 0)
		return;
	since(at, side, SW_FIN_WAIT_1, &fin);
	if (at->c->flags & C_RESET)
		until = at->t->rst_at;
	else if (p->flags & S_FIN)
		until = p->data_at;
	else
		until = at->e->now;
	/* a RST that answers a FIN: the end that waited for it is there no more */
	reset = reset && p->flags & S_FIN && at->t->rst_kind == RST_NOBODY && until - from > SW_S;
	if (!reset && until - from < at->e->limits.fin_wait)
		return;
	f = ex_find(at, EX_F_FIN_WAIT, side);
	f.variant = reset ? EX_V_RESET : EX_V_PLAIN;
	ex_find_seconds(&f, EX_M_MAX, until - from);
	ex_find_seconds(&f, EX_M_LIMIT, at->e->limits.fin_wait);
	ex_find_proof(&f, fin);
	ex_find_proof(&f, ack);
	if (reset) {
		ex_find_proof(&f, ex_frame(at, at->t->rst_ask));
		ex_find_proof(&f, ex_frame(at, at->t->rst_frame));
	}
	ex_found_put(at->e, at->said, &f);
}

/* ---- the ways to close ----------------------------------------------------------- */

/* After the FIN of `side' the other end went on, and was heard. */
static void
half_close(struct case_ *at, int side)
{
	uint64_t fin;
	struct ex_finding f;

	if (at->c->flags & C_RESET && at->t->rst_by == side) {
		at->e->sum.after_close++; /* it had not closed one half only */
		return;
	}
	f = ex_find(at, EX_F_HALF_CLOSE, side);
	since(at, side, SW_FIN_WAIT_1, &fin);
	ex_find_proof(&f, fin);
	ex_find_proof(&f, ex_frame(at, at->t->side[!side].half_frame));
	ex_found_put(at->e, at->said, &f);
}

static void
fin_again(struct case_ *at, int side)
{
	const struct again *a = &at->t->side[side].fin;
	struct ex_finding f = ex_find(at, EX_F_FIN_AGAIN, side);

	if (a->n <= at->t->side[side].fin_needless)
		return;
	f.severity = a->n > 1 || a->span >= SW_S ? EX_WARNING : EX_REMARK;
	ex_find_value(&f, EX_M_TIMES, a->n);
	ex_find_seconds(&f, EX_M_SPAN, a->span);
	ex_find_seconds(&f, EX_M_GAP, a->wait);
	ex_find_proof(&f, ex_frame(at, a->from));
	ex_find_proof(&f, ex_frame(at, a->frame));
	if (a->last != a->frame)
		ex_find_proof(&f, ex_frame(at, a->last));
	ex_found_put(at->e, at->said, &f);
}

void
ex_judge_close(struct case_ *at)
{
	const struct conn *c = at->c;

	for (int side = 0; side < 2; side++) {
		if (at->t && at->t->side[side].fin.n > 0)
			fin_again(at, side);
		close_wait(at, side);
		fin_wait(at, side);
		if (c->flags & C_HALF_0 << side)
			half_close(at, side);
	}
	if (c->flags & C_BOTH_CLOSE) {
		struct ex_finding f = ex_find(at, EX_F_BOTH_CLOSE, EX_CLIENT);
		uint64_t fin;

		for (int side = 0; side < 2; side++) {
			since(at, side, SW_FIN_WAIT_1, &fin);
			if (fin == 0) /* that FIN brought it to CLOSING at once */
				since(at, side, SW_CLOSING, &fin);
			ex_find_proof(&f, fin);
		}
		ex_found_put(at->e, at->said, &f);
	}
}
