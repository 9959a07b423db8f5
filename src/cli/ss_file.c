/*
 * ss_file.c - `synwave ss FILE --at T`: what ss would have shown at both ends of a
 * capture, T after its first packet.
 *
 * The states are those that were concluded with the whole capture in sight.  Of the
 * queues a capture shows what was sent and not acknowledged; what a program has not read
 * is not to be seen in it.
 */
#include "ss.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "explain.h"
#include "explain/pool.h"
#include "lang.h"
#include "units.h"

#define TIME_WAIT (60 * SW_S) /* Linux's */

struct traffic { /* of a connection, up to the moment */
	uint32_t end[2], acked[2], wnd[2];
	uint8_t sent, heard; /* bits of sides: `end' and `acked' count */
};

struct moment {
	sw_ns first, after;	 /* the capture's first packet; so long after it */
	bool end;		 /* at the end */
	struct traffic *traffic; /* by connection */
	size_t room;
	struct ss_list *list;
	bool failed;
};

static bool
is_past(const struct moment *m, sw_ns at)
{
	return m->end || at <= m->first + m->after;
}

static void
account(struct traffic *t, int side, const struct sw_wire *w)
{
	uint32_t end = w->seq + w->len + !!(w->ctl & SW_SYN) + !!(w->ctl & SW_FIN);
	uint8_t bit = (uint8_t)(1 << side);

	if (!(t->sent & bit) || (int32_t)(end - t->end[side]) > 0)
		t->end[side] = end;
	t->sent |= bit;
	if (!(w->ctl & SW_ACK))
		return;
	if (!(t->heard & bit) || (int32_t)(w->ack - t->acked[side]) > 0)
		t->acked[side] = w->ack;
	t->heard |= bit;
}

static void
on_seen(void *ctx, const struct ex_seen *seen)
{
	struct moment *m = ctx;
	const struct sw_wire *w = &seen->packet->wire;
	size_t old = m->room;

	if (w->kind != SW_WIRE_TCP || w->ctl & SW_RST || !is_past(m, seen->packet->at))
		return;
	if (seen->conn >= m->room) {
		m->room = 2 * seen->conn + 64;
		m->traffic = ex_resized(m->traffic, m->room * sizeof(*m->traffic));
		memset(m->traffic + old, 0, (m->room - old) * sizeof(*m->traffic));
	}
	m->traffic[seen->conn].wnd[seen->side] = seen->wnd;
	account(&m->traffic[seen->conn], seen->side, w);
}

/* Sent by this side and not acknowledged, as far as the capture tells. */
static uint32_t
flight(const struct traffic *t, int side)
{
	int32_t n = (int32_t)(t->end[side] - t->acked[!side]);

	return t->sent >> side & 1 && t->heard >> !side & 1 && n > 0 ? (uint32_t)n : 0;
}

/* The last step up to then; NULL: it has not begun. */
static const struct ex_step *
step_then(const struct moment *m, const struct ex_end *end)
{
	const struct ex_step *last = NULL;

	for (unsigned i = 0; i < end->steps && is_past(m, end->step[i].at); i++)
		last = &end->step[i];
	return last;
}

static void
info(struct ss_record *r, const struct ex_end *e, const struct ex_end *other)
{
	r->has_info = true;
	r->timestamps = e->timestamps && other->timestamps;
	r->sack = e->sack && other->sack;
	r->mss = other->mss;
	if (e->wscale < 0 || other->wscale < 0)
		return;
	r->snd_wscale = (unsigned)other->wscale;
	r->rcv_wscale = (unsigned)e->wscale;
}

/* One end as a row, unless it was closed, or its TIME-WAIT over. */
static void
end_of(struct moment *m, const struct ex_conn *c, int side)
{
	const struct ex_end *e = &c->end[side], *other = &c->end[!side];
	const struct ex_step *s = step_then(m, e);
	struct ss_record r = {.local = e->at, .remote = other->at};
	sw_ns now = m->first + m->after;

	if (!s || s->state == SW_CLOSED || s->state == SW_LISTEN)
		return;
	if (s->state == SW_TIME_WAIT && !m->end) {
		if (now - s->at >= TIME_WAIT)
			return;
		r.has_due = true;
		r.due_us = (TIME_WAIT - (now - s->at)) / SW_US;
	}
	r.state = s->state;
	r.guess = s->inferred;
	info(&r, e, other);
	if (c->id < m->room) {
		r.send_q = r.unacked = flight(&m->traffic[c->id], side);
		r.rcv_wnd = m->traffic[c->id].wnd[side];
		r.snd_wnd = m->traffic[c->id].wnd[!side];
	}
	m->failed = m->failed || !ss_add(m->list, &r);
}

static void
on_conn(void *ctx, const struct ex_conn *c)
{
	struct moment *m = ctx;

	if (!is_past(m, c->start))
		return;
	end_of(m, c, EX_CLIENT);
	end_of(m, c, EX_SERVER);
}

static int
by_end(const struct sw_endpoint *a, const struct sw_endpoint *b)
{
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return order ? order : (a->port > b->port) - (a->port < b->port);
}

/* One host after the other. */
static int
by_host(const void *a, const void *b)
{
	const struct ss_record *x = a, *y = b;
	int order = by_end(&x->local, &y->local);

	return order ? order : by_end(&x->remote, &y->remote);
}

int
ss_file(const struct ss_args *a)
{
	struct ss_list list = {0};
	struct moment m = {.end = !a->at, .list = &list};
	struct ex_watch watch = {.ctx = &m, .seen = on_seen, .conn = on_conn};
	int code;

	if (a->at && !unit_time(a->at, &m.after)) {
		fprintf(stderr, _("synwave ss: --at cannot be '%s'; 12.5s is such a moment\n"),
			a->at);
		return EXIT_USAGE;
	}
	code = explain_walk("ss", a->file, &watch, &m.first);
	if (m.failed) {
		fprintf(stderr, _("synwave ss: out of memory\n"));
		code = EXIT_FAILED;
	}
	if (code == EXIT_DONE) {
		if (list.n > 0)
			qsort(list.record, list.n, sizeof(*list.record), by_host);
		ss_print(a, &list);
	}
	ss_free(&list);
	free(m.traffic);
	return code;
}
