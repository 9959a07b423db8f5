/*
 * median.h - the middle one of several runs.
 */
#ifndef SW_BENCH_MEDIAN_H
#define SW_BENCH_MEDIAN_H

/* Sorts v; of an even number the mean of the two in the middle; 0 of none. */
double median_sort(double *v, int n);

#endif
