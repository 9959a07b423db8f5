/*
 * base.h - what every file of the core may use.
 *
 * The core is freestanding C11: no libc but memcpy, memmove, memset, memcmp,
 * which a compiler may call whatever we write.
 */
#ifndef SW_BASE_H
#define SW_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <synwave/sw.h>

void *memcpy(void *restrict, const void *restrict, size_t);
void *memmove(void *, const void *, size_t);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);
#if !__STDC_HOSTED__ /* a freestanding compiler would call them even for 4 bytes */
#define memcpy __builtin_memcpy
#define memmove __builtin_memmove
#define memset __builtin_memset
#define memcmp __builtin_memcmp
#endif

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))
#define NONE UINT32_MAX /* no index */

static inline uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t
max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline sw_ns
min_ns(sw_ns a, sw_ns b)
{
	return a < b ? a : b;
}

static inline sw_ns
max_ns(sw_ns a, sw_ns b)
{
	return a > b ? a : b;
}

/* a + b that stops at SW_NEVER instead of wrapping */
static inline sw_ns
after_ns(sw_ns a, sw_ns b)
{
	return a > SW_NEVER - b ? SW_NEVER : a + b;
}

#endif
