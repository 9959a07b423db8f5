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
	if (a->queue_bdp > 0)
		q = q / 1000 * a->queue_bdp / 1000;
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
	c->conns = c->actives = c->half_opens = c->time_waits = 8 * (uint32_t)a->flows;
	c->listeners = 2;
	c->cc = (uint8_t)a->cc;
	c->ecn = a->aqm == SW_SIM_CODEL_ECN ? SW_ECN_ASK : SW_ECN_OFF;
	c->snd_buf = c->rcv_buf = w;
	c->chunk_bytes = 2048;
	c->chunks = (w / 1024 * 3 + 1024) * (uint32_t)a->flows;
	c->records = (w / 256 + 1024) * (uint32_t)a->flows;
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
	    .black_hole = a->black_hole,
	    .loss = a->loss,
	    .burst_enter = a->burst_enter,
	    .burst_leave = a->burst_leave,
	    .burst_loss = 1000000,
	    .loss_mask = a->loss_mask,
	    .reorder = a->reorder,
	    .duplicate = a->duplicate,
	    .corrupt = a->corrupt,
	    .aqm = a->aqm,
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
	if (sw_open_passive(b->stack, 0, &b->at, FLOWS_MAX, &b->listener) != SW_OK)
		return false;
	for (uint64_t i = 0; i < r->args->flows; i++) {
		struct end *e = r->flow[i].end;

		if (sw_open_active(a->stack, 0, NULL, &b->at, &e[HOST_A].conn) != SW_OK ||
		    sw_status(a->stack, e[HOST_A].conn, &status) != SW_OK)
			return false;
		e[HOST_A].port = status.local.port;
		e[HOST_B].port = SERVER_PORT;
	}
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

/* Connections that have sent nothing yet; 0, or an exit code after a line on stderr. */
static int
flows_new(struct run *r)
{
	r->flow = calloc(r->args->flows, sizeof(*r->flow));
	if (!r->flow) {
		fprintf(stderr, "synwave sim: no memory for the connections\n");
		return EXIT_FAILED;
	}
	for (uint64_t i = 0; i < r->args->flows; i++)
		for (int h = 0; h < 2; h++) {
			struct end *e = &r->flow[i].end[h];

			sha256_init(&e->sink.sha);
			e->path.legal = true;
			if (!source_open(&e->source, r->args, (int)i, h))
				return EXIT_FAILED;
		}
	return EXIT_DONE;
}

int
run_begin(struct run *r, const struct sim_args *args)
{
	int code;

	memset(r, 0, sizeof(*r));
	r->args = args;
	code = flows_new(r);
	if (code != EXIT_DONE)
		return code;
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
	for (int h = 0; h < 2; h++) {
		for (uint64_t i = 0; r->flow && i < r->args->flows; i++)
			source_close(&r->flow[i].end[h].source);
		free(r->host[h].arena);
	}
	free(r->flow);
}

/* ---- the programs ------------------------------------------------------- */

/* As much of the source as SEND takes. */
static void
program_send(struct run *r, int host, struct end *e)
{
	struct source *s = &e->source;
	ptrdiff_t n = 1;

	while (!e->closed && n > 0 && source_fill(s)) {
		n = sw_send(r->host[host].stack, sw_sim_now(r->sim), e->conn, s->buf + s->at,
			    s->have - s->at, 0);
		if (n > 0) {
			s->at += (size_t)n;
			s->bytes += (uint64_t)n;
		}
	}
}

static void
program_receive(struct run *r, int host, struct end *e)
{
	static uint8_t room[65536];
	struct sink *s = &e->sink;
	ptrdiff_t n = 1;

	while (n > 0 && !s->end) {
		n = sw_receive(r->host[host].stack, sw_sim_now(r->sim), e->conn, room,
			       sizeof(room));
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
all_acked(const struct host *h, const struct end *e)
{
	struct sw_status status = {.bytes = sizeof(status)};

	return e->source.end && e->conn && sw_status(h->stack, e->conn, &status) == SW_OK &&
	       status.snd_queued == 0;
}

/* Has end i heard all that the other has to say? */
static bool
heard_all(const struct flow *f, int i)
{
	const struct source *s = &f->end[!i].source;

	return s->end && f->end[i].sink.bytes == s->bytes;
}

/* May end i CLOSE now? */
static bool
may_close(const struct run *r, const struct flow *f, int i)
{
	const struct end *e = &f->end[i], *other = &f->end[!i];

	if (e->closed || !e->conn || !e->source.end || !f->start)
		return false;
	if (r->args->close == CLOSE_BOTH)
		return other->conn &&
		       (other->closed ||
			(heard_all(f, HOST_A) && heard_all(f, HOST_B) &&
			 all_acked(&r->host[i], e) && all_acked(&r->host[!i], other)));
	if ((int)r->args->close == i) /* the first to close */
		return i == HOST_A || heard_all(f, HOST_B);
	return e->sink.end;
}

static void
programs_close(struct run *r)
{
	sw_ns now = sw_sim_now(r->sim);

	for (uint64_t k = 0; k < r->args->flows; k++)
		for (int i = 0; i < 2; i++) {
			struct end *e = &r->flow[k].end[i];

			if (!may_close(r, &r->flow[k], i))
				continue;
			e->closed = true;
			if (sw_close(r->host[i].stack, now, e->conn) != SW_OK)
				e->failed = true;
		}
}

/* The flow of a connection of this host; NULL. */
static struct flow *
flow_of(const struct run *r, int host, sw_conn conn)
{
	for (uint64_t i = 0; i < r->args->flows; i++)
		if (r->flow[i].end[host].conn == conn)
			return &r->flow[i];
	return NULL;
}

static void program_event(struct run *, int host, const struct sw_event *);

/* The server takes what has come. */
static void
programs_accept(struct run *r)
{
	struct sw_status status = {.bytes = sizeof(status)};
	struct host *b = &r->host[HOST_B];
	struct sw_event e = {.ready = 0};
	sw_conn conn;

	while (sw_accept(b->stack, sw_sim_now(r->sim), b->listener, &conn) == SW_OK) {
		if (sw_status(b->stack, conn, &status) != SW_OK)
			continue;
		for (uint64_t i = 0; i < r->args->flows; i++)
			if (r->flow[i].end[HOST_A].port == status.remote.port) {
				r->flow[i].end[HOST_B].conn = conn;
				e.conn = conn;
				e.ready = sw_ready(b->stack, conn);
				program_event(r, HOST_B, &e);
			}
	}
}

/* What an event says about a connection of a host. */
static void
program_event(struct run *r, int host, const struct sw_event *ev)
{
	struct sw_status status = {.bytes = sizeof(status)};
	struct host *h = &r->host[host];
	struct flow *f = flow_of(r, host, ev->conn);
	struct end *e;

	if (ev->conn == h->listener)
		programs_accept(r);
	if (!f || f->end[host].released)
		return;
	e = &f->end[host];
	if ((ev->ready & SW_OPENED) && !f->start)
		f->start = sw_sim_now(r->sim) + PROGRAM_WAKES;
	program_receive(r, host, e);
	if (f->start && sw_sim_now(r->sim) >= f->start)
		program_send(r, host, e);
	if (ev->ready & SW_FAILED) {
		e->failed = true;
		if (sw_status(h->stack, e->conn, &status) == SW_OK)
			e->error = status.error;
	}
	if (ev->ready & (SW_ENDED | SW_FAILED)) {
		e->released = true;
		sw_release(h->stack, sw_sim_now(r->sim), e->conn);
	}
}

/* Are all at their ends, or is one that will not be? */
static bool
done(const struct run *r)
{
	bool ended = true;

	for (uint64_t i = 0; i < r->args->flows; i++)
		for (int h = 0; h < 2; h++) {
			const struct end *e = &r->flow[i].end[h];

			if (e->failed || e->source.failed)
				return true;
			ended = ended && path_ended(&e->path);
		}
	return ended;
}

/* When the next program begins to send; SW_NEVER. */
static sw_ns
next_start(const struct run *r)
{
	sw_ns next = SW_NEVER;

	for (uint64_t i = 0; i < r->args->flows; i++)
		if (r->flow[i].start > sw_sim_now(r->sim) && r->flow[i].start < next)
			next = r->flow[i].start;
	return next;
}

/* Goes on; wakes programs at their start.  false: nothing more happens. */
static bool
run_step(struct run *r)
{
	sw_ns next = next_start(r);

	if (sw_sim_step(r->sim, next < r->limit ? next : r->limit))
		return true;
	if (next >= r->limit)
		return false;
	for (uint64_t i = 0; i < r->args->flows; i++)
		for (int h = 0; h < 2; h++)
			if (r->flow[i].end[h].conn && r->flow[i].start == next)
				program_send(r, h, &r->flow[i].end[h]);
	return true;
}

/* What was sent, and what came. */
static void
digest(struct run *r)
{
	for (uint64_t k = 0; k < r->args->flows; k++)
		for (int i = 0; i < 2; i++) {
			struct flow *f = &r->flow[k];

			sha256_digest(&f->end[i].source.sha, SHA256_DIGEST_SIZE, f->sent[i]);
			sha256_digest(&f->end[!i].sink.sha, SHA256_DIGEST_SIZE, f->received[i]);
		}
}

/* Somebody may have asked at the control socket. */
static void
asked(const struct run *r, struct control *c)
{
	struct live_stacks stacks = {{r->host[HOST_A].stack, r->host[HOST_B].stack}};
	struct live_view view = live_view_of(&stacks, sw_sim_now(r->sim));

	control_turn(c, &view);
}

void
run_go(struct run *r, struct control *c)
{
	struct sigaction act = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND};
	bool more = true, shown = progress_wanted();
	struct sw_event e;

	sigaction(SIGINT, &act, NULL);
	for (uint64_t steps = 0; more && !done(r) && !interrupted; steps++) {
		more = run_step(r);
		for (int i = 0; i < 2; i++)
			while (sw_event(r->host[i].stack, &e))
				program_event(r, i, &e);
		programs_close(r);
		curve_step(r);
		if (control_due(c))
			asked(r, c);
		if (shown && steps % 256 == 0)
			progress(r, false);
	}
	r->interrupted = interrupted;
	r->late = !more && !done(r);
	digest(r);
	if (shown)
		progress(r, true);
	watch_end(r);
}
