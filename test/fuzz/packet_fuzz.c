/*
 * packet_fuzz - one packet to a fresh stack.
 *
 * The first byte chooses: how it arrives, whether its checksums are mended, and
 * what the stack holds: nothing but a listener, or an established connection,
 * idle, with data in flight, or half closed.  Where a connection is meant, the
 * packet's ports, sequence and acknowledgement numbers are taken as distances
 * from what would be right, so that the fuzzer need not guess 64 bits.
 *
 * Asked afterwards: every invariant holds, output ends, the deadline moves on.
 */
#include <stdlib.h>
#include <string.h>

#include <synwave/sw_probe.h>

#include "mend.h"

enum { ETHERNET = 1, MEND = 2, CONNECTED = 4, IN_FLIGHT = 8, CLOSED_BY_US = 16, V6 = 32,
       AGAIN = 64, VERIFIED = 128 };
enum { PORT = 80, PEER_PORT = 4000, OUTPUT_MAX = 300, DEADLINES = 6 };

#define check(expr) ((expr) ? (void)0 : abort())

static struct sw_config config;
static size_t arena_bytes;
static struct sw_stack *ready[3]; /* fresh; connected over IPv4; over IPv6 */
static void *work;
static const uint8_t text[600];

static struct sw_addr
host(int n, bool v6)
{
	if (v6)
		return (struct sw_addr){{0xfd, [15] = (uint8_t)n}};
	return sw_addr4(10, 0, 0, (uint8_t)n);
}

static void *
room(void)
{
	static void *all[16]; /* so that nothing looks lost */
	static int n;

	check(n < 16 && (all[n] = aligned_alloc(64, arena_bytes)));
	return all[n++];
}

static struct sw_stack *
stack_make(int n)
{
	struct sw_iface ip = {.link = SW_LINK_IP, .mtu = 1500};
	struct sw_iface ether = {.link = SW_LINK_ETHERNET, .mtu = 1500, .mac = {2, 0, 0, 0, 0, 1}};
	struct sw_addr a = host(n, false), b = host(n, true), c = sw_addr4(10, 1, 0, 1);
	struct sw_endpoint any = {.port = PORT};
	struct sw_stack *s;
	sw_conn listener;

	check(!sw_stack_init(&s, &config, room(), arena_bytes));
	check(sw_iface_add(s, &ip) == 0 && sw_iface_add(s, &ether) == 1);
	check(!sw_address_add(s, 0, &a, 24) && !sw_address_add(s, 0, &b, 64));
	check(!sw_address_add(s, 1, &c, 24));
	check(!sw_open_passive(s, 0, &any, 4, &listener));
	return s;
}

/* Carries what `from` says to `to`; how many packets. */
static size_t
carry(struct sw_stack *from, struct sw_stack *to)
{
	uint8_t b[2048];
	struct sw_packet p = {.data = b, .cap = sizeof(b)};
	size_t n = 0;

	while (sw_output(from, SW_MS, 0, &p, 1)) {
		p.iface = 0;
		sw_input(to, SW_MS, &p, 1);
		check(++n < OUTPUT_MAX);
	}
	return n;
}

static struct sw_stack *
connected(bool v6)
{
	struct sw_stack *s = stack_make(1), *peer = stack_make(2);
	struct sw_endpoint local = {host(2, v6), PEER_PORT}, remote = {host(1, v6), PORT};
	sw_conn c;

	sw_probe_force_iss(s, true, 1000);
	sw_probe_force_iss(peer, true, 2000);
	check(!sw_open_active(peer, SW_MS, &local, &remote, &c));
	while (carry(peer, s) + carry(s, peer))
		;
	return s;
}

int LLVMFuzzerInitialize(int *, char ***);
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	sw_config_minimal(&config);
	config.conns = config.actives = config.half_opens = 4;
	config.ifaces = 2;
	config.routes = 8;
	config.replies = config.neighbours = 4;
	config.chunks = config.records = 20;
	config.traces = 8;
	config.timestamps = config.window_scale = config.sack = config.nagle = true;
	config.datagrams = 2;
	config.datagram_bytes = 2000;
	arena_bytes = (sw_stack_bytes(&config) + 63) / 64 * 64;
	check(arena_bytes);
	ready[0] = stack_make(1);
	ready[1] = connected(false);
	ready[2] = connected(true);
	work = room();
	return 0;
}

static void
add_32(uint8_t *p, uint32_t n)
{
	n += (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* Makes a TCP packet one of the connection: addresses, ports, distances. */
static void
aim(uint8_t *p, size_t n, const struct sw_status *st)
{
	bool v6 = p[0] >> 4 == 6;
	size_t header = v6 ? 40 : (size_t)(p[0] & 15) * 4;
	uint8_t ports[4] = {PEER_PORT >> 8, PEER_PORT & 255, PORT >> 8, PORT & 255};

	if (n < header + 20 || header < 20 || p[v6 ? 6 : 9] != 6)
		return;
	if (v6) {
		memcpy(p + 8, st->remote.addr.b, 16);
		memcpy(p + 24, st->local.addr.b, 16);
	} else {
		memcpy(p + 12, st->remote.addr.b + 12, 4);
		memcpy(p + 16, st->local.addr.b + 12, 4);
	}
	memcpy(p + header, ports, 4);
	add_32(p + header + 4, st->rcv_nxt);
	add_32(p + header + 8, st->snd_una);
}

/* Everything that the stack has to say now, on both interfaces. */
static void
drain(struct sw_stack *s, sw_ns now)
{
	uint8_t b[2048];
	struct sw_packet p = {.data = b, .cap = sizeof(b)};

	for (int iface = 0; iface < 2; iface++)
		for (int n = 0; sw_output(s, now, iface, &p, 1); n++)
			check(n < OUTPUT_MAX && p.len <= 1514);
	check(sw_deadline(s) > now);
	check(!sw_probe_check(s));
	check(!sw_probe_broken(s));
}

static void
use(struct sw_stack *s, sw_ns now)
{
	struct sw_event e;
	uint8_t b[512];
	sw_conn c;

	for (int n = 0; sw_event(s, &e); n++) {
		check(n < OUTPUT_MAX);
		if (e.ready & SW_ACCEPTABLE)
			sw_accept(s, now, e.conn, &c);
		if (e.ready & SW_READABLE)
			sw_receive(s, now, e.conn, b, sizeof(b));
	}
}

/* The connection that stands ready, put into the state asked for. */
static void
prepare(struct sw_stack *s, unsigned mode, struct sw_status *st)
{
	struct sw_event e;
	sw_conn c = 0;

	while (sw_event(s, &e))
		if (e.ready & SW_ACCEPTABLE)
			check(!sw_accept(s, SW_MS, e.conn, &c));
	check(c);
	if (mode & IN_FLIGHT)
		check(sw_send(s, SW_MS, c, text, sizeof(text), 0) > 0);
	if (mode & CLOSED_BY_US)
		check(!sw_close(s, SW_MS, c));
	drain(s, SW_MS);
	check(!sw_status(s, c, st));
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sw_status st = {.bytes = sizeof(st)};
	struct sw_stack *s;
	struct sw_packet p = {0};
	unsigned mode;
	size_t ether;
	sw_ns now = 2 * SW_MS;

	if (n < 2 || n > 4096)
		return 0;
	mode = *data++;
	n--;
	check(!sw_copy(&s, work, arena_bytes, ready[!(mode & CONNECTED) ? 0 : mode & V6 ? 2 : 1]));
	if (mode & CONNECTED)
		prepare(s, mode, &st);

	p.data = malloc(n);
	memcpy(p.data, data, n);
	p.len = (uint32_t)n;
	p.iface = mode & ETHERNET ? 1 : 0;
	p.csum = mode & VERIFIED ? SW_CSUM_VERIFIED : SW_CSUM_NONE;
	ether = mode & ETHERNET ? 14 : 0;
	if (n > ether) {
		if (mode & CONNECTED)
			aim(p.data + ether, n - ether, &st);
		if (mode & MEND)
			mend_ip(p.data + ether, n - ether);
	}
	for (int i = 0; i < (mode & AGAIN ? 2 : 1); i++)
		sw_input(s, now, &p, 1);
	free(p.data);
	use(s, now);
	drain(s, now);
	for (int i = 0; i < DEADLINES && sw_deadline(s) != SW_NEVER; i++) {
		now = sw_deadline(s);
		drain(s, now);
		use(s, now);
	}
	return 0;
}
