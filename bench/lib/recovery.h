/*
 * recovery.h - tables of ours alone, in virtual time: what recovery is worth when nothing
 * else limits it, what slow start's overshoot costs, and what was no loss at all.
 */
#ifndef SW_BENCH_RECOVERY_H
#define SW_BENCH_RECOVERY_H

#include "rows.h"

/* The window held at two bandwidth-delay products, a queue without end, random loss: goodput
 * as a part of (1 - p) times that without loss.  Then a minute from when the first data
 * leaves, a round trip after the SYN. */
void table_recovery(const struct ask *);
/* Reordering, and a delay of three round trips. */
void table_spurious(const struct ask *);

#endif
