/*
 * plugin.h - the stack behind packetdrill's table, its clock and its threads.
 *
 *	world.c		settings, the stack, packets, the clock, waiting
 *	calls.c		the calls on sockets; the table
 *	pipe.c		pipes, which are the kernel's, and splice()
 *
 * Two threads call: the main one, which moves the clock, and a second one for calls
 * that may block.  One lock is around everything.
 */
#ifndef SW_PLUGIN_PLUGIN_H
#define SW_PLUGIN_PLUGIN_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include <synwave/sw_sock.h>

#include "drill/profile.h"
#include "drill/packetdrill.h"

enum {
	PLUGIN_FIRST_FD = 1000, /* of the stack: lower ones are the kernel's */
	PLUGIN_PACKET = 65535,	/* longest */
	PLUGIN_MTU = 1500,
	PLUGIN_LOCALS = 8, /* addresses that flags may give */
	PLUGIN_WORD = 256
};

struct plugin_frame { /* a packet that the stack sent */
	struct plugin_frame *next;
	sw_ns at;
	uint32_t len;
	uint8_t data[];
};

struct plugin {
	pthread_mutex_t lock;
	pthread_t main; /* the thread that moves the clock */
	/* the other one: waits for a turn; once it has it the clock stands still */
	pthread_cond_t wake, settled;
	unsigned turn;
	int waiting; /* blocked in a call */
	int holding; /* in a call that may return now, or has, and not asked for the time yet */
	sw_ns until; /* when a waiting call gives up */
	pid_t main_id;
	unsigned calls;	   /* of main */
	unsigned quiet_at; /* and how many when it was found to wait for the other thread */
	bool quiet;

	sw_ns now;
	sw_ns begun;	/* when main's call began */
	unsigned asked; /* times in a row that main asked for the time */

	enum drill_profile profile;
	struct sw_addr local[PLUGIN_LOCALS];
	int locals;
	uint32_t mtu;
	struct sw_config config;
	struct sw_stack
	    *stack; /* NULL until the first call on a socket: settings may come till then */
	void *arena;
	int iface;
	struct sw_sock_host *host;
	struct plugin_frame *frames, **last_frame;
	uint8_t packet[PLUGIN_PACKET];
	bool pipe_end[PLUGIN_FIRST_FD]; /* which of the kernel's descriptors are ours */
};

/* ---- world.c ------------------------------------------------------------- */

/* NULL: no memory.  Ends the process if the flags are wrong. */
struct plugin *plugin_new(const char *flags);
void plugin_free(struct plugin *);
/* Begins a call: the lock, and a stack. */
struct plugin *plugin_enter(void *userdata);
/* Ends it: what it has to send is sent, who waited tries again.  result and errno stay. */
ssize_t plugin_leave(struct plugin *, ssize_t result);

int plug_netdev_send(void *, const void *, size_t);
int plug_netdev_receive(void *, void *, size_t *, long long *time_us);
int plug_usleep(void *, useconds_t);
int plug_gettimeofday(void *, struct timeval *, struct timezone *);

/* ---- pipe.c -------------------------------------------------------------- */

bool plugin_is_pipe(const struct plugin *, int fd);
int plug_pipe(void *, int ends[2]);
int plug_splice(void *, int in, loff_t *, int out, loff_t *, size_t, unsigned flags);

#endif
