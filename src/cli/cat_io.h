/*
 * cat_io.h - standard input and output without ever being stuck in them.
 */
#ifndef SW_CLI_CAT_IO_H
#define SW_CLI_CAT_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum io_kind {
	IO_PLAIN,  /* a file or device: a write ends by itself */
	IO_NOWAIT, /* opened again, with O_NONBLOCK of our own */
	IO_SOCKET, /* MSG_DONTWAIT */
	IO_SMALL   /* a pipe that may not be opened again: small writes after poll() */
};

struct io {
	int fd;
	enum io_kind kind;
};

/* Descriptors 0 to 2 exist: a closed one reads as empty and refuses to be written. */
void io_guard(void);
void io_input(struct io *);
void io_output(struct io *);
/* As read() and write(), but -1 with EAGAIN instead of waiting. */
ssize_t io_read(struct io *, void *, size_t);
ssize_t io_write(struct io *, const void *, size_t);
/* No more output: 0, or -1 if the last bytes could not be stored. */
int io_close(struct io *);

#endif
