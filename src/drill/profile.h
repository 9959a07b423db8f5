/*
 * profile.h - settings of a stack that plays another's part: by the name of a
 * profile, and by names of sysctl.
 */
#ifndef SW_DRILL_PROFILE_H
#define SW_DRILL_PROFILE_H

#include <stdbool.h>

#include <synwave/sw.h>

enum drill_profile { DRILL_RFC, DRILL_LINUX, DRILL_FREEBSD, DRILL_N_PROFILES };

/* What the profile freebsd offers at most, once a wider scale is agreed. */
enum { DRILL_NARROW = 65536 };

/* The profile of that name; DRILL_N_PROFILES: there is none. */
enum drill_profile drill_profile_named(const char *name);
/* Does a connection get a buffer of DRILL_NARROW? */
bool drill_profile_narrows(enum drill_profile, const struct sw_config *);
/* All settings of a stack with that profile. */
void drill_profile_config(enum drill_profile, struct sw_config *);
/* The packet as the stack of profile freebsd would have dressed it.  dress.c */
void drill_dress(uint8_t *packet, uint32_t len);
/* One more setting, such as net.ipv4.tcp_sack and 0; false: not one that we know. */
bool drill_sysctl(struct sw_config *, const char *name, const char *value);

#endif
