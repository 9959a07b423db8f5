/*
 * sim_watch.c - what is seen while the hosts run: paths of states, handshake
 * and close counted on the wire, the ladder, the capture.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "sim.h"

/* ---- states ------------------------------------------------------------- */

static void
path_push(struct path *p, enum sw_state s)
{
	if (p->n > 0 && p->state[p->n - 1] == s)
		return;
	if (p->n < PATH_CAP)
		p->state[p->n++] = s;
	else
		p->cut = true;
}

bool
path_has(const struct path *p, enum sw_state s)
{
	for (int i = 0; i < p->n; i++)
		if (p->state[i] == s)
			return true;
	return false;
}

bool
path_ended(const struct path *p)
{
	return p->n > 2 && p->state[p->n - 1] == SW_CLOSED;
}

/* Is it a row of Figure 5? */
static bool
edge_legal(const struct sw_trace *t)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);

	for (size_t i = 0; i < n; i++)
		if (e[i].figure_5 && e[i].from == t->from && e[i].on == t->cause &&
		    e[i].to == t->to)
			return true;
	return false;
}

/* Is it an event of this flow, or of the listener that it comes from? */
static bool
is_of(const struct flow *f, int host, const struct sw_trace *t)
{
	if (t->local.port != f->end[host].port)
		return false;
	return t->remote.port == f->end[!host].port || (host == HOST_B && t->remote.port == 0);
}

/* A change of state of one end. */
static void
on_state(struct run *r, struct flow *f, int host, const struct sw_trace *t)
{
	struct path *p = &f->end[host].path;

	path_push(p, t->from);
	path_push(p, t->to);
	p->legal = p->legal && edge_legal(t);
	if (f != r->flow)
		return;
	if (t->to == SW_ESTABLISHED && path_has(&f->end[!host].path, SW_ESTABLISHED) &&
	    !r->wire.opened) {
		r->wire.opened = true;
		r->wire.established = t->at;
	}
	if (t->to == SW_TIME_WAIT || (t->to == SW_CLOSED && t->from != SW_TIME_WAIT))
		r->wire.closed = t->at;
}

/* The flow with this port at A; 0 if there is none. */
static int
flow_at(const struct run *r, uint16_t port)
{
	for (uint64_t i = 0; i < r->args->flows; i++)
		if (r->flow[i].end[HOST_A].port == port)
			return (int)i;
	return 0;
}

static void
on_trace(void *ctx, int host, const struct sw_trace *t)
{
	struct run *r = ctx;

	if (r->capture && host == HOST_A)
		sw_capture_event(r->capture, t);
	if (t->kind == SW_T_OUT && t->retransmission && host == HOST_A && r->curve)
		curve_mark(r, flow_at(r, t->local.port), t->at, false);
	if (t->kind != SW_T_STATE && t->kind != SW_T_TIMER)
		return;
	if (r->ladder && r->args->show != SHOW_NONE && t->remote.port != 0 &&
	    is_of(r->flow, host, t))
		sw_ladder_event(r->ladder, host, t);
	for (uint64_t i = 0; i < r->args->flows && t->kind == SW_T_STATE; i++)
		if (is_of(&r->flow[i], host, t))
			on_state(r, &r->flow[i], host, t);
}

/* ---- the wire ----------------------------------------------------------- */

static void
count_segment(struct run *r, int side, const struct sw_trace *t)
{
	struct wire *w = &r->wire;
	bool ack_of_fin = w->fin[!side] && (t->ctl & SW_ACK) && t->ack == w->fin_end[!side];

	if (t->ctl & SW_SYN) {
		if (w->handshake++ == 0)
			w->first_syn = t->at;
		w->known[side] = true;
		w->iss[side] = t->seq;
	} else if (side == HOST_A && !w->opened && (t->ctl & SW_ACK) &&
		   t->seq == w->iss[HOST_A] + 1 && t->ack == w->iss[HOST_B] + 1 &&
		   ((t->len == 0 && !(t->ctl & SW_FIN)) || !w->acked)) {
		w->acked = true;
		w->handshake++; /* the last of the handshake, or that again */
	}
	if (t->ctl & SW_FIN) {
		if (!w->closing)
			w->first_fin = t->at;
		w->closing = true;
		w->fin[side] = true;
		w->fin_end[side] = t->seq + t->len + 1;
	}
	w->close += (t->ctl & SW_FIN) || (ack_of_fin && t->len == 0);
}

/* A packet into the capture, if A's interface sees it at this moment. */
static void
capture(struct run *r, const struct sw_sim_seen *p)
{
	bool out = p->moment == SW_SIM_SENT && p->from == HOST_A &&
		   !(p->fate & (SW_SIM_DUPLICATE | SW_SIM_INJECTED));
	bool in = p->moment == SW_SIM_ARRIVED && p->to == HOST_A;

	if (!r->capture || (!out && !in))
		return;
	if (out)
		sw_capture_out(r->capture, p->at, p->data, p->len);
	else
		sw_capture_in(r->capture, p->at, p->data, p->len);
}

static void
on_packet(void *ctx, const struct sw_sim_seen *p)
{
	struct run *r = ctx;
	struct sw_trace t;

	capture(r, p);
	if (p->moment != SW_SIM_SENT || !sw_trace_packet(&t, p->data, p->len))
		return;
	t.at = p->at;
	if ((p->fate & SW_SIM_GONE) && p->from == HOST_A)
		curve_mark(r, flow_at(r, t.local.port), p->at, true);
	if (t.local.port != r->flow->end[p->from].port ||
	    t.remote.port != r->flow->end[!p->from].port)
		return;
	r->wire.packets++;
	if (!(p->fate & SW_SIM_DUPLICATE))
		count_segment(r, p->from, &t);
	if (r->ladder && r->args->show != SHOW_NONE)
		sw_ladder_packet(r->ladder, p->from, &t, p->fate,
				 p->fate & SW_SIM_GONE ? SW_NEVER : p->arrives);
}

/* ---- ladder and capture ------------------------------------------------- */

static void
endpoint_text(const struct run *r, int host, char text[72])
{
	const struct sw_endpoint *e = &r->host[host].at;
	char addr[SW_ADDR_TEXT];

	snprintf(text, 72, r->args->v6 ? "%c [%s]:%u" : "%c %s:%u", 'A' + host,
		 sw_addr_format(&e->addr, addr), r->flow->end[host].port);
}

static int
ladder_begin(struct run *r)
{
	const struct sim_args *a = r->args;
	bool tty = isatty(STDOUT_FILENO),
	     none = a->out == OUT_JSON || (a->out == OUT_TEXT && a->show == SHOW_NONE);
	static const enum sw_state states[2] = {SW_CLOSED, SW_LISTEN};
	char left[72], right[72];
	struct sw_ladder_config cfg = {
	    .bytes = sizeof(cfg),
	    .out = stdout,
	    .form = a->out == OUT_MERMAID ? SW_LADDER_MERMAID
		    : a->out == OUT_SVG	  ? SW_LADDER_SVG
					  : SW_LADDER_TEXT,
	    .depth = a->show == SHOW_FULL ? SW_LADDER_FULL : SW_LADDER_BRIEF,
	    .absolute = a->absolute,
	    .why = a->why,
	    .wire = true,
	    .states = a->show == SHOW_NONE ? NULL : states,
	    .left = left,
	    .right = right,
	};

	if (none)
		return EXIT_DONE;
	look_ladder(&a->look, &cfg);
	endpoint_text(r, HOST_A, left);
	endpoint_text(r, HOST_B, right);
	if (tty && progress_wanted()) { /* one at a time on the screen */
		r->ladder_to = tmpfile();
		cfg.out = r->ladder_to ? r->ladder_to : stdout;
	}
	r->ladder = sw_ladder_new(&cfg);
	return r->ladder ? EXIT_DONE : EXIT_FAILED;
}

static int
capture_begin(struct run *r)
{
	if (!r->args->pcap)
		return EXIT_DONE;
	r->capture_to = fopen(r->args->pcap, "wb");
	r->capture = r->capture_to ? sw_capture_new(r->capture_to, SW_LINK_IP, 0) : NULL;
	if (r->capture)
		return EXIT_DONE;
	fprintf(stderr, "synwave sim: cannot write %s: %s\n", r->args->pcap, strerror(errno));
	return EXIT_FAILED;
}

/* false: not all of it could be written. */
static bool
capture_end(struct run *r)
{
	bool good = !r->capture || sw_capture_end(r->capture);

	good = (!r->capture_to || fclose(r->capture_to) == 0) && good;
	r->capture = NULL;
	r->capture_to = NULL;
	return good;
}

int
watch_begin(struct run *r)
{
	int code = curve_begin(r) ? capture_begin(r) : EXIT_FAILED;

	if (code == EXIT_DONE)
		code = ladder_begin(r);
	sw_sim_trace(r->sim, on_trace, r);
	sw_sim_tap(r->sim, on_packet, r);
	return code;
}

/* Prints what was kept in a temporary file. */
static void
ladder_copy(struct run *r)
{
	char room[8192];
	size_t n;

	rewind(r->ladder_to);
	while ((n = fread(room, 1, sizeof(room), r->ladder_to)) > 0)
		fwrite(room, 1, n, stdout);
	r->print_failed = r->print_failed || ferror(r->ladder_to);
	fclose(r->ladder_to);
	r->ladder_to = NULL;
}

void
watch_end(struct run *r)
{
	if (r->ladder && !sw_ladder_end(r->ladder))
		r->print_failed = true;
	r->ladder = NULL;
	if (r->ladder_to)
		ladder_copy(r);
	r->pcap_failed = !capture_end(r);
	if (r->pcap_failed)
		fprintf(stderr, "synwave sim: cannot write %s: %s\n", r->args->pcap,
			strerror(errno));
	r->print_failed = !curve_end(r) || r->print_failed;
}
