/*
 * floor.c - how floors are timed, and the clocks.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "floor.h"

enum { LONG_ENOUGH = 50000000, SHORT = 5000000, PAGE_HUGE = 2 << 20 };

uint64_t
floor_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

double
floor_time(floor_work *work, void *ctx)
{
	uint64_t n = 1, start, spent = 0;

	while (spent < SHORT && n < 1ull << 40) { /* finds how many rounds are enough */
		n *= 2;
		start = floor_cpu();
		work(ctx, n);
		spent = floor_cpu() - start;
	}
	n = n * (LONG_ENOUGH / 1000) / (spent / 1000 + 1) + 1;
	start = floor_cpu();
	work(ctx, n);
	return (double)(floor_cpu() - start) / (double)n;
}

void *
floor_memory(size_t bytes)
{
	size_t room = (bytes + PAGE_HUGE - 1) / PAGE_HUGE * PAGE_HUGE + PAGE_HUGE;
	char *p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("floors: no memory");
		exit(1);
	}
	p += (PAGE_HUGE - (uintptr_t)p % PAGE_HUGE) % PAGE_HUGE;
	madvise(p, room - PAGE_HUGE, MADV_HUGEPAGE);
	for (size_t i = 0; i < bytes; i += 4096)
		p[i] = 0;
	return p;
}

/* ---- clocks ------------------------------------------------------------- */

static void
clock_work(void *ctx, uint64_t rounds)
{
	enum floor_clock which = *(const enum floor_clock *)ctx;
	struct timespec t;
	unsigned low, high;

	for (; rounds > 0; rounds--) {
		if (which == FLOOR_SYSCALL)
			syscall(SYS_getppid);
#ifdef __x86_64__
		else if (which == FLOOR_TSC)
			__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
#endif
		else
			clock_gettime(
			    which == FLOOR_COARSE ? CLOCK_MONOTONIC_COARSE : CLOCK_MONOTONIC, &t);
	}
	(void)low;
	(void)high;
}

double
floor_clock(long arg)
{
	enum floor_clock which = (enum floor_clock)arg;

	return floor_time(clock_work, &which);
}

/* ---- SipHash-2-4 (Aumasson and Bernstein 2012) of 16 bytes ---------------- */

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t
rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static inline void
sip_round(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

uint64_t
floor_siphash(const uint64_t key[2], uint64_t a, uint64_t b)
{
	struct sip s = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
	uint64_t word[3] = {a, b, 16ull << 56};

	for (int i = 0; i < 3; i++) {
		s.d ^= word[i];
		sip_round(&s);
		sip_round(&s);
		s.a ^= word[i];
	}
	s.c ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
