/*
 * moves.c - a connection as bytes: every field of fields.h, in its order, then what
 * hangs on it: text, scoreboard, runs, the controller's own.  One walk does both
 * ways.  Bytes that came in may be anything: what would not be a connection of ours
 * is refused, and tcp_check() has the last word.
 */
#include "tcp/fields.h"
#include "tcp/moves.h"
#include "tcp/parts.h"

#define IN_SEQ offsetof(struct rec, in_seq)
#define IN_TIME offsetof(struct rec, in_time)
#define RUN_SEQ offsetof(struct run, in_seq)
#define RUN_USE offsetof(struct run, in_use)

/* what does not fit into its field is found behind each assignment */
#pragma GCC diagnostic ignored "-Wconversion"

#define MOVE_NUM(o, f) ((o)->f = moved_num(m, (o)->f), m->bad |= (uint64_t)(o)->f != m->last)
#define MOVE_SEQ(o, f) MOVE_NUM(o, f.n)
#define MOVE_TIME(o, f) ((o)->f = move_time(m, (o)->f))
#define MOVE_SINCE(o, f) ((o)->f = move_since(m, (o)->f))
#define MOVE_MSEC(o, f) ((o)->f = move_low(m, (o)->f, (uint32_t)(m->now / SW_MS), false))
#define MOVE_SEC(o, f) ((o)->f = move_low(m, (o)->f, (uint32_t)(m->now / SW_S), false))
#define MOVE_GRAIN(o, f) ((o)->f = move_grain(m, (o)->f))
#define MOVE_STAMP(o, f) ((o)->f = move_low(m, (o)->f, (uint32_t)(m->now / SW_MS), true))
#define MOVE_NVP(o, f) ((o)->f = move_nvp(m, (o)->f))
#define MOVE_REC(o, f) ((o)->f = move_rec(tcp, c, m, (o)->f))
#define MOVE_HAND(o, f) (void)0
#define MOVE_LEAVE(o, f) (void)0

/* ---- numbers --------------------------------------------------------------- */

static void
moved_byte(struct moved *m, uint8_t b)
{
	if (m->at < m->cap)
		m->to[m->at] = b;
	m->at++;
}

uint64_t
moved_num(struct moved *m, uint64_t v)
{
	unsigned shift = 0;
	uint8_t b;

	if (m->from == NULL) {
		for (m->last = v; v >= 0x80; v >>= 7)
			moved_byte(m, (uint8_t)(v | 0x80));
		moved_byte(m, (uint8_t)v);
		return m->last;
	}
	m->last = 0;
	do {
		if (m->at >= m->cap || shift > 63) {
			m->bad = true;
			return m->last = 0;
		}
		b = m->from[m->at++];
		m->last |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80);
	return m->last;
}

void
moved_raw(struct moved *m, void *bytes, size_t n)
{
	bool there = n <= m->cap && m->at <= m->cap - n;

	if (m->from == NULL && there)
		memcpy(m->to + m->at, bytes, n);
	else if (m->from != NULL && there)
		memcpy(bytes, m->from + m->at, n);
	else if (m->from != NULL)
		m->bad = true;
	if (m->from == NULL || there)
		m->at += n;
}

/* Small whichever way it lies: 0, -1, 1, -2 ... */
static uint64_t
move_signed(struct moved *m, uint64_t v)
{
	uint64_t z = moved_num(m, v << 1 ^ (v >> 63 ? UINT64_MAX : 0));

	return z >> 1 ^ (z & 1 ? UINT64_MAX : 0);
}

/* A time: the clock there may be younger than what happened here. */
static sw_ns
move_time(struct moved *m, sw_ns t)
{
	uint64_t far;

	if (moved_num(m, t == SW_NEVER) != 0)
		return SW_NEVER;
	far = move_signed(m, t - m->now);
	if (far >> 63)
		return m->now - min_ns(m->now, (sw_ns)0 - far);
	return after_ns(m->now, far);
}

static sw_ns
move_since(struct moved *m, sw_ns t)
{
	if (moved_num(m, t == 0) != 0)
		return 0;
	return max_ns(move_time(m, t), 1);
}

/* Low bits of a clock that says `clock` now; ahead: it is added to the clock. */
static uint32_t
move_low(struct moved *m, uint32_t v, uint32_t clock, bool ahead)
{
	uint32_t far = (uint32_t)moved_num(m, ahead ? v + clock : v - clock);

	m->bad |= m->last > UINT32_MAX;
	return ahead ? far - clock : far + clock;
}

/* Where it names one of the last minutes: how many ago that was. */
static uint32_t
move_nvp(struct moved *m, uint32_t nvp)
{
	uint32_t minute = m->now / NVP_GRAIN % NVP_WRAPS;

	if (m->from == NULL && nvp > 0 && nvp <= NVP_WRAPS)
		moved_num(m, (minute + NVP_WRAPS + 1 - nvp) % NVP_WRAPS + 1);
	else
		moved_num(m, nvp);
	m->bad |= m->last > NVP_MOST;
	if (m->from == NULL || m->last == 0 || m->last > NVP_WRAPS)
		return m->from == NULL ? nvp : (uint32_t)m->last & NVP_MOST;
	return (uint32_t)(minute + NVP_WRAPS + 1 - m->last) % NVP_WRAPS + 1;
}

static uint16_t
move_grain(struct moved *m, uint16_t v)
{
	uint16_t clock = mtu_stamp(m->now), far = (uint16_t)moved_num(m, (uint16_t)(v - clock));

	m->bad |= m->last > UINT16_MAX;
	return (uint16_t)(far + clock);
}

/* A record, or NONE. */
static uint32_t
move_rec(const struct tcp *tcp, const struct active *c, struct moved *m, uint32_t i)
{
	uint64_t v = m->from == NULL && i != NONE ? (uint64_t)rec_at(tcp, i)->seq.n + 1 : 0;

	v = moved_num(m, v);
	if (m->from == NULL || v == 0)
		return m->from == NULL ? i : NONE;
	for (i = c->recs.head; i != NONE; i = list_next(&tcp->recs, IN_SEQ, i))
		if ((uint64_t)rec_at(tcp, i)->seq.n + 1 == v)
			return i;
	m->bad = true;
	return NONE;
}

/* ---- text ------------------------------------------------------------------- */

static void
move_chain(struct tcp *tcp, struct moved *m, struct chain *c)
{
	uint64_t n = moved_num(m, c->len);
	struct place at = chain_place(c, &tcp->chunks, 0);

	if (m->from == NULL) {
		if (n <= m->cap && m->at <= m->cap - n && n > 0)
			place_copy(&tcp->chunks, &at, m->to + m->at, c->len);
		m->at += n;
		return;
	}
	if (m->bad || n > m->cap - m->at || n > 1u << 31) {
		m->bad = true;
		return;
	}
	m->full |= chain_append(c, &tcp->chunks, m->from + m->at, (uint32_t)n, 0) != n;
	m->at += n;
}

/* ---- the parts --------------------------------------------------------------- */

static void
move_tcb(struct tcp *tcp, struct tcb *t, struct moved *m)
{
	const struct active *c = NULL;

	(void)tcp, (void)c;
#define MOVE(kind, f) MOVE_##kind(t, f);
	TCB_FIELDS(MOVE)
#undef MOVE
}

static void
move_active(struct tcp *tcp, struct active *c, struct moved *m)
{
#define MOVE(kind, f) MOVE_##kind(c, f);
	ACTIVE_FIELDS(MOVE)
#undef MOVE
}

static void
move_control(struct active *c, struct moved *m)
{
	switch (c->controller) {
#define MOVE(kind, f) MOVE_##kind(o, f);
	case SW_CC_CUBIC: {
		struct cubic *o = &c->cc.cubic;

		CUBIC_FIELDS(MOVE)
		break;
	}
	case SW_CC_RENO: {
		struct newreno *o = &c->cc.newreno;

		NEWRENO_FIELDS(MOVE)
		break;
	}
	case SW_CC_BBR: {
		struct bbr *o = &c->cc.bbr;

		BBR_FIELDS(MOVE)
		break;
	}
	default: {
		struct bbr1 *o = &c->cc.bbr1;

		BBR1_FIELDS(MOVE)
		break;
	}
#undef MOVE
	}
}

static void
move_record(struct rec *r, struct moved *m)
{
#define MOVE(kind, f) MOVE_##kind(r, f);
	REC_FIELDS(MOVE)
#undef MOVE
}

static void
move_run(struct tcp *tcp, struct run *r, struct moved *m)
{
#define MOVE(kind, f) MOVE_##kind(r, f);
	RUN_FIELDS(MOVE)
#undef MOVE
	move_chain(tcp, m, &r->text);
}

/* ---- the scoreboard ------------------------------------------------------------ */

static uint32_t
count_of(const struct pool *p, size_t at, const struct list *l)
{
	uint32_t n = 0;

	for (uint32_t i = l->head; i != NONE; i = list_next(p, at, i))
		n++;
	return n;
}

/* In order of sending: parts of one transmission in order of sequence. */
static void
board_place(struct tcp *tcp, struct active *c, uint32_t i)
{
	uint32_t before = c->recs_in_time.tail;

	while (before != NONE && rec_at(tcp, before)->sent > rec_at(tcp, i)->sent)
		before = list_prev(&tcp->recs, IN_TIME, before);
	if (before == NONE)
		list_push_front(&c->recs_in_time, &tcp->recs, IN_TIME, i);
	else
		list_insert_after(&c->recs_in_time, &tcp->recs, IN_TIME, i, before);
}

/* One record that was read joins the others. */
static void
board_regain(struct tcp *tcp, struct active *c, uint32_t i)
{
	struct rec *r = rec_at(tcp, i);

	list_push(&c->recs, &tcp->recs, IN_SEQ, i);
	c->sacked += r->flags & R_SACKED ? r->len : 0;
	c->lost += r->flags & R_LOST ? r->len : 0;
	if (!(r->flags & R_FLIGHT))
		return;
	c->pipe += r->len;
	board_place(tcp, c, i);
}

/* Reads n records; `text` is where the first one's bytes stand. */
static void
board_read(struct tcp *tcp, struct active *c, uint64_t n, struct moved *m)
{
	struct place text = chain_place(&c->snd, &tcp->chunks, 0);
	uint32_t left = c->snd.len, some, i;
	struct rec *r;

	for (; n > 0 && !m->bad && !m->full; n--) {
		i = pool_take(&tcp->recs);
		m->full = i == NONE;
		if (m->full)
			return;
		r = rec_at(tcp, i);
		memset(r, 0, sizeof(*r));
		link_init(&r->in_seq);
		link_init(&r->in_time);
		move_record(r, m);
		some = r->len - !!(r->flags & R_FIN);
		m->bad |= r->len == 0 || r->size == 0 || some > left;
		some = min_u32(some, left);
		left -= some;
		r->text = text;
		text = place_after(&tcp->chunks, text, some);
		board_regain(tcp, c, i);
	}
}

static void
move_board(struct tcp *tcp, struct active *c, struct moved *m)
{
	uint64_t n = moved_num(m, count_of(&tcp->recs, IN_SEQ, &c->recs));

	if (m->from != NULL) {
		board_read(tcp, c, n, m);
		return;
	}
	for (uint32_t i = c->recs.head; i != NONE; i = list_next(&tcp->recs, IN_SEQ, i))
		move_record(rec_at(tcp, i), m);
}

/* ---- what waits for its gap --------------------------------------------------------- */

static void
runs_read(struct tcp *tcp, struct active *c, uint64_t n, struct moved *m)
{
	struct run *r;
	uint32_t i;

	for (; n > 0 && !m->bad && !m->full; n--) {
		i = c->n_runs < tcp->runs_per_conn ? pool_take(&tcp->runs) : NONE;
		m->full = i == NONE;
		if (m->full)
			return;
		r = pool_at(&tcp->runs, i);
		memset(r, 0, sizeof(*r));
		link_init(&r->in_seq);
		link_init(&r->in_use);
		chain_init(&r->text);
		list_push(&c->runs, &tcp->runs, RUN_SEQ, i);
		list_push(&c->runs_in_use, &tcp->runs, RUN_USE, i);
		c->n_runs++;
		move_run(tcp, r, m);
	}
}

/* The order in which they changed: the sequence numbers in that order. */
static void
move_use(struct tcp *tcp, struct active *c, struct moved *m)
{
	uint32_t i = c->runs_in_use.head, j;

	for (uint32_t n = c->n_runs; n > 0 && !m->bad; n--) {
		const struct run *r = pool_at(&tcp->runs, i);
		uint64_t at = moved_num(m, r->seq.n);

		if (m->from == NULL) {
			i = list_next(&tcp->runs, RUN_USE, i);
			continue;
		}
		for (j = c->runs.head; j != NONE; j = list_next(&tcp->runs, RUN_SEQ, j))
			if (((const struct run *)pool_at(&tcp->runs, j))->seq.n == at)
				break;
		m->bad |= j == NONE;
		if (m->bad)
			return;
		list_remove(&c->runs_in_use, &tcp->runs, RUN_USE, j);
		list_push(&c->runs_in_use, &tcp->runs, RUN_USE, j);
	}
}

static void
move_runs(struct tcp *tcp, struct active *c, struct moved *m)
{
	uint64_t n = moved_num(m, c->n_runs);

	if (m->from != NULL)
		runs_read(tcp, c, n, m);
	else
		for (uint32_t i = c->runs.head; i != NONE; i = list_next(&tcp->runs, RUN_SEQ, i))
			move_run(tcp, pool_at(&tcp->runs, i), m);
	move_use(tcp, c, m);
}

/* ---- what must be true of a block that came in ----------------------------------------- */

/* Could it be one of ours, by itself? */
static bool
tcb_is_sound(const struct tcb *t)
{
	if (t->h.state == SW_CLOSED || t->h.state >= SW_N_STATES || t->error != 0 ||
	    (t->flags & (T_RELEASED | T_BROKEN)))
		return false;
	/* cwnd is not known before the handshake's end */
	return t->snd_wscale <= WSCALE_MAX && t->rcv_wscale <= WSCALE_MAX && t->ttl > 0 &&
	       t->mss > 0 && t->rto_us > 0 && (t->cwnd > 0 || !(t->flags & T_OPENED)) &&
	       max_u32(t->cwnd, max_u32(t->snd_buf, t->rcv_buf)) <= 1u << 30 &&
	       max_u32(flight(t), t->rcv.wnd) <= 1u << 30 && t->path_mss > 0 &&
	       t->path_mss <= t->link_mss;
}

/* Could the active part? */
static bool
active_is_sound(const struct active *c)
{
	return c->phase <= CC_LOSS && c->waits <= WAIT_PROBE && c->tlp.out <= TLP_AGAIN &&
	       c->frto <= FRTO_NEW && mtu_is_sound(c);
}

/* What only an active part can owe. */
static bool
is_owed_by(const struct tcb *t, bool active)
{
	return active || !(t->flags & (T_ACK_LATER | T_FIN_KNOWN | T_URG_SENT));
}

/* What is in flight is what the records say: text that we hold, a SYN before it and a
 * FIN behind it. */
static bool
flight_is_held(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	uint32_t all = syn_unacked(t) && flight(t) > 0, i = c != NULL ? c->recs.head : NONE;
	bool fin = false, good = true;

	for (; i != NONE && good; i = list_next(&tcp->recs, IN_SEQ, i)) {
		good = !fin;
		fin = rec_at(tcp, i)->flags & R_FIN;
		all += rec_at(tcp, i)->len;
	}
	return good && all == flight(t) &&
	       fin == ((t->flags & T_FIN_SENT) && c != NULL && c->recs.head != NONE);
}

void
tcp_move_out(struct tcp *tcp, struct tcb *t, struct moved *m)
{
	struct active *c = active_of(tcp, t);

	tcp->now = m->now;
	move_tcb(tcp, t, m);
	moved_num(m, c != NULL);
	if (c == NULL)
		return;
	move_chain(tcp, m, &c->snd);
	move_chain(tcp, m, &c->rcv);
	move_board(tcp, c, m);
	move_runs(tcp, c, m);
	move_active(tcp, c, m);
	move_control(c, m);
	moved_num(m, c->tune.space);
}

bool
tcp_move_in(struct tcp *tcp, struct tcb *t, struct moved *m)
{
	struct active *c;

	tcp->now = m->now;
	move_tcb(tcp, t, m);
	m->bad |= !tcb_is_sound(t) || moved_num(m, 0) > 1 || !is_owed_by(t, m->last == 1);
	if (m->bad)
		return false;
	if (m->last == 1) {
		c = active_take(tcp, t);
		m->full = c == NULL;
		if (m->full)
			return false;
		move_chain(tcp, m, &c->snd);
		move_chain(tcp, m, &c->rcv);
		move_board(tcp, c, m);
		move_runs(tcp, c, m);
		if (m->bad || m->full)
			return false;
		move_active(tcp, c, m);
		move_control(c, m);
		tune_regain(tcp, t, c, moved_num(m, 0));
		m->bad |= !active_is_sound(c);
	}
	if (!m->bad)
		m->bad = !flight_is_held(tcp, t) || tcp_check(tcp, t) != 0;
	t->news = NEWS_READY | NEWS_OUTPUT;
	return !m->bad;
}
