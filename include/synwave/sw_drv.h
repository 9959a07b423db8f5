/*
 * sw_drv.h - where packets come from and go to: a TUN or TAP device of the
 * Linux kernel, or a link in memory between two stacks of one process.
 *
 * A driver moves struct sw_packet and knows nothing of connections.  The short
 * way: open, sw_drv_attach() it to a stack, then call sw_drv_turn() in a loop.
 * The long way: sw_drv_receive() and sw_drv_send() with a loop of your own.
 *
 * Functions that fail set errno; those that take a struct sw_drv_error (it may
 * be NULL) also say in one line what did not work.
 */
#ifndef SYNWAVE_SW_DRV_H
#define SYNWAVE_SW_DRV_H

#include <poll.h>

#include "sw.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sw_drv;

struct sw_drv_error {
	int code; /* errno */
	char text[200];
};

/* ---- opening ------------------------------------------------------------ */

/*
 * Attach to the TUN (IP packets) or TAP (Ethernet frames) device `name`; it is
 * created if there is none, which needs CAP_NET_ADMIN, and then goes away with
 * the driver.  Offloads are taken as far as the kernel has them: checksums,
 * TCP segmentation for IPv4 and IPv6, UDP segmentation, both ways.  NULL: error.
 */
struct sw_drv *sw_drv_tun(const char *name, struct sw_drv_error *);
struct sw_drv *sw_drv_tap(const char *name, struct sw_drv_error *);

enum {			/* how */
       SW_DRV_TAP = 1,	/* Ethernet frames, not IP packets */
       SW_DRV_PLAIN = 2 /* no offloads: packets of at most the MTU, their checksums complete */
};

/*
 * The same device with n queues, a driver each, so that each can be a thread's
 * of its own.  n > 1 needs a device that is new, or was made with multi_queue.
 * Which queue a packet of the kernel comes to, the kernel decides by its flow,
 * until sw_drv_steer() was called.  At most SW_DRV_QUEUES.  0 or -1.
 */
#define SW_DRV_QUEUES 64
int sw_drv_open(struct sw_drv *queues[], unsigned n, const char *name, unsigned how,
		struct sw_drv_error *);

/*
 * Two ends of a link in memory; each copies up to `depth` packets on their way
 * and is full then.  `kind` says link type, MTU and offloads of both ends (each
 * Ethernet end gets a MAC of its own).  Not for two threads.  0 or -1.
 */
int sw_drv_memory(struct sw_drv *ends[2], const struct sw_iface *kind, uint32_t depth);

/*
 * A link in memory like a device with n queues: what is sent at `one` comes to the
 * queue that sw_drv_steer() gave its flow (all to the first, before), what a queue
 * sends comes to `one`.  Each of the n + 1 may be used by a thread of its own.  0 or -1.
 */
int sw_drv_hub(struct sw_drv **one, struct sw_drv *queues[], unsigned n,
	       const struct sw_iface *kind, uint32_t depth);

/*
 * The device of this queue chooses the queue by sw_steer() from now on.  What is not
 * plain TCP comes to the first: fragments, IPv4 options, ICMP, ARP.  0, or -1: ENOTSUP,
 * it cannot; EPERM, it needs CAP_BPF and CAP_NET_ADMIN.
 */
int sw_drv_steer(struct sw_drv *, const struct sw_steer *);

void sw_drv_close(struct sw_drv *);

/*
 * Bring a TUN or TAP device up, with the kernel's own address on it (NULL:
 * none) and an MTU (0: as it is), and wait until packets pass.  The address can
 * be used at once.  A device that is up already needs no rights.  0 or -1.
 */
int sw_drv_up(struct sw_drv *, const struct sw_addr *kernel, unsigned prefix, uint32_t mtu,
	      struct sw_drv_error *);

/* ---- what it is --------------------------------------------------------- */

int sw_drv_fd(const struct sw_drv *);		/* to poll; -1: none (memory) */
const char *sw_drv_name(const struct sw_drv *); /* "tun0" */
bool sw_drv_made(const struct sw_drv *);	/* the device was created by us */
bool sw_drv_is_up(const struct sw_drv *);
void sw_drv_iface(const struct sw_drv *, struct sw_iface *); /* for sw_iface_add() */
uint64_t sw_drv_lost(const struct sw_drv *);		     /* packets that the device refused */

/* ---- moving packets ----------------------------------------------------- */

/*
 * Up to n packets that have come (at most 32 at a time).  Their bytes lie in
 * the driver until the next call.  How many; 0: none now; -1: the device is gone.
 */
ptrdiff_t sw_drv_receive(struct sw_drv *, struct sw_packet *, size_t n);

/* Packets to the device: how many of the n it took; fewer: it is full now; -1: gone. */
ptrdiff_t sw_drv_send(struct sw_drv *, const struct sw_packet *, size_t n);

/*
 * Called for each packet of sw_drv_turn(): `out` when the stack has given it, else before
 * the stack gets it.  The bytes are lent for the call.  NULL: nobody watches.
 */
void sw_drv_watch(struct sw_drv *, void (*)(void *ctx, const struct sw_packet *, bool out),
		  void *ctx);

/* ---- the loop ----------------------------------------------------------- */

/* The clock of the loop: CLOCK_MONOTONIC. */
sw_ns sw_drv_now(void);

/* 32 unpredictable bytes for sw_config.secret; 0 or -1. */
int sw_drv_secret(uint8_t secret[32]);

/*
 * A stack in memory of its own, with config->secret filled in.  Where config has no
 * copy_sum or sum, the stack takes the machine's best (sw_simd.h).  `arena` (or NULL) gets
 * what free() takes when the stack is no more used.  NULL: errno.
 */
struct sw_stack *sw_drv_stack(struct sw_config *, void **arena);

/* Add the device to a stack as an interface: its number, or an enum sw_error. */
int sw_drv_attach(struct sw_drv *, struct sw_stack *);

/*
 * One turn: send what the stack has to say, sleep until a packet comes, a timer
 * is due, `timeout` nanoseconds are over or one of `more` is ready, and give the
 * stack what came.  `more` is polled along (revents are filled; fd -1: not).
 * Packets that the device does not take now wait for the next turn.  0, or -1:
 * the device is gone (ENODEV) or poll failed.
 */
int sw_drv_turn(struct sw_drv *, sw_ns timeout, struct pollfd *more, size_t n);

/* ---- a driver of your own ----------------------------------------------- */

/* What a driver does; `self` is what sw_drv_new() was given. */
struct sw_drv_ops {
	/* as sw_drv_receive() and sw_drv_send() */
	ptrdiff_t (*receive)(void *self, struct sw_packet *, size_t n);
	ptrdiff_t (*send)(void *self, const struct sw_packet *, size_t n);
	/*
	 * Optional: memory of the device's own for the next packets that go: sets data
	 * and cap of up to n, and returns for how many there is some.  What the stack
	 * writes there comes to send(), but not all of it need be used.
	 */
	size_t (*room)(void *self, struct sw_packet *, size_t n);
	/* Optional: does something wait that poll() cannot see? */
	bool (*pending)(void *self);
	/* Optional: sw_drv_steer(). */
	int (*steer)(void *self, const struct sw_steer *);
	/* Optional: what sw_drv_lost() adds to its count. */
	uint64_t (*lost)(void *self);
	void (*close)(void *self);
};

/*
 * A driver that moves packets by these calls.  `fd` is polled for what comes, and
 * closed by nobody here; -1: there is none.  When send() did not take all, it is asked
 * again within a millisecond.  NULL: no memory.
 */
struct sw_drv *sw_drv_new(const struct sw_drv_ops *, void *self, int fd, const char *name,
			  const struct sw_iface *);
void *sw_drv_self(const struct sw_drv *, const struct sw_drv_ops *); /* NULL: not of these */

#ifdef __cplusplus
}
#endif
#endif
