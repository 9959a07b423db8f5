/*
 * capture.c - packets with what a stack says about them, as pcapng
 * (draft-ietf-opsawg-pcapng): Section Header, Interface Description, Enhanced Packet
 * Blocks with opt_comment and epb_flags.  Numbers are little-endian on every machine.
 *
 * What comes in is held until the stack has told its verdict: at most one batch.  What
 * goes out has its reasons before it.
 */
#include "trace/ladder.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS = 64, HELD = 64, ETHERNET_HEAD = 14, COMMENT = 700, WORDS = 32 };
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101,
	OPTION_COMMENT = 1,
	OPTION_FLAGS = 2,
	OPTION_RESOLUTION = 9,
	NANOSECONDS = 9,
	WAY_IN = 1,
	WAY_OUT = 2
};

struct held {
	sw_ns at;
	uint32_t len;
	uint8_t *data;
};

struct sw_capture {
	FILE *out;
	enum sw_link link;
	sw_ns base;
	struct sw_trace event[EVENTS]; /* not yet used, oldest first */
	uint32_t events;
	struct held held[HELD];
	uint32_t n_held;
	bool told; /* the stack has said something since the last one came */
	bool failed;
};

/* ---- blocks --------------------------------------------------------------- */

static void
put(struct sw_capture *c, const void *bytes, size_t n)
{
	if (n > 0 && fwrite(bytes, 1, n, c->out) != n)
		c->failed = true;
}

static void
put_32(struct sw_capture *c, uint32_t n)
{
	uint8_t b[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};

	put(c, b, 4);
}

static uint32_t
padded(size_t n)
{
	return (uint32_t)(n + 3) & ~3u;
}

static void
put_padding(struct sw_capture *c, size_t n)
{
	put(c, "\0\0\0", padded(n) - n);
}

static void
put_option(struct sw_capture *c, unsigned code, const void *value, size_t n)
{
	put_32(c, code | (uint32_t)n << 16);
	put(c, value, n);
	put_padding(c, n);
}

static void
put_head(struct sw_capture *c)
{
	const uint8_t resolution = NANOSECONDS;

	put_32(c, BLOCK_SECTION);
	put_32(c, 28);
	put_32(c, 0x1a2b3c4d);
	put_32(c, 1); /* version 1.0 */
	put_32(c, UINT32_MAX);
	put_32(c, UINT32_MAX); /* the section's length is not known */
	put_32(c, 28);
	put_32(c, BLOCK_INTERFACE);
	put_32(c, 32);
	put_32(c, c->link == SW_LINK_ETHERNET ? LINKTYPE_ETHERNET : LINKTYPE_RAW);
	put_32(c, 0); /* no limit */
	put_option(c, OPTION_RESOLUTION, &resolution, 1);
	put_32(c, 0);
	put_32(c, 32);
}

static void
put_packet(struct sw_capture *c, const struct held *p, unsigned way, const char *comment)
{
	uint64_t at = c->base + p->at;
	size_t said = strlen(comment);
	uint32_t options = (said ? 4 + padded(said) : 0) + 8 + 4;
	uint32_t all = 32 + padded(p->len) + options;
	uint8_t flags[4] = {(uint8_t)way, 0, 0, 0};

	put_32(c, BLOCK_PACKET);
	put_32(c, all);
	put_32(c, 0);
	put_32(c, (uint32_t)(at >> 32));
	put_32(c, (uint32_t)at);
	put_32(c, p->len);
	put_32(c, p->len);
	put(c, p->data, p->len);
	put_padding(c, p->len);
	if (said)
		put_option(c, OPTION_COMMENT, comment, said);
	put_option(c, OPTION_FLAGS, flags, 4);
	put_32(c, 0);
	put_32(c, all);
}

/* ---- what the stack said --------------------------------------------------- */

static void
drop_events(struct sw_capture *c, uint32_t n)
{
	memmove(c->event, c->event + n, (c->events - n) * sizeof(c->event[0]));
	c->events -= n;
}

static bool
same_ends(const struct sw_trace *a, const struct sw_trace *b)
{
	return a->local.port == b->local.port && a->remote.port == b->remote.port &&
	       sw_addr_same(&a->local.addr, &b->local.addr) &&
	       sw_addr_same(&a->remote.addr, &b->remote.addr);
}

/* Is this the event of the packet?  A device may have cut what was one segment. */
static bool
is_of(const struct sw_trace *event, const struct sw_trace *packet, bool out)
{
	bool kind =
	    out ? event->kind == SW_T_OUT : event->kind == SW_T_IN || event->kind == SW_T_DROP;

	return kind && same_ends(event, packet) && (event->len == 0) == (packet->len == 0) &&
	       packet->seq - event->seq + packet->len <= event->len &&
	       ((event->ctl ^ packet->ctl) & (SW_SYN | SW_RST)) == 0 &&
	       (event->ack == packet->ack || !(packet->ctl & SW_ACK));
}

/* The states that one event led to, with the rule of each step. */
static void
add_states(const struct sw_capture *c, char *text, uint32_t from, uint32_t to,
	   const struct sw_trace *who)
{
	static const struct sw_ladder plain;
	char why[LADDER_WHY];

	for (uint32_t i = from; i < to; i++) {
		const struct sw_trace *e = &c->event[i];

		if (!same_ends(e, who))
			continue;
		why[0] = '\0';
		if (e->kind == SW_T_STATE) {
			why_event(&plain, why, e);
			words_add(text, COMMENT, "%s%s -> %s: %s", *text ? "; " : "",
				  sw_state_name(e->from), sw_state_name(e->to), draw_loosen(why));
		} else if (e->kind == SW_T_TIMER) {
			words_add(text, COMMENT, "%s%s timer (RFC %s)", *text ? "; " : "",
				  sw_timer_name(e->timer), why_timer(e->timer));
		}
	}
}

/* Where the states end that follow from event i. */
static uint32_t
consequences(const struct sw_capture *c, uint32_t i)
{
	uint32_t end = i + 1;

	while (end < c->events && c->event[end].kind == SW_T_STATE &&
	       same_ends(&c->event[end], &c->event[i]))
		end++;
	return end;
}

static void
say_in(struct sw_capture *c, const struct sw_trace *packet, char text[COMMENT])
{
	uint32_t i = 0, end;
	const struct sw_trace *e;
	const char *rule;

	while (i < c->events && !is_of(&c->event[i], packet, false))
		i++;
	if (i == c->events)
		return;
	e = &c->event[i];
	rule = sw_verdict_rule(e->verdict);
	words_add(text, COMMENT, "verdict %s: %s", sw_verdict_name(e->verdict),
		  sw_verdict_text(e->verdict));
	if (*rule != '-')
		words_add(text, COMMENT, " (RFC %s)", rule);
	end = consequences(c, i);
	add_states(c, text, i + 1, end, e);
	if (e->kind == SW_T_IN && end == i + 1)
		words_add(text, COMMENT, "; %s", sw_state_name(e->to));
	drop_events(c, end);
}

static void
say_out(struct sw_capture *c, const struct sw_trace *packet, char text[COMMENT])
{
	uint32_t i = 0;
	const struct sw_trace *e;

	while (i < c->events && !is_of(&c->event[i], packet, true))
		i++;
	if (i == c->events)
		return;
	e = &c->event[i];
	words_add(text, COMMENT, "sent in %s%s", sw_state_name(e->to),
		  e->retransmission ? ", again" : "");
	add_states(c, text, 0, i, packet);
	/* if pieces of the same segment follow, it stays */
	drop_events(c, packet->seq - e->seq + packet->len == e->len ? i + 1 : i);
}

/* ---- the calls ------------------------------------------------------------- */

static void
write_one(struct sw_capture *c, const struct held *p, unsigned way)
{
	uint32_t head = c->link == SW_LINK_ETHERNET ? ETHERNET_HEAD : 0;
	char text[COMMENT] = "";
	struct sw_trace packet, swap;

	if (p->len > head && sw_trace_packet(&packet, p->data + head, p->len - head)) {
		if (way == WAY_IN) { /* the event tells of it from the other end */
			swap = packet;
			packet.local = swap.remote;
			packet.remote = swap.local;
			say_in(c, &packet, text);
		} else {
			say_out(c, &packet, text);
		}
	}
	put_packet(c, p, way, text);
}

/* Writes what is held: its verdicts have come by now. */
static void
settle(struct sw_capture *c)
{
	for (uint32_t i = 0; i < c->n_held; i++) {
		write_one(c, &c->held[i], WAY_IN);
		free(c->held[i].data);
	}
	c->n_held = 0;
}

struct sw_capture *
sw_capture_new(FILE *out, enum sw_link link, sw_ns base)
{
	struct sw_capture *c =
	    link == SW_LINK_IP || link == SW_LINK_ETHERNET ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return NULL;
	c->out = out;
	c->link = link;
	c->base = base;
	put_head(c);
	return c;
}

void
sw_capture_event(struct sw_capture *c, const struct sw_trace *t)
{
	if (c->events == EVENTS)
		drop_events(c, 1);
	c->event[c->events++] = *t;
	c->told = true;
}

void
sw_capture_in(struct sw_capture *c, sw_ns at, const void *data, uint32_t len)
{
	struct held *p;

	if (c->told || c->n_held == HELD) /* the batch before is decided */
		settle(c);
	c->told = false;
	p = &c->held[c->n_held];
	*p = (struct held){.at = at, .len = len, .data = malloc(len ? len : 1)};
	if (!p->data) {
		c->failed = true;
		return;
	}
	memcpy(p->data, data, len);
	c->n_held++;
}

void
sw_capture_out(struct sw_capture *c, sw_ns at, const void *data, uint32_t len)
{
	struct held p = {.at = at, .len = len, .data = (uint8_t *)(uintptr_t)data};

	settle(c);
	write_one(c, &p, WAY_OUT);
}

bool
sw_capture_end(struct sw_capture *c)
{
	bool good;

	settle(c);
	good = !c->failed && fflush(c->out) == 0 && !ferror(c->out);
	free(c);
	return good;
}
