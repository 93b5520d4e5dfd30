/* SPDX-License-Identifier: MIT
 *
 * unconfirmed: which accounts no replica has confirmed. All facts of all replicas are in one store.
 */
#ifndef THREEFOLD_TOOLS_UNCONFIRMED_H
#define THREEFOLD_TOOLS_UNCONFIRMED_H

#include "store.h"

/* In order of id. */
struct unconfirmed {
	struct id *ids;
	bool *used; /* whether it has sent, or been sent, anything */
	size_t count;
	size_t capacity;
};

/* How old an account is, in ms; 0 if its time is to come. */
uint64_t unconfirmed_age_ms(uint64_t now_ms, const struct id *id);
/* Whether no replica has confirmed an account that is older than this, in ms. */
bool unconfirmed_is(const struct store *all, const struct id *id, uint64_t now_ms,
                    uint64_t older_ms);
/* The live ones that are older than this; unconfirmed_release frees them. */
void unconfirmed_find(const struct store *all, uint64_t now_ms, uint64_t older_ms,
                      struct unconfirmed *u);
void unconfirmed_release(struct unconfirmed *u);

#endif
