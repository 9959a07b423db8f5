/*
 * walk_test.c - sw_walk(): every record once, as STATUS would have it.
 */
#include "tap.h"
#include "world.h"

enum { MOST = 32 };

struct seen {
	struct sw_status st[MOST];
	int n;
};

static void
walk(const struct sw_stack *s, struct seen *seen)
{
	struct sw_status st = {.bytes = sizeof(st)};
	uint64_t at = 0;

	seen->n = 0;
	while (seen->n < MOST && sw_walk(s, &at, &st))
		seen->st[seen->n++] = st;
	ok(!sw_walk(s, &at, &st)); /* and it stays at the end */
}

/* The one to this port; NULL: none, or several. */
static const struct sw_status *
to_port(const struct seen *seen, uint16_t port)
{
	const struct sw_status *found = NULL;

	for (int i = 0; i < seen->n; i++) {
		if (seen->st[i].remote.port != port)
			continue;
		if (found)
			return NULL;
		found = &seen->st[i];
	}
	return found;
}

/* Released in TIME-WAIT at B, from this port. */
static void
time_wait_from(struct world *w, uint16_t port)
{
	w->end[A].port = port;
	w->n_states[A] = w->n_states[B] = 0;
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	closes(w, B);
	until(w, A, SW_CLOSE_WAIT);
	releases(w, A);
	until(w, B, SW_TIME_WAIT);
	releases(w, B);
	run_for(w, 50 * SW_MS);
}

static void
test_walk(void)
{
	struct world *w = world_new();
	struct sw_status own;
	const struct sw_status *st;
	struct seen seen;

	world_go(w);
	walk(w->stack[B], &seen);
	ok(seen.n == 0);
	listens(w, B);
	time_wait_from(w, 40002);
	w->end[A].port = 40001;
	w->n_states[A] = w->n_states[B] = 0;
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	says(w, A, 100);
	w->end[A].port = 40003;
	forge(w, B, "S 7:7(0) win 1000 <mss 1400,sackOK>");
	run_for(w, 5 * SW_MS); /* A's RST is still on its way */
	w->end[A].port = 40001;
	walk(w->stack[B], &seen);
	ok(seen.n == 4);

	ok(seen.st[0].state == SW_LISTEN && seen.st[0].local.port == 80);
	ok(seen.st[0].backlog == 0 && seen.st[0].backlog_most == 16);
	ok(seen.st[0].due == SW_NEVER);
	st = to_port(&seen, 40001);
	own = status_of(w, B);
	ok(st && !memcmp(st, &own, sizeof(own)));
	st = to_port(&seen, 40003);
	ok(st && st->state == SW_SYN_RECEIVED && st->peer_mss == 1400 && st->sack);
	ok(st && st->snd_nxt == st->iss + 1 && st->rcv_nxt == st->irs + 1);
	ok(st && st->due > now(w) && st->due <= now(w) + SW_S);
	st = to_port(&seen, 40002);
	ok(st && st->state == SW_TIME_WAIT && st->timestamps);
	ok(st && st->due > now(w) + 239 * SW_S && st->due <= now(w) + 240 * SW_S);

	closes(w, B); /* the listener's connections stay */
	run_for(w, 300 * SW_S);
	walk(w->stack[B], &seen);
	ok(seen.n == 2); /* TIME-WAIT and the half-open one have gone */
	world_end(w);
}

/* A wrong size is refused; records may go while somebody walks. */
static void
test_edges(void)
{
	struct sw_status st = {.bytes = sizeof(st) - 1};
	struct world *w = world_new();
	uint64_t at = 0;
	int n = 0;

	world_go(w);
	established(w);
	ok(!sw_walk(w->stack[A], &at, &st));
	st.bytes = sizeof(st);
	ok(sw_walk(w->stack[B], &at, &st) && st.state == SW_LISTEN);
	aborts(w, B);
	while (sw_walk(w->stack[B], &at, &st))
		n++;
	ok(n == 0);
	run_for(w, 100 * SW_MS);
	world_end(w);
}

int
main(void)
{
	TEST("a walk over all records", test_walk);
	TEST("a walk's edges", test_edges);
	return plan_done();
}
