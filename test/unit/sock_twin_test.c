/*
 * sock_twin_test.c - the programs of sock_body.h and fast_body.h over the sockets of
 * the Linux kernel, on loopback: what they expect is what Linux does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define x_bind bind
#define x_listen listen
#define x_accept accept
#define x_connect connect
#define x_getsockname getsockname
#define x_getpeername getpeername
#define x_read read
#define x_readv readv
#define x_recv recv
#define x_recvmsg recvmsg
#define x_write write
#define x_writev writev
#define x_send send
#define x_sendto sendto
#define x_close close
#define x_shutdown shutdown
#define x_fcntl fcntl
#define x_ioctl ioctl
#define x_getsockopt getsockopt
#define x_setsockopt setsockopt
#define x_poll poll
#define x_epoll_ctl epoll_ctl
#define x_epoll_wait epoll_wait

static inline int
x_socket(int side, int domain, int type, int protocol)
{
	(void)side;
	return socket(domain, type, protocol);
}

static inline int
x_epoll_create(int side)
{
	(void)side;
	return epoll_create(1);
}

static inline uint32_t
x_addr4(int side)
{
	(void)side;
	return htonl(INADDR_LOOPBACK);
}

static inline struct in6_addr
x_addr6(int side)
{
	(void)side;
	return in6addr_loopback;
}

static inline void
x_settle(void)
{
	struct timespec t = {.tv_nsec = 2000000};

	nanosleep(&t, NULL);
}

#include "sock_body.h"
#include "fast_body.h"

#include <net/if.h>

/* Has loopback this address? */
static bool
usable(bool v6)
{
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	bool good = fd >= 0 && bind(fd, address(A, v6, 0), address_len(v6)) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

/* An emulator of another machine (qemu-user) answers for the kernel, and not as it. */
static bool
emulated(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), n = 0;
	bool strange = fd >= 0 && ioctl(fd, 0x1234, &n) < 0 && errno == ENOSYS;

	if (fd >= 0)
		close(fd);
	return strange;
}

/* A network of our own, in which the kernel takes Fast Open both ways; false: none can be had. */
static bool
fast_network(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd;
	bool good;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	fd = open("/proc/sys/net/ipv4/tcp_fastopen", O_WRONLY);
	good = fd >= 0 && write(fd, "3", 1) == 1;
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	good = good && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
	close(fd);
	return good;
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (emulated()) {
		printf("1..0 # SKIP no kernel but an emulator\n");
		return 0;
	}
	if (!usable(false)) {
		printf("1..0 # SKIP no loopback\n");
		return 0;
	}
	body_run(usable(true));
	if (fast_network())
		fast_run();
	else
		printf("ok - Fast Open # SKIP no network namespace can be made here\n");
	return plan_done();
}
