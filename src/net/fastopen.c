/*
 * fastopen.c - TCP Fast Open: whose cookies are good, and how many connections may be
 * open by one before their handshake is complete.
 *
 * A cookie is a keyed hash of both addresses and of the time in long periods: what was
 * given in this period or in the last one is good.  Nothing is kept of it.  What a peer
 * gave us is remembered with its path (share.c), and that the path did not let us use
 * it.  Knows neither what rides on a SYN nor how it is taken: that is tcp's.
 *
 * RFC 7413 4.1.2, 4.1.3, 4.2, 5.1.
 */
#include "net/net.h"

enum { COOKIE_LEN = 8, ADDRESSES_BYTES = 40, BAD_DOUBLES = 10 };
static const sw_ns resets_hold = 60 * SW_S; /* RFC 7413 5.1 */
static const sw_ns bad_first = 60 * SW_S;   /* RFC 7413 4.1.3.1: "temporarily" */

/*= RFC 7413 4.1.2 SHOULD: it authenticates the client's address, only we can make it, and
 * it expires */
static void
fast_cookie(const struct sw_stack *s, const struct tuple *t, uint64_t period,
	    uint8_t to[COOKIE_LEN])
{
	uint8_t bytes[ADDRESSES_BYTES];
	uint64_t word;

	memcpy(bytes, t->remote.b, 16);
	memcpy(bytes + 16, t->local.b, 16);
	put_32(bytes + 32, (uint32_t)(period >> 32));
	put_32(bytes + 36, (uint32_t)period);
	word = prf(s->key_fast, bytes, sizeof(bytes));
	put_32(to, (uint32_t)(word >> 32));
	put_32(to + 4, (uint32_t)word);
}

static uint64_t
period_now(const struct sw_stack *s)
{
	return cookie_time(s) / s->conf.fastopen_period;
}

/* Is the cookie of the SYN good?  *old: it is one of the last period. */
static bool
fast_cookie_good(const struct sw_stack *s, const struct asked *a, bool *old)
{
	uint64_t period = period_now(s);
	uint8_t good[COOKIE_LEN];

	*old = false;
	if (!(a->seg->has & SW_HAS_FASTOPEN) || a->seg->cookie_len != COOKIE_LEN)
		return false;
	fast_cookie(s, &a->tuple, period, good);
	if (memcmp(good, a->seg->cookie, COOKIE_LEN) == 0)
		return true;
	*old = true;
	fast_cookie(s, &a->tuple, period - 1, good);
	return period > 0 && memcmp(good, a->seg->cookie, COOKIE_LEN) == 0;
}

/*= RFC 7413 5.1: connections that were reset count on for a while, or their RSTs would make
 * room for more of them */
static void
resets_forget(const struct sw_stack *s, struct listener *l)
{
	if (l->fast_resets == 0 || s->now < l->fast_resets_until)
		return;
	l->fast_pending -= l->fast_resets;
	l->fast_resets = 0;
}

/* What a listener says to a SYN with the Fast Open option. */
enum fast_answer
fastopen_ask(struct sw_stack *s, struct listener *l, const struct asked *a)
{
	bool old;

	/*= RFC 7413 4.2 MUST: off unless the application turned it on: then no option counts */
	if (l->fast_most == 0 || !(a->seg->has & SW_HAS_FASTOPEN))
		return FAST_NOTHING;
	resets_forget(s, l);
	if (a->seg->cookie_len == 0)
		return FAST_GIVE;
	if (!fast_cookie_good(s, a, &old)) {
		s->fast.bad++;
		return FAST_GIVE;
	}
	/*= RFC 7413 4.2 MUST: beyond the limit all new connections go without */
	if (l->fast_pending >= l->fast_most || pool_room(&s->blocks) <= s->blocks.cap / 2 ||
	    pool_room(&s->tcp.actives) == 0) {
		s->fast.full++;
		return FAST_DROP;
	}
	return old ? FAST_OPEN_GIVE : FAST_OPEN;
}

/* The next SYN-ACK of this tuple gives a cookie. */
void
fastopen_offer(struct sw_stack *s, const struct head *h)
{
	struct tuple tuple;

	head_tuple(h, &tuple);
	s->tcp.fast.on = true;
	s->tcp.fast.len = COOKIE_LEN;
	fast_cookie(s, &tuple, period_now(s), s->tcp.fast.cookie);
}

/* One more connection is open by its cookie. */
void
fastopen_opened(struct sw_stack *s, uint32_t block)
{
	struct tcb *t = block_at(s, block);
	struct listener *l = listener_behind(s, t->listener);

	s->fast.taken++;
	t->h.mark |= MARK_FAST;
	if (l != NULL)
		l->fast_pending++;
}

/*= RFC 7413 4.2.2: with the ACK of our SYN, or when it ends, it is pending no more */
void
fastopen_settle(struct sw_stack *s, uint32_t block)
{
	struct tcb *t = block_at(s, block);
	struct listener *l;

	if (!(t->h.mark & MARK_FAST) || t->h.state == SW_SYN_RECEIVED)
		return;
	l = listener_behind(s, t->listener);
	t->h.mark &= (uint8_t)~MARK_FAST;
	if (t->h.mark & MARK_ACCEPTED) {
		t->h.mark &= (uint8_t)~MARK_ACCEPTED;
		t->listener = NONE;
	}
	if (l == NULL)
		return;
	if (t->h.state != SW_CLOSED || t->error != -SW_E_RESET) {
		l->fast_pending--;
		return;
	}
	l->fast_resets++;
	l->fast_resets_until = after_ns(s->now, resets_hold);
}

/* ---- the client ---------------------------------------------------------- */

/* Is this path not to be tried now? */
static bool
path_is_bad(const struct sw_stack *s, const struct share *e, uint16_t port)
{
	return share_knows(s, e, SHARE_NO_FAST) && s->now < e->fast.until &&
	       (e->fast.port == 0 || e->fast.port == port);
}

/* How much can ride on the block's SYN. */
uint16_t
fastopen_room(const struct sw_stack *s, const struct tcb *t)
{
	const struct share *e;
	struct tuple tuple;

	head_tuple(&t->h, &tuple);
	e = share_find(s, &tuple);
	if (!share_knows(s, e, SHARE_COOKIE) || path_is_bad(s, e, t->h.remote_port))
		return 0;
	return tcp_fast_room(t, e->fast.mss);
}

/* The entry of a path by its two addresses. */
static struct tuple
path_tuple(const struct sw_addr *local, const struct sw_addr *remote)
{
	struct tuple t;

	memset(&t, 0, sizeof(t));
	t.local = *local;
	t.remote = *remote;
	return t;
}

/* What a peer gave us. */
int
sw_fastopen_cookie(const struct sw_stack *s, const struct sw_addr *local,
		   const struct sw_addr *remote, struct sw_cookie *c)
{
	struct tuple t = path_tuple(local, remote);
	const struct share *e = share_find(s, &t);

	if (!share_knows(s, e, SHARE_COOKIE))
		return SW_E_AGAIN;
	*c = (struct sw_cookie){.len = e->fast.len, .mss = e->fast.mss};
	memcpy(c->bytes, e->fast.cookie, COOKIE_MAX);
	return SW_OK;
}

/* As if a peer had given it. */
int
sw_fastopen_remember(struct sw_stack *s, const struct sw_addr *local, const struct sw_addr *remote,
		     const struct sw_cookie *c)
{
	struct tuple t = path_tuple(local, remote);
	struct share *e;

	if (c->len < COOKIE_MIN || c->len > COOKIE_MAX || c->len % 2 != 0)
		return SW_E_INVALID;
	e = share_take(s, &t);
	if (e == NULL)
		return SW_E_NO_MEMORY;
	e->fast.len = c->len;
	e->fast.mss = c->mss;
	memcpy(e->fast.cookie, c->bytes, COOKIE_MAX);
	share_told(s, e, SHARE_COOKIE);
	return SW_OK;
}

/*= RFC 7413 4.2.1 MUST: the first SYN to a server asks for a cookie; 4.2.2 MUST: none has data
 * without one */
void
fastopen_try(struct sw_stack *s, const struct head *h)
{
	struct fast *f = &s->tcp.fast;
	const struct share *e;
	struct tuple tuple;

	head_tuple(h, &tuple);
	e = share_find(s, &tuple);
	if (s->shares.cap == 0 || path_is_bad(s, e, h->remote_port))
		return;
	f->on = true;
	f->len = 0;
	if (!share_knows(s, e, SHARE_COOKIE))
		return;
	f->len = e->fast.len;
	f->mss = e->fast.mss;
	memcpy(f->cookie, e->fast.cookie, COOKIE_MAX);
	s->fast.sent++;
}

/*= RFC 7413 4.1.3.1 SHOULD: not again on this path, by this port, for a while; each time in a
 * row twice as long */
static void
path_went_bad(struct sw_stack *s, const struct tuple *t)
{
	struct share *e = share_take(s, t);
	bool other;

	if (e == NULL)
		return;
	other = (e->has & SHARE_NO_FAST) && e->fast.port != t->remote_port;
	e->fast.port = other ? 0 : t->remote_port;
	e->fast.until = after_ns(s->now, bad_first << min_u32(e->fast.times, BAD_DOUBLES));
	if (e->fast.times < UINT8_MAX)
		e->fast.times++;
	share_told(s, e, SHARE_NO_FAST);
}

/* It went wrong. */
void
fastopen_failed(struct sw_stack *s, struct tcb *t)
{
	struct tuple tuple;

	head_tuple(&t->h, &tuple);
	path_went_bad(s, &tuple);
	tcp_fast_over(t);
}

/* Was the network against it? */
void
fastopen_judge(struct sw_stack *s, struct tcb *t)
{
	if (tcp_fast_failed(t))
		fastopen_failed(s, t);
}

/*= RFC 7413 4.1.3 MUST, 4.2.2 SHOULD: the newest cookie and MSS of the peer are kept */
static void
fast_cookie_keep(struct sw_stack *s, const struct tuple *t, const struct seg *seg)
{
	struct share *e = share_take(s, t);

	if (e == NULL)
		return;
	e->fast.len = seg->cookie_len;
	memcpy(e->fast.cookie, seg->cookie, COOKIE_MAX);
	e->fast.mss = seg->has & SW_HAS_MSS ? seg->mss : 0;
	e->fast.times = 0;
	e->has &= ~(uint32_t)SHARE_NO_FAST;
	share_told(s, e, SHARE_COOKIE);
}

/* A SYN-ACK has opened the block. */
void
fastopen_heard(struct sw_stack *s, uint32_t block, const struct seg *seg, bool again)
{
	struct tcb *t = block_at(s, block);
	bool taken = t->opening == OPEN_TAKEN;
	struct tuple tuple;

	head_tuple(&t->h, &tuple);
	s->fast.refused += t->opening == OPEN_REFUSED;
	if ((seg->has & SW_HAS_FASTOPEN) && seg->cookie_len > 0) {
		fast_cookie_keep(s, &tuple, seg);
		return;
	}
	/*= RFC 7413 4.1.3.1 MUST: data that was not acknowledged, and no cookie; 4.2.2: so it is
	 * when only a SYN without the option came through, 4.2.1: or the server has none */
	if (!taken && (t->opening != OPEN_SENT || again))
		path_went_bad(s, &tuple);
}
