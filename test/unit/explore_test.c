/*
 * explore_test.c - the explorer: small scopes hold, and each broken rule is found.
 */
#include "explore/explore.h"

#include "tap.h"

static enum explore_end
explore(enum explore_scope scope, enum explore_break broken, unsigned loss, unsigned dup)
{
	struct explore_job job = {.scope = scope, .broken = broken, .loss = loss, .dup = dup};
	struct explore_count count = {0};
	enum explore_end end;

	if (scope == EXPLORE_REUSE) /* the right one closes first: the shortest */
		job.ways = 2;
	job.wrapped = broken == EXPLORE_NO_PAWS;
	job.memory = (size_t)1 << 30;
	job.out = tmpfile();
	if (job.out == NULL)
		return EXPLORE_TOO_LARGE;
	end = explore_run(&job, &count);
	ok(count.states > 0);
	fclose(job.out);
	return end;
}

static void
test_holds(void)
{
	ok(explore(EXPLORE_OPEN, EXPLORE_WHOLE, 1, 0) == EXPLORE_HELD);
	ok(explore(EXPLORE_CLOSE, EXPLORE_WHOLE, 0, 0) == EXPLORE_HELD);
	ok(explore(EXPLORE_REUSE, EXPLORE_WHOLE, 0, 0) == EXPLORE_HELD);
}

static void
test_breaks(void)
{
	ok(explore(EXPLORE_REUSE, EXPLORE_TWO_WAY, 0, 1) == EXPLORE_FAILED);
	ok(explore(EXPLORE_CLOSE, EXPLORE_NO_TIME_WAIT, 1, 0) == EXPLORE_FAILED);
	ok(explore(EXPLORE_CLOSE, EXPLORE_SHORT_TIME_WAIT, 1, 0) == EXPLORE_FAILED);
	ok(explore(EXPLORE_REUSE, EXPLORE_FIXED_ISS, 0, 1) == EXPLORE_FAILED);
	ok(explore(EXPLORE_CLOSE, EXPLORE_ACK_LESS_FIN, 1, 0) == EXPLORE_FAILED);
	ok(explore(EXPLORE_REUSE, EXPLORE_NO_PAWS, 0, 1) == EXPLORE_FAILED);
}

/* The hash that leaves time out is the same after a copy, and another after a call. */
static void
test_digest(void)
{
	static uint64_t one[2048] __attribute__((aligned(64)));
	static uint64_t two[2048] __attribute__((aligned(64)));
	struct sw_endpoint local = {.port = 80};
	struct sw_stack *a, *b;
	struct sw_config c;
	sw_conn listener;

	sw_config_minimal(&c);
	ok(sw_stack_init(&a, &c, one, sizeof(one)) == SW_OK);
	ok(sw_copy(&b, two, sizeof(two), a) == SW_OK);
	ok(sw_probe_digest_still(a) == sw_probe_digest_still(b));
	ok(sw_open_passive(b, SW_S, &local, 1, &listener) == SW_OK);
	ok(sw_probe_digest_still(a) != sw_probe_digest_still(b));
	ok(sw_open_passive(a, 2 * SW_S, &local, 1, &listener) == SW_OK);
	ok(sw_probe_digest_still(a) == sw_probe_digest_still(b));
}

int
main(void)
{
	TEST("the shipped core holds in small scopes", test_holds);
	TEST("each broken rule has its counterexample", test_breaks);
	TEST("a hash without time", test_digest);
	return plan_done();
}
