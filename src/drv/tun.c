/*
 * tun.c - TUN and TAP devices of Linux.  Knows struct virtio_net_hdr and what
 * it says about checksums and super-packets (virtio 1.2, 5.1.6); of the packet
 * itself only the IP version and where TCP's header ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#include "drv.h"

/* Newer than some headers that we are built with. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define GSO_NONE 0
#define GSO_TCP4 1
#define GSO_TCP6 4
#define GSO_ECN 0x80
#define GSO_LONGEST 65535 /* an IPv4 packet cannot be longer */

#define TUN_MANY 4 /* so many writes are one call */
#define ETHER_HEADER 14
#define TCP_CSUM 16 /* where the checksum stands in TCP's header */

/* Where packets that came are read to: their IP header is aligned to 4 bytes. */
static uint8_t *
tun_frame(struct sw_drv *d, size_t i)
{
	size_t shift = d->iface.link == SW_LINK_ETHERNET ? 2 : 0;

	return d->in + i * DRV_FRAME + DRV_HEADROOM - 16 + shift;
}

/* What the header that the kernel wrote says, in our words. */
static void
vnet_read(struct sw_packet *p, const struct virtio_net_hdr *h)
{
	if ((h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
		p->csum = SW_CSUM_PARTIAL;
		p->csum_start = h->csum_start;
		p->csum_offset = h->csum_offset;
	} else if ((h->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0) {
		p->csum = SW_CSUM_VERIFIED;
	}
	if ((h->gso_type & ~GSO_ECN) != GSO_NONE)
		p->seg_size = h->gso_size;
}

/* What the kernel has to know about a packet of ours. */
static void
vnet_write(const struct sw_drv *d, const struct sw_packet *p, struct virtio_net_hdr *h)
{
	size_t ip = d->iface.link == SW_LINK_ETHERNET ? ETHER_HEADER : 0;
	size_t tcp = p->csum_start;

	memset(h, 0, sizeof *h);
	if (p->csum != SW_CSUM_PARTIAL)
		return;
	h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	h->csum_start = p->csum_start;
	h->csum_offset = p->csum_offset;
	if (p->seg_size == 0 || p->csum_offset != TCP_CSUM || p->len < tcp + 20)
		return;
	h->gso_type = p->data[ip] >> 4 == 6 ? GSO_TCP6 : GSO_TCP4;
	h->gso_size = p->seg_size;
	h->hdr_len = (uint16_t)(tcp + (size_t)(p->data[tcp + 12] >> 4) * 4);
}

static ptrdiff_t
tun_receive(void *self, struct sw_packet *p, size_t n)
{
	struct sw_drv *d = self;
	size_t i = 0, bytes = 0;

	while (i < n && bytes < DRV_WARM) {
		struct virtio_net_hdr h = {0};
		struct iovec v[2] = {{&h, sizeof h}, {tun_frame(d, i), DRV_ROOM}};
		size_t head = d->vnet ? sizeof h : 0;
		ssize_t got = readv(d->fd, d->vnet ? v : v + 1, d->vnet ? 2 : 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			break;
		if (got < 0) {
			errno = ENODEV;
			return i > 0 ? (ptrdiff_t)i : -1;
		}
		if ((size_t)got <= head)
			continue;
		memset(&p[i], 0, sizeof p[i]);
		p[i].data = v[1].iov_base;
		p[i].len = p[i].cap = (uint32_t)((size_t)got - head);
		vnet_read(&p[i], &h);
		bytes += p[i++].len;
	}
	return (ptrdiff_t)i;
}

/* What a write gave: false: it was not taken, `full` or else the device is gone. */
static bool
tun_taken(struct sw_drv *d, ptrdiff_t put, bool *full)
{
	*full = put == -EAGAIN;
	if (*full || put == -EBADFD || put == -EBADF || put == -ENODEV)
		return false;
	if (put < 0) /* EIO: down; ENOBUFS, ENOMEM: the wire loses packets too */
		d->lost++;
	return true;
}

/* One write: what it gave, or -errno. */
static ptrdiff_t
tun_write(const struct sw_drv *d, const struct iovec v[2])
{
	ptrdiff_t put;

	do
		put = writev(d->fd, d->vnet ? v : v + 1, d->vnet ? 2 : 1);
	while (put < 0 && errno == EINTR);
	return put < 0 ? -errno : put;
}

/* Tries to write n packets, together if they are many: how many were tried. */
static size_t
tun_write_all(const struct sw_drv *d, const struct iovec v[][2], ptrdiff_t done[], size_t n)
{
	ptrdiff_t tried = -1;
	size_t i;

	if (d->aio != 0 && n >= TUN_MANY)
		tried = drv_aio_write(d->aio, d->fd, v, done, n);
	for (i = 0; tried > 0 && i < (size_t)tried; i++)
		if (done[i] == -EAGAIN) /* others behind it have gone: it is lost */
			done[i] = -ENOBUFS;
	if (tried > 0)
		return (size_t)tried;
	for (i = 0; i < n; i++) {
		done[i] = tun_write(d, v[i]);
		if (done[i] == -EAGAIN)
			return i + 1;
	}
	return i;
}

static ptrdiff_t
tun_send(void *self, const struct sw_packet *p, size_t n)
{
	struct sw_drv *d = self;
	struct virtio_net_hdr h[DRV_BATCH];
	struct iovec v[DRV_BATCH][2];
	ptrdiff_t done[DRV_BATCH];
	size_t at = 0, tried, i;
	bool full = false;

	while (at < n) {
		size_t some = n - at < DRV_BATCH ? n - at : DRV_BATCH;

		for (i = 0; i < some; i++) {
			vnet_write(d, &p[at + i], &h[i]);
			v[i][0] = (struct iovec){&h[i], d->vnet ? sizeof h[i] : 0};
			v[i][1] = (struct iovec){p[at + i].data, p[at + i].len};
		}
		tried = tun_write_all(d, (const struct iovec(*)[2])v, done, some);
		for (i = 0; i < tried && tun_taken(d, done[i], &full); i++)
			continue;
		at += i;
		if (i == tried)
			continue;
		if (full)
			break;
		errno = ENODEV;
		return -1;
	}
	return (ptrdiff_t)at;
}

/* Leave a device that stays as we found it. */
static void
tun_close(void *self)
{
	struct sw_drv *d = self;

	drv_aio_close(d->aio);
	if (d->fd < 0)
		return;
	if (!d->made)
		ioctl(d->fd, TUNSETOFFLOAD, 0ul);
	close(d->fd);
}

static const struct sw_drv_ops tun_ops = {
    .receive = tun_receive, .send = tun_send, .steer = tun_steer, .close = tun_close};

/* Bind the descriptor to the device in this mode: 0, or -1 with errno. */
static int
tun_bind_as(struct sw_drv *d, const char *name, int mode)
{
	struct ifreq r;

	memset(&r, 0, sizeof r);
	memcpy(r.ifr_name, name, strlen(name));
	r.ifr_flags = (short)(mode | IFF_NO_PI);
	if (ioctl(d->fd, TUNSETIFF, &r) != 0)
		return -1;
	d->vnet = (mode & IFF_VNET_HDR) != 0;
	memcpy(d->name, r.ifr_name, sizeof d->name);
	d->name[sizeof d->name - 1] = 0;
	return 0;
}

/*
 * Bind it, with virtio-net headers if they are wanted and to be had.  A device
 * that was made for many queues wants the flag of its one user, too.
 */
static int
tun_bind(struct sw_drv *d, const char *name, int mode, bool many)
{
	const int vnet = mode & IFF_VNET_HDR, base = mode & ~IFF_VNET_HDR;

	for (int multi = many; multi < 2; multi++) {
		int how = base | (multi ? IFF_MULTI_QUEUE : 0);

		if (vnet != 0 && tun_bind_as(d, name, how | vnet) == 0)
			return 0;
		if ((vnet == 0 || errno == EINVAL) && tun_bind_as(d, name, how) == 0)
			return 0;
		if (errno != EINVAL)
			return -1;
	}
	return -1;
}

/* Ask for all offloads that the kernel has; what it does not have, it refuses. */
static void
tun_offload(struct sw_drv *d)
{
	const unsigned long tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	const unsigned long sets[] = {tso | TUN_F_USO4 | TUN_F_USO6, tso, TUN_F_CSUM, 0};

	if (!d->vnet)
		return;
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
		if (ioctl(d->fd, TUNSETOFFLOAD, sets[i]) == 0)
			break;
	/* what we send, the kernel cuts and sums in any case */
	d->iface.gso_max = GSO_LONGEST;
	d->iface.tx_csum = true;
}

/* The MTU that the kernel has for the device. */
static uint32_t
tun_mtu(const struct sw_drv *d)
{
	struct ifreq r;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t mtu = 1500;

	memset(&r, 0, sizeof r);
	memcpy(r.ifr_name, d->name, sizeof d->name);
	if (s >= 0 && ioctl(s, SIOCGIFMTU, &r) == 0 && r.ifr_mtu > 0)
		mtu = (uint32_t)r.ifr_mtu;
	if (s >= 0)
		close(s);
	return mtu;
}

static const char *
tun_why(bool many)
{
	switch (errno) {
	case EPERM:
	case EACCES:
		return "no permission to create or use this device";
	case EBUSY:
		return "in use by another program";
	case EINVAL:
		return many ? "not a device of this kind with several queues (multi_queue)"
			    : "not a device of this kind";
	case E2BIG:
		return "the device has no queue left";
	default:
		return NULL;
	}
}

/* One queue, or NULL; `made`: the device is ours. */
static struct sw_drv *
tun_queue(const char *name, unsigned how, bool many, bool made, struct sw_drv_error *e)
{
	struct sw_drv *d = drv_new(&tun_ops);
	int mode = ((how & SW_DRV_TAP) != 0 ? IFF_TAP : IFF_TUN) |
		   ((how & SW_DRV_PLAIN) != 0 ? 0 : IFF_VNET_HDR);
	int code;

	if (d == NULL)
		return drv_fail(e, name, NULL), NULL;
	d->in = malloc((size_t)DRV_BATCH * DRV_FRAME);
	d->iface.link = (how & SW_DRV_TAP) != 0 ? SW_LINK_ETHERNET : SW_LINK_IP;
	d->made = made;
	d->tells = true;
	if (d->in == NULL) {
		drv_fail(e, name, NULL);
	} else if ((d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0) {
		drv_fail(e, "/dev/net/tun",
			 errno == EACCES ? "no permission: run as root, or sudo chmod 666 "
					   "/dev/net/tun"
					 : NULL);
	} else if (tun_bind(d, name, mode, many) != 0) {
		drv_fail(e, name, tun_why(many));
	} else {
		tun_offload(d);
		d->aio = drv_aio_open();
		d->iface.mtu = tun_mtu(d);
		return d;
	}
	code = errno;
	sw_drv_close(d);
	errno = code;
	return NULL;
}

int
sw_drv_open(struct sw_drv *queues[], unsigned n, const char *name, unsigned how,
	    struct sw_drv_error *e)
{
	bool made = if_nametoindex(name) == 0;
	uint8_t mac[6];
	int code;

	if (strlen(name) >= IFNAMSIZ) {
		errno = ENAMETOOLONG;
		return drv_fail(e, name, "a device's name has at most 15 characters");
	}
	if (n == 0 || n > SW_DRV_QUEUES) {
		errno = EINVAL;
		return drv_fail(e, name, "a device has 1 to 64 queues");
	}
	if (drv_mac(mac) != 0)
		return drv_fail(e, name, NULL);
	for (unsigned i = 0; i < n; i++) {
		queues[i] = tun_queue(i == 0 ? name : queues[0]->name, how, n > 1, made, e);
		if (queues[i] != NULL) {
			memcpy(queues[i]->iface.mac, mac, sizeof mac);
			continue;
		}
		code = errno;
		while (i-- > 0)
			sw_drv_close(queues[i]);
		errno = code;
		return -1;
	}
	return 0;
}

struct sw_drv *
sw_drv_tun(const char *name, struct sw_drv_error *e)
{
	struct sw_drv *d;

	return sw_drv_open(&d, 1, name, 0, e) == 0 ? d : NULL;
}

struct sw_drv *
sw_drv_tap(const char *name, struct sw_drv_error *e)
{
	struct sw_drv *d;

	return sw_drv_open(&d, 1, name, SW_DRV_TAP, e) == 0 ? d : NULL;
}
