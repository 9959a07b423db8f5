/*
 * xdp.c - one queue of a device as a driver.  Knows the four rings of an AF_XDP
 * socket (libxdp) and which frame is whose; nothing of what is in a frame.
 *
 * A frame is, at any time, in one place: in the fill ring or the device (to be
 * received into), lent to the reader of the last batch, free, offered to the
 * stack to write into, or on its way out (the tx ring, the device, the
 * completion ring).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <xdp/libxdp.h>
#include <xdp/xsk.h>

#include <synwave/sw_xdp.h>

enum {
	BATCH = 32,
	RING = 2048,	    /* entries of each ring */
	FRAMES = 2 * RING,  /* half to receive into, half to send from */
	FRAME_SMALL = 2048, /* bytes of a frame */
	FRAME_LARGE = 4096,
	KERNEL_ROOM = 256, /* of a frame, kept free by the kernel (XDP_PACKET_HEADROOM) */
	ETHER = 14,
	PATIENCE_MS = 500,
	TRIES = 10
};

struct xdp {
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons done, rx;
	uint8_t *area;
	size_t bytes;
	uint32_t frame; /* bytes */
	int fd;
	int news;   /* rtnetlink: something happened to a device; poll() on fd does not tell */
	int either; /* an epoll: of the two */
	bool zero_copy;

	uint64_t lent[BATCH]; /* frames of the last batch received */
	uint32_t n_lent;
	uint64_t free[FRAMES]; /* frames to send from; the last are offered to the stack */
	uint32_t n_free;
	uint64_t lost;
};

/* ---- in ------------------------------------------------------------------ */

/* Frames that nobody looks at any more are received into again. */
static void
give_back(struct xdp *x)
{
	uint32_t at;

	if (x->n_lent == 0)
		return;
	/* there is room: the ring holds every frame that is received into */
	if (xsk_ring_prod__reserve(&x->fill, x->n_lent, &at) == x->n_lent) {
		for (uint32_t i = 0; i < x->n_lent; i++)
			*xsk_ring_prod__fill_addr(&x->fill, at + i) = x->lent[i];
		xsk_ring_prod__submit(&x->fill, x->n_lent);
		x->n_lent = 0;
	}
}

/* Nothing came: is the device still there?  (The call also wakes a driver that waits for
 * frames to receive into.) */
static ptrdiff_t
nothing(struct xdp *x)
{
	char news[4096];

	while (recv(x->news, news, sizeof news, MSG_DONTWAIT) > 0)
		continue;
	if (recvfrom(x->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL) < 0 &&
	    (errno == ENXIO || errno == ENODEV)) {
		errno = ENODEV;
		return -1;
	}
	return 0;
}

static ptrdiff_t
xdp_receive(void *self, struct sw_packet *p, size_t n)
{
	struct xdp *x = self;
	uint32_t at, got;

	give_back(x);
	if (x->n_lent > 0)
		return 0;
	got = xsk_ring_cons__peek(&x->rx, (uint32_t)(n < BATCH ? n : BATCH), &at);
	if (got == 0)
		return nothing(x);
	for (uint32_t i = 0; i < got; i++) {
		const struct xdp_desc *d = xsk_ring_cons__rx_desc(&x->rx, at + i);

		x->lent[i] = d->addr & ~(uint64_t)(x->frame - 1);
		p[i] = (struct sw_packet){.data = x->area + d->addr, .len = d->len, .cap = d->len};
	}
	x->n_lent = got;
	xsk_ring_cons__release(&x->rx, got);
	return (ptrdiff_t)got;
}

/* ---- out ----------------------------------------------------------------- */

/* Frames that have left are free. */
static void
collect(struct xdp *x)
{
	uint32_t at, got = xsk_ring_cons__peek(&x->done, RING, &at);

	for (uint32_t i = 0; i < got; i++)
		x->free[x->n_free++] = *xsk_ring_cons__comp_addr(&x->done, at + i);
	xsk_ring_cons__release(&x->done, got);
}

/* The kernel sends what stands in the ring.  0, or -1: the device is gone. */
static int
kick(struct xdp *x)
{
	if (!xsk_ring_prod__needs_wakeup(&x->tx) ||
	    sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
		return 0;
	if (errno != ENXIO && errno != ENODEV)
		return 0; /* busy, down or out of memory: it goes with the next one */
	errno = ENODEV;
	return -1;
}

/* Frames for the next batch: they stay on the free list until they are sent. */
static size_t
xdp_room(void *self, struct sw_packet *p, size_t n)
{
	struct xdp *x = self;
	uint32_t i;

	collect(x);
	if (x->n_free == 0) {
		kick(x);
		collect(x);
	}
	for (i = 0; i < n && i < x->n_free; i++) {
		p[i].data = x->area + x->free[x->n_free - 1 - i];
		p[i].cap = x->frame;
	}
	return i;
}

/* The frame that a packet is sent from; it is off the free list.  UINT64_MAX: none. */
static uint64_t
frame_of(struct xdp *x, const struct sw_packet *p)
{
	uint64_t frame = x->n_free > 0 ? x->free[--x->n_free] : UINT64_MAX;
	uintptr_t at = (uintptr_t)p->data - (uintptr_t)x->area;

	if (frame == UINT64_MAX || at == frame)
		return frame;
	for (uint32_t i = 0; at < x->bytes && i < x->n_free && i < BATCH; i++) {
		uint64_t *other = &x->free[x->n_free - 1 - i];

		if (*other == at) { /* written to another frame of ours */
			*other = frame;
			return at;
		}
	}
	memcpy(x->area + frame, p->data, p->len);
	return frame;
}

static ptrdiff_t
xdp_send(void *self, const struct sw_packet *p, size_t n)
{
	struct xdp *x = self;
	uint32_t at, put = 0;
	size_t i;

	if (x->n_free < n) /* else xdp_room() has offered what stands last */
		collect(x);
	for (i = 0; i < n; i++) {
		uint64_t frame;

		if (p[i].len > x->frame || p[i].seg_size != 0) {
			x->lost++; /* no device does that */
			continue;
		}
		if (x->n_free == 0 || xsk_ring_prod__reserve(&x->tx, 1, &at) != 1)
			break;
		frame = frame_of(x, &p[i]);
		*xsk_ring_prod__tx_desc(&x->tx, at) =
		    (struct xdp_desc){.addr = frame, .len = p[i].len};
		put++;
	}
	xsk_ring_prod__submit(&x->tx, put);
	return kick(x) == 0 ? (ptrdiff_t)i : -1;
}

/* ---- opening and closing -------------------------------------------------- */

static void
xdp_close(void *self)
{
	struct xdp *x = self;

	if (x->socket != NULL)
		xsk_socket__delete(x->socket); /* and the program, when it was the last */
	if (x->news >= 0)
		close(x->news);
	if (x->either >= 0)
		close(x->either);
	if (x->umem != NULL)
		xsk_umem__delete(x->umem);
	if (x->area != NULL)
		munmap(x->area, x->bytes);
	free(x);
}

static bool
xdp_pending(void *self)
{
	struct xdp *x = self;

	return xsk_cons_nb_avail(&x->rx, 1) > 0;
}

static uint64_t
xdp_lost(void *self)
{
	const struct xdp *x = self;

	return x->lost;
}

static const struct sw_drv_ops xdp_ops = {.receive = xdp_receive,
					  .send = xdp_send,
					  .room = xdp_room,
					  .pending = xdp_pending,
					  .lost = xdp_lost,
					  .close = xdp_close};

/* Says why, and gives -1 with errno `code`. */
static int
fail(struct sw_drv_error *e, const char *device, const char *text, int code)
{
	if (e != NULL) {
		e->code = code;
		snprintf(e->text, sizeof e->text, "%s: %s", device,
			 text != NULL ? text : strerror(code));
	}
	errno = code;
	return -1;
}

/* The words for what libxdp refused with. */
static const char *
why(int code)
{
	switch (code) {
	case EPERM:
	case EACCES:
		return "AF_XDP needs root (CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF)";
	case EBUSY:
		return "the queue, or the device's XDP program, is in use by another program";
	case EINVAL:
		return "no such queue, or the device's driver cannot do it this way";
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return "the kernel or the device has no AF_XDP";
	default:
		return NULL;
	}
}

/* What kind of interface the device is. */
static int
face_of(const char *device, struct sw_iface *face, struct sw_drv_error *e)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code = 0;
	struct ifreq mac = {0}, mtu = {0};

	if (strlen(device) >= IFNAMSIZ)
		code = ENAMETOOLONG;
	else if (s < 0)
		code = errno;
	memcpy(mac.ifr_name, device, code == 0 ? strlen(device) : 0);
	memcpy(mtu.ifr_name, mac.ifr_name, sizeof mac.ifr_name);
	if (code == 0 && (ioctl(s, SIOCGIFHWADDR, &mac) != 0 || ioctl(s, SIOCGIFMTU, &mtu) != 0))
		code = errno;
	if (s >= 0)
		close(s);
	if (code != 0)
		return fail(e, device, code == ENODEV ? "no such device" : NULL, code);
	if (mac.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return fail(e, device, "not an Ethernet device", EINVAL);
	memset(face, 0, sizeof *face);
	face->link = SW_LINK_ETHERNET;
	memcpy(face->mac, mac.ifr_hwaddr.sa_data, sizeof face->mac);
	face->mtu = (uint32_t)mtu.ifr_mtu;
	if (face->mtu > FRAME_LARGE - KERNEL_ROOM - ETHER)
		face->mtu = FRAME_LARGE - KERNEL_ROOM - ETHER;
	return 0;
}

/* Memory for the frames, known to the kernel: 0, or an errno. */
static int
memory(struct xdp *x, uint32_t mtu)
{
	struct xsk_umem_config c = {.fill_size = RING, .comp_size = RING};
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	x->frame = mtu + ETHER + KERNEL_ROOM <= FRAME_SMALL ? FRAME_SMALL : FRAME_LARGE;
	x->bytes = (size_t)FRAMES * x->frame;
	x->area = mmap(NULL, x->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (x->area == MAP_FAILED) {
		x->area = NULL;
		return errno;
	}
	c.frame_size = x->frame;
	setrlimit(RLIMIT_MEMLOCK, &all); /* not allowed: then what there is must do */
	return -xsk_umem__create(&x->umem, x->area, x->bytes, &x->fill, &x->done, &c);
}

/* The socket on the queue, and libxdp's program that sends packets to it: 0, or an errno. */
static int
socket_make(struct xdp *x, const char *device, unsigned queue, unsigned how)
{
	struct xsk_socket_config c = {.rx_size = RING, .tx_size = RING};
	struct xdp_options o = {0};
	socklen_t n = sizeof o;
	uint32_t at;
	int code;

	c.bind_flags = XDP_USE_NEED_WAKEUP;
	if ((how & SW_XDP_COPY) != 0)
		c.bind_flags |= XDP_COPY;
	if ((how & SW_XDP_NATIVE) != 0)
		c.xdp_flags = XDP_FLAGS_DRV_MODE;
	else if ((how & SW_XDP_GENERIC) != 0)
		c.xdp_flags = XDP_FLAGS_SKB_MODE;
	code = -xsk_socket__create(&x->socket, device, queue, x->umem, &x->rx, &x->tx, &c);
	if (code != 0)
		return code;
	x->fd = xsk_socket__fd(x->socket);
	x->zero_copy = getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &o, &n) == 0 &&
		       (o.flags & XDP_OPTIONS_ZEROCOPY) != 0;
	if (xsk_ring_prod__reserve(&x->fill, RING, &at) != RING)
		return ENOMEM;
	for (uint32_t i = 0; i < RING; i++) {
		*xsk_ring_prod__fill_addr(&x->fill, at + i) = (uint64_t)i * x->frame;
		x->free[x->n_free++] = (uint64_t)(RING + i) * x->frame;
	}
	xsk_ring_prod__submit(&x->fill, RING);
	return 0;
}

/* What to sleep on: 0, or an errno. */
static int
either_make(struct xdp *x)
{
	struct sockaddr_nl links = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	struct epoll_event in = {.events = EPOLLIN};

	x->news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	x->either = epoll_create1(EPOLL_CLOEXEC);
	if (x->news < 0 || x->either < 0 ||
	    bind(x->news, (struct sockaddr *)&links, sizeof links) != 0 ||
	    epoll_ctl(x->either, EPOLL_CTL_ADD, x->fd, &in) != 0 ||
	    epoll_ctl(x->either, EPOLL_CTL_ADD, x->news, &in) != 0)
		return errno;
	return 0;
}

static int
quiet(enum libxdp_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

static int
quiet_bpf(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level, (void)format, (void)args;
	return 0;
}

/* 0 and the driver, or an errno. */
static int
open_once(struct sw_drv **d, const char *device, unsigned queue, unsigned how,
	  const struct sw_iface *face)
{
	struct xdp *x = calloc(1, sizeof *x);
	int code;

	if (x == NULL)
		return ENOMEM;
	x->news = x->either = -1;
	code = memory(x, face->mtu);
	if (code == 0)
		code = socket_make(x, device, queue, how);
	if (code == 0)
		code = either_make(x);
	*d = code == 0 ? sw_drv_new(&xdp_ops, x, x->either, device, face) : NULL;
	if (*d != NULL)
		return 0;
	xdp_close(x);
	return code != 0 ? code : ENOMEM;
}

struct sw_drv *
sw_drv_xdp(const char *device, unsigned queue, unsigned how, struct sw_drv_error *e)
{
	const struct timespec pause = {0, PATIENCE_MS * 1000000 / TRIES};
	struct sw_iface face;
	struct sw_drv *d;
	int code;

	if (face_of(device, &face, e) != 0)
		return NULL;
	libxdp_set_print(quiet); /* they say in many lines what we say in one */
	libbpf_set_print(quiet_bpf);
	code = open_once(&d, device, queue, how, &face);
	/* a queue is free some time after its last user has gone */
	for (int i = 0; i < TRIES && code == EBUSY; i++) {
		nanosleep(&pause, NULL);
		code = open_once(&d, device, queue, how, &face);
	}
	if (code == 0)
		return d;
	fail(e, device, why(code), code);
	return NULL;
}

const char *
sw_xdp_mode(const struct sw_drv *d)
{
	const struct xdp *x = sw_drv_self(d, &xdp_ops);

	return x == NULL ? NULL : x->zero_copy ? "zero-copy" : "copy";
}
