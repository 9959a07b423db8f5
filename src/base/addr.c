/*
 * addr.c - addresses as bytes and as text: RFC 4291 2.2 in, RFC 5952 out.
 */
#include "base/base.h"

enum { ADDR_GROUPS = 8 };

static const uint8_t addr_prefix4[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* The IPv4 address a.b.c.d. */
struct sw_addr
sw_addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct sw_addr){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
}

/* Whether it is an IPv4 address. */
bool
sw_addr_is4(const struct sw_addr *a)
{
	uint64_t zeros;
	uint32_t mark, mark4;

	memcpy(&zeros, a->b, 8);
	memcpy(&mark, a->b + 8, 4);
	memcpy(&mark4, addr_prefix4 + 8, 4);
	return zeros == 0 && mark == mark4;
}

/* Whether it names no address: of either family, or any IPv4. */
bool
sw_addr_is_any(const struct sw_addr *a)
{
	static const struct sw_addr none;

	return sw_addr_same(a, &none) || (sw_addr_is4(a) && memcmp(a->b + 12, none.b, 4) == 0);
}

/* Whether both are the same address. */
bool
sw_addr_same(const struct sw_addr *a, const struct sw_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* Reads a.b.c.d up to the end of the text. */
static bool
addr_parse4(uint8_t to[4], const char *s)
{
	uint32_t i, v;
	const char *from;

	for (i = 0; i < 4; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		v = 0;
		for (from = s; *s >= '0' && *s <= '9' && s - from < 3; s++)
			v = v * 10 + (uint32_t)(*s - '0');
		if (s == from || v > 255 || (*from == '0' && s - from > 1))
			return false;
		to[i] = (uint8_t)v;
	}
	return *s == '\0';
}

static int
addr_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Reads up to 4 hexadecimal digits; how many. */
static uint32_t
addr_group(const char *s, uint8_t to[2])
{
	uint32_t n, v = 0;

	for (n = 0; n < 4 && addr_digit(s[n]) >= 0; n++)
		v = v << 4 | (uint32_t)addr_digit(s[n]);
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
	return n;
}

struct addr_text {
	uint8_t b[18]; /* 2 more than it takes: a last group may be refused */
	uint32_t n;    /* bytes */
	uint32_t gap;  /* where `::` stood; NONE: nowhere */
};

/* Reads the groups of an IPv6 address; false: malformed. */
static bool
addr_groups(struct addr_text *a, const char *s)
{
	uint32_t n;

	*a = (struct addr_text){.gap = NONE};
	while (*s) {
		if (s[0] == ':' && s[1] == ':') {
			if (a->gap != NONE)
				return false;
			a->gap = a->n;
			s += 2;
			continue;
		}
		s += *s == ':' && a->n > 0 && a->n != a->gap;
		if (a->n <= 12 && addr_parse4(a->b + a->n, s)) {
			a->n += 4;
			break;
		}
		n = a->n < 16 ? addr_group(s, a->b + a->n) : 0;
		if (n == 0 || (s[n] != ':' && s[n] != '\0'))
			return false;
		s += n;
		a->n += 2;
	}
	return a->gap == NONE ? a->n == 16 : a->n < 16;
}

/* Reads an address of either family; SW_E_INVALID: it is not one. */
int
sw_addr_parse(struct sw_addr *a, const char *text)
{
	struct addr_text t;
	struct sw_addr v4 = sw_addr4(0, 0, 0, 0);
	uint32_t head;

	if (addr_parse4(v4.b + 12, text)) {
		*a = v4;
		return SW_OK;
	}
	if (!addr_groups(&t, text))
		return SW_E_INVALID;
	memset(a->b, 0, sizeof(a->b));
	head = min_u32(t.gap, t.n);
	memcpy(a->b, t.b, head);
	memcpy(a->b + 16 - (t.n - head), t.b + head, t.n - head);
	return SW_OK;
}

static char *
addr_put_number(char *to, uint32_t v, uint32_t radix)
{
	uint32_t unit = 1;

	while (v / unit >= radix)
		unit *= radix;
	for (; unit > 0; unit /= radix)
		*to++ = "0123456789abcdef"[v / unit % radix];
	return to;
}

/* The longest run of two or more zero groups, the first of equals: RFC 5952 4.2. */
static uint32_t
addr_zeros(const struct sw_addr *a, uint32_t *from)
{
	uint32_t i, run = 0, best = 1;

	*from = ADDR_GROUPS;
	for (i = 0; i < ADDR_GROUPS; i++) {
		run = a->b[2 * i] | a->b[2 * i + 1] ? 0 : run + 1;
		if (run > best) {
			best = run;
			*from = i + 1 - run;
		}
	}
	return best;
}

/* Writes the address as RFC 5952 asks; gives `text` back. */
char *
sw_addr_format(const struct sw_addr *a, char text[SW_ADDR_TEXT])
{
	bool v4 = sw_addr_is4(a);
	uint32_t i, zeros_at, zeros = addr_zeros(a, &zeros_at);
	char *to = text;

	for (i = 12; v4 && i < 16; i++) {
		to = addr_put_number(to, a->b[i], 10);
		*to++ = '.';
	}
	to -= v4; /* the last dot */
	for (i = 0; !v4 && i < ADDR_GROUPS; i++) {
		if (i == zeros_at) {
			*to++ = ':';
			i += zeros - 1;
			if (i == ADDR_GROUPS - 1)
				*to++ = ':';
			continue;
		}
		if (i > 0)
			*to++ = ':';
		to = addr_put_number(to, (uint32_t)(a->b[2 * i] << 8 | a->b[2 * i + 1]), 16);
	}
	*to = '\0';
	return text;
}
