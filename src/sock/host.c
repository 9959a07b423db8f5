/*
 * host.c - a host: its world, its table of descriptors, and the one wait.
 *
 * Knows nothing of TCP.
 */
#include "sock/sock.h"

enum { FIRST_FD = 3, MAX_FDS = 65536, TABLE_START = 16 };

/* Sets errno, -1. */
int
sock_fail(int error)
{
	errno = error;
	return -1;
}

/* The defaults. */
void
sw_sock_world_init(struct sw_sock_world *w)
{
	memset(w, 0, sizeof(*w));
	w->bytes = sizeof(*w);
	w->first_fd = FIRST_FD;
	w->max_fds = MAX_FDS;
}

static sw_ns
sim_clock(void *ctx)
{
	return sw_sim_now(ctx);
}

static int
sim_wait(void *ctx, sw_ns until)
{
	if (sw_sim_step(ctx, until) || until != SW_NEVER)
		return 0;
	return sock_fail(EDEADLK);
}

/* The world is one simulator. */
void
sw_sock_world_sim(struct sw_sock_world *w, struct sw_sim *sim)
{
	sw_sock_world_init(w);
	w->ctx = sim;
	w->clock = sim_clock;
	w->wait = sim_wait;
}

static sw_ns
drv_clock(void *ctx)
{
	(void)ctx;
	return sw_drv_now();
}

static int
drv_wait(void *ctx, sw_ns until)
{
	sw_ns now = sw_drv_now(), span = until > now ? until - now : 0;

	return sw_drv_turn(ctx, until == SW_NEVER ? SW_NEVER : span, NULL, 0);
}

/* The world is one driver. */
void
sw_sock_world_drv(struct sw_sock_world *w, struct sw_drv *drv)
{
	sw_sock_world_init(w);
	w->ctx = drv;
	w->clock = drv_clock;
	w->wait = drv_wait;
	w->eager = true;
}

/* A host over a stack. */
struct sw_sock_host *
sw_sock_host(struct sw_stack *stack, const struct sw_sock_world *w)
{
	struct sw_sock_host *h;

	if (stack == NULL || w == NULL || w->bytes != sizeof(*w) || w->clock == NULL ||
	    w->wait == NULL || w->first_fd < 0 || w->max_fds > INT32_MAX / 2) {
		errno = EINVAL;
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->stack = stack;
	h->world = *w;
	sw_stack_config(stack, &h->conf);
	memcpy(&h->random, h->conf.secret, sizeof(h->random));
	return h;
}

/* Aborts what is open. */
void
sw_sock_host_free(struct sw_sock_host *h)
{
	if (h == NULL)
		return;
	for (uint32_t i = 0; i < h->n_table; i++) {
		struct sock *s = h->table[i];

		if (s == NULL)
			continue;
		if (s->conn != 0)
			sw_abort(h->stack, sw_sock_now(h), s->conn);
		sock_free(h, s);
	}
	free(h->table);
	free(h);
}

struct sw_stack *
sw_sock_stack(const struct sw_sock_host *h)
{
	return h->stack;
}

sw_ns
sw_sock_now(const struct sw_sock_host *h)
{
	return h->world.clock(h->world.ctx);
}

/* The connection or listener behind a descriptor. */
sw_conn
sw_sock_conn(const struct sw_sock_host *h, int fd)
{
	const struct sock *s = sock_at(h, fd);

	return s != NULL ? s->conn : 0;
}

/* ---- descriptors -------------------------------------------------------- */

/* NULL: no such. */
struct sock *
sock_at(const struct sw_sock_host *h, int fd)
{
	int64_t i = (int64_t)fd - h->world.first_fd;

	return i >= 0 && i < h->n_table ? h->table[i] : NULL;
}

/* NULL: EBADF. */
struct sock *
sock_find(const struct sw_sock_host *h, int fd)
{
	struct sock *s = sock_at(h, fd);

	if (s == NULL)
		errno = EBADF;
	return s;
}

/* NULL: EBADF, or ENOTSOCK for an epoll. */
struct sock *
sock_tcp(const struct sw_sock_host *h, int fd)
{
	struct sock *s = sock_find(h, fd);

	if (s == NULL || s->kind == SOCK_KIND_TCP)
		return s;
	errno = ENOTSOCK;
	return NULL;
}

static bool
table_grow(struct sw_sock_host *h)
{
	uint32_t n = h->n_table ? h->n_table * 2 : TABLE_START;
	struct sock **table;

	n = n < h->world.max_fds ? n : h->world.max_fds;
	if (n <= h->n_table) {
		errno = EMFILE;
		return false;
	}
	table = realloc(h->table, n * sizeof(struct sock *));
	if (table == NULL)
		return false;
	memset(table + h->n_table, 0, (n - h->n_table) * sizeof(struct sock *));
	h->table = table;
	h->n_table = n;
	return true;
}

/* The lowest free descriptor, as POSIX wants it. */
struct sock *
sock_new(struct sw_sock_host *h, enum sock_kind kind)
{
	struct sock *s;

	while (h->lowest < h->n_table && h->table[h->lowest] != NULL)
		h->lowest++;
	if (h->lowest == h->n_table && !table_grow(h))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->kind = kind;
	s->fd = h->world.first_fd + (int)h->lowest;
	s->serial = ++h->serial;
	h->table[h->lowest] = s;
	return s;
}

/* The descriptor is free; what stood behind it is the caller's. */
void
sock_free(struct sw_sock_host *h, struct sock *s)
{
	uint32_t i = (uint32_t)(s->fd - h->world.first_fd);

	sock_unwatch(s);
	h->table[i] = NULL;
	if (i < h->lowest)
		h->lowest = i;
	free(s);
}

/* ---- waiting ------------------------------------------------------------ */

/* Until when a call with these flags and this timeout may block; 0: not at all. */
sw_ns
sock_until(const struct sw_sock_host *h, const struct sock *s, int flags, sw_ns timeout)
{
	sw_ns now = sw_sock_now(h);

	if (s->nonblock || (flags & MSG_DONTWAIT))
		return 0;
	return timeout < SW_NEVER - now ? now + timeout : SW_NEVER;
}

/* The same for poll() and epoll_wait(): negative is for ever. */
sw_ns
sock_until_ms(const struct sw_sock_host *h, int timeout_ms)
{
	if (timeout_ms < 0)
		return SW_NEVER;
	return timeout_ms == 0 ? 0 : sw_sock_now(h) + (sw_ns)timeout_ms * SW_MS;
}

/* One wait of a caller that waits for several. */
int
sock_wait_any(struct sw_sock_host *h, sw_ns until)
{
	if (until != SW_NEVER && sw_sock_now(h) >= until)
		return sock_fail(EAGAIN);
	return h->world.wait(h->world.ctx, until);
}

/* One wait for s, which may be closed meanwhile. */
int
sock_wait(struct sw_sock_host *h, const struct sock *s, sw_ns until)
{
	uint64_t serial = s->serial;
	int fd = s->fd, error;
	const struct sock *after;

	error = sock_wait_any(h, until);
	if (error < 0 && errno == EAGAIN)
		return -1;
	after = sock_at(h, fd);
	if (after == NULL || after->serial != serial)
		return sock_fail(EBADF);
	return error;
}

/* In an eager world, lets it move without waiting.  errno stays. */
void
sock_nudge(struct sw_sock_host *h)
{
	int error = errno;

	if (h->world.eager)
		(void)h->world.wait(h->world.ctx, sw_sock_now(h));
	errno = error;
}

/* Waits once. */
int
sw_sock_turn(struct sw_sock_host *h, sw_ns timeout)
{
	sw_ns now = sw_sock_now(h);

	return h->world.wait(h->world.ctx, timeout < SW_NEVER - now ? now + timeout : SW_NEVER);
}
