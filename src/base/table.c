/*
 * table.c - an open-addressing hash table, ordered by hash, growing in place.
 *
 * The slots hold the entries sorted by hash, each at or behind its home, with
 * no empty slot between the home and the entry.  Home is a monotone function of
 * the hash: the hash as a fraction of the number of homes, which is any number;
 * while the table grows, a fraction of the next number for the hashes at and
 * above `split`.  So adding, removing and looking up need not know whether it
 * grows.  A growth step takes the highest stretch of hashes that has not moved,
 * about one home's, and spreads its entries.
 *
 * It grows by an eighth, so that the load stays above 3/4 and below 11/12.
 *
 * Room for a step is always there.  Of H homes that become H' and S slots of slack,
 * with k entries added since growth began: when the hashes from the fraction x on
 * have moved, at most (1 - x) H + S + k are there, and they have (1 - x) H' - 1 + S
 * slots; and k is at most (1 - x) H / TABLE_STEP, since each add moved so many
 * homes before it, while H' - H is H / 8 or all of it was moved at once.
 *
 * Behind the last home come slack slots and one that stays empty, so that a
 * walk needs no end.  Slots become initialised when they come into use: while
 * it grows, from 0 to the old end and from where `split` stands to the new one.
 *
 * Does not know the keys.
 */
#include "base/table.h"

enum {
	TABLE_HOMES = 4, /* to begin with, and the least that it grows by */
	TABLE_PART = 8,	 /* grows by this part, and when only that is free */
	/* Slots behind the last home: at a load of 7/8 the last homes need more about
	 * once in e^33 tables. */
	TABLE_SLACK = 128,
	/* Homes that move with each add: it has grown before there are 1/32 more. */
	TABLE_STEP = 32
};

#define TABLE_ALL ((uint64_t)1 << 32) /* hashes */

static struct table_slot *
table_slots(const struct table *t)
{
	return (struct table_slot *)((uintptr_t)t + (uintptr_t)t->distance);
}

/* How many homes come next. */
static uint32_t
table_more(uint32_t homes)
{
	return homes + max_u32(homes / TABLE_PART, TABLE_HOMES);
}

/* Entries of so many homes before it must grow. */
static uint32_t
table_most(uint32_t homes)
{
	return homes - homes / TABLE_PART;
}

/* Slots of a table of so many homes, with slack and the last, empty one. */
static uint32_t
table_end(uint32_t cap, uint32_t homes)
{
	return homes + min_u32(cap, TABLE_SLACK) + 1;
}

/* Bytes of the slots that a table of `cap` entries can come to use. */
size_t
table_bytes(uint32_t cap)
{
	uint32_t homes = TABLE_HOMES;

	while (table_most(homes) < cap)
		homes = table_more(homes);
	return (size_t)table_end(cap, homes) * sizeof(struct table_slot);
}

/* Bytes from slot 0 to the last one that was ever touched. */
size_t
table_extent(const struct table *t)
{
	return (size_t)table_end(t->cap, t->next) * sizeof(struct table_slot);
}

static void
table_clear(struct table *t, uint32_t from, uint32_t to)
{
	struct table_slot *slot = table_slots(t);

	for (; from < to; from++)
		slot[from] = (struct table_slot){0, NONE};
}

/* An empty table; `slots` are table_bytes(cap), and only the first are touched. */
void
table_init(struct table *t, void *slots, uint32_t cap)
{
	memset(t, 0, sizeof(*t));
	t->distance = (uint64_t)((uintptr_t)slots - (uintptr_t)t);
	t->cap = cap;
	t->homes = t->next = TABLE_HOMES;
	t->split = TABLE_ALL;
	table_clear(t, 0, table_end(cap, t->homes));
}

/* The home of a hash (or, for TABLE_ALL, the end of them) among so many. */
static uint32_t
table_place(uint64_t hash, uint32_t homes)
{
	return (uint32_t)(hash * homes >> 32);
}

static uint32_t
table_home(const struct table *t, uint32_t hash)
{
	return table_place(hash, hash >= t->split ? t->next : t->homes);
}

/* Whether p is a last slot, which stays empty: that of the whole, or of the old
 * part while there is a gap behind it. */
static bool
table_is_last(const struct table *t, uint32_t p)
{
	uint32_t old_end = table_end(t->cap, t->homes);

	return p == table_end(t->cap, t->next) - 1 ||
	       (p == old_end - 1 && table_place(t->split, t->next) > old_end);
}

/* The first empty slot at or behind p. */
static uint32_t
table_hole(const struct table *t, uint32_t p)
{
	const struct table_slot *slot = table_slots(t);

	while (slot[p].ref != NONE)
		p++;
	return p;
}

/* Puts an entry at p; what stood from there up to the hole moves by one. */
static void
table_put(struct table *t, uint32_t p, uint32_t hole, struct table_slot e)
{
	struct table_slot *slot = table_slots(t);

	memmove(slot + p + 1, slot + p, (size_t)(hole - p) * sizeof(*slot));
	slot[p] = e;
}

static void
table_grow_begin(struct table *t)
{
	uint32_t old_end = table_end(t->cap, t->homes);

	t->next = table_more(t->homes);
	table_clear(t, max_u32(old_end, t->next), table_end(t->cap, t->next));
}

/* Moves the entries of the highest hashes that have not moved, a home's worth. */
static void
table_grow_step(struct table *t)
{
	struct table_slot *slot = table_slots(t), e;
	uint64_t worth = TABLE_ALL / t->homes;
	uint64_t from = t->split > worth ? t->split - worth : 0;
	uint32_t first = table_place(from, t->homes), to, old_end = table_end(t->cap, t->homes);
	uint32_t p = table_place(t->split - 1, t->homes);

	table_clear(t, max_u32(table_place(from, t->next), old_end),
		    table_place(t->split, t->next));
	while (slot[p].ref != NONE && slot[p].hash < t->split)
		p++;
	/* from the last of them down: there may be empty slots between */
	while (p-- > first) {
		e = slot[p];
		to = table_place(e.hash, t->next);
		if (e.ref != NONE && e.hash < from)
			break;
		if (e.ref == NONE || to <= p)
			continue;
		slot[p].ref = NONE;
		table_put(t, to, table_hole(t, to), e);
	}
	t->split = from;
}

/* Begins to grow when it is time, and grows by a bounded step. */
static void
table_grow(struct table *t)
{
	if (t->next == t->homes) {
		if (t->used < table_most(t->homes))
			return;
		table_grow_begin(t);
	}
	for (uint32_t n = 0; n < TABLE_STEP && t->split > 0; n++)
		table_grow_step(t);
	if (t->split == 0) {
		t->homes = t->next;
		t->split = TABLE_ALL;
	}
}

/* Adds a reference, behind those of the same hash; false: no room. */
bool
table_add(struct table *t, uint32_t hash, uint32_t ref)
{
	struct table_slot *slot = table_slots(t);
	uint32_t p, hole;

	if (t->used >= t->cap)
		return false;
	table_grow(t);
	for (p = table_home(t, hash); slot[p].ref != NONE && slot[p].hash <= hash; p++)
		;
	hole = table_hole(t, p);
	if (table_is_last(t, hole))
		return false;
	table_put(t, p, hole, (struct table_slot){hash, ref});
	t->used++;
	return true;
}

/* The slot of an entry; NONE. */
static uint32_t
table_find(const struct table *t, uint32_t hash, uint32_t ref)
{
	uint32_t it, found;

	for (found = table_first(t, hash, &it); found != NONE; found = table_next(t, hash, &it)) {
		if (found == ref)
			return it;
	}
	return NONE;
}

/* Removes an entry and closes the hole; false: it is not there. */
bool
table_remove(struct table *t, uint32_t hash, uint32_t ref)
{
	struct table_slot *slot = table_slots(t);
	uint32_t p = table_find(t, hash, ref);

	if (p == NONE)
		return false;
	while (slot[p + 1].ref != NONE && table_home(t, slot[p + 1].hash) <= p) {
		slot[p] = slot[p + 1];
		p++;
	}
	slot[p].ref = NONE;
	t->used--;
	return true;
}

/* Puts another reference in an entry's place; false: it is not there. */
bool
table_change(struct table *t, uint32_t hash, uint32_t old_ref, uint32_t new_ref)
{
	uint32_t p = table_find(t, hash, old_ref);

	if (p == NONE)
		return false;
	table_slots(t)[p].ref = new_ref;
	return true;
}

/* The first reference of that hash; NONE. */
uint32_t
table_first(const struct table *t, uint32_t hash, uint32_t *it)
{
	const struct table_slot *slot = table_slots(t);
	uint32_t p = table_home(t, hash);

	while (slot[p].ref != NONE && slot[p].hash < hash)
		p++;
	*it = p;
	return slot[p].ref != NONE && slot[p].hash == hash ? slot[p].ref : NONE;
}

/* The next one; NONE.  Nothing may have been added or removed in between. */
uint32_t
table_next(const struct table *t, uint32_t hash, uint32_t *it)
{
	const struct table_slot *slot = table_slots(t) + ++*it;

	return slot->ref != NONE && slot->hash == hash ? slot->ref : NONE;
}

/* Asks the machine to bring the slots of that hash near: the entry stands a few behind
 * its home. */
void
table_prefetch(const struct table *t, uint32_t hash)
{
	const struct table_slot *home = table_slots(t) + table_home(t, hash);

	__builtin_prefetch(home);
	__builtin_prefetch(home + TABLE_PART);
}
