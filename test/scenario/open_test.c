/*
 * open_test.c - each way to open a connection: who passes through which states,
 * and what is on the wire.  RFC 9293 3.5, 3.10.1, 3.10.7.
 */
#include "scene.h"

/* Three segments; each end has proved that it can send and receive. */
static void
handshake(void)
{
	struct world *w = scene_start();

	listens(w, B);
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0)\n"
		       "B>A S. 0:0(0) ack 1\n"
		       "A>B .  1:1(0) ack 1");
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	accepts(w, B);
	world_end(w);
}
SCENE(handshake)

/* Why three: a SYN that was lost in the net for long comes to a listener. */
static void
stale_syn(void)
{
	struct world *w = scene_start();
	struct sw_counters n = {.bytes = sizeof(n)};
	sw_conn c;

	listens(w, B);
	forge(w, B, "S 0:0(0) win 1000");
	run_for(w, SW_S);
	/* A never asked: it refuses the answer, and B forgets */
	expect_wire(w, "B>A S. 0:0(0) ack 1\n"
		       "A>B R  1:1(0)");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED LISTEN");
	ok(sw_accept(w->stack[B], now(w), w->listener[B], &c) == SW_E_AGAIN);
	ok(sw_counters(w->stack[B], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_HALF_OPENS] == 0);
	ok(n.pool_high[SW_POOL_CONNS] == 0); /* it never had a block */
	ok(n.pool_high[SW_POOL_ACTIVES] == 0);
	world_end(w);
}
SCENE(stale_syn)

/* The same while A opens a new connection from the same port: both get their due. */
static void
stale_syn_meets_new_one(void)
{
	struct world *w = scene_start();

	listens(w, B);
	opens(w, A);
	loses_ctl(w, A, SW_SYN);
	run_for(w, 100 * SW_MS);
	expect_wire(w, "A>B S 0:0(0) lost");
	forge(w, B, "S 4000:4000(0)");
	run_for(w, 100 * SW_MS);
	/* the answer acknowledges what A never sent: A says so, B is free again */
	expect_wire(w, "B>A S. 0:0(0) ack 4001\n"
		       "A>B R 4001:4001(0)");
	until(w, B, SW_ESTABLISHED);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED LISTEN SYN-RECEIVED ESTABLISHED");
	world_end(w);
}
SCENE(stale_syn_meets_new_one)

static void
lost_syn(void)
{
	struct world *w = scene_start();

	listens(w, B);
	loses(w, A, 0);
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	ok(now(w) >= SW_S); /*= RFC 6298 2.1 */
	expect_wire(w, "A>B S  0:0(0) lost\n"
		       "A>B S  0:0(0)\n"
		       "B>A S. 0:0(0) ack 1\n"
		       "A>B .  1:1(0) ack 1");
	world_end(w);
}
SCENE(lost_syn)

static void
lost_syn_ack(void)
{
	struct world *w = scene_start();

	listens(w, B);
	loses(w, B, 0);
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0)\n"
		       "B>A S. 0:0(0) ack 1 lost\n"
		       "A>B S  0:0(0)\n"
		       "B>A S. 0:0(0) ack 1\n"
		       "A>B .  1:1(0) ack 1");
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	world_end(w);
}
SCENE(lost_syn_ack)

/* A is open, B not yet: B asks again, and A's answer is the ACK that was lost. */
static void
lost_last_ack(void)
{
	struct world *w = scene_start();

	listens(w, B);
	loses(w, A, 1);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	ok(state_of(w, B) == SW_SYN_RECEIVED);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0)\n"
		       "B>A S. 0:0(0) ack 1\n"
		       "A>B .  1:1(0) ack 1 lost\n"
		       "B>A S. 0:0(0) ack 1\n"
		       "A>B .  1:1(0) ack 1");
	world_end(w);
}
SCENE(lost_last_ack)

/* What A wants to say from the start rides on its last ACK. */
static void
data_on_last_ack(void)
{
	struct world *w = scene_start();

	listens(w, B);
	opens(w, A);
	says(w, A, 100);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0)\n"
		       "B>A S. 0:0(0) ack 1\n"
		       "A>B P. 1:101(100) ack 1");
	accepts(w, B);
	hears(w, B, 100);
	world_end(w);
}
SCENE(data_on_last_ack)

/* Open, say, close at once: the data and the FIN ride on the last ACK. */
static void
everything_on_last_ack(void)
{
	struct world *w = scene_start();

	listens(w, B);
	opens(w, A);
	says(w, A, 100);
	until(w, A, SW_ESTABLISHED);
	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	expect_wire(w, "A>B S   0:0(0)\n"
		       "B>A S.  0:0(0) ack 1\n"
		       "A>B FP. 1:101(100) ack 1\n"
		       "B>A .   1:1(0) ack 102");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT");
	accepts(w, B);
	hears(w, B, 100);
	hears_end(w, B);
	world_end(w);
}
SCENE(everything_on_last_ack)

/*= RFC 9293 3.10.7.2: text on a SYN is kept, and shown when ESTABLISHED */
static void
data_on_syn(void)
{
	struct world *w = scene_start();
	sw_conn c;

	listens(w, B);
	loses(w, B, 0); /* so that the true A does not answer */
	forge(w, B, "S 0:5(5) win 1000 <mss 1000>");
	run_for(w, 100 * SW_MS);
	expect_wire(w, "B>A S. 0:0(0) ack 6 lost");
	ok(state_of(w, B) == SW_SYN_RECEIVED);
	ok(sw_accept(w->stack[B], now(w), w->listener[B], &c) == SW_E_AGAIN);
	forge(w, B, ". 6:6(0) ack 1 win 1000");
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	ok(ready_of(w, B) & SW_READABLE);
	ok(status_of(w, B).rcv_queued == 5);
	world_end(w);
}
SCENE(data_on_syn)

/*= RFC 9293 3.5 MUST-10: SYNs that cross */
static void
simultaneous_open(void)
{
	struct world *w = scene_start();

	opens(w, A);
	opens(w, B);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	run_for(w, 100 * SW_MS);
	expect_path(w, A, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED");
	expect_path(w, B, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED");
	expect_wire(w, "A>B S  0:0(0)\n"
		       "B>A S  0:0(0)\n"
		       "A>B S. 0:0(0) ack 1\n"
		       "B>A S. 0:0(0) ack 1");
	says(w, A, 10);
	hears_all(w, B, 10);
	world_end(w);
}
SCENE(simultaneous_open)

/* Only one of the SYN-ACKs of a simultaneous open arrives. */
static void
simultaneous_open_loss(void)
{
	struct world *w = scene_start();

	opens(w, A);
	opens(w, B);
	loses_ctl(w, B, SW_SYN | SW_ACK);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	says(w, B, 10);
	hears_all(w, A, 10);
	expect_path(w, A, "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED");
	world_end(w);
}
SCENE(simultaneous_open_loss)

static void
refused(void)
{
	struct world *w = scene_start();

	opens(w, A);
	until(w, A, SW_CLOSED);
	expect_wire(w, "A>B S  0:0(0)\n"
		       "B>A R. 0:0(0) ack 1");
	expect_path(w, A, "CLOSED SYN-SENT CLOSED");
	ok(status_of(w, A).error == SW_E_REFUSED);
	ok(ready_of(w, A) & SW_FAILED);
	world_end(w);
}
SCENE(refused)

/* B says something to an A that has lost its memory (RFC 9293 3.5.1). */
static void
half_open_after_reboot(void)
{
	struct world *w = scene_established();

	reboots(w, A);
	says(w, B, 10);
	until(w, B, SW_CLOSED);
	expect_wire(w, "B>A P. 1:11(10) ack 1\n"
		       "A>B R  1:1(0)");
	ok(status_of(w, B).error == SW_E_RESET);
	world_end(w);
}
SCENE(half_open_after_reboot)

/* A has lost its memory and opens again from the same port (Figure 9): B's
 * challenge makes A reset the old connection, and the next SYN opens a new one. */
static void
half_open_reopened(void)
{
	struct world *w = scene_established();

	reboots(w, A);
	skip_path(w);
	force_iss(w, A, scene_now.iss[A] + 777);
	opens(w, A);
	until(w, B, SW_CLOSED);
	ok(status_of(w, B).error == SW_E_RESET);
	until(w, A, SW_ESTABLISHED);
	expect_path(w, A, "ESTABLISHED CLOSED SYN-SENT ESTABLISHED");
	world_end(w);
}
SCENE(half_open_reopened)

/*= RFC 9293 3.10.7.4 MUST-11: a RST in SYN-RECEIVED returns to LISTEN, unnoticed */
static void
reset_in_syn_received(void)
{
	struct world *w = scene_start();

	listens(w, B);
	loses(w, B, 0);
	forge(w, B, "S 0:0(0) win 1000");
	run_for(w, SW_MS);
	ok(state_of(w, B) == SW_SYN_RECEIVED);
	forge(w, B, "R 1:1(0)");
	run_for(w, SW_MS);
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED LISTEN");
	ok(ready_of(w, B) == 0);
	world_end(w);
}
SCENE(reset_in_syn_received)

/* A bad ACK in SYN-RECEIVED draws a RST and changes nothing. */
static void
bad_ack_in_syn_received(void)
{
	struct world *w = scene_start();

	listens(w, B);
	loses(w, B, 0);
	forge(w, B, "S 0:0(0) win 1000");
	run_for(w, SW_MS);
	skip_wire(w);
	forge(w, B, ". 1:1(0) ack 2 win 1000");
	run_for(w, SW_MS);
	expect_wire(w, "B>A R 2:2(0)");
	ok(state_of(w, B) == SW_SYN_RECEIVED);
	forge(w, B, ". 1:1(0) ack 1 win 1000");
	until(w, B, SW_ESTABLISHED);
	world_end(w);
}
SCENE(bad_ack_in_syn_received)

/* Half-open records do not stay: five SYN-ACKs more, then it is over. */
static void
syn_never_completed(void)
{
	struct world *w = scene_start();
	struct sw_counters n = {.bytes = sizeof(n)};

	w->path[B].loss = 1000000;
	path_changes(w, B);
	listens(w, B);
	forge(w, B, "S 0:0(0) win 1000");
	run_for(w, 200 * SW_S);
	expect_wire(w, "B>A S. 0:0(0) ack 1 lost\nB>A S. 0:0(0) ack 1 lost\n"
		       "B>A S. 0:0(0) ack 1 lost\nB>A S. 0:0(0) ack 1 lost\n"
		       "B>A S. 0:0(0) ack 1 lost\nB>A S. 0:0(0) ack 1 lost");
	ok(state_of(w, B) == SW_CLOSED);
	ok(sw_counters(w->stack[B], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_HALF_OPENS] == 0);
	world_end(w);
}
SCENE(syn_never_completed)

/*= RFC 9293 3.8.3 MUST-23: a SYN is tried for at least three minutes */
static void
connect_timeout(void)
{
	struct world *w = scene_start();

	w->path[A].loss = 1000000;
	path_changes(w, A);
	opens(w, A);
	run_for(w, 180 * SW_S);
	ok(state_of(w, A) == SW_SYN_SENT);
	until(w, A, SW_CLOSED);
	ok(status_of(w, A).error == SW_E_TIMED_OUT);
	ok(sent(w, A) >= 7);
	world_end(w);
}
SCENE(connect_timeout)

/* CLOSE before anything came back. */
static void
close_in_syn_sent(void)
{
	struct world *w = scene_start();

	opens(w, A);
	run_for(w, SW_MS);
	closes(w, A);
	expect_path(w, A, "CLOSED SYN-SENT CLOSED");
	world_end(w);
}
SCENE(close_in_syn_sent)

/*= RFC 9293 3.10.4: CLOSE in SYN-RECEIVED with nothing queued sends a FIN at once */
static void
close_in_syn_received(void)
{
	struct world *w = scene_start();

	opens(w, A);
	opens(w, B);
	until(w, A, SW_SYN_RECEIVED);
	closes(w, A);
	ok(state_of(w, A) == SW_FIN_WAIT_1);
	until(w, B, SW_CLOSE_WAIT);
	closes(w, B);
	until(w, A, SW_TIME_WAIT);
	until(w, B, SW_CLOSED);
	expect_path(w, A, "CLOSED SYN-SENT SYN-RECEIVED FIN-WAIT-1 TIME-WAIT");
	world_end(w);
}
SCENE(close_in_syn_received)

static void
passive_for_one_peer(void)
{
	struct world *w = scene_start();

	waits_for(w, B);
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	says(w, A, 10);
	hears_all(w, B, 10);
	world_end(w);
}
SCENE(passive_for_one_peer)

/*= RFC 9293 3.10.1: an active OPEN in LISTEN */
static void
listen_opened(void)
{
	struct world *w = scene_start();

	waits_for(w, A);
	listens(w, B);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	expect_path(w, A, "CLOSED LISTEN SYN-SENT ESTABLISHED");
	world_end(w);
}
SCENE(listen_opened)

/*= RFC 9293 3.10.2: SEND in LISTEN, the peer being known */
static void
listen_sent(void)
{
	struct world *w = scene_start();

	waits_for(w, A);
	listens(w, B);
	says(w, A, 10);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	hears_all(w, B, 10);
	expect_path(w, A, "CLOSED LISTEN SYN-SENT ESTABLISHED");
	world_end(w);
}
SCENE(listen_sent)

/*= RFC 9293 3.10.7.4 MUST-11: the connection is in LISTEN again, and takes another SYN */
static void
reset_returns_to_listen(void)
{
	struct world *w = scene_start();

	waits_for(w, B);
	loses(w, B, 0);
	forge(w, B, "S 7:7(0) win 1000");
	run_for(w, SW_MS);
	forge(w, B, "R 8:8(0)");
	run_for(w, SW_MS);
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED LISTEN SYN-RECEIVED ESTABLISHED");
	world_end(w);
}
SCENE(reset_returns_to_listen)

static void
listen_closed(void)
{
	struct world *w = scene_start();

	waits_for(w, B);
	closes(w, B);
	expect_path(w, B, "CLOSED LISTEN CLOSED");
	world_end(w);
}
SCENE(listen_closed)

int
main(void)
{
	PLAY("handshake", handshake);
	PLAY("stale SYN", stale_syn);
	PLAY("stale SYN meets a new one", stale_syn_meets_new_one);
	PLAY("lost SYN", lost_syn);
	PLAY("lost SYN-ACK", lost_syn_ack);
	PLAY("lost last ACK of the handshake", lost_last_ack);
	PLAY("data on the handshake's last ACK", data_on_last_ack);
	PLAY("data and FIN on the handshake's last ACK", everything_on_last_ack);
	PLAY("data on a SYN", data_on_syn);
	PLAY("MUST-10 simultaneous open", simultaneous_open);
	PLAY("simultaneous open with a loss", simultaneous_open_loss);
	PLAY("refused", refused);
	PLAY("half-open after reboot", half_open_after_reboot);
	PLAY("half-open after reboot, opened again", half_open_reopened);
	PLAY("MUST-11 RST in SYN-RECEIVED", reset_in_syn_received);
	PLAY("bad ACK in SYN-RECEIVED", bad_ack_in_syn_received);
	PLAY("a SYN whose handshake never completes", syn_never_completed);
	PLAY("MUST-23 connect timeout", connect_timeout);
	PLAY("CLOSE in SYN-SENT", close_in_syn_sent);
	PLAY("CLOSE in SYN-RECEIVED", close_in_syn_received);
	PLAY("passive OPEN for one peer", passive_for_one_peer);
	PLAY("active OPEN in LISTEN", listen_opened);
	PLAY("SEND in LISTEN", listen_sent);
	PLAY("MUST-11 back to LISTEN", reset_returns_to_listen);
	PLAY("CLOSE in LISTEN", listen_closed);
	return plan_done();
}
