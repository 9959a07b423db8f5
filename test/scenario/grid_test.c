/*
 * grid_test.c - each kind of segment in each state at each edge of the receive
 * window and at each edge of what may be acknowledged; both families, ISS and IRS at
 * the four places where arithmetic breaks.  RFC 9293 3.10.7, 5961, 1337.
 */
#include "golden.h"

/* The kinds: control bits, bytes of text. */
#define KINDS(X)                                                                                   \
	X(SYN, SW_SYN, 0)                                                                          \
	X(SYN_ACK, SW_SYN | SW_ACK, 0)                                                             \
	X(ACK, SW_ACK, 0)                                                                          \
	X(FIN, SW_FIN, 0)                                                                          \
	X(FIN_ACK, SW_FIN | SW_ACK, 0)                                                             \
	X(RST, SW_RST, 0)                                                                          \
	X(RST_ACK, SW_RST | SW_ACK, 0)                                                             \
	X(SYN_FIN, SW_SYN | SW_FIN, 0)                                                             \
	X(DATA, SW_ACK, 2)

#define KIND_1(name, ...) K_##name,
enum kind { KINDS(KIND_1) N_KINDS };
#undef KIND_1

static const struct {
	char name[8];
	uint8_t ctl, len;
} kinds[] = {
#define KIND_1(name, ctl, len) {#name, ctl, len},
    KINDS(KIND_1)
#undef KIND_1
};

/* Where the segment begins.  ACROSS: its last number is RCV.NXT; FAR: half way round. */
enum edge { LEFT, ACROSS, NXT, MIDDLE, LAST, BEYOND, FAR, N_EDGES };
static const char edge_names[][8] = {"left", "across", "NXT", "NXT+1", "last", "beyond", "far"};

/* What it acknowledges.  OLDEST: SND.UNA - MAX.SND.WND, PART: SND.UNA + 1 of two. */
enum acks { A_OLDER, A_OLDEST, A_OLD, A_UNA, A_PART, A_NXT, A_UNSENT, A_FAR, N_ACKS };
static const char ack_names[][8] = {"older", "oldest", "UNA-1", "UNA",
				    "UNA+1", "NXT",    "NXT+1", "far"};

/* clang-format off */
#define K(kind) (1u << K_##kind)
#define CELL(...) CELL_(__VA_ARGS__)
#define CELL_(a, b, c, d, e, f, g) {R_##a, R_##b, R_##c, R_##d, R_##e, R_##f, R_##g}

/*
 * I. By kind and edge: what the sequence number, RST, SYN and the ACK bit decide.
 */
static const struct {
	unsigned kinds, rows;
	uint8_t rule[N_EDGES];
} by_edge[] = {
/*					left	    across   RCV.NXT   RCV.NXT+1 last      beyond    far */
{ K(RST) | K(RST_ACK),	NOBODY,	CELL(hush,  ____,    hush,     hush,     hush,     hush,     hush)},
{ K(SYN) | K(SYN_ACK) | K(ACK) | K(FIN) | K(FIN_ACK),
			NOBODY,	CELL(nobody,____,    nobody,   nobody,   nobody,   nobody,   nobody)},
{ K(SYN_FIN) | K(DATA),	NOBODY,	CELL(nobody,nobody,  nobody,   nobody,   nobody,   nobody,   nobody)},

{ K(RST) | K(RST_ACK),	LISTENS,	CELL(l_rst, ____,    l_rst,    l_rst,    l_rst,    l_rst,    l_rst)},
{ K(ACK) | K(SYN_ACK) | K(FIN_ACK),
			LISTENS,	CELL(l_ack, ____,    l_ack,    l_ack,    l_ack,    l_ack,    l_ack)},
{ K(DATA),		LISTENS,	CELL(l_ack, l_ack,   l_ack,    l_ack,    l_ack,    l_ack,    l_ack)},
{ K(SYN),		LISTENS,	CELL(l_syn, ____,    l_syn,    l_syn,    l_syn,    l_syn,    l_syn)},
{ K(SYN_FIN),		LISTENS,	CELL(l_syn, l_syn,   l_syn,    l_syn,    l_syn,    l_syn,    l_syn)},
{ K(FIN),		LISTENS,	CELL(l_none,____,    l_none,   l_none,   l_none,   l_none,   l_none)},

/* no number of the peer is known yet: any will do */
{ K(SYN),		IN(SYN_SENT),	CELL(s_cross,____,   s_cross,  s_cross,  s_cross,  s_cross,  s_cross)},
{ K(SYN_FIN),		IN(SYN_SENT),	CELL(s_cross,s_cross,s_cross,  s_cross,  s_cross,  s_cross,  s_cross)},
{ K(RST),		IN(SYN_SENT),	CELL(s_hush,____,    s_hush,   s_hush,   s_hush,   s_hush,   s_hush)},
{ K(FIN),		IN(SYN_SENT),	CELL(s_none,____,    s_none,   s_none,   s_none,   s_none,   s_none)},
{ K(ACK) | K(SYN_ACK) | K(FIN_ACK) | K(RST_ACK),
			IN(SYN_SENT),	CELL(next,  ____,    next,     next,     next,     next,     next)},
{ K(DATA),		IN(SYN_SENT),	CELL(next,  next,    next,     next,     next,     next,     next)},

{ K(RST) | K(RST_ACK),	SR_BACK,	CELL(rst_out,____,   rst_back, rst_in,   rst_in,   rst_out,  rst_out)},
{ K(RST) | K(RST_ACK),	IN(SR_ACTIVE) | OPEN,
					CELL(rst_out,____,   rst,      rst_in,   rst_in,   rst_out,  rst_out)},
{ K(RST) | K(RST_ACK),	TW,		CELL(rst_out,____,   rst_tw,   rst_tw,   rst_tw,   rst_out,  rst_out)},

{ K(SYN),		SR_BACK,	CELL(syn_again,____, syn_back, syn_back, syn_back, syn,      syn)},
{ K(SYN),		IN(SR_ACTIVE),	CELL(syn_again,____, syn,      syn,      syn,      syn,      syn)},
{ K(SYN),		OPEN | IN(TW_ALONE),
					CELL(syn,   ____,    syn,      syn,      syn,      syn,      syn)},
{ K(SYN),		TW_HEARD,	CELL(syn,   ____,    syn,      reuse,    reuse,    reuse,    reuse)},
/* with its own SYN and the right ACK it ends SYN-RECEIVED: 3.5, Figure 8 */
{ K(SYN_ACK),		SR_BACK,	CELL(next,  ____,    syn_back, syn_back, syn_back, syn,      syn)},
{ K(SYN_ACK),		IN(SR_ACTIVE),	CELL(next,  ____,    syn,      syn,      syn,      syn,      syn)},
{ K(SYN_ACK),		OPEN | TW,	CELL(syn,   ____,    syn,      syn,      syn,      syn,      syn)},
{ K(SYN_FIN),		SR_BACK,	CELL(syn,   syn_again,syn_back,syn_back, syn_back, syn,      syn)},
{ K(SYN_FIN),		IN(SR_ACTIVE),	CELL(syn,   syn_again,syn,     syn,      syn,      syn,      syn)},
{ K(SYN_FIN),		OPEN | TW,	CELL(syn,   syn,     syn,      syn,      syn,      syn,      syn)},

{ K(ACK),		SYNC,		CELL(outside,____,   next,     next,     next,     outside,  outside)},
{ K(FIN),		SR | OPEN,	CELL(old,   ____,    no_ack,   no_ack,   no_ack,   outside,  old)},
{ K(FIN),		TW,		CELL(fin_again,____, no_ack,   no_ack,   no_ack,   outside,  old)},
{ K(FIN_ACK),		SR | OPEN,	CELL(old,   ____,    next,     next,     next,     outside,  old)},
{ K(FIN_ACK),		TW,		CELL(fin_again,____, next,     next,     next,     outside,  old)},
{ K(DATA),		SYNC,		CELL(old,   next,    next,     next,     next,     outside,  old)},

/* no window: only a segment of no length at RCV.NXT, but ACK and RST of others count */
{ K(RST) | K(RST_ACK),	IN(SHUT),	CELL(rst_out,____,   rst,      rst_out,  ____,     ____,     rst_out)},
{ K(SYN) | K(SYN_ACK),	IN(SHUT),	CELL(syn,   ____,    syn,      syn,      ____,     ____,     syn)},
{ K(SYN_FIN),		IN(SHUT),	CELL(syn,   syn,     syn,      syn,      ____,     ____,     syn)},
{ K(ACK),		IN(SHUT),	CELL(outside,____,   next,     outside,  ____,     ____,     outside)},
{ K(FIN),		IN(SHUT),	CELL(old,   ____,    shut_na,  outside,  ____,     ____,     old)},
{ K(FIN_ACK),		IN(SHUT),	CELL(old,   ____,    next,     outside,  ____,     ____,     old)},
{ K(DATA),		IN(SHUT),	CELL(old,   outside, next,     outside,  ____,     ____,     old)},
};

/*
 * II. The ACK field of what has passed I.
 */
#undef CELL_
#define CELL_(a, b, c, d, e, f, g, h) {R_##a, R_##b, R_##c, R_##d, R_##e, R_##f, R_##g, R_##h}
static const struct {
	unsigned kinds, rows;
	uint8_t rule[N_ACKS];
} by_ack[] = {
/*					older   oldest UNA-1  UNA    UNA+1 NXT     NXT+1  far */
{ K(ACK) | K(FIN_ACK) | K(DATA),
			IN(SYN_SENT),	CELL(s_bad, s_bad, s_bad, s_bad, ____, s_none, s_bad, s_bad)},
{ K(SYN_ACK),		IN(SYN_SENT),	CELL(s_bad, s_bad, s_bad, s_bad, ____, s_open, s_bad, s_bad)},
{ K(RST_ACK),		IN(SYN_SENT),	CELL(s_hush,s_hush,s_hush,s_hush,____, s_rst,  s_hush,s_hush)},
{ ~0u,			SR,		CELL(a_bad, a_bad, a_bad, a_bad, ____, next,   a_bad, a_bad)},
{ ~0u,			(OPEN & ~F2 & ~NEW) | IN(SHUT),
					CELL(a_old, next,  next,  next,  next, next,   a_new, a_old)},
/* all is acknowledged: UNA is NXT */
{ ~0u,			F2 | IN(TIME_WAIT),
					CELL(a_old, next,  next,  ____,  ____, next,   a_new, a_old)},
/* what was never sent is not acknowledged, however wide the window: ISS neither */
{ ~0u,			NEW,		CELL(a_old, a_old, a_old, ____,  ____, next,   a_new, a_old)},
/* the record does not hold MAX.SND.WND: only the true number will do */
{ ~0u,			IN(TW_RECORD) | IN(TW_ALONE),
					CELL(a_old, a_old, a_old, ____,  ____, next,   a_new, a_old)},
};

/*
 * III. Text and FIN of what has passed II; what the ACK of all that was sent does.
 */
#undef CELL_
#define CELL_(a, b, c, d, e) {R_##a, R_##b, R_##c, R_##d, R_##e}
enum { NOT_ALL = 1, ALL = 2, ANY = 3 };
static const struct {
	unsigned rows, acked;
	uint8_t rule[5];
} by_text[] = {
/*					ACK	text	ahead	 FIN	FIN ahead */
{ SR,			ANY,	CELL(	o_ack,	o_text,	o_ahead, o_fin,	o_ahead)},
{ IN(ESTABLISHED) | NEW,	ANY,	CELL(	ack,	text,	ahead,	 fin,	ahead)},
{ IN(SHUT),		ANY,	CELL(	ack,	shut,	____,	 shut,	____)},
{ IN(FIN_WAIT_1),	NOT_ALL,CELL(	ack,	text,	ahead,	 fin_1,	ahead)},
{ IN(FIN_WAIT_1),	ALL,	CELL(	f_ack,	f_text,	f_ahead, fin_2,	f_ahead)},
{ IN(FIN_WAIT_2),	ANY,	CELL(	ack,	text,	ahead,	 fin_2,	ahead)},
{ IN(F1_GONE),		NOT_ALL,CELL(	ack,	lost,	lost,	 fin_1,	ahead)},
{ IN(F1_GONE),		ALL,	CELL(	f_ack,	lost,	lost,	 fin_2,	f_ahead)},
{ IN(F2_GONE),		ANY,	CELL(	ack,	lost,	lost,	 fin_2,	ahead)},
{ IN(CLOSE_WAIT),	ANY,	CELL(	ack,	ignore,	ignore,	 ignore,ignore)},
{ IN(CLOSING),		NOT_ALL,CELL(	ack,	ignore,	ignore,	 ignore,ignore)},
{ IN(CLOSING),		ALL,	CELL(	g_ack,	g_ack,	g_ack,	 g_ack,	g_ack)},
{ IN(LAST_ACK),		NOT_ALL,CELL(	ack,	ignore,	ignore,	 ignore,ignore)},
{ IN(LAST_ACK),		ALL,	CELL(	z_ack,	z_ack,	z_ack,	 z_ack,	z_ack)},
{ TW,			ANY,	CELL(	ack,	ignore,	ignore,	 ignore,ignore)},
};
/* clang-format on */

#define N(table) (sizeof(table) / sizeof((table)[0]))

/* Its timestamp: as the last one, before it, after it; or there is none. */
enum stamp { S_LAST, S_OLDER, S_NEWER, S_NONE, N_STAMPS };
static const char stamp_names[][8] = {"last", "older", "newer", "none"};

struct cell {
	enum stamp stamp;
	enum row row;
	enum kind kind;
	enum edge edge;
	enum acks acks;
};

/* The one line of each table that speaks of the cell. */
static const struct rule *
grid_text(const struct cell *c)
{
	const struct rule *found = NULL;
	bool ahead = c->edge == MIDDLE || c->edge == LAST;
	int column = c->kind == K_DATA ? 1 + ahead : c->kind == K_FIN_ACK ? 3 + ahead : 0;

	for (size_t i = 0; i < N(by_text); i++) {
		if (!(by_text[i].rows >> c->row & 1) ||
		    !(by_text[i].acked & (c->acks == A_NXT ? ALL : NOT_ALL)))
			continue;
		ok(!found);
		found = &rules[by_text[i].rule[column]];
	}
	return found;
}

static const struct rule *
grid_ack(const struct cell *c)
{
	const struct rule *found = NULL;

	for (size_t i = 0; i < N(by_ack); i++) {
		if (!(by_ack[i].rows >> c->row & 1) || !(by_ack[i].kinds >> c->kind & 1))
			continue;
		ok(!found);
		found = &rules[by_ack[i].rule[c->acks]];
	}
	return found == &rules[R_next] ? grid_text(c) : found;
}

static const struct rule *
grid_golden(const struct cell *c)
{
	const struct rule *found = NULL;

	for (size_t i = 0; i < N(by_edge); i++) {
		if (!(by_edge[i].rows >> c->row & 1) || !(by_edge[i].kinds >> c->kind & 1))
			continue;
		ok(!found);
		found = &rules[by_edge[i].rule[c->edge]];
	}
	if (!ok(found != NULL))
		return &rules[R_____];
	return found == &rules[R_next] ? grid_ack(c) : found;
}

/* What timestamps change, where they were agreed on. */
static const struct rule *
grid_stamped(const struct cell *c)
{
	const struct rule *r = grid_golden(c);
	uint8_t ctl = kinds[c->kind].ctl;
	/* the SYN-ACK that ends SYN-RECEIVED is judged as the ACK that it is */
	bool own = (SR >> c->row & 1) && c->kind == K_SYN_ACK && c->edge == LEFT;

	if (c->stamp == S_LAST || r == &rules[R_____] || !(STAMPED >> c->row & 1))
		return r;
	if (c->kind == K_SYN && (TW_HEARD >> c->row & 1) && c->stamp != S_NONE)
		return &rules[c->stamp == S_NEWER ? R_reuse : R_syn]; /*= RFC 6191 2 */
	if ((ctl & SW_RST) || ((ctl & SW_SYN) && !own) || c->stamp == S_NEWER)
		return r;
	return &rules[c->stamp == S_OLDER ? R_paws : R_ts_none];
}

/*= RFC 7323 3.2, 4.3: an answer has timestamps, and echoes what was taken last */
static bool
grid_echo(const struct bench *from, const struct bench *b, const struct cell *c,
	  const struct rule *r)
{
	bool old = c->edge == LEFT || c->edge == MIDDLE || c->edge == LAST;
	bool taken = r->verdict == SW_V_TAKEN || r->verdict == SW_V_OPENED;

	if (!from->at.ts || b->n_said == 0 || !(STAMPED >> c->row & 1) ||
	    (b->said[0].ctl & (SW_RST | SW_SYN)))
		return true;
	if (!(b->said[0].has & SW_HAS_TS))
		return false;
	return b->said[0].tsecr == from->ts + (c->stamp == S_NEWER && taken && !old);
}

static uint32_t
grid_seq(const struct bench *b, const struct cell *c)
{
	uint8_t ctl = kinds[c->kind].ctl;
	uint32_t space = kinds[c->kind].len + !!(ctl & SW_SYN) + !!(ctl & SW_FIN);
	uint32_t nxt = b->rcv_nxt, wnd = b->rcv_wnd;
	const uint32_t at[] = {[LEFT] = nxt - (space ? space : 1),
			       [ACROSS] = nxt - 1,
			       [NXT] = nxt,
			       [MIDDLE] = nxt + 1,
			       [LAST] = nxt + wnd - 1,
			       [BEYOND] = nxt + wnd,
			       [FAR] = nxt + 0x80000000};

	return at[c->edge];
}

static uint32_t
grid_acked(const struct bench *b, const struct cell *c)
{
	const uint32_t at[] = {[A_OLDER] = b->una - BENCH_WND - 1,
			       [A_OLDEST] = b->una - BENCH_WND,
			       [A_OLD] = b->una - 1,
			       [A_UNA] = b->una,
			       [A_PART] = b->una + 1,
			       [A_NXT] = b->nxt,
			       [A_UNSENT] = b->nxt + 1,
			       [A_FAR] = b->una + 0x80000000};

	return at[c->acks];
}

static unsigned long grid_cells;

/* The numbers after it are right too, where the application can ask. */
static bool
grid_numbers(const struct bench *b, const struct sw_trace *t, const struct rule *r)
{
	struct sw_status st = {.bytes = sizeof(st)};
	bool moved = r->verdict == SW_V_TAKEN || r->verdict == SW_V_OPENED ||
		     r->verdict == SW_V_OUT_OF_ORDER;
	uint32_t una =
	    moved && (int32_t)(t->ack - b->una) > 0 && (t->ctl & SW_ACK) ? t->ack : b->una;

	if (!b->conn)
		return true;
	if (!ok(sw_status(b->s, b->conn, &st) == SW_OK) || st.state < SW_ESTABLISHED)
		return true;
	return st.state == b->state && st.rcv_nxt == b->rcv_nxt && st.snd_una == una;
}

/* TIME-WAIT ends when it would have ended anyway, or 2MSL begin anew. */
static bool
grid_wait(struct bench *b, const struct rule *r, sw_ns when)
{
	sw_ns end = (r == &rules[R_fin_again] ? when : b->since) + 240 * SW_S;

	if (b->state != SW_TIME_WAIT)
		return true;
	b->now = end - 10 * SW_MS;
	bench_hear(b, 0);
	if (b->state != SW_TIME_WAIT)
		return false;
	bench_hear(b, 20 * SW_MS);
	return b->state == SW_CLOSED;
}

static void
grid_say(const struct cell *c, const struct bench *b, const struct rule *r)
{
	printf("# %s, %s at %s, ACK of %s, timestamp %s: ", row_name(c->row), kinds[c->kind].name,
	       edge_names[c->edge], ack_names[c->acks], stamp_names[c->stamp]);
	printf("expected %s (%s), came %s and %s, said %u\n", r->name, r->where,
	       sw_verdict_name(b->verdict), sw_state_name(b->state), b->n_said);
	for (unsigned i = 0; i < b->n_said; i++)
		printf("#   ctl %02x seq ISS+%ld ack IRS+%ld\n", b->said[i].ctl,
		       (long)(int32_t)(b->said[i].seq - b->at.iss),
		       (long)(int32_t)(b->said[i].ack - b->at.irs));
}

static void
grid_play(const struct bench *from, struct bench *b, const struct cell *c)
{
	const struct rule *r = grid_stamped(c);
	struct sw_trace t = {.ctl = kinds[c->kind].ctl, .len = kinds[c->kind].len};
	sw_ns when = from->now;
	bool good;

	if (r == &rules[R_____])
		return;
	grid_cells++;
	bench_copy(b, from);
	t.seq = grid_seq(from, c);
	t.ack = t.ctl & SW_ACK ? grid_acked(from, c) : 0;
	b->ts += (uint32_t)(c->stamp == S_NEWER) - (c->stamp == S_OLDER);
	b->ts_none = c->stamp == S_NONE;
	bench_tell(b, &t, NULL);
	bench_hear(b, 499 * SW_MS); /* MUST-40: an ACK may wait so long */
	if (r->takes) /* on a SYN the rest is not taken before the handshake is done */
		b->rcv_nxt = t.seq + (t.ctl & SW_SYN ? 1 : t.len + !!(t.ctl & SW_FIN));
	good = ok(b->verdict == r->verdict && b->verdicts == 1u + (r == &rules[R_reuse]));
	good &= ok(b->state == (r->to == SAME ? from->state : r->to));
	good &= ok(golden_said(b, r, &t));
	good &= ok(grid_numbers(b, &t, r));
	good &= ok(grid_echo(from, b, c, r));
	good &= ok(grid_wait(b, r, when));
	good &= ok(sw_probe_check(b->s) == 0 && sw_probe_broken(b->s) == 0);
	if (!good)
		grid_say(c, b, r);
}

static void
grid_cell(const struct bench *from, struct bench *b, struct cell *c)
{
	for (int s = 0; s < (from->at.ts ? N_STAMPS : 1); s++) {
		c->stamp = (enum stamp)s;
		grid_play(from, b, c);
	}
}

static void
grid_row(const struct place *at, enum row row)
{
	struct bench *from = bench_new(row, at), *b = bench_like(from);
	struct cell c = {.row = row};

	for (int k = 0; k < N_KINDS; k++) {
		c.kind = (enum kind)k;
		for (int e = 0; e < N_EDGES; e++) {
			c.edge = (enum edge)e;
			for (int a = 0; a < (kinds[k].ctl & SW_ACK ? N_ACKS : 1); a++) {
				c.acks = (enum acks)a;
				grid_cell(from, b, &c);
			}
		}
	}
	bench_end(b);
	bench_end(from);
}

/* Numbers such that ISS or SND.UNA, IRS or RCV.NXT is at the place that breaks. */
static void
grid_rows(bool v6)
{
	static const uint32_t places[] = {0, 0x7fffffff, 0x80000000, 0xffffffff};
	struct place at = {.v6 = v6};

	for (int n = 0; n < 32; n++) {
		at.iss = places[n % 4] - (n >= 16 ? BENCH_SENT : 0);
		at.irs = places[n / 4 % 4] - (n >= 16 ? BENCH_READ : 0);
		for (int r = 0; r < N_ROWS; r++)
			grid_row(&at, (enum row)r);
	}
}

static void
grid_ip4(void)
{
	grid_rows(false);
}

static void
grid_ip6(void)
{
	grid_rows(true);
}

static void
grid_stamps(void)
{
	static const uint32_t places[] = {0, 0x7fffffff, 0x80000000, 0xffffffff};
	struct place at = {.ts = true};

	for (int n = 0; n < 8; n++) {
		at.v6 = n & 1;
		at.iss = places[n / 2];
		at.irs = places[(n / 2 + n) % 4];
		for (int r = 0; r < N_ROWS; r++)
			grid_row(&at, (enum row)r);
	}
}

int
main(void)
{
	TEST("kinds, states and edges, IPv4", grid_ip4);
	TEST("kinds, states and edges, IPv6", grid_ip6);
	TEST("the same, with timestamps that are older, newer, missing", grid_stamps);
	printf("# %lu cells\n", grid_cells);
	return plan_done();
}
