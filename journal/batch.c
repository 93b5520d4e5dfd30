/* SPDX-License-Identifier: MIT
 *
 * Facts are printed into the buffer `fill`. When a batch begins, `fill` becomes `batch`, and the
 * job writes `batch` with one call and syncs it with one. Meanwhile the next batch fills the other
 * buffer: this is group commit. If so much comes that `fill` has the size of a batch, it waits in
 * `full`, behind others, and another one is filled.
 *
 * A batch begins with a line that says how many bytes of the journal are synced. That number is the
 * place where the batch itself will stand, and it is known only when the batch begins. So `fill`
 * keeps room for the line in front of the facts.
 *
 * The journal is reserved ahead: behind its last line the file holds zeros. Most syncs then change
 * neither the size of the file nor its blocks, which makes them cheaper; and burials still fit when
 * the disk is full. Zeros behind the last line are therefore a clean end.
 */
#include "base/bug.h"
#include "journal/private.h"

#include "base/crc32c.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>

enum {
	RETRY_MS = 1000,          /* before what was put off is tried again */
	LARGE_BATCH = 128 << 10,  /* bytes: behind such a batch nothing is reserved */
	BATCH_KEPT_MAX = 4 << 20, /* bytes: a larger buffer is freed after its batch */
};

bool journal_is_no_room(int result)
{
	return result == -ENOSPC || result == -EDQUOT || result == -EFBIG;
}

void journal_put_off_job(struct journal *j)
{
	j->retry_ms = j->now_ms + RETRY_MS;
	j->is_put_off = true;
	(void)snprintf(j->put_off, sizeof j->put_off, "cannot %s '%s': %s", j->job.failed,
	               j->job.file, file_reason(-j->job.result));
}

int journal_failed(struct journal *j, int result, const char *what, const char *file)
{
	struct journal_job *job = &j->job;

	if (result < 0 && job->failed == NULL) {
		job->result = result;
		job->failed = what;
		job->file = file;
	}
	return result;
}

/* Keeps room for the line with the mark, if the buffer holds nothing yet. */
static void need_front(struct buf *b)
{
	static const uint8_t room[JOURNAL_SYNCED_SIZE_MAX];
	bool put = b->size != 0 || buf_put(b, room, sizeof room);

	assert(put);
	(void)put; /* the buffer has no maximum that could be reached */
}

size_t batch_waiting(const struct journal *j)
{
	return j->full_size + j->fill.size;
}

/* The batch that is being filled has its size: the next fact begins another one. */
static void close_batch(struct journal *j)
{
	struct journal_batch *full = ring_add(&j->full, sizeof *full);

	*full = (struct journal_batch){ .bytes = j->fill, .position = j->position };
	j->full_size += j->fill.size;
	buf_init(&j->fill, JOURNAL_BUFFER_MAX);
}

/* Puts a fact. A long text is put once in a batch, before the first message that has it. (The store
 * may hold the message no more, if the same request has replaced it: then its text is in its
 * line.) A batch is written as a whole, so no reference is without its text. */
static void put_fact(struct journal *j, const struct fact *fact)
{
	uint8_t digest[KEY_SIZE];
	bool is_first = false;
	bool refers = fact->kind == FACT_MESSAGE && j->format >= 2 &&
	              fact->message.text.size > STORE_TEXT_SHARED &&
	              store_text_once(j->store, &fact->message, j->mark, digest, &is_first);

	if (refers && is_first) {
		size_t begin = j->fill.size;

		journal_line_put_text(&j->fill, digest, fact->message.text);
		journal_line_seal(&j->fill, begin);
		if (BUG(batch_cut_behind_text)) {
			close_batch(j);
			need_front(&j->fill);
		}
	}
	size_t begin = j->fill.size;

	journal_line_put_fact(&j->fill, fact, refers ? digest : NULL);
	journal_line_seal(&j->fill, begin);
}

/* The fact is printed at once, so the caller may free it. */
uint64_t journal_append(struct journal *j, const struct fact *fact)
{
	assert(j->magic == JOURNAL_MAGIC);
	assert(fact != NULL);
	if (j->fill.size >= j->batch_size_max && !BUG(batch_unbounded))
		close_batch(j);
	if (j->fill.size == 0 && !BUG(text_once_for_all))
		j->mark++;
	need_front(&j->fill);
	put_fact(j, fact);
	return ++j->position;
}

/* Puts the line with the mark right before what `batch` holds, and makes all of it the job. The
 * line may be shorter than the room for it; what is left of the room is not written. */
static void begin(struct journal *j, uint64_t position)
{
	struct buf line;
	size_t front;

	assert(j->batch.size >= JOURNAL_SYNCED_SIZE_MAX);
	buf_init(&line, JOURNAL_SYNCED_SIZE_MAX * 2);
	journal_line_put_synced(&line, j->end);
	assert(line.size <= JOURNAL_SYNCED_SIZE_MAX);
	front = JOURNAL_SYNCED_SIZE_MAX - line.size;
	memcpy(j->batch.data + front, line.data, line.size);
	buf_release(&line);
	j->job.kind = JOB_BATCH;
	j->job.data = j->batch.data + front;
	j->job.size = j->batch.size - front;
	j->job.position = position;
	j->job.reserved = j->reserved;
}

void batch_begin(struct journal *j)
{
	struct buf empty = j->batch;
	uint64_t position = j->position;

	assert(empty.size == 0);
	if (j->full.count > 0) {
		const struct journal_batch *full = ring_at(&j->full, 0, sizeof *full);

		buf_release(&j->batch);
		j->batch = full->bytes;
		position = full->position;
		j->full_size -= j->batch.size;
		ring_drop(&j->full);
	} else {
		assert(j->fill.size > JOURNAL_SYNCED_SIZE_MAX);
		j->batch = j->fill;
		j->fill = empty;
	}
	begin(j, position);
}

void batch_begin_note(struct journal *j)
{
	assert(j->batch.size == 0);
	need_front(&j->batch);
	journal_line_put_note(&j->batch, &j->written);
	begin(j, j->synced);
	j->job.is_note = true;
}

/* Keeps zeros ahead of the end, a step at a time. A lack of room is no failure here: the batch has
 * its place already. Under a load of large batches each byte would be written twice, first as zero.
 * That costs more than a change of the file's size, which so many facts share. */
static int reserve(struct journal *j, uint64_t end)
{
	struct journal_job *job = &j->job;
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
	return journal_is_no_room(result) ? 0 : result;
}

void batch_run(struct journal *j)
{
	const struct disk_operations *o = j->disk->operations;
	struct journal_job *job = &j->job;
	const char *file = journal_names[FILE_JOURNAL];
	int result;

	job->crc = crc32c(j->crc, job->data, job->size);
	result = journal_failed(j, o->write(j->disk, j->handle, j->end, job->data, job->size),
	                        "write", file);
	/* Nothing of it counts yet, and it can be written over itself. */
	job->gives_up = journal_is_no_room(result) && !BUG(full_disk_ends_server);
	if (result < 0 || journal_failed(j, reserve(j, j->end + job->size), "reserve", file) < 0 ||
	    BUG(never_synced))
		return;
	/* The job remembers a failure. */
	(void)journal_failed(j, o->sync(j->disk, j->handle), "sync", file);
}

void batch_begin_again(struct journal *j)
{
	struct journal_job *job = &j->job;

	assert(j->has_kept);
	j->has_kept = false;
	*job = (struct journal_job){ .kind = JOB_BATCH,
		                     .data = job->data,
		                     .size = job->size,
		                     .position = job->position,
		                     .is_note = job->is_note,
		                     .handle = -1,
		                     .reserved = j->reserved,
		                     .room = -1 };
}

/* All that the job wrote is the journal's now, and its facts are on the disk. */
void batch_end(struct journal *j)
{
	if (j->job.gives_up) {
		j->has_kept = true;
		journal_put_off_job(j);
		return;
	}
	j->crc = j->job.crc;
	j->end += j->job.size;
	j->reserved = j->job.reserved;
	assert(j->reserved >= j->end);
	assert(j->job.position >= j->synced);
	j->synced = j->job.position;
	buf_clear(&j->batch);
	if (j->batch.capacity > BATCH_KEPT_MAX)
		buf_release(&j->batch);
}
