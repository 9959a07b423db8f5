/*
 * text.c - the seventh step: taking bytes.  In order they join the queue of the
 * application; ahead of a gap they wait as runs, told to the peer by SACK.
 * Of a peer that says a byte twice and not the same, what was in order or in a run
 * that begins no later stays; of a run that begins later the newer byte counts.
 * RFC 9293 3.10.7.4 seventh, 3.8.6.3; RFC 2018, 2883; RFC 5681 4.2.
 */
#include "base/sum.h"
#include "tcp/parts.h"

#define IN_SEQ offsetof(struct run, in_seq)
#define IN_USE offsetof(struct run, in_use)

enum { RUN_STEPS = 64, RUNS_LEAST = 8, FULL_LEAST = 536 };
#define FAR (NONE - 1)

static struct run *
run_at(const struct tcp *tcp, uint32_t i)
{
	return pool_at(&tcp->runs, i);
}

static seq
run_end(const struct run *r)
{
	return seq_add(r->seq, r->text.len);
}

/* Run i is the one that changed last: it leads the next SACK. */
static void
run_touch(struct tcp *tcp, struct active *c, uint32_t i)
{
	list_remove(&c->runs_in_use, &tcp->runs, IN_USE, i);
	list_push_front(&c->runs_in_use, &tcp->runs, IN_USE, i);
}

static void
run_free(struct tcp *tcp, struct active *c, uint32_t i)
{
	chain_clear(&run_at(tcp, i)->text, &tcp->chunks);
	list_remove(&c->runs, &tcp->runs, IN_SEQ, i);
	list_remove(&c->runs_in_use, &tcp->runs, IN_USE, i);
	pool_give(&tcp->runs, i);
	c->n_runs--;
}

/* How many runs t may have: each holds a chunk, however little is in it, and all of
 * them no more than the buffer. */
static uint32_t
runs_most(const struct tcp *tcp, const struct tcb *t)
{
	uint32_t chunks = max_u32(rcv_space(tcp, t), t->rcv.wnd) / tcp->chunks.size;

	return min_u32(tcp->runs_per_conn, max_u32(chunks, RUNS_LEAST));
}

/* A new run behind run `after` (NONE: in front); NONE: no room for one. */
static uint32_t
run_new(struct tcp *tcp, struct tcb *t, seq at, uint32_t after)
{
	struct active *c = active_of(tcp, t);
	uint32_t i;
	struct run *r;

	if (c->n_runs >= runs_most(tcp, t) || (i = pool_take(&tcp->runs)) == NONE)
		return NONE;
	r = run_at(tcp, i);
	memset(r, 0, sizeof(*r));
	link_init(&r->in_seq);
	link_init(&r->in_use);
	chain_init(&r->text);
	r->seq = at;
	if (after == NONE)
		list_push_front(&c->runs, &tcp->runs, IN_SEQ, i);
	else
		list_insert_after(&c->runs, &tcp->runs, IN_SEQ, i, after);
	list_push_front(&c->runs_in_use, &tcp->runs, IN_USE, i);
	c->n_runs++;
	return i;
}

/* Run i reaches into the ones behind it: what they have more is joined. */
static void
run_merge(struct tcp *tcp, struct active *c, uint32_t i)
{
	struct run *r = run_at(tcp, i), *q;
	uint32_t j;

	while ((j = list_next(&tcp->runs, IN_SEQ, i)) != NONE) { /* frees one a turn */
		q = run_at(tcp, j);
		if (seq_lt(run_end(r), q->seq))
			return;
		if (seq_lt(run_end(r), run_end(q))) {
			chain_drop(&q->text, &tcp->chunks, seq_from(run_end(r), q->seq));
			chain_join(&r->text, &q->text, &tcp->chunks);
		}
		run_free(tcp, c, j);
	}
}

/* Where to begin the search for `at`: what comes is mostly the newest, or follows what
 * came last, or fills the oldest gap. */
static uint32_t
run_near(const struct tcp *tcp, const struct active *c, seq at)
{
	uint32_t low = seq_from(at, run_at(tcp, c->runs.head)->seq);
	uint32_t high = seq_from(run_at(tcp, c->runs.tail)->seq, at), last = c->runs_in_use.head;
	int32_t off = seq_off(at, run_at(tcp, last)->seq);
	uint32_t from_last = off < 0 ? 0u - (uint32_t)off : (uint32_t)off;

	if (from_last <= min_u32(low, high))
		return last;
	return low < high ? c->runs.head : c->runs.tail;
}

/* The last run that begins at or before `at`; NONE: none does.  FAR: it would take too
 * long to find; no honest sender's order asks for that. */
static uint32_t
run_before(const struct tcp *tcp, const struct active *c, seq at)
{
	uint32_t i, next;

	if (c->runs.head == NONE || seq_lt(at, run_at(tcp, c->runs.head)->seq))
		return NONE;
	if (seq_leq(run_at(tcp, c->runs.tail)->seq, at))
		return c->runs.tail;
	i = run_near(tcp, c, at);
	for (int n = 0; n < RUN_STEPS; n++) {
		next = list_next(&tcp->runs, IN_SEQ, i);
		if (seq_lt(at, run_at(tcp, i)->seq))
			i = list_prev(&tcp->runs, IN_SEQ, i);
		else if (seq_leq(run_at(tcp, next)->seq, at))
			i = next;
		else
			return i;
	}
	return FAR;
}

/*= RFC 9293 3.10.7.4 SHLD-31: hold what is ahead of a gap.  An eighth of the
 * buffers is kept for what is in order. */
static bool
run_take(struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	struct active *c = active_of(tcp, t);
	uint32_t i = run_before(tcp, c, s->seq), skip = 0, reserve = tcp->chunks.cap / 8;
	struct run *r;

	if (i == FAR)
		return false;
	if (i != NONE && seq_leq(s->seq, run_end(run_at(tcp, i)))) {
		skip = seq_from(run_end(run_at(tcp, i)), s->seq);
		if (skip >= s->len) {
			dsack_note(tcp, t, s->seq, s->len);
			run_touch(tcp, c, i);
			return true;
		}
	} else {
		i = run_new(tcp, t, s->seq, i);
	}
	if (i == NONE)
		return false;
	r = run_at(tcp, i);
	chain_append(&r->text, &tcp->chunks, s->text + skip, s->len - skip, reserve);
	if (r->text.len == 0) {
		run_free(tcp, c, i);
		return false;
	}
	run_merge(tcp, c, i);
	run_touch(tcp, c, i);
	return true;
}

/* The gap is filled: runs that RCV.NXT has reached join the queue. */
static void
runs_join(struct tcp *tcp, struct tcb *t, struct active *c)
{
	uint32_t i, over;
	struct run *r;

	while ((i = c->runs.head) != NONE) { /* frees one a turn */
		r = run_at(tcp, i);
		if (seq_lt(t->rcv.nxt, r->seq))
			return;
		over = seq_from(t->rcv.nxt, r->seq);
		if (over < r->text.len) {
			chain_drop(&r->text, &tcp->chunks, over);
			t->rcv.nxt = seq_add(t->rcv.nxt, r->text.len);
			t->rcv.wnd -= min_u32(t->rcv.wnd, r->text.len);
			tcp->bytes_in += r->text.len;
			chain_join(&c->rcv, &r->text, &tcp->chunks);
		}
		run_free(tcp, c, i);
		t->flags |= T_ACK_NOW; /*= RFC 5681 4.2: at once when a gap is filled */
	}
}

/* Bytes came twice: the next SACK says so (RFC 2883 4). */
void
dsack_note(struct tcp *tcp, struct tcb *t, seq left, uint32_t len)
{
	struct active *c = active_of(tcp, t);

	t->flags |= T_ACK_NOW;
	if (c == NULL || !(t->flags & T_SACK) || len == 0)
		return;
	c->dsack.left = left;
	c->dsack.right = seq_add(left, len);
}

/*= RFC 5681 4.2: what the peer takes for a full segment may be less than we would: the
 * largest of late.  n: bytes of one segment. */
static void
full_learn(struct active *c, uint32_t n)
{
	uint32_t less = c->full - min_u32(n, c->full);

	n = max_u32(n, c->full - min_u32(c->full, max_u32(less / 4, 8)));
	c->full = (uint16_t)min_u32(max_u32(n, FULL_LEAST), UINT16_MAX);
}

/*= RFC 9293 3.8.6.3 SHLD-18, SHLD-19, MUST-40: an ACK may wait, below half a second, but
 * not past the second full segment */
void
ack_soon(struct tcp *tcp, struct tcb *t, uint32_t len)
{
	struct active *c = active_of(tcp, t);

	t->news |= NEWS_OUTPUT;
	if (c == NULL) {
		t->flags |= T_ACK_NOW;
		return;
	}
	c->unacked += len;
	if (c->unacked >= 2 * min_u32(t->mss, c->full) || c->runs.head != NONE || tcp->delack == 0)
		t->flags |= T_ACK_NOW;
	if (t->flags & T_QUICK)
		t->flags |= T_ACK_NOW;
	if (t->flags & (T_ACK_NOW | T_ACK_LATER))
		return;
	t->flags |= T_ACK_LATER;
	c->delack = after_ns(tcp->now, tcp->delack);
}

/* Text for an application that has gone: as if CLOSED, a RST (SHLD-3, 3.5.2). */
static enum sw_verdict
text_unwanted(struct tcp *tcp, struct tcb *t, const struct seg *s, struct reply *reply)
{
	reply_rst(s, reply);
	end(tcp, t, SW_ON_LOST_DATA, SW_E_ABORTED);
	return SW_V_AFTER_CLOSE;
}

/* So much in order has joined the queue. */
void
text_took(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s, uint32_t took)
{
	t->rcv.nxt = seq_add(t->rcv.nxt, took);
	t->rcv.wnd -= min_u32(t->rcv.wnd, took);
	tcp->bytes_in += took;
	c->owed = 0;
	if (took > 0) {
		t->news |= NEWS_READY;
		tune_arrived(tcp, t, c, s);
	}
	runs_join(tcp, t, c);
	ack_soon(tcp, t, took);
}

/* Joins the queue as it stands in the chunk that was lent for it, if it was. */
static bool
text_lent(struct tcp *tcp, struct active *c, const struct seg *s)
{
	bool taken = s->lent > 0 &&
		     chain_adopt(&c->rcv, &tcp->chunks, s->lent - 1, s->text, s->len);

	tcp->lent -= taken;
	return taken;
}

/* In order: to the queue.  Whether all of it was taken. */
static bool
text_in_order(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s)
{
	uint32_t took = s->len;

	if (!text_lent(tcp, c, s))
		took = chain_append(&c->rcv, &tcp->chunks, s->text, s->len, 0);
	if (took > 0)
		full_learn(c, s->seg_size ? min_u32(s->seg_size, s->len) : s->len);
	text_took(tcp, t, c, s, took);
	return took == s->len;
}

/* Is its sum right, or known to be? */
static bool
text_right(const struct seg *s, const struct proof *proof)
{
	if (!proof->needed)
		return true;
	return sum_add(proof->sum ? proof->sum(s->text, s->len) : sum_bytes(s->text, s->len),
		       proof->rest) == 0xffff;
}

/* The same of a row: text that is sure to be taken if, as it is copied, its sum is right;
 * false: nothing has happened. */
bool
text_row(struct tcp *tcp, struct active *c, const struct seg *s, const struct proof *proof)
{
	uint32_t chunk = tcp->chunks.size - (uint32_t)sizeof(struct chunk), had = c->rcv.len;
	struct copy_sum by = {.go = proof->copy_sum};

	if (pool_room(&tcp->chunks) <= s->len / chunk)
		return false;
	if (s->lent > 0 && text_right(s, proof) && text_lent(tcp, c, s)) {
		; /* it stays where it came */
	} else if (!proof->needed) {
		chain_append(&c->rcv, &tcp->chunks, s->text, s->len, 0);
	} else {
		chain_append_sum(&c->rcv, &tcp->chunks, s->text, s->len, &by);
		if (sum_add(by.sum, proof->rest) != 0xffff) {
			chain_cut(&c->rcv, &tcp->chunks, had);
			return false;
		}
	}
	full_learn(c, s->len);
	return true;
}

/* Ahead of a gap: kept, and its FIN remembered. */
static enum sw_verdict
text_ahead(struct tcp *tcp, struct tcb *t, struct active *c, const struct seg *s)
{
	t->flags |= T_ACK_NOW; /*= RFC 9293 3.10.7.4 MAY-13, RFC 5681 4.2: at once */
	c->tune.gap = true;
	/* a peer without SACK counts them, also when several segments came as one batch */
	if (!(t->flags & T_SACK) && c->owed < UINT16_MAX)
		c->owed++;
	if (s->len > 0 && !run_take(tcp, t, s))
		return SW_V_NO_BUFFER;
	c->fin_last = s->len == 0;
	if (s->ctl & SW_FIN) {
		t->flags |= T_FIN_KNOWN;
		c->fin = seq_add(s->seq, s->len);
	}
	return SW_V_OUT_OF_ORDER;
}

/* Cuts off what was taken before and what lies beyond the window. */
static void
text_trim(struct tcp *tcp, struct tcb *t, struct seg *s)
{
	uint32_t old = s->off < 0 ? 0u - (uint32_t)s->off : 0, room;

	if (old > 0 && s->len > 0) {
		dsack_note(tcp, t, s->seq, min_u32(old, s->len));
		old = min_u32(old, s->len);
		s->text += old;
		s->len -= old;
		s->seq = seq_add(s->seq, old);
		s->off += (int32_t)old;
	}
	room = s->off < 0 ? 0 : t->rcv.wnd - min_u32(t->rcv.wnd, (uint32_t)s->off);
	if (s->len > room || (s->len == room && (s->ctl & SW_FIN) && s->off > 0)) {
		s->len = min_u32(s->len, room);
		s->ctl &= (uint8_t)~SW_FIN;
	}
}

/*
 * Seventh.  Returns NEXT, with SW_FIN left in s->ctl only if the FIN is the next
 * number; or the verdict that says why not all of the text was kept.
 */
enum sw_verdict
take_text(struct tcp *tcp, struct tcb *t, struct seg *s, struct reply *reply)
{
	struct active *c;
	bool whole;

	if (s->len == 0 && !(s->ctl & SW_FIN))
		return NEXT;
	/* beyond a FIN there is nothing: RFC 9293 3.10.7.4 "this should not occur" */
	if (t->flags & T_FIN_RCVD) {
		s->ctl &= (uint8_t)~SW_FIN;
		return NEXT;
	}
	text_trim(tcp, t, s);
	if (s->len > 0 && (t->flags & T_RELEASED))
		return text_unwanted(tcp, t, s, reply);
	if (s->len == 0 && s->off <= 0)
		return NEXT; /* a FIN alone, in order, or nothing new */
	c = active_take(tcp, t);
	if (c == NULL) {
		s->ctl &= (uint8_t)~SW_FIN;
		return SW_V_NO_BUFFER;
	}
	if (s->off > 0) {
		enum sw_verdict v = text_ahead(tcp, t, c, s);

		s->ctl &= (uint8_t)~SW_FIN;
		return v;
	}
	whole = text_in_order(tcp, t, c, s);
	if (!whole)
		s->ctl &= (uint8_t)~SW_FIN;
	if ((t->flags & T_FIN_KNOWN) && seq_eq(c->fin, t->rcv.nxt))
		s->ctl |= SW_FIN;
	return whole ? NEXT : SW_V_NO_BUFFER;
}

/* Is a FIN known that stands behind a gap of its own? */
static bool
fin_apart(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	return (t->flags & T_FIN_KNOWN) && !seq_eq(c->fin, t->rcv.nxt) &&
	       (c->runs.tail == NONE || !seq_eq(run_end(run_at(tcp, c->runs.tail)), c->fin));
}

/* How many blocks are there to report. */
static uint32_t
sack_count(const struct tcp *tcp, const struct tcb *t, uint32_t max)
{
	const struct active *c = active_of(tcp, t);

	if (c == NULL || !(t->flags & T_SACK))
		return 0;
	return min_u32(c->n_runs + !seq_eq(c->dsack.left, c->dsack.right) + fin_apart(tcp, t, c),
		       max);
}

/* Bytes of options that the blocks take. */
uint32_t
sack_space(const struct tcp *tcp, const struct tcb *t)
{
	uint32_t n = sack_count(tcp, t, (t->flags & T_TS) ? 3 : 4);

	return n > 0 ? 4 + 8 * n : 0;
}

/*= RFC 2018 4: the block that changed last first, then the others by age;
 * RFC 2883 4: a D-SACK before them */
uint32_t
sack_fill(const struct tcp *tcp, const struct tcb *t, struct sack *to, uint32_t max)
{
	const struct active *c = active_of(tcp, t);
	uint32_t n = 0, most = sack_count(tcp, t, max);

	if (most == 0)
		return 0;
	if (!seq_eq(c->dsack.left, c->dsack.right))
		to[n++] = c->dsack;
	/* a FIN takes a number, and tells the sender as much as text does */
	if (fin_apart(tcp, t, c) && c->fin_last && n < most)
		to[n++] = (struct sack){c->fin, seq_add(c->fin, 1)};
	for (uint32_t i = c->runs_in_use.head; i != NONE && n < most;
	     i = list_next(&tcp->runs, IN_USE, i)) {
		const struct run *r = run_at(tcp, i);
		seq right = run_end(r);

		if ((t->flags & T_FIN_KNOWN) && seq_eq(right, c->fin))
			right = seq_add(right, 1);
		to[n++] = (struct sack){r->seq, right};
	}
	if (fin_apart(tcp, t, c) && !c->fin_last && n < most)
		to[n++] = (struct sack){c->fin, seq_add(c->fin, 1)};
	return n;
}
