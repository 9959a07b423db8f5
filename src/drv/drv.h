/*
 * drv.h - what the drivers share among themselves.
 */
#ifndef SW_DRV_DRV_H
#define SW_DRV_DRV_H

#include <sys/uio.h>

#include <synwave/sw_drv.h>

#define DRV_BATCH 32	      /* packets moved at a time */
#define DRV_HEADROOM 64	      /* before a packet that came: keeps it aligned */
#define DRV_ROOM (65536 + 64) /* bytes of the longest packet with its link header */
#define DRV_FRAME (DRV_HEADROOM + DRV_ROOM)
#define DRV_WARM (128 * 1024) /* bytes moved at a time: what a core's own cache holds */
#define DRV_NAME 16	      /* IFNAMSIZ */
#define DRV_MORE 16	      /* descriptors that sw_drv_turn() polls along */

struct mem_link;

struct sw_drv {
	const struct sw_drv_ops *ops;
	void *self; /* what the operations take: ourselves, unless the driver is another's */
	int fd;
	char name[DRV_NAME];
	bool made;
	bool tells; /* poll() says when a full device has room again */
	bool vnet;  /* each packet follows a struct virtio_net_hdr */
	struct sw_iface iface;
	uint64_t lost;
	unsigned long aio; /* aio.c's context; 0: none */

	uint8_t *in;  /* DRV_BATCH frames that came */
	uint8_t *out; /* DRV_BATCH frames that go */

	/* sw_drv_attach() */
	struct sw_stack *stack;
	int number;
	struct sw_packet batch[DRV_BATCH]; /* taken from the stack, from `at` on not yet sent */
	size_t at, n;

	/* shard.c: looks at what came; how many of them are left for the stack */
	size_t (*sift)(void *ctx, struct sw_packet *, size_t n);
	void *sift_ctx;
	void (*watch)(void *ctx, const struct sw_packet *, bool out);
	void *watch_ctx;

	/* memory */
	struct mem_link *mem;
	unsigned side;
};

struct sw_drv *drv_new(const struct sw_drv_ops *);
struct sw_stack *drv_stack(const struct sw_config *, void **arena);
int drv_mac(uint8_t mac[6]);
/* tun_steer.c */
int tun_steer(void *self, const struct sw_steer *);
/* flow.c */
enum drv_flow { FLOW_PLAIN, FLOW_ODD, FLOW_ALL, FLOW_NONE };
enum drv_flow drv_flow(enum sw_link, const struct sw_packet *, struct sw_endpoint ends[2]);
unsigned drv_shard(const struct sw_steer *, enum sw_link, const struct sw_packet *);
/* aio.c */
unsigned long drv_aio_open(void);
void drv_aio_close(unsigned long ctx);
ptrdiff_t drv_aio_write(unsigned long ctx, int fd, const struct iovec (*)[2], ptrdiff_t done[],
			size_t n);
/* Fill in the error, if there is one to fill: always -1, with errno as it was. */
int drv_fail(struct sw_drv_error *, const char *what, const char *text);

#endif
