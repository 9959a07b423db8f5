/*
 * explain_pick.c - the connections that -C and --where ask for, and -w: a capture of
 * their packets.
 *
 * Which they are is known at the end only.  So -w goes through the capture once more:
 * the same packets give the same numbers.
 */
#define _GNU_SOURCE
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "lang.h"
#include "explain/pool.h"

enum { SNAP = 262144, BITS = 64 };

bool
pick_all(const struct explain_args *a)
{
	return a->conn == 0 && !a->where;
}

bool
pick_has(const struct pick *p, uint64_t conn)
{
	return conn / BITS < p->words && p->bits[conn / BITS] >> conn % BITS & 1;
}

bool
pick_conn(struct pick *p, const struct ex_conn *c)
{
	size_t at = c->id / BITS;

	if ((p->args->conn && p->args->conn != c->id) ||
	    (p->args->where && !ex_where_fits(p->args->where, c)))
		return false;
	if (at >= p->words) {
		size_t words = 2 * at + 16;

		p->bits = ex_resized(p->bits, words * sizeof(p->bits[0]));
		memset(p->bits + p->words, 0, (words - p->words) * sizeof(p->bits[0]));
		p->words = words;
	}
	p->picked += !pick_has(p, c->id);
	p->bits[at] |= (uint64_t)1 << c->id % BITS;
	return true;
}

bool
pick_finding(const struct pick *p, const struct ex_finding *f)
{
	if (pick_all(p->args) || f->conns == 0 || (f->id == EX_F_FLOOD && p->args->conn == 0))
		return true;
	for (int i = 0; i < f->conns; i++)
		if (pick_has(p, f->conn[i]))
			return true;
	return false;
}

/* ---- -w --------------------------------------------------------------------- */

struct writer {
	const struct pick *pick;
	pcap_dumper_t *to;
};

static void
write_seen(void *ctx, const struct ex_seen *seen)
{
	struct writer *w = ctx;
	const struct ex_packet *p = seen->packet;
	struct pcap_pkthdr head = {.caplen = p->captured, .len = p->on_wire};

	if (!p->data || !pick_has(w->pick, seen->conn))
		return;
	head.ts.tv_sec = (time_t)(p->at / SW_S);
	head.ts.tv_usec = (suseconds_t)(p->at % SW_S); /* nanoseconds, as its precision says */
	pcap_dump((u_char *)w->to, &head, p->data);
}

void
pick_again(const struct explain_args *a, struct ex_file *file, const struct ex_watch *watch)
{
	struct ex_engine *e = ex_engine_new(&a->limits, watch);
	struct ex_joiner *joiner = ex_joiner_new();
	struct ex_packet p;
	uint64_t n = 0;

	while ((a->packets == 0 || n < a->packets) && ex_file_next(file, &p) == EX_READ_PACKET) {
		ex_link_read(ex_file_link(file), joiner, &p);
		ex_engine_packets(e, &p, 1);
		n++;
	}
	ex_joiner_free(joiner);
	ex_engine_free(e);
}

bool
pick_write(const struct pick *p, struct ex_file *file, char why[EX_WHY])
{
	struct writer w = {.pick = p};
	struct ex_watch watch = {.ctx = &w, .seen = write_seen};
	pcap_t *form;
	bool good = false;

	if (!ex_file_again(file)) {
		snprintf(why, EX_WHY, "%s", ex_file_why(file));
		return false;
	}
	form = pcap_open_dead_with_tstamp_precision(ex_file_link(file), SNAP,
						    PCAP_TSTAMP_PRECISION_NANO);
	if (form && !(w.to = pcap_dump_open(form, p->args->write)))
		snprintf(why, EX_WHY, "%s", pcap_geterr(form));
	if (w.to) {
		pick_again(p->args, file, &watch);
		good = pcap_dump_flush(w.to) == 0;
		if (!good)
			snprintf(why, EX_WHY, _("cannot write '%s'"), p->args->write);
		pcap_dump_close(w.to);
	}
	if (form)
		pcap_close(form);
	return good;
}
