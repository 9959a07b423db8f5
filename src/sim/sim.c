/*
 * sim.c - hosts, virtual time and the loop.
 *
 * Time jumps to the next thing in the calendar (a binary heap ordered by time,
 * then by when it was put there) or to the next deadline of a stack.  Nothing
 * here depends on an address, a clock or a floating-point number.
 */
#include "sim/sim.h"

#include <stdlib.h>
#include <string.h>

uint64_t
sw_sim_random(uint64_t key, uint64_t n)
{
	uint64_t z = key + (n + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* One number more into a hash. */
uint64_t
sim_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x100000001b3u; /* the prime of FNV-1a */
	return hash ^ (hash >> 29);
}

/* Bytes into a hash, eight at a time, the first one lowest. */
uint64_t
sim_mix_bytes(uint64_t hash, const uint8_t *p, uint32_t len)
{
	uint32_t i = 0;

	for (; i + 8 <= len; i += 8) {
		uint64_t lo = (uint32_t)p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 |
			      (uint32_t)p[i + 3] << 24;
		uint64_t hi = (uint32_t)p[i + 4] | (uint32_t)p[i + 5] << 8 |
			      (uint32_t)p[i + 6] << 16 | (uint32_t)p[i + 7] << 24;

		hash = sim_mix(hash, lo | hi << 32);
	}
	for (; i < len; i++)
		hash = sim_mix(hash, p[i]);
	return sim_mix(hash, len);
}

struct sw_sim *
sw_sim_new(uint64_t seed)
{
	struct sw_sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return NULL;
	sim->seed = seed;
	sim->hash = 0xcbf29ce484222325u;
	sim->room = malloc((size_t)SIM_BATCH * SIM_CAP);
	sim->piece = malloc(SIM_CAP);
	if (!sim->room || !sim->piece) {
		sw_sim_free(sim);
		return NULL;
	}
	return sim;
}

void
sw_sim_free(struct sw_sim *sim)
{
	if (!sim)
		return;
	for (size_t i = 0; i < sim->n_events; i++)
		free(sim->heap[i].packet);
	free(sim->heap);
	free(sim->hosts);
	free(sim->room);
	free(sim->piece);
	free(sim);
}

/* ---- hosts and links ---------------------------------------------------- */

int
sw_sim_host(struct sw_sim *sim, struct sw_stack *stack, int iface)
{
	struct sim_host *h;

	if (iface < 0 || iface > UINT16_MAX)
		return SW_E_INVALID;
	h = realloc(sim->hosts, ((size_t)sim->n_hosts + 1) * sizeof(*h));
	if (!h)
		return SW_E_NO_MEMORY;
	sim->hosts = h;
	h += sim->n_hosts;
	memset(h, 0, sizeof(*h));
	h->stack = stack;
	h->iface = iface;
	h->peer = -1;
	return sim->n_hosts++;
}

static struct sim_host *
host_at(const struct sw_sim *sim, int host)
{
	return host >= 0 && host < sim->n_hosts ? &sim->hosts[host] : NULL;
}

int
sw_sim_reboot(struct sw_sim *sim, int host, struct sw_stack *stack)
{
	struct sim_host *h = host_at(sim, host);

	if (!h || !h->stack || !stack)
		return SW_E_INVALID;
	h->stack = stack;
	h->touched = true;
	return SW_OK;
}

int
sw_sim_clock(struct sw_sim *sim, int host, sw_ns grain, sw_ns ahead)
{
	struct sim_host *h = host_at(sim, host);

	if (!h || grain > SW_S || ahead > SW_NEVER / 4)
		return SW_E_INVALID;
	h->grain = grain;
	h->ahead = ahead;
	return SW_OK;
}

/* What a host's clock shows now. */
static sw_ns
clock_shows(const struct sw_sim *sim, const struct sim_host *h)
{
	sw_ns now = sim->now + h->ahead;

	return h->grain ? now - now % h->grain : now;
}

sw_ns
sw_sim_clock_now(const struct sw_sim *sim, int host)
{
	const struct sim_host *h = host_at(sim, host);

	return h ? clock_shows(sim, h) : 0;
}

static bool
path_valid(const struct sw_sim_path *p)
{
	return p && p->bytes == sizeof(*p) && p->queue_bytes <= (uint64_t)1 << 30 &&
	       p->jitter < SW_NEVER / 4 && p->delay < SW_NEVER / 4;
}

int
sw_sim_link(struct sw_sim *sim, int a, int b, const struct sw_sim_path *ab,
	    const struct sw_sim_path *ba)
{
	struct sim_host *ha = host_at(sim, a), *hb = host_at(sim, b);

	if (!ha || !hb || a == b || !path_valid(ab) || !path_valid(ba))
		return SW_E_INVALID;
	if (ha->peer >= 0 || hb->peer >= 0)
		return SW_E_IN_USE;
	ha->peer = b;
	hb->peer = a;
	sim_way_init(&ha->way, sim->seed, a, ab);
	sim_way_init(&hb->way, sim->seed, b, ba);
	return sim->n_links++;
}

int
sw_sim_path(struct sw_sim *sim, int host, const struct sw_sim_path *path)
{
	struct sim_host *h = host_at(sim, host);

	if (!h || h->peer < 0 || !path_valid(path))
		return SW_E_INVALID;
	h->way.path = *path;
	return SW_OK;
}

int
sw_sim_counters(const struct sw_sim *sim, int host, struct sw_sim_counters *c)
{
	const struct sim_host *h = host_at(sim, host);

	if (!h || c->bytes != sizeof(*c))
		return SW_E_INVALID;
	*c = h->way.count;
	c->bytes = sizeof(*c);
	return SW_OK;
}

uint64_t
sw_sim_hash(const struct sw_sim *sim)
{
	return sim->hash;
}

sw_ns
sw_sim_now(const struct sw_sim *sim)
{
	return sim->now;
}

void
sw_sim_tap(struct sw_sim *sim, void (*tap)(void *, const struct sw_sim_seen *), void *ctx)
{
	sim->tap = tap;
	sim->tap_ctx = ctx;
}

void
sw_sim_filter(struct sw_sim *sim, bool (*filter)(void *, const struct sw_sim_seen *), void *ctx)
{
	sim->filter = filter;
	sim->filter_ctx = ctx;
}

void
sw_sim_trace(struct sw_sim *sim, void (*trace)(void *, int, const struct sw_trace *), void *ctx)
{
	sim->trace = trace;
	sim->trace_ctx = ctx;
}

/* ---- the calendar ------------------------------------------------------- */

static bool
event_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static bool
calendar_grow(struct sw_sim *sim)
{
	size_t cap = sim->cap_events ? sim->cap_events * 2 : 64;
	struct sim_event *heap;

	if (sim->n_events < sim->cap_events)
		return true;
	if (sim->n_events >= SIM_FLIGHT)
		return false;
	heap = realloc(sim->heap, cap * sizeof(*heap));
	if (!heap)
		return false;
	sim->heap = heap;
	sim->cap_events = cap;
	return true;
}

bool
sim_event_add(struct sw_sim *sim, sw_ns at, enum sim_due due, struct sim_packet *packet)
{
	struct sim_event e = {at, sim->order++, due, packet};
	size_t i;

	if (!calendar_grow(sim)) {
		free(packet);
		return false;
	}
	for (i = sim->n_events++; i > 0; i = (i - 1) / 2) {
		if (!event_before(&e, &sim->heap[(i - 1) / 2]))
			break;
		sim->heap[i] = sim->heap[(i - 1) / 2];
	}
	sim->heap[i] = e;
	return true;
}

/* Takes the first one out. */
static struct sim_event
calendar_take(struct sw_sim *sim)
{
	struct sim_event first = sim->heap[0];
	struct sim_event e = sim->heap[--sim->n_events];
	size_t i = 0, n = sim->n_events;

	while (2 * i + 1 < n) {
		size_t child = 2 * i + 1;

		if (child + 1 < n && event_before(&sim->heap[child + 1], &sim->heap[child]))
			child++;
		if (!event_before(&sim->heap[child], &e))
			break;
		sim->heap[i] = sim->heap[child];
		i = child;
	}
	if (n > 0)
		sim->heap[i] = e;
	return first;
}

/* ---- packets ------------------------------------------------------------ */

struct sim_packet *
sim_packet_new(struct sw_sim *sim, int from, const uint8_t *data, uint32_t len)
{
	struct sim_packet *p = malloc(sizeof(*p) + len);

	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->id = ++sim->last_id;
	p->from = from;
	p->to = from >= 0 ? sim->hosts[from].peer : -1;
	p->len = len;
	memcpy(p->data, data, len);
	return p;
}

void
sim_tell(struct sw_sim *sim, enum sw_sim_moment moment, const struct sim_packet *p, sw_ns arrives)
{
	struct sw_sim_seen seen = {
	    .at = sim->now,
	    .moment = moment,
	    .from = p->from,
	    .to = p->to,
	    .id = p->id,
	    .number = p->number,
	    .fate = p->fate,
	    .arrives = arrives,
	    .data = p->data,
	    .len = p->len,
	};
	uint64_t h = sim_mix(sim->hash, sim->now);

	h = sim_mix(h, (uint64_t)moment << 56 | (uint64_t)p->fate << 40 | p->id);
	if (moment == SW_SIM_SENT || (p->fate & SW_SIM_CORRUPTED))
		h = sim_mix_bytes(h, p->data, p->len);
	sim->hash = h;
	if (sim->tap)
		sim->tap(sim->tap_ctx, &seen);
}

/* Puts a packet that nobody's stack sent on the wire to `to`. */
static int
put_foreign(struct sw_sim *sim, int to, sw_ns delay, const uint8_t *data, uint32_t len)
{
	struct sim_packet *p = sim_packet_new(sim, -1, data, len);
	sw_ns at = delay < SW_NEVER - sim->now ? sim->now + delay : SW_NEVER - 1;

	if (!p)
		return SW_E_NO_MEMORY;
	p->from = sim->hosts[to].peer;
	p->to = to;
	p->fate = SW_SIM_INJECTED;
	sim_tell(sim, SW_SIM_SENT, p, at);
	return sim_event_add(sim, at, SIM_DELIVER, p) ? SW_OK : SW_E_NO_MEMORY;
}

void
sim_answer(struct sw_sim *sim, int to, sw_ns delay, const uint8_t *data, uint32_t len)
{
	if (put_foreign(sim, to, delay, data, len) < 0)
		sim->hosts[to].way.count.no_memory++;
}

int
sw_sim_inject(struct sw_sim *sim, int host, sw_ns delay, const void *packet, uint32_t len)
{
	if (!host_at(sim, host) || len == 0 || len > 65535 + 40)
		return SW_E_INVALID;
	return put_foreign(sim, host, delay, packet, len);
}

int
sw_sim_offer(struct sw_sim *sim, int host, const void *packet, uint32_t len)
{
	struct sim_host *h = host_at(sim, host);

	if (!h || h->stack || h->peer < 0 || len == 0 || len > 65535 + 40)
		return SW_E_INVALID;
	sim_way_offer(sim, host, packet, len);
	return SW_OK;
}

int
sw_sim_transmit(struct sw_sim *sim, int host, const struct sw_packet *p)
{
	struct sim_host *h = host_at(sim, host);

	if (!h || h->stack || h->peer < 0 || p->len == 0 || p->len > 65535 + 40)
		return SW_E_INVALID;
	sim_way_send(sim, host, p);
	return SW_OK;
}

/* ---- traces ------------------------------------------------------------- */

static uint64_t
mix_endpoint(uint64_t h, const struct sw_endpoint *e)
{
	return sim_mix(sim_mix_bytes(h, e->addr.b, sizeof(e->addr.b)), e->port);
}

/* Every field of a trace event into the hash, by value. */
static uint64_t
mix_trace(uint64_t h, const struct sw_trace *t)
{
	h = sim_mix(h, t->at);
	h = sim_mix(h, (uint64_t)t->kind | (uint64_t)t->from << 8 | (uint64_t)t->to << 16 |
			   (uint64_t)t->cause << 24 | (uint64_t)t->verdict << 32 |
			   (uint64_t)t->timer << 40 | (uint64_t)t->retransmission << 48);
	h = mix_endpoint(mix_endpoint(h, &t->local), &t->remote);
	h = sim_mix(h, (uint64_t)t->seq << 32 | t->ack);
	h = sim_mix(h, (uint64_t)t->len << 32 | t->wnd);
	h = sim_mix(h, (uint64_t)t->up | (uint64_t)t->seg_size << 16 | (uint64_t)t->ctl << 32 |
			   (uint64_t)t->has << 40 | (uint64_t)t->wscale << 48 |
			   (uint64_t)t->sacks << 56);
	h = sim_mix(h, t->mss);
	h = sim_mix(h, (uint64_t)t->tsval << 32 | t->tsecr);
	for (unsigned i = 0; i < t->sacks && i < 4; i++)
		h = sim_mix(h, (uint64_t)t->sack[i][0] << 32 | t->sack[i][1]);
	return h;
}

/* Takes what a stack has to tell. */
static void
drain(struct sw_sim *sim, int host)
{
	struct sw_stack *stack = sim->hosts[host].stack;
	struct sw_trace t;

	while (stack && sw_trace(stack, &t)) {
		sim->hash = mix_trace(sim->hash, &t);
		if (sim->trace)
			sim->trace(sim->trace_ctx, host, &t);
	}
}

void
sw_sim_drain(struct sw_sim *sim)
{
	for (int i = 0; i < sim->n_hosts; i++)
		drain(sim, i);
}

/* ---- the loop ----------------------------------------------------------- */

/* When a host wants to be asked, in the simulator's time: when its clock will show
 * it.  One without a stack never does. */
static sw_ns
host_deadline(const struct sim_host *h)
{
	sw_ns due = h->stack ? sw_deadline(h->stack) : SW_NEVER;

	if (due >= SW_NEVER - SW_S)
		return SW_NEVER;
	if (h->grain && due % h->grain)
		due += h->grain - due % h->grain;
	return due > h->ahead ? due - h->ahead : 0;
}

/* All that one host has to send now. */
static void
host_send(struct sw_sim *sim, int host)
{
	struct sw_packet out[SIM_BATCH];
	size_t n = SIM_BATCH;

	for (unsigned rounds = 0; n > 0 && rounds < SIM_FLIGHT; rounds++) {
		struct sim_host *h = &sim->hosts[host];

		for (size_t i = 0; i < SIM_BATCH; i++)
			out[i] =
			    (struct sw_packet){.data = sim->room + i * SIM_CAP, .cap = SIM_CAP};
		n = sw_output(h->stack, clock_shows(sim, h), h->iface, out, SIM_BATCH);
		drain(sim, host);
		for (size_t i = 0; i < n; i++)
			sim_way_send(sim, host, &out[i]);
	}
}

static void
send_all(struct sw_sim *sim)
{
	for (int i = 0; i < sim->n_hosts; i++)
		drain(sim, i);
	for (int i = 0; i < sim->n_hosts; i++) {
		if (!sim->hosts[i].touched && host_deadline(&sim->hosts[i]) > sim->now)
			continue;
		sim->hosts[i].touched = false;
		host_send(sim, i);
	}
}

/* Runs what is due at hosts to which nothing came: their programs see it after this step. */
static void
run_timers(struct sw_sim *sim)
{
	for (int i = 0; i < sim->n_hosts; i++)
		if (!sim->hosts[i].touched && host_deadline(&sim->hosts[i]) <= sim->now)
			host_send(sim, i);
}

/* The next instant of anything, at least `floor` for the stacks. */
static sw_ns
next_instant(const struct sw_sim *sim, sw_ns floor)
{
	sw_ns next = sim->n_events ? sim->heap[0].at : SW_NEVER;

	for (int i = 0; i < sim->n_hosts; i++) {
		sw_ns due = host_deadline(&sim->hosts[i]);

		if (due < floor)
			due = floor;
		if (due < next)
			next = due;
	}
	return next;
}

sw_ns
sw_sim_next(const struct sw_sim *sim)
{
	sw_ns next = next_instant(sim, sim->now);

	return next < sim->now ? sim->now : next;
}

/* A packet reaches its host. */
static void
deliver(struct sw_sim *sim, struct sim_packet *p)
{
	struct sim_host *h = &sim->hosts[p->to];
	struct sw_packet in = {.data = p->data, .len = p->len, .cap = p->len};

	if (p->from >= 0 && !(p->fate & SW_SIM_INJECTED)) {
		sim->hosts[p->from].way.count.delivered++;
		sim->hosts[p->from].way.count.delivered_bytes += p->len;
	}
	sim_tell(sim, SW_SIM_ARRIVED, p, sim->now);
	if (h->stack) {
		in.iface = (uint16_t)h->iface;
		h->touched = true;
		sw_input(h->stack, clock_shows(sim, h), &in, 1);
		drain(sim, p->to);
	}
	free(p);
}

bool
sw_sim_step(struct sw_sim *sim, sw_ns until)
{
	sw_ns next;

	send_all(sim);
	/* a stack that has just been asked is not asked again at the same instant */
	next = next_instant(sim, sim->now + SW_US);
	if (next == SW_NEVER || next > until) {
		if (until != SW_NEVER && until > sim->now)
			sim->now = until;
		return false;
	}
	if (next > sim->now)
		sim->now = next;
	while (sim->n_events && sim->heap[0].at <= sim->now) {
		struct sim_event e = calendar_take(sim);

		if (e.due == SIM_OFFER)
			sim_way_queue(sim, e.packet);
		else
			deliver(sim, e.packet);
	}
	run_timers(sim);
	return true;
}

void
sw_sim_run(struct sw_sim *sim, sw_ns until)
{
	while (sw_sim_step(sim, until))
		;
}
