/* SPDX-License-Identifier: MIT
 *
 * A snapshot is written in slices during traffic, so it is of no one instant: whatever it misses or
 * has early is in the journal that was begun before it, and facts join. A slice is encoded on the
 * caller's thread, which may look at the store, and written and synced by the job, so that no sync
 * at the end has much to do.
 *
 * The form: a head without its end, one element a line, each line but the first after a comma,
 * after every kilobyte an element {"crc"} of the bytes since the one before (so that damage is
 * found where it is, and --salvage loses no more than that), and the tail with the count and the
 * checksum of everything before it.
 */
#include "journal/private.h"

#include "base/crc32c.h"
#include "base/sha256.h"

#include <errno.h>

enum { TEXT_CACHE_SIZE = 64 }; /* digests of long texts that one slice remembers */

/* ---- encoding ---- */

static void put(struct buf *out, const char *text)
{
	bool done = buf_put(out, text, strlen(text));

	assert(done);
	(void)done; /* the journal's buffers have no maximum that could be reached */
}

/* Takes what was put since the last time into the checksum of the file, and of the block if
 * `in_block`. */
static void absorb(struct snapshot *s, bool in_block)
{
	const uint8_t *data = s->slice.data + s->hashed;
	size_t size = s->slice.size - s->hashed;

	assert(s->hashed <= s->slice.size);
	s->crc = crc32c(s->crc, data, size);
	if (in_block) {
		s->block_crc = crc32c(s->block_crc, data, size);
		s->block_size += size;
	}
	s->hashed = s->slice.size;
}

static void close_block(struct snapshot *s)
{
	put(&s->slice, ",\n");
	absorb(s, true);
	line_put_block(&s->slice, s->block_crc);
	absorb(s, false);
	s->block_crc = 0;
	s->block_size = 0;
}

static void element_begin(struct snapshot *s)
{
	put(&s->slice, s->has_element ? ",\n" : "\n");
	s->has_element = true;
	s->count++;
}

static void element_end(struct snapshot *s)
{
	put(&s->slice, "}");
	absorb(s, true);
	if (s->block_size >= BLOCK_SIZE)
		close_block(s);
}

/* The blocks' own checksums are no elements of the set, but the count counts long texts. */
static void put_tail(struct snapshot *s)
{
	if (s->block_size > 0 && s->has_element)
		close_block(s);
	put(&s->slice, "\n],\"count\":");
	line_put_decimal(&s->slice, s->count);
	absorb(s, false);
	put(&s->slice, ",\"crc\":\"");
	line_put_hex(&s->slice, s->crc);
	put(&s->slice, "\"}\n");
	s->hashed = s->slice.size; /* the file's checksum cannot cover itself */
	s->complete = true;
}

static void put_head(struct snapshot *s)
{
	put(&s->slice, "{\"format\":");
	line_put_decimal(&s->slice, JOURNAL_FORMAT);
	put(&s->slice, s->file == FILE_USERS ? ",\"users\":[" : ",\"pending\":[");
	absorb(s, true);
}

/* The store holds a text that many messages share once, so within a slice its address names it. */
struct text_cache {
	const uint8_t *data[TEXT_CACHE_SIZE];
	uint8_t digests[TEXT_CACHE_SIZE][KEY_SIZE];
	size_t hashed; /* bytes */
};

static const uint8_t *text_digest(struct text_cache *cache, struct view text)
{
	size_t at = (uintptr_t)text.data / 64 % TEXT_CACHE_SIZE;

	assert(text.size > STORE_TEXT_SHARED);
	if (cache->data[at] != text.data) {
		sha256(text.data, text.size, cache->digests[at]);
		cache->data[at] = text.data;
		cache->hashed += text.size;
	}
	return cache->digests[at];
}

static bool next_fact(struct journal *j, struct fact *fact)
{
	struct snapshot *s = &j->snapshot;

	if (s->file == FILE_PENDING)
		return store_pending_next(j->store, &s->pending_after, fact);
	return store_next(j->store, &s->users_after, fact) &&
	       (fact->kind == FACT_ACCOUNT || fact->kind == FACT_TOMBSTONE);
}

/* The next element; false if there is none left. */
static bool put_element(struct journal *j, struct text_cache *cache)
{
	struct snapshot *s = &j->snapshot;
	struct fact fact;
	struct view text;

	if (!s->in_texts && next_fact(j, &fact)) {
		bool is_long = fact.kind == FACT_MESSAGE &&
		               fact.message.text.size > STORE_TEXT_SHARED;

		element_begin(s);
		line_put_fact(&s->slice, &fact,
		              is_long ? text_digest(cache, fact.message.text) : NULL);
		element_end(s);
		return true;
	}
	s->in_texts = true;
	if (s->file == FILE_USERS || !store_text_next(j->store, s->text_after, &text))
		return false;
	element_begin(s);
	line_put_text(&s->slice, s->text_after, text);
	element_end(s);
	return true;
}

void snapshot_begin(struct journal *j, enum journal_file file)
{
	struct snapshot *s = &j->snapshot;
	struct buf slice = s->slice;

	assert(s->handle < 0);
	*s = (struct snapshot){ .file = file, .handle = -1, .slice = slice };
	buf_clear(&s->slice);
}

void snapshot_begin_slice(struct journal *j)
{
	struct snapshot *s = &j->snapshot;
	struct text_cache cache = { .hashed = 0 };
	bool more = true;

	assert(j->step == STEP_USERS || j->step == STEP_PENDING);
	assert(!s->complete);
	s->offset += s->slice.size;
	buf_clear(&s->slice);
	s->hashed = 0;
	if (s->offset == 0)
		put_head(s);
	while (more && s->slice.size < j->slice_size && cache.hashed < SLICE_HASH_MAX)
		more = put_element(j, &cache);
	if (!more)
		put_tail(s);
	assert(s->hashed == s->slice.size);
	j->job.kind = JOB_SLICE;
	j->job.data = s->slice.data;
	j->job.size = s->slice.size;
	j->job.handle = s->handle;
}

/* ---- the jobs of a compaction ---- */

/* A snapshot or a new journal that does not fit is given up: nothing rests on it yet. */
static void give_up(struct journal *j)
{
	const struct disk_operations *o = j->disk->operations;
	struct job *job = &j->job;

	if (!is_no_room(job->result))
		return;
	job->gives_up = true;
	if (job->handle >= 0)
		(void)o->close(j->disk, job->handle); /* what it holds is thrown away */
	job->handle = -1;
	/* They may not be there; what stays is emptied or removed by the next try or start. */
	(void)o->remove(j->disk, journal_names_new[FILE_USERS]);
	(void)o->remove(j->disk, journal_names_new[FILE_PENDING]);
	(void)o->remove(j->disk, journal_names_new[FILE_JOURNAL]);
}

/* Opens a file aside, made or emptied, unless it is open. */
static int open_new(struct journal *j, enum journal_file file)
{
	struct job *job = &j->job;
	int handle = job->handle;

	if (handle < 0)
		handle = j->disk->operations->open(j->disk, journal_names_new[file],
		                                   DISK_CREATE_LOG);
	if (handle >= 0)
		job->handle = handle;
	return job_failed(job, handle, "open", journal_names_new[file]);
}

static int write_new(struct journal *j, enum journal_file file, uint64_t offset)
{
	const struct disk_operations *o = j->disk->operations;
	struct job *job = &j->job;
	const char *name = journal_names_new[file];

	if (job_failed(job, o->write(j->disk, job->handle, offset, job->data, job->size), "write",
	               name) < 0)
		return -1;
	/* A log's bytes are on their way already; the last slice's sync waits for all. */
	if (job->kind == JOB_SLICE && !j->snapshot.complete)
		return 0;
	/* A log may end in zeros, a snapshot may not. */
	if (job->kind == JOB_SLICE &&
	    job_failed(job, o->truncate(j->disk, job->handle, offset + job->size), "cut", name) < 0)
		return -1;
	return job_failed(job, o->sync(j->disk, job->handle), "sync", name);
}

static void run_slice(struct journal *j)
{
	const struct snapshot *s = &j->snapshot;

	if (open_new(j, s->file) < 0 || write_new(j, s->file, s->offset) < 0)
		give_up(j);
}

static void run_prepare(struct journal *j)
{
	const struct disk_operations *o = j->disk->operations;
	struct job *job = &j->job;
	const char *name = journal_names_new[FILE_JOURNAL];

	job->reserved = j->reserve_size / RESERVE_STEPS * 4;
	if (open_new(j, FILE_JOURNAL) < 0 ||
	    job_failed(job, o->reserve(j->disk, job->handle, job->reserved), "reserve", name) < 0 ||
	    job_failed(job, o->sync(j->disk, job->handle), "sync", name) < 0)
		give_up(j);
}

static int sync_names(struct journal *j)
{
	return job_failed(&j->job, j->disk->operations->sync_names(j->disk), "sync the names of",
	                  "the data directory");
}

static int rename_file(struct journal *j, const char *from, const char *to)
{
	return job_failed(&j->job, j->disk->operations->rename(j->disk, from, to), "rename", from);
}

/* The names are synced between the renames, so that no file system can keep the second without the
 * first, which would leave neither journal. */
static void run_turn(struct journal *j)
{
	if (open_new(j, FILE_JOURNAL) < 0 || write_new(j, FILE_JOURNAL, 0) < 0) {
		give_up(j);
		return;
	}
	if (sync_names(j) < 0 ||
	    rename_file(j, journal_names[FILE_JOURNAL], journal_names[FILE_OLD]) < 0 ||
	    sync_names(j) < 0 ||
	    rename_file(j, journal_names_new[FILE_JOURNAL], journal_names[FILE_JOURNAL]) < 0 ||
	    sync_names(j) < 0)
		return;
}

static void run_place(struct journal *j)
{
	const char *old = journal_names[FILE_OLD];

	if (rename_file(j, journal_names_new[FILE_USERS], journal_names[FILE_USERS]) < 0 ||
	    rename_file(j, journal_names_new[FILE_PENDING], journal_names[FILE_PENDING]) < 0 ||
	    sync_names(j) < 0 || !j->has_old)
		return;
	if (job_failed(&j->job, j->disk->operations->remove(j->disk, old), "remove", old) < 0)
		return;
	(void)sync_names(j); /* the job remembers */
}

/* A journal of nothing but its first line takes the place of the one whose facts the snapshots
 * hold. */
static void run_empty(struct journal *j)
{
	if (open_new(j, FILE_JOURNAL) < 0 || write_new(j, FILE_JOURNAL, 0) < 0) {
		give_up(j);
		return;
	}
	if (sync_names(j) < 0 ||
	    rename_file(j, journal_names_new[FILE_JOURNAL], journal_names[FILE_JOURNAL]) < 0)
		return;
	(void)sync_names(j); /* the job remembers */
}

void compaction_run(struct journal *j)
{
	static void (*const runs[])(struct journal * j) = {
		[JOB_PREPARE] = run_prepare, [JOB_TURN] = run_turn,   [JOB_SLICE] = run_slice,
		[JOB_PLACE] = run_place,     [JOB_EMPTY] = run_empty,
	};

	assert((size_t)j->job.kind < sizeof(runs) / sizeof(runs[0]));
	assert(runs[j->job.kind] != NULL);
	runs[j->job.kind](j);
}

/* ---- steps ---- */

/* The store's own word for how large the snapshots would be now; long escapes may prove it wrong,
 * then they do not fit and are given up. */
static uint64_t sizes_now(const struct journal *j)
{
	struct store_totals totals;

	store_totals(j->store, &totals);
	return (totals.accounts + totals.tombstones) * SIZE_ESTIMATE_ACCOUNT +
	       (totals.messages + totals.ranges) * SIZE_ESTIMATE_ELEMENT + totals.memory;
}

/* Twice the work for a start is the price of half the writing; and a disk that is full is compacted
 * as soon as that would fit and give something back. */
static bool is_wanted(const struct journal *j)
{
	uint64_t sizes = j->sizes[0] + j->sizes[1];

	if (j->end < j->retry_end)
		return false;
	if (j->end >= j->compact_size_min && j->end >= sizes)
		return true;
	return j->room >= 0 && j->end >= j->reserve_size / 2 &&
	       (uint64_t)j->room < journal_next_sizes(j) + 2 * j->reserve_size &&
	       (uint64_t)j->room >= sizes_now(j) + j->reserve_size;
}

bool compaction_is_due(const struct journal *j)
{
	if (j->step == STEP_IDLE)
		return is_wanted(j);
	/* After one that did not fit: when the journal has grown, or there is room for certain. */
	return j->end >= j->retry_end ||
	       (j->room >= 0 && (uint64_t)j->room >= journal_next_sizes(j) + j->reserve_size);
}

void compaction_restart(struct journal *j)
{
	/* What both hold is thrown away. */
	if (j->snapshot.handle >= 0)
		(void)j->disk->operations->close(j->disk, j->snapshot.handle);
	if (j->new_handle >= 0)
		(void)j->disk->operations->close(j->disk, j->new_handle);
	j->snapshot.handle = -1;
	j->new_handle = -1;
	j->step = STEP_USERS;
	snapshot_begin(j, FILE_USERS);
}

static void begin_prepare(struct journal *j)
{
	assert(!j->has_old);
	j->step = STEP_PREPARE;
	j->job.kind = JOB_PREPARE;
}

/* The first line of a new journal, which the job writes from `batch`. */
static void begin_head(struct journal *j, enum job_kind kind, const struct journal_head *head)
{
	assert(j->batch.size == 0);
	line_put_head(&j->batch, head);
	j->job.kind = kind;
	j->job.data = j->batch.data;
	j->job.size = j->batch.size;
}

static void begin_turn(struct journal *j)
{
	struct journal_head head = {
		.follows = j->names,
		.has_old = true,
		.old_size = j->end,
		.old_crc = j->crc,
	};

	assert(!j->has_old);
	begin_head(j, JOB_TURN, &head);
	j->job.handle = j->new_handle;
	j->job.reserved = j->new_reserved;
}

void compaction_begin_place(struct journal *j)
{
	assert(j->step == STEP_PLACE);
	j->job.kind = JOB_PLACE;
}

void compaction_begin_empty(struct journal *j)
{
	struct journal_head head = { .follows = j->names };

	assert(j->step == STEP_IDLE);
	assert(!j->has_old);
	begin_head(j, JOB_EMPTY, &head);
}

void compaction_begin(struct journal *j)
{
	j->retry_end = 0;
	switch (j->step) {
	case STEP_IDLE:
	case STEP_PREPARE:
		begin_prepare(j);
		return;
	case STEP_TURN:
		begin_turn(j);
		return;
	case STEP_USERS:
	case STEP_PENDING:
		snapshot_begin_slice(j);
		return;
	case STEP_NOTE:
		journal_begin_note(j);
		return;
	case STEP_PLACE:
		compaction_begin_place(j);
		return;
	}
	assert(false); /* there is no other step */
}

static void slice_end(struct journal *j)
{
	struct snapshot *s = &j->snapshot;
	size_t which = s->file == FILE_USERS ? 0 : 1;
	struct snapshot_name name = { .present = true, .crc = s->crc };

	s->handle = j->job.handle;
	if (!s->complete)
		return;
	j->written_sizes[which] = s->offset + s->slice.size;
	if (which == 0)
		j->written.users = name;
	else
		j->written.pending = name;
	(void)j->disk->operations->close(j->disk, s->handle); /* it is synced */
	s->handle = -1;
	if (which == 0) {
		j->step = STEP_PENDING;
		snapshot_begin(j, FILE_PENDING);
	} else {
		j->step = STEP_NOTE;
		buf_release(&s->slice);
	}
}

/* The job's file is the journal from now on. */
static void take_new_journal(struct journal *j)
{
	if (j->handle >= 0)
		(void)j->disk->operations->close(j->disk,
		                                 j->handle); /* it is synced, or of no use */
	j->handle = j->job.handle;
	j->new_handle = -1;
	j->head_size = j->end = j->job.size;
	j->crc = crc32c(0, j->job.data, j->job.size);
	j->reserved = j->job.reserved > j->end ? j->job.reserved : j->end;
	buf_clear(&j->batch);
}

static void end_gives_up(struct journal *j)
{
	j->retry_end = j->end + j->reserve_size;
	j->snapshot.handle = -1;
	j->new_handle = -1;
	buf_clear(&j->batch);
	if (j->job.kind == JOB_SLICE)
		compaction_restart(j);
	else
		j->step = STEP_IDLE;
}

void compaction_end(struct journal *j)
{
	if (j->job.gives_up) {
		end_gives_up(j);
		return;
	}
	switch (j->job.kind) {
	case JOB_PREPARE:
		j->new_handle = j->job.handle;
		j->new_reserved = j->job.reserved;
		j->step = STEP_TURN;
		return;
	case JOB_TURN:
		j->has_old = true;
		j->old_size = j->end;
		take_new_journal(j);
		compaction_restart(j);
		assert(j->handle >= 0);
		return;
	case JOB_SLICE:
		slice_end(j);
		return;
	case JOB_BATCH:
		j->step = STEP_PLACE;
		return;
	case JOB_PLACE:
		j->names = j->written;
		memcpy(j->sizes, j->written_sizes, sizeof(j->sizes));
		j->has_old = false;
		j->old_size = 0;
		j->step = STEP_IDLE;
		return;
	case JOB_EMPTY:
		take_new_journal(j);
		return;
	case JOB_NONE:
		break;
	}
	assert(false); /* a batch without a note is none of its jobs */
}
