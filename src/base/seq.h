/*
 * seq.h - a sequence number is a place on a circle (RFC 9293 3.4).
 *
 * It is a struct, so that `<` on it does not compile.  Places are compared by
 * their distance, which is taken once and then is an ordinary number.
 */
#ifndef SW_BASE_SEQ_H
#define SW_BASE_SEQ_H

#include "base/base.h"

typedef struct {
	uint32_t n;
} seq;

static inline seq
seq_at(uint32_t n)
{
	return (seq){n};
}

static inline seq
seq_add(seq a, uint32_t n)
{
	return (seq){a.n + n};
}

static inline seq
seq_sub(seq a, uint32_t n)
{
	return (seq){a.n - n};
}

/* How far `a` lies behind `from`: forward distance, 0 to 2^32 - 1. */
static inline uint32_t
seq_from(seq a, seq from)
{
	return a.n - from.n;
}

/* The same, signed: negative when `a` lies before `from`. */
static inline int32_t
seq_off(seq a, seq from)
{
	uint32_t d = a.n - from.n;

	return d <= INT32_MAX ? (int32_t)d : -(int32_t)(UINT32_MAX - d) - 1;
}

static inline bool
seq_eq(seq a, seq b)
{
	return a.n == b.n;
}

static inline bool
seq_lt(seq a, seq b)
{
	return seq_off(a, b) < 0;
}

static inline bool
seq_leq(seq a, seq b)
{
	return seq_off(a, b) <= 0;
}

#endif
