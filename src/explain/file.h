/*
 * file.h - captures, packet by packet: files, pipes, devices.
 *
 * libpcap reads pcapng, devices, and every odd form of pcap.  The plain form of pcap
 * is read in place: libpcap copies each packet once more, which was most of the time.
 */
#ifndef SW_EXPLAIN_FILE_H
#define SW_EXPLAIN_FILE_H

#include "explain/explain.h"

struct ex_file;

enum { EX_WHY = 320 };
enum ex_read {
	EX_READ_PACKET,
	EX_READ_NONE, /* a device: nothing came for a while */
	EX_READ_END,
	EX_READ_FAILED /* ex_file_why(); what came before it is good */
};

/* NULL: `why` is one line without its name.  again: it is to be read twice. */
struct ex_file *ex_file_open(const char *path, bool again, char why[EX_WHY]);
struct ex_file *ex_file_device(const char *device, char why[EX_WHY]);
void ex_file_close(struct ex_file *);

/* The next packet as captured: all but `wire`.  Its bytes stay until the next call. */
enum ex_read ex_file_next(struct ex_file *, struct ex_packet *);
/* Will the next call leave the bytes of the packets before it in place? */
bool ex_file_ready(const struct ex_file *);
const char *ex_file_why(const struct ex_file *);
/* From its first packet once more; false: why. */
bool ex_file_again(struct ex_file *);
/* The file ends inside a packet. */
bool ex_file_cut(const struct ex_file *);

int ex_file_link(const struct ex_file *); /* DLT_... */
/* Only what this expression of libpcap's lets through; false: why. */
bool ex_file_filter(struct ex_file *, const char *expression);
/* How far; total 0: not known. */
void ex_file_place(const struct ex_file *, uint64_t *done, uint64_t *total);

/* ---- link.c: from the frame to the segment ------------------------------- */

bool ex_link_known(int link);
/* Fills `wire` and `sum`; pieces of datagrams are joined, with `joiner`. */
struct ex_joiner;
struct ex_joiner *ex_joiner_new(void);
void ex_joiner_free(struct ex_joiner *);
void ex_link_read(int link, struct ex_joiner *, struct ex_packet *);

#endif
