/*
 * ours.c - transfers between two of our stacks, in virtual time.
 */
#include <string.h>

#include "pair.h"

static void
ours_count(struct sw_sim *sim, const struct pair *p, struct flow_result *r)
{
	struct sw_counters c = {.bytes = sizeof(c)};
	struct sw_sim_counters w = {.bytes = sizeof(w)};

	sw_counters(p->side[PAIR_A].stack, &c);
	sw_sim_counters(sim, PAIR_A, &w);
	memcpy(r->bytes, p->bytes, sizeof(r->bytes));
	r->done = p->done;
	r->sent = c.segments_out;
	r->retransmits = c.retransmits;
	r->timeouts = c.rtos;
	r->queue_dropped = w.queue_dropped;
	r->lost = w.lost;
}

/* The programs do what they have to. */
static void
ours_turn(struct sw_sim *sim, struct pair *p)
{
	sw_ns now = sw_sim_now(sim);

	pair_program(p, PAIR_A, now);
	pair_program(p, PAIR_B, now);
	if (p->given && !p->job->fin_rides)
		sw_sim_step(sim, now); /* it leaves */
	if (p->given)
		pair_close(p, now);
}

/* Until the time is over, or all of the first flow has come. */
static void
ours_go(struct sw_sim *sim, struct pair *p)
{
	sw_ns until = p->job->until, next;

	ours_turn(sim, p);
	while (sw_sim_now(sim) < until && !p->done) {
		next = pair_next(p);
		sw_sim_step(sim, next < until ? next : until);
		ours_turn(sim, p);
	}
}

bool
flow_ours(const struct flow_job *j, struct flow_result *r, const char **why)
{
	struct flow_tail tail = {.bytes = j->bytes};
	struct sw_sim *sim = sw_sim_new(j->seed);
	struct sw_drv *const none[2] = {NULL, NULL};
	struct pair p;
	bool good = pair_begin(&p, j, j->flows, none) && sim &&
		    sw_sim_host(sim, p.side[PAIR_A].stack, 0) == PAIR_A &&
		    sw_sim_host(sim, p.side[PAIR_B].stack, 0) == PAIR_B &&
		    sw_sim_link(sim, PAIR_A, PAIR_B, &j->data, &j->ack) == 0;

	memset(r, 0, sizeof(*r));
	*why = good ? NULL : "no memory for two stacks";
	if (good) {
		if (j->lose_last)
			sw_sim_filter(sim, flow_tail_passes, &tail);
		ours_go(sim, &p);
		ours_count(sim, &p, r);
	}
	sw_sim_free(sim);
	pair_end(&p);
	return good;
}
