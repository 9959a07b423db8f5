/*
 * sum.h - the Internet checksum (RFC 1071).  Sums are folded to 16 bits, of
 * words in memory order: the same number on either byte order when stored back
 * with memcpy.  sum_add joins sums of parts that begin at even offsets;
 * sum_swap first for a part that begins at an odd one.
 */
#ifndef SW_BASE_SUM_H
#define SW_BASE_SUM_H

#include "base/base.h"

uint32_t sum_bytes(const void *, size_t n);
uint32_t sum_copy(void *dst, const void *src, size_t n); /* fused */

static inline uint32_t
sum_fold(uint64_t s)
{
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (uint32_t)s;
}

/* The folded sum of a header: n is a multiple of 4 and small. */
static inline uint32_t
sum_header(const void *header, size_t n)
{
	const uint8_t *p = header;
	uint64_t sum = 0, w;
	uint32_t last = 0;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		sum += w;
		sum += sum < w; /* the carry comes back in: RFC 1071 2 */
	}
	if (n > 0)
		memcpy(&last, p, 4);
	sum += last;
	sum += sum < last;
	return sum_fold(sum);
}

static inline uint32_t
sum_add(uint32_t a, uint32_t b)
{
	return sum_fold((uint64_t)a + b);
}

static inline uint32_t
sum_swap(uint32_t a)
{
	return (a >> 8 | a << 8) & 0xffff;
}

/* A number (a length, a protocol) as a part of a sum, on either byte order. */
static inline uint32_t
sum_of_16(uint32_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
	uint16_t w;

	memcpy(&w, b, sizeof(w));
	return w;
}

/* Writes the checksum of what was summed: its complement.  Bytes summed with
 * the field in them give 0xffff when they are right. */
static inline void
sum_store(uint8_t *field, uint32_t sum)
{
	uint16_t w = (uint16_t)~sum;

	memcpy(field, &w, sizeof(w));
}

/* Two bytes as a part of a sum. */
static inline uint32_t
sum_word(const uint8_t *p)
{
	uint16_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* The sum that a checksum was written from. */
static inline uint32_t
sum_taken(const uint8_t *field)
{
	return sum_word(field) ^ 0xffff;
}

/* Writes a sum as it is, for a device to complete (SW_CSUM_PARTIAL). */
static inline void
sum_store_partial(uint8_t *field, uint32_t sum)
{
	uint16_t w = (uint16_t)sum;

	memcpy(field, &w, sizeof(w));
}

#endif
