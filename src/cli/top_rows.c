/*
 * top_rows.c - what has changed between two looks, the most of something first.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lang.h"
#include "top.h"

static const char keys[N_TOP_KEYS][8] = {"in",	  "out",     "rtt",   "cwnd",
					 "queue", "retrans", "state", "port"};

int
top_key_named(const char *name)
{
	for (int i = 0; i < N_TOP_KEYS; i++)
		if (!strcmp(name, keys[i]))
			return i;
	return -1;
}

const char *
top_key_name(enum top_key key)
{
	return keys[key];
}

/* ---- rates ----------------------------------------------------------------- */

static bool
same(const struct ss_record *a, const struct ss_record *b)
{
	return a->pid == b->pid && a->local.port == b->local.port &&
	       a->remote.port == b->remote.port && sw_addr_same(&a->local.addr, &b->local.addr) &&
	       sw_addr_same(&a->remote.addr, &b->remote.addr);
}

/* The same connection at the look before; most stand where they stood. */
static const struct ss_record *
find(const struct ss_list *list, const struct ss_record *r, size_t near)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct ss_record *other = &list->record[(near + i) % list->n];

		if (same(other, r))
			return other;
	}
	return NULL;
}

static struct top_row
row_of(const struct top *t, size_t i)
{
	struct top_row row = {.record = &t->now.list.record[i]};
	const struct ss_record *before = find(&t->before.list, row.record, i);
	double d = t->now.at - t->before.at;

	if (!before || d <= 0)
		return row;
	/* numbers go round: their difference does not */
	row.in = (uint64_t)((uint32_t)(row.record->received - before->received) / d);
	row.out = (uint64_t)((uint32_t)(row.record->sent - before->sent) / d);
	return row;
}

/* ---- order ------------------------------------------------------------------- */

static uint64_t
weight(const struct top_row *r, enum top_key key)
{
	const struct ss_record *c = r->record;

	switch (key) {
	case TOP_IN:
		return r->in;
	case TOP_OUT:
		return r->out;
	case TOP_RTT:
		return c->rtt_us;
	case TOP_CWND:
		return c->cwnd;
	case TOP_QUEUE:
		return (uint64_t)c->recv_q + c->send_q;
	case TOP_RETRANS:
		return c->retransmits;
	case TOP_STATE:
		return (uint64_t)c->state;
	default:
		return UINT16_MAX - c->local.port;
	}
}

static enum top_key order; /* for qsort() */

static int
compare(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	uint64_t wx = weight(x, order), wy = weight(y, order);

	if (wx != wy)
		return wx > wy ? -1 : 1;
	return x->record->remote.port < y->record->remote.port
		   ? -1
		   : x->record->remote.port > y->record->remote.port;
}

/* ---- lines -------------------------------------------------------------------- */

/* "12.3M": bytes in four columns or five. */
static void
brief(uint64_t n, char text[16])
{
	static const char units[] = " kMGT";
	double v = (double)n;
	int u = 0;

	for (; v >= 1000 && u < 4; u++)
		v /= 1000;
	if (u == 0)
		snprintf(text, 16, "%" PRIu64, n);
	else
		snprintf(text, 16, v < 10 ? "%.1f%c" : "%.0f%c", v, units[u]);
}

static void
ends_text(const struct ss_record *r, bool remote, char text[SS_HOST + SS_PORT + 1])
{
	char host[SS_HOST], port[SS_PORT];

	ss_ends(remote ? &r->remote : &r->local, remote ? &r->local : &r->remote, host, port);
	snprintf(text, SS_HOST + SS_PORT + 1, "%s:%s", host, port);
}

static void
print_row(const struct top_row *row, int columns, const char *end)
{
	const struct ss_record *r = row->record;
	char local[SS_HOST + SS_PORT + 1], remote[SS_HOST + SS_PORT + 1];
	char in[16], out[16], cwnd[16], recv[16], send[16], line[512];
	int n;

	ends_text(r, false, local);
	ends_text(r, true, remote);
	brief(row->in, in);
	brief(row->out, out);
	brief(r->cwnd, cwnd);
	brief(r->recv_q, recv);
	brief(r->send_q, send);
	n = snprintf(line, sizeof(line), "%-10s %5s %5s %8.2f %6s %5" PRIu32 " %6s %6s %-21s %s",
		     ss_state(r->state), in, out, (double)r->rtt_us / 1000, cwnd, r->retransmits,
		     recv, send, local, remote);
	printf("%.*s%s", n < columns ? n : columns, line, end);
}

static uint64_t
total(const struct top_row *row, size_t n, bool out)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += out ? row[i].out : row[i].in;
	return sum;
}

static void
print_head(const struct top *t, const struct top_row *row, size_t n, const char *end)
{
	char in[16], out[16];

	brief(total(row, n, false), in);
	brief(total(row, n, true), out);
	printf(_("%d programs, %zu connections, %s B/s in, %s B/s out; by %s"), t->now.programs, n,
	       in, out, keys[t->key]);
	printf("%s", end);
	printf("%-10s %5s %5s %8s %6s %5s %6s %6s %-21s %s%s", "State", "in/s", "out/s", "rtt ms",
	       "cwnd", "again", "Recv-Q", "Send-Q", "Local", "Peer", end);
}

void
top_print(const struct top *t, int rows, int columns, const char *end)
{
	struct top_row *row = calloc(t->now.list.n + 1, sizeof(*row));
	size_t n = 0;

	for (size_t i = 0; row && i < t->now.list.n; i++)
		if (ss_wanted(&t->args, &t->now.list.record[i]))
			row[n++] = row_of(t, i);
	if (!row)
		return;
	order = t->key;
	qsort(row, n, sizeof(*row), compare);
	print_head(t, row, n, end);
	for (size_t i = 0; i < n && (int)i < rows - 2; i++)
		print_row(&row[i], columns, end);
	free(row);
}
