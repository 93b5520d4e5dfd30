/* SPDX-License-Identifier: MIT
 *
 * The list of accounts: what waits for whom, whose share is used most, when each was there, and the
 * two forms of a line.
 */
#include "tools/accounts.h"
#include "tests/lib/tap.h"

static struct id id_of(uint8_t who)
{
	struct id id = { { 0, 0, 0, 0, 1, who } };

	return id;
}

static void put_account(struct store *store, uint8_t who, const char *name, bool confirmed)
{
	struct fact fact = { .kind = FACT_ACCOUNT };

	fact.account.id = id_of(who);
	fact.account.name = view_of_string(name);
	fact.account.verifier.setting = view_of_string("$y$j9T$k5jwnHTxqTDytfzywrjzz1");
	fact.account.confirmed = confirmed;
	(void)store_apply(store, &fact, NULL);
}

static struct stream stream_of(uint8_t to, uint8_t from, uint8_t session)
{
	struct stream stream = { .recipient = id_of(to), .sender = id_of(from) };

	stream.session.bytes[5] = session;
	return stream;
}

static void put_message(struct store *store, struct stream stream, uint64_t number)
{
	struct fact fact = { .kind = FACT_MESSAGE };

	fact.message = (struct message){ .stream = stream,
		                         .number = number,
		                         .sent_ms = 5000,
		                         .text = view_of_string("ten bytes.") };
	(void)store_apply(store, &fact, NULL);
}

static bool has(const struct buf *b, const char *text)
{
	return memmem(b->data, b->size, text, strlen(text)) != NULL;
}

int main(void)
{
	struct store *store = store_new();
	struct accounts accounts;
	struct buf b;

	accounts_find(store, 10, 1000, &accounts);
	IS_U64(accounts.count, 0, "nobody");
	accounts_release(&accounts);
	put_account(store, 3, "carl", false);
	put_account(store, 1, "ann", true);
	put_account(store, 2, "bob", true);
	for (uint64_t i = 1; i <= 4; i++)
		put_message(store, stream_of(2, 1, 7), i);
	put_message(store, stream_of(2, 3, 9), 1);
	put_message(store, stream_of(2, 1, 8), 1);
	put_message(store, stream_of(9, 1, 8), 2); /* to somebody who is not known */
	accounts_find(store, 10, 1000, &accounts);
	IS_U64(accounts.count, 3, "three accounts");
	OK(view_equal(accounts.rows[0].name, view_of_string("ann")), "in order of id");
	IS_U64(accounts.rows[1].pending, 6, "what waits for one");
	IS_U64(accounts.rows[1].bytes, 60, "and how much text that is");
	IS_U64(accounts.rows[1].share, 500000, "the share is that of the sender who has most");
	IS_U64(accounts.rows[0].sent, 6, "what one has sent, and waits");
	IS_U64(accounts.rows[0].pending, 0, "nothing waits for the sender");
	IS_U64(accounts.rows[0].session_ms, 8, "the newest session that has sent something");
	IS_U64(accounts.rows[1].session_ms, 0, "or none");
	buf_init(&b, 3 * ACCOUNTS_LINE_SIZE_MAX);
	accounts.seen[1].session_ms = UINT64_C(1700000000000);
	accounts.seen[1].online_ms = UINT64_C(1700000000000);
	accounts_text(&b, &accounts, &(uint32_t){ 1 });
	OK(has(&b, "2023-11-14T22:13:20Z") && has(&b, " 50.0%") && has(&b, "  bob online\n"),
	   "a line for a person");
	buf_clear(&b);
	accounts_text(&b, &accounts, &(uint32_t){ 2 });
	OK(has(&b, "  carl unconfirmed\n"), "of one whom nobody has confirmed");
	buf_clear(&b);
	accounts_json(&b, &accounts, 1);
	OK(has(&b, "\"name\":\"bob\",\"confirmed\":true,\"made\":") &&
	           has(&b, "\"last_login\":1700000000000,\"online_since\":1700000000000,"
	                   "\"pending\":6,\"pending_bytes\":60,\"share\":500000,\"sent\":0}\n"),
	   "an object");
	buf_clear(&b);
	accounts_json(&b, &accounts, 0);
	OK(has(&b, "\"last_login\":8,\"online_since\":null"), "nobody is online without need");
	buf_release(&b);
	accounts_release(&accounts);
	store_free(store);
	return tap_done();
}
