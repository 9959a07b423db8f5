/*
 * explain_plot.c - a connection over time: sequence numbers and round trips, as drawings
 * for a page.
 *
 * It keeps a few thousand points of each kind, whatever the capture's length: when there
 * are more, every second one is left out.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "explain/pool.h"
#include "lang.h"
#include "page.h"

enum { POINTS = 2048 };
enum { WIDE = 1000, HIGH = 230, LEFT = 90, RIGHT = 990, UPPER = 12, LOWER = 200 };

struct frame { /* what the edges of the paper stand for */
	sw_ns start, span;
	uint64_t top;
};

/* ---- what is kept ------------------------------------------------------------- */

static void
thin(struct plot_series *s)
{
	for (size_t i = 0; 2 * i < s->n; i++)
		s->point[i] = s->point[2 * i];
	s->n = (s->n + 1) / 2;
	s->every *= 2;
}

static void
put(struct plot_series *s, sw_ns at, uint64_t from, uint64_t to)
{
	if (!s->point) {
		s->point = ex_alloc(POINTS * sizeof(*s->point));
		s->every = 1;
	}
	if (s->seen++ % s->every)
		return;
	if (s->n == POINTS)
		thin(s);
	s->point[s->n++] = (struct plot_point){at, from, to};
}

/* A sequence number as a distance from the first one seen, beyond 4 GiB too. */
static uint64_t
distance(struct plot_side *side, uint32_t seq)
{
	int64_t d;

	if (!side->known) {
		side->known = true;
		side->last = seq;
		side->high = 0;
	}
	d = (int64_t)side->high + (int32_t)(seq - side->last);
	if (d > (int64_t)side->high) {
		side->high = (uint64_t)d;
		side->last = seq;
	}
	return d > 0 ? (uint64_t)d : 0;
}

/* One segment at a time is waited for, and never one that was sent again (RFC 6298 3). */
static void
data(struct plot_side *side, const struct ex_seen *seen)
{
	const struct sw_wire *w = &seen->packet->wire;
	uint64_t from = distance(side, w->seq), to = from + w->len;
	bool again = seen->flags & EX_AGAIN;

	distance(side, w->seq + w->len);
	if (w->len > 0)
		put(again ? &side->again : &side->data, seen->packet->at, from, to);
	if (again)
		side->timed = 0;
	else if (w->len > 0 && side->timed == 0) {
		side->timed = to;
		side->since = seen->packet->at;
	}
}

static void
acknowledged(struct plot_side *side, const struct ex_seen *seen)
{
	sw_ns at = seen->packet->at;
	uint64_t to;

	if (!side->known)
		return;
	to = distance(side, seen->packet->wire.ack);
	put(&side->acks, at, to, to);
	if (side->timed == 0 || to < side->timed)
		return;
	put(&side->trips, at, at - side->since, at - side->since);
	side->timed = 0;
}

void
plot_seen(struct plot *p, const struct ex_seen *seen)
{
	const struct sw_wire *w = &seen->packet->wire;

	if (w->kind != SW_WIRE_TCP || seen->flags & (EX_DAMAGED | EX_COPY | EX_STALE) ||
	    w->ctl & SW_RST)
		return;
	data(&p->side[seen->side], seen);
	if (w->ctl & SW_ACK)
		acknowledged(&p->side[!seen->side], seen);
}

void
plot_free(struct plot *p)
{
	for (int i = 0; i < 2; i++) {
		free(p->side[i].data.point);
		free(p->side[i].again.point);
		free(p->side[i].acks.point);
		free(p->side[i].trips.point);
	}
}

/* ---- the paper ------------------------------------------------------------------ */

static double
across(const struct frame *f, sw_ns at)
{
	return LEFT + (double)(at > f->start ? at - f->start : 0) * (RIGHT - LEFT) /
			  (double)(f->span ? f->span : 1);
}

static double
upwards(const struct frame *f, uint64_t value)
{
	return LOWER - (double)value * (LOWER - UPPER) / (double)(f->top ? f->top : 1);
}

static uint64_t
highest(const struct plot_series *s, uint64_t most)
{
	for (size_t i = 0; i < s->n; i++)
		most = s->point[i].to > most ? s->point[i].to : most;
	return most;
}

static void
word(double x, double y, const char *anchor, const char *text)
{
	printf("<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">", x, y, anchor);
	page_text(stdout, text);
	printf("</text>\n");
}

/* Edges, and what they stand for. */
static void
paper(const struct frame *f, const char *title, const char *top)
{
	const struct ex_style style = {0};
	char text[EX_NUMBER];

	printf("<figure class=\"plot\"><figcaption>");
	page_text(stdout, title);
	printf("</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\">\n<title>", WIDE, HIGH);
	page_text(stdout, title);
	printf("</title>\n<path class=\"axis\" d=\"M%d %dV%dH%d\"/>\n", LEFT, UPPER, LOWER, RIGHT);
	word(LEFT - 6, UPPER + 8, "end", top);
	word(LEFT - 6, LOWER, "end", "0");
	for (int i = 0; i <= 2; i++)
		word(LEFT + i * (RIGHT - LEFT) / 2.0, LOWER + 20,
		     i == 0   ? "start"
		     : i == 1 ? "middle"
			      : "end",
		     i ? ex_time_text((double)f->span * i / 2e9, &style, text) : "0");
}

static void
bars(const struct frame *f, const struct plot_series *s)
{
	printf("<path class=\"data\" d=\"");
	for (size_t i = 0; i < s->n; i++)
		printf("M%.1f %.1fV%.1f", across(f, s->point[i].at), upwards(f, s->point[i].from),
		       upwards(f, s->point[i].to) - 0.5);
	printf("\"/>\n");
}

static void
crosses(const struct frame *f, const struct plot_series *s)
{
	printf("<path class=\"again\" d=\"");
	for (size_t i = 0; i < s->n; i++)
		printf("M%.1f %.1fl8 8m0 -8l-8 8", across(f, s->point[i].at) - 4,
		       upwards(f, (s->point[i].from + s->point[i].to) / 2) - 4);
	printf("\"/>\n");
}

static void
steps(const struct frame *f, const struct plot_series *s)
{
	printf("<path class=\"acks\" d=\"");
	for (size_t i = 0; i < s->n; i++)
		printf(i ? "H%.1fV%.1f" : "M%.1f %.1f", across(f, s->point[i].at),
		       upwards(f, s->point[i].to));
	printf("\"/>\n");
}

static void
dots(const struct frame *f, const struct plot_series *s)
{
	printf("<path class=\"trips\" d=\"");
	for (size_t i = 0; i < s->n; i++)
		printf("M%.1f %.1fh.01", across(f, s->point[i].at), upwards(f, s->point[i].to));
	printf("\"/>\n");
}

static void
sequence(const struct plot_side *side, struct frame *f, const char *who)
{
	char title[2 * EX_ENDPOINT], top[EX_NUMBER];

	f->top = highest(&side->again, highest(&side->acks, highest(&side->data, 1)));
	snprintf(title, sizeof(title),
		 _("Bytes of %s over time: | sent, x sent again, _ acknowledged"), who);
	paper(f, title, ex_bytes_text((double)f->top, top));
	steps(f, &side->acks);
	bars(f, &side->data);
	crosses(f, &side->again);
	printf("</svg></figure>\n");
}

static void
trips(const struct plot_side *side, struct frame *f, const char *who)
{
	const struct ex_style style = {0};
	char title[2 * EX_ENDPOINT], top[EX_NUMBER];

	f->top = highest(&side->trips, 1);
	snprintf(title, sizeof(title), _("Round trips: from data of %s to its acknowledgement"),
		 who);
	paper(f, title, ex_time_text((double)f->top / 1e9, &style, top));
	dots(f, &side->trips);
	printf("</svg></figure>\n");
}

void
plot_draw(const struct plot *p, const struct ex_conn *c, const struct ex_style *style)
{
	struct frame f = {.start = c->start, .span = c->last > c->start ? c->last - c->start : 1};
	char who[EX_ENDPOINT];

	for (int i = 0; i < 2; i++) {
		ex_end_text(&c->end[i].at, style, who);
		if (p->side[i].data.n + p->side[i].again.n > 0)
			sequence(&p->side[i], &f, who);
	}
	for (int i = 0; i < 2; i++) {
		ex_end_text(&c->end[i].at, style, who);
		if (p->side[i].trips.n > 0)
			trips(&p->side[i], &f, who);
	}
}
