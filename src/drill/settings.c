/*
 * settings.c - what script and command line say about the host that the script
 * drives: addresses, ports, times, the stack's own settings.
 *
 * Knows options and sw_config.  Does not know what the host is made of.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static bool
drill_option_addr(struct drill_run *r, const char *name, const char *value)
{
	struct sw_addr *to = !strcmp(name, "local_ip")	   ? &r->local
			     : !strcmp(name, "remote_ip")  ? &r->remote
			     : !strcmp(name, "gateway_ip") ? &r->gateway
							   : NULL;

	return to && sw_addr_parse(to, value) == 0;
}

static bool
drill_option_version(struct drill_run *r, const char *value)
{
	r->v6 = !strcmp(value, "ipv6");
	r->mapped = !strcmp(value, "ipv4-mapped-ipv6");
	sw_addr_parse(&r->local, r->v6 ? "fd3d:0a0b:17d6::1" : "192.168.0.1");
	sw_addr_parse(&r->remote, r->v6 ? "2001:db8::1" : "192.0.2.1");
	sw_addr_parse(&r->gateway, r->v6 ? "fd3d:0a0b:17d6:8888::1" : "192.168.0.2");
	return r->v6 || r->mapped || !strcmp(value, "ipv4");
}

/* Options of the original that mean nothing here. */
static bool
drill_option_ignored(const char *name)
{
	static const char *const known[] = {"netmask_ip",
					    "speed",
					    "init_scripts",
					    "wire_server_ip",
					    "wire_server_port",
					    "wire_client_dev",
					    "wire_server_dev",
					    "non_fatal",
					    "dry_run",
					    "verbose",
					    "debug",
					    "code",
					    "code_command",
					    "code_format",
					    "code_sockopt",
					    "define",
					    "netdev",
					    "tcp_ts_ecr_scaled",
					    "send_omit_free",
					    "persistent_tun_dev",
					    "tun_dev",
					    "strict_segments",
					    "so_filename",
					    "so_flags",
					    "local_linklocal_ip",
					    "remote_linklocal_ip",
					    "is_anyip",
					    "udp_encaps",
					    "pcap",
					    "tolerance_percent",
					    "fm_filename"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(name, known[i]))
			return true;
	return false;
}

static bool
drill_option_number(const char *value, uint32_t most, uint32_t *n)
{
	char *end;
	unsigned long long v = strtoull(value, &end, 0);

	*n = (uint32_t)v;
	return isdigit((unsigned char)*value) && *end == 0 && v <= most;
}

/* false: unknown, or its value is wrong */
static bool
drill_option_apply(struct drill_run *r, const char *name, const char *value)
{
	uint32_t n = 0;

	if (!strcmp(name, "ip_version"))
		return drill_option_version(r, value);
	if (!strcmp(name, "local_ip") || !strcmp(name, "remote_ip") || !strcmp(name, "gateway_ip"))
		return drill_option_addr(r, name, value);
	if (!strcmp(name, "connect_port") && drill_option_number(value, UINT16_MAX, &n))
		r->connect_port = (uint16_t)n;
	else if (!strcmp(name, "bind_port") && drill_option_number(value, UINT16_MAX, &n))
		r->bind_port = (uint16_t)n;
	else if (!strcmp(name, "tolerance_usecs") && drill_option_number(value, UINT32_MAX, &n))
		r->tolerance = n * SW_US;
	else if (!strcmp(name, "tcp_ts_tick_usecs") && drill_option_number(value, UINT32_MAX, &n))
		r->stamp_tick = n * SW_US;
	else if (!strcmp(name, "mtu") && drill_option_number(value, UINT16_MAX, &n))
		r->mtu = n;
	else
		return drill_option_ignored(name);
	return true;
}

/* Options given outside come last, but the version of IP comes first: it sets addresses. */
static bool
drill_options_apply(struct drill_run *r)
{
	const struct drill_settings *set = r->settings;

	for (int round = 0; round < 2; round++) {
		for (struct drill_setting *o = r->script->options; o; o = o->next) {
			if (!strncmp(o->name, "ip_version", 10) != (round == 0))
				continue;
			if (drill_option_apply(r, o->name, o->value))
				continue;
			fprintf(set->out, "%s:%d: option --%s=%s is unknown or wrong\n",
				r->script->path, o->line, o->name, o->value);
			return false;
		}
		for (int i = 0; i < set->options; i++) {
			const char *equals = strchr(set->option[i], '=');
			char name[DRILL_WORD];
			bool version = !strncmp(set->option[i], "ip_version", 10);

			if (version != (round == 0) || !equals)
				continue;
			snprintf(name, sizeof(name), "%.*s", (int)(equals - set->option[i]),
				 set->option[i]);
			if (!drill_option_apply(r, name, equals + 1)) {
				fprintf(set->out, "option --%s is unknown or wrong\n",
					set->option[i]);
				return false;
			}
		}
	}
	return true;
}

bool
drill_configure(struct drill_run *r)
{
	r->connect_port = r->bind_port = 8080;
	r->next_port = 54321;
	r->tolerance = 4 * SW_MS;
	r->mtu = 1500;
	r->profile = r->settings->profile;
	drill_option_version(r, r->settings->twin ? "ipv6" : "ipv4");
	if (r->script->profile) {
		r->profile = drill_profile_named(r->script->profile);
		if (r->profile == DRILL_N_PROFILES) {
			fprintf(r->settings->out, "%s: there is no profile '%s'\n", r->script->path,
				r->script->profile);
			return false;
		}
	}
	if (!drill_options_apply(r))
		return false;
	if (r->settings->twin)
		r->mtu += DRILL_IP6_HEADER - DRILL_IP4_HEADER;
	drill_profile_config(r->profile, &r->config);
	return true;
}
