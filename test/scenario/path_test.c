/*
 * path_test.c - paths that work in one direction only: ESTABLISHED is the proof that
 * both do.  Who is there has heard the other, and has heard that the other heard him;
 * the last ACK proves nothing to who sent it, so one end may be there alone, and no end
 * ever without an answer to its own SYN.  RFC 9293 3.5, 3.8.3 MUST-23.
 */
#include "scene.h"

/* From now on nothing that `host` sends arrives; or all does again. */
static void
path_dead(struct world *w, int host, bool dead)
{
	w->path[host].loss = dead ? 1000000 : 0;
	path_changes(w, host);
}

/* The opening of `host` ended without having been open, not before three minutes. */
static void
expect_given_up(struct world *w, int host)
{
	ok(status_of(w, host).error == SW_E_TIMED_OUT);
	ok(state_of(w, host) == SW_CLOSED);
	ok(changed(w, host) >= 180 * SW_S); /* MUST-23 */
	ok(!(ready_of(w, host) & SW_OPENED));
	ok(ready_of(w, host) & SW_FAILED);
}

static void
expect_nobody_accepted(struct world *w, int host)
{
	struct sw_counters n = {.bytes = sizeof(n)};
	sw_conn c;

	ok(sw_accept(w->stack[host], now(w), w->listener[host], &c) == SW_E_AGAIN);
	ok(sw_counters(w->stack[host], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_HALF_OPENS] == 0 && n.pool_high[SW_POOL_CONNS] == 0);
}

/* A is deaf to nobody but heard by nobody: its SYN never arrives. */
static void
syn_never_arrives(void)
{
	struct world *w = scene_start();

	path_dead(w, A, true);
	listens(w, B);
	opens(w, A);
	run_for(w, 1000 * SW_S);
	expect_path(w, A, "CLOSED SYN-SENT CLOSED");
	expect_path(w, B, "CLOSED LISTEN");
	expect_given_up(w, A);
	expect_nobody_accepted(w, B);
	ok(sent(w, A) >= 5 && sent(w, B) == 0);
	world_end(w);
}
SCENE(syn_never_arrives)

/* The SYN arrives, the answer never: A hears nothing, B hears the SYN again and again. */
static void
syn_ack_never_arrives(void)
{
	struct world *w = scene_start();

	path_dead(w, B, true);
	listens(w, B);
	opens(w, A);
	run_for(w, 1000 * SW_S);
	ok(state_of(w, B) != SW_ESTABLISHED);
	expect_path(w, A, "CLOSED SYN-SENT CLOSED");
	/* given up, A's next SYN begins anew; at the end it is free */
	ok(w->states[B][w->n_states[B] - 1] == SW_CLOSED);
	for (int i = 0; i < w->n_states[B]; i++)
		ok(w->states[B][i] != SW_ESTABLISHED);
	expect_given_up(w, A);
	expect_nobody_accepted(w, B);
	world_end(w);
}
SCENE(syn_ack_never_arrives)

/* The same, and B waits for just this peer. */
static void
syn_ack_never_arrives_one_peer(void)
{
	struct world *w = scene_start();

	path_dead(w, B, true);
	waits_for(w, B);
	opens(w, A);
	run_for(w, 1000 * SW_S);
	expect_path(w, A, "CLOSED SYN-SENT CLOSED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED CLOSED");
	expect_given_up(w, A);
	ok(status_of(w, B).error == SW_E_TIMED_OUT);
	world_end(w);
}
SCENE(syn_ack_never_arrives_one_peer)

/* The third segment never arrives, nor anything after it: A has its proof, B has not and
 * never is in ESTABLISHED; A finds out by what it says. */
static void
last_ack_never_arrives(void)
{
	struct world *w = scene_start();

	listens(w, B);
	opens(w, A);
	run_for(w, 15 * SW_MS); /* the SYN is there, its answer on the way */
	ok(state_of(w, B) == SW_SYN_RECEIVED);
	path_dead(w, A, true);
	until(w, A, SW_ESTABLISHED);
	says(w, A, 100);
	run_for(w, 1000 * SW_S);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED CLOSED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED CLOSED");
	ok(status_of(w, A).error == SW_E_TIMED_OUT || status_of(w, A).error == SW_E_RESET);
	expect_nobody_accepted(w, B);
	world_end(w);
}
SCENE(last_ack_never_arrives)

/* Both open at once, and one direction is dead: `mute` is heard by nobody. */
static void
simultaneous_one_way(int mute)
{
	struct world *w = scene_start();

	path_dead(w, mute, true);
	opens(w, A);
	opens(w, B);
	run_for(w, 1000 * SW_S);
	/* the mute one has seen the other's SYN, and no answer to its own */
	expect_path(w, mute, "CLOSED SYN-SENT SYN-RECEIVED CLOSED");
	expect_path(w, !mute, "CLOSED SYN-SENT CLOSED");
	expect_given_up(w, A);
	expect_given_up(w, B);
	world_end(w);
}

static void
simultaneous_a_mute(void)
{
	simultaneous_one_way(A);
}
SCENE(simultaneous_a_mute)

static void
simultaneous_b_mute(void)
{
	simultaneous_one_way(B);
}
SCENE(simultaneous_b_mute)

/* SYNs have crossed, then one direction dies: both SYN-ACKs are needed, one arrives. */
static void
crossed_then_one_way(void)
{
	struct world *w = scene_start();

	opens(w, A);
	opens(w, B);
	run_for(w, 5 * SW_MS);
	path_dead(w, A, true); /* its SYN is on its way, its SYN-ACK goes nowhere */
	run_for(w, 1000 * SW_S);
	expect_path(w, A, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED");
	expect_path(w, B, "CLOSED SYN-SENT SYN-RECEIVED CLOSED");
	expect_given_up(w, B);
	world_end(w);
}
SCENE(crossed_then_one_way)

/* The dead direction comes back in time: now, and only now, both are there. */
static void
healed(int mute, bool crossed)
{
	struct world *w = scene_start();

	path_dead(w, mute, true);
	if (crossed)
		opens(w, B);
	else
		listens(w, B);
	opens(w, A);
	run_for(w, 20 * SW_S);
	ok(state_of(w, A) != SW_ESTABLISHED && state_of(w, B) != SW_ESTABLISHED);
	path_dead(w, mute, false);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	ok(w->iss[A] == scene_now.iss[A] && w->iss[B] == scene_now.iss[B]);
	ok(status_of(w, A).irs == scene_now.iss[B]);
	if (!crossed)
		accepts(w, B);
	ok(status_of(w, B).irs == scene_now.iss[A]);
	says(w, A, 1000);
	says(w, B, 2000);
	hears_all(w, A, 2000);
	hears_all(w, B, 1000);
	world_end(w);
}

static void
healed_all(void)
{
	for (int i = 0; i < 4; i++)
		healed(i & 1 ? B : A, i & 2);
}
SCENE(healed_all)

int
main(void)
{
	PLAY("one-way: the SYN never arrives", syn_never_arrives);
	PLAY("one-way: the SYN-ACK never arrives", syn_ack_never_arrives);
	PLAY("one-way: the SYN-ACK never arrives, one peer", syn_ack_never_arrives_one_peer);
	PLAY("one-way: the last ACK never arrives", last_ack_never_arrives);
	PLAY("one-way: both open, A is mute", simultaneous_a_mute);
	PLAY("one-way: both open, B is mute", simultaneous_b_mute);
	PLAY("one-way: SYNs crossed, one SYN-ACK arrives", crossed_then_one_way);
	PLAY("one-way: healed in time", healed_all);
	return plan_done();
}
