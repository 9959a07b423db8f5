/*
 * drv.h - what the drivers share among themselves.
 */
#ifndef SW_DRV_DRV_H
#define SW_DRV_DRV_H

#include <synwave/sw_drv.h>

#define DRV_BATCH 32	      /* packets moved at a time */
#define DRV_HEADROOM 64	      /* before a packet that came: keeps it aligned */
#define DRV_ROOM (65536 + 64) /* bytes of the longest packet with its link header */
#define DRV_FRAME (DRV_HEADROOM + DRV_ROOM)
#define DRV_NAME 16 /* IFNAMSIZ */
#define DRV_MORE 16 /* descriptors that sw_drv_turn() polls along */

struct mem_link;

struct drv_ops {
	ptrdiff_t (*receive)(struct sw_drv *, struct sw_packet *, size_t);
	ptrdiff_t (*send)(struct sw_drv *, const struct sw_packet *, size_t);
	bool (*pending)(const struct sw_drv *); /* something waits that poll() cannot see */
	void (*close)(struct sw_drv *);
};

struct sw_drv {
	const struct drv_ops *ops;
	int fd;
	char name[DRV_NAME];
	bool made;
	bool vnet; /* each packet follows a struct virtio_net_hdr */
	struct sw_iface iface;
	uint64_t lost;

	uint8_t *in;  /* DRV_BATCH frames that came */
	uint8_t *out; /* DRV_BATCH frames that go */

	/* sw_drv_attach() */
	struct sw_stack *stack;
	int number;
	struct sw_packet batch[DRV_BATCH]; /* taken from the stack, from `at` on not yet sent */
	size_t at, n;

	/* memory */
	struct mem_link *mem;
	unsigned side;
};

struct sw_drv *drv_new(const struct drv_ops *);
int drv_mac(uint8_t mac[6]);
/* Fill in the error, if there is one to fill: always -1, with errno as it was. */
int drv_fail(struct sw_drv_error *, const char *what, const char *text);

#endif
