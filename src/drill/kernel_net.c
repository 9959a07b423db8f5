/*
 * kernel_net.c - a network namespace with one TUN device: the script stands at its
 * other side.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/route.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>

#include "end_kernel.h"

#define DEVICE "drill0"

enum { PREFIX_6 = 64, METRIC = 1, WAITS = 1000 };

static void
net_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0) {
		/* a setting of an older kernel, or of a newer one */
	}
	close(fd);
}

const char *
drill_kernel_enter(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[40];

	if (unshare(CLONE_NEWNET) == 0)
		return NULL;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return "no network namespace can be made here: it wants root, or user namespaces "
		       "that are allowed";
	net_write("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	net_write("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	net_write("/proc/self/gid_map", map);
	return NULL;
}

/* Silence, and no doubts about packets from anywhere. */
static void
net_settle(void)
{
	static const char *const settings[][2] = {
	    {"/proc/sys/net/ipv4/conf/all/rp_filter", "0"},
	    {"/proc/sys/net/ipv4/conf/default/rp_filter", "0"},
	    {"/proc/sys/net/ipv6/conf/default/accept_dad", "0"},
	    {"/proc/sys/net/ipv6/conf/default/accept_ra", "0"},
	    {"/proc/sys/net/ipv6/conf/default/router_solicitations", "0"},
	    {"/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1"}};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		net_write(settings[i][0], settings[i][1]);
}

static bool
net_up(int fd, const char *name, uint32_t mtu)
{
	struct ifreq q = {0};

	snprintf(q.ifr_name, sizeof(q.ifr_name), "%s", name);
	q.ifr_mtu = (int)mtu;
	if (mtu && ioctl(fd, SIOCSIFMTU, &q) < 0)
		return false;
	q.ifr_flags = IFF_UP | IFF_RUNNING;
	return ioctl(fd, SIOCSIFFLAGS, &q) == 0;
}

static void
net_address(struct sockaddr *to, const struct sw_addr *a)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	memset(in, 0, sizeof(*in));
	in->sin_family = AF_INET;
	memcpy(&in->sin_addr, a->b + 12, 4);
}

/* The local address /16, and everything beyond the device. */
static bool
net_ip4(int fd, const struct sw_addr *local)
{
	struct sw_addr mask = sw_addr4(255, 255, 0, 0), any = sw_addr4(0, 0, 0, 0);
	struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = (char *)DEVICE};
	struct ifreq q = {0};

	strcpy(q.ifr_name, DEVICE);
	net_address(&q.ifr_addr, local);
	if (ioctl(fd, SIOCSIFADDR, &q) < 0)
		return false;
	net_address(&q.ifr_addr, &mask);
	if (ioctl(fd, SIOCSIFNETMASK, &q) < 0)
		return false;
	net_address(&route.rt_dst, &any);
	net_address(&route.rt_genmask, &any);
	return ioctl(fd, SIOCADDRT, &route) == 0;
}

/* As linux/ipv6_route.h, which does not go together with netinet/in.h. */
struct net_route_6 {
	struct in6_addr dst, src, gateway;
	uint32_t type;
	uint16_t dst_len, src_len;
	uint32_t metric;
	unsigned long info;
	uint32_t flags;
	int index;
};

/* Until the kernel has made up its mind that the address is nobody else's. */
static bool
net_ready_6(const struct sw_addr *a)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = -1;

	memcpy(&at.sin6_addr, a->b, 16);
	for (int i = 0; i < WAITS && fd >= 0 && error < 0; i++) {
		error = bind(fd, (struct sockaddr *)&at, sizeof(at));
		if (error < 0)
			usleep(1000);
	}
	if (fd >= 0)
		close(fd);
	return error == 0;
}

static bool
net_ip6(int fd, int index, const struct sw_addr *local)
{
	struct in6_ifreq q = {.ifr6_prefixlen = PREFIX_6, .ifr6_ifindex = index};
	struct net_route_6 route = {.metric = METRIC, .flags = RTF_UP, .index = index};

	memcpy(&q.ifr6_addr, local->b, 16);
	return ioctl(fd, SIOCSIFADDR, &q) == 0 && ioctl(fd, SIOCADDRT, &route) == 0 &&
	       net_ready_6(local);
}

bool
drill_kernel_address(struct drill_run *r, const struct sw_addr *a, unsigned prefix)
{
	struct drill_kernel *k = r->inside;
	bool v6 = !sw_addr_is4(a), done;
	struct in6_ifreq six = {.ifr6_prefixlen = prefix, .ifr6_ifindex = k->index};
	struct ifreq q = {0};
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	memcpy(&six.ifr6_addr, a->b, 16);
	snprintf(q.ifr_name, sizeof(q.ifr_name), DEVICE ":%u", (uint8_t)++k->aliases);
	net_address(&q.ifr_addr, a);
	done = ioctl(fd, SIOCSIFADDR, v6 ? (void *)&six : (void *)&q) == 0 || errno == EEXIST;
	close(fd);
	return done && (!v6 || net_ready_6(a));
}

const char *
drill_kernel_device(struct drill_run *r, struct drill_kernel *k)
{
	struct ifreq q = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = socket(r->v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *why = "the device cannot be given its addresses";

	strcpy(q.ifr_name, DEVICE);
	net_settle();
	k->device = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (k->device < 0 || ioctl(k->device, TUNSETIFF, &q) < 0)
		why = "no TUN device can be made here";
	else if (fd >= 0 && ioctl(fd, SIOCGIFINDEX, &q) == 0 && net_up(fd, "lo", 0) &&
		 net_up(fd, DEVICE, r->mtu)) {
		k->index = q.ifr_ifindex;
		if (r->v6 ? net_ip6(fd, k->index, &r->local) : net_ip4(fd, &r->local))
			why = NULL;
	}
	if (fd >= 0)
		close(fd);
	return why;
}
