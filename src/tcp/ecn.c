/*
 * ecn.c - explicit congestion notification: routers mark what they would drop, the
 * receiver echoes the mark, the sender slows down once a window and says so.
 *
 * It knows the bits of both headers; how much slower is the controller's to say.
 * RFC 3168 6.1; RFC 8511 through the controllers.
 */
#include "tcp/parts.h"

enum { ECT_0 = 2, CE = 3 }; /* RFC 3168 5 */

/*= RFC 3168 6.1.1: a SYN asks with ECE and CWR, the SYN-ACK agrees with ECE alone */
void
ecn_syn_fill(const struct tcp *tcp, const struct tcb *t, struct seg *s)
{
	if (t->accurate || (!(s->ctl & SW_ACK) && accecn_asks(t) && !(tcp->without & SW_NO_ECN))) {
		accecn_syn_fill(t, s);
		return;
	}
	if (s->ctl & SW_ACK) {
		s->ctl |= t->flags & T_ECN ? SW_ECE : 0;
		return;
	}
	/*= RFC 3168 6.1.1.1: a SYN that was not answered may have been lost for asking */
	if (t->ecn == SW_ECN_ASK && t->retries == 0 && !(tcp->without & SW_NO_ECN))
		s->ctl |= SW_ECE | SW_CWR;
}

/* Does a SYN-ACK of which nothing is kept agree? */
bool
ecn_cookie(const struct tcp *tcp, uint8_t ecn, const struct seg *syn)
{
	return (syn->ctl & (SW_ECE | SW_CWR)) == (SW_ECE | SW_CWR) && ecn != SW_ECN_OFF &&
	       !(tcp->without & SW_NO_ECN);
}

/* What the peer's SYN, or SYN-ACK, says of it. */
void
ecn_syn_take(const struct tcp *tcp, struct tcb *t, const struct seg *s)
{
	uint8_t bits = s->ctl & (SW_ECE | SW_CWR);
	bool agreed, asked = accecn_asks(t) || (t->ecn == SW_ECN_ASK && t->retries == 0);

	if (s->ctl & SW_ACK)
		agreed = bits == SW_ECE && asked;
	else
		agreed = bits == (SW_ECE | SW_CWR) && t->ecn != SW_ECN_OFF;
	t->flags &= ~(uint32_t)(T_ECN | T_ECE | T_CWR);
	t->accurate = t->ace_owed = 0;
	if (tcp->without & SW_NO_ECN)
		return;
	if (!accecn_syn_take(t, s) && agreed)
		t->flags |= T_ECN;
}

/* An acceptable segment with text came: was it marked? */
void
ecn_arrived(struct tcb *t, const struct seg *s)
{
	if (t->accurate)
		accecn_arrived(t, s);
	if (t->accurate || !(t->flags & T_ECN) || s->len == 0)
		return;
	/*= RFC 3168 6.1.3: CE is echoed in every ACK until the peer says CWR; a CE with that
	 * very segment begins anew */
	if (s->ctl & SW_CWR)
		t->flags &= ~(uint32_t)T_ECE;
	if (s->ecn == CE && !(t->flags & T_ECE))
		t->flags |= T_ECE | T_ACK_NOW;
}

/* Is a reaction to marks under way, in this window of data? */
bool
ecn_reacted(const struct tcb *t, const struct active *c)
{
	/* CWR stands in what begins there: the ACK of all before it still has ECE */
	return c->cwr && seq_leq(t->snd.una, c->cwr_end);
}

/* An ACK of so many bytes echoes a mark. */
void
ecn_echoed(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t acked)
{
	/*= RFC 3168 6.1.2: one reaction in a window of data, and none beside a loss's */
	if (ecn_reacted(t, c))
		return;
	if (c->phase == CC_OPEN)
		cc_marked(tcp, t, c, acked);
	c->cwr = true;
	c->cwr_end = t->snd.nxt;
	ecn_reduced(t);
}

/* cwnd has come down, for whatever reason. */
void
ecn_reduced(struct tcb *t)
{
	/*= RFC 3168 6.1.2: the first new segment after it says CWR */
	if ((t->flags & T_ECN) && !t->accurate)
		t->flags |= T_CWR;
}

/* ECE on all that has an ACK; new text is marked ECT, and carries CWR once. */
void
ecn_fill(struct tcb *t, struct seg *s, bool fresh)
{
	if (t->accurate)
		accecn_fill(t, s);
	if (!(t->flags & T_ECN))
		return;
	s->tos &= 0xfc;
	if (!t->accurate && (t->flags & T_ECE))
		s->ctl |= SW_ECE;
	/*= RFC 3168 6.1.4, 6.1.5, 6.1.6: no ECT on pure ACKs, on what is sent again, on
	 * window probes */
	if (!fresh || s->len == 0)
		return;
	/* who would not answer a mark does not ask for marks */
	if (t->controller != SW_CC_BBR1)
		s->tos |= ECT_0;
	if (t->accurate)
		return;
	if (t->flags & T_CWR)
		s->ctl |= SW_CWR;
	t->flags &= ~(uint32_t)T_CWR;
}

/* Must the next segment be one, as a device that cuts up a longer one leaves CWR to the
 * first alone? */
bool
ecn_alone(const struct tcb *t)
{
	return t->accurate ? t->ace_in & 2 : t->flags & T_CWR;
}
