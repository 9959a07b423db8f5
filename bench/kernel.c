/*
 * kernel.c - the work of `synwave bench` by the kernel's TCP, on one processor, in
 * network namespaces of its own.
 *
 *	bulk [--veth] [--plain]		one connection moves bytes, MTU 1500, CUBIC
 *	life [--idle N]			whole connections over loopback, N others idle
 *
 * Says one JSON object on a line, as `synwave bench -o json` does.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/median.h"
#include "lib/space.h"

enum { RUNS_MAX = 99, PORT = 9293, PIECE = 131072, SEGMENT = 1460, MTU = 1500, ADDRESSES = 256 };
enum { HOLDERS_MAX = 1024, SPARE = 50 };

static struct args {
	const char *what;
	int runs, time_ms;
	long idle;
	bool veth, plain;
} args = {.runs = 5, .time_ms = 500};

static void
wrong(const char *why)
{
	fprintf(stderr, "kernel: %s: %s%s%s\n", args.what, why, errno ? ": " : "",
		errno ? strerror(errno) : "");
	exit(1);
}

static double
seconds(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A child that does not outlive us. */
static pid_t
child_new(void)
{
	pid_t child = fork();

	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* ---- namespaces and devices ------------------------------------------------- */

static void
leave(void)
{
	if (!space_leave(CLONE_NEWNET))
		wrong("no network namespace (root, or user namespaces, are needed)");
}

static void
device_flag(int s, struct ifreq *r, uint32_t command)
{
	struct ethtool_value v = {.cmd = command, .data = 0};

	r->ifr_data = (char *)&v;
	ioctl(s, SIOCETHTOOL, r); /* some devices do not have all of them */
}

/* Up, with an address (0: as it is), MTU 1500, and without offloads if asked for. */
static void
device_up(const char *name, uint32_t addr)
{
	static const uint32_t offloads[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO};
	struct sockaddr_in at = {.sin_family = AF_INET};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r;

	memset(&r, 0, sizeof(r));
	memcpy(r.ifr_name, name, strlen(name));
	r.ifr_mtu = MTU;
	if (s < 0 || ioctl(s, SIOCSIFMTU, &r) != 0)
		wrong(name);
	for (size_t i = 0; args.plain && i < 3; i++)
		device_flag(s, &r, offloads[i]);
	at.sin_addr.s_addr = htonl(addr);
	memcpy(&r.ifr_addr, &at, sizeof(at));
	if (addr != 0 && ioctl(s, SIOCSIFADDR, &r) != 0)
		wrong(name);
	at.sin_addr.s_addr = htonl(0xffffff00u);
	memcpy(&r.ifr_netmask, &at, sizeof(at));
	if (addr != 0 && ioctl(s, SIOCSIFNETMASK, &r) != 0)
		wrong(name);
	r.ifr_flags = IFF_UP;
	if (ioctl(s, SIOCSIFFLAGS, &r) != 0)
		wrong(name);
	close(s);
}

/* The other end's namespace: a process that holds it, with v1 up in it. */
static pid_t
veth_make(int ends[2])
{
	char command[128], byte = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		wrong("no pipe");
	child = child_new();
	if (child == 0) {
		leave();
		if (write(ends[1], &byte, 1) != 1)
			_exit(1);
		raise(SIGSTOP); /* until v1 is here */
		device_up("v1", 0x0a4f0002);
		return 0;
	}
	if (read(ends[0], &byte, 1) != 1)
		wrong("no second namespace");
	snprintf(command, sizeof(command), "ip link add v0 type veth peer name v1 netns %d",
		 (int)child);
	errno = 0;
	if (system(command) != 0)
		wrong("no veth (iproute2 is needed)");
	device_up("v0", 0x0a4f0001);
	waitpid(child, NULL, WUNTRACED);
	kill(child, SIGCONT);
	return child;
}

/* ---- bulk --------------------------------------------------------------------- */

struct moved { /* by the receiver, from the time that counts */
	uint64_t bytes;
	double cpu, wall;
};

static int
tcp_socket(void)
{
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s < 0 || setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) != 0)
		wrong("the kernel has no CUBIC");
	return s;
}

/* Receives for ever; on each byte in `ask` it says what has come by then. */
static void
bulk_receive(int listener, int ask, int say)
{
	static char piece[PIECE];
	int s = accept(listener, NULL, NULL);
	struct pollfd p = {.fd = ask, .events = POLLIN};
	struct moved m = {0};
	char byte;
	ssize_t n;

	while ((n = read(s, piece, sizeof(piece))) > 0) {
		m.bytes += (uint64_t)n;
		if (poll(&p, 1, 0) != 1)
			continue;
		m.cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
		m.wall = seconds(CLOCK_MONOTONIC);
		if (read(ask, &byte, 1) != 1 || write(say, &m, sizeof(m)) != sizeof(m))
			break;
	}
	_exit(0);
}

static struct moved
bulk_so_far(int s, int ask, int say, double time)
{
	static const char piece[PIECE];
	double end = seconds(CLOCK_MONOTONIC) + time;
	struct moved m;
	struct pollfd p = {.fd = say, .events = POLLIN};

	while (seconds(CLOCK_MONOTONIC) < end)
		if (send(s, piece, sizeof(piece), MSG_NOSIGNAL) < 0)
			wrong("send");
	if (write(ask, "", 1) != 1)
		wrong("no answer");
	while (poll(&p, 1, 0) == 0)
		if (send(s, piece, sizeof(piece), MSG_NOSIGNAL) < 0)
			wrong("send");
	if (read(say, &m, sizeof(m)) != sizeof(m))
		wrong("no answer");
	m.cpu += seconds(CLOCK_PROCESS_CPUTIME_ID);
	return m;
}

static void
bulk(double *ns, double *gbit)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int ends[2], ask[2], say[2], s = -1, listener;
	struct moved a, b;
	pid_t child;

	leave();
	if (pipe2(ask, O_CLOEXEC) != 0 || pipe2(say, O_CLOEXEC) != 0)
		wrong("no pipe");
	if (!args.veth)
		device_up("lo", 0);
	child = args.veth ? veth_make(ends) : child_new();
	if (child == 0) {
		listener = tcp_socket();
		if (bind(listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
		    listen(listener, 1) != 0)
			wrong("no listener");
		bulk_receive(listener, ask[0], say[1]);
	}
	at.sin_addr.s_addr = htonl(args.veth ? 0x0a4f0002 : 0x7f000001);
	for (int tries = 0; tries < 200; tries++) { /* the listener comes by and by */
		s = tcp_socket();
		if (connect(s, (struct sockaddr *)&at, sizeof(at)) == 0)
			break;
		close(s);
		s = -1;
		usleep(10000);
	}
	if (s < 0)
		wrong("connect");
	bulk_so_far(s, ask[1], say[0], 0.3);
	for (int i = 0; i < args.runs; i++) {
		a = bulk_so_far(s, ask[1], say[0], 0);
		b = bulk_so_far(s, ask[1], say[0], args.time_ms / 1e3);
		ns[i] = (b.cpu - a.cpu) * 1e9 * SEGMENT / (double)(b.bytes - a.bytes);
		gbit[i] = (double)(b.bytes - a.bytes) * 8 / (b.wall - a.wall) / 1e9;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* ---- lifecycles ------------------------------------------------------------------ */

static int listener_fd, next_address;

static int
client(int type)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	int s = socket(AF_INET, SOCK_STREAM | type, 0), on = 1;

	at.sin_addr.s_addr = htonl(0x7f000100u + (uint32_t)(next_address++ % ADDRESSES));
	if (s < 0 || setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    connect(s, (struct sockaddr *)&at, sizeof(at)) != 0)
		wrong("connect");
	return s;
}

static void
byte_over(int from, int to)
{
	char byte = 1;

	if (send(from, &byte, 1, MSG_NOSIGNAL) != 1 || recv(to, &byte, 1, 0) != 1)
		wrong("a byte");
}

static void
life(void)
{
	int a = client(SOCK_CLOEXEC), b = accept4(listener_fd, NULL, NULL, SOCK_CLOEXEC);
	char byte;

	if (b < 0)
		wrong("accept");
	byte_over(a, b);
	byte_over(b, a);
	shutdown(a, SHUT_WR);
	if (recv(b, &byte, 1, 0) != 0)
		wrong("no end");
	close(b);
	close(a);
}

static void
life_listen(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	leave();
	device_up("lo", 0);
	put_file("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535");
	put_file("/proc/sys/net/ipv4/tcp_max_tw_buckets", "131072");
	errno = 0;
	listener_fd = tcp_socket();
	if (bind(listener_fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(listener_fd, 1024) != 0)
		wrong("no listener");
}

static double
slab_bytes(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	double kib = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Slab:", 5) == 0)
			kib = atof(line + 5);
	if (f != NULL)
		fclose(f);
	return kib * 1024;
}

/* A process that holds n pairs open until it is killed. */
static pid_t
holder(long n, int say)
{
	pid_t child = child_new();

	if (child != 0)
		return child;
	for (long i = 0; i < n; i++) {
		int a = client(0), b = accept(listener_fd, NULL, NULL);

		if (b < 0)
			wrong("accept");
		byte_over(a, b);
		byte_over(b, a);
	}
	if (write(say, "", 1) == 1)
		pause();
	_exit(1);
}

static pid_t holders[HOLDERS_MAX];
static int n_holders;

/* Pairs that stay open, as many a process as it may have; bytes of the kernel's slabs
 * that one end takes. */
static double
life_idle(void)
{
	struct rlimit limit;
	double before = slab_bytes();
	long each, left = args.idle;
	int ends[2];
	char byte;

	if (left == 0)
		return 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || pipe2(ends, O_CLOEXEC) != 0)
		wrong("no pipe");
	each = ((long)limit.rlim_cur - SPARE) / 2;
	for (; left > 0 && n_holders < HOLDERS_MAX; left -= each) {
		holders[n_holders] = holder(left < each ? left : each, ends[1]);
		if (holders[n_holders++] < 0 || read(ends[0], &byte, 1) != 1)
			wrong("no process to hold connections");
	}
	if (left > 0)
		wrong("descriptors are too few");
	return (slab_bytes() - before) / (double)(2 * args.idle);
}

static void
life_release(void)
{
	for (int i = 0; i < n_holders; i++) {
		kill(holders[i], SIGKILL);
		waitpid(holders[i], NULL, 0);
	}
}

static double
life_run(void)
{
	double start = seconds(CLOCK_PROCESS_CPUTIME_ID), now = start;
	long n = 0;

	while (now < start + args.time_ms / 1e3) {
		for (int i = 0; i < 50; i++, n++)
			life();
		now = seconds(CLOCK_PROCESS_CPUTIME_ID);
	}
	return (double)n / (now - start);
}

/* ---- all of it --------------------------------------------------------------------- */

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'r':
		args.runs = atoi(arg);
		if (args.runs < 1 || args.runs > RUNS_MAX)
			argp_error(state, "--runs is 1 to %d", RUNS_MAX);
		return 0;
	case 't':
		args.time_ms = atoi(arg);
		return 0;
	case 'i':
		args.idle = atol(arg);
		return 0;
	case 'v':
		args.veth = true;
		return 0;
	case 'p':
		args.plain = true;
		return 0;
	case ARGP_KEY_ARG:
		args.what = arg;
		return 0;
	case ARGP_KEY_END:
		if (args.what == NULL || (strcmp(args.what, "bulk") && strcmp(args.what, "life")))
			argp_error(state, "bulk or life?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static double
median(const double *v)
{
	double sorted[RUNS_MAX];

	memcpy(sorted, v, sizeof(sorted));
	return median_sort(sorted, args.runs);
}

int
main(int argc, char **argv)
{
	static const struct argp_option options[] = {
	    {"runs", 'r', "N", 0, "median of N (5)", 0},
	    {"time", 't', "MS", 0, "of one (500)", 0},
	    {"idle", 'i', "N", 0, "life: beside so many", 0},
	    {"veth", 'v', NULL, 0, "bulk: over a veth pair, not loopback", 0},
	    {"plain", 'p', NULL, 0, "bulk: without TSO, GSO and GRO", 0},
	    {0}};
	static const struct argp argp = {options, parse, "bulk|life", NULL, NULL, NULL, NULL};
	double v[RUNS_MAX] = {0}, gbit[RUNS_MAX] = {0}, bytes = 0;
	bool is_bulk;
	cpu_set_t set;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	is_bulk = strcmp(args.what, "bulk") == 0;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	if (is_bulk) {
		bulk(v, gbit);
	} else {
		life_listen();
		bytes = life_idle();
		for (int i = 0; i < args.runs; i++)
			v[i] = life_run();
		life_release();
	}
	printf("{\"bench\":\"kernel-%s\",\"value\":%.6g,\"gbit_s\":%.6g,\"bytes\":%.6g,\"runs\":[",
	       args.what, median(v), median(gbit), bytes);
	for (int i = 0; i < args.runs; i++)
		printf("%s%.6g", i ? "," : "", v[i]);
	printf("]}\n");
	return 0;
}
