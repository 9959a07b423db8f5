/*
 * host.c - the host that a script drives: its settings from profile and options,
 * its stack, its clock.
 *
 * Knows sw_config and how time moves.  Does not know events or sockets.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

enum { ARENA_ALIGN = 64 };

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

static sw_ns
drill_clock(void *ctx)
{
	return ((struct drill_run *)ctx)->now;
}

static bool
drill_network_make(struct drill_run *r)
{
	struct sw_iface link = {.link = SW_LINK_IP, .mtu = r->mtu};
	struct sw_addr any = {{0}};
	struct sw_addr any4 = sw_addr4(0, 0, 0, 0);

	r->iface = sw_iface_add(r->stack, &link);
	return r->iface >= 0 &&
	       sw_address_add(r->stack, r->iface, &r->local, r->v6 ? 64 : 16) == SW_OK &&
	       sw_route_add(r->stack, r->v6 ? &any : &any4, 0, r->iface, NULL) == SW_OK;
}

/* The stack in its arena, and sockets over it. */
static bool
drill_stack_make(struct drill_run *r, size_t bytes)
{
	struct sw_sock_world world;

	if (sw_stack_init(&r->stack, &r->config, r->arena, bytes) || !drill_network_make(r))
		return false;
	if (r->script->has_iss)
		sw_probe_force_iss(r->stack, true, r->script->iss);
	sw_sock_world_init(&world);
	world.ctx = r;
	world.clock = drill_clock;
	world.wait = drill_wait;
	world.first_fd = DRILL_FIRST_FD;
	r->host = sw_sock_host(r->stack, &world);
	return r->host != NULL;
}

bool
drill_host_make(struct drill_run *r)
{
	size_t bytes = sw_stack_bytes(&r->config);

	if (bytes == 0) {
		fprintf(r->settings->out, "%s: these settings make no stack\n", r->script->path);
		return false;
	}
	r->arena =
	    aligned_alloc(ARENA_ALIGN, (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1));
	r->frame = malloc(DRILL_FRAME);
	r->start = r->now = r->base = 1000 * SW_S;
	r->last_frame = &r->frames;
	r->current = -1;
	if (!r->arena || !r->frame || !drill_stack_make(r, bytes)) {
		fprintf(r->settings->out, "%s: no stack could be made\n", r->script->path);
		return false;
	}
	return true;
}

void
drill_host_reboot(struct drill_run *r)
{
	bool failed = r->failed;

	r->failed = true; /* a close that lingers shall not wait */
	sw_sock_host_free(r->host);
	r->host = NULL;
	r->failed = failed;
	r->config.secret[0]++;
	if (!drill_stack_make(r, sw_stack_bytes(&r->config)))
		drill_fail(r, "no stack could be made");
	for (int i = 0; i < r->socks; i++) {
		r->sock[i].live = -1;
		r->sock[i].conn = 0;
	}
	for (int i = 0; i < r->flows; i++)
		r->flow[i]->state = SW_CLOSED;
}

void
drill_host_free(struct drill_run *r)
{
	sw_sock_host_free(r->host);
	free(r->arena);
	free(r->frame);
	free(r->traces);
	while (r->frames) {
		struct drill_frame *f = r->frames;

		r->frames = f->next;
		free(f);
	}
	for (int i = 0; i < r->flows; i++)
		free(r->flow[i]);
}

/* ---- time ---------------------------------------------------------------- */

static void
drill_traces_take(struct drill_run *r)
{
	struct sw_trace t;

	while (sw_trace(r->stack, &t)) {
		drill_flow_trace(r, &t);
		if (r->trace_count == r->trace_cap) {
			size_t cap = r->trace_cap ? 2 * r->trace_cap : 64;
			struct sw_trace *more = realloc(r->traces, cap * sizeof(*more));

			if (!more)
				return;
			r->traces = more;
			r->trace_cap = cap;
		}
		r->traces[r->trace_count++] = t;
	}
}

static void
drill_frame_take(struct drill_run *r, const struct sw_packet *p)
{
	struct drill_frame *f = malloc(sizeof(*f) + p->len);
	struct drill_seen seen;

	if (!f)
		return;
	f->next = NULL;
	f->at = r->now;
	f->len = p->len;
	memcpy(f->data, p->data, p->len);
	*r->last_frame = f;
	r->last_frame = &f->next;
	if (drill_read(&seen, f->data, f->len))
		drill_flow_sent(r, &seen);
}

void
drill_pump(struct drill_run *r)
{
	struct sw_packet p = {.data = r->frame, .cap = DRILL_FRAME};

	drill_traces_take(r);
	for (int i = 0; i < 100000; i++) {
		p.data = r->frame;
		p.cap = DRILL_FRAME;
		if (sw_output(r->stack, r->now, r->iface, &p, 1) == 0)
			break;
		drill_traces_take(r);
		if (r->profile == DRILL_FREEBSD)
			drill_dress(p.data, p.len);
		drill_frame_take(r, &p);
	}
	drill_traces_take(r);
}

void
drill_input(struct drill_run *r, const struct sw_packet *p, size_t n)
{
	sw_input(r->stack, r->now, p, n);
	drill_pump(r);
}

bool
drill_advance(struct drill_run *r, sw_ns until)
{
	sw_ns next = sw_deadline(r->stack);

	next = next < until ? next : until;
	if (next == SW_NEVER)
		return false;
	if (next > r->now)
		r->now = next;
	drill_pump(r);
	if (sw_deadline(r->stack) <= r->now && r->now < until)
		r->now += SW_US; /* it promises what it does not do: time goes on */
	return true;
}
