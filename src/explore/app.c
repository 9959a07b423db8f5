/*
 * app.c - the applications of the two hosts: which calls they can make now, what
 * these do, and what may never come of it.
 *
 * The left one opens; the right one listens, or waits for the left one, or opens
 * too.  Each sends two bytes, which differ by host and by connection.
 */
#include "explore/world.h"

enum { BYTES = 2, PORT_LEFT = 1000, PORT_RIGHT = 80, ISS_STEP = 4096 };

static struct sw_endpoint
endpoint(int side)
{
	struct sw_endpoint e = {.port = side ? PORT_RIGHT : PORT_LEFT};

	e.addr.b[0] = 0xfd;
	e.addr.b[15] = (uint8_t)(side + 1);
	return e;
}

/* What an application says in one of its connections. */
static void
text_of(int side, int round, char text[BYTES])
{
	for (int i = 0; i < BYTES; i++)
		text[i] = (char)('a' + round * BYTES + i - (side ? 'a' - 'A' : 0));
}

static bool
server(const struct here *h, int side)
{
	return side == 1 && h->rules->way == OPEN_LISTEN;
}

/* The next ISS is the clock's: it moves on by more than a window between two
 * connections, and stands just below the wrap (left) and the sign (right). */
static void
iss_set(struct here *h, int side)
{
	const struct app *a = h->w.app;
	uint32_t round = a[0].rounds > a[1].rounds ? a[0].rounds : a[1].rounds;
	uint32_t iss = side ? 0x7ffffffe : 0xfffffffe;

	round = round > 0 ? round - 1 : 0;
	if (server(h, side) && a[1].rounds > round)
		round = a[1].rounds; /* what was accepted has its number: the next is another's */
	if (h->rules->wrapped) /* old text lies in the new window, just beyond its beginning */
		iss -= round;
	else if (!h->rules->fixed_iss)
		iss += round * ISS_STEP;
	h->rules->core->probe_force_iss(h->stack[side], true, iss);
}

static bool
may_receive(const struct here *h, int side)
{
	const struct app *a = &h->w.app[side];

	return a->conn != 0 && !(a->done & (DONE_EOF | DONE_FAILED)) &&
	       (h->rules->core->ready(h->stack[side], a->conn) & SW_READABLE);
}

/* Can it be called here?  (OPEN may still be refused: then it is no move.) */
bool
call_allowed(const struct here *h, int side, enum call call)
{
	const struct app *a = &h->w.app[side];
	bool open = a->conn != 0 && !(a->done & DONE_FAILED);
	unsigned ready = a->conn ? h->rules->core->ready(h->stack[side], a->conn) : 0;

	switch (call) {
	case CALL_OPEN:
		if (server(h, side))
			return a->listener == 0;
		return a->conn == 0 && a->rounds < h->rules->rounds;
	case CALL_SEND:
		return open && !(a->done & (DONE_SENT | DONE_CLOSED)) && (ready & SW_WRITABLE);
	case CALL_RECEIVE:
		return !h->rules->reads_at_once && may_receive(h, side);
	case CALL_CLOSE:
		return h->rules->closes && open && (a->done & DONE_SENT) &&
		       (a->done & DONE_ESTABLISHED) && !(a->done & DONE_CLOSED);
	case CALL_RELEASE:
		if (a->conn == 0)
			return false;
		return (a->done & DONE_FAILED) || ((a->done & DONE_CLOSED) && (a->done & DONE_EOF));
	default:
		return false;
	}
}

static bool
open_call(struct here *h, int side)
{
	const struct explore_core *core = h->rules->core;
	struct sw_endpoint local = endpoint(side), remote = endpoint(!side);
	struct app *a = &h->w.app[side];
	sw_conn conn = 0;
	int e;

	if (server(h, side))
		return core->open_passive(h->stack[side], h->w.now, &local, 2, &a->listener) ==
		       SW_OK;
	a->rounds++;
	iss_set(h, 0);
	iss_set(h, 1);
	if (side == 1 && h->rules->way == OPEN_FROM)
		e = core->open_passive_from(h->stack[side], h->w.now, &local, &remote, &conn);
	else
		e = core->open_active(h->stack[side], h->w.now, &local, &remote, &conn);
	if (e != SW_OK) {
		a->rounds--;
		return false;
	}
	a->conn = conn;
	a->done = DONE_OPEN;
	a->got = 0;
	a->iss = a->irs = 0;
	a->error = 0;
	return true;
}

/* Its bytes, in order, of this connection: nothing else may ever come. */
static void
receive_call(struct here *h, int side)
{
	struct app *a = &h->w.app[side];
	char want[BYTES], got[BYTES + 1];
	ptrdiff_t n = h->rules->core->receive(h->stack[side], h->w.now, a->conn, got, sizeof(got));

	if (n == 0) {
		a->done |= DONE_EOF;
		if (a->got < BYTES)
			world_fails(h, "the peer's close came without all of its bytes");
		return;
	}
	if (n < 0) {
		a->done |= DONE_FAILED;
		a->error = (int8_t)n;
		return;
	}
	text_of(!side, a->rounds - 1, want);
	for (ptrdiff_t i = 0; i < n; i++, a->got++) {
		if (a->got >= BYTES)
			world_fails(h, "more bytes came than were sent");
		else if (got[i] != want[a->got])
			world_fails(h, "a byte of an earlier connection came");
	}
}

/* Makes the call; false: it was refused, and nothing has changed. */
bool
call_make(struct here *h, int side, enum call call)
{
	const struct explore_core *core = h->rules->core;
	struct app *a = &h->w.app[side];
	char text[BYTES];

	switch (call) {
	case CALL_OPEN:
		return open_call(h, side);
	case CALL_SEND:
		text_of(side, a->rounds - 1, text);
		a->done |= DONE_SENT;
		if (core->send(h->stack[side], h->w.now, a->conn, text, BYTES, 0) != BYTES)
			world_fails(h, "SEND did not take two bytes");
		return true;
	case CALL_RECEIVE:
		receive_call(h, side);
		return true;
	case CALL_CLOSE:
		a->done |= DONE_CLOSED;
		core->close(h->stack[side], h->w.now, a->conn);
		return true;
	default:
		core->release(h->stack[side], h->w.now, a->conn);
		a->conn = 0;
		return true;
	}
}

/* The listener's application takes what there is, and asks whether it may be. */
static void
accept_call(struct here *h)
{
	struct app *a = &h->w.app[1];

	if (a->listener == 0 || a->conn != 0)
		return;
	if (h->rules->core->accept(h->stack[1], h->w.now, a->listener, &a->conn) != SW_OK) {
		a->conn = 0;
		return;
	}
	a->rounds++;
	a->done = DONE_OPEN;
	a->got = 0;
	a->error = 0;
	iss_set(h, 1);
	if (a->rounds > h->w.app[0].rounds)
		world_fails(h, "a stale SYN has opened a connection that nobody asked for");
}

/* What the application can see of its connection. */
static void
observe_app(struct here *h, int side)
{
	struct app *a = &h->w.app[side];
	struct sw_status s = {.bytes = sizeof(s)};

	if (a->conn == 0 || h->rules->core->status(h->stack[side], a->conn, &s) != SW_OK)
		return;
	a->iss = s.iss;
	if (s.state > SW_SYN_SENT)
		a->irs = s.irs;
	if (s.state >= SW_ESTABLISHED)
		a->done |= DONE_ESTABLISHED;
	if (s.state == SW_CLOSED && s.error != 0 && !(a->done & DONE_FAILED)) {
		a->done |= DONE_FAILED;
		a->error = (int8_t)s.error;
	}
	if ((a->done & DONE_FAILED) && a->error != SW_E_REFUSED && h->rules->graceful)
		world_fails(h, "a connection failed that no application has ended");
}

/* After each move. */
void
world_observe(struct here *h)
{
	const struct app *a = h->w.app;

	accept_call(h);
	observe_app(h, 0);
	observe_app(h, 1);
	for (int side = 0; side < 2 && h->rules->reads_at_once; side++)
		while (may_receive(h, side) && h->wrong == NULL)
			receive_call(h, side);
	if (a[0].conn && a[1].conn && (a[0].done & a[1].done & DONE_ESTABLISHED) &&
	    a[0].rounds == a[1].rounds && (a[0].iss != a[1].irs || a[0].irs != a[1].iss))
		world_fails(h, "ESTABLISHED at both ends without agreed numbers");
}
