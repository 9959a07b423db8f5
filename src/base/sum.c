/*
 * sum.c - the Internet checksum (RFC 1071), 64 bytes at a time in memory order.
 *
 * Ones-complement addition does not care for the width of its words (RFC 1071
 * 2 C): the halves of 64-bit words go to sums that cannot overflow.  Four of
 * them are a vector, which a compiler takes apart where a machine has none.
 */
#include "base/sum.h"

typedef uint64_t sum_four __attribute__((vector_size(32)));

enum { SUM_BLOCK = 64 };

/* Sum of fewer than 64 bytes, not folded. */
static uint64_t
sum_tail(const uint8_t *p, size_t n)
{
	uint64_t sum = 0, w;
	uint32_t half;
	uint16_t h;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		sum += (w & 0xffffffff) + (w >> 32);
	}
	if (n >= 4) {
		memcpy(&half, p, 4);
		sum += half;
		p += 4;
		n -= 4;
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

/* The folded sum of what the lanes hold. */
#define sum_lanes(v) (sum_fold((v)[0]) + sum_fold((v)[1]) + sum_fold((v)[2]) + sum_fold((v)[3]))

/* The folded sum of n bytes, as if an odd last one were followed by 0. */
uint32_t
sum_bytes(const void *data, size_t n)
{
	const uint8_t *p = data;
	sum_four v, w, a = {0}, b = {0};

	if (n < SUM_BLOCK)
		return sum_fold(sum_tail(p, n));
	for (; n >= SUM_BLOCK; p += SUM_BLOCK, n -= SUM_BLOCK) {
		memcpy(&v, p, sizeof(v));
		memcpy(&w, p + sizeof(v), sizeof(w));
		a += (v & 0xffffffff) + (v >> 32);
		b += (w & 0xffffffff) + (w >> 32);
	}
	a += b;
	return sum_fold((uint64_t)sum_lanes(a) + sum_tail(p, n));
}

/* Copies n bytes and gives their sum. */
uint32_t
sum_copy(void *dst, const void *src, size_t n)
{
	const uint8_t *p = src;
	uint8_t *to = dst;
	sum_four v, w, a = {0}, b = {0};

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
	return sum_fold((uint64_t)sum_lanes(a) + sum_tail(p, n));
}
