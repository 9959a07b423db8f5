/*
 * emit.c - the segment that the plan says: its fields, its record on the scoreboard,
 * SND.NXT, and the timers that it starts.
 *
 * RFC 9293 3.7.4, 3.8.4, 3.8.5, 3.9.1.2, 3.10; RFC 6298 5.1; RFC 7323 3.2; RFC 2018 4.
 */
#include "tcp/plan.h"

/* The header that every segment but a first SYN has. */
static void
seg_header(struct tcp *tcp, struct tcb *t, struct seg *s)
{
	s->ctl = SW_ACK;
	s->ack = t->rcv.nxt;
	s->wnd = rcv_window_field(tcp, t);
	s->ttl = t->ttl;
	s->tos = t->tos;
	if (t->flags & T_TS) {
		/*= RFC 7323 3.2: once agreed on, in every segment but RST */
		s->has |= SW_HAS_TS;
		s->tsval = ts_now(tcp, t);
		s->tsecr = t->ts_recent;
	}
	s->sacks = (uint8_t)sack_fill(tcp, t, s->sack, (t->flags & T_TS) ? 3 : 4);
	if (s->sacks > 0)
		s->has |= SW_HAS_SACK;
}

/*= RFC 9293 3.10.7.4 MUST-58, MUST-59: any segment carries the ACK that is owed */
static void
ack_sent(struct tcp *tcp, struct tcb *t)
{
	struct active *c = active_of(tcp, t);

	t->flags &= ~(uint32_t)(T_ACK_NOW | T_ACK_LATER | T_CHALLENGE);
	t->rcv.acked = t->rcv.nxt;
	if (c != NULL) {
		c->unacked = 0;
		if (c->owed > 0)
			c->owed--;
		t->flags |= c->owed > 0 ? T_ACK_NOW : 0u;
		c->dsack.left = c->dsack.right; /*= RFC 2883 4: reported once */
	}
}

/* Sends the lost record, or as much of it as the plan says.  If no record is free to cut it,
 * all of it counts as sent: a timeout finds the rest, while others hold what there is. */
static void
emit_again(struct tcp *tcp, struct tcb *t, const struct plan *p, struct seg *s)
{
	struct active *c = active_of(tcp, t);
	struct rec *r = rec_at(tcp, p->rec);
	uint32_t n = p->len + p->fin, one = seg_text(tcp, t);

	if (n < r->len)
		(void)board_split(tcp, c, p->rec, n);
	s->seq = r->seq;
	s->chunk = r->text.chunk;
	s->chunk_at = r->text.at;
	s->again = true;
	if (!c->tlp.due)
		undo_resent(tcp, t, c, r, n);
	r->size = (uint16_t)min_u32(r->size, one); /* and in segments of today's size */
	board_resent(tcp, c, p->rec);
	c->force = 0;
	c->prr_out += n;
	pace_sent(tcp, t, c, p->len);
	c->retransmits++;
	tcp->retransmits++;
	tcp->retransmit_bytes += p->len;
}

/* Sends new text and moves SND.NXT over it. */
static bool
emit_new(struct tcp *tcp, struct tcb *t, const struct plan *p, struct seg *s)
{
	struct active *c = active_of(tcp, t);
	uint32_t one = seg_text(tcp, t), i;
	struct sent what = {.at = t->snd.nxt, .len = p->len + p->fin};

	if (c->nxt.chunk == NONE)
		c->nxt = chain_place(&c->snd, &tcp->chunks, c->snd.len - snd_unsent(tcp, t));
	nxt_settle(tcp, c);
	if (c->pipe == 0)
		cc_restart(tcp, t, c);
	s->seq = t->snd.nxt;
	s->chunk = c->nxt.chunk;
	s->chunk_at = c->nxt.at;
	what.text = c->nxt;
	what.size = (uint16_t)(p->probe ? p->len : max_u32(min_u32(p->len, one), 1));
	i = board_add(tcp, c, &what);
	if (i == NONE)
		return false;
	s->probe = p->probe;
	if (p->probe)
		mtu_probe_sent(tcp, t, c, i);
	if (seq_eq(t->snd.una, t->snd.nxt))
		t->retransmit = SW_NEVER; /* what ran was the persist timer */
	if (p->len > 0)
		c->nxt = place_after(&tcp->chunks, c->nxt, p->len);
	if (p->fin) {
		rec_at(tcp, i)->flags |= R_FIN;
		t->flags |= T_FIN_SENT;
	}
	if ((t->flags & T_PROBE) && t->snd.wnd == 0 && p->len == 1 && !p->fin)
		rec_at(tcp, i)->flags |= R_PROBE;
	c->prr_out += p->len + p->fin;
	c->frto_new -= (uint8_t)min_u32(c->frto_new, p->len / t->mss + (p->len % t->mss > 0));
	t->snd.nxt = seq_add(t->snd.nxt, p->len + p->fin);
	if (p->len > 0 && p->len < one)
		c->small = t->snd.nxt;
	else if (!seq_lt(t->snd.una, c->small))
		c->small = t->snd.una; /* so that it never seems to lie ahead */
	pace_sent(tcp, t, c, p->len);
	tcp->bytes_out += p->len;
	return true;
}

/* What plan_more() found goes along. */
static void
emit_more(struct tcp *tcp, struct tcb *t, struct plan *p)
{
	struct plan new = {.kind = PLAN_NEW, .rec = NONE, .len = p->more, .fin = p->more_fin};
	struct seg behind = {0};

	if (new.len + new.fin == 0 || !emit_new(tcp, t, &new, &behind))
		return;
	p->len += new.len;
	p->fin = new.fin;
}

/* Text: length, PSH, URG, FIN. */
static void
seg_text_bits(const struct tcp *tcp, const struct tcb *t, const struct plan *p, struct seg *s)
{
	const struct active *c = active_of(tcp, t);
	int32_t up = c != NULL ? seq_off(c->up, s->seq) : 0;
	uint32_t one = seg_text(tcp, t);

	s->len = p->len;
	s->seg_size = p->len > one && !p->probe ? (uint16_t)one : 0;
	if (p->fin)
		s->ctl |= SW_FIN;
	/*= RFC 9293 3.9.1.2 MUST-61, SHLD-27: PSH on the last of what is queued */
	if (p->len > 0 && snd_unsent(tcp, t) == 0 &&
	    seq_eq(seq_add(s->seq, p->len + p->fin), t->snd.nxt))
		s->ctl |= SW_PSH;
	if ((t->flags & T_URG_SENT) && up > 0) {
		/*= RFC 9293 3.8.5 MUST-62: the pointer names the octet after the urgent ones */
		s->ctl |= SW_URG;
		s->up = (uint16_t)min_u32((uint32_t)up, 65535);
	}
}

/* Fills *s from the plan; false: a pool failed. */
static bool
emit_plan(struct tcp *tcp, struct tcb *t, struct plan *p, struct seg *s)
{
	bool done = true, fresh;

	switch (p->kind) {
	case PLAN_SYN:
		syn_emit(tcp, t, s);
		if (BROKEN(BREAK_TWO_WAY) && (s->ctl & SW_ACK) && t->h.state == SW_SYN_RECEIVED)
			fsm_go(tcp, t, SW_ON_RCV_ACK_OF_SYN);
		return true;
	case PLAN_AGAIN:
		emit_again(tcp, t, p, s);
		emit_more(tcp, t, p);
		break;
	case PLAN_NEW:
		done = emit_new(tcp, t, p, s);
		break;
	case PLAN_KEEP:
		/*= RFC 9293 3.8.4 SHLD-12: no data, one number below SND.NXT */
		s->seq = seq_sub(t->snd.nxt, 1);
		t->flags &= ~(uint32_t)T_KEEP_PROBE;
		tcp->keep_alives++;
		break;
	default:
		s->seq = ack_number(t);
		break;
	}
	if (!done)
		return false;
	if ((p->kind == PLAN_NEW || p->kind == PLAN_AGAIN) && active_of(tcp, t)->tlp.due)
		tlp_sent(tcp, t, active_of(tcp, t), p->kind == PLAN_AGAIN);
	if (t->flags & T_PROBE)
		tcp->probes++;
	fresh = p->kind == PLAN_NEW && !(t->flags & T_PROBE);
	t->flags &= ~(uint32_t)T_PROBE;
	seg_text_bits(tcp, t, p, s);
	ecn_fill(t, s, fresh);
	return true;
}

/* A packet is made: counted and seen. */
static void
emitted(struct tcp *tcp, const struct tcb *t, const struct seg *s)
{
	struct sw_trace *ev;

	tcp->segments_out++;
	ev = trace_new(tcp, &t->h, tcp->now, SW_T_OUT);
	if (ev == NULL)
		return;
	trace_seg(ev, s, s->ctl & SW_SYN ? s->wnd : s->wnd << t->rcv_wscale);
	ev->from = ev->to = t->h.state;
	ev->retransmission = s->again;
}

/* The same of each packet that net makes of it. */
static void
emitted_row(struct tcp *tcp, const struct tcb *t, const struct seg *s)
{
	struct seg piece;

	for (uint32_t at = 0; at < s->len; at += s->seg_size) {
		piece = *s;
		seg_cut(&piece, at);
		emitted(tcp, t, &piece);
	}
}

/* The timers that it starts. */
static void
emit_timers(struct tcp *tcp, struct tcb *t, const struct plan *p)
{
	/*= RFC 6298 5.1: sending something that must be acknowledged starts the timer */
	if (p->kind != PLAN_ACK && p->kind != PLAN_KEEP && t->retransmit == SW_NEVER)
		retransmit_arm(tcp, t);
	/*= RFC 6675 6 MAY: a retransmission in a recovery has a whole RTO */
	if (p->kind == PLAN_AGAIN && active_of(tcp, t)->phase == CC_RECOVERY) {
		retransmit_arm(tcp, t);
		retransmit_earlier(t, active_of(tcp, t), WAIT_REORDER, active_of(tcp, t)->rack.due);
	}
	/*= RFC 8985 7.2 SHOULD: sending something new, but for a probe, starts the probe's */
	if ((p->kind == PLAN_NEW || p->kind == PLAN_AGAIN) && !syn_unacked(t) &&
	    active_of(tcp, t)->waits != WAIT_REORDER)
		tlp_arm(tcp, t, active_of(tcp, t));
}

/* The next segment to send now. */
bool
tcp_emit(struct tcp *tcp, struct tcb *t, sw_ns now, uint32_t gso, struct seg *s)
{
	struct plan p;

	tcp->now = now;
	p = plan_make(tcp, t, gso);
	memset(s, 0, sizeof(*s));
	if (p.kind == PLAN_NOTHING)
		return false;
	s->chunk = NONE;
	seg_header(tcp, t, s);
	if (!emit_plan(tcp, t, &p, s))
		return false;
	if (s->ctl & SW_ACK)
		ack_sent(tcp, t);
	emit_timers(tcp, t, &p);
	if (tcp->row > 0 && s->seg_size > 0)
		emitted_row(tcp, t, s);
	else
		emitted(tcp, t, s);
	settle(tcp, t);
	return true;
}
