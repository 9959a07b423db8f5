/*
 * drv.c - what all drivers have in common, and the loop that joins a driver to
 * a stack.  Knows sw_input() and sw_output(); knows no device.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <synwave/sw_simd.h>

#include "drv.h"

#define FULL_NAP SW_MS	/* of a full device that cannot tell when it has room */
#define FLUSH_BYTES (256 * 1024) /* sent in one turn before input is looked at */
#define FLUSH_EACH 64		  /* and so much counts a packet as such */

enum flush { FLUSH_DONE, FLUSH_FULL, FLUSH_MORE, FLUSH_GONE };

/* A driver with room for its packets, or NULL. */
struct sw_drv *
drv_new(const struct sw_drv_ops *ops)
{
	struct sw_drv *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->ops = ops;
	d->self = d;
	d->fd = -1;
	d->number = -1;
	return d;
}

struct sw_drv *
sw_drv_new(const struct sw_drv_ops *ops, void *self, int fd, const char *name,
	   const struct sw_iface *face)
{
	struct sw_drv *d = drv_new(ops);

	if (d == NULL)
		return NULL;
	d->self = self;
	d->fd = fd;
	d->iface = *face;
	snprintf(d->name, sizeof d->name, "%s", name);
	return d;
}

void *
sw_drv_self(const struct sw_drv *d, const struct sw_drv_ops *ops)
{
	return d->ops == ops ? d->self : NULL;
}

int
drv_fail(struct sw_drv_error *e, const char *what, const char *text)
{
	int code = errno;

	if (e != NULL) {
		e->code = code;
		snprintf(e->text, sizeof e->text, "%s: %s", what,
			 text != NULL ? text : strerror(code));
	}
	errno = code;
	return -1;
}

/* A random unicast MAC, locally administered. */
int
drv_mac(uint8_t mac[6])
{
	if (getrandom(mac, 6, 0) != 6)
		return -1;
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02);
	return 0;
}

int
sw_drv_secret(uint8_t secret[32])
{
	return getrandom(secret, 32, 0) == 32 ? 0 : -1;
}

/* A stack in memory of its own, with the secret that config has; NULL: errno. */
struct sw_stack *
drv_stack(const struct sw_config *config, void **arena)
{
	struct sw_stack *s = NULL;
	struct sw_config own = *config;
	size_t bytes = (sw_stack_bytes(config) + 63) & ~(size_t)63;
	void *memory;

	if (bytes == 0) {
		errno = EINVAL;
		return NULL;
	}
	if (own.copy_sum == NULL)
		own.copy_sum = sw_simd_copy_sum(sw_simd_best());
	if (own.sum == NULL)
		own.sum = sw_simd_sum(sw_simd_best());
	memory = aligned_alloc(64, bytes);
	if (memory == NULL || sw_stack_init(&s, &own, memory, bytes) != SW_OK) {
		free(memory);
		return NULL;
	}
	if (arena != NULL)
		*arena = memory;
	return s;
}

struct sw_stack *
sw_drv_stack(struct sw_config *config, void **arena)
{
	return sw_drv_secret(config->secret) == 0 ? drv_stack(config, arena) : NULL;
}

sw_ns
sw_drv_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (sw_ns)t.tv_sec * SW_S + (sw_ns)t.tv_nsec;
}

void
sw_drv_close(struct sw_drv *d)
{
	if (d == NULL)
		return;
	d->ops->close(d->self);
	free(d->in);
	free(d->out);
	free(d);
}

int
sw_drv_fd(const struct sw_drv *d)
{
	return d->fd;
}

const char *
sw_drv_name(const struct sw_drv *d)
{
	return d->name;
}

bool
sw_drv_made(const struct sw_drv *d)
{
	return d->made;
}

uint64_t
sw_drv_lost(const struct sw_drv *d)
{
	return d->lost + (d->ops->lost != NULL ? d->ops->lost(d->self) : 0);
}

void
sw_drv_iface(const struct sw_drv *d, struct sw_iface *i)
{
	*i = d->iface;
}

ptrdiff_t
sw_drv_receive(struct sw_drv *d, struct sw_packet *p, size_t n)
{
	return d->ops->receive(d->self, p, n < DRV_BATCH ? n : DRV_BATCH);
}

ptrdiff_t
sw_drv_send(struct sw_drv *d, const struct sw_packet *p, size_t n)
{
	return d->ops->send(d->self, p, n);
}

int
sw_drv_steer(struct sw_drv *d, const struct sw_steer *s)
{
	if (d->ops->steer != NULL)
		return d->ops->steer(d->self, s);
	errno = ENOTSUP;
	return -1;
}

int
sw_drv_attach(struct sw_drv *d, struct sw_stack *s)
{
	if (d->out == NULL && d->ops->room == NULL)
		d->out = malloc((size_t)DRV_BATCH * DRV_ROOM);
	if (d->out == NULL && d->ops->room == NULL)
		return SW_E_NO_MEMORY;
	d->number = sw_iface_add(s, &d->iface);
	d->stack = d->number >= 0 ? s : NULL;
	d->at = d->n = 0;
	return d->number;
}

void
sw_drv_watch(struct sw_drv *d, void (*watch)(void *, const struct sw_packet *, bool), void *ctx)
{
	d->watch = watch;
	d->watch_ctx = ctx;
}

static void
watch_all(const struct sw_drv *d, const struct sw_packet *p, size_t n, bool out)
{
	for (size_t i = 0; d->watch != NULL && i < n; i++)
		d->watch(d->watch_ctx, &p[i], out);
}

/* How many of what the last batch held are still warm in the cache. */
static size_t
batch_most(const struct sw_drv *d)
{
	size_t bytes = 0, most;

	for (size_t i = 0; i < d->n; i++)
		bytes += d->batch[i].len;
	if (bytes == 0)
		return DRV_BATCH;
	most = DRV_WARM * d->n / bytes;
	return most < 1 ? 1 : most < DRV_BATCH ? most : DRV_BATCH;
}

/* Where the next batch is written: for how many packets there is room. */
static size_t
batch_room(struct sw_drv *d)
{
	size_t most = batch_most(d);

	memset(d->batch, 0, most * sizeof d->batch[0]);
	if (d->ops->room != NULL)
		return d->ops->room(d->self, d->batch, most);
	for (size_t i = 0; i < most; i++) {
		d->batch[i].data = d->out + i * DRV_ROOM;
		d->batch[i].cap = DRV_ROOM;
	}
	return most;
}

/* Move what the stack has to say to the device, until one of them has enough; not so much
 * that what has come meanwhile, and what was sent, would no more be warm. */
static enum flush
flush(struct sw_drv *d)
{
	for (size_t bytes = 0; bytes < FLUSH_BYTES;) {
		ptrdiff_t took;

		if (d->at == d->n) {
			size_t room = batch_room(d);

			d->at = 0;
			d->n = sw_output(d->stack, sw_drv_now(), d->number, d->batch, room);
			if (d->n == 0)
				return room > 0 ? FLUSH_DONE : FLUSH_FULL;
			watch_all(d, d->batch, d->n, true);
		}
		took = d->ops->send(d->self, d->batch + d->at, d->n - d->at);
		if (took < 0)
			return FLUSH_GONE;
		for (ptrdiff_t i = 0; i < took; i++)
			bytes += FLUSH_EACH + d->batch[d->at++].len;
		if (d->at < d->n)
			return FLUSH_FULL;
	}
	return FLUSH_MORE;
}

static bool
is_pending(const struct sw_drv *d)
{
	return d->ops->pending != NULL && d->ops->pending(d->self);
}

/* How long the turn may sleep, in nanoseconds; SW_NEVER: for ever. */
static sw_ns
sleep_time(const struct sw_drv *d, enum flush f, bool waits, sw_ns timeout)
{
	sw_ns deadline, now;

	if (f == FLUSH_MORE || timeout == 0 || waits)
		return 0;
	if (f == FLUSH_FULL) /* only the device can help, or the caller */
		return d->tells || timeout < FULL_NAP ? timeout : FULL_NAP;
	deadline = sw_deadline(d->stack);
	if (deadline == SW_NEVER)
		return timeout;
	now = sw_drv_now();
	if (deadline <= now)
		return 0;
	return deadline - now < timeout ? deadline - now : timeout;
}

/* Give the stack what has come. */
static int
take(struct sw_drv *d)
{
	struct sw_packet in[DRV_BATCH];
	ptrdiff_t n = d->ops->receive(d->self, in, DRV_BATCH);

	if (n < 0)
		return -1;
	for (ptrdiff_t i = 0; i < n; i++)
		in[i].iface = (uint16_t)d->number;
	if (n > 0 && d->sift != NULL)
		n = (ptrdiff_t)d->sift(d->sift_ctx, in, (size_t)n);
	watch_all(d, in, n > 0 ? (size_t)n : 0, false);
	if (n > 0)
		sw_input(d->stack, sw_drv_now(), in, (size_t)n);
	return 0;
}

/* Sleep until something is there: 0, or -1.  fds[0]: the device; revents are filled. */
static int
doze(struct pollfd *fds, size_t n, sw_ns sleep)
{
	struct timespec t = {(time_t)(sleep / SW_S), (long)(sleep % SW_S)};
	int got = ppoll(fds, n, sleep == SW_NEVER ? NULL : &t, NULL);

	if (got < 0 && errno != EINTR)
		return -1;
	for (size_t i = 0; got <= 0 && i < n; i++)
		fds[i].revents = 0;
	if ((fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0)
		return 0;
	errno = ENODEV;
	return -1;
}

int
sw_drv_turn(struct sw_drv *d, sw_ns timeout, struct pollfd *more, size_t n)
{
	struct pollfd fds[1 + DRV_MORE];
	enum flush f;
	bool waits;

	if (d->stack == NULL || n > DRV_MORE) {
		errno = EINVAL;
		return -1;
	}
	f = flush(d);
	if (f == FLUSH_GONE)
		return -1;
	waits = is_pending(d);
	if (waits && n == 0)
		return take(d);
	fds[0] = (struct pollfd){.fd = d->fd, .events = POLLIN};
	if (f == FLUSH_FULL && d->tells)
		fds[0].events |= POLLOUT;
	if (n > 0)
		memcpy(fds + 1, more, n * sizeof *more);
	if (doze(fds, n + 1, sleep_time(d, f, waits, timeout)) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		more[i].revents = fds[i + 1].revents;
	return d->fd < 0 || waits || (fds[0].revents & POLLIN) != 0 ? take(d) : 0;
}
