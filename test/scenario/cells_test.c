/*
 * cells_test.c - all 256 control bytes in each state; and each user call in each
 * state with each of 64 control bytes right behind it, before the host could say
 * anything and after.  RFC 9293 3.10.1 to 3.10.7, against golden tables.
 */
#include "golden.h"

/* clang-format off */

/* The lines of the first table: the rows, and three in which the call was just made:
 * SYN or FIN have not left yet. */
#define LINES(X)		\
	X(CLOSED)		\
	X(LISTEN)		\
	X(SYN_SENT)		\
	X(SYN_SENT_UNSAID)	\
	X(SR_BACK)		\
	X(SR_ACTIVE)		\
	X(ESTABLISHED)		\
	X(SHUT)			\
	X(FIN_WAIT_1)		\
	X(FIN_WAIT_1_UNSAID)	\
	X(FIN_WAIT_2)		\
	X(CLOSE_WAIT)		\
	X(CLOSING)		\
	X(LAST_ACK)		\
	X(LAST_ACK_UNSAID)	\
	X(TIME_WAIT)

#define LINE_1(name) L_##name,
enum line { LINES(LINE_1) N_LINES };
#undef LINE_1

/*
 * I. A segment of no text at RCV.NXT which, with ACK, acknowledges SND.NXT.  R: with
 * or without SYN and FIN.  PSH, URG, ECE and CWR change nothing.
 */
#define AT(line, a, b, c, d, e, f, g, h, i, j) \
	[L_##line] = {R_##a, R_##b, R_##c, R_##d, R_##e, R_##f, R_##g, R_##h, R_##i, R_##j}
static const uint8_t by_bits[N_LINES][10] = {
/*			-	FIN	SYN	  SYN,FIN   R	   ACK	   ACK,FIN ACK,SYN  A,S,F     ACK,R */
AT(CLOSED,		nobody,	nobody,	nobody,	  nobody,   hush,  nobody, nobody, nobody,  nobody,   hush),
AT(LISTEN,		l_none,	l_none,	l_syn,	  l_syn,    l_rst, l_ack,  l_ack,  l_ack,   l_ack,    l_rst),
AT(SYN_SENT,		s_none,	s_none,	s_cross,  s_cross,  s_hush,s_none, s_none, s_open,  s_fin,    s_rst),
AT(SYN_SENT_UNSAID,	s_none,	s_none,	s_cross,  s_cross,  s_hush,s_bad,  s_bad,  s_bad,   s_bad,    s_hush),
AT(SR_BACK,		no_ack,	no_ack,	syn_back, syn_back, rst_back,o_ack,o_fin,  syn_back,syn_back, rst_back),
AT(SR_ACTIVE,		no_ack,	no_ack,	syn,	  syn,	    rst,   o_ack,  o_fin,  syn,	    syn,      rst),
AT(ESTABLISHED,		no_ack,	no_ack,	syn,	  syn,	    rst,   ack,	   fin,	   syn,	    syn,      rst),
AT(SHUT,		no_ack,	shut_na,syn,	  syn,	    rst,   ack,	   shut,   syn,	    syn,      rst),
AT(FIN_WAIT_1,		no_ack,	no_ack,	syn,	  syn,	    rst,   f_ack,  fin_2,  syn,	    syn,      rst),
AT(FIN_WAIT_1_UNSAID,	no_ack,	no_ack,	syn,	  syn,	    rst,   ack,	   fin_1,  syn,	    syn,      rst),
AT(FIN_WAIT_2,		no_ack,	no_ack,	syn,	  syn,	    rst,   ack,	   fin_2,  syn,	    syn,      rst),
AT(CLOSE_WAIT,		no_ack,	no_ack,	syn,	  syn,	    rst,   ack,	   ignore, syn,	    syn,      rst),
AT(CLOSING,		no_ack,	no_ack,	syn,	  syn,	    rst,   g_ack,  g_ack,  syn,	    syn,      rst),
AT(LAST_ACK,		no_ack,	no_ack,	syn,	  syn,	    rst,   z_ack,  z_ack,  syn,	    syn,      rst),
AT(LAST_ACK_UNSAID,	no_ack,	no_ack,	syn,	  syn,	    rst,   ack,	   ignore, syn,	    syn,      rst),
AT(TIME_WAIT,		no_ack,	no_ack,	syn,	  syn,	    rst_tw,ack,	   ignore, syn,	    syn,      rst_tw),
};
#undef AT

static const uint8_t line_of[N_ROWS] = {
	[ROW_CLOSED] = L_CLOSED, [ROW_ENDED] = L_CLOSED,
	[ROW_LISTEN] = L_LISTEN, [ROW_LISTEN_PEER] = L_LISTEN,
	[ROW_SYN_SENT] = L_SYN_SENT,
	[ROW_SR_HALF] = L_SR_BACK, [ROW_SR_PASSIVE] = L_SR_BACK, [ROW_SR_ACTIVE] = L_SR_ACTIVE,
	[ROW_FRESH] = L_ESTABLISHED, [ROW_ACCEPTED] = L_ESTABLISHED,
	[ROW_ESTABLISHED] = L_ESTABLISHED, [ROW_SHUT] = L_SHUT,
	[ROW_FIN_WAIT_1] = L_FIN_WAIT_1, [ROW_FIN_WAIT_2] = L_FIN_WAIT_2,
	[ROW_F1_GONE] = L_FIN_WAIT_1, [ROW_F2_GONE] = L_FIN_WAIT_2,
	[ROW_CLOSE_WAIT] = L_CLOSE_WAIT, [ROW_CLOSING] = L_CLOSING, [ROW_LAST_ACK] = L_LAST_ACK,
	[ROW_TIME_WAIT] = L_TIME_WAIT, [ROW_TW_RECORD] = L_TIME_WAIT, [ROW_TW_ALONE] = L_TIME_WAIT
};

/*
 * II. The calls.  name, what it gives, the line it leads to, what leaves (0: nothing),
 * where; sections are of RFC 9293.
 */
enum { L_SAME = N_LINES };
#define CALL_RULES(X)											\
	X(none,		NO_CONN,	SAME,		0,		"3.10.2-6: connection does not exist")	\
	X(none1,	STATE,		SAME,		0,		"3.10.4: connection does not exist")	\
	X(reset,	RESET,		SAME,		0,		"3.10.7.4 second: told once more: reset") \
	X(exists,	IN_USE,		SAME,		0,		"3.10.1: connection already exists")	\
	X(open,		OK,		SYN_SENT,	SW_SYN,		"3.10.1: snd SYN")			\
	X(wait,		OK,		LISTEN,		0,		"3.10.1: LISTEN")			\
	X(snd_syn,	TOOK,		SYN_SENT,	SW_SYN,		"3.10.2: LISTEN, the peer is known: snd SYN") \
	X(queue,	TOOK,		SAME,		0,		"3.10.2: queued until ESTABLISHED")	\
	X(snd,		TOOK,		SAME,		SW_ACK | SW_PSH,"3.10.2: sent with an ACK")		\
	X(snd_no,	CLOSING,	SAME,		0,		"3.10.2: connection closing")		\
	X(later,	AGAIN,		SAME,		0,		"3.10.3: queue: asked again at an event") \
	X(end,		END,		SAME,		0,		"3.10.3: connection closing: no byte comes any more") \
	X(del,		OK,		CLOSED,		0,		"3.10.4, 3.10.5: delete TCB")		\
	X(fin,		OK,		FIN_WAIT_1,	SW_FIN | SW_ACK,"3.10.4: snd FIN")			\
	X(fin_wait,	OK,		FIN_WAIT_1,	0,		"3.10.4: the FIN goes behind the SYN's ACK: exceptions.md") \
	X(fin_l,	OK,		LAST_ACK,	SW_FIN | SW_ACK,"3.10.4: snd FIN; at the call: exceptions.md") \
	X(twice,	CLOSING,	SAME,		0,		"3.10.4: connection closing")		\
	X(rst,		OK,		CLOSED,		SW_RST | SW_ACK,"3.10.5: snd RST; its ACK is for a peer in SYN-SENT") \
	X(free,		OK,		LISTEN,		0,		"3.10.5: delete TCB; the listener stays") \
	X(state,	OK,		SAME,		0,		"3.10.6: state")			\
	X(gone,		OK,		SAME,		0,		"3.6.1 MAY-1: the stack goes on alone")

#define CALL_1(name, ...) C_##name,
enum call_rule { CALL_RULES(CALL_1) N_CALL_RULES };
#undef CALL_1

enum { SW_E_OK = SW_OK, SW_E_TOOK = 1, SW_E_END = 0 };
#define CALL_1(name, gives, to, says, where) {#name, SW_E_##gives, L_##to, says, where},
static const struct {
	const char *name;
	int gives;
	unsigned to;
	uint8_t says;
	const char *where;
} call_rules[] = {CALL_RULES(CALL_1)};
#undef CALL_1

enum call { OPEN_ACTIVE, OPEN_PASSIVE, SEND, RECEIVE, CLOSE, ABORT, STATUS, RELEASE, N_CALLS };
static const char call_names[][16] = {"OPEN active", "OPEN passive", "SEND", "RECEIVE", "CLOSE", "ABORT", "STATUS", "RELEASE"};

#define AT(row, a, b, c, d, e, f, g, h) \
	[ROW_##row] = {C_##a, C_##b, C_##c, C_##d, C_##e, C_##f, C_##g, C_##h}
static const uint8_t by_call[N_ROWS][N_CALLS] = {
/*		OPEN	OPEN	SEND	 RECEIVE CLOSE	 ABORT	STATUS	RELEASE
 *		active	passive	1 byte	 1 byte */
AT(CLOSED,	open,	wait,	none,	 none,	 none,	 none,	none,	none),
AT(ENDED,	open,	wait,	reset,	 reset,	 none1,	 del,	state,	del),
AT(LISTEN,	open,	wait,	none,	 none,	 del,	 del,	state,	del),
AT(LISTEN_PEER,	open,	exists,	snd_syn, later,	 del,	 del,	state,	del),
AT(SYN_SENT,	exists,	exists,	queue,	 later,	 del,	 del,	state,	del),
AT(SR_HALF,	exists,	exists,	none,	 none,	 del,	 del,	state,	del),
AT(SR_PASSIVE,	exists,	exists,	queue,	 later,	 fin_wait,rst,	state,	fin_wait),
AT(SR_ACTIVE,	exists,	exists,	queue,	 later,	 fin_wait,rst,	state,	fin_wait),
AT(ESTABLISHED,	exists,	exists,	snd,	 later,	 fin,	 rst,	state,	fin),
AT(FRESH,		exists,	exists,	snd,	 later,	 fin,	 rst,	state,	fin),
AT(ACCEPTED,	exists,	exists,	snd,	 later,	 fin,	 rst,	state,	fin),
AT(FIN_WAIT_1,	exists,	exists,	snd_no,	 later,	 twice,	 rst,	state,	gone),
AT(FIN_WAIT_2,	exists,	exists,	snd_no,	 later,	 twice,	 rst,	state,	gone),
AT(F1_GONE,	exists,	exists,	none,	 none,	 none,	 none,	none,	none),
AT(F2_GONE,	exists,	exists,	none,	 none,	 none,	 none,	none,	none),
AT(CLOSE_WAIT,	exists,	exists,	snd,	 end,	 fin_l,	 rst,	state,	fin_l),
AT(CLOSING,	exists,	exists,	snd_no,	 end,	 twice,	 del,	state,	gone),
AT(LAST_ACK,	exists,	exists,	snd_no,	 end,	 twice,	 del,	state,	gone),
AT(TIME_WAIT,	exists,	exists,	snd_no,	 end,	 twice,	 free,	state,	gone),
AT(TW_RECORD,	exists,	exists,	none,	 none,	 none,	 none,	none,	none),
AT(TW_ALONE,	exists,	exists,	none,	 none,	 none,	 none,	none,	none),
};
/* clang-format on */

/* Which column of the first table. */
static const struct rule *
cells_golden(unsigned line, uint8_t ctl)
{
	unsigned column = !!(ctl & SW_FIN) + 2u * !!(ctl & SW_SYN);

	if (ctl & SW_RST)
		column = 4;
	return &rules[by_bits[line][column + (ctl & SW_ACK ? 5 : 0)]];
}

static enum sw_state
line_state(unsigned line)
{
	static const uint8_t unsaid[N_LINES] = {[L_SYN_SENT_UNSAID] = SW_SYN_SENT,
						[L_FIN_WAIT_1_UNSAID] = SW_FIN_WAIT_1,
						[L_LAST_ACK_UNSAID] = SW_LAST_ACK};

	if (unsaid[line])
		return unsaid[line];
	for (unsigned r = 0; r < N_ROWS; r++)
		if (line_of[r] == line)
			return row_state((enum row)r);
	return SW_N_STATES;
}

static unsigned long cells;

/* What a call left to be said once our SYN is acknowledged. */
enum pending { NO_MORE, A_BYTE, A_FIN, NOT_YET, NOT_YET_RST };

/* What b has said is the answer, or what waited, which carries the ACK too. */
static bool
cells_said(const struct bench *b, const struct rule *r, const struct sw_trace *to, enum pending p)
{
	const struct sw_trace *t = &b->said[0];
	bool opened = r->to == SW_ESTABLISHED || r->to == SW_CLOSE_WAIT;

	if (p >= NOT_YET) { /* the call's and the answer in one: the RSTs are counted */
		unsigned rst = 0;

		for (unsigned i = 0; i < b->n_said; i++)
			rst += !!(b->said[i].ctl & SW_RST);
		return rst == (r->says == RST) + (unsigned)(p == NOT_YET_RST);
	}
	if (p == NO_MORE || (p == A_BYTE && !opened) ||
	    (p == A_FIN && r != &rules[R_ack] && r != &rules[R_fin_1]))
		return golden_said(b, r, to);
	return b->n_said == 1 && t->seq == b->nxt && t->ack == b->rcv_nxt &&
	       t->len == (p == A_BYTE) && !(t->ctl & SW_FIN) == (p == A_BYTE);
}

/* A segment comes to b in this line. */
static bool
cells_segment(struct bench *b, unsigned line, uint8_t ctl, enum pending pending)
{
	const struct rule *r = cells_golden(line, ctl);
	struct sw_trace t = {.ctl = ctl, .seq = b->rcv_nxt};
	bool good;

	cells++;
	t.ack = ctl & SW_ACK ? b->nxt : 0;
	bench_quiet(b);
	bench_tell(b, &t, NULL);
	good = ok(b->verdict == r->verdict && b->verdicts == 1);
	good &= ok(b->state == (r->to == SAME ? line_state(line) : r->to));
	bench_hear(b, 499 * SW_MS);
	if (r->takes)
		b->rcv_nxt +=
		    !!(ctl & SW_SYN) + (ctl & SW_FIN && (r == &rules[R_s_fin] || !(ctl & SW_SYN)));
	good &= ok(cells_said(b, r, &t, pending));
	good &= ok(sw_probe_check(b->s) == 0 && sw_probe_broken(b->s) == 0);
	if (!good)
		printf("#   control byte %02x: expected %s (%s), came %s and %s, said %u\n", ctl,
		       r->name, r->where, sw_verdict_name(b->verdict), sw_state_name(b->state),
		       b->n_said);
	return good;
}

static void
cells_each(void (*play)(const struct bench *, enum row))
{
	static const uint32_t places[] = {0, 0x7fffffff, 0x80000000, 0xffffffff};
	struct place at = {0};

	for (unsigned n = 0; n < 8; n++) {
		at.v6 = n & 1;
		at.iss = places[n / 2];
		at.irs = places[(n / 2 + n) % 4];
		for (int r = 0; r < N_ROWS; r++) {
			struct bench *from = bench_new((enum row)r, &at);

			play(from, (enum row)r);
			bench_end(from);
		}
	}
}

/* ---- 256 control bytes --------------------------------------------------- */

static void
bytes_row(const struct bench *from, enum row row)
{
	struct bench *b = bench_like(from);

	for (unsigned ctl = 0; ctl < 256; ctl++) {
		bench_copy(b, from);
		if (!cells_segment(b, line_of[row], (uint8_t)ctl, NO_MORE))
			printf("#   in %s\n", row_name(row));
	}
	bench_end(b);
}

static void
bytes(void)
{
	cells_each(bytes_row);
}

/* ---- calls, and 64 control bytes behind each ----------------------------- */

static int
call_status(const struct bench *b, sw_conn c)
{
	struct sw_status st = {.bytes = sizeof(st)};
	int error = sw_status(b->s, c, &st);

	ok(error || st.state == b->state || st.state == SW_LISTEN);
	return error;
}

/* What the call gives; the name of a connection, or of its listener. */
static int
call_make(struct bench *b, enum call call, enum row row)
{
	sw_conn c = row == ROW_LISTEN || row == ROW_SR_HALF ? b->listener : b->conn, fresh;
	uint8_t byte = 'x';

	switch (call) {
	case OPEN_ACTIVE:
		return sw_open_active(b->s, b->now, &b->me, &b->peer, &fresh);
	case OPEN_PASSIVE:
		return sw_open_passive_from(b->s, b->now, &b->me, &b->peer, &fresh);
	case SEND:
		return (int)sw_send(b->s, b->now, c, &byte, 1, 0);
	case RECEIVE:
		return (int)sw_receive(b->s, b->now, c, &byte, 1);
	case CLOSE:
		return sw_close(b->s, b->now, c);
	case ABORT:
		return sw_abort(b->s, b->now, c);
	case RELEASE:
		return sw_release(b->s, b->now, c);
	default:
		return call_status(b, c);
	}
}

/* What leaves after the call: the numbers that it takes, and nothing that the golden
 * table does not say. */
static bool
call_said(struct bench *b, uint8_t says)
{
	const struct sw_trace *t = &b->said[0];
	uint32_t space;

	bench_hear(b, 0);
	if (says == 0 || b->n_said == 0)
		return b->n_said == (says != 0);
	space = t->len + !!(t->ctl & SW_SYN) + !!(t->ctl & SW_FIN);
	if (b->n_said != 1 || t->ctl != says || t->seq != b->nxt)
		return false;
	if ((says & SW_ACK) && t->ack != b->rcv_nxt)
		return false;
	b->nxt += space;
	return t->len == !!(says & SW_PSH);
}

/* The line before SYN or FIN have left. */
static unsigned
call_unsaid(unsigned line, uint8_t says)
{
	if (says & SW_SYN)
		return L_SYN_SENT_UNSAID;
	if (says & SW_FIN)
		return line == L_LAST_ACK ? L_LAST_ACK_UNSAID : L_FIN_WAIT_1_UNSAID;
	return line;
}

/* One call, then one segment: before (or after) the host could say what it wants. */
static void
call_cell(const struct bench *from, struct bench *b, enum row row, enum call call, unsigned how)
{
	unsigned rule = by_call[row][call], line = call_rules[rule].to;
	uint8_t says = call_rules[rule].says;
	bool queued = rule == C_queue || rule == C_snd_syn, good;
	enum pending pending = queued ? A_BYTE : rule == C_fin_wait ? A_FIN : NO_MORE;
	int gave;

	line = line == L_SAME ? line_of[row] : line;
	bench_copy(b, from);
	gave = call_make(b, call, row);
	bench_watch(b);
	if (line == L_LISTEN || (line == L_CLOSED && b->listener))
		b->state = line_state(line); /* a listener's state is not a connection's */
	good = ok(gave == call_rules[rule].gives && b->state == line_state(line));
	if (how & 64)
		good &= ok(call_said(b, says));
	if (!(how & 64) || rule == C_fin_wait)
		line = call_unsaid(line, rule == C_fin_wait ? SW_FIN : says);
	if (!(how & 64))
		pending = says & SW_RST ? NOT_YET_RST : NOT_YET;
	good &= cells_segment(b, line, how & 63, pending);
	if (!good)
		printf("#   %s in %s: expected %s (%s), gave %d\n", call_names[call], row_name(row),
		       call_rules[rule].name, call_rules[rule].where, gave);
}

static void
calls_row(const struct bench *from, enum row row)
{
	struct bench *b;

	if (row == ROW_SHUT) /* what follows a call in ESTABLISHED: the window is not asked */
		return;
	b = bench_like(from);
	for (int call = 0; call < N_CALLS; call++)
		for (unsigned how = 0; how < 128; how++)
			call_cell(from, b, row, (enum call)call, how);
	bench_end(b);
}

static void
calls(void)
{
	cells_each(calls_row);
}

int
main(void)
{
	TEST("256 control bytes in all states", bytes);
	TEST("calls in all states, then 64 control bytes", calls);
	printf("# %lu cells\n", cells);
	return plan_done();
}
