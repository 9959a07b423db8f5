/*
 * import_fuzz - what sw_import() makes of bytes that are nearly a connection.
 *
 * The first two bytes choose a transfer and how far it has come; there the
 * connection of host A is exported.  What follows changes it: pairs of a place (two
 * bytes) and a byte that is put there; at the end its checksum is put right.  It comes
 * into a fresh stack, which then talks on with B as far as it will.
 *
 * Asked: nothing is touched that should not be, what is refused has left nothing, and
 * what was taken is one of ours, for as long as it is not reset.
 */
#include "base/prf.h"

#include "move.h"

#define check(expr) ((expr) ? (void)0 : abort())

enum { SUM = 8, STEPS = 120 };

static struct move_plan
plan_of(uint8_t kind)
{
	struct move_plan p = {.seed = kind, .loss = 60, .reorder = 30, .bytes = {40000, 20000}};

	sw_config_init(&p.config);
	p.config.conns = p.config.actives = p.config.half_opens = 4;
	p.config.time_waits = 8;
	p.config.chunks = 128;
	p.config.records = 256;
	p.config.runs = 64;
	p.config.msl = 2 * SW_S;
	p.config.cc = kind % SW_N_CCS;
	p.config.sack = kind & 4 ? false : true;
	p.config.timestamps = kind & 8 ? false : true;
	p.config.ecn = kind & 16 ? SW_ECN_ASK : SW_ECN_OFF;
	p.both_open = kind & 32;
	p.from = kind & 64;
	return p;
}

static void
mend(uint8_t *blob, size_t n)
{
	static const uint8_t key[16] = {1};
	uint64_t v = prf(key, blob, n - SUM);

	for (int i = 0; i < SUM; i++)
		blob[n - SUM + (size_t)i] = (uint8_t)(v >> (56 - 8 * i));
}

static void
empty(const struct sw_stack *s)
{
	struct sw_counters k = {.bytes = sizeof k};

	sw_counters(s, &k);
	for (int i = 0; i < SW_N_POOLS; i++)
		check(k.pool_used[i] == 0);
}

/* The changed connection goes on in a fresh stack. */
static void
go_on(struct move_run *r, size_t n)
{
	struct move_host *h = &r->host[0];
	void *old = h->arena;

	move_stack(r, h);
	free(old);
	if (sw_import(h->s, move_now(r, h), r->blob, n, &h->conn) != 0) {
		empty(h->s);
		return;
	}
	check(sw_probe_check(h->s) == 0);
	for (int i = 0; i < STEPS && move_step(r); i++)
		continue;
	/* it may have been reset for what it said; then nothing is left of it */
	check(sw_probe_check(h->s) == 0 || sw_probe_broken(h->s) > 0);
	sw_abort(h->s, move_now(r, h), h->conn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct move_plan plan;
	struct move_run *r;
	ptrdiff_t n = 0;

	if (size < 2)
		return 0;
	plan = plan_of(data[0]);
	r = move_begin(&plan);
	for (unsigned i = 0; i <= data[1] && move_step(r); i++)
		continue;
	if (r->host[0].conn != 0)
		n = sw_export(r->host[0].s, r->t, r->host[0].conn, r->blob, MOVE_BLOB, 0);
	for (size_t i = 2; n > SUM && i + 2 < size; i += 3)
		r->blob[((size_t)data[i] << 8 | data[i + 1]) % (size_t)n] = data[i + 2];
	if (n > SUM) {
		mend(r->blob, (size_t)n);
		go_on(r, (size_t)n);
	}
	move_end(r);
	return 0;
}
