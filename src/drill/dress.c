/*
 * dress.c - a SYN of ours with its options in the order that FreeBSD gives them.
 *
 * The order means nothing to TCP, but scripts for FreeBSD compare it: MSS, window
 * scale, SACK-permitted, timestamps, then ends of the list up to a whole word.
 */
#include <string.h>

#include "profile.h"

enum { EOL = 0, NOP = 1, MSS = 2, SCALE = 3, SACK_OK = 4, STAMPS = 8, OPTIONS_MAX = 40 };

struct dress {
	uint8_t bytes[OPTIONS_MAX];
	uint32_t n;
};

/* The option of that kind; NULL. */
static const uint8_t *
option_of(const uint8_t *options, uint32_t n, uint8_t kind)
{
	for (uint32_t i = 0; i < n && options[i] != EOL;) {
		if (options[i] == kind)
			return options + i;
		if (options[i] != NOP && (i + 1 >= n || options[i + 1] < 2))
			break;
		i += options[i] == NOP ? 1 : options[i + 1];
	}
	return NULL;
}

/* The option next, at an offset that leaves `rest` when divided by `by`. */
static void
option_put(struct dress *d, const uint8_t *option, uint32_t by, uint32_t rest)
{
	if (!option)
		return;
	while (d->n % by != rest)
		d->bytes[d->n++] = NOP;
	memcpy(d->bytes + d->n, option, option[1]);
	d->n += option[1];
}

/* The sum of the bytes as 16-bit words, for what has changed in an even place. */
static uint32_t
sum_of(const uint8_t *p, uint32_t n)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

void
drill_dress(uint8_t *packet, uint32_t len)
{
	uint32_t ip = len < 40 ? 0 : packet[0] >> 4 == 6 ? 40 : (packet[0] & 15u) * 4;
	uint8_t *tcp = packet + ip, *options = tcp + 20;
	struct dress d = {.n = 0};
	uint32_t n, sum;

	if (ip == 0 || len < ip + 20 || !(tcp[13] & SW_SYN) ||
	    packet[ip == 40 && packet[0] >> 4 == 6 ? 6 : 9] != 6)
		return;
	n = (tcp[12] >> 4) * 4u - 20;
	if (n > OPTIONS_MAX || len < ip + 20 + n)
		return;
	option_put(&d, option_of(options, n, MSS), 1, 0);
	option_put(&d, option_of(options, n, SCALE), 4, 1);
	option_put(&d, option_of(options, n, SACK_OK), 2, 0);
	option_put(&d, option_of(options, n, STAMPS), 4, 2);
	if (d.n > n)
		return; /* it would be longer: left as it is */
	sum = ~(uint32_t)(tcp[16] << 8 | tcp[17]) & 0xffff;
	sum += sum_of(d.bytes, n) + (0xffffu * OPTIONS_MAX - sum_of(options, n));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	memcpy(options, d.bytes, n);
	tcp[16] = (uint8_t)(~sum >> 8);
	tcp[17] = (uint8_t)~sum;
}
