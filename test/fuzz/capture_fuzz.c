/*
 * capture_fuzz - a capture, explained.
 *
 * The first byte chooses.  Even: what follows is a file, of whatever form.  Odd: what
 * follows are segments of three connections, 8 bytes each, their numbers told as
 * distances from what would be right, so that the fuzzer need not guess 64 bits.
 *
 * Asked afterwards: every finding can be said, its packets and connections are of this
 * capture, every connection is told once.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explain/file.h"
#include "explain/report.h"

enum { CONNS = 3, BYTES = 8, SEGMENTS_MOST = 500, IDS = 1 << 14 };

#define check(expr) ((expr) ? (void)0 : abort())

static uint64_t told, seen;
static bool known[IDS];
static FILE *nowhere;

static void
on_conn(void *ctx, const struct ex_conn *c)
{
	(void)ctx;
	told++;
	check(c->id > 0 && c->id < IDS && !known[c->id]);
	known[c->id] = true;
	for (int side = 0; side < 2; side++) {
		check(c->end[side].steps <= EX_STEPS);
		check(c->end[side].spurious <= c->end[side].again);
	}
	check(c->first_frame <= c->last_frame && c->start <= c->last);
	ex_json_conn(nowhere, c);
	ex_csv_conn(nowhere, c, ',');
}

static void
on_seen(void *ctx, const struct ex_seen *s)
{
	(void)ctx;
	seen += s->packet->data != NULL;
	check(s->conn > 0 && s->conn < IDS);
}

static void
judge(struct ex_engine *e, uint64_t packets, bool cut)
{
	struct ex_summary sum;
	struct ex_report r = {.sum = &sum, .file = "fuzz", .width = 72, .verbose = true};

	ex_engine_end(e, cut);
	ex_engine_summary(e, &sum);
	r.findings = ex_engine_findings(e, &r.finding);
	check(sum.packets == packets && sum.conns == told && seen <= packets);
	for (size_t i = 0; i < r.findings; i++) {
		const struct ex_finding *f = &r.finding[i];
		char text[EX_SENTENCE];

		for (int part = 0; part < EX_N_PARTS; part++)
			ex_say(f, (enum ex_part)part, &r.style, text);
		check(*ex_say(f, EX_TITLE, &r.style, text));
		for (unsigned k = 0; k < f->proofs; k++)
			check(f->proof[k] <= packets);
		for (unsigned k = 0; k < f->conns; k++)
			check(f->conn[k] < IDS && known[f->conn[k]]);
	}
	ex_text_report(nowhere, &r);
	ex_json_summary(nowhere, &r);
	for (size_t i = 0; i < r.findings; i++)
		ex_json_finding(nowhere, &r, &r.finding[i]);
}

static void
as_file(struct ex_engine *e, const uint8_t *data, size_t n)
{
	int fd = memfd_create("capture", 0);
	char path[64], why[EX_WHY];
	struct ex_joiner *joiner = ex_joiner_new();
	struct ex_packet p;
	struct ex_file *f;
	uint64_t packets = 0;

	check(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	f = ex_file_open(path, false, why);
	check(f || (*why && !strchr(why, '\n')));
	while (f && ex_file_next(f, &p) == EX_READ_PACKET) {
		ex_link_read(ex_file_link(f), joiner, &p);
		ex_engine_packets(e, &p, 1);
		packets++;
	}
	judge(e, packets, f && ex_file_cut(f));
	ex_file_close(f);
	ex_joiner_free(joiner);
	close(fd);
}

struct flow {
	uint32_t nxt[2];
};

/* ctl, who, time, numbers, window, length, options. */
static void
segment(struct flow *flow, const uint8_t *b, struct sw_wire *w)
{
	int side = b[0] >> 7, conn = (b[0] >> 5 & 3) % CONNS;
	struct flow *f = &flow[conn];
	struct sw_endpoint end[2] = {{sw_addr4(10, 0, 0, 1), (uint16_t)(4000 + conn)},
				     {sw_addr4(10, 0, 0, 2), 80}};

	*w = (struct sw_wire){
	    .kind = SW_WIRE_TCP,
	    .whole = true,
	    .src = end[side],
	    .dst = end[!side],
	    .ttl = (uint8_t)(b[7] & 1 ? 200 : 64),
	    .id = b[7],
	    .ctl = b[0] & 31,
	    .seq = f->nxt[side] + (uint32_t)((int8_t)b[2] * (b[7] & 2 ? 1460 : 1)),
	    .ack = f->nxt[!side] + (uint32_t)((int8_t)b[3] * (b[7] & 4 ? 1460 : 1)),
	    .wnd = (uint32_t)b[4] << 8,
	    .len = b[5] * (b[7] & 8 ? 40u : 1u)};
	if (b[7] & 16) {
		w->has = SW_HAS_SACK;
		w->sacks = 1;
		w->sack[0][0] = w->ack + (uint32_t)(int8_t)b[6] * 100;
		w->sack[0][1] = w->sack[0][0] + 100;
	}
	if (w->ctl & SW_SYN) {
		w->has = SW_HAS_MSS | SW_HAS_WSCALE | SW_HAS_SACK_OK;
		w->mss = 1460;
		w->wscale = b[7] >> 5;
	}
	w->size = 40 + w->len;
	if (b[2] == 0 || b[7] & 32)
		f->nxt[side] =
		    w->seq + w->len + ((w->ctl & SW_SYN) != 0) + ((w->ctl & SW_FIN) != 0);
}

static void
as_segments(struct ex_engine *e, const uint8_t *data, size_t n)
{
	struct flow flow[CONNS] = {{{1000, 0xfffffff0}}};
	struct ex_packet p = {.at = 1, .sum = SW_WIRE_SUM_GOOD, .data = data};

	for (size_t at = 0; at + BYTES <= n && p.frame < SEGMENTS_MOST; at += BYTES) {
		const uint8_t *b = data + at;

		segment(flow, b, &p.wire);
		p.at += (sw_ns)1000 << (b[1] % 28);
		p.frame++;
		p.captured = p.on_wire = p.wire.size + 14;
		ex_engine_packets(e, &p, 1);
	}
	judge(e, p.frame, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ex_limits limits;
	struct ex_watch watch = {.conn = on_conn, .seen = on_seen};
	struct ex_engine *e;

	if (n == 0)
		return 0;
	if (!nowhere)
		check((nowhere = fopen("/dev/null", "w")));
	ex_limits_init(&limits);
	if (*data & 2)
		limits.flood = limits.time_wait = 1;
	told = seen = 0;
	memset(known, 0, sizeof(known));
	e = ex_engine_new(&limits, &watch);
	if (*data & 1)
		as_segments(e, data + 1, n - 1);
	else
		as_file(e, data + 1, n - 1);
	ex_engine_free(e);
	return 0;
}
