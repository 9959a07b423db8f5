/*
 * finish.c - the end of a connection, or of the capture: it is told, judged, counted,
 * and makes room.
 */
#include "explain/work.h"

#include <stdlib.h>

/* ---- telling ---------------------------------------------------------------- */

static uint32_t
spurious_of(const struct trouble_side *t)
{
	uint32_t n = t->needless > t->dsacks ? t->needless : t->dsacks;

	return n < t->again.n ? n : t->again.n;
}

static void
account_trouble(const struct trouble_side *t, struct ex_end *end)
{
	end->again = t->again.n;
	end->rto = t->rto;
	end->fast = t->fast;
	end->tlp = t->tlp;
	end->spurious = spurious_of(t);
	end->unseen = t->unseen;
	end->syn_again = t->syn.n;
	end->fin_again = t->fin.n;
	end->again_bytes = t->again_bytes;
	end->out_of_order = t->ooo;
	end->dup_acks = t->dup_acks;
	end->zero_windows = t->zero_n;
	end->zero_window = t->zero_most;
	end->probes = t->probes;
	end->keep_alives = t->keeps;
}

static void
account_end(const struct ex_engine *e, const struct conn *c, int side, struct ex_end *end)
{
	const struct side *x = &c->side[side];
	const struct trouble *t = ex_trouble_of(e, c);

	end->at = ex_end_of(c, side);
	end->steps = ex_steps_of(e, c, side, end->step);
	end->packets = x->packets;
	end->bytes = x->bytes;
	end->rtt_min = x->rtt_min;
	end->rtt_p50 = ex_median(&x->rtt);
	end->wnd_max = x->wnd_max;
	end->iss = x->iss;
	end->mss = x->mss;
	end->wscale = x->flags & S_SYN && x->scale != NO_SCALE ? (int8_t)x->scale : -1;
	end->sack = x->flags & S_SACK;
	end->timestamps = x->flags & S_TS;
	end->ttl = x->ttl;
	if (t)
		account_trouble(&t->side[side], end);
}

/* Packets of one end only, though the other one must have answered. */
static bool
one_way(const struct conn *c)
{
	for (int side = 0; side < 2; side++)
		if (c->side[side].packets == 0 && c->side[side].flags & S_KNOWN &&
		    c->side[!side].packets > 1)
			return true;
	return false;
}

static enum ex_outcome
outcome_of(const struct conn *c, const struct trouble *t)
{
	bool any_fin = (c->side[0].flags | c->side[1].flags) & S_FIN;
	uint8_t a = c->side[0].state, b = c->side[1].state;

	if (c->flags & C_RESET && t) {
		if (t->rst_kind == RST_REFUSES)
			return EX_REFUSED;
		if (!(c->flags & (C_OPENED | C_MID)))
			return EX_NOT_OPENED;
		return any_fin ? EX_RESET_CLOSED : EX_RESET;
	}
	if (!(c->flags & (C_OPENED | C_MID))) {
		if (t && t->icmp_n > 0)
			return EX_REJECTED;
		return c->flags & C_SYN_ACK ? EX_NOT_OPENED : EX_NO_ANSWER;
	}
	if ((a == SW_CLOSED || a == SW_TIME_WAIT) && (b == SW_CLOSED || b == SW_TIME_WAIT))
		return EX_CLOSED;
	return any_fin ? EX_CLOSING : EX_OPEN;
}

/* SYN to the ACK of the SYN,ACK; 0: not in the capture. */
static sw_ns
handshake_of(const struct conn *c, const struct ex_conn *said)
{
	const struct ex_end *server = &said->end[EX_SERVER];

	if (c->flags & C_MID || !(c->flags & C_OPENED))
		return 0;
	for (unsigned i = 0; i < server->steps; i++)
		if (server->step[i].state == SW_ESTABLISHED)
			return server->step[i].at - c->start;
	return 0;
}

void
ex_account(const struct ex_engine *e, const struct conn *c, struct ex_conn *said)
{
	const struct side *a = &c->side[0], *b = &c->side[1];
	bool later = b->packets > 0 && (a->packets == 0 || b->last_frame > a->last_frame);
	const struct side *last = later ? b : a;

	memset(said, 0, sizeof(*said));
	said->id = c->id;
	account_end(e, c, EX_CLIENT, &said->end[EX_CLIENT]);
	account_end(e, c, EX_SERVER, &said->end[EX_SERVER]);
	said->start = c->start;
	said->last = last->last_at;
	said->first_frame = c->frame;
	said->last_frame = c->frame + last->last_frame;
	said->outcome = outcome_of(c, ex_trouble_of(e, c));
	said->closed_by = c->first;
	said->began_before = c->flags & C_MID;
	said->one_way = one_way(c);
	said->ended = c->flags & C_DONE || (c->flags & C_OPENED) == 0;
	said->handshake = handshake_of(c, said);
}

/* ---- ending ------------------------------------------------------------------ */

static void
count(struct ex_engine *e, const struct ex_conn *said)
{
	struct fault *f = &e->fault[FAULT_ONE_WAY];

	e->sum.ended += said->ended;
	e->sum.resets += said->outcome == EX_RESET;
	if (said->one_way) {
		e->sum.one_way++;
		if (f->n++ == 0)
			f->proof[0] = said->first_frame;
	} else if (said->end[0].packets > 0 && said->end[1].packets > 0) {
		e->two_way++;
	}
}

/* What stays of it, for who comes late; or for `synwave ss'. */
static void
gone_new(struct ex_engine *e, const struct conn *c, const struct ex_conn *said)
{
	uint32_t index = ex_pool_take(&e->gone);
	struct gone *g = ex_gone_at(e, index);

	memcpy(g->addr, c->addr, sizeof(g->addr));
	memcpy(g->port, c->port, sizeof(g->port));
	g->id = c->id;
	g->at = said->last;
	for (int side = 0; side < 2; side++) {
		g->iss[side] = c->side[side].iss;
		g->nxt[side] = c->side[side].nxt;
		if (c->side[side].state == SW_TIME_WAIT)
			g->waits |= (uint8_t)(1 << side);
	}
	g->first = c->first;
	g->reset = c->flags & C_RESET;
	g->opened = c->flags & C_OPENED;
	g->pair = g->waits & 1 ? ex_pair_enter(e, c, said) : NONE;
	ex_table_add(e->over, ex_record_hash(e, g->addr, g->port), (struct ref){KIND_GONE, index});
	ex_queue_put(&e->gones, &e->gone, index);
}

void
ex_gone_drop(struct ex_engine *e, uint32_t index)
{
	const struct gone *g = ex_gone_at(e, index);

	if (g->pair != NONE)
		ex_pair_leave(e, g->pair);
	ex_queue_take(&e->gones, &e->gone, index);
	ex_record_drop(e, (struct ref){KIND_GONE, index});
}

void
ex_finish(struct ex_engine *e, uint32_t index)
{
	struct conn *c = ex_conn_at(e, index), copy;
	struct case_ at = {.e = e, .c = c};
	struct ex_conn said;
	bool over = c->flags & C_DONE;

	ex_windows_end(e, c);
	ex_account(e, c, &said);
	at.t = ex_trouble_of(e, c);
	at.said = &said;
	count(e, &said);
	if (!e->watch.wanted || e->watch.wanted(e->watch.ctx, &said)) {
		ex_judge(&at);
		ex_listen_end(e, c, &said);
	}
	if (e->watch.conn)
		e->watch.conn(e->watch.ctx, &said);
	copy = *c;
	if (over)
		ex_queue_take(&e->lingering, &e->conn, index);
	ex_record_drop(e, (struct ref){KIND_CONN, index});
	if (over)
		gone_new(e, &copy, &said);
}

static sw_ns
last_of(const struct conn *c)
{
	sw_ns a = c->side[0].last_at, b = c->side[1].last_at;

	return a > b ? a : b;
}

/* What has been silent long enough. */
void
ex_expire(struct ex_engine *e)
{
	while (e->lingering.n > 0 &&
	       (last_of(ex_conn_at(e, e->lingering.first)) + LINGER <= e->now ||
		e->lingering.n > LINGER_MOST))
		ex_finish(e, e->lingering.first);
	while (e->halves.n > 0 && ex_half_at(e, e->halves.first)->syn_at + SYN_FOR <= e->now)
		ex_half_end(e, e->halves.first);
	while (e->gones.n > 0 &&
	       (e->gones.n > GONE_MOST ||
		ex_gone_at(e, e->gones.first)->at + TIME_WAIT_FOR + LINGER <= e->now))
		ex_gone_drop(e, e->gones.first);
}

/* ---- the capture ends -------------------------------------------------------- */

struct left { /* a record that is still there */
	uint32_t id, index;
	bool half;
};

static int
by_id(const void *a, const void *b)
{
	const struct left *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

/* Every record that is alive, by number. */
static struct left *
all_left(struct ex_engine *e, size_t *n)
{
	size_t room = (size_t)e->conn.live + e->half.live;
	struct left *left = ex_alloc((room + 1) * sizeof(*left));
	uint32_t at = 0;
	struct ref ref;

	*n = 0;
	while (ex_table_walk(e->table, &at, &ref)) {
		if (ref.kind == KIND_CONN)
			left[(*n)++] =
			    (struct left){ex_conn_at(e, ref.index)->id, ref.index, false};
		else if (ref.kind == KIND_HALF)
			left[(*n)++] = (struct left){ex_half_at(e, ref.index)->id, ref.index, true};
	}
	qsort(left, *n, sizeof(*left), by_id);
	return left;
}

void
ex_engine_end(struct ex_engine *e, bool cut)
{
	size_t n;
	struct left *left = all_left(e, &n);

	e->sum.last = e->now;
	e->sum.live = n;
	for (size_t i = 0; i < n; i++) {
		if (left[i].half)
			ex_half_end(e, left[i].index);
		else
			ex_finish(e, left[i].index);
	}
	free(left);
	ex_listen_judge(e);
	ex_pair_judge(e);
	ex_judge_capture(e, cut);
	ex_found_end(e);
}

void
ex_engine_live(struct ex_engine *e, void (*tell)(void *, const struct ex_conn *), void *ctx)
{
	size_t n;
	struct left *left = all_left(e, &n);
	struct ex_conn said;

	for (size_t i = 0; i < n; i++) {
		uint32_t index = left[i].index;

		if (left[i].half) {
			const struct half *h = ex_half_at(e, index);
			struct ref ref = {KIND_HALF, index};

			ex_half_grow(e, &ref,
				     ex_record_slot(e, ex_record_hash(e, h->addr, h->port), ref));
			index = ref.index;
		}
		ex_account(e, ex_conn_at(e, index), &said);
		tell(ctx, &said);
	}
	free(left);
}
