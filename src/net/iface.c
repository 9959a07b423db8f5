/*
 * iface.c - the calls that tell a stack its interfaces, addresses and routes.
 *
 * Knows what is allowed.  Nothing that was added is ever taken away again: the
 * pools are used as arrays.
 *
 * RFC 791, RFC 8200 5, RFC 4291 2.5.5.2.
 */
#include "net/net.h"

enum {
	/* Headers with all their options, and some text (RFC 791 itself says 68). */
	MTU4_MIN = 128,
	/*= RFC 8200 5: a link for IPv6 has an MTU of at least 1280 */
	MTU6_MIN = 1280,
	MTU_MAX = 65535
};

static bool
iface_exists(const struct sw_stack *s, int iface)
{
	return s != NULL && iface >= 0 && (uint32_t)iface < s->ifaces.high;
}

/* Does any IPv6 address stand on it? */
static bool
iface_has_v6(const struct sw_stack *s, int iface)
{
	for (uint32_t i = 0; i < s->addresses.high; i++) {
		const struct address *a = pool_at(&s->addresses, i);

		if (a->iface == iface && !sw_addr_is4(&a->addr))
			return true;
	}
	return false;
}

static bool
iface_mac_ok(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return (mac[0] & 1) == 0 && memcmp(mac, none, 6) != 0;
}

/* Adds an interface; its number, from 0. */
int
sw_iface_add(struct sw_stack *s, const struct sw_iface *conf)
{
	struct iface *f;
	uint32_t i;

	if (s == NULL || conf == NULL || conf->mtu < MTU4_MIN || conf->mtu > MTU_MAX)
		return SW_E_INVALID;
	if (conf->link != SW_LINK_IP && conf->link != SW_LINK_ETHERNET)
		return SW_E_INVALID;
	if (conf->link == SW_LINK_ETHERNET && !iface_mac_ok(conf->mac))
		return SW_E_INVALID;
	i = pool_take(&s->ifaces);
	if (i == NONE)
		return SW_E_NO_MEMORY;
	f = iface_at(s, i);
	memset(f, 0, sizeof(*f));
	f->conf = *conf;
	/* a length that an IP header cannot say is no use to anybody */
	f->conf.gso_max = min_u32(conf->gso_max, MTU_MAX);
	list_init(&f->ready_blocks);
	list_init(&f->ready_halves);
	list_init(&f->waiting);
	list_init(&f->replies);
	return (int)i;
}

/* Makes a prefix of either family one of 128 bits; false: out of range. */
static bool
prefix_widen(const struct sw_addr *addr, unsigned *prefix)
{
	if (!sw_addr_is4(addr))
		return *prefix <= 128;
	if (*prefix > 32)
		return false;
	*prefix += 96;
	return true;
}

/* Gives this host an address; its prefix is on the link. */
int
sw_address_add(struct sw_stack *s, int iface, const struct sw_addr *addr, unsigned prefix)
{
	struct address *a;
	uint32_t i;

	if (!iface_exists(s, iface) || addr == NULL || !prefix_widen(addr, &prefix) ||
	    !address_is_assignable(addr, prefix))
		return SW_E_INVALID;
	if (!sw_addr_is4(addr) && iface_at(s, (uint32_t)iface)->conf.mtu < MTU6_MIN)
		return SW_E_INVALID;
	if (address_is_ours(s, addr))
		return SW_E_IN_USE;
	i = pool_take(&s->addresses);
	if (i == NONE)
		return SW_E_NO_MEMORY;
	a = pool_at(&s->addresses, i);
	memset(a, 0, sizeof(*a));
	a->addr = *addr;
	a->prefix = (uint8_t)prefix;
	a->iface = (uint8_t)iface;
	return SW_OK;
}

/* The gateway must be a host of the same family; :: /0 takes the gateway's family. */
static bool
route_gateway_ok(const struct sw_stack *s, struct sw_addr *net, unsigned *prefix,
		 const struct sw_addr *gateway)
{
	if (!address_is_unicast(s, gateway) || address_is_ours(s, gateway))
		return false;
	if (*prefix == 0 && sw_addr_is4(gateway) && !sw_addr_is4(net)) {
		*net = sw_addr4(0, 0, 0, 0);
		*prefix = 96;
	}
	return sw_addr_is4(gateway) == sw_addr_is4(net);
}

/* Adds a route: net/prefix lies behind gateway, or (NULL) on the link. */
int
sw_route_add(struct sw_stack *s, const struct sw_addr *net, unsigned prefix, int iface,
	     const struct sw_addr *gateway)
{
	struct route *r, new;
	uint32_t i;

	if (!iface_exists(s, iface) || net == NULL || !prefix_widen(net, &prefix))
		return SW_E_INVALID;
	memset(&new, 0, sizeof(new));
	new.net = *net;
	if (gateway != NULL) {
		if (!route_gateway_ok(s, &new.net, &prefix, gateway))
			return SW_E_INVALID;
		new.gateway = *gateway;
	}
	new.direct = gateway == NULL;
	new.prefix = (uint8_t)prefix;
	new.iface = (uint8_t)iface;
	i = pool_take(&s->routes);
	if (i == NONE)
		return SW_E_NO_MEMORY;
	r = pool_at(&s->routes, i);
	*r = new;
	return SW_OK;
}

/* The device's MTU has changed; connections that begin later use it. */
int
sw_iface_mtu(struct sw_stack *s, int iface, uint32_t mtu)
{
	if (!iface_exists(s, iface) || mtu < MTU4_MIN || mtu > MTU_MAX)
		return SW_E_INVALID;
	if (mtu < MTU6_MIN && iface_has_v6(s, iface))
		return SW_E_INVALID;
	iface_at(s, (uint32_t)iface)->conf.mtu = mtu;
	return SW_OK;
}
