/*
 * bench_xdp.c - packets a CPU second over a veth pair by AF_XDP: a transfer of ours, both
 * ends on one processor, beside the rings alone, which move packets of the same sizes and
 * numbers and look at none.
 *
 * Each run is a child's, in a network namespace of its own.  The rings' data packets and
 * answers stand in the proportion that ours had just before.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "bench.h"

#ifdef SW_WITH_XDP
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <xdp/xsk.h>

#include <synwave/sw_xdp.h>

enum { RING = 2048, FRAMES = 2 * RING, FRAME = 2048, BATCH = 32 };
enum { DATA = 1514, ANSWER = 66, PIECE = 65536, PORT = 80 };
enum { WINDOW = 65536, TURNS = 2 }; /* of B for one of A's: it sends so many batches */

struct rate {
	uint64_t data, answers;
	double took; /* seconds of the processor */
};

struct told { /* by the child */
	struct rate ours, rings;
	char wrong[BENCH_TEXT];
};

static int to_parent = -1;

/* In the child: says why, and ends. */
static _Noreturn void
die(const char *why)
{
	struct told told = {.wrong = ""};

	snprintf(told.wrong, sizeof(told.wrong), "%.180s", why);
	_exit(write(to_parent, &told, sizeof(told)) != sizeof(told));
}

static double
packets(const struct rate *r)
{
	return (double)(r->data + r->answers) / r->took;
}

/* ---- ours ------------------------------------------------------------------ */

struct side {
	struct sw_drv *drv;
	struct sw_stack *stack;
	void *arena;
	struct sw_endpoint at;
};

static void
side_init(struct side *s, const char *device, uint8_t host)
{
	struct sw_drv_error e;
	struct sw_config config;

	sw_config_init(&config);
	config.snd_buf = config.rcv_buf = WINDOW;
	s->drv = sw_drv_xdp(device, 0, SW_XDP_NATIVE, &e);
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
	struct sw_counters n = {.bytes = sizeof(n)};

	sw_counters(s->stack, &n);
	return n.packets_out;
}

/* A turn of A, and as many of B as take what came; the connection at B when there is one. */
static void
both(struct side s[2], sw_conn from, sw_conn listener, sw_conn *to)
{
	static uint8_t piece[PIECE];
	sw_ns now = sw_drv_now();

	while (sw_send(s[0].stack, now, from, piece, sizeof(piece), 0) > 0)
		continue;
	bench_look(s[0].stack, s[1].stack, now);
	for (int i = 0; i < 1 + TURNS; i++) {
		if (sw_drv_turn(s[i > 0].drv, 0, NULL, 0) != 0)
			die("the device is gone");
		if (*to == 0)
			sw_accept(s[1].stack, now, listener, to);
		while (*to != 0 && sw_receive(s[1].stack, now, *to, piece, sizeof(piece)) > 0)
			continue;
	}
}

static struct rate
ours(double seconds)
{
	struct rate r = {0};
	struct side s[2];
	sw_conn listener, from, to = 0;
	double begin;

	side_init(&s[0], "v0", 1);
	side_init(&s[1], "v1", 2);
	if (sw_open_passive(s[1].stack, sw_drv_now(), &s[1].at, 1, &listener) != 0 ||
	    sw_open_active(s[0].stack, sw_drv_now(), NULL, &s[1].at, &from) != 0)
		die("cannot open a connection");
	for (begin = bench_cpu(); bench_cpu() < begin + seconds / 4;)
		both(s, from, listener, &to);
	r.data = out_of(&s[0]);
	r.answers = out_of(&s[1]);
	for (begin = bench_cpu(); bench_cpu() < begin + seconds;)
		both(s, from, listener, &to);
	r.took = bench_cpu() - begin;
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
raw_init(struct raw *x, const char *device)
{
	struct xsk_umem_config u = {.fill_size = RING, .comp_size = RING, .frame_size = FRAME};
	struct xsk_socket_config c = {.rx_size = RING, .tx_size = RING};
	uint32_t at;
	int code = -1;

	memset(x, 0, sizeof(*x));
	c.bind_flags = XDP_USE_NEED_WAKEUP;
	c.xdp_flags = XDP_FLAGS_DRV_MODE;
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
rings(double seconds, const struct rate *like)
{
	double each = (double)like->answers / (double)like->data, owed = 0;
	struct rate r = {0};
	static struct raw x[2];
	double begin;

	raw_init(&x[0], "v0");
	raw_init(&x[1], "v1");
	begin = bench_cpu();
	while (r.took < seconds) {
		uint32_t came;

		raw_send(&x[0], BATCH, DATA);
		came = raw_receive(&x[1]);
		r.data += came;
		owed += each * came;
		owed -= raw_send(&x[1], (uint32_t)owed, ANSWER);
		r.answers += raw_receive(&x[0]);
		r.took = bench_cpu() - begin;
	}
	raw_end(&x[0]);
	raw_end(&x[1]);
	return r;
}

/* ---- the run ------------------------------------------------------------------ */

static _Noreturn void
child(double seconds)
{
	struct told told = {.wrong = ""};

	if (!bench_namespace() || system("ip link add v0 type veth peer name v1 2>/dev/null && "
					 "echo 1 > /proc/sys/net/ipv6/conf/v0/disable_ipv6 && "
					 "echo 1 > /proc/sys/net/ipv6/conf/v1/disable_ipv6 && "
					 "ip link set v0 up && ip link set v1 up") != 0)
		die("no network namespace with a veth pair (root and iproute2 are needed)");
	told.ours = ours(seconds);
	told.rings = rings(seconds, &told.ours);
	_exit(write(to_parent, &told, sizeof(told)) != sizeof(told));
}

static bool
xdp_run(double seconds, struct bench_figure *f, struct told *told)
{
	int ends[2];
	pid_t pid;
	bool whole;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return figure_wrong(f, "no pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		to_parent = ends[1];
		child(seconds);
	}
	close(ends[1]);
	whole = read(ends[0], told, sizeof(*told)) == sizeof(*told);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (!whole)
		return figure_wrong(f, "the transfer ended before its time");
	return told->wrong[0] == '\0' || figure_wrong(f, "%s", told->wrong);
}

bool
bench_xdp(const struct bench *job, struct bench_figure *f)
{
	double we[BENCH_RUNS_MAX], raw[BENCH_RUNS_MAX], answers[BENCH_RUNS_MAX];
	struct told t;

	f->unit = "of the rings alone";
	for (uint32_t i = 0; i < job->runs; i++) {
		if (!xdp_run((double)job->time / 1e9, f, &t))
			return false;
		we[i] = packets(&t.ours);
		raw[i] = packets(&t.rings);
		answers[i] = (double)t.ours.answers / (double)t.ours.data;
		figure_run(f, we[i] / raw[i]);
	}
	figure_note(f, "packets", median_of(we, f->runs));
	figure_note(f, "rings", median_of(raw, f->runs));
	figure_note(f, "answers", median_of(answers, f->runs));
	snprintf(f->text, sizeof(f->text),
		 "%.2f of what the rings alone move: %.0f packets a second of CPU (%.2f answers "
		 "each), and %.0f, by AF_XDP over veth",
		 figure_median(f), median_of(we, f->runs), median_of(answers, f->runs),
		 median_of(raw, f->runs));
	return true;
}

#else

bool
bench_xdp(const struct bench *job, struct bench_figure *f)
{
	(void)job;
	return figure_wrong(f, "this program was built without AF_XDP");
}

#endif
