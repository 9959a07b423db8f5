/*
 * end_kernel.h - what the files of the kernel's end share.
 *
 *	end_kernel.c	packets and time
 *	kernel_net.c	its namespace, its device
 *	kernel_call.c	its system calls
 */
#ifndef SW_DRILL_END_KERNEL_H
#define SW_DRILL_END_KERNEL_H

#include <arpa/inet.h>

#include "end.h"

struct drill_kernel {
	int device, sniff; /* descriptors */
	int index;	   /* of the device */
	int aliases;	   /* names under which it has more addresses */
	int64_t offset;	   /* the monotonic clock minus the real one */
};

/* The process goes into a new namespace; NULL, or why it cannot. */
const char *drill_kernel_enter(void);
/* The device, with the script's addresses and routes; NULL, or why not. */
const char *drill_kernel_device(struct drill_run *, struct drill_kernel *);
bool drill_kernel_address(struct drill_run *, const struct sw_addr *, unsigned prefix);

#endif
