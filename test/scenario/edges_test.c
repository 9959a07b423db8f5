/*
 * edges_test.c - every edge of Figure 5 and of the second table (src/tcp/fsm.c), each
 * from a host that stands in the state it begins in; both families, all the numbers.
 * What is printed at the end counts them all.
 */
#include "bench.h"

#include "wire/wire.h"

/* A row of either table, on the bench. */
static enum row
edge_row(enum sw_state from, enum sw_cause on)
{
	switch (from) {
	case SW_LISTEN:
		return ROW_LISTEN_PEER;
	case SW_SYN_RECEIVED:
		return on == SW_ON_RCV_RST_PASSIVE || on == SW_ON_RCV_NEW_SYN ? ROW_SR_PASSIVE
									      : ROW_SR_ACTIVE;
	default:
		for (unsigned r = 0; r < N_ROWS; r++)
			if (row_state((enum row)r) == from)
				return (enum row)r;
		return N_ROWS;
	}
}

/* Time goes on until the state changes: the timers, and nothing else. */
static void
edge_waits(struct bench *b)
{
	enum sw_state was = b->state;

	for (int i = 0; i < 1000 && b->state == was; i++) {
		sw_ns due = sw_deadline(b->s);

		if (due == SW_NEVER)
			return;
		b->now = due > b->now ? due : b->now + SW_US;
		bench_hear(b, 0);
	}
}

/* "Port unreachable", about the SYN that this host has sent. */
static void
edge_icmp(struct bench *b)
{
	static uint8_t quote[100], packet[200];
	struct sw_trace syn = {.local = b->me, .remote = b->peer, .ctl = SW_SYN, .seq = b->at.iss};
	struct icmp m = {.v6 = b->at.v6, .type = ICMP_UNREACHABLE, .code = 3};
	struct ip_head ip = {.src = b->peer.addr, .dst = b->me.addr, .proto = IP_ICMP, .ttl = 64};
	struct sw_packet p = {.data = packet};

	if (b->at.v6) {
		m.type = ICMP6_UNREACHABLE;
		m.code = 4;
		ip.proto = IP_ICMP6;
	}
	m.rest.p = quote;
	m.rest.len = world_build(&syn, NULL, quote);
	ip.len = 8 + m.rest.len;
	p.len = ip_write(packet, sizeof(packet), &ip);
	p.len += icmp_write(packet + p.len, 100, &m, &ip.src, &ip.dst);
	sw_input(b->s, b->now, &p, 1);
	bench_hear(b, 0);
}

/* Bytes come that nobody will read; then the program goes. */
static void
edge_loses(struct bench *b, enum sw_state from)
{
	uint8_t ctl = SW_ACK;

	if (from == SW_CLOSING || from == SW_CLOSE_WAIT || from == SW_LAST_ACK)
		ctl |= SW_FIN;
	if (from == SW_SYN_RECEIVED)
		bench_goes(b, SW_SYN, 0, 5); /* it crosses ours, with text */
	else
		bench_goes(b, ctl, b->una, 5);
	if (from == SW_LAST_ACK)
		bench_closes(b);
	ok(b->state == from);
	ok(sw_release(b->s, b->now, b->conn) == SW_OK);
	bench_hear(b, 0);
}

/* Where that begins: before the FIN of the peer, whose bytes cannot come after it. */
static enum row
edge_loses_row(enum sw_state from)
{
	if (from == SW_SYN_RECEIVED)
		return ROW_SYN_SENT;
	if (from == SW_CLOSING)
		return ROW_FIN_WAIT_1;
	if (from == SW_CLOSE_WAIT || from == SW_LAST_ACK)
		return ROW_ESTABLISHED;
	return edge_row(from, SW_ON_LOST_DATA);
}

static void
edge_segment(struct bench *b, uint8_t ctl, uint32_t off)
{
	bench_tell(b,
		   &(struct sw_trace){
		       .ctl = ctl, .seq = b->rcv_nxt + off, .ack = ctl & SW_ACK ? b->nxt : 0},
		   NULL);
	bench_hear(b, 0);
}

static void
edge_call(struct bench *b, enum sw_cause on)
{
	sw_conn c;

	switch (on) {
	case SW_ON_OPEN_PASSIVE:
		ok(sw_open_passive_from(b->s, b->now, &b->me, &b->peer, &c) == SW_OK);
		break;
	case SW_ON_OPEN_ACTIVE:
		ok(sw_open_active(b->s, b->now, &b->me, &b->peer, &c) == SW_OK);
		break;
	case SW_ON_SEND:
		ok(sw_send(b->s, b->now, b->conn, "x", 1, 0) == 1);
		break;
	case SW_ON_CLOSE:
		ok(sw_close(b->s, b->now, b->conn) == SW_OK);
		break;
	default:
		ok(sw_abort(b->s, b->now, b->conn) == SW_OK);
		break;
	}
	bench_hear(b, 0);
}

/* What the edge waits for happens. */
static void
edge_happens(struct bench *b, const struct sw_edge *e)
{
	switch (e->on) {
	case SW_ON_RCV_SYN:
		edge_segment(b, SW_SYN, 0);
		return;
	case SW_ON_RCV_SYN_ACK:
		edge_segment(b, SW_SYN | SW_ACK, 0);
		return;
	case SW_ON_RCV_ACK_OF_SYN:
	case SW_ON_RCV_ACK_OF_FIN:
		edge_segment(b, SW_ACK, 0);
		return;
	case SW_ON_RCV_RST:
	case SW_ON_RCV_RST_PASSIVE:
		edge_segment(b, SW_RST | SW_ACK, 0);
		return;
	case SW_ON_RCV_FIN:
		bench_goes(b, SW_FIN | SW_ACK, b->una, 0);
		return;
	case SW_ON_RCV_FIN_ACK_OF_FIN:
		edge_segment(b, SW_FIN | SW_ACK, 0);
		return;
	case SW_ON_RCV_NEW_SYN:
		edge_segment(b, SW_SYN, 1);
		return;
	case SW_ON_RCV_ICMP_HARD:
		edge_icmp(b);
		return;
	case SW_ON_LOST_DATA:
		edge_loses(b, (enum sw_state)e->from);
		return;
	case SW_ON_USER_TIMEOUT:
		if (e->from == SW_FIN_WAIT_2) /* a half-close of nobody */
			ok(sw_release(b->s, b->now, b->conn) == SW_OK);
		edge_waits(b);
		return;
	case SW_ON_MSL2_TIMEOUT:
		edge_waits(b);
		return;
	default:
		edge_call(b, (enum sw_cause)e->on);
		return;
	}
}

/* A record for one, and two that need it. */
static void
edge_evicts(bool v6)
{
	struct world *w = world_new();

	w->v6 = v6;
	w->config[B].time_waits = 1;
	world_go(w);
	listens(w, B);
	for (int i = 0; i < 2; i++) {
		w->end[A].port++;
		opens(w, A);
		run_for(w, 100 * SW_MS);
		accepts(w, B);
		closes(w, B);
		run_for(w, 100 * SW_MS);
		closes(w, A);
		run_for(w, 100 * SW_MS);
		releases(w, B);
	}
	world_end(w);
}

static void
edge_play(const struct sw_edge *e, const struct place *at)
{
	enum row row = edge_row((enum sw_state)e->from, (enum sw_cause)e->on);
	struct bench *b;
	enum sw_state to = (enum sw_state)e->to;

	if (e->on == SW_ON_EVICTED) {
		edge_evicts(at->v6);
		return;
	}
	if (e->on == SW_ON_LOST_DATA)
		row = edge_loses_row((enum sw_state)e->from);
	b = bench_new(row, at);
	edge_happens(b, e);
	if (e->from == SW_TIME_WAIT && e->on == SW_ON_RCV_NEW_SYN)
		to = SW_SYN_RECEIVED; /* from CLOSED the listener goes on at once */
	if (!ok(b->state == to))
		printf("# %s, %s led to %s\n", sw_state_name((enum sw_state)e->from),
		       sw_cause_name((enum sw_cause)e->on), sw_state_name(b->state));
	bench_end(b);
}

static void
edges_all(void)
{
	static const uint32_t places[] = {0, 0x7fffffff, 0x80000000, 0xffffffff};
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);
	struct place at = {0};

	for (unsigned k = 0; k < 8; k++) {
		at.v6 = k & 1;
		at.iss = places[k / 2];
		at.irs = places[(k / 2 + k) % 4];
		for (size_t i = 0; i < n; i++)
			edge_play(&e[i], &at);
	}
}

static void
edges_taken(void)
{
	expect_every_edge(true);
}

int
main(void)
{
	TEST("each edge from its state", edges_all);
	if (!getenv("TEST_ONLY"))
		TEST("every edge of both tables was taken", edges_taken);
	return plan_done();
}
