/*
 * scenes_data.c - what happens to data in between.
 */
#include "show/show.h"

static void
zero_window(struct stage *s)
{
	s->config[B].rcv_buf = 4096;
	play_established(s);
	play_say_bytes(s, A, 6000);
	play_for(s, 3500 * SW_MS);
	play_hear(s, B);
	play_for(s, 500 * SW_MS);
	play_hear(s, B);
	play_for(s, 100 * SW_MS);
}

static void
lost_segment(struct stage *s)
{
	play_established(s);
	play_lose(s, A, SW_ACK);
	play_say_bytes(s, A, 6 * 1448);
	play_for(s, 200 * SW_MS);
	play_hear(s, B);
	play_for(s, 100 * SW_MS);
}

/* clang-format off */
const struct scene scenes_data[] = {
{.name = "zero-window", .title = N_("The reader is slow: window 0"),
 .tell = N_(
	"A has 6000 bytes, B has room for 4096 and its program does not read.  B's ACK says win 0: A must "
	"stop.  If the ACK that opens the window were lost, both would wait for ever; so A asks now and then "
	"with a probe (RFC 9293 3.8.6.1)."),
 .notice = N_(
	"The sender is blameless: a program that does not read closes the window.\n"
	"The probe carries one byte beyond the window; it is not taken, but it draws an ACK.\n"
	"Pauses between probes double, as with retransmissions."),
 .claims = "S0",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .open = true, .play = zero_window},

{.name = "lost-segment", .title = N_("A segment is lost and comes again"),
 .tell = N_(
	"A sends six segments, and the first is lost.  B keeps what comes after it and says so: its ACK repeats "
	"what it waits for and lists what it has (SACK).  From that A sees that the first is lost, and sends it "
	"again at once."),
 .notice = N_(
	"The ACK is cumulative: it stays at 1 until the gap is filled, then jumps over all that was kept.\n"
	"One round trip repairs it; no timeout was needed.\n"
	"This, and not the handshake, is what makes the stream reliable."),
 .claims = "N4 S0",
 .path = {"CLOSED SYN-SENT ESTABLISHED", "CLOSED LISTEN SYN-RECEIVED ESTABLISHED"},
 .open = true, .play = lost_segment},
{0}};
