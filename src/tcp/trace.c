/*
 * trace.c - the ring of trace events: filled by the core, emptied by the user;
 * full means dropped and counted.
 */
#include "tcp/parts.h"

static struct sw_trace *
trace_at(struct tcp *tcp, uint32_t i)
{
	return (struct sw_trace *)((char *)&tcp->trace + tcp->trace.distance) + i % tcp->trace.cap;
}

/* The next free event with who, when and what set; NULL: no ring, or it is full. */
struct sw_trace *
trace_new(struct tcp *tcp, const struct head *h, sw_ns now, enum sw_trace_kind kind)
{
	struct sw_trace *ev;

	if (tcp->trace.cap == 0)
		return NULL;
	if (tcp->trace.used == tcp->trace.cap) {
		tcp->trace.dropped++;
		return NULL;
	}
	ev = trace_at(tcp, tcp->trace.head + tcp->trace.used++);
	memset(ev, 0, sizeof(*ev));
	ev->at = now;
	ev->kind = kind;
	ev->local.addr = h->local;
	ev->local.port = h->local_port;
	ev->remote.addr = h->remote;
	ev->remote.port = h->remote_port;
	ev->from = ev->to = h->state;
	return ev;
}

/* The oldest event, taken out. */
bool
trace_take(struct tcp *tcp, struct sw_trace *ev)
{
	if (tcp->trace.used == 0)
		return false;
	*ev = *trace_at(tcp, tcp->trace.head);
	tcp->trace.head = (tcp->trace.head + 1) % tcp->trace.cap;
	tcp->trace.used--;
	return true;
}

/* What the event says of a segment. */
void
trace_seg(struct sw_trace *ev, const struct seg *s, uint32_t wnd)
{
	ev->seq = s->seq.n;
	ev->ack = s->ack.n;
	ev->len = s->len;
	ev->wnd = wnd;
	ev->up = s->up;
	ev->seg_size = s->seg_size;
	ev->ctl = s->ctl;
	ev->has = s->has;
	ev->mss = s->mss;
	ev->wscale = s->wscale;
	ev->tsval = s->tsval;
	ev->tsecr = s->tsecr;
	ev->cookie_len = s->cookie_len;
	memcpy(ev->cookie, s->cookie, COOKIE_MAX);
	ev->sacks = (uint8_t)min_u32(s->sacks, SEG_SACKS);
	for (uint32_t i = 0; i < ev->sacks; i++) {
		ev->sack[i][0] = s->sack[i].left.n;
		ev->sack[i][1] = s->sack[i].right.n;
	}
}
