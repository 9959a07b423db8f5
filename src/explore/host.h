/*
 * host.h - one host: the shipped core with an application, every state in which it was
 * ever seen, and what each event made of each of them.
 *
 * A host sees nothing of the other but segments and the time that passes.  So what an
 * event does to it is found out once, by running the core, and then known by heart.
 */
#ifndef SW_EXPLORE_HOST_H
#define SW_EXPLORE_HOST_H

#include "explore/bag.h"
#include "explore/core.h"

enum { ARENA_MAX = 16384, SEGMENT_MAX = 128, OUTPUTS_MAX = 64, BYTES = 2 };

enum { /* app.done */
       DONE_OPEN = 1,
       DONE_SENT = 2,
       DONE_CLOSED = 4,
       DONE_EOF = 8,
       DONE_ESTABLISHED = 16,
       DONE_FAILED = 32
};

enum open_way { OPEN_LISTEN, OPEN_FROM, OPEN_BOTH };

/* What is explored. */
struct rules {
	const struct explore_core *core;
	enum open_way way;
	uint8_t rounds;	    /* connections one after the other */
	bool closes;	    /* the applications close and go */
	bool graceful;	    /* no connection may fail, but by being refused */
	bool no_reset;	    /* no reset may end one, not even one that waits for its last ACK */
	bool reads_at_once; /* the applications receive as soon as they can */
	bool reorder;
	bool replay;	/* every segment of an earlier moment may come again */
	bool fixed_iss; /* each connection begins with the same number */
	bool wrapped;	/* it begins just below the last one's, and there are timestamps */
	bool plain;	/* nothing that differs in a byte is taken for the same */
	uint8_t loss, dup;
};

enum call { CALL_OPEN, CALL_SEND, CALL_RECEIVE, CALL_CLOSE, CALL_RELEASE, N_CALLS };

/* An application: opens, sends its two bytes, receives the other's, closes, goes. */
struct app {
	_Alignas(8) sw_ns now; /* the host's clock */
	sw_conn conn, listener;
	uint32_t iss, irs; /* of this connection */
	uint8_t done;
	uint8_t rounds; /* connections so far */
	uint8_t got;	/* bytes received */
	int8_t error;
};

/* The host that is worked on. */
struct host {
	const struct rules *rules;
	int side; /* 0: left */
	struct sw_stack *stack;
	struct app app;
	const char *wrong; /* the first property that failed; NULL */
	int wrong_line;	   /* of an invariant of the core */
};

enum { /* seen.left: what the core still holds */
       LEFT_HALF = 1,
       LEFT_CONN = 2,
       LEFT_TIME_WAIT = 4
};

/* What the world asks of a host's state. */
struct seen {
	sw_ns wait; /* until the core's next deadline; SW_NEVER */
	uint32_t iss, irs;
	uint8_t state; /* of its connection as far as anybody can see it */
	uint8_t done, rounds, got;
	int8_t error;
	uint8_t calls; /* bits: which are allowed */
	uint8_t left;
	bool conn, listener;
	bool close_waits;
	uint8_t spare[6];
};
enum { STATE_RELEASED = 0xff }; /* seen.state, beyond enum sw_state */

struct segment { /* one that was ever sent: named by its number */
	uint16_t len;
	uint8_t to;
	uint8_t ctl;
	uint8_t bytes[SEGMENT_MAX];
};

/* What one event did to one state: where it led, what was sent. */
struct step {
	uint32_t from, event;
	uint32_t to; /* HOST_REFUSED: nothing happened */
	uint32_t outs;
	uint64_t out_at; /* in hosts.outs */
};
#define HOST_REFUSED (UINT32_MAX - 1)
#define EVENT_SEGMENT(n) (uint32_t)(n)
#define EVENT_CALL(c) (1u << 16 | (uint32_t)(c))
#define EVENT_WAIT(w) (2u << 16 | (uint32_t)(w))

/* Both hosts, all their states, all segments. */
struct hosts {
	struct host host[2];
	size_t arena_bytes;
	struct bag segments, waits;
	struct bag known[2]; /* states of each side */
	struct bag steps[2];
	struct heap packed; /* what differs from the first state of that side */
	struct heap outs;   /* numbers of segments */
	uint64_t *first[2];
	uint64_t *arena[2];
	uint32_t loaded[2]; /* the state that lies there; BAG_NONE */
	struct memory *memory;
};

/* Two hosts that know their addresses and nothing else; false: no memory. */
bool hosts_begin(struct hosts *, const struct rules *, struct memory *);
void hosts_end(struct hosts *);
/* The number of the state in which both begin. */
uint32_t hosts_first(struct hosts *, int side);
/* What an event makes of a state; NULL: a property failed, or there is no memory. */
const struct step *hosts_step(struct hosts *, int side, uint32_t from, uint32_t event);
/* The number of a time to pass; BAG_NONE: full. */
uint32_t hosts_wait(struct hosts *, sw_ns);
const struct seen *hosts_seen(const struct hosts *, int side, uint32_t state);
const struct segment *hosts_segment(const struct hosts *, uint32_t number);

/* app.c: the application. */
bool host_fails(struct host *, const char *why);
bool call_allowed(const struct host *, enum call);
/* Is there nothing to receive but the peer's close (or an error)? */
bool close_waits(const struct host *);
/* Makes the call; false: it was refused, and nothing has changed. */
bool call_make(struct host *, enum call);
/* After each event: what the application does by itself, and must find true. */
void app_observe(struct host *);

#endif
