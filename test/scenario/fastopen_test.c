/*
 * fastopen_test.c - data on a SYN, by a cookie: both ends of RFC 7413, what the network
 * may do to it, and what strangers may.
 */
#include "scene.h"

/* Packets of either family take segments of 1460 bytes; no options but those looked at. */
static struct world *
fast_new(void)
{
	struct world *w = scene_new();

	for (int i = 0; i < 2; i++) {
		w->iface[i].mtu = w->v6 ? 1520 : 1500;
		w->config[i].timestamps = w->config[i].sack = w->config[i].window_scale = false;
		w->config[i].without |= SW_NO_SHARING; /* a lost SYN waits for a second */
		w->config[i].nagle = false;
	}
	return w;
}

/* B listens and takes `most` connections opened by a cookie; 0: it knows nothing of it. */
static void
fast_listens(struct world *w, uint64_t most)
{
	listens(w, B);
	ok(sw_set(w->stack[B], now(w), w->listener[B], SW_OPT_FASTOPEN, most) == SW_OK);
}

static struct world *
fast_start(uint64_t most)
{
	struct world *w = fast_new();

	world_go(w);
	fast_listens(w, most);
	return w;
}

/* A's next connection, from another port. */
static void
fast_next(struct world *w)
{
	run_for(w, 200 * SW_MS); /* what was on the way before */
	w->end[A].port++;
	w->said[A] = w->said[B] = w->heard[A] = w->heard[B] = 0;
	w->known[A] = w->known[B] = false;
	w->n_states[A] = 0;
	w->n_states[B] = 2; /* CLOSED, LISTEN */
	scene_iss_set(w);
	skip_wire(w);
}

static void
fast_opens(struct world *w, uint64_t how)
{
	fast_next(w);
	opens(w, A);
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_FASTOPEN, how) == SW_OK);
}

/* One connection there and away again: A has a cookie. */
static void
fast_acquaint(struct world *w)
{
	fast_opens(w, 1);
	until(w, A, SW_ESTABLISHED);
	run_for(w, 50 * SW_MS);
	accepts(w, B);
	closes(w, A);
	closes(w, B);
	run_for(w, SW_S);
	releases(w, A);
	releases(w, B);
	run_for(w, SW_S);
}

/* A's SYN with 10 bytes has come to B, whose program has the connection: its SYN-ACK is
 * on the way. */
static struct world *
fast_half(void)
{
	struct world *w = fast_start(4);

	fast_acquaint(w);
	fast_opens(w, 1);
	says(w, A, 10);
	run_for(w, 11 * SW_MS);
	accepts(w, B);
	ok(status_of(w, B).state == SW_SYN_RECEIVED);
	return w;
}

static struct sw_counters
counted(const struct world *w, int host)
{
	struct sw_counters c = {.bytes = sizeof(c)};

	ok(sw_counters(w->stack[host], &c) == SW_OK);
	return c;
}

static enum sw_fastopen
fast_of(const struct world *w, int host)
{
	return (enum sw_fastopen)status_of(w, host).fastopen;
}

/* RFC 7413 3: the first connection brings the cookie, the second uses it. */
static void
cookie_then_data(void)
{
	struct world *w = fast_start(4);

	fast_opens(w, 1);
	ok(status_of(w, A).fastopen_room == 0);
	says(w, A, 100);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460,FO>\n"
		       "A>B P. 1:101(100) ack 1");
	ok(fast_of(w, A) == SW_FASTOPEN_ASKED);
	accepts(w, B);
	hears(w, B, 100);

	fast_opens(w, 1);
	ok(fast_of(w, A) == SW_FASTOPEN_WANTED && status_of(w, A).fastopen_room == 1420);
	says(w, A, 100);
	run_for(w, 10 * SW_MS);
	/* the SYN has just come: its text is there, and the answer leaves behind the SYN-ACK */
	accepts(w, B);
	ok(status_of(w, B).state == SW_SYN_RECEIVED && fast_of(w, B) == SW_FASTOPEN_PASSIVE);
	ok((ready_of(w, B) & (SW_READABLE | SW_WRITABLE | SW_OPENED)) ==
	   (SW_READABLE | SW_WRITABLE));
	hears(w, B, 100);
	says(w, B, 4000);
	run_for(w, 5 * SW_MS);
	ok(status_of(w, A).state == SW_SYN_SENT);
	expect_wire(w, "A>B SP 0:100(100) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 101 <mss 1460>\n"
		       "B>A .  1:1461(1460) ack 101\n"
		       "B>A .  1461:2921(1460) ack 101\n"
		       "B>A P. 2921:4001(1080) ack 101");
	hears_all(w, A, 4000);
	ok(fast_of(w, A) == SW_FASTOPEN_TAKEN);
	until(w, B, SW_ESTABLISHED);
	ok(ready_of(w, B) & SW_OPENED);
	expect_path(w, A, "CLOSED SYN-SENT ESTABLISHED");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED");
	ok(counted(w, B).fastopens_in == 1 && counted(w, A).fastopens_out == 1);
	ok(verdicts_of(w, B, SW_V_FAST_OPEN) == 1);
	world_end(w);
}
SCENE(cookie_then_data)

/* All the options that there are fill the header up, and the text is less by as much. */
static void
all_options(void)
{
	struct world *w = fast_new();

	for (int i = 0; i < 2; i++) {
		w->config[i].timestamps = w->config[i].sack = w->config[i].window_scale = true;
		w->config[i].rcv_buf = 1 << 19;
	}
	world_go(w);
	fast_listens(w, 4);
	fast_acquaint(w);
	fast_opens(w, 1);
	says(w, A, 5000);
	until(w, A, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:1420(1420) win 65535 <mss 1460,ws 4,sackOK,TS 0 0,FO>\n"
		       "B>A S. 0:0(0) ack 1421 <mss 1460,ws 4,sackOK,TS 0 0>\n"
		       "A>B .  1421:2869(1448) ack 1\n"
		       "A>B .  2869:4317(1448) ack 1\n"
		       "A>B P. 4317:5001(684) ack 1");
	accepts(w, B);
	hears_all(w, B, 5000);
	ok(counted(w, A).bytes_out == 5000);
	world_end(w);
}
SCENE(all_options)

/*= RFC 7413 4.2 MUST: nothing of it unless somebody asked for it */
static void
off_by_default(void)
{
	struct world *w = fast_start(0);

	opens(w, A);
	says(w, A, 10);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0) <mss 1460>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460>\n"
		       "A>B P. 1:11(10) ack 1");
	/* a listener that does not take it ignores the option; text is kept as ever */
	fast_next(w);
	forge(w, B, "S 0:5(5) win 1000 <mss 1000,FO 0102030405060708>");
	loses(w, B, 0);
	run_for(w, SW_MS);
	expect_wire(w, "B>A S. 0:0(0) ack 6 <mss 1460> lost");
	ok(ready_of(w, B) == 0 && counted(w, B).fastopen_bad == 0);
	world_end(w);
}
SCENE(off_by_default)

/*= RFC 7413 4.1.3.1 MUST: a server without Fast Open is not asked again for a while */
static void
server_without(void)
{
	struct world *w = fast_start(0);

	for (int i = 0; i < 3; i++) {
		fast_opens(w, 1);
		until(w, A, SW_ESTABLISHED);
		expect_wire(w, "A>B S  0:0(0) <mss 1460,FO>\n"
			       "B>A S. 0:0(0) ack 1 <mss 1460>\n"
			       "A>B .  1:1(0) ack 1");
		run_for(w, (59 + i * 60) * SW_S);
		fast_opens(w, 1);
		until(w, A, SW_ESTABLISHED);
		expect_wire(w, "A>B S  0:0(0) <mss 1460>\n"
			       "B>A S. 0:0(0) ack 1 <mss 1460>\n"
			       "A>B .  1:1(0) ack 1");
		ok(fast_of(w, A) == SW_FASTOPEN_NONE);
		run_for(w, (1 + (i == 2) * 60) * SW_S);
	}
	/* another port is another server */
	w->end[B].port++;
	fast_listens(w, 4);
	fast_opens(w, 1);
	until(w, A, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460,FO>\n"
		       "A>B .  1:1(0) ack 1");
	world_end(w);
}
SCENE(server_without)

/*= RFC 7413 4.2.2: with another cookie the text is dropped, the SYN alone acknowledged */
static void
wrong_cookie(void)
{
	struct world *w = fast_start(4);

	forge(w, B, "S 0:5(5) win 1000 <mss 1000,FO 0102030405060708>");
	loses(w, B, 0);
	run_for(w, 5 * SW_MS);
	expect_wire(w, "B>A S. 0:0(0) ack 1 <mss 1460,FO> lost");
	ok(counted(w, B).fastopen_bad == 1 && counted(w, B).fastopens_in == 0);
	ok(counted(w, B).pool_used[SW_POOL_CONNS] == 0 && ready_of(w, B) == 0);
	world_end(w);
}
SCENE(wrong_cookie)

/* The server has another key than when it gave the cookie: nothing is lost by that. */
static void
server_forgot(void)
{
	struct world *w = fast_start(4);

	fast_acquaint(w);
	reboots(w, B);
	fast_listens(w, 4);
	fast_opens(w, 1);
	says(w, A, 3000);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:1420(1420) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460,FO>\n"
		       "A>B .  1:1461(1460) ack 1\n"
		       "A>B .  1461:2921(1460) ack 1\n"
		       "A>B P. 2921:3001(80) ack 1\n"
		       "B>A .  1:1(0) ack 3001");
	ok(fast_of(w, A) == SW_FASTOPEN_REFUSED && counted(w, A).fastopen_refused == 1);
	ok(counted(w, A).bytes_out == 3000 && counted(w, A).retransmits == 0);
	accepts(w, B);
	hears_all(w, B, 3000);
	fast_opens(w, 1); /* the new one is good */
	says(w, A, 10);
	run_for(w, 15 * SW_MS);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 11 <mss 1460>");
	world_end(w);
}
SCENE(server_forgot)

/*= RFC 7413 4.1.2: a cookie is good for two periods at most; the older one is exchanged */
static void
cookies_expire(void)
{
	struct world *w = fast_new();

	w->config[B].fastopen_period = 100 * SW_S;
	world_go(w);
	fast_listens(w, 4);
	fast_acquaint(w);
	run_for(w, 100 * SW_S);
	fast_opens(w, 1);
	says(w, A, 10);
	until(w, A, SW_ESTABLISHED);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 11 <mss 1460,FO>\n"
		       "A>B .  11:11(0) ack 1");
	fast_opens(w, 1);
	says(w, A, 10);
	until(w, A, SW_ESTABLISHED);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 11 <mss 1460>\n"
		       "A>B .  11:11(0) ack 1");
	run_for(w, 200 * SW_S);
	fast_opens(w, 1);
	says(w, A, 10);
	until(w, A, SW_ESTABLISHED);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460,FO>\n"
		       "A>B P. 1:11(10) ack 1");
	world_end(w);
}
SCENE(cookies_expire)

/* Stacks that share the secret honour each other's cookies; one with another does not. */
static void
cookies_shared(void)
{
	struct world *w = fast_new();

	memset(w->config[B].cookie_secret, 7, sizeof(w->config[B].cookie_secret));
	world_go(w);
	fast_listens(w, 4);
	fast_acquaint(w);
	reboots(w, B); /* another `secret` */
	fast_listens(w, 4);
	fast_opens(w, 1);
	says(w, A, 10);
	run_for(w, 15 * SW_MS);
	expect_wire(w, "A>B SP 0:10(10)\nB>A S. 0:0(0) ack 11");
	w->config[B].cookie_secret[31]++;
	reboots(w, B);
	fast_listens(w, 4);
	fast_opens(w, 1);
	says(w, A, 10);
	run_for(w, 15 * SW_MS);
	expect_wire(w, "A>B SP 0:10(10)\nB>A S. 0:0(0) ack 1");
	world_end(w);
}
SCENE(cookies_shared)

/*= RFC 7413 4.2 MUST: over the limit everybody goes without; one less, and it goes on */
static void
pending_limit(void)
{
	struct world *w = fast_start(2);

	fast_acquaint(w);
	w->path[A].delay = 800 * SW_MS; /* their ACKs come late */
	path_changes(w, A);
	for (int i = 0; i < 4; i++) {
		fast_opens(w, 1);
		says(w, A, 10);
		run_for(w, SW_MS);
	}
	run_for(w, 850 * SW_MS);
	w->path[A].delay = 10 * SW_MS;
	path_changes(w, A);
	ok(counted(w, B).fastopens_in == 2 && counted(w, B).fastopen_full == 2);
	run_for(w, SW_S);
	for (int i = 0; i < 4; i++) { /* all of them opened, and have the text */
		accepts(w, B);
		w->heard[B] = 0;
		hears(w, B, 10);
	}
	run_for(w, 130 * SW_S); /* A has learnt to leave it for a while */
	fast_opens(w, 1);
	says(w, A, 10);
	run_for(w, 12 * SW_MS);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\nB>A S. 0:0(0) ack 11 <mss 1460>");
	world_end(w);
}
SCENE(pending_limit)

/*= RFC 7413 5.1: who resets what it opened so makes no room for more */
static void
resets_count(void)
{
	struct world *w = fast_start(2);

	fast_acquaint(w);
	for (int i = 0; i < 3; i++) {
		fast_opens(w, 1);
		says(w, A, 10);
		run_for(w, SW_MS);
		aborts(w, A); /* it knows nothing of the SYN-ACK then, and resets it */
		run_for(w, 50 * SW_MS);
		ok(state_of(w, B) == (i < 2 ? SW_CLOSED : SW_LISTEN));
		if (i < 2) {
			accepts(w, B);
			ok(status_of(w, B).error == SW_E_RESET);
			releases(w, B);
		}
	}
	ok(counted(w, B).fastopens_in == 2 && counted(w, B).fastopen_full == 1);
	ok(counted(w, B).pool_used[SW_POOL_CONNS] == 0);
	run_for(w, 60 * SW_S);
	fast_opens(w, 1);
	says(w, A, 10);
	run_for(w, 12 * SW_MS);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\nB>A S. 0:0(0) ack 11 <mss 1460>");
	world_end(w);
}
SCENE(resets_count)

/*= RFC 7413 4.2.2 SHOULD: the SYN that is sent again has neither data nor the option; and the
 * path is left alone for a while */
static void
syn_lost(void)
{
	struct world *w = fast_start(4);

	fast_acquaint(w);
	for (int i = 0; i < 2; i++) {
		loses(w, A, 0);
		fast_opens(w, 1);
		says(w, A, 10);
		until(w, B, SW_ESTABLISHED);
		expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO> lost\n"
			       "A>B S  0:0(0) <mss 1460>\n"
			       "B>A S. 0:0(0) ack 1 <mss 1460>\n"
			       "A>B P. 1:11(10) ack 1");
		ok(fast_of(w, A) == SW_FASTOPEN_REFUSED);
		run_for(w, (59 + i * 60) * SW_S);
		fast_opens(w, 1);
		ok(status_of(w, A).fastopen_room == 0);
		says(w, A, 10);
		until(w, B, SW_ESTABLISHED);
		expect_wire(w, "A>B S  0:0(0) <mss 1460>\n"
			       "B>A S. 0:0(0) ack 1 <mss 1460>\n"
			       "A>B P. 1:11(10) ack 1");
		run_for(w, SW_S);
	}
	world_end(w);
}
SCENE(syn_lost)

/* The same of a SYN that asks. */
static void
asking_syn_lost(void)
{
	struct world *w = fast_start(4);

	loses(w, A, 0);
	fast_opens(w, 1);
	says(w, A, 10);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0) <mss 1460,FO> lost\n"
		       "A>B S  0:0(0) <mss 1460>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460>\n"
		       "A>B P. 1:11(10) ack 1");
	fast_opens(w, 1);
	until(w, B, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:0(0) <mss 1460>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460>\n"
		       "A>B .  1:1(0) ack 1");
	world_end(w);
}
SCENE(asking_syn_lost)

/*= RFC 7413 4.2.2 SHOULD: nor has the SYN-ACK that is sent again */
static void
syn_ack_lost(void)
{
	struct world *w = fast_start(4);

	w->path[B].loss = 1000000;
	path_changes(w, B);
	forge(w, B, "S 0:0(0) win 1000 <mss 1460,FO>");
	run_for(w, 4 * SW_S);
	expect_wire(w, "B>A S. 0:0(0) ack 1 <mss 1460,FO> lost\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460> lost\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460> lost");
	run_for(w, 100 * SW_S);
	w->path[B].loss = 0;
	path_changes(w, B);
	fast_acquaint(w);
	fast_opens(w, 1);
	says(w, A, 10);
	loses(w, B, 0);
	until(w, B, SW_ESTABLISHED);
	/* both ends repeat what they have not heard of; the text is there already */
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\n"
		       "B>A S. 0:0(0) ack 11 <mss 1460> lost\n"
		       "A>B S  0:0(0) <mss 1460>\n"
		       "B>A S. 0:0(0) ack 11 <mss 1460>\n"
		       "A>B .  11:11(0) ack 1");
	accepts(w, B);
	hears(w, B, 10);
	ok(fast_of(w, A) == SW_FASTOPEN_TAKEN);
	world_end(w);
}
SCENE(syn_ack_lost)

/* The answer that went before the handshake's end is lost, and so is the SYN-ACK. */
static void
answer_lost(void)
{
	struct world *w = fast_half();

	says(w, B, 3000);
	skip_wire(w);
	loses(w, B, 0);
	loses(w, B, 1);
	run_for(w, SW_MS);
	hears_all(w, A, 3000);
	until(w, B, SW_ESTABLISHED);
	hears(w, B, 10);
	run_for(w, SW_S);
	ok(status_of(w, B).snd_queued == 0);
	world_end(w);
}
SCENE(answer_lost)

/* The ACK of the handshake is lost; what the client says next has it as well. */
static void
ack_lost(void)
{
	struct world *w = fast_half();

	loses(w, A, 0);
	until(w, A, SW_ESTABLISHED);
	run_for(w, 50 * SW_MS);
	ok(state_of(w, B) == SW_SYN_RECEIVED);
	says(w, A, 20);
	until(w, B, SW_ESTABLISHED);
	hears(w, B, 30);
	world_end(w);
}
SCENE(ack_lost)

/* An old SYN that comes again finds its connection, or opens one more: RFC 7413 2.1, 6.1
 * leave that to who asks for Fast Open. */
static void
duplicate_syn(void)
{
	struct world *w = fast_half();
	unsigned syn = sent(w, A) - 1;
	sw_conn twin;
	char bytes[16];

	replays(w, A, syn);
	run_for(w, 100 * SW_MS);
	ok(counted(w, B).pool_used[SW_POOL_CONNS] == 1 && counted(w, B).fastopens_in == 1);
	hears(w, B, 10);
	closes(w, A);
	run_for(w, SW_S);
	closes(w, B);
	run_for(w, SW_S);
	releases(w, B);
	skip_wire(w);
	replays(w, A, syn);
	run_for(w, 5 * SW_MS);
	ok(counted(w, B).fastopens_in == 2);
	ok(sw_accept(w->stack[B], now(w), w->listener[B], &twin) == SW_OK);
	ok(sw_receive(w->stack[B], now(w), twin, bytes, sizeof(bytes)) == 10);
	world_end(w);
}
SCENE(duplicate_syn)

/* The program may do anything before the handshake is complete: it ends it ... */
static void
aborted_early(void)
{
	struct world *w = fast_half();

	skip_wire(w);
	aborts(w, B);
	run_for(w, SW_MS);
	expect_wire(w, "B>A R. 1:1(0) ack 11");
	ok(state_of(w, B) == SW_CLOSED);
	world_end(w);
}
SCENE(aborted_early)

/* ... or goes without having read (RFC 9293 3.6.1 SHLD-3) ... */
static void
released_early(void)
{
	struct world *w = fast_half();

	skip_wire(w);
	releases(w, B);
	run_for(w, SW_MS);
	expect_wire(w, "B>A R. 1:1(0) ack 11");
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED CLOSED");
	until(w, A, SW_CLOSED);
	world_end(w);
}
SCENE(released_early)

/* ... or answers and closes: the FIN goes when the handshake is complete. */
static void
closed_early(void)
{
	struct world *w = fast_half();

	skip_wire(w);
	hears(w, B, 10);
	says(w, B, 20);
	closes(w, B);
	run_for(w, 5 * SW_MS);
	expect_wire(w, "B>A P. 1:21(20) ack 11");
	until(w, A, SW_CLOSE_WAIT);
	hears(w, A, 20);
	hears_end(w, A);
	closes(w, A);
	until(w, B, SW_TIME_WAIT);
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 TIME-WAIT");
	world_end(w);
}
SCENE(closed_early)

static void
closed_early_silent(void)
{
	struct world *w = fast_half();

	hears(w, B, 10);
	closes(w, B);
	ok(state_of(w, B) == SW_FIN_WAIT_1);
	until(w, A, SW_CLOSE_WAIT);
	hears_end(w, A);
	closes(w, A);
	until(w, B, SW_TIME_WAIT);
	world_end(w);
}
SCENE(closed_early_silent)

/* A RST does not return it to LISTEN: a program has it, and is told. */
static void
reset_early(void)
{
	struct world *w = fast_half();

	forge(w, B, "R 11:11(0)");
	run_for(w, SW_MS);
	ok(state_of(w, B) == SW_CLOSED && status_of(w, B).error == SW_E_RESET);
	ok(ready_of(w, B) & SW_FAILED);
	expect_path(w, B, "CLOSED LISTEN SYN-RECEIVED CLOSED");
	world_end(w);
}
SCENE(reset_early)

/* A SYN in the window is a stranger's: it is challenged. */
static void
syn_early(void)
{
	struct world *w = fast_half();

	skip_wire(w);
	forge(w, B, "S 100:100(0)");
	run_for(w, SW_MS);
	expect_wire(w, "B>A . 1:1(0) ack 11");
	until(w, B, SW_ESTABLISHED);
	world_end(w);
}
SCENE(syn_early)

/* Nobody answers: the program is told, after the tries of any SYN-ACK. */
static void
never_completed(void)
{
	struct world *w = fast_half();

	w->path[A].loss = 1000000;
	path_changes(w, A);
	says(w, B, 5000);
	run_for(w, 200 * SW_S);
	ok(state_of(w, B) == SW_CLOSED && status_of(w, B).error == SW_E_TIMED_OUT);
	world_end(w);
}
SCENE(never_completed)

/*= RFC 7413 4.1.3.1 MUST: no answer at all is remembered, and so is a refusal */
static void
no_answer(void)
{
	struct world *w = fast_start(4);

	fast_acquaint(w);
	w->path[A].loss = 1000000;
	path_changes(w, A);
	fast_opens(w, 1);
	says(w, A, 10);
	until(w, A, SW_CLOSED);
	ok(status_of(w, A).error == SW_E_TIMED_OUT);
	w->path[A].loss = 0;
	path_changes(w, A);
	fast_opens(w, 1);
	ok(status_of(w, A).fastopen_room == 0);
	until(w, B, SW_ESTABLISHED);
	run_for(w, 61 * SW_S);
	ok(sw_close(w->stack[B], now(w), w->listener[B]) == SW_OK);
	fast_opens(w, 1);
	ok(status_of(w, A).fastopen_room > 0);
	says(w, A, 10);
	until(w, A, SW_CLOSED);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\nB>A R. 0:0(0) ack 11");
	ok(status_of(w, A).error == SW_E_REFUSED);
	fast_opens(w, 1);
	ok(status_of(w, A).fastopen_room == 0);
	world_end(w);
}
SCENE(no_answer)

/* The path swallows all that comes behind a SYN with data: seen after two timeouts. */
static void
black_hole(void)
{
	struct world *w = fast_start(4);

	fast_acquaint(w);
	fast_opens(w, 1);
	says(w, A, 10);
	until(w, A, SW_ESTABLISHED);
	ok(fast_of(w, A) == SW_FASTOPEN_TAKEN);
	w->path[A].loss = 1000000;
	path_changes(w, A);
	says(w, A, 10);
	run_for(w, 1500 * SW_MS);
	ok(fast_of(w, A) == SW_FASTOPEN_REFUSED);
	w->path[A].loss = 0;
	path_changes(w, A);
	fast_opens(w, 1);
	ok(status_of(w, A).fastopen_room == 0);
	world_end(w);
}
SCENE(black_hole)

/* Two SYNs with data and cookies cross: each end takes the other's SYN as one without. */
static void
crossing(void)
{
	struct world *w = fast_start(4);
	struct sw_cookie c;

	fast_acquaint(w);
	ok(sw_fastopen_cookie(w->stack[A], &w->end[A].addr, &w->end[B].addr, &c) == SW_OK);
	ok(c.len == 8 && c.mss == 1460);
	ok(sw_fastopen_remember(w->stack[B], &w->end[B].addr, &w->end[A].addr, &c) == SW_OK);
	fast_opens(w, 1);
	says(w, A, 10);
	opens(w, B);
	ok(sw_set(w->stack[B], now(w), w->conn[B], SW_OPT_FASTOPEN, 1) == SW_OK);
	says(w, B, 20);
	until(w, A, SW_ESTABLISHED);
	until(w, B, SW_ESTABLISHED);
	hears_all(w, A, 20);
	hears_all(w, B, 10);
	run_for(w, SW_S);
	ok(status_of(w, A).snd_queued == 0 && status_of(w, B).snd_queued == 0);
	ok(fast_of(w, A) == SW_FASTOPEN_TAKEN && fast_of(w, B) == SW_FASTOPEN_TAKEN);
	says(w, A, 3000);
	hears_all(w, B, 3000);
	world_end(w);
}
SCENE(crossing)

/* A SYN that waits for something to say waits a second at most. */
static void
held(void)
{
	struct world *w = fast_start(4);

	fast_acquaint(w);
	fast_opens(w, 2);
	ok(fast_of(w, A) == SW_FASTOPEN_HELD);
	run_for(w, 500 * SW_MS);
	expect_silence(w);
	says(w, A, 10);
	run_for(w, 11 * SW_MS);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO>\nB>A S. 0:0(0) ack 11 <mss 1460>");
	fast_opens(w, 2);
	run_for(w, 1002 * SW_MS);
	expect_wire(w, "A>B S  0:0(0) <mss 1460,FO>");
	says(w, A, 10);
	until(w, A, SW_ESTABLISHED);
	expect_wire(w, "B>A S. 0:0(0) ack 1 <mss 1460>\nA>B P. 1:11(10) ack 1");
	fast_opens(w, 2); /* the first SYN counts from when it goes */
	run_for(w, 900 * SW_MS);
	loses(w, A, 0);
	says(w, A, 10);
	run_for(w, 990 * SW_MS);
	expect_wire(w, "A>B SP 0:10(10) <mss 1460,FO> lost");
	run_for(w, 20 * SW_MS);
	expect_wire(w, "A>B S  0:0(0) <mss 1460>\nB>A S. 0:0(0) ack 1 <mss 1460>");
	world_end(w);
}
SCENE(held)

/* When it may be asked for, and what there is to remember. */
static void
bounds(void)
{
	struct world *w = fast_start(4);
	struct sw_cookie c = {.len = 8, .mss = 1000};

	fast_opens(w, 1);
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_FASTOPEN, 3) == SW_E_INVALID);
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_FASTOPEN, 0) == SW_OK);
	ok(fast_of(w, A) == SW_FASTOPEN_NONE);
	run_for(w, SW_MS);
	ok(sw_set(w->stack[A], now(w), w->conn[A], SW_OPT_FASTOPEN, 1) == SW_E_STATE);
	ok(sw_set(w->stack[B], now(w), w->listener[B], SW_OPT_FASTOPEN, 1ull << 32) ==
	   SW_E_INVALID);
	ok(sw_fastopen_cookie(w->stack[A], &w->end[A].addr, &w->end[B].addr, &c) == SW_E_AGAIN);
	for (c.len = 0; c.len < 20; c.len++)
		ok(sw_fastopen_remember(w->stack[A], &w->end[A].addr, &w->end[B].addr, &c) ==
		   (c.len >= 4 && c.len <= 16 && c.len % 2 == 0 ? SW_OK : SW_E_INVALID));
	fast_opens(w, 1);
	ok(status_of(w, A).fastopen_room == 960); /* by the MSS that is remembered */
	says(w, A, 2000);
	until(w, A, SW_ESTABLISHED);
	expect_wire(w, "A>B S  0:960(960) <mss 1460,FO 00000000000000000000000000000000>\n"
		       "B>A S. 0:0(0) ack 1 <mss 1460,FO>\n"
		       "A>B .  1:1461(1460) ack 1\n"
		       "A>B P. 1461:2001(540) ack 1");
	world_end(w);
}
SCENE(bounds)

/* One exchange over a bad wire: request of n bytes, answer of m, both close. */
static void
exchange(struct world *w, uint32_t n, uint32_t m)
{
	fast_opens(w, 1);
	says(w, A, n);
	for (sw_ns end = now(w) + 1000 * SW_S;
	     sw_accept(w->stack[B], now(w), w->listener[B], &w->conn[B]) != SW_OK;)
		if (!ok(sw_sim_step(w->sim, end)))
			return;
	hears_all(w, B, n);
	says(w, B, m);
	closes(w, B);
	hears_all(w, A, m);
	until(w, A, SW_CLOSE_WAIT);
	closes(w, A);
	until(w, A, SW_CLOSED);
	releases(w, A);
	releases(w, B);
}

/* Whatever is lost, comes twice or late: the bytes are right, and all of them. */
static void
bad_wire(void)
{
	for (uint64_t seed = 1; seed <= 25; seed++) {
		struct world *w = fast_new();

		w->seed = seed * 8 + scene_now.v6;
		for (int i = 0; i < 2; i++) {
			w->path[i].loss = w->path[i].reorder = 100000;
			w->path[i].duplicate = w->path[i].corrupt = 20000;
			w->config[i].timestamps = w->config[i].sack = seed & 1;
			w->config[i].fastopen_period = (1 + seed % 5) * 100 * SW_S;
			w->config[i].msl = SW_S;
		}
		world_go(w);
		fast_listens(w, 1 + seed % 3);
		for (int i = 0; i < 8; i++) {
			exchange(w, 1 + (uint32_t)(seed * 331 % 4000),
				 1 + (uint32_t)(seed * 77 % 9000));
			run_for(w, (uint64_t)(i % 4) * 40 * SW_S);
		}
		world_end(w);
	}
}
SCENE(bad_wire)

/* One that its listener counts as pending stays with it. */
static void
not_moved(void)
{
	struct world *w = fast_start(2);

	fast_acquaint(w);
	fast_opens(w, 1);
	says(w, A, 10);
	run_for(w, 12 * SW_MS);
	accepts(w, B);
	ok(state_of(w, B) == SW_SYN_RECEIVED);
	ok(sw_export(w->stack[B], now(w), w->conn[B], NULL, 0, 0) == SW_E_STATE);
	until(w, B, SW_ESTABLISHED);
	ok(sw_export(w->stack[B], now(w), w->conn[B], NULL, 0, 0) > 0);
	world_end(w);
}
SCENE(not_moved)

int
main(void)
{
	PLAY("cookie, then data", cookie_then_data);
	PLAY("all options, and as much text as fits", all_options);
	PLAY("off by default", off_by_default);
	PLAY("a server without it", server_without);
	PLAY("wrong cookie", wrong_cookie);
	PLAY("the server forgot", server_forgot);
	PLAY("cookies expire", cookies_expire);
	PLAY("a secret that is shared", cookies_shared);
	PLAY("the limit of pending ones", pending_limit);
	PLAY("those that were reset count", resets_count);
	PLAY("SYN lost", syn_lost);
	PLAY("SYN that asks lost", asking_syn_lost);
	PLAY("SYN-ACK lost", syn_ack_lost);
	PLAY("answer and SYN-ACK lost", answer_lost);
	PLAY("last ACK lost", ack_lost);
	PLAY("an old SYN comes again", duplicate_syn);
	PLAY("ABORT in SYN-RECEIVED", aborted_early);
	PLAY("the program goes in SYN-RECEIVED", released_early);
	PLAY("answered and closed in SYN-RECEIVED", closed_early);
	PLAY("closed in SYN-RECEIVED", closed_early_silent);
	PLAY("RST in SYN-RECEIVED", reset_early);
	PLAY("another SYN in SYN-RECEIVED", syn_early);
	PLAY("never completed", never_completed);
	PLAY("no answer, refused", no_answer);
	PLAY("a black hole behind the SYN", black_hole);
	PLAY("SYNs that cross", crossing);
	PLAY("a SYN that waits", held);
	PLAY("bounds", bounds);
	PLAY("a bad wire", bad_wire);
	PLAY("pending, it does not move", not_moved);
	return plan_done();
}
