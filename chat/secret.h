/* SPDX-License-Identifier: MIT
 *
 * secret: whether a typed line may hold a password. Such a line is not shown again, and not kept in
 * the history. The passwords that a person has typed are known for as long as the client runs, so
 * that none is sent to somebody by a slip; not as they are, but as keyed hashes.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_SECRET_H
#define THREEFOLD_CHAT_SECRET_H

#include "base/buf.h"
#include "base/siphash.h"

enum {
	SECRET_KNOWN_MAX = 8, /* the oldest is forgotten */
	/* A shorter password counts only as a word, or only as the whole of a line: it stands in
	 * many other words. */
	SECRET_ANYWHERE_SIZE = 6,
	SECRET_WORD_SIZE = 4,
};

/* Passwords that were typed, upper and lower case being equal. */
struct secret_known {
	struct siphash_key key;
	uint64_t hashes[SECRET_KNOWN_MAX];
	size_t sizes[SECRET_KNOWN_MAX]; /* 0: none */
	size_t next;
};

/* Whether the line holds, or may hold, a password or an invitation. */
bool secret_is_in(struct view line);
/* Whether the command in this line asks a question, so that the next line may be a password. */
bool secret_may_follow(struct view line);

/* What a line makes of the one that is typed after it, if no question comes between. */
enum secret_next {
	SECRET_NEXT_NONE,
	SECRET_NEXT_WORD, /* it looks like a log-in without its password: a word may be that */
	SECRET_NEXT_ANY,  /* it is one: any text may be that */
};
enum secret_next secret_next(struct view line);

/* Begins with no password. `random` is the key, from the system. */
void secret_known_init(struct secret_known *k, const uint8_t random[SIPHASH_KEY_SIZE]);
/* Adds a password; nothing of it can be had back. */
void secret_know(struct secret_known *k, struct view password);
/* Whether the text holds one of the passwords. */
bool secret_is_known(const struct secret_known *k, struct view text);

#endif
