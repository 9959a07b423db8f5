/*
 * cookie.c - SYN cookies: when no half-open record is to be had, a SYN is answered and
 * nothing is kept of it; the ACK that comes back says what the SYN has said.
 *
 * Our ISS is the cookie: 27 bits of a keyed hash over both ends, the peer's ISS, the
 * period of two minutes and the other bits; the class of the peer's MSS; and whether
 * the period is odd, so that one hash tells.  A cookie is good in its period and in the
 * next: two to four minutes.  With timestamps the low bits of ours hold window scale,
 * SACK and ECN, which the peer echoes; without, only the MSS is kept.
 *
 *	ISS		odd 1, class 4, hash 27
 *	timestamp	clock 26, ECN 1, SACK 1, scale 4 (15: none)
 *
 * What the SYN-ACK says and how the ACK opens a connection is tcp's.
 *
 * RFC 4987 3.6; RFC 9293 3.4.1 for what an ISS must be.
 */
#include "net/net.h"

enum { HASH_BITS = 27, CLASS_MASK = 15, ODD_BIT = 31, SAID_BITS = 6 };
enum { SAID_NO_SCALE = 15, SAID_SACK = 16, SAID_ECN = 32, SAID_MASK = 63 };
static const sw_ns cookie_period = 120 * SW_S;

/* The largest that does not exceed the peer's stands for it. */
static const uint16_t mss_class[CLASS_MASK + 1] = {64,	 216,  400,  536,  900,	 1024, 1200, 1220,
						   1300, 1340, 1360, 1400, 1420, 1440, 1460, 8900};

static uint32_t
class_of(uint16_t mss)
{
	uint32_t i = CLASS_MASK;

	while (i > 0 && mss_class[i] > mss)
		i--;
	return i;
}

/* The cookie of this SYN in this period. */
static uint32_t
cookie_of(const struct sw_stack *s, const struct tuple *t, seq irs, uint32_t period, uint32_t class)
{
	uint32_t top = (period & 1) << 4 | class;
	uint64_t w[6];

	ident_words(t, w);
	w[4] = prf_pair(ident_ports(t), irs.n);
	w[5] = prf_pair(period, class);
	return top << HASH_BITS |
	       ((uint32_t)prf_words(s->key_cookie, w, 6) & ((1u << HASH_BITS) - 1));
}

static uint32_t
period_of(const struct sw_stack *s)
{
	return (uint32_t)(cookie_time(s) / cookie_period);
}

/* Shall this SYN be answered and forgotten? */
bool
cookie_needed(const struct sw_stack *s, const struct listener *l, const struct asked *a)
{
	bool full =
	    pool_room(&s->halves) == 0 || (l->halves_most > 0 && l->halves >= l->halves_most);

	/*= RFC 9293 3.6.1 MAY-2: behind a TIME-WAIT the ISS lies beyond the old numbers, which a
	 * cookie need not; RFC 6191 2: where there are timestamps these tell old from new */
	if (a->after != NULL && !(s->conf.timestamps && (a->seg->has & SW_HAS_TS)))
		return false;
	return s->conf.cookies == SW_COOKIES_ALWAYS || (s->conf.cookies == SW_COOKIES_FULL && full);
}

/* The number of the answer. */
uint32_t
cookie_number(const struct sw_stack *s, const struct tuple *t, const struct seg *syn)
{
	uint16_t mss = syn->has & SW_HAS_MSS ? syn->mss : tcp_default_mss(&t->remote);

	return cookie_of(s, t, syn->seq, period_of(s), class_of(mss));
}

/* Our timestamp, its low bits what the SYN has said; never ahead of the clock. */
uint32_t
cookie_stamp(const struct sw_stack *s, const struct tuple *t, const struct seg *syn, bool ecn)
{
	uint32_t now = (uint32_t)(s->now / SW_MS) + ident_ts_offset(s, t), said, stamp;

	said = s->conf.window_scale && (syn->has & SW_HAS_WSCALE) ? syn->wscale : SAID_NO_SCALE;
	said |= s->conf.sack && (syn->has & SW_HAS_SACK_OK) ? SAID_SACK : 0u;
	said |= ecn ? SAID_ECN : 0u;
	stamp = (now & ~(uint32_t)SAID_MASK) | said;
	return said > (now & SAID_MASK) ? stamp - (1u << SAID_BITS) : stamp;
}

/* One goes out now. */
void
cookie_sent(struct sw_stack *s)
{
	s->cookies_until = after_ns(s->now, 2 * cookie_period);
}

/* What the SYN-ACK says that goes out by a->iface, but for number and timestamp. */
void
cookie_says(const struct sw_stack *s, uint32_t listener, const struct asked *a, struct seg *answer)
{
	tcp_cookie_answer(&s->tcp, &listener_at(s, listener)->habits,
			  conn_path_mss(s, a->iface, &a->tuple.remote), a->seg, answer);
}

/* The SYN-ACK, and nothing kept. */
void
cookie_answer(struct sw_stack *s, uint32_t listener, const struct asked *a)
{
	struct sw_addr hop;
	int way = route_find(s, &a->tuple.remote, &hop);
	struct asked out = *a;
	struct seg answer;

	out.iface = way >= 0 ? way : a->iface;
	input_drop(s, &a->tuple, a->seg, SW_V_COOKIE_SENT);
	cookie_sent(s);
	cookie_says(s, listener, &out, &answer);
	answer.seq = seq_at(cookie_number(s, &a->tuple, a->seg));
	if (answer.has & SW_HAS_TS)
		answer.tsval = cookie_stamp(s, &a->tuple, a->seg, answer.ctl & SW_ECE);
	reply_new(s, &a->tuple, &answer, way, &hop);
}

/* May a cookie come back now? */
static bool
cookies_are_out(const struct sw_stack *s)
{
	return s->conf.cookies != SW_COOKIES_NEVER &&
	       (s->now < s->cookies_until || s->cookies_shared);
}

/* Does the ACK bring one of ours back?  What its SYN said, in *syn. */
static bool
cookie_good(const struct sw_stack *s, const struct tuple *t, const struct seg *ack, struct seg *syn)
{
	uint32_t n = seq_sub(ack->ack, 1).n, period = period_of(s);
	uint32_t class = n >> HASH_BITS & CLASS_MASK, said;

	period -= (period ^ n >> ODD_BIT) & 1;
	memset(syn, 0, sizeof(*syn));
	syn->seq = seq_sub(ack->seq, 1);
	if (cookie_of(s, t, syn->seq, period, class) != n)
		return false;
	syn->has = SW_HAS_MSS;
	syn->mss = mss_class[class];
	syn->wnd = ack->wnd;
	if (!(ack->has & SW_HAS_TS) || !s->conf.timestamps)
		return true;
	said = ack->tsecr & SAID_MASK;
	syn->has |= SW_HAS_TS | (said & SAID_SACK ? SW_HAS_SACK_OK : 0) |
		    ((said & SAID_NO_SCALE) == SAID_NO_SCALE ? 0 : SW_HAS_WSCALE);
	syn->wscale = said & SAID_NO_SCALE;
	syn->tsval = ack->tsval;
	syn->ctl = said & SAID_ECN ? SW_ECE | SW_CWR : 0;
	return true;
}

/* The block that the SYN would have had, in LISTEN; NONE: there is no room for one. */
static uint32_t
cookie_block(struct sw_stack *s, uint32_t listener, const struct asked *a)
{
	struct listener *l = listener_at(s, listener);
	struct tcb t;
	uint32_t b;

	if (l->waiting >= l->backlog) {
		input_drop(s, &a->tuple, a->seg, SW_V_NO_BACKLOG);
		return NONE;
	}
	half_listen(s, listener, a, &t);
	t.ts_offset = ident_ts_offset(s, &a->tuple);
	tcp_cookie_iss(&t, seq_sub(a->seg->ack, 1));
	share_begin(s, &t);
	b = conn_from(s, &t, NONE);
	if (b == NONE)
		input_drop(s, &a->tuple, a->seg, SW_V_NO_BLOCK);
	return b;
}

/* An ACK for a listener: does it end a handshake of which nothing was kept? */
bool
cookie_arrives(struct sw_stack *s, uint32_t listener, const struct asked *a)
{
	struct reply reply = {0};
	struct seg syn;
	uint32_t b;

	if ((a->seg->ctl & (SW_SYN | SW_ACK | SW_RST)) != SW_ACK || !cookies_are_out(s))
		return false;
	if (!cookie_good(s, &a->tuple, a->seg, &syn)) {
		/* text may have overtaken the ACK that has the cookie: it comes again */
		if (a->seg->len == 0)
			return false;
		input_drop(s, &a->tuple, a->seg, SW_V_COOKIE_BAD);
		return true;
	}
	b = cookie_block(s, listener, a);
	if (b == NONE)
		return true;
	tcp_cookie_opens(&s->tcp, block_at(s, b), &syn, s->now);
	tcp_arrives(&s->tcp, block_at(s, b), a->seg, s->now, &reply);
	conn_settle(s, b, s->now, &reply);
	return true;
}
