/*
 * share.c - what is known of a path when a connection begins, from those before it:
 * RFC 9040's temporal sharing.
 *
 * One entry for a pair of addresses (the peer's alone where ours is no address of
 * this host: a gateway's).  An entry has fields; each has a bit, SHARE_..., that says
 * whether it is known, and the time at which it was told, as nothing is true for ever:
 *
 *	e = share_find(s, &tuple);		NULL: nothing is known
 *	if (share_knows(s, e, SHARE_RTT))	known, and not too old
 *	e = share_take(s, &tuple);		found, or made; NULL: nothing is kept
 *	e->srtt_us = ...; share_told(s, e, SHARE_RTT);
 *
 * Found by a keyed hash; when there is no room the entry goes that was told
 * nothing for longest.  Who wants another field remembered adds it to struct share,
 * with a bit and a time of its own in share_lasts[].
 *
 * Knows when a connection tells and when one is told; not what the values mean: that
 * is tcp's (tcp/share.c).
 */
#include "net/net.h"

enum { AT_ORDER = offsetof(struct share, order), DAY_S = 24 * 3600 };

/* How long each field is believed. */
static const sw_ns share_lasts[SHARES] = {
    600 * SW_S,	      /* RTT */
    600 * SW_S,	      /* SSTHRESH */
    30 * DAY_S *SW_S, /* COOKIE: as long as the peer takes it, about */
    DAY_S *SW_S,      /* NO_FAST: at the longest */
};

static struct share *
share_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->shares, i);
}

/* Does this stack keep anything? */
static bool
share_on(const struct sw_stack *s)
{
	return s->shares.cap > 0;
}

/* Where two addresses stand in the table. */
static uint32_t
share_hash(const struct sw_stack *s, const struct sw_addr key[2])
{
	return ident_place(s, &key[0], &key[1], 0);
}

/* The two addresses of a path. */
static void
share_key(const struct sw_stack *s, const struct tuple *t, struct sw_addr key[2])
{
	memset(key, 0, 2 * sizeof(*key));
	key[0] = t->remote;
	if (address_is_ours(s, &t->local))
		key[1] = t->local;
}

static bool
share_is(const struct sw_stack *s, uint32_t i, const struct sw_addr key[2])
{
	return memcmp(share_at(s, i)->key, key, sizeof(share_at(s, i)->key)) == 0;
}

static uint32_t
share_search(const struct sw_stack *s, uint32_t hash, const struct sw_addr key[2])
{
	uint32_t it, i;

	for (i = table_first(&s->share_table, hash, &it); i != NONE;
	     i = table_next(&s->share_table, hash, &it))
		if (share_is(s, i, key))
			return i;
	return NONE;
}

/* The entry of a path; NULL: nothing is known. */
static struct share *
share_of(const struct sw_stack *s, const struct tuple *t)
{
	struct sw_addr key[2];
	uint32_t i;

	if (!share_on(s))
		return NULL;
	share_key(s, t, key);
	/* connections to one peer come in rows */
	if (s->share_last < s->shares.high && share_is(s, s->share_last, key))
		return share_at(s, s->share_last);
	i = share_search(s, share_hash(s, key), key);
	return i == NONE ? NULL : share_at(s, i);
}

const struct share *
share_find(const struct sw_stack *s, const struct tuple *t)
{
	return share_of(s, t);
}

/* A free entry: a new one, or that which was told nothing for longest. */
static uint32_t
share_place(struct sw_stack *s)
{
	uint32_t i = pool_take(&s->shares);

	if (i != NONE)
		return i;
	i = list_pop(&s->share_order, &s->shares, AT_ORDER);
	table_remove(&s->share_table, share_hash(s, share_at(s, i)->key), i);
	return i;
}

/* The entry of a path, to be told something; NULL: nothing is kept. */
struct share *
share_take(struct sw_stack *s, const struct tuple *t)
{
	struct sw_addr key[2];
	uint32_t hash, i;

	if (!share_on(s))
		return NULL;
	share_key(s, t, key);
	hash = share_hash(s, key);
	i = share_search(s, hash, key);
	if (i != NONE)
		return share_at(s, i);
	i = share_place(s);
	memset(share_at(s, i), 0, sizeof(struct share));
	memcpy(share_at(s, i)->key, key, sizeof(key));
	link_init(&share_at(s, i)->order);
	table_add(&s->share_table, hash, i); /* it has a slot for each entry */
	return share_at(s, i);
}

/* Is this field, one bit, known and not too old? */
bool
share_knows(const struct sw_stack *s, const struct share *e, uint32_t bit)
{
	for (uint32_t i = 0; e != NULL && i < SHARES; i++)
		if (bit == 1u << i && (e->has & bit))
			return s->now < after_ns(e->told[i], share_lasts[i]);
	return false;
}

/* These fields were told now. */
void
share_told(struct sw_stack *s, struct share *e, uint32_t bits)
{
	uint32_t i = pool_index(&s->shares, e);

	for (uint32_t k = 0; k < SHARES; k++)
		if (bits >> k & 1)
			e->told[k] = s->now;
	e->has |= bits;
	s->share_last = i;
	list_remove(&s->share_order, &s->shares, AT_ORDER, i);
	list_push(&s->share_order, &s->shares, AT_ORDER, i);
}

/* What is known of a path by now; of what is not, 0. */
static struct path_facts
share_facts(const struct sw_stack *s, const struct share *e)
{
	struct path_facts f = {0};

	if (share_knows(s, e, SHARE_RTT)) {
		f.srtt_us = e->facts.srtt_us;
		f.rttvar_us = e->facts.rttvar_us;
	}
	if (share_knows(s, e, SHARE_SSTHRESH))
		f.ssthresh = e->facts.ssthresh;
	return f;
}

/* A connection begins. */
void
share_begin(const struct sw_stack *s, struct tcb *t)
{
	struct path_facts f;
	struct tuple tuple;

	if (s->conf.without & SW_NO_SHARING)
		return;
	/*= RFC 9040 6.1: the new RTT, RTTVAR and ssthresh are the old ones */
	head_tuple(&t->h, &tuple);
	f = share_facts(s, share_find(s, &tuple));
	tcp_facts_take(&s->tcp, t, &f);
}

/* One has ended. */
void
share_end(struct sw_stack *s, struct tcb *t)
{
	struct path_facts f;
	struct tuple tuple;
	struct share *e;

	if ((t->h.mark & MARK_SHARED) || !share_on(s) || (s->conf.without & SW_NO_SHARING))
		return;
	t->h.mark |= MARK_SHARED;
	head_tuple(&t->h, &tuple);
	e = share_of(s, &tuple);
	f = share_facts(s, e);
	/*= RFC 9040 6.2: merged with what was known, when a connection is closed */
	if (!tcp_facts_give(t, &f))
		return;
	if (e == NULL)
		e = share_take(s, &tuple);
	e->facts = f;
	share_told(s, e, SHARE_RTT | (f.ssthresh > 0 ? SHARE_SSTHRESH : 0u));
}
