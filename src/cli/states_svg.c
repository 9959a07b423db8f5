/*
 * states_svg.c - RFC 9293 Figure 5 as a drawing.
 *
 * States and arrows come from the table of the source; only where they stand on
 * the paper is written here.  CLOSED stands twice, as in the RFC.
 */
#include <stdio.h>
#include <string.h>

#include "states.h"

enum { BOX_W = 150, BOX_H = 40, WIDTH = 1100, HEIGHT = 1010 };

struct box {
	short x, y; /* middle */
	char kind;  /* o: opening, e: open, c: closing, n: nothing */
};

/* clang-format off */
static const struct box boxes[SW_N_STATES] = {
	[SW_CLOSED] =		{550,  80, 'n'},
	[SW_LISTEN] =		{550, 220, 'o'},
	[SW_SYN_SENT] =		{920, 360, 'o'},
	[SW_SYN_RECEIVED] =	{180, 360, 'o'},
	[SW_ESTABLISHED] =	{550, 500, 'e'},
	[SW_FIN_WAIT_1] =	{180, 640, 'c'},
	[SW_CLOSE_WAIT] =	{920, 640, 'c'},
	[SW_FIN_WAIT_2] =	{180, 810, 'c'},
	[SW_CLOSING] =		{550, 810, 'c'},
	[SW_LAST_ACK] =		{920, 810, 'c'},
	[SW_TIME_WAIT] =	{550, 960, 'c'},
};
static const struct box closed_again = {920, 960, 'n'};

/* An arrow: from, a point that pulls it, to; where its words stand and how: (s)tart (m)iddle (e)nd. */
struct arrow {
	unsigned char from, on;
	short x1, y1, cx, cy, x2, y2, tx, ty;
	char anchor;
};

static const struct arrow arrows[] = {
{SW_CLOSED,	SW_ON_OPEN_PASSIVE,	525, 100, 525, 150, 525, 200,  515, 155, 'e'},
{SW_LISTEN,	SW_ON_CLOSE,		575, 200, 575, 150, 575, 100,  585, 148, 's'},
{SW_CLOSED,	SW_ON_OPEN_ACTIVE,	625,  75, 950,  75, 945, 340,  892, 125, 's'},
{SW_SYN_SENT,	SW_ON_CLOSE,		890, 340, 860, 140, 625,  92,  768, 172, 'e'},
{SW_LISTEN,	SW_ON_OPEN_ACTIVE,	625, 222, 760, 228, 860, 340,  732, 204, 's'},
{SW_LISTEN,	SW_ON_SEND,		612, 240, 700, 330, 845, 354,  676, 326, 'e'},
{SW_LISTEN,	SW_ON_RCV_SYN,		475, 230, 365, 290, 255, 350,  372, 316, 's'},
{SW_SYN_RECEIVED, SW_ON_RCV_RST_PASSIVE, 190, 340, 210, 210, 475, 213, 212, 250, 'e'},
{SW_SYN_SENT,	SW_ON_RCV_SYN,		845, 370, 550, 370, 255, 370,  550, 388, 'm'},
{SW_SYN_RECEIVED, SW_ON_RCV_ACK_OF_SYN,	255, 378, 365, 432, 475, 486,  345, 452, 'e'},
{SW_SYN_SENT,	SW_ON_RCV_SYN_ACK,	845, 378, 735, 432, 625, 486,  755, 446, 's'},
{SW_SYN_RECEIVED, SW_ON_CLOSE,		160, 380, 160, 500, 160, 620,  150, 496, 'e'},
{SW_ESTABLISHED, SW_ON_CLOSE,		475, 515, 365, 572, 255, 630,  345, 550, 'e'},
{SW_ESTABLISHED, SW_ON_RCV_FIN,		625, 515, 735, 572, 845, 630,  755, 550, 's'},
{SW_FIN_WAIT_1,	SW_ON_RCV_ACK_OF_FIN,	150, 660, 150, 725, 150, 790,  140, 729, 'e'},
{SW_FIN_WAIT_1,	SW_ON_RCV_FIN,		255, 650, 372, 720, 490, 790,  405, 712, 's'},
{SW_FIN_WAIT_1,	SW_ON_RCV_FIN_ACK_OF_FIN, 215, 660, 300, 880, 475, 952, 322, 800, 's'},
{SW_FIN_WAIT_2,	SW_ON_RCV_FIN,		180, 830, 200, 960, 475, 967,  225, 960, 'e'},
{SW_CLOSE_WAIT,	SW_ON_CLOSE,		920, 660, 920, 725, 920, 790,  930, 722, 's'},
{SW_CLOSING,	SW_ON_RCV_ACK_OF_FIN,	550, 830, 550, 885, 550, 940,  560, 889, 's'},
{SW_LAST_ACK,	SW_ON_RCV_ACK_OF_FIN,	920, 830, 920, 885, 920, 940,  930, 882, 's'},
{SW_TIME_WAIT,	SW_ON_MSL2_TIMEOUT,	625, 960, 735, 960, 845, 960,  735, 938, 'm'},
};

static const char head[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"\n"
	"     font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"13\">\n"
	"<title>TCP connection states, RFC 9293 Figure 5</title>\n"
	"<style>\n"
	"svg { --paper: #fff; --ink: #222; --line: #555; --edge: #333; --does: #8a4b08; --often: #0b57a4;\n"
	"  --n: #eceff1; --o: #d6e9fb; --e: #d5f0d8; --c: #fdebd2 }\n"
	"@media (prefers-color-scheme: dark) { svg { --paper: #14191d; --ink: #e4e9ec; --line: #9fb0bb;\n"
	"  --edge: #9fb0bb; --does: #f0b45a; --often: #7cc0ff; --n: #2b343a; --o: #173a5a; --e: #1d4a26; --c: #57401a } }\n"
	".paper { fill: var(--paper) } .box { stroke: var(--edge); stroke-width: 1.5 }\n"
	".n { fill: var(--n) } .o { fill: var(--o) } .e { fill: var(--e) } .c { fill: var(--c) }\n"
	".name { font-weight: 600; font-size: 15px } .arrow { fill: none; stroke: var(--line) }\n"
	".never { stroke-dasharray: 4 4; opacity: .6 } .tip { fill: var(--line) }\n"
	"text { fill: var(--ink) } .action { fill: var(--does); font-style: italic }\n"
	".count { fill: var(--often); font-weight: 600 }\n"
	"</style>\n"
	"<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"11\" markerHeight=\"11\" "
	"markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L10 5L0 10z\"/></marker></defs>\n"
	"<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n"
	"<text x=\"30\" y=\"40\" font-size=\"18\" font-weight=\"600\">TCP connection states</text>\n"
	"<text x=\"30\" y=\"60\">RFC 9293 Figure 5: what happens, "
	"<tspan class=\"action\">and what is done</tspan></text>\n";
/* clang-format on */

static void
draw_box(const struct box *b, const char *name)
{
	printf("<rect class=\"box %c\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"9\"/>"
	       "<text class=\"name\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
	       b->kind, b->x - BOX_W / 2, b->y - BOX_H / 2, BOX_W, BOX_H, b->x, b->y + 5, name);
}

/* The place of an edge; one that has none is drawn straight. */
static struct arrow
place(const struct sw_edge *e)
{
	const struct box *f = &boxes[e->from], *t = &boxes[e->to];
	struct arrow straight = {.from = e->from,
				 .on = e->on,
				 .x1 = f->x,
				 .y1 = f->y,
				 .cx = (short)((f->x + t->x) / 2),
				 .cy = (short)((f->y + t->y) / 2),
				 .x2 = t->x,
				 .y2 = t->y,
				 .anchor = 'm'};

	for (size_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++)
		if (arrows[i].from == e->from && arrows[i].on == e->on)
			return arrows[i];
	straight.tx = straight.cx;
	straight.ty = straight.cy;
	return straight;
}

/* How thick an arrow is that was taken so often: by the power of ten. */
static double
thickness(uint64_t n)
{
	double w = 1.2;

	for (; n >= 10; n /= 10)
		w += 0.9;
	return w;
}

static void
draw_edge(const struct sw_edge *e, const uint64_t *count)
{
	struct arrow a = place(e);
	const char *anchor = a.anchor == 's' ? "start" : a.anchor == 'e' ? "end" : "middle";
	char number[SW_TEXT_COUNT];

	printf("<path class=\"arrow%s\" stroke-width=\"%.1f\" marker-end=\"url(#tip)\" "
	       "d=\"M%d %dQ%d %d %d %d\"/>",
	       count && !*count ? " never" : "", count ? thickness(*count) : 1.4, a.x1, a.y1, a.cx,
	       a.cy, a.x2, a.y2);
	printf("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s", a.tx, a.ty, anchor,
	       sw_cause_name(e->on));
	if (count)
		printf(" <tspan class=\"count\">%s</tspan>", sw_text_count(*count, number));
	if (*e->action)
		printf("<tspan class=\"action\" x=\"%d\" dy=\"15\">%s</tspan>", a.tx, e->action);
	printf("</text>\n");
}

void
states_svg(const struct sw_edge *e, size_t n, const struct states_count *count)
{
	printf(head, WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
	if (count->n)
		printf("<text class=\"count\" x=\"30\" y=\"%d\">%s</text>\n", HEIGHT - 12,
		       count->where);
	for (size_t i = 0; i < n; i++)
		if (e[i].figure_5)
			draw_edge(&e[i], count->n ? &count->n[i] : NULL);
	for (unsigned s = 0; s < SW_N_STATES; s++)
		draw_box(&boxes[s], sw_state_name((enum sw_state)s));
	draw_box(&closed_again, sw_state_name(SW_CLOSED));
	printf("</svg>\n");
}
