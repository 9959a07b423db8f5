/*
 * bbr.h - what the files of BBR version 3 share: bbr.c, the model and its states, and
 * bbr_loss.c, what losses say.  Names are draft-ietf-ccwg-bbr's.
 */
#ifndef SW_TCP_BBR_H
#define SW_TCP_BBR_H

#include "tcp/parts.h"

enum bbr_mode { STARTUP, DRAIN, DOWN, CRUISE, REFILL, UP, PROBE_RTT, NO_MODE };
enum ack_phase { ACKS_INIT, ACKS_REFILLING, ACKS_STARTING, ACKS_FEEDBACK, ACKS_STOPPING };

enum {			    /* gains in thousandths */
       STARTUP_GAIN = 2773, /* 4 ln 2 */
       PROBE_RTT_GAIN = 500,
       MIN_PIPE = 4,	/* segments */
       LOSS_RANGES = 6, /* in a round: Startup is over */
       FULL_ROUNDS = 3,
       EXTRA_WINDOW = 10,
       RENO_ROUNDS = 63,
       LIKE_LEAST = 32 /* a round trip so little above the least shows no queue */
};

#define BOUNDLESS UINT32_MAX /* inflight_long, inflight_short */
#define MIN_RTT_FOR (10 * SW_S)
#define PROBE_RTT_EVERY (5 * SW_S)
#define PROBE_RTT_FOR (200 * SW_MS)

/* bbr.c */
uint64_t bbr_beta(uint64_t n);
uint64_t bbr_max_bw(const struct bbr *b);
uint64_t bbr_bw_now(const struct bbr *b);
uint32_t bbr_bdp(const struct tcp *tcp, const struct tcb *t, uint64_t bw, uint32_t gain);
void bbr_save_cwnd(const struct tcb *t, struct bbr *b);
void bbr_start_down(const struct tcp *tcp, const struct tcb *t, struct active *c);
bool bbr_loss_too_high(const struct tcb *t, uint32_t lost, uint32_t inflight);

/* bbr_loss.c */
void bbr_save_state(const struct tcb *t, struct bbr *b);
void bbr_take_losses(const struct tcp *tcp, const struct tcb *t, struct active *c);
bool bbr_update_signals(const struct tcb *t, struct active *c, const struct cc_ack *a);
void bbr_check_startup_loss(const struct tcp *tcp, const struct tcb *t, struct active *c,
			    const struct cc_ack *a);

#endif
