/*
 * store.c - memory of the search: 28 bytes a state, and for those of one depth the
 * words in which they differ from the first.  Bounded: a search that needs more says
 * so and ends.
 */
#include "explore/store.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 8 }; /* words compared at once */

/* Grown by doubling, within the bound; NULL: it would be too much. */
static void *
grow(struct store *s, void *old, size_t was, size_t wanted)
{
	void *grown = NULL;

	if (s->used - was + wanted <= s->memory)
		grown = realloc(old, wanted);
	if (grown == NULL)
		s->full = true;
	else
		s->used += wanted - was;
	return grown;
}

bool
store_begin(struct store *s, const uint64_t *const part[PARTS], const uint32_t words[PARTS])
{
	for (int i = 0; i < PARTS; i++) {
		s->words[i] = words[i];
		s->first[i] = malloc(words[i] * sizeof(uint64_t));
		if (s->first[i] == NULL)
			return false;
		memcpy(s->first[i], part[i], words[i] * sizeof(uint64_t));
	}
	s->table_cap = 1 << 12;
	s->table = calloc(s->table_cap, sizeof(*s->table));
	return s->table != NULL;
}

void
store_end(struct store *s)
{
	for (int i = 0; i < PARTS; i++)
		free(s->first[i]);
	free(s->nodes);
	free(s->table);
	free(s->now.words);
	free(s->later.words);
	memset(s, 0, sizeof(*s));
}

static uint32_t *
store_slot(const struct store *s, uint64_t digest)
{
	uint32_t i = (uint32_t)digest & (s->table_cap - 1);

	while (s->table[i] != 0 && s->nodes[s->table[i] - 1].digest != digest)
		i = (i + 1) & (s->table_cap - 1);
	return &s->table[i];
}

static bool
store_room(struct store *s)
{
	size_t bytes = s->table_cap * sizeof(*s->table);
	void *more;

	if (s->n == s->cap) {
		uint32_t cap = s->cap ? 2 * s->cap : 1 << 11;

		more = grow(s, s->nodes, s->cap * sizeof(*s->nodes), cap * sizeof(*s->nodes));
		if (more == NULL)
			return false;
		s->nodes = more;
		s->cap = cap;
	}
	if (s->n < s->table_cap / 2)
		return true;
	more = grow(s, s->table, bytes, 2 * bytes);
	if (more == NULL)
		return false;
	s->table = more;
	s->table_cap *= 2;
	memset(s->table, 0, 2 * bytes);
	for (uint32_t i = 0; i < s->n; i++)
		*store_slot(s, s->nodes[i].digest) = i + 1;
	return true;
}

/* The node of a digest; NODE_NONE: full. */
uint32_t
store_node(struct store *s, uint64_t digest, bool *fresh)
{
	uint32_t *slot = store_slot(s, digest);

	*fresh = *slot == 0;
	if (!*fresh)
		return *slot - 1;
	if (!store_room(s))
		return NODE_NONE;
	slot = store_slot(s, digest);
	s->nodes[s->n] = (struct node){digest, NODE_NONE, MOVE_NONE, NODE_NONE};
	*slot = s->n + 1;
	return s->n++;
}

/* The words that differ, as runs: place << 32 | how many, then they. */
static size_t
pack(uint64_t *to, const uint64_t *from, const uint64_t *first, uint32_t words)
{
	const size_t block = BLOCK * sizeof(*from);
	size_t n = 0, head;
	uint32_t i = 0;

	while (i < words) {
		while (i + BLOCK <= words && memcmp(from + i, first + i, block) == 0)
			i += BLOCK;
		if (i == words)
			break;
		if (from[i] == first[i]) {
			i++;
			continue;
		}
		head = n++;
		to[head] = (uint64_t)i << 32;
		for (; i < words && from[i] != first[i]; i++, to[head]++)
			to[n++] = from[i];
	}
	to[n++] = UINT64_MAX;
	return n;
}

void
store_put(struct store *s, uint32_t node, const uint64_t *const part[PARTS])
{
	size_t most = 2 + 2 * (size_t)(s->words[0] + s->words[1] + s->words[2]) + PARTS;
	struct heap *h = &s->later;

	if (h->cap - h->n < most) {
		size_t cap = 2 * h->cap + 8 * most;
		void *more = grow(s, h->words, h->cap * sizeof(*h->words), cap * sizeof(*h->words));

		if (more == NULL)
			return;
		h->words = more;
		h->cap = cap;
	}
	h->words[h->n++] = node;
	for (int i = 0; i < PARTS; i++)
		h->n += pack(h->words + h->n, part[i], s->first[i], s->words[i]);
}

/* The state that stands at `at`; where the one behind it stands. */
size_t
store_get(const struct store *s, size_t at, uint32_t *node, uint64_t *const part[PARTS])
{
	const uint64_t *w = s->now.words;

	*node = (uint32_t)w[at++];
	for (int i = 0; i < PARTS; i++) {
		memcpy(part[i], s->first[i], s->words[i] * sizeof(uint64_t));
		while (w[at] != UINT64_MAX) {
			uint32_t n = (uint32_t)w[at];

			memcpy(part[i] + (w[at] >> 32), w + at + 1, n * sizeof(uint64_t));
			at += 1 + (size_t)n;
		}
		at++;
	}
	return at;
}

void
store_turn(struct store *s)
{
	struct heap h = s->now;

	s->now = s->later;
	s->later = h;
	s->later.n = 0;
}
