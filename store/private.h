/* SPDX-License-Identifier: MIT
 *
 * What the files of the store share; nobody else includes it. store.h says what a store is. From
 * the bottom up; each file calls only files above it in this list:
 *
 *   store/hash.c      hashes of elements
 *   store/ident.c     ids and sessions
 *   store/text.c      long texts
 *   store/said.c      what was said to several
 *   store/stream.c    streams, mailboxes, dead ranges
 *   store/message.c   live messages, shares
 *   store/account.c   accounts, tombstones, names
 *   store/work.c      burials, and what is freed in slices
 *   store/walk.c      the orders in which everything comes out
 *   store/expect.c    prefetching
 *   store.c           the join of a message, the totals
 *
 * Every record is small, lives in one arena and is named by a 4-byte handle (0: none). `X_at` turns
 * a handle into the record:
 *
 *   ident          an account id that any fact names. It is held once, and leads to its account or
 *                  tombstone if that is known.
 *   session_slot   the ULID of a session. It is held once.
 *   account_slot   an account or a tombstone.
 *   mailbox        what is held for one recipient, known or not. It goes when its recipient is
 *                  gone.
 *   stream_slot    24 bytes, kept for ever: whose stream it is, and its dead range if it has just
 *                  one. More ranges are a tree.
 *   stream_live    24 bytes more while messages of the stream are held.
 *   share          what one sender has in one mailbox.
 *   message_slot   24 bytes and the text; instead of a long text the handle of its text_slot, and
 *                  instead of what was said to several the handle of a said_slot.
 *   text_slot      a long text. It is held once.
 *   said_slot      time, text and audience of messages to several that say the same.
 *
 * Idents, sessions and streams are found by hash, which costs one or two cache misses each. Ordered
 * walks go through trees. The trees compare the real bytes, never handles: a handle depends on the
 * history of this replica, and no result may depend on that.
 *
 * A burial takes effect at once. What it covers is a **ghost** until its memory is freed
 * (store/work.c): ghosts are still in the two trees of messages, but in no count, and walks pass
 * over them because their numbers are dead. Only the sum of hashes changes later, as they are
 * freed. The mailbox of a gone account is **detached** at once: nothing leads to it but the work
 * that frees it.
 */
#ifndef THREEFOLD_STORE_PRIVATE_H
#define THREEFOLD_STORE_PRIVATE_H

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/table.h"
#include "base/tree.h"
#include "fact/audience.h"
#include "fact/fact.h"
#include "store.h"

#define STORE_MAGIC UINT64_C(0x5468726565666f6c) /* "Threefol" */

struct ident {
	struct id id;
	uint8_t state; /* enum store_state */
	uint8_t unused;
	uint32_t account; /* struct account_slot, unless STORE_UNKNOWN */
	uint32_t mailbox; /* 0: nothing is held for it */
	uint32_t unknown; /* struct share: what it sent to unknown ids; 0: nothing */
	uint32_t streams; /* how many it has sent */
};
_Static_assert(sizeof(struct ident) == 40, "an id costs 40 bytes and its place in the table");

struct session_slot {
	struct ulid ulid;
	uint32_t streams; /* how many belong to it */
};

/* Of just the size that its strings need. */
struct account_slot {
	uint32_t ident;
	uint8_t name_size;
	uint8_t setting_size;
	uint8_t mark; /* enum account_mark, of an account; enum gone_by, of a tombstone */
	bool gone : 1;
	bool renewed : 1; /* of an epoch over 0 */
	/* The name. Then of an account: setting, seal, StoredKey, ServerKey, lock, and if its
	 * password was changed: middle, epoch, by. Of a tombstone: middle, delete key or
	 * lock. */
	uint8_t bytes[];
};

/* The counts are kept in each mailbox, so that a whole mailbox can leave the totals at once. */
struct mailbox {
	uint32_t ident;    /* of the recipient */
	uint32_t streams;  /* tree by sender, session */
	uint32_t messages; /* tree by place; ghosts included */
	uint32_t shares;   /* tree by the sender's handle */
	uint32_t strange;  /* accepted burials in streams of which nothing was held */
	bool detached;
	uint8_t unused[3];
	uint64_t message_count; /* without ghosts */
	uint64_t stream_count;
	uint64_t range_count;
	uint64_t sum;         /* of the hashes of what is in it; ghosts included */
	uint64_t sent_ms_max; /* no message in it was sent later */
};

/* Counts live messages: of one sender in one mailbox, or in all mailboxes of unknown ids. */
struct share {
	uint64_t bytes;
	uint32_t messages;
	uint32_t sender;
	uint32_t live;    /* how many streams of this sender in this mailbox have a stream_live */
	uint32_t streams; /* how many there are */
	bool in_unknown;  /* it counts in the sender's share of all unknown ids, too */
	uint8_t unused[7];
};

struct stream_slot {
	uint32_t mailbox;
	uint32_t sender;
	uint32_t session;
	/* No range: 0, 0. One range below 2^32: its numbers. Otherwise 0 and the tree of struct
	 * range by last number. */
	uint32_t range_first;
	uint32_t range_last;
	uint32_t live; /* 0: no message is held */
};
_Static_assert(sizeof(struct stream_slot) == 24, "a stream that was read costs 24 bytes");

/* Apart from the stream, since most streams were read and hold no message. */
struct stream_live {
	uint32_t messages; /* tree by number, weighed by message_weight; ghosts included */
	uint32_t share;
	uint64_t number_max; /* no message has a larger number */
	/* Of numbers that are held or dead, each as long as possible. In a stream of which no
	 * message is held, the runs are its dead ranges. */
	uint32_t runs;
	uint32_t mark; /* store_mark */
};

/* The two sizes of a message share four bytes, with a bit to spare. */
enum {
	MESSAGE_TEXT_BITS = 19,
	MESSAGE_AUDIENCE_BITS = 12,
	MESSAGE_TEXT_MASK = (1 << MESSAGE_TEXT_BITS) - 1,
	MESSAGE_AUDIENCE_MASK = (1 << MESSAGE_AUDIENCE_BITS) - 1,
};
_Static_assert((int)TEXT_SIZE_MAX <= (int)MESSAGE_TEXT_MASK, "every text fits");
_Static_assert((int)AUDIENCE_SIZE_MAX <= (int)MESSAGE_AUDIENCE_MASK, "every audience fits");

struct message_slot {
	uint32_t stream;
	uint32_t size : MESSAGE_TEXT_BITS;
	uint32_t is_said : 1; /* it went to others, too, and its text is short */
	uint32_t audience_size : MESSAGE_AUDIENCE_BITS;
	uint64_t number;
	uint64_t sent_ms;
	/* If `is_said`: nothing but the handle of the struct said_slot. If `size` is over
	 * STORE_TEXT_SHARED: the handle of the struct text_slot. The audience stands behind it. */
	uint8_t text[];
};
_Static_assert(sizeof(struct message_slot) == 24, "a message costs 24 bytes beside what it says");
_Static_assert(sizeof(struct message_slot) + STORE_TEXT_SHARED + (size_t)AUDIENCE_SIZE_MAX <=
                       ARENA_PIECE_MAX,
               "a message with its text and its audience is one piece");

struct text_slot {
	uint8_t digest[KEY_SIZE];
	uint32_t size;
	uint32_t users; /* messages that have this text */
	uint8_t *data;  /* NULL: the text has not come yet (store_load_text) */
	uint64_t mark;  /* the last one of store_text_once */
};

struct said_slot {
	uint64_t sent_ms;
	uint64_t mark;  /* store_said_mark */
	uint32_t users; /* messages that say this */
	uint16_t size;
	uint16_t audience_size;
	uint8_t bytes[]; /* the text, the audience */
};
_Static_assert(sizeof(struct said_slot) == 24, "it costs 24 bytes beside what it says");

enum store_job_kind { JOB_BURIAL, JOB_SHARES, JOB_MAILBOX };

/* Work that waits in a list, in the order of tickets. */
struct store_job {
	uint32_t next;
	uint32_t subject; /* the stream, or the mailbox */
	enum store_job_kind kind;
	uint32_t unused;
	struct range
		range; /* JOB_BURIAL: what to free; JOB_SHARES: done up to the sender `first` */
};

enum store_walk {
	WALK_ACCOUNTS,
	WALK_MAILBOXES,
	WALK_STREAMS,
	WALK_NUMBERS,
	WALK_PLACES,
	WALK_NAMES,
	WALKS
};

/* Where the last questions ended, so that the next ones need not search. Forgotten at each
 * change. */
struct store_hints {
	uint64_t changes;
	struct tree_hint walks[WALKS];
	uint32_t stream; /* in which the last step of store_next ended; 0: none */
};

/* The handles of a stream that somebody asks for; 0: not held. */
struct store_found {
	uint32_t recipient;
	uint32_t sender;
	uint32_t session;
	uint32_t stream;
};

/* Trees and lists are given by the handle of their root or first record; 0: empty. */
struct store {
	uint64_t magic;
	struct siphash_key key;  /* of all tables */
	struct store_found last; /* of the last message; zero once any of it was freed */
	struct arena *arena;
	struct store_hints *hints;
	struct table idents;
	struct table sessions;
	struct table streams;
	struct table said;
	uint32_t accounts;  /* tree of the idents that are not STORE_UNKNOWN, by id */
	uint32_t mailboxes; /* tree of the mailboxes, by recipient */
	uint32_t names[2];  /* trees of the live accounts by name, id; [1]: the confirmed ones */
	uint32_t suffixes;  /* tree of the live accounts by name, end of the id */
	uint32_t texts;     /* tree by digest */
	uint32_t text_last; /* the text that was used last; 0: none */
	uint32_t said_last; /* the same of said_slots */
	uint32_t job_first; /* the list of work to do; 0: none */
	uint32_t job_last;
	uint64_t work_given; /* tickets: as many jobs were ever given, and finished */
	uint32_t slice_max;  /* messages that a burial may free at once */
	uint64_t work_done;
	uint64_t changes;           /* counts everything that may make a hint wrong */
	uint64_t missing;           /* messages whose long text has not come yet */
	size_t text_bytes;          /* of all long texts */
	uint64_t memory_max;        /* store_limit_memory */
	struct store_totals totals; /* but `facts` and `memory` */
};

/* Turn a handle of each kind into its record. The handle is not 0. The record lives until it is
 * freed; it does not move before. */
static inline struct ident *ident_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct session_slot *ident_session_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct account_slot *account_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct mailbox *mailbox_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct share *share_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct stream_slot *stream_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct stream_live *stream_live_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct message_slot *message_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct text_slot *text_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct said_slot *said_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

/* What base/tree needs beside the root of a tree. */
static inline struct tree_use store_use(const struct store *s, const struct tree_order *order)
{
	return (struct tree_use){ s->arena, order, s };
}

/* The hints, emptied if the store has changed since they were set. */
static inline struct store_hints *store_hints(const struct store *s)
{
	if (s->hints->changes != s->changes)
		*s->hints = (struct store_hints){ .changes = s->changes };
	return s->hints;
}

/* The hint of one walk. */
static inline struct tree_hint *store_hint(const struct store *s, enum store_walk walk)
{
	return &store_hints(s)->walks[walk];
}

/* ---- store/hash.c ---- */

/* What a message says. A long text that comes later (store_load_text) has no data, but its size and
 * digest. A digest that is known already saves computing it; else `digest` is NULL. */
struct content {
	uint64_t sent_ms;
	struct view text;
	const uint8_t *digest;
	struct view audience;
};

/* The hashes of a live message and of a dead range: the same values as store_fact_hash gives for
 * the facts. */
uint64_t hash_message(const struct stream *stream, uint64_t number, const struct content *content);
uint64_t hash_range(const struct stream *stream, const struct range *range);

/* ---- store/ident.c ---- */

/* The hash by which an ident is found in its table. */
uint64_t ident_id_hash(const struct store *s, const struct id *id);
/* The ident of an id; 0 if there is none. */
uint32_t ident_find(const struct store *s, const struct id *id);
/* The same; if there is none, it is made, STORE_UNKNOWN. */
uint32_t ident_get(struct store *s, const struct id *id);
/* Frees an ident that nothing refers to any more; else does nothing. */
void ident_release(struct store *s, uint32_t handle);
/* The same three for sessions. */
uint32_t ident_session_find(const struct store *s, const struct ulid *ulid);
uint32_t ident_session_get(struct store *s, const struct ulid *ulid);
void ident_session_release(struct store *s, uint32_t handle);
/* Asks the processor for what looking up the three parts of a stream will read. */
void ident_prefetch(const struct store *s, const struct stream *stream);
/* Asserts the invariants of idents and sessions. Costs O(n), as does each check below. */
void ident_check(const struct store *s);

/* ---- store/text.c ---- */

/* The held text of these bytes, or of this digest if `text.data` is NULL. Makes it if there is
 * none. Counts one user more. */
uint32_t text_get(struct store *s, struct view text, const uint8_t *digest);
/* Counts one user less; the text is freed with the last one. */
void text_release(struct store *s, uint32_t handle);
/* Asserts the invariants of texts. */
void text_check(const struct store *s);

/* ---- store/said.c ---- */

/* Whether what a message says is held in a record of its own, which others may share. */
bool said_is_shared(const struct content *content);
/* The record that says this, for which said_is_shared is true. Makes it if there is none. Counts
 * one user more. */
uint32_t said_get(struct store *s, const struct content *content);
/* Counts one user less; the record is freed with the last one. */
void said_release(struct store *s, uint32_t handle);
/* Asserts the invariants of these records. */
void said_check(const struct store *s);

/* ---- store/stream.c ---- */

/* The hash by which a stream is found in its table, of the handles that it consists of. */
uint64_t stream_key_hash(const struct store *s, uint32_t mailbox, uint32_t sender,
                         uint32_t session);
/* Sets the handles of a stream and of its three parts, 0 for each that is not held. Makes
 * nothing. */
void stream_find(const struct store *s, const struct stream *stream, struct store_found *found);
/* After stream_find: makes what is missing, and counts the stream. The recipient must not be
 * gone. */
void stream_make(struct store *s, const struct stream *stream, struct store_found *found);
/* The ids of a stream that is held. */
void stream_fill(const struct store *s, const struct stream_slot *slot, struct stream *stream);
/* How many streams of one sender a mailbox has. Costs O(log n). */
uint32_t stream_count_from(const struct store *s, const struct mailbox *mailbox, uint32_t sender);
/* Frees a stream of a detached mailbox. It must have no messages and no ranges left. */
void stream_free(struct store *s, uint32_t handle);
extern const struct tree_order stream_order;  /* of one mailbox; key: struct stream */
extern const struct tree_order mailbox_order; /* key: struct id */
/* Asserts the invariants of streams, mailboxes and ranges. */
void stream_check(const struct store *s);

/* How many dead ranges a stream has. */
uint64_t stream_range_count(const struct store *s, const struct stream_slot *slot);
/* The first range that ends at or after a number. False if there is none. */
bool stream_range_from(const struct store *s, const struct stream_slot *slot, uint64_t number,
                       struct range *range);
/* Whether a number is dead. */
bool stream_range_covers(const struct store *s, const struct stream_slot *slot, uint64_t number);
/* Adds a range, and merges it with all that it overlaps or touches. Counts the change. */
void stream_range_add(struct store *s, struct stream_slot *slot, struct range range);
/* Frees one range of a stream of a detached mailbox. False if there is none. */
bool stream_range_free_one(struct store *s, struct stream_slot *slot);

/* ---- store/message.c ---- */

/* Asks the processor for what adding a message to the stream will read. */
void message_prefetch(const struct store *s, const struct stream_slot *slot);
/* The message of a number; 0 if it is not held. It may be a ghost. */
uint32_t message_find(const struct store *s, const struct stream_slot *slot, uint64_t number);
/* How many runs a stream has, and how many of them a number that is in none of them touches. */
uint64_t message_runs(const struct store *s, const struct stream_slot *slot);
uint32_t message_near(const struct store *s, const struct stream_slot *slot, uint64_t number);
/* The bytes of what a message says, as they count in a share: text and audience. */
uint32_t message_weight(const struct message_slot *slot);
/* <0, 0, >0: the new content is smaller than, equal to, larger than what is held. */
int message_compare(const struct store *s, const struct content *new, uint32_t held);
/* Whether its long text has not come yet. */
bool message_awaits_text(const struct store *s, uint32_t handle);
/* Adds a message of a number that is not held, and counts it. `stream` has the ids of `handle`.
 * The caller counts the runs. */
void message_add(struct store *s, uint32_t handle, const struct stream *stream, uint64_t number,
                 const struct content *content);
/* Takes messages of a stream out of all counts: so many messages, so many bytes of text. */
void message_uncount(struct store *s, const struct stream_slot *slot, uint64_t messages,
                     uint64_t bytes);
/* Takes a message that is in no count any more out of its two trees, and frees it. */
void message_drop(struct store *s, uint32_t handle);
/* Frees a message of a detached mailbox, and leaves the trees as they are. */
void message_free(struct store *s, uint32_t handle);
/* The fact that a held message is. A text that has not come yet is empty. */
void message_fill(const struct store *s, uint32_t handle, struct message *message);
extern const struct tree_order message_number_order; /* of one stream; key: uint64_t */
extern const struct tree_order message_place_order;  /* of one mailbox; key: struct place */
/* Asserts the invariants of messages and shares. */
void message_check(const struct store *s);

/* What the sender of `found` uses of his share, as store_share. */
void share_used(const struct store *s, const struct store_found *found, uint32_t *messages,
                uint64_t *bytes);
/* stream_make; a stream that is made counts in the share of its sender. */
void message_make_stream(struct store *s, const struct stream *stream, struct store_found *found);
/* The recipient of a mailbox is known by now: takes the share of the next sender after *sender out
 * of his share of all unknown ids. False at the end. */
bool share_leave_unknown(struct store *s, const struct mailbox *mailbox, uint32_t *sender);
/* Frees a share of a detached mailbox that is in no tree any more. */
void share_free(struct store *s, uint32_t handle);
extern const struct tree_order share_order; /* of one mailbox; key: uint32_t, a sender's handle */

/* ---- store/account.c ---- */

/* Joins an account, or its mark: store_apply for one. *entered is a mailbox whose recipient became
 * known, or 0: the caller takes its shares out of those of unknown ids (work_shares). */
enum store_result account_apply(struct store *s, const struct account *account, uint32_t *entered);
/* Joins a tombstone. STORE_NEW: the account's mailbox (or 0) is detached, and the caller frees it
 * (work_mailbox). */
enum store_result account_bury(struct store *s, const struct tombstone *tombstone,
                               uint32_t *detached);
/* The fact that an ident is. It must not be STORE_UNKNOWN. */
void account_fact(const struct store *s, uint32_t ident, struct fact *fact);
extern const struct tree_order ident_order; /* key: struct id */
/* Asserts the invariants of accounts and names. */
void account_check(const struct store *s);

/* ---- store/work.c ---- */

/* Joins a burial: store_apply for one. */
enum store_result work_burial(struct store *s, const struct burial *burial,
                              const struct store_limits *limits);
/* Counts the shares of a mailbox whose recipient became known, now or in slices. */
void work_shares(struct store *s, uint32_t mailbox);
/* Frees a detached mailbox, now or in slices. */
void work_mailbox(struct store *s, uint32_t mailbox);
/* Asserts that the runs of each stream are counted right. */
void work_check(const struct store *s);

#endif
