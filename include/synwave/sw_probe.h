/*
 * sw_probe.h - unstable: what tests, explorers and printers may look at.
 */
#ifndef SYNWAVE_SW_PROBE_H
#define SYNWAVE_SW_PROBE_H

#include "sw.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A row of the state machine, as the source holds it (src/tcp/fsm.c). */
struct sw_edge {
	uint8_t from, on, to; /* enum sw_state, sw_cause, sw_state */
	bool figure_5;	      /* in RFC 9293's Figure 5, or in our second table */
	char action[16];      /* "snd SYN,ACK"; empty: none */
	char rule[28];	      /* where it stands */
};
size_t sw_probe_edges(const struct sw_edge **);		    /* how many */
uint64_t sw_probe_edge_count(const struct sw_stack *, size_t i); /* how often taken */

/*
 * Every invariant of every record: 0, or the line of the first that is broken.
 * O(everything): for tests.
 */
int sw_probe_check(const struct sw_stack *);
/* How many invariants broke in operation (each resets one connection). */
uint64_t sw_probe_broken(const struct sw_stack *);

/* A hash of the whole used state. */
uint64_t sw_probe_digest(const struct sw_stack *);

/*
 * The same with times as distances from now, names and counters left out: two
 * stacks that behave alike from now on have the same, for explorers of states.
 */
uint64_t sw_probe_digest_still(const struct sw_stack *);

/* This connection may have so much in the network now, for tests of recovery alone. */
void sw_probe_window(struct sw_stack *, sw_conn, uint32_t cwnd);

/* Every ISS from now on is exactly this, for tests; off: RFC 6528's again. */
void sw_probe_force_iss(struct sw_stack *, bool on, uint32_t iss);

#ifdef __cplusplus
}
#endif
#endif
