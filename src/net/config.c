/*
 * config.c - the settings: defaults, the smallest ones, and which are allowed.
 *
 * Knows the ranges that the RFCs ask for and those that the records can hold.
 * Does not know how much memory a setting costs: that is stack.c's.
 *
 * RFC 9293 3.8 and MUST-21..28, RFC 6298, RFC 6335, RFC 6928.
 */
#include "net/net.h"

enum { HOUR_S = 3600, CHUNK_MIN = 128, REPLY_MIN = 128, BUF_MIN = 256, SHARDS_MAX = 1024 };

/* The settings that have nothing to do with size. */
static void
config_times(struct sw_config *c)
{
	c->ttl = 64;
	c->timestamps = c->window_scale = c->sack = true;
	c->nagle = true;
	c->msl = 120 * SW_S;
	c->tick = SW_MS;
	c->rto_init = SW_S;
	/* An exception to RFC 6298 2.4, which wants 1 s: all large stacks use 200 ms,
	 * and the reason given for 1 s, coarse clocks, is not ours. */
	c->rto_min = 200 * SW_MS;
	c->rto_max = 120 * SW_S;
	c->delack = 40 * SW_MS;
	c->user_timeout = 300 * SW_S; /*= RFC 9293 3.8.3 SHLD-11 */
	/*= RFC 9293 3.8.3 MUST-23: a SYN is sent again for at least 3 minutes */
	c->syn_timeout = 190 * SW_S;
	c->r1 = 3; /*= RFC 9293 3.8.3 SHLD-10 */
	c->syn_ack_tries = 5;
	/*= RFC 9293 3.8.4 MUST-28: a keep-alive is sent after two idle hours at the earliest */
	c->keep_idle = 2 * HOUR_S * SW_S;
	c->keep_interval = 75 * SW_S;
	c->keep_probes = 9;
	c->fin_wait_2 = 60 * SW_S;
	c->challenge_every = 500 * SW_MS;
	c->reassembly = 60 * SW_S;
	c->defer_time = 30 * SW_S;
	c->fastopen_period = 12 * HOUR_S * SW_S;
	c->mtu_age = 600 * SW_S;
	c->mtu_base = 1024;
	c->port_low = 49152;
	c->port_high = 65535;
	c->iw_segments = 10;
}

/* The defaults: a host of 1000 connections. */
void
sw_config_init(struct sw_config *c)
{
	memset(c, 0, sizeof(*c));
	c->bytes = sizeof(*c);
	c->conns = 1024;
	c->actives = 1024;
	c->half_opens = 256;
	c->time_waits = 1024;
	c->listeners = 16;
	c->ifaces = 4;
	c->routes = 16;
	c->neighbours = 64;
	c->chunks = 16384;
	c->chunk_bytes = 2048;
	c->records = 32768;
	c->runs = 16384;
	c->replies = 64;
	c->reply_bytes = 2048;
	c->datagrams = 16;
	c->datagram_bytes = 65535;
	c->shares = 256;
	c->snd_buf = 16 << 20;
	c->rcv_buf = 16 << 20;
	c->runs_per_conn = 4096;
	config_times(c);
}

/* A stack of at most 16 KiB, everything included. */
void
sw_config_minimal(struct sw_config *c)
{
	memset(c, 0, sizeof(*c));
	c->bytes = sizeof(*c);
	c->conns = 2;
	c->actives = 2;
	c->half_opens = 2;
	c->time_waits = 4;
	c->listeners = 1;
	c->ifaces = 1;
	c->routes = 2;
	c->neighbours = 2;
	c->chunks = 12;
	c->chunk_bytes = 256;
	c->records = 12;
	c->runs = 4;
	c->replies = 2;
	c->reply_bytes = REPLY_MIN;
	c->snd_buf = 1024;
	c->rcv_buf = 1024;
	c->runs_per_conn = 2;
	c->cc = SW_CC_RENO;
	c->without = SW_NO_ANY;
	config_times(c);
	c->without = SW_NO_ANY & ~(uint32_t)SW_NO_LIMITED;
}

static bool
range(uint64_t v, uint64_t low, uint64_t high)
{
	return v >= low && v <= high;
}

static bool
config_counts_ok(const struct sw_config *c)
{
	const uint64_t most = 1 << 30, table = 1 << 26;

	return range(c->conns, 1, table) && range(c->half_opens, 1, table) &&
	       range(c->time_waits, 1, table) &&
	       (uint64_t)c->conns + c->half_opens + c->time_waits <= table &&
	       range(c->actives, 1, most) && range(c->listeners, 1, UINT16_MAX) &&
	       range(c->ifaces, 1, 255) && range(c->routes, 1, UINT16_MAX) &&
	       range(c->neighbours, 1, most) && range(c->chunks, 1, most) &&
	       range(c->chunk_bytes, CHUNK_MIN, 65536) && range(c->records, 1, most) &&
	       range(c->runs, 1, most) && range(c->replies, 1, most) &&
	       range(c->reply_bytes, REPLY_MIN, UINT16_MAX) && range(c->datagrams, 0, UINT16_MAX) &&
	       (c->datagrams == 0 || range(c->datagram_bytes, 576, UINT16_MAX)) &&
	       range(c->shares, 0, table) && range(c->traces, 0, most);
}

static bool
config_times_ok(const struct sw_config *c)
{
	const sw_ns day = 24 * HOUR_S * SW_S;

	/*= RFC 9293 3.8.6.3 MUST-40: an ACK is delayed by less than 0.5 s */
	/*= RFC 6298 2.5: a bound of the RTO is at least 60 s */
	return range(c->msl, SW_MS, day) && range(c->tick, SW_US, 100 * SW_MS) &&
	       range(c->rto_min, SW_MS, 60 * SW_S) && range(c->rto_init, c->rto_min, c->rto_max) &&
	       range(c->rto_max, 60 * SW_S, HOUR_S * SW_S) && range(c->delack, 0, 499 * SW_MS) &&
	       range(c->user_timeout, SW_S, day) &&
	       range(c->syn_timeout, 180 * SW_S, HOUR_S * SW_S) &&
	       range(c->keep_idle, SW_S, 365 * day) && range(c->keep_interval, SW_S, day) &&
	       range(c->keep_probes, 1, 255) && range(c->fin_wait_2, 0, day) &&
	       range(c->challenge_every, 0, day) && range(c->reassembly, SW_S, 120 * SW_S) &&
	       range(c->defer_time, SW_MS, day) && range(c->fastopen_period, SW_S, 365 * day) &&
	       c->cookie_clock < SW_NEVER / 2 &&
	       /*= RFC 8201 4: not before five minutes */
	       (c->mtu_age == SW_NEVER || range(c->mtu_age, 300 * SW_S, day)) &&
	       range(c->mtu_base, 576, UINT16_MAX);
}

/* Is every setting in its range? */
bool
config_ok(const struct sw_config *c)
{
	return c->bytes == sizeof(*c) && config_counts_ok(c) && config_times_ok(c) &&
	       range(c->snd_buf, BUF_MIN, 1 << 30) && range(c->rcv_buf, BUF_MIN, (1 << 30) - 1) &&
	       range(c->runs_per_conn, 1, 1 << 20) && c->ttl > 0 && range(c->r1, 1, 100) &&
	       range(c->syn_ack_tries, 1, 100) && c->port_low > 0 && c->port_low <= c->port_high &&
	       range(c->iw_segments, 1, 100) && range(c->without, 0, SW_NO_ANY) &&
	       c->cc < SW_N_CCS && c->shards <= SHARDS_MAX &&
	       (c->shard < c->shards || c->shards == 0) &&
	       c->ecn <= SW_ECN_ACCURATE && c->cookies <= SW_COOKIES_NEVER;
}
