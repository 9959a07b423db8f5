/*
 * sim_units.c - "20ms", "100mbit", "1%": values with units, without floating
 * point, and nothing taken that does not make sense.
 */
#define _GNU_SOURCE
#include <string.h>
#include <strings.h>

#include "sim.h"

#define MICRO 1000000u

/* A decimal number as millionths, and where its unit begins. */
static bool
decimal(const char *text, uint64_t *micro, const char **unit)
{
	uint64_t whole = 0, part = 0, weight = MICRO;
	int digits = 0;

	for (; *text >= '0' && *text <= '9'; text++, digits++) {
		whole = whole * 10 + (uint64_t)(*text - '0');
		if (whole > UINT64_MAX / MICRO / 10)
			return false;
	}
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9'; text++, digits++) {
			weight /= 10;
			part += weight * (uint64_t)(*text - '0');
		}
	}
	*micro = whole * MICRO + part;
	*unit = text;
	return digits > 0;
}

/* micro millionths of `unit`, or false if that does not fit. */
static bool
scale(uint64_t micro, uint64_t unit, uint64_t *value)
{
	uint64_t whole = micro / MICRO, part = micro % MICRO;

	if (unit && whole > UINT64_MAX / 4 / unit)
		return false;
	*value = whole * unit + part * unit / MICRO;
	return true;
}

bool
unit_percent(const char *text, uint32_t *ppm)
{
	uint64_t micro;
	const char *unit;

	if (!decimal(text, &micro, &unit) || (*unit && strcmp(unit, "%")) || micro > 100 * MICRO)
		return false;
	*ppm = (uint32_t)(micro / 100);
	return true;
}

bool
unit_bdp(const char *text, uint64_t *micro)
{
	const char *unit = text;

	*micro = MICRO;
	if (!strcasecmp(text, "bdp"))
		return true;
	return decimal(text, micro, &unit) && !strcasecmp(unit, "bdp") && *micro > 0 &&
	       *micro <= 1000ull * MICRO;
}

struct unit {
	char name[12];
	uint64_t value;
};

/* The number times its unit, from a table that ends with an empty value. */
static bool
with_unit(const char *text, const struct unit *u, uint64_t *value)
{
	uint64_t micro;
	const char *unit;

	if (!decimal(text, &micro, &unit))
		return false;
	for (; u->value; u++)
		if (!strcasecmp(unit, u->name))
			return scale(micro, u->value, value);
	return micro == 0 && *unit == '\0' && (*value = 0, true);
}

bool
unit_time(const char *text, sw_ns *ns)
{
	static const struct unit units[] = {{"ns", 1},	 {"us", SW_US},	     {"ms", SW_MS},
					    {"s", SW_S}, {"min", 60 * SW_S}, {"h", 3600 * SW_S},
					    {"", 0}};

	return with_unit(text, units, ns) && *ns <= 1000000 * SW_S;
}

bool
unit_rate(const char *text, uint64_t *bps)
{
	static const struct unit units[] = {{"bit", 1},
					    {"kbit", 1000},
					    {"mbit", 1000000},
					    {"gbit", 1000000000},
					    {"tbit", 1000000000000},
					    {"", 1},
					    {"", 0}};

	return with_unit(text, units, bps) && *bps > 0 && *bps <= 1000000000000;
}

bool
unit_bytes(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {{"", 1},	     {"b", 1},		{"k", 1024},
					    {"kib", 1024},   {"m", 1048576},	{"mib", 1048576},
					    {"g", 1u << 30}, {"gib", 1u << 30}, {"", 0}};

	return with_unit(text, units, bytes) && *bytes > 0 && *bytes <= (uint64_t)1 << 30;
}

bool
unit_number(const char *text, uint64_t most, uint64_t *n)
{
	unsigned base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	static const char digits[] = "0123456789abcdef";

	if (base == 16)
		text += 2;
	if (!*text)
		return false;
	for (*n = 0; *text; text++) {
		int lower = *text >= 'A' && *text <= 'F' ? *text + 32 : *text;
		const char *d = memchr(digits, lower, base);

		if (!d || *n > (UINT64_MAX - 15) / base)
			return false;
		*n = *n * base + (uint64_t)(d - digits);
		if (*n > most)
			return false;
	}
	return true;
}

bool
unit_burst(const char *text, uint32_t *enter, uint32_t *leave)
{
	const char *comma = strchr(text, ',');
	size_t n = comma ? (size_t)(comma - text) : strlen(text);
	uint64_t length = 5;
	char first[32];
	uint32_t ppm;

	if (n >= sizeof(first))
		return false;
	memcpy(first, text, n);
	first[n] = '\0';
	if (!unit_percent(first, &ppm) || (comma && !unit_number(comma + 1, 1000, &length)))
		return false;
	if (length == 0 || ppm > 900000)
		return false;
	/* in the long run enter / (enter + leave) of the packets are in a burst */
	*leave = (uint32_t)(1000000 / length);
	*enter = (uint32_t)((uint64_t)*leave * ppm / (1000000 - ppm));
	return *enter <= 1000000;
}
