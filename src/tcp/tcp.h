/*
 * tcp.h - the connection: RFC 9293 section 3 on structs.
 *
 * tcp knows segments (struct seg), sequence numbers, buffers and timers.  It
 * does not know addresses, packets, how a connection was found, nor what a clock
 * is: `now` is an argument.  net holds the records and calls in here; after each
 * call it looks at tcp_deadline(), tcp_has_output() and tcb.news.
 *
 * A connection in SYN-RECEIVED that came from a listener, and one in TIME-WAIT
 * that the application has released, are kept small by net and made into a
 * struct tcb while a segment is decided: so there is one set of rules.
 */
#ifndef SW_TCP_TCP_H
#define SW_TCP_TCP_H

#include "base/chunk.h"
#include "base/list.h"
#include "base/seg.h"
#include "base/wheel.h"
#include "tcp/control.h"

#include <synwave/sw_probe.h>

/* ---- records ------------------------------------------------------------ */

/* What the three sizes of connection have in common.  net's but for `state`. */
struct head {
	struct sw_addr local, remote;
	uint16_t local_port, remote_port;
	uint8_t state; /* enum sw_state; assigned in fsm_go() only */
	uint8_t kind;  /* net's: which record this is */
	uint8_t iface;
	uint8_t mark;  /* net's */
};

enum { /* tcb.flags */
	T_PASSIVE = 1 << 0,    /* came from a passive OPEN: a RST returns it to LISTEN */
	T_SACK = 1 << 1,       /* both ends sent SACK-permitted */
	T_TS = 1 << 2,	       /* both ends sent timestamps */
	T_WSCALE = 1 << 3,     /* both ends sent a window scale */
	T_CLOSE = 1 << 4,      /* CLOSE was called: a FIN follows the queue */
	T_FIN_SENT = 1 << 5,   /* our FIN is below SND.NXT */
	T_FIN_RCVD = 1 << 6,   /* the peer's FIN is below RCV.NXT */
	T_ACK_NOW = 1 << 7,    /* an ACK is owed at once */
	T_ACK_LATER = 1 << 8,  /* an ACK is owed when active.delack comes */
	T_SEND_SYN = 1 << 9,   /* a SYN or SYN-ACK is to be sent (again) */
	T_PROBE = 1 << 10,     /* a zero-window probe is to be sent */
	T_KEEP_PROBE = 1 << 11, /* a keep-alive is to be sent */
	T_RELEASED = 1 << 12,  /* the application has gone */
	T_NAGLE = 1 << 13,
	T_KEEPALIVE = 1 << 14,
	T_MORE = 1 << 15,      /* the last SEND said that more comes */
	T_URG_SENT = 1 << 16,  /* SND.UP is ahead of SND.UNA */
	T_URG_RCVD = 1 << 17,  /* RCV.UP is ahead of what was given */
	T_TROUBLE = 1 << 18,   /* R1 reached, or a soft ICMP error */
	T_CHALLENGE = 1 << 19, /* the ACK owed answers something refused */
	T_CHALLENGED = 1 << 20, /* `challenge_ms` counts */
	T_REORDERS = 1 << 21,  /* RACK: what was sent once came out of order */
	T_OPENED = 1 << 22,    /* reached ESTABLISHED at some time */
	T_FIN_KNOWN = 1 << 23, /* the peer's FIN came ahead of a gap: active.fin */
	T_BROKEN = 1 << 24,    /* an invariant failed: this connection is reset */
	T_FAR = 1 << 25,       /* a GiB was acknowledged: ISS is no bound any more */
	T_PROBED = 1 << 26,    /* TLP: no round trip was measured since the last probe */
	T_TAIL = 1 << 27,      /* TLP, while idle: a probe may have repaired a loss */
	T_ECN = 1 << 28,       /* both ends asked for ECN */
	T_ECE = 1 << 29,       /* a mark came: echoed until the peer says CWR; accecn.c */
	T_CWR = 1 << 30,       /* we slowed down for a mark: to be told; accecn.c */
	T_QUICK = 1u << 31     /* no ACK waits: the application wants it so */
};

enum opening { /* tcb.opening: how the handshake goes, if not plainly; enum sw_fastopen's first */
	OPEN_PLAIN = SW_FASTOPEN_NONE,
	OPEN_WANTED = SW_FASTOPEN_WANTED,
	OPEN_HELD = SW_FASTOPEN_HELD,
	OPEN_ASKED = SW_FASTOPEN_ASKED,
	OPEN_SENT = SW_FASTOPEN_SENT,
	OPEN_TAKEN = SW_FASTOPEN_TAKEN,
	OPEN_REFUSED = SW_FASTOPEN_REFUSED,
	OPEN_FAST = SW_FASTOPEN_PASSIVE, /* an application has it before the handshake's end, by
					  * a cookie: data goes both ways */
	OPEN_FAST_GIVES,		 /* and its SYN-ACK gives a new cookie */
	OPEN_OWNED			 /* the same, but no data goes before the end */
};

enum { T_HABITS = T_NAGLE | T_KEEPALIVE | T_QUICK }; /* what an application sets */

enum { /* tcb.news: what net must look at after a call; net clears it */
	NEWS_READY = 1,	 /* sw_ready()'s answer may have changed */
	NEWS_OUTPUT = 2	 /* there may be something to send */
};

/*
 * A connection.  Names are RFC 9293 3.3.1's.  At most 240 bytes, so that with
 * its table slot an idle one costs 256; what data in flight needs is in struct
 * active, which an idle connection does not hold.
 */
struct tcb {
	struct head h;
	struct wheel_node timer; /* net's: armed at tcp_deadline() */
	struct link ready;	 /* net's: has something to send */
	struct link event;	 /* net's: has news, or waits in sw_accept() */
	uint64_t user;
	uint32_t generation;	 /* net's */
	uint32_t listener;	 /* net's: NONE */

	struct { /* send sequence space */
		seq una, nxt, iss;
		seq wl1, wl2;
		uint32_t wnd;	  /* REC-1: 32 bits, scaled */
		uint32_t wnd_max; /* the largest ever offered: RFC 5961 5.2, SWS */
	} snd;
	struct { /* receive sequence space */
		seq nxt, irs;
		seq up;
		seq acked;	  /* Last.ACK.sent (RFC 7323) */
		uint32_t wnd;	  /* what was offered beyond nxt: never shrinks */
	} rcv;

	uint32_t flags;
	uint32_t active; /* struct active; NONE: idle */
	uint32_t ts_recent, ts_offset;
	uint32_t ts_recent_s; /* when ts_recent was taken, in seconds */
	uint32_t srtt_us, rttvar_us, rto_us; /* RFC 6298; srtt x 8, rttvar x 4 */
	uint32_t cwnd, ssthresh;
	uint32_t snd_buf, rcv_buf;
	uint16_t mss;	      /* the largest text that we send, options counted in */
	uint16_t peer_mss;    /* MSS option of the peer, or the default */
	uint16_t path_mss;    /* what the path's MTU allows, options not counted */
	uint16_t link_mss;    /* what the link's does: the MSS option of ours */
	uint16_t mtu_next;    /* when more may be tried: mtu.c's stamp */
	uint16_t user_timeout_s; /* 0: the configured one */
	uint8_t snd_wscale : 4, rcv_wscale : 4;
	/* RFC 9768: it is on; marked packets that came, that the peer told of, modulo 8 (r.cep,
	 * s.cep); how the peer's SYN-ACK was marked is still to be told */
	uint8_t accurate : 1, ace_in : 3, ace_out : 3, ace_owed : 1;
	uint8_t retries;      /* timeouts in a row */
	uint8_t news : 2;
	uint8_t snd_fixed : 1, rcv_fixed : 1; /* buffers that an application has set */
	uint8_t proven : 1;   /* segments of the present size have arrived */
	uint8_t mtu_stays : 1; /* nothing larger is tried any more */
	uint8_t mtu_tries : 2; /* of the next size, that have failed */
	uint8_t ttl, tos;
	uint8_t error : 4;    /* -enum sw_error */
	uint8_t opening : 4;  /* enum opening */
	uint8_t probes;	      /* keep-alives unanswered, R1 told */
	uint32_t challenge_ms; /* no challenge ACK before, low bits of milliseconds */

	sw_ns retransmit; /* REXMIT or PERSIST, by what is in flight */
	sw_ns late;	  /* KEEP, USER or MSL2, by state */
	sw_ns heard;	  /* SYN states: when the first SYN went.  After: last segment in */

	uint16_t keep_idle_s, keep_interval_s; /* 0: the configured ones */
	uint8_t keep_probes;
	uint8_t icmp_type, icmp_code; /* of the last ICMP error about it */
	uint8_t controller : 2; /* enum sw_cc */
	uint8_t ecn : 2;      /* enum sw_ecn */
	uint8_t nvp : 4;      /* while idle: since when cwnd is not validated (cwv.c) */
};

/* What a listener's application has set for the connections to come. */
struct habits {
	uint32_t flags; /* T_HABITS of them */
	uint32_t snd_buf, rcv_buf;
	uint16_t mss, user_timeout_s, keep_idle_s, keep_interval_s;
	uint8_t keep_probes, ttl, tos, controller, ecn;
	bool snd_fixed, rcv_fixed;
};

/*
 * A transmission: a run of sequence space sent at one instant, in one segment or
 * several.  Cut in two where a SACK, an ACK or a loss ends inside it.
 * Records are linked in order of sequence; those in flight also in order of
 * sending: RACK's.
 */
enum {
	R_SACKED = 1,	/* the peer has it, beyond SND.UNA */
	R_LOST = 2,	/* taken for lost; to be sent again */
	R_AGAIN = 4,	/* was retransmitted: no RTT from it (Karn) */
	R_FIN = 8,	/* its last number is our FIN */
	R_FLIGHT = 16,	/* counted in active.pipe */
	R_PROBE = 32,	/* a byte sent into a closed window */
	R_LIMITED = 64,	/* the application had no more when it was sent */
	R_MTU = 128	/* larger than the path is known to take: no loss of it counts */
};

struct rec {
	struct link in_seq;
	struct link in_time;
	seq seq;
	uint32_t len;	    /* sequence numbers, the FIN's too */
	sw_ns sent;	    /* when last sent; no two are equal, as order counts */
	struct place text;  /* where its first byte stands */
	uint8_t flags;
	uint8_t parts;	    /* SACKed neighbours are joined: how many segments they were */
	uint16_t size;	    /* text of each of its segments but the last, which may have less */
	/* as they were when it was sent, for rate samples (rate.c); low bits are
	 * enough, as no more than a window lies between */
	uint32_t delivered;	/* active.delivered */
	uint32_t delivered_ago; /* ns since active.delivered_at; NONE: too long */
	uint32_t first_ago;	/* ns since active.first_sent; NONE */
	uint32_t in_flight;	/* active.pipe with it */
	uint32_t lost;		/* active.lost_ever */
};

/* Bytes that came ahead of a gap. */
struct run {
	struct link in_seq;
	struct link in_use; /* most recently changed first: RFC 2018 4 */
	seq seq;
	struct chain text;
};

enum wait { WAIT_RTO, WAIT_REORDER, WAIT_PROBE }; /* what tcb.retransmit waits for */
enum tlp { TLP_NONE, TLP_NEW, TLP_AGAIN }; /* the probe that is out */
enum frto { FRTO_NONE, FRTO_WAIT, FRTO_NEW }; /* RFC 5682 steps 2 and 3 */
enum cc_phase { CC_OPEN, CC_RECOVERY, CC_LOSS };

/* What a connection needs only while bytes are queued or in flight. */
struct active {
	struct chain snd;	/* from SND.UNA on: in flight, then not yet sent */
	struct place nxt;	/* where SND.NXT stands in snd */
	seq up;			/* SND.UP, if T_URG_SENT */
	struct list recs;	/* in_seq */
	struct list recs_in_time;
	uint32_t hint;		/* record last SACKed: where the search begins */
	uint32_t highest;	/* highest SACKed record; NONE */
	uint32_t pipe;		/* bytes in the network (RFC 6675) */
	uint32_t sacked, lost;	/* bytes marked so */
	uint32_t sacked_parts;	/* transmissions SACKed */
	uint64_t delivered;	/* bytes acknowledged or SACKed so far */
	uint64_t limited_until; /* delivered: up to there the application limits us; 0 */
	uint64_t round_end;	/* delivered: what is sent from there on is a new round */
	sw_ns delivered_at;	/* when delivered last grew */
	sw_ns first_sent;	/* when that was sent: a sample's sending begins there */
	uint32_t lost_ever;	/* bytes taken for lost so far */
	bool full_now, full_before; /* cwnd held data back in this round, in the last */

	sw_ns rto_at;		/* when the RTO ends; tcb.retransmit may be earlier */
	struct {		/* RFC 8985 6 */
		sw_ns sent, rtt; /* RACK.xmit_ts, RACK.rtt, if `known` */
		sw_ns due;	/* when the next record is lost; SW_NEVER */
		sw_ns min[2], min_since; /* least round trip now and before */
		seq end, fack;	/* RACK.end_seq, RACK.fack */
		seq dsack_round; /* if in_round */
		uint8_t mult, persist; /* of the reordering window */
		bool known, in_round;
	} rack;
	struct {		/* RFC 8985 7 */
		seq end;	/* TLP.end_seq */
		uint8_t out;	/* enum tlp */
		bool due;	/* to be sent */
	} tlp;

	struct chain rcv;	/* in order, not yet given to the application */
	struct list runs;	/* in_seq */
	struct list runs_in_use;
	uint32_t n_runs;
	struct {		/* tune.c */
		uint32_t space;	/* bytes granted, of tcp.granted; 0: nothing came yet */
		sw_ns since;	/* the round began */
		sw_ns edge_at;	/* when `edge` was offered */
		uint32_t took;	/* bytes that the application took in it */
		uint32_t before; /* and in the one before */
		uint32_t rtt_us, low_us; /* the peer's data's; least of the round; 0: none */
		bool gap;	/* something was missing in this round */
		uint32_t echo;	/* the timestamp that was measured by last */
		seq edge;	/* the right edge that is measured by */
	} tune;
	struct {		/* mtu.c */
		uint16_t size;	/* what the probe that is out would prove; 0: none is */
		uint16_t len;	/* its text */
		uint16_t high;	/* the search ends there; 0: it does not */
		uint16_t before; /* checks: the size before the last rise */
		uint16_t claim;	/* what ICMP says of `quoted`; 0: nothing */
		seq quoted;
		bool lost;	/* the probe is */
		bool judged;	/* and nothing else was, if that holds until `end` arrives */
		bool hole;	/* one was found, and nothing has arrived since */
		bool checks;	/* a rise must prove itself by what is lost */
		bool old;	/* the first round, of the size before */
		seq end;
		seq round_end;	/* checks: of the round that began with these sums: */
		uint32_t lost_ever;
		uint64_t delivered;
		uint8_t bad;	/* rounds in which much was lost */
		sw_ns wait;	/* no probe before */
	} mtu;
	sw_ns kept;		/* it is empty, and goes back then; SW_NEVER */
	struct sack dsack;	/* RFC 2883: to report once, left == right: none */
	uint32_t unacked;	/* bytes taken since the last ACK: SHLD-19 */
	uint32_t ts_before[2];	/* TS.Recent of a moment ago, and later */
	sw_ns ts_since;		/* when the later one was */
	uint16_t full;		/* text of a full segment of the peer's */

	uint8_t phase;		/* enum cc_phase */
	uint8_t waits;		/* enum wait */
	uint8_t controller;	/* the tcb's */
	uint16_t dup_acks;
	uint16_t owed;		/* without SACK: duplicate ACKs not yet sent */
	struct {		/* RFC 4015, 3522, 3708: if `on` */
		uint32_t cwnd, ssthresh, srtt_us, rttvar_us; /* before the loss */
		uint32_t stamp;	/* RetransmitTS, until the first ACK: `stamped` */
		uint32_t bytes;	/* sent again, and not known to have come twice */
		seq low, high;	/* between these; if `sent` */
		seq until;	/* adapt: an ACK beyond gives the RTO's new sample */
		bool on, sent, stamped, adapt;
		bool single;	/* nothing was sent more than twice */
	} undo;
	bool dsack_seen, dsack_vain;
	uint8_t frto;		/* enum frto */
	uint8_t frto_new;	/* new segments that may go */
	seq frto_end;		/* of what the timeout had sent again */
	uint32_t prr_delivered, prr_out; /* RFC 6937: bytes since the recovery began */
	uint32_t prr_flight;	/* RecoverFS */
	seq recover;		/* RFC 6582, 6675: HighData at the loss */
	sw_ns delack;		/* T_ACK_LATER: until then */
	sw_ns stalled_since;	/* first transmission of what is not acknowledged: R2 */
	sw_ns last_sent;	/* restart after idle: RFC 5681 4.1 */
	sw_ns sent_at;		/* rec.sent of the last: some ns ahead of a clock that stands */
	uint32_t retransmits;
	uint32_t retry;		/* no LOST record stands before it; NONE: none at all */
	uint32_t force;		/* fast retransmit: send one lost record whatever cwnd */
	seq fin;		/* T_FIN_KNOWN: the number of the peer's FIN */
	bool fin_last;		/* what came ahead of a gap last was a FIN alone */
	seq small;		/* end of the last small segment sent: RFC 9293 A.3 */
	struct {		/* RFC 7661 */
		struct best most; /* pipeACK: bytes a round trip, over milliseconds */
		sw_ns since;	/* when the non-validated phase began; 0: cwnd is validated */
		uint32_t cwnd[2]; /* when this round trip began, and the one before */
		uint32_t spent, lost_before; /* of a recovery that began in the phase; 0 */
		bool known;	/* pipeACK is */
		bool round;	/* one has begun since a recovery */
	} cwv;
	bool cwr;		/* cwr_end is set */
	seq cwr_end;		/* marks on what lies below it have had their answer */
	bool paced;		/* something could leave but for the pace */
	uint64_t pace;		/* bytes a second; 0: as fast as cwnd allows */
	sw_ns pace_next;	/* when what has left would have, evenly spread */
	sw_ns pace_gate;	/* nothing leaves before */
	union control cc;	/* the controller's own */
};

/* ---- the part of TCP that a stack has once ------------------------------ */

/* The Fast Open option of the SYN or SYN-ACK that is made next (RFC 7413 4.1.1). */
struct fast {
	bool on;
	uint8_t len;  /* of the cookie; 0: it asks for one */
	uint16_t mss; /* of the peer, when it was heard last; 0: not known */
	uint8_t cookie[COOKIE_MAX];
};

struct tcp_ring { /* trace events that wait */
	uint64_t distance; /* from this struct to the first */
	uint32_t cap, head, used;
	uint64_t dropped;
};

struct tcp {
	sw_ns now; /* of the call that is under way */
	struct pool actives, chunks, recs, runs;
	uint32_t lent; /* chunks that packets are to come into: net/lent.c */
	struct tcp_ring trace;
	struct fast fast; /* net's: set before tcp_emit() */
	uint32_t row; /* net's, during tcp_emit(): it makes so many packets of one segment; 0 */
	uint64_t verdicts[SW_N_VERDICTS];
	uint64_t edges[64];	/* how often each edge of fsm.c was taken */
	uint64_t broken;	/* invariants */
	uint32_t broken_line;
	uint64_t segments_out, bytes_in, bytes_out;
	uint64_t retransmits, retransmit_bytes, rtos, recoveries, probes, keep_alives, challenges;
	uint64_t loss_probes, undone;
	uint64_t black_holes, mtu_probes, mtu_raised;
	uint64_t granted;	/* bytes of buffers: tune.c */

	/* limits and times, from struct sw_config */
	sw_ns tick, msl, rto_init, rto_min, rto_max, delack;
	sw_ns mtu_age;
	sw_ns user_timeout, syn_timeout, keep_idle, keep_interval, fin_wait_2, challenge_every;
	uint32_t r1, syn_ack_tries, keep_probes, runs_per_conn, iw_segments;
	uint32_t mtu_base;
	uint32_t snd_buf, rcv_buf;
	uint64_t budget;  /* the most of `granted` */
	uint32_t without; /* SW_NO_RACK ... */
	uint8_t ttl, tos, controller, ecn;
	bool timestamps, window_scale, sack, nagle, minshall;
};

/* What one connection can tell the next of their path; 0: it is not known. */
struct path_facts {
	uint32_t srtt_us, rttvar_us; /* as in struct tcb */
	uint32_t ssthresh;
};

/* What to answer when there is no connection to answer from: a RST. */
struct reply {
	bool rst;
	struct seg seg; /* complete: seq, ack, ctl */
};

/* ---- what net calls ----------------------------------------------------- */

/* A fresh tcb in CLOSED: everything but h and net's links.  path_mss: MTU less
 * the headers.  ts_offset and iss: net's keyed hashes. */
void tcp_fresh(const struct tcp *, struct tcb *, uint16_t path_mss, seq iss, uint32_t ts_offset);
/* What is known of its path, to a tcb whose SYN is not acknowledged; and, merged with
 * that, what one has found out (false: nothing).  share.c */
void tcp_facts_take(const struct tcp *, struct tcb *, const struct path_facts *);
bool tcp_facts_give(const struct tcb *, struct path_facts *);
/* CLOSED -> LISTEN, for a block that will take a SYN. */
void tcp_listen(struct tcp *, struct tcb *, sw_ns now);
/* Active OPEN: CLOSED -> SYN-SENT.  handshake.c */
void tcp_open(struct tcp *, struct tcb *, sw_ns now);
/* LISTEN, and a SYN with a valid cookie is about to come: its data is taken at once;
 * gives: the SYN-ACK has a new cookie. */
void tcp_fast_passive(struct tcb *, bool gives);
/* LISTEN, and an application has it already: a RST ends it. */
void tcp_owned_passive(struct tcb *);
/* Has its SYN still to go, and may it have the Fast Open option? */
bool tcp_fast_wants(const struct tcb *);
/* Did its SYN have the option, and is it told by now that the network may be against it:
 * no answer, an error, or nothing behind the SYN-ACK? */
bool tcp_fast_failed(const struct tcb *);
/* How much can ride on its SYN, to a peer whose MSS is this; 0: not known. */
uint16_t tcp_fast_room(const struct tcb *, uint16_t mss);
/* That was taken note of. */
void tcp_fast_over(struct tcb *);
/* Any segment for this tcb, whatever its state (LISTEN takes a SYN). arrives.c */
enum sw_verdict tcp_arrives(struct tcp *, struct tcb *, struct seg *, sw_ns now, struct reply *);
/* Behind a segment that was taken at this instant, in the same call, others in a row, which
 * acknowledge and offer the same and have text alone, in order: how much text may come so;
 * 0: it is not so simple.  One of them; false: no room, or its checksum is wrong: nothing was
 * done.  And when no more follow: the last one, and how much text all had. */
struct proof { /* that its bytes are right, if that is needed: their sum and the rest's */
	bool needed;
	uint32_t rest;
	uint32_t (*copy_sum)(void *, const void *, size_t);
	uint32_t (*sum)(const void *, size_t);
};
uint32_t tcp_row(const struct tcp *, const struct tcb *, const struct seg *);
bool tcp_row_takes(struct tcp *, const struct tcb *, const struct seg *, const struct proof *);
void tcp_row_ends(struct tcp *, struct tcb *, const struct seg *, uint32_t took);
/* A segment for nobody, state CLOSED (3.10.7.1). */
enum sw_verdict tcp_arrives_closed(const struct seg *, struct reply *);
/* The checks of LISTEN that need no tcb (3.10.7.2): SYN_TAKEN: go on with a tcb. */
enum sw_verdict tcp_arrives_listen(const struct seg *, struct reply *);

/*
 * SYN cookies: a SYN-ACK for a listener whose settings these are, of which nothing is
 * kept: its number and its timestamp are the caller's.  Then, a block in LISTEN: its
 * number is the cookie's; and the SYN that the cookie stands for has come, and its SYN-ACK
 * has gone: the ACK can arrive.  handshake.c
 */
void tcp_cookie_answer(const struct tcp *, const struct habits *, uint16_t path_mss,
		       const struct seg *syn, struct seg *answer);
void tcp_cookie_iss(struct tcb *, seq iss);
void tcp_cookie_opens(struct tcp *, struct tcb *, const struct seg *syn, sw_ns now);
/* RFC 9768 agreed on by a SYN that came with this ECN field; that field again.  accecn.c */
void accecn_begin(struct tcb *, uint8_t ecn);
uint8_t accecn_syn(const struct tcb *);
uint16_t tcp_default_mss(const struct sw_addr *peer); /* of a SYN without the option */

/* Is there anything to send now?  Cheap; may say yes when tcp_emit() then finds none. */
bool tcp_has_output(const struct tcp *, const struct tcb *);
/*
 * The next segment to send now, into *s; false: nothing.  gso: longest text of
 * a super-segment (0: one MSS).  The segment counts as sent.  send.c
 */
bool tcp_emit(struct tcp *, struct tcb *, sw_ns now, uint32_t gso, struct seg *);

sw_ns tcp_deadline(const struct tcp *, const struct tcb *);
/* Runs what is due (timers.c).  May end the connection (state CLOSED, error). */
void tcp_expire(struct tcp *, struct tcb *, sw_ns now, struct reply *);

/* TIME-WAIT -> CLOSED before its time: its record is needed.  teardown.c */
void tcp_evict(struct tcp *, struct tcb *, sw_ns now);

/* User calls (calls.c, teardown.c): as in sw.h. */
ptrdiff_t tcp_send(struct tcp *, struct tcb *, sw_ns now, const void *, size_t n, unsigned flags);
ptrdiff_t tcp_receive(struct tcp *, struct tcb *, sw_ns now, void *, size_t n);
ptrdiff_t tcp_peek(const struct tcp *, const struct tcb *, void *, size_t n);
/* As in sw_lent.h; SEND and RECEIVE without bytes are of those that stand there. */
ptrdiff_t tcp_room(const struct tcp *, const struct tcb *, struct sw_room *, size_t n);
uint32_t tcp_unread(const struct tcp *, const struct tcb *); /* bytes that RECEIVE would give */
ptrdiff_t tcp_look(const struct tcp *, const struct tcb *, struct sw_text *, size_t n);
int tcp_close(struct tcp *, struct tcb *, sw_ns now);
void tcp_release(struct tcp *, struct tcb *, sw_ns now, struct reply *);
void tcp_abort(struct tcp *, struct tcb *, sw_ns now, struct reply *);
unsigned tcp_ready(const struct tcp *, const struct tcb *);
int tcp_set(struct tcp *, struct tcb *, sw_ns now, enum sw_option, uint64_t value);
/* Settings, from a block and into a fresh one that has sent nothing. */
void tcp_habits(const struct tcb *, struct habits *);
void tcp_adopt(struct tcp *, struct tcb *, const struct habits *);
void tcp_status(const struct tcp *, const struct tcb *, struct sw_status *);
/* Gives back everything but the block. */
void tcp_drop(struct tcp *, struct tcb *);

/* ICMP, already found to quote this connection (RFC 5927: tcp_in_flight first). */
bool tcp_in_flight(const struct tcb *, seq quoted);
/* why: type << 8 | code; 0: no message, the next hop did not answer */
void tcp_icmp_error(struct tcp *, struct tcb *, sw_ns now, bool hard, uint16_t why);
/* The path takes no larger segments: so ICMP says, and quotes one.  false: not believed. */
bool tcp_path_told(struct tcp *, struct tcb *, sw_ns now, uint16_t mss, seq quoted);
void tcp_link_told(struct tcp *, struct tcb *, sw_ns now, uint16_t mss); /* the link itself */

/* 0, or the line of the first broken invariant of this tcb (check.c). */
int tcp_check(const struct tcp *, const struct tcb *);

/* May a TIME-WAIT be taken over by this SYN (RFC 6191, MAY-2)?  teardown.c */
bool tcp_time_wait_reusable(const struct tcp *, const struct tcb *, const struct seg *);

/* t.mss from path_mss, peer_mss and the options: also when net made a record large. */
void mss_settle(struct tcp *, struct tcb *);

/* How many edges, and which; from fsm.c. */
size_t fsm_edges(const struct sw_edge **);

/* trace.c: the next free event, cleared, or NULL (no ring, or full: counted). */
struct sw_trace *trace_new(struct tcp *, const struct head *, sw_ns now, enum sw_trace_kind);
bool trace_take(struct tcp *, struct sw_trace *);
void trace_seg(struct sw_trace *, const struct seg *, uint32_t wnd);

#endif
