/*
 * flood.c - SYNs that are answered by cookies, one after another: each answer is as the
 * one before it but for the peer's end, numbers and timestamps.
 *
 * A SYN goes this way if it is an IPv4 packet that has just what nearly every SYN has,
 * and the long way (input.c, half.c, cookie.c) would end in a cookie; what goes another
 * way there goes that here.  What an answer says is cookie.c's and tcp's: the first one of
 * a row is made by them, with nothing where the others differ.
 *
 * RFC 4987 3.6; what a SYN costs under a flood is what a flood costs.
 */
#include "net/net.h"

enum { AT_TCP = IP4_HEADER, AT_OPTIONS = AT_TCP + TCP_HEADER, AT_STAMPS = AT_OPTIONS + 8 };

/* Its options, and an MSS that says something. */
static bool
flood_options(const uint8_t *o)
{
	return tcp_usual_syn(o) && get_16(o + 2) > 0;
}

/* The IP header of a packet that is such a SYN; NULL: of any other. */
static const uint8_t *
flood_syn(const struct sw_stack *s, const struct sw_packet *p)
{
	const struct sw_iface *conf;
	const uint8_t *b = p->data;
	uint32_t len = p->len;

	if (s->conf.cookies == SW_COOKIES_NEVER || (s->conf.without & SW_NO_TRAINS) || b == NULL ||
	    p->iface >= s->ifaces.used || len < FLOOD_SYN)
		return NULL;
	conf = &iface_at(s, p->iface)->conf;
	if (conf->link == SW_LINK_ETHERNET) {
		if (len < ETHER_HEADER + FLOOD_SYN || get_16(b + 12) != ETHER_IP4 ||
		    memcmp(b, conf->mac, 6) != 0)
			return NULL;
		b += ETHER_HEADER;
	}
	/* no IP options, no piece, nothing but SYN, no text */
	return b[AT_TCP + 13] == SW_SYN && b[0] == 0x45 && b[9] == IP_TCP &&
		       get_16(b + 2) == FLOOD_SYN && (get_16(b + 6) & 0x3fff) == 0 &&
		       b[AT_TCP + 12] == 0xa0 && flood_options(b + AT_OPTIONS)
		   ? b
		   : NULL;
}

/* Are its checksums right? */
static bool
flood_sums(const struct sw_packet *p, const uint8_t *b, const struct tuple *t)
{
	uint32_t n = FLOOD_SYN - AT_TCP;

	if (sum_header(b, IP4_HEADER) != 0xffff)
		return false;
	/*= RFC 9293 3.1 MUST-3: the checksum is verified, here or by the device */
	return p->csum != SW_CSUM_NONE || sum_add(ip_pseudo_sum(&t->remote, &t->local, IP_TCP, n),
						  sum_header(b + AT_TCP, n)) == 0xffff;
}

/* The listener that answers it by a cookie; NONE: it goes the long way. */
static uint32_t
flood_listener(const struct sw_stack *s, const struct asked *a, const uint32_t *hash)
{
	const struct tuple *t = &a->tuple;
	const struct listener *l;
	uint32_t i;

	if (!address_is_ours(s, &t->local) || !address_is_unicast(s, &t->remote) ||
	    conn_find_at(s, t, hash != NULL ? *hash : conn_hash(s, t)) != NONE ||
	    !steer_is_ours(s, t))
		return NONE;
	i = listener_find(s, t);
	if (i == NONE)
		return NONE;
	l = listener_at(s, i);
	return l->waiting < l->backlog && l->asked_most == 0 && cookie_needed(s, l, a) ? i : NONE;
}

/* An answer to nobody, as those to `a` and to the others will be. */
static bool
flood_like(struct sw_stack *s, struct syn_row *f, uint32_t listener, const struct asked *a)
{
	struct tuple nobody = a->tuple;
	struct seg answer;

	if (f->listener == listener && f->iface == a->iface &&
	    f->local_port == a->tuple.local_port && sw_addr_same(&f->local, &a->tuple.local))
		return true;
	f->listener = NONE;
	cookie_says(s, listener, a, &answer);
	answer.seq = answer.ack = seq_at(0);
	answer.tsval = answer.tsecr = 0;
	nobody.remote = sw_addr4(0, 0, 0, 0);
	nobody.remote_port = 0;
	if (packet_of(s, &nobody, &answer, (struct view){f->like, FLOOD_SYN}) != FLOOD_SYN ||
	    !flood_options(f->like + AT_OPTIONS))
		return false;
	f->listener = listener;
	f->iface = a->iface;
	f->local = a->tuple.local;
	f->local_port = a->tuple.local_port;
	/* of all that stays the same */
	f->ip_sum = sum_taken(f->like + 10);
	f->tcp_sum = sum_taken(f->like + AT_TCP + 16);
	return true;
}

/* The answer to the SYN at b. */
static void
flood_write(const struct sw_stack *s, const struct syn_row *f, const struct asked *a,
	    const uint8_t *b, uint8_t *to)
{
	uint32_t peer, n;

	memcpy(to, f->like, FLOOD_SYN);
	memcpy(to + 16, b + 12, 4);
	memcpy(to + AT_TCP + 2, b + AT_TCP, 2);
	put_32(to + AT_TCP + 4, cookie_number(s, &a->tuple, a->seg));
	put_32(to + AT_TCP + 8, seq_add(a->seg->seq, 1).n);
	put_32(to + AT_STAMPS, cookie_stamp(s, &a->tuple, a->seg, false));
	memcpy(to + AT_STAMPS + 4, b + AT_STAMPS, 4);
	peer = sum_header(to + 16, 4);
	n = sum_of_16(a->tuple.remote_port) + sum_header(to + AT_TCP + 4, 8);
	n += sum_header(to + AT_STAMPS, 8);
	sum_store(to + 10, sum_add(f->ip_sum, peer));
	sum_store(to + AT_TCP + 16, sum_fold((uint64_t)f->tcp_sum + peer + n));
}

/* Is it a SYN that was answered by a cookie?  false: nothing was done. */
bool
flood_answers(struct sw_stack *s, struct syn_row *f, const struct sw_packet *p,
	      const uint32_t *hash)
{
	const uint8_t *b = flood_syn(s, p);
	struct seg syn = {.ctl = SW_SYN};
	struct asked a = {.seg = &syn};
	uint32_t listener, slot;
	struct sw_addr hop;
	uint8_t *to;

	if (b == NULL || s->tcp.trace.cap > 0)
		return false;
	a.tuple.remote = sw_addr4(b[12], b[13], b[14], b[15]);
	a.tuple.local = sw_addr4(b[16], b[17], b[18], b[19]);
	a.tuple.remote_port = get_16(b + AT_TCP);
	a.tuple.local_port = get_16(b + AT_TCP + 2);
	syn.seq = seq_at(get_32(b + AT_TCP + 4));
	syn.has = SW_HAS_MSS | SW_HAS_SACK_OK | SW_HAS_TS | SW_HAS_WSCALE;
	syn.mss = get_16(b + AT_OPTIONS + 2);
	syn.wscale = (uint8_t)min_u32(b[FLOOD_SYN - 1], 14); /*= RFC 7323 2.3 */
	if (!flood_sums(p, b, &a.tuple))
		return false;
	listener = flood_listener(s, &a, hash);
	a.iface = listener != NONE ? route_find(s, &a.tuple.remote, &hop) : -1;
	if (a.iface < 0 || !flood_like(s, f, listener, &a))
		return false;
	s->packets_in++;
	s->segments_in++;
	s->flooded++;
	count_verdict(s, SW_V_COOKIE_SENT);
	cookie_sent(s);
	to = reply_take(s, &slot);
	if (to == NULL)
		return true;
	flood_write(s, f, &a, b, to);
	s->replies_out += reply_send_on(s, slot, FLOOD_SYN, a.iface, &hop);
	return true;
}
