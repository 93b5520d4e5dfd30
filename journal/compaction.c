/* SPDX-License-Identifier: MIT
 *
 * A compaction turns a long journal into two snapshots and a short journal. Its steps, and what a
 * crash leaves at each, are listed in journal/private.h. A step is one job, but USERS and PENDING,
 * which take a job for each slice. Batches run between these jobs, so a server goes on answering.
 *
 * Only PREPARE, TURN and the slices need new room and new descriptors, and until PLACE nothing
 * depends on what they wrote. So there it is no failure if a file cannot be opened, or if there is
 * no room or memory for it: what is written aside is removed, and the same step is tried again.
 * After a lack of room that is when the journal has grown, or when the disk has room for certain;
 * otherwise it is a second later.
 *
 * The journal and the old one together never have more bytes than twice the snapshots in place and
 * twice compact_size_min. A compaction begins when the journal has as much as the snapshots, and
 * compact_size_min; so at least as much again is left for the new journal while the snapshots are
 * written. They are written in proportion to how it grows: when it has a tenth of what is left, a
 * tenth of them must be written, before the next batch. How large they will be is not known. Each
 * fact of theirs stands in one of the files, so all files together are the estimate. The snapshots
 * may turn out smaller; then they are finished the sooner, and the new journal is small beside
 * them, too. For batches of the largest size that is some 25 slices each. There are never more than
 * SLICES_PER_BATCH, so what a batch waits for is bounded, also while the journals are too large.
 */
#include "base/bug.h"
#include "journal/private.h"

#include "base/crc32c.h"

#include <errno.h>

enum {
	SIZE_ESTIMATE_ACCOUNT = 640, /* bytes of an account or a tombstone in a snapshot */
	SIZE_ESTIMATE_ELEMENT = 320, /* of anything else, without its text */
	PACE_PARTS = 1024,           /* in which a snapshot's progress is counted */
	PACE_BATCHES = 12,           /* large ones, for which there is always room */
};

/* ---- running a job ---- */

static const char open_failed[] = "open"; /* what, for journal_failed */

/* Whether another try may do better, and nothing says that the disk is broken. */
static bool is_passing(const struct journal_job *job)
{
	if (BUG(compaction_ends_server))
		return journal_is_no_room(job->result);
	return journal_is_no_room(job->result) || job->result == -ENOMEM ||
	       strcmp(job->failed, open_failed) == 0;
}

/* Nothing depends yet on a snapshot or a new journal that cannot be written now, so the job gives
 * up what is written aside. Any other failure stays one. */
static void give_up(struct journal *j)
{
	const struct disk_operations *o = j->disk->operations;
	struct journal_job *job = &j->job;

	if (!is_passing(job))
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

/* Opens the file that is written aside, unless it is open. It is made, or emptied. */
static int open_new(struct journal *j, enum journal_file file)
{
	struct journal_job *job = &j->job;
	int handle = job->handle;

	if (handle < 0)
		handle = j->disk->operations->open(j->disk, journal_names_new[file],
		                                   DISK_CREATE_LOG);
	if (handle >= 0)
		job->handle = handle;
	return journal_failed(j, handle, open_failed, journal_names_new[file]);
}

/* Writes what the job has at `offset` of the file aside, and syncs it where that is due. */
static int write_new(struct journal *j, enum journal_file file, uint64_t offset)
{
	const struct disk_operations *o = j->disk->operations;
	struct journal_job *job = &j->job;
	const char *name = journal_names_new[file];

	if (journal_failed(j, o->write(j->disk, job->handle, offset, job->data, job->size), "write",
	                   name) < 0)
		return -1;
	/* A log's bytes are on their way already; the last slice's sync waits for all. */
	if (job->kind == JOB_SLICE && !j->snapshot.complete)
		return 0;
	/* A log may end in zeros, a snapshot may not. */
	if (job->kind == JOB_SLICE &&
	    journal_failed(j, o->truncate(j->disk, job->handle, offset + job->size), "cut", name) <
	            0)
		return -1;
	return journal_failed(j, o->sync(j->disk, job->handle), "sync", name);
}

/* A slice of a snapshot. */
static void run_slice(struct journal *j)
{
	const struct snapshot *s = &j->snapshot;

	if (j->job.size == 0)
		return;
	if (open_new(j, s->file) < 0 || write_new(j, s->file, s->offset) < 0)
		give_up(j);
}

/* A new journal gets some room at once; batches enlarge it later. */
static void run_prepare(struct journal *j)
{
	const struct disk_operations *o = j->disk->operations;
	struct journal_job *job = &j->job;
	const char *name = journal_names_new[FILE_JOURNAL];

	job->reserved = j->reserve_size / RESERVE_STEPS * 4;
	if (open_new(j, FILE_JOURNAL) < 0 ||
	    journal_failed(j, o->reserve(j->disk, job->handle, job->reserved), "reserve", name) <
	            0 ||
	    journal_failed(j, o->sync(j->disk, job->handle), "sync", name) < 0)
		give_up(j);
}

static int sync_names(struct journal *j)
{
	return journal_failed(j, j->disk->operations->sync_names(j->disk), "sync the names of",
	                      "the data directory");
}

static int rename_file(struct journal *j, const char *from, const char *to)
{
	return journal_failed(j, j->disk->operations->rename(j->disk, from, to), "rename", from);
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

/* Both snapshots get their names before the old journal goes, because until then it is needed. */
static void run_place(struct journal *j)
{
	const char *old = journal_names[FILE_OLD];

	if (rename_file(j, journal_names_new[FILE_USERS], journal_names[FILE_USERS]) < 0 ||
	    rename_file(j, journal_names_new[FILE_PENDING], journal_names[FILE_PENDING]) < 0 ||
	    sync_names(j) < 0 || !j->has_old)
		return;
	if (journal_failed(j, j->disk->operations->remove(j->disk, old), "remove", old) < 0)
		return;
	(void)sync_names(j); /* the job remembers */
}

/* Zeros behind the first line. On a disk that is full a journal that has some is worth more than an
 * empty one: then the journal in place stays. */
static int reserve_empty(struct journal *j)
{
	struct journal_job *job = &j->job;
	uint64_t want = job->size + j->reserve_size;
	int result = j->disk->operations->reserve(j->disk, job->handle, want);

	if (journal_is_no_room(result) && j->reserved < j->end + j->reserve_size / RESERVE_STEPS)
		return 0;
	if (result == 0)
		job->reserved = want;
	return journal_failed(j, result, "reserve", journal_names_new[FILE_JOURNAL]);
}

/* The new journal takes the place of the one whose facts the snapshots hold. One rename does it: a
 * crash leaves either, and both are right. It keeps a reserve, so that a start on a disk that was
 * filled meanwhile can store burials. */
static void run_empty(struct journal *j)
{
	if (open_new(j, FILE_JOURNAL) < 0 || (j->keeps_reserve && reserve_empty(j) < 0) ||
	    write_new(j, FILE_JOURNAL, 0) < 0) {
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
	static void (*const runs[])(struct journal *) = {
		[JOB_PREPARE] = run_prepare, [JOB_TURN] = run_turn,   [JOB_SLICE] = run_slice,
		[JOB_PLACE] = run_place,     [JOB_EMPTY] = run_empty,
	};

	assert((size_t)j->job.kind < sizeof runs / sizeof runs[0]);
	assert(runs[j->job.kind] != NULL);
	runs[j->job.kind](j);
}

/* ---- whether one is due ---- */

/* An estimate of how large the snapshots would be now. A text with many escapes is longer than the
 * estimate; if the snapshots then do not fit, they are given up. */
static uint64_t sizes_now(const struct journal *j)
{
	struct store_totals totals;

	store_totals(j->store, &totals);
	return (totals.accounts + totals.tombstones) * SIZE_ESTIMATE_ACCOUNT +
	       (totals.messages + totals.ranges) * SIZE_ESTIMATE_ELEMENT + totals.memory;
}

uint64_t compaction_size_max(const struct journal *j)
{
	return j->sizes[0] + j->sizes[1] + j->end + j->old_size;
}

/* The size of the journal with which a compaction begins. */
static uint64_t begin_size(const struct journal *j)
{
	uint64_t sizes = j->sizes[0] + j->sizes[1];

	return sizes > j->compact_size_min ? sizes : j->compact_size_min;
}

/* A journal may grow as large as the snapshots: a start then reads twice as much, and all is
 * written half as often. A disk that is full is compacted as soon as the snapshots would fit and
 * the journal is long enough to give something back. */
static bool is_outgrown(const struct journal *j)
{
	if (j->end < j->retry_end)
		return false;
	if (j->end >= begin_size(j))
		return true;
	return j->room >= 0 && j->end >= j->reserve_size / 2 &&
	       (uint64_t)j->room < compaction_size_max(j) + 2 * j->reserve_size &&
	       (uint64_t)j->room >= sizes_now(j) + j->reserve_size;
}

bool compaction_is_wanted(const struct journal *j)
{
	if (j->step == STEP_IDLE)
		return is_outgrown(j);
	/* After one that did not fit: when the journal has grown, or there is room for certain. */
	return j->end >= j->retry_end ||
	       (j->room >= 0 && (uint64_t)j->room >= compaction_size_max(j) + j->reserve_size);
}

/* ---- how fast ---- */

/* The bytes by which the new journal may grow from where the snapshots were begun. Some are kept
 * back: for batches on their way, and for what is reserved behind both journals. There may be next
 * to none, if the process ended within a compaction, or an earlier version let the journal grow. A
 * little is allowed all the same, so that no batch waits for a whole snapshot. */
static uint64_t growth_left(const struct journal *j)
{
	uint64_t bound = 2 * (j->sizes[0] + j->sizes[1] + j->compact_size_min);
	uint64_t batches = PACE_BATCHES * j->batch_size_max;
	uint64_t used = j->old_size + j->paced_from + 2 * j->reserve_size + batches;

	return used + batches < bound ? bound - used : batches;
}

/* Of both snapshots, written or about to be. */
static uint64_t slices_written(const struct journal *j)
{
	uint64_t done = j->snapshot.offset + j->snapshot.slice.size;

	return j->step == STEP_PENDING ? j->written_sizes[0] + done : done;
}

/* Before there are two journals, the one may have two batches more than begins a compaction. Then
 * the files that are there, and what may come, are what the snapshots are made of at most. */
bool compaction_is_due(const struct journal *j)
{
	uint64_t left = growth_left(j);
	uint64_t files = j->sizes[0] + j->sizes[1] + j->old_size + j->paced_from + left;
	uint64_t grown;

	if (!j->has_old)
		return j->end >= begin_size(j) + 2 * j->batch_size_max;
	grown = j->end - j->paced_from;
	if (grown >= left || (j->step != STEP_USERS && j->step != STEP_PENDING))
		return grown >= left;
	return slices_written(j) < grown * PACE_PARTS / left * (files / PACE_PARTS);
}

/* ---- the steps ---- */

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
	j->paced_from = j->end;
	snapshot_begin(j, FILE_USERS);
}

/* The old journal must be gone: a TURN would replace it. */
static void begin_prepare(struct journal *j)
{
	assert(!j->has_old);
	j->step = STEP_PREPARE;
	j->job.kind = JOB_PREPARE;
}

/* The first line of a new journal, which the job writes from `batch`. */
static void begin_head(struct journal *j, enum journal_job_kind kind,
                       const struct journal_head *head)
{
	assert(j->batch.size == 0);
	journal_line_put_head(&j->batch, head);
	j->job.kind = kind;
	j->job.data = j->batch.data;
	j->job.size = j->batch.size;
}

/* The head of the new journal says exactly which bytes the old one has: they are what the snapshots
 * lack, should a start need them. */
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
	static void (*const begins[])(struct journal *) = {
		[STEP_IDLE] = begin_prepare,
		[STEP_PREPARE] = begin_prepare,
		[STEP_TURN] = begin_turn,
		[STEP_USERS] = snapshot_begin_slice,
		[STEP_PENDING] = snapshot_begin_slice,
		[STEP_NOTE] = batch_begin_note,
		[STEP_PLACE] = compaction_begin_place,
	};

	assert((size_t)j->step < sizeof begins / sizeof begins[0]);
	j->retry_end = 0;
	j->retry_ms = 0;
	begins[j->step](j);
}

/* When a snapshot is complete, the other one is next, or the note. */
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
		snapshot_release(s);
	}
}

/* The job's file is the journal from now on. */
static void take_new_journal(struct journal *j)
{
	if (j->handle >= 0)
		(void)j->disk->operations->close(j->disk, j->handle); /* synced, or of no use */
	j->handle = j->job.handle;
	j->new_handle = -1;
	j->head_size = j->end = j->job.size;
	j->file += BUG(named_once_for_all) ? 0 : 1;
	j->crc = crc32c(0, j->job.data, j->job.size);
	j->reserved = j->job.reserved > j->end ? j->job.reserved : j->end;
	buf_clear(&j->batch);
}

/* The files aside are closed and removed already. After a slice the snapshots begin again later;
 * after PREPARE or TURN the whole compaction does. */
static void end_gives_up(struct journal *j)
{
	if (journal_is_no_room(j->job.result))
		j->retry_end = j->end + j->reserve_size;
	else
		journal_put_off_job(j);
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
		memcpy(j->sizes, j->written_sizes, sizeof j->sizes);
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
