/*
 * mend.h - puts the checksums of a packet right, so that a fuzzer gets past
 * them.  Written apart from the library's own code, on purpose plain.
 */
#ifndef MEND_H
#define MEND_H

#include <stddef.h>
#include <stdint.h>

/* The ones-complement sum of n bytes, added to `sum`, not folded. */
static inline uint64_t
mend_add(uint64_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint64_t)p[i] << (i & 1 ? 0 : 8);
	return sum;
}

static inline void
mend_store(uint8_t *field, uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	field[0] = (uint8_t)(~sum >> 8);
	field[1] = (uint8_t)~sum;
}

/* The transport's checksum; p: its header; addrs: both addresses, as they stand. */
static inline void
mend_transport(uint8_t *p, size_t n, int proto, const uint8_t *addrs, size_t addrs_len)
{
	size_t at = proto == 6 ? 16 : proto == 17 ? 6 : 2;
	uint64_t sum = 0;

	if ((proto != 6 && proto != 17 && proto != 1 && proto != 58) || n < at + 2)
		return;
	p[at] = p[at + 1] = 0;
	if (proto != 1)
		sum = mend_add((uint64_t)proto + n, addrs, addrs_len);
	mend_store(p + at, mend_add(sum, p, n));
}

/* An IP packet: its length field, its header's checksum and what it carries. */
static inline void
mend_ip(uint8_t *p, size_t n)
{
	if (n >= 20 && p[0] >> 4 == 4) {
		size_t header = (size_t)(p[0] & 15) * 4;

		if (header < 20 || header > n)
			return;
		p[2] = (uint8_t)(n >> 8);
		p[3] = (uint8_t)n;
		p[10] = p[11] = 0;
		mend_store(p + 10, mend_add(0, p, header));
		mend_transport(p + header, n - header, p[9], p + 12, 8);
	} else if (n >= 40 && p[0] >> 4 == 6) {
		p[4] = (uint8_t)((n - 40) >> 8);
		p[5] = (uint8_t)(n - 40);
		mend_transport(p + 40, n - 40, p[6], p + 8, 32);
	}
}

#endif
