/*
 * world_fuzz - a stream of bytes as packets, calls and clock steps on two
 * stacks joined by bounded queues.
 *
 * The bytes choose who calls what, how far the clock goes, and which packets
 * are delivered, lost, doubled, overtaken, damaged or made up.  Checked after
 * every step: all invariants, that bytes delivered are the bytes sent (unless a
 * segment was forged), that output ends, and that nobody who waits for something
 * is without a deadline.  At the end the path is good again: then every
 * connection must come to an end (unless a segment was forged).
 */
#include <stdlib.h>
#include <string.h>

#include <synwave/sw_probe.h>

#include "mend.h"

enum { CONNS = 6, QUEUE = 24, PACKET = 1514, PORT = 80, OUTPUT_MAX = 4000, STEPS_MAX = 400,
       EVENTS_MAX = 1000, SENTS = 256, END_STEPS = 4000 };

#define check(expr) ((expr) ? (void)0 : abort())

struct packet {
	uint32_t len;
	bool flipped;
	uint8_t b[PACKET];
};

struct queue {
	struct packet p[QUEUE];
	uint32_t n;
};

struct conn { /* what we know of a connection of ours */
	sw_conn c;
	uint32_t sent, received;
	uint16_t local, remote;
	bool closed, gone, failed;
};

struct side {
	struct sw_stack *s;
	void *arena[2]; /* in use; spare, for sw_copy() */
	sw_conn listener;
	struct conn conn[CONNS];
	uint32_t most_sent[SENTS];
	struct queue out; /* on the way to the other side */
};

struct world {
	struct side side[2];
	sw_ns now;
	bool v6, forged;
	const uint8_t *data;
	size_t left;
};

static struct sw_config config;
static size_t arena_bytes;
static struct sw_stack *fresh[2][2]; /* by side, by IPv6 */
static struct world world;

static uint8_t
next(struct world *w)
{
	if (!w->left)
		return 0;
	w->left--;
	return *w->data++;
}

static struct sw_addr
host(int n, bool v6)
{
	if (v6)
		return (struct sw_addr){{0xfd, [15] = (uint8_t)(n + 1)}};
	return sw_addr4(10, 0, 0, (uint8_t)(n + 1));
}

static struct sw_stack *
stack_make(int n, bool v6, void *arena)
{
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = v6 ? 1280 : 600};
	struct sw_addr a = host(n, v6);
	struct sw_stack *s;

	check(!sw_stack_init(&s, &config, arena, arena_bytes));
	check(!sw_iface_add(s, &iface));
	check(!sw_address_add(s, 0, &a, v6 ? 64 : 24));
	return s;
}

int LLVMFuzzerInitialize(int *, char ***);
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	sw_config_minimal(&config);
	config.conns = config.actives = 8;
	config.half_opens = config.time_waits = 4;
	config.chunks = config.records = 40;
	config.runs = 12;
	config.runs_per_conn = 4;
	config.replies = 4;
	config.traces = 8;
	config.snd_buf = config.rcv_buf = 3000;
	config.timestamps = config.window_scale = config.sack = config.nagle = true;
	config.msl = 2 * SW_S;
	config.user_timeout = 100 * SW_S;
	config.shares = 3;
	config.fastopen_period = 50 * SW_S;
	config.syn_timeout = 180 * SW_S;
	arena_bytes = (sw_stack_bytes(&config) + 63) / 64 * 64;
	check(arena_bytes);
	for (int i = 0; i < 4; i++)
		fresh[i & 1][i >> 1] = stack_make(i & 1, i >> 1, aligned_alloc(64, arena_bytes));
	for (int i = 0; i < 4; i++)
		world.side[i & 1].arena[i >> 1] = aligned_alloc(64, arena_bytes);
	return 0;
}

/* The byte that the end with port `from` sends to port `to` at offset `at`. */
static uint8_t
byte_at(uint16_t from, uint16_t to, uint32_t at)
{
	return (uint8_t)(from * 3 + to * 5 + at + (at >> 8) * 13);
}

/* ---- packets ------------------------------------------------------------ */

static void
put(struct world *w, int from, const uint8_t *b, size_t n)
{
	struct queue *q = &w->side[from].out;

	if (q->n == QUEUE || n > PACKET)
		return; /* lost */
	memcpy(q->p[q->n].b, b, n);
	q->p[q->n].flipped = false;
	q->p[q->n++].len = (uint32_t)n;
}

static void
take_out(struct queue *q, uint32_t i)
{
	memmove(&q->p[i], &q->p[i + 1], (q->n - i - 1) * sizeof(q->p[0]));
	q->n--;
}

/* What side i has to say at this instant, into its queue. */
static void
drain(struct world *w, int i)
{
	uint8_t b[PACKET];
	struct sw_packet p = {.data = b, .cap = sizeof(b)};

	for (int n = 0; sw_output(w->side[i].s, w->now, 0, &p, 1); n++) {
		check(n < OUTPUT_MAX);
		put(w, i, b, p.len);
	}
	check(sw_deadline(w->side[i].s) > w->now);
}

static void
deliver(struct world *w, int from)
{
	struct queue *q = &w->side[from].out;
	struct sw_packet p = {.len = q->p[0].len};

	if (!q->n)
		return;
	p.data = malloc(p.len); /* exactly, so that reading past it is seen */
	memcpy(p.data, q->p[0].b, p.len);
	take_out(q, 0);
	sw_input(w->side[!from].s, w->now, &p, 1);
	free(p.data);
}

/* One of the things that happen to packets on their way. */
static void
meddle(struct world *w, int from, unsigned how)
{
	struct queue *q = &w->side[from].out;
	struct packet *p = q->p, swap;
	uint32_t bit = next(w) | (uint32_t)next(w) << 8;

	if (!q->n || !p->len)
		return;
	switch (how % 5) {
	case 0:
		take_out(q, 0);
		break;
	case 1:
		w->forged |= p->flipped; /* the copy may be flipped again */
		put(w, from, p->b, p->len);
		break;
	case 2:
		swap = q->p[q->n - 1];
		memmove(&p[1], &p[0], (q->n - 1) * sizeof(*p));
		p[0] = swap;
		break;
	case 3: /* one bit: a checksum always sees it; two can cancel each other */
		w->forged |= p->flipped;
		p->flipped = true;
		bit %= p->len * 8;
		p->b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		break;
	case 4: /* a byte, and nobody can see it */
		p->b[bit % p->len] ^= next(w);
		mend_ip(p->b, p->len);
		w->forged = true;
		break;
	}
}

/* A packet out of nothing. */
static void
forge(struct world *w, int from)
{
	uint8_t b[256];
	size_t n = next(w);

	for (size_t i = 0; i < n; i++)
		b[i] = next(w);
	mend_ip(b, n);
	put(w, from, b, n);
	w->forged = true;
}

/* ---- calls -------------------------------------------------------------- */

static void
note(struct world *w, struct side *d, sw_conn c)
{
	struct sw_status st = {.bytes = sizeof(st)};

	if (sw_status(d->s, c, &st))
		return;
	for (int i = 0; i < CONNS; i++) {
		if (d->conn[i].c && !d->conn[i].gone)
			continue;
		d->conn[i] = (struct conn){.c = c};
		d->conn[i].local = st.local.port;
		d->conn[i].remote = st.remote.port;
		return;
	}
	sw_abort(d->s, w->now, c);
}

static void
listen(struct world *w, int i, bool on, unsigned how)
{
	struct side *d = &w->side[i];
	struct sw_endpoint any = {.port = PORT};

	if (on && !d->listener && sw_open_passive(d->s, w->now, &any, 3, &d->listener))
		d->listener = 0;
	if (on && d->listener)
		check(!sw_set(d->s, w->now, d->listener, SW_OPT_FASTOPEN, how & 3) &&
		      !sw_set(d->s, w->now, d->listener, SW_OPT_HALF_OPENS, how >> 2 & 1));
	if (!on && d->listener) {
		check(!sw_close(d->s, w->now, d->listener));
		d->listener = 0;
	}
}

/* The most that was ever sent in one connection from port to port (or more). */
static uint32_t *
most_sent(struct side *d, uint16_t from, uint16_t to)
{
	return &d->most_sent[(from * 7u + to) % SENTS];
}

static void
send(struct world *w, int i, struct conn *k, uint32_t n)
{
	uint32_t *most = most_sent(&w->side[i], k->local, k->remote);
	uint8_t b[4096];
	ptrdiff_t took;

	if (k->closed || k->gone)
		return;
	for (uint32_t at = 0; at < n; at++)
		b[at] = byte_at(k->local, k->remote, k->sent + at);
	took = sw_send(w->side[i].s, w->now, k->c, b, n, next(w) & 7);
	check(took && took <= (ptrdiff_t)n);
	if (took <= 0)
		return;
	k->sent += (uint32_t)took;
	if (*most < k->sent)
		*most = k->sent;
}

static void
open_active(struct world *w, int i, unsigned how)
{
	struct side *d = &w->side[i];
	struct sw_endpoint local = {host(i, w->v6), (uint16_t)(1000 + how % 4)};
	struct sw_endpoint remote = {host(!i, w->v6), PORT};
	sw_conn c;

	if (how & 4)
		remote.port = (uint16_t)(1000 + (how >> 3) % 4); /* may meet one from there */
	if (sw_open_active(d->s, w->now, how & 128 ? NULL : &local, &remote, &c))
		return;
	if (how & 32) /* data on the SYN, perhaps */
		check(!sw_set(d->s, w->now, c, SW_OPT_FASTOPEN, how & 64 ? 2 : 1));
	note(w, d, c);
	for (int k = 0; k < CONNS && how & 32; k++)
		if (d->conn[k].c == c && !d->conn[k].gone)
			send(w, i, &d->conn[k], 1 + how * 5);
}

static void
receive(struct world *w, int i, struct conn *k, uint32_t n)
{
	uint8_t b[4096];
	ptrdiff_t got;

	if (k->gone || !n)
		return;
	got = sw_receive(w->side[i].s, w->now, k->c, b, n);
	if (got < 0 && got != SW_E_AGAIN)
		k->failed = true;
	for (ptrdiff_t at = 0; at < got; at++, k->received++)
		check(w->forged || b[at] == byte_at(k->remote, k->local, k->received));
	check(w->forged || k->received <= *most_sent(&w->side[!i], k->remote, k->local));
}

static void
part(struct world *w, int i, struct conn *k, unsigned how)
{
	struct sw_stack *s = w->side[i].s;

	if (k->gone)
		return;
	if (how % 8 == 0) {
		sw_abort(s, w->now, k->c);
		k->gone = true;
	} else if (how % 4 == 1) {
		sw_release(s, w->now, k->c);
		k->gone = true;
	} else {
		sw_close(s, w->now, k->c);
		k->closed = true;
	}
}

static void
set(struct world *w, int i, struct conn *k)
{
	unsigned option = next(w);

	if (!k->gone)
		sw_set(w->side[i].s, w->now, k->c, (enum sw_option)(option % 9), next(w) * 32u);
}

/* Events are taken; what waits is accepted. */
static void
look(struct world *w, int i)
{
	struct side *d = &w->side[i];
	struct sw_event e;
	sw_conn c;

	for (int n = 0; sw_event(d->s, &e); n++) {
		check(n < EVENTS_MAX);
		if (e.ready & SW_ACCEPTABLE && !sw_accept(d->s, w->now, e.conn, &c))
			note(w, d, c);
	}
}

/* The stack goes on in another piece of memory. */
static void
move(struct side *d)
{
	void *spare = d->arena[1];
	uint64_t digest = sw_probe_digest(d->s);

	check(!sw_copy(&d->s, spare, arena_bytes, d->s));
	check(sw_probe_digest(d->s) == digest);
	d->arena[1] = d->arena[0];
	d->arena[0] = spare;
}

/* ---- time and truth ----------------------------------------------------- */

static bool
waits(const struct sw_status *st)
{
	switch (st->state) {
	case SW_SYN_SENT:
	case SW_SYN_RECEIVED:
	case SW_FIN_WAIT_1:
	case SW_CLOSING:
	case SW_LAST_ACK:
	case SW_TIME_WAIT:
		return true;
	case SW_ESTABLISHED:
	case SW_CLOSE_WAIT:
		return st->snd_queued > 0;
	default:
		return false;
	}
}

static void
verify(struct world *w, int i)
{
	struct side *d = &w->side[i];
	struct sw_status st = {.bytes = sizeof(st)};

	check(!sw_probe_check(d->s));
	check(!sw_probe_broken(d->s));
	for (int k = 0; k < CONNS; k++) {
		if (!d->conn[k].c || d->conn[k].gone || sw_status(d->s, d->conn[k].c, &st))
			continue;
		if (waits(&st))
			check(sw_deadline(d->s) != SW_NEVER);
	}
}

static void
clock_on(struct world *w, unsigned how)
{
	sw_ns a = sw_deadline(w->side[0].s), b = sw_deadline(w->side[1].s);
	sw_ns first = a < b ? a : b;

	if (how & 128 && first != SW_NEVER)
		w->now = first > w->now ? first : w->now;
	else
		w->now += (sw_ns)(how & 15) << (how >> 4 & 7) * 4;
}

static void
step(struct world *w)
{
	unsigned op = next(w), arg = next(w), i = op >> 7;
	struct conn *k = &w->side[i].conn[arg % CONNS];

	switch (op % 16) {
	case 0: open_active(w, i, arg); break;
	case 1: listen(w, i, arg & 7, arg >> 3); break;
	case 2: send(w, i, k, 1 + arg * 16); break;
	case 3: receive(w, i, k, 16 + arg * 8); break;
	case 4: part(w, i, k, arg / 6); break;
	case 5: set(w, i, k); break;
	case 6: move(&w->side[i]); break;
	case 7: forge(w, i); break;
	case 8: case 9: meddle(w, i, arg); break;
	case 10: clock_on(w, arg); break;
	case 11: look(w, i); break;
	default:
		for (unsigned n = 0; n <= arg % 8; n++)
			deliver(w, i);
	}
	for (int side = 0; side < 2; side++) {
		drain(w, side);
		verify(w, side);
	}
}

/* From now on everybody reads, closes, and nothing is lost. */
static void
end_well(struct world *w, int i)
{
	struct side *d = &w->side[i];

	look(w, i);
	for (int k = 0; k < CONNS; k++) {
		struct conn *c = &d->conn[k];

		if (!c->c || c->gone)
			continue;
		receive(w, i, c, 4096);
		if (!c->closed)
			sw_close(d->s, w->now, c->c);
		c->closed = true;
		if (sw_ready(d->s, c->c) & (SW_ENDED | SW_FAILED)) {
			receive(w, i, c, 4096);
			sw_release(d->s, w->now, c->c);
			c->gone = true;
		}
	}
}

/* In FIN-WAIT-2 for a peer that is no more and whose RST was lost: that is for the
 * application to end. */
static bool
left_alone(const struct world *w, int i, const struct conn *k)
{
	struct sw_status st = {.bytes = sizeof(st)};

	if (sw_status(w->side[i].s, k->c, &st) || st.state != SW_FIN_WAIT_2)
		return false;
	for (int n = 0; n < CONNS; n++) {
		const struct conn *p = &w->side[!i].conn[n];

		if (p->c && !p->gone && p->local == k->remote && p->remote == k->local)
			return false;
	}
	return true;
}

static bool
all_ended(const struct world *w)
{
	for (int k = 0; k < 2 * CONNS; k++) {
		const struct conn *c = &w->side[k & 1].conn[k / 2];

		if (c->c && !c->gone && !left_alone(w, k & 1, c))
			return false;
	}
	return true;
}

static void
finish(struct world *w)
{
	for (int n = 0; n < END_STEPS && !all_ended(w); n++) {
		for (int i = 0; i < 2; i++) {
			while (w->side[i].out.n)
				deliver(w, i);
			end_well(w, i);
			drain(w, i);
			verify(w, i);
		}
		if (!w->side[0].out.n && !w->side[1].out.n)
			clock_on(w, 128);
	}
	check(w->forged || all_ended(w));
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world *w = &world;
	uint8_t how;

	w->data = data;
	w->left = n;
	w->forged = false;
	how = next(w);
	w->v6 = how & 1;
	w->now = (sw_ns)(how >> 4) << 40;
	for (int i = 0; i < 2; i++) {
		struct side *d = &w->side[i];

		check(!sw_copy(&d->s, d->arena[0], arena_bytes, fresh[i][w->v6]));
		d->listener = 0;
		memset(d->conn, 0, sizeof(d->conn));
		memset(d->most_sent, 0, sizeof(d->most_sent));
		d->out.n = 0;
		sw_probe_force_iss(d->s, how & 2, how & 4 ? UINT32_MAX - 100 : INT32_MAX);
		if (how & 8)
			listen(w, i, true, 2);
	}
	for (int i = 0; i < STEPS_MAX && w->left; i++)
		step(w);
	finish(w);
	return 0;
}
