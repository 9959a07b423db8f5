/*
 * search.c - breadth first through all states of a scope.
 *
 * Each state is what world_digest() says it is.  From each, every move is made; a
 * property that fails ends the search, and as it went breadth first the way there is
 * a shortest one.  Of each state is also kept where a network without faults and
 * applications that go on lead: these ways must all come to a good end, and come
 * round nowhere.  That is "both ends reach CLOSED" and "no answer to an answer for
 * ever".
 */
#include "explore/explore.h"

#include <stdlib.h>
#include <string.h>

#include "explore/store.h"
#include "explore/tell.h"

enum { PREFIX_MAX = 200, WAY_MAX = 400, LOOP_SHOWN = 40 };

struct search {
	const struct explore_job *job;
	struct rules rules;
	struct here here;
	struct store store;
	void *arena[2];
	move prefix[PREFIX_MAX]; /* what came before the first state */
	int prefixes;
	uint64_t moves;
	uint32_t depth;
	uint32_t bad;  /* the node where it went wrong; NODE_NONE */
	move bad_move; /* and the move from there; MOVE_NONE: at the node itself */
};

static const char scope_name[EXPLORE_N_SCOPES][8] = {"open", "close", "reuse"};
static const char way_name[EXPLORE_N_SCOPES][3][48] = {
    {"active and passive", "active and passive for one peer", "active and active"},
    {"every order of closing"},
    {"left closed first", "right closed first", "both closed at once"},
};

const char *
explore_scope_name(enum explore_scope scope)
{
	return scope_name[scope];
}

/* How many ways a scope has. */
static int
scope_ways(enum explore_scope scope)
{
	return scope == EXPLORE_CLOSE ? 1 : 3;
}

static void
scope_rules(struct search *s, int way)
{
	const struct explore_job *job = s->job;
	enum explore_scope scope = job->scope;

	s->rules = (struct rules){
	    .core = explore_core(job->broken),
	    .way = scope == EXPLORE_OPEN ? (enum open_way)way : OPEN_LISTEN,
	    .rounds = scope == EXPLORE_REUSE ? 2 : 1,
	    .closes = scope != EXPLORE_OPEN,
	    .graceful = true,
	    .no_reset = scope == EXPLORE_CLOSE,
	    .reads_at_once = scope != EXPLORE_OPEN && job->reorder,
	    .reorder = job->reorder,
	    .replay = scope == EXPLORE_REUSE,
	    .fixed_iss = job->broken == EXPLORE_FIXED_ISS,
	    .wrapped = job->wrapped,
	    .loss = (uint8_t)job->loss,
	    .dup = (uint8_t)job->dup,
	};
}

/* Has the part been played that comes before what is explored? */
static bool
prefix_done(const struct search *s)
{
	const struct world *w = &s->here.w;

	if (s->job->scope == EXPLORE_OPEN)
		return true;
	if (w->flights[0] + w->flights[1] > 0)
		return false;
	if (s->job->scope == EXPLORE_CLOSE)
		return w->app[0].done & w->app[1].done & DONE_ESTABLISHED;
	return w->app[0].rounds == 1 && w->app[1].rounds == 1 && !w->app[0].conn && !w->app[1].conn;
}

/* The next move of it; the ways of `reuse` differ in who closes first. */
static move
prefix_next(const struct here *h, int way)
{
	move m = world_next(h), left = MOVE(MOVE_CALL, 0, CALL_CLOSE);

	if (h->w.app[1].done & DONE_CLOSED & ~h->w.app[0].done)
		return way == 2 && call_allowed(h, 0, CALL_CLOSE) ? left : m;
	if (m == MOVE(MOVE_CALL, 1, CALL_CLOSE) && way == 0 && call_allowed(h, 0, CALL_CLOSE))
		return left;
	return m;
}

static bool
search_begin(struct search *s, int way)
{
	bool begun;

	s->bad = NODE_NONE;
	scope_rules(s, way);
	begun = world_begin(&s->here, &s->rules, s->arena);
	for (s->prefixes = 0; begun && !prefix_done(s) && s->prefixes < PREFIX_MAX; s->prefixes++) {
		s->prefix[s->prefixes] = prefix_next(&s->here, way);
		begun = s->prefix[s->prefixes] != MOVE_NONE &&
			world_move(&s->here, s->prefix[s->prefixes]);
	}
	return begun;
}

/* What a state is made of. */
static void
search_parts(struct search *s, uint64_t *part[PARTS])
{
	part[0] = s->arena[0];
	part[1] = s->arena[1];
	part[2] = (uint64_t *)(void *)&s->here.w;
}

/* From the state that is here: one move.  false: the search is over. */
static bool
search_move(struct search *s, uint32_t from, move m, move next)
{
	uint64_t *part[PARTS];
	uint32_t to;
	bool fresh;

	s->moves++;
	if (!world_move(&s->here, m)) {
		if (s->here.wrong == NULL && m != next)
			return true; /* refused: no move at all */
		world_fails(&s->here, "nothing more can be done");
		s->bad = from;
		s->bad_move = m;
		return false;
	}
	to = store_node(&s->store, world_digest(&s->here), &fresh);
	if (to == NODE_NONE)
		return false;
	if (m == next)
		s->store.nodes[from].next = to;
	if (!fresh)
		return true;
	s->store.nodes[to].parent = from;
	s->store.nodes[to].by = m;
	search_parts(s, part);
	store_put(&s->store, to, (const uint64_t *const *)part);
	return !s->store.full;
}

/* Every move of the state that stands at `at`, which goes on to the next. */
static bool
search_state(struct search *s, size_t *at)
{
	move list[MOVES_MAX], next;
	uint64_t *part[PARTS];
	uint32_t node;
	size_t behind;
	int n;

	search_parts(s, part);
	behind = store_get(&s->store, *at, &node, part);
	n = world_moves(&s->here, list);
	next = world_next(&s->here);
	if (next == MOVE_NONE && !world_is_done(&s->here)) {
		s->bad = node;
		s->bad_move = MOVE_NONE;
		return false;
	}
	for (int i = 0; i < n; i++) {
		if (i > 0)
			(void)store_get(&s->store, *at, &node, part);
		if (!search_move(s, node, list[i], next))
			return false;
	}
	*at = behind;
	return true;
}

/* All depths, until nothing is new. */
static bool
search_all(struct search *s)
{
	uint64_t *part[PARTS];
	const uint32_t arena = (uint32_t)(s->here.arena_bytes + 7) / 8;
	const uint32_t words[PARTS] = {arena, arena, sizeof(struct world) / 8};
	size_t at;
	bool fresh;

	search_parts(s, part);
	s->store.memory = s->job->memory;
	if (!store_begin(&s->store, (const uint64_t *const *)part, words)) {
		s->store.full = true;
		return false;
	}
	store_put(&s->store, store_node(&s->store, world_digest(&s->here), &fresh),
		  (const uint64_t *const *)part);
	for (s->depth = 0; s->store.later.n > 0; s->depth++) {
		store_turn(&s->store);
		if (s->job->stats)
			fprintf(s->job->out, "  depth %u: %u states\n", s->depth, s->store.n);
		for (at = 0; at < s->store.now.n;)
			if (!search_state(s, &at))
				return false;
	}
	return true;
}

/* Does the way without faults come to an end from every state?  Each is walked once:
 * a walk ends at a state that an earlier one has passed, or at one of its own. */
static bool
search_ends(struct search *s)
{
	uint32_t *walk = calloc(s->store.n, sizeof(*walk)), i, at;
	bool ends = walk != NULL;

	for (i = 0; ends && i < s->store.n; i++) {
		for (at = i; at != NODE_NONE && walk[at] == 0; at = s->store.nodes[at].next)
			walk[at] = i + 1;
		if (at != NODE_NONE && walk[at] == i + 1) {
			ends = world_fails(&s->here, "this goes round for ever");
			s->bad = at;
			s->bad_move = MOVE_NONE;
		}
	}
	free(walk);
	return ends;
}

/* The way to what went wrong, from the beginning of time. */
static void
search_tell(struct search *s, int way)
{
	const struct node *nodes = s->store.nodes;
	const char *wrong = s->here.wrong;
	FILE *out = s->job->out;
	move path[WAY_MAX];
	int n = 0, number = 0, line = s->here.wrong_line;

	if (s->bad_move != MOVE_NONE)
		path[n++] = s->bad_move;
	for (uint32_t i = s->bad; nodes[i].parent != NODE_NONE && n < WAY_MAX; i = nodes[i].parent)
		path[n++] = nodes[i].by;
	fprintf(out, "\nFailed after %d moves: %s", s->prefixes + n, wrong);
	fprintf(out, line ? " (line %d)\n\n" : "\n\n", line);
	scope_rules(s, way);
	world_begin(&s->here, &s->rules, s->arena);
	s->here.wrong = NULL;
	tell_head(out);
	for (int i = 0; i < s->prefixes; i++)
		tell_move(out, &s->here, s->prefix[i], ++number);
	if (s->prefixes > 0)
		fprintf(out, "     so far without a fault; from here everything is tried\n");
	while (n > 0)
		tell_move(out, &s->here, path[--n], ++number);
	if (s->bad_move == MOVE_NONE)
		for (int i = 0; i < LOOP_SHOWN && world_next(&s->here) != MOVE_NONE; i++)
			tell_move(out, &s->here, world_next(&s->here), ++number);
	fprintf(out, "     %s\n", wrong);
}

/* One way of the scope. */
static enum explore_end
search_way(struct search *s, int way)
{
	enum explore_end end = EXPLORE_HELD;

	if (!search_begin(s, way)) {
		fprintf(s->job->out, "the beginning failed: %s\n",
			s->here.wrong ? s->here.wrong : "no stack");
		return EXPLORE_FAILED;
	}
	if (!search_all(s) || !search_ends(s))
		end = s->store.full ? EXPLORE_TOO_LARGE : EXPLORE_FAILED;
	fprintf(s->job->out, "%s: %s: %u states, %llu moves, depth %u%s\n",
		scope_name[s->job->scope], way_name[s->job->scope][way], s->store.n,
		(unsigned long long)s->moves, s->depth,
		end == EXPLORE_TOO_LARGE ? ": the memory allowed is used up" : "");
	if (end == EXPLORE_FAILED && s->bad != NODE_NONE)
		search_tell(s, way);
	return end;
}

/* Searches one scope, in all its ways. */
enum explore_end
explore_run(const struct explore_job *job, struct explore_count *count)
{
	enum explore_end end = EXPLORE_HELD;
	struct search s = {.job = job};

	s.here.segments = calloc(UINT16_MAX + 1, sizeof(struct segment));
	s.arena[0] = aligned_alloc(64, ARENA_MAX);
	s.arena[1] = aligned_alloc(64, ARENA_MAX);
	if (!s.here.segments || !s.arena[0] || !s.arena[1])
		end = EXPLORE_TOO_LARGE;
	for (int way = 0; way < scope_ways(job->scope) && end == EXPLORE_HELD; way++) {
		if (job->ways != 0 && !(job->ways >> way & 1))
			continue;
		s.here.n_segments = 0;
		s.moves = 0;
		end = search_way(&s, way);
		count->states += s.store.n;
		count->moves += s.moves;
		count->depth = s.depth > count->depth ? s.depth : count->depth;
		store_end(&s.store);
	}
	free(s.here.segments);
	free(s.arena[0]);
	free(s.arena[1]);
	return end;
}
