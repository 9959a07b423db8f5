/*
 * crowd.c - many connections of every kind between two hosts, from one seed.
 *
 * What each does comes from the seed alone: how it is opened (by one end, by both, from
 * LISTEN, at a port where nobody listens), whether something is said, who closes when, or
 * aborts, or gives up early.  The path loses, doubles and reorders.
 */
#include "show/crowd.h"

#include <stdlib.h>
#include <string.h>

#include <synwave/sw_probe.h>
#include <synwave/sw_sim.h>

enum { A, B, SERVER = 80, NOBODY = 81, PORT = 20000 };

enum way {
	WAY_OPEN,	  /* A opens, B's listener takes it */
	WAY_BOTH,	  /* both open */
	WAY_FROM_LISTEN,  /* A waits in LISTEN for B, and opens then */
	WAY_SEND,	  /* the same, and SENDs */
	WAY_LISTEN_CLOSE, /* A waits in LISTEN and goes */
	WAY_EARLY,	  /* A opens and closes before there is an answer */
	WAY_REFUSED,
	N_WAYS
};

struct one { /* a connection */
	enum way way;
	sw_conn conn[2];
	sw_ns start, close[2]; /* when its programs call; 0: done */
	bool says, aborts;
};

struct crowd {
	struct sw_sim *sim;
	void *arena[2];
	struct sw_stack *stack[2];
	struct sw_addr addr[2];
	sw_conn listener;
	struct one one[CROWD];
	uint64_t seed, n;
};

static uint32_t
below(struct crowd *c, uint32_t n)
{
	return (uint32_t)((sw_sim_random(c->seed, 1000 + c->n++) >> 32) % n);
}

/* ---- building ---------------------------------------------------------------- */

static bool
host_begin(struct crowd *c, int host)
{
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = 1500};
	struct sw_config cfg;
	size_t bytes;

	sw_config_init(&cfg);
	cfg.conns = cfg.half_opens = cfg.time_waits = 2 * CROWD;
	cfg.actives = CROWD;
	for (unsigned i = 0; i < 32; i++)
		cfg.secret[i] = (uint8_t)sw_sim_random(c->seed, (uint64_t)host * 32 + i);
	bytes = sw_stack_bytes(&cfg);
	c->arena[host] = bytes ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
	c->addr[host] = sw_addr4(10, 0, 0, (uint8_t)(host + 1));
	return c->arena[host] &&
	       sw_stack_init(&c->stack[host], &cfg, c->arena[host], bytes) == SW_OK &&
	       sw_iface_add(c->stack[host], &iface) == 0 &&
	       sw_address_add(c->stack[host], 0, &c->addr[host], 24) == SW_OK &&
	       sw_sim_host(c->sim, c->stack[host], 0) == host;
}

/* What each will do, and when. */
static void
plan(struct crowd *c)
{
	sw_ns at = 0;

	for (int i = 0; i < CROWD; i++) {
		struct one *o = &c->one[i];
		uint32_t way = below(c, 20);
		bool far = below(c, 4) == 0;

		o->way = way < 10 ? WAY_OPEN : (enum way)(WAY_BOTH + way % (N_WAYS - 1));
		at += SW_MS + below(c, 20) * SW_MS;
		o->start = at;
		o->says = below(c, 2);
		o->aborts = below(c, 12) == 0;
		for (int host = 0; host < 2; host++)
			o->close[host] = at + 1 + below(c, far ? 2000 : 80) * SW_MS;
		if (below(c, 5) == 0)
			o->close[B] = o->close[A]; /* at once */
	}
}

static bool
crowd_begin(struct crowd *c)
{
	struct sw_sim_path path = {.bytes = sizeof(path),
				   .delay = 10 * SW_MS,
				   .loss = 30000,
				   .duplicate = 10000,
				   .reorder = 20000};
	struct sw_endpoint any = {.port = SERVER};

	c->sim = sw_sim_new(c->seed);
	if (!c->sim || !host_begin(c, A) || !host_begin(c, B))
		return false;
	plan(c);
	return sw_sim_link(c->sim, A, B, &path, &path) == SW_OK &&
	       sw_open_passive(c->stack[B], 0, &any, CROWD, &c->listener) == SW_OK;
}

static void
crowd_end(struct crowd *c)
{
	sw_sim_free(c->sim);
	free(c->arena[A]);
	free(c->arena[B]);
	free(c);
}

/* ---- programs ------------------------------------------------------------------ */

static struct sw_endpoint
end_of(const struct crowd *c, int i, int host)
{
	enum way way = c->one[i].way;
	uint16_t port = (uint16_t)(PORT + i);

	if (host == B && (way == WAY_OPEN || way == WAY_EARLY))
		port = SERVER;
	if (host == B && way == WAY_REFUSED)
		port = NOBODY;
	return (struct sw_endpoint){.addr = c->addr[host], .port = port};
}

/* The first calls of a connection's programs. */
static void
begins(struct crowd *c, int i)
{
	struct sw_endpoint a = end_of(c, i, A), b = end_of(c, i, B);
	struct one *o = &c->one[i];
	sw_ns now = sw_sim_now(c->sim);
	bool waits = o->way == WAY_FROM_LISTEN || o->way == WAY_SEND || o->way == WAY_LISTEN_CLOSE;

	if (waits)
		sw_open_passive_from(c->stack[A], now, &a, &b, &o->conn[A]);
	else
		sw_open_active(c->stack[A], now, &a, &b, &o->conn[A]);
	if (o->way == WAY_BOTH)
		sw_open_active(c->stack[B], now, &b, &a, &o->conn[B]);
	else if (o->way == WAY_FROM_LISTEN || o->way == WAY_SEND)
		sw_open_passive_from(c->stack[B], now, &b, &a, &o->conn[B]);
	if (o->way == WAY_FROM_LISTEN)
		sw_open_active(c->stack[A], now, &a, &b, &o->conn[A]);
	if (o->way == WAY_SEND)
		sw_send(c->stack[A], now, o->conn[A], "hello", 5, 0);
	if (o->way == WAY_EARLY || o->way == WAY_LISTEN_CLOSE)
		sw_close(c->stack[A], now, o->conn[A]);
	if (o->says && o->way == WAY_OPEN)
		sw_send(c->stack[A], now, o->conn[A], "hello", 5, 0);
	o->start = 0;
}

static void
closes(struct crowd *c, int i, int host)
{
	struct one *o = &c->one[i];
	sw_ns now = sw_sim_now(c->sim);

	o->close[host] = 0;
	if (!o->conn[host])
		return;
	if (o->aborts && host == A) {
		sw_abort(c->stack[host], now, o->conn[host]);
		o->conn[host] = 0;
	} else {
		sw_close(c->stack[host], now, o->conn[host]);
	}
}

/* Whose connection is it that B's listener has? */
static void
accepts(struct crowd *c)
{
	struct sw_status st = {.bytes = sizeof(st)};
	sw_conn conn;

	while (sw_accept(c->stack[B], sw_sim_now(c->sim), c->listener, &conn) == SW_OK) {
		int i = sw_status(c->stack[B], conn, &st) == SW_OK ? st.remote.port - PORT : -1;

		if (i >= 0 && i < CROWD && !c->one[i].conn[B])
			c->one[i].conn[B] = conn;
		else
			sw_abort(c->stack[B], sw_sim_now(c->sim), conn);
	}
}

/* Reads what there is, and lets go what has ended. */
static void
tends(struct crowd *c, int i, int host)
{
	struct one *o = &c->one[i];
	sw_ns now = sw_sim_now(c->sim);
	unsigned ready = sw_ready(c->stack[host], o->conn[host]);
	char room[64];

	while (sw_receive(c->stack[host], now, o->conn[host], room, sizeof(room)) > 0)
		;
	if ((ready & SW_OPENED) && (ready & SW_PEER_CLOSED) && o->close[host] == 0)
		sw_close(c->stack[host], now, o->conn[host]);
	if (ready & (SW_ENDED | SW_FAILED)) {
		sw_release(c->stack[host], now, o->conn[host]);
		o->conn[host] = 0;
	}
}

/* All that is due now; when the next thing is. */
static sw_ns
programs(struct crowd *c)
{
	sw_ns now = sw_sim_now(c->sim), next = SW_NEVER;

	accepts(c);
	for (int i = 0; i < CROWD; i++) {
		struct one *o = &c->one[i];

		if (o->start && o->start <= now)
			begins(c, i);
		for (int host = 0; host < 2; host++) {
			if (!o->start && o->close[host] && o->close[host] <= now)
				closes(c, i, host);
			if (o->conn[host])
				tends(c, i, host);
			if (o->close[host] && o->close[host] < next)
				next = o->close[host];
		}
		if (o->start && o->start < next)
			next = o->start;
	}
	return next;
}

/* Who still waits when nothing more will come (a RST was lost) lets go; is there one? */
static bool
gives_up(struct crowd *c)
{
	bool any = false;

	for (int i = 0; i < CROWD; i++)
		for (int host = 0; host < 2; host++)
			if (c->one[i].conn[host]) {
				sw_release(c->stack[host], sw_sim_now(c->sim),
					   c->one[i].conn[host]);
				c->one[i].conn[host] = 0;
				any = true;
			}
	return any;
}

bool
crowd_run(uint64_t seed, uint64_t count[CROWD_EDGES])
{
	struct crowd *c = calloc(1, sizeof(*c));
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);
	sw_ns next = 0;

	if (!c)
		return false;
	c->seed = seed;
	if (!crowd_begin(c)) {
		crowd_end(c);
		return false;
	}
	while (sw_sim_step(c->sim, next) || next != SW_NEVER || gives_up(c))
		next = programs(c);
	for (size_t i = 0; i < n && i < CROWD_EDGES; i++)
		for (int host = 0; host < 2; host++)
			count[i] += sw_probe_edge_count(c->stack[host], i);
	crowd_end(c);
	return true;
}
