/*
 * world.c - one state of the exploration, and the moves of network and clock.
 *
 * What a host has to say it says at once, so that all that waits stands in flight.
 * Time goes on when nothing is in flight, to the next deadline of either host: so
 * whatever is on its way arrives, or is lost, before a timer of the core fires.  What
 * was ever sent may come again at any later time, where the rules allow it.
 */
#include "explore/world.h"

#include <string.h>

/* The first property that fails is the one that is told. */
bool
world_fails(struct here *h, const char *why)
{
	if (h->wrong == NULL)
		h->wrong = why;
	return false;
}

/* The beginning of time: what begins with number 0. */
void
world_first(const struct here *h, struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->loss = h->rules->loss;
	w->dup = h->rules->dup;
}

/* Two hosts that know their addresses and nothing else; false: no memory. */
bool
world_begin(struct here *h, const struct rules *r, struct memory *m)
{
	struct olds none = {0};
	bool fresh;

	h->rules = r;
	h->wrong = NULL;
	h->wrong_line = 0;
	bag_begin(&h->olds, m, sizeof(struct olds), sizeof(struct olds));
	bag_begin(&h->olds_more, m, 3 * sizeof(uint32_t), 2 * sizeof(uint32_t));
	if (!hosts_begin(&h->hosts, r, m))
		return false;
	for (int side = 0; side < 2; side++)
		if (hosts_first(&h->hosts, side) != 0)
			return false;
	return bag_put(&h->olds, &none, &fresh) == 0;
}

void
world_end(struct here *h)
{
	hosts_end(&h->hosts);
	bag_end(&h->olds);
	bag_end(&h->olds_more);
}

/* One more that went; false: no room. */
static bool
old_add(struct here *h, struct world *w, uint16_t number)
{
	uint32_t more[3] = {w->olds, number, w->olds};
	uint32_t known = bag_find(&h->olds_more, more);
	struct olds o;
	uint16_t i = 0;
	bool fresh;

	if (known != BAG_NONE) {
		w->olds = ((uint32_t *)bag_at(&h->olds_more, known))[2];
		return true;
	}
	o = *(struct olds *)bag_at(&h->olds, w->olds);
	while (i < o.n && o.segment[i] < number)
		i++;
	if (i == o.n || o.segment[i] != number) {
		if (o.n == OLD_MAX)
			return world_fails(h, "more segments than the explorer can keep");
		memmove(&o.segment[i + 1], &o.segment[i], (o.n - i) * sizeof(o.segment[0]));
		o.segment[i] = number;
		o.n++;
		more[2] = bag_put(&h->olds, &o, &fresh);
	}
	w->olds = more[2];
	if (more[2] > OLDS_MAX) {
		h->hosts.memory->full = true;
		return false;
	}
	return bag_put(&h->olds_more, more, &fresh) != BAG_NONE;
}

/* Into flight: in order of sending, or where any order may be, in order of number. */
static bool
flight_add(struct here *h, struct world *w, int to, uint16_t number)
{
	struct flight *f = &w->flight;
	int i = f->n[to];

	if (i == FLIGHT_MAX)
		return world_fails(h, "segments without end: an answer to an answer for ever");
	f->n[to]++;
	for (; h->rules->reorder && i > 0 && f->segment[to][i - 1] > number; i--)
		f->segment[to][i] = f->segment[to][i - 1];
	f->segment[to][i] = number;
	return true;
}

static uint16_t
flight_take(struct flight *f, int to, int i)
{
	uint16_t number = f->segment[to][i];

	f->n[to]--;
	memmove(&f->segment[to][i], &f->segment[to][i + 1],
		(size_t)(f->n[to] - i) * sizeof(f->segment[0][0]));
	f->segment[to][f->n[to]] = 0;
	return number;
}

/* One host takes one step; what it says goes into flight. */
static bool
host_step(struct here *h, struct world *w, int side, uint32_t event)
{
	const struct step *s = hosts_step(&h->hosts, side, w->host[side], event);
	uint16_t number;

	if (s == NULL) {
		if (h->hosts.host[side].wrong != NULL) {
			world_fails(h, h->hosts.host[side].wrong);
			h->wrong_line = h->hosts.host[side].wrong_line;
		}
		return false;
	}
	if (s->to == HOST_REFUSED)
		return false;
	w->host[side] = s->to;
	for (uint32_t i = 0; i < s->outs; i++) {
		number = (uint16_t)h->hosts.outs.words[s->out_at + i];
		if (!flight_add(h, w, !side, number))
			return false;
		if (w->dup == 0 || !h->rules->replay)
			continue;
		if (h->rules->wrapped && (hosts_segment(&h->hosts, number)->ctl & SW_SYN))
			continue;
		if (!old_add(h, w, number))
			return false;
	}
	return true;
}

/* What must be true of both hosts together. */
static bool
check_both(struct here *h, const struct world *w)
{
	const struct seen *a = hosts_seen(&h->hosts, 0, w->host[0]);
	const struct seen *b = hosts_seen(&h->hosts, 1, w->host[1]);

	if (h->rules->way == OPEN_LISTEN && b->rounds > a->rounds)
		return world_fails(h, "a stale SYN has opened a connection that nobody asked for");
	if (a->conn && b->conn && (a->done & b->done & DONE_ESTABLISHED) &&
	    a->rounds == b->rounds && (a->iss != b->irs || a->irs != b->iss))
		return world_fails(h, "ESTABLISHED at both ends without agreed numbers");
	return true;
}

/* One, or with LOSE_ALL all that are in flight. */
static bool
world_lose(struct world *w, int side, int i)
{
	struct flight *f = &w->flight;

	if (side != LOSE_ALL) {
		w->loss--;
		flight_take(f, side, i);
		return true;
	}
	w->loss = (uint8_t)(w->loss - f->n[0] - f->n[1]);
	memset(f, 0, sizeof(*f));
	return true;
}

/* Until the next deadline of either host; SW_NEVER. */
sw_ns
world_wait(const struct here *h, const struct world *w)
{
	sw_ns a = hosts_seen(&h->hosts, 0, w->host[0])->wait;
	sw_ns b = hosts_seen(&h->hosts, 1, w->host[1])->wait;

	return a < b ? a : b;
}

/* To the next deadline: for both. */
static bool
move_time(struct here *h, struct world *w)
{
	uint32_t wait = hosts_wait(&h->hosts, world_wait(h, w));

	if (wait > UINT16_MAX) {
		h->hosts.memory->full = true;
		return false;
	}
	return host_step(h, w, 0, EVENT_WAIT(wait)) && host_step(h, w, 1, EVENT_WAIT(wait));
}

/* What a duplicate brings: its budget is spent before the answers are counted as old. */
static bool
move_again(struct here *h, struct world *w, int side, uint16_t number)
{
	if (--w->dup == 0) /* nothing comes again any more: what could have makes no difference */
		w->olds = 0;
	return host_step(h, w, side, EVENT_SEGMENT(number));
}

/* Makes the move, and looks at every property. */
bool
world_move(struct here *h, struct world *w, move m)
{
	int side = MOVE_SIDE(m), i = MOVE_INDEX(m);
	struct flight *f = &w->flight;
	bool made = false;

	switch (MOVE_KIND(m)) {
	case MOVE_DELIVER:
		made = host_step(h, w, side, EVENT_SEGMENT(flight_take(f, side, i)));
		break;
	case MOVE_LOSE:
		made = world_lose(w, side, i);
		break;
	case MOVE_DUP:
		made = move_again(h, w, side, f->segment[side][i]);
		break;
	case MOVE_REPLAY:
		made = move_again(h, w, side, (uint16_t)i);
		break;
	case MOVE_CALL:
		made = host_step(h, w, side, EVENT_CALL(i));
		break;
	case MOVE_TIME:
		made = move_time(h, w);
		break;
	}
	return made && check_both(h, w);
}

static int
moves_of_flight(const struct here *h, const struct world *w, int side, move *list)
{
	const struct flight *f = &w->flight;
	int n = 0;

	for (int i = 0; i < f->n[side] && (i == 0 || h->rules->reorder); i++) {
		if (i > 0 && f->segment[side][i] == f->segment[side][i - 1])
			continue;
		list[n++] = MOVE(MOVE_DELIVER, side, i);
		if (w->loss > 0 && (h->rules->plain || !h->rules->reorder))
			list[n++] = MOVE(MOVE_LOSE, side, i);
		/* what may come at any later time may come now: one move for both */
		if (w->dup > 0 && (h->rules->plain || !h->rules->replay || h->rules->wrapped))
			list[n++] = MOVE(MOVE_DUP, side, i);
	}
	return n;
}

/* Every move from here. */
int
world_moves(const struct here *h, const struct world *w, move list[MOVES_MAX])
{
	const struct olds *o = bag_at(&h->olds, w->olds);
	int n = 0, flights = w->flight.n[0] + w->flight.n[1];

	for (int side = 0; side < 2; side++) {
		n += moves_of_flight(h, w, side, list + n);
		for (int c = 0; c < N_CALLS; c++)
			if (hosts_seen(&h->hosts, side, w->host[side])->calls >> c & 1)
				list[n++] = MOVE(MOVE_CALL, side, c);
	}
	for (int i = 0; i < o->n; i++)
		list[n++] =
		    MOVE(MOVE_REPLAY, hosts_segment(&h->hosts, o->segment[i])->to, o->segment[i]);
	/* In any order, what will be lost may as well wait until nothing else is in flight:
	 * it changes neither host, and what is delivered before it passes it anyway.  So
	 * losing is one move, of all that is left, before the clock goes on. */
	if (h->rules->reorder && !h->rules->plain && flights > 0 && flights <= w->loss)
		list[n++] = MOVE(MOVE_LOSE, LOSE_ALL, 0);
	if (flights == 0 && world_wait(h, w) != SW_NEVER)
		list[n++] = MOVE(MOVE_TIME, 0, 0);
	return n;
}

/* The right one's calls first: it listens before the left one opens. */
move
world_next(const struct here *h, const struct world *w)
{
	bool timer = world_wait(h, w) != SW_NEVER;

	for (int side = 0; side < 2; side++)
		if (w->flight.n[side] > 0)
			return MOVE(MOVE_DELIVER, side, 0);
	for (int c = 0; c < N_CALLS; c++)
		for (int side = 1; side >= 0; side--)
			if ((hosts_seen(&h->hosts, side, w->host[side])->calls >> c & 1) &&
			    !(c == CALL_OPEN && timer))
				return MOVE(MOVE_CALL, side, c);
	return timer ? MOVE(MOVE_TIME, 0, 0) : MOVE_NONE;
}

/* Is this an end as it should be? */
bool
world_is_done(struct here *h, const struct world *w)
{
	const struct seen *s[2] = {hosts_seen(&h->hosts, 0, w->host[0]),
				   hosts_seen(&h->hosts, 1, w->host[1])};
	bool refused = s[0]->error || s[1]->error;

	for (int side = 0; side < 2; side++) {
		if (s[side]->got < BYTES && !refused)
			return world_fails(h, "the end, and not all bytes have come");
		if (s[side]->left & LEFT_HALF)
			return world_fails(h, "the end, and a SYN-RECEIVED is left");
		if (((s[side]->conn || (s[side]->left & LEFT_CONN)) && h->rules->closes &&
		     !refused) ||
		    (s[side]->left & LEFT_TIME_WAIT))
			return world_fails(h, "the end, and a connection is not CLOSED");
	}
	return true;
}
