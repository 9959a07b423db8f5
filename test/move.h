/*
 * move.h - two hosts on a bad wire in virtual time, either of whose connection may
 * move into a fresh stack between any two events.  Everything is in one place, so that a
 * run is a function of its settings: for move_test.c and the fuzzer of imports.
 */
#ifndef SW_TEST_MOVE_H
#define SW_TEST_MOVE_H

#include <stdlib.h>
#include <string.h>

#include <synwave/sw_probe.h>

enum { MOVE_A, MOVE_B, MOVE_FLYING = 4096, MOVE_MTU = 1500, MOVE_BLOB = 1 << 20 };

struct move_plan { /* what a run is made of */
	uint64_t seed;
	struct sw_config config;
	uint32_t loss, reorder; /* per mille of packets */
	uint32_t bytes[2];	/* that each side sends */
	sw_ns deaf;		/* B does not read until then */
	bool both_open;		/* at once */
	bool from;		/* B waits for A alone: passive OPEN for one peer */
	/* moves: 0 none, 1: at step `step`, 2: at every step */
	int moves, who; /* who: 1 A, 2 B, 3 both */
	uint32_t step;
	sw_ns skew; /* the clock of the stack it moves to is so much ahead of the first's */
};

struct move_host {
	struct sw_stack *s, *old; /* old: where it was before; it must be silent */
	void *arena, *old_arena;
	sw_conn conn;
	struct sw_endpoint at, peer;
	uint64_t said, heard;
	bool begun, closed, ended;
	sw_ns skew, old_skew, moved_at;
	int error;
};

struct move_flying {
	sw_ns at;
	uint64_t number;
	int to;
	uint32_t len;
	uint8_t bytes[MOVE_MTU];
};

struct move_run {
	struct move_plan plan;
	struct move_host host[2];
	struct move_flying *fly[MOVE_FLYING]; /* a heap is not needed: looked through */
	int n_fly;
	sw_ns t;
	uint64_t sent[2], trace; /* packets; a hash over all of them */
	uint32_t steps, moved;
	unsigned states; /* in which a connection was moved: bits */
	uint64_t bad;	 /* what went wrong: bytes, moves, an old stack that spoke */
	int why;	 /* the last refusal */
	uint8_t *blob;
};

static inline uint64_t
move_mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static inline uint8_t
move_byte(int from, uint64_t n)
{
	return (uint8_t)move_mix((uint64_t)from + 7, n);
}

static inline sw_ns
move_now(const struct move_run *r, const struct move_host *h)
{
	return r->t + h->skew;
}

static inline void
move_stack(struct move_run *r, struct move_host *h)
{
	const struct sw_iface wire = {.link = SW_LINK_IP, .mtu = MOVE_MTU};
	size_t n = (sw_stack_bytes(&r->plan.config) + 63) & ~(size_t)63;

	h->arena = aligned_alloc(64, n);
	if (h->arena == NULL || sw_stack_init(&h->s, &r->plan.config, h->arena, n) != 0 ||
	    sw_iface_add(h->s, &wire) != 0 || sw_address_add(h->s, 0, &h->at.addr, 24) != 0)
		abort();
}

static inline struct move_run *
move_begin(const struct move_plan *plan)
{
	struct move_run *r = calloc(1, sizeof *r);

	if (r == NULL || (r->blob = malloc(MOVE_BLOB)) == NULL)
		abort();
	r->plan = *plan;
	r->t = 5 * SW_S;
	r->host[0].at = r->host[1].peer = (struct sw_endpoint){sw_addr4(10, 0, 0, 1), 40000};
	r->host[1].at = r->host[0].peer = (struct sw_endpoint){sw_addr4(10, 0, 0, 2), 80};
	move_stack(r, &r->host[0]);
	move_stack(r, &r->host[1]);
	return r;
}

static inline void
move_end(struct move_run *r)
{
	for (int i = 0; i < 2; i++) {
		free(r->host[i].arena);
		free(r->host[i].old_arena);
	}
	while (r->n_fly > 0)
		free(r->fly[--r->n_fly]);
	free(r->blob);
	free(r);
}

/* ---- the wire ---- */

static inline void
move_fly(struct move_run *r, int from, const struct sw_packet *p)
{
	uint64_t n = r->sent[from]++;
	uint64_t dice = move_mix(move_mix(r->plan.seed, (uint64_t)from + 1), n);
	struct move_flying *f;

	r->trace = move_mix(r->trace, r->t ^ (uint64_t)from);
	for (uint32_t i = 0; i < p->len; i++)
		r->trace = move_mix(r->trace, p->data[i]);
	if (dice % 1000 < r->plan.loss || r->n_fly == MOVE_FLYING)
		return;
	f = malloc(sizeof *f);
	if (f == NULL)
		abort();
	f->at = r->t + 10 * SW_MS + dice / 1000 % 1000 * 10;
	if (dice >> 32 & 1 && dice / 7 % 1000 < r->plan.reorder)
		f->at += 4 * SW_MS;
	f->number = move_mix((uint64_t)from, n);
	f->to = !from;
	f->len = p->len;
	memcpy(f->bytes, p->data, p->len);
	r->fly[r->n_fly++] = f;
}

static inline void
move_output(struct move_run *r)
{
	uint8_t bytes[MOVE_MTU];

	for (int i = 0; i < 2; i++) {
		struct sw_packet p = {.data = bytes, .cap = sizeof bytes};
		struct move_host *h = &r->host[i];

		while (sw_output(h->s, move_now(r, h), 0, &p, 1) == 1) {
			move_fly(r, i, &p);
			p = (struct sw_packet){.data = bytes, .cap = sizeof bytes};
		}
	}
}

/* The next of what is flying, of those that come first; -1. */
static inline int
move_first(const struct move_run *r)
{
	int best = -1;

	for (int i = 0; i < r->n_fly; i++)
		if (best < 0 || r->fly[i]->at < r->fly[best]->at ||
		    (r->fly[i]->at == r->fly[best]->at && r->fly[i]->number < r->fly[best]->number))
			best = i;
	return best;
}

/* What comes, comes to where the connection was, too: that must say nothing. */
static inline void
move_arrives(struct move_run *r, struct move_flying *f)
{
	struct sw_packet p = {.data = f->bytes, .len = f->len}, out = {0};
	struct move_host *h = &r->host[f->to];
	uint8_t bytes[MOVE_MTU];

	sw_input(h->s, move_now(r, h), &p, 1);
	if (h->old == NULL || r->t >= h->moved_at + 2 * r->plan.config.msl)
		return;
	out = (struct sw_packet){.data = bytes, .cap = sizeof bytes};
	sw_input(h->old, r->t + h->old_skew, &p, 1);
	r->bad += sw_output(h->old, r->t + h->old_skew, 0, &out, 1);
}

/* ---- the programs ---- */

static inline void
move_open(struct move_run *r, int i)
{
	struct move_host *h = &r->host[i];
	sw_ns now = move_now(r, h);
	int error = 0;

	if (h->begun)
		return;
	h->begun = true;
	if (i == MOVE_A || r->plan.both_open)
		error = sw_open_active(h->s, now, &h->at, &h->peer, &h->conn);
	else if (r->plan.from)
		error = sw_open_passive_from(h->s, now, &h->at, &h->peer, &h->conn);
	r->bad += error != 0;
}

static inline void
move_say(struct move_run *r, int i)
{
	struct move_host *h = &r->host[i];
	uint64_t left = r->plan.bytes[i] - h->said;
	uint8_t piece[4000];
	ptrdiff_t n = 1;

	while (left > 0 && n > 0) {
		size_t some = left < sizeof piece ? (size_t)left : sizeof piece;

		for (size_t k = 0; k < some; k++)
			piece[k] = move_byte(i, h->said + k);
		n = sw_send(h->s, move_now(r, h), h->conn, piece, some, 0);
		h->said += n > 0 ? (uint64_t)n : 0;
		left -= n > 0 ? (uint64_t)n : 0;
	}
	if (left == 0 && !h->closed && h->said == r->plan.bytes[i])
		h->closed = sw_close(h->s, move_now(r, h), h->conn) == 0;
}

static inline void
move_hear(struct move_run *r, int i)
{
	struct move_host *h = &r->host[i];
	uint8_t piece[4000];
	ptrdiff_t n = 1;

	if (i == MOVE_B && r->t < r->plan.deaf)
		return;
	while (n > 0) {
		n = sw_receive(h->s, move_now(r, h), h->conn, piece, sizeof piece);
		for (ptrdiff_t k = 0; k < n; k++)
			r->bad += piece[k] != move_byte(!i, h->heard + (uint64_t)k);
		h->heard += n > 0 ? (uint64_t)n : 0;
	}
	if (n == 0 && h->heard == r->plan.bytes[!i])
		h->ended = true;
}

static inline void
move_programs(struct move_run *r)
{
	sw_conn listener;
	struct sw_event e;

	for (int i = 0; i < 2; i++) {
		struct move_host *h = &r->host[i];
		bool waits = i == MOVE_B && !r->plan.both_open && !r->plan.from;

		if (waits && !h->begun)
			r->bad += sw_open_passive(h->s, move_now(r, h), &h->at, 5, &listener) != 0;
		move_open(r, i);
		while (sw_event(h->s, &e)) {
			if (e.ready & SW_ACCEPTABLE)
				sw_accept(h->s, move_now(r, h), e.conn, &h->conn);
			if (e.ready & SW_FAILED)
				h->error = 1;
		}
		if (h->conn != 0) {
			move_hear(r, i);
			/* who waits for a peer must not make it active by SEND */
			if (sw_ready(h->s, h->conn) & SW_WRITABLE &&
			    (!r->plan.from || i == MOVE_A || h->heard > 0 || h->ended))
				move_say(r, i);
		}
	}
}

/* ---- the move ---- */

static inline void
move_host(struct move_run *r, int i)
{
	struct move_host *h = &r->host[i];
	struct sw_status st = {.bytes = sizeof st};
	sw_ns now = move_now(r, h);
	uint8_t *again = r->blob + MOVE_BLOB / 2;
	ptrdiff_t n;

	if (h->conn == 0 || sw_status(h->s, h->conn, &st) != 0 || st.state == SW_CLOSED)
		return;
	n = sw_export(h->s, now, h->conn, NULL, 0, 0); /* only asks */
	r->bad += n <= 0 || n > MOVE_BLOB / 2;
	r->bad += sw_export(h->s, now, h->conn, r->blob, MOVE_BLOB / 2, 0) != n;
	r->bad += sw_status(h->s, h->conn, &st) == 0;
	free(h->old_arena);
	h->old = h->s;
	h->old_arena = h->arena;
	h->moved_at = r->t;
	h->old_skew = h->skew;
	h->skew = r->plan.skew - h->skew;
	move_stack(r, h);
	now = move_now(r, h);
	r->why = sw_import(h->s, now, r->blob, (size_t)n, &h->conn);
	r->bad += r->why != 0 || sw_probe_check(h->s) != 0 || sw_probe_check(h->old) != 0;
	/* nothing was lost on the way */
	r->bad += sw_export(h->s, now, h->conn, again, MOVE_BLOB / 2, SW_EXPORT_COPY) != n ||
		  memcmp(again, r->blob, (size_t)n) != 0;
	r->moved++;
	r->states |= 1u << st.state;
}

/* One event: false, when all is over. */
static inline bool
move_step(struct move_run *r)
{
	int due;
	sw_ns next = SW_NEVER;

	move_programs(r);
	move_output(r);
	if (r->plan.moves == 2 || (r->plan.moves == 1 && r->steps == r->plan.step))
		for (int i = 0; i < 2; i++)
			if (r->plan.who >> i & 1)
				move_host(r, i);
	r->steps++;
	if ((r->host[0].ended && r->host[1].ended && r->host[0].closed && r->host[1].closed &&
	     r->n_fly == 0) ||
	    r->steps > 20000)
		return false;
	due = move_first(r);
	for (int i = 0; i < 2; i++) {
		sw_ns d = sw_deadline(r->host[i].s);

		if (d != SW_NEVER && d - r->host[i].skew < next)
			next = d - r->host[i].skew;
	}
	if (r->host[MOVE_B].heard == 0 && r->plan.deaf > r->t && r->plan.deaf < next)
		next = r->plan.deaf;
	if (due < 0 && next == SW_NEVER)
		return false;
	if (due >= 0 && r->fly[due]->at <= next) {
		struct move_flying *f = r->fly[due];

		r->t = f->at;
		r->fly[due] = r->fly[--r->n_fly];
		move_arrives(r, f);
		free(f);
	} else {
		r->t = next > r->t ? next : r->t;
	}
	return true;
}

#endif
