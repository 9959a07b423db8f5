/*
 * words.c - segments and runs of data in words.
 *
 * Relative numbers count from the ISS, so that a SYN is 0 and the first byte 1.
 */
#include "trace/ladder.h"

#include <stdarg.h>
#include <string.h>

void
words_add(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

#define add(text, ...) words_add(text, LADDER_TEXT, __VA_ARGS__)

/* A sequence number of `side` as it is to be shown. */
static uint32_t
shown(const struct sw_ladder *l, int side, uint32_t n)
{
	return l->cfg.absolute || !l->side[side].known ? n : n - l->side[side].iss;
}

/* A timestamp of `side`, from its first. */
static uint32_t
shown_time(const struct sw_ladder *l, int side, uint32_t n)
{
	return l->cfg.absolute || !l->side[side].stamped ? n : n - l->side[side].ts;
}

static void
words_options(const struct sw_ladder *l, struct line *line, const struct sw_trace *t)
{
	char *o = line->options;
	bool full = l->cfg.depth == SW_LADDER_FULL;

	if (t->has & SW_HAS_MSS)
		add(o, " mss" JOIN "%u", t->mss);
	if (t->has & SW_HAS_WSCALE)
		add(o, " ws" JOIN "%u", t->wscale);
	if (t->has & SW_HAS_SACK_OK)
		add(o, " sackOK");
	if ((t->has & SW_HAS_TS) && full)
		add(o, " TS" JOIN "%lu:%lu", (unsigned long)shown_time(l, line->side, t->tsval),
		    (unsigned long)(t->tsecr ? shown_time(l, !line->side, t->tsecr) : 0));
	else if ((t->has & SW_HAS_TS) && (t->ctl & SW_SYN))
		add(o, " TS");
	if (t->has & SW_HAS_FASTOPEN)
		add(o, t->cookie_len ? " cookie" : " cookie?");
	for (unsigned i = 0; i < t->sacks && i < 4 && (t->has & SW_HAS_SACK); i++)
		add(o, "%s%lu:%lu", i ? "," : " sack" JOIN,
		    (unsigned long)shown(l, !line->side, t->sack[i][0]),
		    (unsigned long)shown(l, !line->side, t->sack[i][1]));
}

void
words_segment(const struct sw_ladder *l, struct line *line, const struct sw_trace *t)
{
	const struct ladder_side *me = &l->side[line->side];
	bool scaled =
	    l->cfg.wire && me->scaled && l->side[!line->side].scaled && !(t->ctl & SW_SYN);
	char ctl[SW_CTL_TEXT];

	line->text[0] = line->options[0] = '\0';
	add(line->text, "%s seq" JOIN "%lu", sw_trace_ctl(t->ctl, ctl),
	    (unsigned long)shown(l, line->side, t->seq));
	if (t->ctl & SW_ACK)
		add(line->text, " ack" JOIN "%lu", (unsigned long)shown(l, !line->side, t->ack));
	if (t->len)
		add(line->text, " len" JOIN "%lu", (unsigned long)t->len);
	if (!(t->ctl & SW_RST))
		add(line->text, " win" JOIN "%lu",
		    (unsigned long)t->wnd << (scaled ? me->wscale : 0));
	if (t->ctl & SW_URG)
		add(line->text, " up" JOIN "%u", t->up);
	words_options(l, line, t);
}

static void
words_way(const struct sw_ladder *l, char *text, const struct run *r, int side)
{
	const char *way = l->cfg.unicode ? (side ? "B→A" : "A→B") : side ? "B->A" : "A->B";
	char n[32], b[32];

	if (r->segments[side]) {
		add(text, "%s", *text ? ", " : "");
		add(text,
		    ladder_say(l, r->segments[side] == 1 ? N_("%s segment, %s bytes %s")
							 : N_("%s segments, %s bytes %s")),
		    sw_text_count(r->segments[side], n), sw_text_count(r->payload[side], b), way);
	}
	if (r->acks[side]) {
		add(text, "%s", *text ? ", " : "");
		add(text, ladder_say(l, r->acks[side] == 1 ? N_("%s ACK %s") : N_("%s ACKs %s")),
		    sw_text_count(r->acks[side], n), way);
	}
}

/* One more thing that happened in the run, if it did. */
static void
words_count(const struct sw_ladder *l, char *text, uint32_t n, const char *one, const char *more)
{
	char count[32];

	if (n == 0)
		return;
	add(text, "%s", *text ? ", " : "");
	add(text, ladder_say(l, n == 1 ? one : more), sw_text_count(n, count));
}

bool
words_run(const struct sw_ladder *l, const struct run *r, struct line *line)
{
	memset(line, 0, sizeof(*line));
	line->kind = SW_ROW_RUN;
	line->at = r->at;
	line->arrives = SW_NEVER;
	line->side = -1;
	line->state[0] = line->state[1] = NO_STATE;
	line->packet = r->packet;
	line->last = r->last;
	words_way(l, line->text, r, 0);
	words_way(l, line->text, r, 1);
	words_count(l, line->options, r->again[0] + r->again[1], N_("%s sent again"),
		    N_("%s sent again"));
	words_count(l, line->options, r->lost[0] + r->lost[1], N_("%s lost"), N_("%s lost"));
	words_count(l, line->options, r->timeouts, N_("%s retransmission timeout"),
		    N_("%s retransmission timeouts"));
	words_count(l, line->options, r->probes, N_("%s zero-window probe"),
		    N_("%s zero-window probes"));
	return *line->text || *line->options;
}
