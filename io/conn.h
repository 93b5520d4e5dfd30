/* SPDX-License-Identifier: MIT
 *
 * conn: one non-blocking TCP connection in a loop. It moves bytes and knows no message.
 *
 * Receiving. All connections of a loop share one input buffer. conn_receive reads once, at most
 * CONN_READ_MAX bytes, and gives a view of all that has not been used; the caller uses what it can
 * and says how much with conn_used. Only a rest (half a frame, or what the caller has no time for)
 * is copied into memory of the connection's own, which is freed as soon as it is empty: an idle
 * connection costs this struct and nothing else.
 *
 *   status = conn_receive(conn, input, &bytes);     source.ready said LOOP_READ
 *   bytes = conn_rest(conn);                        or: continue with what was left
 *   conn_used(conn, bytes, size);
 *
 * The rest has at most the bytes of one frame and one read (`rest_max` of the input). To keep this
 * limit, a caller that leaves whole frames unused stops reading (conn_want_input) until it has used
 * them.
 *
 * Sending. This module keeps no bytes to send: the caller keeps them. conn_send writes as many as
 * the socket takes now and says how many. If some are left, it asks the loop to tell when there is
 * room.
 *
 * The kernel holds at most CONN_UNSENT_MAX bytes that it has not sent yet: a peer that does not
 * read costs little there, too. What a socket has taken, the peer need not have got: conn_unread
 * tells.
 *
 * TCP_NODELAY is set (a turn's output is written at once anyway), keep-alive is off (the protocol
 * has pings of its own). What EINTR, EAGAIN, resets and broken pipes mean is known here and nowhere
 * else. One thread.
 */
#ifndef THREEFOLD_IO_CONN_H
#define THREEFOLD_IO_CONN_H

#include "io/loop.h"

enum {
	CONN_READ_MAX = 64 * 1024,
	CONN_UNSENT_MAX = 128 * 1024, /* and what one call has written beyond it */
};

struct conn_input {
	uint8_t *data;
	size_t rest_max;
};
/* Makes the buffer that all connections of a loop share. The largest frame has `frame_size_max`
 * bytes; the rest of a connection is at most that and one read. */
void conn_input_init(struct conn_input *input, size_t frame_size_max);
/* Frees the buffer. */
void conn_input_release(struct conn_input *input);

enum conn_status {
	CONN_OK,     /* bytes were moved */
	CONN_LATER,  /* nothing can be moved now */
	CONN_END,    /* the peer has ended its stream */
	CONN_FAILED, /* the connection is broken: conn->error, an errno value, says how */
};

struct conn {
	struct loop_source source; /* the caller sets source.ready */
	struct loop *loop;
	uint8_t *rest; /* NULL if there is none */
	uint32_t rest_size;
	int error;
};

/* Takes over a non-blocking socket that is connected or, if `dialling`, still connects
 * (address_dial). source.ready is set. Waits for LOOP_READ, and for LOOP_WRITE if `dialling`.
 * Returns 0, or a negative errno value; then the socket stays the caller's. */
int conn_open(struct conn *c, struct loop *l, int fd, bool dialling);
/* Closes the socket and frees the rest. Does nothing if it is closed already. */
void conn_close(struct conn *c);
/* Whether conn_open has succeeded and conn_close was not called since. */
bool conn_is_open(const struct conn *c);

/* Sets whether the loop waits for bytes to read. Only conn_send asks for room to write. */
void conn_want_input(struct conn *c, bool wanted);

/* Reads once. CONN_OK: *bytes is the rest and what was read now, in one piece. The view lives until
 * the next call with this connection or `input`. */
enum conn_status conn_receive(struct conn *c, struct conn_input *input, struct view *bytes);
/* The bytes that the caller left unused. */
struct view conn_rest(const struct conn *c);
/* Drops the first `used` of `bytes` and keeps the others as the rest. `bytes` is the last view that
 * conn_receive or conn_rest gave. */
void conn_used(struct conn *c, const struct conn_input *input, struct view bytes, size_t used);

/* Writes as many of `bytes` as the socket takes now, and sets *sent to their number. If some are
 * left, the loop reports LOOP_WRITE when there is room. Returns CONN_OK, CONN_LATER or
 * CONN_FAILED. */
enum conn_status conn_send(struct conn *c, struct view bytes, size_t *sent);
/* How many of the bytes that were written the peer's system has not acknowledged. */
size_t conn_unread(const struct conn *c);
/* Makes conn_close drop what the peer has not got, and reset the connection. Without it the kernel
 * goes on to keep those bytes, for minutes if the peer does not read. */
void conn_drop_unread(struct conn *c);
/* Ends the stream to the peer, after its last byte. The peer may still send. */
void conn_end(struct conn *c);

#endif
