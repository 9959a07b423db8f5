/*
 * found_test.c - what random worlds (test/tool/worlds) have found, each made small.
 */
#include "victim.h"

/* Bytes in fragments of IPv4 that A has sent, and whether any was whole and with DF. */
static uint32_t
cut_of(const struct world *w, size_t from)
{
	uint32_t n = 0;

	for (size_t i = from; i < w->n_wire; i++)
		n += w->wire[i].from == A && !(w->wire[i].fate & SW_SIM_INJECTED) &&
		     !(w->wire[i].data[6] & 0x40);
	return n;
}

/* A path that takes less than 576 bytes: no host need believe it (RFC 1191 3 allows 68, RFC
 * 5927 7 doubts it), but then what is sent must be allowed to be cut on its way. */
static void
narrow_path(void)
{
	struct world *w = world_new();
	sw_ns began;

	w->path[A].mtu = w->path[B].mtu = 400;
	world_go(w);
	established(w);
	began = now(w);
	says(w, A, 20000);
	hears_all(w, B, 20000);
	ok(now(w) - began < SW_S);
	ok(status_of(w, A).mss + 40 + 12 == 576);
	ok(cut_of(w, 0) > 20);
	world_end(w);
}

/* Of a wider path nothing is cut. */
static void
wide_path(void)
{
	struct world *w = world_new();

	w->path[A].mtu = w->path[B].mtu = 600;
	world_go(w);
	established(w);
	says(w, A, 20000);
	hears_all(w, B, 20000);
	ok(status_of(w, A).mss + 40 + 12 == 600 && cut_of(w, 0) == 0);
	world_end(w);
}

/* How long a window's worth takes when the window was closed before.  The last bytes of a
 * window are less than a scaled one can say: there probes are taken, a byte a timeout. */
static sw_ns
after_closed_window(enum sw_cc cc)
{
	enum { WINDOW = 1100001 };
	struct world *w = world_new();
	sw_ns began;

	w->config[A].cc = (uint8_t)cc;
	w->config[A].snd_buf = 2 * WINDOW;
	w->config[B].rcv_buf = WINDOW;
	w->path[A].rate_bps = w->path[B].rate_bps = 10000000;
	world_go(w);
	established(w);
	says(w, A, 2 * WINDOW);
	run_for(w, 100 * SW_S);
	ok(status_of(w, A).snd_wnd == 0 && status_of(w, B).rcv_queued > WINDOW - 32);
	began = now(w);
	hears_all(w, B, 2 * WINDOW);
	began = now(w) - began;
	world_end(w);
	return began;
}

/* That is no measure of the path, and no pace comes of it. */
static void
pace_after_closed_window(void)
{
	for (int cc = 0; cc < SW_N_CCS; cc++)
		ok(after_closed_window((enum sw_cc)cc) < 2 * SW_S);
}

/* The timeout after a loss that was repaired, when new bytes beside were sent once. */
static sw_ns
timeout_after(bool sack, bool same_ack)
{
	struct world *w = scene_new();
	char text[80];
	sw_ns rto;

	w->config[A].timestamps = w->config[B].timestamps = false;
	w->config[A].sack = sack;
	w->config[A].nagle = false;
	w->config[A].without = SW_NO_TLP;
	scene_go(w);
	established(w);
	deafen(w);
	says(w, A, 100);
	run_for(w, 2 * SW_S); /* three timeouts */
	ok(status_of(w, A).retries == 3 && status_of(w, A).rto >= 8 * 200 * SW_MS);
	says(w, A, 100);
	if (!same_ack)
		forge(w, A, ". 1:1(0) ack 101 win 65000");
	run_for(w, 20 * SW_MS);
	says(w, A, 100);
	run_for(w, 20 * SW_MS);
	snprintf(text, sizeof(text), ". 1:1(0) ack 1 win 65000 <sack 101:201>");
	if (sack)
		forge(w, A, text);
	else
		forge(w, A, ". 1:1(0) ack 201 win 65000");
	run_for(w, SW_MS);
	rto = status_of(w, A).rto;
	world_end(w);
	return rto;
}

/*= RFC 6298 3, 5: what was sent once and last is measured, also by an ACK that covers what
 * was sent again before, and by SACK: then the timeout is no more doubled */
static void
measured_beside(void)
{
	ok(timeout_after(false, false) < 500 * SW_MS);
	ok(timeout_after(false, true) < 500 * SW_MS);
	ok(timeout_after(true, true) < 500 * SW_MS);
}
SCENE(measured_beside)

/*= RFC 6298 5.7: when both ends said their SYNs many times, what that took is no round
 * trip: three seconds for the first data, or what an echo of the last SYN tells */
static void
long_handshake(void)
{
	for (int ts = 0; ts < 2; ts++) {
		struct world *w = scene_new();

		w->config[A].timestamps = ts;
		scene_go(w);
		w->path[B].loss = 1000000;
		path_changes(w, B);
		listens(w, B);
		opens(w, A);
		run_for(w, 20 * SW_S);
		w->path[A].loss = 1000000; /* B says its SYN-ACK again, A is not heard */
		path_changes(w, A);
		run_for(w, 5 * SW_S);
		w->path[B].loss = 0;
		path_changes(w, B);
		until(w, A, SW_ESTABLISHED);
		ok(status_of(w, A).rto == 3 * SW_S);
		world_end(w);
	}
}
SCENE(long_handshake)

/* B's text [from, to) whose timestamp is `ago` ms older than its last. */
static void
forge_late(struct world *w, uint32_t from, uint32_t to, uint32_t ago)
{
	const struct world_seen *last = NULL;
	char text[120];

	for (size_t i = 0; i < w->n_wire; i++)
		if (w->wire[i].from == B && !(w->wire[i].fate & SW_SIM_INJECTED))
			last = &w->wire[i];
	if (!ok(last != NULL))
		return;
	snprintf(text, sizeof(text), "P. %lu:%lu(%lu) ack 1 <TS %lu %lu>", (unsigned long)from,
		 (unsigned long)to, (unsigned long)(to - from),
		 (unsigned long)(last->seg.tsval + (uint32_t)(now(w) / SW_MS) -
				 (uint32_t)(last->seg.at / SW_MS) - ago),
		 (unsigned long)last->seg.tsecr);
	forge(w, A, text);
	run_for(w, 0);
}

/* What a younger retransmission has overtaken is not old (RFC 7323 5.3 would have it so);
 * what is older than a moment is. */
static void
overtaken(void)
{
	struct world *w = scene_established();

	says(w, B, 10);
	hears_all(w, A, 10);
	run_for(w, 500 * SW_MS);
	forge_late(w, 101, 111, 0); /* a gap: there is something to hold */
	forge_late(w, 11, 21, 0);   /* sent again, at its left edge: the newest timestamp */
	forge_late(w, 41, 51, 12);  /* sent before that, and held up */
	ok(verdicts_of(w, A, SW_V_PAWS_OLD) == 0);
	forge_late(w, 21, 41, 0);
	ok(status_of(w, A).rcv_queued == 40);
	run_for(w, 150 * SW_MS);
	forge_late(w, 51, 61, 0);
	run_for(w, 150 * SW_MS);
	forge_late(w, 61, 71, 0);
	forge_late(w, 71, 81, 160); /* long ago */
	ok(verdicts_of(w, A, SW_V_PAWS_OLD) == 0);
	forge_late(w, 81, 91, 400);
	ok(verdicts_of(w, A, SW_V_PAWS_OLD) == 1);
	ok(status_of(w, A).rcv_queued == 70);
	forge_late(w, 91, 101, 900); /* before the connection held anything */
	ok(verdicts_of(w, A, SW_V_PAWS_OLD) == 2);
	world_end(w);
}
SCENE(overtaken)

int
main(void)
{
	TEST("a path below 576 bytes", narrow_path);
	TEST("a path above 576 bytes", wide_path);
	TEST("pace after a closed window", pace_after_closed_window);
	PLAY("a sample beside what was sent again", measured_beside);
	PLAY("RFC6298-11 a handshake of a minute", long_handshake);
	PLAY("RFC7323-11 overtaken is not old", overtaken);
	return plan_done();
}
