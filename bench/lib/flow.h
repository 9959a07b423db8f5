/*
 * flow.h - one transfer over one path: by our stack in virtual time, or by the
 * kernel's in real time.  The path is the same code in both: sw_sim.h.
 */
#ifndef SW_BENCH_FLOW_H
#define SW_BENCH_FLOW_H

#include <synwave/sw_sim.h>

enum { FLOW_PORT = 9293, FLOWS_MAX = 16, FLOW_MTU = 1500 };

struct flow_job {
	const char *row, *what;	      /* of the table: names under which a run is kept */
	const char *cc;		      /* "cubic", "reno", "bbr", "bbr1" */
	const char *second_cc;	      /* flow_kernel(): of its second flow; NULL: the same */
	struct sw_sim_path data, ack; /* there and back */
	int flows;		      /* at once, or one every `apart` */
	int beside;		      /* flow_kernel(): so many of ours on the same path */
	const char *beside_cc;	      /* theirs */
	sw_ns apart;
	sw_ns from, until; /* bytes are counted in between */
	uint64_t bytes;	   /* of each flow, then it closes; 0: without end */
	uint64_t seed;
	bool lose_last; /* the last segment of data is lost once */
	bool fin_rides; /* ours closes as it sends: the FIN rides on the last segment */
	bool no_tlp;	/* the kernel without its tail loss probe */
	/* flow_ours() of one flow: */
	uint32_t window;       /* cwnd is held at so many bytes; 0: it is the controller's */
	uint32_t snd_buf;      /* the sender's; 0: more than is ever needed */
	sw_ns spike_at, spike; /* what is sent then comes so much later, and all else behind it */
};

/* The first flow's cwnd about a spike. */
struct flow_spike {
	uint32_t before, least;
	uint32_t after; /* a round trip after the first ACK that was late */
	sw_ns over;	/* when that ACK came; 0: not yet */
	sw_ns rtt;	/* before it */
	uint32_t una, nxt;
	bool sent; /* the packet that is late */
};

struct flow_result {
	uint64_t bytes[FLOWS_MAX]; /* that arrived in the time that counts */
	uint64_t beside[FLOWS_MAX];
	sw_ns done; /* when the last byte of the first flow was there; 0: it was not */
	/* ours, in the time that counts: */
	uint64_t sent, retransmits, timeouts; /* segments */
	struct flow_spike spike;
	uint64_t queue_dropped, lost;
	double late; /* kernel's: share of the packets that the path delivered too late */
};

/* false: it could not be run; `why` says it in a line. */
bool flow_ours(const struct flow_job *, struct flow_result *, const char **why);
bool flow_kernel(const struct flow_job *, struct flow_result *, const char **why);
/* Can flow_kernel() run here at all? */
bool flow_kernel_ready(const char **why);

/* Loses the last segment of the flow's data once.  `n`: of this direction with text. */
struct flow_tail {
	uint64_t bytes, seen;
	bool lost;
};
bool flow_tail_passes(void *tail, const struct sw_sim_seen *);

#endif
