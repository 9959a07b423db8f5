/*
 * bench_conns.c - many connections that are open and idle: opened, used once in each
 * direction, held, closed.
 *
 * Knows how the programs at both ends of such a connection behave.  Not what it costs.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum {
	AT_ONCE = 256,	  /* that open or close together */
	LOCAL_LOW = 1024, /* local ports of A ... */
	LOCALS = 64000,
	REMOTE_LOW = 2000, /* ... and how many to each port of B */
	TURNS = 64	   /* of both ends until all is said, at most */
};

struct crowd { /* those that are under way */
	struct bench_world *w;
	struct bench_conns *c;
	uint64_t accepted, answered, ended;
	bool keep_alive, wrong;
};

static void
crowd_habits(struct crowd *k, int end, sw_conn conn)
{
	if (k->keep_alive)
		k->wrong |= sw_set(k->w->end[end].stack, k->w->now, conn, SW_OPT_KEEPALIVE, 1) < 0;
}

static void
crowd_accept(struct crowd *k, sw_conn listener)
{
	struct sw_stack *b = k->w->end[END_B].stack;
	sw_conn conn;

	while (sw_accept(b, k->w->now, listener, &conn) == SW_OK) {
		k->wrong |= k->accepted == k->c->n;
		if (k->wrong)
			return;
		k->c->name[END_B][k->accepted++] = conn;
		crowd_habits(k, END_B, conn);
	}
}

/* B's program: the byte that comes goes back; when the peer has closed, it closes. */
static void
crowd_serve(struct crowd *k)
{
	struct sw_stack *b = k->w->end[END_B].stack;
	struct sw_event e;
	uint8_t byte;
	ptrdiff_t n;

	while (sw_event(b, &e)) {
		if (e.ready & SW_ACCEPTABLE) {
			crowd_accept(k, e.conn);
			continue;
		}
		n = e.ready & SW_READABLE ? sw_receive(b, k->w->now, e.conn, &byte, 1) : SW_E_AGAIN;
		if (n == 1)
			k->wrong |= sw_send(b, k->w->now, e.conn, &byte, 1, 0) != 1;
		if (n == 0) {
			k->wrong |= sw_release(b, k->w->now, e.conn) != SW_OK;
			k->ended++;
		}
		k->wrong |= n < 0 && n != SW_E_AGAIN;
	}
}

/* A's program: a byte when it is open, and one back. */
static void
crowd_ask(struct crowd *k)
{
	struct sw_stack *a = k->w->end[END_A].stack;
	struct sw_event e;
	uint8_t byte = 1;

	while (sw_event(a, &e)) {
		if (e.ready & SW_READABLE)
			k->answered += sw_receive(a, k->w->now, e.conn, &byte, 1) == 1;
		else if (e.ready & SW_OPENED)
			k->wrong |= sw_send(a, k->w->now, e.conn, &byte, 1, 0) != 1;
		k->wrong |= (e.ready & SW_FAILED) != 0;
	}
}

/* Until nobody has anything more to say. */
static void
crowd_settle(struct crowd *k)
{
	size_t n = 1;

	for (int i = 0; n > 0 && i < TURNS; i++) {
		n = world_carry(k->w, END_A);
		crowd_serve(k);
		n += world_carry(k->w, END_B);
		crowd_ask(k);
		k->w->now += 10 * SW_US;
	}
	k->wrong |= n > 0;
}

static void
crowd_open(struct crowd *k, uint64_t i)
{
	const struct bench_end *a = &k->w->end[END_A], *b = &k->w->end[END_B];
	bool v6 = i % 2;
	struct sw_endpoint from = {.addr = v6 ? a->addr6 : a->addr4};
	struct sw_endpoint to = {.addr = v6 ? b->addr6 : b->addr4};

	from.port = (uint16_t)(LOCAL_LOW + i / 2 % LOCALS);
	to.port = (uint16_t)(REMOTE_LOW + i / 2 / LOCALS);
	k->wrong |= sw_open_active(a->stack, k->w->now, &from, &to, &k->c->name[END_A][i]) != SW_OK;
	if (!k->wrong)
		crowd_habits(k, END_A, k->c->name[END_A][i]);
}

bool
conns_open(struct bench_world *w, struct bench_conns *c, uint64_t n, bool keep_alive)
{
	struct crowd k = {.w = w, .c = c, .keep_alive = keep_alive};

	memset(c, 0, sizeof(*c));
	c->n = n;
	for (int end = END_A; end <= END_B; end++) {
		c->name[end] = malloc((n + 1) * sizeof(sw_conn));
		if (c->name[end] == NULL)
			return false;
		memset(c->name[end], 0, (n + 1) * sizeof(sw_conn)); /* in memory from now on */
	}
	for (uint64_t i = 0; i < n && !k.wrong; i++) {
		crowd_open(&k, i);
		if (i % AT_ONCE != AT_ONCE - 1 && i + 1 < n)
			continue;
		crowd_settle(&k);
		w->now += 50 * SW_MS; /* ACKs that were put off go */
		crowd_settle(&k);
	}
	return !k.wrong && k.accepted == n && k.answered == n;
}

bool
conns_close(struct bench_world *w, struct bench_conns *c)
{
	struct crowd k = {.w = w, .c = c};
	struct sw_counters n = {.bytes = sizeof(n)};

	for (uint64_t i = 0; i < c->n && !k.wrong; i++) {
		k.wrong |= sw_release(w->end[END_A].stack, w->now, c->name[END_A][i]) != SW_OK;
		if (i % AT_ONCE == AT_ONCE - 1 || i + 1 == c->n)
			crowd_settle(&k);
	}
	w->now += 600 * SW_S;
	crowd_settle(&k);
	for (int end = END_A; end <= END_B; end++) {
		sw_counters(w->end[end].stack, &n);
		k.wrong |= n.pool_used[SW_POOL_CONNS] > 0 || n.pool_used[SW_POOL_TIME_WAITS] > 0 ||
			   n.resets_out > 0 || n.retransmits > 0;
	}
	return !k.wrong && k.ended == c->n;
}

void
conns_free(struct bench_conns *c)
{
	free(c->name[END_A]);
	free(c->name[END_B]);
	memset(c, 0, sizeof(*c));
}
