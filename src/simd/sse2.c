/*
 * sse2.c - the sum in vectors of 16 bytes: see avx2.c.
 */
#include "simd.h"

#ifdef SIMD_X86
#include <emmintrin.h>

#define SSE2 __attribute__((target("sse2")))
#define SSE2_INLINE static inline __attribute__((target("sse2"), always_inline))

enum { SSE2_VECTOR = 16 };

struct sse2_sums {
	__m128i low, high;
};

SSE2_INLINE void
sse2_add(struct sse2_sums *s, __m128i v)
{
	s->low = _mm_add_epi64(s->low, _mm_and_si128(v, _mm_set1_epi64x(0xffffffff)));
	s->high = _mm_add_epi64(s->high, _mm_srli_epi64(v, 32));
}

SSE2_INLINE __m128i
sse2_take(uint8_t *dst, const uint8_t *p, size_t at)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + at));

	if (dst != NULL)
		_mm_storeu_si128((__m128i *)(void *)(dst + at), v);
	return v;
}

SSE2_INLINE uint64_t
sse2_total(const struct sse2_sums *x, const struct sse2_sums *y)
{
	__m128i s = _mm_add_epi64(_mm_add_epi64(x->low, x->high), _mm_add_epi64(y->low, y->high));
	uint64_t lane[2];

	_mm_storeu_si128((__m128i *)(void *)lane, s);
	return lane[0] + lane[1];
}

/* n is at least one vector. */
SSE2_INLINE uint32_t
sse2_go(uint8_t *dst, const uint8_t *p, size_t n)
{
	struct sse2_sums x = {_mm_setzero_si128(), _mm_setzero_si128()}, y = x;
	size_t at = 0, even = n & ~(size_t)1;
	uint64_t odd = 0;
	__m128i mask;

	for (; at + 4 * SSE2_VECTOR <= even; at += 4 * SSE2_VECTOR) {
		sse2_add(&x, sse2_take(dst, p, at));
		sse2_add(&y, sse2_take(dst, p, at + SSE2_VECTOR));
		sse2_add(&x, sse2_take(dst, p, at + 2 * SSE2_VECTOR));
		sse2_add(&y, sse2_take(dst, p, at + 3 * SSE2_VECTOR));
	}
	for (; at + SSE2_VECTOR <= even; at += SSE2_VECTOR)
		sse2_add(&x, sse2_take(dst, p, at));
	if (at < even) {
		mask = _mm_loadu_si128(
		    (const __m128i *)(const void *)(simd_mask + SSE2_VECTOR + (even - at)));
		sse2_add(&y, _mm_and_si128(mask, sse2_take(dst, p, even - SSE2_VECTOR)));
	}
	if (even < n) {
		odd = simd_odd(p + even);
		if (dst != NULL)
			dst[even] = p[even];
	}
	return simd_fold(sse2_total(&x, &y) + odd);
}

SSE2 uint32_t
sse2_copy_sum(void *dst, const void *src, size_t n)
{
	return n < SSE2_VECTOR ? words_copy_sum(dst, src, n) : sse2_go(dst, src, n);
}

SSE2 uint32_t
sse2_sum(const void *data, size_t n)
{
	return n < SSE2_VECTOR ? words_sum(data, n) : sse2_go(NULL, data, n);
}

#else
typedef int sse2_is_not_here; /* an empty file is not C */
#endif
