/*
 * judge.c - findings of one connection: how it opened, and what was odd about it.
 */
#include "explain/work.h"

#include <stdlib.h>

enum { TTL_NEAR = 1, CLASS_FAR = 20 };

static bool
ttl_far(uint8_t a, uint8_t b)
{
	return a > 0 && b > 0 && abs(a - b) > TTL_NEAR;
}

/* Somebody between the ends sent this RST: it came another way. */
static void
by_middle(struct case_ *at, int side, uint32_t frame, uint8_t ttl, uint8_t usual)
{
	struct ex_finding f = ex_find(at, EX_F_MIDDLE, side);

	f.variant = EX_V_MIDDLE;
	ex_find_value(&f, EX_M_TTL, ttl);
	ex_find_value(&f, EX_M_USUAL, usual);
	ex_find_proof(&f, ex_frame(at, frame));
	ex_found_put(at->e, at->said, &f);
}

static void
refused(struct case_ *at)
{
	uint8_t usual = ex_host_ttl(at->e, &at->c->addr[EX_SERVER]);
	struct ex_finding f;

	if (ttl_far(at->t->rst_ttl, usual)) {
		by_middle(at, EX_SERVER, at->t->rst_frame, at->t->rst_ttl, usual);
		return;
	}
	f = ex_find(at, EX_F_REFUSED, EX_SERVER);
	ex_find_proof(&f, at->c->frame);
	ex_find_proof(&f, ex_frame(at, at->t->rst_frame));
	ex_found_put(at->e, at->said, &f);
}

/* ---- ICMP -------------------------------------------------------------------- */

enum icmp_says { ICMP_POLICY, ICMP_PATH, ICMP_NO_WAY };

static enum icmp_says
icmp_says(const struct trouble *t)
{
	if (t->icmp_v6) {
		if (t->icmp_type == 2)
			return ICMP_PATH;
		/* RFC 4443 3.1: prohibited; source failed policy; reject route */
		return t->icmp_type == 1 &&
			       (t->icmp_code == 1 || t->icmp_code == 5 || t->icmp_code == 6)
			   ? ICMP_POLICY
			   : ICMP_NO_WAY;
	}
	if (t->icmp_type == 3 && t->icmp_code == 4)
		return ICMP_PATH;
	/* RFC 1812 5.2.7.1: network, host, communication administratively prohibited */
	return t->icmp_type == 3 && (t->icmp_code == 9 || t->icmp_code == 10 || t->icmp_code == 13)
		   ? ICMP_POLICY
		   : ICMP_NO_WAY;
}

static void
icmp(struct case_ *at)
{
	enum icmp_says says = icmp_says(at->t);
	bool opened = at->c->flags & (C_OPENED | C_MID);
	struct ex_finding f =
	    ex_find(at, says == ICMP_POLICY ? EX_F_POLICY : EX_F_UNREACHABLE, !at->t->icmp_of);

	f.peer = (struct sw_endpoint){.addr = at->t->icmp_from};
	if (says == ICMP_PATH) {
		f.variant = EX_V_PMTU;
		f.severity = EX_REMARK;
		ex_find_value(&f, EX_M_MTU, at->t->icmp_word & 0xffff);
	} else if (opened) {
		f.variant = EX_V_LIVE;
		f.severity = at->said->outcome == EX_CLOSED ? EX_REMARK : EX_WARNING;
	}
	ex_find_value(&f, EX_M_TYPE, at->t->icmp_type);
	ex_find_value(&f, EX_M_CODE, at->t->icmp_code);
	ex_find_value(&f, EX_M_TIMES, at->t->icmp_n);
	ex_find_proof(&f, ex_frame(at, at->t->icmp_frame));
	ex_found_put(at->e, at->said, &f);
}

/* ---- SYNs out of place --------------------------------------------------------- */

static void
stale(struct case_ *at, int side, uint8_t variant, uint32_t frame, uint32_t answer)
{
	struct ex_finding f = ex_find(at, EX_F_STALE_SYN, side);

	f.variant = variant;
	ex_find_proof(&f, ex_frame(at, frame));
	if (answer > 0)
		ex_find_proof(&f, ex_frame(at, answer));
	ex_found_put(at->e, at->said, &f);
}

/* A SYN with a new number where a connection was: an old SYN, or an end that began anew. */
static void
newer_syn(struct case_ *at)
{
	const struct trouble *t = at->t;
	struct ex_finding f;

	if (at->c->flags & C_RESET && t->rst_by == t->new_by) {
		f = ex_find(at, EX_F_HALF_OPEN, t->new_by);
		f.variant = EX_V_REBOOT;
		ex_find_proof(&f, ex_frame(at, t->new_frame));
		ex_find_proof(&f, t->challenge ? ex_frame(at, t->challenge) : 0);
		ex_find_proof(&f, ex_frame(at, t->rst_frame));
		ex_found_put(at->e, at->said, &f);
		return;
	}
	if (at->c->flags & C_REPLACED || at->c->side[t->new_by].last_frame <= t->new_frame)
		return;
	stale(at, t->new_by, EX_V_PLAIN, t->new_frame, t->challenge);
}

static void
syns(struct case_ *at)
{
	const struct trouble *t = at->t;
	const struct conn *c = at->c;

	if (t->new_n > 0)
		newer_syn(at);
	if (t->old_syn > 0)
		stale(at, EX_CLIENT, EX_V_PLAIN, t->old_syn, t->challenge);
	if (t->late_synack > 0 && t->rewritten == 0)
		stale(at, EX_SERVER, EX_V_LATE, t->late_synack, 0);
	/* an ordinary client does not reset what it has just asked for */
	if (c->flags & C_REUSED && at->said->outcome == EX_NOT_OPENED && c->flags & C_RESET &&
	    t->rst_by == EX_CLIENT)
		stale(at, EX_CLIENT, EX_V_LATE, 0, t->rst_frame);
}

static void
reuse(struct case_ *at)
{
	const struct trouble *t = at->t;
	bool worked = at->c->flags & C_OPENED;
	struct ex_finding f = ex_find(at, EX_F_REUSE, EX_CLIENT);

	if (at->said->findings & 1u << EX_F_STALE_SYN || (worked && t->prev_reset))
		return;
	f.variant = worked ? EX_V_PLAIN : EX_V_FAILED;
	f.severity = worked ? EX_REMARK : EX_WARNING;
	ex_find_value(&f, EX_M_EARLIER, t->prev_id);
	ex_find_seconds(&f, EX_M_GAP, t->prev_ago);
	ex_find_proof(&f, at->c->frame);
	ex_found_put(at->e, at->said, &f);
}

void
ex_judge_open(struct case_ *at)
{
	const struct conn *c = at->c;

	if (c->flags & C_BOTH_OPEN && at->said->outcome != EX_NO_ANSWER) {
		struct ex_finding f = ex_find(at, EX_F_BOTH_OPEN, EX_CLIENT);

		ex_find_proof(&f, c->frame);
		if (at->said->end[EX_SERVER].steps > 0)
			ex_find_proof(&f, at->said->end[EX_SERVER].step[0].frame);
		ex_found_put(at->e, at->said, &f);
	}
	if (!at->t)
		return;
	if (at->said->outcome == EX_REFUSED)
		refused(at);
	if (at->t->icmp_n > 0)
		icmp(at);
	syns(at);
	if (c->flags & C_REUSED)
		reuse(at);
}

/* ---- oddities --------------------------------------------------------------------- */

static void
blind(struct case_ *at, int side)
{
	const struct trouble_side *t = &at->t->side[side];
	bool other_way = ttl_far(t->odd_ttl, at->c->side[side].ttl);
	struct ex_finding f;

	if (at->c->side[side].last_frame <= t->odd_frame)
		return; /* nothing shows that it was not its own */
	if (t->odd_fits) {
		by_middle(at, side, t->odd_frame, t->odd_ttl, at->c->side[side].ttl);
		return;
	}
	f = ex_find(at, EX_F_BLIND, side);
	f.certainty = other_way || at->t->challenge ? EX_CERTAIN : EX_LIKELY;
	ex_find_value(&f, EX_M_TIMES, t->odd_n);
	ex_find_value(&f, EX_M_TTL, t->odd_ttl);
	ex_find_value(&f, EX_M_USUAL, at->c->side[side].ttl);
	ex_find_proof(&f, ex_frame(at, t->odd_frame));
	ex_find_proof(&f, at->t->challenge ? ex_frame(at, at->t->challenge) : 0);
	ex_found_put(at->e, at->said, &f);
}

/* Packets of one end came over ways of different length. */
static void
other_ttl(struct case_ *at, int side)
{
	const struct trouble_side *t = &at->t->side[side];
	const struct side *x = &at->c->side[side];
	struct ex_finding f = ex_find(at, EX_F_MIDDLE, side);

	if (!ttl_far(t->ttl, x->ttl) || t->ttl_n < 2)
		return;
	f.variant = EX_V_TTL;
	f.certainty = abs(t->ttl - x->ttl) > CLASS_FAR ? EX_CERTAIN : EX_LIKELY;
	ex_find_value(&f, EX_M_TTL, t->ttl);
	ex_find_value(&f, EX_M_USUAL, x->ttl);
	ex_find_value(&f, EX_M_FRAMES, t->ttl_n);
	ex_find_proof(&f, ex_frame(at, t->ttl_frame));
	ex_found_put(at->e, at->said, &f);
}

void
ex_judge_odd(struct case_ *at)
{
	struct ex_finding f;

	for (int side = 0; at->t && side < 2; side++) {
		if (at->t->side[side].odd_n > 0)
			blind(at, side);
		if (at->t->side[side].ttl_n > 0)
			other_ttl(at, side);
	}
	if (at->t && at->t->rewritten > 0) {
		f = ex_find(at, EX_F_MIDDLE, EX_SERVER);
		f.variant = EX_V_SEQ;
		ex_find_proof(&f, ex_frame(at, at->t->late_synack));
		ex_find_proof(&f, ex_frame(at, at->t->rewritten));
		ex_found_put(at->e, at->said, &f);
	}
}

/* A SYN or SYN,ACK to endpoints whose connection is over. */
void
ex_gone_syn(struct ex_engine *e, const struct gone *g, int side)
{
	const struct sw_wire *w = &e->packet->wire;
	struct sw_endpoint end = {g->addr[side], g->port[side]};
	struct ex_finding f = ex_find_at(EX_F_STALE_SYN, side, &end);

	if (w->ctl & SW_ACK && (w->seq == g->iss[side] || w->ack != g->iss[!side] + 1))
		return; /* repeated, or of nobody */
	f.variant = w->ctl & SW_ACK ? EX_V_LATE : EX_V_PLAIN;
	f.peer = (struct sw_endpoint){g->addr[!side], g->port[!side]};
	ex_find_conn(&f, g->id);
	ex_find_proof(&f, e->packet->frame);
	ex_found_put(e, NULL, &f);
}

/* What the ends of a connection that went well are known by. */
static void
learn_hosts(const struct case_ *at)
{
	for (int side = 0; side < 2; side++)
		if (at->c->side[side].flags & (S_SYN | S_MORE) && at->c->side[side].packets > 1)
			ex_host_learn(at->e, &at->c->addr[side], at->c->side[side].ttl);
}

void
ex_judge(struct case_ *at)
{
	static const struct trouble nothing;

	ex_judge_open(at);
	ex_judge_close(at);
	if (at->t)
		ex_judge_reset(at);
	ex_judge_odd(at);
	if (!at->t)
		at->t = &nothing;
	ex_judge_data(at);
	learn_hosts(at);
}
