/*
 * world.h - two hosts of the shipped core, the segments between them, and the two
 * applications: one state of the exploration, and every move that leads on from it.
 */
#ifndef SW_EXPLORE_WORLD_H
#define SW_EXPLORE_WORLD_H

#include "explore/core.h"

enum { FLIGHT_MAX = 12, OLD_MAX = 40, ARENA_MAX = 16384, SEGMENT_MAX = 128, MOVES_MAX = 160 };

enum { /* app.done */
       DONE_OPEN = 1,
       DONE_SENT = 2,
       DONE_CLOSED = 4,
       DONE_EOF = 8,
       DONE_ESTABLISHED = 16,
       DONE_FAILED = 32
};

/* An application: opens, sends its two bytes, receives the other's, closes, goes. */
struct app {
	sw_conn conn, listener;
	uint32_t iss, irs; /* of this connection, or of the last */
	uint8_t done;
	uint8_t rounds; /* connections so far */
	uint8_t got;	/* bytes received */
	int8_t error;
};

/* What a state holds besides the two arenas. */
struct world {
	_Alignas(8) sw_ns now; /* a whole number of words, on 32 bits too */
	struct app app[2];
	uint16_t flight[2][FLIGHT_MAX]; /* numbers of segments on their way to each */
	uint8_t flights[2];
	uint8_t loss, dup; /* how many are left */
	uint16_t olds;	   /* what the network may bring once more */
	uint16_t old[OLD_MAX];
	sw_ns old_at[OLD_MAX];
	uint8_t old_to[OLD_MAX];
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
	uint8_t loss, dup;
};

struct segment { /* one that was ever sent: named by its index */
	uint8_t len;
	uint8_t bytes[SEGMENT_MAX];
};

/* The state that is worked on. */
struct here {
	const struct rules *rules;
	struct world w;
	struct sw_stack *stack[2];
	size_t arena_bytes; /* of each that count */
	struct segment *segments;
	uint32_t n_segments;
	const char *wrong; /* the first property that failed; NULL */
	int wrong_line;	   /* of an invariant of the core */
};

typedef uint32_t move;
enum move_kind { MOVE_DELIVER, MOVE_LOSE, MOVE_DUP, MOVE_REPLAY, MOVE_CALL, MOVE_TIME };
enum call { CALL_OPEN, CALL_SEND, CALL_RECEIVE, CALL_CLOSE, CALL_RELEASE, N_CALLS };
#define MOVE(kind, side, i) ((uint32_t)(kind) << 24 | (uint32_t)(side) << 16 | (uint32_t)(i))
#define MOVE_KIND(m) ((enum move_kind)((m) >> 24))
#define MOVE_SIDE(m) ((int)((m) >> 16 & 0xff))
#define MOVE_INDEX(m) ((int)((m)&0xffff))
#define MOVE_NONE UINT32_MAX
#define LOSE_ALL 2 /* instead of a side: all that is in flight */

/* Two hosts that know their addresses and nothing else; false: no memory. */
bool world_begin(struct here *, const struct rules *, void *arenas[2]);
/* Every move from here; how many. */
int world_moves(const struct here *, move list[MOVES_MAX]);
/* The move of a network without faults whose applications go on; MOVE_NONE: the end. */
move world_next(const struct here *);
/* Makes it, and looks at every property; false: one failed, see `wrong`. */
bool world_move(struct here *, move);
/* Is this an end as it should be?  Where world_next() has none. */
bool world_is_done(struct here *);
/* Two states with the same number behave alike from now on. */
uint64_t world_digest(const struct here *);
bool world_fails(struct here *, const char *why);
bool call_allowed(const struct here *, int side, enum call);
bool call_make(struct here *, int side, enum call);
void world_observe(struct here *);

#endif
