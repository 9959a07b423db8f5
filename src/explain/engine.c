/*
 * engine.c - a packet of a capture, to the record that it belongs to.
 */
#include "explain/work.h"

#include <stdlib.h>
#include <sys/random.h>

/* ---- what is told of each packet ------------------------------------------ */

static void
emit(const struct ex_engine *e, struct ex_seen *seen)
{
	seen->packet = e->packet;
	e->watch.seen(e->watch.ctx, seen);
}

void
ex_emit(const struct look *l)
{
	const struct conn *c = l->c;
	struct ex_seen seen;

	if (!l->e->watch.seen)
		return;
	seen = (struct ex_seen){
	    .conn = c->id,
	    .side = l->side,
	    .flags = l->flags,
	    .changed = {l->changed & 1, l->changed >> 1 & 1},
	    .state = {(enum sw_state)c->side[0].state, (enum sw_state)c->side[1].state},
	    .waited = l->waited,
	    .iss = {c->side[0].iss, c->side[1].iss},
	    .flight = l->x->nxt - l->x->una,
	    .wnd = ex_window_of(l)};
	emit(l->e, &seen);
}

void
ex_emit_half(const struct ex_engine *e, const struct half *h, int side, uint32_t flags)
{
	struct ex_seen seen = {.conn = h->id,
			       .side = side,
			       .flags = flags,
			       .state = {SW_SYN_SENT, SW_LISTEN},
			       .iss = {h->iss[0], h->iss[1]}};

	if (!e->watch.seen)
		return;
	if (h->answers > 0) {
		seen.state[0] = SW_ESTABLISHED;
		seen.state[1] = SW_SYN_RECEIVED;
	}
	if (flags == 0)
		seen.changed[0] = seen.changed[1] = true;
	if (flags & EX_AGAIN)
		seen.waited = side == EX_CLIENT ? e->now - h->syn_at : e->now - h->answer_at;
	seen.wnd = e->packet->wire.wnd;
	emit(e, &seen);
}

static void
emit_gone(const struct ex_engine *e, const struct gone *g, int side, uint32_t flags)
{
	struct ex_seen seen = {.conn = g->id,
			       .side = side,
			       .flags = flags,
			       .iss = {g->iss[0], g->iss[1]},
			       .wnd = e->packet->wire.wnd};

	for (int i = 0; i < 2; i++)
		seen.state[i] = g->waits >> i & 1 ? SW_TIME_WAIT : SW_CLOSED;
	if (e->watch.seen)
		emit(e, &seen);
}

/* ---- a connection --------------------------------------------------------- */

static void
ttl_look(struct look *l)
{
	struct side *x = l->x;
	struct trouble_side *t;

	if (x->packets == 0 || l->w->ctl & SW_RST) {
		if (x->packets == 0)
			x->ttl = l->w->ttl;
		return;
	}
	if (l->w->ttl == x->ttl)
		return;
	t = ex_trouble_x(l);
	if (t->ttl_n++ == 0) {
		t->ttl_frame = l->frame;
		t->ttl = l->w->ttl;
	}
}

/* An ACK that says "not my connection" to a RST or a SYN (RFC 5961 3.2, 4.2). */
static void
challenge_look(struct look *l)
{
	struct trouble *t = ex_trouble_of(l->e, l->c);
	bool asked = t && ((t->new_n > 0 && t->new_by == !l->side) || t->old_syn > 0 ||
			   t->side[!l->side].odd_n > 0);

	if (!asked || t->challenge > 0 || l->w->len > 0)
		return;
	t->challenge = l->frame;
	l->flags |= EX_CHALLENGE;
}

/* An ACK of a SYN,ACK that had acknowledged another number: somebody changes them. */
static void
rewrite_look(struct look *l)
{
	struct trouble *t = ex_trouble_of(l->e, l->c);

	if (t && t->late_synack > 0 && !(l->c->flags & (C_SYN_ACK | C_MID)) && t->rewritten == 0 &&
	    l->w->ack == t->late_seq + 1)
		t->rewritten = l->frame;
}

static void
keep_look(struct look *l)
{
	struct trouble *t = ex_trouble_of(l->e, l->c);

	if (!(l->flags & EX_KEEP_ALIVE))
		l->x->flags &= (uint16_t)~S_KEEP;
	if (!t || l->c->flags & C_RESET)
		return;
	if (l->y->flags & S_KEEP && !(l->flags & EX_KEEP_ALIVE)) {
		t->side[!l->side].keep_missed = 0;
		l->y->flags &= (uint16_t)~S_KEEP;
	}
	if (l->w->len > 1 || l->w->ctl & SW_FIN)
		t->side[0].keep_run = t->side[1].keep_run = 0;
}

/* Anything but a SYN or RST. */
static void
segment_from(struct look *l)
{
	if (l->c->flags & C_RESET)
		ex_after_rst(l);
	if (!(l->x->flags & S_KNOWN))
		ex_learn_mid(l);
	if (l->w->ctl & SW_ACK) {
		challenge_look(l);
		rewrite_look(l);
		ex_ack_from(l);
	}
	if (!ex_probe_from(l)) {
		ex_data_from(l);
		ex_after_fin(l);
		if (l->w->ctl & SW_FIN)
			ex_fin_from(l);
	}
	ex_window_from(l);
	keep_look(l);
	if (l->c->flags & (C_OPENED | C_MID))
		l->x->flags |= S_MORE;
}

static void
conn_packet(struct look *l)
{
	struct side *x = l->x;

	ttl_look(l);
	if (l->w->ctl & SW_SYN)
		ex_syn_from(l);
	else if (l->w->ctl & SW_RST)
		ex_rst_from(l);
	else
		segment_from(l);
	x->packets++;
	x->last_at = l->now;
	x->last_frame = l->frame;
	x->ip_id = (uint16_t)l->w->id;
	if (l->changed || l->c->flags & (C_RESET | C_DONE))
		ex_done(l);
	ex_emit(l);
}

/* Which end of a connection that began before the capture is the server? */
static bool
src_serves(const struct ex_engine *e, const struct sw_wire *w)
{
	struct ref ref;
	uint32_t at = NONE;

	if (w->ctl & SW_SYN) /* and ACK */
		return true;
	if (ex_table_next(e->listeners, ex_hash_end(e, &w->src.addr, w->src.port), &at, &ref))
		return true;
	at = NONE;
	if (ex_table_next(e->listeners, ex_hash_end(e, &w->dst.addr, w->dst.port), &at, &ref))
		return false;
	return w->src.port < w->dst.port;
}

/* A connection without its beginning. */
static void
conn_new(struct ex_engine *e, struct ref *ref, const struct sw_wire *w)
{
	struct conn *c;
	bool serves = src_serves(e, w), answer = w->ctl & SW_SYN;

	*ref = (struct ref){KIND_CONN, ex_pool_take(&e->conn)};
	c = ex_conn_at(e, ref->index);
	c->addr[serves] = w->src.addr;
	c->port[serves] = w->src.port;
	c->addr[!serves] = w->dst.addr;
	c->port[!serves] = w->dst.port;
	c->id = ++e->ids;
	c->start = e->now;
	c->frame = e->packet->frame;
	c->trouble = NONE;
	c->first = EX_NOBODY;
	c->flags = C_MID;
	c->side[0].scale = c->side[1].scale = NO_SCALE;
	for (int side = 0; side < 2 && !answer; side++)
		ex_steps_set(c, side, SW_ESTABLISHED, LINE_GUESS, ex_mark(c, 0, e->now));
	ex_table_add(e->table, ex_record_hash(e, c->addr, c->port), *ref);
	e->sum.conns++;
	e->sum.began_before++;
}

/* ---- a record that is over ------------------------------------------------ */

/* true: a new connection of the same two endpoints begins. */
static bool
gone_packet(struct ex_engine *e, struct ref ref, int side)
{
	const struct sw_wire *w = &e->packet->wire;
	struct gone *g = ex_gone_at(e, ref.index), before = *g;

	if ((w->ctl & (SW_SYN | SW_ACK | SW_RST)) == SW_SYN && w->seq != g->iss[side]) {
		ex_gone_drop(e, ref.index);
		ex_half_new(e, w, &before);
		return true;
	}
	if (w->ctl & SW_SYN)
		ex_gone_syn(e, g, side);
	emit_gone(e, g, side, EX_LATE | (w->ctl & SW_SYN ? EX_STALE : 0));
	return false;
}

/* ---- a connection whose place is taken ------------------------------------- */

/* The SYN,ACK at work answers a newer SYN than that of the connection there. */
static bool
answers_newer(const struct ex_engine *e, const struct conn *c, int side, const struct sw_wire *w)
{
	const struct trouble *t = ex_trouble_of(e, c);

	return t && t->new_n > 0 && t->new_by == !side && w->ctl & SW_SYN && w->ctl & SW_ACK &&
	       w->ack == t->new_syn + 1;
}

static void
conn_replace(struct ex_engine *e, struct ref *ref, uint32_t *at, int *side)
{
	const struct sw_wire now = e->packet->wire;
	struct ex_packet packet = *e->packet;
	const struct ex_packet *real = e->packet;
	struct conn *c = ex_conn_at(e, ref->index);
	const struct trouble t = *ex_trouble_of(e, c);
	struct sw_wire *w = &packet.wire;
	struct gone before = {.id = c->id, .opened = true};
	uint32_t ids = e->ids;

	before.at =
	    c->side[0].last_at > c->side[1].last_at ? c->side[0].last_at : c->side[1].last_at;
	*w = (struct sw_wire){.kind = SW_WIRE_TCP,
			      .whole = true,
			      .ctl = SW_SYN,
			      .src = ex_end_of(c, t.new_by),
			      .dst = ex_end_of(c, !t.new_by),
			      .seq = t.new_syn,
			      .has = t.new_has,
			      .mss = t.new_mss,
			      .wnd = t.new_wnd,
			      .wscale = t.new_scale,
			      .ttl = t.new_ttl};
	packet.frame = c->frame + t.new_frame;
	packet.data = NULL;
	packet.captured = packet.on_wire = 0;
	c->flags |= C_REPLACED;
	ex_finish(e, ref->index);
	*ref = ex_record_find(e, &now, e->packet->hash, at, side);
	if (ref->kind == KIND_GONE)
		ex_gone_drop(e, ref->index);
	e->packet = &packet;
	e->ids = t.new_id - 1;
	ex_half_new(e, w, &before);
	e->ids = ids;
	e->packet = real;
	*ref = ex_record_find(e, &now, e->packet->hash, at, side);
	ex_half_at(e, ref->index)->start = ex_half_at(e, ref->index)->syn_at = t.new_at;
}

/* ---- any packet ------------------------------------------------------------ */

static struct ref
none_packet(struct ex_engine *e, const struct sw_wire *w)
{
	struct ref ref = {KIND_NONE, 0};

	if ((w->ctl & (SW_SYN | SW_ACK | SW_RST | SW_FIN)) == SW_SYN)
		ex_half_new(e, w, NULL);
	else
		conn_new(e, &ref, w);
	return ref;
}

static void
conn_at_work(struct ex_engine *e, struct ref ref, int side, bool copy)
{
	struct look l = {.e = e,
			 .c = ex_conn_at(e, ref.index),
			 .index = ref.index,
			 .side = side,
			 .w = &e->packet->wire,
			 .now = e->now};

	l.x = &l.c->side[side];
	l.y = &l.c->side[!side];
	l.frame = (uint32_t)(e->packet->frame - l.c->frame);
	if (copy) {
		l.flags = EX_COPY;
		ex_emit(&l);
		return;
	}
	conn_packet(&l);
}

/* Over; or as much of it as can be seen, where the other end is not in the capture. */
static bool
is_over(const struct conn *c, int side)
{
	return c->flags & C_DONE || (c->side[side].flags & S_FIN && c->side[!side].packets == 0);
}

static void
tcp_packet(struct ex_engine *e)
{
	const struct sw_wire *w = &e->packet->wire;
	uint32_t at;
	int side;
	struct ref ref = ex_record_find(e, w, e->packet->hash, &at, &side);
	bool syn = (w->ctl & (SW_SYN | SW_ACK | SW_RST)) == SW_SYN, copy;
	struct conn *c = ref.kind == KIND_CONN ? ex_conn_at(e, ref.index) : NULL;

	copy = ex_is_copy(e, w, c, side);
	if (copy && ref.kind != KIND_CONN)
		return;
	/* a new SYN where a connection is over */
	if (c && !copy && syn && w->seq != c->side[side].iss && is_over(c, side)) {
		ex_finish(e, ref.index);
		ref = ex_record_find(e, w, e->packet->hash, &at, &side);
	} else if (c && !copy && answers_newer(e, c, side, w)) {
		conn_replace(e, &ref, &at, &side);
	}
	switch (ref.kind) {
	case KIND_NONE:
		ref = none_packet(e, w);
		if (ref.kind == KIND_CONN)
			conn_at_work(e, ref, src_serves(e, w), false);
		return;
	case KIND_GONE:
		gone_packet(e, ref, side);
		return;
	case KIND_HALF:
		if (ex_half_packet(e, &ref, at, side))
			return;
		conn_at_work(e, ref, side, false);
		return;
	default:
		conn_at_work(e, ref, side, copy);
	}
}

/* Nobody takes a damaged segment; so its bytes have not been seen, and will come again. */
static void
damaged_packet(struct ex_engine *e)
{
	const struct sw_wire *w = &e->packet->wire;
	struct look l = {.e = e, .w = w, .now = e->now, .flags = EX_DAMAGED};
	uint32_t at;
	struct ref ref = ex_record_find(e, w, e->packet->hash, &at, &l.side);

	e->sum.damaged++;
	if (ref.kind != KIND_CONN)
		return;
	l.index = ref.index;
	l.c = ex_conn_at(e, ref.index);
	l.x = &l.c->side[l.side];
	l.y = &l.c->side[!l.side];
	l.frame = (uint32_t)(e->packet->frame - l.c->frame);
	if (w->len > 0 && l.x->flags & S_KNOWN && w->seq == l.x->nxt) {
		ex_hole_add(&l, w->seq, w->seq + w->len);
		l.x->nxt = w->seq + w->len;
	}
	ex_emit(&l);
}

static void
one_packet(struct ex_engine *e, const struct ex_packet *p)
{
	struct ex_summary *s = &e->sum;

	ex_clock_look(e, p);
	e->packet = p;
	if (s->packets++ == 0)
		s->first = p->at;
	s->bytes += p->on_wire;
	ex_cut_look(e, p);
	ex_expire(e);
	if (p->wire.kind == SW_WIRE_TCP && p->wire.whole) {
		s->tcp++;
		if (ex_damaged(e))
			damaged_packet(e);
		else
			tcp_packet(e);
	} else if (p->wire.kind == SW_WIRE_ICMP) {
		s->other++;
		ex_icmp(e, &p->wire);
	} else if (p->wire.kind == SW_WIRE_OTHER || p->wire.kind == SW_WIRE_FRAGMENT) {
		s->other++;
	} else {
		s->bad++;
	}
}

/* The lines of a connection that a packet of it will need. */
static void
conn_prefetch(const struct ex_engine *e, uint64_t hash)
{
	enum { LINE_BYTES = 64 };
	uint32_t at = NONE;
	struct ref ref;
	const char *c;

	if (!ex_table_next(e->table, hash, &at, &ref) || ref.kind != KIND_CONN)
		return;
	c = (const char *)ex_conn_at(e, ref.index);
	for (size_t i = 0; i < sizeof(struct conn); i += LINE_BYTES)
		__builtin_prefetch(c + i);
}

/*
 * With many connections each packet waits for memory, first for its slot in the table,
 * then for its record: so all are asked for before the first is needed.
 */
void
ex_engine_packets(struct ex_engine *e, struct ex_packet *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i].wire.kind != SW_WIRE_TCP)
			continue;
		p[i].hash = ex_record_hash_of(e, &p[i].wire);
		ex_table_prefetch(e->table, p[i].hash);
	}
	for (size_t i = 0; i < n && n > 1; i++)
		if (p[i].wire.kind == SW_WIRE_TCP)
			conn_prefetch(e, p[i].hash);
	for (size_t i = 0; i < n; i++)
		one_packet(e, &p[i]);
}

/* ---- beginning and end ----------------------------------------------------- */

void
ex_limits_init(struct ex_limits *l)
{
	*l = (struct ex_limits){.close_wait = 5 * SW_S,
				.fin_wait = 60 * SW_S,
				.timeout = SW_S,
				.zero_window = 200 * SW_MS,
				.flood = 100,
				.time_wait = 1000,
				.loss = 1,
				.share = 25,
				.mss = 536,
				.keep_alives = 2};
}

struct ex_engine *
ex_engine_new(const struct ex_limits *limits, const struct ex_watch *watch)
{
	struct ex_engine *e = ex_zeroed(sizeof(*e));

	e->limits = *limits;
	if (watch)
		e->watch = *watch;
	if (getrandom(&e->key, sizeof(e->key), GRND_NONBLOCK) != sizeof(e->key))
		e->key = 0x5eed;
	e->key |= 1;
	e->table = ex_table_new();
	e->over = ex_table_new();
	e->listeners = ex_table_new();
	e->pairs = ex_table_new();
	ex_pool_init(&e->conn, sizeof(struct conn));
	ex_pool_init(&e->half, sizeof(struct half));
	ex_pool_init(&e->gone, sizeof(struct gone));
	ex_pool_init(&e->trouble, sizeof(struct trouble));
	ex_pool_init(&e->listener, sizeof(struct listener));
	ex_pool_init(&e->pair, sizeof(struct pair));
	e->recent = ex_zeroed(RECENT * sizeof(e->recent[0]));
	e->host = ex_zeroed(HOSTS * sizeof(e->host[0]));
	e->found = ex_found_new();
	ex_steps_learn(e);
	return e;
}

void
ex_engine_free(struct ex_engine *e)
{
	if (!e)
		return;
	ex_listen_free(e);
	ex_table_free(e->table);
	ex_table_free(e->over);
	ex_table_free(e->listeners);
	ex_table_free(e->pairs);
	ex_pool_free(&e->conn);
	ex_pool_free(&e->half);
	ex_pool_free(&e->gone);
	ex_pool_free(&e->trouble);
	ex_pool_free(&e->listener);
	ex_pool_free(&e->pair);
	free(e->recent);
	free(e->host);
	free(e->stay);
	ex_found_free(e->found);
	free(e);
}
