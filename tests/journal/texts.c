/* SPDX-License-Identifier: MIT
 *
 * Long texts in journals: each stands once in a batch, journals of format 1 are read and continued
 * as they are, and damage to a text costs no more than the messages that have it.
 */
#include "tests/simulate/simdisk.c"

#include "tests/journal/fixture.h"

enum { TEXT_SIZE = 2000, RECIPIENTS = 10 };

static char text[TEXT_SIZE + 1];

/* The same text to so many; `session` keeps them apart from others. */
static void send_to(struct life *l, uint64_t recipients, uint8_t session, char letter)
{
	memset(text, letter, TEXT_SIZE);
	for (uint64_t i = 0; i < recipients; i++) {
		struct fact fact = { .kind = FACT_MESSAGE };

		fact.message.stream = (struct stream){ life_id(i), life_id(0), { { session } } };
		fact.message.number = 1;
		fact.message.sent_ms = 5;
		fact.message.text = view_of(text, TEXT_SIZE);
		MUST(store_apply(l->store, &fact, NULL) == STORE_NEW);
		(void)journal_append(l->journal, &fact);
	}
}

/* How often a phrase stands in the journal. */
static unsigned count_of(const struct life *l, const char *phrase)
{
	struct buf whole = copy_of(l, "journal.jsonl");
	const uint8_t *at = whole.data;
	const uint8_t *end = whole.data + whole.size;
	unsigned count = 0;

	while ((at = memmem(at, (size_t)(end - at), phrase, strlen(phrase))) != NULL) {
		at++;
		count++;
	}
	buf_release(&whole);
	return count;
}

static uint64_t messages(const struct life *l)
{
	struct store_totals totals;

	store_totals(l->store, &totals);
	return totals.messages;
}

static void open_life(struct life *l, uint64_t seed)
{
	life_init(l, seed);
	l->options.compact_size_min = 1 << 30;
	MUST(life_open(l) == JOURNAL_OK);
}

static void test_once(void)
{
	struct life l;

	open_life(&l, 1);
	send_to(&l, RECIPIENTS, 1, 'a');
	MUST(life_run(&l, false, 9));
	IS_U64(count_of(&l, "\"text\":\"aaaa"), 1, "texts: one to many stands once in a batch");
	IS_U64(count_of(&l, "\"size\":2000"), RECIPIENTS, "texts: each message refers to it");
	send_to(&l, RECIPIENTS, 2, 'a');
	MUST(life_run(&l, false, 9));
	IS_U64(count_of(&l, "\"text\":\"aaaa"), 2, "texts: and once in the next");
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 2 * RECIPIENTS, "texts: a start finds all of them");
	IS_U64(store_load_missing(l.store), 0, "texts: with their text");
	life_end(&l);
}

static void test_bound(void)
{
	struct life l;
	uint64_t begun = 0;
	size_t most = 0;

	life_init(&l, 2);
	l.options.compact_size_min = 1 << 30;
	l.options.batch_size_max = 10000;
	MUST(life_open(&l) == JOURNAL_OK);
	OK(!journal_is_behind(l.journal), "batch: an idle disk is not behind");
	for (uint8_t session = 1; session <= 20; session++)
		send_to(&l, 2, session, (char)('a' + session));
	OK(journal_is_behind(l.journal), "batch: one with much to do is");
	for (size_t left; (left = journal_waiting_size(l.journal)) > 0; begun++) {
		char err[ERR_SIZE];

		MUST(journal_begin(l.journal, false));
		most = left - journal_waiting_size(l.journal) > most
		               ? left - journal_waiting_size(l.journal)
		               : most;
		journal_run(l.journal);
		MUST(journal_end(l.journal, err) == 0);
	}
	OK(begun >= 5 && most < 10000 + 3000,
	   "batch: much is written in several, each of its size");
	IS_U64(journal_synced(l.journal), 40, "batch: and all of it is synced in the end");
	OK(!journal_is_behind(l.journal), "batch: then it is behind no more");
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 40, "batch: a start finds all");
	life_end(&l);
}

/* Damages the text of the first of two batches. */
static void test_damage(void)
{
	struct life l;

	open_life(&l, 3);
	send_to(&l, RECIPIENTS, 1, 'a');
	send_to(&l, 3, 2, 'b');
	MUST(life_run(&l, false, 9));
	send_to(&l, 2, 3, 'c');
	MUST(life_run(&l, false, 9));
	struct buf whole = copy_of(&l, "journal.jsonl");
	const uint8_t *at = memmem(whole.data, whole.size, "aaaa", 4);

	MUST(at != NULL);
	life_crash(&l, SIMDISK_KILLED);
	flip(&l, "journal.jsonl", (size_t)(at - whole.data), 1);
	IS_U64(life_open(&l), JOURNAL_REFUSED, "texts: damage to one that was synced is refused");
	l.options.salvage = true;
	MUST(reopen(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 5, "texts: --salvage loses the messages that have it, and no other");
	IS_U64(store_load_missing(l.store), 0, "texts: and none without a text is left");
	buf_release(&whole);
	life_end(&l);
}

/* A salvage reads a damaged file twice. Each time it may not open. */
static void test_open_fails(void)
{
	struct life l;
	bool was_refused = true;

	open_life(&l, 5);
	send_to(&l, RECIPIENTS, 1, 'a');
	MUST(life_run(&l, false, 9));
	send_to(&l, RECIPIENTS, 2, 'b'); /* what is remembered of it is in the last batch */
	MUST(life_run(&l, false, 9));
	struct buf whole = copy_of(&l, "journal.jsonl");
	const uint8_t *at = memmem(whole.data, whole.size, "aaaa", 4);

	MUST(at != NULL);
	life_crash(&l, SIMDISK_KILLED);
	flip(&l, "journal.jsonl", (size_t)(at - whole.data), 1);
	l.options.salvage = true;
	struct simdisk_image *image = simdisk_save(l.sim);
	unsigned tries = 0;

	while (was_refused && ++tries < 100) {
		restore(&l, image);
		simdisk_fail(l.sim, SIMDISK_OPEN, tries, EIO, false);
		was_refused = reopen(&l) != JOURNAL_OK;
		simdisk_fail(l.sim, SIMDISK_OPEN, 0, EIO, false);
	}
	OK(tries > 2 && tries < 100, "texts: a file that does not open again is a refusal");
	simdisk_image_free(image);
	buf_release(&whole);
	life_end(&l);
}

static void put_file(struct life *l, const char *name)
{
	char path[100];
	uint8_t bytes[16384];
	FILE *file;

	(void)snprintf(path, sizeof path, "tests/journal/format-1/%s", name);
	file = fopen(path, "rb");
	MUST(file != NULL);
	simdisk_put(l->sim, name, view_of(bytes, fread(bytes, 1, sizeof bytes, file)));
	(void)fclose(file);
}

static bool replica_begins(struct life *l, const char *with)
{
	struct buf copy = copy_of(l, "replica.json");
	bool begins = copy.size >= strlen(with) && memcmp(copy.data, with, strlen(with)) == 0;

	buf_release(&copy);
	return begins;
}

/* What is written behind an older journal an earlier version would take for damage. It reads this
 * file first, and refuses a newer one. */
static void test_replica_format(void)
{
	struct life l;

	life_init(&l, 5);
	put_file(&l, "journal.jsonl");
	put_file(&l, "replica.json");
	simdisk_limit(l.sim, 1);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(replica_begins(&l, "{\"format\":1,\"uuid\":\"5e49ed18-"),
	   "format 1: without room for replica.json a start is possible");
	life_crash(&l, SIMDISK_KILLED);
	simdisk_limit(l.sim, UINT64_MAX);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(replica_begins(&l, "{\"format\":2,\"uuid\":\"5e49ed18-"),
	   "format 1: a start raises that of replica.json, and keeps the uuid");
	life_end(&l);
}

static void test_format_1(void)
{
	struct life l;

	life_init(&l, 4);
	l.options.compact_size_min = 1 << 30;
	put_file(&l, "journal.jsonl");
	put_file(&l, "replica.json");
	MUST(life_open(&l) == JOURNAL_OK);
	struct store_totals totals;

	store_totals(l.store, &totals);
	IS_U64(totals.accounts, 3, "format 1: its accounts are read");
	IS_U64(totals.messages, 3, "format 1: and its messages");
	IS_U64(totals.ranges, 1, "format 1: and what was received");
	send_to(&l, 3, 9, 'z');
	MUST(life_run(&l, false, 9));
	IS_U64(count_of(&l, "\"text\":\"zzzz"), 3, "format 1: is continued as it is");
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 6, "format 1: and read again");
	MUST(life_close(&l));
	OK(count_of(&l, "{\"format\":3,") == 1,
	   "format 1: a clean stop begins a journal of our format");
	MUST(life_open(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 6, "format 1: with the same in it");
	life_end(&l);
}

int main(void)
{
	test_once();
	test_bound();
	test_damage();
	test_open_fails();
	test_format_1();
	test_replica_format();
	return tap_done();
}
