/*
 * ours.c - transfers between two of our stacks, in virtual time.
 */
#include <string.h>

#include <synwave/sw_probe.h>

#include "pair.h"

struct ours {
	struct sw_sim *sim;
	struct pair pair;
	struct sw_counters early; /* when the time that counts began */
	bool counts;
	struct flow_spike spike;
};

static void
counters_take(const struct ours *o, struct sw_counters *c)
{
	memset(c, 0, sizeof(*c));
	c->bytes = sizeof(*c);
	sw_counters(o->pair.side[PAIR_A].stack, c);
}

static void
ours_count(const struct ours *o, struct flow_result *r)
{
	struct sw_counters c;
	struct sw_sim_counters w = {.bytes = sizeof(w)};

	counters_take(o, &c);
	sw_sim_counters(o->sim, PAIR_A, &w);
	memcpy(r->bytes, o->pair.bytes, sizeof(r->bytes));
	r->done = o->pair.done;
	r->sent = c.segments_out - o->early.segments_out;
	r->retransmits = c.retransmits - o->early.retransmits;
	r->timeouts = c.rtos - o->early.rtos;
	r->queue_dropped = w.queue_dropped;
	r->lost = w.lost;
	r->spike = o->spike;
}

/* The data's path is longer by `more` from now on. */
static void
path_longer(struct ours *o, sw_ns more)
{
	struct sw_sim_path path = o->pair.job->data;

	path.delay += more;
	sw_sim_path(o->sim, PAIR_A, &path);
}

/* The spike begins, ends with the first packet that it has delayed, and cwnd is looked at. */
static void
spike_turn(struct ours *o, sw_ns now)
{
	const struct pair_side *s = &o->pair.side[PAIR_A];
	const struct flow_job *j = o->pair.job;
	struct sw_status t = {.bytes = sizeof(t)};
	struct flow_spike *k = &o->spike;

	if (now < j->spike_at || s->conns == 0 || sw_status(s->stack, s->conn[0], &t) != SW_OK)
		return;
	if (k->before == 0) {
		path_longer(o, j->spike);
		*k = (struct flow_spike){.before = t.cwnd,
					 .least = t.cwnd,
					 .una = t.snd_una,
					 .rtt = t.srtt,
					 .nxt = t.snd_nxt};
	}
	if (k->nxt != t.snd_nxt && !k->sent) { /* one packet is enough: none overtakes it */
		path_longer(o, 0);
		k->sent = true;
	}
	if (k->over == 0 && now > j->spike_at + j->spike && t.snd_una != k->una)
		k->over = now;
	k->una = t.snd_una;
	if (k->over == 0 || now <= k->over + k->rtt) {
		k->least = t.cwnd < k->least ? t.cwnd : k->least;
		k->after = t.cwnd;
	}
}

/* The programs do what they have to. */
static void
ours_turn(struct ours *o)
{
	struct pair *p = &o->pair;
	sw_ns now = sw_sim_now(o->sim);

	if (!o->counts && now >= p->job->from) {
		counters_take(o, &o->early);
		o->counts = true;
	}
	if (p->job->spike > 0)
		spike_turn(o, now);
	pair_program(p, PAIR_A, now);
	pair_program(p, PAIR_B, now);
	if (p->given && !p->job->fin_rides)
		sw_sim_step(o->sim, now); /* it leaves */
	if (p->given)
		pair_close(p, now);
	if (p->job->window > 0 && p->side[PAIR_A].conns > 0)
		sw_probe_window(p->side[PAIR_A].stack, p->side[PAIR_A].conn[0], p->job->window);
}

/* Until the time is over, or all of the first flow has come. */
static void
ours_go(struct ours *o)
{
	sw_ns until = o->pair.job->until, next;

	ours_turn(o);
	while (sw_sim_now(o->sim) < until && !o->pair.done) {
		next = pair_next(&o->pair);
		sw_sim_step(o->sim, next < until ? next : until);
		ours_turn(o);
	}
}

bool
flow_ours(const struct flow_job *j, struct flow_result *r, const char **why)
{
	struct sw_drv *const none[2] = {NULL, NULL};
	struct flow_tail tail = {.bytes = j->bytes};
	struct ours o = {.sim = sw_sim_new(j->seed)};
	struct pair_side *side = o.pair.side;
	bool good = pair_begin(&o.pair, j, j->flows, none) && o.sim &&
		    sw_sim_host(o.sim, side[PAIR_A].stack, 0) == PAIR_A &&
		    sw_sim_host(o.sim, side[PAIR_B].stack, 0) == PAIR_B &&
		    sw_sim_link(o.sim, PAIR_A, PAIR_B, &j->data, &j->ack) == 0;

	memset(r, 0, sizeof(*r));
	*why = good ? NULL : "no memory for two stacks";
	if (good) {
		if (j->lose_last)
			sw_sim_filter(o.sim, flow_tail_passes, &tail);
		ours_go(&o);
		ours_count(&o, r);
	}
	sw_sim_free(o.sim);
	pair_end(&o.pair);
	return good;
}
