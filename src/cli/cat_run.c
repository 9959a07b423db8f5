/*
 * cat_run.c - one connection from OPEN to the end: pump both directions as far
 * as they go, then sleep until something is different.
 *
 * Back-pressure is mere omission: input is not read when the stack has no room,
 * the stack is not asked for bytes when output takes none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cat.h"

enum { FD_SIGNALS, FD_IN, FD_OUT, FD_LIVE, FDS };

static void
finish(struct cat *c, int code)
{
	if (!c->done)
		c->code = code;
	c->done = true;
}

/* Who we speak with, or where we wait. */
static char *
peer_text(const struct cat *c, char text[NET_TEXT])
{
	return net_endpoint_text(c->listen && c->conn == 0 ? &c->local : &c->remote, text);
}

static const char *
error_words(int error)
{
	switch (error) {
	case SW_E_REFUSED:
		return "connection refused";
	case SW_E_RESET:
		return "connection reset by peer";
	case SW_E_TIMED_OUT:
		return "connection timed out";
	case SW_E_UNREACHABLE:
		return "host unreachable";
	case SW_E_NO_ROUTE:
		return "no route to host";
	case SW_E_INVALID:
		return "no connection can have this address as an end";
	default:
		return sw_error_text(error);
	}
}

static void
fail(struct cat *c, int error)
{
	char text[NET_TEXT];

	if (c->done)
		return;
	cat_events_told(c);
	say_end(&c->say);
	fprintf(stderr, "synwave: %s: %s\n", peer_text(c, text), error_words(error));
	finish(c, error == SW_E_INVALID ? 2 : 1);
}

/* Something on our side does not work: the peer learns it by a RST. */
static void
fail_here(struct cat *c, const char *what)
{
	if (c->done)
		return;
	fprintf(stderr, "synwave: %s: %s\n", what, strerror(errno));
	finish(c, 1);
}

static void
say_listening(const struct cat *c)
{
	char text[NET_TEXT];

	if (c->say.on)
		fprintf(stderr, "synwave: listening on %s\n", net_endpoint_text(&c->local, text));
}

/*= RFC 7413 4.2: with a cookie of the peer the SYN waits for the first bytes; without, it asks
 * for one.  A server takes one connection by a cookie, as any other. */
static void
cat_fast(struct cat *c, sw_ns now)
{
	struct sw_status st = {.bytes = sizeof st};

	if (c->fast.path == NULL)
		return;
	(void)sw_set(c->on.stack, now, c->listen ? c->listener : c->conn, SW_OPT_FASTOPEN,
		     c->listen ? 1 : 2);
	if (c->listen)
		return;
	c->early = sw_status(c->on.stack, c->conn, &st) == SW_OK && st.fastopen_room > 0;
	if (!c->early)
		(void)sw_set(c->on.stack, now, c->conn, SW_OPT_FASTOPEN, 1);
}

/* The OPEN of RFC 9293 3.10.1 that was asked for. */
static void
cat_open(struct cat *c)
{
	sw_ns now = sw_drv_now();
	int error;

	c->say.start = now;
	c->give_up = c->timeout != 0 ? now + c->timeout : SW_NEVER;
	if (sw_addr_is_any(&c->local.addr))
		c->local.addr = c->net.addr;
	if (c->listen)
		error = sw_open_passive(c->on.stack, now, &c->local, 1, &c->listener);
	else
		error = sw_open_active(c->on.stack, now, &c->local, &c->remote, &c->conn);
	if (error < 0) {
		fail(c, error);
		return;
	}
	cat_fast(c, now);
	if (c->listen)
		say_listening(c);
}

/* The listener has somebody: that is our connection, and there will be no other. */
static void
cat_accept(struct cat *c)
{
	struct sw_status st = {.bytes = sizeof st};
	sw_ns now = sw_drv_now();

	if (sw_accept(c->on.stack, now, c->listener, &c->conn) != SW_OK)
		return;
	sw_close(c->on.stack, now, c->listener);
	c->listener = 0;
	if (sw_status(c->on.stack, c->conn, &st) != SW_OK)
		return;
	c->remote = st.remote;
	c->early = st.fastopen == SW_FASTOPEN_PASSIVE;
}

/* In SYN-SENT a router's "unreachable" is answer enough (RFC 5461 3.1). */
static bool
unreachable(const struct cat *c)
{
	struct sw_counters n = {.bytes = sizeof n};

	return sw_counters(c->on.stack, &n) == SW_OK && n.verdict[SW_V_ICMP_TAKEN] > 0;
}

/* Write what was received: false if some of it has to wait. */
static bool
cat_write(struct cat *c)
{
	while (c->out_at < c->out_n) {
		ssize_t n = io_write(&c->out, c->out_buf + c->out_at, c->out_n - c->out_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			c->out_full = true;
			return false;
		}
		if (n < 0) {
			fail_here(c, "standard output");
			return false;
		}
		c->out_at += (size_t)n;
	}
	return true;
}

/* Peer to standard output, until one of them has enough; the peer's FIN ends it. */
static void
cat_receive(struct cat *c)
{
	c->out_full = false;
	while (!c->done && !c->peer_done && cat_write(c)) {
		ptrdiff_t n = sw_receive(c->on.stack, sw_drv_now(), c->conn, c->out_buf, CAT_BUF);

		if (n == SW_E_AGAIN)
			return;
		if (n < 0)
			fail(c, (int)n);
		c->peer_done = n == 0;
		c->out_at = 0;
		c->out_n = n > 0 ? (size_t)n : 0;
		if (c->peer_done && io_close(&c->out) != 0 && errno != EBADF)
			fail_here(c, "standard output");
	}
}

/* The handshake is complete. */
static void
cat_opened(struct cat *c)
{
	struct sw_status st = {.bytes = sizeof st};

	c->opened = true;
	if (sw_status(c->on.stack, c->conn, &st) == SW_OK)
		c->unkept = !fast_keep(&c->fast, c->on.stack, &st);
}

static void
cat_events(struct cat *c)
{
	struct sw_status st = {.bytes = sizeof st};
	struct sw_event e;
	unsigned ready;

	while (sw_event(c->on.stack, &e))
		continue; /* there is one connection: its levels are asked for below */
	if (c->listener != 0)
		cat_accept(c);
	if (c->conn == 0)
		return;
	ready = sw_ready(c->on.stack, c->conn);
	if ((ready & SW_OPENED) != 0 && !c->opened)
		cat_opened(c);
	c->failed = (ready & SW_FAILED) != 0;
	if (!c->opened && (ready & SW_TROUBLE) != 0 && unreachable(c))
		fail(c, SW_E_UNREACHABLE);
	if (!c->done)
		cat_receive(c);
	if (c->failed && !c->out_full) {
		sw_status(c->on.stack, c->conn, &st);
		fail(c, st.error != 0 ? st.error : SW_E_RESET);
	}
}

/* Get more input: false if there is none now. */
static bool
cat_read(struct cat *c)
{
	ssize_t n;

	if (!c->in_ready || c->in_eof)
		return false;
	n = io_read(&c->in, c->in_buf, CAT_BUF);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		c->in_ready = false;
		return false;
	}
	if (n < 0 && errno != EIO && errno != EBADF)
		fail_here(c, "standard input");
	c->in_eof = n <= 0;
	c->in_at = 0;
	c->in_n = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* Does the stack take more?  Before its SYN has gone it is asked in vain, but takes some. */
static bool
cat_room(const struct cat *c)
{
	struct sw_status st = {.bytes = sizeof st};

	if (sw_ready(c->on.stack, c->conn) & SW_WRITABLE)
		return true;
	return c->early && !c->opened && sw_status(c->on.stack, c->conn, &st) == SW_OK &&
	       st.snd_queued < CAT_BUF;
}

/* Standard input to the peer, until one of them has enough; at its end, CLOSE. */
static void
cat_send(struct cat *c)
{
	while (!c->done && !c->failed && (c->opened || c->early) && !c->closed) {
		ptrdiff_t n;

		if (c->in_at == c->in_n && !cat_room(c))
			return;
		if (c->in_at == c->in_n && !cat_read(c)) {
			if (!c->in_eof || c->done || !c->opened)
				return;
			c->closed = true;
			sw_close(c->on.stack, sw_drv_now(), c->conn);
			return;
		}
		n = sw_send(c->on.stack, sw_drv_now(), c->conn, c->in_buf + c->in_at,
			    c->in_n - c->in_at, 0);
		if (n == SW_E_AGAIN)
			return;
		if (n < 0)
			fail(c, (int)n);
		c->in_at += n > 0 ? (size_t)n : 0;
	}
}

static void
interrupted(struct cat *c)
{
	if (!c->done)
		fprintf(stderr, "synwave: interrupted\n");
	finish(c, 1);
}

/* SIGINT and the like: a RST goes out. */
static void
cat_signal(struct cat *c)
{
	struct signalfd_siginfo info;

	if (read(c->signals, &info, sizeof info) == (ssize_t)sizeof info)
		interrupted(c);
}

/* Sleep until the device, a signal, standard input or output has something for us. */
static void
cat_wait(struct cat *c, sw_ns until)
{
	struct pollfd fds[FDS] = {
	    {.fd = c->signals, .events = POLLIN}, {.fd = -1}, {.fd = -1}, {.fd = -1}};
	bool room = c->conn != 0 && !c->failed && (c->opened || c->early) && !c->closed &&
		    c->in_at == c->in_n && cat_room(c);
	sw_ns now = sw_drv_now();

	if (room && !c->in_eof)
		fds[FD_IN] = (struct pollfd){.fd = c->in.fd, .events = POLLIN};
	if (c->control.live != NULL)
		fds[FD_LIVE] = (struct pollfd){.fd = live_fd(c->control.live), .events = POLLIN};
	if (c->out_full)
		fds[FD_OUT] = (struct pollfd){.fd = c->out.fd, .events = POLLOUT};
	if (sw_drv_turn(c->on.drv,
			until <= now	    ? 0
			: until == SW_NEVER ? SW_NEVER
					    : until - now,
			fds, FDS) != 0)
		fail_here(c, sw_drv_name(c->on.drv));
	if (fds[FD_SIGNALS].revents != 0)
		cat_signal(c);
	if (fds[FD_IN].revents != 0)
		c->in_ready = true;
	if (fds[FD_LIVE].revents != 0)
		cat_asked(c);
	cat_events_told(c);
}

/* Both FINs are acknowledged and every byte has left us. */
static bool
cat_complete(const struct cat *c)
{
	struct sw_status st = {.bytes = sizeof st};

	if (!c->closed || !c->peer_done || c->out_at < c->out_n)
		return false;
	if (sw_status(c->on.stack, c->conn, &st) != SW_OK)
		return true;
	return st.error == 0 && (st.state == SW_TIME_WAIT || st.state == SW_CLOSED);
}

/* In TIME-WAIT our peer may still repeat its FIN: answer for a while. */
static void
cat_linger(struct cat *c)
{
	struct sw_status st = {.bytes = sizeof st};
	sw_ns until = sw_drv_now() + c->linger;
	bool waits = sw_status(c->on.stack, c->conn, &st) == SW_OK && st.state == SW_TIME_WAIT;

	sw_release(c->on.stack, sw_drv_now(), c->conn);
	c->conn = 0;
	do
		cat_wait(c, waits ? until : 0);
	while (waits && !c->done && sw_drv_now() < until);
	if (waits && c->say.on)
		fprintf(stderr, "synwave: leaving TIME-WAIT after --linger\n");
}

/* Signals come through a descriptor, so that none is missed between two looks. */
static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void
cat_loop(struct cat *c)
{
	while (!c->done) {
		cat_events(c);
		if (c->conn != 0)
			cat_send(c);
		if (c->done)
			return;
		if (c->conn != 0 && cat_complete(c)) {
			cat_linger(c);
			finish(c, c->unkept ? 1 : 0);
			return;
		}
		cat_wait(c, c->opened ? SW_NEVER : c->give_up);
		if (!c->opened && sw_drv_now() >= c->give_up)
			fail(c, SW_E_TIMED_OUT);
	}
}

int
cat_run(struct cat *c)
{
	io_input(&c->in);
	io_output(&c->out);
	c->signals = signals_open();
	if (c->signals < 0)
		fail_here(c, "signals");
	cat_open(c);
	cat_loop(c);
	if (c->conn != 0) {
		sw_abort(c->on.stack, sw_drv_now(), c->conn);
		cat_wait(c, 0);
	}
	cat_events_told(c);
	say_end(&c->say);
	if (c->signals >= 0)
		close(c->signals);
	return c->code;
}
