/*
 * source.h - the bytes of a capture: a file, a pipe, standard input, packed with gzip
 * or zstd or not.  What was read of a pipe can be kept, to be read a second time.
 */
#ifndef SW_EXPLAIN_SOURCE_H
#define SW_EXPLAIN_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct source;

enum { SOURCE_WHY = 256 };

/* NULL: cannot be read; `why` says it.  "-": standard input.  keep: for ex_source_again(). */
struct source *ex_source_open(const char *path, bool keep, char why[SOURCE_WHY]);
void ex_source_close(struct source *);
/* How many bytes, 0 at the end, -1: ex_source_why(). */
ssize_t ex_source_read(struct source *, void *, size_t);
const char *ex_source_why(const struct source *);
/* The first bytes, without taking them: as many as there are, at most 16. */
size_t ex_source_peek(struct source *, const uint8_t **);
/* From the beginning once more; false: it cannot be. */
bool ex_source_again(struct source *);
/* A stream of the bytes; ex_source_close() stays the caller's. */
FILE *ex_source_stream(struct source *);
/* How far it has been read, of how much; total 0: not known. */
void ex_source_place(const struct source *, uint64_t *done, uint64_t *total);

#endif
