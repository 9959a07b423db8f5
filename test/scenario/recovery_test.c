/*
 * recovery_test.c - what is done about loss, and about what only looked like it.
 * Each mechanism is played twice, with its switch off too, and the wire differs.
 * TEST_SEGMENTS=1000000 TEST_ONLY=alone plays the longest, 1 % of them lost, at length.
 * RFC 8985, 6937, 5682, 4015, 3522, 3708, 3042, 6582, 2018.
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
static const struct world_seen *
text_of(const struct world *w, int host, unsigned k)
{
	for (size_t i = w->told; i < w->n_wire; i++)
		if (w->wire[i].from == host && w->wire[i].seg.len > 0 && k-- == 0)
			return &w->wire[i];
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

/* An open connection, 20 ms there and back; `without` is switched off at A. */
static struct world *
recovery_world(uint32_t without, bool timestamps, bool sack)
{
	struct world *w = scene_new();

	w->config[A].timestamps = timestamps;
	w->config[A].sack = sack;
	w->config[A].nagle = w->config[B].nagle = false;
	w->config[A].without = without | SW_NO_PACING; /* recovery alone */
	w->config[A].cc = SW_CC_RENO;
	w->path[A].rate_bps = w->path[B].rate_bps = 1000000000; /* one at a time */
	scene_go(w);
	established(w);
	return w;
}

static struct world *
recovery_established(uint32_t without)
{
	return recovery_world(without, true, true);
}

/* cwnd is so large that it holds nothing back. */
static void
opens_cwnd(struct world *w, uint32_t segs)
{
	uint32_t mss = status_of(w, A).mss;

	while (status_of(w, A).cwnd < segs * mss) {
		says(w, A, segs * mss);
		hears_all(w, B, segs * mss);
		run_for(w, 100 * SW_MS);
	}
	skip_wire(w);
}

/* How long A needs to bring n bytes to B, and all acknowledged. */
static sw_ns
brings(struct world *w, uint32_t n)
{
	sw_ns began = now(w);

	says(w, A, n);
	hears_all(w, B, n);
	return now(w) - began;
}

/* The byte of A's text that comes next, `segs` segments ahead. */
static uint32_t
byte_ahead(const struct world *w, uint32_t segs)
{
	return (uint32_t)w->said[A] + 1 + segs * status_of(w, A).mss;
}

/* ---- RACK ---- */

/*= RFC 8985 6.2: a retransmission that is lost too is found by what was sent later */
static uint64_t
lost_again(uint32_t without)
{
	struct world *w = recovery_established(without | SW_NO_TLP);
	uint32_t mss = status_of(w, A).mss;
	uint64_t rtos;

	opens_cwnd(w, 20);
	loses_text(w, A, byte_ahead(w, 3), 2);
	brings(w, 60 * mss);
	run_for(w, SW_S);
	rtos = counters_of(w, A).rtos;
	ok(counters_of(w, A).retransmits >= 2);
	world_end(w);
	return rtos;
}

static void
lost_retransmission(void)
{
	ok(lost_again(0) == 0);
	ok(lost_again(SW_NO_RACK) == 1);
}
SCENE(lost_retransmission)

/*= RFC 8985 9.3 MUST: two losses one after the other are paid for twice, without PRR */
static uint32_t
threshold_of_two(uint32_t without)
{
	struct world *w = recovery_established(without | SW_NO_TLP);
	uint32_t mss = status_of(w, A).mss, cwnd, least = UINT32_MAX;

	opens_cwnd(w, 40);
	cwnd = status_of(w, A).cwnd;
	loses_text(w, A, byte_ahead(w, 3), 2);
	says(w, A, 120 * mss);
	for (int i = 0; i < 200; i++) {
		run_for(w, SW_MS);
		least = status_of(w, A).ssthresh < least ? status_of(w, A).ssthresh : least;
	}
	ok(counters_of(w, A).rtos == 0 && counters_of(w, A).retransmits == 2);
	hears_all(w, B, 120 * mss);
	world_end(w);
	return least * 100 / cwnd;
}

static void
paid_twice(void)
{
	uint32_t once = threshold_of_two(0), twice = threshold_of_two(SW_NO_PRR);

	ok(once >= 40);
	ok(twice * 4 <= once * 3);
}
SCENE(paid_twice)

/*= RFC 8985 6.2 step 5: too few came for three duplicates; the reordering timer finds it */
static sw_ns
three_segments(uint32_t without)
{
	struct world *w = recovery_established(without | SW_NO_TLP);
	uint32_t mss = status_of(w, A).mss;
	sw_ns took;

	loses_text(w, A, byte_ahead(w, 0), 1);
	took = brings(w, 3 * mss);
	ok(counters_of(w, A).retransmits == 1);
	world_end(w);
	return took;
}

static void
reordering_timer(void)
{
	sw_ns took = three_segments(0), rto = three_segments(SW_NO_RACK);

	/* a round trip, a quarter of one, a tick for the clock and one for the timer */
	ok(took >= 35 * SW_MS && took <= 30 * SW_MS + 5 * SW_MS + 3 * SW_MS);
	ok(rto >= 210 * SW_MS);
}
SCENE(reordering_timer)

/*= RFC 8985 6.3: at a timeout what was sent lately is not taken for lost */
static unsigned
timeout_marks(uint32_t without)
{
	struct world *w = recovery_established(without | SW_NO_TLP);
	uint32_t mss = status_of(w, A).mss;
	uint32_t lost;

	w->path[B].loss = 1000000;
	path_changes(w, B);
	deafen(w);
	says(w, A, 2 * mss);
	run_for(w, 195 * SW_MS);
	says(w, A, 3 * mss);
	run_for(w, 10 * SW_MS);
	ok(counters_of(w, A).rtos == 1);
	lost = status_of(w, A).lost;
	ok(lost % mss == 0);
	w->path[A].loss = w->path[B].loss = 0;
	path_changes(w, A);
	path_changes(w, B);
	hears_all(w, B, 5 * mss);
	world_end(w);
	return lost / mss;
}

static void
timeout_by_time(void)
{
	ok(timeout_marks(0) == 1); /* one of two was sent again */
	ok(timeout_marks(SW_NO_RACK) == 4);
}
SCENE(timeout_by_time)

static uint64_t
lost_of(const struct world *w)
{
	struct sw_sim_counters n = {.bytes = sizeof(n)};

	ok(sw_sim_counters(w->sim, A, &n) == SW_OK);
	return n.lost;
}

/* What reordering costs: segments sent again of a million, in the second half, beyond those
 * that were lost (`loss` of a million). */
static uint64_t
reordered(uint32_t without, uint32_t ppm, sw_ns by, uint32_t loss)
{
	struct world *w = world_new();
	struct sw_counters half;
	uint64_t again, segs, lost;
	uint32_t mss;

	w->config[A].without = without | SW_NO_PACING; /* recovery alone */
	w->config[A].cc = SW_CC_RENO;
	for (int i = A; i <= B; i++) {
		w->config[i].snd_buf = w->config[i].rcv_buf = 1 << 20;
		w->config[i].chunks = w->config[i].records = 4096;
		w->config[i].runs = 256;
	}
	w->path[A].rate_bps = w->path[B].rate_bps = 100000000;
	w->path[A].reorder = ppm;
	w->path[A].reorder_by = by;
	w->path[A].loss = loss;
	world_go(w);
	established(w);
	mss = status_of(w, A).mss;
	for (int i = 0; i < 100; i++)
		brings(w, 100 * mss);
	half = counters_of(w, A);
	lost = lost_of(w);
	for (int i = 0; i < 100; i++)
		brings(w, 100 * mss);
	again = counters_of(w, A).retransmits - half.retransmits;
	lost = lost_of(w) - lost;
	again -= lost < again ? lost : again;
	segs = counters_of(w, A).segments_out - half.segments_out;
	ok(counters_of(w, A).rtos == 0);
	world_end(w);
	return again * 1000000 / segs;
}

/*= RFC 8985 6.2 step 4: below a tenth of a percent is sent again for nothing */
static void
reordering(void)
{
	uint64_t without = reordered(SW_NO_RACK, 100000, 0, 0);
	/* more than min_RTT/4 late: only D-SACKs can teach it how long to wait */
	uint64_t far = reordered(0, 100000, 12 * SW_MS, 0), late;

	ok(reordered(0, 100000, 0, 0) < 1000);
	ok(without > 1000);
	ok(far < 1000);
	/* what a retransmission overtakes is not lost because of its timestamp */
	late = reordered(0, 100000, 12 * SW_MS, 5000);
	ok(late < 1500);
	printf("# and with losses %llu\n", (unsigned long long)late);
	printf("# sent again of a million: without RACK %llu, late by 12 ms %llu\n",
	       (unsigned long long)without, (unsigned long long)far);
}

/* ---- TLP ---- */

/* How long a flow of n segments takes whose last one is lost. */
static sw_ns
tail_lost(uint32_t without, uint32_t n, sw_ns *srtt)
{
	struct world *w = recovery_established(without);
	uint32_t mss = status_of(w, A).mss;
	struct sw_counters c;
	sw_ns took;

	opens_cwnd(w, n);
	loses_text(w, A, byte_ahead(w, n - 1), 1);
	c = counters_of(w, A);
	*srtt = status_of(w, A).srtt;
	took = brings(w, n * mss);
	ok(counters_of(w, A).loss_probes - c.loss_probes == !without);
	ok(counters_of(w, A).rtos == !!without);
	ok(counters_of(w, A).retransmits - c.retransmits == 1);
	world_end(w);
	return took;
}

/*= RFC 8985 7.2: twice SRTT, and 60 ms for a delayed ACK, as one segment is left; counted
 * from when that was sent, not from the ACK of the others */
static void
tail_probe(void)
{
	for (uint32_t n = 1; n <= 100; n *= 10) {
		sw_ns srtt, took = tail_lost(0, n, &srtt);
		sw_ns pto = 2 * srtt + 60 * SW_MS;

		ok(took >= (n < 100 ? pto : 2 * srtt) && took < pto + 15 * SW_MS);
		ok(tail_lost(SW_NO_TLP, n, &srtt) >= 200 * SW_MS);
	}
}
SCENE(tail_probe)

/* How long a flow of n segments takes that is closed as soon as they have left, and whose
 * last one is lost; the FIN behind it is not. */
static sw_ns
last_before_fin(uint32_t without, uint32_t n)
{
	struct world *w = recovery_established(without);
	uint32_t mss = status_of(w, A).mss;
	sw_ns began = now(w);

	loses_text(w, A, byte_ahead(w, n - 1), 1);
	says(w, A, n * mss);
	run_for(w, 0);
	closes(w, A);
	hears_all(w, B, n * mss);
	ok(counters_of(w, A).retransmits == 1 && counters_of(w, A).loss_probes == 0);
	began = now(w) - began;
	world_end(w);
	return began;
}

/* A FIN ahead of a gap is reported, and so tells of the loss as any segment would. */
static void
fin_tells(void)
{
	ok(last_before_fin(0, 1) < 10 * SW_MS + 20 * SW_MS + 5 * SW_MS + 3 * SW_MS);
	ok(last_before_fin(0, 5) < 10 * SW_MS + 20 * SW_MS + 5 * SW_MS + 3 * SW_MS);
	ok(last_before_fin(SW_NO_RACK, 5) >= 200 * SW_MS);
}
SCENE(fin_tells)

/* Segments of a flight into a queue that grows: their ACKs come later and later, and
 * that is no loss. */
static void
growing_queue(void)
{
	struct world *w = scene_new();
	uint32_t mss;

	w->config[A].nagle = w->config[B].nagle = false;
	w->path[A].delay = w->path[B].delay = 5 * SW_MS;
	w->path[A].rate_bps = w->path[B].rate_bps = 1000000; /* a segment takes 12 ms */
	scene_go(w);
	established(w);
	mss = status_of(w, A).mss;
	says(w, A, 60 * mss);
	hears_all(w, B, 60 * mss);
	ok(counters_of(w, A).loss_probes == 0 && counters_of(w, A).retransmits == 0);
	world_end(w);
}
SCENE(growing_queue)

/* A hole is sent again and lost again, and there is nothing more to send behind it. */
static sw_ns
last_again_lost(uint32_t without)
{
	struct world *w = recovery_established(without);
	uint32_t mss = status_of(w, A).mss;
	sw_ns took;

	opens_cwnd(w, 20);
	loses_text(w, A, byte_ahead(w, 3), 2);
	took = brings(w, 10 * mss);
	run_for(w, 100 * SW_MS);
	ok(counters_of(w, A).rtos == !!without && counters_of(w, A).loss_probes == !without);
	ok(counters_of(w, A).retransmits == 2 && counters_of(w, A).fast_recoveries == 1);
	ok(without || status_of(w, A).cwnd >= 3 * mss); /* half of the flight */
	world_end(w);
	return took;
}

/* RACK cannot hear of it: after two round trips it goes again, long before the RTO. */
static void
tail_of_recovery(void)
{
	sw_ns took = last_again_lost(0);

	ok(took >= 70 * SW_MS && took < 10 * SW_MS + 20 * SW_MS + 2 * 20 * SW_MS + 5 * SW_MS);
	ok(last_again_lost(SW_NO_TLP) >= 200 * SW_MS);
}
SCENE(tail_of_recovery)

/* The whole of a small flight is lost, its length is n: with the ACK of the probe RACK
 * finds the others. */
static void
tail_all_lost(void)
{
	struct world *w = recovery_established(0);
	uint32_t mss = status_of(w, A).mss;
	sw_ns took;

	for (uint32_t k = 0; k < 5; k++)
		loses_text(w, A, byte_ahead(w, k), 1);
	took = brings(w, 5 * mss);
	ok(took < 10 * SW_MS + 44 * SW_MS + 3 * 20 * SW_MS);
	ok(counters_of(w, A).rtos == 0 && counters_of(w, A).fast_recoveries == 1);
	ok(counters_of(w, A).retransmits == 5);
	world_end(w);
}
SCENE(tail_all_lost)

/*= RFC 8985 7.3: something new is sent rather than something again, whatever cwnd; then
 * the RTO, a whole one from then on, and no second probe */
static void
probe_of_new(void)
{
	struct world *w = recovery_established(0);
	uint32_t mss = status_of(w, A).mss;
	sw_ns sent_at;

	deafen(w);
	says(w, A, 20 * mss);
	run_for(w, SW_S / 10);
	ok(texts_of(w, A) == 11); /* IW10 and the probe */
	ok(text_of(w, A, 10)->seg.seq - w->iss[A] == 1 + 10 * mss);
	sent_at = text_of(w, A, 10)->seg.at;
	ok(sent_at - text_of(w, A, 9)->seg.at >= 40 * SW_MS);
	run_for(w, SW_S / 5);
	ok(counters_of(w, A).rtos == 1 && counters_of(w, A).loss_probes == 1);
	ok(texts_of(w, A) == 12);
	ok(text_of(w, A, 11)->seg.at - sent_at >= 200 * SW_MS);
	ok(text_of(w, A, 11)->seg.seq - w->iss[A] == 1);
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 20 * mss);
	world_end(w);
}
SCENE(probe_of_new)

/* A program that writes now and then does not put the RTO off. */
static void
probe_and_rto(void)
{
	struct world *w = recovery_established(0);

	deafen(w);
	for (int i = 0; i < 40; i++) {
		says(w, A, 100);
		run_for(w, 50 * SW_MS);
	}
	ok(counters_of(w, A).rtos >= 2 && counters_of(w, A).loss_probes == 1);
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 4000);
	world_end(w);
}
SCENE(probe_and_rto)

/* The probe brings nothing that the application holds back. */
static void
probe_of_held(void)
{
	struct world *w = recovery_established(0);
	uint8_t bytes[50] = {0};

	deafen(w);
	says(w, A, 100);
	run_for(w, SW_MS);
	ok(sw_send(w->stack[A], now(w), w->conn[A], bytes, 50, SW_MORE) == 50);
	run_for(w, 150 * SW_MS);
	ok(counters_of(w, A).loss_probes == 1 && texts_of(w, A) == 2);
	ok(text_of(w, A, 1)->seg.len == 100 && text_of(w, A, 1)->seg.seq - w->iss[A] == 1);
	world_end(w);
}
SCENE(probe_of_held)

/*= RFC 8985 7.4.2: who repaired the loss?  If the probe, cwnd comes down; a D-SACK says
 * that it was for nothing.  Also when the connection was idle in between. */
static void
probe_repairs(void)
{
	for (int lost = 0; lost < 2; lost++) {
		struct world *w = recovery_established(0);
		uint32_t mss = status_of(w, A).mss, cwnd;

		opens_cwnd(w, 20);
		cwnd = status_of(w, A).cwnd;
		if (lost)
			loses_text(w, A, byte_ahead(w, 9), 1);
		else
			loses(w, B, 0); /* the last ACK: it covers all */
		says(w, A, lost ? 10 * mss : 2 * mss);
		run_for(w, lost ? 250 * SW_MS : 120 * SW_MS);
		ok(counters_of(w, A).loss_probes == 1);
		ok(status_of(w, A).cwnd >= cwnd && status_of(w, A).snd_queued == 0);
		brings(w, mss);
		run_for(w, 100 * SW_MS);
		ok(lost ? status_of(w, A).cwnd == cwnd / 2 : status_of(w, A).cwnd >= cwnd);
		world_end(w);
	}
}
SCENE(probe_repairs)

/* ---- PRR ---- */

/* B tells A, at once, that it has segments [from, to) of A's flight and lacks `una`. */
static void
forge_sack(struct world *w, uint32_t una, uint32_t from, uint32_t to)
{
	char text[100];

	snprintf(text, sizeof(text), ". 1:1(0) ack %lu win 65000 <sack %lu:%lu>",
		 (unsigned long)una, (unsigned long)from, (unsigned long)to);
	forge(w, A, text);
	run_for(w, 0);
}

/* The first of 20 in flight is lost: what is sent for each of the next 10 SACKs. */
static void
sent_for_sacks(uint32_t without, unsigned sends[19])
{
	struct world *w = recovery_world(without | SW_NO_TLP, false, true);
	uint32_t mss = status_of(w, A).mss, una;

	opens_cwnd(w, 20);
	una = byte_ahead(w, 0);
	says(w, A, 100 * mss);
	run_for(w, 0);
	deafen(w);
	run_for(w, SW_MS);
	for (uint32_t k = 0; k < 19; k++) {
		skip_wire(w);
		forge_sack(w, una, una + mss, una + (2 + k) * mss);
		sends[k] = texts_of(w, A);
	}
	ok(status_of(w, A).ssthresh == status_of(w, A).cwnd || status_of(w, A).recovery == 1);
	world_end(w);
}

/*= RFC 6937 3: cwnd comes down over the whole round trip: no half window of silence */
static void
rate_reduction(void)
{
	unsigned prr[19], silent[19], n[2][2] = {{0}};

	sent_for_sacks(0, prr);
	sent_for_sacks(SW_NO_PRR, silent);
	ok(prr[0] == 1 && prr[1] == 1 && prr[2] == 1); /* limited transmit, fast retransmit */
	for (int k = 3; k < 19; k++) {
		ok(prr[k] <= 1);
		n[0][k < 11] += prr[k];
		n[1][k < 11] += silent[k];
	}
	ok(n[0][1] >= 3 && n[0][1] <= 5 && n[0][0] >= 3 && n[0][0] <= 5);
	ok(n[1][1] == 0 && n[1][0] >= 5);
}
SCENE(rate_reduction)

/*= RFC 9937: when more was lost than cwnd is to come down by, it rises in slow start */
static void
rate_after_many(void)
{
	struct world *w = recovery_established(SW_NO_TLP);
	uint32_t mss = status_of(w, A).mss;
	sw_ns took;

	opens_cwnd(w, 40);
	for (uint32_t k = 0; k < 30; k++)
		loses_text(w, A, byte_ahead(w, k), 1);
	took = brings(w, 80 * mss);
	ok(counters_of(w, A).rtos == 0);
	ok(took < 10 * SW_MS + 7 * 20 * SW_MS);
	world_end(w);
}
SCENE(rate_after_many)

/* ---- undo ---- */

struct spike {
	uint32_t before, after;	 /* cwnd: when it began, and one round trip after its end */
	uint64_t again, undone;
	sw_ns rto[2];
};

static enum sw_cc spike_cc = SW_CC_RENO;

/* For three round trips of 200 ms nothing comes through; nothing is lost. */
static struct spike
delay_spike(uint32_t without, bool timestamps, bool sack)
{
	struct world *w = scene_new();
	struct sw_counters c;
	struct spike s;
	uint32_t mss, heard;

	w->config[A].without = without | SW_NO_PACING; /* recovery alone */
	w->config[A].cc = (uint8_t)spike_cc;
	w->config[A].timestamps = timestamps;
	w->config[A].sack = sack;
	w->config[A].nagle = false;
	w->path[A].delay = w->path[B].delay = 100 * SW_MS;
	w->path[A].rate_bps = w->path[B].rate_bps = 100000000;
	scene_go(w);
	established(w);
	mss = status_of(w, A).mss;
	opens_cwnd(w, 40);
	for (int i = 0; i < 10; i++) { /* a steady round trip: a short RTO */
		brings(w, 20 * mss);
		run_for(w, 100 * SW_MS);
	}
	c = counters_of(w, A);
	says(w, A, 200 * mss);
	run_for(w, 50 * SW_MS);
	s.before = status_of(w, A).cwnd;
	s.rto[0] = status_of(w, A).rto;
	w->path[A].delay += 600 * SW_MS;
	path_changes(w, A);
	run_for(w, 60 * SW_MS); /* the ACKs of the first flight let others out: they wait */
	w->path[A].delay -= 600 * SW_MS;
	run_for(w, 100 * SW_MS);
	path_changes(w, A);
	heard = status_of(w, A).snd_una;
	while (status_of(w, A).snd_una == heard && now(w) < 1000 * SW_S)
		run_for(w, SW_MS);
	run_for(w, 200 * SW_MS);
	s.after = status_of(w, A).cwnd;
	hears_all(w, B, 200 * mss);
	run_for(w, SW_S);
	s.again = counters_of(w, A).retransmits - c.retransmits;
	s.undone = counters_of(w, A).undone - c.undone;
	s.rto[1] = status_of(w, A).rto;
	ok(counters_of(w, A).rtos > c.rtos);
	world_end(w);
	return s;
}

/*= RFC 3522 3.2, RFC 4015 3.1: the echo of an older timestamp; cwnd is back within one
 * round trip, and nothing but the first segment was sent again; the RTO is cautious */
static void
spike_by_stamp(void)
{
	struct spike with = delay_spike(SW_NO_FRTO, true, true);
	struct spike without = delay_spike(SW_NO_FRTO | SW_NO_UNDO, true, true);

	ok(with.undone == 1 && with.after >= with.before && with.again == 1);
	ok(with.rto[1] > with.rto[0]);
	ok(without.undone == 0 && without.after < without.before && without.again > 20);
}
SCENE(spike_by_stamp)

/* And with CUBIC, where nothing is switched off. */
static void
spike_as_it_comes(void)
{
	struct spike with, without;

	spike_cc = SW_CC_CUBIC;
	with = delay_spike(0, true, true);
	without = delay_spike(SW_NO_FRTO | SW_NO_UNDO, true, true);
	spike_cc = SW_CC_RENO;
	ok(with.undone == 1 && with.after >= with.before && with.again <= 2);
	ok(without.undone == 0 && without.after < with.after && without.again > 20);
}
SCENE(spike_as_it_comes)

/*= RFC 5682 2.1, 3.1: what comes after the timeout was sent before; with SACK and without */
static void
spike_by_frto(void)
{
	for (int sack = 0; sack < 2; sack++) {
		struct spike with = delay_spike(SW_NO_UNDO, false, sack);
		struct spike without = delay_spike(SW_NO_UNDO | SW_NO_FRTO, false, sack);

		ok(with.undone == 1 && with.after >= with.before && with.again <= 2);
		ok(without.undone == 0 && without.after < without.before && without.again > 20);
	}
}
SCENE(spike_by_frto)

/*= RFC 3708 2: all that was sent again came twice; known last */
static void
spike_by_dsack(void)
{
	struct spike with = delay_spike(SW_NO_FRTO, false, true);

	ok(with.undone == 1 && with.again > 20);
}
SCENE(spike_by_dsack)

/*= RFC 5682 3.1 (3a): a real loss of all is no delay */
static void
timeout_was_true(void)
{
	for (int sack = 0; sack < 2; sack++) {
		struct world *w = recovery_world(SW_NO_TLP, false, sack);
		uint32_t mss = status_of(w, A).mss, cwnd;

		opens_cwnd(w, 20);
		cwnd = status_of(w, A).cwnd;
		for (uint32_t k = 0; k <= cwnd / mss; k++)
			loses_text(w, A, byte_ahead(w, k), 1);
		brings(w, 100 * mss);
		ok(counters_of(w, A).rtos >= 1 && counters_of(w, A).undone == 0);
		ok(status_of(w, A).ssthresh <= cwnd * 3 / 4);
		world_end(w);
	}
}
SCENE(timeout_was_true)

enum { TWICE, NEVER_AGAIN, DOUBLED_BEFORE, ECHO };

/* A segment was late, not lost, and the D-SACK says so; by how much cwnd came down. */
static int32_t
late_segment(uint32_t without, int how)
{
	char text[80];
	struct world *w = recovery_world(without | SW_NO_TLP | SW_NO_FRTO, false, true);
	uint32_t mss = status_of(w, A).mss, una, before, after;

	opens_cwnd(w, 20);
	una = byte_ahead(w, 0);
	says(w, A, 100 * mss);
	run_for(w, 0);
	deafen(w);
	run_for(w, SW_MS);
	before = status_of(w, A).cwnd;
	if (how == DOUBLED_BEFORE)
		forge_sack(w, una, una - mss, una);
	for (uint32_t k = 1; k <= 3; k++)
		forge_sack(w, una, una + mss, una + (1 + k) * mss);
	ok(status_of(w, A).recovery == 1 && counters_of(w, A).retransmits == 1);
	forge_sack(w, una + 22 * mss, 0, 0); /* the original fills the gap */
	una += (how == NEVER_AGAIN) * mss;
	snprintf(text, sizeof(text), "%s. 1:1(0) ack %lu win 65000 <sack %lu:%lu>",
		 how == ECHO ? "E" : "", (unsigned long)una + 22 * mss, (unsigned long)una,
		 (unsigned long)una + mss);
	forge(w, A, text);
	run_for(w, 0);
	ok(counters_of(w, A).undone == (how == ECHO || (how == TWICE && !without)));
	after = status_of(w, A).cwnd;
	world_end(w);
	return (int32_t)(before - after);
}

/*= RFC 3708 2: back to what was; not if the D-SACK is of another segment, nor once the
 * network itself has doubled a packet (A.4) */
static void
late_not_lost(void)
{
	ok(late_segment(0, TWICE) <= 0);
	ok(late_segment(SW_NO_UNDO, TWICE) > 0);
	ok(late_segment(0, NEVER_AGAIN) > 0);
	ok(late_segment(0, DOUBLED_BEFORE) > 0);
}
SCENE(late_not_lost)

/*= RFC 4015 3.4 MUST: it was not lost, but there is congestion */
static void
echo_of_congestion(void)
{
	ok(late_segment(0, ECHO) > 0);
}
SCENE(echo_of_congestion)

/* ---- without much to go by ---- */

/* New segments that two duplicate ACKs let out. */
static unsigned
sent_for_two(uint32_t without, bool sack)
{
	struct world *w = recovery_world(without | SW_NO_TLP, false, sack);
	uint32_t mss = status_of(w, A).mss, una = byte_ahead(w, 0);
	unsigned n;

	says(w, A, 20 * mss);
	run_for(w, 0);
	deafen(w);
	run_for(w, SW_MS);
	forge(w, A, ". 1:1(0) ack 1 win 65000");
	run_for(w, 0);
	skip_wire(w);
	for (uint32_t k = 1; k <= 2; k++)
		if (sack)
			forge_sack(w, una, una + mss, una + (1 + k) * mss);
		else
			forge(w, A, ". 1:1(0) ack 1 win 65000");
	if (sack) /* nothing new in it: nothing goes out (RFC 3042 2 MUST NOT) */
		forge_sack(w, una, una + mss, una + 3 * mss);
	run_for(w, 0);
	n = texts_of(w, A);
	ok(counters_of(w, A).retransmits == 0);
	world_end(w);
	return n;
}

/*= RFC 3042 2: a new segment for each of the first two duplicate ACKs */
static void
limited_transmit(void)
{
	for (int sack = 0; sack < 2; sack++) {
		ok(sent_for_two(0, sack) == 2);
		ok(sent_for_two(SW_NO_LIMITED, sack) == 0);
	}
}
SCENE(limited_transmit)

/*= RFC 2018 8: what was SACKed and is not acknowledged at the timeout is sent again */
static void
reneging(void)
{
	for (uint32_t without = 0; without <= SW_NO_RACK; without += SW_NO_RACK) {
		struct world *w = recovery_world(without, false, true);
		uint32_t mss = status_of(w, A).mss;

		deafen(w);
		says(w, A, 10 * mss);
		run_for(w, SW_MS);
		forge_sack(w, 1, 1 + mss, 1 + 10 * mss); /* B has nothing of it */
		w->path[A].loss = 0;
		path_changes(w, A);
		loses(w, A, 0);
		run_for(w, 50 * SW_MS);
		hears_all(w, B, 10 * mss);
		ok(counters_of(w, A).rtos >= 1);
		ok(counters_of(w, A).retransmits >= 10);
		ok(now(w) < 2 * SW_S);
		world_end(w);
	}
}
SCENE(reneging)

/*= RFC 6582 3.2: without SACK one hole is repaired a round trip, and no timeout */
static void
newreno(void)
{
	struct world *w = recovery_world(0, true, false);
	uint32_t mss = status_of(w, A).mss;
	sw_ns took;

	opens_cwnd(w, 30);
	for (uint32_t k = 3; k < 12; k += 3)
		loses_text(w, A, byte_ahead(w, k), 1);
	took = brings(w, 30 * mss);
	ok(counters_of(w, A).rtos == 0 && counters_of(w, A).fast_recoveries == 1);
	ok(counters_of(w, A).retransmits == 3);
	ok(took >= 70 * SW_MS && took < 150 * SW_MS);
	world_end(w);
}
SCENE(newreno)

/* ---- recovery alone: the window is fixed at two BDP, the queue is deep ---- */

struct alone {
	uint64_t bytes, rtos;
	sw_ns took;
};

/* Keeps A's queue full and B's empty. */
static void
pumps(struct world *w, struct alone *a)
{
	static uint8_t bytes[1 << 16];
	ptrdiff_t n;

	while (sw_send(w->stack[A], now(w), w->conn[A], bytes, sizeof(bytes), 0) > 0)
		;
	while ((n = sw_receive(w->stack[B], now(w), w->conn[B], bytes, sizeof(bytes))) > 0)
		a->bytes += (uint64_t)n;
}

/* `segs` segments over 100 Mbit/s and 10 ms, of which `ppm` are lost. */
static struct alone
recovery_alone(uint32_t ppm, uint64_t segs)
{
	struct world *w = world_new();
	struct alone a = {0, 0, 0};
	uint64_t before;
	sw_ns began;

	for (int i = A; i <= B; i++) {
		w->config[i].snd_buf = w->config[i].rcv_buf = 1 << 22;
		w->config[i].chunks = w->config[i].records = 8192;
		w->config[i].runs = w->config[i].runs_per_conn = 512;
		w->path[i].rate_bps = 100000000;
		w->path[i].delay = 5 * SW_MS;
	}
	w->path[A].loss = ppm;
	world_go(w);
	established(w);
	for (began = now(w), before = 0; a.bytes < segs * 1448 && now(w) < 10000 * SW_S;) {
		pumps(w, &a);
		if (before == 0 && now(w) - began > SW_S) {
			before = a.bytes;
			began = now(w);
		}
		sw_probe_window(w->stack[A], w->conn[A], 250000);
		sw_sim_step(w->sim, SW_NEVER);
	}
	a.took = now(w) - began;
	a.bytes -= before;
	a.rtos = counters_of(w, A).rtos;
	world_end(w);
	return a;
}

/* What came, in millionths of what could: (1 - loss) of what comes without loss. */
static uint64_t
share(const struct alone *a, const struct alone *ideal, uint32_t ppm)
{
	double rate = (double)a->bytes / (double)a->took;
	double most = (double)ideal->bytes / (double)ideal->took * (1 - ppm / 1e6);

	printf("# loss %u ppm: %.4f of (1-p), %llu timeouts\n", (unsigned)ppm, rate / most,
	       (unsigned long long)a->rtos);
	return (uint64_t)(rate / most * 1e6);
}

static void
alone(void)
{
	const char *text = getenv("TEST_SEGMENTS");
	uint64_t segments = text ? strtoull(text, NULL, 0) : 40000;
	struct alone ideal = recovery_alone(0, 20000), a;

	a = recovery_alone(1000, 20000);
	ok(share(&a, &ideal, 1000) >= 970000);
	a = recovery_alone(10000, segments);
	ok(share(&a, &ideal, 10000) >= 970000 && a.rtos == 0);
	a = recovery_alone(50000, 20000);
	ok(share(&a, &ideal, 50000) >= 950000);
}

int
main(void)
{
	PLAY("RFC8985 lost retransmission", lost_retransmission);
	PLAY("RFC8985 lost retransmission without PRR", paid_twice);
	PLAY("RFC8985 reordering timer", reordering_timer);
	PLAY("RFC8985 timeout marks by time", timeout_by_time);
	TEST("RFC8985 reordering", reordering);
	PLAY("RFC8985 tail loss probe", tail_probe);
	PLAY("RFC8985 the FIN tells", fin_tells);
	PLAY("RFC8985 the end of a recovery", tail_of_recovery);
	PLAY("RFC8985 no probe of what stands in a queue", growing_queue);
	PLAY("RFC8985 a small flight is lost", tail_all_lost);
	PLAY("RFC8985 probe of new data", probe_of_new);
	PLAY("RFC8985 a probe of what may go", probe_of_held);
	PLAY("RFC8985 probes do not put off the RTO", probe_and_rto);
	PLAY("RFC8985 what a probe repaired", probe_repairs);
	PLAY("RFC6937 rate reduction", rate_reduction);
	PLAY("RFC9937 many losses", rate_after_many);
	PLAY("RFC3522 RFC4015 delay spike, by timestamp", spike_by_stamp);
	PLAY("delay spike, CUBIC", spike_as_it_comes);
	PLAY("RFC5682 delay spike, by F-RTO", spike_by_frto);
	PLAY("RFC3708 delay spike, by D-SACK", spike_by_dsack);
	PLAY("RFC5682 a timeout that was true", timeout_was_true);
	PLAY("RFC3708 late, not lost", late_not_lost);
	PLAY("RFC4015 an echo of congestion", echo_of_congestion);
	PLAY("RFC3042 limited transmit", limited_transmit);
	PLAY("RFC2018 the peer reneges", reneging);
	PLAY("RFC6582 without SACK", newreno);
	TEST("recovery alone", alone);
	return plan_done();
}
