/*
 * world.c - the world behind packetdrill's table: one stack, its packets, and a
 * clock that is a variable.
 *
 * Nothing waits for real time.  The main thread moves the clock, in usleep(), in
 * netdev_receive() and in calls that block, from one deadline of the stack to the
 * next.  A call of the second thread that blocks sleeps in the kernel, as
 * packetdrill expects.  After all that may end it, it tries again, and the clock
 * stands until it sleeps again or has asked for the time: so it ends at the instant
 * at which it can.
 */
#include "plugin/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	START_S = 1000,
	IP6_LEAST_MTU = 1280,
	ARENA_ALIGN = 64,
	SLEEP_SLACK_US = 20,	 /* packetdrill sleeps that much too short, then spins */
	ASKED_MOST = 8,		 /* times in a row; then it spins, and time creeps */
	PATIENCE_S = 130,	 /* without a packet that is expected */
	CALL_MOST_S = 7 * 86400, /* a call of the main thread */
	AT_ONCE_MOST = 100000,	 /* packets at one instant */
	QUIET_MS = 400,		 /* of real time: main waits for the other thread */
	HOLD_MOST_S = 5		 /* of real time */
};

/* Does this thread hold the clock? */
static _Thread_local bool plugin_holds;

static bool
plugin_is_main(const struct plugin *p)
{
	return pthread_equal(p->main, pthread_self());
}

/* packetdrill would wait for ever: it hears it by our exit code. */
static void
plugin_end(const char *why)
{
	fflush(stdout);
	fprintf(stderr, "synwave: %s\n", why);
	_exit(EXIT_FAILURE);
}

/* ---- settings ------------------------------------------------------------ */

static void
plugin_flag(struct plugin *p, const char *flag)
{
	struct sw_addr *to = &p->local[p->locals];

	if (!strncmp(flag, "local=", 6)) {
		if (p->locals == PLUGIN_LOCALS || sw_addr_parse(to, flag + 6) != SW_OK)
			plugin_end("--so_flags: local= wants an address");
		p->locals++;
		return;
	}
	if (!strncmp(flag, "mtu=", 4)) {
		p->mtu = (uint32_t)strtoul(flag + 4, NULL, 10);
		return;
	}
	p->profile = drill_profile_named(flag);
	if (p->profile == DRILL_N_PROFILES)
		plugin_end(
		    "--so_flags is PROFILE[,local=ADDR][,mtu=N], with rfc, linux or freebsd");
}

static void
plugin_flags(struct plugin *p, const char *flags)
{
	char text[PLUGIN_WORD], *rest = text;
	const char *flag;

	snprintf(text, sizeof(text), "%s", flags ? flags : "");
	while ((flag = strsep(&rest, ",")) != NULL)
		if (*flag)
			plugin_flag(p, flag);
}

/* Lines name=value, as a script's `sysctl` may have left them. */
static void
plugin_sysctl_file(struct plugin *p)
{
	const char *path = getenv("SYNWAVE_SYSCTL_FILE");
	FILE *f = path ? fopen(path, "r") : NULL;
	char line[PLUGIN_WORD], *value;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		value = strchr(line, '=');
		if (!value)
			continue;
		*value = 0;
		line[strcspn(line, " \t")] = 0;
		drill_sysctl(&p->config, line, value + 1);
	}
	fclose(f);
}

/* ---- the stack ----------------------------------------------------------- */

static sw_ns
plugin_clock(void *ctx)
{
	return ((struct plugin *)ctx)->now;
}

static int plugin_wait(void *ctx, sw_ns until);

/* One of either family, where the flags give none; everybody is on the link. */
static bool
plugin_network_make(struct plugin *p)
{
	struct sw_iface link = {.link = SW_LINK_IP, .mtu = p->mtu, .any_destination = true};
	struct sw_addr any = {{0}}, any4 = sw_addr4(0, 0, 0, 0), usual[2];
	bool has[2] = {false, p->mtu < IP6_LEAST_MTU}; /* RFC 8200 5 */

	p->iface = sw_iface_add(p->stack, &link);
	if (p->iface < 0)
		return false;
	sw_addr_parse(&usual[0], "192.168.0.1");
	sw_addr_parse(&usual[1], "fd3d:0a0b:17d6::1");
	for (int i = 0; i < p->locals; i++) {
		bool v6 = !sw_addr_is4(&p->local[i]);

		has[v6] = true;
		if (sw_address_add(p->stack, p->iface, &p->local[i], v6 ? 64 : 16) != SW_OK)
			return false;
	}
	for (int i = 0; i < 2; i++)
		if (!has[i] && sw_address_add(p->stack, p->iface, &usual[i], i ? 64 : 16) != SW_OK)
			return false;
	return sw_route_add(p->stack, &any4, 0, p->iface, NULL) == SW_OK &&
	       sw_route_add(p->stack, &any, 0, p->iface, NULL) == SW_OK;
}

static void
plugin_make(struct plugin *p)
{
	struct sw_sock_world world;
	size_t bytes;

	drill_profile_config(p->profile, &p->config);
	plugin_sysctl_file(p);
	bytes = sw_stack_bytes(&p->config);
	p->arena =
	    aligned_alloc(ARENA_ALIGN, (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1));
	if (!p->arena || sw_stack_init(&p->stack, &p->config, p->arena, bytes) ||
	    !plugin_network_make(p))
		plugin_end("no stack could be made");
	sw_sock_world_init(&world);
	world.ctx = p;
	world.clock = plugin_clock;
	world.wait = plugin_wait;
	world.first_fd = PLUGIN_FIRST_FD;
	p->host = sw_sock_host(p->stack, &world);
	if (!p->host)
		plugin_end("no memory");
}

struct plugin *
plugin_new(const char *flags)
{
	struct plugin *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	pthread_cond_init(&p->settled, NULL);
	p->main = pthread_self();
	p->main_id = (pid_t)syscall(SYS_gettid);
	p->now = START_S * SW_S;
	p->until = SW_NEVER;
	p->mtu = PLUGIN_MTU;
	p->last_frame = &p->frames;
	plugin_flags(p, flags);
	return p;
}

void
plugin_free(struct plugin *p)
{
	sw_sock_host_free(p->host);
	while (p->frames) {
		struct plugin_frame *f = p->frames;

		p->frames = f->next;
		free(f);
	}
	for (int fd = 0; fd < PLUGIN_FIRST_FD; fd++)
		if (p->pipe_end[fd])
			close(fd);
	free(p->arena);
	pthread_cond_destroy(&p->settled);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- packets ------------------------------------------------------------- */

/* With the profile freebsd the scale is agreed for more than is offered. */
static void
plugin_traces_take(struct plugin *p)
{
	struct sw_trace t;

	while (sw_trace(p->stack, &t))
		if (t.kind == SW_T_STATE && t.to == SW_ESTABLISHED && t.conn &&
		    drill_profile_narrows(p->profile, &p->config))
			sw_set(p->stack, p->now, t.conn, SW_OPT_RCV_BUF, DRILL_NARROW);
}

/* Takes what the stack has to say now. */
static void
plugin_pump(struct plugin *p)
{
	struct sw_packet out = {.data = p->packet, .cap = PLUGIN_PACKET};

	if (!p->stack)
		return;
	plugin_traces_take(p);
	for (int i = 0; i < AT_ONCE_MOST && sw_output(p->stack, p->now, p->iface, &out, 1); i++) {
		struct plugin_frame *f = malloc(sizeof(*f) + out.len);

		plugin_traces_take(p);
		if (p->profile == DRILL_FREEBSD)
			drill_dress(out.data, out.len);
		if (!f)
			plugin_end("no memory");
		f->next = NULL;
		f->at = p->now;
		f->len = out.len;
		memcpy(f->data, out.data, out.len);
		*p->last_frame = f;
		p->last_frame = &f->next;
		out = (struct sw_packet){.data = p->packet, .cap = PLUGIN_PACKET};
	}
	plugin_traces_take(p);
}

/* ---- two threads, one clock ---------------------------------------------- */

/* This thread no longer holds the clock. */
static void
plugin_release(struct plugin *p)
{
	if (plugin_holds && p->holding > 0 && --p->holding == 0)
		pthread_cond_signal(&p->settled);
	plugin_holds = false;
}

/* Waits until nobody holds the clock; for one who forgot it, not for ever. */
static void
plugin_settle(struct plugin *p)
{
	struct timespec end;

	if (p->holding == 0)
		return;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += HOLD_MOST_S;
	while (p->holding > 0)
		if (pthread_cond_timedwait(&p->settled, &p->lock, &end) == ETIMEDOUT)
			p->holding = 0;
}

/* Everybody who waits tries again. */
static void
plugin_turn(struct plugin *p)
{
	p->turn++;
	p->holding += p->waiting;
	p->waiting = 0;
	p->until = SW_NEVER;
	pthread_cond_broadcast(&p->wake);
}

/* Something happened: who waits tries again, at this instant. */
static void
plugin_wake(struct plugin *p)
{
	if (p->waiting > 0)
		plugin_turn(p);
	plugin_settle(p);
}

/* When something will happen by itself; SW_NEVER: never. */
static sw_ns
plugin_deadline(const struct plugin *p)
{
	sw_ns next = p->stack ? sw_deadline(p->stack) : SW_NEVER;

	return next < p->until ? next : p->until;
}

static bool
plugin_main_sleeps(const struct plugin *p)
{
	char path[64], line[PLUGIN_WORD] = "", *name_end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)p->main_id);
	f = fopen(path, "r");
	if (!f)
		return false;
	name_end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return name_end && name_end[1] == ' ' && name_end[2] == 'S';
}

/*
 * Waits for a turn.  true: there is none, and main makes no calls but sleeps: at the
 * end of a script it waits for us.
 */
static bool
plugin_quiet(struct plugin *p, unsigned turn)
{
	unsigned calls = p->calls;
	struct timespec end;
	int error = 0;

	if (p->quiet && p->quiet_at == calls)
		return true;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += QUIET_MS * 1000000l;
	end.tv_sec += end.tv_nsec / 1000000000l;
	end.tv_nsec %= 1000000000l;
	while (p->turn == turn && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&p->wake, &p->lock, &end);
	p->quiet = p->turn == turn && p->calls == calls && plugin_main_sleeps(p);
	p->quiet_at = calls;
	return p->quiet;
}

/* The second thread blocks, until somebody gives it a turn, or it must move the clock itself. */
static void
plugin_block(struct plugin *p, sw_ns until)
{
	unsigned turn = p->turn;
	sw_ns next;

	if (until < p->until)
		p->until = until;
	p->waiting++;
	plugin_release(p);
	while (p->turn == turn) {
		next = plugin_deadline(p);
		if (next == SW_NEVER)
			pthread_cond_wait(&p->wake, &p->lock);
		else if (plugin_quiet(p, turn)) {
			next = plugin_deadline(p);
			p->now = next > p->now ? next : p->now + SW_US;
			plugin_pump(p);
			plugin_turn(p);
		}
	}
	plugin_holds = true;
}

/* To `limit`, or to the next deadline if that is earlier, and what is due then is done. */
static void
plugin_advance(struct plugin *p, sw_ns limit)
{
	sw_ns next;

	plugin_settle(p);
	next = plugin_deadline(p);
	if (next > limit || next == SW_NEVER) {
		p->now = limit > p->now && limit != SW_NEVER ? limit : p->now;
		return;
	}
	if (next > p->now)
		p->now = next;
	plugin_pump(p);
	plugin_wake(p);
	if (plugin_deadline(p) <= p->now && p->now < limit)
		p->now += SW_US; /* it promises what it does not do: time goes on */
}

/* wait() of the sockets' world. */
static int
plugin_wait(void *ctx, sw_ns until)
{
	struct plugin *p = ctx;

	plugin_pump(p);
	if (!plugin_is_main(p)) {
		plugin_block(p, until);
		return 0;
	}
	plugin_wake(p);
	if ((until == SW_NEVER && plugin_deadline(p) == SW_NEVER) ||
	    p->now - p->begun > CALL_MOST_S * SW_S) {
		errno = EDEADLK;
		return -1;
	}
	plugin_advance(p, until);
	return 0;
}

/* The lock; no stack yet: it is made when a script's settings have been made. */
static struct plugin *
plugin_lock(void *userdata)
{
	struct plugin *p = userdata;

	pthread_mutex_lock(&p->lock);
	if (plugin_is_main(p)) {
		p->calls++;
		p->asked = 0;
		p->begun = p->now;
	}
	return p;
}

struct plugin *
plugin_enter(void *userdata)
{
	struct plugin *p = plugin_lock(userdata);

	if (!p->stack)
		plugin_make(p);
	if (!plugin_is_main(p) && !plugin_holds) {
		plugin_holds = true;
		p->holding++;
	}
	return p;
}

ssize_t
plugin_leave(struct plugin *p, ssize_t result)
{
	int error = errno;

	plugin_pump(p);
	if (plugin_is_main(p))
		plugin_wake(p);
	pthread_mutex_unlock(&p->lock);
	errno = error;
	return result;
}

/* ---- the table's own calls ----------------------------------------------- */

int
plug_netdev_send(void *userdata, const void *packet, size_t n)
{
	struct plugin *p = plugin_enter(userdata);
	struct sw_packet in = {.iface = (uint16_t)p->iface, .len = (uint32_t)n};

	if (n > PLUGIN_PACKET) {
		errno = EMSGSIZE;
		return (int)plugin_leave(p, -1);
	}
	memcpy(p->packet, packet, n);
	in.data = p->packet;
	sw_input(p->stack, p->now, &in, 1);
	return (int)plugin_leave(p, 0);
}

int
plug_netdev_receive(void *userdata, void *to, size_t *n, long long *time_us)
{
	struct plugin *p = plugin_lock(userdata);
	sw_ns limit = p->now + PATIENCE_S * SW_S;
	struct plugin_frame *f;

	plugin_settle(p);
	while (!p->frames) {
		if (plugin_deadline(p) == SW_NEVER)
			plugin_end("a packet is expected, and none will ever come");
		if (p->now >= limit)
			plugin_end("a packet is expected, and none came in 130 s");
		plugin_advance(p, limit);
	}
	f = p->frames;
	p->frames = f->next;
	if (!p->frames)
		p->last_frame = &p->frames;
	if (f->len < *n)
		*n = f->len;
	memcpy(to, f->data, *n);
	*time_us = (long long)(f->at / SW_US);
	free(f);
	return (int)plugin_leave(p, 0);
}

int
plug_usleep(void *userdata, useconds_t us)
{
	struct plugin *p = plugin_lock(userdata);
	sw_ns end = p->now + ((sw_ns)us + SLEEP_SLACK_US) * SW_US;

	if (plugin_is_main(p))
		while (p->now < end)
			plugin_advance(p, end);
	return (int)plugin_leave(p, 0);
}

/* Asking the time in a row must not reset the count of it, as plugin_lock() does. */
int
plug_gettimeofday(void *userdata, struct timeval *to, struct timezone *zone)
{
	struct plugin *p = userdata;

	(void)zone;
	pthread_mutex_lock(&p->lock);
	if (!plugin_is_main(p))
		plugin_release(p);
	else {
		p->calls++;
		if (++p->asked > ASKED_MOST)
			plugin_advance(p, p->now + SW_US);
	}
	to->tv_sec = (time_t)(p->now / SW_S);
	to->tv_usec = (suseconds_t)(p->now % SW_S / SW_US);
	pthread_mutex_unlock(&p->lock);
	return 0;
}
