/*
 * work.h - who does what in the engine.  One file a heading.
 */
#ifndef SW_EXPLAIN_WORK_H
#define SW_EXPLAIN_WORK_H

#include "explain/engine.h"

/* ---- table.c: records by a hash ---- */
enum kind { KIND_NONE, KIND_HALF, KIND_CONN, KIND_GONE };
struct ref {
	enum kind kind;
	uint32_t index;
};
struct table *ex_table_new(void);
void ex_table_free(struct table *);
/* The next slot with this hash, behind *at (begin with NONE); false: no more. */
bool ex_table_next(const struct table *, uint64_t hash, uint32_t *at, struct ref *);
void ex_table_prefetch(const struct table *, uint64_t hash); /* it will be asked for soon */
void ex_table_add(struct table *, uint64_t hash, struct ref);
void ex_table_set(struct table *, uint32_t at, struct ref); /* another record, the same key */
void ex_table_del(struct table *, uint32_t at);
bool ex_table_walk(const struct table *, uint32_t *at, struct ref *);
size_t ex_table_bytes(const struct table *);

/* ---- records.c ---- */
uint64_t ex_hash_end(const struct ex_engine *, const struct sw_addr *, uint16_t port);
/* Without a key, for what forgets: the same capture gives the same report. */
uint64_t ex_hash_host(const struct sw_addr *);
/* The record of these two endpoints; its slot; which of its ends `src' is. */
struct ref ex_record_find(const struct ex_engine *, const struct sw_wire *, uint64_t hash,
			  uint32_t *at, int *side);
uint64_t ex_record_hash_of(const struct ex_engine *, const struct sw_wire *);
uint64_t ex_record_hash(const struct ex_engine *, const struct sw_addr addr[2],
			const uint16_t port[2]);
uint32_t ex_record_slot(const struct ex_engine *, uint64_t hash, struct ref); /* NONE */
void ex_record_drop(struct ex_engine *, struct ref); /* from the table and its pool */
static inline struct conn *
ex_conn_at(const struct ex_engine *e, uint32_t index)
{
	return ex_pool_at(&e->conn, index);
}
static inline struct half *
ex_half_at(const struct ex_engine *e, uint32_t index)
{
	return ex_pool_at(&e->half, index);
}
static inline struct gone *
ex_gone_at(const struct ex_engine *e, uint32_t index)
{
	return ex_pool_at(&e->gone, index);
}
/* What happened to it beside the ordinary; NULL: nothing. */
static inline struct trouble *
ex_trouble_of(const struct ex_engine *e, const struct conn *c)
{
	return c->trouble == NONE ? NULL : ex_pool_at(&e->trouble, c->trouble);
}
struct trouble *ex_trouble(struct look *);	  /* the same, made if there is none */
struct trouble_side *ex_trouble_x(struct look *); /* of who sent it */
struct trouble_side *ex_trouble_y(struct look *); /* of the other end */
void ex_queue_put(struct queue *, const struct pool *, uint32_t index); /* at its end */
void ex_queue_take(struct queue *, const struct pool *, uint32_t index);
struct sw_endpoint ex_end_of(const struct conn *, int side);

/* ---- median.c ---- */
void ex_median_add(struct median *, uint32_t ns);
sw_ns ex_median(const struct median *);

/* ---- steps.c: the two machines and their log ---- */
void ex_steps_learn(struct ex_engine *);
struct mark ex_mark(const struct conn *, uint32_t frame, sw_ns at);
sw_ns ex_mark_at(const struct conn *, struct mark);
uint64_t ex_mark_frame(const struct conn *, uint32_t frame);
void ex_steps_set(struct conn *, int side, enum sw_state, uint8_t how, struct mark);
bool ex_go(struct look *, int side, enum sw_cause, uint8_t how);
bool ex_back(struct conn *, int side);
void ex_reopen(struct conn *, int side);
void ex_prove(struct conn *, int side, uint32_t states);
unsigned ex_steps_of(const struct ex_engine *, const struct conn *, int side, struct ex_step *);
sw_ns ex_steps_since(const struct conn *, int side, enum sw_state, uint64_t *frame);

/* ---- engine.c: packet by packet ---- */
void ex_emit(const struct look *);
void ex_emit_half(const struct ex_engine *, const struct half *, int side, uint32_t flags);

/* ---- faults.c: of the capture ---- */
/* Was this very packet captured before?  c: its connection, or NULL. */
bool ex_is_copy(struct ex_engine *, const struct sw_wire *, const struct conn *c, int side);
bool ex_damaged(struct ex_engine *); /* the packet at work: nobody will take it */
void ex_clock_look(struct ex_engine *, const struct ex_packet *);
void ex_cut_look(struct ex_engine *, const struct ex_packet *);

/* ---- open.c: SYNs ---- */
void ex_syn_from(struct look *);
void ex_learn_syn(struct look *);     /* numbers and options of a SYN */
void ex_learn_mid(struct look *);     /* the numbers of an end that never showed its SYN */
void ex_opened(struct look *);	      /* the handshake is complete, by this ACK */
void ex_answer_unseen(struct look *); /* what it answers is not in the capture */

/* ---- half.c: handshakes that are not complete ---- */
void ex_half_new(struct ex_engine *, const struct sw_wire *, const struct gone *before);
/* false: it is more than a half record can hold; it has become a connection, *ref. */
bool ex_half_packet(struct ex_engine *, struct ref *, uint32_t at, int side);
void ex_half_grow(struct ex_engine *, struct ref *, uint32_t at);
void ex_half_end(struct ex_engine *, uint32_t index);

/* ---- data.c, again.c: sequence numbers that are sent ---- */
void ex_data_from(struct look *);
void ex_again(struct look *, uint32_t end);
bool ex_hole_fill(struct look *, uint32_t seq, uint32_t end);
void ex_hole_add(struct look *, uint32_t left, uint32_t right);
void ex_holes_acked(struct look *); /* of the other end: what it acknowledged and nobody saw */

/* ---- ack.c: and what comes back ---- */
void ex_ack_from(struct look *);

/* ---- window.c: windows, probes, keep-alives ---- */
void ex_window_from(struct look *);
void ex_window_fill(struct look *);
uint32_t ex_window_of(const struct look *);
bool ex_probe_from(struct look *); /* a keep-alive or a probe, and nothing else */
void ex_windows_end(struct ex_engine *, struct conn *);

/* ---- close.c, reset.c, icmp.c ---- */
void ex_fin_from(struct look *);
void ex_fin_acked(struct look *); /* the other end's, by this segment */
void ex_after_fin(struct look *); /* this segment may come after the other end's FIN */
void ex_done(struct look *);	  /* is it over? */
void ex_rst_from(struct look *);
void ex_after_rst(struct look *);
void ex_icmp(struct ex_engine *, const struct sw_wire *);

/* ---- listen.c: listeners, TIME-WAITs, hosts ---- */
void ex_listen_syn(struct ex_engine *, const struct half *);
void ex_listen_answer(struct ex_engine *, const struct half *);
void ex_listen_opened(struct ex_engine *, const struct conn *);
void ex_listen_end(struct ex_engine *, struct conn *, struct ex_conn *);
void ex_listen_judge(struct ex_engine *);
void ex_listen_free(struct ex_engine *);
uint32_t ex_pair_enter(struct ex_engine *, const struct conn *, const struct ex_conn *);
void ex_pair_leave(struct ex_engine *, uint32_t pair);
void ex_pair_judge(struct ex_engine *);
void ex_host_learn(struct ex_engine *, const struct sw_addr *, uint8_t ttl);
uint8_t ex_host_ttl(const struct ex_engine *, const struct sw_addr *); /* 0: unknown */

/* ---- finish.c: the end of a connection ---- */
void ex_finish(struct ex_engine *, uint32_t index);
void ex_account(const struct ex_engine *, const struct conn *, struct ex_conn *);
void ex_expire(struct ex_engine *);
void ex_gone_drop(struct ex_engine *, uint32_t index);
void ex_gone_syn(struct ex_engine *, const struct gone *, int side); /* out of place */

/* ---- judge_*.c: findings of one connection; of the capture ---- */
struct case_ { /* what a judge has before it */
	struct ex_engine *e;
	struct conn *c;
	const struct trouble *t; /* NULL: nothing happened */
	struct ex_conn *said;
};
void ex_judge(struct case_ *);
void ex_judge_open(struct case_ *);
void ex_judge_close(struct case_ *);
void ex_judge_reset(struct case_ *);
void ex_judge_data(struct case_ *);
void ex_judge_odd(struct case_ *);
void ex_judge_capture(struct ex_engine *, bool cut);

/* ---- found.c: findings, each problem once ---- */
struct found *ex_found_new(void);
void ex_found_free(struct found *);
/* One about an end of the connection before the judge; fill in the rest, then put it. */
struct ex_finding ex_find(const struct case_ *, enum ex_id, int side);
/* One about an endpoint, or (NULL) about the capture. */
struct ex_finding ex_find_at(enum ex_id, int role, const struct sw_endpoint *);
void ex_find_proof(struct ex_finding *, uint64_t frame); /* 0: none */
void ex_find_value(struct ex_finding *, enum ex_metric, double);
void ex_find_seconds(struct ex_finding *, enum ex_metric, sw_ns);
void ex_find_conn(struct ex_finding *, uint64_t id);
/* said: the connection that it is about, to be marked; NULL. */
void ex_found_put(struct ex_engine *, struct ex_conn *said, const struct ex_finding *);
void ex_found_merge(struct ex_finding *into, const struct ex_finding *);
void ex_found_peak(struct ex_engine *, uint64_t place, int peak);
void ex_found_end(struct ex_engine *);
/* Frames of the connection before the judge. */
uint64_t ex_frame(const struct case_ *, uint32_t frame);

#endif
