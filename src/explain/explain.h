/*
 * explain.h - what a capture says: the model that every form of the report is
 * made from.
 *
 *	file.h    a capture        -> struct ex_packet, one after the other
 *	engine    struct ex_packet -> two mirrored machines a connection, one at each
 *	                              end, and what each finding needs
 *	here      struct ex_conn, when a connection is over; struct ex_finding, at
 *	                              the end; struct ex_seen, packet by packet
 *
 * The engine goes through a capture once and keeps what is alive.  A form that needs
 * the packets of a connection goes through it again: the same packets give the same
 * connection numbers.
 *
 * Times are nanoseconds since 1970.  Frames are numbered as Wireshark does, from 1;
 * 0 is none.  Connections are numbered as Wireshark's tcp.stream + 1.
 */
#ifndef SW_EXPLAIN_EXPLAIN_H
#define SW_EXPLAIN_EXPLAIN_H

#include <stdio.h>

#include <synwave/sw_wire.h>

enum { EX_CLIENT, EX_SERVER, EX_NOBODY };

/* ---- a packet ----------------------------------------------------------- */

struct ex_packet {
	sw_ns at;
	uint64_t frame;
	const uint8_t *data;	    /* the frame as captured, link-layer header first */
	uint32_t captured, on_wire; /* its bytes */
	struct sw_wire wire;
	enum sw_wire_sum sum;
	bool joined;   /* of a datagram that came in pieces: this is the last of them */
	uint64_t hash; /* the engine's */
};

/* ---- a connection, when it is over or the capture ends -------------------- */

enum { EX_STEPS = 16 };

/* An end of a connection came into a state. */
struct ex_step {
	enum sw_state state;
	sw_ns at;
	uint64_t frame; /* that brought it about; 0: no packet, a timer */
	bool inferred;	/* nothing in the capture proves it: the `?' behind a state */
};

struct ex_end {
	struct sw_endpoint at;
	struct ex_step step[EX_STEPS];
	unsigned steps;
	uint64_t packets, bytes; /* payload bytes, each counted once */
	/* segments of this end that were sent again, and why */
	uint32_t again, rto, fast, tlp;
	uint32_t spurious; /* of them, those that the other end had already */
	uint32_t unseen;   /* of them, those whose first copy never came to the capture point */
	uint32_t syn_again, fin_again;
	uint64_t again_bytes;
	uint32_t out_of_order; /* late, but not sent again */
	uint32_t dup_acks, zero_windows, probes, keep_alives;
	sw_ns zero_window;	/* the longest, nanoseconds */
	sw_ns rtt_min, rtt_p50; /* from the capture point to the other end and back; 0: none */
	uint32_t wnd_max, iss;
	uint16_t mss;	       /* what its SYN said; 0: nothing */
	int8_t wscale;	       /* -1: none, or not seen */
	bool sack, timestamps; /* its SYN offered them */
	uint8_t ttl;
};

/* How it ended.  name in C, the word in every form */
/* clang-format off */
#define EX_OUTCOMES(X) \
	X(OPEN,         "open") \
	X(CLOSED,       "closed") \
	X(CLOSING,      "closing") \
	X(RESET,        "reset") \
	X(RESET_CLOSED, "reset-after-close") \
	X(REFUSED,      "refused") \
	X(NO_ANSWER,    "no-answer") \
	X(NOT_OPENED,   "not-opened") \
	X(REJECTED,     "rejected")
/* clang-format on */

#define EX_WORD(n, ...) EX_##n,
enum ex_outcome { EX_OUTCOMES(EX_WORD) EX_N_OUTCOMES };

struct ex_conn {
	uint64_t id;
	struct ex_end end[2]; /* EX_CLIENT, EX_SERVER */
	sw_ns start, last;
	uint64_t first_frame, last_frame;
	sw_ns handshake; /* SYN to the ACK that completes it; 0: not seen */
	enum ex_outcome outcome;
	int closed_by;	   /* whose FIN or RST was first; EX_NOBODY */
	bool began_before; /* its SYN is not in the capture */
	bool one_way;	   /* the other direction is not in the capture */
	bool ended;	   /* false: the capture ends first */
	uint32_t findings; /* bit i: finding i is about it */
};

/* ---- findings ------------------------------------------------------------ */

enum ex_severity { EX_REMARK, EX_WARNING, EX_ERROR };
enum ex_certainty { EX_POSSIBLE, EX_LIKELY, EX_CERTAIN };

/*
 * name in C, the stable id, how bad at most, whether it is concluded from packets that
 * are missing: a capture with faults makes such a finding less certain
 */
/* clang-format off */
#define EX_FINDINGS(X) \
	X(REFUSED,     "refused",            ERROR,   false) \
	X(TIMEOUT,     "connect-timeout",    ERROR,   true) \
	X(POLICY,      "rejected-by-policy", ERROR,   false) \
	X(UNREACHABLE, "unreachable",        ERROR,   false) \
	X(FLOOD,       "syn-flood",          ERROR,   true) \
	X(BACKLOG,     "accept-queue-full",  ERROR,   true) \
	X(CLOSE_WAIT,  "close-wait-leak",    ERROR,   true) \
	X(FIN_WAIT,    "fin-wait-2-stuck",   WARNING, true) \
	X(TIME_WAIT,   "time-wait-pile-up",  WARNING, false) \
	X(UNREAD,      "reset-unread-data",  ERROR,   false) \
	X(KEEPALIVE,   "keepalive-abort",    ERROR,   true) \
	X(ZERO_WINDOW, "zero-window",        WARNING, false) \
	X(AGAIN,       "retransmission",     WARNING, false) \
	X(FIN_AGAIN,   "fin-retransmission", WARNING, false) \
	X(PMTU,        "pmtu-black-hole",    ERROR,   true) \
	X(WINDOW,      "small-window",       WARNING, false) \
	X(BOTH_OPEN,   "simultaneous-open",  REMARK,  false) \
	X(BOTH_CLOSE,  "simultaneous-close", REMARK,  false) \
	X(HALF_CLOSE,  "half-close",         REMARK,  false) \
	X(STALE_SYN,   "stale-syn",          REMARK,  false) \
	X(HALF_OPEN,   "half-open",          ERROR,   true) \
	X(REUSE,       "port-reuse",         WARNING, false) \
	X(BLIND,       "blind-reset",        WARNING, false) \
	X(MIDDLE,      "middle-box",         WARNING, false) \
	X(CAPTURE,     "capture-fault",      REMARK,  false)
/* clang-format on */

#undef EX_WORD
#define EX_WORD(n, ...) EX_F_##n,
enum ex_id { EX_FINDINGS(EX_WORD) EX_N_FINDINGS };

/* Kinds of one finding that are worded apart (words.c). */
enum {
	EX_V_PLAIN = 0,
	EX_V_RESET,    /* FIN_WAIT: a late FIN met a RST.  BACKLOG: a RST, not silence */
	EX_V_MIDDLE,   /* REFUSED, BLIND: somebody between sent it */
	EX_V_PMTU,     /* UNREACHABLE: a packet too big for the path */
	EX_V_LIVE,     /* UNREACHABLE: of a connection that goes on */
	EX_V_SYN,      /* AGAIN: SYNs, SYN-ACKs */
	EX_V_SPURIOUS, /* AGAIN: nothing was lost */
	EX_V_ANSWERED, /* KEEPALIVE: the answers are in the capture */
	EX_V_MSS,
	EX_V_SCALE,  /* WINDOW */
	EX_V_REBOOT, /* HALF_OPEN: a new SYN on an old connection */
	EX_V_FAILED, /* REUSE: and it did not work */
	EX_V_LATE,   /* STALE_SYN: a SYN-ACK to nobody */
	EX_V_TTL,
	EX_V_SEQ, /* MIDDLE */
	EX_V_DROPPED,
	EX_V_CUT,
	EX_V_SUPER,
	EX_V_SUMS,
	EX_V_COPIES,
	EX_V_CLOCK,
	EX_V_ONE_WAY,
	EX_V_SHORT,	/* CAPTURE: which fault; SHORT: the file ends inside a packet */
	EX_V_RECOVERED, /* PMTU: then with smaller segments it went */
	EX_N_VARIANTS
};

enum ex_unit { EX_COUNT, EX_SECONDS, EX_BYTES, EX_PERCENT, EX_RATE, EX_PLAIN };
enum ex_merge { EX_SUM, EX_MOST, EX_LEAST, EX_FIRST, EX_OF_SUMS };

/* What a finding measures: name in C, in JSON, unit, how two findings become one. */
/* clang-format off */
#define EX_METRICS(X) \
	X(SYNS,       "syns",                 COUNT,   MOST) \
	X(SPAN,       "span_s",               SECONDS, MOST) \
	X(MAX,        "max_s",                SECONDS, MOST) \
	X(GAP,        "gap_s",                SECONDS, FIRST) \
	X(LIMIT,      "limit_s",              SECONDS, FIRST) \
	X(PEAK,       "peak_concurrent",      COUNT,   MOST) \
	X(PROBES,     "probes",               COUNT,   SUM) \
	X(TIMES,      "times",                COUNT,   SUM) \
	X(SEGMENTS,   "segments",             COUNT,   SUM) \
	X(AGAIN,      "retransmissions",      COUNT,   SUM) \
	X(RTO,        "rto",                  COUNT,   SUM) \
	X(FAST,       "fast",                 COUNT,   SUM) \
	X(TLP,        "tlp",                  COUNT,   SUM) \
	X(SPURIOUS,   "spurious",             COUNT,   SUM) \
	X(UNSEEN,     "before_capture_point", COUNT,   SUM) \
	X(LOSS,       "loss_percent",         PERCENT, OF_SUMS) \
	X(SOURCES,    "sources",              COUNT,   MOST) \
	X(HALF_OPEN,  "half_open",            COUNT,   MOST) \
	X(ANSWERED,   "answered",             COUNT,   SUM) \
	X(COMPLETED,  "completed",            COUNT,   SUM) \
	X(HURT,       "hurt",                 COUNT,   SUM) \
	X(LATE,       "late",                 COUNT,   SUM) \
	X(REPEATED,   "repeated",             COUNT,   SUM) \
	X(UNREAD,     "unread_bytes",         BYTES,   MOST) \
	X(BYTES,      "bytes",                BYTES,   SUM) \
	X(WINDOW,     "window_bytes",         BYTES,   LEAST) \
	X(MSS,        "mss",                  PLAIN,   LEAST) \
	X(MTU,        "mtu",                  PLAIN,   LEAST) \
	X(LOST,       "smallest_lost",        PLAIN,   LEAST) \
	X(PASSED,     "largest_passed",       PLAIN,   MOST) \
	X(SHARE,      "share_percent",        PERCENT, MOST) \
	X(TTL,        "ttl",                  PLAIN,   FIRST) \
	X(USUAL,      "usual_ttl",            PLAIN,   FIRST) \
	X(TYPE,       "icmp_type",            PLAIN,   FIRST) \
	X(CODE,       "icmp_code",            PLAIN,   FIRST) \
	X(PER_SECOND, "per_second",           RATE,    MOST) \
	X(PORTS,      "ports",                COUNT,   FIRST) \
	X(LAST,       "ports_last_s",         SECONDS, LEAST) \
	X(EARLIER,    "earlier_connection",   PLAIN,   FIRST) \
	X(FRAMES,     "packets",              COUNT,   SUM)
/* clang-format on */

#undef EX_WORD
#define EX_WORD(n, ...) EX_M_##n,
enum ex_metric { EX_METRICS(EX_WORD) EX_N_METRICS };
#undef EX_WORD

struct ex_value {
	enum ex_metric what;
	double value; /* seconds, bytes, percent, or a number */
};

enum { EX_PROOFS = 6, EX_VALUES = 8, EX_CONNS = 64 };

/* One problem, of one side, whatever the number of connections that show it. */
struct ex_finding {
	enum ex_id id;
	uint8_t variant;
	uint8_t role; /* EX_CLIENT, EX_SERVER: what `side` is; EX_NOBODY */
	enum ex_severity severity;
	enum ex_certainty certainty;
	struct sw_endpoint side;   /* where to look; port 0: the host; address any: nowhere */
	struct sw_endpoint peer;   /* the other end; port 0, address any: several */
	uint64_t count;		   /* connections */
	uint64_t conn[EX_CONNS];   /* the first of them */
	uint64_t proof[EX_PROOFS]; /* frames, of one of them; what each shows: words.c */
	struct ex_value value[EX_VALUES];
	uint8_t conns, proofs, values;
};

const char *ex_id_word(enum ex_id); /* "close-wait-leak" */
int ex_id_named(const char *);	    /* -1: there is none */
const char *ex_severity_word(enum ex_severity);
const char *ex_certainty_word(enum ex_certainty);
const char *ex_outcome_word(enum ex_outcome);
const char *ex_metric_word(enum ex_metric);
enum ex_unit ex_metric_unit(enum ex_metric);
bool ex_finding_value(const struct ex_finding *, enum ex_metric, double *);

/* ---- the whole capture --------------------------------------------------- */

enum ex_vantage { EX_AT_UNKNOWN, EX_AT_CLIENT, EX_AT_SERVER, EX_AT_MIDDLE };

struct ex_summary {
	uint64_t packets, tcp, other, bad; /* bad: not understood */
	uint64_t damaged;		   /* wrong checksums, where others are right */
	uint64_t bytes;			   /* on the wire */
	sw_ns first, last;
	uint64_t conns, ended; /* all; those over before the capture ends */
	uint64_t began_before, one_way;
	uint64_t segments; /* with payload */
	uint64_t again;	   /* of them, sent again */
	uint64_t resets;   /* connections that a RST ended after the handshake, before any FIN */
	sw_ns handshake_min, handshake_max; /* 0: none seen */
	enum ex_vantage vantage;
	/* handshakes to one listener that nobody completed, each answered */
	uint64_t answered_only;
	struct sw_endpoint answered_by;
	uint64_t aborted;     /* connections reset by an end with nothing unread */
	uint64_t after_close; /* data came to an end that had closed: RST */
	/* the endpoint that most of the capture is about; port 0: there is none */
	struct sw_endpoint server;
	struct sw_addr client;
	uint64_t live, live_peak; /* connections in memory */
	size_t memory;		  /* bytes for them */
};

/* ---- packet by packet ---------------------------------------------------- */

/* clang-format off */
enum { /* what the engine thinks of a segment */
	EX_AGAIN = 1,		 /* sent before */
	EX_RTO = 2, EX_FAST = 4, EX_TLP = 8, /* of EX_AGAIN: why, if it can be told */
	EX_SPURIOUS = 16,	 /* of EX_AGAIN: the other end has acknowledged it already */
	EX_FILLS = 32,		 /* comes late into a gap: it was overtaken */
	EX_UNSEEN = 64,		 /* of EX_AGAIN: the first copy is not in the capture */
	EX_GAP = 128,		 /* bytes before it are not in the capture (yet) */
	EX_KEEP_ALIVE = 256,
	EX_PROBE = 512,		 /* of a closed window */
	EX_DUP_ACK = 1024,
	EX_ZERO_WINDOW = 2048,
	EX_WINDOW_FULL = 4096,	 /* fills what the other end offers */
	EX_COPY = 8192,		 /* the same packet was captured before */
	EX_DSACK = 1 << 14,	 /* tells of data that came twice */
	EX_ACKS_UNSEEN = 1 << 15, /* acknowledges what is not in the capture */
	EX_SUPER = 1 << 16,	 /* longer than any segment on a wire */
	EX_CHALLENGE = 1 << 17,	 /* an ACK that answers a RST or SYN out of place */
	EX_ODD_RST = 1 << 18,	 /* a RST that the other end need not believe */
	EX_STALE = 1 << 19,	 /* a SYN of an earlier time, or the answer to one */
	EX_LATE = 1 << 20,	 /* after the connection was over */
	EX_SYN_AGAIN = 1 << 21, EX_FIN_AGAIN = 1 << 22,
	EX_DAMAGED = 1 << 23	 /* its checksum is wrong: nobody takes it */
};
/* clang-format on */

struct ex_seen {
	/* its data NULL: told before, as one of the connection whose place this one took */
	const struct ex_packet *packet;
	uint64_t conn;
	int side; /* who sent it; an ICMP error: whose packet it quotes */
	uint32_t flags;
	bool changed[2];	/* the state of that end */
	enum sw_state state[2]; /* after it */
	sw_ns waited;		/* of EX_AGAIN: since its sender sent such a segment last */
	uint32_t iss[2];	/* to show numbers relative to */
	uint32_t flight;	/* bytes of `side` that are not acknowledged, after it */
	uint32_t wnd;		/* scaled, if the scale is known */
};

/* ---- the engine ---------------------------------------------------------- */

/* Thresholds; ex_limits_init() has those of --help. */
struct ex_limits {
	sw_ns close_wait; /* in CLOSE-WAIT without a word */
	sw_ns fin_wait;	  /* in FIN-WAIT-2 */
	sw_ns timeout;	  /* SYNs without an answer */
	sw_ns zero_window;
	uint32_t flood;	    /* half-open connections of one listener at once */
	uint32_t time_wait; /* of one client's address towards one server */
	double loss;	    /* percent of segments: below it is a remark */
	double share;	    /* percent of the time that a window was the limit */
	uint32_t mss;
	uint32_t keep_alives; /* unanswered before a RST */
};
void ex_limits_init(struct ex_limits *);

struct ex_watch { /* each may be NULL */
	void *ctx;
	void (*seen)(void *ctx, const struct ex_seen *);
	void (*conn)(void *ctx, const struct ex_conn *);
	/* Is this connection one of those that findings may be about?  NULL: all. */
	bool (*wanted)(void *ctx, const struct ex_conn *);
};

struct ex_engine;

struct ex_engine *ex_engine_new(const struct ex_limits *, const struct ex_watch *);
void ex_engine_free(struct ex_engine *);
/* The next n packets, in order; many at once are faster. */
void ex_engine_packets(struct ex_engine *, struct ex_packet *, size_t n);
/* The capture ends here; `cut`: inside a packet.  Judges what is left, sorts findings. */
void ex_engine_end(struct ex_engine *, bool cut);
/* After ex_engine_end(): worst first. */
size_t ex_engine_findings(const struct ex_engine *, const struct ex_finding **);
void ex_engine_summary(const struct ex_engine *, struct ex_summary *);
/* Every connection that is alive now, TIME-WAIT too, by number: for `synwave ss'. */
void ex_engine_live(struct ex_engine *, void (*)(void *ctx, const struct ex_conn *), void *ctx);

#endif
