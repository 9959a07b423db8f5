/*
 * flags_test.c - SEGMENT ARRIVES as a golden table: each of the 256 control bytes in
 * each state, at RCV.NXT and acknowledging SND.NXT.  RFC 9293 3.10.7.
 */
#include "victim.h"

/* Where RFC 9293 3.10.7 leads with a segment at RCV.NXT that acknowledges SND.NXT. */
static enum sw_state
flags_golden(enum sw_state from, bool passive, uint8_t ctl)
{
	bool syn = ctl & SW_SYN, ack = ctl & SW_ACK, rst = ctl & SW_RST, fin = ctl & SW_FIN;

	if (from == SW_CLOSED || from == SW_TIME_WAIT)
		return from;
	if (from == SW_LISTEN)
		return syn && !ack && !rst ? SW_SYN_RECEIVED : SW_LISTEN;
	if (from == SW_SYN_SENT) {
		if (rst)
			return ack ? SW_CLOSED : from;
		return !syn ? from : !ack ? SW_SYN_RECEIVED : fin ? SW_CLOSE_WAIT : SW_ESTABLISHED;
	}
	if (rst)
		return from == SW_SYN_RECEIVED && passive ? SW_LISTEN : SW_CLOSED;
	if (syn)
		return from == SW_SYN_RECEIVED && passive ? SW_LISTEN : from;
	if (!ack)
		return from;
	switch (from) {
	case SW_SYN_RECEIVED:
	case SW_ESTABLISHED:
		return fin ? SW_CLOSE_WAIT : SW_ESTABLISHED;
	case SW_FIN_WAIT_1:
		return fin ? SW_TIME_WAIT : SW_FIN_WAIT_2;
	case SW_FIN_WAIT_2:
		return fin ? SW_TIME_WAIT : from;
	case SW_CLOSING:
		return SW_TIME_WAIT;
	case SW_LAST_ACK:
		return SW_CLOSED;
	default:
		return from;
	}
}

/* A host of *w is in `state`, made by hand where victim_go() cannot: which host. */
static int
flags_reach(struct world *w, enum sw_state state, bool passive, uint32_t *nxt, uint32_t *ack)
{
	*nxt = *ack = 1;
	if (state >= SW_ESTABLISHED) {
		established(w);
		victim_go(w, state, nxt);
		*ack = state == SW_ESTABLISHED || state == SW_CLOSE_WAIT ? 1 : 2;
		return A;
	}
	deafen(w);
	w->path[B].loss = 1000000;
	path_changes(w, B);
	if (state == SW_LISTEN || passive) {
		listens(w, B);
		if (state == SW_SYN_RECEIVED)
			forge(w, B, "S 0:0(0)");
		*nxt = state == SW_LISTEN ? 0 : 1;
		run_for(w, SW_MS);
		return B;
	}
	if (state != SW_CLOSED)
		opens(w, A);
	if (state == SW_SYN_RECEIVED)
		forge(w, A, "S 0:0(0)");
	run_for(w, SW_MS);
	*nxt = state == SW_SYN_SENT ? 0 : 1;
	return A;
}

/* All 256 control bytes. */
static void
flags_all_of(enum sw_state state, bool passive)
{
	static const char letter[] = "FSRP.UEW";

	for (unsigned ctl = 0; ctl < 256; ctl++) {
		struct world *w = scene_new();
		uint32_t nxt, ack;
		char text[100], flags[10] = "-";
		int host;

		scene_now.v6 = ctl & 1;
		plain(w);
		scene_go(w);
		host = flags_reach(w, state, passive, &nxt, &ack);
		ok(state_of(w, host) == state);
		for (unsigned i = 0, n = 0; i < 8; i++)
			if (ctl >> i & 1)
				flags[n++] = letter[i], flags[n] = '\0';
		snprintf(text, sizeof(text), "%s %lu:%lu(0) ack %lu", flags, (unsigned long)nxt,
			 (unsigned long)nxt, (unsigned long)ack);
		forge(w, host, text);
		run_for(w, 0);
		if (!ok(state_of(w, host) == flags_golden(state, passive, (uint8_t)ctl)))
			printf("# %s and %s led to %s\n", sw_state_name(state), flags,
			       sw_state_name(state_of(w, host)));
		ok(sw_probe_check(w->stack[host]) == 0);
		world_end(w);
	}
}

static void
flags_all(void)
{
	for (int s = SW_CLOSED; s < SW_N_STATES; s++)
		flags_all_of((enum sw_state)s, false);
	flags_all_of(SW_SYN_RECEIVED, true);
}

int
main(void)
{
	TEST("all control bits in all states", flags_all);
	return plan_done();
}
