/*
 * net_args.c - --tun, --tap, --xdp, --addr, --via, --mtu, and what they make: a device
 * with a stack of ours on it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef SW_WITH_XDP
#include <synwave/sw_xdp.h>
#endif

#include "net_args.h"

enum { KEY_TUN = 0x200, KEY_TAP, KEY_ADDR, KEY_VIA, KEY_MTU, KEY_PLAIN, KEY_XDP, KEY_XDP_MODE };

/* clang-format off */
static const struct argp_option options[] = {
	{0, 0, 0, 0, "The device and our own address on it:", 1},
	{"tun", KEY_TUN, "NAME", 0, "a TUN device (IP packets); it is created if there is none", 1},
	{"tap", KEY_TAP, "NAME", 0, "a TAP device (Ethernet frames) instead", 1},
	{"xdp", KEY_XDP, "NAME[:QUEUE]", 0, "a queue (0) of an Ethernet device by AF_XDP instead: all "
		"that comes to it comes to us", 1},
	{"xdp-mode", KEY_XDP_MODE, "MODE", 0, "native, generic, or either with ,copy: by default "
		"the best there is", 1},
	{"addr", KEY_ADDR, "CIDR", 0, "our address and the length of its network's prefix: "
		"10.9.0.2/24 or fd00:9::2/64", 1},
	{"via", KEY_VIA, "GATEWAY", 0, "our default route; and the kernel's address on a device "
		"that is created", 1},
	{"mtu", KEY_MTU, "BYTES", 0, "longest IP packet (the device's)", 1},
	{"no-offload", KEY_PLAIN, 0, 0, "cut and sum packets ourselves: none is longer than the "
		"MTU", 1},
	{0}
};
/* clang-format on */

bool
net_number(const char *text, uint32_t low, uint32_t high, uint32_t *number)
{
	char *end;
	unsigned long long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || *end != 0 || n < low || n > high)
		return false;
	*number = (uint32_t)n;
	return true;
}

/* "10.9.0.2/24" */
static bool
cidr_parse(const char *text, struct sw_addr *addr, unsigned *prefix)
{
	const char *slash = strchr(text, '/');
	char host[SW_ADDR_TEXT + 1];
	uint32_t n;

	if (slash == NULL || (size_t)(slash - text) >= sizeof host)
		return false;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = 0;
	if (sw_addr_parse(addr, host) != SW_OK || sw_addr_is_any(addr))
		return false;
	if (!net_number(slash + 1, 1, sw_addr_is4(addr) ? 32 : 128, &n))
		return false;
	*prefix = n;
	return true;
}

static void
check(const struct net_args *a, struct argp_state *state)
{
	if (a->device == NULL)
		argp_error(state, "which device? --tun NAME, --tap NAME or --xdp NAME");
	else if (!a->has_addr)
		argp_error(state, "our own address is missing: --addr 10.9.0.2/24, for example");
	else if (a->has_via && sw_addr_is4(&a->via) != sw_addr_is4(&a->addr))
		argp_error(state, "--addr and --via are not of one family");
	else if (a->has_via && sw_addr_same(&a->via, &a->addr))
		argp_error(state, "--addr is our address, --via another host's");
	else if (a->mtu != 0 && a->mtu < 1280 && !sw_addr_is4(&a->addr))
		argp_error(state, "--mtu: IPv6 needs at least 1280");
}

/* A device's name, maybe with a queue. */
static void
device_parse(struct net_args *a, int key, char *arg, struct argp_state *state)
{
	char *colon = key == KEY_XDP ? strrchr(arg, ':') : NULL;

	if (a->device != NULL)
		argp_error(state, "one device is enough");
	if (colon != NULL && !net_number(colon + 1, 0, UINT16_MAX, &a->queue))
		argp_error(state, "--xdp: '%s' is not a queue's number", colon + 1);
	if (colon != NULL)
		*colon = 0;
	if (*arg == 0 || strlen(arg) >= IF_NAMESIZE || strpbrk(arg, "/% \t") != NULL)
		argp_error(state, "'%s' cannot be a device's name", arg);
	a->device = arg;
	a->xdp = key == KEY_XDP;
	a->ethernet = key != KEY_TUN;
}

static void
mode_parse(struct net_args *a, const char *arg, struct argp_state *state)
{
	static const char *const modes[] = {"native", "native,copy", "generic", "generic,copy",
					    "copy"};

	a->xdp_mode = NULL;
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(arg, modes[i]) == 0)
			a->xdp_mode = modes[i];
	if (a->xdp_mode == NULL)
		argp_error(state, "--xdp-mode: '%s' is not native, generic or copy", arg);
}

static error_t
parse(int key, char *arg, struct argp_state *state)
{
	struct net_args *a = state->input;

	switch (key) {
	case KEY_TUN:
	case KEY_TAP:
	case KEY_XDP:
		device_parse(a, key, arg, state);
		return 0;
	case KEY_XDP_MODE:
		mode_parse(a, arg, state);
		return 0;
	case KEY_ADDR:
		a->has_addr = cidr_parse(arg, &a->addr, &a->prefix);
		if (!a->has_addr)
			argp_error(state, "--addr: '%s' is not like 10.9.0.2/24 or fd00:9::2/64",
				   arg);
		return 0;
	case KEY_VIA:
		a->has_via = sw_addr_parse(&a->via, arg) == SW_OK && !sw_addr_is_any(&a->via);
		if (!a->has_via)
			argp_error(state, "--via: '%s' is not an IP address", arg);
		return 0;
	case KEY_MTU:
		if (!net_number(arg, 576, 65535, &a->mtu))
			argp_error(state, "--mtu: '%s' is not a number from 576 to 65535", arg);
		return 0;
	case KEY_PLAIN:
		a->plain = true;
		return 0;
	case ARGP_KEY_END:
		check(a, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp net_argp = {options, parse, NULL, NULL, NULL, NULL, NULL};

char *
net_endpoint_text(const struct sw_endpoint *e, char text[NET_TEXT])
{
	char addr[SW_ADDR_TEXT];

	sw_addr_format(&e->addr, addr);
	snprintf(text, NET_TEXT, sw_addr_is4(&e->addr) ? "%s:%u" : "[%s]:%u", addr, e->port);
	return text;
}

/* Without the right to create a device: say how somebody who has it does it. */
static void
say_how(const struct net_args *a, bool node)
{
	const char *mode = a->ethernet ? "tap" : "tun";
	char via[SW_ADDR_TEXT] = "GATEWAY";

	if (a->has_via)
		sw_addr_format(&a->via, via);
	fprintf(stderr,
		"synwave: %s: creating a device needs root; do it once and run this again: "
		"%ssudo ip tuntap add dev %s mode %s user $USER && "
		"sudo ip addr add %s/%u dev %s && sudo ip link set %s up\n",
		a->device, node ? "sudo chmod 666 /dev/net/tun && " : "", a->device, mode, via,
		a->prefix, a->device, a->device);
}

/* Do two addresses of one family share a prefix? */
static bool
same_net(const struct sw_addr *a, const struct sw_addr *b, unsigned prefix)
{
	unsigned bits = prefix + (sw_addr_is4(a) ? 96 : 0);
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	return memcmp(a->b, b->b, bits / 8) == 0 &&
	       (bits == 128 || ((a->b[bits / 8] ^ b->b[bits / 8]) & mask) == 0);
}

#ifdef SW_WITH_XDP
/* A queue of a device that is there; it is brought up if it is not. */
static int
xdp_open(struct net *n, const struct net_args *a)
{
	const char *mode = a->xdp_mode != NULL ? a->xdp_mode : "";
	unsigned how = (strncmp(mode, "native", 6) == 0 ? SW_XDP_NATIVE : 0u) |
		       (strncmp(mode, "generic", 7) == 0 ? SW_XDP_GENERIC : 0u) |
		       (strstr(mode, "copy") != NULL ? SW_XDP_COPY : 0u);
	struct sw_drv_error e;

	n->drv = sw_drv_xdp(a->device, a->queue, how, &e);
	if (n->drv != NULL && sw_drv_up(n->drv, NULL, 0, 0, &e) == 0)
		return 0;
	fprintf(stderr, "synwave: %s\n", e.text);
	return 1;
}
#else
static int
xdp_open(struct net *n, const struct net_args *a)
{
	(void)n;
	fprintf(stderr, "synwave: %s: this program was built without AF_XDP (XDP=no)\n", a->device);
	return 1;
}
#endif

/* The device, up. */
static int
device_open(struct net *n, const struct net_args *a)
{
	unsigned how = (a->ethernet ? SW_DRV_TAP : 0u) | (a->plain ? SW_DRV_PLAIN : 0u);
	struct sw_drv_error e;
	bool made;

	if (a->xdp)
		return xdp_open(n, a);
	if (!a->has_via && if_nametoindex(a->device) == 0) {
		fprintf(stderr,
			"synwave: %s does not exist yet; to create it, give the kernel's "
			"address on it: --via ADDRESS\n",
			a->device);
		return 2;
	}
	if (if_nametoindex(a->device) == 0 && !same_net(&a->addr, &a->via, a->prefix)) {
		fprintf(stderr,
			"synwave: --via: the kernel's address on a new device must be in the "
			"network of --addr\n");
		return 2;
	}
	if (sw_drv_open(&n->drv, 1, a->device, how, &e) != 0) {
		n->drv = NULL;
		if ((e.code == EPERM || e.code == EACCES) && if_nametoindex(a->device) == 0)
			say_how(a, strncmp(e.text, "/dev/", 5) == 0);
		else
			fprintf(stderr, "synwave: %s\n", e.text);
		return 1;
	}
	made = sw_drv_made(n->drv);
	if (!made && !sw_drv_is_up(n->drv) && sw_drv_up(n->drv, NULL, 0, 0, NULL) != 0) {
		fprintf(stderr, "synwave: %s is down: sudo ip link set %s up\n", a->device,
			a->device);
		return 1;
	}
	if (sw_drv_up(n->drv, made ? &a->via : NULL, a->prefix, made ? a->mtu : 0, &e) != 0) {
		fprintf(stderr, "synwave: %s\n", e.text);
		return 1;
	}
	return 0;
}

/* Our link-local address on Ethernet (RFC 4291 2.5.6, Appendix A). */
static struct sw_addr
link_local(const uint8_t mac[6])
{
	struct sw_addr a = {{0xfe, 0x80}};

	memcpy(a.b + 8, mac, 3);
	memcpy(a.b + 13, mac + 3, 3);
	a.b[8] ^= 2;
	a.b[11] = 0xff;
	a.b[12] = 0xfe;
	return a;
}

/* The stack's interface, addresses and default route. */
static int
stack_join(struct net *n, const struct net_args *a)
{
	struct sw_addr zero = sw_addr_is4(&a->addr) ? sw_addr4(0, 0, 0, 0) : (struct sw_addr){0};
	struct sw_iface face;
	struct sw_addr local;
	int error = sw_drv_attach(n->drv, n->stack);

	if (error < 0)
		return error;
	sw_drv_iface(n->drv, &face);
	if (a->mtu != 0 && a->mtu < face.mtu)
		error = sw_iface_mtu(n->stack, 0, a->mtu);
	if (error >= 0)
		error = sw_address_add(n->stack, 0, &a->addr, a->prefix);
	if (error >= 0 && a->ethernet && !sw_addr_is4(&a->addr)) {
		local = link_local(face.mac);
		error = sw_address_add(n->stack, 0, &local, 64);
	}
	/* everything else: to the gateway; a TUN device is one by itself */
	if (error >= 0 && (a->has_via || !a->ethernet))
		error = sw_route_add(n->stack, &zero, 0, 0, a->ethernet ? &a->via : NULL);
	return error;
}

int
net_open(struct net *n, const struct net_args *a, struct sw_config *config)
{
	int code, error;

	memset(n, 0, sizeof *n);
	code = device_open(n, a);
	if (code != 0) {
		net_close(n);
		return code;
	}
	n->stack = sw_drv_stack(config, &n->arena);
	if (n->stack == NULL) {
		fprintf(stderr, "synwave: cannot make a stack: %s\n", strerror(errno));
		net_close(n);
		return 1;
	}
	error = stack_join(n, a);
	if (error < 0) {
		fprintf(stderr, "synwave: %s: %s\n", a->device,
			error == SW_E_INVALID ? "no host can have the address of --addr"
					      : sw_error_text(error));
		net_close(n);
		return error == SW_E_INVALID ? 2 : 1;
	}
	return 0;
}

void
net_close(struct net *n)
{
	sw_drv_close(n->drv);
	free(n->arena);
	memset(n, 0, sizeof *n);
}
