/*
 * explain_ends.h - scenes of explain_scenes.c: how connections begin and how they end.
 */
/* ---- opening ----------------------------------------------------------------- */

static void
ordinary(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_data(p, SERVER, 1000);
	play_ack(p, CLIENT);
	play_close(p, SERVER);
}

static void
ordinary_v6(struct play *p)
{
	play_v6(p);
	ordinary(p);
}

static void
refused(struct play *p)
{
	play_syn(p);
	play_wait(p, 10);
	play_rst(p, SERVER, true);
}

static void
refused_by_box(struct play *p)
{
	ordinary(p);
	play_next(p);
	play_syn(p);
	play_wait(p, 10);
	p->end[SERVER].ttl = 250;
	play_rst(p, SERVER, true);
}

static void
refused_one_hop_less(struct play *p)
{
	ordinary(p);
	play_next(p);
	play_syn(p);
	p->end[SERVER].ttl -= 1;
	play_rst(p, SERVER, true);
}

static void
silence(struct play *p)
{
	static const int at[] = {1000, 1000, 1000, 1000, 1000, 2000, 4000};

	play_syn(p);
	for (int i = 0; i < 7; i++) {
		play_wait(p, at[i]);
		play_syn_again(p, CLIENT);
	}
}

static void
silence_short(struct play *p)
{
	play_syn(p);
	play_wait(p, 300);
	play_syn_again(p, CLIENT);
}

static void
answered_at_third(struct play *p)
{
	play_syn(p);
	play_wait(p, 1000);
	play_syn_again(p, CLIENT);
	play_wait(p, 2000);
	play_syn_again(p, CLIENT);
	play_wait(p, 10);
	play_syn_ack(p);
	play_ack(p, CLIENT);
	play_close(p, CLIENT);
}

static void
icmp(struct play *p, int type, int code, uint32_t word)
{
	play_wait(p, 20);
	play_icmp(p, CLIENT, (uint8_t)type, (uint8_t)code, word);
}

static void
prohibited(struct play *p)
{
	play_syn(p);
	icmp(p, 3, 13, 0);
	play_wait(p, 1000);
	play_syn_again(p, CLIENT);
	icmp(p, 3, 13, 0);
}

static void
prohibited_v6(struct play *p)
{
	play_v6(p);
	play_syn(p);
	icmp(p, 1, 1, 0);
}

static void
no_host(struct play *p)
{
	play_syn(p);
	icmp(p, 3, 1, 0);
}

static void
loop(struct play *p)
{
	play_syn(p);
	icmp(p, 11, 0, 0);
}

static void
path_mtu(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 1460);
	icmp(p, 3, 4, 1400);
	p->end[CLIENT].nxt -= 1460;
	play_data(p, CLIENT, 1360);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

/* n handshakes from as many sources; completed: how many go on; answered: SYN,ACKs each. */
static void
many(struct play *p, int n, int completed, int answers)
{
	for (int i = 0; i < n; i++) {
		play_next(p);
		p->end[CLIENT].at.addr = sw_addr4(198, 18, (uint8_t)(i >> 8), (uint8_t)i);
		play_syn(p);
		if (answers > 0 || i < completed)
			play_syn_ack(p);
		if (i < completed) {
			play_ack(p, CLIENT);
			play_close(p, CLIENT);
		}
		p->now += 500000;
	}
	if (answers < 2)
		return;
	play_wait(p, 1000);
	play_rewind(p, n);
	for (int i = 0; i < n; i++) {
		play_next(p);
		p->end[CLIENT].at.addr = sw_addr4(198, 18, (uint8_t)(i >> 8), (uint8_t)i);
		play_syn_again(p, SERVER);
	}
}

static void
flood(struct play *p)
{
	many(p, 1000, 5, 0);
	play_next(p);
	silence(p);
}

static void
flood_held(struct play *p)
{
	many(p, 500, 0, 2);
}

static void
flood_cookies(struct play *p)
{
	many(p, 1000, 0, 1);
	play_wait(p, 3000);
	play_next(p);
	ordinary(p);
}

static void
busy(struct play *p)
{
	many(p, 1000, 1000, 1);
}

static void
small_burst(struct play *p)
{
	many(p, 60, 0, 0);
}

static void
backlog(struct play *p)
{
	for (int i = 0; i < 2; i++) {
		play_next(p);
		play_open(p);
	}
	for (int i = 0; i < 4; i++) {
		play_next(p);
		silence(p);
	}
}

/* One client's SYNs are lost, to several ports; others get through. */
static void
losses_everywhere(struct play *p)
{
	for (int i = 0; i < 6; i++) {
		play_next(p);
		p->end[SERVER].at.port = (uint16_t)(8000 + i);
		play_syn(p);
		play_wait(p, 1000);
		play_syn_again(p, CLIENT);
		play_syn_ack(p);
		play_ack(p, CLIENT);
		play_close(p, CLIENT);
	}
}

static void
both_open(struct play *p)
{
	play_syn(p);
	p->now += 20000;
	play_syn_of(p, SERVER);
	play_wait(p, 10);
	play_cross_ack(p, CLIENT);
	play_cross_ack(p, SERVER);
	play_wait(p, 10);
	play_data(p, CLIENT, 10);
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

/* Both connect at the same time, but to other ports: two connections. */
static void
opens_back(struct play *p)
{
	struct play back = *p;

	back.end[CLIENT].at.addr = p->end[SERVER].at.addr;
	back.end[SERVER].at.addr = p->end[CLIENT].at.addr;
	back.end[SERVER].at.port = 113;
	play_syn(p);
	back.now = p->now;
	play_syn(&back);
	play_syn_ack(p);
	back.now = p->now;
	play_syn_ack(&back);
	play_ack(&back, CLIENT);
	p->now = back.now;
	play_ack(p, CLIENT);
	play_close(p, CLIENT);
	back.now = p->now;
	play_close(&back, CLIENT);
}

/* An old SYN of the same number comes to an established connection. */
static void
old_syn(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	play_wait(p, 5000);
	play_syn_again(p, CLIENT);
	play_ack(p, SERVER);
	play_wait(p, 100);
	play_data(p, CLIENT, 100);
	play_ack(p, SERVER);
	play_close(p, CLIENT);
}

/* RFC 9293 figure 8 seen by the client: the SYN,ACK acknowledges another number. */
static void
old_syn_answered(struct play *p)
{
	struct sw_wire w;

	play_syn(p);
	play_wait(p, 10);
	w = play_segment(p, SERVER, SW_SYN | SW_ACK, 0);
	w.seq = 777;
	w.ack = 90 + 1;
	play_put(p, SERVER, &w);
	w = play_segment(p, CLIENT, SW_RST, 0);
	w.seq = 90 + 1;
	play_put(p, CLIENT, &w);
	play_wait(p, 10);
	play_syn_ack(p);
	play_ack(p, CLIENT);
	play_close(p, CLIENT);
}

/* Long after the close a SYN,ACK comes, for the old SYN. */
static void
old_syn_after_close(struct play *p)
{
	struct sw_wire w;

	ordinary(p);
	play_wait(p, 5000);
	w = play_segment(p, SERVER, SW_SYN | SW_ACK, 0);
	w.seq = 4242;
	w.ack = p->end[CLIENT].iss + 1;
	play_put(p, SERVER, &w);
	w = play_segment(p, CLIENT, SW_RST, 0);
	w.seq = p->end[CLIENT].iss + 1;
	play_put(p, CLIENT, &w);
	play_wait(p, 100);
	play_next(p);
	ordinary(p);
}

/* A scanner asks who listens, and goes. */
static void
scan(struct play *p)
{
	for (int i = 0; i < 5; i++) {
		play_next(p);
		p->end[SERVER].at.port = (uint16_t)(20 + i);
		play_syn(p);
		play_syn_ack(p);
		play_rst(p, CLIENT, false);
	}
}

static void
reuse(struct play *p)
{
	ordinary(p);
	play_wait(p, 4000);
	play_anew(p);
	ordinary(p);
}

static void
reuse_late(struct play *p)
{
	ordinary(p);
	play_wait(p, 300000);
	play_anew(p);
	ordinary(p);
}

static void
reuse_ignored(struct play *p)
{
	ordinary(p);
	play_wait(p, 4000);
	play_anew(p);
	silence(p);
}

/* ---- closing ----------------------------------------------------------------- */

static void
half_close(struct play *p)
{
	play_open(p);
	play_fin(p, CLIENT);
	play_ack(p, SERVER);
	play_wait(p, 500);
	play_data(p, SERVER, 1000);
	play_ack(p, CLIENT);
	play_fin(p, SERVER);
	play_ack(p, CLIENT);
}

/* What the server sent before it had the FIN is no half-close. */
static void
data_crosses_fin(struct play *p)
{
	struct sw_wire w;

	play_open(p);
	w = play_segment(p, SERVER, SW_ACK | SW_PSH, 1000);
	play_fin(p, CLIENT);
	play_put(p, SERVER, &w);
	p->end[SERVER].nxt += 1000;
	play_ack(p, CLIENT);
	play_wait(p, 10);
	play_ack(p, SERVER);
	play_fin(p, SERVER);
	play_ack(p, CLIENT);
}

static void
both_close(struct play *p)
{
	struct sw_wire a, b;

	play_open(p);
	a = play_segment(p, CLIENT, SW_FIN | SW_ACK, 0);
	b = play_segment(p, SERVER, SW_FIN | SW_ACK, 0);
	play_put(p, CLIENT, &a);
	p->now += 20000;
	play_put(p, SERVER, &b);
	p->end[CLIENT].nxt++;
	p->end[SERVER].nxt++;
	play_wait(p, 1);
	play_ack(p, CLIENT);
	play_ack(p, SERVER);
}

static void
leak(struct play *p)
{
	play_open(p);
	play_fin(p, CLIENT);
	play_ack(p, SERVER);
	play_wait(p, 66000);
	play_fin(p, SERVER);
	play_rst(p, CLIENT, false);
}

static void
leak_to_the_end(struct play *p)
{
	play_open(p);
	play_fin(p, CLIENT);
	play_ack(p, SERVER);
	play_wait(p, 8000);
	play_next(p);
	ordinary(p);
}

static void
closes_after_4s(struct play *p)
{
	play_open(p);
	play_fin(p, CLIENT);
	play_ack(p, SERVER);
	play_wait(p, 4000);
	play_fin(p, SERVER);
	play_ack(p, CLIENT);
}

/* A long answer after a half-close: CLOSE-WAIT for 20 s, and rightly. */
static void
long_answer(struct play *p)
{
	play_open(p);
	play_data(p, CLIENT, 100);
	play_fin(p, CLIENT);
	play_ack(p, SERVER);
	for (int i = 0; i < 10; i++) {
		play_wait(p, 2000);
		play_data(p, SERVER, 1000);
		play_ack(p, CLIENT);
	}
	play_fin(p, SERVER);
	play_ack(p, CLIENT);
}

static void
fin_wait(struct play *p)
{
	play_open(p);
	play_fin(p, SERVER);
	play_ack(p, CLIENT);
	play_wait(p, 70000);
	play_next(p);
	ordinary(p);
}

static void
fin_again(struct play *p)
{
	play_open(p);
	play_fin(p, CLIENT);
	for (int i = 0; i < 3; i++) {
		play_wait(p, 200 << i);
		play_fin_again(p, CLIENT);
	}
	play_ack(p, SERVER);
	play_fin(p, SERVER);
	play_ack(p, CLIENT);
}

static void
last_ack_lost(struct play *p)
{
	play_open(p);
	play_fin(p, CLIENT);
	play_ack(p, SERVER);
	play_fin(p, SERVER);
	play_ack(p, CLIENT);
	play_wait(p, 210);
	play_fin_again(p, SERVER);
	play_ack(p, CLIENT);
}

static void
short_connections(struct play *p, int n, int by)
{
	for (int i = 0; i < n; i++) {
		play_next(p);
		play_open(p);
		play_close(p, by);
		p->now += 100000;
	}
}

static void
pile_up(struct play *p)
{
	short_connections(p, 1500, CLIENT);
}

static void
server_waits(struct play *p)
{
	short_connections(p, 1500, SERVER);
}

static void
few_wait(struct play *p)
{
	short_connections(p, 100, CLIENT);
}
