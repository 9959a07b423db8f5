/*
 * explain_live.c - the control socket of `synwave explain' while it reads: both ends of
 * the connections that have not ended, in the states that are concluded so far.
 *
 * Who asks gets a list that is made when it asks, and is not changed while it is sent.
 */
#include <stdlib.h>

#include "explain.h"
#include "explain/pool.h"

static void
on_live(void *ctx, const struct ex_conn *c)
{
	struct explain_live *l = ctx;

	for (int side = 0; side < 2; side++) {
		const struct ex_end *e = &c->end[side], *other = &c->end[!side];
		enum sw_state state = e->steps > 0 ? e->step[e->steps - 1].state : SW_CLOSED;

		if (state == SW_CLOSED || state == SW_LISTEN)
			continue;
		if (l->n == l->room) {
			l->room = 2 * l->room + 64;
			l->list = ex_resized(l->list, l->room * sizeof(*l->list));
		}
		l->list[l->n] = (struct sw_status){.bytes = sizeof(struct sw_status),
						   .state = state,
						   .local = e->at,
						   .remote = other->at,
						   .due = SW_NEVER};
		l->list[l->n].snd_una = l->list[l->n].snd_nxt = (uint32_t)e->bytes;
		l->list[l->n].rcv_nxt = (uint32_t)other->bytes;
		l->list[l->n].peer_mss = other->mss;
		l->list[l->n].timestamps = e->timestamps && other->timestamps;
		l->list[l->n].sack = e->sack && other->sack;
		l->n++;
	}
}

static bool
walk(const void *ctx, uint64_t *at, struct sw_status *status)
{
	struct explain_live *l = (struct explain_live *)(uintptr_t)ctx;

	if (*at == 0) {
		l->n = 0;
		ex_engine_live(l->engine, on_live, l);
	}
	if (*at >= l->n)
		return false;
	*status = l->list[(*at)++];
	return true;
}

static void
count(const void *ctx, struct sw_counters *sum)
{
	const struct explain_live *l = ctx;

	*sum = (struct sw_counters){.bytes = sizeof(*sum), .packets_in = l->packets};
}

int
explain_live_begin(struct explain_live *l, const struct control *asked)
{
	*l = (struct explain_live){.control = *asked};
	return control_begin(&l->control, "explain");
}

void
explain_live_turn(struct explain_live *l, struct ex_engine *e, uint64_t packets)
{
	struct live_view view = {.ctx = l, .walk = walk, .count = count, .now = 0};

	l->engine = e;
	l->packets = packets;
	control_turn(&l->control, &view);
}

void
explain_live_end(struct explain_live *l)
{
	control_end(&l->control);
	free(l->list);
	l->list = NULL;
}
