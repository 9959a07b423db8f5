/*
 * parse_packet.c - the lines with < and >: TCP segments, datagrams, their IP
 * header in brackets.
 *
 * Knows how packets are written.  Does not know what numbers they have on the
 * wire: that is flow.c's.
 */
#include <ctype.h>
#include <string.h>

#include <synwave/sw.h>

#include "lex.h"

enum { ECT_1 = 1, ECT_0 = 2, CE = 3 };
enum { OPTION_MD5 = 19, OPTION_EXPERIMENT = 254, FAST_OPEN_MAGIC = 0xf989 }; /* RFC 2385, 7413 */

/* [ect0], [tos 0x10, ttl 64] */
static void
drill_ip_attribute(struct drill_lex *x, struct drill_packet *p)
{
	if (drill_takes(x, "noecn") || drill_takes(x, "nonect"))
		p->ecn = 0;
	else if (drill_takes(x, "ect01"))
		p->ecn = DRILL_ECT01;
	else if (drill_takes(x, "ect0"))
		p->ecn = ECT_0;
	else if (drill_takes(x, "ect1"))
		p->ecn = ECT_1;
	else if (drill_takes(x, "ce"))
		p->ecn = CE;
	else if (drill_takes(x, "tos") || drill_takes(x, "tclass"))
		p->tos = (int)drill_number_in(x, 0, 255);
	else if (drill_takes(x, "ttl") || drill_takes(x, "hlim"))
		p->ttl = (int)drill_number_in(x, 0, 255);
	else if (drill_takes(x, "flowlabel"))
		p->flow_label = (int)drill_number_in(x, 0, 0xfffff);
	else if (drill_takes(x, "id"))
		p->ip_id = (int)drill_number_in(x, 0, UINT16_MAX);
	else
		drill_bad(x, "unknown in an IP header's [...]");
}

/* The words of our own in a packet after //: : [from ADDR], [ip-options HEX], [bad-sum] */
static bool
drill_own_attribute(struct drill_lex *x, struct drill_packet *p)
{
	const char **where;
	const char *from;

	if (drill_takes(x, "bad-sum")) {
		p->bad_sum = true;
		return true;
	}
	if (drill_takes(x, "ip-options")) {
		uint8_t *bytes = drill_alloc(x->script, DRILL_DATA_MAX);

		p->ip_option_bytes = (uint8_t)drill_hex(x, bytes, DRILL_DATA_MAX);
		p->ip_options = bytes;
		return true;
	}
	if (drill_takes(x, "from"))
		where = &p->from;
	else if (drill_takes(x, "to"))
		where = &p->to;
	else
		return false;
	drill_skip(x);
	for (from = x->p;
	     x->p < x->end && (isxdigit((unsigned char)*x->p) || *x->p == '.' || *x->p == ':');)
		x->p++;
	*where = drill_copy(x->script, from, (size_t)(x->p - from));
	return true;
}

static void
drill_ip_attributes(struct drill_lex *x, struct drill_packet *p)
{
	if (!drill_takes(x, "["))
		return;
	do {
		if (!x->directive || !drill_own_attribute(x, p))
			drill_ip_attribute(x, p);
	} while (drill_takes(x, ","));
	drill_wants(x, "]");
}

static int
drill_port(struct drill_lex *x)
{
	if (drill_takes(x, "..."))
		return DRILL_ANY_PORT;
	return (int)drill_number_in(x, 0, UINT16_MAX);
}

/* `3:` in front, then `1234 > 80`; both may be missing. */
static void
drill_ports(struct drill_lex *x, struct drill_packet *p)
{
	struct drill_lex before;

	p->fd = -1;
	p->src = p->dst = DRILL_NO_PORT;
	before = *x;
	if (drill_sees_number(x)) {
		p->fd = (int)drill_number_in(x, 0, INT32_MAX);
		if (!drill_takes(x, ":")) {
			*x = before;
			p->fd = -1;
		}
	}
	before = *x;
	if (!drill_sees_number(x) && !drill_sees(x, "..."))
		return;
	p->src = drill_port(x);
	if (!drill_takes(x, ">")) { /* no port but flags: AccECN writes a number there */
		*x = before;
		p->src = DRILL_NO_PORT;
		return;
	}
	p->dst = drill_port(x);
}

static bool
drill_flag(struct drill_packet *p, char c)
{
	static const char letter[] = "FSRP.UEW";
	const char *at = strchr(letter, c);

	if (c == 0)
		return false;
	if (at)
		p->ctl |= (uint8_t)(1u << (at - letter));
	else if (c == 'A')
		p->ace = (p->ace < 0 ? 0 : p->ace) | 4;
	else if (c >= '0' && c <= '7')
		p->ace = c - '0';
	else
		return c == '-';
	return true;
}

/* S. or FP. or a number of AccECN among them */
static void
drill_flags(struct drill_lex *x, struct drill_packet *p)
{
	int n = 0;

	p->ace = -1;
	drill_skip(x);
	while (x->p < x->end && !isspace((unsigned char)*x->p) && drill_flag(p, *x->p)) {
		x->p++;
		n++;
	}
	if (n == 0 || (x->p < x->end && !isspace((unsigned char)*x->p)))
		drill_bad(x, "flags are letters of SFRP.UEWA, or -");
}

/* first:end(length) */
static void
drill_sequence(struct drill_lex *x, struct drill_packet *p)
{
	int64_t end;

	if (!drill_sees_number(x))
		return;
	p->has_seq = true;
	p->seq = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
	drill_wants(x, ":");
	end = drill_number_in(x, 0, (int64_t)UINT32_MAX + UINT16_MAX);
	drill_wants(x, "(");
	p->len = (uint32_t)drill_number_in(x, 0, UINT16_MAX);
	drill_wants(x, ")");
	/* past the wrap both ways of writing the end are understood */
	if (!x->bad && (uint32_t)end != p->seq + p->len)
		drill_bad(x, "%u:%lld is not a length of %u", p->seq, (long long)end, p->len);
}

static void
drill_option_sack(struct drill_lex *x, struct drill_opt *o)
{
	while (drill_sees_number(x) && !x->bad) {
		if (o->n + 2 > 8) {
			drill_bad(x, "more than 4 SACK blocks");
			return;
		}
		o->val[o->n++] = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
		drill_wants(x, ":");
		o->val[o->n++] = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
	}
}

static void
drill_option_time(struct drill_lex *x, struct drill_opt *o)
{
	o->kind = DRILL_OPT_TS;
	drill_wants(x, "val");
	o->val[0] = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
	drill_wants(x, "ecr");
	o->val[1] = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
}

/* An option that the stack does not know: kind, length, 16 bits of magic if not 0, bytes. */
static void
drill_option_other(struct drill_lex *x, struct drill_opt *o, uint8_t kind, uint16_t magic)
{
	size_t head = magic ? 4 : 2;

	o->kind = DRILL_OPT_RAW;
	o->bytes[0] = kind;
	o->bytes[2] = (uint8_t)(magic >> 8);
	o->bytes[3] = (uint8_t)magic;
	o->n = (uint8_t)(head + drill_hex(x, o->bytes + head, DRILL_DATA_MAX - head));
	o->bytes[1] = o->n;
}

static void
drill_option(struct drill_lex *x, struct drill_opt *o)
{
	if (drill_takes(x, "mss")) {
		o->kind = DRILL_OPT_MSS;
		o->val[0] = (uint32_t)drill_number_in(x, 0, UINT16_MAX);
	} else if (drill_takes(x, "wscale")) {
		o->kind = DRILL_OPT_WSCALE;
		o->val[0] = (uint32_t)drill_number_in(x, 0, 255);
	} else if (drill_takes(x, "nop")) {
		o->kind = DRILL_OPT_NOP;
	} else if (drill_takes(x, "eol")) {
		o->kind = DRILL_OPT_EOL;
	} else if (drill_takes(x, "sackOK")) {
		o->kind = DRILL_OPT_SACK_OK;
	} else if (drill_takes(x, "sack")) {
		o->kind = DRILL_OPT_SACK;
		drill_option_sack(x, o);
	} else if (drill_takes(x, "TS")) {
		drill_option_time(x, o);
	} else if (drill_takes(x, "FO")) {
		o->kind = DRILL_OPT_FAST_OPEN;
		o->n = (uint8_t)drill_hex(x, o->bytes, 16);
	} else if (drill_takes(x, "md5")) {
		drill_option_other(x, o, OPTION_MD5, 0);
	} else if (drill_takes(x, "FOEXP")) {
		drill_option_other(x, o, OPTION_EXPERIMENT, FAST_OPEN_MAGIC);
	} else if (x->directive && drill_takes(x, "raw")) {
		o->kind = DRILL_OPT_RAW;
		o->n = (uint8_t)drill_hex(x, o->bytes, DRILL_DATA_MAX);
	} else {
		drill_bad(x, "unknown TCP option");
	}
}

/* <mss 1460,nop,wscale 7>, <...>, or nothing */
static void
drill_options(struct drill_lex *x, struct drill_packet *p)
{
	if (!drill_takes(x, "<"))
		return;
	p->has_options = true;
	if (drill_takes(x, "...")) {
		p->any_options = true;
		drill_wants(x, ">");
		return;
	}
	p->option = drill_alloc(x->script, DRILL_OPTION_MAX * sizeof(*p->option));
	if (drill_takes(x, ">"))
		return;
	do {
		if (p->options == DRILL_OPTION_MAX) {
			drill_bad(x, "too many TCP options");
			return;
		}
		drill_option(x, &p->option[p->options++]);
	} while (drill_takes(x, ","));
	drill_wants(x, ">");
}

static void
drill_segment(struct drill_lex *x, struct drill_packet *p)
{
	p->proto = DRILL_TCP;
	drill_flags(x, p);
	drill_sequence(x, p);
	if (!x->bad && !p->has_seq)
		drill_bad(x, "sequence numbers are missing: first:end(length)");
	if (drill_takes(x, "ack")) {
		p->has_ack = true;
		p->ack = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
	}
	if (drill_takes(x, "win")) {
		p->has_wnd = true;
		p->wnd = (uint32_t)drill_number_in(x, 0, UINT16_MAX);
	}
	if (drill_takes(x, "urg")) {
		p->has_urg = true;
		p->urg = (uint32_t)drill_number_in(x, 0, UINT16_MAX);
	}
	drill_options(x, p);
}

struct drill_packet *
drill_packet(struct drill_lex *x)
{
	struct drill_packet *p = drill_alloc(x->script, sizeof(*p));

	p->ecn = p->tos = p->ttl = p->flow_label = p->ip_id = -1;
	p->icmp_mtu = -1;
	p->inbound = drill_takes(x, "<");
	if (!p->inbound)
		drill_wants(x, ">");
	if (drill_sees(x, "ipv4") || drill_sees(x, "ipv6") || drill_sees(x, "gre") ||
	    drill_sees(x, "mpls")) {
		drill_bad(x, "packets inside of packets are not spoken here");
		return p;
	}
	if (!drill_icmp_quoted(x, p))
		drill_ip_attributes(x, p);
	drill_ports(x, p);
	if (p->echoed && !drill_sees(x, "icmp")) {
		drill_bad(x, "only a message of ICMP quotes another packet");
	} else if (drill_takes(x, "udp")) {
		p->proto = DRILL_UDP;
		drill_wants(x, "(");
		p->len = (uint32_t)drill_number_in(x, 0, UINT16_MAX - 100);
		drill_wants(x, ")");
	} else if (drill_takes(x, "icmp") || drill_takes(x, "icmpv4") || drill_takes(x, "icmpv6")) {
		drill_icmp(x, p);
	} else {
		drill_segment(x, p);
	}
	return p;
}
