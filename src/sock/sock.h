/*
 * sock.h - what the files of sock/ share: descriptors, and what Linux remembers
 * of a socket beside its connection.
 */
#ifndef SW_SOCK_SOCK_H
#define SW_SOCK_SOCK_H

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <synwave/sw_sock.h>

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

enum sock_kind { SOCK_KIND_TCP, SOCK_KIND_EPOLL };

/* Linux's socket states: what connect() was answered, not what is on the wire. */
enum sock_phase { PHASE_UNCONNECTED, PHASE_CONNECTING, PHASE_CONNECTED };

enum { SHUT_RECV = 1, SHUT_SEND = 2, SHUT_BOTH = 3 };

/* What setsockopt() sets; accepted sockets begin with a copy. */
struct sock_settings {
	bool reuse, keepalive, nodelay, cork, quick_ack, v6_only;
	bool linger;
	int linger_s;
	int snd_buf, rcv_buf; /* 0: the stack's */
	int max_seg, user_timeout_ms;
	int keep_idle, keep_interval, keep_count; /* 0: the stack's */
	int tos, ttl;				  /* ttl 0: the stack's */
	int low_water;
	int cc; /* enum sw_cc + 1; 0: the stack's */
	int defer_accept;
	int fast_open; /* a listener's: how many may be pending */
	bool fast_connect;
	sw_ns rcv_timeout, snd_timeout; /* SW_NEVER: none */
};

struct sock_watch;

struct sock {
	enum sock_kind kind;
	int fd;
	uint64_t serial; /* never the same twice: was it closed while we waited? */
	bool nonblock;

	int domain;
	enum sock_phase phase;
	bool listening;
	bool bound;	       /* by bind(): the port stays when a connect() fails */
	bool ended;	       /* the connection's end was seen */
	bool done;	       /* the peer's FIN was seen */
	bool deferred;	       /* connect() was answered; the SYN waits for the first bytes */
	unsigned shut;	       /* SHUT_... */
	int error, soft_error; /* pending: the next call that asks has it */
	sw_conn conn;	       /* 0: none */
	struct sw_endpoint local, remote;
	struct sock_settings set;

	/* for edges: what the watchers were told of */
	struct sock_watch *watches; /* who watches this one */
	enum sw_state seen_state;
	uint32_t seen_nxt, seen_waiting;
	bool no_space; /* somebody was told that it is full */

	/* an epoll's own */
	struct sock_watch *ready_head, *ready_tail;
	struct sock_watch *mine;
};

struct sock_watch { /* a line of an epoll's list of interest */
	struct sock *epoll, *sock;
	struct sock_watch *next_of_sock, *next_mine;
	struct sock_watch *next_ready;
	bool ready;
	struct epoll_event want;
};

struct sw_sock_host {
	struct sw_stack *stack;
	struct sw_sock_world world;
	struct sock **table; /* by descriptor - world.first_fd */
	uint32_t n_table;
	uint32_t lowest; /* no free place is lower */
	uint64_t serial;
	uint64_t random;
	struct sw_config conf;
};

/* host.c */
int sock_fail(int error);				      /* sets errno, -1 */
struct sock *sock_at(const struct sw_sock_host *, int fd);    /* NULL: no such */
struct sock *sock_find(const struct sw_sock_host *, int fd);  /* NULL: errno EBADF */
struct sock *sock_tcp(const struct sw_sock_host *, int fd);   /* NULL: errno EBADF, ENOTSOCK */
struct sock *sock_new(struct sw_sock_host *, enum sock_kind); /* NULL: errno EMFILE, ENOMEM */
void sock_free(struct sw_sock_host *, struct sock *);
/* One wait.  0: try again; -1: errno (EAGAIN: it is `until`; EBADF: it was closed). */
int sock_wait(struct sw_sock_host *, const struct sock *, sw_ns until);
/* The same for a caller that waits for several. */
int sock_wait_any(struct sw_sock_host *, sw_ns until);
void sock_nudge(struct sw_sock_host *); /* eager worlds only */
/* Until when a call may block. */
sw_ns sock_until(const struct sw_sock_host *, const struct sock *, int flags, sw_ns timeout);
sw_ns sock_until_ms(const struct sw_sock_host *, int timeout_ms);

/* state.c */
enum sw_state sock_state(const struct sw_sock_host *, const struct sock *, struct sw_status *);
/* Takes notice of what has become of the connection; its state, as Linux counts. */
enum sw_state sock_look(const struct sw_sock_host *, struct sock *);
int sock_error_take(struct sock *);			/* reads and clears; 0: none */
void sock_forget(struct sw_sock_host *, struct sock *); /* as if it had never been connected */
int sock_errno(int sw_error);
int sock_apply(const struct sw_sock_host *, const struct sock *); /* settings to the stack */
/* May bytes go both ways in this state? */
bool sock_is_open(const struct sw_sock_host *, const struct sock *, enum sw_state);

/* open.c: 0, or an errno; and 0, or -1: `meanwhile` is errno when it is `until` */
int sock_connect_begin(struct sw_sock_host *, struct sock *, const struct sockaddr *, socklen_t);
int sock_connect_finish(struct sw_sock_host *, struct sock *, sw_ns until, int meanwhile);

/* addr.c */
enum sock_use { USE_BIND, USE_CONNECT };
/* 0, or an errno */
int sock_addr_in(const struct sock *, enum sock_use, const struct sockaddr *, socklen_t,
		 struct sw_endpoint *);
int sock_addr_out(const struct sock *, const struct sw_endpoint *, struct sockaddr *, socklen_t *);
/* Is the place taken, among the host's sockets and in the stack? */
bool sock_local_taken(const struct sw_sock_host *, const struct sock *, const struct sw_endpoint *);
int sock_port_pick(struct sw_sock_host *, const struct sock *, struct sw_endpoint *);

enum { BUFFERS_MOST = 1024 }; /* Linux's UIO_MAXIOV */
/* send.c: buffers, as Linux bounds them; 0, or an errno */
int sock_buffers_wrong(const struct iovec *, size_t n);

/* poll.c */
unsigned sock_poll(const struct sw_sock_host *, struct sock *);

/* epoll.c */
void sock_events(struct sw_sock_host *);	/* what the stack tells, to the watchers */
void sock_wake(struct sock *, unsigned events); /* events: of which there may be news */
void sock_unwatch(struct sock *);		/* nobody watches it, it watches nobody */
bool sock_epoll_any(const struct sw_sock_host *, struct sock *);

/* info.c */
struct sock_option { /* what getsockopt() was given */
	int level, name;
	void *value;
	socklen_t *len;
};
int sock_info(const struct sw_sock_host *, struct sock *, const struct sock_option *);
int sock_mem_info(const struct sw_sock_host *, struct sock *, const struct sock_option *);
int sock_option_out(const struct sock_option *, const void *, size_t);

#endif
