/*
 * simd.c - which forms there are, and which this machine has.
 */
#include "simd.h"

/* clang-format off */
const uint8_t simd_mask[2 * SIMD_VECTOR] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

static const struct form {
	const char *name;
	sw_simd_copier *copy_sum;
	sw_simd_summer *sum;
} forms[SW_N_SIMDS] = {
	[SW_SIMD_WORDS] = {"words", words_copy_sum, words_sum},
#ifdef SIMD_X86
	[SW_SIMD_SSE2] = {"sse2", sse2_copy_sum, sse2_sum},
	[SW_SIMD_AVX2] = {"avx2", avx2_copy_sum, avx2_sum},
#else
	[SW_SIMD_SSE2] = {"sse2", NULL, NULL},
	[SW_SIMD_AVX2] = {"avx2", NULL, NULL},
#endif
#ifdef SIMD_NEON
	[SW_SIMD_NEON] = {"neon", neon_copy_sum, neon_sum},
#else
	[SW_SIMD_NEON] = {"neon", NULL, NULL},
#endif
};
/* clang-format on */

/* Was it built in, and does the processor have it? */
static bool
form_is_here(enum sw_simd which)
{
	if ((unsigned)which >= SW_N_SIMDS || forms[which].sum == NULL)
		return false;
#ifdef SIMD_X86
	__builtin_cpu_init();
	if (which == SW_SIMD_SSE2)
		return __builtin_cpu_supports("sse2");
	if (which == SW_SIMD_AVX2)
		return __builtin_cpu_supports("avx2");
#endif
	return true;
}

enum sw_simd
sw_simd_best(void)
{
	static const enum sw_simd order[] = {SW_SIMD_AVX2, SW_SIMD_NEON, SW_SIMD_SSE2};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (form_is_here(order[i]))
			return order[i];
	return SW_SIMD_WORDS;
}

const char *
sw_simd_name(enum sw_simd which)
{
	return (unsigned)which < SW_N_SIMDS ? forms[which].name : NULL;
}

sw_simd_copier *
sw_simd_copy_sum(enum sw_simd which)
{
	return form_is_here(which) ? forms[which].copy_sum : NULL;
}

sw_simd_summer *
sw_simd_sum(enum sw_simd which)
{
	return form_is_here(which) ? forms[which].sum : NULL;
}
