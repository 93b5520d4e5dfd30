/* SPDX-License-Identifier: MIT
 *
 * What a journal says once: a long text in a batch, and what one message to several says. Journals
 * of format 1 are read and continued, and damage to a text costs no more than the messages that
 * have it.
 */
#include "tests/simulate/simdisk.c"

#include "tests/journal/fixture.h"

#include "fact/audience.h"
#include "journal/line.h"

enum { TEXT_SIZE = 2000, RECIPIENTS = 10 };

static char text[TEXT_SIZE + 1];

/* The same text of so many bytes to so many; `session` keeps them apart from others. */
static void send_sized(struct life *l, uint64_t recipients, uint8_t session, char letter,
                       size_t size)
{
	memset(text, letter, size);
	for (uint64_t i = 0; i < recipients; i++) {
		struct fact fact = { .kind = FACT_MESSAGE };

		fact.message.stream = (struct stream){ life_id(i), life_id(0), { { session } } };
		fact.message.number = 1;
		fact.message.sent_ms = 5;
		fact.message.text = view_of(text, size);
		MUST(store_apply(l->store, &fact, NULL) == STORE_NEW);
		(void)journal_append(l->journal, &fact);
	}
}

static void send_to(struct life *l, uint64_t recipients, uint8_t session, char letter)
{
	send_sized(l, recipients, session, letter, TEXT_SIZE);
}

/* How often a phrase stands in a file. */
static unsigned count_in(const struct life *l, const char *file, const char *phrase)
{
	struct buf whole = copy_of(l, file);
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

static unsigned count_of(const struct life *l, const char *phrase)
{
	return count_in(l, "journal.jsonl", phrase);
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

/* One text to several, by one sender: its messages to `from` and those behind, as one request
 * brings them. */
static void send_from(struct life *l, uint64_t from, uint64_t recipients, uint64_t number,
                      const char *said)
{
	static const uint8_t all[] = { AUDIENCE_ALL };

	for (uint64_t i = from; i < recipients; i++) {
		struct fact fact = { .kind = FACT_MESSAGE };

		fact.message.stream = (struct stream){ life_id(i), life_id(0), { { 1 } } };
		fact.message.number = number;
		fact.message.sent_ms = 5 + number;
		fact.message.audience = view_of(all, sizeof all);
		fact.message.text = view_of_string(said);
		MUST(store_apply(l->store, &fact, NULL) == STORE_NEW);
		(void)journal_append(l->journal, &fact);
	}
}

static void send_to_several(struct life *l, uint64_t recipients, uint64_t number, const char *said)
{
	send_from(l, 0, recipients, number, said);
}

/* Whether the message of this number to each of them, from one on, says just that. */
static bool says_from(const struct life *l, uint64_t from, uint64_t recipients, uint64_t number,
                      const char *said)
{
	bool all = true;

	for (uint64_t i = from; i < recipients; i++) {
		struct id recipient = life_id(i);
		struct place place = { 0 };
		uint64_t steps = STORE_STEPS_ALL;
		struct message m = { .number = 0 };

		while (m.number != number && store_mailbox_next(l->store, &recipient, &place, &m,
		                                                &steps) == STORE_STEP_FOUND)
			continue;
		all = all && m.number == number && m.sent_ms == 5 + number &&
		      m.audience.size == 1 && m.audience.data[0] == AUDIENCE_ALL &&
		      view_equal(m.text, view_of_string(said));
	}
	return all;
}

static bool says(const struct life *l, uint64_t recipients, uint64_t number, const char *said)
{
	return says_from(l, 0, recipients, number, said);
}

static void test_same(void)
{
	struct life l;

	open_life(&l, 7);
	send_to_several(&l, RECIPIENTS, 1, "one");
	send_to_several(&l, RECIPIENTS, 2, "two");
	MUST(life_run(&l, false, 9));
	IS_U64(count_of(&l, "\"text\":\"one\""), 1, "same: a text to several stands once");
	IS_U64(count_of(&l, "\"same\":true"), 2 * (RECIPIENTS - 1), "same: the others refer to it");
	IS_U64(count_of(&l, "{\"stream\":"), RECIPIENTS, "same: each stream is named once");
	send_to_several(&l, 1, 3, text);
	send_to_several(&l, RECIPIENTS, 4, text);
	MUST(life_run(&l, false, 9));
	IS_U64(count_of(&l, "{\"stream\":"), RECIPIENTS, "same: also in a later batch");
	IS_U64(count_of(&l, "\"size\":2000"), 2, "same: another time is not the same");
	send_from(&l, 0, 3, 5, "five");
	MUST(life_run(&l, false, 9));
	send_from(&l, 3, RECIPIENTS, 5, "five");
	MUST(life_run(&l, false, 9));
	IS_U64(count_of(&l, "\"text\":\"five\""), 2, "same: each batch says it itself");
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(says(&l, RECIPIENTS, 1, "one") && says(&l, RECIPIENTS, 2, "two") &&
	           says(&l, 1, 3, text) && says(&l, RECIPIENTS, 4, text) &&
	           says(&l, RECIPIENTS, 5, "five"),
	   "same: a start reads what each of them says");
	life_end(&l);
}

/* One of several recipients reads what he has of the stream. */
static void read_all(struct life *l, uint64_t recipient)
{
	struct fact fact = { .kind = FACT_BURIAL };

	fact.burial.stream = (struct stream){ life_id(recipient), life_id(0), { { 1 } } };
	fact.burial.range = (struct range){ 1, 9 };
	MUST(store_apply(l->store, &fact, NULL) == STORE_NEW);
	(void)journal_append(l->journal, &fact);
}

static void close_and_open(struct life *l)
{
	MUST(life_close(l));
	MUST(life_open(l) == JOURNAL_OK);
}

/* A snapshot says once what several messages say. */
static void test_said(void)
{
	struct life l;
	size_t size;

	open_life(&l, 11);
	send_to_several(&l, RECIPIENTS, 1, "one");
	send_to_several(&l, RECIPIENTS, 2, "two");
	send_to_several(&l, 1, 3, "six");
	close_and_open(&l);
	IS_U64(count_in(&l, "pending.json", "{\"said\":"), 2, "said: each text stands once");
	IS_U64(count_in(&l, "pending.json", ",\"said\":"), 2 * RECIPIENTS,
	       "said: and each message refers to it");
	IS_U64(count_in(&l, "pending.json", "\"text\":\"six\""), 1,
	       "said: what nobody else has stands with the message");
	OK(says(&l, RECIPIENTS, 1, "one") && says(&l, RECIPIENTS, 2, "two") &&
	           says(&l, 1, 3, "six"),
	   "said: a start reads what each of them says");
	size = size_of(&l, "pending.json");
	close_and_open(&l);
	IS_U64(size_of(&l, "pending.json"), size, "said: the next one says it in as few bytes");
	OK(says(&l, RECIPIENTS, 1, "one"), "said: and the same");
	for (uint64_t i = 1; i < RECIPIENTS; i++)
		read_all(&l, i);
	close_and_open(&l);
	IS_U64(count_in(&l, "pending.json", "\"said\":"), 0,
	       "said: nobody shares with the last one");
	OK(says(&l, 1, 1, "one") && says(&l, 1, 2, "two") && says(&l, 1, 3, "six"),
	   "said: who goes on having all of it");
	store_check(l.store);
	life_end(&l);
}

/* Snapshots that one process writes, one after the other, each say it themselves. */
static void test_said_again(void)
{
	struct life l;
	uint64_t number = 0;

	open_life(&l, 12);
	MUST(life_close(&l));
	l.options.compact_size_min = 1;
	MUST(life_open(&l) == JOURNAL_OK);
	for (unsigned count = 1; count <= 64;
	     count *= 8) { /* a journal larger than the snapshots */
		for (unsigned i = 0; i < count; i++)
			send_to_several(&l, RECIPIENTS, ++number, "one");
		MUST(life_run(&l, true, 999));
		IS_U64(count_in(&l, "pending.json", "{\"said\":"), number,
		       "said: in each snapshot");
		OK(count_in(&l, "pending.json", "{\"said\":1,") == 1, "said: with numbers from 1");
	}
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(says(&l, RECIPIENTS, 1, "one") && says(&l, RECIPIENTS, number, "one"),
	   "said: the last is read as the first");
	life_end(&l);
}

/* Damage to what several say loses these messages, and gives them no other text. */
static void test_said_damaged(void)
{
	struct life l;
	struct buf whole;
	const uint8_t *at;
	char said[1200];

	memset(said, 'x', sizeof said);
	open_life(&l, 13);
	for (uint64_t number = 1; number <= 3; number++) {
		/* So long that it ends a block. What stands before it is a message of the first. */
		said[1000] = '\0';
		said[0] = (char)('0' + number);
		send_to_several(&l, RECIPIENTS, number, said);
	}
	MUST(life_close(&l));
	whole = copy_of(&l, "pending.json");
	at = memmem(whole.data, whole.size, "\"2xx", 4);
	MUST(at != NULL);
	flip(&l, "pending.json", (size_t)(at - whole.data), 1);
	IS_U64(life_open(&l), JOURNAL_REFUSED, "said: damage is refused");
	l.options.salvage = true;
	MUST(reopen(&l) == JOURNAL_OK);
	said[0] = '1';
	OK(says_from(&l, 1, RECIPIENTS, 1, said), "said: what was said before it is not lost");
	said[0] = '3';
	OK(says(&l, RECIPIENTS, 3, said), "said: nor what was said behind it");
	IS_U64(messages(&l), 2 * RECIPIENTS - 1, "said: but what it says is, and its block");
	store_check(l.store);
	buf_release(&whole);
	life_end(&l);
}

/* Damages the first byte of the `nth` place where the phrase stands, 0 the first, and salvages. */
static void salvage_without(struct life *l, const char *phrase, unsigned nth)
{
	struct buf whole = copy_of(l, "journal.jsonl");
	const uint8_t *at = whole.data - 1;

	do {
		at++;
		at = memmem(at, (size_t)(whole.data + whole.size - at), phrase, strlen(phrase));
		MUST(at != NULL);
	} while (nth-- > 0);
	life_crash(l, SIMDISK_KILLED);
	flip(l, "journal.jsonl", (size_t)(at - whole.data), 1);
	IS_U64(life_open(l), JOURNAL_REFUSED, "salvage: damage to what was synced is refused");
	l->options.salvage = true;
	MUST(reopen(l) == JOURNAL_OK);
	buf_release(&whole);
}

/* Gives a line that has the phrase another one of the same size, and a right checksum. */
static void say_otherwise(struct life *l, const char *phrase, const char *otherwise)
{
	struct buf whole = copy_of(l, "journal.jsonl");
	uint8_t *at = memmem(whole.data, whole.size, phrase, strlen(phrase));

	MUST(at != NULL && strlen(phrase) == strlen(otherwise));
	memcpy(at, otherwise, strlen(otherwise));

	uint8_t *line = (uint8_t *)memrchr(whole.data, '\n', (size_t)(at - whole.data)) + 1;
	uint8_t *end = memmem(at, (size_t)(whole.data + whole.size - at), ",\"crc\":", 7);
	struct buf again;

	buf_init(&again, SIZE_MAX / 4);
	MUST(end != NULL && buf_put(&again, line, (size_t)(end - line)));
	journal_line_seal(&again, 0);
	memcpy(line, again.data, again.size);
	simdisk_put(l->sim, "journal.jsonl", buf_view(&whole));
	buf_release(&again);
	buf_release(&whole);
}

/* A line that is whole and has no meaning says nothing: what is the same as it is lost, too. */
static void test_meaningless(void)
{
	struct life l;

	open_life(&l, 9);
	send_to_several(&l, 4, 1, "one");
	send_to_several(&l, 4, 2, "two");
	MUST(life_run(&l, false, 9));
	life_crash(&l, SIMDISK_KILLED);
	say_otherwise(&l, "true},\"text\":\"two\"", "null},\"text\":\"two\"");
	IS_U64(life_open(&l), JOURNAL_REFUSED, "salvage: a line without a meaning is refused");
	l.options.salvage = true;
	MUST(reopen(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 4, "salvage: what is the same as such a line is lost");
	OK(says(&l, 4, 1, "one"), "salvage: and what came before it is not");
	life_end(&l);
}

/* What a damaged line would have said is nobody's. */
static void test_damaged_names(void)
{
	struct life l;

	for (unsigned which = 0; which < 3; which++) {
		open_life(&l, 8);
		send_to_several(&l, 4, 1, "one");
		send_to_several(&l, 4, 2, "two");
		MUST(life_run(&l, false, 9));
		send_to_several(&l, 4, 3, "six");
		MUST(life_run(&l, false, 9));
		if (which == 0) {
			salvage_without(&l, "{\"stream\":", 1);
			IS_U64(messages(&l), 9,
			       "salvage: without its name a stream loses its messages");
			OK(says(&l, 1, 1, "one") && says(&l, 1, 2, "two") && says(&l, 1, 3, "six"),
			   "salvage: those of the others say what they said");
		} else if (which == 1) {
			salvage_without(&l, "\"text\":\"two\"", 0);
			IS_U64(messages(&l), 8, "salvage: what was the same is lost with it");
			OK(says(&l, 4, 1, "one") && says(&l, 4, 3, "six"), "salvage: and no other");
		} else {
			salvage_without(&l, "\"same\":true", 4);
			IS_U64(messages(&l), 10,
			       "salvage: what is the same as a damaged line is lost");
			OK(says(&l, 4, 1, "one") && says(&l, 2, 2, "two") && says(&l, 4, 3, "six"),
			   "salvage: and never taken for the one before");
		}
		life_end(&l);
	}
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

/* One request may bring two messages of one number. The store keeps the smaller text before either
 * is in the journal, which must then say what each of them says. */
static void test_other_text(void)
{
	struct life l;
	char texts[2][TEXT_SIZE];
	struct fact facts[2] = { { .kind = FACT_MESSAGE }, { .kind = FACT_MESSAGE } };

	open_life(&l, 6);
	for (int i = 0; i < 2; i++) {
		memset(texts[i], 'b' - i, TEXT_SIZE);
		facts[i].message.stream = (struct stream){ life_id(1), life_id(0), { { 1 } } };
		facts[i].message.number = 1;
		facts[i].message.sent_ms = 5;
		facts[i].message.text = view_of(texts[i], TEXT_SIZE);
		MUST(is_change(store_apply(l.store, &facts[i], NULL)));
	}
	for (int i = 0; i < 2; i++)
		(void)journal_append(l.journal, &facts[i]);
	MUST(life_run(&l, false, 9));
	life_crash(&l, SIMDISK_KILLED);
	IS_U64(life_open(&l), JOURNAL_OK, "texts: a start reads one that was replaced at once");
	OK(messages(&l) == 1 && life_holds(l.store, &facts[1]), "texts: the smaller one stays");
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

/* The longest text that is not shared, and the shortest that is: in a journal and in a snapshot. */
static void test_longest_short(void)
{
	struct life l;

	open_life(&l, 4);
	for (uint8_t i = 0; i < 3; i++)
		send_sized(&l, 2, (uint8_t)(i + 1), (char)('a' + i),
		           (size_t)STORE_TEXT_SHARED - 1 + i);
	MUST(life_run(&l, false, 9));
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 6, "texts: of every size about where sharing begins, in a journal");
	MUST(life_close(&l));
	MUST(life_open(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 6, "texts: and in a snapshot");
	IS_U64(store_load_missing(l.store), 0, "texts: none is without its text");
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
	OK(replica_begins(&l, "{\"format\":4,\"uuid\":\"5e49ed18-"),
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
	IS_U64(count_of(&l, "\"text\":\"zzzz"), 1, "format 1: is continued in our form");
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 6, "format 1: and read again");
	MUST(life_close(&l));
	OK(count_of(&l, "{\"format\":4,") == 1,
	   "format 1: a clean stop begins a journal of our format");
	MUST(life_open(&l) == JOURNAL_OK);
	IS_U64(messages(&l), 6, "format 1: with the same in it");
	life_end(&l);
}

int main(void)
{
	memset(text, 'x', TEXT_SIZE);
	test_once();
	test_same();
	test_said();
	test_said_again();
	test_said_damaged();
	test_damaged_names();
	test_meaningless();
	test_other_text();
	test_bound();
	test_longest_short();
	test_damage();
	test_open_fails();
	test_format_1();
	test_replica_format();
	return tap_done();
}
