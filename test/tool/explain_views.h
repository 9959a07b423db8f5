/*
 * explain_views.h - scenes of what a capture does not show: one end, single packets,
 * the beginning; and of what it shows twice.
 */
#ifndef SW_TEST_EXPLAIN_VIEWS_H
#define SW_TEST_EXPLAIN_VIEWS_H

#include "explain_play.h"

/* Nobody captures what this end sends now. */
static void
hidden(struct play *p, int side, void (*what)(struct play *, int))
{
	p->only = !side;
	what(p, side);
	p->only = BOTH;
}

/* A server with many clients, of whom alone packets are seen. */
static void
one_way_busy(struct play *p)
{
	p->only = CLIENT;
	many(p, 300, 300, 1);
}

static void
one_way_third_syn(struct play *p)
{
	p->only = CLIENT;
	answered_at_third(p);
}

static void
one_way_reuse(struct play *p)
{
	p->only = CLIENT;
	reuse(p);
}

/* Captured on two devices, without identifications to tell by. */
static void
copies_v6(struct play *p)
{
	p->copies = true;
	play_v6(p);
	transfer(p, 10);
}

static void
copies_cookies(struct play *p)
{
	p->copies = true;
	play_v6(p);
	for (int i = 0; i < 300; i++) {
		play_next(p);
		play_syn(p);
		play_syn_ack(p);
		p->now += 500000;
	}
}

/* The FIN of one end was lost by the capture, and only by it. */
static void
fins_missed(struct play *p)
{
	for (int i = 0; i < 8; i++) {
		int by = i % 2 ? CLIENT : SERVER;

		play_next(p);
		play_open(p);
		play_data(p, !by, 100);
		if (i < 4) {
			play_fin(p, by);
			play_ack(p, !by);
			hidden(p, !by, play_fin);
		} else {
			hidden(p, by, play_fin);
			play_ack(p, !by);
			play_fin(p, !by);
		}
		play_ack(p, by);
	}
	play_wait(p, 8000);
	play_next(p);
	play_open(p);
	play_close(p, CLIENT);
}

/* The capture begins later; a window is closed for a moment, and opens. */
static void
mid_window(struct play *p)
{
	uint16_t wnd = p->end[SERVER].wnd;

	play_skip_open(p);
	play_data(p, CLIENT, 1000);
	p->end[SERVER].wnd = 0;
	play_ack(p, SERVER);
	p->end[SERVER].wnd = wnd;
	play_wait(p, 50);
	play_ack(p, SERVER);
	play_wait(p, 3000);
	play_data(p, CLIENT, 1000);
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

/* The first that is captured is a keep-alive. */
static void
mid_keep_alive(struct play *p)
{
	play_skip_open(p);
	for (int i = 0; i < 4; i++) {
		play_probe(p, CLIENT);
		play_ack(p, SERVER);
		play_wait(p, 1000);
	}
	play_rst(p, CLIENT, true);
}

/* Of a scan, the answers to SYNs that were before the capture. */
static void
mid_scan(struct play *p)
{
	for (int i = 0; i < 5; i++) {
		play_next(p);
		p->only = SERVER;
		play_syn(p);
		play_syn_ack(p);
		p->only = BOTH;
		play_rst(p, CLIENT, false);
	}
}

/* A client that has its answer closes the quick way. */
static void
served(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_data(p, SERVER, 1000);
	play_ack(p, CLIENT);
	play_wait(p, 100);
	play_rst(p, CLIENT, true);
}

/* The answer is all of long segments; request and its ACK got through, and the client is alive. */
static void
black_hole_at_once(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	for (int i = 0; i < 4; i++)
		play_data(p, SERVER, 1460);
	for (int i = 0; i < 4; i++) {
		play_wait(p, 300 << i);
		play_again(p, SERVER, 4 * 1460, 1460);
	}
	play_part_ack(p, CLIENT, 4 * 1460);
}

#endif
