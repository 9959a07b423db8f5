/*
 * end_kernel.c - the Linux kernel's TCP as the end of a script, in real time: a TUN
 * device in a network namespace of its own.
 *
 * What the kernel sends is seen twice: by a packet socket, which knows when it was
 * sent, and by the device, which must be emptied.  The namespace goes with the
 * process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "end_kernel.h"

enum { AT_ONCE = 10000, PATIENCE_S = 10, SPIN_NS = 60000, SNIFF_BYTES = 8 << 20 };

static sw_ns
kernel_time(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (sw_ns)t.tv_sec * SW_S + (sw_ns)t.tv_nsec;
}

static sw_ns
kernel_clock(struct drill_run *r)
{
	(void)r;
	return kernel_time(CLOCK_MONOTONIC);
}

/* ---- making it ----------------------------------------------------------- */

/* The packet socket: all that leaves by the device, with its time. */
static const char *
kernel_sniff(struct drill_kernel *k)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int on = 1, bytes = SNIFF_BYTES;

	k->sniff = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	at.sll_ifindex = k->index;
	if (k->sniff < 0 || bind(k->sniff, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    setsockopt(k->sniff, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		return "no packet socket could be opened";
	setsockopt(k->sniff, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return NULL;
}

/* What would cost time within a script is done before; a share of a processor, if it is given. */
static void
kernel_warm(void)
{
	struct sched_param p = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);

	if (fd >= 0) {
		if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
			listen(fd, 1);
		close(fd);
	}
	mlockall(MCL_CURRENT);
	sched_setscheduler(0, SCHED_FIFO, &p);
}

static const char *
kernel_make(struct drill_run *r)
{
	struct drill_kernel *k = calloc(1, sizeof(*k));
	const char *why;

	if (!k)
		return "no memory";
	r->inside = k;
	k->device = k->sniff = -1;
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_TIMERSLACK, 1ul);
	why = drill_kernel_enter();
	if (!why)
		why = drill_kernel_device(r, k);
	if (!why)
		why = kernel_sniff(k);
	k->offset = (int64_t)(kernel_time(CLOCK_MONOTONIC) - kernel_time(CLOCK_REALTIME));
	kernel_warm();
	r->now = kernel_clock(r);
	return why;
}

static void
kernel_free(struct drill_run *r)
{
	struct drill_kernel *k = r->inside;

	if (!k)
		return;
	if (k->sniff >= 0)
		close(k->sniff);
	if (k->device >= 0)
		close(k->device);
	free(k);
}

/* net.ipv4.tcp_sack is /proc/sys/net/ipv4/tcp_sack; only names below net. exist a namespace. */
static bool
kernel_sysctl(struct drill_run *r, const char *name, const char *value)
{
	char path[128];
	bool written = false;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (char *p = path + sizeof("/proc/sys"); *p; p++)
		*p = *p == '.' ? '/' : *p;
	fd = strncmp(name, "net.", 4) || strchr(name, '/') ? -1 : open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		written = write(fd, value, strlen(value)) > 0;
		close(fd);
	}
	if (!written && r->settings->verbose)
		fprintf(r->settings->out, "%s: note: %s is not a setting of a namespace here\n",
			r->script->path, name);
	return written;
}

/* ---- packets ------------------------------------------------------------- */

/* What the kernel says to its neighbours of itself: no script is about that. */
static bool
kernel_chatter(const uint8_t *p, uint32_t n)
{
	const uint8_t *icmp = p + DRILL_IP6_HEADER;

	if (n < DRILL_IP6_HEADER + 8 || p[0] >> 4 != 6)
		return n >= DRILL_IP4_HEADER && p[0] >> 4 == 4 && p[9] == IPPROTO_IGMP;
	if (p[6] == IPPROTO_HOPOPTS) /* router alert: MLD */
		return icmp[0] == IPPROTO_ICMPV6;
	return p[6] == IPPROTO_ICMPV6 && icmp[0] >= 130 && icmp[0] <= 143;
}

/* One packet of the sniffer; false: there is none. */
static bool
kernel_take(struct drill_run *r, struct drill_kernel *k)
{
	char control[256];
	struct sockaddr_ll from;
	struct iovec v = {r->frame, DRILL_FRAME};
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof(from),
			   .msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(k->sniff, &m, 0);
	sw_ns at = kernel_clock(r);

	if (n < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct timespec t;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		at = (sw_ns)((int64_t)t.tv_sec * (int64_t)SW_S + t.tv_nsec + k->offset);
	}
	if (from.sll_pkttype == PACKET_OUTGOING && !kernel_chatter(r->frame, (uint32_t)n))
		drill_frame_take(r, r->frame, (uint32_t)n, at);
	return true;
}

static void
kernel_pump(struct drill_run *r)
{
	struct drill_kernel *k = r->inside;

	for (int i = 0; i < AT_ONCE && read(k->device, r->frame, DRILL_FRAME) > 0; i++)
		continue;
	for (int i = 0; i < AT_ONCE && kernel_take(r, k); i++)
		continue;
	r->now = kernel_clock(r);
}

static void
kernel_input(struct drill_run *r, const struct sw_packet *p, size_t n)
{
	struct drill_kernel *k = r->inside;

	for (size_t i = 0; i < n; i++)
		if (write(k->device, p[i].data, p[i].len) != (ssize_t)p[i].len)
			drill_fail(r, "the device does not take it: %s", strerror(errno));
	kernel_pump(r);
}

/* ---- time ---------------------------------------------------------------- */

static bool
kernel_wait(struct drill_run *r, sw_ns until)
{
	struct drill_kernel *k = r->inside;
	struct pollfd p[2] = {{.fd = k->sniff, .events = POLLIN},
			      {.fd = k->device, .events = POLLIN}};
	sw_ns now = kernel_clock(r), left = until > now ? until - now : 0;
	struct timespec t;

	left = left > SW_S ? SW_S : left > SPIN_NS ? left - SPIN_NS : 0;
	t = (struct timespec){.tv_sec = (time_t)(left / SW_S), .tv_nsec = (long)(left % SW_S)};
	drill_unlock(r);
	ppoll(p, 2, &t, NULL);
	drill_lock(r);
	kernel_pump(r);
	return true;
}

/* Nobody can know; but a script that waits at random shall end. */
static bool
kernel_idle(struct drill_run *r)
{
	return r->now > r->base + PATIENCE_S * SW_S;
}

const struct drill_end drill_end_kernel = {.outside = true,
					   .ticks = true,
					   .make = kernel_make,
					   .free = kernel_free,
					   .sysctl = kernel_sysctl,
					   .address = drill_kernel_address,
					   .call = drill_kernel_call,
					   .input = kernel_input,
					   .pump = kernel_pump,
					   .wait = kernel_wait,
					   .receive = kernel_wait,
					   .idle = kernel_idle,
					   .clock = kernel_clock};
