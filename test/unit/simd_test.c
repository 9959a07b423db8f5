/*
 * simd_test.c - each form of the checksum that this machine has against the core's:
 * all lengths to some vectors, all alignments, and no byte beside the copy.
 */
#include <stdlib.h>

#include <synwave/sw_drv.h>
#include <synwave/sw_simd.h>

#include "base/chunk.h"
#include "base/sum.h"
#include "tap.h"

enum { LONG = 65535, PAD = 64, SHORT = 300, STARTS = 34 };

static uint8_t bytes[LONG + PAD], to[LONG + 3 * PAD];

static void
fill(int how)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = how == 0 ? 0 : how == 1 ? 0xff : (uint8_t)tap_random();
}

/* The copy is there and nothing beside it was written. */
static bool
copied(const uint8_t *dst, const uint8_t *src, size_t n)
{
	bool good = memcmp(dst, src, n) == 0;

	for (size_t i = 1; i <= PAD; i++)
		good = good && dst[-(ptrdiff_t)i] == 0xa5 && dst[n + i - 1] == 0xa5;
	return good;
}

static void
check(enum sw_simd which, size_t n, size_t from, size_t at)
{
	sw_simd_copier *copy_sum = sw_simd_copy_sum(which);
	uint32_t want = sum_bytes(bytes + from, n);
	uint8_t *dst = to + PAD + at;

	memset(dst - PAD, 0xa5, n + 2 * PAD);
	ok(copy_sum(dst, bytes + from, n) == want);
	ok(copied(dst, bytes + from, n));
	ok(sw_simd_sum(which)(bytes + from, n) == want);
}

static void
test_lengths(void)
{
	for (int which = 0; which < SW_N_SIMDS; which++) {
		if (sw_simd_copy_sum((enum sw_simd)which) == NULL)
			continue;
		for (int how = 0; how < 4; how++) {
			fill(how);
			for (size_t n = 0; n < SHORT; n++)
				check((enum sw_simd)which, n, n % STARTS, n * 7 % STARTS);
			for (size_t n = 1400; n <= 1500; n++)
				check((enum sw_simd)which, n, n % STARTS, n * 7 % STARTS);
			for (size_t n = LONG - 40; n <= LONG; n++)
				check((enum sw_simd)which, n, n % STARTS, n * 7 % STARTS);
		}
	}
}

static void
test_alignments(void)
{
	static const size_t lengths[] = {0, 1, 2, 15, 16, 17, 31, 32, 33, 95, 127, 129, 1459, 1460};

	fill(2);
	for (int which = 0; which < SW_N_SIMDS; which++) {
		if (sw_simd_copy_sum((enum sw_simd)which) == NULL)
			continue;
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
			for (size_t from = 0; from < STARTS; from++)
				for (size_t at = 0; at < STARTS; at++)
					check((enum sw_simd)which, lengths[i], from, at);
	}
}

/* Nothing is read beside the bytes: they fill an allocation of their own, which the
 * sanitizers watch. */
static void
test_bounds(void)
{
	for (int which = 0; which < SW_N_SIMDS; which++) {
		sw_simd_copier *copy_sum = sw_simd_copy_sum((enum sw_simd)which);

		for (size_t n = 0; copy_sum != NULL && n < SHORT; n++) {
			uint8_t *a = malloc(n), *b = malloc(n);

			if (n > 0 && (a == NULL || b == NULL))
				exit(1);
			for (size_t i = 0; i < n; i++)
				a[i] = (uint8_t)tap_random();
			ok(copy_sum(b, a, n) == sum_bytes(a, n));
			ok(sw_simd_sum((enum sw_simd)which)(a, n) == sum_bytes(a, n));
			ok(n == 0 || memcmp(a, b, n) == 0);
			free(a);
			free(b);
		}
	}
}

/* As sw_config.copy_sum: over the pieces of a chain. */
static void
test_in_the_core(void)
{
	enum { CHUNKS = 16, CHUNK = 136 };
	static uint64_t room[2 + CHUNKS * CHUNK / 8 + 8];
	struct pool *p = (struct pool *)(void *)room;
	struct chain c;
	struct place from;

	fill(2);
	for (uint32_t n = 1; n < 1000; n += tap_below(40) + 1) {
		uint32_t at = tap_below(n);

		pool_init(p, room + sizeof(*p) / 8, CHUNK, CHUNKS);
		chain_init(&c);
		ok(chain_append(&c, p, bytes, n, 0) == n);
		from = chain_place(&c, p, at);
		ok(place_copy_sum(p, &from, to, n - at,
				  sw_simd_copy_sum(sw_simd_best())) ==
		   sum_bytes(bytes + at, n - at));
		ok(memcmp(to, bytes + at, n - at) == 0);
	}
}

static void
test_choice(void)
{
	enum sw_simd best = sw_simd_best();

	ok(sw_simd_copy_sum(best) != NULL && sw_simd_sum(best) != NULL);
	ok(sw_simd_copy_sum(SW_SIMD_WORDS) != NULL);
	ok(strcmp(sw_simd_name(SW_SIMD_WORDS), "words") == 0);
	ok(sw_simd_name(SW_N_SIMDS) == NULL && sw_simd_copy_sum(SW_N_SIMDS) == NULL);
	printf("# the best here is %s\n", sw_simd_name(best));
#ifdef __x86_64__
	ok(best == SW_SIMD_SSE2 || best == SW_SIMD_AVX2);
#endif
}

/* The wrapped library takes the best, unless there is something else already. */
static void
test_stack(void)
{
	sw_simd_copier *other = sw_simd_copy_sum(SW_SIMD_WORDS);
	struct sw_config c, seen;
	struct sw_stack *s;
	void *arena;

	for (int given = 0; given < 2; given++) {
		sw_config_minimal(&c);
		c.copy_sum = given ? other : NULL;
		s = sw_drv_stack(&c, &arena);
		if (!ok(s != NULL))
			return;
		sw_stack_config(s, &seen);
		ok(seen.copy_sum == (given ? other : sw_simd_copy_sum(sw_simd_best())));
		free(arena);
	}
}

int
main(void)
{
	TEST("every length", test_lengths);
	TEST("every alignment", test_alignments);
	TEST("no byte beside it is read", test_bounds);
	TEST("in the place of the core's copy", test_in_the_core);
	TEST("the best is chosen", test_choice);
	TEST("a stack of the drivers' has it", test_stack);
	return plan_done();
}
