/*
 * req_test.c - rules that no other scene shows: the names begin with the identifiers of
 * the ledger (spec/).
 */
#include "net/net.h"

#include "victim.h"

/* Options, timestamps and windows that are easy to read; B offers `rcv_buf` bytes. */
static struct world *
plain_with(uint32_t rcv_buf)
{
	struct world *w = scene_new();

	plain(w);
	w->config[B].rcv_buf = rcv_buf;
	scene_go(w);
	established(w);
	return w;
}

/* What is new of the connection of `host`, all events together. */
static unsigned
news_of(struct world *w, int host)
{
	struct sw_event ev;
	unsigned ready = 0;

	while (sw_event(w->stack[host], &ev))
		if (ev.conn == w->conn[host])
			ready |= ev.ready;
	return ready;
}

static bool
was_sent(const struct world_seen *s, int host)
{
	return s->from == host && !(s->fate & SW_SIM_INJECTED);
}

/*= RFC 9293 3.1 MUST-1, REC-1 */
static void
large_windows(void)
{
	struct world *w = plain_with(40000);

	ok(status_of(w, A).snd_wnd == 40000);
	says(w, A, 100000);
	run_for(w, 10 * SW_S);
	ok(status_of(w, B).rcv_queued == 40000);
	world_end(w);

	w = scene_new();
	w->config[B].rcv_buf = 1 << 20; /* more than 16 bits hold */
	scene_go(w);
	established(w);
	says(w, A, 500000);
	run_for(w, 10 * SW_S);
	ok(status_of(w, B).rcv_queued == 500000);
	ok(status_of(w, A).snd_wnd > 65535);
	world_end(w);
}
SCENE(large_windows)

/* The ISS of an OPEN from `port` that nobody answers. */
static uint32_t
iss_of(struct world *w, uint16_t port)
{
	struct sw_status st = {.bytes = sizeof(st)};
	struct sw_endpoint from = w->end[A];
	sw_conn c;

	from.port = port;
	ok(sw_open_active(w->stack[A], now(w), &from, &w->end[B], &c) == SW_OK);
	ok(sw_status(w->stack[A], c, &st) == SW_OK);
	ok(sw_abort(w->stack[A], now(w), c) == SW_OK);
	return st.iss;
}

/*= RFC 9293 3.4.1 MUST-8, MUST-9, SHLD-1: a clock, and a function with a secret */
static void
initial_numbers(void)
{
	struct world *w = scene_new(), *other = scene_new();
	uint32_t first, second, ticks;

	other->seed = w->seed + 1; /* another secret */
	world_go(w);
	world_go(other);
	first = iss_of(w, 40000);
	ok(first != iss_of(other, 40000));
	second = iss_of(w, 40001);
	ok(second - first > 1000 && first - second > 1000);
	run_for(w, 100 * SW_S);
	ticks = iss_of(w, 40000) - first;
	ok(ticks > 20000000 && ticks < 30000000); /* 4 us each: 25 million */
	ok(iss_of(w, 40001) - second == ticks);
	world_end(w);
	world_end(other);
}
SCENE(initial_numbers)

/*= RFC 9293 3.6 MUST-12 */
static void
closed_or_aborted(void)
{
	struct world *w = scene_established();
	uint8_t byte;

	closes(w, B);
	until(w, A, SW_CLOSE_WAIT);
	ok(sw_receive(w->stack[A], now(w), w->conn[A], &byte, 1) == 0);
	world_end(w);
	w = scene_established();
	aborts(w, B);
	until(w, A, SW_CLOSED);
	ok(sw_receive(w->stack[A], now(w), w->conn[A], &byte, 1) == SW_E_RESET);
	world_end(w);
}
SCENE(closed_or_aborted)

/*= RFC 9293 3.6.1 MUST-13 */
static void
twice_the_lifetime(void)
{
	struct world *w = scene_established();
	sw_ns began;

	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	closes(w, B);
	until(w, A, SW_TIME_WAIT);
	began = changed(w, A);
	until(w, A, SW_CLOSED);
	ok(changed(w, A) - began >= 240 * SW_S);
	ok(changed(w, A) - began <= 240 * SW_S + 2 * SW_MS);
	world_end(w);
}
SCENE(twice_the_lifetime)

/* The longest text that A sends to a peer whose SYN-ACK is this; its own MSS option
 * in *offered. */
static uint32_t
longest_text(const char *syn_ack, uint16_t *offered)
{
	struct world *w = scene_start();
	uint32_t most = 0;

	deafen(w);
	opens(w, A);
	run_for(w, SW_MS);
	*offered = w->wire[0].seg.has & SW_HAS_MSS ? w->wire[0].seg.mss : 0;
	forge(w, A, syn_ack);
	run_for(w, SW_MS);
	says(w, A, 5000);
	run_for(w, SW_MS);
	for (size_t i = 0; i < w->n_wire; i++)
		if (was_sent(&w->wire[i], A) && w->wire[i].seg.len > most)
			most = w->wire[i].seg.len;
	world_end(w);
	return most;
}

/*= RFC 9293 3.7.1 MUST-14, MUST-15, MUST-16, MUST-67, SHLD-5, MAY-3 */
static void
segment_sizes(void)
{
	uint32_t ours = scene_now.v6 ? 1440 : 1460;
	uint16_t offered;

	ok(longest_text("S. 0:0(0) ack 1 win 60000", &offered) == (scene_now.v6 ? 1220 : 536));
	ok(offered == ours);
	ok(longest_text("S. 0:0(0) ack 1 win 60000 <mss 800>", &offered) == 800);
	ok(longest_text("S. 0:0(0) ack 1 win 60000 <mss 9000>", &offered) == ours);
	ok(longest_text("S. 0:0(0) ack 1 win 60000 <mss 800,TS 1 0>", &offered) == 788);
	ok(offered == ours); /* our own options do not lessen it */
}
SCENE(segment_sizes)

/*= RFC 9293 3.8.3 MUST-22: the same for a SYN */
static void
syn_limits(void)
{
	struct world *w = scene_start();

	deafen(w);
	opens(w, A);
	run_for(w, 2 * SW_S);
	ok(!(ready_of(w, A) & SW_TROUBLE));
	run_for(w, 60 * SW_S);
	ok(news_of(w, A) & SW_TROUBLE);
	ok(state_of(w, A) == SW_SYN_SENT);
	until(w, A, SW_CLOSED);
	ok(news_of(w, A) & SW_FAILED);
	ok(status_of(w, A).error == SW_E_TIMED_OUT);
	world_end(w);
}
SCENE(syn_limits)

/*= RFC 9293 3.8.4 MUST-27, MUST-29, SHLD-12, MAY-5 */
static void
keep_alive_as_set(void)
{
	struct world *w = plain_with(65535);
	struct sw_stack *s = w->stack[A];

	ok(sw_set(s, now(w), w->conn[A], SW_OPT_KEEP_IDLE, 10) == SW_OK);
	ok(sw_set(s, now(w), w->conn[A], SW_OPT_KEEP_INTERVAL, 3) == SW_OK);
	ok(sw_set(s, now(w), w->conn[A], SW_OPT_KEEP_PROBES, 2) == SW_OK);
	ok(sw_set(s, now(w), w->conn[A], SW_OPT_KEEPALIVE, 1) == SW_OK);
	run_for(w, 9900 * SW_MS);
	expect_silence(w);
	run_for(w, 600 * SW_MS);
	expect_wire(w, "A>B . 0:0(0) ack 1\nB>A . 1:1(0) ack 1");
	loses(w, A, 0);
	run_for(w, 15 * SW_S); /* one without an answer, the next with one */
	expect_wire(w, "A>B . 0:0(0) ack 1 lost\nA>B . 0:0(0) ack 1\nB>A . 1:1(0) ack 1");
	ok(state_of(w, A) == SW_ESTABLISHED);
	deafen(w);
	run_for(w, 30 * SW_S);
	ok(state_of(w, A) == SW_CLOSED);
	ok(status_of(w, A).error == SW_E_TIMED_OUT);
	world_end(w);
}
SCENE(keep_alive_as_set)

/*= RFC 9293 3.8.5 MUST-32, MUST-33 */
static void
urgent_told(void)
{
	struct world *w = scene_established();
	uint8_t bytes[20] = {0};

	ok(sw_send(w->stack[A], now(w), w->conn[A], bytes, 10, SW_SEND_URGENT) == 10);
	run_for(w, 100 * SW_MS);
	ok(news_of(w, B) & SW_URGENT);
	ok(!(news_of(w, B) & SW_URGENT)); /* told once */
	ok(sw_send(w->stack[A], now(w), w->conn[A], bytes, 10, SW_SEND_URGENT) == 10);
	run_for(w, 100 * SW_MS);
	ok(news_of(w, B) & SW_URGENT); /* there is more of it */
	ok(sw_receive(w->stack[B], now(w), w->conn[B], bytes, 19) == 19);
	ok(ready_of(w, B) & SW_URGENT);
	ok(sw_receive(w->stack[B], now(w), w->conn[B], bytes, 19) == 1);
	ok(!(ready_of(w, B) & SW_URGENT));
	world_end(w);

	w = plain_with(65535); /* told before the bytes come */
	deafen(w);
	news_of(w, A);
	for (int i = 0; i < 2; i++) {
		forge(w, A, i ? "U. 1:1(0) ack 1 up 200" : "U. 1:1(0) ack 1 up 100");
		run_for(w, 0);
		ok(news_of(w, A) & SW_URGENT);
	}
	world_end(w);
}
SCENE(urgent_told)

/*= RFC 9293 3.8.6 MUST-35, SHLD-15, SHLD-17: the window goes to nothing with bytes in flight */
static void
window_taken_back(void)
{
	struct world *w = plain_with(65535);
	unsigned n = 0;

	deafen(w);
	says(w, A, 5000);
	run_for(w, SW_MS);
	forge(w, A, ". 1:1(0) ack 1 win 0");
	run_for(w, SW_MS);
	skip_wire(w);
	says(w, A, 3000);	       /* nothing of it may go */
	for (int i = 0; i < 60; i++) { /* an hour; the probes are answered */
		run_for(w, 60 * SW_S);
		forge(w, A, ". 1:1(0) ack 1 win 0");
	}
	run_for(w, SW_MS);
	for (size_t i = w->told; i < w->n_wire; i++) {
		if (!was_sent(&w->wire[i], A))
			continue;
		ok(w->wire[i].seg.seq - w->iss[A] == 1 && w->wire[i].seg.len <= 1);
		n++;
	}
	ok(n >= 20);
	ok(state_of(w, A) == SW_ESTABLISHED);
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 8000);
	world_end(w);
}
SCENE(window_taken_back)

/*= RFC 9293 3.8.6.1 SHLD-29, SHLD-30 */
static void
probes_apart(void)
{
	struct world *w = plain_with(1000);
	sw_ns rto = status_of(w, A).rto, last = 0, gap = 0;
	unsigned n = 0;

	says(w, A, 3000);
	run_for(w, 100 * SW_S);
	for (size_t i = 0; i < w->n_wire; i++) {
		const struct world_seen *s = &w->wire[i];

		if (s->from == B && s->seg.wnd == 0 && n == 0 && last == 0)
			last = s->seg.at + w->path[B].delay; /* closed, and A knows */
		if (s->from != A || s->seg.len != 1)
			continue;
		if (n == 0)
			ok(s->seg.at - last >= rto && s->seg.at - last < rto + 10 * SW_MS);
		else if (n > 1)
			ok(s->seg.at - last >= 2 * gap - 30 * SW_MS &&
			   s->seg.at - last <= 2 * gap + 30 * SW_MS);
		gap = s->seg.at - last;
		last = s->seg.at;
		n++;
	}
	ok(n >= 6);
	world_end(w);
}
SCENE(probes_apart)

/*= RFC 9293 3.9.1.1 MUST-41, MUST-42 */
static void
passive_beside(void)
{
	struct world *w = scene_start();
	sw_conn opening, again, c;

	deafen(w);
	opens(w, A);
	opening = w->conn[A];
	run_for(w, SW_MS);
	ok(status_of(w, A).state == SW_SYN_SENT);
	listens(w, A); /* on the port of a connection in SYN-SENT */
	w->end[B].port = 81;
	forge(w, A, "S 0:0(0) win 1000");
	run_for(w, SW_MS);
	/* and beside one in SYN-RECEIVED: the same again fails, nothing is disturbed */
	ok(sw_open_passive(w->stack[A], now(w), &w->end[A], 4, &again) == SW_E_IN_USE);
	w->end[A].addr = (struct sw_addr){{0}};
	ok(sw_open_passive(w->stack[A], now(w), &w->end[A], 4, &again) == SW_OK);
	ok(sw_status(w->stack[A], opening,
		     &(struct sw_status){.bytes = sizeof(struct sw_status)}) == SW_OK);
	ok(status_of(w, A).state == SW_SYN_SENT);
	w->end[A].addr =
	    w->v6 ? (struct sw_addr){{0x20, 1, 0xd, 0xb8, [15] = 1}} : sw_addr4(10, 0, 0, 1);
	forge(w, A, ". 1:1(0) ack 1 win 1000");
	run_for(w, SW_MS);
	ok(sw_accept(w->stack[A], now(w), w->listener[A], &c) == SW_OK);
	ok(sw_accept(w->stack[A], now(w), again, &c) == SW_E_AGAIN);
	world_end(w);
}
SCENE(passive_beside)

/* The source address of a packet of ours. */
static struct sw_addr
source_of(const struct world *w, const struct world_seen *s)
{
	struct sw_addr a;

	if (!w->v6)
		return sw_addr4(s->data[12], s->data[13], s->data[14], s->data[15]);
	memcpy(a.b, s->data + 8, 16);
	return a;
}

/*= RFC 9293 3.9.1.1 MUST-43, MUST-44, MUST-45 */
static void
local_addresses(void)
{
	struct world *w = scene_start();
	struct sw_status st = {.bytes = sizeof(st)};
	struct sw_addr first = w->end[A].addr, second = first;
	struct sw_endpoint from = {.port = 40001};
	sw_conn c;

	second.b[15] = 77;
	ok(sw_address_add(w->stack[A], 0, &second, w->v6 ? 64 : 24) == SW_OK);
	listens(w, B);
	ok(sw_open_active(w->stack[A], now(w), &from, &w->end[B], &c) == SW_OK);
	ok(sw_status(w->stack[A], c, &st) == SW_OK);
	ok(sw_addr_same(&st.local.addr, &first) || sw_addr_same(&st.local.addr, &second));
	from.addr = second;
	from.addr.b[15] = 78; /* not ours */
	ok(sw_open_active(w->stack[A], now(w), &from, &w->end[B], &c) == SW_E_INVALID);
	run_for(w, SW_S);
	skip_wire(w);
	w->end[A].addr = second;
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	says(w, A, 10000);
	run_for(w, SW_S);
	closes(w, A);
	run_for(w, SW_S);
	ok(w->n_wire - w->told > 10);
	for (size_t i = w->told; i < w->n_wire; i++) {
		struct sw_addr a = source_of(w, &w->wire[i]);

		ok(w->wire[i].from != A || sw_addr_same(&a, &second));
	}
	world_end(w);
}
SCENE(local_addresses)

/*= RFC 9293 3.9.1.1 MUST-46, 3.9.2.3 MUST-57, MUST-63 */
static void
no_single_host(void)
{
	static const char bad[][2][24] = {{"224.0.0.1", "ff02::1"},
					  {"10.0.0.255", "ff0e::1234"},
					  {"255.255.255.255", "ff05::2"},
					  {"0.0.0.0", "::"},
					  {"127.0.0.1", "::1"}};
	struct world *w = scene_start();
	struct sw_endpoint any = {.port = 40000}, ours[2] = {w->end[A], w->end[B]};
	sw_conn c;

	ok(sw_open_passive(w->stack[A], now(w), &any, 4, &w->listener[A]) == SW_OK);
	for (unsigned i = 0; i < N_OF(bad); i++) {
		struct sw_addr a;

		ok(sw_addr_parse(&a, bad[i][w->v6]) == SW_OK);
		w->end[B] = (struct sw_endpoint){a, 80};
		ok(sw_open_active(w->stack[A], now(w), NULL, &w->end[B], &c) == SW_E_INVALID);
		forge(w, A, "S 0:0(0) win 1000"); /* from it */
		w->end[B] = ours[B];
		w->end[A].addr = a;
		forge(w, A, "S 0:0(0) win 1000"); /* to it */
		w->end[A] = ours[A];
		run_for(w, SW_S);
	}
	ok(sent(w, A) == 0);
	ok(verdicts_of(w, A, SW_V_ADDR_INVALID) == 2 * N_OF(bad));
	world_end(w);
}
SCENE(no_single_host)

/* An ICMP error about the packet that A has sent last; `off`: but not quite that. */
static void
icmp_about(struct world *w, uint8_t type, uint8_t code, uint8_t off)
{
	struct icmp m = {.v6 = w->v6, .type = type, .code = code};
	struct ip_head h = {.src = w->end[B].addr, .dst = w->end[A].addr, .ttl = 64};
	uint32_t head = ip_header_size(&h.dst);
	uint8_t quote[48], packet[200];

	for (size_t i = 0; i < w->n_wire; i++)
		if (was_sent(&w->wire[i], A))
			memcpy(quote, w->wire[i].data, head + 8);
	quote[head + 1] ^= off; /* the port */
	m.rest = (struct view){quote, head + 8};
	h.proto = w->v6 ? IP_ICMP6 : IP_ICMP;
	h.len = icmp_write(packet + head, sizeof(packet) - head, &m, &h.src, &h.dst);
	ok(ip_write(packet, sizeof(packet), &h) == head);
	ok(sw_sim_inject(w->sim, A, 0, packet, head + h.len) == SW_OK);
	run_for(w, 0);
}

/*= RFC 9293 3.9.2.2 MUST-54 to MUST-56, SHLD-25, SHLD-26 */
static void
icmp_errors(void)
{
	static const uint8_t soft[2][6][2] = {{{3, 0}, {3, 1}, {3, 5}, {11, 0}, {11, 1}, {12, 0}},
					      {{1, 0}, {1, 3}, {3, 0}, {3, 1}, {4, 0}, {4, 1}}};
	struct world *w = scene_start();
	uint32_t cwnd;

	deafen(w);
	opens(w, A);
	run_for(w, SW_MS);
	for (unsigned i = 0; i < N_OF(soft[0]); i++)
		icmp_about(w, soft[w->v6][i][0], soft[w->v6][i][1], 0);
	ok(state_of(w, A) == SW_SYN_SENT && (ready_of(w, A) & SW_TROUBLE));
	icmp_about(w, w->v6 ? 1 : 3, w->v6 ? 4 : 3, 1); /* of somebody else's packet */
	ok(state_of(w, A) == SW_SYN_SENT);
	icmp_about(w, w->v6 ? 1 : 3, w->v6 ? 4 : 3, 0); /* port unreachable: hard */
	ok(state_of(w, A) == SW_CLOSED && status_of(w, A).error == SW_E_UNREACHABLE);
	world_end(w);

	w = scene_established();
	deafen(w);
	says(w, A, 100);
	run_for(w, SW_MS);
	cwnd = status_of(w, A).cwnd;
	if (!w->v6)
		icmp_about(w, 4, 0, 0); /* source quench: MUST-55 */
	ok(status_of(w, A).cwnd == cwnd);
	ok(!(ready_of(w, A) & SW_TROUBLE) && status_of(w, A).icmp_type == 0);
	for (unsigned i = 0; i < N_OF(soft[0]); i++) {
		icmp_about(w, soft[w->v6][i][0], soft[w->v6][i][1], 0);
		ok(status_of(w, A).icmp_type == soft[w->v6][i][0]);
	}
	icmp_about(w, w->v6 ? 1 : 3, w->v6 ? 4 : 3, 0); /* soft, of an open one */
	ok(state_of(w, A) == SW_ESTABLISHED && (news_of(w, A) & SW_TROUBLE));
	world_end(w);
}
SCENE(icmp_errors)

/*= RFC 9293 3.9.1.8 MUST-47: an ICMP error, R1, urgent data */
static void
reported(void)
{
	struct world *w = plain_with(65535);

	deafen(w);
	says(w, A, 100);
	run_for(w, SW_MS);
	news_of(w, A);
	icmp_about(w, w->v6 ? 1 : 3, 0, 0);
	ok(news_of(w, A) & SW_TROUBLE);
	forge(w, A, ". 1:1(0) ack 101");
	run_for(w, SW_MS);
	ok(!(ready_of(w, A) & SW_TROUBLE) && status_of(w, A).icmp_type == 0); /* it is over */
	news_of(w, A);
	forge(w, A, "U. 1:11(10) ack 101 up 10");
	run_for(w, SW_MS);
	ok(news_of(w, A) & SW_URGENT);
	says(w, A, 100);
	run_for(w, 20 * SW_S);
	ok(news_of(w, A) & SW_TROUBLE); /* R1 */
	ok(state_of(w, A) == SW_ESTABLISHED);
	world_end(w);
}
SCENE(reported)

/* Every packet of A since the last skip_wire() has this Diffserv field and TTL. */
static void
expect_ip(const struct world *w, unsigned tos, unsigned ttl)
{
	unsigned n = 0;

	for (size_t i = w->told; i < w->n_wire; i++) {
		const uint8_t *p = w->wire[i].data;

		if (w->wire[i].from != A)
			continue;
		ok((w->v6 ? (p[0] & 15u) << 4 | p[1] >> 4 : p[1]) == tos);
		ok(p[w->v6 ? 7 : 8] == ttl);
		n++;
	}
	ok(n >= 2);
}

/*= RFC 9293 3.9.1.9 MUST-48, SHLD-21, SHLD-22, 3.9.2 MUST-49 */
static void
diffserv_and_ttl(void)
{
	static const uint8_t tos[] = {0, 0xb8, 0x28, 0xfc};
	struct world *w = scene_established();

	for (unsigned i = 0; i < N_OF(tos); i++) {
		unsigned ttl = i ? 64 - 13 * i : 64;

		if (i) {
			ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_TOS, tos[i]) == SW_OK);
			ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_TTL, ttl) == SW_OK);
		}
		skip_wire(w);
		says(w, A, 5000);
		says(w, B, 100);
		run_for(w, SW_S);
		expect_ip(w, tos[i], ttl);
	}
	world_end(w);
}
SCENE(diffserv_and_ttl)

/*= RFC 9293 3.10.7.4 MUST-58, MUST-59: all that came, then one ACK; also where each has
 * something of its own, so that none is taken for the next of a row */
static void
one_ack_of(unsigned own)
{
	static uint8_t in[5][2000], out[2000];
	struct world *w = plain_with(65535);
	struct sw_packet p[5] = {{0}}, answer = {.data = out, .cap = sizeof(out)};
	struct sw_trace seg;

	for (unsigned i = 0; i < N_OF(p); i++) {
		static uint8_t packet[65536];
		char text[80];

		snprintf(text, sizeof(text), ". %u:%u(1000) ack 1 win %u", 1 + 1000 * i,
			 1001 + 1000 * i, 20000 + own * i);
		p[i].len = world_forge(w, B, text, packet);
		ok(p[i].len > 1000 && p[i].len < sizeof(in[0]));
		memcpy(in[i], packet, p[i].len);
		p[i].data = in[i];
	}
	sw_input(w->stack[A], now(w), p, N_OF(p));
	ok(sw_output(w->stack[A], now(w), 0, &answer, 1) == 1);
	ok(sw_trace_packet(&seg, out, answer.len));
	ok(seg.ack - w->iss[B] == 5001 && seg.len == 0);
	answer.cap = sizeof(out);
	ok(sw_output(w->stack[A], now(w), 0, &answer, 1) == 0);
	world_end(w);
}

static void
one_ack(void)
{
	one_ack_of(0);
	one_ack_of(1);
}
SCENE(one_ack)

/* Options of a header: each but 0 and 1 has a length that fits; behind 0 is nothing. */
static void
expect_options(const uint8_t *p, uint32_t n, bool syn)
{
	uint32_t at = 0;

	while (at < n && p[at] != 0) {
		if (p[at] == 1) {
			at++;
			continue;
		}
		if (!ok(at + 2 <= n && p[at + 1] >= 2 && at + p[at + 1] <= n))
			return;
		ok(syn || p[at] < 2 || p[at] > 4); /* MSS, window scale, SACK-permitted */
		at += p[at + 1];
	}
	for (; at < n; at++)
		ok(p[at] == 0);
}

/* RFC 1071 as it is told there, 16 bits at a time: not the sum that the stack uses. */
static uint32_t
plain_sum(const uint8_t *p, uint32_t n, uint32_t sum)
{
	for (uint32_t i = 0; i < n; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Is the checksum of this TCP segment right? */
static bool
checksum_right(const struct ip *ip)
{
	uint32_t from = ip->v6 ? 0 : 12, sum = IP_TCP + ip->body.len;

	sum = plain_sum(ip->src.b + from, 16 - from, sum);
	sum = plain_sum(ip->dst.b + from, 16 - from, sum);
	return plain_sum(ip->body.p, ip->body.len, sum) == 0xffff;
}

/*= RFC 9293 3.1 MUST-2, MUST-68, MUST-69, 3.2 MUST-65: with some of the options */
static void
every_segment_with(bool timestamps, bool sack)
{
	struct world *w = scene_new();

	for (int i = 0; i < 2; i++) {
		w->config[i].timestamps = timestamps;
		w->config[i].sack = sack;
	}
	w->path[A].loss = w->path[B].loss = 30000;
	scene_go(w);
	established(w);
	says(w, A, 99999);
	says(w, B, 55555);
	hears_all(w, B, 99999);
	hears_all(w, A, 55555);
	closes(w, A);
	until(w, B, SW_CLOSE_WAIT);
	closes(w, B);
	until(w, A, SW_TIME_WAIT);
	ok(w->n_wire > 110);
	for (size_t i = 0; i < w->n_wire; i++) {
		struct view v = {w->wire[i].data, w->wire[i].len};
		uint16_t from, to;
		struct seg seg;
		struct ip ip;

		ok(ip_read(v, true, &ip) == SW_V_TAKEN);
		ok(checksum_right(&ip));
		ok(tcp_read(&ip, SW_CSUM_NONE, &seg, &from, &to) == SW_V_TAKEN);
		expect_options(ip.body.p + TCP_HEADER, ip.body.len - seg.len - TCP_HEADER,
			       seg.ctl & SW_SYN);
	}
	world_end(w);
}

static void
every_segment(void)
{
	every_segment_with(true, true);
	every_segment_with(true, false);
	every_segment_with(false, true);
}
SCENE(every_segment)

/*= RFC 9293 3.5.3 SHLD-2 */
static void
reset_with_text(void)
{
	struct world *w = plain_with(65535);

	forge(w, A, "R 1:11(10)");
	run_for(w, 0);
	ok(state_of(w, A) == SW_CLOSED && status_of(w, A).error == SW_E_RESET);
	world_end(w);
}
SCENE(reset_with_text)

/*= RFC 6298 2.2, 2.3, 4 */
static void
timeout_in_numbers(void)
{
	struct world *w = scene_new();
	struct sw_status s;

	plain(w);
	w->config[B].delack = 0;
	w->path[A].delay = w->path[B].delay = 200 * SW_MS;
	scene_go(w);
	established(w);
	s = status_of(w, A); /* R = 400 ms */
	ok(s.srtt >= 400 * SW_MS && s.srtt < 402 * SW_MS);
	ok(s.rttvar >= 200 * SW_MS && s.rttvar < 201 * SW_MS);
	ok(s.rto >= 1200 * SW_MS && s.rto < 1206 * SW_MS);
	w->path[B].delay = 280 * SW_MS;
	path_changes(w, B);
	says(w, A, 100); /* R' = 480 ms: 150 + 20, 350 + 60 */
	run_for(w, 600 * SW_MS);
	s = status_of(w, A);
	ok(s.srtt >= 410 * SW_MS && s.srtt < 412 * SW_MS);
	ok(s.rttvar >= 169 * SW_MS && s.rttvar < 172 * SW_MS);
	ok(s.rto >= 1086 * SW_MS && s.rto < 1100 * SW_MS);
	for (int i = 0; i < 60; i++) { /* no variation any more: one tick of it */
		says(w, A, 100);
		run_for(w, SW_S);
	}
	s = status_of(w, A);
	ok(s.rttvar <= 5 * SW_MS);
	ok(s.rto > s.srtt);
	world_end(w);
}
SCENE(timeout_in_numbers)

/*= RFC 6298 5.7 */
static void
lost_syn_timeout(void)
{
	struct world *w = scene_new();

	plain(w);
	scene_go(w);
	listens(w, B);
	loses(w, A, 0);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	ok(status_of(w, A).rto == 3 * SW_S);
	world_end(w);
}
SCENE(lost_syn_timeout)

/*= RFC 5681 4.1 */
static void
after_idle_time(void)
{
	struct world *w;
	uint32_t initial;

	w = scene_new();
	w->config[A].without = SW_NO_CWV; /* which keeps cwnd for minutes: RFC 7661 */
	plain(w);
	w->config[B].rcv_buf = 65535;
	scene_go(w);
	established(w);
	initial = status_of(w, A).cwnd;
	says(w, A, 300000);
	hears_all(w, B, 300000);
	run_for(w, 100 * SW_MS);
	ok(status_of(w, A).cwnd > initial);
	run_for(w, 10 * SW_S);
	says(w, A, 1000);
	ok(status_of(w, A).cwnd == initial);
	world_end(w);
}
SCENE(after_idle_time)

/* The peer reports as many segments behind the first as `n`. */
static void
reports(struct world *w, uint32_t mss, uint32_t n)
{
	char text[100];

	snprintf(text, sizeof(text), ". 1:1(0) ack 1 win 2047 <sack %lu:%lu>",
		 (unsigned long)(1 + mss), (unsigned long)(1 + (1 + n) * mss));
	forge(w, A, text);
	run_for(w, 0);
}

/*= RFC 6675 5.1, RFC 5681 4.3: the retransmission is lost, too */
static void
timeout_in_recovery(void)
{
	struct world *w = scene_new();
	struct sw_counters n = {.bytes = sizeof(n)};
	uint32_t mss, half;

	w->config[A].timestamps = w->config[A].nagle = false;
	w->config[A].cc = SW_CC_RENO;
	scene_go(w);
	established(w);
	mss = status_of(w, A).mss;
	deafen(w);
	says(w, A, 10 * mss);
	run_for(w, SW_MS);
	for (uint32_t k = 1; k <= 3; k++)
		reports(w, mss, k);
	ok(status_of(w, A).recovery == 1);
	half = status_of(w, A).ssthresh; /* cwnd is on its way there */
	ok(half == 5 * mss);
	run_for(w, SW_S);
	ok(status_of(w, A).recovery == 2);
	ok(status_of(w, A).cwnd == mss); /* lowered twice */
	for (uint32_t k = 4; k <= 8; k++)
		reports(w, mss, k);
	ok(status_of(w, A).recovery == 2); /* no new one */
	ok(sw_counters(w->stack[A], &n) == SW_OK && n.fast_recoveries == 1);
	w->path[A].loss = 0;
	path_changes(w, A);
	hears_all(w, B, 10 * mss);
	world_end(w);
}
SCENE(timeout_in_recovery)

/*= RFC 2018 4, RFC 7323 2.2, 3.2: none of our options is in B's SYN-ACK */
static void
not_agreed_on(void)
{
	struct world *w = scene_new();

	w->config[B].timestamps = w->config[B].window_scale = w->config[B].sack = false;
	scene_go(w);
	established(w);
	ok(status_of(w, A).snd_wscale == 0 && status_of(w, A).rcv_wscale == 0);
	forge(w, A, ". 1:101(100) ack 1 <TS 77 88>");
	forge(w, A, ". 1001:1101(100) ack 1");
	run_for(w, SW_S);
	ok(status_of(w, A).rcv_queued == 100);
	for (size_t i = w->told; i < w->n_wire; i++)
		ok(w->wire[i].seg.has == 0 || (w->wire[i].fate & SW_SIM_INJECTED));
	ok(w->n_wire - w->told >= 3);
	world_end(w);
}
SCENE(not_agreed_on)

/* The port that an OPEN to B gets. */
static uint16_t
port_of(struct world *w)
{
	struct sw_status st = {.bytes = sizeof(st)};
	sw_conn c;

	ok(sw_open_active(w->stack[A], now(w), NULL, &w->end[B], &c) == SW_OK);
	ok(sw_status(w->stack[A], c, &st) == SW_OK);
	return st.local.port;
}

/*= RFC 6056 3.2, 3.3 */
static void
ports(void)
{
	struct world *w = scene_new(), *other = scene_new();
	uint16_t seen[20];
	unsigned same = 0;

	other->seed = w->seed + 1; /* another secret */
	scene_go(w);
	scene_go(other);
	for (unsigned i = 0; i < N_OF(seen); i++) {
		seen[i] = port_of(w);
		ok(seen[i] >= 49152);
		same += seen[i] == port_of(other);
		for (unsigned k = 0; k < i; k++)
			ok(seen[k] != seen[i]);
	}
	ok(same == 0);
	world_end(w);
	world_end(other);
}
SCENE(ports)

/*= RFC 1122 3.2.1.3, 3.2.1.7: for another host; with a TTL of 1 */
static void
another_hosts(void)
{
	static uint8_t packet[65536];
	struct world *w = scene_start();
	struct sw_addr ours = w->end[A].addr;
	uint32_t len;

	listens(w, A);
	w->end[A].addr.b[15] = 99;
	forge(w, A, "S 0:0(0) win 1000");
	w->end[A].addr = ours;
	run_for(w, SW_S);
	ok(sent(w, A) == 0 && verdicts_of(w, A, SW_V_NOT_OURS) == 1);
	deafen(w);
	len = world_forge(w, B, "S 0:0(0) win 1000", packet);
	packet[w->v6 ? 7 : 8] = 1;
	if (!w->v6) {
		uint32_t sum;

		packet[10] = packet[11] = 0;
		sum = ~sum_bytes(packet, 20);
		memcpy(packet + 10, &(uint16_t){(uint16_t)sum}, 2);
	}
	ok(sw_sim_inject(w->sim, A, 0, packet, len) == SW_OK);
	run_for(w, SW_MS);
	ok(sent(w, A) == 1);
	world_end(w);
}
SCENE(another_hosts)

int
main(void)
{
	PLAY("MUST-1 REC-1 large windows", large_windows);
	PLAY("MUST-2 MUST-65 MUST-68 MUST-69 what every segment has", every_segment);
	PLAY("MUST-8 MUST-9 SHLD-1 initial sequence numbers", initial_numbers);
	PLAY("MUST-12 closed or aborted", closed_or_aborted);
	PLAY("MUST-13 twice the segment lifetime", twice_the_lifetime);
	PLAY("MUST-14 MUST-15 MUST-16 MUST-67 SHLD-5 MAY-3 segment sizes", segment_sizes);
	PLAY("MUST-22 R1 and R2 of a SYN", syn_limits);
	PLAY("MUST-27 MUST-29 SHLD-12 MAY-5 keep-alive as it was set", keep_alive_as_set);
	PLAY("MUST-32 MUST-33 urgent data is told until it is read", urgent_told);
	PLAY("MUST-35 SHLD-15 SHLD-17 window taken back", window_taken_back);
	PLAY("SHLD-29 SHLD-30 probes farther and farther apart", probes_apart);
	PLAY("MUST-41 MUST-42 passive OPEN beside others", passive_beside);
	PLAY("MUST-43 MUST-44 MUST-45 local addresses", local_addresses);
	PLAY("MUST-46 MUST-57 MUST-63 addresses of no single host", no_single_host);
	PLAY("MUST-47 what ends nothing is reported", reported);
	PLAY("MUST-48 MUST-49 SHLD-21 SHLD-22 Diffserv and TTL", diffserv_and_ttl);
	PLAY("MUST-54 MUST-55 MUST-56 SHLD-25 SHLD-26 ICMP errors", icmp_errors);
	PLAY("MUST-58 MUST-59 one ACK for a batch", one_ack);
	PLAY("SHLD-2 RST with text", reset_with_text);
	PLAY("RFC1122-4 RFC1122-8 of another host, and the last hop", another_hosts);
	PLAY("RFC2018-2 RFC7323-8 options that were not agreed on", not_agreed_on);
	PLAY("RFC5681-7 begin anew after idle time", after_idle_time);
	PLAY("RFC6056-1 RFC6056-2 ports", ports);
	PLAY("RFC6298-2 RFC6298-3 RFC6298-6 the timeout in numbers", timeout_in_numbers);
	PLAY("RFC6298-11 three seconds after a lost SYN", lost_syn_timeout);
	PLAY("RFC6675-4 RFC5681-11 a timeout in a recovery", timeout_in_recovery);
	return plan_done();
}
