/*
 * fields.h - all that a connection consists of, and how each part moves (moves.c).
 * `tools/tidy` compares this with the structs: a field that is not here is not decided.
 *
 *	NUM	as it is		SEQ	a sequence number
 *	TIME	a distance from now	SINCE	the same; 0, which is never, stays 0
 *	MSEC, SEC  low bits of milliseconds, of seconds: a distance from now
 *	NVP	of cwv.c: minutes of our clock
 *	GRAIN	a distance from now in grains of time (mtu.c)
 *	STAMP	what is added to our clock's milliseconds: so that the sum goes on
 *	REC	a record, by its sequence number
 *	HAND	by moves.c itself	LEAVE	net's, or made anew
 */
#ifndef SW_TCP_FIELDS_H
#define SW_TCP_FIELDS_H

/* clang-format off */
#define TCB_FIELDS(X) \
	X(LEAVE, h.local) X(LEAVE, h.remote) X(LEAVE, h.local_port) X(LEAVE, h.remote_port) \
	X(NUM, h.state) X(LEAVE, h.kind) X(LEAVE, h.iface) X(LEAVE, h.mark) \
	X(LEAVE, timer) X(LEAVE, ready) X(LEAVE, event) \
	X(NUM, user) X(LEAVE, generation) X(LEAVE, listener) \
	X(SEQ, snd.una) X(SEQ, snd.nxt) X(SEQ, snd.iss) X(SEQ, snd.wl1) X(SEQ, snd.wl2) \
	X(NUM, snd.wnd) X(NUM, snd.wnd_max) \
	X(SEQ, rcv.nxt) X(SEQ, rcv.irs) X(SEQ, rcv.up) X(SEQ, rcv.acked) X(NUM, rcv.wnd) \
	X(NUM, flags) X(LEAVE, active) X(NUM, ts_recent) X(STAMP, ts_offset) X(SEC, ts_recent_s) \
	X(NUM, srtt_us) X(NUM, rttvar_us) X(NUM, rto_us) X(NUM, cwnd) X(NUM, ssthresh) \
	X(NUM, snd_buf) X(NUM, rcv_buf) X(NUM, mss) X(NUM, peer_mss) X(NUM, path_mss) \
	X(NUM, link_mss) X(GRAIN, mtu_next) \
	X(NUM, user_timeout_s) X(NUM, snd_wscale) X(NUM, rcv_wscale) \
	X(NUM, accurate) X(NUM, ace_in) X(NUM, ace_out) X(NUM, ace_owed) X(NUM, retries) X(LEAVE, news) \
	X(NUM, snd_fixed) X(NUM, rcv_fixed) X(NUM, proven) X(NUM, mtu_stays) X(NUM, mtu_tries) \
	X(NUM, ttl) X(NUM, tos) X(NUM, error) X(NUM, opening) X(NUM, probes) X(MSEC, challenge_ms) \
	X(TIME, retransmit) X(TIME, late) X(TIME, heard) X(NUM, keep_idle_s) X(NUM, keep_interval_s) \
	X(NUM, keep_probes) X(NUM, icmp_type) X(NUM, icmp_code) X(NUM, controller) X(NUM, ecn) \
	X(NVP, nvp)

#define ACTIVE_FIELDS(X) \
	X(HAND, snd) X(LEAVE, nxt) X(SEQ, up) X(HAND, recs) X(HAND, recs_in_time) X(REC, hint) X(REC, highest) \
	X(HAND, pipe) X(HAND, sacked) X(HAND, lost) X(NUM, sacked_parts) X(NUM, delivered) \
	X(NUM, limited_until) X(NUM, round_end) X(SINCE, delivered_at) X(SINCE, first_sent) \
	X(NUM, lost_ever) X(NUM, full_now) X(NUM, full_before) X(TIME, rto_at) \
	X(SINCE, rack.sent) X(NUM, rack.rtt) X(TIME, rack.due) X(NUM, rack.min[0]) X(NUM, rack.min[1]) \
	X(SINCE, rack.min_since) X(SEQ, rack.end) X(SEQ, rack.fack) X(SEQ, rack.dsack_round) \
	X(NUM, rack.mult) X(NUM, rack.persist) X(NUM, rack.known) X(NUM, rack.in_round) \
	X(SEQ, tlp.end) X(NUM, tlp.out) X(NUM, tlp.due) \
	X(HAND, rcv) X(HAND, runs) X(HAND, runs_in_use) X(HAND, n_runs) \
	X(HAND, tune.space) X(SINCE, tune.since) X(SINCE, tune.edge_at) X(NUM, tune.took) \
	X(NUM, tune.before) X(NUM, tune.rtt_us) X(NUM, tune.low_us) X(NUM, tune.gap) X(NUM, tune.echo) \
	X(SEQ, tune.edge) X(NUM, mtu.size) X(NUM, mtu.len) X(NUM, mtu.high) X(NUM, mtu.before) \
	X(NUM, mtu.claim) X(SEQ, mtu.quoted) X(NUM, mtu.lost) X(NUM, mtu.judged) X(NUM, mtu.hole) \
	X(NUM, mtu.checks) X(NUM, mtu.old) X(SEQ, mtu.end) X(SEQ, mtu.round_end) X(NUM, mtu.lost_ever) \
	X(NUM, mtu.delivered) X(NUM, mtu.bad) X(SINCE, mtu.wait) X(TIME, kept) \
	X(SEQ, dsack.left) X(SEQ, dsack.right) X(NUM, unacked) X(NUM, full) \
	X(NUM, ts_before[0]) X(NUM, ts_before[1]) X(SINCE, ts_since) X(NUM, phase) X(NUM, waits) \
	X(LEAVE, controller) X(NUM, dup_acks) X(NUM, owed) \
	X(NUM, undo.cwnd) X(NUM, undo.ssthresh) X(NUM, undo.srtt_us) X(NUM, undo.rttvar_us) \
	X(NUM, undo.stamp) X(NUM, undo.bytes) X(SEQ, undo.low) X(SEQ, undo.high) X(SEQ, undo.until) \
	X(NUM, undo.on) X(NUM, undo.sent) X(NUM, undo.stamped) X(NUM, undo.adapt) X(NUM, undo.single) \
	X(NUM, dsack_seen) X(NUM, dsack_vain) X(NUM, frto) X(NUM, frto_new) X(SEQ, frto_end) \
	X(NUM, prr_delivered) X(NUM, prr_out) X(NUM, prr_flight) X(SEQ, recover) \
	X(SINCE, delack) X(SINCE, stalled_since) X(SINCE, last_sent) X(SINCE, sent_at) \
	X(NUM, retransmits) X(REC, retry) X(NUM, force) X(SEQ, fin) X(NUM, fin_last) X(SEQ, small) \
	X(NUM, cwv.most.value[0]) X(NUM, cwv.most.value[1]) X(NUM, cwv.most.value[2]) \
	X(MSEC, cwv.most.at[0]) X(MSEC, cwv.most.at[1]) X(MSEC, cwv.most.at[2]) \
	X(SINCE, cwv.since) X(NUM, cwv.cwnd[0]) X(NUM, cwv.cwnd[1]) X(NUM, cwv.spent) \
	X(NUM, cwv.lost_before) X(NUM, cwv.known) X(NUM, cwv.round) \
	X(NUM, cwr) X(SEQ, cwr_end) X(NUM, paced) X(NUM, pace) X(SINCE, pace_next) X(SINCE, pace_gate) \
	X(HAND, cc)

#define REC_FIELDS(X) \
	X(LEAVE, in_seq) X(LEAVE, in_time) X(SEQ, seq) X(NUM, len) X(TIME, sent) X(LEAVE, text) \
	X(NUM, flags) X(NUM, parts) X(NUM, size) X(NUM, delivered) X(NUM, delivered_ago) \
	X(NUM, first_ago) X(NUM, in_flight) X(NUM, lost)

#define RUN_FIELDS(X) \
	X(LEAVE, in_seq) X(HAND, in_use) X(SEQ, seq) X(HAND, text)

#define CUBIC_FIELDS(X) \
	X(SINCE, now.epoch) X(NUM, now.w_max) X(NUM, now.k) X(NUM, now.w_est) X(NUM, now.prior) \
	X(SINCE, undo.epoch) X(NUM, undo.w_max) X(NUM, undo.k) X(NUM, undo.w_est) X(NUM, undo.prior) \
	X(SINCE, unused_since) X(NUM, rest) X(NUM, est_rest) X(NUM, too_much) X(NUM, lost_before) \
	X(NUM, start.min_rtt) X(NUM, start.last_min_rtt) X(NUM, start.baseline) X(NUM, start.rest) \
	X(NUM, start.samples) X(NUM, start.css_rounds) X(NUM, start.begun)

#define NEWRENO_FIELDS(X) \
	X(NUM, bytes)

#define BEST_FIELDS(X, best) \
	X(NUM, best.value[0]) X(NUM, best.value[1]) X(NUM, best.value[2]) \
	X(NUM, best.at[0]) X(NUM, best.at[1]) X(NUM, best.at[2])

#define BBR1_FIELDS(X) \
	BEST_FIELDS(X, bw) X(NUM, pace) X(NUM, full_bw) X(SINCE, min_rtt_at) X(SINCE, phase_at) \
	X(SINCE, done_at) X(SINCE, ack_at) X(NUM, acked) X(NUM, min_rtt) X(NUM, rounds) \
	X(NUM, prior_cwnd) X(NUM, extra[0]) X(NUM, extra[1]) X(NUM, mode) X(NUM, phase) \
	X(NUM, phase_was) X(NUM, full_count) X(NUM, extra_rounds) X(NUM, extra_now) X(NUM, begun) \
	X(NUM, full) X(NUM, idle) X(NUM, conserves) X(NUM, round_done)

#define BBR_FIELDS(X) \
	BEST_FIELDS(X, extra) X(NUM, bw[0]) X(NUM, bw[1]) X(NUM, rate) X(NUM, bw_latest) \
	X(NUM, bw_short) X(NUM, undo_bw_short) X(NUM, full_bw) X(NUM, pace) \
	X(NUM, loss_round_delivered) X(SINCE, min_rtt_at) X(SINCE, probe_rtt_at) X(SINCE, done_at) \
	X(SINCE, cycle_at) X(NUM, wait) X(SINCE, extra_at) X(NUM, min_rtt) X(NUM, probe_rtt_min) \
	X(NUM, least_rtt) \
	X(NUM, rounds) X(NUM, drain_round) X(NUM, rounds_since_up) X(NUM, inflight_latest) \
	X(NUM, inflight_short) X(NUM, inflight_long) X(NUM, undo_short) X(NUM, undo_long) \
	X(NUM, extra_delivered) X(NUM, up_acked) X(NUM, up_acked_per_inc) X(NUM, prior_cwnd) \
	X(NUM, high_at) X(NUM, round_lost) X(NUM, round_from) X(NUM, pending_bytes) \
	X(SEQ, lost_end) X(NUM, mode) X(NUM, undo_mode) X(NUM, ack_phase) \
	X(NUM, phase_was) X(NUM, up_rounds) X(NUM, full_count) X(NUM, loss_ranges) X(NUM, begun) \
	X(NUM, full_reached) X(NUM, full_now) X(NUM, idle) X(NUM, round_done) X(NUM, loss_in_round) \
	X(NUM, loss_pending) X(NUM, high_pending) X(NUM, high_limited) X(NUM, timed_out) \
	X(NUM, probed) X(NUM, probe_sample) X(NUM, too_high) X(NUM, precautionary)
/* clang-format on */

#endif
