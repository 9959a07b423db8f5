/*
 * worlds.c - transfers through random worlds: every one ends in time, every byte is right.
 *
 *	worlds [-v] FIRST [LAST]	the worlds of these numbers; the last line sums up
 *	worlds -t NUMBER		one of them, with every packet
 *
 * A number makes a world: what both hosts are made of (buffers, pools, congestion control,
 * options, clocks, what is switched off), the path each way (rate, delay, jitter, queue and
 * its management, MTU, loss at random and in bursts, reordering, duplicates, broken bits),
 * what happens to it (holes that swallow all of one direction for a while, other rates,
 * delays and MTUs), and two programs that write and read in their own way.
 *
 * "In time" are two bounds, of what the path could do and did.
 *
 * No silence.  Let `rto` be the largest timeout that RFC 6298 can come to on this
 * path: with `far` the longest round trip (delays, jitter, both queues full,
 * reordering, a delayed ACK, the grains of both clocks), SRTT is at most far, RTTVAR
 * too, so RTO <= 5 far, or the configured least, or the three seconds of 5.7.  It
 * doubles while nothing comes back, so that after a quiet time of s the next
 * transmission is due within rto + 2 s (at most rto_max).  So as long as no program
 * sleeps, no time between two packets may be longer than that, s being the longest
 * time so far in which a program waited for its next byte.  Without timestamps what
 * was sent again measures nothing (Karn), and the timeout stays as long as it ever
 * was: then only rto_max is a bound.
 *
 * The end.  Every packet that was lost costs the timeout of its moment, rto + 2 s.
 * Beside that, all bytes must pass the rate twice over (headers included), the
 * windows at half of what they can hold a `far`, and slow start, the handshake and
 * the close take some of them more.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <synwave/sw_probe.h>
#include <synwave/sw_sim.h>
#include <synwave/sw_trace.h>

enum { A, B, STEPS = 3, CHECK_EVERY = 256 };

/* What happens to the path at some time. */
struct turn {
	sw_ns at;
	int way; /* whose packets */
	enum { TURN_NONE, TURN_HOLE, TURN_HEAL, TURN_RATE, TURN_DELAY, TURN_MTU } what;
	uint64_t to;
};

/* A program: writes `bytes`, closes; reads to the end. */
struct program {
	uint32_t bytes, piece, bite; /* at once: written, read */
	sw_ns every;		     /* between two writes; 0: as much as goes */
	uint32_t rest_at;	     /* it stops reading there, for so long */
	sw_ns rest_for;
	unsigned flags; /* of SEND */

	uint32_t wrote, read;
	sw_ns next, rests_until;
	bool closed, heard_end, gone;
	int error;
};

struct side {
	struct sw_config config;
	struct sw_sim_path path;
	sw_ns grain, ahead;
	uint32_t mtu, gso;
	bool csum;
	struct program p;
	void *arena;
	struct sw_stack *stack;
	sw_conn listener, conn;
};

struct world {
	uint64_t seed, drawn;
	bool v6;
	struct side side[2];
	struct turn turn[2 * STEPS];
	struct sw_sim *sim;
	/* the bounds, and what they are made of */
	sw_ns far, rto, most;
	bool karn;	  /* no timestamps: a timeout that doubled stays so */
	sw_ns quiet_most; /* the longest time without a byte for any program */
	sw_ns last_packet, last_byte[2];
	uint64_t lost;
	sw_ns cost; /* of what was lost */
	const char *wrong;
	char detail[200];
	bool talks;
};

static struct {
	uint64_t worlds, failed, packets, lost, bytes, rtos, probes, recoveries, undone, again;
	sw_ns time;
	double worst;
	uint64_t worst_seed;
} sums;

/* ---- making a world ------------------------------------------------------ */

static uint64_t
draw(struct world *w)
{
	return sw_sim_random(w->seed * 2654435761u + 77, w->drawn++);
}

/* From 0 to n - 1. */
static uint32_t
below(struct world *w, uint32_t n)
{
	return (uint32_t)((draw(w) >> 32) * n >> 32);
}

static bool
one_in(struct world *w, uint32_t n)
{
	return below(w, n) == 0;
}

/* Between two numbers, each power of two as likely as any other. */
static uint64_t
spread(struct world *w, uint64_t low, uint64_t high)
{
	uint64_t n = low, octaves = 0;

	while (n <= high / 2) {
		n *= 2;
		octaves++;
	}
	n = low << below(w, (uint32_t)octaves + 1);
	n += (draw(w) >> 8) % n;
	return n < high ? n : high;
}

/* Parts of a million; mostly nothing. */
static uint32_t
some_ppm(struct world *w, uint32_t most)
{
	return one_in(w, 2) ? 0 : (uint32_t)spread(w, 100, most);
}

static void
path_draw(struct world *w, struct sw_sim_path *p, uint64_t rate, sw_ns delay)
{
	uint64_t bdp = rate / 8 * (2 * delay / SW_US) / 1000000;

	*p = (struct sw_sim_path){.bytes = sizeof(*p), .rate_bps = rate, .delay = delay};
	p->jitter = one_in(w, 3) ? delay * below(w, 50) / 100 : 0;
	p->queue_bytes = spread(w, 4500, (bdp < 4500 ? 4500 : bdp) * 4);
	if (p->queue_bytes > 1 << 26)
		p->queue_bytes = 1 << 26;
	p->loss = some_ppm(w, one_in(w, 4) ? 200000 : 20000);
	if (one_in(w, 4)) {
		p->burst_enter = (uint32_t)spread(w, 100, 20000);
		p->burst_leave = 300000 + below(w, 500000);
		p->burst_loss = 200000 + below(w, 700000);
	}
	if (one_in(w, 3)) {
		p->reorder = (uint32_t)spread(w, 1000, 300000);
		p->reorder_by = one_in(w, 2) ? 0 : spread(w, SW_US, 2 * delay + SW_MS);
	}
	p->duplicate = one_in(w, 4) ? (uint32_t)spread(w, 1000, 100000) : 0;
	p->corrupt = one_in(w, 4) ? (uint32_t)spread(w, 100, 20000) : 0;
	p->aqm = one_in(w, 4) ? (enum sw_sim_aqm)below(w, 3) : SW_SIM_DROP_TAIL;
}

static void
config_draw(struct world *w, struct side *s)
{
	static const sw_ns ticks[] = {SW_US, SW_MS, SW_MS, 10 * SW_MS};
	struct sw_config *c = &s->config;
	uint32_t most = one_in(w, 4) ? 1 << 22 : 1 << 18;

	sw_config_init(c);
	c->conns = c->actives = c->half_opens = c->time_waits = 4;
	c->snd_buf = (uint32_t)spread(w, one_in(w, 5) ? 256 : 4096, most);
	c->rcv_buf = (uint32_t)spread(w, one_in(w, 5) ? 256 : 4096, most);
	c->chunk_bytes = (uint32_t)spread(w, 256, 8192);
	/* enough for both buffers, and as tight as that sometimes */
	c->chunks = 2 * ((c->snd_buf + c->rcv_buf) / c->chunk_bytes + 8);
	c->records = one_in(w, 5) ? 32 : 8192;
	c->runs_per_conn = (uint32_t)spread(w, 1, 256);
	c->runs = c->runs_per_conn * 2;
	c->chunks += c->runs * 2;
	c->timestamps = !one_in(w, 4);
	c->window_scale = !one_in(w, 6);
	c->sack = !one_in(w, 4);
	c->nagle = one_in(w, 2);
	c->minshall = one_in(w, 2);
	c->tick = ticks[below(w, 4)];
	c->delack = below(w, 5) * 50 * SW_MS;
	c->user_timeout = c->syn_timeout = 3600 * SW_S;
	c->fin_wait_2 = 0;
	c->msl = SW_S;
	c->syn_ack_tries = 12;
	c->cc = (uint8_t)below(w, SW_N_CCS);
	c->ecn = (uint8_t)below(w, 3);
	c->without = one_in(w, 4) ? 1u << below(w, 11) : one_in(w, 12) ? SW_NO_ANY : 0;
	c->traces = 0;
	for (unsigned i = 0; i < sizeof(c->secret); i++)
		c->secret[i] = (uint8_t)draw(w);
	s->grain = one_in(w, 2) ? 0 : ticks[below(w, 4)];
	s->ahead = one_in(w, 4) ? spread(w, SW_S, (sw_ns)1 << 52) : 0;
	s->mtu = one_in(w, 2) ? 1500 : (uint32_t)spread(w, w->v6 ? 1280 : 576, 9000);
	s->gso = one_in(w, 3) ? 65535 : 0;
	s->csum = one_in(w, 2);
}

static void
program_draw(struct world *w, struct side *s)
{
	struct program *p = &s->p;
	/* no more than the path takes in a minute */
	uint64_t most = s->path.rate_bps / 8 * 60;

	most = most < 3000000 ? most : 3000000;
	p->bytes = one_in(w, 6) ? 0 : (uint32_t)spread(w, 1, most > 1 ? most : 1);
	p->piece = (uint32_t)spread(w, one_in(w, 8) ? 1 : 200, 65536);
	if (p->bytes / p->piece > 3000)
		p->bytes = p->piece * 3000;
	p->bite = (uint32_t)spread(w, one_in(w, 8) ? 1 : 200, 65536);
	if (one_in(w, 6)) {
		p->every = spread(w, SW_MS, SW_S);
		p->piece = p->piece < s->config.snd_buf ? p->piece : s->config.snd_buf;
		p->bytes = p->bytes / p->piece > 100 ? p->piece * 100 : p->bytes;
	}
	if (one_in(w, 5)) {
		p->rest_at = (uint32_t)spread(w, 1, 1 << 20);
		p->rest_for = spread(w, 10 * SW_MS, 100 * SW_S);
	}
	p->flags = one_in(w, 8) ? SW_PUSH : 0;
}

static void
turns_draw(struct world *w)
{
	sw_ns at = 0;

	for (int i = 0; i < STEPS && one_in(w, 2); i++) {
		struct turn *t = &w->turn[2 * i];

		at += spread(w, SW_MS, 20 * SW_S);
		t[0].at = at;
		t[0].way = (int)below(w, 2);
		t[0].what = 1 + below(w, 5);
		if (t->what == TURN_HEAL)
			t->what = TURN_HOLE;
		if (t->what == TURN_RATE)
			t->to = spread(w, 50000, 1000000000);
		if (t->what == TURN_DELAY)
			t->to = spread(w, 10 * SW_US, SW_S);
		if (t->what == TURN_MTU)
			t->to = spread(w, w->v6 ? 1280 : 552, 1500);
		if (t->what != TURN_HOLE)
			continue;
		t[1] = t[0];
		t[1].what = TURN_HEAL;
		at += spread(w, 10 * SW_MS, 30 * SW_S);
		t[1].at = at;
	}
}

static void
world_draw(struct world *w)
{
	uint64_t rate = spread(w, 20000, 10000000000);
	sw_ns delay = spread(w, 5 * SW_US, SW_S);

	w->v6 = one_in(w, 3);
	for (int i = A; i <= B; i++) {
		path_draw(w, &w->side[i].path,
			  one_in(w, 4) ? spread(w, rate / 20 + 10000, rate) : rate, delay);
		config_draw(w, &w->side[i]);
		program_draw(w, &w->side[i]);
	}
	turns_draw(w);
}

/* ---- the bounds ---------------------------------------------------------- */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
greatest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The path of host i as it is at worst, with what will happen to it. */
static void
path_worst(const struct world *w, int i, uint64_t *rate, sw_ns *delay)
{
	const struct sw_sim_path *p = &w->side[i].path;

	*rate = p->rate_bps;
	*delay = p->delay;
	for (int k = 0; k < 2 * STEPS; k++) {
		if (w->turn[k].way != i)
			continue;
		if (w->turn[k].what == TURN_RATE)
			*rate = least(*rate, w->turn[k].to);
		if (w->turn[k].what == TURN_DELAY)
			*delay = greatest(*delay, w->turn[k].to);
	}
}

/* The bytes that host i may have on the way, headers and all. */
static uint64_t
window_of(const struct world *w, int i)
{
	return least(w->side[i].config.snd_buf, w->side[!i].config.rcv_buf);
}

/* The smallest that a segment of host i ever need be. */
static uint32_t
segment_of(const struct world *w, int i)
{
	uint64_t n = least(w->side[i].mtu, w->side[!i].mtu);

	for (int k = 0; k < 2 * STEPS; k++)
		if (w->turn[k].what == TURN_MTU)
			n = least(n, w->turn[k].to);
	n = least(n - (w->v6 ? 60 : 40) - 40, window_of(w, i) / 4 + 1);
	if (!w->side[i].config.nagle)
		n = least(n, w->side[i].p.piece);
	return (uint32_t)greatest(least(n, w->side[!i].p.bite * 4u), 1);
}

static void
bounds_make(struct world *w)
{
	w->far = 2 * SW_MS;
	for (int i = A; i <= B; i++) {
		const struct side *s = &w->side[i];
		uint64_t rate, queue = least(s->path.queue_bytes, 2 * window_of(w, i) + 20000);
		sw_ns delay;

		path_worst(w, i, &rate, &delay);
		w->far += delay + s->path.jitter + (queue + 2 * s->mtu) * 8 * SW_S / rate;
		w->far += s->path.reorder ? greatest(s->path.reorder_by, delay / 4 + SW_MS) : 0;
		w->far += s->config.delack + 3 * (s->grain + s->config.tick);
	}
	w->rto = greatest(3 * SW_S, 5 * w->far);
	w->most = greatest(w->rto, 125 * SW_S);
	w->karn = !w->side[A].config.timestamps || !w->side[B].config.timestamps;
}

/* Until when all must be over. */
static sw_ns
end_of(const struct world *w)
{
	sw_ns all = 40 * w->far + 8 * w->rto + w->cost;
	for (int i = A; i <= B; i++) {
		const struct program *p = &w->side[i].p;
		uint64_t segs = p->bytes / segment_of(w, i) + 20, rate;
		sw_ns delay;

		path_worst(w, i, &rate, &delay);
		all += 2 * (p->bytes + segs * 200) * 8 * SW_S / rate; /* and of the ACKs */
		all += 2 * segs * 200 * 8 * SW_S / w->side[!i].path.rate_bps;
		all += (2 * p->bytes / window_of(w, i) + 1) * 2 * w->far;
		all += p->bytes / p->piece * (p->every + 2 * w->side[!i].grain);
		all += 3 * p->rest_for;
	}
	return all;
}

/* ---- programs ------------------------------------------------------------ */

static uint8_t
byte_at(const struct world *w, int from, uint32_t at)
{
	return (uint8_t)(sw_sim_random(w->seed + (uint64_t)from, at / 8) >> (at % 8 * 8));
}

static void
wrong(struct world *w, const char *what)
{
	if (!w->wrong)
		w->wrong = what;
}

static sw_ns
clock_of(const struct world *w, int i)
{
	return sw_sim_clock_now(w->sim, i);
}

static void
program_reads(struct world *w, int i)
{
	struct side *s = &w->side[i];
	struct program *p = &s->p;
	static uint8_t bytes[65536];
	ptrdiff_t n;
	sw_ns now = sw_sim_now(w->sim);

	if (p->rest_for > 0 && p->read >= p->rest_at && p->rests_until == 0)
		p->rests_until = now + p->rest_for;
	if (now < p->rests_until)
		return;
	while ((n = sw_receive(s->stack, clock_of(w, i), s->conn, bytes, p->bite)) > 0) {
		for (ptrdiff_t k = 0; k < n; k++)
			if (bytes[k] != byte_at(w, !i, p->read + (uint32_t)k))
				wrong(w, "a wrong byte");
		p->read += (uint32_t)n;
		w->last_byte[i] = now;
		if (p->read >= p->rest_at && p->rest_for > 0 && p->rests_until == 0)
			return;
	}
	if (n == 0 && !p->heard_end) {
		p->heard_end = true;
		w->last_byte[i] = now;
		if (p->read != w->side[!i].p.bytes)
			wrong(w, "bytes are missing");
	}
	if (n < 0 && n != SW_E_AGAIN && !p->heard_end)
		p->error = (int)n;
}

static void
program_writes(struct world *w, int i)
{
	struct side *s = &w->side[i];
	struct program *p = &s->p;
	static uint8_t bytes[65536];
	sw_ns now = sw_sim_now(w->sim);
	ptrdiff_t took = 1;

	while (p->wrote < p->bytes && took > 0 && now >= p->next) {
		uint32_t n = (uint32_t)least(p->piece, p->bytes - p->wrote);

		for (uint32_t k = 0; k < n; k++)
			bytes[k] = byte_at(w, i, p->wrote + k);
		took = sw_send(s->stack, clock_of(w, i), s->conn, bytes, n, p->flags);
		p->wrote += took > 0 ? (uint32_t)took : 0;
		if (took > 0 && p->every > 0)
			p->next = now + p->every;
	}
	if (took < 0 && took != SW_E_AGAIN)
		p->error = (int)took;
	if (p->wrote == p->bytes && !p->closed && (sw_ready(s->stack, s->conn) & SW_OPENED)) {
		p->closed = true;
		if (sw_close(s->stack, clock_of(w, i), s->conn) != SW_OK)
			wrong(w, "CLOSE was refused");
	}
}

/* What a program does when it looks. */
static void
program_turn(struct world *w, int i)
{
	struct side *s = &w->side[i];
	unsigned ready;

	if (s->p.gone)
		return;
	if (!s->conn &&
	    (!s->listener || sw_accept(s->stack, clock_of(w, i), s->listener, &s->conn) != SW_OK))
		return;
	ready = sw_ready(s->stack, s->conn);
	program_reads(w, i);
	program_writes(w, i);
	ready = sw_ready(s->stack, s->conn);
	if (ready & SW_FAILED)
		wrong(w, "a connection failed");
	if ((ready & SW_ENDED) && s->p.heard_end) {
		sw_release(s->stack, clock_of(w, i), s->conn);
		s->p.gone = true;
	}
}

/* When a program will look by itself; SW_NEVER. */
static sw_ns
program_next(const struct world *w)
{
	sw_ns now = sw_sim_now(w->sim), next = SW_NEVER;

	for (int i = A; i <= B; i++) {
		const struct program *p = &w->side[i].p;

		if (!p->gone && p->rests_until > now)
			next = least(next, p->rests_until);
		if (!p->gone && p->wrote < p->bytes && p->next > now)
			next = least(next, p->next);
	}
	return next;
}

/* ---- the run -------------------------------------------------------------- */

static void
packet_tell(const struct sw_sim_seen *p)
{
	struct sw_trace t = {0};
	char ctl[9] = "";
	size_t n = 0;

	sw_trace_packet(&t, p->data, p->len);
	for (int i = 0; i < 8; i++)
		if (t.ctl >> i & 1)
			ctl[n++] = "FSRPAUEW"[i];
	ctl[n] = 0;
	printf("# %12.6f %c %-4s %10" PRIu32 " +%-6" PRIu32 "ack %10" PRIu32 " win %-7" PRIu32
	       " ts %" PRIu32 " %" PRIu32,
	       (double)p->at / 1e9, "AB"[p->from], ctl, t.seq, t.len, t.ack, t.wnd, t.tsval,
	       t.tsecr);
	for (unsigned i = 0; i < t.sacks; i++)
		printf(" %" PRIu32 "-%" PRIu32, t.sack[i][0], t.sack[i][1]);
	printf("%s%s\n", p->moment == SW_SIM_DROPPED || (p->fate & SW_SIM_GONE) ? " lost" : "",
	       p->fate & SW_SIM_CORRUPTED ? " broken" : "");
}

/* How long a program has been waiting: for its next byte or the end; then for its own to
 * be taken. */
static sw_ns
quiet(const struct world *w, sw_ns now)
{
	sw_ns n = 0;

	for (int i = A; i <= B; i++)
		if (!w->side[i].p.gone)
			n = greatest(n, now - w->last_byte[w->side[i].p.heard_end ? !i : i]);
	return n;
}

static void
seen(void *ctx, const struct sw_sim_seen *p)
{
	struct world *w = ctx;

	if (w->talks && p->moment != SW_SIM_ARRIVED)
		packet_tell(p);
	if (p->moment == SW_SIM_SENT) {
		w->last_packet = p->at;
		w->quiet_most = greatest(w->quiet_most, quiet(w, p->at));
	}
	if (p->moment == SW_SIM_ARRIVED ||
	    (p->moment == SW_SIM_SENT && !(p->fate & (SW_SIM_GONE | SW_SIM_CORRUPTED))))
		return;
	w->lost++;
	w->cost += w->karn ? w->most : least(w->rto + 2 * quiet(w, p->at), w->most);
}

static void
side_make(struct world *w, int i)
{
	struct side *s = &w->side[i];
	struct sw_iface f = {
	    .link = SW_LINK_IP, .mtu = s->mtu, .gso_max = s->gso, .tx_csum = s->csum};
	struct sw_addr a = sw_addr4(10, 0, 0, (uint8_t)(i + 1));
	size_t bytes = sw_stack_bytes(&s->config);

	if (w->v6)
		a = (struct sw_addr){{0xfd, [15] = (uint8_t)(i + 1)}};
	s->arena = aligned_alloc(64, (bytes + 63) / 64 * 64);
	if (!bytes || !s->arena || sw_stack_init(&s->stack, &s->config, s->arena, bytes) ||
	    sw_iface_add(s->stack, &f) || sw_address_add(s->stack, 0, &a, w->v6 ? 64 : 24) < 0 ||
	    sw_sim_host(w->sim, s->stack, 0) != i || sw_sim_clock(w->sim, i, s->grain, s->ahead)) {
		fprintf(stderr, "worlds: %" PRIu64 ": no stack\n", w->seed);
		exit(2);
	}
}

static void
world_open(struct world *w)
{
	struct sw_endpoint at = {sw_addr4(10, 0, 0, 2), 80};

	if (w->v6)
		at.addr = (struct sw_addr){{0xfd, [15] = 2}};
	w->sim = sw_sim_new(w->seed);
	for (int i = A; i <= B; i++)
		side_make(w, i);
	sw_sim_link(w->sim, A, B, &w->side[A].path, &w->side[B].path);
	sw_sim_tap(w->sim, seen, w);
	if (sw_open_passive(w->side[B].stack, clock_of(w, B), &at, 4, &w->side[B].listener) ||
	    sw_open_active(w->side[A].stack, clock_of(w, A), NULL, &at, &w->side[A].conn))
		wrong(w, "an OPEN was refused");
}

/* What shall happen to the path now; when something will next. */
static sw_ns
turns_take(struct world *w)
{
	sw_ns now = sw_sim_now(w->sim), next = SW_NEVER;

	for (int k = 0; k < 2 * STEPS; k++) {
		struct turn *t = &w->turn[k];
		struct sw_sim_path p = w->side[t->way].path;

		if (t->what == TURN_NONE)
			continue;
		if (t->at > now) {
			next = least(next, t->at);
			continue;
		}
		if (t->what == TURN_RATE)
			p.rate_bps = t->to;
		if (t->what == TURN_DELAY)
			p.delay = t->to;
		if (t->what == TURN_MTU)
			p.mtu = (uint32_t)t->to;
		w->side[t->way].path = p;
		if (t->what == TURN_HOLE)
			p.loss = 1000000;
		sw_sim_path(w->sim, t->way, &p);
		t->what = TURN_NONE;
	}
	return next;
}

/* Is it too quiet, or too late? */
static void
bounds_check(struct world *w, sw_ns sleeps)
{
	sw_ns now = sw_sim_now(w->sim), next = least(sw_sim_next(w->sim), sleeps);
	sw_ns allowed;

	allowed = w->karn ? w->most : least(w->rto + 2 * w->quiet_most, w->most);
	if (sleeps == SW_NEVER && next - w->last_packet > allowed && next - now > 0) {
		snprintf(w->detail, sizeof(w->detail), "next %.3f s, last packet %.3f s",
			 (double)next / 1e9, (double)w->last_packet / 1e9);
		wrong(w, "too quiet");
	}
	if (now > end_of(w)) {
		snprintf(w->detail, sizeof(w->detail), "it should be over by %.3f s",
			 (double)end_of(w) / 1e9);
		wrong(w, "too late");
	}
}

static void
world_check(struct world *w)
{
	for (int i = A; i <= B; i++) {
		int line = sw_probe_check(w->side[i].stack);

		snprintf(w->detail, sizeof(w->detail), "host %d, line %d", i, line);
		if (line != 0 || sw_probe_broken(w->side[i].stack) != 0)
			wrong(w, "an invariant broke");
	}
}

static bool
world_over(const struct world *w)
{
	return w->wrong || (w->side[A].p.gone && w->side[B].p.gone);
}

static void
world_run(struct world *w)
{
	sw_ns turn, sleeps;
	uint64_t steps = 0;

	while (!world_over(w)) {
		for (int i = A; i <= B; i++)
			program_turn(w, i);
		turn = turns_take(w);
		sleeps = program_next(w);
		if (world_over(w))
			break;
		if (++steps % CHECK_EVERY == 0)
			world_check(w);
		if (sw_sim_next(w->sim) == SW_NEVER && sleeps == SW_NEVER)
			wrong(w, "nothing more will happen");
		bounds_check(w, sleeps);
		sw_sim_step(w->sim, least(turn, sleeps));
		if (steps > 50000000)
			wrong(w, "it never ends");
	}
	world_check(w);
}

static void
world_count(struct world *w)
{
	double part = (double)sw_sim_now(w->sim) / (double)end_of(w);
	struct sw_counters c = {.bytes = sizeof(c)};
	struct sw_sim_counters s = {.bytes = sizeof(s)};

	sums.worlds++;
	sums.failed += w->wrong != NULL;
	sums.time += sw_sim_now(w->sim);
	sums.lost += w->lost;
	for (int i = A; i <= B; i++) {
		sw_counters(w->side[i].stack, &c);
		sw_sim_counters(w->sim, i, &s);
		sums.packets += s.sent;
		sums.bytes += w->side[i].p.read;
		sums.rtos += c.rtos;
		sums.probes += c.loss_probes;
		sums.recoveries += c.fast_recoveries;
		sums.undone += c.undone;
		sums.again += c.retransmits;
	}
	if (part > sums.worst) {
		sums.worst = part;
		sums.worst_seed = w->seed;
	}
}

static void
world_tell(const struct world *w)
{
	printf("# world %" PRIu64 ": %.3f s of %.3f s, far %.6f s, rto %.3f s, lost %" PRIu64
	       ", quiet %.3f s\n",
	       w->seed, (double)sw_sim_now(w->sim) / 1e9, (double)end_of(w) / 1e9,
	       (double)w->far / 1e9, (double)w->rto / 1e9, w->lost, (double)w->quiet_most / 1e9);
	for (int i = A; i <= B; i++) {
		const struct side *s = &w->side[i];
		struct sw_counters c = {.bytes = sizeof(c)};

		sw_counters(s->stack, &c);
		printf("#   %c %s wrote %u of %u, read %u, error %d; snd %u rcv %u mtu %u gso %u "
		       "piece %u bite %u without %x ts %d sack %d nagle %d tick %.6f grain %.6f\n"
		       "#     rate %.3f Mbit/s delay %.6f queue %" PRIu64
		       " loss %u bursts %u reorder %u dup %u corrupt %u aqm %d; rtos %" PRIu64
		       " probes %" PRIu64 " again %" PRIu64 "\n",
		       "AB"[i], sw_cc_name(s->config.cc), s -> p.wrote, s->p.bytes, s->p.read,
		       s->p.error, s->config.snd_buf, s->config.rcv_buf, s->mtu, s->gso, s->p.piece,
		       s->p.bite, s->config.without, s->config.timestamps, s->config.sack,
		       s->config.nagle, (double)s->config.tick / 1e9, (double)s->grain / 1e9,
		       (double)s->path.rate_bps / 1e6, (double)s->path.delay / 1e9,
		       s->path.queue_bytes, s->path.loss, s->path.burst_enter, s->path.reorder,
		       s->path.duplicate, s->path.corrupt, (int)s->path.aqm, c.rtos, c.loss_probes,
		       c.retransmits);
	}
}

static bool
world_play(uint64_t seed, bool verbose, bool talks)
{
	struct world w = {.seed = seed, .talks = talks};
	bool good;

	world_draw(&w);
	bounds_make(&w);
	world_open(&w);
	world_run(&w);
	world_count(&w);
	good = w.wrong == NULL;
	if (!good || verbose)
		world_tell(&w);
	if (!good)
		printf("not ok - world %" PRIu64 ": %s%s%s: build/test/tool/worlds -v %" PRIu64
		       "\n",
		       seed, w.wrong, *w.detail ? ", " : "", w.detail, seed);
	fflush(stdout);
	sw_sim_free(w.sim);
	for (int i = A; i <= B; i++)
		free(w.side[i].arena);
	return good;
}

int
main(int argc, char **argv)
{
	bool talks = argc > 1 && !strcmp(argv[1], "-t");
	bool verbose = talks || (argc > 1 && !strcmp(argv[1], "-v"));
	char **arg = argv + 1 + verbose;
	uint64_t first, last;

	if (argc - verbose < 2 || argc - verbose > 3) {
		fprintf(stderr, "usage: worlds [-v | -t] FIRST [LAST]\n");
		return 2;
	}
	first = strtoull(arg[0], NULL, 0);
	last = argc - verbose == 3 ? strtoull(arg[1], NULL, 0) : first;
	for (uint64_t seed = first; seed <= last; seed++)
		world_play(seed, verbose, talks);
	printf("%s - %" PRIu64 " worlds from %" PRIu64 ", %" PRIu64 " failed\n",
	       sums.failed ? "not ok" : "ok", sums.worlds, first, sums.failed);
	printf("# %.0f s of their time, %" PRIu64 " packets, %" PRIu64 " lost, %" PRIu64
	       " bytes, sent again %" PRIu64 ", timeouts %" PRIu64 ", probes %" PRIu64
	       ", recoveries %" PRIu64 ", undone %" PRIu64 "\n"
	       "# nearest to its bound: world %" PRIu64 ", %.2f of it\n",
	       (double)sums.time / 1e9, sums.packets, sums.lost, sums.bytes, sums.again, sums.rtos,
	       sums.probes, sums.recoveries, sums.undone, sums.worst_seed, sums.worst);
	return sums.failed ? 1 : 0;
}
