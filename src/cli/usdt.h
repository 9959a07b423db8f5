/*
 * usdt.h - static probes for bpftrace, perf and SystemTap, where <sys/sdt.h> is there
 * when this is built (Debian: systemtap-sdt-dev).  A probe that nobody uses is one
 * instruction that does nothing.
 *
 *	segment_in(verdict, ctl, len, local port, remote port)
 *	segment_out(retransmission, ctl, len, local port, remote port)
 *	state(from, to, cause, local port, remote port)
 *	timer(which, state, local port, remote port)
 *
 *	bpftrace -e 'usdt:/usr/local/bin/synwave:synwave:state { printf("%d -> %d\n", arg0, arg1) }'
 */
#ifndef SW_CLI_USDT_H
#define SW_CLI_USDT_H

#include <synwave/sw.h>

#if defined(__has_include)
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define USDT 1
#endif
#endif

/* An event of a stack, to whom it interests. */
static inline void
usdt_event(const struct sw_trace *t)
{
#ifdef USDT
	switch (t->kind) {
	case SW_T_IN:
	case SW_T_DROP:
		DTRACE_PROBE5(synwave, segment_in, t->verdict, t->ctl, t->len, t->local.port,
			      t->remote.port);
		break;
	case SW_T_OUT:
		DTRACE_PROBE5(synwave, segment_out, t->retransmission, t->ctl, t->len,
			      t->local.port, t->remote.port);
		break;
	case SW_T_STATE:
		DTRACE_PROBE5(synwave, state, t->from, t->to, t->cause, t->local.port,
			      t->remote.port);
		break;
	case SW_T_TIMER:
		DTRACE_PROBE4(synwave, timer, t->timer, t->to, t->local.port, t->remote.port);
		break;
	}
#else
	(void)t;
#endif
}

#endif
