/*
 * prf.h - a keyed hash (SipHash-2-4, Aumasson and Bernstein 2012) of 64 bits:
 * ISS, ports, timestamp offsets and the connection table stand on it.  The same
 * on either byte order.
 */
#ifndef SW_BASE_PRF_H
#define SW_BASE_PRF_H

#include "base/base.h"

uint64_t prf(const uint8_t key[16], const void *, size_t n);

#endif
