/*
 * cat_watch.c - who looks on while `cat` runs: --verbose, the control socket, the
 * capture, probes of tracers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cat.h"
#include "usdt.h"

void
cat_events_told(struct cat *c)
{
	struct sw_trace t;

	while (sw_trace(c->on.stack, &t)) {
		usdt_event(&t);
		if (c->capture != NULL)
			sw_capture_event(c->capture, &t);
		say_event(&c->say, &t);
	}
}

static void
on_packet(void *ctx, const struct sw_packet *p, bool out)
{
	struct cat *c = ctx;

	cat_events_told(c);
	if (out)
		sw_capture_out(c->capture, sw_drv_now(), p->data, p->len);
	else
		sw_capture_in(c->capture, sw_drv_now(), p->data, p->len);
}

/* What is to be added to the loop's clock to have the time of day. */
static sw_ns
epoch(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (sw_ns)t.tv_sec * SW_S + (sw_ns)t.tv_nsec - sw_drv_now();
}

static int
capture_begin(struct cat *c)
{
	struct sw_iface face;

	sw_drv_iface(c->on.drv, &face);
	c->capture_to = fopen(c->pcap, "wbe");
	c->capture = c->capture_to ? sw_capture_new(c->capture_to, face.link, epoch()) : NULL;
	if (c->capture == NULL) {
		fprintf(stderr, "synwave: cannot write %s: %s\n", c->pcap, strerror(errno));
		return 1;
	}
	sw_drv_watch(c->on.drv, on_packet, c);
	return 0;
}

int
cat_watch(struct cat *c)
{
	int code = c->pcap != NULL ? capture_begin(c) : 0;

	c->control.say = c->say.on;
	if (code == 0)
		code = control_begin(&c->control, "cat");
	if (code == 0 && c->control.verb != NULL && c->control.live == NULL)
		control_open(&c->control); /* it waits for people, and they for it */
	return code;
}

void
cat_asked(struct cat *c)
{
	struct live_stacks stacks = {{c->on.stack}};
	struct live_view view = live_view_of(&stacks, sw_drv_now());

	live_serve(c->control.live, &view);
}

bool
cat_unwatch(struct cat *c)
{
	bool good = true;

	control_end(&c->control);
	sw_drv_watch(c->on.drv, NULL, NULL);
	if (c->capture != NULL)
		good = sw_capture_end(c->capture);
	if (c->capture_to != NULL)
		good = fclose(c->capture_to) == 0 && good;
	if (!good)
		fprintf(stderr, "synwave: cannot write %s: %s\n", c->pcap, strerror(errno));
	return good;
}
