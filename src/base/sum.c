/*
 * sum.c - the Internet checksum (RFC 1071), 32 bytes at a time in memory order.
 *
 * Ones-complement addition does not care for the width of its words (RFC 1071
 * 2 C): the halves of 64-bit words go to sums that cannot overflow.  Pairs of
 * them are a vector, which a compiler takes apart where a machine has none.
 */
#include "base/sum.h"

typedef uint64_t sum_pair __attribute__((vector_size(16)));

enum { SUM_BLOCK = 32 };

/* Sum of fewer than 32 bytes, not folded. */
static uint64_t
sum_tail(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;
	uint32_t w;
	uint16_t h;

	for (; n >= 4; p += 4, n -= 4) {
		memcpy(&w, p, 4);
		sum += w;
	}
	if (n >= 2) {
		memcpy(&h, p, 2);
		sum += h;
		p += 2;
	}
	if (n & 1)
		sum += sum_of_16((uint32_t)*p << 8);
	return sum;
}

/* The folded sum of n bytes, as if an odd last one were followed by 0. */
uint32_t
sum_bytes(const void *data, size_t n)
{
	const uint8_t *p = data;
	sum_pair v, w, a = {0, 0}, b = {0, 0};

	for (; n >= SUM_BLOCK; p += SUM_BLOCK, n -= SUM_BLOCK) {
		memcpy(&v, p, sizeof(v));
		memcpy(&w, p + sizeof(v), sizeof(w));
		a += (v & 0xffffffff) + (v >> 32);
		b += (w & 0xffffffff) + (w >> 32);
	}
	a += b;
	return sum_fold((uint64_t)sum_fold(a[0]) + sum_fold(a[1]) + sum_tail(p, n));
}

/* Copies n bytes and gives their sum. */
uint32_t
sum_copy(void *dst, const void *src, size_t n)
{
	const uint8_t *p = src;
	uint8_t *to = dst;
	sum_pair v, w, a = {0, 0}, b = {0, 0};

	for (; n >= SUM_BLOCK; p += SUM_BLOCK, to += SUM_BLOCK, n -= SUM_BLOCK) {
		memcpy(&v, p, sizeof(v));
		memcpy(&w, p + sizeof(v), sizeof(w));
		memcpy(to, &v, sizeof(v));
		memcpy(to + sizeof(v), &w, sizeof(w));
		a += (v & 0xffffffff) + (v >> 32);
		b += (w & 0xffffffff) + (w >> 32);
	}
	a += b;
	memcpy(to, p, n);
	return sum_fold((uint64_t)sum_fold(a[0]) + sum_fold(a[1]) + sum_tail(p, n));
}
