/*
 * limits_test.c - what happens when a pool is full, the smallest stack, copies,
 * segments that belong to nobody.
 */
#include "pair.h"

/* Full accept queue, full half-opens, no blocks: dropped, counted, nothing breaks. */
static void
test_backlog(void)
{
	struct sw_config conf = small_config();
	sw_conn l, a[6], b;
	int got = 0, open = 0;

	conf.cookies = SW_COOKIES_NEVER;
	world_begin(&conf, 0);
	l = listen_on(1, 80, 2);
	for (int i = 0; i < 6; i++)
		a[i] = connect_to(0, 80);
	run(SW_S);
	ok(world.s[1]->halves.refused > 0);
	ok(verdict(1, SW_V_NO_HALF) > 0);
	ok(verdict(1, SW_V_NO_BACKLOG) > 0);
	ok(sw_ready(world.s[1], l) == SW_ACCEPTABLE);
	for (int i = 0; i < 40; i++) {
		while (sw_accept(world.s[1], world.now, l, &b) == 0)
			got++;
		run(SW_S);
	}
	ok(got == 6);
	for (int i = 0; i < 6; i++)
		open += state(0, a[i]) == SW_ESTABLISHED;
	ok(open == 6);
	for (int i = 0; i < 6; i++)
		sw_abort(world.s[0], world.now, a[i]);
	run(SW_S);
	all_empty(0, true);
	ok(world.s[0]->resets_out == 6);
	ok(world.s[1]->halves.used == 0);
	world_end();
}

/* The remote ports of those that went before their time, in order; how many. */
static int
evicted(int i, uint16_t port[16])
{
	struct sw_trace ev;
	int n = 0;

	while (sw_trace(world.s[i], &ev)) {
		if (ev.kind != SW_T_STATE || ev.cause != SW_ON_EVICTED)
			continue;
		ok(ev.from == SW_TIME_WAIT && ev.to == SW_CLOSED && n < 16);
		port[n++ % 16] = ev.remote.port;
	}
	return n;
}

/* No record for one more TIME-WAIT: the oldest goes, is counted and told; the younger ones
 * stay, and none is another's without a word. */
static void
test_time_wait_pressure(void)
{
	struct sw_config conf = small_config();
	struct sw_counters n = {.bytes = sizeof(n)};
	uint16_t opened[6], gone[16];
	sw_conn l, a, b;

	conf.time_waits = 3;
	conf.traces = 512;
	world_begin(&conf, 0);
	l = listen_on(1, 80, 2);
	for (int i = 0; i < 6; i++) {
		struct sw_status st = {.bytes = sizeof(st)};

		a = connect_to(0, 80);
		run(100 * SW_MS);
		ok(sw_accept(world.s[1], world.now, l, &b) == 0);
		ok(sw_status(world.s[1], b, &st) == 0);
		opened[i] = st.remote.port;
		ok(sw_release(world.s[1], world.now, b) == 0);
		run(100 * SW_MS);
		ok(sw_release(world.s[0], world.now, a) == 0);
		run(100 * SW_MS);
	}
	ok(sw_counters(world.s[1], &n) == 0);
	ok(n.time_waits_evicted == 3 && n.pool_refused[SW_POOL_TIME_WAITS] == 3);
	ok(n.pool_used[SW_POOL_TIME_WAITS] == 3);
	ok(edge(1, SW_TIME_WAIT, SW_ON_EVICTED) == 3);
	ok(evicted(1, gone) == 3);
	for (int i = 0; i < 6; i++) {
		struct tuple t = {world.addr[1], world.addr[0], 80, opened[i]};

		ok(i > 2 || gone[i] == opened[i]);
		ok((conn_find(world.s[1], &t) == NONE) == (i < 3));
	}
	run(2 * conf.msl);
	ok(edge(1, SW_TIME_WAIT, SW_ON_MSL2_TIMEOUT) == 3);
	all_empty(0, true);
	world_end();
}

static void
test_no_blocks(void)
{
	struct sw_config conf = small_config();
	struct sw_endpoint to;
	sw_conn l, c, b[8];
	int got = 0;

	world_begin(&conf, 0);
	l = listen_on(1, 80, 100);
	to = (struct sw_endpoint){world.addr[1], 80};
	for (int i = 0; i < 8; i++)
		connect_to(0, 80);
	ok(sw_open_active(world.s[0], world.now, NULL, &to, &c) == SW_E_NO_MEMORY);
	run(10 * SW_S);
	ok(world.s[1]->blocks.used == 8);
	/* the server has no block left; it is a client too */
	to = (struct sw_endpoint){world.addr[0], 1};
	ok(sw_open_active(world.s[1], world.now, NULL, &to, &c) == SW_E_NO_MEMORY);
	while (got < 8 && sw_accept(world.s[1], world.now, l, &b[got]) == 0)
		got++;
	ok(got == 8);
	for (int i = 0; i < 4; i++)
		sw_abort(world.s[1], world.now, b[i]);
	ok(world.s[1]->blocks.used == 4);
	ok(state(1, b[0]) == SW_N_STATES);
	ok(state(1, b[4]) == SW_ESTABLISHED);
	run(SW_S);
	sw_close(world.s[1], world.now, l);
	world_end();
}

/* What the minimal stack promises. */
static void
test_minimal(void)
{
	struct sw_config conf;
	sw_conn l, a, c[2];

	sw_config_minimal(&conf);
	printf("# minimal stack: %zu bytes\n", sw_stack_bytes(&conf));
	ok(sw_stack_bytes(&conf) > 0 && sw_stack_bytes(&conf) <= 16 * 1024);
	for (int six = 0; six < 2; six++) {
		world_begin(&conf, six ? W_IPV6 : 0);
		open_pair(&l, &a, &c[1]);
		c[0] = a;
		exchange(c, 20000, 600 * SW_S);
		sw_release(world.s[0], world.now, c[0]);
		sw_release(world.s[1], world.now, c[1]);
		run(400 * SW_S);
		all_empty(0, false);
		all_empty(1, false);
		world_end();
	}
}

/* Sizes: what the budgets say. */
static void
test_budgets(void)
{
	ok(sizeof(struct half) <= 96);
	ok(sizeof(struct time_wait) <= 64);
	ok(sizeof(struct tcb) <= 256);
}

static void
test_config(void)
{
	struct sw_config c;
	struct sw_stack *s;
	size_t n;
	void *m;

	sw_config_init(&c);
	n = sw_stack_bytes(&c);
	ok(n > 0);
	m = aligned_arena(n + 64);
	ok(sw_stack_init(&s, &c, m, n - 1) == SW_E_NO_MEMORY);
	ok(sw_stack_init(&s, &c, (char *)m + 8, n) == SW_E_INVALID);
	ok(sw_stack_init(&s, &c, m, n) == 0);
	for (size_t i = n; i < n + 64; i++)
		ok(((uint8_t *)m)[i] == 0xa5);
	free(m);
#define BAD(set)                                                                                   \
	sw_config_init(&c);                                                                        \
	c.set;                                                                                     \
	ok(sw_stack_bytes(&c) == 0)
	BAD(bytes = 1);
	BAD(conns = 0);
	BAD(chunk_bytes = 127);
	BAD(chunk_bytes = 65537);
	BAD(ifaces = 256);
	BAD(rto_max = 59 * SW_S);
	BAD(delack = 500 * SW_MS);
	BAD(syn_timeout = 179 * SW_S);
	BAD(port_low = 0);
	BAD(port_high = 1);
	BAD(ttl = 0);
	BAD(rcv_buf = 1 << 30);
	BAD(tick = 0);
	BAD(listeners = 65536);
#undef BAD
	ok(sw_stack_bytes(NULL) == 0);
}

/* A copy in the middle of a transfer goes on exactly as the original does. */
static void
test_copy(void)
{
	struct sw_config conf = small_config();
	static uint8_t room[2][2048], text[50000];
	struct sw_stack *fork;
	sw_conn l, a, b;
	void *m;
	size_t n;

	conf.traces = 32;
	world_begin(&conf, 0);
	open_pair(&l, &a, &b);
	ok(sw_send(world.s[0], world.now, a, text, sizeof(text), 0) > 0);
	run(25 * SW_MS);
	n = sw_stack_bytes(&conf);
	m = aligned_arena(n);
	ok(sw_copy(&fork, m, n - 1, world.s[0]) == SW_E_NO_MEMORY);
	ok(sw_copy(&fork, m, n, world.s[0]) == 0);
	ok(sw_probe_check(fork) == 0);
	ok(sw_probe_digest(fork) == sw_probe_digest(world.s[0]));
	for (int i = 0; i < 200; i++) {
		struct sw_packet p = {.data = room[0], .cap = 2048}, q = p;

		q.data = room[1];
		world.now += 10 * SW_MS;
		for (int k = 0; k < 4; k++) {
			size_t x = sw_output(world.s[0], world.now, 0, &p, 1);

			ok(x == sw_output(fork, world.now, 0, &q, 1));
			if (x == 0)
				break;
			ok(p.len == q.len && memcmp(room[0], room[1], p.len) == 0);
		}
		ok(sw_deadline(fork) == sw_deadline(world.s[0]));
	}
	ok(sw_probe_digest(fork) == sw_probe_digest(world.s[0]));
	ok(sw_abort(fork, world.now, a) == 0);
	ok(sw_probe_digest(fork) != sw_probe_digest(world.s[0]));
	ok(state(0, a) == SW_ESTABLISHED);
	free(m);
	world_end();
}

/* Writes a segment without options to stack 1 as if stack 0 had sent it. */
static void
forge(uint16_t from, uint16_t to, struct seg *s, const void *text)
{
	uint8_t b[1500];
	struct ip_head ip = {
	    .src = world.addr[0], .dst = world.addr[1], .proto = IP_TCP, .ttl = 64};
	struct sw_packet p = {.data = b};
	uint32_t at, size = tcp_header_size(s), sum;
	uint16_t word;

	ip.len = size + s->len;
	at = ip_write(b, sizeof(b), &ip);
	ok(tcp_write(b + at, (uint32_t)sizeof(b) - at, s, from, to) == size);
	if (s->len)
		memcpy(b + at + size, text, s->len);
	sum = sum_add(ip_pseudo_sum(&ip.src, &ip.dst, IP_TCP, ip.len), sum_bytes(b + at, ip.len));
	word = (uint16_t)~sum;
	memcpy(b + at + 16, &word, 2);
	p.len = at + ip.len;
	sw_input(world.s[1], world.now, &p, 1);
}

/* A SYN that brings text: kept, and given after the handshake. */
static void
test_syn_text(void)
{
	struct sw_config conf = small_config();
	struct seg s = {.seq = {1000}, .ctl = SW_SYN, .wnd = 5000, .len = 5};
	uint8_t room[2048], got[8];
	struct sw_packet p = {.data = room, .cap = sizeof(room)};
	struct seg answer;
	struct ip ip;
	uint16_t sp, dp;
	sw_conn l, b;

	world_begin(&conf, 0);
	l = listen_on(1, 80, 1);
	forge(777, 80, &s, "hello");
	check_both();
	ok(sw_output(world.s[1], world.now, 0, &p, 1) == 1);
	ok(ip_read((struct view){room, p.len}, true, &ip) == SW_V_TAKEN);
	ok(tcp_read(&ip, SW_CSUM_NONE, &answer, &sp, &dp) == SW_V_TAKEN);
	ok(answer.ctl == (SW_SYN | SW_ACK));
	ok(sw_accept(world.s[1], world.now, l, &b) == SW_E_AGAIN);
	s = (struct seg){.seq = answer.ack, .ctl = SW_ACK, .wnd = 5000};
	s.ack = seq_add(answer.seq, 1);
	forge(777, 80, &s, NULL);
	check_both();
	ok(sw_accept(world.s[1], world.now, l, &b) == 0);
	if (answer.ack.n == 1006)
		ok(sw_receive(world.s[1], world.now, b, got, 8) == 5 && !memcmp(got, "hello", 5));
	sw_abort(world.s[1], world.now, b);
	sw_close(world.s[1], world.now, l);
	all_empty(1, true);
	world_end();
}

/* Segments that belong to nobody, to a listener, and nonsense. */
static void
test_strays(void)
{
	struct sw_config conf = small_config();
	struct seg s = {.seq = {1000}, .ack = {5}, .ctl = SW_ACK, .wnd = 5000};
	uint8_t bytes[64];

	world_begin(&conf, 0);
	listen_on(1, 80, 1);
	forge(777, 81, &s, NULL);
	ok(verdict(1, SW_V_NOBODY) == 1);
	forge(777, 80, &s, NULL);
	ok(verdict(1, SW_V_LISTEN_ACK) == 1);
	s.ctl = SW_RST;
	forge(777, 81, &s, NULL);
	forge(777, 80, &s, NULL);
	ok(verdict(1, SW_V_NOBODY_RST) == 1 && verdict(1, SW_V_LISTEN_RST) == 1);
	s.ctl = 0;
	forge(777, 80, &s, NULL);
	ok(verdict(1, SW_V_LISTEN_OTHER) == 1);
	pump_out(1);
	ok(world.sent == 2);
	for (int i = 0; i < 20000; i++) {
		struct sw_packet p = {.data = bytes, .len = tap_below(sizeof(bytes))};

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)tap_random();
		bytes[0] = tap_below(2) ? 0x45 : 0x60;
		sw_input(world.s[1], world.now, &p, 1);
	}
	check_both();
	world_end();
}

/* ---- random calls and losses on small pools; in the end all is given back ---- */

enum { CHURN_NAMES = 64 };

struct churn {
	sw_conn listener, c[2][CHURN_NAMES];
	int n[2];
};

static void
churn_open(struct churn *z)
{
	struct sw_endpoint to = {world.addr[1], 80};
	sw_conn new;

	if (z->n[0] < CHURN_NAMES && tap_below(6) == 0 &&
	    sw_open_active(world.s[0], world.now, NULL, &to, &new) == 0)
		z->c[0][z->n[0]++] = new;
	if (z->n[1] < CHURN_NAMES && sw_accept(world.s[1], world.now, z->listener, &new) == 0)
		z->c[1][z->n[1]++] = new;
}

/* A call on some connection of side i. */
static void
churn_call(struct churn *z, int i)
{
	struct sw_stack *s = world.s[i];
	static uint8_t buf[5000];
	sw_conn *c;

	if (z->n[i] == 0)
		return;
	c = &z->c[i][tap_below((uint32_t)z->n[i])];
	switch (tap_below(16)) {
	case 0:
	case 1:
		sw_close(s, world.now, *c);
		break;
	case 2:
	case 3:
		ok(sw_release(s, world.now, *c) == 0);
		*c = z->c[i][--z->n[i]];
		break;
	case 4:
		ok(sw_abort(s, world.now, *c) == 0);
		*c = z->c[i][--z->n[i]];
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		sw_send(s, world.now, *c, buf, tap_below(5000), 0);
		break;
	default:
		sw_receive(s, world.now, *c, buf, sizeof(buf));
		break;
	}
}

static struct sw_config
churn_config(void)
{
	struct sw_config c = small_config();

	c.conns = 6;
	c.actives = 4;
	c.half_opens = 3;
	c.time_waits = 2;
	c.chunks = 24;
	c.records = 32;
	c.runs = 4;
	c.traces = 8;
	c.snd_buf = c.rcv_buf = 8192;
	return c;
}

static void
test_churn(void)
{
	struct sw_config conf = churn_config();
	static struct churn z;
	struct sw_event ev;

	memset(&z, 0, sizeof(z));
	world_begin(&conf, 0);
	world.loss = 100;
	z.listener = listen_on(1, 80, 2);
	for (int round = 0; round < 4000; round++) {
		int i = (int)tap_below(2);

		churn_open(&z);
		churn_call(&z, i);
		while (sw_event(world.s[i], &ev))
			;
		run(tap_below(4) ? tap_below(50) * SW_MS : tap_below(5) * SW_S);
	}
	for (int i = 0; i < 2; i++)
		while (z.n[i] > 0)
			sw_release(world.s[i], world.now, z.c[i][--z.n[i]]);
	world.loss = 0;
	sw_close(world.s[1], world.now, z.listener);
	run(1500 * SW_S);
	all_empty(0, true);
	all_empty(1, true);
	world_end();
}

/* A connection that found no buffer is told when another gives some back. */
static void
test_starved(void)
{
	struct sw_config conf = churn_config();
	static uint8_t buf[8192];
	sw_conn l, a, b, c;
	struct sw_event ev;
	bool told = false;

	conf.chunks = 6;
	world_begin(&conf, 0);
	open_pair(&l, &a, &b);
	c = connect_to(0, 80);
	run(SW_S);
	while (sw_event(world.s[0], &ev))
		;
	ok(sw_send(world.s[0], world.now, a, buf, sizeof(buf), 0) > 0);
	ok(sw_send(world.s[0], world.now, c, buf, sizeof(buf), 0) == SW_E_AGAIN);
	ok(!sw_event(world.s[0], &ev));
	check_both();
	run(SW_S);
	while (sw_event(world.s[0], &ev))
		told |= ev.conn == c && (ev.ready & SW_WRITABLE);
	ok(told);
	ok(sw_send(world.s[0], world.now, c, buf, sizeof(buf), 0) > 0);
	world_end();
}

/* Connections that take turns need no more at once than one of them does: what is only
 * remembered of those that have rested makes room (RFC 9293 3.10.7.4: text is taken). */
static void
test_turns(void)
{
	struct sw_config conf = small_config();
	enum { MANY = 24 };
	sw_conn l, a[MANY], b[MANY];
	uint8_t byte;

	conf.conns = MANY;
	conf.rcv_buf = 1 << 20; /* so large that what it needs is measured */
	world_begin(&conf, 0);
	l = listen_on(1, 80, MANY);
	for (int i = 0; i < MANY; i++) {
		a[i] = connect_to(0, 80);
		run(100 * SW_MS);
	}
	for (int i = 0; i < MANY; i++)
		ok(sw_accept(world.s[1], world.now, l, &b[i]) == 0);
	world.delay = SW_MS / 10;
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < MANY; i++) {
			sw_set(world.s[1], world.now, b[i], SW_OPT_QUICK_ACK, 1);
			ok(sw_send(world.s[0], world.now, a[i], "x", 1, 0) == 1);
			run(SW_MS / 2);
			ok(sw_receive(world.s[1], world.now, b[i], &byte, 1) == 1);
		}
	ok(verdict(1, SW_V_NO_BUFFER) == 0);
	world_end();
}

int
main(void)
{
	TEST("budgets", test_budgets);
	TEST("config", test_config);
	TEST("backlog and half-opens full", test_backlog);
	TEST("TIME-WAIT records under pressure", test_time_wait_pressure);
	TEST("no blocks", test_no_blocks);
	TEST("minimal", test_minimal);
	TEST("copy", test_copy);
	TEST("SYN with text", test_syn_text);
	TEST("strays", test_strays);
	TEST("starved", test_starved);
	TEST("connections take turns", test_turns);
	TEST("churn", test_churn);
	return plan_done();
}
