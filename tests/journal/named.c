/* SPDX-License-Identifier: MIT
 *
 * The numbers of streams: in a table alone, and in files that turn while lines wait for them.
 */
#include "tests/simulate/simdisk.c"

#include "tests/journal/fixture.h"

#include "journal/line.h"
#include "journal/named.h"

static struct stream stream_of(uint64_t n)
{
	struct stream stream = { .recipient = { { 1 } } };

	memcpy(stream.sender.bytes, &n, sizeof n);
	return stream;
}

static void test_table(void)
{
	struct named writer = { 0 };
	struct named reader = { 0 };
	struct stream first = stream_of(1);
	struct stream last = stream_of(NAMED_MAX);
	struct stream other;
	unsigned wrong = 0;

	for (uint64_t n = 1; n <= NAMED_MAX; n++) {
		struct stream stream = stream_of(n);

		wrong += named_find(&writer, &stream) != NULL;
		wrong += named_add(&writer, &stream)->number != n;
		wrong += !named_put(&reader, n, &stream);
	}
	IS_U64(wrong, 0, "named: each stream gets the next number");
	OK(named_find(&writer, &first)->number == 1, "named: the oldest one is still there");
	OK(named_is_recent(&writer, 1) && named_is_recent(&writer, NAMED_MAX),
	   "named: all of them may be used by their numbers");
	OK(!named_is_recent(&writer, 0) && !named_is_recent(&writer, NAMED_MAX + 1),
	   "named: and no others");
	other = stream_of(NAMED_MAX + 1);
	IS_U64(named_add(&writer, &other)->number, NAMED_MAX + 1, "named: and one more");
	OK(named_find(&writer, &first) == NULL, "named: takes the place of the oldest");
	OK(!named_is_recent(&writer, 1) && named_is_recent(&writer, 2),
	   "named: whose number is used no more");
	OK(named_get(&writer, 1) != NULL, "named: and is known as long again");
	OK(named_find(&writer, &last)->number == NAMED_MAX, "named: and of no other");
	IS_U64(named_add(&writer, &first)->number, NAMED_MAX + 2, "named: it gets a new number");
	OK(named_put(&reader, 1, &first), "named: a name that is said again is the same");
	OK(!named_put(&reader, 1, &last), "named: a number that means another stream is none");
	OK(named_put(&reader, 2 * NAMED_MAX + 1, &last) && named_get(&reader, 1) == NULL,
	   "named: what is older than twice the last ones is forgotten");
	OK(!named_get(&reader, 2)->is_disputed && named_get(&reader, 3 * NAMED_MAX) == NULL,
	   "named: what is not is kept");
	OK(!named_put(&reader, 1, &first), "named: no number comes again after that");
	OK(named_put(&reader, 2, &named_get(&reader, 2)->stream), "named: others may");
	OK(!named_put(&reader, 2, &first) && named_get(&reader, 2)->is_disputed,
	   "named: what two streams have means neither");
	named_release(&writer);
	OK(named_find(&writer, &last) == NULL && named_add(&writer, &last)->number == 1,
	   "named: what is emptied begins at 1");
	named_release(&writer);
	named_release(&reader);
}

/* One message of number `number` in each of the streams `from` to `to`. */
static void append(struct life *l, uint64_t from, uint64_t to, uint64_t number)
{
	for (uint64_t n = from; n <= to; n++) {
		struct fact fact = { .kind = FACT_MESSAGE };

		fact.message = (struct message){ .stream = stream_of(n),
			                         .number = number,
			                         .sent_ms = 1,
			                         .text = view_of_string("x") };
		MUST(store_apply(l->store, &fact, NULL) == STORE_NEW);
		(void)journal_append(l->journal, &fact);
	}
}

/* Whether each of these streams has its messages 1 to `count`, and no stream has more. */
static bool has_all(const struct life *l, uint64_t streams, uint64_t count)
{
	struct store_totals totals;
	uint64_t found = 0;
	struct store_key after = { 0 };
	struct fact fact;

	store_totals(l->store, &totals);
	while (store_next(l->store, &after, &fact)) {
		uint64_t n = 0;

		if (fact.kind != FACT_MESSAGE)
			continue;
		memcpy(&n, fact.message.stream.sender.bytes, sizeof n);
		found += n >= 1 && n <= streams && fact.message.number <= count;
	}
	return totals.messages == streams * count && found == streams * count;
}

static void open_life(struct life *l, uint64_t compact_size_min)
{
	life_init(l, 1);
	l->options.compact_size_min = compact_size_min;
	l->options.batch_size_max = 8 << 20;
	l->options.reserve_size = 1 << 20;
	MUST(life_open(l) == JOURNAL_OK);
}

/* A job at a time, and as many as there are. */
static bool job(struct life *l)
{
	char err[ERR_SIZE];

	(void)journal_room(l->journal, 0);
	if (!journal_begin(l->journal, true))
		return false;
	journal_run(l->journal);
	MUST(journal_end(l->journal, err) == 0);
	return true;
}

/* More streams than numbers are kept, each used twice before anything is written: a batch uses no
 * more than a reader keeps, and one that comes later names again what it needs. */
static void test_many(void)
{
	enum { STREAMS = NAMED_MAX + 500 };
	struct life l;

	open_life(&l, 1 << 30);
	append(&l, 1, STREAMS, 1);
	append(&l, 1, STREAMS, 2);
	while (job(&l))
		continue;
	append(&l, STREAMS - 10, STREAMS, 3);
	append(&l, 1, STREAMS - 11, 3);
	while (job(&l))
		continue;
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(has_all(&l, STREAMS, 3), "named: a start has all messages of very many streams");
	MUST(life_close(&l));
	MUST(life_open(&l) == JOURNAL_OK);
	OK(has_all(&l, STREAMS, 3), "named: a snapshot has them, too");
	life_end(&l);
}

/* Lines wait while a compaction turns to a new journal; also after it, each start reads all. */
static void test_turn(void)
{
	struct life l;
	uint64_t number = 0;

	open_life(&l, 3000);
	for (unsigned round = 0; round < 60; round++) {
		append(&l, 1, 20, ++number);
		MUST(job(&l));
		append(&l, 1, 20, ++number);
		MUST(job(&l));
	}
	while (job(&l))
		continue;
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(has_all(&l, 20, number), "named: what was printed before a turn is read after it");
	append(&l, 1, 20, number + 1);
	while (job(&l))
		continue;
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(has_all(&l, 20, number + 1), "named: numbers go on after a start");
	life_end(&l);
}

/* How many lines of the journal name a stream. */
static unsigned count_names(const struct life *l)
{
	static const char line[] = "{\"stream\":";
	const uint8_t *at;
	unsigned count = 0;
	struct view journal;

	MUST(simdisk_get(l->sim, "journal.jsonl", &journal));
	at = journal.data;
	while ((at = memmem(at, (size_t)(journal.data + journal.size - at), line,
	                    sizeof line - 1)) != NULL) {
		at++;
		count++;
	}
	return count;
}

/* What is said often is named often, but no more than once for a batch. */
static void test_again(void)
{
	struct life l;
	uint64_t number = 0;

	open_life(&l, 1 << 30);
	for (unsigned i = 0; i < 100; i++)
		append(&l, 1, 2, ++number);
	MUST(job(&l));
	IS_U64(count_names(&l), 2, "named: a batch names each stream once");
	append(&l, 1, 2, ++number);
	MUST(job(&l));
	IS_U64(count_names(&l), 4, "named: after many facts the next one does, too");
	for (unsigned i = 0; i < 63; i++) {
		append(&l, 1, 1, ++number);
		MUST(job(&l));
	}
	IS_U64(count_names(&l), 4, "named: after few it does not");
	append(&l, 1, 1, ++number);
	MUST(job(&l));
	IS_U64(count_names(&l), 5, "named: and then it does again");
	life_end(&l);
}

/* The journal with one more line, whose checksum is right. */
static void put_name(struct life *l, uint64_t number, uint64_t of)
{
	struct buf copy = copy_of(l, "journal.jsonl");
	struct stream stream = stream_of(of);
	size_t begin;

	while (copy.size > 0 && copy.data[copy.size - 1] == 0)
		copy.size--;
	begin = copy.size;
	journal_line_put_stream(&copy, number, &stream);
	journal_line_seal(&copy, begin);
	simdisk_put(l->sim, "journal.jsonl", buf_view(&copy));
	buf_release(&copy);
}

/* A file with lines of another one, as a disk may leave it that has lost a write. What comes behind
 * them is in the streams that the file means, or in none. */
static void test_disputed(void)
{
	struct life l;
	struct buf rest;

	open_life(&l, 1 << 30);
	append(&l, 1, 2, 1);
	MUST(job(&l));

	size_t before = size_of(&l, "journal.jsonl");
	struct buf whole = copy_of(&l, "journal.jsonl");

	while (whole.data[before - 1] == 0)
		before--;
	append(&l, 1, 2, 2);
	MUST(job(&l));
	buf_release(&whole);
	whole = copy_of(&l, "journal.jsonl");
	buf_init(&rest, SIZE_MAX / 4);
	MUST(buf_put(&rest, whole.data + before, whole.size - before));
	life_crash(&l, SIMDISK_KILLED);
	simdisk_put(l.sim, "journal.jsonl", view_of(whole.data, before));
	put_name(&l, 2, 9);
	buf_release(&whole);
	whole = copy_of(&l, "journal.jsonl");
	MUST(buf_put(&whole, rest.data, rest.size));
	simdisk_put(l.sim, "journal.jsonl", buf_view(&whole));
	IS_U64(life_open(&l), JOURNAL_REFUSED, "named: a number of two streams is refused");
	l.options.salvage = true;
	MUST(reopen(&l) == JOURNAL_OK);

	struct store_totals totals;

	store_totals(l.store, &totals);
	IS_U64(totals.messages, 3, "named: --salvage gives what follows to neither");
	buf_release(&whole);
	buf_release(&rest);
	life_end(&l);
}

/* Numbers that would end soon. */
static void test_large(void)
{
	struct life l;

	open_life(&l, 1 << 30);
	append(&l, 1, 1, 1);
	MUST(job(&l));
	life_crash(&l, SIMDISK_KILLED);
	put_name(&l, NUMBER_MAX, 2);
	MUST(life_open(&l) == JOURNAL_OK);
	append(&l, 1, 1, 2);
	MUST(job(&l));
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(has_all(&l, 1, 2), "named: behind the largest number they begin anew");
	life_end(&l);
}

int main(void)
{
	test_table();
	test_many();
	test_turn();
	test_again();
	test_disputed();
	test_large();
	return tap_done();
}
