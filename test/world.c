/*
 * world.c - the two hosts, their programs, and what is expected of them.
 */
#include "world.h"
#include "tap.h"

static uint64_t edges_taken[256];

/* ---- the world ---------------------------------------------------------- */

struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->seed = tap_seed();
	for (int i = 0; i < 2; i++) {
		struct sw_config *c = &w->config[i];

		sw_config_init(c);
		c->conns = c->actives = 64;
		c->half_opens = c->time_waits = 64;
		c->chunks = 2048;
		c->snd_buf = c->rcv_buf = 1 << 20;
		c->records = c->runs = 2048;
		c->traces = 4096;
		w->path[i] = (struct sw_sim_path){.bytes = sizeof(w->path[i]), .delay = 10 * SW_MS};
		w->iface[i] = (struct sw_iface){.link = SW_LINK_IP, .mtu = 1500};
		w->end[i].port = i == A ? 40000 : 80;
	}
	w->wire = calloc(WORLD_WIRE, sizeof(*w->wire));
	if (!w->wire)
		abort();
	return w;
}

/* Which host's connection is it?  The one we look at, or the listener's. */
static bool
ours(const struct world *w, int host, const struct sw_trace *t)
{
	if (t->local.port != w->end[host].port)
		return false;
	return t->remote.port == w->end[!host].port;
}

static void
path_add(struct world *w, int host, enum sw_state s)
{
	int n = w->n_states[host];

	if (n > 0 && w->states[host][n - 1] == s)
		return;
	if (n < WORLD_PATH)
		w->states[host][w->n_states[host]++] = s;
}

static void
on_trace(void *ctx, int host, const struct sw_trace *t)
{
	struct world *w = ctx;

	if (t->kind != SW_T_STATE || !ours(w, host, t))
		return;
	if (w->n_states[host] == 0)
		path_add(w, host, SW_CLOSED);
	path_add(w, host, t->from);
	w->changed[host] = t->at;
	path_add(w, host, t->to);
}

static void
on_packet(void *ctx, const struct sw_sim_seen *p)
{
	struct world *w = ctx;
	struct world_seen *s = &w->wire[w->n_wire];

	if (p->moment != SW_SIM_SENT || w->n_wire >= WORLD_WIRE)
		return;
	if (!sw_trace_packet(&s->seg, p->data, p->len))
		memset(&s->seg, 0, sizeof(s->seg));
	s->seg.at = p->at;
	s->from = p->from;
	s->fate = p->fate;
	s->len = p->len;
	s->data = malloc(p->len);
	if (!s->data)
		abort();
	memcpy(s->data, p->data, p->len);
	w->n_wire++;
	if ((p->fate & SW_SIM_INJECTED) || !(s->seg.ctl & SW_SYN))
		return;
	w->known[p->from] = true;
	w->iss[p->from] = s->seg.seq;
}

/* Is this the packet that the plan is for? */
static bool
plan_meets(const struct world *w, const struct world_plan *plan, const struct sw_sim_seen *p,
	   const struct sw_trace *seg)
{
	if (plan->from != p->from)
		return false;
	if (plan->times)
		return w->iss[p->from] + plan->text - seg->seq < seg->len;
	if (plan->ctl)
		return (seg->ctl & plan->ctl) == plan->ctl;
	return plan->number == p->number;
}

/* The plans of what shall be lost. */
static bool
on_filter(void *ctx, const struct sw_sim_seen *p)
{
	struct world *w = ctx;
	struct sw_trace seg = {0};

	sw_trace_packet(&seg, p->data, p->len);
	for (int i = 0; i < w->n_plans; i++) {
		struct world_plan *plan = &w->plan[i];

		if (!plan_meets(w, plan, p, &seg))
			continue;
		if (plan->times == 0 || --plan->times == 0)
			*plan = w->plan[--w->n_plans];
		return false;
	}
	return true;
}

static void
addresses(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		w->end[i].addr = sw_addr4(10, 0, 0, (uint8_t)(i + 1));
		if (w->v6)
			ok(sw_addr_parse(&w->end[i].addr, i ? "2001:db8::2" : "2001:db8::1") == 0);
	}
}

/* A fresh stack for a host. */
static void
boot(struct world *w, int host)
{
	struct sw_config *c = &w->config[host];
	size_t bytes;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t r = sw_sim_random(w->seed ^ 0x5eed, w->boots * 4 + i);

		for (unsigned k = 0; k < 8; k++)
			c->secret[i * 8 + k] = (uint8_t)(r >> (8 * k));
	}
	w->boots++;
	if (!w->tunes)
		c->without |= SW_NO_TUNING;
	bytes = sw_stack_bytes(c);
	ok(bytes > 0);
	free(w->arena[host]);
	w->arena[host] = aligned_alloc(64, (bytes + 63) / 64 * 64);
	if (!w->arena[host] || !bytes)
		abort();
	ok(sw_stack_init(&w->stack[host], c, w->arena[host], bytes) == SW_OK);
	ok(sw_iface_add(w->stack[host], &w->iface[host]) == 0);
	ok(sw_address_add(w->stack[host], 0, &w->end[host].addr, w->v6 ? 64 : 24) >= 0);
	w->conn[host] = w->listener[host] = 0;
}

void
world_go(struct world *w)
{
	addresses(w);
	w->sim = sw_sim_new(w->seed);
	if (!w->sim)
		abort();
	for (int i = 0; i < 2; i++) {
		boot(w, i);
		ok(sw_sim_host(w->sim, w->stack[i], 0) == i);
	}
	ok(sw_sim_link(w->sim, A, B, &w->path[A], &w->path[B]) == 0);
	sw_sim_trace(w->sim, on_trace, w);
	sw_sim_tap(w->sim, on_packet, w);
	sw_sim_filter(w->sim, on_filter, w);
}

/* Adds up which rows of the tables were taken. */
static void
count_edges(const struct world *w, int host)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);

	for (size_t i = 0; i < n && i < 256; i++)
		edges_taken[i] += sw_probe_edge_count(w->stack[host], i);
}

void
world_end(struct world *w)
{
	sw_sim_drain(w->sim);
	for (int i = 0; i < 2; i++) {
		ok(sw_probe_check(w->stack[i]) == 0);
		ok(sw_probe_broken(w->stack[i]) == 0);
		count_edges(w, i);
		free(w->arena[i]);
	}
	for (size_t i = 0; i < w->n_wire; i++)
		free(w->wire[i].data);
	sw_sim_free(w->sim);
	free(w->wire);
	free(w);
}

void
world_edge(enum sw_state from, enum sw_cause on)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);

	for (size_t i = 0; i < n && i < 256; i++)
		edges_taken[i] += e[i].from == from && e[i].on == on;
}

void
expect_every_edge(bool beyond)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);

	ok(n <= 256);
	for (size_t i = 0; i < n && i < 256; i++) {
		if ((!beyond && !e[i].figure_5) || edges_taken[i])
			continue;
		printf("# never taken: %s, %s -> %s\n", sw_state_name(e[i].from),
		       sw_cause_name(e[i].on), sw_state_name(e[i].to));
		ok(edges_taken[i] > 0);
	}
}

/* One of the two tables, with what was counted. */
static void
edges_print(bool figure_5)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e), all = 0, taken = 0;

	for (size_t i = 0; i < n && i < 256; i++) {
		if (e[i].figure_5 != figure_5)
			continue;
		all++;
		taken += edges_taken[i] > 0;
		printf("# edge %10llu  %-12s  %-20s  %s\n", (unsigned long long)edges_taken[i],
		       sw_state_name(e[i].from), sw_cause_name(e[i].on), sw_state_name(e[i].to));
	}
	printf("# %s: %zu of %zu edges taken\n", figure_5 ? "Figure 5" : "the second table", taken,
	       all);
}

/* Every program that has worlds says at its end which edges they took: plan_done(). */
void
tap_tail(void)
{
	edges_print(true);
	edges_print(false);
}

void
reboots(struct world *w, int host)
{
	run_for(w, 0); /* what the old one has told is taken */
	count_edges(w, host);
	boot(w, host);
	ok(sw_sim_reboot(w->sim, host, w->stack[host]) == SW_OK);
}

void
force_iss(struct world *w, int host, uint32_t iss)
{
	sw_probe_force_iss(w->stack[host], true, iss);
}

void
path_changes(struct world *w, int host)
{
	ok(sw_sim_path(w->sim, host, &w->path[host]) == SW_OK);
}

/* ---- time --------------------------------------------------------------- */

sw_ns
now(const struct world *w)
{
	return sw_sim_now(w->sim);
}

void
run_for(struct world *w, sw_ns t)
{
	sw_ns end = now(w) + t;

	while (sw_sim_step(w->sim, end))
		;
}

enum sw_state
state_of(const struct world *w, int host)
{
	int n;

	sw_sim_drain(w->sim);
	n = w->n_states[host];
	return n ? w->states[host][n - 1] : SW_CLOSED;
}

sw_ns
changed(const struct world *w, int host)
{
	sw_sim_drain(w->sim);
	return w->changed[host];
}

void
until(struct world *w, int host, enum sw_state state)
{
	sw_ns end = now(w) + 1000 * SW_S;

	while (state_of(w, host) != state && sw_sim_step(w->sim, end))
		;
	if (!ok(state_of(w, host) == state))
		printf("# %s is in %s, not in %s, at %llu us\n", host ? "B" : "A",
		       sw_state_name(state_of(w, host)), sw_state_name(state),
		       (unsigned long long)(now(w) / SW_US));
}

void
until_true(struct world *w, bool (*cond)(const struct world *), sw_ns limit)
{
	sw_ns end = now(w) + limit;

	while (!cond(w) && sw_sim_step(w->sim, end))
		;
	ok(cond(w));
}

/* ---- what programs do --------------------------------------------------- */

void
listens(struct world *w, int host)
{
	ok(sw_open_passive(w->stack[host], now(w), &w->end[host], 16, &w->listener[host]) == SW_OK);
	if (w->n_states[host] == 0) {
		path_add(w, host, SW_CLOSED);
		path_add(w, host, SW_LISTEN);
	}
}

void
opens(struct world *w, int host)
{
	ok(sw_open_active(w->stack[host], now(w), &w->end[host], &w->end[!host], &w->conn[host]) ==
	   SW_OK);
}

void
accepts(struct world *w, int host)
{
	ok(sw_accept(w->stack[host], now(w), w->listener[host], &w->conn[host]) == SW_OK);
}

/* The i-th byte that `host` says. */
static uint8_t
pattern(int host, uint64_t i)
{
	return (uint8_t)(sw_sim_random((uint64_t)host + 1, i / 8) >> (i % 8 * 8));
}

void
says(struct world *w, int host, uint32_t n)
{
	uint8_t bytes[1024];
	ptrdiff_t took = 1;

	for (uint32_t done = 0; done < n && took > 0; done += (uint32_t)took) {
		uint32_t want = n - done < sizeof(bytes) ? n - done : (uint32_t)sizeof(bytes);

		for (uint32_t i = 0; i < want; i++)
			bytes[i] = pattern(host, w->said[host] + i);
		took = sw_send(w->stack[host], now(w), w->conn[host], bytes, want, 0);
		ok(took > 0);
		w->said[host] += took > 0 ? (uint64_t)took : 0;
	}
}

/* What is there now, n bytes at most: how many; all must be the pattern. */
static uint32_t
hear_some(struct world *w, int host, uint32_t n)
{
	uint8_t bytes[1024];
	uint32_t done = 0, wrong = 0;
	ptrdiff_t got = 1;

	while (done < n && got > 0) {
		uint32_t want = n - done < sizeof(bytes) ? n - done : (uint32_t)sizeof(bytes);

		got = sw_receive(w->stack[host], now(w), w->conn[host], bytes, want);
		for (ptrdiff_t i = 0; i < got; i++)
			wrong += bytes[i] != pattern(!host, w->heard[host] + (uint64_t)i);
		done += got > 0 ? (uint32_t)got : 0;
		w->heard[host] += got > 0 ? (uint64_t)got : 0;
	}
	ok(wrong == 0);
	return done;
}

void
hears(struct world *w, int host, uint32_t n)
{
	ok(hear_some(w, host, n) == n);
}

void
hears_all(struct world *w, int host, uint32_t n)
{
	sw_ns end = now(w) + 1000 * SW_S;
	uint32_t done = hear_some(w, host, n);

	while (done < n && sw_sim_step(w->sim, end))
		done += hear_some(w, host, n - done);
	ok(done == n);
}

void
hears_end(struct world *w, int host)
{
	uint8_t byte;

	ok(sw_receive(w->stack[host], now(w), w->conn[host], &byte, 1) == 0);
}

void
closes(struct world *w, int host)
{
	ok(sw_close(w->stack[host], now(w), w->conn[host]) == SW_OK);
}

void
releases(struct world *w, int host)
{
	ok(sw_release(w->stack[host], now(w), w->conn[host]) == SW_OK);
}

void
aborts(struct world *w, int host)
{
	ok(sw_abort(w->stack[host], now(w), w->conn[host]) == SW_OK);
}

void
established(struct world *w)
{
	listens(w, B);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	accepts(w, B);
	run_for(w, SW_MS);
	skip_wire(w);
}

unsigned
ready_of(const struct world *w, int host)
{
	return sw_ready(w->stack[host], w->conn[host]);
}

struct sw_status
status_of(const struct world *w, int host)
{
	struct sw_status s = {.bytes = sizeof(s)};

	ok(sw_status(w->stack[host], w->conn[host], &s) == SW_OK);
	return s;
}

uint64_t
verdicts_of(const struct world *w, int host, enum sw_verdict v)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(w->stack[host], &c) == SW_OK);
	return c.verdict[v];
}

/* ---- the wire ----------------------------------------------------------- */

unsigned
sent(const struct world *w, int host)
{
	struct sw_sim_counters c = {.bytes = sizeof(c)};

	ok(sw_sim_counters(w->sim, host, &c) == SW_OK);
	return (unsigned)c.sent;
}

static void
plan_add(struct world *w, const struct world_plan *plan)
{
	if (ok(w->n_plans < WORLD_PLANS))
		w->plan[w->n_plans++] = *plan;
}

void
loses(struct world *w, int host, unsigned k)
{
	plan_add(w, &(struct world_plan){.from = host, .number = sent(w, host) + k});
}

void
loses_ctl(struct world *w, int host, uint8_t ctl)
{
	plan_add(w, &(struct world_plan){.from = host, .ctl = ctl});
}

void
loses_text(struct world *w, int host, uint32_t n, unsigned times)
{
	plan_add(w, &(struct world_plan){.from = host, .text = n, .times = times});
}

void
replays(struct world *w, int host, unsigned n)
{
	for (size_t i = 0; i < w->n_wire; i++) {
		const struct world_seen *s = &w->wire[i];

		if (s->from != host || (s->fate & (SW_SIM_INJECTED | SW_SIM_DUPLICATE)) || n-- > 0)
			continue;
		ok(sw_sim_inject(w->sim, !host, 0, s->data, s->len) == SW_OK);
		return;
	}
	printf("# there was no such packet\n");
	ok(false);
}

void
forge(struct world *w, int host, const char *segment)
{
	static uint8_t packet[65536];
	uint32_t len = world_forge(w, !host, segment, packet);

	if (!ok(len > 0))
		printf("# cannot read: %s\n", segment);
	else
		ok(sw_sim_inject(w->sim, host, 0, packet, len) == SW_OK);
}

/* ---- expectations ------------------------------------------------------- */

void
skip_wire(struct world *w)
{
	w->told = w->n_wire;
}

void
skip_path(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		if (w->n_states[i] > 1)
			w->states[i][0] = w->states[i][w->n_states[i] - 1];
		if (w->n_states[i] > 1)
			w->n_states[i] = 1;
	}
}

void
world_expect_path(struct world *w, int host, const char *path, const char *file, int line)
{
	char text[WORLD_PATH * 14] = "";

	run_for(w, 0);
	for (int i = 0; i < w->n_states[host]; i++) {
		strcat(text, i ? " " : "");
		strcat(text, sw_state_name(w->states[host][i]));
	}
	if (!tap_ok(!strcmp(text, path), file, line, "the path of states"))
		printf("#   %s went  %s\n#   expected %s\n", host ? "B" : "A", text, path);
}

/* Prints what was sent, when that is not what was expected. */
static void
show_wire(const struct world *w)
{
	char text[256];

	for (size_t i = w->told; i < w->n_wire; i++) {
		if (w->wire[i].fate & SW_SIM_INJECTED)
			continue;
		world_write(w, &w->wire[i], text, sizeof(text));
		printf("#   %11.6f %s\n", (double)w->wire[i].seg.at / 1e9, text);
	}
}

void
world_expect_wire(struct world *w, const char *text, const char *file, int line)
{
	char one[256];
	bool good = true;
	size_t i = w->told;

	run_for(w, 0);
	while (*text && good) {
		size_t n = strcspn(text, "\n");

		snprintf(one, sizeof(one), "%.*s", (int)n, text);
		text += n + (text[n] == '\n');
		while (i < w->n_wire && (w->wire[i].fate & SW_SIM_INJECTED))
			i++;
		good = i < w->n_wire && world_matches(w, &w->wire[i], one);
		i++;
		if (!good)
			printf("# expected: %s\n", one);
	}
	while (i < w->n_wire && (w->wire[i].fate & SW_SIM_INJECTED))
		i++;
	if (!tap_ok(good && i >= w->n_wire, file, line, "the segments on the wire"))
		show_wire(w);
	skip_wire(w);
}
