/*
 * share.c - what of a connection is worth knowing for the next one on the same path,
 * and what that one makes of it: RFC 9040.
 *
 * The round trip: a SYN that is lost goes again in time, and the first sample counts
 * as one of many, if it is like them; if not, the path is another now and all begins
 * anew.  ssthresh: slow start ends where it ended before.  cwnd is not shared: how many
 * others send now is not known.  Where it is kept is net's.
 */
#include "tcp/parts.h"

enum {
	SHARE_LONG = 100, /* segments: shorter flows know nothing of the path's width */
	SHARE_WINDOW = 20 /* segments: no ssthresh below it is shared */
};

/* It begins with what is known. */
void
tcp_facts_take(const struct tcp *tcp, struct tcb *t, const struct path_facts *f)
{
	t->srtt_us = f->srtt_us;
	t->rttvar_us = f->rttvar_us;
	t->ssthresh = f->ssthresh;
	if (t->flags & T_PASSIVE)
		return; /* strangers may not have SYN-ACKs sent faster */
	/*= RFC 6298 2.1: a second only while no round trip to this peer was measured */
	rto_settle(tcp, t);
	if (f->srtt_us > 0)
		t->rto_us = max_u32(t->rto_us, f->srtt_us / 4);
}

/* The SYN's round trip: is it one of those that were known? */
void
share_judge(struct tcb *t, sw_ns rtt)
{
	uint32_t us = (uint32_t)min_ns(rtt / SW_US, 1u << 27), srtt = t->srtt_us / 8;
	uint32_t off = us > srtt ? us - srtt : srtt - us;

	if (off > max_u32(t->rttvar_us, srtt / 4))
		t->srtt_us = t->rttvar_us = 0;
}

/* The larger of two, or a step towards the smaller. */
static uint32_t
share_slowly(uint32_t old, uint32_t now)
{
	return now >= old ? now : old - (old - now) / 4;
}

/* f is what was known; then what t has found out is in it. */
bool
tcp_facts_give(const struct tcb *t, struct path_facts *f)
{
	bool far =
	    (t->flags & T_FAR) || seq_from(t->snd.una, t->snd.iss) > (uint32_t)SHARE_LONG * t->mss;
	uint32_t wide;

	if (!(t->flags & T_OPENED) || t->srtt_us == 0 || t->error != 0)
		return false;
	/* too long a time waits, too short a one sends for nothing */
	f->srtt_us = share_slowly(f->srtt_us, t->srtt_us);
	f->rttvar_us = share_slowly(f->rttvar_us, t->rttvar_us);
	if (!far || t->ssthresh == UINT32_MAX || t->controller == SW_CC_BBR ||
	    t->controller == SW_CC_BBR1)
		return true;
	wide = max_u32(max_u32(t->ssthresh, t->cwnd / 2), (uint32_t)SHARE_WINDOW * t->mss);
	f->ssthresh = f->ssthresh ? f->ssthresh / 2 + wide / 2 : wide;
	return true;
}
