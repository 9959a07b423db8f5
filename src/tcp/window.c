/*
 * window.c - the window that we offer (RFC 9293 3.8.6): what the buffer has room
 * for, never less than was offered before, and never a silly little more.
 */
#include "tcp/parts.h"

/* A full segment of the peer's, by what it takes itself. */
uint32_t
rcv_segment(const struct tcb *t)
{
	return t->peer_mss ? t->peer_mss : 536;
}

/* What we would offer beyond RCV.NXT now. */
uint32_t
rcv_offer(const struct tcp *tcp, const struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	uint32_t held = c != NULL ? c->rcv.len : 0, space = rcv_space(tcp, t);
	uint32_t room = space > held ? space - held : 0;

	/* what the field can say; without the peer's window scale that is little */
	room = min_u32(room, 65535u << t->rcv_wscale);
	room = min_u32(room, rcv_pressed(tcp, t));

	/*= RFC 9293 3.8.6.2.2 MUST-39: the right edge moves by a segment or half the buffer */
	if (room < t->rcv.wnd || room - t->rcv.wnd < min_u32(space / 2, rcv_segment(t)))
		return t->rcv.wnd;
	return room;
}

/* The window field of a segment that leaves now; what it says becomes RCV.WND. */
uint16_t
rcv_window_field(const struct tcp *tcp, struct tcb *t)
{
	const struct active *c = active_of(tcp, t);
	uint32_t wnd, field;

	if (t->flags & T_SEND_SYN) /* a SYN's window is what tcp_fresh() set */
		return (uint16_t)min_u32(t->rcv.wnd, 65535);
	wnd = rcv_offer(tcp, t);
	field = wnd >> t->rcv_wscale;
	/*= RFC 9293 3.8.6 SHLD-14: rounding must not move the right edge to the left; but
	 * when the buffer is full it may (RFC 7323 2.4), or the window would never close */
	if (field << t->rcv_wscale < t->rcv.wnd && (c == NULL || c->rcv.len < rcv_space(tcp, t)))
		field++;
	field = min_u32(field, 65535);
	t->rcv.wnd = max_u32(field << t->rcv_wscale, t->rcv.wnd);
	return (uint16_t)field;
}

/* The application took bytes: tell the peer if it may wait for that. */
void
rcv_window_after_read(struct tcp *tcp, struct tcb *t)
{
	uint32_t more = rcv_offer(tcp, t) - t->rcv.wnd;

	if (t->h.state < SW_ESTABLISHED || (t->flags & T_FIN_RCVD))
		return;
	if (more >= rcv_space(tcp, t) / 2 || (more > 0 && t->rcv.wnd < 2u * t->peer_mss)) {
		t->flags |= T_ACK_NOW;
		t->news |= NEWS_OUTPUT;
	}
}
