/*
 * kernel.c - a transfer between two network namespaces of the kernel, in real
 * time: each has a TUN device, and between the two stands the same path as for ours.
 *
 * All of it happens in a child, so that the namespaces go with it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <synwave/sw_drv.h>

#include "beside.h"
#include "space.h"

enum { A, B, PIECE = 262144, BATCH = 32, NAP_US = 50 };
#define LATE SW_MS /* a packet that comes so much after its time is counted */

struct kernel {
	const struct flow_job *job;
	struct sw_sim *sim;
	struct sw_drv *tun[2];
	int listener;
	int sock[FLOWS_MAX];
	sw_ns start;
	atomic_bool stop;
	atomic_ullong bytes[FLOWS_MAX], done;
	pthread_t threads[2 * FLOWS_MAX];
	int n_threads;
	uint64_t arrived, late; /* packets; of them more than LATE after their time */
	struct beside ours;	/* job->beside flows */
};

struct one { /* a thread's */
	struct kernel *k;
	int flow;
};

/* Buffers that never hold a transfer back, and nothing learnt from the run before. */
static void
tune(const struct flow_job *j)
{
	put_file("/proc/sys/net/ipv4/tcp_rmem", "4096 1048576 134217728");
	put_file("/proc/sys/net/ipv4/tcp_wmem", "4096 1048576 134217728");
	put_file("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
	put_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	put_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	if (j->no_tlp)
		put_file("/proc/sys/net/ipv4/tcp_early_retrans", "0");
}

/* The device's queue never is what loses packets. */
static bool
queue_long(const struct sw_drv *d)
{
	struct ifreq ifr = {.ifr_qlen = 10000};
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", sw_drv_name(d));
	good = s >= 0 && ioctl(s, SIOCSIFTXQLEN, &ifr) == 0;
	if (s >= 0)
		close(s);
	return good;
}

/* A device in the namespace that we are in, with the kernel's address; NULL. */
static struct sw_drv *
tun_make(const char *name, struct sw_addr at, unsigned prefix)
{
	struct sw_drv *d = sw_drv_tun(name, NULL);

	if (d == NULL)
		return NULL;
	if (queue_long(d) && sw_drv_up(d, &at, prefix, FLOW_MTU, NULL) == 0)
		return d;
	sw_drv_close(d);
	return NULL;
}

static int
sock_make(const char *cc)
{
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s >= 0 && setsockopt(s, IPPROTO_TCP, TCP_CONGESTION, cc, (socklen_t)strlen(cc)) == 0)
		return s;
	return -1;
}

/* The name of flow i's congestion control in the kernel. */
static const char *
kernel_cc(const struct flow_job *j, int i)
{
	const char *cc = i == 1 && j->second_cc ? j->second_cc : j->cc;

	return strcmp(cc, "bbr1") ? cc : "bbr";
}

/*
 * The path has the last processor for itself: what arrives is the business of the
 * others, also in the kernel.  Where that cannot be, it may come late (`late`).
 */
static void
processors_share(void)
{
	cpu_set_t all, last;
	int n;

	if (sched_getaffinity(0, sizeof(all), &all) < 0 || CPU_COUNT(&all) < 2)
		return;
	for (n = CPU_SETSIZE - 1; !CPU_ISSET(n, &all); n--)
		;
	CPU_ZERO(&last);
	CPU_SET(n, &last);
	sched_setaffinity(0, sizeof(last), &last);
}

/* What the devices of this namespace take in is worked on by the first processors. */
static void
steer(void)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	char mask[32];

	snprintf(mask, sizeof(mask), "%llx\n",
		 (1ull << (cpus < 2    ? 1
			   : cpus > 32 ? 31
				       : cpus - 1)) -
		     1);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("sysfs", "/sys", "sysfs", 0, NULL) == 0)
		for (int i = 0; i < 2; i++)
			put_file(i ? "/sys/class/net/t1/queues/rx-0/rps_cpus"
				   : "/sys/class/net/t0/queues/rx-0/rps_cpus",
				 mask);
}

/* t0 leads to the path and all that is behind it, t1 to our stack on this side. */
static bool
devices_make(struct kernel *k, int side)
{
	k->tun[side] = tun_make("t0", sw_addr4(10, 77, 0, (uint8_t)(side + 1)), 16);
	if (k->job->beside == 0)
		return k->tun[side] != NULL;
	k->ours.device[side] = tun_make("t1", sw_addr4(10, 77, (uint8_t)(side + 1), 254), 24);
	return k->tun[side] && k->ours.device[side] &&
	       put_file("/proc/sys/net/ipv4/ip_forward", "1");
}

/* Both namespaces, their devices and sockets; why not, or NULL. */
static const char *
kernel_begin(struct kernel *k)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(FLOW_PORT)};

	for (int side = A; side <= B; side++) {
		if (!space_leave(CLONE_NEWNET | CLONE_NEWNS))
			return "no network namespace (root, or user namespaces, are needed)";
		if (!devices_make(k, side))
			return "no TUN device in the namespace (/dev/net/tun is needed)";
		tune(k->job);
		steer();
		for (int i = 0; side == A && i < k->job->flows; i++)
			if ((k->sock[i] = sock_make(kernel_cc(k->job, i))) < 0)
				return "the kernel does not have this congestion control";
	}
	k->listener = sock_make(kernel_cc(k->job, 0));
	if (k->listener < 0 || bind(k->listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(k->listener, FLOWS_MAX) < 0)
		return "no listening socket";
	return NULL;
}

/* A flow is known by the port that it comes from. */
static uint16_t
flow_port(int flow)
{
	return (uint16_t)(FLOW_PORT + 1 + flow);
}

/* The next connection, and which flow's it is. */
static int
flow_accept(const struct kernel *k, int *flow)
{
	struct sockaddr_in from = {.sin_port = 0};
	socklen_t size = sizeof(from);
	int s = accept(k->listener, (struct sockaddr *)&from, &size);

	for (*flow = 0; *flow < k->job->flows; ++*flow)
		if (ntohs(from.sin_port) == flow_port(*flow))
			return s;
	return -1;
}

/* A thread: everything into the connection. */
static void *
sender(void *arg)
{
	struct one *me = arg;
	struct kernel *k = me->k;
	int s = k->sock[me->flow];
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(flow_port(me->flow))};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(FLOW_PORT)};
	uint64_t left = k->job->bytes ? k->job->bytes : UINT64_MAX;
	char *piece = calloc(1, PIECE);
	sw_ns at = k->start + (sw_ns)me->flow * k->job->apart;
	ssize_t n = 1;

	while (sw_drv_now() < at && !atomic_load(&k->stop))
		usleep(1000);
	to.sin_addr.s_addr = htonl(0x0a4d0002);
	if (piece && bind(s, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    connect(s, (struct sockaddr *)&to, sizeof(to)) == 0)
		while (left > 0 && n > 0 && !atomic_load(&k->stop)) {
			n = send(s, piece, left < PIECE ? left : PIECE, MSG_NOSIGNAL);
			left -= n > 0 ? (uint64_t)n : 0;
		}
	shutdown(s, SHUT_WR);
	free(piece);
	return NULL;
}

/* A thread: everything out of one connection. */
static void *
receiver(void *arg)
{
	struct kernel *k = arg;
	int flow, s = flow_accept(k, &flow);
	uint64_t all = 0;
	ssize_t n = 1;

	while (s >= 0 && n > 0) {
		n = recv(s, NULL, PIECE, MSG_TRUNC);
		sw_ns now = sw_drv_now() - k->start;

		if (n > 0 && now >= k->job->from && now < k->job->until)
			k->bytes[flow] += (uint64_t)n;
		all += n > 0 ? (uint64_t)n : 0;
		if (flow == 0 && k->job->bytes && all == k->job->bytes)
			k->done = now;
		if (atomic_load(&k->stop))
			break;
	}
	return NULL;
}

/* What has come over the path goes into the device at its end. */
static void
arrived(void *ctx, const struct sw_sim_seen *seen)
{
	struct kernel *k = ctx;
	/* it is not written to */
	struct sw_packet p = {
	    .data = (uint8_t *)(uintptr_t)seen->data, .len = seen->len, .cap = seen->len};

	if (seen->moment != SW_SIM_ARRIVED)
		return;
	k->arrived++;
	k->late += sw_drv_now() - k->start > seen->at + LATE;
	sw_drv_send(k->tun[seen->to], &p, 1);
}

/* What one end has sent goes on the path; how many packets. */
static int
take(struct kernel *k, int side)
{
	struct sw_packet p[BATCH];
	ptrdiff_t n = sw_drv_receive(k->tun[side], p, BATCH);

	for (ptrdiff_t i = 0; i < n; i++)
		sw_sim_transmit(k->sim, side, &p[i]);
	return n > 0 ? (int)n : 0;
}

/* The path, until the time is over. */
static void
carry(struct kernel *k)
{
	sw_ns now = 0, next;

	while (now < k->job->until && !(k->job->bytes && k->done)) {
		now = sw_drv_now() - k->start;
		sw_sim_run(k->sim, now);
		if (take(k, A) + take(k, B) > 0)
			continue;
		next = sw_sim_next(k->sim);
		if (next == SW_NEVER || next > now + 2 * NAP_US * SW_US)
			usleep(NAP_US);
	}
}

static bool
threads_start(struct kernel *k, struct one one[FLOWS_MAX])
{
	for (int i = 0; i < k->job->flows; i++) {
		one[i] = (struct one){k, i};
		if (pthread_create(&k->threads[k->n_threads++], NULL, receiver, k) != 0 ||
		    pthread_create(&k->threads[k->n_threads++], NULL, sender, &one[i]) != 0)
			return false;
	}
	return true;
}

static void
kernel_count(struct kernel *k, struct flow_result *r)
{
	struct sw_sim_counters w = {.bytes = sizeof(w)};

	sw_sim_counters(k->sim, A, &w);
	for (int i = 0; i < FLOWS_MAX; i++)
		r->bytes[i] = k->bytes[i];
	memcpy(r->beside, k->ours.pair.bytes, sizeof(r->beside));
	r->done = k->done;
	r->queue_dropped = w.queue_dropped;
	r->lost = w.lost;
	r->late = k->arrived ? (double)k->late / (double)k->arrived : 0;
}

/* In the child: the whole run; why not, or NULL. */
static const char *
kernel_run(const struct flow_job *j, struct flow_result *r)
{
	struct kernel k = {.job = j};
	struct flow_tail tail = {.bytes = j->bytes};
	struct one one[FLOWS_MAX];
	const char *why = kernel_begin(&k);

	if (why)
		return why;
	k.sim = sw_sim_new(j->seed);
	if (!k.sim || sw_sim_host(k.sim, NULL, 0) != A || sw_sim_host(k.sim, NULL, 0) != B ||
	    sw_sim_link(k.sim, A, B, &j->data, &j->ack) < 0)
		return "no memory for a path";
	sw_sim_tap(k.sim, arrived, &k);
	if (j->lose_last)
		sw_sim_filter(k.sim, flow_tail_passes, &tail);
	k.start = sw_drv_now();
	if (!threads_start(&k, one))
		return "no threads";
	if (j->beside > 0 && !beside_begin(&k.ours, j, k.start))
		return "no memory for two stacks, or no threads";
	processors_share();
	carry(&k);
	atomic_store(&k.stop, true);
	beside_end(&k.ours);
	kernel_count(&k, r);
	return NULL;
}

/* In a child, which takes its namespaces with it. */
static bool
in_child(const char *(*run)(const struct flow_job *, struct flow_result *),
	 const struct flow_job *j, struct flow_result *r, const char **why)
{
	static char text[128];
	int ends[2], status = 0;
	ssize_t n;
	pid_t child;

	memset(r, 0, sizeof(*r));
	*why = "no child process";
	if (pipe(ends) < 0)
		return false;
	child = fork();
	if (child == 0) {
		const char *wrong;

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* broken off: not without us */
		wrong = run(j, r);

		n = wrong ? write(ends[1], wrong, strlen(wrong)) : write(ends[1], r, sizeof(*r));
		_exit(wrong || n != sizeof(*r));
	}
	close(ends[1]);
	n = child < 0 ? -1 : read(ends[0], r, sizeof(*r));
	close(ends[0]);
	if (child > 0)
		waitpid(child, &status, 0);
	if (n == sizeof(*r) && status == 0)
		return true;
	if (n > 0 && n < (ssize_t)sizeof(text)) {
		memcpy(text, r, (size_t)n);
		text[n] = '\0';
		*why = text;
	}
	memset(r, 0, sizeof(*r));
	return false;
}

bool
flow_kernel(const struct flow_job *j, struct flow_result *r, const char **why)
{
	return in_child(kernel_run, j, r, why);
}

/* In the child: all that a run needs, and no run. */
static const char *
kernel_try(const struct flow_job *j, struct flow_result *r)
{
	struct kernel k = {.job = j};

	(void)r;
	return kernel_begin(&k);
}

bool
flow_kernel_ready(const char **why)
{
	const struct flow_job j = {.cc = "cubic", .flows = 1};
	struct flow_result r;

	return in_child(kernel_try, &j, &r, why);
}
