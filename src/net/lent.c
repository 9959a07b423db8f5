/*
 * lent.c - memory of the stack that others write and read: room for SEND, text as it
 * stands, chunks that packets come into.
 *
 * Knows what is lent to whom until when.  Room for SEND is what would be taken next, so
 * that nothing need be given back; a chunk for a packet is taken, as it may be out for
 * long.
 *
 * RFC 9293 3.9.1.2, 3.9.1.3, 3.10.2, 3.10.3.
 */
#include "net/net.h"

/* Room for SEND. */
ptrdiff_t
sw_send_room(struct sw_stack *s, sw_ns now, sw_conn c, struct sw_room *room, size_t n)
{
	uint32_t i = conn_of(s, c);
	ptrdiff_t pieces;

	stack_now(s, now);
	if (i == NONE)
		return SW_E_NO_CONN;
	if (room == NULL && n > 0)
		return SW_E_INVALID;
	pieces = tcp_room(&s->tcp, block_at(s, i), room, n);
	if (pieces == SW_E_AGAIN)
		send_settle(s, i, 1, pieces);
	s->room = c;
	s->room_bytes = 0;
	for (ptrdiff_t k = 0; k < pieces; k++)
		s->room_bytes += room[k].len;
	return pieces;
}

/* SEND of what stands there. */
ptrdiff_t
sw_send_done(struct sw_stack *s, sw_ns now, sw_conn c, size_t n, unsigned flags)
{
	uint32_t i = conn_of(s, c);
	bool good = s->room == c && n <= s->room_bytes;
	ptrdiff_t taken;

	now = stack_now(s, now);
	if (i == NONE)
		return SW_E_NO_CONN;
	if (!good)
		return SW_E_INVALID;
	taken = tcp_send(&s->tcp, block_at(s, i), now, NULL, n, flags);
	send_settle(s, i, n, taken);
	return taken;
}

/* Where the text stands that RECEIVE would give. */
ptrdiff_t
sw_receive_peek(const struct sw_stack *s, sw_conn c, struct sw_text *text, size_t n)
{
	uint32_t i = conn_of(s, c);

	if (i == NONE)
		return SW_E_NO_CONN;
	if (text == NULL && n > 0)
		return SW_E_INVALID;
	return tcp_look(&s->tcp, block_at(s, i), text, n);
}

/* RECEIVE of what was looked at. */
ptrdiff_t
sw_receive_done(struct sw_stack *s, sw_ns now, sw_conn c, size_t n)
{
	uint32_t i = conn_of(s, c);
	ptrdiff_t given;

	now = stack_now(s, now);
	if (i == NONE)
		return SW_E_NO_CONN;
	if (n > tcp_unread(&s->tcp, block_at(s, i)))
		return SW_E_INVALID;
	given = tcp_receive(&s->tcp, block_at(s, i), now, NULL, n);
	if (given > 0) /* as in sw_receive() */
		conn_settle(s, i, now, NULL);
	return given;
}

/* Is data in a chunk that is lent?  1 + which; 0: no. */
uint32_t
lent_chunk(const struct sw_stack *s, const uint8_t *data)
{
	const struct pool *p = &s->tcp.chunks;
	uint32_t i;

	if (data < (const uint8_t *)pool_at(p, 0) || data >= (const uint8_t *)pool_at(p, p->high))
		return 0;
	i = pool_index(p, data);
	return ((const struct chunk *)pool_at(p, i))->lent ? i + 1 : 0;
}

/* Memory for packets to come; a quarter of the chunks is not for that. */
size_t
sw_input_room(struct sw_stack *s, struct sw_packet *p, size_t n, uint32_t least)
{
	struct pool *chunks = &s->tcp.chunks;
	uint32_t cap = chunks->size - (uint32_t)sizeof(struct chunk), i;
	size_t k = 0;

	s->room = 0;
	for (; k < n && cap >= least && pool_room(chunks) > chunks->cap / 4; k++) {
		i = pool_take(chunks);
		*(struct chunk *)pool_at(chunks, i) = (struct chunk){.next = NONE, .lent = 1};
		p[k].data = chunk_bytes(chunks, i);
		p[k].cap = cap;
	}
	s->tcp.lent += (uint32_t)k;
	return k;
}

/* Chunks that did not become part of a queue. */
void
sw_input_return(struct sw_stack *s, const struct sw_packet *p, size_t n)
{
	struct chunk *k;
	uint32_t i;

	s->room = 0;
	for (size_t j = 0; j < n; j++) {
		i = lent_chunk(s, p[j].data);
		if (i == 0)
			continue;
		k = pool_at(&s->tcp.chunks, i - 1);
		k->lent = 0;
		pool_give(&s->tcp.chunks, i - 1);
		s->tcp.lent--;
	}
}

/* Packets from the wire, in what was lent for them.  It goes back when all were looked at:
 * each is compared with the one before. */
void
sw_input_lent(struct sw_stack *s, sw_ns now, const struct sw_packet *p, size_t n)
{
	stack_now(s, now);
	input_packets(s, p, n, true);
	sw_input_return(s, p, n);
}
