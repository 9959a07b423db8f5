/*
 * world.c - one state of the exploration, and the moves of network and clock.
 *
 * What a host has to say it says at once, so that all that waits stands in flight.
 * Time goes on when nothing is in flight, to the next deadline of either host: so
 * whatever is on its way arrives, or is lost, before a timer of the core fires.
 * Old segments may come later than that, within one MSL, where the rules allow it.
 */
#include "explore/world.h"

#include <string.h>

enum { OUTPUTS_MAX = 64, MTU = 1500, PREFIX = 64, CTL_AT = 40 + 13 };

/* The first property that fails is the one that is told. */
bool
world_fails(struct here *h, const char *why)
{
	if (h->wrong == NULL)
		h->wrong = why;
	return false;
}

/* The smallest stack, and times that keep the tree small: MSL is 30 s. */
static void
world_config(const struct rules *r, struct sw_config *c)
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

/* Two hosts that know their addresses and nothing else. */
bool
world_begin(struct here *h, const struct rules *r, void *arenas[2])
{
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = MTU};
	struct sw_addr addr = {{0xfd}};
	struct sw_config c;

	memset(&h->w, 0, sizeof(h->w));
	h->rules = r;
	h->wrong = NULL;
	h->w.now = 1000 * SW_S;
	h->w.loss = r->loss;
	h->w.dup = r->dup;
	world_config(r, &c);
	h->arena_bytes = r->core->stack_bytes(&c);
	for (int side = 0; side < 2; side++) {
		memset(arenas[side], 0, ARENA_MAX);
		addr.b[15] = (uint8_t)(side + 1);
		if (r->core->stack_init(&h->stack[side], &c, arenas[side], ARENA_MAX) != SW_OK ||
		    r->core->iface_add(h->stack[side], &iface) != 0 ||
		    r->core->address_add(h->stack[side], 0, &addr, PREFIX) != SW_OK)
			return false;
	}
	return true;
}

/* The number of a segment: the same bytes have the same. */
static uint32_t
segment_number(struct here *h, const uint8_t *bytes, uint32_t len)
{
	struct segment *s = h->segments;
	uint32_t i = 0;

	if (len > SEGMENT_MAX)
		return UINT16_MAX;
	while (i < h->n_segments && (s[i].len != len || memcmp(s[i].bytes, bytes, len) != 0))
		i++;
	if (i == h->n_segments && i < UINT16_MAX) {
		s[i].len = (uint8_t)len;
		memcpy(s[i].bytes, bytes, len);
		h->n_segments++;
	}
	return i;
}

/* One that went: the network may bring it again for an MSL. */
static void
old_keep(struct here *h, int to, uint16_t number)
{
	struct world *w = &h->w;
	int i = 0;

	while (i < w->olds && (w->old[i] < number || (w->old[i] == number && w->old_to[i] < to)))
		i++;
	if (i < w->olds && w->old[i] == number && w->old_to[i] == to) {
		w->old_at[i] = w->now;
		return;
	}
	if (w->olds == OLD_MAX) {
		world_fails(h, "more different segments than the explorer can keep");
		return;
	}
	for (int k = w->olds++; k > i; k--) {
		w->old[k] = w->old[k - 1];
		w->old_at[k] = w->old_at[k - 1];
		w->old_to[k] = w->old_to[k - 1];
	}
	w->old[i] = number;
	w->old_at[i] = w->now;
	w->old_to[i] = (uint8_t)to;
}

/* Into flight: in order of sending, or where any order may be, in order of number. */
static void
flight_add(struct here *h, int to, uint16_t number)
{
	struct world *w = &h->w;
	int i = w->flights[to];

	if (i == FLIGHT_MAX) {
		world_fails(h, "segments without end: an answer to an answer for ever");
		return;
	}
	w->flights[to]++;
	for (; h->rules->reorder && i > 0 && w->flight[to][i - 1] > number; i--)
		w->flight[to][i] = w->flight[to][i - 1];
	w->flight[to][i] = number;
}

static void
flight_take(struct world *w, int to, int i)
{
	w->flights[to]--;
	memmove(&w->flight[to][i], &w->flight[to][i + 1],
		(size_t)(w->flights[to] - i) * sizeof(w->flight[to][0]));
	w->flight[to][w->flights[to]] = 0;
}

/* All that a host has to say. */
static void
world_drain(struct here *h, int side)
{
	uint8_t bytes[MTU];
	struct sw_packet p = {.data = bytes, .cap = sizeof(bytes)};
	uint32_t number;

	for (int n = 0; h->rules->core->output(h->stack[side], h->w.now, 0, &p, 1) == 1; n++) {
		number = segment_number(h, bytes, p.len);
		if (number == UINT16_MAX || n == OUTPUTS_MAX) {
			world_fails(h, "output without end");
			return;
		}
		flight_add(h, !side, (uint16_t)number);
		if (h->rules->replay && !(h->rules->wrapped && (bytes[CTL_AT] & SW_SYN)))
			old_keep(h, !side, (uint16_t)number);
		p.len = 0;
	}
}

static sw_ns
world_deadline(const struct here *h)
{
	sw_ns a = h->rules->core->deadline(h->stack[0]), b = h->rules->core->deadline(h->stack[1]);

	return a < b ? a : b;
}

/* Who has something unfinished has a deadline, or it stands in flight. */
static void
check_armed(struct here *h)
{
	const struct explore_core *core = h->rules->core;
	struct sw_status s = {.bytes = sizeof(s)};

	for (int side = 0; side < 2; side++) {
		sw_conn conn = h->w.app[side].conn;

		if (conn == 0 || core->status(h->stack[side], conn, &s) != SW_OK)
			continue;
		if ((s.state == SW_SYN_SENT || s.state == SW_SYN_RECEIVED ||
		     s.state == SW_FIN_WAIT_1 || s.state == SW_CLOSING || s.state == SW_LAST_ACK ||
		     s.state == SW_TIME_WAIT || s.snd_queued > 0) &&
		    core->deadline(h->stack[side]) == SW_NEVER && s.state != SW_CLOSED)
			world_fails(h, "somebody waits, and nothing is armed");
	}
}

/* What the core itself knows must be true. */
static void
check_core(struct here *h)
{
	const struct explore_core *core = h->rules->core;

	for (int side = 0; side < 2 && h->wrong == NULL; side++) {
		h->wrong_line = core->probe_check(h->stack[side]);
		if (h->wrong_line != 0)
			world_fails(h, "an invariant of the core is broken");
		else if (core->probe_broken(h->stack[side]) != 0)
			world_fails(h, "an invariant broke in operation");
	}
}

static uint64_t
resets(const struct here *h, int side)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	h->rules->core->counters(h->stack[side], &c);
	return c.verdict[SW_V_RESET_BY_PEER];
}

/* A segment arrives. */
static void
world_deliver(struct here *h, int side, uint16_t number)
{
	struct segment *s = &h->segments[number];
	struct sw_packet p = {.data = s->bytes, .len = s->len};
	uint64_t before = h->rules->no_reset ? resets(h, side) : 0;

	h->rules->core->input(h->stack[side], h->w.now, &p, 1);
	if (h->rules->no_reset && resets(h, side) != before)
		world_fails(h, "a reset answers who still waits for the ACK of its close");
	world_drain(h, side);
}

/* One, or with LOSE_ALL all that are in flight. */
static void
world_lose(struct world *w, int side, int i)
{
	if (side != LOSE_ALL) {
		w->loss--;
		flight_take(w, side, i);
		return;
	}
	w->loss = (uint8_t)(w->loss - w->flights[0] - w->flights[1]);
	memset(w->flight, 0, sizeof(w->flight));
	w->flights[0] = w->flights[1] = 0;
}

/* To the next deadline; what has lived for an MSL comes no more. */
static void
world_wait(struct here *h)
{
	struct world *w = &h->w;
	sw_ns at = world_deadline(h);
	uint16_t n = 0;

	w->now = at > w->now ? at : w->now;
	for (uint16_t i = 0; i < w->olds; i++) {
		if (w->now - w->old_at[i] > 30 * SW_S)
			continue;
		w->old[n] = w->old[i];
		w->old_at[n] = w->old_at[i];
		w->old_to[n++] = w->old_to[i];
	}
	w->olds = n;
	world_drain(h, 0);
	world_drain(h, 1);
}

/* Makes the move, and looks at every property. */
bool
world_move(struct here *h, move m)
{
	int side = MOVE_SIDE(m), i = MOVE_INDEX(m);
	struct world *w = &h->w;
	uint16_t number;

	switch (MOVE_KIND(m)) {
	case MOVE_DELIVER:
		number = w->flight[side][i];
		flight_take(w, side, i);
		world_deliver(h, side, number);
		break;
	case MOVE_LOSE:
		world_lose(w, side, i);
		break;
	case MOVE_DUP:
		w->dup--;
		world_deliver(h, side, w->flight[side][i]);
		break;
	case MOVE_REPLAY:
		w->dup--;
		world_deliver(h, side, w->old[i]);
		break;
	case MOVE_CALL:
		if (!call_make(h, side, (enum call)i))
			return false;
		world_drain(h, side);
		break;
	case MOVE_TIME:
		world_wait(h);
		break;
	}
	world_observe(h);
	world_drain(h, 0);
	world_drain(h, 1);
	check_armed(h);
	check_core(h);
	return h->wrong == NULL;
}

static int
moves_of_flight(const struct here *h, int side, move *list)
{
	const struct world *w = &h->w;
	int n = 0;

	for (int i = 0; i < w->flights[side] && (i == 0 || h->rules->reorder); i++) {
		if (i > 0 && w->flight[side][i] == w->flight[side][i - 1])
			continue;
		list[n++] = MOVE(MOVE_DELIVER, side, i);
		if (w->loss > 0 && !h->rules->reorder)
			list[n++] = MOVE(MOVE_LOSE, side, i);
		if (w->dup > 0)
			list[n++] = MOVE(MOVE_DUP, side, i);
	}
	return n;
}

/* Every move from here. */
int
world_moves(const struct here *h, move list[MOVES_MAX])
{
	const struct world *w = &h->w;
	int n = 0;

	for (int side = 0; side < 2; side++) {
		n += moves_of_flight(h, side, list + n);
		for (int c = 0; c < N_CALLS; c++)
			if (call_allowed(h, side, (enum call)c))
				list[n++] = MOVE(MOVE_CALL, side, c);
	}
	for (int i = 0; i < w->olds && w->dup > 0 && h->rules->replay; i++)
		list[n++] = MOVE(MOVE_REPLAY, w->old_to[i], i);
	/* in any order: what will be lost may as well wait until nothing else is in flight */
	if (h->rules->reorder && w->flights[0] + w->flights[1] > 0 &&
	    w->flights[0] + w->flights[1] <= w->loss)
		list[n++] = MOVE(MOVE_LOSE, LOSE_ALL, 0);
	if (w->flights[0] + w->flights[1] == 0 && world_deadline(h) != SW_NEVER)
		list[n++] = MOVE(MOVE_TIME, 0, 0);
	return n;
}

/* The right one's calls first: it listens before the left one opens. */
move
world_next(const struct here *h)
{
	for (int side = 0; side < 2; side++)
		if (h->w.flights[side] > 0)
			return MOVE(MOVE_DELIVER, side, 0);
	for (int c = 0; c < N_CALLS; c++)
		for (int side = 1; side >= 0; side--)
			if (call_allowed(h, side, (enum call)c) &&
			    !(c == CALL_OPEN && world_deadline(h) != SW_NEVER))
				return MOVE(MOVE_CALL, side, c);
	return world_deadline(h) != SW_NEVER ? MOVE(MOVE_TIME, 0, 0) : MOVE_NONE;
}

/* Is this an end as it should be? */
bool
world_is_done(struct here *h)
{
	struct sw_counters c = {.bytes = sizeof(c)};
	const struct app *a = h->w.app;
	bool refused = a[0].error || a[1].error;

	for (int side = 0; side < 2 && !refused; side++) {
		if (a[side].got < 2)
			return world_fails(h, "the end, and not all bytes have come");
		if (h->rules->closes && a[side].conn != 0)
			return world_fails(h, "the end, and a connection is not CLOSED");
	}
	for (int side = 0; side < 2; side++) {
		h->rules->core->counters(h->stack[side], &c);
		if (c.pool_used[SW_POOL_HALF_OPENS] > 0)
			return world_fails(h, "the end, and a SYN-RECEIVED is left");
		if ((h->rules->closes && !refused && c.pool_used[SW_POOL_CONNS] > 0) ||
		    c.pool_used[SW_POOL_TIME_WAITS] > 0)
			return world_fails(h, "the end, and a connection is not CLOSED");
	}
	return true;
}

static uint64_t
stir(uint64_t d, uint64_t v)
{
	d ^= v + 0x9e3779b97f4a7c15 + (d << 6) + (d >> 2);
	d = (d ^ d >> 30) * 0xbf58476d1ce4e5b9;
	d = (d ^ d >> 27) * 0x94d049bb133111eb;
	return d ^ d >> 31;
}

/* Two states with the same number behave alike from now on. */
uint64_t
world_digest(const struct here *h)
{
	const struct world *w = &h->w;
	uint64_t d = (uint64_t)w->loss << 8 | w->dup;

	for (int side = 0; side < 2; side++) {
		const struct app *a = &w->app[side];

		d = stir(d, h->rules->core->probe_digest_still(h->stack[side]));
		d = stir(d, (uint64_t)a->iss << 32 | a->irs);
		d = stir(d, (uint64_t)(a->conn != 0) << 33 | (uint64_t)(a->listener != 0) << 32 |
				(uint32_t)a->done << 24 | (uint32_t)a->rounds << 16 |
				(uint32_t)a->got << 8 | (uint8_t)a->error);
		for (int i = 0; i < w->flights[side]; i++)
			d = stir(d, w->flight[side][i]);
		d = stir(d, w->flights[side]);
	}
	for (int i = 0; i < w->olds && w->dup > 0; i++)
		d = stir(d, (uint64_t)w->old_to[i] << 63 | (uint64_t)w->old[i] << 40 |
				(w->now - w->old_at[i]) / SW_MS);
	return d;
}
