/*
 * sw.h - Synwave, TCP as a library: bring packets, get connections.
 *
 * A stack is a value that lives in one piece of memory which you give it.  It
 * has no thread, no clock, no socket and no callback:
 *
 *	packets in	sw_input()	never sends anything
 *	packets out	sw_output()	decides what is most worth sending now
 *	time		an argument, and sw_deadline() says when to come back
 *	events		sw_event()	which connections have news
 *
 * so the loop of every program is: input what came, ask for events and make
 * calls on connections, output until it returns 0, sleep until the deadline or
 * the next packet.  Two stacks share nothing.  One stack must not be used by
 * two threads at once.
 *
 * Units: times are nanoseconds (sw_ns) on one monotonic clock of your choice;
 * sizes are bytes; ports are in host order; addresses are in network order.
 * Errors are negative (enum sw_error).  Nothing that a peer sends is an error.
 */
#ifndef SYNWAVE_SW_H
#define SYNWAVE_SW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sw_words.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SW_VERSION "0.1.0"

typedef uint64_t sw_ns;	  /* nanoseconds on the caller's monotonic clock */
typedef uint64_t sw_conn; /* a connection or listener; 0 names nothing */

#define SW_NEVER UINT64_MAX
#define SW_US 1000ull
#define SW_MS 1000000ull
#define SW_S 1000000000ull

struct sw_stack; /* lies in your memory; no pointer into it is handed out */

/* What a call refused with (enum sw_error), in words. */
const char *sw_error_text(int error);

/*
 * An IPv6 address, or an IPv4 one as ::ffff:a.b.c.d (RFC 4291 2.5.5.2).
 * All zeros is "any address of either family"; ::ffff:0.0.0.0 is any IPv4.
 */
struct sw_addr {
	uint8_t b[16];
};

struct sw_endpoint {
	struct sw_addr addr;
	uint16_t port;
};

struct sw_addr sw_addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
bool sw_addr_is4(const struct sw_addr *);
bool sw_addr_is_any(const struct sw_addr *); /* :: or ::ffff:0.0.0.0 */
bool sw_addr_same(const struct sw_addr *, const struct sw_addr *);
int sw_addr_parse(struct sw_addr *, const char *text); /* SW_E_INVALID if not one */
#define SW_ADDR_TEXT 46
char *sw_addr_format(const struct sw_addr *, char text[SW_ADDR_TEXT]); /* RFC 5952 */

/* ---- a stack ------------------------------------------------------------ */

enum { /* sw_config.without */
	SW_NO_RACK = 1,	      /* losses by time, RFC 8985; then by RFC 6675 */
	SW_NO_TLP = 2,	      /* tail loss probes, RFC 8985 7; they need RACK */
	SW_NO_PRR = 4,	      /* proportional rate reduction, RFC 6937, 9937 */
	SW_NO_FRTO = 8,	      /* spurious timeouts found by RFC 5682 */
	SW_NO_UNDO = 16,      /* a loss that was none is undone: RFC 4015, 3522, 3708 */
	SW_NO_LIMITED = 32,   /* limited transmit, RFC 3042 */
	SW_NO_HYSTART = 64,   /* slow start ends by delay, RFC 9406 */
	SW_NO_PACING = 128,
	SW_NO_ECN = 256,      /* RFC 3168 */
	SW_NO_ABE = 512,      /* RFC 8511 */
	SW_NO_SHARING = 1024, /* what a connection learns of its path serves the next: RFC 9040 */
	SW_NO_TRAINS = 2048,  /* segments in a row, SYNs in a flood, as one: the same, but faster */
	SW_NO_CWV = 8192,     /* cwnd validation, RFC 7661; then RFC 5681 4.1.  It needs pacing */
	SW_NO_TUNING = 16384, /* buffers by need; then they are as large as they may be */
	SW_NO_PLPMTUD = 32768, /* the path's MTU found out without ICMP: RFC 4821, 8899 */
	SW_NO_ANY = 0xffff    /* all of them */
};

const char *sw_cc_name(enum sw_cc); /* "cubic"; NULL: there is none */
int sw_cc_named(const char *name);  /* enum sw_cc; SW_E_INVALID */

/*
 * Everything that can be set, before the stack is made.  Take the defaults
 * with sw_config_init() and change what you need.  All counts are hard limits:
 * reaching one is an ordinary condition, seen in the counters.
 */
struct sw_config {
	size_t bytes; /* sizeof(struct sw_config) of your compiler */

	/* how many of each */
	uint32_t conns;	       /* full connections */
	uint32_t actives;      /* of them with data in flight or unread at once */
	uint32_t half_opens;   /* half-open records */
	uint32_t time_waits;   /* TIME-WAIT records */
	uint32_t listeners;
	uint32_t ifaces;
	uint32_t routes;
	uint32_t neighbours;   /* link-layer addresses known at once */
	uint32_t chunks;       /* buffer pieces, for all connections together */
	uint32_t chunk_bytes;  /* size of one, 128 to 65536 */
	uint32_t records;      /* segments in flight, all connections together */
	uint32_t runs;	       /* out-of-order runs, all connections together */
	uint32_t replies;      /* replies without a connection that may wait */
	uint32_t reply_bytes;  /* the longest such reply: bounds echoed data */
	uint32_t datagrams;    /* IP datagrams in reassembly at once */
	uint32_t datagram_bytes; /* the longest of them */
	uint32_t shares;       /* paths of which something is remembered (RFC 9040); may be 0 */
	uint32_t traces;       /* trace events that may wait; 0: no tracing */

	/* a connection's defaults; sw_set() changes them for one */
	uint32_t snd_buf;      /* the most that SEND may queue: it begins with 128 KiB, but with */
	uint32_t rcv_buf;      /* all that sw_set() says; the most that is offered to the peer */
	uint64_t rcv_budget;   /* and to all peers, but to each 16 KiB; 0: 3/4 of the chunks */
	uint32_t runs_per_conn; /* out-of-order runs held for one connection */
	uint8_t ttl, tos;
	bool timestamps, window_scale, sack; /* offer them (RFC 7323, 2018) */
	bool nagle;	       /* RFC 9293 3.7.4 */
	bool minshall;	       /* of Nagle, only: a small segment waits for another small one */

	/* times */
	sw_ns msl;	       /* RFC 9293 3.4.1: 2 minutes */
	sw_ns tick;	       /* granularity of all timers (RFC 6298 G) */
	sw_ns rto_init, rto_min, rto_max; /* RFC 6298 */
	sw_ns delack;	       /* RFC 9293 3.8.6.3: below 500 ms */
	sw_ns user_timeout;    /* R2 for data (RFC 9293 3.8.3) */
	sw_ns syn_timeout;     /* R2 for a SYN: at least 3 minutes */
	uint32_t r1;	       /* retransmissions until SW_TROUBLE is raised */
	uint32_t syn_ack_tries; /* SYN-ACKs repeated before a half-open goes */
	sw_ns keep_idle, keep_interval; /* RFC 9293 3.8.4; used when switched on */
	uint32_t keep_probes;
	sw_ns fin_wait_2;      /* how long a released half-close waits; 0: for ever */
	sw_ns challenge_every; /* one challenge ACK a connection per this time */
	sw_ns reassembly;      /* RFC 8200 4.5: 60 s */
	sw_ns defer_time;      /* how long a SYN waits for a deferred listener's answer */
	sw_ns mtu_age;	       /* when a larger path MTU is tried: RFC 8201 4: 10 min; SW_NEVER */
	uint32_t mtu_base;     /* what goes through where larger packets vanish: RFC 4821 7.2 */

	uint16_t port_low, port_high; /* ephemeral ports (RFC 6056) */
	uint32_t iw_segments;  /* initial window (RFC 6928: 10) */
	uint32_t shards, shard; /* only the flows that sw_steer() gives to `shard`, of so
				 * many stacks that share a device and `secret`; 0: all */
	uint32_t without;      /* SW_NO_...: mechanisms that are switched off */
	uint8_t cc;	       /* enum sw_cc: congestion control of new connections */
	uint8_t ecn;	       /* enum sw_ecn */
	uint8_t cookies;       /* enum sw_cookies */

	/*
	 * 32 unpredictable bytes: keys for ISS, ports, timestamps and the
	 * connection table.  The same bytes give the same run.
	 */
	uint8_t secret[32];
	/*
	 * The same for what peers bring back: SYN cookies and Fast Open's.  All zeros: made from
	 * `secret`.  Stacks that have the same here, the same settings, and clocks for
	 * which now + cookie_clock is the same to a few seconds honour each other's.
	 */
	uint8_t cookie_secret[32];
	sw_ns cookie_clock;
	sw_ns fastopen_period; /* RFC 7413 4.1.2: a cookie is good in its period and the next */

	/* Optional, what a machine does better than C: the sum of the 16-bit words of n bytes
	 * in memory order, folded to 16 bits (RFC 1071), as if the last odd byte were
	 * followed by 0; the first copies them, too. */
	uint32_t (*copy_sum)(void *dst, const void *src, size_t n);
	uint32_t (*sum)(const void *, size_t n);
};

void sw_config_init(struct sw_config *);     /* the defaults: a host of 1000 connections */
void sw_config_minimal(struct sw_config *);  /* a stack of at most 16 KiB */

/* Exact size of the arena; 0 if a setting is out of range. */
size_t sw_stack_bytes(const struct sw_config *);

/*
 * Make a stack in `arena`, which stays yours but must live and not move while
 * the stack is used; aligned to 64 bytes.  SW_E_INVALID or SW_E_NO_MEMORY.
 */
int sw_stack_init(struct sw_stack **, const struct sw_config *, void *arena, size_t bytes);

/*
 * Copy a whole stack into another arena: a checkpoint, or a fork of the world.
 * Only what was ever used is copied.  Names of connections stay valid in both.
 */
int sw_copy(struct sw_stack **, void *arena, size_t bytes, const struct sw_stack *);

/* The settings that the stack was made with. */
void sw_stack_config(const struct sw_stack *, struct sw_config *);

/* ---- interfaces, addresses, routes -------------------------------------- */

enum sw_link { SW_LINK_IP, SW_LINK_ETHERNET };

struct sw_iface {
	enum sw_link link;
	uint32_t mtu;	    /* bytes of one IP packet */
	uint8_t mac[6];	    /* SW_LINK_ETHERNET */
	uint32_t gso_max;   /* longest super-packet the device cuts up; 0: none */
	bool tx_csum;	    /* the device completes partial checksums */
	bool any_destination; /* take connections for addresses that are not ours: a gateway */
};

int sw_iface_add(struct sw_stack *, const struct sw_iface *); /* its number, from 0 */
int sw_address_add(struct sw_stack *, int iface, const struct sw_addr *, unsigned prefix);
/* gateway NULL: on the link.  The longest prefix wins. */
int sw_route_add(struct sw_stack *, const struct sw_addr *net, unsigned prefix, int iface,
		 const struct sw_addr *gateway);
int sw_iface_mtu(struct sw_stack *, int iface, uint32_t mtu);
/*
 * May something new begin at `local` (address any: at all of ours)?  SW_OK;
 * SW_E_INVALID: not our address; SW_E_IN_USE: a listener or a connection, TIME-WAIT
 * too, has that port there.  Looks at every record.
 */
int sw_local_free(const struct sw_stack *, const struct sw_endpoint *local);

/* Is there any record of a connection between the two: of ours, half-open, TIME-WAIT? */
bool sw_is_known(const struct sw_stack *, const struct sw_endpoint *local,
		 const struct sw_endpoint *remote);

/* ---- several stacks behind one device ----------------------------------- */

/*
 * Which of several stacks that share a device, and a secret, has a flow: the same
 * for both of its directions, and not to be foreseen without the secret.  A stack
 * that was made as one of them (sw_config.shards) opens connections only from
 * ports whose replies are its own, and drops what is another's.
 */
struct sw_steer {
	uint64_t key[4]; /* of addresses and ports, XORed; the last mixes their sum (steer.c) */
	uint32_t shards;
};
void sw_steer_init(struct sw_steer *, const uint8_t secret[32], uint32_t shards);
uint32_t sw_steer(const struct sw_steer *, const struct sw_endpoint *, const struct sw_endpoint *);

/* ---- packets ------------------------------------------------------------ */

enum sw_csum {
	SW_CSUM_NONE,	  /* in: not checked yet.  out: complete */
	SW_CSUM_PARTIAL,  /* the pseudo-header's sum stands in the field */
	SW_CSUM_VERIFIED  /* in: the device has checked it */
};

struct sw_packet {
	uint8_t *data;	     /* the IP header, or the Ethernet header */
	uint32_t len;	     /* bytes at data */
	uint32_t cap;	     /* out: room at data.  in: not read */
	uint16_t iface;	     /* in: where it came from.  out: filled */
	uint16_t seg_size;   /* payload bytes a segment of a super-packet; 0: one packet */
	uint16_t csum_start; /* SW_CSUM_PARTIAL: offsets from data */
	uint16_t csum_offset;
	uint8_t csum;	     /* enum sw_csum */
};

/* Packets from the wire.  The bytes are only read, and only during the call. */
void sw_input(struct sw_stack *, sw_ns now, const struct sw_packet *, size_t n);

/*
 * What is most worth sending now on `iface`: fills up to n packets, each into
 * the caller's data (cap bytes), and returns how many; 0: nothing to say.
 * Also runs the timers that are due.  A packet whose cap is below the MTU plus
 * the link header is left alone, and nothing is sent.
 */
size_t sw_output(struct sw_stack *, sw_ns now, int iface, struct sw_packet *, size_t n);

/*
 * When sw_output() must be called next even if nothing happens before; now or
 * earlier if something waits to be sent; SW_NEVER if nothing is armed.
 */
sw_ns sw_deadline(const struct sw_stack *);

/* ---- events ------------------------------------------------------------- */

enum {
	SW_READABLE = 1,    /* sw_receive() would give bytes, EOF or an error */
	SW_WRITABLE = 2,    /* sw_send() would take bytes */
	SW_OPENED = 4,	    /* the handshake is complete */
	SW_PEER_CLOSED = 8, /* the peer's FIN has come, after all of its bytes */
	SW_ENDED = 16,	    /* CLOSED, or as good as: everything said and acknowledged */
	SW_FAILED = 32,	    /* CLOSED by an error: see sw_status() */
	SW_ACCEPTABLE = 64, /* a listener: sw_accept() would give a connection */
	SW_ASKED = 512,	    /* a deferred listener: sw_asked() would give a SYN */
	SW_TROUBLE = 128,   /* R1 reached or a soft ICMP error (RFC 9293 3.8.3, SHLD-25) */
	SW_URGENT = 256	    /* urgent data is ahead (RFC 9293 3.8.5) */
};

struct sw_event {
	sw_conn conn;
	unsigned ready; /* what is true of it now: levels, computed, not queued */
	uint64_t user;	/* what sw_set(SW_OPT_USER) put there */
};

/* The next connection with news; false: none.  Each stands in the list once. */
bool sw_event(struct sw_stack *, struct sw_event *);
/* The same levels for one connection at any time; 0 if it is not one. */
unsigned sw_ready(const struct sw_stack *, sw_conn);

/* ---- the user calls of RFC 9293 3.9.1 ----------------------------------- */

/*
 * Passive OPEN (3.10.1): LISTEN on `local`.  Address any and port 0 are
 * wildcards; the most particular listener is asked first.  `backlog` bounds
 * the connections that wait in sw_accept().
 */
int sw_open_passive(struct sw_stack *, sw_ns now, const struct sw_endpoint *local,
		    uint32_t backlog, sw_conn *listener);

/*
 * Passive OPEN for one peer (3.9.1.1): the connection itself waits in LISTEN, on
 * a port that is given, for a SYN of `remote`; there is nothing to accept.
 * SEND on it, or an active OPEN of the same two endpoints, makes it active.
 */
int sw_open_passive_from(struct sw_stack *, sw_ns now, const struct sw_endpoint *local,
			 const struct sw_endpoint *remote, sw_conn *);

/*
 * Active OPEN (3.10.1): sends a SYN.  `local` NULL, or its address any, or its
 * port 0: chosen (RFC 6724 in small, RFC 6056).  Later SW_OPENED or SW_FAILED.
 */
int sw_open_active(struct sw_stack *, sw_ns now, const struct sw_endpoint *local,
		   const struct sw_endpoint *remote, sw_conn *);

/* The next connection that a listener has; SW_E_AGAIN: none. */
int sw_accept(struct sw_stack *, sw_ns now, sw_conn listener, sw_conn *);

/*
 * A listener with SW_OPT_DEFER asks before it answers a SYN: nothing goes to the peer
 * until the application has said what.  Together with address any, port 0 and an
 * interface with any_destination that is a gateway, which can dial out first and never
 * pretends that a closed port is open.
 *
 * sw_asked(): the next SYN that waits; SW_E_AGAIN: none.  sw_status() of the name tells
 * both ends.  sw_answer(): once, within sw_config.defer_time; then the name is no more
 * valid (SW_E_NO_CONN), as it is when the time is over.
 *	ACCEPT		the SYN-ACK goes; *conn is the connection, in SYN-RECEIVED: later
 *			SW_OPENED or SW_FAILED.  SW_E_NO_MEMORY: no block is free; the SYN waits on
 *	REFUSE		a RST goes, as if nobody listened there
 *	UNREACHABLE	an ICMP error goes: host unreachable
 *	IGNORE		nothing goes; when the peer's SYN comes again, it asks again
 */
enum sw_answer { SW_ANSWER_ACCEPT, SW_ANSWER_REFUSE, SW_ANSWER_UNREACHABLE, SW_ANSWER_IGNORE };
int sw_asked(struct sw_stack *, sw_ns now, sw_conn listener, sw_conn *asked);
int sw_answer(struct sw_stack *, sw_ns now, sw_conn asked, enum sw_answer, sw_conn *conn);

enum { SW_PUSH = 1, SW_MORE = 2, SW_SEND_URGENT = 4 };

/*
 * SEND (3.10.2): how many of the n bytes were taken (copied), at least 1; or
 * SW_E_AGAIN, SW_E_CLOSING, or the error that ended the connection.  Bytes
 * given before the handshake is complete are kept (MUST: not an error).
 * SW_MORE holds back a last small segment; SW_SEND_URGENT marks the last of
 * the n bytes urgent.
 */
ptrdiff_t sw_send(struct sw_stack *, sw_ns now, sw_conn, const void *, size_t n, unsigned flags);

/*
 * RECEIVE (3.10.3): how many bytes were given, at least 1; 0: the peer closed
 * and everything was given; SW_E_AGAIN; or the error that ended the connection.
 */
ptrdiff_t sw_receive(struct sw_stack *, sw_ns now, sw_conn, void *, size_t n);

/* The same bytes as RECEIVE would give, which stay where they are. */
ptrdiff_t sw_peek(const struct sw_stack *, sw_conn, void *, size_t n);

/*
 * CLOSE (3.10.4): "I have no more to send".  What is queued is still sent, then
 * a FIN; receiving goes on until the peer closes.  A listener is closed and
 * released, with what waits in its queue reset.
 */
int sw_close(struct sw_stack *, sw_ns now, sw_conn);

/*
 * The application has gone: CLOSE if it was not called, and the name is no more
 * valid.  The stack ends the connection by itself; bytes that were not read, or
 * that still come, are answered by a RST (SHLD-3).
 */
int sw_release(struct sw_stack *, sw_ns now, sw_conn);

/* ABORT (3.10.5): RST, queues thrown away, the name no more valid. */
int sw_abort(struct sw_stack *, sw_ns now, sw_conn);

enum { SW_EXPORT_COPY = 1 }; /* it stays here, too: to be looked at or replayed */

/*
 * A connection as bytes, which sw_import() continues in another stack: of another
 * program, on another machine of either byte order, later.  All of it goes: state,
 * queues both ways, scoreboard, timers, controller, settings, SW_OPT_USER.  How many
 * bytes; if that is more than `cap` (to may be NULL), nothing has happened: come again
 * with so much room and a little more, as time goes on.
 *
 * Then it is gone from here: its name is no more valid, nothing is said to the peer,
 * and what still comes for it is dropped for 2 MSL (SW_V_MOVED), until it comes back.
 * SW_E_STATE: it has ended, or is open by a Fast Open cookie and its handshake is not
 * complete.  SW_E_NO_MEMORY: no record for that (time_waits).
 */
ptrdiff_t sw_export(struct sw_stack *, sw_ns now, sw_conn, void *to, size_t cap, unsigned how);

/*
 * The connection goes on here, under the name *conn, and has news if it has any.  Its
 * local address must be one of ours, and a route lead to the peer (SW_E_NO_ROUTE); the
 * pair of ends must be free (SW_E_IN_USE), the pools have room (SW_E_NO_MEMORY).
 * SW_E_INVALID: not what sw_export() of this version gave, or damaged; a checksum finds
 * accidents, and what could not be a connection is refused, but it is no seal: take bytes
 * only from whom you would let use the connection.
 */
int sw_import(struct sw_stack *, sw_ns now, const void *, size_t, sw_conn *conn);

/* STATUS (3.10.6) */
struct sw_status {
	size_t bytes; /* sizeof(struct sw_status) of your compiler: set before the call */
	enum sw_state state;
	int error;    /* why it ended, 0: it did not, or well */
	struct sw_endpoint local, remote;
	int iface;
	uint64_t user;
	uint32_t iss, irs;
	uint32_t snd_una, snd_nxt, snd_wnd, rcv_nxt, rcv_wnd;
	uint32_t snd_queued;   /* bytes taken by SEND and not acknowledged */
	uint32_t rcv_queued;   /* bytes that RECEIVE would give now */
	uint32_t mss;	       /* largest payload that we send */
	uint32_t cwnd, ssthresh, pipe;
	sw_ns srtt, rttvar, rto;
	uint8_t snd_wscale, rcv_wscale;
	bool timestamps, sack;
	uint32_t retransmits;  /* segments sent again since it was last idle */
	uint32_t backlog;      /* a listener: connections waiting in sw_accept() */
	uint32_t snd_buf, rcv_buf; /* bytes */
	uint32_t sacked, lost; /* bytes in flight that are known to be so */
	uint16_t peer_mss;     /* what the peer's SYN said, or the default for none */
	uint16_t path_mss;     /* the path's MTU, as far as known, less fixed headers */
	uint16_t link_mss;     /* what our SYN said: the link's */
	uint8_t retries;       /* timeouts in a row */
	uint8_t recovery;      /* 0: none, 1: fast recovery, 2: after a timeout */
	uint8_t icmp_type, icmp_code; /* the last ICMP error about it; 0, 0: none */
	uint8_t ttl, tos;
	uint8_t cc;	       /* enum sw_cc */
	bool ecn;	       /* both ends agreed on it */
	bool accurate_ecn;     /* and on RFC 9768 */
	uint8_t fastopen;      /* enum sw_fastopen */
	uint16_t fastopen_room; /* WANTED, HELD: bytes that can ride on the SYN; 0: no cookie */
	uint32_t backlog_most; /* a listener: how many may wait */
	sw_ns due;	       /* when its next timer is; SW_NEVER: none runs */
};
int sw_status(const struct sw_stack *, sw_conn, struct sw_status *);

/*
 * All that there is, one after the other: listeners, connections, also those that their
 * applications have released, half-open ones, those in TIME-WAIT.  `at` is 0 at first
 * and then as it was left; calls may be made in between.  What a small record does not
 * hold is 0.  false: that was the last.
 */
bool sw_walk(const struct sw_stack *, uint64_t *at, struct sw_status *);

enum sw_option {
	SW_OPT_USER,	     /* 64 bits of yours, given back with each event */
	SW_OPT_NAGLE,	     /* 0: send small segments at once (MUST-17) */
	SW_OPT_KEEPALIVE,    /* 1: on (MUST-24, off by default: MUST-25) */
	SW_OPT_USER_TIMEOUT, /* seconds, 1..65535; 0: the configured one */
	SW_OPT_TOS,	     /* Diffserv field (MUST-48) */
	SW_OPT_TTL,	     /* MUST-49 */
	SW_OPT_SND_BUF,	     /* bytes */
	SW_OPT_RCV_BUF,	     /* bytes; never takes back what was offered */
	SW_OPT_MSS,	     /* before the SYN: send and accept no larger segments */
	SW_OPT_CORK,	     /* 1: a last small segment waits, as with SW_MORE; 0: it goes */
	SW_OPT_KEEP_IDLE,    /* seconds, 1..65535; 0: the configured times and number */
	SW_OPT_KEEP_INTERVAL,
	SW_OPT_KEEP_PROBES,  /* 1..255 */
	SW_OPT_BACKLOG,	     /* a listener's */
	SW_OPT_V6_ONLY,	     /* a listener's: 1: on address any, not for IPv4 */
	SW_OPT_QUICK_ACK,    /* 1: no ACK of data waits, and one that does goes at once */
	SW_OPT_CC,	     /* enum sw_cc */
	SW_OPT_ECN,	     /* enum sw_ecn; before the SYN */
	/*
	 * TCP Fast Open (RFC 7413), off unless asked for: data on the SYN, and the
	 * answer before the handshake is complete.  The peer's application may then
	 * see the data of a SYN twice (RFC 7413 6.1): for requests that may be repeated.
	 * A connection: before the SYN has gone, that is between sw_open_active() and
	 *	sw_output().  1: bytes given by then ride on the SYN when a cookie of the
	 *	peer is known; if not, the SYN asks for one.  What the peer does not take is
	 *	sent again behind the handshake.  2: the same, and the SYN waits for the
	 *	first SEND, one retransmission timeout at most.
	 * A listener: how many connections may wait for the end of their handshake
	 *	that were opened by a cookie; 0: off.  They come out of sw_accept() in
	 *	SYN-RECEIVED, can be read and written, and may fail.
	 */
	SW_OPT_FASTOPEN,
	SW_OPT_HALF_OPENS,   /* a listener's: half-open records it may have; 0: all there are */
	/*
	 * A listener's: so many SYNs may wait for sw_answer(); 0: it does not ask.  One that
	 * asks sends no SYN cookies and takes no Fast Open: either would be an answer.
	 */
	SW_OPT_DEFER
};
/* Of a listener: its connections begin with it from now on. */
int sw_set(struct sw_stack *, sw_ns now, sw_conn, enum sw_option, uint64_t value);

/*
 * The Fast Open cookie that the peer at `remote` gave us at `local`, to be kept
 * longer than the stack lives; SW_E_AGAIN: there is none.  And back.
 */
struct sw_cookie {
	uint8_t len, bytes[16]; /* 4 to 16, even */
	uint16_t mss;		/* of the peer; 0: not known */
};
int sw_fastopen_cookie(const struct sw_stack *, const struct sw_addr *local,
		       const struct sw_addr *remote, struct sw_cookie *);
int sw_fastopen_remember(struct sw_stack *, const struct sw_addr *local,
			 const struct sw_addr *remote, const struct sw_cookie *);

/* ---- counting and watching ---------------------------------------------- */

enum sw_pool {
	SW_POOL_CONNS, SW_POOL_ACTIVES, SW_POOL_HALF_OPENS, SW_POOL_TIME_WAITS,
	SW_POOL_LISTENERS, SW_POOL_CHUNKS, SW_POOL_RECORDS, SW_POOL_RUNS,
	SW_POOL_DATAGRAMS, SW_N_POOLS
};

struct sw_counters {
	size_t bytes; /* sizeof(struct sw_counters): set before the call */
	uint64_t packets_in, packets_out, segments_in, segments_out;
	uint64_t bytes_in, bytes_out;	/* payload, in order in; first time out */
	uint64_t retransmits, retransmit_bytes;
	uint64_t rtos, fast_recoveries, probes, keep_alives, challenges;
	uint64_t loss_probes;		/* RFC 8985 7 */
	uint64_t undone;		/* losses that were none */
	uint64_t black_holes, mtu_probes, mtu_raised; /* RFC 4821; probes, and those that arrived */
	uint64_t resets_out, replies_dropped, traces_dropped;
	uint64_t asked_expired;		/* a deferred listener's SYNs that got no answer in time */
	uint64_t time_waits_evicted;	/* before 2 MSL were over: no record was free */
	/* RFC 7413.  Of SYNs that came: with a valid cookie, with another one, over the
	 * listener's limit; of ours that had a cookie: sent, not taken by the peer */
	uint64_t fastopens_in, fastopen_bad, fastopen_full, fastopens_out, fastopen_refused;
	uint64_t verdict[SW_N_VERDICTS];
	uint64_t pool_used[SW_N_POOLS], pool_high[SW_N_POOLS], pool_refused[SW_N_POOLS];
};
int sw_counters(const struct sw_stack *, struct sw_counters *);

const char *sw_state_name(enum sw_state);    /* "SYN-SENT" */
const char *sw_cause_name(enum sw_cause);
const char *sw_timer_name(enum sw_timer);
const char *sw_verdict_name(enum sw_verdict); /* one word */
const char *sw_verdict_rule(enum sw_verdict); /* "5961 3.2" */
const char *sw_verdict_text(enum sw_verdict); /* a sentence */

enum sw_trace_kind {
	SW_T_IN,    /* a segment came; `verdict` */
	SW_T_OUT,   /* a segment went */
	SW_T_STATE, /* `from` -> `to` because of `cause` */
	SW_T_TIMER, /* `timer` fired */
	SW_T_DROP   /* a packet that reached no connection; `verdict` */
};

enum { /* control bits, as on the wire */
	SW_FIN = 0x01, SW_SYN = 0x02, SW_RST = 0x04, SW_PSH = 0x08,
	SW_ACK = 0x10, SW_URG = 0x20, SW_ECE = 0x40, SW_CWR = 0x80
};

enum {
	SW_HAS_MSS = 1, SW_HAS_WSCALE = 2, SW_HAS_SACK_OK = 4, SW_HAS_TS = 8, SW_HAS_SACK = 16,
	SW_HAS_FASTOPEN = 32 /* RFC 7413 4.1.1 */
};

struct sw_trace {
	sw_ns at;
	enum sw_trace_kind kind;
	sw_conn conn; /* 0 when no full connection stands behind it */
	struct sw_endpoint local, remote;
	enum sw_state from, to;	/* before and after */
	enum sw_cause cause;
	enum sw_verdict verdict;
	enum sw_timer timer;
	/* SW_T_IN, SW_T_OUT, SW_T_DROP */
	uint32_t seq, ack, len, wnd; /* wnd: scaled */
	uint16_t up, seg_size;
	uint8_t ctl, has;
	bool retransmission;
	uint16_t mss;
	uint8_t wscale, sacks;
	uint32_t tsval, tsecr;
	uint32_t sack[4][2];
	uint8_t cookie_len, cookie[16]; /* SW_HAS_FASTOPEN; 0: it asks for one */
};

/* The oldest trace event not yet taken; false: none. */
bool sw_trace(struct sw_stack *, struct sw_trace *);

#ifdef __cplusplus
}
#endif
#endif
