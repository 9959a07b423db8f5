/*
 * sw_lent.h - memory of the stack, lent: SEND, RECEIVE and packets without a copy.
 *
 * The calls of sw.h copy: bytes into a queue of the stack, and out of it.  Who makes its
 * bytes anyway, or only looks at them, can do so where they stand:
 *
 *	struct sw_room room[8];
 *	ptrdiff_t n = sw_send_room(stack, now, conn, room, 8);
 *	ssize_t got = n > 0 ? readv(file, (struct iovec *)room, (int)n) : 0;
 *	if (got > 0)
 *		sw_send_done(stack, now, conn, (size_t)got, 0);
 *
 * The memory stays the stack's.  It is yours from the call that names it until the next
 * call on the stack that is given a time or packets, whichever connection that is for:
 * write and look in between, keep nothing.
 *
 * Units, errors and threads are as in sw.h: sizes are bytes, errors are negative.
 */
#ifndef SYNWAVE_SW_LENT_H
#define SYNWAVE_SW_LENT_H

#include "sw.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pieces in the order of their bytes; laid out as struct iovec is. */
struct sw_room {
	void *at;
	size_t len;
};
struct sw_text {
	const void *at;
	size_t len;
};

/* ---- SEND, RECEIVE (RFC 9293 3.9.1.2, 3.9.1.3; 3.10.2, 3.10.3) ------------ */

/*
 * Room for what shall be sent next: how many of the n pieces were filled in, at least 1,
 * all together no more than sw_send() would take; or SW_E_AGAIN, SW_E_CLOSING, or the
 * error that ended the connection.  SW_WRITABLE says when to come again.  Nothing is
 * taken or promised by it; what is not sent need not be given back.
 */
ptrdiff_t sw_send_room(struct sw_stack *, sw_ns now, sw_conn, struct sw_room *, size_t n);

/*
 * SEND of the first n bytes of that room, with the flags of sw_send(): n.  The bytes are
 * then the stack's, until they are acknowledged: do not write there again.
 * SW_E_INVALID: there was another call since, or more than there was room for; nothing
 * is sent.
 */
ptrdiff_t sw_send_done(struct sw_stack *, sw_ns now, sw_conn, size_t n, unsigned flags);

/*
 * What sw_receive() would give, from its first byte on, where it stands: how many of the n
 * pieces were filled in, at least 1; 0: the peer closed and everything was given;
 * SW_E_AGAIN; or the error that ended the connection.
 */
ptrdiff_t sw_receive_peek(const struct sw_stack *, sw_conn, struct sw_text *, size_t n);

/*
 * RECEIVE of the first n bytes, which were looked at: n.  Their memory is the stack's
 * again, and the window opens.  SW_E_INVALID: so many are not there; nothing happens.
 */
ptrdiff_t sw_receive_done(struct sw_stack *, sw_ns now, sw_conn, size_t n);

/* ---- packets ------------------------------------------------------------ */

/*
 * Memory for packets to come: sets data and cap of up to n of them, and how many it did;
 * 0: three quarters of the buffers are in use, or one (sw_config.chunk_bytes, less 16)
 * is too small for `least` bytes.  A device writes the packet anywhere into it.  It is
 * yours for as long as you like, until it goes back by one of the two calls below.
 */
size_t sw_input_room(struct sw_stack *, struct sw_packet *, size_t n, uint32_t least);

/*
 * sw_input() of packets in that memory, which goes back with them, all of it: text that
 * is in order and fills half a buffer or more stays where it is, for the application
 * to look at or RECEIVE; of anything else what is needed is copied.
 */
void sw_input_lent(struct sw_stack *, sw_ns now, const struct sw_packet *, size_t n);

/* It goes back with nothing in it. */
void sw_input_return(struct sw_stack *, const struct sw_packet *, size_t n);

#ifdef __cplusplus
}
#endif
#endif
