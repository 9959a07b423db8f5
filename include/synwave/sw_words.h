/*
 * sw_words.h - the vocabulary: states, events, verdicts, timers, errors, choices.
 *
 * Each list is written once, here, and everything that speaks of a connection
 * uses it: the source's enums, the counters, the traces, the ladder, the
 * tests.  The first column is the name in C, the others are what people read.
 */
#ifndef SYNWAVE_SW_WORDS_H
#define SYNWAVE_SW_WORDS_H

/* clang-format off */

/* RFC 9293 3.3.2.  name, as the RFC writes it, two letters for matrices */
#define SW_STATES(X)						\
	X(CLOSED,	"CLOSED",	"--")			\
	X(LISTEN,	"LISTEN",	"LI")			\
	X(SYN_SENT,	"SYN-SENT",	"SS")			\
	X(SYN_RECEIVED,	"SYN-RECEIVED",	"SR")			\
	X(ESTABLISHED,	"ESTABLISHED",	"ES")			\
	X(FIN_WAIT_1,	"FIN-WAIT-1",	"F1")			\
	X(FIN_WAIT_2,	"FIN-WAIT-2",	"F2")			\
	X(CLOSE_WAIT,	"CLOSE-WAIT",	"CW")			\
	X(CLOSING,	"CLOSING",	"CG")			\
	X(LAST_ACK,	"LAST-ACK",	"LA")			\
	X(TIME_WAIT,	"TIME-WAIT",	"TW")

/* What moves a connection from state to state (RFC 9293 Figure 5 and 3.10). */
#define SW_CAUSES(X)						\
	X(OPEN_PASSIVE,		"OPEN passive")			\
	X(OPEN_ACTIVE,		"OPEN active")			\
	X(SEND,			"SEND")				\
	X(CLOSE,		"CLOSE")			\
	X(RCV_SYN,		"rcv SYN")			\
	X(RCV_SYN_ACK,		"rcv SYN,ACK")			\
	X(RCV_ACK_OF_SYN,	"rcv ACK of SYN")		\
	X(RCV_RST_PASSIVE,	"rcv RST, passive")		\
	X(RCV_FIN,		"rcv FIN")			\
	X(RCV_ACK_OF_FIN,	"rcv ACK of FIN")		\
	X(RCV_FIN_ACK_OF_FIN,	"rcv FIN, ACK of FIN")		\
	X(MSL2_TIMEOUT,		"2MSL timeout")			\
	/* what Figure 5 leaves out (its note 3) */		\
	X(RCV_RST,		"rcv RST")			\
	X(ABORT,		"ABORT")			\
	X(USER_TIMEOUT,		"USER TIMEOUT")			\
	X(RCV_NEW_SYN,		"rcv newer SYN")		\
	X(RCV_ICMP_HARD,	"rcv ICMP hard error")		\
	X(LOST_DATA,		"data after CLOSE")		\
	X(EVICTED,		"evicted")

/*
 * What was decided about an arriving packet, by which rule.
 * name, one word for counters, where the rule stands, what it says
 */
#define SW_VERDICTS(X)									\
	/* taken */									\
	X(TAKEN,	"taken",	"9293 3.10.7.4",   "acceptable, processed in full")	\
	X(SYN_TAKEN,	"syn",		"9293 3.10.7.2",   "a SYN asks a listener for a connection") \
	X(COOKIE,	"cookie",	"4987 3.6",        "it brings back a SYN cookie of ours: completes a handshake") \
	X(FAST_OPEN,	"fast-open",	"7413 4.2.2",      "a SYN with a valid cookie: its data is taken at once")	\
	X(OPENED,	"opened",	"9293 3.10.7",     "completes a handshake")		\
	X(DUPLICATE,	"duplicate",	"9293 3.10.7.4 1", "holds nothing new: acknowledged and dropped") \
	X(OUT_OF_ORDER,	"out-of-order",	"9293 SHLD-31",    "ahead of RCV.NXT: kept until the gap is filled") \
	X(RESET_BY_PEER,"reset",	"9293 3.10.7.4 2", "RST at exactly RCV.NXT: the connection is reset") \
	X(REFUSED,	"refused",	"9293 3.10.7.3 2", "RST answers our SYN: connection refused") \
	X(REUSED,	"reused",	"9293 MAY-2, 6191","a newer SYN takes over a TIME-WAIT") \
	/* refused by a check of SEGMENT ARRIVES */					\
	X(SEQ_OUTSIDE,	"seq-outside",	"9293 3.10.7.4 1", "no byte of it is in the receive window") \
	X(PAWS_OLD,	"paws",		"7323 5.3",        "its timestamp is older than one already seen") \
	X(TS_MISSING,	"no-timestamp",	"7323 3.2",        "the timestamps that were agreed on are missing") \
	X(RST_OUTSIDE,	"rst-outside",	"5961 3.2",        "a RST outside the window is dropped") \
	X(RST_CHALLENGED,"rst-challenged","5961 3.2",      "a RST in the window but not at RCV.NXT draws a challenge ACK") \
	X(SYN_CHALLENGED,"syn-challenged","5961 4.2",      "a SYN on a synchronized connection draws a challenge ACK") \
	X(NO_ACK,	"no-ack",	"9293 3.10.7.4 5", "the ACK bit is off")		\
	X(ACK_UNSENT,	"ack-unsent",	"5961 5.2",        "it acknowledges something not sent") \
	X(ACK_ANCIENT,	"ack-ancient",	"5961 5.2",        "its ACK is too far below SND.UNA") \
	X(ACK_BAD_SYN,	"ack-of-no-syn","9293 3.10.7.3 1", "it does not acknowledge our SYN: RST") \
	X(RST_UNPROVEN,	"rst-unproven",	"9293 3.10.7.3 2", "a RST that does not acknowledge our SYN is dropped") \
	X(RST_TIME_WAIT,"rst-time-wait","1337",            "a RST does not end TIME-WAIT")	\
	X(NO_CONTROL,	"no-syn-no-rst","9293 3.10.7.3 5", "neither SYN nor RST: dropped in SYN-SENT") \
	X(AFTER_CLOSE,	"after-close",	"9293 SHLD-3",     "data for an application that has gone: RST") \
	/* no connection */								\
	X(NOBODY,	"nobody",	"9293 3.10.7.1",   "no connection and no listener: RST") \
	X(NOBODY_RST,	"nobody-rst",	"9293 3.10.7.1",   "a RST for no connection is dropped") \
	X(LISTEN_ACK,	"listen-ack",	"9293 3.10.7.2 2", "an ACK for a listener: RST")	\
	X(LISTEN_RST,	"listen-rst",	"9293 3.10.7.2 1", "a RST for a listener is dropped") \
	X(COOKIE_BAD,	"cookie-bad",	"4987 3.6",        "text for a listener that sent SYN cookies, and brings none: dropped") \
	X(LISTEN_OTHER,	"listen-other",	"9293 3.10.7.2 4", "neither SYN nor ACK nor RST for a listener: dropped") \
	X(ADDR_INVALID,	"bad-address",	"9293 MUST-57, MUST-63", "a source or destination that no connection can have") \
	/* no room: an ordinary condition */						\
	X(NO_BLOCK,	"no-block",	"-",               "no connection block is free")	\
	X(ASKED,	"asked",	"9293 3.10.7.2",   "a SYN waits for the word of a deferred listener's application") \
	X(COOKIE_SENT,	"cookie-sent",	"4987 3.6",        "a SYN without a half-open record: answered by a SYN cookie") \
	X(NO_HALF,	"no-half-open",	"-",               "no half-open record is free")	\
	X(NO_BACKLOG,	"no-backlog",	"-",               "the listener's accept queue is full") \
	X(NO_BUFFER,	"no-buffer",	"-",               "no buffer for its text: the peer will send it again") \
	/* below TCP */									\
	X(SHORT,	"short",	"9293 3.1",        "shorter than its headers say")	\
	X(BAD_IP,	"bad-ip",	"791, 8200",       "not a well-formed IP packet")	\
	X(BAD_IP_SUM,	"bad-ip-sum",	"1122 3.2.1.2",    "wrong IPv4 header checksum")	\
	X(BAD_SUM,	"bad-sum",	"9293 MUST-3",     "wrong TCP, ICMP or UDP checksum") \
	X(BAD_OPTION,	"bad-option",	"9293 MUST-7",     "a malformed TCP option")		\
	X(NOT_OURS,	"not-ours",	"1122 3.2.1.3",    "addressed to another host")		\
	X(OTHER_SHARD,	"other-shard",	"-",               "a flow of another stack that shares the device") \
	X(MOVED,	"moved",	"-",               "for a connection that has moved to another stack") \
	X(NO_PROTO,	"no-proto",	"1122 3.2.2.1",    "a protocol that is not spoken here")	\
	X(FRAGMENT,	"fragment",	"791, 8200",       "a fragment, kept until the rest comes") \
	X(FRAG_DROPPED,	"frag-dropped",	"5722, 1858",      "overlapping, oversized or too many fragments") \
	X(LINK,		"link",		"826, 4861",       "ARP or neighbour discovery")	\
	X(LINK_BAD,	"link-bad",	"826, 4861 7",     "malformed ARP or neighbour discovery") \
	X(ICMP_TAKEN,	"icmp",		"9293 3.9.2.2",    "an ICMP message, acted on")		\
	X(ICMP_UNPROVEN,"icmp-unproven","5927 4",          "an ICMP error that quotes nothing in flight") \
	X(ICMP_IGNORED,	"icmp-ignored",	"1122 3.2.2",      "an ICMP message that asks for nothing") \
	X(ECHO,		"echo",		"1122 3.2.2.6",    "an echo request, answered")

/* The timers of a connection.  name, what people read, RFC */
#define SW_TIMERS(X)						\
	X(REXMIT,	"retransmission",	"6298")		\
	X(PERSIST,	"zero-window probe",	"9293 3.8.6.1")	\
	X(REORDER,	"reordering",		"8985 6.2")	\
	X(TAIL,		"tail loss probe",	"8985 7.2")	\
	X(DELACK,	"delayed ACK",		"9293 3.8.6.3")	\
	X(KEEP,		"keep-alive",		"9293 3.8.4")	\
	X(USER,		"user timeout",		"9293 3.8.3")	\
	X(MSL2,		"2MSL",			"9293 3.6.1")

/* clang-format on */

#define SW_WORD_1(n, ...) SW_##n,
enum sw_state { SW_STATES(SW_WORD_1) SW_N_STATES };
#undef SW_WORD_1
#define SW_WORD_1(n, ...) SW_ON_##n,
enum sw_cause { SW_CAUSES(SW_WORD_1) SW_N_CAUSES };
#undef SW_WORD_1
#define SW_WORD_1(n, ...) SW_V_##n,
enum sw_verdict { SW_VERDICTS(SW_WORD_1) SW_N_VERDICTS };
#undef SW_WORD_1
#define SW_WORD_1(n, ...) SW_TIMER_##n,
enum sw_timer { SW_TIMERS(SW_WORD_1) SW_N_TIMERS };
#undef SW_WORD_1

/*
 * What a call can refuse with.  sw_error_text() gives the words.
 */
enum sw_error {
	SW_OK = 0,
	SW_E_INVALID = -1,     /* an argument is out of range */
	SW_E_NO_CONN = -2,     /* that name is not a connection (any more) */
	SW_E_STATE = -3,       /* not in this state (RFC 9293 3.10) */
	SW_E_AGAIN = -4,       /* nothing to give or no room now: wait for an event */
	SW_E_NO_MEMORY = -5,   /* the pool or the arena is used up */
	SW_E_IN_USE = -6,      /* that pair of endpoints is taken */
	SW_E_NO_ROUTE = -7,    /* no interface leads there, or back to another shard */
	SW_E_REFUSED = -8,     /* the peer answered our SYN with a RST */
	SW_E_RESET = -9,       /* the peer reset the connection */
	SW_E_TIMED_OUT = -10,  /* USER TIMEOUT: no answer (RFC 9293 3.8.3) */
	SW_E_UNREACHABLE = -11, /* ICMP said so (RFC 9293 3.9.2.2) */
	SW_E_CLOSING = -12,    /* CLOSE was called: nothing more can be sent */
	SW_E_ABORTED = -13     /* reset by our own side */
};

/* Congestion control. */
enum sw_cc {
	SW_CC_CUBIC, /* RFC 9438: the default */
	SW_CC_RENO,  /* RFC 5681, 6582 */
	SW_CC_BBR,   /* BBR version 3, draft-ietf-ccwg-bbr */
	SW_CC_BBR1,  /* BBR version 1, as Linux ships it: loss does not slow it down */
	SW_N_CCS
};

/* Explicit congestion notification, RFC 3168. */
enum sw_ecn {
	SW_ECN_OFF,     /* the default */
	SW_ECN_ANSWER,  /* when the peer asks for it */
	SW_ECN_ASK,     /* our SYN asks, too */
	SW_ECN_ACCURATE /* both, and for the accurate kind (RFC 9768) if the peer has it */
};

/* TCP Fast Open, RFC 7413: how far a connection is with it. */
enum sw_fastopen {
	SW_FASTOPEN_NONE,    /* it has nothing to do with it */
	SW_FASTOPEN_WANTED,  /* asked for; the SYN has not gone yet */
	SW_FASTOPEN_HELD,    /* the same, and the SYN waits for the first SEND */
	SW_FASTOPEN_ASKED,   /* the SYN asked the peer for a cookie */
	SW_FASTOPEN_SENT,    /* the SYN had a cookie, and data */
	SW_FASTOPEN_TAKEN,   /* the SYN-ACK acknowledged data of the SYN */
	SW_FASTOPEN_REFUSED, /* it did not: the data was sent again */
	SW_FASTOPEN_PASSIVE  /* the peer's SYN had a valid cookie */
};

/* SYN cookies (RFC 4987 3.6): a SYN is answered and nothing is kept of it. */
enum sw_cookies {
	SW_COOKIES_FULL,   /* when no half-open record is to be had: the default */
	SW_COOKIES_ALWAYS, /* every SYN */
	SW_COOKIES_NEVER   /* then a SYN beyond the bound is dropped */
};

#endif
