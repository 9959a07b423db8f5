/*
 * prf.h - a keyed hash (SipHash-2-4, Aumasson and Bernstein 2012) of 64 bits:
 * ISS, ports and timestamp offsets stand on it.  The same on either byte order.
 * prf_short() is SipHash-1-3 of words whose number is the caller's, for what nobody sees
 * but by how long a search takes: the connection table.
 */
#ifndef SW_BASE_PRF_H
#define SW_BASE_PRF_H

#include "base/base.h"

uint64_t prf(const uint8_t key[16], const void *, size_t n);
uint64_t prf_short(const uint8_t key[16], const uint64_t *, size_t n);

#endif
