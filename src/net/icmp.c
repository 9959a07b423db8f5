/*
 * icmp.c - ICMP and ICMPv6: errors about our connections, echo, errors we send.
 *
 * Knows which messages mean what, which may be believed and which may be sent.
 * What an error does to a connection is tcp's: no error but one about a SYN ends
 * anything (RFC 5927 5.2).
 *
 * RFC 792, RFC 1122 3.2.2, RFC 1191, RFC 4443, RFC 5461, RFC 5927, RFC 8201,
 * RFC 9293 3.9.2.2.
 */
#include "net/net.h"

enum {
	ICMP4_QUOTE_MOST = 576,	 /* RFC 1812 4.3.2.3: the whole error, header and all */
	ICMP6_QUOTE_MOST = 1280, /* RFC 4443 2.4 c */
	ICMP_HEAD_BYTES = 8,
	PATH6_MTU_MIN = 1280,
	ICMP_CODE_HOST = 1,
	ICMP6_CODE_ADDRESS = 3,
	ICMP_CODE_FRAG_NEEDED = 4,
	ICMP_BURST = 20 /* errors, then one each icmp_error_every */
};
static const sw_ns icmp_error_every = 100 * SW_MS;

/* ---- writing ------------------------------------------------------------ */

/* Writes IP header and ICMP message; bytes, 0: no room.  h->len is set. */
uint32_t
icmp_packet(uint8_t *to, uint32_t room, struct ip_head *h, const struct icmp *m)
{
	uint32_t head = ip_header_size(&h->dst);

	if (room < head)
		return 0;
	h->len = icmp_write(to + head, room - head, m, &h->src, &h->dst);
	if (h->len == 0 || ip_write(to, room, h) != head)
		return 0;
	return head + h->len;
}

/* Queues message m as an answer to ip; false: it cannot be sent. */
static bool
icmp_answer(struct sw_stack *s, const struct ip *ip, const struct icmp *m, uint8_t tos)
{
	struct ip_head h = {.src = ip->dst,
			    .dst = ip->src,
			    .proto = ip->v6 ? IP_ICMP6 : IP_ICMP,
			    .ttl = s->conf.ttl,
			    .tos = tos,
			    .may_fragment = true};
	uint32_t slot, len;
	uint8_t *p = reply_take(s, &slot);

	if (p == NULL)
		return false;
	h.id = ident_ip_id(s, &h.src, &h.dst);
	len = icmp_packet(p, s->conf.reply_bytes, &h, m);
	if (len == 0) {
		reply_drop(s, slot);
		return false;
	}
	return reply_send(s, slot, len, &h.dst);
}

/* ---- errors that we send ------------------------------------------------ */

/* Is it an ICMP message about which no error may be sent? */
static bool
icmp_is_error(const struct ip *ip)
{
	uint8_t type;

	if (ip->proto != (ip->v6 ? IP_ICMP6 : IP_ICMP))
		return false;
	if (ip->body.len == 0)
		return true;
	type = ip->body.p[0];
	if (ip->v6)
		return type < 128 || type == 137;
	return type == ICMP_UNREACHABLE || type == ICMP_QUENCH || type == 5 ||
	       type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER;
}

/* May an error about it be sent at all? */
static bool
icmp_error_allowed(const struct sw_stack *s, const struct ip *ip)
{
	/*= RFC 1122 3.2.2: no error about an ICMP error, a broadcast or multicast, a
	 * later fragment, or a source that is not one host */
	/*= RFC 4443 2.4 e: for ICMPv6 alike */
	if (icmp_is_error(ip) || (ip->fragment && ip->frag_at != 0))
		return false;
	return address_is_ours(s, &ip->dst) && address_is_unicast(s, &ip->src);
}

/* A bucket of 20 that fills by one each 100 ms; icmp_tokens_at is when it will be full. */
static bool
icmp_error_in_rate(struct sw_stack *s, sw_ns now)
{
	/*= RFC 4443 2.4 f: errors are limited in rate */
	sw_ns full = max_ns(s->icmp_tokens_at, now);

	if (full - now > (ICMP_BURST - 1) * icmp_error_every)
		return false;
	s->icmp_tokens_at = after_ns(full, icmp_error_every);
	return true;
}

/* An error about `packet`, unless it must not be sent. */
void
icmp_error(struct sw_stack *s, int iface, struct view packet, const struct ip *ip,
	   const struct icmp *type_code_word)
{
	uint32_t head = (ip->v6 ? IP6_HEADER : IP4_HEADER) + ICMP_HEAD_BYTES;
	uint32_t most = ip->v6 ? ICMP6_QUOTE_MOST : ICMP4_QUOTE_MOST;
	struct icmp m = *type_code_word;

	if (!icmp_error_allowed(s, ip) || !icmp_error_in_rate(s, s->now))
		return;
	most = min_u32(most, min_u32(s->conf.reply_bytes, route_mtu(s, iface, &ip->src)));
	m.v6 = ip->v6;
	/* not the padding of the link */
	m.rest = view_part(packet, 0, min_u32(ip->header + ip->body.len, most - head));
	icmp_answer(s, ip, &m, 0);
}

/* Host unreachable, about a SYN that is no more: as much of it as an error quotes. */
void
icmp_unreachable(struct sw_stack *s, int iface, const struct tuple *t, const struct seg *syn)
{
	bool v6 = !sw_addr_is4(&t->remote);
	struct icmp m = {.v6 = v6, .type = v6 ? ICMP6_UNREACHABLE : ICMP_UNREACHABLE};
	struct ip as_came = {.v6 = v6, .src = t->remote, .dst = t->local};
	struct ip_head h = {.src = t->remote, .dst = t->local, .proto = IP_TCP, .ttl = s->conf.ttl};
	uint8_t quote[IP6_HEADER + TCP_HEADER + TCP_OPTIONS_MAX];
	struct seg bare = *syn;

	bare.has = 0;
	h.len = TCP_HEADER;
	m.code = v6 ? ICMP6_CODE_ADDRESS : ICMP_CODE_HOST;
	m.rest.p = quote;
	m.rest.len = ip_write(quote, sizeof(quote), &h);
	m.rest.len += tcp_write(quote + m.rest.len, sizeof(quote) - m.rest.len, &bare,
				t->remote_port, t->local_port);
	/* a gateway speaks for itself, if it has an address there */
	if (!address_is_ours(s, &t->local))
		(void)route_source(s, iface, &t->remote, &as_came.dst);
	if (icmp_error_in_rate(s, s->now))
		icmp_answer(s, &as_came, &m, 0);
}

/* ---- echo --------------------------------------------------------------- */

/* Answers a ping that was meant for us alone. */
static enum sw_verdict
icmp_echo(struct sw_stack *s, const struct ip *ip, const struct icmp *m)
{
	struct icmp answer = *m;

	/*= RFC 1122 3.2.2.6: broadcast and multicast echo requests may be dropped */
	if (!address_is_ours(s, &ip->dst) || !address_is_unicast(s, &ip->src) || m->code != 0)
		return SW_V_ICMP_IGNORED;
	answer.type = m->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHO_REPLY;
	/*= RFC 1122 3.2.2.6 MUST: all data of a request comes back, or no answer does */
	return icmp_answer(s, ip, &answer, ip->tos & 0xfc) ? SW_V_ECHO : SW_V_ICMP_IGNORED;
}

/* ---- errors that we get ------------------------------------------------- */

enum icmp_class { ICMP_NOTHING, ICMP_SOFT, ICMP_HARD, ICMP_MTU };

/* RFC 9293 3.9.2.2, for IPv4. */
static enum icmp_class
icmp_class_4(const struct icmp *m)
{
	switch (m->type) {
	case ICMP_UNREACHABLE:
		if (m->code == ICMP_CODE_FRAG_NEEDED)
			return ICMP_MTU;
		/*= RFC 9293 3.9.2.2 SHLD-26: codes 2 and 3 are hard */
		return m->code == 2 || m->code == 3 ? ICMP_HARD : ICMP_SOFT;
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER:
		/*= RFC 9293 3.9.2.2 MUST-56: soft errors abort nothing */
		return ICMP_SOFT;
	default:
		/*= RFC 9293 3.9.2.2 MUST-55: source quench is discarded in silence */
		return ICMP_NOTHING;
	}
}

/* The same for IPv6. */
static enum icmp_class
icmp_class_6(const struct icmp *m)
{
	switch (m->type) {
	case ICMP6_UNREACHABLE:
		/* RFC 5461 2.1 leaves codes 1 and 4 to be hard; RFC 4443 3.1: 5 and 6
		 * are kinds of 1 */
		return m->code == 1 || m->code >= 4 ? ICMP_HARD : ICMP_SOFT;
	case ICMP6_TOO_BIG:
		return ICMP_MTU;
	case ICMP6_TIME_EXCEEDED:
	case ICMP6_PARAMETER:
		return ICMP_SOFT;
	default:
		/*= RFC 4443 2.4 a, b: errors of unknown type are told, all else is dropped */
		return m->type < ICMP6_ECHO ? ICMP_SOFT : ICMP_NOTHING;
	}
}

/* The next lower size that is likely, for routers that do not say (RFC 1191 7). */
static uint32_t
mtu_plateau(uint32_t len)
{
	static const uint16_t plateau[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006};

	for (size_t i = 0; i < N_OF(plateau); i++) {
		if (plateau[i] < len)
			return plateau[i];
	}
	return PATH4_MTU_MIN;
}

/* What an old router means, which does not say: the next lower size that is likely.  Some of
 * them have added the header to the length (RFC 1191 5).  now: what the path's MTU was
 * thought to be. */
static uint32_t
icmp_plateau(uint32_t len, uint32_t head, uint32_t now)
{
	return mtu_plateau(len > now && len - head <= now ? len - head : len);
}

/* The path MTU that the message tells of; 0: it tells nothing to believe. */
static uint32_t
icmp_path_mtu(const struct icmp *m, uint32_t now)
{
	const uint8_t *p = m->rest.p;
	uint32_t len, mtu;

	if (m->v6) {
		len = get_16(p + 4) + IP6_HEADER;
		/*= RFC 8201 4: an MTU below 1280 is not believed */
		return m->word >= PATH6_MTU_MIN && m->word < len ? m->word : 0;
	}
	len = get_16(p + 2);
	mtu = m->word & 0xffff;
	if (mtu == 0)
		mtu = icmp_plateau(len, (p[0] & 15u) * 4, now);
	/* the packet was too big: one that fits what is told proves nothing */
	return mtu < len ? max_u32(mtu, PATH4_MTU_MIN) : 0;
}

/* What it says of a connection; it quotes `number`. */
static enum sw_verdict
icmp_for_block(struct sw_stack *s, uint32_t block, enum icmp_class class, const struct icmp *m,
	       seq number)
{
	struct tcb *t = block_at(s, block);
	uint32_t headers = (m->v6 ? IP6_HEADER : IP4_HEADER) + TCP_HEADER, mtu;
	bool taken = true;

	/*= RFC 5927 4.1: what it quotes must be in flight, else a stranger guessed */
	if (!tcp_in_flight(t, number))
		return SW_V_ICMP_UNPROVEN;
	if (class == ICMP_MTU) {
		mtu = icmp_path_mtu(m, t->path_mss + headers);
		taken =
		    mtu > 0 && tcp_path_told(&s->tcp, t, s->now, (uint16_t)(mtu - headers), number);
	} else {
		tcp_icmp_error(&s->tcp, t, s->now, class == ICMP_HARD,
			       (uint16_t)(m->type << 8 | m->code));
		fastopen_judge(s, t);
	}
	if (!taken)
		return SW_V_ICMP_IGNORED;
	conn_settle(s, block, s->now, NULL);
	return SW_V_ICMP_TAKEN;
}

/* An error: whose is it, and may it be believed? */
static enum sw_verdict
icmp_find(struct sw_stack *s, const struct icmp *m, enum icmp_class class)
{
	uint32_t ref;
	struct tuple tuple;
	struct ip quoted;
	seq number;

	if (ip_read_quoted(m->rest, &quoted) != SW_V_TAKEN || quoted.v6 != m->v6)
		return SW_V_SHORT;
	if (quoted.proto != IP_TCP || (quoted.fragment && quoted.frag_at != 0))
		return SW_V_ICMP_IGNORED;
	if (!tcp_read_quoted(quoted.body, &tuple.local_port, &tuple.remote_port, &number))
		return SW_V_SHORT;
	tuple.local = quoted.src;
	tuple.remote = quoted.dst;
	/*= RFC 9293 3.9.2.2 MUST-54: to the connection that sent what is quoted */
	ref = conn_find(s, &tuple);
	if (ref == NONE)
		return SW_V_ICMP_UNPROVEN;
	if (REF_KIND(ref) == KIND_BLOCK)
		return icmp_for_block(s, REF_INDEX(ref), class, m, number);
	/* in LISTEN nothing of ours is out: a stranger guessed */
	if (REF_KIND(ref) == KIND_HALF && (half_at(s, REF_INDEX(ref))->k.state == SW_LISTEN ||
					   !seq_eq(number, half_at(s, REF_INDEX(ref))->iss)))
		return SW_V_ICMP_UNPROVEN;
	/* a SYN-ACK is smaller than any path; other errors are left to its own timer: whoever
	 * spoofs a SYN can have them sent */
	return SW_V_ICMP_IGNORED;
}

/* An ICMP or ICMPv6 message for us. */
void
icmp_arrives(struct sw_stack *s, sw_ns now, int iface, const struct ip *ip, enum sw_csum csum)
{
	enum icmp_class class;
	struct icmp m;
	enum sw_verdict verdict = icmp_read(ip, csum, &m);

	if (verdict != SW_V_TAKEN) {
		count_verdict(s, verdict);
		return;
	}
	if (m.v6 && (m.type == ICMP6_SOLICIT || m.type == ICMP6_ADVERT)) {
		neighbour_icmp(s, now, iface, ip, &m); /* counts by itself */
		return;
	}
	class = m.v6 ? icmp_class_6(&m) : icmp_class_4(&m);
	verdict = SW_V_ICMP_IGNORED;
	if (m.type == (m.v6 ? ICMP6_ECHO : ICMP_ECHO))
		verdict = icmp_echo(s, ip, &m);
	else if (class != ICMP_NOTHING)
		verdict = icmp_find(s, &m, class);
	count_verdict(s, verdict);
}
