/*
 * words.c - the sum in words of 64 bits, each carry added again (RFC 1071 2 B, C).
 * Two sums, so that one addition need not wait for the other.
 */
#include "simd.h"

enum { WORD = 8, BLOCK = 4 * WORD };

static inline uint64_t
word_at(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline void
word_put(uint8_t *to, uint64_t w)
{
	memcpy(to, &w, sizeof(w));
}

/* Fewer than 32 bytes. */
static inline uint64_t
words_tail(const uint8_t *p, size_t n)
{
	uint64_t sum = 0, w = 0;

	for (; n >= WORD; p += WORD, n -= WORD)
		sum = simd_add(sum, word_at(p));
	memcpy(&w, p, n);
	return simd_add(sum, w);
}

uint32_t
words_copy_sum(void *dst, const void *src, size_t n)
{
	const uint8_t *p = src;
	uint8_t *to = dst;
	uint64_t a = 0, b = 0, w[4];

	for (; n >= BLOCK; p += BLOCK, to += BLOCK, n -= BLOCK) {
		for (int i = 0; i < 4; i++)
			w[i] = word_at(p + i * WORD);
		for (int i = 0; i < 4; i++)
			word_put(to + i * WORD, w[i]);
		a = simd_add(simd_add(a, w[0]), w[2]);
		b = simd_add(simd_add(b, w[1]), w[3]);
	}
	memcpy(to, p, n);
	return simd_fold(simd_add(simd_add(a, b), words_tail(p, n)));
}

uint32_t
words_sum(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t a = 0, b = 0;

	for (; n >= BLOCK; p += BLOCK, n -= BLOCK) {
		a = simd_add(simd_add(a, word_at(p)), word_at(p + 2 * WORD));
		b = simd_add(simd_add(b, word_at(p + WORD)), word_at(p + 3 * WORD));
	}
	return simd_fold(simd_add(simd_add(a, b), words_tail(p, n)));
}
