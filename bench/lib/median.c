/*
 * median.c - the middle one of several runs.
 */
#include <stdlib.h>

#include "median.h"

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
median_sort(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return n == 0 ? 0 : (v[(n - 1) / 2] + v[n / 2]) / 2;
}
