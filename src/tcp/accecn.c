/*
 * accecn.c - accurate congestion notification: the receiver does not echo that there
 * was a mark, it says how many packets came marked, modulo 8, in three bits of each header.
 *
 * It knows what those bits say in the handshake and behind it.  What a mark is worth, and
 * that it is worth it once a round trip, is as in ecn.c.  The AccECN option is not sent.
 * Of ecn.c's flags it has its own use.  While the handshake lasts they hold the ECN field
 * of the peer's SYN; then T_ECE: a mark came since the last ACK; T_CWR: the last text
 * had one.
 *
 * RFC 9768 3.
 */
#include "tcp/parts.h"

enum { CE_CAME = 3, ACE_BEGIN = 5, ACE_BITS = 7 };

/* The ACE field: AE, CWR, ECE as one number. */
static uint8_t
ace_of(const struct seg *s)
{
	return (uint8_t)(s->ae << 2 | s->ctl >> 6);
}

static void
ace_put(struct seg *s, uint8_t ace)
{
	s->ae = ace >> 2;
	s->ctl = (uint8_t)((s->ctl & ~(SW_CWR | SW_ECE)) | ace << 6);
}

/*= RFC 9768 3.1.1, 3.2.2.1: in the handshake the field tells how the other's SYN came: not
 * ECN-capable 010, ECT(1) 011, ECT(0) 100, marked 110 */
static uint8_t
ace_echo(const struct tcb *t)
{
	static const uint8_t code[] = {2, 3, 4, 6};

	return code[accecn_syn(t)];
}

/* The ECN field of the peer's SYN, or SYN-ACK. */
uint8_t
accecn_syn(const struct tcb *t)
{
	return (uint8_t)((t->flags & T_CWR ? 2 : 0) | (t->flags & T_ECE ? 1 : 0));
}

/* Agreed; the counters do not begin at 0, so that it shows when a path clears them. */
void
accecn_begin(struct tcb *t, uint8_t ecn)
{
	t->flags &= ~(uint32_t)(T_ECE | T_CWR);
	t->flags |= T_ECN | (ecn & 2 ? T_CWR : 0u) | (ecn & 1 ? T_ECE : 0u);
	t->accurate = 1;
	t->ace_in = t->ace_out = ACE_BEGIN; /*= RFC 9768 3.2.1: r.cep and s.cep begin at 5 */
}

/*= RFC 9768 3.1.4.1: a SYN that was lost asks once more; then it does not ask */
bool
accecn_asks(const struct tcb *t)
{
	return t->ecn == SW_ECN_ACCURATE && t->retries <= 1;
}

/*= RFC 9768 3.1.1: a SYN asks with AE, CWR and ECE */
void
accecn_syn_fill(const struct tcb *t, struct seg *s)
{
	ace_put(s, s->ctl & SW_ACK ? ace_echo(t) : ACE_BITS);
}

/* What the peer's SYN or SYN-ACK says of it; false: that is RFC 3168's. */
bool
accecn_syn_take(struct tcb *t, const struct seg *s)
{
	uint8_t ace = ace_of(s);

	if (t->ecn != SW_ECN_ACCURATE)
		return false;
	if (!(s->ctl & SW_ACK)) {
		/*= RFC 9768 3.1.2, 3.1.3: all but 000 and 011 ask for it, also what
		 * nobody says today */
		if (!(t->flags & T_PASSIVE) || ace == 0 || ace == 3)
			return false;
		accecn_begin(t, s->ecn);
		return true;
	}
	/*= RFC 9768 3.1.2: 001 and 101 answer as RFC 3168 does; 111 is our own bits, reflected */
	if (!accecn_asks(t) || ace < 2 || ace == 5 || ace == ACE_BITS)
		return false;
	accecn_begin(t, s->ecn);
	t->ace_owed = 1;
	if (s->ecn == CE_CAME)
		t->ace_in++; /*= RFC 9768 3.2.2.1: a mark on the SYN-ACK counts */
	/*= RFC 9768 3.2.2.3: our SYN was not ECN-capable: who says else sees what the path
	 * made of it */
	if (ace != 2)
		t->flags &= ~(uint32_t)T_ECN;
	return true;
}

/* An acceptable segment came. */
void
accecn_arrived(struct tcb *t, const struct seg *s)
{
	uint32_t n = s->seg_size > 0 && s->len > s->seg_size ? (s->len - 1) / s->seg_size + 1 : 1;

	if (s->ecn != CE_CAME) {
		if (s->len > 0 && !t->ace_owed)
			t->flags &= ~(uint32_t)T_CWR;
		return;
	}
	t->ace_in = (t->ace_in + n) & 7u;
	if (t->ace_owed) /* the ACK that is due tells it */
		return;
	/*= RFC 9768 3.2.2.5.1: an ACK when a mark comes behind none, and at the second
	 * since the last ACK */
	if (s->len > 0 && ((t->flags & (T_ECE | T_CWR)) != T_CWR || n > 1))
		t->flags |= T_ACK_NOW;
	t->flags |= T_ECE | (s->len > 0 ? T_CWR : 0u);
}

/* How the peer saw our SYN-ACK, in the ACK of it. */
static void
accecn_opens(struct tcb *t, uint8_t ace)
{
	/*= RFC 9768 3.2.2.1: 110 says that it was marked */
	t->ace_out = ace == 6 ? 6 : ACE_BEGIN;
	/*= RFC 9768 3.2.2.3: it was not ECN-capable: the path makes of it what it likes */
	if (ace == 3 || ace == 4 || ace == 6)
		t->flags &= ~(uint32_t)T_ECN;
}

/* An ACK tells of something new: of marks, too?  before: so many numbers were
 * acknowledged, the SYN's first. */
bool
accecn_told(struct tcb *t, const struct seg *s, uint32_t before)
{
	uint8_t ace = ace_of(s), was = t->ace_out;

	if (s->ctl & SW_SYN)
		return false;
	/*= RFC 9768 3.2.2.4: 0 in the first is a path that clears the field: no ECT any more */
	if (before <= 1 && ace == 0)
		t->flags &= ~(uint32_t)T_ECN;
	t->ace_out = ace & 7u;
	if (before == 0) {
		t->flags &= ~(uint32_t)(T_ECE | T_CWR);
		if (s->len == 0 && !(s->has & SW_HAS_SACK) && !(s->ctl & SW_FIN)) {
			accecn_opens(t, ace);
			return false;
		}
	}
	return ace != was && (t->flags & T_ECN);
}

/* What is said in a segment behind the handshake. */
void
accecn_fill(struct tcb *t, struct seg *s)
{
	bool bare = s->len == 0 && !(s->has & SW_HAS_SACK) && !(s->ctl & SW_FIN);

	/*= RFC 9768 3.2.2.1: the ACK of the SYN-ACK tells how that came, if it is nothing but
	 * an ACK; all that follow count */
	ace_put(s, t->ace_owed && bare ? ace_echo(t) : t->ace_in);
	s->tos &= 0xfc;
	t->flags &= ~(uint32_t)(t->ace_owed ? T_ECE | T_CWR : T_ECE);
	t->ace_owed = 0;
}
