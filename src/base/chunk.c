/*
 * chunk.c - byte queues made of pool elements.  Knows bytes, not what they mean.
 */
#include "base/chunk.h"
#include "base/sum.h"

static struct chunk *
chunk_of(const struct pool *p, uint32_t i)
{
	return pool_at(p, i);
}

static uint32_t
chunk_room(const struct pool *p)
{
	return p->size - (uint32_t)sizeof(struct chunk);
}

/* A chain without bytes. */
void
chain_init(struct chain *c)
{
	c->head = c->tail = NONE;
	c->len = 0;
}

/* Chunk i is the last one now. */
static inline void
chain_link(struct chain *c, struct pool *p, uint32_t i)
{
	if (c->tail == NONE)
		c->head = i;
	else
		chunk_of(p, c->tail)->next = i;
	c->tail = i;
}

/* Puts an empty chunk at the tail; false: fewer than `reserve` would be left. */
static bool
chain_extend(struct chain *c, struct pool *p, uint32_t reserve)
{
	uint32_t i = pool_room(p) > reserve ? pool_take(p) : NONE;

	if (i == NONE)
		return false;
	*chunk_of(p, i) = (struct chunk){.next = NONE};
	chain_link(c, p, i);
	return true;
}

/* By the machine's, or by C's: not the address of that one, it would need the linker's table. */
static uint32_t
copy_summed(uint32_t (*go)(void *, const void *, size_t), void *to, const void *from, uint32_t n)
{
	return go ? go(to, from, n) : sum_copy(to, from, n);
}

/* The folded sum of the first bytes, and of those that follow them, `done` bytes on. */
static uint32_t
sum_behind(uint32_t sum, uint32_t more, uint32_t done)
{
	return sum_add(sum, done & 1 ? sum_swap(more) : more);
}

/* Copies up to n bytes to the tail and says how many; their folded sum by copy_sum, if that
 * is there. */
static inline uint32_t
chain_put(struct chain *c, struct pool *p, struct view from, uint32_t reserve, struct copy_sum *by)
{
	struct chunk *k;
	uint32_t taken = 0, part;
	uint8_t *to;

	while (taken < from.len) {
		k = c->tail == NONE ? NULL : chunk_of(p, c->tail);
		if (!k || k->to == chunk_room(p)) {
			if (!chain_extend(c, p, reserve))
				break;
			continue;
		}
		part = min_u32(from.len - taken, chunk_room(p) - k->to);
		to = chunk_bytes(p, c->tail) + k->to;
		if (from.p == NULL)
			; /* they stand there */
		else if (by == NULL)
			memcpy(to, from.p + taken, part);
		else
			by->sum = sum_behind(by->sum, copy_summed(by->go, to, from.p + taken, part),
					     taken);
		k->to += part;
		c->len += part;
		taken += part;
	}
	return taken;
}

/* Copies up to n bytes to the tail and says how many. */
uint32_t
chain_append(struct chain *c, struct pool *p, const void *data, uint32_t n, uint32_t reserve)
{
	return chain_put(c, p, (struct view){data, n}, reserve, NULL);
}

/* The same, and sums them: by->sum grows by the folded sum. */
uint32_t
chain_append_sum(struct chain *c, struct pool *p, const void *data, uint32_t n, struct copy_sum *by)
{
	return chain_put(c, p, (struct view){data, n}, 0, by);
}

/* The room that a chunk of which `to` bytes are filled still has, at most `want`. */
static uint32_t
room_put(const struct pool *p, uint32_t i, uint32_t to, uint32_t want, struct sw_room *room)
{
	room->at = chunk_bytes(p, i) + to;
	room->len = min_u32(want, chunk_room(p) - to);
	return (uint32_t)room->len;
}

/* How many bytes it takes, of which `reserve` chunks are not for it. */
uint32_t
chain_free(const struct chain *c, const struct pool *p, uint32_t reserve)
{
	uint64_t n = pool_room(p) > reserve ? pool_room(p) - reserve : 0;

	n *= chunk_room(p);
	n += c->tail != NONE ? chunk_room(p) - chunk_of(p, c->tail)->to : 0;
	return n < NONE ? (uint32_t)n : NONE;
}

/* Where the next bytes go: the rest of the last chunk, then those that are free. */
uint32_t
chain_room(const struct chain *c, const struct pool *p, uint32_t want, struct sw_room *room,
	   uint32_t n)
{
	uint32_t i = NONE, k = 0;

	if (c->tail != NONE && n > 0 && want > 0 && chunk_of(p, c->tail)->to < chunk_room(p))
		want -= room_put(p, c->tail, chunk_of(p, c->tail)->to, want, &room[k++]);
	while (k < n && want > 0) {
		i = pool_next(p, i);
		want -= room_put(p, i, 0, want, &room[k++]);
	}
	return k;
}

/* The pieces that its bytes stand in. */
uint32_t
chain_look(const struct chain *c, const struct pool *p, struct sw_text *text, uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = c->head; i != NONE && k < n; i = chunk_of(p, i)->next) {
		text[k].at = chunk_bytes(p, i) + chunk_of(p, i)->from;
		text[k++].len = chunk_of(p, i)->to - chunk_of(p, i)->from;
	}
	return k;
}

/* Takes a chunk that a packet came into for its text. */
bool
chain_adopt(struct chain *c, struct pool *p, uint32_t i, const uint8_t *at, uint32_t n)
{
	struct chunk *k = chunk_of(p, i);
	uint32_t from = (uint32_t)(at - chunk_bytes(p, i));

	if (!k->lent || n < chunk_room(p) / 2)
		return false;
	*k = (struct chunk){.next = NONE, .from = from, .to = from + n};
	chain_link(c, p, i);
	c->len += n;
	return true;
}

/* Drops all but the first n bytes. */
void
chain_cut(struct chain *c, struct pool *p, uint32_t n)
{
	struct chain rest = *c;
	struct chunk *k;

	if (n == 0 || n >= c->len) {
		chain_drop(c, p, n == 0 ? c->len : 0);
		return;
	}
	rest.len = c->len - n;
	c->len = n;
	c->tail = c->head;
	for (;;) { /* ends with the chain */
		k = chunk_of(p, c->tail);
		if (n <= k->to - k->from)
			break;
		n -= k->to - k->from;
		c->tail = k->next;
	}
	rest.head = k->next;
	rest.len -= k->to - k->from - n;
	k->to = k->from + n;
	k->next = NONE;
	chain_clear(&rest, p);
}

/* Drops n bytes, at most all, from the head. */
void
chain_drop(struct chain *c, struct pool *p, uint32_t n)
{
	struct chunk *k;
	uint32_t part, i;

	n = min_u32(n, c->len);
	while (n > 0) {
		i = c->head;
		k = chunk_of(p, i);
		part = min_u32(n, k->to - k->from);
		k->from += part;
		c->len -= part;
		n -= part;
		if (k->from < k->to)
			break;
		c->head = k->next;
		if (c->head == NONE)
			c->tail = NONE;
		pool_give(p, i);
	}
}

/* Moves up to n bytes out from the head and says how many. */
uint32_t
chain_read(struct chain *c, struct pool *p, void *dst, uint32_t n)
{
	struct place at = chain_place(c, p, 0);

	n = min_u32(n, c->len);
	if (n > 0)
		place_copy(p, &at, dst, n);
	chain_drop(c, p, n);
	return n;
}

/* Gives all chunks back. */
void
chain_clear(struct chain *c, struct pool *p)
{
	chain_drop(c, p, c->len);
}

/* Copies the first chunk of `from` into the last of `to` if it fits there: so that
 * bytes which came one by one do not hold a chunk each. */
static void
chain_close_up(struct chain *to, struct chain *from, struct pool *p)
{
	const struct chunk *f = chunk_of(p, from->head);
	struct chunk *k = chunk_of(p, to->tail);
	uint32_t n = f->to - f->from;

	if (n > chunk_room(p) - k->to)
		return;
	memcpy(chunk_bytes(p, to->tail) + k->to, chunk_bytes(p, from->head) + f->from, n);
	k->to += n;
	to->len += n;
	chain_drop(from, p, n);
}

/* Moves the bytes of `from` behind those of `to`. */
void
chain_join(struct chain *to, struct chain *from, struct pool *p)
{
	if (from->head != NONE && to->tail != NONE)
		chain_close_up(to, from, p);
	if (from->head == NONE)
		return;
	if (to->tail == NONE)
		to->head = from->head;
	else
		chunk_of(p, to->tail)->next = from->head;
	to->tail = from->tail;
	to->len += from->len;
	chain_init(from);
}

/* Where the byte at `offset` stands; chunk NONE: there is none. */
struct place
chain_place(const struct chain *c, const struct pool *p, uint32_t offset)
{
	if (offset >= c->len)
		return (struct place){NONE, 0};
	return place_after(p, (struct place){c->head, chunk_of(p, c->head)->from}, offset);
}

/* The place n bytes on, in the next chunk only if there is one. */
struct place
place_after(const struct pool *p, struct place at, uint32_t n)
{
	const struct chunk *k;

	if (at.chunk == NONE)
		return at;
	for (;;) { /* ends with the chain */
		k = chunk_of(p, at.chunk);
		if (n < k->to - at.at || k->next == NONE)
			break;
		n -= k->to - at.at;
		at.chunk = k->next;
		at.at = chunk_of(p, at.chunk)->from;
	}
	at.at += n;
	return at;
}

/* The next bytes in one piece, at most n, and how many; *at moves behind them. */
static inline const uint8_t *
place_next(const struct pool *p, struct place *at, uint32_t n, uint32_t *part)
{
	const struct chunk *k = chunk_of(p, at->chunk);
	const uint8_t *bytes;

	while (at->at == k->to) { /* bounded: one chain */
		at->chunk = k->next;
		k = chunk_of(p, at->chunk);
		at->at = k->from;
	}
	*part = min_u32(n, k->to - at->at);
	bytes = chunk_bytes(p, at->chunk) + at->at;
	at->at += *part;
	return bytes;
}

/* Copies n bytes that are there. */
void
place_copy(const struct pool *p, struct place *at, void *dst, uint32_t n)
{
	uint8_t *to = dst;
	uint32_t part;

	for (; n > 0; to += part, n -= part) {
		const uint8_t *from = place_next(p, at, n, &part);

		memcpy(to, from, part);
	}
}

/* Copies n bytes that are there; gives the folded sum of them. */
uint32_t
place_copy_sum(const struct pool *p, struct place *at, void *dst, uint32_t n,
	       uint32_t (*copy_sum)(void *, const void *, size_t))
{
	uint8_t *to = dst;
	uint32_t sum = 0, done = 0, part;

	for (; done < n; done += part) {
		const uint8_t *from = place_next(p, at, n - done, &part);

		sum = sum_behind(sum, copy_summed(copy_sum, to + done, from, part), done);
	}
	return sum;
}
