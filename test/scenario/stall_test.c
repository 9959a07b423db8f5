/*
 * stall_test.c - nothing waits for ever: windows that close, timers, dead peers.
 * RFC 9293 3.8.3 to 3.8.6, RFC 6298.  Each of these has stopped some stack.
 */
#include "victim.h"

static const sw_ns hour = 3600 * SW_S;

/* B offers `rcv_buf` bytes at most; timers and numbers that can be read. */
static struct world *
small_window(uint32_t rcv_buf)
{
	struct world *w = scene_new();

	plain(w);
	w->config[B].rcv_buf = rcv_buf;
	scene_go(w);
	established(w);
	return w;
}

/* The next segment of `host` at or after wire[*at]; NULL. */
static const struct world_seen *
next_of(const struct world *w, int host, size_t *at)
{
	for (; *at < w->n_wire; (*at)++)
		if (w->wire[*at].from == host && !(w->wire[*at].fate & SW_SIM_INJECTED))
			return &w->wire[(*at)++];
	return NULL;
}

/* Seconds between the last k segments of `host` and those before double, up to `most`. */
static void
expect_backoff(const struct world *w, int host, size_t from, sw_ns most)
{
	const struct world_seen *s, *before = next_of(w, host, &from);
	sw_ns gap = 0, last = 0;
	int n = 0;

	while (before && (s = next_of(w, host, &from)) != NULL) {
		gap = s->seg.at - before->seg.at;
		ok(s->seg.seq == before->seg.seq && s->seg.len == before->seg.len);
		if (last)
			ok(gap <= most + SW_MS &&
			   (gap + 2 * SW_MS >= 2 * last || gap + 2 * SW_MS >= most));
		last = gap;
		before = s;
		n++;
	}
	ok(n >= 3);
}

/*= RFC 9293 3.8.6.1 MUST-36, MUST-37: probes for as long as they are acknowledged */
static void
closed_for_an_hour(void)
{
	struct world *w = small_window(4096);
	size_t from;
	sw_ns began;

	says(w, A, 20000);
	run_for(w, 10 * SW_S);
	ok(status_of(w, A).snd_wnd == 0);
	ok(status_of(w, B).rcv_queued == 4096);
	run_for(w, hour);
	ok(state_of(w, A) == SW_ESTABLISHED);
	/* probes, one byte each, at intervals that grow to the bound */
	from = w->n_wire;
	run_for(w, 700 * SW_S);
	for (const struct world_seen *s; (s = next_of(w, A, &from)) != NULL;)
		ok(s->seg.len == 1 && s->seg.seq - w->iss[A] == 4097);
	began = now(w);
	for (unsigned k = 0; k < 3; k++)
		loses(w, A, k); /* the RTO is not the probes' any more */
	hears_all(w, B, 20000);
	ok(now(w) - began < 2 * SW_S);
	world_end(w);
}
SCENE(closed_for_an_hour)

/* The update that opens the window is lost: the next probe finds it open. */
static void
lost_window_update(void)
{
	struct world *w = small_window(4096);
	sw_ns began;

	says(w, A, 20000);
	run_for(w, 2 * SW_S);
	loses(w, B, 0);
	hears(w, B, 4096);
	run_for(w, SW_MS);
	began = now(w);
	ok(w->wire[w->n_wire - 1].fate & SW_SIM_GONE && w->wire[w->n_wire - 1].seg.wnd == 4096);
	hears_all(w, B, 20000 - 4096);
	ok(now(w) - began < 10 * SW_S);
	world_end(w);
}
SCENE(lost_window_update)

/* The byte of a probe that was not taken goes with what stands behind it, and does
 * not hold that up. */
static void
probe_byte_not_alone(void)
{
	struct world *w = small_window(4096);
	const struct world_seen *s;

	says(w, A, 5000);
	run_for(w, 2 * SW_S);
	ok(status_of(w, A).snd_nxt - w->iss[A] == 4098);
	closes(w, A);
	skip_wire(w);
	hears(w, B, 4096);
	run_for(w, 100 * SW_MS);
	s = next_of(w, A, &w->told);
	ok(s != NULL && s->seg.len == 904 && s->seg.seq - w->iss[A] == 4097 &&
	   (s->seg.ctl & SW_FIN));
	hears(w, B, 904);
	world_end(w);
}
SCENE(probe_byte_not_alone)

/* A window smaller than a segment: the head of the queue is cut. */
static void
window_below_segment(void)
{
	struct world *w = small_window(65535);

	deafen(w);
	says(w, A, 5000);
	run_for(w, SW_MS);
	forge(w, A, ". 1:1(0) ack 1 win 100"); /* taken back: MUST-34 */
	run_for(w, SW_MS);
	skip_wire(w);
	says(w, A, 3000); /* nothing of it may go */
	run_for(w, 1500 * SW_MS);
	for (const struct world_seen *s; (s = next_of(w, A, &w->told)) != NULL;)
		ok(s->seg.len == 100 && s->seg.seq - w->iss[A] == 1);
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 8000);
	world_end(w);
}
SCENE(window_below_segment)

/* The state moves at CLOSE, the FIN waits for the window, and gets through. */
static void
fin_behind_closed_window(void)
{
	struct world *w = small_window(4096);

	says(w, A, 4096);
	run_for(w, SW_S);
	ok(status_of(w, A).snd_wnd == 0);
	closes(w, A);
	ok(state_of(w, A) == SW_FIN_WAIT_1);
	run_for(w, 100 * SW_S);
	ok(state_of(w, A) == SW_FIN_WAIT_1);
	hears(w, B, 4096);
	until(w, B, SW_CLOSE_WAIT);
	until(w, A, SW_FIN_WAIT_2);
	hears_end(w, B);
	world_end(w);
}
SCENE(fin_behind_closed_window)

/* Both windows are closed and both probe: neither hears less because of that. */
static void
double_zero_window(void)
{
	struct world *w = scene_new();
	unsigned before;
	sw_ns began;

	plain(w);
	w->config[A].rcv_buf = w->config[B].rcv_buf = 4096;
	scene_go(w);
	established(w);
	says(w, A, 20000);
	says(w, B, 20000);
	run_for(w, 400 * SW_S);
	ok(status_of(w, A).snd_wnd == 0 && status_of(w, B).snd_wnd == 0);
	before = sent(w, A) + sent(w, B);
	run_for(w, 100 * SW_S);
	ok(sent(w, A) + sent(w, B) - before <= 20);
	/* a window update is taken at once although the other's window is closed */
	began = now(w);
	hears(w, A, 4096);
	run_for(w, 50 * SW_MS);
	ok(status_of(w, B).snd_wnd > 0);
	hears_all(w, A, 20000 - 4096);
	ok(now(w) - began < 10 * SW_S);
	hears_all(w, B, 20000);
	world_end(w);
}
SCENE(double_zero_window)

/*= RFC 9293 3.4 MUST-66: a closed window keeps out text, not ACK, RST and URG */
static void
closed_window_hears(void)
{
	struct world *w = scene_new();

	plain(w);
	w->config[A].rcv_buf = 4096;
	scene_go(w);
	established(w);
	deafen(w);
	says(w, A, 100);
	forge(w, A, ". 1:4097(4096) ack 1");
	run_for(w, SW_MS);
	ok(status_of(w, A).rcv_wnd == 0);
	skip_wire(w);
	forge(w, A, "UP. 4097:4098(1) ack 101 win 777 up 1");
	run_for(w, 0);
	expect_wire(w, "A>B . 101:101(0) ack 4097 win 0 lost"); /* a probe is answered */
	ok(status_of(w, A).snd_una - w->iss[A] == 101 && status_of(w, A).snd_wnd == 777);
	ok(ready_of(w, A) & SW_URGENT);
	ok(status_of(w, A).rcv_queued == 4096);
	forge(w, A, "R 4097:4097(0)");
	run_for(w, 0);
	ok(state_of(w, A) == SW_CLOSED);
	world_end(w);
}
SCENE(closed_window_hears)

/* A window that the program makes larger is told. */
static void
window_grows(void)
{
	struct world *w = small_window(4096);

	says(w, A, 20000);
	run_for(w, 300 * SW_S);
	ok(sw_set(w->stack[B], now(w), w->conn[B], SW_OPT_RCV_BUF, 40000) == SW_OK);
	run_for(w, SW_S);
	ok(status_of(w, B).rcv_queued == 20000);
	world_end(w);
}
SCENE(window_grows)

/* R1 is for peers that are silent: one that answers probes is not. */
static void
no_trouble(void)
{
	struct world *w = small_window(4096);

	says(w, A, 20000);
	run_for(w, hour);
	ok(!(ready_of(w, A) & SW_TROUBLE));
	deafen(w);
	run_for(w, 290 * SW_S); /* now it is silent */
	ok(ready_of(w, A) & SW_TROUBLE);
	until(w, A, SW_CLOSED); /* MUST-37 holds no longer: R2 */
	ok(status_of(w, A).error == SW_E_TIMED_OUT);
	world_end(w);
}
SCENE(no_trouble)

/*= RFC 9293 3.8.6.2.1 MUST-38: a silly window waits, but not for ever (MUST-60) */
static void
silly_windows(void)
{
	struct world *w = small_window(65535);
	uint32_t mss = status_of(w, A).mss;
	const struct world_seen *s;

	deafen(w);
	forge(w, A, ". 1:1(0) ack 1 win 600");
	run_for(w, SW_MS);
	skip_wire(w);
	says(w, A, 5000);
	run_for(w, status_of(w, A).rto / 2);
	expect_silence(w);
	run_for(w, status_of(w, A).rto);
	s = next_of(w, A, &w->told);
	ok(s != NULL && s->seg.len == 600 && s->seg.seq - w->iss[A] == 1);
	forge(w, A, ". 1:1(0) ack 601 win 3000");
	run_for(w, SW_MS);
	for (uint32_t i = 0; i < 2; i++) {
		s = next_of(w, A, &w->told);
		ok(s != NULL && s->seg.len == mss && s->seg.seq - w->iss[A] == 601 + i * mss);
	}
	ok(next_of(w, A, &w->told) == NULL); /* the rest of the window is silly */
	world_end(w);
}
SCENE(silly_windows)

/*= RFC 9293 3.8.6.2.2 MUST-39: no silly window is offered, and no stall for fear of one */
static void
hysteresis(void)
{
	struct world *w = small_window(8192);
	uint32_t mss = status_of(w, A).mss, edge;
	size_t at;

	says(w, A, 100000);
	run_for(w, SW_S);
	at = w->n_wire;
	while (w->wire[at - 1].from != B)
		at--;
	for (int i = 0; i < 20000; i++) {
		hears_all(w, B, 1);
		run_for(w, 100 * SW_US);
	}
	edge = w->wire[at - 1].seg.ack + w->wire[at - 1].seg.wnd;
	for (const struct world_seen *s; (s = next_of(w, B, &at)) != NULL;) {
		uint32_t more = s->seg.ack + s->seg.wnd - edge;

		ok(more == 0 || (more >= mss && more < 10000));
		edge += more;
	}
	ok(sent(w, A) < 100); /* whole segments, and few probes */
	hears_all(w, B, 80000);
	world_end(w);
}
SCENE(hysteresis)

/* ACKs that say nothing new do not put the timer off. */
static void
timer_pushed(void)
{
	struct world *w = small_window(65535);
	struct sw_counters n = {.bytes = sizeof(n)};

	deafen(w);
	says(w, A, 100);
	for (int i = 0; i < 100; i++) {
		run_for(w, 20 * SW_MS);
		forge(w, A, ". 1:1(0) ack 1");
	}
	ok(sw_counters(w->stack[A], &n) == SW_OK);
	ok(n.rtos >= 2);
	world_end(w);
}
SCENE(timer_pushed)

/*= RFC 6298 5.5, 2.5: doubles up to the bound; RFC 9293 3.8.3 MUST-20, SHLD-9: R1, R2 */
static void
backoff(void)
{
	struct world *w = small_window(65535);
	size_t at = w->n_wire;
	sw_ns began;

	w->path[A].loss = 1000000;
	path_changes(w, A);
	says(w, A, 100);
	began = now(w);
	run_for(w, SW_S);
	ok(!(ready_of(w, A) & SW_TROUBLE));
	run_for(w, 9 * SW_S);
	ok(ready_of(w, A) & SW_TROUBLE); /* R1 = 3 */
	run_for(w, 250 * SW_S);
	expect_backoff(w, A, at, 120 * SW_S);
	until(w, A, SW_CLOSED);
	ok(now(w) - began >= 300 * SW_S && now(w) - began < 301 * SW_S);
	ok(status_of(w, A).error == SW_E_TIMED_OUT);
	ok(ready_of(w, A) & SW_FAILED);
	world_end(w);
}
SCENE(backoff)

/*= RFC 9293 3.8.3 MUST-21: the application sets R2 for one connection */
static void
user_timeout(void)
{
	struct world *w = small_window(65535);
	sw_ns began = now(w);

	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_USER_TIMEOUT, 7) == SW_OK);
	deafen(w);
	says(w, A, 100);
	until(w, A, SW_CLOSED);
	ok(now(w) - began >= 7 * SW_S && now(w) - began < 8 * SW_S);
	world_end(w);
}
SCENE(user_timeout)

/*= RFC 6298 3 MUST: no sample of what was sent twice; the doubled RTO stays (5.7) */
static void
karn(void)
{
	struct world *w = small_window(65535);
	sw_ns rto, srtt = status_of(w, A).srtt;

	ok(srtt >= 20 * SW_MS && srtt < 21 * SW_MS);
	ok(status_of(w, A).rto >= 200 * SW_MS);
	rto = status_of(w, A).rto;
	loses(w, A, 0);
	loses(w, A, 1);
	says(w, A, 100);
	hears_all(w, B, 100);
	run_for(w, 100 * SW_MS);
	ok(status_of(w, A).srtt == srtt);
	ok(status_of(w, A).rto == 4 * rto);
	says(w, A, 100); /* sent once: measured, and the RTO is good again */
	hears_all(w, B, 100);
	run_for(w, 100 * SW_MS);
	ok(status_of(w, A).rto < 2 * rto);
	world_end(w);
}
SCENE(karn)

/* A round trip below every clock's grain is not none. */
static void
tiny_rtt(void)
{
	struct world *w = scene_new();

	w->path[A].delay = w->path[B].delay = SW_US;
	scene_go(w);
	established(w);
	ok(status_of(w, A).srtt > 0 && status_of(w, A).srtt < SW_MS);
	for (int i = 0; i < 20; i++) {
		says(w, A, 20000);
		loses(w, A, 3);
		hears_all(w, B, 20000);
	}
	ok(status_of(w, A).rto >= 200 * SW_MS && status_of(w, A).rto < SW_S);
	ok(now(w) < 10 * SW_S);
	world_end(w);
}
SCENE(tiny_rtt)

/* Our FIN is sent again in each state where it is not acknowledged. */
static void
fin_again(void)
{
	static const enum sw_state states[] = {SW_FIN_WAIT_1, SW_CLOSING, SW_LAST_ACK};

	for (int i = 0; i < 3; i++) {
		struct world *w = small_window(65535);
		uint32_t nxt;
		size_t at = w->n_wire;
		int n = 0;

		victim_go(w, states[i], &nxt);
		run_for(w, 10 * SW_S);
		for (const struct world_seen *s; (s = next_of(w, A, &at)) != NULL;)
			n += (s->seg.ctl & SW_FIN) && s->seg.seq - w->iss[A] == 1 &&
			     s->seg.ack - w->iss[B] == (s->seg.at < 10 * SW_MS ? 1 : nxt);
		ok(n >= 4);
		ok(state_of(w, A) == states[i]);
		forge(w, A, nxt == 1 ? ". 1:1(0) ack 2" : ". 2:2(0) ack 2");
		run_for(w, 0);
		ok(state_of(w, A) == (i == 0 ? SW_FIN_WAIT_2 : i == 1 ? SW_TIME_WAIT : SW_CLOSED));
		world_end(w);
	}
}
SCENE(fin_again)

/* Old text in LAST-ACK is acknowledged: else the peer would never finish. */
static void
last_ack_dup(void)
{
	struct world *w = small_window(65535);
	uint32_t nxt;

	victim_go(w, SW_LAST_ACK, &nxt);
	forge(w, A, "F. 1:1(0) ack 1");
	run_for(w, 0);
	expect_wire(w, "A>B . 2:2(0) ack 2 lost");
	ok(state_of(w, A) == SW_LAST_ACK);
	world_end(w);
}
SCENE(last_ack_dup)

/*= RFC 9293 3.8.4 MUST-24, 25, 28, SHLD-12: off by default; after two idle hours */
static void
keep_alive(void)
{
	struct world *w = small_window(65535);

	run_for(w, 10 * hour);
	expect_silence(w);
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_KEEPALIVE, 1) == SW_OK);
	run_for(w, 2 * hour - SW_S);
	expect_silence(w);
	run_for(w, 10 * SW_S);
	expect_wire(w, "A>B . 0:0(0) ack 1\nB>A . 1:1(0) ack 1");
	/* traffic puts it off; MUST-26 */
	run_for(w, hour);
	says(w, B, 10);
	hears_all(w, A, 10);
	run_for(w, SW_S);
	skip_wire(w);
	run_for(w, 2 * hour - 10 * SW_S);
	expect_silence(w);
	run_for(w, 20 * SW_S);
	expect_wire(w, "A>B . 0:0(0) ack 11\nB>A . 11:11(0) ack 1");
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_KEEPALIVE, 0) == SW_OK);
	run_for(w, 10 * hour);
	expect_silence(w);
	world_end(w);
}
SCENE(keep_alive)

/*= RFC 9293 3.8.4 MUST-27, RFC 1122 4.2.3.6: not one lost probe, but nine, end it */
static void
keep_alive_dead_peer(void)
{
	struct world *w = small_window(65535);
	sw_ns began = now(w);
	unsigned before;

	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_KEEPALIVE, 1) == SW_OK);
	loses(w, A, 0);
	run_for(w, 2 * hour + 100 * SW_S);
	ok(state_of(w, A) == SW_ESTABLISHED);
	deafen(w);
	before = sent(w, A);
	began = now(w);
	run_for(w, 4 * hour);
	ok(state_of(w, A) == SW_CLOSED);
	ok(status_of(w, A).error == SW_E_TIMED_OUT);
	ok(sent(w, A) - before == 10); /* and a RST */
	ok(now(w) - began > 2 * hour);
	world_end(w);
}
SCENE(keep_alive_dead_peer)

/* Probes of a closed window and keep-alives do not cancel each other. */
static void
keep_alive_and_persist(void)
{
	struct world *w = small_window(4096);

	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_KEEPALIVE, 1) == SW_OK);
	says(w, A, 20000);
	run_for(w, 5 * hour);
	ok(state_of(w, A) == SW_ESTABLISHED);
	hears_all(w, B, 20000);
	run_for(w, 3 * hour);
	ok(state_of(w, A) == SW_ESTABLISHED);
	deafen(w);
	run_for(w, 3 * hour);
	ok(state_of(w, A) == SW_CLOSED);
	world_end(w);
}
SCENE(keep_alive_and_persist)

/*= RFC 9293 3.6.1 SHLD-3: unread bytes in a closing state: the peer is told as well */
static void
unread_in_last_ack(void)
{
	struct world *w = small_window(4096);

	says(w, B, 100);
	run_for(w, 100 * SW_MS);
	says(w, A, 20000);
	closes(w, B);
	until(w, A, SW_CLOSE_WAIT);
	closes(w, A);
	run_for(w, SW_S);
	ok(state_of(w, A) == SW_LAST_ACK);
	ok(state_of(w, B) == SW_FIN_WAIT_2);
	releases(w, A); /* B waits for bytes that will never come */
	until(w, B, SW_CLOSED);
	ok(status_of(w, B).error == SW_E_RESET);
	world_end(w);
}
SCENE(unread_in_last_ack)

/*= RFC 9293 3.8.6.2.1 MUST-60: SW_MORE holds a small piece back, not for ever */
static void
more_to_come(void)
{
	struct world *w = small_window(65535);
	uint8_t bytes[10] = {0};

	ok(sw_send(w->stack[A], now(w), w->conn[A], bytes, 10, SW_MORE) == 10);
	run_for(w, 50 * SW_MS);
	expect_silence(w);
	run_for(w, 900 * SW_MS);
	ok(status_of(w, B).rcv_queued == 10);
	world_end(w);
}
SCENE(more_to_come)

/* The clocks of timestamps and of challenges go round: nothing is old because of it. */
static void
idle_for_a_month(void)
{
	struct world *w = scene_established();
	struct sw_counters n = {.bytes = sizeof(n)};

	forge(w, A, "R 100:100(0)");
	run_for(w, 30 * 24 * hour);
	forge(w, A, "R 100:100(0)");
	run_for(w, SW_S);
	ok(sw_counters(w->stack[A], &n) == SW_OK);
	ok(n.challenges == 2);
	says(w, A, 1000);
	hears_all(w, B, 1000);
	says(w, B, 1000);
	hears_all(w, A, 1000);
	ok(verdicts_of(w, A, SW_V_PAWS_OLD) + verdicts_of(w, B, SW_V_PAWS_OLD) == 0);
	world_end(w);
}
SCENE(idle_for_a_month)

/* cwnd is used up, and the window is closed: the probe goes all the same. */
static void
probe_without_cwnd(void)
{
	struct world *w = small_window(65535);
	struct sw_counters n = {.bytes = sizeof(n)};

	deafen(w);
	says(w, A, 20000);
	run_for(w, SW_S);
	ok(status_of(w, A).cwnd == status_of(w, A).mss); /* after timeouts, and it is out */
	forge(w, A, ". 1:1(0) ack 1 win 0");
	run_for(w, 20 * SW_S);
	ok(sw_counters(w->stack[A], &n) == SW_OK);
	ok(n.probes >= 2);
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 20000);
	world_end(w);
}
SCENE(probe_without_cwnd)

/* From zero to something is an opening, at once, whatever was offered before. */
static void
window_from_zero(void)
{
	struct world *w = small_window(65535);

	deafen(w);
	forge(w, A, ". 1:1(0) ack 1 win 0");
	run_for(w, SW_MS);
	says(w, A, 5000);
	run_for(w, SW_MS);
	expect_silence(w);
	forge(w, A, ". 1:1(0) ack 1 win 3000");
	run_for(w, SW_MS);
	expect_wire(w, "A>B . 1:1461(1460) ack 1 lost\nA>B . 1461:2921(1460) ack 1 lost");
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 5000);
	world_end(w);
}

/* The segments of IPv6 are shorter. */
static void
window_from_zero_4(void)
{
	if (!scene_now.v6)
		window_from_zero();
}
SCENE(window_from_zero_4)

/* A buffer below a segment: updates come although no whole segment has room. */
static void
tiny_buffer(void)
{
	struct world *w = small_window(1000);
	sw_ns began = now(w);

	says(w, A, 10000);
	for (int i = 0; i < 20; i++)
		hears_all(w, B, 500);
	ok(now(w) - began < 5 * SW_S);
	world_end(w);
}
SCENE(tiny_buffer)

/* After a timeout an ACK of what was sent before it is as good as any. */
static void
ack_of_old(void)
{
	struct world *w = small_window(65535);
	uint32_t mss = status_of(w, A).mss;
	char text[64];

	deafen(w);
	says(w, A, 10 * mss);
	run_for(w, 300 * SW_MS);
	ok(status_of(w, A).retries == 1);
	snprintf(text, sizeof(text), ". 1:1(0) ack %lu", 1ul + 10ul * mss);
	skip_wire(w);
	forge(w, A, text);
	run_for(w, 10 * SW_S);
	ok(status_of(w, A).snd_queued == 0);
	expect_silence(w);
	world_end(w);
}
SCENE(ack_of_old)

/* A FIN behind the window's edge is not there yet; it comes again and is taken. */
static void
fin_beyond_edge(void)
{
	struct world *w = scene_new();

	plain(w);
	w->config[A].rcv_buf = 4096;
	scene_go(w);
	established(w);
	deafen(w);
	forge(w, A, "F. 1:5001(5000) ack 1");
	run_for(w, SW_MS);
	ok(state_of(w, A) == SW_ESTABLISHED && status_of(w, A).rcv_queued == 4096);
	for (uint8_t bytes[4096]; sw_receive(w->stack[A], now(w), w->conn[A], bytes, 4096) > 0;)
		;
	forge(w, A, "F. 4097:5001(904) ack 1");
	run_for(w, SW_MS);
	ok(state_of(w, A) == SW_CLOSE_WAIT && status_of(w, A).rcv_queued == 904);
	world_end(w);
}
SCENE(fin_beyond_edge)

/* A send buffer that becomes larger wakes the writer. */
static void
buffer_grows(void)
{
	struct world *w = small_window(4096);
	struct sw_event ev;
	uint8_t bytes[1000] = {0};
	bool told = false;

	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_SND_BUF, 8000) == SW_OK);
	while (sw_send(w->stack[A], now(w), w->conn[A], bytes, sizeof(bytes), 0) > 0)
		;
	run_for(w, 10 * SW_S);
	while (sw_send(w->stack[A], now(w), w->conn[A], bytes, sizeof(bytes), 0) > 0)
		;
	while (sw_event(w->stack[A], &ev))
		;
	ok(!(ready_of(w, A) & SW_WRITABLE));
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_SND_BUF, 80000) == SW_OK);
	while (sw_event(w->stack[A], &ev))
		told |= ev.conn == w->conn[A] && (ev.ready & SW_WRITABLE);
	ok(told);
	world_end(w);
}
SCENE(buffer_grows)

int
main(void)
{
	PLAY("MUST-36 MUST-37 window closed for an hour", closed_for_an_hour);
	PLAY("lost window update", lost_window_update);
	PLAY("MUST-34 window below a segment", window_below_segment);
	PLAY("FIN behind a closed window", fin_behind_closed_window);
	PLAY("both windows closed", double_zero_window);
	PLAY("MUST-66 what a closed window hears", closed_window_hears);
	PLAY("window grows by a setting", window_grows);
	PLAY("R1 is not for who answers probes", no_trouble);
	PLAY("MUST-38 silly windows", silly_windows);
	PLAY("MUST-39 reader of single bytes", hysteresis);
	PLAY("retransmission timer is not put off", timer_pushed);
	PLAY("MUST-20 SHLD-9 backing off, R1 and R2", backoff);
	PLAY("MUST-21 user timeout", user_timeout);
	PLAY("Karn", karn);
	PLAY("tiny round trip", tiny_rtt);
	PLAY("FIN sent again in each state", fin_again);
	PLAY("duplicate in LAST-ACK", last_ack_dup);
	PLAY("MUST-24 MUST-25 MUST-26 MUST-28 keep-alive", keep_alive);
	PLAY("MUST-27 keep-alive of a dead peer", keep_alive_dead_peer);
	PLAY("keep-alive and persist", keep_alive_and_persist);
	PLAY("the byte of a probe", probe_byte_not_alone);
	PLAY("SHLD-3 unread bytes in LAST-ACK", unread_in_last_ack);
	PLAY("MUST-60 more to come", more_to_come);
	PLAY("idle for a month", idle_for_a_month);
	PLAY("a probe needs no cwnd", probe_without_cwnd);
	PLAY("window opens from zero", window_from_zero_4);
	PLAY("buffer below a segment", tiny_buffer);
	PLAY("ACK of what was sent before a timeout", ack_of_old);
	PLAY("FIN beyond the window's edge", fin_beyond_edge);
	PLAY("send buffer grows", buffer_grows);
	return plan_done();
}
