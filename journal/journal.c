/* SPDX-License-Identifier: MIT
 *
 * Which job is next, what follows from its result, and a clean stop. Batches go first; a compaction
 * has its turn when no batch waits, and under a load that never pauses after every fourth batch, or
 * sooner where the journal grows so fast that it is due (compaction_is_due).
 */
#include "base/bug.h"
#include "journal/private.h"

#include "io/file.h"

#include <stdio.h>

enum {
	COMPACT_SIZE_MIN = 128 << 20, /* bytes; the defaults of struct journal_options */
	RESERVE_SIZE = 4 << 20,
	BATCH_SIZE_MAX = 2 << 20,
	BATCHES_PER_SLICE = 4, /* of a load that never pauses: then a compaction has its turn */
	SLICES_PER_BATCH = 32, /* at most, while batches wait */
	ROOM_LOOK_MS = 1000,   /* how old the answer of a disk about its room may be */
};

struct journal *journal_new(struct disk *disk, const struct journal_options *options,
                            struct store *store)
{
	struct journal *j = memory_alloc_zero(1, sizeof *j);

	assert(disk != NULL);
	assert(store != NULL);
	j->magic = JOURNAL_MAGIC;
	j->disk = disk;
	j->store = store;
	j->compact_size_min = options->compact_size_min != 0 ? options->compact_size_min
	                                                     : COMPACT_SIZE_MIN;
	j->reserve_size = options->reserve_size != 0 ? options->reserve_size : RESERVE_SIZE;
	j->slice_size = j->reserve_size / RESERVE_STEPS;
	j->batch_size_max = options->batch_size_max != 0 ? options->batch_size_max : BATCH_SIZE_MAX;
	j->keeps_reserve = !options->is_copy;
	j->handle = -1;
	j->new_handle = -1;
	j->snapshot.handle = -1;
	j->room = -1;
	j->file = 1;
	j->named.map.secret = siphash_key_from(options->secret);
	j->snapshot.named.map.secret = j->named.map.secret;
	same_init(&j->same);
	batch_init(&j->fill);
	buf_init(&j->batch, JOURNAL_BUFFER_MAX);
	buf_init(&j->snapshot.slice, JOURNAL_BUFFER_MAX);
	return j;
}

/* Closes the file if it is open. */
static void close_handle(struct journal *j, int *handle)
{
	/* What counts has been synced; what has not is thrown away. */
	if (*handle >= 0)
		(void)j->disk->operations->close(j->disk, *handle);
	*handle = -1;
}

/* Closes what is written aside. A job that has run and that nobody has ended may have opened it,
 * or, if it gave up, closed it. */
static void close_aside(struct journal *j)
{
	struct journal_job *job = &j->job;
	bool has_run = job->kind != JOB_NONE;

	if (has_run && job->gives_up)
		j->new_handle = j->snapshot.handle = -1;
	else if (has_run && job->handle != j->new_handle && job->handle != j->snapshot.handle &&
	         job->handle != j->handle)
		close_handle(j, &job->handle);
	close_handle(j, &j->new_handle);
	close_handle(j, &j->snapshot.handle);
}

void journal_abandon(struct journal *j)
{
	if (j == NULL)
		return;
	assert(j->magic == JOURNAL_MAGIC);
	close_aside(j);
	close_handle(j, &j->handle);
	for (; j->full.count > 0; ring_drop(&j->full))
		batch_release(ring_at(&j->full, 0, sizeof(struct journal_batch)));
	ring_release(&j->full);
	batch_release(&j->fill);
	buf_release(&j->batch);
	snapshot_release(&j->snapshot);
	named_release(&j->named);
	same_release(&j->same);
	j->magic = 0;
	memory_free(j);
}

const uint8_t *journal_uuid(const struct journal *j)
{
	assert(j->magic == JOURNAL_MAGIC);
	return j->uuid;
}

uint64_t journal_position(const struct journal *j)
{
	assert(j->synced <= j->position);
	return j->position;
}

uint64_t journal_synced(const struct journal *j)
{
	assert(j->synced <= j->position);
	return j->synced;
}

/* ---- jobs ---- */

bool journal_begin(struct journal *j, bool may_compact)
{
	bool has_batch = batch_waiting(j) > 0;

	assert(j->magic == JOURNAL_MAGIC);
	assert(j->job.kind == JOB_NONE);

	bool is_its_turn = may_compact && (!has_batch || j->batches_in_a_row >= BATCHES_PER_SLICE);
	bool is_due = has_batch && j->slices_in_a_row < SLICES_PER_BATCH && compaction_is_due(j);
	bool compacts = j->now_ms >= j->retry_ms && compaction_is_wanted(j) &&
	                (is_its_turn || is_due);

	if (j->failed || (j->has_kept && j->now_ms < j->retry_ms))
		return false;
	if (j->has_kept) {
		batch_begin_again(j);
		return true;
	}
	if (!has_batch && !compacts)
		return false;
	j->job = (struct journal_job){ .handle = -1, .room = -1 };
	if (compacts) {
		j->batches_in_a_row = 0;
		j->slices_in_a_row++;
		compaction_begin(j);
	} else {
		j->batches_in_a_row++;
		j->slices_in_a_row = 0;
		batch_begin(j);
	}
	assert(j->job.kind != JOB_NONE);
	return true;
}

bool journal_is_behind(struct journal *j)
{
	uint64_t unsynced = batch_waiting(j) + j->batch.size;

	assert(j->magic == JOURNAL_MAGIC);
	if (unsynced > 2 * j->batch_size_max)
		j->is_behind = true;
	if (unsynced < j->batch_size_max)
		j->is_behind = false;
	return j->is_behind && !BUG(never_behind);
}

size_t journal_waiting_size(const struct journal *j)
{
	assert(j->magic == JOURNAL_MAGIC);
	return batch_waiting(j);
}

bool journal_job_is_batch(const struct journal *j)
{
	assert(j->job.kind != JOB_NONE);
	return j->job.kind == JOB_BATCH;
}

/* May run on another thread than the rest. The room is looked at here because it asks the disk. */
void journal_run(struct journal *j)
{
	assert(j->magic == JOURNAL_MAGIC);
	assert(j->job.kind != JOB_NONE);
	if (j->job.kind == JOB_BATCH)
		batch_run(j);
	else
		compaction_run(j);
	j->job.room = j->disk->operations->room(j->disk);
}

/* The sentence about a job that failed for good. Gives -1. */
static int say_failed(const struct journal *j, char err[ERR_SIZE])
{
	assert(j->job.failed != NULL);
	(void)snprintf(err, ERR_SIZE, "cannot %s '%s': %s", j->job.failed, j->job.file,
	               file_reason(-j->job.result));
	return -1;
}

/* A file that the failed job has opened, and nobody else knows. */
static void close_own(struct journal *j)
{
	int handle = j->job.handle;

	if (handle != j->handle && handle != j->new_handle && handle != j->snapshot.handle)
		close_handle(j, &j->job.handle);
}

int journal_end(struct journal *j, char err[ERR_SIZE])
{
	struct journal_job *job = &j->job;
	bool is_batch = job->kind == JOB_BATCH;

	assert(j->magic == JOURNAL_MAGIC);
	assert(job->kind != JOB_NONE);
	if (job->room >= 0)
		j->room = job->room;
	if (job->result < 0 && !job->gives_up) {
		j->failed = true;
		close_own(j);
		job->kind = JOB_NONE;
		return say_failed(j, err);
	}
	if (is_batch)
		batch_end(j);
	if (!j->has_kept && (!is_batch || job->is_note))
		compaction_end(j);
	job->kind = JOB_NONE;
	return 0;
}

int journal_do(struct journal *j, void (*begin)(struct journal *j), char err[ERR_SIZE])
{
	assert(j->job.kind == JOB_NONE);
	if (!j->has_kept)
		j->job = (struct journal_job){ .handle = -1, .room = -1 };
	begin(j);
	journal_run(j);
	return journal_end(j, err);
}

/* ---- room ---- */

/* The mark leaves the reserve twice: once for the journal, once for a new one beside it. What is
 * left of the reserve must also hold what is applied before this is asked again. */
enum journal_room journal_room(struct journal *j, uint64_t now_ms)
{
	uint64_t waiting = batch_waiting_max(j);
	uint64_t mark = compaction_size_max(j) + waiting + 2 * j->reserve_size;
	uint64_t need = j->end + waiting + j->reserve_size / RESERVE_STEPS;

	assert(j->magic == JOURNAL_MAGIC);
	j->now_ms = now_ms;
	if (j->room < 0 || now_ms < j->room_looked_ms ||
	    now_ms - j->room_looked_ms >= ROOM_LOOK_MS) {
		j->room_looked_ms = now_ms;
		j->room = j->disk->operations->room(j->disk);
	}
	if (j->has_kept)
		return JOURNAL_ROOM_NONE;
	if (j->room >= 0 && (uint64_t)j->room >= mark)
		return JOURNAL_ROOM_ALL;
	if (j->reserved >= need || (j->room >= 0 && (uint64_t)j->room >= j->reserve_size))
		return JOURNAL_ROOM_BURIALS;
	return JOURNAL_ROOM_NONE;
}

uint64_t journal_size(const struct journal *j)
{
	assert(j->magic == JOURNAL_MAGIC);
	return j->end + j->old_size;
}

uint64_t journal_free(const struct journal *j)
{
	int64_t room = j->disk->operations->room(j->disk);

	assert(j->magic == JOURNAL_MAGIC);
	return room < 0 ? UINT64_MAX : (uint64_t)room;
}

uint64_t journal_begin_ms(const struct journal *j)
{
	assert(j->magic == JOURNAL_MAGIC);
	return j->has_kept ? j->retry_ms : 0;
}

const char *journal_put_off(struct journal *j)
{
	bool is_new = j->is_put_off;

	assert(j->magic == JOURNAL_MAGIC);
	j->is_put_off = false;
	return is_new ? j->put_off : NULL;
}

bool journal_compacting(const struct journal *j)
{
	assert(j->magic == JOURNAL_MAGIC);
	return compaction_is_wanted(j);
}

/* ---- a clean stop ---- */

/* All jobs of a compaction from USERS on, without batches between them. */
int journal_write_all(struct journal *j, bool note, char err[ERR_SIZE])
{
	compaction_restart(j);
	while (j->step != STEP_NOTE) {
		if (journal_do(j, snapshot_begin_slice, err) < 0)
			return -1;
		if (j->job.gives_up)
			return 1;
	}
	if (note && journal_do(j, batch_begin_note, err) < 0)
		return -1;
	if (j->has_kept)
		return 1;
	j->step = STEP_PLACE;
	if (journal_do(j, compaction_begin_place, err) < 0)
		return -1;
	if (journal_do(j, compaction_begin_empty, err) < 0)
		return -1;
	return j->job.gives_up ? 1 : 0;
}

/* Writes what waits: that much is promised. First what did not fit before. */
static int write_waiting(struct journal *j, char err[ERR_SIZE])
{
	int result = 0;

	if (j->has_kept)
		result = journal_do(j, batch_begin_again, err);
	while (result == 0 && !j->has_kept && batch_waiting(j) > 0)
		result = journal_do(j, batch_begin, err);
	return result == 0 && j->has_kept ? say_failed(j, err) : result;
}

/* Snapshots only make the next start faster, so a lack of room for them is no failure. Any other
 * reason says something of the disk, as that the directory is not there any more. The store's
 * work is done first: equal facts then give equal files, and no text stays that nobody has. */
int journal_close(struct journal *j, char err[ERR_SIZE])
{
	int result = j->failed ? say_failed(j, err) : 0;

	assert(j->magic == JOURNAL_MAGIC);
	assert(j->job.kind == JOB_NONE);
	if (result == 0)
		result = write_waiting(j, err);
	while (result == 0 && !BUG(clean_stop_leaves_work) && store_work(j->store, UINT32_MAX))
		continue;

	/* If the journal has no line but its first one, the snapshots are right as they are. */
	bool is_new = j->end > j->head_size || j->has_old || !j->names.users.present ||
	              j->has_leftovers;

	if (result == 0 && is_new)
		result = journal_write_all(j, true, err);
	if (result > 0 && !journal_is_no_room(j->job.result)) {
		(void)snprintf(err, ERR_SIZE, "%.400s: the snapshots are those of before",
		               j->put_off);
		result = -1;
	}
	journal_abandon(j);
	return result < 0 ? -1 : 0;
}
