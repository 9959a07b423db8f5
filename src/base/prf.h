/*
 * prf.h - a keyed hash (SipHash-2-4, Aumasson and Bernstein 2012) of 64 bits:
 * ISS, ports and timestamp offsets stand on it.  The same on either byte order.
 * prf_short() is SipHash-1-3 of words whose number is the caller's, for what nobody sees
 * but by how long a search takes: the connection table.
 */
#ifndef SW_BASE_PRF_H
#define SW_BASE_PRF_H

#include "base/base.h"

uint64_t prf(const uint8_t key[16], const void *, size_t n);
/* The same of bytes that are n whole words, each with its first byte lowest; and of these
 * and 4 bytes more. */
uint64_t prf_words(const uint8_t key[16], const uint64_t *, size_t n);
uint64_t prf_words_and(const uint8_t key[16], const uint64_t *, size_t n, uint32_t last);
uint64_t prf_short(const uint8_t key[16], const uint64_t *, size_t n);

/* Two numbers, written as put_32() does, as a word; `second` 0: one of them as the last 4
 * bytes. */
static inline uint64_t
prf_pair(uint32_t first, uint32_t second)
{
	uint64_t v = (uint64_t)second << 32 | first;

	v = (v & 0x00ff00ff00ff00ff) << 8 | (v >> 8 & 0x00ff00ff00ff00ff);
	return (v & 0x0000ffff0000ffff) << 16 | (v >> 16 & 0x0000ffff0000ffff);
}

/* The word of 8 bytes. */
static inline uint64_t
prf_load(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

#endif
