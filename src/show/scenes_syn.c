/*
 * scenes_syn.c - SYNs that nobody wants: old ones, forged ones, and of hosts that forgot.
 */
#include "show/show.h"

/* The network keeps A's SYN; A's program gives up; then the SYN comes. */
static void
old_syn_comes(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_hold(s, A, SW_SYN);
	play_open(s, A);
	play_for(s, 500 * SW_MS);
	play_note(s, A, N_("the program gives up"));
	play_abort(s, A);
	play_for(s, 20 * SW_S);
}

static void
stale_syn(struct stage *s)
{
	old_syn_comes(s);
	play_late(s, A, 0);
	play_for(s, SW_S);
}

/* A connection has come and gone when the first SYN arrives. */
static void
stale_syn_after(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_hold(s, A, SW_SYN);
	play_open(s, A);
	play_until(s, B, SW_ESTABLISHED);
	play_for(s, 50 * SW_MS);
	play_close(s, A);
	play_for(s, 50 * SW_MS);
	play_close(s, B);
	play_for(s, 500 * SW_MS);
	play_release(s, B);
	play_late(s, A, 0);
	play_for(s, 1500 * SW_MS);
	play_note(s, -1, N_("... and so on, with pauses of 2, 4, 8, 16 and 32 s ..."));
	play_skip(s, 60 * SW_S);
	play_for(s, 180 * SW_S);
}

/* The same, and A's host is off: nobody is there to send a RST. */
static void
stale_syn_silent(struct stage *s)
{
	old_syn_comes(s);
	play_note(s, A, N_("A's host is switched off"));
	s->mute[A] = true;
	play_late(s, A, 0);
	play_for(s, 2 * SW_S);
	play_skip(s, 60 * SW_S);
	play_for(s, 10 * SW_S);
}

static void
two_way(struct stage *s)
{
	old_syn_comes(s);
	play_late(s, A, 0);
	play_until(s, B, SW_ESTABLISHED);
	play_note(s, B, N_("accept() gives the program a connection"));
	play_for(s, SW_S);
}

static void
two_way_silent(struct stage *s)
{
	old_syn_comes(s);
	play_note(s, A, N_("A's host is switched off"));
	s->mute[A] = true;
	play_late(s, A, 0);
	play_until(s, B, SW_ESTABLISHED);
	play_note(s, B, N_("accept() gives the program a connection"));
	play_for(s, 2 * SW_S);
	play_note(s, B, N_("the program waits for a request"));
	play_skip(s, 59 * SW_S);
	play_for(s, 10 * SW_S);
}

static void
half_open(struct stage *s)
{
	play_established(s);
	play_note(s, B, N_("B's host restarts, and its program listens again"));
	play_reboot(s, B);
	play_listen(s, B);
	play_for(s, 500 * SW_MS);
	play_say(s, A, "are you there?");
	play_for(s, 100 * SW_MS);
}

static void
half_open_syn(struct stage *s)
{
	play_established(s);
	play_note(s, A, N_("A's host restarts, and its program opens again"));
	play_reboot(s, A);
	play_for(s, 500 * SW_MS);
	play_open(s, A);
	play_for(s, 3 * SW_S);
}

enum { FLOOD = 100, FLOOD_KEPT = 8 };

/* So many SYNs in a second, from addresses that nobody has. */
static void
flood(struct stage *s)
{
	struct sw_endpoint from = {.port = 1025};

	for (unsigned i = 0; i < FLOOD; i++) {
		from.addr = sw_addr4(198, 51, 100, (uint8_t)(i + 1));
		from.port++;
		play_forge_syn(s, &from, 1000 * i);
		play_for(s, 10 * SW_MS);
	}
	play_count(s, B, N_("%lu SYNs came from %lu addresses"), FLOOD, FLOOD);
}

static void
syn_flood(struct stage *s)
{
	s->config[B].half_opens = FLOOD_KEPT;
	s->config[B].cookies = SW_COOKIES_NEVER;
	play_go(s);
	play_listen(s, B);
	flood(s);
	play_count(s, B, N_("%lu have a record, %lu were dropped: no half-open record is free"),
		   (unsigned long)play_pool(s, B, SW_POOL_HALF_OPENS),
		   (unsigned long)play_verdicts(s, B, SW_V_NO_HALF));
	play_open(s, A);
	play_for(s, 3500 * SW_MS);
	play_note(s, -1, N_("... and so on, with pauses of 4, 8, 16 and 32 s ..."));
	play_skip(s, 58 * SW_S);
	play_for(s, 70 * SW_S);
}

static void
syn_flood_cookies(struct stage *s)
{
	s->config[B].half_opens = FLOOD_KEPT;
	play_go(s);
	play_listen(s, B);
	flood(s);
	play_count(s, B, N_("%lu have a record, %lu were answered by a SYN cookie and forgotten"),
		   (unsigned long)play_pool(s, B, SW_POOL_HALF_OPENS),
		   (unsigned long)play_verdicts(s, B, SW_V_COOKIE_SENT));
	play_open(s, A);
	play_for(s, 100 * SW_MS);
	play_say(s, A, "GET /");
	play_for(s, 100 * SW_MS);
	play_hear(s, B);
	play_for(s, 100 * SW_MS);
}

/* clang-format off */
const struct scene scenes_syn[] = {
{.name = "stale-syn", .title = N_("A SYN that comes too late"),
 .tell = N_(
	"The network keeps A's SYN for twenty seconds; meanwhile A's program has given up.  B cannot know that "
	"the SYN is old, and answers.  But nobody at A waits for this answer, and A's host says so: RST.  B goes "
	"back to LISTEN, and its program never hears of it."),
 .notice = N_(
	"A is not silent: it answers the SYN,ACK by a RST, because no connection is there for it (RFC 9293 "
	"3.5.2, group 1).\n"
	"B needs no timer: one round trip, and its record is gone.\n"
	"B never was ESTABLISHED, so nothing was accepted.  With two segments it would have been: see `two-way'."),
 .claims = "W1 W3 W4",
 .path = {"CLOSED SYN-SENT CLOSED", "CLOSED LISTEN SYN-RECEIVED LISTEN"},
 .play = stale_syn},

{.name = "stale-syn-after", .title = N_("An old SYN after the connection was closed"),
 .tell = N_(
	"The first SYN is held back, its repetition opens the connection, which is closed soon.  A is in "
	"TIME-WAIT when the first SYN reaches B.  B answers.  A still has a record of the old connection, and "
	"this SYN,ACK does not fit it: it is answered by an ACK that says what A expects.  That is not the ACK "
	"that B waits for, so B sends a RST, and that does not end TIME-WAIT."),
 .notice = N_(
	"Here A is neither silent, nor does it reset B's half-open connection: the two disagree until B gives "
	"up, after 63 s.\n"
	"B's program hears nothing of it.  The cost is one small record.\n"
	"That a RST does not end TIME-WAIT is RFC 1337: else an old SYN could end it."),
 .claims = "W1 W3 W4 T3",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED LISTEN SYN-RECEIVED CLOSED"},
 .play = stale_syn_after},

{.name = "stale-syn-silent", .title = N_("A SYN that comes too late, and nobody who objects"),
 .tell = N_(
	"As in `stale-syn', but A's host has been switched off: nobody answers B's SYN,ACK.  B repeats it five "
	"times and then forgets the SYN."),
 .notice = N_(
	"This is the case in which the server gets no acknowledgement and gives up by itself: after 63 s.\n"
	"It is bounded, in time and in memory, and no program is told."),
 .claims = "W1 W4",
 .path = {"CLOSED SYN-SENT CLOSED", "CLOSED LISTEN SYN-RECEIVED CLOSED"},
 .play = stale_syn_silent},

{.name = "two-way", .title = N_("The same with a rule broken: two segments"),
 .tell = N_(
	"A copy of the core in which the third segment is not waited for: B is ESTABLISHED as soon as it has "
	"answered the SYN.  The old SYN comes, and B's program is given a connection that nobody has opened.  "
	"Then A's RST comes, and the connection is gone."),
 .notice = N_(
	"B's program has accepted, has spent a whole block of memory, and gets an error: connection reset.  With "
	"three segments it would have seen nothing.\n"
	"It does not wait for ever: the RST ends it, as long as somebody sends one.  See `two-way-silent'.\n"
	"`synwave check --break two-way' finds this harm by itself."),
 .claims = "W1 W2",
 .path = {"CLOSED SYN-SENT CLOSED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED"},
 .broken = EXPLORE_TWO_WAY, .play = two_way},

{.name = "two-way-silent", .title = N_("Two segments, and a client that is gone"),
 .tell = N_(
	"The rule is broken as in `two-way', and A's host is off.  B's program has its connection and waits for "
	"a request that never comes.  Our copy still repeats its SYN,ACK, as it does without an ACK, and so "
	"finds out after 63 s.  A protocol of two segments would not expect an ACK: it had no timer, and the "
	"program would wait for ever."),
 .notice = N_(
	"This is the harm of which text books speak: a program that waits in vain, and a block of memory that "
	"waits with it.\n"
	"Compare `stale-syn-silent': the same segments and the same 63 s, but only a small record, and no "
	"program knows of it."),
 .claims = "W2",
 .path = {"CLOSED SYN-SENT CLOSED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED"},
 .broken = EXPLORE_TWO_WAY, .play = two_way_silent},

{.name = "half-open", .title = N_("One end restarts: half-open"),
 .tell = N_(
	"B's host restarts and forgets everything; A is not told and stays ESTABLISHED.  As long as A has "
	"nothing to say, that can last for ever.  When A sends, B has no such connection and answers by a RST "
	"(RFC 9293 3.5.1, figure 10)."),
 .notice = N_(
	"Nobody notices by itself: TCP sends nothing when there is nothing to say.\n"
	"The RST carries the number that A's segment acknowledged, so that A believes it."),
 .claims = "S0",
 .path = {"CLOSED SYN-SENT ESTABLISHED CLOSED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED"},
 .open = true, .play = half_open},

{.name = "half-open-syn", .title = N_("One end restarts and opens again"),
 .tell = N_(
	"A's host restarts, and its program opens a connection from the same port to the same port.  B is still "
	"ESTABLISHED and gets a SYN.  It does not believe it: a SYN can be forged.  It answers by a challenge "
	"ACK (RFC 5961 4.2); A knows nothing of such a number and sends a RST, which B believes.  A's next SYN "
	"opens."),
 .notice = N_(
	"The old connection is ended by the real A alone: a forger does not see the challenge ACK.\n"
	"It costs a second: A's SYN has to be repeated."),
 .claims = "N6 S0",
 .path = {"CLOSED SYN-SENT ESTABLISHED CLOSED SYN-SENT ESTABLISHED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .open = true, .play = half_open_syn},

{.name = "syn-flood", .title = N_("A flood of SYNs fills the half-open records"),
 .tell = N_(
	"A hundred SYNs in a second from addresses that nobody has.  B has room for eight half-open connections "
	"here (256 by default), and was told to send no SYN cookies.  Each is kept until its SYN,ACK has been "
	"repeated five times; meanwhile the SYN of an honest client is dropped, too."),
 .notice = N_(
	"The bound is hard: memory does not grow, established connections are not touched, and nothing crashes.\n"
	"But A has to wait until records are free again, after a minute.\n"
	"A SYN that is dropped is not refused: A may try again.  With cookies it need not: see "
	"`syn-flood-cookies'."),
 .claims = "O5 W1",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .play = syn_flood},

{.name = "syn-flood-cookies", .title = N_("The same flood with SYN cookies"),
 .tell = N_(
	"The same hundred SYNs.  When no record is free, B answers all the same and keeps nothing: what it would "
	"have to remember stands in its own first sequence number, with a keyed hash (RFC 4987 3.6).  The honest "
	"client's ACK brings that number back, and B makes the connection from it."),
 .notice = N_(
	"A is connected after one round trip, in the middle of the flood.\n"
	"B goes from LISTEN through SYN-RECEIVED to ESTABLISHED at the third segment: before it, there was no "
	"record of A at all.\n"
	"The price: a SYN,ACK that is lost is not sent again (the client's SYN is), and of the SYN's options "
	"only those survive that the timestamp has room for."),
 .claims = "O5 W1",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .play = syn_flood_cookies},
{0}};
