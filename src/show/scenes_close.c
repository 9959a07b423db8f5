/*
 * scenes_close.c - closing a connection.
 */
#include "show/show.h"

static void
four_way(struct stage *s)
{
	play_established(s);
	play_close(s, A);
	play_for(s, 50 * SW_MS);
	play_close(s, B);
	play_for(s, 241 * SW_S);
}

static void
merged(struct stage *s)
{
	play_established(s);
	play_close(s, A);
	play_until(s, B, SW_CLOSE_WAIT);
	play_close(s, B);
	play_for(s, 241 * SW_S);
}

/* FIN rides on data, and the ACK of a FIN too. */
static void
fin_data(struct stage *s)
{
	play_established(s);
	play_say(s, A, "GET /");
	play_close(s, A);
	play_until(s, B, SW_CLOSE_WAIT);
	play_hear(s, B);
	play_say(s, B, "hello");
	play_close(s, B);
	play_for(s, 100 * SW_MS);
	play_hear(s, A);
	play_for(s, 241 * SW_S);
}

static void
half_close(struct stage *s)
{
	play_established(s);
	play_say(s, A, "what is the time?");
	play_close(s, A);
	play_for(s, 50 * SW_MS);
	play_hear(s, B);
	for (int i = 0; i < 3; i++) {
		play_for(s, 500 * SW_MS);
		play_say(s, B, "tick ");
		play_for(s, 50 * SW_MS);
		play_hear(s, A);
	}
	play_close(s, B);
	play_for(s, 241 * SW_S);
}

static void
server_first(struct stage *s)
{
	play_established(s);
	play_say(s, B, "bye");
	play_close(s, B);
	play_for(s, 50 * SW_MS);
	play_hear(s, A);
	play_close(s, A);
	play_for(s, 241 * SW_S);
}

static void
simultaneous_close(struct stage *s)
{
	play_established(s);
	play_close(s, A);
	play_close(s, B);
	play_for(s, 241 * SW_S);
}

static void
lost_fin(struct stage *s)
{
	play_established(s);
	play_lose(s, A, SW_FIN);
	play_close(s, A);
	play_for(s, 500 * SW_MS);
	play_close(s, B);
	play_for(s, 241 * SW_S);
}

/* The FIN waits behind data that the other's window does not let through. */
static void
fin_waits(struct stage *s)
{
	s->config[B].rcv_buf = 4096;
	play_established(s);
	play_say_bytes(s, A, 6000);
	play_close(s, A);
	play_for(s, 150 * SW_MS);
	play_hear(s, B);
	play_for(s, 1000 * SW_MS);
	play_hear(s, B);
	play_for(s, 500 * SW_MS);
}

static void
reset(struct stage *s)
{
	play_established(s);
	play_say(s, A, "you will not read this");
	play_abort(s, A);
	play_for(s, 100 * SW_MS);
}

static void
reset_unread(struct stage *s)
{
	play_established(s);
	play_say(s, A, "is anybody reading?");
	play_for(s, 100 * SW_MS);
	play_note(s, B, N_("the program ends without reading"));
	play_release(s, B);
	play_for(s, 100 * SW_MS);
}

static void
close_wait(struct stage *s)
{
	play_established(s);
	play_close(s, A);
	play_for(s, SW_S);
	play_note(s, B, N_("the program does something else, and forgets this socket"));
	play_skip(s, 24 * 3600 * SW_S);
	play_note(s, B, N_("a day later"));
}

static void
fin_wait_2(struct stage *s)
{
	play_established(s);
	play_note(s, A, N_("the program closes and ends"));
	play_release(s, A);
	play_for(s, 90 * SW_S);
	play_note(s, B, N_("now the program at B closes"));
	play_close(s, B);
	play_for(s, 100 * SW_MS);
}

/* clang-format off */
const struct scene scenes_close[] = {
{.name = "four-way", .title = N_("Four segments close a connection"),
 .tell = N_(
	"A's program has nothing more to say and calls CLOSE: FIN.  B acknowledges it at once.  B's program "
	"takes 50 ms until it calls CLOSE too: so ACK and FIN go apart, and there are four segments.  A, who "
	"closed first, waits for two maximum segment lifetimes."),
 .notice = N_(
	"FIN takes a number of its own, as SYN does: seq 1 is acknowledged by ack 2.\n"
	"Each state changes at a call or at an arrival: A is in FIN-WAIT-1 from its CLOSE on, B in CLOSE-WAIT "
	"when the FIN comes.\n"
	"B is CLOSED as soon as the last ACK comes; A only after 240 s (twice 120 s)."),
 .claims = "C1 C2 C4 C5 C7 C8 C9 C10 Y1 T1 S1 S5",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .play = four_way},

{.name = "merged", .title = N_("Three segments close it: ACK and FIN merge"),
 .tell = N_(
	"B's program has nothing more to say either and calls CLOSE as soon as it is told of A's FIN.  The ACK "
	"has not left yet: it and B's FIN are one segment.  Every FIN carries an ACK."),
 .notice = N_(
	"The second and the third segment can be merged, then: they are when the program is quick.\n"
	"A goes from FIN-WAIT-1 to TIME-WAIT in one step (RFC 9293 figure 5, note 2): it never is in FIN-WAIT-2.\n"
	"B passes through CLOSE-WAIT all the same, for no time at all."),
 .claims = "C4 C5 Y2 S1 S5",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .play = merged},

{.name = "fin-data", .title = N_("FIN rides on data"),
 .tell = N_(
	"A sends its request and closes; B answers and closes.  FIN is a bit of a segment, not a segment: it "
	"goes with the last bytes, and the acknowledgement of the other's FIN goes with bytes, too.  A request, "
	"its answer and the whole close take three segments."),
 .notice = N_(
	"seq 1 and len 5 and the FIN: B acknowledges 7.  Here the FIN's own number is 6, not the seq of its "
	"segment.\n"
	"B sent no ACK without data."),
 .claims = "N3 C2 C4 C7 Y2 S1 S3",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .play = fin_data},

{.name = "half-close", .title = N_("Half closed: one direction goes on"),
 .tell = N_(
	"A has asked its question and closes its direction.  B's program needs time, and sends three answers "
	"before it closes.  All that time A receives: FIN says \"I have no more to send\", not \"go away\"."),
 .notice = N_(
	"A is in FIN-WAIT-2 and B in CLOSE-WAIT for a second and a half, and that is as it should be.\n"
	"A acknowledges data in FIN-WAIT-2."),
 .claims = "C1 C3 C6 C7 Y1 Y3",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .play = half_close},

{.name = "server-first", .title = N_("The server closes first"),
 .tell = N_(
	"B says good-bye and closes; A follows.  Who closes first waits in TIME-WAIT: here the server.  So it is "
	"with HTTP/1.0, and with every server that ends idle connections."),
 .notice = N_(
	"Client and server are roles of the opening.  For the close it counts only who is first.\n"
	"A, the client, is CLOSED after its last ACK and waits for nothing."),
 .claims = "T1",
 .path = {"CLOSED SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED"},
 .open = true, .play = server_first},

{.name = "simultaneous-close", .title = N_("Both close at once"),
 .tell = N_(
	"Both programs call CLOSE at the same moment, and the FINs cross.  Each end gets a FIN where it waited "
	"for the ACK of its own: CLOSING.  The ACKs cross too, and both ends go to TIME-WAIT (RFC 9293 3.6, "
	"figure 13)."),
 .notice = N_(
	"Four segments, but in another order: FIN, FIN, ACK, ACK.\n"
	"Neither is in FIN-WAIT-2, CLOSE-WAIT or LAST-ACK; both wait 240 s."),
 .claims = "T1 S1",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT CLOSED"},
 .open = true, .play = simultaneous_close},

{.name = "lost-fin", .title = N_("The FIN is lost"),
 .tell = N_(
	"A's FIN is lost.  It has a number, so it is missed like data: the retransmission timer (or a tail loss "
	"probe) sends it again."),
 .notice = N_(
	"A is in FIN-WAIT-1 since its CLOSE, whatever becomes of the FIN.\n"
	"B learns of nothing before the second FIN."),
 .claims = "C2",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .play = lost_fin},

{.name = "fin-waits", .title = N_("CLOSE is called, and the FIN has to wait"),
 .tell = N_(
	"A gives 6000 bytes and closes at once.  B's window has room for 4096, and B's program does not read.  A "
	"is in FIN-WAIT-1, but its FIN cannot leave yet: it stands behind the bytes that have no room.  When B "
	"reads, bytes and FIN come."),
 .notice = N_(
	"FIN-WAIT-1 begins when CLOSE is called, not when the FIN is sent (RFC 9293 3.10.4).\n"
	"Nothing is lost: CLOSE means that what was given before is still delivered."),
 .claims = "C2",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT"},
 .open = true, .play = fin_waits},

{.name = "reset", .title = N_("ABORT: one segment ends it"),
 .tell = N_(
	"A's program calls ABORT.  What was queued is thrown away, a RST goes out, and both ends are CLOSED: at "
	"once, without any acknowledgement, in both directions."),
 .notice = N_(
	"No TIME-WAIT, and B's program gets an error instead of the end of the data.\n"
	"The 22 bytes that A had given are lost.  That is why it is no way to say good-bye."),
 .claims = "C1 S1",
 .path = {"CLOSED SYN-SENT ESTABLISHED CLOSED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED"},
 .open = true, .play = reset},

{.name = "reset-unread", .title = N_("Closing with unread bytes is a reset"),
 .tell = N_(
	"A's bytes have come, B's host has acknowledged them, and B's program ends without reading them.  A FIN "
	"would tell A that all is well.  It is not: so B sends a RST (RFC 9293 3.6.1 SHLD-3, RFC 2525 2.17)."),
 .notice = N_(
	"An acknowledgement says that the host has the bytes, not that the program has read them.\n"
	"This is the most frequent RST in the middle of a connection: not a crash, an unread buffer."),
 .claims = "N2 C6",
 .path = {"CLOSED SYN-SENT ESTABLISHED CLOSED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSED"},
 .open = true, .play = reset_unread},

{.name = "close-wait", .title = N_("CLOSE-WAIT that never ends: a leak"),
 .tell = N_(
	"A closes.  B's host acknowledges, tells its program (a read gives 0), and waits for it to call CLOSE.  "
	"It never does.  No timer ends CLOSE-WAIT: B's program may have something to say yet, and only it knows."),
 .notice = N_(
	"The host has done its part: the ACK came at once.  The fault is the program's.\n"
	"A stays in FIN-WAIT-2 as long as its program waits; see `fin-wait-2' for when it does not."),
 .claims = "C4 T4 S5",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT"},
 .open = true, .play = close_wait},

{.name = "fin-wait-2", .title = N_("FIN-WAIT-2 without a program"),
 .tell = N_(
	"A's program closes and ends; nobody at A could read what B may still send.  So A's host does not wait "
	"for ever: after 60 s it forgets the connection.  When B's program closes at last, its FIN meets nobody, "
	"and a RST says so."),
 .notice = N_(
	"The other side of a CLOSE-WAIT leak: what the client's host sees.\n"
	"B goes from LAST-ACK to CLOSED by a RST."),
 .claims = "C6 T4",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .play = fin_wait_2},
{0}};
