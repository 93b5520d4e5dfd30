/* SPDX-License-Identifier: MIT
 *
 * Two buffers: facts are printed into `fill`; journal_begin swaps it with `batch`, which
 * journal_run writes with one call and syncs with one. Before the facts of a batch stands the line
 * that says how much of the journal is synced, which is where the batch itself goes: that is known
 * only when the batch begins, so `fill` keeps room for it.
 *
 * The journal is reserved ahead in zeros, so that most syncs have no change of the file's size or
 * blocks to write, and so that burials still fit when the disk is full. Zeros after the last line
 * are therefore a clean end.
 */
#include "base/bug.h"
#include "journal/private.h"

#include "base/crc32c.h"

#include <errno.h>
#include <stdio.h>

const char *const journal_names[FILE_COUNT] = {
	[FILE_USERS] = "users.json",      [FILE_PENDING] = "pending.json",
	[FILE_JOURNAL] = "journal.jsonl", [FILE_OLD] = "journal.old.jsonl",
	[FILE_REPLICA] = "replica.json",
};
const char *const journal_names_new[FILE_COUNT] = {
	[FILE_USERS] = "users.json.new",      [FILE_PENDING] = "pending.json.new",
	[FILE_JOURNAL] = "journal.jsonl.new", [FILE_OLD] = "journal.old.jsonl.new",
	[FILE_REPLICA] = "replica.json.new",
};

enum {
	COMPACT_SIZE_MIN = 256 << 20,
	RESERVE_SIZE = 4 << 20,
	LARGE_BATCH = 128 << 10, /* bytes; behind it nothing is reserved */
};

/* The journal's buffers are bounded by what the requests of one batch can bring, not here. */
#define BUFFER_SIZE_MAX (SIZE_MAX / 4)

struct journal *journal_new(struct disk *disk, const struct journal_options *options,
                            struct store *store)
{
	struct journal *j = memory_alloc_zero(1, sizeof(*j));

	assert(disk != NULL);
	assert(store != NULL);
	j->magic = JOURNAL_MAGIC;
	j->disk = disk;
	j->store = store;
	j->compact_size_min = options->compact_size_min != 0 ? options->compact_size_min
	                                                     : COMPACT_SIZE_MIN;
	j->reserve_size = options->reserve_size != 0 ? options->reserve_size : RESERVE_SIZE;
	j->slice_size = j->reserve_size / RESERVE_STEPS;
	j->handle = -1;
	j->new_handle = -1;
	j->snapshot.handle = -1;
	j->room = -1;
	buf_init(&j->fill, BUFFER_SIZE_MAX);
	buf_init(&j->batch, BUFFER_SIZE_MAX);
	buf_init(&j->snapshot.slice, BUFFER_SIZE_MAX);
	return j;
}

static void close_handle(struct journal *j, int *handle)
{
	/* What counts has been synced; what has not is thrown away. */
	if (*handle >= 0)
		(void)j->disk->operations->close(j->disk, *handle);
	*handle = -1;
}

void journal_abandon(struct journal *j)
{
	if (j == NULL)
		return;
	assert(j->magic == JOURNAL_MAGIC);
	close_handle(j, &j->handle);
	close_handle(j, &j->new_handle);
	close_handle(j, &j->snapshot.handle);
	buf_release(&j->fill);
	buf_release(&j->batch);
	buf_release(&j->snapshot.slice);
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

static void need_front(struct buf *b)
{
	static const uint8_t room[SYNCED_SIZE_MAX];
	bool put = b->size != 0 || buf_put(b, room, sizeof(room));

	assert(put);
	(void)put; /* the buffer has no maximum that could be reached */
}

uint64_t journal_append(struct journal *j, const struct fact *fact)
{
	size_t begin;

	assert(j->magic == JOURNAL_MAGIC);
	assert(fact != NULL);
	need_front(&j->fill);
	begin = j->fill.size;
	line_put_fact(&j->fill, fact, NULL);
	line_seal(&j->fill, begin);
	return ++j->position;
}

bool is_no_room(int result)
{
	return result == -ENOSPC || result == -EDQUOT || result == -EFBIG;
}

int job_failed(struct job *job, int result, const char *what, const char *file)
{
	if (result < 0 && job->failed == NULL) {
		job->result = result;
		job->failed = what;
		job->file = file;
	}
	return result;
}

/* ---- batches ---- */

/* Puts the line with the mark right before what the batch holds. */
static void batch_begin(struct journal *j)
{
	struct buf line;
	size_t front;

	assert(j->batch.size >= SYNCED_SIZE_MAX);
	buf_init(&line, SYNCED_SIZE_MAX * 2);
	line_put_synced(&line, j->end);
	assert(line.size <= SYNCED_SIZE_MAX);
	front = SYNCED_SIZE_MAX - line.size;
	memcpy(j->batch.data + front, line.data, line.size);
	buf_release(&line);
	j->job.kind = JOB_BATCH;
	j->job.data = j->batch.data + front;
	j->job.size = j->batch.size - front;
	j->job.position = j->synced;
	j->job.reserved = j->reserved;
}

static void begin_batch(struct journal *j)
{
	struct buf empty = j->batch;

	assert(j->fill.size > SYNCED_SIZE_MAX);
	assert(empty.size == 0);
	j->batch = j->fill;
	j->fill = empty;
	batch_begin(j);
	j->job.position = j->position;
}

void journal_begin_note(struct journal *j)
{
	assert(j->batch.size == 0);
	need_front(&j->batch);
	line_put_note(&j->batch, &j->written);
	batch_begin(j);
	j->job.is_note = true;
}

/* Keeps zeros ahead of the end, a step at a time. Want of room is no failure here: the batch has
 * its place. Under a load of large batches each byte would be written twice, which costs more than
 * a change of the file's size shared by so many. */
static int batch_reserve(struct journal *j, uint64_t end)
{
	struct job *job = &j->job;
	uint64_t step = j->reserve_size / RESERVE_STEPS + 1;
	uint64_t want = end + j->reserve_size;
	uint64_t from = job->reserved > end ? job->reserved : end;
	int result;

	if (job->reserved < end)
		job->reserved = end;
	if (job->size > LARGE_BATCH || from + step > want)
		return 0;
	if (want > from + 2 * step)
		want = from + 2 * step;
	result = j->disk->operations->reserve(j->disk, j->handle, want);
	if (result == 0)
		job->reserved = want;
	return is_no_room(result) ? 0 : result;
}

static void batch_run(struct journal *j)
{
	const struct disk_operations *o = j->disk->operations;
	struct job *job = &j->job;
	const char *file = journal_names[FILE_JOURNAL];

	if (job_failed(job, o->write(j->disk, j->handle, j->end, job->data, job->size), "write",
	               file) < 0)
		return;
	if (job_failed(job, batch_reserve(j, j->end + job->size), "reserve", file) < 0)
		return;
	if (BUG(never_synced))
		return;
	(void)job_failed(job, o->sync(j->disk, j->handle), "sync", file); /* the job remembers */
}

static void batch_end(struct journal *j)
{
	j->crc = crc32c(j->crc, j->job.data, j->job.size);
	j->end += j->job.size;
	j->reserved = j->job.reserved;
	assert(j->reserved >= j->end);
	assert(j->job.position >= j->synced);
	j->synced = j->job.position;
	buf_clear(&j->batch);
	if (j->batch.capacity > (16U << 20)) /* one great batch must not be held for ever */
		buf_release(&j->batch);
}

/* ---- jobs ---- */

bool journal_begin(struct journal *j, bool may_compact)
{
	bool has_batch = j->fill.size > 0;

	assert(j->magic == JOURNAL_MAGIC);
	assert(j->job.kind == JOB_NONE);

	bool compacts = may_compact && (!has_batch || j->batches_in_a_row >= BATCHES_PER_SLICE) &&
	                compaction_is_due(j);

	if (j->failed || (!has_batch && !compacts))
		return false;
	j->job = (struct job){ .handle = -1, .room = -1 };
	if (compacts) {
		j->batches_in_a_row = 0;
		compaction_begin(j);
	} else {
		j->batches_in_a_row++;
		begin_batch(j);
	}
	assert(j->job.kind != JOB_NONE);
	return true;
}

size_t journal_waiting_size(const struct journal *j)
{
	assert(j->magic == JOURNAL_MAGIC);
	return j->fill.size;
}

bool journal_job_is_batch(const struct journal *j)
{
	assert(j->job.kind != JOB_NONE);
	return j->job.kind == JOB_BATCH;
}

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

static int say_failed(const struct journal *j, char err[ERR_SIZE])
{
	assert(j->job.failed != NULL);
	(void)snprintf(err, ERR_SIZE, "cannot %s '%s': %s", j->job.failed, j->job.file,
	               strerror(-j->job.result));
	return -1;
}

int journal_end(struct journal *j, char err[ERR_SIZE])
{
	struct job *job = &j->job;
	bool is_batch = job->kind == JOB_BATCH;

	assert(j->magic == JOURNAL_MAGIC);
	assert(job->kind != JOB_NONE);
	if (job->room >= 0)
		j->room = job->room;
	if (job->result < 0 && !job->gives_up) {
		j->failed = true;
		job->kind = JOB_NONE;
		return say_failed(j, err);
	}
	if (is_batch)
		batch_end(j);
	if (!is_batch || job->is_note)
		compaction_end(j);
	job->kind = JOB_NONE;
	return 0;
}

int journal_do(struct journal *j, void (*begin)(struct journal *j), char err[ERR_SIZE])
{
	assert(j->job.kind == JOB_NONE);
	j->job = (struct job){ .handle = -1, .room = -1 };
	begin(j);
	journal_run(j);
	return journal_end(j, err);
}

/* ---- room ---- */

uint64_t journal_next_sizes(const struct journal *j)
{
	return j->sizes[0] + j->sizes[1] + j->end + j->old_size;
}

bool journal_has_room(struct journal *j, uint64_t now_ms)
{
	uint64_t mark = journal_next_sizes(j) + j->fill.size + 2 * j->reserve_size;

	assert(j->magic == JOURNAL_MAGIC);
	if (j->room < 0 || now_ms < j->room_looked_ms ||
	    now_ms - j->room_looked_ms >= ROOM_LOOK_MS) {
		j->room_looked_ms = now_ms;
		j->room = j->disk->operations->room(j->disk);
	}
	return j->room >= 0 && (uint64_t)j->room >= mark;
}

bool journal_compacting(const struct journal *j)
{
	assert(j->magic == JOURNAL_MAGIC);
	return compaction_is_due(j);
}

/* ---- a clean stop ---- */

int journal_write_all(struct journal *j, bool note, char err[ERR_SIZE])
{
	compaction_restart(j);
	while (j->step != STEP_NOTE) {
		if (journal_do(j, snapshot_begin_slice, err) < 0)
			return -1;
		if (j->job.gives_up)
			return 1;
	}
	if (note && journal_do(j, journal_begin_note, err) < 0)
		return -1;
	j->step = STEP_PLACE;
	if (journal_do(j, compaction_begin_place, err) < 0)
		return -1;
	if (journal_do(j, compaction_begin_empty, err) < 0)
		return -1;
	return j->job.gives_up ? 1 : 0;
}

/* The zeros at its end are of no use to a journal that stays. Failing is no harm. */
static void cut_reserve(struct journal *j)
{
	(void)j->disk->operations->truncate(j->disk, j->handle, j->end);
}

int journal_close(struct journal *j, char err[ERR_SIZE])
{
	int result = j->failed ? say_failed(j, err) : 0;

	assert(j->magic == JOURNAL_MAGIC);
	assert(j->job.kind == JOB_NONE);
	if (result == 0 && j->fill.size > 0)
		result = journal_do(j, begin_batch, err);

	/* A journal of nothing but its first line follows snapshots that are right as they are. */
	bool is_new = j->end > j->head_size || j->has_old || !j->names.users.present;

	if (result == 0 && is_new)
		result = journal_write_all(j, true, err);
	if (result >= 0)
		cut_reserve(j);
	journal_abandon(j);
	return result < 0 ? -1 : 0;
}
