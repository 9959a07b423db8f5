/*
 * listen.c - listeners: which one a SYN asks, and what waits in sw_accept().
 *
 * Knows wildcards and their order.  Does not know segments.
 *
 * RFC 9293 3.10.1, MUST-42.
 */
#include "net/net.h"

enum {
	AT_LINK = offsetof(struct listener, link),
	AT_NEWS = offsetof(struct listener, event),
	AT_QUEUE = offsetof(struct tcb, event)
};

/* Names of listeners have this bit beside the index. */
#define LISTENER_BIT 0x80000000u

/* The lower, the more particular. */
static int
listener_rank(const struct sw_addr *a, uint16_t port)
{
	int rank = port == 0 ? 3 : 0;

	if (!sw_addr_is_any(a))
		return rank;
	return sw_addr_is4(a) ? rank + 1 : rank + 2;
}

static bool
listener_matches(const struct listener *l, const struct sw_addr *a, uint16_t port)
{
	if (l->h.local_port != 0 && l->h.local_port != port)
		return false;
	if (!sw_addr_is_any(&l->h.local))
		return sw_addr_same(&l->h.local, a);
	if (sw_addr_is4(a))
		return sw_addr_is4(&l->h.local) || !l->v6_only;
	return !sw_addr_is4(&l->h.local);
}

/* The most particular listener for a tuple; NONE. */
uint32_t
listener_find(const struct sw_stack *s, const struct tuple *t)
{
	uint32_t i;

	/* at most conf.listeners */
	for (i = s->listen_list.head; i != NONE; i = list_next(&s->listeners, AT_LINK, i)) {
		if (listener_matches(listener_at(s, i), &t->local, t->local_port))
			return i;
	}
	return NONE;
}

/* The public name of a listener. */
sw_conn
listener_name(const struct sw_stack *s, uint32_t i)
{
	return (sw_conn)listener_at(s, i)->generation << 32 | LISTENER_BIT | (i + 1);
}

/* The listener that a name stands for; NONE. */
uint32_t
listener_of(const struct sw_stack *s, sw_conn c)
{
	uint32_t i = ((uint32_t)c & ~LISTENER_BIT) - 1;
	const struct listener *l;

	if (!((uint32_t)c & LISTENER_BIT) || i >= s->listeners.high)
		return NONE;
	l = listener_at(s, i);
	return l->generation == c >> 32 && (l->h.mark & MARK_USED) ? i : NONE;
}

/* The listener that a half-open or queued connection came from; NULL: closed since. */
struct listener *
listener_behind(const struct sw_stack *s, uint32_t ref)
{
	struct listener *l;

	if (ref == NONE || LISTENER_INDEX(ref) >= s->listeners.high)
		return NULL;
	l = listener_at(s, LISTENER_INDEX(ref));
	return (l->h.mark & MARK_USED) && LISTENER_REF(l, LISTENER_INDEX(ref)) == ref ? l : NULL;
}

static void
listener_enlist(struct sw_stack *s, uint32_t i)
{
	struct listener *l = listener_at(s, i);
	int rank = listener_rank(&l->h.local, l->h.local_port);
	uint32_t at = s->listen_list.head, last = NONE;

	for (; at != NONE; at = list_next(&s->listeners, AT_LINK, at)) {
		const struct listener *other = listener_at(s, at);

		if (listener_rank(&other->h.local, other->h.local_port) > rank)
			break;
		last = at;
	}
	if (last == NONE)
		list_push_front(&s->listen_list, &s->listeners, AT_LINK, i);
	else
		list_insert_after(&s->listen_list, &s->listeners, AT_LINK, i, last);
}

static bool
listener_taken(const struct sw_stack *s, const struct sw_endpoint *local)
{
	uint32_t i;

	for (i = s->listen_list.head; i != NONE; i = list_next(&s->listeners, AT_LINK, i)) {
		const struct head *h = &listener_at(s, i)->h;

		if (h->local_port == local->port && sw_addr_same(&h->local, &local->addr))
			return true;
	}
	return false;
}

/* Any of ours, one of ours, or on a gateway one that a peer may mean. */
static bool
local_may_be(const struct sw_stack *s, const struct sw_addr *a)
{
	if (sw_addr_is_any(a) || address_is_ours(s, a))
		return true;
	for (uint32_t i = 0; i < s->ifaces.high; i++) {
		if (iface_at(s, i)->conf.any_destination && address_is_unicast(s, a))
			return true;
	}
	return false;
}

/* Does this record stand in the way of something that begins at `local`? */
static bool
local_meets(const struct sw_addr *addr, uint16_t port, const struct sw_endpoint *local)
{
	return port == local->port && (sw_addr_is_any(addr) || sw_addr_is_any(&local->addr) ||
				       sw_addr_same(addr, &local->addr));
}

/* May something new begin at `local`? */
int
sw_local_free(const struct sw_stack *s, const struct sw_endpoint *local)
{
	struct tuple t;
	uint32_t i;

	if (local == NULL || !local_may_be(s, &local->addr))
		return SW_E_INVALID;
	for (i = 0; i < s->listeners.high; i++) {
		const struct head *h = &listener_at(s, i)->h;

		if ((h->mark & MARK_USED) && local_meets(&h->local, h->local_port, local))
			return SW_E_IN_USE;
	}
	for (i = 0; i < s->blocks.high; i++) {
		const struct head *h = &block_at(s, i)->h;

		if (h->state != SW_CLOSED && (h->mark & MARK_USED) &&
		    local_meets(&h->local, h->local_port, local))
			return SW_E_IN_USE;
	}
	for (i = 0; i < s->time_waits.high; i++) {
		const struct small *k = &time_wait_at(s, i)->k;

		if (!(k->mark & SMALL_USED))
			continue;
		small_tuple(s, k, &t);
		if (local_meets(&t.local, t.local_port, local))
			return SW_E_IN_USE;
	}
	return SW_OK;
}

/* The state of a listener is tcp's to decide, like any: a block that lives for
 * this call walks the edge, and its head stays. */
static void
listener_tcb(const struct sw_stack *s, struct tcb *t, const struct head *h)
{
	memset(t, 0, sizeof(*t));
	tcp_fresh(&s->tcp, t, UINT16_MAX, seq_at(0), 0);
	t->h = *h;
	t->active = NONE;
}

/* Passive OPEN (3.10.1). */
int
sw_open_passive(struct sw_stack *s, sw_ns now, const struct sw_endpoint *local, uint32_t backlog,
		sw_conn *name)
{
	uint32_t high = s->listeners.high, generation, i;
	struct tuple tuple = {.local = local->addr, .local_port = local->port};
	struct listener *l;
	struct tcb t;

	now = stack_now(s, now);
	if (backlog == 0 || name == NULL)
		return SW_E_INVALID;
	if (!local_may_be(s, &local->addr))
		return SW_E_INVALID;
	/*= RFC 9293 3.9.1.1 MUST-41, MUST-42: a record of its own beside others, or none */
	if (listener_taken(s, local))
		return SW_E_IN_USE;
	i = pool_take(&s->listeners);
	if (i == NONE)
		return SW_E_NO_MEMORY;
	l = listener_at(s, i);
	generation = i < high ? l->generation : s->generation;
	memset(l, 0, sizeof(*l));
	l->generation = generation;
	head_set(&l->h, &tuple, 0, KIND_BLOCK);
	listener_tcb(s, &t, &l->h);
	tcp_listen(&s->tcp, &t, now);
	l->h = t.h;
	tcp_habits(&t, &l->habits);
	link_init(&l->link);
	link_init(&l->event);
	list_init(&l->queue);
	list_init(&l->questions);
	l->backlog = backlog;
	listener_enlist(s, i);
	*name = listener_name(s, i);
	return 0;
}

static int
listener_count(uint32_t *to, uint64_t value)
{
	if (value > UINT32_MAX)
		return SW_E_INVALID;
	*to = (uint32_t)value;
	return SW_OK;
}

/* sw_set() for a listener: a block that lives for this call takes the setting. */
int
listener_set(struct sw_stack *s, uint32_t i, sw_ns now, enum sw_option which, uint64_t value)
{
	struct listener *l = listener_at(s, i);
	struct tcb t;
	int error;

	switch (which) {
	case SW_OPT_USER:
		l->user = value;
		return SW_OK;
	case SW_OPT_BACKLOG:
		if (value == 0 || value > UINT32_MAX)
			return SW_E_INVALID;
		l->backlog = (uint32_t)value;
		return SW_OK;
	case SW_OPT_V6_ONLY:
		l->v6_only = value != 0;
		return SW_OK;
	case SW_OPT_HALF_OPENS:
		return listener_count(&l->halves_most, value);
	case SW_OPT_FASTOPEN:
		return listener_count(&l->fast_most, value);
	case SW_OPT_DEFER:
		return listener_count(&l->asked_most, value);
	default:
		break;
	}
	listener_tcb(s, &t, &l->h);
	tcp_adopt(&s->tcp, &t, &l->habits);
	error = tcp_set(&s->tcp, &t, now, which, value);
	if (error == SW_OK)
		tcp_habits(&t, &l->habits);
	return error;
}

/* A listener is closed and released, with what waits in its queue reset. */
int
listener_close(struct sw_stack *s, uint32_t i, sw_ns now)
{
	struct listener *l = listener_at(s, i);
	struct reply reply;
	struct tcb t;
	uint32_t b, n = l->waiting;
	int error;

	while (n-- > 0 && (b = l->queue.head) != NONE) {
		memset(&reply, 0, sizeof(reply));
		tcp_abort(&s->tcp, block_at(s, b), now, &reply);
		block_at(s, b)->flags |= T_RELEASED;
		conn_settle(s, b, now, &reply);
	}
	asked_close(s, l);
	listener_tcb(s, &t, &l->h);
	error = tcp_close(&s->tcp, &t, now);
	list_remove(&s->listen_list, &s->listeners, AT_LINK, i);
	list_remove(&s->listener_events, &s->listeners, AT_NEWS, i);
	l->generation++;
	l->h.mark = 0;
	pool_give(&s->listeners, i);
	return error;
}

/* A block that left SYN-RECEIVED waits for sw_accept(); false: its listener is gone. */
bool
listener_give(struct sw_stack *s, uint32_t b)
{
	struct tcb *t = block_at(s, b);
	struct listener *l = listener_behind(s, t->listener);

	if (l == NULL)
		return false;
	list_push(&l->queue, &s->blocks, AT_QUEUE, b);
	t->h.mark |= MARK_ACCEPT_QUEUE;
	l->waiting++;
	list_push(&s->listener_events, &s->listeners, AT_NEWS, LISTENER_INDEX(t->listener));
	return true;
}

/* The next connection that a listener has. */
int
sw_accept(struct sw_stack *s, sw_ns now, sw_conn listener, sw_conn *name)
{
	uint32_t i = listener_of(s, listener), b;
	struct listener *l;
	struct tcb *t;

	stack_now(s, now);
	if (i == NONE)
		return SW_E_NO_CONN;
	l = listener_at(s, i);
	b = list_pop(&l->queue, &s->blocks, AT_QUEUE);
	if (b == NONE)
		return SW_E_AGAIN;
	l->waiting--;
	t = block_at(s, b);
	t->h.mark &= (uint8_t)~MARK_ACCEPT_QUEUE;
	if (t->h.mark & MARK_FAST)
		t->h.mark |= MARK_ACCEPTED; /* the listener counts it on */
	else
		t->listener = NONE;
	if (tcp_ready(&s->tcp, t) != 0)
		conn_announce(s, b);
	if (l->waiting > 0)
		list_push(&s->listener_events, &s->listeners, AT_NEWS, i);
	*name = conn_name(s, b);
	return 0;
}
