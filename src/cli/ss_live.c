/*
 * ss_live.c - asks the control sockets of running programs (src/live/).
 */
#define _GNU_SOURCE
#include "ss.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lang.h"
#include "live/live.h"

enum { PATIENCE_MS = 5000, PIECE = 65536, ANSWER_MOST = 1 << 30 };

/* ---- where -------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Names of sockets in the directory, in order. */
static int
look_into(const char *directory, char path[LIVE_PROGRAMS][LIVE_NAME])
{
	DIR *d = opendir(directory);
	struct dirent *e;
	int n = 0;

	while (d && n < LIVE_PROGRAMS && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len < 6 || strcmp(e->d_name + len - 5, ".sock") != 0)
			continue;
		if (snprintf(path[n], LIVE_NAME, "%s/%s", directory, e->d_name) < LIVE_NAME)
			n++;
	}
	if (d)
		closedir(d);
	qsort(path, (size_t)n, LIVE_NAME, by_name);
	return n;
}

int
live_find(const struct ss_args *a, char path[LIVE_PROGRAMS][LIVE_NAME])
{
	char directory[LIVE_PATH], error[LIVE_ERROR];
	int n = 0;

	if (a->control) {
		if (snprintf(path[0], LIVE_NAME, "%s", a->control) < LIVE_NAME)
			return 1;
		fprintf(stderr, _("synwave: %s: too long for a socket's name\n"), a->control);
		return -1;
	}
	if (live_directory(directory, false, error))
		n = look_into(directory, path);
	if (n > 0)
		return n;
	fprintf(stderr, _("synwave: no program of this user's can be asked: no socket in %s\n"),
		directory);
	return -1;
}

/* ---- asking ------------------------------------------------------------------- */

static int
connect_to(const char *path, char error[200])
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	snprintf(error, 200, "%s: %s", path,
		 errno == ECONNREFUSED ? _("the program has gone") : strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Reads to the end; NULL: it did not come. */
static char *
read_all(int fd, size_t *len)
{
	size_t cap = PIECE;
	char *text = malloc(cap);
	ssize_t n = 1;

	*len = 0;
	while (text && n > 0 && *len < ANSWER_MOST) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char *more = text;

		if (cap - *len < PIECE / 2) {
			cap *= 2;
			more = realloc(text, cap);
		}
		if (!more || poll(&p, 1, PATIENCE_MS) <= 0) {
			free(text);
			return NULL;
		}
		text = more;
		n = read(fd, text + *len, cap - *len - 1);
		if (n > 0)
			*len += (size_t)n;
	}
	if (text)
		text[*len] = '\0';
	return text;
}

char *
live_ask(const char *path, const char *page, char error[200])
{
	char request[128], *text, *body = NULL;
	int fd = connect_to(path, error), n;
	size_t len;

	if (fd < 0)
		return NULL;
	n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: synwave\r\n\r\n", page);
	text = send(fd, request, (size_t)n, MSG_NOSIGNAL) == n ? read_all(fd, &len) : NULL;
	close(fd);
	if (text && !strncmp(text, "HTTP/1.1 200", 12))
		body = strstr(text, "\r\n\r\n");
	if (!body) {
		snprintf(error, 200, _("%s: no answer"), path);
		free(text);
		return NULL;
	}
	memmove(text, body + 4, strlen(body + 4) + 1);
	return text;
}

/* ---- understanding -------------------------------------------------------------- */

static uint64_t
number(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

static bool
truth(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static bool
end_of(const json_t *o, const char *addr, const char *port, struct sw_endpoint *e)
{
	const char *text = json_string_value(json_object_get(o, addr));

	e->port = (uint16_t)number(o, port);
	return text && sw_addr_parse(&e->addr, text) == SW_OK;
}

static bool
state_of(const json_t *o, enum sw_state *state)
{
	const char *text = json_string_value(json_object_get(o, "state"));

	for (int s = 0; text && s < SW_N_STATES; s++) {
		if (strcmp(text, sw_state_name((enum sw_state)s)) != 0)
			continue;
		*state = (enum sw_state)s;
		return true;
	}
	return false;
}

static void
info_of(const json_t *o, struct ss_record *r)
{
	const char *cc = json_string_value(json_object_get(o, "cc"));

	r->has_info = json_object_get(o, "snd_wnd") != NULL;
	r->timestamps = truth(o, "timestamps");
	r->sack = truth(o, "sack");
	r->ecn = truth(o, "ecn");
	r->retries = (unsigned)number(o, "retries");
	r->peer_mss = (unsigned)number(o, "peer_mss");
	r->snd_wscale = (unsigned)number(o, "snd_wscale");
	r->rcv_wscale = (unsigned)number(o, "rcv_wscale");
	r->snd_wnd = (uint32_t)number(o, "snd_wnd");
	r->rcv_wnd = (uint32_t)number(o, "rcv_wnd");
	r->unacked = (uint32_t)number(o, "unacked");
	r->sent = (uint32_t)number(o, "sent");
	r->received = (uint32_t)number(o, "received");
	r->has_cc = cc != NULL;
	if (!cc)
		return;
	snprintf(r->cc, sizeof(r->cc), "%s", cc);
	r->cwnd = (uint32_t)number(o, "cwnd");
	r->has_ssthresh = json_object_get(o, "ssthresh") != NULL;
	r->ssthresh = (uint32_t)number(o, "ssthresh");
	r->pipe = (uint32_t)number(o, "pipe");
	r->sacked = (uint32_t)number(o, "sacked");
	r->lost = (uint32_t)number(o, "lost");
	r->mss = (uint32_t)number(o, "mss");
	r->path_mss = (uint32_t)number(o, "path_mss");
	r->retransmits = (uint32_t)number(o, "retransmits");
	r->rtt_us = number(o, "rtt_us");
	r->rttvar_us = number(o, "rttvar_us");
	r->rto_us = number(o, "rto_us");
}

/* One line of the answer into a record; false: it is not one. */
static bool
record_of(const json_t *o, const struct ss_record *who, struct ss_record *r)
{
	*r = *who;
	if (!state_of(o, &r->state) || !end_of(o, "local", "local_port", &r->local) ||
	    !end_of(o, "remote", "remote_port", &r->remote))
		return false;
	r->recv_q = (uint32_t)number(o, "recv_q");
	r->send_q = (uint32_t)number(o, "send_q");
	r->has_due = json_object_get(o, "due_us") != NULL;
	r->due_us = number(o, "due_us");
	info_of(o, r);
	return true;
}

/* The first line: who answers. */
static bool
who_of(const json_t *o, struct ss_record *who)
{
	const char *verb = json_string_value(json_object_get(o, "verb"));

	who->pid = (long)number(o, "pid");
	snprintf(who->program, sizeof(who->program), "synwave %s", verb ? verb : "?");
	return number(o, "synwave") == 1;
}

bool
live_records(const char *path, struct ss_list *list, char error[200])
{
	char *text = live_ask(path, "/connections", error), *line = text, *end;
	struct ss_record who = {0}, r;
	bool good = text != NULL, first = true;

	for (; good && line && *line; line = end ? end + 1 : NULL, first = false) {
		json_t *o;

		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		o = json_loads(line, 0, NULL);
		if (first)
			good = o && who_of(o, &who);
		else
			good = o && record_of(o, &who, &r) && ss_add(list, &r);
		json_decref(o);
	}
	if (text && (!good || first))
		snprintf(error, 200, _("%s: this is no answer of Synwave's"), path);
	free(text);
	return good && !first;
}
