/*
 * app.c - the applications of the two hosts: which calls they can make now, what
 * these do, and what may never come of it.
 *
 * The left one opens; the right one listens, or waits for the left one, or opens
 * too.  Each sends two bytes, which differ by host and by connection.
 */
#include "explore/host.h"

enum { PORT_LEFT = 1000, PORT_RIGHT = 80, ISS_STEP = 4096 };

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
server(const struct host *h)
{
	return h->side == 1 && h->rules->way == OPEN_LISTEN;
}

/* The next ISS is the clock's: it moves on by more than a window between two
 * connections, and stands just below the wrap (left) and the sign (right). */
static void
iss_set(struct host *h)
{
	uint32_t round = h->app.rounds, iss = h->side ? 0x7ffffffe : 0xfffffffe;

	if (!server(h) && round > 0) /* who opens has counted it; who listens has not yet */
		round--;
	if (h->rules->wrapped) /* old text lies in the new window, just beyond its beginning */
		iss -= round;
	else if (!h->rules->fixed_iss)
		iss += round * ISS_STEP;
	h->rules->core->probe_force_iss(h->stack, true, iss);
}

static bool
may_receive(const struct host *h)
{
	const struct app *a = &h->app;

	return a->conn != 0 && !(a->done & (DONE_EOF | DONE_FAILED)) &&
	       (h->rules->core->ready(h->stack, a->conn) & SW_READABLE);
}

/* Can it be called here?  (OPEN may still be refused: then it is no move.) */
bool
call_allowed(const struct host *h, enum call call)
{
	const struct app *a = &h->app;
	bool open = a->conn != 0 && !(a->done & DONE_FAILED);
	unsigned ready = a->conn ? h->rules->core->ready(h->stack, a->conn) : 0;

	switch (call) {
	case CALL_OPEN:
		if (server(h))
			return a->listener == 0;
		return a->conn == 0 && a->rounds < h->rules->rounds;
	case CALL_SEND:
		return open && !(a->done & (DONE_SENT | DONE_CLOSED)) && (ready & SW_WRITABLE);
	case CALL_RECEIVE:
		return may_receive(h);
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
open_call(struct host *h)
{
	const struct explore_core *core = h->rules->core;
	struct sw_endpoint local = endpoint(h->side), remote = endpoint(!h->side);
	struct app *a = &h->app;
	sw_conn conn = 0;
	int e;

	if (!server(h))
		a->rounds++;
	iss_set(h);
	if (server(h))
		return core->open_passive(h->stack, a->now, &local, 2, &a->listener) == SW_OK;
	if (h->side == 1 && h->rules->way == OPEN_FROM)
		e = core->open_passive_from(h->stack, a->now, &local, &remote, &conn);
	else
		e = core->open_active(h->stack, a->now, &local, &remote, &conn);
	if (e != SW_OK)
		return false;
	a->conn = conn;
	a->done = DONE_OPEN;
	a->got = 0;
	a->error = 0;
	return true;
}

/* Its bytes, in order, of this connection: nothing else may ever come. */
static void
receive_call(struct host *h)
{
	struct app *a = &h->app;
	char want[BYTES], got[BYTES + 1];
	ptrdiff_t n = h->rules->core->receive(h->stack, a->now, a->conn, got, sizeof(got));

	if (n == 0) {
		a->done |= DONE_EOF;
		if (a->got < BYTES)
			host_fails(h, "the peer's close came without all of its bytes");
		return;
	}
	if (n < 0) {
		a->done |= DONE_FAILED;
		a->error = (int8_t)n;
		return;
	}
	text_of(!h->side, a->rounds - 1, want);
	for (ptrdiff_t i = 0; i < n; i++, a->got++) {
		if (a->got >= BYTES)
			host_fails(h, "more bytes came than were sent");
		else if (got[i] != want[a->got])
			host_fails(h, "a byte of an earlier connection came");
	}
}

/* Is there nothing to receive but the peer's close (or an error)? */
bool
close_waits(const struct host *h)
{
	struct sw_status s = {.bytes = sizeof(s)};

	return may_receive(h) && h->rules->core->status(h->stack, h->app.conn, &s) == SW_OK &&
	       s.rcv_queued == 0;
}

/* Makes the call; false: it was refused, and nothing has changed. */
bool
call_make(struct host *h, enum call call)
{
	const struct explore_core *core = h->rules->core;
	struct app *a = &h->app;
	char text[BYTES];

	switch (call) {
	case CALL_OPEN:
		return open_call(h);
	case CALL_SEND:
		text_of(h->side, a->rounds - 1, text);
		a->done |= DONE_SENT;
		if (core->send(h->stack, a->now, a->conn, text, BYTES, 0) != BYTES)
			host_fails(h, "SEND did not take two bytes");
		return true;
	case CALL_RECEIVE:
		receive_call(h);
		return true;
	case CALL_CLOSE:
		a->done |= DONE_CLOSED;
		core->close(h->stack, a->now, a->conn);
		return true;
	default:
		core->release(h->stack, a->now, a->conn);
		a->conn = 0;
		a->iss = a->irs = 0;
		return true;
	}
}

/* The listener's application takes what there is. */
static void
accept_call(struct host *h)
{
	struct app *a = &h->app;

	if (a->listener == 0 || a->conn != 0)
		return;
	if (h->rules->core->accept(h->stack, a->now, a->listener, &a->conn) != SW_OK) {
		a->conn = 0;
		return;
	}
	a->rounds++;
	a->done = DONE_OPEN;
	a->got = 0;
	a->error = 0;
	iss_set(h);
}

/* After each event: what the application can see of its connection. */
void
app_observe(struct host *h)
{
	struct app *a = &h->app;
	struct sw_status s = {.bytes = sizeof(s)};

	accept_call(h);
	if (a->conn == 0 || h->rules->core->status(h->stack, a->conn, &s) != SW_OK)
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
	/* Reading the peer's close changes nothing but the application, which may then go,
	 * or wait: so it may as well read it at once.  Bytes wait to be read at any time. */
	while (h->wrong == NULL &&
	       (h->rules->reads_at_once ? may_receive(h) : !h->rules->plain && close_waits(h)))
		receive_call(h);
	if ((a->done & DONE_FAILED) && a->error != SW_E_REFUSED && h->rules->graceful)
		host_fails(h, "a connection failed that no application has ended");
}
