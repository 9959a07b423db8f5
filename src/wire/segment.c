/*
 * segment.c - TCP segments as bytes (RFC 9293 3.1, 3.2; options of RFC 7323, 2018
 * and 7413).  Knows no connection: what an option means is not decided here.
 */
#include "wire/wire.h"

enum {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WSCALE = 3,
	OPT_SACK_OK = 4,
	OPT_SACK = 5,
	OPT_TS = 8,
	OPT_FASTOPEN = 34
};
enum {
	OPT_STEPS = 40,
	OPT_MSS_SIZE = 4,
	OPT_WSCALE_SIZE = 3,
	OPT_SACK_OK_SIZE = 2,
	OPT_TS_SIZE = 10,
	OPT_SACK_SIZE = 2,
	OPT_BLOCK_SIZE = 8,
	OPT_FASTOPEN_SIZE = 2
};
enum { WSCALE_MAX = 14 };

/* Whether a length is one that a known option can have. */
static bool
option_size_ok(uint8_t kind, uint32_t size)
{
	switch (kind) {
	case OPT_MSS:
		return size == OPT_MSS_SIZE;
	case OPT_WSCALE:
		return size == OPT_WSCALE_SIZE;
	case OPT_SACK_OK:
		return size == OPT_SACK_OK_SIZE;
	case OPT_TS:
		return size == OPT_TS_SIZE;
	case OPT_SACK:
		return size > OPT_SACK_SIZE && (size - OPT_SACK_SIZE) % OPT_BLOCK_SIZE == 0 &&
		       (size - OPT_SACK_SIZE) / OPT_BLOCK_SIZE <= SEG_SACKS;
	default:
		return size >= 2;
	}
}

static void
option_sacks(struct seg *s, const uint8_t *p)
{
	uint8_t n = (uint8_t)((p[1] - OPT_SACK_SIZE) / OPT_BLOCK_SIZE), i;

	s->has |= SW_HAS_SACK;
	s->sacks = n;
	for (i = 0, p += OPT_SACK_SIZE; i < n; i++, p += OPT_BLOCK_SIZE)
		s->sack[i] = (struct sack){seq_at(get_32(p)), seq_at(get_32(p + 4))};
}

/*= RFC 7413 4.1.1: a cookie has 4 to 16 bytes and an even number of them; with any other
 * length the option is ignored */
static void
option_fastopen(struct seg *s, const uint8_t *p)
{
	uint32_t n = p[1] - OPT_FASTOPEN_SIZE;

	if (n > COOKIE_MAX || n % 2 != 0 || (n > 0 && n < COOKIE_MIN))
		return;
	s->has |= SW_HAS_FASTOPEN;
	s->cookie_len = (uint8_t)n;
	memcpy(s->cookie, p + OPT_FASTOPEN_SIZE, n);
}

/* An option that counts on a SYN only. */
static void
option_of_syn(struct seg *s, const uint8_t *p)
{
	if (p[0] == OPT_FASTOPEN)
		option_fastopen(s, p);
	if (p[0] == OPT_SACK_OK)
		s->has |= SW_HAS_SACK_OK;
	if (p[0] == OPT_MSS && get_16(p + 2) > 0) {
		s->has |= SW_HAS_MSS;
		s->mss = get_16(p + 2);
	}
	if (p[0] == OPT_WSCALE) {
		/*= RFC 7323 2.3: a shift above 14 is taken as 14 */
		s->has |= SW_HAS_WSCALE;
		s->wscale = p[2] > WSCALE_MAX ? WSCALE_MAX : p[2];
	}
}

/* One option of a known length; unknown kinds are nothing to us. */
static void
option_take(struct seg *s, const uint8_t *p)
{
	switch (p[0]) {
	case OPT_TS:
		s->has |= SW_HAS_TS;
		s->tsval = get_32(p + 2);
		s->tsecr = get_32(p + 6);
		break;
	case OPT_SACK:
		option_sacks(s, p);
		break;
	case OPT_MSS:
	case OPT_WSCALE:
	case OPT_SACK_OK:
	case OPT_FASTOPEN:
		/*= RFC 9293 3.7.1, RFC 7323 2.2, RFC 2018 2: only in a segment with SYN */
		/*= RFC 7413 4.1.1: without SYN it is ignored */
		if (s->ctl & SW_SYN)
			option_of_syn(s, p);
		break;
	default:
		break;
	}
}

/* Timestamps alone, and two bytes before them: what nearly every segment has. */
static bool
options_stamp_only(struct view v)
{
	return v.len == 2 + OPT_TS_SIZE && v.p[0] == OPT_NOP && v.p[1] == OPT_NOP &&
	       v.p[2] == OPT_TS && v.p[3] == OPT_TS_SIZE;
}

/* MSS, SACK-permitted, timestamps, window scale, as we write them and Linux does: what
 * nearly every SYN has. */
bool
tcp_usual_syn(const uint8_t *options)
{
	static const uint8_t kinds[] = {OPT_MSS,	  OPT_MSS_SIZE, OPT_SACK_OK,
					OPT_SACK_OK_SIZE, OPT_TS,	OPT_TS_SIZE,
					OPT_NOP,	  OPT_WSCALE,	OPT_WSCALE_SIZE};

	return memcmp(options, kinds, 2) == 0 && memcmp(options + 4, kinds + 2, 4) == 0 &&
	       memcmp(options + 16, kinds + 6, 3) == 0;
}

/* Walks the options; false: one is malformed. */
static bool
options_read(struct seg *s, struct view v)
{
	const uint8_t *p;
	uint32_t at = 0, step;

	if (options_stamp_only(v)) {
		option_take(s, v.p + 2);
		return true;
	}
	if ((s->ctl & SW_SYN) && v.len == TCP_USUAL_SYN && tcp_usual_syn(v.p)) {
		option_of_syn(s, v.p);
		option_of_syn(s, v.p + 4);
		option_take(s, v.p + 6);
		option_of_syn(s, v.p + 17);
		return true;
	}
	/*= RFC 9293 3.1 MUST-4, MUST-5, 3.2 MUST-64: in any segment, at any alignment */
	for (step = 0; step < OPT_STEPS && (p = view_at(v, at, 1)); step++) {
		/*= RFC 9293 3.1 MUST-69: behind the end of the list there is only padding */
		if (*p == OPT_END)
			break;
		if (*p == OPT_NOP) {
			at++;
			continue;
		}
		p = view_at(v, at, 2);
		/*= RFC 9293 3.1 MUST-7: an illegal length is survived, the segment refused */
		if (!p || !option_size_ok(p[0], p[1]) || !view_at(v, at, p[1]))
			return false;
		/*= RFC 9293 3.1 MUST-6: options that are not known are stepped over */
		option_take(s, p);
		at += p[1];
	}
	return true;
}

/* The fixed fields, from a header that is there. */
static void
segment_fields(const uint8_t *p, struct seg *s)
{
	s->seq = seq_at(get_32(p + 4));
	s->ack = seq_at(get_32(p + 8));
	s->ae = p[12] & 1;
	s->ctl = p[13];
	s->wnd = get_16(p + 14); /*= RFC 9293 3.1 MUST-1, REC-1: without sign, in 32 bits */
	s->up = get_16(p + 18);
}

/* Is its checksum right, by a sum that the machine has, or by C's? */
bool
tcp_sum_right(const struct ip *ip, uint32_t (*sum)(const void *, size_t n))
{
	uint32_t n = ip->body.len, text;

	if (n <= TCP_HEADER + TCP_OPTIONS_MAX && n % 4 == 0) /* nearly all that have no text */
		text = sum_header(ip->body.p, n);
	else
		text = sum ? sum(ip->body.p, n) : sum_bytes(ip->body.p, n);
	return sum_add(ip_pseudo_sum(&ip->src, &ip->dst, IP_TCP, ip->body.len), text) == 0xffff;
}

/* Parses a segment: see wire.h. */
enum sw_verdict
tcp_read(const struct ip *ip, enum sw_csum csum, struct seg *s, uint16_t *src_port,
	 uint16_t *dst_port)
{
	const uint8_t *p = view_at(ip->body, 0, TCP_HEADER);
	uint32_t size = p ? (p[12] >> 4) * 4u : 0;

	memset(s, 0, sizeof(*s));
	if (!p || size < TCP_HEADER || size > ip->body.len)
		return SW_V_SHORT;
	/*= RFC 9293 3.1 MUST-3: the checksum is verified, here or by the device */
	if (csum == SW_CSUM_NONE && !tcp_sum_right(ip, NULL))
		return SW_V_BAD_SUM;
	*src_port = get_16(p);
	*dst_port = get_16(p + 2);
	segment_fields(p, s);
	s->tos = ip->tos;
	s->ecn = ip->tos & 3;
	s->ttl = ip->ttl;
	s->text = p + size;
	s->len = ip->body.len - size;
	if (size > TCP_HEADER &&
	    !options_read(s, view_part(ip->body, TCP_HEADER, size - TCP_HEADER)))
		return SW_V_BAD_OPTION;
	return SW_V_TAKEN;
}

/* Parses what there is of a segment of `size` bytes: see wire.h. */
bool
tcp_read_cut(struct view v, uint32_t size, struct seg *s, bool *bad_option)
{
	const uint8_t *p = view_at(v, 0, TCP_HEADER);
	uint32_t head = p ? (p[12] >> 4) * 4u : 0;

	memset(s, 0, sizeof(*s));
	*bad_option = false;
	if (!p || head < TCP_HEADER || head > size)
		return false;
	segment_fields(p, s);
	s->len = size - head;
	s->text = p + min_u32(head, v.len);
	if (head > TCP_HEADER)
		*bad_option = !options_read(s, view_part(v, TCP_HEADER, head - TCP_HEADER));
	return true;
}

/* Reads what 8 quoted bytes of a TCP header hold; false: they are not there. */
bool
tcp_read_quoted(struct view v, uint16_t *src_port, uint16_t *dst_port, seq *n)
{
	const uint8_t *p = view_at(v, 0, 8);

	if (!p)
		return false;
	*src_port = get_16(p);
	*dst_port = get_16(p + 2);
	*n = seq_at(get_32(p + 4));
	return true;
}

/* Bytes of the options before the SACK blocks, a multiple of 4. */
static uint32_t
options_fixed_size(const struct seg *s)
{
	uint32_t size = s->has & SW_HAS_MSS ? OPT_MSS_SIZE : 0;

	if (s->has & SW_HAS_TS)
		size += 2 + OPT_TS_SIZE;
	else if (s->has & SW_HAS_SACK_OK)
		size += OPT_SACK_OK_SIZE + 2;
	if (s->has & SW_HAS_WSCALE)
		size += 1 + OPT_WSCALE_SIZE;
	if (s->has & SW_HAS_FASTOPEN)
		size += (OPT_FASTOPEN_SIZE + s->cookie_len + 3u) / 4 * 4;
	return size;
}

/* How many SACK blocks are written. */
static uint32_t
options_blocks(const struct seg *s)
{
	uint32_t room, fit;

	if (!(s->has & SW_HAS_SACK))
		return 0;
	room = TCP_OPTIONS_MAX - options_fixed_size(s);
	fit = room < 2 + OPT_SACK_SIZE ? 0 : (room - 2 - OPT_SACK_SIZE) / OPT_BLOCK_SIZE;
	return min_u32(min_u32(s->sacks, SEG_SACKS), fit);
}

/* Bytes that tcp_write() takes. */
uint32_t
tcp_header_size(const struct seg *s)
{
	uint32_t n = options_blocks(s);

	return TCP_HEADER + options_fixed_size(s) +
	       (n > 0 ? 2 + OPT_SACK_SIZE + n * OPT_BLOCK_SIZE : 0);
}

/*= RFC 9293 3.1 MUST-68: each option that is written has its length */
static uint8_t *
option_begin(uint8_t *to, uint8_t kind, uint32_t size)
{
	to[0] = kind;
	to[1] = (uint8_t)size;
	return to + 2;
}

/* Two bytes before SACK-permitted or timestamps, when one of them stands alone,
 * keep words together: where the other large stacks put them. */
static uint8_t *
option_fill(uint8_t *to)
{
	to[0] = to[1] = OPT_NOP;
	return to + 2;
}

/* The cookie, and what fills it up to whole words. */
static uint8_t *
option_write_fastopen(uint8_t *to, const struct seg *s)
{
	uint32_t n = min_u32(s->cookie_len, COOKIE_MAX);

	to = option_begin(to, OPT_FASTOPEN, OPT_FASTOPEN_SIZE + n);
	memcpy(to, s->cookie, n);
	to += n;
	return (OPT_FASTOPEN_SIZE + n) % 4 ? option_fill(to) : to;
}

static uint8_t *
options_write_fixed(uint8_t *to, const struct seg *s)
{
	if (s->has & SW_HAS_MSS) {
		to = option_begin(to, OPT_MSS, OPT_MSS_SIZE);
		put_16(to, s->mss);
		to += 2;
	}
	if (!(s->has & SW_HAS_SACK_OK) != !(s->has & SW_HAS_TS))
		to = option_fill(to);
	if (s->has & SW_HAS_SACK_OK)
		to = option_begin(to, OPT_SACK_OK, OPT_SACK_OK_SIZE);
	if (s->has & SW_HAS_TS) {
		to = option_begin(to, OPT_TS, OPT_TS_SIZE);
		put_32(to, s->tsval);
		put_32(to + 4, s->tsecr);
		to += 8;
	}
	if (s->has & SW_HAS_WSCALE) {
		*to++ = OPT_NOP;
		to = option_begin(to, OPT_WSCALE, OPT_WSCALE_SIZE);
		*to++ = s->wscale;
	}
	return s->has & SW_HAS_FASTOPEN ? option_write_fastopen(to, s) : to;
}

static void
options_write_blocks(uint8_t *to, const struct seg *s)
{
	uint32_t n = options_blocks(s), i;

	if (n == 0)
		return;
	to = option_begin(option_fill(to), OPT_SACK, OPT_SACK_SIZE + n * OPT_BLOCK_SIZE);
	for (i = 0; i < n; i++, to += OPT_BLOCK_SIZE) {
		put_32(to, s->sack[i].left.n);
		put_32(to + 4, s->sack[i].right.n);
	}
}

/* Writes header and options, the checksum 0; bytes, 0: no room. */
uint32_t
tcp_write(uint8_t *to, uint32_t room, const struct seg *s, uint16_t src_port, uint16_t dst_port)
{
	uint32_t size = tcp_header_size(s);

	if (room < size)
		return 0;
	put_16(to, src_port);
	put_16(to + 2, dst_port);
	put_32(to + 4, s->seq.n);
	put_32(to + 8, s->ack.n);
	to[12] = (uint8_t)(size / 4 << 4 | s->ae);
	to[13] = s->ctl;
	put_16(to + 14, min_u32(s->wnd, UINT16_MAX));
	put_16(to + 16, 0);
	put_16(to + 18, s->up);
	options_write_blocks(options_write_fixed(to + TCP_HEADER, s), s);
	return size;
}
