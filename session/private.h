/* SPDX-License-Identifier: MIT
 *
 * What the files of session share; nobody else includes it.
 *
 *   session.c           connections, output and its order, times, actions
 *   session/input.c     handshake, dispatch, work that goes in slices
 *   session/login.c     sessions: who is logged in where, log in, log out, entries
 *   session/account.c   accounts: look up, create, confirm, delete, list; ping, operate
 *   session/mailbox.c   messages: send, received, streams, page, pushes
 *   session/operator.c  repair: digests of ranges, elements, facts that are brought
 *
 * A connection is
 *
 *   state      meaning                        takes            leaves by
 *   NEW        no HELLO yet                   HELLO            OPEN: versions fit; CLOSING: a line
 *   OPEN       answers requests               every request    CLOSING: malformed, silent, slow
 *   CLOSING    waits for session_closed       nothing          session_closed
 *
 * and in OPEN it takes no input while a request of its own is worked off (`work`) or too much
 * output waits (`stalled`). It is in the list of silence exactly while it takes input, and in the
 * list of slowness exactly while it is not CLOSING and has output ready.
 */
#ifndef THREEFOLD_SESSION_PRIVATE_H
#define THREEFOLD_SESSION_PRIVATE_H

#include "base/arena.h"
#include "session/session.h"
#include "base/sha256.h"
#include "base/table.h"

enum {
	SESSIONS_MAGIC = 0x73657373,
	CONNECTION_MAGIC = 0x636f6e6e,
	/* More output than this waits: no more input, until it is half of this. */
	OUTPUT_STALL_SIZE = 1024 * 1024,
	/* What a buffer may hold: a stall and one reply more, a page of pushes, small frames;
	 * twice, since what was sent is dropped only when it is half. */
	OUTPUT_SIZE_MAX = 4 * 1024 * 1024,
	/* A slice: about as many facts of little text as take half a millisecond. */
	SLICE_COST_MAX = 128,
	SLICE_FREED_MAX = 500, /* messages that store_work frees in a slice */
	NO_OFFSET = -1,
};
_Static_assert(2 * (OUTPUT_STALL_SIZE + 2 * FRAME_SIZE_MAX + PAGE_SIZE_MAX) <= OUTPUT_SIZE_MAX,
               "a put into an output buffer cannot fail");

/* Entries of a list that were added by a call that knows no time get theirs at the next one that
 * does; until then they have this one. */
#define STAMP_UNKNOWN UINT64_MAX

enum connection_state { CONNECTION_NEW, CONNECTION_OPEN, CONNECTION_CLOSING };
enum connection_list {
	LIST_SILENCE, /* by the last frame that came */
	LIST_SLOW,    /* by the last output that was taken */
	LISTS,
};

struct list_link {
	uint32_t previous;
	uint32_t next;
	uint64_t stamp_ms;
};

/* Bytes that wait; there is none while nothing does. */
struct output {
	struct buf buf;
	size_t sent; /* from the front */
};

struct work;

struct connection {
	uint32_t magic;
	uint32_t number;
	uint8_t state; /* enum connection_state */
	bool is_operator;
	bool write_told; /* SESSION_WRITE was given, session_output not called since */
	bool close_told;
	bool stalled;
	bool read_on; /* a READ_ON with `place` is to be written */
	bool listed[LISTS];
	uint8_t nonce[KEY_SIZE];
	struct id proven;  /* the account that this connection has proved to own, or zero */
	struct id account; /* that is logged in here, or zero: then the next three mean nothing */
	struct ulid session;
	uint64_t online_since_ms;
	struct place place; /* what is added or changed at or before it is pushed */
	struct output *ready;
	struct output *held;   /* replies that wait for the disk */
	uint32_t push_waiting; /* at least as many bytes of pushes as are unsent in `ready` */
	uint32_t push_tail;    /* unsent bytes of `ready` up to the end of the last push in it */
	uint32_t read_on_tail; /* the same for the last READ_ON */
	int32_t push_open; /* where in `ready` a PUSH begins that may still grow, or NO_OFFSET */
	struct work *work;
	const char *why; /* of a close that waits for held replies */
	struct list_link links[LISTS];
};

struct connection_slot {
	struct connection *connection; /* NULL: free */
	uint32_t generation;           /* of the number; tells a late reply that it is late */
	uint32_t next_free;
};

/* A stretch of held output of one connection. */
struct held {
	uint64_t position; /* it may go when this is synced */
	uint32_t connection;
	uint32_t generation;
	uint32_t size;
};

/* What is remembered of an account that was logged in since the start. */
struct remembered {
	struct id id;
	struct ulid session; /* the largest, and its largest dial */
	uint32_t dial;
	uint32_t connection; /* where it is active now, or SESSION_NONE */
};

/* Where an operator's question about a range stands. */
struct survey {
	uint8_t set;
	bool is_over;  /* the walk has come to the end of the store */
	uint32_t cost; /* of the slice so far */
	uint32_t step; /* SPLIT: elements in a part; ELEMENTS: bytes in a page */
	uint32_t parts;
	uint64_t count; /* of the part so far, and bytes */
	uint64_t size;
	size_t offset;        /* DIGEST: in the list of bounds */
	struct store_key key; /* the walk: what comes after it is to come */
	struct bound last;    /* of the last element, or where the range begins */
	struct bound upto;    /* DIGEST: of the part; SPLIT: of the part before */
	struct bound end;     /* of the range */
	uint8_t nonce[KEY_SIZE];
	struct hmac hmac;
};

/* A request that is not answered yet. It owns a copy of its frame, but for the first slice. */
struct work {
	struct work *next;
	uint32_t connection; /* SESSION_NONE: nobody waits for the answer any more */
	uint8_t type;
	bool freeing; /* has given the store something to free */
	uint32_t request;
	struct id account; /* who asks */
	struct ulid session;
	uint64_t sent_ms;
	bool repetition; /* the session was named: the same text is the same message */
	struct view text;
	struct view list; /* recipients or streams */
	size_t offset;    /* in it: done so far */
	size_t range;     /* RECEIVED: ranges done of the item at the offset */
	struct buf results;
	enum status status;
	struct survey *survey; /* NULL: not a question about a range */
	uint64_t ticket;       /* answered when the store's work is done up to it */
	uint8_t *copy;
};

struct work_list {
	struct work *first;
	struct work *last;
};

struct action_entry {
	enum session_action_kind kind;
	uint32_t connection;
	uint32_t fact; /* index */
	const char *why;
};

struct sessions {
	uint32_t magic;
	struct session_options options;
	struct store *store;
	struct session_time time; /* of the last call that told it */
	uint64_t stamp_ms;        /* of what is put into a list now */
	bool disk_full;

	struct connection_slot *slots;
	uint32_t slot_count;
	uint32_t slot_capacity;
	uint32_t free_slot; /* SESSION_NONE: none */
	uint32_t list_first[LISTS];
	uint32_t list_last[LISTS];

	struct table accounts; /* handles of struct remembered */
	struct arena arena;
	uint64_t seed;

	uint64_t appended; /* positions given out with SESSION_APPEND */
	uint64_t synced;
	struct held *held; /* ring, in order of position */
	uint32_t held_first;
	uint32_t held_count;
	uint32_t held_capacity; /* a power of two, or 0 */

	struct action_entry *actions;
	uint32_t action_count;
	uint32_t action_taken;
	uint32_t action_capacity;
	struct fact *facts; /* of the appends among them */
	uint32_t fact_count;
	uint32_t fact_capacity;
	uint8_t name[NAME_SIZE_MAX]; /* of an account among the facts that came from the store */
	uint8_t setting[SETTING_SIZE_MAX];

	struct work_list sliced;  /* to go on with, in turn */
	struct work_list waiting; /* for the store, by ticket */
	struct work_list spent;   /* whose copies facts may point into, until the next call */

	struct buf scratch;
	bool reply_open;
	bool reply_held;
	size_t reply_start;
	struct session_counts counts;
};

/* ---- session.c ---- */

/* NULL if there is no such connection. */
struct connection *session_connection(const struct sessions *s, uint32_t number);
/* Every call that is told the time begins with this. */
void session_begin(struct sessions *s, struct session_time time);
void session_append(struct sessions *s, const struct fact *fact);
/* Whether anything that was put into `ready` or `held` may have changed what is taken. */
void session_settle(struct sessions *s, struct connection *c);
void session_touch(struct sessions *s, struct connection *c);

/* A reply is put into the buffer that begin gives. */
struct buf *session_reply_begin(struct sessions *s, struct connection *c);
void session_reply_end(struct sessions *s, struct connection *c, enum status status);
void session_reply(struct sessions *s, struct connection *c, const struct frame *frame);
/* A frame with the type, flags and number that the reply to `request` has. */
struct frame session_reply_to(const struct frame *request, enum status status);
void session_answer(struct sessions *s, struct connection *c, const struct frame *request,
                    enum status status);

/* Pushes are put into the buffer that this gives; then session_ready_added. */
struct buf *session_ready(struct connection *c);
void session_ready_added(struct sessions *s, struct connection *c);
/* Ends session and work. With a `text` (NULL: none) that says why, after held replies if
 * `orderly`. */
void session_close(struct sessions *s, struct connection *c, enum status status, const char *text,
                   const char *why, bool orderly);

/* ---- session/input.c ---- */

/* Goes on with a request that came in the call under way, and keeps it if it does not end now. */
void session_work_begin(struct sessions *s, struct connection *c, struct work *work,
                        const struct frame *frame);
/* Nobody waits for it any more. */
void session_work_drop(struct connection *c);
void session_work_free(struct work_list *list);

/* ---- session/login.c ---- */

struct remembered *session_remembered(const struct sessions *s, const struct id *id);
/* The connection where the account is logged in, or NULL. */
struct connection *session_of(const struct sessions *s, const struct id *id);
/* The account is logged out here; the client is told with `why` (STATUS_OK: it is not). */
void session_end(struct sessions *s, struct connection *c, enum status why);
void session_accounts_release(struct sessions *s);
void session_accounts_check(const struct sessions *s);
void session_auth(const struct sessions *s, const struct connection *c, enum auth_purpose purpose,
                  const struct id *id, struct view setting, const uint8_t client_nonce[KEY_SIZE],
                  struct auth *auth);
/* What this connection is told of an account; its views point into the store. */
void session_entry(const struct sessions *s, const struct connection *c, const struct id *id,
                   struct entry *entry);
/* Parts in a million of a sender's share of a mailbox. */
uint32_t session_share(const struct sessions *s, const struct id *recipient,
                       const struct id *sender);
void session_login(struct sessions *s, struct connection *c, const struct frame *frame);
void session_logout(struct sessions *s, struct connection *c, const struct frame *frame);

/* ---- session/account.c ---- */

void session_ping(struct sessions *s, struct connection *c, const struct frame *frame);
void session_lookup_name(struct sessions *s, struct connection *c, const struct frame *frame);
void session_lookup_id(struct sessions *s, struct connection *c, const struct frame *frame);
void session_introduce(struct sessions *s, struct connection *c, const struct frame *frame);
void session_confirm(struct sessions *s, struct connection *c, const struct frame *frame);
void session_delete(struct sessions *s, struct connection *c, const struct frame *frame);
void session_list(struct sessions *s, struct connection *c, const struct frame *frame);
void session_operate(struct sessions *s, struct connection *c, const struct frame *frame);

/* ---- session/mailbox.c ---- */

void session_send(struct sessions *s, struct connection *c, const struct frame *frame);
void session_received(struct sessions *s, struct connection *c, const struct frame *frame);
void session_streams(struct sessions *s, struct connection *c, const struct frame *frame);
void session_page(struct sessions *s, struct connection *c, const struct frame *frame);
/* One slice; true if that was all. */
bool session_send_slice(struct sessions *s, struct work *work);
bool session_received_slice(struct sessions *s, struct work *work);
/* Gives a message that was added or changed to its recipient, if he is here and has read so far. */
void session_push(struct sessions *s, const struct message *message);
/* Writes the READ_ON that is due, unless one is still on its way (`force`: even then). */
void session_read_on(struct sessions *s, struct connection *c, bool force);

/* ---- session/operator.c ---- */

void session_digest(struct sessions *s, struct connection *c, const struct frame *frame);
void session_split(struct sessions *s, struct connection *c, const struct frame *frame);
void session_elements(struct sessions *s, struct connection *c, const struct frame *frame);
void session_store(struct sessions *s, struct connection *c, const struct frame *frame);
/* One slice; true if that was all. */
bool session_survey_slice(struct sessions *s, struct work *work);
bool session_store_slice(struct sessions *s, struct work *work);
/* The payload of the reply to a question about a range. */
void session_survey_reply(const struct work *work, struct frame *reply);

#endif
