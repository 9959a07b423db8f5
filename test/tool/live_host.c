/*
 * live_host - a stack with a connection in every state, and a control socket: for the
 * tests of `synwave ss' and `top'.  Time stands still but for --move, in which one
 * connection goes on sending.
 *
 *	live_host SOCKET [--move] [--many N]		SOCKET `-': where it is by default
 *
 * It says "ready" and ends when its standard input does.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/live.h"
#include "tap.h"
#include "world.h"

/* Looks at another connection: the one from this port of A. */
static void
looks_at(struct world *w, uint16_t port)
{
	w->end[A].port = port;
	w->conn[A] = w->conn[B] = 0;
	w->said[A] = w->said[B] = w->heard[A] = w->heard[B] = 0;
	w->n_states[A] = w->n_states[B] = 0;
}

static void
opens_at(struct world *w, uint16_t port)
{
	looks_at(w, port);
	opens(w, A);
	until(w, B, SW_ESTABLISHED);
	run_for(w, 20 * SW_MS);
	accepts(w, B);
}

/* Connections that stay as they are for a while: closed by A, by B, by both. */
static void
closed_ones(struct world *w)
{
	opens_at(w, 40002); /* CLOSE-WAIT */
	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	opens_at(w, 40004); /* FIN-WAIT-2 */
	closes(w, B);
	until(w, B, SW_FIN_WAIT_2);
	opens_at(w, 40005); /* TIME-WAIT, a small record */
	closes(w, B);
	until(w, A, SW_CLOSE_WAIT);
	closes(w, A);
	until(w, B, SW_TIME_WAIT);
	releases(w, B);
	run_for(w, 30 * SW_MS);
}

/* One connection in each state at B, from port 40001 on. */
static void
states(struct world *w)
{
	sw_conn conn[2];

	listens(w, B);
	opens_at(w, 40001); /* ESTABLISHED, with bytes that are not read */
	says(w, A, 5000);
	run_for(w, 100 * SW_MS);
	hears(w, B, 2000);
	memcpy(conn, w->conn, sizeof(conn));
	closed_ones(w);
	opens_at(w, 40003); /* LAST-ACK */
	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	loses(w, A, 0);
	closes(w, B);
	run_for(w, 30 * SW_MS);
	looks_at(w, 40006); /* SYN-RECEIVED, a small record */
	forge(w, B, "S 0:0(0) win 1000 <mss 1400>");
	run_for(w, 5 * SW_MS);
	looks_at(w, 40007); /* SYN-SENT */
	w->end[A].addr = sw_addr4(10, 0, 0, 77);
	opens(w, B);
	w->end[A].addr = sw_addr4(10, 0, 0, 1);
	looks_at(w, 40001); /* and bytes that are not acknowledged */
	memcpy(w->conn, conn, sizeof(conn));
	says(w, B, 3000);
	run_for(w, 5 * SW_MS);
}

/* So many connections more, all ESTABLISHED. */
static void
many(struct world *w, int n)
{
	for (int i = 0; i < n; i++) {
		looks_at(w, (uint16_t)(41000 + i));
		opens(w, A);
		run_for(w, 30 * SW_MS);
		accepts(w, B);
	}
}

/* Bytes from A to B, now and then. */
static void
moves(struct world *w)
{
	static char room[65536];

	w->end[A].port = 40001;
	sw_send(w->stack[A], now(w), w->conn[A], room, 10000, 0);
	run_for(w, 50 * SW_MS);
	while (sw_receive(w->stack[B], now(w), w->conn[B], room, sizeof(room)) > 0)
		;
}

int
main(int argc, char **argv)
{
	char error[LIVE_ERROR];
	struct world *w = world_new();
	bool moving = argc > 2 && !strcmp(argv[2], "--move");
	int more = argc > 3 && !strcmp(argv[2], "--many") ? atoi(argv[3]) : 0;
	const char *at = argc > 1 && strcmp(argv[1], "-") != 0 ? argv[1] : NULL;
	struct live *live = argc > 1 ? live_open(at, "test", error) : NULL;

	if (!live) {
		fprintf(stderr, "live_host: %s\n", argc > 1 ? error : "SOCKET is missing");
		return 1;
	}
	for (int i = 0; i < 2 && more; i++) {
		w->config[i].conns = (uint32_t)more + 64;
		w->config[i].half_opens = 256;
	}
	world_go(w);
	if (moving) {
		listens(w, B);
		opens_at(w, 40001);
	} else {
		states(w);
	}
	many(w, more);
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct live_stacks stacks = {{w->stack[B]}};
		struct live_view view = live_view_of(&stacks, now(w));
		struct pollfd p[2] = {{.fd = live_fd(live), .events = POLLIN},
				      {.fd = STDIN_FILENO, .events = POLLIN}};

		poll(p, 2, moving ? 20 : -1);
		if (p[0].revents)
			live_serve(live, &view);
		if (p[1].revents)
			break;
		if (moving)
			moves(w);
	}
	live_close(live);
	world_end(w);
	return tap_state()->failures != 0;
}
