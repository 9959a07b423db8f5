/*
 * attack_test.c - segments of a stranger, or of a liar: what may be believed.
 * RFC 9293 3.10.7.4, 5961, 1337, 7323 5, 2018; ghost ACKs.
 *
 * A is the victim; B hears nothing of it, so all that comes to A is forged.
 */
#include "victim.h"

static const enum sw_state attack_states[] = {SW_ESTABLISHED, SW_FIN_WAIT_1, SW_FIN_WAIT_2,
					      SW_CLOSE_WAIT,  SW_CLOSING,    SW_LAST_ACK,
					      SW_TIME_WAIT};

enum { STATES = sizeof(attack_states) / sizeof(attack_states[0]) };

static struct world *
attack_reach(enum sw_state state, uint32_t *nxt)
{
	struct world *w = plain_established();

	victim_go(w, state, nxt);
	return w;
}

/* A segment of B without text, flags and number given, ack 1. */
static void
forge_at(struct world *w, const char *flags, uint32_t seq)
{
	char text[100];

	snprintf(text, sizeof(text), "%s %lu:%lu(0) ack 1", flags, (unsigned long)seq,
		 (unsigned long)seq);
	forge(w, A, text);
	run_for(w, 0);
}

/* What A said since the last question were pure ACKs of `ack`; how many. */
static unsigned
expect_only_acks(struct world *w, uint32_t ack)
{
	unsigned got = 0;

	run_for(w, SW_MS);
	for (size_t i = w->told; i < w->n_wire; i++) {
		const struct sw_trace *t = &w->wire[i].seg;

		if (w->wire[i].fate & SW_SIM_INJECTED || w->wire[i].from != A)
			continue;
		got++;
		ok(t->ctl == SW_ACK && t->len == 0 && t->ack - w->iss[B] == ack);
	}
	skip_wire(w);
	return got;
}

static void
expect_acks(struct world *w, unsigned n, uint32_t ack)
{
	ok(expect_only_acks(w, ack) == n);
}

/*= RFC 5961 3.2: the four edges of the window */
static void
blind_rst(void)
{
	for (int i = 0; i < STATES; i++) {
		bool tw = attack_states[i] == SW_TIME_WAIT;
		uint32_t nxt, wnd;
		struct world *w = attack_reach(attack_states[i], &nxt);

		wnd = status_of(w, A).rcv_wnd;
		forge_at(w, "R", nxt - 1);
		forge_at(w, "R", nxt + wnd);
		expect_silence(w);
		ok(verdicts_of(w, A, SW_V_RST_OUTSIDE) == 2);
		forge_at(w, "R", nxt + 1);
		expect_acks(w, !tw, nxt);
		run_for(w, 600 * SW_MS); /* our FIN again, perhaps */
		skip_wire(w);
		forge_at(w, "R", nxt + wnd - 1);
		expect_acks(w, !tw, nxt);
		ok(verdicts_of(w, A, SW_V_RST_CHALLENGED) == (tw ? 0 : 2));
		ok(state_of(w, A) == attack_states[i]);
		forge_at(w, "R", nxt);
		ok(state_of(w, A) == (tw ? SW_TIME_WAIT : SW_CLOSED));
		expect_silence(w);
		world_end(w);
	}
}
SCENE(blind_rst)

/*= RFC 5961 4.2: a SYN on a synchronized connection: a challenge ACK, wherever it is */
static void
blind_syn(void)
{
	static const uint32_t at[] = {0, 0xffffffff, 1, 1000, 65535, 0x7fffffff, 0x80000001};

	for (int i = 0; i < STATES; i++) {
		uint32_t nxt;
		struct world *w = attack_reach(attack_states[i], &nxt);

		for (int k = 0; k < 7; k++) {
			run_for(w, 600 * SW_MS);
			skip_wire(w);
			forge_at(w, k & 1 ? "S" : "S.", nxt + at[k]);
			expect_acks(w, 1, nxt);
			ok(state_of(w, A) == attack_states[i]);
		}
		ok(verdicts_of(w, A, SW_V_SYN_CHALLENGED) == 7);
		world_end(w);
	}
}
SCENE(blind_syn)

/* Text at RCV.NXT with this ACK: is it believed? */
static bool
text_passes(struct world *w, uint32_t ack)
{
	struct sw_status s = status_of(w, A);
	uint32_t at = s.rcv_nxt - s.irs;
	char text[100];

	run_for(w, 600 * SW_MS);
	snprintf(text, sizeof(text), ". %lu:%lu(1) ack %lu", (unsigned long)at,
		 (unsigned long)at + 1, (unsigned long)ack);
	forge(w, A, text);
	run_for(w, 0);
	return status_of(w, A).rcv_queued == s.rcv_queued + 1;
}

/*= RFC 5961 5.2, and never an ACK of what was never sent (ghost ACKs) */
static void
ghost_ack(void)
{
	struct world *w = plain_established();

	/* before any data only one number is right */
	ok(!text_passes(w, 0));
	ok(!text_passes(w, 2));
	ok(!text_passes(w, -60000u));
	ok(!text_passes(w, 0x80000000));
	ok(!text_passes(w, 0x80000001));
	ok(!text_passes(w, 0x80000002));
	ok(text_passes(w, 1));
	ok(verdicts_of(w, A, SW_V_ACK_UNSENT) >= 2 && verdicts_of(w, A, SW_V_ACK_ANCIENT) >= 2);
	world_end(w);

	w = plain_established();
	says(w, A, 100);
	hears_all(w, B, 100);
	run_for(w, 100 * SW_MS);
	ok(!text_passes(w, 0));
	ok(text_passes(w, 1));
	ok(text_passes(w, 50));
	ok(text_passes(w, 101));
	ok(!text_passes(w, 102));
	world_end(w);

	w = plain_established();
	says(w, A, 200000);
	hears_all(w, B, 200000);
	run_for(w, 100 * SW_MS);
	ok(text_passes(w, 200001));
	ok(text_passes(w, 200001 - 65535)); /* the largest window that B offered */
	ok(!text_passes(w, 200001 - 65536));
	world_end(w);
}
SCENE(ghost_ack)

/* Guesses from off the path: nothing is reset, no byte gets in. */
static void
blind_flood(void)
{
	static const char kind[][4] = {"R", "R.", "S", ".", "P.", "F.", "S.", "FP."};
	struct world *w = plain_established();
	char text[100];

	deafen(w);
	for (int i = 0; i < 3000; i++) {
		uint32_t len = tap_below(100), seq = (uint32_t)tap_random();
		const char *flags = kind[tap_below(8)];

		/* one guess in a thousand is right: not these */
		if (seq - 1 < 65535 && (seq == 1 || !strchr(flags, 'R')))
			seq += 0x40000000;
		snprintf(text, sizeof(text), "%s %lu:%lu(%lu) ack %lu", flags, (unsigned long)seq,
			 (unsigned long)(seq + len), (unsigned long)len,
			 (unsigned long)tap_random() & 0xffffffff);
		forge(w, A, text);
		run_for(w, SW_US);
	}
	ok(state_of(w, A) == SW_ESTABLISHED);
	ok(status_of(w, A).rcv_nxt == w->iss[B] + 1);
	ok(status_of(w, A).rcv_queued == 0);
	expect_only_acks(w, 1);
	world_end(w);
}
SCENE(blind_flood)

/* SACK blocks at every distance, edges in any order: only true ones count. */
static void
sack_insane(void)
{
	static const uint32_t far[] = {0, 1, 1u << 30, 0x7fffffff, 0x80000000, 0x80000001, -1u};
	struct world *w = scene_new();
	uint32_t pipe;
	char text[160];

	w->config[A].timestamps = w->config[B].timestamps = w->config[A].nagle = false;
	scene_go(w);
	established(w);
	deafen(w);
	says(w, A, 14000);
	run_for(w, SW_MS);
	pipe = status_of(w, A).pipe;
	ok(pipe == 14000);
	for (unsigned i = 0; i < 4 * 49; i++) {
		/* from UNA and from NXT */
		uint32_t left = far[i / 4 / 7] + (i & 1 ? 1 : 14001);
		uint32_t right = far[i / 4 % 7] + (i & 2 ? 1 : 14001);

		if (left - 2 < right - 2 && right - 2 < 14000 && left > 1)
			continue; /* inside: true */
		snprintf(text, sizeof(text), ". 1:1(0) ack 1 <sack %lu:%lu,sack %lu:%lu>",
			 (unsigned long)left, (unsigned long)right, (unsigned long)left,
			 (unsigned long)right);
		forge(w, A, text);
		run_for(w, 0);
		ok(sw_probe_check(w->stack[A]) == 0);
		ok(status_of(w, A).pipe == pipe);
	}
	ok(status_of(w, A).retransmits == 0);
	for (int i = 0; i < 200; i++) { /* true ones, at random */
		uint32_t left = 2 + tap_below(13998), n = 1 + tap_below(14001 - left);

		snprintf(text, sizeof(text), ". 1:1(0) ack 1 <sack %lu:%lu>", (unsigned long)left,
			 (unsigned long)left + n);
		forge(w, A, text);
		run_for(w, 0);
		ok(sw_probe_check(w->stack[A]) == 0);
	}
	ok(status_of(w, A).pipe < 14000);
	ok(status_of(w, A).snd_una == w->iss[A] + 1);
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 14000); /* B had nothing of it: A finds out (RFC 2018 8) */
	world_end(w);
}
SCENE(sack_insane)

/*= RFC 5961 7: challenge ACKs are bounded, and each connection has its own bound */
static void
challenge_budget(void)
{
	struct world *w = plain_established();
	sw_conn first = w->conn[A];
	unsigned before;

	w->end[A].port++;
	w->known[A] = w->known[B] = false;
	opens(w, A);
	run_for(w, 100 * SW_MS);
	deafen(w);
	before = sent(w, A);
	for (int i = 0; i < 1000; i++) {
		forge_at(w, "R", 100);
		run_for(w, SW_MS);
	}
	ok(sent(w, A) - before >= 2 && sent(w, A) - before <= 3);
	/* the other one has not paid for it */
	w->end[A].port--;
	w->conn[A] = first;
	before = sent(w, A);
	forge_at(w, "R", 100);
	run_for(w, 0);
	ok(sent(w, A) - before == 1);
	world_end(w);
}
SCENE(challenge_budget)

/*= RFC 1337: old segments of the connection that was do not end its TIME-WAIT */
static void
time_wait_assassin(void)
{
	for (int released = 0; released < 2; released++) {
		uint32_t nxt;
		struct world *w = attack_reach(SW_TIME_WAIT, &nxt);

		if (released)
			releases(w, A);
		run_for(w, 100 * SW_S);
		forge(w, A, "P. 1:101(100) ack 1");
		forge(w, A, "R 2:2(0)");
		forge(w, A, "R. 2:2(0) ack 2");
		forge(w, A, "S 1:1(0)");
		forge(w, A, "S. 0:0(0) ack 1");
		run_for(w, SW_MS);
		ok(state_of(w, A) == SW_TIME_WAIT);
		run_for(w, 139 * SW_S);
		ok(state_of(w, A) == SW_TIME_WAIT);
		run_for(w, 3 * SW_S);
		ok(state_of(w, A) == SW_CLOSED);
		world_end(w);
	}
}
SCENE(time_wait_assassin)

/* A segment of B: number, text, ACK, and a timestamp so far from the last true one. */
static void
forge_ts(struct world *w, const char *head, uint32_t off)
{
	const struct sw_trace *last = NULL;
	char text[160];

	for (size_t i = 0; i < w->n_wire; i++)
		if (w->wire[i].from == B && !(w->wire[i].fate & SW_SIM_INJECTED))
			last = &w->wire[i].seg;
	if (!ok(last != NULL))
		return;
	snprintf(text, sizeof(text), "%s <TS %lu %lu>", head, (unsigned long)(last->tsval + off),
		 (unsigned long)last->tsecr);
	forge(w, A, text);
	run_for(w, 0);
}

/*= RFC 7323 4.3, 5.3: only an acceptable segment at or before Last.ACK.sent moves
 * TS.Recent: so a forger cannot make the true ones old */
static void
paws_poison(void)
{
	struct world *w = scene_established();
	struct sw_status s;

	forge_ts(w, ". 4000000:4000001(1) ack 1", 0x7fffffff); /* beyond the window */
	forge_ts(w, ". 0:0(0) ack 1", 0x7fffffff);	       /* before it */
	forge_ts(w, "P. 1:11(10) ack 9999", 0x7fffffff);       /* of something not sent */
	forge_ts(w, "- 1:1(0)", 0x7fffffff);		       /* no ACK */
	forge_ts(w, ". 1000:1001(1) ack 1", 0x7fffffff);       /* ahead of a gap */
	says(w, B, 100);
	hears_all(w, A, 100);
	ok(verdicts_of(w, A, SW_V_PAWS_OLD) == 0);
	/* old: an ACK, and dropped; without: dropped silently; a RST needs none */
	run_for(w, 100 * SW_MS);
	skip_wire(w);
	s = status_of(w, A);
	forge_ts(w, "P. 101:111(10) ack 1", -100000u);
	expect_acks(w, 1, 101);
	ok(verdicts_of(w, A, SW_V_PAWS_OLD) == 1);
	forge(w, A, "P. 101:111(10) ack 1");
	expect_silence(w);
	ok(verdicts_of(w, A, SW_V_TS_MISSING) == 1);
	ok(status_of(w, A).rcv_nxt == s.rcv_nxt);
	forge(w, A, "R 101:101(0)");
	run_for(w, 0);
	ok(state_of(w, A) == SW_CLOSED);
	world_end(w);
}
SCENE(paws_poison)

/*= RFC 9293 3.10.7.4 fifth: which segment may move SND.WND; MUST-34: it may shrink */
static void
old_ack(void)
{
	struct world *w = plain_established();
	uint32_t una = 1, wl1 = 101, wl2 = 1, wnd = 5000;
	char text[100];

	deafen(w);
	says(w, A, 20000);
	forge(w, A, "P. 1:101(100) ack 1 win 65535");
	forge(w, A, ". 101:101(0) ack 1 win 5000");
	run_for(w, SW_MS);
	for (int i = 0; i < 200; i++) {
		uint32_t seq = 101 + 50 * tap_below(4), ack = 1 + 100 * tap_below(40);
		uint32_t win = 4000 + tap_below(2000);

		snprintf(text, sizeof(text), ". %lu:%lu(0) ack %lu win %lu", (unsigned long)seq,
			 (unsigned long)seq, (unsigned long)ack, (unsigned long)win);
		forge(w, A, text);
		run_for(w, 0);
		if (ack >= una && (wl1 < seq || (wl1 == seq && wl2 <= ack))) {
			wl1 = seq;
			wl2 = ack;
			wnd = win;
		}
		una = ack > una ? ack : una;
		if (!ok(status_of(w, A).snd_wnd == wnd &&
			status_of(w, A).snd_una - w->iss[A] == una))
			printf("# after %s\n", text);
	}
	ok(state_of(w, A) == SW_ESTABLISHED);
	world_end(w);
}
SCENE(old_ack)

/* What B, who listens, makes of a SYN's options; its largest segment of 3000 bytes. */
static uint32_t
largest_after(const char *options, struct sw_status *s)
{
	struct world *w = scene_new();
	uint32_t most = 0;
	char text[100];

	w->config[B].timestamps = false;
	scene_go(w);
	w->path[B].loss = 1000000;
	path_changes(w, B);
	listens(w, B);
	snprintf(text, sizeof(text), "S 0:0(0) win 60000 %s", options);
	forge(w, B, text);
	run_for(w, SW_MS);
	forge(w, B, ". 1:1(0) ack 1 win 60000");
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	says(w, B, 3000);
	run_for(w, SW_MS);
	for (size_t i = 0; i < w->n_wire; i++)
		if (w->wire[i].from == B && w->wire[i].seg.len > most)
			most = w->wire[i].seg.len;
	*s = status_of(w, B);
	world_end(w);
	return most;
}

/*= RFC 9293 3.7.1 MUST-15, MUST-16; RFC 7323 2.3 */
static void
bad_options(void)
{
	uint32_t mtu = scene_now.v6 ? 1440 : 1460, none = scene_now.v6 ? 1220 : 536;
	struct sw_status s;

	ok(largest_after("", &s) == none);
	ok(!s.sack && !s.timestamps && s.snd_wscale == 0);
	ok(largest_after("<mss 0>", &s) == none);
	/* a floor: a liar must not make us send a packet for each byte */
	ok(largest_after("<mss 1>", &s) == 64);
	ok(largest_after("<mss 63>", &s) == 64);
	ok(largest_after("<mss 100>", &s) == 100);
	ok(largest_after("<mss 65535>", &s) == mtu);
	ok(largest_after("<mss 1000,ws 14>", &s) == 1000 && s.snd_wscale == 14);
	ok(largest_after("<mss 1000,ws 15>", &s) == 1000 && s.snd_wscale == 14);
	ok(largest_after("<mss 1000,ws 255>", &s) == 1000 && s.snd_wscale == 14);
	ok(s.snd_wnd == 60000u << 14);
}
SCENE(bad_options)

/*= RFC 9293 3.8.5, RFC 6093: urgent bytes stay in line whatever the pointer says */
static void
urgent_pointer(void)
{
	static const uint16_t up[] = {0, 1, 9, 10, 11, 65535};

	for (int i = 0; i < 2 * 6; i++) {
		struct world *w = plain_established();
		uint8_t bytes[64];
		char text[100];
		unsigned urgent = up[i / 2] > 0 ? SW_URGENT : 0;

		snprintf(text, sizeof(text), "%s 1:11(10) ack 1 up %u", i & 1 ? "UP." : "P.",
			 up[i / 2]);
		forge(w, A, text);
		run_for(w, 0);
		/* MUST-32: told when ahead of what was given.  Without URG nothing */
		ok((ready_of(w, A) & SW_URGENT) == (i & 1 ? urgent : 0));
		ok(sw_receive(w->stack[A], now(w), w->conn[A], bytes, 64) == 10);
		ok(!(ready_of(w, A) & SW_URGENT) == !(i & 1 && up[i / 2] > 10));
		forge(w, A, "U. 11:11(0) ack 1 up 5");
		run_for(w, 0);
		ok(ready_of(w, A) & SW_URGENT);
		ok(state_of(w, A) == SW_ESTABLISHED);
		world_end(w);
	}
}
SCENE(urgent_pointer)

/* Two ends that disagree about the numbers do not shout at each other. */
static void
ack_storm(void)
{
	struct world *w = plain_established();
	unsigned before;

	forge(w, A, "P. 1:101(100) ack 1"); /* B never said that */
	forge(w, B, "P. 1:201(200) ack 1"); /* nor A this */
	run_for(w, 100 * SW_MS);
	before = sent(w, A) + sent(w, B);
	run_for(w, 60 * SW_S);
	ok(sent(w, A) + sent(w, B) - before <= 600);
	world_end(w);
}
SCENE(ack_storm)

/* From every state: the program has gone, the peer is silent; all is given back. */
static void
states_end(void)
{
	for (int i = 0; i < STATES; i++) {
		struct sw_counters n = {.bytes = sizeof(n)};
		uint32_t nxt;
		struct world *w = attack_reach(attack_states[i], &nxt);

		releases(w, A);
		run_for(w, 600 * SW_S);
		ok(state_of(w, A) == SW_CLOSED);
		ok(sw_counters(w->stack[A], &n) == SW_OK);
		ok(n.pool_used[SW_POOL_CONNS] == 0 && n.pool_used[SW_POOL_TIME_WAITS] == 0);
		ok(n.pool_used[SW_POOL_ACTIVES] == 0 && n.pool_used[SW_POOL_RECORDS] == 0);
		world_end(w);
	}
}
SCENE(states_end)

/* More SYNs than half-open records: who is connected does not notice. */
static void
syn_flood(void)
{
	struct world *w = scene_new();
	struct sw_counters n = {.bytes = sizeof(n)};
	uint16_t port;

	w->config[B].half_opens = 8;
	scene_go(w);
	established(w);
	port = w->end[A].port;
	for (int i = 0; i < 500; i++) {
		w->end[A].port = (uint16_t)(1024 + i);
		forge(w, B, "S 0:0(0) <mss 1000>");
	}
	w->end[A].port = port;
	says(w, A, 100000);
	hears_all(w, B, 100000);
	ok(sw_counters(w->stack[B], &n) == SW_OK);
	ok(n.pool_high[SW_POOL_HALF_OPENS] == 8 && n.verdict[SW_V_COOKIE_SENT] > 400);
	run_for(w, 200 * SW_S);
	ok(sw_counters(w->stack[B], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_HALF_OPENS] == 0 && n.pool_used[SW_POOL_CONNS] == 1);
	world_end(w);
}
SCENE(syn_flood)

/* Every second byte first: what is held is bounded in memory, not in bytes. */
static void
bytes_one_by_one(void)
{
	struct world *w = plain_established();
	struct sw_counters n = {.bytes = sizeof(n)};
	char text[100];

	deafen(w);
	for (unsigned at = 1; at <= 2000; at += 100) {
		for (unsigned i = 0; i < 100; i++) {
			unsigned k = at + (i < 50 ? 2 * i + 1 : 2 * (i - 50));

			snprintf(text, sizeof(text), ". %u:%u(1) ack 1", k, k + 1);
			forge(w, A, text);
			run_for(w, 0);
		}
	}
	ok(status_of(w, A).rcv_queued == 2000);
	ok(sw_counters(w->stack[A], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_CHUNKS] <= 2 && n.pool_high[SW_POOL_CHUNKS] <= 54);
	ok(n.pool_high[SW_POOL_RUNS] == 50);
	world_end(w);
}
SCENE(bytes_one_by_one)

/* A byte at `at` of B's text. */
static void
forge_byte(struct world *w, unsigned at)
{
	char text[100];

	snprintf(text, sizeof(text), ". %u:%u(1) ack 1", at, at + 1);
	forge(w, A, text);
	run_for(w, 0);
}

/* Many gaps: what comes near the oldest, the newest or the last is taken; in the midst of
 * them nothing is searched for long, so that no order of segments costs much work. */
static void
segment_smack(void)
{
	struct world *w = scene_new();
	struct sw_counters n = {.bytes = sizeof(n)};
	uint64_t refused;

	plain(w);
	w->config[A].chunks = w->config[A].runs = 2048;
	w->config[A].chunk_bytes = 1024;
	scene_go(w);
	established(w);
	deafen(w);
	for (unsigned i = 1; i <= 600; i++)
		forge_byte(w, 100 * i);
	refused = verdicts_of(w, A, SW_V_NO_BUFFER);
	ok(refused == 0);
	forge_byte(w, 30050); /* 300 runs away from all that is near */
	ok(verdicts_of(w, A, SW_V_NO_BUFFER) == refused + 1);
	forge_byte(w, 1050);  /* ten from the oldest */
	forge_byte(w, 59050); /* ten from the newest */
	forge_byte(w, 50);    /* older than all */
	ok(verdicts_of(w, A, SW_V_NO_BUFFER) == refused + 1);
	/* from one to the next it goes anywhere */
	for (unsigned i = 50; i <= 300; i += 50)
		forge_byte(w, 100 * i + 50);
	ok(verdicts_of(w, A, SW_V_NO_BUFFER) == refused + 1);
	ok(sw_counters(w->stack[A], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_RUNS] > 600);
	world_end(w);
}
SCENE(segment_smack)

/* A run holds a chunk, however few its bytes: no more of them than the buffer has chunks. */
static void
tiny_runs(void)
{
	struct world *w = scene_new();
	struct sw_counters n = {.bytes = sizeof(n)};

	plain(w);
	w->config[A].rcv_buf = 20480;
	scene_go(w);
	established(w);
	deafen(w);
	for (unsigned i = 1; i <= 200; i++)
		forge_byte(w, 100 * i);
	ok(sw_counters(w->stack[A], &n) == SW_OK);
	ok(n.pool_used[SW_POOL_CHUNKS] == 10 && n.pool_used[SW_POOL_RUNS] == 10);
	world_end(w);
}
SCENE(tiny_runs)

int
main(void)
{
	PLAY("blind-rst: the four edges", blind_rst);
	PLAY("blind-syn: everywhere", blind_syn);
	PLAY("blind-data: ghost ACKs", ghost_ack);
	PLAY("blind-data: random segments", blind_flood);
	PLAY("insane SACK blocks", sack_insane);
	PLAY("challenge budget", challenge_budget);
	PLAY("TIME-WAIT assassination", time_wait_assassin);
	PLAY("PAWS cannot be poisoned", paws_poison);
	PLAY("old ACK and window", old_ack);
	PLAY("bad options", bad_options);
	PLAY("urgent pointer", urgent_pointer);
	PLAY("ACK storm", ack_storm);
	PLAY("every state ends", states_end);
	PLAY("SYN flood", syn_flood);
	PLAY("bytes one by one", bytes_one_by_one);
	PLAY("many gaps cost few steps", segment_smack);
	PLAY("many gaps hold no more than the buffer", tiny_runs);
	return plan_done();
}
