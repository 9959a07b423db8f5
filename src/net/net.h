/*
 * net.h - the stack: where wire and tcp meet.
 *
 * net owns the arena and every record in it, finds the connection of a segment,
 * keeps half-open and TIME-WAIT connections small, chooses what to send next and
 * answers what has no connection.  It decides nothing that RFC 9293 section 3
 * decides: that is tcp's.
 */
#ifndef SW_NET_NET_H
#define SW_NET_NET_H

#include "base/prf.h"
#include "base/table.h"
#include "base/wheel.h"
#include "tcp/tcp.h"
#include "wire/wire.h"

/* References in the table: what kind of record, and which. */
enum { KIND_BLOCK, KIND_HALF, KIND_TIME_WAIT };
#define REF(kind, i) ((uint32_t)(kind) << 30 | (i))
#define REF_KIND(ref) ((ref) >> 30)
#define REF_INDEX(ref) ((ref) & 0x3fffffff)

/* Who talks to whom. */
struct tuple {
	struct sw_addr local, remote;
	uint16_t local_port, remote_port;
};

/* head.mark */
enum {
	MARK_IN_TABLE = 1,
	MARK_ACCEPT_QUEUE = 2,
	MARK_WAITS_NEIGHBOUR = 4,
	MARK_USED = 8, /* the record is not free */
	MARK_STARVED = 32, /* its SEND found no buffer: told when there is one */
	MARK_SHARED = 64,  /* what it knows of its path was told (share.c) */
	/* of blocks that were opened by a cookie, in SYN-RECEIVED: an application has it,
	 * although `listener` is set; it counts among the listener's pending ones */
	MARK_ACCEPTED = 16,
	MARK_FAST = 128
};

/* Our end of small records: they share it. */
struct here {
	struct sw_addr addr;
	uint32_t users;
	uint8_t iface;
};

/* What small records begin with: small.c's, but for `state` (fsm_go()'s, like any). */
struct small {
	struct sw_addr remote;
	uint16_t local_port, remote_port;
	uint32_t here : 22, state : 4, mark : 6;
};
enum { SMALL_HERE = 0x3fffff, SMALL_MARK = 0x3f };
enum { /* small.mark */
	SMALL_USED = 1,
	SMALL_IN_TABLE = 2, /* half-open; a TIME-WAIT record always is */
	SMALL_TS = 2,	    /* TIME-WAIT: timestamps were agreed on */
	SMALL_MOVED = 4,    /* TIME-WAIT: no such thing, the connection is elsewhere */
	/* and when it answered something strange */
	SMALL_PERIOD = 3,
	SMALL_PERIODS = 7
};

/* SYN-RECEIVED, from a listener, nothing but the handshake so far; or in LISTEN, a SYN
 * that waits for its listener's application: 80 bytes. */
struct half {
	struct small k;
	struct wheel_node timer;
	struct link ready;
	seq iss, irs;
	uint32_t ts_recent;
	uint32_t listener; /* LISTENER_REF */
	uint16_t snd_wnd, peer_mss;
	uint8_t options; /* SW_HAS_... agreed on, HALF_ECN */
	uint8_t snd_wscale : 4;
	uint8_t ace : 4;   /* HALF_ACE and the SYN's ECN field: of RFC 9768 */
	uint8_t retries;
	uint8_t flags;	   /* HALF_... */
	uint32_t first_us; /* when the SYN came, low bits of microseconds */
	uint32_t generation;
};
enum { HALF_ECN = 0x80 }; /* half.options */
enum { HALF_ACE = 4 };	  /* half.ace */
enum { HALF_SEND = 1, HALF_SENT = 2, HALF_ACK = 4, HALF_GIVES = 8 /* a cookie */,
       HALF_WSCALE = 4 /* shift: our scale */ };

/* TIME-WAIT, released: 48 bytes. */
struct time_wait {
	struct small k;
	seq snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	uint32_t until_ms; /* low bits of milliseconds */
	struct link queue; /* in order of `until`, oldest first */
};

struct listener {
	struct head h;	   /* LISTEN; a SYN's connection begins as a copy */
	struct link link;  /* in stack.listen_list, most particular first */
	struct link event; /* in stack.listener_events */
	struct list queue; /* blocks waiting in sw_accept(), by tcb.event */
	uint32_t waiting, halves, backlog;
	uint32_t halves_most; /* 0: as many as there are */
	/* deferred: how many may wait, do; those that nobody was told of, by half.ready */
	uint32_t asked_most, asked;
	struct list questions;
	uint32_t generation;
	uint64_t user;
	struct habits habits;
	bool v6_only;
	/* RFC 7413 4.2, 5.1: how many may be pending, are; of these, were reset */
	uint32_t fast_most, fast_pending, fast_resets;
	sw_ns fast_resets_until;
};

/* A listener as its connections remember it: stale once it was closed. */
#define LISTENER_REF(l, i) (((l)->generation & 0x3fff) << 16 | (i))
#define LISTENER_INDEX(ref) ((ref) & 0xffff)

struct iface {
	struct sw_iface conf;
	struct list ready_blocks, ready_halves;
	struct list waiting; /* blocks whose next hop is being resolved, by tcb.ready */
	struct list replies; /* struct reply_slot */
	bool turn;	     /* whose turn: blocks or halves */
};

struct address {
	struct sw_addr addr;
	uint8_t prefix, iface;
};

struct route {
	struct sw_addr net, gateway;
	uint8_t prefix, iface;
	bool direct; /* no gateway */
};

/* A packet that no connection sends: RST, ICMP, ARP, neighbour discovery. */
struct reply_slot {
	struct link link;
	struct sw_addr next_hop;
	uint32_t len;	/* of the IP packet, or of the whole frame when `framed` */
	uint8_t iface;
	bool framed;	/* begins with an Ethernet header already */
	uint16_t spare;
	/* reply_bytes follow */
};

enum neighbour_state { NEIGHBOUR_FREE, NEIGHBOUR_INCOMPLETE, NEIGHBOUR_REACHABLE, NEIGHBOUR_STALE };

struct neighbour_entry {
	struct sw_addr addr;
	uint8_t mac[6];
	uint8_t iface, state, tries;
	sw_ns when; /* INCOMPLETE, STALE: ask again.  REACHABLE: stale then */
	sw_ns used;
};

/* Which fields of a struct share are known; share.c says for how long. */
enum { SHARE_RTT = 1, SHARE_SSTHRESH = 2, SHARE_COOKIE = 4, SHARE_NO_FAST = 8, SHARES = 4 };

/* What is known of the path between two addresses. */
struct share {
	struct sw_addr key[2]; /* the peer's, ours */
	struct link order;     /* in stack.share_order, the oldest first */
	uint32_t has;	       /* SHARE_... */
	struct path_facts facts;
	sw_ns told[SHARES];    /* when */
	struct { /* RFC 7413 4.1.3 */
		uint8_t len, cookie[COOKIE_MAX];
		uint16_t mss;	/* of the peer; 0: not known */
		uint8_t times;	/* it went wrong so often in a row: */
		uint16_t port;	/* at this port; 0: at more than one */
		sw_ns until;	/* and is not tried before */
	} fast;
};

struct datagram { /* in reassembly; its bytes follow */
	struct sw_addr src, dst;
	uint32_t id, have, total; /* bytes held; length when known, else 0 */
	sw_ns until;
	uint16_t pieces;
	uint8_t proto, iface;
	uint8_t ttl, tos;    /* of the first piece */
	bool used, v6, dead; /* dead: overlapped; swallows the rest (RFC 5722) */
	struct { uint16_t from, to; } piece[48]; /* sorted, disjoint */
	uint64_t head[6]; /* room for an IP header before the bytes */
};

struct sw_stack {
	uint64_t magic;
	size_t bytes; /* of the arena */
	struct sw_config conf;
	struct tcp tcp;

	struct pool blocks, halves, time_waits, listeners, replies, datagrams;
	struct pool ifaces, addresses, routes, neighbours; /* used as arrays: high counts */
	struct pool shares, heres;
	struct table table, share_table, here_table;
	uint32_t here_last; /* asked for last */
	uint32_t share_last; /* told last */
	struct tuple known;  /* of the packet or call that is under way, which has ports: */
	uint32_t known_hash; /* conn_hash() of it */
	struct wheel block_wheel, half_wheel;
	struct list time_wait_queue, listen_list, share_order;
	struct list events, listener_events;
	struct list starved; /* blocks that wait for buffers, by tcb.event */

	struct sw_steer steer;	   /* if conf.shards */
	uint8_t key_iss[16], key_table[16], key_port[16], key_ts[16], key_fast[16],
	    key_cookie[16];
	uint16_t port_counter[64]; /* RFC 6056 algorithm 4 */
	uint32_t generation;
	uint32_t ip_id;		   /* counts; sent through the prf (see ident.c) */
	sw_ns now;		   /* the latest that any call was given */
	sw_conn room;		   /* the last call said room for it: */
	size_t room_bytes;
	sw_ns icmp_tokens_at;	   /* RFC 4443 2.4 f: rate limit of errors */
	sw_ns cookies_until;	   /* till then SYN cookies of ours may come back */
	bool cookies_shared;	   /* and those of other stacks at any time */
	bool iss_forced;
	uint32_t iss_force;
	uint64_t time_waits_evicted, asked_expired;
	uint64_t followed; /* packets that train.c took */
	uint64_t flooded;  /* SYNs that flood.c answered */
	uint64_t packets_in, packets_out, segments_in, resets_out, replies_out, replies_dropped;
	struct {
		uint64_t taken, bad, full, sent, refused;
	} fast; /* as in struct sw_counters */
	uint64_t verdicts[SW_N_VERDICTS]; /* of packets that reached no tcp code */
};

/* The time by which cookies are made, the same on all stacks that share their secret. */
static inline sw_ns
cookie_time(const struct sw_stack *s)
{
	return s->now + s->conf.cookie_clock;
}

/* Has an application the name of this block? */
static inline bool
conn_is_owned(const struct tcb *t)
{
	return t->listener == NONE || (t->h.mark & MARK_ACCEPTED);
}

static inline struct tcb *
block_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->blocks, i);
}

static inline struct half *
half_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->halves, i);
}

static inline struct time_wait *
time_wait_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->time_waits, i);
}

static inline struct listener *
listener_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->listeners, i);
}

static inline struct iface *
iface_at(const struct sw_stack *s, uint32_t i)
{
	return pool_at(&s->ifaces, i);
}

/* RFC 1191 allows 68; who tells of less than 576 attacks or is broken (RFC 5927 7.1): then
 * that is what is sent, and it may be cut on its way. */
enum { PATH4_MTU_MIN = 576 };
/* ---- stack.c: arena layout, init, copy -------- (A) --------------------- */
/* The clock of the stack: the latest time that it was given. */
sw_ns stack_now(struct sw_stack *, sw_ns now);
bool config_ok(const struct sw_config *); /* config.c */
/* ---- conn.c: records of connections ----------- (A) --------------------- */
void head_tuple(const struct head *, struct tuple *);
void head_set(struct head *, const struct tuple *, int iface, int kind);
uint32_t conn_find(const struct sw_stack *, const struct tuple *); /* ref; NONE */
uint32_t conn_find_at(const struct sw_stack *, const struct tuple *, uint32_t hash);
uint32_t conn_hash(const struct sw_stack *, const struct tuple *);
/* The same of one that is asked for again before the call ends. */
uint32_t conn_place(const struct sw_stack *, const struct tuple *);
void conn_know(struct sw_stack *, const struct tuple *, uint32_t hash);
uint32_t head_hash(const struct sw_stack *, const struct head *);
/* A block in CLOSED with its tuple, in the table; NONE: no room or tuple taken. */
uint32_t conn_new(struct sw_stack *, const struct tuple *, int iface);
/* A block that goes on as *t, whose half-open record `ref` it replaces; NONE: no
 * room.  ref NONE: it enters the table. */
uint32_t conn_from(struct sw_stack *, const struct tcb *t, uint32_t ref);
/* Makes *t fresh in CLOSED for this tuple, its links and marks too. */
void conn_fresh(const struct sw_stack *, struct tcb *, const struct tuple *, int iface, seq iss);
/* The same, but for the timestamps' offset: who sends some sets that. */
void conn_blank(const struct sw_stack *, struct tcb *, const struct tuple *, int iface, seq iss);
/* What the path's MTU leaves for text and options. */
uint16_t conn_path_mss(const struct sw_stack *, int iface, const struct sw_addr *remote);
/* After any tcp call on it: timer, ready and event lists, reply, the end. */
void conn_settle(struct sw_stack *, uint32_t block, sw_ns now, const struct reply *);
void conn_free(struct sw_stack *, uint32_t block);
/* Its application will be told of news; of buffers when there are some again. */
void conn_announce(struct sw_stack *, uint32_t block);
void conn_starve(struct sw_stack *, uint32_t block);
void conn_feed(struct sw_stack *);
/* Nothing more to tell it. */
void conn_hush(struct sw_stack *, uint32_t block);
/* The tuple is another's from now on. */
void conn_forget(struct sw_stack *, uint32_t block);
sw_conn conn_name(const struct sw_stack *, uint32_t block);
uint32_t conn_of(const struct sw_stack *, sw_conn); /* block index; NONE */
/* small.c: what half.c and time_wait.c have in common */
bool small_set(struct sw_stack *, struct small *, const struct tuple *, int iface);
void small_unset(struct sw_stack *, struct small *);
int small_iface(const struct sw_stack *, const struct small *);
void small_tuple(const struct sw_stack *, const struct small *, struct tuple *);
bool small_is(const struct sw_stack *, const struct small *, const struct tuple *);
void small_head(const struct sw_stack *, const struct small *, struct head *);
uint32_t small_hash(const struct sw_stack *, const struct small *);
sw_ns small_hushed(const struct sw_stack *, const struct small *, sw_ns now);
bool small_may_challenge(const struct sw_stack *, struct small *, sw_ns now);
/* half.c, time_wait.c: the small records, made large while a segment is decided */
struct asked { /* a segment that asks a listener */
	struct tuple tuple;
	int iface;
	struct seg *seg;
	const seq *after; /* the ISS must lie beyond it; or NULL */
};
void half_new(struct sw_stack *, uint32_t listener, const struct asked *);
/* The block in LISTEN that a segment of this tuple meets: conn_blank(). */
void half_listen(const struct sw_stack *, uint32_t listener, const struct asked *, struct tcb *);
/* A record for the tuple of a SYN, in the table; NONE: none is free. */
uint32_t half_take(struct sw_stack *, const struct asked *, const struct listener *,
		   uint32_t listener);
void half_arrives(struct sw_stack *, uint32_t half, struct seg *, sw_ns now);
bool half_emit(struct sw_stack *, uint32_t half, sw_ns now, struct seg *);
void half_expire(struct sw_stack *, sw_ns now);
void half_free(struct sw_stack *, uint32_t half);
void time_wait_arrives(struct sw_stack *, uint32_t tw, struct seg *, sw_ns now);
void time_wait_expire(struct sw_stack *, sw_ns now);
sw_ns time_wait_deadline(const struct sw_stack *);
/* From a released block in TIME-WAIT that has nothing more to say: it is free then.
 * false: no room; it stays. */
bool time_wait_take(struct sw_stack *, uint32_t block, sw_ns now);
void time_wait_free(struct sw_stack *, uint32_t tw);
/* From a block that was exported: the record says nothing.  false: no room. */
bool time_wait_moved(struct sw_stack *, uint32_t block, sw_ns now);
/* A tuple in TIME-WAIT that an active OPEN may have: it is free then, and *iss
 * is what the new connection must begin behind. */
bool time_wait_yield(struct sw_stack *, uint32_t tw, sw_ns now, seq *iss);
/* share.c: what earlier connections have found out (RFC 9040) */
const struct share *share_find(const struct sw_stack *, const struct tuple *); /* NULL */
struct share *share_take(struct sw_stack *, const struct tuple *); /* NULL: nothing is kept */
bool share_knows(const struct sw_stack *, const struct share *, uint32_t bit); /* NULL: no */
void share_told(struct sw_stack *, struct share *, uint32_t bits);
void share_begin(const struct sw_stack *, struct tcb *);
void share_end(struct sw_stack *, struct tcb *);
/* listen.c: the most particular listener; NONE */
uint32_t listener_find(const struct sw_stack *, const struct tuple *);
uint32_t listener_of(const struct sw_stack *, sw_conn); /* index; NONE */
sw_conn listener_name(const struct sw_stack *, uint32_t listener);
struct listener *listener_behind(const struct sw_stack *, uint32_t listener_ref); /* NULL: gone */
/* A block that left SYN-RECEIVED waits for sw_accept(); false: its listener is gone. */
bool listener_give(struct sw_stack *, uint32_t block);
int listener_set(struct sw_stack *, uint32_t listener, sw_ns now, enum sw_option, uint64_t value);
int listener_close(struct sw_stack *, uint32_t listener, sw_ns now);
/* calls.c: what STATUS says; all of *st is 0 before, but `due` */
void status_listener(const struct sw_stack *, uint32_t listener, struct sw_status *);
void status_block(const struct sw_stack *, uint32_t block, struct sw_status *);
/* input.c */
struct arrival { /* how a packet came */
	int iface;
	enum sw_csum csum;
	uint32_t seg_size; /* of a super-segment; 0 */
	bool group;	   /* by the link's broadcast or multicast */
	const uint32_t *hash; /* of its tuple; NULL: not known yet */
	const uint8_t *packet; /* its IP header as it came; NULL: it came in pieces */
	struct train *train;
	uint32_t lent; /* 1 + the chunk that it came in; 0: it is the caller's memory */
};
/* train.c: packets that follow one another */
struct train {
	uint32_t block; /* NONE: there is none */
	const uint8_t *packet; /* IP header of the last one */
	uint32_t link, ip, head; /* bytes of headers: the link's, IP's, IP's and TCP's */
	uint8_t iface, csum;
	uint32_t room;	 /* text that may follow; and what did */
	uint32_t took;
	uint32_t ip_sum, tcp_sum; /* of what their headers have alike; the pseudo-header's, too */
	struct seg seg;	 /* the last one */
};
void train_begin(struct sw_stack *, struct train *, const struct arrival *, uint32_t block,
		 const struct seg *);
bool train_follows(struct sw_stack *, struct train *, const struct sw_packet *, uint32_t lent);
void train_end(struct sw_stack *, struct train *);
/* Segments of a row, in and out: the sum of what their TCP headers have alike, and of what
 * they have not; both without the checksum. */
uint32_t row_alike(const uint8_t *tcp, uint32_t size);
static inline uint32_t
row_differs(const uint8_t *tcp)
{
	return sum_word(tcp + 4) + sum_word(tcp + 6) + sum_of_16(tcp[13]);
}
/* A whole datagram after reassembly comes in here again. */
void input_transport(struct sw_stack *, const struct arrival *, const struct ip *);
void input_listener(struct sw_stack *, uint32_t listener, const struct asked *);
void count_verdict(struct sw_stack *, enum sw_verdict); /* one that no tcb saw */
/* count_verdict() and a trace event */
void input_drop(struct sw_stack *, const struct tuple *, const struct seg *, enum sw_verdict);
/* Packets in memory of the caller's, or in chunks that were lent to it (lent.c). */
void input_packets(struct sw_stack *, const struct sw_packet *, size_t n, bool lent);
uint32_t lent_chunk(const struct sw_stack *, const uint8_t *data); /* 1 + the chunk; 0: none */
/* calls.c: SEND on block i took so much of n bytes; what comes of that */
void send_settle(struct sw_stack *, uint32_t i, size_t n, ptrdiff_t taken);
/* ahead.c: a glance at packets that have come, so that memory is near when they are read */
enum { AHEAD_MAX = 32 };
struct ahead {
	uint32_t known; /* a bit a packet: hash[] has the hash of its tuple */
	uint32_t hash[AHEAD_MAX];
};
void ahead_look(const struct sw_stack *, const struct sw_packet *, uint32_t n, struct ahead *);
/* output.c: queue a RST (or any segment without text) as a reply */
void reply_segment(struct sw_stack *, const struct tuple *, int iface, const struct seg *);
/* The same of a segment that nobody has counted yet, on the route that is known, or (-1)
 * not yet. */
void reply_new(struct sw_stack *, const struct tuple *, const struct seg *, int iface,
	       const struct sw_addr *hop);
/* The whole packet of such a segment, written into `room`: its length; 0: it does not fit. */
uint32_t packet_of(struct sw_stack *, const struct tuple *, const struct seg *, struct view room);

/* ---- fastopen.c: RFC 7413 ------------------------------------------------ */
enum fast_answer {
	FAST_NOTHING,	/* there is no such option, or it does not count here */
	FAST_GIVE,	/* the SYN-ACK gives a cookie; text of the SYN is dropped */
	FAST_DROP,	/* too many are pending: text is dropped */
	FAST_OPEN,	/* the cookie is good: text is taken */
	FAST_OPEN_GIVE	/* and it is an old one */
};
enum fast_answer fastopen_ask(struct sw_stack *, struct listener *, const struct asked *);
/* What the next SYN-ACK, or SYN, of this tuple says: struct tcp's `fast`. */
void fastopen_offer(struct sw_stack *, const struct head *);
void fastopen_try(struct sw_stack *, const struct head *);
/* How much can ride on the block's SYN; 0: no cookie is known, or none may be used. */
uint16_t fastopen_room(const struct sw_stack *, const struct tcb *);
/* A SYN-ACK has opened the block: what it says, and how its Fast Open went.  again: our
 * SYN was sent more than once. */
void fastopen_heard(struct sw_stack *, uint32_t block, const struct seg *, bool again);
/* It went wrong: not tried there for a while. */
void fastopen_failed(struct sw_stack *, struct tcb *);
/* A timer of the block has fired, or it has ended: was the network against it? */
void fastopen_judge(struct sw_stack *, struct tcb *);
void fastopen_opened(struct sw_stack *, uint32_t block);
void fastopen_settle(struct sw_stack *, uint32_t block);

/* ---- defer.c: a SYN is a question ----------------------------------------- */
uint32_t asked_of(const struct sw_stack *, sw_conn); /* the record; NONE */
void asked_new(struct sw_stack *, uint32_t listener, const struct asked *);
void asked_arrives(struct sw_stack *, uint32_t half, const struct seg *);
void asked_refuse(struct sw_stack *, uint32_t half);
void asked_free(struct sw_stack *, uint32_t half);
void asked_close(struct sw_stack *, struct listener *);

/* ---- cookie.c: SYN cookies ------------------------------------------------ */
bool cookie_needed(const struct sw_stack *, const struct listener *, const struct asked *);
void cookie_answer(struct sw_stack *, uint32_t listener, const struct asked *);
/* An ACK for a listener; false: it has nothing to do with cookies. */
bool cookie_arrives(struct sw_stack *, uint32_t listener, const struct asked *);
/* The parts of an answer: what it says, its number, its timestamp; and that it goes. */
void cookie_says(const struct sw_stack *, uint32_t listener, const struct asked *, struct seg *);
uint32_t cookie_number(const struct sw_stack *, const struct tuple *, const struct seg *syn);
uint32_t cookie_stamp(const struct sw_stack *, const struct tuple *, const struct seg *syn,
		      bool ecn);
void cookie_sent(struct sw_stack *);

/* ---- flood.c: many of them in a row ---------------------------------------- */
enum { FLOOD_SYN = 60 }; /* bytes of a SYN that has what nearly every one has */
struct syn_row {
	uint32_t listener; /* whose answers are like that; NONE: there is none yet */
	int iface;	   /* the way out */
	struct sw_addr local;
	uint16_t local_port;
	uint8_t like[FLOOD_SYN];
	uint32_t ip_sum, tcp_sum; /* of what stays the same */
};
bool flood_answers(struct sw_stack *, struct syn_row *, const struct sw_packet *,
		   const uint32_t *hash);

/* ---- ident.c (A): RFC 6528, 6056, 7323 5.4, 6864 ------------------------ */
void ident_init(struct sw_stack *);
seq ident_iss(const struct sw_stack *, const struct tuple *, sw_ns now);
uint32_t ident_place(const struct sw_stack *, const struct sw_addr *remote,
		     const struct sw_addr *local, uint32_t with);
uint32_t ident_ts_offset(const struct sw_stack *, const struct tuple *);
void ident_words(const struct tuple *, uint64_t w[4]); /* its addresses */
uint32_t ident_ports(const struct tuple *);
uint16_t ident_port(struct sw_stack *, const struct tuple *); /* 0: none free */
uint16_t ident_ip_id(struct sw_stack *, const struct sw_addr *src, const struct sw_addr *dst);

/* ---- steer.c ------------------------------------------------------------ */
bool steer_is_ours(const struct sw_stack *, const struct tuple *);

/* ---- route.c (B) -------------------------------------------------------- */
/* iface and next hop towards dst; -1: no route.  next_hop may be NULL. */
int route_find(const struct sw_stack *, const struct sw_addr *dst, struct sw_addr *next_hop);
/* The address to use from iface towards dst; false: none of that family. */
bool route_source(const struct sw_stack *, int iface, const struct sw_addr *dst, struct sw_addr *);
bool address_is_ours(const struct sw_stack *, const struct sw_addr *);
/* Could a connection have it as peer (MUST-57, MUST-63: no multicast, broadcast,
 * unspecified, loopback from outside, ours on IPv4 subnets' broadcast)? */
bool address_is_unicast(const struct sw_stack *, const struct sw_addr *);
bool address_is_on(const struct sw_stack *, int iface, const struct sw_addr *); /* ours there */
/* ff02::1 and the solicited-node addresses of ours: for ICMPv6 only. */
bool address_is_ours_multicast(const struct sw_stack *, const struct sw_addr *);
bool address_is_link_local(const struct sw_addr *); /* fe80::/10 */
bool address_is_assignable(const struct sw_addr *, unsigned prefix);
void address_solicited(const struct sw_addr *, struct sw_addr *group); /* RFC 4291 2.7.1 */
/* The MTU towards remote: the iface's. */
uint32_t route_mtu(const struct sw_stack *, int iface, const struct sw_addr *remote);

/* ---- reply.c (B) -------------------------------------------------------- */
/* A slot's bytes to write an IP packet into (conf.reply_bytes of room), or NULL:
 * full, counted.  reply_send() queues it on the route to dst and returns true;
 * with no route it is given back, false. */
uint8_t *reply_take(struct sw_stack *, uint32_t *slot);
bool reply_send(struct sw_stack *, uint32_t slot, uint32_t len, const struct sw_addr *dst);
void reply_send_frame(struct sw_stack *, uint32_t slot, uint32_t len, int iface);
/* For ARP and neighbour discovery: may take the slots kept for them. */
uint8_t *reply_take_link(struct sw_stack *, uint32_t *slot);
/* Queues an IP packet on iface for this next hop; false: longer than the MTU. */
bool reply_send_on(struct sw_stack *, uint32_t slot, uint32_t len, int iface,
		   const struct sw_addr *hop);
void reply_drop(struct sw_stack *, uint32_t slot);
void reply_drop_hop(struct sw_stack *, int iface, const struct sw_addr *hop);
/* Moves the oldest reply of iface that can go now into the packet; false: none. */
bool reply_emit(struct sw_stack *, sw_ns now, int iface, struct sw_packet *);
/* Is there one that can go now?  (Not one that waits for a neighbour.) */
bool reply_waiting(const struct sw_stack *, int iface);

/* ---- neighbour.c (B): ARP (826), neighbour discovery (4861) ------------- */
enum { HOP_KNOWN, HOP_WAIT, HOP_FAILED };
/* SW_LINK_IP: KNOWN at once.  WAIT: a question was queued. */
int neighbour_mac(struct sw_stack *, sw_ns now, int iface, const struct sw_addr *hop,
		  uint8_t mac[6]);
void neighbour_arp(struct sw_stack *, sw_ns now, int iface, struct view);
void neighbour_icmp(struct sw_stack *, sw_ns now, int iface, const struct ip *,
		    const struct icmp *);
/* Has it been asked for, without an answer yet? */
bool neighbour_is_asked(const struct sw_stack *, int iface, const struct sw_addr *hop);
sw_ns neighbour_deadline(const struct sw_stack *);
void neighbour_expire(struct sw_stack *, sw_ns now);
/* conn.c (A): blocks that waited on iface may try again; `failed`: hop is dead. */
void conn_unblock(struct sw_stack *, sw_ns now, int iface, const struct sw_addr *failed);

/* ---- reassembly.c (B) --------------------------------------------------- */
/* Takes a piece; when the datagram is whole, input_transport() is called. */
void reassembly_take(struct sw_stack *, sw_ns now, int iface, const struct ip *);
sw_ns reassembly_deadline(const struct sw_stack *);
void reassembly_expire(struct sw_stack *, sw_ns now);

/* ---- icmp.c (B) --------------------------------------------------------- */
/* Writes IP header and ICMP message; bytes, 0: no room. h->len is set. */
uint32_t icmp_packet(uint8_t *to, uint32_t room, struct ip_head *h, const struct icmp *);
void icmp_arrives(struct sw_stack *, sw_ns now, int iface, const struct ip *, enum sw_csum);
/* Host unreachable, about a SYN that came by iface and is no more. */
void icmp_unreachable(struct sw_stack *, int iface, const struct tuple *, const struct seg *syn);
/* An error about `packet` (its IP bytes), unless RFC 1122 3.2.2 / 4443 2.4 forbid it. */
void icmp_error(struct sw_stack *, int iface, struct view packet, const struct ip *,
		const struct icmp *type_code_word);

#endif
