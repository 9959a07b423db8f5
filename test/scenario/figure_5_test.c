/*
 * figure_5_test.c - every edge of RFC 9293 Figure 5 is taken: a few short lives
 * that together walk the whole picture.
 */
#include "scene.h"

/* LISTEN by OPEN, SYN-RECEIVED by a SYN, and back by a RST; CLOSE in LISTEN. */
static void
listening(void)
{
	struct world *w = scene_start();

	waits_for(w, B);
	loses(w, B, 0);
	forge(w, B, "S 7:7(0) win 1000");
	run_for(w, SW_MS);
	forge(w, B, "R 8:8(0)");
	run_for(w, SW_MS);
	closes(w, B);
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED LISTEN CLOSED");
	world_end(w);
}
SCENE(listening)

/* From LISTEN to SYN-SENT, by OPEN and by SEND; CLOSE in SYN-SENT. */
static void
listening_then_active(void)
{
	struct world *w = scene_start();

	waits_for(w, A);
	opens(w, A);
	closes(w, A);
	waits_for(w, A);
	says(w, A, 1);
	closes(w, A);
	expect_path(w, A, "CLOSED LISTEN SYN-SENT CLOSED LISTEN SYN-SENT CLOSED");
	world_end(w);
}
SCENE(listening_then_active)

/* SYNs cross, then FINs cross. */
static void
all_at_once(void)
{
	struct world *w = scene_start();

	opens(w, A);
	opens(w, B);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	closes(w, A);
	closes(w, B);
	until(w, A, SW_CLOSED);
	until(w, B, SW_CLOSED);
	expect_path(w, A,
		    "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT "
		    "CLOSED");
	world_end(w);
}
SCENE(all_at_once)

/* CLOSE in SYN-RECEIVED; the peer's FIN comes with the ACK of ours. */
static void
close_in_syn_received(void)
{
	struct world *w = scene_start();

	opens(w, A);
	opens(w, B);
	until(w, A, SW_SYN_RECEIVED);
	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	closes(w, B);
	until(w, A, SW_TIME_WAIT);
	until(w, B, SW_CLOSED);
	expect_path(w, A, "CLOSED SYN-SENT SYN-RECEIVED FIN-WAIT-1 TIME-WAIT");
	expect_path(w, B, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
	world_end(w);
}
SCENE(close_in_syn_received)

/* The common life. */
static void
client_and_server(void)
{
	struct world *w = scene_established();

	closes(w, A);
	until(w, A, SW_FIN_WAIT_2);
	closes(w, B);
	until(w, A, SW_CLOSED);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
	world_end(w);
}
SCENE(client_and_server)

static void
figure_5_whole(void)
{
	expect_every_edge(false);
}

int
main(void)
{
	PLAY("LISTEN", listening);
	PLAY("LISTEN, then active", listening_then_active);
	PLAY("simultaneous open and close", all_at_once);
	PLAY("CLOSE in SYN-RECEIVED", close_in_syn_received);
	PLAY("client and server", client_and_server);
	if (!getenv("TEST_ONLY"))
		TEST("every edge of Figure 5 was taken", figure_5_whole);
	return plan_done();
}
