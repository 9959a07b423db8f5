/*
 * judge_data.c - findings of connections that were reset, and of how data went.
 */
#include "explain/work.h"

enum {
	LEN_BIG = 500,
	WND_SMALL = 65535,
	WND_TIMES = 4,
	NO_SCALE_BYTES = 65536,
	STUCK = 3,
	RARE = 200
};

/* ---- resets ------------------------------------------------------------------- */

/* Keep-alives at even distances, and at the next one a RST in their place. */
static bool
by_keep_alive(const struct case_ *at, const struct trouble_side *k)
{
	sw_ns apart, last;

	if (k->keep_run < at->e->limits.keep_alives || at->t->rst_kind != RST_ABORTS)
		return false;
	last = at->t->rst_at - k->keep_at;
	if (k->keep_run < 2)
		return last > SW_S / 2;
	apart = (k->keep_at - k->keep_since) / (k->keep_run - 1);
	return last > apart / 2 && last < 2 * apart;
}

static void
keep_alive(struct case_ *at, int side)
{
	const struct trouble_side *k = &at->t->side[side];
	bool missed = k->keep_missed >= at->e->limits.keep_alives;
	struct ex_finding f = ex_find(at, EX_F_KEEPALIVE, !side);

	f.variant = missed ? EX_V_PLAIN : EX_V_ANSWERED;
	if (!missed)
		f.certainty = EX_LIKELY;
	ex_find_value(&f, EX_M_PROBES, k->keep_run);
	ex_find_seconds(&f, EX_M_SPAN, at->t->rst_at - k->keep_since);
	ex_find_proof(&f, ex_frame(at, k->keep_frame[0]));
	ex_find_proof(&f, ex_frame(at, k->keep_frame[1]));
	ex_find_proof(&f, ex_frame(at, at->t->rst_frame));
	ex_found_put(at->e, at->said, &f);
}

static void
half_open(struct case_ *at, int side)
{
	struct ex_finding f = ex_find(at, EX_F_HALF_OPEN, side);

	if (at->t->rst_quiet != SW_NEVER)
		ex_find_seconds(&f, EX_M_GAP, at->t->rst_quiet);
	ex_find_proof(&f, ex_frame(at, at->t->rst_ask));
	ex_find_proof(&f, ex_frame(at, at->t->rst_frame));
	ex_found_put(at->e, at->said, &f);
}

/*
 * Bytes that nobody read make a close a RST (RFC 9293 SHLD-3, RFC 2525 2.17).  They
 * show in the window: what is not read does not come back into it.
 */
static bool
unread(struct case_ *at, int side)
{
	const struct side *x = &at->c->side[side], *p = &at->c->side[!side];
	bool answered = x->bytes > 0 && x->data_at >= p->data_at;
	/* a client that has the whole answer, and closes the quick way */
	bool served = side == EX_CLIENT && x->bytes > 0 && p->una == p->nxt;
	uint32_t bytes = at->t->rst_unread;
	struct ex_finding f;

	if (x->flags & S_FIN || p->bytes == 0 || at->t->rst_kind == RST_REFUSES)
		return false;
	if (bytes > p->bytes)
		bytes = (uint32_t)p->bytes;
	if (bytes == 0 && (answered || served))
		return false;
	f = ex_find(at, EX_F_UNREAD, side);
	if (bytes == 0)
		f.certainty = EX_POSSIBLE;
	else if (answered || bytes < x->wnd_max / 64)
		f.certainty = EX_LIKELY;
	ex_find_value(&f, EX_M_UNREAD, bytes);
	ex_find_value(&f, EX_M_BYTES, (double)p->bytes);
	ex_find_proof(&f, ex_frame(at, p->data_frame));
	ex_find_proof(&f, ex_frame(at, at->t->rst_frame));
	ex_found_put(at->e, at->said, &f);
	return true;
}

void
ex_judge_reset(struct case_ *at)
{
	const struct trouble *t = at->t;
	int side = t->rst_by;
	bool went = at->c->flags & (C_OPENED | C_MID), early;

	if (!(at->c->flags & C_RESET) || !went || at->said->findings & 1u << EX_F_HALF_OPEN)
		return;
	if (at->c->flags & C_SYN_ACK && !(at->c->flags & C_OPENED))
		return; /* a SYN,ACK to nobody: it answers what was before the capture */
	if (t->rst_usual > 0 && (t->rst_ttl > t->rst_usual + 1 || t->rst_usual > t->rst_ttl + 1)) {
		struct ex_finding f = ex_find(at, EX_F_MIDDLE, side);

		f.variant = EX_V_MIDDLE;
		ex_find_value(&f, EX_M_TTL, t->rst_ttl);
		ex_find_value(&f, EX_M_USUAL, t->rst_usual);
		ex_find_proof(&f, ex_frame(at, t->rst_frame));
		ex_found_put(at->e, at->said, &f);
		return;
	}
	if (by_keep_alive(at, &t->side[side])) {
		keep_alive(at, side);
		return;
	}
	early =
	    at->c->flags & C_OPENED && !(at->c->side[side].flags & S_MORE) && t->rst_quiet < SW_S;
	if (t->rst_kind == RST_NOBODY && !(at->c->side[side].flags & S_FIN) && !early &&
	    t->rst_quiet >= SW_S) {
		half_open(at, side);
		return;
	}
	if (at->said->outcome == EX_RESET && t->rst_kind == RST_ABORTS && !unread(at, side))
		at->e->sum.aborted++;
}

/* ---- windows -------------------------------------------------------------------- */

static void
zero_window(struct case_ *at, int side)
{
	const struct trouble_side *t = &at->t->side[side];
	sw_ns rtt = at->said->end[0].rtt_min + at->said->end[1].rtt_min;
	struct ex_finding f;

	if (t->zero_most < at->e->limits.zero_window || t->zero_most < rtt)
		return;
	f = ex_find(at, EX_F_ZERO_WINDOW, side);
	ex_find_seconds(&f, EX_M_MAX, t->zero_most);
	ex_find_value(&f, EX_M_TIMES, t->zero_n);
	ex_find_value(&f, EX_M_PROBES, at->t->side[!side].probes);
	ex_find_proof(&f, ex_frame(at, t->zero_frame[0]));
	ex_find_proof(&f, ex_frame(at, t->zero_frame[1]));
	ex_found_put(at->e, at->said, &f);
}

/* `side' sent, and what the other end offers was what it waited for. */
static void
small_window(struct case_ *at, int side)
{
	const struct side *x = &at->c->side[side], *y = &at->c->side[!side];
	const struct trouble_side *t = &at->t->side[side];
	bool no_scale =
	    x->flags & S_SYN && y->flags & S_SYN && (x->scale == NO_SCALE || y->scale == NO_SCALE);
	sw_ns span = x->data_at > at->c->start ? x->data_at - at->c->start : 0;
	double share = span > 0 ? (double)t->full * 100 / (double)span : 0;
	struct ex_finding f;

	if (!(y->flags & S_WND) || y->wnd_max > WND_SMALL || y->wnd_max == 0 ||
	    x->bytes < (uint64_t)WND_TIMES * y->wnd_max || !(at->c->flags & C_OPENED) ||
	    at->t->side[!side].zero_most >= at->e->limits.zero_window)
		return;
	if (share < at->e->limits.share && !(no_scale && x->bytes >= NO_SCALE_BYTES))
		return;
	if (share > 100)
		share = 100;
	f = ex_find(at, EX_F_WINDOW, !side);
	f.variant = no_scale ? EX_V_SCALE : EX_V_PLAIN;
	if (share < at->e->limits.share)
		f.severity = EX_REMARK;
	ex_find_value(&f, EX_M_WINDOW, y->wnd_max);
	ex_find_value(&f, EX_M_SHARE, share);
	ex_find_proof(&f, at->c->frame);
	ex_found_put(at->e, at->said, &f);
}

static void
small_mss(struct case_ *at, int side)
{
	const struct side *x = &at->c->side[side];
	struct ex_finding f;

	if (!(x->flags & S_SYN) || x->mss == 0 || x->mss >= at->e->limits.mss ||
	    !(at->c->flags & C_OPENED))
		return;
	f = ex_find(at, EX_F_WINDOW, side);
	f.variant = EX_V_MSS;
	ex_find_value(&f, EX_M_MSS, x->mss);
	ex_find_proof(&f, at->said->end[side].steps > 0 ? at->said->end[side].step[0].frame : 0);
	ex_found_put(at->e, at->said, &f);
}

/* ---- what was sent again ----------------------------------------------------------- */

/* Long segments die, short ones live. */
static bool
black_hole(struct case_ *at, int side)
{
	const struct trouble_side *t = &at->t->side[side];
	const struct side *x = &at->c->side[side], *y = &at->c->side[!side];
	bool stuck = t->stuck_n >= STUCK && ex_after(x->una, t->stuck) <= 0;
	uint16_t lost = stuck ? t->stuck_len : t->lost_len;
	const uint32_t *frame = stuck ? t->stuck_frame : t->lost_frame;
	bool alive = y->packets > 0 && y->last_frame > frame[0], short_ones;
	struct ex_finding f;

	if ((!stuck && t->lost_n < STUCK - 1) || lost <= LEN_BIG || x->len_acked >= lost || !alive)
		return false;
	if (at->t->icmp_n > 0 && at->t->icmp_of == side)
		return false;
	short_ones = x->len_acked > 0 || t->sacked;
	if (!short_ones && (at->t->side[!side].again.n > 0 || y->bytes == 0))
		return false; /* nothing short has got through either, as far as can be told */
	f = ex_find(at, EX_F_PMTU, side);
	f.variant = stuck ? EX_V_PLAIN : EX_V_RECOVERED;
	if (!short_ones) /* but for ACKs: what they acknowledge was not sent again */
		f.certainty = EX_POSSIBLE;
	else if (!t->sacked && stuck && f.certainty == EX_CERTAIN)
		f.certainty = EX_LIKELY;
	ex_find_value(&f, EX_M_LOST, lost);
	if (x->len_acked > 0)
		ex_find_value(&f, EX_M_PASSED, x->len_acked);
	ex_find_value(&f, EX_M_MSS, y->mss);
	ex_find_value(&f, EX_M_TIMES, stuck ? t->stuck_n : t->lost_n);
	ex_find_proof(&f, ex_frame(at, frame[0]));
	ex_find_proof(&f, ex_frame(at, frame[1]));
	ex_found_put(at->e, at->said, &f);
	return true;
}

static void
again(struct case_ *at, int side)
{
	const struct trouble_side *t = &at->t->side[side];
	const struct ex_end *end = &at->said->end[side];
	uint32_t lost = end->again - end->spurious, segments = at->c->side[side].segments;
	double share = segments > 0 ? lost * 100.0 / segments : 100;
	struct ex_finding f = ex_find(at, EX_F_AGAIN, side);

	/* a tail loss probe that was not needed costs nothing: it is made for not knowing */
	if ((lost == 0 || (end->tlp == end->again && lost * RARE < segments)) &&
	    (end->tlp == end->again || end->again * RARE < segments))
		return;
	f.variant = lost == 0 ? EX_V_SPURIOUS : EX_V_PLAIN;
	if (lost == 0 || ((share < at->e->limits.loss || lost < 2) && end->rto == 0))
		f.severity = EX_REMARK;
	ex_find_value(&f, EX_M_AGAIN, end->again);
	ex_find_value(&f, EX_M_SEGMENTS, segments);
	ex_find_value(&f, EX_M_LOSS, share);
	ex_find_value(&f, EX_M_RTO, end->rto);
	ex_find_value(&f, EX_M_FAST, end->fast);
	ex_find_value(&f, EX_M_TLP, end->tlp);
	ex_find_value(&f, EX_M_SPURIOUS, end->spurious);
	ex_find_value(&f, EX_M_UNSEEN, end->unseen);
	ex_find_proof(&f, t->again.from == NO_FRAME ? 0 : ex_frame(at, t->again.from));
	ex_find_proof(&f, ex_frame(at, t->again.frame));
	ex_found_put(at->e, at->said, &f);
}

/* SYNs and SYN,ACKs that were repeated, and then it went on. */
static void
syn_again(struct case_ *at, int side)
{
	const struct again *a = &at->t->side[side].syn;
	struct ex_finding f = ex_find(at, EX_F_AGAIN, side);

	if (!(at->c->flags & C_OPENED) || at->t->synack_after > 1)
		return;
	f.variant = EX_V_SYN;
	ex_find_value(&f, EX_M_AGAIN, a->n);
	ex_find_seconds(&f, EX_M_SPAN, a->span);
	ex_find_proof(&f, side == EX_CLIENT ? at->c->frame : ex_frame(at, a->from));
	ex_find_proof(&f, ex_frame(at, a->frame));
	ex_found_put(at->e, at->said, &f);
}

void
ex_judge_data(struct case_ *at)
{
	for (int side = 0; side < 2; side++) {
		bool hole = black_hole(at, side);

		if (at->t->side[side].again.n > 0 && !hole)
			again(at, side);
		if (at->t->side[side].syn.n > 0)
			syn_again(at, side);
		if (at->t->side[side].zero_n > 0)
			zero_window(at, side);
		small_window(at, side);
		small_mss(at, side);
	}
}
