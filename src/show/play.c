/*
 * play.c - what scenes do: calls of programs, time, and what the network does.
 *
 * A call that is refused where the scene needs it marks the stage as failed: the tests
 * look at that.
 */
#include "show/stage.h"

#include <stdlib.h>
#include <string.h>

enum { UNTIL_S = 1000 };

static void
need(struct stage *s, bool good)
{
	s->failed = s->failed || !good;
}

/* ---- time ---------------------------------------------------------------- */

sw_ns
play_now(const struct stage *s)
{
	return sw_sim_now(s->sim);
}

/* B's program takes what its listener has. */
static void
accept_all(struct stage *s)
{
	sw_conn conn;

	if (s->no_accept || !s->listener[B])
		return;
	while (s->core->accept(s->stack[B], play_now(s), s->listener[B], &conn) == SW_OK)
		s->conn[B] = conn;
}

/* Ends of connections that nobody asked for are seen by their programs. */
static void
look(struct stage *s)
{
	struct sw_status st = {.bytes = sizeof(st)};

	for (int host = 0; host < 2; host++)
		if (s->conn[host] && s->core->status(s->stack[host], s->conn[host], &st) == SW_OK &&
		    st.error != 0)
			s->error[host] = st.error;
}

/* One step; false: nothing happens before `until`. */
static bool
step(struct stage *s, sw_ns until)
{
	sw_ns next = until, due;
	bool more;

	stage_send(s);
	for (int host = 0; host < 2; host++) {
		due = s->core->deadline(s->stack[host]);
		due = due <= play_now(s) ? play_now(s) + SW_US : due;
		next = due < next ? due : next;
	}
	more = sw_sim_step(s->sim, next);
	if (next < until)
		more = true;
	accept_all(s);
	look(s);
	return more;
}

void
play_for(struct stage *s, sw_ns d)
{
	sw_ns until = play_now(s) + d;

	while (step(s, until) || play_now(s) < until)
		;
	stage_send(s); /* what is due at the very end */
}

void
play_skip(struct stage *s, sw_ns d)
{
	struct sw_ladder *ladder = s->watch.ladder;

	s->watch.ladder = NULL;
	play_for(s, d);
	s->watch.ladder = ladder;
}

void
play_until(struct stage *s, int host, enum sw_state state)
{
	sw_ns until = play_now(s) + UNTIL_S * SW_S;

	while (s->states[host] == 0 || s->state[host][s->states[host] - 1] != state)
		if (!step(s, until) && play_now(s) >= until) {
			need(s, false);
			return;
		}
}

static void
note(struct stage *s, int side, const char *text)
{
	struct sw_row row;

	if (!s->watch.ladder)
		return;
	sw_row_init(&row, SW_ROW_NOTE, side, play_now(s));
	row.text = text;
	sw_ladder_row(s->watch.ladder, &row);
}

void
play_note(struct stage *s, int side, const char *english)
{
	note(s, side, s->watch.say(english));
}

void
play_count(struct stage *s, int side, const char *english, unsigned long a, unsigned long b)
{
	char text[200];

	snprintf(text, sizeof(text), s->watch.say(english), a, b);
	note(s, side, text);
}

/* ---- programs ------------------------------------------------------------ */

void
play_go(struct stage *s)
{
	s->core = explore_core(s->broken);
	for (int host = 0; host < 2; host++) {
		need(s, stage_host(s, host));
		need(s, sw_sim_path(s->sim, host, &s->path[host]) == SW_OK);
	}
}

void
play_listen(struct stage *s, int host)
{
	need(s, s->core->open_passive(s->stack[host], play_now(s), &s->end[host], 8,
				      &s->listener[host]) == SW_OK);
	stage_tell(s, host);
}

static int
open_call(struct stage *s, int host)
{
	int e = s->core->open_active(s->stack[host], play_now(s), &s->end[host], &s->end[!host],
				     &s->conn[host]);

	stage_tell(s, host);
	return e;
}

void
play_open(struct stage *s, int host)
{
	s->error[host] = 0;
	need(s, open_call(s, host) == SW_OK);
}

void
play_open_refused(struct stage *s, int host, int error)
{
	need(s, open_call(s, host) == error);
}

void
play_say(struct stage *s, int host, const char *text)
{
	size_t n = strlen(text);

	need(s, s->core->send(s->stack[host], play_now(s), s->conn[host], text, n, SW_PUSH) ==
		    (ptrdiff_t)n);
	stage_tell(s, host);
}

void
play_say_bytes(struct stage *s, int host, uint32_t n)
{
	char *bytes = calloc(1, n);

	need(s, bytes && s->core->send(s->stack[host], play_now(s), s->conn[host], bytes, n, 0) ==
			     (ptrdiff_t)n);
	free(bytes);
	stage_tell(s, host);
}

void
play_hear(struct stage *s, int host)
{
	char room[65536];
	size_t used = strlen(s->heard[host]);
	ptrdiff_t n, all = 0;
	struct sw_row row;
	char words[80];

	while ((n = s->core->receive(s->stack[host], play_now(s), s->conn[host], room,
				     sizeof(room))) > 0) {
		for (ptrdiff_t i = 0; i < n && used + 1 < STAGE_SAY && room[i]; i++)
			s->heard[host][used++] = room[i];
		all += n;
	}
	stage_tell(s, host);
	if (!s->watch.ladder || all == 0)
		return;
	snprintf(words, sizeof(words), s->watch.say("the program reads %ld bytes"), (long)all);
	sw_row_init(&row, SW_ROW_CALL, host, play_now(s));
	row.text = words;
	sw_ladder_row(s->watch.ladder, &row);
}

void
play_close(struct stage *s, int host)
{
	need(s, s->core->close(s->stack[host], play_now(s), s->conn[host]) == SW_OK);
	stage_tell(s, host);
}

void
play_release(struct stage *s, int host)
{
	need(s, s->core->release(s->stack[host], play_now(s), s->conn[host]) == SW_OK);
	s->conn[host] = 0;
	stage_tell(s, host);
}

void
play_abort(struct stage *s, int host)
{
	need(s, s->core->abort(s->stack[host], play_now(s), s->conn[host]) == SW_OK);
	s->conn[host] = 0;
	stage_tell(s, host);
}

void
play_established(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_open(s, A);
	play_until(s, B, SW_ESTABLISHED);
	if (play_now(s) < SW_S)
		play_for(s, SW_S - play_now(s));
}

/* ---- the network --------------------------------------------------------- */

static void
plan(struct stage *s, int host, uint8_t ctl, enum stage_fate fate)
{
	need(s, s->plans < STAGE_PLANS);
	if (s->plans < STAGE_PLANS)
		s->plan[s->plans++] = (struct stage_plan){.from = host, .ctl = ctl, .fate = fate};
}

void
play_lose(struct stage *s, int host, uint8_t ctl)
{
	plan(s, host, ctl, PLAN_LOSE);
}

void
play_hold(struct stage *s, int host, uint8_t ctl)
{
	plan(s, host, ctl, PLAN_HOLD);
}

void
play_late(struct stage *s, int host, unsigned n)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < s->n_sent; i++) {
		if (s->sent[i].from != host || seen++ != n)
			continue;
		need(s, sw_sim_inject(s->sim, !host, s->path[host].delay, s->sent[i].data,
				      s->sent[i].len) == SW_OK);
		return;
	}
	need(s, false);
}

void
play_cut(struct stage *s, int host, bool cut)
{
	struct sw_sim_path path = s->path[host];

	path.loss = cut ? 1000000 : 0;
	need(s, sw_sim_path(s->sim, host, &path) == SW_OK);
}

void
play_reboot(struct stage *s, int host)
{
	need(s, stage_host(s, host));
	s->conn[host] = s->listener[host] = 0;
	stage_forget(s, host);
}

void
play_iss(struct stage *s, int host, uint32_t iss)
{
	s->core->probe_force_iss(s->stack[host], true, iss);
}

static struct sw_counters
counters(const struct stage *s, int host)
{
	struct sw_counters n = {.bytes = sizeof(n)};

	s->core->counters(s->stack[host], &n);
	return n;
}

uint64_t
play_verdicts(const struct stage *s, int host, enum sw_verdict v)
{
	return counters(s, host).verdict[v];
}

uint64_t
play_pool(const struct stage *s, int host, enum sw_pool pool)
{
	return counters(s, host).pool_used[pool];
}
