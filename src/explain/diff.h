/*
 * diff.h - two captures of the same traffic, taken at two places: which packets were
 * seen at one of them only.
 *
 * A packet is the same if addresses, ports, numbers, control bits, length and, for
 * IPv4, identification are.  All packets are kept: 24 bytes each.  The clocks of the
 * two places may differ: what they say of the same packets, in both directions, tells
 * by how much, and which place is nearer to the sender.
 */
#ifndef SW_EXPLAIN_DIFF_H
#define SW_EXPLAIN_DIFF_H

#include "explain/explain.h"

struct ex_diff;

enum { EX_DIFF_SHOWN = 16 };

/* One direction of a connection. */
struct ex_diff_way {
	struct sw_endpoint from, to;
	int nearer;	   /* 0, 1: the place near its sender; -1: that is not known */
	uint64_t seen[2];  /* packets, while both places looked */
	uint64_t alone[2]; /* of them, seen at this place only */
	uint64_t frame[2][EX_DIFF_SHOWN]; /* the first of those */
};

struct ex_diff *ex_diff_new(void);
void ex_diff_free(struct ex_diff *);
/* A packet of the capture at this place, 0 or 1. */
void ex_diff_packet(struct ex_diff *, int place, const struct ex_packet *);
/* After all: each direction, in the order in which they began.  How many packets are in both. */
uint64_t ex_diff_end(struct ex_diff *, void (*)(void *ctx, const struct ex_diff_way *), void *ctx);
/* Clock of the second place minus that of the first, if `common' packets tell. */
int64_t ex_diff_offset(const struct ex_diff *);

#endif
