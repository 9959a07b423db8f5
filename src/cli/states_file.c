/*
 * states_file.c - `synwave states --count CAPTURE`: rows of the state machine that the
 * ends of a capture took.
 *
 * The engine of `explain' says which states an end came into, and at which packet.  The
 * two states tell the row; where they do not, the packet does: a SYN or a RST, and whose.
 * What leaves no packet behind (the OPEN of a listener, the end of TIME-WAIT, timeouts)
 * is in no capture and has no number here.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "explain.h"
#include "explain/pool.h"
#include "states.h"

/* What a packet is, by who sent it: shifted by the side. */
enum { IS_SYN = 1, IS_RST = 4 };

#define ON(cause) (1u << SW_ON_##cause)

enum {
	BY_SEGMENT = ON(OPEN_ACTIVE) | ON(RCV_SYN) | ON(RCV_SYN_ACK) | ON(RCV_ACK_OF_SYN) |
		     ON(CLOSE) | ON(RCV_FIN) | ON(RCV_ACK_OF_FIN) | ON(RCV_FIN_ACK_OF_FIN),
	BY_OWN_RST = ON(ABORT),
	BY_ITS_RST = ON(RCV_RST) | ON(RCV_RST_PASSIVE)
};

struct tally {
	const struct sw_edge *edge;
	size_t edges;
	uint64_t *n;   /* of each row */
	uint8_t *kind; /* by frame, up to the last SYN or RST */
	size_t room;
	uint64_t conns, steps;	/* a row is a step */
	uint64_t inferred, odd; /* states: that nothing proves; that no row leads to */
};

static void
on_seen(void *ctx, const struct ex_seen *seen)
{
	struct tally *t = ctx;
	const struct sw_wire *w = &seen->packet->wire;
	uint64_t frame = seen->packet->frame;
	size_t old = t->room;
	int kind = w->ctl & SW_RST ? IS_RST : (w->ctl & (SW_SYN | SW_ACK)) == SW_SYN ? IS_SYN : 0;

	if (w->kind != SW_WIRE_TCP || !kind)
		return;
	if (frame >= t->room) {
		t->room = 2 * frame + 64;
		t->kind = ex_resized(t->kind, t->room);
		memset(t->kind + old, 0, t->room - old);
	}
	t->kind[frame] = (uint8_t)(kind << seen->side);
}

/* The row between two states by one of these causes; `edges': there is none. */
static size_t
row(const struct tally *t, uint8_t from, uint8_t to, uint32_t causes)
{
	size_t i = 0;

	while (i < t->edges &&
	       (t->edge[i].from != from || t->edge[i].to != to || !(causes >> t->edge[i].on & 1)))
		i++;
	return i;
}

/*
 * One row, or two: a FIN with the ACK of the SYN, or SYNs and FINs that cross, lead an
 * end through a state at one packet.
 */
static bool
take(struct tally *t, uint8_t from, uint8_t to, uint32_t causes)
{
	size_t i = row(t, from, to, causes), next = t->edges;

	if (i < t->edges) {
		t->n[i]++;
		t->steps++;
		return true;
	}
	for (i = 0; i < t->edges && next == t->edges; i++)
		if (t->edge[i].from == from && causes >> t->edge[i].on & 1)
			next = row(t, t->edge[i].to, to, causes);
	if (next == t->edges)
		return false;
	t->n[i - 1]++;
	t->n[next]++;
	t->steps += 2;
	return true;
}

static void
step(struct tally *t, int side, enum sw_state from, const struct ex_step *to)
{
	int kind = to->frame < t->room ? t->kind[to->frame] : 0;
	uint32_t causes = kind & IS_RST << side	   ? BY_OWN_RST
			  : kind & IS_RST << !side ? BY_ITS_RST
						   : BY_SEGMENT;

	/* that it listened was a supposition: it opens actively, or nobody is there */
	if (from == SW_LISTEN && kind & (IS_SYN | IS_RST) << side)
		from = SW_CLOSED;
	if (from == to->state)
		return;
	t->inferred += to->inferred;
	t->odd += !take(t, (uint8_t)from, (uint8_t)to->state, causes);
}

static void
on_conn(void *ctx, const struct ex_conn *c)
{
	static const enum sw_state first[2] = {SW_CLOSED, SW_LISTEN};
	struct tally *t = ctx;

	t->conns++;
	for (int side = 0; side < 2; side++) {
		const struct ex_end *end = &c->end[side];

		/* where it came from before the capture began is not known */
		for (unsigned i = c->began_before; i < end->steps; i++)
			step(t, side, i > 0 ? end->step[i - 1].state : first[side], &end->step[i]);
	}
}

static void
sums(const struct tally *t, struct states_count *count)
{
	char conns[SW_TEXT_COUNT], steps[SW_TEXT_COUNT], inferred[SW_TEXT_COUNT],
	    odd[SW_TEXT_COUNT];

	snprintf(count->where, sizeof(count->where),
		 "capture: connections %s, steps of their ends %s, states inferred %s%s%s",
		 sw_text_count(t->conns, conns), sw_text_count(t->steps, steps),
		 sw_text_count(t->inferred, inferred), t->odd ? ", without a row " : "",
		 t->odd ? sw_text_count(t->odd, odd) : "");
}

int
states_file(const char *file, struct states_count *count)
{
	struct tally t = {.n = count->n};
	struct ex_watch watch = {.ctx = &t, .seen = on_seen, .conn = on_conn};
	sw_ns first;
	int code;

	t.edges = sw_probe_edges(&t.edge);
	code = explain_walk("states", file, &watch, &first);
	sums(&t, count);
	free(t.kind);
	return code;
}
