/*
 * bench.h - the verb `bench`: what is asked for, what comes of it, and the two
 * stacks that most of it is measured on.
 */
#ifndef SW_CLI_BENCH_H
#define SW_CLI_BENCH_H

#include <synwave/sw_simd.h>
#include <synwave/sw.h>
#include <synwave/sw_lent.h>
#include <synwave/sw_trace.h>

#include "cli.h"
#include "control.h"

enum { BENCH_RUNS_MAX = 99, BENCH_NOTES = 8, BENCH_TEXT = 200 };
enum { BYTES_A_PAIR = 620 }; /* of a connection, both ends and their names: no less */

struct bench {		 /* what is asked for */
	uint32_t runs;	 /* the median of them counts */
	sw_ns time;	 /* CPU time of one of them */
	uint64_t conns;	 /* 0: what the measurement takes by itself */
	uint64_t idle;	 /* life: beside so many */
	uint32_t window; /* bytes that may be in flight */
	bool super;	 /* super-segments */
	bool lent;	 /* the programs neither write nor read: the bytes stay where they are */
	bool no_sums;	 /* checksums are neither made nor verified */
	bool huge;	 /* huge pages for the stacks */
	bool plain;	 /* tun: without offloads */
};

struct bench_note { /* a number beside the value */
	const char *name;
	double value;
};

struct bench_figure { /* what came of it */
	const char *unit;
	double run[BENCH_RUNS_MAX];
	uint32_t runs;
	struct bench_note note[BENCH_NOTES];
	uint32_t notes;
	char text[BENCH_TEXT];	/* the sentence */
	char wrong[BENCH_TEXT]; /* why there is none */
};

/* One measurement each: false, and `wrong` says why.  `text` is left to be said. */
bool bench_bulk(const struct bench *, struct bench_figure *);
bool bench_life(const struct bench *, struct bench_figure *);
bool bench_idle(const struct bench *, struct bench_figure *);
bool bench_time_wait(const struct bench *, struct bench_figure *);
bool bench_flood(const struct bench *, struct bench_figure *);
bool bench_scale(const struct bench *, struct bench_figure *);
bool bench_tun(const struct bench *, struct bench_figure *);
bool bench_xdp(const struct bench *, struct bench_figure *);

/* ---- bench_figure.c ----------------------------------------------------- */

void figure_run(struct bench_figure *, double value);
void figure_note(struct bench_figure *, const char *name, double value);
double figure_median(const struct bench_figure *);
double median_of(const double *, uint32_t n);
bool figure_wrong(struct bench_figure *, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* false */
/* One line for a person, or one JSON object on a line. */
void figure_say(const struct bench_figure *, const char *name);
bool figure_json(const struct bench_figure *, const char *name);

/* ---- bench_world.c: two stacks and what lies between -------------------- */

enum { END_A, END_B, WORLD_BATCH = 32, WORLD_PORT = 1000 };

struct bench_end {
	struct sw_stack *stack;
	void *arena;
	size_t room;
	struct sw_addr addr4, addr6;
};

struct bench_world {
	struct bench_end end[2];
	sw_ns now;
	sw_simd_summer *sum; /* the device completes partial checksums; NULL: it does not */
	uint8_t *frames;     /* they stagger: no two begin at one offset in a page */
	uint32_t frame;	     /* bytes of one */
	uint32_t batch;
	struct sw_packet packet[WORLD_BATCH];
	bool lends; /* what B gets is written into memory that it lends */
	struct sw_packet lent[WORLD_BATCH];
	uint32_t lent_at, lent_end; /* of them those that are out */
};

/* The settings that measurements begin with: what sw_config_init() gives, and a key. */
void world_config(struct sw_config *);
/* Both ends with IPv4 and IPv6 addresses, a link of this kind, a listener for any
 * port at B; false: no memory. */
bool world_make(struct bench_world *, const struct sw_config *, const struct sw_iface *kind,
		bool huge);
void world_free(struct bench_world *);
/* Takes all that `from` has to say to the other end: how many packets. */
size_t world_carry(struct bench_world *, int from);
/* Is there memory for so much?  false: `wrong` says it. */
bool bench_room(struct bench_figure *, double bytes);
/* Bytes of this process that lie in memory. */
uint64_t world_resident(void);

/* From now on who asks at this control socket is told of the stacks at work; NULL: nobody. */
void bench_shown_by(struct control *);
/* The stacks at work: called often. */
void bench_look(const struct sw_stack *, const struct sw_stack *, sw_ns now);

/* CPU time of this thread, in seconds. */
double bench_cpu(void);
/* This thread stays on one processor: -1: where it is. */
bool bench_pin(int cpu);
/* A network namespace of our own, as root or as nobody in particular; false: none. */
bool bench_namespace(void);

/* ---- bench_conns.c: many connections ------------------------------------ */

struct bench_conns { /* those that stay open */
	uint64_t n;
	sw_conn *name[2];
};

/* Opens n, half of them with IPv6, a byte each way on each; false: they are not open. */
bool conns_open(struct bench_world *, struct bench_conns *, uint64_t n, bool keep_alive);
/* Closes all and waits for the end of the last TIME-WAIT; false: not all ended. */
bool conns_close(struct bench_world *, struct bench_conns *);
void conns_free(struct bench_conns *);

#endif
