/*
 * diff.c - see diff.h.  Packets become a hash, a time and a frame; sorted by hash, the
 * two lists are gone through side by side.
 */
#include "explain/diff.h"

#include <stdlib.h>
#include <string.h>

#include "explain/pool.h"

enum { WAYS_FIRST = 64 };
#define SLACK                                                                                      \
	(3 * SW_S / 2) /* a packet so shortly before or after what the other place saw counts */

struct mark {
	uint64_t what;
	sw_ns at;
	uint32_t way;
	uint32_t frame; /* 0: the other place has it too */
};

struct list {
	struct mark *mark;
	size_t n, room;
	sw_ns first, last;
};

struct way {
	struct ex_diff_way told;
	int64_t least; /* difference of the clocks, for packets of this direction */
	uint32_t back; /* the other direction, or itself */
	bool both;
};

struct ex_diff {
	struct list list[2];
	struct way *way;
	uint32_t ways, way_room;
	uint32_t *slot; /* ways by hash: number + 1 */
	uint32_t slots;
	int64_t offset;
};

struct ex_diff *
ex_diff_new(void)
{
	struct ex_diff *d = ex_zeroed(sizeof(*d));

	d->slots = 2 * WAYS_FIRST;
	d->slot = ex_zeroed(d->slots * sizeof(d->slot[0]));
	return d;
}

void
ex_diff_free(struct ex_diff *d)
{
	if (!d)
		return;
	free(d->list[0].mark);
	free(d->list[1].mark);
	free(d->way);
	free(d->slot);
	free(d);
}

/* ---- directions ------------------------------------------------------------- */

static uint64_t
mix(uint64_t h, uint64_t with)
{
	h = (h ^ with) * 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

static uint64_t
hash_end(uint64_t h, const struct sw_endpoint *e)
{
	uint64_t half[2];

	memcpy(half, e->addr.b, sizeof(half));
	return mix(mix(mix(h, half[0]), half[1]), e->port);
}

static uint64_t
hash_way(const struct sw_endpoint *from, const struct sw_endpoint *to)
{
	return hash_end(hash_end(1, from), to);
}

static bool
same_end(const struct sw_endpoint *a, const struct sw_endpoint *b)
{
	return a->port == b->port && sw_addr_same(&a->addr, &b->addr);
}

/* The slot of a direction, or the empty one where it belongs. */
static uint32_t
slot_of(const struct ex_diff *d, const struct sw_endpoint *from, const struct sw_endpoint *to)
{
	uint32_t i = (uint32_t)hash_way(from, to) & (d->slots - 1);

	while (d->slot[i] && !(same_end(&d->way[d->slot[i] - 1].told.from, from) &&
			       same_end(&d->way[d->slot[i] - 1].told.to, to)))
		i = (i + 1) & (d->slots - 1);
	return i;
}

static void
more_slots(struct ex_diff *d)
{
	free(d->slot);
	d->slots *= 2;
	d->slot = ex_zeroed(d->slots * sizeof(d->slot[0]));
	for (uint32_t i = 0; i < d->ways; i++)
		d->slot[slot_of(d, &d->way[i].told.from, &d->way[i].told.to)] = i + 1;
}

static uint32_t
way_of(struct ex_diff *d, const struct sw_endpoint *from, const struct sw_endpoint *to)
{
	uint32_t i = slot_of(d, from, to), back;
	struct way *w;

	if (d->slot[i])
		return d->slot[i] - 1;
	if (d->ways == d->way_room) {
		d->way_room = d->way_room ? 2 * d->way_room : WAYS_FIRST;
		d->way = ex_resized(d->way, d->way_room * sizeof(d->way[0]));
	}
	back = d->slot[slot_of(d, to, from)];
	w = &d->way[d->ways];
	*w = (struct way){.told = {.from = *from, .to = *to, .nearer = -1},
			  .back = back ? back - 1 : d->ways};
	if (back)
		d->way[back - 1].back = d->ways;
	d->slot[i] = ++d->ways;
	if (d->ways > d->slots / 2)
		more_slots(d);
	return d->ways - 1;
}

/* ---- packets ----------------------------------------------------------------- */

void
ex_diff_packet(struct ex_diff *d, int place, const struct ex_packet *p)
{
	struct list *l = &d->list[place];
	const struct sw_wire *w = &p->wire;
	uint64_t h;

	if (l->n == 0 || p->at < l->first)
		l->first = p->at;
	if (l->n == 0 || p->at > l->last)
		l->last = p->at;
	if (w->kind != SW_WIRE_TCP || !w->whole)
		return;
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 1024;
		l->mark = ex_resized(l->mark, l->room * sizeof(l->mark[0]));
	}
	h = mix(hash_way(&w->src, &w->dst), (uint64_t)w->seq << 32 | w->ack);
	h = mix(h, (uint64_t)w->len << 32 | (uint64_t)w->ctl << 24 | (w->v6 ? 0 : w->id & 0xffff));
	h = mix(h, w->has & SW_HAS_TS ? (uint64_t)w->tsval << 32 | w->tsecr : 0);
	l->mark[l->n++] = (struct mark){h, p->at, way_of(d, &w->src, &w->dst), (uint32_t)p->frame};
}

static int
by_what(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->what != y->what)
		return x->what > y->what ? 1 : -1;
	return (x->at > y->at) - (x->at < y->at);
}

static int
by_frame(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return (x->frame > y->frame) - (x->frame < y->frame);
}

/* Those that are in both lose their frame; what their times say is kept. */
static uint64_t
match(struct ex_diff *d)
{
	struct list *a = &d->list[0], *b = &d->list[1];
	uint64_t common = 0;
	size_t i = 0, k = 0;

	while (i < a->n && k < b->n) {
		struct mark *x = &a->mark[i], *y = &b->mark[k];
		struct way *w = &d->way[x->way];
		int64_t apart = (int64_t)(y->at - x->at);

		if (x->what != y->what) {
			if (x->what < y->what)
				i++;
			else
				k++;
			continue;
		}
		if (!w->both || apart < w->least)
			w->least = apart;
		w->both = true;
		w->told.seen[0]++;
		w->told.seen[1]++;
		x->frame = y->frame = 0;
		common++;
		i++;
		k++;
	}
	return common;
}

/*
 * A packet comes to the farther place later, whatever the clocks: of the two
 * directions, the one whose difference is larger begins near the first place.
 */
static void
nearer(struct ex_diff *d)
{
	bool known = false;

	for (uint32_t i = 0; i < d->ways; i++) {
		struct way *w = &d->way[i], *back = &d->way[w->back];

		if (!w->both || !back->both || w == back || w->least == back->least)
			continue;
		w->told.nearer = w->least > back->least ? 0 : 1;
		d->offset = known ? d->offset : (w->least + back->least) / 2;
		known = true;
	}
	for (uint32_t i = 0; i < d->ways && !known; i++)
		if (d->way[i].both) {
			d->offset = d->way[i].least;
			known = true;
		}
}

/* What is left has been seen at one place; it counts if the other one looked then. */
static void
alone(struct ex_diff *d, int place)
{
	const struct list *l = &d->list[place], *other = &d->list[!place];
	int64_t offset = place == 0 ? d->offset : -d->offset;

	for (size_t i = 0; i < l->n; i++) {
		const struct mark *m = &l->mark[i];
		struct ex_diff_way *w = &d->way[m->way].told;
		int64_t there = (int64_t)m->at + offset;

		if (m->frame == 0 || there < (int64_t)(other->first - SLACK) ||
		    there > (int64_t)(other->last + SLACK))
			continue;
		w->seen[place]++;
		if (w->alone[place] < EX_DIFF_SHOWN)
			w->frame[place][w->alone[place]] = m->frame;
		w->alone[place]++;
	}
}

uint64_t
ex_diff_end(struct ex_diff *d, void (*tell)(void *, const struct ex_diff_way *), void *ctx)
{
	uint64_t common;

	for (int place = 0; place < 2; place++)
		if (d->list[place].n > 0)
			qsort(d->list[place].mark, d->list[place].n, sizeof(struct mark), by_what);
	common = match(d);
	nearer(d);
	for (int place = 0; place < 2; place++) {
		if (d->list[place].n > 0)
			qsort(d->list[place].mark, d->list[place].n, sizeof(struct mark), by_frame);
		if (d->list[!place].n > 0)
			alone(d, place);
	}
	for (uint32_t i = 0; i < d->ways; i++)
		tell(ctx, &d->way[i].told);
	return common;
}

int64_t
ex_diff_offset(const struct ex_diff *d)
{
	return d->offset;
}
