/*
 * rows.c - of which rows a table of bench/paths consists, and how they are said.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "rows.h"

bool
wanted(const struct ask *a, const char *name)
{
	return a->only == NULL || strstr(name, a->only) != NULL;
}

void
job_make(struct flow_job *j, const struct ask *a, uint64_t bps, sw_ns rtt, const struct fault *f)
{
	struct sw_sim_path path = {.bytes = sizeof(path), .rate_bps = bps, .delay = rtt / 2};

	memset(j, 0, sizeof(*j));
	path.queue_bytes = bps / 8 * (rtt / SW_US) / 1000000;
	j->data = j->ack = path;
	j->data.loss = f->loss;
	j->data.burst_enter = f->enter;
	j->data.burst_leave = f->leave;
	j->data.burst_loss = f->enter ? 1000000 : 0;
	j->data.reorder = f->reorder;
	j->ack.loss = f->ack_loss;
	j->flows = 1;
	j->from = SKIP_S * SW_S;
	j->until = j->from + (sw_ns)a->seconds * SW_S;
}

static json_t *
json_runs(const struct sample *s)
{
	json_t *list = json_array();

	for (int i = 0; i < s->n; i++)
		json_array_append_new(list, json_real(s->v[i]));
	return list;
}

void
say_json(const char *name, const char *cc, const struct sample *ours, const struct sample *kernel)
{
	json_t *o = json_object();

	json_object_set_new(o, "path", json_string(name));
	json_object_set_new(o, "cc", json_string(cc));
	json_object_set_new(o, "ours", json_runs(ours));
	if (kernel->n > 0) {
		json_object_set_new(o, "kernel", json_runs(kernel));
		json_object_set_new(o, "late", json_real(kernel->late));
	}
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
	json_decref(o);
	printf("\n");
}

double
goodput(const struct flow_job *j, const struct flow_result *r)
{
	double seconds = (double)(j->until - j->from) / 1e9;

	return (double)r->bytes[0] * 8 * 100 / seconds / (double)j->data.rate_bps;
}
