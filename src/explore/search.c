/*
 * search.c - breadth first through all states of a scope.
 *
 * A scene is what both hosts are and what is in flight; a state is a scene and what
 * the network may still do: lose so many, double so many, bring again any of these.
 * From each state every move is made; a property that fails ends the search, and as it
 * went breadth first the way there is a shortest one.  A state whose scene was already
 * seen with no less left to the network is passed over: whatever may follow could
 * follow there, and no later.
 *
 * Of each scene is also kept where a network without faults and applications that go
 * on lead: these ways must all come to a good end, and come round nowhere.  That is
 * "both ends reach CLOSED" and "no answer to an answer for ever".
 */
#include "explore/explore.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explore/tell.h"

enum { PREFIX_MAX = 200, WAY_MAX = 400, LOOP_SHOWN = 40, LOOK_EVERY = 1 << 16, BEGINNINGS = 3 };

struct scene {
	uint32_t host[2], flight;
	uint32_t next;	  /* where a network without faults leads; BAG_NONE: the end */
	uint32_t covered; /* 1 + the most losses with which it was seen, whatever else was left */
};

struct state {
	uint32_t scene;
	uint32_t left; /* LEFT(): what the network may still do */
	uint32_t parent;
	move by;
};
#define LEFT(olds, loss, dup) ((olds) << 8 | (uint32_t)(loss) << 4 | (uint32_t)(dup))
#define LEFT_OLDS(left) ((left) >> 8)
#define LEFT_LOSS(left) ((left) >> 4 & 15)
#define LEFT_DUP(left) ((left)&15)

/* What can be seen of both hosts. */
struct fact {
	uint8_t host[2][8];
};

/* A move that was made, and where it leads. */
struct branch {
	struct world world;
	uint32_t flight; /* BAG_NONE: it was refused */
	move by;
};

struct search {
	const struct explore_job *job;
	struct rules rules;
	struct here here;
	struct memory memory;
	struct bag flights, scenes, states, facts;
	uint64_t facts_sum;
	struct branch branch[MOVES_MAX]; /* of the state that is at work */
	struct beginning {
		move prefix[PREFIX_MAX]; /* what came before the first state */
		int prefixes;
	} beginning[BEGINNINGS];
	uint64_t moves;
	uint32_t depth;
	uint32_t bad;  /* the state where it went wrong; BAG_NONE */
	move bad_move; /* and the move from there; MOVE_NONE: at the state itself */
	time_t told;
};

static const char scope_name[EXPLORE_N_SCOPES][8] = {"open", "close", "reuse"};
static const char way_name[EXPLORE_N_SCOPES][3][64] = {
    {"active and passive", "active and passive for one peer", "active and active"},
    {"every order of closing"},
    {"whoever closed first", "the same with one loss, RECEIVE at any time"},
};

const char *
explore_scope_name(enum explore_scope scope)
{
	return scope_name[scope];
}

/* All faults at once in `reuse': the applications receive as soon as they can. */
static bool
reads_at_once(const struct explore_job *job)
{
	return job->scope == EXPLORE_REUSE && job->reorder && job->loss > 1;
}

/* How many ways a scope has: who opens how; or the second one, that leaves them time. */
static int
scope_ways(const struct explore_job *job)
{
	return job->scope == EXPLORE_OPEN ? 3 : reads_at_once(job) ? 2 : 1;
}

/* With how many first states: the left one, the right one or both closed first. */
static int
scope_beginnings(enum explore_scope scope)
{
	return scope == EXPLORE_REUSE ? BEGINNINGS : 1;
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
	    .reads_at_once = reads_at_once(job) && way == 0,
	    .reorder = job->reorder,
	    .replay = scope == EXPLORE_REUSE,
	    .fixed_iss = job->broken == EXPLORE_FIXED_ISS,
	    .wrapped = job->wrapped,
	    .plain = job->plain,
	    .loss = (uint8_t)(scope == EXPLORE_REUSE && way == 1 ? 1 : job->loss),
	    .dup = (uint8_t)job->dup,
	};
}

static const struct seen *
seen(const struct search *s, const struct world *w, int side)
{
	return hosts_seen(&s->here.hosts, side, w->host[side]);
}

/* Has the part been played that comes before what is explored? */
static bool
prefix_done(const struct search *s, const struct world *w)
{
	const struct seen *a = seen(s, w, 0), *b = seen(s, w, 1);

	if (s->job->scope == EXPLORE_OPEN)
		return true;
	if (w->flight.n[0] + w->flight.n[1] > 0)
		return false;
	if (s->job->scope == EXPLORE_CLOSE)
		return a->done & b->done & DONE_ESTABLISHED;
	return a->rounds == 1 && b->rounds == 1 && !a->conn && !b->conn;
}

/* The next move of it; the beginnings of `reuse` differ in who closes first. */
static move
prefix_next(const struct search *s, const struct world *w, int which)
{
	move m = world_next(&s->here, w), left = MOVE(MOVE_CALL, 0, CALL_CLOSE);
	bool may = seen(s, w, 0)->calls >> CALL_CLOSE & 1;

	if (seen(s, w, 1)->done & DONE_CLOSED & ~seen(s, w, 0)->done)
		return which == 2 && may ? left : m;
	if (m == MOVE(MOVE_CALL, 1, CALL_CLOSE) && which == 0 && may)
		return left;
	return m;
}

/* Plays it. */
static bool
prefix_play(struct search *s, struct world *w, int which)
{
	struct beginning *b = &s->beginning[which];
	bool played = true;

	world_first(&s->here, w);
	for (b->prefixes = 0; played && !prefix_done(s, w) && b->prefixes < PREFIX_MAX;) {
		b->prefix[b->prefixes] = prefix_next(s, w, which);
		played = b->prefix[b->prefixes] != MOVE_NONE &&
			 world_move(&s->here, w, b->prefix[b->prefixes]);
		b->prefixes++;
	}
	return played;
}

/* Counts what can be seen in a scene that is new. */
static void
search_fact(struct search *s, const struct world *w)
{
	struct fact f;
	uint64_t v[2];
	bool fresh;

	for (int side = 0; side < 2; side++) {
		const struct seen *a = seen(s, w, side);
		const uint8_t b[8] = {a->state,		 a->done, a->rounds, a->got,
				      (uint8_t)a->error, a->left, a->conn,   a->listener};

		memcpy(f.host[side], b, sizeof(b));
		if (a->close_waits) /* only with `plain' */
			return;
	}
	if (bag_put(&s->facts, &f, &fresh) == BAG_NONE || !fresh)
		return;
	memcpy(v, &f, sizeof(v));
	s->facts_sum += stir(v[0], v[1]);
}

/* The scene of a world, its flight a number already; BAG_NONE: full. */
static uint32_t
search_scene(struct search *s, const struct world *w, uint32_t flight)
{
	struct scene scene = {{w->host[0], w->host[1]}, flight, BAG_NONE, 0};
	uint32_t i;
	bool fresh;

	i = bag_put(&s->scenes, &scene, &fresh);
	if (i != BAG_NONE && fresh)
		search_fact(s, w);
	return i;
}

/* Was the scene seen with no less left to the network? */
static bool
is_covered(const struct search *s, uint32_t scene, const struct world *w)
{
	const struct scene *at = bag_at(&s->scenes, scene);
	uint32_t key[2] = {scene, 0};

	if (s->job->plain)
		return false;
	/* nothing to come again: it was seen with as many losses left, and perhaps more else */
	if (w->dup == 0)
		return at->covered > w->loss;
	for (unsigned loss = w->loss; loss <= s->rules.loss; loss++) {
		for (unsigned dup = w->dup; dup <= s->rules.dup; dup++) {
			key[1] = LEFT(w->olds, loss, dup);
			if (loss + dup > (unsigned)w->loss + w->dup &&
			    bag_find(&s->states, key) != BAG_NONE)
				return true;
		}
	}
	return false; /* seen with the very same left: bag_put() will say */
}

/* Takes a state in, if it is new; false: full. */
static bool
search_put(struct search *s, const struct world *w, uint32_t scene, uint32_t from, move by)
{
	struct state state = {scene, LEFT(w->olds, w->loss, w->dup), from, by};
	struct scene *at = bag_at(&s->scenes, scene);
	bool fresh;

	if (is_covered(s, scene, w))
		return true;
	if (at->covered <= w->loss)
		at->covered = w->loss + 1u;
	return bag_put(&s->states, &state, &fresh) != BAG_NONE;
}

static void
search_world(const struct search *s, const struct state *state, struct world *w)
{
	const struct scene *scene = bag_at(&s->scenes, state->scene);

	w->host[0] = scene->host[0];
	w->host[1] = scene->host[1];
	w->flight = *(struct flight *)bag_at(&s->flights, scene->flight);
	w->olds = LEFT_OLDS(state->left);
	w->loss = LEFT_LOSS(state->left);
	w->dup = LEFT_DUP(state->left);
}

/* Makes a move of a state; where it leads stands in *b.  false: the search is over. */
static bool
branch_make(struct search *s, struct branch *b, move by, bool must)
{
	bool fresh;
	uint32_t key[3];

	s->moves++;
	s->bad_move = b->by = by;
	b->flight = BAG_NONE;
	if (!world_move(&s->here, &b->world, by)) {
		if (s->here.wrong == NULL && !must && !s->memory.full)
			return true; /* refused: no move at all */
		return world_fails(&s->here, "nothing more can be done");
	}
	b->flight = bag_put(&s->flights, &b->world.flight, &fresh);
	key[0] = b->world.host[0];
	key[1] = b->world.host[1];
	key[2] = b->flight;
	bag_soon(&s->scenes, key);
	return b->flight != BAG_NONE;
}

/* Every move of a state; false: the search is over. */
static bool
search_state(struct search *s, uint32_t i)
{
	const struct state from = *(struct state *)bag_at(&s->states, i);
	struct branch *b = s->branch;
	struct world was;
	move list[MOVES_MAX], next;
	uint32_t to;
	int n;

	search_world(s, &from, &was);
	n = world_moves(&s->here, &was, list);
	next = world_next(&s->here, &was);
	s->bad = i;
	s->bad_move = MOVE_NONE;
	if (next == MOVE_NONE && !world_is_done(&s->here, &was))
		return false;
	for (int m = 0; m < n; m++) {
		b[m].world = was;
		if (!branch_make(s, &b[m], list[m], list[m] == next))
			return false;
	}
	for (int m = 0; m < n; m++) {
		if (b[m].flight == BAG_NONE)
			continue;
		to = search_scene(s, &b[m].world, b[m].flight);
		if (to == BAG_NONE || !search_put(s, &b[m].world, to, i, b[m].by))
			return false;
		if (b[m].by == next)
			((struct scene *)bag_at(&s->scenes, from.scene))->next = to;
	}
	return true;
}

/* Now and then: a word about how far it is, and whether to go on. */
static bool
search_look(struct search *s)
{
	time_t now = time(NULL);

	if (s->job->progress != NULL && now != s->told) {
		fprintf(s->job->progress, "\r%s: depth %u, %u states, %zu MB ",
			scope_name[s->job->scope], s->depth, s->states.n, s->memory.used >> 20);
		fflush(s->job->progress);
		s->told = now;
	}
	return s->job->stop == NULL || !*s->job->stop;
}

/* The first states, one behind the other. */
static bool
search_begin(struct search *s, int way)
{
	struct world w;
	uint32_t scene;
	bool fresh;

	s->bad = BAG_NONE;
	scope_rules(s, way);
	bag_begin(&s->flights, &s->memory, sizeof(struct flight), sizeof(struct flight));
	bag_begin(&s->scenes, &s->memory, sizeof(struct scene), 3 * sizeof(uint32_t));
	bag_begin(&s->states, &s->memory, sizeof(struct state), 2 * sizeof(uint32_t));
	bag_begin(&s->facts, &s->memory, sizeof(struct fact), sizeof(struct fact));
	if (!world_begin(&s->here, &s->rules, &s->memory))
		return false;
	for (int i = 0; i < scope_beginnings(s->job->scope); i++) {
		if (!prefix_play(s, &w, i))
			return false;
		scene = search_scene(s, &w, bag_put(&s->flights, &w.flight, &fresh));
		if (scene == BAG_NONE || !search_put(s, &w, scene, BAG_NONE, (move)i))
			return false;
	}
	return true;
}

/* All depths, until nothing is new. */
static enum explore_end
search_all(struct search *s)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < s->states.n; i++) {
		if (i == end) {
			s->depth += i > 0;
			end = s->states.n;
			if (s->job->stats)
				fprintf(s->job->out, "  depth %u: %u states\n", s->depth, end);
		}
		if (i % LOOK_EVERY == 0 && !search_look(s))
			return EXPLORE_STOPPED;
		if (!search_state(s, i))
			return s->memory.full ? EXPLORE_TOO_LARGE : EXPLORE_FAILED;
	}
	s->bad = BAG_NONE;
	return EXPLORE_HELD;
}

/* The first state with this scene. */
static uint32_t
state_of_scene(const struct search *s, uint32_t scene)
{
	const struct state *all = bag_at(&s->states, 0);
	uint32_t i = 0;

	while (i + 1 < s->states.n && all[i].scene != scene)
		i++;
	return i;
}

/* Does the way without faults come to an end from every scene?  Each is walked once:
 * a walk ends at a scene that an earlier one has passed, or at one of its own. */
static enum explore_end
search_ends(struct search *s)
{
	uint32_t *walk = calloc(s->scenes.n, sizeof(*walk)), i, at;
	const struct scene *all = bag_at(&s->scenes, 0);
	enum explore_end end = walk ? EXPLORE_HELD : EXPLORE_TOO_LARGE;

	for (i = 0; end == EXPLORE_HELD && i < s->scenes.n; i++) {
		for (at = i; at != BAG_NONE && walk[at] == 0; at = all[at].next)
			walk[at] = i + 1;
		if (at != BAG_NONE && walk[at] == i + 1) {
			end = EXPLORE_FAILED;
			world_fails(&s->here, "this goes round for ever");
			s->bad = state_of_scene(s, at);
			s->bad_move = MOVE_NONE;
		}
	}
	free(walk);
	return end;
}

/* The way to what went wrong, from the beginning of time. */
static void
search_tell(struct search *s)
{
	const char *wrong = s->here.wrong;
	const struct state *all = bag_at(&s->states, 0);
	FILE *out = s->job->out;
	const struct beginning *b;
	move path[WAY_MAX], m;
	struct world w;
	uint32_t i = s->bad;
	int n = 0, number = 0, line = s->here.wrong_line;

	if (s->bad_move != MOVE_NONE)
		path[n++] = s->bad_move;
	for (; all[i].parent != BAG_NONE && n < WAY_MAX; i = all[i].parent)
		path[n++] = all[i].by;
	b = &s->beginning[all[i].by];
	fprintf(out, "\nFailed after %d moves: %s", b->prefixes + n, wrong);
	fprintf(out, line ? " (line %d)\n\n" : "\n\n", line);
	world_first(&s->here, &w);
	tell_head(out);
	while (number < b->prefixes)
		tell_move(out, &s->here, &w, b->prefix[number], number + 1), number++;
	if (b->prefixes > 0)
		fprintf(out, "     so far without a fault; from here everything is tried\n");
	while (n > 0)
		tell_move(out, &s->here, &w, path[--n], ++number);
	for (n = 0; s->bad_move == MOVE_NONE && n < LOOP_SHOWN; n++) {
		m = world_next(&s->here, &w);
		if (m == MOVE_NONE)
			break;
		tell_move(out, &s->here, &w, m, ++number);
	}
	fprintf(out, "     %s\n", wrong);
}

static const char *
end_text(enum explore_end end)
{
	return end == EXPLORE_TOO_LARGE ? ": the memory allowed is used up"
	       : end == EXPLORE_STOPPED ? ": stopped"
					: "";
}

/* One way of the scope. */
static enum explore_end
search_way(struct search *s, int way)
{
	enum explore_end end;

	if (!search_begin(s, way)) {
		fprintf(s->job->out, "the beginning failed: %s\n",
			s->here.wrong ? s->here.wrong : "no stack");
		return s->memory.full ? EXPLORE_TOO_LARGE : EXPLORE_FAILED;
	}
	end = search_all(s);
	if (end == EXPLORE_HELD)
		end = search_ends(s);
	if (s->job->progress != NULL)
		fprintf(s->job->progress, "\r%60s\r", "");
	fprintf(s->job->out, "%s: %s%s: %u states, %llu moves, depth %u%s\n",
		scope_name[s->job->scope], way_name[s->job->scope][way],
		s->rules.reads_at_once ? ", RECEIVE at once" : "", s->states.n,
		(unsigned long long)s->moves, s->depth, end_text(end));
	if (s->job->stats)
		fprintf(s->job->out,
			"  %u scenes, %u + %u states of a host, %u + %u steps of one, %u segments, "
			"%u in flight, %u old, %zu MB\n",
			s->scenes.n, s->here.hosts.known[0].n, s->here.hosts.known[1].n,
			s->here.hosts.steps[0].n, s->here.hosts.steps[1].n,
			s->here.hosts.segments.n, s->flights.n, s->here.olds.n,
			s->memory.used >> 20);
	fflush(s->job->out);
	if (end == EXPLORE_FAILED && s->bad != BAG_NONE)
		search_tell(s);
	return end;
}

static void
search_count(struct search *s, struct explore_count *count)
{
	count->states += s->states.n;
	count->moves += s->moves;
	count->scenes += s->scenes.n;
	count->hosts += s->here.hosts.known[0].n + s->here.hosts.known[1].n;
	count->facts += s->facts.n;
	count->facts_sum += s->facts_sum;
	count->depth = s->depth > count->depth ? s->depth : count->depth;
}

/* Searches one scope, in all its ways. */
enum explore_end
explore_run(const struct explore_job *job, struct explore_count *count)
{
	enum explore_end end = EXPLORE_HELD;
	struct search s;

	for (int way = 0; way < scope_ways(job) && end == EXPLORE_HELD; way++) {
		if (job->ways != 0 && !(job->ways >> way & 1))
			continue;
		s = (struct search){.job = job, .memory.most = job->memory};
		end = search_way(&s, way);
		search_count(&s, count);
		world_end(&s.here);
		bag_end(&s.flights);
		bag_end(&s.scenes);
		bag_end(&s.states);
		bag_end(&s.facts);
	}
	return end;
}
