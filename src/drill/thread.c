/*
 * thread.c - the second thread of a script: it makes the calls that last, so that
 * the script can go on with the packets that such a call waits for.
 *
 * One lock is around the script; the second thread holds it but for the call
 * itself, the first one but for its sleep.  Only for ends that block for real.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "end.h"

enum thread_state { THREAD_NEW, THREAD_IDLE, THREAD_QUEUED, THREAD_RUNNING, THREAD_DONE };

enum { PATIENCE_S = 1 }; /* with a call that is due */

struct drill_thread {
	pthread_mutex_t lock;
	pthread_cond_t work, change;
	pthread_t id;
	pid_t tid;
	enum thread_state state;
	struct drill_event *event;
	sw_ns due; /* when the call shall end */
	bool quit;
};

static void
thread_is(struct drill_thread *t, enum thread_state state)
{
	t->state = state;
	pthread_cond_broadcast(&t->change);
}

static void *
thread_life(void *arg)
{
	struct drill_run *r = arg;
	struct drill_thread *t = r->thread;

	pthread_mutex_lock(&t->lock);
	t->tid = (pid_t)syscall(SYS_gettid);
	for (;;) {
		thread_is(t, THREAD_IDLE);
		while (t->state == THREAD_IDLE && !t->quit)
			pthread_cond_wait(&t->work, &t->lock);
		if (t->quit)
			break;
		drill_call_now(r, t->event);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

void
drill_thread_start(struct drill_run *r)
{
	struct drill_thread *t = calloc(1, sizeof(*t));

	r->thread = t;
	if (!t)
		return;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, NULL);
	pthread_cond_init(&t->change, NULL);
	pthread_mutex_lock(&t->lock);
	if (pthread_create(&t->id, NULL, thread_life, r) != 0) {
		free(t);
		r->thread = NULL;
		return;
	}
	while (t->state == THREAD_NEW)
		pthread_cond_wait(&t->change, &t->lock);
}

bool
drill_thread_stop(struct drill_run *r)
{
	struct drill_thread *t = r->thread;

	if (!t)
		return true;
	if (t->state != THREAD_IDLE)
		return false;
	t->quit = true;
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->id, NULL);
	pthread_cond_destroy(&t->work);
	pthread_cond_destroy(&t->change);
	pthread_mutex_destroy(&t->lock);
	free(t);
	r->thread = NULL;
	return true;
}

void
drill_lock(struct drill_run *r)
{
	if (r->thread)
		pthread_mutex_lock(&r->thread->lock);
}

void
drill_unlock(struct drill_run *r)
{
	if (r->thread)
		pthread_mutex_unlock(&r->thread->lock);
}

/* Does the thread sleep in the kernel? */
static bool
thread_sleeps(const struct drill_thread *t)
{
	char path[64], line[256] = "", *name_end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)t->tid);
	f = fopen(path, "r");
	if (!f)
		return true;
	name_end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return name_end && name_end[1] == ' ' && name_end[2] == 'S';
}

bool
drill_thread_idle(struct drill_run *r)
{
	struct drill_thread *t = r->thread;
	struct timespec end;
	int error;

	while (t && t->state != THREAD_IDLE) {
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += PATIENCE_S;
		do {
			error = pthread_cond_timedwait(&t->change, &t->lock, &end);
		} while (t->state != THREAD_IDLE && error != ETIMEDOUT);
		if (t->state == THREAD_IDLE)
			break;
		if (!r->end->ticks || r->end->clock(r) > t->due + r->tolerance)
			return false;
	}
	return true;
}

void
drill_thread_call(struct drill_run *r, struct drill_event *e)
{
	struct drill_thread *t = r->thread;

	if (!t || !drill_thread_idle(r)) {
		drill_fail(r, "the call before this one never came back");
		return;
	}
	t->event = e;
	t->due = r->base + (sw_ns)(e->to - e->from);
	thread_is(t, THREAD_QUEUED);
	pthread_cond_signal(&t->work);
	while (t->state == THREAD_QUEUED)
		pthread_cond_wait(&t->change, &t->lock);
	while (t->state == THREAD_RUNNING && !thread_sleeps(t)) {
		drill_unlock(r);
		sched_yield();
		drill_lock(r);
	}
}

void
drill_thread_leave(struct drill_run *r)
{
	thread_is(r->thread, THREAD_RUNNING);
	drill_unlock(r);
}

void
drill_thread_back(struct drill_run *r)
{
	drill_lock(r);
	thread_is(r->thread, THREAD_DONE);
}
