/*
 * trace_hash - for each seed one line: the hash over every packet and every
 * trace event of a transfer in both directions on a bad path, and one over what
 * sw_export() gives of both connections now and then.  They must be the
 * same whatever compiled it, on 32 and 64 bits and either byte order.
 *
 *	trace_hash FIRST LAST
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <synwave/sw_probe.h>
#include <synwave/sw_sim.h>

enum { BYTES = 200000, EXPORT_EVERY = 500, EXPORT_MAX = 1 << 20 };

struct end {
	void *arena;
	struct sw_stack *stack;
	sw_conn listener, conn;
	uint32_t sent, received;
	uint64_t sum; /* FNV-1a of what came */
	bool closed;
};

static void
die(const char *what)
{
	fprintf(stderr, "trace_hash: %s\n", what);
	exit(1);
}

static struct sw_addr
address(int which, bool v6)
{
	struct sw_addr a = sw_addr4(10, 0, 0, (uint8_t)(which + 1));

	if (v6)
		a = (struct sw_addr){{0xfd, [15] = (uint8_t)(which + 1)}};
	return a;
}

static void
end_make(struct end *e, int which, bool v6)
{
	struct sw_config c;
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = 1500};
	struct sw_addr a = address(which, v6);
	size_t bytes;

	sw_config_init(&c);
	c.conns = c.actives = 8;
	c.half_opens = c.time_waits = 8;
	c.traces = 4096;
	c.secret[0] = (uint8_t)(which + 1);
	bytes = sw_stack_bytes(&c);
	*e = (struct end){.sum = 14695981039346656037u};
	e->arena = aligned_alloc(64, (bytes + 63) / 64 * 64);
	if (!e->arena || sw_stack_init(&e->stack, &c, e->arena, bytes))
		die("no stack");
	if (sw_iface_add(e->stack, &iface) || sw_address_add(e->stack, 0, &a, v6 ? 64 : 24))
		die("no interface");
}

static uint8_t
byte_at(int which, uint32_t at)
{
	return (uint8_t)(at * 167 + (at >> 8) * 31 + which);
}

static void
end_send(struct end *e, int which, sw_ns now)
{
	uint8_t b[1000];
	ptrdiff_t n = 1;

	if (!(sw_ready(e->stack, e->conn) & SW_OPENED))
		return;
	while (e->sent < BYTES && n > 0) {
		uint32_t len = BYTES - e->sent < sizeof(b) ? BYTES - e->sent : sizeof(b);

		for (uint32_t i = 0; i < len; i++)
			b[i] = byte_at(which, e->sent + i);
		n = sw_send(e->stack, now, e->conn, b, len, 0);
		e->sent += n > 0 ? (uint32_t)n : 0;
	}
	if (e->sent == BYTES && !e->closed && !sw_close(e->stack, now, e->conn))
		e->closed = true;
}

static void
end_turn(struct end *e, int which, sw_ns now)
{
	uint8_t b[4096];
	ptrdiff_t n;

	if (!e->conn && (!e->listener || sw_accept(e->stack, now, e->listener, &e->conn)))
		return;
	while ((n = sw_receive(e->stack, now, e->conn, b, sizeof(b))) > 0) {
		for (ptrdiff_t i = 0; i < n; i++, e->received++) {
			if (b[i] != byte_at(!which, e->received))
				die("a wrong byte");
			e->sum = (e->sum ^ b[i]) * 1099511628211u;
		}
	}
	end_send(e, which, now);
}

/* Adds the connection as bytes to the hash. */
static uint64_t
exported(const struct end *e, sw_ns now, uint64_t sum)
{
	static uint8_t bytes[EXPORT_MAX];
	ptrdiff_t n = sw_export(e->stack, now, e->conn, bytes, sizeof(bytes), SW_EXPORT_COPY);

	if (n > EXPORT_MAX)
		die("a connection is too large");
	for (ptrdiff_t i = 0; i < n; i++)
		sum = (sum ^ bytes[i]) * 1099511628211u;
	return sum;
}

static void
world(uint64_t seed)
{
	bool v6 = seed & 1;
	struct sw_sim_path path = {.bytes = sizeof(path),
				   .rate_bps = 20000000,
				   .delay = 10 * SW_MS,
				   .jitter = SW_MS,
				   .queue_bytes = 50000,
				   .mtu = 1500,
				   .loss = 50000,
				   .reorder = 50000,
				   .duplicate = 20000,
				   .corrupt = 10000};
	struct sw_sim *sim = sw_sim_new(seed);
	struct end e[2];
	struct sw_endpoint at = {address(1, v6), 80};
	uint64_t moved = 14695981039346656037u, steps = 0;

	for (int i = 0; i < 2; i++) {
		end_make(&e[i], i, v6);
		if (sw_sim_host(sim, e[i].stack, 0) != i)
			die("no host");
	}
	if (sw_sim_link(sim, 0, 1, &path, &path) < 0)
		die("no link");
	if (sw_open_passive(e[1].stack, 0, &at, 4, &e[1].listener) ||
	    sw_open_active(e[0].stack, 0, NULL, &at, &e[0].conn))
		die("no open");
	for (; sw_sim_step(sim, 3600 * SW_S); steps++) {
		for (int i = 0; i < 2; i++)
			end_turn(&e[i], i, sw_sim_now(sim));
		for (int i = 0; i < 2 && steps % EXPORT_EVERY == 0; i++)
			moved = exported(&e[i], sw_sim_now(sim), moved);
	}
	printf("%" PRIu64 " %016" PRIx64 " %016" PRIx64 " %" PRIu32 " %" PRIu32 " %" PRIu64 "\n",
	       seed, sw_sim_hash(sim), moved, e[0].received, e[1].received,
	       (uint64_t)(sw_sim_now(sim) / SW_US));
	for (int i = 0; i < 2; i++) {
		if (e[i].received != BYTES)
			die("bytes are missing");
		if (sw_probe_broken(e[i].stack))
			die("an invariant broke");
	}
	sw_sim_free(sim);
	for (int i = 0; i < 2; i++)
		free(e[i].arena);
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: trace_hash FIRST LAST\n");
		return 2;
	}
	for (uint64_t seed = strtoull(argv[1], NULL, 0); seed <= strtoull(argv[2], NULL, 0); seed++)
		world(seed);
	return 0;
}
