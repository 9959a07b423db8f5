/*
 * fsm.c - the state machine as data: RFC 9293 3.3.2, Figure 5, row by row.
 *
 * The first table is the picture with its notes 1 and 2 and nothing else.  The
 * second holds what the picture leaves out (its note 3).  A state is assigned
 * here and nowhere else.
 */
#include "tcp/parts.h"

/* clang-format off */
#define FIGURE_5 true
#define BEYOND false
#define FSM_ROWS(ROW) \
/*	from		on			to		table		then		RFC 9293 */ \
ROW(	CLOSED,		OPEN_PASSIVE,		LISTEN,		FIGURE_5,	"",		"3.10.1") \
ROW(	CLOSED,		OPEN_ACTIVE,		SYN_SENT,	FIGURE_5,	"snd SYN",	"3.10.1") \
ROW(	LISTEN,		OPEN_ACTIVE,		SYN_SENT,	FIGURE_5,	"snd SYN",	"3.10.1") \
ROW(	LISTEN,		SEND,			SYN_SENT,	FIGURE_5,	"snd SYN",	"3.10.2") \
ROW(	LISTEN,		RCV_SYN,		SYN_RECEIVED,	FIGURE_5,	"snd SYN,ACK",	"3.10.7.2") \
ROW(	LISTEN,		CLOSE,			CLOSED,		FIGURE_5,	"delete TCB",	"3.10.4") \
ROW(	SYN_SENT,	RCV_SYN,		SYN_RECEIVED,	FIGURE_5,	"snd SYN,ACK",	"3.10.7.3 MUST-10") \
ROW(	SYN_SENT,	RCV_SYN_ACK,		ESTABLISHED,	FIGURE_5,	"snd ACK",	"3.10.7.3") \
ROW(	SYN_SENT,	CLOSE,			CLOSED,		FIGURE_5,	"delete TCB",	"3.10.4") \
ROW(	SYN_RECEIVED,	RCV_ACK_OF_SYN,		ESTABLISHED,	FIGURE_5,	"",		"3.10.7.4") \
ROW(	SYN_RECEIVED,	RCV_RST_PASSIVE,	LISTEN,		FIGURE_5,	"",		"Fig. 5 note 1, MUST-11") \
	/* only while nothing is queued; else CLOSE waits for ESTABLISHED */ \
ROW(	SYN_RECEIVED,	CLOSE,			FIN_WAIT_1,	FIGURE_5,	"snd FIN",	"3.10.4") \
	/* at the call, not when the FIN leaves: it may wait behind a closed window */ \
ROW(	ESTABLISHED,	CLOSE,			FIN_WAIT_1,	FIGURE_5,	"snd FIN",	"3.10.4") \
ROW(	ESTABLISHED,	RCV_FIN,		CLOSE_WAIT,	FIGURE_5,	"snd ACK",	"3.10.7.4") \
ROW(	FIN_WAIT_1,	RCV_ACK_OF_FIN,		FIN_WAIT_2,	FIGURE_5,	"",		"3.10.7.4") \
ROW(	FIN_WAIT_1,	RCV_FIN,		CLOSING,	FIGURE_5,	"snd ACK",	"3.10.7.4") \
ROW(	FIN_WAIT_1,	RCV_FIN_ACK_OF_FIN,	TIME_WAIT,	FIGURE_5,	"snd ACK",	"Fig. 5 note 2") \
ROW(	FIN_WAIT_2,	RCV_FIN,		TIME_WAIT,	FIGURE_5,	"snd ACK",	"3.10.7.4") \
ROW(	CLOSE_WAIT,	CLOSE,			LAST_ACK,	FIGURE_5,	"snd FIN",	"3.10.4") \
ROW(	CLOSING,	RCV_ACK_OF_FIN,		TIME_WAIT,	FIGURE_5,	"",		"3.10.7.4") \
ROW(	LAST_ACK,	RCV_ACK_OF_FIN,		CLOSED,		FIGURE_5,	"delete TCB",	"3.10.7.4") \
ROW(	TIME_WAIT,	MSL2_TIMEOUT,		CLOSED,		FIGURE_5,	"delete TCB",	"3.10.8 MUST-13") \
\
	/* a RST that is believed; TIME-WAIT has no row: RFC 1337 */ \
ROW(	SYN_SENT,	RCV_RST,		CLOSED,		BEYOND,		"",		"3.10.7.3 2") \
ROW(	SYN_RECEIVED,	RCV_RST,		CLOSED,		BEYOND,		"",		"3.10.7.4 2") \
ROW(	ESTABLISHED,	RCV_RST,		CLOSED,		BEYOND,		"",		"3.10.7.4 2") \
ROW(	FIN_WAIT_1,	RCV_RST,		CLOSED,		BEYOND,		"",		"3.10.7.4 2") \
ROW(	FIN_WAIT_2,	RCV_RST,		CLOSED,		BEYOND,		"",		"3.10.7.4 2") \
ROW(	CLOSE_WAIT,	RCV_RST,		CLOSED,		BEYOND,		"",		"3.10.7.4 2") \
ROW(	CLOSING,	RCV_RST,		CLOSED,		BEYOND,		"",		"3.10.7.4 2") \
ROW(	LAST_ACK,	RCV_RST,		CLOSED,		BEYOND,		"",		"3.10.7.4 2") \
\
ROW(	LISTEN,		ABORT,			CLOSED,		BEYOND,		"",		"3.10.5") \
ROW(	SYN_SENT,	ABORT,			CLOSED,		BEYOND,		"",		"3.10.5") \
ROW(	SYN_RECEIVED,	ABORT,			CLOSED,		BEYOND,		"snd RST",	"3.10.5") \
ROW(	ESTABLISHED,	ABORT,			CLOSED,		BEYOND,		"snd RST",	"3.10.5") \
ROW(	FIN_WAIT_1,	ABORT,			CLOSED,		BEYOND,		"snd RST",	"3.10.5") \
ROW(	FIN_WAIT_2,	ABORT,			CLOSED,		BEYOND,		"snd RST",	"3.10.5") \
ROW(	CLOSE_WAIT,	ABORT,			CLOSED,		BEYOND,		"snd RST",	"3.10.5") \
ROW(	CLOSING,	ABORT,			CLOSED,		BEYOND,		"",		"3.10.5") \
ROW(	LAST_ACK,	ABORT,			CLOSED,		BEYOND,		"",		"3.10.5") \
ROW(	TIME_WAIT,	ABORT,			CLOSED,		BEYOND,		"",		"3.10.5") \
\
ROW(	SYN_SENT,	USER_TIMEOUT,		CLOSED,		BEYOND,		"",		"3.10.8") \
ROW(	SYN_RECEIVED,	USER_TIMEOUT,		CLOSED,		BEYOND,		"",		"3.10.8") \
ROW(	ESTABLISHED,	USER_TIMEOUT,		CLOSED,		BEYOND,		"",		"3.10.8") \
ROW(	FIN_WAIT_1,	USER_TIMEOUT,		CLOSED,		BEYOND,		"",		"3.10.8") \
ROW(	FIN_WAIT_2,	USER_TIMEOUT,		CLOSED,		BEYOND,		"",		"3.10.8") \
ROW(	CLOSE_WAIT,	USER_TIMEOUT,		CLOSED,		BEYOND,		"",		"3.10.8") \
ROW(	CLOSING,	USER_TIMEOUT,		CLOSED,		BEYOND,		"",		"3.10.8") \
ROW(	LAST_ACK,	USER_TIMEOUT,		CLOSED,		BEYOND,		"",		"3.10.8") \
\
ROW(	SYN_RECEIVED,	RCV_NEW_SYN,		LISTEN,		BEYOND,		"",		"3.10.7.4 4") \
ROW(	TIME_WAIT,	RCV_NEW_SYN,		CLOSED,		BEYOND,		"",		"MAY-2, RFC 6191") \
	/* no record is free, and this one is the oldest */ \
ROW(	TIME_WAIT,	EVICTED,		CLOSED,		BEYOND,		"",		"3.6.1") \
ROW(	SYN_SENT,	RCV_ICMP_HARD,		CLOSED,		BEYOND,		"",		"3.9.2.2 SHLD-26") \
ROW(	SYN_RECEIVED,	RCV_ICMP_HARD,		CLOSED,		BEYOND,		"",		"3.9.2.2 SHLD-26") \
\
	/* the application has gone and bytes for it are, or come, here: SHLD-3 */ \
ROW(	SYN_RECEIVED,	LOST_DATA,		CLOSED,		BEYOND,		"snd RST",	"3.6.1 SHLD-3") \
ROW(	ESTABLISHED,	LOST_DATA,		CLOSED,		BEYOND,		"snd RST",	"3.6.1 SHLD-3") \
ROW(	FIN_WAIT_1,	LOST_DATA,		CLOSED,		BEYOND,		"snd RST",	"3.6.1 SHLD-3") \
ROW(	FIN_WAIT_2,	LOST_DATA,		CLOSED,		BEYOND,		"snd RST",	"3.6.1 SHLD-3") \
ROW(	CLOSE_WAIT,	LOST_DATA,		CLOSED,		BEYOND,		"snd RST",	"3.6.1 SHLD-3") \
ROW(	CLOSING,	LOST_DATA,		CLOSED,		BEYOND,		"snd RST",	"3.6.1 SHLD-3") \
ROW(	LAST_ACK,	LOST_DATA,		CLOSED,		BEYOND,		"snd RST",	"3.6.1 SHLD-3")

#define FSM_EDGE(from, on, to, where, then, rule) \
	{ SW_##from, SW_ON_##on, SW_##to, where, then, rule },
#define FSM_NUMBER(from, on, to, where, then, rule) FSM_##from##_##on,
#define FSM_PLACE(from, on, to, where, then, rule) \
	[SW_##from][SW_ON_##on] = FSM_##from##_##on + 1,

static const struct sw_edge fsm_table[] = { FSM_ROWS(FSM_EDGE) };

/* The number of each row, and the row of each state and cause, plus 1; 0: there is none.
 * Two rows for the same do not compile. */
enum { FSM_ROWS(FSM_NUMBER) };
static const uint8_t fsm_rows[SW_N_STATES][SW_N_CAUSES] = { FSM_ROWS(FSM_PLACE) };
/* clang-format on */

_Static_assert(N_OF(fsm_table) <= N_OF(((struct tcp *)0)->edges), "a counter for each edge");

size_t
fsm_edges(const struct sw_edge **table)
{
	*table = fsm_table;
	return N_OF(fsm_table);
}

/* The row for (from, on), or NULL. */
static const struct sw_edge *
fsm_find(uint8_t from, enum sw_cause on)
{
	uint8_t row = from < SW_N_STATES && on < SW_N_CAUSES ? fsm_rows[from][on] : 0;

	return row > 0 ? &fsm_table[row - 1] : NULL;
}

/* Take the edge: the only place where a state changes. */
void
fsm_go(struct tcp *tcp, struct tcb *t, enum sw_cause on)
{
	const struct sw_edge *e = fsm_find(t->h.state, on);
	struct sw_trace *ev;

	invariant(tcp, t, e != NULL);
	if (e == NULL)
		return;
	tcp->edges[e - fsm_table]++;
	ev = trace_new(tcp, &t->h, tcp->now, SW_T_STATE);
	if (ev != NULL) {
		ev->from = e->from;
		ev->to = e->to;
		ev->cause = on;
	}
	t->h.state = e->to;
	t->news |= NEWS_READY;
}

/* Would this edge exist? */
bool
fsm_can(const struct tcb *t, enum sw_cause on)
{
	return fsm_find(t->h.state, on) != NULL;
}
