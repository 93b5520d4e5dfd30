/* SPDX-License-Identifier: MIT
 *
 * reconcile: the plan of repair. It finds what the sets of up to three replicas do not have in
 * common, and copies it in each direction.
 *
 * One `reconcile` is one run. It owns no socket, clock or randomness. Events come in, ordered
 * actions go out, and the bytes to be written wait in it until the caller takes them.
 *
 *   r = reconcile_new(&options, time_ms);               the caller dials them all
 *   reconcile_connected / reconcile_failed / reconcile_input / reconcile_tick
 *   while (reconcile_next(r, &action)) ...              after each of these, until there is none
 *                                                       left; RECONCILE_DONE is the last
 *   reconcile_output(r, index), reconcile_output_sent(r, index, size)
 *
 * How it works. The replica with the most elements splits a range into parts. The others answer
 * with digests of the same parts. Parts that differ are split further. Where little is left, or
 * only some replicas have anything, the elements themselves are read and merged by key, and what a
 * replica lacks is stored there. So the amount of data that is moved depends on the difference, not
 * on the size of the sets.
 *
 * What is gone comes first: a pass over tombstones and dead ranges, and only after it a pass over
 * accounts and messages. So nothing that is dead anywhere becomes alive elsewhere. After a pass
 * that found something comes another one, because ranges may merge when they are brought together
 * ([1,5] and [3,9] become [1,9] on both), and because clients go on writing. Storing a fact twice
 * does no harm, so a run may end at any point, be repeated, and run beside others.
 *
 * No replica is told anything before it has proved that it holds the operator key. A uuid that
 * answers at two addresses is trusted at neither: one of them may be a stranger who passes on what
 * the true one says. That holds also if the true one was lost since it answered. A stranger who
 * passes on what a replica says that this run never reaches cannot be told from it. Two processes
 * with one uuid that have the key are both repaired: somebody has copied a data directory, and
 * either may have what nobody else has.
 *
 * Pure; one thread.
 */
#ifndef THREEFOLD_RECONCILE_RECONCILE_H
#define THREEFOLD_RECONCILE_RECONCILE_H

#include "protocol/figures.h"

enum {
	RECONCILE_MAX = 3, /* replicas */
	RECONCILE_WHY_SIZE = 160,
	RECONCILE_PASSES_MAX = 4, /* of each kind; what differs then is traffic, or is refused */
	RECONCILE_CHECKS_MAX = 2, /* a request under way is no difference the second time */
};

struct reconcile;

enum reconcile_mode {
	RECONCILE_REPAIR, /* copies what is missing */
	RECONCILE_CHECK,  /* only finds it */
};

/* What any replica knows of the sessions of an account since that replica's start. */
struct reconcile_seen {
	uint64_t session_ms; /* when the newest one began; 0: there was none */
	uint64_t online_ms;  /* since when it is logged in; 0: it is not */
};

struct reconcile_options {
	enum reconcile_mode mode;
	uint32_t count;              /* replicas, 1 to RECONCILE_MAX */
	uint32_t least;              /* fewer than these and the run has failed; 0: 2 */
	uint8_t key[KEY_SIZE];       /* the operator's */
	uint8_t seed[KEY_SIZE];      /* random; all nonces come from it */
	uint32_t reply_timeout_ms;   /* 0: 30000; a range of n elements has n / 50 more */
	uint32_t connect_timeout_ms; /* until the proof; 0: 5000 */
	bool collect;                /* CHECK: shows every element: reconcile_collected */
	bool figures;                /* at the end each is asked how it is */
	/* If not NULL, nothing is compared: each replica is asked about these accounts only, and
	 * `seen`, of as many, is filled in. Both live as long as the run. */
	const struct id *ids;
	struct reconcile_seen *seen;
	uint32_t id_count;
	struct view bring; /* REPAIR: a list of facts that every replica is brought first; lives
	                    * as long as the run */
	bool accounts;     /* CHECK: only accounts and tombstones are compared */
};

enum reconcile_action_kind {
	RECONCILE_WRITE, /* the replica has output that it had not before */
	RECONCILE_CLOSE, /* drop the connection at once; no event is expected for it any more */
	RECONCILE_DONE,
};

struct reconcile_action {
	enum reconcile_action_kind kind;
	uint32_t index;
};

enum reconcile_state {
	RECONCILE_WAITING, /* not proved yet */
	RECONCILE_READY,   /* takes part */
	RECONCILE_LOST,    /* not, or not any more: `why` */
};

struct reconcile_replica {
	enum reconcile_state state;
	uint16_t version; /* of the protocol; READY */
	bool is_refused;  /* lost because the proof failed, on either side */
	bool is_copy;     /* READY, and one before it has its uuid: a data directory was copied */
	char why[RECONCILE_WHY_SIZE]; /* a phrase; may hold foreign bytes */
	enum status refusal;          /* a STORE that was not all stored; else STATUS_OK */
	bool is_behind;               /* it lacks removals, which its version does not know */
	uint64_t elements;            /* in the last pass of each kind */
	uint8_t digest[KEY_SIZE];     /* of all of them; equal sets in one run have equal ones */
	uint64_t missing; /* found in the first pass of each kind (CHECK: in the last) */
	uint64_t stored;  /* elements brought and acknowledged */
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint32_t share_messages; /* of a sender in a mailbox, as the replica says; READY */
	uint64_t share_bytes;
	bool has_seen;    /* `ids` were given, and it has told all that it has seen of them */
	bool has_figures; /* `figures` was asked for, and it has told; else it is too old for it */
	struct figures figures;
};

struct reconcile_result {
	bool is_done;
	bool is_same; /* the last passes found nothing that is not the same on all that took part */
	bool is_ready; /* enough replicas took part to the end */
	uint32_t passes;
	struct reconcile_replica replicas[RECONCILE_MAX];
};

/* How far the pass under way is. */
struct reconcile_progress {
	const char *what; /* "connecting", "what is gone", ... */
	uint64_t done;    /* elements */
	uint64_t total;
	uint64_t stored;
};

/* All times are monotonic milliseconds, and never go back. An index is the place of a replica in
 * the caller's list, below options.count. */

/* A run that has no connection yet. `options` is copied. */
struct reconcile *reconcile_new(const struct reconcile_options *options, uint64_t time_ms);
/* Frees it, at any time, and wipes the key; NULL is fine. Connections are the caller's to close. */
void reconcile_free(struct reconcile *r);

/* A dial has succeeded. Nothing happens if the replica is lost by then. */
void reconcile_connected(struct reconcile *r, uint32_t index, uint64_t time_ms);
/* The dial or the connection has failed: the replica is lost, and RECONCILE_CLOSE is given. `why`
 * is a phrase, which is copied. Nothing happens if it is lost already, or after RECONCILE_DONE. */
void reconcile_failed(struct reconcile *r, uint32_t index, const char *why, uint64_t time_ms);
/* Takes at most one frame from the front of `bytes` and returns how many bytes that was; 0 if it is
 * not whole yet, or if the replica is lost. */
size_t reconcile_input(struct reconcile *r, uint32_t index, struct view bytes, uint64_t time_ms);
/* With `collect`: the elements that this reconcile_input has come upon, as a list of facts for
 * protocol_next_fact; what did not prove itself is left out. All of them together are the union of
 * the sets; what is bettered by another may be among them. Lives until the next call. */
struct view reconcile_collected(const struct reconcile *r);
/* When reconcile_tick has something to do; UINT64_MAX: never. It may change with every event. */
uint64_t reconcile_deadline(const struct reconcile *r);
/* Loses replicas that have not answered in time, and writes pings to those that might take us for
 * dead. May be called at any time. */
void reconcile_tick(struct reconcile *r, uint64_t time_ms);

/* Takes the next action, in order. False: none is left. */
bool reconcile_next(struct reconcile *r, struct reconcile_action *action);
/* What may be written to a replica now, possibly nothing; lives until the next call. */
struct view reconcile_output(const struct reconcile *r, uint32_t index);
/* The first `size` bytes of it were written; they are dropped. */
void reconcile_output_sent(struct reconcile *r, uint32_t index, size_t size);

/* How many replicas take part, or took part to the end. */
uint32_t reconcile_ready(const struct reconcile_result *result);
/* What has come of the run: whole after RECONCILE_DONE, so far before it. Beyond options.count the
 * replicas are RECONCILE_LOST. */
void reconcile_result(const struct reconcile *r, struct reconcile_result *result);
/* How far it is. The string lives for ever. */
void reconcile_progress(const struct reconcile *r, struct reconcile_progress *progress);
/* Asserts the invariants. */
void reconcile_check(const struct reconcile *r);

#endif
