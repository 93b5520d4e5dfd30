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
 *   bytes = conn_rest(conn);                        or: go on with what was left
 *   conn_used(conn, bytes, size);
 *
 * A caller that leaves whole frames unused asks for no more (conn_want) until it has used them, so
 * the rest is never larger than one frame and one read: that is the `rest_max` of the input.
 *
 * Sending. The bytes wait with whoever made them: conn_send takes as many of them as the socket
 * does now, says how many, and asks the loop for room when that were not all.
 *
 * TCP_NODELAY is set (a turn's output is written at once anyway), keep-alive is off (the protocol
 * has pings of its own). What EINTR, EAGAIN, resets and broken pipes mean is known here and nowhere
 * else. One thread.
 */
#ifndef THREEFOLD_IO_CONN_H
#define THREEFOLD_IO_CONN_H

#include "io/loop.h"

enum { CONN_READ_MAX = 64 * 1024 };

struct conn_input {
	uint8_t *data;
	size_t rest_max;
};
/* `frame_size_max`: of the largest frame; a connection's rest may be that and one read. */
void conn_input_init(struct conn_input *input, size_t frame_size_max);
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

/* Takes over a connected, or a dialling, non-blocking socket; source.ready is set. Wants
 * LOOP_READ, and LOOP_WRITE too if `dialling`: see address_dialled. 0; or a negative errno
 * value, and the socket is still the caller's. */
int conn_open(struct conn *c, struct loop *l, int fd, bool dialling);
/* Closes the socket and frees the rest. Nothing if it is closed already. */
void conn_close(struct conn *c);
bool conn_is_open(const struct conn *c);

/* Whether bytes are to be read from the socket. Room to write is asked for by conn_send alone. */
void conn_want_input(struct conn *c, bool wanted);

/* CONN_OK: *bytes is the rest and what was read now. It lives until the next call with this
 * connection or `input`. */
enum conn_status conn_receive(struct conn *c, struct conn_input *input, struct view *bytes);
/* What was left unused. */
struct view conn_rest(const struct conn *c);
/* The first `used` of `bytes`, which is the last view given, are done with. */
void conn_used(struct conn *c, const struct conn_input *input, struct view bytes, size_t used);

/* Writes what the socket takes of `bytes` and sets *sent. If not all of it, the loop tells when
 * there is room; if all, it does not ask any more. CONN_OK, CONN_LATER, CONN_FAILED. */
enum conn_status conn_send(struct conn *c, struct view bytes, size_t *sent);
/* After the last byte: the peer reads the end of the stream, and may still send. */
void conn_end(struct conn *c);

#endif
