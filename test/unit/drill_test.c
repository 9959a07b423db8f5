/*
 * drill_test.c - the interpreter of scripts: its grammar, its verdicts, and that
 * each kind of mismatch is found and said.
 */
#include "tap.h"

#include "drill/drill.h"

#define OPEN                                                                                       \
	" 0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"                                         \
	"+0   bind(3, ..., ...) = 0\n"                                                             \
	"+0   listen(3, 1) = 0\n"                                                                  \
	"+0   < S  0:0(0) win 1000 <mss 1000>\n"                                                   \
	"+0   > S. 0:0(0) ack 1 <mss 1460>\n"                                                      \
	"+.1  < .  1:1(0) ack 1 win 10000\n"                                                       \
	"+0   accept(3, ..., ...) = 4\n"

#define CONNECT                                                                                    \
	" 0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"                                         \
	" 0...0.1 connect(3, ..., ...) = 0\n"                                                      \
	"+0   > S  0:0(0) <...>\n"                                                                 \
	"+.1  < S. 0:0(0) ack 1 win 1000 <mss 1000>\n"                                             \
	"+0   > .  1:1(0) ack 1\n"

static char said[65536];

static enum drill_verdict
run(const char *text, enum drill_profile profile)
{
	struct drill_settings settings = {.profile = profile};
	enum drill_verdict verdict;

	memset(said, 0, sizeof(said));
	settings.out = fmemopen(said, sizeof(said) - 1, "w");
	verdict = drill_text("script", text, strlen(text), &settings);
	fclose(settings.out);
	return verdict;
}

static void
passes(const char *text)
{
	if (!ok(run(text, DRILL_RFC) == DRILL_PASSED))
		printf("# %s\n", said);
}

/* The script fails, and what it says holds `words`. */
static void
fails(const char *text, const char *words)
{
	if ((int)!ok(run(text, DRILL_RFC) == DRILL_FAILED) | (int)!ok(strstr(said, words) != NULL))
		printf("# expected '%s' in: %s\n", words, said);
}

static void
is_wrong(const char *text, const char *words)
{
	if ((int)!ok(run(text, DRILL_RFC) == DRILL_SYNTAX) | (int)!ok(strstr(said, words) != NULL))
		printf("# expected '%s' in: %s\n", words, said);
}

static void
test_pass(void)
{
	passes("");
	passes(OPEN);
	passes(CONNECT);
	passes("--ip_version=ipv4-mapped-ipv6\n" OPEN);
	passes("/* over\n two lines */\n# one\n// another\n" CONNECT);
	passes(OPEN "+0 write(4, ..., 100) = 100\n*  > P. 1:101(100) ack 1\n");
	passes(OPEN "+0 write(4, ..., 100) = 100\n+0~+.1  > P. 1:101(100) ack 1\n");
	passes(OPEN "+0 write(4, ..., 100) = 100\n0.1~0.2  > P. 1:101(100) ack 1\n");
}

static void
test_calls(void)
{
	passes(OPEN "+0 fcntl(4, F_GETFL) = 0x2 (flags O_RDWR)\n"
		    "+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
		    "+0 read(4, ..., 10) = -1 EAGAIN (Resource temporarily unavailable)\n"
		    "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n"
		    "+0 getsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, [8]) = 0\n"
		    "+0 getsockopt(4, IPPROTO_TCP, TCP_NODELAY, [0], [4]) = 0\n"
		    "+0 close(4) = 0\n"
		    "+0 > R. 1:1(0) ack 1\n"
		    "+0 read(4, ..., 10) = -1 EBADF (Bad file descriptor)\n");
	passes(OPEN "+0 < P. 1:1001(1000) ack 1 win 10000\n"
		    "+0 ioctl(4, SIOCINQ, [1000]) = 0\n"
		    "+0 poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 0) = 1\n"
		    "+0 recv(4, ..., 10, MSG_PEEK) = 10\n"
		    "+0 readv(4, [{..., 10}, {..., 20}], 2) = 30\n"
		    "+0 recvfrom(4, ..., 10, 0, ..., ...) = 10\n"
		    "+0 recvmsg(4, {msg_name(...)=...,\n"
		    "               msg_iov(1)=[{..., 60}],\n"
		    "               msg_flags=0}, 0) = 60\n");
	passes(OPEN "+0 sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 10}, {..., 5}],\n"
		    "              msg_flags=0}, 0) = 15\n"
		    "+0 > P. 1:16(15) ack 1\n"
		    "+0 writev(4, [{..., 10}], 1) = 10\n"
		    "+.1 < . 1:1(0) ack 16 win 10000\n"
		    "+0 > P. 16:26(10) ack 1\n");
	passes(OPEN "+0 epoll_create(1) = 5\n"
		    "+0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, fd=4}) = 0\n"
		    "+0...0.2 epoll_wait(5, {events=EPOLLIN, fd=4}, 1, 1000) = 1\n"
		    "+.2 < P. 1:11(10) ack 1 win 10000\n"
		    "+0 read(4, ..., 10) = 10\n");
	passes(OPEN "+0...0.2 poll([{fd=4, events=POLLIN, revents=0}], 1, 200) = 0\n");
	/* a SYN that is not the connection's does not say where its bytes begin */
	passes(OPEN "+0 < S 500:500(0) win 1000\n+0 > . 1:1(0) ack 1\n"
		    "+0 < P. 1:11(10) ack 1 win 10000\n+0 read(4, ..., 10) = 10\n");
	passes(CONNECT "+0 < S. 500:500(0) ack 1 win 1000\n+0 > . 1:1(0) ack 1\n"
		       "+0 < P. 1:11(10) ack 1 win 10000\n+0 read(3, ..., 10) = 10\n");
}

static void
test_longest(void)
{
	static const char text[] = OPEN "+1 < . 1:1(0) ack 1 win 10000\n//: +20 silent\n";
	struct drill_settings settings = {.longest = 20 * SW_S};

	settings.out = fmemopen(said, sizeof(said) - 1, "w");
	ok(drill_text("script", text, strlen(text), &settings) == DRILL_SKIPPED);
	settings.longest = 22 * SW_S;
	ok(drill_text("script", text, strlen(text), &settings) == DRILL_PASSED);
	fclose(settings.out);
	ok(strstr(said, "skipped: 21 s") != NULL);
}

/* Files, pipes, names, and settings that show on the wire. */
static void
test_more_calls(void)
{
	passes(OPEN "+0 open(\"/dev/zero\", O_RDONLY) = 5\n"
		    "+0 sendfile(4, 5, NULL, 100) = 100\n+0 > P. 1:101(100) ack 1\n"
		    "+0 read(5, ..., 7) = 7\n+0 close(5) = 0\n"
		    "+0 read(5, ..., 7) = -1 EBADF (Bad file descriptor)\n");
	passes(OPEN "+0 open(\"/nothing/there\", O_RDONLY) = -1 ENOENT (No such file)\n");
	passes(OPEN "+0 pipe([5, 6]) = 0\n+0 < P. 1:101(100) ack 1 win 10000\n"
		    "+0 splice(4, NULL, 6, NULL, 60, 0) = 60\n"
		    "+0 splice(5, NULL, 4, NULL, 100, SPLICE_F_MOVE) = 60\n"
		    "+0 > P. 1:61(60) ack 101\n+0 read(4, ..., 100) = 40\n");
	passes(OPEN "+0 getpeername(4, {sa_family = AF_INET, sin_port = ...,\n"
		    "    sin_addr = inet_addr(\"192.0.2.1\")}, [16]) = 0\n");
	fails(OPEN "+0 getpeername(4, {sa_family = AF_INET, sin_port = ...,\n"
		   "    sin_addr = inet_addr(\"192.0.2.2\")}, [16]) = 0\n",
	      "the address is another one");
	fails(OPEN "+0 getsockname(4, {sa_family = AF_INET, sin_port = htons(81),\n"
		   "    sin_addr = ...}, [16]) = 0\n",
	      "port: expected 81, came 8080");
	passes("--ip_version=ipv6\n0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	       "+0 bind(3, {sa_family=AF_INET6, sin6_port=htons(81),\n"
	       "    inet_pton(AF_INET6, \"::\", &sin6_addr)}, 28) = 0\n"
	       "+0 getsockname(3, {sa_family=AF_INET6, sin6_port=htons(81),\n"
	       "    sin6_addr=inet_pton(\"::\")}, [28]) = 0\n");
	passes(OPEN "+0 setsockopt(4, SOL_TCP, TCP_QUICKACK, [1], 4) = 0\n"
		    "+0 < P. 1:11(10) ack 1 win 10000\n+0 > . 1:1(0) ack 11\n");
	passes("`sysctl -q net.ipv4.tcp_retries2=3`\n" OPEN "+0 write(4, ..., 10) = 10\n"
	       "+0 > P. 1:11(10) ack 1\n* > P. 1:11(10) ack 1\n* > P. 1:11(10) ack 1\n"
	       "* > P. 1:11(10) ack 1\n//: * maybe > R. 11:11(0) ack 1\n"
	       "+10 read(4, ..., 10) = -1 ETIMEDOUT (Connection timed out)\n");
	passes(" 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n"
	       "+0 listen(3, 1) = 0\n+0 < S 0:0(0) win 1000 <mss 1000,FOEXP,nop,nop>\n"
	       "+0 > S. 0:0(0) ack 1 <mss 1460>\n");
}

static void
test_blocking(void)
{
	passes(OPEN "+0...0.3 read(4, ..., 10) = 10\n"
		    "+.3 < P. 1:11(10) ack 1 win 10000\n");
	fails(OPEN "+0...0.4 read(4, ..., 10) = 10\n"
		   "+.2 < P. 1:11(10) ack 1 win 10000\n",
	      "ended at 0.3");
	fails(OPEN "+0...0.4 read(4, ..., 10) = 10\n", "never comes back");
	fails(OPEN "+0 read(4, ..., 10) = 10\n", "never comes back");
}

static void
test_mismatch(void)
{
	fails(OPEN "+0 > . 1:1(0) ack 1\n", "no packet came");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+0 > P. 2:11(9) ack 1\n", "seq: expected 2, came 1");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+0 > P. 1:11(10) ack 1\n", "length");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 2\n", "ack");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+0 > . 1:10(9) ack 1\n", "flags");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 1 <nop>\n", "options");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+0 > P. 1:10(9) ack 1 win 7\n", "win");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+.1 > P. 1:10(9) ack 1\n", "expected at 0.2");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+0 > [ce] P. 1:10(9) ack 1\n", "ECN");
	fails(OPEN "+0 write(4, ..., 9) = 8\n", "expected 8, came 9");
	fails(OPEN "+0 write(9, ..., 9) = 9\n", "EBADF");
	fails(OPEN "+0 write(9, ..., 9) = -1 EPIPE (Broken pipe)\n", "expected EPIPE, came EBADF");
	fails(OPEN "+0 getsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], [4]) = 0\n", "came 0");
	fails(CONNECT "+0 write(3, ..., 9) = 9\n//: +0 silent\n", "nothing should");
	fails(OPEN "+0 write(4, ..., 9) = 9\n+0 > P. 7:16(9) ack 1\n", "SYN-RECEIVED"); /* ladder */
}

static void
test_own_lines(void)
{
	passes("//: path LISTEN SYN-RECEIVED ESTABLISHED\n" OPEN);
	passes("//: path CLOSED LISTEN SYN-RECEIVED ESTABLISHED\n" OPEN);
	fails("//: path LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT\n" OPEN, "the path taken");
	fails("//: path LISTEN SYN-RECEIVED\n" OPEN, "the path taken");
	passes(OPEN "//: +0 state 4 ESTABLISHED  as it should be\n//: +0 state 3 LISTEN\n");
	fails(OPEN "//: +0 state 4 CLOSE-WAIT\n", "the state is ESTABLISHED");
	fails(OPEN "//: +0 state 9 CLOSED\n", "never a socket");
	passes("//: iss 4294967295\n//: profile linux\n" CONNECT
	       "+0 write(3, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n");
	passes("//: iss 4294967295\n"
	       " 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
	       "+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n"
	       "+0 > S 4294967295:4294967295(0) <...>\n"
	       "+0 < S. 4294967295:4294967295(0) ack 0 win 1000\n"
	       "+0 > . 0:0(0) ack 0\n");
	passes(OPEN "+0 write(4, ..., 9) = 9\n//: +0 maybe > P. 1:10(9) ack 1\n//: +0 silent\n"
		    "//: +0 maybe > P. 1:10(9) ack 1\n");
	passes(OPEN "+0 write(4, ..., 9) = 9\n+0 > F. 1:10(9) ack 1\n"
		    "//: or > U. 1:10(9) ack 1\n//: or > P. 1:10(9) ack 1\n");
	is_wrong("//: or > P. 1:10(9) ack 1\n", "no outbound packet");
	is_wrong("//: nothing\n", "expected a time");
	is_wrong("//: profile vms\n" OPEN, "no profile");
}

static void
test_grammar(void)
{
	is_wrong("0 socket(\n", "script:");
	is_wrong("\n\n0 < S 0:1(0)\n", "script:3:");
	is_wrong("0 < S 0:0(0) <mss>\n", "expected a number");
	is_wrong("0 < X 0:0(0)\n", "flags");
	is_wrong("0 < S 0:0(0) <wombat>\n", "unknown TCP option");
	is_wrong("0...1 < S 0:0(0)\n", "only a system call");
	is_wrong("0 write(4, \"abc, 3) = 3\n", "string");
	is_wrong("/* no end\n", "comment");
	is_wrong("--mtu\n", "--name=value");
	is_wrong("--color=blue\n" OPEN, "unknown or wrong");
	is_wrong("0 `sysctl\n", "is missing");
	is_wrong("0 < S 0:0(0) <raw 00>\n", "unknown TCP option"); /* ours, after //: only */
	is_wrong("0 close(99999999999999999999) = 0\n", "too large");
	is_wrong("--mtu=forty\n" OPEN, "unknown or wrong");
	is_wrong("--bind_port=70000\n" OPEN, "unknown or wrong");
	is_wrong("--tolerance_usecs=-1\n" OPEN, "unknown or wrong");
	is_wrong("0 < icmp unreachable wombat [0:0(0)]\n", "no code of ICMP");
	is_wrong("0 < [0:0(0)] S 0:0(0)\n", "quotes");
	fails("0 < P. 0:65535(65535) ack 1\n", "cannot be made");
	fails("0 brk(0) = 0\n", "not spoken");
	fails("0 socket(..., SOCK_WOMBAT, 0) = 3\n", "not known");
	passes("--define=LEN=12\n--define=END=13\n" OPEN
	       "+0 write(4, ..., LEN) = LEN\n+0 > P. 1:END(LEN) ack 1\n");
}

static void
test_code(void)
{
	passes(OPEN "+0 %{ assert tcpi_state == TCP_ESTABLISHED, 'state'\n"
		    "x = 2 * (3 + 4) % 5\n"
		    "assert x == 4 and not x > 5 or False\n"
		    "assert 1 <= x <= 4; print('hello, world; it', x) # words\n"
		    "assert tcpi_snd_mss in (1000, 536), tcpi_snd_mss }%\n");
	fails(OPEN "+0 %{ assert tcpi_unacked == 1 }%\n", "not so: tcpi_unacked == 1");
	fails(OPEN "+0 %{ for x in y: pass }%\n", "cannot be evaluated");
	fails(OPEN "+0 %{ assert tcpi_wombat }%\n", "no such field");
}

static void
test_stamps(void)
{
	static const char text[] =
	    " 0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	    "+0   bind(3, ..., ...) = 0\n"
	    "+0   listen(3, 1) = 0\n"
	    "+0   < S 0:0(0) win 1000 <mss 1000,sackOK,TS val 77 ecr 0,nop,wscale 7>\n"
	    "+0   > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr 77,nop,wscale 5>\n"
	    "+.1  < . 1:1(0) ack 1 win 100 <nop,nop,TS val 80 ecr 100>\n"
	    "+0   accept(3, ..., ...) = 4\n"
	    "+0   < . 11:21(10) ack 1 win 100 <nop,nop,TS val 80 ecr 100>\n"
	    "+0   > . 1:1(0) ack 1 <nop,nop,TS val %s ecr 80,nop,nop,sack 11:21>\n";
	char script[2048], tick[2100];

	snprintf(script, sizeof(script), text, "200");
	passes(script);
	snprintf(tick, sizeof(tick), "--tcp_ts_tick_usecs=1000\n%s", script);
	passes(tick);
	snprintf(script, sizeof(script), text, "300");
	snprintf(tick, sizeof(tick), "--tcp_ts_tick_usecs=1000\n%s", script);
	fails(tick, "TS val: expected 300");
}

/* FreeBSD's order of options, whatever there is of them; the checksum is right. */
static void
test_freebsd_options(void)
{
	static const char *const syn[][2] = {
	    {"mss 1460", "mss 1460"},
	    {"mss 1460,sackOK", "mss 1460,sackOK,eol,eol"},
	    {"mss 1460,nop,wscale 2", "mss 1460,nop,wscale 6"},
	    {"mss 1460,sackOK,nop,wscale 2,nop", "mss 1460,nop,wscale 6,sackOK,eol,eol"},
	    {"mss 1460,nop,nop,TS val 5 ecr 0", "mss 1460,nop,nop,TS val 1 ecr 5"},
	    {"mss 1460,nop,wscale 2,sackOK,TS val 5 ecr 0",
	     "mss 1460,nop,wscale 6,sackOK,TS val 1 ecr 5"},
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(syn) / sizeof(syn[0]); i++)
		for (int v6 = 0; v6 < 2; v6++) {
			snprintf(text, sizeof(text),
				 "%s//: profile freebsd\n"
				 "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
				 "+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n"
				 "+0 < S 0:0(0) win 65535 <%s>\n"
				 "+0 > S. 0:0(0) ack 1 <%s>\n",
				 v6 ? "--ip_version=ipv6 --mtu=1520\n" : "", syn[i][0], syn[i][1]);
			passes(text);
		}
}

static void
test_profiles(void)
{
	static const char text[] =
	    " 0   socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3\n"
	    "+0   connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n"
	    "+0   > S 0:0(0) win 65535 <%s>\n"
	    "+.1  < S. 0:0(0) ack 1 win 1000 <mss 1000,sackOK,TS val 1 ecr 0,nop,wscale 0>\n"
	    "+0   > . 1:1(0) ack 1 <...>\n";
	static const char *const options[DRILL_N_PROFILES] = {
	    "mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 5",
	    "mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 8",
	    "mss 1460,nop,wscale 6,sackOK,TS val 0 ecr 0"};
	char script[1024];

	for (int i = 0; i < DRILL_N_PROFILES; i++) {
		snprintf(script, sizeof(script), text, options[i]);
		if (!ok(run(script, (enum drill_profile)i) == DRILL_PASSED))
			printf("# %s\n", said);
	}
	/* what is small already is not made larger */
	passes("//: profile freebsd\n`sysctl -q net.ipv4.tcp_rmem='4096 4096 4096'`\n" OPEN
	       "//: +0 silent\n");
	passes("//: profile freebsd\n"
	       "0  socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	       "+0 bind(3, ..., ...) = 0\n"
	       "+0 listen(3, 5) = 0\n"
	       "+0 < S 0:0(0) win 65535 <mss 1460,nop,wscale 6>\n"
	       "+0 > S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6>\n"
	       "+0 < . 1:1(0) ack 1 win 1000\n"
	       "+0 accept(3, ..., ...) = 4\n"
	       "+0 < P. 1:1001(1000) ack 1 win 1000\n"
	       "+.04 > . 1:1(0) ack 1001 win 1009\n");
	/* each refused segment is answered, however close they come */
	passes(OPEN "+0 < R 2:2(0)\n+0 > . 1:1(0) ack 1\n"
		    "+0 < S 2:2(0)\n+0 > . 1:1(0) ack 1\n"
		    "+0 < . 1:1(0) ack 100\n+0 > . 1:1(0) ack 1\n");
	fails("//: profile linux\n" OPEN "+0 < R 2:2(0)\n+0 > . 1:1(0) ack 1\n"
	      "+0 < S 2:2(0)\n+0 > . 1:1(0) ack 1\n",
	      "no packet came");
	ok(drill_profile_named("freebsd") == DRILL_FREEBSD);
	ok(drill_profile_named("") == DRILL_N_PROFILES);
}

static void
test_icmp(void)
{
	static const char refused[] =
	    " 0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	    " 0...0.1 connect(3, ..., ...) = -1 ECONNREFUSED (Connection refused)\n"
	    "+0   > S  0:0(0) <...>\n"
	    "+.1  < icmp unreachable port_unreachable [0:0(0)]\n";
	char script[1024];

	passes(refused);
	passes(" 0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	       "+0   fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n"
	       "+0   connect(3, ..., ...) = -1 EINPROGRESS (...)\n"
	       "+0   > S  0:0(0) <...>\n"
	       "+.1  < [0:0(0)] icmp unreachable port_unreachable\n"
	       "+0   getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0\n");
	snprintf(script, sizeof(script), "--ip_version=ipv6\n%s", refused);
	passes(script);
	passes(OPEN "+0 write(4, ..., 1000) = 1000\n+0 > P. 1:1001(1000) ack 1\n"
		    "+0 < icmp unreachable frag_needed mtu 600 [1:1001(1000)]\n"
		    "*  > . 1:561(560) ack 1\n");
	passes(OPEN "+0 write(4, ..., 1000) = 1000\n+0 > P. 1:1001(1000) ack 1\n"
		    "+0 < [1:1001(1000)] icmp unreachable frag_needed mtu 600\n"
		    "*  > . 1:561(560) ack 1\n");
	/* past the wrap, with both ways to write an end; a stranger's SYN changes no number */
	passes(" 0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	       "+0   bind(3, ..., ...) = 0\n"
	       "+0   listen(3, 1) = 0\n"
	       "+0   < S  4294967290:4294967290(0) win 1000 <md5 0001020304050607,FOEXP 0102,nop>\n"
	       "+0   > S. 0:0(0) ack 4294967291 <...>\n"
	       "+0   < .  4294967291:4294967291(0) ack 1 win 1000\n"
	       "+0   accept(3, ..., ...) = 4\n"
	       "+0   < P. 4294967291:4294967301(10) ack 1 win 1000\n"
	       "+.04 > .  1:1(0) ack 5\n"
	       "+0   < S  1000:1000(0) win 1000\n"
	       "+0   > .  1:1(0) ack 5\n"
	       "+0   < P. 5:15(10) ack 1 win 1000\n"
	       "+0   read(4, ..., 100) = 20\n");
	passes(" 0   socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
	       "+0   setsockopt(3, SOL_TCP, TCP_USER_TIMEOUT, [5000], 4) = 0\n"
	       "+0...5 connect(3, ..., ...) = -1 ETIMEDOUT (Connection timed out)\n"
	       "+0   > S  0:0(0) <...>\n"
	       "+1   > S  0:0(0) <...>\n"
	       "+2   > S  0:0(0) <...>\n");
	passes("0 < udp (100)\n+0 > icmp unreachable protocol_unreachable\n");
	passes("--ip_version=ipv6\n0 < udp (100)\n"
	       "+0 > icmp parameter_problem unknown_next_header\n");
}

/* Numbers of SYNs, a restart, addresses, a segment's options of IP. */
static void
test_ends(void)
{
	static const char opens[] = " 0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, 0) = 3\n"
				    "+0 bind(3, ..., ...) = 0\n"
				    "+0 connect(3, ..., ...) = -1 EINPROGRESS\n"
				    "+0 > S 0:0(0) <...>\n";
	static const char closes[] = "+0 < R. 0:0(0) ack 1\n+0 close(3) = 0\n";
	static const char again[] = "+1 socket(..., SOCK_STREAM|SOCK_NONBLOCK, 0) = 4\n"
				    "+0 bind(4, ..., ...) = 0\n"
				    "+0 connect(4, ..., ...) = -1 EINPROGRESS\n"
				    "+0 > S 0:0(0) <...>\n"
				    "//: +0 iss 4 249000~251000\n";
	char script[1024];

	snprintf(script, sizeof(script), "%s%s%s", opens, closes, again);
	passes(script);
	snprintf(script, sizeof(script), "%s//: +0 reboot\n%s", opens, again);
	fails(script, "more than that of the SYN before");
	snprintf(script, sizeof(script), "//: iss 7\n%s%s%s", opens, closes, again);
	fails(script, "is 0 more than that");
	fails(OPEN "+0 close(9) = -1 EBADF\n//: +0 iss 9 1~2\n", "has sent no SYN");
	passes(OPEN "+0 write(4, ..., 1) = 1\n+0 > P. 1:2(1) ack 1\n//: +0 no-trouble 4\n"
		    "+.3 > P. 1:2(1) ack 1\n+.6 > P. 1:2(1) ack 1\n+1.2 > P. 1:2(1) ack 1\n"
		    "//: +0 trouble 4\n");
	fails(OPEN "//: +0 trouble 4\n", "no trouble is told");
	fails("//: +0 no-trouble 4\n", "no connection");
	is_wrong("//: +0 iss 3 2~1\n", "is not from");
	passes(OPEN "+0 write(4, ..., 1) = 1\n//: +0 > [from 192.168.0.1] P. 1:2(1) ack 1\n");
	fails(OPEN "+0 write(4, ..., 1) = 1\n//: +0 > [from 192.168.0.2] P. 1:2(1) ack 1\n",
	      "another address");
	fails("0 `ip addr add 192.168.0/16`\n", "no address for us");
	fails(OPEN "//: +0 < [ip-options 010101] . 1:1(0) ack 1\n", "cannot be made");
	passes("--ip_version=ipv6\n--mtu=1520\n" OPEN
	       "//: +0 < [ip-options 010400000000] P. 1:2(1) ack 1\n+0 read(4, ..., 9) = 1\n");
}

int
main(void)
{
	TEST("scripts that pass", test_pass);
	TEST("system calls", test_calls);
	TEST("files, pipes, names, settings", test_more_calls);
	TEST("calls that last", test_blocking);
	TEST("each mismatch is found", test_mismatch);
	TEST("scripts that last too long", test_longest);
	TEST("lines of our own", test_own_lines);
	TEST("mistakes of grammar", test_grammar);
	TEST("blocks of code", test_code);
	TEST("timestamps", test_stamps);
	TEST("profiles", test_profiles);
	TEST("FreeBSD's order of options", test_freebsd_options);
	TEST("ICMP and UDP", test_icmp);
	TEST("both ends of SYNs", test_ends);
	return plan_done();
}
