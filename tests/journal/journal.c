/* SPDX-License-Identifier: MIT
 *
 * The journal in good days and on damaged files: what a start finds again, what it cuts off, and
 * what it refuses and leaves untouched. What --salvage makes of that is in journal/salvage.c,
 * crashes are in journal/crash.c.
 */
#include "tests/simulate/simdisk.c"

#include "tests/journal/fixture.h"

#include "base/crc32c.h"
#include "journal/line.h"
#include "journal/json.h"
#include "journal/private.h"

#include <errno.h>
#include <pthread.h>

/* A sum of all names and bytes that a process sees. */
static uint32_t everything(const struct life *l)
{
	uint32_t crc = 0;

	for (size_t i = 0; simdisk_name(l->sim, i) != NULL; i++) {
		const char *name = simdisk_name(l->sim, i);
		struct view content = { 0 };

		(void)simdisk_get(l->sim, name, &content); /* it is there: it was listed */
		crc = crc32c(crc, name, strlen(name) + 1);
		crc = crc32c(crc, content.data, content.size);
	}
	return crc;
}

/* Refused, in words that name the file, and nothing was changed. */
static bool is_refused(struct life *l, const char *file)
{
	uint32_t before = everything(l);
	enum journal_status status = reopen(l);

	if (status != JOURNAL_REFUSED || strstr(l->err, file) == NULL || everything(l) != before) {
		printf("# status %d, '%s'\n", (int)status, status == JOURNAL_OK ? "" : l->err);
		return false;
	}
	return true;
}

/* ---- good days ---- */

static void test_first_start(void)
{
	struct life l;
	uint8_t uuid[UUID_SIZE];

	life_init(&l, 1);
	OK(life_open(&l) == JOURNAL_OK, "journal: an empty directory is a new replica");
	memcpy(uuid, journal_uuid(l.journal), UUID_SIZE);
	IS_BYTES(uuid, l.options.uuid, UUID_SIZE,
	         "journal: a new replica has the uuid that was drawn");
	IS_U64(l.loaded.facts, 0, "journal: a new replica holds nothing");
	OK(!journal_begin(l.journal, true), "journal: nothing to do is no job");
	OK(life_close(&l), "journal: a new replica stops cleanly");
	l.options.uuid[0] = 0x99;
	OK(life_open(&l) == JOURNAL_OK, "journal: it starts again");
	IS_BYTES(journal_uuid(l.journal), uuid, UUID_SIZE, "journal: and keeps its uuid");
	OK(life_close(&l), "journal: and stops again");
	l.options.new_uuid = true;
	OK(life_open(&l) == JOURNAL_OK, "journal: it starts with a new uuid when told to");
	IS_U64(journal_uuid(l.journal)[0], 0x99, "journal: which is the one drawn this time");
	(void)life_close(&l);
	l.options.new_uuid = false;
	l.options.uuid[0] = 0x77;
	(void)life_open(&l);
	IS_U64(journal_uuid(l.journal)[0], 0x99, "journal: and stays");
	simdisk_delete(l.sim, "replica.json");
	OK(reopen(&l) == JOURNAL_OK, "journal: a backup without replica.json is started from");
	IS_U64(journal_uuid(l.journal)[0], 0x77, "journal: as a new replica");
	life_end(&l);
}

static void test_group_commit(void)
{
	struct life l;

	life_init(&l, 2);
	(void)life_open(&l);
	append_some(&l, 20);

	uint64_t appended = journal_position(l.journal);
	uint64_t syncs = simdisk_count(l.sim, SIMDISK_SYNC);

	OK(journal_begin(l.journal, false), "journal: what was appended is a batch");
	append_some(&l, 20);
	IS_U64(journal_synced(l.journal), 0, "journal: nothing is synced before the job has ended");
	journal_run(l.journal);
	(void)journal_end(l.journal, l.err);
	IS_U64(journal_synced(l.journal), appended,
	       "journal: a batch is what was there when it began");
	IS_U64(simdisk_count(l.sim, SIMDISK_SYNC) - syncs, 1, "journal: a batch is one sync");
	OK(life_run(&l, false, 9), "journal: what came meanwhile is the next");
	IS_U64(journal_synced(l.journal), journal_position(l.journal),
	       "journal: then all is synced");
	OK(!journal_begin(l.journal, false), "journal: and there is nothing to do");
	life_end(&l);
}

static void test_restart(void)
{
	struct life l;

	life_with(&l, 3, 60, 5);

	uint64_t sum = store_sum(l.store);
	uint64_t appended = journal_position(l.journal);

	OK(reopen(&l) == JOURNAL_OK && store_sum(l.store) == sum,
	   "journal: a killed replica starts with snapshots and journal as it was");
	IS_U64(l.loaded.replayed, appended, "journal: and says how many lines it replayed");
	IS_U64(l.loaded.cut, 0, "journal: and that nothing was cut");
	IS_STRING(l.loaded.warnings, "", "journal: zeros that were reserved are no damage");
	OK(life_close(&l) && life_open(&l) == JOURNAL_OK && store_sum(l.store) == sum,
	   "journal: a stopped one starts with the snapshots as it was");
	IS_U64(l.loaded.replayed, 0, "journal: and replays nothing");
	life_end(&l);
}

static bool is_document(const struct life *l, const char *name)
{
	struct buf copy = copy_of(l, name);
	const char *wrong = "";
	struct cJSON *tree = json_parse(buf_view(&copy), &wrong);
	uint64_t count = 0;
	bool fits = tree != NULL && json_integer(json_member(tree, "count"), &count);

	json_free(tree);
	buf_release(&copy);
	return fits;
}

/* The same facts in another order, with compactions in between. */
static void test_canonical(void)
{
	struct life a;
	struct life b;

	life_init(&a, 5);
	a.options.compact_size_min = 1 << 20;
	(void)life_open(&a);
	append_some(&a, 150);
	OK(life_run(&a, false, 1) && life_close(&a),
	   "journal: one replica hears facts in one order");
	life_init(&b, 6);
	(void)life_open(&b);
	for (size_t i = a.count; i-- > 0;) {
		if (is_change(store_apply(b.store, &a.facts[i].fact, NULL)))
			(void)journal_append(b.journal, &a.facts[i].fact);
		if (i % 10 == 0)
			(void)life_run(&b, true, 3);
	}
	while (store_work(b.store, 1000))
		continue;
	OK(journal_close(b.journal, b.err) == 0, "journal: another hears them the other way round");
	b.journal = NULL;
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "users.json" : "pending.json";
		struct buf x = copy_of(&a, name);
		struct buf y = copy_of(&b, name);

		OK(view_equal(buf_view(&x), buf_view(&y)),
		   "journal: their snapshots are the same bytes");
		OK(is_document(&a, name), "journal: a snapshot is one JSON document");
		buf_release(&x);
		buf_release(&y);
	}
	life_end(&a);
	life_end(&b);
}

static void test_compaction(void)
{
	struct life l;
	unsigned rounds = 0;

	life_init(&l, 7);
	(void)life_open(&l);
	for (int i = 0; i < 400; i++) {
		append_some(&l, 2);
		rounds += journal_compacting(l.journal);
		ALWAYS(life_run(&l, true, 2), "journal: jobs end well");
	}
	while (journal_begin(l.journal, true)) {
		journal_run(l.journal);
		(void)journal_end(l.journal, l.err);
	}
	OK(rounds > 10, "journal: a journal that has outgrown the snapshots is compacted");
	OK(!journal_compacting(l.journal), "journal: a compaction comes to an end");

	struct view content;

	OK(!simdisk_get(l.sim, "journal.old.jsonl", &content), "journal: no old journal is left");
	OK(simdisk_get(l.sim, "journal.jsonl", &content) && content.size < 3 * 8192 + 40000,
	   "journal: and the new one is short");
	l.acknowledged = l.count;
	OK(reopen(&l) == JOURNAL_OK && life_is_right(&l), "journal: all is there after it");
	life_end(&l);
}

static void *run_apart(void *journal)
{
	journal_run(journal);
	return NULL;
}

static void test_thread(void)
{
	struct life l;

	life_init(&l, 8);
	(void)life_open(&l);
	for (int i = 0; i < 150; i++) {
		append_some(&l, 2);
		if (!journal_begin(l.journal, true))
			continue;

		pthread_t thread;

		ALWAYS(pthread_create(&thread, NULL, run_apart, l.journal) == 0,
		       "a thread is made");
		append_some(&l, 3);
		ALWAYS(pthread_join(thread, NULL) == 0, "and joined");
		ALWAYS(journal_end(l.journal, l.err) == 0,
		       "journal: a job on another thread ends well");
	}
	OK(life_run(&l, true, 1000) && reopen(&l) == JOURNAL_OK,
	   "journal: facts are appended while a job runs");
	l.acknowledged = l.count;
	OK(life_is_right(&l), "journal: and none is lost");
	life_end(&l);
}

/* ---- torn tails ---- */

/* The journal cut at every byte: what lies before the cut is there, and a start never fails. */
static void test_every_prefix(void)
{
	struct life l;
	struct buf whole;
	unsigned wrong = 0;

	life_with(&l, 9, 20, 6);
	whole = copy_of(&l, "journal.jsonl");
	while (whole.size > 0 && whole.data[whole.size - 1] == 0)
		whole.size--;

	struct simdisk_image *image = simdisk_save(l.sim);
	size_t head = (size_t)((uint8_t *)memchr(whole.data, '\n', whole.size) - whole.data) + 1;
	uint64_t lines = l.loaded.replayed;

	for (size_t size = 0; size <= whole.size; size++) {
		restore(&l, image);
		simdisk_put(l.sim, "journal.jsonl", view_of(whole.data, size));
		if (size < head) {
			wrong += !is_refused(&l, "journal.jsonl");
			continue;
		}
		wrong += reopen(&l) != JOURNAL_OK || l.loaded.replayed < lines ||
		         (l.loaded.cut > 0) != (whole.data[size - 1] != '\n');
		lines = l.loaded.replayed;
	}
	IS_U64(wrong, 0,
	       "journal: cut at any byte it starts with what is whole, if its first line is");
	l.acknowledged = l.count;
	OK(life_is_right(&l), "journal: the whole of it holds everything");
	simdisk_image_free(image);
	buf_release(&whole);
	life_end(&l);
}

/* A bit flipped at every byte: before the largest mark a refusal that changes nothing, after it a
 * torn tail. */
static void test_every_flip(void)
{
	struct life l;
	struct buf whole;
	unsigned wrong = 0;
	unsigned refused = 0;
	size_t mark = 0;

	life_with(&l, 10, 20, 5);
	whole = copy_of(&l, "journal.jsonl");
	while (whole.size > 0 && whole.data[whole.size - 1] == 0)
		whole.size--;
	for (size_t i = 0; i + 10 < whole.size; i++)
		if (memcmp(whole.data + i, "{\"synced\":", 10) == 0)
			mark = i;
	assert(mark > 0);

	struct simdisk_image *image = simdisk_save(l.sim);

	for (size_t at = 0; at < whole.size; at++) {
		restore(&l, image);
		flip(&l, "journal.jsonl", at, (uint8_t)(1 << at % 8));
		if (at < mark) {
			refused++;
			wrong += !is_refused(&l, "'journal.jsonl'") ||
			         strstr(l.err, "line") == NULL || strstr(l.err, "byte") == NULL ||
			         strstr(l.err, "--salvage") == NULL;
		} else {
			wrong += reopen(&l) != JOURNAL_OK || l.loaded.cut == 0 ||
			         strstr(l.loaded.warnings, "torn tail") == NULL;
		}
	}
	IS_U64(wrong, 0,
	       "journal: a flipped bit is damage where it was synced, and a torn tail after that");
	OK(refused > 1000, "journal: most of it was synced");
	restore(&l, image);
	flip(&l, "journal.jsonl", mark - 5, 1);
	(void)is_refused(&l, "journal.jsonl");
	printf("# %s\n", l.err);
	simdisk_image_free(image);
	buf_release(&whole);
	life_end(&l);
}

/* ---- damage ---- */

static void test_snapshot_flips(void)
{
	static const char *const names[] = { "users.json", "pending.json", "replica.json" };
	struct life l;

	life_with(&l, 11, 40, 1);

	struct simdisk_image *image = simdisk_save(l.sim);

	for (size_t n = 0; n < 3; n++) {
		restore(&l, image);

		struct buf whole = copy_of(&l, names[n]);
		unsigned wrong = 0;

		for (size_t at = 0; at < whole.size; at++) {
			restore(&l, image);
			flip(&l, names[n], at, (uint8_t)(1 << at % 8));
			wrong += !is_refused(&l, names[n]);
		}
		IS_U64(wrong, 0,
		       "journal: any flipped bit of a snapshot or of replica.json is refused");
		wrong = 0;
		for (size_t size = 0; size < whole.size; size++) {
			restore(&l, image);
			simdisk_put(l.sim, names[n], view_of(whole.data, size));
			wrong += !is_refused(&l, names[n]);
		}
		IS_U64(wrong, 0, "journal: so is one cut at any byte");
		restore(&l, image);
		memset(whole.data, 0, whole.size);
		simdisk_put(l.sim, names[n], buf_view(&whole));
		OK(is_refused(&l, names[n]), "journal: and one of nothing but NUL bytes");
		buf_release(&whole);
	}
	simdisk_image_free(image);
	life_end(&l);
}

static void test_journal_of_zeros(void)
{
	struct life l;
	struct buf whole;

	life_with(&l, 12, 10, 1);
	whole = copy_of(&l, "journal.jsonl");
	memset(whole.data, 0, whole.size);
	simdisk_put(l.sim, "journal.jsonl", buf_view(&whole));
	OK(is_refused(&l, "journal.jsonl") && strstr(l.err, "NUL") != NULL,
	   "journal: a journal of nothing but NUL bytes is refused");
	simdisk_put(l.sim, "journal.jsonl", view_of(NULL, 0));
	OK(is_refused(&l, "journal.jsonl") && strstr(l.err, "empty") != NULL,
	   "journal: an empty journal is refused");
	buf_release(&whole);
	life_end(&l);
}

static void replace(struct life *l, const char *name, const char *from, const char *to)
{
	struct buf copy = copy_of(l, name);
	uint8_t *at = memmem(copy.data, copy.size, from, strlen(from));

	assert(at != NULL);
	assert(strlen(from) == strlen(to));
	memcpy(at, to, strlen(to));
	simdisk_put(l->sim, name, buf_view(&copy));
	buf_release(&copy);
}

static void test_newer(void)
{
	static const struct {
		const char *name, *today, *newer;
	} files[] = {
		{ "users.json", "{\"format\":4", "{\"format\":5" },
		{ "pending.json", "{\"format\":4", "{\"format\":5" },
		{ "replica.json", "{\"format\":4", "{\"format\":5" },
	};
	struct life l;
	struct journal_head head = { 0 };
	struct buf line;

	life_with(&l, 13, 10, 1);

	struct simdisk_image *image = simdisk_save(l.sim);

	for (int salvage = 0; salvage < 2; salvage++) {
		l.options.salvage = salvage == 1;
		for (size_t n = 0; n < 3; n++) {
			restore(&l, image);
			replace(&l, files[n].name, files[n].today, files[n].newer);
			OK(is_refused(&l, files[n].name) && strstr(l.err, "newer") != NULL,
			   "journal: a newer format is refused untouched, also with --salvage");
		}
		restore(&l, image);
		buf_init(&line, SIZE_MAX / 4);
		journal_line_put_head(&line, &head);
		memcpy(line.data, "{\"format\":5", 11);
		line.size -= JOURNAL_SEAL_SIZE + 2;
		journal_line_seal(&line, 0);
		simdisk_put(l.sim, "journal.jsonl", buf_view(&line));
		buf_release(&line);
		OK(is_refused(&l, "journal.jsonl") && strstr(l.err, "newer") != NULL,
		   "journal: so is a journal");
	}
	simdisk_image_free(image);
	life_end(&l);
}

static void test_mixed(void)
{
	static const char *const names[] = { "users.json", "pending.json", "journal.jsonl" };
	struct life a;
	struct life b;

	life_with(&a, 14, 30, 2);
	life_with(&b, 15, 35, 2);

	struct simdisk_image *image = simdisk_save(a.sim);

	for (size_t n = 0; n < 3; n++) {
		struct buf other = copy_of(&b, names[n]);

		restore(&a, image);
		simdisk_put(a.sim, names[n], buf_view(&other));
		OK(is_refused(&a, n == 2 ? "users.json" : names[n]),
		   "journal: a file of another replica is refused");
		restore(&a, image);
		simdisk_delete(a.sim, names[n]);
		OK(is_refused(&a, names[n]), "journal: a missing file is refused");
		buf_release(&other);
	}
	restore(&a, image);

	struct buf old = copy_of(&b, "journal.jsonl");

	simdisk_put(a.sim, "journal.old.jsonl", buf_view(&old));
	OK(is_refused(&a, "journal.old.jsonl"),
	   "journal: an old journal that nobody knows is refused");
	for (size_t n = 0; n < 3; n++)
		simdisk_delete(a.sim, names[n]);
	OK(is_refused(&a, "journal.jsonl"), "journal: an old journal alone is refused");
	simdisk_delete(a.sim, "journal.old.jsonl");
	OK(is_refused(&a, "journal.jsonl"), "journal: replica.json alone is no new directory");
	buf_release(&old);
	simdisk_image_free(image);
	life_end(&a);
	life_end(&b);
}

static void test_old_journal(void)
{
	struct life l;
	struct buf old;
	unsigned wrong = 0;

	life_with_old(&l, 16);
	old = copy_of(&l, "journal.old.jsonl");

	struct simdisk_image *image = simdisk_save(l.sim);

	simdisk_delete(l.sim, "journal.old.jsonl");
	OK(is_refused(&l, "journal.old.jsonl"),
	   "journal: a start that lacks the old journal is refused");
	for (size_t at = 0; at < old.size; at++) {
		restore(&l, image);
		flip(&l, "journal.old.jsonl", at, 4);
		wrong += !is_refused(&l, "journal.old.jsonl");
	}
	IS_U64(wrong, 0, "journal: an old journal has no torn tail: any flip in it is damage");
	restore(&l, image);
	OK(reopen(&l) == JOURNAL_OK && life_is_right(&l), "journal: with it all is there");
	OK(journal_compacting(l.journal), "journal: and that compaction goes on");
	OK(life_run(&l, true, 1000), "journal: to its end");

	struct view content;

	OK(!simdisk_get(l.sim, "journal.old.jsonl", &content),
	   "journal: which removes the old one");
	OK(reopen(&l) == JOURNAL_OK && life_is_right(&l), "journal: all is still there");
	/* It comes back, as after a power cut: nobody needs it, so nobody reads it. */
	simdisk_put(l.sim, "journal.old.jsonl", view_of("x", 1));
	OK(reopen(&l) == JOURNAL_OK && !simdisk_get(l.sim, "journal.old.jsonl", &content),
	   "journal: an old journal that is needed no more is removed unread");
	simdisk_image_free(image);
	buf_release(&old);
	life_end(&l);
}

/* ---- full disks ---- */

static struct fact text_fact(uint64_t number, struct view text)
{
	return (struct fact){
		.kind = FACT_MESSAGE,
		.message = { .stream = { life_id(1), life_id(2), { { 9 } } },
		             .number = number,
		             .sent_ms = 5,
		             .text = text },
	};
}

static void test_full_disk(void)
{
	struct life l;
	struct fact burial = { .kind = FACT_BURIAL };
	uint64_t now = 0;

	life_init(&l, 19);
	l.options.compact_size_min = 1 << 20;
	(void)life_open(&l);
	IS_U64(journal_room(l.journal, now), JOURNAL_ROOM_ALL, "journal: an endless disk has room");
	uint64_t looks = simdisk_count(l.sim, SIMDISK_ROOM);

	(void)journal_room(l.journal, now + 999);
	IS_U64(simdisk_count(l.sim, SIMDISK_ROOM), looks,
	       "journal: for a second that is not asked again");
	(void)journal_room(l.journal, now += 1000);
	IS_U64(simdisk_count(l.sim, SIMDISK_ROOM), looks + 1, "journal: then it is");
	append_some(&l, 100);
	(void)life_run(&l, false, 1);
	simdisk_limit(l.sim, simdisk_used(l.sim) + 3000);
	IS_U64(journal_room(l.journal, now += 2000), JOURNAL_ROOM_BURIALS,
	       "journal: below the mark it says so");
	/* Burials of what is held go into what was reserved. */
	burial.burial.stream = (struct stream){ life_id(3), life_id(4), { { 1 } } };
	for (uint64_t i = 1; i <= 10; i++) {
		burial.burial.range = (struct range){ 1000 + 2 * i, 1000 + 2 * i };
		(void)store_apply(l.store, &burial, NULL);
		(void)journal_append(l.journal, &burial);
		ALWAYS(life_run(&l, false, 1), "journal: burials go on below the mark");
	}

	uint64_t sum = store_sum(l.store);

	OK(journal_close(l.journal, l.err) == 0,
	   "journal: a stop whose snapshots do not fit is clean");
	l.journal = NULL;
	OK(life_open(&l) == JOURNAL_OK && store_sum(l.store) == sum,
	   "journal: and leaves the journal, which holds all");
	IS_U64(journal_room(l.journal, now += 2000), JOURNAL_ROOM_BURIALS,
	       "journal: a start on a full disk refuses additions");
	simdisk_limit(l.sim, UINT64_MAX);
	IS_U64(journal_room(l.journal, now += 2000), JOURNAL_ROOM_ALL,
	       "journal: until there is room again");
	OK(life_close(&l) && life_open(&l) == JOURNAL_OK && store_sum(l.store) == sum,
	   "journal: then a stop writes the snapshots");
	life_end(&l);
}

/* A batch that does not fit is not acknowledged and ends nothing. It is written when there is
 * room. */
static void test_batch_that_does_not_fit(void)
{
	struct life l;
	char text[60000];

	memset(text, 'x', sizeof text);
	life_init(&l, 20);
	(void)life_open(&l);
	append_some(&l, 10);
	(void)life_run(&l, false, 1);
	simdisk_limit(l.sim, simdisk_used(l.sim));

	struct fact fact = text_fact(1, view_of(text, sizeof text));

	(void)store_apply(l.store, &fact, NULL);
	(void)journal_append(l.journal, &fact);

	uint64_t synced = journal_synced(l.journal);

	(void)journal_room(l.journal, 1000);
	OK(life_run(&l, true, 1) && journal_synced(l.journal) == synced,
	   "journal: a batch that does not fit is not synced, and is no end");
	IS_STRING(journal_put_off(l.journal),
	          "cannot write 'journal.jsonl': No space left on device", "journal: it says why");
	OK(journal_put_off(l.journal) == NULL, "journal: once");
	IS_U64(journal_room(l.journal, 1001), JOURNAL_ROOM_NONE,
	       "journal: until it is written there is no room for anything");
	OK(!journal_begin(l.journal, true), "journal: it is not tried again at once");
	IS_U64(journal_begin_ms(l.journal), 2000, "journal: but a second later");
	append_some(&l, 2); /* they wait behind it */
	simdisk_limit(l.sim, UINT64_MAX);
	(void)journal_room(l.journal, 2000);
	OK(life_run(&l, false, 1) && journal_synced(l.journal) == synced + 1,
	   "journal: then it is written as it was");
	OK(life_run(&l, false, 1) && journal_synced(l.journal) == journal_position(l.journal),
	   "journal: and then what has come since");

	uint64_t sum = store_sum(l.store);

	life_crash(&l, SIMDISK_LOSES);
	OK(life_open(&l) == JOURNAL_OK && store_sum(l.store) == sum, "journal: a crash loses none");
	life_end(&l);
}

/* At a clean stop there is no later time. */
static void test_stop_that_does_not_fit(void)
{
	struct life l;
	char text[60000];
	struct fact fact = text_fact(1, view_of(text, sizeof text));

	memset(text, 'x', sizeof text);
	life_init(&l, 20);
	(void)life_open(&l);
	append_some(&l, 10);
	(void)life_run(&l, false, 1);
	simdisk_limit(l.sim, simdisk_used(l.sim));
	(void)journal_append(l.journal, &fact);
	(void)life_run(&l, false, 1);
	OK(!life_close(&l), "journal: a stop that cannot write what waits is not clean");
	IS_STRING(l.err, "cannot write 'journal.jsonl': No space left on device",
	          "journal: and says why");
	simdisk_limit(l.sim, UINT64_MAX);
	simdisk_crash(l.sim, SIMDISK_LOSES);
	OK(life_open(&l) == JOURNAL_OK && life_is_right(&l),
	   "journal: what was acknowledged is there");
	life_end(&l);
}

/* The reserve stays at a clean stop: burials go on if the disk is filled before the next start. A
 * journal without a reserve (of an older program, of a copy) refuses them, and does not end. */
static void test_filled_while_stopped(bool is_copy)
{
	struct life l;
	struct fact burial = { .kind = FACT_BURIAL };
	unsigned taken = 0;
	uint64_t sum;

	life_init(&l, 23);
	l.options.is_copy = is_copy;
	(void)life_open(&l);
	append_some(&l, 50);
	MUST(life_close(&l));
	l.options.is_copy = false;
	simdisk_limit(l.sim, simdisk_used(l.sim));
	OK(life_open(&l) == JOURNAL_OK, "journal: it starts on a full disk");
	burial.burial.stream = (struct stream){ life_id(3), life_id(4), { { 1 } } };
	for (uint64_t now = 1000; taken < 10000; taken++) {
		if (journal_room(l.journal, now) != JOURNAL_ROOM_BURIALS)
			break;
		burial.burial.range = (struct range){ 1000 + 2 * taken, 1000 + 2 * taken };
		(void)store_apply(l.store, &burial, NULL);
		(void)journal_append(l.journal, &burial);
		ALWAYS(life_run(&l, false, 1) &&
		               journal_synced(l.journal) == journal_position(l.journal),
		       "journal: what it takes, it stores");
	}
	if (is_copy)
		IS_U64(taken, 0, "journal: without a reserve nothing is taken");
	else
		OK(taken >= 30 && taken < 1000, "journal: burials go into the reserve that stayed");
	IS_U64(journal_room(l.journal, 1000), JOURNAL_ROOM_NONE, "journal: at its end it says so");
	sum = store_sum(l.store);
	OK(life_close(&l), "journal: a stop is clean all the same");
	OK(life_open(&l) == JOURNAL_OK && store_sum(l.store) == sum,
	   "journal: and the next start has all");
	life_end(&l);
}

/* ---- compactions that cannot begin ---- */

/* A compaction whose file cannot be opened is put off, and done when it can. Nothing ends. */
static void test_put_off(int error, unsigned kinds, bool ends)
{
	struct life l;
	uint64_t now = 5000;
	struct view content;

	life_init(&l, 24);
	(void)life_open(&l);
	append_some(&l, 200);
	(void)journal_room(l.journal, now);
	MUST(life_run(&l, false, 1));
	MUST(journal_compacting(l.journal));
	for (unsigned i = 0; i < 3; i++) { /* the new journal, and each snapshot */
		simdisk_fail(l.sim, kinds, i == 0 ? 1 : 2, error, true);
		(void)journal_room(l.journal, now);
		if (!life_run(&l, true, 100)) {
			OK(ends, "journal: a compaction that cannot open its file is no end");
			life_end(&l);
			return;
		}
		ALWAYS(journal_put_off(l.journal) != NULL, "journal: it is put off, and says why");
		append_some(&l, 1);
		ALWAYS(life_run(&l, true, 100), "journal: batches go on meanwhile");
		ALWAYS(journal_compacting(l.journal), "journal: it is wanted still");
		ALWAYS(!journal_begin(l.journal, true), "journal: it is not tried again at once");
		simdisk_fail(l.sim, kinds, 0, error, false);
		now += 1000;
	}
	OK(!ends, "journal: a compaction that cannot open its file is no end");
	(void)journal_room(l.journal, now);
	OK(life_run(&l, true, 100) && !journal_compacting(l.journal) &&
	           !simdisk_get(l.sim, "journal.old.jsonl", &content) &&
	           simdisk_get(l.sim, "users.json", &content),
	   "journal: when it can, it is done");
	life_crash(&l, SIMDISK_LOSES);
	OK(life_open(&l) == JOURNAL_OK && life_is_right(&l), "journal: nothing is lost by it");
	life_end(&l);
}

/* ---- a clean stop in the middle of work ---- */

/* Many long texts, and all of them buried: a store frees that bit by bit. */
static void bury_many(struct life *l)
{
	char text[STORE_TEXT_SHARED + 1];
	struct fact burial = { .kind = FACT_BURIAL };

	memset(text, 'x', sizeof text);
	for (uint64_t i = 0; i < 3000; i++) {
		struct fact fact;

		text[0] = (char)(' ' + i % 64);
		text[1] = (char)(' ' + i / 64);
		fact = text_fact(1 + i, view_of(text, sizeof text));
		(void)store_apply(l->store, &fact, NULL);
		(void)journal_append(l->journal, &fact);
		burial.burial.stream = fact.message.stream;
	}
	burial.burial.range = (struct range){ 1, 3000 };
	(void)store_apply(l->store, &burial, NULL);
	(void)journal_append(l->journal, &burial);
	MUST(life_run(l, false, 1));
}

/* A stop finishes the work: its files are those of any other replica that holds the same, and no
 * text stays. */
static void test_stop_finishes_work(void)
{
	struct life a;
	struct life b;

	life_init(&a, 25);
	life_init(&b, 25);
	MUST(life_open(&a) == JOURNAL_OK && life_open(&b) == JOURNAL_OK);
	bury_many(&a);
	bury_many(&b);
	while (store_work(b.store, UINT32_MAX))
		continue;
	MUST(store_work_done(a.store) != store_work_given(a.store));
	MUST(life_close(&a) && life_close(&b));
	IS_U64(everything(&a), everything(&b),
	       "journal: a stop within work leaves what one after it leaves");
	OK(size_of(&a, "pending.json") < 1000, "journal: and no text of what is gone");
	life_end(&a);
	life_end(&b);
}

/* Texts that an older program left are dropped by the next clean stop. */
static void test_leftover_texts(void)
{
	struct life l;

	life_init(&l, 26);
	MUST(life_open(&l) == JOURNAL_OK);
	bury_many(&l);
	MUST(journal_write_all(l.journal, true, l.err) == 0);
	MUST(size_of(&l, "pending.json") > 1000000);
	life_crash(&l, SIMDISK_KILLED);
	MUST(life_open(&l) == JOURNAL_OK);
	OK(life_close(&l) && size_of(&l, "pending.json") < 1000,
	   "journal: a text that nobody has is dropped at the next stop");
	life_end(&l);
}

/* The disk is full at every size: whatever fails, nothing acknowledged is lost. */
static void test_every_limit(void)
{
	unsigned wrong = 0;

	for (uint64_t limit = 0; limit < 60000; limit += 397) {
		struct life l;
		bool opened;

		life_init(&l, 21);
		simdisk_limit(l.sim, limit);
		opened = life_open(&l) == JOURNAL_OK;
		for (int i = 0; opened && i < 60; i++) {
			append_some(&l, 2);
			if (!life_run(&l, true, 2))
				break;
		}
		if (opened && limit % 2 == 0)
			(void)life_close(&l);
		life_crash(&l, SIMDISK_TEARS);
		simdisk_limit(l.sim, UINT64_MAX);
		if (life_open(&l) != JOURNAL_OK || !life_is_right(&l)) {
			printf("# limit %llu: %s\n", (unsigned long long)limit, l.err);
			wrong++;
		}
		life_end(&l);
	}
	IS_U64(wrong, 0, "journal: nothing acknowledged is lost on a disk of any size");
}

/* The disk becomes full in the middle of a compaction, and the process ends after any of its jobs,
 * before it has heard what became of that one. */
static void test_end_within_compaction(void)
{
	unsigned wrong = 0;

	for (int jobs = 0; jobs < 80; jobs++) {
		struct life l;

		life_init(&l, 22);
		(void)life_open(&l);
		append_some(&l, 300);
		(void)life_run(&l, false, 1);
		simdisk_limit(l.sim, simdisk_used(l.sim) + 30000);
		(void)life_run(&l, true, jobs);
		if (journal_begin(l.journal, true))
			journal_run(l.journal);
		life_crash(&l, SIMDISK_TEARS);
		simdisk_limit(l.sim, UINT64_MAX);
		wrong += life_open(&l) != JOURNAL_OK || !life_is_right(&l);
		life_end(&l);
	}
	IS_U64(wrong, 0,
	       "journal: a compaction that a full disk and then a crash end costs nothing");
}

int main(void)
{
	test_first_start();
	test_group_commit();
	test_restart();
	test_canonical();
	test_compaction();
	test_thread();
	test_every_prefix();
	test_every_flip();
	test_snapshot_flips();
	test_journal_of_zeros();
	test_newer();
	test_mixed();
	test_old_journal();
	test_full_disk();
	test_batch_that_does_not_fit();
	test_stop_that_does_not_fit();
	test_filled_while_stopped(false);
	test_filled_while_stopped(true);
	test_put_off(EMFILE, SIMDISK_OPEN, false);
	test_put_off(EACCES, SIMDISK_OPEN, false);
	test_put_off(EIO, SIMDISK_SYNC, true);
	test_stop_finishes_work();
	test_leftover_texts();
	test_every_limit();
	test_end_within_compaction();
	return tap_done();
}
