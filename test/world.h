/*
 * world.h - two hosts on a wire in virtual time, for tests that read like a
 * conversation:
 *
 *	struct world *w = world_new();
 *	world_go(w);
 *	listens(w, B);
 *	opens(w, A);
 *	until(w, A, SW_ESTABLISHED);
 *	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED");
 *	expect_wire(w, "A>B S  0:0(0)\n"
 *		       "B>A S. 0:0(0) ack 1\n"
 *		       "A>B .  1:1(0) ack 1");
 *	world_end(w);
 *
 * Each call checks what it expects with ok().  One connection is looked at, the
 * one between w->end[A] and w->end[B]: set the ports to look at another.  Links
 * libc and the library alone.
 */
#ifndef SW_TEST_WORLD_H
#define SW_TEST_WORLD_H

#include <synwave/sw_probe.h>
#include <synwave/sw_sim.h>
#include <synwave/sw_trace.h>

enum { A, B };

enum { WORLD_PATH = 64, WORLD_WIRE = 4096, WORLD_PLANS = 64 };

struct world_seen { /* a packet that was sent */
	int from;
	unsigned fate;
	struct sw_trace seg;
	uint8_t *data;
	uint32_t len;
};

struct world_plan { /* a packet that shall be lost */
	int from;
	uint64_t number;
	uint8_t ctl; /* not 0: the next with all of these bits, instead */
	unsigned times; /* not 0: so many with the text byte `text`, instead */
	uint32_t text;
};

struct world {
	/* change before world_go() */
	struct sw_config config[2];
	struct sw_sim_path path[2]; /* what A sends, what B sends: 10 ms each way */
	struct sw_iface iface[2];
	bool v6;
	bool tunes; /* buffers grow as needed; else they are as large as they may be */
	uint64_t seed;

	/* look and change at any time */
	struct sw_endpoint end[2]; /* 10.0.0.1:40000 and 10.0.0.2:80, or 2001:db8::1, ::2 */
	sw_conn conn[2];	   /* what opens() and accepts() gave */
	sw_conn listener[2];
	struct sw_stack *stack[2];
	struct sw_sim *sim;
	uint64_t said[2], heard[2]; /* bytes so far */

	/* world.c's own */
	void *arena[2];
	uint64_t boots;
	enum sw_state states[2][WORLD_PATH];
	int n_states[2];
	sw_ns changed[2];
	struct world_seen *wire;
	size_t n_wire, told; /* told: expect_wire() has had these */
	bool known[2];
	uint32_t iss[2];
	struct world_plan plan[WORLD_PLANS];
	int n_plans;
};

/* ---- the world ---- */

/* A world that is not running yet: default configurations, small pools. */
struct world *world_new(void);
/* Makes the stacks and the wire from w->config, w->path, w->iface, w->v6. */
void world_go(struct world *);
/* Checks the invariants, adds up the edges taken, frees. */
void world_end(struct world *);
/* `host` loses everything and starts again with a fresh stack. */
void reboots(struct world *, int host);
/* The next ISS of `host` will be this. */
void force_iss(struct world *, int host, uint32_t iss);
/* What `host` sends takes another way from now on: for slow or deaf wires. */
void path_changes(struct world *, int host);

/* ---- time ---- */

sw_ns now(const struct world *);
/* Runs so long. */
void run_for(struct world *, sw_ns);
/* Runs until the connection of `host` is in `state`; a failed check after 1000 s. */
void until(struct world *, int host, enum sw_state state);
/* Runs until cond(w) holds; a failed check if it does not within `limit`. */
void until_true(struct world *, bool (*cond)(const struct world *), sw_ns limit);

/* ---- what programs do: each expects that the stack agrees ---- */

void listens(struct world *, int host);
void opens(struct world *, int host);		 /* from w->end[host] to w->end[!host] */
void accepts(struct world *, int host);		 /* w->conn[host] */
void says(struct world *, int host, uint32_t n); /* SENDs n bytes of a known pattern */
/* RECEIVEs exactly n bytes, which must be the pattern; without waiting. */
void hears(struct world *, int host, uint32_t n);
/* Lets the world run until the `host` has received n bytes more; 1000 s at most. */
void hears_all(struct world *, int host, uint32_t n);
void hears_end(struct world *, int host); /* the peer has closed, nothing is left */
void closes(struct world *, int host);
void releases(struct world *, int host);
void aborts(struct world *, int host);
/* opens A, listens B, runs, accepts; forgets the wire so far. */
void established(struct world *);

/* When the connection of `host` came into the state it is in. */
sw_ns changed(const struct world *, int host);
/* State of the connection that is looked at, from the trace: also half-open ones. */
enum sw_state state_of(const struct world *, int host);
unsigned ready_of(const struct world *, int host); /* sw_ready() */
struct sw_status status_of(const struct world *, int host);
uint64_t verdicts_of(const struct world *, int host, enum sw_verdict);

/* ---- the wire ---- */

/* The k-th packet from now on (0: the next) that `host` sends is lost. */
void loses(struct world *, int host, unsigned k);
/* The next packet of `host` with all of these control bits is lost. */
void loses_ctl(struct world *, int host, uint8_t ctl);
/* The next `times` segments of `host` that hold byte `n` of its text (1: the first). */
void loses_text(struct world *, int host, uint32_t n, unsigned times);
/* How many packets `host` has sent. */
unsigned sent(const struct world *, int host);
/* The n-th packet of all (0: the first) that `host` sent comes to the other (again). */
void replays(struct world *, int host, unsigned n);

/*
 * A forged segment arrives at `host` at once, as if from the other:
 * "FLAGS SEQ:END(LEN) [ack N] [win N] [up N] [<mss N,ws N,sackOK,TS VAL ECR,sack L:R,FO HEX>]";
 * FLAGS are of S F R P . U E W, as in tcpdump; sack may stand there four times; FO, the
 * Fast Open option, without HEX asks for a cookie.
 * Numbers count from the ISS of that side as soon as one is known, else from 0.
 * The payload is zeros.
 */
void forge(struct world *, int host, const char *segment);

/* ---- expectations ---- */

/* The states that `host` went through, with spaces between: "CLOSED LISTEN ...". */
#define expect_path(w, host, path) world_expect_path(w, host, path, __FILE__, __LINE__)
/*
 * All segments sent since the last expect_wire(), one a line, as forge() writes
 * them behind "A>B " or "B>A ".  What a line does not mention is not compared:
 * ack, win, options, P.  " lost" stands at the end of what was lost.
 */
#define expect_wire(w, text) world_expect_wire(w, text, __FILE__, __LINE__)
/* Nothing was sent since the last expect_wire(). */
#define expect_silence(w) world_expect_wire(w, "", __FILE__, __LINE__)
/* Segments so far need not be expected. */
void skip_wire(struct world *);
/* States so far are forgotten, but for the last. */
void skip_path(struct world *);

void world_expect_path(struct world *, int host, const char *path, const char *file, int line);
void world_expect_wire(struct world *, const char *text, const char *file, int line);

/* Each row of Figure 5 (and of the second table) was taken in some world that has ended,
 * or on a bench. */
void expect_every_edge(bool beyond);
/* That edge was taken once more. */
void world_edge(enum sw_state from, enum sw_cause on);

/* ---- world_wire.c: segments as text ---- */

void world_write(const struct world *, const struct world_seen *, char *text, size_t size);
bool world_matches(const struct world *, const struct world_seen *, const char *line);
/* The IP packet of this segment from t->local to t->remote, numbers as they are; its
 * text (NULL: zeros) is t->len bytes.  How long it is. */
uint32_t world_build(const struct sw_trace *t, const uint8_t *text, uint8_t *packet);
/* The bytes of the segment that `text` says, from `from`; 0: the text is wrong. */
uint32_t world_forge(const struct world *, int from, const char *text, uint8_t packet[65536]);

#endif
