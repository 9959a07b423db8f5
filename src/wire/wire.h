/*
 * wire.h - bytes <-> structs.  No state, no connection, no clock.
 *
 * Reading: every function takes a view, looks at bytes through view_at() only,
 * and says SW_V_TAKEN or the verdict that names what is wrong.  Order of the
 * checks: bounds, checksum, everything else (reliability: checksum-first).
 * Writing: every function takes the room it has and returns the bytes written,
 * 0 if they do not fit.
 */
#ifndef SW_WIRE_WIRE_H
#define SW_WIRE_WIRE_H

#include "base/bytes.h"
#include "base/seg.h"
#include "base/sum.h"

enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_FRAGMENT = 44, IP_ICMP6 = 58, IP_NO_NEXT = 59 };
enum { IP4_HEADER = 20, IP6_HEADER = 40, TCP_HEADER = 20, TCP_OPTIONS_MAX = 40,
       ETHER_HEADER = 14, ETHER_IP4 = 0x0800, ETHER_ARP = 0x0806, ETHER_IP6 = 0x86dd };

/* One IP packet, of either family. */
struct ip {
	struct sw_addr src, dst; /* IPv4 as ::ffff:a.b.c.d */
	bool v6;
	uint8_t proto; /* what `body` is, after all IPv6 extension headers; 44: a piece */
	uint32_t proto_at; /* offset of the field that says so */
	uint8_t ttl, tos;
	uint32_t header; /* bytes before body */
	struct view body;
	/* fragments: body is then a piece */
	bool fragment, more, dont_fragment;
	uint32_t frag_at; /* byte offset of the piece */
	uint32_t id;
	uint8_t frag_proto; /* the protocol that the whole datagram carries */
	/* IPv6: a next header or option that was not known (RFC 8200 4, 4.2) */
	uint32_t problem_at;   /* offset of the offending field; 0: none */
	uint8_t problem_code;  /* ICMPv6 parameter problem code */
	bool problem_report;   /* whether an ICMP error is owed */
};

/*
 * Parse IPv4 (791; options are stepped over, source routes refused) or IPv6
 * (8200; at most 8 extension headers; RH0 refused).  len of the view may exceed
 * the packet (link padding).  check: verify the IPv4 header checksum.
 * SW_V_TAKEN, SW_V_SHORT, SW_V_BAD_IP, SW_V_BAD_IP_SUM, SW_V_NO_PROTO.
 */
enum sw_verdict ip_read(struct view, bool check, struct ip *);

struct ip_head { /* for writing */
	struct sw_addr src, dst;
	uint8_t proto, ttl, tos;
	uint16_t id;	/* IPv4 */
	bool may_fragment; /* IPv4: DF off */
	uint32_t len;	/* bytes after the header */
};
uint32_t ip_header_size(const struct sw_addr *dst); /* 20 or 40 */
uint32_t ip_write(uint8_t *to, uint32_t room, const struct ip_head *);

/* The pseudo-header's sum (RFC 9293 3.1; RFC 8200 8.1), folded. */
uint32_t ip_pseudo_sum(const struct sw_addr *src, const struct sw_addr *dst, uint8_t proto,
		       uint32_t len);

/*
 * A TCP segment (9293 3.1).  Options: any alignment (MUST-64), unknown ones
 * stepped over (MUST-6), malformed ones refused (MUST-7), at most 40 steps;
 * MSS, window scale, SACK-permitted and Fast Open count only on a SYN.  csum: as in
 * struct sw_packet; the checksum is verified unless the device did it.
 * SW_V_TAKEN, SW_V_SHORT, SW_V_BAD_SUM, SW_V_BAD_OPTION.
 * seg->text points into the view.
 */
/* Are these TCP_USUAL_SYN bytes MSS, SACK-permitted, timestamps, a NOP, window scale? */
enum { TCP_USUAL_SYN = 20 };
bool tcp_usual_syn(const uint8_t *options);
bool tcp_sum_right(const struct ip *, uint32_t (*sum)(const void *, size_t n)); /* NULL: C's */
enum sw_verdict tcp_read(const struct ip *, enum sw_csum csum, struct seg *, uint16_t *src_port,
			 uint16_t *dst_port);

/*
 * The same of `size` bytes of which only those in the view are there, without a look
 * at the checksum; the options before a malformed or missing one count.  false: not
 * even the fixed fields are there, or they contradict `size`.
 */
bool tcp_read_cut(struct view, uint32_t size, struct seg *, bool *bad_option);

/* Header and options of `seg` (seg->has says which options); the checksum field
 * is left 0.  Options are written in the order MSS, SACK-permitted, timestamps,
 * NOP, window scale, Fast Open, then SACK blocks; what does not fit in 40 bytes is left out
 * from the end.  Returns bytes (a multiple of 4). */
uint32_t tcp_write(uint8_t *to, uint32_t room, const struct seg *, uint16_t src_port,
		   uint16_t dst_port);
uint32_t tcp_header_size(const struct seg *); /* what tcp_write() will take */
/* Bytes that options take on every segment without SACK blocks: 12 with timestamps. */
enum { TCP_TS_SPACE = 12 };

/* The tuple and first sequence number of a TCP header quoted in an ICMP error:
 * 8 bytes suffice. false: too short. */
bool tcp_read_quoted(struct view, uint16_t *src_port, uint16_t *dst_port, seq *);

/* ICMP and ICMPv6 alike. */
struct icmp {
	bool v6;
	uint8_t type, code;
	uint32_t word; /* the second 32 bits: id and sequence, MTU, pointer */
	struct view rest; /* after these 8 bytes: quoted packet or echoed data */
};
enum { ICMP_ECHO_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_QUENCH = 4, ICMP_ECHO = 8,
       ICMP_TIME_EXCEEDED = 11, ICMP_PARAMETER = 12,
       ICMP6_UNREACHABLE = 1, ICMP6_TOO_BIG = 2, ICMP6_TIME_EXCEEDED = 3, ICMP6_PARAMETER = 4,
       ICMP6_ECHO = 128, ICMP6_ECHO_REPLY = 129, ICMP6_ROUTER_SOLICIT = 133,
       ICMP6_ROUTER_ADVERT = 134, ICMP6_SOLICIT = 135, ICMP6_ADVERT = 136 };
enum sw_verdict icmp_read(const struct ip *, enum sw_csum, struct icmp *);
/* Writes header and rest with its checksum (src, dst for ICMPv6's pseudo-header). */
uint32_t icmp_write(uint8_t *to, uint32_t room, const struct icmp *, const struct sw_addr *src,
		    const struct sw_addr *dst);

/* The packet that an ICMP error quotes: like ip_read, but the body may be cut
 * off (that is normal) and nothing is verified. */
enum sw_verdict ip_read_quoted(struct view, struct ip *);

struct ether {
	uint8_t dst[6], src[6];
	uint16_t type;
	struct view body;
};
enum sw_verdict ether_read(struct view, struct ether *);
uint32_t ether_write(uint8_t *to, uint32_t room, const uint8_t dst[6], const uint8_t src[6],
		     uint16_t type);

struct arp {
	bool request; /* or a reply */
	uint8_t sender_mac[6], target_mac[6];
	struct sw_addr sender, target; /* IPv4 */
};
enum sw_verdict arp_read(struct view, struct arp *); /* SW_V_LINK_BAD */
uint32_t arp_write(uint8_t *to, uint32_t room, const struct arp *);

/* Neighbour solicitation and advertisement (4861 4.3, 4.4), inside ICMPv6. */
struct neighbour {
	bool solicit;
	struct sw_addr target;
	bool has_mac; /* source (solicit) or target (advert) link-layer address option */
	uint8_t mac[6];
	bool router, solicited, override;
};
/* Checks what 7.1.1 and 7.1.2 ask, hop limit 255 too. SW_V_LINK_BAD. */
enum sw_verdict neighbour_read(const struct ip *, const struct icmp *, struct neighbour *);
/* The `rest` of an ICMPv6 message and its word. Returns bytes of rest. */
uint32_t neighbour_write(uint8_t *rest, uint32_t room, const struct neighbour *, uint32_t *word);

#endif
