/*
 * found.c - findings, each problem once: those of the same kind at the same place are
 * one, whatever the number of connections; where there are very many places, the host
 * is the place, and then the network.
 */
#include "explain/work.h"

#include <stdlib.h>

enum { GROUPS_MOST = 20000, PORTS_MOST = 8, PLACES_MOST = 50 };

struct found {
	struct table *table;
	struct pool pool;
	struct ex_finding *sorted;
	size_t n;
};

/* ---- words and properties of each ------------------------------------------- */

static const struct {
	char word[24];
	uint8_t severity;
	bool absent;
} finding_meta[EX_N_FINDINGS] = {
#define META(n, word, severity, absent) {word, EX_##severity, absent},
    EX_FINDINGS(META)};

static const struct {
	char word[24];
	uint8_t unit, merge;
} metric_meta[EX_N_METRICS] = {
#define METRIC(n, word, unit, merge) {word, EX_##unit, EX_##merge},
    EX_METRICS(METRIC)};

static const char outcome_word[EX_N_OUTCOMES][20] = {
#define OUTCOME(n, word) word,
    EX_OUTCOMES(OUTCOME)};

const char *
ex_id_word(enum ex_id id)
{
	return finding_meta[id].word;
}

int
ex_id_named(const char *name)
{
	for (int i = 0; i < EX_N_FINDINGS; i++)
		if (!strcmp(name, finding_meta[i].word))
			return i;
	return -1;
}

const char *
ex_severity_word(enum ex_severity s)
{
	static const char word[3][8] = {"remark", "warning", "error"};

	return word[s];
}

const char *
ex_certainty_word(enum ex_certainty c)
{
	static const char word[3][12] = {"possible", "likely", "certain"};

	return word[c];
}

const char *
ex_outcome_word(enum ex_outcome o)
{
	return outcome_word[o];
}

const char *
ex_metric_word(enum ex_metric m)
{
	return metric_meta[m].word;
}

enum ex_unit
ex_metric_unit(enum ex_metric m)
{
	return (enum ex_unit)metric_meta[m].unit;
}

bool
ex_finding_value(const struct ex_finding *f, enum ex_metric what, double *value)
{
	for (int i = 0; i < f->values; i++) {
		if (f->value[i].what != what)
			continue;
		*value = f->value[i].value;
		return true;
	}
	return false;
}

/* ---- making one -------------------------------------------------------------- */

struct ex_finding
ex_find_at(enum ex_id id, int role, const struct sw_endpoint *at)
{
	struct ex_finding f = {.id = id,
			       .role = (uint8_t)role,
			       .severity = (enum ex_severity)finding_meta[id].severity,
			       .certainty = EX_CERTAIN};

	if (at)
		f.side = *at;
	return f;
}

struct ex_finding
ex_find(const struct case_ *at, enum ex_id id, int side)
{
	struct sw_endpoint end = ex_end_of(at->c, side);
	struct ex_finding f = ex_find_at(id, side, &end);

	f.peer = ex_end_of(at->c, !side);
	ex_find_conn(&f, at->said->id);
	if (finding_meta[id].absent && at->said->one_way)
		f.certainty = EX_POSSIBLE;
	else if (finding_meta[id].absent && at->said->began_before)
		f.certainty = EX_LIKELY;
	return f;
}

void
ex_find_conn(struct ex_finding *f, uint64_t id)
{
	f->count++;
	if (f->conns < EX_CONNS)
		f->conn[f->conns++] = id;
}

void
ex_find_proof(struct ex_finding *f, uint64_t frame)
{
	if (f->proofs < EX_PROOFS)
		f->proof[f->proofs++] = frame;
}

void
ex_find_value(struct ex_finding *f, enum ex_metric what, double value)
{
	if (f->values < EX_VALUES)
		f->value[f->values++] = (struct ex_value){what, value};
}

void
ex_find_seconds(struct ex_finding *f, enum ex_metric what, sw_ns ns)
{
	ex_find_value(f, what, (double)ns / 1e9);
}

uint64_t
ex_frame(const struct case_ *at, uint32_t frame)
{
	return ex_mark_frame(at->c, frame);
}

/* ---- two become one ----------------------------------------------------------- */

static double
merged(enum ex_metric what, double a, double b)
{
	switch (metric_meta[what].merge) {
	case EX_SUM:
		return a + b;
	case EX_MOST:
		return a > b ? a : b;
	case EX_LEAST:
		return a < b ? a : b;
	default:
		return a;
	}
}

static void
endpoint_merge(struct sw_endpoint *a, const struct sw_endpoint *b)
{
	if (a->port != b->port)
		a->port = 0;
	if (!sw_addr_same(&a->addr, &b->addr))
		*a = (struct sw_endpoint){0};
}

/* Of all segments those that were sent again, and were not there yet. */
static double
loss_of(const struct ex_finding *f)
{
	double again = 0, spurious = 0, segments = 0;

	ex_finding_value(f, EX_M_AGAIN, &again);
	ex_finding_value(f, EX_M_SPURIOUS, &spurious);
	ex_finding_value(f, EX_M_SEGMENTS, &segments);
	return segments > 0 ? (again - spurious) * 100 / segments : 100;
}

/* Shares, when what they are shares of has been added up. */
static void
shares(struct ex_finding *f)
{
	for (int i = 0; i < f->values; i++)
		if (metric_meta[f->value[i].what].merge == EX_OF_SUMS)
			f->value[i].value = loss_of(f);
}

/* How bad an instance is, to keep the proof of the worst. */
static double
weight(const struct ex_finding *f)
{
	static const uint8_t by[] = {EX_M_MAX, EX_M_AGAIN, EX_M_SPAN, EX_M_UNREAD, EX_M_SYNS};
	double value;

	for (size_t i = 0; i < sizeof(by); i++)
		if (ex_finding_value(f, (enum ex_metric)by[i], &value))
			return value;
	return 0;
}

void
ex_found_merge(struct ex_finding *into, const struct ex_finding *f)
{
	bool worse = f->severity > into->severity ||
		     (f->severity == into->severity && weight(f) > weight(into));

	if (worse || into->proofs == 0) {
		memcpy(into->proof, f->proof, sizeof(into->proof));
		into->proofs = f->proofs;
	}
	for (int i = 0; i < f->values; i++) {
		int k = 0;

		while (k < into->values && into->value[k].what != f->value[i].what)
			k++;
		if (k < into->values)
			into->value[k].value =
			    worse && metric_meta[f->value[i].what].merge == EX_FIRST
				? f->value[i].value
				: merged(f->value[i].what, into->value[k].value, f->value[i].value);
		else
			ex_find_value(into, f->value[i].what, f->value[i].value);
	}
	shares(into);
	for (int i = 0; i < f->conns && into->conns < EX_CONNS; i++)
		into->conn[into->conns++] = f->conn[i];
	into->count += f->count;
	if (f->severity > into->severity)
		into->severity = f->severity;
	if (f->certainty > into->certainty)
		into->certainty = f->certainty;
	endpoint_merge(&into->side, &f->side);
	endpoint_merge(&into->peer, &f->peer);
}

struct found *
ex_found_new(void)
{
	struct found *found = ex_zeroed(sizeof(*found));

	found->table = ex_table_new();
	ex_pool_init(&found->pool, sizeof(struct ex_finding));
	return found;
}

void
ex_found_free(struct found *found)
{
	if (!found)
		return;
	ex_table_free(found->table);
	ex_pool_free(&found->pool);
	free(found->sorted);
	free(found);
}

/* Clients are told apart by address: their ports say nothing. */
static bool
same_place(const struct ex_finding *a, const struct ex_finding *b)
{
	return a->id == b->id && a->variant == b->variant && a->role == b->role &&
	       sw_addr_same(&a->side.addr, &b->side.addr) &&
	       (a->role == EX_CLIENT || a->side.port == b->side.port);
}

static uint64_t
place_hash(const struct ex_engine *e, const struct ex_finding *f)
{
	uint16_t port = f->role == EX_CLIENT ? 0 : f->side.port;

	return ex_hash_end(e, &f->side.addr, port) + (uint64_t)f->id * 0x9e3779b9u +
	       (uint64_t)f->variant * 0x85ebca6bu + f->role;
}

void
ex_found_put(struct ex_engine *e, struct ex_conn *said, const struct ex_finding *f)
{
	struct found *found = e->found;
	struct ex_finding key = *f, *there;
	uint64_t hash;
	uint32_t at = NONE;
	struct ref ref;

	if (said)
		said->findings |= 1u << f->id;
	if (found->pool.live >= GROUPS_MOST)
		key.side = (struct sw_endpoint){0};
	hash = place_hash(e, &key);
	while (ex_table_next(found->table, hash, &at, &ref)) {
		there = ex_pool_at(&found->pool, ref.index);
		if (same_place(there, &key)) {
			ex_found_merge(there, f);
			return;
		}
	}
	ref = (struct ref){KIND_CONN, ex_pool_take(&found->pool)};
	*(struct ex_finding *)ex_pool_at(&found->pool, ref.index) = key;
	ex_table_add(found->table, hash, ref);
}

/* ---- the end: many places become one, worst first ------------------------------- */

static int
worst_first(const void *a, const void *b)
{
	const struct ex_finding *x = a, *y = b;

	if (x->severity != y->severity)
		return (int)y->severity - (int)x->severity;
	if (x->certainty != y->certainty)
		return (int)y->certainty - (int)x->certainty;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->id != y->id)
		return (int)x->id - (int)y->id;
	if (x->proof[0] != y->proof[0])
		return x->proof[0] < y->proof[0] ? -1 : 1;
	return memcmp(&x->side, &y->side, sizeof(x->side));
}

static int
by_place(const void *a, const void *b)
{
	const struct ex_finding *x = a, *y = b;
	int c;

	if (x->id != y->id)
		return (int)x->id - (int)y->id;
	if (x->variant != y->variant)
		return (int)x->variant - (int)y->variant;
	if (x->role != y->role)
		return (int)x->role - (int)y->role;
	c = memcmp(&x->side.addr, &y->side.addr, sizeof(x->side.addr));
	return c ? c : worst_first(a, b);
}

/* How many from i on are of one kind, at one address or anywhere. */
static size_t
alike(const struct found *found, size_t i, bool anywhere)
{
	const struct ex_finding *f = &found->sorted[i];
	size_t n = 1;

	for (; i + n < found->n; n++) {
		const struct ex_finding *g = &found->sorted[i + n];

		if (g->id != f->id || g->variant != f->variant || g->role != f->role ||
		    (!anywhere && !sw_addr_same(&g->side.addr, &f->side.addr)))
			break;
	}
	return n;
}

static void
collapse(struct found *found, bool anywhere, size_t most)
{
	size_t to = 0, n;

	for (size_t i = 0; i < found->n; i += n) {
		n = alike(found, i, anywhere);
		if (n <= most) {
			memmove(&found->sorted[to], &found->sorted[i],
				n * sizeof(found->sorted[0]));
			to += n;
			continue;
		}
		found->sorted[to] = found->sorted[i];
		for (size_t k = 1; k < n; k++)
			ex_found_merge(&found->sorted[to], &found->sorted[i + k]);
		to++;
	}
	found->n = to;
}

/* What is concluded from packets that are missing is less certain if the capture misses some. */
static void
doubt(const struct ex_engine *e, struct ex_finding *f)
{
	const struct fault *dropped = &e->fault[FAULT_DROPPED], *one = &e->fault[FAULT_ONE_WAY];

	if (!finding_meta[f->id].absent)
		return;
	if (one->n > e->two_way)
		f->certainty = EX_POSSIBLE;
	else if ((dropped->n > 0 || one->n > 0) && f->certainty == EX_CERTAIN)
		f->certainty = EX_LIKELY;
}

void
ex_found_end(struct ex_engine *e)
{
	struct found *found = e->found;

	found->sorted = ex_alloc((found->pool.made + 1) * sizeof(found->sorted[0]));
	for (uint32_t i = 0; i < found->pool.made; i++) {
		found->sorted[i] = *(struct ex_finding *)ex_pool_at(&found->pool, i);
		doubt(e, &found->sorted[i]);
	}
	found->n = found->pool.made;
	qsort(found->sorted, found->n, sizeof(found->sorted[0]), by_place);
	collapse(found, false, PORTS_MOST);
	collapse(found, true, PLACES_MOST);
	qsort(found->sorted, found->n, sizeof(found->sorted[0]), worst_first);
}

size_t
ex_engine_findings(const struct ex_engine *e, const struct ex_finding **to)
{
	*to = e->found->sorted;
	return e->found->n;
}

/* So many stood in CLOSE-WAIT at this place at once. */
void
ex_found_peak(struct ex_engine *e, uint64_t place, int peak)
{
	struct found *found = e->found;

	for (uint32_t i = 0; i < found->pool.made; i++) {
		struct ex_finding *f = ex_pool_at(&found->pool, i);
		uint16_t port = f->role == EX_CLIENT ? 0 : f->side.port;

		if (f->id != EX_F_CLOSE_WAIT ||
		    ex_hash_end(e, &f->side.addr, port) + f->role != place)
			continue;
		for (int k = 0; k < f->values; k++)
			if (f->value[k].what == EX_M_PEAK)
				f->value[k].value = peak;
	}
}
