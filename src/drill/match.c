/*
 * match.c - a packet that the stack sent against what the script says of it.
 *
 * Everything that the script says must be so; what it leaves out may be anything,
 * but not options: no <> means none.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "end.h"

enum { TCP = 6, ICMP4 = 1, ICMP6 = 58, ECN_BITS = 3, ICMP_HEADER = 8 };

struct matching {
	struct drill_run *run;
	const struct drill_packet *p;
	struct drill_seen seen;
	struct drill_flow *flow;
	sw_ns at;
	char *why;
};

static bool differs(struct matching *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says why; always false. */
static bool
differs(struct matching *m, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(m->why, DRILL_MESSAGE, format, list);
	va_end(list);
	return false;
}

static bool
same_number(struct matching *m, const char *what, uint32_t expected, uint32_t came)
{
	return expected == came || differs(m, "%s: expected %u, came %u", what, expected, came);
}

/* [from ADDR], [to ADDR] */
static bool
same_address(struct matching *m, const char *expected, const struct sw_addr *came)
{
	struct sw_addr a;

	if (!expected)
		return true;
	if (sw_addr_parse(&a, expected) != SW_OK)
		return differs(m, "'%s' is no address", expected);
	return sw_addr_same(&a, came) || differs(m, "another address than %s", expected);
}

static bool
match_ip(struct matching *m)
{
	const struct drill_packet *p = m->p;
	const struct drill_seen *s = &m->seen;
	int ecn = s->tos & ECN_BITS;

	if (p->ecn == DRILL_ECT01 ? ecn != 1 && ecn != 2 : p->ecn >= 0 && ecn != p->ecn)
		return differs(m, "ECN bits of IP: expected %d, came %d", p->ecn, ecn);
	if (!same_address(m, p->from, &s->from.addr) || !same_address(m, p->to, &s->to.addr))
		return false;
	return (p->tos < 0 || same_number(m, "tos", (uint32_t)p->tos, s->tos)) &&
	       (p->ttl < 0 || same_number(m, "ttl", (uint32_t)p->ttl, s->ttl)) &&
	       (p->ip_id < 0 || same_number(m, "id", (uint32_t)p->ip_id, s->ip_id)) &&
	       (p->flow_label < 0 ||
		same_number(m, "flow label", (uint32_t)p->flow_label, s->flow_label));
}

/* A cookie that the script names for the first time is any that a SYN-ACK gives; then that one. */
static bool
match_cookie(struct matching *m, const struct drill_opt *o, const uint8_t *came)
{
	const uint8_t *live = drill_cookie_live(m->run, o);

	if (o->n == 0 || (!live && (m->seen.ctl & SW_ACK)))
		return true;
	return memcmp(live ? live : o->bytes, came, o->n) == 0 || differs(m, "another cookie");
}

/* Bytes that an option must have, up to its length; 0: it is looked at by itself. */
static bool
match_option(struct matching *m, const struct drill_opt *o, const uint8_t *q)
{
	uint32_t size = o->kind <= DRILL_OPT_NOP ? 1 : q[1];

	switch (o->kind) {
	case DRILL_OPT_MSS:
		return size == 4 && same_number(m, "mss", o->val[0], drill_get_16(q + 2));
	case DRILL_OPT_WSCALE:
		return size == 3 && same_number(m, "wscale", o->val[0], q[2]);
	case DRILL_OPT_SACK_OK:
		return size == 2;
	case DRILL_OPT_SACK:
		if (size != 2u + 4u * o->n)
			return differs(m, "sack: expected %d blocks, came %u", o->n / 2,
				       (size - 2) / 8);
		for (int i = 0; i < o->n; i++)
			if (!same_number(m, "sack", o->val[i], drill_get_32(q + 2 + 4 * i)))
				return false;
		return true;
	case DRILL_OPT_TS:
		return size == 10 && same_number(m, "ecr", o->val[1], drill_get_32(q + 6));
	case DRILL_OPT_FAST_OPEN:
		return size == 2u + o->n && match_cookie(m, o, q + 2);
	default:
		return true;
	}
}

/* The clock of our timestamps, if the script asks for it. */
static bool
match_stamp(struct matching *m, uint32_t script, uint32_t live)
{
	const struct drill_flow *f = m->flow;
	uint32_t expected, least = (uint32_t)(m->run->tolerance / (m->run->stamp_tick + 1)) + 1;

	if (m->run->stamp_tick == 0 || f->stamps == 0)
		return true;
	expected = script - f->first_stamp.script + f->first_stamp.live;
	if (live - expected + least <= 2 * least)
		return true;
	return differs(m, "TS val: expected %u, came %u", script,
		       live - f->first_stamp.live + f->first_stamp.script);
}

static bool
match_options(struct matching *m)
{
	const uint8_t *q = m->seen.options, *end = q + m->seen.option_bytes;

	if (m->p->any_options)
		return true;
	for (int i = 0; i < m->p->options; i++) {
		const struct drill_opt *o = &m->p->option[i];
		bool single = q < end && q[0] <= DRILL_OPT_NOP;

		if (q == end)
			return differs(m, "options: fewer came than expected");
		if (q[0] != o->kind || (!single && (end - q < 2 || q[1] < 2 || q[1] > end - q)) ||
		    !match_option(m, o, q))
			return m->why[0] ? false
					 : differs(m, "options: number %d is another one", i + 1);
		if (o->kind == DRILL_OPT_TS && !match_stamp(m, o->val[0], drill_get_32(q + 2)))
			return false;
		q += single ? 1 : q[1];
	}
	return q == end || differs(m, "options: more came than expected");
}

/*= RFC 9293 3.1 MUST-68, MUST-69: each option has its length, behind their end are zeros */
static bool
match_option_form(struct matching *m)
{
	const uint8_t *q = m->seen.options, *end = q + m->seen.option_bytes;

	while (q < end && *q != DRILL_OPT_EOL) {
		if (*q == DRILL_OPT_NOP)
			q++;
		else if (end - q < 2 || q[1] < 2 || q[1] > end - q)
			return differs(m, "an option %d without its length", *q);
		else
			q += q[1];
	}
	for (; q < end; q++)
		if (*q != 0)
			return differs(m, "%d behind the end of the options", *q);
	return true;
}

static bool
match_flags(struct matching *m)
{
	const struct drill_packet *p = m->p;
	uint8_t ctl = m->seen.ctl;
	int ace = (m->seen.reserved & 1) << 2 | ctl >> 6;

	if (p->ace >= 0 && !(p->ctl & SW_SYN)) { /* AccECN: the three bits are one number */
		if (ace != p->ace)
			return differs(m, "ACE: expected %d, came %d", p->ace, ace);
		ctl &= 0x3f;
	}
	/* where PSH stands in a long write is a kernel's own business; Linux has none on a SYN */
	if (m->run->end->ticks || (m->run->profile == DRILL_LINUX && (ctl & SW_SYN)))
		ctl = (uint8_t)((ctl & ~SW_PSH) | (p->ctl & SW_PSH));
	if (p->ctl == ctl)
		return true;
	return differs(m, "flags: expected %#x, came %#x", p->ctl, ctl);
}

static bool
match_tcp(struct matching *m)
{
	const struct drill_packet *p = m->p;
	const struct drill_seen *s = &m->seen;
	struct drill_flow *f = m->flow;
	bool names = f->fresh && (s->ctl & SW_SYN) && (p->ctl & SW_SYN);
	uint32_t offset = names ? s->seq - p->seq : f->offset;

	/* A RST without ACK speaks with the number that was acknowledged to it, which has
	 * the script's offset only if a connection was there. */
	if (!match_option_form(m) || !match_flags(m) ||
	    !same_number(m, "seq", p->seq, s->seq - offset) ||
	    !same_number(m, "length", p->len, s->payload))
		return false;
	if (p->has_ack && !same_number(m, "ack", p->ack, s->ack))
		return false;
	if (p->has_wnd && !same_number(m, "win", p->wnd, s->wnd))
		return false;
	if (p->has_urg && !same_number(m, "urg", p->urg, s->urg))
		return false;
	return match_options(m);
}

static bool
match_icmp(struct matching *m)
{
	const struct drill_packet *p = m->p;
	const struct drill_seen *s = &m->seen;
	int type = drill_icmp_type(p->icmp_type, s->v6);

	if (s->protocol != (s->v6 ? ICMP6 : ICMP4) || s->len < ICMP_HEADER)
		return differs(m, "expected ICMP");
	if (s->body[0] != type)
		return differs(m, "ICMP type: expected %d, came %d", type, s->body[0]);
	if (p->icmp_code && s->body[1] != drill_icmp_code(p->icmp_code, type, s->v6))
		return differs(m, "ICMP code: expected %s, came %d", p->icmp_code, s->body[1]);
	return true;
}

/* What a match teaches. */
static void
match_note(struct matching *m)
{
	const uint8_t *q = m->seen.options;
	struct drill_flow *f = m->flow;

	if (f->fresh && (m->seen.ctl & SW_SYN)) {
		f->offset = m->seen.seq - m->p->seq;
		f->fresh = false;
	}
	for (int i = 0; i < m->p->options; i++) {
		const struct drill_opt *o = &m->p->option[i];

		if (o->kind == DRILL_OPT_TS)
			drill_stamp_note(f, o->val[0], drill_get_32(q + 2));
		if (o->kind == DRILL_OPT_FAST_OPEN && o->n > 0)
			drill_cookie_note(m->run, o, q + 2);
		q += q[0] <= DRILL_OPT_NOP ? 1 : q[1];
	}
}

static bool
match_ends(struct matching *m)
{
	const struct drill_packet *p = m->p;
	const struct drill_seen *s = &m->seen;

	m->flow = drill_flow_find(m->run, &s->from, &s->to);
	if (p->src >= 0 && !same_number(m, "source port", (uint32_t)p->src, s->from.port))
		return false;
	if (p->dst >= 0 && !same_number(m, "destination port", (uint32_t)p->dst, s->to.port))
		return false;
	if (!m->flow)
		m->flow = drill_flow_get(m->run, &s->from, &s->to);
	if (p->src < 0 && p->dst < 0 && !p->from && !p->to && drill_flow_of(m->run, p) &&
	    drill_flow_of(m->run, p) != m->flow)
		return differs(m, "it belongs to another connection");
	return true;
}

static bool
match_one(struct matching *m, const struct drill_frame *frame)
{
	if (!drill_read(&m->seen, frame->data, frame->len))
		return differs(m, "it cannot be read");
	/*= RFC 9293 3.1 MUST-2: every segment has a right checksum, whatever the script is about */
	if (!m->seen.sums_ok)
		return differs(m, "its checksum is wrong");
	if (!match_ip(m))
		return false;
	if (m->p->proto == DRILL_ICMP)
		return match_icmp(m);
	if (m->p->proto == DRILL_UDP)
		return differs(m, "expected UDP");
	if (m->seen.protocol != TCP)
		return differs(m, "expected TCP");
	return match_ends(m) && match_tcp(m);
}

bool
drill_match(struct drill_run *r, const struct drill_packet *p, const struct drill_frame *frame,
	    char why[DRILL_MESSAGE])
{
	struct matching m = {.run = r, .p = p, .at = frame->at, .why = why};

	why[0] = 0;
	if (!match_one(&m, frame))
		return false;
	if (p->proto == DRILL_TCP)
		match_note(&m);
	return true;
}
