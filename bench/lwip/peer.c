/*
 * peer.c - the work of `synwave bench` on lwIP, through its raw interface.
 *
 *	bulk [--no-copies] [--batch N]	one connection moves bytes, both ends here
 *	life [--idle N] [--batch N]	whole connections, N others being idle
 *	flood				SYNs from everywhere, answered or not
 *
 * One lwIP is both ends.  Its link copies each packet into a buffer of its pool and
 * gives it back when asked, as a loop around a device does.  Its clock is ours and
 * goes on with the packets.  What lwIP cannot do well is made easy for it: ports are
 * set without its search, and its blocks in TIME-WAIT are thrown away by hand.
 *
 * Says one JSON object on a line, as `synwave bench -o json` does.
 */
#define _GNU_SOURCE
#include <argp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lwip/init.h"
#include "lwip/ip4.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"

#include "../lib/median.h"

enum { RUNS_MAX = 99, FIFO = 8192, TAKE = 64, PORT = 1000, PIECE = 14600, RING = 65536 };
enum { SEGMENT = 1460, NS_A_PACKET = 120, MTU = 1500, BATCH_MAX = 256, SYNS = 4096 };

struct args {
	const char *what;
	int runs, time_ms, batch;
	long idle;
	int no_copies;
};

static struct args args = {.runs = 5, .time_ms = 300, .batch = 32};
static struct netif wire;
static struct pbuf *fifo[FIFO];
static unsigned head, tail;
static uint64_t now_ns = 1000000000;
static uint64_t packets, dropped;
static int discard; /* what goes out is thrown away */

u32_t
sys_now(void)
{
	return (u32_t)(now_ns / 1000000);
}

static void
wrong(const char *why)
{
	fprintf(stderr, "lwip-peer: %s: %s\n", args.what, why);
	exit(1);
}

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the link ------------------------------------------------------------- */

static err_t
wire_output(struct netif *n, struct pbuf *p, const ip4_addr_t *to)
{
	struct pbuf *q;

	(void)n;
	(void)to;
	packets++;
	if (discard)
		return ERR_OK;
	q = pbuf_alloc(PBUF_RAW, p->tot_len, PBUF_POOL);
	if (q == NULL || tail - head == FIFO) {
		dropped++;
		if (q != NULL)
			pbuf_free(q);
		return ERR_MEM;
	}
	pbuf_copy(q, p);
	fifo[tail++ % FIFO] = q;
	return ERR_OK;
}

static err_t
wire_up(struct netif *n)
{
	n->mtu = MTU;
	n->output = wire_output;
	n->flags = NETIF_FLAG_UP | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

/* Some of what is under way arrives; how many. */
static int
wire_take(void)
{
	int n = 0;

	for (; n < TAKE && head != tail; n++) {
		struct pbuf *p = fifo[head++ % FIFO];

		if (ip4_input(p, &wire) != ERR_OK)
			pbuf_free(p);
	}
	now_ns += (uint64_t)n * NS_A_PACKET;
	return n;
}

/* Until nothing is under way. */
static void
wire_drain(void)
{
	while (wire_take() > 0)
		;
	sys_check_timeouts();
}

/* ---- bulk ----------------------------------------------------------------- */

static uint8_t ring[2][RING];
static uint64_t sent, taken;
static struct tcp_pcb *bulk_pcb;

static void
bulk_write(struct tcp_pcb *pcb)
{
	uint8_t flags = args.no_copies ? 0 : TCP_WRITE_FLAG_COPY;

	while (tcp_sndbuf(pcb) >= PIECE) {
		if (tcp_write(pcb, ring[0] + sent % (RING - PIECE), PIECE, flags) != ERR_OK)
			break;
		sent += PIECE;
	}
	tcp_output(pcb);
}

static err_t
bulk_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)arg;
	(void)len;
	bulk_write(pcb);
	return ERR_OK;
}

static err_t
bulk_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg;
	(void)err;
	if (p == NULL)
		return ERR_OK;
	if (!args.no_copies)
		pbuf_copy_partial(p, ring[1] + taken % (RING - PIECE), p->tot_len, 0);
	taken += p->tot_len;
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static err_t
bulk_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	if (err != ERR_OK || pcb == NULL) /* it tells when a block is missing */
		return ERR_OK;
	tcp_recv(pcb, bulk_recv);
	return ERR_OK;
}

static err_t
bulk_open(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	(void)err;
	bulk_write(pcb);
	return ERR_OK;
}

static double
bulk_run(double seconds)
{
	double start = cpu(), now = start;
	uint64_t from = taken;

	while (now < start + seconds) {
		for (int i = 0; i < 64; i++) {
			if (wire_take() == 0) { /* a delayed ACK is waited for */
				now_ns += (uint64_t)(sys_timeouts_sleeptime() + 1) * 1000000;
				sys_check_timeouts();
			}
		}
		sys_check_timeouts();
		now = cpu();
	}
	if (dropped > 0 || taken == from)
		wrong("the transfer was not clean");
	return (now - start) * 1e9 * SEGMENT / (double)(taken - from);
}

/* ---- lifecycles ------------------------------------------------------------- */

static uint64_t opened, closed;
static uint16_t next_port = 1024;

static err_t
server_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	uint8_t byte = 1;

	(void)arg;
	(void)err;
	if (p == NULL)
		return tcp_close(pcb);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	tcp_write(pcb, &byte, 1, TCP_WRITE_FLAG_COPY);
	return tcp_output(pcb);
}

static err_t
server_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	if (err != ERR_OK || pcb == NULL) /* it tells when a block is missing */
		return ERR_OK;
	tcp_recv(pcb, server_recv);
	tcp_nagle_disable(pcb);
	return ERR_OK;
}

static err_t
client_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg;
	(void)err;
	if (p == NULL)
		return ERR_OK;
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	closed++;
	return tcp_close(pcb);
}

static err_t
client_open(void *arg, struct tcp_pcb *pcb, err_t err)
{
	uint8_t byte = 1;

	(void)arg;
	(void)err;
	tcp_write(pcb, &byte, 1, TCP_WRITE_FLAG_COPY);
	return tcp_output(pcb);
}

static void
life_open(void)
{
	struct tcp_pcb *pcb = tcp_new();

	if (pcb == NULL)
		wrong("no block");
	pcb->local_port = next_port;
	next_port = next_port == 65535 ? 1024 : (uint16_t)(next_port + 1);
	tcp_nagle_disable(pcb);
	tcp_recv(pcb, client_recv);
	if (tcp_connect(pcb, netif_ip_addr4(&wire), PORT, client_open) != ERR_OK)
		wrong("connect");
	opened++;
}

/* TIME-WAIT is a list that lwIP walks: it is emptied by hand. */
static void
waits_drop(void)
{
	struct tcp_pcb *pcb;

	while ((pcb = tcp_tw_pcbs) != NULL) {
		tcp_pcb_remove(&tcp_tw_pcbs, pcb);
		memp_free(MEMP_TCP_PCB, pcb);
	}
}

static double
life_run(double seconds)
{
	double start = cpu(), now = start;
	uint64_t from = closed;

	while (now < start + seconds) {
		for (int i = 0; i < (args.idle > 10000 ? 1 : 16); i++) {
			for (int k = 0; k < args.batch; k++)
				life_open();
			wire_drain();
			waits_drop();
		}
		now = cpu();
	}
	if (closed != opened || dropped > 0)
		wrong("not every connection went through its life");
	return (double)(closed - from) / (now - start);
}

/* Blocks that look established, to as many peers. */
static void
idle_make(long n)
{
	for (long i = 0; i < n; i++) {
		struct tcp_pcb *pcb = tcp_new();

		if (pcb == NULL)
			wrong("no block");
		ip4_addr_copy(pcb->local_ip, *netif_ip4_addr(&wire));
		IP4_ADDR(&pcb->remote_ip, 11, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i);
		pcb->local_port = PORT;
		pcb->remote_port = 2000;
		pcb->state = ESTABLISHED;
		TCP_REG_ACTIVE(pcb);
	}
}

/* ---- a flood ---------------------------------------------------------------- */

static uint8_t syn[60];
static uint64_t floods;

static void
put_16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
syn_make(void)
{
	static const uint8_t like[] = {
	    0x45, 0, 0,	   60,	 0, 0, 0x40, 0,	 64, 6, 0, 0, 10,   9, 9,    9,	   10, 0, 0, 1,
	    0,	  0, 0,	   0,	 0, 0, 0,    0,	 0,  0, 0, 0, 0xa0, 2, 0xff, 0xff, 0,  0, 0, 0,
	    2,	  4, 0x05, 0xb4, 4, 2, 8,    10, 0,  0, 0, 1, 0,    0, 0,    0,	   1,  3, 3, 7};

	memcpy(syn, like, sizeof(like));
	put_16(syn + 22, PORT);
}

static uint32_t
words(const uint8_t *p, int n)
{
	uint32_t sum = 0;

	for (int i = 0; i < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t
folded(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* The next SYN, from an address and port of its own, in a buffer of the pool. */
static struct pbuf *
syn_next(uint32_t i)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, sizeof(syn), PBUF_POOL);
	uint8_t *b;

	if (p == NULL)
		wrong("no buffer");
	b = p->payload;
	memcpy(b, syn, sizeof(syn));
	put_16(b + 12, 0x0b00 | (i >> 24));
	put_16(b + 14, i >> 8);
	put_16(b + 20, 1024 + i % 60000);
	put_16(b + 10, folded(words(b, 20)));
	put_16(b + 36, folded(words(b + 12, 8) + words(b + 20, 40) + 6 + 40));
	return p;
}

static double
flood_run(double seconds)
{
	struct pbuf *p[TAKE];
	double spent = 0, start;
	uint64_t from = floods;

	discard = 1;
	while (spent < seconds) {
		for (int i = 0; i < TAKE; i++)
			p[i] = syn_next((uint32_t)floods++);
		start = cpu();
		for (int i = 0; i < TAKE; i++)
			if (ip4_input(p[i], &wire) != ERR_OK)
				pbuf_free(p[i]);
		now_ns += TAKE * 1000;
		sys_check_timeouts();
		spent += cpu() - start;
	}
	return (double)(floods - from) / spent;
}

/* ---- all of it ---------------------------------------------------------------- */

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'r':
		args.runs = atoi(arg);
		if (args.runs < 1 || args.runs > RUNS_MAX)
			argp_error(state, "--runs is 1 to %d", RUNS_MAX);
		return 0;
	case 't':
		args.time_ms = atoi(arg);
		return 0;
	case 'b':
		args.batch = atoi(arg);
		if (args.batch < 1 || args.batch > BATCH_MAX)
			argp_error(state, "--batch is 1 to %d", BATCH_MAX);
		return 0;
	case 'i':
		args.idle = atol(arg);
		return 0;
	case 'n':
		args.no_copies = 1;
		return 0;
	case ARGP_KEY_ARG:
		args.what = arg;
		return 0;
	case ARGP_KEY_END:
		if (args.what == NULL)
			argp_error(state, "bulk, life or flood?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static double (*begin(void))(double)
{
	struct tcp_pcb *pcb = tcp_new();
	int bulk = strcmp(args.what, "bulk") == 0;

	if (tcp_bind(pcb, IP4_ADDR_ANY, PORT) != ERR_OK || (pcb = tcp_listen(pcb)) == NULL)
		wrong("no listener");
	tcp_accept(pcb, bulk ? bulk_accept : server_accept);
	if (strcmp(args.what, "life") == 0) {
		idle_make(args.idle);
		return life_run;
	}
	if (strcmp(args.what, "flood") == 0) {
		syn_make();
		return flood_run;
	}
	if (!bulk)
		wrong("bulk, life or flood?");
	bulk_pcb = tcp_new();
	tcp_sent(bulk_pcb, bulk_sent);
	if (tcp_connect(bulk_pcb, netif_ip_addr4(&wire), PORT, bulk_open) != ERR_OK)
		wrong("connect");
	return bulk_run;
}

int
main(int argc, char **argv)
{
	static const struct argp_option options[] = {
	    {"runs", 'r', "N", 0, "median of N (5)", 0},
	    {"time", 't', "MS", 0, "CPU time of one (300)", 0},
	    {"batch", 'b', "N", 0, "life: so many side by side (32)", 0},
	    {"idle", 'i', "N", 0, "life: beside so many", 0},
	    {"no-copies", 'n', NULL, 0, "bulk: none by the programs", 0},
	    {0}};
	static const struct argp argp = {options, parse, "bulk|life|flood", NULL, NULL, NULL, NULL};
	double v[RUNS_MAX], sorted[RUNS_MAX], median, (*run)(double);
	ip4_addr_t at, mask, gateway;
	cpu_set_t set;

	argp_parse(&argp, argc, argv, 0, NULL, &args);
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	lwip_init();
	IP4_ADDR(&at, 10, 0, 0, 1);
	IP4_ADDR(&mask, 255, 0, 0, 0);
	IP4_ADDR(&gateway, 0, 0, 0, 0);
	netif_add(&wire, &at, &mask, &gateway, NULL, wire_up, ip4_input);
	netif_set_default(&wire);
	run = begin();
	run(args.idle > 10000 ? 0.01 : 0.05);
	packets = 0;
	for (int i = 0; i < args.runs; i++)
		sorted[i] = v[i] = run(args.time_ms / 1e3);
	median = median_sort(sorted, args.runs);
	printf("{\"bench\":\"lwip-%s\",\"value\":%.6g,\"runs\":[", args.what, median);
	for (int i = 0; i < args.runs; i++)
		printf("%s%.6g", i ? "," : "", v[i]);
	printf("],\"units\":%.6g}\n",
	       strcmp(args.what, "bulk") ? (double)(closed + floods) : (double)taken / SEGMENT);
	return 0;
}
