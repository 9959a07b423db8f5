/*
 * check_doc.h - what `synwave check --help' says, and so what it claims.
 */
#ifndef SW_CLI_CHECK_DOC_H
#define SW_CLI_CHECK_DOC_H

/* clang-format off */
static const char doc[] =
	"Explores, breadth first, every behaviour of two hosts that run the core of this very "
	"program: each application call at any point, each segment in flight delivered, and as many "
	"lost or doubled as --loss and --dup allow.  When a property fails, a shortest way there is "
	"printed as a ladder."
	"\v"
	"Scopes (`all', if none is given):\n"
	"\n"
	"  open   OPEN, two bytes each way; active and passive, passive for one peer, both active\n"
	"  close  from ESTABLISHED: two bytes each way, CLOSE, release, in every order\n"
	"  reuse  a second connection on the four-tuple of one that was closed by the left, the\n"
	"         right or both at once: its first one is without faults; from its end on all of\n"
	"         open (active and passive) and close, and --dup N times any segment that was ever\n"
	"         sent, of either connection, comes again at any later time, MSL or no MSL\n"
	"\n"
	"Properties, of every state: a stale SYN opens nothing; ESTABLISHED at both ends only with "
	"agreed numbers; no byte lost, doubled or of an earlier connection; no connection fails but "
	"by being refused; in `close' no reset meets an end that still waits for an ACK; who waits "
	"has a timer; the core's own invariants.  From every state the way without more faults ends, "
	"with all bytes delivered and, where the applications close, with both ends CLOSED; it comes "
	"round nowhere.\n"
	"\n"
	"What is left out because it makes no difference (src/explore/ says why; --plain leaves "
	"nothing out): a state of a host in which only times of day, names and counters differ is the "
	"same; with --reorder a segment is lost by waiting until only lost ones are left; the peer's "
	"close is read at once; in `reuse' doubling is a kind of replay; a state is passed over when it "
	"was seen with no less left to the network.  States of one host are told apart by a hash of 64 "
	"bits, states of both exactly.\n"
	"\n"
	"What is left out, to be said with the result: time goes on only when nothing is in flight, "
	"to the next deadline of either host, and what a host has to say it says at once.  (A segment "
	"that is late by more than that is one that is lost and, in `reuse', comes again.)  MSL is "
	"30 s, buffers are of 256 bytes, no timestamps, no ABORT.  The next connection's ISS is 4096 "
	"above the last one's, as the clock of RFC 6528 would have it; the left one's begins at "
	"2^32 - 2, the right one's at 2^31 - 2.  An application closes after it has sent its bytes "
	"and once ESTABLISHED.  Without --reorder each direction is in order.  In `open' and `close' a "
	"segment is doubled only while it is in flight.  `reuse' with --reorder and more than one loss "
	"is explored in two ways: with applications that receive at once, and with one loss and "
	"applications that receive at any time.  With --wrapped no SYN of an earlier moment comes "
	"again: it would be as good as new.\n"
	"\n"
	"--break NAME explores a copy of the core with one rule broken, by default in the scope and "
	"with the faults that suffice (`close' with one loss, or `reuse' with one replay), and should "
	"fail:\n"
	"\n"
	"  two-way          the listener's end is ESTABLISHED as soon as it has answered the SYN\n"
	"  no-time-wait     CLOSED at once after the last ACK\n"
	"  short-time-wait  TIME-WAIT lasts 0.1 s, shorter than the peer's retransmission timer\n"
	"  fixed-iss        every connection begins with the same number\n"
	"  ack-less-fin     a FIN counts as acknowledged once it was sent\n"
	"  no-paws          old timestamps are not refused, where numbers have gone round (--wrapped)\n"
	"\n"
	"Exit status: 0 all held; 1 a property failed, or the search was stopped or its memory did not "
	"suffice; 2 usage.";
/* clang-format on */

#endif
