/*
 * options.c - getsockopt() and setsockopt().
 *
 * What is set is kept with the socket, and given to its connection or listener
 * at once if there is one, else when there is.
 */
#include "sock/sock.h"

#include <linux/tcp.h>
#include <stdio.h>
#include <sys/time.h>

enum {
	BUF_LEAST = 1152, /* Linux's bounds, halved as its numbers are doubled */
	BUF_MOST = 1 << 30,
	MSS_LEAST = 88,
	MSS_MOST = 32767,
	KEEP_SECONDS_MOST = 32767,
	KEEP_COUNT_MOST = 127,
	ECN_BITS = 3,
	FIRST_MSS = 536
};

#ifndef TCP_CC_INFO
#define TCP_CC_INFO 26
#endif
#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

/* ---- setting ------------------------------------------------------------ */

static int
set_range(int *to, int value, int least, int most)
{
	if (value < least || value > most)
		return EINVAL;
	*to = value;
	return 0;
}

static int
clamp(int value, int least, int most)
{
	return value < least ? least : value > most ? most : value;
}

/* Seconds and microseconds; all zeros is for ever. */
static int
set_time(sw_ns *to, const void *value, socklen_t len)
{
	struct timeval t;

	if (len < sizeof(t))
		return EINVAL;
	memcpy(&t, value, sizeof(t));
	if (t.tv_usec < 0 || t.tv_usec >= 1000000)
		return EDOM;
	if (t.tv_sec < 0)
		*to = 0;
	else if (t.tv_sec == 0 && t.tv_usec == 0)
		*to = SW_NEVER;
	else
		*to = (sw_ns)t.tv_sec * SW_S + (sw_ns)t.tv_usec * SW_US;
	return 0;
}

static int
set_linger(struct sock_settings *set, const void *value, socklen_t len)
{
	struct linger l;

	if (len < sizeof(l))
		return EINVAL;
	memcpy(&l, value, sizeof(l));
	set->linger = l.l_onoff != 0;
	set->linger_s = l.l_linger < 0 ? INT_MAX : l.l_linger;
	return 0;
}

static int
set_socket(struct sock *s, int name, int v)
{
	struct sock_settings *set = &s->set;

	switch (name) {
	case SO_REUSEADDR:
		set->reuse = v != 0;
		return 0;
	case SO_KEEPALIVE:
		set->keepalive = v != 0;
		return 0;
	case SO_SNDBUF:
		set->snd_buf = clamp(v, 2 * BUF_LEAST, BUF_MOST);
		return 0;
	case SO_RCVBUF:
		set->rcv_buf = clamp(v, BUF_LEAST, BUF_MOST);
		return 0;
	case SO_RCVLOWAT:
		set->low_water = v < 0 ? INT_MAX : v > 0 ? v : 1;
		return 0;
	case SO_OOBINLINE:
		return v ? 0 : EOPNOTSUPP; /* it cannot be switched off */
	default:
		return ENOPROTOOPT;
	}
}

static int
set_tcp(struct sock *s, int name, int v)
{
	struct sock_settings *set = &s->set;

	switch (name) {
	case TCP_NODELAY:
		set->nodelay = v != 0;
		return 0;
	case TCP_CORK:
		set->cork = v != 0;
		return 0;
	case TCP_MAXSEG:
		return set_range(&set->max_seg, v, v == 0 ? 0 : MSS_LEAST, MSS_MOST);
	case TCP_USER_TIMEOUT:
		return set_range(&set->user_timeout_ms, v, 0, INT_MAX);
	case TCP_KEEPIDLE:
		return set_range(&set->keep_idle, v, 1, KEEP_SECONDS_MOST);
	case TCP_KEEPINTVL:
		return set_range(&set->keep_interval, v, 1, KEEP_SECONDS_MOST);
	case TCP_KEEPCNT:
		return set_range(&set->keep_count, v, 1, KEEP_COUNT_MOST);
	case TCP_QUICKACK:
		set->quick_ack = v != 0;
		return 0;
	case TCP_DEFER_ACCEPT:
		set->defer_accept = v > 0 ? v : 0;
		return 0;
	case TCP_FASTOPEN:
		if (s->conn != 0 && !s->listening)
			return EINVAL;
		return set_range(&set->fast_open, v, 0, INT_MAX);
	case TCP_FASTOPEN_CONNECT:
		if (v < 0 || v > 1 || s->conn != 0)
			return EINVAL;
		set->fast_connect = v;
		return 0;
	default:
		return ENOPROTOOPT;
	}
}

static int
set_ip(struct sock *s, int level, int name, int v)
{
	bool v6 = level == IPPROTO_IPV6;

	if (v6 && s->domain != AF_INET6)
		return ENOPROTOOPT;
	if (name == (v6 ? IPV6_UNICAST_HOPS : IP_TTL)) {
		if (v == -1)
			v = 0;
		else if (v < 1)
			return EINVAL;
		return set_range(&s->set.ttl, v, 0, UINT8_MAX);
	}
	if (!v6 && name == IP_TOS) {
		s->set.tos = v & UINT8_MAX & ~ECN_BITS; /* the last two are ECN's */
		return 0;
	}
	if (v6 && name == IPV6_TCLASS) {
		if (v < -1 || v > UINT8_MAX)
			return EINVAL;
		s->set.tos = v < 0 ? 0 : v & ~ECN_BITS;
		return 0;
	}
	if (v6 && name == IPV6_V6ONLY) {
		if (s->local.port != 0)
			return EINVAL;
		s->set.v6_only = v != 0;
		return 0;
	}
	return ENOPROTOOPT;
}

/* One of the core's controllers, by its name. */
static int
set_congestion(struct sock_settings *set, const char *name, socklen_t len)
{
	char text[16] = "";
	int cc;

	if (len < 1)
		return EINVAL;
	memcpy(text, name, len < sizeof(text) - 1 ? len : sizeof(text) - 1);
	cc = sw_cc_named(text);
	if (cc < 0)
		return ENOENT;
	set->cc = cc + 1;
	return 0;
}

/* Those that are not a number. */
static int
set_other(struct sock *s, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && name == SO_LINGER)
		return set_linger(&s->set, value, len);
	if (level == SOL_SOCKET && name == SO_RCVTIMEO)
		return set_time(&s->set.rcv_timeout, value, len);
	if (level == SOL_SOCKET && name == SO_SNDTIMEO)
		return set_time(&s->set.snd_timeout, value, len);
	if (level == IPPROTO_TCP && name == TCP_CONGESTION)
		return set_congestion(&s->set, value, len);
	return -1; /* a number */
}

static int
set_number(struct sock *s, int level, int name, int v)
{
	switch (level) {
	case SOL_SOCKET:
		return set_socket(s, name, v);
	case IPPROTO_TCP:
		return set_tcp(s, name, v);
	case IPPROTO_IP:
	case IPPROTO_IPV6:
		return set_ip(s, level, name, v);
	default:
		return ENOPROTOOPT;
	}
}

/* A number of the level; IP takes one byte for one too. */
static int
number_in(int level, const void *value, socklen_t len, int *v)
{
	if (len >= sizeof(*v)) {
		memcpy(v, value, sizeof(*v));
		return 0;
	}
	if (level != IPPROTO_IP || len == 0)
		return EINVAL;
	*v = *(const uint8_t *)value;
	return 0;
}

/* Sets one option. */
int
sw_sock_setsockopt(struct sw_sock_host *h, int fd, int level, int name, const void *value,
		   socklen_t len)
{
	struct sock *s = sock_tcp(h, fd);
	int error, v;

	if (s == NULL)
		return -1;
	if (value == NULL)
		return sock_fail(EFAULT);
	if (len > INT32_MAX)
		return sock_fail(EINVAL);
	error = set_other(s, level, name, value, len);
	if (error < 0) {
		error = number_in(level, value, len, &v);
		if (error == 0)
			error = set_number(s, level, name, v);
	}
	if (error != 0)
		return sock_fail(error);
	(void)sock_apply(h, s);
	if (level == IPPROTO_TCP && (name == TCP_CORK || name == TCP_NODELAY) && s->conn != 0) {
		/* either lets go what was held back */
		(void)sw_set(h->stack, sw_sock_now(h), s->conn, SW_OPT_CORK, s->set.cork);
		sock_nudge(h);
	}
	return 0;
}

/* ---- getting ------------------------------------------------------------ */

static int
get_error(struct sock *s)
{
	int error = sock_error_take(s);

	if (error == 0) {
		error = s->soft_error;
		s->soft_error = 0;
	}
	return error;
}

/* What was set of a buffer, else how large it is now, else the most; twice that, as Linux. */
static int
get_buffer(const struct sw_sock_host *h, const struct sock *s, int name)
{
	bool snd = name == SO_SNDBUF;
	int set = snd ? s->set.snd_buf : s->set.rcv_buf;
	struct sw_status st;

	if (set > 0)
		return 2 * set;
	if (s->listening || sock_state(h, s, &st) == SW_CLOSED)
		return 2 * (int)(snd ? h->conf.snd_buf : h->conf.rcv_buf);
	return 2 * (int)(snd ? st.snd_buf : st.rcv_buf);
}

static bool
get_socket(const struct sw_sock_host *h, struct sock *s, int name, int *v)
{
	switch (name) {
	case SO_REUSEADDR:
		*v = s->set.reuse;
		return true;
	case SO_KEEPALIVE:
		*v = s->set.keepalive;
		return true;
	case SO_SNDBUF:
	case SO_RCVBUF:
		*v = get_buffer(h, s, name);
		return true;
	case SO_RCVLOWAT:
		*v = s->set.low_water;
		return true;
	case SO_OOBINLINE:
		*v = 1;
		return true;
	case SO_ERROR:
		*v = get_error(s);
		return true;
	case SO_TYPE:
		*v = SOCK_STREAM;
		return true;
	case SO_DOMAIN:
		*v = s->domain;
		return true;
	case SO_PROTOCOL:
		*v = IPPROTO_TCP;
		return true;
	case SO_ACCEPTCONN:
		*v = s->listening;
		return true;
	default:
		return false;
	}
}

/* TCP_MAXSEG: what is sent now; before, what was asked for. */
static int
get_max_seg(const struct sw_sock_host *h, const struct sock *s)
{
	struct sw_status st;
	enum sw_state state = sock_state(h, s, &st);

	if (s->listening || state == SW_CLOSED || s->conn == 0)
		return s->set.max_seg ? s->set.max_seg : FIRST_MSS;
	return (int)st.mss;
}

static bool
get_tcp(const struct sw_sock_host *h, const struct sock *s, int name, int *v)
{
	const struct sock_settings *set = &s->set;

	switch (name) {
	case TCP_NODELAY:
		*v = set->nodelay || !h->conf.nagle;
		return true;
	case TCP_CORK:
		*v = set->cork;
		return true;
	case TCP_MAXSEG:
		*v = get_max_seg(h, s);
		return true;
	case TCP_USER_TIMEOUT:
		*v = set->user_timeout_ms;
		return true;
	case TCP_KEEPIDLE:
		*v = set->keep_idle ? set->keep_idle : (int)(h->conf.keep_idle / SW_S);
		return true;
	case TCP_KEEPINTVL:
		*v = set->keep_interval ? set->keep_interval : (int)(h->conf.keep_interval / SW_S);
		return true;
	case TCP_KEEPCNT:
		*v = set->keep_count ? set->keep_count : (int)h->conf.keep_probes;
		return true;
	case TCP_QUICKACK:
		*v = set->quick_ack;
		return true;
	case TCP_DEFER_ACCEPT:
		*v = set->defer_accept;
		return true;
	case TCP_FASTOPEN:
		*v = set->fast_open;
		return true;
	case TCP_FASTOPEN_CONNECT:
		*v = set->fast_connect;
		return true;
	default:
		return false;
	}
}

/* IP_MTU; 0, or an errno. */
static int
get_mtu(const struct sw_sock_host *h, const struct sock *s, int *v)
{
	struct sw_status st;

	if (sock_state(h, s, &st) == SW_CLOSED || s->listening)
		return ENOTCONN;
	*v = (int)st.path_mss + (sw_addr_is4(&st.remote.addr) ? 40 : 60);
	return 0;
}

static int
get_ip(const struct sw_sock_host *h, const struct sock *s, const struct sock_option *o, int *v)
{
	bool v6 = o->level == IPPROTO_IPV6;

	if (v6 && s->domain != AF_INET6)
		return ENOPROTOOPT;
	if (o->name == (v6 ? IPV6_UNICAST_HOPS : IP_TTL))
		*v = s->set.ttl ? s->set.ttl : h->conf.ttl;
	else if (o->name == (v6 ? IPV6_TCLASS : IP_TOS))
		*v = s->set.tos;
	else if (v6 && o->name == IPV6_V6ONLY)
		*v = s->set.v6_only;
	else if (o->name == (v6 ? IPV6_MTU : IP_MTU))
		return get_mtu(h, s, v);
	else
		return ENOPROTOOPT;
	return 0;
}

static int
get_time(const struct sock_option *o, sw_ns span)
{
	struct timeval t = {0};

	if (span != SW_NEVER) {
		t.tv_sec = (time_t)(span / SW_S);
		t.tv_usec = (suseconds_t)(span % SW_S / SW_US);
	}
	return sock_option_out(o, &t, sizeof(t));
}

static int
get_linger(const struct sock *s, const struct sock_option *o)
{
	struct linger l = {.l_onoff = s->set.linger, .l_linger = s->set.linger_s};

	return sock_option_out(o, &l, sizeof(l));
}

/* Those that are not a number; 1: it is one. */
static int
get_other(const struct sw_sock_host *h, struct sock *s, const struct sock_option *o)
{
	char name[16] = "";

	if (o->level == SOL_SOCKET) {
		switch (o->name) {
		case SO_LINGER:
			return get_linger(s, o);
		case SO_RCVTIMEO:
			return get_time(o, s->set.rcv_timeout);
		case SO_SNDTIMEO:
			return get_time(o, s->set.snd_timeout);
		case SO_MEMINFO:
			return sock_mem_info(h, s, o);
		default:
			return 1;
		}
	}
	if (o->level != IPPROTO_TCP)
		return 1;
	if (o->name == TCP_INFO)
		return sock_info(h, s, o);
	if (o->name == TCP_CC_INFO)
		return sock_option_out(o, name, 0);
	if (o->name != TCP_CONGESTION)
		return 1;
	snprintf(name, sizeof(name), "%s",
		 sw_cc_name((enum sw_cc)(s->set.cc ? s->set.cc - 1 : h->conf.cc)));
	return sock_option_out(o, name, sizeof(name));
}

/* Reads one option. */
int
sw_sock_getsockopt(struct sw_sock_host *h, int fd, int level, int name, void *value, socklen_t *len)
{
	struct sock_option o = {.level = level, .name = name, .value = value, .len = len};
	struct sock *s = sock_tcp(h, fd);
	int v = 0, error = ENOPROTOOPT, other;

	if (s == NULL)
		return -1;
	(void)sock_look(h, s);
	other = get_other(h, s, &o);
	if (other != 1)
		return other;
	if (value == NULL || len == NULL)
		return sock_fail(EFAULT);
	if (level == SOL_SOCKET && get_socket(h, s, name, &v))
		error = 0;
	else if (level == IPPROTO_TCP && get_tcp(h, s, name, &v))
		error = 0;
	else if (level == IPPROTO_IP || level == IPPROTO_IPV6)
		error = get_ip(h, s, &o, &v);
	return error ? sock_fail(error) : sock_option_out(&o, &v, sizeof(v));
}
