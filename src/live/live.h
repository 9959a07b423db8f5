/*
 * live.h - a running stack can be looked at: a Unix socket that answers HTTP, so that
 * `synwave ss`, `curl --unix-socket` and Prometheus' exporters can ask.
 *
 *	GET /connections   JSON, a line each: first who it is, then every record
 *	GET /counters      one line of JSON
 *	GET /metrics       Prometheus' text format, version 0.0.4
 *
 * The socket belongs to the user who runs the program: its directory is closed to others,
 * and whoever connects must be that user or root.  Nothing here waits: a slow reader gets
 * its answer in pieces, a piece at each live_serve().
 */
#ifndef SW_LIVE_LIVE_H
#define SW_LIVE_LIVE_H

#include <synwave/sw.h>

struct live;

enum { LIVE_PATH = 108, LIVE_ERROR = 256 };

/*
 * The directory in which programs put their sockets: below XDG_RUNTIME_DIR, or /run for
 * root, or /tmp.  `make`: it is made if it is not there.  false: there is none, or it is
 * not ours alone; `error` says why in one line.
 */
bool live_directory(char path[LIVE_PATH], bool make, char error[LIVE_ERROR]);

/* At `path`; NULL: VERB.PID.sock in the directory.  NULL: `error` says why. */
struct live *live_open(const char *path, const char *verb, char error[LIVE_ERROR]);
const char *live_path(const struct live *);
/* To poll: when it is readable, call live_serve(). */
int live_fd(const struct live *);

/* What is looked at. */
struct live_view {
	const void *ctx;
	/* The next record, as sw_walk() gives it. */
	bool (*walk)(const void *ctx, uint64_t *at, struct sw_status *);
	void (*count)(const void *ctx, struct sw_counters *);
	sw_ns now;
};
void live_serve(struct live *, const struct live_view *);

/* The stacks of a program; those that are NULL are passed over. */
enum { LIVE_STACKS = 2 };
struct live_stacks {
	const struct sw_stack *stack[LIVE_STACKS];
};
struct live_view live_view_of(const struct live_stacks *, sw_ns now);

/* The socket goes from the file system. */
void live_close(struct live *); /* NULL is allowed */

#endif
