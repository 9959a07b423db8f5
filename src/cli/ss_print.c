/*
 * ss_print.c - records in the columns of ss(8), or as JSON.
 */
#include "ss.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lang.h"

bool
ss_add(struct ss_list *list, const struct ss_record *r)
{
	size_t cap = list->cap ? 2 * list->cap : 64;
	struct ss_record *more = list->record;

	if (list->n == list->cap) {
		more = realloc(list->record, cap * sizeof(*more));
		if (!more)
			return false;
		list->record = more;
		list->cap = cap;
	}
	list->record[list->n++] = *r;
	return true;
}

void
ss_free(struct ss_list *list)
{
	free(list->record);
	*list = (struct ss_list){0};
}

const char *
ss_state(enum sw_state s)
{
	static const char names[SW_N_STATES][12] = {
	    [SW_CLOSED] = "UNCONN",	    [SW_LISTEN] = "LISTEN",
	    [SW_SYN_SENT] = "SYN-SENT",	    [SW_SYN_RECEIVED] = "SYN-RECV",
	    [SW_ESTABLISHED] = "ESTAB",	    [SW_FIN_WAIT_1] = "FIN-WAIT-1",
	    [SW_FIN_WAIT_2] = "FIN-WAIT-2", [SW_CLOSE_WAIT] = "CLOSE-WAIT",
	    [SW_CLOSING] = "CLOSING",	    [SW_LAST_ACK] = "LAST-ACK",
	    [SW_TIME_WAIT] = "TIME-WAIT"};

	return names[s];
}

void
ss_ends(const struct sw_endpoint *e, const struct sw_endpoint *other, char host[SS_HOST],
	char port[SS_PORT])
{
	char text[SW_ADDR_TEXT];
	bool none = sw_addr_is_any(&e->addr) && !sw_addr_is4(&e->addr);

	sw_addr_format(&e->addr, text);
	if (none)
		snprintf(host, SS_HOST, sw_addr_is4(&other->addr) ? "0.0.0.0" : "*");
	else
		snprintf(host, SS_HOST, sw_addr_is4(&e->addr) ? "%s" : "[%s]", text);
	if (e->port)
		snprintf(port, SS_PORT, "%u", e->port);
	else
		snprintf(port, SS_PORT, "*");
}

/* As ss(8): without -a and -l what is open or opening or closing, but no small records. */
bool
ss_wanted(const struct ss_args *a, const struct ss_record *r)
{
	bool small = r->state == SW_LISTEN || r->state == SW_CLOSED || r->state == SW_TIME_WAIT ||
		     r->state == SW_SYN_RECEIVED;

	if ((a->only4 && !sw_addr_is4(&r->local.addr)) || (a->only6 && sw_addr_is4(&r->local.addr)))
		return false;
	if (!a->filter.has_states && !a->all && (a->listening ? r->state != SW_LISTEN : small))
		return false;
	return ss_filter_takes(&a->filter, r);
}

/* ---- the table -------------------------------------------------------------- */

struct widths {
	int state, recv, send, host[2], port[2];
};

static void
widen(int *width, const char *text)
{
	int n = (int)strlen(text);

	*width = n > *width ? n : *width;
}

static void
state_text(const struct ss_record *r, char text[16])
{
	snprintf(text, 16, "%s%s", ss_state(r->state), r->guess ? "?" : "");
}

static struct widths
measure(const struct ss_args *a, const struct ss_list *list)
{
	struct widths w = {5, 6, 6, {13, 12}, {4, 4}};
	char text[32], host[SS_HOST], port[SS_PORT];

	for (size_t i = 0; i < list->n; i++) {
		const struct ss_record *r = &list->record[i];

		if (!ss_wanted(a, r))
			continue;
		state_text(r, text);
		widen(&w.state, text);
		snprintf(text, sizeof(text), "%" PRIu32, r->recv_q);
		widen(&w.recv, text);
		snprintf(text, sizeof(text), "%" PRIu32, r->send_q);
		widen(&w.send, text);
		ss_ends(&r->local, &r->remote, host, port);
		widen(&w.host[0], host);
		widen(&w.port[0], port);
		ss_ends(&r->remote, &r->local, host, port);
		widen(&w.host[1], host);
		widen(&w.port[1], port);
	}
	return w;
}

/* " timer:(2min,0)" as ss -o has it, without a name for what runs. */
static void
print_timer(const struct ss_record *r)
{
	const char *name = r->state == SW_TIME_WAIT ? "timewait" : r->retries ? "on" : "due";

	if (!r->has_due)
		return;
	if (r->due_us >= 60000000)
		printf(" timer:(%s,%" PRIu64 "min%02" PRIu64 "sec,%u)", name, r->due_us / 60000000,
		       r->due_us / 1000000 % 60, r->retries);
	else if (r->due_us >= 10000000)
		printf(" timer:(%s,%" PRIu64 "sec,%u)", name, r->due_us / 1000000, r->retries);
	else
		printf(" timer:(%s,%" PRIu64 "ms,%u)", name, r->due_us / 1000, r->retries);
}

/* The line of -i, in ss(8)'s words; what of it we do not know is not there. */
static void
print_info(const struct ss_record *r)
{
	printf("\t");
	printf("%s%s%s", r->timestamps ? " ts" : "", r->sack ? " sack" : "", r->ecn ? " ecn" : "");
	if (*r->cc)
		printf(" %s", r->cc);
	if (r->snd_wscale || r->rcv_wscale)
		printf(" wscale:%u,%u", r->snd_wscale, r->rcv_wscale);
	if (r->has_cc) {
		printf(" rto:%g", (double)r->rto_us / 1000);
		if (r->retries)
			printf(" backoff:%u", r->retries);
		if (r->rtt_us)
			printf(" rtt:%g/%g", (double)r->rtt_us / 1000, (double)r->rttvar_us / 1000);
		printf(" mss:%" PRIu32 " advmss:%" PRIu32, r->mss, r->path_mss);
		if (r->cwnd)
			printf(" cwnd:%" PRIu32,
			       r->mss ? (r->cwnd + r->mss - 1) / r->mss : r->cwnd);
		if (r->has_ssthresh && r->ssthresh)
			printf(" ssthresh:%" PRIu32, r->mss ? r->ssthresh / r->mss : r->ssthresh);
	}
	if (r->sent > 1)
		printf(" bytes_acked:%" PRIu32, r->sent - 1);
	if (r->received > 1)
		printf(" bytes_received:%" PRIu32, r->received - 1);
	if (r->unacked)
		printf(" unacked:%" PRIu32, r->mss ? (r->unacked + r->mss - 1) / r->mss : 1);
	if (r->retransmits)
		printf(" retrans:%u/%" PRIu32, r->retries, r->retransmits);
	if (r->lost)
		printf(" lost:%" PRIu32, r->mss ? (r->lost + r->mss - 1) / r->mss : r->lost);
	if (r->sacked)
		printf(" sacked:%" PRIu32, r->mss ? (r->sacked + r->mss - 1) / r->mss : r->sacked);
	printf(" snd_wnd:%" PRIu32 " rcv_wnd:%" PRIu32 "\n", r->snd_wnd, r->rcv_wnd);
}

static void
print_row(const struct ss_args *a, const struct widths *w, const struct ss_record *r)
{
	char state[16], host[2][SS_HOST], port[2][SS_PORT];

	state_text(r, state);
	ss_ends(&r->local, &r->remote, host[0], port[0]);
	ss_ends(&r->remote, &r->local, host[1], port[1]);
	printf("%-*s %-*" PRIu32 " %-*" PRIu32 " %*s:%-*s %*s:%-*s", w->state, state, w->recv,
	       r->recv_q, w->send, r->send_q, w->host[0], host[0], w->port[0], port[0], w->host[1],
	       host[1], a->processes || a->timers ? w->port[1] : 0, port[1]);
	if (a->processes && r->pid)
		printf(" users:((\"%s\",pid=%ld))", r->program, r->pid);
	if (a->timers)
		print_timer(r);
	printf("\n");
	if (a->info && r->has_info)
		print_info(r);
}

static void
print_table(const struct ss_args *a, const struct ss_list *list)
{
	struct widths w = measure(a, list);

	if (!a->no_header)
		printf("%-*s %-*s %-*s %*s:%-*s %*s:%s%s\n", w.state, "State", w.recv, "Recv-Q",
		       w.send, "Send-Q", w.host[0], "Local Address", w.port[0], "Port", w.host[1],
		       "Peer Address", "Port", a->processes ? " Process" : "");
	for (size_t i = 0; i < list->n; i++)
		if (ss_wanted(a, &list->record[i]))
			print_row(a, &w, &list->record[i]);
}

/* ---- JSON -------------------------------------------------------------------- */

static void
put_int(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static json_t *
end_object(const struct sw_endpoint *e)
{
	char text[SW_ADDR_TEXT];
	json_t *o = json_object();

	json_object_set_new(o, "addr", json_string(sw_addr_format(&e->addr, text)));
	put_int(o, "port", e->port);
	return o;
}

static void
put_info(json_t *o, const struct ss_record *r)
{
	json_object_set_new(o, "timestamps", json_boolean(r->timestamps));
	json_object_set_new(o, "sack", json_boolean(r->sack));
	json_object_set_new(o, "ecn", json_boolean(r->ecn));
	put_int(o, "snd_wscale", r->snd_wscale);
	put_int(o, "rcv_wscale", r->rcv_wscale);
	put_int(o, "snd_wnd", r->snd_wnd);
	put_int(o, "rcv_wnd", r->rcv_wnd);
	put_int(o, "unacked", r->unacked);
	put_int(o, "sent", r->sent);
	put_int(o, "received", r->received);
	if (!r->has_cc)
		return;
	json_object_set_new(o, "cc", json_string(r->cc));
	put_int(o, "cwnd", r->cwnd);
	if (r->has_ssthresh)
		put_int(o, "ssthresh", r->ssthresh);
	put_int(o, "mss", r->mss);
	put_int(o, "lost", r->lost);
	put_int(o, "sacked", r->sacked);
	put_int(o, "retransmits", r->retransmits);
	put_int(o, "rtt_us", r->rtt_us);
	put_int(o, "rttvar_us", r->rttvar_us);
	put_int(o, "rto_us", r->rto_us);
}

static json_t *
record_object(const struct ss_record *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "state", json_string(sw_state_name(r->state)));
	if (r->guess)
		json_object_set_new(o, "inferred", json_true());
	json_object_set_new(o, "local", end_object(&r->local));
	json_object_set_new(o, "peer", end_object(&r->remote));
	put_int(o, "recv_q", r->recv_q);
	put_int(o, "send_q", r->send_q);
	if (r->has_due)
		put_int(o, "due_us", r->due_us);
	if (r->pid) {
		json_object_set_new(o, "program", json_string(r->program));
		put_int(o, "pid", (uint64_t)r->pid);
	}
	if (r->has_info)
		put_info(o, r);
	return o;
}

static void
print_json(const struct ss_args *a, const struct ss_list *list)
{
	json_t *all = json_array(), *top = json_object(), *o;

	for (size_t i = 0; i < list->n; i++) {
		if (!ss_wanted(a, &list->record[i]))
			continue;
		o = record_object(&list->record[i]);
		if (a->form == SS_NDJSON) {
			json_dumpf(o, stdout, JSON_COMPACT);
			printf("\n");
		}
		json_array_append_new(all, o);
	}
	put_int(top, "synwave", 1);
	json_object_set_new(top, "connections", all);
	if (a->form == SS_JSON) {
		json_dumpf(top, stdout, JSON_INDENT(1));
		printf("\n");
	}
	json_decref(top);
}

/* How many of each state, as ss -s. */
static void
print_summary(const struct ss_list *list)
{
	size_t n[SW_N_STATES] = {0};

	for (size_t i = 0; i < list->n; i++)
		n[list->record[i].state]++;
	printf("TCP: %zu", list->n);
	for (int s = 0; s < SW_N_STATES; s++)
		if (n[s])
			printf(", %s %zu", ss_state((enum sw_state)s), n[s]);
	printf("\n");
}

void
ss_print(const struct ss_args *a, const struct ss_list *list)
{
	if (a->form != SS_TABLE)
		print_json(a, list);
	else if (a->summary)
		print_summary(list);
	else
		print_table(a, list);
}
