/*
 * sim.h - what the files of the simulator share.
 *
 * sim.c holds hosts, time and the loop; way.c one direction of a link: faults,
 * queue, rate; aqm.c what manages the queue; cut.c the bytes of packets:
 * super-packets, fragments, ICMP.
 * Knows of the stack only what <synwave/sw.h> says.
 */
#ifndef SW_SIM_SIM_H
#define SW_SIM_SIM_H

#include <synwave/sw_sim.h>

enum {
	SIM_BATCH = 4,	      /* packets asked of a stack at once */
	SIM_CAP = 65535 + 64, /* room for one of them */
	SIM_FLIGHT = 1 << 20  /* packets on all links at once: more are dropped */
};

/* The streams of random numbers of one direction: one a kind of fault. */
enum sim_stream {
	SIM_LOSS,
	SIM_BURST,
	SIM_BURST_LOSS,
	SIM_REORDER,
	SIM_REORDER_BY,
	SIM_DUPLICATE,
	SIM_CORRUPT,
	SIM_CORRUPT_BIT,
	SIM_JITTER,
	SIM_N_STREAMS
};

struct sim_packet {
	uint64_t id, number;
	int from, to;
	unsigned fate;
	uint64_t flip; /* the bit that CORRUPTED flips */
	sw_ns jitter;
	uint32_t len;
	uint8_t data[];
};

enum sim_due { SIM_OFFER, SIM_DELIVER };

struct sim_event {
	sw_ns at;
	uint64_t order; /* ties: first made, first done */
	enum sim_due due;
	struct sim_packet *packet;
};

struct sim_codel {	   /* RFC 8289 5.4 */
	sw_ns above_until; /* sojourn above target since an interval before this; 0: below */
	sw_ns next;	   /* while dropping: when again */
	uint32_t count, count_before;
	bool dropping;
};

struct sim_way { /* what one host sends */
	struct sw_sim_path path;
	uint64_t key[SIM_N_STREAMS];
	uint64_t number;    /* packets sent so far */
	sw_ns busy_until;   /* when the last byte in the queue will have left */
	uint64_t remainder; /* of dividing by the rate: no drift */
	sw_ns last_arrival;
	bool bad; /* Gilbert-Elliott's state */
	struct sim_codel codel;
	struct sw_sim_counters count;
};

struct sim_host {
	struct sw_stack *stack;
	int iface;
	int peer;     /* host at the other end; -1: no link */
	bool touched; /* packets came in: ask it for output */
	sw_ns grain, ahead; /* of its clock; grain 0: it does not step */
	struct sim_way way;
};

struct sw_sim {
	uint64_t seed, hash;
	sw_ns now;
	struct sim_host *hosts;
	int n_hosts, n_links;
	struct sim_event *heap;
	size_t n_events, cap_events;
	uint64_t order, last_id;
	uint8_t *room;	/* SIM_BATCH packets to fill */
	uint8_t *piece; /* one packet, cut from a super-packet */

	void (*tap)(void *, const struct sw_sim_seen *);
	void *tap_ctx;
	bool (*filter)(void *, const struct sw_sim_seen *);
	void *filter_ctx;
	void (*trace)(void *, int, const struct sw_trace *);
	void *trace_ctx;
};

/* ---- sim.c ---- */

/* A packet from `from` with its own id; NULL: no memory. */
struct sim_packet *sim_packet_new(struct sw_sim *, int from, const uint8_t *, uint32_t len);
/* Puts it into the calendar, which owns it from now on; false: no memory, freed. */
bool sim_event_add(struct sw_sim *, sw_ns at, enum sim_due, struct sim_packet *);
/* Tells the tap and the hash. */
void sim_tell(struct sw_sim *, enum sw_sim_moment, const struct sim_packet *, sw_ns arrives);
uint64_t sim_mix(uint64_t hash, uint64_t value);
uint64_t sim_mix_bytes(uint64_t hash, const uint8_t *, uint32_t len);
/* An ICMP message of the link itself to a host. */
void sim_answer(struct sw_sim *, int to, sw_ns delay, const uint8_t *, uint32_t len);

/* ---- way.c ---- */

void sim_way_init(struct sim_way *, uint64_t seed, int host, const struct sw_sim_path *);
/* A packet as the stack made it: cut, complete, and onto the wire. */
void sim_way_send(struct sw_sim *, int from, const struct sw_packet *);
/* A packet as a device would send it: onto the wire. */
void sim_way_offer(struct sw_sim *, int from, const uint8_t *, uint32_t len);
/* A packet that faults have passed meets the queue; owns it. */
void sim_way_queue(struct sw_sim *, struct sim_packet *);

/* ---- aqm.c ---- */

/* CoDel, asked in order of departure: is the packet that leaves at `now`, after
 * waiting for `sojourn`, to be dropped or marked? */
bool sim_codel_acts(struct sim_codel *, sw_ns now, sw_ns sojourn);
/* Sets CE on an ECN-capable packet; false: it is not one. */
bool sim_mark(uint8_t *packet, uint32_t len);

/* ---- cut.c ---- */

struct sim_cut { /* a super-packet being cut */
	const uint8_t *data;
	uint32_t len, ip_len, head_len, seg_size, at;
	bool v6, done;
};

/* The one packet in place: writes the partial checksum's rest. */
void sim_complete(struct sw_packet *);
/* Begins to cut; false: not a TCP packet that can be cut. */
bool sim_cut_begin(struct sim_cut *, const uint8_t *data, uint32_t len, uint32_t seg_size);
/* The next segment into `out` (65535 bytes): its length, 0: there are no more. */
uint32_t sim_cut_next(struct sim_cut *, uint8_t *out);
/* May a router cut it into fragments (IPv4 without DF)? */
bool sim_may_fragment(const uint8_t *, uint32_t len);
/* Fragment of at most mtu bytes from payload offset *at on, which moves: its length; 0: no more. */
uint32_t sim_fragment(const uint8_t *data, uint32_t len, uint32_t mtu, uint32_t *at, uint8_t *out);
enum { SIM_TOO_BIG_CAP = 1280 };
/* What a router says to a packet above `mtu`: its length; 0: nothing may be said. */
uint32_t sim_too_big(const uint8_t *data, uint32_t len, uint32_t mtu, uint8_t *out);

#endif
