/*
 * move_test.c - a connection moves into a fresh stack between any two events of a
 * transfer, and nobody can tell: every packet is the same, and so every byte.
 *
 * MOVE_FULL=1: one move alone at each step of five transfers of each kind, not at 50.
 */
#include "move.h"
#include "tap.h"

struct field_case {
	const char *name;
	uint8_t cc, ecn;
	bool no_sack, no_ts;
	uint32_t loss, reorder;
	uint32_t bytes[2];
	uint32_t buf;
	sw_ns deaf;
	bool both_open, from;
};

/* clang-format off */
static const struct field_case cases[] = {
	/* name			cc		ecn		sack   ts     loss reorder  bytes	buf	deaf	*/
	{"plain",		SW_CC_CUBIC,	SW_ECN_OFF,	false, false,	0,   0, {60000, 20000},	65536,	0, false, false},
	{"lossy",		SW_CC_CUBIC,	SW_ECN_OFF,	false, false,	80, 50, {90000, 30000},	65536,	0, false, false},
	{"reno, no SACK",	SW_CC_RENO,	SW_ECN_OFF,	true,  true,	60, 20, {60000, 20000},	32768,	0, false, false},
	{"BBR, ECN",		SW_CC_BBR,	SW_ECN_ASK,	false, false,	40, 20, {90000, 5000},	65536,	0, false, false},
	{"BBR 1",		SW_CC_BBR1,	SW_ECN_OFF,	false, true,	40, 20, {90000, 5000},	65536,	0, false, false},
	{"closed window",	SW_CC_CUBIC,	SW_ECN_OFF,	false, false,	20,  0, {60000, 1000},	16384,	9 * SW_S, false, false},
	{"both open at once",	SW_CC_CUBIC,	SW_ECN_OFF,	false, false,	100, 0, {8000, 8000},	65536,	0, true, false},
	{"for one peer",	SW_CC_CUBIC,	SW_ECN_OFF,	false, false,	100, 0, {8000, 8000},	65536,	0, false, true},
};
/* clang-format on */

static struct move_plan
plan_of(const struct field_case *f, uint64_t seed)
{
	struct move_plan p = {.seed = seed,
			      .loss = f->loss,
			      .reorder = f->reorder,
			      .bytes = {f->bytes[0], f->bytes[1]},
			      .deaf = f->deaf,
			      .both_open = f->both_open,
			      .from = f->from};

	sw_config_init(&p.config);
	p.config.conns = p.config.actives = p.config.half_opens = 4;
	p.config.time_waits = 8;
	p.config.chunks = 512;
	p.config.records = 1024;
	p.config.runs = 256;
	p.config.msl = 2 * SW_S;
	p.config.snd_buf = p.config.rcv_buf = f->buf;
	p.config.cc = f->cc;
	p.config.ecn = f->ecn;
	p.config.sack = !f->no_sack;
	p.config.timestamps = !f->no_ts;
	p.config.secret[0] = (uint8_t)seed;
	return p;
}

/* A whole run; what was sent, as a hash. */
static uint64_t
play(const struct move_plan *p, uint32_t *steps, unsigned *states)
{
	struct move_run *r = move_begin(p);
	uint64_t trace;

	while (move_step(r))
		continue;
	if (!ok(r->bad == 0 && r->host[0].ended && r->host[1].ended && r->host[0].error == 0 &&
		r->host[1].error == 0))
		printf("# seed %llu moves %d who %d step %u skew %llu: bad %llu, refused %d, heard "
		       "%llu %llu, steps %u\n",
		       (unsigned long long)p->seed, p->moves, p->who, p->step,
		       (unsigned long long)p->skew, (unsigned long long)r->bad, r->why,
		       (unsigned long long)r->host[0].heard, (unsigned long long)r->host[1].heard,
		       r->steps);
	ok(p->moves == 0 || r->moved > 0 || p->moves == 1);
	trace = r->trace;
	*steps = r->steps;
	*states |= r->states;
	move_end(r);
	return trace;
}

/* At each step of its own, and at every step, either side and both. */
static unsigned
everywhere(const struct field_case *f)
{
	unsigned states = 0;
	uint32_t all, steps;

	bool full = getenv("MOVE_FULL") != NULL;

	for (uint64_t seed = 1; seed <= (full ? 5 : 1); seed++) {
		struct move_plan p = plan_of(f, seed + tap_seed());
		uint64_t whole = play(&p, &all, &states);

		ok(all > 20 && all < 20000);
		p.moves = 2;
		for (p.who = 1; p.who <= 3; p.who++)
			ok(play(&p, &steps, &states) == whole);
		p.moves = 1;
		p.who = 3;
		for (p.step = 0; p.step < all; p.step += full ? 1 : 1 + all / 50)
			if (!ok(play(&p, &steps, &states) == whole))
				printf("# %s, seed %llu, step %u\n", f->name,
				       (unsigned long long)p.seed, p.step);
	}
	return states;
}

static void
test_everywhere(void)
{
	unsigned states = 0;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		states |= everywhere(&cases[i]);
	for (int s = SW_LISTEN; s < SW_N_STATES; s++)
		if (!ok(states >> s & 1))
			printf("# no connection was moved in %s\n", sw_state_name(s));
}

/* To a machine whose clock is hours ahead, and back to one that has just started. */
static void
test_clocks(void)
{
	unsigned states = 0;
	uint32_t steps;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct move_plan p = plan_of(&cases[i], 3);
		uint64_t whole = play(&p, &steps, &states);

		p.moves = 2;
		p.who = 3;
		p.skew = 10000 * SW_S;
		ok(play(&p, &steps, &states) == whole);
	}
}

/* A connection in the middle of a transfer, as bytes. */
static size_t
some_blob(struct move_run **run, uint8_t *to)
{
	struct move_plan p = plan_of(&cases[1], 5);
	struct move_run *r = move_begin(&p);
	ptrdiff_t n;

	for (int i = 0; i < 60; i++)
		ok(move_step(r));
	n = sw_export(r->host[0].s, r->t, r->host[0].conn, to, MOVE_BLOB, SW_EXPORT_COPY);
	ok(n > 1000 && n < MOVE_BLOB);
	*run = r;
	return (size_t)n;
}

static void
test_damage(void)
{
	static uint8_t blob[MOVE_BLOB];
	struct move_run *r;
	struct move_host fresh = {0};
	size_t n = some_blob(&r, blob);
	uint64_t still;
	sw_conn c;

	fresh.at = r->host[0].at;
	move_stack(r, &fresh);
	still = sw_probe_digest_still(fresh.s);
	for (size_t i = 0; i < n; i += i < 400 ? 1 : 211) { /* each takes a sum of all */
		blob[i] ^= (uint8_t)(1 + i % 255);
		ok(sw_import(fresh.s, r->t, blob, n, &c) == SW_E_INVALID);
		blob[i] ^= (uint8_t)(1 + i % 255);
		ok(sw_import(fresh.s, r->t, blob, i, &c) == SW_E_INVALID);
	}
	ok(sw_import(fresh.s, r->t, NULL, 0, &c) == SW_E_INVALID);
	ok(sw_import(fresh.s, r->t, blob, n, NULL) == SW_E_INVALID);
	ok(sw_probe_digest_still(fresh.s) == still && sw_probe_check(fresh.s) == 0);
	ok(sw_import(fresh.s, r->t, blob, n, &c) == SW_OK);
	ok(sw_import(fresh.s, r->t, blob, n, &c) == SW_E_IN_USE);
	ok(sw_import(r->host[1].s, r->t, blob, n, &c) == SW_E_NO_ROUTE); /* not its address */
	ok(sw_probe_check(fresh.s) == 0);
	free(fresh.arena);
	move_end(r);
}

/* A small stack refuses, and has lost nothing by trying. */
static void
test_no_room(void)
{
	static uint8_t blob[MOVE_BLOB];
	struct move_host fresh = {0};
	struct move_run *r;
	size_t n = some_blob(&r, blob);
	struct sw_counters k = {.bytes = sizeof k};
	sw_conn c;

	r->plan.config.chunks = 2;
	fresh.at = r->host[0].at;
	move_stack(r, &fresh);
	ok(sw_import(fresh.s, r->t, blob, n, &c) == SW_E_NO_MEMORY);
	sw_counters(fresh.s, &k);
	for (int i = 0; i < SW_N_POOLS; i++)
		ok(k.pool_used[i] == 0);
	ok(sw_probe_check(fresh.s) == 0);
	free(fresh.arena);
	move_end(r);
}

/* There and back again: what it left does not stand in its way; then the place is free. */
static void
test_back(void)
{
	static uint8_t blob[MOVE_BLOB];
	struct move_run *r;
	struct move_host *h;
	struct sw_counters k = {.bytes = sizeof k};
	sw_conn c, other;
	ptrdiff_t n;

	(void)some_blob(&r, blob);
	h = &r->host[0];
	n = sw_export(h->s, r->t, h->conn, blob, 10, 0); /* no room: nothing happens */
	ok(n > 10 && sw_ready(h->s, h->conn) != 0);
	n = sw_export(h->s, r->t, h->conn, blob, MOVE_BLOB, 0);
	ok(n > 10 && sw_export(h->s, r->t, h->conn, blob, MOVE_BLOB, 0) == SW_E_NO_CONN);
	ok(sw_open_active(h->s, r->t, &h->at, &h->peer, &other) == SW_E_IN_USE);
	ok(sw_import(h->s, r->t, blob, (size_t)n, &c) == SW_OK);
	sw_counters(h->s, &k);
	ok(k.pool_used[SW_POOL_TIME_WAITS] == 0 && k.pool_used[SW_POOL_CONNS] == 1);
	h->conn = c;
	while (move_step(r))
		continue;
	ok(r->bad == 0 && r->host[0].ended && r->host[1].ended);
	ok(sw_export(h->s, r->t, h->conn + 1, blob, MOVE_BLOB, 0) == SW_E_NO_CONN);
	move_end(r);
	/* and what it left goes by itself */
	(void)some_blob(&r, blob);
	h = &r->host[0];
	ok(sw_export(h->s, r->t, h->conn, blob, MOVE_BLOB, 0) > 0);
	ok(sw_deadline(h->s) <= r->t + 2 * r->plan.config.msl + 2 * SW_MS);
	sw_output(h->s, r->t + 2 * r->plan.config.msl + 2 * SW_MS, 0, NULL, 0);
	sw_counters(h->s, &k);
	ok(k.pool_used[SW_POOL_TIME_WAITS] == 0 && sw_deadline(h->s) == SW_NEVER);
	ok(sw_probe_check(h->s) == 0);
	move_end(r);
}

int
main(void)
{
	TEST("a connection moves between any two events, and no packet changes", test_everywhere);
	TEST("to a clock hours ahead, and back", test_clocks);
	TEST("damaged bytes are refused, and leave nothing", test_damage);
	TEST("no room: refused, and nothing is left", test_no_room);
	TEST("there and back again", test_back);
	return plan_done();
}
