/*
 * small.c - what the small records have in common: who talks to whom, in 24 bytes.
 *
 * Our end, address and interface, is the same for most of them.  It stands once in
 * a pool, with a count of those that have it, and a record has its index.
 *
 * Knows nothing of what half-open and TIME-WAIT are.
 */
#include "net/net.h"

static const struct here *
here_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->heres, i);
}

static bool
here_is(const struct sw_stack *s, uint32_t i, const struct sw_addr *a, int iface)
{
	return here_at(s, i)->users > 0 && (int)here_at(s, i)->iface == iface &&
	       memcmp(&here_at(s, i)->addr, a, sizeof(*a)) == 0;
}

static uint32_t
here_hash(const struct sw_stack *s, const struct sw_addr *a, int iface)
{
	uint8_t key[sizeof(*a) + 1];

	memcpy(key, a, sizeof(*a));
	key[sizeof(*a)] = (uint8_t)iface;
	return (uint32_t)prf(s->key_table, key, sizeof(key));
}

/* The one with this address and interface, perhaps a new one; NONE: there is no room. */
static uint32_t
here_find(struct sw_stack *s, const struct sw_addr *a, int iface)
{
	uint32_t hash, i, it;
	struct here *e;

	if (s->here_last < s->heres.high && here_is(s, s->here_last, a, iface))
		return s->here_last;
	hash = here_hash(s, a, iface);
	for (i = table_first(&s->here_table, hash, &it); i != NONE;
	     i = table_next(&s->here_table, hash, &it))
		if (here_is(s, i, a, iface))
			return i;
	i = pool_take(&s->heres);
	if (i == NONE)
		return NONE;
	e = pool_at(&s->heres, i);
	*e = (struct here){.addr = *a, .iface = (uint8_t)iface};
	if (table_add(&s->here_table, hash, i))
		return i;
	pool_give(&s->heres, i); /* not reached but by hashes that all collide */
	return NONE;
}

/* Who talks to whom, in a record that is in use then; false: there is no room for our
 * end. */
bool
small_set(struct sw_stack *s, struct small *k, const struct tuple *t, int iface)
{
	uint32_t here = here_find(s, &t->local, iface);

	if (here == NONE)
		return false;
	s->here_last = here;
	((struct here *)pool_at(&s->heres, here))->users++;
	k->remote = t->remote;
	k->remote_port = t->remote_port;
	k->local_port = t->local_port;
	k->here = here & SMALL_HERE;
	k->mark = SMALL_USED;
	return true;
}

/* It is not in use any more. */
void
small_unset(struct sw_stack *s, struct small *k)
{
	struct here *e = pool_at(&s->heres, k->here);

	k->mark = 0;
	if (--e->users > 0)
		return;
	table_remove(&s->here_table, here_hash(s, &e->addr, e->iface), k->here);
	pool_give(&s->heres, k->here);
}

int
small_iface(const struct sw_stack *s, const struct small *k)
{
	return here_at(s, k->here)->iface;
}

void
small_tuple(const struct sw_stack *s, const struct small *k, struct tuple *t)
{
	t->local = here_at(s, k->here)->addr;
	t->remote = k->remote;
	t->local_port = k->local_port;
	t->remote_port = k->remote_port;
}

bool
small_is(const struct sw_stack *s, const struct small *k, const struct tuple *t)
{
	return k->remote_port == t->remote_port && k->local_port == t->local_port &&
	       memcmp(&k->remote, &t->remote, sizeof(t->remote)) == 0 &&
	       memcmp(&here_at(s, k->here)->addr, &t->local, sizeof(t->local)) == 0;
}

/* The head that a block of it has. */
void
small_head(const struct sw_stack *s, const struct small *k, struct head *h)
{
	struct tuple t;

	small_tuple(s, k, &t);
	head_set(h, &t, small_iface(s, k), KIND_BLOCK);
	h->state = k->state;
}

/* Where it stands in the table. */
uint32_t
small_hash(const struct sw_stack *s, const struct small *k)
{
	struct tuple t;

	small_tuple(s, k, &t);
	return conn_place(s, &t);
}

/* The period of now, of those in which a small record answers something strange once. */
static uint32_t
small_period(const struct sw_stack *s, sw_ns now)
{
	return (uint32_t)(now / s->conf.challenge_every % SMALL_PERIODS) + 1;
}

/* Until when it has answered enough; 0: it may answer. */
sw_ns
small_hushed(const struct sw_stack *s, const struct small *k, sw_ns now)
{
	sw_ns every = s->conf.challenge_every;

	if (every == 0 || (uint32_t)k->mark >> SMALL_PERIOD != small_period(s, now))
		return 0;
	return now - now % every + every;
}

/*= RFC 5961 7: challenge ACKs are limited, each connection for itself, small or not */
bool
small_may_challenge(const struct sw_stack *s, struct small *k, sw_ns now)
{
	if (small_hushed(s, k, now) != 0)
		return false;
	if (s->conf.challenge_every != 0)
		k->mark = (k->mark & ((1u << SMALL_PERIOD) - 1)) |
			  (small_period(s, now) << SMALL_PERIOD & SMALL_MARK);
	return true;
}
