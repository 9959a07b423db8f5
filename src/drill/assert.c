/*
 * assert.c - %{ assert tcpi_snd_cwnd == 10 }%: a small evaluator of the
 * expressions that such blocks hold, on the fields of TCP_INFO.
 *
 * Knows assert, print (ignored), name = expression; numbers, comparisons (also in
 * chains), arithmetic, and, or, not, in, abs, min, max.  Nothing else of Python.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <linux/tcp.h>
#include <netinet/in.h>

#include "call.h"

enum { INFO_ROOM = 512, CODE_VARS = 32, CODE_DEPTH = 40 };

struct field {
	char name[28];
	uint16_t at;
	uint8_t size;
};

#define F(n)                                                                                       \
	{                                                                                          \
#n, offsetof(struct tcp_info, n), sizeof(((struct tcp_info *)0)->n)                \
	}

static const struct field fields[] = {
    F(tcpi_state),	   F(tcpi_ca_state),
    F(tcpi_retransmits),   F(tcpi_probes),
    F(tcpi_backoff),	   F(tcpi_options),
    F(tcpi_rto),	   F(tcpi_ato),
    F(tcpi_snd_mss),	   F(tcpi_rcv_mss),
    F(tcpi_unacked),	   F(tcpi_sacked),
    F(tcpi_lost),	   F(tcpi_retrans),
    F(tcpi_fackets),	   F(tcpi_last_data_sent),
    F(tcpi_last_ack_sent), F(tcpi_last_data_recv),
    F(tcpi_last_ack_recv), F(tcpi_pmtu),
    F(tcpi_rcv_ssthresh),  F(tcpi_rtt),
    F(tcpi_rttvar),	   F(tcpi_snd_ssthresh),
    F(tcpi_snd_cwnd),	   F(tcpi_advmss),
    F(tcpi_reordering),	   F(tcpi_rcv_rtt),
    F(tcpi_rcv_space),	   F(tcpi_total_retrans),
    F(tcpi_pacing_rate),   F(tcpi_max_pacing_rate),
    F(tcpi_bytes_acked),   F(tcpi_bytes_received),
    F(tcpi_segs_out),	   F(tcpi_segs_in),
    F(tcpi_notsent_bytes), F(tcpi_min_rtt),
    F(tcpi_data_segs_in),  F(tcpi_data_segs_out),
    F(tcpi_delivery_rate), F(tcpi_busy_time),
    F(tcpi_rwnd_limited),  F(tcpi_sndbuf_limited),
    F(tcpi_delivered),	   F(tcpi_delivered_ce),
    F(tcpi_bytes_sent),	   F(tcpi_bytes_retrans),
    F(tcpi_dsack_dups),	   F(tcpi_reord_seen),
    F(tcpi_rcv_ooopack),   F(tcpi_snd_wnd),
};

union info {
	struct tcp_info tcp;
	uint8_t bytes[INFO_ROOM];
};

struct variable {
	char name[DRILL_WORD];
	double value;
};

struct code {
	struct drill_run *run;
	const char *p;
	union info info;
	bool has_info;
	struct variable var[CODE_VARS];
	int vars, depth;
	char wrong[DRILL_MESSAGE]; /* what cannot be evaluated; empty: nothing */
};

static double code_or(struct code *);

static void
code_wrong(struct code *c, const char *what)
{
	if (!c->wrong[0])
		snprintf(c->wrong, sizeof(c->wrong), "%s at '%.30s'", what, c->p);
	c->p = "";
}

static void
code_blanks(struct code *c)
{
	while (*c->p == ' ' || *c->p == '\t' || (*c->p == '\\' && c->p[1] == '\n'))
		c->p += *c->p == '\\' ? 2 : 1;
}

static bool
code_takes(struct code *c, const char *token)
{
	size_t n = strlen(token);

	code_blanks(c);
	if (strncmp(c->p, token, n))
		return false;
	if (isalnum((unsigned char)token[n - 1]) &&
	    (isalnum((unsigned char)c->p[n]) || c->p[n] == '_'))
		return false;
	c->p += n;
	return true;
}

static bool
code_word(struct code *c, char word[DRILL_WORD])
{
	size_t n = 0;

	code_blanks(c);
	if (!isalpha((unsigned char)*c->p) && *c->p != '_')
		return false;
	while ((isalnum((unsigned char)c->p[n]) || c->p[n] == '_') && n < DRILL_WORD - 1) {
		word[n] = c->p[n];
		n++;
	}
	word[n] = 0;
	c->p += n;
	return true;
}

/* The connection that the block is about: the one that the last lines spoke of. */
static void
code_info(struct code *c)
{
	struct drill_run *r = c->run;
	struct drill_ask ask = {.what = ASK_GETSOCKOPT, .a = IPPROTO_TCP, .b = TCP_INFO};

	for (int i = r->socks - 1; i >= 0 && !c->has_info; i--) {
		struct drill_sock *s = &r->sock[i];

		if (s->live < 0 || s->poll)
			continue;
		drill_sock_look(r, s);
		if (r->current >= 0 && (!s->has_ends || drill_flow_find(r, &s->local, &s->remote) !=
							    r->flow[r->current]))
			continue;
		ask.fd = s->live;
		ask.memory = &c->info;
		ask.n = sizeof(c->info);
		c->has_info = r->end->call(r, &ask) == 0;
	}
}

static double
code_field(struct code *c, const char *name)
{
	if (!c->has_info)
		code_info(c);
	if (!c->has_info)
		code_wrong(c, "no open socket for tcpi_");
	if (!strcmp(name, "tcpi_snd_wscale"))
		return c->info.tcp.tcpi_snd_wscale;
	if (!strcmp(name, "tcpi_rcv_wscale"))
		return c->info.tcp.tcpi_rcv_wscale;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const uint8_t *p = c->info.bytes + fields[i].at;
		uint32_t four;
		uint64_t eight;

		if (strcmp(name, fields[i].name))
			continue;
		memcpy(&four, p, sizeof(four));
		memcpy(&eight, p, sizeof(eight));
		return fields[i].size == 1 ? *p : fields[i].size == 4 ? four : (double)eight;
	}
	code_wrong(c, "no such field of TCP_INFO");
	return 0;
}

/* abs(a), min(a, b), max(a, b, ...) */
static double
code_function(struct code *c, const char *name)
{
	double v = code_or(c), w;

	while (code_takes(c, ",")) {
		w = code_or(c);
		if (!strcmp(name, "min") ? w < v : w > v)
			v = w;
	}
	if (!code_takes(c, ")"))
		code_wrong(c, ") is missing");
	if (!strcmp(name, "abs"))
		return v < 0 ? -v : v;
	if (strcmp(name, "min") && strcmp(name, "max") && strcmp(name, "int") &&
	    strcmp(name, "float"))
		code_wrong(c, "a function that is not known");
	return v;
}

static double
code_name(struct code *c)
{
	char word[DRILL_WORD];
	int64_t n;

	if (!code_word(c, word)) {
		code_wrong(c, "a value is missing");
		return 0;
	}
	if (code_takes(c, "("))
		return code_function(c, word);
	for (int i = 0; i < c->vars; i++)
		if (!strcmp(c->var[i].name, word))
			return c->var[i].value;
	if (!strncmp(word, "tcpi_", 5))
		return code_field(c, word);
	if (drill_symbol(word, &n))
		return (double)n;
	code_wrong(c, "a name that is not known");
	return 0;
}

static double
code_simple(struct code *c)
{
	double v;

	if (++c->depth > CODE_DEPTH)
		code_wrong(c, "nested too deep");
	if (code_takes(c, "(")) {
		v = code_or(c);
		if (!code_takes(c, ")"))
			code_wrong(c, ") is missing");
	} else if (code_takes(c, "-")) {
		v = -code_simple(c);
	} else if (code_takes(c, "+")) {
		v = code_simple(c);
	} else if (code_takes(c, "~")) {
		v = (double)~(int64_t)code_simple(c);
	} else if (isdigit((unsigned char)*c->p) || *c->p == '.') {
		char *end;

		v = strtod(c->p, &end);
		if (end == c->p)
			code_wrong(c, "a number is wrong");
		else
			c->p = end;
	} else {
		v = code_name(c);
	}
	c->depth--;
	return v;
}

static double
code_quotient(struct code *c, double a, double b, char how)
{
	if (b == 0) {
		code_wrong(c, "a division by 0");
		return 0;
	}
	if (how == '%')
		return a - b * (double)(int64_t)(a / b);
	return how == 'i' ? (double)(int64_t)(a / b) : a / b;
}

static double
code_product(struct code *c)
{
	double v = code_simple(c);

	while (!c->wrong[0]) {
		if (code_takes(c, "*"))
			v *= code_simple(c);
		else if (code_takes(c, "//"))
			v = code_quotient(c, v, code_simple(c), 'i');
		else if (code_takes(c, "/"))
			v = code_quotient(c, v, code_simple(c), '/');
		else if (code_takes(c, "%"))
			v = code_quotient(c, v, code_simple(c), '%');
		else
			break;
	}
	return v;
}

static double
code_sum(struct code *c)
{
	double v = code_product(c);

	while (!c->wrong[0]) {
		if (code_takes(c, "+"))
			v += code_product(c);
		else if (code_takes(c, "-"))
			v -= code_product(c);
		else
			break;
	}
	return v;
}

static double
code_bits(struct code *c)
{
	double v = code_sum(c);

	while (!c->wrong[0]) {
		if (code_takes(c, "<<"))
			v = (double)((int64_t)v << ((int64_t)code_sum(c) & 63));
		else if (code_takes(c, ">>"))
			v = (double)((int64_t)v >> ((int64_t)code_sum(c) & 63));
		else if (code_takes(c, "&"))
			v = (double)((int64_t)v & (int64_t)code_sum(c));
		else if (code_takes(c, "^"))
			v = (double)((int64_t)v ^ (int64_t)code_sum(c));
		else if (code_takes(c, "|"))
			v = (double)((int64_t)v | (int64_t)code_sum(c));
		else
			break;
	}
	return v;
}

/* v in (a, b) or [a, b] */
static bool
code_in(struct code *c, double v)
{
	bool list = code_takes(c, "["), found = false;

	if (!list && !code_takes(c, "("))
		code_wrong(c, "a list is missing");
	do {
		if (code_takes(c, list ? "]" : ")"))
			return found;
		found |= code_or(c) == v;
	} while (code_takes(c, ","));
	if (!code_takes(c, list ? "]" : ")"))
		code_wrong(c, "the list does not end");
	return found;
}

static double
code_compare(struct code *c)
{
	static const char token[][3] = {"==", "!=", "<=", ">=", "<", ">"};
	double a = code_bits(c), b;
	bool truth = true, any = false;

	while (!c->wrong[0]) { /* a < b < c is a < b and b < c */
		int i = 0;

		if (code_takes(c, "in"))
			return code_in(c, a);
		if (code_takes(c, "not")) {
			if (!code_takes(c, "in"))
				code_wrong(c, "not what");
			return !code_in(c, a);
		}
		while (i < 6 && !code_takes(c, token[i]))
			i++;
		if (i == 6)
			break;
		b = code_bits(c);
		truth = truth && (i == 0   ? a == b
				  : i == 1 ? a != b
				  : i == 2 ? a <= b
				  : i == 3 ? a >= b
				  : i == 4 ? a < b
					   : a > b);
		a = b;
		any = true;
	}
	return any ? truth : a;
}

static double
code_not(struct code *c)
{
	bool turn = false;

	while (code_takes(c, "not"))
		turn = !turn;
	return turn ? code_compare(c) == 0 : code_compare(c);
}

static double
code_and(struct code *c)
{
	double v = code_not(c);

	while (code_takes(c, "and")) {
		double w = code_not(c);

		v = v != 0 ? w : v;
	}
	return v;
}

static double
code_or(struct code *c)
{
	double v = code_and(c);

	while (code_takes(c, "or")) {
		double w = code_and(c);

		v = v != 0 ? v : w;
	}
	return v;
}

/* To the end of the statement, over strings. */
static void
code_skip(struct code *c)
{
	char quote = 0;

	for (; *c->p && (quote || (*c->p != '\n' && *c->p != ';')); c->p++) {
		if (quote ? *c->p == quote : *c->p == '"' || *c->p == '\'')
			quote = quote ? 0 : *c->p;
	}
}

static void
code_assign(struct code *c)
{
	struct variable *v = &c->var[c->vars < CODE_VARS - 1 ? c->vars : CODE_VARS - 1];
	char word[DRILL_WORD];

	if (!code_word(c, word) || !code_takes(c, "=")) {
		code_wrong(c, "this cannot be evaluated");
		return;
	}
	for (int i = 0; i < c->vars; i++)
		if (!strcmp(c->var[i].name, word))
			v = &c->var[i];
	memcpy(v->name, word, sizeof(word));
	v->value = code_or(c);
	if (v == &c->var[c->vars] && c->vars < CODE_VARS - 1)
		c->vars++;
}

static void
code_assert(struct code *c)
{
	const char *from;
	double v;

	code_blanks(c);
	from = c->p;
	v = code_or(c);
	if (v != 0 || c->wrong[0])
		code_takes(c, ",");
	else
		drill_fail(c->run, "not so: %.*s", (int)(c->p - from), from);
	if (v != 0 && c->p > from && c->p[-1] == ',')
		code_skip(c);
}

void
drill_code(struct drill_run *r, struct drill_event *e)
{
	struct code *c = calloc(1, sizeof(*c));

	if (!c)
		return;
	c->run = r;
	c->p = e->text;
	while (*c->p && !r->failed) {
		c->p += strspn(c->p, " \t\n;\r");
		if (*c->p == '#')
			c->p += strcspn(c->p, "\n");
		else if (code_takes(c, "assert"))
			code_assert(c);
		else if (code_takes(c, "print") || code_takes(c, "import") || code_takes(c, "pass"))
			code_skip(c);
		else if (*c->p)
			code_assign(c);
		c->p += strspn(c->p, " \t\r");
		if (*c->p && *c->p != '\n' && *c->p != ';' && *c->p != '#' && !r->failed)
			code_wrong(c, "this cannot be evaluated");
	}
	if (c->wrong[0])
		drill_fail(r, "%s", c->wrong);
	free(c);
}
