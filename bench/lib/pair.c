/*
 * pair.c - two of our stacks and their programs.
 */
#include <stdlib.h>
#include <string.h>

#include "pair.h"

enum { CHUNK = 2048, PIECE = 262144 };

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Buffers that never are what holds a transfer back. */
static void
pair_config(const struct flow_job *j, int flows, struct sw_config *c)
{
	uint64_t bdp = j->data.rate_bps / 8 * ((j->data.delay + j->ack.delay) / SW_US) / 1000000;
	uint64_t buf = larger(4 * (bdp + j->data.queue_bytes), 1 << 20);

	sw_config_init(c);
	c->conns = 2 * FLOWS_MAX;
	c->actives = c->half_opens = c->time_waits = 2 * FLOWS_MAX;
	c->snd_buf = c->rcv_buf = (uint32_t)buf;
	if (j->snd_buf > 0)
		c->snd_buf = j->snd_buf;
	c->chunk_bytes = CHUNK;
	c->chunks = (uint32_t)((uint64_t)flows * (2 * buf / CHUNK + 64));
	c->records = c->runs = c->runs_per_conn = (uint32_t)larger(4 * buf / FLOW_MTU, 4096);
	c->cc = (uint8_t)sw_cc_named(j->cc);
	memset(c->secret, (int)j->seed, sizeof(c->secret));
}

/* Its interface: the device's, or one whose packets the caller moves. */
static bool
side_iface(struct pair_side *s, struct sw_drv *device)
{
	struct sw_iface iface = {.link = SW_LINK_IP, .mtu = FLOW_MTU};

	return (device ? sw_drv_attach(device, s->stack) : sw_iface_add(s->stack, &iface)) == 0 &&
	       sw_address_add(s->stack, 0, &s->addr, 16) == SW_OK;
}

static bool
side_make(struct pair *p, int which, struct sw_drv *device)
{
	struct pair_side *s = &p->side[which];
	struct sw_config c;
	size_t bytes;

	s->addr = sw_addr4(10, 77, (uint8_t)(which + 1), 1);
	s->piece = calloc(1, PIECE);
	pair_config(p->job, p->flows, &c);
	c.secret[0] = (uint8_t)which;
	bytes = sw_stack_bytes(&c);
	s->arena = aligned_alloc(64, (bytes + 63) / 64 * 64);
	return s->piece && s->arena && sw_stack_init(&s->stack, &c, s->arena, bytes) == SW_OK &&
	       side_iface(s, device);
}

bool
pair_begin(struct pair *p, const struct flow_job *j, int flows, struct sw_drv *const device[2])
{
	struct sw_endpoint at = {.port = FLOW_PORT};
	struct pair_side *b = &p->side[PAIR_B];

	memset(p, 0, sizeof(*p));
	p->job = j;
	p->flows = flows;
	return side_make(p, PAIR_A, device[PAIR_A]) && side_make(p, PAIR_B, device[PAIR_B]) &&
	       sw_open_passive(b->stack, 0, &at, FLOWS_MAX, &b->listener) == SW_OK;
}

void
pair_end(struct pair *p)
{
	for (int which = PAIR_A; which <= PAIR_B; which++) {
		free(p->side[which].arena);
		free(p->side[which].piece);
	}
}

static void
pair_open(struct pair *p, sw_ns now)
{
	struct pair_side *s = &p->side[PAIR_A];
	struct sw_endpoint to = {.addr = p->side[PAIR_B].addr, .port = FLOW_PORT};

	if (sw_open_active(s->stack, now, NULL, &to, &s->conn[s->conns]) == SW_OK)
		s->conns++;
	else
		p->flows = s->conns;
}

static int
flow_of(const struct pair_side *s, sw_conn conn)
{
	for (int i = 0; i < s->conns; i++)
		if (s->conn[i] == conn)
			return i;
	return -1;
}

/* As much as the connection takes. */
static void
pair_send(struct pair *p, sw_ns now, int i)
{
	struct pair_side *s = &p->side[PAIR_A];
	uint64_t left = p->job->bytes ? p->job->bytes - s->moved[i] : UINT64_MAX;
	ptrdiff_t n = 1;

	while (n > 0 && left > 0) {
		n = sw_send(s->stack, now, s->conn[i], s->piece, left < PIECE ? left : PIECE, 0);
		left -= n > 0 ? (uint64_t)n : 0;
		s->moved[i] += n > 0 ? (uint64_t)n : 0;
	}
	p->given |= left == 0;
}

void
pair_close(struct pair *p, sw_ns now)
{
	struct pair_side *s = &p->side[PAIR_A];

	for (int i = 0; i < s->conns; i++)
		if (s->moved[i] == p->job->bytes)
			sw_close(s->stack, now, s->conn[i]);
	p->given = false;
}

static void
pair_receive(struct pair *p, sw_ns now, int i)
{
	struct pair_side *s = &p->side[PAIR_B];
	ptrdiff_t n;

	while ((n = sw_receive(s->stack, now, s->conn[i], s->piece, PIECE)) > 0) {
		s->moved[i] += (uint64_t)n;
		if (now - p->start >= p->job->from && now - p->start < p->job->until)
			p->bytes[i] += (uint64_t)n;
	}
	if (i == 0 && p->job->bytes && s->moved[0] == p->job->bytes && !p->done)
		p->done = now - p->start;
}

static void
program_a(struct pair *p, sw_ns now)
{
	struct pair_side *s = &p->side[PAIR_A];
	struct sw_event e;
	int i;

	while (s->conns < p->flows && now >= pair_next(p))
		pair_open(p, now);
	while (sw_event(s->stack, &e)) {
		i = flow_of(s, e.conn);
		if (i >= 0 && (e.ready & SW_WRITABLE))
			pair_send(p, now, i);
	}
}

static void
program_b(struct pair *p, sw_ns now)
{
	struct pair_side *s = &p->side[PAIR_B];
	struct sw_event e;
	sw_conn conn;
	int i;

	while (sw_event(s->stack, &e)) {
		if (e.conn == s->listener && s->conns < FLOWS_MAX &&
		    sw_accept(s->stack, now, s->listener, &conn) == SW_OK)
			s->conn[s->conns++] = conn;
		i = flow_of(s, e.conn);
		if (i >= 0)
			pair_receive(p, now, i);
	}
}

void
pair_program(struct pair *p, int which, sw_ns now)
{
	if (which == PAIR_A)
		program_a(p, now);
	else
		program_b(p, now);
}

sw_ns
pair_next(const struct pair *p)
{
	int n = p->side[PAIR_A].conns;

	return n < p->flows ? p->start + (sw_ns)n * p->job->apart : SW_NEVER;
}
