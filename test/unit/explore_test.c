/*
 * explore_test.c - the explorer: small scopes hold, and each broken rule is found.
 */
#include "explore/explore.h"

#include "tap.h"

/* A small search, silent; what it saw stands in *count. */
static enum explore_end
run(struct explore_job job, struct explore_count *count)
{
	enum explore_end end;

	memset(count, 0, sizeof(*count));
	job.memory = (size_t)1 << 30;
	job.out = tmpfile();
	if (job.out == NULL)
		return EXPLORE_TOO_LARGE;
	end = explore_run(&job, count);
	fclose(job.out);
	return end;
}

static enum explore_end
explore(enum explore_scope scope, enum explore_break broken, unsigned loss, unsigned dup)
{
	struct explore_job job = {.scope = scope, .broken = broken, .loss = loss, .dup = dup};
	struct explore_count count;
	enum explore_end end;

	job.wrapped = broken == EXPLORE_NO_PAWS;
	end = run(job, &count);
	ok(count.states > 0);
	return end;
}

static void
test_holds(void)
{
	ok(explore(EXPLORE_OPEN, EXPLORE_WHOLE, 1, 1) == EXPLORE_HELD);
	ok(explore(EXPLORE_CLOSE, EXPLORE_WHOLE, 1, 0) == EXPLORE_HELD);
	ok(explore(EXPLORE_REUSE, EXPLORE_WHOLE, 0, 1) == EXPLORE_HELD);
}

/* With every state told apart by all of its bytes and no move left out, the same comes
 * of it, and the applications see the very same. */
static void
compare(struct explore_job job)
{
	struct explore_count small, plain;

	ok(run(job, &small) == EXPLORE_HELD);
	job.plain = true;
	ok(run(job, &plain) == EXPLORE_HELD);
	ok(small.facts > 10 && small.facts == plain.facts);
	ok(small.facts_sum == plain.facts_sum);
	ok(small.hosts < plain.hosts && small.states < plain.states);
}

static void
test_plain(void)
{
	compare((struct explore_job){.scope = EXPLORE_OPEN, .loss = 1, .dup = 1});
	compare((struct explore_job){.scope = EXPLORE_OPEN, .loss = 1, .reorder = true});
	compare((struct explore_job){.scope = EXPLORE_CLOSE});
	compare((struct explore_job){.scope = EXPLORE_REUSE});
}

/* A broken rule is found without any merging too, and no sooner. */
static void
test_plain_breaks(void)
{
	struct explore_job job = {.scope = EXPLORE_REUSE, .broken = EXPLORE_FIXED_ISS, .dup = 1};
	struct explore_count small, plain;

	ok(run(job, &small) == EXPLORE_FAILED);
	job.plain = true;
	ok(run(job, &plain) == EXPLORE_FAILED);
	ok(small.depth == plain.depth);
}

/* Little memory, and a wish to stop, end it with a word. */
static void
test_bounds(void)
{
	static const volatile sig_atomic_t stop = 1;
	struct explore_job job = {.scope = EXPLORE_CLOSE, .memory = 1 << 20, .out = tmpfile()};
	struct explore_count count = {0};
	char text[400] = "";

	if (!ok(job.out != NULL))
		return;
	ok(explore_run(&job, &count) == EXPLORE_TOO_LARGE);
	job.memory = (size_t)1 << 30;
	job.stop = &stop;
	ok(explore_run(&job, &count) == EXPLORE_STOPPED);
	rewind(job.out);
	ok(fread(text, 1, sizeof(text) - 1, job.out) > 0);
	ok(strstr(text, "memory allowed is used up") != NULL);
	ok(strstr(text, "stopped") != NULL);
	fclose(job.out);
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
	TEST("nothing is lost by what is merged and left out", test_plain);
	TEST("nor is a counterexample", test_plain_breaks);
	TEST("memory and patience have bounds", test_bounds);
	TEST("each broken rule has its counterexample", test_breaks);
	TEST("a hash without time", test_digest);
	return plan_done();
}
