/*
 * check.c - every invariant of every record of net: lists, the table, counts, states.
 *
 * What must be true inside a connection is tcp's (its check.c).
 */
#include "net/net.h"

/* The first broken invariant ends the walk; its line is the answer. */
#define CHECK(expr)                                                                                \
	do {                                                                                       \
		if (!(expr))                                                                       \
			return __LINE__;                                                           \
	} while (0)

/* How long a list is when walked forwards with its back links right; NONE: broken. */
static uint32_t
list_count(const struct list *l, const struct pool *p, size_t at)
{
	uint32_t n = 0, i = l->head, before = NONE;

	for (; i != NONE && n <= p->cap; n++) {
		if (i >= p->high || link_of(p, at, i)->prev != before)
			return NONE;
		before = i;
		i = link_of(p, at, i)->next;
	}
	return n <= p->cap && l->tail == before ? n : NONE;
}

static int
check_block(const struct sw_stack *s, uint32_t i)
{
	const struct tcb *t = block_at(s, i);
	bool in = t->h.mark & MARK_IN_TABLE;
	struct tuple tuple;

	head_tuple(&t->h, &tuple);
	CHECK(t->h.kind == KIND_BLOCK);
	CHECK(t->h.iface < s->ifaces.high);
	CHECK(!in || conn_find(s, &tuple) == REF(KIND_BLOCK, i));
	CHECK(in == (t->h.state != SW_CLOSED));
	CHECK(t->h.state != SW_LISTEN || t->listener == NONE);
	CHECK(t->h.state != SW_CLOSED || !(t->flags & T_RELEASED));
	CHECK(!(t->h.mark & MARK_ACCEPT_QUEUE) || listener_behind(s, t->listener) != NULL);
	CHECK(!(t->h.mark & MARK_FAST) ||
	      (t->h.state == SW_SYN_RECEIVED && t->opening >= OPEN_FAST));
	CHECK(!(t->h.mark & MARK_ACCEPTED) || (t->h.mark & MARK_FAST));
	CHECK(in || (!link_in(&t->ready) && t->timer.deadline == SW_NEVER));
	/* what a full pool held back may go when others give back: its timer looks again */
	CHECK(!in || link_in(&t->ready) || t->timer.deadline != SW_NEVER ||
	      !tcp_has_output(&s->tcp, t));
	CHECK(!in || t->timer.deadline <= max_ns(tcp_deadline(&s->tcp, t), s->now + 1));
	return tcp_check(&s->tcp, t);
}

static int
check_half(const struct sw_stack *s, uint32_t i)
{
	const struct half *h = half_at(s, i);
	struct tuple tuple;

	small_tuple(s, &h->k, &tuple);
	CHECK(h->k.state == SW_SYN_RECEIVED || h->k.state == SW_LISTEN);
	CHECK(conn_find(s, &tuple) == REF(KIND_HALF, i));
	CHECK(h->timer.deadline != SW_NEVER);
	CHECK(h->k.state == SW_LISTEN ||
	      link_in(&h->ready) == !!(h->flags & (HALF_SEND | HALF_ACK)));
	return 0;
}

static int
check_time_wait(const struct sw_stack *s, uint32_t i)
{
	const struct time_wait *w = time_wait_at(s, i);
	struct tuple tuple;

	small_tuple(s, &w->k, &tuple);
	CHECK(w->k.state == SW_TIME_WAIT || (w->k.mark & SMALL_MOVED));
	CHECK(conn_find(s, &tuple) == REF(KIND_TIME_WAIT, i));
	CHECK(link_in(&w->queue));
	return 0;
}

static bool
check_is_used(const struct sw_stack *s, int kind, uint32_t i)
{
	switch (kind) {
	case KIND_BLOCK:
		return block_at(s, i)->h.mark & MARK_USED;
	case KIND_HALF:
		return half_at(s, i)->k.mark & SMALL_USED;
	default:
		return time_wait_at(s, i)->k.mark & SMALL_USED;
	}
}

/* Our ends of small records: as many users as there are records. */
static int
check_heres(const struct sw_stack *s)
{
	uint32_t used = 0, users = 0;

	for (uint32_t i = 0; i < s->heres.high; i++) {
		const struct here *e = pool_at(&s->heres, i);

		used += e->users > 0;
		users += e->users;
	}
	CHECK(used == s->heres.used && used == s->here_table.used);
	CHECK(users == s->halves.used + s->time_waits.used);
	return 0;
}

/* Every record of a pool that is in use, by `kind`; and that the pool's count is right. */
static int
check_pool(const struct sw_stack *s, const struct pool *p, int kind, uint32_t *in_table)
{
	uint32_t used = 0, i;
	int line = 0;

	for (i = 0; i < p->high && line == 0; i++) {
		if (!check_is_used(s, kind, i))
			continue;
		used++;
		*in_table += kind != KIND_BLOCK || (block_at(s, i)->h.mark & MARK_IN_TABLE);
		line = kind == KIND_BLOCK  ? check_block(s, i)
		       : kind == KIND_HALF ? check_half(s, i)
					   : check_time_wait(s, i);
	}
	if (line != 0)
		return line;
	CHECK(used == p->used);
	return 0;
}

/* How many records wait for the word of a listener's application, or in SYN-RECEIVED. */
static uint32_t
halves_count(const struct sw_stack *s, const struct listener *l, enum sw_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->halves.high; i++) {
		const struct half *h = half_at(s, i);

		n += (h->k.mark & SMALL_USED) && h->k.state == (uint32_t)state &&
		     listener_behind(s, h->listener) == l;
	}
	return n;
}

/* How many blocks count among the pending ones of a listener (RFC 7413 4.2). */
static uint32_t
fast_count(const struct sw_stack *s, const struct listener *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->blocks.high; i++) {
		const struct tcb *t = block_at(s, i);

		n += (t->h.mark & MARK_FAST) && listener_behind(s, t->listener) == l;
	}
	return n;
}

static int
check_listeners(const struct sw_stack *s)
{
	uint32_t i, used = 0;

	for (i = 0; i < s->listeners.high; i++) {
		const struct listener *l = listener_at(s, i);

		if (!(l->h.mark & MARK_USED))
			continue;
		used++;
		CHECK(l->h.state == SW_LISTEN);
		CHECK(link_in(&l->link));
		CHECK(list_count(&l->queue, &s->blocks, offsetof(struct tcb, event)) == l->waiting);
		CHECK(l->waiting <= l->backlog + 1);
		CHECK(l->halves == halves_count(s, l, SW_SYN_RECEIVED));
		CHECK(l->asked == halves_count(s, l, SW_LISTEN));
		CHECK(list_count(&l->questions, &s->halves, offsetof(struct half, ready)) <=
		      l->asked);
		CHECK(l->fast_pending == fast_count(s, l) + l->fast_resets);
	}
	CHECK(used == s->listeners.used);
	CHECK(list_count(&s->listen_list, &s->listeners, offsetof(struct listener, link)) == used);
	CHECK(list_count(&s->listener_events, &s->listeners, offsetof(struct listener, event)) <=
	      used);
	return 0;
}

static int
check_lists(const struct sw_stack *s)
{
	const size_t ready = offsetof(struct tcb, ready);

	CHECK(list_count(&s->events, &s->blocks, offsetof(struct tcb, event)) <= s->blocks.used);
	CHECK(list_count(&s->starved, &s->blocks, offsetof(struct tcb, event)) <= s->blocks.used);
	CHECK(list_count(&s->time_wait_queue, &s->time_waits, offsetof(struct time_wait, queue)) ==
	      s->time_waits.used);
	for (uint32_t i = 0; i < s->ifaces.high; i++) {
		const struct iface *f = iface_at(s, i);

		CHECK(list_count(&f->ready_blocks, &s->blocks, ready) <= s->blocks.used);
		CHECK(list_count(&f->waiting, &s->blocks, ready) <= s->blocks.used);
		CHECK(list_count(&f->ready_halves, &s->halves, offsetof(struct half, ready)) <=
		      s->halves.used);
		CHECK(list_count(&f->replies, &s->replies, offsetof(struct reply_slot, link)) <=
		      s->replies.used);
	}
	return 0;
}

/* Actives are held by blocks only, so none is lost. */
static int
check_actives(const struct sw_stack *s)
{
	uint32_t held = 0;
	uint64_t granted = 0;

	for (uint32_t i = 0; i < s->blocks.high; i++) {
		const struct tcb *t = block_at(s, i);

		if (!(t->h.mark & MARK_USED) || t->active == NONE)
			continue;
		held++;
		granted += ((const struct active *)pool_at(&s->tcp.actives, t->active))->tune.space;
	}
	CHECK(held == s->tcp.actives.used);
	CHECK(granted == s->tcp.granted);
	CHECK(held > 0 ||
	      (s->tcp.chunks.used == s->tcp.lent && s->tcp.recs.used == 0 &&
	       s->tcp.runs.used == 0));
	return 0;
}

/* Every invariant of every record: 0, or the line of the first that is broken. */
int
sw_probe_check(const struct sw_stack *s)
{
	uint32_t in_table = 0;
	int line = check_pool(s, &s->blocks, KIND_BLOCK, &in_table);

	if (line == 0)
		line = check_pool(s, &s->halves, KIND_HALF, &in_table);
	if (line == 0)
		line = check_pool(s, &s->time_waits, KIND_TIME_WAIT, &in_table);
	if (line == 0)
		line = check_heres(s);
	if (line == 0)
		line = check_listeners(s);
	if (line == 0)
		line = check_lists(s);
	if (line == 0)
		line = check_actives(s);
	if (line != 0)
		return line;
	CHECK(in_table == s->table.used);
	CHECK(s->tcp.broken == 0);
	return 0;
}
