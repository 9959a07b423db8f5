/*
 * lent_test.c - memory of the stack, lent: bytes that the application writes and reads
 * where they stand are the bytes that go and come, and packets in lent memory do what
 * packets anywhere do, also spoilt ones, and lost.
 *
 * RFC 9293 3.9.1.2, 3.9.1.3.
 */
#include "pair.h"

enum { MOST = 48, ROOM = 1600, PIECES = 8, KINDS = 6 };

static uint8_t room[2][MOST][ROOM];

static uint64_t
used(int i, enum sw_pool pool)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(world.s[i], &c) == 0);
	return c.pool_used[pool];
}

static uint32_t
queued(const struct sw_stack *s, sw_conn c)
{
	struct sw_status st = {.bytes = sizeof(st)};

	ok(sw_status(s, c, &st) == 0);
	return st.rcv_queued;
}

/* ---- a stream ------------------------------------------------------------- */

/* A packet, somewhere in the memory that the stack lends for it. */
static void
input_lent(struct sw_stack *s, sw_ns now, const struct sw_packet *p, size_t n)
{
	struct sw_packet q;

	for (size_t i = 0; i < n; i++) {
		if (sw_input_room(s, &q, 1, p[i].len) == 0) {
			sw_input(s, now, &p[i], 1);
			continue;
		}
		q.data += tap_below(q.cap - p[i].len + 1);
		memcpy(q.data, p[i].data, p[i].len);
		q.len = p[i].len;
		q.iface = p[i].iface;
		q.seg_size = p[i].seg_size;
		q.csum_start = p[i].csum_start;
		q.csum_offset = p[i].csum_offset;
		q.csum = p[i].csum;
		sw_input_lent(s, now, &q, 1);
	}
}

/* Writes into the room some of the n bytes of the stream that are left. */
static void
lent_send(struct app *a, uint64_t n)
{
	struct sw_stack *s = world.s[a->side];
	struct sw_room at[PIECES];
	size_t all, done;
	ptrdiff_t k;

	while (a->out < n) {
		k = sw_send_room(s, world.now, a->conn, at, 1 + tap_below(PIECES));
		ok(k > 0 || k == SW_E_AGAIN);
		if (k <= 0)
			return;
		all = 0;
		for (ptrdiff_t i = 0; i < k; i++)
			for (size_t j = 0; j < at[i].len; j++)
				((uint8_t *)at[i].at)[j] = pattern(a->side, a->out + all++);
		done = all < n - a->out ? all : (size_t)(n - a->out);
		done = tap_below(2) ? done : 1 + tap_below((uint32_t)done);
		ok(sw_send_done(s, world.now, a->conn, done, 0) == (ptrdiff_t)done);
		a->out += done;
		if (tap_below(4) == 0)
			return;
	}
	if (!a->closed)
		ok(sw_close(s, world.now, a->conn) == 0);
	a->closed = true;
}

/* Reads some of what came. */
static void
lent_receive(struct app *a)
{
	struct sw_stack *s = world.s[a->side];
	struct sw_text at[PIECES];
	size_t all, done;
	ptrdiff_t k;

	while ((k = sw_receive_peek(s, a->conn, at, PIECES)) > 0) {
		all = 0;
		for (ptrdiff_t i = 0; i < k; i++)
			for (size_t j = 0; j < at[i].len; j++)
				a->wrong |= ((const uint8_t *)at[i].at)[j] !=
					    pattern(!a->side, a->in + all++);
		ok(all <= queued(s, a->conn) && (k == PIECES || all == queued(s, a->conn)));
		done = tap_below(2) ? all : 1 + tap_below((uint32_t)all);
		ok(sw_receive_done(s, world.now, a->conn, done) == (ptrdiff_t)done);
		a->in += done;
	}
	ok(k == 0 || k == SW_E_AGAIN);
	a->eof = k == 0;
}

/* n bytes each way, until both have closed. */
static void
stream(unsigned how, uint32_t without, uint32_t chunk, uint32_t loss)
{
	struct sw_config conf = small_config();
	struct app a[2];
	sw_conn l, c[2];
	uint64_t n = 200000;
	int turns = 0;

	conf.without = without;
	conf.chunk_bytes = chunk;
	conf.chunks = chunk > 2048 ? 64 : 512;
	world_begin(&conf, how);
	world.loss = loss;
	world.input = input_lent;
	l = 0;
	open_pair(&l, &c[0], &c[1]);
	for (int i = 0; i < 2; i++)
		a[i] = (struct app){.side = i, .conn = c[i]};
	while (!(a[0].eof && a[1].eof) && turns++ < 20000) {
		for (int i = 0; i < 2; i++) {
			lent_send(&a[i], n);
			lent_receive(&a[i]);
		}
		run(5 * SW_MS);
	}
	for (int i = 0; i < 2; i++) {
		ok(!a[i].wrong && a[i].in == n && a[i].eof);
		ok(sw_release(world.s[i], world.now, c[i]) == 0);
	}
	run(300 * SW_S);
	ok(sw_close(world.s[1], world.now, l) == 0);
	all_empty(0, true);
	all_empty(1, true);
	world_end();
}

static void
test_stream(void)
{
	stream(0, 0, 2048, 0);
	stream(W_ETHERNET | W_IPV6, 0, 2048, 0);
	stream(0, SW_NO_TRAINS, 2048, 0);
	stream(W_GSO, 0, 65536, 0);
	stream(0, 0, 512, 0); /* no packet fits */
}

static void
test_lossy(void)
{
	stream(0, 0, 2048, 30);
	stream(W_IPV6, SW_NO_TRAINS, 2048, 30);
	stream(W_GSO, 0, 65536, 30);
}

/* ---- packets: lent or not, the same --------------------------------------- */

/* Something happens to packet i of n on its way. */
static void
spoil(struct sw_packet *p, size_t i, size_t n)
{
	struct sw_packet keep = p[i];

	switch (tap_below(KINDS)) {
	case 0: /* late */
		p[i] = p[n - 1];
		p[n - 1] = keep;
		return;
	case 1: /* twice, and another not at all */
		p[i] = p[i > 0 ? i - 1 : n - 1];
		return;
	case 2:
		p[i].len = tap_below(p[i].len + 1);
		return;
	default:
		p[i].data[tap_below(tap_below(2) ? 80 : p[i].len)] ^= (uint8_t)(1 + tap_below(255));
		return;
	}
}

/* What both say, and have for the application, is the same. */
static void
same(struct sw_stack *lent, struct sw_stack *copied, sw_conn c)
{
	static struct sw_packet p[MOST], q[MOST];
	static uint8_t bytes[2][1 << 18];
	ptrdiff_t got[2];
	size_t n, m;

	for (int i = 0; i < MOST; i++) {
		p[i] = (struct sw_packet){.data = room[0][i], .cap = ROOM};
		q[i] = (struct sw_packet){.data = room[1][i], .cap = ROOM};
	}
	n = sw_output(lent, world.now, 0, p, MOST);
	m = sw_output(copied, world.now, 0, q, MOST);
	ok(n == m);
	for (size_t i = 0; i < n && i < m; i++)
		ok(p[i].len == q[i].len && memcmp(p[i].data, q[i].data, p[i].len) == 0);
	ok(sw_probe_check(lent) == 0 && sw_probe_check(copied) == 0);
	got[0] = sw_peek(lent, c, bytes[0], sizeof(bytes[0]));
	got[1] = sw_peek(copied, c, bytes[1], sizeof(bytes[1]));
	ok(got[0] == got[1]);
	ok(got[0] <= 0 || memcmp(bytes[0], bytes[1], (size_t)got[0]) == 0);
}

/* n packets, spoilt on their way, come to B in lent memory, and to its copy anyhow. */
static void
take_both(struct sw_packet *p, size_t n, sw_conn d, unsigned spoilt)
{
	size_t bytes = world.s[1]->bytes, k;
	void *m = aligned_arena(bytes);
	static struct sw_packet q[MOST];
	struct sw_stack *fork;

	for (size_t i = 0; i < spoilt && n > 2; i++)
		spoil(p, tap_below((uint32_t)n), n);
	ok(sw_copy(&fork, m, bytes, world.s[1]) == SW_OK);
	k = sw_input_room(world.s[1], q, MOST, ROOM);
	ok(k == MOST);
	for (size_t i = 0; i < n; i++) {
		memcpy(q[i].data, p[i].data, p[i].len);
		q[i].len = p[i].len;
		q[i].csum = p[i].csum;
		q[i].iface = 0;
		q[i].seg_size = 0;
	}
	sw_input_lent(world.s[1], world.now, q, n);
	sw_input_return(world.s[1], q + n, MOST - n);
	sw_input(fork, world.now, p, n);
	same(world.s[1], fork, d);
	free(m);
}

static uint64_t
journey(uint32_t without, unsigned spoilt)
{
	static struct sw_packet p[MOST];
	static uint8_t text[40000];
	struct sw_config conf = small_config();
	uint64_t followed;
	sw_conn l, c, d;
	size_t n;

	conf.without = without;
	conf.iw_segments = 30;
	world_begin(&conf, 0);
	open_pair(&l, &c, &d);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (uint8_t)tap_below(256);
		sw_send(world.s[0], world.now, c, text, 2000 + tap_below(38000), 0);
		for (int i = 0; i < MOST; i++)
			p[i] = (struct sw_packet){.data = room[0][i], .cap = ROOM};
		n = sw_output(world.s[0], world.now, 0, p, MOST);
		take_both(p, n, d, spoilt);
		run(500 * SW_MS);
		ok(spoilt > 0 || used(1, SW_POOL_CHUNKS) > 0);
		while (queued(world.s[1], d) > 0)
			sw_receive_done(world.s[1], world.now, d, queued(world.s[1], d));
		ok(used(1, SW_POOL_CHUNKS) == 0);
		run(500 * SW_MS);
	}
	followed = world.s[1]->followed;
	world_end();
	return followed;
}

static void
test_packets(void)
{
	ok(journey(0, 0) > 20);
	ok(journey(SW_NO_TRAINS, 0) == 0);
	for (unsigned i = 0; i < 60; i++)
		journey(i % 3 == 0 ? SW_NO_TRAINS : 0, 1 + i % 5);
}

/* ---- who owns what until when --------------------------------------------- */

static void
test_room(void)
{
	struct sw_config conf = small_config();
	struct sw_room at[PIECES];
	struct sw_text text[PIECES];
	struct sw_stack *s;
	sw_conn l, a, b;
	size_t n;

	world_begin(&conf, 0);
	open_pair(&l, &a, &b);
	s = world.s[0];
	ok(sw_send_room(s, world.now, 12345, at, 1) == SW_E_NO_CONN);
	ok(sw_send_room(s, world.now, a, NULL, 1) == SW_E_INVALID);
	ok(sw_send_done(s, world.now, a, 1, 0) == SW_E_INVALID); /* no room was asked for */
	ok(sw_send_room(s, world.now, a, at, 2) == 2);
	ok(used(0, SW_POOL_CHUNKS) == 0); /* nothing is taken by asking */
	n = at[0].len + at[1].len;
	ok(sw_send_done(s, world.now, a, n + 1, 0) == SW_E_INVALID);
	ok(sw_send_done(s, world.now, a, 1, 0) == SW_E_INVALID); /* that was another call */
	ok(sw_send_room(s, world.now, a, at, 2) == 2);
	sw_input(s, world.now, NULL, 0);
	ok(sw_send_done(s, world.now, a, 1, 0) == SW_E_INVALID);
	ok(sw_send_room(s, world.now, a, at, 1) == 1);
	ok(sw_send_done(s, world.now, b + 1, 1, 0) < 0);
	/* behind what is queued, in the same chunk */
	ok(sw_send(s, world.now, a, "abc", 3, SW_MORE) == 3);
	ok(sw_send_room(s, world.now, a, at, 1) == 1);
	memcpy(at[0].at, "defg", 4);
	ok(sw_send_done(s, world.now, a, 4, 0) == 4 && used(0, SW_POOL_CHUNKS) == 1);
	run(SW_S);
	ok(sw_receive_peek(world.s[1], b, text, PIECES) == 1 && text[0].len == 7);
	ok(memcmp(text[0].at, "abcdefg", 7) == 0);
	ok(sw_receive_done(world.s[1], world.now, b, 8) == SW_E_INVALID);
	ok(sw_receive_done(world.s[1], world.now, b, 7) == 7);
	ok(sw_receive_peek(world.s[1], b, text, PIECES) == SW_E_AGAIN);
	ok(sw_receive_peek(world.s[1], b, NULL, 1) == SW_E_INVALID);
	ok(sw_receive_peek(world.s[1], 1 + b, text, 1) == SW_E_NO_CONN);
	ok(sw_close(s, world.now, a) == 0 && sw_send_room(s, world.now, a, at, 1) == SW_E_CLOSING);
	run(SW_S);
	ok(sw_receive_peek(world.s[1], b, text, PIECES) == 0);
	world_end();
}

/* No more than the queue and the buffers have. */
static void
test_full(void)
{
	struct sw_config conf = small_config();
	struct sw_room at[PIECES];
	sw_conn l, a, b;
	size_t all = 0, n;
	ptrdiff_t k;

	conf.chunks = 16;
	world_begin(&conf, 0);
	open_pair(&l, &a, &b);
	while ((k = sw_send_room(world.s[0], world.now, a, at, PIECES)) > 0) {
		n = 0;
		for (ptrdiff_t i = 0; i < k; i++) {
			memset(at[i].at, 1, at[i].len);
			n += at[i].len;
		}
		ok(sw_send_done(world.s[0], world.now, a, n, 0) == (ptrdiff_t)n);
		all += n;
	}
	ok(k == SW_E_AGAIN && used(0, SW_POOL_CHUNKS) == 12 && all == 12 * (2048 - 16));
	ok(sw_send(world.s[0], world.now, a, &conf, 1, 0) == SW_E_AGAIN);
	ok(sw_abort(world.s[0], world.now, a) == 0 && used(0, SW_POOL_CHUNKS) == 0);
	world_end();
}

/* Memory for packets comes back, whatever becomes of the connection. */
static void
test_packet_room(void)
{
	struct sw_config conf = small_config();
	struct sw_packet p[64], q;
	static uint8_t frame[ROOM];
	sw_conn l, a, b;
	size_t n;

	conf.chunks = 16;
	world_begin(&conf, 0);
	open_pair(&l, &a, &b);
	ok(sw_input_room(world.s[1], p, 64, 2033) == 0);
	n = sw_input_room(world.s[1], p, 64, 2032);
	ok(n == 12 && used(1, SW_POOL_CHUNKS) == 12 && sw_probe_check(world.s[1]) == 0);
	sw_input_return(world.s[1], p, n);
	sw_input_return(world.s[1], p, n); /* twice is no harm */
	ok(used(1, SW_POOL_CHUNKS) == 0);
	/* a little text is copied, much stays; a RST ends all of it */
	for (uint32_t size = 100; size <= 1448; size += 1348) {
		q = (struct sw_packet){.data = frame, .cap = ROOM};
		ok(sw_send(world.s[0], world.now, a, frame, size, 0) == (ptrdiff_t)size);
		ok(sw_output(world.s[0], world.now, 0, &q, 1) == 1);
		ok(sw_input_room(world.s[1], p, 1, q.len) == 1);
		memcpy(p[0].data, q.data, q.len);
		p[0].len = q.len;
		p[0].csum = SW_CSUM_NONE;
		p[0].iface = p[0].seg_size = 0;
		sw_input_lent(world.s[1], world.now, p, 1);
		ok(used(1, SW_POOL_CHUNKS) == (size == 100 ? 1 : 2));
		ok(world.s[1]->tcp.lent == 0);
	}
	ok(queued(world.s[1], b) == 1548);
	ok(sw_abort(world.s[0], world.now, a) == 0);
	run(SW_S);
	ok(used(1, SW_POOL_CHUNKS) == 0 && sw_probe_check(world.s[1]) == 0);
	world_end();
}

int
main(void)
{
	TEST("bytes go and come where they stand", test_stream);
	TEST("the same, with losses", test_lossy);
	TEST("packets in lent memory", test_packets);
	TEST("room until the next call", test_room);
	TEST("no more room than there is", test_full);
	TEST("memory for packets comes back", test_packet_room);
	return plan_done();
}
