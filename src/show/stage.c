/*
 * stage.c - hosts, wire, and what the watcher is told.
 *
 * The hosts are the simulator's guests, not its stacks: so both cores, the one that
 * ships and the copy with rules to break, are driven by the same lines.
 */
#include "show/stage.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 16, CAP = 2048, OUTPUTS = 4096 };

/* ---- what is watched ----------------------------------------------------- */

static bool
watched(const struct stage *s, int host, const struct sw_trace *t)
{
	return t->local.port == s->end[host].port && t->remote.port == s->end[!host].port &&
	       sw_addr_same(&t->remote.addr, &s->end[!host].addr);
}

static void
path_add(struct stage *s, int host, enum sw_state state)
{
	int n = s->states[host];

	if (n > 0 && s->state[host][n - 1] == state)
		return;
	if (n < STAGE_PATH)
		s->state[host][s->states[host]++] = (uint8_t)state;
}

char *
stage_path(const struct stage *s, int host, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (int i = 0; i < s->states[host] && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "",
					 sw_state_name((enum sw_state)s->state[host][i]));
	return text;
}

/* What a broken core does without the reason that its table gives; NULL: it has one. */
static const char *
broken_why(const struct stage *s, const struct sw_trace *t)
{
	if (s->broken == EXPLORE_TWO_WAY && t->cause == SW_ON_RCV_ACK_OF_SYN)
		return "at once, without an ACK of its SYN: the rule is broken";
	if (s->broken == EXPLORE_NO_TIME_WAIT && t->cause == SW_ON_MSL2_TIMEOUT)
		return "at once, not after 2 MSL: the rule is broken";
	return NULL;
}

static void
tell_state(struct stage *s, int host, const struct sw_trace *t)
{
	const char *why = broken_why(s, t);
	struct sw_row row;

	if (s->states[host] == 0)
		path_add(s, host, SW_CLOSED);
	path_add(s, host, t->from);
	path_add(s, host, t->to);
	if (!s->watch.ladder)
		return;
	if (!why) {
		sw_ladder_event(s->watch.ladder, host, t);
		return;
	}
	sw_row_init(&row, SW_ROW_STATE, host, t->at);
	row.state[host] = t->to;
	row.why[host] = s->watch.say(why);
	sw_ladder_row(s->watch.ladder, &row);
}

void
stage_forget(struct stage *s, int host)
{
	struct sw_row row;

	path_add(s, host, SW_CLOSED);
	if (!s->watch.ladder)
		return;
	sw_row_init(&row, SW_ROW_STATE, host, play_now(s));
	row.state[host] = SW_CLOSED;
	row.why[host] = s->watch.say("restarted: it knows nothing of any connection");
	sw_ladder_row(s->watch.ladder, &row);
}

/* Counts the row of the state machine. */
static void
count_edge(struct stage *s, const struct sw_trace *t)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);

	for (size_t i = 0; i < n && i < sizeof(s->edges) / sizeof(s->edges[0]); i++)
		if (e[i].from == t->from && e[i].on == t->cause)
			s->edges[i]++;
}

/* Takes what a stack has to tell. */
void
stage_tell(struct stage *s, int host)
{
	struct sw_trace t;

	while (s->core->trace(s->stack[host], &t)) {
		if (host == A && s->watch.capture)
			sw_capture_event(s->watch.capture, &t);
		if (t.kind == SW_T_STATE)
			count_edge(s, &t);
		if (!watched(s, host, &t))
			continue;
		if (t.kind == SW_T_STATE)
			tell_state(s, host, &t);
		else if (s->watch.ladder && !(t.kind == SW_T_TIMER && t.timer == SW_TIMER_MSL2 &&
					      s->broken == EXPLORE_NO_TIME_WAIT))
			sw_ladder_event(s->watch.ladder, host, &t);
	}
}

/* ---- the wire ------------------------------------------------------------ */

/* What the network is to do with this packet; false: nothing special. */
static bool
planned(struct stage *s, int from, const struct sw_trace *t, enum stage_fate *fate)
{
	for (int i = 0; i < s->plans; i++) {
		struct stage_plan *p = &s->plan[i];

		if (p->from != from || (t->ctl & p->ctl) != p->ctl || t->ctl & SW_RST)
			continue;
		*fate = p->fate;
		memmove(p, p + 1, (size_t)(s->plans - i - 1) * sizeof(*p));
		s->plans--;
		return true;
	}
	return false;
}

/* A packet that the network keeps: it is drawn, and never was on the simulator's wire. */
static void
keep_back(struct stage *s, int from, struct sw_trace *t, enum stage_fate fate)
{
	t->at = play_now(s);
	if (s->watch.ladder && watched(s, from, t))
		sw_ladder_packet(s->watch.ladder, from, t,
				 fate == PLAN_HOLD ? SW_SIM_REORDERED : SW_SIM_LOST, SW_NEVER);
}

static void
remember(struct stage *s, int from, const struct sw_packet *p)
{
	struct stage_packet *kept = &s->sent[s->n_sent];

	if (s->n_sent == STAGE_SENT)
		return;
	kept->data = malloc(p->len);
	if (!kept->data) {
		s->failed = true;
		return;
	}
	memcpy(kept->data, p->data, p->len);
	kept->from = from;
	kept->len = p->len;
	s->n_sent++;
}

static void
put_on_wire(struct stage *s, int from, const struct sw_packet *p)
{
	enum stage_fate fate;
	struct sw_trace t;
	bool tcp = sw_trace_packet(&t, p->data, p->len);

	remember(s, from, p);
	s->count[from]++;
	if (s->mute[from])
		return;
	if (tcp && planned(s, from, &t, &fate)) {
		keep_back(s, from, &t, fate);
		if (from == A && s->watch.capture)
			sw_capture_out(s->watch.capture, play_now(s), p->data, p->len);
	} else if (sw_sim_offer(s->sim, from, p->data, p->len) != SW_OK)
		s->failed = true;
}

static void
host_send(struct stage *s, int host)
{
	static uint8_t room[BATCH][CAP];
	struct sw_packet out[BATCH];
	size_t n = BATCH;

	for (unsigned round = 0; n > 0 && round < OUTPUTS; round++) {
		for (size_t i = 0; i < BATCH; i++)
			out[i] = (struct sw_packet){.data = room[i], .cap = CAP};
		n = s->core->output(s->stack[host], play_now(s), 0, out, BATCH);
		stage_tell(s, host);
		for (size_t i = 0; i < n; i++)
			put_on_wire(s, host, &out[i]);
	}
}

void
stage_send(struct stage *s)
{
	for (int host = 0; host < 2; host++)
		if (s->stack[host])
			host_send(s, host);
}

/* A packet at A's interface, as it sees it. */
static void
capture(struct stage *s, const struct sw_sim_seen *p)
{
	if (!s->watch.capture)
		return;
	if (p->moment == SW_SIM_SENT && p->from == A && !(p->fate & SW_SIM_INJECTED))
		sw_capture_out(s->watch.capture, p->at, p->data, p->len);
	else if (p->moment == SW_SIM_ARRIVED && p->to == A)
		sw_capture_in(s->watch.capture, p->at, p->data, p->len);
}

static void
on_packet(void *ctx, const struct sw_sim_seen *p)
{
	struct stage *s = ctx;
	struct sw_packet in = {.data = (uint8_t *)(uintptr_t)p->data, .len = p->len, .cap = p->len};
	struct sw_trace t;

	capture(s, p);
	if (p->moment == SW_SIM_ARRIVED && !s->mute[p->to]) {
		s->core->input(s->stack[p->to], p->at, &in, 1);
		stage_tell(s, p->to);
	}
	if (p->moment != SW_SIM_SENT || !s->watch.ladder || !sw_trace_packet(&t, p->data, p->len) ||
	    !watched(s, p->from, &t))
		return;
	t.at = p->at;
	sw_ladder_packet(s->watch.ladder, p->from, &t, p->fate,
			 s->mute[p->to] ? SW_NEVER : p->arrives);
}

/* ---- building ------------------------------------------------------------ */

/* A host that knows its address and nothing else. */
bool
stage_host(struct stage *s, int host)
{
	struct sw_config *c = &s->config[host];
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = 1500};
	struct sw_addr any = sw_addr4(0, 0, 0, 0);
	size_t bytes;

	for (unsigned i = 0; i < 32; i++) /* another secret at each start */
		c->secret[i] = (uint8_t)(sw_sim_random((uint64_t)host + 1, s->boots * 32 + i) >> 9);
	s->boots++;
	bytes = s->core->stack_bytes(c);
	free(s->arena[host]);
	s->arena[host] = bytes ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
	if (!s->arena[host])
		return false;
	return s->core->stack_init(&s->stack[host], c, s->arena[host], bytes) == SW_OK &&
	       s->core->iface_add(s->stack[host], &iface) == 0 &&
	       s->core->address_add(s->stack[host], 0, &s->end[host].addr, 24) == SW_OK &&
	       s->core->route_add(s->stack[host], &any, 0, 0, NULL) == SW_OK;
}

static void
configure(struct sw_config *c)
{
	sw_config_init(c);
	c->conns = c->actives = c->half_opens = c->time_waits = 32;
	c->listeners = 2;
	c->chunks = 512;
	c->records = c->runs = 512;
	c->neighbours = c->routes = 4;
	c->datagrams = 1;
	c->datagram_bytes = 2048;
	c->traces = 1024;
	c->snd_buf = c->rcv_buf = 65536;
}

bool
stage_begin(struct stage *s, const struct stage_watch *watch)
{
	memset(s, 0, sizeof(*s));
	s->watch = *watch;
	for (int host = 0; host < 2; host++) {
		configure(&s->config[host]);
		s->path[host] =
		    (struct sw_sim_path){.bytes = sizeof(s->path[host]), .delay = 10 * SW_MS};
		s->end[host].addr = sw_addr4(10, 0, 0, (uint8_t)(host + 1));
		s->end[host].port = host ? 80 : 40000;
	}
	s->sim = sw_sim_new(1);
	if (!s->sim)
		return false;
	for (int host = 0; host < 2; host++)
		if (sw_sim_host(s->sim, NULL, 0) != host)
			return false;
	sw_sim_tap(s->sim, on_packet, s);
	return sw_sim_link(s->sim, A, B, &s->path[A], &s->path[B]) == SW_OK;
}

void
stage_end(struct stage *s)
{
	sw_sim_free(s->sim);
	for (int host = 0; host < 2; host++)
		free(s->arena[host]);
	for (unsigned i = 0; i < s->n_sent; i++)
		free(s->sent[i].data);
}
