/*
 * shard.c - a set of stacks behind one device, each with a thread and a queue of its
 * own.  Knows threads; of packets only whose flow they are (flow.c).
 *
 * What one shard has for another goes through the other's mail: a bounded queue under
 * a lock, and an eventfd that wakes.  When the device steers, only what is no plain
 * TCP comes that way, and what belongs to connections that have moved (shard_move.c).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "shard.h"

static void
wake(struct sw_shard *s)
{
	const uint64_t one = 1;

	if (write(s->wake, &one, sizeof one) < 0) {
		/* it is full of wake-ups already */
	}
}

/* ---- mail ----------------------------------------------------------------- */

bool
mail_put(struct sw_shard *to, const struct letter *l)
{
	uint8_t *copy = malloc(l->p.len);
	struct mail *m = &to->mail;
	bool room;

	if (copy == NULL)
		return false;
	memcpy(copy, l->p.data, l->p.len);
	pthread_mutex_lock(&m->lock);
	room = m->n < MAIL_MAX;
	if (room) {
		struct letter *at = &m->at[(m->first + m->n++) % MAIL_MAX];

		*at = *l;
		at->p.data = copy;
	}
	pthread_mutex_unlock(&m->lock);
	if (room)
		wake(to);
	else
		free(copy);
	return room;
}

/* The oldest letter, its data to be freed by the caller; false: there is none. */
static bool
mail_take(struct mail *m, struct letter *l)
{
	bool some;

	pthread_mutex_lock(&m->lock);
	some = m->n > 0;
	if (some) {
		*l = m->at[m->first];
		m->first = (m->first + 1) % MAIL_MAX;
		m->n--;
	}
	pthread_mutex_unlock(&m->lock);
	return some;
}

static void
mail_read(struct sw_shard *s)
{
	struct letter l;

	while (mail_take(&s->mail, &l)) { /* others fill it slower than we read */
		l.p.iface = 0;
		if (l.kind == MAIL_PACKET)
			sw_input(s->stack, sw_drv_now(), &l.p, 1);
		else
			shard_import(s, &l);
		free(l.p.data);
	}
}

/* ---- what came here, and is it ours --------------------------------------- */

static void
hand_on(struct sw_shard *s, unsigned to, const struct sw_packet *p)
{
	/* first: who sees what comes of it sees it counted */
	atomic_fetch_add_explicit(&s->crossed, 1, memory_order_relaxed);
	mail_put(&s->set->shard[to], &(struct letter){.p = *p, .from = s->number});
}

/* Is it for our stack?  What is another's has gone there. */
static bool
is_ours(struct sw_shard *s, const struct sw_packet *p)
{
	struct sw_shards *set = s->set;
	struct sw_endpoint ends[2];
	enum moved_state how;
	unsigned owner;

	switch (drv_flow(set->link, p, ends)) {
	case FLOW_PLAIN:
		if (set->steered && atomic_load_explicit(&set->n_moved, memory_order_relaxed) == 0)
			return true;
		break;
	case FLOW_ODD:
		break;
	case FLOW_ALL:
		for (unsigned i = 0; i < set->n; i++)
			if (i != s->number)
				mail_put(&set->shard[i], &(struct letter){.p = *p});
		return true;
	case FLOW_NONE:
		return true;
	}
	owner = shard_owner(set, ends, &how);
	if (owner == s->number && how == MOVED_THERE)
		return true;
	if (how != MOVED_ON_ITS_WAY)
		hand_on(s, owner, p);
	return false;
}

/* Keeps of what came what is ours. */
static size_t
shard_sift(void *ctx, struct sw_packet *p, size_t n)
{
	struct sw_shard *s = ctx;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (is_ours(s, &p[i]))
			p[kept++] = p[i];
	return kept;
}

/* ---- the set --------------------------------------------------------------- */

static bool
shard_init(struct sw_shards *set, unsigned i, struct sw_drv *queue, const struct sw_config *config)
{
	struct sw_shard *s = &set->shard[i];
	struct sw_config own = *config;
	struct sw_config made;

	s->set = set;
	s->number = i;
	s->drv = queue;
	s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	pthread_mutex_init(&s->mail.lock, NULL);
	own.shards = set->n;
	own.shard = i;
	s->stack = s->wake >= 0 ? drv_stack(&own, &s->arena) : NULL;
	if (s->stack == NULL)
		return false;
	sw_stack_config(s->stack, &made);
	sw_steer_init(&set->steer, made.secret, set->n);
	queue->sift = set->n > 1 ? shard_sift : NULL;
	queue->sift_ctx = s;
	return sw_drv_attach(queue, s->stack) == 0;
}

void
sw_shards_free(struct sw_shards *set)
{
	if (set == NULL)
		return;
	for (unsigned i = 0; i < set->n; i++) {
		struct sw_shard *s = &set->shard[i];
		struct letter l;

		sw_drv_close(s->drv);
		while (mail_take(&s->mail, &l))
			free(l.p.data);
		free(s->arena);
		if (s->wake >= 0)
			close(s->wake);
		pthread_mutex_destroy(&s->mail.lock);
	}
	pthread_mutex_destroy(&set->lock);
	pthread_cond_destroy(&set->answer);
	pthread_rwlock_destroy(&set->moved_lock);
	moved_free(set);
	free(set->shard);
	free(set);
}

struct sw_shards *
sw_shards_new(struct sw_drv *const queues[], unsigned n, const struct sw_config *config,
	      struct sw_drv_error *e)
{
	struct sw_shards *set = calloc(1, sizeof *set);
	struct sw_config own = *config;
	bool good = n > 0 && n <= SW_DRV_QUEUES;

	if (set != NULL)
		set->shard = good ? calloc(n, sizeof *set->shard) : NULL;
	errno = good ? ENOMEM : EINVAL;
	if (set == NULL || set->shard == NULL || sw_drv_secret(own.secret) != 0) {
		drv_fail(e, "shards", NULL);
		for (unsigned i = 0; i < n; i++)
			sw_drv_close(queues[i]);
		if (set != NULL)
			free(set->shard);
		free(set);
		return NULL;
	}
	set->n = n;
	set->link = queues[0]->iface.link;
	pthread_mutex_init(&set->lock, NULL);
	pthread_cond_init(&set->answer, NULL);
	pthread_rwlock_init(&set->moved_lock, NULL);
	for (unsigned i = 0; i < n; i++)
		good = shard_init(set, i, queues[i], &own) && good;
	set->steered = n == 1 || sw_drv_steer(queues[0], &set->steer) == 0;
	if (good)
		return set;
	drv_fail(e, "shards", "cannot make the stacks");
	sw_shards_free(set);
	return NULL;
}

struct sw_shard *
sw_shards_at(struct sw_shards *set, unsigned i)
{
	return i < set->n ? &set->shard[i] : NULL;
}

unsigned
sw_shards_count(const struct sw_shards *set)
{
	return set->n;
}

bool
sw_shards_steered(const struct sw_shards *set)
{
	return set->steered;
}

uint64_t
sw_shards_crossed(const struct sw_shards *set)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < set->n; i++)
		sum += atomic_load(&set->shard[i].crossed);
	return sum;
}

/* ---- threads ----------------------------------------------------------------- */

/* Stay on one of the processors that we may use, each shard on another. */
static void
pin(unsigned number)
{
	cpu_set_t may, one;
	unsigned which;

	if (sched_getaffinity(0, sizeof may, &may) != 0 || CPU_COUNT(&may) == 0)
		return;
	which = number % (unsigned)CPU_COUNT(&may);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &may) || which-- > 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		pthread_setaffinity_np(pthread_self(), sizeof one, &one);
		return;
	}
}

static void *
shard_run(void *arg)
{
	struct sw_shard *s = arg;

	s->set->work(s, s->set->ctx);
	pthread_mutex_lock(&s->set->lock);
	s->said = UINT32_MAX; /* its stack rests: anybody may look */
	pthread_cond_broadcast(&s->set->answer);
	pthread_mutex_unlock(&s->set->lock);
	return NULL;
}

static void *
shard_run_pinned(void *arg)
{
	struct sw_shard *s = arg;

	pin(s->number);
	return shard_run(s);
}

int
sw_shards_start(struct sw_shards *set, void (*work)(struct sw_shard *, void *), void *ctx,
		unsigned how)
{
	void *(*run)(void *) = (how & SW_SHARDS_PIN) != 0 ? shard_run_pinned : shard_run;
	int code = 0;

	set->work = work;
	set->ctx = ctx;
	atomic_store(&set->stop, false);
	for (unsigned i = 0; i < set->n; i++)
		set->shard[i].said = 0;
	atomic_store(&set->asked, 0);
	while (set->running < set->n && code == 0) {
		struct sw_shard *s = &set->shard[set->running];

		code = pthread_create(&s->thread, NULL, run, s);
		set->running += code == 0;
	}
	if (code == 0)
		return 0;
	sw_shards_stop(set);
	sw_shards_join(set);
	errno = code;
	return -1;
}

void
sw_shards_stop(struct sw_shards *set)
{
	atomic_store(&set->stop, true);
	for (unsigned i = 0; i < set->n; i++)
		wake(&set->shard[i]);
}

void
sw_shards_join(struct sw_shards *set)
{
	while (set->running > 0)
		pthread_join(set->shard[--set->running].thread, NULL);
}

/* ---- counters ------------------------------------------------------------------ */

/* Answers the question for counters, if there is one. */
static void
answer(struct sw_shard *s)
{
	struct sw_counters mine = {.bytes = sizeof mine};
	unsigned asked = atomic_load_explicit(&s->set->asked, memory_order_acquire);

	if (s->said == asked)
		return;
	sw_counters(s->stack, &mine);
	pthread_mutex_lock(&s->set->lock);
	s->counters = mine;
	s->said = asked;
	pthread_cond_broadcast(&s->set->answer);
	pthread_mutex_unlock(&s->set->lock);
}

/* All fields behind `bytes` are 64 bits, and have no gap between them. */
static void
add(struct sw_counters *sum, const struct sw_counters *one)
{
	uint8_t *to = (uint8_t *)sum;
	const uint8_t *what = (const uint8_t *)one;

	for (size_t at = offsetof(struct sw_counters, packets_in); at < sizeof *sum;
	     at += sizeof(uint64_t)) {
		uint64_t a, b;

		memcpy(&a, to + at, sizeof a);
		memcpy(&b, what + at, sizeof b);
		a += b;
		memcpy(to + at, &a, sizeof a);
	}
}

int
sw_shards_counters(struct sw_shards *set, struct sw_counters *sum)
{
	struct sw_counters one = {.bytes = sizeof one};
	unsigned question;

	if (sum->bytes != sizeof *sum)
		return SW_E_INVALID;
	memset(sum, 0, sizeof *sum);
	sum->bytes = sizeof *sum;
	pthread_mutex_lock(&set->lock);
	question = atomic_fetch_add(&set->asked, 1) + 1;
	for (unsigned i = 0; i < set->n; i++) {
		struct sw_shard *s = &set->shard[i];

		if (set->running > 0)
			wake(s);
		while (set->running > 0 && s->said < question)
			pthread_cond_wait(&set->answer, &set->lock);
		if (set->running == 0 || s->said == UINT32_MAX)
			sw_counters(s->stack, &one);
		else
			one = s->counters;
		add(sum, &one);
	}
	pthread_mutex_unlock(&set->lock);
	return SW_OK;
}

/* ---- in the shard's thread -------------------------------------------------------- */

struct sw_stack *
sw_shard_stack(struct sw_shard *s)
{
	return s->stack;
}

unsigned
sw_shard_number(const struct sw_shard *s)
{
	return s->number;
}

struct sw_drv *
sw_shard_drv(struct sw_shard *s)
{
	return s->drv;
}

int
sw_shard_turn(struct sw_shard *s, sw_ns timeout, struct pollfd *more, size_t n)
{
	struct pollfd fds[DRV_MORE] = {{.fd = s->wake, .events = POLLIN}};
	uint64_t count;

	if (n > DRV_MORE - 1) {
		errno = EINVAL;
		return -1;
	}
	answer(s);
	if (atomic_load_explicit(&s->set->stop, memory_order_relaxed))
		return 1;
	if (n > 0)
		memcpy(fds + 1, more, n * sizeof *more);
	if (sw_drv_turn(s->drv, timeout, fds, n + 1) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		more[i].revents = fds[i + 1].revents;
	if ((fds[0].revents & POLLIN) != 0 && read(s->wake, &count, sizeof count) > 0)
		mail_read(s);
	if (atomic_load_explicit(&s->set->n_moved, memory_order_relaxed) > 0)
		shard_sweep(s);
	return atomic_load(&s->set->stop) ? 1 : 0;
}
