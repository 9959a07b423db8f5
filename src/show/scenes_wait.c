/*
 * scenes_wait.c - TIME-WAIT, and what it is for.
 */
#include "show/show.h"

static void
lost_last_ack(struct stage *s)
{
	play_established(s);
	play_close(s, A);
	play_for(s, 50 * SW_MS);
	play_lose(s, A, SW_ACK);
	play_close(s, B);
	play_for(s, 245 * SW_S);
}

/* An old copy of B's data and an old SYN come while A waits. */
static void
time_wait(struct stage *s)
{
	play_established(s);
	play_say(s, B, "old");
	play_for(s, 100 * SW_MS);
	play_hear(s, A);
	play_close(s, A);
	play_for(s, 50 * SW_MS);
	play_close(s, B);
	play_for(s, 20 * SW_S);
	play_note(s, -1, N_("the network brings B's data once more"));
	play_late(s, B, 1);
	play_for(s, 245 * SW_S);
}

/* The same numbers again, and ports that are free at once: what TIME-WAIT prevents. */
static void
old_data(struct stage *s)
{
	s->config[A].timestamps = false;
	play_go(s);
	play_iss(s, A, 1000);
	play_iss(s, B, 5000);
	play_listen(s, B);
	play_open(s, A);
	play_until(s, B, SW_ESTABLISHED);
	play_say(s, B, "OLD");
	play_for(s, 100 * SW_MS);
	play_hear(s, A);
	play_close(s, A);
	play_for(s, 50 * SW_MS);
	play_close(s, B);
	play_for(s, 50 * SW_MS);
	play_release(s, A);
	play_release(s, B);
	play_note(s, -1,
		  N_("a new connection between the same ports, with the same first numbers"));
	play_open(s, A);
	play_for(s, 90 * SW_MS);
	play_note(s, -1, N_("the network brings data of the connection before"));
	play_late(s, B, 1);
	play_for(s, 40 * SW_MS);
	play_hear(s, A);
	play_for(s, 50 * SW_MS);
}

static void
port_reuse(struct stage *s)
{
	play_established(s);
	play_close(s, B);
	play_for(s, 50 * SW_MS);
	play_close(s, A);
	play_for(s, 100 * SW_MS);
	play_release(s, A);
	play_release(s, B);
	play_for(s, 2 * SW_S);
	play_open(s, A);
	play_for(s, 100 * SW_MS);
}

static void
port_in_use(struct stage *s)
{
	play_established(s);
	play_close(s, A);
	play_for(s, 50 * SW_MS);
	play_close(s, B);
	play_for(s, 100 * SW_MS);
	play_release(s, A);
	play_release(s, B);
	play_open_refused(s, A, SW_E_IN_USE);
	play_note(s, A, N_("OPEN from the same port: refused, it is in use"));
	play_for(s, 241 * SW_S);
	play_note(s, A, N_("OPEN from the same port: now it is free"));
	play_open(s, A);
	play_for(s, 100 * SW_MS);
}

/* clang-format off */
const struct scene scenes_wait[] = {
{.name = "lost-last-ack", .title = N_("TIME-WAIT, first reason: the last ACK may be lost"),
 .tell = N_(
	"A's last ACK is lost.  B stays in LAST-ACK and sends its FIN again.  Because A is in TIME-WAIT it still "
	"knows the connection, and acknowledges once more; its 2 MSL begin anew."),
 .notice = N_(
	"B ends in CLOSED without an error: its program knows that everything was delivered.\n"
	"TIME-WAIT ends 240 s after the second FIN, not after the first.\n"
	"It makes a good end likely, not certain: if every ACK is lost, B gives up."),
 .claims = "C8 C9 T2",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .play = lost_last_ack},

{.name = "no-time-wait", .title = N_("The same with a rule broken: no TIME-WAIT"),
 .tell = N_(
	"A copy of the core in which A is CLOSED right after its last ACK.  The ACK is lost, B's FIN comes "
	"again, and A knows nothing of it any more: RST.  B wanted an acknowledgement and got a reset.  It is "
	"CLOSED, but not in good order: a RST does not say whether the FIN and the last bytes before it arrived."),
 .notice = N_(
	"The same loss, two endings: compare `lost-last-ack'.\n"
	"In LAST-ACK a RST just ends the connection (RFC 9293 3.10.7.4, second): B's program has closed and asks "
	"no more.\n"
	"`synwave check --break no-time-wait' finds this harm by itself."),
 .claims = "T2",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .broken = EXPLORE_NO_TIME_WAIT, .play = lost_last_ack},

{.name = "time-wait", .title = N_("TIME-WAIT, second reason: old segments die"),
 .tell = N_(
	"Twenty seconds after the close the network brings a copy of B's data that it had kept.  A still knows "
	"these numbers: the segment is old, is acknowledged and dropped.  No segment lives longer than 120 s (by "
	"RFC 9293's reckoning), so after twice that both directions are empty."),
 .notice = N_(
	"The copy is answered, nothing is delivered, and TIME-WAIT is not prolonged: only a FIN does that.\n"
	"B, which has no such connection any more, answers A's ACK by a RST, and that does not end TIME-WAIT "
	"(RFC 1337)."),
 .claims = "C10 T3",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"},
 .open = true, .play = time_wait},

{.name = "old-data", .title = N_("With rules broken: bytes of the connection before"),
 .tell = N_(
	"A copy of the core without TIME-WAIT, and first numbers that are always the same.  A new connection "
	"opens at once between the same ports.  A copy of the old connection's data comes, and its numbers fit: "
	"A's program reads bytes that nobody sent it in this connection."),
 .notice = N_(
	"The program reads 3 bytes: OLD.\n"
	"Each of two rules alone would have prevented it: TIME-WAIT, and first numbers that a clock moves on.\n"
	"Timestamps (PAWS, RFC 7323) would have been a third: they are switched off here."),
 .claims = "N5 N7 T3",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED SYN-SENT ESTABLISHED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .broken = EXPLORE_NO_TIME_WAIT, .play = old_data},

{.name = "port-reuse", .title = N_("A newer SYN takes over a TIME-WAIT"),
 .tell = N_(
	"B closed first and is in TIME-WAIT.  Two seconds later A opens again from the same port.  Its first "
	"number is beyond all old ones, its timestamp newer: B can tell that this is no old duplicate, ends "
	"TIME-WAIT and accepts (RFC 9293 3.6.1 MAY-2, RFC 6191)."),
 .notice = N_(
	"So a server need not hold a port pair for four minutes where the client's new numbers prove that they "
	"are new.\n"
	"An old SYN would only draw an ACK."),
 .claims = "N7 C10 T3",
 .path = {"CLOSED SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED SYN-SENT ESTABLISHED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .open = true, .play = port_reuse},

{.name = "port-in-use", .title = N_("Its own TIME-WAIT keeps a client from its port"),
 .tell = N_(
	"A closed first and is in TIME-WAIT; its program has gone.  Now a program at A wants the same port pair "
	"once more.  A knows that its own record still waits: OPEN is refused.  After 2 MSL it goes."),
 .notice = N_(
	"Who closes first holds the pair of ports: a busy client of one server runs out of them.\n"
	"The remedy is to let the other side close, or to keep connections open."),
 .claims = "C10 T1 T3",
 .path = {"CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED SYN-SENT ESTABLISHED",
	  "CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .open = true, .play = port_in_use},
{0}};
