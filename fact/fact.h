/* SPDX-License-Identifier: MIT
 *
 * fact: what a replica can learn. The store is a set of these, the journal a list of them, repair
 * copies them, and the frames carry them.
 *
 *   account     (id, name, verifier), and whether it is confirmed; if the password was changed,
 *               with the verifier of the newest one and its epoch
 *   tombstone   an account that is gone; it proves itself, or a stamp vouches for it (fact/auth.h)
 *   message     key (recipient, sender, session, number) and content (time sent, text, audience)
 *   burial      numbers first..last of a stream are gone
 *
 * Views point into memory of the caller who made the fact.
 */
#ifndef THREEFOLD_FACT_FACT_H
#define THREEFOLD_FACT_FACT_H

#include "fact/id.h"
#include "fact/name.h"

enum {
	SETTING_SIZE_MAX = 64, /* of crypt(3); 29 bytes is what we make */
	KEY_SIZE = 32,         /* SHA-256: seal, keys, lock, middle, proofs, nonces */
	TEXT_SIZE_MAX = 65536,
};
/* The same for people: "a text has " TEXT_FORM. */
#define TEXT_FORM "at most 65536 bytes"
_Static_assert(TEXT_SIZE_MAX == 65536, "the sentence is true");
/* Numbers and times are at most this: JSON's numbers are doubles. Numbers begin at 1. */
#define NUMBER_MAX ((UINT64_C(1) << 53) - 1)

/* What three replicas store of a password; fact/auth.h says how each part is made. */
struct verifier {
	struct view setting;
	uint8_t seal[KEY_SIZE];
	uint8_t stored_key[KEY_SIZE];
	uint8_t server_key[KEY_SIZE];
	uint8_t lock[KEY_SIZE];
};

/* Who has set a password. */
enum account_by { ACCOUNT_BY_OWNER = 0, ACCOUNT_BY_OPERATOR = 1, ACCOUNT_BY_END };

/* The epoch counts changes of the password (account_next_epoch). The id vouches for the first
 * verifier, of epoch 0. Of a later epoch it vouches for the name, the middle and the lock, and a
 * stamp for the rest (fact/auth.h). */
struct account {
	struct id id;
	struct view name;
	struct verifier verifier;
	bool confirmed;
	bool lapsed; /* not if it is confirmed */
	uint32_t epoch;
	enum account_by by;       /* epoch 0: the owner */
	uint8_t middle[KEY_SIZE]; /* of the first verifier; epoch 0: of no meaning */
};

/* By what an account is gone: by its delete key, which only its owner can derive; or by a stamp,
 * and then who has removed it. Of two that meet the smaller stays. */
enum gone_by { GONE_BY_KEY = 0, GONE_BY_OWNER = 1, GONE_BY_OPERATOR = 2, GONE_BY_END };

struct tombstone {
	struct id id;
	struct view name;
	uint8_t middle[KEY_SIZE];
	enum gone_by by;
	union {
		uint8_t delete_key[KEY_SIZE]; /* GONE_BY_KEY */
		uint8_t lock[KEY_SIZE];       /* else: that of the account */
	};
};

/* The messages of one session of `sender` to `recipient`. */
struct stream {
	struct id recipient;
	struct id sender;
	struct ulid session;
};

struct message {
	struct stream stream;
	uint64_t number;
	uint64_t sent_ms;
	struct view text;
	struct view audience; /* in the form of fact/audience.h; none: to one, no notice */
};

/* Numbers first..last, both included, 1 <= first <= last <= NUMBER_MAX. */
struct range {
	uint64_t first;
	uint64_t last;
};

struct burial {
	struct stream stream;
	struct range range;
};

/* A place in a mailbox: its order is time sent, then sender, session, number. All zero: the
 * beginning. */
struct place {
	uint64_t sent_ms;
	struct id sender;
	struct ulid session;
	uint64_t number;
};

enum fact_kind {
	FACT_ACCOUNT = 1, /* with its mark, which is joined: the larger one stays */
	FACT_TOMBSTONE,
	FACT_MESSAGE,
	FACT_BURIAL,
};

struct fact {
	enum fact_kind kind;
	union {
		struct account account;
		struct tombstone tombstone;
		struct message message;
		struct burial burial;
	};
};

/* What is known of an account, beside its content. A claim to a name that nobody confirmed may be
 * removed by the operator: then it has lapsed. One that was confirmed somewhere lives on. */
enum account_mark { ACCOUNT_INTRODUCED, ACCOUNT_LAPSED, ACCOUNT_CONFIRMED, ACCOUNT_MARK_END };
enum account_mark account_mark(const struct account *account);

/* The epoch of the next password, by whoever sets it. Those that an operator sets count in the
 * upper 16 bits, those that the owner has set since in the lower ones. So whoever knows an older
 * password, and a replica that has missed an operator's, comes up to that by no number of changes
 * there. 0: there is no next one. */
uint32_t account_next_epoch(uint32_t epoch, enum account_by by);
/* Which of two verifiers of one account stays, on every replica: <0: that of `a`. The larger
 * epoch, then the smaller setting, then the smaller bytes of the rest. 0: they are the same. */
int account_verifier_compare(const struct account *a, const struct account *b);

/* By recipient, sender, session; <0, 0, >0. */
int stream_compare(const struct stream *a, const struct stream *b);
/* <0, 0, >0, in the order of a mailbox. */
int place_compare(const struct place *a, const struct place *b);
/* The place of a message in its recipient's mailbox. */
struct place place_of(const struct message *message);
/* The place after all others. No message has it, since its time is over NUMBER_MAX. */
struct place place_end(void);
/* Whether it is place_end(). */
bool place_is_end(const struct place *place);

/* Whether these bytes can be a text: 1 to TEXT_SIZE_MAX bytes of valid UTF-8 (no surrogates,
 * nothing overlong), no NUL. */
bool message_text_is_valid(struct view text);

#endif
