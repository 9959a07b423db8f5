/*
 * seg.h - the segment as a struct: wire fills it from bytes and writes it to
 * bytes, tcp reads it and makes it.  Here the two meet.
 */
#ifndef SW_BASE_SEG_H
#define SW_BASE_SEG_H

#include "base/seq.h"

enum { SEG_SACKS = 4, COOKIE_MIN = 4, COOKIE_MAX = 16 }; /* RFC 2018 3, RFC 7413 4.1.1 */

struct sack {
	seq left, right; /* right: one past the last byte (RFC 2018 3) */
};

struct seg {
	seq seq, ack;
	uint32_t wnd; /* the field as on the wire: not scaled */
	uint16_t up;  /* urgent pointer, from seq */
	uint8_t ctl;  /* SW_SYN ... */
	bool ae;      /* the ninth control bit: RFC 9768 */
	uint8_t has;  /* SW_HAS_...: the options that are there */
	uint16_t mss;
	uint8_t wscale; /* RFC 7323 2.3: already at most 14 */
	uint8_t sacks;
	uint32_t tsval, tsecr;
	struct sack sack[SEG_SACKS];
	uint8_t cookie_len; /* SW_HAS_FASTOPEN: 0: it asks for one */
	uint8_t cookie[COOKIE_MAX];

	uint32_t len;	   /* bytes of text: SYN and FIN not counted */
	uint16_t seg_size; /* of a super-segment: text bytes of each; 0: one */
	uint8_t ecn;	   /* the IP header's ECN field */
	uint8_t tos;	   /* its Diffserv field and ECN as one byte: out */
	uint8_t ttl;	   /* out */

	const uint8_t *text; /* in: where the bytes are during the call */
	uint32_t lent;	     /* in: 1 + the chunk that they are in, if it was lent for them; 0 */
	uint32_t chunk;	     /* out: chunk that holds the first byte of text */
	uint32_t chunk_at;   /* out: and where in it */
	bool again;	     /* out: a retransmission */
	bool probe;	     /* out: of the path's MTU: if it is cut it shows nothing */
	bool may_fragment;   /* out: the path takes less than we send at least */

	/* measured by tcp at the door, once (decision 6) */
	int32_t off;   /* SEG.SEQ - RCV.NXT */
	int32_t acked; /* SEG.ACK - SND.UNA */
};

/* SEG.LEN of RFC 9293: SYN and FIN take a number each. */
static inline uint32_t
seg_space(const struct seg *s)
{
	return s->len + !!(s->ctl & SW_SYN) + !!(s->ctl & SW_FIN);
}

/* Of a segment of several the one that begins `at` bytes on, whose text is left to find:
 * the last one has what stands at its end. */
static inline void
seg_cut(struct seg *s, uint32_t at)
{
	uint32_t rest = s->len - at, size = s->seg_size;

	s->seq = seq_add(s->seq, at);
	s->seg_size = 0;
	s->len = rest;
	if (rest <= size)
		return;
	s->len = size;
	s->ctl &= (uint8_t)~(SW_PSH | SW_FIN);
}

#endif
