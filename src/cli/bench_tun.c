/*
 * bench_tun.c - our stack on a TUN device against the kernel's, on one processor: what
 * goes through, either way.
 *
 * A child process has a network namespace of its own, with the device and nothing
 * else; the kernel's program is a child of that.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <synwave/sw_drv.h>
#include <synwave/sw_simd.h>

#include "bench.h"

enum { BATCH = 32, ROOM = 65536 + 64, PIECE = 262144, PORT = 9293, WINDOW = 4 << 20 };
enum { WARM_MS = 300, NAP_MS = 500 };

struct tun {
	struct sw_drv *device;
	struct sw_stack *stack;
	void *arena;
	sw_conn conn; /* 0: not open yet */
	struct sw_packet out[BATCH];
	size_t from, to; /* of out, what still waits for the device */
	uint8_t *frames, *piece;
	uint64_t moved; /* bytes acknowledged, or taken */
	uint64_t given;
	bool up, failed;
};

struct told { /* by the child */
	double gbit;
	char wrong[BENCH_TEXT];
};

/* ---- the kernel's program ----------------------------------------------------- */

/* Takes or sends until the other side has enough. */
static void
kernel_program(int listener, bool takes)
{
	char *piece = calloc(1, PIECE);
	int s = accept(listener, NULL, NULL);
	ssize_t n = piece != NULL ? 1 : 0;

	while (s >= 0 && n > 0)
		n = takes ? read(s, piece, PIECE) : send(s, piece, PIECE, MSG_NOSIGNAL);
	_exit(0);
}

/* The child that runs it; -1: why is said. */
static pid_t
kernel_start(bool takes, struct told *told)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t child = -1;

	if (s < 0 || setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) != 0 ||
	    bind(s, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(s, 1) != 0)
		snprintf(told->wrong, sizeof(told->wrong), "no socket of the kernel's: %s",
			 strerror(errno));
	else
		child = fork();
	if (child == 0)
		kernel_program(s, takes);
	if (s >= 0)
		close(s);
	return child;
}

/* ---- our side ------------------------------------------------------------------- */

static void
tun_programs(struct tun *t, sw_ns now)
{
	struct sw_event e;
	ptrdiff_t n;

	while (sw_event(t->stack, &e)) {
		t->failed |= (e.ready & (SW_FAILED | SW_ENDED)) != 0;
		while (t->up && (e.ready & SW_WRITABLE) &&
		       (n = sw_send(t->stack, now, e.conn, t->piece, PIECE, 0)) > 0)
			t->given += (uint64_t)n;
		while (!t->up && (n = sw_receive(t->stack, now, e.conn, t->piece, PIECE)) > 0)
			t->moved += (uint64_t)n;
	}
}

/* Gives the device what the stack has to say, as much as it takes; false: nothing. */
static bool
tun_output(struct tun *t, sw_ns now)
{
	ptrdiff_t n;
	bool any = false;

	do {
		if (t->from == t->to) {
			t->from = 0;
			t->to = sw_output(t->stack, now, 0, t->out, BATCH);
		}
		n = t->to > t->from ? sw_drv_send(t->device, t->out + t->from, t->to - t->from) : 0;
		t->failed |= n < 0;
		t->from += n > 0 ? (size_t)n : 0;
		any |= n > 0;
	} while (n > 0 && t->from == t->to);
	return any;
}

static void
tun_turn(struct tun *t)
{
	struct sw_packet in[BATCH];
	struct pollfd fd = {.fd = sw_drv_fd(t->device), .events = POLLIN};
	ptrdiff_t n = sw_drv_receive(t->device, in, BATCH);
	sw_ns now = sw_drv_now(), due;
	struct timespec nap;

	t->failed |= n < 0;
	if (n > 0)
		sw_input(t->stack, now, in, (size_t)n);
	tun_programs(t, now);
	if (tun_output(t, now) || n > 0)
		return;
	due = sw_deadline(t->stack);
	now = sw_drv_now();
	if (t->from < t->to)
		fd.events |= POLLOUT;
	if (due <= now)
		return;
	due = due - now < NAP_MS * SW_MS ? due - now : NAP_MS * SW_MS;
	nap = (struct timespec){.tv_nsec = (long)due};
	ppoll(&fd, 1, &nap, NULL);
}

/* Bytes that have got through. */
static uint64_t
tun_moved(const struct tun *t)
{
	struct sw_status st = {.bytes = sizeof(st)};

	if (!t->up)
		return t->moved;
	return sw_status(t->stack, t->conn, &st) == SW_OK ? t->given - st.snd_queued : 0;
}

static void
tun_for(struct tun *t, sw_ns time)
{
	sw_ns end = sw_drv_now() + time;

	while (sw_drv_now() < end && !t->failed) {
		tun_turn(t);
		bench_look(t->stack, NULL, sw_drv_now());
	}
}

static bool
tun_open(struct tun *t, const struct bench *job, struct told *told)
{
	struct sw_addr kernel = sw_addr4(10, 78, 0, 1);
	struct sw_drv_error e;

	t->device = sw_drv_tun("sw0", &e);
	if (t->device == NULL || sw_drv_up(t->device, &kernel, 24, 0, &e) != 0) {
		snprintf(told->wrong, sizeof(told->wrong), "%.180s", e.text);
		return false;
	}
	if (job->plain)
		ioctl(sw_drv_fd(t->device), TUNSETOFFLOAD, 0ul);
	return true;
}

static bool
tun_stack(struct tun *t, const struct bench *job)
{
	struct sw_addr ours = sw_addr4(10, 78, 0, 2);
	struct sw_endpoint to = {.addr = sw_addr4(10, 78, 0, 1), .port = PORT};
	struct sw_iface kind;
	struct sw_config c;

	sw_config_init(&c);
	c.snd_buf = c.rcv_buf = WINDOW;
	c.chunk_bytes = 16384;
	c.chunks = 4 * (WINDOW / c.chunk_bytes);
	c.copy_sum = sw_simd_copy_sum(sw_simd_best());
	c.sum = sw_simd_sum(sw_simd_best());
	t->stack = sw_drv_stack(&c, &t->arena);
	t->piece = calloc(1, PIECE);
	t->frames = malloc((size_t)BATCH * ROOM);
	if (t->stack == NULL || t->piece == NULL || t->frames == NULL)
		return false;
	for (size_t i = 0; i < BATCH; i++) {
		t->out[i].data = t->frames + i * ROOM;
		t->out[i].cap = ROOM;
	}
	sw_drv_iface(t->device, &kind);
	if (job->plain) {
		kind.gso_max = 0;
		kind.tx_csum = false;
	}
	return sw_iface_add(t->stack, &kind) == 0 &&
	       sw_address_add(t->stack, 0, &ours, 24) == SW_OK &&
	       sw_open_active(t->stack, sw_drv_now(), NULL, &to, &t->conn) == SW_OK;
}

/* In the child: one transfer. */
static void
tun_child(const struct bench *job, bool up, struct told *told)
{
	struct tun t = {.up = up};
	uint64_t before;
	pid_t kernel;
	sw_ns from;

	if (!tun_open(&t, job, told))
		return;
	kernel = kernel_start(up, told);
	if (kernel < 0)
		return;
	if (!tun_stack(&t, job))
		snprintf(told->wrong, sizeof(told->wrong), "no memory for a stack");
	else
		tun_for(&t, WARM_MS * SW_MS);
	before = t.stack != NULL ? tun_moved(&t) : 0;
	from = sw_drv_now();
	if (told->wrong[0] == '\0')
		tun_for(&t, job->time);
	if (told->wrong[0] == '\0' && (t.failed || tun_moved(&t) == before))
		snprintf(told->wrong, sizeof(told->wrong), "the connection failed");
	else if (told->wrong[0] == '\0')
		told->gbit = (double)(tun_moved(&t) - before) * 8 / (double)(sw_drv_now() - from);
	kill(kernel, SIGKILL);
	waitpid(kernel, NULL, 0);
}

/* One direction, in a child of its own. */
static bool
tun_run(const struct bench *job, bool up, struct bench_figure *f, double *gbit)
{
	struct told told = {0};
	int ends[2];
	pid_t child;
	bool whole;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return figure_wrong(f, "no pipe: %s", strerror(errno));
	child = fork();
	if (child == 0) {
		if (!bench_namespace())
			snprintf(told.wrong, sizeof(told.wrong),
				 "no network namespace (root, or user namespaces, are needed)");
		else
			tun_child(job, up, &told);
		_exit(write(ends[1], &told, sizeof(told)) != sizeof(told));
	}
	close(ends[1]);
	whole = read(ends[0], &told, sizeof(told)) == sizeof(told);
	close(ends[0]);
	if (child > 0)
		waitpid(child, NULL, 0);
	if (!whole)
		return figure_wrong(f, "the transfer ended before its time");
	*gbit = told.gbit;
	return told.wrong[0] == '\0' || figure_wrong(f, "%s", told.wrong);
}

bool
bench_tun(const struct bench *job, struct bench_figure *f)
{
	double up[BENCH_RUNS_MAX], down[BENCH_RUNS_MAX];

	f->unit = "Gbit/s";
	for (uint32_t i = 0; i < job->runs; i++) {
		if (!tun_run(job, true, f, &up[i]) || !tun_run(job, false, f, &down[i]))
			return false;
		figure_run(f, up[i] < down[i] ? up[i] : down[i]);
	}
	figure_note(f, "sent", median_of(up, f->runs));
	figure_note(f, "received", median_of(down, f->runs));
	snprintf(f->text, sizeof(f->text),
		 "%.2f Gbit/s to the kernel, %.2f from it, over TUN%s, all on one core",
		 median_of(up, f->runs), median_of(down, f->runs),
		 job->plain ? " without offloads" : "");
	return true;
}
