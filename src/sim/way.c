/*
 * way.c - one direction of a link: faults, queue, rate, delay.
 *
 * Every kind of fault has its own stream of random numbers, and the n-th packet
 * of the direction uses the n-th number of each: switching one fault on does not
 * move the others.
 */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

void
sim_way_init(struct sim_way *w, uint64_t seed, int host, const struct sw_sim_path *path)
{
	memset(w, 0, sizeof(*w));
	w->path = *path;
	for (unsigned i = 0; i < SIM_N_STREAMS; i++)
		w->key[i] = sw_sim_random(seed, (uint64_t)host * 64 + i);
}

static uint64_t
way_random(const struct sim_way *w, enum sim_stream stream, uint64_t n)
{
	return sw_sim_random(w->key[stream], n);
}

/* Does what has a chance of `ppm` millionths happen to packet n? */
static bool
way_chance(const struct sim_way *w, enum sim_stream stream, uint64_t n, uint32_t ppm)
{
	return ((way_random(w, stream, n) >> 32) * 1000000 >> 32) < ppm;
}

/* Gilbert-Elliott: the state moves with each packet, then it may be lost. */
static bool
way_burst(struct sim_way *w, uint64_t n)
{
	uint32_t leave = w->bad ? w->path.burst_leave : w->path.burst_enter;

	if (way_chance(w, SIM_BURST, n, leave))
		w->bad = !w->bad;
	return w->bad && way_chance(w, SIM_BURST_LOSS, n, w->path.burst_loss);
}

static bool
way_loses(struct sim_way *w, uint64_t n)
{
	bool burst = way_burst(w, n);
	bool masked = n < 64 && (w->path.loss_mask >> n & 1);

	return burst || masked || way_chance(w, SIM_LOSS, n, w->path.loss);
}

/* How long b bytes take at the way's rate, without drift. */
static sw_ns
way_time(struct sim_way *w, uint32_t b)
{
	uint64_t total = (uint64_t)b * 8 * SW_S + w->remainder;

	if (!w->path.rate_bps)
		return 0;
	w->remainder = total % w->path.rate_bps;
	return total / w->path.rate_bps;
}

/* Is there room for b bytes?  An idle way takes any packet. */
static bool
way_has_room(const struct sim_way *w, sw_ns now, uint32_t b)
{
	uint64_t limit = w->path.queue_bytes, rate = w->path.rate_bps;

	if (!limit || !rate || w->busy_until <= now)
		return true;
	return w->busy_until - now + (uint64_t)b * 8 * SW_S / rate <= limit * 8 * SW_S / rate;
}

/* Does the queue's management drop it?  Its turn comes at busy_until. */
static bool
way_managed(struct sim_way *w, sw_ns now, struct sim_packet *p)
{
	if (w->path.aqm == SW_SIM_DROP_TAIL ||
	    !sim_codel_acts(&w->codel, w->busy_until, w->busy_until - now))
		return false;
	if (w->path.aqm != SW_SIM_CODEL_ECN || !sim_mark(p->data, p->len))
		return true;
	p->fate |= SW_SIM_MARKED;
	w->count.marked++;
	return false;
}

/* Into the queue: when it will arrive; SW_NEVER: it was dropped. */
static sw_ns
way_enqueue(struct sim_way *w, sw_ns now, struct sim_packet *p)
{
	sw_ns arrives;

	if (!way_has_room(w, now, p->len))
		return SW_NEVER;
	if (w->busy_until < now) {
		w->busy_until = now;
		w->remainder = 0;
	}
	if (way_managed(w, now, p))
		return SW_NEVER;
	w->busy_until += way_time(w, p->len);
	arrives = w->busy_until + w->path.delay + p->jitter;
	if (arrives < w->last_arrival)
		arrives = w->last_arrival;
	w->last_arrival = arrives;
	return arrives;
}

static void
flip_bit(struct sim_packet *p)
{
	if (p->fate & SW_SIM_CORRUPTED)
		p->data[p->flip / 8] ^= (uint8_t)(1u << (p->flip % 8));
}

/* A packet that was held back comes to the queue now. */
void
sim_way_queue(struct sw_sim *sim, struct sim_packet *p)
{
	struct sim_way *w = &sim->hosts[p->from].way;
	sw_ns arrives = way_enqueue(w, sim->now, p);

	if (arrives == SW_NEVER) {
		w->count.queue_dropped++;
		p->fate |= SW_SIM_QUEUE_DROPPED;
		sim_tell(sim, SW_SIM_DROPPED, p, SW_NEVER);
		free(p);
		return;
	}
	if (!sim_event_add(sim, arrives, SIM_DELIVER, p))
		w->count.no_memory++;
}

/* A packet whose fate is decided goes on its way; owns it. */
static void
way_go(struct sw_sim *sim, struct sim_packet *p)
{
	struct sim_way *w = &sim->hosts[p->from].way;
	sw_ns hold = w->path.reorder_by, arrives = SW_NEVER;

	if (!(p->fate & (SW_SIM_GONE | SW_SIM_REORDERED))) {
		arrives = way_enqueue(w, sim->now, p);
		if (arrives == SW_NEVER) {
			w->count.queue_dropped++;
			p->fate |= SW_SIM_QUEUE_DROPPED;
		}
	}
	sim_tell(sim, SW_SIM_SENT, p, arrives);
	if (p->fate & SW_SIM_GONE) {
		free(p);
		return;
	}
	flip_bit(p);
	if (!hold)
		hold = w->path.delay / 4 > SW_MS ? w->path.delay / 4 : SW_MS;
	if (p->fate & SW_SIM_REORDERED) {
		hold = 1 + way_random(w, SIM_REORDER_BY, p->number) % hold;
		arrives = sim->now + hold;
	}
	if (!sim_event_add(sim, arrives, p->fate & SW_SIM_REORDERED ? SIM_OFFER : SIM_DELIVER, p))
		w->count.no_memory++;
}

/* Throws the dice for a packet. */
static void
way_faults(struct sim_way *w, struct sim_packet *p)
{
	uint64_t n = p->number;

	if (w->path.jitter)
		p->jitter = way_random(w, SIM_JITTER, n) % (w->path.jitter + 1);
	if (way_loses(w, n)) {
		w->count.lost++;
		p->fate |= SW_SIM_LOST;
		return;
	}
	if (way_chance(w, SIM_CORRUPT, n, w->path.corrupt)) {
		w->count.corrupted++;
		p->fate |= SW_SIM_CORRUPTED;
		p->flip = way_random(w, SIM_CORRUPT_BIT, n) % ((uint64_t)p->len * 8);
	}
	if (way_chance(w, SIM_REORDER, n, w->path.reorder)) {
		w->count.reordered++;
		p->fate |= SW_SIM_REORDERED;
	}
}

/* Does the filter let it pass? */
static bool
way_filter(struct sw_sim *sim, const struct sim_packet *p)
{
	struct sw_sim_seen seen = {
	    .at = sim->now,
	    .moment = SW_SIM_SENT,
	    .from = p->from,
	    .to = p->to,
	    .id = p->id,
	    .number = p->number,
	    .arrives = SW_NEVER,
	    .data = p->data,
	    .len = p->len,
	};

	return !sim->filter || sim->filter(sim->filter_ctx, &seen);
}

/* The second one of a packet that comes twice: whole, and never held back. */
static struct sim_packet *
way_copy(struct sw_sim *sim, const struct sim_packet *p)
{
	struct sim_way *w = &sim->hosts[p->from].way;
	struct sim_packet *copy;

	if ((p->fate & SW_SIM_GONE) || !way_chance(w, SIM_DUPLICATE, p->number, w->path.duplicate))
		return NULL;
	copy = sim_packet_new(sim, p->from, p->data, p->len);
	if (!copy) {
		w->count.no_memory++;
		return NULL;
	}
	w->count.duplicated++;
	copy->number = p->number;
	copy->jitter = p->jitter;
	copy->fate = SW_SIM_DUPLICATE;
	return copy;
}

/* One packet onto the wire, as long as it may be. */
static void
way_put(struct sw_sim *sim, int from, const uint8_t *data, uint32_t len)
{
	struct sim_way *w = &sim->hosts[from].way;
	struct sim_packet *p = sim_packet_new(sim, from, data, len), *copy;

	w->count.sent++;
	w->count.sent_bytes += len;
	if (!p) {
		w->number++;
		w->count.no_memory++;
		return;
	}
	p->number = w->number++;
	if (w->path.mtu && len > w->path.mtu) {
		w->count.too_big++;
		p->fate |= SW_SIM_TOO_BIG;
	} else if (!way_filter(sim, p)) {
		p->fate |= SW_SIM_FILTERED;
	} else {
		way_faults(w, p);
	}
	copy = way_copy(sim, p);
	way_go(sim, p);
	if (copy)
		way_go(sim, copy);
}

/* A packet that is cut to size: onto the wire, in fragments, or back with ICMP. */
static void
way_fit(struct sw_sim *sim, int from, const uint8_t *data, uint32_t len)
{
	struct sim_way *w = &sim->hosts[from].way;
	uint8_t room[SIM_TOO_BIG_CAP], *piece;
	uint32_t n, at = 0;

	if (!w->path.mtu || len <= w->path.mtu) {
		way_put(sim, from, data, len);
		return;
	}
	if (!sim_may_fragment(data, len)) {
		way_put(sim, from, data, len);
		n = w->path.black_hole ? 0 : sim_too_big(data, len, w->path.mtu, room);
		if (n > 0)
			sim_answer(sim, from, w->path.delay, room, n);
		return;
	}
	piece = malloc(w->path.mtu);
	if (!piece) {
		w->count.no_memory++;
		return;
	}
	w->count.fragmented++;
	while ((n = sim_fragment(data, len, w->path.mtu, &at, piece)) > 0)
		way_put(sim, from, piece, n);
	free(piece);
}

void
sim_way_offer(struct sw_sim *sim, int from, const uint8_t *data, uint32_t len)
{
	way_fit(sim, from, data, len);
}

void
sim_way_send(struct sw_sim *sim, int from, const struct sw_packet *made)
{
	struct sw_packet whole = *made;
	struct sim_cut cut;
	uint32_t n;

	if (sim->hosts[from].peer < 0 || made->len == 0)
		return;
	if (made->seg_size == 0 || !sim_cut_begin(&cut, made->data, made->len, made->seg_size)) {
		sim_complete(&whole);
		way_fit(sim, from, whole.data, whole.len);
		return;
	}
	while ((n = sim_cut_next(&cut, sim->piece)) > 0)
		way_fit(sim, from, sim->piece, n);
}
