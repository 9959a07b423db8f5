/*
 * stack.c - a stack is a value: one arena, laid out once, copied as a whole.
 *
 * Knows where each pool lies.  Distances are kept, never addresses, so that the
 * bytes mean the same wherever they stand.
 */
#include "net/net.h"

enum { ARENA_ALIGN = 64, AREA_ALIGN = 16, ADDRESSES_AN_IFACE = 4 };

#define STACK_MAGIC 0x53594e5741564531 /* "SYNWAVE1" */

/* One area of the arena: the pool in struct sw_stack, and its elements. */
struct area {
	size_t pool; /* offset of its struct pool */
	uint64_t size, cap;
};

enum { AREAS = 16 };

/* Each small record may have another end of ours. */
static uint32_t
heres_cap(const struct sw_config *c)
{
	return min_u32(c->half_opens + c->time_waits, SMALL_HERE + 1u);
}

/* The areas of the pools, in order. */
static void
stack_areas(const struct sw_config *c, struct area a[AREAS])
{
#define AREA(pool, size, cap) (struct area){offsetof(struct sw_stack, pool), size, cap}
	*a++ = AREA(blocks, sizeof(struct tcb), c->conns);
	*a++ = AREA(halves, sizeof(struct half), c->half_opens);
	*a++ = AREA(time_waits, sizeof(struct time_wait), c->time_waits);
	*a++ = AREA(listeners, sizeof(struct listener), c->listeners);
	*a++ = AREA(replies, sizeof(struct reply_slot) + c->reply_bytes, c->replies);
	*a++ = AREA(datagrams, sizeof(struct datagram) + c->datagram_bytes, c->datagrams);
	*a++ = AREA(ifaces, sizeof(struct iface), c->ifaces);
	*a++ = AREA(addresses, sizeof(struct address), c->ifaces * (uint64_t)ADDRESSES_AN_IFACE);
	*a++ = AREA(routes, sizeof(struct route), c->routes);
	*a++ = AREA(neighbours, sizeof(struct neighbour_entry), c->neighbours);
	*a++ = AREA(shares, sizeof(struct share), c->shares);
	*a++ = AREA(heres, sizeof(struct here), heres_cap(c));
	*a++ = AREA(tcp.actives, sizeof(struct active), c->actives);
	*a++ = AREA(tcp.chunks, c->chunk_bytes, c->chunks);
	*a++ = AREA(tcp.recs, sizeof(struct rec), c->records);
	*a = AREA(tcp.runs, sizeof(struct run), c->runs);
#undef AREA
}

static uint64_t
round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static uint32_t
area_size(const struct area *a)
{
	return (uint32_t)round_up(a->size, 8);
}

static uint64_t
area_bytes(const struct area *a)
{
	return round_up(area_size(a) * a->cap, AREA_ALIGN);
}

static uint32_t
table_cap(const struct sw_config *c)
{
	return c->conns + c->half_opens + c->time_waits;
}

/* Exact size of the arena; 0: a setting is out of range or it is too large. */
size_t
sw_stack_bytes(const struct sw_config *c)
{
	struct area a[AREAS];
	uint64_t n = round_up(sizeof(struct sw_stack), ARENA_ALIGN);

	if (c == NULL || !config_ok(c))
		return 0;
	stack_areas(c, a);
	for (int i = 0; i < AREAS; i++)
		n += area_bytes(&a[i]);
	n += round_up(table_bytes(table_cap(c)), AREA_ALIGN);
	n += round_up(table_bytes(c->shares), AREA_ALIGN);
	n += round_up(table_bytes(heres_cap(c)), AREA_ALIGN);
	n += round_up(c->traces * (uint64_t)sizeof(struct sw_trace), AREA_ALIGN);
	return n <= PTRDIFF_MAX ? (size_t)n : 0;
}

/* What tcp needs to know of the settings. */
static void
stack_init_tcp(struct tcp *t, const struct sw_config *c)
{
	t->tick = c->tick;
	t->msl = c->msl;
	t->rto_init = c->rto_init;
	t->rto_min = c->rto_min;
	t->rto_max = c->rto_max;
	t->delack = c->delack;
	t->user_timeout = c->user_timeout;
	t->syn_timeout = c->syn_timeout;
	t->keep_idle = c->keep_idle;
	t->keep_interval = c->keep_interval;
	t->fin_wait_2 = c->fin_wait_2;
	t->challenge_every = c->challenge_every;
	t->r1 = c->r1;
	t->mtu_base = c->mtu_base;
	t->mtu_age = c->mtu_age;
	t->syn_ack_tries = c->syn_ack_tries;
	t->keep_probes = c->keep_probes;
	t->runs_per_conn = c->runs_per_conn;
	t->iw_segments = c->iw_segments;
	t->budget = c->rcv_budget ? c->rcv_budget : (uint64_t)c->chunks * c->chunk_bytes / 4 * 3;
	t->without = c->without;
	t->snd_buf = c->snd_buf;
	t->rcv_buf = c->rcv_buf;
	t->ttl = c->ttl;
	t->tos = c->tos;
	t->controller = c->cc;
	t->ecn = c->ecn;
	t->timestamps = c->timestamps;
	t->window_scale = c->window_scale;
	t->sack = c->sack;
	t->nagle = c->nagle;
	t->minshall = c->minshall;
}

/* Pools, table, ring: the whole layout. */
static void
stack_lay_out(struct sw_stack *s)
{
	struct area a[AREAS];
	char *at = (char *)s + round_up(sizeof(*s), ARENA_ALIGN);

	stack_areas(&s->conf, a);
	for (int i = 0; i < AREAS; i++) {
		pool_init((struct pool *)((char *)s + a[i].pool), at, area_size(&a[i]),
			  (uint32_t)a[i].cap);
		at += area_bytes(&a[i]);
	}
	table_init(&s->table, at, table_cap(&s->conf));
	at += round_up(table_bytes(table_cap(&s->conf)), AREA_ALIGN);
	table_init(&s->share_table, at, s->conf.shares);
	at += round_up(table_bytes(s->conf.shares), AREA_ALIGN);
	table_init(&s->here_table, at, heres_cap(&s->conf));
	at += round_up(table_bytes(heres_cap(&s->conf)), AREA_ALIGN);
	s->tcp.trace.distance = (uint64_t)(at - (char *)&s->tcp.trace);
	s->tcp.trace.cap = s->conf.traces;
}

/* Make a stack in `arena`; only its beginning is touched. */
int
sw_stack_init(struct sw_stack **out, const struct sw_config *c, void *arena, size_t bytes)
{
	struct sw_stack *s = arena;
	size_t need = sw_stack_bytes(c);

	if (need == 0 || out == NULL || arena == NULL || (uintptr_t)arena % ARENA_ALIGN != 0)
		return SW_E_INVALID;
	if (bytes < need)
		return SW_E_NO_MEMORY;
	memset(s, 0, sizeof(*s));
	s->magic = STACK_MAGIC;
	s->bytes = need;
	s->conf = *c;
	s->generation = 1;
	stack_init_tcp(&s->tcp, c);
	stack_lay_out(s);
	wheel_init(&s->block_wheel, &s->blocks, offsetof(struct tcb, timer), c->tick, 0);
	wheel_init(&s->half_wheel, &s->halves, offsetof(struct half, timer), c->tick, 0);
	list_init(&s->time_wait_queue);
	list_init(&s->listen_list);
	list_init(&s->share_order);
	list_init(&s->events);
	list_init(&s->starved);
	list_init(&s->listener_events);
	ident_init(s);
	sw_steer_init(&s->steer, c->secret, c->shards);
	*out = s;
	return 0;
}

/* The same bytes at the same distance in another arena. */
static void
copy_part(struct sw_stack *to, const struct sw_stack *from, const void *part, size_t n)
{
	memcpy((char *)to + ((const char *)part - (const char *)from), part, n);
}

static void
copy_table(struct sw_stack *to, const struct sw_stack *from, const struct table *t)
{
	copy_part(to, from, (const char *)t + t->distance, table_extent(t));
}

static void
copy_trace(struct sw_stack *to, const struct sw_stack *from)
{
	const struct tcp_ring *r = &from->tcp.trace;
	const char *events = (const char *)r + r->distance;
	uint32_t straight;

	if (r->used == 0)
		return;
	straight = min_u32(r->used, r->cap - r->head);
	copy_part(to, from, events + (size_t)r->head * sizeof(struct sw_trace),
		  straight * sizeof(struct sw_trace));
	copy_part(to, from, events, (r->used - straight) * sizeof(struct sw_trace));
}

/* Copy a stack: what was ever used, no more. */
int
sw_copy(struct sw_stack **out, void *arena, size_t bytes, const struct sw_stack *from)
{
	struct sw_stack *to = arena;
	struct area a[AREAS];

	if (out == NULL || arena == NULL || from == NULL || from->magic != STACK_MAGIC ||
	    (uintptr_t)arena % ARENA_ALIGN != 0)
		return SW_E_INVALID;
	if (bytes < from->bytes)
		return SW_E_NO_MEMORY;
	memcpy(to, from, sizeof(*to));
	to->room = 0;
	stack_areas(&from->conf, a);
	for (int i = 0; i < AREAS; i++) {
		const struct pool *p = (const struct pool *)((const char *)from + a[i].pool);

		copy_part(to, from, pool_at(p, 0), (size_t)p->high * p->size);
	}
	copy_table(to, from, &from->table);
	copy_table(to, from, &from->share_table);
	copy_table(to, from, &from->here_table);
	copy_trace(to, from);
	*out = to;
	return 0;
}

/* The settings that it was made with. */
void
sw_stack_config(const struct sw_stack *s, struct sw_config *c)
{
	*c = s->conf;
}

/* The clock of the stack: the latest time that it was given.  What was said to be room may
 * be it no more. */
sw_ns
stack_now(struct sw_stack *s, sw_ns now)
{
	s->room = 0;
	s->now = max_ns(s->now, now);
	return s->now;
}
