/*
 * world.h - two hosts and the segments between them: one state of the exploration, and
 * every move that leads on from it.
 */
#ifndef SW_EXPLORE_WORLD_H
#define SW_EXPLORE_WORLD_H

#include "explore/host.h"

enum { FLIGHT_MAX = 12, OLD_MAX = 125, MOVES_MAX = 256, OLDS_MAX = 0xffffff };

/* On their way to each side, by number. */
struct flight {
	uint16_t n[2];
	uint16_t segment[2][FLIGHT_MAX];
};

/* What the network may bring once more, in order of number. */
struct olds {
	uint16_t n;
	uint16_t segment[OLD_MAX];
};

/* One state. */
struct world {
	uint32_t host[2];
	struct flight flight;
	uint32_t olds;	   /* number of a set; 0: the empty one */
	uint8_t loss, dup; /* how many are left */
};

/* All that moves need. */
struct here {
	const struct rules *rules;
	struct hosts hosts;
	struct bag olds;      /* sets */
	struct bag olds_more; /* set, segment -> set */
	const char *wrong;    /* the first property that failed; NULL */
	int wrong_line;	      /* of an invariant of the core */
};

typedef uint32_t move;
enum move_kind { MOVE_DELIVER, MOVE_LOSE, MOVE_DUP, MOVE_REPLAY, MOVE_CALL, MOVE_TIME };
#define MOVE(kind, side, i) ((uint32_t)(kind) << 24 | (uint32_t)(side) << 16 | (uint32_t)(i))
#define MOVE_KIND(m) ((enum move_kind)((m) >> 24))
#define MOVE_SIDE(m) ((int)((m) >> 16 & 0xff))
#define MOVE_INDEX(m) ((int)((m)&0xffff))
#define MOVE_NONE UINT32_MAX
#define LOSE_ALL 2 /* instead of a side: all that is in flight */

/* Two hosts that know their addresses and nothing else; false: no memory. */
bool world_begin(struct here *, const struct rules *, struct memory *);
/* The beginning of time once more. */
void world_first(const struct here *, struct world *);
void world_end(struct here *);
/* Every move from here; how many. */
int world_moves(const struct here *, const struct world *, move list[MOVES_MAX]);
/* The move of a network without faults whose applications go on; MOVE_NONE: the end. */
move world_next(const struct here *, const struct world *);
/* Makes it, and looks at every property; false: one failed, see `wrong`, or the call
 * was refused, or the memory is full. */
bool world_move(struct here *, struct world *, move);
/* Is this an end as it should be?  Where world_next() has none. */
bool world_is_done(struct here *, const struct world *);
bool world_fails(struct here *, const char *why);
sw_ns world_wait(const struct here *, const struct world *);

#endif
