/*
 * answer.c - what a stack says of itself: records and counters as JSON, metrics as
 * Prometheus' text.  All values are numbers or words of ours: nothing needs escaping.
 */
#include "live/parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void __attribute__((format(printf, 2, 3))) put(struct answer *a, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(a->out + a->len, OUT_ROOM - a->len, format, args);
	va_end(args);
	if (n > 0)
		a->len += (size_t)n < OUT_ROOM - a->len ? (size_t)n : OUT_ROOM - a->len - 1;
}

static uint64_t
us(sw_ns t)
{
	return t / SW_US;
}

static bool
room(const struct answer *a)
{
	return OUT_ROOM - a->len > LINE_ROOM;
}

static void
put_head(struct answer *a, const char *status, const char *type)
{
	put(a, "HTTP/1.1 %s\r\nContent-Type: %s\r\nConnection: close\r\n\r\n", status, type);
}

void
answer_refuse(struct answer *a, const char *status, const char *why)
{
	put_head(a, status, "text/plain");
	put(a, "%s\n", why);
	a->done = true;
}

void
answer_begin(struct answer *a, const char *request)
{
	static const struct {
		enum page page;
		char line[20], type[40];
	} pages[] = {
	    {PAGE_CONNECTIONS, "GET /connections ", "application/x-ndjson"},
	    {PAGE_COUNTERS, "GET /counters ", "application/json"},
	    {PAGE_METRICS, "GET /metrics ", "text/plain; version=0.0.4"},
	};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strncmp(request, pages[i].line, strlen(pages[i].line)) != 0)
			continue;
		a->page = pages[i].page;
		put_head(a, "200 OK", pages[i].type);
		return;
	}
	if (strncmp(request, "GET ", 4) != 0)
		answer_refuse(a, "405 Method Not Allowed", "only GET is answered here");
	else
		answer_refuse(a, "404 Not Found", "there are /connections, /counters and /metrics");
}

/* ---- connections ----------------------------------------------------------- */

static void
put_who(struct answer *a, sw_ns now)
{
	put(a,
	    "{\"synwave\":1,\"version\":\"%s\",\"verb\":\"%s\",\"pid\":%ld,\"now_us\":%" PRIu64
	    "}\n",
	    SW_VERSION, a->verb, (long)getpid(), us(now));
}

static void
put_windows(struct answer *a, const struct sw_status *s)
{
	put(a, ",\"cc\":\"%s\",\"cwnd\":%" PRIu32, sw_cc_name((enum sw_cc)s->cc), s->cwnd);
	if (s->ssthresh != UINT32_MAX)
		put(a, ",\"ssthresh\":%" PRIu32, s->ssthresh);
	put(a, ",\"pipe\":%" PRIu32 ",\"sacked\":%" PRIu32 ",\"lost\":%" PRIu32, s->pipe, s->sacked,
	    s->lost);
	put(a, ",\"mss\":%" PRIu32 ",\"path_mss\":%u,\"recovery\":%u", s->mss, s->path_mss,
	    s->recovery);
	put(a, ",\"rtt_us\":%" PRIu64 ",\"rttvar_us\":%" PRIu64 ",\"rto_us\":%" PRIu64, us(s->srtt),
	    us(s->rttvar), us(s->rto));
	put(a, ",\"retransmits\":%" PRIu32, s->retransmits);
}

static void
put_record(struct answer *a, const struct sw_status *s, sw_ns now)
{
	char local[SW_ADDR_TEXT], remote[SW_ADDR_TEXT];
	bool listens = s->state == SW_LISTEN && s->remote.port == 0;

	put(a, "{\"state\":\"%s\",\"local\":\"%s\",\"local_port\":%u", sw_state_name(s->state),
	    sw_addr_format(&s->local.addr, local), s->local.port);
	put(a, ",\"remote\":\"%s\",\"remote_port\":%u", sw_addr_format(&s->remote.addr, remote),
	    s->remote.port);
	put(a, ",\"recv_q\":%" PRIu32 ",\"send_q\":%" PRIu32, listens ? s->backlog : s->rcv_queued,
	    listens ? s->backlog_most : s->snd_queued);
	if (s->due != SW_NEVER)
		put(a, ",\"due_us\":%" PRIu64, s->due > now ? us(s->due - now) : 0);
	if (listens) {
		put(a, "}\n");
		return;
	}
	put(a, ",\"iface\":%d,\"retries\":%u,\"peer_mss\":%u", s->iface, s->retries, s->peer_mss);
	put(a, ",\"snd_wscale\":%u,\"rcv_wscale\":%u", s->snd_wscale, s->rcv_wscale);
	put(a, ",\"timestamps\":%s,\"sack\":%s,\"ecn\":%s", s->timestamps ? "true" : "false",
	    s->sack ? "true" : "false", s->ecn ? "true" : "false");
	put(a, ",\"snd_wnd\":%" PRIu32 ",\"rcv_wnd\":%" PRIu32 ",\"unacked\":%" PRIu32, s->snd_wnd,
	    s->rcv_wnd, s->snd_nxt - s->snd_una);
	/* numbers of 32 bits: they go round, and who looks twice can subtract */
	put(a, ",\"sent\":%" PRIu32 ",\"received\":%" PRIu32, s->snd_una - s->iss,
	    s->rcv_nxt - s->irs);
	if (s->mss > 0)
		put_windows(a, s);
	put(a, "}\n");
}

static void
more_connections(struct answer *a, const struct live_view *v)
{
	struct sw_status s = {.bytes = sizeof(s)};

	if (a->step++ == 0)
		put_who(a, v->now);
	while (room(a)) {
		if (!v->walk(v->ctx, &a->at, &s)) {
			a->done = true;
			return;
		}
		put_record(a, &s, v->now);
	}
}

/* ---- counters --------------------------------------------------------------- */

/* clang-format off */
#define COUNTERS(X) \
	X(packets_in, "Packets that came.") X(packets_out, "Packets that were sent.") \
	X(segments_in, "Segments that came.") X(segments_out, "Segments that were sent.") \
	X(bytes_in, "Payload that came, in order.") X(bytes_out, "Payload that was sent, the first time.") \
	X(retransmits, "Segments that were sent again.") X(retransmit_bytes, "Payload that was sent again.") \
	X(rtos, "Retransmission timeouts.") X(fast_recoveries, "Fast recoveries that began.") \
	X(loss_probes, "Tail loss probes.") X(undone, "Losses that were none.") \
	X(probes, "Zero-window probes.") X(keep_alives, "Keep-alive probes.") \
	X(challenges, "Challenge ACKs.") X(resets_out, "Resets that were sent.") \
	X(replies_dropped, "Replies without a connection for which there was no room.") \
	X(traces_dropped, "Trace events for which there was no room.")
/* clang-format on */

static const char pool_names[SW_N_POOLS][12] = {"conns",      "actives",   "half_opens",
						"time_waits", "listeners", "chunks",
						"records",    "runs",	   "datagrams"};

static struct sw_counters
counters(const struct live_view *v)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	v->count(v->ctx, &c);
	return c;
}

static void
put_counters(struct answer *a, const struct live_view *view)
{
	struct sw_counters c = counters(view);

	put(a, "{\"synwave\":1,\"verb\":\"%s\",\"pid\":%ld", a->verb, (long)getpid());
#define ONE(name, help) put(a, ",\"" #name "\":%" PRIu64, c.name);
	COUNTERS(ONE)
#undef ONE
	put(a, ",\"verdicts\":{");
	for (int v = 0; v < SW_N_VERDICTS; v++)
		put(a, "%s\"%s\":%" PRIu64, v ? "," : "", sw_verdict_name((enum sw_verdict)v),
		    c.verdict[v]);
	put(a, "},\"pools\":{");
	for (int p = 0; p < SW_N_POOLS; p++)
		put(a,
		    "%s\"%s\":{\"used\":%" PRIu64 ",\"most\":%" PRIu64 ",\"refused\":%" PRIu64 "}",
		    p ? "," : "", pool_names[p], c.pool_used[p], c.pool_high[p], c.pool_refused[p]);
	put(a, "}}\n");
	a->done = true;
}

/* ---- metrics ---------------------------------------------------------------- */

static void
put_family(struct answer *a, const char *name, const char *type, const char *help)
{
	put(a, "# HELP synwave_%s %s\n# TYPE synwave_%s %s\n", name, help, name, type);
}

static void
put_verdicts(struct answer *a, const struct sw_counters *c)
{
	put_family(a, "verdicts_total", "counter", "What was decided about arriving packets.");
	for (int v = 0; v < SW_N_VERDICTS; v++)
		put(a, "synwave_verdicts_total{verdict=\"%s\"} %" PRIu64 "\n",
		    sw_verdict_name((enum sw_verdict)v), c->verdict[v]);
}

static void
put_pools(struct answer *a, const struct sw_counters *c)
{
	put_family(a, "pool_used", "gauge", "Elements of a pool in use.");
	for (int p = 0; p < SW_N_POOLS; p++)
		put(a, "synwave_pool_used{pool=\"%s\"} %" PRIu64 "\n", pool_names[p],
		    c->pool_used[p]);
	put_family(a, "pool_refused_total", "counter", "Times at which a pool was used up.");
	for (int p = 0; p < SW_N_POOLS; p++)
		put(a, "synwave_pool_refused_total{pool=\"%s\"} %" PRIu64 "\n", pool_names[p],
		    c->pool_refused[p]);
}

static void
put_states(struct answer *a)
{
	put_family(a, "connections", "gauge", "Records, listeners too, by state.");
	for (int s = 0; s < SW_N_STATES; s++)
		put(a, "synwave_connections{state=\"%s\"} %" PRIu64 "\n",
		    sw_state_name((enum sw_state)s), a->states[s]);
	put_family(a, "build_info", "gauge", "Which program this is.");
	put(a, "synwave_build_info{version=\"%s\",verb=\"%s\"} 1\n", SW_VERSION, a->verb);
}

static void
put_totals(struct answer *a, const struct sw_counters *c)
{
#define ONE(name, help)                                                                            \
	put_family(a, #name "_total", "counter", help);                                            \
	put(a, "synwave_" #name "_total %" PRIu64 "\n", c->name);
	COUNTERS(ONE)
#undef ONE
}

/* Counts some more records; false: all of them were counted. */
static bool
count_states(struct answer *a, const struct live_view *v)
{
	struct sw_status s = {.bytes = sizeof(s)};

	for (int i = 0; i < RECORDS; i++) {
		if (!v->walk(v->ctx, &a->at, &s))
			return false;
		a->states[s.state]++;
	}
	return true;
}

static void
more_metrics(struct answer *a, const struct live_view *v)
{
	struct sw_counters c;

	if (count_states(a, v))
		return; /* the rest at the next turn */
	c = counters(v);
	if (a->step == 0)
		put_totals(a, &c);
	else if (a->step == 1)
		put_verdicts(a, &c);
	else if (a->step == 2)
		put_pools(a, &c);
	else
		put_states(a);
	a->done = ++a->step == 4;
}

void
answer_more(struct answer *a, const struct live_view *v)
{
	if (a->done || !room(a))
		return;
	if (a->page == PAGE_CONNECTIONS)
		more_connections(a, v);
	else if (a->page == PAGE_COUNTERS)
		put_counters(a, v);
	else
		more_metrics(a, v);
}
