/* SPDX-License-Identifier: MIT
 *
 * session: the server's half of the design: handshake, proofs, log in, requests, pushes, heartbeat,
 * limits, and replies that are held until the journal says that what they rest on is on disk.
 *
 * One `sessions` serves all connections of one replica. It owns no socket, file, clock or
 * randomness: events come in, ordered actions go out, and the bytes to be written wait in it until
 * the caller takes them.
 *
 *   connection = session_open(s, nonce, time);          a client has connected
 *   used = session_input(s, connection, bytes, time);   at most one frame; drain the actions after
 *                                                       each call
 *   session_synced(s, position);                        the journal has this position on disk
 *   session_work(s, time);                              a slice of what is left to do, when
 *                                                       session_has_work
 *   session_tick(s, time);                              at session_deadline
 *   session_closed(s, connection, time);                the connection is gone
 *   session_output(s, connection), session_output_sent(s, connection, size)
 *   while (session_next(s, &action)) ...                after each of these, until there is none
 *                                                       left (after output that was sent, at the
 *                                                       latest before the next call with a time)
 *
 * Actions are ordered, and SESSION_APPEND comes before the reply that rests on it can be released:
 * the caller appends the facts to the journal in the order given, and each counts one position. A
 * reply is released (becomes part of session_output) when every position appended before it was
 * made has been synced. Pushes are released at once, also while replies before them are held.
 * Replies keep the order of their requests.
 *
 * Rules of the design that live here: who may (protocol's table); the name test of introduce and
 * confirm; the clock at confirm; additions refused when the disk is full; the larger (session,
 * dial) stays; the place up to which a connection was answered and what is pushed to it; nobody's
 * queue of pushes grows beyond a page; a slow or silent peer is closed and costs nobody else
 * anything. What may be stored of a mailbox is the store's part.
 *
 * Pure; one thread.
 */
#ifndef THREEFOLD_SESSION_SESSION_H
#define THREEFOLD_SESSION_SESSION_H

#include "protocol.h"
#include "store.h"

struct sessions;

struct session_options {
	uint8_t uuid[UUID_SIZE];
	struct store_limits limits; /* one share */
	uint32_t silence_ms;        /* a connection that sends no frame for so long is closed; 0:
	                             * 6000 */
	uint32_t connections_max;   /* 0: 65536 */
	uint8_t operator_key[KEY_SIZE];
	bool has_operator_key;
};

/* Both in milliseconds: `clock` since 1970, `monotonic` since whenever; monotonic never goes
 * back. */
struct session_time {
	uint64_t clock_ms;
	uint64_t monotonic_ms;
};

enum session_action_kind {
	SESSION_APPEND, /* journal this fact; its views live until the next call but session_next */
	SESSION_WRITE,  /* the connection has output that it had not before */
	SESSION_CLOSE,  /* close it once its output is written, or after a moment if it does not
	                 * take it, and call session_closed. After a malformed frame it comes when
	                 * the replies before it were released. */
	SESSION_RESUME, /* session_input takes frames of this connection again (after it took none:
	                 * session_takes_input) */
};

struct session_action {
	enum session_action_kind kind;
	uint32_t connection;
	const struct fact *fact;
	const char *why; /* SESSION_CLOSE: a phrase for the log, without foreign bytes; NULL:
	                  * nothing worth a line */
};

#define SESSION_NONE UINT32_MAX

/* `store` must outlive it. Positions begin at 0: the caller's journal was just opened. */
struct sessions *session_new(const struct session_options *options, struct store *store);
void session_free(struct sessions *s);

/* A number for the new connection, below connections_max and used again after session_closed;
 * SESSION_NONE if there are too many (the caller writes a line and closes). `nonce` is fresh and
 * random. */
uint32_t session_open(struct sessions *s, const uint8_t nonce[KEY_SIZE], struct session_time time);
/* Takes at most one frame from the front of `bytes` and returns how many bytes that was; 0 if it is
 * not whole yet, or if the connection takes no input now. Facts given out as actions point into
 * `bytes`. */
size_t session_input(struct sessions *s, uint32_t connection, struct view bytes,
                     struct session_time time);
/* Looks ahead at what has come, so that the store gets ready for many frames at once
 * (store_expect). Returns how many bytes were looked at: after those it is of use again. */
size_t session_expect(const struct sessions *s, uint32_t connection, struct view bytes);
/* False while a long request is being worked off, or too much output waits, or it is being
 * closed. */
bool session_takes_input(const struct sessions *s, uint32_t connection);
/* The caller has closed the connection, or it has failed. Its session ends; its number is free. To
 * be called also after SESSION_CLOSE. */
void session_closed(struct sessions *s, uint32_t connection, struct session_time time);

void session_synced(struct sessions *s, uint64_t position);
/* The disk has fallen below its low-water mark, or is above it again (journal_has_room). */
void session_disk_full(struct sessions *s, bool full);
/* Long requests, and what the store has to free, go in slices: while this is true call session_work
 * when idle. A slice takes at most about a millisecond. */
bool session_has_work(const struct sessions *s);
void session_work(struct sessions *s, struct session_time time);
/* The monotonic time at which session_tick has something to do; UINT64_MAX: never. */
uint64_t session_deadline(const struct sessions *s);
void session_tick(struct sessions *s, struct session_time time);

/* False: no action left. */
bool session_next(struct sessions *s, struct session_action *action);

/* What may be written now, in order; empty if nothing. Lives until the next call with this
 * connection. */
struct view session_output(struct sessions *s, uint32_t connection);
void session_output_sent(struct sessions *s, uint32_t connection, size_t size);

/* Counters for the log (SIGUSR1) and for tests. */
struct session_counts {
	uint64_t connections, sessions;   /* now */
	uint64_t frames, refused, pushes; /* since the start; refused: replies that are not
	                                   * STATUS_OK */
	uint64_t closed_malformed, closed_slow;
	uint64_t pushed_unsynced; /* pushes whose fact was not on disk when they were
	                           * released */
};
void session_counts(const struct sessions *s, struct session_counts *counts);
/* Asserts the invariants. */
void session_check(const struct sessions *s);

#endif
