/*
 * units.h - "20ms", "100mbit", "1%": values with units (sim_units.c).
 * Each gives false if it is not such a value.
 */
#ifndef SW_CLI_UNITS_H
#define SW_CLI_UNITS_H

#include <synwave/sw.h>

bool unit_percent(const char *, uint32_t *ppm);
bool unit_time(const char *, sw_ns *);
bool unit_rate(const char *, uint64_t *bps);
bool unit_bytes(const char *, uint64_t *);
/* "1.5bdp", "bdp": bandwidth-delay products, in millionths. */
bool unit_bdp(const char *, uint64_t *);
bool unit_number(const char *, uint64_t most, uint64_t *);
/* "P[,LEN]": P percent lost in bursts of LEN (5) on the average. */
bool unit_burst(const char *, uint32_t *enter, uint32_t *leave);

#endif
