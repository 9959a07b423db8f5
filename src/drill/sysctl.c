/*
 * sysctl.c - names and values of sysctl as settings of a stack.
 *
 * Knows names of Linux and FreeBSD.  What is not known is left alone: scripts set
 * much that has no counterpart here.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "profile.h"

/* The n-th number of a value such as "4096 131072 6291456", or its only one. */
static uint64_t
sysctl_number(const char *value, int n)
{
	uint64_t v = strtoull(value, NULL, 0);

	for (int i = 0; *value; i++) {
		char *end;
		uint64_t one;

		while (isspace((unsigned char)*value) || *value == '"' || *value == '\'')
			value++;
		one = strtoull(value, &end, 0);
		if (end == value)
			break;
		v = one;
		if (i == n)
			break;
		value = end;
	}
	return v;
}

static uint32_t
sysctl_size(uint64_t v)
{
	return (uint32_t)(v < 256 ? 256 : v > 1 << 29 ? 1 << 29 : v);
}

static bool
sysctl_is(const char *name, const char *what)
{
	return !strcmp(name, what);
}

/* Options and sizes. */
static bool
sysctl_shape(struct sw_config *c, const char *name, const char *value)
{
	uint64_t v = sysctl_number(value, 0);

	if (sysctl_is(name, "tcp_timestamps"))
		c->timestamps = v != 0;
	else if (sysctl_is(name, "tcp_sack") || sysctl_is(name, "sack.enable"))
		c->sack = v != 0;
	else if (sysctl_is(name, "tcp_window_scaling"))
		c->window_scale = v != 0;
	else if (sysctl_is(name, "rfc1323"))
		c->window_scale = c->timestamps = v != 0;
	else if (sysctl_is(name, "tcp_rmem"))
		c->rcv_buf = sysctl_size(sysctl_number(value, 2));
	else if (sysctl_is(name, "recvspace"))
		c->rcv_buf = sysctl_size(v);
	else if (sysctl_is(name, "tcp_wmem"))
		c->snd_buf = sysctl_size(sysctl_number(value, 2));
	else if (sysctl_is(name, "sendspace"))
		c->snd_buf = sysctl_size(v);
	else if (sysctl_is(name, "initcwnd_segments"))
		c->iw_segments = (uint32_t)(v ? v : 1);
	else if (sysctl_is(name, "ip_default_ttl"))
		c->ttl = (uint8_t)v;
	else
		return false;
	return true;
}

/* A mechanism that stands behind a bit of `without`. */
static void
sysctl_switch(struct sw_config *c, uint32_t mechanism, bool on)
{
	c->without = on ? c->without & ~mechanism : c->without | mechanism;
}

/* Loss recovery and congestion control. */
static bool
sysctl_control(struct sw_config *c, const char *name, const char *value)
{
	uint64_t v = sysctl_number(value, 0);
	int cc = sw_cc_named(value);

	if (sysctl_is(name, "tcp_ecn") || sysctl_is(name, "ecn.enable"))
		/* 1: ask, and answer; 2: answer; 3: both with AccECN */
		c->ecn = v == 1	  ? SW_ECN_ASK
			 : v == 2 ? SW_ECN_ANSWER
			 : v == 3 ? SW_ECN_ACCURATE
				  : SW_ECN_OFF;
	else if (sysctl_is(name, "tcp_early_retrans"))
		sysctl_switch(c, SW_NO_TLP, v >= 3);
	else if (sysctl_is(name, "tcp_recovery"))
		sysctl_switch(c, SW_NO_RACK, v & 1);
	else if (sysctl_is(name, "tcp_frto"))
		sysctl_switch(c, SW_NO_FRTO, v != 0);
	else if (sysctl_is(name, "tcp_mtu_probing") || sysctl_is(name, "pmtud_blackhole_detection"))
		sysctl_switch(c, SW_NO_PLPMTUD, v != 0);
	else if (sysctl_is(name, "tcp_congestion_control") && cc >= 0)
		c->cc = (uint8_t)cc;
	else
		return false;
	return true;
}

/* The sum of `n` timeouts, the first of `first`, each twice the one before, up to `most`. */
static sw_ns
sysctl_patience(uint64_t n, sw_ns first, sw_ns most)
{
	sw_ns sum = 0;

	for (uint64_t i = 0; i < n && i < 64; i++) {
		sum += first;
		first = 2 * first < most ? 2 * first : most;
	}
	return sum;
}

/* Times and counts. */
static bool
sysctl_times(struct sw_config *c, const char *name, uint64_t v)
{
	if (sysctl_is(name, "tcp_synack_retries"))
		c->syn_ack_tries = (uint32_t)(v ? v : 1);
	else if (sysctl_is(name, "tcp_keepalive_time"))
		c->keep_idle = v * SW_S;
	else if (sysctl_is(name, "tcp_keepalive_intvl"))
		c->keep_interval = v * SW_S;
	else if (sysctl_is(name, "tcp_keepalive_probes") || sysctl_is(name, "keepcnt"))
		c->keep_probes = (uint32_t)v;
	else if (sysctl_is(name, "tcp_fin_timeout"))
		c->fin_wait_2 = v * SW_S;
	else if (sysctl_is(name, "tcp_syn_retries"))
		c->syn_timeout = sysctl_patience(v + 1, c->rto_init, c->rto_max);
	else if (sysctl_is(name, "tcp_retries2"))
		c->user_timeout = sysctl_patience(v + 1, c->rto_min, c->rto_max);
	else if (sysctl_is(name, "tcp_retries1"))
		c->r1 = (uint32_t)(v ? v : 1);
	else if (sysctl_is(name, "tcp_invalid_ratelimit"))
		c->challenge_every = v * SW_MS;
	else if (sysctl_is(name, "tcp_rto_min_us"))
		c->rto_min = v * SW_US;
	else if (sysctl_is(name, "tcp_rto_max_ms"))
		c->rto_max = v * SW_MS;
	else if (sysctl_is(name, "keepidle"))
		c->keep_idle = v * SW_MS;
	else if (sysctl_is(name, "keepintvl"))
		c->keep_interval = v * SW_MS;
	else if (sysctl_is(name, "delacktime"))
		c->delack = v * SW_MS;
	else if (sysctl_is(name, "msl"))
		c->msl = v * SW_MS;
	else if (sysctl_is(name, "rexmit_min"))
		c->rto_min = v * SW_MS;
	else if (sysctl_is(name, "finwait2_timeout"))
		c->fin_wait_2 = v * SW_MS;
	else
		return false;
	return true;
}

bool
drill_sysctl(struct sw_config *c, const char *name, const char *value)
{
	static const char *const families[] = {"net.ipv4.", "net.ipv6.", "net.inet.tcp.",
					       "net.inet6.tcp.", "net.inet.ip."};
	struct sw_config before = *c;
	size_t n;

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		n = strlen(families[i]);
		if (strncmp(name, families[i], n))
			continue;
		if (!sysctl_shape(c, name + n, value) && !sysctl_control(c, name + n, value) &&
		    !sysctl_times(c, name + n, sysctl_number(value, 0)))
			return false;
		if (sw_stack_bytes(c) > 0)
			return true;
		*c = before; /* out of our range: the nearest is what we have */
		return false;
	}
	return false;
}
