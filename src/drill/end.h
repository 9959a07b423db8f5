/*
 * end.h - what a script is run against, seen from the script: system calls, a
 * wire, a clock.
 *
 *	end_own.c	our own stack, in virtual time
 *	end_kernel.c	the kernel's, over a TUN device in a namespace, in real time
 *	end_so.c	whatever stands behind packetdrill's table in a shared object
 *	thread.c	calls that last, in a thread of their own, for the last two
 */
#ifndef SW_DRILL_END_H
#define SW_DRILL_END_H

#include "run.h"

/* clang-format off */
enum drill_asked {
	ASK_SOCKET,		/* a domain, b type, c protocol */
	ASK_BIND,		/* to */
	ASK_LISTEN,		/* a backlog */
	ASK_ACCEPT,		/* from */
	ASK_ACCEPT4,		/* from, a flags */
	ASK_CONNECT,		/* to */
	ASK_GETSOCKNAME,	/* from */
	ASK_GETPEERNAME,	/* from */
	ASK_CLOSE,
	ASK_SHUTDOWN,		/* a how */
	ASK_READ,		/* memory, n */
	ASK_READV,		/* memory: struct iovec, n of them */
	ASK_RECV,		/* memory, n, a flags */
	ASK_RECVFROM,		/* memory, n, a flags, from */
	ASK_RECVMSG,		/* memory: struct msghdr, a flags */
	ASK_WRITE,		/* as their opposites */
	ASK_WRITEV,
	ASK_SEND,
	ASK_SENDTO,		/* memory, n, a flags, to */
	ASK_SENDMSG,
	ASK_FCNTL,		/* a command, b value */
	ASK_IOCTL,		/* request, memory: int */
	ASK_GETSOCKOPT,		/* a level, b name, memory, n: room, then bytes */
	ASK_SETSOCKOPT,		/* a level, b name, memory, n */
	ASK_POLL,		/* memory: struct pollfd, n of them, a time-out */
	ASK_EPOLL_CREATE,	/* a size */
	ASK_EPOLL_CREATE1,	/* a flags */
	ASK_EPOLL_CTL,		/* fd the epoll, a operation, b fd, memory: struct epoll_event */
	ASK_EPOLL_WAIT,		/* memory: struct epoll_event, n of them, a time-out */
	ASK_PIPE,		/* memory: two int */
	ASK_SPLICE,		/* fd from, b to, n, a flags */
	ASK_SENDFILE		/* fd to, b from, memory: off_t or NULL, n */
};
/* clang-format on */

struct drill_ask { /* one system call, with the end's descriptors */
	enum drill_asked what;
	int fd;
	long a, b, c;
	unsigned long request;
	void *memory;
	size_t n;
	struct sockaddr_storage *to, *from;
	socklen_t to_len, from_len; /* from_len: as it came */
	int error;		    /* errno, if the result is -1 */
};

struct drill_end {
	/* Calls block for real, so those that last have a thread; states are not seen. */
	bool outside;
	bool ticks; /* its time goes on by itself */
	bool pipes; /* it has its own, and knows them by their descriptors */
	/* Makes it by the settings in `run`; NULL, or why it cannot be made. */
	const char *(*make)(struct drill_run *);
	void (*free)(struct drill_run *);
	/* It forgets everything, and has another secret; NULL: that cannot be had. */
	void (*reboot)(struct drill_run *);
	/* One more address of its own; false: it cannot. */
	bool (*address)(struct drill_run *, const struct sw_addr *, unsigned prefix);
	/* One more setting by its name of sysctl; false: it has no such. */
	bool (*sysctl)(struct drill_run *, const char *name, const char *value);
	long (*call)(struct drill_run *, struct drill_ask *);
	/* n packets come in at once. */
	void (*input)(struct drill_run *, const struct sw_packet *, size_t n);
	/* Takes what it has sent, as far as that can be known without waiting. */
	void (*pump)(struct drill_run *);
	/*
	 * Time goes on to `until`, or till something has happened; false: nothing ever will.
	 * receive() is the same for one who waits for a packet.
	 */
	bool (*wait)(struct drill_run *, sw_ns until);
	bool (*receive)(struct drill_run *, sw_ns until);
	/* Nothing will come by itself any more. */
	bool (*idle)(struct drill_run *);
	/* Of one that is outside; any thread may ask. */
	sw_ns (*clock)(struct drill_run *);
};

/* A packet that the end sent at `at`. */
void drill_frame_take(struct drill_run *, const uint8_t *, uint32_t len, sw_ns at);

/* ---- kernel_call.c ------------------------------------------------------- */

long drill_kernel_call(struct drill_run *, struct drill_ask *);

/* ---- thread.c ------------------------------------------------------------ */

void drill_thread_start(struct drill_run *);
/* false: it is still in a call; nothing that it uses may be freed. */
bool drill_thread_stop(struct drill_run *);
/* Makes the call of the event there; comes back when it is done or sleeps. */
void drill_thread_call(struct drill_run *, struct drill_event *);
/* Waits until it has nothing to do; false: in vain. */
bool drill_thread_idle(struct drill_run *);
/* In that thread, around the system call itself. */
void drill_thread_leave(struct drill_run *);
void drill_thread_back(struct drill_run *);
/* Of the script; they do nothing where there is no such thread. */
void drill_lock(struct drill_run *);
void drill_unlock(struct drill_run *);

#endif
