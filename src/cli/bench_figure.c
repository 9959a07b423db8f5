/*
 * bench_figure.c - runs, their median, and how they are told.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

void
figure_run(struct bench_figure *f, double value)
{
	if (f->runs < BENCH_RUNS_MAX)
		f->run[f->runs++] = value;
}

void
figure_note(struct bench_figure *f, const char *name, double value)
{
	if (f->notes < BENCH_NOTES)
		f->note[f->notes++] = (struct bench_note){name, value};
}

bool
figure_wrong(struct bench_figure *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->wrong, sizeof(f->wrong), format, args);
	va_end(args);
	return false;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
median_of(const double *v, uint32_t n)
{
	double sorted[BENCH_RUNS_MAX];

	if (n == 0 || n > BENCH_RUNS_MAX)
		return 0;
	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double
figure_median(const struct bench_figure *f)
{
	return median_of(f->run, f->runs);
}

/* A number with as many digits as it is worth. */
static void
number_say(double v)
{
	char text[32];

	if (v >= 10000)
		printf("%s", sw_text_count((uint64_t)(v + 0.5), text));
	else
		printf("%.*f", v < 10 ? 3 : v < 1000 ? 1 : 0, v);
}

void
figure_say(const struct bench_figure *f, const char *name)
{
	printf("%-8s %s (%s of", name, f->text, f->runs > 1 ? "median" : "value");
	for (uint32_t i = 0; i < f->runs; i++) {
		printf(" ");
		number_say(f->run[i]);
	}
	printf(")\n");
}

bool
figure_json(const struct bench_figure *f, const char *name)
{
	json_t *root = json_object(), *runs = json_array();
	char *text;

	json_object_set_new(root, "bench", json_string(name));
	json_object_set_new(root, "value", json_real(figure_median(f)));
	json_object_set_new(root, "unit", json_string(f->unit));
	for (uint32_t i = 0; i < f->runs; i++)
		json_array_append_new(runs, json_real(f->run[i]));
	json_object_set_new(root, "runs", runs);
	for (uint32_t i = 0; i < f->notes; i++)
		json_object_set_new(root, f->note[i].name, json_real(f->note[i].value));
	text = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
	json_decref(root);
	if (text == NULL)
		return false;
	printf("%s\n", text);
	free(text);
	return true;
}
