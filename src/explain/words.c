/*
 * words.c - the sentences.  Each is a template:
 *
 *	{side} {peer}	endpoints		{role} {other}	client, server
 *	{f1} ... {f6}	frames of the proof	{n}		connections
 *	{port}		that of the side	{max_s} ...	a metric, with its unit
 *	{n:one|many}	by the number		[...]		left out if something in it is
 *missing
 */
#include "explain/words.h"

#include <libintl.h>
#include <string.h>

struct row {
	enum ex_id id;
	uint8_t variant;
	const char *name;
	const char *part[EX_N_PARTS]; /* title, what, whose, proof, next */
};

/* clang-format off */
static const struct row rows[] = {
{ EX_F_REFUSED, 0, "refused", {
	N_("{side} refuses connections"),
	N_("Nothing listens there: the SYN was answered by a RST."),
	N_("The server's side: its program is not running, or listens on another port or address."),
	N_("{f1} SYN -> {f2} RST,ACK of that SYN."),
	N_("On the server: is the program up, and does `ss -ltn' show port {port}?") }},
{ EX_F_TIMEOUT, 0, "connect-timeout", {
	N_("No answer from {side}"),
	N_("{syns} {syns:SYN|SYNs} in {span_s}, and nothing came back."),
	N_("The server's side or the way there: the host is down, or a firewall drops without a word."),
	N_("{f1} the first SYN[, {f2} the last one]."),
	N_("Capture at the server: if the SYNs arrive there, its firewall drops them; else look at the hops between.") }},
{ EX_F_POLICY, 0, "rejected-by-policy", {
	N_("A firewall forbids the way to {side}"),
	N_("[{peer} answered by] ICMP {icmp_type}/{icmp_code}: administratively prohibited."),
	N_("Neither end's: whoever runs the filter[ at {peer}] decided so."),
	N_("{f1} the ICMP error, which quotes the segment."),
	N_("Ask for a rule that lets port {port} through.") }},
{ EX_F_UNREACHABLE, 0, "unreachable", {
	N_("{side} cannot be reached"),
	N_("[{peer} says so by] ICMP {icmp_type}/{icmp_code}[, {times} {times:time|times}]."),
	N_("The way to the server: no route, no such host, or a filter that answers like one."),
	N_("{f1} the ICMP error, which quotes the segment."),
	N_("Check the route and the address; from[ {peer}] on the way is not known.") }},
{ EX_F_UNREACHABLE, EX_V_PMTU, "unreachable.mtu", {
	N_("The path to {side} takes packets of {mtu} bytes"),
	N_("[{peer} told the sender by] ICMP {icmp_type}/{icmp_code} that a packet was too big."),
	N_("Nobody's: this is how path MTU discovery works, if the sender listens."),
	N_("{f1} the ICMP error."),
	N_("Nothing to do, unless segments of that size are sent again and again.") }},
{ EX_F_UNREACHABLE, EX_V_LIVE, "unreachable.live", {
	N_("The way to {side} broke"),
	N_("[{peer} sent] ICMP {icmp_type}/{icmp_code} about a connection that was open."),
	N_("The way: a route or a filter changed meanwhile."),
	N_("{f1} the ICMP error, which quotes a segment."),
	N_("Look at the router that sent it, at that time.") }},
{ EX_F_FLOOD, 0, "syn-flood", {
	N_("SYN flood at {side}"),
	N_("{syns} SYNs in {span_s}[ from about {sources} sources]: {half_open} half-open at "
	   "once, {answered} answered, {completed} completed."),
	N_("The senders': they never go on, nor do they repeat a SYN. The listener has no room[; {hurt} "
	   "real {hurt:client was|clients were} ignored, as {peer}]."),
	N_("{f1} the first SYN, {f2} the last one."),
	N_("Switch SYN cookies on (net.ipv4.tcp_syncookies=1), filter upstream.") }},
{ EX_F_BACKLOG, 0, "accept-queue-full", {
	N_("The accept queue of {side} is full"),
	N_("{completed} {completed:client was|clients were} let in; {hurt} SYNs with repetitions were ignored[, "
	   "{repeated} {repeated:time|times} a SYN,ACK was repeated though its ACK had come]."),
	N_("The server's side: its program does not accept() fast enough, or its backlog is small."),
	N_("{f1}[, {f2}][, {f3}]: repeated, and no answer."),
	N_("On the server: `ss -ltn' shows Recv-Q above Send-Q, `nstat TcpExtListenOverflows' counts; raise "
	   "listen()'s backlog and net.core.somaxconn, or accept faster.") }},
{ EX_F_BACKLOG, EX_V_RESET, "accept-queue-full.reset", {
	N_("The accept queue of {side} is full, and it resets"),
	N_("{repeated} {repeated:handshake was|handshakes were} completed and at once reset; {completed} completed in all."),
	N_("The server's side: no room behind listen(), with tcp_abort_on_overflow."),
	N_("{f1} the ACK of the handshake -> {f2} RST."),
	N_("On the server: raise listen()'s backlog, or accept faster.") }},
{ EX_F_CLOSE_WAIT, 0, "close-wait-leak", {
	N_("CLOSE-WAIT leak at {side}"),
	N_("The {other} closed; the {role}'s kernel acknowledged it, but the {role}'s program did not close its socket."),
	N_("{peak_concurrent} {peak_concurrent:socket|sockets} stood in CLOSE-WAIT at once, the "
	   "longest {max_s} (limit --close-wait {limit_s})."),
	N_("{f1} FIN of the {other}[ -> {f2} ACK] -> nothing from the {role}[ until {f3}] for {max_s}[; then RST {f4}]."),
	N_("In the {role}'s program: it must close() when read() returns 0.") }},
{ EX_F_FIN_WAIT, 0, "fin-wait-2-stuck", {
	N_("FIN-WAIT-2 without end at {side}"),
	N_("The {role} closed and has waited {max_s} for the {other}'s FIN (limit --fin-wait-2 {limit_s})."),
	N_("The {other}'s program does not close; the {role} can only wait."),
	N_("{f1} FIN -> {f2} ACK -> no FIN back."),
	N_("Find out why {peer} does not close; on the {role} a time limit (tcp_fin_timeout) helps only sockets that were close()d.") }},
{ EX_F_FIN_WAIT, EX_V_RESET, "fin-wait-2-stuck.reset", {
	N_("FIN-WAIT-2 at {side} was over before the other FIN came"),
	N_("The {role} closed and gave up waiting; the FIN that came after {max_s} met a RST."),
	N_("The {other}'s: its program closed too late."),
	N_("{f1} FIN -> {f2} ACK -> {f3} FIN of the {other} -> {f4} RST."),
	N_("Let the {other} close when it reads the end of the stream.") }},
{ EX_F_TIME_WAIT, 0, "time-wait-pile-up", {
	N_("TIME-WAIT pile-up at {side}"),
	N_("It closes first: {peak_concurrent} connections[ to {peer}] stand in TIME-WAIT at once, {per_second} new ones a second."),
	N_("The client's side: each takes one of its {ports} ports for 60 s[; at this rate they last {ports_last_s}]."),
	N_("{f1} the first close, {f2} the last one."),
	N_("Keep connections open (keep-alive, a pool), or let the server close first.") }},
{ EX_F_UNREAD, 0, "reset-unread-data", {
	N_("{side} closed with data unread: RST"),
	N_("The {role}'s program closed, or ended, before it had read what the {other} sent[: {unread_bytes} of {bytes}]."),
	N_("The {role}'s side: no crash of the network, and nothing was refused."),
	N_("{f1} the last data -> {f2} RST without a FIN."),
	N_("In the {role}'s program: read to the end before close(), or shutdown() and then read.") }},
{ EX_F_KEEPALIVE, 0, "keepalive-abort", {
	N_("{side} is gone: keep-alives gave up"),
	N_("{probes} {probes:keep-alive|keep-alives} in {span_s} got no answer, then the {other} reset the connection."),
	N_("The {role}'s side or the way there: it crashed, was unplugged, or a firewall forgot the connection."),
	N_("{f1} the first keep-alive, {f2} the last one -> {f3} RST."),
	N_("Look for a reboot of {side}, or for a NAT or firewall with a short idle time.") }},
{ EX_F_KEEPALIVE, EX_V_ANSWERED, "keepalive-abort.answered", {
	N_("Keep-alives to {side} gave up, though it answered"),
	N_("{probes} {probes:keep-alive|keep-alives} in {span_s}; the answers are in the capture, but "
	   "the {other} reset the connection as if they had not come."),
	N_("The {other}'s side: between the capture point and its socket something drops them, a local firewall for one."),
	N_("{f1} the first keep-alive, {f2} the last one -> {f3} RST."),
	N_("Check the packet filter of the {other}'s host.") }},
{ EX_F_ZERO_WINDOW, 0, "zero-window", {
	N_("{side} did not read: its window was closed"),
	N_("Closed for {max_s}[, {times} {times:time|times}]; the {other} asked {probes} {probes:time|times}."),
	N_("The {role}'s program is slow to read; the {other} and the network are blameless."),
	N_("{f1} window 0[ -> {f2} open again]."),
	N_("Find out what the {role}'s program did meanwhile.") }},
{ EX_F_AGAIN, 0, "retransmission", {
	N_("{side} sent data again: {retransmissions} of {segments} segments"),
	N_("{loss_percent} did not get through to {peer}, or were not acted on there: {rto} by timeout, "
	   "{fast} fast, {tlp} as tail probe[; {spurious} needlessly]."),
	N_("The way from {side}, in that direction[; {before_capture_point} of them were lost before the capture point]."),
	N_("[{f1} -> ]{f2} the first that was sent again."),
	N_("Compare captures of both ends (--diff): which packets died between?") }},
{ EX_F_AGAIN, EX_V_SYN, "retransmission.syn", {
	N_("{side} had to repeat its side of the handshake"),
	N_("{retransmissions} {retransmissions:repetition|repetitions}[, {span_s} lost]; then it went on."),
	N_("The way, or an end that was short of room for a moment."),
	N_("{f1} -> {f2} the same again."),
	N_("If it happens often to one listener, look at its accept queue; else at loss on the way.") }},
{ EX_F_AGAIN, EX_V_SPURIOUS, "retransmission.spurious", {
	N_("{side} sent {retransmissions} {retransmissions:segment|segments} again needlessly"),
	N_("Nothing was lost: {peer} had them already, and said so."),
	N_("The way: it reorders or delays packets; or the sender's timer is too short."),
	N_("[{f1} -> ]{f2} the first that was sent again."),
	N_("Nothing, if it is rare.") }},
{ EX_F_FIN_AGAIN, 0, "fin-retransmission", {
	N_("The FIN of {side} was sent again"),
	N_("{times} {times:time|times}, for {span_s} without an answer that the {role} acted on."),
	N_("The way to {peer}, or the host there."),
	N_("{f1} FIN -> {f2} again[ ... {f3} the last time]."),
	N_("If the answer is in the capture, look at what drops it in front of the {role}.") }},
{ EX_F_PMTU, 0, "pmtu-black-hole", {
	N_("Path MTU black hole from {side}"),
	N_("Segments of {smallest_lost} bytes never arrive, though sent {times} times more[; those up to {largest_passed} bytes do]."),
	N_("The way: something drops large packets and sends no ICMP, or ICMP is filtered."),
	N_("{f1} sent again ... {f2} again, and no ACK."),
	N_("Let ICMP 3/4 through, or clamp the MSS ({mss} now) on the way; try an MTU of 1400.") }},
{ EX_F_PMTU, EX_V_RECOVERED, "pmtu-black-hole.found", {
	N_("Path MTU black hole from {side}, which it found out"),
	N_("Segments of {smallest_lost} bytes did not arrive in {times} tries; with shorter ones it went on."),
	N_("The way: something drops large packets and sends no ICMP."),
	N_("{f1} ... {f2} the long ones again."),
	N_("Let ICMP 3/4 through, or clamp the MSS on the way.") }},
{ EX_F_WINDOW, 0, "small-window", {
	N_("The window of {side} is small: {window_bytes} at most"),
	N_("For {share_percent} of the time it was what the {other} waited for."),
	N_("The {role}'s side: a small receive buffer."),
	N_("{f1} and after."),
	N_("Raise SO_RCVBUF in the {role}'s program, or do not set it, so that the kernel tunes it.") }},
{ EX_F_WINDOW, EX_V_SCALE, "small-window.scale", {
	N_("No window scaling: {side} can offer {window_bytes} at most"),
	N_("One end did not offer the option, so no round trip can carry more[; for {share_percent} of the time that was the limit]."),
	N_("The end whose SYN lacks it, or a box between that removes it."),
	N_("{f1} the SYN."),
	N_("Switch window scaling on (net.ipv4.tcp_window_scaling=1).") }},
{ EX_F_WINDOW, EX_V_MSS, "small-window.mss", {
	N_("{side} asks for tiny segments: MSS {mss}"),
	N_("Each segment carries {mss} bytes at most, so headers and packets a second are the limit."),
	N_("The {role}'s side, or a box between that changes the option."),
	N_("{f1} the SYN."),
	N_("Look for TCP_MAXSEG, a wrong MTU, or MSS clamping.") }},
{ EX_F_BOTH_OPEN, 0, "simultaneous-open", {
	N_("Simultaneous open: {side} and {peer}"),
	N_("Both sent a SYN before they got the other's; one connection came of it."),
	N_("Nobody's fault: both connect to each other, as in hole punching."),
	N_("{f1} SYN, {f2} SYN of the other end."),
	N_("Nothing to do.") }},
{ EX_F_BOTH_CLOSE, 0, "simultaneous-close", {
	N_("Simultaneous close: {side} and {peer}"),
	N_("Both sent a FIN before they got the other's; both go through CLOSING to TIME-WAIT."),
	N_("Nobody's fault."),
	N_("{f1} FIN, {f2} FIN of the other end."),
	N_("Nothing to do.") }},
{ EX_F_HALF_CLOSE, 0, "half-close", {
	N_("Half-close: {side} closed its direction, {peer} went on sending"),
	N_("After the {role}'s FIN data still came, and were taken."),
	N_("Nobody's fault: FIN-WAIT-2 and CLOSE-WAIT last as long as the {other} has to say something."),
	N_("{f1} FIN -> {f2} data of the {other}."),
	N_("Nothing to do.") }},
{ EX_F_STALE_SYN, 0, "stale-syn", {
	N_("An old SYN of {side} turned up"),
	N_("It belongs to an earlier time; the other end did not take it for a new connection."),
	N_("The way: it was held back or doubled. The handshake, or a challenge ACK, protects both ends."),
	N_("{f1} the SYN[ -> {f2} the answer]."),
	N_("Nothing to do.") }},
{ EX_F_STALE_SYN, EX_V_LATE, "stale-syn.answer", {
	N_("{side} answered an old SYN"),
	N_("A SYN,ACK came to an end that had not asked for it: a RST undoes it, and no connection comes of it."),
	N_("The way: a SYN was held back or doubled. This is what the third part of the handshake is for."),
	N_("[{f1} the SYN,ACK][ {f2} the RST]."),
	N_("Nothing to do.") }},
{ EX_F_HALF_OPEN, 0, "half-open", {
	N_("{side} knows nothing of its connection any more"),
	N_("It was silent[ for {gap_s}]; the next segment to it met a RST, with no FIN before."),
	N_("The {role}'s side: its host was restarted, its program replaced, or a NAT or firewall forgot the connection."),
	N_("{f1} a segment of the {other} -> {f2} RST of nobody."),
	N_("Look for a restart of {side}; keep-alives find such connections sooner.") }},
{ EX_F_HALF_OPEN, EX_V_REBOOT, "half-open.new-syn", {
	N_("{side} began anew while {peer} still held the old connection"),
	N_("Its new SYN was answered by an ACK of the old numbers; a RST cleared the way."),
	N_("The {role}'s side: it was restarted, or its connection was aborted without a word."),
	N_("{f1} new SYN[ -> {f2} ACK of the old connection] -> {f3} RST."),
	N_("Look for a restart of {side}.") }},
{ EX_F_REUSE, 0, "port-reuse", {
	N_("{side} used a port again for the same server"),
	N_("The earlier connection was over[ for {gap_s}]; the new SYN was taken."),
	N_("The client's side: few ports, or a port that is chosen by the program."),
	N_("{f1} the SYN (earlier: connection {earlier_connection})."),
	N_("Nothing to do, if it is rare.") }},
{ EX_F_REUSE, EX_V_FAILED, "port-reuse.failed", {
	N_("{side} used a port again too soon"),
	N_("The earlier connection was over[ for {gap_s}]; the new SYN did not lead to a connection."),
	N_("The client's side: the server still held the old one, in TIME-WAIT for instance."),
	N_("{f1} the SYN (earlier: connection {earlier_connection})."),
	N_("Let the system choose the port, or keep connections open.") }},
{ EX_F_BLIND, 0, "blind-reset", {
	N_("Somebody tried to reset {side}'s connection"),
	N_("{times} {times:RST|RSTs} in its name did not fit, and it went on[ (TTL {ttl}, its own have {usual_ttl})]."),
	N_("Neither end's: a stranger who guesses numbers (RFC 5961)."),
	N_("{f1} the RST[ -> {f2} challenge ACK]."),
	N_("Find out where it comes from; filter spoofed sources.") }},
{ EX_F_MIDDLE, EX_V_MIDDLE, "middle-box.reset", {
	N_("A RST in the name of {side} came from a box between"),
	N_("Its TTL is {ttl}, that of {side} {usual_ttl}: it came another way."),
	N_("Neither end's: a firewall, proxy or censor on the way."),
	N_("{f1} the RST."),
	N_("Ask who runs the way; TTL {ttl} tells how far the box is.") }},
{ EX_F_MIDDLE, EX_V_TTL, "middle-box.ttl", {
	N_("Packets of {side} come from two places"),
	N_("{packets} {packets:has|have} TTL {ttl}, the first ones {usual_ttl}."),
	N_("A box between answers for it (proxy, SYN proxy, load balancer), or the route changed."),
	N_("{f1} the first with TTL {ttl}."),
	N_("If connections fail, look for that box.") }},
{ EX_F_MIDDLE, EX_V_SEQ, "middle-box.seq", {
	N_("A box between changes sequence numbers of {side}"),
	N_("What is acknowledged is not what was sent, and yet both ends go on."),
	N_("The way: a firewall that rewrites numbers; SACK may break behind it."),
	N_("{f1} the SYN,ACK of another number -> {f2} its ACK."),
	N_("Switch sequence rewriting off there.") }},
{ EX_F_CAPTURE, EX_V_DROPPED, "capture-fault.dropped", {
	N_("The capture lost packets"),
	N_("{bytes} were acknowledged that are not in it[, {packets} {packets:gap|gaps}]."),
	N_("The capturing host was too slow, or sees only part of the traffic."),
	N_("{f1} acknowledges what was not seen."),
	N_("Capture with a larger buffer (tcpdump -B) or less of each packet (-s 128).") }},
{ EX_F_CAPTURE, EX_V_CUT, "capture-fault.snaplen", {
	N_("Packets were cut off when captured"),
	N_("{packets} {packets:packet|packets}, the shortest after {window_bytes}: checksums could not be checked."),
	N_("The capture's: its snap length."),
	N_("{f1} the first."),
	N_("Capture with -s 0, if contents matter.") }},
{ EX_F_CAPTURE, EX_V_SUPER, "capture-fault.offload", {
	N_("The capture shows super-packets"),
	N_("{packets} {packets:segment|segments} of up to {unread_bytes}, longer than the MSS: a network card cut or joined them."),
	N_("The capture's: taken on a host with TSO or GRO; counts of segments are not those on the wire."),
	N_("{f1} the first."),
	N_("Capture on another host, or with ethtool -K DEV tso off gso off gro off.") }},
{ EX_F_CAPTURE, EX_V_SUMS, "capture-fault.checksum", {
	N_("Checksums are wrong because a card completes them"),
	N_("{packets} {packets:packet|packets} of the capturing host; on the wire they are right."),
	N_("The capture's: taken before the network card."),
	N_("{f1} the first."),
	N_("Nothing to do.") }},
{ EX_F_CAPTURE, EX_V_COPIES, "capture-fault.copies", {
	N_("Packets were captured twice"),
	N_("{packets} {packets:copy|copies}, left out here."),
	N_("The capture's: taken on two interfaces, or at a mirror port in both directions."),
	N_("{f1} the first copy."),
	N_("Capture on one interface.") }},
{ EX_F_CAPTURE, EX_V_CLOCK, "capture-fault.clock", {
	N_("The clock of the capture went back"),
	N_("{packets} {packets:time|times}, by up to {max_s}: times are not to be trusted there."),
	N_("The capture's: the clock was set, or files were merged out of order."),
	N_("{f1} the first packet that is earlier than the one before."),
	N_("Sort it (reordercap), or capture with -j adapter_unsynced.") }},
{ EX_F_CAPTURE, EX_V_ONE_WAY, "capture-fault.one-way", {
	N_("One direction is missing"),
	N_("{packets} {packets:connection shows|connections show} packets of one end only."),
	N_("The capture's: the way back is another one, or a filter lets one direction through."),
	N_("{f1} and after."),
	N_("Capture at an end, or on both ways.") }},
{ EX_F_CAPTURE, EX_V_SHORT, "capture-fault.short", {
	N_("The file ends inside of a packet"),
	N_("What comes before is told here; the end of it all is not known."),
	N_("The capture's: it was killed, or the disk was full, or the file is not complete."),
	N_("{f1} the last whole packet."),
	N_("Stop captures with SIGINT.") }},
};

static const char *const words[EX_N_WORDS] = {
	[EX_W_CONN] = N_("connection"), [EX_W_CONNS] = N_("connections"),
	[EX_W_PACKETS] = N_("packets"), [EX_W_PROOF] = N_("Proof"), [EX_W_NEXT] = N_("Next"),
	[EX_W_SHOW] = N_("Show"), [EX_W_CLIENT] = N_("client"), [EX_W_SERVER] = N_("server"),
	[EX_W_LIKELY] = N_("likely"), [EX_W_POSSIBLE] = N_("possible"),
	[EX_W_AGAIN_ONE] = N_("retransmission"), [EX_W_AGAIN] = N_("retransmissions"),
	[EX_W_RESET_ONE] = N_("reset during transfer"), [EX_W_RESETS] = N_("resets during transfer"),
	[EX_W_HANDSHAKES] = N_("handshakes"),
	[EX_W_AT_CLIENT] = N_("captured near the client: the round trip is on the server's side"),
	[EX_W_AT_SERVER] = N_("captured near the server: the round trip is on the client's side"),
	[EX_W_AT_MIDDLE] = N_("captured between the ends"),
	[EX_W_BEFORE] = N_("began before the capture: states with ? are inferred"),
	[EX_W_ANSWERED_ONLY] = N_("handshakes were answered and never completed (SYN cookies?), at"),
	[EX_W_ABORTED] = N_("reset by an end with nothing unread: its program aborted"),
	[EX_W_AFTER_CLOSE] = N_("reset because data came to an end that had closed"),
	[EX_W_STILL_OPEN] = N_("still open when the capture ends"),
	[EX_W_NO_TCP] = N_("no TCP in it"), [EX_W_MORE] = N_("more; --top"),
};
/* clang-format on */

const char *
ex_word(enum ex_word w)
{
	return gettext(words[w]);
}

static const struct row *
row_of(const struct ex_finding *f)
{
	const struct row *plain = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].id != f->id)
			continue;
		if (rows[i].variant == f->variant)
			return &rows[i];
		if (!plain)
			plain = &rows[i];
	}
	return plain;
}

const char *
ex_say_name(const struct ex_finding *f)
{
	return row_of(f)->name;
}

const char *
ex_template(const struct ex_finding *f, enum ex_part part)
{
	return gettext(row_of(f)->part[part]);
}
