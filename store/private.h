/* SPDX-License-Identifier: MIT
 *
 * store_private: what the parts of the store share, and nobody else. store.h says what a store is.
 *
 * Everything small lives in one arena and is named by 4-byte handles:
 *
 *   ident     an account id that anything speaks of; stands once. Its account or tombstone, if
 *             known.
 *   session   the ULID of a session; stands once.
 *   mailbox   what is held for one recipient, known or not; it goes when its recipient is gone.
 *   stream    24 bytes, for ever: whose it is, and its dead range if it has just one; more are a
 *             tree.
 *   live      16 bytes beside a stream while messages of it are held.
 *   share     what one sender has in one mailbox.
 *   message   24 bytes and the text, or the handle of a long text that is held once.
 *
 * Idents, sessions and streams are found by hash, at the price of one or two cache misses each;
 * ordered walks go through trees that compare the real bytes, never handles: handles depend on
 * history and nothing that does may come out.
 *
 * A burial is entered at once, and what it covers is a **ghost** until its memory is freed
 * (store/work.c): ghosts are in the two trees of messages but in no count, and walks pass over
 * them, since their numbers are dead. Only the sum of hashes follows as they are freed. The
 * mailbox of a gone account is **detached** at once: nothing leads to it but the work that frees
 * it.
 */
#ifndef THREEFOLD_STORE_PRIVATE_H
#define THREEFOLD_STORE_PRIVATE_H

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "fact/fact.h"
#include "base/table.h"
#include "base/tree.h"
#include "store.h"

#define STORE_MAGIC    UINT64_C(0x5468726565666f6c) /* "Threefol" */
#define STORE_SUM_SEED UINT64_C(0x73756d206f662061)

struct ident {
	struct id id;
	uint8_t state; /* enum store_state */
	uint8_t unused;
	uint32_t account; /* struct account_slot, unless STORE_UNKNOWN */
	uint32_t mailbox; /* 0: nothing is held for it */
	uint32_t unknown; /* struct share: what it sent to ids that are not known; 0: nothing */
	uint32_t streams; /* that it sent */
};
_Static_assert(sizeof(struct ident) == 40, "an id costs 40 bytes and its place in the table");

struct session {
	struct ulid ulid;
	uint32_t streams; /* that refer to it */
};

struct account_slot {
	uint32_t ident;
	uint8_t name_size;
	uint8_t setting_size;
	bool confirmed;
	bool gone;
	/* name; then of an account setting, seal, StoredKey, ServerKey, lock; of a tombstone
	 * middle, delete key */
	uint8_t bytes[];
};

struct mailbox {
	uint32_t ident;
	uint32_t streams;  /* tree by sender, session */
	uint32_t messages; /* tree by place; ghosts included */
	uint32_t shares;   /* tree by the sender's handle */
	uint32_t strange;  /* burials that were accepted of streams of which nothing was held */
	bool detached;
	uint8_t unused[3];
	uint64_t message_count; /* without ghosts */
	uint64_t stream_count;
	uint64_t range_count;
	uint64_t sum;         /* of the hashes of what is in it; ghosts included */
	uint64_t sent_ms_max; /* no message was sent later */
};

struct share {
	uint64_t bytes;
	uint32_t messages;
	uint32_t sender;
	uint32_t live; /* streams of this sender in this mailbox of which messages are held */
	uint32_t unused;
};

struct stream_slot {
	uint32_t mailbox;
	uint32_t sender;
	uint32_t session;
	/* No range: 0, 0. One that fits: itself. Else 0 and the tree of struct range by last
	 * number. */
	uint32_t range_first;
	uint32_t range_last;
	uint32_t live; /* 0: no message is held */
};
_Static_assert(sizeof(struct stream_slot) == 24,
               "a stream read to its end costs 24 bytes and indexes");

struct live {
	uint32_t messages; /* tree by number, weighed by size of text; ghosts included */
	uint32_t share;
	uint64_t number_max; /* no message has a larger one: what comes behind it is new */
};

struct message_slot {
	uint32_t stream;
	uint32_t size;
	uint64_t number;
	uint64_t sent_ms;
	uint8_t text
		[]; /* or the handle of a struct text_slot, if `size` is over STORE_TEXT_SHARED */
};
_Static_assert(sizeof(struct message_slot) + STORE_TEXT_SHARED <= ARENA_PIECE_MAX,
               "a message with its text is one piece");

struct text_slot {
	uint8_t digest[KEY_SIZE];
	uint32_t size;
	uint32_t users;
	uint8_t *data; /* NULL: the text has not come yet (store_load_text) */
};

enum job_kind { JOB_BURIAL, JOB_MAILBOX };

struct job {
	uint32_t next;
	uint32_t subject; /* the stream, or the mailbox */
	enum job_kind kind;
	uint32_t unused;
	struct range range;
};

enum walk_kind {
	WALK_ACCOUNTS,
	WALK_MAILBOXES,
	WALK_STREAMS,
	WALK_NUMBERS,
	WALK_PLACES,
	WALK_NAMES,
	WALKS
};

/* Where the last queries ended; forgotten at each change. */
struct store_hints {
	uint64_t changes;
	struct tree_hint walks[WALKS];
	uint32_t stream; /* that the last step of store_next was in; 0: none */
};

/* A stream that is asked for, as handles; 0: not held. */
struct found {
	uint32_t recipient;
	uint32_t sender;
	uint32_t session;
	uint32_t stream;
};

struct store {
	uint64_t magic;
	uint64_t seed;
	struct found last; /* of the last message; zeros once any of it was freed */
	struct arena *arena;
	struct store_hints *hints;
	struct table idents;
	struct table sessions;
	struct table streams;
	uint32_t accounts;  /* tree of idents that are not STORE_UNKNOWN, by id */
	uint32_t mailboxes; /* tree of the mailboxes, by recipient */
	uint32_t names
		[2]; /* trees of the live accounts, unconfirmed and confirmed, by name and id */
	uint32_t suffixes;  /* tree of the live accounts, by name and the id's end */
	uint32_t texts;     /* tree by digest */
	uint32_t text_last; /* the one used last, since a text to many comes many times; 0: none */
	uint32_t job_first;
	uint32_t job_last;
	uint64_t work_given;
	uint64_t work_done;
	uint64_t changes;
	uint64_t missing;
	size_t text_bytes;
	struct store_totals totals; /* but `facts` and `memory` */
};

static inline struct ident *ident_at(const struct store *s, uint32_t handle)
{
	return arena_at(s->arena, handle);
}

static inline struct session *session_at(const struct store *s, uint32_t handle)
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

static inline struct live *live_at(const struct store *s, uint32_t handle)
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

static inline struct tree_use use_of(const struct store *s, const struct tree_order *order)
{
	return (struct tree_use){ s->arena, order, s };
}

/* What is still true of the hints. */
struct store_hints *store_hints(const struct store *s);
struct tree_hint *store_hint(const struct store *s, enum walk_kind kind);

/* ---- store/ident.c ---- */

/* By which an ident is found in its table. */
uint64_t ident_id_hash(const struct store *s, const struct id *id);
uint32_t ident_find(const struct store *s, const struct id *id);
uint32_t ident_get(struct store *s, const struct id *id);
/* Frees the ident if nothing speaks of it any more. */
void ident_release(struct store *s, uint32_t handle);
uint32_t session_find(const struct store *s, const struct ulid *ulid);
uint32_t session_get(struct store *s, const struct ulid *ulid);
void session_release(struct store *s, uint32_t handle);
/* Asks the processor for what looking up the three of a stream will read. */
void ident_prefetch(const struct store *s, const struct stream *stream);
void ident_check(const struct store *s);

/* ---- store/account.c ---- */

enum store_result account_apply(struct store *s, const struct account *account);
/* STORE_NEW: what was held for it is detached, and the mailbox (or 0) is the caller's to free. */
enum store_result tombstone_apply(struct store *s, const struct tombstone *tombstone,
                                  uint32_t *detached);
/* The fact of an ident that is not STORE_UNKNOWN. */
void account_fact(const struct store *s, uint32_t ident, struct fact *fact);
extern const struct tree_order order_idents; /* key: struct id; elements: idents */
void account_check(const struct store *s);

/* ---- store/stream.c ---- */

/* By which a stream is found in its table, from the handles that it stands for. */
uint64_t stream_key_hash(const struct store *s, uint32_t mailbox, uint32_t sender,
                         uint32_t session);
/* Looks up, and makes nothing. */
void stream_find(const struct store *s, const struct stream *stream, struct found *found);
/* Makes what is missing, and counts the stream. */
void stream_make(struct store *s, const struct stream *stream, struct found *found);
void stream_fill(const struct store *s, const struct stream_slot *slot, struct stream *stream);
/* Frees a stream of a detached mailbox, which has no messages and no ranges left. */
void stream_free(struct store *s, uint32_t handle);
extern const struct tree_order order_streams;   /* key: struct stream; of one mailbox */
extern const struct tree_order order_mailboxes; /* key: struct id */
extern const struct tree_order order_ranges;    /* key: uint64_t; by last number */
void stream_check(const struct store *s);

uint64_t range_count(const struct store *s, const struct stream_slot *slot);
/* The first range that ends at or after a number. */
bool range_from(const struct store *s, const struct stream_slot *slot, uint64_t number,
                struct range *range);
bool range_covers(const struct store *s, const struct stream_slot *slot, uint64_t number);
void range_add(struct store *s, struct stream_slot *slot, struct range range);
/* Frees one range of a stream of a detached mailbox; false if there is none. */
bool range_free_one(struct store *s, struct stream_slot *slot);

/* ---- store/message.c ---- */

/* A message's content as it comes in: its text, or (data NULL) the digest and size of one that
 * comes later. */
struct content {
	uint64_t sent_ms;
	struct view text;
	const uint8_t *digest;
};

/* Asks the processor for what adding a message to the stream will read. */
void message_prefetch(const struct store *s, const struct stream_slot *slot);
uint32_t message_find(const struct store *s, const struct stream_slot *slot, uint64_t number);
/* <0, 0, >0: the new content is smaller than, equal to, larger than what is held. */
int message_compare(const struct store *s, const struct content *new, uint32_t held);
/* Its long text has not come yet. */
bool message_awaits_text(const struct store *s, uint32_t handle);
/* Adds and counts. `stream` is that of `handle`. */
void message_add(struct store *s, uint32_t handle, const struct stream *stream, uint64_t number,
                 const struct content *content);
/* Frees a message that is in no count any more, from its trees too. */
void message_drop(struct store *s, uint32_t handle);
/* Frees a message of a detached mailbox; trees are left as they are. */
void message_free(struct store *s, uint32_t handle);
/* Takes messages of a stream out of all counts. */
void message_uncount(struct store *s, const struct stream_slot *slot, uint64_t messages,
                     uint64_t bytes);
void message_fill(const struct store *s, uint32_t handle, struct message *message);
/* The hash of a held message, as store_fact_hash. */
uint64_t message_hash(const struct store *s, uint32_t handle);
void message_check(const struct store *s);
extern const struct tree_order order_numbers; /* key: uint64_t; of one stream */
extern const struct tree_order order_places;  /* key: struct place; of one mailbox */
extern const struct tree_order order_shares;  /* key: uint32_t, a sender's handle */

/* What counts for a limit. */
void share_used(const struct store *s, const struct found *found, uint32_t *messages,
                uint64_t *bytes);
/* The mailbox's recipient has become known, or gone: its mail leaves the shares of unknown ids. */
void share_leave_unknown(struct store *s, const struct mailbox *mailbox);

/* ---- store/text.c ---- */

/* The held text of these bytes, or of this digest if `text.data` is NULL; counts one user more. */
uint32_t text_get(struct store *s, struct view text, const uint8_t *digest);
void text_release(struct store *s, uint32_t handle);
void text_check(const struct store *s);

/* ---- store/work.c ---- */

enum store_result burial_apply(struct store *s, const struct burial *burial,
                               const struct store_limits *limits);
/* Frees a detached mailbox, now or in slices. */
void work_mailbox(struct store *s, uint32_t mailbox);

/* ---- store.c: hashes of elements ---- */

uint64_t hash_message(const struct stream *stream, uint64_t number, const struct content *content);
uint64_t hash_range(const struct stream *stream, const struct range *range);

#endif
