/*
 * cc.h - what recovery and sending know of congestion control.
 *
 * Recovery tells what each ACK told and when a loss was found; a controller
 * answers by t->cwnd, t->ssthresh and a pace.  How cwnd comes down to ssthresh
 * during a recovery (PRR) is recovery's, unless the controller sets cwnd itself.
 */
#ifndef SW_TCP_CC_H
#define SW_TCP_CC_H

#include "tcp/tcp.h"

/* What one ACK told. */
struct cc_ack {
	uint32_t bytes;		/* newly acknowledged or SACKed */
	uint32_t acked;		/* text by which SND.UNA moved */
	uint32_t lost;		/* newly taken for lost */
	uint32_t flight_before; /* in the network before this ACK */
	sw_ns rtt;		/* of the last-sent it covers that was sent once; 0: none */
	uint8_t phase;		/* enum cc_phase: when it came */
	bool limited;		/* cwnd was what limited us: it may grow (RFC 7661, 5681 3.1) */
	bool round;		/* a round trip has ended */
	bool ece;		/* ECN: the peer echoes CE */
	/* delivery rate sample: draft-ietf-ccwg-bbr 4.1 */
	bool app_limited;
	sw_ns interval;		/* 0: no sample */
	uint32_t delivered;	/* bytes over it */
	uint64_t prior_delivered; /* active.delivered when what it covers was sent */
	uint32_t tx_in_flight;	/* in the network just after that was sent */
	uint32_t tx_lost;	/* lost from then on */
};

/* The connection is open: the first window. */
void cc_init(const struct tcp *, struct tcb *);
uint32_t cc_initial_window(const struct tcp *, const struct tcb *);
/* An ACK told something: every one, also in recovery; after losses were found. */
void cc_acked(struct tcp *, struct tcb *, struct active *, const struct cc_ack *);
/* A recovery begins; c->phase is CC_RECOVERY already.  Sets ssthresh; and cwnd if
 * cc_sets_cwnd(). */
void cc_loss(struct tcp *, struct tcb *, struct active *);
/* A transmission is taken for lost, and counted so. */
void cc_lost(struct active *, const struct rec *);
/* An ECN mark was echoed, the first in this window, by an ACK of so much: sets ssthresh
 * and cwnd. */
void cc_marked(struct tcp *, struct tcb *, struct active *, uint32_t acked);
/* The retransmission timer fired; nothing has been marked lost yet. */
void cc_timeout(struct tcp *, struct tcb *, struct active *);
/* All that was in flight at the loss has arrived. */
void cc_recovered(struct tcp *, struct tcb *, struct active *);
/* There was no loss: back to what was before.  t->cwnd and t->ssthresh have been
 * put back already; the controller does its own. */
void cc_undo(struct tcp *, struct tcb *, struct active *);
/* The application has data, and nothing is in flight.  late: after a whole RTO. */
void cc_idle(const struct tcp *, struct tcb *, struct active *, bool late);
/* Does the controller set cwnd in recovery, so that PRR may not? */
bool cc_sets_cwnd(const struct active *);
/* Must what it knows outlive a pause, when the active part would be given back? */
bool cc_remembers(const struct active *);
/* Data is about to go, and nothing is in flight. */
void cc_restart(struct tcp *, struct tcb *, struct active *);
/* Bytes a second; 0: as fast as cwnd allows. */
uint64_t cc_pacing(const struct tcp *, const struct tcb *, const struct active *);

#endif
