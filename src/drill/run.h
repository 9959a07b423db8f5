/*
 * run.h - a script while it runs: the stack, the clock, the connections.
 *
 *	settings.c	options
 *	end*.c		what the script is run against: end.h
 *	thread.c	calls that last
 *	profile.c	profiles; sysctl.c: settings by names of sysctl; shell.c: its lines
 *	flow.c		connections: numbers of the script against numbers on the wire
 *	build.c		inbound packets as bytes
 *	match.c		outbound packets against what the script says
 *	run.c		the events in their order
 *	drill.c		from the file to the verdict
 *	call*.c		system calls
 *	assert.c	%{ assert ... }%
 *	say.c		messages
 */
#ifndef SW_DRILL_RUN_H
#define SW_DRILL_RUN_H

#include <synwave/sw_probe.h>
#include <synwave/sw_sock.h>
#include <synwave/sw_trace.h>

#include "drill.h"
#include "script.h"

struct drill_end;
struct drill_thread;

enum {
	DRILL_FLOWS = 256,     /* connections in one script */
	DRILL_SOCKS = 256,     /* descriptors in one script */
	DRILL_STAMPS = 64,     /* timestamps that are remembered of one connection */
	DRILL_COOKIES = 16,    /* Fast Open cookies in one script */
	DRILL_COOKIE = 16,     /* bytes of one */
	DRILL_STEPS = 64,      /* states that one connection passes */
	DRILL_FRAME = 65535,   /* longest packet */
	DRILL_FIRST_FD = 1000, /* of the stack, so that they are not the script's by chance */
	DRILL_IP6_HEADER = 40,
	DRILL_IP4_HEADER = 20,
	DRILL_TCP_HEADER = 20
};

struct drill_stamp {
	uint32_t script, live;
};

struct drill_cookie { /* of Fast Open: what the script calls it, what it is */
	uint8_t n, script[DRILL_COOKIE], live[DRILL_COOKIE];
};

struct drill_flow { /* one connection, from SYN to SYN */
	struct sw_endpoint local, remote;
	bool known;	     /* our stack's SYN was seen: offset counts */
	bool fresh;	     /* the script has not yet named that SYN's number */
	uint32_t acked;	     /* what it acknowledged last */
	uint32_t offset;     /* of our stack's numbers: wire minus script */
	uint32_t iss, apart; /* that number; how far from that of the OPEN before */
	bool syn_came;
	uint32_t syn;	/* number of the SYN that came last */
	bool agreed;	/* our stack's SYN was answered, or answers: */
	uint32_t first; /* the number of the first byte that it will read */
	struct drill_stamp stamp[DRILL_STAMPS];
	unsigned stamps;
	struct drill_stamp first_stamp;
	enum sw_state state;
	enum sw_state passed[DRILL_STEPS];
	int steps;
};

struct drill_sock {
	int script, live; /* descriptors; live -1: closed */
	bool poll;	  /* an epoll, a file: no socket */
	bool file;	  /* the kernel's, whatever the end is */
	bool has_ends, has_remote;
	struct sw_endpoint local, remote;
	sw_conn conn; /* a listener's or the last one known */
	bool reading;
	uint32_t position; /* number of the next byte to be read */
};

struct drill_frame { /* a packet that the stack sent */
	struct drill_frame *next;
	sw_ns at;
	uint32_t len;
	uint8_t data[];
};

struct drill_seen { /* a frame, read */
	bool v6;
	struct sw_endpoint from, to;
	uint8_t protocol, tos, ttl;
	uint32_t flow_label;
	uint16_t ip_id;	     /* of IPv4 */
	const uint8_t *body; /* behind the IP headers */
	uint32_t len;
	bool sums_ok;
	/* TCP */
	uint32_t seq, ack, payload;
	uint16_t wnd, urg;
	uint8_t ctl, reserved;
	const uint8_t *options;
	uint32_t option_bytes;
};

struct drill_run {
	const struct drill_settings *settings;
	struct drill_script *script;
	/* the world */
	bool v6, mapped; /* IPv6 on the wire; IPv6 sockets over IPv4 */
	struct sw_addr local, remote, gateway;
	unsigned prefix;
	uint16_t connect_port, bind_port, next_port;
	sw_ns tolerance, stamp_tick;
	uint32_t mtu;
	/* the end, and what only it knows */
	const struct drill_end *end;
	struct drill_thread *thread;
	void *inside;
	enum drill_profile profile;
	struct sw_config config;
	void *arena;
	struct sw_stack *stack;
	int iface;
	struct sw_sock_host *host;
	/* time */
	sw_ns start, now;
	sw_ns base;    /* what + counts from */
	sw_ns stirred; /* the last packet or call */
	/* where we are */
	struct drill_event *event; /* the next one */
	struct drill_event *at;	   /* the one that runs, for messages */
	bool blocked;		   /* a call waits that lets the script go on */
	bool failed;
	bool late;			  /* for we were, not the end */
	const struct drill_packet *maybe; /* the last one, if it could not be looked for */
	FILE *log;			  /* packets of an end without traces */
	char *log_text;
	size_t log_bytes;
	struct drill_frame *frames, **last_frame;
	struct drill_flow *flow[DRILL_FLOWS];
	int flows, current; /* current -1: none */
	struct drill_cookie cookie[DRILL_COOKIES];
	int cookies;
	uint32_t iss;	    /* of our stack's latest SYN */
	struct drill_sock sock[DRILL_SOCKS];
	int socks;
	struct sw_trace *traces;
	size_t trace_count, trace_cap;
	uint8_t *frame; /* room for one packet */
	uint16_t ip_id;
};

/* ---- settings.c ---------------------------------------------------------- */

/* Settings of script and command line; false: one is wrong, and was said. */
bool drill_configure(struct drill_run *);

/* ---- shell.c ------------------------------------------------------------- */

/* `sysctl ...` as settings of the end. */
void drill_shell(struct drill_run *, const char *line);

/* ---- flow.c -------------------------------------------------------------- */

struct drill_flow *drill_flow_find(struct drill_run *, const struct sw_endpoint *local,
				   const struct sw_endpoint *remote);
struct drill_flow *drill_flow_get(struct drill_run *, const struct sw_endpoint *local,
				  const struct sw_endpoint *remote);
/* The connection that a line speaks of; NULL: none yet. */
struct drill_flow *drill_flow_of(struct drill_run *, const struct drill_packet *);
/* Notes what the stack sent, and its states. */
void drill_flow_sent(struct drill_run *, const struct drill_seen *);
void drill_flow_trace(struct drill_run *, const struct sw_trace *);
/* With the profile freebsd the scale is agreed for more than is offered. */
void drill_narrow(struct drill_run *, sw_conn);
void drill_stamp_note(struct drill_flow *, uint32_t script, uint32_t live);
/* The live timestamp that stands for one of the script. */
uint32_t drill_stamp_live(const struct drill_flow *, uint32_t script);
/* From now on the script's cookie stands for the live one. */
void drill_cookie_note(struct drill_run *, const struct drill_opt *script, const uint8_t *live);
/* The bytes that stand for the script's; NULL: it has not spoken of it yet. */
const uint8_t *drill_cookie_live(const struct drill_run *, const struct drill_opt *script);
/* "path" lines against the states passed; says what differs. */
void drill_paths_check(struct drill_run *);
struct drill_sock *drill_sock_find(struct drill_run *, int script_fd);
/* The state of the connection behind a descriptor, open or closed; false: nobody knows. */
bool drill_sock_state(struct drill_run *, struct drill_sock *, enum sw_state *);
/* Learns which connection stands behind it now. */
void drill_sock_look(struct drill_run *, struct drill_sock *);

/* ---- build.c, read.c ----------------------------------------------------- */

/* The inbound packet as bytes at `to` (DRILL_FRAME of them); 0: it cannot be made. */
uint32_t drill_build(struct drill_run *, const struct drill_packet *, uint8_t *to);
uint32_t drill_sum(uint32_t sum, const uint8_t *, size_t n);
uint16_t drill_sum_fold(uint32_t sum);
/* Sum of the pseudo-header (RFC 9293 3.1, RFC 8200 8.1). */
uint32_t drill_sum_pseudo(const struct sw_addr *, const struct sw_addr *, uint8_t protocol,
			  uint32_t len);
void drill_put_16(uint8_t *, uint32_t);
void drill_put_32(uint8_t *, uint32_t);
uint32_t drill_get_16(const uint8_t *);
uint32_t drill_get_32(const uint8_t *);
/* Reads a packet of the stack; false: it is not one. */
bool drill_read(struct drill_seen *, const uint8_t *, uint32_t len);

/* ---- match.c ------------------------------------------------------------- */

/*
 * Does the frame do for the packet?  If not, `why` says the first difference.
 * What a match teaches (offsets, timestamps) is noted.
 */
bool drill_match(struct drill_run *, const struct drill_packet *, const struct drill_frame *,
		 char why[DRILL_MESSAGE]);

/* ---- call.c -------------------------------------------------------------- */

void drill_call(struct drill_run *, struct drill_event *);
/* The same in the thread at hand. */
void drill_call_now(struct drill_run *, struct drill_event *);

/* ---- run.c --------------------------------------------------------------- */

/* A script that was read, once; late: it failed, for the machine was too slow. */
enum drill_verdict drill_script_run(struct drill_script *, const struct drill_settings *,
				    bool *late);
/* One elementary thing: an event, or time moves, not further than `limit`.  false: nothing. */
bool drill_step(struct drill_run *, sw_ns limit);
/* wait() of the sockets' world. */
int drill_wait(void *ctx, sw_ns until);

/* ---- assert.c ------------------------------------------------------------ */

void drill_code(struct drill_run *, struct drill_event *);

/* ---- say.c --------------------------------------------------------------- */

/* The event at hand failed: line, words, the ladder so far. */
void drill_fail(struct drill_run *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void drill_ladder(struct drill_run *);
/* A packet of the stack as a line of a script. */
#define DRILL_SAY 512
char *drill_say(struct drill_run *, const struct drill_frame *, char text[DRILL_SAY]);
/* Nanoseconds of the script's time, as seconds. */
#define DRILL_SAY_TIME 32
char *drill_say_time(const struct drill_run *, sw_ns, char text[DRILL_SAY_TIME]);

#endif
