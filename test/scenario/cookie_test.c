/*
 * cookie_test.c - SYN cookies: every handshake with and without them comes to the same;
 * what is kept in them, how long they are good and for whom.  RFC 4987 3.6.
 */
#include "scene.h"

/* ---- each way to open a connection, twice ------------------------------- */

/* What came of it. */
struct outcome {
	uint64_t heard[2];
	enum sw_state state[2];
	int error[2];
	bool eof[2];
	/* at B, when it was open */
	bool opened, timestamps, sack, ecn;
	uint8_t snd_wscale, rcv_wscale;
	uint32_t mss;
};

/* How A and B are, and what happens; NULL: nothing. */
struct way {
	const char *name;
	void (*sets)(struct world *);
	void (*before)(struct world *); /* before A opens */
	void (*after)(struct world *);	/* its SYN is on the way */
	uint32_t early;			/* bytes that A says before the SYN-ACK has come */
	bool closes_early;		/* and then closes */
};

static void
take_status(struct outcome *o, const struct world *w)
{
	struct sw_status st = status_of(w, B);

	o->opened = true;
	o->timestamps = st.timestamps;
	o->sack = st.sack;
	o->ecn = st.ecn && status_of(w, A).ecn;
	o->snd_wscale = st.snd_wscale;
	o->rcv_wscale = st.rcv_wscale;
	o->mss = st.mss;
}

/* Everything that is there is read. */
static void
hear(struct world *w, struct outcome *o, int host)
{
	uint8_t bytes[4096];
	ptrdiff_t n = 1;

	while (w->conn[host] && !o->eof[host] && n > 0) {
		n = sw_receive(w->stack[host], now(w), w->conn[host], bytes, sizeof(bytes));
		o->heard[host] += n > 0 ? (uint64_t)n : 0;
		for (ptrdiff_t i = 0; i < n; i++)
			o->heard[host] += (uint64_t)bytes[i] << 32; /* and which they were */
		o->eof[host] = n == 0;
	}
}

static bool
is_open(const struct world *w, int host)
{
	return w->conn[host] && sw_ready(w->stack[host], w->conn[host]) & SW_WRITABLE;
}

/* A says 3000 bytes when it can and B 5000, each closes when it has heard the end. */
static void
converse(struct world *w, struct outcome *o, bool said)
{
	bool done[2] = {said, false};
	sw_ns end = now(w) + 400 * SW_S;

	while (now(w) < end) {
		for (int i = 0; i < 2; i++) {
			if (i == B && !w->conn[B] &&
			    sw_accept(w->stack[B], now(w), w->listener[B], &w->conn[B]) == SW_OK)
				take_status(o, w);
			if (!done[i] && is_open(w, i)) {
				done[i] = true;
				says(w, i, i == A ? 3000 : 5000);
				closes(w, i);
			}
			hear(w, o, i);
		}
		if (!sw_sim_step(w->sim, end))
			break;
	}
	for (int i = 0; i < 2; i++) {
		struct sw_status st = {.bytes = sizeof(st), .state = SW_CLOSED};

		(void)sw_status(w->stack[i], w->conn[i], &st);
		o->state[i] = st.state;
		o->error[i] = st.error;
	}
}

static void
play(const struct way *way, enum sw_cookies cookies, struct outcome *o)
{
	struct world *w = scene_new();

	memset(o, 0, sizeof(*o));
	for (int i = 0; i < 2; i++) {
		w->config[i].msl = SW_S;
		w->config[i].ecn = SW_ECN_ASK;
	}
	w->config[B].cookies = (uint8_t)cookies;
	if (way->sets)
		way->sets(w);
	world_go(w);
	listens(w, B);
	if (way->before)
		way->before(w);
	opens(w, A);
	if (way->early)
		says(w, A, way->early);
	if (way->after)
		way->after(w);
	if (way->closes_early) {
		until(w, A, SW_ESTABLISHED);
		closes(w, A);
	}
	converse(w, o, way->closes_early);
	ok((verdicts_of(w, B, SW_V_COOKIE_SENT) > 0) == (cookies == SW_COOKIES_ALWAYS));
	world_end(w);
}

static void
loses_syn(struct world *w)
{
	loses(w, A, 0);
}

static void
loses_syn_ack(struct world *w)
{
	loses(w, B, 0);
}

static void
loses_ack(struct world *w)
{
	loses(w, A, 1);
}

static void
syn_twice(struct world *w)
{
	run_for(w, SW_MS);
	replays(w, A, 0);
}

static void
syn_late(struct world *w)
{
	until(w, A, SW_ESTABLISHED);
	run_for(w, 30 * SW_MS);
	replays(w, A, 0);
}

static void
syn_ack_twice(struct world *w)
{
	run_for(w, 11 * SW_MS);
	replays(w, B, 0);
}

static void
ack_twice(struct world *w)
{
	until(w, A, SW_ESTABLISHED);
	run_for(w, SW_MS);
	replays(w, A, 1);
}

/* The ACK, and all that was sent with it, come in another order. */
static void
ack_overtaken(struct world *w)
{
	until(w, A, SW_ESTABLISHED);
	w->path[A].reorder = 1000000;
	w->path[A].reorder_by = 5 * SW_MS;
	path_changes(w, A);
	says(w, A, 4000);
}

static void
no_stamps(struct world *w)
{
	w->config[A].timestamps = false;
}

static void
no_stamps_here(struct world *w)
{
	w->config[B].timestamps = false;
}

static void
nothing_but_stamps(struct world *w)
{
	w->config[A].sack = w->config[A].window_scale = false;
	w->config[A].ecn = SW_ECN_OFF;
}

static void
no_scale(struct world *w)
{
	w->config[A].window_scale = false;
}

static void
small_mtu(struct world *w)
{
	w->iface[A].mtu = w->v6 ? 1280 : 700;
}

static void
large_mtu(struct world *w)
{
	w->iface[A].mtu = w->iface[B].mtu = 9000;
}

static void
large_buffers(struct world *w)
{
	w->config[A].rcv_buf = 1 << 29;
	w->config[B].rcv_buf = 3 << 20;
}

static void
bad_path(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		w->path[i].loss = w->path[i].reorder = 50000;
		w->path[i].duplicate = w->path[i].corrupt = 20000;
	}
}

static const struct way ways[] = {
    {"plain", NULL, NULL, NULL, 0, false},
    {"the SYN is lost", NULL, loses_syn, NULL, 0, false},
    {"the SYN-ACK is lost", NULL, loses_syn_ack, NULL, 0, false},
    {"the ACK is lost", NULL, loses_ack, NULL, 0, false},
    {"the SYN comes twice", NULL, NULL, syn_twice, 0, false},
    {"the SYN comes again late", NULL, NULL, syn_late, 0, false},
    {"the SYN-ACK comes twice", NULL, NULL, syn_ack_twice, 0, false},
    {"the ACK comes twice", NULL, NULL, ack_twice, 0, false},
    {"text overtakes the ACK", NULL, NULL, ack_overtaken, 0, false},
    {"text with the ACK", NULL, NULL, NULL, 100, false},
    {"much text with the ACK", NULL, NULL, NULL, 9000, false},
    {"text with the ACK, and it is lost", NULL, loses_ack, NULL, 100, false},
    {"text and FIN with the ACK", NULL, NULL, NULL, 100, true},
    {"text and FIN with the ACK, and it is lost", NULL, loses_ack, NULL, 100, true},
    {"no timestamps", no_stamps, NULL, NULL, 100, false},
    {"no timestamps at B", no_stamps_here, NULL, NULL, 100, false},
    {"nothing but timestamps", nothing_but_stamps, NULL, NULL, 100, false},
    {"no window scale", no_scale, NULL, NULL, 100, false},
    {"small packets", small_mtu, NULL, NULL, 9000, false},
    {"large packets", large_mtu, NULL, NULL, 9000, false},
    {"large buffers", large_buffers, NULL, NULL, 9000, false},
    {"a bad path", bad_path, NULL, NULL, 100, false},
};

static void
both_ways(void)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct outcome without, with;
		bool stamps, same;

		play(&ways[i], SW_COOKIES_NEVER, &without);
		play(&ways[i], SW_COOKIES_ALWAYS, &with);
		stamps = without.timestamps;
		same = without.opened && with.opened;
		for (int k = 0; k < 2; k++)
			same = same && with.heard[k] == without.heard[k] && with.eof[k] &&
			       without.eof[k] && with.state[k] == without.state[k] &&
			       with.error[k] == without.error[k];
		same = same && with.timestamps == stamps && with.mss <= without.mss &&
		       with.mss + 600 >= without.mss;
		if (stamps)
			same = same && with.sack == without.sack && with.ecn == without.ecn &&
			       with.snd_wscale == without.snd_wscale &&
			       with.rcv_wscale == without.rcv_wscale;
		if (!ok(same))
			printf("# %s: another outcome with cookies: heard %llx %llx, %llx %llx; "
			       "states %d %d, %d %d; mss %u, %u; ecn %d, %d\n",
			       ways[i].name, (unsigned long long)without.heard[A],
			       (unsigned long long)without.heard[B],
			       (unsigned long long)with.heard[A], (unsigned long long)with.heard[B],
			       without.state[A], without.state[B], with.state[A], with.state[B],
			       without.mss, with.mss, without.ecn, with.ecn);
	}
}
SCENE(both_ways)

/* ---- one cookie --------------------------------------------------------- */

static struct world *
cookie_start(enum sw_cookies cookies)
{
	struct world *w = scene_new();

	w->config[B].cookies = (uint8_t)cookies;
	world_go(w);
	listens(w, B);
	return w;
}

static struct sw_counters
counted(const struct world *w, int host)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(w->stack[host], &c) == SW_OK);
	return c;
}

/* Nothing is kept; the ACK walks through all the states in one call. */
static void
nothing_kept(void)
{
	struct world *w = cookie_start(SW_COOKIES_ALWAYS);

	opens(w, A);
	run_for(w, 15 * SW_MS);
	ok(state_of(w, B) == SW_LISTEN);
	ok(counted(w, B).pool_high[SW_POOL_HALF_OPENS] == 0);
	ok(counted(w, B).pool_high[SW_POOL_CONNS] == 0);
	ok(counted(w, B).pool_high[SW_POOL_ACTIVES] == 0);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0) <mss 1460,ws 5,sackOK,TS 0 0>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460,ws 5,sackOK,TS 0 0>\n"
		       "A>B .  1:1(0) ack 1 <TS 0 0>");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	ok(verdicts_of(w, B, SW_V_COOKIE_SENT) == 1 && verdicts_of(w, B, SW_V_COOKIE) == 1);
	ok(counted(w, B).segments_out == 1);
	world_end(w);
}

/* Once, as the MSS depends on the family. */
static void
nothing_kept_4(void)
{
	scene_now = (struct scene){0};
	nothing_kept();
}

/* The two bounds, and back again when there is room. */
static void
when_full(void)
{
	struct world *w = scene_new();

	w->config[B].half_opens = 3;
	world_go(w);
	listens(w, B);
	w->path[B].loss = 1000000;
	path_changes(w, B);
	for (int i = 0; i < 5; i++) {
		w->end[A].port++;
		forge(w, B, "S 0:0(0) win 1000");
		run_for(w, SW_MS);
		ok(verdicts_of(w, B, SW_V_COOKIE_SENT) == (i < 3 ? 0u : i - 2u));
	}
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 3);
	w->path[B].loss = 0;
	path_changes(w, B);
	w->end[A].port++;
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	run_for(w, 20 * SW_MS);
	accepts(w, B);
	ok(verdicts_of(w, B, SW_V_COOKIE) == 1);
	run_for(w, 100 * SW_S); /* the others are given up */
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 0);
	ok(sw_set(w->stack[B], now(w), w->listener[B], SW_OPT_HALF_OPENS, 1) == SW_OK);
	w->path[B].loss = 1000000;
	path_changes(w, B);
	for (int i = 0; i < 3; i++) {
		w->end[A].port++;
		forge(w, B, "S 0:0(0) win 1000");
		run_for(w, SW_MS);
	}
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 1);
	ok(verdicts_of(w, B, SW_V_COOKIE_SENT) == 5);
	world_end(w);
}
SCENE(when_full)

static void
never(void)
{
	struct world *w = scene_new();

	w->config[B].half_opens = 1;
	w->config[B].cookies = SW_COOKIES_NEVER;
	world_go(w);
	listens(w, B);
	w->path[B].loss = 1000000;
	path_changes(w, B);
	for (int i = 0; i < 3; i++) {
		w->end[A].port++;
		forge(w, B, "S 0:0(0) win 1000");
		run_for(w, SW_MS);
	}
	ok(verdicts_of(w, B, SW_V_COOKIE_SENT) == 0 && verdicts_of(w, B, SW_V_NO_HALF) == 2);
	world_end(w);
}
SCENE(never)

/* A SYN-ACK with a cookie has come to A, whose ACK is lost; `later` it comes to B. */
static struct world *
cookie_out(sw_ns later)
{
	struct world *w = cookie_start(SW_COOKIES_ALWAYS);

	loses(w, A, 1);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	run_for(w, later);
	skip_wire(w);
	return w;
}

/* Good for two minutes at least, and for four at most; then it is any ACK for a listener. */
static void
how_long(void)
{
	static const struct {
		sw_ns later;
		int good; /* 1, 0, -1: by where in its period it was made */
	} at[] = {{0, 1}, {119 * SW_S, 1}, {180 * SW_S, -1}, {241 * SW_S, 0}, {1000 * SW_S, 0}};

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct world *w = cookie_out(at[i].later);
		bool opened;

		replays(w, A, 1);
		run_for(w, SW_MS);
		opened = verdicts_of(w, B, SW_V_COOKIE) == 1;
		ok(at[i].good < 0 || opened == at[i].good);
		if (!opened) {
			ok(verdicts_of(w, B, SW_V_LISTEN_ACK) == 1);
			expect_wire(w, "B>A R 1:1(0)");
		}
		world_end(w);
	}
}
SCENE(how_long)

/* Each field that is not as it was makes it bad; so do ten thousand guesses. */
static void
forged(void)
{
	struct world *w = cookie_out(SW_MS);
	char text[80];

	for (int i = 0; i < 64; i++) {
		uint32_t seq = 1 + (i < 32 ? 1u << i : 0), ack = 1 + (i < 32 ? 0 : 1u << (i - 32));

		snprintf(text, sizeof(text), ". %u:%u(0) ack %u win 1000", seq, seq, ack);
		forge(w, B, text);
	}
	w->end[A].port++;
	forge(w, B, ". 1:1(0) ack 1 win 1000");
	w->end[A].port--;
	w->end[B].addr.b[15]++;
	forge(w, B, ". 1:1(0) ack 1 win 1000");
	w->end[B].addr.b[15]--;
	for (int i = 0; i < 10000; i++) {
		uint32_t seq = (uint32_t)tap_random(), ack = (uint32_t)tap_random();

		snprintf(text, sizeof(text), ". %u:%u(0) ack %u win 1000", seq, seq, ack);
		forge(w, B, text);
		if (i % 100 == 0)
			run_for(w, SW_MS);
	}
	run_for(w, SW_S);
	ok(verdicts_of(w, B, SW_V_COOKIE) == 0 && counted(w, B).pool_high[SW_POOL_CONNS] == 0);
	/* the true one is still good */
	replays(w, A, 1);
	until(w, B, SW_ESTABLISHED);
	world_end(w);
}
SCENE(forged)

/* Another stack with the same secret takes the ACK, at whatever time its own clock stands;
 * one with another secret does not. */
static void
shared(void)
{
	for (int turn = 0; turn < 3; turn++) {
		struct world *w = scene_new();

		w->config[B].cookies = SW_COOKIES_ALWAYS;
		memset(w->config[B].cookie_secret, 9, sizeof(w->config[B].cookie_secret));
		w->config[B].cookie_clock = 77 * SW_S;
		world_go(w);
		listens(w, B);
		loses(w, A, 1);
		opens(w, A);
		until(w, A, SW_ESTABLISHED);
		w->config[B].cookies = SW_COOKIES_FULL; /* it has sent none itself */
		if (turn == 1)
			w->config[B].cookie_secret[0]++;
		if (turn == 2)
			w->config[B].cookie_clock += 1000 * SW_S;
		reboots(w, B);
		listens(w, B);
		replays(w, A, 1);
		run_for(w, SW_MS);
		ok(verdicts_of(w, B, SW_V_COOKIE) == (turn == 0));
		world_end(w);
	}
}
SCENE(shared)

/* An ACK is not even looked at when no cookie can be out. */
static void
none_out(void)
{
	struct world *w = cookie_start(SW_COOKIES_FULL);

	forge(w, B, "P. 1:11(10) ack 1 win 1000");
	run_for(w, SW_MS);
	expect_wire(w, "B>A R 1:1(0)");
	ok(verdicts_of(w, B, SW_V_LISTEN_ACK) == 1 && verdicts_of(w, B, SW_V_COOKIE_BAD) == 0);
	world_end(w);
}
SCENE(none_out)

/* Text without a good cookie is dropped without a word while some are out: it may have
 * overtaken the one that has it. */
static void
text_first(void)
{
	struct world *w = cookie_out(SW_MS);

	loses(w, A, 0);
	says(w, A, 3000);
	run_for(w, 5 * SW_MS);
	skip_wire(w);
	run_for(w, 10 * SW_MS);
	expect_silence(w);
	ok(verdicts_of(w, B, SW_V_COOKIE_BAD) > 0);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	hears_all(w, B, 3000);
	world_end(w);
}
SCENE(text_first)

/* No room for one more when the ACK comes: the peer says it again. */
static void
no_room(void)
{
	struct world *w = scene_new();
	sw_conn c;

	w->config[B].cookies = SW_COOKIES_ALWAYS;
	world_go(w);
	ok(sw_open_passive(w->stack[B], now(w), &w->end[B], 1, &w->listener[B]) == SW_OK);
	opens(w, A);
	run_for(w, 5 * SW_MS);
	w->end[A].port++;
	opens(w, A);
	says(w, A, 10);
	run_for(w, 50 * SW_MS);
	ok(verdicts_of(w, B, SW_V_COOKIE) == 1 && verdicts_of(w, B, SW_V_NO_BACKLOG) == 1);
	ok(sw_accept(w->stack[B], now(w), w->listener[B], &c) == SW_OK);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	hears(w, B, 10);
	world_end(w);
}
SCENE(no_room)

/* A SYN that takes over a TIME-WAIT gets a cookie only if timestamps tell old from new. */
static void
behind_time_wait(void)
{
	for (int stamps = 0; stamps < 2; stamps++) {
		struct world *w = scene_new();

		w->config[A].timestamps = stamps;
		w->config[B].half_opens = 1;
		world_go(w);
		established(w);
		closes(w, B);
		until(w, A, SW_CLOSE_WAIT);
		closes(w, A);
		until(w, B, SW_TIME_WAIT);
		releases(w, B);
		releases(w, A);
		run_for(w, 2 * SW_S);
		w->end[A].port++; /* the only record */
		w->path[B].loss = 1000000;
		path_changes(w, B);
		forge(w, B, "S 0:0(0) win 1000");
		run_for(w, SW_MS);
		w->end[A].port--;
		opens(w, A);
		run_for(w, 20 * SW_MS);
		ok(verdicts_of(w, B, SW_V_REUSED) == 1);
		ok(verdicts_of(w, B, SW_V_COOKIE_SENT) == (stamps ? 1u : 0));
		ok(verdicts_of(w, B, SW_V_NO_HALF) == (stamps ? 0 : 1u));
		world_end(w);
	}
}
SCENE(behind_time_wait)

/* The echo holds what was agreed on, all combinations of it. */
static void
what_is_kept(void)
{
	for (unsigned i = 0; i < 64; i++) {
		struct world *w = scene_new();
		struct sw_status st;

		w->config[A].sack = i & 1;
		w->config[A].window_scale = i & 2;
		w->config[A].ecn = i & 4 ? SW_ECN_ASK : SW_ECN_OFF;
		w->config[A].timestamps = i & 8;
		w->config[A].rcv_buf = i & 2 ? 1u << (14 + i % 16) : 60000;
		w->config[B].cookies = SW_COOKIES_ALWAYS;
		w->config[B].ecn = i & 16 ? SW_ECN_ANSWER : SW_ECN_OFF;
		w->config[B].window_scale = !(i & 32);
		world_go(w);
		established(w);
		st = status_of(w, B);
		ok(st.timestamps == ((i & 8) != 0));
		ok(st.sack == ((i & 9) == 9));
		ok(st.ecn == ((i & 28) == 28) && st.ecn == status_of(w, A).ecn);
		ok(st.snd_wscale == ((i & 42) == 10 ? status_of(w, A).rcv_wscale : 0));
		ok(st.rcv_wscale == status_of(w, A).snd_wscale);
		ok(st.sack == status_of(w, A).sack);
		says(w, B, 30000);
		hears_all(w, A, 30000);
		world_end(w);
	}
}
SCENE(what_is_kept)

/* ---- the reflector ------------------------------------------------------ */

/* Bytes of IP that B has sent from packet `from` on. */
static uint64_t
bytes_of(const struct world *w, size_t from)
{
	uint64_t n = 0;

	for (size_t i = from; i < w->n_wire; i++)
		n += w->wire[i].from == B ? w->wire[i].len : 0;
	return n;
}

/* What B has sent by now. */
static size_t
said_by_b(const struct world *w)
{
	size_t n = 0;

	for (size_t k = 0; k < w->n_wire; k++)
		n += w->wire[k].from == B;
	return n;
}

/* One segment comes, and nothing more, to a port where somebody listens or nobody. */
static void
reflect(const char *segment, uint16_t port, enum sw_cookies cookies)
{
	struct world *w = cookie_start(cookies);
	uint32_t ip = w->v6 ? 40 : 20;
	bool syn_ack = false;

	ok(sw_set(w->stack[B], now(w), w->listener[B], SW_OPT_FASTOPEN, 9) == SW_OK);
	w->path[B].loss = 1000000; /* the victim says nothing */
	path_changes(w, B);
	w->end[B].port = port;
	forge(w, B, segment);
	run_for(w, SW_MS);
	ok(said_by_b(w) <= (strchr(segment, 'R') ? 0u : 1u));
	run_for(w, 300 * SW_S);
	for (size_t k = 0; k < w->n_wire; k++) {
		if (w->wire[k].from != B)
			continue;
		syn_ack |= (w->wire[k].seg.ctl & SW_SYN) != 0;
		ok(w->wire[k].seg.len == 0);
	}
	ok(said_by_b(w) <= (syn_ack && cookies == SW_COOKIES_NEVER ? 6u : 1u));
	ok(bytes_of(w, 0) <= said_by_b(w) * (ip + 56));
	world_end(w);
}

/* Whatever comes from an address that may be a victim's, before the handshake ends: what
 * goes to it is at most one SYN-ACK and the five that repeat it, and with cookies one;
 * nothing has text, and one packet never draws two. */
static void
reflector(void)
{
	static const char *const segments[] = {"S 0:0(0) win 1000 <mss 1460,ws 7,sackOK,TS 1 0>",
					       "S 0:100(100) win 1000",
					       "S 0:0(0) win 1000 <FO>",
					       "S 0:100(100) win 1000 <FO 0102030405060708>",
					       "SF 0:10(10)",
					       "S. 0:0(0) ack 5",
					       "S. 0:1000(1000) ack 5",
					       ". 7:7(0) ack 9",
					       ". 7:1007(1000) ack 9",
					       "F. 7:7(0) ack 9",
					       "F 7:7(0)",
					       "R 7:7(0)",
					       "R. 7:7(0) ack 9",
					       "P 7:1007(1000)",
					       "- 7:7(0)",
					       "SR 1:1(0)",
					       "FR 1:1(0)",
					       "SFRPU 1:1(0)"};

	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		for (uint16_t port = 80; port < 82; port++) {
			reflect(segments[i], port, SW_COOKIES_NEVER);
			reflect(segments[i], port, SW_COOKIES_ALWAYS);
		}
}
SCENE(reflector)

/* Who asks for AccECN gets RFC 3168's: a cookie has one bit for it. */
static void
plainly_marked(void)
{
	struct world *w = scene_new();

	w->config[A].ecn = w->config[B].ecn = SW_ECN_ACCURATE;
	w->config[B].cookies = SW_COOKIES_ALWAYS;
	scene_go(w);
	listens(w, B);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	run_for(w, 30 * SW_MS);
	accepts(w, B);
	ok(verdicts_of(w, B, SW_V_COOKIE_SENT) == 1);
	for (int i = 0; i < 2; i++)
		ok(status_of(w, i).ecn && !status_of(w, i).accurate_ecn);
	world_end(w);
}
SCENE(plainly_marked)

int
main(void)
{
	PLAY("syn-cookie: every handshake with and without", both_ways);
	TEST("syn-cookie: nothing is kept", nothing_kept_4);
	PLAY("syn-cookie: when the records are used up", when_full);
	PLAY("syn-cookie: never", never);
	PLAY("syn-cookie: two to four minutes", how_long);
	PLAY("syn-cookie: forged", forged);
	PLAY("syn-cookie: a secret that is shared", shared);
	PLAY("syn-cookie: none is out", none_out);
	PLAY("syn-cookie: text comes first", text_first);
	PLAY("syn-cookie: no room", no_room);
	PLAY("syn-cookie: behind a TIME-WAIT", behind_time_wait);
	PLAY("syn-cookie: what is kept", what_is_kept);
	PLAY("syn-cookie: AccECN", plainly_marked);
	PLAY("reflector", reflector);
	return plan_done();
}
