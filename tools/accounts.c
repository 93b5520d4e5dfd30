/* SPDX-License-Identifier: MIT
 *
 * One walk over the store: accounts come first, in order of id, then messages by recipient and
 * sender. So each pair of these is met once, and accounts are found by bisection.
 */
#include "tools/accounts.h"

#include "base/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TIME_SIZE = 32 };

static int compare_ids(const void *a, const void *b)
{
	return id_compare(a, b);
}

/* NULL: it is none of these, but gone or unknown. */
static struct accounts_row *row_of(const struct accounts *a, const struct id *id)
{
	const struct id *found =
		a->count == 0 ? NULL : bsearch(id, a->ids, a->count, sizeof *a->ids, compare_ids);

	return found == NULL ? NULL : &a->rows[found - a->ids];
}

static void add(struct accounts *a, const struct account *account)
{
	if (a->count == a->capacity) {
		a->capacity = a->capacity == 0 ? 64 : 2 * a->capacity;
		a->ids = memory_resize(a->ids, a->capacity * sizeof *a->ids);
		a->rows = memory_resize(a->rows, a->capacity * sizeof *a->rows);
	}
	a->ids[a->count] = account->id;
	a->rows[a->count++] = (struct accounts_row){ .name = account->name,
		                                     .is_confirmed = account->confirmed };
}

static uint32_t part_of(uint64_t used, uint64_t share)
{
	return share == 0 ? 0 : (uint32_t)((double)used / (double)share * SHARE_FULL);
}

/* A sender in a mailbox: counts once what it has there. */
static void add_pair(const struct store *store, struct accounts_row *to, const struct id *recipient,
                     const struct id *sender, uint32_t share_messages, uint64_t share_bytes)
{
	uint32_t messages = 0;
	uint64_t bytes = 0;

	store_share(store, recipient, sender, &messages, &bytes);
	uint32_t of_messages = part_of(messages, share_messages);
	uint32_t of_bytes = part_of(bytes, share_bytes);

	if (of_messages > to->share)
		to->share = of_messages;
	if (of_bytes > to->share)
		to->share = of_bytes;
}

/* An element of a stream: a message that waits, or numbers that were received. */
static void add_element(struct accounts *a, const struct store_key *key, const struct fact *fact)
{
	struct accounts_row *to = row_of(a, &key->account);
	struct accounts_row *from = row_of(a, &key->sender);
	uint64_t session_ms = ulid_time_ms(&key->session);

	if (from != NULL && session_ms > from->session_ms)
		from->session_ms = session_ms;
	if (fact->kind != FACT_MESSAGE)
		return;
	if (from != NULL)
		from->sent++;
	if (to != NULL) {
		to->pending++;
		to->bytes += fact->message.text.size;
	}
}

void accounts_find(const struct store *store, uint32_t share_messages, uint64_t share_bytes,
                   struct accounts *a)
{
	struct store_key key = { .streams = 0 };
	struct store_key before = { .streams = 0 };
	struct fact fact;

	*a = (struct accounts){ .ids = NULL };
	while (store_next(store, &key, &fact)) {
		struct accounts_row *to;

		if (fact.kind == FACT_ACCOUNT && !fact.account.lapsed)
			add(a, &fact.account);
		if (!key.streams)
			continue;
		add_element(a, &key, &fact);
		to = row_of(a, &key.account);
		if (to != NULL && (!before.streams || !id_equal(&before.account, &key.account) ||
		                   !id_equal(&before.sender, &key.sender)))
			add_pair(store, to, &key.account, &key.sender, share_messages, share_bytes);
		before = key;
	}
	a->seen = memory_alloc_zero(a->count == 0 ? 1 : a->count, sizeof *a->seen);
}

void accounts_release(struct accounts *a)
{
	memory_free(a->ids);
	memory_free(a->rows);
	memory_free(a->seen);
}

/* When the newest session that anybody knows of began; 0: nobody knows of one. */
static uint64_t last_ms(const struct accounts *a, uint32_t index)
{
	uint64_t sent_ms = a->rows[index].session_ms;
	uint64_t seen_ms = a->seen[index].session_ms;

	return sent_ms > seen_ms ? sent_ms : seen_ms;
}

static void text_time(char text[TIME_SIZE], uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm broken;

	if (ms == 0 || gmtime_r(&seconds, &broken) == NULL ||
	    strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &broken) == 0)
		(void)snprintf(text, TIME_SIZE, "-");
}

static void put(struct buf *to, const char *text)
{
	buf_append(to, view_of_string(text));
}

void accounts_text(struct buf *to, const struct accounts *a, const uint32_t *index)
{
	char line[ACCOUNTS_LINE_SIZE_MAX];
	char made[TIME_SIZE];
	char last[TIME_SIZE];

	if (index == NULL) {
		(void)snprintf(line, sizeof line, "%-20s %-20s %9s %7s %9s  %s\n", "made",
		               "last log-in", "pending", "share", "sent", "name");
		put(to, line);
		return;
	}
	const struct accounts_row *row = &a->rows[*index];

	text_time(made, id_time_ms(&a->ids[*index]));
	text_time(last, last_ms(a, *index));
	(void)snprintf(line, sizeof line, "%-20s %-20s %9" PRIu64 " %6.1f%% %9" PRIu64 "  ", made,
	               last, row->pending, (double)row->share * 100 / SHARE_FULL, row->sent);
	put(to, line);
	escape_for_terminal(to, row->name);
	put(to, row->is_confirmed ? "" : " unconfirmed");
	put(to, a->seen[*index].online_ms != 0 ? " online\n" : "\n");
}

static void json_time(struct buf *to, const char *key, uint64_t ms)
{
	char member[64];

	if (ms == 0)
		(void)snprintf(member, sizeof member, ",\"%s\":null", key);
	else
		(void)snprintf(member, sizeof member, ",\"%s\":%" PRIu64, key, ms);
	put(to, member);
}

void accounts_json(struct buf *to, const struct accounts *a, uint32_t index)
{
	const struct accounts_row *row = &a->rows[index];
	char line[ACCOUNTS_LINE_SIZE_MAX];
	char id[ID_TEXT_SIZE + 1];

	id_to_text(&a->ids[index], id);
	(void)snprintf(line, sizeof line, "{\"id\":\"%s\",\"name\":", id);
	put(to, line);
	escape_for_json(to, row->name);
	(void)snprintf(line, sizeof line, ",\"confirmed\":%s",
	               row->is_confirmed ? "true" : "false");
	put(to, line);
	json_time(to, "made", id_time_ms(&a->ids[index]));
	json_time(to, "last_login", last_ms(a, index));
	json_time(to, "online_since", a->seen[index].online_ms);
	(void)snprintf(line, sizeof line,
	               ",\"pending\":%" PRIu64 ",\"pending_bytes\":%" PRIu64 ",\"share\":%" PRIu32
	               ",\"sent\":%" PRIu64 "}\n",
	               row->pending, row->bytes, row->share, row->sent);
	put(to, line);
}

void accounts_print(const struct accounts *accounts, bool is_json)
{
	struct buf line;

	buf_init(&line, ACCOUNTS_LINE_SIZE_MAX);
	if (!is_json) {
		accounts_text(&line, accounts, NULL);
		(void)fwrite(line.data, 1, line.size, stdout);
	}
	for (uint32_t i = 0; i < accounts->count; i++) {
		buf_clear(&line);
		if (is_json)
			accounts_json(&line, accounts, i);
		else
			accounts_text(&line, accounts, &i);
		(void)fwrite(line.data, 1, line.size, stdout);
	}
	buf_release(&line);
}
