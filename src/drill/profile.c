/*
 * profile.c - profiles: the settings with which most scripts for another stack
 * play unchanged.
 */
#include <string.h>

#include "profile.h"

static const char profile_name[DRILL_N_PROFILES][8] = {"rfc", "linux", "freebsd"};

enum drill_profile
drill_profile_named(const char *name)
{
	enum drill_profile p = DRILL_RFC;

	while (p < DRILL_N_PROFILES && strcmp(name, profile_name[p]))
		p++;
	return p;
}

/*
 * rfc is the library's own defaults, but of the mechanisms beside RFC 9293, 5681,
 * 6298, 6582 and 6675 none; and every refused segment gets its ACK, as RFC 9293 has
 * it: that RFC 5961 7 bounds them is for strangers, a script counts.  freebsd the
 * same; Linux answers twice a second.  Both answer who asks for ECN.  linux: window
 * scale 8, as of 6 MB and more of receive buffer.  freebsd: window scale 6, and no
 * more than 65535 bytes offered (DRILL_NARROW: the buffer comes down once the scale
 * is agreed); no RACK, and so no probes.
 */
static void
profile_apply(enum drill_profile profile, struct sw_config *c)
{
	if (profile != DRILL_LINUX)
		c->challenge_every = 0;
	if (profile == DRILL_RFC) {
		c->without = SW_NO_ANY & ~(uint32_t)SW_NO_LIMITED;
		c->cc = SW_CC_RENO;
		return;
	}
	c->minshall = true;
	c->ecn = SW_ECN_ANSWER;
	c->iw_segments = 10;
	c->delack = 40 * SW_MS;
	c->rto_min = 200 * SW_MS;
	/* left to the queueing discipline; to sysctls; off unless a sysctl says so */
	c->without = SW_NO_PACING | SW_NO_TUNING | SW_NO_PLPMTUD;
	c->rcv_buf = profile == DRILL_LINUX ? 9 << 20 : 2 << 20;
	if (profile == DRILL_FREEBSD) {
		c->rto_min = 230 * SW_MS;
		c->msl = 30 * SW_S;
		c->without |= SW_NO_RACK | SW_NO_TLP;
	}
}

bool
drill_profile_narrows(enum drill_profile profile, const struct sw_config *c)
{
	return profile == DRILL_FREEBSD && c->rcv_buf > DRILL_NARROW;
}

void
drill_profile_config(enum drill_profile profile, struct sw_config *c)
{
	sw_config_init(c);
	c->conns = c->actives = 256;
	c->half_opens = c->time_waits = 256;
	c->listeners = 64;
	c->chunks = 16384;
	c->traces = 1024;
	c->snd_buf = c->rcv_buf = 1 << 20;
	c->secret[0] = 1;
	profile_apply(profile, c);
}
