/*
 * csv.c - the table of connections, values apart by commas or tabs; no value holds one.
 */
#include "explain/report.h"

static const char *const columns[] = {"id",
				      "client",
				      "server",
				      "start",
				      "duration_s",
				      "outcome",
				      "closed_by",
				      "client_state",
				      "server_state",
				      "handshake_us",
				      "rtt_min_us",
				      "client_packets",
				      "server_packets",
				      "client_bytes",
				      "server_bytes",
				      "client_retrans",
				      "server_retrans",
				      "first_frame",
				      "last_frame",
				      "findings"};

void
ex_csv_head(FILE *out, char apart)
{
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (i > 0)
			fputc(apart, out);
		fputs(columns[i], out);
	}
	fputc('\n', out);
}

static void
put_end(FILE *out, const struct sw_endpoint *e, char apart)
{
	const struct ex_style plain = {.ascii = true};
	char text[EX_ENDPOINT];

	fprintf(out, "%s%c", ex_end_text(e, &plain, text), apart);
}

static void
put_time(FILE *out, sw_ns ns, char apart)
{
	fprintf(out, "%llu.%09llu%c", (unsigned long long)(ns / SW_S),
		(unsigned long long)(ns % SW_S), apart);
}

static const char *
last_state(const struct ex_end *e)
{
	return e->steps > 0 ? sw_state_name(e->step[e->steps - 1].state) : "";
}

static void
put_findings(FILE *out, uint32_t findings)
{
	const char *before = "";

	for (int i = 0; i < EX_N_FINDINGS; i++) {
		if (!(findings >> i & 1))
			continue;
		fprintf(out, "%s%s", before, ex_id_word((enum ex_id)i));
		before = " ";
	}
}

void
ex_csv_conn(FILE *out, const struct ex_conn *c, char apart)
{
	static const char who[3][8] = {"client", "server", ""};
	const struct ex_end *a = &c->end[EX_CLIENT], *b = &c->end[EX_SERVER];
	sw_ns rtt = a->rtt_min > b->rtt_min ? a->rtt_min : b->rtt_min;

	fprintf(out, "%llu%c", (unsigned long long)c->id, apart);
	put_end(out, &a->at, apart);
	put_end(out, &b->at, apart);
	put_time(out, c->start, apart);
	put_time(out, c->last > c->start ? c->last - c->start : 0, apart);
	fprintf(out, "%s%c%s%c%s%c%s%c", ex_outcome_word(c->outcome), apart, who[c->closed_by],
		apart, last_state(a), apart, last_state(b), apart);
	fprintf(out, "%.1f%c%.1f%c", (double)c->handshake / 1e3, apart, (double)rtt / 1e3, apart);
	fprintf(out, "%llu%c%llu%c%llu%c%llu%c", (unsigned long long)a->packets, apart,
		(unsigned long long)b->packets, apart, (unsigned long long)a->bytes, apart,
		(unsigned long long)b->bytes, apart);
	fprintf(out, "%u%c%u%c%llu%c%llu%c", a->again, apart, b->again, apart,
		(unsigned long long)c->first_frame, apart, (unsigned long long)c->last_frame,
		apart);
	put_findings(out, c->findings);
	fputc('\n', out);
}
