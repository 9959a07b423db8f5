/*
 * records.c - records found by the two endpoints of a connection, whichever way a
 * packet goes; and what they are linked by.
 *
 * The hash is keyed: a capture is somebody else's input.
 */
#include "explain/work.h"

static uint64_t
hash(uint64_t key, const struct sw_addr *addr, uint16_t port)
{
	uint64_t half[2], x;

	memcpy(half, addr->b, sizeof(half)); /* the first is 0 for IPv4 */
	x = (half[0] * key ^ half[1] ^ port) * 0x9e3779b97f4a7c15;
	x = (x ^ x >> 32) * key;
	return x ^ x >> 32;
}

uint64_t
ex_hash_end(const struct ex_engine *e, const struct sw_addr *addr, uint16_t port)
{
	return hash(e->key, addr, port);
}

uint64_t
ex_hash_host(const struct sw_addr *addr)
{
	return hash(0xd6e8feb86659fd93, addr, 0);
}

/* The same for both directions. */
static uint64_t
hash_both(uint64_t one, uint64_t other)
{
	uint64_t x = (one + other) * 0xd6e8feb86659fd93;

	return x ^ x >> 32;
}

uint64_t
ex_record_hash(const struct ex_engine *e, const struct sw_addr addr[2], const uint16_t port[2])
{
	return hash_both(ex_hash_end(e, &addr[0], port[0]), ex_hash_end(e, &addr[1], port[1]));
}

static const struct record *
names_of(const struct ex_engine *e, struct ref ref)
{
	const struct pool *pool = ref.kind == KIND_CONN	  ? &e->conn
				  : ref.kind == KIND_HALF ? &e->half
							  : &e->gone;

	return ex_pool_at(pool, ref.index);
}

static bool
is_end(const struct record *n, int side, const struct sw_endpoint *end)
{
	return n->port[side] == end->port && !memcmp(&n->addr[side], &end->addr, 16);
}

uint64_t
ex_record_hash_of(const struct ex_engine *e, const struct sw_wire *w)
{
	return hash_both(ex_hash_end(e, &w->src.addr, w->src.port),
			 ex_hash_end(e, &w->dst.addr, w->dst.port));
}

/* Among what is alive, or among what is over: the many that are do not slow down the few. */
struct ref
ex_record_find(const struct ex_engine *e, const struct sw_wire *w, uint64_t hash, uint32_t *at,
	       int *side)
{
	const struct table *tables[] = {e->table, e->over};
	struct ref ref;

	for (int i = 0; i < 2; i++) {
		*at = NONE;
		while (ex_table_next(tables[i], hash, at, &ref)) {
			const struct record *n = names_of(e, ref);

			*side = is_end(n, 0, &w->src) ? 0 : 1;
			if (is_end(n, *side, &w->src) && is_end(n, !*side, &w->dst))
				return ref;
		}
	}
	return (struct ref){KIND_NONE, 0};
}

static struct table *
table_of(const struct ex_engine *e, struct ref ref)
{
	return ref.kind == KIND_GONE ? e->over : e->table;
}

/* The slot of a record that is in the table. */
uint32_t
ex_record_slot(const struct ex_engine *e, uint64_t hash, struct ref ref)
{
	uint32_t at = NONE;
	struct ref there;

	while (ex_table_next(table_of(e, ref), hash, &at, &there))
		if (there.kind == ref.kind && there.index == ref.index)
			return at;
	return NONE;
}

/* Takes a record out of the table and gives it back to its pool. */
void
ex_record_drop(struct ex_engine *e, struct ref ref)
{
	const struct record *n = names_of(e, ref);
	uint32_t at = ex_record_slot(e, ex_record_hash(e, n->addr, n->port), ref);
	struct pool *pool = ref.kind == KIND_CONN   ? &e->conn
			    : ref.kind == KIND_HALF ? &e->half
						    : &e->gone;

	if (at != NONE)
		ex_table_del(table_of(e, ref), at);
	if (ref.kind == KIND_CONN && ex_conn_at(e, ref.index)->trouble != NONE)
		ex_pool_give(&e->trouble, ex_conn_at(e, ref.index)->trouble);
	ex_pool_give(pool, ref.index);
}

/* What happened to the connection at work, beside the ordinary. */
struct trouble *
ex_trouble(struct look *l)
{
	if (l->c->trouble == NONE) {
		struct trouble *t;

		l->c->trouble = ex_pool_take(&l->e->trouble);
		t = ex_pool_at(&l->e->trouble, l->c->trouble);
		t->icmp_of = t->new_by = t->rst_by = EX_NOBODY;
	}
	return ex_pool_at(&l->e->trouble, l->c->trouble);
}

struct trouble_side *
ex_trouble_x(struct look *l)
{
	return &ex_trouble(l)->side[l->side];
}

struct trouble_side *
ex_trouble_y(struct look *l)
{
	return &ex_trouble(l)->side[!l->side];
}

struct sw_endpoint
ex_end_of(const struct conn *c, int side)
{
	return (struct sw_endpoint){c->addr[side], c->port[side]};
}

void
ex_queue_put(struct queue *q, const struct pool *pool, uint32_t index)
{
	struct record *r = ex_pool_at(pool, index);

	r->behind = NONE;
	r->before = q->n > 0 ? q->last : NONE;
	if (q->n++ > 0)
		((struct record *)ex_pool_at(pool, q->last))->behind = index;
	else
		q->first = index;
	q->last = index;
}

void
ex_queue_take(struct queue *q, const struct pool *pool, uint32_t index)
{
	struct record *r = ex_pool_at(pool, index);

	if (r->before == NONE)
		q->first = r->behind;
	else
		((struct record *)ex_pool_at(pool, r->before))->behind = r->behind;
	if (r->behind == NONE)
		q->last = r->before;
	else
		((struct record *)ex_pool_at(pool, r->behind))->before = r->before;
	q->n--;
}
