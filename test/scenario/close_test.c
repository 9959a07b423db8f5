/*
 * close_test.c - each way to close a connection: who passes through which
 * states, and what is on the wire.  RFC 9293 3.6, 3.10.4; RFC 1337, 6191.
 */
#include "scene.h"

static const sw_ns msl2 = 240 * SW_S;

/* The application of B takes its time: four segments. */
static void
four_way_close(void)
{
	struct world *w = scene_established();
	sw_ns began;

	closes(w, A);
	until(w, A, SW_FIN_WAIT_2);
	ok(state_of(w, B) == SW_CLOSE_WAIT);
	closes(w, B);
	until(w, A, SW_TIME_WAIT);
	began = now(w);
	until(w, B, SW_CLOSED);
	expect_wire(w, "A>B F. 1:1(0) ack 1\n"
		       "B>A .  1:1(0) ack 2\n"
		       "B>A F. 1:1(0) ack 2\n"
		       "A>B .  2:2(0) ack 2");
	until(w, A, SW_CLOSED);
	/*= RFC 9293 3.6.1 MUST-13: twice the MSL, to the tick */
	ok(changed(w, A) - began >= msl2 && changed(w, A) - began <= msl2 + SW_MS);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED");
	expect_silence(w);
	world_end(w);
}
SCENE(four_way_close)

/* B has nothing left to say and closes at once: its ACK and its FIN are one. */
static void
merged_close(void)
{
	struct world *w = scene_established();

	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	closes(w, B);
	until(w, B, SW_CLOSED);
	expect_wire(w, "A>B F. 1:1(0) ack 1\n"
		       "B>A F. 1:1(0) ack 2\n"
		       "A>B .  2:2(0) ack 2");
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT");
	world_end(w);
}
SCENE(merged_close)

/* The FIN rides on the last data, and so does its ACK. */
static void
fin_on_data(void)
{
	struct world *w = scene_established();

	says(w, A, 100);
	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	says(w, B, 50);
	closes(w, B);
	until(w, B, SW_CLOSED);
	expect_wire(w, "A>B FP. 1:101(100) ack 1\n"
		       "B>A FP. 1:51(50) ack 102\n"
		       "A>B .   102:102(0) ack 52");
	hears(w, A, 50);
	hears_end(w, A);
	hears(w, B, 100);
	hears_end(w, B);
	world_end(w);
}
SCENE(fin_on_data)

/* A has no more to say but listens on: B goes on for as long as it likes. */
static void
half_close(void)
{
	struct world *w = scene_established();

	closes(w, A);
	until(w, A, SW_FIN_WAIT_2);
	for (int i = 0; i < 10; i++) {
		run_for(w, 100 * SW_S); /* no timer of ours ends it */
		says(w, B, 5000);
		hears_all(w, A, 5000);
	}
	ok(state_of(w, A) == SW_FIN_WAIT_2);
	ok(state_of(w, B) == SW_CLOSE_WAIT);
	closes(w, B);
	until(w, B, SW_CLOSED);
	hears_end(w, A);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT");
	world_end(w);
}
SCENE(half_close)

/* Both at the same moment: CLOSING at both ends, TIME-WAIT at both ends. */
static void
simultaneous_close(void)
{
	struct world *w = scene_established();

	closes(w, A);
	closes(w, B);
	until(w, A, SW_TIME_WAIT);
	until(w, B, SW_TIME_WAIT);
	expect_wire(w, "A>B F. 1:1(0) ack 1\n"
		       "B>A F. 1:1(0) ack 1\n"
		       "A>B .  2:2(0) ack 2\n"
		       "B>A .  2:2(0) ack 2");
	until(w, A, SW_CLOSED);
	until(w, B, SW_CLOSED);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT CLOSED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT "
			  "CLOSED");
	world_end(w);
}
SCENE(simultaneous_close)

/* Why TIME-WAIT, first reason: the last ACK may be lost. */
static void
lost_last_ack(void)
{
	struct world *w = scene_established();
	sw_ns again;

	closes(w, A);
	until(w, A, SW_FIN_WAIT_2);
	closes(w, B);
	loses(w, A, 0);
	until(w, A, SW_TIME_WAIT);
	run_for(w, 20 * SW_MS);
	ok(state_of(w, B) == SW_LAST_ACK);
	until(w, B, SW_CLOSED);
	again = now(w) - 10 * SW_MS; /* when the second FIN came */
	expect_wire(w, "A>B F. 1:1(0) ack 1\n"
		       "B>A .  1:1(0) ack 2\n"
		       "B>A F. 1:1(0) ack 2\n"
		       "A>B .  2:2(0) ack 2 lost\n"
		       "B>A F. 1:1(0) ack 2\n"
		       "A>B .  2:2(0) ack 2");
	until(w, A, SW_CLOSED);
	/* 2 MSL began anew with it */
	ok(changed(w, A) - again >= msl2 && changed(w, A) - again <= msl2 + SW_MS);
	world_end(w);
}
SCENE(lost_last_ack)

/* The same when the application of A has long gone and its block with it. */
static void
lost_last_ack_released(void)
{
	struct world *w = scene_established();
	struct sw_counters n = {.bytes = sizeof(n)};

	releases(w, A);
	until(w, A, SW_FIN_WAIT_2);
	closes(w, B);
	loses(w, A, 0);
	until(w, A, SW_TIME_WAIT);
	run_for(w, 20 * SW_MS);
	ok(sw_counters(w->stack[A], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_CONNS] == 0 && n.pool_used[SW_POOL_TIME_WAITS] == 1);
	until(w, B, SW_CLOSED);
	expect_wire(w, "A>B F. 1:1(0) ack 1\n"
		       "B>A .  1:1(0) ack 2\n"
		       "B>A F. 1:1(0) ack 2\n"
		       "A>B .  2:2(0) ack 2 lost\n"
		       "B>A F. 1:1(0) ack 2\n"
		       "A>B .  2:2(0) ack 2");
	until(w, A, SW_CLOSED);
	ok(sw_counters(w->stack[A], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_TIME_WAITS] == 0);
	world_end(w);
}
SCENE(lost_last_ack_released)

static void
lost_fin(void)
{
	struct world *w = scene_established();

	closes(w, A);
	loses(w, A, 0);
	until(w, A, SW_FIN_WAIT_2);
	expect_wire(w, "A>B F. 1:1(0) ack 1 lost\n"
		       "A>B F. 1:1(0) ack 1\n"
		       "B>A .  1:1(0) ack 2");
	world_end(w);
}
SCENE(lost_fin)

/* Second reason: what is still on its way must not meet the next connection. */
static void
old_duplicate_in_time_wait(void)
{
	struct world *w = scene_established();
	unsigned data;

	says(w, B, 100);
	hears_all(w, A, 100);
	data = sent(w, B) - 1;
	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	closes(w, B);
	until(w, B, SW_CLOSED);
	skip_wire(w);
	replays(w, B, data); /* B's data, late */
	run_for(w, 5 * SW_MS);
	expect_wire(w, "A>B . 2:2(0) ack 102");
	forge(w, A, "R 102:102(0)"); /*= RFC 1337: a RST does not end TIME-WAIT */
	forge(w, A, "R. 102:102(0) ack 2");
	run_for(w, 2 * SW_S);
	forge(w, A, "S 50:50(0)"); /* an old SYN: no new connection, an ACK */
	run_for(w, 5 * SW_MS);
	ok(state_of(w, A) == SW_TIME_WAIT);
	expect_wire(w, "B>A R 102:102(0)\n"
		       "A>B . 2:2(0) ack 102");
	world_end(w);
}
SCENE(old_duplicate_in_time_wait)

/* MAY-2: a newer SYN takes a TIME-WAIT over, with an ISS beyond the old numbers. */
static void
reuse_of_time_wait(void)
{
	struct world *w = scene_established();

	/* B closes first, so that the listener's side has the TIME-WAIT */
	closes(w, B);
	until(w, A, SW_CLOSE_WAIT);
	releases(w, A);
	until(w, B, SW_TIME_WAIT);
	run_for(w, SW_S);
	forge(w, B, "S 0:0(0) win 1000"); /* an old duplicate does not */
	run_for(w, SW_S);
	ok(state_of(w, B) == SW_TIME_WAIT);
	releases(w, B);
	skip_wire(w);
	skip_path(w);
	force_iss(w, A, scene_now.iss[A] + 100000);
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	expect_path(w, B, "TIME-WAIT CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	accepts(w, B);
	says(w, A, 10);
	hears_all(w, B, 10);
	world_end(w);
}
SCENE(reuse_of_time_wait)

/* The application goes while its bytes are on the way: they arrive, and the FIN behind them. */
static void
release_with_bytes_queued(void)
{
	struct world *w = scene_established();

	says(w, A, 20000);
	run_for(w, SW_MS);
	ok(status_of(w, A).snd_queued > 0);
	releases(w, A);
	hears_all(w, B, 20000);
	until(w, B, SW_CLOSE_WAIT);
	ok(status_of(w, B).error == SW_OK);
	world_end(w);
}
SCENE(release_with_bytes_queued)

/* After 2 MSL the same ports open again, and nothing of the old is left. */
static void
reuse_after_time_wait(void)
{
	struct world *w = scene_established();

	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	releases(w, B);
	until(w, A, SW_TIME_WAIT);
	until(w, A, SW_CLOSED);
	releases(w, A);
	skip_path(w);
	scene_iss_set(w);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED");
	world_end(w);
}
SCENE(reuse_after_time_wait)

/* An application that does not close: CLOSE-WAIT stays, by design. */
static void
close_wait_held(void)
{
	struct world *w = scene_established();

	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	run_for(w, 24 * 3600 * SW_S);
	ok(state_of(w, B) == SW_CLOSE_WAIT);
	ok(state_of(w, A) == SW_FIN_WAIT_2); /* A's application still waits for data */
	ok(ready_of(w, B) & SW_PEER_CLOSED);
	says(w, B, 10);
	hears_all(w, A, 10);
	world_end(w);
}
SCENE(close_wait_held)

/* The same, but A's application has gone: FIN-WAIT-2 is not held for ever. */
static void
fin_wait_2_released(void)
{
	struct world *w = scene_established();

	releases(w, A);
	until(w, B, SW_CLOSE_WAIT);
	until(w, A, SW_CLOSED);
	ok(changed(w, A) > 60 * SW_S && changed(w, A) < 62 * SW_S);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED");
	says(w, B, 10); /* too late: nobody there */
	until(w, B, SW_CLOSED);
	ok(status_of(w, B).error == SW_E_RESET);
	world_end(w);
}
SCENE(fin_wait_2_released)

/*= RFC 9293 3.6.1 SHLD-3: closing with bytes unread is a reset: they are lost */
static void
release_with_unread_data(void)
{
	struct world *w = scene_established();

	says(w, A, 100);
	run_for(w, 100 * SW_MS);
	skip_wire(w);
	releases(w, B);
	until(w, A, SW_CLOSED);
	expect_wire(w, "B>A R. 1:1(0) ack 101");
	ok(status_of(w, A).error == SW_E_RESET);
	world_end(w);
}
SCENE(release_with_unread_data)

/* Data for an application that has gone. */
static void
data_after_release(void)
{
	struct world *w = scene_established();

	releases(w, B);
	until(w, A, SW_CLOSE_WAIT);
	says(w, A, 10);
	until(w, A, SW_CLOSED);
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED");
	ok(status_of(w, A).error == SW_E_RESET);
	world_end(w);
}
SCENE(data_after_release)

static void
aborted(void)
{
	struct world *w = scene_established();

	says(w, A, 10);
	aborts(w, A);
	until(w, B, SW_CLOSED);
	expect_wire(w, "A>B R. 1:1(0) ack 1");
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED CLOSED");
	ok(status_of(w, B).error == SW_E_RESET);
	world_end(w);
}
SCENE(aborted)

/* gVisor's lesson: CLOSE moves the state when it is called, and a FIN behind a
 * closed window gets out. */
static void
fin_behind_closed_window(void)
{
	struct world *w = scene_new();

	w->config[B].rcv_buf = 4096;
	scene_go(w);
	established(w);
	says(w, A, 6000);
	closes(w, A);
	ok(state_of(w, A) == SW_FIN_WAIT_1);
	run_for(w, 300 * SW_S);
	ok(state_of(w, A) == SW_FIN_WAIT_1);
	hears_all(w, B, 6000);
	until(w, B, SW_CLOSE_WAIT);
	hears_end(w, B);
	world_end(w);
}
SCENE(fin_behind_closed_window)

/* Bytes that came before a graceful end can be read after it. */
static void
read_after_the_end(void)
{
	struct world *w = scene_established();

	closes(w, B);
	until(w, B, SW_FIN_WAIT_2);
	says(w, A, 100);
	closes(w, A);
	until(w, B, SW_TIME_WAIT);
	until(w, B, SW_CLOSED);
	hears(w, B, 100);
	hears_end(w, B);
	world_end(w);
}
SCENE(read_after_the_end)

int
main(void)
{
	PLAY("four-way close", four_way_close);
	PLAY("merged close", merged_close);
	PLAY("FIN on data", fin_on_data);
	PLAY("half-close", half_close);
	PLAY("simultaneous close", simultaneous_close);
	PLAY("lost last ACK of the close", lost_last_ack);
	PLAY("lost last ACK of the close, released", lost_last_ack_released);
	PLAY("lost FIN", lost_fin);
	PLAY("old duplicate in TIME-WAIT", old_duplicate_in_time_wait);
	PLAY("MAY-2 newer SYN in TIME-WAIT", reuse_of_time_wait);
	PLAY("release with bytes queued", release_with_bytes_queued);
	PLAY("port reuse after TIME-WAIT", reuse_after_time_wait);
	PLAY("CLOSE-WAIT held by the application", close_wait_held);
	PLAY("FIN-WAIT-2 without application", fin_wait_2_released);
	PLAY("SHLD-3 release with unread data", release_with_unread_data);
	PLAY("SHLD-3 data after release", data_after_release);
	PLAY("ABORT", aborted);
	PLAY("FIN behind a closed window", fin_behind_closed_window);
	PLAY("reading after the end", read_after_the_end);
	return plan_done();
}
