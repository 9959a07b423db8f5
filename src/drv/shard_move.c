/*
 * shard_move.c - a connection moves from one shard of a set to another.
 *
 * Its packets still come to the shard that sw_steer() names; a table that all shards
 * read says where such a flow is now.  While the table is empty nobody looks at it.
 * A flow stands in it until its last record is gone from the stack that has it.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "shard.h"

enum { SWEEP_EVERY_MS = 500 };

static struct moved **
moved_head(struct sw_shards *set, const struct sw_endpoint ends[2])
{
	struct sw_steer all = set->steer;

	all.shards = MOVED_HEADS;
	return &set->moved[sw_steer(&all, &ends[0], &ends[1])];
}

static bool
same_end(const struct sw_endpoint *a, const struct sw_endpoint *b)
{
	return a->port == b->port && sw_addr_same(&a->addr, &b->addr);
}

/* The flow between these two ends, in either order; the link to it. */
static struct moved **
moved_find(struct sw_shards *set, const struct sw_endpoint ends[2])
{
	struct moved **at = moved_head(set, ends);

	for (; *at != NULL; at = &(*at)->next) {
		const struct sw_endpoint *e = (*at)->ends;

		if ((same_end(&e[0], &ends[0]) && same_end(&e[1], &ends[1])) ||
		    (same_end(&e[0], &ends[1]) && same_end(&e[1], &ends[0])))
			break;
	}
	return at;
}

static void
moved_remove(struct sw_shards *set, struct moved **at)
{
	struct moved *gone = *at;

	*at = gone->next;
	free(gone);
	atomic_fetch_sub(&set->n_moved, 1);
}

/* From now on the flow is that shard's, or soon; false: no memory. */
static bool
moved_set(struct sw_shards *set, const struct sw_endpoint ends[2], unsigned shard,
	  enum moved_state state)
{
	bool home = shard == sw_steer(&set->steer, &ends[0], &ends[1]) && state == MOVED_THERE;
	struct moved **at, *m;

	pthread_rwlock_wrlock(&set->moved_lock);
	at = moved_find(set, ends);
	m = *at;
	if (home && m != NULL)
		moved_remove(set, at);
	if (!home && m == NULL && (m = calloc(1, sizeof *m)) != NULL) {
		memcpy(m->ends, ends, sizeof m->ends);
		*at = m;
		atomic_fetch_add(&set->n_moved, 1);
	}
	if (!home && m != NULL) {
		m->shard = shard;
		m->state = state;
	}
	pthread_rwlock_unlock(&set->moved_lock);
	return home || m != NULL;
}

unsigned
shard_owner(struct sw_shards *set, const struct sw_endpoint ends[2], enum moved_state *state)
{
	unsigned owner = sw_steer(&set->steer, &ends[0], &ends[1]);
	const struct moved *m;

	*state = MOVED_THERE;
	if (atomic_load_explicit(&set->n_moved, memory_order_relaxed) == 0)
		return owner;
	pthread_rwlock_rdlock(&set->moved_lock);
	m = *moved_find(set, ends);
	if (m != NULL) {
		owner = m->shard;
		*state = m->state;
	}
	pthread_rwlock_unlock(&set->moved_lock);
	return owner;
}

void
shard_sweep(struct sw_shard *s)
{
	struct sw_shards *set = s->set;
	sw_ns now = sw_drv_now();

	if (now - s->swept < SWEEP_EVERY_MS * SW_MS)
		return;
	s->swept = now;
	pthread_rwlock_wrlock(&set->moved_lock);
	for (int i = 0; i < MOVED_HEADS; i++) {
		struct moved **at = &set->moved[i];

		while (*at != NULL) {
			const struct moved *m = *at;

			if (m->shard == s->number && m->state == MOVED_THERE &&
			    !sw_is_known(s->stack, &m->ends[0], &m->ends[1]))
				moved_remove(set, at);
			else
				at = &(*at)->next;
		}
	}
	pthread_rwlock_unlock(&set->moved_lock);
}

void
moved_free(struct sw_shards *set)
{
	for (int i = 0; i < MOVED_HEADS; i++)
		while (set->moved[i] != NULL)
			moved_remove(set, &set->moved[i]);
}

/* The two ends of a connection of this stack. */
static bool
ends_of(const struct sw_stack *s, sw_conn c, struct sw_endpoint ends[2])
{
	struct sw_status st = {.bytes = sizeof st};

	if (sw_status(s, c, &st) != SW_OK)
		return false;
	ends[0] = st.local;
	ends[1] = st.remote;
	return true;
}

/* It is in the mail, unless it has been read meanwhile. */
static void
moved_mailed(struct sw_shards *set, const struct sw_endpoint ends[2])
{
	struct moved *m;

	pthread_rwlock_wrlock(&set->moved_lock);
	m = *moved_find(set, ends);
	if (m != NULL && m->state == MOVED_ON_ITS_WAY)
		m->state = MOVED_IN_MAIL;
	pthread_rwlock_unlock(&set->moved_lock);
}

/* The connection into the other's mail, and then what comes for it; false: no room. */
static bool
post(struct sw_shards *set, const struct letter *l, unsigned to)
{
	if (!moved_set(set, l->ends, to, MOVED_ON_ITS_WAY) || !mail_put(&set->shard[to], l))
		return false;
	moved_mailed(set, l->ends);
	return true;
}

void
shard_import(struct sw_shard *s, const struct letter *l)
{
	struct letter back = *l;
	sw_conn c;

	if (sw_import(s->stack, sw_drv_now(), l->p.data, l->p.len, &c) == SW_OK) {
		moved_set(s->set, l->ends, s->number, MOVED_THERE);
		return;
	}
	/* no room here: where it was there is, unless others were quicker */
	back.kind = MAIL_REFUSED;
	back.from = s->number;
	if (l->kind == MAIL_REFUSED || !post(s->set, &back, l->from))
		moved_set(s->set, l->ends, sw_steer(&s->set->steer, &l->ends[0], &l->ends[1]),
			  MOVED_THERE); /* nobody has it */
}

int
sw_shard_move(struct sw_shard *s, sw_conn c, unsigned to)
{
	struct letter l = {.kind = MAIL_CONN, .from = s->number};
	ptrdiff_t n, room;
	sw_conn again;
	int error = SW_OK;

	if (to >= s->set->n || to == s->number)
		return SW_E_INVALID;
	room = sw_export(s->stack, sw_drv_now(), c, NULL, 0, SW_EXPORT_COPY);
	if (room < 0 || !ends_of(s->stack, c, l.ends))
		return room < 0 ? (int)room : SW_E_NO_CONN;
	room += 64; /* time goes on, and numbers become longer */
	l.p.data = malloc((size_t)room);
	n = l.p.data != NULL ? sw_export(s->stack, sw_drv_now(), c, l.p.data, (size_t)room, 0)
			     : SW_E_NO_MEMORY;
	if (n > 0 && n <= room) {
		l.p.len = (uint32_t)n;
		if (!post(s->set, &l, to)) {
			sw_import(s->stack, sw_drv_now(), l.p.data, (size_t)n, &again);
			moved_set(s->set, l.ends, s->number, MOVED_THERE);
			error = SW_E_NO_MEMORY;
		}
	}
	free(l.p.data);
	return n < 0 ? (int)n : error;
}
