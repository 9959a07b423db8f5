/*
 * conn.c - the records of connections: found by tuple, named by generation,
 * put right after every call into tcp.
 *
 * Knows on which lists a block stands and when it ends.  Does not know why its
 * state changed: it looks at what tcp left.
 */
#include "net/net.h"

/* The budget of an idle connection is 256 bytes, its table slots counted. */
_Static_assert(sizeof(struct tcb) <= 240 && sizeof(struct half) <= 80 &&
		   sizeof(struct time_wait) <= 48,
	       "the three sizes of connection");

enum { AT_READY = offsetof(struct tcb, ready), AT_EVENT = offsetof(struct tcb, event) };

/* The tuple of a record. */
void
head_tuple(const struct head *h, struct tuple *t)
{
	t->local = h->local;
	t->remote = h->remote;
	t->local_port = h->local_port;
	t->remote_port = h->remote_port;
}

/* Everything of a head but its state. */
void
head_set(struct head *h, const struct tuple *t, int iface, int kind)
{
	h->local = t->local;
	h->remote = t->remote;
	h->local_port = t->local_port;
	h->remote_port = t->remote_port;
	h->iface = (uint8_t)iface;
	h->kind = (uint8_t)kind;
	h->mark = MARK_USED;
}

/* Where the record stands in the table. */
uint32_t
head_hash(const struct sw_stack *s, const struct head *h)
{
	struct tuple t;

	head_tuple(h, &t);
	return conn_place(s, &t);
}

/* The tuple of the packet or call that is under way. */
void
conn_know(struct sw_stack *s, const struct tuple *t, uint32_t hash)
{
	s->known = *t;
	s->known_hash = hash;
}

static bool
tuple_same(const struct tuple *a, const struct tuple *b)
{
	return a->remote_port == b->remote_port && a->local_port == b->local_port &&
	       sw_addr_same(&a->remote, &b->remote) && sw_addr_same(&a->local, &b->local);
}

/* conn_hash(), perhaps known already. */
uint32_t
conn_place(const struct sw_stack *s, const struct tuple *t)
{
	if (t->local_port != 0 && tuple_same(t, &s->known))
		return s->known_hash;
	return conn_hash(s, t);
}

static bool
head_is(const struct head *h, const struct tuple *t)
{
	return h->remote_port == t->remote_port && h->local_port == t->local_port &&
	       memcmp(&h->remote, &t->remote, sizeof(t->remote)) == 0 &&
	       memcmp(&h->local, &t->local, sizeof(t->local)) == 0;
}

static bool
record_is(const struct sw_stack *s, uint32_t ref, const struct tuple *t)
{
	switch (REF_KIND(ref)) {
	case KIND_BLOCK:
		return head_is(&block_at(s, REF_INDEX(ref))->h, t);
	case KIND_HALF:
		return small_is(s, &half_at(s, REF_INDEX(ref))->k, t);
	default:
		return small_is(s, &time_wait_at(s, REF_INDEX(ref))->k, t);
	}
}

/* The record of a tuple, whatever its size; NONE. */
uint32_t
conn_find(const struct sw_stack *s, const struct tuple *t)
{
	return conn_find_at(s, t, conn_place(s, t));
}

/* The same of one whose hash is known. */
uint32_t
conn_find_at(const struct sw_stack *s, const struct tuple *t, uint32_t hash)
{
	uint32_t ref, it;

	for (ref = table_first(&s->table, hash, &it); ref != NONE;
	     ref = table_next(&s->table, hash, &it)) {
		if (record_is(s, ref, t))
			return ref;
	}
	return NONE;
}

/* What the path's MTU leaves for text and options. */
uint16_t
conn_path_mss(const struct sw_stack *s, int iface, const struct sw_addr *remote)
{
	uint32_t mtu = route_mtu(s, iface, remote);
	uint32_t headers = ip_header_size(remote) + TCP_HEADER;

	return (uint16_t)(mtu > headers ? min_u32(mtu - headers, UINT16_MAX) : 1);
}

/* Makes *t fresh in CLOSED for this tuple, its links and marks too, without an offset of
 * its timestamps. */
void
conn_blank(const struct sw_stack *s, struct tcb *t, const struct tuple *tuple, int iface, seq iss)
{
	memset(&t->h, 0, sizeof(t->h));
	head_set(&t->h, tuple, iface, KIND_BLOCK);
	wheel_node_init(&t->timer);
	link_init(&t->ready);
	link_init(&t->event);
	t->user = 0;
	t->generation = 0;
	t->listener = NONE;
	tcp_fresh(&s->tcp, t, conn_path_mss(s, iface, &tuple->remote), iss, 0);
}

/* The same with it. */
void
conn_fresh(const struct sw_stack *s, struct tcb *t, const struct tuple *tuple, int iface, seq iss)
{
	conn_blank(s, t, tuple, iface, iss);
	t->ts_offset = ident_ts_offset(s, tuple);
}

/* A free block whose generation counts; NONE. */
static uint32_t
conn_take(struct sw_stack *s, uint32_t *generation)
{
	uint32_t high = s->blocks.high, i = pool_take(&s->blocks);

	if (i != NONE)
		*generation = i < high ? block_at(s, i)->generation : s->generation;
	return i;
}

/* A block in CLOSED with its tuple, in the table; NONE: no room or tuple taken. */
uint32_t
conn_new(struct sw_stack *s, const struct tuple *tuple, int iface)
{
	struct tcb t;

	if (conn_find(s, tuple) != NONE)
		return NONE;
	conn_fresh(s, &t, tuple, iface, ident_iss(s, tuple, s->now));
	return conn_from(s, &t, NONE);
}

/* A block that goes on as *t, in the place of the record `ref` in the table. */
uint32_t
conn_from(struct sw_stack *s, const struct tcb *t, uint32_t ref)
{
	uint32_t hash = head_hash(s, &t->h), generation = 0;
	uint32_t i = conn_take(s, &generation);
	struct tcb *b;
	bool in;

	if (i == NONE)
		return NONE;
	if (ref != NONE)
		in = table_change(&s->table, hash, ref, REF(KIND_BLOCK, i));
	else
		in = table_add(&s->table, hash, REF(KIND_BLOCK, i));
	b = block_at(s, i);
	memcpy(b, t, sizeof(*b));
	b->generation = generation;
	b->h.kind = KIND_BLOCK;
	b->h.mark = MARK_USED | MARK_IN_TABLE;
	wheel_node_init(&b->timer);
	link_init(&b->ready);
	link_init(&b->event);
	if (in)
		return i;
	b->h.mark = 0; /* not reached: the table has a slot for every record */
	pool_give(&s->blocks, i);
	return NONE;
}

static void
conn_unready(struct sw_stack *s, struct tcb *t, uint32_t i)
{
	struct iface *f = iface_at(s, t->h.iface);

	if (!link_in(&t->ready))
		return;
	list_remove(t->h.mark & MARK_WAITS_NEIGHBOUR ? &f->waiting : &f->ready_blocks, &s->blocks,
		    AT_READY, i);
	t->h.mark &= (uint8_t)~MARK_WAITS_NEIGHBOUR;
}

/* The tuple is another's from now on. */
void
conn_forget(struct sw_stack *s, uint32_t i)
{
	struct tcb *t = block_at(s, i);

	if (!(t->h.mark & MARK_IN_TABLE))
		return;
	table_remove(&s->table, head_hash(s, &t->h), REF(KIND_BLOCK, i));
	t->h.mark &= (uint8_t)~MARK_IN_TABLE;
}

/* Off every list but the application's. */
static void
conn_quiet(struct sw_stack *s, uint32_t i)
{
	struct tcb *t = block_at(s, i);

	conn_forget(s, i);
	conn_unready(s, t, i);
	wheel_set(&s->block_wheel, i, SW_NEVER);
}

/* Nothing more to tell its application. */
void
conn_hush(struct sw_stack *s, uint32_t i)
{
	struct tcb *t = block_at(s, i);

	list_remove(t->h.mark & MARK_STARVED ? &s->starved : &s->events, &s->blocks, AT_EVENT, i);
	t->h.mark &= (uint8_t)~MARK_STARVED;
}

/* Its application will be told of news, once. */
void
conn_announce(struct sw_stack *s, uint32_t i)
{
	if (block_at(s, i)->h.mark & MARK_STARVED)
		conn_hush(s, i);
	list_push(&s->events, &s->blocks, AT_EVENT, i);
}

/* Nothing that happens to this connection will make room for its SEND: what
 * happens to others will. */
void
conn_starve(struct sw_stack *s, uint32_t i)
{
	struct tcb *t = block_at(s, i);

	if (link_in(&t->event))
		return;
	list_push(&s->starved, &s->blocks, AT_EVENT, i);
	t->h.mark |= MARK_STARVED;
}

/* Tells those who wait for buffers that there are some. */
void
conn_feed(struct sw_stack *s)
{
	const struct pool *chunks = &s->tcp.chunks;
	uint32_t i;

	if (pool_room(chunks) <= chunks->cap / 4 || pool_room(&s->tcp.actives) == 0)
		return;
	while ((i = s->starved.head) != NONE)
		conn_announce(s, i);
}

/* The block and all that it holds goes back. */
void
conn_free(struct sw_stack *s, uint32_t i)
{
	struct tcb *t = block_at(s, i);
	struct listener *l = listener_behind(s, t->listener);

	conn_quiet(s, i);
	if (t->h.mark & MARK_ACCEPT_QUEUE) {
		list_remove(&l->queue, &s->blocks, AT_EVENT, i);
		l->waiting--;
	} else {
		conn_hush(s, i);
	}
	tcp_drop(&s->tcp, t);
	t->generation++;
	t->h.mark = 0;
	pool_give(&s->blocks, i);
}

/* Not yet known to any application: a handshake with text, on its way to a listener. */
static bool
conn_is_embryo(const struct tcb *t)
{
	return !conn_is_owned(t) && !(t->h.mark & MARK_ACCEPT_QUEUE);
}

/* CLOSED, or back in LISTEN: the tuple is free; the record, when nobody asks for it. */
static void
conn_end(struct sw_stack *s, uint32_t i)
{
	struct tcb *t = block_at(s, i);

	conn_quiet(s, i);
	if ((t->flags & T_RELEASED) || t->h.state == SW_LISTEN || conn_is_embryo(t)) {
		conn_free(s, i);
		return;
	}
	if (!(t->h.mark & MARK_ACCEPT_QUEUE) && (t->news & NEWS_READY))
		conn_announce(s, i);
	t->news = 0;
}

/* On its iface's list exactly if it has something to send. */
static void
conn_ready(struct sw_stack *s, struct tcb *t, uint32_t i)
{
	if (!tcp_has_output(&s->tcp, t))
		conn_unready(s, t, i);
	else if (!link_in(&t->ready))
		list_push(&iface_at(s, t->h.iface)->ready_blocks, &s->blocks, AT_READY, i);
}

/* A handshake that began with text in its SYN goes to its listener when it is done, or
 * at once if it came with a cookie. */
static bool
conn_hatch(struct sw_stack *s, uint32_t i, sw_ns now)
{
	struct tcb *t = block_at(s, i);
	struct reply reply = {0};
	struct tuple tuple;

	if (!conn_is_embryo(t) || (t->h.state == SW_SYN_RECEIVED && !(t->h.mark & MARK_FAST)) ||
	    listener_give(s, i))
		return true;
	tcp_abort(&s->tcp, t, now, &reply);
	fastopen_settle(s, i);
	head_tuple(&t->h, &tuple);
	if (reply.rst)
		reply_segment(s, &tuple, t->h.iface, &reply.seg);
	conn_free(s, i);
	return false;
}

/* After any tcp call on it: timer, ready and event lists, reply, the end. */
void
conn_settle(struct sw_stack *s, uint32_t i, sw_ns now, const struct reply *reply)
{
	struct tcb *t = block_at(s, i);
	struct tuple tuple;
	sw_ns due;

	if (reply != NULL && reply->rst) {
		head_tuple(&t->h, &tuple);
		reply_segment(s, &tuple, t->h.iface, &reply->seg);
	}
	if (t->h.state == SW_CLOSED || t->h.state == SW_TIME_WAIT)
		share_end(s, t);
	fastopen_settle(s, i);
	/* a passive OPEN for one peer waits in LISTEN itself */
	if (t->h.state == SW_CLOSED || (t->h.state == SW_LISTEN && conn_is_embryo(t))) {
		conn_end(s, i);
		return;
	}
	if (!conn_hatch(s, i, now))
		return;
	conn_ready(s, t, i);
	if (t->h.state == SW_TIME_WAIT && (t->flags & T_RELEASED) && !link_in(&t->ready) &&
	    time_wait_take(s, i, now))
		return;
	due = tcp_deadline(&s->tcp, t);
	/* what is due stays due, or calls at every instant would put it off for ever */
	if (due > now || t->timer.deadline > now)
		wheel_set(&s->block_wheel, i, max_ns(due, now + 1));
	if ((t->news & NEWS_READY) && !(t->flags & T_RELEASED) &&
	    !(t->h.mark & MARK_ACCEPT_QUEUE) && conn_is_owned(t))
		conn_announce(s, i);
	t->news = 0;
}

/* The public name of a block. */
sw_conn
conn_name(const struct sw_stack *s, uint32_t i)
{
	return (sw_conn)block_at(s, i)->generation << 32 | (i + 1);
}

/* The block that a name stands for; NONE: it is stale, or no connection's. */
uint32_t
conn_of(const struct sw_stack *s, sw_conn c)
{
	uint32_t i = (uint32_t)c - 1;
	const struct tcb *t;

	if ((uint32_t)c == 0 || i >= s->blocks.high)
		return NONE;
	t = block_at(s, i);
	if (t->generation != c >> 32 || !(t->h.mark & MARK_USED) || (t->flags & T_RELEASED) ||
	    !conn_is_owned(t))
		return NONE;
	return i;
}

/* The next hop of `hop` is dead: an opening connection fails at once, any other
 * keeps trying until its own time is over. */
static void
conn_hop_failed(struct sw_stack *s, uint32_t i, sw_ns now)
{
	struct tcb *t = block_at(s, i);

	/*= RFC 9293 3.9.2.2 SHLD-25, SHLD-26: only what opens ends by unreachability */
	tcp_icmp_error(&s->tcp, t, now, t->h.state == SW_SYN_SENT, 0);
	conn_settle(s, i, now, NULL);
}

/* Blocks that waited on iface may try again; `failed`: that hop is dead. */
void
conn_unblock(struct sw_stack *s, sw_ns now, int iface, const struct sw_addr *failed)
{
	struct iface *f = iface_at(s, (uint32_t)iface);
	uint32_t i, n = s->blocks.used; /* at most so many wait */
	struct sw_addr hop;

	while (n-- > 0 && (i = list_pop(&f->waiting, &s->blocks, AT_READY)) != NONE) {
		struct tcb *t = block_at(s, i);

		t->h.mark &= (uint8_t)~MARK_WAITS_NEIGHBOUR;
		list_push(&f->ready_blocks, &s->blocks, AT_READY, i);
		if (failed == NULL)
			continue;
		if (route_find(s, &t->h.remote, &hop) == iface && sw_addr_same(&hop, failed))
			conn_hop_failed(s, i, now);
	}
}
