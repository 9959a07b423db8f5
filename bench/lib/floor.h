/*
 * floor.h - what the machine itself takes for the parts of a TCP's work, without
 * any TCP: below these no figure can fall.
 */
#ifndef SW_BENCH_FLOOR_H
#define SW_BENCH_FLOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <synwave/sw_simd.h>

enum { FLOOR_SEGMENT = 1460, FLOOR_RING = 65536 };

/* Does `rounds` rounds of its work. */
typedef void floor_work(void *ctx, uint64_t rounds);
/* Nanoseconds a round: of one run of at least 50 ms, after a shorter one. */
double floor_time(floor_work *, void *ctx);
/* CPU time of this thread in nanoseconds. */
uint64_t floor_cpu(void);
/* Zeroed memory in huge pages, if there are such; never given back.  Exits when there
 * is none. */
void *floor_memory(size_t bytes);
/* An even number of 64 bits. */
static inline uint64_t
floor_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}
/* The compiler must think that *p is looked at. */
static inline void
floor_keep(const void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

/* Nothing behind begins before what stands in front has ended. */
static inline void
floor_wait(void)
{
#ifdef __x86_64__
	__asm__ volatile("lfence" : : : "memory");
#else
	__sync_synchronize();
#endif
}

/* SipHash-2-4 of two words: what a keyed hash of an IPv4 tuple costs. */
uint64_t floor_siphash(const uint64_t key[2], uint64_t a, uint64_t b);

/* Each gives nanoseconds for its unit of work; `arg` says which or how large. */
double floor_copy(long arg);	 /* enum floor_where: 1460 bytes */
double floor_sum(long arg);	 /* enum sw_simd, or -1: 16 bits at a time: 1460 bytes */
double floor_copy_sum(long arg); /* enum sw_simd: 1460 bytes, over 64 KiB */
double floor_apart(long arg);	 /* memcpy(), then the sum */
double floor_load(long arg);	 /* a load that waits for the one before, among so many bytes */
double floor_clock(long arg);	 /* enum floor_clock */
double floor_demux(long arg);	 /* a lookup among so many; negative: batches of 32 */
double floor_cookie(long arg);	 /* a SYN verified, a SYN-ACK written */
double floor_payload(long arg);	 /* 'A' to 'F' */
double floor_life(long arg);	 /* what 7 packets and 2 blocks cost */

enum floor_where { FLOOR_APART, FLOOR_SAME_OFFSET, FLOOR_L2, FLOOR_L3, FLOOR_DRAM };
enum floor_clock { FLOOR_SYSCALL, FLOOR_TSC, FLOOR_MONOTONIC, FLOOR_COARSE };

#endif
