/* SPDX-License-Identifier: MIT
 *
 * store: the set of facts that one replica holds.
 *
 * Adding facts is a join: in any order and any number of times the same facts give the same state,
 * on every replica. The rules of the join, complete:
 *
 *   - An account is known by its id, which vouches for its content (the caller has checked that it
 *     fits). Its mark `confirmed` only goes on. A tombstone wins over the account, before or after
 *     it; a gone account is (id, name, middle, delete key) and nothing else.
 *   - A message is live when it was added, is not in a dead range of its stream, and its recipient
 *     is not gone. A key that is filled twice keeps the smaller content: smaller time sent, then
 *     smaller text (byte-wise). The recipient and the sender need not be known.
 *   - What is dead of a stream is a set of numbers, kept as sorted maximal ranges: neighbours
 *     merge, holes stay. A burial may come before its message. The streams of a gone recipient are
 *     dropped whole, and what comes for it later is not stored; those of a gone sender stay.
 *
 * Nothing here decides whether a fact may be accepted (who says it, names, clocks, full disks):
 * that is the session's part, which asks the questions below first. Only the share of a mailbox and
 * the gaps of a stream are judged here, because they must be looked at in the same step as the
 * addition, and only if the caller gives limits: journal and repair give none.
 *
 * Every operation costs O(log n) in accounts, messages, streams and ranges. What must touch many
 * messages (a burial of many, a gone account's mailbox) takes effect at once for every question
 * asked here, but is freed in slices by store_work.
 *
 * Memory: packed trees and 4-byte handles. A live 100-byte message costs at most 200 bytes, text
 * and all indexes included, a stream that was read to its end at most 40 (its account ids and
 * sessions are stored once for all streams). Texts over STORE_TEXT_SHARED are held once, by their
 * SHA-256.
 *
 * Views that come out point into the store and live until its next change. Pure; one thread.
 */
#ifndef THREEFOLD_STORE_H
#define THREEFOLD_STORE_H

#include "fact/fact.h"

enum {
	STORE_TEXT_SHARED = 1024, /* a longer text is held once and written to the snapshot once */
	STORE_GAPS_MAX = 1000,    /* a stream with more dead ranges than this takes no new one */
	STORE_SLICE_MAX = 1000,   /* a burial of more held messages than this is freed in slices */
	STORE_EXPECT_MAX = 64,    /* recipients of one look ahead */
};

struct store;

struct store *store_new(void);
void store_free(struct store *s);
/* Before the first fact: a random number that keeps strangers from making up ids that meet in
 * one place of a table. Nothing that comes out depends on it; without it it is 0. */
void store_seed(struct store *s, uint64_t seed);
/* Asserts every invariant; costs the size of the store. For tests and after a start. */
void store_check(const struct store *s);

/* ---- getting ready: nobody has to, and nothing that comes out depends on it ---- */

/* More memory is needed soon. */
bool store_wants_memory(const struct store *s);
/* Makes it, which takes milliseconds. Uses no store: any thread may. */
void *store_memory_new(void);
/* The store owns it from now on. */
void store_give_memory(struct store *s, void *memory);
/* Messages of this sender in this session to these recipients, STORE_EXPECT_MAX at most, are about
 * to be applied: gets what that will read into the caches. It need not come true. */
void store_expect(const struct store *s, const struct id *sender, const struct ulid *session,
                  const struct id *recipients, size_t count);

/* ---- adding facts ---- */

enum store_result {
	STORE_NEW,      /* the state changed: journal it */
	STORE_KNOWN,    /* nothing changed: all of this fact is held already, or is dead already (a
	                 * message that was received is known too) */
	STORE_GONE,     /* nothing changed: the account, or the recipient, is gone */
	STORE_REPLACED, /* the key was held with a larger content, which this one replaced: journal
	                 * it */
	STORE_KEPT,     /* nothing changed: the key is held with a smaller content */
	STORE_FULL,     /* refused by the limits: twice the share of this mailbox is used */
	STORE_GAPS,     /* refused by the limits: the stream has more than STORE_GAPS_MAX dead
	                 * ranges */
};

/* One sender's share of one mailbox, in live messages and in bytes of their texts. */
struct store_limits {
	uint32_t share_messages;
	uint64_t share_bytes;
};

/* Joins one fact. The fact's strings are copied. With limits:
 *   - a new message is STORE_FULL if its sender has twice a share of the recipient's mailbox
 *     already (messages or bytes). All messages of one sender to ids that are not known here count
 *     together, as one mailbox.
 *   - a burial that covers nothing held, of a stream that is not known here, counts one message in
 *     the recipient's share of his own mailbox, and is STORE_FULL beyond twice of it.
 *   - a new message, or a burial that would add a range, is STORE_GAPS in a stream with too many.
 * A FACT_ACCOUNT with `confirmed` also confirms one that is held. NULL: no limits.
 * Costs O(log n), also for a burial of many: see store_work. */
enum store_result store_apply(struct store *s, const struct fact *fact,
                              const struct store_limits *limits);

/* Frees what earlier burials and tombstones left, at most about `budget` messages of it. True if
 * there is more to do. Work is done in the order in which it was given. */
bool store_work(struct store *s, uint32_t budget);
/* The ticket of the last work given, and of the last one finished: what was given under ticket t is
 * finished when done >= t. Equal: nothing to do. */
uint64_t store_work_given(const struct store *s);
uint64_t store_work_done(const struct store *s);

/* ---- accounts ---- */

enum store_state { STORE_UNKNOWN, STORE_ALIVE, STORE_DEAD };

/* STORE_ALIVE fills `account`, STORE_DEAD `tombstone`; either may be NULL. */
enum store_state store_find(const struct store *s, const struct id *id, struct account *account,
                            struct tombstone *tombstone);
/* A live account of that name other than `except` (NULL: any): a confirmed one before an
 * unconfirmed one, then the smallest id. False if there is none. */
bool store_holder(const struct store *s, struct view name, const struct id *except,
                  struct account *holder);
/* The live accounts of exactly that name, confirmed or not as asked, by id, the next one after
 * `after` (all zero: from the first). Sets `after` to it. */
bool store_name_next(const struct store *s, struct view name, bool confirmed, struct id *after,
                     struct account *account);
/* The live accounts, confirmed or not, of that name whose id's text ends with these characters
 * (ID_SUFFIX_SIZE of them, upper case); otherwise as store_name_next. */
bool store_suffix_next(const struct store *s, struct view name, struct view suffix,
                       struct id *after, struct account *account);
/* The live confirmed accounts whose names begin with `prefix`, in order of (name, id), the next one
 * after (`after_name`, `after`); an empty name: from the first. `account` only; the caller copies
 * the place. */
bool store_list_next(const struct store *s, struct view prefix, struct view after_name,
                     const struct id *after, struct account *account);

/* ---- mailboxes and streams ---- */

/* The next live message of a mailbox after a place, in order of place. Sets `after` to it.
 * Passes over what store_work has still to free one by one: a page waits for the work of its own
 * mailbox. */
bool store_mailbox_next(const struct store *s, const struct id *recipient, struct place *after,
                        struct message *message);
/* How much of its share `sender` uses of `recipient`'s mailbox (or of all unknown ids together). */
void store_share(const struct store *s, const struct id *recipient, const struct id *sender,
                 uint32_t *messages, uint64_t *bytes);
/* The next dead range of a stream that ends after the number `after`; false if there is none. */
bool store_range_next(const struct store *s, const struct stream *stream, uint64_t after,
                      struct range *range);
/* Whether the replica holds a live message or a dead range of this stream. A burial in one that it
 * does not hold is an addition, which a full disk refuses. */
bool store_holds(const struct store *s, const struct stream *stream);

/* ---- the whole set ---- */

/* Elements: each account with its mark, or its tombstone; each live message; each maximal dead
 * range. */
struct store_totals {
	uint64_t facts; /* how many elements */
	uint64_t
		sum; /* of a cheap fixed 64-bit hash of each, modulo 2^64; what store_work has still
		      * to free is in it until then */
	uint64_t accounts; /* live ones */
	uint64_t tombstones;
	uint64_t messages; /* live ones */
	uint64_t ranges;
	uint64_t streams;
	uint64_t memory; /* bytes that the store has allocated */
};
void store_totals(const struct store *s, struct store_totals *totals);
/* The hash behind `sum`: of the canonical bytes of one element. */
uint64_t store_fact_hash(const struct fact *fact);

/* A key orders all elements: accounts and tombstones by id, then streams by (recipient, sender,
 * session) with their messages and ranges by (first) number. All zero is before every key. */
struct store_key {
	uint8_t streams;   /* 0: an account; 1: an element of a stream */
	struct id account; /* of an account, or the recipient */
	struct id sender;
	struct ulid session;
	uint64_t number;
};
int store_key_compare(const struct store_key *a, const struct store_key *b);
struct store_key store_key_of(const struct fact *fact);
/* The next element after a key, in order of key; sets `after` to its key. What changes behind the
 * place of a walk is not seen, what changes before it is. False at the end. A walk costs O(1) a
 * step on average. */
bool store_next(const struct store *s, struct store_key *after, struct fact *fact);

/* The next element for `pending.json`: mailboxes by recipient; in each first the dead ranges by
 * (sender, session, number), then the messages by place. */
struct store_pending {
	struct id recipient;
	bool in_messages; /* ranges are done in this mailbox */
	struct stream stream;
	uint64_t number;
	struct place place;
};
/* Starts from a zeroed `after`. */
bool store_pending_next(const struct store *s, struct store_pending *after, struct fact *fact);

/* ---- texts that are held once ---- */

/* The next text over STORE_TEXT_SHARED bytes, by its SHA-256; starts from 32 zero bytes. One whose
 * messages store_work has still to free is among them: a snapshot waits for that work. */
bool store_text_next(const struct store *s, uint8_t after[KEY_SIZE], struct view *text);
/* The digest under which the text of a message that is held stands here; false if the message is
 * not held or its text is short. (So that whoever writes many messages of one text need not
 * digest it for each.) */
bool store_text_digest(const struct store *s, const struct message *message,
                       uint8_t digest[KEY_SIZE]);
/* While a snapshot is read, messages stand before the long texts that they refer to by digest. The
 * message comes with an empty text and the digest and size of it; store_load_text then gives the
 * text to all that wait for it (false if nobody does). A message whose text never comes must have
 * been buried by a later fact: store_load_missing counts those that were not. */
enum store_result store_load_message(struct store *s, const struct message *message,
                                     const uint8_t digest[KEY_SIZE], uint32_t text_size);
bool store_load_text(struct store *s, struct view text);
uint64_t store_load_missing(const struct store *s);

#endif
