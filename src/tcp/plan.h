/*
 * plan.h - what send.c finds most worth sending, for emit.c to make.
 */
#ifndef SW_TCP_PLAN_H
#define SW_TCP_PLAN_H

#include "tcp/parts.h"

enum plan_kind { PLAN_NOTHING, PLAN_SYN, PLAN_AGAIN, PLAN_NEW, PLAN_KEEP, PLAN_ACK };

struct plan {
	enum plan_kind kind;
	uint32_t rec; /* AGAIN */
	uint32_t len; /* text */
	bool fin;
	uint32_t more; /* AGAIN: new text behind it, in the same segment */
	bool more_fin;
	bool probe; /* NEW: of the path's MTU */
};

struct plan plan_make(struct tcp *, struct tcb *, uint32_t gso);
uint32_t seg_text(const struct tcp *, const struct tcb *);

#endif
