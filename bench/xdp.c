/*
 * xdp.c - packets a CPU second over a veth pair by AF_XDP: a transfer of ours, both ends on
 * one core, beside the rings alone, which move packets of the same sizes and numbers
 * and look at none.
 *
 *	build/bench/xdp [ROUNDS [native|generic]]
 *
 * Rounds of both alternate; the rings' data packets and answers stand in the proportion
 * that ours had just before.  Medians.  Needs root: it makes a namespace of its own.
 */
#define _GNU_SOURCE
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <xdp/xsk.h>

#include <synwave/sw_xdp.h>

#include "lib/median.h"

enum { ROUNDS_MOST = 99, RING = 2048, FRAMES = 2 * RING, FRAME = 2048, BATCH = 32 };
enum { DATA = 1514, ANSWER = 66, PIECE = 65536, PORT = 80 };

static const sw_ns round_ns = SW_S / 2;

struct rate {
	uint64_t data, answers;
	sw_ns took;
};

static _Noreturn void
die(const char *why)
{
	fprintf(stderr, "xdp: %s\n", why);
	exit(1);
}

/* What this process used of its processor: others may be on it, too. */
static sw_ns
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (sw_ns)t.tv_sec * SW_S + (sw_ns)t.tv_nsec;
}

static double
packets(const struct rate *r)
{
	return (double)(r->data + r->answers) / ((double)r->took / (double)SW_S);
}

/* ---- ours ------------------------------------------------------------------ */

struct side {
	struct sw_drv *drv;
	struct sw_stack *stack;
	void *arena;
	struct sw_endpoint at;
};

static void
side_init(struct side *s, const char *device, unsigned how, uint8_t host)
{
	struct sw_drv_error e;
	struct sw_config config;

	sw_config_init(&config);
	s->drv = sw_drv_xdp(device, 0, how, &e);
	if (s->drv == NULL || sw_drv_up(s->drv, NULL, 0, 0, &e) != 0)
		die(e.text);
	s->at = (struct sw_endpoint){sw_addr4(10, 0, 0, host), PORT};
	s->stack = sw_drv_stack(&config, &s->arena);
	if (s->stack == NULL || sw_drv_attach(s->drv, s->stack) != 0 ||
	    sw_address_add(s->stack, 0, &s->at.addr, 24) != 0)
		die("cannot make a stack");
}

static uint64_t
out_of(const struct side *s)
{
	struct sw_counters n = {.bytes = sizeof n};

	sw_counters(s->stack, &n);
	return n.packets_out;
}

/* One turn of both ends; the connection at B when there is one. */
static void
both(struct side s[2], sw_conn from, sw_conn listener, sw_conn *to)
{
	static uint8_t piece[PIECE];
	sw_ns now = sw_drv_now();

	while (sw_send(s[0].stack, now, from, piece, sizeof piece, 0) > 0)
		continue;
	if (sw_drv_turn(s[0].drv, 0, NULL, 0) != 0 || sw_drv_turn(s[1].drv, 0, NULL, 0) != 0)
		die("the device is gone");
	if (*to == 0)
		sw_accept(s[1].stack, now, listener, to);
	while (*to != 0 && sw_receive(s[1].stack, now, *to, piece, sizeof piece) > 0)
		continue;
}

static struct rate
ours(unsigned how)
{
	struct rate r = {0};
	struct side s[2];
	sw_conn listener, from, to = 0;
	sw_ns begin, end;

	side_init(&s[0], "v0", how, 1);
	side_init(&s[1], "v1", how, 2);
	begin = sw_drv_now();
	if (sw_open_passive(s[1].stack, begin, &s[1].at, 1, &listener) != 0 ||
	    sw_open_active(s[0].stack, begin, NULL, &s[1].at, &from) != 0)
		die("cannot open a connection");
	for (end = cpu_now() + round_ns / 4; cpu_now() < end;)
		both(s, from, listener, &to);
	r.data = out_of(&s[0]);
	r.answers = out_of(&s[1]);
	begin = cpu_now();
	for (end = begin + round_ns; cpu_now() < end;)
		both(s, from, listener, &to);
	r.took = cpu_now() - begin;
	r.data = out_of(&s[0]) - r.data;
	r.answers = out_of(&s[1]) - r.answers;
	if (to == 0 || r.data == 0)
		die("nothing went over");
	for (int i = 0; i < 2; i++) {
		sw_drv_close(s[i].drv);
		free(s[i].arena);
	}
	return r;
}

/* ---- the rings alone ------------------------------------------------------- */

struct raw {
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons done, rx;
	uint8_t *area;
	uint64_t free[FRAMES];
	uint32_t n_free;
	int fd;
};

static void
raw_init(struct raw *x, const char *device, unsigned how)
{
	struct xsk_umem_config u = {.fill_size = RING, .comp_size = RING, .frame_size = FRAME};
	struct xsk_socket_config c = {.rx_size = RING, .tx_size = RING};
	uint32_t at;
	int code = -1;

	memset(x, 0, sizeof *x);
	c.bind_flags = XDP_USE_NEED_WAKEUP;
	c.xdp_flags = how == SW_XDP_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	for (int i = 0; i < 100 && code != 0; i++, usleep(5000)) { /* its last user goes slowly */
		x->area = mmap(NULL, (size_t)FRAMES * FRAME, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (x->area == MAP_FAILED ||
		    xsk_umem__create(&x->umem, x->area, (size_t)FRAMES * FRAME, &x->fill, &x->done,
				     &u) != 0)
			die("no memory for frames");
		code = xsk_socket__create(&x->socket, device, 0, x->umem, &x->rx, &x->tx, &c);
		if (code != 0) {
			xsk_umem__delete(x->umem);
			munmap(x->area, (size_t)FRAMES * FRAME);
		}
	}
	if (code != 0 || xsk_ring_prod__reserve(&x->fill, RING, &at) != RING)
		die("no AF_XDP socket");
	for (uint32_t i = 0; i < RING; i++) {
		*xsk_ring_prod__fill_addr(&x->fill, at + i) = (uint64_t)i * FRAME;
		x->free[x->n_free++] = (uint64_t)(RING + i) * FRAME;
	}
	xsk_ring_prod__submit(&x->fill, RING);
	x->fd = xsk_socket__fd(x->socket);
}

static void
raw_end(struct raw *x)
{
	xsk_socket__delete(x->socket);
	xsk_umem__delete(x->umem);
	munmap(x->area, (size_t)FRAMES * FRAME);
}

/* Up to n frames of this size on their way; how many. */
static uint32_t
raw_send(struct raw *x, uint32_t n, uint32_t len)
{
	uint32_t at, got = xsk_ring_cons__peek(&x->done, RING, &at);

	for (uint32_t i = 0; i < got; i++)
		x->free[x->n_free++] = *xsk_ring_cons__comp_addr(&x->done, at + i);
	xsk_ring_cons__release(&x->done, got);
	if (n > x->n_free)
		n = x->n_free;
	if (n == 0 || xsk_ring_prod__reserve(&x->tx, n, &at) != n)
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t frame = x->free[--x->n_free];

		memset(x->area + frame, 2, 14); /* to some MAC; no protocol */
		*xsk_ring_prod__tx_desc(&x->tx, at + i) =
		    (struct xdp_desc){.addr = frame, .len = len};
	}
	xsk_ring_prod__submit(&x->tx, n);
	if (xsk_ring_prod__needs_wakeup(&x->tx))
		sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	return n;
}

/* Takes all that came; how many. */
static uint32_t
raw_receive(struct raw *x)
{
	uint32_t from, to, got, all = 0;

	while ((got = xsk_ring_cons__peek(&x->rx, BATCH, &from)) > 0) {
		if (xsk_ring_prod__reserve(&x->fill, got, &to) != got)
			die("the fill ring is full");
		for (uint32_t i = 0; i < got; i++)
			*xsk_ring_prod__fill_addr(&x->fill, to + i) =
			    xsk_ring_cons__rx_desc(&x->rx, from + i)->addr & ~(uint64_t)(FRAME - 1);
		xsk_ring_prod__submit(&x->fill, got);
		xsk_ring_cons__release(&x->rx, got);
		all += got;
	}
	return all;
}

/* The same number of answers for each data packet as `like` had. */
static struct rate
rings(unsigned how, const struct rate *like)
{
	double each = (double)like->answers / (double)like->data, owed = 0;
	struct rate r = {0};
	static struct raw x[2];
	sw_ns begin;

	raw_init(&x[0], "v0", how);
	raw_init(&x[1], "v1", how);
	begin = cpu_now();
	while (r.took < round_ns) {
		raw_send(&x[0], BATCH, DATA);
		uint32_t came = raw_receive(&x[1]);

		r.data += came;
		owed += each * came;
		owed -= raw_send(&x[1], (uint32_t)owed, ANSWER);
		r.answers += raw_receive(&x[0]);
		r.took = cpu_now() - begin;
	}
	raw_end(&x[0]);
	raw_end(&x[1]);
	return r;
}

/* ---- the run ------------------------------------------------------------------ */

static void
prepare(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof one, &one);
	if (unshare(CLONE_NEWNET) != 0 ||
	    system("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && "
		   "sysctl -qw net.ipv6.conf.default.disable_ipv6=1 && "
		   "ip link add v0 type veth peer name v1 && ip link set v0 up && "
		   "ip link set v1 up") != 0)
		die("no namespace with a veth pair (root and iproute2 are needed)");
}

int
main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 5;
	unsigned how = argc > 2 && strcmp(argv[2], "generic") == 0 ? SW_XDP_GENERIC : SW_XDP_NATIVE;
	double we[ROUNDS_MOST], raw[ROUNDS_MOST], share[ROUNDS_MOST];

	if (rounds < 1 || rounds > ROUNDS_MOST)
		die("usage: xdp [ROUNDS [native|generic]]");
	prepare();
	for (int i = 0; i < rounds; i++) {
		struct rate o = ours(how), r = rings(how, &o);

		we[i] = packets(&o);
		raw[i] = packets(&r);
		share[i] = we[i] / raw[i];
		printf(
		    "round %d: ours %.0f packets/s (%.2f answers each, %.2f Gbit/s), rings alone "
		    "%.0f, share %.2f\n",
		    i + 1, we[i], (double)o.answers / (double)o.data,
		    (double)o.data * 1448 * 8 / (double)o.took, raw[i], share[i]);
		fflush(stdout);
	}
	printf("median: ours %.0f packets/s, rings alone %.0f, share %.2f\n",
	       median_sort(we, rounds), median_sort(raw, rounds), median_sort(share, rounds));
	return 0;
}
