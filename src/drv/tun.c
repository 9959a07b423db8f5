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

static bool
tun_pending(const struct sw_drv *d)
{
	(void)d;
	return false;
}

static ptrdiff_t
tun_receive(struct sw_drv *d, struct sw_packet *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
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
		i++;
	}
	return (ptrdiff_t)i;
}

static ptrdiff_t
tun_send(struct sw_drv *d, const struct sw_packet *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		struct virtio_net_hdr h;
		struct iovec v[2] = {{&h, sizeof h}, {p[i].data, p[i].len}};
		ssize_t put;

		if (d->vnet)
			vnet_write(d, &p[i], &h);
		put = writev(d->fd, d->vnet ? v : v + 1, d->vnet ? 2 : 1);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN)
			break;
		if (put < 0 && (errno == EBADFD || errno == EBADF || errno == ENODEV)) {
			errno = ENODEV;
			return -1;
		}
		if (put < 0) /* EIO: down; ENOBUFS, ENOMEM: the wire loses packets too */
			d->lost++;
		i++;
	}
	return (ptrdiff_t)i;
}

/* Leave a device that stays as we found it. */
static void
tun_close(struct sw_drv *d)
{
	if (d->fd >= 0 && !d->made)
		ioctl(d->fd, TUNSETOFFLOAD, 0ul);
}

static const struct drv_ops tun_ops = {tun_receive, tun_send, tun_pending, tun_close};

/* Bind the descriptor to the device, with virtio-net headers if they are to be had. */
static int
tun_bind(struct sw_drv *d, const char *name, int mode)
{
	struct ifreq r;

	memset(&r, 0, sizeof r);
	memcpy(r.ifr_name, name, strlen(name));
	r.ifr_flags = (short)(mode | IFF_NO_PI | IFF_VNET_HDR);
	d->vnet = true;
	if (ioctl(d->fd, TUNSETIFF, &r) != 0) {
		if (errno != EINVAL)
			return -1;
		r.ifr_flags = (short)(mode | IFF_NO_PI);
		d->vnet = false;
		if (ioctl(d->fd, TUNSETIFF, &r) != 0)
			return -1;
	}
	memcpy(d->name, r.ifr_name, sizeof d->name);
	d->name[sizeof d->name - 1] = 0;
	return 0;
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
tun_why(void)
{
	switch (errno) {
	case EPERM:
	case EACCES:
		return "no permission to create or use this device";
	case EBUSY:
		return "in use by another program";
	case EINVAL:
		return "not a device of this kind";
	default:
		return NULL;
	}
}

static struct sw_drv *
tun_open(const char *name, int mode, struct sw_drv_error *e)
{
	struct sw_drv *d = drv_new(&tun_ops);
	int code;

	if (d == NULL)
		return drv_fail(e, name, NULL), NULL;
	d->in = malloc((size_t)DRV_BATCH * DRV_FRAME);
	d->iface.link = mode == IFF_TAP ? SW_LINK_ETHERNET : SW_LINK_IP;
	d->made = if_nametoindex(name) == 0;
	if (strlen(name) >= IFNAMSIZ) {
		errno = ENAMETOOLONG;
		drv_fail(e, name, "a device's name has at most 15 characters");
	} else if (d->in == NULL || drv_mac(d->iface.mac) != 0) {
		drv_fail(e, name, NULL);
	} else if ((d->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) < 0) {
		drv_fail(e, "/dev/net/tun",
			 errno == EACCES ? "no permission: run as root, or sudo chmod 666 "
					   "/dev/net/tun"
					 : NULL);
	} else if (tun_bind(d, name, mode) != 0) {
		drv_fail(e, name, tun_why());
	} else {
		tun_offload(d);
		d->iface.mtu = tun_mtu(d);
		return d;
	}
	code = errno;
	sw_drv_close(d);
	errno = code;
	return NULL;
}

struct sw_drv *
sw_drv_tun(const char *name, struct sw_drv_error *e)
{
	return tun_open(name, IFF_TUN, e);
}

struct sw_drv *
sw_drv_tap(const char *name, struct sw_drv_error *e)
{
	return tun_open(name, IFF_TAP, e);
}
