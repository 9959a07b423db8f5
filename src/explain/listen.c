/*
 * listen.c - listeners, and what only many connections together show: a flood of SYNs,
 * an accept queue that is full, nobody there.
 *
 * Who is spoofed never repeats its SYN; who is real and ignored does.  A listener that
 * answers each SYN once and never again keeps nothing (SYN cookies); one that answers
 * some clients of an address and ignores others has no room for them.
 */
#include "explain/work.h"

#include <math.h>
#include <stdlib.h>

enum { SKETCH_FROM = 32, SKETCH_BITS = 12, REGISTERS = 1 << SKETCH_BITS };

static struct listener *
find(const struct ex_engine *e, const struct sw_endpoint *at, uint64_t hash, struct ref *ref)
{
	uint32_t slot = NONE;

	while (ex_table_next(e->listeners, hash, &slot, ref)) {
		struct listener *l = ex_pool_at(&e->listener, ref->index);

		if (l->at.port == at->port && sw_addr_same(&l->at.addr, &at->addr))
			return l;
	}
	return NULL;
}

static struct listener *
listener_of(const struct ex_engine *e, const struct sw_addr *addr, uint16_t port)
{
	struct sw_endpoint at = {*addr, port};
	struct ref ref;

	return find(e, &at, ex_hash_end(e, addr, port), &ref);
}

static struct listener *
listener_make(struct ex_engine *e, const struct half *h)
{
	struct sw_endpoint at = {h->addr[1], h->port[1]};
	uint64_t hash = ex_hash_end(e, &at.addr, at.port);
	struct ref ref;
	struct listener *l = find(e, &at, hash, &ref);

	if (l)
		return l;
	ref = (struct ref){KIND_CONN, ex_pool_take(&e->listener)};
	l = ex_pool_at(&e->listener, ref.index);
	l->at = at;
	l->first = h->start;
	ex_table_add(e->listeners, hash, ref);
	return l;
}

/* ---- how many sources: HyperLogLog (Flajolet and others, 2007) ----------------- */

static void
sketch_add(struct listener *l, uint64_t hash)
{
	uint32_t cell = (uint32_t)(hash >> (64 - SKETCH_BITS));
	uint64_t rest = hash << SKETCH_BITS;
	uint8_t zeros = rest ? (uint8_t)(__builtin_clzll(rest) + 1) : 64 - SKETCH_BITS;

	if (!l->sketch)
		l->sketch = ex_zeroed(REGISTERS);
	if (zeros > l->sketch[cell])
		l->sketch[cell] = zeros;
}

static double
sketch_count(const struct listener *l)
{
	double sum = 0, estimate;
	int empty = 0;

	if (!l->sketch)
		return 0;
	for (int i = 0; i < REGISTERS; i++) {
		sum += ldexp(1, -l->sketch[i]);
		empty += l->sketch[i] == 0;
	}
	estimate = 0.7213 / (1 + 1.079 / REGISTERS) * REGISTERS * REGISTERS / sum;
	if (estimate < 2.5 * REGISTERS && empty > 0)
		estimate = REGISTERS * log((double)REGISTERS / empty);
	return estimate;
}

/* ---- what happens ---------------------------------------------------------------- */

void
ex_listen_syn(struct ex_engine *e, const struct half *h)
{
	struct listener *l = listener_make(e, h);

	l->refs++;
	l->attempts++;
	l->last = h->start;
	if (l->flood_proof[0] == 0)
		l->flood_proof[0] = h->frame;
	l->flood_proof[1] = h->frame;
	if (++l->now > l->peak)
		l->peak = l->now;
	if (l->attempts > SKETCH_FROM)
		sketch_add(l, ex_hash_host(&h->addr[0]) * 0x9e3779b97f4a7c15);
}

void
ex_listen_answer(struct ex_engine *e, const struct half *h)
{
	struct listener *l = listener_of(e, &h->addr[1], h->port[1]);

	if (!l)
		return;
	l->answered++;
	l->late += h->syns > 1;
}

static void
source_add(uint32_t *set, uint64_t hash)
{
	uint32_t what = (uint32_t)hash | 1;

	for (int i = 0; i < SOURCES; i++)
		if (set[i] == what)
			return;
	memmove(set + 1, set, (SOURCES - 1) * sizeof(*set));
	set[0] = what;
}

static bool
sources_meet(const struct listener *l)
{
	for (int i = 0; i < SOURCES; i++)
		for (int k = 0; l->wait[i] && k < SOURCES; k++)
			if (l->wait[i] == l->done[k])
				return true;
	return false;
}

void
ex_listen_opened(struct ex_engine *e, const struct conn *c)
{
	struct listener *l = listener_of(e, &c->addr[1], c->port[1]);

	if (!l || c->flags & C_MID)
		return;
	l->completed++;
	if (l->now > 0)
		l->now--;
	if (c->side[EX_SERVER].packets > 0) /* else it may have answered all */
		source_add(l->done, ex_hash_host(&c->addr[0]));
}

/* ---- a connection ends ------------------------------------------------------------ */

/* SYNs without any answer: to be told if nothing else explains it. */
static void
ignored(struct ex_engine *e, struct listener *l, struct conn *c, struct ex_conn *said)
{
	const struct trouble *t = ex_trouble_of(e, c);
	sw_ns span = c->side[0].last_at - c->start;
	uint32_t syns = 1 + (t ? t->side[0].syn.n : 0);
	struct case_ at = {.e = e, .c = c, .t = t, .said = said};
	struct ex_finding f;

	if (syns < 2) {
		l->single++;
		return;
	}
	l->ignored++;
	source_add(l->wait, ex_hash_host(&c->addr[0]));
	if (syns > l->hurt_syns) {
		l->hurt_syns = syns;
		l->hurt = ex_end_of(c, EX_CLIENT);
		l->hurt_conn = said->id;
	}
	if (span + span / 64 < e->limits.timeout)
		return;
	said->findings |= 1u << EX_F_TIMEOUT;
	f = ex_find(&at, EX_F_TIMEOUT, EX_SERVER);
	ex_find_value(&f, EX_M_SYNS, syns);
	ex_find_seconds(&f, EX_M_SPAN, span);
	ex_find_proof(&f, c->frame);
	ex_find_proof(&f, said->last_frame);
	if (!l->timeout) {
		l->timeout = ex_alloc(sizeof(f));
		*l->timeout = f;
	} else {
		ex_found_merge(l->timeout, &f);
	}
}

/* A SYN,ACK that is repeated though its ACK was there: the queue behind has no room. */
static void
backlog_sign(struct ex_engine *e, struct listener *l, struct conn *c, struct ex_conn *said)
{
	const struct trouble *t = ex_trouble_of(e, c);
	struct case_ at = {.e = e, .c = c, .t = t, .said = said};
	struct ex_finding f;

	f = ex_find(&at, EX_F_BACKLOG, EX_SERVER);
	if (t->synack_after > 0) {
		ex_find_proof(&f, ex_frame(&at, t->ack_frame));
		ex_find_proof(&f, ex_frame(&at, t->synack_frame));
	} else {
		ex_find_proof(&f, ex_frame(&at, t->rst_ask));
		ex_find_proof(&f, ex_frame(&at, t->rst_frame));
	}
	if (!l->backlog) {
		l->backlog = ex_alloc(sizeof(f));
		*l->backlog = f;
	} else {
		ex_found_merge(l->backlog, &f);
	}
}

/* A RST to the ACK of the handshake, at once: tcp_abort_on_overflow. */
static bool
aborted(const struct conn *c, const struct trouble *t)
{
	return t && c->flags & C_RESET && c->flags & C_OPENED && t->rst_by == EX_SERVER &&
	       t->rst_kind == RST_NOBODY && c->side[1].bytes == 0 && !(c->side[1].flags & S_MORE) &&
	       t->rst_quiet < SW_S;
}

static void
listener_drop(struct ex_engine *e, struct listener *l)
{
	uint64_t hash = ex_hash_end(e, &l->at.addr, l->at.port);
	uint32_t slot = NONE;
	struct ref ref;

	while (ex_table_next(e->listeners, hash, &slot, &ref)) {
		if (ex_pool_at(&e->listener, ref.index) != l)
			continue;
		ex_table_del(e->listeners, slot);
		free(l->sketch);
		ex_pool_give(&e->listener, ref.index);
		return;
	}
}

void
ex_listen_end(struct ex_engine *e, struct conn *c, struct ex_conn *said)
{
	struct listener *l = listener_of(e, &c->addr[1], c->port[1]);
	const struct trouble *t = ex_trouble_of(e, c);

	if (!l || c->flags & C_MID)
		return;
	l->refs--;
	if (!(c->flags & C_OPENED) && l->now > 0)
		l->now--;
	if (said->outcome == EX_NO_ANSWER)
		ignored(e, l, c, said);
	l->refused += said->outcome == EX_REFUSED;
	if (said->outcome == EX_NOT_OPENED && !(c->flags & C_RESET)) {
		l->unfinished++;
		l->held += t && t->side[EX_SERVER].syn.n > 0;
	}
	if (t && t->synack_after > 1) {
		l->repeated++;
		backlog_sign(e, l, c, said);
	} else if (aborted(c, t)) {
		l->aborted++;
		backlog_sign(e, l, c, said);
	}
	if (l->refs == 0 && l->ignored + l->single + l->unfinished + l->repeated + l->aborted == 0)
		listener_drop(e, l);
}

/* ---- at the end --------------------------------------------------------------------- */

/* More half-open connections than anybody would open. */
static bool
flood(struct ex_engine *e, const struct listener *l)
{
	enum { SHARE = 5 };
	uint32_t spoofed = l->single + l->unfinished;
	struct ex_finding f;

	if (l->peak < e->limits.flood || spoofed < e->limits.flood ||
	    spoofed < l->attempts / SHARE || spoofed < l->ignored)
		return false;
	if (l->single * SHARE < spoofed && l->held * SHARE < spoofed) {
		/* each was answered, and nothing kept for it */
		if (e->sum.answered_only < l->unfinished) {
			e->sum.answered_only = l->unfinished;
			e->sum.answered_by = l->at;
		}
		return false;
	}
	f = ex_find_at(EX_F_FLOOD, EX_SERVER, &l->at);
	f.count = l->attempts;
	ex_find_value(&f, EX_M_SYNS, l->attempts);
	ex_find_seconds(&f, EX_M_SPAN, l->last - l->first);
	ex_find_value(&f, EX_M_SOURCES, sketch_count(l));
	ex_find_value(&f, EX_M_HALF_OPEN, l->peak);
	ex_find_value(&f, EX_M_ANSWERED, l->answered);
	ex_find_value(&f, EX_M_COMPLETED, l->completed);
	ex_find_value(&f, EX_M_HURT, l->ignored);
	ex_find_proof(&f, l->flood_proof[0]);
	ex_find_proof(&f, l->flood_proof[1]);
	if (l->ignored > 0) {
		f.peer = l->hurt;
		f.conn[f.conns++] = l->hurt_conn;
	}
	ex_found_put(e, NULL, &f);
	return true;
}

/* Some are let in, others of the same address are not: there is no room for them. */
static bool
backlog(struct ex_engine *e, const struct listener *l)
{
	bool some = l->ignored >= 1 && l->completed >= 1 && sources_meet(l);
	struct ex_finding f;

	if (!some && l->repeated == 0 && l->aborted < 2)
		return false;
	if (l->backlog) {
		f = *l->backlog;
		f.variant = l->aborted > 0 && l->repeated == 0 && !some ? EX_V_RESET : EX_V_PLAIN;
		if (some && l->timeout)
			ex_found_merge(&f, l->timeout);
	} else if (l->timeout) {
		f = *l->timeout;
		f.id = EX_F_BACKLOG;
		f.values = 0;
	} else {
		return false;
	}
	f.severity = EX_ERROR;
	f.certainty = l->ignored + l->repeated + l->aborted > 2	  ? EX_CERTAIN
		      : l->ignored + l->repeated + l->aborted > 1 ? EX_LIKELY
								  : EX_POSSIBLE;
	f.values = 0;
	ex_find_value(&f, EX_M_HURT, l->ignored);
	ex_find_value(&f, EX_M_COMPLETED, l->completed);
	ex_find_value(&f, EX_M_REPEATED, l->repeated + l->aborted);
	ex_find_value(&f, EX_M_LATE, l->late);
	ex_found_put(e, NULL, &f);
	return true;
}

void
ex_listen_judge(struct ex_engine *e)
{
	uint32_t at = 0;
	struct ref ref;

	while (ex_table_walk(e->listeners, &at, &ref)) {
		struct listener *l = ex_pool_at(&e->listener, ref.index);

		if (!flood(e, l) && !backlog(e, l) && l->timeout)
			ex_found_put(e, NULL, l->timeout);
	}
}

void
ex_listen_free(struct ex_engine *e)
{
	uint32_t at = 0;
	struct ref ref;

	while (ex_table_walk(e->listeners, &at, &ref)) {
		struct listener *l = ex_pool_at(&e->listener, ref.index);

		free(l->sketch);
		free(l->timeout);
		free(l->backlog);
	}
}
