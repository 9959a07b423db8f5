/*
 * many.c - connections one after another between one stack and the kernel,
 * over a TUN device; afterwards every pool must be as empty as before.
 *
 *	many DEVICE OUR-ADDRESS KERNEL-ADDRESS COUNT connect PORT
 *	many DEVICE OUR-ADDRESS KERNEL-ADDRESS COUNT accept PORT
 *	many DEVICE OUR-ADDRESS KERNEL-ADDRESS COUNT cookies PORT
 *	many DEVICE OUR-ADDRESS KERNEL-ADDRESS COUNT flood PORT
 *
 * cookies: accept, and each SYN is answered by a cookie; flood: accept, and half-open
 * records are few and do not last.
 * Each connection carries one byte each way.  The byte says who closes first:
 * 'a' who connected, 'b' who accepted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <synwave/sw_drv.h>

#define MSL (2 * SW_MS)
#define PATIENCE (10 * SW_S) /* for one connection */

struct many {
	struct sw_drv *drv;
	struct sw_stack *stack;
	void *arena;
	struct sw_endpoint local, remote;
	sw_conn listener;
	bool connects;
	uint32_t count;
};

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "many: %s: %s\n", what, why);
	exit(1);
}

static void
turn(struct many *m, sw_ns timeout)
{
	struct sw_event e;

	if (sw_drv_turn(m->drv, timeout, NULL, 0) != 0)
		die("the device", "is gone");
	while (sw_event(m->stack, &e))
		continue;
}

/* Turn until one of the levels is true. */
static void
await(struct many *m, sw_conn c, unsigned levels, const char *what)
{
	sw_ns until = sw_drv_now() + PATIENCE;
	struct sw_status st = {.bytes = sizeof st};

	while ((sw_ready(m->stack, c) & levels) == 0) {
		if ((sw_ready(m->stack, c) & SW_FAILED) != 0 || sw_drv_now() > until) {
			sw_status(m->stack, c, &st);
			fprintf(stderr, "many: port %u, %s: ", st.local.port,
				sw_state_name(st.state));
			die(what, sw_error_text(st.error));
		}
		turn(m, 100 * SW_MS);
	}
}

static char
get(struct many *m, sw_conn c)
{
	char byte = 0;

	await(m, c, SW_READABLE, "waiting for its byte");
	if (sw_receive(m->stack, sw_drv_now(), c, &byte, 1) != 1)
		die("receive", "not a byte");
	return byte;
}

static void
put(struct many *m, sw_conn c, char byte)
{
	if (sw_send(m->stack, sw_drv_now(), c, &byte, 1, SW_PUSH) != 1)
		die("send", "not taken");
}

static void
end(struct many *m, sw_conn c)
{
	await(m, c, SW_READABLE, "waiting for the peer's FIN");
	if (sw_receive(m->stack, sw_drv_now(), c, &(char){0}, 1) != 0)
		die("receive", "not the end");
}

/* One connection from its OPEN to its end. */
static void
one(struct many *m, uint32_t i)
{
	char who = i % 2 == 0 ? 'a' : 'b';
	sw_conn c;
	int error;

	if (m->connects) {
		error = sw_open_active(m->stack, sw_drv_now(), NULL, &m->remote, &c);
		if (error < 0)
			die("open", sw_error_text(error));
		await(m, c, SW_OPENED, "opening");
		put(m, c, who);
		if (get(m, c) != who)
			die("echo", "another byte");
	} else {
		await(m, m->listener, SW_ACCEPTABLE, "waiting for a connection");
		error = sw_accept(m->stack, sw_drv_now(), m->listener, &c);
		if (error < 0)
			die("accept", sw_error_text(error));
		who = get(m, c);
		put(m, c, who);
	}
	if ((who == 'a') == m->connects) {
		sw_close(m->stack, sw_drv_now(), c);
		end(m, c);
	} else {
		end(m, c);
		sw_close(m->stack, sw_drv_now(), c);
	}
	await(m, c, SW_ENDED, "closing");
	sw_release(m->stack, sw_drv_now(), c);
}

/* Nothing may be left of them: how many records are. */
static uint64_t
left(struct many *m, bool print)
{
	static const char name[][12] = {"conns",      "actives",   "half-opens",
					"time-waits", "listeners", "chunks",
					"records",    "runs",	   "datagrams"};
	struct sw_counters n = {.bytes = sizeof n};
	uint64_t sum = 0;

	sw_counters(m->stack, &n);
	for (int i = 0; i < SW_N_POOLS; i++) {
		uint64_t used = n.pool_used[i];

		if (i == SW_POOL_LISTENERS && !m->connects)
			used--;
		sum += used;
		if (print)
			printf("%s %" PRIu64 " (at most %" PRIu64 ", refused %" PRIu64 ")\n",
			       name[i], used, n.pool_high[i], n.pool_refused[i]);
	}
	if (print)
		printf("segments %" PRIu64 " in, %" PRIu64 " out, %" PRIu64 " retransmitted\n"
		       "cookies %" PRIu64 " sent, %" PRIu64 " back\n",
		       n.segments_in, n.segments_out, n.retransmits, n.verdict[SW_V_COOKIE_SENT],
		       n.verdict[SW_V_COOKIE]);
	return sum;
}

static void
prepare(struct many *m, char **argv)
{
	struct sw_drv_error error = {0};
	struct sw_config config;
	struct sw_addr kernel;
	unsigned prefix;

	if (sw_addr_parse(&m->local.addr, argv[2]) != 0 || sw_addr_parse(&kernel, argv[3]) != 0)
		die("address", "not one");
	prefix = sw_addr_is4(&kernel) ? 24 : 64;
	m->remote.addr = kernel;
	m->remote.port = m->local.port = (uint16_t)atoi(argv[6]);
	m->connects = strcmp(argv[5], "connect") == 0;
	m->count = (uint32_t)atoi(argv[4]);
	m->drv = sw_drv_tun(argv[1], &error);
	if (m->drv == NULL || sw_drv_up(m->drv, &kernel, prefix, 0, &error) != 0)
		die("device", error.text);
	sw_config_init(&config);
	config.msl = MSL;
	config.conns = 32;
	if (strcmp(argv[5], "cookies") == 0)
		config.cookies = SW_COOKIES_ALWAYS;
	if (strcmp(argv[5], "flood") == 0) {
		config.half_opens = 64;
		config.rto_init = config.rto_min;
		config.syn_ack_tries = 1;
	}
	m->stack = sw_drv_stack(&config, &m->arena);
	if (m->stack == NULL || sw_drv_attach(m->drv, m->stack) != 0 ||
	    sw_address_add(m->stack, 0, &m->local.addr, prefix) != 0)
		die("stack", "cannot be made");
	if (!m->connects && sw_open_passive(m->stack, sw_drv_now(), &m->local, 8, &m->listener))
		die("listen", "refused");
	printf("ready\n");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct many m = {0};
	sw_ns until;

	if (argc != 7)
		die("usage", "DEVICE OUR KERNEL COUNT connect|accept|cookies|flood PORT");
	prepare(&m, argv);
	for (uint32_t i = 0; i < m.count; i++)
		one(&m, i);
	until = sw_drv_now() + 2 * SW_S;
	while (left(&m, false) > 0 && sw_drv_now() < until)
		turn(&m, 10 * SW_MS);
	if (left(&m, true) > 0)
		die("after all", "records are left");
	printf("%" PRIu32 " connections, nothing left\n", m.count);
	sw_drv_close(m.drv);
	free(m.arena);
	return 0;
}
