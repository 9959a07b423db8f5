/*
 * beside.c - a thread for each side of a pair.
 */
#include "beside.h"

#define TURN (10 * SW_MS) /* so late a thread sees that it is over */

/* A thread: the turns of one side. */
static void *
beside_thread(void *arg)
{
	struct beside *b = arg;
	int which = atomic_fetch_add(&b->begun, 1);

	do
		pair_program(&b->pair, which, sw_drv_now());
	while (!atomic_load(&b->stop) && sw_drv_turn(b->device[which], TURN, NULL, 0) == 0);
	return NULL;
}

bool
beside_begin(struct beside *b, const struct flow_job *j, sw_ns start)
{
	b->job = *j;
	b->job.cc = j->beside_cc;
	if (!pair_begin(&b->pair, &b->job, j->beside, b->device))
		return false;
	b->pair.start = start;
	while (b->threads < 2) {
		if (pthread_create(&b->thread[b->threads], NULL, beside_thread, b) != 0)
			return false;
		b->threads++;
	}
	return true;
}

void
beside_end(struct beside *b)
{
	atomic_store(&b->stop, true);
	while (b->threads > 0)
		pthread_join(b->thread[--b->threads], NULL);
}
