/* SPDX-License-Identifier: MIT
 *
 * grow: makes the data directory of a replica as it is after long use.
 *
 *   grow DIR REPLICA ACCOUNTS MESSAGES STREAMS
 *
 * REPLICA (1, 2, 3) decides only the replica's uuid; the facts are always the same: so many
 * accounts, messages of 100 bytes that wait for them, and streams whose one message was read. They
 * go through the store, and the journal's clean stop writes them.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/mix.h"
#include "journal/journal.h"
#include "io/log.h"
#include "tests/session/fixture.h"

enum { SENDERS = 1000, TEXT_SIZE = 100, ITEMS_MAX = 1000000000 };
static const uint64_t begin_ms = UINT64_C(1750000000000);

static struct id *ids; /* of the accounts */
static uint32_t accounts;

static _Noreturn void fail(const char *sentence)
{
	log_plain(LOG_ERROR, "grow: %s", sentence);
	exit(1);
}

static void apply(struct store *s, const struct fact *fact)
{
	if (store_apply(s, fact, NULL) != STORE_NEW)
		fail("a fact is not new");
}

static void add_accounts(struct store *s)
{
	ids = memory_alloc(accounts * sizeof *ids);
	for (uint32_t i = 0; i < accounts; i++) {
		char name[24];
		struct fact fact = { .kind = FACT_ACCOUNT };
		struct person person;

		(void)snprintf(name, sizeof name, "old%u", (unsigned)i); /* fits */
		person = person_make(name, (uint8_t)i, begin_ms + i);
		fact.account = account_of(&person);
		fact.account.confirmed = true;
		ids[i] = fact.account.id;
		apply(s, &fact);
	}
}

/* From one account to another: `other` counts all but the sender, from 0 to accounts - 2. */
static struct stream stream_of(uint32_t sender, uint64_t other, uint32_t session)
{
	struct stream stream = { .sender = ids[sender] };
	uint8_t random[10] = { 0 };

	stream.recipient = ids[other >= sender ? other + 1 : other];
	buf_store_u64(random, mix_end(session));
	ulid_make(&stream.session, begin_ms + session, random);
	return stream;
}

/* Adds messages in rounds: in each round every sender writes one message, to its next recipient. */
static void add_messages(struct store *s, uint64_t count)
{
	static uint8_t text[TEXT_SIZE];
	struct fact fact = { .kind = FACT_MESSAGE };

	memset(text, 'x', TEXT_SIZE);
	fact.message.text = view_of(text, TEXT_SIZE);
	for (uint64_t i = 0; i < count; i++) {
		uint32_t sender = (uint32_t)(i % SENDERS);
		uint64_t round = i / SENDERS;

		fact.message.stream = stream_of(
			sender, (round + sender * UINT64_C(7919)) % (accounts - 1), sender);
		fact.message.number = round / (accounts - 1) + 1;
		fact.message.sent_ms = begin_ms + ITEMS_MAX + i / 100;
		apply(s, &fact);
	}
}

static void add_streams(struct store *s, uint64_t count)
{
	struct fact fact = { .kind = FACT_BURIAL, .burial.range = { 1, 1 } };

	for (uint64_t i = 0; i < count; i++) {
		fact.burial.stream = stream_of((uint32_t)(i % accounts),
		                               mix_end(i) % (accounts - 1),
		                               (uint32_t)(SENDERS + i));
		apply(s, &fact);
	}
}

static uint64_t number(const char *text)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*text == '\0' || *end != '\0' || errno != 0 || value > ITEMS_MAX)
		fail("a number is none, or too large");
	return value;
}

int main(int argc, char **argv)
{
	struct journal_options options = { .salvage = false };
	struct journal_loaded loaded;
	struct journal *journal;
	struct disk *disk;
	struct store *s;
	char err[ERR_SIZE];
	bool is_locked;

	log_open(LOG_INFO);
	if (argc != 6)
		fail("usage: grow DIR REPLICA ACCOUNTS MESSAGES STREAMS");
	accounts = (uint32_t)number(argv[3]);
	if (accounts < 2 * SENDERS)
		fail("too few accounts");
	memset(options.uuid, (int)number(argv[2]), UUID_SIZE);
	disk = disk_open_directory(argv[1], &is_locked, err);
	if (disk == NULL)
		fail(err);
	s = store_new();
	if (journal_open(disk, &options, s, &journal, &loaded, err) != JOURNAL_OK)
		fail(err);
	if (loaded.facts != 0)
		fail("the directory has data already");
	add_accounts(s);
	add_messages(s, number(argv[4]));
	add_streams(s, number(argv[5]));
	while (store_work(s, 1000))
		;
	if (journal_close(journal, err) != 0)
		fail(err);
	disk_close_directory(disk);
	store_free(s);
	memory_free(ids);
	return 0;
}
