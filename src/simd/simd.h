/*
 * simd.h - what the files of simd/ share among themselves.
 */
#ifndef SW_SIMD_SIMD_H
#define SW_SIMD_SIMD_H

#include <stdbool.h>
#include <string.h>

#include <synwave/sw_simd.h>

#if defined(__x86_64__) || defined(__i386__)
#define SIMD_X86 1
#endif
#if defined(__ARM_NEON) && defined(__aarch64__)
#define SIMD_NEON 1
#endif

uint32_t words_copy_sum(void *, const void *, size_t);
uint32_t words_sum(const void *, size_t);
uint32_t sse2_copy_sum(void *, const void *, size_t);
uint32_t sse2_sum(const void *, size_t);
uint32_t avx2_copy_sum(void *, const void *, size_t);
uint32_t avx2_sum(const void *, size_t);
uint32_t neon_copy_sum(void *, const void *, size_t);
uint32_t neon_sum(const void *, size_t);

/*
 * The vector forms go over whole vectors of the bytes, and then once more over the
 * last one, which overlaps what was done: its mask hides that.  An odd byte is left.
 */
enum { SIMD_VECTOR = 32 };
extern const uint8_t simd_mask[2 * SIMD_VECTOR]; /* zeros, then ones */

/* a + b, the carry added again (RFC 1071 2). */
static inline uint64_t
simd_add(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

/* 64 bits of sum as 16. */
static inline uint32_t
simd_fold(uint64_t s)
{
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint32_t)((s & 0xffff) + (s >> 16));
}

/* A last odd byte as a word in memory order. */
static inline uint32_t
simd_odd(const uint8_t *p)
{
	uint8_t pair[2] = {*p, 0};
	uint16_t word;

	memcpy(&word, pair, sizeof(word));
	return word;
}

#endif
