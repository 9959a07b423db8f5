/*
 * file.c - see file.h.  Knows what a pcap file looks like, and libpcap; no protocol.
 */
#define _GNU_SOURCE
#include "explain/file.h"

#include <pcap/pcap.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "explain/pool.h"
#include "explain/source.h"
#include "explain/words.h"

enum {
	FILE_HEAD = 24,
	RECORD_HEAD = 16,
	SNAP_MOST = 262144, /* as libpcap has it */
	ROOM = SNAP_MOST + RECORD_HEAD + (1 << 16),
	READ_AT_ONCE = 1 << 16,
	STREAM_BYTES = 1 << 16,
	DEVICE_WAIT_MS = 100,
	DEVICE_ROOM = 64 << 20,
	LINK_RAW = 101
};
#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du

struct ex_file {
	struct source *source; /* NULL: a device */
	pcap_t *pcap;	       /* NULL: read in place */
	FILE *stream;
	int link;
	bool swapped, cut;
	uint32_t unit_ns;
	uint64_t frame;
	struct bpf_program filter;
	bool filtered;
	uint8_t *room; /* [at, have): not yet read */
	size_t at, have;
	char why[EX_WHY];
};

const char *
ex_file_why(const struct ex_file *f)
{
	return f->why;
}

bool
ex_file_cut(const struct ex_file *f)
{
	return f->cut;
}

int
ex_file_link(const struct ex_file *f)
{
	return f->link;
}

static uint32_t
field(const struct ex_file *f, const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return f->swapped ? __builtin_bswap32(n) : n;
}

/* ---- a plain pcap file, in place ----------------------------------------- */

/* Makes sure that n bytes are there; 0: the file ends, -1: why. */
static int
need(struct ex_file *f, size_t n)
{
	while (f->have - f->at < n) {
		ssize_t got;

		if (f->have + READ_AT_ONCE > ROOM) {
			memmove(f->room, f->room + f->at, f->have - f->at);
			f->have -= f->at;
			f->at = 0;
		}
		got = ex_source_read(f->source, f->room + f->have, READ_AT_ONCE);
		if (got < 0)
			snprintf(f->why, sizeof(f->why), "%s", ex_source_why(f->source));
		if (got <= 0)
			return (int)got;
		f->have += (size_t)got;
	}
	return 1;
}

/* The file ends, or cannot be read further, inside of a packet. */
static enum ex_read
broken_off(struct ex_file *f, int code)
{
	f->cut = true;
	if (code == 0)
		snprintf(f->why, sizeof(f->why), _("the file ends inside of packet %llu"),
			 (unsigned long long)f->frame + 1);
	return EX_READ_FAILED;
}

static enum ex_read
plain_next(struct ex_file *f, struct ex_packet *p)
{
	int code = f->have - f->at >= RECORD_HEAD ? 1 : need(f, RECORD_HEAD);
	const uint8_t *head = f->room + f->at;
	uint32_t captured;

	if (code == 0 && f->have == f->at)
		return EX_READ_END;
	if (code <= 0)
		return broken_off(f, code);
	captured = field(f, head + 8);
	if (captured > SNAP_MOST) {
		snprintf(f->why, sizeof(f->why),
			 _("packet %llu is corrupt: it would have %u bytes"),
			 (unsigned long long)f->frame + 1, captured);
		f->cut = true;
		return EX_READ_FAILED;
	}
	if (f->have - f->at < RECORD_HEAD + captured) {
		code = need(f, RECORD_HEAD + captured);
		if (code <= 0)
			return broken_off(f, code);
		head = f->room + f->at;
	}
	p->at = field(f, head) * SW_S + (sw_ns)field(f, head + 4) * f->unit_ns;
	p->captured = captured;
	p->on_wire = field(f, head + 12);
	p->data = head + RECORD_HEAD;
	f->at += RECORD_HEAD + captured;
	__builtin_prefetch(f->room + f->at + RECORD_HEAD);
	return EX_READ_PACKET;
}

/* A file's number of a link type as libpcap's; they differ where systems did. */
static int
link_of_file(uint32_t link)
{
	return link == LINK_RAW ? DLT_RAW : (int)link;
}

/* Is it the plain form?  Then its header is read, and the first packet comes next. */
static bool
plain_begin(struct ex_file *f)
{
	const uint8_t *p;
	uint32_t magic, link;
	uint16_t major;

	if (ex_source_peek(f->source, &p) < 8)
		return false;
	memcpy(&magic, p, sizeof(magic));
	f->swapped = magic == __builtin_bswap32(MAGIC_US) || magic == __builtin_bswap32(MAGIC_NS);
	magic = field(f, p);
	memcpy(&major, p + 4, sizeof(major));
	if (f->swapped)
		major = __builtin_bswap16(major);
	if ((magic != MAGIC_US && magic != MAGIC_NS) || major != 2)
		return false;
	f->unit_ns = magic == MAGIC_NS ? 1 : 1000;
	if (!f->room)
		f->room = ex_alloc(ROOM);
	f->at = f->have = 0;
	if (need(f, FILE_HEAD) <= 0) {
		if (!*f->why)
			snprintf(f->why, sizeof(f->why), _("the file ends inside of its header"));
		return true;
	}
	link = field(f, f->room + 20);
	/* the upper bits tell of checksums behind the frame, which nobody needs here */
	f->link = link_of_file(link & 0xffff);
	f->at = FILE_HEAD;
	return true;
}

/* ---- everything else, by libpcap ----------------------------------------- */

static bool
pcap_begin(struct ex_file *f)
{
	char said[PCAP_ERRBUF_SIZE] = "";

	f->unit_ns = 1;
	f->stream = ex_source_stream(f->source);
	if (!f->stream)
		return false;
	setvbuf(f->stream, NULL, _IOFBF, STREAM_BYTES);
	f->pcap =
	    pcap_fopen_offline_with_tstamp_precision(f->stream, PCAP_TSTAMP_PRECISION_NANO, said);
	if (!f->pcap) {
		snprintf(f->why, sizeof(f->why), "%s",
			 *ex_source_why(f->source) ? ex_source_why(f->source) : said);
		fclose(f->stream);
		return false;
	}
	f->link = pcap_datalink(f->pcap);
	return true;
}

/* Nothing came.  pcap_next_ex() would wait for a packet, whatever signals say. */
static void
device_wait(const struct ex_file *f)
{
	struct pollfd fd = {.fd = pcap_get_selectable_fd(f->pcap), .events = POLLIN};

	poll(&fd, 1, DEVICE_WAIT_MS);
}

static enum ex_read
pcap_one(struct ex_file *f, struct ex_packet *p)
{
	struct pcap_pkthdr *head;
	const u_char *data;
	int code = pcap_next_ex(f->pcap, &head, &data);

	if (code == 0) {
		device_wait(f);
		return EX_READ_NONE;
	}
	if (code == PCAP_ERROR_BREAK)
		return EX_READ_END;
	if (code < 0) {
		snprintf(f->why, sizeof(f->why), "%s", pcap_geterr(f->pcap));
		if (f->source && *ex_source_why(f->source))
			snprintf(f->why, sizeof(f->why), "%s", ex_source_why(f->source));
		f->cut = true;
		return EX_READ_FAILED;
	}
	p->at = (sw_ns)head->ts.tv_sec * SW_S + (sw_ns)head->ts.tv_usec * f->unit_ns;
	p->captured = head->caplen;
	p->on_wire = head->len;
	p->data = data;
	return EX_READ_PACKET;
}

/* ---- either -------------------------------------------------------------- */

enum ex_read
ex_file_next(struct ex_file *f, struct ex_packet *p)
{
	enum ex_read got;
	bool passes;

	do {
		got = f->pcap ? pcap_one(f, p) : plain_next(f, p);
		if (got != EX_READ_PACKET)
			return got;
		p->frame = ++f->frame;
		passes = true;
		if (f->filtered) {
			struct pcap_pkthdr head = {.caplen = p->captured, .len = p->on_wire};

			passes = pcap_offline_filter(&f->filter, &head, p->data) > 0;
		}
	} while (!passes);
	return EX_READ_PACKET;
}

bool
ex_file_ready(const struct ex_file *f)
{
	size_t there = f->have - f->at;

	return !f->pcap && !f->filtered && there >= RECORD_HEAD &&
	       there - RECORD_HEAD >= field(f, f->room + f->at + 8);
}

static bool
begin(struct ex_file *f)
{
	f->frame = 0;
	f->cut = false;
	*f->why = '\0';
	if (plain_begin(f))
		return !*f->why;
	return pcap_begin(f);
}

static bool
link_good(struct ex_file *f)
{
	const char *name;

	if (ex_link_known(f->link))
		return true;
	name = pcap_datalink_val_to_name(f->link);
	snprintf(f->why, sizeof(f->why), _("its link type %d%s%s%s is not known here"), f->link,
		 name ? " (" : "", name ? name : "", name ? ")" : "");
	return false;
}

struct ex_file *
ex_file_open(const char *path, bool again, char why[EX_WHY])
{
	struct ex_file *f = ex_zeroed(sizeof(*f));
	const uint8_t *first;

	f->source = ex_source_open(path, again, f->why);
	if (f->source && ex_source_peek(f->source, &first) == 0)
		snprintf(f->why, sizeof(f->why), _("the file is empty"));
	else if (f->source && begin(f) && link_good(f))
		return f;
	snprintf(why, EX_WHY, "%s", f->why);
	ex_file_close(f);
	return NULL;
}

struct ex_file *
ex_file_device(const char *device, char why[EX_WHY])
{
	struct ex_file *f = ex_zeroed(sizeof(*f));
	char said[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = f->pcap = pcap_create(device, said);
	int code;

	if (p) {
		pcap_set_snaplen(p, SNAP_MOST);
		pcap_set_promisc(p, 1);
		pcap_set_timeout(p, DEVICE_WAIT_MS);
		pcap_set_buffer_size(p, DEVICE_ROOM);
		pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
		code = pcap_activate(p);
		if (code < 0)
			snprintf(said, sizeof(said), "%s",
				 *pcap_geterr(p) ? pcap_geterr(p) : pcap_statustostr(code));
		f->link = code < 0 ? 0 : pcap_datalink(p);
		f->unit_ns = pcap_get_tstamp_precision(p) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
		if (code >= 0 && link_good(f) && pcap_setnonblock(p, 1, said) == 0)
			return f;
	}
	snprintf(why, EX_WHY, "%s", *f->why ? f->why : said);
	for (char *at = why; *at; at++) /* libpcap may say it in two lines */
		if (*at == '\n')
			*at = ' ';
	ex_file_close(f);
	return NULL;
}

void
ex_file_close(struct ex_file *f)
{
	if (!f)
		return;
	if (f->filtered)
		pcap_freecode(&f->filter);
	if (f->pcap)
		pcap_close(f->pcap); /* and with it the stream */
	ex_source_close(f->source);
	free(f->room);
	free(f);
}

bool
ex_file_again(struct ex_file *f)
{
	if (f->pcap)
		pcap_close(f->pcap);
	f->pcap = NULL;
	if (!f->source || !ex_source_again(f->source)) {
		snprintf(f->why, sizeof(f->why), "%s",
			 f->source ? ex_source_why(f->source) : _("a device is there only once"));
		return false;
	}
	return begin(f);
}

bool
ex_file_filter(struct ex_file *f, const char *expression)
{
	pcap_t *p = f->pcap ? f->pcap : pcap_open_dead(f->link, SNAP_MOST);

	if (!p)
		return false;
	f->filtered = pcap_compile(p, &f->filter, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!f->filtered)
		snprintf(f->why, sizeof(f->why), _("filter '%s': %s"), expression, pcap_geterr(p));
	if (p != f->pcap)
		pcap_close(p);
	return f->filtered;
}

void
ex_file_place(const struct ex_file *f, uint64_t *done, uint64_t *total)
{
	*done = *total = 0;
	if (f->source)
		ex_source_place(f->source, done, total);
}
