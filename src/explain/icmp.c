/*
 * icmp.c - ICMP errors, tied to the connection whose packet they quote (RFC 792, 4443).
 */
#include "explain/work.h"

enum {
	UNREACHABLE = 3,
	EXCEEDED = 11,
	PARAMETER = 12,
	UNREACHABLE_6 = 1,
	TOO_BIG_6 = 2,
	EXCEEDED_6 = 3,
	PARAMETER_6 = 4
};

static bool
is_error(const struct sw_wire *w)
{
	if (w->v6)
		return w->type >= UNREACHABLE_6 && w->type <= PARAMETER_6;
	return w->type == UNREACHABLE || w->type == EXCEEDED || w->type == PARAMETER;
}

static void
remember(struct look *l, const struct sw_wire *w)
{
	struct trouble *t = ex_trouble(l);

	if (t->icmp_n++ > 0)
		return;
	t->icmp_frame = l->frame;
	t->icmp_from = w->src.addr;
	t->icmp_type = w->type;
	t->icmp_code = w->code;
	t->icmp_word = w->word;
	t->icmp_v6 = w->v6;
	t->icmp_of = (uint8_t)l->side;
}

void
ex_icmp(struct ex_engine *e, const struct sw_wire *w)
{
	struct sw_wire quoted;
	struct look l = {.e = e, .now = e->now};
	struct ref ref;
	uint32_t at;

	if (!is_error(w) || sw_wire_read(&quoted, w->body, w->body_len, w->body_len) != SW_WIRE_TCP)
		return;
	ref = ex_record_find(e, &quoted, ex_record_hash_of(e, &quoted), &at, &l.side);
	if (ref.kind == KIND_HALF)
		ex_half_grow(e, &ref, at);
	if (ref.kind != KIND_CONN)
		return;
	l.index = ref.index;
	l.c = ex_conn_at(e, ref.index);
	l.x = &l.c->side[l.side];
	l.y = &l.c->side[!l.side];
	l.w = w;
	l.frame = (uint32_t)(e->packet->frame - l.c->frame);
	remember(&l, w);
	ex_emit(&l);
}
