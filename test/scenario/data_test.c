/*
 * data_test.c - bytes from one end to the other: windows, losses, sizes, and what
 * is on the wire meanwhile.  RFC 9293 3.7, 3.8; RFC 5681, 6582, 6675, 2018, 2883,
 * 7323, 6928.
 */
#include "victim.h"

static struct sw_counters
counters_of(const struct world *w, int host)
{
	struct sw_counters n = {.bytes = sizeof(n)};

	ok(sw_counters(w->stack[host], &n) == SW_OK);
	return n;
}

/* The k-th segment with text of `host` since the last expect_wire(); NULL. */
static const struct sw_trace *
text_of(const struct world *w, int host, unsigned k)
{
	for (size_t i = w->told; i < w->n_wire; i++)
		if (w->wire[i].from == host && w->wire[i].seg.len > 0 && k-- == 0)
			return &w->wire[i].seg;
	return NULL;
}

static unsigned
texts_of(const struct world *w, int host)
{
	unsigned n = 0;

	while (text_of(w, host, n))
		n++;
	return n;
}

/* An open connection without timestamps, with SACK or without. */
static struct world *
data_established(bool sack)
{
	struct world *w = scene_new();

	w->path[A].rate_bps = w->path[B].rate_bps = 10000000000; /* one at a time */
	w->config[A].timestamps = w->config[A].nagle = w->config[B].nagle = false;
	w->config[A].cc = SW_CC_RENO; /* RFC 5681 as it stands */
	w->config[B].sack = sack;
	scene_go(w);
	established(w);
	ok(status_of(w, A).sack == sack && !status_of(w, A).timestamps);
	return w;
}

/* Everything that was lent is back. */
static void
expect_pools_full(struct world *w)
{
	static const int pools[] = {SW_POOL_ACTIVES, SW_POOL_CHUNKS, SW_POOL_RECORDS, SW_POOL_RUNS,
				    SW_POOL_DATAGRAMS};

	for (int host = A; host <= B; host++)
		for (unsigned i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
			ok(counters_of(w, host).pool_used[pools[i]] == 0);
}

/*= RFC 6928 2, RFC 5681 3.1: ten segments, then slow start; MUST-61: PSH on the last */
static void
initial_window(void)
{
	struct world *w = data_established(true);
	uint32_t mss = status_of(w, A).mss;

	says(w, A, 100 * mss);
	run_for(w, 15 * SW_MS);
	ok(texts_of(w, A) == 10);
	for (unsigned i = 0; i < 10; i++)
		ok(text_of(w, A, i)->len == mss && !(text_of(w, A, i)->ctl & SW_PSH));
	run_for(w, 20 * SW_MS); /* each two of them make room for three */
	ok(texts_of(w, A) >= 10 + 14 && texts_of(w, A) <= 30);
	ok(status_of(w, A).cwnd > 10 * mss && status_of(w, A).cwnd <= 20 * mss);
	hears_all(w, B, 100 * mss);
	ok(texts_of(w, A) == 100);
	ok(text_of(w, A, 99)->ctl & SW_PSH);
	world_end(w);
}
SCENE(initial_window)

/*= RFC 5681 3.2: the third duplicate ACK, not the second; RFC 3042: two new segments */
static void
fast_retransmit_of(bool sack)
{
	struct world *w = data_established(sack);
	uint32_t mss = status_of(w, A).mss;
	struct sw_status s;

	says(w, A, 14 * mss);
	loses(w, A, 0);
	run_for(w, SW_MS);
	deafen(w);
	forge(w, A, ". 1:1(0) ack 1 win 2047"); /* a new window: no duplicate */
	run_for(w, 0);
	skip_wire(w);
	for (uint32_t k = 1; k <= 3; k++) {
		char text[100];

		snprintf(text, sizeof(text),
			 sack ? ". 1:1(0) ack 1 win 2047 <sack %lu:%lu>"
			      : ". 1:1(0) ack 1 win 2047",
			 (unsigned long)(1 + mss), (unsigned long)(1 + (k + 1) * mss));
		forge(w, A, text);
		run_for(w, 0);
		ok(texts_of(w, A) == k);
		if (texts_of(w, A) != k)
			break;
		/* the first two let new ones out */
		ok(text_of(w, A, k - 1)->seq - w->iss[A] == (k < 3 ? 1 + (9 + k) * mss : 1));
	}
	s = status_of(w, A);
	ok(counters_of(w, A).fast_recoveries == 1 && counters_of(w, A).rtos == 0);
	ok(s.ssthresh == 5 * mss); /* half of ten: limited transmit does not count */
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 14 * mss);
	world_end(w);
}

static void
fast_retransmit(void)
{
	fast_retransmit_of(false);
	fast_retransmit_of(true);
}
SCENE(fast_retransmit)

/* Some of a window are lost: repaired without a timeout, each sent once more. */
static void
losses_repaired(void)
{
	for (int sack = 0; sack < 2; sack++) {
		struct world *w = data_established(sack);
		uint32_t mss = status_of(w, A).mss;
		uint64_t rtos;

		says(w, A, 40 * mss); /* opens cwnd */
		hears_all(w, B, 40 * mss);
		run_for(w, 100 * SW_MS);
		rtos = counters_of(w, A).rtos;
		skip_wire(w);
		loses(w, A, 2);
		loses(w, A, 4);
		loses(w, A, 7);
		says(w, A, 30 * mss);
		hears_all(w, B, 30 * mss);
		ok(counters_of(w, A).rtos == rtos);
		ok(counters_of(w, A).fast_recoveries == 1);
		ok(counters_of(w, A).retransmits == 3); /*= RFC 6582 3.2: partial ACKs */
		world_end(w);
	}
}
SCENE(losses_repaired)

/*= RFC 5681 4.2: a duplicate ACK for each segment ahead of a gap, also when they come
 * at the same instant */
static void
duplicate_acks(void)
{
	struct world *w = data_established(false);

	forge(w, A, ". 1001:1101(100) ack 1");
	forge(w, A, ". 1101:1201(100) ack 1");
	forge(w, A, ". 3001:3101(100) ack 1");
	run_for(w, SW_MS);
	expect_wire(w, "A>B . 1:1(0) ack 1\nA>B . 1:1(0) ack 1\nA>B . 1:1(0) ack 1");
	forge(w, A, ". 1:1001(1000) ack 1");
	run_for(w, SW_MS);
	expect_wire(w, "A>B . 1:1(0) ack 1201");
	world_end(w);
}
SCENE(duplicate_acks)

/*= RFC 5681 3.1: after a timeout one segment */
static void
timeout_collapses(void)
{
	struct world *w = data_established(true);
	uint32_t mss = status_of(w, A).mss;

	deafen(w);
	says(w, A, 20 * mss);
	run_for(w, 100 * SW_MS);
	skip_wire(w);
	run_for(w, 200 * SW_MS);
	ok(texts_of(w, A) == 1 && text_of(w, A, 0)->seq - w->iss[A] == 1);
	ok(status_of(w, A).cwnd == mss && status_of(w, A).ssthresh == 5 * mss);
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 20 * mss);
	world_end(w);
}
SCENE(timeout_collapses)

/*= RFC 2018 4: the newest block first; RFC 2883 4: what came twice before all */
static void
sack_order(void)
{
	struct world *w = data_established(true);
	const struct sw_trace *t;

	deafen(w);
	forge(w, A, ". 1001:1101(100) ack 1");
	forge(w, A, ". 3001:3101(100) ack 1");
	forge(w, A, ". 2001:2101(100) ack 1");
	forge(w, A, ". 1101:1201(100) ack 1");
	run_for(w, 0);
	t = &w->wire[w->n_wire - 1].seg;
	ok(t->sacks == 3 && t->ack - w->iss[B] == 1);
	ok(t->sack[0][0] - w->iss[B] == 1001 && t->sack[0][1] - w->iss[B] == 1201);
	ok(t->sack[1][0] - w->iss[B] == 2001 && t->sack[2][0] - w->iss[B] == 3001);
	forge(w, A, ". 2001:2101(100) ack 1"); /* again */
	run_for(w, 0);
	t = &w->wire[w->n_wire - 1].seg;
	ok(t->sacks == 4 && t->sack[0][0] - w->iss[B] == 2001 && t->sack[0][1] - w->iss[B] == 2101);
	ok(t->sack[1][0] - w->iss[B] == 2001);
	forge(w, A, ". 1:1001(1000) ack 1"); /* fills the first gap: at once, reported once */
	run_for(w, 0);
	t = &w->wire[w->n_wire - 1].seg;
	ok(t->ack - w->iss[B] == 1201 && t->sacks == 2);
	forge(w, A, ". 1:1001(1000) ack 1"); /* and again, below RCV.NXT */
	run_for(w, 0);
	t = &w->wire[w->n_wire - 1].seg;
	ok(t->sacks == 3 && t->sack[0][0] - w->iss[B] == 1 && t->sack[0][1] - w->iss[B] == 1001);
	world_end(w);
}
SCENE(sack_order)

/*= RFC 9293 3.8.6.3 MUST-40, SHLD-18, SHLD-19: later, but every second at once */
static void
delayed_ack(void)
{
	struct world *w = data_established(true);
	uint32_t mss = status_of(w, A).mss;
	sw_ns gap;

	says(w, A, 100);
	run_for(w, SW_S);
	ok(w->wire[w->n_wire - 1].seg.ack - w->iss[A] == 101);
	gap = w->wire[w->n_wire - 1].seg.at - w->wire[w->n_wire - 2].seg.at - 10 * SW_MS;
	ok(gap >= 39 * SW_MS && gap <= 41 * SW_MS);
	skip_wire(w);
	says(w, A, 10 * mss);
	run_for(w, 15 * SW_MS);
	ok(w->n_wire - w->told == 10 + 5);
	world_end(w);
}
SCENE(delayed_ack)

/* A peer whose full segments are smaller than ours would be: every second of these. */
static void
small_full_segments(void)
{
	struct world *w = data_established(true);
	unsigned at = 1;

	deafen(w);
	for (int i = 0; i < 10; i++, at += 1200) {
		char text[100];

		snprintf(text, sizeof(text), ". %u:%u(1200) ack 1", at, at + 1200);
		forge(w, A, text);
		run_for(w, SW_MS);
	}
	ok(w->n_wire - w->told == 10 + 5);
	/* the path takes less now: some ACKs too few until that is known */
	skip_wire(w);
	for (int i = 0; i < 30; i++, at += 900) {
		char text[100];

		snprintf(text, sizeof(text), ". %u:%u(900) ack 1", at, at + 900);
		forge(w, A, text);
		run_for(w, SW_MS);
		if (i == 19)
			skip_wire(w);
	}
	ok(w->n_wire - w->told == 10 + 5);
	world_end(w);
}
SCENE(small_full_segments)

/* A super-segment comes to A: `segments` of `size` bytes from number `at` on. */
static void
super_arrives(struct world *w, unsigned at, unsigned segments, unsigned size)
{
	static uint8_t packet[65536];
	struct sw_packet p = {.data = packet, .csum = SW_CSUM_VERIFIED, .seg_size = (uint16_t)size};
	char text[100];

	snprintf(text, sizeof(text), ". %u:%u(%u) ack 1", at, at + segments * size,
		 segments * size);
	p.len = world_forge(w, B, text, packet);
	ok(p.len > segments * size);
	sw_input(w->stack[A], now(w), &p, 1);
	run_for(w, SW_MS);
}

/* What came as one super-segment has one ACK, at once, of all of it; a single small one
 * still waits; two that came one after the other have two. */
static void
super_segments(void)
{
	struct world *w = data_established(true);
	unsigned at = 1;

	deafen(w);
	for (unsigned n = 2; n <= 41; n += 13, at += 1400 * 2) {
		skip_wire(w);
		super_arrives(w, at, n, 1400);
		ok(w->n_wire - w->told == 1);
		ok(w->wire[w->n_wire - 1].seg.ack - w->iss[B] == at + n * 1400);
		at += (n - 2) * 1400;
	}
	skip_wire(w);
	super_arrives(w, at, 1, 1400);
	ok(w->n_wire == w->told);
	super_arrives(w, at + 1400, 10, 1400);
	super_arrives(w, at + 11 * 1400, 10, 1400);
	ok(w->n_wire - w->told == 2);
	world_end(w);
}
SCENE(super_segments)

/* The receiver's application wants no ACK to wait; one that waits already goes at once. */
static void
quick_ack(void)
{
	struct world *w = data_established(true);

	says(w, A, 100);
	run_for(w, 20 * SW_MS);
	skip_wire(w);
	ok(sw_set(w->stack[B], now(w), w->conn[B], SW_OPT_QUICK_ACK, 1) == SW_OK);
	run_for(w, SW_MS);
	ok(w->n_wire - w->told == 1 && w->wire[w->n_wire - 1].seg.ack - w->iss[A] == 101);
	run_for(w, 20 * SW_MS);
	skip_wire(w);
	says(w, A, 100);
	run_for(w, 15 * SW_MS);
	ok(w->n_wire - w->told == 2 && w->wire[w->n_wire - 1].seg.ack - w->iss[A] == 201);
	run_for(w, 20 * SW_MS);
	skip_wire(w);
	ok(sw_set(w->stack[B], now(w), w->conn[B], SW_OPT_QUICK_ACK, 0) == SW_OK);
	says(w, A, 100);
	run_for(w, 15 * SW_MS);
	ok(w->n_wire - w->told == 1);
	world_end(w);
}
SCENE(quick_ack)

/*= RFC 9293 3.7.4 SHLD-7, MUST-17 */
static void
nagle(void)
{
	struct world *w = scene_established();

	for (int i = 0; i < 20; i++) {
		says(w, A, 1);
		run_for(w, SW_US);
	}
	run_for(w, 15 * SW_MS);
	ok(texts_of(w, A) == 1);
	run_for(w, 200 * SW_MS);
	ok(texts_of(w, A) == 2 && text_of(w, A, 1)->len == 19);
	hears(w, B, 20);
	skip_wire(w);
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_NAGLE, 0) == SW_OK);
	for (int i = 0; i < 20; i++) {
		says(w, A, 1);
		run_for(w, 100 * SW_US);
	}
	ok(texts_of(w, A) == 20);
	world_end(w);
}
SCENE(nagle)

/* The path takes less than the interface: ICMP says so, and all arrives. */
static void
path_mtu(void)
{
	struct world *w = scene_new();
	uint32_t mtu = scene_now.v6 ? 1300 : 900, most = 0;

	w->path[A].mtu = w->path[B].mtu = mtu;
	scene_go(w);
	established(w);
	says(w, A, 100000);
	says(w, B, 100000);
	hears_all(w, B, 100000);
	hears_all(w, A, 100000);
	ok(status_of(w, A).mss == mtu - (scene_now.v6 ? 60 : 40) - 12);
	ok(counters_of(w, A).rtos == 0 && counters_of(w, B).rtos == 0); /* it is no loss */
	skip_wire(w);
	says(w, A, 50000);
	hears_all(w, B, 50000);
	for (size_t i = w->told; i < w->n_wire; i++)
		most = w->wire[i].len > most ? w->wire[i].len : most;
	ok(most == mtu);
	world_end(w);
}
SCENE(path_mtu)

/*= RFC 9293 3.8.6 SHLD-14: no right edge ever moves left, MUST-34 not needed; RFC 7323
 * 4.3: what is echoed was said, and never goes back; 2.2: a SYN's window is not scaled */
static void
edges_and_echoes(void)
{
	struct world *w = scene_new();
	uint32_t edge[2] = {0}, val[2] = {0};
	uint32_t round;

	w->path[A].loss = w->path[B].loss = 20000;
	w->config[B].rcv_buf = 150000;
	scene_go(w);
	established(w);
	for (int i = 0; i < 6; i++) {
		says(w, A, 100000);
		says(w, B, 50000);
		run_for(w, SW_S); /* the window fills */
		hears(w, B, 777);
		run_for(w, SW_S);
		hears_all(w, B, 100000 - 777);
		hears_all(w, A, 50000);
	}
	ok(status_of(w, A).snd_wscale == 2 && status_of(w, B).rcv_wscale == 2);
	round = 1u << 2;
	for (size_t i = 0; i < w->n_wire; i++) {
		const struct sw_trace *t = &w->wire[i].seg;
		int h = w->wire[i].from;
		bool syn = t->ctl & SW_SYN;
		uint32_t right = t->ack + (syn ? t->wnd : t->wnd << (h == B ? 2 : 5));

		if (!(t->ctl & SW_ACK))
			continue;
		ok(t->has & SW_HAS_TS);
		if (val[h]) {
			ok((int32_t)(right - edge[h]) > -(int32_t)round);
			ok((int32_t)(t->tsval - val[h]) >= 0);
		}
		ok((int32_t)(val[!h] - t->tsecr) >= 0 || !val[!h]);
		edge[h] = right;
		val[h] = t->tsval;
	}
	world_end(w);
}
SCENE(edges_and_echoes)

/* A peer that sends single bytes, and a program that does not read: the window
 * closes all the same, scaled or not. */
static void
window_closes(void)
{
	struct world *w = scene_new();
	uint32_t took;

	w->config[A].timestamps = false;
	w->config[A].delack = 0;
	w->config[A].rcv_buf = 300000; /* scale 3 */
	scene_go(w);
	established(w);
	deafen(w);
	forge(w, A, ". 1:60001(60000) ack 1");
	forge(w, A, ". 60001:120001(60000) ack 1");
	forge(w, A, ". 120001:180001(60000) ack 1");
	forge(w, A, ". 180001:240001(60000) ack 1");
	forge(w, A, ". 240001:299991(59990) ack 1");
	run_for(w, SW_MS);
	for (unsigned i = 0; i < 100; i++) {
		char text[100];

		took = 1 + status_of(w, A).rcv_queued;
		snprintf(text, sizeof(text), ". %lu:%lu(1) ack 1", (unsigned long)took,
			 (unsigned long)took + 1);
		forge(w, A, text);
		run_for(w, 0);
	}
	ok(status_of(w, A).rcv_queued >= 300000 && status_of(w, A).rcv_queued < 300016);
	ok(w->wire[w->n_wire - 1].seg.wnd == 0);
	world_end(w);
}

static void
window_closes_once(void)
{
	scene_now = (struct scene){.iss = {0, 0xffffffff}};
	window_closes();
}

/*= RFC 9293 3.8.5 MUST-30, 31, 62: in line; the pointer names what follows */
static void
urgent(void)
{
	struct world *w = scene_established();
	uint8_t bytes[200] = {1, 2, 3};
	static const uint8_t more[4000];
	const struct sw_trace *t;

	ok(sw_send(w->stack[A], now(w), w->conn[A], bytes, 100, 0) == 100);
	ok(sw_send(w->stack[A], now(w), w->conn[A], bytes, 50, SW_SEND_URGENT) == 50);
	ok(sw_send(w->stack[A], now(w), w->conn[A], bytes, 30, 0) == 30);
	run_for(w, SW_MS);
	t = text_of(w, A, 0);
	ok(t && (t->ctl & SW_URG) && t->up == 150);
	run_for(w, 20 * SW_MS);
	ok(ready_of(w, B) & SW_URGENT);
	ok(sw_receive(w->stack[B], now(w), w->conn[B], bytes, 149) == 149);
	ok(ready_of(w, B) & SW_URGENT);
	ok(sw_receive(w->stack[B], now(w), w->conn[B], bytes, 1) == 1);
	ok(!(ready_of(w, B) & SW_URGENT));
	run_for(w, SW_S);
	ok(sw_receive(w->stack[B], now(w), w->conn[B], bytes, 200) == 30);
	skip_wire(w);
	ok(sw_send(w->stack[A], now(w), w->conn[A], bytes, 10, 0) == 10);
	run_for(w, SW_S);
	ok(!(text_of(w, A, 0)->ctl & SW_URG)); /* it is behind */
	skip_wire(w);
	ok(sw_send(w->stack[A], now(w), w->conn[A], more, 4000, SW_SEND_URGENT) == 4000);
	run_for(w, SW_S); /* longer than a segment */
	t = text_of(w, A, 0);
	ok(t && (t->ctl & SW_URG) && t->up == 4000);
	t = text_of(w, A, 1);
	ok(t && (t->ctl & SW_URG) && t->up == 4000 - text_of(w, A, 0)->len);
	world_end(w);
}
SCENE(urgent)

/* n bytes each way, close, and everything is back. */
static void
both_ways(struct world *w, uint32_t n)
{
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	for (uint32_t done = 0; done < n; done += 5000) {
		says(w, A, 5000);
		says(w, B, 5000);
		hears_all(w, B, 5000);
		hears_all(w, A, 5000);
	}
	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	closes(w, B);
	until(w, A, SW_TIME_WAIT);
	until(w, B, SW_CLOSED);
	hears_end(w, A);
	hears_end(w, B);
	releases(w, A);
	releases(w, B);
	run_for(w, 300 * SW_S);
	expect_pools_full(w);
	ok(counters_of(w, A).pool_used[SW_POOL_CONNS] == 0);
	ok(counters_of(w, A).pool_used[SW_POOL_TIME_WAITS] == 0);
	world_end(w);
}

/* Pools at their smallest, one after the other, then all: slower, not stuck. */
static void
tiny_pools(void)
{
	for (int i = 0; i < 6; i++) {
		struct world *w = scene_new();

		w->path[A].loss = w->path[B].loss = 30000;
		for (int h = A; h <= B; h++) {
			struct sw_config *c = &w->config[h];

			c->snd_buf = c->rcv_buf = 1 << 14;
			c->chunks = i == 0 || i == 5 ? 16 : 64;
			c->records = i == 1 || i == 5 ? 2 : 64;
			c->runs = i == 2 || i == 5 ? 1 : 64;
			c->actives = i == 3 || i == 5 ? 1 : 8;
			c->conns = c->time_waits = c->half_opens = i >= 4 ? 1 : 8;
		}
		scene_go(w);
		listens(w, B);
		opens(w, A);
		both_ways(w, 50000);
	}
}
SCENE(tiny_pools)

/* 1 MiB each way over a bad wire, many times. */
static void
bad_wire(void)
{
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct world *w = world_new();

		w->v6 = seed & 1;
		w->seed = seed;
		for (int h = A; h <= B; h++) {
			struct sw_sim_path *p = &w->path[h];

			p->loss = 50000;
			p->reorder = 50000;
			p->duplicate = 20000;
			p->corrupt = 10000;
			w->config[h].sack = seed % 3 != 0;
			w->config[h].timestamps = seed % 4 != 0;
		}
		world_go(w);
		force_iss(w, A, 0u - 500000 + seed);
		force_iss(w, B, 0x80000000 - 500000);
		listens(w, B);
		opens(w, A);
		until(w, A, SW_ESTABLISHED);
		until(w, B, SW_ESTABLISHED);
		accepts(w, B);
		says(w, A, 1 << 20);
		says(w, B, 1 << 20);
		hears_all(w, B, 1 << 20);
		hears_all(w, A, 1 << 20);
		closes(w, A);
		until(w, B, SW_CLOSE_WAIT);
		closes(w, B);
		until(w, B, SW_CLOSED);
		until(w, A, SW_CLOSED);
		expect_pools_full(w);
		world_end(w);
	}
}

/* Numbers go round in the middle of a long transfer; no segment is sent twice. */
static void
wrap(void)
{
	struct world *w = world_new();

	world_go(w);
	force_iss(w, A, 0xffffffff - 3000000);
	force_iss(w, B, 0x7fffffff - 3000000);
	established(w);
	for (int i = 0; i < 16; i++) {
		says(w, A, 500000);
		says(w, B, 500000);
		hears_all(w, B, 500000);
		hears_all(w, A, 500000);
	}
	ok(counters_of(w, A).retransmits == 0 && counters_of(w, B).retransmits == 0);
	ok(status_of(w, A).snd_una < 6000000 && status_of(w, B).snd_una > 0x80000000);
	world_end(w);
}

/*= RFC 9293 3.6.1 SHLD-3: bytes for a program that has gone */
static void
text_after_release(void)
{
	struct world *w = scene_established();

	releases(w, A);
	until(w, B, SW_CLOSE_WAIT);
	skip_wire(w);
	says(w, B, 100);
	until(w, B, SW_CLOSED);
	expect_wire(w, "B>A P. 1:101(100) ack 2\nA>B R 2:2(0)");
	ok(status_of(w, B).error == SW_E_RESET);
	ok(state_of(w, A) == SW_CLOSED);
	world_end(w);

	w = scene_established(); /* unread when released: at once */
	says(w, B, 100);
	run_for(w, SW_S);
	skip_wire(w);
	releases(w, A);
	until(w, B, SW_CLOSED);
	expect_wire(w, "A>B R. 1:1(0) ack 101");
	expect_pools_full(w);
	world_end(w);
}
SCENE(text_after_release)

/* Reading moves no window that the field cannot say: no ACK for it. */
static void
reading_is_silent(void)
{
	struct world *w = scene_new();

	w->config[A].window_scale = false;
	scene_go(w);
	established(w);
	says(w, A, 100);
	run_for(w, 20 * SW_MS);
	for (int i = 0; i < 5; i++)
		hears(w, B, 10);
	run_for(w, 5 * SW_MS);
	expect_wire(w, "A>B P. 1:101(100) ack 1");
	run_for(w, 100 * SW_MS);
	expect_wire(w, "B>A . 1:1(0) ack 101");
	world_end(w);
}
SCENE(reading_is_silent)

int
main(void)
{
	PLAY("IW10, slow start, MUST-61 PSH", initial_window);
	PLAY("third duplicate ACK, limited transmit", fast_retransmit);
	PLAY("losses repaired without timeout", losses_repaired);
	PLAY("duplicate ACKs of a batch", duplicate_acks);
	PLAY("timeout collapses cwnd", timeout_collapses);
	PLAY("SACK order, D-SACK", sack_order);
	PLAY("MUST-40 SHLD-18 SHLD-19 delayed ACK", delayed_ack);
	PLAY("SHLD-19 every second of small full segments", small_full_segments);
	PLAY("SHLD-19 a super-segment draws one ACK", super_segments);
	PLAY("no ACK waits where the application wants none to", quick_ack);
	PLAY("SHLD-7 MUST-17 Nagle", nagle);
	PLAY("path MTU", path_mtu);
	PLAY("SHLD-14 right edges, timestamps", edges_and_echoes);
	TEST("the window closes", window_closes_once);
	PLAY("MUST-30 MUST-31 MUST-62 urgent", urgent);
	PLAY("tiny pools", tiny_pools);
	TEST("bad wire, both ways", bad_wire);
	TEST("numbers go round", wrap);
	PLAY("SHLD-3 text after release", text_after_release);
	PLAY("reading without a window scale", reading_is_silent);
	return plan_done();
}
