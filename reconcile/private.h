/* SPDX-License-Identifier: MIT
 *
 * What the files of reconcile share; nobody else includes it.
 *
 *   reconcile.c        connections: handshake, proofs, requests and their replies, times, actions
 *   reconcile/plan.c   ranges: passes, splitting, comparing
 *   reconcile/merge.c  elements: pages, merging by key, storing what is missing
 *
 * A peer is
 *
 *   state     meaning                           leaves by (LOST: at any time)
 *   DIALLING  no connection yet                 GREETING: connected, HELLO is written
 *   GREETING  no WELCOME yet                    GREETED: WELCOME
 *   GREETED   waits until all are decided       PROVING: our proof is written
 *   PROVING   waits for its proof               COUNTING: it is right, a PING is written
 *   COUNTING  waits for its count               READY
 *   READY     takes part                        -
 *   LOST      does not                          -
 *
 * and the run starts when each is READY or LOST. If one is lost later, it starts anew without that.
 *
 * Replies come in the order of requests, so a ring of what is due says what each is for. What was
 * asked in an earlier start (`epoch`) is read and forgotten.
 */
#ifndef THREEFOLD_RECONCILE_PRIVATE_H
#define THREEFOLD_RECONCILE_PRIVATE_H

#include "reconcile/reconcile.h"
#include "base/sha256.h"

enum {
	RECONCILE_MAGIC = 0x7265636f,
	TASKS_MAX = 32,
	FAN_OUT = 16,
	LIST_SIZE_MAX = 512, /* bytes of elements that are read rather than split */
	PAGE_BYTES = 64 * 1024,
	STORE_BYTES = 64 * 1024,          /* in one STORE, but for one large message */
	STORE_WINDOW_BYTES = 1024 * 1024, /* not acknowledged by a replica: no more is read */
	COLLECTED_BYTES_MAX = RECONCILE_MAX * FRAME_SIZE_MAX, /* of the pages of one task */
	OUTPUT_BYTES_MAX = 64 * 1024 * 1024,
	REPLY_TIMEOUT = 30000,
	CONNECT_TIMEOUT = 5000,
	ELEMENTS_PER_MS = 50,
	NOBODY = 0xff,
};
_Static_assert(STORE_BYTES + FACT_SIZE_MAX + FRAME_HEADER_SIZE <= FRAME_SIZE_MAX, "a STORE fits");

enum peer_state {
	PEER_DIALLING,
	PEER_GREETING,
	PEER_GREETED,
	PEER_PROVING,
	PEER_COUNTING,
	PEER_READY,
	PEER_LOST,
};

/* A request that is not answered yet. */
struct due {
	uint8_t type;
	uint8_t task;
	uint32_t epoch;
	uint32_t bytes; /* STORE */
	uint32_t facts;
};

struct peer {
	enum peer_state state;
	bool is_refused;
	bool write_told;
	char why[RECONCILE_WHY_SIZE];
	uint8_t uuid[UUID_SIZE];
	uint8_t server_nonce[KEY_SIZE];
	uint8_t client_nonce[KEY_SIZE];
	uint32_t silence_ms;
	uint32_t request;
	uint64_t heard_ms; /* or the oldest request that is due was written then */
	uint64_t wrote_ms;
	uint64_t facts; /* as its PING said */
	struct buf out;
	struct due *dues; /* ring */
	uint32_t due_first;
	uint32_t due_count;
	uint32_t due_capacity; /* a power of two, or 0 */
	struct buf store;      /* facts for the next STORE */
	uint32_t store_facts;
	uint64_t unstored; /* bytes in STOREs that are due */
	uint64_t missing;
	uint64_t stored;
	uint64_t bytes_in;
	uint64_t bytes_out;
	enum status refusal;
	struct {
		uint64_t elements;
		uint8_t digest[KEY_SIZE];
	} sums[SET_ALL + 1]; /* by set */
};

/* A range that is not the same everywhere. Where one group of equal replicas alone has anything,
 * the lowest of them speaks for all, and so does the lowest of those that have nothing; else each
 * replica speaks for itself. */
struct range_item {
	bool is_top; /* the whole set */
	struct bound after;
	struct bound upto;
	uint8_t speaker[RECONCILE_MAX]; /* NOBODY: is not ready */
	uint32_t count[RECONCILE_MAX];  /* of speakers */
	uint32_t size[RECONCILE_MAX];
};

enum task_state {
	TASK_FREE,
	TASK_SPLIT,  /* one splits */
	TASK_DIGEST, /* the others answer for the same parts */
	TASK_LIST,   /* elements are read */
	TASK_PAUSED, /* to be read on when less is waiting to be stored */
};

struct task {
	enum task_state state;
	struct range_item range;
	uint8_t splitter;
	uint8_t waiting; /* bit i: a reply of i is due */
	uint32_t part_count;
	struct bound *uptos;                      /* PARTS_MAX */
	struct digest_part *parts[RECONCILE_MAX]; /* PARTS_MAX each */
	struct buf pages[RECONCILE_MAX];
	struct bound reached[RECONCILE_MAX];
};

struct reconcile {
	uint32_t magic;
	struct reconcile_options options;
	uint64_t time_ms;
	uint8_t nonce[KEY_SIZE]; /* of digests */
	struct peer peers[RECONCILE_MAX];
	struct reconcile_action *actions;
	uint32_t action_count;
	uint32_t action_taken;
	uint32_t action_capacity;

	bool is_started;
	bool is_done;
	bool is_same;
	uint32_t epoch;
	uint8_t set; /* of the pass */
	bool is_clean[SET_ALL + 1];
	uint32_t pass; /* of this kind, from 0 */
	uint32_t passes;
	uint64_t found; /* in this pass */
	uint64_t done;
	uint64_t total;
	struct range_item *pending; /* a stack */
	uint32_t pending_count;
	uint32_t pending_capacity;
	struct task tasks[TASKS_MAX];
	struct buf scratch;
	struct buf collected;
};

/* ---- reconcile.c ---- */

bool peer_is_ready(const struct reconcile *r, uint32_t index);
/* Writes a request; `task` is whose the reply will be. */
void peer_ask(struct reconcile *r, uint32_t index, const struct frame *frame, uint32_t task);
void peer_lose(struct reconcile *r, uint32_t index, const char *why);
void reconcile_end(struct reconcile *r, bool is_same);

/* ---- reconcile/plan.c ---- */

/* Begins with the first pass; again after a replica was lost. */
void plan_start(struct reconcile *r);
void plan_release(struct reconcile *r);
/* The reply to a task's request. NULL, or why the replica is not to be trusted. */
const char *plan_reply(struct reconcile *r, uint32_t index, uint32_t task,
                       const struct frame *frame);
/* Starts and resumes what can be; ends the pass when nothing is left. */
void plan_pump(struct reconcile *r);

/* ---- reconcile/merge.c ---- */

/* Whether more may be read: nobody has too much to store. */
bool merge_has_room(const struct reconcile *r);
void merge_begin(struct reconcile *r, uint32_t task);
const char *merge_reply(struct reconcile *r, uint32_t index, uint32_t task,
                        const struct frame *frame);
/* Writes what waits to be stored at a replica. */
void merge_flush(struct reconcile *r, uint32_t index);

#endif
