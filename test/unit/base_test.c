/*
 * base_test.c - pools, lists, chains, sums, the hash, the wheel, the table,
 * addresses and words, each against a model that is too simple to be wrong.
 */
#include "base/chunk.h"
#include "base/list.h"
#include "base/prf.h"
#include "base/seg.h"
#include "base/sum.h"
#include "base/table.h"
#include "base/wheel.h"

#include "../tap.h"

/* ---- seq ---------------------------------------------------------------- */

static void
test_seq(void)
{
	uint32_t i;

	ok(seq_off(seq_at(0), seq_at(UINT32_MAX)) == 1);
	ok(seq_off(seq_at(UINT32_MAX), seq_at(0)) == -1);
	ok(seq_off(seq_at(0x80000000), seq_at(0)) == INT32_MIN);
	ok(seq_off(seq_at(0x7fffffff), seq_at(0)) == INT32_MAX);
	for (i = 0; i < 1000; i++) {
		seq a = seq_at((uint32_t)tap_random());
		uint32_t n = tap_below(0x7fffffff) + 1;

		ok(seq_lt(a, seq_add(a, n)) && !seq_lt(seq_add(a, n), a));
		ok(seq_off(seq_add(a, n), a) == (int32_t)n);
		ok(seq_off(seq_sub(a, n), a) == -(int32_t)n);
		ok(seq_from(seq_add(a, n), a) == n && seq_leq(a, a) && seq_eq(a, a));
	}
}

/* ---- pool and list ------------------------------------------------------ */

enum { THINGS = 50 };

struct thing {
	uint32_t mark;
	struct link link;
	uint32_t spare;
};

struct place_of_things {
	struct pool pool;
	struct thing thing[THINGS];
};

static void
test_pool(void)
{
	static struct place_of_things s, copy;
	bool taken[THINGS] = {false};
	uint32_t i, n = 0, turn;

	pool_init(&s.pool, s.thing, sizeof(struct thing), THINGS);
	for (turn = 0; turn < 20000; turn++) {
		if (tap_below(100) < (turn / 500 % 2 ? 40u : 60u)) {
			i = pool_take(&s.pool);
			ok(n == THINGS ? i == NONE : i < THINGS && !taken[i]);
			if (i == NONE)
				continue;
			taken[i] = true;
			s.thing[i].mark = i;
			n++;
		} else {
			i = tap_below(THINGS);
			if (!taken[i])
				continue;
			pool_give(&s.pool, i);
			taken[i] = false;
			n--;
		}
		ok(s.pool.used == n && pool_room(&s.pool) == THINGS - n);
	}
	ok(s.pool.most == THINGS && s.pool.refused > 0 && s.pool.high == THINGS);
	memcpy(&copy, &s, sizeof(s));
	ok(pool_at(&copy.pool, 7) == (void *)&copy.thing[7]);
	ok(pool_index(&copy.pool, &copy.thing[9]) == 9);
}

static void
test_list(void)
{
	static struct place_of_things s;
	const size_t at = offsetof(struct thing, link);
	uint32_t order[THINGS], n = 0, i, k, j, turn;
	struct list l;

	pool_init(&s.pool, s.thing, sizeof(struct thing), THINGS);
	list_init(&l);
	for (i = 0; i < THINGS; i++)
		link_init(link_of(&s.pool, at, pool_take(&s.pool)));
	ok(list_pop(&l, &s.pool, at) == NONE);
	for (turn = 0; turn < 20000; turn++) {
		i = tap_below(THINGS);
		for (k = 0; k < n && order[k] != i; k++)
			;
		ok(link_in(link_of(&s.pool, at, i)) == (k < n));
		if (tap_below(2)) {
			list_remove(&l, &s.pool, at, i);
			if (k < n)
				memmove(order + k, order + k + 1, (--n - k) * sizeof(*order));
		} else if (tap_below(10) == 0) {
			i = list_pop(&l, &s.pool, at);
			ok(i == (n ? order[0] : NONE));
			if (n)
				memmove(order, order + 1, --n * sizeof(*order));
		} else {
			j = tap_below(n + 1);
			if (j == 0)
				list_push_front(&l, &s.pool, at, i);
			else if (j == n)
				list_push(&l, &s.pool, at, i);
			else if (k == n)
				list_insert_after(&l, &s.pool, at, i, order[j - 1]);
			if (k == n) {
				memmove(order + j + 1, order + j, (n++ - j) * sizeof(*order));
				order[j] = i;
			}
		}
		for (k = 0, i = l.head; i != NONE && k < n; i = list_next(&s.pool, at, i), k++)
			ok(order[k] == i && list_prev(&s.pool, at, i) == (k ? order[k - 1] : NONE));
		ok(k == n && i == NONE && l.tail == (n ? order[n - 1] : NONE));
	}
}

/* ---- chains ------------------------------------------------------------- */

enum { CHUNKS = 40, CHUNK_SIZE = 16 + 24, MODEL = CHUNKS * 24 };

struct place_of_chunks {
	struct pool pool;
	uint64_t bytes[CHUNKS * CHUNK_SIZE / 8];
};

static uint32_t
naive_sum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Two sums are the same in ones-complement when they differ by 0xffff only. */
static bool
same_sum(uint32_t memory_order, uint32_t big_endian)
{
	uint32_t s = sum_of_16(big_endian);

	return memory_order <= 0xffff && (memory_order % 0xffff == s % 0xffff);
}

static void
check_places(const struct chain *c, const struct pool *p, const uint8_t *model)
{
	uint8_t got[MODEL];
	uint32_t from = tap_below(c->len), n = tap_below(c->len - from + 1), on;
	struct place at = chain_place(c, p, from), other, next = at;

	ok(same_sum(place_copy_sum(p, &next, got, n, tap_below(2) ? sum_copy : NULL),
		    naive_sum(model + from, n)));
	ok(memcmp(got, model + from, n) == 0);
	on = tap_below(n + 1);
	other = place_after(p, at, on);
	place_copy_sum(p, &other, got, n - on, NULL);
	ok(memcmp(got, model + from + on, n - on) == 0);
}

static void
test_chain(void)
{
	static struct place_of_chunks s;
	static uint8_t model[MODEL], bytes[MODEL];
	struct chain c, other;
	uint32_t turn, n, took, i, reserve;

	pool_init(&s.pool, s.bytes, CHUNK_SIZE, CHUNKS);
	chain_init(&c);
	for (turn = 0; turn < 30000; turn++) {
		n = tap_below(tap_below(4) ? 60 : 600);
		for (i = 0; i < n; i++)
			bytes[i] = (uint8_t)tap_random();
		switch (tap_below(5)) {
		case 0:
		case 1:
			reserve = tap_below(4) ? 0 : tap_below(20);
			took = chain_append(&c, &s.pool, bytes, n, reserve);
			memcpy(model + c.len - took, bytes, took);
			ok(took <= n && (took == n || pool_room(&s.pool) <= reserve));
			break;
		case 2: /* joining may leave chunks that are partly filled inside */
			chain_init(&other);
			took = chain_append(&other, &s.pool, bytes, n, 0);
			chain_drop(&other, &s.pool, i = tap_below(took + 1));
			memcpy(model + c.len, bytes + i, took - i);
			chain_join(&c, &other, &s.pool);
			ok(other.len == 0 && other.head == NONE && other.tail == NONE);
			break;
		case 3:
			took = chain_read(&c, &s.pool, bytes, n);
			ok(memcmp(bytes, model, took) == 0);
			memmove(model, model + took, c.len);
			break;
		default:
			n = min_u32(n, c.len);
			chain_drop(&c, &s.pool, n);
			memmove(model, model + n, c.len);
			break;
		}
		ok((c.len == 0) == (c.head == NONE) && (c.len == 0) == (c.tail == NONE));
		if (c.len == 0)
			ok(s.pool.used == 0);
		else
			check_places(&c, &s.pool, model);
		ok(chain_place(&c, &s.pool, c.len).chunk == NONE);
	}
	chain_clear(&c, &s.pool);
	ok(s.pool.used == 0 && c.len == 0);
}

/* A place one past the last byte becomes valid when more is appended. */
static void
test_place_at_end(void)
{
	static struct place_of_chunks s;
	uint8_t bytes[100], got[100];
	struct chain c;
	struct place end;
	uint32_t i, first;

	for (first = 1; first < 60; first++) {
		pool_init(&s.pool, s.bytes, CHUNK_SIZE, CHUNKS);
		chain_init(&c);
		for (i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)tap_random();
		chain_append(&c, &s.pool, bytes, first, 0);
		end = place_after(&s.pool, chain_place(&c, &s.pool, 0), first);
		ok(end.chunk == c.tail);
		chain_append(&c, &s.pool, bytes + first, 40, 0);
		place_copy_sum(&s.pool, &end, got, 40, NULL);
		ok(memcmp(got, bytes + first, 40) == 0);
	}
}

/* ---- sums and the hash -------------------------------------------------- */

static void
test_sum(void)
{
	uint8_t *bytes = malloc(70000), *to = malloc(70000), field[2];
	uint32_t turn, i, n, at, cut, s;

	for (turn = 0; turn < 3000; turn++) {
		n = tap_below(turn % 50 ? 300 : 65536);
		at = tap_below(16);
		for (i = 0; i < n; i++)
			bytes[at + i] = turn % 3 ? (uint8_t)tap_random() : 0xff;
		s = sum_bytes(bytes + at, n);
		ok(same_sum(s, naive_sum(bytes + at, n)) &&
		   (s == 0) == (naive_sum(bytes + at, n) == 0));
		memset(to, 0, n + 40);
		ok(sum_copy(to + turn % 9, bytes + at, n) == s);
		ok(memcmp(to + turn % 9, bytes + at, n) == 0 && to[turn % 9 + n] == 0);
		cut = tap_below(n + 1);
		i = sum_bytes(bytes + at + cut, n - cut);
		ok(sum_add(sum_bytes(bytes + at, cut), cut & 1 ? sum_swap(i) : i) % 0xffff ==
		   s % 0xffff);
		sum_store(field, s);
		ok(sum_add(s, sum_bytes(field, 2)) == 0xffff);
		sum_store_partial(field, s);
		ok(sum_bytes(field, 2) == s);
	}
	ok(sum_fold(UINT64_MAX) == 0xffff && sum_fold(0) == 0 && sum_fold(0x10000) == 1);
	ok(sum_bytes((const uint8_t[]){0x12, 0x34}, 2) == sum_of_16(0x1234));
	free(bytes);
	free(to);
}

static void
test_prf(void)
{
	uint8_t key[16], in[64];
	uint32_t i;

	for (i = 0; i < 64; i++) {
		key[i % 16] = (uint8_t)(i % 16);
		in[i] = (uint8_t)i;
	}
	/* from the reference vectors of the SipHash paper's authors */
	ok(prf(key, in, 15) == 0xa129ca6149be45e5);
	ok(prf(key, in, 0) == 0x726fdb47dd0e0e31);
	ok(prf(key, in, 1) == 0x74f839c593dc67fd);
	ok(prf(key, in, 8) == 0x93f5f5799a932462);
}

/* ---- the wheel ---------------------------------------------------------- */

enum { TIMERS = 200 };

struct timer_of_test {
	uint32_t mark;
	struct wheel_node node;
};

struct place_of_timers {
	struct pool pool;
	struct wheel wheel;
	struct timer_of_test t[TIMERS];
};

static sw_ns
tick_up(sw_ns t, sw_ns tick)
{
	return t == SW_NEVER ? SW_NEVER : (t / tick + (t % tick != 0)) * tick;
}

/* A deadline at any distance: most are near, some are far, few are absurd. */
static sw_ns
some_deadline(sw_ns now)
{
	sw_ns d = tap_random() >> tap_below(64);

	if (tap_below(200) == 0)
		return SW_NEVER - 1 - tap_below(1000);
	if (tap_below(20) == 0)
		return now - min_ns(now, d); /* in the past */
	d = d > SW_NEVER / 4 ? d / 4 : d;
	return min_ns(after_ns(now, d), SW_NEVER - 1);
}

static sw_ns
model_next(const sw_ns *deadline, sw_ns tick)
{
	sw_ns min = SW_NEVER;
	uint32_t i;

	for (i = 0; i < TIMERS; i++)
		min = min_ns(min, deadline[i]);
	return min >= SW_NEVER - tick ? SW_NEVER : tick_up(min, tick);
}

/* Everything due comes out, nothing else does. */
static void
drain(struct place_of_timers *s, sw_ns *deadline, sw_ns now, sw_ns tick)
{
	uint32_t i;

	while ((i = wheel_due(&s->wheel, now)) != NONE) {
		ok(i < TIMERS && deadline[i] <= now);
		ok(s->t[i].node.deadline == SW_NEVER && !link_in(&s->t[i].node.link));
		deadline[i] = SW_NEVER;
	}
	for (i = 0; i < TIMERS; i++)
		ok(deadline[i] == SW_NEVER || deadline[i] >= SW_NEVER - tick ||
		   tick_up(deadline[i], tick) > now);
}

static void
run_wheel(sw_ns tick, sw_ns now, uint32_t reach)
{
	static struct place_of_timers s;
	static sw_ns deadline[TIMERS];
	uint32_t turn, i, wakes = 0;
	sw_ns next;

	pool_init(&s.pool, s.t, sizeof(struct timer_of_test), TIMERS);
	for (i = 0; i < TIMERS; i++) {
		wheel_node_init(&s.t[pool_take(&s.pool)].node);
		deadline[i] = SW_NEVER;
	}
	wheel_init(&s.wheel, &s.pool, offsetof(struct timer_of_test, node), tick, now);
	ok(wheel_next(&s.wheel) == SW_NEVER);
	for (turn = 0; turn < 4000; turn++) {
		for (i = tap_below(reach); i-- > 0;) {
			uint32_t k = tap_below(TIMERS);

			deadline[k] = tap_below(4) ? some_deadline(now) : SW_NEVER;
			wheel_set(&s.wheel, k, deadline[k]);
		}
		next = wheel_next(&s.wheel);
		ok(next <= max_ns(model_next(deadline, tick), now));
		if (next == SW_NEVER || tap_below(3) == 0)
			now = after_ns(now, (tap_random() >> 8) >> tap_below(56));
		else
			now = max_ns(now, next);
		now = min_ns(now, SW_NEVER / 2 + SW_NEVER / 4);
		drain(&s, deadline, now, tick);
		/* waking for nothing ends: from here on each wake is later */
		for (wakes = 0; wakes < 100 && wheel_next(&s.wheel) <= now; wakes++)
			drain(&s, deadline, now, tick);
		ok(wakes == 0);
	}
	/* on to the end of time, with so few that beyond all levels is exact too */
	for (i = 10; i < TIMERS; i++)
		wheel_set(&s.wheel, i, deadline[i] = SW_NEVER);
	next = model_next(deadline, tick);
	for (i = 0; i < 20000 && (next = wheel_next(&s.wheel)) != SW_NEVER; i++)
		drain(&s, deadline, now = max_ns(now, next), tick);
	ok(next == SW_NEVER);
	for (i = 0; i < TIMERS; i++)
		ok(deadline[i] == SW_NEVER || deadline[i] >= SW_NEVER - tick);
}

static void
test_wheel(void)
{
	run_wheel(1, 0, 5);
	run_wheel(1000000, 0, 5);
	run_wheel(1000000, 123456789012345, 40);
	run_wheel(999983, 5, 3);
	run_wheel(10 * SW_MS, SW_NEVER / 2, 200);
	run_wheel(SW_S, 0, 5);
	run_wheel(7, SW_NEVER / 2, 10);
}

/* With few nodes that are not moved later, every wake is exact. */
static void
test_wheel_exact(void)
{
	static struct place_of_timers s;
	sw_ns tick = SW_MS, now = 0, next, d[10];
	uint32_t turn, i, k;

	pool_init(&s.pool, s.t, sizeof(struct timer_of_test), TIMERS);
	for (i = 0; i < 10; i++) {
		wheel_node_init(&s.t[pool_take(&s.pool)].node);
		d[i] = SW_NEVER;
	}
	wheel_init(&s.wheel, &s.pool, offsetof(struct timer_of_test, node), tick, now);
	for (turn = 0; turn < 30000; turn++) {
		k = tap_below(10);
		d[k] = tap_below(3) ? now + tap_random() % ((sw_ns)1 << tap_below(45)) : SW_NEVER;
		wheel_set(&s.wheel, k, SW_NEVER);
		wheel_set(&s.wheel, k, d[k]);
		for (next = SW_NEVER, i = 0; i < 10; i++)
			next = min_ns(next, tick_up(d[i], tick));
		next = next < now / tick * tick ? now / tick * tick : next;
		ok(wheel_next(&s.wheel) == next);
		if (next == SW_NEVER || tap_below(3))
			continue;
		now = max_ns(now, next);
		while ((i = wheel_due(&s.wheel, now)) != NONE) {
			ok(d[i] <= now);
			d[i] = SW_NEVER;
		}
	}
}

/* ---- the table ---------------------------------------------------------- */

struct entry {
	uint32_t hash, ref;
};

/* Lookup through the interface: how often a reference is found under its hash. */
static uint32_t
found(const struct table *t, uint32_t hash, uint32_t ref)
{
	uint32_t it, r, n = 0;

	for (r = table_first(t, hash, &it); r != NONE; r = table_next(t, hash, &it))
		n += r == ref;
	return n;
}

static void
check_table(const struct table *t, const struct entry *e, uint32_t n)
{
	uint32_t i;

	ok(t->used == n);
	for (i = 0; i < n; i++) {
		if (!ok(found(t, e[i].hash, e[i].ref) == 1))
			return;
	}
}

/* The order and the unbroken runs that everything else stands on. */
static void
check_order(const struct table *t)
{
	const struct table_slot *slot = (const void *)((const char *)t + (ptrdiff_t)t->distance);
	uint32_t slack = min_u32(t->cap, 128) + 1, old_end = t->homes + slack;
	uint32_t end = t->next + slack, moved = (uint32_t)(t->split * t->next >> 32);
	uint32_t p, home, n = 0, last = 0;
	uint32_t hole = NONE; /* the last empty slot */

	for (p = 0; p < end; p++) {
		if ((p >= old_end && p < moved) || slot[p].ref == NONE) {
			hole = p;
			continue;
		}
		home = (uint32_t)((uint64_t)slot[p].hash *
				      (slot[p].hash >= t->split ? t->next : t->homes) >>
				  32);
		ok(home <= p && (hole == NONE || home > hole));
		ok(n == 0 || slot[p].hash >= last);
		last = slot[p].hash;
		n++;
	}
	ok(n == t->used && hole == end - 1);
}

/* bits: how much of the hash is random; fewer make long runs and duplicates. */
static void
run_table(uint32_t cap, uint32_t turns, uint64_t hash_mask, uint32_t remove_percent)
{
	size_t bytes = table_bytes(cap);
	/* the table stands right before its slots, which are exactly as many as asked for */
	char *memory = malloc(sizeof(struct table) + bytes);
	struct table *t = (struct table *)memory;
	struct entry *e = malloc((cap + 1) * sizeof(*e));
	uint32_t n = 0, next_ref = 0, turn, k, hash, refused = 0;
	bool added;

	memset(memory, 0xa5, sizeof(*t) + bytes); /* nothing relies on zeros */
	table_init(t, memory + sizeof(*t), cap);
	ok(table_extent(t) <= bytes);
	for (turn = 0; turn < turns; turn++) {
		if (tap_below(100) >= remove_percent || n == 0) {
			hash = (uint32_t)(tap_random() & hash_mask);
			hash = hash_mask >> 32 ? ~hash : hash; /* at the top, not at 0 */
			hash = n && tap_below(20) == 0 ? e[tap_below(n)].hash : hash;
			added = table_add(t, hash, next_ref);
			refused += !added && n < cap;
			ok(n < cap || !added);
			if (added)
				e[n++] = (struct entry){hash, next_ref};
			next_ref++;
		} else {
			k = tap_below(n);
			ok(table_remove(t, e[k].hash, e[k].ref));
			ok(!table_remove(t, e[k].hash, e[k].ref));
			e[k] = e[--n];
		}
		if (n && tap_below(4) == 0) {
			k = tap_below(n);
			ok(table_change(t, e[k].hash, e[k].ref, next_ref));
			e[k].ref = next_ref++;
		}
		for (k = 0; k < 4 && n; k++) {
			uint32_t i = tap_below(n);

			ok(found(t, e[i].hash, e[i].ref) == 1);
		}
		table_prefetch(t, (uint32_t)tap_random());
		ok(found(t, (uint32_t)tap_random(), NONE - 1) == 0);
		ok(!table_remove(t, (uint32_t)tap_random(), NONE - 1));
		ok(!table_change(t, (uint32_t)tap_random(), NONE - 1, 1));
		if (turn % (turns / 64 + 1) == 0 || n < 200) {
			check_table(t, e, n);
			check_order(t);
		}
		ok(table_extent(t) <= bytes);
	}
	check_table(t, e, n);
	check_order(t);
	if (hash_mask == UINT32_MAX)
		ok(refused == 0);
	while (n-- > 0)
		ok(table_remove(t, e[n].hash, e[n].ref));
	check_order(t);
	free(e);
	free(memory);
}

static void
test_table(void)
{
	run_table(100000, 250000, UINT32_MAX, 10);
	run_table(100000, 150000, UINT32_MAX, 45);
}

static void
test_table_small(void)
{
	uint32_t cap;

	for (cap = 1; cap < 70; cap++)
		run_table(cap, 600, UINT32_MAX, 30);
	for (cap = 70; cap < 3000; cap += 331)
		run_table(cap, 6000, UINT32_MAX, 30);
}

/* Hashes that an attacker without the key could not choose: runs fill the slack. */
static void
test_table_bad_hash(void)
{
	uint32_t i, cap;

	for (i = 0; i < 40; i++) {
		cap = 1 + tap_below(2000);
		run_table(cap, 3000, 0xff000000u >> tap_below(3) * 8, 30);
		run_table(cap, 3000, 0x0000ffffu, 30);
		run_table(cap, 3000, ~(uint64_t)0x7fff << tap_below(14) & UINT32_MAX, 20);
		run_table(cap, 1000, 0, 30);
		run_table(cap, 1000, (uint64_t)1 << 32, 20);
		run_table(cap, 3000, (uint64_t)1 << 32 | UINT32_MAX >> tap_below(20), 20);
	}
}

/* All entries crowd at the very top while the table grows: there is always room. */
static void
test_table_top(void)
{
	uint32_t turn, cap = 4000, n, i, top;
	char *memory = malloc(sizeof(struct table) + table_bytes(cap));
	struct table *t = (struct table *)memory;
	struct entry *e = malloc(cap * sizeof(*e));

	for (turn = 0; turn < 60; turn++) {
		memset(memory, 0xa5, sizeof(*t) + table_bytes(cap));
		table_init(t, memory + sizeof(*t), cap);
		top = UINT32_MAX - (UINT32_MAX >> (1 + turn % 12));
		for (n = i = 0; i < 3000; i++) {
			uint32_t hash = (uint32_t)tap_random();

			if (t->next > t->homes ? tap_below(2) : tap_below(20) == 0)
				hash |= top;
			if (table_add(t, hash, i))
				e[n++] = (struct entry){hash, i};
			if (i % 64 == 0)
				check_order(t);
		}
		check_table(t, e, n);
	}
	free(e);
	free(memory);
}

/* ---- addresses and words ------------------------------------------------ */

static void
test_addr(void)
{
	static const char good[][2][48] = {
	    {"1.2.3.4", "1.2.3.4"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"1::", "1::"},
	    {"FE80::1", "fe80::1"},
	    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
	    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	    {"::ffff:1.2.3.4", "1.2.3.4"},
	    {"::ffff:0:0", "0.0.0.0"},
	    {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
	    {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	static const char bad[][40] = {"",
				       ":",
				       ":::",
				       "1",
				       "1.2.3",
				       "1.2.3.4.5",
				       "1.2.3.256",
				       "01.2.3.4",
				       "1.2.3.4 ",
				       " ::1",
				       "1:",
				       ":1",
				       "1:2:3:4:5:6:7",
				       "1:2:3:4:5:6:7:8:9",
				       "1:2:3:4:5:6:7:8::",
				       "::1:2:3:4:5:6:7:8",
				       "1::2::3",
				       "1:::2",
				       "::12345",
				       "::g",
				       "::1%eth0",
				       "::1/64",
				       "1.2.3.4/8",
				       "1:2:3:4:5:6:7:1.2.3.4",
				       "::1.2.3.4:5",
				       "1.2.3.4::",
				       "1:2:3:4::5:6:7:8",
				       "::1.2.3",
				       "1..2.3",
				       "-1.2.3.4",
				       "1:2:3:4:5:6:7:8:",
				       "1111.2.3.4"};
	struct sw_addr a, b;
	char text[SW_ADDR_TEXT];
	uint32_t i, k;

	for (i = 0; i < N_OF(good); i++) {
		ok(sw_addr_parse(&a, good[i][0]) == SW_OK);
		if (!ok(strcmp(sw_addr_format(&a, text), good[i][1]) == 0))
			printf("# %s: %s\n", good[i][0], text);
	}
	for (i = 0; i < N_OF(bad); i++) {
		if (!ok(sw_addr_parse(&a, bad[i]) == SW_E_INVALID))
			printf("# %s\n", bad[i]);
	}
	for (i = 0; i < 50000; i++) {
		for (k = 0; k < 16; k++)
			a.b[k] = (uint8_t)(tap_below(3) ? 0 : tap_random() >> tap_below(9));
		if (tap_below(4) == 0)
			a = sw_addr4(a.b[0], a.b[1], a.b[2], a.b[3]);
		ok(sw_addr_parse(&b, sw_addr_format(&a, text)) == SW_OK && sw_addr_same(&a, &b));
		ok(strlen(text) < SW_ADDR_TEXT);
	}
	a = sw_addr4(0, 0, 0, 0);
	ok(sw_addr_is4(&a) && sw_addr_is_any(&a));
	memset(&a, 0, sizeof(a));
	ok(!sw_addr_is4(&a) && sw_addr_is_any(&a));
	a.b[15] = 1;
	ok(!sw_addr_is_any(&a));
}

/* Any text: parsing ends and stays inside. */
static void
test_addr_any_text(void)
{
	static const char letters[] = "0123459abF:::....%x";
	uint32_t i, k, n;
	struct sw_addr a, b;
	char text[SW_ADDR_TEXT], *s;

	for (i = 0; i < 100000; i++) {
		n = tap_below(24);
		s = malloc(n + 1);
		for (k = 0; k < n; k++)
			s[k] = letters[tap_below(sizeof(letters) - 1)];
		s[n] = '\0';
		if (sw_addr_parse(&a, s) == SW_OK)
			ok(sw_addr_parse(&b, sw_addr_format(&a, text)) == SW_OK &&
			   sw_addr_same(&a, &b));
		free(s);
	}
}

static void
test_words(void)
{
	int i;

	ok(strcmp(sw_state_name(SW_SYN_SENT), "SYN-SENT") == 0);
	ok(strcmp(sw_cause_name(SW_ON_RCV_FIN_ACK_OF_FIN), "rcv FIN, ACK of FIN") == 0);
	ok(strcmp(sw_timer_name(SW_TIMER_MSL2), "2MSL") == 0);
	ok(strcmp(sw_verdict_name(SW_V_ECHO), "echo") == 0);
	ok(strcmp(sw_error_text(SW_E_ABORTED), "aborted by our side") == 0);
	ok(strcmp(sw_error_text(SW_OK), "no error") == 0);
	ok(strcmp(sw_error_text(1), "unknown error") == 0);
	ok(strcmp(sw_error_text(-14), "unknown error") == 0);
	ok(strcmp(sw_error_text(-100000), "unknown error") == 0);
	ok(strcmp(sw_state_name((enum sw_state)99), "?") == 0);
	for (i = 0; i < SW_N_VERDICTS; i++) { /* no string fills its array: each ends */
		ok(strlen(sw_verdict_name((enum sw_verdict)i)) < 16);
		ok(strlen(sw_verdict_rule((enum sw_verdict)i)) < 24);
		ok(strlen(sw_verdict_text((enum sw_verdict)i)) < 80);
	}
	for (i = 0; i < SW_N_STATES; i++)
		ok(strlen(sw_state_name((enum sw_state)i)) < 16);
	for (i = 0; i < SW_N_CAUSES; i++)
		ok(strlen(sw_cause_name((enum sw_cause)i)) < 24);
	for (i = 0; i < SW_N_TIMERS; i++)
		ok(strlen(sw_timer_name((enum sw_timer)i)) < 24);
	for (i = 0; i > -14; i--)
		ok(strlen(sw_error_text(i)) < 40);
}

int
main(void)
{
	TEST("seq", test_seq);
	TEST("pool", test_pool);
	TEST("list", test_list);
	TEST("chain", test_chain);
	TEST("chain: a place at the end", test_place_at_end);
	TEST("sum", test_sum);
	TEST("prf", test_prf);
	TEST("wheel", test_wheel);
	TEST("wheel: exact", test_wheel_exact);
	TEST("table", test_table);
	TEST("table: small", test_table_small);
	TEST("table: bad hashes", test_table_bad_hash);
	TEST("table: crowded at the top", test_table_top);
	TEST("addr", test_addr);
	TEST("addr: any text", test_addr_any_text);
	TEST("words", test_words);
	return plan_done();
}
