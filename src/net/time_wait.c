/*
 * time_wait.c - released connections in TIME-WAIT, 48 bytes each.
 *
 * Knows how to make a record large for one segment and small again.  What the
 * segment does to it is tcp's to say.
 *
 * RFC 9293 3.6.1, MAY-2; RFC 1337; RFC 6191.
 */
#include "net/net.h"

enum { AT_QUEUE = offsetof(struct time_wait, queue), SORT_STEPS = 32 };

static uint32_t
ms_up(sw_ns t)
{
	return (uint32_t)((t + SW_MS - 1) / SW_MS);
}

/* The time whose low bits of milliseconds were kept. */
static sw_ns
time_wait_until(const struct time_wait *w, sw_ns now)
{
	uint64_t ms = now / SW_MS;
	int32_t off = (int32_t)(w->until_ms - (uint32_t)ms);

	return off < 0 && (uint64_t) - (int64_t)off > ms ? 0
							 : (ms + (uint64_t)(int64_t)off) * SW_MS;
}

/* In order of time, if that is near; else its time is prolonged to the last one's. */
static void
time_wait_enqueue(struct sw_stack *s, uint32_t i)
{
	struct time_wait *w = time_wait_at(s, i);
	uint32_t at = s->time_wait_queue.tail;

	for (int n = 0; n < SORT_STEPS && at != NONE; n++) {
		if ((int32_t)(time_wait_at(s, at)->until_ms - w->until_ms) <= 0)
			break;
		at = list_prev(&s->time_waits, AT_QUEUE, at);
	}
	if (at == NONE) {
		list_push_front(&s->time_wait_queue, &s->time_waits, AT_QUEUE, i);
		return;
	}
	if ((int32_t)(time_wait_at(s, at)->until_ms - w->until_ms) > 0)
		w->until_ms = time_wait_at(s, at)->until_ms;
	list_insert_after(&s->time_wait_queue, &s->time_waits, AT_QUEUE, i, at);
}

/* The record goes back, its tuple is free. */
void
time_wait_free(struct sw_stack *s, uint32_t i)
{
	struct time_wait *w = time_wait_at(s, i);

	table_remove(&s->table, small_hash(s, &w->k), REF(KIND_TIME_WAIT, i));
	list_remove(&s->time_wait_queue, &s->time_waits, AT_QUEUE, i);
	small_unset(s, &w->k);
	pool_give(&s->time_waits, i);
}

/* The block that the record stands for. */
static void
time_wait_inflate(const struct sw_stack *s, uint32_t i, sw_ns now, struct tcb *t)
{
	const struct time_wait *w = time_wait_at(s, i);
	struct tuple tuple;

	small_tuple(s, &w->k, &tuple);
	conn_blank(s, t, &tuple, small_iface(s, &w->k), seq_sub(w->snd_nxt, 1));
	t->h.state = w->k.state;
	t->flags |= T_RELEASED | T_CLOSE | T_FIN_SENT | T_FIN_RCVD | T_OPENED;
	if (w->k.mark & SMALL_TS)
		t->flags |= T_TS;
	t->snd.una = t->snd.nxt = t->snd.wl2 = w->snd_nxt;
	t->rcv.irs = seq_sub(w->rcv_nxt, 1);
	t->rcv.nxt = t->rcv.acked = t->rcv.up = t->snd.wl1 = w->rcv_nxt;
	t->rcv.wnd = min_u32(t->rcv_buf, UINT16_MAX);
	t->rcv_wscale = 0;
	t->ts_recent = w->ts_recent;
	t->ts_recent_s = (uint32_t)(now / SW_S);
	t->late = time_wait_until(w, now);
	t->heard = now;
	mss_settle((struct tcp *)(uintptr_t)&s->tcp, t);
}

/* The oldest goes before its time: it has waited longest for an old duplicate. */
static void
time_wait_evict(struct sw_stack *s, sw_ns now)
{
	uint32_t i = s->time_wait_queue.head;
	struct tcb t;

	if (!(time_wait_at(s, i)->k.mark & SMALL_MOVED)) {
		time_wait_inflate(s, i, now, &t);
		tcp_evict(&s->tcp, &t, now);
	}
	time_wait_free(s, i);
	s->time_waits_evicted++;
}

/* A block becomes the small record i, until then, with these marks; false: it stays. */
static bool
time_wait_become(struct sw_stack *s, uint32_t i, uint32_t block, sw_ns until, uint32_t marks)
{
	struct tcb *t = block_at(s, block);
	struct time_wait *w = time_wait_at(s, i);
	struct tuple tuple;

	memset(w, 0, sizeof(*w));
	head_tuple(&t->h, &tuple);
	if (!small_set(s, &w->k, &tuple, t->h.iface)) {
		pool_give(&s->time_waits, i);
		return false;
	}
	w->k.state = t->h.state & 15u;
	w->k.mark |= marks & SMALL_MARK;
	w->snd_nxt = t->snd.nxt;
	w->rcv_nxt = t->rcv.nxt;
	w->ts_recent = t->ts_recent;
	w->until_ms = ms_up(until);
	link_init(&w->queue);
	if (table_change(&s->table, small_hash(s, &w->k), REF(KIND_BLOCK, block),
			 REF(KIND_TIME_WAIT, i)))
		t->h.mark &= (uint8_t)~MARK_IN_TABLE;
	time_wait_enqueue(s, i);
	conn_free(s, block);
	return true;
}

/* From a released block in TIME-WAIT that has nothing more to say. */
bool
time_wait_take(struct sw_stack *s, uint32_t block, sw_ns now)
{
	const struct tcb *t = block_at(s, block);
	uint32_t i = pool_take(&s->time_waits);

	if (i == NONE) { /* the pool counts it */
		time_wait_evict(s, now);
		i = pool_take(&s->time_waits);
	}
	return time_wait_become(s, i, block, t->late, (t->flags & T_TS) ? SMALL_TS : 0);
}

/* From a block that goes on in another stack. */
bool
time_wait_moved(struct sw_stack *s, uint32_t block, sw_ns now)
{
	uint32_t i = pool_take(&s->time_waits);

	return i != NONE &&
	       time_wait_become(s, i, block, after_ns(now, 2 * s->conf.msl), SMALL_MOVED);
}

/* What is owed goes as a reply: the record stays small. */
static void
time_wait_answer(struct sw_stack *s, uint32_t i, struct tcb *t, sw_ns now)
{
	struct tuple tuple;
	struct seg seg;

	if (!(t->flags & T_ACK_NOW))
		return;
	if ((t->flags & T_CHALLENGE) && !small_may_challenge(s, &time_wait_at(s, i)->k, now))
		return;
	head_tuple(&t->h, &tuple);
	t->ts_offset = ident_ts_offset(s, &tuple);
	if (tcp_emit(&s->tcp, t, now, 0, &seg))
		reply_segment(s, &tuple, t->h.iface, &seg);
}

/* A segment for a connection in TIME-WAIT. */
void
time_wait_arrives(struct sw_stack *s, uint32_t i, struct seg *seg, sw_ns now)
{
	struct time_wait *w = time_wait_at(s, i);
	int iface = small_iface(s, &w->k);
	seq after = w->snd_nxt;
	struct reply reply = {0};
	enum sw_verdict v;
	struct tuple tuple;
	uint32_t listener;
	struct tcb t;

	small_tuple(s, &w->k, &tuple);
	if (w->k.mark & SMALL_MOVED) {
		input_drop(s, &tuple, seg, SW_V_MOVED);
		return;
	}
	listener = listener_find(s, &tuple);
	time_wait_inflate(s, i, now, &t);
	if (listener == NONE && tcp_time_wait_reusable(&s->tcp, &t, seg)) {
		/* nobody would take it: like any SYN on a synchronized connection */
		input_drop(s, &tuple, seg, SW_V_SYN_CHALLENGED);
		t.flags |= T_ACK_NOW | T_CHALLENGE;
		time_wait_answer(s, i, &t, now);
		return;
	}
	v = tcp_arrives(&s->tcp, &t, seg, now, &reply);
	if (reply.rst)
		reply_segment(s, &tuple, iface, &reply.seg);
	if (t.h.state != SW_TIME_WAIT) {
		time_wait_free(s, i);
		if (v == SW_V_REUSED)
			input_listener(s, listener, &(struct asked){tuple, iface, seg, &after});
		return;
	}
	time_wait_answer(s, i, &t, now);
	w->ts_recent = t.ts_recent;
	w->rcv_nxt = t.rcv.nxt;
	if (ms_up(t.late) == w->until_ms)
		return;
	list_remove(&s->time_wait_queue, &s->time_waits, AT_QUEUE, i);
	w->until_ms = ms_up(t.late);
	time_wait_enqueue(s, i);
}

/* When the first of them is over; SW_NEVER. */
sw_ns
time_wait_deadline(const struct sw_stack *s)
{
	uint32_t i = s->time_wait_queue.head;

	return i == NONE ? SW_NEVER : time_wait_until(time_wait_at(s, i), s->now);
}

/* Ends those whose time has come. */
void
time_wait_expire(struct sw_stack *s, sw_ns now)
{
	struct reply reply = {0};
	struct tcb t;
	uint32_t i;

	/* each turn frees one */
	while ((i = s->time_wait_queue.head) != NONE &&
	       time_wait_until(time_wait_at(s, i), now) <= now) {
		if (!(time_wait_at(s, i)->k.mark & SMALL_MOVED)) {
			time_wait_inflate(s, i, now, &t);
			tcp_expire(&s->tcp, &t, now, &reply);
		}
		time_wait_free(s, i);
	}
}

/* A tuple in TIME-WAIT that an active OPEN may have: it is free then. */
bool
time_wait_yield(struct sw_stack *s, uint32_t i, sw_ns now, seq *after)
{
	const struct time_wait *w = time_wait_at(s, i);
	sw_ns left = time_wait_until(w, now);
	struct reply reply = {0};
	struct tcb t;

	/*= RFC 6191 2: timestamps that have moved on tell old duplicates from new segments */
	if (!(w->k.mark & SMALL_TS) || left + SW_S > now + 2 * s->conf.msl)
		return false;
	*after = w->snd_nxt;
	time_wait_inflate(s, i, now, &t);
	tcp_abort(&s->tcp, &t, now, &reply);
	time_wait_free(s, i);
	return true;
}
