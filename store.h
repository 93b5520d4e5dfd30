/* SPDX-License-Identifier: MIT
 *
 * store: the set of facts that one replica holds.
 *
 * Adding facts is a join: the same facts give the same state on every replica, in any order and
 * any number of times. These are all the rules of the join:
 *
 *   - An account is known by its id. The id vouches for the account's content, and the caller has
 *     checked that it fits. If the password was changed, the caller has checked the stamp, too. Of
 *     two verifiers that of the larger epoch stays, then the smaller one
 *     (account_verifier_compare); of the other nothing is kept. The mark `confirmed` can be set,
 *     but never taken back. A tombstone wins
 *     over the account, whichever comes first. Of a gone account the store keeps the id, the name,
 *     by what it is gone, and the two keys of the tombstone (middle; delete key or lock), and
 *     nothing else. Of two tombstones the one with the smaller `by` stays (enum gone_by). The
 *     caller has checked the stamp of one that needs it.
 *   - A message is live when it was added, is not in a dead range of its stream, and its recipient
 *     is not gone. If two messages have the same key (stream and number), the smaller content
 *     stays: first the smaller time sent decides, then the smaller text (byte by byte), then the
 *     smaller audience (in the same way; none is the smallest). The recipient and the sender need
 *     not be known.
 *   - The dead numbers of a stream are a set of sorted ranges, each as long as possible: ranges
 *     that touch are merged, holes between them stay. A burial may come before its message. When a
 *     recipient is gone, all streams to him are dropped, and what comes for him later is not
 *     stored. The streams from a gone sender stay.
 *
 * Nothing here decides whether a fact may be accepted: who says it, whether the name is free, the
 * clock, a full disk. The session decides that, and asks the questions below first. Only two limits
 * are judged here, because they must be looked at in the same step as the addition: the share of a
 * mailbox and the gaps of a stream. They hold only if the caller gives limits; the journal and
 * repair give none.
 *
 * Every operation costs O(log n) in accounts, messages, streams and ranges. Some facts touch many
 * messages: a burial of many, or a tombstone of an account with a full mailbox. They take effect at
 * once for every question asked here, but their memory is freed in slices, by store_work.
 *
 * Memory: packed trees and 4-byte handles. A live message of 100 bytes costs at most 200 bytes,
 * with its text and all indexes. A stream that was read to its end costs at most 40, because
 * account ids and sessions are stored once for all streams. A text over STORE_TEXT_SHARED bytes is
 * held once, under its SHA-256, however many messages have it. What was said to several is held
 * once as well: each further recipient of it costs at most 60 bytes.
 *
 * Views that come out point into the store and are valid until its next change. Pure; one thread.
 */
#ifndef THREEFOLD_STORE_H
#define THREEFOLD_STORE_H

#include "base/siphash.h"
#include "fact/fact.h"

enum {
	STORE_TEXT_SHARED = 1024, /* a longer text is held once and written to the snapshot once */
	STORE_GAPS_MAX = 1000,    /* what a server gives as store_limits.gaps */
	STORE_SLICE_MAX = 1000,   /* a burial of more held messages than this is freed in slices */
	STORE_EXPECT_MAX = 64,    /* recipients of one call of store_expect */
};

struct store;

/* An empty store; the caller frees it. */
struct store *store_new(void);
/* Frees it with all facts; NULL is fine. */
void store_free(struct store *s);
/* Sets the key of the hash tables, from bytes that nobody can guess; call it before the first fact.
 * It keeps strangers from choosing ids that all meet in one place of a table. No result depends on
 * it. Without the call the key is zero. */
void store_seed(struct store *s, const uint8_t random[SIPHASH_KEY_SIZE]);
/* How many messages a burial may free at once, instead of STORE_SLICE_MAX: for tests, in which few
 * messages should be as much work as many are elsewhere. */
void store_slice_size(struct store *s, uint32_t max);
/* Asserts every invariant. Costs O(size of the store): for tests and after a start. */
void store_check(const struct store *s);

/* ---- getting ready ----
 * These calls save time later. Nobody has to make them, and no result depends on them. */

/* True if the store will need another block of memory soon. */
bool store_wants_memory(const struct store *s);
/* Makes that block, which takes milliseconds. It uses no store, so any thread may call it. */
void *store_memory_new(void);
/* Hands the block over: the store owns it from now on. */
void store_give_memory(struct store *s, void *memory);
/* Says that messages of this sender in this session to these recipients (at most
 * STORE_EXPECT_MAX) will be added next, so that what the additions read comes into the caches. It
 * does no harm if they do not come. */
void store_expect(const struct store *s, const struct id *sender, const struct ulid *session,
                  const struct id *recipients, size_t count);

/* Sets how many bytes the store may take (store_totals, memory). Without the call it is seven
 * eighths of what its handles reach. */
void store_limit_memory(struct store *s, uint64_t bytes);
/* Whether it takes that much. It adds facts all the same: the caller refuses what is new, so that
 * room is left for burials, and the process never ends for want of memory. */
bool store_is_full(const struct store *s);

/* ---- adding facts ---- */

enum store_result {
	/* The state changed: the fact goes to the journal. */
	STORE_NEW,
	/* Nothing changed: all of this fact is held or dead already. (A message that was received
	 * is known, too.) */
	STORE_KNOWN,
	/* Nothing changed: the account is gone, or the recipient is. */
	STORE_GONE,
	/* The key was held with a larger content, the account with an older password, or its
	 * tombstone with a stamp, and this one took its place: the fact goes to the journal. */
	STORE_REPLACED,
	/* Nothing changed: the key is held with a smaller content. */
	STORE_KEPT,
	/* Refused by the limits: twice the share of this mailbox is used. */
	STORE_FULL,
	/* Refused by the limits: the stream would have one more gap than it may have. */
	STORE_GAPS,
};

/* One sender's share of one mailbox, in live messages and in bytes of what they say. And how many
 * gaps he may leave between the numbers of a stream. */
struct store_limits {
	uint32_t share_messages;
	uint64_t share_bytes;
	uint32_t gaps;
};

/* Joins one fact. The store copies its strings. Of an account that is held, a FACT_ACCOUNT joins
 * the mark: it confirms it, or lets it lapse if it is not confirmed. `limits` may be NULL: no
 * limits. Otherwise:
 *   - A new message is STORE_FULL if its sender uses twice a share of the recipient's mailbox
 *     already, in messages or in bytes. All messages of one sender to unknown ids count together,
 *     as if these ids had one mailbox.
 *   - A stream is kept for ever, so each that was read to its end counts as one message in the
 *     share of its sender there.
 *   - A burial in a stream of which nothing is held counts as one message in the recipient's share
 *     of his own mailbox. It is STORE_FULL if twice that share is used.
 *   - The numbers of a stream that are held or dead form runs without a gap. A new message that
 *     would be a run of its own is STORE_GAPS if there are more than `gaps` runs. A burial is
 *     STORE_GAPS only if it covers or touches nothing that is held or dead, and there are more runs
 *     than three replicas can take from a sender. So nothing that a replica holds, or another one
 *     accepted, is ever refused to its reader.
 * Costs O(log n), also for a burial of many (see store_work). */
enum store_result store_apply(struct store *s, const struct fact *fact,
                              const struct store_limits *limits);

/* Frees what earlier burials and tombstones left, about `budget` messages of it at most. True if
 * more is left. Work is done in the order in which it was given. */
bool store_work(struct store *s, uint32_t budget);
/* The ticket of the last work that was given; 0: none ever was. Tickets count the work. */
uint64_t store_work_given(const struct store *s);
/* The ticket of the last work that was finished. What was given under ticket t is finished when
 * this is t or more. If it equals store_work_given, there is nothing to do. */
uint64_t store_work_done(const struct store *s);

/* ---- accounts ---- */

enum store_state { STORE_UNKNOWN, STORE_ALIVE, STORE_DEAD, STORE_LAPSED };

/* What is known of an id. STORE_ALIVE and STORE_LAPSED fill `account`, STORE_DEAD fills
 * `tombstone`. Either may be NULL. A lapsed account is not alive: no question by name finds it. */
enum store_state store_find(const struct store *s, const struct id *id, struct account *account,
                            struct tombstone *tombstone);
/* The live account that holds a name: a confirmed one before an unconfirmed one, then the smallest
 * id. `except` is passed over (NULL: nobody is). `holder` may be NULL. False if there is none. */
bool store_holder(const struct store *s, struct view name, const struct id *except,
                  struct account *holder);
/* The live accounts of this name, in whatever case (fact/name.h), either the confirmed or the
 * unconfirmed ones, in order of id. Gives the first one after the id `after` (all zero: from the
 * beginning) and sets `after` to it. `account` may be NULL. False at the end. */
bool store_name_next(const struct store *s, struct view name, bool confirmed, struct id *after,
                     struct account *account);
/* The same for accounts, confirmed or not, whose id's text ends with `suffix`, which is
 * ID_SUFFIX_SIZE upper-case characters. */
bool store_suffix_next(const struct store *s, struct view name, struct view suffix,
                       struct id *after, struct account *account);
/* The live confirmed accounts whose names begin with `prefix`, in order of (name, id); names have
 * the order of name_compare. Gives the first one after (`after_name`, `after`); an empty name means
 * from the beginning. The caller copies the place out of `account` for the next call. False at the
 * end. */
bool store_list_next(const struct store *s, struct view prefix, struct view after_name,
                     const struct id *after, struct account *account);

/* ---- mailboxes and streams ---- */

/* A walk in the order of a mailbox passes over what store_work has still to free, which takes one
 * step for each. So it has a budget of steps: what ends it is that, an element, or the end. */
enum store_step { STORE_STEP_FOUND, STORE_STEP_END, STORE_STEP_LATER };
#define STORE_STEPS_ALL UINT64_MAX

/* The next live message of a mailbox after a place, in order of place. Sets `after` to it; or, if
 * the budget is used up, to the last that was passed over. Takes the steps off *budget. */
enum store_step store_mailbox_next(const struct store *s, const struct id *recipient,
                                   struct place *after, struct message *message, uint64_t *budget);
/* What `sender` uses of his share of `recipient`'s mailbox: live messages, and streams of which
 * none is left; and bytes of the texts. For an unknown recipient: of his share of all unknown ids
 * together. 0 and 0 if he uses
 * nothing. */
void store_share(const struct store *s, const struct id *recipient, const struct id *sender,
                 uint32_t *messages, uint64_t *bytes);
/* The first dead range of a stream that ends after the number `after`. False if there is none. */
bool store_range_next(const struct store *s, const struct stream *stream, uint64_t after,
                      struct range *range);
/* The place of the mark of a stream; NULL: no message of the stream is held. One caller, the same
 * for the whole life of the store, may leave there what he would have to search for each time. Here
 * it means nothing. It is 0 when the first message of a stream comes, and goes with the last one.
 * The place is there until the next change. For the stream of the last message this is quick. */
uint32_t *store_mark(struct store *s, const struct stream *stream);
/* Whether the replica holds a live message or a dead range of this stream. A burial in a stream
 * that it does not hold is an addition, which a full disk refuses. */
bool store_holds(const struct store *s, const struct stream *stream);

/* ---- the whole set ----
 * Its elements: each account with its mark, or its tombstone; each live message; each dead range,
 * as long as possible. */

struct store_totals {
	uint64_t facts; /* how many elements */
	/* Of a cheap fixed 64-bit hash of each element, modulo 2^64. What store_work has still to
	 * free is counted in it until it is freed. */
	uint64_t sum;
	uint64_t accounts;    /* live ones, */
	uint64_t unconfirmed; /* and those of them that nobody has confirmed */
	uint64_t lapsed;
	uint64_t tombstones;
	uint64_t messages; /* live ones */
	uint64_t ranges;
	uint64_t streams;
	uint64_t memory; /* bytes that the store has allocated */
};
/* Fills in all of `totals`. Costs O(1). */
void store_totals(const struct store *s, struct store_totals *totals);
/* The hash behind `sum`, of the canonical bytes of one element. */
uint64_t store_fact_hash(const struct fact *fact);

/* A key orders all elements: accounts and tombstones by id, then streams by (recipient, sender,
 * session), and in each stream its messages and ranges by number (a range by its first). All zero
 * is before every key. */
struct store_key {
	uint8_t streams;   /* 0: an account; 1: an element of a stream */
	struct id account; /* the account itself, or the recipient */
	struct id sender;
	struct ulid session;
	uint64_t number;
};
/* <0, 0, >0. Parts that do not count for an account must be 0. */
int store_key_compare(const struct store_key *a, const struct store_key *b);
/* The key of an element. */
struct store_key store_key_of(const struct fact *fact);
/* The next element after a key, in order of key. Sets `after` to its key. False at the end. The
 * store may change between two steps: the walk does not see what changes behind its place, and sees
 * what changes before it. A step costs O(1) on average. */
bool store_next(const struct store *s, struct store_key *after, struct fact *fact);

/* Where a walk in the order of `pending.json` stands: mailboxes by recipient, and in each mailbox
 * first the dead ranges by (sender, session, number), then the messages by place. */
struct store_pending {
	struct id recipient;
	bool in_messages; /* the ranges of this mailbox are done */
	struct stream stream;
	uint64_t number;
	struct place place;
};
/* The next element in that order. The walk begins with a zeroed `after`. The budget is as that of
 * store_mailbox_next. */
enum store_step store_pending_next(const struct store *s, struct store_pending *after,
                                   struct fact *fact, uint64_t *budget);

/* ---- texts that are held once ---- */

/* The next text over STORE_TEXT_SHARED bytes, in order of its SHA-256. Sets `after` to that digest;
 * 32 zero bytes mean from the beginning. A text whose messages store_work has still to free is
 * among them, so a snapshot waits for that work. */
bool store_text_next(const struct store *s, uint8_t after[KEY_SIZE], struct view *text);
/* The digest of the text of a held message: a caller who writes many messages of one text need not
 * compute it for each. False if the message is not held or its text is short. */
bool store_text_digest(const struct store *s, const struct message *message,
                       uint8_t digest[KEY_SIZE]);
/* The same, and whether this is the first time that it is asked for a text with this `mark`, which
 * is not 0: so a caller writes each text once, however many messages have it. Also false if the
 * message that is held has another text: a later one may have taken its place. */
bool store_text_once(struct store *s, const struct message *message, uint64_t mark,
                     uint8_t digest[KEY_SIZE], bool *is_first);

/* ---- what was said to several ----
 * Messages to several or to all that say the same, and no long text, share one record. */

/* The place of the mark of what a held message says; NULL: no other held message shares it. One
 * caller, the same for the whole life of the store, may leave there what he knows of it. Here it
 * means nothing. It is 0 when the first of these messages comes, and goes with the last one. The
 * place is there until the next change. */
uint64_t *store_said_mark(struct store *s, const struct message *message);

/* Holds what the message says, so that it stays for messages to come. The result stands for it, and
 * the caller releases it. 0: such a message shares nothing. */
uint32_t store_said_hold(struct store *s, const struct message *message);
/* Gives a message the time, the text and the audience of what is held: views, until it is released.
 */
void store_said_give(struct store *s, uint32_t held, struct message *message);
void store_said_release(struct store *s, uint32_t held);

/* In a snapshot, messages stand before the long texts that they name by digest. So while it is
 * read, a message is added with an empty text, and with the digest and size of the text to come. */
enum store_result store_load_message(struct store *s, const struct message *message,
                                     const uint8_t digest[KEY_SIZE], uint32_t text_size);
/* Gives a text to all messages that wait for it. False if none does. */
bool store_load_text(struct store *s, struct view text);
/* How many messages still wait for their text. At the end of loading it must be 0: a message whose
 * text is nowhere must have been buried by a later fact. */
uint64_t store_load_missing(const struct store *s);

#endif
