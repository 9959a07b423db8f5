/*
 * control.h - what the congestion controllers keep of a connection that has data
 * in flight (in struct active; when all is acknowledged and queued no more, it is
 * forgotten, and only cwnd and ssthresh stay).
 */
#ifndef SW_TCP_CONTROL_H
#define SW_TCP_CONTROL_H

#include "base/base.h"

/* The curve of the present congestion avoidance stage (RFC 9438 4.1.2). */
struct cubic_curve {
	sw_ns epoch;	 /* when the stage began; 0: it has not */
	uint32_t w_max;	 /* bytes; 0: not known */
	uint32_t k;	 /* 1/1024 s */
	uint32_t w_est;	 /* bytes: what Reno would have */
	uint32_t prior;	 /* cwnd when ssthresh was last set */
};

/* HyStart++ (RFC 9406 4.2); times in microseconds, UINT32_MAX: infinity. */
struct hystart {
	uint32_t min_rtt;      /* currentRoundMinRTT */
	uint32_t last_min_rtt; /* lastRoundMinRTT */
	uint32_t baseline;     /* cssBaselineMinRtt */
	uint32_t rest;	       /* bytes acknowledged in CSS that cwnd has not grown for */
	uint8_t samples;       /* rttSampleCount */
	uint8_t css_rounds;    /* rounds begun in conservative slow start; 0: not in it */
	bool begun;
};

struct cubic {
	struct cubic_curve now, undo;
	sw_ns unused_since;    /* cwnd is not what limits us; 0: it is */
	uint64_t rest;	       /* of the growth, below one byte: x cwnd */
	uint64_t est_rest;     /* of w_est's: x 17 cwnd */
	struct hystart start;
};

struct newreno {
	uint32_t bytes; /* congestion avoidance: acknowledged since cwnd last grew */
};

union control {
	struct cubic cubic;
	struct newreno newreno;
};

#endif
