/*
 * steer.c - which of several stacks behind one device has a flow.
 *
 * A multilinear hash of what is the same for both directions: the exclusive or of
 * the two addresses and of the two ports, mixed once more: without that, some keys
 * give a row of neighbouring ports to one stack.  A device computes it with less
 * than twenty operations (src/drv/tun_steer.c does).
 */
#include "net/net.h"

static uint64_t
get_64(const uint8_t *p)
{
	return (uint64_t)get_32(p) << 32 | get_32(p + 4);
}

void
sw_steer_init(struct sw_steer *s, const uint8_t secret[32], uint32_t shards)
{
	uint8_t label[17];

	memcpy(label, secret + 16, 16);
	for (int i = 0; i < 4; i++) {
		label[16] = (uint8_t)(128 + i); /* ident.c's labels are below */
		s->key[i] = prf(secret, label, sizeof(label)) | 1;
	}
	s->shards = shards;
}

uint32_t
sw_steer(const struct sw_steer *s, const struct sw_endpoint *a, const struct sw_endpoint *b)
{
	uint64_t h = (get_64(a->addr.b) ^ get_64(b->addr.b)) * s->key[0] +
		     (get_64(a->addr.b + 8) ^ get_64(b->addr.b + 8)) * s->key[1] +
		     (uint64_t)(a->port ^ b->port) * s->key[2];

	h = (h ^ h >> 32) * s->key[3];
	return (uint32_t)((h >> 32) * s->shards >> 32);
}

/* Is the flow of a tuple this stack's? */
bool
steer_is_ours(const struct sw_stack *s, const struct tuple *t)
{
	struct sw_endpoint local = {t->local, t->local_port}, remote = {t->remote, t->remote_port};

	return s->conf.shards < 2 || sw_steer(&s->steer, &local, &remote) == s->conf.shard;
}

bool
sw_is_known(const struct sw_stack *s, const struct sw_endpoint *local,
	    const struct sw_endpoint *remote)
{
	struct tuple t = {local->addr, remote->addr, local->port, remote->port};

	return conn_find(s, &t) != NONE;
}
