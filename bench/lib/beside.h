/*
 * beside.h - flows of our stacks on the path on which the kernel's are, in real time.
 * Each of the two stacks is a user of its kernel: it has a TUN device and a thread, and
 * the kernel routes what it sends into the device that leads to the path.
 */
#ifndef SW_BENCH_BESIDE_H
#define SW_BENCH_BESIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "pair.h"

struct beside {
	struct pair pair;
	struct flow_job job;
	struct sw_drv *device[2]; /* the caller's: up, with the kernel's addresses */
	pthread_t thread[2];
	int threads;
	atomic_int begun; /* of them, so many know which side is theirs */
	atomic_bool stop;
};

/* job->beside flows; `start`: by the clock of the machine.  false: no memory, no thread. */
bool beside_begin(struct beside *, const struct flow_job *, sw_ns start);
/* Ends the threads; after it pair.bytes is theirs no more. */
void beside_end(struct beside *);

#endif
