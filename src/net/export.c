/*
 * export.c - a connection leaves a stack as bytes, and comes into another.
 *
 *	"SWCX", version, the tuple, the connection (tcp/moves.c), a checksum of it all
 *
 * Knows how a record is taken out of the table without a word to the peer, and what
 * stands in its place: a small record that answers nothing, as the other stack does.
 */
#include "net/net.h"
#include "tcp/moves.h"

enum { EXPORT_VERSION = 2, EXPORT_SUM = 8 };

static const uint8_t export_magic[4] = {'S', 'W', 'C', 'X'};

/* Not a secret: it finds what broke on the way, not what was made to look whole. */
static void
export_sum(const void *bytes, size_t n, uint8_t sum[EXPORT_SUM])
{
	static const uint8_t key[16] = {1};
	uint64_t v = prf(key, bytes, n);

	put_32(sum, (uint32_t)(v >> 32));
	put_32(sum + 4, (uint32_t)v);
}

/* The ends of the connection. */
static void
export_tuple(struct moved *m, struct tuple *t)
{
	moved_raw(m, t->local.b, sizeof(t->local.b));
	moved_raw(m, t->remote.b, sizeof(t->remote.b));
	t->local_port = (uint16_t)moved_num(m, t->local_port);
	m->bad |= m->last > UINT16_MAX;
	t->remote_port = (uint16_t)moved_num(m, t->remote_port);
	m->bad |= m->last > UINT16_MAX;
}

ptrdiff_t
sw_export(struct sw_stack *s, sw_ns now, sw_conn c, void *to, size_t cap, unsigned how)
{
	uint32_t i = conn_of(s, c), version = EXPORT_VERSION;
	struct moved m = {.to = to, .cap = to != NULL ? cap : 0};
	uint8_t magic[4], sum[EXPORT_SUM] = {0};
	struct tuple tuple;
	struct tcb *t;

	if (i == NONE)
		return SW_E_NO_CONN;
	t = block_at(s, i);
	/* one that counts as its listener's cannot leave it */
	if (t->h.state == SW_CLOSED || (t->h.mark & MARK_FAST))
		return SW_E_STATE;
	m.now = stack_now(s, now);
	head_tuple(&t->h, &tuple);
	memcpy(magic, export_magic, sizeof(magic));
	moved_raw(&m, magic, sizeof(magic));
	moved_num(&m, version);
	export_tuple(&m, &tuple);
	tcp_move_out(&s->tcp, t, &m);
	if (m.at + EXPORT_SUM <= m.cap) {
		export_sum(m.to, m.at, sum);
		memcpy(m.to + m.at, sum, EXPORT_SUM);
		if (!(how & SW_EXPORT_COPY) && !time_wait_moved(s, i, now))
			return SW_E_NO_MEMORY;
	}
	return (ptrdiff_t)(m.at + EXPORT_SUM);
}

/* What the bytes say of the two ends, and where they lead here; an error. */
static int
import_tuple(const struct sw_stack *s, struct moved *m, struct tuple *t)
{
	uint8_t magic[4] = {0}, sum[EXPORT_SUM];
	size_t n = m->cap;
	int iface;

	if (m->from == NULL || n < EXPORT_SUM)
		return SW_E_INVALID;
	m->cap = n - EXPORT_SUM;
	export_sum(m->from, m->cap, sum);
	if (memcmp(sum, m->from + m->cap, EXPORT_SUM) != 0)
		return SW_E_INVALID;
	moved_raw(m, magic, sizeof(magic));
	if (memcmp(magic, export_magic, sizeof(magic)) != 0 || moved_num(m, 0) != EXPORT_VERSION)
		return SW_E_INVALID;
	export_tuple(m, t);
	if (m->bad || t->local_port == 0 || t->remote_port == 0 ||
	    !address_is_unicast(s, &t->remote) || sw_addr_is4(&t->local) != sw_addr_is4(&t->remote))
		return SW_E_INVALID;
	iface = route_find(s, &t->remote, NULL);
	if (iface < 0 ||
	    !(address_is_ours(s, &t->local) || iface_at(s, (uint32_t)iface)->conf.any_destination))
		return SW_E_NO_ROUTE;
	return iface;
}

/* Is the tuple free, or what this connection left here when it went? */
static bool
import_place(struct sw_stack *s, const struct tuple *t)
{
	uint32_t ref = conn_find(s, t);

	if (ref == NONE)
		return true;
	if (REF_KIND(ref) != KIND_TIME_WAIT ||
	    !(time_wait_at(s, REF_INDEX(ref))->k.mark & SMALL_MOVED))
		return false;
	time_wait_free(s, REF_INDEX(ref));
	return true;
}

int
sw_import(struct sw_stack *s, sw_ns now, const void *bytes, size_t n, sw_conn *name)
{
	struct moved m = {.from = bytes, .cap = n, .now = stack_now(s, now)};
	struct tuple tuple;
	uint32_t i = NONE;
	struct tcb t;
	int iface;

	if (name == NULL)
		return SW_E_INVALID;
	iface = import_tuple(s, &m, &tuple);
	if (iface < 0)
		return iface;
	if (pool_room(&s->blocks) == 0)
		return SW_E_NO_MEMORY;
	conn_fresh(s, &t, &tuple, iface, (seq){0});
	if (tcp_move_in(&s->tcp, &t, &m) && m.at == m.cap) {
		if (!import_place(s, &tuple)) {
			tcp_drop(&s->tcp, &t);
			return SW_E_IN_USE;
		}
		i = conn_from(s, &t, NONE);
	}
	if (i == NONE) {
		tcp_drop(&s->tcp, &t);
		return m.full ? SW_E_NO_MEMORY : SW_E_INVALID;
	}
	*name = conn_name(s, i);
	conn_settle(s, i, m.now, NULL);
	return SW_OK;
}
