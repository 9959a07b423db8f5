/*
 * flow.c - the connections of a script: which one a line speaks of, how its
 * numbers and those on the wire belong together, which states it passed.
 *
 * The remote end is the script, so its sequence numbers are on the wire as they
 * are written; ours are counted from the number that the script gives our SYN.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

enum { FLOW_INFO = 512 };

static bool
flow_is(const struct drill_flow *f, const struct sw_endpoint *local,
	const struct sw_endpoint *remote)
{
	return f->local.port == local->port && f->remote.port == remote->port &&
	       sw_addr_same(&f->local.addr, &local->addr) &&
	       sw_addr_same(&f->remote.addr, &remote->addr);
}

static int
flow_index(struct drill_run *r, const struct sw_endpoint *local, const struct sw_endpoint *remote)
{
	for (int i = r->flows - 1; i >= 0; i--)
		if (flow_is(r->flow[i], local, remote))
			return i;
	return -1;
}

struct drill_flow *
drill_flow_find(struct drill_run *r, const struct sw_endpoint *local,
		const struct sw_endpoint *remote)
{
	int i = flow_index(r, local, remote);

	return i < 0 ? NULL : r->flow[i];
}

struct drill_flow *
drill_flow_get(struct drill_run *r, const struct sw_endpoint *local,
	       const struct sw_endpoint *remote)
{
	struct drill_flow *f = drill_flow_find(r, local, remote);

	if (f)
		return f;
	if (r->flows == DRILL_FLOWS || !(f = calloc(1, sizeof(*f)))) {
		drill_fail(r, "more than %d connections", DRILL_FLOWS);
		return r->flow[0];
	}
	f->local = *local;
	f->remote = *remote;
	r->flow[r->flows++] = f;
	return f;
}

/* ---- which connection a line means --------------------------------------- */

/* The flow of a descriptor; NULL: it has none. */
static struct drill_flow *
flow_of_fd(struct drill_run *r, int fd)
{
	struct drill_sock *s = drill_sock_find(r, fd);

	if (!s)
		return NULL;
	drill_sock_look(r, s);
	return s->has_ends ? drill_flow_find(r, &s->local, &s->remote) : NULL;
}

/* The newest flow with the ports that are given; -1: none. */
static int
flow_with_ports(struct drill_run *r, int local, int remote)
{
	for (int i = r->flows - 1; i >= 0; i--)
		if ((local < 0 || r->flow[i]->local.port == local) &&
		    (remote < 0 || r->flow[i]->remote.port == remote))
			return i;
	return -1;
}

static struct drill_flow *
flow_new(struct drill_run *r, int local, int remote, const struct drill_packet *p)
{
	struct sw_endpoint here = {r->local, r->bind_port}, there = {r->remote, r->next_port};
	struct drill_flow *f;

	if (local >= 0)
		here.port = (uint16_t)local;
	if (remote >= 0)
		there.port = (uint16_t)remote;
	else
		r->next_port++;
	if (p->from)
		sw_addr_parse(&there.addr, p->from);
	if (p->to)
		sw_addr_parse(&here.addr, p->to);
	f = drill_flow_get(r, &here, &there);
	if (!p->from && !p->to)
		r->current = r->flows - 1;
	return f;
}

struct drill_flow *
drill_flow_of(struct drill_run *r, const struct drill_packet *p)
{
	int local = p->inbound ? p->dst : p->src, remote = p->inbound ? p->src : p->dst;
	int i;

	if (p->fd >= 0)
		return flow_of_fd(r, p->fd);
	if (p->from || p->to)
		return p->inbound ? flow_new(r, local, remote, p) : NULL;
	if (local < 0 && remote < 0) {
		if (r->current >= 0)
			return r->flow[r->current];
		return p->inbound ? flow_new(r, local, remote, p) : NULL;
	}
	i = flow_with_ports(r, local, remote);
	if (i >= 0)
		return r->flow[r->current = i];
	return p->inbound ? flow_new(r, local, remote, p) : NULL;
}

/* ---- what is learned from packets ---------------------------------------- */

/* Outside: the first socket that connects to where a SYN goes is the one that sent it. */
static void
flow_claim(struct drill_run *r, const struct drill_flow *f, bool passive)
{
	for (int i = 0; i < r->socks && !passive; i++) {
		struct drill_sock *s = &r->sock[i];

		if (s->has_ends || !s->has_remote || s->remote.port != f->remote.port ||
		    !sw_addr_same(&s->remote.addr, &f->remote.addr))
			continue;
		s->local = f->local;
		s->has_ends = true;
		return;
	}
}

void
drill_flow_sent(struct drill_run *r, const struct drill_seen *seen)
{
	struct drill_flow *f;
	int i;

	if (seen->protocol != 6)
		return;
	f = drill_flow_find(r, &seen->from, &seen->to);
	if (f && (seen->ctl & SW_ACK)) {
		f->acked = seen->ack;
		f->agreed |= !(seen->ctl & SW_SYN);
	}
	if (!(seen->ctl & SW_SYN))
		return;
	f = drill_flow_get(r, &seen->from, &seen->to);
	i = flow_index(r, &seen->from, &seen->to);
	if (r->end->outside)
		flow_claim(r, f, seen->ctl & SW_ACK);
	if (!f->known || f->iss != seen->seq) {
		f->apart = seen->seq - r->iss;
		f->iss = r->iss = seen->seq;
		f->fresh = true;
	}
	if (!f->known || f->fresh) {
		f->offset = seen->seq;
		f->fresh = true;
	}
	f->agreed = seen->ctl & SW_ACK; /* another SYN that comes is not the connection's */
	if (f->agreed) /* text of the SYN that came last may be acknowledged with it */
		f->first =
		    f->syn_came && seen->ack - f->syn - 1 <= UINT16_MAX ? f->syn + 1 : seen->ack;
	f->iss = seen->seq;
	f->known = true;
	if (!(seen->ctl & SW_ACK) && r->current < 0)
		r->current = i;
}

void
drill_stamp_note(struct drill_flow *f, uint32_t script, uint32_t live)
{
	if (f->stamps == 0)
		f->first_stamp = (struct drill_stamp){script, live};
	f->stamp[f->stamps++ % DRILL_STAMPS] = (struct drill_stamp){script, live};
}

uint32_t
drill_stamp_live(const struct drill_flow *f, uint32_t script)
{
	unsigned n = f->stamps < DRILL_STAMPS ? f->stamps : DRILL_STAMPS;

	for (unsigned i = 1; i <= n; i++) {
		const struct drill_stamp *s = &f->stamp[(f->stamps - i) % DRILL_STAMPS];

		if (s->script == script)
			return s->live;
	}
	return n == 0 ? script : script - f->first_stamp.script + f->first_stamp.live;
}

void
drill_cookie_note(struct drill_run *r, const struct drill_opt *script, const uint8_t *live)
{
	struct drill_cookie *c = &r->cookie[r->cookies];

	if (drill_cookie_live(r, script) || r->cookies == DRILL_COOKIES || script->n > DRILL_COOKIE)
		return;
	c->n = script->n;
	memcpy(c->script, script->bytes, c->n);
	memcpy(c->live, live, c->n);
	r->cookies++;
}

const uint8_t *
drill_cookie_live(const struct drill_run *r, const struct drill_opt *script)
{
	for (int i = 0; i < r->cookies; i++)
		if (r->cookie[i].n == script->n &&
		    !memcmp(r->cookie[i].script, script->bytes, script->n))
			return r->cookie[i].live;
	return NULL;
}

/* ---- descriptors and states ---------------------------------------------- */

struct drill_sock *
drill_sock_find(struct drill_run *r, int script_fd)
{
	for (int i = r->socks - 1; i >= 0; i--)
		if (r->sock[i].script == script_fd)
			return &r->sock[i];
	return NULL;
}

/* Outside, accept() has said whose connection it is. */
static void
flow_look(struct drill_run *r, struct drill_sock *s)
{
	for (int i = r->flows - 1; i >= 0 && s->has_remote && !s->has_ends; i--) {
		const struct drill_flow *f = r->flow[i];

		if (!f->syn_came || f->remote.port != s->remote.port ||
		    !sw_addr_same(&f->remote.addr, &s->remote.addr))
			continue;
		s->local = f->local;
		s->has_ends = true;
	}
}

void
drill_sock_look(struct drill_run *r, struct drill_sock *s)
{
	struct sw_status st = {.bytes = sizeof(st)};
	sw_conn conn;

	if (s->live < 0 || s->poll)
		return;
	if (r->end->outside) {
		flow_look(r, s);
		return;
	}
	conn = sw_sock_conn(r->host, s->live);
	if (conn == 0 || sw_status(r->stack, conn, &st) != SW_OK)
		return;
	s->conn = conn;
	s->local = st.local;
	s->remote = st.remote;
	s->has_ends = true;
}

/* By TCP_INFO, whose numbers are Linux's. */
static bool
flow_state_asked(struct drill_run *r, const struct drill_sock *s, enum sw_state *state)
{
	static const uint8_t states[] = {
	    SW_CLOSED,	   SW_ESTABLISHED, SW_SYN_SENT,	   SW_SYN_RECEIVED, SW_FIN_WAIT_1,
	    SW_FIN_WAIT_2, SW_TIME_WAIT,   SW_CLOSED,	   SW_CLOSE_WAIT,   SW_LAST_ACK,
	    SW_LISTEN,	   SW_CLOSING,	   SW_SYN_RECEIVED};
	uint8_t info[FLOW_INFO];
	struct drill_ask ask = {.what = ASK_GETSOCKOPT,
				.fd = s->live,
				.a = IPPROTO_TCP,
				.b = TCP_INFO,
				.memory = info,
				.n = sizeof(info)};

	if (s->live < 0 || r->end->call(r, &ask) != 0 || info[0] >= sizeof(states))
		return false;
	*state = (enum sw_state)states[info[0]];
	return true;
}

static enum sw_state
flow_state(struct drill_run *r, struct drill_sock *s)
{
	struct sw_status st = {.bytes = sizeof(st)};
	struct drill_flow *f;

	drill_sock_look(r, s);
	if (s->live >= 0 && s->conn && sw_status(r->stack, s->conn, &st) == SW_OK)
		return st.state;
	if (!s->has_ends)
		return SW_CLOSED;
	f = drill_flow_find(r, &s->local, &s->remote);
	return f ? f->state : SW_CLOSED;
}

void
drill_narrow(struct drill_run *r, sw_conn conn)
{
	if (drill_profile_narrows(r->profile, &r->config) && conn)
		sw_set(r->stack, r->now, conn, SW_OPT_RCV_BUF, DRILL_NARROW);
}

void
drill_flow_trace(struct drill_run *r, const struct sw_trace *t)
{
	struct drill_flow *f;

	if (t->kind != SW_T_STATE)
		return;
	if (t->to == SW_ESTABLISHED)
		drill_narrow(r, t->conn);
	if (t->remote.port == 0)
		return;
	f = drill_flow_get(r, &t->local, &t->remote);
	if (t->from == SW_CLOSED && t->to == SW_SYN_SENT) {
		f->fresh = true;
		f->known = false;
	}
	if (f->steps < DRILL_STEPS && (f->steps == 0 || f->passed[f->steps - 1] != t->from))
		f->passed[f->steps++] = t->from;
	if (f->steps < DRILL_STEPS)
		f->passed[f->steps++] = t->to;
	f->state = t->to;
}

bool
drill_sock_state(struct drill_run *r, struct drill_sock *s, enum sw_state *state)
{
	if (r->end->outside)
		return flow_state_asked(r, s, state);
	*state = flow_state(r, s);
	return true;
}

/* ---- paths --------------------------------------------------------------- */

static void
flow_path_say(const struct drill_flow *f, char *text, size_t n)
{
	size_t at = 0;

	text[0] = 0;
	for (int i = 0; i < f->steps && at < n; i++)
		at += (size_t)snprintf(text + at, n - at, "%s%s", i ? " " : "",
				       sw_state_name(f->passed[i]));
}

/* Is `claim` what f passed?  A listener's CLOSED before LISTEN may be said too. */
static bool
flow_path_same(const struct drill_flow *f, const char *claim)
{
	char said[1024], taken[1024];
	size_t n = 0;

	for (; *claim && n < sizeof(said) - 2; claim++) { /* one blank between words */
		if (*claim == ',' || *claim == ' ' || *claim == '\t') {
			if (n && said[n - 1] != ' ')
				said[n++] = ' ';
		} else {
			said[n++] = *claim;
		}
	}
	said[n] = 0;
	flow_path_say(f, taken, sizeof(taken));
	if (!strcmp(said, taken))
		return true;
	return !strncmp(said, "CLOSED LISTEN", 13) && !strcmp(said + 7, taken);
}

void
drill_paths_check(struct drill_run *r)
{
	for (struct drill_path *p = r->script->paths; p && !r->failed && !r->end->outside;
	     p = p->next) {
		struct drill_event at = {.line = p->line, .text = p->text};
		struct drill_flow *f = r->flows ? r->flow[0] : NULL;
		char taken[1024] = "no connection";

		r->at = &at;
		if (p->fd >= 0)
			f = flow_of_fd(r, p->fd);
		if (f && flow_path_same(f, p->text))
			continue;
		if (f)
			flow_path_say(f, taken, sizeof(taken));
		drill_fail(r, "the path taken was\n    %s", taken);
		r->at = NULL;
	}
}
