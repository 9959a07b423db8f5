/*
 * sw_sim.h - a simulated wire between stacks, in virtual time.
 *
 * A simulator holds hosts (your stacks, an interface of each) and links.  It has
 * no clock: time jumps from event to event, so that 240 s of TIME-WAIT cost
 * microseconds.  Everything random comes from one seed: the same seed and the
 * same calls give the same packets on every machine.
 *
 *	sim = sw_sim_new(seed);
 *	a = sw_sim_host(sim, stack_a, 0);
 *	b = sw_sim_host(sim, stack_b, 0);
 *	sw_sim_link(sim, a, b, &path, &path);
 *	open, listen;
 *	while (sw_sim_step(sim, until))
 *		sw_event() of each stack, calls with sw_sim_now(sim);
 *
 * Each direction of a link: the faults act first, then the queue (drop-tail, in
 * bytes), then the rate (bytes of IP packets), then the delay.  Interfaces are
 * SW_LINK_IP.  Super-packets are cut and partial checksums completed before all
 * of that, as a network card would.
 *
 * Ownership: stacks stay yours and must outlive the simulator.  Packets handed
 * to callbacks are lent for the call.  Callbacks may not call sw_sim_step() or
 * sw_sim_free(); all else is allowed.  Errors are negative (enum sw_error).
 */
#ifndef SYNWAVE_SW_SIM_H
#define SYNWAVE_SW_SIM_H

#include "sw.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sw_sim;

/* CoDel (RFC 8289: 5 ms, 100 ms) drops; with ECN it marks what is ECN-capable instead. */
enum sw_sim_aqm { SW_SIM_DROP_TAIL, SW_SIM_CODEL, SW_SIM_CODEL_ECN };

/*
 * One direction of a link.  Chances are in millionths (ppm): 10000 is 1%.
 * All zeros but `bytes` is a perfect wire.
 */
struct sw_sim_path {
	size_t bytes;	      /* sizeof(struct sw_sim_path) of your compiler */
	uint64_t rate_bps;    /* bits of IP packets in a second; 0: no limit */
	sw_ns delay;	      /* one way */
	sw_ns jitter;	      /* up to this much more, at random; order is kept */
	uint64_t queue_bytes; /* room before the rate; 0: no limit */
	uint32_t mtu;	      /* bytes of an IP packet; 0: no limit */
	bool black_hole;      /* nobody says so of what is longer: no ICMP */
	uint32_t loss;	      /* ppm */
	uint32_t burst_enter; /* ppm a packet: a burst of losses begins (Gilbert-Elliott) */
	uint32_t burst_leave; /* ppm a packet: it ends */
	uint32_t burst_loss;  /* ppm: loss while it lasts */
	uint64_t loss_mask;   /* bit i: the i-th packet of this direction is lost */
	uint32_t reorder;     /* ppm: held back so that later ones overtake it */
	sw_ns reorder_by;     /* at most so long; 0: a quarter of the delay, at least 1 ms */
	uint32_t duplicate;   /* ppm: comes twice */
	uint32_t corrupt;     /* ppm: one bit is flipped, anywhere in the IP packet */
	enum sw_sim_aqm aqm;  /* what the queue does before it is full */
};

/* What happened to the packets of one direction.  Copies are not `sent`. */
struct sw_sim_counters {
	size_t bytes; /* sizeof(struct sw_sim_counters): set before the call */
	uint64_t sent, sent_bytes;
	uint64_t lost, reordered, duplicated, corrupted;
	uint64_t queue_dropped; /* by a full queue or by its management */
	uint64_t marked;	/* given CE by the queue's management (RFC 3168) */
	uint64_t too_big;	/* more than the mtu: answered by ICMP, as a router does, or not */
	uint64_t fragmented;	/* more than the mtu, and allowed to be cut */
	uint64_t no_memory;	/* dropped because the simulator was out of memory */
	uint64_t delivered, delivered_bytes;
};

/* NULL: no memory. */
struct sw_sim *sw_sim_new(uint64_t seed);
void sw_sim_free(struct sw_sim *); /* NULL is allowed */

/*
 * Puts interface `iface` of a stack on the table: the host's number, from 0.
 * Without a stack (NULL) it is a host of yours: what it sends you give to
 * sw_sim_offer(), what comes to it the tap sees.
 */
int sw_sim_host(struct sw_sim *, struct sw_stack *, int iface);
/* Exchange the stack of a host: it was rebooted.  Packets on the way stay. */
int sw_sim_reboot(struct sw_sim *, int host, struct sw_stack *);
/*
 * The host's clock: it shows `ahead` more than the simulator's and steps by `grain`
 * (0: it does not step).  Calls on its stack take sw_sim_clock_now().
 */
int sw_sim_clock(struct sw_sim *, int host, sw_ns grain, sw_ns ahead);
sw_ns sw_sim_clock_now(const struct sw_sim *, int host);
/* Joins two hosts; each host can have one link.  The link's number, from 0. */
int sw_sim_link(struct sw_sim *, int a, int b, const struct sw_sim_path *ab,
		const struct sw_sim_path *ba);
/* Another path for what `host` sends from now on. */
int sw_sim_path(struct sw_sim *, int host, const struct sw_sim_path *);

sw_ns sw_sim_now(const struct sw_sim *); /* 0 at first */

/*
 * One step: take what the stacks have to send now; then go to the next instant
 * at which something happens, and deliver what arrives there.  Make your calls
 * on connections after it.  false: nothing more will happen, or not before
 * `until` (then the time is `until`).
 */
bool sw_sim_step(struct sw_sim *, sw_ns until);
/* Steps until `until` or the end.  For programs that make no calls meanwhile. */
void sw_sim_run(struct sw_sim *, sw_ns until);
/* When the next step would be; SW_NEVER: nothing more happens. */
sw_ns sw_sim_next(const struct sw_sim *);

/* What `host` has sent, and what became of it. */
int sw_sim_counters(const struct sw_sim *, int host, struct sw_sim_counters *);

/*
 * A hash over every packet's time and bytes and every trace event so far: equal
 * for equal seeds, whatever the compiler, the word size or the byte order.
 */
uint64_t sw_sim_hash(const struct sw_sim *);

/* ---- watching and meddling ---------------------------------------------- */

/* What became of a packet, as bits. */
enum {
	SW_SIM_LOST = 1,
	SW_SIM_REORDERED = 2,
	SW_SIM_DUPLICATE = 4, /* this one is the copy, made on the wire */
	SW_SIM_CORRUPTED = 8,
	SW_SIM_QUEUE_DROPPED = 16,
	SW_SIM_TOO_BIG = 32,
	SW_SIM_FILTERED = 64,  /* your filter took it away */
	SW_SIM_INJECTED = 128, /* by sw_sim_inject() or, ICMP, by the link */
	SW_SIM_MARKED = 256,   /* the queue set CE */
	SW_SIM_GONE = SW_SIM_LOST | SW_SIM_QUEUE_DROPPED | SW_SIM_TOO_BIG | SW_SIM_FILTERED
};

enum sw_sim_moment {
	SW_SIM_SENT,	/* it goes on the wire; `fate` so far known */
	SW_SIM_DROPPED, /* it was sent before, and only now met a full queue */
	SW_SIM_ARRIVED	/* about to be given to `to` */
};

struct sw_sim_seen {
	sw_ns at;
	enum sw_sim_moment moment;
	int from, to;	 /* hosts */
	uint64_t id;	 /* from 1; a copy has its own */
	uint64_t number; /* of this direction, from 0: loss_mask's; copies have the original's */
	unsigned fate;	 /* bits; SENT: what is known then */
	sw_ns arrives; /* SENT: when it will arrive if nothing is in `fate`; SW_NEVER: not known */
	const uint8_t *data; /* the IP packet; SENT: before corruption; ARRIVED: after */
	uint32_t len;
};

/* Called at every moment of every packet.  NULL: nobody watches. */
void sw_sim_tap(struct sw_sim *, void (*)(void *ctx, const struct sw_sim_seen *), void *ctx);
/* Asked for each packet sent, before the faults: false takes it away. */
void sw_sim_filter(struct sw_sim *, bool (*)(void *ctx, const struct sw_sim_seen *), void *ctx);
/*
 * The simulator drains the stacks' trace rings (so that they can be small) and
 * hands every event to this.  NULL: they only go into the hash.
 */
void sw_sim_trace(struct sw_sim *, void (*)(void *ctx, int host, const struct sw_trace *),
		  void *ctx);
/* Drains them now: after a call on a stack, to see at once what it did. */
void sw_sim_drain(struct sw_sim *);

/*
 * Puts a packet of yours on the wire to `host`: it arrives after `delay`, no
 * fault touches it.  The bytes are copied.  SW_E_NO_MEMORY, SW_E_INVALID.
 */
int sw_sim_inject(struct sw_sim *, int host, sw_ns delay, const void *packet, uint32_t len);

/* A packet that `host`, one without a stack, sends now: all faults and the queue act on it. */
int sw_sim_offer(struct sw_sim *, int host, const void *packet, uint32_t len);
/* The same for a packet with offloads: it is cut, its checksum completed (in place), as a
 * network card would. */
int sw_sim_transmit(struct sw_sim *, int host, const struct sw_packet *);

/* The numbers that the simulator uses, for tests: the n-th of the stream `key`. */
uint64_t sw_sim_random(uint64_t key, uint64_t n);

#ifdef __cplusplus
}
#endif
#endif
