/*
 * sw_simd.h - the Internet checksum (RFC 1071) by what this machine has beside C:
 * for sw_config.copy_sum and .sum.
 *
 *	config.copy_sum = sw_simd_copy_sum(sw_simd_best());
 *
 * Every form gives the same sum and the same copy; only the time differs.
 */
#ifndef SYNWAVE_SW_SIMD_H
#define SYNWAVE_SW_SIMD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sw_simd {
	SW_SIMD_WORDS, /* 64-bit words, in C: everywhere */
	SW_SIMD_SSE2,
	SW_SIMD_AVX2,
	SW_SIMD_NEON,
	SW_N_SIMDS
};

/*
 * The sum of the 16-bit words of n bytes in memory order, folded to 16 bits, as
 * if an odd last byte were followed by 0.  The first also copies the bytes,
 * which must not overlap.
 */
typedef uint32_t sw_simd_copier(void *dst, const void *src, size_t n);
typedef uint32_t sw_simd_summer(const void *, size_t n);

enum sw_simd sw_simd_best(void);		/* the fastest that this machine has */
const char *sw_simd_name(enum sw_simd);		/* "avx2"; NULL: there is none */
sw_simd_copier *sw_simd_copy_sum(enum sw_simd); /* NULL: not on this machine */
sw_simd_summer *sw_simd_sum(enum sw_simd);

#ifdef __cplusplus
}
#endif
#endif
