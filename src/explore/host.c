/*
 * host.c - what an event does to a host: found out by running the core, kept, and
 * known the next time.
 *
 * Two states of a host are the same when the core's hash without time and names, and
 * what the application knows, are the same (with `plain': when every byte is).  That
 * an event's outcome is kept loses nothing: the core reads no clock and no chance, so
 * what it does is a function of its state, the event and the time it is told.  A
 * state's clock is the one with which it was first seen: the core asks for nothing but
 * distances of time, so long as no timestamps are sent; where they are (`wrapped'),
 * the clock is a part of the state.
 *
 * What a host has to say it says at once.
 */
#include "explore/host.h"

#include <stdlib.h>
#include <string.h>

enum { MTU = 1500, PREFIX = 64, CTL_AT = 40 + 13, BLOCK = 8 /* words compared at once */ };

/* A state that was seen; what differs from the first one stands at `at`. */
struct known {
	uint64_t digest;
	uint64_t at;
	struct seen seen;
};

/* The first property that fails is the one that is told. */
bool
host_fails(struct host *h, const char *why)
{
	if (h->wrong == NULL)
		h->wrong = why;
	return false;
}

/* The smallest stack, and times that keep the tree small: MSL is 30 s. */
static void
host_config(const struct rules *r, struct sw_config *c)
{
	r->core->config_minimal(c);
	c->timestamps = r->wrapped;
	c->msl = 30 * SW_S;
	c->fin_wait_2 = 0;
	c->snd_buf = c->rcv_buf = 256;
	c->chunks = 6;
	c->chunk_bytes = 128;
	c->records = 4;
	c->runs = 2;
}

/* A host that knows its address and nothing else. */
static bool
host_begin(struct host *h, void *arena, size_t *bytes)
{
	const struct explore_core *core = h->rules->core;
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = MTU};
	struct sw_addr addr = {{0xfd}};
	struct sw_config c;

	host_config(h->rules, &c);
	*bytes = core->stack_bytes(&c);
	memset(&h->app, 0, sizeof(h->app));
	memset(arena, 0, ARENA_MAX);
	h->app.now = 1000 * SW_S;
	h->wrong = NULL;
	h->wrong_line = 0;
	addr.b[15] = (uint8_t)(h->side + 1);
	return core->stack_init(&h->stack, &c, arena, ARENA_MAX) == SW_OK &&
	       core->iface_add(h->stack, &iface) == 0 &&
	       core->address_add(h->stack, 0, &addr, PREFIX) == SW_OK;
}

/* An arena and its application; a whole number of what it is aligned to. */
enum { FIRST_MAX = (ARENA_MAX + sizeof(struct app) + 63) / 64 * 64 };

/* Two hosts that know their addresses and nothing else; false: no memory. */
bool
hosts_begin(struct hosts *hs, const struct rules *r, struct memory *m)
{
	memset(hs, 0, sizeof(*hs));
	hs->memory = m;
	hs->packed.memory = hs->outs.memory = m;
	bag_begin(&hs->segments, m, sizeof(struct segment), sizeof(struct segment));
	bag_begin(&hs->waits, m, sizeof(sw_ns), sizeof(sw_ns));
	for (int side = 0; side < 2; side++) {
		bag_begin(&hs->known[side], m, sizeof(struct known), sizeof(uint64_t));
		bag_begin(&hs->steps[side], m, sizeof(struct step), 2 * sizeof(uint32_t));
		hs->arena[side] = aligned_alloc(64, ARENA_MAX);
		hs->first[side] = aligned_alloc(64, FIRST_MAX);
		hs->loaded[side] = BAG_NONE;
		hs->host[side].rules = r;
		hs->host[side].side = side;
		if (hs->arena[side] == NULL || hs->first[side] == NULL ||
		    !host_begin(&hs->host[side], hs->arena[side], &hs->arena_bytes))
			return false;
	}
	return true;
}

void
hosts_end(struct hosts *hs)
{
	bag_end(&hs->segments);
	bag_end(&hs->waits);
	for (int side = 0; side < 2; side++) {
		bag_end(&hs->known[side]);
		bag_end(&hs->steps[side]);
		free(hs->arena[side]);
		free(hs->first[side]);
	}
	heap_end(&hs->packed);
	heap_end(&hs->outs);
}

/* ---- a state as words ------------------------------------------------------ */

static uint32_t
arena_words(const struct hosts *hs)
{
	return (uint32_t)(hs->arena_bytes + 7) / 8;
}

/* The words that differ, as runs: place << 32 | how many, then they. */
static size_t
pack(uint64_t *to, const uint64_t *from, const uint64_t *first, uint32_t words)
{
	const size_t block = BLOCK * sizeof(*from);
	size_t n = 0, head;
	uint32_t i = 0;

	while (i < words) {
		while (i + BLOCK <= words && memcmp(from + i, first + i, block) == 0)
			i += BLOCK;
		if (i == words)
			break;
		if (from[i] == first[i]) {
			i++;
			continue;
		}
		head = n++;
		to[head] = (uint64_t)i << 32;
		for (; i < words && from[i] != first[i]; i++, to[head]++)
			to[n++] = from[i];
	}
	to[n++] = UINT64_MAX;
	return n;
}

/* Keeps the state that lies in the arena; false: no memory. */
static bool
state_put(struct hosts *hs, int side)
{
	uint32_t words = arena_words(hs), app = sizeof(struct app) / 8;
	uint64_t *to = heap_room(&hs->packed, 2 * (size_t)words + app + 1);

	if (to == NULL)
		return false;
	memcpy(to, &hs->host[side].app, sizeof(struct app));
	hs->packed.n += app + pack(to + app, hs->arena[side], hs->first[side], words);
	return true;
}

/* Brings a state back into the arena. */
static void
state_get(struct hosts *hs, int side, uint32_t state)
{
	const struct known *k = bag_at(&hs->known[side], state);
	const uint64_t *w = hs->packed.words + k->at;
	uint64_t *to = hs->arena[side];

	memcpy(&hs->host[side].app, w, sizeof(struct app));
	memcpy(to, hs->first[side], arena_words(hs) * sizeof(*to));
	for (w += sizeof(struct app) / 8; *w != UINT64_MAX; w += 1 + (uint32_t)*w)
		memcpy(to + (*w >> 32), w + 1, (uint32_t)*w * sizeof(*w));
}

/* Two states with the same number behave alike from now on. */
static uint64_t
state_digest(const struct hosts *hs, int side)
{
	const struct host *h = &hs->host[side];
	const struct app *a = &h->app;
	uint64_t d = (uint64_t)a->iss << 32 | a->irs;

	d = stir(d, (uint64_t)(a->conn != 0) << 33 | (uint64_t)(a->listener != 0) << 32 |
			(uint32_t)a->done << 24 | (uint32_t)a->rounds << 16 |
			(uint32_t)a->got << 8 | (uint8_t)a->error);
	if (h->rules->plain) {
		for (uint32_t i = 0; i < arena_words(hs); i++)
			d = stir(d, hs->arena[side][i]);
		return stir(stir(d, a->now), stir(a->conn, a->listener));
	}
	if (h->rules->wrapped)
		d = stir(d, a->now);
	return stir(d, h->rules->core->probe_digest_still(h->stack));
}

/* ---- what can be seen of it ------------------------------------------------ */

/* The state of its connection as far as anybody can see it. */
static uint8_t
state_shown(const struct host *h, uint8_t left)
{
	struct sw_status s = {.bytes = sizeof(s)};

	if (h->app.conn && h->rules->core->status(h->stack, h->app.conn, &s) == SW_OK)
		return (uint8_t)s.state;
	if (left & LEFT_TIME_WAIT)
		return SW_TIME_WAIT;
	if (left & LEFT_HALF)
		return SW_SYN_RECEIVED;
	if (left & LEFT_CONN)
		return STATE_RELEASED;
	return h->app.listener ? SW_LISTEN : SW_CLOSED;
}

static struct seen
host_seen(const struct host *h)
{
	const struct app *a = &h->app;
	struct sw_counters c = {.bytes = sizeof(c)};
	sw_ns deadline = h->rules->core->deadline(h->stack);
	struct seen s = {.wait = SW_NEVER, .iss = a->iss, .irs = a->irs, .done = a->done};

	if (deadline != SW_NEVER)
		s.wait = deadline > a->now ? deadline - a->now : 0;
	s.rounds = a->rounds;
	s.got = a->got;
	s.error = a->error;
	s.conn = a->conn != 0;
	s.listener = a->listener != 0;
	s.close_waits = close_waits(h);
	h->rules->core->counters(h->stack, &c);
	s.left = (c.pool_used[SW_POOL_HALF_OPENS] ? LEFT_HALF : 0) |
		 (c.pool_used[SW_POOL_CONNS] ? LEFT_CONN : 0) |
		 (c.pool_used[SW_POOL_TIME_WAITS] ? LEFT_TIME_WAIT : 0);
	s.state = state_shown(h, s.left);
	for (int i = 0; i < N_CALLS; i++)
		s.calls |= (uint8_t)(call_allowed(h, (enum call)i) << i);
	return s;
}

const struct seen *
hosts_seen(const struct hosts *hs, int side, uint32_t state)
{
	return &((const struct known *)bag_at(&hs->known[side], state))->seen;
}

const struct segment *
hosts_segment(const struct hosts *hs, uint32_t number)
{
	return bag_at(&hs->segments, number);
}

/* The number of a time to pass; BAG_NONE: full. */
uint32_t
hosts_wait(struct hosts *hs, sw_ns wait)
{
	bool fresh;

	return bag_put(&hs->waits, &wait, &fresh);
}

/* ---- events ---------------------------------------------------------------- */

/* The number of the state that lies in the arena; BAG_NONE: no memory. */
static uint32_t
state_number(struct hosts *hs, int side)
{
	struct known k = {.digest = state_digest(hs, side), .at = hs->packed.n}, *kept;
	uint32_t i;
	bool fresh;

	i = bag_put(&hs->known[side], &k, &fresh);
	if (i == BAG_NONE || !fresh)
		return i;
	kept = bag_at(&hs->known[side], i);
	kept->seen = host_seen(&hs->host[side]);
	hs->loaded[side] = i;
	return state_put(hs, side) ? i : BAG_NONE;
}

/* The number of the state in which both begin. */
uint32_t
hosts_first(struct hosts *hs, int side)
{
	memcpy(hs->first[side], hs->arena[side], ARENA_MAX);
	return state_number(hs, side);
}

/* All that a host has to say: their numbers go behind the others. */
static void
host_drain(struct hosts *hs, int side, uint32_t *outs)
{
	struct host *h = &hs->host[side];
	uint8_t bytes[MTU];
	struct sw_packet p = {.data = bytes, .cap = sizeof(bytes)};
	struct segment s;
	uint64_t *to;
	uint32_t number;
	bool fresh;

	for (; h->rules->core->output(h->stack, h->app.now, 0, &p, 1) == 1; p.len = 0) {
		if (p.len > SEGMENT_MAX || *outs == OUTPUTS_MAX) {
			host_fails(h, "output without end");
			return;
		}
		memset(&s, 0, sizeof(s));
		s.len = (uint16_t)p.len;
		s.to = (uint8_t)!side;
		s.ctl = bytes[CTL_AT];
		memcpy(s.bytes, bytes, p.len);
		number = bag_put(&hs->segments, &s, &fresh);
		to = heap_room(&hs->outs, 1);
		if (number >= UINT16_MAX || to == NULL) {
			hs->memory->full = true;
			return;
		}
		*to = number;
		hs->outs.n++;
		++*outs;
	}
}

/* Who has something unfinished has a deadline. */
static void
check_armed(struct host *h)
{
	const struct explore_core *core = h->rules->core;
	struct sw_status s = {.bytes = sizeof(s)};

	if (h->app.conn == 0 || core->status(h->stack, h->app.conn, &s) != SW_OK)
		return;
	if ((s.state == SW_SYN_SENT || s.state == SW_SYN_RECEIVED || s.state == SW_FIN_WAIT_1 ||
	     s.state == SW_CLOSING || s.state == SW_LAST_ACK || s.state == SW_TIME_WAIT ||
	     s.snd_queued > 0) &&
	    core->deadline(h->stack) == SW_NEVER)
		host_fails(h, "somebody waits, and nothing is armed");
}

/* What the core itself knows must be true. */
static void
check_core(struct host *h)
{
	h->wrong_line = h->rules->core->probe_check(h->stack);
	if (h->wrong_line != 0)
		host_fails(h, "an invariant of the core is broken");
	else if (h->rules->core->probe_broken(h->stack) != 0)
		host_fails(h, "an invariant broke in operation");
}

static uint64_t
resets(const struct host *h)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	h->rules->core->counters(h->stack, &c);
	return c.verdict[SW_V_RESET_BY_PEER];
}

/* The event itself; false: a call was refused. */
static bool
host_event(struct hosts *hs, struct host *h, uint32_t event)
{
	struct segment *s;
	struct sw_packet p = {0};
	uint64_t before;

	switch (event >> 16) {
	case 0:
		s = bag_at(&hs->segments, event);
		p.data = s->bytes;
		p.len = s->len;
		before = resets(h);
		h->rules->core->input(h->stack, h->app.now, &p, 1);
		if (h->rules->no_reset && resets(h) != before)
			host_fails(h, "a reset answers who still waits for the ACK of its close");
		return true;
	case 1:
		return call_make(h, (enum call)(event & 0xffff));
	default:
		h->app.now += *(sw_ns *)bag_at(&hs->waits, event & 0xffff);
		return true;
	}
}

/* Runs the core, looks at every property of one host, keeps what came of it. */
static const struct step *
host_run(struct hosts *hs, int side, struct step *s)
{
	struct host *h = &hs->host[side];
	uint32_t i;
	bool fresh;

	if (hs->loaded[side] != s->from)
		state_get(hs, side, s->from);
	hs->loaded[side] = BAG_NONE;
	h->wrong = NULL;
	s->out_at = hs->outs.n;
	s->to = HOST_REFUSED;
	if (host_event(hs, h, s->event)) {
		host_drain(hs, side, &s->outs);
		app_observe(h);
		host_drain(hs, side, &s->outs);
		check_armed(h);
		check_core(h);
		if (h->wrong == NULL)
			s->to = state_number(hs, side);
	}
	if (h->wrong != NULL || s->to == BAG_NONE)
		return NULL;
	i = bag_put(&hs->steps[side], s, &fresh);
	return i == BAG_NONE ? NULL : bag_at(&hs->steps[side], i);
}

/* What an event makes of a state; NULL: a property failed, or there is no memory. */
const struct step *
hosts_step(struct hosts *hs, int side, uint32_t from, uint32_t event)
{
	struct step s = {.from = from, .event = event};
	uint32_t i = bag_find(&hs->steps[side], &s);

	return i != BAG_NONE ? bag_at(&hs->steps[side], i) : host_run(hs, side, &s);
}
