/*
 * end_so.c - packetdrill's part in its play with a shared object: everything goes
 * through the table of packetdrill.h, in the order and from the threads that the
 * original would use, and the clock is the object's.
 *
 * What the object sends is seen when it is asked for a packet, not before; if none
 * comes, it ends the process.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "end.h"
#include "packetdrill.h"

enum { SPIN_US = 20, SPINS = 100000 };

struct end_so {
	void *library;
	struct packetdrill_table t;
	char settings[32]; /* the file by which it learns what `sysctl` says */
};

static struct packetdrill_table *
so_table(struct drill_run *r)
{
	return &((struct end_so *)r->inside)->t;
}

static sw_ns
so_clock(struct drill_run *r)
{
	struct packetdrill_table *t = so_table(r);
	struct timeval now;

	t->gettimeofday(t->userdata, &now, NULL);
	return (sw_ns)now.tv_sec * SW_S + (sw_ns)now.tv_usec * SW_US;
}

/* ---- begin and end ------------------------------------------------------- */

/* What the original's user would say: profile, our address, the link. */
static void
so_flags(const struct drill_run *r, char *text, size_t n)
{
	static const char *const profile[] = {"rfc", "linux", "freebsd"};
	char local[INET6_ADDRSTRLEN] = "";

	if (r->v6)
		inet_ntop(AF_INET6, r->local.b, local, sizeof(local));
	else
		inet_ntop(AF_INET, r->local.b + 12, local, sizeof(local));
	if (r->settings->so_flags)
		snprintf(text, n, "%s", r->settings->so_flags);
	else
		snprintf(text, n, "%s,local=%s,mtu=%u", profile[r->profile], local, r->mtu);
}

static const char *
so_make(struct drill_run *r)
{
	struct end_so *so = calloc(1, sizeof(*so));
	void (*init)(const char *, struct packetdrill_table *);
	char *path, flags[128];
	int fd;

	if (!so)
		return "no memory";
	r->inside = so;
	snprintf(so->settings, sizeof(so->settings), "/tmp/synwave-drill-XXXXXX");
	fd = mkstemp(so->settings);
	if (fd < 0 || setenv("SYNWAVE_SYSCTL_FILE", so->settings, 1) < 0)
		return "no file for settings can be made";
	close(fd);
	path = realpath(r->settings->so_filename, NULL);
	so->library = dlopen(path ? path : r->settings->so_filename, RTLD_NOW | RTLD_LOCAL);
	free(path);
	if (!so->library)
		return dlerror();
	*(void **)&init = dlsym(so->library, "packetdrill_interface_init");
	if (!init)
		return "it is not made for packetdrill";
	so_flags(r, flags, sizeof(flags));
	init(flags, &so->t);
	r->now = so_clock(r);
	return NULL;
}

/* What the original does at the end: a RST into every connection, and nothing stays open. */
static void
so_reset(struct drill_run *r)
{
	struct packetdrill_table *t = so_table(r);

	for (int i = 0; i < r->flows; i++) {
		const struct drill_flow *f = r->flow[i];
		struct drill_packet p = {.inbound = true,
					 .proto = DRILL_TCP,
					 .fd = -1,
					 .src = f->remote.port,
					 .dst = f->local.port,
					 .ecn = -1,
					 .tos = -1,
					 .ttl = -1,
					 .flow_label = -1,
					 .ip_id = -1,
					 .ace = -1,
					 .ctl = SW_RST,
					 .seq = f->acked};
		uint32_t n = drill_build(r, &p, r->frame);

		if (n > 0 && f->known)
			t->netdev_send(t->userdata, r->frame, n);
	}
	for (int i = 0; i < r->socks; i++)
		if (r->sock[i].live >= 0 && !r->sock[i].file)
			t->close(t->userdata, r->sock[i].live);
}

static void
so_free(struct drill_run *r)
{
	struct end_so *so = r->inside;

	if (!so)
		return;
	if (so->t.free) {
		so_reset(r);
		so->t.free(so->t.userdata);
	}
	if (so->library)
		dlclose(so->library);
	unlink(so->settings);
	free(so);
}

/* A line that the object reads before its stack is made. */
static bool
so_sysctl(struct drill_run *r, const char *name, const char *value)
{
	FILE *f = fopen(((struct end_so *)r->inside)->settings, "a");

	if (!f)
		return false;
	fprintf(f, "%s=%s\n", name, value);
	return fclose(f) == 0;
}

/* ---- packets and time ---------------------------------------------------- */

static void
so_input(struct drill_run *r, const struct sw_packet *p, size_t n)
{
	struct packetdrill_table *t = so_table(r);

	for (size_t i = 0; i < n; i++)
		if (t->netdev_send(t->userdata, p[i].data, p[i].len) != 0)
			drill_fail(r, "netdev_send does not take it: %s", strerror(errno));
}

/* It takes packets for any address, and learns those that are bound. */
static bool
so_address(struct drill_run *r, const struct sw_addr *a, unsigned prefix)
{
	(void)r;
	(void)a;
	(void)prefix;
	return true;
}

static void
so_pump(struct drill_run *r)
{
	(void)r; /* it cannot be looked into */
}

/* As the original: most of the time it sleeps, the rest it asks for the time. */
static bool
so_wait(struct drill_run *r, sw_ns until)
{
	struct packetdrill_table *t = so_table(r);

	for (int i = 0; i < SPINS; i++) {
		sw_ns left;

		r->now = so_clock(r);
		if (r->now >= until)
			return true;
		left = (until - r->now + SW_US - 1) / SW_US;
		if (left <= SPIN_US)
			continue;
		drill_unlock(r);
		t->usleep(t->userdata, (useconds_t)(left - SPIN_US));
		drill_lock(r);
	}
	drill_fail(r, "the time stands still");
	return true;
}

/* With the lock, as the original: it does not let go while it waits for a packet. */
static bool
so_receive(struct drill_run *r, sw_ns until)
{
	struct packetdrill_table *t = so_table(r);
	size_t n = DRILL_FRAME;
	long long at = 0;

	(void)until;
	if (t->netdev_receive(t->userdata, r->frame, &n, &at) != 0) {
		drill_fail(r, "netdev_receive gives nothing");
		return false;
	}
	drill_frame_take(r, r->frame, (uint32_t)n, (sw_ns)at * SW_US);
	if (r->now < (sw_ns)at * SW_US)
		r->now = (sw_ns)at * SW_US;
	return true;
}

static bool
so_idle(struct drill_run *r)
{
	(void)r;
	return false;
}

/* ---- calls --------------------------------------------------------------- */

static long
so_call_open(struct packetdrill_table *t, struct drill_ask *a)
{
	struct sockaddr *to = (struct sockaddr *)a->to, *from = (struct sockaddr *)a->from;
	socklen_t *from_len = a->from ? &a->from_len : NULL;

	switch (a->what) {
	case ASK_SOCKET:
		return t->socket(t->userdata, (int)a->a, (int)a->b, (int)a->c);
	case ASK_BIND:
		return t->bind(t->userdata, a->fd, to, a->to_len);
	case ASK_LISTEN:
		return t->listen(t->userdata, a->fd, (int)a->a);
	case ASK_ACCEPT:
		return t->accept(t->userdata, a->fd, from, from_len);
	case ASK_CONNECT:
		return t->connect(t->userdata, a->fd, to, a->to_len);
	case ASK_CLOSE:
		return t->close(t->userdata, a->fd);
	case ASK_SHUTDOWN:
		return t->shutdown(t->userdata, a->fd, (int)a->a);
	default: /* not in the table */
		errno = ENOSYS;
		return -1;
	}
}

static long
so_call_io(struct packetdrill_table *t, struct drill_ask *a)
{
	struct sockaddr *to = (struct sockaddr *)a->to, *from = (struct sockaddr *)a->from;
	socklen_t *from_len = a->from ? &a->from_len : NULL;
	int fd = a->fd, flags = (int)a->a;

	switch (a->what) {
	case ASK_READ:
		return t->read(t->userdata, fd, a->memory, a->n);
	case ASK_READV:
		return t->readv(t->userdata, fd, a->memory, (int)a->n);
	case ASK_RECV:
		return t->recv(t->userdata, fd, a->memory, a->n, flags);
	case ASK_RECVFROM:
		return t->recvfrom(t->userdata, fd, a->memory, a->n, flags, from, from_len);
	case ASK_RECVMSG:
		return t->recvmsg(t->userdata, fd, a->memory, flags);
	case ASK_WRITE:
		return t->write(t->userdata, fd, a->memory, a->n);
	case ASK_WRITEV:
		return t->writev(t->userdata, fd, a->memory, (int)a->n);
	case ASK_SEND:
		return t->send(t->userdata, fd, a->memory, a->n, flags);
	case ASK_SENDTO:
		return t->sendto(t->userdata, fd, a->memory, a->n, flags, to, a->to_len);
	default:
		return t->sendmsg(t->userdata, fd, a->memory, flags);
	}
}

static long
so_call_option(struct packetdrill_table *t, struct drill_ask *a)
{
	socklen_t n = (socklen_t)a->n;
	int fd = a->fd, first = (int)a->a;
	long result;

	switch (a->what) {
	case ASK_FCNTL:
		return t->fcntl(t->userdata, fd, first, (int)a->b);
	case ASK_IOCTL:
		return t->ioctl(t->userdata, fd, a->request, a->memory);
	case ASK_GETSOCKOPT:
		result = t->getsockopt(t->userdata, fd, first, (int)a->b, a->memory, &n);
		a->n = n;
		return result;
	case ASK_SETSOCKOPT:
		return t->setsockopt(t->userdata, fd, first, (int)a->b, a->memory, n);
	case ASK_POLL:
		return t->poll(t->userdata, a->memory, a->n, first);
	case ASK_EPOLL_CREATE:
		return t->epoll_create(t->userdata, first);
	case ASK_EPOLL_CREATE1:
		return t->epoll_create(t->userdata, 1);
	case ASK_EPOLL_CTL:
		return t->epoll_ctl(t->userdata, fd, first, (int)a->b, a->memory);
	default:
		return t->epoll_wait(t->userdata, fd, a->memory, (int)a->n, first);
	}
}

static long
so_call_pipe(struct packetdrill_table *t, struct drill_ask *a)
{
	if (a->what == ASK_PIPE)
		return t->pipe(t->userdata, a->memory);
	if (a->what == ASK_SPLICE)
		return t->splice(t->userdata, a->fd, NULL, (int)a->b, NULL, a->n, (unsigned)a->a);
	errno = ENOSYS;
	return -1;
}

static long
so_call(struct drill_run *r, struct drill_ask *a)
{
	if (a->what >= ASK_PIPE)
		return so_call_pipe(so_table(r), a);
	if (a->what >= ASK_FCNTL)
		return so_call_option(so_table(r), a);
	if (a->what >= ASK_READ && a->what <= ASK_SENDMSG)
		return so_call_io(so_table(r), a);
	return so_call_open(so_table(r), a);
}

const struct drill_end drill_end_so = {.outside = true,
				       .pipes = true,
				       .make = so_make,
				       .free = so_free,
				       .sysctl = so_sysctl,
				       .address = so_address,
				       .call = so_call,
				       .input = so_input,
				       .pump = so_pump,
				       .wait = so_wait,
				       .receive = so_receive,
				       .idle = so_idle,
				       .clock = so_clock};
