/*
 * live.c - the socket: who may connect, and bytes in and out without waiting.
 */
#define _GNU_SOURCE
#include "live/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 8, REQUEST = 2048, EVENTS = CLIENTS + 1, PIECES = 16 };

struct client {
	int fd;	    /* -1: none */
	bool asked; /* the whole request has come */
	char request[REQUEST];
	size_t len;
	size_t sent; /* of answer.out */
	struct answer answer;
};

struct live {
	int epoll, fd;
	char path[LIVE_PATH], verb[16];
	struct client client[CLIENTS];
};

static bool
fail(char error[LIVE_ERROR], const char *what, const char *path)
{
	snprintf(error, LIVE_ERROR, "%s%s%s: %s", what, *what ? " " : "", path, strerror(errno));
	return false;
}

/* ---- where ---------------------------------------------------------------- */

/* Is it a directory of this user that is closed to others? */
static bool
is_private(const char *path, char error[LIVE_ERROR])
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return fail(error, "", path);
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077))
		return true;
	snprintf(error, LIVE_ERROR, "%s is not a directory of this user's alone", path);
	return false;
}

bool
live_directory(char path[LIVE_PATH], bool make, char error[LIVE_ERROR])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n;

	if (runtime && *runtime == '/')
		n = snprintf(path, LIVE_PATH, "%s/synwave", runtime);
	else if (geteuid() == 0)
		n = snprintf(path, LIVE_PATH, "/run/synwave");
	else
		n = snprintf(path, LIVE_PATH, "/tmp/synwave-%lu", (unsigned long)geteuid());
	if (n >= LIVE_PATH) {
		snprintf(error, LIVE_ERROR, "XDG_RUNTIME_DIR is too long for a socket's name");
		return false;
	}
	if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail(error, "cannot make", path);
	return is_private(path, error);
}

/* A name that nobody listens at any more is free again. */
static void
clear_away(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)at, sizeof(*at)) != 0 && errno == ECONNREFUSED)
		unlink(at->sun_path);
	close(fd);
}

/* What killed programs have left in the directory. */
static void
clear_all(const char *directory)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	DIR *d = opendir(directory);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (n > 5 && !strcmp(e->d_name + n - 5, ".sock") &&
		    snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s", directory, e->d_name) <
			(int)sizeof(at.sun_path))
			clear_away(&at);
	}
	if (d)
		closedir(d);
}

static bool
listen_at(struct live *l, char error[LIVE_ERROR])
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t mask;
	int r;

	memcpy(at.sun_path, l->path, sizeof(at.sun_path));
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return fail(error, "control socket", l->path);
	clear_away(&at);
	mask = umask(0177); /* a socket for this user alone, from its first moment */
	r = bind(l->fd, (const struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (r != 0) {
		fail(error, "control socket", l->path);
		l->path[0] = '\0'; /* it is not ours */
		return false;
	}
	if (listen(l->fd, CLIENTS) != 0)
		return fail(error, "control socket", l->path);
	return true;
}

/* ---- clients ---------------------------------------------------------------- */

static void
watch(struct live *l, int fd, int op, uint32_t events, uint64_t which)
{
	struct epoll_event e = {.events = events, .data = {.u64 = which}};

	epoll_ctl(l->epoll, op, fd, &e);
}

static void
client_close(struct client *c)
{
	close(c->fd); /* epoll forgets it */
	c->fd = -1;
}

/* Is it the user of this program, or root? */
static bool
may_ask(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	       (who.uid == geteuid() || who.uid == 0);
}

static void
accept_one(struct live *l)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	size_t i = 0;

	if (fd < 0)
		return;
	while (i < CLIENTS && l->client[i].fd >= 0)
		i++;
	if (i == CLIENTS || !may_ask(fd)) {
		close(fd);
		return;
	}
	memset(&l->client[i], 0, sizeof(l->client[i]));
	l->client[i].fd = fd;
	l->client[i].answer.verb = l->verb;
	watch(l, fd, EPOLL_CTL_ADD, EPOLLIN, i);
}

/* Reads the request; false: the client has gone. */
static bool
client_read(struct live *l, struct client *c)
{
	ssize_t n = read(c->fd, c->request + c->len, REQUEST - 1 - c->len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	c->len += (size_t)n;
	c->request[c->len] = '\0';
	if (strstr(c->request, "\r\n\r\n") || strstr(c->request, "\n\n"))
		answer_begin(&c->answer, c->request);
	else if (c->len == REQUEST - 1)
		answer_refuse(&c->answer, "431 Request Header Fields Too Large", "too long");
	else
		return true;
	c->asked = true;
	watch(l, c->fd, EPOLL_CTL_MOD, EPOLLOUT, (uint64_t)(c - l->client));
	return true;
}

/* Makes and writes a piece of the answer; false: it is finished, or the client has gone. */
static bool
client_write(struct client *c, const struct live_view *view)
{
	struct answer *a = &c->answer;

	for (int i = 0; i < PIECES; i++) {
		ssize_t n;

		if (c->sent == a->len) {
			c->sent = a->len = a->done ? a->len : 0;
			if (a->done)
				return false;
			answer_more(a, view);
		}
		if (c->sent == a->len)
			continue; /* it is still counting */
		n = send(c->fd, a->out + c->sent, a->len - c->sent, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		c->sent += (size_t)n;
	}
	return true;
}

/* ---- the calls --------------------------------------------------------------- */

/* Where it will be; false: nowhere, and `error` says why. */
static bool
choose_path(struct live *l, const char *path, char error[LIVE_ERROR])
{
	char directory[LIVE_PATH];
	int n;

	if (path) {
		n = snprintf(l->path, LIVE_PATH, "%s", path);
	} else {
		if (!live_directory(directory, true, error))
			return false;
		clear_all(directory);
		n = snprintf(l->path, LIVE_PATH, "%s/%s.%ld.sock", directory, l->verb,
			     (long)getpid());
	}
	if (n > 0 && n < LIVE_PATH)
		return true;
	snprintf(error, LIVE_ERROR, "a control socket's name has 1 to %d bytes", LIVE_PATH - 1);
	l->path[0] = '\0';
	return false;
}

struct live *
live_open(const char *path, const char *verb, char error[LIVE_ERROR])
{
	struct live *l = calloc(1, sizeof(*l));
	bool good;

	if (!l) {
		snprintf(error, LIVE_ERROR, "no memory for a control socket");
		return NULL;
	}
	l->fd = -1;
	for (int i = 0; i < CLIENTS; i++)
		l->client[i].fd = -1;
	snprintf(l->verb, sizeof(l->verb), "%s", verb);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	good = l->epoll >= 0 || fail(error, "control socket", "");
	if (!good || !choose_path(l, path, error) || !listen_at(l, error)) {
		live_close(l);
		return NULL;
	}
	watch(l, l->fd, EPOLL_CTL_ADD, EPOLLIN, CLIENTS);
	return l;
}

const char *
live_path(const struct live *l)
{
	return l->path;
}

int
live_fd(const struct live *l)
{
	return l->epoll;
}

void
live_serve(struct live *l, const struct live_view *view)
{
	struct epoll_event event[EVENTS];
	int n = epoll_wait(l->epoll, event, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		uint64_t which = event[i].data.u64;
		struct client *c = which < CLIENTS ? &l->client[which] : NULL;
		bool goes_on;

		if (!c) {
			accept_one(l);
			continue;
		}
		if (c->fd < 0)
			continue;
		goes_on = c->asked ? client_write(c, view) : client_read(l, c);
		if (!goes_on || (event[i].events & EPOLLERR))
			client_close(c);
	}
}

void
live_close(struct live *l)
{
	if (!l)
		return;
	for (int i = 0; i < CLIENTS; i++)
		if (l->client[i].fd >= 0)
			close(l->client[i].fd);
	if (l->fd >= 0 && l->path[0])
		unlink(l->path);
	if (l->fd >= 0)
		close(l->fd);
	if (l->epoll >= 0)
		close(l->epoll);
	free(l);
}
