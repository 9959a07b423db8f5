/*
 * call.h - what the files of the system calls share: arguments, results.
 *
 * The first argument that is wrong ends the call: drill_fail() was said then and
 * everything else gives zeros.
 */
#ifndef SW_DRILL_CALL_H
#define SW_DRILL_CALL_H

#include <sys/socket.h>

#include "end.h"

enum { CALL_IOVECS = 64 };

struct calling {
	struct drill_run *run;
	struct drill_event *event;
	long result;
	int error; /* errno, if result is -1 */
	sw_ns ended;
};

/* ---- call.c -------------------------------------------------------------- */

/* Makes the call, unless the script has failed: result, error, ended. */
long call_ask(struct calling *, struct drill_ask *);

/* ---- symbols.c ----------------------------------------------------------- */

bool drill_symbol(const char *name, int64_t *value);
const char *drill_error_name(int error);
bool drill_error_named(const char *name, int *error);

/* ---- arguments.c --------------------------------------------------------- */

/* The n-th argument, from 0; NULL: missing, and that was said. */
const struct drill_value *call_arg(struct calling *, int n);
/* How many there are. */
int call_args(const struct calling *);
/* A value as a number: symbols, a | b, htons(1), [1]. */
int64_t call_number(struct calling *, const struct drill_value *);
int64_t call_number_at(struct calling *, int n);
/* The stack's descriptor for the n-th argument; *s: the socket, NULL: unknown here. */
int call_fd_at(struct calling *, int n, struct drill_sock **s);
/* A member of a struct, by its name or by its place; NULL: not there. */
const struct drill_value *call_member(const struct drill_value *, const char *name, int place);
/* A socket address: given, or the one of the script's settings. */
socklen_t call_address(struct calling *, const struct drill_value *, bool remote,
		       struct sockaddr_storage *);
/* The same against what came; nothing is said of `...`. */
void call_address_expect(struct calling *, const struct drill_value *,
			 const struct sockaddr_storage *);
/* Did an integer come out as the script says?  `...` is any. */
void call_expect(struct calling *, const struct drill_value *, const char *what, int64_t came);

/* A call that opens a connection to this address is about to be made: call_open.c. */
void call_connects(struct calling *, struct drill_sock *, const struct sockaddr_storage *);
/* Bytes were taken from the socket that nobody looked at: call_io.c. */
void call_skip(struct calling *, struct drill_sock *);

/* ---- the calls: true if the name is theirs ------------------------------- */

bool call_open(struct calling *, const char *name);   /* call_open.c */
bool call_io(struct calling *, const char *name);     /* call_io.c */
bool call_option(struct calling *, const char *name); /* call_option.c */
bool call_poll(struct calling *, const char *name);   /* call_poll.c */
bool call_file(struct calling *, const char *name);   /* call_file.c */

#endif
