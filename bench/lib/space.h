/*
 * space.h - a network namespace of our own.
 */
#ifndef SW_BENCH_SPACE_H
#define SW_BENCH_SPACE_H

#include <stdbool.h>

/* Into new namespaces (CLONE_NEW...), as root or as nobody in particular. */
bool space_leave(int flags);
/* Writes a file, such as one of /proc/sys. */
bool put_file(const char *name, const char *text);

#endif
