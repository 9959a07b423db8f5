/*
 * engine.h - what the engine keeps: records of connections, of listeners, of faults.
 * Nothing outside src/explain/ looks in here; work.h has who does what.
 *
 * Three sizes of record, as the stack itself has them, in one table:
 *
 *	half	a SYN, answered or not: what a flood leaves behind
 *	conn	a connection that went further
 *	gone	one that is over, kept as long as a TIME-WAIT would be
 *
 * and beside them, only where something happened: trouble.  Frames in a record are
 * counted from its first one, times from its start in ticks of 250 ns (48 bits of
 * them are 2 years).
 */
#ifndef SW_EXPLAIN_ENGINE_H
#define SW_EXPLAIN_ENGINE_H

#include <string.h>

#include "explain/explain.h"
#include "explain/pool.h"

enum { TICK = 250, LOG = 8, HOLES = 4, NO_SCALE = 0xff };
#define NO_FRAME UINT32_MAX

#define LINGER (3 * SW_S)	  /* a connection that is over may still say something */
#define TIME_WAIT_FOR (60 * SW_S) /* as Linux has it */
#define SYN_FOR (130 * SW_S)	  /* no SYN is repeated later */
enum { LINGER_MOST = 1 << 12, GONE_MOST = 1 << 20 };

/* An instant, of a packet of a record.  Packed: a line of the log is 12 bytes. */
struct mark {
	uint32_t frame; /* NO_FRAME: a timer */
	uint32_t low;
	uint16_t high;
} __attribute__((packed, aligned(2)));

/* A line of the log: what the states of both ends are from here on. */
struct line {
	struct mark mark;
	uint8_t state; /* the client's in the low half */
	uint8_t flags;
};
/* Of a line, and of the client; shifted by one for the server. */
enum {
	LINE_NEW = 1,	/* this end's state begins here */
	LINE_OPEN = 4,	/* not proven yet */
	LINE_GUESS = 16 /* and never will be */
};

/* A median of what streams by (median.c). */
struct median {
	uint16_t height[5], place[3], count;
};

enum {		    /* side.flags */
       S_KNOWN = 1, /* iss and nxt mean something */
       S_SYN = 2,   /* its SYN is in the capture */
       S_FIN = 4,
       S_FIN_ACKED = 8,
       S_SACK = 16, /* its SYN offered it */
       S_TS = 32,
       S_TIMED = 64,   /* a round trip is being measured */
       S_WND = 128,    /* wnd means something */
       S_UNA = 256,    /* the other end has acknowledged something */
       S_KEEP = 512,   /* the last it sent was a keep-alive */
       S_ODD = 1024,   /* its last numbers were far from all others */
       S_RST = 2048,   /* it sent a RST that counted */
       S_MORE = 4096,  /* it sent something after the handshake */
       S_UNSEEN = 8192 /* the last that it sent is not in the capture */
};

struct side {
	uint64_t bytes; /* payload, each byte once */
	sw_ns last_at;	/* its last packet */
	sw_ns data_at;	/* its last segment with new payload, SYN or FIN */
	uint32_t last_frame, data_frame;
	uint32_t iss;
	uint32_t nxt;		      /* behind the last byte that it sent */
	uint32_t una;		      /* what the other end acknowledged of it */
	uint32_t wnd, wnd_max;	      /* what it offers, scaled */
	uint32_t packets, segments;   /* segments: with payload */
	uint32_t timed_end, timed_at; /* what is measured; ex_ticks() */
	uint32_t rtt_min;	      /* nanoseconds; 0: none */
	struct median rtt;
	uint16_t timed_len,
	    len_acked; /* payload: of what is measured; the longest that came through */
	uint16_t mss, flags, ip_id;
	uint8_t ttl, scale, dups, state;
};

enum {		      /* conn.flags */
       C_MID = 1,     /* it began before the capture */
       C_SYN_ACK = 2, /* a SYN,ACK is in the capture */
       C_OPENED = 4,  /* and the ACK of it */
       C_DONE = 8,    /* it is over, and lingers */
       C_RESET = 16,
       C_BOTH_OPEN = 32,
       C_BOTH_CLOSE = 64,
       C_HALF_0 = 128,
       C_HALF_1 = 256, /* after the FIN of this end the other one went on */
       C_OPEN_0 = 512,
       C_OPEN_1 = 1024, /* a step of this end is not proven */
       C_REUSED = 2048, /* the same two endpoints had a connection before */
       C_AFTER = 4096,	/* data to an end that had closed: RST */
       C_FULL_LOG = 8192,
       C_REPLACED = 16384, /* a newer SYN took its place */
       C_TOLD = 32768	   /* the listener knows that it opened */
};

/* How each of the three records begins: what names it, its neighbours in a queue, its number. */
#define RECORD_BEGINS                                                                              \
	struct sw_addr addr[2];                                                                    \
	uint16_t port[2];                                                                          \
	uint32_t before, behind;                                                                   \
	uint32_t id

struct record {
	RECORD_BEGINS;
};

struct conn {
	RECORD_BEGINS;
	sw_ns start;
	uint64_t frame;
	uint32_t trouble; /* NONE */
	uint16_t flags;
	uint8_t lines, first; /* first: who sent a FIN or RST first; EX_NOBODY */
	struct line log[LOG];
	struct side side[2];
};

enum rst_kind {
	RST_NONE,
	RST_REFUSES, /* nothing listens */
	RST_ABORTS,  /* of its own accord */
	RST_NOBODY   /* answers a segment: there is no such connection */
};

struct hole { /* bytes of an end that have not been captured */
	uint32_t left, right;
	uint32_t at; /* ex_ticks() */
};

struct again {			       /* what was sent again, first and last */
	uint32_t n, frame, from, last; /* from: where it was sent before; NO_FRAME */
	sw_ns wait, span;	       /* `from' to `frame', and to `last' */
};

struct trouble_side {
	uint64_t again_bytes;
	sw_ns again_at, zero_since, zero_most, full_since, full;
	struct again again, syn, fin;
	uint32_t rto, fast, tlp, needless, dsacks, unseen, ooo, dup_acks;
	uint32_t fin_needless; /* FINs that the other end had already */
	uint32_t recover;      /* behind what was sent when this recovery began */
	uint32_t stuck;	       /* this byte is sent over and over */
	uint32_t stuck_frame[2], lost_frame[2];
	uint32_t sack_high;
	struct hole hole[HOLES];
	uint32_t zero_n, probes, zero_begin, zero_frame[2];   /* zero_frame: the longest */
	uint32_t keeps, keep_run, keep_missed, keep_frame[2]; /* missed: not answered, in a row */
	sw_ns keep_since, keep_at;
	uint32_t ttl_n, ttl_frame, odd_n, odd_frame, after_n, after_frame;
	uint32_t probe_end;  /* a byte beyond a closed window was tried here */
	uint32_t half_frame; /* its first data after the other's FIN */
	uint32_t most_len;   /* the longest payload that it sent */
	uint16_t stuck_n, stuck_len, lost_n, lost_len;
	uint8_t ttl, odd_ttl, kind, holes, after_ttl;
	bool zero, full_now, probed, sacked;
	bool odd_fits; /* the RST fitted, and this end went on all the same */
};

struct trouble {
	struct trouble_side side[2];
	/* the RST that ended it */
	sw_ns rst_at;
	uint32_t rst_frame, rst_ask; /* rst_ask: what it answers */
	sw_ns rst_quiet;	     /* how long nothing had come from there */
	uint8_t rst_by, rst_kind, rst_ttl, rst_usual;
	uint32_t rst_unread;
	/* a SYN with another number, and the answer "that is not my connection" */
	sw_ns new_at;
	uint32_t new_syn, new_frame, new_n, new_id, challenge, old_syn;
	uint16_t new_mss, new_wnd;
	uint8_t new_by, new_has, new_scale, new_ttl;
	/* a SYN,ACK to a SYN that its receiver had not sent, or not now */
	uint32_t late_synack, late_seq, late_ack, rewritten;
	/* an ICMP error */
	struct sw_addr icmp_from;
	uint32_t icmp_frame, icmp_n, icmp_word;
	uint8_t icmp_type, icmp_code, icmp_of;
	bool icmp_v6, icmp_went_on;
	uint32_t synack_after, synack_frame, ack_frame; /* SYN,ACK again though the ACK was there */
	uint32_t prev_id;
	sw_ns prev_ago;
	bool prev_waits, prev_reset; /* the earlier one was in TIME-WAIT; was reset */
};

struct half {
	RECORD_BEGINS;
	sw_ns start, syn_at, answer_at; /* the first SYN, the last; the first SYN,ACK */
	sw_ns prev_ago;
	uint64_t frame;
	uint32_t syn_frame, answer_frame,
	    answer_last;	       /* the last SYN; the first SYN,ACK, the last */
	uint32_t iss[2], ack, prev_id; /* ack: of the SYN,ACK */
	uint16_t wnd[2];
	uint16_t syns, answers, mss[2], syn_len;
	uint8_t ttl[2], scale[2], has[2];
	bool reused, prev_waits, prev_reset;
};

struct gone {
	RECORD_BEGINS;
	sw_ns at;
	uint32_t iss[2], nxt[2];
	uint32_t pair; /* NONE */
	uint8_t waits; /* bit: this end is in TIME-WAIT */
	uint8_t first;
	bool reset, opened;
};

/* An endpoint that SYNs were sent to. */
enum { SOURCES = 16, SKETCH = 1024 };
struct listener {
	struct sw_endpoint at, peer, hurt;
	uint32_t refs; /* records that the table has of it */
	uint32_t attempts, answered, completed, refused, now, peak;
	uint32_t ignored;    /* several SYNs, no answer */
	uint32_t single;     /* one SYN, no answer */
	uint32_t late;	     /* an answer, but not to the first SYN */
	uint32_t repeated;   /* SYN,ACK again though the ACK was there */
	uint32_t unfinished; /* answered, never completed, not reset */
	uint32_t held;	     /* of them, answered more than once */
	uint32_t aborted;    /* RST to the ACK of the handshake */
	sw_ns first, last;
	uint32_t done[SOURCES], wait[SOURCES]; /* hashes of the addresses of clients */
	uint8_t *sketch;		       /* which sources there were (listen.c) */
	struct ex_finding *timeout, *backlog;  /* what is found if nothing else explains it */
	uint64_t flood_proof[2];
	uint32_t hurt_syns, sources_seen;
	uint64_t hurt_conn;
};

/* The TIME-WAITs of one client's address towards one server. */
enum { PAIR_CONNS = 4 };
struct pair {
	struct sw_endpoint client, server; /* client: port 0 */
	uint32_t now, peak, total;
	uint32_t conn[PAIR_CONNS];
	sw_ns first, last;
	uint64_t proof[2];
};

/* An end stood in CLOSE-WAIT: to count how many did at once. */
struct stay {
	uint64_t place;
	sw_ns from, to;
};

struct fault {
	uint64_t n, of, most;
	uint64_t proof[2];
};
enum fault_kind {
	FAULT_DROPPED,
	FAULT_CUT,
	FAULT_SUPER,
	FAULT_SUMS,
	FAULT_COPIES,
	FAULT_CLOCK,
	FAULT_ONE_WAY,
	FAULT_CORRUPT,
	N_FAULTS
};

/* What was lately captured, to tell copies: by a hash of all but what routers change. */
enum { RECENT = 1 << 10, HOSTS = 1 << 14 };
struct recent {
	uint64_t what;
	sw_ns at;
};
struct host { /* what an address is known for; forgets */
	uint32_t tag;
	uint8_t ttl;
};

struct queue { /* of records of one pool */
	uint32_t first, last, n;
};

struct found;
struct ex_engine {
	struct ex_limits limits;
	struct ex_watch watch;
	uint8_t edge[SW_N_STATES][SW_N_CAUSES]; /* SW_N_STATES: no way */
	uint64_t key;
	sw_ns now;			/* never goes back */
	const struct ex_packet *packet; /* the one at work */
	uint32_t ids;
	struct table *table, *over, *listeners, *pairs; /* over: of what is gone */
	struct pool conn, half, gone, trouble, listener, pair;
	struct queue lingering, halves, gones;
	struct recent *recent;
	struct host *host;
	struct fault fault[N_FAULTS];
	struct ex_summary sum;
	uint64_t sums_good, at_client, at_server, at_middle, two_way;
	struct found *found;
	struct stay *stay;
	size_t stays, stay_room;
};

/* A packet of a connection, while it is at work. */
struct look {
	struct ex_engine *e;
	struct conn *c;
	struct side *x, *y; /* who sent it, and the other end */
	const struct sw_wire *w;
	sw_ns now;
	sw_ns waited;
	int side;	 /* x's */
	uint32_t index;	 /* c's */
	uint32_t frame;	 /* of the connection */
	uint32_t flags;	 /* EX_... */
	uint8_t changed; /* bit: this end's state */
};

/* ---- numbers ---- */
static inline int32_t
ex_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* For differences of less than 18 minutes. */
static inline uint32_t
ex_ticks(sw_ns at)
{
	return (uint32_t)(at >> 8);
}
#define EX_TICKS_NS(ticks) ((sw_ns)(ticks) << 8)

#endif
