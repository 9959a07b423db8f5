/*
 * ip6.h - the IPv6 half of ip_read(): between ip.c and ip6.c only.
 */
#ifndef SW_WIRE_IP6_H
#define SW_WIRE_IP6_H

#include "wire/wire.h"

/* As ip_read() and ip_read_quoted(), with *ip cleared. */
enum sw_verdict ip6_read(struct view, struct ip *);
enum sw_verdict ip6_read_quoted(struct view, struct ip *);

#endif
