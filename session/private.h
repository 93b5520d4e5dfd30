/* SPDX-License-Identifier: MIT
 *
 * What the files of session share; nobody else includes it. From the bottom up; each file calls
 * only files above it in this list:
 *
 *   lists.c      connections by time
 *   limit.c      what one address may cost (session/limit.h)
 *   output.c     actions, buffers, replies that wait for the disk
 *   crowd.c      who is connected from where, and who makes room
 *   work.c       requests that go in slices, what begins each turn
 *   online.c     who is logged in where, the end of sessions and connections
 *   login.c      log in, log out, what is told of an account
 *   mailbox.c    requests about messages: send, received, streams, page; pushes
 *   operator.c   requests of repair: digests of ranges, elements, facts that are brought
 *   account.c    requests about accounts: look up, create, confirm, delete, list; ping, operate
 *   input.c      the handshake, and which request goes to which handler
 *   session.c    a connection's life, times, output that the caller takes
 *
 * A connection is
 *
 *   state      meaning                        takes            leaves by
 *   NEW        no HELLO yet                   HELLO            OPEN: versions fit; CLOSING: a line
 *   OPEN       answers requests               every request    CLOSING: malformed, silent, slow
 *   CLOSING    waits for session_closed       nothing          session_closed
 *
 * In OPEN it takes no input while one of its requests is being worked on (`work`) or is answered by
 * the caller (`is_asking`), too much output waits (`stalled`), or its next request adds something
 * and the disk is behind (LIST_BEHIND). It is in the list of silence exactly while it takes input,
 * and in the list of slowness exactly while it is not CLOSING and has output ready.
 */
#ifndef THREEFOLD_SESSION_PRIVATE_H
#define THREEFOLD_SESSION_PRIVATE_H

#include "base/arena.h"
#include "base/ring.h"
#include "base/sha256.h"
#include "base/table.h"
#include "session/session.h"

enum {
	SESSIONS_MAGIC = 0x73657373,
	CONNECTION_MAGIC = 0x636f6e6e,
	/* More output than this waits: no more input, until it is half of this. */
	OUTPUT_STALL_SIZE = 1024 * 1024,
	OUTPUT_STRANGER_SIZE = 64 * 1024, /* the same of who is not logged in */
	/* So much may wait for all together. Beyond, who has left most unread is closed. */
	OUTPUT_SUM_MAX = 64 * 1024 * 1024,
	OUTPUT_LOOK_MAX = 64,         /* connections that are looked at for that */
	OUTPUT_RATE_SIZE = 16 * 1024, /* who reads less in the time of silence is slow */
	/* What a buffer may hold: a stall and one reply more, a page of pushes, small frames;
	 * twice, since what was sent is dropped only when it is half. */
	OUTPUT_SIZE_MAX = 4 * 1024 * 1024,
	/* A slice: about as many facts of little text as take half a millisecond. */
	SLICE_COST_MAX = 128,
	SLICE_FREED_MAX = 500, /* messages that store_work frees in a slice */
	NO_OFFSET = -1,
	CROWDS = 32, /* powers of two */
};

/* What a connection's requests cost (session_spent), in about a microsecond of the processor or as
 * much of the disk's time. */
enum {
	COST_FRAME = 1,        /* any frame */
	COST_BYTES = 2048,     /* so many bytes of a frame or a reply are 1 */
	COST_PROOF = 4,        /* a proof of an account that is held */
	COST_INTRODUCE = 70,   /* an account that is brought: most of it is opening the box */
	COST_ENTRY = 1,        /* an account of a look-up, a message of a page, a stream */
	COST_LISTED = 3,       /* so many accounts of a list are 1 */
	COST_ADDED = 4,        /* one line of the journal */
	COST_TEXT_BYTES = 128, /* so many bytes of text in it are 1 */
};
_Static_assert(2 * (OUTPUT_STALL_SIZE + 2 * FRAME_SIZE_MAX + PAGE_SIZE_MAX) <= OUTPUT_SIZE_MAX,
               "a put into an output buffer cannot fail");

/* The time of a list entry that was added by a call without a time. The next call with a time gives
 * it that one. */
#define STAMP_UNKNOWN UINT64_MAX

enum connection_state { CONNECTION_NEW, CONNECTION_OPEN, CONNECTION_CLOSING };
/* Whether the requests of a connection have tags. The key is made when the first one comes: it
 * costs as much as a box, and who guesses passwords never gets so far. */
enum connection_tags { TAGS_NONE, TAGS_AGREED, TAGS_KEYED };
enum connection_list {
	LIST_SILENCE, /* by the last frame that came */
	LIST_SLOW,    /* by the last time that enough output was taken */
	LIST_BEHIND,  /* whose next frame waits until the disk has caught up */
	LIST_GUESS,   /* and the next: by a wrong password that is answered late; one a step */
	LISTS = LIST_GUESS + LIMIT_GUESS_STEPS,
	LIST_LINKS = LIST_GUESS + 1, /* a connection is in one list of guesses at most */
};

/* A connection's place in a list. */
struct list_link {
	uint32_t previous;
	uint32_t next;
	uint64_t stamp_ms;
};

/* Bytes that wait. There is no such struct while nothing waits. */
struct output {
	struct buf buf;
	size_t sent;         /* from the front */
	struct output *next; /* of those that are spare */
};

struct work;

struct connection {
	uint32_t magic;
	uint32_t number;
	uint8_t state;    /* enum connection_state */
	uint16_t version; /* of the protocol, once there was a HELLO */
	bool is_operator;
	bool write_told; /* SESSION_WRITE was given, session_output not called since */
	bool close_told;
	bool stalled;
	bool is_asking; /* for figures: SESSION_ASKED was given, session_tell not called since */
	bool read_on;   /* a READ_ON with `place` is to be written */
	bool listed[LISTS];
	uint8_t nonce[KEY_SIZE];
	uint8_t tags; /* enum connection_tags; what `tag` is */
	union {
		uint8_t public[KEY_SIZE]; /* TAGS_AGREED: the client's */
		struct tag_key key;       /* TAGS_KEYED */
	} tag;
	struct tag_key *answer_tags; /* an operator's, whose requests have tags; else NULL */
	struct id proven;    /* the account that this connection has proved to own, or zero */
	struct id account;   /* who is logged in here, or zero: then the next three mean nothing */
	bool is_sending;     /* for SEND alone: it is not the session of the account */
	uint8_t password[8]; /* is_sending: the first bytes of its StoredKey */
	struct ulid session;
	uint64_t online_since_ms;
	struct place place; /* what is added or changed at or before it is pushed */
	struct output *ready;
	struct output *held;   /* replies that wait for the disk */
	uint32_t push_waiting; /* bytes of pushes that are unsent in `ready`, or more than these */
	uint32_t push_tail;    /* unsent bytes of `ready` up to the end of the last push in it */
	uint32_t read_on_tail; /* the same for the last READ_ON */
	int32_t push_open;     /* where in `ready` a PUSH begins that may grow, or NO_OFFSET */
	struct work *work;
	size_t counted;           /* bytes of its output in the sum */
	size_t taken;             /* of its output, since it was put at the end of LIST_SLOW */
	uint64_t spent;           /* since session_spent was called */
	const char *why;          /* of a close that waits for held replies */
	uint32_t delayed;         /* the step of the delay of a LOGIN's refusal; 0: there is none */
	uint32_t delayed_request; /* of that LOGIN */
	uint32_t asked_request;   /* of the FIGURES that is_asking */
	struct limit_address from;
	uint32_t home; /* handle; 0: it is being closed */
	bool is_stranger;
	bool is_urgent;             /* its place is needed */
	uint32_t stranger_previous; /* of the same home */
	uint32_t stranger_next;
	struct list_link links[LIST_LINKS];
};

/* What stands under a connection's number. */
struct connection_slot {
	struct connection *connection; /* NULL: free */
	uint32_t generation;           /* how often the number was given */
	uint32_t next_free;
};

/* Bytes of one connection's `held` that wait for one position. They are dropped if the generation
 * is another by then: the connection has gone. */
struct held {
	uint64_t position; /* they are released when this is synced */
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

/* What is known of an address while it has connections that are not being closed. */
struct home {
	uint8_t address[16]; /* limit_key_of */
	uint32_t connections;
	uint32_t strangers; /* of them; if there are any: */
	uint32_t first;     /* who has been one for the longest time, */
	uint32_t last;      /* and for the shortest */
	uint32_t previous;  /* handles: in the crowd of homes with about as many strangers */
	uint32_t next;
};

struct crowd {
	uint32_t first; /* handles; 0: none */
	uint32_t last;
};

struct survey_element;

/* Where an operator's question about a range stands. */
struct survey {
	/* Takes the next element into the answer; true: the answer is complete without it. */
	bool (*take)(struct sessions *s, struct work *work, const struct survey_element *next);
	uint8_t set;   /* which elements count: SET_LIVE, SET_GONE */
	bool is_over;  /* the walk is at the end of the store */
	uint32_t cost; /* of the slice so far */
	uint32_t step; /* SPLIT: elements in a part; ELEMENTS: bytes in a page */
	uint32_t parts;
	uint64_t count;       /* elements of the part so far */
	uint64_t size;        /* and their bytes */
	size_t offset;        /* DIGEST: in the list of bounds */
	struct store_key key; /* the walk's place: what comes after it is not seen yet */
	struct bound last;    /* of the last element, or where the range begins */
	struct bound upto;    /* DIGEST: of the part; SPLIT: of the part before */
	struct bound end;     /* of the range */
	uint8_t nonce[KEY_SIZE];
	struct hmac hmac;
};

/* A request that is not answered yet. After its first slice it owns a copy of its frame. Who begins
 * a work sets what belongs to its kind, `slice` and `reply` among it. */
struct work {
	struct work *next;
	/* Does one slice; true if that was the last. NULL: all is done. */
	bool (*slice)(struct sessions *s, struct work *work);
	/* Fills in what the reply has beside its status. NULL: nothing. */
	void (*reply)(const struct work *work, struct frame *reply);
	uint32_t connection; /* SESSION_NONE: nobody waits for the answer any more */
	uint8_t type;
	bool adds; /* changes the store, so it waits while the disk is behind */
	uint32_t request;
	struct id account; /* who asks */
	uint16_t version;  /* SEND, ELEMENTS: of the protocol there */
	struct ulid session;
	uint64_t sent_ms;
	bool repetition; /* the session was named: the same text is the same message */
	bool is_limited; /* by the address that it comes from */
	struct limit_address from;
	struct view text, audience;
	struct view list;   /* recipients, streams, bounds or facts */
	struct place after; /* PAGE: what the client has */
	struct place place; /* PAGE: so far the walk has come */
	uint32_t bytes;     /* PAGE: as many are asked for */
	bool is_last;       /* PAGE */
	size_t offset;      /* in the list: so much is done */
	size_t range;       /* RECEIVED: ranges done of the item at the offset */
	struct buf results;
	enum status status;
	uint32_t cost;         /* of what was done and is not charged to the connection yet */
	struct survey *survey; /* NULL: not a question about a range */
	uint8_t *copy;
};

struct work_list {
	struct work *first;
	struct work *last;
};

/* An action that the caller has not taken yet. */
struct action_entry {
	enum session_action_kind kind;
	uint32_t connection;
	uint32_t fact; /* index */
	const char *why;
	bool is_urgent;
	uint8_t note; /* enum session_note */
};

struct sessions {
	uint32_t magic;
	struct session_options options;
	uint8_t public[KEY_SIZE]; /* of options.box_secret */
	struct store *store;
	struct session_time time; /* of the last call that told it */
	uint64_t stamp_ms;        /* of what is put into a list now */
	bool behind;              /* session_behind */
	size_t output_sum;        /* bytes that wait, of all that are not CLOSING */
	enum session_disk disk;   /* what may be stored: of room, and of the store's memory */
	enum session_disk room;   /* session_disk */

	struct connection_slot *slots;
	uint32_t slot_count;
	uint32_t slot_capacity;
	uint32_t free_slot; /* SESSION_NONE: none */
	uint32_t list_first[LISTS];
	uint32_t list_last[LISTS];

	struct table accounts; /* handles of struct remembered */
	struct arena arena;
	struct siphash_key key;

	uint64_t ticked_ms; /* the last session_tick */
	struct limit limit;
	uint32_t open_max;  /* connections that are not being closed */
	uint32_t open;      /* of them there are */
	uint32_t strangers; /* and of these */
	struct table homes; /* handles of struct home */
	struct arena homes_arena;
	struct crowd crowds[CROWDS]; /* by the logarithm of the count of strangers */
	const char *refused;         /* why the last session_open gave none */

	uint64_t appended; /* positions given out with SESSION_APPEND */
	uint64_t synced;
	struct ring held; /* of struct held, in order of position */

	struct action_entry *actions;
	uint32_t action_count;
	uint32_t action_taken;
	uint32_t action_capacity;
	struct fact *facts; /* of the appends among them */
	uint32_t fact_count;
	uint32_t fact_capacity;
	/* Of the account that the last SESSION_NOTE is about: there is one in a call at most. */
	uint8_t noted[NAME_SIZE_MAX];
	size_t noted_size;
	/* Of an account among the facts that came from the store (session_confirm). */
	uint8_t name[NAME_SIZE_MAX];
	uint8_t setting[SETTING_SIZE_MAX];

	struct work_list asking; /* which have slices left, in turn: those that change nothing */
	struct work_list adding; /* and those that do */
	struct work_list spent;  /* whose copies facts may point into, until the next call */

	struct buf scratch;   /* for what is put together inside one call */
	struct output *spare; /* empty ones, for whoever needs the next one */
	uint32_t spare_count;
	bool reply_open;    /* between session_reply_begin and session_reply_end: */
	bool reply_held;    /* it goes to `held` */
	size_t reply_start; /* where it begins in its buffer */
	struct session_counts counts;
};

/* Asserts that a put into a buffer of ours has fitted: they are large enough for all that is ever
 * put into them. */
static inline void session_must(bool is_put)
{
	assert(is_put);
}

/* Whether a request may change the store. The table does not call RECEIVED an addition, because a
 * burial is none where its stream is held. */
static inline bool session_adds(const struct protocol_row *row)
{
	return row->addition || row->type == FRAME_RECEIVED;
}

/* Counts what a request of a connection costs. */
static inline void session_spend(struct connection *c, uint64_t cost)
{
	c->spent += cost;
}

/* ---- lists.c ---- */

/* Puts a connection that is not in the list at its end, where the latest stand. Its time is that of
 * the call under way. */
void session_list_add(struct sessions *s, struct connection *c, enum connection_list list);
/* Takes it out, if it is in the list. */
void session_list_remove(struct sessions *s, struct connection *c, enum connection_list list);
/* Gives the time that is known now to all entries that have none. */
void session_list_stamp(struct sessions *s, enum connection_list list);
/* The monotonic time, in ms, at which the first connection of a list is late. UINT64_MAX: the list
 * is empty. */
uint64_t session_list_deadline(const struct sessions *s, enum connection_list list);
/* Asserts the invariants of a list. */
void session_list_check(const struct sessions *s, enum connection_list list);

/* ---- output.c ---- */

/* The connection of a number; NULL if no connection has it. */
struct connection *session_connection(const struct sessions *s, uint32_t number);
/* The same for a number that some connection has. */
struct connection *session_connection_at(const struct sessions *s, uint32_t number);
/* Begins a call of session.h that is told no time. One that is told it begins with
 * session_begin. */
void session_untimed(struct sessions *s);

/* Joins a fact to the store, and gives it to the journal if it changed the store. Its views must
 * live until the next call. */
enum store_result session_apply(struct sessions *s, const struct fact *fact,
                                const struct store_limits *limits);
/* Moves the actions that the caller has not taken yet to the front: there are none, or those that
 * taking output has left. Forgets what is for `connection` (SESSION_NONE: nothing). */
void session_actions_keep(struct sessions *s, uint32_t connection);
/* Tells the caller to close the connection, with the phrase c->why; once. */
void session_tell_close(struct sessions *s, struct connection *c);

/* Gives the caller something for the log, once in a call. `name`: of an account, or empty. It is
 * copied. */
void session_note(struct sessions *s, const struct connection *c, enum session_note note,
                  struct view name);
/* Asks the caller for the figures that the connection's request wants (SESSION_ASKED). */
void session_ask_caller(struct sessions *s, struct connection *c);

/* Whether a reply that is made now must wait for the disk. */
bool session_holds_replies(const struct sessions *s);
/* Begins a reply. The caller puts its frame into the buffer that is returned, and ends the reply
 * before any other one begins. */
struct buf *session_reply_begin(struct sessions *s, struct connection *c);
/* Ends it: the frame may be written now, or when the disk has what came before it. `status` is that
 * of the frame, for the counts. */
void session_reply_end(struct sessions *s, struct connection *c, enum status status);
/* Begins a reply that is put together part by part: its header and a STATUS_OK are put here. What
 * the caller puts into the buffer that is returned follows them. */
struct buf *session_parts_begin(struct sessions *s, struct connection *c,
                                const struct frame *request);
/* Ends it, as session_reply_end. */
void session_parts_end(struct sessions *s, struct connection *c);
/* Gives a whole reply, from its begin to its end. */
void session_reply(struct sessions *s, struct connection *c, const struct frame *frame);
/* A frame with the type and number that the reply to `request` has, still without a payload. */
struct frame session_reply_to(const struct frame *request, enum status status);
/* Gives a reply that is only a status. */
void session_answer(struct sessions *s, struct connection *c, const struct frame *request,
                    enum status status);

/* The buffer into which pushes are put, made if there is none: what is in it may be written at
 * once. After a put the caller calls session_ready_added. */
struct buf *session_ready(struct sessions *s, struct connection *c);
/* Something was put there: tells the caller of session.h that there is output, and counts the time
 * until it is taken. */
void session_ready_added(struct sessions *s, struct connection *c);
/* Puts a frame that is no reply there, and does session_ready_added. */
void session_ready_put(struct sessions *s, struct connection *c, const struct frame *frame);
/* How many bytes of `ready` are unsent. */
size_t session_ready_left(const struct connection *c);
/* The caller has written so many bytes of `ready`. */
void session_ready_sent(struct sessions *s, struct connection *c, size_t size);
/* Finds out again whether the connection takes input, and puts it into the list of silence or takes
 * it out. To be called when `ready`, `held`, `work` or the state has changed. */
void session_settle(struct sessions *s, struct connection *c);
/* Frees both buffers of a connection. */
void session_output_free(struct sessions *s, struct connection *c);
/* Frees what is kept for later outputs. */
void session_output_release(struct sessions *s);
/* Checks buffers and held replies. */
void session_output_check(const struct sessions *s);

/* ---- work.c ---- */

/* Every call that is told the time begins with this. */
void session_begin(struct sessions *s, struct session_time time);
/* Finds out what may be stored from now on. */
void session_look_at_room(struct sessions *s);
/* Does the first slice of a request that came in this call. Replies if that was all; else keeps the
 * work. `work` may stand on the stack. */
void session_work_begin(struct sessions *s, struct connection *c, struct work *work,
                        const struct frame *frame);
/* Nobody waits for the connection's work any more. The work goes on without it. */
void session_work_drop(struct connection *c);
/* Empties a list, and frees each work in it with its copy of the frame. */
void session_work_free(struct work_list *list);

/* ---- crowd.c ---- */

/* Whether a new connection from there has room. *leaves is the stranger that has to be closed for
 * it, or NULL. False: there is none, and *why says what to tell. */
bool session_crowd_has_room(const struct sessions *s, const struct limit_address *from,
                            struct connection **leaves, const char **why);
/* Counts a new connection. */
void session_crowd_enter(struct sessions *s, struct connection *c);
/* To be called when the state, the account or is_operator has changed: it became a stranger, or is
 * one no more, or is being closed. */
void session_crowd_settle(struct sessions *s, struct connection *c);
/* Asserts the invariants. */
void session_crowd_check(const struct sessions *s);
/* Frees all homes. */
void session_crowd_release(struct sessions *s);

/* Whether the address of a connection has had what it may have of this kind. Operators may have
 * any. *wait_ms is the time until there is one again. */
bool session_is_over(struct sessions *s, const struct connection *c, enum limit_kind kind,
                     uint32_t *wait_ms);

/* ---- online.c ---- */

/* The record of an account; NULL if it was not logged in since the start. */
struct remembered *session_remembered(const struct sessions *s, const struct id *id);
/* The same, made if there is none. */
struct remembered *session_remember(struct sessions *s, const struct id *id);
/* The connection where the account is logged in; NULL if it is nowhere. */
struct connection *session_of(const struct sessions *s, const struct id *id);
/* Logs out the account that is logged in here, if there is one. The client is told with `why`; it
 * is told nothing if that is STATUS_OK. */
void session_end(struct sessions *s, struct connection *c, enum status why);
/* The account that is logged in here has lapsed. That proves itself to no client, so it is not said
 * as the end of the session: the connection is closed, and the next log-in is refused. An
 * operator's stays. */
void session_removed(struct sessions *s, struct connection *c);
/* Whether the disk takes a burial or a tombstone of what is held, or of what is not. */
bool session_may_bury(const struct sessions *s, bool is_held);
/* Applies an account. If that brings another password, the session of the account ends here, unless
 * `by` has it (NULL: nobody), whose change it is. */
enum store_result session_renew(struct sessions *s, const struct fact *fact,
                                const struct connection *by, const struct store_limits *limits);
/* session_apply for a tombstone: it also ends the account's session. */
enum store_result session_bury(struct sessions *s, const struct fact *fact,
                               const struct store_limits *limits);
/* Ends the session, drops the work, and closes the connection: with a `text` that tells the client
 * why (NULL: without), and a phrase `why` for the caller's log. If `orderly`, replies that wait for
 * the disk go first. */
void session_close(struct sessions *s, struct connection *c, enum status status, const char *text,
                   const char *why, bool orderly);
/* If more waits than OUTPUT_SUM_MAX, closes one connection: of those that have waited longest for
 * their reader the largest, one that is not logged in if there is one. */
void session_relieve(struct sessions *s);
/* Frees all records. */
void session_online_release(struct sessions *s);
/* Asserts that records and connections say the same. */
void session_online_check(const struct sessions *s);

/* ---- login.c ---- */

/* From here on the requests of this connection have tags, by this public key of the client's. */
void session_agree_tags(struct connection *c, const uint8_t public[KEY_SIZE]);
/* What is answered from here on has tags, too. */
void session_tag_answers(struct sessions *s, struct connection *c);
/* What a proof on this connection is made of. The setting is not copied. */
void session_auth(const struct sessions *s, const struct connection *c, enum auth_purpose purpose,
                  const struct id *id, struct view setting, const uint8_t client_nonce[KEY_SIZE],
                  struct auth *auth);
/* store_find for what is told to a client of this version: who has no words for how an account is
 * gone (protocol_knows) is told that it has lapsed. `account` is not filled in then. */
enum store_state session_find(const struct sessions *s, uint16_t version, const struct id *id,
                              struct account *account, struct tombstone *tombstone);
/* What this connection is told of an account. The entry's views point into the store. */
void session_entry(const struct sessions *s, const struct connection *c, const struct id *id,
                   struct entry *entry);
/* How much of his share of a mailbox a sender uses: parts in a million. */
uint32_t session_share(const struct sessions *s, const struct id *recipient,
                       const struct id *sender);
/* Answers the LOGIN whose refusal was delayed. */
void session_login_late(struct sessions *s, struct connection *c);
/* The handlers of LOGIN and LOGOUT. Each handler here and below takes one whole frame of its type
 * from an OPEN connection that may send it. It gives exactly one reply, now or later as a work. */
void session_login(struct sessions *s, struct connection *c, const struct frame *frame);
void session_logout(struct sessions *s, struct connection *c, const struct frame *frame);

/* ---- mailbox.c ---- */

/* The handlers of SEND, RECEIVED, STREAMS and PAGE. */
void session_send(struct sessions *s, struct connection *c, const struct frame *frame);
void session_received(struct sessions *s, struct connection *c, const struct frame *frame);
void session_streams(struct sessions *s, struct connection *c, const struct frame *frame);
void session_page(struct sessions *s, struct connection *c, const struct frame *frame);
/* Gives a message that was added or changed to its recipient, if he is here and has read so far. */
void session_push(struct sessions *s, const struct message *message);
/* Writes the READ_ON that is due, if one is. While an earlier one waits unsent, only if `force`. */
void session_read_on(struct sessions *s, struct connection *c, bool force);
/* What a burial costs a slice. Up to STORE_SLICE_MAX messages are freed at once. */
uint32_t session_burial_cost(const struct range *range);

/* ---- operator.c ---- */

/* The handlers of DIGEST, SPLIT, ELEMENTS, STORE and FIGURES. */
void session_digest(struct sessions *s, struct connection *c, const struct frame *frame);
void session_split(struct sessions *s, struct connection *c, const struct frame *frame);
void session_elements(struct sessions *s, struct connection *c, const struct frame *frame);
void session_store(struct sessions *s, struct connection *c, const struct frame *frame);
void session_figures(struct sessions *s, struct connection *c, const struct frame *frame);

/* ---- account.c ---- */

/* The handlers of PING, LOOKUP_NAME, LOOKUP_ID, PASSWORD, RENEW, INTRODUCE and HANDOVER (both by
 * session_introduce), CONFIRM, DELETE, REMOVE, LIST, MEMBER and OPERATE. */
void session_ping(struct sessions *s, struct connection *c, const struct frame *frame);
void session_lookup_name(struct sessions *s, struct connection *c, const struct frame *frame);
void session_lookup_id(struct sessions *s, struct connection *c, const struct frame *frame);
void session_password(struct sessions *s, struct connection *c, const struct frame *frame);
void session_renewal(struct sessions *s, struct connection *c, const struct frame *frame);
void session_introduce(struct sessions *s, struct connection *c, const struct frame *frame);
void session_confirm(struct sessions *s, struct connection *c, const struct frame *frame);
void session_delete(struct sessions *s, struct connection *c, const struct frame *frame);
void session_remove(struct sessions *s, struct connection *c, const struct frame *frame);
void session_list(struct sessions *s, struct connection *c, const struct frame *frame);
void session_member(struct sessions *s, struct connection *c, const struct frame *frame);
void session_operate(struct sessions *s, struct connection *c, const struct frame *frame);

#endif
