/* SPDX-License-Identifier: MIT
 *
 * The journal under every crash that the simulated disk knows: at each operation of a life that
 * starts, commits, compacts, stops and starts again, in each way of losing what was not synced, and
 * again at each operation of the start that follows. And with each operation failing, once or for
 * ever.
 */
#include "tests/simulate/simdisk.c"

#include "tests/journal/fixture.h"

#include <errno.h>

enum { STORY_LIVES = 3, STORY_BATCHES = 12 };

/* A life as a server leads it: false as soon as the process must end. */
static bool story_life(struct life *l)
{
	if (life_open(l) != JOURNAL_OK)
		return false;
	if (l->acknowledged < l->count)
		life_settle(l); /* of a batch that did not fit, when it was killed */
	for (int batch = 0; batch < STORY_BATCHES; batch++) {
		for (uint64_t n = 1 + life_random(l, 5); n > 0; n--)
			life_append(l);
		if (!life_run(l, true, 1 + (int)life_random(l, 4)))
			return false;
	}
	return life_random(l, 2) == 0 ? life_close(l) : (life_crash(l, SIMDISK_KILLED), true);
}

static bool story(struct life *l)
{
	for (int i = 0; i < STORY_LIVES; i++)
		if (!story_life(l))
			return false;
	return true;
}

/* How many changes of the disk the whole story makes: the crashes that there are. */
static uint64_t story_length(uint64_t seed)
{
	struct life l;
	uint64_t length;

	life_init(&l, seed);
	OK(story(&l), "journal: a story without faults ends well");
	length = simdisk_count(l.sim, SIMDISK_CHANGES);
	life_end(&l);
	return length;
}

/* After the crash: a start, which is itself cut off at its n-th change, then one that is not. */
static bool recover(struct life *l, uint64_t again, enum simdisk_loss loss)
{
	if (again > 0) {
		simdisk_stop(l->sim, again);
		(void)life_open(l);
		life_crash(l, loss);
	}
	if (life_open(l) != JOURNAL_OK) {
		printf("# %s\n", l->err);
		return false;
	}
	return life_is_right(l);
}

/* The rest of the life after a crash: some more, and a clean stop, and all is still there. */
static bool go_on_after(struct life *l)
{
	life_settle(l);
	for (int i = 0; i < 10; i++)
		life_append(l);
	if (!life_run(l, true, 3) || !life_close(l) || life_open(l) != JOURNAL_OK) {
		printf("# %s\n", l->err);
		return false;
	}
	return life_is_right(l);
}

static bool crash_at(uint64_t seed, uint64_t at, enum simdisk_loss loss, uint64_t again)
{
	struct life l;
	bool right;

	life_init(&l, seed);
	simdisk_stop(l.sim, at);
	(void)story(&l);
	simdisk_seed(l.sim, seed * 1000003 + at * 31 + again);
	life_crash(&l, loss);
	right = recover(&l, again, loss) && go_on_after(&l);
	if (!right)
		printf("# seed %u, crash at change %u, loss %d, again at %u\n", (unsigned)seed,
		       (unsigned)at, (int)loss, (unsigned)again);
	life_end(&l);
	return right;
}

static void test_every_crash(void)
{
	unsigned wrong = 0;

	for (uint64_t seed = 1; seed <= 3; seed++) {
		uint64_t length = story_length(seed);

		for (uint64_t at = 1; at <= length; at++)
			for (int loss = 0; loss < SIMDISK_LOSS_COUNT; loss++)
				wrong += !crash_at(seed, at, (enum simdisk_loss)loss, 0);
	}
	IS_U64(wrong, 0,
	       "journal: nothing acknowledged is lost by a crash at any change of the disk");
}

static void test_crash_in_crash(void)
{
	unsigned wrong = 0;

	uint64_t length = story_length(11);

	for (uint64_t at = 1; at <= length; at += 5)
		for (uint64_t again = 1; again <= 14; again++)
			for (int loss = SIMDISK_LOSES; loss < SIMDISK_LOSS_COUNT; loss++)
				wrong += !crash_at(11, at, (enum simdisk_loss)loss, again);
	IS_U64(wrong, 0, "journal: nor by a second crash at any change of the start after it");
}

/* Life after life on one disk, each cut off somewhere. */
static bool long_story(uint64_t seed)
{
	struct life l;
	bool right = true;

	life_init(&l, seed);
	for (int i = 0; right && i < 25; i++) {
		enum simdisk_loss loss = (enum simdisk_loss)life_random(&l, SIMDISK_LOSS_COUNT);

		simdisk_stop(l.sim, 1 + life_random(&l, 60));
		(void)story_life(&l);
		life_crash(&l, loss);
		right = recover(&l, life_random(&l, 3) * life_random(&l, 8), loss);
		if (right)
			life_settle(&l);
		life_crash(&l, SIMDISK_KILLED);
		if (!right)
			printf("# seed %u, life %d\n", (unsigned)seed, i);
	}
	life_end(&l);
	return right;
}

static void test_long_stories(void)
{
	unsigned wrong = 0;

	for (uint64_t seed = 100; seed < 170; seed++)
		wrong += !long_story(seed);
	IS_U64(wrong, 0, "journal: nothing is lost, and nothing returns, over 25 crashes in a row");
}

/* ---- operations that fail ---- */

static bool fail_at(uint64_t seed, uint64_t at, unsigned kinds, int error, bool ever)
{
	struct life l;
	bool right;

	life_init(&l, seed);
	simdisk_fail(l.sim, kinds, at, error, ever);
	(void)story(&l);
	life_crash(&l, (enum simdisk_loss)(at % SIMDISK_LOSS_COUNT));
	right = recover(&l, 0, SIMDISK_KILLED) && go_on_after(&l);
	if (!right)
		printf("# seed %u, operation %u of %x, error %d, ever %d\n", (unsigned)seed,
		       (unsigned)at, kinds, error, ever);
	life_end(&l);
	return right;
}

static void test_every_failure(void)
{
	static const int errors[] = { EIO, ENOSPC, EROFS };
	unsigned wrong = 0;

	uint64_t length = story_length(21) * 3; /* with those that change nothing */

	for (uint64_t at = 1; at <= length; at++)
		for (size_t e = 0; e < 3; e++)
			wrong += !fail_at(21, at, SIMDISK_ALL, errors[e], e == 2);
	IS_U64(wrong, 0, "journal: nothing acknowledged is lost when any operation fails");
}

static void test_failed_sync(void)
{
	struct life l;

	life_init(&l, 5);
	OK(life_open(&l) == JOURNAL_OK, "journal: a new directory is opened");
	life_append(&l);
	simdisk_fail(l.sim, SIMDISK_SYNC, 1, EIO, false);
	OK(!life_run(&l, false, 1), "journal: a failed sync is final");
	IS_STRING(l.err, "cannot sync 'journal.jsonl': Input/output error",
	          "journal: a failed sync says what and why");
	IS_U64(l.acknowledged, 0, "journal: a failed sync acknowledges nothing");
	/* The cache shows it, the disk has not got it, and Linux thinks it has. */
	life_crash(&l, SIMDISK_KILLED);
	OK(life_open(&l) == JOURNAL_OK && life_holds(l.store, &l.facts[0].fact),
	   "journal: a start reads what a failed sync left in the cache");
	l.acknowledged = 1;
	life_crash(&l, SIMDISK_LOSES);
	OK(life_open(&l) == JOURNAL_OK && life_is_right(&l),
	   "journal: a start has written it again, so a power cut cannot take it");
	life_end(&l);
}

int main(void)
{
	test_failed_sync();
	test_every_crash();
	test_crash_in_crash();
	test_long_stories();
	test_every_failure();
	return tap_done();
}
