/*
 * judge_capture.c - findings about the capture itself, and what the whole of it shows.
 */
#include "explain/work.h"

#include <stdlib.h>

enum { COPY_SHARE = 5, ONE_WAY_SHARE = 10, OFFLOAD_SHARE = 20 };

static struct ex_finding
fault_find(const struct fault *f, uint8_t variant)
{
	struct ex_finding found = ex_find_at(EX_F_CAPTURE, EX_NOBODY, NULL);

	found.variant = variant;
	ex_find_value(&found, EX_M_FRAMES, (double)f->n);
	ex_find_proof(&found, f->proof[0]);
	return found;
}

static void
told(struct ex_engine *e, enum fault_kind kind, uint8_t variant, enum ex_metric most, double value)
{
	struct ex_finding f = fault_find(&e->fault[kind], variant);

	if (most != EX_N_METRICS)
		ex_find_value(&f, most, value);
	ex_found_put(e, NULL, &f);
}

static void
faults(struct ex_engine *e)
{
	const struct fault *f = e->fault;
	uint64_t tcp = e->sum.tcp;

	if (f[FAULT_DROPPED].n > 0)
		told(e, FAULT_DROPPED, EX_V_DROPPED, EX_M_BYTES, (double)f[FAULT_DROPPED].most);
	if (f[FAULT_CUT].n > 0)
		told(e, FAULT_CUT, EX_V_CUT, EX_M_WINDOW, (double)f[FAULT_CUT].most);
	if (f[FAULT_SUPER].n > 0)
		told(e, FAULT_SUPER, EX_V_SUPER, EX_M_UNREAD, (double)f[FAULT_SUPER].most);
	if (f[FAULT_SUMS].n > 0)
		told(e, FAULT_SUMS, EX_V_SUMS, EX_N_METRICS, 0);
	else if (f[FAULT_CORRUPT].n > 0 && f[FAULT_CORRUPT].n * OFFLOAD_SHARE >= e->sums_good)
		told(e, FAULT_CORRUPT, EX_V_SUMS, EX_N_METRICS, 0);
	if (f[FAULT_COPIES].n > 1 && f[FAULT_COPIES].n * COPY_SHARE >= tcp)
		told(e, FAULT_COPIES, EX_V_COPIES, EX_N_METRICS, 0);
	if (f[FAULT_CLOCK].most >= SW_MS)
		told(e, FAULT_CLOCK, EX_V_CLOCK, EX_M_MAX, (double)f[FAULT_CLOCK].most / 1e9);
	if (f[FAULT_ONE_WAY].n * ONE_WAY_SHARE > e->two_way)
		told(e, FAULT_ONE_WAY, EX_V_ONE_WAY, EX_N_METRICS, 0);
}

static void
vantage(struct ex_engine *e)
{
	uint64_t most = e->at_client + e->at_server + e->at_middle;

	e->sum.vantage = EX_AT_UNKNOWN;
	if (most == 0)
		return;
	if (e->at_client * 2 > most)
		e->sum.vantage = EX_AT_CLIENT;
	else if (e->at_server * 2 > most)
		e->sum.vantage = EX_AT_SERVER;
	else
		e->sum.vantage = EX_AT_MIDDLE;
}

/* ---- how many stood in CLOSE-WAIT at once ------------------------------------- */

struct edge { /* one comes, or one goes */
	uint64_t place;
	sw_ns at;
	int step;
};

static int
edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->step - y->step;
}

static void
stays(struct ex_engine *e)
{
	struct edge *edge = ex_alloc((2 * e->stays + 1) * sizeof(*edge));
	size_t n = 0;
	int now = 0, peak = 0;

	for (size_t i = 0; i < e->stays; i++) {
		edge[n++] = (struct edge){e->stay[i].place, e->stay[i].from, 1};
		edge[n++] = (struct edge){e->stay[i].place, e->stay[i].to, -1};
	}
	qsort(edge, n, sizeof(*edge), edge_order);
	for (size_t i = 0; i < n; i++) {
		now += edge[i].step;
		peak = now > peak ? now : peak;
		if (i + 1 < n && edge[i + 1].place == edge[i].place)
			continue;
		ex_found_peak(e, edge[i].place, peak);
		now = peak = 0;
	}
	free(edge);
}

void
ex_judge_capture(struct ex_engine *e, bool cut)
{
	struct ex_finding f;

	vantage(e);
	stays(e);
	faults(e);
	if (cut) {
		f = ex_find_at(EX_F_CAPTURE, EX_NOBODY, NULL);
		f.variant = EX_V_SHORT;
		ex_find_proof(&f, e->packet ? e->sum.packets : 0);
		ex_found_put(e, NULL, &f);
	}
}

void
ex_engine_summary(const struct ex_engine *e, struct ex_summary *s)
{
	*s = e->sum;
	s->last = e->now;
	s->live_peak = (uint64_t)e->conn.peak + e->half.peak;
	s->memory = ex_pool_bytes(&e->conn) + ex_pool_bytes(&e->half) + ex_pool_bytes(&e->gone) +
		    ex_pool_bytes(&e->trouble) + ex_table_bytes(e->table);
}
