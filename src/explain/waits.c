/*
 * waits.c - how many TIME-WAITs a client has towards one server, and so how many of its
 * ports are taken; and by what TTL an address is known.
 */
#include "explain/work.h"

/* Linux's net.ipv4.ip_local_port_range, 32768 to 60999. */
enum { PORTS = 28232, FEW = 250 };

static struct pair *
find(const struct ex_engine *e, const struct conn *c, uint64_t hash, struct ref *ref)
{
	uint32_t slot = NONE;

	while (ex_table_next(e->pairs, hash, &slot, ref)) {
		struct pair *p = ex_pool_at(&e->pair, ref->index);

		if (sw_addr_same(&p->client.addr, &c->addr[0]) && p->server.port == c->port[1] &&
		    sw_addr_same(&p->server.addr, &c->addr[1]))
			return p;
	}
	return NULL;
}

static uint64_t
pair_hash(const struct ex_engine *e, const struct sw_addr *client, const struct sw_endpoint *server)
{
	return ex_hash_end(e, client, 0) * 3 + ex_hash_end(e, &server->addr, server->port);
}

/* The client's end is in TIME-WAIT. */
uint32_t
ex_pair_enter(struct ex_engine *e, const struct conn *c, const struct ex_conn *said)
{
	struct sw_endpoint server = ex_end_of(c, EX_SERVER);
	uint64_t hash = pair_hash(e, &c->addr[0], &server);
	struct ref ref;
	struct pair *p = find(e, c, hash, &ref);

	if (!p) {
		ref = (struct ref){KIND_CONN, ex_pool_take(&e->pair)};
		p = ex_pool_at(&e->pair, ref.index);
		p->client.addr = c->addr[0];
		p->server = server;
		p->first = said->last;
		p->proof[0] = said->last_frame;
		ex_table_add(e->pairs, hash, ref);
	}
	if (p->total < PAIR_CONNS)
		p->conn[p->total] = (uint32_t)said->id;
	p->total++;
	p->last = said->last;
	p->proof[1] = said->last_frame;
	if (++p->now > p->peak)
		p->peak = p->now;
	return ref.index;
}

static void
pair_judge(struct ex_engine *e, const struct pair *p)
{
	double seconds = (double)(p->last - p->first) / 1e9;
	double rate = seconds > 0 ? p->total / seconds : 0;
	double lasts = rate > 0 ? PORTS / rate : 0;
	bool soon = p->peak >= FEW && lasts > 0 && lasts < 60;
	struct ex_finding f;

	if (p->peak < e->limits.time_wait && !soon)
		return;
	f = ex_find_at(EX_F_TIME_WAIT, EX_CLIENT, &p->client);
	f.peer = p->server;
	f.certainty = p->peak >= e->limits.time_wait ? EX_CERTAIN : EX_LIKELY;
	for (uint32_t i = 0; i < PAIR_CONNS && i < p->total; i++)
		ex_find_conn(&f, p->conn[i]);
	f.count = p->total;
	ex_find_value(&f, EX_M_PEAK, p->peak);
	ex_find_value(&f, EX_M_PER_SECOND, rate);
	ex_find_value(&f, EX_M_PORTS, PORTS);
	if (lasts > 0 && lasts < 60)
		ex_find_seconds(&f, EX_M_LAST, (sw_ns)(lasts * 1e9));
	ex_find_proof(&f, p->proof[0]);
	ex_find_proof(&f, p->proof[1]);
	ex_found_put(e, NULL, &f);
}

/* One TIME-WAIT is over; with the last one its pair goes. */
void
ex_pair_leave(struct ex_engine *e, uint32_t index)
{
	struct pair *p = ex_pool_at(&e->pair, index);
	uint32_t slot = NONE;
	struct ref ref;

	if (--p->now > 0)
		return;
	pair_judge(e, p);
	while (ex_table_next(e->pairs, pair_hash(e, &p->client.addr, &p->server), &slot, &ref)) {
		if (ref.index != index)
			continue;
		ex_table_del(e->pairs, slot);
		ex_pool_give(&e->pair, index);
		return;
	}
}

void
ex_pair_judge(struct ex_engine *e)
{
	uint32_t at = 0;
	struct ref ref;

	while (ex_table_walk(e->pairs, &at, &ref))
		pair_judge(e, ex_pool_at(&e->pair, ref.index));
}

/* ---- hosts ------------------------------------------------------------------------- */

void
ex_host_learn(struct ex_engine *e, const struct sw_addr *addr, uint8_t ttl)
{
	uint64_t hash = ex_hash_host(addr);
	struct host *h = &e->host[hash >> 32 & (HOSTS - 1)];

	h->tag = (uint32_t)hash;
	h->ttl = ttl;
}

uint8_t
ex_host_ttl(const struct ex_engine *e, const struct sw_addr *addr)
{
	uint64_t hash = ex_hash_host(addr);
	const struct host *h = &e->host[hash >> 32 & (HOSTS - 1)];

	return h->tag == (uint32_t)hash ? h->ttl : 0;
}
