/*
 * explain_ladder.c - `synwave explain -C N': one connection as a ladder, on any paper.
 *
 * A second way through the capture: the same packets give the same numbers.  The states
 * are those that were concluded at the end of the first, with what is inferred; so a
 * step stands in the row of the packet that brought it about.
 */
#define _GNU_SOURCE
#include <string.h>

#include "explain.h"
#include "lang.h"

enum { GAP_MS = 200, MERMAID_ROWS = 200, SVG_ROWS = 2000, REMARK = 96 };

/* How long ago this segment was sent before; 0: it was not, or nobody remembers. */
static sw_ns
since_sent(struct drawing *d, const struct ex_seen *s)
{
	const struct sw_wire *w = &s->packet->wire;
	uint32_t slot = (w->seq * 0x9e3779b1u >> 16) % DRAWING_SENT;
	sw_ns at = d->sent[s->side][slot].at;
	bool same = at > 0 && d->sent[s->side][slot].seq == w->seq;

	if (w->len == 0 && !(w->ctl & (SW_SYN | SW_FIN)))
		return 0;
	d->sent[s->side][slot].at = s->packet->at;
	d->sent[s->side][slot].seq = w->seq;
	return same && s->packet->at > at ? s->packet->at - at : 0;
}

/* What the engine thinks of a segment, in words; the first that fits. */
static const char *
remark(const struct ex_seen *s, sw_ns waited, char text[REMARK])
{
	static const struct {
		uint32_t flag;
		const char *words;
	} words[] = {{EX_DAMAGED, N_("its checksum is wrong: nobody takes it")},
		     {EX_COPY, N_("captured twice")},
		     {EX_KEEP_ALIVE, N_("keep-alive")},
		     {EX_PROBE, N_("window probe")},
		     {EX_SPURIOUS, N_("needless: it was there")},
		     {EX_UNSEEN, N_("the first copy was not captured")},
		     {EX_STALE, N_("of another time")},
		     {EX_ODD_RST, N_("out of place: need not be believed")},
		     {EX_CHALLENGE, N_("challenge ACK")},
		     {EX_FILLS, N_("was overtaken")},
		     {EX_GAP, N_("bytes before it are not in the capture")},
		     {EX_ACKS_UNSEEN, N_("acknowledges what is not in the capture")},
		     {EX_WINDOW_FULL, N_("fills the window")},
		     {EX_LATE, N_("after the end")}};
	const char *kind = s->flags & EX_RTO	? N_("RTO")
			   : s->flags & EX_FAST ? N_("fast")
			   : s->flags & EX_TLP	? N_("tail probe")
						: NULL;
	const struct ex_style style = {.ascii = true};
	char wait[EX_NUMBER];
	size_t n;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (s->flags & words[i].flag)
			return lang_say(words[i].words);
	if (!(s->flags & EX_AGAIN) || waited == 0)
		return kind ? lang_say(kind) : NULL;
	ex_time_text((double)waited / 1e9, &style, wait);
	n = (size_t)snprintf(text, REMARK, _("after %s"), wait);
	if (kind && n < REMARK)
		snprintf(text + n, REMARK - n, " (%s)", lang_say(kind));
	return text;
}

static void
segment_of(const struct sw_wire *w, sw_ns at, struct sw_trace *t)
{
	*t = (struct sw_trace){.at = at,
			       .local = w->src,
			       .remote = w->dst,
			       .seq = w->seq,
			       .ack = w->ack,
			       .len = w->len,
			       .wnd = w->wnd,
			       .up = w->up,
			       .ctl = w->ctl,
			       .has = w->has,
			       .mss = w->mss,
			       .wscale = w->wscale,
			       .sacks = w->sacks,
			       .tsval = w->tsval,
			       .tsecr = w->tsecr};
	memcpy(t->sack, w->sack, sizeof(t->sack));
}

/* Steps that no packet brought about, up to here. */
static void
timers(struct drawing *d, sw_ns until)
{
	for (int side = 0; side < 2; side++) {
		const struct ex_end *end = &d->conn->end[side];

		while (d->next[side] < end->steps && end->step[d->next[side]].frame == 0 &&
		       end->step[d->next[side]].at <= until) {
			const struct ex_step *s = &end->step[d->next[side]++];
			struct sw_row row;

			sw_row_init(&row, SW_ROW_STATE, side, s->at);
			row.state[side] = s->state;
			row.guess[side] = s->inferred;
			sw_ladder_row(d->ladder, &row);
		}
	}
}

void
ladder_seen(struct drawing *d, const struct ex_seen *seen)
{
	const struct ex_packet *p = seen->packet;
	bool tcp = p->wire.kind == SW_WIRE_TCP;
	struct sw_trace segment;
	struct sw_row row;
	char text[REMARK];

	timers(d, p->at);
	sw_row_init(&row, tcp ? SW_ROW_SEGMENT : SW_ROW_NOTE, tcp ? seen->side : -1, p->at);
	segment_of(&p->wire, p->at, &segment);
	row.segment = tcp ? &segment : NULL;
	row.text = tcp ? NULL : _("ICMP error about it");
	row.packet = row.last = p->frame;
	row.arrives = tcp && d->arrives ? p->at : SW_NEVER;
	row.again = seen->flags & EX_AGAIN;
	row.more = remark(seen, tcp ? since_sent(d, seen) : 0, text);
	for (int side = 0; side < 2; side++) {
		const struct ex_end *end = &d->conn->end[side];
		unsigned *i = &d->next[side];

		while (*i < end->steps && end->step[*i].frame == p->frame) {
			row.state[side] = end->step[*i].state;
			row.guess[side] = end->step[(*i)++].inferred;
		}
	}
	sw_ladder_row(d->ladder, &row);
}

bool
ladder_begin(struct drawing *d, const struct explain_args *a, const struct ex_conn *c,
	     const struct sw_ladder_config *form)
{
	const struct ex_style style = {.ascii = a->ascii, .resolve = a->resolve};
	enum sw_state first[2] = {SW_CLOSED, SW_LISTEN};
	char left[EX_ENDPOINT], right[EX_ENDPOINT];
	struct sw_ladder_config cfg = *form;

	if (c->findings >> EX_F_BOTH_OPEN & 1)
		first[EX_SERVER] = SW_CLOSED; /* it opens actively, too */
	cfg.bytes = sizeof(cfg);
	cfg.depth = a->verbose ? SW_LADDER_FULL : SW_LADDER_BRIEF;
	cfg.colour = a->colour;
	cfg.unicode = !a->ascii || cfg.form != SW_LADDER_TEXT;
	cfg.numbers = true;
	cfg.columns = (int)a->width;
	cfg.gap = GAP_MS * SW_MS;
	cfg.wire = true;
	cfg.say = lang_say;
	cfg.start = c->start;
	cfg.states = c->began_before ? NULL : first;
	cfg.left = ex_end_text(&c->end[EX_CLIENT].at, &style, left);
	cfg.right = ex_end_text(&c->end[EX_SERVER].at, &style, right);
	*d = (struct drawing){
	    .ladder = sw_ladder_new(&cfg), .conn = c, .arrives = cfg.form == SW_LADDER_SVG};
	return d->ladder;
}

bool
ladder_end(struct drawing *d)
{
	struct sw_ladder *ladder = d->ladder;

	timers(d, SW_NEVER);
	d->ladder = NULL;
	return sw_ladder_end(ladder);
}

/* ---- one of them, on standard output ------------------------------------------- */

static void
on_seen(void *ctx, const struct ex_seen *seen)
{
	struct drawing *d = ctx;

	if (seen->conn == d->conn->id)
		ladder_seen(d, seen);
}

/* Mermaid slows down past some 200 messages; a drawing of thousands opens nowhere. */
static struct sw_ladder_config
form_of(const struct explain_args *a, const char *title)
{
	struct sw_ladder_config form = {.out = stdout, .form = SW_LADDER_TEXT};

	if (a->out == AS_MERMAID) {
		form.form = SW_LADDER_MERMAID;
		form.most = MERMAID_ROWS;
	} else if (a->out == AS_SVG) {
		form.form = SW_LADDER_SVG;
		form.most = SVG_ROWS;
		form.title = title;
	}
	return form;
}

bool
ladder_draw(const struct explain_args *a, const struct ex_conn *c, struct ex_file *file,
	    char why[EX_WHY])
{
	struct drawing d;
	struct ex_watch watch = {.ctx = &d, .seen = on_seen};
	struct sw_ladder_config form = form_of(a, a->file[0]);

	if (!ex_file_again(file)) {
		snprintf(why, EX_WHY, "%s", ex_file_why(file));
		return false;
	}
	if (!ladder_begin(&d, a, c, &form)) {
		snprintf(why, EX_WHY, _("out of memory"));
		return false;
	}
	pick_again(a, file, &watch);
	if (ladder_end(&d))
		return true;
	snprintf(why, EX_WHY, _("it could not be written"));
	return false;
}
