/*
 * net_args.h - options of every verb that speaks through a device, and the
 * stack on that device.
 */
#ifndef SW_CLI_NET_ARGS_H
#define SW_CLI_NET_ARGS_H

#include <argp.h>

#include <synwave/sw_drv.h>

struct net_args {
	const char *device; /* its name, NULL: not given */
	bool ethernet;	    /* TAP, or: */
	bool xdp;
	bool plain; /* no offloads */
	bool has_addr, has_via;
	struct sw_addr addr, via;
	unsigned prefix;
	uint32_t mtu;	      /* 0: not given */
	uint32_t queue;	      /* --xdp: of the device */
	const char *xdp_mode; /* NULL: not given */
};

/* A child for a verb's argp; its input is a struct net_args, all zeros. */
extern const struct argp net_argp;

struct net {
	struct sw_drv *drv;
	struct sw_stack *stack;
	void *arena;
};

/*
 * Open the device, bring it up if it is ours, and put a stack of `config` on it
 * with its address and routes.  0, or an exit code after a line on stderr.
 */
int net_open(struct net *, const struct net_args *, struct sw_config *config);
void net_close(struct net *);

/* "10.9.0.1:80" or "[fd00::1]:80" */
#define NET_TEXT (SW_ADDR_TEXT + 8)
char *net_endpoint_text(const struct sw_endpoint *, char text[NET_TEXT]);

/* A whole number from `low` to `high`; false: it is not one. */
bool net_number(const char *text, uint32_t low, uint32_t high, uint32_t *number);

#endif
