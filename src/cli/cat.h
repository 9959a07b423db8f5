/*
 * cat.h - `synwave cat`: one connection between standard input and output.
 */
#ifndef SW_CLI_CAT_H
#define SW_CLI_CAT_H

#include <synwave/sw_trace.h>

#include "cat_fast.h"
#include "cat_io.h"
#include "cat_say.h"
#include "control.h"
#include "net_args.h"

#define CAT_BUF (256 * 1024)

struct cat {
	/* what was asked */
	struct net_args net;
	bool listen;
	struct sw_endpoint local, remote; /* remote: of interest when not listening */
	sw_ns linger, timeout;		  /* timeout 0: the stack's own */
	struct fast_file fast;
	struct control control;
	const char *pcap;		  /* NULL: no capture */

	/* what there is */
	struct net on;
	sw_conn listener, conn;
	struct io in, out;
	int signals; /* a signalfd */
	struct say say;
	struct sw_capture *capture; /* NULL: none */
	FILE *capture_to;

	/* how far it is */
	bool opened;	/* the handshake is complete */
	bool unkept;	/* the cookie could not be written */
	bool early;	/* it is not, and bytes may go all the same: RFC 7413 */
	bool failed;	/* it was reset or the like; what came before is still written */
	bool in_ready;	/* standard input may have something */
	bool in_eof;	/* it has ended */
	bool out_full;	/* standard output takes nothing now */
	bool closed;	/* CLOSE was called */
	bool peer_done; /* everything that the peer had to say was received */
	bool done;
	int code;      /* exit code when done */
	sw_ns give_up; /* when waiting for the handshake ends */
	size_t in_at, in_n, out_at, out_n;
	uint8_t in_buf[CAT_BUF], out_buf[CAT_BUF];
};

int verb_cat(int argc, char **argv);

/* ---- cat_watch.c: who looks on ---- */
/* Opens control socket and capture; 0, or an exit code after a line on stderr. */
int cat_watch(struct cat *);
/* What the stack tells, to all who want to know. */
void cat_events_told(struct cat *);
/* Somebody asks at the control socket. */
void cat_asked(struct cat *);
/* Ends them; false: the capture could not be written, and that was said. */
bool cat_unwatch(struct cat *);

/* From OPEN to both FINs acknowledged: the exit code. */
int cat_run(struct cat *);

#endif
