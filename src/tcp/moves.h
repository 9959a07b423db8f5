/*
 * moves.h - a connection as bytes, out of one stack and into another.
 *
 * Numbers are of variable length (7 bits a byte, least first), so that neither
 * width nor byte order of a machine shows; times are distances from now.
 */
#ifndef SW_TCP_MOVES_H
#define SW_TCP_MOVES_H

#include "tcp/tcp.h"

struct moved {
	uint8_t *to;	     /* writing; what does not fit is counted only */
	const uint8_t *from; /* reading */
	size_t at, cap;
	sw_ns now;
	uint64_t last; /* the number that was read or written last */
	bool bad;      /* reading: it is not what we write */
	bool full;     /* reading: a pool is used up */
};

/* Each reads or writes, by m->from; a number that is written is given back. */
uint64_t moved_num(struct moved *, uint64_t);
void moved_raw(struct moved *, void *, size_t n);

/* The block without its head's tuple, and all it holds. */
void tcp_move_out(struct tcp *, struct tcb *, struct moved *);
/* Into a block that is fresh but for its tuple.  false, if m->bad or m->full: then
 * tcp_drop() gives back what it took. */
bool tcp_move_in(struct tcp *, struct tcb *, struct moved *);

#endif
