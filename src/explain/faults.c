/*
 * faults.c - what is wrong with the capture itself, packet by packet: copies, damage,
 * a clock that goes back, bytes cut off.
 */
#include "explain/work.h"

enum { CORRUPT_SHARE = 20, CORRUPT_SURE = 16 };
#define COPY_MOST (100 * SW_MS)
#define COPY_NEAR (SW_MS / 20)
#define BACK_LEAST (SW_MS / 1000) /* timestamps of one instant may stand in any order */

/* A hash of what no router changes: the sum stands for addresses and contents. */
static uint64_t
fingerprint(const struct sw_wire *w)
{
	uint64_t ends, h;

	memcpy(&ends, w->src.addr.b + 8, sizeof(ends));
	ends += (uint64_t)w->src.port << 16 | w->dst.port;
	h = ((uint64_t)w->seq << 32 | w->ack) * 0x9e3779b97f4a7c15;
	h ^= ((uint64_t)w->sum << 48 | (uint64_t)(w->id & 0xffff) << 32 | w->len << 8 | w->ctl) +
	     ends;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93;
	return (h ^ h >> 29) | 1;
}

/*
 * Was this very packet captured before?  On two interfaces, say.  Nobody sends the same
 * identification twice; where there is none, a copy comes at once, and before an answer.
 */
bool
ex_is_copy(struct ex_engine *e, const struct sw_wire *w, const struct conn *c, int side)
{
	uint64_t what = fingerprint(w);
	struct recent *r = &e->recent[what >> 7 & (RECENT - 1)];
	bool same = r->what == what && e->now - r->at < COPY_MOST;
	bool named = !w->v6 && w->id != 0;
	struct fault *f = &e->fault[FAULT_COPIES];

	if (same && !named && !(w->ctl & SW_SYN)) /* nobody repeats a SYN so soon */
		same = c && e->now - r->at < COPY_NEAR && !(w->ctl & SW_RST) &&
		       c->side[side].last_frame > c->side[!side].last_frame &&
		       c->side[side].last_at == r->at;
	r->what = what;
	r->at = e->now;
	if (same && f->n++ == 0)
		f->proof[0] = e->packet->frame;
	return same;
}

/* Checksums; true: the packet was damaged, and nobody will take it. */
bool
ex_damaged(struct ex_engine *e)
{
	struct fault *wrong = &e->fault[FAULT_CORRUPT], *partial = &e->fault[FAULT_SUMS];

	switch (e->packet->sum) {
	case SW_WIRE_SUM_GOOD:
		e->sums_good++;
		return false;
	case SW_WIRE_SUM_PARTIAL:
		if (partial->n++ == 0)
			partial->proof[0] = e->packet->frame;
		return false;
	case SW_WIRE_SUM_BAD:
		if (wrong->n++ == 0)
			wrong->proof[0] = e->packet->frame;
		/* many are wrong where a card completes them: then they say nothing */
		return e->sums_good > CORRUPT_SURE && wrong->n * CORRUPT_SHARE < e->sums_good;
	default:
		return false;
	}
}

/* The time never goes back for the engine, whatever the capture says. */
void
ex_clock_look(struct ex_engine *e, const struct ex_packet *p)
{
	struct fault *f = &e->fault[FAULT_CLOCK];

	if (p->at >= e->now) {
		e->now = p->at;
		return;
	}
	if (e->now - p->at <= BACK_LEAST)
		return;
	if (f->n++ == 0)
		f->proof[0] = p->frame;
	if (e->now - p->at > f->most)
		f->most = e->now - p->at;
}

/* Not all of the packet was captured. */
void
ex_cut_look(struct ex_engine *e, const struct ex_packet *p)
{
	struct fault *f = &e->fault[FAULT_CUT];

	if (p->captured >= p->on_wire || p->wire.kind != SW_WIRE_TCP)
		return;
	if (f->n++ == 0)
		f->proof[0] = p->frame;
	if (f->most == 0 || p->captured < f->most)
		f->most = p->captured;
}
