/* SPDX-License-Identifier: MIT
 *
 * accounts: what `repair --accounts` prints: who has an account, since when, when it was last
 * logged in, and what waits for it. It is made of a store that holds all facts, and of what the
 * replicas have seen since their start.
 */
#ifndef THREEFOLD_TOOLS_ACCOUNTS_H
#define THREEFOLD_TOOLS_ACCOUNTS_H

#include "reconcile/reconcile.h"
#include "store.h"

struct accounts_row {
	struct view name; /* lives as long as the store */
	bool is_confirmed;
	uint64_t pending;    /* messages that wait for it, */
	uint64_t bytes;      /* their texts, */
	uint64_t sent;       /* and of its own, that wait for others */
	uint32_t share;      /* of the sender who has most in its mailbox: parts in a million */
	uint64_t session_ms; /* of its newest session that has sent something; 0: none has */
};

/* In order of id. `ids`, `rows` and `seen` belong together by their index. */
struct accounts {
	struct id *ids;
	struct accounts_row *rows;
	struct reconcile_seen *seen; /* zero at first: the caller's to fill */
	uint32_t count;
	uint32_t capacity;
};

/* Finds all live accounts and what belongs to them. `share_messages` and `share_bytes`: what one
 * sender may have in one mailbox. */
void accounts_find(const struct store *store, uint32_t share_messages, uint64_t share_bytes,
                   struct accounts *accounts);
/* Frees it; the names are the store's. */
void accounts_release(struct accounts *accounts);

/* How many bytes both at most append for one account. */
enum { ACCOUNTS_LINE_SIZE_MAX = 2048 };
/* Appends the line of one account, for a person; the head of the table with a NULL. Times are of
 * UTC. */
void accounts_text(struct buf *to, const struct accounts *accounts, const uint32_t *index);
/* Appends one as a JSON object in a line. Times are milliseconds since 1970, or null. */
void accounts_json(struct buf *to, const struct accounts *accounts, uint32_t index);

/* Prints all of them on stdout. Whether that failed, fflush tells. */
void accounts_print(const struct accounts *accounts, bool is_json);

#endif
