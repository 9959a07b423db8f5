/*
 * parse_icmp.c - ICMP messages in scripts, and the names of their types and codes
 * (RFC 792, RFC 1122 3.2.2, RFC 1812, RFC 4443).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lex.h"

struct icmp_name {
	char name[28];
	int v4_type, v4, v6_type, v6; /* types of which it is a code; codes; -1: none */
};

static const struct icmp_name icmp_types[] = {
    {"echo_reply", 0, 0, 0, 129},   {"unreachable", 0, 3, 0, 1},
    {"source_quench", 0, 4, 0, -1}, {"redirect", 0, 5, 0, 137},
    {"echo_request", 0, 8, 0, 128}, {"packet_too_big", 0, -1, 0, 2},
    {"time_exceeded", 0, 11, 0, 3}, {"parameter_problem", 0, 12, 0, 4},
};

static const struct icmp_name icmp_codes[] = {
    {"net_unreachable", 3, 0, -1, -1},
    {"host_unreachable", 3, 1, -1, -1},
    {"protocol_unreachable", 3, 2, -1, -1},
    {"port_unreachable", 3, 3, 1, 4},
    {"frag_needed", 3, 4, -1, -1},
    {"source_route_failed", 3, 5, 1, 5},
    {"net_unknown", 3, 6, -1, -1},
    {"host_unknown", 3, 7, -1, -1},
    {"source_host_isolated", 3, 8, -1, -1},
    {"net_prohibited", 3, 9, -1, -1},
    {"host_prohibited", 3, 10, -1, -1},
    {"net_unreachable_for_tos", 3, 11, -1, -1},
    {"host_unreachable_for_tos", 3, 12, -1, -1},
    {"packet_filtered", 3, 13, -1, -1},
    {"precedence_violation", 3, 14, -1, -1},
    {"precedence_cutoff", 3, 15, -1, -1},
    {"no_route", -1, -1, 1, 0},
    {"admin_prohibited", 3, 13, 1, 1},
    {"not_neighbour", -1, -1, 1, 2},
    {"addr_unreachable", -1, -1, 1, 3},
    {"address_unreachable", -1, -1, 1, 3},
    {"reject_route", -1, -1, 1, 6},
    {"exceeded_in_transit", 11, 0, 3, 0},
    {"ttl_exceeded", 11, 0, 3, 0},
    {"hop_limit_exceeded", 11, 0, 3, 0},
    {"exceeded_reassembly", 11, 1, 3, 1},
    {"erroneous_header_field", 12, 0, 4, 0},
    {"unknown_next_header", -1, -1, 4, 1},
    {"unknown_option", 12, 1, 4, 2},
};

static int
icmp_number(const char *name)
{
	return isdigit((unsigned char)name[0]) ? (int)(strtoul(name, NULL, 0) & 255) : -1;
}

int
drill_icmp_type(const char *name, bool v6)
{
	for (size_t i = 0; i < sizeof(icmp_types) / sizeof(icmp_types[0]); i++)
		if (!strcmp(icmp_types[i].name, name))
			return v6 ? icmp_types[i].v6 : icmp_types[i].v4;
	return icmp_number(name);
}

int
drill_icmp_code(const char *name, int type, bool v6)
{
	for (size_t i = 0; i < sizeof(icmp_codes) / sizeof(icmp_codes[0]); i++) {
		const struct icmp_name *c = &icmp_codes[i];

		if (!strcmp(c->name, name) && type == (v6 ? c->v6_type : c->v4_type))
			return v6 ? c->v6 : c->v4;
	}
	return icmp_number(name);
}

static bool
icmp_code_known(const char *name)
{
	for (size_t i = 0; i < sizeof(icmp_codes) / sizeof(icmp_codes[0]); i++)
		if (!strcmp(icmp_codes[i].name, name))
			return true;
	return icmp_number(name) >= 0;
}

static const char *
icmp_word(struct drill_lex *x)
{
	char word[DRILL_WORD];
	const char *from;

	if (drill_takes(x, "type") || drill_takes(x, "code"))
		drill_skip(x);
	if (drill_word(x, word))
		return drill_copy(x->script, word, strlen(word));
	from = x->p;
	drill_number_in(x, 0, 255);
	return drill_copy(x->script, from, (size_t)(x->p - from));
}

/* 1:1461(1460)] or udp (1000)]: what the message quotes, after the bracket */
static void
icmp_quote(struct drill_lex *x, struct drill_packet *p)
{
	p->echoed = true;
	p->quote = drill_takes(x, "udp") ? DRILL_UDP : DRILL_TCP;
	if (p->quote == DRILL_TCP) {
		p->seq = (uint32_t)drill_number_in(x, 0, UINT32_MAX);
		drill_wants(x, ":");
		drill_number_in(x, 0, UINT32_MAX);
	}
	drill_wants(x, "(");
	p->len = (uint32_t)drill_number_in(x, 0, UINT16_MAX);
	drill_wants(x, ")");
	drill_wants(x, "]");
}

/* Quotations stand in front of `icmp', too, where an IP header's [...] may be. */
bool
drill_icmp_quoted(struct drill_lex *x, struct drill_packet *p)
{
	struct drill_lex before = *x;

	if (!drill_takes(x, "["))
		return false;
	if (!drill_sees_number(x) && !drill_sees(x, "udp")) {
		*x = before;
		return false;
	}
	icmp_quote(x, p);
	return true;
}

void
drill_icmp(struct drill_lex *x, struct drill_packet *p)
{
	int line = x->line;

	p->proto = DRILL_ICMP;
	p->icmp_type = icmp_word(x);
	if (isalnum((unsigned char)drill_next(x)) && x->line == line && !drill_sees(x, "mtu"))
		p->icmp_code = icmp_word(x);
	if (drill_takes(x, "mtu"))
		p->icmp_mtu = (int)drill_number_in(x, 0, UINT16_MAX);
	if (drill_takes(x, "["))
		icmp_quote(x, p);
	if (!x->bad && drill_icmp_type(p->icmp_type, false) < 0 &&
	    drill_icmp_type(p->icmp_type, true) < 0)
		drill_bad(x, "'%s' is no type of ICMP", p->icmp_type);
	if (!x->bad && p->icmp_code && !icmp_code_known(p->icmp_code))
		drill_bad(x, "'%s' is no code of ICMP", p->icmp_code);
}
