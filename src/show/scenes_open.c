/*
 * scenes_open.c - opening a connection, and what can come in between.
 */
#include "show/show.h"

static void
handshake(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_open(s, A);
	play_for(s, 50 * SW_MS);
}

/* Bytes that A's program gives before the handshake is complete go with its last segment. */
static void
handshake_data(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_open(s, A);
	play_say(s, A, "GET /");
	play_until(s, B, SW_ESTABLISHED);
	play_hear(s, B);
	play_for(s, 100 * SW_MS);
}

/* One connection after the other, so that their first numbers can be compared. */
static void
isn(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	for (int i = 0; i < 3; i++) {
		play_open(s, A);
		play_for(s, 40 * SW_MS);
		play_abort(s, A);
		play_for(s, 960 * SW_MS);
	}
}

static void
lost_syn(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_lose(s, A, SW_SYN);
	play_open(s, A);
	play_for(s, 1100 * SW_MS);
}

static void
lost_syn_ack(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_lose(s, B, SW_SYN);
	play_open(s, A);
	play_for(s, 1100 * SW_MS);
}

static void
lost_ack(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_lose(s, A, SW_ACK);
	play_open(s, A);
	play_until(s, A, SW_ESTABLISHED);
	play_for(s, 100 * SW_MS);
	play_say(s, A, "GET /");
	play_until(s, B, SW_ESTABLISHED);
	play_hear(s, B);
	play_for(s, 100 * SW_MS);
}

/* Nothing comes from B: two of three segments are seen by nobody. */
static void
one_way(struct stage *s)
{
	play_go(s);
	play_listen(s, B);
	play_cut(s, B, true);
	play_open(s, A);
	play_for(s, 3500 * SW_MS);
	play_note(s, -1, N_("... and so on, with pauses of 4, 8, 16 and 32 s ..."));
	play_skip(s, 59 * SW_S);
	play_for(s, SW_S);
	play_note(s, -1, N_("A's next SYN makes another record, with the same end"));
	play_skip(s, 126 * SW_S);
	play_for(s, 10 * SW_S);
}

static void
no_answer(struct stage *s)
{
	play_go(s);
	play_cut(s, A, true);
	play_open(s, A);
	play_for(s, 3500 * SW_MS);
	play_note(s, -1, N_("... and so on, with pauses of 4, 8, 16, 32 and 64 s ..."));
	play_skip(s, 124 * SW_S);
	play_for(s, 100 * SW_S);
}

static void
refused(struct stage *s)
{
	play_go(s);
	play_open(s, A);
	play_for(s, 100 * SW_MS);
}

static void
simultaneous_open(struct stage *s)
{
	play_go(s);
	play_open(s, A);
	play_open(s, B);
	play_for(s, 100 * SW_MS);
}

/* clang-format off */
const struct scene scenes_open[] = {
{.name = "handshake", .title = N_("Three segments open a connection"),
 .tell = N_(
	"A's program asks for a connection (OPEN), B's listens.  A's SYN says with which number A's bytes begin, "
	"B's SYN,ACK says the same of B's and acknowledges A's, A's ACK acknowledges B's.  Then each end knows "
	"both numbers, and that the other has its own."),
 .notice = N_(
	"SYN takes a number of its own: it is acknowledged by ack 1, and the first byte will have number 1.\n"
	"A is ESTABLISHED half a round trip before B, and does not know whether B is yet: its ACK is not "
	"acknowledged by anything.\n"
	"B leaves LISTEN because of what came, not because of a call of its program."),
 .claims = "O1 O2 O3 O4 O6 O7 W5 N1 N2 S1 S4",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .play = handshake},

{.name = "handshake-data", .title = N_("The third segment carries data"),
 .tell = N_(
	"A's program does not wait: it calls SEND right after OPEN.  The bytes are queued, and leave with the "
	"ACK that completes the handshake.  No segment more is needed, and no round trip is lost."),
 .notice = N_(
	"The segment with the bytes is the third of the handshake: its ACK makes B ESTABLISHED, then its text is "
	"taken.\n"
	"No ACK without data went before it.\n"
	"B's ACK of the bytes waits 40 ms for something to ride on (a delayed ACK)."),
 .claims = "O1 O8 N3 N4 S2",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .play = handshake_data},

{.name = "isn", .title = N_("Where sequence numbers begin"),
 .tell = N_(
	"Three connections, one second after the other, between the same two ports; numbers are shown as they "
	"are on the wire.  Each first number is a clock that ticks every 4 microseconds, plus a keyed hash of "
	"addresses and ports (RFC 6528, RFC 9293 3.4.1).  So it is neither 0 nor 1, nor drawn like a lot."),
 .notice = N_(
	"From one SYN of A to the next the number grows by 250,000: one second of the clock.  Numbers of the "
	"same two ports never go back.\n"
	"Who does not know the key cannot tell from one connection's numbers those of another.\n"
	"A's and B's numbers have nothing to do with each other."),
 .claims = "O3 O4 N5 N6 N7",
 .path = {"CLOSED SYN-SENT ESTABLISHED CLOSED SYN-SENT ESTABLISHED CLOSED SYN-SENT ESTABLISHED CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED"},
 .absolute = true, .play = isn},

{.name = "lost-syn", .title = N_("The SYN is lost"),
 .tell = N_(
	"The network loses A's SYN.  Nobody can tell A; a timer does.  Nothing is known of the path yet, so it "
	"waits for one second (RFC 6298 2.1)."),
 .notice = N_(
	"The SYN that is sent again is the same one, with the same number.\n"
	"B knows nothing of the first."),
 .claims = "O3",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .play = lost_syn},

{.name = "lost-syn-ack", .title = N_("The SYN,ACK is lost"),
 .tell = N_(
	"B has answered, and its answer is lost.  Now both wait for an acknowledgement and both timers run: A's "
	"SYN comes again, and B's SYN,ACK."),
 .notice = N_(
	"B's record of the first SYN is still there: the second is a duplicate of it and makes no second "
	"connection.\n"
	"A stays in SYN-SENT all the time, B in SYN-RECEIVED."),
 .claims = "O4 O6",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .play = lost_syn_ack},

{.name = "lost-ack", .title = N_("The third segment is lost"),
 .tell = N_(
	"A is ESTABLISHED and its ACK is lost.  B stays in SYN-RECEIVED.  That does no harm: every later segment "
	"of A's carries the same acknowledgement, so the first data does what the ACK should have done."),
 .notice = N_(
	"For 110 ms one end is ESTABLISHED and the other is not.\n"
	"No timer had to fire: the data completes the handshake."),
 .claims = "O7 O8 W5",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .play = lost_ack},

{.name = "one-way", .title = N_("A path that carries in one direction only"),
 .tell = N_(
	"What A sends arrives, what B sends does not.  With the first segment B knows that it can hear A; "
	"whether A can hear B, it does not know.  No ACK comes, so it never says ESTABLISHED to its program: "
	"that is what the third segment is for.  Both give up in the end."),
 .notice = N_(
	"Neither program is ever told of a connection.\n"
	"B's record goes when its SYN,ACK was repeated five times (63 s); A gives up after more than three "
	"minutes (RFC 9293 3.8.3).\n"
	"With two segments B would be ESTABLISHED after the first."),
 .claims = "O2 W4 W5",
 .path = {"CLOSED SYN-SENT CLOSED", "CLOSED LISTEN SYN-RECEIVED CLOSED LISTEN SYN-RECEIVED CLOSED"},
 .play = one_way},

{.name = "no-answer", .title = N_("Nobody answers"),
 .tell = N_(
	"A's SYN gets no answer at all: there is no such host, or something on the way drops it in silence.  A "
	"repeats it, waits twice as long each time, and gives up."),
 .notice = N_(
	"The program is told after 190 s: connection timed out.  A RST would have told it after one round trip; "
	"see `refused'."),
 .claims = "O5",
 .path = {"CLOSED SYN-SENT CLOSED", ""},
 .closed = true, .play = no_answer},

{.name = "refused", .title = N_("Nobody listens: refused"),
 .tell = N_(
	"B's host is there, but no program listens on port 80.  There is no connection for this SYN, and so it "
	"is answered by a RST (RFC 9293 3.10.7.1)."),
 .notice = N_(
	"The RST acknowledges the SYN: that is how A knows that it is an answer and no forgery.\n"
	"One round trip, and A's program is told."),
 .claims = "O5",
 .path = {"CLOSED SYN-SENT CLOSED", ""},
 .closed = true, .play = refused},

{.name = "simultaneous-open", .title = N_("Both open at once: four segments, no server"),
 .tell = N_(
	"Both programs ask for a connection to the other, from and to the same ports, and the SYNs cross.  Each "
	"end gets a SYN where it waited for a SYN,ACK, and answers it (RFC 9293 3.5, figure 7; MUST-10).  It "
	"becomes one connection, not two."),
 .notice = N_(
	"Four segments.  Each end goes from SYN-SENT to SYN-RECEIVED, and nobody was in LISTEN.\n"
	"SYN and the ACK of the other's SYN went apart: they merge only where one waits for the other."),
 .claims = "O1 O3 S1 S4",
 .path = {"CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED", "CLOSED SYN-SENT SYN-RECEIVED ESTABLISHED"},
 .closed = true, .play = simultaneous_open},
{0}};
