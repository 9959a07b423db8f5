/*
 * parts.h - what the files of tcp/ share among themselves.
 */
#ifndef SW_TCP_PARTS_H
#define SW_TCP_PARTS_H

#include "tcp/cc.h"
#include "tcp/tcp.h"

/* A thing that must be true of our own state, whatever a peer sends.  If not,
 * it is counted and this one connection is reset at the end of the call. */
#define invariant(tcp, t, expr)                        \
	do {                                           \
		if (!(expr)) {                         \
			(tcp)->broken++;               \
			(tcp)->broken_line = __LINE__; \
			(t)->flags |= T_BROKEN;        \
		}                                      \
	} while (0)

/*
 * A rule that the explorer may break, in a copy of the core made for that, to
 * show what it is for.  Nothing of it is in the library.
 */
#ifdef SW_BREAKS
extern unsigned sw_breaks; /* the explorer's: the only variable of that copy */
#define BROKEN(rule) (sw_breaks & (rule))
enum { BREAK_TWO_WAY = 1, BREAK_NO_TIME_WAIT = 2, BREAK_SHORT_TIME_WAIT = 4,
       BREAK_ACK_LESS_FIN = 8, BREAK_NO_PAWS = 16 };
#else
#define BROKEN(rule) false
#endif

/* What a step of SEGMENT ARRIVES says; every other verdict ends the steps. */
#define NEXT SW_N_VERDICTS

enum { MSS_FLOOR = 64 };   /* bounds packets per byte whatever a peer's option says */
enum { DUP_THRESH = 3 };   /* RFC 5681 3.2 */
enum { WSCALE_MAX = 14 };  /* RFC 7323 2.3 */
enum { SYN_OPTIONS_MOST = 40 }; /* RFC 9293 3.1: what a header can hold of them */
enum { PAWS_IDLE_S = 24 * 24 * 3600 }; /* RFC 7323 5.5 */

/* fsm.c */
void fsm_go(struct tcp *, struct tcb *, enum sw_cause on);
bool fsm_can(const struct tcb *, enum sw_cause on);

/* handshake.c */
bool syn_unacked(const struct tcb *);
void handshake_reopen(struct tcp *, struct tcb *); /* back to LISTEN */
void rcv_begin(struct tcb *);
void syn_emit(struct tcp *, struct tcb *, struct seg *);
bool syn_held(const struct tcp *, const struct tcb *);
bool fast_open(const struct tcb *);
bool returns_to_listen(const struct tcb *);
enum sw_verdict arrives_listen(struct tcp *, struct tcb *, struct seg *, struct reply *);
enum sw_verdict arrives_syn_sent(struct tcp *, struct tcb *, struct seg *, struct reply *);
void handshake_done(struct tcp *, struct tcb *);
void syn_text_acked(struct tcp *, struct tcb *, uint32_t n);
int fast_set(struct tcb *, uint64_t value);
void mss_settle(struct tcp *, struct tcb *);

/* arrives.c */
enum sw_verdict challenge(struct tcp *, struct tcb *, enum sw_verdict why);
void measure(const struct tcb *, struct seg *);
void reply_rst(const struct seg *to, struct reply *);

/* ack.c */
bool is_dup(const struct tcb *, const struct seg *);
void snd_acked(struct tcp *, struct tcb *, const struct seg *);
void snd_window(struct tcp *, struct tcb *, const struct seg *);
uint32_t seg_window(const struct tcb *, const struct seg *); /* scaled */

/* text.c: receiving */
bool text_row(struct tcp *, struct active *, const struct seg *, const struct proof *);
void text_took(struct tcp *, struct tcb *, struct active *, const struct seg *, uint32_t took);
enum sw_verdict take_text(struct tcp *, struct tcb *, struct seg *, struct reply *);
void ack_soon(struct tcp *, struct tcb *, uint32_t len);
void dsack_note(struct tcp *, struct tcb *, seq left, uint32_t len);
uint32_t sack_fill(const struct tcp *, const struct tcb *, struct sack *, uint32_t max);
uint32_t sack_space(const struct tcp *, const struct tcb *);

struct told;

/* tune.c: sizes of buffers */
uint32_t rcv_space(const struct tcp *, const struct tcb *);
uint32_t snd_space(const struct tcp *, const struct tcb *);
uint32_t rcv_pressed(const struct tcp *, const struct tcb *);
void tune_arrived(struct tcp *, const struct tcb *, struct active *, const struct seg *);
void tune_took(struct tcp *, const struct tcb *, struct active *, uint32_t n);
sw_ns tune_rests(struct tcp *, const struct tcb *, struct active *);
void tune_drop(struct tcp *, struct active *);
void tune_regain(struct tcp *, const struct tcb *, struct active *, uint64_t space);

/* mtu.c */
uint16_t mtu_stamp(sw_ns when);
bool mtu_is_sound(const struct active *);
void mtu_rest(const struct tcp *, struct tcb *, const struct active *);
void mtu_acked(struct tcp *, struct tcb *, struct active *, const struct told *);
void mtu_timeout(struct tcp *, struct tcb *, struct active *);
bool mtu_claimed(struct tcp *, struct tcb *, struct active *);
bool mtu_explains(struct tcp *, struct tcb *, struct active *);
uint32_t mtu_probe(const struct tcp *, const struct tcb *, const struct active *, uint32_t may);
void mtu_probe_sent(struct tcp *, const struct tcb *, struct active *, uint32_t i);

/* window.c */
uint32_t rcv_segment(const struct tcb *);
uint32_t rcv_offer(const struct tcp *, const struct tcb *);
uint16_t rcv_window_field(const struct tcp *, struct tcb *);
void rcv_window_after_read(struct tcp *, struct tcb *);

/* teardown.c */
void take_fin(struct tcp *, struct tcb *, bool fin);
void end(struct tcp *, struct tcb *, enum sw_cause, int error);
void time_wait_restart(struct tcp *, struct tcb *);
bool fin_acked(const struct tcb *);
void reset_fill(const struct tcb *, struct reply *); /* a RST that ends it at the peer too */

/* board.c: the scoreboard */
struct active *active_of(const struct tcp *, const struct tcb *); /* NULL: idle */
struct active *active_take(struct tcp *, struct tcb *);		  /* NULL: pool full */
void active_rest(struct tcp *, struct tcb *); /* give it back when nothing is left */
struct rec *rec_at(const struct tcp *, uint32_t i);
enum { REC_MOST = 65536 }; /* bytes of a record: how far a cut must walk */
/* What goes out now. */
struct sent {
	seq at;
	uint32_t len;  /* numbers, the FIN's too */
	uint16_t size; /* text of each of its segments but the last */
	struct place text;
};
uint32_t board_add(struct tcp *, struct active *, const struct sent *);
uint32_t board_split(struct tcp *, struct active *, uint32_t i, uint32_t len);
void board_resent(struct tcp *, struct active *, uint32_t i);
void board_lose(struct tcp *, struct active *, uint32_t i);
void board_lose_first(struct tcp *, struct active *, uint32_t i);
void board_lose_all(struct tcp *, struct active *);
void board_found(struct tcp *, struct active *);
bool board_reneged(const struct tcp *, const struct active *);
/* What one ACK told of the scoreboard. */
struct told {
	/* when what it covers was sent: the last that was sent once, and the last that
	 * was sent again; 0: none */
	sw_ns once, again;
	uint32_t bytes;	   /* newly acknowledged or SACKed */
	struct rec newest; /* of these the one sent last, as it was; nothing if bytes is 0 */
	/* of these the one sent last whose ACK this is without doubt: RACK.segment */
	bool valid;
	sw_ns sent;
	seq end;
	seq top;	/* the highest number of these */
	bool reordered; /* something sent once came behind what was sent later */
	bool probe;	/* mtu.c's was among them */
	/* in: what it is measured by */
	bool selective; /* now by SACK, not by the cumulative number */
	bool echoes;	/* it has an echo of our clock: */
	uint32_t echo_ms;
	sw_ns min_rtt;
	bool dup; /* a D-SACK: */
	struct sack dsack;
};
/* Was the first transmission the later one (RFC 8985 6.2)? */
static inline bool
sent_later(sw_ns a, seq a_end, sw_ns b, seq b_end)
{
	return a > b || (a == b && seq_lt(b_end, a_end));
}

/* Drops what lies below una. */
void board_acked(struct tcp *, struct active *, seq una, struct told *);
/* A SACK block. */
void board_sacked(struct tcp *, struct active *, struct sack, struct told *);
bool board_find_lost(struct tcp *, struct active *, uint32_t mss); /* any newly lost? */
uint32_t board_next_lost(struct tcp *, struct active *);	    /* NONE */

/* rack.c: RFC 8985 6 */
bool rack_on(const struct tcp *, const struct tcb *);
void rack_begin(struct active *, seq una);
sw_ns rack_min_rtt(const struct tcb *, const struct active *); /* 0: none known */
void rack_delivered(const struct tcp *, struct active *, const struct rec *, seq end,
		    struct told *);
void rack_update(const struct tcp *, struct tcb *, struct active *, const struct told *);
void rack_dsack(const struct tcb *, struct active *);
void rack_recovered(struct active *);
bool rack_losses(struct tcp *, struct tcb *, struct active *, bool *again);
void rack_timeout(struct tcp *, struct tcb *, struct active *);
void rack_expire(struct tcp *, struct tcb *, struct active *);

/* tlp.c: RFC 8985 7 */
void tlp_arm(const struct tcp *, struct tcb *, struct active *);
void tlp_disarm(const struct tcp *, struct tcb *, struct active *);
bool tlp_new(const struct tcp *, const struct tcb *);
void tlp_expire(struct tcp *, struct tcb *, struct active *);
void tlp_sent(struct tcp *, struct tcb *, struct active *, bool again);
bool tlp_dsack(const struct active *, const struct sack *);
void tlp_acked(struct tcp *, struct tcb *, struct active *, bool dup, const struct sack *);
void tlp_rest(struct tcb *, const struct active *);
void tlp_wake(struct tcb *, struct active *);

/* undo.c: RFC 3522, 4015, 3708, 5682 */
void undo_begin(struct tcb *, struct active *);
void undo_resent(const struct tcp *, const struct tcb *, struct active *, const struct rec *,
		 uint32_t n);
void undo_acked(struct tcp *, struct tcb *, struct active *, const struct seg *,
		const struct told *);
void undo_rtt(const struct tcp *, struct tcb *, struct active *, sw_ns rtt);
void frto_begin(const struct tcp *, struct active *, bool first, seq una);
bool frto_acked(struct tcp *, struct tcb *, struct active *, const struct seg *,
		const struct told *);

/* recover.c: RFC 5681, 6582, 6675: a recovery from beginning to end */
/* Losses are known; news: bytes that the same ACK told to have arrived; again: a
 * retransmission was among them. */
void losses_found(struct tcp *, struct tcb *, struct active *, uint32_t news, bool again);
void recovery_enter(struct tcp *, struct tcb *, struct active *, uint32_t news);
void prr_acked(struct tcp *, struct tcb *, struct active *, uint32_t bytes, bool safe);
void recovery_step(struct tcp *, struct tcb *, struct active *, uint32_t bytes);
void loss_repaired(struct tcp *, struct tcb *, struct active *); /* by a probe, alone */

/* share.c: RFC 9040 */
void share_judge(struct tcb *, sw_ns rtt);

/* retransmit.c: RFC 6298 */
void rtt_sample(struct tcp *, struct tcb *, sw_ns rtt);
void rto_settle(const struct tcp *, struct tcb *);
void rto_backoff(const struct tcp *, struct tcb *);
void retransmit_arm(struct tcp *, struct tcb *);
void retransmit_expire(struct tcp *, struct tcb *, struct reply *);
void retransmit_earlier(struct tcb *, struct active *, enum wait, sw_ns at);
uint32_t pipe_of(const struct tcb *, const struct active *);
uint32_t flight(const struct tcb *);

/* cc.c, cubic.c, hystart.c */
uint32_t cc_bytes(const struct active *, const struct cc_ack *);
uint32_t cubic_root(uint64_t v);
uint32_t cubic_window(const struct cubic_curve *, uint32_t mss, uint32_t t); /* t in 1/1024 s */
void cubic_begin(struct cubic_curve *, uint32_t mss, uint32_t cwnd, sw_ns now);
void cubic_acked(struct tcp *, struct tcb *, struct active *, const struct cc_ack *);
void cubic_loss(struct tcp *, struct tcb *, struct active *);
void cubic_timeout(struct tcp *, struct tcb *, struct active *);
void cubic_marked(const struct tcb *, struct active *, uint32_t used);
void cubic_undo(struct tcp *, struct tcb *, struct active *);
void hystart_acked(const struct tcp *, struct tcb *, struct active *, const struct cc_ack *);

/* cwv.c: RFC 7661 */
#define NVP_GRAIN (60 * SW_S) /* an idle connection knows in which minute it began */
enum {
	NVP_WRAPS = 8, /* and so many minutes later another has its number */
	NVP_MOST = 15
};
bool cwv_on(const struct tcp *, const struct tcb *);
void cwv_acked(const struct tcp *, struct tcb *, struct active *, const struct cc_ack *);
void cwv_restart(const struct tcp *, struct tcb *, struct active *);
bool cwv_grows(const struct tcp *, const struct tcb *, const struct active *, uint32_t flight);
uint32_t cwv_used(const struct tcp *, const struct tcb *, const struct active *, uint32_t flight);
void cwv_congested(struct tcb *, struct active *, uint32_t used);
void cwv_lost(struct tcb *, struct active *);
void cwv_rest(const struct tcp *, struct tcb *, const struct active *);
void cwv_wake(const struct tcp *, const struct tcb *, struct active *);

/* pace.c */
void pace_settle(const struct tcp *, const struct tcb *, struct active *);
uint32_t pace_super(const struct active *);
bool pace_open(const struct tcp *, const struct active *);
uint32_t pace_room(const struct tcp *, const struct tcb *, const struct active *);
void pace_sent(const struct tcp *, const struct tcb *, struct active *, uint32_t n);
sw_ns pace_deadline(const struct active *);

/* bbr_model.c, bbr1.c */
void best_update(struct best *, uint32_t now, uint32_t window, uint64_t value);
uint64_t bbr_rate(const struct cc_ack *);
uint32_t bbr_volume(uint64_t rate, uint32_t us, uint32_t gain);
uint32_t bbr_quantum(const struct tcb *, uint64_t pace);
uint64_t bbr_first_pace(const struct tcb *, uint32_t gain);
void bbr1_acked(struct tcp *, struct tcb *, struct active *, const struct cc_ack *);
void bbr1_loss(struct tcp *, struct tcb *, struct active *);
void bbr1_timeout(struct tcp *, struct tcb *, struct active *);
void bbr1_recovered(struct tcp *, struct tcb *, struct active *);
void bbr1_undo(struct tcp *, struct tcb *, struct active *);
void bbr1_restart(struct tcp *, struct tcb *, struct active *);
uint64_t bbr1_pacing(const struct tcb *, const struct active *);

/* bbr.c */
void bbr_acked(struct tcp *, struct tcb *, struct active *, const struct cc_ack *);
void bbr_loss(struct tcp *, struct tcb *, struct active *);
void bbr_timeout(struct tcp *, struct tcb *, struct active *);
void bbr_recovered(struct tcp *, struct tcb *, struct active *);
void bbr_undo(struct tcp *, struct tcb *, struct active *);
void bbr_restart(struct tcp *, struct tcb *, struct active *);
uint64_t bbr_pacing(const struct tcb *, const struct active *);
void bbr_lost(struct active *, const struct rec *);
void bbr_marked(const struct tcp *, const struct tcb *, struct active *);

/* ecn.c */
void ecn_syn_fill(const struct tcp *, const struct tcb *, struct seg *);
bool ecn_cookie(const struct tcp *, uint8_t ecn, const struct seg *syn);
void ecn_syn_take(const struct tcp *, struct tcb *, const struct seg *);
void ecn_arrived(struct tcb *, const struct seg *);
bool ecn_reacted(const struct tcb *, const struct active *);
void ecn_echoed(struct tcp *, struct tcb *, struct active *, uint32_t acked);
void ecn_reduced(struct tcb *);
void ecn_fill(struct tcb *, struct seg *, bool fresh);
bool ecn_alone(const struct tcb *);
/* accecn.c */
bool accecn_asks(const struct tcb *);
void accecn_syn_fill(const struct tcb *, struct seg *);
bool accecn_syn_take(struct tcb *, const struct seg *);
void accecn_arrived(struct tcb *, const struct seg *);
bool accecn_told(struct tcb *, const struct seg *, uint32_t before);
void accecn_fill(struct tcb *, struct seg *);

/* rate.c: delivery rate samples */
void rate_sent(const struct tcp *, struct active *, struct rec *);
void rate_limited(const struct tcp *, const struct tcb *, struct active *);
void rate_sample(const struct tcp *, struct active *, const struct told *, struct cc_ack *);

/* send.c */
uint32_t snd_unsent(const struct tcp *, const struct tcb *); /* bytes never sent */
bool fin_unsent(const struct tcb *);
seq ack_number(const struct tcb *); /* SEG.SEQ of what has no text */
bool persisting(const struct tcp *, const struct tcb *);
void nxt_settle(const struct tcp *, struct active *);

/* timers.c: at the end of every call */
void settle(struct tcp *, struct tcb *);

/* From then until now; then may lie some nanoseconds ahead (active.sent_at). */
static inline sw_ns
since(const struct tcp *tcp, sw_ns then)
{
	return tcp->now > then ? tcp->now - then : 0;
}

static inline uint32_t
now_ms(const struct tcp *tcp)
{
	return (uint32_t)(tcp->now / SW_MS);
}

static inline uint32_t
ts_now(const struct tcp *tcp, const struct tcb *t)
{
	/*= RFC 7323 5.4: the timestamp clock ticks once a millisecond, offset per tuple */
	return now_ms(tcp) + t->ts_offset;
}

#endif
