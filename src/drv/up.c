/*
 * up.c - give the kernel's side of a device its address and bring it up, as
 * ip(8) would.  Knows rtnetlink (RFC 3549) and two ioctls.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "drv.h"

#define UP_PATIENCE 1000	/* milliseconds */
#define ROUTE_LOCAL 0x80000000u /* RTF_LOCAL of <linux/ipv6_route.h> */

struct addr_request {
	struct nlmsghdr h;
	struct ifaddrmsg a;
	uint8_t attrs[64];
};

struct ack {
	struct nlmsghdr h;
	struct nlmsgerr e;
	uint8_t rest[256];
};

static void
attr_add(struct addr_request *r, uint16_t type, const void *value, size_t n)
{
	struct rtattr a = {.rta_len = (uint16_t)RTA_LENGTH(n), .rta_type = type};
	uint8_t *at = (uint8_t *)r + NLMSG_ALIGN(r->h.nlmsg_len);

	memcpy(at, &a, sizeof a);
	memcpy(at + RTA_LENGTH(0), value, n);
	r->h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->h.nlmsg_len) + RTA_ALIGN(a.rta_len));
}

/* Send the request and wait for the kernel's answer: 0, or -1 with its errno. */
static int
netlink_ask(const struct addr_request *r)
{
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct ack k;
	ssize_t n = -1;

	if (s < 0)
		return -1;
	memset(&k, 0, sizeof k);
	if (send(s, r, r->h.nlmsg_len, 0) >= 0)
		n = recv(s, &k, sizeof k, 0);
	close(s);
	if (n < 0)
		return -1;
	if ((size_t)n >= sizeof k.h + sizeof k.e && k.h.nlmsg_type == NLMSG_ERROR &&
	    k.e.error != 0 && k.e.error != -EEXIST) {
		errno = -k.e.error;
		return -1;
	}
	return 0;
}

/* Put an address on the kernel's side. */
static int
address_add(unsigned index, const struct sw_addr *addr, unsigned prefix)
{
	bool is4 = sw_addr_is4(addr);
	const uint8_t *bytes = is4 ? addr->b + 12 : addr->b;
	size_t n = is4 ? 4 : 16;
	uint32_t flags = IFA_F_PERMANENT | IFA_F_NODAD;
	struct addr_request r;

	memset(&r, 0, sizeof r);
	r.h.nlmsg_len = NLMSG_LENGTH(sizeof r.a);
	r.h.nlmsg_type = RTM_NEWADDR;
	r.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	r.a.ifa_family = is4 ? AF_INET : AF_INET6;
	r.a.ifa_prefixlen = (uint8_t)prefix;
	r.a.ifa_scope = RT_SCOPE_UNIVERSE;
	r.a.ifa_index = index;
	attr_add(&r, IFA_LOCAL, bytes, n);
	attr_add(&r, IFA_ADDRESS, bytes, n);
	if (!is4)
		attr_add(&r, IFA_FLAGS, &flags, sizeof flags);
	return netlink_ask(&r);
}

/* Is there a local route to an IPv6 address?  The kernel makes it by and by. */
static bool
route_is_there(const struct sw_addr *addr)
{
	FILE *f = fopen("/proc/net/ipv6_route", "re");
	char line[256], want[40] = "";
	unsigned flags;
	bool found = false;

	if (f == NULL)
		return true; /* it cannot be known */
	for (size_t i = 0; i < 16; i++)
		snprintf(want + 2 * i, 3, "%02x", addr->b[i]);
	while (!found && fgets(line, sizeof line, f) != NULL) {
		found = strncmp(line, want, 32) == 0 &&
			sscanf(line + 32, "%*s %*s %*s %*s %*s %*s %*s %x", &flags) == 1 &&
			(flags & ROUTE_LOCAL) != 0;
	}
	fclose(f);
	return found;
}

/* Wait until what is sent to the address arrives. */
static void
address_wait(const struct sw_addr *addr)
{
	const struct timespec pause = {0, 1000000};

	if (sw_addr_is4(addr))
		return;
	for (int i = 0; i < UP_PATIENCE && !route_is_there(addr); i++)
		nanosleep(&pause, NULL);
}

/* No duplicate address detection: a second of it is a second in which nothing works. */
static void
dad_off(const char *name)
{
	char path[80];
	int fd;

	snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/accept_dad", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "0", 1) != 1) {
		/* then it takes a second */
	}
	close(fd);
}

static int
mtu_set(int s, struct sw_drv *d, uint32_t mtu)
{
	struct ifreq r;

	memset(&r, 0, sizeof r);
	memcpy(r.ifr_name, d->name, sizeof d->name);
	r.ifr_mtu = (int)mtu;
	if (ioctl(s, SIOCSIFMTU, &r) != 0)
		return -1;
	d->iface.mtu = mtu;
	return 0;
}

/* The device's flags; -1: error. */
static int
flags_get(int s, const struct sw_drv *d)
{
	struct ifreq r;

	memset(&r, 0, sizeof r);
	memcpy(r.ifr_name, d->name, sizeof d->name);
	return ioctl(s, SIOCGIFFLAGS, &r) == 0 ? (uint16_t)r.ifr_flags : -1;
}

/* Up, and so far up that packets pass: the kernel notices the carrier by and by. */
static int
raise_device(int s, const struct sw_drv *d)
{
	const struct timespec pause = {0, 1000000};
	int flags = flags_get(s, d);
	struct ifreq r;

	memset(&r, 0, sizeof r);
	memcpy(r.ifr_name, d->name, sizeof d->name);
	r.ifr_flags = (short)(flags | IFF_UP);
	if (flags < 0 || ((flags & IFF_UP) == 0 && ioctl(s, SIOCSIFFLAGS, &r) != 0))
		return -1;
	for (int i = 0; i < UP_PATIENCE && (flags_get(s, d) & IFF_RUNNING) == 0; i++)
		nanosleep(&pause, NULL);
	return 0;
}

bool
sw_drv_is_up(const struct sw_drv *d)
{
	int s, flags;

	if (d->fd < 0)
		return true;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return false;
	flags = flags_get(s, d);
	close(s);
	return flags >= 0 && (flags & IFF_UP) != 0;
}

int
sw_drv_up(struct sw_drv *d, const struct sw_addr *kernel, unsigned prefix, uint32_t mtu,
	  struct sw_drv_error *e)
{
	const char *what = NULL;
	int s, code;

	if (d->fd < 0)
		return 0;
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return drv_fail(e, d->name, NULL);
	if (d->made)
		dad_off(d->name);
	if (mtu != 0 && mtu_set(s, d, mtu) != 0)
		what = "cannot set the MTU";
	else if (raise_device(s, d) != 0)
		what = "cannot bring it up";
	else if (kernel != NULL && address_add(if_nametoindex(d->name), kernel, prefix) != 0)
		what = "cannot set the kernel's address";
	code = errno;
	close(s);
	errno = code;
	if (what == NULL && kernel != NULL)
		address_wait(kernel);
	if (what == NULL)
		return 0;
	if (e == NULL)
		return -1;
	e->code = code;
	snprintf(e->text, sizeof e->text, "%s: %s: %s", d->name, what, strerror(code));
	return -1;
}
