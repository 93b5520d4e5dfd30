/* SPDX-License-Identifier: MIT
 *
 * The store gives accounts in order of id, so they are found again by halves.
 */
#include "tools/unconfirmed.h"

#include <stdlib.h>

uint64_t unconfirmed_age_ms(uint64_t now_ms, const struct id *id)
{
	return now_ms > id_time_ms(id) ? now_ms - id_time_ms(id) : 0;
}

bool unconfirmed_is(const struct store *all, const struct id *id, uint64_t now_ms,
                    uint64_t older_ms)
{
	struct account account;
	enum store_state state = store_find(all, id, &account, NULL);

	return (state == STORE_ALIVE || state == STORE_LAPSED) && !account.confirmed &&
	       unconfirmed_age_ms(now_ms, id) > older_ms;
}

static void add(struct unconfirmed *u, const struct id *id)
{
	if (u->count == u->capacity) {
		u->capacity = u->capacity == 0 ? 64 : 2 * u->capacity;
		u->ids = memory_resize(u->ids, u->capacity * sizeof *u->ids);
		u->used = memory_resize(u->used, u->capacity * sizeof *u->used);
	}
	u->used[u->count] = false;
	u->ids[u->count++] = *id;
}

static int compare_ids(const void *a, const void *b)
{
	return id_compare(a, b);
}

static void use(struct unconfirmed *u, const struct id *id)
{
	const struct id *found =
		u->count == 0 ? NULL : bsearch(id, u->ids, u->count, sizeof *u->ids, compare_ids);

	if (found != NULL)
		u->used[found - u->ids] = true;
}

/* Accounts come before all messages, in order of id. */
void unconfirmed_find(const struct store *all, uint64_t now_ms, uint64_t older_ms,
                      struct unconfirmed *u)
{
	struct store_key key = { 0 };
	struct fact fact;

	*u = (struct unconfirmed){ .ids = NULL };
	while (store_next(all, &key, &fact)) {
		if (key.streams) {
			use(u, &key.account);
			use(u, &key.sender);
		} else if (fact.kind == FACT_ACCOUNT && !fact.account.lapsed &&
		           unconfirmed_is(all, &key.account, now_ms, older_ms)) {
			add(u, &key.account);
		}
	}
}

void unconfirmed_release(struct unconfirmed *u)
{
	memory_free(u->ids);
	memory_free(u->used);
}
