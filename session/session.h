/* SPDX-License-Identifier: MIT
 *
 * session: the server's half of the design: handshake, proofs, log-in, requests, pushes, limits,
 * the end of silent and slow connections, and replies that wait for the disk.
 *
 * One `sessions` serves all connections of one replica. It owns no socket, file, clock or
 * randomness. Events come in, ordered actions go out, and the bytes to be written stay in it until
 * the caller takes them.
 *
 *   connection = session_open(s, nonce, from, time);    a client has connected
 *   used = session_input(s, connection, bytes, time);   bytes have come; takes one frame at most
 *   session_synced(s, position);                        the journal has this position on disk
 *   session_work(s, time);                              one slice, while session_has_work
 *   session_tick(s, time);                              at session_deadline; then
 *                                                       session_next_report until it gives false
 *   session_output(s, connection);                      what may be written now
 *   session_output_sent(s, connection, size);           so much of it was written
 *   session_closed(s, connection, time);                the connection is gone
 *
 *   while (session_next(s, &action)) ...                after each of these, until it gives false;
 *                                                       after session_output_sent at the latest
 *                                                       before the next call with a time
 *
 * The caller appends the facts of SESSION_APPEND to the journal in the order given. Each counts one
 * position. A reply is released (becomes part of session_output) when every position that was
 * appended before the reply was made is synced. Pushes are released at once, even while replies
 * before them wait. Replies keep the order of their requests.
 *
 * These rules of the design live here:
 *   - who may send which request (the table is protocol's)
 *   - introduce and confirm look whether the name is held, and confirm looks at the clock
 *   - a full disk refuses additions
 *   - of two log-ins of an account, the larger (session, dial) stays
 *   - what comes before the place up to which a connection was answered is pushed to it
 *   - the pushes that wait for one connection never take more than a page
 *   - a slow or silent connection is closed, and costs nobody else anything
 *   - what one address may cost (session/limit.h), and who makes room when the table is full
 * How much may be stored in a mailbox is the store's rule.
 *
 * Pure; one thread.
 */
#ifndef THREEFOLD_SESSION_SESSION_H
#define THREEFOLD_SESSION_SESSION_H

#include "protocol.h"
#include "session/limit.h"
#include "store.h"

struct sessions;

/* Who may bring an account that is new to this replica, but for an operator's repair. */
enum session_registration {
	REGISTRATION_OPEN,    /* anybody */
	REGISTRATION_INVITED, /* who has an invitation, or what another replica vouches for */
	REGISTRATION_CLOSED,  /* only what another replica vouches for */
};

struct session_options {
	uint8_t uuid[UUID_SIZE];
	struct store_limits limits; /* one share, and the gaps of a stream */
	/* A connection that sends no frame for so long is closed. 0: 6000. */
	uint32_t silence_ms;
	/* 0: 65536. One in sixteen is left for those that are being closed. */
	uint32_t connections_max;
	struct limit_options addresses;
	uint8_t operator_key[KEY_SIZE];
	bool has_operator_key;
	uint16_t version_max; /* of the protocol; 0: the latest. For tests of old replicas */
	enum session_registration registration;
	uint8_t box_secret[KEY_SIZE]; /* fresh and random at each start: opens boxes (fact/box.h) */
};

/* `clock_ms` counts since 1970. `monotonic_ms` counts since any moment, and never goes back. */
struct session_time {
	uint64_t clock_ms;
	uint64_t monotonic_ms;
};

enum session_action_kind {
	/* Append this fact to the journal. Its views live until the next call but session_next. */
	SESSION_APPEND,
	/* The connection has output, and had none before. */
	SESSION_WRITE,
	/* Close the connection when its output is written, or after a moment if the other side does
	 * not take it; then call session_closed. After a malformed frame this comes when the
	 * replies before it were released. */
	SESSION_CLOSE,
	/* The connection takes input again, after it took none (session_takes_input). */
	SESSION_RESUME,
	/* An operator asks how the replica is, and the connection takes no input until the caller
	 * has answered by session_tell. */
	SESSION_ASKED,
	/* Something has happened that a log should have. */
	SESSION_NOTE,
};

enum session_note {
	SESSION_LOGGED_IN,
	SESSION_LOGGED_IN_SENDING, /* for SEND alone */
	SESSION_WRONG_PASSWORD,
	SESSION_OPERATOR, /* has shown that it has the operator key */
	SESSION_WRONG_KEY,
	SESSION_NOTES,
};

struct session_action {
	enum session_action_kind kind;
	uint32_t connection;
	const struct fact *fact;
	/* SESSION_CLOSE: a phrase for the log, without bytes of strangers. NULL: not worth a
	 * line. */
	const char *why;
	bool is_urgent; /* SESSION_CLOSE: its place is needed, so nobody waits for the other side */
	/* SESSION_NOTE: what it is, of which account (empty: of none), and from where. They live
	 * until the next call but session_next. */
	enum session_note note;
	struct view name;
	const struct limit_address *from;
};

#define SESSION_NONE UINT32_MAX

/* Begins without connections. `options` is copied; `store` must live longer. Positions begin at 0:
 * the caller's journal was just opened. */
struct sessions *session_new(const struct session_options *options, struct store *store);
/* Frees it with all its connections; NULL is fine. Sockets are the caller's to close. The store
 * stays. */
void session_free(struct sessions *s);

/* Gives the new connection a number below connections_max. It is used again after session_closed.
 * SESSION_NONE: there are too many; the caller writes a line, session_refusal, and closes. A
 * connection that is not logged in may be closed to make room (SESSION_CLOSE). `nonce` is fresh and
 * random. `from`: NULL for the loopback interface. */
uint32_t session_open(struct sessions *s, const uint8_t nonce[KEY_SIZE],
                      const struct limit_address *from, struct session_time time);
/* Why the last session_open has given SESSION_NONE: a phrase that lives for ever. */
const char *session_refusal(const struct sessions *s);
/* Takes at most one frame from the front of `bytes` and gives its size. 0: the frame is not whole
 * yet, or the connection takes no input now. Facts that are given out as actions point into
 * `bytes`. */
size_t session_input(struct sessions *s, uint32_t connection, struct view bytes,
                     struct session_time time);
/* Looks at bytes that have come and are not taken yet, so that the store gets ready for many
 * messages at once (store_expect). Gives how many bytes it has looked at. Behind those it can be
 * called again. */
size_t session_expect(const struct sessions *s, uint32_t connection, struct view bytes);
/* False while a long request is being worked on, too much output waits, or the connection is being
 * closed. */
bool session_takes_input(const struct sessions *s, uint32_t connection);
/* Nothing of what was written reaches the other side, and has not for too long: closes the
 * connection as a slow one, although it may send. Does nothing if it is being closed. */
void session_unread(struct sessions *s, uint32_t connection, struct session_time time);
/* What the connection's requests have cost since this was asked last: a unit is about a microsecond
 * of the processor, or of the disk. The caller serves connections by turns of equal cost; a turn of
 * so many bytes, or frames, would give most to whoever sends the dearest. */
uint64_t session_spent(struct sessions *s, uint32_t connection);
/* Whether the connection is logged in, or an operator's. Anybody can make as many others as he
 * likes, so the caller serves those after these. */
bool session_is_known(const struct sessions *s, uint32_t connection);
/* The connection is closed, by the caller (also after SESSION_CLOSE) or because it failed. Its
 * session ends, and its number is free. */
void session_closed(struct sessions *s, uint32_t connection, struct session_time time);

/* The journal has all positions up to this one on the disk: releases the replies that waited for
 * them. `position` never goes back, and is at most the count of SESSION_APPENDs given out. */
void session_synced(struct sessions *s, uint64_t position);
enum session_disk {
	SESSION_DISK_OK,
	SESSION_DISK_LOW,  /* below the low-water mark: additions are refused, not burials */
	SESSION_DISK_FULL, /* not even burials of what is held are taken */
};
/* What the disk has room for from now on (journal_room). At first it is SESSION_DISK_OK. */
void session_disk(struct sessions *s, enum session_disk disk);
/* Whether the store takes as much memory as it may (store_is_full). Then additions are refused, as
 * if the disk were nearly full. */
bool session_memory_is_full(const struct sessions *s);
/* More is appended than the disk takes (journal_is_behind), or that is over. While it is so,
 * requests that change the store wait, and so does their connection's input behind them. All others
 * go on. */
void session_behind(struct sessions *s, bool behind);
/* Whether a slice of work is left. Long requests, and what the store has to free, are done in
 * slices. While this is true, the caller calls session_work when it is idle. */
bool session_has_work(const struct sessions *s);
/* Does one slice, which takes about a millisecond at most. Does nothing if there is no work. */
void session_work(struct sessions *s, struct session_time time);
/* The monotonic time at which session_tick has something to do. UINT64_MAX: never. */
uint64_t session_deadline(const struct sessions *s);
/* Closes connections that are silent or slow. May be called at any time. */
void session_tick(struct sessions *s, struct session_time time);

/* The next report about an address that was refused something, for the log. False: there is none
 * left. Once a minute at most there is one for an address. */
bool session_next_report(struct sessions *s, struct limit_report *report);
/* All of them are due now, because the server stops. */
void session_report_all(struct sessions *s);

/* Takes the next action, in order. False: there is none left. What it points to lives as enum
 * session_action_kind says. */
bool session_next(struct sessions *s, struct session_action *action);

/* What may be written now, in order; empty if nothing. It is valid until the next call with this
 * connection. */
struct view session_output(struct sessions *s, uint32_t connection);
/* The first `size` bytes of it were written; they are dropped. The connection may take input again
 * then (SESSION_RESUME). */
void session_output_sent(struct sessions *s, uint32_t connection, size_t size);

/* Answers a SESSION_ASKED with lines of figures (protocol/figures.h). Does nothing if the
 * connection is being closed. */
void session_tell(struct sessions *s, uint32_t connection, struct view text);

/* Counters for operators, the log (SIGUSR1) and tests: two of what is now, the others since the
 * start. */
struct session_counts {
	uint64_t connections, sessions;
	uint64_t frames, refused, pushes; /* refused: replies that are not STATUS_OK */
	uint64_t closed_malformed, closed_slow;
	uint64_t pushed_unsynced; /* pushes that were released before their fact was on disk */
	uint64_t replies[FRAME_TYPE_REQUEST_END][STATUS_END];
	uint64_t messages[STATUS_END]; /* what was answered of each recipient of a SEND */
	uint64_t limited[LIMIT_KINDS]; /* what addresses were refused, or had to wait for */
};
/* Fills in all of `counts`. */
void session_counts(const struct sessions *s, struct session_counts *counts);
/* Asserts the invariants. */
void session_check(const struct sessions *s);

#endif
