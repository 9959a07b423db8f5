/*
 * sw_xdp.h - packets from and to one queue of a network device by AF_XDP, past
 * the kernel's stack.  In libsynwave-xdp, which needs libxdp and libbpf:
 *
 *	cc prog.c $(pkg-config --cflags --libs synwave-xdp)
 *
 * The device is an Ethernet device that is there already, and ours while we use
 * it: all that comes to the queue comes to us, ARP and neighbour discovery too.
 * An address of ours must not be the kernel's at the same time.
 */
#ifndef SYNWAVE_SW_XDP_H
#define SYNWAVE_SW_XDP_H

#include "sw_drv.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {			   /* how */
       SW_XDP_NATIVE = 1,  /* only in the device's driver */
       SW_XDP_GENERIC = 2, /* only before the kernel's stack, which every device can do */
       SW_XDP_COPY = 4	   /* packets are copied even if the device could do without */
};

/*
 * One queue of a device.  how 0: the best that it has.  Frames have the MAC of
 * the device; its MTU counts, as far as a packet fits into a frame of 4 KiB.  There
 * are no offloads: checksums are made and verified here, so the other end of a
 * veth pair must be told not to leave them open (ethtool -K PEER tx off).
 * Needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF.  NULL: error.
 */
struct sw_drv *sw_drv_xdp(const char *device, unsigned queue, unsigned how, struct sw_drv_error *);

/* "zero-copy", "copy"; NULL: not a driver of this kind. */
const char *sw_xdp_mode(const struct sw_drv *);

#ifdef __cplusplus
}
#endif
#endif
