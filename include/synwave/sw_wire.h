/*
 * sw_wire.h - headers of packets: from bytes to a struct, and back.
 *
 * For who looks at packets that are not addressed to a stack of ours: captures,
 * filters, tests.  No state, no memory, no clock.  The bytes may be anything; a
 * packet may be cut off, as in a capture or quoted by an ICMP error, and then
 * what is there is read.  Nothing is judged: source routes, odd flags and wrong
 * checksums are given as they are.
 *
 * Sizes are bytes, ports are in host order, addresses in network order.
 */
#ifndef SYNWAVE_SW_WIRE_H
#define SYNWAVE_SW_WIRE_H

#include "sw.h"

#ifdef __cplusplus
extern "C" {
#endif

enum sw_wire_kind {
	SW_WIRE_BAD,	  /* no IP packet, or cut off before anything could be told of it */
	SW_WIRE_TCP,	  /* at least its ports and sequence number are there */
	SW_WIRE_ICMP,	  /* ICMP or ICMPv6 */
	SW_WIRE_FRAGMENT, /* a piece of a datagram of `proto` */
	SW_WIRE_OTHER	  /* another protocol: `proto` */
};

struct sw_wire {
	enum sw_wire_kind kind;
	struct sw_endpoint src, dst; /* ports: TCP's, else 0 */
	uint32_t size;		     /* of the IP packet, as its header says */
	uint32_t header;	     /* of it, before what `proto` names */
	uint32_t id, frag_at;	     /* identification; byte offset of a piece */
	uint8_t proto, ttl, tos;
	bool v6, more, dont_fragment;

	/* SW_WIRE_TCP */
	bool whole;  /* all fixed fields are there; else ports and seq only */
	bool bad;    /* a malformed option: those before it count */
	uint8_t ctl; /* SW_SYN ... */
	uint8_t has; /* SW_HAS_... */
	uint8_t wscale, sacks;
	uint16_t mss, up;
	uint16_t sum;		/* the checksum field */
	uint32_t seq, ack, len; /* len: payload, whether captured or not */
	uint32_t wnd;		/* as on the wire: not scaled */
	uint32_t tsval, tsecr;

	/* SW_WIRE_ICMP */
	uint8_t type, code;
	uint32_t word; /* its second 32 bits: MTU, id and sequence ... */

	/* TCP: the payload.  ICMP: what follows 8 bytes.  A piece: its bytes. */
	const uint8_t *body;
	uint32_t body_len;   /* as far as captured */
	uint32_t sack[4][2]; /* TCP: the first `sacks' of them mean something */
};

/*
 * Reads what begins with an IP header.  `captured` bytes are there; `on_wire` is
 * how long the packet was: for those whose header does not say it.  Gives kind.
 */
enum sw_wire_kind sw_wire_read(struct sw_wire *, const uint8_t *packet, uint32_t captured,
			       uint32_t on_wire);

enum sw_wire_sum {
	SW_WIRE_SUM_CUT, /* not all bytes were captured */
	SW_WIRE_SUM_GOOD,
	SW_WIRE_SUM_PARTIAL, /* only the pseudo-header's: a device completes it later */
	SW_WIRE_SUM_BAD
};

/* The checksum of what sw_wire_read() called TCP, from the same bytes. */
enum sw_wire_sum sw_wire_sum(const struct sw_wire *, const uint8_t *packet, uint32_t captured);

/*
 * Writes a packet, complete with checksums: of TCP src, dst, ttl, tos, id, seq to
 * sack and `len` bytes at `body`; of ICMP src, dst, type, code, word and
 * `body_len` bytes at `body`.  How many bytes; 0: no room, or another kind.
 */
uint32_t sw_wire_write(uint8_t *to, uint32_t room, const struct sw_wire *);

#ifdef __cplusplus
}
#endif
#endif
