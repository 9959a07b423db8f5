/*
 * share_test.c - what a connection has found out about its path serves the next one;
 * each is played with the switch off, too.  RFC 9040.
 */
#include "victim.h"

/* 20 ms there and back. */
static struct world *
share_world(uint32_t without)
{
	struct world *w = scene_new();

	w->config[A].without = without;
	scene_go(w);
	return w;
}

/* The next connection of A, from another port. */
static void
opens_next(struct world *w)
{
	w->end[A].port++;
	skip_path(w);
	scene_iss_set(w);
	opens(w, A);
}

/* Both close and forget; B's listener stays. */
static void
ends(struct world *w)
{
	closes(w, A);
	run_for(w, SW_S);
	closes(w, B);
	run_for(w, SW_S);
	releases(w, A);
	releases(w, B);
	run_for(w, SW_S);
	skip_wire(w);
}

/* One connection learns the path, by n exchanges, and ends. */
static void
learns(struct world *w, int n)
{
	established(w);
	for (int i = 0; i < n; i++) {
		says(w, A, 2 * status_of(w, A).mss); /* its ACK is not delayed */
		hears_all(w, B, 2 * status_of(w, A).mss);
		run_for(w, 50 * SW_MS);
	}
	ends(w);
}

/* How long after the first SYN of `host` the second went; SW_NEVER. */
static sw_ns
syn_again(const struct world *w, int host)
{
	sw_ns first = SW_NEVER;

	for (size_t i = w->told; i < w->n_wire; i++) {
		const struct world_seen *s = &w->wire[i];

		if (s->from != host || !(s->seg.ctl & SW_SYN))
			continue;
		if (first != SW_NEVER)
			return s->seg.at - first;
		first = s->seg.at;
	}
	return SW_NEVER;
}

/* How long a lost SYN waits, `later` after a connection that learnt. */
static sw_ns
lost_syn(uint32_t without, sw_ns later)
{
	struct world *w = share_world(without);
	sw_ns took;

	learns(w, 10);
	run_for(w, later);
	loses(w, A, 0);
	opens_next(w);
	until(w, A, SW_ESTABLISHED);
	took = syn_again(w, A);
	world_end(w);
	return took;
}

/*= RFC 9040 6.1: the new RTT is the old one: a lost SYN need not wait a second */
static void
syn_in_time(void)
{
	ok(lost_syn(0, 0) >= 200 * SW_MS && lost_syn(0, 0) < 210 * SW_MS);
	ok(lost_syn(SW_NO_SHARING, 0) >= SW_S);
	ok(lost_syn(0, 700 * SW_S) >= SW_S); /* nothing is true for ever */
}
SCENE(syn_in_time)

/* Who forges SYNs from a known address does not have them answered faster. */
static void
answer_not_faster(void)
{
	struct world *w = share_world(0);

	learns(w, 10);
	forge(w, B, "S 7000000:7000000(0) win 65535");
	deafen(w);
	w->path[B].loss = 1000000;
	path_changes(w, B);
	run_for(w, 5 * SW_S);
	ok(syn_again(w, B) >= SW_S);
	world_end(w);
}

/* The retransmission timeout when a connection has just opened. */
static sw_ns
first_rto(uint32_t without, int host, sw_ns delay)
{
	struct world *w = scene_new();
	sw_ns rto;

	w->config[A].without = w->config[B].without = without;
	w->config[A].rto_min = w->config[B].rto_min = SW_MS;
	w->path[A].delay = w->path[B].delay = 50 * SW_MS;
	scene_go(w);
	established(w);
	for (int i = 0; i < 20; i++) {
		for (int from = A; from <= B; from++) {
			says(w, from, 2 * status_of(w, from).mss);
			hears_all(w, !from, 2 * status_of(w, from).mss);
			run_for(w, 200 * SW_MS);
		}
	}
	ends(w);
	w->path[A].delay = w->path[B].delay = delay;
	path_changes(w, A);
	path_changes(w, B);
	opens_next(w);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	run_for(w, SW_MS);
	ok(status_of(w, host).srtt == 0 || status_of(w, host).srtt >= 2 * delay * 7 / 8);
	rto = status_of(w, host).rto;
	world_end(w);
	return rto;
}

/*= RFC 9040 6.1: at both ends; if the first sample is like those before, else all begins
 * anew (RFC 6298 2.2: three times the first sample) */
static void
timeout_of_old(void)
{
	for (int host = A; host <= B; host++) {
		ok(first_rto(0, host, 50 * SW_MS) < 200 * SW_MS);
		ok(first_rto(SW_NO_SHARING, host, 50 * SW_MS) >= 300 * SW_MS);
		ok(first_rto(0, host, 150 * SW_MS) >= 900 * SW_MS);
		ok(first_rto(0, host, 10 * SW_MS) < 100 * SW_MS);
	}
}

/* Segments lost in the first slow start of the second connection, in a short queue. */
static uint64_t
overshoot(uint32_t without)
{
	struct world *w = world_new();
	struct sw_sim_counters before = {.bytes = sizeof(before)}, after = before;

	w->config[A].without = without | SW_NO_HYSTART;
	w->path[A].rate_bps = w->path[B].rate_bps = 20000000;
	w->path[A].queue_bytes = 50000;
	world_go(w);
	established(w);
	for (int i = 0; i < 2; i++) {
		ok(sw_sim_counters(w->sim, A, &before) == SW_OK);
		for (int k = 0; k < 10; k++) {
			says(w, A, 400000);
			hears_all(w, B, 400000);
		}
		ok(sw_sim_counters(w->sim, A, &after) == SW_OK);
		if (i > 0)
			break;
		ends(w);
		opens_next(w);
		until(w, B, SW_ESTABLISHED);
		accepts(w, B);
	}
	world_end(w);
	return after.queue_dropped - before.queue_dropped;
}

/*= RFC 9040 6.1: slow start ends where the connection before had to end it */
static void
threshold_of_old(void)
{
	uint64_t with = overshoot(0), without = overshoot(SW_NO_SHARING);

	ok(with * 2 < without);
	printf("# dropped by the queue: %llu, without sharing %llu\n", (unsigned long long)with,
	       (unsigned long long)without);
}

/* One of B's other addresses is where A's next connection goes. */
static void
goes_to(struct world *w, uint8_t last)
{
	w->end[B].addr = sw_addr4(10, 0, 0, last);
	listens(w, B);
}

/* Two paths are remembered, of the three that were used: the oldest is not. */
static void
few_paths(void)
{
	struct world *w = world_new();

	w->config[A].shares = 2;
	world_go(w);
	for (uint8_t k = 3; k <= 4; k++) {
		struct sw_addr more = sw_addr4(10, 0, 0, k);

		ok(sw_address_add(w->stack[B], 0, &more, 24) >= 0);
	}
	learns(w, 5);
	for (uint8_t k = 3; k <= 4; k++) {
		goes_to(w, k);
		opens_next(w);
		until(w, B, SW_ESTABLISHED);
		accepts(w, B);
		run_for(w, 100 * SW_MS);
		ends(w);
	}
	for (uint8_t k = 2; k <= 4; k++) {
		w->end[B].addr = sw_addr4(10, 0, 0, k);
		skip_wire(w);
		loses(w, A, 0);
		opens_next(w);
		until(w, A, SW_ESTABLISHED);
		ok(k == 2 ? syn_again(w, A) >= SW_S : syn_again(w, A) < 300 * SW_MS);
		aborts(w, A);
		run_for(w, 100 * SW_MS);
	}
	world_end(w);
}

/* A checkpoint remembers too. */
static void
copied(void)
{
	struct world *w = world_new();
	struct sw_stack *copy = NULL;
	size_t bytes;
	void *arena;

	world_go(w);
	learns(w, 10);
	bytes = sw_stack_bytes(&w->config[A]);
	arena = aligned_alloc(64, (bytes + 63) / 64 * 64);
	ok(arena && sw_copy(&copy, arena, bytes, w->stack[A]) == SW_OK);
	ok(sw_sim_reboot(w->sim, A, copy) == SW_OK);
	free(w->arena[A]);
	w->stack[A] = copy;
	w->arena[A] = arena;
	loses(w, A, 0);
	opens_next(w);
	until(w, A, SW_ESTABLISHED);
	ok(syn_again(w, A) < 300 * SW_MS);
	world_end(w);
}

int
main(void)
{
	PLAY("RFC9040 a lost SYN", syn_in_time);
	TEST("RFC9040 SYN-ACKs wait as ever", answer_not_faster);
	TEST("RFC9040 the first timeout", timeout_of_old);
	TEST("RFC9040 the first slow start", threshold_of_old);
	TEST("RFC9040 as many paths as allowed", few_paths);
	TEST("RFC9040 a copy knows as much", copied);
	return plan_done();
}
