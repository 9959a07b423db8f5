/*
 * stage.h - where scenes are played: two hosts that run the core (the one that ships, or
 * its copy with a rule broken), a wire, virtual time, and somebody who watches.
 *
 *	play_go(s);
 *	play_listen(s, B);
 *	play_open(s, A);
 *	play_for(s, 50 * SW_MS);
 *
 * One connection is watched: that between s->end[A] and s->end[B].
 */
#ifndef SW_SHOW_STAGE_H
#define SW_SHOW_STAGE_H

#include <synwave/sw_sim.h>
#include <synwave/sw_trace.h>

#include "explore/core.h"

enum { A, B };
enum { STAGE_PATH = 40, STAGE_SENT = 64, STAGE_PLANS = 8, STAGE_SAY = 256 };

struct stage_packet { /* one that was sent */
	int from;
	uint32_t len;
	uint8_t *data;
};

enum stage_fate { PLAN_LOSE, PLAN_HOLD };

struct stage_plan { /* what the network will do to a packet */
	int from;
	uint8_t ctl;	/* the next with all of these bits */
	uint64_t index; /* or, if 0: the one with this number of that host, from 0 */
	enum stage_fate fate;
};

/* Who wants to see what. */
struct stage_watch {
	struct sw_ladder *ladder; /* NULL */
	struct sw_capture *capture; /* at A's interface; NULL */
	const char *(*say)(const char *english); /* never NULL */
};

struct stage {
	/* set before play_go() */
	struct sw_config config[2];
	struct sw_sim_path path[2]; /* 10 ms each way */
	enum explore_break broken;

	struct stage_watch watch;
	const struct explore_core *core;
	struct sw_sim *sim;
	struct sw_stack *stack[2];
	void *arena[2];
	struct sw_endpoint end[2]; /* 10.0.0.1:40000, 10.0.0.2:80 */
	sw_conn conn[2], listener[2];
	bool mute[2];	   /* the host is switched off: it gets nothing and says nothing */
	bool no_accept;	   /* B's program does not take what its listener has */
	uint64_t boots;

	struct stage_packet sent[STAGE_SENT];
	unsigned n_sent, count[2]; /* count: packets of each host so far */
	struct stage_plan plan[STAGE_PLANS];
	int plans;
	uint8_t state[2][STAGE_PATH]; /* of the connection that is watched */
	int states[2];
	char heard[2][STAGE_SAY]; /* what the programs read */
	int error[2];		  /* with which the connection of each ended; 0 */
	uint64_t edges[256];	  /* how often each row of the state machine was taken */
	bool failed;		  /* a call did not do what the scene needs */
};

/* An empty stage; false: no memory. */
bool stage_begin(struct stage *, const struct stage_watch *);
void stage_end(struct stage *);
/* "CLOSED LISTEN ...": the states of one end, in `text`. */
char *stage_path(const struct stage *, int host, char *text, size_t size);

/* ---- play.c: what scenes do ---- */

/* Makes hosts and wire. */
void play_go(struct stage *);
sw_ns play_now(const struct stage *);
void play_for(struct stage *, sw_ns);
/* The same, and nothing of it is drawn. */
void play_skip(struct stage *, sw_ns);
/* Until an end is in this state; 1000 s at most. */
void play_until(struct stage *, int host, enum sw_state);
/* Something the reader should know at this point; at one side, or -1. */
void play_note(struct stage *, int side, const char *english);
/* The same, with two numbers in it. */
void play_count(struct stage *, int side, const char *english, unsigned long, unsigned long);

void play_listen(struct stage *, int host);
void play_open(struct stage *, int host);
/* OPEN that must be refused with this error. */
void play_open_refused(struct stage *, int host, int error);
void play_say(struct stage *, int host, const char *text);
void play_say_bytes(struct stage *, int host, uint32_t n);
/* RECEIVEs what there is, and says so. */
void play_hear(struct stage *, int host);
void play_close(struct stage *, int host);
void play_release(struct stage *, int host);
void play_abort(struct stage *, int host);
/* play_go(), B listens, A opens, B accepts; it is 1 s then. */
void play_established(struct stage *);

/* The next packet of `host` with these bits is lost, or held until play_late(). */
void play_lose(struct stage *, int host, uint8_t ctl);
void play_hold(struct stage *, int host, uint8_t ctl);
/* The n-th packet of `host` (0: the first) comes to the other once more, late. */
void play_late(struct stage *, int host, unsigned n);
/* The wire from `host` carries nothing from now on; or does again. */
void play_cut(struct stage *, int host, bool cut);
/* `host` loses all it knows and starts anew. */
void play_reboot(struct stage *, int host);
/* A SYN with a source that nobody has. */
void play_forge_syn(struct stage *, const struct sw_endpoint *from, uint32_t seq);
/* The next ISS of `host`. */
void play_iss(struct stage *, int host, uint32_t iss);
uint64_t play_verdicts(const struct stage *, int host, enum sw_verdict);
uint64_t play_pool(const struct stage *, int host, enum sw_pool);

/* ---- stage.c ---- */
/* All that hosts have to say goes on the wire, what they tell to the watcher. */
void stage_send(struct stage *);
void stage_tell(struct stage *, int host);
bool stage_host(struct stage *, int host);
/* All that `host` knew is gone: it is CLOSED, and the reader is told. */
void stage_forget(struct stage *, int host);

#endif
