/*
 * avx2.c - the sum in vectors of 32 bytes.  The halves of each 64-bit lane are
 * added to lanes of their own, which no length of a packet can overflow.
 */
#include "simd.h"

#ifdef SIMD_X86
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

struct avx2_sums {
	__m256i low, high;
};

AVX2_INLINE void
avx2_add(struct avx2_sums *s, __m256i v)
{
	s->low = _mm256_add_epi64(s->low, _mm256_and_si256(v, _mm256_set1_epi64x(0xffffffff)));
	s->high = _mm256_add_epi64(s->high, _mm256_srli_epi64(v, 32));
}

/* Loads the vector at `at`; copies it there in dst, if that is not NULL. */
AVX2_INLINE __m256i
avx2_take(uint8_t *dst, const uint8_t *p, size_t at)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + at));

	if (dst != NULL)
		_mm256_storeu_si256((__m256i *)(void *)(dst + at), v);
	return v;
}

AVX2_INLINE uint64_t
avx2_total(const struct avx2_sums *x, const struct avx2_sums *y)
{
	__m256i s =
	    _mm256_add_epi64(_mm256_add_epi64(x->low, x->high), _mm256_add_epi64(y->low, y->high));
	__m128i h = _mm_add_epi64(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
	uint64_t lane[2];

	_mm_storeu_si128((__m128i *)(void *)lane, h);
	return lane[0] + lane[1];
}

/* n is at least one vector. */
AVX2_INLINE uint32_t
avx2_go(uint8_t *dst, const uint8_t *p, size_t n)
{
	struct avx2_sums x = {_mm256_setzero_si256(), _mm256_setzero_si256()}, y = x;
	size_t at = 0, even = n & ~(size_t)1;
	uint64_t odd = 0;
	__m256i mask;

	for (; at + 4 * SIMD_VECTOR <= even; at += 4 * SIMD_VECTOR) {
		avx2_add(&x, avx2_take(dst, p, at));
		avx2_add(&y, avx2_take(dst, p, at + SIMD_VECTOR));
		avx2_add(&x, avx2_take(dst, p, at + 2 * SIMD_VECTOR));
		avx2_add(&y, avx2_take(dst, p, at + 3 * SIMD_VECTOR));
	}
	for (; at + SIMD_VECTOR <= even; at += SIMD_VECTOR)
		avx2_add(&x, avx2_take(dst, p, at));
	if (at < even) {
		mask = _mm256_loadu_si256((const __m256i *)(const void *)(simd_mask + (even - at)));
		avx2_add(&y, _mm256_and_si256(mask, avx2_take(dst, p, even - SIMD_VECTOR)));
	}
	if (even < n) {
		odd = simd_odd(p + even);
		if (dst != NULL)
			dst[even] = p[even];
	}
	return simd_fold(avx2_total(&x, &y) + odd);
}

AVX2 uint32_t
avx2_copy_sum(void *dst, const void *src, size_t n)
{
	return n < SIMD_VECTOR ? words_copy_sum(dst, src, n) : avx2_go(dst, src, n);
}

AVX2 uint32_t
avx2_sum(const void *data, size_t n)
{
	return n < SIMD_VECTOR ? words_sum(data, n) : avx2_go(NULL, data, n);
}

#else
typedef int avx2_is_not_here; /* an empty file is not C */
#endif
