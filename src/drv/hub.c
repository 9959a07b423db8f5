/*
 * hub.c - a link in memory with many queues at one end, as a device that steers:
 * what is sent at the one end comes to the queue that its flow belongs to.  Each end
 * may be a thread's own.
 *
 * Each way between the two is a ring with one writer and one reader.  A reader that
 * goes to sleep says so first and looks once more; a writer that then sees it wakes
 * it: so either of them sees the other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "drv.h"

struct hub_ring {
	struct sw_packet *slots; /* data: a frame of the hub's, made when first used */
	uint32_t depth;
	_Alignas(64) atomic_uint put;	/* written by the writer */
	_Alignas(64) atomic_uint taken; /* by the reader */
	uint32_t lent;			/* reader's: the oldest, still looked at */
};

struct hub_end {
	struct hub *hub;
	unsigned queue; /* which one; the hub's `n`: the one end */
	int fd;
	bool armed; /* the reader's: it has set: */
	_Alignas(64) atomic_bool asleep;
};

struct hub {
	unsigned n; /* queues */
	uint32_t room;
	enum sw_link link;
	atomic_uint ends;	    /* that are not closed */
	struct sw_steer steer;	    /* shards 0: all to queue 0 */
	struct hub_ring *to, *from; /* to queue i, from queue i */
	struct hub_end *end;	    /* n + 1 */
};

static void
hub_free(struct hub *h)
{
	for (unsigned i = 0; i < 2 * h->n; i++) {
		struct hub_ring *r = i < h->n ? &h->to[i] : &h->from[i - h->n];

		for (uint32_t j = 0; r->slots != NULL && j < r->depth; j++)
			free(r->slots[j].data);
		free(r->slots);
	}
	for (unsigned i = 0; i <= h->n; i++)
		if (h->end[i].fd >= 0)
			close(h->end[i].fd);
	free(h->to);
	free(h->from);
	free(h->end);
	free(h);
}

/* ---- a ring ---------------------------------------------------------------- */

/* Copies a packet in: false: the ring is full, or there is no memory. */
static bool
ring_put(struct hub_ring *r, uint32_t room, const struct sw_packet *p)
{
	unsigned put = atomic_load_explicit(&r->put, memory_order_relaxed);
	struct sw_packet *s = &r->slots[put % r->depth];
	uint8_t *frame = s->data;

	if (put - atomic_load_explicit(&r->taken, memory_order_acquire) >= r->depth)
		return false;
	if (frame == NULL)
		frame = malloc(room);
	if (frame == NULL)
		return false;
	memcpy(frame, p->data, p->len);
	*s = *p;
	s->data = frame;
	s->cap = room;
	atomic_store(&r->put, put + 1); /* before end_wake() looks, for everybody */
	return true;
}

static uint32_t
ring_waits(const struct hub_ring *r)
{
	return atomic_load(&r->put) - atomic_load_explicit(&r->taken, memory_order_relaxed) -
	       r->lent;
}

/* Gives back what was lent, and lends up to n more. */
static uint32_t
ring_take(struct hub_ring *r, struct sw_packet *p, size_t n)
{
	unsigned at = atomic_load_explicit(&r->taken, memory_order_relaxed) + r->lent;
	uint32_t some;

	atomic_store_explicit(&r->taken, at, memory_order_release);
	r->lent = 0;
	some = ring_waits(r);
	if (some > n)
		some = (uint32_t)n;
	for (uint32_t i = 0; i < some; i++)
		p[i] = r->slots[(at + i) % r->depth];
	r->lent = some;
	return some;
}

/* ---- an end ------------------------------------------------------------------ */

static bool
end_waits(const struct hub_end *e)
{
	const struct hub *h = e->hub;

	if (e->queue < h->n)
		return ring_waits(&h->to[e->queue]) > 0;
	for (unsigned i = 0; i < h->n; i++)
		if (ring_waits(&h->from[i]) > 0)
			return true;
	return false;
}

/* Asked before the reader sleeps. */
static bool
hub_pending(void *self)
{
	struct hub_end *e = self;

	if (end_waits(e))
		return true;
	e->armed = true;
	atomic_store(&e->asleep, true);
	return end_waits(e);
}

static void
end_wake(struct hub_end *e)
{
	const uint64_t one = 1;

	if (!atomic_load(&e->asleep) || !atomic_exchange(&e->asleep, false))
		return;
	if (write(e->fd, &one, sizeof one) < 0) {
		/* it is awake already */
	}
}

static ptrdiff_t
hub_receive(void *self, struct sw_packet *p, size_t n)
{
	struct hub_end *e = self;
	struct hub *h = e->hub;
	uint64_t count;
	size_t some = 0;

	if (e->armed && !atomic_exchange(&e->asleep, false) &&
	    read(e->fd, &count, sizeof count) < 0) {
		/* not yet written: it wakes us once in vain */
	}
	e->armed = false;
	if (e->queue < h->n)
		return (ptrdiff_t)ring_take(&h->to[e->queue], p, n);
	for (unsigned i = 0; i < h->n; i++)
		some += ring_take(&h->from[i], p + some, n - some);
	return (ptrdiff_t)some;
}

static ptrdiff_t
hub_send(void *self, const struct sw_packet *p, size_t n)
{
	struct hub_end *e = self;
	struct hub *h = e->hub;
	bool to_one = e->queue < h->n;
	uint64_t woken = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned q = to_one ? e->queue : drv_shard(&h->steer, h->link, &p[i]);

		if (p[i].len > h->room) /* longer than the device said: lost */
			continue;
		if (!ring_put(to_one ? &h->from[q] : &h->to[q], h->room, &p[i]))
			break;
		woken |= (uint64_t)1 << (to_one ? 0 : q);
	}
	for (unsigned q = 0; woken >> q != 0 && q < SW_DRV_QUEUES; q++)
		if ((woken >> q & 1) != 0)
			end_wake(&h->end[to_one ? h->n : q]);
	return (ptrdiff_t)i;
}

static void
hub_close(void *self)
{
	struct hub_end *e = self;

	if (atomic_fetch_sub(&e->hub->ends, 1) == 1)
		hub_free(e->hub);
}

static int
hub_steer(void *self, const struct sw_steer *s)
{
	struct hub_end *e = self;

	if (s->shards > e->hub->n) {
		errno = EINVAL;
		return -1;
	}
	e->hub->steer = *s;
	return 0;
}

static const struct sw_drv_ops hub_ops = {.receive = hub_receive,
					  .send = hub_send,
					  .pending = hub_pending,
					  .steer = hub_steer,
					  .close = hub_close};

/* ---- making ------------------------------------------------------------------- */

/* The hub with its rings, or NULL. */
static struct hub *
hub_new(unsigned n, const struct sw_iface *kind, uint32_t depth)
{
	struct hub *h = calloc(1, sizeof *h);
	bool good;

	if (h == NULL)
		return NULL;
	h->n = n;
	h->link = kind->link;
	h->room = (kind->gso_max > kind->mtu ? kind->gso_max : kind->mtu) + 64;
	h->to = aligned_alloc(64, n * sizeof *h->to);
	h->from = aligned_alloc(64, n * sizeof *h->from);
	h->end = aligned_alloc(64, (n + 1) * sizeof *h->end);
	if (h->to == NULL || h->from == NULL || h->end == NULL) {
		free(h->to), free(h->from), free(h->end), free(h);
		return NULL;
	}
	memset(h->to, 0, n * sizeof *h->to);
	memset(h->from, 0, n * sizeof *h->from);
	memset(h->end, 0, (n + 1) * sizeof *h->end);
	good = true;
	for (unsigned i = 0; i <= n; i++) {
		h->end[i] = (struct hub_end){.hub = h, .queue = i};
		h->end[i].fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		good = good && h->end[i].fd >= 0;
		for (int back = 0; i < n && back < 2; back++) {
			struct hub_ring *r = back ? &h->from[i] : &h->to[i];

			r->depth = depth > 0 ? depth : 1;
			r->slots = calloc(r->depth, sizeof *r->slots);
			good = good && r->slots != NULL;
		}
	}
	if (good)
		return h;
	hub_free(h);
	return NULL;
}

int
sw_drv_hub(struct sw_drv **one, struct sw_drv *queues[], unsigned n, const struct sw_iface *kind,
	   uint32_t depth)
{
	struct sw_iface face = *kind;
	struct hub *h;
	char name[DRV_NAME];
	bool good;

	if (n == 0 || n > SW_DRV_QUEUES) {
		errno = EINVAL;
		return -1;
	}
	h = hub_new(n, kind, depth);
	good = h != NULL && (kind->link != SW_LINK_ETHERNET || drv_mac(face.mac) == 0);
	for (unsigned i = 0; i <= n; i++) { /* queues share one MAC, as a device's do */
		struct sw_drv **d = i < n ? &queues[i] : one;

		snprintf(name, sizeof name, "hub%u", i);
		if (good && i == n && kind->link == SW_LINK_ETHERNET)
			good = drv_mac(face.mac) == 0;
		*d = good ? sw_drv_new(&hub_ops, &h->end[i], h->end[i].fd, name, &face) : NULL;
		if (*d != NULL)
			atomic_fetch_add(&h->ends, 1);
		good = *d != NULL;
	}
	if (good)
		return 0;
	if (h != NULL && atomic_load(&h->ends) == 0)
		hub_free(h);
	for (unsigned i = 0; i <= n; i++)
		sw_drv_close(i < n ? queues[i] : *one);
	errno = ENOMEM;
	return -1;
}
