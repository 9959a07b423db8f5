/*
 * probe.c - what tests and explorers may look at: the state machine's table and
 * counts, a hash of the state.  Invariants are check.c's.
 */
#include "net/net.h"

/* How many edges, and which. */
size_t
sw_probe_edges(const struct sw_edge **edges)
{
	return fsm_edges(edges);
}

/* How often edge i was taken. */
uint64_t
sw_probe_edge_count(const struct sw_stack *s, size_t i)
{
	return i < N_OF(s->tcp.edges) ? s->tcp.edges[i] : 0;
}

/* How many invariants broke in operation. */
uint64_t
sw_probe_broken(const struct sw_stack *s)
{
	return s->tcp.broken;
}

/* The window is what the test wants; until the next ACK changes it. */
void
sw_probe_window(struct sw_stack *s, sw_conn conn, uint32_t cwnd)
{
	uint32_t i = conn_of(s, conn);

	if (i != NONE)
		((struct tcb *)pool_at(&s->blocks, i))->cwnd = cwnd;
}

/* The next ISS-s are what the test wants. */
void
sw_probe_force_iss(struct sw_stack *s, bool on, uint32_t iss)
{
	s->iss_forced = on;
	s->iss_force = iss;
}

/* ---- a hash of the used state: field by field, so that padding counts nothing,
 * and in one byte order ------------------------------------------------------- */

static const uint8_t digest_key[16] = "synwave digest!";

static void
mix(uint64_t *d, uint64_t v)
{
	uint8_t b[16];

	for (int i = 0; i < 8; i++) {
		b[i] = (uint8_t)(*d >> 8 * i);
		b[8 + i] = (uint8_t)(v >> 8 * i);
	}
	*d = prf(digest_key, b, sizeof(b));
}

static void
mix_head(uint64_t *d, const struct head *h)
{
	uint8_t b[36];

	memcpy(b, h->local.b, 16);
	memcpy(b + 16, h->remote.b, 16);
	put_16(b + 32, h->local_port);
	put_16(b + 34, h->remote_port);
	mix(d, prf(digest_key, b, sizeof(b)));
	mix(d, (uint64_t)h->state << 16 | (uint64_t)h->iface << 8 | h->mark);
}

static void
mix_small(uint64_t *d, const struct sw_stack *s, const struct small *k)
{
	struct head h;

	small_head(s, k, &h);
	mix_head(d, &h);
	mix(d, k->mark);
}

static void
mix_chain(uint64_t *d, const struct pool *chunks, const struct chain *c)
{
	uint32_t i = c->head, n;

	mix(d, c->len);
	for (n = 0; i != NONE && n < chunks->cap; n++) {
		const struct chunk *k = pool_at(chunks, i);

		mix(d, prf(digest_key, chunk_bytes(chunks, i) + k->from, k->to - k->from));
		i = k->next;
	}
}

/* What came ahead of a gap. */
static void
mix_runs(uint64_t *d, const struct tcp *t, const struct active *a)
{
	uint32_t i = a->runs.head;

	for (uint32_t n = 0; i != NONE && n < t->runs.cap; n++) {
		const struct run *r = pool_at(&t->runs, i);

		mix(d, r->seq.n);
		mix_chain(d, &t->chunks, &r->text);
		i = r->in_seq.next;
	}
}

static void
mix_active(uint64_t *d, const struct tcp *t, const struct active *a)
{
	uint32_t i, n;

	mix_chain(d, &t->chunks, &a->snd);
	mix_chain(d, &t->chunks, &a->rcv);
	mix(d, (uint64_t)a->pipe << 32 | a->sacked);
	mix(d, (uint64_t)a->lost << 32 | a->recover.n);
	mix(d, (uint64_t)a->phase << 32 | a->dup_acks);
	i = a->recs.head;
	for (n = 0; i != NONE && n < t->recs.cap; n++) {
		const struct rec *r = pool_at(&t->recs, i);

		mix(d, (uint64_t)r->seq.n << 32 | r->len);
		mix(d, r->sent);
		mix(d, r->flags);
		i = r->in_seq.next;
	}
	mix_runs(d, t, a);
}

static void
mix_block(uint64_t *d, const struct sw_stack *s, const struct tcb *t)
{
	mix_head(d, &t->h);
	mix(d, (uint64_t)t->snd.una.n << 32 | t->snd.nxt.n);
	mix(d, (uint64_t)t->snd.wnd << 32 | t->snd.iss.n);
	mix(d, (uint64_t)t->rcv.nxt.n << 32 | t->rcv.wnd);
	mix(d, (uint64_t)t->rcv.irs.n << 32 | t->flags);
	mix(d, (uint64_t)t->ts_recent << 32 | t->generation);
	mix(d, (uint64_t)t->srtt_us << 32 | t->rto_us);
	mix(d, (uint64_t)t->cwnd << 32 | t->ssthresh);
	mix(d, (uint64_t)t->mss << 32 | (uint64_t)t->retries << 8 | t->error);
	mix(d, (uint64_t)(t->accurate << 7 | t->ace_owed << 6 | t->ace_in << 3 | t->ace_out));
	mix(d, t->retransmit);
	mix(d, t->late);
	mix(d, t->user);
	if (t->active != NONE)
		mix_active(d, &s->tcp, pool_at(&s->tcp.actives, t->active));
}

/* A hash of the whole used state. */
uint64_t
sw_probe_digest(const struct sw_stack *s)
{
	uint64_t d = s->now;
	uint32_t i;

	for (i = 0; i < s->blocks.high; i++) {
		if (block_at(s, i)->h.mark & MARK_USED)
			mix_block(&d, s, block_at(s, i));
	}
	for (i = 0; i < s->halves.high; i++) {
		const struct half *h = half_at(s, i);

		if (!(h->k.mark & SMALL_USED))
			continue;
		mix_small(&d, s, &h->k);
		mix(&d, (uint64_t)h->iss.n << 32 | h->irs.n);
		mix(&d, h->timer.deadline);
	}
	for (i = 0; i < s->time_waits.high; i++) {
		const struct time_wait *w = time_wait_at(s, i);

		if (!(w->k.mark & SMALL_USED))
			continue;
		mix_small(&d, s, &w->k);
		mix(&d, (uint64_t)w->snd_nxt.n << 32 | w->rcv_nxt.n);
		mix(&d, w->until_ms);
	}
	for (i = 0; i < s->listeners.high; i++) {
		if (listener_at(s, i)->h.mark & MARK_USED)
			mix_head(&d, &listener_at(s, i)->h);
	}
	mix(&d, s->packets_in);
	mix(&d, s->packets_out);
	mix(&d, s->tcp.bytes_in);
	mix(&d, s->tcp.bytes_out);
	return d;
}

/* ---- a hash without time and identity: two states that behave alike from now on
 * have the same, however late it is and whatever names were given out ------------ */

enum { OLD_S = 200 }; /* an age beyond which nothing asks for it: above every RTO here */

/* A time from now on, or how old it is, as far as that can matter. */
static uint64_t
still(sw_ns at, sw_ns now)
{
	if (at == SW_NEVER)
		return 0;
	return at >= now ? at - now + 1 : ~min_ns(now - at, OLD_S * SW_S);
}

/* A record by its number, not by its place; those that hint may point nowhere. */
static uint64_t
still_rec(const struct pool *recs, uint32_t i)
{
	const struct rec *r = pool_at(recs, i);

	return i == NONE || i >= recs->high ? 0 : 1ull << 32 | r->seq.n;
}

/* Times, and what else a mechanism that is switched on remembers. */
static void
mix_rack_still(uint64_t *d, const struct active *a, sw_ns now)
{
	const uint64_t v[] = {
	    a->rack.known ? still(a->rack.sent, now) : 0,
	    a->rack.rtt,
	    still(a->rack.due, now),
	    a->rack.min[0],
	    a->rack.min[1],
	    still(a->rack.min_since, now),
	    (uint64_t)a->rack.end.n << 32 | a->rack.fack.n,
	    (uint64_t)a->rack.dsack_round.n << 32 | (uint64_t)a->rack.mult << 16 |
		(uint64_t)a->rack.persist << 8 | a->rack.known << 1 | a->rack.in_round,
	    (uint64_t)a->tlp.end.n << 32 | (uint64_t)a->tlp.out << 1 | a->tlp.due,
	};

	mix(d, prf(digest_key, v, sizeof(v)));
}

static void
mix_undo_still(uint64_t *d, const struct active *a, sw_ns now)
{
	const uint64_t v[] = {
	    (uint64_t)a->undo.cwnd << 32 | a->undo.ssthresh,
	    (uint64_t)a->undo.srtt_us << 32 | a->undo.rttvar_us,
	    (uint64_t)(a->undo.stamp - (uint32_t)(now / SW_MS)) << 32 | a->undo.bytes,
	    (uint64_t)a->undo.low.n << 32 | a->undo.high.n,
	    (uint64_t)a->undo.until.n << 32 | a->frto_end.n,
	    (uint64_t)a->frto << 16 | (uint64_t)a->frto_new << 8 | a->undo.on << 6 |
		a->undo.sent << 5 | a->undo.stamped << 4 | a->undo.adapt << 3 |
		a->undo.single << 2 | a->dsack_seen << 1 | a->dsack_vain,
	};

	mix(d, prf(digest_key, v, sizeof(v)));
}

static void
mix_recovery_still(uint64_t *d, const struct tcp *t, const struct active *a, sw_ns now)
{
	if (!(t->without & SW_NO_RACK)) {
		mix(d, a->waits);
		mix(d, still(a->rto_at, now));
		mix_rack_still(d, a, now);
	}
	if (~t->without & (SW_NO_UNDO | SW_NO_FRTO))
		mix_undo_still(d, a, now);
	if (!(t->without & SW_NO_PRR)) {
		mix(d, (uint64_t)a->prr_delivered << 32 | a->prr_out);
		mix(d, a->prr_flight);
	}
}

static void
mix_active_still(uint64_t *d, const struct tcp *t, const struct active *a, sw_ns now)
{
	const uint64_t v[] = {
	    (uint64_t)a->pipe << 32 | a->sacked,
	    (uint64_t)a->lost << 32 | a->recover.n,
	    (uint64_t)a->phase << 32 | (uint32_t)a->dup_acks << 16 | a->owed,
	    (uint64_t)a->unacked << 32 | a->force,
	    (uint64_t)a->cc.newreno.bytes << 32 | a->fin.n,
	    (uint64_t)a->dsack.left.n << 32 | a->dsack.right.n,
	    still(a->delack, now),
	    still(a->stalled_since, now),
	    still(a->last_sent, now),
	    still_rec(&t->recs, a->highest),
	    still_rec(&t->recs, a->retry),
	};
	uint32_t i = a->recs.head, n;

	mix(d, prf(digest_key, v, sizeof(v)));
	if (a->ts_before[0] | a->ts_before[1]) { /* else there are no timestamps */
		mix(d, (uint64_t)a->ts_before[0] << 32 | a->ts_before[1]);
		mix(d, still(a->ts_since, now));
	}
	mix_chain(d, &t->chunks, &a->snd);
	mix_chain(d, &t->chunks, &a->rcv);
	mix_recovery_still(d, t, a, now);
	for (n = 0; i != NONE && n < t->recs.cap; n++) {
		const struct rec *r = pool_at(&t->recs, i);

		mix(d, (uint64_t)r->seq.n << 32 | r->len);
		mix(d, still(r->sent, now));
		mix(d, (uint64_t)r->size << 16 | (uint32_t)r->parts << 8 | r->flags);
		i = r->in_seq.next;
	}
	mix_runs(d, t, a);
}

static void
mix_block_still(uint64_t *d, const struct sw_stack *s, const struct tcb *t)
{
	uint32_t every = (uint32_t)(s->conf.challenge_every / SW_MS);
	bool early = t->h.state < SW_ESTABLISHED || (t->flags & T_KEEPALIVE);
	const uint64_t times[] = {
	    still(t->timer.deadline, s->now),
	    still(t->retransmit, s->now),
	    still(t->late, s->now),
	    early ? still(t->heard, s->now) : 0,
	    (uint64_t)link_in(&t->ready) << 1 | (t->listener != NONE),
	};
	struct tcb c = *t;

	memset(&c.timer, 0, sizeof(c.timer));
	memset(&c.ready, 0, sizeof(c.ready));
	memset(&c.event, 0, sizeof(c.event));
	c.user = c.retransmit = c.late = c.heard = 0;
	c.generation = c.listener = c.ts_recent_s = 0;
	c.active = c.active != NONE;
	c.challenge_ms -= (uint32_t)(s->now / SW_MS);
	if (c.challenge_ms - 1 >= every) {
		c.flags &= ~(uint32_t)T_CHALLENGED;
		c.challenge_ms = 0;
	}
	mix(d, prf(digest_key, times, sizeof(times)));
	mix(d, prf(digest_key, &c, sizeof(c)));
	if (t->active != NONE)
		mix_active_still(d, &s->tcp, pool_at(&s->tcp.actives, t->active), s->now);
}

/* Its ends; the period in which it was answered, as what is left of it. */
static void
mix_small_still(uint64_t *d, const struct sw_stack *s, struct small *k)
{
	sw_ns until = small_hushed(s, k, s->now);

	mix(d, until != 0 ? still(until, s->now) : 0);
	k->mark &= (1u << SMALL_PERIOD) - 1;
	mix_small(d, s, k);
	k->here = 0;
}

static void
mix_half_still(uint64_t *d, const struct sw_stack *s, const struct half *h)
{
	struct half c = *h;

	mix(d, still(h->timer.deadline, s->now));
	mix(d, link_in(&h->ready));
	memset(&c.timer, 0, sizeof(c.timer));
	memset(&c.ready, 0, sizeof(c.ready));
	c.listener = c.generation = 0;
	c.first_us = (uint32_t)(s->now / SW_US) - c.first_us;
	mix_small_still(d, s, &c.k);
	mix(d, prf(digest_key, &c, sizeof(c)));
}

static void
mix_time_wait_still(uint64_t *d, const struct sw_stack *s, const struct time_wait *w)
{
	struct time_wait c = *w;

	memset(&c.queue, 0, sizeof(c.queue));
	c.until_ms -= (uint32_t)(s->now / SW_MS);
	mix_small_still(d, s, &c.k);
	mix(d, prf(digest_key, &c, sizeof(c)));
}

/* A hash of the used state, times as distances from now, names left out. */
uint64_t
sw_probe_digest_still(const struct sw_stack *s)
{
	uint64_t d = s->replies.used;
	uint32_t i;

	for (i = 0; i < s->blocks.high; i++)
		if (block_at(s, i)->h.mark & MARK_USED)
			mix_block_still(&d, s, block_at(s, i));
	for (i = 0; i < s->halves.high; i++)
		if (half_at(s, i)->k.mark & SMALL_USED)
			mix_half_still(&d, s, half_at(s, i));
	for (i = 0; i < s->time_waits.high; i++)
		if (time_wait_at(s, i)->k.mark & SMALL_USED)
			mix_time_wait_still(&d, s, time_wait_at(s, i));
	for (i = 0; i < s->listeners.high; i++)
		if (listener_at(s, i)->h.mark & MARK_USED)
			mix_head(&d, &listener_at(s, i)->h);
	return d;
}
