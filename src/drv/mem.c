/*
 * mem.c - the link in memory: two bounded queues of packets, copied in.  Knows
 * nothing of time: what is sent on one side has come on the other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drv.h"

struct mem_slot {
	struct sw_packet p;
	uint8_t *frame;
};

struct mem_queue {
	struct mem_slot *slots;
	uint32_t depth, first, used;
	uint32_t lent; /* of the oldest, how many the receiver still looks at */
};

struct mem_link {
	unsigned ends;		 /* drivers that still hold it */
	uint32_t room;		 /* bytes of a frame */
	struct mem_queue way[2]; /* way[i]: packets towards end i */
};

static void
mem_free(struct mem_link *m)
{
	for (int w = 0; w < 2; w++) {
		for (uint32_t i = 0; m->way[w].slots != NULL && i < m->way[w].depth; i++)
			free(m->way[w].slots[i].frame);
		free(m->way[w].slots);
	}
	free(m);
}

static void
mem_close(void *self)
{
	struct sw_drv *d = self;

	if (d->mem != NULL && --d->mem->ends == 0)
		mem_free(d->mem);
}

static bool
mem_pending(void *self)
{
	const struct sw_drv *d = self;
	const struct mem_queue *q = &d->mem->way[d->side];

	return q->used > q->lent;
}

static ptrdiff_t
mem_receive(void *self, struct sw_packet *p, size_t n)
{
	struct sw_drv *d = self;
	struct mem_queue *q = &d->mem->way[d->side];
	uint32_t i;

	q->first = (q->first + q->lent) % q->depth;
	q->used -= q->lent;
	for (i = 0; i < n && i < q->used; i++)
		p[i] = q->slots[(q->first + i) % q->depth].p;
	q->lent = i;
	return (ptrdiff_t)i;
}

/* Copy one packet into a slot: false if there is no memory for it. */
static bool
mem_put(struct mem_link *m, struct mem_slot *s, const struct sw_packet *p)
{
	if (s->frame == NULL)
		s->frame = malloc(m->room);
	if (s->frame == NULL || p->len > m->room)
		return false;
	memcpy(s->frame, p->data, p->len);
	s->p = *p;
	s->p.data = s->frame;
	s->p.cap = m->room;
	return true;
}

static ptrdiff_t
mem_send(void *self, const struct sw_packet *p, size_t n)
{
	struct sw_drv *d = self;
	struct mem_queue *q = &d->mem->way[!d->side];
	size_t i;

	for (i = 0; i < n && q->used < q->depth; i++) {
		if (mem_put(d->mem, &q->slots[(q->first + q->used) % q->depth], &p[i]))
			q->used++;
		else
			d->lost++;
	}
	return (ptrdiff_t)i;
}

static const struct sw_drv_ops mem_ops = {
    .receive = mem_receive, .send = mem_send, .pending = mem_pending, .close = mem_close};

/* One end of the link. */
static struct sw_drv *
mem_end(struct mem_link *m, const struct sw_iface *kind, unsigned side)
{
	struct sw_drv *d = drv_new(&mem_ops);

	if (d == NULL)
		return NULL;
	d->mem = m;
	d->side = side;
	d->iface = *kind;
	snprintf(d->name, sizeof d->name, "mem%u", side);
	m->ends++;
	if (kind->link == SW_LINK_ETHERNET && drv_mac(d->iface.mac) != 0) {
		sw_drv_close(d);
		return NULL;
	}
	return d;
}

int
sw_drv_memory(struct sw_drv *ends[2], const struct sw_iface *kind, uint32_t depth)
{
	struct mem_link *m = calloc(1, sizeof *m);
	uint32_t longest = kind->gso_max > kind->mtu ? kind->gso_max : kind->mtu;

	ends[0] = ends[1] = NULL;
	if (m == NULL)
		return -1;
	m->ends = 1; /* ourselves, until both ends stand */
	m->room = longest + 64;
	for (int w = 0; w < 2; w++) {
		m->way[w].depth = depth > 0 ? depth : 1;
		m->way[w].slots = calloc(m->way[w].depth, sizeof *m->way[w].slots);
	}
	if (m->way[0].slots != NULL && m->way[1].slots != NULL) {
		ends[0] = mem_end(m, kind, 0);
		ends[1] = ends[0] != NULL ? mem_end(m, kind, 1) : NULL;
	}
	if (ends[1] == NULL) {
		sw_drv_close(ends[0]);
		ends[0] = NULL;
	}
	if (--m->ends == 0) {
		mem_free(m);
		errno = ENOMEM;
		return -1;
	}
	return 0;
}
