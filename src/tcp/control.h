/*
 * control.h - what the congestion controllers keep of a connection that has data
 * in flight (in struct active; when all is acknowledged and queued no more, it is
 * forgotten, and only cwnd and ssthresh stay).
 */
#ifndef SW_TCP_CONTROL_H
#define SW_TCP_CONTROL_H

#include "base/seq.h"

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
	uint32_t too_much;     /* in flight when slow start met a loss; 0: it did not */
	uint32_t lost_before;  /* active.lost_ever then, without that loss */
	struct hystart start;
};

struct newreno {
	uint32_t bytes; /* congestion avoidance: acknowledged since cwnd last grew */
};

/* The largest of the last while, and two younger ones (bbr_model.c). */
struct best {
	uint64_t value[3];
	uint32_t at[3];
};

/* BBR version 1; rates in bytes a second, round trips in microseconds. */
struct bbr1 {
	struct best bw;	      /* over ten rounds */
	uint64_t pace;
	uint64_t full_bw;     /* the rate that was not exceeded by a quarter since */
	sw_ns min_rtt_at, phase_at;
	sw_ns done_at;	      /* PROBE_RTT ends then; 0: it still waits for the flight */
	sw_ns ack_at;	      /* since when `acked` counts */
	uint64_t acked;
	uint32_t min_rtt;     /* 0: not known */
	uint32_t rounds;
	uint32_t prior_cwnd;  /* before a recovery, or PROBE_RTT */
	uint32_t extra[2];    /* acknowledged beyond the rate: these five rounds, those before */
	uint8_t mode, phase;  /* enum bbr1_mode; of PROBE_BW: 0 to 7 */
	uint8_t phase_was;    /* enum cc_phase at the last ACK */
	uint8_t full_count, extra_rounds;
	bool extra_now;	      /* which of extra[] */
	bool begun, full, idle, conserves, round_done;
};

/* BBR version 3, the names of draft-ietf-ccwg-bbr; units as above. */
struct bbr {
	struct best extra;    /* extra_acked */
	uint64_t bw[2];	      /* max_bw_filter: this cycle, the one before */
	uint64_t rate;	      /* of the last sample */
	uint64_t bw_latest, bw_short, undo_bw_short, full_bw, pace;
	uint64_t loss_round_delivered;
	uint64_t probed;      /* active.delivered when Startup, or the last probe, was over */
	sw_ns min_rtt_at, probe_rtt_at, done_at, cycle_at, wait, extra_at;
	uint32_t min_rtt, probe_rtt_min, least_rtt; /* 0: not known */
	uint32_t rounds, drain_round, rounds_since_up;
	uint32_t inflight_latest, inflight_short, inflight_long, undo_short, undo_long;
	uint32_t extra_delivered;
	uint32_t up_acked, up_acked_per_inc;
	uint32_t prior_cwnd;
	uint32_t high_at;     /* high_pending: the flight at which losses passed 2 % */
	uint32_t round_lost;  /* active.lost_ever when the loss round began */
	uint64_t round_from;  /* active.delivered then */
	uint32_t pending_bytes; /* lost, and not yet taken */
	seq lost_end;	      /* behind what was lost last */
	uint8_t mode, undo_mode, ack_phase, phase_was;
	uint8_t up_rounds, full_count, loss_ranges;
	bool begun, full_reached, full_now, idle, round_done;
	bool loss_in_round, loss_pending, high_pending, high_limited;
	bool timed_out;	      /* no ACK has come since */
	bool probe_sample;    /* is_bw_probe_sample */
	bool too_high, precautionary; /* prev_probe_... */
};

union control {
	struct cubic cubic;
	struct bbr bbr;
	struct bbr1 bbr1;
	struct newreno newreno;
};

#endif
