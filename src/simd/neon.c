/*
 * neon.c - the sum in vectors of 16 bytes: 32-bit halves are added in pairs to
 * lanes of 64 bits.
 */
#include "simd.h"

#ifdef SIMD_NEON
#include <arm_neon.h>

enum { NEON_VECTOR = 16 };

static inline uint8x16_t
neon_take(uint8_t *dst, const uint8_t *p, size_t at)
{
	uint8x16_t v = vld1q_u8(p + at);

	if (dst != NULL)
		vst1q_u8(dst + at, v);
	return v;
}

static inline uint64x2_t
neon_add(uint64x2_t s, uint8x16_t v)
{
	return vpadalq_u32(s, vreinterpretq_u32_u8(v));
}

/* n is at least one vector. */
static inline __attribute__((always_inline)) uint32_t
neon_go(uint8_t *dst, const uint8_t *p, size_t n)
{
	uint64x2_t x = vdupq_n_u64(0), y = x;
	size_t at = 0, even = n & ~(size_t)1;
	uint64_t odd = 0;

	for (; at + 4 * NEON_VECTOR <= even; at += 4 * NEON_VECTOR) {
		x = neon_add(x, neon_take(dst, p, at));
		y = neon_add(y, neon_take(dst, p, at + NEON_VECTOR));
		x = neon_add(x, neon_take(dst, p, at + 2 * NEON_VECTOR));
		y = neon_add(y, neon_take(dst, p, at + 3 * NEON_VECTOR));
	}
	for (; at + NEON_VECTOR <= even; at += NEON_VECTOR)
		x = neon_add(x, neon_take(dst, p, at));
	if (at < even)
		y = neon_add(y, vandq_u8(vld1q_u8(simd_mask + NEON_VECTOR + (even - at)),
					 neon_take(dst, p, even - NEON_VECTOR)));
	if (even < n) {
		odd = simd_odd(p + even);
		if (dst != NULL)
			dst[even] = p[even];
	}
	x = vaddq_u64(x, y);
	return simd_fold(vgetq_lane_u64(x, 0) + vgetq_lane_u64(x, 1) + odd);
}

uint32_t
neon_copy_sum(void *dst, const void *src, size_t n)
{
	return n < NEON_VECTOR ? words_copy_sum(dst, src, n) : neon_go(dst, src, n);
}

uint32_t
neon_sum(const void *data, size_t n)
{
	return n < NEON_VECTOR ? words_sum(data, n) : neon_go(NULL, data, n);
}

#else
typedef int neon_is_not_here; /* an empty file is not C */
#endif
