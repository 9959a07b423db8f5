/*
 * mtu_test.c - paths that take less than the link: told by ICMP, or found out
 * because full segments vanish; each mechanism also with its switch off.
 */
#include "scene.h"

/* What the wire shows of A's packets. */
struct eye {
	struct world *w;
	unsigned most, most_arrived; /* the longest sent, the longest that got through */
	unsigned big;		     /* longer than the path takes */
	sw_ns big_at;		     /* when the last of them was sent */
	uint32_t narrow;	     /* of what is longer than this the filter takes ... */
	uint32_t percent;	     /* ... so many */
	uint64_t dice;
};

static bool
eye_filter(void *ctx, const struct sw_sim_seen *p)
{
	struct eye *e = ctx;

	return p->from != A || e->narrow == 0 || p->len <= e->narrow ||
	       sw_sim_random(77, e->dice++) % 100 >= e->percent;
}

static void
eye_tap(void *ctx, const struct sw_sim_seen *p)
{
	struct eye *e = ctx;

	if (p->from != A)
		return;
	if (p->moment == SW_SIM_ARRIVED && p->len > e->most_arrived)
		e->most_arrived = p->len;
	if (p->moment != SW_SIM_SENT)
		return;
	e->most = p->len > e->most ? p->len : e->most;
	if (p->fate & (SW_SIM_TOO_BIG | SW_SIM_FILTERED)) {
		e->big++;
		e->big_at = p->at;
	}
}

static void
eye_opens(struct eye *e)
{
	e->most = e->most_arrived = e->big = 0;
}

/* Much is sent in most of these: they are played once on each family. */
#define BOTH(play)                                                                                 \
	static void play##_each(void)                                                              \
	{                                                                                          \
		scene_now = (struct scene){.iss = {0x7fffffff, 0xffffffff}};                       \
		play();                                                                            \
		scene_now = (struct scene){.v6 = true, .iss = {0xffffffff, 0x80000000}};           \
		play();                                                                            \
	}

/* An open connection, 100 Mbit/s and 20 ms, of the present scene; A's path is `mtu` wide. */
static struct world *
mtu_world(struct eye *e, uint32_t mtu, bool hole, uint32_t without)
{
	struct world *w = scene_new();

	for (int i = 0; i < 2; i++) {
		w->path[i].rate_bps = 100000000;
		w->path[i].queue_bytes = 500000;
		w->config[i].without = without;
	}
	w->path[A].mtu = mtu;
	w->path[A].black_hole = hole;
	scene_go(w);
	*e = (struct eye){.w = w};
	established(w);
	sw_sim_tap(w->sim, eye_tap, e);
	sw_sim_filter(w->sim, eye_filter, e);
	return w;
}

/* From now on A's path is so wide; without ICMP if it is a hole. */
static void
narrows(struct world *w, uint32_t mtu, bool hole)
{
	w->path[A].mtu = mtu;
	w->path[A].black_hole = hole;
	path_changes(w, A);
}

/* A sends all it can for so long; how many bytes came to B. */
static uint64_t
bulk(struct world *w, sw_ns span)
{
	static uint8_t bytes[65536];
	sw_ns end = now(w) + span;
	uint64_t heard = 0;
	ptrdiff_t n;

	do {
		while (sw_send(w->stack[A], now(w), w->conn[A], bytes, sizeof(bytes), 0) > 0)
			;
		while ((n = sw_receive(w->stack[B], now(w), w->conn[B], bytes, sizeof(bytes))) > 0)
			heard += (uint64_t)n;
	} while (sw_sim_step(w->sim, end) || now(w) < end);
	return heard;
}

/* All that is queued arrives; then nothing happens for so long. */
static void
idle(struct world *w, sw_ns span)
{
	static uint8_t bytes[65536];
	sw_ns end = now(w) + span;

	do
		while (sw_receive(w->stack[B], now(w), w->conn[B], bytes, sizeof(bytes)) > 0)
			;
	while (sw_sim_step(w->sim, end) || now(w) < end);
	ok(status_of(w, A).snd_queued == 0);
}

static struct sw_counters
counters_of(const struct world *w)
{
	struct sw_counters n = {.bytes = sizeof(n)};

	ok(sw_counters(w->stack[A], &n) == SW_OK);
	return n;
}

static uint32_t
headers(void)
{
	return scene_now.v6 ? 60 : 40;
}

/* ---- black holes -------------------------------------------------------- */

/* What is longer than 1400 vanishes from the start: two timeouts, then it goes on, and
 * in the end with just 1400. */
static void
hole_at_start(void)
{
	struct eye e;
	struct world *w = mtu_world(&e, 1400, true, 0);
	uint64_t got = bulk(w, 3 * SW_S);

	ok(got >= 10000000); /* of 37 million without the hole */
	ok(counters_of(w).black_holes == 1 && counters_of(w).rtos == 2);
	ok(status_of(w, A).path_mss == 1400 - headers());
	eye_opens(&e);
	got = bulk(w, SW_S);
	ok(got >= 11500000 && e.most_arrived == 1400 && e.big <= 3);
	world_end(w);

	w = mtu_world(&e, 1400, true, SW_NO_PLPMTUD);
	ok(bulk(w, 60 * SW_S) == 0);
	ok(counters_of(w).black_holes == 0 && e.most == 1500);
	world_end(w);
}
BOTH(hole_at_start)

/* And in the midst of it. */
static void
hole_on_the_way(void)
{
	struct eye e;
	struct world *w = mtu_world(&e, 0, false, 0);
	uint64_t got;

	ok(bulk(w, SW_S) > 8000000 && e.most_arrived == 1500);
	narrows(w, 1400, true);
	got = bulk(w, 3 * SW_S);
	ok(got >= 10000000);
	ok(counters_of(w).black_holes == 1);
	ok(status_of(w, A).path_mss == 1400 - headers());
	world_end(w);

	w = mtu_world(&e, 0, false, SW_NO_PLPMTUD);
	bulk(w, SW_S);
	narrows(w, 1400, true);
	ok(bulk(w, 60 * SW_S) < 500000); /* what was on its way */
	world_end(w);
}
BOTH(hole_on_the_way)

/* With super-segments, without SACK, without timestamps, by other controllers. */
static void
hole_otherwise(void)
{
	for (int i = 0; i < 6; i++) {
		struct world *w;
		struct eye e;

		scene_now = (struct scene){.v6 = i & 1, .iss = {scene_iss[i % 4], 7}};
		w = scene_new();
		e = (struct eye){.w = w};
		w->path[A].mtu = 1400;
		w->path[A].black_hole = true;
		w->path[A].rate_bps = w->path[B].rate_bps = 100000000;
		w->path[A].queue_bytes = 500000;
		w->iface[A].gso_max = i == 0 ? 65535 : 0;
		w->iface[A].tx_csum = i == 0;
		w->config[A].sack = i != 1;
		w->config[A].timestamps = i != 2;
		w->config[A].cc = (uint8_t)(i < 3 ? SW_CC_CUBIC : SW_CC_RENO + i - 3);
		scene_go(w);
		established(w);
		sw_sim_tap(w->sim, eye_tap, &e);
		bulk(w, 4 * SW_S);
		ok(counters_of(w).black_holes == 1);
		ok(status_of(w, A).path_mss == 1400 - headers());
		ok(bulk(w, SW_S / 2) > 5000000);
		world_end(w);
	}
}

/* Small segments pass all the time, the full one between them does not. */
static void
hole_between_small_ones(void)
{
	struct eye e;
	struct world *w = mtu_world(&e, 1400, true, 0);

	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_NAGLE, 0) == SW_OK);
	says(w, A, 300);
	run_for(w, 100 * SW_MS);
	says(w, A, 1500); /* a full one and a rest */
	for (int i = 0; i < 20; i++) {
		run_for(w, 20 * SW_MS);
		says(w, A, 100);
	}
	run_for(w, 2 * SW_S);
	hears(w, B, 300 + 1500 + 20 * 100);
	ok(counters_of(w).black_holes == 1);
	world_end(w);
}
SCENE(hole_between_small_ones)

/* Below 1024 the path takes 700: the next timeouts lead there.  IPv6 has no such. */
static void
narrow_hole(void)
{
	struct eye e;
	struct world *w;

	if (scene_now.v6)
		return;
	w = mtu_world(&e, 700, true, 0);
	ok(bulk(w, 10 * SW_S) > 1000000);
	ok(counters_of(w).black_holes == 2);
	ok(status_of(w, A).path_mss == 576 - 40);
	world_end(w);
}
BOTH(narrow_hole)

/* Nothing at all arrives for some seconds: that looks the same, and afterwards the old
 * size is found again soon. */
static void
outage(void)
{
	struct eye e;
	struct world *w = mtu_world(&e, 0, false, 0);

	bulk(w, SW_S);
	w->path[A].loss = 1000000;
	path_changes(w, A);
	bulk(w, 2 * SW_S);
	ok(status_of(w, A).path_mss < 1500 - headers());
	w->path[A].loss = 0;
	path_changes(w, A);
	bulk(w, 4 * SW_S);
	ok(status_of(w, A).path_mss == 1500 - headers());
	ok(bulk(w, SW_S) > 11500000);
	world_end(w);
}
BOTH(outage)

/* A full segment that is lost again and again while others arrive is no matter of size. */
static void
unlucky(void)
{
	struct world *w = scene_new();

	w->config[A].without = SW_NO_RACK; /* it would find lost retransmissions */
	scene_go(w);
	established(w);
	loses_text(w, A, 1, 4);
	says(w, A, 50000);
	run_for(w, 10 * SW_S);
	hears(w, B, 50000);
	ok(counters_of(w).rtos >= 2 && counters_of(w).black_holes == 0);
	ok(status_of(w, A).path_mss == 1500 - headers());
	world_end(w);
}
SCENE(unlucky)

/* ---- the search --------------------------------------------------------- */

/* Probes that are lost are no congestion, are three, far apart, and then none for ten
 * minutes. */
static void
probes_lost(void)
{
	struct world *w = scene_new();
	struct eye e = {.w = w};
	sw_ns first;

	w->path[A].mtu = 1400;
	w->path[A].black_hole = true;
	w->config[B].rcv_buf = 60000; /* nothing else is lost, and cwnd is not large */
	scene_go(w);
	established(w);
	sw_sim_tap(w->sim, eye_tap, &e);
	bulk(w, 700 * SW_MS);
	ok(counters_of(w).black_holes == 1);
	eye_opens(&e);
	while (e.big == 0)
		bulk(w, SW_MS);
	first = e.big_at;
	while (e.big < 3)
		bulk(w, SW_MS);
	printf("# three probes in %llu ms\n", (unsigned long long)((e.big_at - first) / SW_MS));
	ok(e.big_at - first >= 2 * 30 * 20 * SW_MS && e.big_at - first < 20 * SW_S);
	ok(e.most == 1420);
	bulk(w, 2 * SW_S);
	ok(counters_of(w).fast_recoveries == 0 && counters_of(w).rtos == 2);
	idle(w, 280 * SW_S);
	bulk(w, SW_S);
	ok(e.big == 3);
	idle(w, 340 * SW_S); /* ten minutes, and the grain of their stamp */
	bulk(w, SW_S);
	ok(e.big >= 4 && e.big <= 6 && e.most == 1420); /*= RFC 8201 4 */
	/* and when the path has become wide, that is found */
	narrows(w, 0, false);
	bulk(w, 10 * SW_S);
	ok(status_of(w, A).path_mss == 1500 - headers());
	ok(counters_of(w).fast_recoveries == 0 && counters_of(w).rtos == 2);
	world_end(w);
}
BOTH(probes_lost)

/* ICMP told of 1400; after ten minutes one segment asks again, and nothing else is lost;
 * without probing it is a whole flight.  A path that has become wider is used. */
static void
told_and_asked_again(void)
{
	for (int off = 0; off < 2; off++) {
		struct eye e;
		struct world *w = mtu_world(&e, 1400, false, off ? SW_NO_PLPMTUD : 0);
		uint64_t lost;

		bulk(w, SW_S);
		ok(e.big > 0 && e.big <= 10); /* the first window */
		ok(status_of(w, A).path_mss == 1400 - headers());
		ok(counters_of(w).rtos == 0 && counters_of(w).black_holes == 0);
		lost = counters_of(w).fast_recoveries;
		idle(w, 280 * SW_S);
		eye_opens(&e);
		bulk(w, SW_S);
		ok(e.big == 0);
		idle(w, 340 * SW_S); /* ten minutes, and the grain of their stamp */
		bulk(w, SW_S);
		ok(off ? e.big > 1 && e.most == 1500 : e.big == 1 && e.most == 1420);
		ok(status_of(w, A).path_mss == 1400 - headers());
		ok(counters_of(w).rtos == 0 && counters_of(w).fast_recoveries == lost);
		idle(w, 620 * SW_S);
		narrows(w, 1450, false);
		eye_opens(&e);
		bulk(w, SW_S);
		/* what is told of a probe is tried, and not just believed */
		ok(status_of(w, A).path_mss == 1450 - headers());
		ok(off || e.big == 1);
		world_end(w);
	}
}
BOTH(told_and_asked_again)

/* Who has told us never to ask again is not asked again. */
static void
never_again(void)
{
	struct world *w = scene_new();

	w->path[A].mtu = 1400;
	w->config[A].mtu_age = SW_NEVER;
	scene_go(w);
	established(w);
	says(w, A, 100000);
	hears_all(w, B, 100000);
	w->path[A].mtu = 0;
	path_changes(w, A);
	run_for(w, 86400 * SW_S);
	for (int i = 0; i < 10; i++) {
		says(w, A, 100000);
		hears_all(w, B, 100000);
	}
	ok(status_of(w, A).path_mss == 1400 - headers());
	ok(counters_of(w).mtu_probes == 0);
	world_end(w);
}
SCENE(never_again)

/* Packets go two ways, and one of them takes only 1400: a probe may get through, and then
 * much is lost: back to where it was well. */
static void
two_ways(void)
{
	struct eye e;
	struct world *w = mtu_world(&e, 0, false, 0);
	uint64_t got;

	e.narrow = 1400;
	e.percent = 100;
	bulk(w, 2 * SW_S);
	ok(counters_of(w).black_holes == 1);
	e.percent = 40;
	bulk(w, 25 * SW_S);
	ok(counters_of(w).mtu_raised >= 5); /* 1420 was found to go */
	ok(status_of(w, A).path_mss == 1400 - headers());
	got = bulk(w, 2 * SW_S);
	printf("# %llu bytes in 2 s, raised %llu times, lost %u\n", (unsigned long long)got,
	       (unsigned long long)counters_of(w).mtu_raised, e.big);
	ok(got > 20000000);
	world_end(w);
}

static void
two_ways_once(void)
{
	scene_now = (struct scene){.iss = {1, 2}};
	two_ways();
}

/* ---- ICMP --------------------------------------------------------------- */

static uint32_t
sum(const uint8_t *p, uint32_t n, uint32_t s)
{
	for (uint32_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* Somebody says to A that the packet `quoted` was too large for `mtu`. */
static void
forge_too_big(struct world *w, const uint8_t *quoted, uint32_t mtu)
{
	static const uint8_t ip4[20] = {0x45, 0, 0,  56, 0, 0, 0,  0, 64, 1,
					0,    0, 10, 0,	 0, 9, 10, 0, 0,  1};
	static const uint8_t ip6[40] = {0x60, 0, 0, 0, 0, 88, 58, 64, 0x20, 1, 0xd, 0xb8,
					0,    0, 0, 0, 0, 0,  0,  0,  0,    0, 0,   9};
	bool v6 = scene_now.v6;
	uint8_t p[200] = {0}, *icmp = p + (v6 ? 40 : 20);
	uint32_t n = v6 ? 88 : 36, s = 0;

	memcpy(p, v6 ? ip6 : ip4, v6 ? 40 : 20);
	if (v6)
		memcpy(p + 24, quoted + 8, 16);
	icmp[0] = v6 ? 2 : 3;
	icmp[1] = v6 ? 0 : 4;
	icmp[6] = (uint8_t)(mtu >> 8);
	icmp[7] = (uint8_t)mtu;
	memcpy(icmp + 8, quoted, n - 8);
	if (v6)
		s = sum(p + 8, 32, n + 58);
	s = ~sum(icmp, n, s);
	icmp[2] = (uint8_t)(s >> 8);
	icmp[3] = (uint8_t)s;
	if (!v6) {
		s = ~sum(p, 20, 0);
		p[10] = (uint8_t)(s >> 8);
		p[11] = (uint8_t)s;
	}
	ok(sw_sim_inject(w->sim, A, 0, p, (v6 ? 40 : 20) + n) == SW_OK);
}

/* The last packet with a full text that A has sent. */
struct last {
	uint8_t bytes[80];
	bool known;
};

static void
last_tap(void *ctx, const struct sw_sim_seen *p)
{
	struct last *l = ctx;

	if (p->from != A || p->moment != SW_SIM_SENT || p->len < 1280)
		return;
	memcpy(l->bytes, p->data, sizeof(l->bytes));
	l->known = true;
}

/* What a stranger says of sizes that arrive all the time is not believed, though he knows
 * what is in flight; of a size that never arrived yet it is. */
static void
forged(void)
{
	struct eye e;
	struct world *w = mtu_world(&e, 0, false, 0);
	struct last last = {.known = false};
	uint64_t got;

	sw_sim_tap(w->sim, last_tap, &last);
	says(w, A, 100000);
	run_for(w, SW_MS);
	ok(last.known);
	forge_too_big(w, last.bytes, 1300);
	run_for(w, 1);
	ok(status_of(w, A).path_mss == 1300 - headers()); /* who knows */
	world_end(w);

	w = mtu_world(&e, 0, false, 0);
	sw_sim_tap(w->sim, last_tap, &last);
	bulk(w, SW_S);
	for (int i = 0; i < 10; i++) {
		forge_too_big(w, last.bytes, 1300);
		got = bulk(w, 100 * SW_MS);
		ok(status_of(w, A).path_mss == 1500 - headers());
		ok(got > 1000000);
	}
	ok(verdicts_of(w, A, SW_V_ICMP_TAKEN) == 10); /* each was looked at */
	/* of what is no larger it says nothing */
	forge_too_big(w, last.bytes, 1500);
	run_for(w, 1);
	ok(verdicts_of(w, A, SW_V_ICMP_IGNORED) == 1);
	world_end(w);
}
BOTH(forged)

/* The path becomes narrow, and a router says so of what had arrived before: it is believed
 * when nothing comes back, long before the timeout. */
static void
true_after_all(void)
{
	struct eye e;
	struct world *w = mtu_world(&e, 0, false, 0);
	uint64_t lost;

	bulk(w, SW_S);
	lost = counters_of(w).fast_recoveries;
	narrows(w, 1400, false);
	bulk(w, 300 * SW_MS);
	ok(status_of(w, A).path_mss == 1400 - headers());
	ok(counters_of(w).rtos == 0 && counters_of(w).black_holes == 0);
	ok(counters_of(w).fast_recoveries == lost); /* it is no congestion */
	ok(bulk(w, SW_S) > 11000000);
	world_end(w);
}
BOTH(true_after_all)

/* ---- nothing to do ------------------------------------------------------ */

/* Where all sizes arrive the wire is the same, byte for byte, with losses too. */
static void
same_bytes(void)
{
	for (uint64_t seed = 1; seed <= 2; seed++) {
		uint64_t hash[2];

		for (int off = 0; off < 2; off++) {
			struct world *w = scene_new();

			w->seed = seed;
			w->path[A].loss = seed == 1 ? 0 : 10000;
			w->config[A].without = off ? SW_NO_PLPMTUD : 0;
			scene_go(w);
			established(w);
			for (int i = 0; i < 20; i++) {
				says(w, A, 100000);
				hears_all(w, B, 100000);
			}
			ok(counters_of(w).black_holes == 0 && counters_of(w).mtu_probes == 0);
			hash[off] = sw_sim_hash(w->sim);
			world_end(w);
		}
		ok(hash[0] == hash[1]);
	}
}
BOTH(same_bytes)

int
main(void)
{
	PLAY("RFC4821 RFC8899 a black hole at the start", hole_at_start);
	PLAY("RFC4821 RFC8899 a black hole on the way", hole_on_the_way);
	TEST("RFC4821 a black hole, super-segments, no SACK, no timestamps", hole_otherwise);
	PLAY("RFC4821 a black hole between small segments", hole_between_small_ones);
	PLAY("RFC4821 a black hole below 1024", narrow_hole);
	PLAY("RFC4821 an outage is no black hole for long", outage);
	PLAY("RFC4821 full segments that arrive", unlucky);
	PLAY("RFC4821 a lost probe is no congestion", probes_lost);
	PLAY("RFC1191 RFC8201 asked again after ten minutes", told_and_asked_again);
	PLAY("RFC1191 never asked again", never_again);
	TEST("RFC4821 two ways of different width", two_ways_once);
	PLAY("RFC5927 too big, says a stranger", forged);
	PLAY("RFC5927 too big, and it is true", true_after_all);
	PLAY("RFC4821 nothing to find out", same_bytes);
	return plan_done();
}
