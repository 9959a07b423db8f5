/*
 * capture.c - makes large captures to measure readers of captures with.
 *
 *	build/bench/capture bulk FILE.pcap [BYTES]	16 connections, 1448 bytes a segment
 *	build/bench/capture many FILE.pcap [BYTES]	short connections, 1,000 alive at a time
 *
 * Every packet is valid: checksums, sequence numbers, timestamps, handshakes and
 * closes.  Connections take turns.  The same arguments make the same bytes; without
 * BYTES a file is 1.2 GB.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };
enum { MSS = 1448, SMALL = 104, BULK = 16, LIVE = 1000, PORTS = 28000, RECORD = 16, ETHER = 14 };
enum { IP4 = 20, TCP = 32, SYN_TCP = 40, STEPS_MAX = 14, STEP_NS = 1000 };

struct end {
	uint8_t addr[4];
	uint16_t port, id;
	uint32_t nxt, stamp;
};

struct flow {
	struct end end[2]; /* client, server */
	uint32_t step;
};

/* What a connection does at each step: who, control bits, bytes. */
struct step {
	uint8_t side, ctl;
	uint16_t len;
};

/* clang-format off */
static const struct step open_steps[] = {
	{0, SYN, 0}, {1, SYN | ACK, 0}, {0, ACK, 0},
};
static const struct step bulk_steps[] = { /* over and over */
	{1, ACK, MSS}, {1, ACK, MSS}, {0, ACK, 0},
};
static const struct step many_steps[] = {
	{0, SYN, 0}, {1, SYN | ACK, 0}, {0, ACK, 0},
	{0, PSH | ACK, SMALL}, {1, ACK, 0}, {1, PSH | ACK, SMALL}, {0, ACK, 0},
	{0, PSH | ACK, SMALL}, {1, PSH | ACK, SMALL}, {0, ACK, 0},
	{0, FIN | ACK, 0}, {1, ACK, 0}, {1, FIN | ACK, 0}, {0, ACK, 0},
};
/* clang-format on */

struct out {
	FILE *file;
	uint64_t bytes, limit, packets, connections, now_ns;
	uint64_t random;
	uint8_t text[MSS];
	uint64_t sum[2]; /* of SMALL and MSS bytes of text */
};

static void
put_16(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static void
put_32(uint8_t *p, uint32_t n)
{
	put_16(p, n >> 16);
	put_16(p + 2, n);
}

/* RFC 1071, not folded; n is even. */
static uint64_t
sum_of(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint32_t
sum_end(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum ^ 0xffff;
}

static uint32_t
next_random(struct out *o)
{
	o->random = o->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(o->random >> 33);
}

static size_t
put_ip(uint8_t *p, const struct flow *f, int side, size_t len)
{
	const struct end *from = &f->end[side], *to = &f->end[!side];

	memset(p, 0, IP4);
	p[0] = 0x45;
	put_16(p + 2, (uint32_t)(IP4 + len));
	put_16(p + 4, from->id);
	put_16(p + 6, 0x4000);
	p[8] = 64;
	p[9] = 6;
	memcpy(p + 12, from->addr, 4);
	memcpy(p + 16, to->addr, 4);
	put_16(p + 10, sum_end(sum_of(p, IP4)));
	return IP4;
}

static size_t
put_options(uint8_t *p, const struct flow *f, const struct step *s)
{
	static const uint8_t syn[] = {2, 4, 5, 0xb4, 4, 2, 8, 10};
	static const uint8_t other[] = {1, 1, 8, 10};
	bool is_syn = s->ctl & SYN;
	size_t n = is_syn ? sizeof(syn) : sizeof(other);

	memcpy(p, is_syn ? syn : other, n);
	put_32(p + n, f->end[s->side].stamp);
	put_32(p + n + 4, f->end[!s->side].stamp);
	n += 8;
	if (is_syn) {
		const uint8_t scale[] = {1, 3, 3, 7};

		memcpy(p + n, scale, 4);
		n += 4;
	}
	return n;
}

/* The TCP header; the checksum needs that of the text. */
static size_t
put_tcp(const struct out *o, uint8_t *p, const struct flow *f, const struct step *s)
{
	const struct end *from = &f->end[s->side], *to = &f->end[!s->side];
	size_t n = 20 + put_options(p + 20, f, s);
	uint64_t sum = 6 + n + s->len;

	put_16(p, from->port);
	put_16(p + 2, to->port);
	put_32(p + 4, from->nxt);
	put_32(p + 8, s->ctl & ACK ? to->nxt : 0);
	p[12] = (uint8_t)(n / 4 << 4);
	p[13] = s->ctl;
	put_16(p + 14, s->ctl & SYN ? 65535 : 502);
	put_32(p + 16, 0);
	sum += sum_of(from->addr, 4) + sum_of(to->addr, 4) + sum_of(p, n);
	if (s->len > 0)
		sum += o->sum[s->len == MSS];
	put_16(p + 16, sum_end(sum));
	return n;
}

/* A packet of the flow at its present step, with its record; how many bytes. */
static void
emit(struct out *o, struct flow *f, const struct step *s)
{
	uint8_t head[RECORD + ETHER + IP4 + SYN_TCP] = {0}, *p = head + RECORD;
	size_t tcp = s->ctl & SYN ? SYN_TCP : TCP;
	uint32_t len = (uint32_t)(ETHER + IP4 + tcp + s->len);
	uint32_t record[4] = {(uint32_t)(1700000000 + o->now_ns / 1000000000),
			      (uint32_t)(o->now_ns % 1000000000), len, len};

	memcpy(head, record, RECORD);
	p[0] = p[6] = 2;
	p[5] = (uint8_t)(2 - s->side);
	p[11] = (uint8_t)(1 + s->side);
	put_16(p + 12, 0x0800);
	f->end[s->side].id++;
	f->end[s->side].stamp = (uint32_t)(o->now_ns / 1000000);
	put_ip(p + ETHER, f, s->side, tcp + s->len);
	put_tcp(o, p + ETHER + IP4, f, s);
	f->end[s->side].nxt += s->len + !!(s->ctl & (SYN | FIN));
	fwrite(head, 1, RECORD + ETHER + IP4 + tcp, o->file);
	fwrite(o->text, 1, s->len, o->file);
	o->bytes += RECORD + len;
	o->packets++;
	o->now_ns += STEP_NS;
}

static void
flow_new(struct out *o, struct flow *f)
{
	uint64_t n = o->connections++;
	uint32_t host = (uint32_t)(n / PORTS);

	memset(f, 0, sizeof(*f));
	f->end[0] = (struct end){.addr = {10, 0, (uint8_t)(host >> 8), (uint8_t)(host + 1)},
				 .port = (uint16_t)(32768 + n % PORTS),
				 .nxt = next_random(o)};
	f->end[1] = (struct end){.addr = {10, 99, 0, 1}, .port = 80, .nxt = next_random(o)};
}

static void
bulk(struct out *o)
{
	struct flow *flow = calloc(BULK, sizeof(*flow));

	for (int i = 0; i < BULK; i++) {
		flow_new(o, &flow[i]);
		for (int k = 0; k < 3; k++)
			emit(o, &flow[i], &open_steps[k]);
	}
	while (o->bytes < o->limit) {
		struct flow *f = &flow[next_random(o) % BULK];

		for (int k = 0; k < 3; k++)
			emit(o, f, &bulk_steps[k]);
	}
	for (int i = 0; i < BULK; i++)
		for (int k = STEPS_MAX - 4; k < STEPS_MAX; k++)
			emit(o, &flow[i], &many_steps[k]);
	free(flow);
}

static void
many(struct out *o)
{
	struct flow *flow = calloc(LIVE, sizeof(*flow));
	int live = LIVE;

	for (int i = 0; i < LIVE; i++)
		flow_new(o, &flow[i]);
	while (live > 0) {
		uint32_t i = next_random(o) % (uint32_t)live;

		emit(o, &flow[i], &many_steps[flow[i].step++]);
		if (flow[i].step < STEPS_MAX)
			continue;
		if (o->bytes < o->limit)
			flow_new(o, &flow[i]);
		else
			flow[i] = flow[--live];
	}
	free(flow);
}

static int
usage(void)
{
	fprintf(stderr, "capture: bulk|many FILE.pcap [BYTES]\n");
	return 2;
}

int
main(int argc, char **argv)
{
	/* little or big endian as this machine; version 2.4, nanoseconds, Ethernet */
	static const uint32_t magic[] = {0xa1b23c4d, 0, 0, 0, 262144, 1};
	uint32_t head[6];
	static struct out o;
	const uint16_t version[2] = {2, 4};

	if (argc < 3 || argc > 4 || (strcmp(argv[1], "bulk") && strcmp(argv[1], "many")))
		return usage();
	o.limit = argc > 3 ? strtoull(argv[3], NULL, 10) : 1200000000;
	o.random = 1;
	for (size_t i = 0; i < MSS; i++)
		o.text[i] = (uint8_t)next_random(&o);
	o.sum[0] = sum_of(o.text, SMALL);
	o.sum[1] = sum_of(o.text, MSS);
	o.file = fopen(argv[2], "wb");
	if (o.file) {
		memcpy(head, magic, sizeof(head));
		memcpy(&head[1], version, sizeof(version));
		fwrite(head, 1, sizeof(head), o.file);
		strcmp(argv[1], "bulk") ? many(&o) : bulk(&o);
	}
	if (!o.file || fflush(o.file) || ferror(o.file) || fclose(o.file)) {
		fprintf(stderr, "capture: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	printf("%s: %llu packets, %llu connections\n", argv[2], (unsigned long long)o.packets,
	       (unsigned long long)o.connections);
	return 0;
}
