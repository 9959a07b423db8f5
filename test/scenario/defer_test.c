/*
 * defer_test.c - a deferred listener: the SYN waits for its application's word.
 */
#include "scene.h"
#include "wire/wire.h"

static const uint32_t most = 2;

static void
asks(struct world *w, uint64_t n)
{
	ok(sw_set(w->stack[B], now(w), w->listener[B], SW_OPT_DEFER, n) == SW_OK);
}

static struct world *
defer_start(void)
{
	struct world *w = scene_start();

	listens(w, B);
	asks(w, most);
	return w;
}

/* The name of the SYN that is next; 0: none. */
static sw_conn
next_asked(struct world *w)
{
	sw_conn c = 0;
	int r = sw_asked(w->stack[B], now(w), w->listener[B], &c);

	ok(r == SW_OK || (r == SW_E_AGAIN && c == 0));
	return c;
}

/* A opens, its SYN has come to B. */
static sw_conn
asked(struct world *w)
{
	opens(w, A);
	run_for(w, 15 * SW_MS);
	return next_asked(w);
}

static int
answer(struct world *w, sw_conn c, enum sw_answer how)
{
	return sw_answer(w->stack[B], now(w), c, how, &w->conn[B]);
}

static struct sw_counters
counted(const struct world *w, int host)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(w->stack[host], &c) == SW_OK);
	return c;
}

/* Not a word before the answer, then the whole of it. */
static void
accepted(void)
{
	struct world *w = defer_start();
	struct sw_status st = {.bytes = sizeof(st)};
	struct sw_event e;
	sw_conn c;

	ok(!(sw_ready(w->stack[B], w->listener[B]) & SW_ASKED));
	opens(w, A);
	run_for(w, 15 * SW_MS);
	ok(sw_ready(w->stack[B], w->listener[B]) == SW_ASKED);
	ok(sw_event(w->stack[B], &e) == 1 && e.conn == w->listener[B] && e.ready & SW_ASKED);
	c = next_asked(w);
	ok(c != 0 && next_asked(w) == 0 && sw_ready(w->stack[B], w->listener[B]) == 0);
	ok(sw_status(w->stack[B], c, &st) == SW_OK && st.state == SW_LISTEN);
	ok(st.remote.port == w->end[A].port && sw_addr_same(&st.remote.addr, &w->end[A].addr));
	ok(st.local.port == w->end[B].port && sw_addr_same(&st.local.addr, &w->end[B].addr));
	run_for(w, 500 * SW_MS);
	ok(sent(w, B) == 0);
	ok(counted(w, B).pool_used[SW_POOL_CONNS] == 0);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_OK);
	ok(state_of(w, B) == SW_SYN_RECEIVED);
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 0);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_E_NO_CONN);
	ok(sw_status(w->stack[B], c, &st) == SW_E_NO_CONN);
	until(w, B, SW_ESTABLISHED);
	ok(ready_of(w, B) & SW_OPENED);
	ok(sw_accept(w->stack[B], now(w), w->listener[B], &c) == SW_E_AGAIN);
	expect_wire(w, "A>B S  0:0(0)\n"
		       "B>A S. 0:0(0) ack 1\n"
		       "A>B .  1:1(0) ack 1");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	says(w, A, 20000);
	says(w, B, 20000);
	hears_all(w, A, 20000);
	hears_all(w, B, 20000);
	world_end(w);
}
SCENE(accepted)

/* Data waits for the handshake's end, unlike one that came with a cookie. */
static void
said_early(void)
{
	struct world *w = defer_start();

	ok(answer(w, asked(w), SW_ANSWER_ACCEPT) == SW_OK);
	says(w, B, 10);
	closes(w, B);
	run_for(w, SW_MS);
	ok(sent(w, B) == 1);
	hears_all(w, A, 10);
	hears_end(w, A);
	world_end(w);
}
SCENE(said_early)

static void
refused(void)
{
	struct world *w = defer_start();

	ok(answer(w, asked(w), SW_ANSWER_REFUSE) == SW_OK);
	until(w, A, SW_CLOSED);
	ok(status_of(w, A).error == SW_E_REFUSED);
	expect_wire(w, "A>B S  0:0(0)\n"
		       "B>A R. 0:0(0) ack 1");
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 0);
	world_end(w);
}
SCENE(refused)

/* A soft error to A, which goes on trying: the next SYN asks again. */
static void
unreachable(void)
{
	struct world *w = defer_start();

	ok(answer(w, asked(w), SW_ANSWER_UNREACHABLE) == SW_OK);
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 0);
	run_for(w, 20 * SW_MS);
	ok(status_of(w, A).icmp_type == (w->v6 ? 1 : 3));
	ok(status_of(w, A).icmp_code == (w->v6 ? 3 : 1));
	ok(ready_of(w, A) & SW_TROUBLE);
	ok(state_of(w, A) == SW_SYN_SENT && next_asked(w) == 0);
	run_for(w, 2 * SW_S);
	ok(answer(w, next_asked(w), SW_ANSWER_ACCEPT) == SW_OK);
	until(w, A, SW_ESTABLISHED);
	world_end(w);
}
SCENE(unreachable)

static void
ignored(void)
{
	struct world *w = defer_start();

	ok(answer(w, asked(w), SW_ANSWER_IGNORE) == SW_OK);
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 0);
	run_for(w, 500 * SW_MS);
	ok(sent(w, B) == 0 && next_asked(w) == 0);
	run_for(w, 2 * SW_S);
	ok(answer(w, next_asked(w), SW_ANSWER_ACCEPT) == SW_OK);
	until(w, A, SW_ESTABLISHED);
	world_end(w);
}
SCENE(ignored)

/* The SYN again is no other question. */
static void
syn_again(void)
{
	struct world *w = defer_start();
	sw_conn c = asked(w);

	run_for(w, 8 * SW_S);
	ok(sent(w, A) == 4 && sent(w, B) == 0);
	ok(verdicts_of(w, B, SW_V_ASKED) == 1 && verdicts_of(w, B, SW_V_DUPLICATE) == 3);
	ok(next_asked(w) == 0);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_OK);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	world_end(w);
}
SCENE(syn_again)

/* A starts again with another ISS: the answer is for that one. */
static void
syn_newer(void)
{
	struct world *w = defer_start();
	sw_conn c;

	forge(w, B, "S 5000:5000(0) win 1000 <mss 900>");
	run_for(w, 15 * SW_MS);
	c = next_asked(w);
	opens(w, A);
	run_for(w, 15 * SW_MS);
	ok(verdicts_of(w, B, SW_V_ASKED) == 2 && next_asked(w) == 0);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_OK);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	ok(status_of(w, B).timestamps && status_of(w, B).mss > 1000);
	world_end(w);
}
SCENE(syn_newer)

/* "Too big", about what B has not sent: a guess at its number, as it stands in a blank record. */
static void
forge_too_big(struct world *w)
{
	static uint8_t quote[100], packet[200];
	struct sw_trace syn_ack = {.local = w->end[B], .remote = w->end[A], .ctl = SW_SYN | SW_ACK};
	struct icmp m = {.v6 = w->v6, .type = w->v6 ? 2 : 3, .code = w->v6 ? 0 : 4, .word = 1280};
	struct ip_head ip = {.src = w->end[A].addr, .dst = w->end[B].addr, .ttl = 64};
	struct sw_packet p = {.data = packet};

	ip.proto = w->v6 ? IP_ICMP6 : IP_ICMP;
	m.rest.p = quote;
	m.rest.len = world_build(&syn_ack, NULL, quote);
	ip.len = 8 + m.rest.len;
	p.len = ip_write(packet, sizeof(packet), &ip);
	p.len += icmp_write(packet + p.len, 100, &m, &ip.src, &ip.dst);
	sw_input(w->stack[B], now(w), &p, 1);
}

/* It is in LISTEN: a RST is nothing, an ACK is answered by a RST (3.10.7.2), ICMP means
 * somebody else. */
static void
strays(void)
{
	struct world *w = defer_start();
	sw_conn c = asked(w);

	skip_wire(w);
	forge(w, B, "R 1:1(0) win 0");
	forge(w, B, ". 1:1(0) ack 1 win 1000");
	forge_too_big(w);
	run_for(w, 15 * SW_MS);
	ok(sent(w, B) == 1 && counted(w, B).resets_out == 1);
	ok(verdicts_of(w, B, SW_V_ICMP_UNPROVEN) == 1);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_OK);
	ok(status_of(w, B).peer_mss == (w->v6 ? 1440 : 1460));
	until(w, B, SW_ESTABLISHED);
	world_end(w);
}
SCENE(strays)

/* The application has it: a RST does not send it back to LISTEN. */
static void
reset_after(void)
{
	struct world *w = defer_start();

	ok(answer(w, asked(w), SW_ANSWER_ACCEPT) == SW_OK);
	forge(w, B, "R 1:1(0) win 0");
	run_for(w, 15 * SW_MS);
	ok(ready_of(w, B) & SW_FAILED);
	ok(status_of(w, B).error == SW_E_RESET);
	ok(status_of(w, B).state == SW_CLOSED);
	releases(w, B);
	ok(counted(w, B).pool_used[SW_POOL_CONNS] == 0);
	world_end(w);
}
SCENE(reset_after)

/* The bound: the third SYN is as if it were lost; a place is free with each answer. */
static void
bounded(void)
{
	struct world *w = defer_start();
	sw_conn c[3];

	for (int i = 0; i < 3; i++) {
		w->end[A].port++;
		forge(w, B, "S 0:0(0) win 1000");
		run_for(w, SW_MS);
	}
	run_for(w, 15 * SW_MS);
	ok(verdicts_of(w, B, SW_V_ASKED) == most && verdicts_of(w, B, SW_V_NO_HALF) == 1);
	for (int i = 0; i < 3; i++)
		c[i] = next_asked(w);
	ok(c[0] != 0 && c[1] != 0 && c[0] != c[1] && c[2] == 0);
	forge(w, B, "S 0:0(0) win 1000");
	run_for(w, 15 * SW_MS);
	ok(verdicts_of(w, B, SW_V_NO_HALF) == 2);
	ok(answer(w, c[1], SW_ANSWER_REFUSE) == SW_OK);
	forge(w, B, "S 0:0(0) win 1000");
	run_for(w, 15 * SW_MS);
	ok(verdicts_of(w, B, SW_V_ASKED) == 3);
	ok((c[2] = next_asked(w)) != 0 && c[2] != c[1]);
	ok(answer(w, c[1], SW_ANSWER_REFUSE) == SW_E_NO_CONN);
	ok(answer(w, c[0], SW_ANSWER_IGNORE) == SW_OK);
	ok(answer(w, c[2], (enum sw_answer)9) == SW_E_INVALID);
	ok(answer(w, c[2], SW_ANSWER_IGNORE) == SW_OK);
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 0);
	world_end(w);
}
SCENE(bounded)

/* The time limit, which a SYN that comes again does not stretch. */
static void
in_time(void)
{
	struct world *w = scene_new();
	sw_conn c;

	w->config[B].defer_time = 4 * SW_S;
	scene_go(w);
	listens(w, B);
	asks(w, most);
	c = asked(w);
	run_for(w, 3900 * SW_MS);
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 1);
	run_for(w, 200 * SW_MS);
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 0 && counted(w, B).asked_expired == 1);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_E_NO_CONN);
	ok(sent(w, B) == 0 && next_asked(w) == 0);
	run_for(w, 4 * SW_S); /* the SYN at 7 s asks again */
	ok((c = next_asked(w)) != 0);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_OK);
	until(w, A, SW_ESTABLISHED);
	world_end(w);
}
SCENE(in_time)

/* The listener goes: who was not told of is refused, who was is no more. */
static void
listener_gone(void)
{
	struct world *w = defer_start();
	sw_conn c;

	forge(w, B, "S 5000:5000(0) win 1000");
	run_for(w, 15 * SW_MS);
	c = next_asked(w);
	w->end[A].port++;
	opens(w, A);
	run_for(w, 15 * SW_MS);
	ok(sw_close(w->stack[B], now(w), w->listener[B]) == SW_OK);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_E_NO_CONN);
	until(w, A, SW_CLOSED);
	ok(status_of(w, A).error == SW_E_REFUSED);
	run_for(w, 40 * SW_S);
	ok(counted(w, B).pool_used[SW_POOL_HALF_OPENS] == 0);
	world_end(w);
}
SCENE(listener_gone)

/* An answer is an answer: no cookies, no Fast Open, whatever else is set. */
static void
nothing_else(void)
{
	struct world *w = scene_new();

	w->config[B].cookies = SW_COOKIES_ALWAYS;
	scene_go(w);
	listens(w, B);
	asks(w, most);
	ok(sw_set(w->stack[B], now(w), w->listener[B], SW_OPT_FASTOPEN, 4) == SW_OK);
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_FASTOPEN, 1) != SW_OK);
	opens(w, A);
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_FASTOPEN, 1) == SW_OK);
	run_for(w, 15 * SW_MS);
	ok(sent(w, B) == 0 && verdicts_of(w, B, SW_V_COOKIE_SENT) == 0);
	ok(answer(w, next_asked(w), SW_ANSWER_ACCEPT) == SW_OK);
	until(w, B, SW_ESTABLISHED);
	ok(status_of(w, B).fastopen == SW_FASTOPEN_NONE);
	ok(verdicts_of(w, B, SW_V_COOKIE_SENT) == 0);
	world_end(w);
}
SCENE(nothing_else)

/* ECN, window scale, SACK, MSS: what the SYN said is kept while it waits. */
static void
options_kept(void)
{
	struct world *w = scene_new();

	w->config[A].ecn = w->config[B].ecn = SW_ECN_ACCURATE;
	w->iface[A].mtu = 1280;
	scene_go(w);
	listens(w, B);
	asks(w, most);
	ok(answer(w, asked(w), SW_ANSWER_ACCEPT) == SW_OK);
	until(w, B, SW_ESTABLISHED);
	ok(status_of(w, A).ecn && status_of(w, B).ecn);
	ok(status_of(w, A).accurate_ecn && status_of(w, B).accurate_ecn);
	ok(status_of(w, B).sack && status_of(w, B).timestamps);
	ok(status_of(w, B).snd_wscale == 5 && status_of(w, B).rcv_wscale == 5);
	ok(status_of(w, B).peer_mss == (w->v6 ? 1220 : 1240));
	world_end(w);
}
SCENE(options_kept)

/* No block is free: the question stands. */
static void
no_block(void)
{
	struct world *w = scene_new();
	sw_conn c, held;

	w->config[B].conns = 1;
	scene_go(w);
	listens(w, B);
	asks(w, most);
	w->end[A].port++;
	ok(sw_open_active(w->stack[B], now(w), NULL, &w->end[A], &held) == SW_OK);
	w->end[A].port--;
	c = asked(w);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_E_NO_MEMORY);
	ok(sw_abort(w->stack[B], now(w), held) == SW_OK);
	ok(answer(w, c, SW_ANSWER_ACCEPT) == SW_OK);
	until(w, A, SW_ESTABLISHED);
	world_end(w);
}
SCENE(no_block)

/* A gateway: any address, any port, one question each, in the order that they came. */
static void
gateway(void)
{
	struct world *w = scene_new();
	struct sw_endpoint any = {0}, far;
	struct sw_status st = {.bytes = sizeof(st)};
	sw_conn c, first = 0;

	w->iface[B].any_destination = true;
	scene_go(w);
	far = w->end[B];
	ok(sw_addr_parse(&far.addr, w->v6 ? "2001:db8:7::7" : "198.51.100.7") == SW_OK);
	if (!w->v6)
		any.addr = sw_addr4(0, 0, 0, 0);
	ok(sw_route_add(w->stack[A], &any.addr, 0, 0, NULL) == SW_OK);
	ok(sw_open_passive(w->stack[B], now(w), &any, 16, &w->listener[B]) == SW_OK);
	asks(w, 10);
	for (uint16_t port = 1; port < 4; port++) {
		w->end[B] = far;
		w->end[B].port = port;
		opens(w, A);
		first = first != 0 ? first : w->conn[A];
	}
	run_for(w, 15 * SW_MS);
	for (uint16_t port = 1; port < 4; port++) {
		c = next_asked(w);
		ok(sw_status(w->stack[B], c, &st) == SW_OK);
		ok(st.local.port == port && sw_addr_same(&st.local.addr, &far.addr));
		ok(answer(w, c,
			  port == 1   ? SW_ANSWER_UNREACHABLE
			  : port == 2 ? SW_ANSWER_REFUSE
				      : SW_ANSWER_ACCEPT) == SW_OK);
	}
	run_for(w, 15 * SW_MS);
	/* of the last */
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	says(w, A, 3000);
	hears_all(w, B, 3000);
	ok(verdicts_of(w, A, SW_V_REFUSED) == 1);
	ok(sw_status(w->stack[A], first, &st) == SW_OK);
	ok(st.icmp_type == (w->v6 ? 1 : 3) && st.icmp_code == (w->v6 ? 3 : 1));
	world_end(w);
}
SCENE(gateway)

/* A SYN that takes over a TIME-WAIT: the ISS lies beyond the old one's numbers all the same. */
static void
over_time_wait(void)
{
	struct world *w = world_new();
	uint32_t iss;

	w->config[B].msl = 100 * SW_S;
	w->config[A].msl = 10 * SW_MS;
	world_go(w);
	listens(w, B);
	opens(w, A);
	until(w, A, SW_ESTABLISHED);
	run_for(w, 30 * SW_MS);
	accepts(w, B);
	iss = status_of(w, B).iss;
	closes(w, B);
	run_for(w, 30 * SW_MS);
	hears_end(w, A);
	closes(w, A);
	until(w, B, SW_TIME_WAIT);
	releases(w, A);
	releases(w, B);
	run_for(w, 100 * SW_MS);
	asks(w, most);
	ok(answer(w, asked(w), SW_ANSWER_ACCEPT) == SW_OK);
	ok(status_of(w, B).state == SW_SYN_RECEIVED);
	ok(status_of(w, B).iss == iss + 2 + UINT16_MAX + 2);
	until(w, A, SW_ESTABLISHED);
	world_end(w);
}

/* One that does not ask (any more) answers at once. */
static void
not_asked(void)
{
	struct world *w = defer_start();

	asks(w, 0);
	ok(asked(w) == 0);
	ok(sent(w, B) == 1 && verdicts_of(w, B, SW_V_ASKED) == 0);
	until(w, A, SW_ESTABLISHED);
	run_for(w, 30 * SW_MS);
	accepts(w, B);
	world_end(w);
}
SCENE(not_asked)

int
main(void)
{
	PLAY("a deferred SYN is accepted", accepted);
	PLAY("said before the handshake's end", said_early);
	PLAY("refused", refused);
	PLAY("unreachable", unreachable);
	PLAY("ignored", ignored);
	PLAY("the SYN comes again", syn_again);
	PLAY("a newer SYN", syn_newer);
	PLAY("a RST and an ACK while it waits", strays);
	PLAY("a RST after the answer", reset_after);
	PLAY("how many may wait", bounded);
	PLAY("how long", in_time);
	PLAY("the listener is closed", listener_gone);
	PLAY("no cookies, no Fast Open", nothing_else);
	PLAY("what the SYN said", options_kept);
	PLAY("no block is free", no_block);
	PLAY("a gateway", gateway);
	PLAY("not asked", not_asked);
	TEST("over a TIME-WAIT", over_time_wait);
	return plan_done();
}
