/* SPDX-License-Identifier: MIT
 *
 * dial: a connection that a program makes to a replica, from the dial to its end, and where the
 * replicas are.
 *
 * A connection is closed, dialling or connected. Behind it stands a half of the chat: replication
 * (driver/link.h) or reconcile (driver/mend.h). Its owner gives the functions that tell the half
 * what has happened, and that ask it for bytes (struct dial_half). A connection that breaks is
 * closed first and told then, once; one that the owner closes is not told at all.
 *
 *   dial_init(d, &half, target, index);
 *   dial_begin(d);          the half is told that it is connected, or that it has failed
 *   ...                     the loop calls half.ready, which calls dial_ready: bytes come in
 *   dial_flush(d);          once a turn: what the half has to say goes out
 *   dial_close(d);
 *
 * A name is resolved again at each try, without waiting: the try begins with the addresses that are
 * known, and the next one has the new ones. Only while none is known a try waits for the answer.
 *
 * A host with several addresses is dialled at one after another within one try. The next try
 * begins with the address that was good; or, if a try was given up, with the one after it; or, if
 * all have failed, with the first.
 */
#ifndef THREEFOLD_DRIVER_DIAL_H
#define THREEFOLD_DRIVER_DIAL_H

#include "io/address.h"
#include "io/conn.h"
#include "io/resolver.h"
#include "replication/replication.h"

enum { DIAL_TEXT_SIZE = 300 }; /* a host name of 253 bytes, brackets, a port, the NUL */

/* Where a replica is. */
struct dial_target {
	char text[DIAL_TEXT_SIZE];    /* as it was given: HOST:PORT, [::1]:PORT */
	char name[ADDRESS_HOST_SIZE]; /* of its host; empty: an address was given */
	uint16_t port;                /* of that name */
	struct address addresses[ADDRESS_MAX];
	size_t count; /* of addresses, at least 1; 0: the name has none now */
};

/* Reads HOST PORT of each replica from the words of a command line, and resolves the hosts, for
 * three seconds at most. A wrong number of words, a wrong port, a pair that was given before
 * (unless `may_repeat`), three unknown hosts: the first of these mistakes ends the program by
 * options_wrong. One unknown host is none: it is a replica that is dead now. */
void dial_targets_read(struct dial_target targets[REPLICAS], int words_count, char *const *words,
                       bool may_repeat);

struct dial;

/* What the connections of one owner have in common, and their way to the half behind them. */
struct dial_half {
	struct loop *loop;
	struct conn_input *buffer; /* the owner's */
	/* For the loop: dial_ready, or a function that calls it and more. */
	void (*ready)(struct loop_source *source, unsigned events);
	void (*connected)(struct dial *d);
	/* The dial or the connection has failed. `why` is a phrase; it lives until this returns. */
	void (*failed)(struct dial *d, const char *why);
	/* Returns how many of `bytes` it has used. What is left comes again, with what follows. */
	size_t (*input)(struct dial *d, struct view bytes);
	/* All that may be written now; it lives until the half is called again. */
	struct view (*output)(struct dial *d);
	void (*output_sent)(struct dial *d, size_t size);
};

struct dial {
	struct conn conn;
	const struct dial_half *half;
	const struct dial_target *target;
	uint8_t index; /* which replica it is */
	bool is_dialling;
	uint8_t tried; /* addresses in this try */
	uint8_t next;  /* the address that is dialled next */
	struct address addresses[ADDRESS_MAX];
	size_t count;
	struct resolver *resolver;   /* under way; or NULL */
	struct loop_timer resolving; /* while a try waits for it */
	uint64_t resolved_ms;        /* when it was begun last */
};

/* Sets up a closed connection. `half` and `target` must outlive it; it must not move. */
void dial_init(struct dial *d, const struct dial_half *half, const struct dial_target *target,
               uint32_t index);
/* Begins a try; the connection is closed before. If nothing can be dialled, the half is told before
 * this returns. */
void dial_begin(struct dial *d);
/* Closes it and forgets what was not written. The half is not told. Does nothing if it is
 * closed. */
void dial_close(struct dial *d);
/* Closes it for good, and gives back what it has. */
void dial_release(struct dial *d);
/* Whether bytes may come and go: a dial that is under way is not connected yet. */
bool dial_is_connected(const struct dial *d);

/* Takes an event of the loop. That there is room to write is left to the next dial_flush. */
void dial_ready(struct loop_source *source, unsigned events);
/* Reads once, and gives the bytes to the half; it is connected. False if there is nothing more to
 * be read now, or if the connection has ended or failed, which the half was told. */
bool dial_receive(struct dial *d);
/* Writes what the half has and the socket takes. True if the connection has failed, which the half
 * was told. Does nothing if it is not connected. */
bool dial_flush(struct dial *d);

#endif
