/*
 * show_test.c - the gallery: each scene goes through the states that it says, and what its
 * text claims is what happened.
 */
#include "show/show.h"

#include "show/crowd.h"
#include "tap.h"

static const char *
english(const char *text)
{
	return text;
}

static const struct stage_watch quiet = {.say = english};

/* Plays it; how it ended stands in *s, which the caller ends. */
static void
played(const char *name, struct stage *s)
{
	const struct scene *scene = show_named(name);
	char path[1024];
	bool good;

	if (!ok(scene != NULL)) {
		printf("# there is no scene %s\n", name);
		return;
	}
	good = show_play(scene, &quiet, s);
	if (ok(good))
		return;
	for (int host = A; host <= B; host++)
		printf("# %s, %c: expected %s\n#   went %s\n", name, 'A' + host, scene->path[host],
		       stage_path(s, host, path, sizeof(path)));
}

static void
test_paths(void)
{
	const struct scene *scene;
	struct stage s;
	size_t n = 0;

	while ((scene = show_scene(n)) != NULL) {
		n++;
		played(scene->name, &s);
		stage_end(&s);
		ok(show_named(scene->name) == scene);
		ok(*scene->title && *scene->tell && *scene->notice && *scene->claims);
	}
	ok(n >= 38);
	ok(show_named("nothing") == NULL);
}

/* A scene that does not go as it says is noticed. */
static void
test_wrong_path(void)
{
	struct scene wrong = *show_named("merged");
	struct stage s;

	wrong.path[A] = show_named("four-way")->path[A];
	ok(!show_play(&wrong, &quiet, &s));
	stage_end(&s);
	wrong = *show_named("old-data"); /* with the rule it is no such story */
	wrong.broken = EXPLORE_WHOLE;
	ok(!show_play(&wrong, &quiet, &s));
	stage_end(&s);
}

/* The same scene with and without its rule. */
static void
test_broken(void)
{
	struct stage s;

	played("stale-syn", &s);
	ok(s.conn[B] == 0 && s.error[B] == 0);
	stage_end(&s);
	played("two-way", &s);
	ok(s.conn[B] != 0 && s.error[B] == SW_E_RESET);
	stage_end(&s);
	played("two-way-silent", &s);
	ok(s.conn[B] != 0 && s.error[B] == SW_E_TIMED_OUT);
	stage_end(&s);
	played("stale-syn-silent", &s);
	ok(s.conn[B] == 0);
	stage_end(&s);
	played("old-data", &s);
	ok(!strcmp(s.heard[A],
		   "OLDOLD")); /* once, and again in a connection where B said nothing */
	stage_end(&s);
	played("time-wait", &s);
	ok(!strcmp(s.heard[A], "old"));
	stage_end(&s);
}

/* How it ended for the programs. */
static void
test_ends(void)
{
	static const struct {
		char name[20];
		int a, b;
	} ends[] = {{"refused", SW_E_REFUSED, 0},
		    {"no-answer", SW_E_TIMED_OUT, 0},
		    {"one-way", SW_E_TIMED_OUT, 0},
		    {"reset", 0, SW_E_RESET},
		    {"reset-unread", SW_E_RESET, 0},
		    {"half-open", SW_E_RESET, 0},
		    {"lost-last-ack", 0, 0},
		    {"no-time-wait", 0, 0},
		    {"four-way", 0, 0}};
	struct stage s;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		played(ends[i].name, &s);
		if (!ok(s.error[A] == ends[i].a && s.error[B] == ends[i].b))
			printf("# %s: %d %d\n", ends[i].name, s.error[A], s.error[B]);
		stage_end(&s);
	}
}

/* ---- what the ladder says --------------------------------------------------- */

struct told {
	const char *name;
	int rows, states, unexplained, lost, again;
	char text[16384]; /* words and reasons of all rows */
};

static void
on_row(void *ctx, const struct sw_row *row)
{
	struct told *t = ctx;

	t->lost += (row->fate & SW_SIM_GONE) != 0;
	t->again += row->again;
	for (int side = 0; side < 2; side++) {
		bool first = t->rows == 0;

		if (row->state[side] != SW_N_STATES && !first) {
			t->states++;
			if (!row->why[side]) {
				t->unexplained++;
				printf("# %s: no reason for %s at %llu\n", t->name,
				       sw_state_name(row->state[side]),
				       (unsigned long long)row->at);
			}
		}
		snprintf(t->text + strlen(t->text), sizeof(t->text) - strlen(t->text), "%s\n",
			 row->why[side] ? row->why[side] : "");
	}
	snprintf(t->text + strlen(t->text), sizeof(t->text) - strlen(t->text), "%s\n",
		 row->text ? row->text : "");
	t->rows++;
}

static void
tell(const struct scene *scene, struct told *t)
{
	struct sw_ladder_config c = {
	    .bytes = sizeof(c), .form = SW_LADDER_ROWS, .row = on_row, .ctx = t};
	struct stage_watch watch = quiet;
	struct stage s;

	memset(t, 0, sizeof(*t));
	t->name = scene->name;
	show_ladder(scene, &c);
	watch.ladder = sw_ladder_new(&c);
	ok(watch.ladder != NULL && show_play(scene, &watch, &s));
	ok(sw_ladder_end(watch.ladder));
	stage_end(&s);
}

/* Every new state that is shown has its reason, with its rule. */
static void
test_reasons(void)
{
	const struct scene *scene;
	static struct told t;

	for (size_t i = 0; (scene = show_scene(i)) != NULL; i++) {
		tell(scene, &t);
		ok(t.rows > 1 && t.unexplained == 0);
		ok(strstr(t.text, "(RFC ") != NULL || scene == show_named("close-wait") ||
		   scene == show_named("zero-window"));
	}
}

static void
test_words(void)
{
	static struct told t;

	tell(show_named("stale-syn"), &t);
	ok(strstr(t.text, "no connection and no listener: RST (RFC 9293 3.10.7.1)"));
	ok(strstr(t.text, "rcv RST, passive (RFC 9293 Fig. 5 note 1, MUST-11)"));
	tell(show_named("two-way"), &t);
	ok(strstr(t.text, "the rule is broken"));
	tell(show_named("no-time-wait"), &t);
	ok(strstr(t.text, "RST at exactly RCV.NXT"));
	tell(show_named("lost-last-ack"), &t);
	ok(!strstr(t.text, "RST"));
	tell(show_named("lost-segment"), &t);
	ok(t.lost == 1 && t.again == 1);
	tell(show_named("merged"), &t);
	ok(strstr(t.text, "Fig. 5 note 2"));
	tell(show_named("syn-flood"), &t);
	ok(strstr(t.text, "8 have a record, 92 were dropped"));
	tell(show_named("syn-flood-cookies"), &t);
	ok(strstr(t.text, "8 have a record, 92 were answered by a SYN cookie"));
	ok(strstr(t.text, "brings back a SYN cookie of ours"));
	tell(show_named("zero-window"), &t);
	ok(strstr(t.text, "the program at B does not read: its window is closed"));
	tell(show_named("close-wait"), &t);
	ok(strstr(t.text, "86400.000 s: the program at B has not called CLOSE"));
	tell(show_named("four-way"), &t);
	ok(strstr(t.text, "239.990 s: A waits out 2 MSL"));
}

/* One second is 250,000 numbers of the clock: what `isn' says. */
static void
test_isn(void)
{
	static struct told t;
	const char *at;
	unsigned long seq[3] = {0};
	int n = 0;

	tell(show_named("isn"), &t);
	for (at = t.text; n < 3 && (at = strstr(at, "\nSYN seq ")) != NULL; at++)
		seq[n++] = strtoul(at + 9, NULL, 10);
	ok(n == 3);
	ok((uint32_t)(seq[1] - seq[0]) == 250000 && (uint32_t)(seq[2] - seq[1]) == 250000);
}

/* ---- the crowd ---------------------------------------------------------------- */

/* All of Figure 5 is taken, and what comes into a state leaves it. */
static void
test_crowd(void)
{
	const struct sw_edge *e;
	size_t n = sw_probe_edges(&e);

	for (uint64_t seed = tap_seed(); seed < tap_seed() + 3; seed++) {
		uint64_t count[CROWD_EDGES] = {0}, again[CROWD_EDGES] = {0};
		int64_t flow[SW_N_STATES] = {0};

		ok(crowd_run(seed, count) && crowd_run(seed, again));
		ok(!memcmp(count, again, sizeof(count)));
		for (size_t i = 0; i < n; i++) {
			ok(!e[i].figure_5 || count[i] > 0);
			flow[e[i].from] -= (int64_t)count[i];
			flow[e[i].to] += (int64_t)count[i];
		}
		for (int s = SW_SYN_SENT; s < SW_N_STATES; s++)
			if (!ok(flow[s] == 0))
				printf("# seed %llu: %lld left in %s\n", (unsigned long long)seed,
				       (long long)flow[s], sw_state_name((enum sw_state)s));
	}
}

int
main(void)
{
	TEST("every scene goes through its states", test_paths);
	TEST("one that does not is noticed", test_wrong_path);
	TEST("scenes with and without their rule", test_broken);
	TEST("what programs are told", test_ends);
	TEST("every new state has its reason", test_reasons);
	TEST("words that scenes are about", test_words);
	TEST("the clock of first numbers", test_isn);
	TEST("a crowd takes all of Figure 5", test_crowd);
	return plan_done();
}
