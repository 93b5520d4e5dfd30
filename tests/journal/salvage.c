/* SPDX-License-Identifier: MIT
 *
 * What --salvage makes of damaged files: it sets them aside, and starts with what is whole.
 */
#include "tests/simulate/simdisk.c"

#include "tests/journal/fixture.h"

static bool set_aside(struct life *l, const char *name, struct view bytes)
{
	char aside[64];
	struct view content;

	(void)snprintf(aside, sizeof aside, "%s.bad-1", name);
	return simdisk_get(l->sim, aside, &content) && view_equal(content, bytes);
}

/* Flips one byte of a file: --salvage starts with nearly everything, keeps the damaged file, and
 * what it started with stays. */
static bool salvages(struct life *l, const struct simdisk_image *image, const char *name, size_t at,
                     uint64_t facts, uint64_t lost_max)
{
	struct buf damaged;
	bool right;
	uint64_t sum;

	restore(l, image);
	flip(l, name, at, 2);
	damaged = copy_of(l, name);
	l->options.salvage = true;
	right = reopen(l) == JOURNAL_OK && set_aside(l, name, buf_view(&damaged)) &&
	        l->loaded.facts + lost_max >= facts && strstr(l->loaded.warnings, name) != NULL;
	if (!right) {
		printf("# %s byte %zu: %llu of %llu facts, '%s' '%s'\n", name, at,
		       (unsigned long long)l->loaded.facts, (unsigned long long)facts, l->err,
		       l->loaded.warnings);
		buf_release(&damaged);
		return false;
	}
	sum = store_sum(l->store);
	l->options.salvage = false;
	right = reopen(l) == JOURNAL_OK && store_sum(l->store) == sum;
	append_some(l, 3);
	right = right && life_run(l, true, 10);
	buf_release(&damaged);
	return right;
}

static void test_salvage(void)
{
	static const char *const names[] = { "users.json", "pending.json", "journal.jsonl",
		                             "journal.old.jsonl" };
	struct life l;
	unsigned wrong = 0;
	unsigned tried = 0;

	life_with_old(&l, 17);
	/* Two compactions, so that there are snapshots beside both journals. */
	MUST(life_run(&l, true, 1000));
	struct view content;
	while (!simdisk_get(l.sim, "journal.old.jsonl", &content)) {
		append_some(&l, 3);
		MUST(life_run(&l, true, 1));
	}
	append_some(&l, 3);
	MUST(life_run(&l, false, 1));
	append_some(&l, 3);
	MUST(life_run(&l, false, 1));

	struct simdisk_image *image = simdisk_save(l.sim);
	struct store_totals totals;

	store_totals(l.store, &totals);
	for (size_t n = 0; n < 4; n++) {
		restore(&l, image);

		struct buf whole = copy_of(&l, names[n]);
		size_t end = whole.size;

		while (end > 0 && whole.data[end - 1] == 0)
			end--;
		if (n == 2) /* the last batch is a torn tail */
			end = 50;
		for (size_t at = 0; at < end; at += 97) {
			tried++;
			wrong += !salvages(&l, image, names[n], at, totals.facts, 60);
		}
		buf_release(&whole);
	}
	IS_U64(wrong, 0,
	       "journal: --salvage sets a damaged file aside and starts with what is whole");
	OK(tried > 100, "journal: which was tried in many places");
	simdisk_image_free(image);
	life_end(&l);
}

/* A file that lost its end, or everything: no line of it is damaged, but lines are missing. */
static void test_salvage_short(void)
{
	static const char *const names[] = { "users.json", "pending.json", "journal.jsonl" };
	struct life l;
	unsigned wrong = 0;

	life_with(&l, 19, 20, 4);

	struct simdisk_image *image = simdisk_save(l.sim);

	l.options.salvage = true;
	for (size_t n = 0; n < 3; n++) {
		restore(&l, image);

		struct buf whole = copy_of(&l, names[n]);
		uint8_t *newline = memchr(whole.data, '\n', whole.size);
		size_t sizes[] = { 0, (size_t)(newline - whole.data), whole.size / 2 };

		for (size_t i = 0; i < 3; i++) {
			restore(&l, image);
			simdisk_put(l.sim, names[n], view_of(whole.data, sizes[i]));
			wrong += reopen(&l) != JOURNAL_OK;
		}
		buf_release(&whole);
	}
	IS_U64(wrong, 0, "journal: --salvage starts with a file that was cut off anywhere");
	simdisk_image_free(image);
	life_end(&l);
}

/* A sector that cannot be read, of each file and at many places. */
static void test_salvage_sector(void)
{
	static const char *const names[] = { "users.json", "pending.json", "journal.jsonl",
		                             "replica.json" };
	struct life l;
	unsigned wrong = 0;
	unsigned tried = 0;
	uint64_t facts;

	life_with(&l, 27, 300, 4);

	struct simdisk_image *image = simdisk_save(l.sim);

	MUST(reopen(&l) == JOURNAL_OK);
	facts = l.loaded.facts;
	for (size_t n = 0; n < 4; n++) {
		restore(&l, image);
		size_t size = size_of(&l, names[n]);

		for (uint64_t at = 0; at < size && at < 40000; at += n == 3 ? 4096 : 3000) {
			restore(&l, image);
			l.options.salvage = false;
			simdisk_spoil(l.sim, names[n], at);
			wrong += reopen(&l) != JOURNAL_REFUSED || strstr(l.err, names[n]) == NULL ||
			         strstr(l.err, "cannot be read at byte") == NULL;
			l.options.salvage = true;
			wrong += reopen(&l) != JOURNAL_OK || l.loaded.facts + 80 < facts ||
			         strstr(l.loaded.warnings, "was set aside") == NULL;
			/* Lines that are whole stand where they belong. */
			wrong += strstr(l.loaded.warnings, "cannot stand there") != NULL;
			tried++;
		}
	}
	IS_U64(wrong, 0, "journal: --salvage reads around a sector that cannot be read");
	OK(tried > 10, "journal: which was tried in many places");
	simdisk_image_free(image);
	life_end(&l);
}

/* Whether the next message there is one that says "same". */
static bool is_same(struct view left)
{
	const uint8_t *next = memmem(left.data, left.size, ",\"no\":", 6);
	const uint8_t *same = memmem(left.data, left.size, ",\"same\":true", 12);
	const uint8_t *end = next == NULL
	                             ? NULL
	                             : memchr(next, '\n', left.size - (size_t)(next - left.data));

	return end != NULL && same != NULL && same < end;
}

/* An empty line between two whole ones: --salvage loses neither of them. Nor what follows, unless
 * it says what a message before it says, since that might be one that is lost
 * (tests/journal/texts.c). */
static void test_salvage_newline(void)
{
	struct life l;
	unsigned wrong = 0;
	unsigned tried = 0;

	life_with(&l, 20, 20, 4);
	append_some(&l, 30);
	MUST(life_run(&l, false, 1));
	append_some(&l, 3);
	MUST(life_run(&l, false, 1));

	struct simdisk_image *image = simdisk_save(l.sim);
	struct buf whole = copy_of(&l, "journal.jsonl");
	uint64_t sum = store_sum(l.store);

	l.options.salvage = true;
	for (size_t at = 0; at < whole.size; at++) {
		struct buf damaged;

		if (whole.data[at] != '\n' || at + 1 == whole.size || whole.data[at + 1] != '{')
			continue;
		if (is_same(view_of(whole.data + at + 1, whole.size - at - 1)))
			continue;
		restore(&l, image);
		buf_init(&damaged, SIZE_MAX / 4);
		buf_append(&damaged, view_of(whole.data, at + 1));
		buf_append(&damaged, view_of("\n", 1));
		buf_append(&damaged, view_of(whole.data + at + 1, whole.size - at - 1));
		simdisk_put(l.sim, "journal.jsonl", buf_view(&damaged));
		buf_release(&damaged);
		if (reopen(&l) != JOURNAL_OK || l.loaded.warnings[0] == 0)
			wrong++;
		else if (strstr(l.loaded.warnings, "set aside") != NULL) {
			tried++;
			wrong += store_sum(l.store) != sum;
		}
	}
	OK(tried > 10 && wrong == 0, "journal: --salvage loses no line beside an empty one");
	buf_release(&whole);
	simdisk_image_free(image);
	life_end(&l);
}

/* A salvage cut off at each change of the disk loses nothing that another one would find. */
static void test_salvage_crash(void)
{
	struct life l;
	unsigned wrong = 0;
	uint64_t facts;

	life_with(&l, 18, 60, 4);
	flip(&l, "users.json", 300, 1);
	l.options.salvage = true;

	struct simdisk_image *image = simdisk_save(l.sim);

	OK(reopen(&l) == JOURNAL_OK, "journal: a salvage succeeds");
	facts = l.loaded.facts;
	for (uint64_t at = 1; at < 40; at++)
		for (int loss = 0; loss < SIMDISK_LOSS_COUNT; loss++) {
			restore(&l, image);
			simdisk_seed(l.sim, at);
			simdisk_stop(l.sim, at);
			(void)life_open(&l);
			life_crash(&l, (enum simdisk_loss)loss);
			wrong += life_open(&l) != JOURNAL_OK || l.loaded.facts != facts;
		}
	IS_U64(wrong, 0, "journal: a salvage that a crash cuts off is done again by the next");
	simdisk_image_free(image);
	life_end(&l);
}

int main(void)
{
	test_salvage();
	test_salvage_short();
	test_salvage_newline();
	test_salvage_sector();
	test_salvage_crash();
	return tap_done();
}
