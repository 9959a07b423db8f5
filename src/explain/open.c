/*
 * open.c - SYNs of a connection: the handshake, both at once, again, and out of place.
 */
#include "explain/work.h"

/* The numbers and options of a SYN. */
void
ex_learn_syn(struct look *l)
{
	const struct sw_wire *w = l->w;
	struct side *x = l->x;

	x->iss = w->seq;
	x->una = w->seq + 1;
	x->nxt = x->una + w->len; /* RFC 7413: there may be data in it */
	x->bytes += w->len;
	x->flags |= S_KNOWN | S_SYN;
	if (w->has & SW_HAS_SACK_OK)
		x->flags |= S_SACK;
	if (w->has & SW_HAS_TS)
		x->flags |= S_TS;
	x->mss = w->has & SW_HAS_MSS ? w->mss : 0;
	x->scale = w->has & SW_HAS_WSCALE ? w->wscale : NO_SCALE;
	x->wnd = w->wnd; /* RFC 7323 2.2: never scaled in a SYN */
	x->flags |= S_WND;
	x->data_at = l->now;
	x->data_frame = l->frame;
}

/* Of an end whose SYN is not in the capture. */
void
ex_learn_mid(struct look *l)
{
	struct side *x = l->x;

	x->iss = l->w->seq - 1;
	x->nxt = x->una = l->w->seq;
	x->flags |= S_KNOWN;
	x->scale = NO_SCALE;
}

/* A SYN or SYN,ACK that was there before. */
static void
syn_again(struct look *l)
{
	struct again *a = &ex_trouble_x(l)->syn;

	if (a->n++ == 0) {
		a->from = l->x->data_frame;
		a->frame = l->frame;
		a->wait = l->now - l->x->data_at;
	}
	l->waited = l->now - l->x->last_at;
	a->last = l->frame;
	a->span += l->waited;
	l->flags |= EX_AGAIN | EX_SYN_AGAIN;
	l->x->data_at = l->now; /* the round trip begins here, if at all */
}

/* The first SYN of an end: it opens actively, and if the other end does too, both meet. */
static void
syn_first(struct look *l)
{
	ex_learn_syn(l);
	ex_go(l, l->side, SW_ON_OPEN_ACTIVE, 0);
	if (l->y->flags & S_SYN) {
		/*= RFC 9293 3.5 MUST-10: SYNs that cross lead both ends to SYN-RECEIVED */
		l->c->flags |= C_BOTH_OPEN;
		ex_go(l, l->side, SW_ON_RCV_SYN, LINE_OPEN);
		ex_go(l, !l->side, SW_ON_RCV_SYN, LINE_OPEN);
	}
}

/*
 * A SYN with another number, of an end that has a connection: it began anew, or the
 * SYN is an old one, or somebody else's.  What comes back will tell.
 */
static void
syn_other(struct look *l)
{
	struct trouble *t = ex_trouble(l);

	if (t->new_n++ == 0 || t->new_syn != l->w->seq) {
		t->new_syn = l->w->seq;
		t->new_frame = l->frame;
		t->new_at = l->now;
		t->new_by = (uint8_t)l->side;
		t->new_has = l->w->has;
		t->new_mss = l->w->mss;
		t->new_wnd = (uint16_t)l->w->wnd;
		t->new_scale = l->w->wscale;
		t->new_ttl = l->w->ttl;
		t->new_id = ++l->e->ids; /* it has a number, whatever becomes of it */
		t->new_n = 1;
	} else {
		l->flags |= EX_AGAIN | EX_SYN_AGAIN;
	}
}

static void
syn_alone(struct look *l)
{
	if (!(l->x->flags & S_KNOWN)) {
		syn_first(l);
		return;
	}
	if (l->w->seq != l->x->iss) {
		syn_other(l);
		return;
	}
	if (l->c->flags & C_OPENED && l->x->flags & S_MORE) {
		ex_trouble(l)->old_syn = l->frame;
		l->flags |= EX_STALE;
		return;
	}
	/* it has not got the SYN,ACK */
	if (l->x->state == SW_ESTABLISHED && ex_back(l->c, l->side))
		l->changed |= (uint8_t)(1 << l->side);
	syn_again(l);
}

/* The first SYN,ACK of an end. */
static void
answer_first(struct look *l)
{
	if (!(l->x->flags & S_SYN))
		ex_learn_syn(l);
	l->c->flags |= C_SYN_ACK;
	l->x->data_at = l->now;
	l->x->data_frame = l->frame;
	if (l->c->side[l->side].state == SW_CLOSED) /* nothing was known of it */
		ex_steps_set(l->c, l->side, SW_LISTEN, LINE_GUESS, ex_mark(l->c, l->frame, l->now));
	ex_go(l, l->side, SW_ON_RCV_SYN, 0);
	if (l->y->state == SW_CLOSED) {
		ex_steps_set(l->c, !l->side, SW_SYN_SENT, LINE_GUESS,
			     ex_mark(l->c, l->frame, l->now));
		l->y->iss = l->w->ack - 1;
		l->y->nxt = l->y->una = l->w->ack;
		l->y->flags |= S_KNOWN;
	}
	l->y->una = l->y->nxt = l->w->ack; /* data in the SYN that were not taken come again */
	l->y->flags |= S_UNA;
	ex_go(l, !l->side, SW_ON_RCV_SYN_ACK, LINE_OPEN);
}

/* After SYNs that crossed each end answers, or says so with an ACK. */
static void
answer_crossed(struct look *l)
{
	if (l->x->flags & S_MORE) {
		syn_again(l);
		return;
	}
	l->x->flags |= S_MORE;
	ex_prove(l->c, l->side, 1u << SW_SYN_RECEIVED);
	ex_go(l, !l->side, SW_ON_RCV_ACK_OF_SYN, LINE_OPEN);
	l->y->flags |= S_UNA;
	l->y->una = l->w->ack;
	if (l->c->flags & C_SYN_ACK && !(l->c->flags & C_OPENED))
		ex_opened(l);
	l->c->flags |= C_SYN_ACK;
}

static void
answer_again(struct look *l)
{
	struct trouble *t;

	syn_again(l);
	if (!(l->c->flags & C_OPENED))
		return;
	t = ex_trouble(l);
	if (t->synack_after++ == 0)
		t->ack_frame = l->y->last_frame;
	t->synack_frame = l->frame;
	/* the ACK did not come to it, or there was no room for another connection */
	if (ex_back(l->c, l->side))
		l->changed |= (uint8_t)(1 << l->side);
}

static void
syn_ack(struct look *l)
{
	uint32_t acked = l->w->ack - (l->y->iss + 1);
	bool answers =
	    !(l->y->flags & S_KNOWN) || acked == 0 || acked <= l->y->nxt - (l->y->iss + 1);

	if (!answers) { /* to a SYN of another time */
		ex_trouble(l)->late_synack = l->frame;
		ex_trouble(l)->late_seq = l->w->seq;
		ex_trouble(l)->late_ack = l->w->ack;
		l->flags |= EX_STALE;
		return;
	}
	if (l->c->flags & C_BOTH_OPEN) {
		answer_crossed(l);
		return;
	}
	if (!(l->c->flags & C_SYN_ACK) && !(l->c->flags & C_OPENED)) {
		answer_first(l);
		return;
	}
	if (l->w->seq == l->x->iss) {
		answer_again(l);
		return;
	}
	if (!(l->c->flags & C_OPENED)) { /* another one answers, or the same with a new number */
		l->x->flags &= (uint16_t)~S_KNOWN;
		ex_learn_syn(l);
	}
}

/* A segment with SYN. */
void
ex_syn_from(struct look *l)
{
	if (l->w->ctl & SW_ACK)
		syn_ack(l);
	else
		syn_alone(l);
}

/* The end whose SYN is in the capture goes on, so it has an answer, which is not. */
void
ex_answer_unseen(struct look *l)
{
	ex_steps_set(l->c, !l->side, SW_SYN_RECEIVED, LINE_GUESS, ex_mark(l->c, l->frame, l->now));
	ex_go(l, l->side, SW_ON_RCV_SYN_ACK, 0);
	l->c->flags |= C_SYN_ACK;
}

/* Where the capture was taken: nearer to the end that answers faster. */
static void
vantage(struct look *l)
{
	enum { MUCH = 4 };
	const struct side *client = &l->c->side[EX_CLIENT], *server = &l->c->side[EX_SERVER];
	sw_ns there, back;

	if (l->c->flags & (C_BOTH_OPEN | C_MID) || l->c->trouble != NONE || l->side != EX_CLIENT ||
	    !(server->flags & S_SYN))
		return;
	there = server->data_at - client->data_at;
	back = l->now - server->data_at;
	if (there + back < SW_MS / 2)
		return; /* too near to tell */
	if (back < there / MUCH)
		l->e->at_client++;
	else if (there < back / MUCH)
		l->e->at_server++;
	else
		l->e->at_middle++;
}

/* The handshake is complete, by the ACK at work. */
void
ex_opened(struct look *l)
{
	struct ex_summary *s = &l->e->sum;
	sw_ns took = l->now - l->c->start;

	l->c->flags |= C_OPENED;
	ex_listen_opened(l->e, l->c);
	if (l->c->flags & C_MID)
		return;
	vantage(l);
	if (s->handshake_min == 0 || took < s->handshake_min)
		s->handshake_min = took;
	if (took > s->handshake_max)
		s->handshake_max = took;
}
