/*
 * mtu.c - how large a packet the path takes: told by ICMP, or found out.
 *
 * A connection begins with what the link takes.  Three things lower that:
 *
 *	ICMP says so		at once, while no segment of the present size has
 *				ever arrived; else only if what it quotes is late too,
 *				as whoever can forge ICMP could say it (RFC 5927 7.2)
 *	a black hole		nobody says anything, and the second timeout in a row
 *				is of a full segment: small ones from then on
 *	a larger size fails	after it was raised: back to what was before
 *
 * Then it is looked for again, upwards through sizes that are common, by a probe: one
 * segment of the next size with ordinary text, and enough behind it that its loss is
 * seen at once.  A lost probe says that it was too large, and nothing of congestion.
 * The search begins at once after a black hole, else after ten minutes, and ends
 * with what failed three times.
 *
 * It knows sizes and the scoreboard; not ICMP, headers but for their length, nor when
 * something is lost.  `mss` is here as in t->path_mss: options are not counted.
 * RFC 1191, 8201, 4821, 8899, 5927 7.
 */
#include "tcp/parts.h"

#define IN_SEQ offsetof(struct rec, in_seq)

enum {
	MTU4_LEAST = 576, /* RFC 1191 has 68, which is no size for TCP */
	MTU6_LEAST = 1280,
	MTU_PROBES = 3,	 /* RFC 8899 5.1.2: MAX_PROBES */
	MTU_BEHIND = 3,	 /* segments behind a probe, by which its loss is seen */
	MTU_CLEAN = 16,	 /* segments of a round by which a size is verified */
	MTU_BAD = 4,	 /* rounds in which more than a tenth is lost: it is not */
	MTU_STAMP_S = 16 /* grain of tcb.mtu_next */
};

/* Where the search stops: what links and tunnels have. */
static const uint16_t mtu_common[] = {576,  1006, 1280, 1340, 1380, 1400, 1420,	 1440,	1460, 1480,
				      1492, 1500, 2002, 4352, 8166, 9000, 17914, 32000, 65535};

/* Could these sizes be ours? */
bool
mtu_is_sound(const struct active *c)
{
	return (c->mtu.size == 0 || c->mtu.size >= MSS_FLOOR) &&
	       (c->mtu.high == 0 || c->mtu.high >= MSS_FLOOR) &&
	       (c->mtu.claim == 0 || c->mtu.claim >= MSS_FLOOR) &&
	       (!c->mtu.checks || c->mtu.before >= MSS_FLOOR);
}

/* IP and TCP headers without options. */
static uint32_t
headers(const struct tcb *t)
{
	return sw_addr_is4(&t->h.remote) ? 40 : 60;
}

/* What options take of every segment. */
static uint32_t
options(const struct tcb *t)
{
	return t->flags & T_TS ? 12 : 0;
}

/* The largest that may be looked for. */
static uint32_t
mtu_top(const struct tcb *t, const struct active *c)
{
	uint32_t top = min_u32(t->link_mss, max_u32(t->peer_mss, MSS_FLOOR));

	/*= RFC 4821 7.6.2: what ICMP said of a probe bounds the search */
	return c->mtu.high > 0 ? min_u32(top, c->mtu.high) : top;
}

/* ---- time --------------------------------------------------------------- */

/* The grain of time that `when` lies in. */
uint16_t
mtu_stamp(sw_ns when)
{
	return (uint16_t)(when / SW_S / MTU_STAMP_S);
}

/* Nothing larger is tried before so long. */
static void
mtu_waits(const struct tcp *tcp, struct tcb *t, sw_ns span)
{
	t->mtu_stays = span == SW_NEVER;
	t->mtu_next = mtu_stamp(after_ns(tcp->now, span > 0 ? span + MTU_STAMP_S * SW_S : 0));
}

/* The active part goes: the tcb remembers what it waits for, if not to the second. */
void
mtu_rest(const struct tcp *tcp, struct tcb *t, const struct active *c)
{
	if (c->mtu.wait > tcp->now && !t->mtu_stays)
		mtu_waits(tcp, t, c->mtu.wait - tcp->now);
}

static bool
mtu_waited(const struct tcp *tcp, const struct tcb *t)
{
	return !t->mtu_stays && (int16_t)(mtu_stamp(tcp->now) - t->mtu_next) >= 0;
}

/* ---- smaller ------------------------------------------------------------ */

/* The path takes less: what is too large for it is sent again, in smaller pieces. */
static void
mtu_falls(struct tcp *tcp, struct tcb *t, uint32_t mss, sw_ns wait)
{
	struct active *c = active_of(tcp, t);
	uint16_t before = t->mss;

	t->path_mss = (uint16_t)mss;
	t->proven = 0;
	t->mtu_tries = 0;
	mtu_waits(tcp, t, wait);
	if (t->h.state == SW_CLOSED || t->h.state == SW_LISTEN)
		return;
	mss_settle(tcp, t);
	if (t->h.state == SW_SYN_SENT && flight(t) > 1) {
		t->flags |= T_SEND_SYN; /* what rode on it was too much: again, without */
		t->news |= NEWS_OUTPUT;
	}
	if (c == NULL)
		return;
	c->mtu.claim = 0;
	c->mtu.checks = false;
	if (t->mss >= before || c->recs.head == NONE)
		return;
	/*= RFC 1191 6.4, RFC 8201 5.4: at once, and it is no congestion */
	for (uint32_t i = c->recs.head; i != NONE; i = list_next(&tcp->recs, IN_SEQ, i))
		if (rec_at(tcp, i)->size > t->mss && !(rec_at(tcp, i)->flags & R_SACKED)) {
			rec_at(tcp, i)->flags |= R_MTU;
			board_lose(tcp, c, i);
		}
	c->mtu.lost = false;
	c->force = 1;
	t->news |= NEWS_OUTPUT;
}

/* The record that holds this number; NONE. */
static uint32_t
rec_of(const struct tcp *tcp, const struct active *c, seq number)
{
	uint32_t i = c->recs.head;

	while (i != NONE && seq_leq(seq_add(rec_at(tcp, i)->seq, rec_at(tcp, i)->len), number))
		i = list_next(&tcp->recs, IN_SEQ, i); /* bounded: one list */
	return i;
}

/* Of a probe that is out ICMP says that it was too large. */
static bool
probe_told(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t i, uint32_t mss)
{
	if (!(rec_at(tcp, i)->flags & R_MTU) || mss < t->path_mss || mss >= c->mtu.size)
		return false;
	/*= RFC 8201 4: it does not raise the size; what it says is tried next */
	if (mss > t->path_mss)
		c->mtu.high = (uint16_t)mss;
	else
		mtu_waits(tcp, t, tcp->mtu_age);
	board_lose(tcp, c, i);
	c->mtu.size = 0;
	c->mtu.lost = false;
	c->force = 1;
	t->news |= NEWS_OUTPUT;
	return true;
}

/* An ICMP message says that the path takes less; it quotes what is in flight. */
bool
tcp_path_told(struct tcp *tcp, struct tcb *t, sw_ns now, uint16_t mss, seq quoted)
{
	struct active *c = active_of(tcp, t);
	uint32_t i = c != NULL ? rec_of(tcp, c, quoted) : NONE;

	tcp->now = now;
	if (i != NONE && probe_told(tcp, t, c, i, mss)) {
		settle(tcp, t);
		return true;
	}
	/*= RFC 1191 3, RFC 8201 4: such a message never makes the path wider */
	/*= RFC 5927 7.2: nor says anything of a segment that was smaller */
	if (mss >= t->path_mss ||
	    (i != NONE && !syn_unacked(t) && rec_at(tcp, i)->size + options(t) <= mss))
		return false;
	/*= RFC 5927 7.2: when such sizes have arrived it must be seen that they do not */
	if (t->proven && i != NONE && !(rec_at(tcp, i)->flags & (R_LOST | R_AGAIN))) {
		c->mtu.claim = mss;
		c->mtu.quoted = quoted;
		return true;
	}
	mtu_falls(tcp, t, mss, tcp->mtu_age);
	settle(tcp, t);
	return true;
}

/* What ICMP has quoted is late: it was true.  Whether there was anything to believe. */
bool
mtu_claimed(struct tcp *tcp, struct tcb *t, struct active *c)
{
	if (c->mtu.claim == 0)
		return false;
	mtu_falls(tcp, t, c->mtu.claim, tcp->mtu_age);
	return true;
}

/* The link itself takes less now. */
void
tcp_link_told(struct tcp *tcp, struct tcb *t, sw_ns now, uint16_t mss)
{
	tcp->now = now;
	t->link_mss = mss;
	if (mss >= t->path_mss)
		return;
	mtu_falls(tcp, t, mss, tcp->mtu_age);
	if (t->h.state != SW_CLOSED && t->h.state != SW_LISTEN)
		settle(tcp, t);
}

/* Only the probe was lost, and all that was sent around it has arrived. */
static void
mtu_failed(const struct tcp *tcp, struct tcb *t, struct active *c, unsigned times)
{
	sw_ns trips = t->cwnd / t->mss + 1;

	c->mtu.size = 0;
	c->mtu.judged = false;
	if (t->mtu_tries < MTU_PROBES - 1) {
		t->mtu_tries++;
		/*= RFC 4821 7.6.2 MUST: not again before congestion would have lost one too */
		c->mtu.wait = after_ns(tcp->now, times * trips * (t->srtt_us / 8) * SW_US);
		return;
	}
	/*= RFC 4821 7.3 MUST, SHOULD: the search has ended; another after ten minutes */
	t->mtu_tries = 0;
	mtu_waits(tcp, t, tcp->mtu_age);
}

/* ---- black holes -------------------------------------------------------- */

/* What is small enough for any path; less after yet more timeouts. */
static uint32_t
hole_mss(const struct tcp *tcp, const struct tcb *t)
{
	if (!sw_addr_is4(&t->h.remote))
		return max_u32(tcp->mtu_base, MTU6_LEAST) - headers(t);
	/*= RFC 4821 7.7: with further timeouts it is lower */
	return (t->retries < 3 ? tcp->mtu_base : MTU4_LEAST) - headers(t);
}

/* Has a full segment arrived that lies behind what is missing? */
static bool
full_arrives(const struct tcp *tcp, const struct tcb *t, const struct active *c)
{
	uint32_t i = c->sacked > 0 ? c->recs.head : NONE;

	for (; i != NONE; i = list_next(&tcp->recs, IN_SEQ, i)) { /* bounded: one list */
		const struct rec *r = rec_at(tcp, i);

		if ((r->flags & R_SACKED) && r->len >= (uint32_t)r->parts * t->mss)
			return true;
	}
	return false;
}

/* The retransmission timer fired, and data is in flight. */
void
mtu_timeout(struct tcp *tcp, struct tcb *t, struct active *c)
{
	uint32_t hole = hole_mss(tcp, t), text;
	const struct rec *r = rec_at(tcp, c->recs.head);

	if (c->mtu.size > 0)
		mtu_failed(tcp, t, c, 5); /*= RFC 4821 7.6.3 RECOMMENDED: five times the wait */
	if (mtu_claimed(tcp, t, c))
		return;
	c->mtu.high = 0;
	text = min_u32(r->size, t->mss);
	/*= RFC 4821 7.7, RFC 8899 4.3: a full segment that times out again, and no ICMP says
	 * why: perhaps nobody can.  Small ones show whether that was it */
	if ((tcp->without & SW_NO_PLPMTUD) || t->retries < 1 || text + options(t) <= hole ||
	    full_arrives(tcp, t, c))
		return;
	mtu_falls(tcp, t, hole, 0);
	c->mtu.hole = true;
	tcp->black_holes++;
}

/* Small segments do arrive: what was lost before was too large, and says nothing of how
 * much the path takes.  cwnd, which is one segment, may grow again to where it was. */
static void
hole_proved(struct tcb *t, struct active *c)
{
	c->mtu.hole = false;
	if (c->undo.on && c->phase == CC_LOSS && !cc_sets_cwnd(c))
		t->ssthresh = max_u32(t->ssthresh, c->undo.ssthresh);
}

/* ---- larger ------------------------------------------------------------- */

/* The next size to try above the present one; 0: none. */
static uint32_t
mtu_above(const struct tcb *t, const struct active *c)
{
	uint32_t top = mtu_top(t, c), now = t->path_mss + headers(t);

	if (top <= t->path_mss)
		return 0;
	/*= RFC 4821 7.3: in small steps, as what fails must be sent again */
	for (size_t i = 0; i < N_OF(mtu_common); i++)
		if (mtu_common[i] > now)
			return min_u32(mtu_common[i] - headers(t), top);
	return top;
}

/* Text of a probe that should go now; 0: none.  `may`: bytes that cwnd lets go. */
uint32_t
mtu_probe(const struct tcp *tcp, const struct tcb *t, const struct active *c, uint32_t may)
{
	uint32_t size, n, more = (uint32_t)MTU_BEHIND * t->mss;

	/*= RFC 4821 7.4 MUST: no other probe, no loss, the last one answered */
	if (t->path_mss >= t->link_mss || c->mtu.size > 0 || c->phase != CC_OPEN || c->lost > 0 ||
	    c->sacked > 0 || c->frto != FRTO_NONE || !t->proven || c->mtu.checks)
		return 0;
	if ((tcp->without & SW_NO_PLPMTUD) || !mtu_waited(tcp, t) || tcp->now < c->mtu.wait)
		return 0;
	size = mtu_above(t, c);
	if (size == 0)
		return 0;
	n = size - options(t) - sack_space(tcp, t);
	/*= RFC 4821 7.4: room for it and enough behind it, so that its loss is seen */
	if (may < n || t->cwnd < n + more || snd_unsent(tcp, t) < n + more ||
	    t->snd.wnd < flight(t) + n + more)
		return 0;
	return n;
}

/* It goes out as record i. */
void
mtu_probe_sent(struct tcp *tcp, const struct tcb *t, struct active *c, uint32_t i)
{
	struct rec *r = rec_at(tcp, i);

	r->flags |= R_MTU;
	c->mtu.size = (uint16_t)(r->size + options(t) + sack_space(tcp, t));
	c->mtu.len = (uint16_t)r->len;
	c->mtu.lost = c->mtu.judged = false;
	tcp->mtu_probes++;
}

/* Losses were found: is their size all that is the matter?  They are sent again in smaller
 * pieces then, and that is no congestion (RFC 4821 7.6.2, RFC 8201 5.4). */
bool
mtu_explains(struct tcp *tcp, struct tcb *t, struct active *c)
{
	bool alone = c->mtu.lost && c->phase == CC_OPEN && c->lost == c->mtu.len;
	uint32_t i = c->mtu.claim > 0 ? rec_of(tcp, c, c->mtu.quoted) : NONE;

	if (i != NONE && (rec_at(tcp, i)->flags & R_LOST))
		return mtu_claimed(tcp, t, c) && c->phase == CC_OPEN;
	if (c->mtu.size == 0 || (!c->mtu.lost && !c->mtu.judged))
		return false;
	if (alone) {
		c->mtu.judged = true;
		c->mtu.end = t->snd.nxt;
		c->force = 1;
	} else {
		/*= RFC 4821 7.6.4: with other losses near it says nothing */
		c->mtu.size = 0;
		c->mtu.judged = false;
	}
	c->mtu.lost = false;
	return alone;
}

/* What is lost from now on until all of it has arrived is this round's. */
static void
round_begin(const struct tcb *t, struct active *c)
{
	c->mtu.round_end = t->snd.nxt;
	c->mtu.delivered = c->delivered;
	c->mtu.lost_ever = c->lost_ever;
}

/* A segment of this size has arrived. */
static void
mtu_rises(struct tcp *tcp, struct tcb *t, struct active *c, uint32_t size)
{
	c->mtu.before = t->path_mss;
	c->mtu.checks = c->mtu.old = true;
	c->mtu.bad = 0;
	round_begin(t, c);
	c->mtu.size = 0;
	t->path_mss = (uint16_t)size;
	t->mtu_tries = 0;
	mss_settle(tcp, t);
	tcp->mtu_raised++;
}

/*= RFC 4821 7.8 SHOULD: of two paths perhaps one takes it: much is lost then, round after
 * round.  One in which all arrives, and not only a few, ends the trial. */
static void
mtu_verify(struct tcp *tcp, struct tcb *t, struct active *c)
{
	uint64_t came = c->delivered - c->mtu.delivered;
	uint32_t lost = c->lost_ever - c->mtu.lost_ever;

	if (seq_lt(t->snd.una, c->mtu.round_end))
		return;
	if (c->mtu.old) /* what arrived in it was sent before the rise */
		c->mtu.old = false;
	else if (lost == 0 && came >= (uint64_t)MTU_CLEAN * t->mss)
		c->mtu.checks = false;
	else if (lost > (came + lost) / 10 && ++c->mtu.bad >= MTU_BAD)
		mtu_falls(tcp, t, c->mtu.before, tcp->mtu_age);
	round_begin(t, c);
}

/* What an ACK told, after losses were found. */
void
mtu_acked(struct tcp *tcp, struct tcb *t, struct active *c, const struct told *told)
{
	if (told->bytes == 0)
		return;
	if (c->mtu.claim > 0 && seq_lt(c->mtu.quoted, t->snd.una))
		c->mtu.claim = 0; /*= RFC 5927 7.2: it arrived: who said that lied */
	if (told->newest.size >= t->mss)
		t->proven = 1;
	if (c->mtu.hole)
		hole_proved(t, c);
	if (told->probe && c->mtu.size > t->path_mss) {
		/*= RFC 4821 7.6.1: search_low and eff_pmtu are the probe's size */
		mtu_rises(tcp, t, c, c->mtu.size);
		t->proven = 1;
	} else if (told->probe) {
		c->mtu.size = 0;
	} else if (c->mtu.judged && seq_leq(c->mtu.end, t->snd.una)) {
		mtu_failed(tcp, t, c, 1);
	} else if (c->mtu.checks) {
		mtu_verify(tcp, t, c);
	}
	/*= RFC 1191 6.3: without probing the link's size is tried again, and ICMP says */
	if ((tcp->without & SW_NO_PLPMTUD) && t->path_mss < t->link_mss && mtu_waited(tcp, t)) {
		t->path_mss = t->link_mss;
		t->proven = 0;
		mss_settle(tcp, t);
	}
}
