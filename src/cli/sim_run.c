/*
 * sim_run.c - two hosts, a wire, and the two programs: a client that sends
 * FILE, a server that takes it, and who closes when.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "sim.h"

/* A program is told that its connection is open so long after the last ACK could go. */
#define PROGRAM_WAKES (10 * SW_US)

static volatile sig_atomic_t interrupted;

static void
on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* ---- sizes -------------------------------------------------------------- */

/* Bytes that are under way when the path is full. */
static uint64_t
bdp(const struct sim_args *a)
{
	return a->rate / 8 * (a->rtt / 1000) / 1000000;
}

uint64_t
run_queue(const struct sim_args *a)
{
	uint64_t q = bdp(a), least = a->mtu; /* or nothing would pass */

	if (a->queue)
		return a->queue;
	return q < least ? least : q > (1u << 30) ? 1u << 30 : q;
}

/* A window that fills path and queue twice, within reason. */
static uint32_t
window(const struct sim_args *a)
{
	uint64_t w = 2 * (bdp(a) + run_queue(a));

	if (w < 256u << 10)
		w = 256u << 10;
	return w > 64u << 20 ? 64u << 20 : (uint32_t)w;
}

static void
configure(struct sw_config *c, const struct sim_args *a, int host)
{
	uint32_t w = window(a);

	sw_config_init(c);
	c->conns = c->actives = c->half_opens = c->time_waits = 8;
	c->listeners = 2;
	c->snd_buf = c->rcv_buf = w;
	c->chunk_bytes = 2048;
	c->chunks = w / 1024 * 3 + 1024;
	c->records = w / 256 + 1024;
	c->runs = c->runs_per_conn = w / 1024 + 256;
	c->traces = 4096;
	for (unsigned i = 0; i < 32; i++)
		c->secret[i] =
		    (uint8_t)(sw_sim_random(a->seed, 2000 + (uint64_t)host * 4 + i / 8) >>
			      (i % 8 * 8));
}

/* Half a segment a round trip, and an hour for timers: slower is not working. */
static sw_ns
default_limit(const struct run *r)
{
	uint64_t size = r->sized ? r->size : (uint64_t)16 << 30;
	uint64_t segments = size / (r->args->mtu - 60u > 1 ? r->args->mtu - 60u : 1) + 1;
	sw_ns each = 2 * r->args->rtt + SW_MS;

	if (segments > SW_NEVER / 16 / each)
		return SW_NEVER / 16;
	return 3600 * SW_S + segments * each;
}

/* ---- building ----------------------------------------------------------- */

static bool
stack_new(struct host *h, const struct sim_args *a, int host)
{
	struct sw_config c;
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = a->mtu};
	char text[16];
	size_t bytes;

	configure(&c, a, host);
	bytes = sw_stack_bytes(&c);
	h->arena = bytes ? aligned_alloc(64, (bytes + 63) / 64 * 64) : NULL;
	if (!h->arena || sw_stack_init(&h->stack, &c, h->arena, bytes) != SW_OK)
		return false;
	if (a->offload) {
		iface.gso_max = 65535;
		iface.tx_csum = true;
	}
	snprintf(text, sizeof(text), a->v6 ? "2001:db8::%d" : "10.0.0.%d", host + 1);
	return sw_addr_parse(&h->at.addr, text) == SW_OK && sw_iface_add(h->stack, &iface) >= 0 &&
	       sw_address_add(h->stack, 0, &h->at.addr, a->v6 ? 64 : 24) >= 0;
}

static bool
wire_new(struct run *r)
{
	const struct sim_args *a = r->args;
	struct sw_sim_path path = {
	    .bytes = sizeof(path),
	    .rate_bps = a->rate,
	    .delay = a->rtt / 2,
	    .jitter = a->jitter,
	    .queue_bytes = run_queue(a),
	    .mtu = a->path_mtu ? a->path_mtu : a->mtu,
	    .loss = a->loss,
	    .burst_enter = a->burst_enter,
	    .burst_leave = a->burst_leave,
	    .burst_loss = 1000000,
	    .loss_mask = a->loss_mask,
	    .reorder = a->reorder,
	    .duplicate = a->duplicate,
	    .corrupt = a->corrupt,
	};

	r->sim = sw_sim_new(a->seed);
	for (int i = 0; i < 2; i++)
		if (!r->sim || sw_sim_host(r->sim, r->host[i].stack, 0) != i)
			return false;
	return sw_sim_link(r->sim, HOST_A, HOST_B, &path, &path) >= 0;
}

static bool
programs_new(struct run *r)
{
	struct host *a = &r->host[HOST_A], *b = &r->host[HOST_B];
	struct sw_status status = {.bytes = sizeof(status)};

	b->at.port = SERVER_PORT;
	if (sw_open_passive(b->stack, 0, &b->at, 4, &b->listener) != SW_OK ||
	    sw_open_active(a->stack, 0, NULL, &b->at, &a->conn) != SW_OK ||
	    sw_status(a->stack, a->conn, &status) != SW_OK)
		return false;
	a->at.port = status.local.port;
	return true;
}

/* How long FILE is; false: that cannot be told. */
static bool
file_size(const struct sim_args *a, uint64_t *size)
{
	struct stat st;

	*size = MADE_BYTES;
	if (!a->file)
		return true;
	if (!strcmp(a->file, "-") || stat(a->file, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	*size = (uint64_t)st.st_size;
	return true;
}

int
run_begin(struct run *r, const struct sim_args *args)
{
	memset(r, 0, sizeof(*r));
	r->args = args;
	for (int i = 0; i < 2; i++) {
		sha256_init(&r->host[i].sink.sha);
		r->host[i].path.legal = true;
		if (!source_open(&r->host[i].source, args, i))
			return EXIT_FAILED;
	}
	r->sized = file_size(args, &r->size);
	r->limit = args->limit ? args->limit : default_limit(r);
	if (!stack_new(&r->host[HOST_A], args, HOST_A) ||
	    !stack_new(&r->host[HOST_B], args, HOST_B) || !wire_new(r) || !programs_new(r)) {
		fprintf(stderr, "synwave sim: cannot make the two hosts\n");
		return EXIT_FAILED;
	}
	return watch_begin(r);
}

void
run_end(struct run *r)
{
	sw_sim_free(r->sim);
	for (int i = 0; i < 2; i++) {
		source_close(&r->host[i].source);
		free(r->host[i].arena);
	}
}

/* ---- the programs ------------------------------------------------------- */

/* As much of the source as SEND takes. */
static void
program_send(struct run *r, struct host *h)
{
	struct source *s = &h->source;
	ptrdiff_t n = 1;

	while (!h->closed && n > 0 && source_fill(s)) {
		n = sw_send(h->stack, sw_sim_now(r->sim), h->conn, s->buf + s->at, s->have - s->at,
			    0);
		if (n > 0) {
			s->at += (size_t)n;
			s->bytes += (uint64_t)n;
		}
	}
}

static void
program_receive(struct run *r, struct host *h)
{
	static uint8_t room[65536];
	struct sink *s = &h->sink;
	ptrdiff_t n = 1;

	while (n > 0 && !s->end) {
		n = sw_receive(h->stack, sw_sim_now(r->sim), h->conn, room, sizeof(room));
		if (n > 0) {
			sha256_update(&s->sha, (size_t)n, room);
			s->bytes += (uint64_t)n;
			s->last = sw_sim_now(r->sim);
		}
		s->end = n == 0;
	}
}

/* Everything given to SEND has been acknowledged. */
static bool
all_acked(const struct host *h)
{
	struct sw_status status = {.bytes = sizeof(status)};

	return h->source.end && h->conn && sw_status(h->stack, h->conn, &status) == SW_OK &&
	       status.snd_queued == 0;
}

/* Has host i heard all that the other has to say? */
static bool
heard_all(const struct run *r, int i)
{
	const struct source *s = &r->host[!i].source;

	return s->end && r->host[i].sink.bytes == s->bytes;
}

/* May host i CLOSE now? */
static bool
may_close(const struct run *r, int i)
{
	const struct host *h = &r->host[i];

	if (h->closed || !h->conn || !h->source.end || !r->start)
		return false;
	if (r->args->close == CLOSE_BOTH)
		return r->host[!i].conn &&
		       (r->host[!i].closed || (heard_all(r, HOST_A) && heard_all(r, HOST_B) &&
					       all_acked(h) && all_acked(&r->host[!i])));
	if ((int)r->args->close == i) /* the first to close */
		return i == HOST_A || heard_all(r, HOST_B);
	return h->sink.end;
}

static void
programs_close(struct run *r)
{
	sw_ns now = sw_sim_now(r->sim);

	for (int i = 0; i < 2; i++) {
		struct host *h = &r->host[i];

		if (!may_close(r, i))
			continue;
		h->closed = true;
		if (sw_close(h->stack, now, h->conn) != SW_OK)
			h->failed = true;
	}
}

/* What an event says about a connection of host h. */
static void
program_event(struct run *r, struct host *h, const struct sw_event *e)
{
	struct sw_status status = {.bytes = sizeof(status)};

	if (e->conn == h->listener) {
		if ((e->ready & SW_ACCEPTABLE) && !h->conn)
			sw_accept(h->stack, sw_sim_now(r->sim), h->listener, &h->conn);
	} else if (e->conn != h->conn) {
		return;
	}
	if (!h->conn || h->released)
		return;
	if ((e->ready & SW_OPENED) && !r->start)
		r->start = sw_sim_now(r->sim) + PROGRAM_WAKES;
	program_receive(r, h);
	if (r->start && sw_sim_now(r->sim) >= r->start)
		program_send(r, h);
	if (e->ready & SW_FAILED) {
		h->failed = true;
		if (sw_status(h->stack, h->conn, &status) == SW_OK)
			h->error = status.error;
	}
	if ((e->ready & (SW_ENDED | SW_FAILED)) && e->conn == h->conn) {
		h->released = true;
		sw_release(h->stack, sw_sim_now(r->sim), h->conn);
	}
}

static bool
done(const struct run *r)
{
	const struct host *a = &r->host[HOST_A], *b = &r->host[HOST_B];

	return (path_ended(&a->path) && path_ended(&b->path)) || a->failed || b->failed ||
	       a->source.failed || b->source.failed;
}

/* Goes on; wakes the client at r->start.  false: nothing more happens. */
static bool
run_step(struct run *r)
{
	bool waits = r->start > sw_sim_now(r->sim);

	if (sw_sim_step(r->sim, waits ? r->start : r->limit))
		return true;
	if (!waits)
		return false;
	for (int i = 0; i < 2; i++)
		if (r->host[i].conn)
			program_send(r, &r->host[i]);
	return true;
}

void
run_go(struct run *r)
{
	struct sigaction act = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND};
	bool more = true, shown = progress_wanted();
	struct sw_event e;

	sigaction(SIGINT, &act, NULL);
	for (uint64_t steps = 0; more && !done(r) && !interrupted; steps++) {
		more = run_step(r);
		for (int i = 0; i < 2; i++)
			while (sw_event(r->host[i].stack, &e))
				program_event(r, &r->host[i], &e);
		programs_close(r);
		if (shown && steps % 256 == 0)
			progress(r, false);
	}
	r->interrupted = interrupted;
	r->late = !more && !done(r);
	for (int i = 0; i < 2; i++) {
		sha256_digest(&r->host[i].source.sha, SHA256_DIGEST_SIZE, r->sent[i]);
		sha256_digest(&r->host[!i].sink.sha, SHA256_DIGEST_SIZE, r->received[i]);
	}
	if (shown)
		progress(r, true);
	watch_end(r);
}
