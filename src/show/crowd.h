/*
 * crowd.h - many connections of every kind between two hosts, from one seed: how often
 * each row of the state machine is taken.
 */
#ifndef SW_SHOW_CROWD_H
#define SW_SHOW_CROWD_H

#include <stdbool.h>
#include <stdint.h>

enum { CROWD = 400, CROWD_EDGES = 128 };

/* Adds up the rows, in the order of sw_probe_edges(); false: no memory. */
bool crowd_run(uint64_t seed, uint64_t count[CROWD_EDGES]);

#endif
