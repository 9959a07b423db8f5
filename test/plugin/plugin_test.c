/*
 * plugin_test.c - plays packetdrill's part: loads the shared object, makes calls
 * through its table, is the network, and has a second thread for calls that block.
 *
 *	plugin_test [FILE.so]
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drill/packetdrill.h"
#include "tap.h"
#include "wire.h"

enum { SLOTS = 33, MS = 1000, S = 1000000, PORT = 8080, PEER = 54321, IRS = 4000000000u };

static void (*plugin_init)(const char *, struct packetdrill_table *);
static struct packetdrill_table t;

/* ---- the network --------------------------------------------------------- */

static const char *const local_of[] = {"192.168.0.1", "fd3d:a0b:17d6::1"};
static const char *const remote_of[] = {"192.0.2.1", "2001:db8::1"};

struct link { /* one connection as the network sees it */
	bool v6;
	const char *local;
	uint16_t port, peer;
	uint32_t nxt;  /* next number of the network's side */
	uint32_t seen; /* next number of the stack's */
};

static long long
now(void)
{
	struct timeval tv;

	t.gettimeofday(t.userdata, &tv, NULL);
	return tv.tv_sec * 1000000ll + tv.tv_usec;
}

/* As the tool waits: sleeps nearly all of it, then spins. */
static void
wait_until(long long at)
{
	long long left = at - now();

	if (left > 20)
		t.usleep(t.userdata, (useconds_t)(left - 20));
	for (int i = 0; i < 1000 && now() < at; i++)
		;
}

static void
inject(struct link *l, uint8_t ctl, const void *data, size_t len)
{
	uint8_t packet[WIRE_ROOM];
	struct wire w = {.from = remote_of[l->v6],
			 .to = l->local,
			 .src = l->peer,
			 .dst = l->port,
			 .seq = l->nxt,
			 .ack = ctl & WIRE_ACK ? l->seen : 0,
			 .ctl = ctl,
			 .wnd = 32768,
			 .data = data,
			 .len = len};

	ok(t.netdev_send(t.userdata, packet, wire_build(&w, packet)) == 0);
	l->nxt += (uint32_t)len + !!(ctl & WIRE_SYN) + !!(ctl & WIRE_FIN);
}

static struct wire_seen
sent(struct link *l)
{
	uint8_t packet[WIRE_ROOM];
	size_t n = sizeof(packet);
	struct wire_seen s;
	long long at = 0;

	ok(t.netdev_receive(t.userdata, packet, &n, &at) == 0);
	wire_read(&s, packet, n);
	s.at = at;
	ok(s.good && s.v6 == l->v6 && !strcmp(s.from, l->local) && !strcmp(s.to, remote_of[l->v6]));
	ok(s.dst == l->peer);
	if (s.ctl & WIRE_SYN)
		l->seen = s.seq;
	if ((int32_t)(s.seq + (uint32_t)s.len - l->seen) >= 0)
		l->seen = s.seq + (uint32_t)s.len + !!(s.ctl & WIRE_SYN) + !!(s.ctl & WIRE_FIN);
	return s;
}

static struct link
link_new(bool v6)
{
	return (struct link){
	    .v6 = v6, .local = local_of[v6], .port = PORT, .peer = PEER, .nxt = IRS};
}

/* ---- the program --------------------------------------------------------- */

static socklen_t
address(bool v6, const char *text, uint16_t port, struct sockaddr_storage *to)
{
	struct sockaddr_in *in = (struct sockaddr_in *)to;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = v6 ? AF_INET6 : AF_INET;
	if (v6) {
		in6->sin6_port = htons(port);
		inet_pton(AF_INET6, text, &in6->sin6_addr);
		return sizeof(*in6);
	}
	in->sin_port = htons(port);
	inet_pton(AF_INET, text, &in->sin_addr);
	return sizeof(*in);
}

static int
listener(bool v6, const char *at)
{
	struct sockaddr_storage a;
	socklen_t n = address(v6, at ? at : v6 ? "::" : "0.0.0.0", PORT, &a);
	int fd = t.socket(t.userdata, v6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);

	ok(fd >= 1000);
	ok(t.bind(t.userdata, fd, (struct sockaddr *)&a, n) == 0);
	ok(t.listen(t.userdata, fd, 5) == 0);
	return fd;
}

/* SYN, SYN-ACK, ACK */
static struct wire_seen
shake(struct link *l)
{
	struct wire_seen s;

	inject(l, WIRE_SYN, NULL, 0);
	s = sent(l);
	ok(s.ctl == (WIRE_SYN | WIRE_ACK) && s.ack == IRS + 1);
	inject(l, WIRE_ACK, NULL, 0);
	return s;
}

/* A connection from the network; its descriptor. */
static int
opened(struct link *l)
{
	int fd, at = listener(l->v6, NULL);
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	shake(l);
	fd = t.accept(t.userdata, at, (struct sockaddr *)&a, &n);
	ok(fd >= 1000 && fd != at);
	ok(a.ss_family == (l->v6 ? AF_INET6 : AF_INET));
	ok(t.close(t.userdata, at) == 0);
	return fd;
}

static void
start(const char *flags)
{
	memset(&t, 0, sizeof(t));
	plugin_init(flags, &t);
}

static void
stop(void)
{
	t.free(t.userdata);
}

/* ---- the second thread --------------------------------------------------- */

enum blocking { B_ACCEPT, B_CONNECT, B_READ, B_WRITE, B_POLL, B_EPOLL };

struct blocked {
	enum blocking what;
	int fd, timeout;
	bool v6;
	long result;
	int error;
	long long end;
	pthread_t thread;
	_Atomic pid_t tid;
	bool done; /* under run_lock */
};

static pthread_mutex_t run_lock = PTHREAD_MUTEX_INITIALIZER; /* as the tool has one */
static char big[4 << 20];

static long
blocked_call(struct blocked *b)
{
	struct sockaddr_storage a;
	socklen_t n = address(b->v6, remote_of[b->v6], PORT, &a);
	struct pollfd one = {.fd = b->fd, .events = POLLIN};
	struct epoll_event event;
	char bytes[100];

	switch (b->what) {
	case B_ACCEPT:
		return t.accept(t.userdata, b->fd, NULL, NULL);
	case B_CONNECT:
		return t.connect(t.userdata, b->fd, (struct sockaddr *)&a, n);
	case B_READ:
		return t.read(t.userdata, b->fd, bytes, sizeof(bytes));
	case B_WRITE:
		return t.write(t.userdata, b->fd, big, sizeof(big));
	case B_POLL:
		return t.poll(t.userdata, &one, 1, b->timeout);
	case B_EPOLL:
		return t.epoll_wait(t.userdata, b->fd, &event, 1, b->timeout);
	}
	return -1;
}

static void *
blocked_thread(void *arg)
{
	struct blocked *b = arg;
	struct timeval tv;

	b->tid = (pid_t)syscall(SYS_gettid);
	b->result = blocked_call(b);
	b->error = errno;
	t.gettimeofday(t.userdata, &tv, NULL);
	b->end = tv.tv_sec * 1000000ll + tv.tv_usec;
	pthread_mutex_lock(&run_lock);
	b->done = true;
	pthread_mutex_unlock(&run_lock);
	return NULL;
}

static char
thread_state(pid_t tid)
{
	char path[64], line[256] = "", *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	f = fopen(path, "r");
	if (!f)
		return '?';
	p = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	fclose(f);
	return p ? p[2] : '?';
}

/* Begins the call and comes back when its thread sleeps, or is done. */
static void
block(struct blocked *b, enum blocking what, int fd)
{
	bool done = false;

	b->what = what;
	b->fd = fd;
	b->tid = 0;
	b->done = false;
	pthread_create(&b->thread, NULL, blocked_thread, b);
	for (long i = 0; i < 10000000 && !done; i++) {
		if (b->tid && thread_state(b->tid) == 'S')
			break;
		sched_yield();
		pthread_mutex_lock(&run_lock);
		done = b->done;
		pthread_mutex_unlock(&run_lock);
	}
	pthread_mutex_lock(&run_lock);
}

static void
unblock(struct blocked *b)
{
	pthread_mutex_unlock(&run_lock);
	pthread_join(b->thread, NULL);
}

/* ---- tests --------------------------------------------------------------- */

static void
test_table(void)
{
	void *slot[SLOTS];

	ok(sizeof(t) == sizeof(slot));
	start("rfc");
	memcpy(slot, &t, sizeof(slot));
	for (int i = 0; i < SLOTS; i++)
		ok(slot[i] != NULL);
	stop();
}

static void
test_clock(void)
{
	long long at;

	start(NULL);
	at = now();
	for (int i = 1; i < 8; i++)
		ok(now() == at);
	for (int i = 1; i < 100; i++)
		ok(now() == at + i);
	at = now();
	t.usleep(t.userdata, 5000);
	ok(now() == at + 5020);
	wait_until(at + 3 * S);
	ok(now() >= at + 3 * S && now() <= at + 3 * S + 100);
	stop();
}

static void
play_passive(bool v6, const char *to)
{
	struct link l = link_new(v6);
	struct wire_seen s;
	char bytes[100];
	long long at;
	int fd;

	start("rfc");
	l.local = to ? to : l.local;
	at = now() + 10 * MS;
	wait_until(at);
	fd = opened(&l);
	inject(&l, WIRE_ACK | WIRE_PSH, "hello", 5);
	ok(t.read(t.userdata, fd, bytes, sizeof(bytes)) == 5 && !memcmp(bytes, "hello", 5));
	at = now();
	ok(t.write(t.userdata, fd, "world!", 6) == 6);
	s = sent(&l);
	ok(s.len == 6 && !memcmp(s.data, "world!", 6) && s.at == at && s.ack == IRS + 6);
	inject(&l, WIRE_ACK, NULL, 0);
	ok(t.close(t.userdata, fd) == 0);
	s = sent(&l);
	ok(s.ctl == (WIRE_FIN | WIRE_ACK));
	inject(&l, WIRE_FIN | WIRE_ACK, NULL, 0);
	s = sent(&l);
	ok(s.ctl == WIRE_ACK && s.ack == IRS + 7);
	errno = 0;
	ok(t.close(t.userdata, fd) == -1 && errno == EBADF);
	stop();
}

static void
test_passive(void)
{
	play_passive(false, NULL);
	play_passive(true, NULL);
	play_passive(false, "192.168.77.12"); /* a listener takes any destination */
	play_passive(true, "fd3d:a0b:17d6::7:7");
}

/* An address that is bound is ours from then on. */
static void
test_bound(void)
{
	struct link l = link_new(false);
	struct wire_seen s;
	int fd;

	start("linux");
	l.local = "10.1.2.3";
	fd = listener(false, l.local);
	shake(&l);
	ok(t.accept(t.userdata, fd, NULL, NULL) > fd);
	l.port = 99; /* nobody listens there */
	inject(&l, WIRE_SYN, NULL, 0);
	s = sent(&l);
	ok(s.ctl & WIRE_RST);
	stop();
}

static void
test_profiles(void)
{
	static const char *const flags[] = {"linux", "freebsd,local=10.9.8.7"};
	static const int scale[] = {8, 6};

	for (int i = 0; i < 2; i++) {
		struct sockaddr_storage a;
		struct link l = link_new(false);
		struct wire_seen s;
		socklen_t n = address(false, remote_of[0], PORT, &a);
		int fd;

		start(flags[i]);
		l.local = i ? "10.9.8.7" : l.local;
		l.peer = PORT;
		fd = t.socket(t.userdata, AF_INET, SOCK_STREAM, 0);
		ok(t.fcntl(t.userdata, fd, F_SETFL, O_NONBLOCK) == 0);
		ok(t.fcntl(t.userdata, fd, F_GETFL) & O_NONBLOCK);
		errno = 0;
		ok(t.connect(t.userdata, fd, (struct sockaddr *)&a, n) == -1 &&
		   errno == EINPROGRESS);
		s = sent(&l);
		ok(s.ctl == WIRE_SYN && s.mss == 1460 && s.wscale == scale[i] && s.stamps);
		stop();
	}
}

static void
test_sysctl(void)
{
	char path[] = "/tmp/synwave-sysctl-XXXXXX";
	static const char text[] = "net.ipv4.tcp_timestamps=0\nnot a line\n"
				   "net.ipv4.tcp_rmem = 4096 131072 65536\n";
	struct link l = link_new(false);
	struct sockaddr_storage a;
	struct wire_seen s;
	socklen_t n = address(false, remote_of[0], PEER, &a);
	int fd, file = mkstemp(path);

	setenv("SYNWAVE_SYSCTL_FILE", path, 1);
	start("linux");
	wait_until(now() + S); /* a script's sysctl runs after the first wait */
	ok(write(file, text, sizeof(text) - 1) == sizeof(text) - 1);
	fd = t.socket(t.userdata, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	t.connect(t.userdata, fd, (struct sockaddr *)&a, n);
	s = sent(&l);
	ok(s.ctl == WIRE_SYN && !s.stamps && s.wscale <= 1);
	stop();
	unsetenv("SYNWAVE_SYSCTL_FILE");
	close(file);
	unlink(path);
}

static void
test_retransmission(void)
{
	struct link l = link_new(false);
	struct wire_seen s;
	long long at, gap = 200 * MS;
	int fd;

	start("rfc");
	fd = opened(&l);
	ok(t.write(t.userdata, fd, "abc", 3) == 3);
	s = sent(&l);
	at = s.at;
	for (int i = 0; i < 5; i++, gap *= 2) {
		s = sent(&l);
		ok(s.len == 3 && s.at >= at + gap - 4 * MS && s.at <= at + gap + 4 * MS);
		ok(now() >= s.at);
		at = s.at;
	}
	stop();
}

/* A call that would block outside a time range: the clock moves inside it. */
static void
test_main_blocks(void)
{
	struct sockaddr_storage a;
	socklen_t n = address(true, remote_of[1], PORT, &a);
	struct pollfd one = {.events = POLLIN};
	long long at;
	int fd;

	start("linux");
	fd = t.socket(t.userdata, AF_INET6, SOCK_STREAM, 0);
	at = now();
	errno = 0;
	ok(t.connect(t.userdata, fd, (struct sockaddr *)&a, n) == -1 && errno == ETIMEDOUT);
	ok(now() >= at + 180 * S && now() < at + 300 * S);
	one.fd = listener(false, NULL);
	at = now();
	ok(t.poll(t.userdata, &one, 1, 700) == 0);
	ok(now() == at + 700 * MS);
	errno = 0;
	ok(t.accept(t.userdata, one.fd, NULL, NULL) == -1 && errno == EDEADLK);
	stop();
}

static void
play_blocked_open(bool v6)
{
	struct link l = link_new(v6), m = link_new(v6);
	struct blocked b = {.v6 = v6};
	struct wire_seen s;
	long long at;
	int fd;

	start("rfc");
	fd = listener(v6, NULL);
	block(&b, B_ACCEPT, fd);
	at = now();
	wait_until(at + 100 * MS);
	inject(&l, WIRE_SYN, NULL, 0);
	sent(&l);
	wait_until(at + 200 * MS);
	inject(&l, WIRE_ACK, NULL, 0);
	wait_until(at + 300 * MS);
	unblock(&b);
	ok(b.result > fd && b.end >= at + 200 * MS && b.end <= at + 200 * MS + 50);

	fd = t.socket(t.userdata, v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	m.peer = PORT;
	block(&b, B_CONNECT, fd);
	s = sent(&m);
	ok(s.ctl == WIRE_SYN);
	at = s.at;
	s = sent(&m); /* repeated a second later */
	ok(s.ctl == WIRE_SYN && s.at >= at + 996 * MS && s.at <= at + 1004 * MS);
	m.port = s.src;
	wait_until(at + 1050 * MS);
	inject(&m, WIRE_SYN | WIRE_ACK, NULL, 0);
	s = sent(&m);
	ok(s.ctl == WIRE_ACK && s.ack == IRS + 1);
	wait_until(at + 2000 * MS);
	unblock(&b);
	ok(s.at == b.end);
	ok(b.result == 0 && b.end >= at + 1050 * MS && b.end <= at + 1050 * MS + 50);
	stop();
}

static void
test_blocked_open(void)
{
	play_blocked_open(false);
	play_blocked_open(true);
}

static void
test_blocked_read(void)
{
	struct link l = link_new(false);
	struct timeval limit = {.tv_usec = 250000};
	struct blocked b = {.v6 = false};
	long long at;
	int fd;

	start("linux");
	fd = opened(&l);
	block(&b, B_READ, fd);
	at = now();
	wait_until(at + 10 * S);
	inject(&l, WIRE_ACK | WIRE_PSH, "1234567", 7);
	t.usleep(t.userdata, S);
	unblock(&b);
	ok(b.result == 7 && b.end >= at + 10 * S && b.end <= at + 10 * S + 50);
	ok(t.setsockopt(t.userdata, fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
	at = now();
	block(&b, B_READ, fd);
	t.usleep(t.userdata, S);
	unblock(&b);
	ok(b.result == -1 && b.error == EAGAIN && b.end == at + 250 * MS);
	block(&b, B_READ, fd);
	inject(&l, WIRE_FIN | WIRE_ACK, NULL, 0);
	unblock(&b);
	ok(b.result == 0);
	stop();
}

/* More than the buffer holds: it blocks until enough is acknowledged. */
static void
test_blocked_write(void)
{
	struct link l = link_new(true);
	struct blocked b = {.v6 = true};
	struct wire_seen s;
	bool sound = true;
	size_t total = 0;
	int fd;

	start("linux");
	fd = opened(&l);
	block(&b, B_WRITE, fd);
	ok(!b.done);
	for (int i = 0; total < sizeof(big) && i < 100000; i++) {
		s = sent(&l);
		sound = sound && s.len > 0;
		total += s.len;
		inject(&l, WIRE_ACK, NULL, 0);
	}
	unblock(&b);
	ok(sound && total == sizeof(big) && b.result == sizeof(big));
	stop();
}

static void
test_poll(void)
{
	struct link l = link_new(false);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = 7};
	struct blocked b = {.timeout = 500};
	struct pollfd one = {.events = POLLIN | POLLOUT};
	long long at;
	int fd, set;

	start("linux");
	one.fd = fd = opened(&l);
	ok(t.poll(t.userdata, &one, 1, 0) == 1 && one.revents == POLLOUT);
	at = now();
	block(&b, B_POLL, fd);
	t.usleep(t.userdata, S);
	unblock(&b);
	ok(b.result == 0 && b.end == at + 500 * MS);
	set = t.epoll_create(t.userdata, 1);
	ok(set >= 1000);
	ok(t.epoll_ctl(t.userdata, set, EPOLL_CTL_ADD, fd, &event) == 0);
	ok(t.epoll_wait(t.userdata, set, &event, 1, 0) == 0);
	b.timeout = -1;
	block(&b, B_EPOLL, set);
	at = now() + 3 * S;
	wait_until(at);
	inject(&l, WIRE_ACK | WIRE_PSH, "x", 1);
	unblock(&b);
	ok(b.result == 1 && b.end >= at && b.end < at + 50);
	stop();
}

/* At the end of a script the tool only waits for the other thread: time goes on. */
static void
test_last_call(void)
{
	struct blocked b = {.timeout = 500};
	long long at;
	int fd;

	start("linux");
	fd = listener(false, NULL);
	at = now();
	block(&b, B_POLL, fd);
	unblock(&b);
	ok(b.result == 0 && b.end == at + 500 * MS);
	fd = t.socket(t.userdata, AF_INET, SOCK_STREAM, 0);
	at = now();
	block(&b, B_CONNECT, fd);
	unblock(&b);
	ok(b.result == -1 && b.error == ETIMEDOUT);
	ok(b.end >= at + 180 * S && b.end < at + 300 * S);
	stop();
}

static void
test_options(void)
{
	struct link l = link_new(false);
	char bytes[512];
	struct tcp_info info;
	socklen_t n = sizeof(bytes);
	int fd, waits = -1;

	start("linux");
	fd = opened(&l);
	ok(t.getsockopt(t.userdata, fd, IPPROTO_TCP, TCP_INFO, bytes, &n) == 0 && n >= 280);
	memcpy(&info, bytes, sizeof(info));
	ok(info.tcpi_state == TCP_ESTABLISHED && info.tcpi_snd_cwnd == 10);
	n = sizeof(bytes);
	ok(t.getsockopt(t.userdata, fd, IPPROTO_TCP, TCP_CC_INFO, bytes, &n) == 0);
	n = sizeof(bytes);
	ok(t.getsockopt(t.userdata, fd, SOL_SOCKET, SO_MEMINFO, bytes, &n) == 0 && n == 36);
	inject(&l, WIRE_ACK | WIRE_PSH, "12345", 5);
	ok(t.ioctl(t.userdata, fd, (unsigned long)SIOCINQ, &waits) == 0 && waits == 5);
	ok(t.shutdown(t.userdata, fd, SHUT_WR) == 0);
	ok(sent(&l).ctl & WIRE_FIN);
	stop();
}

static void
test_pipe(void)
{
	struct link l = link_new(false);
	struct wire_seen s;
	char bytes[16];
	int fd, ends[2];

	start("linux");
	fd = opened(&l);
	ok(t.pipe(t.userdata, ends) == 0);
	ok(t.write(t.userdata, ends[1], "through", 7) == 7);
	ok(t.splice(t.userdata, ends[0], NULL, fd, NULL, 100, 0) == 7);
	s = sent(&l);
	ok(s.len == 7 && !memcmp(s.data, "through", 7));
	inject(&l, WIRE_ACK | WIRE_PSH, "back", 4);
	ok(t.splice(t.userdata, fd, NULL, ends[1], NULL, 100, 0) == 4);
	ok(t.read(t.userdata, ends[0], bytes, sizeof(bytes)) == 4 && !memcmp(bytes, "back", 4));
	ok(t.close(t.userdata, ends[0]) == 0 && t.close(t.userdata, ends[1]) == 0);
	stop();
}

/* The exit code of a child that expects a packet which does not come. */
static int
exit_of(bool armed)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct link l = link_new(false);
		int fd, on = 1;

		ok(freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr));
		start("rfc");
		fd = opened(&l);
		if (armed)
			t.setsockopt(t.userdata, fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
		sent(&l);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static void
test_silence(void)
{
	ok(exit_of(false) == EXIT_FAILURE);
	ok(exit_of(true) == EXIT_FAILURE);
}

/* However the two threads run, the times are the same. */
static void
test_repeats(void)
{
	long long first[3] = {0};

	for (int round = 0; round < 200; round++) {
		struct link l = link_new(false);
		struct blocked b = {.v6 = false};
		struct wire_seen s;
		long long begin, came[3];
		int fd;

		start("linux");
		begin = now();
		fd = opened(&l);
		block(&b, B_READ, fd);
		wait_until(begin + 70 * MS);
		inject(&l, WIRE_ACK | WIRE_PSH, "abc", 3);
		came[1] = now() - begin;
		s = sent(&l);
		unblock(&b);
		came[0] = b.end - begin;
		came[2] = s.at - begin;
		if (round == 0)
			memcpy(first, came, sizeof(first));
		ok(!memcmp(first, came, sizeof(first)));
		stop();
	}
}

int
main(int argc, char **argv)
{
	void *so =
	    dlopen(argc > 1 ? argv[1] : "build/libsynwave-packetdrill.so", RTLD_NOW | RTLD_LOCAL);
	void *init = so ? dlsym(so, "packetdrill_interface_init") : NULL;

	if (!init) {
		printf("not ok 1 - %s\n1..1\n", dlerror());
		return EXIT_FAILURE;
	}
	memcpy(&plugin_init, &init, sizeof(init));
	TEST("the table has 33 slots", test_table);
	TEST("the clock creeps, and sleeps", test_clock);
	TEST("passive open, data, close, at any destination", test_passive);
	TEST("a bound address is ours", test_bound);
	TEST("profiles and a local address", test_profiles);
	TEST("sysctl settings by a file", test_sysctl);
	TEST("retransmissions on the virtual clock", test_retransmission);
	TEST("a call of the main thread moves the clock", test_main_blocks);
	TEST("accept and connect block in a second thread", test_blocked_open);
	TEST("read blocks in a second thread", test_blocked_read);
	TEST("write blocks in a second thread", test_blocked_write);
	TEST("poll and epoll", test_poll);
	TEST("the last call of a script", test_last_call);
	TEST("TCP_INFO and other options", test_options);
	TEST("pipe and splice", test_pipe);
	TEST("a packet that never comes ends the process", test_silence);
	TEST("two threads, always the same times", test_repeats);
	return plan_done();
}
