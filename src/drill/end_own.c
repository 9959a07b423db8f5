/*
 * end_own.c - our own stack as the end of a script: a clock that is a variable.
 *
 * Knows how virtual time moves.  Does not know events.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "end.h"

enum { ARENA_ALIGN = 64, START_S = 1000 };

static sw_ns
own_clock(void *ctx)
{
	return ((struct drill_run *)ctx)->now;
}

static bool
own_network_make(struct drill_run *r)
{
	struct sw_iface link = {.link = SW_LINK_IP, .mtu = r->mtu};
	struct sw_addr any = {{0}};
	struct sw_addr any4 = sw_addr4(0, 0, 0, 0);

	r->iface = sw_iface_add(r->stack, &link);
	return r->iface >= 0 &&
	       sw_address_add(r->stack, r->iface, &r->local, r->v6 ? 64 : 16) == SW_OK &&
	       sw_route_add(r->stack, r->v6 ? &any : &any4, 0, r->iface, NULL) == SW_OK;
}

/* The stack in its arena, and sockets over it. */
static bool
own_stack_make(struct drill_run *r, size_t bytes)
{
	struct sw_sock_world world;

	if (sw_stack_init(&r->stack, &r->config, r->arena, bytes) || !own_network_make(r))
		return false;
	if (r->script->has_iss)
		sw_probe_force_iss(r->stack, true, r->script->iss);
	sw_sock_world_init(&world);
	world.ctx = r;
	world.clock = own_clock;
	world.wait = drill_wait;
	world.first_fd = DRILL_FIRST_FD;
	r->host = sw_sock_host(r->stack, &world);
	return r->host != NULL;
}

static const char *
own_make(struct drill_run *r)
{
	size_t bytes = sw_stack_bytes(&r->config);

	if (bytes == 0)
		return "these settings make no stack";
	r->arena =
	    aligned_alloc(ARENA_ALIGN, (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1));
	r->now = START_S * SW_S;
	return r->arena && own_stack_make(r, bytes) ? NULL : "no stack could be made";
}

static void
own_reboot(struct drill_run *r)
{
	bool failed = r->failed;

	r->failed = true; /* a close that lingers shall not wait */
	sw_sock_host_free(r->host);
	r->host = NULL;
	r->failed = failed;
	r->config.secret[0]++;
	if (!own_stack_make(r, sw_stack_bytes(&r->config)))
		drill_fail(r, "no stack could be made");
	for (int i = 0; i < r->socks; i++) {
		r->sock[i].live = -1;
		r->sock[i].conn = 0;
	}
	for (int i = 0; i < r->flows; i++)
		r->flow[i]->state = SW_CLOSED;
}

static bool
own_address(struct drill_run *r, const struct sw_addr *a, unsigned prefix)
{
	return !r->stack || sw_address_add(r->stack, r->iface, a, prefix) == SW_OK;
}

static void
own_free(struct drill_run *r)
{
	sw_sock_host_free(r->host);
	free(r->arena);
	free(r->traces);
}

/* Only until there is a stack. */
static bool
own_sysctl(struct drill_run *r, const char *name, const char *value)
{
	return !r->stack && drill_sysctl(&r->config, name, value);
}

/* ---- time ---------------------------------------------------------------- */

static void
own_traces_take(struct drill_run *r)
{
	struct sw_trace t;

	while (sw_trace(r->stack, &t)) {
		drill_flow_trace(r, &t);
		if (r->trace_count == r->trace_cap) {
			size_t cap = r->trace_cap ? 2 * r->trace_cap : 64;
			struct sw_trace *more = realloc(r->traces, cap * sizeof(*more));

			if (!more)
				return;
			r->traces = more;
			r->trace_cap = cap;
		}
		r->traces[r->trace_count++] = t;
	}
}

static void
own_pump(struct drill_run *r)
{
	struct sw_packet p = {.data = r->frame, .cap = DRILL_FRAME};

	own_traces_take(r);
	for (int i = 0; i < 100000; i++) {
		p.data = r->frame;
		p.cap = DRILL_FRAME;
		if (sw_output(r->stack, r->now, r->iface, &p, 1) == 0)
			break;
		own_traces_take(r);
		if (r->profile == DRILL_FREEBSD)
			drill_dress(p.data, p.len);
		drill_frame_take(r, p.data, p.len, r->now);
	}
	own_traces_take(r);
}

static void
own_input(struct drill_run *r, const struct sw_packet *p, size_t n)
{
	sw_input(r->stack, r->now, p, n);
	own_pump(r);
}

static bool
own_advance(struct drill_run *r, sw_ns until)
{
	sw_ns next = sw_deadline(r->stack);

	next = next < until ? next : until;
	if (next == SW_NEVER)
		return false;
	if (next > r->now)
		r->now = next;
	own_pump(r);
	if (sw_deadline(r->stack) <= r->now && r->now < until)
		r->now += SW_US; /* it promises what it does not do: time goes on */
	return true;
}

static bool
own_idle(struct drill_run *r)
{
	return sw_deadline(r->stack) == SW_NEVER;
}

/* ---- calls --------------------------------------------------------------- */

static long
own_call_open(struct drill_run *r, struct drill_ask *a)
{
	struct sockaddr *to = (struct sockaddr *)a->to, *from = (struct sockaddr *)a->from;
	socklen_t *from_len = a->from ? &a->from_len : NULL;

	switch (a->what) {
	case ASK_SOCKET:
		return sw_sock_socket(r->host, (int)a->a, (int)a->b, (int)a->c);
	case ASK_BIND:
		return sw_sock_bind(r->host, a->fd, to, a->to_len);
	case ASK_LISTEN:
		return sw_sock_listen(r->host, a->fd, (int)a->a);
	case ASK_ACCEPT:
		return sw_sock_accept(r->host, a->fd, from, from_len);
	case ASK_ACCEPT4:
		return sw_sock_accept4(r->host, a->fd, from, from_len, (int)a->a);
	case ASK_CONNECT:
		return sw_sock_connect(r->host, a->fd, to, a->to_len);
	case ASK_GETSOCKNAME:
		return sw_sock_getsockname(r->host, a->fd, from, from_len);
	case ASK_GETPEERNAME:
		return sw_sock_getpeername(r->host, a->fd, from, from_len);
	case ASK_CLOSE:
		return sw_sock_close(r->host, a->fd);
	default:
		return sw_sock_shutdown(r->host, a->fd, (int)a->a);
	}
}

static long
own_call_io(struct drill_run *r, struct drill_ask *a)
{
	struct sockaddr *to = (struct sockaddr *)a->to, *from = (struct sockaddr *)a->from;
	socklen_t *from_len = a->from ? &a->from_len : NULL;
	int flags = (int)a->a;

	switch (a->what) {
	case ASK_READ:
		return sw_sock_read(r->host, a->fd, a->memory, a->n);
	case ASK_READV:
		return sw_sock_readv(r->host, a->fd, a->memory, (int)a->n);
	case ASK_RECV:
		return sw_sock_recv(r->host, a->fd, a->memory, a->n, flags);
	case ASK_RECVFROM:
		return sw_sock_recvfrom(r->host, a->fd, a->memory, a->n, flags, from, from_len);
	case ASK_RECVMSG:
		return sw_sock_recvmsg(r->host, a->fd, a->memory, flags);
	case ASK_WRITE:
		return sw_sock_write(r->host, a->fd, a->memory, a->n);
	case ASK_WRITEV:
		return sw_sock_writev(r->host, a->fd, a->memory, (int)a->n);
	case ASK_SEND:
		return sw_sock_send(r->host, a->fd, a->memory, a->n, flags);
	case ASK_SENDTO:
		return sw_sock_sendto(r->host, a->fd, a->memory, a->n, flags, to, a->to_len);
	default:
		return sw_sock_sendmsg(r->host, a->fd, a->memory, flags);
	}
}

static long
own_call_option(struct drill_run *r, struct drill_ask *a)
{
	socklen_t n = (socklen_t)a->n;
	long result;

	switch (a->what) {
	case ASK_FCNTL:
		return sw_sock_fcntl(r->host, a->fd, (int)a->a, (int)a->b);
	case ASK_IOCTL:
		return sw_sock_ioctl(r->host, a->fd, a->request, a->memory);
	case ASK_GETSOCKOPT:
		result = sw_sock_getsockopt(r->host, a->fd, (int)a->a, (int)a->b, a->memory, &n);
		a->n = n;
		return result;
	case ASK_SETSOCKOPT:
		return sw_sock_setsockopt(r->host, a->fd, (int)a->a, (int)a->b, a->memory, n);
	case ASK_POLL:
		return sw_sock_poll(r->host, a->memory, a->n, (int)a->a);
	case ASK_EPOLL_CREATE:
		return sw_sock_epoll_create(r->host, (int)a->a);
	case ASK_EPOLL_CREATE1:
		return sw_sock_epoll_create1(r->host, (int)a->a);
	case ASK_EPOLL_CTL:
		return sw_sock_epoll_ctl(r->host, a->fd, (int)a->a, (int)a->b, a->memory);
	default:
		return sw_sock_epoll_wait(r->host, a->fd, a->memory, (int)a->n, (int)a->a);
	}
}

static long
own_call(struct drill_run *r, struct drill_ask *a)
{
	if (a->what == ASK_PIPE)
		return drill_kernel_call(r, a);
	if (a->what >= ASK_FCNTL)
		return own_call_option(r, a);
	if (a->what >= ASK_READ && a->what <= ASK_SENDMSG)
		return own_call_io(r, a);
	return own_call_open(r, a);
}

const struct drill_end drill_end_own = {.make = own_make,
					.free = own_free,
					.reboot = own_reboot,
					.sysctl = own_sysctl,
					.address = own_address,
					.call = own_call,
					.input = own_input,
					.pump = own_pump,
					.wait = own_advance,
					.receive = own_advance,
					.idle = own_idle};
