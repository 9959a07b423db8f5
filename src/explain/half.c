/*
 * half.c - handshakes that are not complete: a SYN, sent once or often, and perhaps
 * its SYN,ACKs.  A record of 128 bytes holds them; whatever else comes makes a
 * connection of it, as if its packets had come once more.
 */
#include "explain/work.h"

void
ex_half_new(struct ex_engine *e, const struct sw_wire *w, const struct gone *before)
{
	uint32_t index = ex_pool_take(&e->half);
	struct half *h = ex_half_at(e, index);

	h->addr[0] = w->src.addr;
	h->addr[1] = w->dst.addr;
	h->port[0] = w->src.port;
	h->port[1] = w->dst.port;
	h->id = ++e->ids;
	h->start = h->syn_at = e->now;
	h->frame = e->packet->frame;
	h->iss[0] = w->seq;
	h->syns = 1;
	h->syn_len = (uint16_t)w->len;
	h->has[0] = w->has;
	h->mss[0] = w->mss;
	h->wnd[0] = (uint16_t)w->wnd;
	h->scale[0] = w->wscale;
	h->ttl[0] = w->ttl;
	if (before && before->opened) {
		h->reused = true;
		h->prev_id = before->id;
		h->prev_ago = e->now - before->at;
		h->prev_waits = before->waits;
		h->prev_reset = before->reset;
	}
	ex_table_add(e->table, ex_record_hash(e, h->addr, h->port), (struct ref){KIND_HALF, index});
	ex_queue_put(&e->halves, &e->half, index);
	e->sum.conns++;
	ex_listen_syn(e, h);
	ex_emit_half(e, h, EX_CLIENT, 0);
}

static void
answered(struct ex_engine *e, struct half *h, const struct sw_wire *w)
{
	h->answer_last = (uint32_t)(e->packet->frame - h->frame);
	if (h->answers++ > 0)
		return;
	h->answer_at = e->now;
	h->answer_frame = h->answer_last;
	h->iss[1] = w->seq;
	h->ack = w->ack;
	h->has[1] = w->has;
	h->mss[1] = w->mss;
	h->wnd[1] = (uint16_t)w->wnd;
	h->scale[1] = w->wscale;
	h->ttl[1] = w->ttl;
	ex_listen_answer(e, h);
}

/* Another SYN of these two endpoints: the first one comes to nothing. */
static void
replaced(struct ex_engine *e, uint32_t index, const struct sw_wire *w)
{
	const struct half *h = ex_half_at(e, index);
	struct gone before = {.id = h->id, .at = h->syn_at};

	ex_half_end(e, index);
	ex_half_new(e, w, &before);
}

bool
ex_half_packet(struct ex_engine *e, struct ref *ref, uint32_t at, int side)
{
	enum { CTL = SW_SYN | SW_ACK | SW_RST | SW_FIN, COUNT_MOST = UINT16_MAX };
	const struct sw_wire *w = &e->packet->wire;
	struct half *h = ex_half_at(e, ref->index);
	int ctl = w->ctl & CTL;

	if (ctl == SW_SYN && side == EX_CLIENT && (w->len == 0 || w->len == h->syn_len)) {
		if (w->seq != h->iss[0]) {
			replaced(e, ref->index, w);
			return true;
		}
		if (h->syns < COUNT_MOST)
			h->syns++;
		h->syn_at = e->now;
		h->syn_frame = (uint32_t)(e->packet->frame - h->frame);
		ex_queue_take(&e->halves, &e->half, ref->index);
		ex_queue_put(&e->halves, &e->half, ref->index);
		ex_emit_half(e, h, side, EX_AGAIN | EX_SYN_AGAIN);
		return true;
	}
	if (ctl == (SW_SYN | SW_ACK) && side == EX_SERVER &&
	    w->ack - (h->iss[0] + 1) <= h->syn_len && (h->answers == 0 || w->seq == h->iss[1]) &&
	    h->answers < COUNT_MOST) {
		answered(e, h, w);
		ex_emit_half(e, h, side, h->answers > 1 ? EX_AGAIN | EX_SYN_AGAIN : 0);
		return true;
	}
	ex_half_grow(e, ref, at);
	return false;
}

/* ---- a half becomes a connection ------------------------------------------ */

/* A packet of the handshake once more. */
static void
replay(struct look *l, const struct half *h, int side, uint32_t frame)
{
	bool answer = side == EX_SERVER;
	struct sw_wire w = {.kind = SW_WIRE_TCP,
			    .whole = true,
			    .seq = h->iss[side],
			    .ack = answer ? h->ack : 0,
			    .len = answer || frame > 0 ? 0 : h->syn_len,
			    .ctl = answer ? SW_SYN | SW_ACK : SW_SYN,
			    .has = h->has[side],
			    .mss = h->mss[side],
			    .wscale = h->scale[side],
			    .wnd = h->wnd[side],
			    .ttl = h->ttl[side]};

	l->side = side;
	l->x = &l->c->side[side];
	l->y = &l->c->side[!side];
	l->w = &w;
	l->frame = frame;
	l->now = answer ? h->answer_at : frame == 0 ? h->start : h->syn_at;
	l->x->packets++;
	l->x->ttl = w.ttl;
	l->x->last_at = l->now;
	l->x->last_frame = frame;
	ex_syn_from(l);
	l->w = NULL;
}

/* What came several times, of which a half keeps the number only. */
static void
repeated(struct look *l, const struct half *h)
{
	if (h->syns > 1) {
		ex_trouble(l)->side[0].syn.n = h->syns - 1u;
		l->c->side[0].packets = h->syns;
	}
	if (h->answers > 1) {
		struct again *a = &ex_trouble(l)->side[1].syn;

		*a = (struct again){.n = h->answers - 1u,
				    .from = h->answer_frame,
				    .frame = h->answer_last,
				    .last = h->answer_last};
		l->c->side[1].packets = h->answers;
		l->c->side[1].last_frame = h->answer_last;
	}
	if (h->reused) {
		struct trouble *t = ex_trouble(l);

		l->c->flags |= C_REUSED;
		t->prev_id = h->prev_id;
		t->prev_ago = h->prev_ago;
		t->prev_waits = h->prev_waits;
		t->prev_reset = h->prev_reset;
	}
}

void
ex_half_grow(struct ex_engine *e, struct ref *ref, uint32_t at)
{
	const struct half h = *ex_half_at(e, ref->index);
	struct look l = {.e = e, .index = ex_pool_take(&e->conn)};
	struct conn *c = l.c = ex_conn_at(e, l.index);

	ex_queue_take(&e->halves, &e->half, ref->index);
	ex_pool_give(&e->half, ref->index);
	memcpy(c->addr, h.addr, sizeof(c->addr));
	memcpy(c->port, h.port, sizeof(c->port));
	c->id = h.id;
	c->start = h.start;
	c->frame = h.frame;
	c->trouble = NONE;
	c->first = EX_NOBODY;
	*ref = (struct ref){KIND_CONN, l.index};
	ex_table_set(e->table, at, *ref);
	ex_steps_set(c, EX_SERVER, SW_LISTEN, LINE_GUESS, ex_mark(c, 0, h.start));
	c->log[0].flags = 0; /* a supposition, no step */
	replay(&l, &h, EX_CLIENT, 0);
	if (h.answers > 0 && h.answer_frame < h.syn_frame)
		replay(&l, &h, EX_SERVER, h.answer_frame);
	if (h.syns > 1)
		replay(&l, &h, EX_CLIENT, h.syn_frame);
	if (h.answers > 0 && h.answer_frame >= h.syn_frame)
		replay(&l, &h, EX_SERVER, h.answer_frame);
	repeated(&l, &h);
}

/* Nothing more comes of it. */
void
ex_half_end(struct ex_engine *e, uint32_t index)
{
	const struct half *h = ex_half_at(e, index);
	struct ref ref = {KIND_HALF, index};
	uint32_t at = ex_record_slot(e, ex_record_hash(e, h->addr, h->port), ref);

	ex_half_grow(e, &ref, at);
	ex_finish(e, ref.index);
}
