/*
 * table.c - an open-addressing hash table, ordered by hash, growing in place.
 *
 * The slots hold the entries sorted by hash, each at or behind its home, with
 * no empty slot between the home and the entry.  Home is a monotone function of
 * the hash: its upper bits; while the table grows, one bit more for the homes at
 * and above `split`.  So adding, removing and looking up need not know whether
 * it grows.  A growth step takes the last home that has not moved and spreads
 * its entries over two.
 *
 * Room for that is always there.  With H homes, S slots of slack and k entries
 * added since growth began, at most H - h + S + k stand at or behind home h when
 * it moves; they get 2 * (H - h) - 1 + S slots; and k < H - h, since each add
 * moved TABLE_STEP homes before it.
 *
 * Behind the last home come slack slots and one that stays empty, so that a
 * walk needs no end.  Slots become initialised when they come into use: while
 * it grows, from 0 to the old end and from 2 * split to the new one.
 *
 * Does not know the keys.
 */
#include "base/table.h"

enum {
	TABLE_BITS = 5,	  /* to begin with */
	TABLE_SLACK = 64, /* slots behind the last home */
	/* Homes that move with each add: growth begins at a load of 3/4 and takes
	 * 1/16 as many adds as there are homes, so it ends before 13/16. */
	TABLE_STEP = 16
};

static struct table_slot *
table_slots(const struct table *t)
{
	return (struct table_slot *)((uintptr_t)t + (uintptr_t)t->distance);
}

static uint32_t
table_bits_for(uint32_t cap)
{
	uint32_t bits = 2;

	while (bits < 31 && cap > ((uint32_t)1 << bits) / 4 * 3)
		bits++;
	return bits;
}

/* Slots of a table of 2^bits homes, with slack and the last, empty one. */
static uint32_t
table_end(uint32_t cap, uint32_t bits)
{
	return ((uint32_t)1 << bits) + min_u32(cap, TABLE_SLACK) + 1;
}

/* Bytes of the slots that a table of `cap` entries can come to use. */
size_t
table_bytes(uint32_t cap)
{
	return (size_t)table_end(cap, table_bits_for(cap)) * sizeof(struct table_slot);
}

/* Bytes from slot 0 to the last one that was ever touched. */
size_t
table_extent(const struct table *t)
{
	return (size_t)table_end(t->cap, t->bits + t->growing) * sizeof(struct table_slot);
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
	t->bits_max = table_bits_for(cap);
	t->bits = min_u32(TABLE_BITS, t->bits_max);
	table_clear(t, 0, table_end(cap, t->bits));
}

static uint32_t
table_home(const struct table *t, uint32_t hash)
{
	uint32_t home = hash >> (32 - t->bits);

	return t->growing && home >= t->split ? hash >> (31 - t->bits) : home;
}

/* Whether p is a last slot, which stays empty: that of the whole, or of the old
 * part while there is a gap behind it. */
static bool
table_is_last(const struct table *t, uint32_t p)
{
	uint32_t old_end = table_end(t->cap, t->bits);

	if (!t->growing)
		return p == old_end - 1;
	return p == table_end(t->cap, t->bits + 1) - 1 ||
	       (p == old_end - 1 && 2 * t->split > old_end);
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
	uint32_t homes = (uint32_t)1 << (t->bits + 1);

	table_clear(t, max_u32(table_end(t->cap, t->bits), homes), table_end(t->cap, t->bits + 1));
	t->split = homes / 2;
	t->growing = true;
}

/* Moves the entries of the highest home that has not moved. */
static void
table_grow_home(struct table *t)
{
	struct table_slot *slot = table_slots(t), e;
	uint32_t home = t->split - 1, shift = 32 - t->bits, p, end, to;
	uint32_t old_end = table_end(t->cap, t->bits);

	table_clear(t, max_u32(2 * home, old_end), 2 * home + 2);
	for (p = home; slot[p].ref != NONE && slot[p].hash >> shift < home; p++)
		;
	for (end = p; slot[end].ref != NONE && slot[end].hash >> shift == home; end++)
		;
	while (end-- > p) {
		e = slot[end];
		to = e.hash >> (shift - 1);
		if (to <= end)
			continue; /* so do all before it: they stay too */
		slot[end].ref = NONE;
		table_put(t, to, table_hole(t, to), e);
	}
	t->split = home;
}

/* Begins to grow when it is time, and grows by a bounded step. */
static void
table_grow(struct table *t)
{
	uint32_t n;

	if (!t->growing) {
		if (t->bits == t->bits_max || t->used < ((uint32_t)1 << t->bits) / 4 * 3)
			return;
		table_grow_begin(t);
	}
	for (n = 0; n < TABLE_STEP && t->split > 0; n++)
		table_grow_home(t);
	if (t->split == 0) {
		t->growing = false;
		t->bits++;
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

/* Asks the machine to bring the slots of that hash near. */
void
table_prefetch(const struct table *t, uint32_t hash)
{
	__builtin_prefetch(table_slots(t) + table_home(t, hash));
}
