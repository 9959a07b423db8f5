/*
 * calls.c - the user calls of RFC 9293 3.9.1 on connections, events, counters.
 *
 * Knows names and who may call what.  What a call does to a connection is tcp's.
 */
#include "net/net.h"

enum { AT_EVENT = offsetof(struct tcb, event), AT_NEWS = offsetof(struct listener, event) };

/* The remaining half of `local`, and the interface; a negative error. */
static int
open_local(struct sw_stack *s, const struct sw_endpoint *local, struct tuple *t)
{
	int iface = route_find(s, &t->remote, NULL);
	bool chosen = local != NULL && !sw_addr_is_any(&local->addr);

	if (iface < 0)
		return SW_E_NO_ROUTE;
	t->local_port = local != NULL ? local->port : 0;
	/*= RFC 9293 3.9.1.1 MUST-43, MUST-44: the one that was named, or one of IP's choice */
	if (!chosen)
		return route_source(s, iface, &t->remote, &t->local) ? iface : SW_E_NO_ROUTE;
	t->local = local->addr;
	if (sw_addr_is4(&t->local) != sw_addr_is4(&t->remote))
		return SW_E_INVALID;
	if (!address_is_ours(s, &t->local) &&
	    !(iface_at(s, (uint32_t)iface)->conf.any_destination &&
	      address_is_unicast(s, &t->local)))
		return SW_E_INVALID;
	return iface;
}

/* Makes the tuple free, if it may be; *after: what the new ISS must lie beyond. */
static int
open_tuple(struct sw_stack *s, struct tuple *t, seq *after, bool *reused)
{
	uint32_t ref;

	*reused = false;
	if (t->local_port == 0) {
		t->local_port = ident_port(s, t);
		return t->local_port ? 0 : SW_E_IN_USE;
	}
	if (!steer_is_ours(s, t))
		return SW_E_NO_ROUTE;
	ref = conn_find(s, t);
	if (ref == NONE)
		return 0;
	if (REF_KIND(ref) != KIND_TIME_WAIT || pool_room(&s->blocks) == 0)
		return SW_E_IN_USE;
	*reused = time_wait_yield(s, REF_INDEX(ref), s->now, after);
	return *reused ? 0 : SW_E_IN_USE;
}

/* The two ends of an OPEN that names its peer; the interface, or a negative error. */
static int
open_ends(struct sw_stack *s, const struct sw_endpoint *local, const struct sw_endpoint *remote,
	  struct tuple *t)
{
	/*= RFC 9293 3.9.2.3 MUST-46: an OPEN to a multicast or broadcast address is refused */
	if (remote == NULL || remote->port == 0 || !address_is_unicast(s, &remote->addr))
		return SW_E_INVALID;
	memset(t, 0, sizeof(*t));
	t->remote = remote->addr;
	t->remote_port = remote->port;
	return open_local(s, local, t);
}

/* Passive OPEN for one peer (3.9.1.1). */
int
sw_open_passive_from(struct sw_stack *s, sw_ns now, const struct sw_endpoint *local,
		     const struct sw_endpoint *remote, sw_conn *name)
{
	struct tuple t;
	uint32_t i;
	int iface;

	now = stack_now(s, now);
	if (name == NULL || local == NULL || local->port == 0)
		return SW_E_INVALID;
	iface = open_ends(s, local, remote, &t);
	if (iface < 0)
		return iface;
	if (!steer_is_ours(s, &t))
		return SW_E_NO_ROUTE;
	if (conn_find(s, &t) != NONE)
		return SW_E_IN_USE;
	i = conn_new(s, &t, iface);
	if (i == NONE)
		return SW_E_NO_MEMORY;
	tcp_listen(&s->tcp, block_at(s, i), now);
	conn_settle(s, i, now, NULL);
	*name = conn_name(s, i);
	return 0;
}

/* A block that waits in LISTEN for just this peer; NONE. */
static uint32_t
open_waiting(const struct sw_stack *s, const struct tuple *t)
{
	uint32_t ref = t->local_port ? conn_find(s, t) : NONE;

	if (ref == NONE || REF_KIND(ref) != KIND_BLOCK)
		return NONE;
	return block_at(s, REF_INDEX(ref))->h.state == SW_LISTEN ? REF_INDEX(ref) : NONE;
}

/* A fresh block for an active OPEN in *i; SW_OK or an error. */
static int
open_new(struct sw_stack *s, struct tuple *t, int iface, uint32_t *i)
{
	struct tcb *b;
	bool reused;
	seq after;
	int error = open_tuple(s, t, &after, &reused);

	if (error != 0)
		return error;
	*i = conn_new(s, t, iface);
	if (*i == NONE)
		return SW_E_NO_MEMORY;
	b = block_at(s, *i);
	if (reused && !s->iss_forced && seq_off(b->snd.iss, after) <= (int32_t)UINT16_MAX)
		b->snd.iss = b->snd.una = b->snd.nxt = seq_add(after, UINT16_MAX + 2u);
	return SW_OK;
}

/* Active OPEN (3.10.1). */
int
sw_open_active(struct sw_stack *s, sw_ns now, const struct sw_endpoint *local,
	       const struct sw_endpoint *remote, sw_conn *name)
{
	struct tuple t;
	uint32_t i;
	int iface, error;

	now = stack_now(s, now);
	if (name == NULL)
		return SW_E_INVALID;
	iface = open_ends(s, local, remote, &t);
	if (iface < 0)
		return iface;
	i = open_waiting(s, &t); /*= RFC 9293 3.10.1: LISTEN becomes active */
	if (i == NONE) {
		error = open_new(s, &t, iface, &i);
		if (error != SW_OK)
			return error;
	}
	share_begin(s, block_at(s, i));
	tcp_open(&s->tcp, block_at(s, i), now);
	conn_settle(s, i, now, NULL);
	*name = conn_name(s, i);
	return 0;
}

/* Took it less than it was given although its own queue has room? */
static bool
send_starves(const struct sw_stack *s, const struct tcb *t, ptrdiff_t taken)
{
	return (tcp_ready(&s->tcp, t) & SW_WRITABLE) || (taken == SW_E_AGAIN && t->active == NONE);
}

/* SEND took so much of n bytes. */
void
send_settle(struct sw_stack *s, uint32_t i, size_t n, ptrdiff_t taken)
{
	conn_settle(s, i, s->now, NULL);
	if (taken < (ptrdiff_t)n && send_starves(s, block_at(s, i), taken))
		conn_starve(s, i);
}

/* SEND (3.10.2). */
ptrdiff_t
sw_send(struct sw_stack *s, sw_ns now, sw_conn c, const void *from, size_t n, unsigned flags)
{
	uint32_t i = conn_of(s, c);
	ptrdiff_t taken;

	now = stack_now(s, now);
	if (i == NONE)
		return SW_E_NO_CONN;
	if (from == NULL && n > 0)
		return SW_E_INVALID;
	taken = tcp_send(&s->tcp, block_at(s, i), now, from, n, flags);
	send_settle(s, i, n, taken);
	return taken;
}

/* RECEIVE (3.10.3). */
ptrdiff_t
sw_receive(struct sw_stack *s, sw_ns now, sw_conn c, void *to, size_t n)
{
	uint32_t i = conn_of(s, c);
	ptrdiff_t given;

	now = stack_now(s, now);
	if (i == NONE)
		return SW_E_NO_CONN;
	if (to == NULL && n > 0)
		return SW_E_INVALID;
	given = tcp_receive(&s->tcp, block_at(s, i), now, to, n);
	if (given > 0) /* else nothing has changed */
		conn_settle(s, i, now, NULL);
	return given;
}

/* What RECEIVE would give. */
ptrdiff_t
sw_peek(const struct sw_stack *s, sw_conn c, void *to, size_t n)
{
	uint32_t i = conn_of(s, c);

	if (i == NONE)
		return SW_E_NO_CONN;
	if (to == NULL && n > 0)
		return SW_E_INVALID;
	return tcp_peek(&s->tcp, block_at(s, i), to, n);
}

/* CLOSE (3.10.4). */
int
sw_close(struct sw_stack *s, sw_ns now, sw_conn c)
{
	uint32_t i = listener_of(s, c);
	int error;

	now = stack_now(s, now);
	if (i != NONE)
		return listener_close(s, i, now);
	i = conn_of(s, c);
	if (i == NONE)
		return SW_E_NO_CONN;
	error = tcp_close(&s->tcp, block_at(s, i), now);
	conn_settle(s, i, now, NULL);
	return error;
}

/* The application has gone. */
int
sw_release(struct sw_stack *s, sw_ns now, sw_conn c)
{
	uint32_t i = listener_of(s, c);
	struct reply reply = {0};

	now = stack_now(s, now);
	if (i != NONE)
		return listener_close(s, i, now);
	i = conn_of(s, c);
	if (i == NONE)
		return SW_E_NO_CONN;
	conn_hush(s, i);
	tcp_release(&s->tcp, block_at(s, i), now, &reply);
	conn_settle(s, i, now, &reply);
	return 0;
}

/* ABORT (3.10.5). */
int
sw_abort(struct sw_stack *s, sw_ns now, sw_conn c)
{
	uint32_t i = listener_of(s, c);
	struct reply reply = {0};

	now = stack_now(s, now);
	if (i != NONE)
		return listener_close(s, i, now);
	i = conn_of(s, c);
	if (i == NONE)
		return SW_E_NO_CONN;
	tcp_abort(&s->tcp, block_at(s, i), now, &reply);
	block_at(s, i)->flags |= T_RELEASED;
	conn_settle(s, i, now, &reply);
	return 0;
}

void
status_listener(const struct sw_stack *s, uint32_t i, struct sw_status *st)
{
	const struct listener *l = listener_at(s, i);

	st->state = (enum sw_state)l->h.state;
	st->local.addr = l->h.local;
	st->local.port = l->h.local_port;
	st->iface = -1;
	st->user = l->user;
	st->backlog = l->waiting;
	st->backlog_most = l->backlog;
}

void
status_block(const struct sw_stack *s, uint32_t i, struct sw_status *st)
{
	const struct tcb *t = block_at(s, i);

	tcp_status(&s->tcp, t, st);
	st->fastopen_room = tcp_fast_wants(t) ? fastopen_room(s, t) : 0;
	st->local.addr = t->h.local;
	st->local.port = t->h.local_port;
	st->remote.addr = t->h.remote;
	st->remote.port = t->h.remote_port;
	st->iface = t->h.iface;
	st->user = t->user;
	st->due = tcp_deadline(&s->tcp, t);
}

/* A SYN that waits for an answer. */
static void
status_asked(const struct sw_stack *s, const struct half *h, struct sw_status *st)
{
	struct tuple t;

	small_tuple(s, &h->k, &t);
	st->state = (enum sw_state)h->k.state;
	st->local = (struct sw_endpoint){t.local, t.local_port};
	st->remote = (struct sw_endpoint){t.remote, t.remote_port};
	st->iface = small_iface(s, &h->k);
	st->irs = h->irs.n;
	st->peer_mss = h->peer_mss;
}

/* STATUS (3.10.6) */
int
sw_status(const struct sw_stack *s, sw_conn c, struct sw_status *st)
{
	uint32_t l = listener_of(s, c), i = conn_of(s, c), asked = asked_of(s, c);

	if (st == NULL || st->bytes != sizeof(*st))
		return SW_E_INVALID;
	if (l == NONE && i == NONE && asked == NONE)
		return SW_E_NO_CONN;
	memset(st, 0, sizeof(*st));
	st->due = SW_NEVER;
	if (l != NONE)
		status_listener(s, l, st);
	else if (asked != NONE)
		status_asked(s, half_at(s, asked), st);
	else
		status_block(s, i, st);
	st->bytes = sizeof(*st);
	return 0;
}

/* A setting of one connection; of a listener, only what is the user's. */
int
sw_set(struct sw_stack *s, sw_ns now, sw_conn c, enum sw_option option, uint64_t value)
{
	uint32_t l = listener_of(s, c), i = conn_of(s, c);
	int error;

	now = stack_now(s, now);
	if (l == NONE && i == NONE)
		return SW_E_NO_CONN;
	if (l != NONE)
		return listener_set(s, l, now, option, value);
	if (option == SW_OPT_USER) {
		block_at(s, i)->user = value;
		return 0;
	}
	error = tcp_set(&s->tcp, block_at(s, i), now, option, value);
	conn_settle(s, i, now, NULL);
	return error;
}

/* What is true of one connection now; 0 if it is not one. */
unsigned
sw_ready(const struct sw_stack *s, sw_conn c)
{
	uint32_t i = listener_of(s, c);

	if (i != NONE)
		return (listener_at(s, i)->waiting > 0 ? SW_ACCEPTABLE : 0u) |
		       (listener_at(s, i)->questions.head != NONE ? SW_ASKED : 0u);
	i = conn_of(s, c);
	return i == NONE ? 0 : tcp_ready(&s->tcp, block_at(s, i));
}

/* The next connection with news; false: none. */
bool
sw_event(struct sw_stack *s, struct sw_event *ev)
{
	uint32_t i;

	conn_feed(s);
	/* each turn takes one off the lists */
	while ((i = list_pop(&s->listener_events, &s->listeners, AT_NEWS)) != NONE) {
		ev->conn = listener_name(s, i);
		ev->ready = sw_ready(s, ev->conn);
		ev->user = listener_at(s, i)->user;
		if (ev->ready != 0)
			return true;
	}
	while ((i = list_pop(&s->events, &s->blocks, AT_EVENT)) != NONE) {
		ev->conn = conn_name(s, i);
		ev->ready = tcp_ready(&s->tcp, block_at(s, i));
		ev->user = block_at(s, i)->user;
		if (ev->ready != 0)
			return true;
	}
	return false;
}

static const struct pool *
counted_pool(const struct sw_stack *s, int which)
{
	switch (which) {
	case SW_POOL_CONNS:
		return &s->blocks;
	case SW_POOL_ACTIVES:
		return &s->tcp.actives;
	case SW_POOL_HALF_OPENS:
		return &s->halves;
	case SW_POOL_TIME_WAITS:
		return &s->time_waits;
	case SW_POOL_LISTENERS:
		return &s->listeners;
	case SW_POOL_CHUNKS:
		return &s->tcp.chunks;
	case SW_POOL_RECORDS:
		return &s->tcp.recs;
	case SW_POOL_RUNS:
		return &s->tcp.runs;
	default:
		return &s->datagrams;
	}
}

static void
counters_tcp(const struct tcp *t, struct sw_counters *c)
{
	c->segments_out = t->segments_out;
	c->bytes_in = t->bytes_in;
	c->bytes_out = t->bytes_out;
	c->retransmits = t->retransmits;
	c->retransmit_bytes = t->retransmit_bytes;
	c->rtos = t->rtos;
	c->loss_probes = t->loss_probes;
	c->black_holes = t->black_holes;
	c->mtu_probes = t->mtu_probes;
	c->mtu_raised = t->mtu_raised;
	c->undone = t->undone;
	c->fast_recoveries = t->recoveries;
	c->probes = t->probes;
	c->keep_alives = t->keep_alives;
	c->challenges = t->challenges;
	c->traces_dropped = t->trace.dropped;
}

/* All counters at once. */
int
sw_counters(const struct sw_stack *s, struct sw_counters *c)
{
	if (c == NULL || c->bytes != sizeof(*c))
		return SW_E_INVALID;
	memset(c, 0, sizeof(*c));
	c->bytes = sizeof(*c);
	counters_tcp(&s->tcp, c);
	c->packets_in = s->packets_in;
	c->packets_out = s->packets_out;
	c->segments_in = s->segments_in;
	c->segments_out += s->replies_out;
	c->resets_out = s->resets_out;
	c->replies_dropped = s->replies_dropped;
	c->time_waits_evicted = s->time_waits_evicted;
	c->asked_expired = s->asked_expired;
	c->fastopens_in = s->fast.taken;
	c->fastopen_bad = s->fast.bad;
	c->fastopen_full = s->fast.full;
	c->fastopens_out = s->fast.sent;
	c->fastopen_refused = s->fast.refused;
	for (int v = 0; v < SW_N_VERDICTS; v++)
		c->verdict[v] = s->verdicts[v] + s->tcp.verdicts[v];
	for (int i = 0; i < SW_N_POOLS; i++) {
		const struct pool *p = counted_pool(s, i);

		c->pool_used[i] = p->used;
		c->pool_high[i] = p->most;
		c->pool_refused[i] = p->refused;
	}
	return 0;
}

/* The oldest trace event not yet taken. */
bool
sw_trace(struct sw_stack *s, struct sw_trace *ev)
{
	struct tuple t;
	uint32_t ref;

	if (!trace_take(&s->tcp, ev))
		return false;
	memset(&t, 0, sizeof(t));
	t.local = ev->local.addr;
	t.local_port = ev->local.port;
	t.remote = ev->remote.addr;
	t.remote_port = ev->remote.port;
	ref = conn_find(s, &t);
	if (ref != NONE && REF_KIND(ref) == KIND_BLOCK)
		ev->conn = conn_name(s, REF_INDEX(ref));
	return true;
}
