/*
 * board.c - the send scoreboard: a record of what was sent at one instant, cut where it
 * does not share one fate.
 *
 * It knows what was sent when, what the peer has, what is taken for lost, and
 * so how much is in the network (pipe, RFC 6675).  It does not decide what is
 * lost by time, nor how much may be sent.  RFC 2018, 6675.
 */
#include "tcp/parts.h"

#define IN_SEQ offsetof(struct rec, in_seq)
#define IN_TIME offsetof(struct rec, in_time)

/* What t holds of buffers and scoreboard; NULL when it is idle. */
struct active *
active_of(const struct tcp *tcp, const struct tcb *t)
{
	return t->active == NONE ? NULL : pool_at(&tcp->actives, t->active);
}

/* The same, taken from the pool if need be; NULL: none is free. */
struct active *
active_take(struct tcp *tcp, struct tcb *t)
{
	struct active *c;

	if (t->active != NONE)
		return active_of(tcp, t);
	t->active = pool_take(&tcp->actives);
	if (t->active == NONE)
		return NULL;
	c = active_of(tcp, t);
	memset(c, 0, sizeof(*c));
	chain_init(&c->snd);
	chain_init(&c->rcv);
	list_init(&c->recs);
	list_init(&c->recs_in_time);
	list_init(&c->runs);
	list_init(&c->runs_in_use);
	c->controller = t->controller;
	c->nxt.chunk = NONE;
	c->hint = c->highest = c->retry = NONE;
	c->recover = seq_sub(t->snd.una, 1);
	c->small = t->snd.una;
	c->ts_before[0] = c->ts_before[1] = t->ts_recent;
	c->ts_since = tcp->now;
	c->rto_at = t->retransmit;
	c->kept = SW_NEVER;
	rack_begin(c, t->snd.una);
	tlp_wake(t, c);
	cwv_wake(tcp, t, c);
	pace_settle(tcp, t, c);
	return c;
}

/* Gives the active part back when nothing is queued, in flight or unread. */
void
active_rest(struct tcp *tcp, struct tcb *t)
{
	struct active *c = active_of(tcp, t);

	if (c == NULL)
		return;
	c->kept = SW_NEVER;
	if (c->snd.len > 0 || c->rcv.len > 0 || c->recs.head != NONE || c->runs.head != NONE ||
	    !seq_eq(c->dsack.left, c->dsack.right) || c->phase != CC_OPEN || c->unacked > 0 ||
	    (t->flags & (T_FIN_KNOWN | T_ACK_LATER)))
		return;
	/* while there may be more to send, a model of the path is worth its room */
	if (cc_remembers(c) && (t->h.state == SW_ESTABLISHED || t->h.state == SW_CLOSE_WAIT))
		return;
	if (t->h.state >= SW_ESTABLISHED)
		c->kept = tune_rests(tcp, t, c);
	if (c->kept != SW_NEVER)
		return;
	tlp_rest(t, c);
	cwv_rest(tcp, t, c);
	mtu_rest(tcp, t, c);
	tune_drop(tcp, c);
	pool_give(&tcp->actives, t->active);
	t->active = NONE;
}

/* Record i. */
struct rec *
rec_at(const struct tcp *tcp, uint32_t i)
{
	return pool_at(&tcp->recs, i);
}

/* Counts record i out of the pipe: in order of sending stands only what is in it. */
static void
board_leave(struct tcp *tcp, struct active *c, uint32_t i)
{
	struct rec *r = rec_at(tcp, i);

	if (r->flags & R_FLIGHT)
		c->pipe -= r->len;
	r->flags &= (uint8_t)~R_FLIGHT;
	list_remove(&c->recs_in_time, &tcp->recs, IN_TIME, i);
}

/* Counts record i into the pipe, as sent now. */
static void
board_enter(struct tcp *tcp, struct active *c, uint32_t i)
{
	struct rec *r = rec_at(tcp, i);

	rate_sent(tcp, c, r);
	r->flags |= R_FLIGHT;
	c->sent_at = max_ns(tcp->now, c->sent_at + 1);
	r->sent = c->sent_at;
	c->pipe += r->len;
	c->last_sent = tcp->now;
	list_push(&c->recs_in_time, &tcp->recs, IN_TIME, i);
}

/* How many bytes of `what`, in segments as long as its own, the last record can have
 * besides: all that a record says of how and when it was sent is the same. */
static uint32_t
board_joins(const struct tcp *tcp, const struct active *c, const struct sent *what)
{
	const struct rec *r;

	if (c->recs.tail == NONE || c->recs.tail != c->recs_in_time.tail)
		return 0;
	r = rec_at(tcp, c->recs.tail);
	if (r->flags != (R_FLIGHT | (c->limited_until ? R_LIMITED : 0)) ||
	    c->last_sent != tcp->now || r->sent != c->sent_at || r->len >= REC_MOST ||
	    r->size != what->size || r->len % r->size != 0 || what->len < r->size ||
	    r->delivered != (uint32_t)c->delivered || r->lost != c->lost_ever)
		return 0;
	return REC_MOST - r->len + r->size - 1;
}

/* A record of its own for what goes out now; NONE: the pool is full. */
static uint32_t
board_begin(struct tcp *tcp, struct active *c, const struct sent *what)
{
	uint32_t i = pool_take(&tcp->recs);
	struct rec *r;

	if (i == NONE)
		return NONE;
	r = rec_at(tcp, i);
	memset(r, 0, sizeof(*r));
	link_init(&r->in_seq);
	link_init(&r->in_time);
	r->seq = what->at;
	r->len = what->len;
	r->text = what->text;
	r->size = what->size;
	r->parts = 1;
	if (c->recs.head == NONE)
		c->stalled_since = tcp->now;
	list_push(&c->recs, &tcp->recs, IN_SEQ, i);
	board_enter(tcp, c, i);
	return i;
}

/* A new transmission at the top: the record with the last of it; NONE: the pool is full. */
uint32_t
board_add(struct tcp *tcp, struct active *c, const struct sent *what)
{
	uint32_t n = board_joins(tcp, c, what);
	struct sent rest = *what;
	struct rec *r;

	if (n == 0)
		return board_begin(tcp, c, what);
	n = min_u32(what->len, n - n % what->size);
	if (n < what->len && pool_room(&tcp->recs) == 0)
		return NONE;
	r = rec_at(tcp, c->recs.tail);
	r->len += n;
	c->pipe += n;
	r->in_flight += n;
	if (n == what->len)
		return c->recs.tail;
	rest.at = seq_add(what->at, n);
	rest.len -= n;
	rest.text = place_after(&tcp->chunks, what->text, n);
	return board_begin(tcp, c, &rest);
}

/* Cuts record i after `len`; the rest becomes a record of its own, behind it in
 * both orders.  Returns the rest, NONE if no record is free. */
uint32_t
board_split(struct tcp *tcp, struct active *c, uint32_t i, uint32_t len)
{
	uint32_t j = pool_take(&tcp->recs);
	struct rec *r = rec_at(tcp, i), *q;

	if (j == NONE)
		return NONE;
	q = rec_at(tcp, j);
	r->flags &= (uint8_t)~R_MTU; /* a part says nothing of the whole */
	*q = *r;
	link_init(&q->in_seq);
	link_init(&q->in_time);
	q->seq = seq_add(r->seq, len);
	q->len = r->len - len;
	q->parts = 1;
	if (q->len > !!(r->flags & R_FIN))
		q->text = place_after(&tcp->chunks, r->text, len);
	r->len = len;
	r->in_flight -= min_u32(r->in_flight, q->len);
	r->flags &= (uint8_t)~R_FIN;
	list_insert_after(&c->recs, &tcp->recs, IN_SEQ, j, i);
	if (r->flags & R_FLIGHT)
		list_insert_after(&c->recs_in_time, &tcp->recs, IN_TIME, j, i);
	if (c->highest == i)
		c->highest = j;
	return j;
}

/* Record i goes out again now. */
void
board_resent(struct tcp *tcp, struct active *c, uint32_t i)
{
	struct rec *r = rec_at(tcp, i);

	board_leave(tcp, c, i);
	if (r->flags & R_LOST)
		c->lost -= r->len;
	r->flags = (uint8_t)((r->flags & ~(R_LOST | R_MTU)) | R_AGAIN);
	board_enter(tcp, c, i);
}

/* Record i is taken for lost. */
void
board_lose(struct tcp *tcp, struct active *c, uint32_t i)
{
	struct rec *r = rec_at(tcp, i);

	if (r->flags & (R_LOST | R_SACKED))
		return;
	board_leave(tcp, c, i);
	r->flags |= R_LOST;
	c->lost += r->len;
	if (r->flags & R_MTU) {
		c->mtu.lost = true;
	} else {
		c->lost_ever += r->len;
		cc_lost(c, r);
	}
	r->flags &= (uint8_t)~R_MTU;
	if (c->retry == NONE || seq_lt(r->seq, rec_at(tcp, c->retry)->seq))
		c->retry = i;
}

/* The first record is SACKed and still not acknowledged: the peer has reneged. */
bool
board_reneged(const struct tcp *tcp, const struct active *c)
{
	return c->recs.head != NONE && (rec_at(tcp, c->recs.head)->flags & R_SACKED);
}

/* The first segment of record i is taken for lost; all of it, if no record is free. */
void
board_lose_first(struct tcp *tcp, struct active *c, uint32_t i)
{
	const struct rec *r = rec_at(tcp, i);

	if (r->len - !!(r->flags & R_FIN) > r->size)
		(void)board_split(tcp, c, i, r->size);
	board_lose(tcp, c, i);
}

/* After a timeout: all that is not SACKed; of a peer that reneged (RFC 2018 8)
 * nothing counts. */
void
board_lose_all(struct tcp *tcp, struct active *c)
{
	bool reneged = board_reneged(tcp, c);

	for (uint32_t i = c->recs.head; i != NONE; i = list_next(&tcp->recs, IN_SEQ, i)) {
		struct rec *r = rec_at(tcp, i);

		if (reneged && (r->flags & R_SACKED)) {
			r->flags &= (uint8_t)~R_SACKED;
			c->sacked -= r->len;
			c->sacked_parts -= r->parts;
			r->parts = 1;
		}
		board_lose(tcp, c, i);
	}
	if (reneged)
		c->highest = NONE;
	c->hint = NONE;
}

/* Record i, behind `after` in the order of sending, or where it belongs. */
static void
board_enter_again(struct tcp *tcp, struct active *c, uint32_t i, uint32_t after)
{
	const struct rec *r = rec_at(tcp, i);
	uint32_t next =
	    after == NONE ? c->recs_in_time.head : list_next(&tcp->recs, IN_TIME, after);

	while (next != NONE && rec_at(tcp, next)->sent <= r->sent) { /* bounded: one list */
		after = next;
		next = list_next(&tcp->recs, IN_TIME, next);
	}
	if (after == NONE)
		list_push_front(&c->recs_in_time, &tcp->recs, IN_TIME, i);
	else
		list_insert_after(&c->recs_in_time, &tcp->recs, IN_TIME, i, after);
}

/* What was taken for lost and not sent again is on its way after all. */
void
board_found(struct tcp *tcp, struct active *c)
{
	uint32_t after = NONE; /* in order of sequence they are in order of sending, too */

	for (uint32_t i = c->recs.head; i != NONE; i = list_next(&tcp->recs, IN_SEQ, i)) {
		struct rec *r = rec_at(tcp, i);

		if (!(r->flags & R_LOST) || (r->flags & R_AGAIN))
			continue;
		r->flags = (uint8_t)((r->flags & ~R_LOST) | R_FLIGHT);
		c->lost -= r->len;
		c->pipe += r->len;
		board_enter_again(tcp, c, i, after);
		after = i;
	}
}

/* Takes record i out of everything. */
static void
board_free(struct tcp *tcp, struct active *c, uint32_t i)
{
	struct rec *r = rec_at(tcp, i);

	board_leave(tcp, c, i);
	if (r->flags & R_SACKED) {
		c->sacked -= r->len;
		c->sacked_parts -= r->parts;
	}
	if (r->flags & R_LOST)
		c->lost -= r->len;
	if (c->retry == i)
		c->retry = list_next(&tcp->recs, IN_SEQ, i);
	if (c->highest == i)
		c->highest = NONE;
	if (c->hint == i)
		c->hint = NONE;
	list_remove(&c->recs, &tcp->recs, IN_SEQ, i);
	pool_give(&tcp->recs, i);
}

/* Cuts `n` acknowledged numbers from the front of r. */
static void
board_trim(struct tcp *tcp, struct active *c, struct rec *r, uint32_t n)
{
	if (r->flags & R_FLIGHT)
		c->pipe -= n;
	if (r->flags & R_LOST)
		c->lost -= n;
	if (r->flags & R_SACKED)
		c->sacked -= n;
	r->seq = seq_add(r->seq, n);
	r->len -= n;
	if (r->len > !!(r->flags & R_FIN))
		r->text = place_after(&tcp->chunks, r->text, n);
}

/* The first n numbers of r have arrived, and nothing said so before. */
static void
board_deliver(const struct tcp *tcp, struct active *c, const struct rec *r, uint32_t n,
	      struct told *told)
{
	sw_ns *which = r->flags & R_AGAIN ? &told->again : &told->once;
	seq end = seq_add(r->seq, n);

	*which = max_ns(*which, r->sent);
	rack_delivered(tcp, c, r, end, told);
	if (told->bytes == 0 || sent_later(r->sent, end, told->newest.sent,
					   seq_add(told->newest.seq, told->newest.len))) {
		told->newest = *r;
		told->newest.len = n;
		told->newest.in_flight -= min_u32(r->in_flight, r->len - n);
	}
	if (told->bytes == 0 || seq_lt(told->top, end))
		told->top = end;
	told->probe |= (r->flags & R_MTU) != 0;
	told->bytes += n;
	c->delivered += n;
	c->delivered_at = tcp->now;
}

/* Everything below una has arrived.  Call before the bytes leave the chain. */
void
board_acked(struct tcp *tcp, struct active *c, seq una, struct told *told)
{
	uint32_t i;

	while ((i = c->recs.head) != NONE) { /* bounded: frees one a turn */
		struct rec *r = rec_at(tcp, i);
		int32_t over = seq_off(seq_add(r->seq, r->len), una);

		if (!(r->flags & R_SACKED) && seq_lt(r->seq, una))
			board_deliver(tcp, c, r, min_u32(r->len, seq_from(una, r->seq)), told);
		if (over > 0) {
			if (seq_lt(r->seq, una))
				board_trim(tcp, c, r, seq_from(una, r->seq));
			break;
		}
		board_free(tcp, c, i);
	}
	c->stalled_since = tcp->now;
}

/* The first record whose end lies beyond `at`, searched from the last place that
 * was SACKed; NONE. */
static uint32_t
board_search(const struct tcp *tcp, const struct active *c, seq at)
{
	uint32_t i = c->hint != NONE ? c->hint : c->recs.head;

	while (i != NONE && seq_lt(at, rec_at(tcp, i)->seq)) { /* bounded: one list */
		if (list_prev(&tcp->recs, IN_SEQ, i) == NONE)
			break;
		i = list_prev(&tcp->recs, IN_SEQ, i);
	}
	while (i != NONE && seq_leq(seq_add(rec_at(tcp, i)->seq, rec_at(tcp, i)->len), at))
		i = list_next(&tcp->recs, IN_SEQ, i);
	return i;
}

/* Joins SACKed record j to the SACKed record i before it: so the list is as long
 * as there are holes, and no walk is longer. */
static void
board_join(struct tcp *tcp, struct active *c, uint32_t i, uint32_t j)
{
	struct rec *r = rec_at(tcp, i), *q;

	if (j == NONE)
		return;
	q = rec_at(tcp, j);
	if (!(q->flags & R_SACKED))
		return;
	r->len += q->len;
	r->flags |= q->flags;
	r->size = (uint16_t)max_u32(r->size, q->size);
	c->sacked_parts -= (uint32_t)r->parts + q->parts;
	r->parts = (uint8_t)min_u32((uint32_t)r->parts + q->parts, UINT8_MAX);
	c->sacked_parts += r->parts;
	c->highest = c->highest == j ? i : c->highest;
	c->hint = c->hint == j ? i : c->hint;
	c->retry = c->retry == j ? i : c->retry;
	list_remove(&c->recs, &tcp->recs, IN_SEQ, j);
	pool_give(&tcp->recs, j);
}

/* Record i has arrived, ahead of its time. */
static void
board_mark(struct tcp *tcp, struct active *c, uint32_t i, struct told *told)
{
	struct rec *r = rec_at(tcp, i);

	board_leave(tcp, c, i);
	if (r->flags & R_LOST)
		c->lost -= r->len;
	if (c->retry == i)
		c->retry = list_next(&tcp->recs, IN_SEQ, i);
	board_deliver(tcp, c, r, r->len, told);
	r->flags = (uint8_t)((r->flags & ~(R_LOST | R_MTU)) | R_SACKED);
	r->parts = (uint8_t)min_u32((r->len + r->size - 1) / r->size, UINT8_MAX);
	c->sacked += r->len;
	c->sacked_parts += r->parts;
	if (c->highest == NONE || seq_lt(rec_at(tcp, c->highest)->seq, r->seq))
		c->highest = i;
}

/* The peer says that it has [left, right): which of it is news? */
void
board_sacked(struct tcp *tcp, struct active *c, struct sack b, struct told *told)
{
	uint32_t prev, i = board_search(tcp, c, b.left);

	for (; i != NONE; i = list_next(&tcp->recs, IN_SEQ, i)) { /* bounded: one list */
		struct rec *r = rec_at(tcp, i);
		seq top = seq_add(r->seq, r->len);

		if (seq_leq(b.right, r->seq))
			break;
		if (r->flags & R_SACKED)
			continue;
		if (seq_lt(r->seq, b.left)) {
			i = board_split(tcp, c, i, seq_from(b.left, r->seq));
			if (i == NONE)
				break;
			r = rec_at(tcp, i);
		}
		if (seq_lt(b.right, top) &&
		    board_split(tcp, c, i, seq_from(b.right, r->seq)) == NONE)
			break;
		board_mark(tcp, c, i, told);
		c->hint = i;
		board_join(tcp, c, i, list_next(&tcp->recs, IN_SEQ, i));
		prev = list_prev(&tcp->recs, IN_SEQ, i);
		if (prev != NONE && (rec_at(tcp, prev)->flags & R_SACKED)) {
			board_join(tcp, c, prev, i);
			i = prev;
		}
	}
}

/*
 * RFC 6675 IsLost(): more than (DupThresh - 1) full segments, or DupThresh
 * transmissions, are SACKed above.  From the highest SACKed one downwards; all
 * below one that is already dealt with has been looked at before.
 */
bool
board_find_lost(struct tcp *tcp, struct active *c, uint32_t mss)
{
	uint32_t bytes = 0, count = 0;
	bool found = false;

	for (uint32_t i = c->highest; i != NONE; i = list_prev(&tcp->recs, IN_SEQ, i)) {
		struct rec *r = rec_at(tcp, i);

		if (r->flags & R_SACKED) {
			bytes += r->len;
			count += r->parts;
			continue;
		}
		if (bytes <= (DUP_THRESH - 1) * mss && count < DUP_THRESH)
			continue;
		if (r->flags & (R_LOST | R_AGAIN))
			break;
		board_lose(tcp, c, i);
		found = true;
	}
	return found;
}

/* The lowest lost record; NONE. */
uint32_t
board_next_lost(struct tcp *tcp, struct active *c)
{
	if (c->lost == 0)
		return NONE;
	while (c->retry != NONE && !(rec_at(tcp, c->retry)->flags & R_LOST))
		c->retry = list_next(&tcp->recs, IN_SEQ, c->retry); /* bounded: one list */
	return c->retry;
}
