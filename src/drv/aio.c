/*
 * aio.c - many writes in one system call (io_submit(2)).  Knows no device.
 *
 * A write that hands a packet to the kernel's stack wakes whoever waits for it,
 * and on the way back from the call that program runs, for one packet.  In one
 * call all of a batch is handed over first.  Where the kernel has none of it
 * the caller writes one by one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/aio_abi.h>

#include "drv.h"

/* A context for DRV_BATCH writes, or 0. */
unsigned long
drv_aio_open(void)
{
	aio_context_t ctx = 0;

	return syscall(SYS_io_setup, DRV_BATCH, &ctx) == 0 ? ctx : 0;
}

void
drv_aio_close(unsigned long ctx)
{
	if (ctx != 0)
		syscall(SYS_io_destroy, ctx);
}

/*
 * Writes n <= DRV_BATCH vectors of two pieces, in order; done[i] is what write i
 * gave, or -errno.  How many were tried: all, but for a kernel that is short of
 * memory; -1: it cannot be done this way.
 */
ptrdiff_t
drv_aio_write(unsigned long ctx, int fd, const struct iovec (*v)[2], ptrdiff_t done[], size_t n)
{
	struct iocb cb[DRV_BATCH], *list[DRV_BATCH];
	struct io_event ev[DRV_BATCH];
	long put, got, all = 0;

	memset(cb, 0, n * sizeof cb[0]);
	for (size_t i = 0; i < n; i++) {
		cb[i].aio_lio_opcode = IOCB_CMD_PWRITEV;
		cb[i].aio_fildes = (uint32_t)fd;
		cb[i].aio_buf = (uintptr_t)v[i];
		cb[i].aio_nbytes = 2;
		cb[i].aio_data = i;
		list[i] = &cb[i];
	}
	put = syscall(SYS_io_submit, ctx, n, list);
	while (all < put) {
		got = syscall(SYS_io_getevents, ctx, 1L, put - all, ev, NULL);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		for (long i = 0; i < got; i++)
			done[ev[i].data] = (ptrdiff_t)ev[i].res;
		all += got;
	}
	return put > 0 ? put : -1;
}
