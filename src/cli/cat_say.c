/*
 * cat_say.c - trace events of one connection as lines for people: segments of
 * the handshake and the close one by one, data in between folded.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cat_say.h"

#define LOUD (SW_SYN | SW_FIN | SW_RST)

static void
say_time(const struct say *s, sw_ns at)
{
	sw_ns us = (at > s->start ? at - s->start : 0) / SW_US;

	fprintf(stderr, "%6" PRIu64 ".%06" PRIu64 "  ", us / 1000000, us % 1000000);
}

/* "SYN,ACK" */
static void
say_flags(uint8_t ctl)
{
	static const struct {
		uint8_t bit;
		char name[4];
	} flags[] = {{SW_SYN, "SYN"}, {SW_FIN, "FIN"}, {SW_RST, "RST"},
		     {SW_PSH, "PSH"}, {SW_URG, "URG"}, {SW_ACK, "ACK"}};
	const char *comma = "";

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if ((ctl & flags[i].bit) == 0)
			continue;
		fprintf(stderr, "%s%s", comma, flags[i].name);
		comma = ",";
	}
}

static void
say_options(const struct sw_trace *t)
{
	if ((t->has & SW_HAS_MSS) != 0)
		fprintf(stderr, " mss=%u", t->mss);
	if ((t->has & SW_HAS_WSCALE) != 0)
		fprintf(stderr, " wscale=%u", t->wscale);
	if ((t->has & SW_HAS_SACK_OK) != 0)
		fputs(" sack-ok", stderr);
	if ((t->has & SW_HAS_TS) != 0 && (t->ctl & SW_SYN) != 0)
		fputs(" timestamps", stderr);
	if ((t->has & SW_HAS_FASTOPEN) != 0)
		fputs(t->cookie_len > 0 ? " cookie" : " cookie?", stderr);
}

/* Is it a segment of another connection: a stranger's, and our reset? */
static bool
is_other(const struct say *s, const struct sw_trace *t)
{
	return s->remote.port != 0 &&
	       (t->remote.port != s->remote.port || t->local.port != s->local.port ||
		!sw_addr_same(&t->remote.addr, &s->remote.addr));
}

/* Initial sequence numbers, from the SYNs, so that people see small numbers. */
static void
say_learn(struct say *s, const struct sw_trace *t)
{
	if ((t->ctl & SW_SYN) == 0 || is_other(s, t))
		return;
	s->local = t->local;
	s->remote = t->remote;
	if (t->kind == SW_T_OUT) {
		s->has_iss = true;
		s->iss = t->seq;
	} else {
		s->has_irs = true;
		s->irs = t->seq;
	}
}

static void
say_segment(const struct say *s, const struct sw_trace *t)
{
	bool out = t->kind == SW_T_OUT;
	bool other = is_other(s, t);
	uint32_t ours = s->has_iss && !other ? s->iss : 0;
	uint32_t theirs = s->has_irs && !other ? s->irs : 0;

	say_time(s, t->at);
	fputs(out ? "> " : "< ", stderr);
	if (other)
		fprintf(stderr, "(another: port %u to %u) ", t->local.port, t->remote.port);
	say_flags(t->ctl);
	fprintf(stderr, " seq=%" PRIu32, t->seq - (out ? ours : theirs));
	if ((t->ctl & SW_ACK) != 0)
		fprintf(stderr, " ack=%" PRIu32, t->ack - (out ? theirs : ours));
	if (t->len > 0)
		fprintf(stderr, " len=%" PRIu32, t->len);
	fprintf(stderr, " win=%" PRIu32, t->wnd);
	say_options(t);
	if (t->retransmission)
		fputs(" again", stderr);
	if (!out && t->verdict != SW_V_TAKEN && t->verdict != SW_V_OPENED)
		fprintf(stderr, "  [%s]", sw_verdict_name(t->verdict));
	fputc('\n', stderr);
}

static void
say_unfold(struct say *s)
{
	if (s->folded[0] + s->folded[1] > 0)
		fprintf(stderr,
			"          ...    %" PRIu64 " segments out with %" PRIu64 " bytes, %" PRIu64
			" segments in with %" PRIu64 " bytes\n",
			s->folded[1], s->bytes[1], s->folded[0], s->bytes[0]);
	memset(s->folded, 0, sizeof s->folded);
	memset(s->bytes, 0, sizeof s->bytes);
}

/* A segment of the connection: printed if it is of note or the first after one that was. */
static void
say_traffic(struct say *s, const struct sw_trace *t)
{
	int way = t->kind == SW_T_OUT;

	say_learn(s, t);
	if ((t->ctl & LOUD) == 0 && t->from == t->to && s->shown) {
		s->folded[way]++;
		s->bytes[way] += t->len;
		return;
	}
	say_unfold(s);
	say_segment(s, t);
	s->shown = (t->ctl & LOUD) == 0;
}

static void
say_state(struct say *s, const struct sw_trace *t)
{
	say_unfold(s);
	say_time(s, t->at);
	fprintf(stderr, "  %s -> %s  (%s)\n", sw_state_name(t->from), sw_state_name(t->to),
		sw_cause_name(t->cause));
	s->shown = false;
}

static void
say_timer(struct say *s, const struct sw_trace *t)
{
	if (t->timer == SW_TIMER_DELACK)
		return;
	say_unfold(s);
	say_time(s, t->at);
	fprintf(stderr, "  timer: %s\n", sw_timer_name(t->timer));
	s->shown = false;
}

void
say_event(struct say *s, const struct sw_trace *t)
{
	if (!s->on)
		return;
	switch (t->kind) {
	case SW_T_IN:
	case SW_T_OUT:
		say_traffic(s, t);
		break;
	case SW_T_STATE:
		say_state(s, t);
		break;
	case SW_T_TIMER:
		say_timer(s, t);
		break;
	case SW_T_DROP:
		break;
	}
}

void
say_end(struct say *s)
{
	if (s->on)
		say_unfold(s);
}
