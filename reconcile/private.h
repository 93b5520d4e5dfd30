/* SPDX-License-Identifier: MIT
 *
 * What the files of reconcile share. From the bottom up; each file calls only files above it in
 * this list:
 *
 *   member.c      asking a member: requests, their replies, what is written; actions
 *   merge.c       elements: pages, merging by key, storing what is missing
 *   plan.c        ranges: passes, splitting, comparing
 *   reconcile.c   connections: handshake, proofs, what comes in, times
 *
 * A member is a replica that the caller has named, whether it takes part or not. Its index is its
 * place in that list. Its states:
 *
 *   state     meaning                           next state (LOST: at any time)
 *   DIALLING  no connection yet                 GREETING: connected, HELLO is written
 *   GREETING  no WELCOME yet                    SHOWING: WELCOME has come, MEMBER is written
 *   SHOWING   waits until the replica shows     GREETED: it has
 *             that it holds the operator key
 *   GREETED   waits until all others are        PROVING: our proof is written
 *             greeted or lost
 *   PROVING   waits for the replica's proof     COUNTING: it is right, a PING is written
 *   COUNTING  waits for the count of elements   READY
 *   READY     takes part                        -
 *   LOST      does not take part                -
 *
 * The run starts when each is READY or LOST. If one is lost later, the run starts again without it.
 * Each start has a number, `epoch`; a reply to a request of an earlier start is read and ignored.
 *
 * When nothing is left to compare, those who are READY may be asked for their figures, or about
 * accounts
 * (`is_asking`). What goes wrong then changes nothing of what was found: who does not tell stays
 * READY.
 */
#ifndef THREEFOLD_RECONCILE_PRIVATE_H
#define THREEFOLD_RECONCILE_PRIVATE_H

#include "base/ring.h"
#include "base/sha256.h"
#include "reconcile/reconcile.h"

enum {
	RECONCILE_MAGIC = 0x7265636f,
	TASKS_MAX = 32,                   /* ranges that are worked on at once */
	FAN_OUT = 16,                     /* parts that a range is split into */
	LIST_SIZE_MAX = 512,              /* bytes of elements that are read rather than split */
	PAGE_BYTES = 64 * 1024,           /* asked for at once */
	STORE_BYTES = 64 * 1024,          /* in one STORE; one large message may exceed it */
	STORE_WINDOW_BYTES = 1024 * 1024, /* a replica has not acknowledged: no more is read */
	COLLECTED_BYTES_MAX = RECONCILE_MAX * FRAME_SIZE_MAX, /* of the pages of one task */
	OUTPUT_BYTES_MAX = 64 * 1024 * 1024,
	REPLY_TIMEOUT = 30000,            /* ms */
	CONNECT_TIMEOUT = 5000,           /* ms */
	ELEMENTS_PER_MS = 50,             /* that a slow replica counts and hashes */
	COUNTING_MS_MAX = 10 * 60 * 1000, /* however many it says that it has */
	SHOWN_MORE_MAX = 65536,           /* elements than twice its count, in one pass */
	WAITS_MAX = 3,                    /* timeouts that all replies together may take, and */
	SLOWEST_PER_MS = 4,               /* a ms more for so many bytes */
	NOBODY = 0xff,                    /* no index of a member */
};
_Static_assert(STORE_BYTES + FACT_SIZE_MAX + FRAME_HEADER_SIZE + TAG_SIZE <= FRAME_SIZE_MAX,
               "a STORE fits");

/* ---- member.c ---- */

enum member_state {
	MEMBER_DIALLING,
	MEMBER_GREETING,
	MEMBER_SHOWING,
	MEMBER_GREETED,
	MEMBER_PROVING,
	MEMBER_COUNTING,
	MEMBER_READY,
	MEMBER_LOST,
};

/* A request that is not answered yet. */
struct member_request {
	uint8_t type; /* of the frame */
	uint8_t task; /* whose range it is about */
	uint32_t epoch;
	uint32_t bytes; /* STORE: of its facts */
	uint32_t facts; /* STORE: how many */
	uint32_t number;
	/* What the reply must fit, if it is compared (protocol_contradiction): the request's bytes,
	 * which are owned. */
	uint32_t size;
	uint8_t *kept;
};

struct member {
	enum member_state state;
	uint16_t version;             /* of the protocol, as its WELCOME said */
	bool has_greeted;             /* it has shown the key in this run */
	bool is_behind;               /* it lacks facts that its version does not know */
	bool is_refused;              /* lost because a proof failed */
	bool write_told;              /* the caller knows of output: RECONCILE_WRITE was given */
	char why[RECONCILE_WHY_SIZE]; /* LOST */
	uint8_t uuid[UUID_SIZE];
	uint8_t public[KEY_SIZE];
	uint8_t server_nonce[KEY_SIZE];
	/* Drawn: our nonce in version 3; from version 4 on the secret key whose public key is our
	 * nonce. */
	uint8_t client_nonce[KEY_SIZE];
	bool is_tagged; /* what is written has tags, by this key: */
	struct tag_key tags;
	bool answers_have_tags; /* what it says, by this key: */
	struct tag_key answers;
	uint8_t member_nonce[KEY_SIZE]; /* of our MEMBER */
	uint32_t silence_ms;            /* after so long without a frame it drops us */
	uint32_t last_request;
	uint64_t heard_ms; /* when it last sent a frame, or when we began to wait for one */
	uint64_t wrote_ms;
	uint64_t waited_ms;   /* for all replies until now */
	uint64_t facts;       /* as its PING said */
	uint64_t shown;       /* elements in this pass */
	struct buf out;       /* what is to be written to it */
	struct ring requests; /* of struct member_request, the oldest first */
	struct buf store;     /* facts for the next STORE */
	uint32_t store_facts;
	uint64_t unstored; /* bytes in STOREs that are not answered yet */
	/* for the result */
	uint64_t missing;
	uint64_t stored;
	uint64_t bytes_in;
	uint64_t bytes_out;
	enum status refusal;
	bool is_asked; /* for its figures, or about accounts, and has not told all */
	bool is_gone;  /* its connection, after all was compared */
	bool has_figures;
	struct figures figures;
	uint32_t seen; /* of options.ids it has told */
	uint32_t share_messages;
	uint64_t share_bytes;
	struct {
		uint64_t elements;
		uint8_t digest[KEY_SIZE];
	} sums[SET_ALL + 1]; /* by set */
};

/* Adds an action to those that reconcile_next gives. */
void reconcile_act(struct reconcile *r, enum reconcile_action_kind kind, uint32_t index);
/* All is compared: ends the run, once, which gives its last action. But if figures are wanted, or
 * accounts, it first asks for them (reconcile_asked). `is_same` is for the result. */
void reconcile_end(struct reconcile *r, bool is_same);
/* Asks a member for its figures, or about the next accounts. */
void member_ask_more(struct reconcile *r, uint32_t index);
/* Ends the run if nobody is waited for any more. */
void reconcile_asked(struct reconcile *r);
/* Whether a member takes part. False for an index beyond the members. */
bool member_is_ready(const struct reconcile *r, uint32_t index);
/* Writes a frame that has no reply, and tells the caller that there is output. */
void member_write(struct reconcile *r, uint32_t index, const struct frame *frame);
/* Writes a request and remembers it until its reply comes. The reply goes to plan_reply for `task`,
 * if it is a task's; else `task` is 0. The number of the request is set here. */
void member_ask(struct reconcile *r, uint32_t index, const struct frame *frame, uint32_t task);
/* A frame has come: takes the oldest request off the ring. NULL, or a phrase that says why the
 * frame is no reply to that. What was kept of the request is freed. */
const char *member_answers(struct member *m, const struct frame *frame,
                           struct member_request *request);
/* Forgets the requests that are not answered. */
void member_forget(struct member *m);
/* Asserts the invariants. */
void member_check(const struct member *m);

/* ---- ranges and tasks, for merge.c and plan.c ---- */

/* A range that is not the same everywhere. Members that hold the same in it form a group, and the
 * lowest of them speaks for all. So every member has a speaker: often itself. */
struct plan_range {
	bool is_top; /* the whole set */
	struct bound after;
	struct bound upto;
	uint8_t speaker[RECONCILE_MAX]; /* NOBODY: the member is not ready */
	uint32_t count[RECONCILE_MAX];  /* elements of a speaker */
	uint32_t size[RECONCILE_MAX];   /* bytes of them */
};

enum plan_task_state {
	TASK_FREE,
	TASK_SPLIT,  /* one speaker splits */
	TASK_DIGEST, /* the others answer for the same parts */
	TASK_LIST,   /* elements are read */
	TASK_PAUSED, /* reading goes on when less is waiting to be stored */
};

/* A range that is being worked on. */
struct plan_task {
	enum plan_task_state state;
	struct plan_range range;
	uint8_t splitter; /* SPLIT, DIGEST: the index of the speaker that splits */
	uint8_t waiting;  /* bit i: member i has not answered yet */
	uint32_t part_count;
	struct bound *uptos;                      /* ends of the parts; PARTS_MAX */
	struct digest_part *parts[RECONCILE_MAX]; /* of each speaker; PARTS_MAX each */
	struct buf pages[RECONCILE_MAX];          /* LIST: elements of each speaker */
	struct bound reached[RECONCILE_MAX];      /* LIST: where its page ends */
};

struct reconcile {
	uint32_t magic;
	struct reconcile_options options;
	uint64_t time_ms;
	uint64_t begun_ms;
	uint8_t nonce[KEY_SIZE]; /* of digests */
	struct member members[RECONCILE_MAX];
	struct reconcile_action *actions;
	uint32_t action_count;
	uint32_t action_taken; /* so many of them the caller has */
	uint32_t action_capacity;

	bool is_started;
	bool is_asking; /* all is compared */
	bool is_done;
	bool is_same;
	uint32_t epoch;             /* number of the start */
	uint8_t set;                /* of the pass: its kind */
	bool is_clean[SET_ALL + 1]; /* the last pass of a kind found nothing */
	uint32_t pass;              /* of this kind, from 0 */
	uint32_t passes;            /* of all kinds and starts */
	uint64_t found;             /* differences in this pass */
	uint64_t done;              /* elements that this pass has compared, of `total` */
	uint64_t total;
	struct plan_range *pending; /* a stack of ranges for tasks to come */
	uint32_t pending_count;
	uint32_t pending_capacity;
	struct plan_task tasks[TASKS_MAX];
	struct buf scratch;   /* the parts of a request while it is encoded */
	struct buf collected; /* for reconcile_collected */
};

/* ---- merge.c ---- */

/* Whether more may be read. Not while a member has too much left to store. */
bool merge_has_room(const struct reconcile *r);
/* Asks the speakers of the task's range for a page each. */
void merge_begin(struct reconcile *r, uint32_t task);
/* Takes in a page that has come for a task, and fits what was asked. NULL, or why it is believed no
 * more: its pages never end. */
const char *merge_reply(struct reconcile *r, uint32_t index, uint32_t task,
                        const struct frame *frame);
/* Brings the facts that the caller has given to all who take part. */
void merge_bring(struct reconcile *r);
/* Writes a STORE of what is collected for a member, if anything is. */
void merge_flush(struct reconcile *r, uint32_t index);

/* ---- plan.c ---- */

/* Begins the first pass. Called again, after plan_release, when a replica was lost. */
void plan_start(struct reconcile *r);
/* Drops all tasks and ranges. */
void plan_release(struct reconcile *r);
/* Takes in the reply to a task's request, which fits it. NULL, or why the member is lost. */
const char *plan_reply(struct reconcile *r, uint32_t index, uint32_t task,
                       const struct frame *frame);
/* Starts and resumes tasks; ends the pass when nothing is left to do. */
void plan_pump(struct reconcile *r);

#endif
