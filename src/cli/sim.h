/*
 * sim.h - what the files of `synwave sim` share.
 *
 * sim.c reads the options, sim_units.c their values, sim_run.c builds the two
 * hosts and is their programs, sim_watch.c looks at wire and states, sim_curve.c
 * at windows and round trips, and sim_report.c says how it went.
 */
#ifndef SW_CLI_SIM_H
#define SW_CLI_SIM_H

#include <stdio.h>

#include <nettle/sha2.h>
#include <synwave/sw_probe.h>
#include <synwave/sw_sim.h>
#include <synwave/sw_trace.h>

#include "control.h"
#include "look.h"
#include "units.h"

enum { HOST_A, HOST_B };
enum sim_out { OUT_TEXT, OUT_MERMAID, OUT_JSON, OUT_SVG };
enum sim_show { SHOW_DEFAULT, SHOW_FULL, SHOW_BRIEF, SHOW_NONE };
enum sim_close { CLOSE_A, CLOSE_B, CLOSE_BOTH };

#define SERVER_PORT 9293
#define MADE_BYTES (1u << 20)

struct sim_args {
	const char *file; /* NULL: a made one; "-": standard input */
	const char *pcap, *trace, *plot;
	sw_ns rtt, jitter, limit;		    /* limit 0: chosen */
	uint64_t rate, queue;			    /* queue 0: chosen */
	uint32_t loss, reorder, duplicate, corrupt; /* ppm */
	uint32_t burst_enter, burst_leave;
	uint64_t loss_mask;
	uint32_t mtu, path_mtu;
	uint64_t flows;
	enum sw_sim_aqm aqm;
	int cc;		    /* enum sw_cc */
	uint64_t queue_bdp; /* millionths; 0: not given so */
	uint64_t seed;
	bool v6, both, absolute, offload, why, black_hole;
	struct look look;
	struct control control;
	enum sim_out out;
	enum sim_show show;
	enum sim_close close;
};

/* ---- what is watched ---- */

enum { PATH_CAP = 64 };

struct path { /* the states of one end */
	enum sw_state state[PATH_CAP];
	int n;
	bool legal; /* each step is a row of Figure 5 */
	bool cut;   /* more than PATH_CAP */
};

struct wire { /* what is counted on the wire */
	bool opened, acked, closing;
	bool known[2], fin[2];
	uint32_t iss[2], fin_end[2];
	sw_ns first_syn, established, first_fin, closed;
	uint64_t handshake, close; /* segments */
	uint64_t packets;
};

struct source {	    /* bytes on their way into a connection */
	FILE *file; /* NULL: made */
	uint64_t key, made, left;
	struct sha256_ctx sha;
	uint8_t buf[65536];
	size_t at, have;
	uint64_t bytes; /* given to SEND */
	bool end, failed;
};

struct sink {
	struct sha256_ctx sha;
	uint64_t bytes;
	sw_ns last; /* when the last byte came */
	bool end;
};

struct host {
	void *arena;
	struct sw_stack *stack;
	struct sw_endpoint at; /* B's with the port of its server */
	sw_conn listener;
};

struct end { /* one end of a connection, and its program */
	sw_conn conn;
	uint16_t port;
	struct source source;
	struct sink sink;
	struct path path;
	bool closed, released, failed;
	int error;
};

struct flow { /* a connection */
	struct end end[2];
	sw_ns start; /* when A's program begins to send */
	uint8_t sent[2][SHA256_DIGEST_SIZE], received[2][SHA256_DIGEST_SIZE]; /* by sender */
};

enum { FLOWS_MAX = 64 };

struct run {
	const struct sim_args *args;
	struct host host[2];
	struct flow *flow; /* args->flows; wire, ladder and states are the first one's */
	struct sw_sim *sim;
	struct wire wire;
	sw_ns limit;
	bool sized; /* FILE's size is known */
	uint64_t size;
	struct sw_ladder *ladder;
	FILE *ladder_to; /* a temporary file while a progress bar is shown */
	struct sw_capture *capture;
	FILE *capture_to;
	struct curve *curve; /* NULL: not asked for */
	bool interrupted, late, pcap_failed, print_failed;
};

/* ---- sim_run.c ---- */
/* Builds everything; 0, or an exit code after a line on stderr. */
int run_begin(struct run *, const struct sim_args *);
void run_go(struct run *, struct control *);
void run_end(struct run *);
uint64_t run_queue(const struct sim_args *); /* bytes */

/* ---- sim_watch.c ---- */
/* Starts ladder and capture; 0, or an exit code after a line on stderr. */
int watch_begin(struct run *);
/* Ends them and prints a ladder that waits. */
void watch_end(struct run *);
bool path_has(const struct path *, enum sw_state);
bool path_ended(const struct path *);

/* ---- sim_curve.c ---- */
bool curve_begin(struct run *); /* false: no memory */
void curve_step(struct run *);
/* A packet of A's was lost on the wire, or sent again. */
void curve_mark(struct run *, int flow, sw_ns at, bool lost);
/* Writes what was asked for; false: that failed, and was said. */
bool curve_end(struct run *);

/* ---- sim_source.c ---- */
bool source_open(struct source *, const struct sim_args *, int flow, int host);
/* Bytes that wait in source->buf; false: that was all. */
bool source_fill(struct source *);
void source_close(struct source *);

/* ---- sim_report.c ---- */
/* Did all go as it should?  Why not, in words, if not. */
bool report_good(const struct run *, char *why, size_t size);
void report(const struct run *);
/* One line on stderr, every now and then, if that is a terminal. */
void progress(const struct run *, bool last);
bool progress_wanted(void);

#endif
