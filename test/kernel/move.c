/*
 * move.c - one connection to the kernel that moves between two processes which share
 * a TUN device, again and again, while it sends and receives.
 *
 *	move DEVICE OUR-ADDRESS KERNEL-ADDRESS PORT FILE MOVES
 *
 * FILE goes to the kernel, what comes from there to standard output.  Each process
 * has a stack of its own; the connection goes through a socket as bytes, with how far
 * the program has come.  It moves MOVES times, evenly spread over what FILE holds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <synwave/sw_drv.h>

enum { BLOB_MAX = 16 << 20, PIECE = 65536, PATIENCE_S = 60 };

struct far { /* the program's own state */
	uint64_t sent, received;
	uint32_t moves;
	bool closed, done;
	uint64_t bytes; /* of the connection, which follow */
};

struct side {
	struct sw_drv *drv;
	struct sw_stack *stack;
	struct sw_endpoint remote;
	int file, other; /* other: the socket to the other process */
	uint64_t size;
	uint32_t moves;
	struct far far;
	sw_conn conn;
	uint8_t *blob;
};

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "move: %s: %s\n", what, why);
	exit(1);
}

static void
put_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t some = write(fd, p, n);

		if (some <= 0)
			die("write", strerror(errno));
		p += some;
		n -= (size_t)some;
	}
}

/* false: the other end is closed. */
static bool
get_all(int fd, void *bytes, size_t n)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t some = read(fd, p, n);

		if (some <= 0)
			return false;
		p += some;
		n -= (size_t)some;
	}
	return true;
}

/* To the other process: all there is, or that it is over. */
static void
hand_over(struct side *s)
{
	ptrdiff_t n = 0;

	if (!s->far.done) {
		n = sw_export(s->stack, sw_drv_now(), s->conn, s->blob, BLOB_MAX, 0);
		if (n < 0 || n > BLOB_MAX)
			die("export", n < 0 ? sw_error_text((int)n) : "too large");
		s->far.moves++;
	}
	s->conn = 0;
	s->far.bytes = (uint64_t)n;
	put_all(s->other, &s->far, sizeof s->far);
	put_all(s->other, s->blob, (size_t)n);
}

/* From the other process; false: it is over. */
static bool
take_over(struct side *s)
{
	int error;

	if (!get_all(s->other, &s->far, sizeof s->far) || s->far.done)
		return false;
	if (s->far.bytes > BLOB_MAX || !get_all(s->other, s->blob, s->far.bytes))
		die("the other process", "is gone");
	error = sw_import(s->stack, sw_drv_now(), s->blob, s->far.bytes, &s->conn);
	if (error != 0)
		die("import", sw_error_text(error));
	return true;
}

static void
send_more(struct side *s)
{
	static uint8_t piece[PIECE];
	ptrdiff_t took = 1;
	ssize_t n = 0;

	while (took > 0 && s->far.sent < s->size) {
		n = pread(s->file, piece, sizeof piece, (off_t)s->far.sent);
		if (n <= 0)
			die("file", "is shorter than before");
		took = sw_send(s->stack, sw_drv_now(), s->conn, piece, (size_t)n, 0);
		s->far.sent += took > 0 ? (uint64_t)took : 0;
	}
	if (s->far.sent == s->size && !s->far.closed)
		s->far.closed = sw_close(s->stack, sw_drv_now(), s->conn) == 0;
}

static void
receive_more(struct side *s)
{
	static uint8_t piece[PIECE];
	ptrdiff_t n;

	while ((n = sw_receive(s->stack, sw_drv_now(), s->conn, piece, sizeof piece)) > 0) {
		put_all(1, piece, (size_t)n);
		s->far.received += (uint64_t)n;
	}
	if (n < 0 && n != SW_E_AGAIN)
		die("receive", sw_error_text((int)n));
	s->far.done = n == 0 && s->far.closed && (sw_ready(s->stack, s->conn) & SW_ENDED) != 0;
}

/* Until it is the other's turn, or all is done. */
static void
serve(struct side *s)
{
	sw_ns until = sw_drv_now() + PATIENCE_S * SW_S;
	struct sw_event e;

	while (!s->far.done) {
		if (sw_drv_turn(s->drv, 100 * SW_MS, NULL, 0) != 0)
			die("device", strerror(errno));
		while (sw_event(s->stack, &e))
			if (e.ready & SW_FAILED)
				die("connection", "failed");
		if (sw_ready(s->stack, s->conn) & SW_OPENED) {
			send_more(s);
			receive_more(s);
		}
		if (s->far.moves < s->moves && !s->far.done &&
		    s->far.sent + s->far.received >
			2 * s->size / (s->moves + 1) * (s->far.moves + 1))
			return;
		if (sw_drv_now() > until)
			die("time", "is over");
	}
	/* what the stack has to say is said before we leave */
	sw_drv_turn(s->drv, 0, NULL, 0);
}

static void
side_init(struct side *s, char **argv)
{
	struct sw_config config;
	struct sw_addr ours;

	sw_config_init(&config);
	config.chunks = 16384;
	s->blob = malloc(BLOB_MAX);
	s->stack = sw_drv_stack(&config, NULL);
	if (s->blob == NULL || s->stack == NULL || sw_drv_attach(s->drv, s->stack) != 0 ||
	    sw_addr_parse(&ours, argv[2]) != 0 ||
	    sw_address_add(s->stack, 0, &ours, sw_addr_is4(&ours) ? 24 : 64) != 0)
		die("stack", "cannot be made");
}

int
main(int argc, char **argv)
{
	struct sw_drv_error error = {0};
	struct side s = {0};
	struct stat st;
	int pair[2], status = 0;
	pid_t child;

	if (argc != 7 || sw_addr_parse(&s.remote.addr, argv[3]) != 0)
		die("usage", "DEVICE OUR-ADDRESS KERNEL-ADDRESS PORT FILE MOVES");
	s.remote.port = (uint16_t)atoi(argv[4]);
	s.moves = (uint32_t)atoi(argv[6]);
	s.file = open(argv[5], O_RDONLY);
	s.drv = sw_drv_tun(argv[1], &error);
	if (s.drv == NULL ||
	    sw_drv_up(s.drv, &s.remote.addr, sw_addr_is4(&s.remote.addr) ? 24 : 64, 0, &error) != 0)
		die("device", error.text);
	if (s.file < 0 || fstat(s.file, &st) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		die("file", strerror(errno));
	s.size = (uint64_t)st.st_size;
	child = fork();
	s.other = pair[child == 0];
	close(pair[child != 0]);
	side_init(&s, argv);
	if (child != 0) {
		if (sw_open_active(s.stack, sw_drv_now(), NULL, &s.remote, &s.conn) != 0)
			die("open", "refused");
		serve(&s);
		hand_over(&s);
	}
	while (!s.far.done && take_over(&s)) {
		serve(&s);
		hand_over(&s);
	}
	if (child == 0)
		return 0;
	shutdown(s.other, SHUT_RDWR);
	waitpid(child, &status, 0);
	fprintf(stderr, "move: %u moves, %llu sent, %llu received\n", s.far.moves,
		(unsigned long long)s.far.sent, (unsigned long long)s.far.received);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
