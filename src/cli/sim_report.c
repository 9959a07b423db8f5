/*
 * sim_report.c - how a run went: for people, as comments of a Mermaid diagram,
 * or as one line of JSON.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

/* ---- the verdict -------------------------------------------------------- */

/* Did `host` close as it should have, being first or not? */
static bool
closed_well(const struct run *r, const struct flow *f, int host)
{
	const struct path *p = &f->end[host].path;
	bool first = r->args->close == CLOSE_BOTH || (int)r->args->close == host;

	if (!p->legal || p->cut || !path_ended(p) || !path_has(p, SW_ESTABLISHED))
		return false;
	if (first)
		return path_has(p, SW_FIN_WAIT_1) && path_has(p, SW_TIME_WAIT);
	return path_has(p, SW_LAST_ACK) || path_has(p, SW_TIME_WAIT);
}

static bool
arrived(const struct flow *f, int from)
{
	const struct source *s = &f->end[from].source;

	return s->end && !s->failed && s->bytes == f->end[!from].sink.bytes &&
	       !memcmp(f->sent[from], f->received[from], SHA256_DIGEST_SIZE);
}

enum { FLOW_WRONG = 128 };

/* What is wrong with one connection; NULL: nothing. */
static const char *
flow_wrong(const struct run *r, const struct flow *f, char room[FLOW_WRONG])
{
	if (f->end[HOST_A].source.failed || f->end[HOST_B].source.failed)
		return "FILE could not be read";
	for (int i = 0; i < 2; i++)
		if (f->end[i].error) {
			snprintf(room, FLOW_WRONG, "%c: %s", 'A' + i,
				 sw_error_text(f->end[i].error));
			return room;
		}
	if (r->late)
		return "not done within the limit";
	if (!arrived(f, HOST_A) || (r->args->both && !arrived(f, HOST_B)))
		return "not every byte arrived as it was sent";
	if (!closed_well(r, f, HOST_A) || !closed_well(r, f, HOST_B))
		return "an end did not go to CLOSED through the states it should";
	return NULL;
}

bool
report_good(const struct run *r, char *why, size_t size)
{
	char room[FLOW_WRONG];
	const char *wrong = r->interrupted ? "interrupted" : NULL;
	uint64_t i = 0;

	for (; !wrong && i < r->args->flows; i++)
		wrong = flow_wrong(r, &r->flow[i], room);
	if (wrong && r->args->flows > 1 && i > 0)
		snprintf(why, size, "connection %" PRIu64 ": %s", i, wrong);
	else
		snprintf(why, size, "%s", wrong ? wrong : "");
	if (!wrong && (r->pcap_failed || r->print_failed))
		snprintf(why, size, "output could not be written");
	return why[0] == '\0';
}

/* ---- numbers ------------------------------------------------------------ */

/* Payload bits in a second from the first SYN to the last byte at the other side. */
static uint64_t
goodput(const struct run *r, const struct flow *f, int from)
{
	const struct sink *s = &f->end[!from].sink;
	uint64_t us = s->last > r->wire.first_syn ? (s->last - r->wire.first_syn) / SW_US : 0;

	if (us == 0)
		return 0;
	return s->bytes / us * 8000000 + s->bytes % us * 8000000 / us;
}

static sw_ns
close_time(const struct run *r)
{
	return r->wire.closed > r->wire.first_fin && r->wire.closing
		   ? r->wire.closed - r->wire.first_fin
		   : 0;
}

static sw_ns
handshake_time(const struct run *r)
{
	return r->wire.opened ? r->wire.established - r->wire.first_syn : 0;
}

static struct sw_counters
counters(const struct run *r, int host)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	sw_counters(r->host[host].stack, &c);
	return c;
}

static struct sw_sim_counters
link_counters(const struct run *r, int host)
{
	struct sw_sim_counters c = {.bytes = sizeof(c)};

	sw_sim_counters(r->sim, host, &c);
	return c;
}

static void
hex(const uint8_t sum[SHA256_DIGEST_SIZE], char text[2 * SHA256_DIGEST_SIZE + 1])
{
	for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
}

static const char *
state_word(enum sw_state s)
{
	const char *name = sw_state_name(s);

	return name ? name : "?";
}

/* ---- text --------------------------------------------------------------- */

static void
print_states(const struct run *r, int host, const char *lead)
{
	const struct path *p = &r->flow->end[host].path;
	int column = 16;

	printf("%sstates %c      ", lead, 'A' + host);
	for (int i = 0; i < p->n; i++) {
		const char *name = state_word(p->state[i]);

		if (column + (int)strlen(name) + 1 > 96) {
			printf("\n%s             ", lead);
			column = 16;
		}
		printf(" %s", name);
		column += (int)strlen(name) + 1;
	}
	printf("\n");
}

static void
print_verdicts(const struct run *r, int host, const char *lead)
{
	struct sw_counters c = counters(r, host);
	int column = 16;

	printf("%sverdicts %c    ", lead, 'A' + host);
	for (int v = 0; v < SW_N_VERDICTS; v++) {
		char one[64], n[32];

		if (!c.verdict[v])
			continue;
		snprintf(one, sizeof(one), " %s %s", sw_verdict_name((enum sw_verdict)v),
			 sw_text_count(c.verdict[v], n));
		if (column + (int)strlen(one) > 96) {
			printf("\n%s             ", lead);
			column = 16;
		}
		printf("%s", one);
		column += (int)strlen(one);
	}
	printf("\n");
}

static void
print_link(const struct run *r, int host, const char *lead)
{
	struct sw_sim_counters c = link_counters(r, host);
	const struct {
		uint64_t n;
		const char *name;
	} rows[] = {{c.lost, "lost"},
		    {c.reordered, "reordered"},
		    {c.duplicated, "duplicated"},
		    {c.corrupted, "corrupted"},
		    {c.queue_dropped, r->args->aqm ? "dropped by the queue" : "queue full"},
		    {c.marked, "marked"},
		    {c.too_big, "too big"}};
	char n[32];

	printf("%swire %c->%c      %s packets", lead, 'A' + host, 'B' - host,
	       sw_text_count(c.sent, n));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].n)
			printf(", %s %s", sw_text_count(rows[i].n, n), rows[i].name);
	printf("\n");
}

/* Jain's index of the flows' goodputs, in thousandths: 1000: all the same. */
static unsigned
fairness(const struct run *r)
{
	double sum = 0, squares = 0;

	for (uint64_t i = 0; i < r->args->flows; i++) {
		double g = (double)goodput(r, &r->flow[i], HOST_A);

		sum += g;
		squares += g * g;
	}
	return squares > 0 ? (unsigned)(1000 * sum * sum / squares / (double)r->args->flows) : 0;
}

/* One line a connection, if there are several. */
static void
print_flows(const struct run *r, const char *lead)
{
	char bytes[32];

	for (uint64_t i = 0; r->args->flows > 1 && i < r->args->flows; i++) {
		const struct flow *f = &r->flow[i];
		uint64_t bps = goodput(r, f, HOST_A);

		printf("%sflow %-2" PRIu64 "        port %u, %s bytes, goodput %" PRIu64
		       ".%03" PRIu64 " Mbit/s\n",
		       lead, i + 1, f->end[HOST_A].port,
		       sw_text_count(f->end[HOST_B].sink.bytes, bytes), bps / 1000000,
		       bps % 1000000 / 1000);
	}
	if (r->args->flows > 1)
		printf("%sfairness       %u.%03u (Jain: 1 is the same for all)\n", lead,
		       fairness(r) / 1000, fairness(r) % 1000);
}

static void
print_way(const struct run *r, int from, const char *lead)
{
	char bytes[32], sum[2 * SHA256_DIGEST_SIZE + 1];
	uint64_t bps = goodput(r, r->flow, from);

	printf("%s%c to %c         %s bytes, goodput %" PRIu64 ".%03" PRIu64 " Mbit/s\n", lead,
	       'A' + from, 'B' - from, sw_text_count(r->flow->end[!from].sink.bytes, bytes),
	       bps / 1000000, bps % 1000000 / 1000);
	hex(r->flow->sent[from], sum);
	printf("%s  SHA-256 at %c  %s\n", lead, 'A' + from, sum);
	hex(r->flow->received[from], sum);
	printf("%s  SHA-256 at %c  %s\n", lead, 'B' - from, sum);
}

#define SECONDS "%" PRIu64 ".%06" PRIu64 " s"
#define IN_SECONDS(t) (uint64_t)((t) / SW_S), (uint64_t)((t) % SW_S / 1000)

static void
report_text(const struct run *r, const char *lead)
{
	struct sw_counters a = counters(r, HOST_A), b = counters(r, HOST_B);
	char why[256];
	bool good = report_good(r, why, sizeof(why));

	print_way(r, HOST_A, lead);
	if (r->args->both)
		print_way(r, HOST_B, lead);
	print_flows(r, lead);
	printf("%ssent again     %" PRIu64 " segments by A, %" PRIu64 " by B\n", lead,
	       a.retransmits, b.retransmits);
	if (handshake_time(r) > 0)
		printf("%shandshake      %" PRIu64 " segments, " SECONDS "\n", lead,
		       r->wire.handshake, IN_SECONDS(handshake_time(r)));
	else
		printf("%shandshake      not completed\n", lead);
	printf("%sclose          %" PRIu64 " segments, " SECONDS "\n", lead, r->wire.close,
	       IN_SECONDS(close_time(r)));
	print_states(r, HOST_A, lead);
	print_states(r, HOST_B, lead);
	print_link(r, HOST_A, lead);
	print_link(r, HOST_B, lead);
	print_verdicts(r, HOST_A, lead);
	print_verdicts(r, HOST_B, lead);
	printf("%svirtual time   " SECONDS ", limit " SECONDS "\n", lead,
	       IN_SECONDS(sw_sim_now(r->sim)), IN_SECONDS(r->limit));
	printf("%sseed           %" PRIu64 ", trace hash 0x%016" PRIx64 "\n", lead, r->args->seed,
	       sw_sim_hash(r->sim));
	printf("%sresult         %s\n", lead, good ? "ok" : why);
}

/* ---- JSON --------------------------------------------------------------- */

static void
put_int(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void
put_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, json_string(text));
}

static void
put_seconds(json_t *o, const char *key, sw_ns t)
{
	json_object_set_new(o, key, json_real((double)t / 1e9));
}

static void
put_states(json_t *o, const char *key, const struct path *p)
{
	json_t *list = json_array();

	for (int i = 0; i < p->n; i++)
		json_array_append_new(list, json_string(state_word(p->state[i])));
	json_object_set_new(o, key, list);
}

static void
put_way(json_t *o, const struct run *r, int from)
{
	char sum[2 * SHA256_DIGEST_SIZE + 1];

	put_int(o, "bytes", r->flow->end[!from].sink.bytes);
	put_int(o, "goodput_bps", goodput(r, r->flow, from));
	put_int(o, "retransmits", counters(r, from).retransmits);
	hex(r->flow->sent[from], sum);
	put_text(o, "sha256_sent", sum);
	hex(r->flow->received[from], sum);
	put_text(o, "sha256_received", sum);
}

static json_t *
link_object(const struct run *r, int host)
{
	struct sw_sim_counters c = link_counters(r, host);
	json_t *o = json_object();

	put_int(o, "sent", c.sent);
	put_int(o, "sent_bytes", c.sent_bytes);
	put_int(o, "lost", c.lost);
	put_int(o, "reordered", c.reordered);
	put_int(o, "duplicated", c.duplicated);
	put_int(o, "corrupted", c.corrupted);
	put_int(o, "queue_dropped", c.queue_dropped);
	put_int(o, "marked", c.marked);
	put_int(o, "too_big", c.too_big);
	put_int(o, "delivered", c.delivered);
	return o;
}

static json_t *
verdict_object(const struct run *r, int host)
{
	struct sw_counters c = counters(r, host);
	json_t *o = json_object();

	for (int v = 0; v < SW_N_VERDICTS; v++)
		if (c.verdict[v])
			put_int(o, sw_verdict_name((enum sw_verdict)v), c.verdict[v]);
	return o;
}

static void
put_rest(json_t *o, const struct run *r)
{
	char hash[20];

	snprintf(hash, sizeof(hash), "0x%016" PRIx64, sw_sim_hash(r->sim));
	put_states(o, "states_a", &r->flow->end[HOST_A].path);
	put_states(o, "states_b", &r->flow->end[HOST_B].path);
	put_int(o, "handshake_segments", r->wire.handshake);
	put_seconds(o, "handshake_seconds", handshake_time(r));
	put_int(o, "close_segments", r->wire.close);
	put_seconds(o, "close_seconds", close_time(r));
	put_seconds(o, "virtual_seconds", sw_sim_now(r->sim));
	put_seconds(o, "limit_seconds", r->limit);
	put_int(o, "seed", r->args->seed);
	put_text(o, "trace_hash", hash);
	put_int(o, "ip_version", r->args->v6 ? 6 : 4);
	json_object_set_new(o, "link_a_to_b", link_object(r, HOST_A));
	json_object_set_new(o, "link_b_to_a", link_object(r, HOST_B));
	json_object_set_new(o, "verdicts_a", verdict_object(r, HOST_A));
	json_object_set_new(o, "verdicts_b", verdict_object(r, HOST_B));
}

static void
put_flows(json_t *o, const struct run *r)
{
	json_t *list = json_array(), *one;

	for (uint64_t i = 0; i < r->args->flows; i++) {
		one = json_object();
		put_int(one, "port", r->flow[i].end[HOST_A].port);
		put_int(one, "bytes", r->flow[i].end[HOST_B].sink.bytes);
		put_int(one, "goodput_bps", goodput(r, &r->flow[i], HOST_A));
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "flows", list);
	json_object_set_new(o, "fairness", json_real(fairness(r) / 1000.0));
}

static void
report_json(const struct run *r)
{
	json_t *o = json_object(), *reverse;
	char why[256];
	bool good = report_good(r, why, sizeof(why));

	json_object_set_new(o, "ok", json_boolean(good));
	if (!good)
		put_text(o, "error", why);
	put_way(o, r, HOST_A);
	put_int(o, "retransmits",
		counters(r, HOST_A).retransmits + counters(r, HOST_B).retransmits);
	if (r->args->both) {
		reverse = json_object();
		put_way(reverse, r, HOST_B);
		json_object_set_new(o, "reverse", reverse);
	}
	if (r->args->flows > 1)
		put_flows(o, r);
	put_rest(o, r);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
	printf("\n");
	json_decref(o);
}

void
report(const struct run *r)
{
	char why[256];

	if (r->args->out == OUT_JSON) {
		report_json(r);
	} else if (r->args->out != OUT_SVG) {
		if (r->args->show != SHOW_NONE && r->args->out == OUT_TEXT)
			printf("\n");
		report_text(r, r->args->out == OUT_MERMAID ? "%% " : "");
	}
	if (!report_good(r, why, sizeof(why)))
		fprintf(stderr, "synwave sim: %s\n", why);
}

/* ---- progress ----------------------------------------------------------- */

bool
progress_wanted(void)
{
	return isatty(STDERR_FILENO);
}

void
progress(const struct run *r, bool last)
{
	static struct timespec before;
	struct timespec t;
	uint64_t got = 0, all = r->sized ? r->size * r->args->flows : 0;
	int full;
	char n[32];

	for (uint64_t i = 0; i < r->args->flows; i++)
		got += r->flow[i].end[HOST_B].sink.bytes;
	full = all ? (int)(got * 40 / all) : 0;

	if (last) {
		fprintf(stderr, "\r\033[K");
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &t);
	if ((t.tv_sec - before.tv_sec) * 1000 + (t.tv_nsec - before.tv_nsec) / 1000000 < 100)
		return;
	before = t;
	if (full > 40)
		full = 40;
	fprintf(stderr, "\r[%.*s%*s] %s bytes, " SECONDS " virtual\033[K", full,
		"########################################", 40 - full, "", sw_text_count(got, n),
		IN_SECONDS(sw_sim_now(r->sim)));
}
