/*
 * victim.h - A is the victim of forgers: no options that they would have to know,
 * and from victim_go() on B hears nothing of A and so is silent.
 */
#ifndef SW_TEST_VICTIM_H
#define SW_TEST_VICTIM_H

#include "scene.h"

/* No options: a forger need not know timestamps. */
static inline void
plain(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		w->config[i].timestamps = w->config[i].window_scale = w->config[i].sack = false;
		w->config[i].chunks = w->config[i].records = w->config[i].runs = 256;
	}
}

static inline struct world *
plain_established(void)
{
	struct world *w = scene_new();

	plain(w);
	scene_go(w);
	established(w);
	return w;
}

/* B hears nothing of A from now on. */
static inline void
deafen(struct world *w)
{
	w->path[A].loss = 1000000;
	path_changes(w, A);
}

/* From ESTABLISHED on: A is in `state`; what it would take next is number *nxt. */
static inline void
victim_go(struct world *w, enum sw_state state, uint32_t *nxt)
{
	bool fin_rcvd = state == SW_CLOSE_WAIT || state == SW_LAST_ACK || state == SW_CLOSING ||
			state == SW_TIME_WAIT;

	deafen(w);
	if (state == SW_CLOSE_WAIT || state == SW_LAST_ACK)
		forge(w, A, "F. 1:1(0) ack 1");
	run_for(w, SW_MS);
	if (state != SW_ESTABLISHED && state != SW_CLOSE_WAIT)
		closes(w, A);
	run_for(w, SW_MS);
	if (state == SW_FIN_WAIT_2)
		forge(w, A, ". 1:1(0) ack 2");
	if (state == SW_CLOSING)
		forge(w, A, "F. 1:1(0) ack 1");
	if (state == SW_TIME_WAIT)
		forge(w, A, "F. 1:1(0) ack 2");
	run_for(w, SW_MS);
	*nxt = fin_rcvd ? 2 : 1;
	ok(state_of(w, A) == state);
	skip_wire(w);
}

#endif
