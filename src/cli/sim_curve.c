/*
 * sim_curve.c - what congestion control did, over time: as a table of samples
 * (--trace) and as a drawing (--plot).
 *
 * Samples are taken at A, fifty in a round trip at most, while there is data on
 * its way; what the wire lost and what A sent again are marks beside them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "sim.h"

enum { SAMPLES_MAX = 1 << 21, PER_RTT = 50 };
enum { WIDTH = 1100, LEFT = 80, RIGHT = 20, PANEL = 230, GAP = 55, TOP = 70, RATES = 120 };
enum { PLOT_W = WIDTH - LEFT - RIGHT, POINTS = 4 * PLOT_W };

enum sample_kind { SAMPLE, SAMPLE_AGAIN, SAMPLE_LOST };

struct sample {
	sw_ns at, srtt;
	uint64_t delivered;
	uint32_t cwnd, ssthresh, flight;
	uint16_t flow;
	uint8_t kind; /* enum sample_kind */
};

struct curve {
	struct sample *sample;
	size_t n, cap;
	sw_ns next[FLOWS_MAX]; /* no sample before */
	bool full;
};

bool
curve_begin(struct run *r)
{
	if (!r->args->trace && !r->args->plot)
		return true;
	r->curve = calloc(1, sizeof(*r->curve));
	return r->curve != NULL;
}

static void
curve_add(struct curve *c, const struct sample *s)
{
	size_t cap = c->cap ? 2 * c->cap : 4096;
	struct sample *more;

	if (c->n == c->cap) {
		more = cap <= SAMPLES_MAX ? realloc(c->sample, cap * sizeof(*more)) : NULL;
		if (!more) {
			c->full = true;
			return;
		}
		c->sample = more;
		c->cap = cap;
	}
	c->sample[c->n++] = *s;
}

/* Something happened to a packet of A's. */
void
curve_mark(struct run *r, int flow, sw_ns at, bool lost)
{
	struct sample s = {
	    .at = at, .flow = (uint16_t)flow, .kind = lost ? SAMPLE_LOST : SAMPLE_AGAIN};

	if (r->curve)
		curve_add(r->curve, &s);
}

static void
curve_take(struct run *r, int i)
{
	struct sw_status status = {.bytes = sizeof(status)};
	struct curve *c = r->curve;
	struct flow *f = &r->flow[i];
	sw_ns now = sw_sim_now(r->sim);
	struct sample s = {.at = now, .flow = (uint16_t)i};

	if (now < c->next[i] || f->end[HOST_B].sink.end || !f->end[HOST_A].conn ||
	    sw_status(r->host[HOST_A].stack, f->end[HOST_A].conn, &status) != SW_OK ||
	    status.state < SW_ESTABLISHED)
		return;
	s.srtt = status.srtt;
	s.delivered = f->end[HOST_B].sink.bytes;
	s.cwnd = status.cwnd;
	s.ssthresh = status.ssthresh;
	s.flight = status.pipe;
	c->next[i] = now + r->args->rtt / PER_RTT;
	curve_add(c, &s);
}

void
curve_step(struct run *r)
{
	for (uint64_t i = 0; r->curve && i < r->args->flows; i++)
		curve_take(r, (int)i);
}

/* ---- the table ---------------------------------------------------------- */

static void
curve_table(const struct curve *c, FILE *out)
{
	static const char kind[][16] = {"sample", "retransmission", "loss"};

	fprintf(out, "seconds,flow,what,cwnd,ssthresh,flight,srtt_seconds,delivered\n");
	for (size_t i = 0; i < c->n; i++) {
		const struct sample *s = &c->sample[i];

		fprintf(out, "%" PRIu64 ".%09" PRIu64 ",%u,%s", (uint64_t)(s->at / SW_S),
			(uint64_t)(s->at % SW_S), s->flow + 1u, kind[s->kind]);
		if (s->kind != SAMPLE)
			fprintf(out, ",,,,,\n");
		else if (s->ssthresh == UINT32_MAX) /* none yet */
			fprintf(out, ",%u,,%u,%.6f,%" PRIu64 "\n", s->cwnd, s->flight,
				(double)s->srtt / 1e9, s->delivered);
		else
			fprintf(out, ",%u,%u,%u,%.6f,%" PRIu64 "\n", s->cwnd, s->ssthresh,
				s->flight, (double)s->srtt / 1e9, s->delivered);
	}
}

/* ---- the drawing -------------------------------------------------------- */

enum line { LINE_CWND, LINE_SSTHRESH, LINE_FLIGHT, LINE_RTT, N_LINES };

struct axes { /* of one panel */
	int top;
	double most, seconds; /* right and upper end */
};

/* Something round that is at least v. */
static double
round_up(double v)
{
	double step = 1e-6;

	for (int i = 0; i < 60 && step * 10 < v; i++)
		step *= 10;
	return v <= 2 * step ? 2 * step : v <= 5 * step ? 5 * step : 10 * step;
}

static double
value(const struct sample *s, enum line line)
{
	switch (line) {
	case LINE_CWND:
		return s->cwnd / 1000.0;
	case LINE_SSTHRESH:
		return s->ssthresh == UINT32_MAX ? -1 : s->ssthresh / 1000.0;
	case LINE_FLIGHT:
		return s->flight / 1000.0;
	default:
		return s->srtt ? (double)s->srtt / 1e6 : -1;
	}
}

static double
x_of(const struct axes *a, double seconds)
{
	return LEFT + seconds / a->seconds * PLOT_W;
}

static double
y_of(const struct axes *a, double v)
{
	return a->top + PANEL - (v > a->most ? a->most : v) / a->most * PANEL;
}

/* Frame, ticks and title. */
static void
draw_axes(FILE *out, const struct axes *a, const char *title)
{
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"frame\"/>\n", LEFT,
		a->top, PLOT_W, PANEL);
	fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"title\">%s</text>\n", LEFT, a->top - 8,
		title);
	for (int i = 0; i <= 4; i++)
		fprintf(out,
			"<path class=\"grid\" d=\"M%d %.1fh%d\"/>"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
			LEFT, y_of(a, a->most * i / 4), PLOT_W, LEFT - 6,
			y_of(a, a->most * i / 4) + 4, a->most * i / 4);
	for (int i = 0; i <= 10; i++)
		fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.3g s</text>\n",
			x_of(a, a->seconds * i / 10), a->top + PANEL + 16, a->seconds * i / 10);
}

/* One line of one flow; at most POINTS points. */
static void
draw_line(FILE *out, const struct curve *c, const struct axes *a, enum line line, int flow)
{
	static const char class_of[N_LINES][12] = {"cwnd", "ssthresh", "flight", "rtt"};
	bool pen = false;
	double last = -1;

	fprintf(out, "<path class=\"%s f%d\" d=\"", class_of[line], flow % 6);
	for (size_t i = 0; i < c->n; i++) {
		const struct sample *s = &c->sample[i];
		double v = value(s, line), x = x_of(a, (double)s->at / 1e9);

		if (s->kind != SAMPLE || s->flow != flow || v < 0 ||
		    x - last < (double)PLOT_W / POINTS)
			continue;
		fprintf(out, "%c%.1f %.1f", pen ? 'L' : 'M', x, y_of(a, v));
		pen = true;
		last = x;
	}
	fprintf(out, "\"/>\n");
}

/* What was lost and what was sent again, below the windows. */
static void
draw_marks(FILE *out, const struct curve *c, const struct axes *a)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct sample *s = &c->sample[i];
		int y = a->top + PANEL - (s->kind == SAMPLE_LOST ? 12 : 6);

		if (s->kind != SAMPLE)
			fprintf(out, "<path class=\"%s\" d=\"M%.1f %dv5\"/>\n",
				s->kind == SAMPLE_LOST ? "lost" : "again",
				x_of(a, (double)s->at / 1e9), y);
	}
}

/* Bytes that came in each RATES-th of the time, as Mbit/s. */
static void
flow_rates(const struct curve *c, int flow, double seconds, double rate[RATES])
{
	uint64_t at[RATES + 1] = {0};
	double each = seconds / RATES;

	for (size_t i = 0; i < c->n; i++) {
		const struct sample *s = &c->sample[i];
		int slot = (int)((double)s->at / 1e9 / each) + 1;

		if (s->kind == SAMPLE && s->flow == flow && slot <= RATES)
			at[slot] = s->delivered;
	}
	for (int i = 1; i <= RATES; i++) {
		at[i] = at[i] > at[i - 1] ? at[i] : at[i - 1];
		rate[i - 1] = (double)(at[i] - at[i - 1]) * 8 / 1e6 / each;
	}
}

static void
draw_rates(FILE *out, const struct run *r, int top, double seconds)
{
	struct axes a = {
	    .top = top, .seconds = seconds, .most = round_up((double)r->args->rate / 1e6)};
	double rate[RATES];

	draw_axes(out, &a, "delivered, Mbit/s");
	for (int f = 0; f < (int)r->args->flows; f++) {
		flow_rates(r->curve, f, seconds, rate);
		fprintf(out, "<path class=\"cwnd f%d\" d=\"", f % 6);
		for (int i = 0; i < RATES; i++)
			fprintf(out, "%c%.1f %.1f", i ? 'L' : 'M',
				x_of(&a, seconds * (i + 0.5) / RATES), y_of(&a, rate[i]));
		fprintf(out, "\"/>\n");
	}
}

static double
largest(const struct curve *c, enum line line)
{
	double most = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->sample[i].kind == SAMPLE && value(&c->sample[i], line) > most)
			most = value(&c->sample[i], line);
	return most;
}

/* clang-format off */
static const char head[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"\n"
	"     font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\">\n"
	"<title>synwave sim</title>\n"
	"<style>path { fill: none } text { fill: #222 } .title { font-weight: 600 }\n"
	".frame { fill: #fff; stroke: #999 } .grid { stroke: #ddd }\n"
	".cwnd, .rtt { stroke-width: 1.6 } .flight { stroke-width: .8; opacity: .55 }\n"
	".ssthresh { stroke-width: 1; stroke-dasharray: 5 4; opacity: .8 }\n"
	".f0 { stroke: #1565c0 } .f1 { stroke: #c62828 } .f2 { stroke: #2e7d32 }\n"
	".f3 { stroke: #6a1b9a } .f4 { stroke: #ef6c00 } .f5 { stroke: #00838f }\n"
	".lost { stroke: #d50000 } .again { stroke: #ff9100 }</style>\n"
	"<rect width=\"%d\" height=\"%d\" fill=\"#fafafa\"/>\n";
/* clang-format on */

static void
curve_draw(const struct run *r, FILE *out)
{
	const struct curve *c = r->curve;
	int height = TOP + 3 * PANEL + 3 * GAP;
	double end = c->n ? (double)c->sample[c->n - 1].at / 1e9 : 0;
	double seconds = end > 0 ? end : 1, rtt = largest(c, LINE_RTT);
	struct axes a = {.top = TOP, .seconds = seconds, .most = round_up(largest(c, LINE_CWND))};

	fprintf(out, head, WIDTH, height, WIDTH, height, WIDTH, height);
	fprintf(out,
		"<text x=\"%d\" y=\"24\" font-size=\"15\" class=\"title\">%" PRIu64
		" Mbit/s, %g ms, queue %" PRIu64 " bytes, seed %" PRIu64 "</text>\n",
		LEFT, r->args->rate / 1000000, (double)r->args->rtt / 1e6, run_queue(r->args),
		r->args->seed);
	draw_axes(out, &a,
		  "cwnd (line), ssthresh (dashed), in flight (thin), kB; "
		  "below: lost (red), sent again (orange)");
	for (int f = 0; f < (int)r->args->flows; f++)
		for (int line = LINE_CWND; line <= LINE_FLIGHT; line++)
			draw_line(out, c, &a, (enum line)line, f);
	draw_marks(out, c, &a);
	a.top += PANEL + GAP;
	a.most = round_up(rtt > 0 ? rtt : 1);
	draw_axes(out, &a, "smoothed round trip, ms");
	for (int f = 0; f < (int)r->args->flows; f++)
		draw_line(out, c, &a, LINE_RTT, f);
	draw_rates(out, r, a.top + PANEL + GAP, seconds);
	fprintf(out, "</svg>\n");
}

/* ---- the end ------------------------------------------------------------ */

/* Writes one of the files; false: it could not be, and that was said. */
static bool
curve_write(const struct run *r, const char *name, bool drawing)
{
	FILE *out = fopen(name, "w");
	bool good = out != NULL;

	if (good && drawing)
		curve_draw(r, out);
	else if (good)
		curve_table(r->curve, out);
	good = good && !ferror(out);
	good = (!out || fclose(out) == 0) && good;
	if (!good)
		fprintf(stderr, "synwave sim: cannot write %s: %s\n", name, strerror(errno));
	return good;
}

bool
curve_end(struct run *r)
{
	bool good = true;

	if (!r->curve)
		return true;
	if (r->curve->full)
		fprintf(stderr,
			"synwave sim: more samples than can be kept: the rest is left out\n");
	if (r->args->trace)
		good = curve_write(r, r->args->trace, false);
	if (r->args->plot)
		good = curve_write(r, r->args->plot, true) && good;
	free(r->curve->sample);
	free(r->curve);
	r->curve = NULL;
	return good;
}
