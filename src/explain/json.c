/*
 * json.c - JSON, as doc/explain.schema.json says.  Written as it goes, one connection
 * after the other: there may be millions.
 *
 * Times are seconds from the connection's start, frames those of Wireshark, so that
 * frame.number==217 finds them there.
 */
#include "explain/report.h"

#include <string.h>

void
ex_json_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20)
			fprintf(out, "\\u%04x", *p);
		else
			fputc(*p, out);
	}
	fputc('"', out);
}

/* Seconds, to the nanosecond, without needless zeros. */
static void
seconds(FILE *out, sw_ns ns)
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%llu.%09llu", (unsigned long long)(ns / SW_S),
			 (unsigned long long)(ns % SW_S));

	while (digits[n - 1] == '0')
		digits[--n] = '\0';
	if (digits[n - 1] == '.')
		digits[n - 1] = '\0';
	fputs(digits, out);
}

/* ---- a connection --------------------------------------------------------------- */

static void
endpoint(FILE *out, const char *name, const struct sw_endpoint *e)
{
	char addr[SW_ADDR_TEXT];

	fprintf(out, "\"%s\":{\"addr\":\"%s\",\"port\":%u}", name, sw_addr_format(&e->addr, addr),
		e->port);
}

static void
states(FILE *out, const char *name, const struct ex_conn *c, const struct ex_end *end)
{
	fprintf(out, "\"%s\":[", name);
	for (unsigned i = 0; i < end->steps; i++) {
		const struct ex_step *s = &end->step[i];

		fprintf(out, "%s{\"s\":\"%s\",\"at\":", i ? "," : "", sw_state_name(s->state));
		seconds(out, s->at > c->start ? s->at - c->start : 0);
		if (s->frame)
			fprintf(out, ",\"frame\":%llu", (unsigned long long)s->frame);
		else
			fputs(",\"frame\":null", out);
		fputs(s->inferred ? ",\"inferred\":true}" : "}", out);
	}
	fputc(']', out);
}

static void
round_trip(FILE *out, const struct ex_end *end)
{
	if (end->rtt_min == 0)
		return;
	fprintf(out, ",\"rtt_us\":{\"min\":%.1f,\"p50\":%.1f}", (double)end->rtt_min / 1e3,
		(double)end->rtt_p50 / 1e3);
}

static void
stats(FILE *out, const char *name, const struct ex_end *e)
{
	fprintf(out, "\"%s\":{\"packets\":%llu,\"bytes\":%llu,\"retrans\":%u", name,
		(unsigned long long)e->packets, (unsigned long long)e->bytes, e->again);
	fprintf(out, ",\"retrans_bytes\":%llu,\"rto\":%u,\"fast\":%u,\"tlp\":%u,\"spurious\":%u",
		(unsigned long long)e->again_bytes, e->rto, e->fast, e->tlp, e->spurious);
	fprintf(out, ",\"unseen\":%u,\"syn_retrans\":%u,\"fin_retrans\":%u,\"ooo\":%u", e->unseen,
		e->syn_again, e->fin_again, e->out_of_order);
	fprintf(out, ",\"dup_acks\":%u,\"zero_window\":%u,\"zero_window_s\":", e->dup_acks,
		e->zero_windows);
	seconds(out, e->zero_window);
	fprintf(out, ",\"probes\":%u,\"keep_alives\":%u,\"window_max\":%u,\"ttl\":%u", e->probes,
		e->keep_alives, e->wnd_max, e->ttl);
	fprintf(out, ",\"sack\":%s,\"timestamps\":%s", e->sack ? "true" : "false",
		e->timestamps ? "true" : "false");
	if (e->wscale >= 0)
		fprintf(out, ",\"ws\":%d", e->wscale);
	if (e->mss)
		fprintf(out, ",\"mss\":%u", e->mss);
	round_trip(out, e);
	fputc('}', out);
}

static void
ids(FILE *out, uint32_t findings)
{
	bool first = true;

	fputs(",\"findings\":[", out);
	for (int i = 0; i < EX_N_FINDINGS; i++) {
		if (!(findings >> i & 1))
			continue;
		fprintf(out, "%s\"%s\"", first ? "" : ",", ex_id_word((enum ex_id)i));
		first = false;
	}
	fputc(']', out);
}

/* The way to the farther end and back: of the two, the one that is longer. */
static void
farther(FILE *out, const struct ex_conn *c)
{
	const struct ex_end *a = &c->end[0], *b = &c->end[1];

	round_trip(out, a->rtt_p50 >= b->rtt_p50 ? a : b);
}

void
ex_json_conn(FILE *out, const struct ex_conn *c)
{
	static const char who[3][8] = {"client", "server", ""};

	fprintf(out, "{\"id\":%llu,", (unsigned long long)c->id);
	endpoint(out, "client", &c->end[EX_CLIENT].at);
	fputc(',', out);
	endpoint(out, "server", &c->end[EX_SERVER].at);
	fputs(",\"start\":", out);
	seconds(out, c->start);
	fputs(",\"duration_s\":", out);
	seconds(out, c->last > c->start ? c->last - c->start : 0);
	fprintf(out, ",\"first_frame\":%llu,\"last_frame\":%llu",
		(unsigned long long)c->first_frame, (unsigned long long)c->last_frame);
	if (c->handshake)
		fprintf(out, ",\"handshake_us\":%.1f", (double)c->handshake / 1e3);
	farther(out, c);
	if (c->closed_by == EX_NOBODY)
		fputs(",\"closed_by\":null", out);
	else
		fprintf(out, ",\"closed_by\":\"%s\"", who[c->closed_by]);
	fprintf(out, ",\"outcome\":\"%s\"", ex_outcome_word(c->outcome));
	fprintf(out, ",\"began_before\":%s,\"one_way\":%s", c->began_before ? "true" : "false",
		c->one_way ? "true" : "false");
	ids(out, c->findings);
	fputs(",\"states\":{", out);
	states(out, "client", c, &c->end[EX_CLIENT]);
	fputc(',', out);
	states(out, "server", c, &c->end[EX_SERVER]);
	fputs("},", out);
	stats(out, "client_stats", &c->end[EX_CLIENT]);
	fputc(',', out);
	stats(out, "server_stats", &c->end[EX_SERVER]);
	fputc('}', out);
}

/* ---- a finding ---------------------------------------------------------------------- */

static void
sentence(FILE *out, const char *name, const struct ex_report *r, const struct ex_finding *f,
	 enum ex_part part)
{
	char text[EX_SENTENCE];

	fprintf(out, ",\"%s\":", name);
	ex_json_text(out, ex_say(f, part, &r->style, text));
}

static void
numbers(FILE *out, const char *name, const uint64_t *n, unsigned count)
{
	bool first = true;

	fprintf(out, ",\"%s\":[", name);
	for (unsigned i = 0; i < count; i++) {
		if (n[i] == 0)
			continue;
		fprintf(out, "%s%llu", first ? "" : ",", (unsigned long long)n[i]);
		first = false;
	}
	fputc(']', out);
}

static void
metrics(FILE *out, const struct ex_finding *f)
{
	fputs(",\"metrics\":{", out);
	for (int i = 0; i < f->values; i++)
		fprintf(out, "%s\"%s\":%.10g", i ? "," : "", ex_metric_word(f->value[i].what),
			f->value[i].value);
	fputc('}', out);
}

void
ex_json_finding(FILE *out, const struct ex_report *r, const struct ex_finding *f)
{
	static const char role[3][8] = {"client", "server", ""};
	const struct ex_style plain = {.ascii = true};
	char end[EX_ENDPOINT];
	uint64_t first = 0;

	for (int i = 0; i < f->proofs; i++)
		if (f->proof[i] && (first == 0 || f->proof[i] < first))
			first = f->proof[i];
	fprintf(out, "{\"id\":\"%s\",\"kind\":\"%s\",\"severity\":\"%s\",\"certainty\":\"%s\"",
		ex_id_word(f->id), ex_say_name(f), ex_severity_word(f->severity),
		ex_certainty_word(f->certainty));
	if (f->role == EX_NOBODY)
		fputs(",\"side\":null,\"role\":null", out);
	else
		fprintf(out, ",\"side\":\"%s\",\"role\":\"%s\"", ex_end_text(&f->side, &plain, end),
			role[f->role]);
	if (!sw_addr_is_any(&f->peer.addr))
		fprintf(out, ",\"peer\":\"%s\"", ex_end_text(&f->peer, &plain, end));
	fprintf(out, ",\"count\":%llu", (unsigned long long)f->count);
	numbers(out, "connections", f->conn, f->conns);
	if (first)
		fprintf(out, ",\"first_frame\":%llu", (unsigned long long)first);
	numbers(out, "evidence", f->proof, f->proofs);
	metrics(out, f);
	sentence(out, "title", r, f, EX_TITLE);
	sentence(out, "text", r, f, EX_WHAT);
	sentence(out, "whose", r, f, EX_WHOSE);
	sentence(out, "proof", r, f, EX_PROOF);
	sentence(out, "hint", r, f, EX_NEXT);
	fputc('}', out);
}

/* ---- the capture ---------------------------------------------------------------------- */

void
ex_json_summary(FILE *out, const struct ex_report *r)
{
	static const char at[4][8] = {"unknown", "client", "server", "middle"};
	const struct ex_summary *s = r->sum;

	fprintf(out, "\"synwave\":%d,\"file\":", EX_JSON_VERSION);
	ex_json_text(out, r->file ? r->file : "");
	fprintf(out,
		",\"packets\":%llu,\"tcp_packets\":%llu,\"other_packets\":%llu,"
		"\"bad_packets\":%llu,\"bytes\":%llu,\"start\":",
		(unsigned long long)s->packets, (unsigned long long)s->tcp,
		(unsigned long long)s->other, (unsigned long long)s->bad,
		(unsigned long long)s->bytes);
	seconds(out, s->first);
	fputs(",\"span_s\":", out);
	seconds(out, s->last > s->first ? s->last - s->first : 0);
	fprintf(out, ",\"connection_count\":%llu,\"began_before\":%llu,\"one_way\":%llu",
		(unsigned long long)s->conns, (unsigned long long)s->began_before,
		(unsigned long long)s->one_way);
	fprintf(out, ",\"retransmissions\":%llu,\"resets\":%llu,\"vantage\":\"%s\"",
		(unsigned long long)s->again, (unsigned long long)s->resets, at[s->vantage]);
	if (s->handshake_max)
		fprintf(out, ",\"handshake_us\":{\"min\":%.1f,\"max\":%.1f}",
			(double)s->handshake_min / 1e3, (double)s->handshake_max / 1e3);
	fprintf(out, ",\"complete\":%s", r->trouble ? "false" : "true");
	if (r->trouble) {
		fputs(",\"error\":", out);
		ex_json_text(out, r->trouble);
	}
}
