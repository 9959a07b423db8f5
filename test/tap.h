/*
 * tap.h - the whole of the test harness: checks, tests, TAP on stdout.
 *
 *	static void test_it(void) { ok(1 + 1 == 2); }
 *	int main(void) { TEST("it", test_it); return plan_done(); }
 *
 * TEST_ONLY=substring runs the tests whose name holds it.  TEST_SEED=n gives
 * tap_random() another start; the seed is printed, so that a run can be repeated.
 */
#ifndef SW_TEST_TAP_H
#define SW_TEST_TAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ok(...) tap_ok((__VA_ARGS__) ? true : false, __FILE__, __LINE__, #__VA_ARGS__)
#define TEST(name, fn) tap_run(name, fn)

enum { TAP_SHOW = 20 }; /* failures shown of one test; all are counted */

struct tap {
	unsigned long checks, failures; /* of all tests */
	unsigned long here;		/* failures of this one */
	int tests, failed;
	uint64_t random;
};

/* One for all files of a test program. */
__attribute__((weak)) struct tap *tap_state(void);

__attribute__((weak)) struct tap *
tap_state(void)
{
	static struct tap t;

	return &t;
}

/* Counts one check; says where it failed.  Gives the condition back. */
static inline bool
tap_ok(bool good, const char *file, int line, const char *text)
{
	struct tap *t = tap_state();

	t->checks++;
	if (good)
		return true;
	t->failures++;
	if (++t->here <= TAP_SHOW)
		printf("# %s:%d: not true: %s\n", file, line, text);
	return false;
}

static inline uint64_t
tap_seed(void)
{
	const char *text = getenv("TEST_SEED");

	return text ? strtoull(text, NULL, 0) : 1;
}

/* 64 even bits (splitmix64); each test begins at the same place. */
static inline uint64_t
tap_random(void)
{
	struct tap *t = tap_state();
	uint64_t z = t->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A number from 0 to n - 1. */
static inline uint32_t
tap_below(uint32_t n)
{
	return n ? (uint32_t)((tap_random() >> 32) * n >> 32) : 0;
}

/* Runs one test, unless TEST_ONLY names others. */
static inline void
tap_run(const char *name, void (*fn)(void))
{
	struct tap *t = tap_state();
	const char *only = getenv("TEST_ONLY");

	if (only && !strstr(name, only))
		return;
	t->here = 0;
	t->random = tap_seed();
	fn();
	t->tests++;
	t->failed += t->here != 0;
	printf("%s %d - %s\n", t->here ? "not ok" : "ok", t->tests, name);
	fflush(stdout);
}

/* What a program that links more of test/ says at its end. */
__attribute__((weak)) void tap_tail(void);

/* The plan, and what main() returns. */
static inline int
plan_done(void)
{
	struct tap *t = tap_state();

	if (tap_tail)
		tap_tail();
	printf("1..%d\n# %lu checks, %lu failed, seed %llu\n", t->tests, t->checks, t->failures,
	       (unsigned long long)tap_seed());
	return t->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
