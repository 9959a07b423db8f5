/*
 * explain_play.h - two parties whose segments are written into a capture.
 *
 * Time is p->now, in nanoseconds; every segment takes 50 us.  What one party sends, the
 * other has: acknowledgments are for all that was sent, unless a call says otherwise.
 */
#ifndef SW_TEST_EXPLAIN_PLAY_H
#define SW_TEST_EXPLAIN_PLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <synwave/sw_wire.h>

enum { CLIENT, SERVER, BOTH };
enum { PLAY_ROOM = 70000, PLAY_STEP = 50000 };
enum { ETHER, VLAN, QINQ, PPPOE, SLL, SLL2, RAW, NULL_LINK, LOOP, SWAPPED, MICRO, PLAY_LINKS };

struct party {
	struct sw_endpoint at;
	uint32_t iss, nxt;
	uint16_t id, wnd, mss;
	uint8_t ttl;
	int scale; /* -1: not offered */
};

struct play {
	FILE *file;
	uint64_t now;
	struct party end[2];
	int link, number;
	uint32_t snap, pieces, lose_every, seen, damage;
	int only, partial; /* BOTH: no such thing */
	bool copies;
};

static inline const char *
play_link_name(int link)
{
	static const char name[PLAY_LINKS][8] = {"ether", "vlan", "qinq", "pppoe",   "sll",  "sll2",
						 "raw",	  "null", "loop", "swapped", "micro"};

	return name[link];
}

/* ---- the file ------------------------------------------------------------------ */

static inline void
play_32(struct play *p, uint32_t n)
{
	if (p->link == SWAPPED)
		n = __builtin_bswap32(n);
	fwrite(&n, 4, 1, p->file);
}

static inline void
play_link(struct play *p, int link)
{
	static const uint32_t type[PLAY_LINKS] = {1, 1, 1, 1, 113, 276, 101, 0, 108, 1, 1};
	uint16_t version[2] = {2, 4};

	rewind(p->file);
	p->link = link;
	play_32(p, link == MICRO ? 0xa1b2c3d4 : 0xa1b23c4d);
	if (link == SWAPPED)
		version[0] = __builtin_bswap16(2), version[1] = __builtin_bswap16(4);
	fwrite(version, 4, 1, p->file);
	play_32(p, 0);
	play_32(p, 0);
	play_32(p, 262144);
	play_32(p, type[link]);
}

static inline bool
play_begin(struct play *p, const char *directory, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.pcap", directory, name);
	*p = (struct play){
	    .file = fopen(path, "wb"), .now = 1700000000000000000u, .only = BOTH, .partial = BOTH};
	p->end[CLIENT] = (struct party){.at = {sw_addr4(10, 0, 0, 1), 40000},
					.iss = 1000000,
					.id = 100,
					.wnd = 500,
					.mss = 1460,
					.ttl = 64,
					.scale = 7};
	p->end[SERVER] = p->end[CLIENT];
	p->end[SERVER].at = (struct sw_endpoint){sw_addr4(10, 0, 0, 2), 80};
	p->end[SERVER].iss = 0xfffffe00; /* goes round soon */
	p->end[SERVER].id = 5000;
	p->end[SERVER].ttl = 52;
	if (p->file)
		play_link(p, ETHER);
	return p->file;
}

static inline void
play_end(struct play *p)
{
	fclose(p->file);
}

/* What stands before the IP packet, on this link. */
static inline size_t
play_link_head(const struct play *p, uint8_t *to, bool v6)
{
	static const uint8_t ether[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
	uint8_t type[2] = {v6 ? 0x86 : 8, v6 ? 0xdd : 0};
	size_t n = 0;

	switch (p->link) {
	case SLL:
		memset(to, 0, 14);
		n = 14;
		break;
	case SLL2:
		memset(to, 0, 20);
		memcpy(to, type, 2);
		return 20;
	case RAW:
		return 0;
	case NULL_LINK:
	case LOOP:
		memset(to, 0, 4);
		to[p->link == LOOP ? 3 : 0] = v6 ? 10 : 2;
		return 4;
	default:
		memcpy(to, ether, 12);
		n = 12;
	}
	if (p->link == QINQ) {
		memcpy(to + n, "\x88\xa8\0\x07", 4);
		n += 4;
	}
	if (p->link == VLAN || p->link == QINQ) {
		memcpy(to + n, "\x81\0\0\x05", 4);
		n += 4;
	}
	if (p->link == PPPOE) {
		memcpy(to + n, v6 ? "\x88\x64\x11\0\0\1\0\0\0\x57" : "\x88\x64\x11\0\0\1\0\0\0\x21",
		       10);
		return n + 10;
	}
	memcpy(to + n, type, 2);
	return n + 2;
}

/* An IP packet, as a record. */
static inline void
play_record(struct play *p, const uint8_t *ip, uint32_t n)
{
	uint8_t head[64];
	uint32_t link = (uint32_t)play_link_head(p, head, ip[0] >> 4 == 6), kept = link + n;

	if (p->snap && kept > p->snap)
		kept = p->snap;
	for (int i = 0; i < (p->copies ? 2 : 1); i++) {
		play_32(p, (uint32_t)(p->now / 1000000000));
		play_32(p, (uint32_t)(p->now % 1000000000 / (p->link == MICRO ? 1000 : 1)));
		play_32(p, kept);
		play_32(p, link + n);
		fwrite(head, 1, link, p->file);
		fwrite(ip, 1, kept - link, p->file);
		p->now += 2000;
	}
}

/* ---- a packet ------------------------------------------------------------------- */

static inline uint16_t
play_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The sum of the pseudo-header only, as before a network card. */
static inline void
play_sum_partial(uint8_t *ip, uint32_t n)
{
	bool v6 = ip[0] >> 4 == 6;
	uint32_t head = v6 ? 40 : 20, sum = 6 + n - head;

	for (uint32_t i = v6 ? 8 : 12; i < head; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = play_fold(sum);
	ip[head + 16] = (uint8_t)(sum >> 8);
	ip[head + 17] = (uint8_t)sum;
}

/* In pieces of at most p->pieces bytes (RFC 791, RFC 8200 4.5). */
static inline void
play_pieces(struct play *p, const uint8_t *ip, uint32_t n, uint16_t id)
{
	bool v6 = ip[0] >> 4 == 6;
	uint32_t head = v6 ? 40 : 20, step = p->pieces / 8 * 8;
	uint8_t one[PLAY_ROOM];

	for (uint32_t at = 0; at < n - head; at += step) {
		uint32_t len = n - head - at < step ? n - head - at : step, all = head, more;

		more = at + len < n - head;
		memcpy(one, ip, head);
		if (v6) {
			uint8_t piece[8] = {6, 0, (uint8_t)(at >> 8), (uint8_t)(at | more),
					    0, 0, (uint8_t)(id >> 8), (uint8_t)id};

			one[6] = 44;
			memcpy(one + head, piece, 8);
			all += 8;
			one[4] = (uint8_t)((len + 8) >> 8);
			one[5] = (uint8_t)(len + 8);
		} else {
			one[2] = (uint8_t)((head + len) >> 8);
			one[3] = (uint8_t)(head + len);
			one[6] = (uint8_t)(at / 8 >> 8 | (more ? 0x20 : 0));
			one[7] = (uint8_t)(at / 8);
		}
		memcpy(one + all, ip + head + at, len);
		play_record(p, one, all + len);
	}
}

/* A segment of `side' with this identification. */
static inline void
play_put_as(struct play *p, int side, const struct sw_wire *w, uint32_t id)
{
	static uint8_t room[PLAY_ROOM];
	static const uint8_t text[PLAY_ROOM];
	struct sw_wire one = *w;
	uint32_t n;

	one.body = text;
	one.id = id;
	n = sw_wire_write(room, sizeof(room), &one);
	if (p->partial == side)
		play_sum_partial(room, n);
	if (p->damage && w->len > 0) {
		room[n - 1] ^= 0x55;
		p->damage--;
	}
	p->now += PLAY_STEP;
	p->seen++;
	if (p->only != BOTH && p->only != side)
		return;
	if (p->lose_every && w->len > 0 && p->seen % p->lose_every == 0)
		return;
	if (p->pieces && n > p->pieces + 100)
		play_pieces(p, room, n, (uint16_t)id);
	else
		play_record(p, room, n);
}

static inline void
play_put(struct play *p, int side, const struct sw_wire *w)
{
	play_put_as(p, side, w, ++p->end[side].id);
}

/* A segment as it would be sent now. */
static inline struct sw_wire
play_segment(const struct play *p, int side, int ctl, uint32_t len)
{
	const struct party *x = &p->end[side], *y = &p->end[!side];
	struct sw_wire w = {.kind = SW_WIRE_TCP,
			    .src = x->at,
			    .dst = y->at,
			    .ttl = x->ttl,
			    .dont_fragment = !p->pieces,
			    .seq = x->nxt,
			    .ack = ctl & SW_ACK ? y->nxt : 0,
			    .ctl = (uint8_t)ctl,
			    .wnd = x->wnd,
			    .len = len};

	if (ctl & SW_SYN) {
		w.seq = x->iss;
		w.has = SW_HAS_MSS | SW_HAS_SACK_OK;
		w.mss = x->mss;
		w.wnd = x->scale < 0 ? x->wnd : 64240;
		if (x->scale >= 0)
			w.has |= SW_HAS_WSCALE;
		w.wscale = (uint8_t)(x->scale < 0 ? 0 : x->scale);
	}
	return w;
}

static inline void
play_wait(struct play *p, int ms)
{
	p->now += (uint64_t)ms * 1000000;
}

/* ---- what parties do --------------------------------------------------------------- */

static inline void
play_v6(struct play *p)
{
	for (int side = 0; side < 2; side++)
		p->end[side].at.addr = (struct sw_addr){{0xfd, [15] = (uint8_t)(side + 1)}};
}

/* Another connection, from another port. */
static inline void
play_next(struct play *p)
{
	p->number++;
	p->end[CLIENT].at.port = (uint16_t)(40000 + p->number);
	p->end[CLIENT].iss = 1000000 + 77777u * (uint32_t)p->number;
	p->end[SERVER].iss = 0xfffffe00 + 99999u * (uint32_t)p->number;
}

/* So many connections back. */
static inline void
play_rewind(struct play *p, int n)
{
	p->number -= n;
}

/* The same two endpoints once more. */
static inline void
play_anew(struct play *p)
{
	p->end[CLIENT].iss += 5000000;
	p->end[SERVER].iss += 7000000;
}

static inline void
play_syn_of(struct play *p, int side)
{
	struct sw_wire w = play_segment(p, side, SW_SYN, 0);

	p->end[side].nxt = p->end[side].iss + 1;
	play_put(p, side, &w);
}

static inline void
play_syn(struct play *p)
{
	play_syn_of(p, CLIENT);
}

/* The client's SYN, or the server's SYN,ACK, again. */
static inline void
play_syn_again(struct play *p, int side)
{
	struct sw_wire w;

	if (side == SERVER)
		p->end[CLIENT].nxt = p->end[CLIENT].iss + 1;
	w = play_segment(p, side, side == CLIENT ? SW_SYN : SW_SYN | SW_ACK, 0);
	play_put(p, side, &w);
}

static inline void
play_syn_ack(struct play *p)
{
	struct sw_wire w = play_segment(p, SERVER, SW_SYN | SW_ACK, 0);

	p->end[SERVER].nxt = p->end[SERVER].iss + 1;
	play_wait(p, 10);
	play_put(p, SERVER, &w);
}

/* After SYNs that crossed: a SYN,ACK with the old number. */
static inline void
play_cross_ack(struct play *p, int side)
{
	struct sw_wire w = play_segment(p, side, SW_SYN | SW_ACK, 0);

	play_put(p, side, &w);
}

static inline void
play_ack(struct play *p, int side)
{
	struct sw_wire w = play_segment(p, side, SW_ACK, 0);

	play_put(p, side, &w);
}

/* All but the last so many bytes of the other one. */
static inline void
play_part_ack(struct play *p, int side, uint32_t but)
{
	struct sw_wire w = play_segment(p, side, SW_ACK, 0);

	w.ack -= but;
	play_put(p, side, &w);
}

/* A duplicate: all but the last `but' bytes, of which the last `sacked' are there. */
static inline void
play_dup_ack(struct play *p, int side, uint32_t but, int sacked)
{
	struct sw_wire w = play_segment(p, side, SW_ACK, 0);

	w.ack -= but;
	w.has |= SW_HAS_SACK;
	w.sacks = 1;
	w.sack[0][0] = p->end[!side].nxt - (uint32_t)sacked;
	w.sack[0][1] = p->end[!side].nxt;
	play_put(p, side, &w);
}

static inline void
play_data(struct play *p, int side, uint32_t len)
{
	struct sw_wire w = play_segment(p, side, SW_ACK | SW_PSH, len);

	p->end[side].nxt += len;
	play_put(p, side, &w);
}

/* What begins so many bytes back. */
static inline void
play_again(struct play *p, int side, uint32_t back, uint32_t len)
{
	struct sw_wire w = play_segment(p, side, SW_ACK | SW_PSH, len);

	w.seq -= back;
	play_put(p, side, &w);
}

static inline void
play_probe(struct play *p, int side)
{
	struct sw_wire w = play_segment(p, side, SW_ACK, 0);

	w.seq--;
	play_put(p, side, &w);
}

static inline void
play_fin(struct play *p, int side)
{
	struct sw_wire w = play_segment(p, side, SW_FIN | SW_ACK, 0);

	p->end[side].nxt++;
	play_put(p, side, &w);
}

static inline void
play_fin_again(struct play *p, int side)
{
	struct sw_wire w = play_segment(p, side, SW_FIN | SW_ACK, 0);

	w.seq--;
	play_put(p, side, &w);
}

/* own: of its own accord; else as an answer to the last segment of the other one. */
static inline void
play_rst(struct play *p, int side, bool own)
{
	struct sw_wire w = play_segment(p, side, own ? SW_RST | SW_ACK : SW_RST, 0);

	if (own && p->end[side].nxt == 0)
		w.seq = 0;
	play_put(p, side, &w);
}

static inline void
play_open(struct play *p)
{
	play_syn(p);
	play_syn_ack(p);
	play_ack(p, CLIENT);
}

/* They have been talking for a while when the capture begins. */
static inline void
play_skip_open(struct play *p)
{
	p->end[CLIENT].nxt = p->end[CLIENT].iss + 5000;
	p->end[SERVER].nxt = p->end[SERVER].iss + 9000;
}

static inline void
play_close(struct play *p, int by)
{
	play_fin(p, by);
	play_wait(p, 10);
	play_ack(p, !by);
	play_fin(p, !by);
	play_ack(p, by);
}

/* A router quotes the last segment of `side', as its next one would begin. */
static inline void
play_icmp(struct play *p, int side, uint8_t type, uint8_t code, uint32_t word)
{
	bool v6 = !sw_addr_is4(&p->end[side].at.addr);
	struct sw_wire lost = play_segment(p, side, SW_SYN, 0), w = {0};
	uint8_t inside[128], room[256];

	lost.id = p->end[side].id;
	sw_wire_write(inside, sizeof(inside), &lost);
	w.kind = SW_WIRE_ICMP;
	w.src.addr = v6 ? (struct sw_addr){{0xfd, [14] = 9, [15] = 9}} : sw_addr4(10, 9, 9, 9);
	w.dst.addr = p->end[side].at.addr;
	w.ttl = 60;
	w.type = type;
	w.code = code;
	w.word = word;
	w.body = inside;
	w.body_len = (v6 ? 40u : 20u) + 8;
	p->now += PLAY_STEP;
	play_record(p, room, sw_wire_write(room, sizeof(room), &w));
}

#endif
