/*
 * golden.h - SEGMENT ARRIVES as tables that a person can read beside the RFC: by
 * 9293 3.10.7 as 5961, 1337 and 6191 change it and spec/exceptions.md says, not by
 * the source.  Each cell is the name of a rule, and each rule says where it stands.
 */
#ifndef SW_TEST_GOLDEN_H
#define SW_TEST_GOLDEN_H

#include "bench.h"

enum says { NOTHING, ACK, SYN_ACK, RST };
enum { SAME = SW_N_STATES };

/* clang-format off */

/* name, verdict, what is said, the state it leads to, is the segment taken into
 * RCV.NXT; sections without a number are of RFC 9293 */
#define RULES(X)												\
	X(____,		TAKEN,		NOTHING,SAME,		0, "there is no such segment")			\
	X(next,		TAKEN,		NOTHING,SAME,		0, "passes: the next check decides")		\
	/* nobody, and a listener */										\
	X(nobody,	NOBODY,		RST,	SAME,		0, "3.10.7.1: a RST")				\
	X(hush,		NOBODY_RST,	NOTHING,SAME,		0, "3.10.7.1: a RST for nobody is dropped")	\
	X(l_rst,	LISTEN_RST,	NOTHING,SAME,		0, "3.10.7.2 first: there is nothing to reset")	\
	X(l_ack,	LISTEN_ACK,	RST,	SAME,		0, "3.10.7.2 second: any ACK is bad")		\
	X(l_syn,	SYN_TAKEN,	SYN_ACK,SYN_RECEIVED,	1, "3.10.7.2 third")				\
	X(l_none,	LISTEN_OTHER,	NOTHING,SAME,		0, "3.10.7.2 fourth")				\
	/* SYN-SENT */												\
	X(s_bad,	ACK_BAD_SYN,	RST,	SAME,		0, "3.10.7.3 first: not the ACK of our SYN")	\
	X(s_hush,	RST_UNPROVEN,	NOTHING,SAME,		0, "3.10.7.3 second, 5961 3.2: a RST proves that it saw the SYN") \
	X(s_rst,	REFUSED,	NOTHING,CLOSED,		0, "3.10.7.3 second: connection refused")	\
	X(s_open,	OPENED,		ACK,	ESTABLISHED,	1, "3.10.7.3 fourth: our SYN is acknowledged")	\
	X(s_fin,	OPENED,		ACK,	CLOSE_WAIT,	1, "3.10.7.3 fourth, on to 3.10.7.4 eighth")	\
	X(s_cross,	TAKEN,		SYN_ACK,SYN_RECEIVED,	1, "3.10.7.3 fourth, MUST-10: SYNs cross")	\
	X(s_none,	NO_CONTROL,	NOTHING,SAME,		0, "3.10.7.3 fifth")				\
	/* first: sequence number */										\
	X(old,		DUPLICATE,	ACK,	SAME,		0, "3.10.7.4 first: all of it was here")	\
	X(outside,	SEQ_OUTSIDE,	ACK,	SAME,		0, "3.10.7.4 first: not acceptable")		\
	X(syn_again,	DUPLICATE,	SYN_ACK,SAME,		0, "3.10.7.4 first, 3.5: its own SYN: the answer was lost") \
	X(fin_again,	DUPLICATE,	ACK,	SAME,		0, "3.10.7.4 eighth: 2MSL begins anew")		\
	X(shut,		TAKEN,		ACK,	SAME,		0, "3.4 MUST-66, 3.8.6.1: no window: its ACK counts, no more")	\
	X(shut_na,	NO_ACK,		ACK,	SAME,		0, "3.4 MUST-66, 3.10.7.4 first: not acceptable")	\
	X(paws,		PAWS_OLD,	ACK,	SAME,		0, "7323 5.3 R1: older than what was taken")	\
	X(ts_none,	TS_MISSING,	NOTHING,SAME,		0, "7323 3.2: timestamps were agreed on: dropped")	\
	/* second: RST */											\
	X(rst_out,	RST_OUTSIDE,	NOTHING,SAME,		0, "5961 3.2 1: outside the window: dropped")	\
	X(rst_in,	RST_CHALLENGED,	ACK,	SAME,		0, "5961 3.2 3: in the window: challenge ACK")	\
	X(rst,		RESET_BY_PEER,	NOTHING,CLOSED,		0, "5961 3.2 2, 3.10.7.4 second")		\
	X(rst_back,	RESET_BY_PEER,	NOTHING,LISTEN,		0, "3.10.7.4 second, MUST-11")			\
	X(rst_tw,	RST_TIME_WAIT,	NOTHING,SAME,		0, "1337 3: TIME-WAIT goes on")			\
	/* fourth: SYN */											\
	X(syn,		SYN_CHALLENGED,	ACK,	SAME,		0, "3.10.7.4 fourth, 5961 4.2: challenge ACK")	\
	X(syn_back,	SYN_CHALLENGED,	NOTHING,LISTEN,		0, "3.10.7.4 fourth: back to LISTEN")		\
	X(reuse,	REUSED,		SYN_ACK,SYN_RECEIVED,	1, "3.6.1 MAY-2, 6191: a new connection")	\
	/* fifth: ACK */											\
	X(no_ack,	NO_ACK,		NOTHING,SAME,		0, "3.10.7.4 fifth: the bit is off")		\
	X(a_bad,	ACK_UNSENT,	RST,	SAME,		0, "3.10.7.4 fifth, SYN-RECEIVED: a RST, and it stays")	\
	X(a_old,	ACK_ANCIENT,	ACK,	SAME,		0, "3.10.7.4 fifth, MAY-12, 5961 5.2")		\
	X(a_new,	ACK_UNSENT,	ACK,	SAME,		0, "3.10.7.4 fifth: acks something not sent")	\
	/* the others, by state */										\
	X(ack,		TAKEN,		NOTHING,SAME,		0, "3.10.7.4 fifth")				\
	X(text,		TAKEN,		ACK,	SAME,		1, "3.10.7.4 seventh")				\
	X(ahead,	OUT_OF_ORDER,	ACK,	SAME,		0, "3.10.7.4 first SHLD-31, seventh MAY-13: held") \
	X(lost,		AFTER_CLOSE,	RST,	CLOSED,		0, "3.6.1 SHLD-3: nobody can read it: RST")	\
	X(ignore,	TAKEN,		NOTHING,SAME,		0, "3.10.7.4 seventh: beyond a FIN: ignored")	\
	X(fin,		TAKEN,		ACK,	CLOSE_WAIT,	1, "3.10.7.4 eighth")				\
	X(fin_1,	TAKEN,		ACK,	CLOSING,	1, "3.10.7.4 eighth: ours is not yet acked")	\
	X(fin_2,	TAKEN,		ACK,	TIME_WAIT,	1, "3.10.7.4 eighth")				\
	X(o_ack,	OPENED,		NOTHING,ESTABLISHED,	0, "3.10.7.4 fifth: SYN-RECEIVED ends")		\
	X(o_text,	OPENED,		ACK,	ESTABLISHED,	1, "3.10.7.4 fifth and seventh")		\
	X(o_ahead,	OUT_OF_ORDER,	ACK,	ESTABLISHED,	0, "3.10.7.4 fifth, SHLD-31")			\
	X(o_fin,	OPENED,		ACK,	CLOSE_WAIT,	1, "3.10.7.4 fifth and eighth")			\
	X(f_ack,	TAKEN,		NOTHING,FIN_WAIT_2,	0, "3.10.7.4 fifth: our FIN is acked")		\
	X(f_text,	TAKEN,		ACK,	FIN_WAIT_2,	1, "3.10.7.4 fifth and seventh")		\
	X(f_ahead,	OUT_OF_ORDER,	ACK,	FIN_WAIT_2,	0, "3.10.7.4 fifth, SHLD-31")			\
	X(g_ack,	TAKEN,		NOTHING,TIME_WAIT,	0, "3.10.7.4 fifth: CLOSING ends")		\
	X(z_ack,	TAKEN,		NOTHING,CLOSED,		0, "3.10.7.4 fifth: LAST-ACK ends")

/* clang-format on */

#define RULE_1(name, ...) R_##name,
enum rule_name { RULES(RULE_1) N_RULES };
#undef RULE_1

struct rule {
	const char *name;
	enum sw_verdict verdict;
	enum says says;
	unsigned to;
	bool takes;
	const char *where;
};

/* SAME is no state: it is let through the name of one. */
enum { SW_SAME = SAME };

#define RULE_1(name, v, says, to, takes, where) {#name, SW_V_##v, says, SW_##to, takes, where},
static const struct rule rules[] = {RULES(RULE_1)};
#undef RULE_1

/* Rows as sets. */
#define IN(row) (1u << ROW_##row)
enum {
	NOBODY = IN(CLOSED) | IN(ENDED),
	LISTENS = IN(LISTEN) | IN(LISTEN_PEER),
	SR_BACK = IN(SR_HALF) | IN(SR_PASSIVE),
	SR = SR_BACK | IN(SR_ACTIVE),
	F1 = IN(FIN_WAIT_1) | IN(F1_GONE),
	F2 = IN(FIN_WAIT_2) | IN(F2_GONE),
	NEW = IN(FRESH) | IN(ACCEPTED),
	OPEN = IN(ESTABLISHED) | NEW | F1 | F2 | IN(CLOSE_WAIT) | IN(CLOSING) | IN(LAST_ACK),
	TW_HEARD = IN(TIME_WAIT) | IN(TW_RECORD),
	TW = TW_HEARD | IN(TW_ALONE),
	SYNC = SR | OPEN | TW,
	STAMPED = SYNC | IN(SHUT) /* where timestamps were agreed on */
};

/* What the host has said since bench_quiet() is what the rule says, and nothing else. */
static inline bool
golden_said(const struct bench *b, const struct rule *r, const struct sw_trace *to)
{
	const struct sw_trace *t = &b->said[0];
	uint32_t space = to->len + !!(to->ctl & SW_SYN) + !!(to->ctl & SW_FIN);

	if (b->n_said != (r->says != NOTHING) || (b->n_said && t->len))
		return false;
	switch (r->says) {
	case ACK:
		return t->ctl == SW_ACK && t->seq == b->nxt && t->ack == b->rcv_nxt;
	case SYN_ACK:
		return t->ctl == (SW_SYN | SW_ACK) && t->seq == b->at.iss && t->ack == b->rcv_nxt;
	case RST: /* 3.10.7.1, 3.5.2 */
		if (to->ctl & SW_ACK)
			return t->ctl == SW_RST && t->seq == to->ack;
		return t->ctl == (SW_RST | SW_ACK) && t->seq == 0 && t->ack == to->seq + space;
	default:
		return true;
	}
}

#endif
