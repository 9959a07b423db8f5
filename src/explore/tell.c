/*
 * tell.c - a way through the states, printed as a ladder: the left host's state, what
 * happened, the right host's.
 */
#include "explore/tell.h"

#include <string.h>
#include <synwave/sw_trace.h>

enum { LINE = 54, STATE = 13 };

/* The state of a host's connection as far as anybody can see it. */
static const char *
state_of(const struct here *h, const struct world *w, int side)
{
	uint8_t state = hosts_seen(&h->hosts, side, w->host[side])->state;

	return state == STATE_RELEASED ? "(released)" : sw_state_name((enum sw_state)state);
}

/* "SYN,ACK 12:12(0) ack 5 "AB"": numbers as on the wire. */
static void
segment_text(const struct segment *s, char *text, size_t n)
{
	char ctl[SW_CTL_TEXT];
	struct sw_trace t = {0};
	int at;

	if (!sw_trace_packet(&t, s->bytes, s->len)) {
		snprintf(text, n, "a packet of %u bytes", s->len);
		return;
	}
	at = snprintf(text, n, "%s %lu", sw_trace_ctl(t.ctl, ctl), (unsigned long)t.seq);
	if ((t.ctl & SW_ACK) && at > 0)
		at += snprintf(text + at, n - (size_t)at, " ack %lu", (unsigned long)t.ack);
	if (t.len > 0 && at > 0)
		snprintf(text + at, n - (size_t)at, " \"%.*s\"", (int)t.len,
			 (const char *)s->bytes + s->len - t.len);
}

/* An arrow as long as the line, with what goes along it. */
static void
arrow(char line[LINE + 1], int to, enum move_kind kind, const char *text)
{
	size_t len = strlen(text);
	char dash = kind == MOVE_REPLAY || kind == MOVE_DUP ? '=' : '-';

	memset(line, dash, LINE);
	line[LINE] = 0;
	if (len + 6 < LINE) {
		memcpy(line + 4, text, len);
		line[3] = line[4 + len] = ' ';
	}
	if (to == 1)
		line[LINE - 1] = kind == MOVE_LOSE ? 'X' : '>';
	else
		line[0] = kind == MOVE_LOSE ? 'X' : '<';
}

/* Words between the two hosts. */
static void
between(char line[LINE + 1], const char *text, int at)
{
	memset(line, ' ', LINE);
	line[0] = line[LINE - 1] = '|';
	line[LINE] = 0;
	for (int i = at; i < LINE && *text; i++)
		line[i] = *text++;
}

static const char *
call_name(const struct here *h, int side, enum call call)
{
	static const char name[N_CALLS][8] = {"OPEN", "SEND", "RECEIVE", "CLOSE", "release"};

	if (call == CALL_OPEN && side == 1)
		return h->rules->way == OPEN_BOTH ? "OPEN" : "LISTEN";
	return name[call];
}

void
tell_head(FILE *out)
{
	fprintf(out, "     %-*s  %-*s  %s\n", STATE, "left", LINE, "", "right");
}

static void
tell_line(FILE *out, const struct here *h, const struct world *w, int number, const char *line)
{
	fprintf(out, "%3d  %-*s  %-*s  %s\n", number, STATE, state_of(h, w, 0), LINE, line,
		state_of(h, w, 1));
}

/* A line for each that is lost. */
static bool
tell_loss(FILE *out, struct here *h, struct world *w, int number)
{
	char line[LINE + 1], text[80];

	for (int side = 0; side < 2; side++) {
		for (int i = 0; i < w->flight.n[side]; i++) {
			segment_text(hosts_segment(&h->hosts, w->flight.segment[side][i]), text,
				     sizeof(text));
			arrow(line, side, MOVE_LOSE, text);
			tell_line(out, h, w, number, line);
		}
	}
	return world_move(h, w, MOVE(MOVE_LOSE, LOSE_ALL, 0));
}

/* Makes the move and prints a line for it; false: a property failed there. */
bool
tell_move(FILE *out, struct here *h, struct world *w, move m, int number)
{
	int side = MOVE_SIDE(m), i = MOVE_INDEX(m);
	char line[LINE + 1] = "", text[80];
	sw_ns wait;
	bool good;

	if (MOVE_KIND(m) == MOVE_LOSE && side == LOSE_ALL)
		return tell_loss(out, h, w, number);
	switch (MOVE_KIND(m)) {
	case MOVE_DELIVER:
	case MOVE_LOSE:
	case MOVE_DUP:
	case MOVE_REPLAY:
		i = MOVE_KIND(m) == MOVE_REPLAY ? i : w->flight.segment[side][i];
		segment_text(hosts_segment(&h->hosts, (uint32_t)i), text, sizeof(text));
		arrow(line, side, MOVE_KIND(m), text);
		good = world_move(h, w, m);
		break;
	case MOVE_CALL:
		snprintf(text, sizeof(text), "%s", call_name(h, side, (enum call)i));
		good = world_move(h, w, m);
		between(line, text, side ? LINE - 1 - (int)strlen(text) : 1);
		break;
	default:
		wait = world_wait(h, w);
		good = world_move(h, w, m);
		snprintf(text, sizeof(text), "%.3f s pass", (double)wait / (double)SW_S);
		between(line, text, (LINE - (int)strlen(text)) / 2);
		break;
	}
	tell_line(out, h, w, number, line);
	return good;
}
