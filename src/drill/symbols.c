/*
 * symbols.c - the names that scripts use for numbers: of calls and of errors.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "call.h"

struct symbol {
	char name[24];
	int64_t value;
};

#define S(name)                                                                                    \
	{                                                                                          \
#name, name                                                                        \
	}

static const struct symbol symbols[] = {
    S(AF_INET),
    S(AF_INET6),
    S(PF_INET),
    S(PF_INET6),
    S(SOCK_STREAM),
    S(SOCK_DGRAM),
    S(SOCK_NONBLOCK),
    S(SOCK_CLOEXEC),
    S(IPPROTO_TCP),
    S(IPPROTO_UDP),
    S(IPPROTO_IP),
    S(IPPROTO_IPV6),
    S(IPPROTO_ICMP),
    S(SOL_TCP),
    S(SOL_IP),
    S(SOL_IPV6),
    S(SOL_SOCKET),
    S(INADDR_ANY),
    S(INADDR_LOOPBACK),
    S(SO_REUSEADDR),
    S(SO_REUSEPORT),
    S(SO_LINGER),
    S(SO_KEEPALIVE),
    S(SO_ERROR),
    S(SO_TYPE),
    S(SO_DOMAIN),
    S(SO_PROTOCOL),
    S(SO_ACCEPTCONN),
    S(SO_SNDBUF),
    S(SO_RCVBUF),
    S(SO_RCVLOWAT),
    S(SO_SNDLOWAT),
    S(SO_RCVTIMEO),
    S(SO_SNDTIMEO),
    S(SO_OOBINLINE),
    S(SO_MARK),
    S(SO_PRIORITY),
    S(SO_TIMESTAMPING),
    S(SO_TIMESTAMP),
    S(SO_ZEROCOPY),
    S(SO_BROADCAST),
    S(SO_DONTROUTE),
    S(SO_RCVBUFFORCE),
    S(SO_SNDBUFFORCE),
    S(SO_MEMINFO),
    S(SO_BUSY_POLL),
    S(SO_MAX_PACING_RATE),
    S(TCP_NODELAY),
    S(TCP_CORK),
    S(TCP_MAXSEG),
    S(TCP_USER_TIMEOUT),
    S(TCP_KEEPIDLE),
    S(TCP_KEEPINTVL),
    S(TCP_KEEPCNT),
    S(TCP_INFO),
    S(TCP_CC_INFO),
    S(TCP_QUICKACK),
    S(TCP_DEFER_ACCEPT),
    S(TCP_CONGESTION),
    S(TCP_SYNCNT),
    S(TCP_LINGER2),
    S(TCP_WINDOW_CLAMP),
    S(TCP_FASTOPEN),
    S(TCP_FASTOPEN_CONNECT),
    S(TCP_TIMESTAMP),
    S(TCP_NOTSENT_LOWAT),
    S(TCP_SAVE_SYN),
    S(TCP_SAVED_SYN),
    S(TCP_REPAIR),
    S(TCP_INQ),
    S(TCP_TX_DELAY),
    S(TCP_ULP),
    S(IP_TOS),
    S(IP_TTL),
    S(IP_MTU),
    S(IP_MTU_DISCOVER),
    S(IP_RECVERR),
    S(IP_RECVTOS),
    S(IP_PMTUDISC_DONT),
    S(IP_PMTUDISC_WANT),
    S(IP_PMTUDISC_DO),
    S(IP_PMTUDISC_PROBE),
    S(IP_BIND_ADDRESS_NO_PORT),
    S(IP_FREEBIND),
    S(IP_TRANSPARENT),
    S(IP_OPTIONS),
    S(IPV6_TCLASS),
    S(IPV6_UNICAST_HOPS),
    S(IPV6_V6ONLY),
    S(IPV6_MTU),
    S(IPV6_RECVERR),
    S(MSG_OOB),
    S(MSG_PEEK),
    S(MSG_DONTWAIT),
    S(MSG_WAITALL),
    S(MSG_TRUNC),
    S(MSG_MORE),
    S(MSG_NOSIGNAL),
    S(MSG_CTRUNC),
    S(MSG_EOR),
    S(MSG_ERRQUEUE),
    S(MSG_FASTOPEN),
    S(MSG_ZEROCOPY),
    S(MSG_CMSG_CLOEXEC),
    S(MSG_DONTROUTE),
    S(F_GETFL),
    S(F_SETFL),
    S(F_GETFD),
    S(F_SETFD),
    S(FD_CLOEXEC),
    S(O_RDONLY),
    S(O_WRONLY),
    S(O_RDWR),
    S(O_NONBLOCK),
    S(O_APPEND),
    S(SIOCINQ),
    S(SIOCOUTQ),
    S(SIOCOUTQNSD),
    S(FIONREAD),
    S(FIONBIO),
    S(TIOCOUTQ),
    S(SIOCATMARK),
    S(SHUT_RD),
    S(SHUT_WR),
    S(SHUT_RDWR),
    S(POLLIN),
    S(POLLOUT),
    S(POLLPRI),
    S(POLLERR),
    S(POLLHUP),
    S(POLLNVAL),
    S(POLLRDNORM),
    S(POLLWRNORM),
    S(POLLRDBAND),
    S(POLLWRBAND),
    {"POLLRDHUP", 0x2000},
    S(SPLICE_F_MOVE),
    S(SPLICE_F_NONBLOCK),
    S(SPLICE_F_MORE),
    S(O_CREAT),
    S(O_TRUNC),
    S(EPOLLIN),
    S(EPOLLOUT),
    S(EPOLLPRI),
    S(EPOLLERR),
    S(EPOLLHUP),
    S(EPOLLRDHUP),
    S(EPOLLET),
    S(EPOLLONESHOT),
    S(EPOLLRDNORM),
    S(EPOLLWRNORM),
    S(EPOLLRDBAND),
    S(EPOLLWRBAND),
    S(EPOLL_CTL_ADD),
    S(EPOLL_CTL_MOD),
    S(EPOLL_CTL_DEL),
    S(EPOLL_CLOEXEC),
    /* of TCP_INFO */
    {"TCP_ESTABLISHED", 1},
    {"TCP_SYN_SENT", 2},
    {"TCP_SYN_RECV", 3},
    {"TCP_FIN_WAIT1", 4},
    {"TCP_FIN_WAIT2", 5},
    {"TCP_TIME_WAIT", 6},
    {"TCP_CLOSE", 7},
    {"TCP_CLOSE_WAIT", 8},
    {"TCP_LAST_ACK", 9},
    {"TCP_LISTEN", 10},
    {"TCP_CLOSING", 11},
    {"TCP_CA_Open", 0},
    {"TCP_CA_Disorder", 1},
    {"TCP_CA_CWR", 2},
    {"TCP_CA_Recovery", 3},
    {"TCP_CA_Loss", 4},
    {"TCPI_OPT_TIMESTAMPS", 1},
    {"TCPI_OPT_SACK", 2},
    {"TCPI_OPT_WSCALE", 4},
    {"TCPI_OPT_ECN", 8},
    {"TCPI_OPT_ECN_SEEN", 16},
    {"TCPI_OPT_SYN_DATA", 32},
    {"True", 1},
    {"False", 0},
};

static const struct symbol errors[] = {
    S(EACCES),		S(EADDRINUSE),	 S(EADDRNOTAVAIL), S(EAFNOSUPPORT), S(EAGAIN),
    S(EALREADY),	S(EBADF),	 S(ECONNABORTED),  S(ECONNREFUSED), S(ECONNRESET),
    S(EDEADLK),		S(EDESTADDRREQ), S(EEXIST),	   S(EFAULT),	    S(EHOSTDOWN),
    S(EHOSTUNREACH),	S(EINPROGRESS),	 S(EINTR),	   S(EINVAL),	    S(EIO),
    S(EISCONN),		S(ELOOP),	 S(EMFILE),	   S(EMSGSIZE),	    S(ENETDOWN),
    S(ENETUNREACH),	S(ENFILE),	 S(ENOBUFS),	   S(ENOENT),	    S(ENOMEM),
    S(ENONET),		S(ENOPROTOOPT),	 S(ENOSYS),	   S(ENOTCONN),	    S(ENOTSOCK),
    S(ENOTTY),		S(EOPNOTSUPP),	 S(EPERM),	   S(EPIPE),	    S(EPROTO),
    S(EPROTONOSUPPORT), S(EPROTOTYPE),	 S(ERANGE),	   S(ESHUTDOWN),    S(ETIMEDOUT),
    S(ESOCKTNOSUPPORT), S(ENOTUNIQ),
};

bool
drill_symbol(const char *name, int64_t *value)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (!strcmp(symbols[i].name, name)) {
			*value = symbols[i].value;
			return true;
		}
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strcmp(errors[i].name, name)) {
			*value = errors[i].value;
			return true;
		}
	return false;
}

const char *
drill_error_name(int error)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].value == error)
			return errors[i].name;
	return "an error without a name";
}

bool
drill_error_named(const char *name, int *error)
{
	if (!strcmp(name, "EWOULDBLOCK"))
		name = "EAGAIN";
	else if (!strcmp(name, "ENOTSUP"))
		name = "EOPNOTSUPP";
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strcmp(errors[i].name, name)) {
			*error = (int)errors[i].value;
			return true;
		}
	return false;
}
